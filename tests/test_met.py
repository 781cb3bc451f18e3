"""The sockets that a pass of the program meets: each is kept once, whoever holds it.

Records come from the kernel alone: the passes here are over processes of our own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import pytest

import zoo
from children import OWN, child_process, enter_namespace
from fastsock.engines import engine_status, open_engine
from fastsock.engines.namespaces import Namespace
from fastsock.engines.without_descriptor import ALL_OF_TCP, ALL_OF_UDP
from fastsock.filter import ALL, Filter
from fastsock.table import SocketTable
from fastsock.tcp import TCP, UDP, State
from holders import inode_of, put_in_flight, ring_of
from implementations import socket_row

STATUS = next(one for one in engine_status() if one.name == "bpf")
if not STATUS.available:
    pytest.skip(f"engine bpf: {STATUS.reason}", allow_module_level=True)

from fastsock._match import Matcher  # noqa: E402
from fastsock.engines._met import NOTES, Met, Sheet, count_hashed, join_met  # noqa: E402
from fastsock.engines._pass import walk_by_program  # noqa: E402
from fastsock.engines.passes import load_program  # noqa: E402

KEPT: list[Any] = []
FIRST, MOST = 20001, 300
BATCH = 64
DATAGRAMS = ALL.with_term("protocol", [UDP])
FIELDS = ("interface", "mark", "v6only", "socket_cgroup", "type", "peer")


def keep(made: Any) -> Any:
    KEPT.append(made)
    return made


def netns() -> int:
    return os.stat("/proc/self/ns/net").st_ino


def make_mets(
    threads: int,
    expected: int,
    spaces: Sequence[int],
    want: Filter = ALL,
    protocols: Sequence[int] = (TCP, UDP),
    fields: Sequence[str] = (),
) -> list[Met]:
    sheet = Sheet(SocketTable(fields), expected, threads)
    return [Met(sheet, number, Matcher(want), protocols, spaces) for number in range(threads)]


def walk(pids: Sequence[int], mets: Sequence[Met]) -> Any:
    return walk_by_program("/proc", pids, len(mets), load_program().program.fd, mets)


def meet(pids: Sequence[int], threads: int, expected: int, *more: Any, **given: Any) -> list[Any]:
    """Walk processes with new Mets; return the rows that were kept."""
    mets = make_mets(threads, expected, *more, **given)
    walk(pids, mets)
    return rows_of(join_met(mets)[0])


def rows_of(tables: Sequence[SocketTable]) -> list[Any]:
    assert all(len(table) for table in tables)
    return [row for table in tables for row in table]


# -------------------------------------------------------------------------------- rooms of a sheet


class Crowd(NamedTuple):
    """Processes with MOST sockets between them, whose ports go from FIRST upwards."""

    pids: list[int]
    netns: int
    inodes: dict[int, int]  # by port


def open_some(numbers: range) -> dict[int, int]:
    found = {}
    for number in numbers:
        made = keep(socket.socket(type=socket.SOCK_DGRAM))
        made.bind(("127.0.0.1", FIRST + number))
        found[FIRST + number] = inode_of(made)
    return found


@pytest.fixture(scope="module", params=[1, 5], ids=["1-process", "5-processes"])
def crowd(request: pytest.FixtureRequest) -> Iterator[Crowd]:
    processes: int = request.param
    with contextlib.ExitStack() as stack:
        space, number = stack.enter_context(child_process(netns, netns=OWN))
        pids, inodes = [], {}
        for n in range(processes):
            some = range(MOST * n // processes, MOST * (n + 1) // processes)
            pid, made = stack.enter_context(child_process(partial(open_some, some), netns=space))
            pids.append(pid)
            inodes.update(made)
        assert len(inodes) == MOST
        yield Crowd(pids, number, inodes)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("expected", [0, 1, 64, 65, 100])
def test_no_room_is_too_small(crowd: Crowd, expected: int, threads: int) -> None:
    """The sheet ends before, at and behind the last row: none is lost, comes twice or is none."""
    room = expected + expected // BATCH + BATCH * threads if expected else 0
    ends = {0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, room - 1, room, room + 1, 225, MOST}
    for number in sorted(end for end in ends if 0 <= end <= MOST):
        ports = (FIRST, FIRST + number - 1) if number else (1, 1)
        want = DATAGRAMS.with_term("local_port", {ports})
        for fields in ((), FIELDS):
            found = meet(crowd.pids, threads, expected, [crowd.netns], want, fields=fields)
            assert len(found) == number
            assert {(row.local_port, row.inode) for row in found} == {
                (port, crowd.inodes[port]) for port in range(FIRST, FIRST + number)
            }
            for row in found:
                assert (row.netns, row.protocol, row.state) == (crowd.netns, "udp", State.CLOSE)
                assert (row.local_address, row.remote_address) == ("127.0.0.1", "0.0.0.0")
                assert (row.remote_port, row.rx_queue, row.uid) == (0, 0, os.geteuid())
                assert row.cookie
            assert len({row.cookie for row in found}) == number


def test_all_that_are_met_are_in_one_table_where_there_is_room(crowd: Crowd) -> None:
    for threads in (1, 2, 3):
        mets = make_mets(threads, MOST, [crowd.netns])
        walk(crowd.pids, mets)
        (table,), _ = join_met(mets)
        assert table is mets[0].sheet.table
        assert sorted(table.column("local_port")) == sorted(crowd.inodes)
        assert not any(len(met.more) for met in mets)


def test_nothing_is_met(crowd: Crowd) -> None:
    for expected in (0, 100):
        mets = make_mets(2, expected, [crowd.netns])
        assert join_met(mets)[0] == []  # nobody has walked
        assert meet(crowd.pids, 2, expected, [crowd.netns], protocols=[TCP]) == []
        assert meet(crowd.pids, 2, expected, [crowd.netns], protocols=[]) == []
        assert meet(crowd.pids, 2, expected, []) == []
        assert meet(crowd.pids, 2, expected, [crowd.netns + 1]) == []


# ------------------------------------------------------------------------------- shared by several


class Family(NamedTuple):
    """A parent with one listener and 200 connections, and children that inherited them."""

    pids: list[int]
    netns: int
    inodes: set[int]  # what all of them have
    own: list[set[int]]  # what each has besides


def nothing_more() -> set[int]:
    return {inode_of(keep(socket.create_server(("127.0.0.1", 0))))}


def prefork() -> tuple[list[int], int, set[int], list[set[int]]]:
    server = zoo.listen("127.0.0.1", 7301, backlog=64)
    shared = {inode_of(server)}
    for _ in range(100):
        shared |= {inode_of(one) for one in zoo.pair(server)}
    pids: list[int] = [os.getpid()]
    own: list[set[int]] = [set()]
    for _ in range(5):
        pid, more = keep(contextlib.ExitStack()).enter_context(child_process(nothing_more))
        pids.append(pid)
        own.append(more)
    return pids, netns(), shared, own


@pytest.fixture(scope="module")
def family() -> Iterator[Family]:
    with child_process(prefork, netns=OWN) as (_, told):
        yield Family(*told)


@pytest.mark.parametrize("expected", [0, 1, 205, 2000])
@pytest.mark.parametrize("threads", [1, 2, 3, 6])
def test_shared_sockets_are_met_once(family: Family, threads: int, expected: int) -> None:
    for _ in range(5):
        found = meet(family.pids, threads, expected, [family.netns])
        assert len(found) == 201 + 5
        assert {row.inode for row in found} == family.inodes.union(*family.own)
        assert sum(row.state == State.LISTEN for row in found) == 6


@pytest.mark.parametrize("expected", [0, 1, 100, 250, 3000])
def test_each_worker_met_what_others_had(family: Family, expected: int) -> None:
    """Whoever would have taken which process: here each worker has a walk of its own."""
    for chosen in (range(6), (0, 1), (5, 3), (2,)):
        mets = make_mets(len(chosen), expected, [family.netns])
        for met, n in zip(mets, chosen, strict=True):
            walk([family.pids[n]], [met])
        tables, known = join_met(mets)
        found = rows_of(tables)
        inodes = family.inodes.union(*(family.own[n] for n in chosen))
        assert {row.inode for row in found} == inodes
        assert len(found) == len(inodes)
        assert {row.netns for row in found} == {family.netns}
        # What is known is what was met: sock_diag adds what the others have, and only that.
        rest = ask_others(family, known)
        assert {row.inode for row in rest} == set().union(*family.own) - inodes
        assert ask_others(family, known) == []


def ask_others(family: Family, known: Any, want: Filter = ALL_OF_TCP) -> list[Any]:
    engine: Any = open_engine("netlink")
    space = Namespace(family.netns, [f"/proc/{family.pids[0]}/net"])
    table = engine.others([(space, [want])], (), known)
    assert table is not None
    return list(table)


def test_workers_with_nothing_in_common(family: Family, crowd: Crowd) -> None:
    """Sets of cookies are put together whichever is the larger."""
    for first, second in ((family.pids[0], crowd.pids[0]), (crowd.pids[0], family.pids[0])):
        mets = make_mets(3, 1, [family.netns, crowd.netns])
        walk([first], mets[:1])
        walk([second], mets[2:])
        tables, known = join_met(mets)
        found = rows_of(tables)
        assert len(found) == len({row.cookie for row in found}) == 201 + MOST // len(crowd.pids)
        assert len(ask_others(family, known)) == 5
        rest = ask_others(Family(crowd.pids, crowd.netns, set(), []), known, ALL_OF_UDP)
        assert len(rest) == MOST - MOST // len(crowd.pids)


# --------------------------------------------------------------------------- what is asked for


def test_two_namespaces() -> None:
    with contextlib.ExitStack() as stack:
        spaces = [stack.enter_context(child_process(netns, netns=OWN)) for _ in range(2)]

        def visit() -> list[int]:
            found = []
            for _ in range(2):  # in turns, as descriptors stand
                for pid, _ in spaces:
                    enter_namespace(pid)
                    found.append(inode_of(keep(socket.create_server(("127.0.0.1", 0)))))
            return found

        pid, inodes = stack.enter_context(child_process(visit))
        first, second = (number for _, number in spaces)
        for threads in (1, 2):
            for asked in ([first], [second], [first, second], [second, first], [netns()], []):
                found = meet([pid], threads, 1, asked)
                expected = [(inodes[n], (first, second)[n % 2]) for n in range(4)]
                assert sorted((row.inode, row.netns) for row in found) == sorted(
                    one for one in expected if one[1] in asked
                )


def test_sockets_by_port(family: Family) -> None:
    ports = [row.remote_port for row in meet(family.pids, 2, 300, [family.netns])]
    some = max(ports)
    term = {(some, some)}
    for name, states in (
        ("local_port", [State.ESTABLISHED]),
        ("remote_port", [State.ESTABLISHED]),
        ("port", [State.ESTABLISHED] * 2),
    ):
        found = meet(family.pids, 3, 1, [family.netns], ALL.with_term(name, term))
        assert [row.state for row in found] == states
    listening = ALL.with_term("state", [State.LISTEN]).with_term("port", {(7301, 7301)})
    assert len(meet(family.pids, 2, 0, [family.netns], listening)) == 1


def test_sockets_that_are_in_no_table() -> None:
    """Neither bound only, nor of UDP without a port."""

    def open_them() -> int:
        keep(socket.socket()).bind(("127.0.0.1", 7302))
        keep(socket.socket())
        keep(socket.socket(type=socket.SOCK_DGRAM))
        keep(socket.socketpair())
        return netns()

    with child_process(open_them, netns=OWN) as (pid, number):
        assert meet([pid], 1, 10, [number]) == []


# --------------------------------------------------------------------------------------- notes


def queue() -> None:
    zoo.listen("127.0.0.1", 7303)
    zoo.connect("127.0.0.1", 7303)
    zoo.listen("127.0.0.1", 7304)


def request() -> None:
    deferring = zoo.listen("127.0.0.1", 7305)
    deferring.setsockopt(socket.IPPROTO_TCP, zoo.TCP_DEFER_ACCEPT, 60)
    zoo.connect("127.0.0.1", 7305)


def send_away() -> None:
    put_in_flight(socket.create_server(("127.0.0.1", 7306)))


def queue_of_unix() -> None:
    server = keep(socket.socket(socket.AF_UNIX))
    server.bind("")
    server.listen(3)
    keep(socket.socket(socket.AF_UNIX)).connect(server.getsockname())


def give_to_ring() -> None:
    server = socket.create_server(("127.0.0.1", 7307))
    ring_of(server.fileno())
    server.close()


def open_mptcp() -> None:
    try:
        zoo.open_mptcp()
    except OSError as error:
        pytest.skip(f"MPTCP: {error.strerror}")


def stay_quiet() -> None:
    zoo.pair(zoo.listen("127.0.0.1", 7308))
    zoo.open_udp()
    keep(socket.socketpair())


@pytest.mark.parametrize(
    ("prepare", "kind", "port"),
    [
        (stay_quiet, "", 0),
        (queue, "queued", 7303),
        (request, "requests", 7305),
        (send_away, "in flight", 0),
        (queue_of_unix, "in flight", 0),
        (give_to_ring, "rings", 0),
        (open_mptcp, "subflows", 0),
    ],
)
def test_notes(prepare: Callable[[], None], kind: str, port: int) -> None:
    def settle_down() -> int:
        prepare()
        return netns()

    with child_process(settle_down, signal.pause, netns=OWN) as (pid, number):

        def notes(spaces: Sequence[int], **given: Any) -> set[tuple[str, int, int]]:
            (met,) = mets = make_mets(1, 10, spaces, **given)
            walk([pid], mets)
            join_met(mets)
            assert met.known
            return met.list_notes()

        everywhere = kind in ("in flight", "rings")
        expected = {(kind, 0 if everywhere else number, port)} if kind else set()
        assert kind in (*NOTES, "")
        assert notes([number]) == expected
        # Of what a question selects, notes say nothing.
        assert notes([number], want=ALL.with_term("port", {(1, 1)})) == expected
        # Of another namespace's listeners nothing is told; what is on its way may be of any.
        assert notes([number + 1]) == (expected if everywhere else set())
        of_tcp = kind in ("queued", "requests")
        assert notes([number], protocols=[UDP]) == (set() if of_tcp else expected)


def test_many_notes() -> None:
    def settle_down() -> int:
        for n in range(100):
            zoo.listen("127.0.0.1", 7400 + n)
            zoo.connect("127.0.0.1", 7400 + n)
        return netns()

    with child_process(settle_down, netns=OWN) as (pid, number):
        (met,) = mets = make_mets(1, 10, [number])
        walk([pid], mets)
        assert met.list_notes() == {("queued", number, 7400 + n) for n in range(100)}


# ---------------------------------------------------------------------------- what inuse counts


def test_what_sockstat_counts_too() -> None:
    rows = [
        socket_row(netns=1),
        socket_row(netns=1, state=State.LISTEN),
        socket_row(netns=1, state=State.SYN_RECV),
        socket_row(netns=1, state=State.TIME_WAIT, timer=3),
        socket_row(netns=1, state=State.FIN_WAIT2, timer=3),
        socket_row(netns=1, state=State.FIN_WAIT2),
        socket_row(netns=1, protocol=UDP, state=State.CLOSE),
        socket_row(netns=2, state=State.TIME_WAIT, timer=3),
        socket_row(netns=1, state=State.CLOSE_WAIT, timer=1),
    ]
    assert count_hashed(SocketTable.from_rows(rows)) == {(1, TCP): 4, (1, UDP): 1, (2, TCP): 0}
    assert count_hashed(SocketTable()) == {}
