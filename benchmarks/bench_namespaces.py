"""Many network namespaces: each costs a dump, and everything else little beside that.

Live, with 100 namespaces of 10 TCP sockets each, as a host of containers has them. The floor is the
same request in each, in turn, on a socket that is opened there: nothing but the system calls that
the dumps take, most of all a walk of the one hash that the sockets of all namespaces are in.
Finding the namespaces, by a look at every process, is part of the scan and a case of its own. To
make and to enter them takes root.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence

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


def inhabit(told: socket.socket) -> None:
    """Enter a namespace of our own, open its sockets, say so and wait for the end."""
    sockfarm.enter_namespace(sockfarm.CLONE_NEWNET)
    listeners = [socket.create_server(("127.0.0.1", 5000 + n)) for n in range(2)]
    pairs = []
    for n in range(SOCKETS // 2 - 1):
        client = socket.create_connection(listeners[n % 2].getsockname())
        pairs.append((client, listeners[n % 2].accept()[0]))
    told.send(b"1")
    signal.pause()


def hold_one() -> int:
    """Fork the inhabitant of a namespace; returns its pid."""
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
        if not ours.recv(1):
            os.waitpid(pid, 0)
            pytest.skip("no network namespace of our own")
    return pid


@pytest.fixture(scope="module")
def spaces() -> Iterator[list[int]]:
    """The processes that hold a namespace each."""
    pids: list[int] = []
    try:
        for _ in range(SPACES):
            pids.append(hold_one())
        yield pids
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def enter(space: int) -> None:
    if sockfarm.libc.setns(space, sockfarm.CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def dump_in_each(pids: Sequence[int]) -> int:
    """Enter each namespace, and at last our own; returns the bytes of the answers."""
    total = 0
    paths = [f"/proc/{pid}/ns/net" for pid in pids]
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        for path in paths:
            space = os.open(path, os.O_RDONLY)
            enter(space)
            os.close(space)
            total += floors.dump([REQUEST])
    finally:
        enter(home)
        os.close(home)
    return total


def scan_pids(pids: list[int]) -> object:
    return fastsock.scan(engine="netlink", netns=pids)


def scan_all(_: list[int]) -> object:
    return fastsock.scan(engine="netlink", netns="all")


def find_all(_: list[int]) -> object:
    return all_namespaces("/proc")


QUESTIONS: dict[str, Callable[[list[int]], object]] = {
    "scan": scan_pids,
    "scan all": scan_all,
    "find": find_all,
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_namespaces(benchmark: Benchmark, spaces: list[int], question: str) -> None:
    benchmark.group = f"{SPACES} namespaces of {SOCKETS} sockets"
    answered = fastsock.scan(engine="netlink", netns=spaces)
    read = fastsock.scan(engine="procfs", netns=spaces)
    assert sorted(answered.column("inode")) == sorted(read.column("inode"))
    assert len(answered) == SPACES * SOCKETS
    everywhere = [*spaces, os.getpid()] if question == "scan all" else spaces
    measure(
        benchmark,
        lambda: QUESTIONS[question](spaces),
        lambda: dump_in_each(everywhere),
        BARE,
        engine="netlink",
        rows=SPACES * SOCKETS,
        namespaces=SPACES,
    )
