"""Answers to text, to JSON and to JSON lines.

Rows of sockets come from compiled code in blocks of bytes; what is small (counts, groups, the head
and the end of a document) is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock.attributes import name_bytes
from fastsock.columns import OPTIONAL_NAMES, SOCKET_COLUMNS
from fastsock.errors import escape
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock._table import SocketRows

# Where a heading is not the column's name in capitals.
_HEADINGS = {
    "protocol": "PROTO",
    "rx_queue": "RX",
    "tx_queue": "TX",
}

# What `--columns` may name: the fields of a socket, the optional ones, an end as ADDRESS:PORT, and
# what a join adds: pid, command, cgroup, … are those of `owners`, each once. The members
# of raw columns (attributes.py) are columns beside these, as tcp_info.rtt.
FIELDS = tuple(spec.name for spec in SOCKET_COLUMNS)
OWNER_FIELDS = ("owners", "pid", "command", "cgroup", "unit", "container", "pod", "owner_state")
COLUMNS = (*FIELDS, "local", "remote", *OPTIONAL_NAMES, *OWNER_FIELDS)

# Of UNIX sockets `local` is the path, and their type is shown as well.
DEFAULT_COLUMNS = ("protocol", "state", "rx_queue", "tx_queue", "local", "remote")

STATES = tuple(state.name for state in State)

# A command that would read like a sentinel or like syntax beside it is written in quotes.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:+@#()[]~")
SENTINELS = ("", "-", "none", "hidden", "unknown")


def text_name(name: bytes | str) -> str:
    """Return another user's text for a table: escaped, in quotes where it could mislead."""
    text = escape(name)
    if text in SENTINELS or not PLAIN.issuperset(text):
        return '"' + text.replace('"', '\\"') + '"'
    return text


def text_key(name: str, value: Any) -> str:
    """Return a group key for a table: sentinels bare, what processes call themselves quoted."""
    from fastsock.table import NAME_KEYS, OwnerState  # not above: most tables have no groups

    if isinstance(value, OwnerState):
        return "-" if value.name == "none" else value.name
    if name in NAME_KEYS:
        if value is None:  # in none: what has a blank is no name here, names with one are quoted
            return f"no {name}"
        return text_name(str(value).encode("utf-8", "surrogateescape"))
    return "-" if value is None else str(value)


def text_path(path: bytes) -> str:
    """Return what a UNIX socket is bound to: escaped, @ before an abstract name, * for nothing."""
    return text_name(name_bytes("path", path)) if path else "*"


def json_name(name: bytes | str) -> str:
    """Return another user's text as a JSON string."""
    return '"' + escape(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def text_number(number: int, what: str) -> str:
    """Return a number of things: 1 sample, 2 samples, 3 processes."""
    plural = "" if number == 1 else "es" if what.endswith("s") else "s"
    return f"{number} {what}{plural}"


def default_columns(protocols: Iterable[str]) -> list[str]:
    """Return the columns for sockets of these protocols."""
    columns = list(DEFAULT_COLUMNS)
    if "unix" in protocols:
        columns.insert(1, "type")
    return columns


def heading(column: str) -> str:
    """Return what stands above a column."""
    return _HEADINGS.get(column, column.upper())


def _blocks() -> Any:
    # Here and not above: counts need neither.
    from fastsock.implementation import COMPILED

    if COMPILED:
        from fastsock import _render

        return _render
    from fastsock import _render_py

    return _render_py


def render_table(
    rows: SocketRows, columns: Iterable[str] | Mapping[str, str], header: bool = True
) -> Iterator[bytes]:
    """Yield a text table of `rows` in blocks of about 1 MiB.

    `columns` are names among COLUMNS or of members, or a mapping from them to headings. Numbers
    stand at the right, everything else at the left, two spaces apart. ValueError for a column that
    the rows do not hold.
    """
    if isinstance(columns, Mapping):
        pairs = [(above, column) for column, above in columns.items()]
    else:
        pairs = [(heading(column), column) for column in columns]
    blocks: Iterator[bytes] = _blocks().text_blocks(rows, pairs, header)
    return blocks


def render_json_lines(rows: SocketRows) -> Iterator[bytes]:
    """Yield each row as a JSON object on a line of its own."""
    blocks: Iterator[bytes] = _blocks().json_blocks(rows)
    return blocks


def render_json_document(
    head: Mapping[str, object], name: str, rows: SocketRows
) -> Iterator[bytes]:
    """Yield one JSON document: `head`, and the rows as the array `name`, one on a line."""
    yield dump_json(head)[:-1].encode() + f',"{name}":[\n'.encode()
    yield from _blocks().json_blocks(rows, b",\n", b"\n")
    yield b"]}\n"


def dump_json(value: object) -> str:
    """Return a value as compact JSON on one line."""
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def render_grid(
    headings: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = (), gap: int = 2
) -> str:
    """Return a small table of ready cells; the columns `right` stand at the right."""
    lines = [headings, *rows] if headings else list(rows)
    if not lines:
        return ""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    at_right = set(right)
    return "".join(
        (" " * gap)
        .join(
            cell.rjust(width) if n in at_right else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        .rstrip()
        + "\n"
        for line in lines
    )
