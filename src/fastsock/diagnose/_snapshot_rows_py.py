"""Rows of a snapshot to lines and back in plain Python: the twin of `_snapshot_rows`.

A row is a JSON array on a line of its own. What it is stands first; the head of the file names the
columns:

    ["socket","tcp","ipv4","LISTEN","off","127.0.0.1","0.0.0.0",80,0,…,"found"]
    ["owner",4711,12,6,12,0]

Numbers that mean a name are that name where they have one, what stands for unknown is null, bytes
are text in which all but printable ASCII is \\xNN (of raw columns they are hexadecimal). So a
file may be searched, and shown on a terminal, and every value comes back as it was.

The compiled twin reads what it writes itself; any other line it gives to `parse_socket` and
`parse_owner` here, which decide what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from fastsock import tcp
from fastsock.columns import OPTIONAL_COLUMNS, OWNER_COLUMNS, SOCKET_COLUMNS
from fastsock.errors import escape
from fastsock.implementation import group, table as storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from fastsock.table import OwnerTable, SocketTable

BLOCK = 1 << 20
MOST_DIGITS = 20  # 2**64 has as many

SPECS = {spec.name: spec for spec in SOCKET_COLUMNS + OPTIONAL_COLUMNS}

# By column: the names of its numbers. A number that has none is written as itself.
VOCABULARIES: dict[str, dict[int, str]] = {
    "protocol": tcp.PROTOCOL_NAMES,
    "family": tcp.FAMILY_NAMES,
    "state": {int(state): state.name for state in tcp.State},
    "timer": dict(enumerate(tcp.TIMERS)),
    "type": tcp.TYPE_NAMES,
}
TEXTS = frozenset(("path", "congestion"))  # of the columns of bytes; the others are raw
RAW = frozenset(name for name, spec in SPECS.items() if spec.format == "v") - TEXTS

LIMITS = {
    "B": (0, 2**8 - 1),
    "H": (0, 2**16 - 1),
    "I": (0, 2**32 - 1),
    "i": (-(2**31), 2**31 - 1),
    "Q": (0, 2**64 - 1),
    "q": (-(2**63), 2**63 - 1),
}

OWNER_STATES = ("found", "none", "hidden", "unknown")  # by the negated head

_MAPPED = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96


class RowError(ValueError):
    """What is wrong with a row. `position` is where it begins in the block, `rows` how many lines
    before it were taken.
    """

    position = 0
    rows = 0


# -- JSON, within bounds


def read_json(line: bytes) -> Any:
    """Return the value of one line; RowError for what is no JSON, or too much of it.

    A name that is there twice, numbers of more than 20 digits, NaN and infinities are refused too.
    """
    try:
        text = line.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_constant=_refuse,
        )
    except RowError:
        raise
    except UnicodeDecodeError as error:
        raise RowError(f"not UTF-8 at its byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise RowError(f"not JSON at its character {error.pos + 1}") from None
    except ValueError as error:
        raise RowError(f"not JSON: {error}") from None
    except RecursionError:
        raise RowError("not JSON of ours: nested too deep") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RowError(f'"{shown(twice)}" is there twice')
    return made


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:  # int() takes time that grows with their square
        raise RowError(f"a number of {len(text)} digits")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise RowError(f"{text} is no number of JSON")


def shown(value: object) -> str:
    """Return a value of others for a message: escaped, and not longer than a line has room."""
    text = escape(value if isinstance(value, str) else repr(value))
    return text if len(text) <= 60 else text[:57] + "…"


# -- one value


def _text_of_byte(byte: int) -> str:
    if byte == 0x5C:
        return "\\\\\\\\"
    if byte == 0x22:
        return '\\"'
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\\\x{byte:02x}"


_TEXT_OF_BYTE = {byte: _text_of_byte(byte) for byte in range(256)}


def encode_text(value: bytes) -> str:
    """Return bytes as a JSON string in which all but printable ASCII is escaped."""
    return f'"{value.decode("latin-1").translate(_TEXT_OF_BYTE)}"'


def decode_text(text: object, name: str) -> bytes:
    """Return the bytes that `encode_text` was given, behind JSON's own escapes; RowError."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable():
        raise RowError(f"{name}: {shown(text)} is not a text of ours")
    if "\\" not in text:
        return text.encode("ascii")
    first, *rest = text.split("\\")
    made = bytearray(first, "ascii")
    at = 0
    while at < len(rest):
        part = rest[at]
        digits = part[1:3]
        if part.startswith("x") and len(digits) == 2 and _HEX.issuperset(digits):
            made.append(int(digits, 16))
            made += part[3:].encode("ascii")
            at += 1
        elif not part and at + 1 < len(rest):  # two of them stand for one
            made += b"\\" + rest[at + 1].encode("ascii")
            at += 2
        else:
            raise RowError(f"{name}: a backslash before {shown(part[:3])} means nothing")
    return bytes(made)


_HEX = frozenset("0123456789abcdef")


def encode_address(address: bytes, family: int) -> str:
    """Return an address as text; a v4-mapped one of IPv4 as IPv4, UNIX's that is 0 as ""."""
    if family == tcp.FAMILIES["unix"] and not any(address):
        return ""
    if family == AF_INET and address.startswith(_MAPPED):
        return inet_ntop(AF_INET, address[12:])
    return inet_ntop(AF_INET6, address)


def _decode_address(value: object, name: str) -> bytes:
    if not isinstance(value, str):
        raise RowError(f"{name}: {shown(value)} is not an address")
    if not value:
        return bytes(16)
    try:
        return inet_pton(AF_INET6, value) if ":" in value else _MAPPED + inet_pton(AF_INET, value)
    except (OSError, ValueError):  # ValueError: a NUL, or no ASCII
        raise RowError(f"{name}: {shown(value)} is not an address") from None


def decode_number(value: object, name: str, format: str, unknown: int | None = None) -> int:
    """Return a number that a column of `format` holds, `unknown` for None; RowError."""
    if value is None and unknown is not None:
        return unknown
    low, high = LIMITS[format]
    if type(value) is not int or not low <= value <= high:
        raise RowError(f"{name}: {shown(value)} is not a number from {low} to {high}")
    return value


def _number_decoder(name: str) -> Callable[[Any], Any]:
    spec = SPECS[name]
    numbers = {text: number for number, text in VOCABULARIES.get(name, {}).items()}

    def decode(value: Any) -> int:
        if isinstance(value, str) and numbers:
            if value not in numbers:
                raise RowError(f"{name}: {shown(value)} is no name of one")
            return numbers[value]
        return decode_number(value, name, spec.format, spec.unknown)

    return decode


def _decode_hex(value: object, name: str) -> bytes:
    if not isinstance(value, str) or len(value) % 2 or not _HEX.issuperset(value):
        raise RowError(f"{name}: {shown(value)} is not hexadecimal")
    return bytes.fromhex(value)


def decoder(name: str) -> Callable[[Any], Any]:
    """Return what makes a column's value of one in a row."""
    format = SPECS[name].format
    if format == "16s":
        return lambda value: _decode_address(value, name)
    if format == "v":
        decode = decode_text if name in TEXTS else _decode_hex
        return lambda value: decode(value, name)
    return _number_decoder(name)


def _encoder(name: str) -> Callable[[Any], str]:
    """Return what makes text of a column's value; addresses need their family as well."""
    spec = SPECS[name]
    if spec.format == "v":
        return encode_text if name in TEXTS else lambda value: f'"{value.hex()}"'
    names = {number: f'"{text}"' for number, text in VOCABULARIES.get(name, {}).items()}
    if spec.unknown is not None:
        names[spec.unknown] = "null"
    return lambda value: names.get(value) or str(value)


# -- rows


def _blocks(lines: Iterator[str]) -> Iterator[bytes]:
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= BLOCK:
            yield "".join(waiting).encode("ascii")
            waiting.clear()
            size = 0
    if waiting:
        yield "".join(waiting).encode("ascii")


def socket_blocks(rows: SocketTable) -> Iterator[bytes]:
    """Yield the lines of all sockets in blocks of about 1 MiB."""
    return _blocks(_socket_lines(rows))


def _socket_lines(rows: SocketTable) -> Iterator[str]:
    names = rows.column_names()
    heads = rows.owner_heads()
    addresses = [n for n, name in enumerate(names) if SPECS[name].format == "16s"]
    encoders = [_encoder(name) for name in names]
    family = names.index("family")
    for number, row in enumerate(rows.rows()):
        cells = ['"socket"']
        for n, value in enumerate(row):
            if n in addresses:
                cells.append(f'"{encode_address(value, row[family])}"')
            else:
                cells.append(encoders[n](value))
        if heads is not None:
            cells.append(f'"{OWNER_STATES[max(0, -heads[number])]}"')
        yield f"[{','.join(cells)}]\n"


def owner_blocks(owners: OwnerTable) -> Iterator[bytes]:
    """Yield the lines of all owners in blocks of about 1 MiB."""
    return _blocks(
        f'["owner",{inode},{pid},{fd},{tid},{process}]\n' for inode, pid, fd, tid, process in owners
    )


def owner_states(rows: SocketTable) -> bytes:
    """Return the owner state of each row as a byte: 0 found, 1 none, 2 hidden, 3 unknown."""
    return bytes(max(0, -head) for head in rows.owner_heads() or ())


def parse_socket(line: bytes, columns: Sequence[str], owners: bool) -> list[Any]:
    """Return the values of a row, and with `owners` its owner state's number last; RowError."""
    values = _read_row(line, "socket", len(columns) + owners)
    made = [decode(value) for decode, value in zip(map(decoder, columns), values)]  # noqa: B905
    if owners:
        if values[-1] not in OWNER_STATES:
            raise RowError(f"owner_state: {shown(values[-1])} is none")
        made.append(OWNER_STATES.index(values[-1]))
    return made


def parse_owner(line: bytes, processes: int) -> list[int]:
    """Return inode, pid, fd, tid and process of a row; RowError."""
    values = _read_row(line, "owner", len(OWNER_COLUMNS))
    made = [
        decode_number(value, spec.name, spec.format)
        for spec, value in zip(OWNER_COLUMNS, values, strict=True)
    ]
    if made[-1] >= processes:
        raise RowError(f"process: {made[-1]} is none of the {processes} that there are")
    return made


def _read_row(line: bytes, kind: str, length: int) -> list[Any]:
    row = read_json(line)
    if not isinstance(row, list) or not row or row[0] != kind:
        raise RowError(f"not the row of {'an' if kind == 'owner' else 'a'} {kind}")
    if len(row) != length + 1:
        raise RowError(f"{len(row) - 1} values, and not {length}")
    return row[1:]


class _Reader:
    """Takes lines and makes rows of them."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = 0

    def feed(self, block: bytes, at: int, most: int) -> tuple[int, int]:
        """Take the whole lines of a block from a place on, at most so many.

        Returns where the first line begins that was not taken, and how many were. RowError, with
        the place of the line, for one that is no row.
        """
        before = self.rows
        while self.rows - before < most and (end := block.find(b"\n", at)) >= 0:
            try:
                self._take(block[at:end])
            except RowError as error:
                error.position, error.rows = at, self.rows - before
                raise
            at = end + 1
            self.rows += 1
        return at, self.rows - before

    def _take(self, line: bytes) -> None:
        raise NotImplementedError


class SocketReader(_Reader):
    """Fills a table from lines whose values are `columns`; `expected` is how many will come."""

    __slots__ = ("table", "states", "blob_bytes", "_columns", "_owners", "_absent")

    def __init__(
        self, table: SocketTable, columns: Sequence[str], owners: bool, expected: int
    ) -> None:
        super().__init__()
        self.table = table
        self.states = bytearray()  # with owners: the owner state of each row
        self.blob_bytes = 0  # in columns of variable width
        self._columns = tuple(columns)
        self._owners = owners
        self._absent = [name for name in table.column_names() if name not in columns]

    def _take(self, line: bytes) -> None:
        values = parse_socket(line, self._columns, self._owners)
        if self._owners:
            self.states.append(values.pop())
        held: Any = self.table
        for name, value in zip(self._columns, values, strict=True):
            held._columns[name]._append(value)
            if isinstance(value, bytes) and SPECS[name].format == "v":
                self.blob_bytes += len(value)
        for name in self._absent:
            held._columns[name]._append(_absent_value(name))

    def finish(self) -> None:
        """Freeze the table: all rows have come."""


def _absent_value(name: str) -> Any:
    """Return what a row has where the file has no such column: nothing is known of it."""
    spec = SPECS[name]
    return {"16s": bytes(16), "v": b""}.get(spec.format, spec.unknown or 0)


class OwnerReader(_Reader):
    """Fills owner rows of processes that are there already."""

    __slots__ = ("owners",)

    def __init__(self, owners: OwnerTable, expected: int) -> None:
        super().__init__()
        self.owners = owners

    def _take(self, line: bytes) -> None:
        values = parse_owner(line, len(self.owners.processes))
        held: Any = self.owners
        for column, value in zip(held._columns.values(), values, strict=True):
            column._append(value)

    def finish(self) -> None:
        """Freeze the owners: all rows have come."""


# -- columns as they lie in memory: what another form of file brings


def append_sockets(table: SocketTable, columns: dict[str, Any], count: int) -> None:
    """Take over `count` rows from buffers by column; of variable width: (offsets, bytes).

    Columns that are not given are unknown. ValueError for a buffer of another size, and for
    offsets that do not lie in the bytes.
    """
    held: Any = table
    for name in table.column_names():
        column = held._columns[name]
        given = columns.get(name)
        if given is None:
            for _ in range(count):
                column._append(_absent_value(name))
        elif SPECS[name].format == "v":
            _append_blobs(column, given[0], given[1], count)
        elif SPECS[name].format == "16s":
            _check_size(name, given, 16 * count)
            column._data += bytes(given)
        else:
            _check_size(name, given, column._data.itemsize * count)
            column._data.frombytes(bytes(given))


def append_owners(owners: OwnerTable, columns: dict[str, Any], count: int) -> None:
    """Take over `count` rows of owners, as `append_sockets`; of processes that are there."""
    held: Any = owners
    for name, column in held._columns.items():
        _check_size(name, columns[name], column._data.itemsize * count)
    if any(n >= len(owners.processes) for n in memoryview(columns["process"]).cast("B").cast("I")):
        raise ValueError("an owner of a process that is not there")
    for name, column in held._columns.items():
        column._data.frombytes(bytes(columns[name]))


def finish_rows(rows: SocketTable | OwnerTable) -> None:
    """Freeze what was appended to."""


def _check_size(name: str, given: Any, size: int) -> None:
    if memoryview(given).nbytes != size:
        raise ValueError(f"{name}: {memoryview(given).nbytes} bytes, and not {size}")


def _append_blobs(column: Any, offsets: Any, data: Any, count: int) -> None:
    _check_size(column.name, offsets, 8 * (count + 1))
    begins = memoryview(offsets).cast("B").cast("Q").tolist()
    if begins != sorted(begins) or begins[-1] > memoryview(data).nbytes:
        raise ValueError(f"{column.name}: offsets that do not lie in its bytes")
    text = bytes(data)
    for start, end in zip(begins, begins[1:], strict=False):
        column._append(text[start:end])


def join(table: SocketTable, owners: OwnerTable, states: Any) -> int:
    """Attach owners to the sockets, which have these owner states; -1, or the row that is wrong.

    A row is wrong where the state says that an owner was found, and none has its inode.
    """
    heads = group.OwnerIndex(owners).heads(table, storage.OWNER_UNKNOWN)
    made = list(heads)
    for n, state in enumerate(states):
        if state:
            made[n] = -state
        elif made[n] < 0:
            return n
    table.attach_owners(owners, storage.Column.from_values("heads", "i", made))
    return -1
