"""Half-open connections between two hosts: both sides' tables joined, in memory.

One host has so many connections to another, which knows all but every hundredth of them. The answer
is checked before it is timed: with one look at each side, and with two. Sockets of both sides are
rows here: the time for one should not grow with their number but for what the caches hold.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

import fastsock
from fastsock import _table_py
from fastsock.diagnose import _halfopen_py
from fastsock.diagnose.halfopen import HalfOpen
from pairs import Benchmark, measure

SIZES = (10_000, 100_000, 1_000_000)
PLAIN = 10_000
LOST = 100  # one of so many is not known at the server
PORT, ESTABLISHED, LISTEN = 5000, 1, 10
CLIENT_PORTS = 28_000
ABSENT = 8  # the code of _halfopen_py for such a row


def address(number: int) -> bytes:
    return bytes(10) + b"\xff\xff" + (0x0A000000 + number).to_bytes(4, "big")


def ends(connections: int) -> Iterator[tuple[bytes, int]]:
    """The client's ends: as many addresses as it takes."""
    for number in range(connections):
        spread = number * 7919 % connections  # not in the order of the ports; 7919 is prime
        yield address(1000 + spread // CLIENT_PORTS), 32_768 + spread % CLIENT_PORTS


def row(
    local: tuple[bytes, int], remote: tuple[bytes, int], inode: int, state: int = ESTABLISHED
) -> tuple[Any, ...]:
    fixed = (6, 2, state, 0, local[0], remote[0], local[1], remote[1])
    return (*fixed, 0, 0, 0, 0, inode, 1, 0, 0, -1)


def client_rows(connections: int) -> Iterator[tuple[Any, ...]]:
    server = (address(1), PORT)
    return (row(end, server, n + 1) for n, end in enumerate(ends(connections)))


def server_rows(connections: int) -> Iterator[tuple[Any, ...]]:
    server = (address(1), PORT)
    yield row(server, (address(0)[:12] + bytes(4), 0), 1, LISTEN)
    for n, end in enumerate(ends(connections)):
        if n % LOST:
            yield row(server, end, n + 2)


@functools.lru_cache(1)
def tables(connections: int) -> tuple[fastsock.SocketTable, fastsock.SocketTable]:
    client, server = client_rows(connections), server_rows(connections)
    return fastsock.SocketTable.from_rows(client), fastsock.SocketTable.from_rows(server)


@pytest.mark.parametrize("looks", [1, 2])
@pytest.mark.parametrize("connections", SIZES)
def test_halfopen(benchmark: Benchmark, connections: int, looks: int) -> None:
    benchmark.group = "half-open connections"
    hosts = list(zip(("client", "server"), tables(connections), strict=True))
    snapshots = [
        fastsock.Snapshot(sockets=table, host=host, boot_id=host, time=at, monotonic=at)
        for at in map(float, range(1, looks + 1))
        for host, table in hosts
    ]

    def join() -> HalfOpen:
        return fastsock.halfopen(snapshots)

    found = join()
    lost = -(-connections // LOST)
    assert (found.counts["absent"], found.connections) == (lost, connections - lost)
    assert sum(1 for _ in found) == lost
    measure(benchmark, join, rows=sum(len(table) for _, table in hosts) * looks, looks=looks)


def test_plain_join(benchmark: Benchmark) -> None:
    """The twin of the compiled join."""
    benchmark.group = "half-open connections"
    rows = client_rows(PLAIN), server_rows(PLAIN)
    made = [(_table_py.SocketRows.from_rows(one), {1: n}) for n, one in enumerate(rows)]

    def join() -> Any:
        return _halfopen_py.Join(made)

    assert sum(code == ABSENT for code in join().codes(0)) == -(-PLAIN // LOST)
    measure(benchmark, join, rows=sum(len(table) for table, _ in made))
