"""Parse: the kernel's text in memory -> a table. Our code alone, no kernel.

Never the headline: the kernel takes ten times as long to print the text as any of ours to read it.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import pytest

from corpus import SIZES, table_text
from fastsock.engines import reference
from pairs import Benchmark, measure

_proc_net = pytest.importorskip("fastsock.engines._proc_net", reason="a build without extensions")

PARSERS = {"reference": reference.parse_table, "procfs": _proc_net.parse_table}
ROWS = [int(size) for size in os.environ.get("FASTSOCK_BENCH_ROWS", "").split(",") if size] or SIZES

text_of = functools.lru_cache(maxsize=2)(table_text)


@pytest.mark.parametrize("family", [2, 10], ids=["tcp", "tcp6"])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("engine", PARSERS)
def test_parse(benchmark: Benchmark, engine: str, rows: int, family: int) -> None:
    text = text_of(rows, family)
    benchmark.group = f"parse {rows} rows"

    def parse(name: str) -> object:
        return PARSERS[name](text, 6, family, "corpus")

    info: dict[str, Any] = {"engine": engine, "rows": rows, "bytes": len(text)}
    if engine == "reference":
        measure(benchmark, lambda: parse(engine), **info)
        return
    assert parse(engine) == parse("reference")
    measure(benchmark, lambda: parse(engine), lambda: parse("reference"), "reference", **info)
