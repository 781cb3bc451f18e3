"""Render: rows and their owners in memory to a whole listing, order and widths included.

What `fastsock list` and each face do from the scan's answer on: the scan itself is taken out, and
answers with the same rows each time. They are live ones, so that rows and owners lie in memory as
an engine hands them out. The floor is a bare read of the tables with as many sockets.
"""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest import mock

import pytest

import fastsock
import floors
import peers
from fastsock import cli, conductor
from pairs import FARM, Benchmark, measure

pytest.importorskip("fastsock._layout", reason="a build without extensions")

BOUND_INACTIVE = 13  # linux/tcp_states.h: TCP's sockets that are bound, and nothing else


@functools.cache
def live() -> fastsock.SocketTable:
    return fastsock.scan(protocol="tcp", owners=True, fields=("interface", "v6only"))


@functools.cache
def nothing() -> fastsock.SocketTable:
    return live().select(pid=0)


def stand_in(*_: Any, state: Iterable[int] = (), **__: Any) -> fastsock.SocketTable:
    """Answer as scan(); ss asks it once more, for sockets that no other question brings."""
    return nothing() if BOUND_INACTIVE in state else live()


class Sink:
    """A standard output that keeps what it is given, or only counts it."""

    def __init__(self, keep: bool) -> None:
        self.buffer, self.keep, self.bytes = self, keep, 0
        self.kept: list[bytes] = []

    def flush(self) -> None:
        pass

    def write(self, text: memoryview) -> int:
        if self.keep:
            self.kept.append(bytes(text))
        self.bytes += len(text)
        return len(text)


@contextlib.contextmanager
def without_scan() -> Iterator[None]:
    live(), nothing()
    with mock.patch.object(conductor, "scan", stand_in):
        yield


def run_line(line: str, keep: bool = False) -> Sink:
    """Run a command line of fastsock in this process."""
    sink = Sink(keep)
    with contextlib.redirect_stdout(sink):  # type: ignore[type-var]
        assert cli.main(line.split()) in (0, 1)  # 1: lsof found nobody
    return sink


def with_owner() -> peers.Answer:
    """The rows by state, and how many have an owner."""
    states = Counter(str(socket.state) for socket in live())
    return states + Counter({peers.OWNED: sum(bool(socket.owners) for socket in live())})


def descriptors() -> peers.Answer:
    """The descriptors of processes by their sockets' states."""
    return Counter(
        str(socket.state)
        for socket in live()
        for owner in socket.owners or ()
        if owner.tid == owner.pid and owner.fd >= 0
    )


LINES: dict[str, tuple[Callable[[str], peers.Answer], Callable[[], peers.Answer]]] = {
    "list -O": (peers.read_fastsock_owners, with_owner),
    "ss -tanp": (peers.read_ss_owners, with_owner),
    "lsof -nP -iTCP": (peers.read_lsof, descriptors),
    "netstat -tanp": (peers.read_netstat_owners, with_owner),
}


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("line", LINES)
def test_render(benchmark: Benchmark, line: str, size: str) -> None:
    benchmark.group = f"render, {size} sockets"
    read, expected = LINES[line]
    with without_scan():
        first = run_line(line, keep=True)
        answer = read(b"".join(first.kept).decode())
        assert +answer == +expected()
        measure(
            benchmark,
            lambda: run_line(line),
            floors.read_tables,
            "bare reads",
            rows=peers.rows(answer),
            bytes=first.bytes,
        )
