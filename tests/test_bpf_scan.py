"""The BPF engine's answers on quiet namespaces: those of the engines that read one thing at a time.

Sockets and owners come out of one pass of a program, what no descriptor holds out of sock_diag.
Here both are held against sock_diag with a walk over the links of /proc/PID/fd, and against /proc
alone, for sockets of each sort and for every way to ask.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fastsock
import zoo
from agreement import NOT_IN_PROC, PLACE, TIMER, Row, agree, read_rows
from children import NOBODY, OWN, child_process, enter_namespace, libc
from fastsock.engines import engine_status, namespaces
from holders import (
    end_thread,
    inode_of,
    lasting_thread,
    put_in_flight,
    ring_of,
    unshare_descriptors,
    wait_for_zombie,
)
from own_namespace import Namespace, hold_namespace

STATUS = next(one for one in engine_status() if one.name == "bpf")
if not STATUS.available:
    pytest.skip(f"engine bpf: {STATUS.reason}", allow_module_level=True)

PR_SET_NAME, PR_SET_PDEATHSIG = 15, 1
SO_MARK = 36
MS_BIND, MNT_DETACH = 0x1000, 2
TCP, UDP, UNIX = 6, 17, 0
ALL_PROTOCOLS = ("tcp", "udp", "unix")
ESTABLISHED, SYN_RECV, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, LISTEN = 1, 3, 4, 5, 8, 9, 10
KEPT: list[Any] = []


def compare(fields: Sequence[str] = (), **question: Any) -> list[Row]:
    """Ask both engines for sockets with owners; return the rows, which are the same."""
    question = {"owners": True, "protocol": ALL_PROTOCOLS, **question}

    def ask(engine: str) -> fastsock.SocketTable:
        return fastsock.scan(engine=engine, fields=fields, **question)

    return agree(partial(ask, "bpf"), partial(ask, "netlink"), fields)


def keep(made: Any) -> Any:
    KEPT.append(made)
    return made


def call_us(name: bytes) -> None:
    libc.prctl(PR_SET_NAME, ctypes.c_char_p(name), 0, 0, 0)


# ---------------------------------------------------------------------------------------- the zoo


class Zoo(NamedTuple):
    """A process that holds sockets of each sort, and one that holds some of them too."""

    pid: int
    twin: int
    netns: int
    client: tuple[int, int]  # inode and port of a connected socket
    listener: int  # inode


def inhabit() -> tuple[int, int, tuple[int, int], int]:
    call_us(b"fastsock-zoo")
    netns = zoo.open_zoo()

    def settle_down() -> None:
        call_us(b"fastsock-twin")

    twin, _ = keep(contextlib.ExitStack()).enter_context(child_process(settle_down))
    zoo.open_orphans()
    zoo.open_unaccepted()
    zoo.open_unix()
    server = zoo.listen("127.0.0.1", 7061)
    client, accepted = zoo.pair(server)
    os.fchown(client.fileno(), NOBODY, -1)
    accepted.dup().detach()
    with contextlib.suppress(PermissionError):
        accepted.setsockopt(socket.SOL_SOCKET, SO_MARK, 77)
    zoo.settle()
    return twin, netns, (inode_of(client), client.getsockname()[1]), inode_of(server)


@pytest.fixture(scope="module")
def held() -> Iterator[Zoo]:
    with child_process(inhabit, signal.pause, netns=OWN) as (pid, told):
        yield Zoo(pid, *told)


def test_every_socket_of_the_zoo() -> None:
    """In a zoo of its own: what is in TIME_WAIT leaves after a minute."""
    with child_process(inhabit, signal.pause, netns=OWN) as (pid, (twin, netns, _, _)):
        rows = compare(netns=pid)
        states = {(row["state"], row["owner_state"]) for row in rows if row["protocol"] == TCP}
        # TCP: 1 ESTABLISHED … 11 CLOSING; what is only bound (7) is in no table.
        assert {state for state, _ in states} == {1, 2, 3, 4, 5, 6, 8, 9, 10, 11}
        assert {state for state, owned in states if owned == "none"} == {1, 3, 4, 5, 6, 8, 9, 11}
        assert {state for state, owned in states if owned == "found"} == {1, 2, 4, 5, 8, 9, 10, 11}
        assert {row["netns"] for row in rows} == {netns}
        assert {row["family"] for row in rows} >= {1, 2}
        holders = {pid for row in rows for pid, _, _ in row["owners"]}
        assert holders == {pid, twin}
        shared = [row for row in rows if len(row["owners"]) > 1]
        assert len(shared) > 10
        twice = [row for row in rows if [one[0] for one in row["owners"]] == [pid, pid]]
        assert len(twice) == 1  # by dup(2)
        table = fastsock.scan(engine="bpf", owners=True, netns=pid)
        assert table.sources["owners"] == "bpf"
        assert set(table.sources["sockets"].split()) <= {"bpf", "netlink"}


def test_every_socket_as_proc_prints_it(held: Zoo) -> None:
    """Among them the ones that it has not: TCP and UDP sockets that are bound and no more."""

    def ask(engine: str, states: Sequence[int]) -> fastsock.SocketTable:
        return fastsock.scan(
            engine=engine, owners=True, netns=held.pid, protocol=("tcp", "udp"), state=states
        )

    def same(states: Sequence[int], *without: str) -> list[Row]:
        ours, printed = partial(ask, "bpf", states), partial(ask, "procfs", states)
        return agree(ours, printed, key=PLACE, without=(*NOT_IN_PROC, *without))

    rows = same([number for number in range(1, 12) if number != SYN_RECV])
    assert len(rows) > 50
    assert 7006 not in {row["local_port"] for row in rows}  # zoo: bound only
    # /proc says how often the timer of a request fired (num_timeout), sock_diag how often an answer
    # was sent again (num_retrans): with TCP_DEFER_ACCEPT not the same.
    same([SYN_RECV], "retransmits")


def test_before_anybody_has_asked() -> None:
    """Sockets get their cookies when somebody asks; then it is this engine."""

    def open_quiet() -> None:
        zoo.open_unaccepted()
        zoo.open_udp()
        zoo.open_unix()
        server = zoo.listen("127.0.0.1", 7071)
        zoo.pair(server)
        zoo.pair(server)[0].close()
        zoo.settle()

    with child_process(open_quiet, netns=OWN) as (pid, _):
        ours, theirs = (
            read_rows(fastsock.scan(engine=engine, owners=True, netns=pid, protocol=ALL_PROTOCOLS))
            for engine in ("bpf", "netlink")
        )
        assert len(ours) > 15
        assert all(row["cookie"] for row in ours.values())
        for rows in (ours, theirs):
            for key, row in rows.items():
                rows[key] = {name: row[name] for name in row if name not in TIMER}
        assert ours == theirs


def test_sockets_that_are_in_no_table() -> None:
    """Not bound, or bound and no more; UDP without a port, or disconnected."""

    def open_them() -> list[int]:
        made = [keep(socket.socket(type=kind)) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
        made.append(keep(socket.socket()))
        made[-1].bind(("127.0.0.1", 7081))
        server = zoo.listen("127.0.0.1", 7082)
        client, accepted = zoo.pair(server)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
        made.append(accepted)
        client.close()  # RST: the accepted one is CLOSE, and has its descriptor still
        stopped = zoo.listen("127.0.0.1", 7083)
        stopped.shutdown(socket.SHUT_RDWR)  # a listener no more
        made.append(stopped)
        datagrams = keep(socket.socket(type=socket.SOCK_DGRAM))
        datagrams.connect(("127.0.0.1", 7084))
        libc.connect(datagrams.fileno(), bytes(16), 16)  # AF_UNSPEC: its port is given back
        made.append(datagrams)
        return [inode_of(one) for one in made]

    with child_process(open_them, netns=OWN) as (pid, absent):
        rows = compare(netns=pid, protocol=("tcp", "udp"))
        assert {row["inode"] for row in rows} & set(absent) == set()
        assert [row["local_port"] for row in rows] == [7082]
        for engine in ("bpf", "netlink", "procfs"):
            counts = fastsock.count(engine=engine, pid=pid, protocol=("tcp", "udp"))
            assert counts.total == 1


# --------------------------------------------------------------------------------- all the keywords

QUESTIONS: list[dict[str, Any]] = [
    {"protocol": "tcp"},
    {"protocol": "udp"},
    {"protocol": "unix"},
    {"protocol": ("tcp", "udp")},
    {"protocol": ("udp", "unix")},
    {"state": "established"},
    {"state": "listen"},
    {"state": "listen", "protocol": "tcp"},
    {"state": "syn-recv"},
    {"state": "syn-sent"},
    {"state": "fin-wait-1"},
    {"state": "fin-wait-2"},
    {"state": "close-wait"},
    {"state": "last-ack"},
    {"state": "closing"},
    {"state": "close", "protocol": ("tcp", "udp")},
    {"state": "other"},
    {"state": ("established", "listen")},
    {"state": ("syn-recv", "close-wait", 9)},
    {"port": 7001},
    {"port": "7001,7010-7013,7021"},
    {"port": (7001, 7012), "protocol": "tcp"},
    {"local_port": 7001},
    {"local_port": range(7000, 7100)},
    {"remote_port": (7001, 7021)},
    {"remote_port": 0},
    {"local_port": 7051, "state": "established"},
    {"local_port": 7051, "state": "close-wait"},
    {"local_port": 7041, "remote_port": range(1, 65536)},
    {"address": "127.0.0.1"},
    {"address": "127.0.0.0/8"},
    {"address": "::1"},
    {"address": ("::/64", "127.0.0.1")},
    {"address": "0.0.0.0/0", "family": "ipv6"},  # the v4-mapped ones
    {"local_address": "::"},
    {"local_address": "127.0.0.0/30", "local_port": 7012},
    {"remote_address": "::ffff:127.0.0.1"},
    {"remote_address": "::1/128", "state": "established"},
    {"uid": 0},
    {"uid": NOBODY},
    {"uid": (0, NOBODY), "protocol": "tcp"},
    {"family": "ipv4"},
    {"family": "ipv6"},
    {"family": "unix"},
    {"family": ("ipv4", "ipv6"), "protocol": "udp"},
    {"family": "ipv6", "protocol": "tcp", "state": "listen"},
    {"command": "fastsock-zoo"},
    {"command": ("fastsock-zoo", "fastsock-twin"), "state": "listen"},
    {"command": b"fastsock-twin", "family": "ipv6"},
]
NEEDS_IPV6 = ("ipv6", "::", "7012")


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_selection(held: Zoo, question: dict[str, Any]) -> None:
    if not os.path.exists("/proc/self/net/tcp6") and any(
        word in str(question) for word in NEEDS_IPV6
    ):
        pytest.skip("no IPv6")
    rows = compare(netns=held.pid, **question)
    if question == {"command": b"fastsock-twin", "family": "ipv6"}:
        return  # there is the zoo's, opened before the twin came
    assert rows


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("engine", ["bpf", "netlink", "procfs"])
def test_what_is_held(held: Zoo, engine: str, question: dict[str, Any]) -> None:
    """Without those that no descriptor holds it is the same answer."""

    def owned(**more: Any) -> set[tuple[int, str, str, int, int, tuple[tuple[int, int], ...]]]:
        table = fastsock.scan(owners=True, netns=held.pid, **question, **more)
        return {
            (row.inode, row.protocol, str(row.state), row.local_port, row.remote_port,
             tuple((owner.pid, owner.fd) for owner in row.owners))
            for row in table if row.owners
        }  # fmt: skip

    assert owned(engine=engine, held=True) == owned(engine="netlink")


@pytest.mark.parametrize(
    "question", [*QUESTIONS, {"expression": "listening and rx_queue = 0"}], ids=str
)
@pytest.mark.parametrize("engine", ["bpf", "netlink", "procfs"])
def test_one_socket_of_each_process(held: Zoo, engine: str, question: dict[str, Any]) -> None:
    """Who holds any is the same answer, from some of the rows."""

    def holders(**more: Any) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for row in fastsock.scan(owners=True, netns=held.pid, **question, **more):
            for owner in row.owners or ():
                found.setdefault(owner.pid, set()).add(row.inode)
        return found

    whole, some = holders(engine="netlink"), holders(engine=engine, once=True)
    assert whole.keys() == some.keys()
    assert all(some[pid] <= whole[pid] for pid in whole)


def test_a_process_is_left_when_one_is_found(held: Zoo) -> None:
    found = fastsock.scan(engine="bpf", netns=held.pid, state="established", once=True)
    table = fastsock.scan(engine="bpf", netns=held.pid, state="established", held=True, owners=True)
    assert found.owners is None and len(found) == len(table)  # nobody asked whose they are
    found = fastsock.scan(engine="bpf", netns=held.pid, state="established", once=True, owners=True)
    holders = {owner.pid for row in found for owner in row.owners or ()}
    assert holders == {held.pid, held.twin} and len(found) < len(table)


def test_a_selection_is_that_of_the_whole_table(held: Zoo) -> None:
    ask = partial(fastsock.scan, engine="bpf", owners=True, netns=held.pid)
    for number in (1, 4, 12, 17, 22, 27, 33, 38, 43):
        question = {"protocol": ALL_PROTOCOLS, **QUESTIONS[number]}

        def select() -> fastsock.SocketTable:
            return ask(protocol=question["protocol"]).select(**question)  # noqa: B023

        agree(partial(ask, **question), select)


def test_an_inode(held: Zoo) -> None:
    inode, port = held.client
    (row,) = compare(netns=held.pid, inode=inode)
    assert (row["local_port"], row["uid"]) == (port, NOBODY)
    assert [pid for pid, _, _ in row["owners"]] == [held.pid]
    assert len(compare(netns=held.pid, inode=(inode, held.listener))) == 2
    assert len(compare(netns=held.pid, inode=(inode, held.listener), state="listen")) == 1
    assert compare(netns=held.pid, inode=0, state="established")  # not accepted
    assert not compare(netns=held.pid, inode=2**63)


def test_processes(held: Zoo) -> None:
    of_zoo = compare(pid=held.pid)  # its namespace
    of_twin = compare(pid=held.twin)
    assert len(of_zoo) > len(of_twin) > 10
    assert {one for row in of_twin for one, _, _ in row["owners"]} == {held.twin}
    both = compare(pid=(held.pid, held.twin))
    assert len(both) == len(of_zoo)
    assert {one for row in both for one, _, _ in row["owners"]} == {held.pid, held.twin}
    assert compare(pid=held.twin, port=7001, state=("established", "listen"))
    assert not compare(pid=held.twin, port=7061)
    assert not compare(pid=os.getpid(), netns=held.pid)


FIELDS = ["interface", "mark", "socket_cgroup", "v6only", "drops", "timeout", "congestion",
          "tcp_info.rtt", "tcp_info.state", "tcp_info.snd_mss", "skmem.rcvbuf",
          "skmem.sndbuf", "type", "peer", "path"]  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_an_optional_column(held: Zoo, name: str) -> None:
    compare([name], netns=held.pid)


def test_all_optional_columns(held: Zoo) -> None:
    rows = compare(FIELDS, netns=held.pid)
    assert {row["mark"] for row in rows if row["mark"]} <= {77}
    assert any(row["interface"] for row in rows)
    assert any(row["tcp_info.rtt"] for row in rows)
    compare(FIELDS, netns=held.pid, state="listen", protocol="tcp")
    compare(FIELDS, pid=held.twin)
    compare(["tcp_info.rtt", "interface"], netns=held.pid, port=7001)


def test_without_owners(held: Zoo) -> None:
    rows = compare(netns=held.pid, owners=False)
    assert {row["owner_state"] for row in rows} == {None}


# --------------------------------------------------------------------------------- the other verbs


def settled(ask: Callable[[str], Any]) -> Any:
    """Return what both engines answer; a timer of the zoo's changes no state, but may a group."""
    for _ in range(5):
        ours, theirs = ask("bpf"), ask("netlink")
        if ours == theirs:
            break
    assert ours == theirs
    return ours


@pytest.mark.parametrize(
    "by",
    ["state", "pid", "command", "cgroup", "local_port", "remote_address", "uid", "netns",
     ("command", "state"), ("pid", "local_port")],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("descriptors", [False, True], ids=["sockets", "descriptors"])
def test_groups(held: Zoo, by: Any, descriptors: bool) -> None:
    def ask(engine: str) -> Any:
        found = fastsock.count(
            engine=engine,
            by=by,
            descriptors=descriptors,
            netns=held.pid,
            protocol=ALL_PROTOCOLS,
        )
        return {key: counts.states for key, counts in found.items()}

    assert settled(ask)


def test_counts(held: Zoo) -> None:
    def ask(engine: str) -> Any:
        answers = []
        for number, question in enumerate(QUESTIONS):
            question = {"protocol": ALL_PROTOCOLS, "netns": held.pid, **question}
            variants: list[dict[str, Any]] = [{}]
            if "command" not in question:  # together they may name nobody, which is an error
                variants.append({"pid": held.pid, "descriptors": number % 2 == 0})
            for more in variants:
                counts = fastsock.count(engine=engine, **question, **more)
                answers.append((counts.states, counts.unaccepted, counts.shared))
        return answers

    settled(ask)


@pytest.mark.parametrize(
    ("port", "unaccepted", "shared"),
    [(7051, 4, False), (7004, 0, True), (7061, 0, False), (7002, 2, False)],
)
def test_a_process_and_a_port(held: Zoo, port: int, unaccepted: int, shared: bool) -> None:
    for descriptors in (False, True):
        ask = partial(fastsock.count, pid=held.pid, port=port, descriptors=descriptors)
        ours, theirs, printed = (ask(engine=name) for name in ("bpf", "netlink", "procfs"))
        assert ours.states == theirs.states == printed.states
        assert (ours.unaccepted, ours.shared) == (unaccepted, shared)
        assert (theirs.unaccepted, theirs.shared) == (unaccepted, shared)


def test_listeners(held: Zoo) -> None:
    for protocol in ("tcp", "udp", "unix", ALL_PROTOCOLS):
        ask = partial(fastsock.listeners, netns=held.pid, protocol=protocol)
        rows = agree(partial(ask, engine="bpf"), partial(ask, engine="netlink"))
        assert rows and all(row["owners"] for row in rows)
    ask = partial(fastsock.listeners, pid=held.twin)
    assert agree(partial(ask, engine="bpf"), partial(ask, engine="netlink"))


@pytest.mark.parametrize(
    "question",
    [
        {"port": 7001},
        {"port": 7004},
        {"port": 7012, "address": "127.0.0.1"},
        {"port": 7006},
        {"port": 7021, "protocol": "udp"},
        {"address": "127.0.0.1"},
    ],
    ids=str,
)
def test_who(held: Zoo, question: dict[str, Any]) -> None:
    ask = partial(fastsock.who, netns=held.pid, **question)
    rows = agree(partial(ask, engine="bpf"), partial(ask, engine="netlink"))
    # The same owners first: parents before their forks.
    ours, theirs = (
        [[one.pid for one in row.owners or ()] for row in sorted(ask(engine=name), key=by_inode)]
        for name in ("bpf", "netlink")
    )
    assert ours == theirs and len(ours) == len(rows)


def by_inode(row: fastsock.Socket) -> tuple[int, int, str]:
    return row.inode, row.remote_port, row.remote_address


def test_streams(held: Zoo) -> None:
    def ask(engine: str, **question: Any) -> list[fastsock.SocketTable]:
        with fastsock.sockets(engine=engine, **question) as stream:
            return list(stream.tables())

    questions: list[dict[str, Any]] = [
        {"netns": held.pid, "protocol": ALL_PROTOCOLS},
        {"pid": held.pid, "protocol": ALL_PROTOCOLS},
        {"pid": held.twin, "port": 7001},
        {"command": "fastsock-zoo", "state": "listen"},
    ]
    for question in questions:
        assert agree(partial(ask, "bpf", **question), partial(ask, "netlink", **question))


def test_sockets_one_by_one(held: Zoo) -> None:
    with fastsock.sockets(engine="bpf", pid=held.pid, state="listen") as stream:
        listening = {row.inode: {one.pid for one in row.owners or ()} for row in stream}
    assert held.listener in listening
    assert set().union(*listening.values()) == {held.pid}
    with fastsock.sockets(engine="bpf", pid=held.pid) as stream:
        assert next(iter(stream)).inode  # and no more of it
    assert fastsock.state_of(inode=held.listener, engine="bpf", netns=held.pid) == LISTEN


# ------------------------------------------------------------- sockets that no descriptor leads to


def with_states(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def one_row(rows: Sequence[Row], **wanted: Any) -> Row:
    (row,) = with_states(rows, **wanted)
    return row


def test_connections_in_flight() -> None:
    """Only messages hold them that nobody has received; nothing else hints at them."""

    def send_away() -> dict[str, int]:
        server = zoo.listen("127.0.0.1", 7101)
        client, accepted = socket.create_connection(("127.0.0.1", 7101)), server.accept()[0]
        kept, other = zoo.pair(server)
        datagrams = socket.socket(type=socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 7102))
        inodes = {"client": inode_of(client), "accepted": inode_of(accepted)}
        inodes |= {"udp": inode_of(datagrams), "kept": inode_of(kept), "other": inode_of(other)}
        put_in_flight(client, accepted, datagrams)
        return inodes

    with child_process(send_away, netns=OWN) as (pid, inodes):
        rows = compare(netns=pid, protocol=("tcp", "udp"))
        assert len(rows) == 6
        for name in ("client", "accepted", "udp"):
            row = one_row(rows, inode=inodes[name])
            assert (row["owner_state"], row["owners"]) == ("unknown", [])
        for name in ("kept", "other"):
            assert one_row(rows, inode=inodes[name])["owner_state"] == "found"
        assert len(compare(netns=pid, port=7101, state="established")) == 4
        assert len(compare(netns=pid, inode=inodes["client"])) == 1
        assert len(compare(pid=pid, protocol="tcp")) == 3
        assert fastsock.count(engine="bpf", netns=pid).total == 5
        groups = fastsock.count(engine="bpf", by="pid", netns=pid)
        assert groups[fastsock.UNKNOWN].total == 2


def test_one_connection_in_flight_and_nothing_else() -> None:
    """The fewest sockets that a namespace can have with one of them missing from every pass."""

    def send_away() -> int:
        server = socket.create_server(("127.0.0.1", 7103))
        client, accepted = socket.create_connection(("127.0.0.1", 7103)), server.accept()[0]
        server.close()
        inode = inode_of(accepted)
        put_in_flight(accepted)
        keep(client)
        return inode

    with child_process(send_away, netns=OWN) as (pid, inode):
        rows = compare(netns=pid, protocol="tcp")
        assert len(rows) == 2
        assert one_row(rows, inode=inode)["owner_state"] == "unknown"


def test_everything_in_flight() -> None:
    """No process holds any socket of the namespace."""

    def send_away() -> list[int]:
        server = socket.create_server(("127.0.0.1", 7104))
        client, accepted = socket.create_connection(("127.0.0.1", 7104)), server.accept()[0]
        inodes = [inode_of(one) for one in (server, client, accepted)]
        put_in_flight(server, client, accepted)
        return inodes

    with child_process(send_away, netns=OWN) as (pid, inodes):
        rows = compare(netns=pid, protocol=("tcp", "udp"))
        assert sorted(row["inode"] for row in rows) == sorted(inodes)
        assert {row["owner_state"] for row in rows} == {"unknown"}
        assert not compare(pid=pid, protocol="tcp")


def test_a_listener_in_flight_with_a_queue() -> None:
    def send_away() -> int:
        server = socket.create_server(("127.0.0.1", 7105))
        for _ in range(3):
            keep(socket.create_connection(("127.0.0.1", 7105)))
        keep(socket.create_connection(("127.0.0.1", 7105))).shutdown(socket.SHUT_WR)
        inode = inode_of(server)
        put_in_flight(server)
        return inode

    with child_process(send_away, netns=OWN) as (pid, inode):
        rows = compare(netns=pid, protocol="tcp")
        assert len(rows) == 9
        server = one_row(rows, inode=inode)
        assert (server["state"], server["rx_queue"]) == (LISTEN, 4)
        assert server["owner_state"] == "unknown"
        waiting = with_states(rows, inode=0, local_port=7105)
        assert sorted(row["state"] for row in waiting) == [ESTABLISHED] * 3 + [CLOSE_WAIT]
        assert {row["owner_state"] for row in waiting} == {"none"}
        assert len(compare(netns=pid, state="listen", protocol="tcp")) == 1


def test_connections_of_mptcp_in_flight() -> None:
    def send_away() -> int:
        try:
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, zoo.IPPROTO_MPTCP)
        except OSError as error:
            pytest.skip(f"MPTCP: {error.strerror}")
        server.bind(("127.0.0.1", 7106))
        server.listen(4)
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, zoo.IPPROTO_MPTCP)
        client.connect(("127.0.0.1", 7106))
        inode = inode_of(client)
        keep(server), keep(server.accept()[0])
        put_in_flight(client)
        return inode

    with child_process(send_away, netns=OWN) as (pid, inode):
        rows = compare(netns=pid, protocol="tcp")
        assert {row["owner_state"] for row in with_states(rows, inode=inode)} == {"unknown"}
        assert {row["owner_state"] for row in rows if row["inode"] != inode} == {"found"}


def test_sockets_that_a_ring_holds() -> None:
    """Fixed files of io_uring(7), without a descriptor beside."""

    def give_away() -> dict[str, int]:
        server = zoo.listen("127.0.0.1", 7107)
        fixed = socket.create_connection(("127.0.0.1", 7107))
        accepted = server.accept()[0]
        waiting = socket.create_server(("127.0.0.1", 7108))
        datagrams = socket.socket(type=socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 7109))
        zoo.pair(server)
        inodes = {"client": inode_of(fixed), "listener": inode_of(waiting)}
        inodes["udp"] = inode_of(datagrams)
        keep(accepted)
        ring_of(-1, fixed.fileno(), waiting.fileno(), datagrams.fileno())
        for one in (fixed, waiting, datagrams):
            one.close()
        return inodes

    with child_process(give_away, netns=OWN) as (pid, inodes):
        rows = compare(netns=pid, protocol=("tcp", "udp"))
        assert len(rows) == 7
        found = [one_row(rows, inode=inode) for inode in inodes.values()]
        if "io_uring instances" not in [
            note["what"] for note in fastsock.scan(engine="bpf", owners=True, netns=pid).incomplete
        ]:
            assert [row["owners"] for row in found] == [[(pid, -1, pid)]] * 3
            assert len(compare(pid=pid, protocol=("tcp", "udp"))) == 7
        for engine in ("bpf", "netlink"):
            counts = fastsock.count(engine=engine, pid=pid, port=7107)
            assert (counts.established, counts.listen) == (4, 1)


def test_an_accept_queue() -> None:
    with child_process(zoo.open_unaccepted, netns=OWN) as (pid, _):
        rows = compare(netns=pid, protocol="tcp")
        for port in sorted({row["local_port"] for row in with_states(rows, state=LISTEN)}):
            queue = one_row(rows, state=LISTEN, local_port=port)["rx_queue"]
            waiting = with_states(rows, inode=0, local_port=port)
            assert len(waiting) == queue in (4, 8)
            assert {row["owner_state"] for row in waiting} == {"none"}
            assert sum(row["rx_queue"] for row in waiting) >= 321
            counts = fastsock.count(engine="bpf", pid=pid, port=port)
            assert counts.unaccepted == queue


def test_orphans() -> None:
    with child_process(zoo.open_orphans, netns=OWN) as (pid, _):
        rows = compare(netns=pid, protocol="tcp")
        orphans = with_states(rows, inode=0)
        assert {row["owner_state"] for row in orphans} == {"none"}
        states = sorted(row["state"] for row in orphans)
        assert states == [FIN_WAIT1, FIN_WAIT2, FIN_WAIT2, LAST_ACK, 11]
        # The other end of each is there, and held; the listener beside.
        assert len(rows) == 11
        assert len(with_states(rows, owner_state="found")) == 6


def test_only_orphans() -> None:
    """Whoever held them has ended; the one process of the namespace has no TCP socket."""

    def leave() -> int:
        server = socket.create_server(("127.0.0.1", 7110))
        for _ in range(3):
            client, accepted = socket.create_connection(("127.0.0.1", 7110)), server.accept()[0]
            zoo.fill(client)
            client.close()
            keep(accepted)
        return 0

    with child_process(lambda: None, netns=OWN) as (pid, _):
        with child_process(leave, netns=pid) as (_, _):
            rows = compare(netns=pid, protocol="tcp")
            assert sorted(row["state"] for row in rows) == [1, 1, 1, 4, 4, 4]
        left = compare(netns=pid, protocol="tcp")
        assert {row["owner_state"] for row in left} <= {"none"}
        assert not compare(netns=pid, protocol="tcp", state=("listen", "established"))


# --------------------------------------------------------------------------------------- threads


def own_listener() -> int:
    """Give this thread a descriptor table of its own with one listener more."""
    unshare_descriptors()
    made = socket.create_server(("127.0.0.1", 0))
    return inode_of(made.detach())


def test_a_thread_with_a_table_of_its_own() -> None:
    def settle_down() -> tuple[int, int, int]:
        shared = keep(socket.create_server(("127.0.0.1", 7121)))
        lasting_thread(lambda: None)
        tid, inode = lasting_thread(own_listener)
        return inode_of(shared), tid, inode

    with child_process(settle_down, netns=OWN) as (pid, (shared, tid, inode)):
        rows = compare(netns=pid, protocol="tcp")
        assert len(rows) == 2
        assert [one[0::2] for one in one_row(rows, inode=inode)["owners"]] == [(pid, tid)]
        assert [one[0::2] for one in one_row(rows, inode=shared)["owners"]] == [(pid, pid)]
        assert len(compare(pid=pid, protocol="tcp")) == 2
        assert fastsock.count(engine="bpf", pid=pid, state="listen").total == 2


def test_what_only_a_thread_still_has() -> None:
    """The process has closed it, a thread's copy of the table has it yet."""

    def settle_down() -> tuple[int, int]:
        shared = socket.create_server(("127.0.0.1", 7122))
        inode = inode_of(shared)
        tid, _ = lasting_thread(own_listener)
        shared.close()
        return tid, inode

    with child_process(settle_down, netns=OWN) as (pid, (tid, inode)):
        rows = compare(netns=pid, protocol="tcp")
        assert [one[0::2] for one in one_row(rows, inode=inode)["owners"]] == [(pid, tid)]


def test_many_threads_with_tables_of_their_own() -> None:
    def settle_down() -> list[tuple[int, int]]:
        keep(socket.create_server(("127.0.0.1", 7123)))
        return [lasting_thread(own_listener) for _ in range(20)]

    with child_process(settle_down, netns=OWN) as (pid, made):
        rows = compare(netns=pid, protocol="tcp")
        assert len(rows) == 21
        for tid, inode in made:
            # What each took along is the common table, with the first listener alone.
            assert [one[0::2] for one in one_row(rows, inode=inode)["owners"]] == [(pid, tid)]


def test_a_process_whose_first_thread_has_ended() -> None:
    def settle_down() -> tuple[list[int], int, tuple[int, int]]:
        tids = [lasting_thread(lambda: None)[0] for _ in range(2)]
        server = zoo.listen("127.0.0.1", 7124)
        zoo.pair(server)
        return tids, inode_of(server), lasting_thread(own_listener)

    with child_process(settle_down, end_thread, netns=OWN) as (pid, (tids, shared, (tid, inode))):
        wait_for_zombie(pid)
        # /proc/PID/net of a first thread that has ended is empty: another shows the namespace.
        with child_process(lambda: None, netns=tids[0]) as (beside, _):
            rows = compare(netns=beside, protocol="tcp")
        assert len(rows) == 4
        assert [one[0::2] for one in one_row(rows, inode=inode)["owners"]] == [(pid, tid)]
        assert [one[0::2] for one in one_row(rows, inode=shared)["owners"]] == [(pid, min(tids))]
        assert {row["owner_state"] for row in rows} == {"found"}


# ----------------------------------------------------------------------------- several namespaces


class Spaces(NamedTuple):
    """Namespaces that stand still, and a process with sockets of two, that lives in the second."""

    spaces: list[Namespace]
    guest: int
    inodes: list[int]  # its listeners: one in the first, one in the second


@pytest.fixture(scope="module")
def spaces() -> Iterator[Spaces]:
    def visit(first: int, second: int) -> list[int]:
        call_us(b"fastsock-guest")
        made = []
        for pid in (first, second):
            enter_namespace(pid)
            made.append(inode_of(keep(socket.create_server(("127.0.0.1", 5100)))))
        return made

    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(hold_namespace()) for _ in range(3)]
        visitor = child_process(partial(visit, held[0].pid, held[1].pid))
        guest, inodes = stack.enter_context(visitor)
        yield Spaces(held, guest, inodes)


def compare_within(among: Sequence[int], fields: Sequence[str] = (), **question: Any) -> list[Row]:
    """As `compare`, of these namespaces only: the host's others move."""
    question = {"owners": True, "protocol": ("tcp", "udp"), **question}

    def ask(engine: str) -> fastsock.SocketTable:
        found = fastsock.scan(engine=engine, fields=fields, **question)
        of = found.column("netns")
        return found.pick(index_of(n for n in range(len(found)) if of[n] in among))

    return agree(partial(ask, "bpf"), partial(ask, "netlink"), fields)


def index_of(numbers: Iterator[int]) -> Any:
    return fastsock.implementation.table.Column.from_values("index", "I", numbers)


def test_all_namespaces(spaces: Spaces) -> None:
    numbers = [space.inode for space in spaces.spaces]
    rows = compare_within(numbers, netns="all")
    per_space = [with_states(rows, netns=number) for number in numbers]
    expected = [len(space.sockets) for space in spaces.spaces]
    assert [len(found) for found in per_space] == [expected[0] + 1, expected[1] + 1, expected[2]]
    for space, found in zip(spaces.spaces, per_space, strict=True):
        held = {pid for row in found for pid, _, _ in row["owners"]}
        assert held - {spaces.guest} == {space.pid}
    for inode, space in zip(spaces.inodes, spaces.spaces, strict=False):
        row = one_row(rows, inode=inode)
        assert row["netns"] == space.inode
        assert [pid for pid, _, _ in row["owners"]] == [spaces.guest]
    compare_within(numbers, FIELDS[:4], netns="all", state="listen")
    compare_within(numbers, netns="all", port=5000)


def test_one_namespace_and_some(spaces: Spaces) -> None:
    first, second, third = spaces.spaces
    assert len(compare(netns=first.pid, protocol=("tcp", "udp"))) == len(first.sockets) + 1
    assert {row["netns"] for row in compare(netns=third.pid)} == {third.inode}
    rows = compare(netns=[first.pid, third.pid], protocol=("tcp", "udp"))
    assert {row["netns"] for row in rows} == {first.inode, third.inode}
    assert len(compare(netns=spaces.guest)) == len(compare(netns=second.pid))


def test_a_process_with_sockets_of_two_namespaces(spaces: Spaces) -> None:
    first, second, _ = spaces.spaces
    # It lives in the second; that it has something elsewhere is told when all are asked for.
    (row,) = compare(pid=spaces.guest, protocol="tcp")
    assert (row["inode"], row["netns"]) == (spaces.inodes[1], second.inode)
    rows = compare(pid=spaces.guest, netns="all", protocol="tcp")
    assert {row["netns"] for row in rows} == {first.inode, second.inode}
    (row,) = compare(pid=spaces.guest, netns=first.pid, protocol="tcp")
    assert row["inode"] == spaces.inodes[0]
    assert len(compare(command="fastsock-guest", netns="all")) == 2


def test_groups_of_namespaces(spaces: Spaces) -> None:
    def ask(engine: str) -> Any:
        found = fastsock.count(engine=engine, by=("netns", "command"), netns="all", port=5100)
        return {
            key: counts.states
            for key, counts in found.items()
            if key[0] in {space.inode for space in spaces.spaces}
        }

    assert len(settled(ask)) == 2


def test_namespaces_with_a_name(
    spaces: Spaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespaces, "NAMED", str(tmp_path))  # not the host's own
    for name, space in zip(("blue", "red", "green"), spaces.spaces, strict=True):
        (tmp_path / name).symlink_to(f"/proc/{space.pid}/ns/net")
    rows = compare(netns="blue", protocol=("tcp", "udp"))
    assert len(rows) == len(spaces.spaces[0].sockets) + 1
    rows = compare(netns=["red", "green"])
    assert {row["netns"] for row in rows} == {space.inode for space in spaces.spaces[1:]}


def test_a_named_namespace_in_which_nobody_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But a process that lives elsewhere has sockets of it, and some are nobody's."""
    monkeypatch.setattr(namespaces, "NAMED", str(tmp_path))
    name = tmp_path / "lone"
    name.touch()
    mine = os.getpid()

    def visit(founder: int) -> int:
        enter_namespace(founder)
        server = zoo.listen("127.0.0.1", 5200)
        zoo.pair(server)
        zoo.connect("127.0.0.1", 5200)
        enter_namespace(mine)
        return inode_of(server)

    with contextlib.ExitStack() as stack:
        with child_process(lambda: os.stat("/proc/self/ns/net").st_ino, netns=OWN) as (pid, number):
            source, target = f"/proc/{pid}/ns/net".encode(), str(name).encode()
            flags = ctypes.c_ulong(MS_BIND)
            if libc.mount(ctypes.c_char_p(source), ctypes.c_char_p(target), None, flags, None):
                pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
            stack.callback(libc.umount2, ctypes.c_char_p(target), MNT_DETACH)
            guest, inode = stack.enter_context(child_process(partial(visit, pid)))
        rows = compare(netns="lone", protocol="tcp")
        assert len(rows) == 5 and {row["netns"] for row in rows} == {number}
        assert [pid for pid, _, _ in one_row(rows, inode=inode)["owners"]] == [guest]
        assert len(with_states(rows, inode=0)) == 1
        assert len(compare_within([number], netns="all")) == 5
        assert len(compare(pid=guest, netns="lone", protocol="tcp")) == 4
