"""Flows: connections folded by direction, service port and peer, with their queues added up.

In memory the rows are made up: of each size a few large flows, as a server has them, and, at worst,
as many flows as rows, all of another peer. The floor is the same count by the same columns without
directions, sums and order: what a group costs anyway. The plain twin's answer is the same, and so
is the one of a dict. Live it is the farm, beside the same rows streamed and dropped.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import pytest

import fastsock
from fastsock import _folding_py, _group_py, _table_py
from fastsock.folding import FLOW, Flows
from fastsock.implementation import group
from fastsock.table import SocketTable
from pairs import FARM, Benchmark, measure

SIZES = (1, 1000, 100_000, 1_000_000)
PLAIN = 10_000
PEERS = {"few": 250, "each": 2**24}
CHUNK = 8192  # rows of a table, about as engines stream them
NETNS, TCP, LISTENED = 1, 6, 5000
LOCAL = bytes(10) + b"\xff\xff\x0a\x00\x00\x01"


def row(n: int, peers: int) -> tuple[Any, ...]:
    """Of four connections three came to port 5000, one in twenty is in CLOSE_WAIT."""
    peer = bytes(10) + b"\xff\xff\x7f" + (n * 7919 % peers).to_bytes(3, "big")  # 7919 is prime
    ends = (LISTENED, 32768 + n % 28000) if n % 4 else (32768 + n % 28000, 5432)
    state = 8 if n % 20 == 0 else 1
    return (TCP, 2, state, 0, LOCAL, peer, *ends, n % 7, n % 3, 0, 0, n + 1, NETNS, 0, n + 1, -1)


@functools.lru_cache(1)
def tables(rows: int, peers: int) -> list[SocketTable]:
    return [
        SocketTable.from_rows(row(n, peers) for n in range(start, min(start + CHUNK, rows)))
        for start in range(0, rows, CHUNK)
    ]


def listening() -> dict[tuple[int, int], bytearray]:
    ports = bytearray(65536)
    ports[LISTENED] = 1
    return {(NETNS, TCP): ports}


def model(rows: int, peers: int) -> list[tuple[int, int, int]]:
    """What each flow adds up to, in descending order."""
    keys = ((n % 4 > 0, n * 7919 % peers) for n in range(rows))
    counts: Counter[tuple[bool, int]] = Counter()
    queues: Counter[tuple[bool, int]] = Counter()
    sent: Counter[tuple[bool, int]] = Counter()
    for n, key in enumerate(keys):
        counts[key] += 1
        queues[key] += n % 7
        sent[key] += n % 3
    found = [(count, queues[key], sent[key]) for key, count in counts.items()]
    return sorted(found, key=lambda one: -one[0])


@pytest.mark.parametrize("peers", PEERS)
@pytest.mark.parametrize("rows", SIZES)
def test_fold(benchmark: Benchmark, rows: int, peers: str) -> None:
    """Folding, and the order; the flows on a first page are read."""
    benchmark.group = f"flows of {peers} peers" if peers == "few" else "flows, each of another peer"
    made = tables(rows, PEERS[peers])
    ports = listening()

    def fold() -> Flows:
        found = Flows(FLOW)
        for table in made:
            found.fold(table, ports)
        found[:20]
        return found

    def count() -> object:
        grouper = group.Grouper(("local_port", "remote_address"))
        for table in made:
            grouper.add(table)
        return grouper

    found = fold()
    flows = [(flow.total, flow.rx_queue, flow.tx_queue) for flow in found]
    assert flows == model(rows, PEERS[peers])
    assert found.inbound + found.outbound == rows
    measure(benchmark, fold, count, "count by port and peer", rows=rows, flows=len(found))


def test_plain_fold(benchmark: Benchmark) -> None:
    """The twin of the compiled fold."""
    benchmark.group = "flows of few peers"
    rows = [row(n, PEERS["few"]) for n in range(PLAIN)]
    table = _table_py.SocketRows.from_rows(rows)
    inbound = _table_py.Column.from_values("mark", "B", (one[6] == LISTENED for one in rows))

    def fold() -> list[tuple[int, int, int]]:
        ports = _folding_py.service_ports(table, inbound)
        grouper = _group_py.Grouper(("direction", "service_port", "remote_address"), sums=True)
        grouper.add(table, beside={"direction": inbound, "service_port": ports})
        ranks = _folding_py.rank(grouper, "count")
        sums = (grouper.sums(n) for n in ranks)
        return [(total, rx_queue, tx_queue) for _, total, _, rx_queue, tx_queue in sums]

    assert fold() == model(PLAIN, PEERS["few"])
    measure(benchmark, fold, rows=PLAIN)


@pytest.mark.parametrize("size", [FARM])
def test_flows(benchmark: Benchmark, size: str) -> None:
    """The whole question, without owners."""
    benchmark.group = f"flows of a host, {size} sockets"

    def stream() -> int:
        with fastsock.sockets() as sockets:
            return sum(len(table) for table in sockets.tables())

    found = fastsock.flows()
    if FARM != "host":
        assert found.inbound + found.outbound == fastsock.count("exclude listening").total
    measure(
        benchmark,
        fastsock.flows,
        stream,
        "rows streamed and dropped",
        rows=found.inbound + found.outbound,
        flows=len(found),
    )
