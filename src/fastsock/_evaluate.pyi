from collections.abc import Iterable, Mapping

from fastsock._table import Column, SocketRows
from fastsock.ranges import Range

# Marks are a column ("mark", uint8) with 1 for each row of which a term holds, else 0.

def mark_numbers(
    rows: SocketRows, name: str, ranges: Iterable[Range], ends: bool = False
) -> Column:
    """Return marks for the values of a column; with `ends` never for a UNIX socket.

    KeyError where the table does not hold the column; so do mark_addresses and mark_masked.
    """

def mark_addresses(rows: SocketRows, name: str, values: Iterable[tuple[int, int, int]]) -> Column:
    """Return marks for addresses, by (family, first, last): what one of a family may be."""

def mark_masked(rows: SocketRows, values: Iterable[tuple[int, int]]) -> Column:
    """Return marks for SO_MARK, by (value, mask)."""

def mark_listening(rows: SocketRows, tables: Mapping[tuple[int, int], bytes | bytearray]) -> Column:
    """Return marks for local ports, by {(netns, protocol): a byte for each port}."""

def mark_rows(rows: int, indices: Column) -> Column:
    """Return marks for the rows at `indices` ("I"), of so many; TypeError, IndexError."""

def mark_all(rows: int) -> Column:
    """Return marks for all rows."""

def both(one: Column, other: Column) -> Column:
    """Return marks where both have one. The first may be changed; ValueError for other lengths."""

def either(one: Column, other: Column) -> Column:
    """Return marks where one of them has one. The first may be changed; ValueError as `both`."""

def neither(one: Column) -> Column:
    """Return marks where there was none. What was given may be changed."""

def marked(marks: Column) -> Column:
    """Return the indices of the rows with a mark, in order ("index", uint32)."""
