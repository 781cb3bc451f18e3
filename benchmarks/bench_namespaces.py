"""Many network namespaces: each costs a dump, and everything else little beside that.

Live, with 100 namespaces of 10 TCP sockets each, as a host of containers has them. The floor is the
same request to each, in turn, on sockets that were opened there beforehand: only the kernel's own
work, which is a walk of the one hash that the sockets of all namespaces are in. Finding the
namespaces, by a look at every process, is part of the scan and a case of its own. To make and to
enter them takes root.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

import fastsock
import floors
import sockfarm
from fastsock.engines.diag_request import plan_requests
from fastsock.engines.namespaces import all_namespaces
from fastsock.filter import build_filter
from pairs import Benchmark, measure

SPACES, SOCKETS = 100, 10
BARE = "bare recv in each"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="to make and enter namespaces takes root"),
    pytest.mark.skipif(
        not any(one.name == "netlink" and one.available for one in fastsock.engine_status()),
        reason="no netlink engine here",
    ),
]

[REQUEST] = [request.message for request in plan_requests(build_filter(protocol="tcp"))]


class Spaces(NamedTuple):
    """Namespaces, each held by a process, with a sock_diag socket of each."""

    pids: list[int]
    doors: list[socket.socket]


def inhabit(told: socket.socket) -> None:
    """Enter a namespace of our own, open its sockets and lend one that asks for them."""
    sockfarm.enter_namespace(sockfarm.CLONE_NEWNET)
    listeners = [socket.create_server(("127.0.0.1", 5000 + n)) for n in range(2)]
    pairs = []
    for n in range(SOCKETS // 2 - 1):
        client = socket.create_connection(listeners[n % 2].getsockname())
        pairs.append((client, listeners[n % 2].accept()[0]))
    with floors.open_diag() as diag:
        lent = array.array("i", [diag.fileno()])
        told.sendmsg([b"1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, lent)])
    signal.pause()


def hold_one() -> tuple[int, socket.socket]:
    """Fork the inhabitant of a namespace; returns its pid and the socket it lends."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if not pid:
        ctypes.CDLL(None).prctl(sockfarm.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        try:
            inhabit(theirs)
        finally:
            os._exit(1)
    theirs.close()
    with ours:
        _, lent, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    if not lent:
        os.waitpid(pid, 0)
        pytest.skip("no network namespace of our own")
    [fd] = array.array("i", lent[0][2])
    return pid, socket.socket(fileno=fd)


@contextlib.contextmanager
def hold_spaces() -> Iterator[Spaces]:
    """Hold all of them for the length of a `with` block."""
    held = Spaces([], [])
    try:
        for _ in range(SPACES):
            pid, door = hold_one()
            held.pids.append(pid)
            held.doors.append(door)
        yield held
    finally:
        for pid, door in zip(held.pids, held.doors, strict=True):
            door.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@pytest.fixture(scope="module")
def spaces() -> Iterator[Spaces]:
    with hold_spaces() as held:
        yield held


def scan_pids(spaces: Spaces) -> object:
    return fastsock.scan(engine="netlink", netns=spaces.pids)


def scan_all(_: Spaces) -> object:
    return fastsock.scan(engine="netlink", netns="all")


def find_all(_: Spaces) -> object:
    return all_namespaces("/proc")


QUESTIONS: dict[str, Callable[[Spaces], object]] = {
    "scan": scan_pids,
    "scan all": scan_all,
    "find": find_all,
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_namespaces(benchmark: Benchmark, spaces: Spaces, question: str) -> None:
    benchmark.group = f"{SPACES} namespaces of {SOCKETS} sockets"
    answered = fastsock.scan(engine="netlink", netns=spaces.pids)
    read = fastsock.scan(engine="procfs", netns=spaces.pids)
    assert sorted(answered.column("inode")) == sorted(read.column("inode"))
    assert len(answered) == SPACES * SOCKETS
    doors = list(spaces.doors)
    with floors.open_diag() as ours:
        if question == "scan all":
            doors.append(ours)
        measure(
            benchmark,
            lambda: QUESTIONS[question](spaces),
            lambda: sum(floors.take_answer(door, REQUEST) for door in doors),
            BARE,
            engine="netlink",
            rows=SPACES * SOCKETS,
            namespaces=SPACES,
        )
