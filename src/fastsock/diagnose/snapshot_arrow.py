"""Snapshots as Arrow data (the IPC streaming format), written by way of nanoarrow.

Three streams follow each other. The first is the sockets', which other programs read as it is
(`pyarrow.ipc.open_stream`, `polars.read_ipc_stream`): the columns of columns.py with their raw
numbers, and `owner_state` (0 found, 1 none, 2 hidden, 3 unknown) in a snapshot with owners. The
head is in its schema, as the value of `fastsock_snapshot`. The second has the lines of namespaces
and processes, as in the other form, and the third the owners.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate

from fastsock.arrow import NUMBERS, lend, load
from fastsock.columns import OWNER_COLUMNS
from fastsock.diagnose._snapshot_rows_py import SPECS, RowError, read_json
from fastsock.diagnose.arrow_messages import CONTINUATION, Message
from fastsock.diagnose.snapshot_file import MOST_LINE, Source, check_memory, rows
from fastsock.diagnose.snapshot_head import MAGIC, Head, Parts, dump_few, dump_head, parse_head
from fastsock.errors import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.diagnose.snapshot import Snapshot

BATCH = 1 << 16  # rows: what a reader holds beside the table

_OWNER_STATE = "owner_state"
_LINE = "line"
_BYTES_A_BATCH = 1 << 20  # of lines, which are as long as the longest one more
_WIDTHS = {"B": 1, "H": 2, "I": 4, "i": 4, "Q": 8, "q": 8, "16s": 16}


# -- out


class _Sink:
    """What nanoarrow writes to: it keeps what has come until it is taken."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(self.parts[-1])

    def take(self) -> bytes:
        taken = b"".join(self.parts)
        self.parts.clear()
        return taken


def arrow_blocks(snapshot: Snapshot) -> Iterator[bytes]:
    """Yield the Arrow data of a snapshot, in blocks of some MiB; ImportError without nanoarrow."""
    load("nanoarrow.ipc")  # now, and not when the first block is asked for
    return _arrow_blocks(snapshot)


def _arrow_blocks(snapshot: Snapshot) -> Iterator[bytes]:
    table, owners = snapshot.sockets, snapshot.sockets.owners
    columns = [(name, SPECS[name].format, table.column(name)) for name in table.column_names()]
    states = rows().owner_states(table) if owners is not None else b""
    memory = [_Memory(format, column) for _, format, column in columns]
    formats = {name: format for name, format, _ in columns}
    if owners is not None:
        formats[_OWNER_STATE] = "B"
        memory.append(_Memory("B", states))
    yield from _stream(formats, memory, _batches_of(len(table)), dump_head(snapshot)[:-1])
    lines = dump_few(snapshot)
    yield from _stream({_LINE: "v"}, [_Lines(lines)], _batches_of_lines(lines))
    formats = {spec.name: spec.format for spec in OWNER_COLUMNS}
    held = 0 if owners is None else len(owners)
    memory = [
        _Memory(format, b"" if owners is None else owners.column(name))
        for name, format in formats.items()
    ]
    yield from _stream(formats, memory, _batches_of(held))


def _batches_of(count: int) -> list[tuple[int, int]]:
    """Return where batches of rows begin and end; an empty one where there are none."""
    return [(start, min(start + BATCH, count)) for start in range(0, count, BATCH)] or [(0, 0)]


def _batches_of_lines(lines: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return where batches of lines begin and end, each of about 1 MiB."""
    made = []
    start = size = 0
    for n, line in enumerate(lines):
        size += len(line)
        if size >= _BYTES_A_BATCH:
            made.append((start, n + 1))
            start, size = n + 1, 0
    return [*made, (start, len(lines))]


class _Memory:
    """A column's memory, of which a batch gets a part."""

    def __init__(self, format: str, column: Any) -> None:
        self.format = format
        if format == "v":
            self.offsets = lend(column.offsets)
            self.data = lend(column.data)
        else:
            self.data = memoryview(column) if isinstance(column, bytes) else lend(column)

    def buffers(self, start: int, end: int) -> list[Any]:
        if self.format != "v":
            width = _WIDTHS[self.format]
            return [None, self.data[start * width : end * width]]
        begins = self.offsets[8 * start : 8 * (end + 1)].cast("Q")
        first = begins[0]
        offsets = begins if not first else array("Q", [begin - first for begin in begins])
        return [None, memoryview(offsets).cast("B"), self.data[first : begins[-1]]]


class _Lines(_Memory):
    """Lines as a column of variable width."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.format = "v"
        offsets = array("Q", accumulate(map(len, lines), initial=0))
        self.offsets = memoryview(offsets).cast("B")
        self.data = memoryview(b"".join(lines))


def _stream(
    formats: dict[str, str],
    memory: Sequence[_Memory],
    batches: Sequence[tuple[int, int]],
    head: bytes | None = None,
) -> Iterator[bytes]:
    arrays, streams = load("nanoarrow.c_array"), load("nanoarrow.c_array_stream")
    schema = _schema(formats, head)
    sink = _Sink()
    with load("nanoarrow.ipc").StreamWriter.from_writable(sink) as writer:
        for start, end in batches:
            made = arrays.c_array_from_buffers(
                schema,
                end - start,
                [None],
                null_count=0,
                children=[
                    arrays.c_array_from_buffers(
                        child, end - start, one.buffers(start, end), null_count=0
                    )
                    for one, child in zip(memory, schema.children, strict=True)
                ],
                move=True,
            )
            # Not moved: it would take the schema along, which the next batch needs.
            stream = streams.CArrayStream.from_c_arrays([made], schema, move=False, validate=False)
            writer.write_stream(stream)  # the first time with the schema
            yield sink.take()
    yield sink.take()


def _schema(formats: dict[str, str], head: bytes | None) -> Any:
    types = load("nanoarrow.schema")

    def column_type(format: str) -> Any:
        if format == "16s":
            return types.fixed_size_binary(16, nullable=False)
        if format == "v":
            return types.large_binary(nullable=False)
        return getattr(types, NUMBERS[format])(nullable=False)

    fields = {name: column_type(format) for name, format in formats.items()}
    made = load("nanoarrow.c_schema").c_schema(types.struct(fields, nullable=False))
    return made if head is None else made.modify(metadata={MAGIC.encode(): head})


# -- in


def load_arrow(source: Source) -> Parts:
    """Return what is in Arrow data; SnapshotError. Reading needs no nanoarrow."""
    try:
        return _load_streams(source)
    except RowError as error:
        raise source.fail(str(error), lines=False) from None
    except ValueError as error:  # a buffer of another size than its column has
        raise source.fail(f"columns: {error}", lines=False) from None


def _load_streams(source: Source) -> Parts:
    columns, keys = _take_message(source, MOST_LINE, "it has no schema").schema()
    if MAGIC.encode() not in keys:
        raise RowError("not a snapshot: its schema has no head of one")
    head = parse_head(read_json(keys[MAGIC.encode()]))
    check_memory(source, head)
    parts = Parts(head)
    states = bytearray()
    formats = {name: SPECS[name].format for name in head.columns}
    if parts.owners is not None:
        formats[_OWNER_STATE] = "B"
    _check_columns(columns, formats)
    for count, batch in _batches(source, formats, head, ("sockets",)):
        states += batch.pop(_OWNER_STATE, b"")
        rows().append_sockets(parts.sockets, batch, count)
    if any(state > 3 for state in set(states)):
        raise RowError("owner_state: there are 0 to 3")
    rows().finish_rows(parts.sockets)
    _load_lines(source, parts)
    formats = {spec.name: spec.format for spec in OWNER_COLUMNS}
    _check_columns(_take_message(source, MOST_LINE, "its owners are missing").schema()[0], formats)
    for count, batch in _batches(source, formats, head, ("owners",)):
        if parts.owners is not None:
            rows().append_owners(parts.owners, batch, count)
    if source.at < len(source.block) or source.more():
        raise RowError("more than a snapshot has")
    if parts.owners is not None:
        rows().finish_rows(parts.owners)
        wrong = rows().join(parts.sockets, parts.owners, states)
        if wrong >= 0:
            raise RowError(f"socket {wrong} has been found an owner, which is missing")
    return parts


def _take_message(source: Source, most: int, missing: str) -> Message:
    """Take the metadata of a message; RowError where the stream ends instead."""
    message = _take_message_or_end(source, most, missing)
    if message is None:
        raise RowError(f"cut short: {missing}")
    return message


def _take_message_or_end(source: Source, most: int, missing: str) -> Message | None:
    start, size = struct.unpack("<4sI", source.take(8, missing))
    if start != CONTINUATION:
        raise RowError("no message of Arrow data")
    if size == 0:
        return None
    if size > most:
        raise RowError(f"metadata of {size} bytes")
    return Message(source.take(size, missing))


def _check_columns(found: dict[str, str], wanted: dict[str, str]) -> None:
    if list(found.items()) != list(wanted.items()):
        odd = next((name for name in (*wanted, *found) if found.get(name) != wanted.get(name)), "")
        raise RowError(f"columns: {escape(odd) or 'their order'} is not as the head says")


def _batches(
    source: Source, formats: dict[str, str], head: Head, kinds: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of each batch as buffers by column: as many as are promised, and no more."""
    total = sum(head.counts[kind] for kind in kinds)
    most_bytes = _BYTES_A_BATCH + MOST_LINE if _LINE in formats else head.counts["bytes"]
    came = 0
    while True:
        missing = f"{total - came} of {total} {' and '.join(kinds)} are missing"
        if came == total:
            missing = f"the end of its {' and '.join(kinds)} is missing"
        message = _take_message_or_end(source, MOST_LINE, missing)
        if message is None:
            break
        count = message.rows()
        came += count
        if came > total:
            raise RowError(f"more {' and '.join(kinds)} than the head says")
        places = message.buffers(tuple(formats.values()))
        # No more is read into memory than the rows need that the head promises.
        width = sum(_WIDTHS.get(format, 8) + 8 for format in formats.values())
        if message.body > (count + 64) * width + most_bytes:
            raise RowError(f"a batch of {message.body} bytes, which {count} rows do not have")
        body = memoryview(source.take(message.body, missing))
        columns: dict[str, Any] = {}
        for (name, format), buffers in zip(formats.items(), places, strict=True):
            parts = [body[start:end] for start, end in buffers]
            # A buffer may have some bytes behind its end, and none at all where there are no rows.
            if format != "v":
                columns[name] = parts[0][: count * _WIDTHS[format]]
            elif count:
                columns[name] = parts[0][: 8 * (count + 1)], parts[1]
        yield count, columns
    if came < total:
        raise RowError(f"cut short: {missing}")


def _load_lines(source: Source, parts: Parts) -> None:
    columns, _ = _take_message(source, MOST_LINE, "its processes are missing").schema()
    _check_columns(columns, {_LINE: "v"})
    left = parts.head.counts["spaces"]
    for count, batch in _batches(source, {_LINE: "v"}, parts.head, ("spaces", "processes")):
        offsets, data = batch.get(_LINE, (bytes(8), b""))
        if len(offsets) != 8 * (count + 1):
            raise RowError("line: fewer offsets than there are")
        begins = struct.unpack(f"={count + 1}Q", offsets)
        if list(begins) != sorted(begins) or begins[-1] > len(data):
            raise RowError("line: offsets that do not lie in its bytes")
        text = bytes(data)
        for start, end in zip(begins, begins[1:], strict=False):
            value = read_json(text[start:end])
            if left:
                parts.add_space(value)
                left -= 1
            else:
                parts.add_process(value)
