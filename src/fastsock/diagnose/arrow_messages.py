"""Messages of Arrow data (the IPC streaming format), read within bounds.

    ff ff ff ff  f0 05 00 00  10 00 00 00 …          continuation, length of the metadata, metadata
    06 06 06 …                                       body: the buffers, one after the other
    ff ff ff ff  00 00 00 00                         the end of the stream

The metadata is a flatbuffer (format/Message.fbs and Schema.fbs of Apache Arrow): tables of offsets,
which whoever damaged or made a file may have pointed anywhere. So each of them is followed here,
with its bounds. What is read is what snapshots are written with: numbers, addresses and bytes, no
compression, no dictionaries, no nulls.
"""

from __future__ import annotations

import struct
import sys

from fastsock.diagnose._snapshot_rows_py import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTINUATION = b"\xff\xff\xff\xff"

# MessageHeader and Type of the flatbuffers' schemas.
SCHEMA, RECORD_BATCH = 1, 3
_INT, _FIXED_SIZE_BINARY, _LARGE_BINARY = 2, 15, 19

# The struct formats of integers by their width in bits and whether they have a sign.
_INTEGERS = {
    (8, 0): "B",
    (16, 0): "H",
    (32, 0): "I",
    (32, 1): "i",
    (64, 0): "Q",
    (64, 1): "q",
}

_MOST_COLUMNS = 256
_MOST_KEYS = 256


class _Table:
    """A table in a flatbuffer: its fields are looked up by their number."""

    __slots__ = ("data", "at", "_fields", "_count")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        fields = at - _number(data, at, "i")
        self._count = (_number(data, fields, "H") - 4) // 2
        self._fields = fields + 4

    def _place(self, field: int) -> int:
        """Return where a field is; 0 where the table has none, and the default holds."""
        if field >= self._count:
            return 0
        offset = _number(self.data, self._fields + 2 * field, "H")
        return self.at + offset if offset else 0

    def number(self, field: int, format: str, default: int = 0) -> int:
        """Return a number of a struct format."""
        place = self._place(field)
        return _number(self.data, place, format) if place else default

    def table(self, field: int) -> _Table:
        """Return a table that the field points to; RowError where there is none."""
        place = self._place(field)
        if not place:
            raise RowError("its metadata lacks a table")
        return _Table(self.data, place + _number(self.data, place, "I"))

    def vector(self, field: int, size: int, most: int) -> tuple[int, int]:
        """Return where the items of a vector begin and how many there are, of `size` bytes each."""
        place = self._place(field)
        if not place:
            return 0, 0
        start = place + _number(self.data, place, "I")
        count = _number(self.data, start, "I")
        if count > most or start + 4 + count * size > len(self.data):
            raise RowError("its metadata has a list that does not fit in it")
        return start + 4, count

    def tables(self, field: int, most: int) -> Iterator[_Table]:
        """Yield the tables of a vector of them."""
        start, count = self.vector(field, 4, most)
        for at in range(start, start + 4 * count, 4):
            yield _Table(self.data, at + _number(self.data, at, "I"))

    def text(self, field: int) -> bytes:
        """Return the bytes of a string; b"" where there is none."""
        start, length = self.vector(field, 1, len(self.data))
        return self.data[start : start + length]


def _number(data: bytes, at: int, format: str) -> int:
    if not 0 <= at <= len(data) - struct.calcsize(format):
        raise RowError("its metadata points beyond itself")
    found: int = struct.unpack_from(f"<{format}", data, at)[0]
    return found


class Message:
    """The metadata of one message: what it is, and how long the body is that follows."""

    __slots__ = ("kind", "body", "_header")

    def __init__(self, metadata: bytes) -> None:
        root = _Table(metadata, _number(metadata, 0, "I"))
        self.kind = root.number(1, "B")
        self.body = root.number(3, "q")
        if self.body < 0:
            raise RowError("a body of less than no bytes")
        self._header = root.table(2)

    def schema(self) -> tuple[dict[str, str], dict[bytes, bytes]]:
        """Return the struct formats of the columns by name, and the metadata by key; RowError."""
        if self.kind != SCHEMA:
            raise RowError("it does not begin with a schema")
        if self._header.number(0, "h") != (sys.byteorder == "big"):
            raise RowError("it is of another kind of machine")
        columns: dict[str, str] = {}
        for field in self._header.tables(1, _MOST_COLUMNS):
            name = field.text(0).decode("utf-8", "replace")
            if name in columns:
                raise RowError("a column is there twice")
            columns[name] = _format(field)
        keys = {pair.text(0): pair.text(1) for pair in self._header.tables(2, _MOST_KEYS)}
        return columns, keys

    def rows(self) -> int:
        """Return how many rows a batch has; RowError for what is none."""
        if self.kind != RECORD_BATCH:
            raise RowError("a message that is not one of rows")
        rows = self._header.number(0, "q")
        if rows < 0:
            raise RowError("a batch of less than no rows")
        return rows

    def buffers(self, formats: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return for each column where in the body its buffers begin and end, validity left out.

        RowError where a column has nulls, and for compressed ones.
        """
        rows = self.rows()
        nodes, node_count = self._header.vector(1, 16, _MOST_COLUMNS)
        buffers, count = self._header.vector(2, 16, 3 * _MOST_COLUMNS)
        wanted = [2 if format == "v" else 1 for format in formats]
        if node_count != len(formats) or count != len(formats) + sum(wanted):
            raise RowError("a batch with other columns than its schema")
        if self._header.vector(4, 8, _MOST_COLUMNS)[1] or self._compressed():
            raise RowError("compressed, or of a layout that a snapshot does not have")
        made = []
        for n, parts in enumerate(wanted):
            length, nulls = struct.unpack_from("<qq", self._header.data, nodes + 16 * n)
            if length != rows or nulls:
                raise RowError("a column with nulls, or shorter than the others")
            places = []
            for _ in range(parts):
                buffers += 16
                start, size = struct.unpack_from("<qq", self._header.data, buffers)
                if start % 8 or not (0 <= start <= self.body and 0 <= size <= self.body - start):
                    raise RowError("a column that lies beyond its batch")
                places.append((start, start + size))
            buffers += 16
            made.append(places)
        return made

    def _compressed(self) -> bool:
        try:
            self._header.table(3)
        except RowError:
            return False
        return True


def _format(field: _Table) -> str:
    """Return the struct format of a column: "16s" of an address, "v" of bytes of any length."""
    kind = field.number(2, "B")
    if kind == _LARGE_BINARY:
        return "v"
    if kind == _FIXED_SIZE_BINARY:
        return f"{field.table(3).number(0, 'i')}s"
    if kind == _INT:
        number = field.table(3)
        return _INTEGERS.get((number.number(0, "i"), number.number(1, "B")), "?")
    return "?"
