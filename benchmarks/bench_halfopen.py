"""Half-open connections between two hosts: the join of both sides' tables, in memory.

    python benchmarks/bench_halfopen.py [CONNECTIONS …]

One host has so many connections to another, which knows all but every hundredth of them. The answer
is checked before a time is shown, and each is the best of three. `build` is what the rows cost to
make here, instead of a scan or a file; `answer` is fastsock.halfopen() on a snapshot of each side,
`twice` on two of each, `list` the iteration over what was found. The plain twin is there for the
ratio.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import fastsock
from fastsock import _table_py
from fastsock.diagnose import _halfopen_py

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PLAIN = 10_000
LOST = 100  # one of so many is not known at the server
PORT, ESTABLISHED, LISTEN = 5000, 1, 10
CLIENT_PORTS = 28_000


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


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    took = []
    for _ in repeat(None, times):
        start = time.perf_counter()
        answer = work()
        took.append(time.perf_counter() - start)
    return min(took), answer


def measure(connections: int) -> None:
    start = time.perf_counter()
    client = fastsock.SocketTable.from_rows(client_rows(connections))
    server = fastsock.SocketTable.from_rows(server_rows(connections))
    built = time.perf_counter() - start
    lost = -(-connections // LOST)

    def snapshots(*times: float) -> list[fastsock.Snapshot]:
        return [
            fastsock.Snapshot(sockets=table, host=host, boot_id=host, time=at, monotonic=at)
            for at in times
            for host, table in (("client", client), ("server", server))
        ]

    once, found = best(lambda: fastsock.halfopen(snapshots(1)))
    assert (found.half_open, found.connections) == (lost, connections - lost)
    twice, found = best(lambda: fastsock.halfopen(snapshots(1, 2)))
    assert found.counts["absent"] == lost
    listed, number = best(lambda: sum(1 for _ in found))
    assert number == lost
    per_socket = once / (2 * connections) * 1e9
    print(
        f"{connections:>9,} a side  build {built:7.3f} s  answer {once * 1000:9.1f} ms "
        f"({per_socket:4.0f} ns a socket)  twice {twice * 1000:9.1f} ms  "
        f"list of {number:,} {listed * 1000:8.1f} ms"
    )


def measure_plain(connections: int) -> None:
    tables = [
        (_table_py.SocketRows.from_rows(rows), {1: number})
        for number, rows in enumerate((client_rows(connections), server_rows(connections)))
    ]
    took, join = best(lambda: _halfopen_py.Join(tables))
    assert sum(code == 8 for code in join.codes(0)) == -(-connections // LOST)
    print(f"{connections:>9,} a side  plain Python, the join alone {took * 1000:9.1f} ms")


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or SIZES):
        measure(size)
    measure_plain(PLAIN)
