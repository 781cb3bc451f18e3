"""Expressions asked of live sockets by the public verbs, by each engine and by the command."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fastsock
import proctree
from children import AS_ROOT, NOBODY, child_process, in_child
from fastsock import cli, lookups
from fastsock.errors import FilterError, NoSuchProcess, OwnersHidden
from fastsock.expression import parse_expression
from fastsock.filter import build_filter
from fastsock.implementation import COMPILED
from fastsock.lookups import Lookups
from own_namespace import CLOSE, ESTABLISHED, FIN_WAIT2, LISTEN, Held, Namespace

SELF = os.getpid()
ENGINE = "procfs" if COMPILED else "reference"  # both are refused what /proc refuses


@pytest.fixture
def scan(engine_name: str, own_namespace: Namespace) -> Callable[..., Any]:
    """Ask one engine of the quiet namespace, for TCP and UDP."""

    def ask(text: str, **more: Any) -> Any:
        question: dict[str, Any] = {"protocol": ["tcp", "udp"], "netns": own_namespace.pid}
        return fastsock.scan(text, engine=engine_name, **{**question, **more})

    return ask


def inet(one: Held) -> bool:
    return one.family in ("ipv4", "ipv6")


# Of the sockets that own_namespace.py holds.
QUESTIONS: list[tuple[str, Callable[[Held], bool]]] = [
    ("", inet),
    ("state established", lambda s: s.state == ESTABLISHED),
    ("state established and dport = :5000", lambda s: s.state == ESTABLISHED
     and s.remote_port == 5000),
    ("dport = 5000 or sport = 5000", lambda s: 5000 in (s.local_port, s.remote_port)),
    ("port = 5000,5002", lambda s: bool({5000, 5002} & {s.local_port, s.remote_port})),
    ("not ( port = 5000-5002 )", lambda s: not {5000, 5001, 5002}
     & {s.local_port, s.remote_port}),
    ("sport 5000 dport > 5000 or state fin-wait-2", lambda s: s.state == FIN_WAIT2
     or (s.local_port == 5000 and s.remote_port > 5000)),
    ("protocol udp and state unconnected", lambda s: s.protocol == "udp" and s.state == CLOSE),
    ("family ipv6 and state listening", lambda s: s.family == "ipv6" and s.state == LISTEN),
    ("listening", lambda s: s.local_port in (5000, 5002)
     or (s.protocol == "udp" and s.local_port in (5001, 5003))),
    ("inbound", lambda s: s.local_port in (5000, 5002) and s.state != LISTEN),
    ("outbound", lambda s: s.remote_port != 0 and s.local_port not in (5000, 5002)),
    ("src != 127.0.0.0/8", lambda s: False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "model"), QUESTIONS, ids=[text for text, _ in QUESTIONS])
def test_questions(
    scan: Callable[..., Any],
    own_namespace: Namespace,
    engine_name: str,
    text: str,
    model: Callable[[Held], bool],
) -> None:
    found = scan(text)
    mine = sorted(
        (s.protocol, s.family, int(s.state), s.local_port, s.remote_port, s.inode) for s in found
    )
    if text.startswith("src !="):  # what is not the loopback's of IPv4
        assert {s.local_address for s in found} <= {"0.0.0.0", "::", "::1"}
        return
    assert mine == sorted(tuple(s) for s in own_namespace.sockets if model(s))
    question: dict[str, Any] = {
        "protocol": ["tcp", "udp"],
        "netns": own_namespace.pid,
        "engine": engine_name,
    }
    assert fastsock.count(text, **question).total == len(found)
    assert fastsock.count(text, by="state", **question).total.total == len(found)
    with fastsock.sockets(text, **question) as stream:
        assert sum(1 for _ in stream) == len(found)
    everything = fastsock.scan(**question)
    assert len(everything.select(text)) == len(found)
    assert everything.select(parse_expression(text), state="listen") == found.select(state="listen")


def test_keywords_beside_an_expression(scan: Callable[..., Any], own_namespace: Namespace) -> None:
    found = scan("dport = 5000 or sport = 5000", state="established", port=range(5000, 5001))
    expected = [
        s
        for s in own_namespace.sockets
        if 5000 in (s.local_port, s.remote_port) and s.state == ESTABLISHED
    ]
    assert len(found) == len(expected) > 0
    assert len(scan("port = 5000", port=5001)) == 0
    assert len(scan(f"pid = {os.getpid()} or port = 5000", protocol="tcp", owners=False)) >= len(
        expected
    )


def test_a_selection_and_keywords_must_both_hold(scan: Callable[..., Any]) -> None:
    table = scan("state all")
    for listening in (build_filter(state="listen"), "state listening"):
        waiting = table.select(listening)
        assert 0 < len(waiting) < len(table)
        assert len(table.select(listening, state="established")) == 0
        assert len(table.select(listening, state=("established", "listen"))) == len(waiting)


def test_owners_decide(scan: Callable[..., Any], own_namespace: Namespace) -> None:
    held = {s.inode for s in own_namespace.sockets} - {0}
    pid = own_namespace.pid
    assert {s.inode for s in scan(f"pid = {pid}")} == held
    nobody = scan(f"not pid = {pid}")
    assert {s.inode for s in nobody} == {0} and nobody.owners is not None
    both = scan(f"pid {pid} or dport > 0")
    assert len(both) == len([s for s in own_namespace.sockets if s.inode or s.remote_port])
    listening = scan(f"pid = {pid} and listening")
    assert 0 < len(listening) < len(held)
    assert len(scan(f"not listening and pid = {pid}")) == len(held) - len(listening)
    # A keyword of owners beside: whoever shares a socket plays a part.
    assert len(scan("not command = no-such-name", pid=pid)) == len(held)
    assert len(scan(f"not pid = {pid}", pid=pid)) == 0


def test_names_of_commands_are_those_of_the_keyword(
    scan: Callable[..., Any], own_namespace: Namespace
) -> None:
    name = fastsock.scan(pid=own_namespace.pid).processes[0].command.decode()  # type: ignore[index]
    found = {s.inode for s in scan(f"command = {name} and port = 5000")}
    expected = {s.inode for s in own_namespace.sockets if 5000 in (s.local_port, s.remote_port)}
    assert found == expected - {0}
    assert {s.inode for s in scan(f"command = {name} or inode = 0")} >= expected


def test_processes_that_are_not_there(scan: Callable[..., Any]) -> None:
    with pytest.raises(NoSuchProcess, match="2147483646"):
        scan("pid = 2147483646")
    with pytest.raises(NoSuchProcess, match="no-such-command"):
        scan("command = no-such-command")
    assert len(scan("command = no-such-command or port = 5000"))


def test_owners_of_an_expression() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        found = fastsock.owners(f"pid = {SELF}")
        assert found.scope == (SELF,) and os.fstat(listener.fileno()).st_ino in {
            row[0] for row in found
        }
        with pytest.raises(ValueError, match="does not select by local_port"):
            fastsock.owners("sport = 22")
        with pytest.raises(ValueError, match="names processes, of one sort"):
            fastsock.owners(f"not pid = {SELF}")


def test_listeners_of_an_expression() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (found,) = fastsock.listeners(f"sport = {port}")
        assert found.owners is not None and SELF in {owner.pid for owner in found.owners}
        assert len(fastsock.listeners(f"sport = {port} and not pid = {SELF}")) == 0


def test_what_is_no_expression() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="an expression is a text or an Expression, not 5"):
        fastsock.scan(wrong)
    with pytest.raises(TypeError, match="a Filter, an Expression or its text, not 5"):
        fastsock.scan().select(wrong)


def test_columns_come_by_themselves(own_namespace: Namespace) -> None:
    found = fastsock.scan("dev != 0 or fwmark 1/1", netns=own_namespace.pid)
    assert found.fields == ("interface", "mark") and len(found) == 0
    assert fastsock.scan("dport 5000", netns=own_namespace.pid).fields == ()
    with pytest.raises(KeyError, match="interface"):
        fastsock.scan(netns=own_namespace.pid).select("dev 0")


def test_a_namespace_that_an_expression_names_is_read(own_namespace: Namespace) -> None:
    found = fastsock.scan(f"netns = {own_namespace.inode} and dport = 5000")
    expected = [s for s in own_namespace.sockets if s.remote_port == 5000 and s.protocol == "tcp"]
    assert len(found) == len(expected)
    assert {s.netns for s in found} == {own_namespace.inode}


@pytest.mark.skipif(not AS_ROOT, reason="needs root to become somebody else")
def test_a_process_that_may_not_be_read_is_an_error() -> None:
    with child_process(lambda: None) as (pid, _):

        def ask() -> str:
            for text in (f"pid = {pid}", f"pid = {pid} and not command = x"):
                try:
                    fastsock.scan(text, engine=ENGINE)
                except OwnersHidden as error:
                    assert error.pids == (pid,)
                else:
                    return text
            try:
                fastsock.scan("not command = x", pid=pid, engine=ENGINE)
            except OwnersHidden:
                return ""
            return "keyword"

        assert in_child(ask, user=NOBODY) == ""


def test_unix_sockets_have_no_ends() -> None:
    with contextlib.ExitStack() as stack:
        one, two = socket.socketpair()
        stack.enter_context(one)
        stack.enter_context(two)
        inodes = {os.fstat(end.fileno()).st_ino for end in (one, two)}

        def found(text: str) -> bool:
            table = fastsock.scan(text, protocol=["tcp", "unix"])
            return inodes <= {s.inode for s in table}

        assert found("protocol unix")
        assert found("not dport = 22") and found("dport != 22") and found("src != 10.0.0.0/8")
        assert not found("dport >= 0") and not found("src 0.0.0.0/0") and not found("outbound")
        assert found("src unix:*")


# -- the command


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str, str]]]:
    def run_main(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run_main


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    tree = proctree.ProcTree(tmp_path)
    lines = (
        proctree.tcp_line(("127.0.0.1", 80), state=proctree.LISTEN, inode=501),
        proctree.tcp_line(("127.0.0.1", 80), ("127.0.0.1", 41872), inode=502, number=1),
        proctree.tcp_line(("10.1.2.3", 5000), ("10.9.9.9", 443), proctree.CLOSE_WAIT, inode=503),
    )
    tree.process(1, b"init", netns=1)
    tree.process(3921, b"nginx", netns=1).socket(6, 501).socket(7, 502)
    for name, table in {"tcp": lines, "tcp6": (), "udp": (), "udp6": ()}.items():
        tree.table(name, *table)
        for pid in (1, 3921):
            tree.table(name, *table, pid=pid)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["sport = 80"],
        ["sport", "=", "80"],
        ["sport=80", "and", "(dport>=0)"],
        ["listening"],
        ["--state", "listen,established", "src", "127/8"],
        ["not", "dport", "https,x11"],
    ],
)
def test_list(run: Any, proc: Path, words: list[str]) -> None:
    if "https,x11" in words:
        words[words.index("https,x11")] = "443"
    code, out, err = run("list", "--procfs", proc, "--no-header", "--columns", "inode", *words)
    assert (code, out.split(), err) == (0, ["501", "502"], "")


def test_owners_are_shown_where_they_decide(run: Any, proc: Path) -> None:
    code, out, err = run("list", "--procfs", proc, "--no-header", "command = nginx and dport > 0")
    assert (code, err) == (0, "") and "nginx" in out and out.count("\n") == 1


def test_count(run: Any, proc: Path) -> None:
    code, out, err = run("count", "--procfs", proc, "inbound", "or", "dport", "443")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "established=1 listen=0 other=1"
    code, out, err = run("count", "--others", "--procfs", proc, "dport", "443")
    assert (code, err) == (0, "") and "10.9.9.9" in out


def test_listeners(run: Any, proc: Path) -> None:
    assert run("listeners", "--procfs", proc, "sport = 80")[0] == 0
    assert run("listeners", "--procfs", proc, "sport = 81")[0] == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["dport", "=", "443", "and", "sport", ">", "70000"],
            "fastsock: '70000' is not a port (0 to 65535)\n"
            "  dport = 443 and sport > 70000\n"
            "                          ^^^^^\n",
        ),
        (["dport ="], "fastsock: dport needs a value\n  dport =\n         ^\n"),
        (
            ["dport\x1b[2J = 1"],
            r"""fastsock: unknown term 'dport\x1b[2J'; terms are """,
        ),
        (
            ["sport 1 " * 30 + "nonsense"],
            "unknown term 'nonsense'",
        ),
    ],
)
def test_what_is_wrong_is_pointed_at(run: Any, words: list[str], error: str) -> None:
    for verb in ("list", "count", "listeners"):
        code, out, err = run(verb, *words)
        assert (code, out) == (2, "")
        assert error in err and err.count("\n") == 3 and "\x1b" not in err
        assert max(map(len, err.splitlines()[1:])) <= 80


def test_help_has_the_language(run: Any) -> None:
    for verb in ("list", "count", "listeners"):
        code, out, _ = run(verb, "--help")
        assert code == 0 and "EXPR, after the flags" in out and "inbound" in out
    assert "EXPR, after" not in run("who", "--help")[1]


# -- what names mean on this host


def test_names_on_this_host(tmp_path: Path) -> None:
    here = Lookups()
    assert here.interface("lo") == socket.if_nametoindex("lo")
    assert here.interface("no-such") == here.interface("a\0b") == 0
    assert here.user("root") == 0 and here.user("no such user") is None
    assert here.namespace("no-such") is None and here.namespace("../x") is None
    assert here.service("no such service", "tcp") is None
    assert here.hosts("127.0.0.1", socket.AF_INET) == [b"\x7f\0\0\1"]
    first, last = here.local_ports()
    assert 0 < first <= last <= 65535
    (tmp_path / "range").write_text("1 2\n")
    assert Lookups(port_range=str(tmp_path / "range")).local_ports() == (1, 2)
    assert Lookups(port_range=str(tmp_path)).local_ports() == lookups.DEFAULT_RANGE
    with pytest.raises(LookupError):
        here.cgroup("/no/such/cgroup")


def test_a_name_server_that_is_silent_costs_its_limit_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    asked = []
    never = threading.Event()

    def wait(name: str, *_: object) -> Any:
        asked.append(name)
        never.wait(20)
        raise OSError

    monkeypatch.setattr(socket, "gethostbyname_ex", wait)
    here = Lookups(limit=0.05)
    try:
        assert here.hosts("a.example", socket.AF_INET) == []
        assert here.hosts("a.example", socket.AF_INET) == []
        assert here.hosts("b.example", socket.AF_INET) == []  # nothing of the limit is left
        assert asked == ["a.example", "b.example"]
        with pytest.raises(FilterError, match="'c.example' is no address, network or host"):
            parse_expression("dst inet:c.example", lookups=here)
    finally:
        never.set()


@pytest.mark.parametrize("term", ["dev = lo", "fwmark = 1", "cgroup = /"])
def test_what_proc_does_not_tell_is_no_silent_zero(engine_name: str, term: str) -> None:
    found = fastsock.scan(term, engine=engine_name)
    told = [entry for entry in found.incomplete if "which the filter asks for" in entry["reason"]]
    assert len(told) == (engine_name in ("procfs", "reference"))
    if told:
        field = {"dev": "interface", "fwmark": "mark", "cgroup": "socket_cgroup"}[term.split()[0]]
        assert told[0]["reason"].startswith(f"/proc does not tell their {field},")
        assert told[0]["remedy"] == "--engine netlink"
