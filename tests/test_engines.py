"""Which engine is opened, what every engine promises, and which namespaces a question covers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fastsock
from children import OWN, child_process, in_child
from fastsock import EngineUnavailable, FilterError, NoSuchNamespace, NoSuchProcess, engines
from fastsock.engines import AUTO, ENGINES, LACKING, engine_status, namespaces, open_engine
from fastsock.engines.namespaces import find_namespaces, read_inode
from fastsock.filter import ALL, build_filter
from fastsock.implementation import NO_EXTENSION
from fastsock.tcp import FAMILIES, FAMILY_NAMES, PROTOCOL_NAMES
from kernel_types import CLANG
from own_namespace import Held, Namespace
from proctree import LISTEN, ProcTree, tcp_line, udp_line

if TYPE_CHECKING:
    from fastsock.engines import Engine

OWN_INODE = os.stat("/proc/self/ns/net").st_ino


# ---------------------------------------------------------------------------------- which is opened


def test_a_named_engine_is_that_one(engine_name: str) -> None:
    assert open_engine(engine_name).name == engine_name


def test_auto_takes_the_first_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTSOCK_ENGINE", raising=False)
    (taken,) = (status.name for status in engine_status() if status.auto in ("sockets", "all"))
    assert open_engine().name == open_engine("auto").name == taken
    assert taken == next(s.name for s in engine_status() if s.available and s.name in AUTO)


def test_an_unknown_engine_is_an_error_that_names_all() -> None:
    with pytest.raises(FilterError) as caught:
        open_engine("netstat")
    known = " ".join(ENGINES)
    assert str(caught.value) == f"unknown engine 'netstat'; engines are auto {known}"


def test_the_environment_names_the_engine(
    engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTSOCK_ENGINE", engine_name)
    assert open_engine().name == engine_name
    assert fastsock.count().sources == {"sockets": engine_name}
    monkeypatch.setenv("FASTSOCK_ENGINE", "netstat")
    with pytest.raises(FilterError, match="unknown engine 'netstat'"):
        fastsock.count()
    assert open_engine(engine_name).name == engine_name  # a name that is given comes first
    monkeypatch.setenv("FASTSOCK_ENGINE", "")
    assert open_engine().name == open_engine("auto").name


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_counted_from_one(engine_name: str, threads: int) -> None:
    with pytest.raises(FilterError) as caught:
        open_engine(engine_name, threads=threads)
    assert str(caught.value) == f"threads: {threads} is not a number of threads"


def test_a_pure_build_has_no_compiled_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "COMPILED", False)
    monkeypatch.delenv("FASTSOCK_ENGINE", raising=False)
    reason = "this build has no extension (made with FASTSOCK_PURE=1)"
    with pytest.raises(EngineUnavailable) as caught:  # named: it never falls back
        open_engine("procfs")
    remedy = "install it again without FASTSOCK_PURE=1"
    assert (caught.value.engine, caught.value.reason) == ("procfs", reason)
    assert caught.value.remedy == remedy
    assert str(caught.value) == f"engine procfs is not available: {reason}"
    assert open_engine().name == "reference"
    assert fastsock.count().sources == {"sockets": "reference"}
    *compiled, reference = engine_status()
    assert [(one.name, one.available, one.reason, one.remedy, one.auto) for one in compiled] == [
        ("bpf", False, reason, remedy, ""),
        ("netlink", False, reason, remedy, ""),
        ("procfs", False, reason, remedy, ""),
    ]
    assert (reference.name, reference.available, reference.auto) == ("reference", True, "all")
    assert (reference.reason, reference.remedy) == ("", "")
    assert repr(compiled[2]) == f"<EngineStatus procfs: {reason}>"


@pytest.mark.parametrize("remedies", [{}, {AUTO[1]: "first", AUTO[2]: "second"}])
def test_auto_says_all_reasons_and_one_remedy(
    monkeypatch: pytest.MonkeyPatch, remedies: dict[str, str]
) -> None:
    def refuse(name: str, *_: object, **named: object) -> Engine:
        raise EngineUnavailable(name, f"no {name} today", remedy=remedies.get(name, ""))

    monkeypatch.setattr(engines, "_open", refuse)
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("auto")
    assert caught.value.reason == "; ".join(f"{name}: no {name} today" for name in AUTO)
    assert caught.value.remedy == ("second" if remedies else "")


def test_the_status_of_engines() -> None:
    found = {status.name: status for status in engine_status()}
    assert list(found) == list(ENGINES)
    assert sorted(status.auto for status in found.values() if status.auto) in (
        ["all"],
        ["owners", "sockets"],
    )
    for name, status in found.items():
        assert status.as_dict() == {
            "name": name,
            "available": status.available,
            "reason": status.reason,
            "remedy": status.remedy,
            "auto": status.auto,
            "reads": ENGINES[name],
        }
        assert bool(status.reason) is not status.available
        assert not (status.available and status.remedy)
    assert repr(found["reference"]) == "<EngineStatus reference: works>"
    assert [s.name for s in fastsock.engine_status()] == list(ENGINES)


def test_what_is_unavailable_can_be_sent_to_another_process() -> None:
    for remedy in ("", "mend it"):
        error = EngineUnavailable("bpf", "it is broken", remedy=remedy)
        sent = pickle.loads(pickle.dumps(error))
        assert (type(sent), str(sent)) == (EngineUnavailable, str(error))
        assert (sent.engine, sent.reason, sent.remedy) == ("bpf", "it is broken", remedy)
        assert str(error) == "engine bpf is not available: it is broken"


@pytest.mark.parametrize("root", ["nowhere", "empty"])
def test_the_status_of_engines_where_nothing_is_to_read(tmp_path: Path, root: str) -> None:
    (tmp_path / "empty").mkdir()
    found = engine_status(str(tmp_path / root))
    assert not any(status.available or status.auto for status in found)
    compiled = {status.name for status in found if status.reason != NO_EXTENSION}
    for status in found:
        assert status.reason
        assert (status.remedy == "--procfs /proc") is (status.name in compiled)


# --------------------------------------------------------------------------------- what all promise


def total(**question: Any) -> int:
    counted = fastsock.count(**question)
    assert isinstance(counted, fastsock.Counts)
    return counted.total


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"protocol": "tcp"},
    {"protocol": "udp"},
    {"protocol": ("tcp", "udp")},
    {"family": "ipv4"},
    {"family": "ipv6"},
    {"family": "unix"},
    {"protocol": "unix"},
    {"protocol": "udp", "family": "ipv6"},
    {"state": "listen"},
    {"state": "other"},
    {"state": ["established", "close"]},
    {"state": 200},
    {"port": 5000},
    {"local_port": 5000},
    {"remote_port": 5000},
    {"port": [5000, range(5001, 5003)]},
    {"port": 0},
    {"local_port": 1},
    {"address": "127.0.0.0/8"},
    {"address": "::1"},
    {"address": "::ffff:127.0.0.1"},
    {"local_address": "::/0"},
    {"remote_address": "0.0.0.0/0"},
    {"remote_address": "10.0.0.0/8"},
    {"inode": 0},
    {"uid": os.geteuid()},
    {"uid": 4_000_000_000},
    {"state": "established", "port": 5002, "family": "ipv6"},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_filter_is_pushed_down_right(
    engine: Engine, own_namespace: Namespace, question: dict[str, Any]
) -> None:
    """An engine may return more than wanted and never less; `count` is exact; all doors agree."""
    want = build_filter(**question)
    spaces = find_namespaces(engine.name, "/proc", own_namespace.pid)
    whole = engine.sockets(ALL, spaces)
    assert len(whole) == len(own_namespace.sockets)
    expected = whole.select(want)
    assert engine.sockets(want, spaces).select(want) == expected
    streamed = [table.select(want) for table in engine.stream(want, spaces)]
    assert [row for table in streamed for row in table.rows()] == list(expected.rows())
    counted = engine.count(want, spaces)
    assert {state: n for state, n in enumerate(counted) if n} == Counter(expected.column("state"))
    assert engine.repeats == 0


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_public_functions_agree(
    engine_name: str, own_namespace: Namespace, question: dict[str, Any]
) -> None:
    place: dict[str, Any] = {"engine": engine_name, "netns": own_namespace.pid}
    table = fastsock.scan(**place, **question)
    counted = fastsock.count(**place, **question)
    assert counted == table.counts()
    groups = fastsock.count(by="family", **place, **question)
    assert isinstance(groups, fastsock.Groups)
    assert sum(found.total for found in groups.values()) == len(table)
    with fastsock.sockets(**place, **question) as stream:
        assert list(stream) == list(table)
        assert stream.sources == counted.sources == table.sources
        # A namespace that one engine may not enter is read by another, which is said.
        assert table.sources["sockets"].split()[0] == engine_name
        assert stream.incomplete == counted.incomplete == table.incomplete == ()


def held(sockets: Any) -> list[Held]:
    return sorted(
        Held(s.protocol, s.family, int(s.state), s.local_port, s.remote_port, s.inode)
        for s in sockets
    )


def test_exactly_the_sockets_of_a_namespace(engine_name: str, own_namespace: Namespace) -> None:
    question: dict[str, Any] = {"engine": engine_name, "netns": own_namespace.pid}
    found = fastsock.scan(protocol=("tcp", "udp"), **question)
    assert held(found) == sorted(own_namespace.sockets)
    assert set(found.column("netns")) == {own_namespace.inode}
    for name in ("tcp", "udp"):
        one = [held for held in own_namespace.sockets if held.protocol == name]
        assert held(fastsock.scan(protocol=name, **question)) == sorted(one)


def test_optional_fields_are_kept(engine: Engine, own_namespace: Namespace) -> None:
    spaces = find_namespaces(engine.name, "/proc", own_namespace.pid)
    table = engine.sockets(ALL, spaces, ("refcount", "cwnd"))
    assert table.fields == ("refcount", "cwnd")
    if "refcount" not in LACKING.get(engine.name, ()):
        assert min(table.column("refcount")) > 0
    assert max(table.column("cwnd")) > 0
    assert {t.fields for t in engine.stream(ALL, spaces, ("rto",))} == {("rto",)}


# --------------------------------------------------------------------------------------- namespaces


def inodes(engine_name: str, netns: object = None, **question: Any) -> set[int]:
    return {space.inode for space in find_namespaces(engine_name, "/proc", netns, **question)}


def test_without_a_name_it_is_our_own(engine_name: str) -> None:
    assert inodes(engine_name) == {OWN_INODE}


def test_our_own_can_be_named(engine_name: str, own_namespace: Namespace) -> None:
    """Also beside a process that lives elsewhere, whose namespace would else be meant."""
    assert inodes(engine_name, "own", pids=[own_namespace.pid]) == {OWN_INODE}
    assert inodes(engine_name, ["own", own_namespace.pid]) == {OWN_INODE, own_namespace.inode}


def test_a_child_in_another_namespace_sees_its_own(engine_name: str) -> None:
    def ask() -> tuple[int, set[int], int]:
        number = os.stat("/proc/self/ns/net").st_ino
        return number, inodes(engine_name), total(engine=engine_name)

    number, found, sockets = in_child(ask, netns=OWN)
    assert (found, sockets) == ({number}, 0)
    assert number != OWN_INODE


def test_netns_is_a_pid(engine_name: str, own_namespace: Namespace) -> None:
    for name in (own_namespace.pid, str(own_namespace.pid)):
        assert inodes(engine_name, name) == {own_namespace.inode}
        assert total(engine=engine_name, netns=name, protocol="udp") == 3


def test_netns_is_several(engine_name: str, own_namespace: Namespace) -> None:
    pids = [own_namespace.pid, os.getpid(), own_namespace.pid]
    assert inodes(engine_name, pids) == {OWN_INODE, own_namespace.inode}
    assert len(find_namespaces(engine_name, "/proc", pids)) == 2
    found = fastsock.scan(engine=engine_name, netns=pids, port=(5000, 5002), state="listen")
    assert {s.local_port for s in found if s.netns == own_namespace.inode} == {5000, 5002}


def test_netns_all_reads_each_once(engine_name: str, own_namespace: Namespace) -> None:
    spaces = find_namespaces(engine_name, "/proc", "all")
    numbers = [space.inode for space in spaces if space.inode]
    assert sorted(numbers) == sorted(set(numbers))
    assert {OWN_INODE, own_namespace.inode} <= set(numbers)
    found = fastsock.scan(engine=engine_name, netns="all", protocol=("tcp", "udp"))
    there = [s for s in found if s.netns == own_namespace.inode]
    assert held(there) == sorted(own_namespace.sockets)


def test_netns_is_a_name(
    engine_name: str,
    own_namespace: Namespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(namespaces, "NAMED", str(tmp_path))  # ip-netns(8) needs root
    (tmp_path / "blue").symlink_to(f"/proc/{own_namespace.pid}/ns/net")
    assert inodes(engine_name, "blue") == {own_namespace.inode}
    assert total(engine=engine_name, netns="blue", protocol="udp") == 3
    (tmp_path / "empty").touch()
    with pytest.raises(NoSuchNamespace) as caught:
        fastsock.count(engine=engine_name, netns="empty")
    assert str(caught.value) == f"{tmp_path}/empty is a file and no network namespace"


def test_a_name_that_does_not_exist(
    engine_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespaces, "NAMED", str(tmp_path))
    with pytest.raises(NoSuchNamespace) as caught:
        fastsock.count(engine=engine_name, netns="red")
    assert str(caught.value) == f"no network namespace 'red' in {tmp_path}"


@pytest.mark.parametrize("netns", [999_999_999, "999999999", [999_999_999], 0, -1])
def test_a_pid_that_does_not_exist(engine_name: str, netns: Any) -> None:
    with pytest.raises((NoSuchProcess, FilterError)):
        fastsock.count(engine=engine_name, netns=netns)


@pytest.mark.parametrize("netns", ["", "a/b", ".", "..", "/run/netns/blue", 1.5, object()])
def test_a_netns_that_is_nothing(engine_name: str, netns: Any) -> None:
    with pytest.raises(FilterError) as caught:
        fastsock.count(engine=engine_name, netns=netns)
    expected = f"netns: {netns!r} is not all, own, a pid or a name in /run/netns"
    assert str(caught.value) == expected


def test_a_process_elsewhere_is_not_answered_with_0(
    engine_name: str, own_namespace: Namespace
) -> None:
    """The default is the namespace of the process that the question names."""
    question: dict[str, Any] = {"engine": engine_name, "pid": own_namespace.pid}
    mine = [one for one in own_namespace.sockets if one.inode]
    for protocol in ("tcp", "udp"):
        expected = sorted(one for one in mine if one.protocol == protocol)
        assert total(protocol=protocol, **question) == len(expected)
        assert held(fastsock.scan(protocol=protocol, **question)) == expected
        assert held(fastsock.sockets(protocol=protocol, **question)) == expected
    both = total(engine=engine_name, pid=[own_namespace.pid, os.getpid()])
    assert both >= sum(one.protocol == "tcp" for one in mine)


def test_a_namespace_that_ended_meanwhile(engine_name: str) -> None:
    with child_process(lambda: os.stat("/proc/self/ns/net").st_ino, netns=OWN) as (pid, _):
        spaces = find_namespaces(engine_name, "/proc", pid)
    opened = open_engine(engine_name)
    with pytest.raises(NoSuchProcess) as caught:
        opened.count(ALL, spaces)
    assert str(caught.value) == f"no such process: {pid}"
    spaces += find_namespaces(engine_name, "/proc")
    assert sum(opened.count(ALL, spaces)) >= 0  # the others are still answered


# -------------------------------------------------------------------------------------- other roots


@pytest.fixture
def tree(tmp_path: Path) -> ProcTree:
    """A root whose own net has port 1, process 1's net port 2 and process 7's port 3."""
    tree = ProcTree(tmp_path)
    tree.table("tcp", tcp_line(("127.0.0.1", 1), state=LISTEN, inode=1))
    return tree


def ports(tree: ProcTree, engine_name: str, **question: Any) -> list[int]:
    place: dict[str, Any] = {"engine": engine_name, "procfs": str(tree)}
    found = [s.local_port for s in fastsock.scan(**place, **question)]
    assert total(**place, **question) == len(found)
    return sorted(found)


def with_process(tree: ProcTree, pid: int, port: int, netns: int | None) -> None:
    tree.process(pid, netns=netns).socket(3, port)
    for name in ("tcp6", "udp", "udp6"):
        tree.table(name, pid=pid)
    tree.table("tcp", tcp_line(("127.0.0.1", port), state=LISTEN, inode=port), pid=pid)


def test_a_tree_without_processes_has_its_own_net(tree_engine_name: str, tree: ProcTree) -> None:
    tree.table("udp", udp_line(("127.0.0.1", 9), inode=9))
    assert ports(tree, tree_engine_name) == [1]
    assert ports(tree, tree_engine_name, protocol=("tcp", "udp")) == [1, 9]
    assert {s.netns for s in fastsock.scan(engine=tree_engine_name, procfs=str(tree))} == {None}


def test_a_tree_with_one_net_has_it_for_every_process(
    tree_engine_name: str, tree: ProcTree
) -> None:
    """As `PROC_ROOT=TREE ss -p` reads it: the processes of such a tree have no net of their own."""
    tree.process(20, b"nginx").socket(3, 1)
    questions: list[dict[str, Any]] = [{"pid": 20}, {"command": "nginx"}]
    for named in questions:
        assert fastsock.count(engine=tree_engine_name, procfs=str(tree), **named).listen == 1


def test_process_1_comes_before_the_root_s_net(tree_engine_name: str, tree: ProcTree) -> None:
    """ROOT/net of a procfs that is mounted elsewhere is the reader's namespace, not the host's."""
    with_process(tree, 1, 2, 4026531840)
    assert ports(tree, tree_engine_name) == [2]
    assert {s.netns for s in fastsock.scan(engine=tree_engine_name, procfs=str(tree))} == {
        4026531840
    }


def test_a_net_that_is_a_link_is_not_taken(tree_engine_name: str, tree: ProcTree) -> None:
    (tree.path / "net").rename(tree.path / "elsewhere")
    (tree.path / "net").symlink_to("elsewhere")
    with pytest.raises(EngineUnavailable) as caught:
        ports(tree, tree_engine_name)
    assert str(caught.value) == (
        f"engine {tree_engine_name} is not available: {tree}/1/net cannot be read: "
        f"is {tree} a /proc, and is process 1 in it?"
    )


@pytest.mark.parametrize("root", ["nowhere", "file", "empty"])
def test_a_root_that_is_no_proc(tree_engine_name: str, tmp_path: Path, root: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineUnavailable, match="is .* a /proc, and is process 1 in it"):
        fastsock.count(engine=tree_engine_name, procfs=tmp_path / root)


def test_the_root_of_proc_under_another_name(engine_name: str) -> None:
    assert open_engine(engine_name, procfs="/proc/").name == engine_name
    assert {s.inode for s in find_namespaces(engine_name, "/proc/../proc")} == {OWN_INODE}


def test_namespaces_of_a_tree(tree_engine_name: str, tree: ProcTree) -> None:
    with_process(tree, 1, 2, 4026531840)
    with_process(tree, 7, 3, 4026532001)
    with_process(tree, 8, 4, 4026532001)  # the same namespace: read once, through process 7
    assert ports(tree, tree_engine_name) == [2]
    assert ports(tree, tree_engine_name, netns="all") == [2, 3]
    assert ports(tree, tree_engine_name, netns=7) == [3]
    assert len(ports(tree, tree_engine_name, netns=[1, 7, 8])) == 2
    assert ports(tree, tree_engine_name, pid=7) == [3]
    by = fastsock.count(engine=tree_engine_name, procfs=str(tree), netns="all", by="netns")
    assert isinstance(by, fastsock.Groups)
    assert {key: counts.total for key, counts in by.items()} == {4026531840: 1, 4026532001: 1}
    with pytest.raises(NoSuchProcess, match="no such process: 9"):
        ports(tree, tree_engine_name, netns=9)


def test_namespaces_whose_number_may_not_be_read(tree_engine_name: str, tree: ProcTree) -> None:
    """They are told apart by their files, their number is unknown, and the answer says so."""
    with_process(tree, 1, 2, 4026531840)
    with_process(tree, 7, 3, None)
    with_process(tree, 8, 4, None)
    (tree.path / "9").mkdir()
    (tree.path / "9" / "net").symlink_to("../8/net")  # another process of that namespace
    found = fastsock.scan(engine=tree_engine_name, procfs=str(tree), netns="all")
    assert sorted((s.local_port, s.netns) for s in found) == [
        (2, 4026531840),
        (3, None),
        (4, None),
    ]
    assert found.incomplete == (
        {
            "what": "namespaces",
            "count": 2,
            "reason": "their numbers may not be read, their sockets were",
            "remedy": "run as root or with CAP_SYS_PTRACE",
        },
    )


def test_the_next_process_stands_in_for_one_that_ended(
    tree_engine_name: str, tree: ProcTree
) -> None:
    with_process(tree, 7, 3, 4026532001)
    with_process(tree, 8, 4, 4026532001)
    spaces = find_namespaces(tree_engine_name, str(tree), "all")
    (tree.path / "7" / "net").rename(tree.path / "gone")
    table = open_engine(tree_engine_name, procfs=str(tree)).sockets(ALL, spaces)
    assert table.column("local_port").tolist() == [4]


def test_what_may_stand_where_a_namespace_s_number_does(tmp_path: Path) -> None:
    (tmp_path / "ns").mkdir()
    for text, number in (("net:[4026531840]", 4026531840), ("net:[]", 0), ("mnt:[1]", 0)):
        (tmp_path / "ns" / "net").unlink(missing_ok=True)
        (tmp_path / "ns" / "net").symlink_to(text)
        assert read_inode(str(tmp_path)) == number
    assert read_inode(str(tmp_path / "nowhere")) == 0


def test_names_of_the_tables_are_known() -> None:
    for protocol, family, _ in namespaces.TABLES:
        assert protocol in PROTOCOL_NAMES
        assert family in FAMILY_NAMES and family in FAMILIES.values()


# ------------------------------------------------------------------------------------- the test run


def run_pytest(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests that are about filters, which take no time, in a run of its own."""
    tests = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", *options]
    command += [str(tests / "test_filter.py"), "-k", "frozen"]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=tests.parent, env=inherited | environment
    )


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cache"


def test_what_is_required_and_missing_fails_the_run(cache: Path) -> None:
    options = ("-o", f"cache_dir={cache}")
    result = run_pytest(*options, FASTSOCK_REQUIRE="netstat")
    assert result.returncode != 0
    assert f"FASTSOCK_REQUIRE: netstat: no such engine; engines are {' '.join(ENGINES)}" in (
        result.stdout + result.stderr
    )
    result = run_pytest(*options, FASTSOCK_REQUIRE="clang", PATH=str(cache))
    assert result.returncode != 0
    assert f"FASTSOCK_REQUIRE: clang: no {CLANG}\n" in result.stdout + result.stderr
    result = run_pytest(*options, FASTSOCK_REQUIRE="promtool", PATH=str(cache))
    assert result.returncode != 0
    assert "promtool: no promtool and no prometheus (" in result.stdout + result.stderr
    result = run_pytest(*options, FASTSOCK_REQUIRE="reference")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "fastsock engines: " in result.stdout
    assert not (cache / "d" / "fastsock" / "running").exists()


def test_a_run_says_that_the_one_before_crashed(cache: Path) -> None:
    flag = cache / "d" / "fastsock" / "running"
    flag.parent.mkdir(parents=True)
    flag.write_text("999999999 tests/test_parse.py::test_that_crashed")
    result = run_pytest("-o", f"cache_dir={cache}")
    assert result.returncode == 0, result.stdout + result.stderr
    said = "THE PREVIOUS RUN CRASHED OR WAS KILLED in tests/test_parse.py::test_that_crashed"
    assert said in result.stdout
    assert not flag.exists()
    assert said not in run_pytest("-o", f"cache_dir={cache}").stdout
