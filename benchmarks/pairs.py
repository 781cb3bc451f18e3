"""Time a case and its floor in turn: floor, case, floor, case, …

A machine's speed drifts, and on a shared one it jumps. Two numbers that were taken in turn, under
the same conditions, give a ratio that holds; two that were taken one after the other do not.
pytest-benchmark times the case; the floor runs in the untimed set-up of each round.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

import fastsock
from floors import timed

Benchmark = Any  # the fixture `benchmark` of pytest-benchmark, which carries no types

BUDGET = float(os.environ.get("FASTSOCK_BENCH_SECONDS", "3"))  # for a case with its floor

# Every engine answers what the reference answers. One that cannot work here is skipped, with its
# own reason.
ENGINES = [
    pytest.param(
        status.name,
        marks=[] if status.available else pytest.mark.skip(reason=str(status.reason)),
    )
    for status in fastsock.engine_status()
]

# What a live case measures: the sockets of the farm it runs in, else this host's own.
FARM = os.environ.get("SOCKFARM_SOCKETS", "host")
FARM_PIDS = [int(pid) for pid in os.environ.get("SOCKFARM_PIDS", "").split(",") if pid]
FARM_PORTS = [
    int(port) for port in os.environ.get("SOCKFARM_PORTS", "5000,5001").split(",") if port
]


def measure(
    benchmark: Benchmark,
    case: Callable[[], object],
    floor: Callable[[], object] | None = None,
    against: str = "",
    **info: Any,
) -> None:
    """Time `case` in turn with `floor`, and store `info`, the floor's median and the ratio.

    A result lives until the next round begins, so no case pays for freeing what it made.
    """
    kept: list[object] = []
    floors: list[float] = []

    def prepare() -> None:
        kept.clear()
        if floor:
            floors.append(timed(floor))

    benchmark.extra_info.update(info)
    if benchmark.disabled:
        benchmark.pedantic(case)
        return
    prepare()  # warms up, and tells how many rounds the budget allows
    once = timed(case) + sum(floors)
    floors.clear()
    rounds = min(1000, max(5 if once < 1 else 3, round(BUDGET / once)))
    benchmark.pedantic(lambda: kept.append(case()), setup=prepare, rounds=rounds)
    if floors:
        times = benchmark.stats.stats.data
        benchmark.extra_info.update(
            against=against,
            against_s=median(floors),
            ratio=median(ours / bare for ours, bare in zip(times, floors, strict=True)),
        )
