"""Expressions over rows in memory, beside the same selection by keywords.

The rows are made up, 100,000 of them, so that each question selects as many on every machine. The
floor is the keywords' own selection: what the language costs on top.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest

from fastsock.expression import parse_expression
from fastsock.filter import build_filter
from fastsock.narrow import narrow
from fastsock.table import SocketTable
from pairs import Benchmark, measure

ROWS = 100_000
LOOPBACK = bytes(10) + b"\xff\xff\x7f"


@functools.cache
def rows() -> SocketTable:
    """Connections to 50 ports from 250 addresses, one in 20 in TIME_WAIT."""
    return SocketTable.from_rows(
        (
            6,
            2,
            1 + 5 * (n % 20 == 0),
            0,
            LOOPBACK + bytes((0, n % 250, 1)),
            LOOPBACK + bytes((1, n % 250, 1)),
            5000 + n % 50,
            32768 + n % 28000,
            n % 3,
            0,
            n % 7,
            0,
            n + 1,
            1,
            0,
            n + 1,
            -1,
        )
        for n in range(ROWS)
    )


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("state established and sport = 5000-5004", {"state": 1, "local_port": "5000-5004"}),
    ("src 127.0.7.0/24", {"local_address": "127.0.7.0/24"}),
    ("state time-wait and src 127.0.0.0/8 and dport >= 32768 and uid < 3",
     {"state": 6, "local_address": "127.0.0.0/8", "remote_port": range(32768, 65536),
      "uid": [0, 1, 2]}),
    ("sport = 5001 or dport = 40000", {}),
    ("not ( sport = 5001 or rx_queue > 0 ) and ! src 127.0.9.0/24", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "keywords"), QUESTIONS, ids=[text for text, _ in QUESTIONS])
def test_select(benchmark: Benchmark, text: str, keywords: dict[str, Any]) -> None:
    benchmark.group = f"{text}, {ROWS} rows"
    table, expression = rows(), parse_expression(text)
    want = build_filter(**keywords) if keywords else narrow(expression)[0]
    found = table.select(expression)
    if keywords:
        assert found == table.select(want)
    else:  # no keywords say it: those that come nearest
        assert len(found) <= len(table.select(want))
    measure(
        benchmark,
        lambda: table.select(expression),
        lambda: table.select(want),
        "keywords",
        rows=len(found),
    )


@pytest.mark.parametrize("text", [text for text, _ in QUESTIONS])
def test_parse_and_narrow(benchmark: Benchmark, text: str) -> None:
    benchmark.group = "read an expression"
    measure(benchmark, lambda: narrow(parse_expression(text)))
