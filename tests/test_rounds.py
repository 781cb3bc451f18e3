"""Processes that come while a walk over all of them runs: it goes round again for them."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import fastsock
from children import OWN, child_process, enter_namespace, fork, in_child, libc
from fastsock.engines import engine_status, open_engine
from fastsock.engines.walk import Walk
from fastsock.filter import ALL
from fastsock.table import SocketTable
from holders import inode_of

CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
CHILDREN, STORMS = 150, 40
LAST_PID = "/proc/sys/kernel/ns_last_pid"
KEPT: list[Any] = []
Walker = Callable[..., Any]

pytest.importorskip("fastsock.engines._fd_walk", reason="a build without extensions")
BPF = next(one for one in engine_status() if one.name == "bpf")
needs_bpf = pytest.mark.skipif(not BPF.available, reason=f"engine bpf: {BPF.reason}")


def passes_of_program(root: str, pids: Any, threads: int, mets: Any = ()) -> Any:
    module = importlib.import_module("fastsock.engines._pass")
    program = importlib.import_module("fastsock.engines.passes").load_program().program
    return module.walk_by_program(root, pids, threads, program.fd, mets)


@pytest.fixture(params=["compiled", pytest.param("bpf", marks=needs_bpf)])
def walk(request: pytest.FixtureRequest) -> Walker:
    if request.param == "bpf":
        return passes_of_program
    found: Walker = importlib.import_module("fastsock.engines._fd_walk").walk_descriptors
    return found


def listen() -> int:
    made = socket.create_server(("127.0.0.1", 0))
    KEPT.append(made)
    return inode_of(made)


def listen_in(space: int) -> int:
    enter_namespace(space)
    return listen()


# ----------------------------------------------------------------------------------------- a storm


def take_many(number: int) -> int:
    """Hold one socket by so many descriptors that to look at a child takes longer than a fork."""
    inode = listen()
    for _ in range(number - 1):
        KEPT[-1].dup().detach()
    return inode


def fork_on(gate: int, news: int) -> None:
    """When told so, fork children that stay, and tell their numbers."""
    os.read(gate, 1)
    mine = os.getpid()
    for _ in range(CHILDREN):
        child = fork()
        if child == 0:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            while os.getppid() == mine:
                signal.pause()
            os._exit(0)
        os.write(news, b"%d " % child)
    os.write(news, b"end ")
    signal.pause()


@contextlib.contextmanager
def storm(descriptors: int) -> Iterator[tuple[int, int, int]]:
    """Yield the forking process, its socket, and where the numbers of its children come."""
    gate, start = os.pipe()
    news, tell = os.pipe()
    with contextlib.ExitStack() as stack:
        for fd in (gate, start, news, tell):
            stack.callback(os.close, fd)
        os.set_blocking(news, False)
        forking = child_process(partial(take_many, descriptors), partial(fork_on, gate, tell))
        pid, inode = stack.enter_context(forking)
        os.write(start, b"x")
        yield pid, inode, news


def read_news(news: int) -> list[bytes]:
    with contextlib.suppress(BlockingIOError):
        return os.read(news, 65536).split()
    return []


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_storm_of_forks(walk: Walker, threads: int) -> None:
    """No child that was there before is missing; after three rounds it is said how many are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # To look at a child takes twice the time of a fork: each round has more than the one before.
    descriptors = 9000 if walk is passes_of_program else 1000
    if hard != resource.RLIM_INFINITY:
        descriptors = min(descriptors, hard - 100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, descriptors + 100), hard))
    late = 0
    try:
        for _ in range(STORMS):
            with storm(descriptors) as (pid, inode, news):
                before = {pid}
                while not late:
                    told = read_news(news)
                    before |= {int(word) for word in told if word != b"end"}
                    found = walk("/proc", None, threads)
                    held = check_order(found, inode)
                    assert set(held) >= before
                    assert set(held.values()) == {descriptors}
                    late = found.unvisited
                    # Of those that are asked for there are no more.
                    found = walk("/proc", [pid], threads)
                    assert check_order(found, inode) == {pid: descriptors}
                    assert (found.unvisited, found.scope) == (0, (pid,))
                    if b"end" in told:
                        break
            if late:
                break
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert late > 0


def check_order(found: Any, inode: int) -> Counter[int]:
    """Return who holds a socket and how often; all rows are in order."""
    owners = found.owners
    pids, processes = owners.column("pid").tolist(), owners.column("process").tolist()
    assert pids == sorted(pids)
    numbers = [process.pid for process in owners.processes]
    assert numbers == sorted(set(pids))
    assert [numbers[n] for n in processes] == pids
    inodes = owners.column("inode").tolist()
    return Counter(pid for pid, one in zip(pids, inodes, strict=True) if one == inode)


# ------------------------------------------------------------------------ one that comes in between


class Late:
    """Stands for the Mets of a walk; when the first is taken, the processes have been listed."""

    def __init__(self, mets: list[Any], come: Callable[[], object]) -> None:
        self._mets = mets
        self._come = come

    def __len__(self) -> int:
        return len(self._mets)

    def __getitem__(self, number: int) -> Any:
        if number == 0:
            self._come()
        return self._mets[number]


@needs_bpf
@pytest.mark.parametrize("threads", [1, 2])
def test_who_comes_after_the_listing_is_walked(threads: int) -> None:
    """With all that it holds, of which another may have been the holder until then."""
    met = importlib.import_module("fastsock.engines._met")
    match = importlib.import_module("fastsock._match")
    with contextlib.ExitStack() as stack:
        space, number = stack.enter_context(
            child_process(lambda: os.stat("/proc/self/ns/net").st_ino, netns=OWN)
        )
        came: list[tuple[int, int]] = []

        def come() -> None:
            came.append(stack.enter_context(child_process(partial(listen_in, space))))

        sheet = met.Sheet(SocketTable(), 0, threads)
        mets = [met.Met(sheet, n, match.Matcher(ALL), [6], [number]) for n in range(threads)]
        found = passes_of_program("/proc", None, threads, Late(mets, come))
        ((pid, inode),) = came
        assert check_order(found, inode) == {pid: 1}
        rows = [row for table in met.join_met(mets)[0] for row in table]
        assert [row.inode for row in rows] == [inode]


@needs_bpf
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_numbers_that_begin_anew(threads: int) -> None:
    """Who comes later and has the smaller number is in its place, with what it holds."""

    def enter() -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
        if libc.unshare(CLONE_NEWPID | CLONE_NEWNS):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        return in_child(partial(walk_in_between, threads))

    held, made, unvisited = in_child(enter)
    assert [pid for pid, _ in made] == [5001, 101]
    assert [one for one in held if one in made] == sorted(made)
    assert [pid for pid, _ in held] == sorted(pid for pid, _ in held)
    assert unvisited == 0


def walk_in_between(threads: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    proc, flags = ctypes.c_char_p(b"proc"), ctypes.c_ulong(MS_REC | MS_PRIVATE)
    mounted = libc.mount(ctypes.c_char_p(b"none"), ctypes.c_char_p(b"/"), None, flags, None)
    none = ctypes.c_ulong(0)
    if mounted or libc.mount(proc, ctypes.c_char_p(b"/proc"), proc, none, None):
        pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
    made = []
    with contextlib.ExitStack() as stack:

        def come_as(pid: int) -> None:
            try:
                Path(LAST_PID).write_text(str(pid - 1))
            except OSError as error:
                pytest.skip(f"{LAST_PID}: {error.strerror}")
            made.append(stack.enter_context(child_process(listen)))

        come_as(5001)
        late = Late([None] * threads, partial(come_as, 101))
        found = passes_of_program("/proc", None, threads, late)
        for pid, inode in made:
            assert check_order(found, inode) == {pid: 1}
    columns = (found.owners.column(name).tolist() for name in ("pid", "inode"))
    return list(zip(*columns, strict=True)), made, found.unvisited


# -------------------------------------------------------------------------------- where it is said


@pytest.mark.parametrize("name", ["procfs", "netlink", "bpf"])
def test_who_came_too_late_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    status = next(one for one in engine_status() if one.name == name)
    if not status.available:
        pytest.skip(f"engine {name}: {status.reason}")
    kind = type(open_engine(name))
    walk_all = kind.owners

    def walk_too_few(*given: Any, **more: Any) -> Walk:
        found = walk_all(*given, **more)
        found.unvisited = 3
        return found

    monkeypatch.setattr(kind, "owners", walk_too_few)
    expected = {
        "what": "processes",
        "count": 3,
        "reason": "came while the others were looked at, and then still others",
        "remedy": "ask again",
    }
    for answer in (fastsock.scan(engine=name, owners=True), fastsock.owners(engine=name)):
        assert expected in answer.incomplete  # others are those that may not be read
