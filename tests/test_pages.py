"""The memory of large columns: what one table leaves is the next one's."""

from __future__ import annotations

import os
import random
import threading
import time

import pytest

from children import in_child, join

_table = pytest.importorskip("fastsock._table", reason="a build without extensions")

KEPT_BYTES = 32 << 20
LARGE = 40_000  # of 8 bytes: mapped


def fill(count: int, seed: int) -> bool:
    """Whether a column of random numbers holds them, whatever was in its memory before."""
    numbers = random.Random(seed).choices(range(1 << 60), k=count)
    column = _table.Column.from_values("numbers", "Q", numbers)
    return bool(column.tolist() == numbers and len(memoryview(column)) == count)


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_each_column_holds_its_own() -> None:
    for seed, count in enumerate((LARGE, 2 * LARGE, LARGE // 2, 3, 9 * LARGE, LARGE, LARGE + 1)):
        assert fill(count, seed)


def test_columns_that_live_at_once() -> None:
    columns = [_table.Column.from_values("numbers", "Q", [n] * LARGE) for n in range(20)]
    del columns[::3]
    columns += [_table.Column.from_values("numbers", "Q", [n] * LARGE) for n in range(20, 30)]
    assert {tuple(set(column)) for column in columns} == {
        (n,) for n in range(30) if n >= 20 or n % 3
    }


def test_no_more_is_kept_than_is_said() -> None:
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("the sanitizers keep what is freed for a while, and give it back at any time")

    def grow() -> int:
        numbers = bytes(4 << 20)
        before = resident()
        columns = [_table.Column.from_values("numbers", "B", numbers) for _ in range(20)]
        assert resident() - before >= 40 << 20  # more than may be kept
        columns.clear()
        return resident() - before

    assert in_child(grow) <= KEPT_BYTES + (4 << 20)


def test_threads_make_and_drop_columns() -> None:
    ends = time.monotonic() + 1
    wrong: list[int] = []

    def run(seed: int) -> None:
        while time.monotonic() < ends:
            seed += 100
            if not fill(LARGE + seed % 1000, seed):
                wrong.append(seed)

    threads = [threading.Thread(target=run, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join(thread)  # the next test forks
    assert not wrong


def test_a_child_of_fork_has_memory_of_its_own() -> None:
    assert fill(LARGE, 1)
    assert in_child(lambda: all(fill(LARGE, seed) for seed in range(3)))
    assert fill(LARGE, 2)
