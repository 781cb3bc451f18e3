"""Scan: the kernel's tables -> counts, a table, a stream. Ours and the kernel's time together.

Live: the sockets of the farm that this runs in, else the host's own. The floor is the bare reads
of the same files.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable

import pytest

import fastsock
import floors
from pairs import ENGINES, FARM, Benchmark, measure


def count(engine: str) -> fastsock.Counts:
    return fastsock.count(engine=engine)


def scan(engine: str) -> fastsock.SocketTable:
    return fastsock.scan(engine=engine)


def stream(engine: str) -> Counter[str]:
    with fastsock.sockets(engine=engine) as sockets:
        return Counter(str(socket.state) for socket in sockets)


def select(engine: str) -> fastsock.Counts:
    return fastsock.count(engine=engine, state="listen")


@functools.cache
def checked(engine: str) -> Counter[str]:
    """The counts by state, after every question gave the reference's answer with this engine."""
    table, expected = scan(engine), fastsock.scan(engine="reference")
    assert sorted(table.column("inode")) == sorted(expected.column("inode"))
    states = Counter(str(socket.state) for socket in expected)
    assert Counter(str(socket.state) for socket in table) == states
    assert Counter(count(engine).as_dict()["states"]) == states
    assert stream(engine) == states
    assert select(engine).total == states["LISTEN"]
    return states


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("question", [count, scan, stream, select], ids=lambda f: f.__name__)
def test_live(
    benchmark: Benchmark, question: Callable[[str], object], engine: str, size: str
) -> None:
    benchmark.group = f"{question.__name__}, {size} sockets"
    states = checked(engine)
    measure(
        benchmark,
        lambda: question(engine),
        floors.read_tables,
        "bare reads",
        engine=engine,
        rows=states.total(),
        bytes=floors.read_tables(),
    )
