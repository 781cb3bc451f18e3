"""Drop-ins: the same question asked of the original and of us, the answers compared first.

The floor is the original, in turn with ours, so `ratio` is the part of its time that we take.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest

from pairs import FARM, FARM_PIDS, Benchmark, measure

psutil = pytest.importorskip("psutil")
faster = pytest.importorskip("fastsock.compat.psutil")


@functools.cache
def checked(kind: str) -> int:
    """How many rows there are, after both gave the same ones; the host's others come and go."""

    def rows_of(module: Any) -> list[Any]:
        rows = module.net_connections(kind)
        return sorted((row for row in rows if not FARM_PIDS or row.pid in FARM_PIDS), key=str)

    rows = rows_of(faster)
    assert rows == rows_of(psutil)
    return len(rows)


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("kind", ["inet", "tcp"])
def test_psutil(benchmark: Benchmark, kind: str, size: str) -> None:
    benchmark.group = f"psutil, {size} sockets"
    rows = checked(kind)
    measure(
        benchmark,
        lambda: faster.net_connections(kind),
        lambda: psutil.net_connections(kind),
        "psutil",
        rows=rows,
    )


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("kind", ["one process, inet"])
def test_psutil_process(benchmark: Benchmark, kind: str, size: str) -> None:
    benchmark.group = f"psutil, {size} sockets"
    process = psutil.Process(FARM_PIDS[0] if FARM_PIDS else None)
    ours = faster.process_net_connections(process.pid)
    assert sorted(ours, key=str) == sorted(process.net_connections(), key=str)
    measure(
        benchmark,
        lambda: faster.process_net_connections(process.pid),
        process.net_connections,
        "psutil",
        rows=len(ours),
    )
