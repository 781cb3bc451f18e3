"""The BPF engine while sockets come, go and change hands: what lives through it is told right.

A pass over the descriptors and the dumps beside it take some milliseconds, in which connections are
opened and reset, closed and left to the kernel, inherited by processes that were not there before,
or are in no process at all. Every answer is held against what is known without it: sockets that
nobody touches are there once, with the owners that they always had; the others are there at most
once, and only with owners that they may have had.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

import fastsock
import zoo
from agreement import TIMER, Row, Rows, read_rows
from children import OWN, child_process, fork, libc
from fastsock.engines import engine_status
from holders import inode_of, put_in_flight, ring_of
from ports import reset

STATUS = next(one for one in engine_status() if one.name == "bpf")
if not STATUS.available:
    pytest.skip(f"engine bpf: {STATUS.reason}", allow_module_level=True)

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LISTEN = 10
SECONDS, MOST_SECONDS, LEAST = 2.0, 3.5, 25  # of a storm: how long, at most, with so many answers
PROTOCOLS = ("tcp", "udp")
QUIET_PORT, ACCEPT_PORT, CLOSE_PORT, CHAIN_PORT, HAND_PORT = 7300, 7401, 7402, 7403, 7404
KEPT: list[Any] = []

Check = Callable[[Rows], None]
Storm = Callable[[int], "contextlib.AbstractContextManager[Check]"]


def keep(made: Any) -> Any:
    KEPT.append(made)
    return made


# ------------------------------------------------------------------------------------ what is quiet


class Quiet(NamedTuple):
    """A process in a namespace of its own, one that shares sockets with it, and all their rows."""

    pid: int
    twin: int
    rows: Rows


def open_quiet() -> int:
    server = zoo.listen("127.0.0.1", QUIET_PORT, backlog=64)
    for _ in range(20):
        zoo.pair(server)
    twin: int
    twin, _ = keep(contextlib.ExitStack()).enter_context(child_process(lambda: None))
    for _ in range(10):
        zoo.pair(server)
    zoo.pair(server)[0].dup().detach()
    zoo.open_udp()
    zoo.open_unaccepted()
    zoo.open_orphans()
    client, accepted = socket.create_connection(server.getsockname()), server.accept()[0]
    put_in_flight(client)
    with contextlib.suppress(pytest.skip.Exception):  # no io_uring here
        ring_of(-1, accepted.fileno())
    accepted.close()
    zoo.settle()
    return twin


def scan_all(pid: int, engine: str = "bpf") -> fastsock.SocketTable:
    return fastsock.scan(engine=engine, owners=True, netns=pid, protocol=PROTOCOLS)


FULL = 32_768  # bytes, in a queue that waits for the other end; probes push on some now and then


def what_stands(row: Row) -> Row:
    """A row without its timer, and without queues that are in motion though nobody touches them."""
    moving = {*TIMER}
    if row["rx_queue"] > FULL or row["tx_queue"] > FULL:
        moving |= {"rx_queue", "tx_queue"}
    return {name: value for name, value in row.items() if name not in moving}


@pytest.fixture
def quiet() -> Iterator[Quiet]:
    with child_process(open_quiet, netns=OWN) as (pid, twin):
        rows, theirs = (read_rows(scan_all(pid, engine)) for engine in ("bpf", "netlink"))
        assert {key: row["owners"] for key, row in rows.items()} == {
            key: row["owners"] for key, row in theirs.items()
        }
        assert 70 < len(rows) < 120
        states = Counter(row["owner_state"] for row in rows.values())
        assert states["found"] > 60 and states["none"] > 8 and states["unknown"] >= 1
        yield Quiet(pid, twin, {key: what_stands(row) for key, row in rows.items()})


def check_quiet(expected: Rows, rows: Rows) -> None:
    """What nobody touches is there, once, and as it was."""
    for key, row in expected.items():
        assert key in rows, f"missing: {row}"
        assert what_stands(rows[key]) == row


def check_once(rows: Rows) -> None:
    """No inode twice (no MPTCP here); no cookie twice has been seen to by read_rows."""
    inodes = Counter(row["inode"] for row in rows.values() if row["inode"])
    assert not [inode for inode, number in inodes.items() if number > 1]


def watch(quiet: Quiet, *checks: Check) -> int:
    """Ask again and again, in every way; return how often."""
    mine: Rows = {
        key: {**row, "owners": [one for one in row["owners"] if one[0] == quiet.pid]}
        for key, row in quiet.rows.items()
        if any(pid == quiet.pid for pid, _, _ in row["owners"])
    }
    listening = {key: row for key, row in quiet.rows.items() if row["state"] == LISTEN}
    by_pid = None
    began, asked = time.monotonic(), 0
    while (passed := time.monotonic() - began) < SECONDS or asked < LEAST:
        if passed > MOST_SECONDS:  # on a machine that has other things to do
            break
        for _ in range(3):
            rows = read_rows(scan_all(quiet.pid))
            check_once(rows)
            check_quiet(quiet.rows, rows)
            for check in checks:
                check(rows)
        rows = read_rows(fastsock.scan(engine="bpf", pid=quiet.pid, protocol=PROTOCOLS))
        assert set(rows) == set(mine)
        check_quiet(mine, rows)
        rows = read_rows(fastsock.listeners(engine="bpf", netns=quiet.pid))
        check_once(rows)
        check_quiet(listening, rows)
        with fastsock.sockets(engine="bpf", netns=quiet.pid, protocol=PROTOCOLS) as stream:
            rows = read_rows(stream.tables())
        assert not set(quiet.rows) - set(rows)
        check_once(rows)
        # Of the quiet ports, whose numbers the storms' connections do not have at either end.
        found = fastsock.count(engine="bpf", by="pid", netns=quiet.pid, port=QUIET_PORT)
        by_pid = by_pid or dict(found)
        assert dict(found) == by_pid
        counts = fastsock.count(engine="bpf", pid=quiet.twin, port=QUIET_PORT)
        assert (counts.established, counts.listen, counts.other) == (40, 1, 0)
        asked += 8
    assert asked
    return asked


# ----------------------------------------------------------------------------------- what is shared


class Tally:
    """Numbers that processes write down for the one that made it; one writes at a time."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1 << 20)  # shared with what is forked from here

    def note(self, number: int) -> None:
        count = len(self)
        struct.pack_into("=i", self._memory, 8 + 4 * (count % 200_000), number)
        struct.pack_into("=i", self._memory, 0, count + 1)

    def __len__(self) -> int:
        count: int = struct.unpack_from("=i", self._memory, 0)[0]
        return count

    def numbers(self) -> set[int]:
        return set(struct.unpack_from(f"={min(len(self), 200_000)}i", self._memory, 8))

    def stop(self) -> None:
        """Let those who look know that it is over."""
        struct.pack_into("=i", self._memory, 4, 1)

    @property
    def stopped(self) -> bool:
        return bool(struct.unpack_from("=i", self._memory, 4)[0])


def pids_of(row: Row) -> set[int]:
    return {pid for pid, _, _ in row["owners"]}


# ------------------------------------------------------------------------------------------ accepts


@contextlib.contextmanager
def accept_storm(netns: int) -> Iterator[Check]:
    """Clients connect, the server accepts, both close by RST."""
    tally = Tally()

    def listen() -> int:
        return inode_of(zoo.listen("127.0.0.1", ACCEPT_PORT, backlog=64))

    def accept() -> None:
        held: list[socket.socket] = []
        while True:
            held.append(zoo.KEPT[-1].accept()[0])
            if len(held) > 10:
                reset(held.pop(0))

    def connect(number: int) -> None:
        while True:
            made = []
            for _ in range(15):
                # What was reset stays in the accept queue; where that is full, a SYN is lost.
                with contextlib.suppress(OSError):
                    address = "127.0.0.1", ACCEPT_PORT
                    made.append(socket.create_connection(address, timeout=0.1))
                    if number == 0:
                        tally.note(ACCEPT_PORT)
            for one in made:
                reset(one)

    with contextlib.ExitStack() as stack:
        server, inode = stack.enter_context(child_process(listen, accept, netns=netns))
        clients = {
            stack.enter_context(child_process(lambda: None, partial(connect, n), netns=netns))[0]
            for n in range(2)
        }

        def check(rows: Rows) -> None:
            listeners = [row for row in rows.values() if row["inode"] == inode]
            assert [pids_of(row) for row in listeners] == [{server}]
            for row in rows.values():
                if row["local_port"] == ACCEPT_PORT and row["inode"] != inode:
                    assert pids_of(row) <= {server}
                elif row["remote_port"] == ACCEPT_PORT:
                    assert pids_of(row) <= clients
                    assert len(row["owners"]) <= 1

        yield check
    assert len(tally) > 5


# ------------------------------------------------------------------------------------------- closes

CONNECTIONS = 60
PACE = 0.03


def open_many(port: int) -> list[int]:
    """Connect, and give every third connection more data than the other end takes."""
    made = [keep(socket.create_connection(("127.0.0.1", port))) for _ in range(CONNECTIONS)]
    for _ in range(3):
        for one in made[::3]:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    one.send(b"z" * 65536)
        time.sleep(0.02)
    return [one.getsockname()[1] for one in made]


def close_many(tally: Tally) -> None:
    for number, one in enumerate(KEPT[-CONNECTIONS:]):
        time.sleep(PACE)
        if number % 3 == 2:
            reset(one)  # both ends are gone
        else:
            one.close()  # FIN_WAIT1 while data waits, or FIN_WAIT2: an orphan
        tally.note(number)
    signal.pause()


@contextlib.contextmanager
def close_storm(netns: int) -> Iterator[Check]:
    """Connections are closed one after the other; two thirds go on without an owner."""
    tally = Tally()

    def listen() -> None:
        zoo.listen("127.0.0.1", CLOSE_PORT, backlog=CONNECTIONS)

    def accept() -> None:
        while True:
            keep(zoo.KEPT[-1].accept()[0])

    with contextlib.ExitStack() as stack:
        server, _ = stack.enter_context(child_process(listen, accept, netns=netns))
        opener = child_process(
            partial(open_many, CLOSE_PORT), partial(close_many, tally), netns=netns
        )
        client, ports = stack.enter_context(opener)
        lasting = {port for number, port in enumerate(ports) if number % 3 != 2}
        first: dict[int, Row] = {}
        ends: dict[int, Row] = {}
        orphaned: set[int] = set()

        def check(rows: Rows) -> None:
            connections = [row for row in rows.values() if row["state"] != LISTEN]
            closing = [row for row in connections if row["remote_port"] == CLOSE_PORT]
            opposite = [row for row in connections if row["local_port"] == CLOSE_PORT]
            for made, port in ((closing, "local_port"), (opposite, "remote_port")):
                numbers = Counter(row[port] for row in made)
                assert set(numbers) <= set(ports) and not lasting - set(numbers)
                assert set(numbers.values()) == {1}
            for row in opposite:
                if (port := row["remote_port"]) in lasting and row["inode"]:
                    before = ends.setdefault(port, row)
                    assert (row["cookie"], row["inode"]) == (before["cookie"], before["inode"])
                    assert row["owners"] == before["owners"] and pids_of(row) == {server}
            for row in closing:
                before = first.setdefault(row["local_port"], row)
                assert row["cookie"] == before["cookie"]
                assert pids_of(row) <= {client} and len(row["owners"]) <= 1
                if row["inode"] == 0:
                    assert row["owner_state"] == "none"
                    orphaned.add(row["local_port"])
                else:
                    # Unknown: what close(2) has taken out of the table, and not yet let go.
                    assert row["owner_state"] in ("found", "unknown")
                    assert row["local_port"] not in orphaned

        yield check
        assert len(tally) > 5
        # The peers' ends, none of which was closed, have had their owners all the while.
        assert len(ends) == len(lasting)


# ------------------------------------------------------------------------------------------- chains

OVERLAP = 0.03


def hand_down(fds: list[int], tally: Tally, life: float, overlap: float) -> None:
    """Be the holder for a while, then fork twice: the middle one ends, its child is the next.

    Without an overlap each lets go as soon as another has it: the end of a process takes longer.
    """
    while True:
        tally.note(os.getpid())  # also the last one, who was seen perhaps before it ran
        if tally.stopped:
            return
        time.sleep(life)
        middle = os.fork()
        if middle and overlap:
            os.waitpid(middle, 0)  # now the next one lives
            time.sleep(overlap)
        elif middle:
            let_go(fds)
        if middle:
            os._exit(0)
        tally.note(os.getpid())
        if os.fork():
            let_go(fds)
            os._exit(0)


def let_go(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def reap() -> None:
    """Stand for init: whoever's parent has ended is ours. Until there is nobody left."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


class Chain:
    """Processes that hold a listener and one end of a connection, one after the other."""

    def __init__(self, life: float, overlap: float) -> None:
        self.tally = Tally()
        self.ended = Tally()
        self.life, self.overlap = life, overlap
        self.states: Counter[str] = Counter()
        self.owners: set[tuple[int, int, int]] = set()

    def start(self) -> dict[int, int]:
        """Give the sockets to the first one, keep none; return inode → descriptor."""
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        server = zoo.listen("127.0.0.1", CHAIN_PORT)
        client = socket.create_connection(("127.0.0.1", CHAIN_PORT))
        held = {inode_of(one): one.fileno() for one in (server, client)}
        self.tally.note(os.getpid())
        if fork() == 0:
            try:
                hand_down(list(held.values()), self.tally, self.life, self.overlap)
            finally:
                os._exit(0)
        server.close()
        client.close()
        return held

    def end(self) -> None:
        reap()
        self.ended.stop()
        signal.pause()

    @contextlib.contextmanager
    def run(self, netns: int) -> Iterator[Check]:
        with child_process(self.start, self.end, netns=netns) as (_, held):

            def check(rows: Rows) -> None:
                mine = {row["inode"]: row for row in rows.values() if row["inode"] in held}
                assert set(mine) == set(held)
                for inode, row in mine.items():
                    assert row["owner_state"] in ("found", "unknown")
                    assert {fd for _, fd, _ in row["owners"]} <= {held[inode]}
                    self.owners.update(row["owners"])
                    self.states[row["owner_state"]] += 1
                waiting = [
                    row["owner_state"]
                    for row in rows.values()
                    if row["local_port"] == CHAIN_PORT and row["state"] != LISTEN
                ]
                assert waiting == ["none"]  # in the accept queue

            try:
                yield check
            finally:
                self.tally.stop()
                while not self.ended.stopped:  # the last one has ended
                    time.sleep(0.005)
            assert len(self.tally) > 5
            held_it = self.tally.numbers()
            assert all(pid in held_it and tid == pid for pid, _, tid in self.owners)


@contextlib.contextmanager
def fork_storm(netns: int) -> Iterator[Check]:
    with Chain(0, 0).run(netns) as check:
        yield check


# ---------------------------------------------------------------------------------------- messages


@contextlib.contextmanager
def message_storm(netns: int) -> Iterator[Check]:
    """Two processes send each other sockets (SCM_RIGHTS), and close what they have sent.

    One socket stays with the first all the while, and the second has it for moments too.
    """
    tally = Tally()
    here, there = socket.socketpair()
    made: list[socket.socket] = []

    def open_them() -> tuple[list[int], int, int]:
        server = zoo.listen("127.0.0.1", HAND_PORT)
        datagrams = socket.socket(type=socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", HAND_PORT))
        made.extend(zoo.KEPT.pop() for _ in zoo.pair(server))
        made.append(datagrams)
        return [inode_of(one) for one in made], inode_of(server), server.fileno()

    def hand_over() -> None:
        server = zoo.KEPT[-1]
        fds = [one.detach() for one in made]
        while True:
            socket.send_fds(here, [b"x"], [*fds, server.fileno()])
            for fd in fds:
                os.close(fd)
            _, fds, _, _ = socket.recv_fds(here, 1, 8)
            tally.note(len(fds))

    def hand_back() -> None:
        while True:
            _, fds, _, _ = socket.recv_fds(there, 1, 8)
            os.close(fds.pop())
            time.sleep(0.001)
            socket.send_fds(there, [b"x"], fds)
            for fd in fds:
                os.close(fd)

    with here, there, contextlib.ExitStack() as stack:
        first, told = stack.enter_context(child_process(open_them, hand_over, netns=netns))
        inodes, constant, fd = told
        second, _ = stack.enter_context(child_process(lambda: None, hand_back, netns=netns))

        def check(rows: Rows) -> None:
            mine = {row["inode"]: row for row in rows.values()}
            for inode in inodes:
                row = mine[inode]
                assert row["owner_state"] in ("found", "unknown")
                assert pids_of(row) <= {first, second}
            assert (first, fd, first) in mine[constant]["owners"]
            assert pids_of(mine[constant]) <= {first, second}

        yield check
        assert len(tally) > 5


# -------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("storm", [accept_storm, close_storm, fork_storm, message_storm])
def test_quiet_sockets_live_through(quiet: Quiet, storm: Storm) -> None:
    with storm(quiet.pid) as check:
        watch(quiet, check)
    rows = read_rows(scan_all(quiet.pid))
    check_quiet(quiet.rows, rows)


def test_all_storms_at_once(quiet: Quiet) -> None:
    storms: list[Storm] = [accept_storm, close_storm, fork_storm, message_storm]
    with contextlib.ExitStack() as stack:
        checks = [stack.enter_context(storm(quiet.pid)) for storm in storms]
        watch(quiet, *checks)


@pytest.mark.parametrize("life", [0.0, OVERLAP])
def test_the_only_holder_is_always_young(quiet: Quiet, life: float) -> None:
    """The sockets are there whoever holds them; who does may have ended before it was looked at."""
    chain = Chain(life, 0)
    with chain.run(quiet.pid) as check:
        watch(quiet, check)
    print(f"holders live {life} s; their sockets' owners: {dict(chain.states)}")  # -rP shows it
    assert chain.states.total() > 0


def test_holders_that_overlap(quiet: Quiet) -> None:
    """Whenever one looks, somebody holds the socket who was there and will be, for a while."""
    chain = Chain(OVERLAP, OVERLAP)
    in_time = 0
    with chain.run(quiet.pid) as check:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            table = scan_all(quiet.pid)
            rows = read_rows(table)
            check(rows)
            check_quiet(quiet.rows, rows)
            if table.elapsed < OVERLAP:
                in_time += 1
                held = [row for row in rows.values() if row["inode"] and CHAIN_PORT in (
                    row["local_port"], row["remote_port"])]  # fmt: skip
                assert [row["owner_state"] for row in held] == ["found", "found"]
    assert in_time or chain.states.total()
