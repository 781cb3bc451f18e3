"""A table as Arrow data, lent without a copy: the Arrow PyCapsule interface, by way of nanoarrow.

`pyarrow.table(t)`, `polars.DataFrame(t)` and DuckDB's `select ... from t` take a `SocketTable` as
it is. The buffers of the Arrow data are the columns' own memory, which lives as long as they do:

* numbers keep their widths;
* addresses are FixedSizeBinary(16), in network order;
* protocol, family, state, timer and type are dictionary-encoded strings, for example `state =
  'ESTABLISHED'`: the column's bytes are the indices, and a number that has no name is `state-14`;
* columns of variable width are LargeBinary, whose offsets have 64 bits as ours have; a member of a
  raw one (`tcp_info.rtt`) is decoded, into Int64. Of the optional columns those are there that were
  asked for, in that order;
* what stands for unknown is null, as it is None in a `Socket`: `netns` and `cookie` where they are
  0, `backlog_limit` where it is -1, no bytes, a member that the kernel's structure does not reach.
  The values stay where they are; what is new is a validity bitmap, one bit a row.

Owners are not part of it. In a build without extensions before Python 3.12 a column cannot lend its
memory, and is copied.
"""

from __future__ import annotations

from array import array
from importlib import import_module

from fastsock import attributes, tcp
from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from fastsock.implementation import table as storage

# By the column's struct format: the name of nanoarrow's constructor.
NUMBERS = {"B": "uint8", "H": "uint16", "I": "uint32", "i": "int32", "Q": "uint64", "q": "int64"}

# What stands for "unknown", as the byte that all bytes of the value are: 0, and -1.
UNKNOWN_BYTES = {
    spec.name: 0xFF if spec.unknown else 0x00
    for spec in (*SOCKET_COLUMNS, *OPTIONAL_COLUMNS)
    if spec.unknown is not None
}
UNKNOWN_MEMBER = 0xFF  # of attributes.ABSENT

# Rows whose validity is found at once, by integers of as many bytes: no loop over the rows, and no
# second copy of the column. A multiple of 8, so that bitmaps can be joined.
BLOCK = 1 << 16


def _names(kind: str, known: dict[int, str]) -> tuple[str, ...]:
    return tuple(known.get(number, f"{kind}-{number}") for number in range(256))


# By column: the name of every byte, and how many of them do in most tables. Consumers that show
# a category for every name (pandas) should not show 256.
DICTIONARIES = {
    "protocol": (_names("protocol", tcp.PROTOCOL_NAMES), max(tcp.PROTOCOL_NAMES) + 1),
    "family": (_names("family", tcp.FAMILY_NAMES), max(tcp.FAMILY_NAMES) + 1),
    "state": (tcp.NAMES, max(tcp.State) + 1),
    "timer": (_names("timer", dict(enumerate(tcp.TIMERS))), len(tcp.TIMERS)),
    "type": (_names("type", tcp.TYPE_NAMES), max(tcp.TYPE_NAMES) + 1),
}


def export_schema(table: storage.SocketRows) -> object:
    """Return a capsule with the ArrowSchema of `table`, a struct with a field for each column.

    Raises ImportError where nanoarrow is not installed.
    """
    return _schema(table).__arrow_c_schema__()


def export_stream(table: storage.SocketRows, requested_schema: object = None) -> object:
    """Return a capsule with an ArrowArrayStream of one batch: the columns of `table`, lent.

    `requested_schema` is a capsule with the schema that the consumer would like. No column is
    converted: the stream has its own schema, which the interface allows. Raises ValueError where
    the requested columns are others than those of the table, and ImportError where nanoarrow is not
    installed.
    """
    arrays, streams = load("nanoarrow.c_array"), load("nanoarrow.c_array_stream")
    schema = _schema(table)
    if requested_schema is not None:
        _check_request(table, requested_schema)
    batch = arrays.c_array_from_buffers(
        schema,
        len(table),
        [None],
        null_count=0,
        children=[
            _export_column(table.column(name), child)
            for name, child in zip(exported_names(table), schema.children, strict=True)
        ],
        move=True,
    )
    # validate=False: it compares the schema of the batch, which is this one.
    stream = streams.CArrayStream.from_c_arrays([batch], schema, move=True, validate=False)
    return stream.__arrow_c_stream__()


def exported_names(table: storage.SocketRows) -> tuple[str, ...]:
    """Return what the Arrow data has: the columns of every table, and the fields asked for."""
    return (*(spec.name for spec in SOCKET_COLUMNS), *table.fields)


def load(module: str) -> Any:
    """Import a module of nanoarrow; ImportError, with what to install, where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # Its older releases lack some of the modules, with the same remedy.
        raise ImportError(
            "Arrow needs the nanoarrow package: pip install 'fastsock[arrow]'", name="nanoarrow"
        ) from error


def _schema(table: storage.SocketRows) -> Any:
    types = load("nanoarrow.schema")

    def column_type(name: str) -> Any:
        if name in DICTIONARIES:
            return types.dictionary(types.uint8(), types.string())
        if attributes.find_member(name):
            return types.int64()
        format = table.column(name).format
        if format == "16s":
            return types.fixed_size_binary(16)
        if format == "v":
            return types.large_binary()
        return getattr(types, NUMBERS[format])()

    fields = {name: column_type(name) for name in exported_names(table)}
    return load("nanoarrow.c_schema").c_schema(types.struct(fields))


def _check_request(table: storage.SocketRows, requested_schema: object) -> None:
    requested = load("nanoarrow.c_schema").c_schema(requested_schema)
    names = tuple(child.name for child in requested.children)
    if names != (own := exported_names(table)):
        raise ValueError(f"the table has the columns {' '.join(own)}, not {' '.join(names)}")


def _export_column(column: Any, schema: Any) -> Any:
    """Return a nanoarrow array over the memory of `column`, a Column or a BlobColumn."""
    if column.format == "v":
        return _export_blobs(column, schema)
    arrays = load("nanoarrow.c_array")
    memory = lend(column)
    exported = arrays.allocate_c_array()
    builder = arrays.CArrayBuilder(exported)
    builder.init_from_schema(schema)
    if column.name in DICTIONARIES:
        # The array of the names came with the schema, empty.
        names = arrays.CArrayBuilder(exported.dictionary).start_appending()
        names.append_strings(_dictionary(column.name, memory)).finish()
    nulls = 0
    unknown = UNKNOWN_BYTES.get(column.name)
    if attributes.find_member(column.name):
        unknown = UNKNOWN_MEMBER
    if unknown is not None:
        validity, nulls = _validity(memory, len(column), unknown)
        if nulls:
            _set_buffer(builder, 0, validity)
    _set_buffer(builder, 1, memory)
    builder.set_length(len(column)).set_null_count(nulls)
    return builder.finish()


def _export_blobs(column: storage.BlobColumn, schema: Any) -> Any:
    """Return a nanoarrow array over the two columns of one of variable width."""
    arrays = load("nanoarrow.c_array")
    builder = arrays.CArrayBuilder(arrays.allocate_c_array())
    builder.init_from_schema(schema)
    offsets = lend(column.offsets)
    validity, nulls = _validity(_lengths(offsets), len(column), 0)
    if nulls:
        _set_buffer(builder, 0, validity)
    _set_buffer(builder, 1, offsets)
    _set_buffer(builder, 2, lend(column.data))
    builder.set_length(len(column)).set_null_count(nulls)
    return builder.finish()


def _lengths(offsets: memoryview) -> memoryview:
    """Return for each value 8 bytes that are 0 where it is empty: no loop over the rows."""
    begins, ends = (int.from_bytes(part, "little") for part in (offsets[:-8], offsets[8:]))
    return memoryview((begins ^ ends).to_bytes(len(offsets) - 8, "little"))


def _set_buffer(builder: Any, position: int, memory: bytes | memoryview) -> None:
    buffer = load("nanoarrow.c_buffer").c_buffer(memory)
    builder.set_buffer(position, buffer, move=True)


def lend(column: storage.Column) -> memoryview:
    """Return the memory of `column` as bytes; a copy of it where it cannot lend it."""
    if not len(column):
        return memoryview(b"")  # memoryview casts no shape with a zero in it
    try:
        return memoryview(column).cast("B")
    except TypeError:
        # The plain-Python column before Python 3.12.
        if column.format == "16s":
            return memoryview(b"".join(column))
        return memoryview(array(column.format, column)).cast("B")


def _dictionary(name: str, indices: memoryview) -> Sequence[str]:
    """Return the names for `indices`: the usual ones, or all if there is an unusual index."""
    names, usual = DICTIONARIES[name]
    unusual = bytes(indices).translate(None, bytes(range(usual)))
    return names if unusual else names[:usual]


def _validity(values: memoryview, length: int, unknown: int) -> tuple[bytes, int]:
    """Return a bitmap, lowest bit first, of the values that are known, and how many are not.

    A value is unknown when each of its bytes is `unknown`, 0x00 or 0xFF.
    """
    width = len(values) // length if length else 1
    known = bytes(value != unknown for value in range(256))
    flags = [
        # bytes(): a slice with a step of a memoryview takes ten times as long.
        _combine(bytes(values[start : start + BLOCK * width]), width, unknown).translate(known)
        for start in range(0, len(values), BLOCK * width)
    ]
    return b"".join(map(_pack, flags)), sum(block.count(0) for block in flags)


def _combine(values: bytes, width: int, unknown: int) -> bytes:
    """Return one byte for each value: `unknown` if all bytes of the value are, else another."""
    length = len(values) // width
    first = values[:width]
    if values == first * length:  # usual: one namespace, or a source that has no cookies
        return bytes((unknown if first == bytes((unknown,)) * width else 1,)) * length
    parts = [int.from_bytes(values[k::width], "little") for k in range(width)]
    combined = parts[0]
    for part in parts[1:]:
        combined = combined & part if unknown else combined | part
    return combined.to_bytes(length, "little")


def _pack(flags: bytes) -> bytes:
    """Return a bit for each byte, which is 0 or 1."""
    bits = 0
    for k in range(8):
        bits |= int.from_bytes(flags[k::8], "little") << k
    return bits.to_bytes((len(flags) + 7) // 8, "little")
