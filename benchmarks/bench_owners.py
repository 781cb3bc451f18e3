"""Owners: which process holds which socket, by walking every descriptor of every process.

Live, and over trees of files that are the same everywhere. The floor is a walk in C on one thread
(floor_walk.c), whatever number of threads the case has; it lists every entry, which fastsock does
not. The same C walk with two threads is a case, too.
"""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest

import fastsock
import floors
from corpus import SIZES, make_proc
from pairs import ENGINES, FARM, FARM_PIDS, Benchmark, measure

pytestmark = pytest.mark.skipif(not floors.compiler(), reason="no C compiler for floor_walk.c")

WALK = "C walk, one thread"


def held(procfs: str, engine: str, threads: int, pids: list[int] | None = None) -> Counter[object]:
    """(inode, pid, fd), each as often as it is reported."""
    owners = fastsock.owners(procfs=procfs, engine=engine, threads=threads, pid=pids)
    return Counter(zip(*(owners.column(name) for name in ("inode", "pid", "fd")), strict=True))


@functools.cache
def checked(engine: str, threads: int) -> None:
    """Compare the farm's owners; the host's other processes come and go."""
    pids = FARM_PIDS or None
    assert held("/proc", engine, threads, pids) == held("/proc", "reference", 1, pids)


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ENGINES)
def test_owners(benchmark: Benchmark, engine: str, threads: int, size: str) -> None:
    benchmark.group = f"owners, {size} sockets"
    if engine == "reference" and threads > 1:
        pytest.skip("the reference has one thread")
    checked(engine, threads)
    walked = floors.walk()
    measure(
        benchmark,
        lambda: fastsock.owners(engine=engine, threads=threads),
        floors.walk,
        WALK,
        engine=engine,
        rows=walked.sockets,
        descriptors=walked.descriptors,
        threads=threads,
    )


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("threads", [2])
@pytest.mark.parametrize("engine", ["(C walk)"])
def test_c_walk(benchmark: Benchmark, engine: str, threads: int, size: str) -> None:
    benchmark.group = f"owners, {size} sockets"
    measure(
        benchmark,
        lambda: floors.walk(threads=threads),
        floors.walk,
        WALK,
        engine=engine,
        rows=floors.walk().sockets,
        threads=threads,
    )


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    roots = {rows: tmp_path_factory.mktemp(f"proc{rows}") for rows in SIZES}
    for rows, root in roots.items():
        make_proc(root, rows)
    return roots


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("engine", ENGINES)
def test_owners_of_tree(
    benchmark: Benchmark, trees: dict[int, Path], engine: str, rows: int
) -> None:
    root = str(trees[rows])
    benchmark.group = f"owners of a tree of {rows} sockets"
    try:
        found = held(root, engine, 1)
    except fastsock.EngineUnavailable as error:
        pytest.skip(str(error))
    assert found == held(root, "reference", 1)
    assert found.total() == floors.walk(root).sockets
    measure(
        benchmark,
        lambda: fastsock.owners(procfs=root, engine=engine, threads=1),
        lambda: floors.walk(root),
        WALK,
        engine=engine,
        rows=found.total(),
        threads=1,
    )
