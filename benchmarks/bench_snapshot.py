"""Snapshot: a host's tables into a file and back, in both forms.

The rows are live ones with their owners. What is timed is all that `save` and `load` do, the name
that is given at the end and the wait for the disk included; the floors are the bare write and read
of the same bytes. `json` is the file's lines through Python's own scanner, and no table made.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fastsock import Snapshot
from pairs import FARM, Benchmark, measure

FORMS = ("jsonl", "arrows")


@functools.cache
def live() -> Snapshot:
    return Snapshot.take()


def write_bytes(path: Path, data: bytes) -> None:
    """What `save` asks of the kernel."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[: 1 << 20]) :]
    os.fsync(fd)
    os.close(fd)


def read_bytes(path: Path) -> None:
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def read_json(path: Path) -> list[object]:
    with open(path, "rb") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["save", "load"])
def test_snapshot(benchmark: Benchmark, way: str, form: str, size: str, tmp_path: Path) -> None:
    if form == "arrows":
        pytest.importorskip("nanoarrow.ipc")
    benchmark.group = f"snapshot, {size} sockets"
    path = tmp_path / f"host.{form}"
    live().save(path)
    found = Snapshot.load(path)
    assert found.sockets == live().sockets
    assert found.sockets.owners == live().sockets.owners
    assert found.sockets.owner_heads() == live().sockets.owner_heads()
    data = path.read_bytes()
    case: Callable[[], object] = functools.partial(live().save, path)
    floor: Callable[[], object] = functools.partial(write_bytes, tmp_path / "bare", data)
    if way == "load":
        case = functools.partial(Snapshot.load, path)
        floor = functools.partial(read_bytes, path)
    measure(
        benchmark, case, floor, f"bare {'write' if way == 'save' else 'read'}",
        rows=len(found.sockets), bytes=len(data),
    )  # fmt: skip


@pytest.mark.parametrize("size", [FARM])
def test_python_json(benchmark: Benchmark, size: str, tmp_path: Path) -> None:
    """What the lines take that are not read by compiled code."""
    benchmark.group = f"snapshot, {size} sockets"
    path = tmp_path / "host.jsonl"
    live().save(path)
    held = live().sockets.owners
    rows = len(live().sockets) + (0 if held is None else len(held))
    assert len(read_json(path)) == 1 + len(live().spaces) + len(live().processes) + rows
    measure(
        benchmark, functools.partial(read_json, path), functools.partial(read_bytes, path),
        "bare read", rows=len(live().sockets), bytes=path.stat().st_size,
    )  # fmt: skip
