"""Command: `fastsock count` as a whole process, beside what no Python command can do without.

The bar is three times `python -c pass` plus the bare reads. It means something for an installed
package on an idle host; an editable install pays for its import hook, so the result says which.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import sys
from pathlib import Path

import pytest

import floors
from commands import Run, run
from pairs import FARM, Benchmark, measure

FASTSOCK = shutil.which("fastsock", path=str(Path(sys.executable).parent))


def editable() -> bool:
    text = importlib.metadata.distribution("fastsock").read_text("direct_url.json") or "{}"
    return bool(json.loads(text).get("dir_info", {}).get("editable", False))


def floor() -> None:
    for _ in range(3):
        run([sys.executable, "-c", "pass"])
    floors.read_tables()


@pytest.mark.skipif(not FASTSOCK, reason="fastsock is not installed beside this interpreter")
@pytest.mark.parametrize("size", [FARM])
def test_command(benchmark: Benchmark, size: str) -> None:
    benchmark.group = f"command, {size} sockets"

    def command() -> Run:
        return run([str(FASTSOCK), "count"])

    first = run([str(FASTSOCK), "count", "--json"])
    assert first.code == 0 and command().code == 0
    rows = json.loads(first.output)["counts"]["total"]
    measure(
        benchmark, command, floor, "3 python -c pass + bare reads", rows=rows, editable=editable()
    )
