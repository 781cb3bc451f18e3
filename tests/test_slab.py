"""slab.py: what the kernel's texts say about the memory of its dentries and inodes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import slab

# Columns as Linux 6.18 prints them.
HEADING = """slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables
"""
LINES = """proc_inode_cache     874    897    696   23    4 : tunables    0    0    0
inode_cache          442    442    624   13    2 : tunables    0    0    0
dentry              2070   4116    192   21    1 : tunables    0    0    0

"""


def test_slabinfo() -> None:
    read = slab.parse_slabinfo(HEADING + LINES)
    assert read == slab.Slab(874 * 696 + 2070 * 192, 23 * 696 + 21 * 192, "slabinfo")


@pytest.mark.parametrize("text", ["", HEADING, HEADING + LINES.splitlines()[1]])
def test_slabinfo_without_our_kinds(text: str) -> None:
    assert slab.parse_slabinfo(text) is None


def test_meminfo() -> None:
    text = "Slab:   906460 kB\nSReclaimable:     845160 kB\nHugePages_Total: 0\n"
    read = slab.parse_meminfo(text)
    assert read.used == 845_160 * 1024
    assert read.source == "meminfo"
    assert read.grain >= 125 * 4096


def test_meminfo_where_slabinfo_may_not_be_read() -> None:
    read = slab.read_slab()
    assert read.used > 0 and read.grain > 0
    readable = (
        os.access("/proc/slabinfo", os.R_OK) and "dentry" in Path("/proc/slabinfo").read_text()
    )
    assert read.source == ("slabinfo" if readable else "meminfo")


def test_settling_ends_on_a_busy_host(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1000))
    monkeypatch.setattr(slab, "read_slab", lambda: slab.Slab(next(numbers), 1, "test"))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert slab.settle().used == 10


def test_caches_are_dropped_until_that_frees_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = [slab.Slab(used, 1, "test") for used in (900, 500, 500, 100, 100, 100, 0)]
    readings = iter(left)
    monkeypatch.setattr(slab, "settle", lambda: next(readings))
    monkeypatch.setattr(slab, "DROP", str(tmp_path / "drop_caches"))
    slab.drop_caches()
    assert next(readings).used == 0, "100 came three times: two in vain"
    assert (tmp_path / "drop_caches").read_text() == "2"
