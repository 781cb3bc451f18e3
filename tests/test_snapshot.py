"""Snapshots: taken, written, read back exactly, and refused wherever a file is damaged."""

from __future__ import annotations

import errno
import importlib
import json
import os
import pickle
import resource
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

import fastsock
from children import AS_ROOT, NOBODY, child_process, in_child, join
from command_line import Run
from fastsock import Snapshot, SnapshotError
from fastsock.columns import OPTIONAL_COLUMNS, OPTIONAL_NAMES, SOCKET_COLUMNS
from fastsock.diagnose import snapshot_file, snapshot_head
from fastsock.diagnose._snapshot_rows_py import (
    LIMITS,
    RowError,
    decode_text,
    encode_text,
    read_json,
)
from fastsock.diagnose.counters import Space
from fastsock.diagnose.snapshot import ProcessState, own_inode
from fastsock.implementation import COMPILED, group
from fastsock.table import OwnerTable, Process, ProcessTable, SocketTable
from implementations import BUILDS, Implementation, address, socket_row

if TYPE_CHECKING:
    from own_namespace import Namespace

FORMS = ("jsonl", "arrows")
HERE = Path(__file__).parent
SPECS = SOCKET_COLUMNS + OPTIONAL_COLUMNS

# What others may write: no UTF-8, a terminal's escape, quotes, backslashes, an end of line.
NASTY = b'a\xff\x1b[31m"\\\n\xe2\x80\xae\x00'


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "arrows":
        pytest.importorskip("nanoarrow.ipc")
    return name


def small() -> Snapshot:
    """One with something of everything, and hardly larger than its head."""
    rows = [
        (*socket_row(state=10, rx_queue=1, inode=77, backlog_limit=128, cookie=9), b"", b"\1\2\3"),
        (
            *socket_row(family=10, local_address=bytes(15) + b"\1", uid=2**32 - 1, inode=78),
            NASTY,
            b"",
        ),
        (
            *socket_row(protocol=0, family=1, state=14, timer=9, local_address=bytes(16)),
            b"/run/x",
            b"\xff" * 5,
        ),
    ]
    table = SocketTable.from_rows(rows, ("path", "tcp_info.rtt", "tcp_info"))
    table.sources, table.elapsed = {"sockets": "netlink", "owners": "procfs"}, 0.125
    table.incomplete = ({"what": "x", "count": None, "reason": "r", "remedy": ""},)
    table.undecoded = {"NETLINK": 3}
    holder = Process(12, 3, NASTY[:-1], 33, 1, b"/system.slice/a.service")
    owners = OwnerTable.from_rows([(77, 12, 3, 12, 0), (99, 12, -1, 13, 0)], ProcessTable([holder]))
    owners.sources = {"owners": "procfs"}
    table.attach_owners(owners, group.OwnerIndex(owners).heads(table, -2))
    state = ProcessState(12, 3, holder.command, 33, holder.cgroup, 5, None)
    return Snapshot(
        sockets=table,
        host="h\x1b",
        boot_id="b",
        time=1790000000.5,
        monotonic=2.25,
        processes={12: state},
        spaces={
            1: Space(1, "blue", {"ListenDrops": 7}, {"somaxconn": 5, "ip_local_port_range": (1, 2)})
        },
        netns=1,
        netns_asked="all",
        protocols=("tcp", "unix"),
        sources=table.sources,
        incomplete=table.incomplete,
        elapsed=0.5,
    )


def content(snapshot: Snapshot) -> dict[str, Any]:
    """All that a snapshot has but for the place that it came from."""
    table, owners = snapshot.sockets, snapshot.sockets.owners
    plain = {
        name: getattr(snapshot, name)
        for name in Snapshot.__slots__
        if name not in ("path", "sockets", "processes", "spaces")
    }
    heads = table.owner_heads()
    return plain | {
        "processes": dict(snapshot.processes),
        "spaces": dict(snapshot.spaces),
        "columns": {name: table.column(name).tolist() for name in table.column_names()},
        "fields": table.fields,
        "heads": None if heads is None else heads.tolist(),
        "rows": [row.as_dict() for row in table],
        "context": (table.sources, table.incomplete, table.elapsed, table.undecoded),
        "owners": None
        if owners is None
        else (
            list(owners),
            list(owners.processes),
            owners.scope,
            owners.sources,
            owners.incomplete,
            owners.elapsed,
        ),
    }


def load_bytes(data: bytes) -> Snapshot:
    """Load a file of these bytes, without a filesystem."""
    fd = os.memfd_create("snapshot")
    try:
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        return snapshot_file._load(snapshot_file.Source(fd, "FILE"))
    finally:
        os.close(fd)


def refusal(data: bytes) -> SnapshotError:
    with pytest.raises(SnapshotError) as refused:
        load_bytes(data)
    assert refused.value.path == "FILE"
    assert str(refused.value).startswith("FILE")
    assert str(refused.value).isprintable()
    return refused.value


def lines() -> list[bytes]:
    return b"".join(small().blocks()).splitlines(keepends=True)


def with_head(**changes: Any) -> bytes:
    head, *rest = lines()
    return json.dumps(json.loads(head) | changes).encode() + b"\n" + b"".join(rest)


# -- the round trip


def test_a_small_one_comes_back_as_it_was(form: str, tmp_path: Path) -> None:
    before = small()
    path = tmp_path / f"x.{form}"
    before.save(path)
    after = Snapshot.load(path)
    assert content(after) == content(before)
    assert (after.path, after.version) == (str(path), 1)
    assert b"".join(after.blocks(form)) == b"".join(before.blocks(form))


def test_without_owners(form: str) -> None:
    before = Snapshot(sockets=SocketTable.from_rows([socket_row()]))
    after = load_bytes(b"".join(before.blocks(form)))
    assert content(after) == content(before)
    assert (after.sockets.owners, after.sockets.owner_heads()) == (None, None)


def test_with_nothing_at_all(form: str) -> None:
    before = Snapshot(sockets=SocketTable())
    assert content(load_bytes(b"".join(before.blocks(form)))) == content(before)


def test_more_rows_than_a_batch_has(form: str) -> None:
    count = 70_000
    table = SocketTable.from_rows([socket_row(inode=n, local_port=n & 65535) for n in range(count)])
    processes = ProcessTable([Process(n, 1, b"x" * 15, 0, 0, b"/" * 3000) for n in range(400)])
    rows = [(n, n % 400, 3, n % 400, n % 400) for n in range(count)]
    owners = OwnerTable.from_rows(rows, processes)
    table.attach_owners(owners, group.OwnerIndex(owners).heads(table, -3))
    before = Snapshot(sockets=table)
    after = load_bytes(b"".join(before.blocks(form)))
    assert after.sockets == table
    assert after.sockets.owners == owners
    assert after.sockets.owner_heads() == table.owner_heads()
    assert sorted(after.processes) == list(range(400))


def test_real_sockets(
    form: str, engine_name: str, own_namespace: Namespace, tmp_path: Path
) -> None:
    if not own_namespace.sockets:
        pytest.skip("an empty namespace")
    fields = () if engine_name in ("reference", "procfs") else OPTIONAL_NAMES
    before = Snapshot.take(
        netns=own_namespace.pid, engine=engine_name, fields=fields, protocol=("tcp", "udp", "unix")
    )
    assert own_namespace.inode in before.spaces or not before.sockets[0].netns
    assert len(before.sockets) >= len(own_namespace.sockets)
    assert any(row.owner_state == "found" for row in before.sockets)
    assert before.protocols == ("tcp", "udp", "unix")
    assert before.netns_asked == str(own_namespace.pid)
    before.save(tmp_path / f"x.{form}")
    assert content(Snapshot.load(tmp_path / f"x.{form}")) == content(before)


def test_a_file_of_version_1_is_read_for_ever(form: str) -> None:
    """tests/snapshot_v1.* were written by the first fastsock that could; they never change."""
    found = Snapshot.load(HERE / f"snapshot_v1.{form}")
    assert content(found) | {"version": 1} == content(small())


def test_two_of_one_host(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        first = Snapshot.take()
        with socket.create_connection(server.getsockname()):
            second = Snapshot.take()
        for name, taken in (("a", first), ("b", second)):
            taken.save(tmp_path / name)
        port = server.getsockname()[1]
    first, second = Snapshot.load(tmp_path / "a"), Snapshot.load(tmp_path / "b")
    assert (first.host, first.boot_id, first.netns) == (second.host, second.boot_id, second.netns)
    assert first.host == os.uname().nodename
    assert first.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert 0 < second.monotonic - first.monotonic < 600
    assert first.sockets.select(port=port).counts().established == 0
    assert second.sockets.select(port=port).counts().established == 2
    own = second.processes[os.getpid()]
    assert own.descriptor_limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert own.uid == os.geteuid()
    assert own.as_dict()["pid"] == os.getpid()


def test_what_a_process_has_open_and_may_have() -> None:
    def prepare() -> tuple[int, int]:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (123, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        )
        server = socket.create_server(("127.0.0.1", 0))
        KEPT.append(server)
        return server.getsockname()[1], len(os.listdir("/proc/self/fd")) - 1

    with child_process(prepare) as (pid, (port, opened)):
        taken = Snapshot.take()
        assert [owner.pid for owner in taken.sockets.select(port=port)[0].owners or ()] == [pid]
        assert taken.processes[pid].descriptor_limit == 123
        # Linux 6.2 tells; the child has the pipe to us that it closes at its end.
        assert taken.processes[pid].descriptors in (None, opened, opened + 1, opened - 1)


KEPT: list[socket.socket] = []


def test_as_a_user_without_privileges(form: str) -> None:
    def take() -> tuple[int, int]:
        # Not below tmp_path, which is for whoever runs the tests.
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/x.{form}"
            taken = Snapshot.take(netns="all")
            taken.save(path)
            found = Snapshot.load(path)
            assert content(found) == content(taken)
            return len(found.sockets), os.stat(path).st_mode & 0o777

    with socket.create_server(("127.0.0.1", 0)):
        rows, mode = in_child(take, user=NOBODY if AS_ROOT else None)
    assert (rows > 0, mode) == (True, 0o600)


def test_a_tree_of_another_host(tmp_path: Path) -> None:
    import corpus

    corpus.make_proc(tmp_path, 20)
    taken = Snapshot.take(procfs=tmp_path, engine="reference")
    assert (taken.host, taken.boot_id) == ("", "")
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("1234\n")
    (tmp_path / "sys/kernel/hostname").write_text("web1\n")
    taken = Snapshot.take(procfs=tmp_path, engine="reference")
    assert (taken.host, taken.boot_id) == ("web1", "1234")
    assert content(load_bytes(b"".join(taken.blocks()))) == content(taken)


# -- rows, by both twins


def rows_of(name: str) -> Any:
    return importlib.import_module(
        "fastsock.diagnose._snapshot_rows" + ("_py" * (name != "compiled"))
    )


def value_of(format: str, unknown: int | None) -> Any:
    if format == "v":
        return st.binary(max_size=12) | st.just(NASTY)
    if format == "16s":
        mapped = st.binary(min_size=4, max_size=4).map(lambda b: bytes(10) + b"\xff\xff" + b)
        return st.binary(min_size=16, max_size=16) | mapped | st.just(bytes(16))
    low, high = LIMITS[format]
    return st.integers(low, high) | st.sampled_from([low, high, low + 1, unknown or 0])


ROWS = st.tuples(*(value_of(spec.format, spec.unknown) for spec in SPECS))


@pytest.mark.parametrize("build", BUILDS)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(ROWS, max_size=4))
def test_every_value_comes_back(build: str, values: list[tuple[Any, ...]]) -> None:
    implementation, rows = Implementation(build), rows_of(build)
    table = implementation.rows(*values, fields=OPTIONAL_NAMES)
    text = b"".join(rows.socket_blocks(table))
    assert text.count(b"\n") == len(values)
    assert text.replace(b"\n", b"").decode("ascii").isprintable()
    made = implementation.rows(fields=OPTIONAL_NAMES)
    reader = rows.SocketReader(made, table.column_names(), False, 0)
    assert reader.feed(text, 0, 99) == (len(text), len(values))
    reader.finish()
    assert made == table
    assert reader.blob_bytes == sum(len(value) for row in values for value in row[-5:])
    if COMPILED:
        other = Implementation("pure").rows(*values, fields=OPTIONAL_NAMES)
        assert b"".join(rows_of("pure").socket_blocks(other)) == text


def test_a_row_can_be_read_by_people(implementation: Implementation) -> None:
    table = implementation.rows(
        socket_row(state=10, remote_address=address("0.0.0.0"), remote_port=0, backlog_limit=128),
        socket_row(family=10, local_address=address("::ffff:1.2.3.4"), state=13, netns=0),
        socket_row(protocol=0, family=1, local_address=bytes(16), remote_address=bytes(16)),
    )
    listener, other, unix = b"".join(rows_of(implementation.name).socket_blocks(table)).splitlines()
    assert listener == (
        b'["socket","tcp","ipv4","LISTEN","off","10.0.0.1","0.0.0.0",80,0,0,0,0,0,0,1,0,null,128]'
    )
    assert (
        other.startswith(b'["socket","tcp","ipv6",13,"off","::ffff:1.2.3.4","10.0.0.2",') is False
    )
    assert other.startswith(b'["socket","tcp","ipv6",13,"off","::ffff:1.2.3.4","::ffff:10.0.0.2",')
    assert unix.startswith(b'["socket","unix","unix","ESTABLISHED","off","","",')


# What any JSON may look like that says the same, and what does not.
ROW = b'["socket","tcp","ipv4","LISTEN","off","10.0.0.1","::",80,0,0,0,0,0,0,1,-5,null,128,"found"]'


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b",", b" , "),
        (b'"tcp"', b"6"),
        (b'"tcp"', b'"\\u0074cp"'),
        (b'"10.0.0.1"', b'"::ffff:10.0.0.1"'),
        (b'"::"', b'""'),
        (b"null", b"0"),
        (b"80", b"80\t"),
    ],
)
def test_other_spellings_of_a_row(build: str, old: bytes, new: bytes) -> None:
    assert read_row(build, ROW.replace(old, new)) == read_row(build, ROW)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"socket"', b'"sockets"', "not the row of a socket"),
        (b"[", b"{", "not JSON at its character"),
        (b"]", b",1]", "19 values, and not 18"),
        (b"]", b"]]", "not JSON at its character"),
        (b'"tcp"', b'"tpc"', "protocol: tpc is no name of one"),
        (b'"tcp"', b"256", "protocol: 256 is not a number from 0 to 255"),
        (b'"tcp"', b"null", "protocol: None is not a number from 0 to 255"),
        (b'"tcp"', b"true", "protocol: True is not a number"),
        (b'"tcp"', b"6.0", "protocol: 6.0 is not a number"),
        (b'"tcp"', b"06", "not JSON at its character"),
        (b'"10.0.0.1"', b'"10.0.0.1.2"', "local_address: 10.0.0.1.2 is not an address"),
        (b'"10.0.0.1"', b'"10.0.0.01"', "local_address: 10.0.0.01 is not an address"),
        (b'"10.0.0.1"', b'"10.0.0.256"', "is not an address"),
        (b'"10.0.0.1"', b'"10.0.0"', "is not an address"),
        (b'"10.0.0.1"', b'"10.0.0.1\\u0000"', "is not an address"),
        (b'"10.0.0.1"', b'":::"', "is not an address"),
        (b'"10.0.0.1"', b"1", "local_address: 1 is not an address"),
        (b"80", b"65536", "local_port: 65536 is not a number from 0 to 65535"),
        (b"80", b"-1", "local_port: -1 is not a number"),
        (b"80", b"1" * 21, "a number of 21 digits"),
        (b"80", b"1" * 5000, "a number of 5000 digits"),
        (b"80", b"NaN", "NaN is no number"),
        (b"80", b"1e9999", "local_port: inf is not a number"),
        (b"80", b"\x00", "not JSON at its character"),
        (b"80", b"\xff", "not UTF-8 at its byte"),
        (b"80", b"[" * 100_000, "not JSON"),
        (b"80", b"[]", "local_port: [] is not a number"),
        (b"80", b'{"a":1,"a":2}', '"a" is there twice'),
        (b'"found"', b'"lost"', "owner_state: lost is none"),
        (b'"found"', b"0", "owner_state: 0 is none"),
        (b"128", b"2147483648", "backlog_limit: 2147483648 is not a number"),
        (b"-5", b"9223372036854775808", "timer_expires_ms: 9223372036854775808 is not"),
    ],
)  # fmt: skip
def test_rows_that_are_none(build: str, old: bytes, new: bytes, reason: str) -> None:
    with pytest.raises(RowError) as refused:
        read_row(build, ROW.replace(old, new, 1), before=ROW + b"\n")
    assert reason in str(refused.value)
    assert (refused.value.position, refused.value.rows) == (len(ROW) + 1, 1)


def read_row(build: str, line: bytes, before: bytes = b"") -> list[tuple[Any, ...]]:
    implementation = Implementation(build)
    table = implementation.rows()
    reader = rows_of(build).SocketReader(table, table.column_names(), True, 0)
    reader.feed(before + line + b"\n", 0, 9)
    reader.finish()
    assert bytes(reader.states) == bytes(len(table))
    return list(table.rows())


@pytest.mark.parametrize("build", BUILDS)
def test_columns_that_a_file_has_not(build: str) -> None:
    implementation = Implementation(build)
    fields = ("cwnd", "path")
    table = implementation.rows(fields=fields)
    reader = rows_of(build).SocketReader(table, ("inode", "local_port"), False, 1)
    reader.feed(b'["socket",7,80]\n["socket",8,81]\n', 0, 2)
    reader.finish()
    assert table.column("inode").tolist() == [7, 8]
    assert table.column("backlog_limit").tolist() == [-1, -1]
    assert table.column("uid").tolist() == [2**32 - 1] * 2
    assert table.column("local_address").tolist() == [bytes(16)] * 2
    assert table.column("path").tolist() == [b"", b""]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'["owner",1,2,3,4,2]', "process: 2 is none of the 2 that there are"),
        (b'["owner",1,2,3,4]', "4 values, and not 5"),
        (b'["owner",-1,2,3,4,0]', "inode: -1 is not a number"),
        (b'["owner",1,2147483648,3,4,0]', "pid: 2147483648 is not a number"),
        (b'["socket",1,2,3,4,0]', "not the row of an owner"),
    ],
)
def test_owners_that_are_none(build: str, line: bytes, reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        read_owners(build, line + b"\n")


@pytest.mark.parametrize("build", BUILDS)
def test_owners_come_back(build: str) -> None:
    values = [(2**64 - 1, 2**31 - 1, -1, -(2**31), 1), (0, 0, 0, 0, 0)]
    owners = Implementation(build).table.OwnerRows.from_rows(values, processes())
    text = b"".join(rows_of(build).owner_blocks(owners)) if build == "compiled" else None
    expected = b'["owner",18446744073709551615,2147483647,-1,-2147483648,1]\n["owner",0,0,0,0,0]\n'
    assert text in (None, expected)
    assert read_owners(build, expected.replace(b",0]", b", 0]")) == values


def processes() -> list[Process]:
    return [Process(n, 0, b"", 0, 0, b"") for n in range(2)]


def read_owners(build: str, text: bytes) -> list[tuple[int, ...]]:
    owners = Implementation(build).table.OwnerRows(processes())
    reader = rows_of(build).OwnerReader(owners, 0)
    assert reader.feed(text, 0, 9) == (len(text), text.count(b"\n"))
    reader.finish()
    return list(owners.rows())


@given(st.binary(max_size=40))
def test_any_bytes_as_text(value: bytes) -> None:
    text = encode_text(value)
    assert text.isascii()
    assert text.isprintable()
    assert decode_text(json.loads(text), "x") == value


@pytest.mark.parametrize("text", ["\\", "\\x", "\\x0", "\\xAB", "\\n", "a\\", "é", "\n", 5, None])
def test_texts_that_are_none(text: Any) -> None:
    with pytest.raises(RowError):
        decode_text(text, "x")


# -- damaged files


def test_cut_short_anywhere(form: str) -> None:
    data = b"".join(small().blocks(form))
    for size in range(len(data)):
        refused = refusal(data[:size])
        assert "cut short" in refused.reason or not size, size
        assert refused.line or refused.offset is not None, size
        assert (refused.offset or 0) <= size


def test_what_is_missing_is_said() -> None:
    head, space, process, owner, other, *sockets = lines()
    whole = [head, space, process, owner, other, *sockets]
    data = b"".join(whole)
    cut = refusal(data[:-1])
    rest = f"cut short after {len(sockets[2]) - 1} bytes of this line: 1 of 3 sockets are missing"
    assert str(cut) == f"FILE, line 8: {rest}"
    assert (cut.line, cut.offset) == (8, len(data) - len(sockets[2]))
    without = head + space + process + owner + other + sockets[0] + sockets[1]
    assert str(refusal(without)) == "FILE, line 8: cut short: 1 of 3 sockets are missing"
    assert "1 of 1 processes are missing" in str(refusal(head + space))
    assert "3 sockets, 2 owners and 1 processes are promised" in str(refusal(head))
    assert refusal(head).offset == len(head)
    assert str(refusal(b"")) == "FILE, byte 0: empty: it was never written"


def test_any_byte_changed(form: str) -> None:
    data = b"".join(small().blocks(form))
    changes = b'\0\xff9"}]{-\\n\n' if form == "jsonl" else b"\0\xff\1\x7f\x80"
    for place in range(len(data)):
        damaged = [data[:place] + data[place + 1 :]]
        damaged += [data[:place] + bytes((byte,)) + data[place + 1 :] for byte in changes]
        for one in damaged:
            try:
                load_bytes(one)
            except SnapshotError as error:
                assert str(error).isprintable()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"State Recv-Q\n", "not JSON at its character 1"),
        (b"{}\n", "not a snapshot: it does not begin with the head of one"),
        (b"[]\n", "not a snapshot"),
        (b'\xef\xbb\xbf{"fastsock_snapshot":1}\n', "not JSON"),
        (b'{"fastsock_snapshot":2}\n', "version 2, and this fastsock reads those up to 1"),
        (b'{"fastsock_snapshot":0}\n', "0 is no version of one"),
        (b'{"fastsock_snapshot":"1"}\n', "1 is no version of one"),
        (b'{"fastsock_snapshot":1,"fastsock_snapshot":1}\n', "is there twice"),
        (b'{"fastsock_snapshot":1}\n', "host is missing"),
        (b"[" * 200_000 + b"\n", "not JSON"),
        (b" " * (4 << 20) + b"      \n", "a line of more than 4194304 bytes"),
        (b"\x1f\x8b\x08", "compressed: gzip -dc FILE"),
        (b"\xff\xff\xff\xff", "cut short: it has no schema"),
        (b"\xff\xff\xff\xff\0\0\0\0", "cut short: it has no schema"),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f", "metadata of 2147483647 bytes"),
    ],
)  # fmt: skip
def test_other_files(data: bytes, reason: str) -> None:
    assert reason in refusal(data).reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": "now"}, "time: now is no number of seconds"),
        ({"time": 1e300}, "time: 1e+300 is no number of seconds"),
        ({"time": True}, "time: True is no number"),
        ({"monotonic": -1}, "monotonic: -1 is no number"),
        ({"host": 5}, "host: 5 is no text"),
        ({"netns": 2**64 - 1, "protocols": "tcp"}, "protocols: tcp is no list of texts"),
        ({"incomplete": {}}, "incomplete: {} is no list"),
        ({"incomplete": [5]}, "incomplete: 5 is no object"),
        ({"incomplete": [{"what": "x"}]}, "count is missing"),
        ({"sources": {"sockets": 5}}, "sockets: 5 is no text"),
        ({"rows": {"spaces": 1}}, "processes is missing"),
        ({"owners": None}, "owners: null, and there are some"),
        ({"owners": 5}, "owners: 5 is no object"),
        ({"byteorder": "middle"}, "byteorder"),
    ],
)  # fmt: skip
def test_heads_that_are_none(changes: dict[str, Any], reason: str) -> None:
    refused = refusal(with_head(**changes))
    assert reason in refused.reason
    assert refused.line == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"columns": ["inode", "inode"]}, "one of them twice"),
        ({"columns": ["flavour"]}, "flavour is none that this fastsock knows"),
        ({"columns": ["cwnd"]}, "cwnd is not among the fields"),
        ({"fields": ["flavour"]}, "fields:"),
        ({"fields": [5]}, "fields: [5] is no list of texts"),
        ({"undecoded": {"x": "y"}}, "x: y is not a number"),
    ],
)
def test_tables_that_are_none(changes: dict[str, Any], reason: str) -> None:
    sockets = json.loads(lines()[0])["sockets"]
    assert reason in refusal(with_head(sockets=sockets | changes)).reason


def test_more_than_the_head_says() -> None:
    data = b"".join(lines())
    assert refusal(data + b"\n").reason == "a line more than the head says"
    assert refusal(data + data).reason == "a second head: one file holds one snapshot"
    assert refusal(data + data).line == 9
    head, space, *rest = lines()
    assert (
        "is there twice"
        in refusal(with_head(rows=counts(spaces=2)).replace(space, 2 * space)).reason
    )
    assert refusal(head + head + space + b"".join(rest)).reason == "not the row of a namespace"
    raw = with_head(rows=counts(bytes=1))
    assert "bytes of paths and raw columns, and not 1" in refusal(raw).reason


def counts(**changes: int) -> dict[str, int]:
    made: dict[str, int] = json.loads(lines()[0])["rows"] | changes
    return made


def test_an_owner_that_is_missing() -> None:
    data = b"".join(lines()).replace(b'["owner",77,', b'["owner",76,')
    refused = refusal(data)
    assert refused.reason == "this socket has been found an owner, which is missing"
    assert refused.line == 6


def test_a_promise_that_no_file_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "are too few" in refusal(with_head(rows=counts(sockets=2**40))).reason
    monkeypatch.setattr(snapshot_head, "read_available", lambda: 1000)
    refused = refusal(b"".join(lines()))
    assert "take 0 MiB of memory, and 0 MiB are available" in refused.reason
    monkeypatch.setattr(snapshot_head, "read_available", lambda: None)
    load_bytes(b"".join(lines()))


def test_a_pipe_that_promises_too_much(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    data = with_head(rows=counts(sockets=2**50))
    with written(path, data), pytest.raises(SnapshotError, match="MiB of memory, and .* available"):
        Snapshot.load(path)


def written(path: Path, data: bytes) -> Any:
    """Write to a FIFO while a `with` block reads it."""
    import contextlib

    @contextlib.contextmanager
    def writing() -> Iterator[None]:
        def write() -> None:
            with contextlib.suppress(BrokenPipeError):
                path.write_bytes(data)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        yield
        join(thread, 10)

    return writing()


def test_what_is_read_of_a_pipe(form: str, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with written(path, b"".join(small().blocks(form))):
        assert content(Snapshot.load(path)) == content(small())


def test_a_pipe_that_nobody_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_file, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SnapshotError, match=r"nobody has written to it in 0\.05 seconds"):
        Snapshot.load(tmp_path / "pipe")


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(SnapshotError, match="neither a file nor a pipe"):
            Snapshot.load(path)
    with pytest.raises(FileNotFoundError) as missing:
        Snapshot.load(tmp_path / "none")
    assert missing.value.filename == str(tmp_path / "none")


def test_json_is_bounded() -> None:
    with pytest.raises(RowError, match="a number of 21 digits"):
        read_json(b"[" + b"1" * 21 + b"]")
    with pytest.raises(RowError, match="nested too deep|not JSON"):
        read_json(b"[" * 1_000_000)


# -- files that are written


def test_readable_for_its_owner_only(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{form}"
    path.write_text("before")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        small().save(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_takes_no_more(
    form: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"x.{form}"
    path.write_text("before")

    def refuse(fd: int, data: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError) as refused:
        small().save(path)
    monkeypatch.undo()
    assert (refused.value.errno, refused.value.filename) == (number, str(path))
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == [path.name]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        small().save(tmp_path / "x")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a" * 255, "\u00e4" * 127, "\u20ac" * 85])
def test_a_name_as_long_as_a_name_may_be(tmp_path: Path, name: str) -> None:
    small().save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def test_names_that_lead_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(SnapshotError, match="a symbolic link that leads nowhere"):
        small().save(tmp_path / "link")
    target.write_text("kept")
    with pytest.raises(SnapshotError, match="a symbolic link: name the file itself"):
        small().save(tmp_path / "link")
    assert target.read_text() == "kept"
    with pytest.raises(SnapshotError, match="a directory: name a file in it"):
        small().save(tmp_path)
    with pytest.raises(FileNotFoundError) as missing:
        small().save(tmp_path / "none/x")
    assert missing.value.filename == str(tmp_path / "none/x")


def test_devices_are_written_and_stay(tmp_path: Path) -> None:
    small().save("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OSError, match="No space left on device"):
        small().save("/dev/full")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device or address") as refused:
        small().save(tmp_path / "pipe")  # nobody reads it
    assert refused.value.filename == str(tmp_path / "pipe")


# -- the command


def test_the_command_writes_a_file(run: Run, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{form}"
    result = run("snapshot", path, "--no-owners")
    assert (result.code, result.out) == (0, "")  # other namespaces may be missed, and it says so
    found = Snapshot.load(path)
    assert (found.sockets.owners, found.netns_asked) == (None, "all")
    result = run("snapshot", path, "--no-owners", "--netns", "own")
    assert (result.code, result.out, result.err) == (0, "", "")
    found = Snapshot.load(path)
    assert (found.sockets.owners, found.netns_asked) == (None, "own")
    assert {*found.sockets.column("netns")} <= {own_inode("/proc")}
    result = run("snapshot", path, "--fields", "tcp_info.rtt,cwnd")
    assert result.code == 0
    assert Snapshot.load(path).sockets.fields == ("tcp_info.rtt", "cwnd")
    result = run("snapshot", "-u", path, "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert (found["path"], found["snapshot"]["protocols"]) == (str(path), ["udp"])
    assert found["snapshot"]["sockets"] == len(Snapshot.load(path).sockets)


def test_the_command_on_a_tree_without_processes(run: Run, tmp_path: Path) -> None:
    import corpus

    corpus.make_proc(tmp_path / "whole", 20)
    (tmp_path / "tree").mkdir()
    (tmp_path / "whole/1/net").rename(tmp_path / "tree/net")
    path = tmp_path / "x.jsonl"
    asked = run("snapshot", path, "--procfs", tmp_path / "tree", "--engine", "reference")
    assert (asked.code, asked.out) == (0, "")
    assert len(Snapshot.load(path).sockets) == 20


def test_the_command_writes_to_standard_output(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fastsock", "snapshot", "-", "-tux"]
    first = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)
    found = load_bytes(first.stdout)
    assert (found.netns_asked, found.protocols) == ("all", ("tcp", "udp", "unix"))
    assert set(found.sockets.fields) == {"type", "path"}
    code = "import fastsock, sys; print(len(fastsock.Snapshot.load('-').sockets))"
    second = subprocess.run(
        [sys.executable, "-c", code],
        input=first.stdout,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    assert int(second.stdout) == len(found.sockets)


def test_nobody_reads_standard_output() -> None:
    receiving, sending = os.pipe()
    os.close(receiving)
    command = [sys.executable, "-m", "fastsock", "snapshot", "-"]
    done = subprocess.run(command, stdout=sending, stderr=subprocess.PIPE, timeout=60)
    os.close(sending)
    assert (done.returncode, done.stderr) == (141, b"")
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2
    assert done.stderr == b"fastsock: standard output: No space left on device\n"


def test_standard_output_is_closed() -> None:
    """An answer leaves its exit code; of a snapshot nothing is left."""
    command = ["sh", "-c", '"$@" >&-', "sh", sys.executable, "-m", "fastsock", "snapshot", "-"]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (2, b"fastsock: standard output: closed\n")


def limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "fastsock", "snapshot", str(path)],
        stderr=subprocess.PIPE,
        timeout=60,
        preexec_fn=limit_file_size,
    )
    assert done.returncode == 2
    assert done.stderr.decode() == f"fastsock: {path}: File too large\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("snapshot", "snapshot needs one FILE to write, or - for standard output"),
        ("snapshot a b", "snapshot needs one FILE"),
        ("snapshot a -p 1", "a snapshot is of a whole host"),
        ("snapshot a -4", "a snapshot is of a whole host"),
        ("snapshot a -l", "a snapshot is of a whole host"),
        ("snapshot a --jsonl", "--jsonl: a snapshot is in JSON lines"),
        ("snapshot - --json", "--json and the snapshot would both go to standard output"),
        ("snapshot a --fields flavour", "flavour"),
        ("snapshot a --netns nonesuch", "no network namespace"),
    ],
)
def test_the_command_refuses(run: Run, line: str, answer: str) -> None:
    result = run(*line.split())
    assert (result.code, result.out) == (2, "")
    assert answer in result.err
    assert not os.path.exists("a")


def test_a_missing_extra_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nanoarrow.ipc", None)
    result = run("snapshot", tmp_path / "x.arrows")
    assert (result.code, result.out) == (2, "")
    assert "pip install 'fastsock[arrow]'" in result.err
    assert os.listdir(tmp_path) == []


def test_arrow_data_are_read_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoarrow", None)
    lines, columns = (HERE / f"snapshot_v1.{form}" for form in FORMS)
    same = Snapshot.load(columns)
    assert same.as_dict() == Snapshot.load(lines).as_dict()
    for verb in ("diff", "leaks"):
        assert "the same" in run(verb, lines, columns).err
    assert run("halfopen", lines, columns).err == ""


def test_an_error_survives_pickling() -> None:
    error = SnapshotError("a\x1b", "cut short", line=3, offset=99)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.line, again.offset) == ("a\\x1b, line 3: cut short", 3, 99)
    assert str(SnapshotError("a", "cut short", offset=99)) == "a, byte 99: cut short"


def test_public_names() -> None:
    assert fastsock.Snapshot is Snapshot
    assert fastsock.SnapshotError is SnapshotError
    taken: Callable[..., Snapshot] = Snapshot.take
    with pytest.raises(ValueError, match="a snapshot's form is jsonl or arrows"):
        taken(protocol="tcp", owners=False).blocks("xml")
