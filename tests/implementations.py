"""The tables in the compiled build and in the plain one, and rows to fill them with.

A test takes the fixture `implementation`; one that hypothesis calls many times takes a build's name
from BUILDS and makes its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import ipaddress
import sys
from typing import Any

import pytest

from fastsock.columns import SOCKET_COLUMNS

SUFFIXES = {"compiled": "", "pure": "_py"}
BUILDS = tuple(SUFFIXES)


class Implementation:
    """The modules of one twin: table, match, evaluate, group, folding, tuples."""

    def __init__(self, name: str) -> None:
        suffix = SUFFIXES[name]
        if importlib.util.find_spec(f"fastsock._table{suffix}") is None:
            pytest.skip("this build has no extension (made with FASTSOCK_PURE=1)")
        self.name = name
        self._suffix = suffix

    def __repr__(self) -> str:
        return f"<Implementation {self.name}>"

    def _module(self, name: str) -> Any:
        return importlib.import_module(f"fastsock._{name}{self._suffix}")

    @property
    def table(self) -> Any:
        return self._module("table")

    @property
    def match(self) -> Any:
        return self._module("match")

    @property
    def evaluate(self) -> Any:
        return self._module("evaluate")

    def evaluating(self) -> list[tuple[str, Any]]:
        """What evaluation.py uses, by the names that it has there."""
        return [
            ("evaluate", self.evaluate),
            ("group", self.group),
            ("match", self.match),
            ("storage", self.table),
        ]

    @property
    def group(self) -> Any:
        return self._module("group")

    @property
    def folding(self) -> Any:
        return self._module("folding")

    @property
    def tuples(self) -> Any:
        return self._module("tuples")

    @property
    def lends_memory(self) -> bool:
        return self.name == "compiled" or sys.version_info >= (3, 12)

    def column(self, format: str, values: Any) -> Any:
        return self.table.Column.from_values("example", format, values)

    def rows(self, *rows: tuple[Any, ...], fields: Any = ()) -> Any:
        return self.table.SocketRows.from_rows(rows, fields)


PLACES = {spec.name: n for n, spec in enumerate(SOCKET_COLUMNS)}


def address(text: str) -> bytes:
    """An address as columns hold it: 16 bytes, IPv4 within IPv6."""
    found = ipaddress.ip_address(text)
    return found.packed if found.version == 6 else bytes(10) + b"\xff\xff" + found.packed


def socket_row(**given: Any) -> tuple[Any, ...]:
    """A row in the order of columns.py; what is not given is of no interest."""
    row = dict.fromkeys(PLACES, 0) | {
        "protocol": 6,
        "family": 2,
        "state": 1,
        "local_address": address("10.0.0.1"),
        "remote_address": address("10.0.0.2"),
        "local_port": 80,
        "remote_port": 40000,
        "netns": 1,
        "backlog_limit": -1,
    }
    assert given.keys() <= row.keys()
    return tuple((row | given).values())
