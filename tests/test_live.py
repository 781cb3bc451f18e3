"""The same sockets asked of ss, lsof, netstat and psutil: the answers must be the same.

FASTSOCK_FARM=100000 makes the farm that they are asked about larger.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

import fastsock
import proctree
import sockfarm
from children import AS_ROOT, NOBODY, OWN, become, child_process, hide_descriptors, in_child
from fastsock import State, cli
from ports import listen, port_of

T = TypeVar("T")
SIZE = int(os.environ.get("FASTSOCK_FARM", "2000"))
SECONDS = 60 + SIZE // 1000
KEPT: list[socket.socket] = []
has_ipv6 = os.path.exists("/proc/self/net/tcp6")
FAMILIES = ("ipv4", "ipv6") if has_ipv6 else ("ipv4",)
Row = tuple[Any, ...]


def tool(*command: str, **environment: str) -> str:
    """What another program prints; skips where it is missing or fails."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    done = subprocess.run(
        command,
        env={**os.environ, "LC_ALL": "C", **environment},
        capture_output=True,
        timeout=SECONDS,
    )
    if done.returncode not in (0, 1) or (done.returncode and done.stderr):
        pytest.skip(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="surrogateescape")


def psutil() -> Any:
    return pytest.importorskip("psutil")


@pytest.fixture(scope="module")
def farm() -> Iterator[sockfarm.Farm]:
    try:
        with sockfarm.farm(SIZE, time_wait=20) as made:
            if made.netns == os.stat("/proc/self/ns/net").st_ino:
                pytest.skip("no network namespace of the farm's own")
            yield made
    except sockfarm.FarmError as error:
        pytest.skip(str(error))


def settled(ours: Callable[[], T], theirs: Callable[[], Any]) -> tuple[T, Any]:
    """Both answers, ours the same before and after: sockets in TIME_WAIT end at any moment."""
    for _ in range(5):
        before = ours()
        other = theirs()
        if ours() == before:
            return before, other
    raise AssertionError("the namespace does not stand still")


# ------------------------------------------------------------------------------- what they print


def split_address(text: str, wildcard: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    address = address.strip("[]").partition("%")[0]
    return (wildcard if address == "*" else address), (0 if port == "*" else int(port))


OWNER = re.compile(r"pid=(\d+),fd=(\d+)\)")


def parse_ss(text: str, family: str) -> list[Row]:
    """Rows of `ss -Hanpe`: state, queues, both ends, uid, inode, owners."""
    wildcard = "0.0.0.0" if family == "ipv4" else "::"
    rows = []
    for line in text.splitlines():
        state, received, sent, local, remote, *rest = line.split(None, 5)
        extra = rest[0] if rest else ""
        owners = frozenset((int(pid), int(fd)) for pid, fd in OWNER.findall(extra))
        numbers = dict(re.findall(r"(?<=\s)(uid|ino):(\d+)", f" {extra}"))
        rows.append(
            (
                state,
                int(received),
                0 if state == "LISTEN" else int(sent),  # the limit of the accept queue
                *split_address(local, wildcard),
                *split_address(remote, wildcard),
                int(numbers.get("uid", 0)),
                int(numbers.get("ino", 0)),
                owners,
            )
        )
    return sorted(rows, key=repr)


def ss(letters: str, family: str, **environment: str) -> list[Row]:
    flag = "-4" if family == "ipv4" else "-6"
    return parse_ss(tool("ss", "-H", f"-{letters}", flag, **environment), family)


def rows_of(table: Any) -> list[Row]:
    """The same of ours."""
    return sorted(
        (
            (
                one.state.ss,
                one.rx_queue,
                one.tx_queue,
                one.local_address,
                one.local_port,
                one.remote_address,
                one.remote_port,
                one.uid,
                one.inode,
                frozenset((owner.pid, owner.fd) for owner in one.owners or ()),
            )
            for one in table
        ),
        key=repr,
    )


def by_state(counts: Any) -> dict[str, int]:
    return {State[name].ss: number for name, number in counts.states.items()}


def states_of_ss(*arguments: str) -> dict[str, int]:
    lines = tool("ss", "-H", *arguments).splitlines()
    return dict(collections.Counter(line.split(None, 1)[0] for line in lines))


# ------------------------------------------------------------------------------------- the farm


def test_counts_by_state_are_those_of_ss(farm: sockfarm.Farm, engine_name: str) -> None:
    def compare() -> dict[str, int]:
        count: Any = functools.partial(fastsock.count, engine=engine_name)
        for question, arguments in (
            ({}, ["-tan"]),
            ({"family": "ipv4"}, ["-tan", "-4"]),
            ({"family": "ipv6"}, ["-tan", "-6"]),
            ({"port": 5000}, ["-tan", "( sport = :5000 or dport = :5000 )"]),
            ({"local_port": 5000}, ["-tan", "sport = :5000"]),
            ({"port": "5001-5003"}, ["-tan", "( sport >= :5001 and sport <= :5003 ) or "
                                             "( dport >= :5001 and dport <= :5003 )"]),
            ({"remote_address": "127.1.0.0/16"}, ["-tan", "dst 127.1.0.0/16"]),
            ({"address": "127.0.1.0/28"}, ["-tan", "src 127.0.1.0/28 or dst 127.0.1.0/28"]),
            ({"state": "close-wait"}, ["-tan", "state", "close-wait", "state", "closing"]),
            ({"state": ("established", "listen")}, ["-tan", "state", "established",
                                                    "state", "listening"]),
        ):  # fmt: skip
            ask: Callable[[], dict[str, int]] = functools.partial(_states, count, question)
            ours, theirs = settled(ask, functools.partial(states_of_ss, *arguments))
            if question.get("state") == "close-wait":  # without CLOSING ss leaves the column out
                theirs = {state: n for state, n in theirs.items() if state == "CLOSE-WAIT"}
            assert ours == theirs, (question, arguments)
        return by_state(count())

    found = in_child(compare, netns=farm.pids[0])
    assert sum(found.values()) - found.get("TIME-WAIT", 0) == SIZE


def _states(count: Callable[..., Any], question: dict[str, Any]) -> dict[str, int]:
    return by_state(count(**question))


def test_counts_from_outside_are_those_from_inside(farm: sockfarm.Farm, engine_name: str) -> None:
    states = ("listen", "established")
    count: Any = functools.partial(fastsock.count, engine=engine_name, state=states)
    inside = in_child(lambda: count().states, netns=farm.pids[0])
    assert count(netns=farm.pids[0]).states == inside
    assert count(netns=farm.pids).states == inside  # one namespace, however many live in it
    assert count(by="netns", netns="all")[farm.netns].states == inside


def test_every_row_and_owner_is_that_of_ss(farm: sockfarm.Farm, engine_name: str) -> None:
    def compare() -> int:
        sockets = 0
        for family in FAMILIES:
            ours, theirs = settled(
                lambda: rows_of(fastsock.scan(family=family, owners=True, engine=engine_name)),  # noqa: B023
                lambda: ss("tanpe", family),  # noqa: B023
            )
            assert ours == theirs
            sockets += len(ours)
        return sockets

    assert in_child(compare, netns=farm.pids[0]) >= SIZE


def test_three_numbers_are_those_of_the_lsof_pipeline(farm: sockfarm.Farm) -> None:
    states = (
        r"/\(ESTABLISHED\)/ {e++; next} /\(LISTEN\)/ {l++; next} {o++} "
        r'END {printf "established=%d listen=%d other=%d\n", e, l, o}'
    )
    server, client = farm.pids[0], farm.pids[-1]

    def pipeline(pid: int, once: str = "") -> str:
        return tool(
            "sh",
            "-c",
            f"lsof -nP -a -i TCP:5000 -p {pid} | tail -n +2 | {once} awk '{states}'",
        ).strip()

    def compare() -> set[str]:
        if shutil.which("lsof") is None or shutil.which("awk") is None:
            pytest.skip("needs lsof and awk")
        seen = set()
        for pid in (server, client):
            command = [sys.executable, "-m", "fastsock", "count", "-p", str(pid), "--port", "5000"]
            last = [tool(*command).splitlines()[-1]]
            last.append(tool(*command, "--descriptors").splitlines()[-1])
            # DEVICE is the socket's inode: each once.
            assert last[0] == pipeline(pid, "awk '!seen[$6]++' |")
            assert last[1] == pipeline(pid)
            seen.update(last)
        return seen

    # Descriptors were duplicated, so the two ways to count differ.
    assert len(in_child(compare, netns=server)) >= 3


def lsof_descriptor(fd: int) -> str:
    """Four characters are all that lsof has for a descriptor."""
    return str(fd) if fd < 10_000 else f"*{fd % 1000:03d}"


def parse_lsof(text: str) -> set[Row]:
    """Rows of `lsof -FpfdT`: pid, descriptor, inode, state."""
    rows, pid, fd, inode = set(), 0, "", 0
    for line in text.splitlines():
        kind, value = line[:1], line[1:]
        if kind == "p":
            pid = int(value)
        elif kind == "f":
            fd = value
        elif kind == "d":
            inode = int(value)
        elif line.startswith("TST="):
            rows.add((pid, fd, inode, line[4:]))
    return rows


def test_owners_are_those_of_lsof(farm: sockfarm.Farm, engine_name: str) -> None:
    def compare() -> int:
        table: Any = fastsock.scan(pid=farm.pids, engine=engine_name)
        ours = {
            (owner.pid, owner.fd, one.inode, one.state.name)
            for one in table
            for owner in one.owners
        }
        printed = {(pid, lsof_descriptor(fd), *rest) for pid, fd, *rest in ours}
        pids = ",".join(map(str, farm.pids))
        text = tool("lsof", "-nP", "-a", "-iTCP", "-p", pids, "-FpfdT")
        assert printed == parse_lsof(text)
        counted = fastsock.count(pid=farm.pids, by="pid", descriptors=True, engine=engine_name)
        by_pid = collections.Counter(row[0] for row in ours)
        assert {pid: counts.total for pid, counts in counted.items()} == by_pid
        return len(ours)

    assert in_child(compare, netns=farm.pids[0]) > SIZE  # shared and duplicated ones


def test_owners_are_those_of_psutil(farm: sockfarm.Farm, engine_name: str) -> None:
    module = psutil()

    def compare() -> int:
        table: Any = fastsock.scan(pid=farm.pids, engine=engine_name)
        checked = 0
        for pid in farm.pids:
            process = module.Process(pid)
            # Until psutil 6 the method had another name.
            connections = getattr(process, "net_connections", None) or process.connections
            theirs = connections(kind="tcp")
            ours: dict[Row, set[int]] = {}
            for one in table.select(pid=pid):
                remote = (one.remote_address, one.remote_port) if one.remote_port else ()
                key = (one.local_address, one.local_port), remote, one.state.psutil
                descriptors = {owner.fd for owner in one.owners if owner.pid == pid}
                ours.setdefault(key, set()).update(descriptors)
            assert len(theirs) == len(ours)
            for found in theirs:  # one descriptor of each socket
                assert found.fd in ours[tuple(found.laddr), tuple(found.raddr), found.status]
                checked += 1
        return checked

    assert in_child(compare, netns=farm.pids[0]) >= SIZE


def test_counts_by_state_are_those_of_netstat(farm: sockfarm.Farm, engine_name: str) -> None:
    def theirs() -> dict[str, int]:
        lines = [line.split() for line in tool("netstat", "-tan").splitlines()[2:]]
        return dict(collections.Counter(words[5] for words in lines))

    def compare() -> None:
        ours, other = settled(lambda: fastsock.count(engine=engine_name).states, theirs)
        assert ours == other

    in_child(compare, netns=farm.pids[0])


def test_groups_are_those_of_ss(farm: sockfarm.Farm, engine_name: str) -> None:
    def compare() -> None:
        count: Any = functools.partial(fastsock.count, engine=engine_name, state="established")
        rows = [row for family in FAMILIES for row in ss("tanpe", family) if row[0] == "ESTAB"]
        for by, place in (("local_port", 4), ("local_address", 3), ("remote_port", 6), ("uid", 7)):
            ours = {key: counts.total for key, counts in count(by=by).items()}
            assert ours == collections.Counter(row[place] for row in rows)
        pids = collections.Counter(pid for row in rows for pid in {pid for pid, _ in row[9]})
        ours = {key: counts.total for key, counts in count(by="pid").items()}
        assert ours == pids
        commands = count(by=("command", "local_port"))
        assert sum(counts.total for counts in commands.values()) == len(rows)

    in_child(compare, netns=farm.pids[0])


# ------------------------------------------------------------------ sockets of every other sort


def make_odd_sockets() -> list[Any]:
    """Make what a farm has none of, in the namespace of this process."""
    made: list[Any] = []

    def keep(one: socket.socket) -> socket.socket:
        made.append(one)
        return one

    server = keep(socket.create_server(("0.0.0.0", 5000), backlog=5, reuse_port=True))
    keep(socket.create_server(("0.0.0.0", 5000), backlog=5, reuse_port=True))
    for i in range(2, 6):  # not accepted
        keep(socket.create_connection((f"127.0.0.{i}", 5000)))
    waiting = keep(socket.create_server(("127.0.0.1", 5001)))
    client = keep(socket.create_connection(("127.0.0.1", 5001)))
    accepted = keep(waiting.accept()[0])
    client.send(b"unread")
    accepted.send(b"unread as well")
    client = socket.create_connection(("127.0.0.1", 5001))
    accepted = waiting.accept()[0]
    client.close()
    accepted.recv(1)
    accepted.close()  # leaves TIME_WAIT
    client = keep(socket.create_connection(("127.0.0.1", 5001)))
    keep(waiting.accept()[0])
    client.shutdown(socket.SHUT_WR)
    client = socket.create_connection(("127.0.0.1", 5001))
    keep(waiting.accept()[0])
    client.close()  # an orphan
    server.dup()
    keep(socket.socket()).bind(("127.0.0.1", 0))  # neither listens nor is connected: no row
    keep(socket.create_server(("127.0.0.1", 5005), backlog=0))
    keep(socket.create_connection(("127.0.0.1", 5005)))
    unanswered = keep(socket.socket())  # the accept queue is full: SYN_SENT
    unanswered.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        unanswered.connect(("127.0.0.1", 5005))
    if has_ipv6:
        both = keep(socket.create_server(("::", 5002), family=socket.AF_INET6, dualstack_ipv6=True))
        keep(socket.create_server(("::", 5003), family=socket.AF_INET6))
        for address in ("127.0.0.1", "::1"):
            keep(socket.create_connection((address, 5002)))
            keep(both.accept()[0])
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        if family == socket.AF_INET6 and not has_ipv6:
            continue
        bound = keep(socket.socket(family, socket.SOCK_DGRAM))
        bound.bind((address, 5004))
        connected = keep(socket.socket(family, socket.SOCK_DGRAM))
        connected.connect((address, 5004))
        connected.send(b"unread datagram")
        keep(socket.socket(family, socket.SOCK_DGRAM)).bind(("", 0))
        keep(socket.socket(family, socket.SOCK_DGRAM))  # neither bound nor connected
    return made


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_odd_sockets_are_those_of_ss(protocol: str, engine_name: str) -> None:
    def compare() -> set[str]:
        made = make_odd_sockets()
        states: set[str] = set()
        with child_process(os.getpid):  # a second owner of all of them
            for family in FAMILIES:
                ours, theirs = settled(
                    lambda: rows_of(
                        fastsock.scan(
                            protocol=protocol,
                            family=family,  # noqa: B023
                            owners=True,
                            engine=engine_name,
                        )
                    ),
                    lambda: ss(f"{protocol[0]}anpe", family),  # noqa: B023
                )
                assert ours == theirs
                states.update(row[0] for row in ours)
            ours_counted = by_state(fastsock.count(protocol=protocol, engine=engine_name))
            assert ours_counted == states_of_ss(f"-{protocol[0]}an")
        for one in made:
            one.close()
        return states

    states = in_child(compare, netns=OWN)
    if protocol == "udp":
        assert states == {"ESTAB", "UNCONN"}
    else:
        assert states == {
            "ESTAB", "LISTEN", "TIME-WAIT", "CLOSE-WAIT", "FIN-WAIT-2", "SYN-SENT",
        }  # fmt: skip


def test_unaccepted_is_the_queue_that_ss_shows(engine_name: str) -> None:
    def compare() -> None:
        made = make_odd_sockets()
        counts = fastsock.count(pid=os.getpid(), port=5000, engine=engine_name)
        queues = [int(line.split()[1]) for line in
                  tool("ss", "-H", "-tln", "sport = :5000").splitlines()]  # fmt: skip
        assert (counts.unaccepted, counts.shared) == (sum(queues), True) == (4, True)
        assert counts.listen == len(queues) == 2
        for one in made:
            one.close()

    in_child(compare, netns=OWN)


# -------------------------------------------------------------------------- without privileges


def command(*words: str) -> tuple[int, str, str]:
    """Run the command in this process, which may be a user that cannot read our checkout."""
    captured = []
    kept = sys.stdout, sys.stderr
    for name in ("stdout", "stderr"):
        setattr(sys, name, open(os.memfd_create(name), "w+"))
    try:
        code = cli.main(list(words))
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            with open(os.dup(stream.fileno())) as file:
                file.seek(0)
                captured.append(file.read())
            stream.close()
    finally:
        sys.stdout, sys.stderr = kept
    return code, captured[0], captured[1]


@contextlib.contextmanager
def hidden_process() -> Iterator[tuple[int, int]]:
    """A process with a listener and both ends of a connection, that only root may look into."""
    listener = listen()
    port = port_of(listener)

    def prepare() -> int:
        KEPT.append(socket.create_connection(("127.0.0.1", port)))
        KEPT.append(listener.accept()[0])
        hide_descriptors()
        return port

    with child_process(prepare) as found:
        listener.close()
        yield found


def test_another_user_sees_the_same_sockets_and_their_owners_as_hidden(engine_name: str) -> None:
    def look(port: int) -> Row:
        with listen() as mine:
            ours = (port, port_of(mine))
            assert ours[0] != ours[1]
            table: Any = fastsock.scan(port=ours, owners=True, engine=engine_name)
            expression = f"( {' or '.join(f'sport = :{p} or dport = :{p}' for p in ours)} )"
            theirs = parse_ss(tool("ss", "-H", "-4", "-tanpe", expression), "ipv4")
            assert rows_of(table) == theirs
            states = collections.Counter(one.owner_state for one in table)
            nulls = {one.owner_state for one in table if one.as_dict()["owners"] is None}
            return dict(states), nulls, [entry["what"] for entry in table.incomplete]

    with hidden_process() as (_, port):
        states, nulls, missing = in_child(lambda: look(port), user=NOBODY)
    assert states == {"hidden": 3, "found": 1}
    assert nulls == {"hidden"}
    assert "processes" in missing


def test_another_user_is_told_and_never_answered_0(engine_name: str) -> None:
    def look(pid: int, port: int) -> list[tuple[int, str, str]]:
        flags = ["--engine", engine_name]
        command("count", "-p", str(os.getpid()), *flags)  # loads what it needs
        with contextlib.suppress(fastsock.FastsockError):
            command("count", "-p", "2147483647", *flags)
        become(NOBODY)
        return [
            command("count", "-p", str(pid), *flags),
            command("count", "-p", str(pid), "--port", str(port), *flags),
            command("list", "-p", str(pid), *flags),
            command("count", "--port", str(port), *flags),
        ]

    with hidden_process() as (pid, port):
        *refused, answered = in_child(lambda: look(pid, port))
    for code, out, err in refused:
        assert (code, out) == (4, "")
        assert len(err.splitlines()) == 1
        assert str(pid) in err
    assert answered[0] == 0
    assert answered[1].splitlines()[-1] == "established=2 listen=1 other=0"  # needs no owners


def test_another_user_counts_the_farm_as_root_does(farm: sockfarm.Farm, engine_name: str) -> None:
    if not AS_ROOT:
        pytest.skip("needs root to be another user")
    question: dict[str, Any] = {"state": ("established", "listen"), "engine": engine_name}
    expected = fastsock.count(netns=farm.pids[0], **question).states

    def look() -> Row:
        counts = fastsock.count(**question)
        table: Any = fastsock.scan(owners=True, **question)
        try:
            fastsock.count(pid=farm.pids[0], port=5000, engine=engine_name)
        except fastsock.OwnersHidden as error:
            refused = error.pids
        groups = fastsock.count(by="command", **question)
        return (
            counts.states,
            {one.owner_state for one in table},
            refused,
            [(str(key), number.total) for key, number in groups.items()],
            next(entry["count"] for entry in table.incomplete if entry["what"] == "processes"),
        )

    states, owner_states, refused, groups, hidden = in_child(look, user=NOBODY, netns=farm.pids[0])
    assert states == expected
    assert owner_states == {"hidden"}
    assert refused == (farm.pids[0],)
    assert groups == [("hidden", sum(expected.values()))]
    assert hidden >= len(farm.pids)


# --------------------------------------------------------------------------------- made-up trees


def random_address(pick: random.Random, family: str) -> str:
    if family == "ipv4":
        return pick.choice(["0.0.0.0", "127.0.0.1", f"10.{pick.randrange(256)}.255.1"])
    return pick.choice(
        ["::", "::1", f"fe80::{pick.randrange(1, 65536):x}", "2001:db8::ffff:0:1", "::ffff:1.2.3.4"]
    )


def make_tree(tree: proctree.ProcTree, seed: int) -> None:
    """Fill a tree with sockets in all states, and processes that hold them in all ways."""
    pick = random.Random(seed)
    inodes = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        family = "ipv6" if name.endswith("6") else "ipv4"
        lines = []
        for number in range(pick.randrange(40)):
            state = pick.randrange(1, 12) if name[0] == "t" else pick.choice((1, 7))
            listens = state == proctree.LISTEN
            inode = pick.choice((pick.randrange(1, 2**20), pick.randrange(2**31, 2**32 - 1)))
            if state in (proctree.TIME_WAIT, proctree.SYN_RECV):
                inode = 0
            elif inode in inodes:
                continue
            inodes.append(inode)
            values: dict[str, Any] = {
                "number": number,
                "state": state,
                "inode": inode,
                "uid": 0 if not inode else pick.choice((0, 33, 100000, 2**32 - 2)),
                "rx_queue": pick.choice((0, 1, 2**31 - 1)),  # ss prints larger ones negative
                "tx_queue": 0 if listens else pick.choice((0, 9, 2**20)),
            }
            line = proctree.tcp_line if name[0] == "t" else proctree.udp_line
            local = random_address(pick, family), pick.randrange(1, 65536)
            remote = random_address(pick, family), 0 if listens else pick.randrange(1, 65536)
            lines.append(line(local, remote, **values))
        tree.table(name, *lines)
    held = [inode for inode in inodes if inode]
    for pid in pick.sample(range(2, 4_000_000), 12):
        process = tree.process(pid, b"program %d" % pid)
        for fd in pick.sample(range(3, 20_000), pick.randrange(12)):
            if held and pick.random() < 0.8:
                process.socket(fd, pick.choice(held))
            else:
                process.descriptor(fd, pick.choice(["pipe:[7]", "/dev/null", "socket:[7]x"]))


@pytest.fixture(params=range(6))
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> proctree.ProcTree:
    made = proctree.ProcTree(tmp_path)
    make_tree(made, request.param)
    return made


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_trees_are_read_as_ss_reads_them(
    tree: proctree.ProcTree, protocol: str, family: str, tree_engine_name: str
) -> None:
    theirs = ss(f"{protocol[0]}anpe", family, PROC_ROOT=f"{tree}/")
    table: Any = fastsock.scan(
        procfs=str(tree), protocol=protocol, family=family, owners=True, engine=tree_engine_name
    )
    ours = rows_of(table)
    if protocol == "udp":  # from a file, ss prints neither uid nor inode of these
        ours, theirs = ([(*row[:7], *row[9:]) for row in rows] for rows in (ours, theirs))
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)


def test_trees_are_read_as_psutil_reads_them(
    tree: proctree.ProcTree, tree_engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = psutil()
    monkeypatch.setattr(module, "PROCFS_PATH", str(tree))
    theirs = collections.Counter(
        (tuple(found.laddr), tuple(found.raddr), found.status)
        for found in set(module.net_connections(kind="tcp"))
    )
    table: Any = fastsock.scan(procfs=str(tree), owners=True, engine=tree_engine_name)
    ours = {
        (
            (one.local_address, one.local_port),
            (one.remote_address, one.remote_port) if one.remote_port else (),
            one.state.psutil,
        )
        for one in table
    }
    assert set(theirs) == ours
    by_pid: dict[int, set[int]] = {}
    for one in table:
        for owner in one.owners or ():
            by_pid.setdefault(owner.pid, set()).add(owner.fd)
    for found in module.net_connections(kind="tcp"):
        if found.pid is not None:  # it keeps one owner of each
            assert found.fd in by_pid[found.pid]


def test_trees_are_read_as_netstat_reads_them(
    tree: proctree.ProcTree, tree_engine_name: str
) -> None:
    if not AS_ROOT or shutil.which("netstat") is None:
        pytest.skip("needs root and netstat")
    over = f"mount --bind '{tree}' /proc && exec netstat -tanWe"
    lines = tool("unshare", "-m", "sh", "-c", over).splitlines()[2:]
    theirs = []
    for words in (line.split() for line in lines):
        protocol, received, sent, local, remote, state, uid, inode = words
        ends = (*split_address(local, ""), *split_address(remote, ""))
        numbers = int(uid) & 0xFFFFFFFF, int(inode)  # it prints a uid as a signed number
        theirs.append((protocol, int(received), int(sent), *ends, state, *numbers))
    table: Any = fastsock.scan(procfs=str(tree), engine=tree_engine_name)
    ours = [
        (
            "tcp" if one.family == "ipv4" else "tcp6",
            one.rx_queue,
            one.tx_queue,
            one.local_address.removeprefix("::ffff:") if "." in one.local_address
            else one.local_address,
            one.local_port,
            one.remote_address.removeprefix("::ffff:") if "." in one.remote_address
            else one.remote_address,
            one.remote_port,
            one.state.name,
            one.uid,
            one.inode,
        )
        for one in table
    ]  # fmt: skip
    assert ours == theirs  # in the same order


def test_both_engines_read_trees_alike(tree: proctree.ProcTree) -> None:
    answers = []
    for status in fastsock.engine_status(str(tree)):
        if status.available:
            table: Any = fastsock.scan(
                procfs=str(tree), protocol=("tcp", "udp"), owners=True, engine=status.name
            )
            answers.append((list(table.rows()), rows_of(table), list(table.owners)))
    assert answers == answers[:1] * len(answers)


def test_a_tool_that_ends_by_a_signal_is_no_oracle() -> None:
    """A skip with the reason, not an empty answer to compare with."""
    with pytest.raises(pytest.skip.Exception, match="kill"):
        tool("sh", "-c", f"kill -{signal.SIGTERM.value} $$")
