"""Following sockets from sample to sample: what `fastsock leaks` adds to the scan of each.

In memory the rows are made up, 100,000 of them; the floor is what any following needs, the set of
their cookies. Live a sample is taken of the farm, beside the same scan with owners alone.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest

import fastsock
from fastsock.diagnose.following import Following, Sample
from fastsock.diagnose.process_state import ProcessState
from fastsock.diagnose.sampling import Sampler
from fastsock.diagnose.snapshot import Snapshot
from fastsock.implementation import group
from fastsock.table import OwnerTable, Process, SocketTable
from pairs import FARM, FARM_PIDS, Benchmark, measure

ROWS = 100_000
PROCESSES = 100
STAY = 0.9  # of the rows are in the next sample, too
ADDRESS = bytes(10) + b"\xff\xff\x0a\x00"
HIDDEN = -2


@functools.cache
def snapshot(number: int) -> Snapshot:
    """Connections of 100 processes to 500 ends, one in 20 in CLOSE_WAIT; some are new each time."""
    fresh = [0 if row < STAY * ROWS else ROWS * number for row in range(ROWS)]
    table = SocketTable.from_rows(
        (6, 2, 8 if row % 20 == 0 else 1, 0, ADDRESS + b"\0\1", ADDRESS + b"\0\5",
         32768 + row % 28000, 5000 + row % 500, 0, 0, 1000, 0, row + 1 + fresh[row], 1, 0,
         row + 1 + fresh[row], -1)
        for row in range(ROWS)
    )  # fmt: skip
    processes = [Process(1000 + n, 7, b"worker", 1000, 1, b"/") for n in range(PROCESSES)]
    owners = OwnerTable.from_rows(
        (
            (row + 1 + fresh[row], 1000 + row % PROCESSES, 3 + row // PROCESSES,
             1000 + row % PROCESSES, row % PROCESSES)
            for row in range(ROWS)
        ),
        processes,
    )  # fmt: skip
    table.attach_owners(owners, group.OwnerIndex(owners).heads(table, HIDDEN))
    states = {one.pid: ProcessState(one.pid, 7, b"worker", 1000, b"/") for one in processes}
    return Snapshot(sockets=table, monotonic=float(number), processes=states)


@pytest.mark.parametrize("samples", [1, 2, 5])
def test_follow(benchmark: Benchmark, samples: int) -> None:
    """The first sample makes the groups, each later one tells what is new and what is gone."""
    benchmark.group = f"following {ROWS} sockets"
    tables = [snapshot(number) for number in range(samples)]

    def follow() -> Following:
        made = Following()
        for one in tables:
            made.add(Sample(one))
        return made

    made = follow()
    assert made.sockets == ROWS
    assert sum(part.total for part in made.parts.values()) == ROWS
    measure(
        benchmark,
        follow,
        lambda: [set(one.sockets.column("cookie").tolist()) for one in tables],
        "cookies in sets",
        rows=ROWS,
        samples=samples,
    )


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("named", [False, True], ids=["host", "process"])
def test_sample(benchmark: Benchmark, named: bool, size: str) -> None:
    benchmark.group = f"a sample, {size} sockets"
    if named and not FARM_PIDS:
        pytest.skip("no farm: nobody to name")
    question: dict[str, Any] = {"pid": FARM_PIDS[:1]} if named else {}
    sampler = Sampler(question)

    def scan() -> SocketTable:
        return fastsock.scan(owners=True, protocol=("tcp", "udp"), **question)

    following = Following()
    sample = sampler.take()
    following.add(sample)
    if FARM_PIDS:
        assert len(sample.snapshot.sockets) == len(scan())

    def take() -> None:
        following.add(sampler.take())

    measure(benchmark, take, scan, "scan with owners", rows=following.sockets)
