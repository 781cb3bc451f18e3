"""What one term of an expression says of each row, in plain Python: the twin of `_evaluate`."""

from __future__ import annotations

from fastsock._table_py import Column
from fastsock.ranges import unite
from fastsock.tcp import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastsock._table_py import SocketRows
    from fastsock.ranges import Range

_UNIX = FAMILIES["unix"]
_PORTS = 65536


def _marks(values: Iterable[bool]) -> Column:
    return Column.from_values("mark", "B", map(int, values))


def mark_numbers(
    rows: SocketRows, name: str, ranges: Iterable[Range], ends: bool = False
) -> Column:
    """Return marks for the values of a column; with `ends` never for a UNIX socket."""
    united = unite(ranges, 2**64 - 1)
    families = rows.column("family")
    return _marks(
        any(first <= value <= last for first, last in united) and not (ends and family == _UNIX)
        for value, family in zip(rows.column(name), families, strict=True)
    )


def mark_addresses(rows: SocketRows, name: str, values: Iterable[tuple[int, int, int]]) -> Column:
    """Return marks for addresses, by (family, first, last): what one of a family may be."""
    wanted = list(values)
    return _marks(
        any(
            family == met and first <= int.from_bytes(address, "big") <= last
            for met, first, last in wanted
        )
        for address, family in zip(rows.column(name), rows.column("family"), strict=True)
    )


def mark_masked(rows: SocketRows, values: Iterable[tuple[int, int]]) -> Column:
    """Return marks for SO_MARK, by (value, mask)."""
    wanted = list(values)
    return _marks(
        any(mark & mask == value for value, mask in wanted) for mark in rows.column("mark")
    )


def mark_listening(rows: SocketRows, tables: Mapping[tuple[int, int], bytes | bytearray]) -> Column:
    """Return marks for local ports, by {(netns, protocol): a byte for each port}."""
    for table in tables.values():
        if len(table) != _PORTS:
            raise ValueError(f"a table of ports has {_PORTS} bytes, not {len(table)}")
    nothing = bytes(_PORTS)
    columns = (rows.column(name) for name in ("netns", "protocol", "local_port"))
    return _marks(
        bool(tables.get((netns, protocol), nothing)[port])
        for netns, protocol, port in zip(*columns, strict=True)
    )


def mark_rows(rows: int, indices: Column) -> Column:
    """Return marks for the rows at `indices` ("I"), of so many."""
    if indices.format != "I":
        raise TypeError(f"indices are a column of I, not of {indices.format}")
    marks = bytearray(rows)
    for index in indices:
        if index >= rows:
            raise IndexError(f"row {index} of {rows}")
        marks[index] = 1
    return Column.from_values("mark", "B", marks)


def mark_all(rows: int) -> Column:
    """Return marks for all rows."""
    return Column.from_values("mark", "B", b"\1" * rows)


def both(one: Column, other: Column) -> Column:
    """Return marks where both have one."""
    _check_lengths(one, other)
    return _marks(a & b for a, b in zip(one, other, strict=True))


def either(one: Column, other: Column) -> Column:
    """Return marks where one of them has one."""
    _check_lengths(one, other)
    return _marks(a | b for a, b in zip(one, other, strict=True))


def neither(one: Column) -> Column:
    """Return marks where there was none."""
    return _marks(not mark for mark in one)


def marked(marks: Column) -> Column:
    """Return the indices of the rows with a mark, in order ("index", uint32)."""
    return Column.from_values("index", "I", (n for n, mark in enumerate(marks) if mark))


def _check_lengths(one: Column, other: Column) -> None:
    if len(one) != len(other) or one.format != "B" or other.format != "B":
        raise ValueError("marks of different rows")
