"""The columns and views of a table, the same for the compiled modules and their plain twins."""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import io
import ipaddress
import socket
import struct
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from fastsock import attributes, tcp
from fastsock.columns import OPTIONAL_COLUMNS, OWNER_COLUMNS, SOCKET_COLUMNS

if TYPE_CHECKING:
    from implementations import Implementation

TWINS: list[Any] = [
    importlib.import_module(f"fastsock.{name}")
    for name in ("_table", "_table_py")
    if importlib.util.find_spec(f"fastsock.{name}")
]
FIELDS = tuple(spec.name for spec in OPTIONAL_COLUMNS)
NAMES = tuple(spec.name for spec in SOCKET_COLUMNS)
FORMATS = {spec.name: spec.format for spec in SOCKET_COLUMNS + OPTIONAL_COLUMNS}


@pytest.fixture
def lender(implementation: Implementation) -> Implementation:
    if not implementation.lends_memory:
        pytest.skip("before Python 3.12 a Python class cannot offer its memory")
    return implementation


def mapped(text: str) -> bytes:
    """An address as the table keeps it."""
    if ":" in text:
        return socket.inet_pton(socket.AF_INET6, text)
    return bytes(10) + b"\xff\xff" + socket.inet_aton(text)


def row(**changes: Any) -> tuple[Any, ...]:
    """The raw values of an established connection, with `changes`; optional fields last."""
    values = {
        "protocol": 6,
        "family": 2,
        "state": 1,
        "timer": 0,
        "local_address": mapped("127.0.0.1"),
        "remote_address": mapped("10.20.30.40"),
        "local_port": 5000,
        "remote_port": 54321,
        "rx_queue": 7,
        "tx_queue": 0,
        "uid": 1000,
        "retransmits": 0,
        "inode": 4026,
        "netns": 4026531840,
        "timer_expires_ms": 0,
        "cookie": 0,
        "backlog_limit": -1,
    }
    changed = values | changes
    return tuple(changed[name] for name in FORMATS if name in changed)


VALUES = {
    "B": st.integers(0, 2**8 - 1),
    "H": st.integers(0, 2**16 - 1),
    "I": st.integers(0, 2**32 - 1),
    "Q": st.integers(0, 2**64 - 1),
    "i": st.integers(-(2**31), 2**31 - 1),
    "q": st.integers(-(2**63), 2**63 - 1),
    "16s": st.binary(min_size=16, max_size=16),
    "v": st.binary(max_size=40),
}
LIMITS = {
    format: (0, 2 ** (8 * struct.calcsize(format)) - 1)
    if format.isupper()
    else (-(2 ** (8 * struct.calcsize(format) - 1)), 2 ** (8 * struct.calcsize(format) - 1) - 1)
    for format in "BHIQiq"
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Rows for `from_rows`, and the optional fields that they end with, in any order."""
    fields = draw(st.lists(st.sampled_from(FIELDS), unique=True))
    held = [*NAMES, *(name for name in FIELDS if name in fields)]
    return draw(st.lists(st.tuples(*(VALUES[FORMATS[name]] for name in held)), max_size=5)), fields


# Columns


@pytest.mark.parametrize("format", LIMITS)
def test_a_column_keeps_its_numbers(implementation: Implementation, format: str) -> None:
    low, high = LIMITS[format]
    values = [low, high, 1, 0]
    column = implementation.column(format, values)
    assert (column.name, column.format, len(column)) == ("example", format, 4)
    assert list(column) == column.tolist() == values
    assert (column[0], column[3], column[-1], column[-4]) == (low, 0, 0, low)
    for outside in (4, -5):
        with pytest.raises(IndexError):
            column[outside]


@pytest.mark.parametrize("format", LIMITS)
def test_a_number_out_of_range_is_refused(implementation: Implementation, format: str) -> None:
    low, high = LIMITS[format]
    for outside in (low - 1, high + 1, 2**70, 1.5, "1", None, b"\x01"):
        with pytest.raises(OverflowError, match="example: .* does not fit"):
            implementation.column(format, [0, outside])


def test_an_address_has_16_bytes(implementation: Implementation) -> None:
    column = implementation.column("16s", [bytes(range(16)), bytes(16)])
    assert column.tolist() == [bytes(range(16)), bytes(16)]
    for wrong in (b"", bytes(15), bytes(17)):
        with pytest.raises(OverflowError, match="16 bytes"):
            implementation.column("16s", [wrong])
    for other in ("1" * 16, 1, None):
        with pytest.raises(OverflowError, match="does not fit"):
            implementation.column("16s", [other])


def test_columns_are_equal_by_format_and_values(implementation: Implementation) -> None:
    column = implementation.column("I", [1, 2])
    assert column == implementation.table.Column.from_values("another name", "I", [1, 2])
    for other in (
        implementation.column("i", [1, 2]),
        implementation.column("Q", [1, 2]),
        implementation.column("I", [1, 3]),
        implementation.column("I", [1]),
        [1, 2],
    ):
        assert column != other
    assert implementation.column("I", []) == implementation.column("I", [])
    with pytest.raises(TypeError):
        hash(column)


def test_a_column_has_no_other_maker(implementation: Implementation) -> None:
    with pytest.raises(TypeError, match="from_values"):
        implementation.table.Column()


@pytest.mark.parametrize("format", LIMITS)
@pytest.mark.parametrize("length", [0, 1, 100_000])
def test_a_column_lends_its_memory(lender: Implementation, format: str, length: int) -> None:
    values = [n % 251 for n in range(length)]
    view = memoryview(lender.column(format, values))
    assert (view.format, view.ndim, view.shape) == (format, 1, (length,))
    assert view.readonly and view.contiguous and view.itemsize == struct.calcsize(format)
    assert view.tolist() == values
    assert bytes(view) == struct.pack(f"{length}{format}", *values)


@pytest.mark.parametrize("length", [0, 1, 10_000])
def test_an_address_column_lends_bytes(lender: Implementation, length: int) -> None:
    values = [struct.pack("<QQ", n, n) for n in range(length)]
    view = memoryview(lender.column("16s", values))
    assert (view.format, view.itemsize, view.shape, view.strides) == ("B", 1, (length, 16), (16, 1))
    assert view.readonly and view.c_contiguous and view.nbytes == 16 * length
    assert view.tobytes() == b"".join(values)


def test_a_column_is_read_only(lender: Implementation) -> None:
    column = lender.column("I", [1, 2])
    with pytest.raises(TypeError):
        memoryview(column)[0] = 5
    with pytest.raises(TypeError):
        column[0] = 5
    with pytest.raises(TypeError):
        io.BytesIO(b"12345678").readinto(column)
    with pytest.raises((TypeError, BufferError)):
        (ctypes.c_char * 8).from_buffer(column)
    assert column.tolist() == [1, 2]


def test_numpy_copies_nothing(lender: Implementation) -> None:
    numpy = pytest.importorskip("numpy")
    rows = lender.rows(row(), row(rx_queue=9))
    for spec in SOCKET_COLUMNS:
        column = rows.column(spec.name)
        found = numpy.asarray(column)
        again = numpy.frombuffer(column, "u1")
        assert found.__array_interface__["data"] == again.__array_interface__["data"]
        assert numpy.shares_memory(found, again)
        assert not found.flags.writeable and not found.flags.owndata
        if spec.format == "16s":
            assert (found.dtype, found.shape) == (numpy.uint8, (2, 16))
            assert found[0].tobytes() == column[0]
        else:
            assert (found.dtype, found.shape) == (numpy.dtype(spec.format), (2,))
            assert found.tolist() == column.tolist()
    assert numpy.asarray(lender.rows().column("local_address")).shape == (0, 16)


def test_lent_memory_outlives_the_table(lender: Implementation) -> None:
    rows = lender.rows(*(row(inode=n) for n in range(20_000)))
    view = memoryview(rows.column("inode"))
    del rows
    gc.collect()
    lender.rows(*(row(inode=0) for _ in range(20_000)))  # would reuse freed memory
    assert view.tolist() == list(range(20_000))


# Rows


@given(tables())
def test_rows_come_back_alike_from_both_twins(made_up: tuple[list[Any], list[str]]) -> None:
    rows, fields = made_up
    made = [table.SocketRows.from_rows(iter(rows), fields) for table in TWINS]
    for found in made:
        assert list(found.rows()) == rows
        assert len(found) == found.length == len(rows)
        assert found.fields == tuple(fields)
        assert found.column_names() == NAMES + tuple(name for name in FIELDS if name in fields)
    first = made[0]
    for found in made[1:]:
        for one, other in zip(first, found, strict=True):
            assert one.as_dict() == other.as_dict()
            assert list(one.as_dict()) == list(other.as_dict())
            assert hash(one) == hash(other)
            assert repr(one) == repr(other)
        for name in first.column_names():
            assert first.column(name).tolist() == found.column(name).tolist()


def test_a_record_has_92_bytes() -> None:
    assert sum(struct.calcsize("=" + spec.format) for spec in SOCKET_COLUMNS) == 92
    assert sum(struct.calcsize("=" + spec.format) for spec in OWNER_COLUMNS) == 24


def test_an_unknown_field_is_named_with_the_known_ones(implementation: Implementation) -> None:
    for make in (
        implementation.table.SocketRows,
        lambda fields: implementation.table.SocketRows.from_rows([], fields),
    ):
        with pytest.raises(ValueError, match="unknown field 'mood'; .*timeout, .*drops"):
            make(["rto", "mood"])
        with pytest.raises(ValueError, match="unknown field 'inode'"):
            make(["inode"])  # always there
        with pytest.raises(ValueError, match="'tcp_info.mood'; inside tcp_info there are state, "):
            make(["tcp_info.mood"])


def test_fields_are_as_asked_and_columns_have_one_order(implementation: Implementation) -> None:
    rows = implementation.rows(row(refcount=2, rto=200_000), fields=["rto", "refcount", "rto"])
    assert rows.fields == ("rto", "refcount")
    assert rows.column_names() == (*NAMES, "refcount", "rto")
    assert list(rows[0].as_dict())[-2:] == ["rto", "refcount"]
    assert rows[0].field("rto") == 200_000
    assert rows[0].field("refcount") == 2


@pytest.mark.parametrize("values", [row()[:-1], row(rto=1), ()])
def test_a_row_of_another_length_is_refused(
    implementation: Implementation, values: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError, match="for 17 columns"):
        implementation.rows(row(), values)


def test_a_row_with_a_value_out_of_range_is_refused(implementation: Implementation) -> None:
    for name in NAMES:
        wrong = bytes(17) if FORMATS[name] == "16s" else 2**64
        with pytest.raises(OverflowError, match=name):
            implementation.rows(row(**{name: wrong}))
    for name in FIELDS:
        with pytest.raises(OverflowError, match=f"{name}: .* does not fit"):
            implementation.rows(row(**{name: 2**64}), fields=[name])


def test_columns_by_name(implementation: Implementation) -> None:
    rows = implementation.rows(row(inode=11), row(inode=12))
    assert rows.column("inode").name == "inode"
    assert rows.column("inode").format == "Q"
    assert rows.column("inode").tolist() == [11, 12]
    with pytest.raises(KeyError, match="fields="):
        rows.column("rto")
    with pytest.raises(KeyError, match="no column 'mood'"):
        rows.column("mood")


def test_rows_by_index(implementation: Implementation) -> None:
    rows = implementation.rows(row(inode=11), row(inode=12), row(inode=13))
    assert [s.inode for s in rows] == [11, 12, 13]
    assert [rows[n].inode for n in (0, 2, -1, -3)] == [11, 13, 13, 11]
    for outside in (3, -4):
        with pytest.raises(IndexError, match="^row index out of range$"):
            rows[outside]
    assert list(implementation.rows()) == []


def test_tables_are_equal_by_fields_and_columns(implementation: Implementation) -> None:
    rows = implementation.rows(row(), row(inode=5))
    assert rows == implementation.rows(row(), row(inode=5))
    for other in (
        implementation.rows(row(inode=5), row()),
        implementation.rows(row()),
        implementation.rows(row(rto=0), row(inode=5, rto=0), fields=["rto"]),
        [row(), row(inode=5)],
    ):
        assert rows != other
    assert implementation.rows() != implementation.rows(fields=["rto"])
    with pytest.raises(TypeError):
        hash(rows)


def test_pick_takes_rows_in_the_order_asked(implementation: Implementation) -> None:
    rows = implementation.rows(*(row(inode=n, rto=n + 1) for n in range(5)), fields=["rto"])
    picked = rows.pick(implementation.column("I", [4, 0, 0, 2]))
    assert picked.fields == ("rto",)
    assert [(s.inode, s.field("rto")) for s in picked] == [(4, 5), (0, 1), (0, 1), (2, 3)]
    assert len(rows.pick(implementation.column("I", []))) == 0
    with pytest.raises(IndexError, match="row index out of range"):
        rows.pick(implementation.column("I", [5]))
    with pytest.raises(TypeError, match="format I"):
        rows.pick(implementation.column("i", [0]))


def test_pick_of_all_rows_in_order_is_the_table(implementation: Implementation) -> None:
    """What is attached to it is attached to that table; to other picks not."""
    rows = implementation.rows(*(row(inode=n) for n in range(3)))
    orders: tuple[list[int], ...] = ([0, 1, 2], [0, 2, 1], [0, 1], [0, 1, 2, 2], [])
    picks = [rows.pick(implementation.column("I", order)) for order in orders]
    assert [picked is rows for picked in picks] == [True] + [False] * 4
    owners = implementation.table.OwnerRows([])
    implementation.group.OwnerIndex(owners)
    picks[1].attach_owners(owners, implementation.column("i", [-1] * 3))
    assert rows.owner_heads() is None
    picks[0].attach_owners(owners, implementation.column("i", [-1] * 3))
    assert rows.owner_heads() is not None
    assert picks[2].owner_heads() is None
    empty = implementation.rows()
    assert empty.pick(implementation.column("I", [])) is empty


def test_pick_makes_its_own_kind(implementation: Implementation) -> None:
    kind: Any = type("Kind", (implementation.table.SocketRows,), {})
    assert type(kind.from_rows([row()]).pick(implementation.column("I", [0]))) is kind


def test_a_class_built_on_rows_may_have_its_own_init(implementation: Implementation) -> None:
    def set_more(self: Any, *ignored: Any, more: int = 0) -> None:
        self.more = more

    rows = type("Kind", (implementation.table.SocketRows,), {"__init__": set_more})(["rto"], more=3)
    assert (rows.more, rows.fields, len(rows)) == (3, ("rto",), 0)


# Columns of variable width, and what is inside of them

# rtt is at 68; a structure that ends in it, and one that ends before it.
RTT = bytes(68) + struct.pack("=I", 1234)
BLOBS = [b"", b"/run/bus", b"\0abstract", bytes(300), b"x"]


def test_a_column_of_bytes(implementation: Implementation) -> None:
    column = implementation.table.BlobColumn.from_values("example", BLOBS)
    assert (column.name, column.format, len(column)) == ("example", "v", 5)
    assert list(column) == column.tolist() == BLOBS
    assert (column[1], column[-1], column[-5]) == (b"/run/bus", b"x", b"")
    assert column.offsets.tolist() == [0, 0, 8, 17, 317, 318]
    assert bytes(column.data.tolist()) == b"".join(BLOBS)
    assert (column.offsets.format, column.data.format) == ("Q", "B")
    for outside in (5, -6):
        with pytest.raises(IndexError, match="^column index out of range$"):
            column[outside]
    make = implementation.table.BlobColumn.from_values
    assert column == make("another name", BLOBS)
    for other in (make("example", BLOBS[:-1]), make("example", [*BLOBS[:-1], b"y"]),
                  make("example", [b"/", b"run/bus", *BLOBS[2:]]), BLOBS):  # fmt: skip
        assert column != other
    assert make("example", []).offsets.tolist() == [0]
    assert make("example", []).tolist() == []
    with pytest.raises(TypeError):
        hash(column)
    with pytest.raises(TypeError, match="from_values"):
        implementation.table.BlobColumn()
    for wrong in ("text", 1, None, bytearray(b"x")):
        with pytest.raises(OverflowError, match="example: .* does not fit"):
            make("example", [wrong])


def test_a_column_of_bytes_lends_its_memory(lender: Implementation) -> None:
    rows = lender.rows(*(row(path=blob) for blob in BLOBS), fields=["path"])
    column = rows.column("path")
    del rows
    offsets, data = memoryview(column.offsets), memoryview(column.data)
    assert (offsets.format, offsets.shape, offsets.readonly) == ("Q", (6,), True)
    assert (data.format, data.shape, data.readonly) == ("B", (318,), True)
    assert [bytes(data[offsets[n] : offsets[n + 1]]) for n in range(5)] == BLOBS
    empty = lender.rows(fields=["path"]).column("path")
    assert memoryview(empty.offsets).tolist() == [0]
    assert len(memoryview(empty.data)) == 0


def test_tables_end_to_end(implementation: Implementation) -> None:
    one = implementation.rows(
        row(inode=1, rto=7, path=b"/run/a"), row(inode=2, rto=8, path=b""), fields=["rto", "path"]
    )
    other = implementation.rows(
        *(row(inode=n, mark=n, path=b"x" * n) for n in range(3, 600)), fields=["path", "mark"]
    )
    bare = implementation.rows(row(inode=600))
    none = implementation.rows(fields=["path"])
    tables = [one, none, other, bare, one, none]
    kind: Any = type("Kind", (implementation.table.SocketRows,), {})
    fields = ["path", "rto", "mark"]
    joined = kind.from_tables(iter(tables), fields)
    assert type(joined) is kind
    assert joined.fields == tuple(fields)
    assert joined.column_names() == (*NAMES, "rto", "mark", "path")
    expected = implementation.rows(
        row(inode=1, rto=7, mark=0, path=b"/run/a"),
        row(inode=2, rto=8, mark=0, path=b""),
        *(row(inode=n, rto=0, mark=n, path=b"x" * n) for n in range(3, 600)),
        row(inode=600, rto=0, mark=0, path=b""),
        row(inode=1, rto=7, mark=0, path=b"/run/a"),
        row(inode=2, rto=8, mark=0, path=b""),
        fields=fields,
    )
    assert joined == expected
    assert list(joined.rows()) == list(expected.rows())
    assert kind.from_tables(tables).rows().__next__() == row(inode=1)
    for nothing in ([], [none, none]):
        assert len(kind.from_tables(nothing, fields)) == 0
    with pytest.raises(ValueError, match="nonsense"):
        kind.from_tables(tables, ["nonsense"])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from(BLOBS), max_size=9), max_size=5))
def test_bytes_end_to_end_in_both_twins(parts: list[list[bytes]]) -> None:
    for twin in TWINS:
        make = twin.SocketRows.from_rows
        tables = [make([row(path=value) for value in part], ["path"]) for part in parts]
        joined = twin.SocketRows.from_tables(tables, ["path"])
        assert joined.column("path").tolist() == [value for part in parts for value in part]
        assert joined == make([one for table in tables for one in table.rows()], ["path"])


def test_rows_with_bytes(implementation: Implementation) -> None:
    rows = implementation.rows(
        *(row(inode=n, mark=n, path=blob) for n, blob in enumerate(BLOBS)),
        fields=["path", "mark"],
    )
    assert rows.column("path").tolist() == BLOBS
    assert [s.field("path") for s in rows] == BLOBS
    assert [s.as_dict()["path"] for s in rows] == [
        None, "/run/bus", "@abstract", "@" + "\\x00" * 299, "x",
    ]  # fmt: skip
    picked = rows.pick(implementation.column("I", [4, 1, 1, 0]))
    assert picked.fields == ("path", "mark")
    assert picked.column("path").tolist() == [b"x", b"/run/bus", b"/run/bus", b""]
    assert picked.column("mark").tolist() == [4, 1, 1, 0]
    assert rows == implementation.rows(*rows.rows(), fields=["mark", "path"])
    assert rows != implementation.rows(
        *(row(inode=n, mark=n, path=b"") for n in range(5)), fields=["path", "mark"]
    )
    assert rows[1] == picked[1] and hash(rows[1]) == hash(picked[1]) and rows[1] != rows[2]


def test_many_bytes_are_picked(implementation: Implementation) -> None:
    """Enough of them that the memory moves while it fills, some of it mapped."""
    blobs = [bytes((n % 251,)) * (n % 400) for n in range(3000)]
    rows = implementation.rows(
        *(row(inode=n, skmem=blob, path=blob[::-1]) for n, blob in enumerate(blobs)),
        fields=["path", "skmem"],
    )
    order = [n * 7 % 3000 for n in range(3000)]
    picked = rows.pick(implementation.column("I", order))
    for name in ("path", "skmem"):
        assert picked.column(name).tolist() == [blobs[n] for n in order]
    assert picked.column("skmem").offsets[-1] == len(picked.column("skmem").data)


def test_a_member_is_decoded_on_demand(implementation: Implementation) -> None:
    rows = implementation.rows(
        *(row(tcp_info=raw) for raw in (RTT, RTT[:-1], b"")), fields=["tcp_info.rtt"]
    )
    assert rows.fields == ("tcp_info.rtt",)
    assert rows.column_names() == (*NAMES, "tcp_info")
    column = rows.column("tcp_info.rtt")
    assert (column.name, column.format, column.tolist()) == ("tcp_info.rtt", "q", [1234, -1, -1])
    assert [s.field("tcp_info.rtt") for s in rows] == [1234, None, None]
    assert [s.as_dict()["tcp_info.rtt"] for s in rows] == [1234, None, None]
    assert all("tcp_info" not in s.as_dict() for s in rows)
    # The raw column is there: what else is in it need not be asked for again.
    assert rows.column("tcp_info").tolist() == [RTT, RTT[:-1], b""]
    assert rows.column("tcp_info.state").tolist() == [0, 0, -1]
    picked = rows.pick(implementation.column("I", [2, 0]))
    assert picked.fields == rows.fields
    assert picked.column("tcp_info.rtt").tolist() == [-1, 1234]
    for make in (rows.column, rows[0].field):
        with pytest.raises(KeyError, match="skmem.*was not asked for; scan with fields="):
            make("skmem.rcvbuf")
        with pytest.raises(KeyError, match="no column 'tcp_info.mood'"):
            make("tcp_info.mood")


def test_several_members_hold_the_raw_column_once(implementation: Implementation) -> None:
    fields = ["tcp_info.rtt", "tcp_info", "skmem.rcvbuf", "tcp_info.state"]
    rows = implementation.rows(
        row(tcp_info=RTT, skmem=struct.pack("=9I", *range(9))), fields=fields
    )
    assert rows.fields == tuple(fields)
    assert rows.column_names() == (*NAMES, "tcp_info", "skmem")
    made = rows[0].as_dict()
    assert list(made)[-4:] == fields
    assert (made["tcp_info.rtt"], made["skmem.rcvbuf"], made["tcp_info.state"]) == (1234, 1, 0)
    assert made["tcp_info"]["rtt"] == 1234
    assert "rttvar" not in made["tcp_info"]
    assert list(made["tcp_info"])[-1] == "rtt"


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_members_are_alike_in_both_twins(blobs: list[bytes]) -> None:
    names = [f"{raw}.{name}" for raw in ("tcp_info", "skmem") for name in attributes.MEMBERS[raw]]
    for name in names:
        column, member = attributes.find_member(name) or pytest.fail(name)
        expected = [attributes.parse_member(blob, member) for blob in blobs]
        for table in TWINS:
            rows = table.SocketRows.from_rows([row(**{column: blob}) for blob in blobs], [name])
            assert rows.column(name).tolist() == expected
            assert [s.field(name) for s in rows] == [None if v < 0 else v for v in expected]


def test_unknown_optional_values_are_none(implementation: Implementation) -> None:
    fields = ["socket_cgroup", "type", "peer", "interface", "mark", "v6only"]
    rows = implementation.rows(
        row(**dict.fromkeys(fields, 0)), row(**dict.fromkeys(fields, 1)), fields=fields
    )
    assert [rows[0].as_dict()[name] for name in fields] == [None, None, None, 0, 0, 0]
    assert [rows[1].as_dict()[name] for name in fields] == [1, "stream", 1, 1, 1, 1]
    assert [rows[0].field(name) for name in fields] == [0] * 6


# Views of a row


def test_a_socket_shows_its_row(implementation: Implementation) -> None:
    listener = row(
        state=10, timer=2, family=10, local_address=mapped("2001:db8::1"), backlog_limit=128,
        remote_address=bytes(16), remote_port=0, retransmits=3, timer_expires_ms=-20, cookie=99,
        tx_queue=5,
    )  # fmt: skip
    (s,) = implementation.rows(listener)
    assert (s.protocol, s.family, s.timer) == ("tcp", "ipv6", "keepalive")
    assert s.state is tcp.State.LISTEN
    assert (s.local_address, s.local_port) == ("2001:db8::1", 5000)
    assert (s.remote_address, s.remote_port) == ("::", 0)
    assert (s.rx_queue, s.tx_queue, s.backlog_limit) == (7, 5, 128)
    assert (s.uid, s.inode, s.netns, s.cookie) == (1000, 4026, 4026531840, 99)
    assert (s.timer_expires_ms, s.retransmits) == (-20, 3)
    assert s.field("state") == 10 and s.field("local_address") == mapped("2001:db8::1")
    with pytest.raises(AttributeError):
        s.inode = 5
    with pytest.raises(KeyError):
        s.field("rto")


def test_what_the_source_does_not_know_is_none(implementation: Implementation) -> None:
    (s,) = implementation.rows(row(netns=0, cookie=0, backlog_limit=-1))
    assert (s.netns, s.cookie, s.backlog_limit, s.owners, s.owner_state) == (None,) * 5


def test_unknown_numbers_pass_through(implementation: Implementation) -> None:
    (s,) = implementation.rows(row(state=14, timer=9, protocol=132, family=40))
    assert (s.state, s.as_dict()["state"]) == (14, "state-14")
    assert (s.timer, s.protocol, s.family) == ("timer-9", "protocol-132", "family-40")
    assert [s.state for s in implementation.rows(*(row(state=n) for n in range(256)))] == list(
        range(256)
    )


def test_as_dict_is_the_json_object(implementation: Implementation) -> None:
    rows = implementation.rows(row(cwnd=10, rto=204_000), fields=["cwnd", "rto"])
    made = rows[0].as_dict()
    assert list(made.items()) == [
        ("protocol", "tcp"),
        ("family", "ipv4"),
        ("state", "ESTABLISHED"),
        ("local_address", "127.0.0.1"),
        ("local_port", 5000),
        ("remote_address", "10.20.30.40"),
        ("remote_port", 54321),
        ("rx_queue", 7),
        ("tx_queue", 0),
        ("backlog_limit", None),
        ("uid", 1000),
        ("inode", 4026),
        ("netns", 4026531840),
        ("timer", "off"),
        ("timer_expires_ms", 0),
        ("retransmits", 0),
        ("cookie", None),
        ("cwnd", 10),
        ("rto", 204_000),
    ]
    assert type(made["state"]) is str


def test_sockets_are_equal_by_their_values(implementation: Implementation) -> None:
    one, same, other = implementation.rows(row(), row(), row(inode=5))
    assert one == same and hash(one) == hash(same)
    assert one != other and one != row()
    assert len({one, same, other}) == 2
    assert one != implementation.rows(row(rto=0), fields=["rto"])[0]


def test_a_socket_keeps_its_table_alive(implementation: Implementation) -> None:
    # The class itself has no weak references, one built on it has.
    kind: Any = type("Kind", (implementation.table.SocketRows,), {})
    rows = kind.from_rows([row(inode=n) for n in range(1000)])
    alive = weakref.ref(rows)
    s = rows[700]
    del rows
    gc.collect()
    assert alive() is not None and s.inode == 700
    del s
    gc.collect()
    assert alive() is None


def test_an_iterator_keeps_its_table_alive(implementation: Implementation) -> None:
    iterator = iter(implementation.rows(*(row(inode=n) for n in range(1000))))
    next(iterator)
    gc.collect()
    assert [s.inode for s in iterator] == list(range(1, 1000))
    assert next(iterator, None) is None


# Owners

NGINX = b"ng\x1b[1minx"


def owner_rows(implementation: Implementation) -> Any:
    """Process 20 and its child 21 share socket 7; a thread of 21 with descriptors has 8."""
    processes = [
        implementation.table.Process(20, 1000, NGINX, 0, 4026531840, b"/web"),
        implementation.table.Process(21, 1001, b"worker", 33, 4026531840, b"/web"),
    ]
    rows = [(7, 20, 3, 20, 0), (9, 20, 4, 20, 0), (7, 21, 3, 21, 1), (8, 21, -1, 25, 1)]
    return implementation.table.OwnerRows.from_rows(rows, processes)


def joined(implementation: Implementation) -> Any:
    owners = owner_rows(implementation)
    rows = implementation.rows(*(row(inode=inode) for inode in (7, 0, 8, 5)))
    heads = implementation.group.OwnerIndex(owners).heads(rows, implementation.table.OWNER_HIDDEN)
    rows.attach_owners(owners, heads)
    return rows


def test_owner_rows_come_back(implementation: Implementation) -> None:
    owners = owner_rows(implementation)
    assert len(owners) == owners.length == 4
    assert list(owners.rows())[3] == (8, 21, -1, 25, 1)
    assert owners.column("tid").tolist() == [20, 20, 21, 25]
    assert owners == owner_rows(implementation)
    assert owners != implementation.table.OwnerRows.from_rows([], owners.processes)
    assert owners != implementation.table.OwnerRows.from_rows(owners.rows(), [])
    with pytest.raises(KeyError, match="no column 'port'"):
        owners.column("port")
    with pytest.raises(OverflowError):
        implementation.table.OwnerRows.from_rows([(-1, 20, 3, 20, 0)], owners.processes)
    with pytest.raises(OverflowError):
        implementation.table.OwnerRows.from_rows([(1, 2**31, 3, 20, 0)], owners.processes)
    assert len(implementation.table.OwnerRows()) == 0
    assert implementation.table.OwnerRows().processes == []


def test_processes_are_equal_by_all_they_have(implementation: Implementation) -> None:
    values = (20, 1000, b"nginx", 0, 4026531840, b"/web")
    process = implementation.table.Process(*values)
    assert process == implementation.table.Process(*values)
    for n, other in enumerate((21, 1001, b"nginy", 1, 0, b"/")):
        assert process != implementation.table.Process(*values[:n], other, *values[n + 1 :])
    assert process != values


def test_owner_states_differ(implementation: Implementation) -> None:
    rows = joined(implementation)
    assert [s.owner_state for s in rows] == ["found", "none", "found", "hidden"]
    assert [s.owners is None for s in rows] == [False, False, False, True]
    assert rows[1].owners == []
    heads = implementation.column("i", [0, -1, 3, implementation.table.OWNER_UNKNOWN])
    rows.attach_owners(rows.owners, heads)
    assert rows.owner_heads() == heads
    assert (rows[3].owner_state, rows[3].owners) == ("unknown", None)


def test_all_owners_are_kept_in_order(implementation: Implementation) -> None:
    rows = joined(implementation)
    shared = rows[0].owners
    assert [(owner.pid, owner.fd, owner.tid) for owner in shared] == [(20, 3, 20), (21, 3, 21)]
    assert [owner.command for owner in shared] == [NGINX, b"worker"]
    assert shared[1].process is rows.owners.processes[1]
    assert shared == rows[0].owners and len({*shared, *rows[0].owners}) == 2
    assert shared[0] != shared[1]


def test_owners_as_dict(implementation: Implementation) -> None:
    made = [s.as_dict() for s in joined(implementation)]
    assert all(list(one)[-2:] == ["owners", "owner_state"] for one in made)
    assert [(one["owners"], one["owner_state"]) for one in made] == [
        (
            [
                {"pid": 20, "fd": 3, "command": r"ng\x1b[1minx"},
                {"pid": 21, "fd": 3, "command": "worker"},
            ],
            "found",
        ),
        ([], "none"),
        ([{"pid": 21, "fd": -1, "command": "worker", "tid": 25}], "found"),
        (None, "hidden"),
    ]


def test_pick_keeps_the_owners(implementation: Implementation) -> None:
    rows = joined(implementation)
    picked = rows.pick(implementation.column("I", [3, 0]))
    assert picked.owners is rows.owners
    assert picked.owner_heads().tolist() == [-2, 0]
    assert [s.as_dict() for s in picked] == [rows[3].as_dict(), rows[0].as_dict()]
    # Equality is of the sockets: who holds them is another question.
    assert picked == implementation.rows(row(inode=5), row(inode=7))


def test_heads_of_another_table_are_refused(implementation: Implementation) -> None:
    rows = implementation.rows(row(), row())
    owners = owner_rows(implementation)
    for heads in (implementation.column("i", [0]), implementation.column("I", [0, 0])):
        with pytest.raises(ValueError, match="heads"):
            rows.attach_owners(owners, heads)
    assert rows.owners is None and rows.owner_heads() is None


# Addresses


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "fe80::1", "2001:db8:0:1:1:1:1:1",
     "2001:db8::1:0:0:1", "1:0:0:2::", "::ffff:0:102:304"],
)  # fmt: skip
def test_addresses_are_printed_as_ipaddress_does(implementation: Implementation, text: str) -> None:
    family = 10 if ":" in text else 2
    assert implementation.table.format_address(mapped(text), family) == text
    assert str(ipaddress.ip_address(text)) == text


def test_a_mapped_address_of_ipv6_is_printed_dotted(implementation: Implementation) -> None:
    # Here ipaddress agrees from Python 3.13 on; before it printed ::ffff:102:304.
    assert implementation.table.format_address(mapped("1.2.3.4"), 10) == "::ffff:1.2.3.4"
    assert implementation.table.format_address(mapped("1.2.3.4"), 2) == "1.2.3.4"


@given(address=st.binary(min_size=16, max_size=16), zeros=st.integers(0, 0xFFFF))
def test_addresses_are_printed_as_inet_ntop_does(address: bytes, zeros: int) -> None:
    # Random addresses have no runs of zeros: `zeros` says which bytes to clear.
    cleared = bytes(0 if zeros >> n & 1 else byte for n, byte in enumerate(address))
    for table in TWINS:
        printed = socket.inet_ntop(socket.AF_INET6, cleared)
        assert table.format_address(cleared, 10) == printed
        assert table.format_address(cleared, 2) == socket.inet_ntop(socket.AF_INET, cleared[12:])


def test_an_address_of_another_length_is_refused(implementation: Implementation) -> None:
    for wrong in (b"", bytes(4), bytes(17)):
        with pytest.raises(ValueError, match="16 bytes"):
            implementation.table.format_address(wrong, 10)


# Memory

GROW = """
import sys
from importlib import import_module
from itertools import repeat

def peak():
    # Not ru_maxrss, which starts with what the parent of this process had.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

row = eval(sys.argv[2])
rows = import_module(sys.argv[1]).SocketRows
rows.from_rows([row] * 10)
before = peak()
made = rows.from_rows(repeat(row, int(sys.argv[3])))
print(len(made), peak() - before)
"""


def test_a_million_rows_are_never_there_twice(implementation: Implementation) -> None:
    module = implementation.table.__name__
    result = subprocess.run(
        [sys.executable, "-c", GROW, module, repr(row()), "1000000"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    length, grown = map(int, result.stdout.split())
    assert length == 1_000_000
    assert grown <= 96 * length  # 92 bytes a socket, and the pages that allocation rounds up to


def test_bytes_of_many_rows_are_never_there_twice(implementation: Implementation) -> None:
    module = implementation.table.__name__
    script = GROW
    for rows in ("[row] * 10", "repeat(row, int(sys.argv[3]))"):
        script = script.replace(rows, f"{rows}, ['tcp_info']")
    result = subprocess.run(
        [sys.executable, "-c", script, module, repr(row(tcp_info=bytes(248))), "300000"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    length, grown = map(int, result.stdout.split())
    assert length == 300_000
    # 92 bytes a socket, 8 for where its bytes begin, and the bytes; a realloc() may keep a
    # sixteenth in hand.
    assert grown <= 1.1 * (92 + 8 + 248) * length


@settings(max_examples=20)
@given(st.lists(st.integers(0, 299), max_size=400))
def test_pick_is_alike_in_both_twins(indices: list[int]) -> None:
    for table in TWINS:
        rows = table.SocketRows.from_rows([row(inode=n) for n in range(300)])
        picked = rows.pick(table.Column.from_values("index", "I", indices))
        assert picked.column("inode").tolist() == indices
