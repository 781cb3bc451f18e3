"""A table as Arrow data: what pyarrow, polars and DuckDB read, and whose memory it is."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from fastsock import arrow, tcp
from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS
from fastsock.table import SocketTable

pytest.importorskip("nanoarrow", reason="nanoarrow, the arrow extra, is not installed")

FIELDS = tuple(spec.name for spec in OPTIONAL_COLUMNS)
HERE = bytes(10) + b"\xff\xff\x7f\x00\x00\x01"
THERE = bytes.fromhex("20010db8000000000000000000000001")


class Lent:
    """Rows of either twin behind the methods that SocketTable has."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __arrow_c_schema__(self) -> object:
        return arrow.export_schema(self.rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return arrow.export_stream(self.rows, requested_schema)


@pytest.fixture
def pyarrow() -> Any:
    return pytest.importorskip("pyarrow", reason="pyarrow is not installed")


@pytest.fixture
def polars() -> Any:
    return pytest.importorskip("polars", reason="polars is not installed")


@pytest.fixture
def duckdb() -> Any:
    return pytest.importorskip("duckdb", reason="duckdb is not installed")


@pytest.fixture(params=["_table", "_table_py"])
def twin(request: pytest.FixtureRequest) -> Any:
    if importlib.util.find_spec(f"fastsock.{request.param}") is None:
        pytest.skip("this build has no extension")
    return importlib.import_module(f"fastsock.{request.param}").SocketRows


def row(**changes: Any) -> tuple[Any, ...]:
    """The raw values of a connection, with `changes`; optional fields last."""
    values = {spec.name: 0 for spec in SOCKET_COLUMNS} | {
        "protocol": 6,
        "family": 10,
        "state": 1,
        "local_address": HERE,
        "remote_address": THERE,
        "local_port": 443,
        "netns": 4026531840,
        "backlog_limit": -1,
    }
    order = tuple(spec.name for spec in SOCKET_COLUMNS) + FIELDS
    changed = values | changes
    return tuple(changed[name] for name in order if name in changed)


def mixed(rows: type[Any], n: int = 30) -> Any:
    """Rows with every state that has a name, known and unknown values."""
    return rows.from_rows(
        [
            row(
                state=1 + i % 11,
                inode=2**63 + i,
                rx_queue=2**32 - 1 - i,
                timer_expires_ms=-i,
                cookie=i % 3 << 40,
                backlog_limit=(-1, 128, 0)[i % 3],
                netns=0 if i % 5 == 0 else 4026531840,
            )
            for i in range(n)
        ]
    )


def expected(rows: Any, name: str) -> list[Any]:
    """A column's values, as Arrow should have them."""
    values = rows.column(name).tolist()
    if name in arrow.DICTIONARIES:
        return [arrow.DICTIONARIES[name][0][value] for value in values]
    if name in arrow.UNKNOWN_BYTES:
        unknown = -1 if arrow.UNKNOWN_BYTES[name] else 0
        return [None if value == unknown else value for value in values]
    return list(values)


def address(array: Any) -> int:
    """Where the values of a pyarrow array lie."""
    indices = getattr(array, "indices", array)
    return int(indices.buffers()[1].address)


# What it is


def test_values(pyarrow: Any, twin: Any) -> None:
    rows = mixed(twin)
    table = pyarrow.table(Lent(rows))
    table.validate(full=True)
    assert table.column_names == list(rows.column_names())
    for name in table.column_names:
        assert table[name].to_pylist() == expected(rows, name), name


def test_schema(pyarrow: Any, twin: Any) -> None:
    rows = Lent(mixed(twin))
    schema = pyarrow.schema(rows)
    assert schema == pyarrow.table(rows).schema
    types = {field.name: str(field.type) for field in schema}
    text = "dictionary<values=string, indices=uint8, ordered=0>"
    assert types == {
        "protocol": text,
        "family": text,
        "state": text,
        "timer": text,
        "local_address": "fixed_size_binary[16]",
        "remote_address": "fixed_size_binary[16]",
        "local_port": "uint16",
        "remote_port": "uint16",
        "rx_queue": "uint32",
        "tx_queue": "uint32",
        "uid": "uint32",
        "retransmits": "uint32",
        "inode": "uint64",
        "netns": "uint64",
        "timer_expires_ms": "int64",
        "cookie": "uint64",
        "backlog_limit": "int32",
    }


@pytest.mark.parametrize(("name", "unknown"), [("netns", 0), ("cookie", 0), ("backlog_limit", -1)])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_unknown_is_null(name: str, unknown: int, data: st.DataObject) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    # Values with bytes in common with "unknown", which are not it.
    near = [unknown, 1, 255, 256, 2**31 - 1, 0 if unknown else 2**64 - 1, 1 << 24]
    values = data.draw(st.lists(st.sampled_from(near), max_size=40))
    exported = pyarrow.table(SocketTable.from_rows([row(**{name: value}) for value in values]))
    nulls = [None if value == unknown else value for value in values]
    exported.validate(full=True)
    assert exported[name].to_pylist() == nulls
    assert exported[name].null_count == nulls.count(None)


def test_unknown_is_null_in_every_block(
    pyarrow: Any, twin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow, "BLOCK", 16)
    for n in (15, 16, 17, 31, 32, 33, 100):
        rows = mixed(twin, n)
        table = pyarrow.table(Lent(rows))
        for name in arrow.UNKNOWN_BYTES.keys() & set(rows.column_names()):
            assert table[name].to_pylist() == expected(rows, name)
        paths = [b"x" * (i % 3) for i in range(n)]
        fields = ["path", "tcp_info.state", "type"]
        rows = twin.from_rows([row(path=x, tcp_info=x, type=len(x)) for x in paths], fields)
        table = pyarrow.table(Lent(rows))
        assert table["path"].to_pylist() == [path or None for path in paths]
        assert table["tcp_info.state"].to_pylist() == [ord("x") if x else None for x in paths]
        names = [None, "stream", "dgram"]
        assert table["type"].to_pylist() == [names[len(path)] for path in paths]


def test_unknown_is_null_as_in_a_socket(pyarrow: Any) -> None:
    table = mixed(SocketTable)
    exported = pyarrow.table(table).to_pylist()
    for socket, found in zip(table, exported, strict=True):
        for name in ("netns", "cookie", "backlog_limit", "protocol", "family", "timer"):
            assert getattr(socket, name) == found[name]
        assert tcp.state_name(socket.state) == found["state"]


def test_nothing_unknown_needs_no_bitmap(pyarrow: Any) -> None:
    table = SocketTable.from_rows([row(cookie=7, backlog_limit=0)] * 3)
    for name in ("netns", "cookie", "backlog_limit"):
        assert pyarrow.table(table)[name].chunk(0).buffers()[0] is None


def test_numbers_without_a_name(pyarrow: Any, polars: Any, duckdb: Any, twin: Any) -> None:
    rows = Lent(twin.from_rows([row(state=n, protocol=n, family=n, timer=n) for n in range(256)]))
    table = pyarrow.table(rows)
    table.validate(full=True)
    for name in ("state", "protocol", "family", "timer"):
        values = table[name].to_pylist()
        assert values == list(arrow.DICTIONARIES[name][0])
        assert values[200] == f"{name}-200"
        assert len(set(values)) == 256
        assert polars.DataFrame(rows)[name].cast(polars.String).to_list() == values
        assert [found for (found,) in duckdb.sql(f"select {name} from rows").fetchall()] == values


def test_dictionaries_end_with_the_last_name(pyarrow: Any) -> None:
    state = pyarrow.table(SocketTable.from_rows([row(state=1)]))["state"].chunk(0)
    assert state.dictionary.to_pylist() == list(tcp.NAMES[:12])


NUMBERS = ("timeout", "refcount", "rto", "ato", "cwnd", "ssthresh", "drops")


def test_optional_fields(pyarrow: Any, polars: Any, duckdb: Any, twin: Any) -> None:
    values = {"timeout": 1, "refcount": 2, "rto": 2**40, "ato": 4, "cwnd": 5, "ssthresh": -1}
    rows = twin.from_rows([row(**values, drops=2**32 - 1)] * 2, NUMBERS)
    lent = Lent(rows)
    table = pyarrow.table(lent)
    assert table.column_names[-len(NUMBERS) :] == list(NUMBERS)
    assert [str(table[name].type) for name in ("rto", "ssthresh", "drops")] == [
        "uint64",
        "int32",
        "uint32",
    ]
    raw = [(1, 2, 2**40, 4, 5, -1, 2**32 - 1)] * 2
    assert list(zip(*(table[name].to_pylist() for name in NUMBERS), strict=True)) == raw
    assert polars.DataFrame(lent).select(NUMBERS).rows() == raw
    assert duckdb.sql(f"select {','.join(NUMBERS)} from lent").fetchall() == raw


def test_bytes_are_lent(pyarrow: Any, polars: Any, duckdb: Any, twin: Any) -> None:
    paths = [b"/run/bus", b"", b"\0abstract", b"\xff" * 300]
    rows = twin.from_rows(
        [row(path=path, congestion=b"cubic") for path in paths], ("path", "congestion")
    )
    lent = Lent(rows)
    table = pyarrow.table(lent)
    table.validate(full=True)
    assert [str(table[name].type) for name in ("path", "congestion")] == ["large_binary"] * 2
    expected = [path or None for path in paths]
    assert table["path"].to_pylist() == expected
    assert (table["path"].null_count, table["congestion"].null_count) == (1, 0)
    assert table["congestion"].chunk(0).buffers()[0] is None
    assert polars.DataFrame(lent)["path"].to_list() == expected
    assert duckdb.sql("select path from lent").fetchall() == [(path,) for path in expected]
    empty = pyarrow.table(Lent(twin.from_rows([], ("path",))))
    empty.validate(full=True)
    assert empty["path"].to_pylist() == []


def test_the_bytes_are_the_table_s(pyarrow: Any) -> None:
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    table = SocketTable.from_rows([row(path=b"/run/%d" % n) for n in range(10_000)], ["path"])
    try:
        memoryview(table.column("uid"))
    except TypeError:
        pytest.skip("before Python 3.12 a Python class cannot offer its memory")
    _, offsets, data = pyarrow.table(table)["path"].chunk(0).buffers()
    column = table.column("path")
    for buffer, own in ((offsets, column.offsets), (data, column.data)):
        assert buffer.address == numpy.asarray(own).__array_interface__["data"][0]


def test_members_are_decoded(pyarrow: Any, polars: Any, duckdb: Any, twin: Any) -> None:
    info = bytes(68) + (1234).to_bytes(4, sys.byteorder)
    rows = twin.from_rows([row(tcp_info=raw) for raw in (info, info[:-1], b"")], ["tcp_info.rtt"])
    lent = Lent(rows)
    table = pyarrow.table(lent)
    table.validate(full=True)
    assert table.column_names == [*(spec.name for spec in SOCKET_COLUMNS), "tcp_info.rtt"]
    assert str(table["tcp_info.rtt"].type) == "int64"
    assert table["tcp_info.rtt"].to_pylist() == [1234, None, None]
    assert polars.DataFrame(lent)["tcp_info.rtt"].to_list() == [1234, None, None]
    found = duckdb.sql('select "tcp_info.rtt" from lent').fetchall()
    assert found == [(1234,), (None,), (None,)]


def test_fields_come_as_they_were_asked_for(pyarrow: Any, twin: Any) -> None:
    fields = ["tcp_info.state", "type", "rto", "tcp_info"]
    rows = twin.from_rows([row(rto=5, type=0, tcp_info=b"\1")], fields)
    table = pyarrow.table(Lent(rows))
    assert table.column_names[-4:] == fields
    assert [table[name].to_pylist() for name in fields] == [[1], [None], [5], [b"\1"]]
    capsule = Lent(rows).__arrow_c_stream__(table.schema.__arrow_c_schema__())
    assert pyarrow.RecordBatchReader._import_from_c_capsule(capsule).schema == table.schema


def test_empty(pyarrow: Any, polars: Any, duckdb: Any, twin: Any) -> None:
    empty = Lent(twin.from_rows([]))
    table = pyarrow.table(empty)
    table.validate(full=True)
    assert (table.num_rows, table.num_columns) == (0, len(SOCKET_COLUMNS))
    assert polars.DataFrame(empty).shape == (0, len(SOCKET_COLUMNS))
    assert duckdb.sql("select state, netns from empty where state = 'LISTEN'").fetchall() == []
    assert duckdb.sql("select count(*), max(local_address) from empty").fetchall() == [(0, None)]


# Whose memory it is


def test_nothing_is_copied(pyarrow: Any) -> None:
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    table = SocketTable.from_rows([row(local_port=i % 65536, inode=i) for i in range(100_000)])
    try:
        memoryview(table.column("state"))
    except TypeError:
        pytest.skip("before Python 3.12 a Python class cannot offer its memory")
    exported = pyarrow.table(table)
    for name in table.column_names():
        (chunk,) = exported[name].chunks
        interface = numpy.asarray(table.column(name)).__array_interface__
        assert address(chunk) == interface["data"][0], name
    again = pyarrow.table(table)
    assert address(again["state"].chunk(0)) == address(exported["state"].chunk(0))


def test_it_outlives_the_table(pyarrow: Any, twin: Any) -> None:
    rows = mixed(twin, 5000)
    values = {name: expected(rows, name) for name in rows.column_names()}
    table = pyarrow.table(Lent(rows))
    state = table["state"]
    del rows
    gc.collect()
    overwritten = [mixed(twin, 5000) for _ in range(3)]  # in the place of what was freed
    assert {name: table[name].to_pylist() for name in values} == values
    del table
    gc.collect()
    assert state.to_pylist() == values["state"]
    del overwritten


def test_it_is_given_back(pyarrow: Any) -> None:
    table = mixed(SocketTable)
    columns = [table.column(name) for name in table.column_names()]
    before = [sys.getrefcount(column) for column in columns]
    exported = pyarrow.table(table)
    del exported
    capsule = table.__arrow_c_stream__()  # nobody takes it
    del capsule
    gc.collect()
    assert [sys.getrefcount(column) for column in columns] == before


# Who reads it


def test_polars(polars: Any, twin: Any) -> None:
    rows = mixed(twin)
    frame = polars.DataFrame(Lent(rows))
    for name in rows.column_names():
        assert frame[name].to_list() == expected(rows, name), name
    assert frame.filter(polars.col("state") == "LISTEN").height == 2


def test_duckdb(duckdb: Any, twin: Any) -> None:
    rows = mixed(twin)
    t = Lent(rows)  # noqa: F841  (DuckDB finds it by its name)
    names = list(rows.column_names())
    found = duckdb.sql(f"select {','.join(names)} from t").fetchall()
    assert found == list(zip(*(expected(rows, name) for name in names), strict=True))
    listeners = duckdb.sql("select local_port from t where state = 'LISTEN'").fetchall()
    assert listeners == [(443,), (443,)]
    assert duckdb.sql("select count(*) from t where netns is null").fetchall() == [(6,)]


def test_duckdb_reads_many_rows(duckdb: Any) -> None:
    t: Any = SocketTable.from_rows([row(state=1 + i % 11, cookie=i % 2) for i in range(100_000)])
    found = dict(duckdb.sql("select state, count(*) from t group by state").fetchall())
    assert found == t.counts().states
    known = sum(1 for i in range(100_000) if 1 + i % 11 == tcp.State.LISTEN and i % 2)
    assert duckdb.sql("select count(cookie) from t where state = 'LISTEN'").fetchall() == [(known,)]


def test_duckdb_by_way_of_pyarrow(pyarrow: Any, duckdb: Any) -> None:
    relation = duckdb.from_arrow(pyarrow.table(mixed(SocketTable)))
    assert relation.filter("state = 'ESTABLISHED'").count("*").fetchall() == [(3,)]


# What a consumer asks for


def test_a_requested_schema_may_differ_in_types(pyarrow: Any) -> None:
    table = mixed(SocketTable)
    own = pyarrow.schema(table)
    at = own.get_field_index("state")
    wanted = own.set(at, pyarrow.field("state", pyarrow.string()))
    capsule = table.__arrow_c_stream__(wanted.__arrow_c_schema__())
    assert pyarrow.RecordBatchReader._import_from_c_capsule(capsule).schema == own


def test_a_requested_schema_with_other_columns(pyarrow: Any) -> None:
    wanted = pyarrow.schema([("state", pyarrow.string())])
    with pytest.raises(ValueError, match="the table has the columns protocol .*, not state"):
        mixed(SocketTable).__arrow_c_stream__(wanted.__arrow_c_schema__())


def test_without_nanoarrow(pyarrow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "nanoarrow"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "nanoarrow", None)
    table = mixed(SocketTable)
    for export in (
        table.__arrow_c_schema__,
        table.__arrow_c_stream__,
        lambda: pyarrow.table(table),
    ):
        with pytest.raises(ImportError, match=r"^[^\n]*pip install 'fastsock\[arrow\]'$"):
            export()
