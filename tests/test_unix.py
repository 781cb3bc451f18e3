"""UNIX sockets: /proc/net/unix as text, real sockets of each sort, and the answers about them."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import random
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fastsock
from children import OWN, child_process, in_child
from fastsock import EngineUnavailable, ParseError, SocketTable, State, cli
from fastsock.columns import OPTIONAL_COLUMNS
from fastsock.filter import ALL
from fastsock.users import user_name
from proctree import (
    DGRAM,
    HEADINGS,
    LISTEN,
    SEQPACKET,
    SS_CONNECTED,
    SS_CONNECTING,
    SS_DISCONNECTING,
    STREAM,
    ProcTree,
    table_text,
    tcp_line,
    udp_line,
    unix_line,
)

FIELDS = tuple(spec.name for spec in OPTIONAL_COLUMNS)
UNIX, AF_UNIX = 0, 1
ESTABLISHED, CLOSE = 1, 7
UNKNOWN_UID = 2**32 - 1
READERS = {"procfs": "_proc_net", "reference": "reference"}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> str:
    """The name of each engine that reads trees."""
    name: str = request.param
    for status in fastsock.engine_status():
        if status.name == name and not status.available:
            pytest.skip(f"engine {name}: {status.reason}")
    return name


@pytest.fixture
def parse(reader: str) -> Any:
    """Each engine's `parse_table`."""
    return importlib.import_module(f"fastsock.engines.{READERS[reader]}").parse_table


def scan(tree: object, reader: str, **question: Any) -> SocketTable:
    question = {"protocol": "unix", "fields": ("type", "path"), **question}
    return fastsock.scan(engine=reader, procfs=str(tree), **question)


# ------------------------------------------------------------------------------------ the text

FIRST: dict[str, Any] = {
    "pointer": "0000000003b041fb:",
    "refcount": "00000003",
    "protocol": "00000000",
    "flags": "00010000",
    "type": "0001",
    "connection": "01",
    "inode": "17503",
    "path": "/run/dbus/system_bus_socket",
}
ROW: dict[str, Any] = {
    "state": LISTEN,
    "inode": 17503,
    "refcount": 3,
    "type": STREAM,
    "path": b"/run/dbus/system_bus_socket",
}


def line(**fields: Any) -> bytes:
    """A line of FIRST with `fields` in their places; None leaves one out with its space."""
    chosen = (FIRST | fields).values()
    words = [
        word if isinstance(word, bytes) else word.encode() for word in chosen if word is not None
    ]
    return b" ".join(words) + b"\n"


PLAIN = line()
HEADING = HEADINGS["unix"].encode() + b"\n"


class Good(NamedTuple):
    text: bytes
    rows: list[dict[str, Any]]


class Bad(NamedTuple):
    text: bytes
    number: int
    line: bytes


def good(fields: dict[str, Any], row: dict[str, Any]) -> Good:
    return Good(HEADING + line(**fields), [ROW | row])


def bad(**fields: Any) -> Bad:
    """A table whose third line is wrong."""
    before, wrong = line(path=None), line(**fields)
    return Bad(HEADING + before + wrong + before, 3, wrong.split(b"\n")[0])


def named(*paths: bytes) -> list[dict[str, Any]]:
    return [ROW | {"path": path} for path in paths]


BARE = line(path=None)
NAMELESS = ROW | {"path": b""}

CASES: dict[str, Good | Bad] = {
    # whole tables
    "no sockets": Good(HEADING, []),
    "a heading without its newline": Good(HEADING[:-1], []),
    "no newline at the end": Good(HEADING + PLAIN[:-1], [ROW]),
    "no newline behind an inode": Good(HEADING + BARE[:-1], [NAMELESS]),
    "a file without a byte": Bad(b"", 1, b""),
    "a newline only": Bad(b"\n", 1, b""),
    "no heading": Bad(PLAIN, 1, PLAIN[:-1]),
    "the heading of another table": Bad(b"  sl  local_address \n", 1, b"  sl  local_address "),
    "a heading with one more column": Bad(HEADING[:-1] + b" Uid\n", 1, HEADING[:-1] + b" Uid"),
    "a heading without its last column": Bad(HEADING[:-6] + b"\n", 1, HEADING[:-6]),
    "a heading with padding": Bad(b" " + HEADING, 1, b" " + HEADING[:-1]),
    "an empty line": Bad(HEADING + BARE + b"\n" + BARE, 3, b""),
    "an empty line at the end": Bad(HEADING + BARE + b"\n", 3, b""),
    "an empty line behind the heading": Bad(HEADING + b"\n" + BARE, 2, b""),
    "a bad line is shown up to 200 bytes": Bad(HEADING + b"x" * 300 + b"\n", 2, b"x" * 200),
    "a bad line among good ones": Bad(
        HEADING + BARE * 1000 + b"nonsense\n" + BARE, 1002, b"nonsense"
    ),
    # the address
    "an address of 8 digits": good({"pointer": "c10f00ba:"}, {}),
    "an address not hashed": good({"pointer": "(____ptrval____):"}, {}),
    "an address of null": good({"pointer": "(null):"}, {}),
    "an address of zeros": good({"pointer": "0000000000000000:"}, {}),
    "an address in upper case": bad(pointer="0000000003B041FB:"),
    "an address of 9 digits": bad(pointer="003b041fb:"),
    "an address of 15 digits": bad(pointer="000000003b041fb:"),
    "an address of 17 digits": bad(pointer="00000000003b041fb:"),
    "an address without its colon": bad(pointer="0000000003b041fb"),
    "an address behind a space": bad(pointer=" 0000000003b041fb:"),
    "no address": bad(pointer=None),
    # fixed fields
    "the largest refcount": good({"refcount": "FFFFFFFF"}, {"refcount": 2**32 - 1}),
    "a refcount in lower case": bad(refcount="0000000a"),
    "a refcount of 7 digits": bad(refcount="0000003"),
    "a refcount of 9 digits": bad(refcount="000000003"),
    "a protocol": bad(protocol="00000001"),
    "no protocol": bad(protocol=None),
    "another flag": bad(flags="00010001"),
    "a flag in another place": bad(flags="00100000"),
    "does not listen": good({"flags": "00000000"}, {"state": CLOSE}),
    "connecting": good({"flags": "00000000", "connection": "02"}, {"state": ESTABLISHED}),
    "connected": good({"flags": "00000000", "connection": "03"}, {"state": ESTABLISHED}),
    "disconnecting": good({"flags": "00000000", "connection": "04"}, {"state": CLOSE}),
    "a listener without a descriptor": good({"connection": "04", "inode": "    0"}, {"inode": 0}),
    "free": bad(connection="00"),
    "a fifth connection": bad(connection="05"),
    "a connection of one digit": bad(connection="1"),
    "a connection of sixteen": bad(connection="11"),
    "datagrams": good({"type": "0002"}, {"type": DGRAM}),
    "a seqpacket socket": good({"type": "0005"}, {"type": SEQPACKET}),
    "a type of a later kernel": good({"type": "00FF"}, {"type": 255}),
    "a type that does not fit": bad(type="0101"),
    "a type in lower case": bad(type="00ff"),
    "a type of three digits": bad(type="001"),
    # the inode
    "inode 0": good({"inode": "    0"}, {"inode": 0}),
    "an inode of 4 digits": good({"inode": " 1234"}, {"inode": 1234}),
    "an inode with zeros": good({"inode": "01234"}, {"inode": 1234}),
    "the largest inode": good({"inode": str(2**64 - 1)}, {"inode": 2**64 - 1}),
    "an inode above 64 bits": bad(inode=str(2**64)),
    "an inode of 21 digits": bad(inode="1".zfill(21)),
    "an inode without padding": bad(inode="1234"),
    "an inode with too much padding": bad(inode="  1234"),
    "an inode of 5 digits with padding": bad(inode=" 12345"),
    "an inode with a sign": bad(inode="   -1"),
    "an inode in hexadecimal": bad(inode="000ab"),
    "no inode": bad(inode=None),
    "an inode of spaces": bad(inode="     "),
    # the path
    "not bound": Good(HEADING + BARE + PLAIN, [NAMELESS, ROW]),
    "an abstract name": good({"path": "@/tmp/.X11-unix/X0"}, {"path": b"\0/tmp/.X11-unix/X0"}),
    "an abstract name of NUL alone": good({"path": "@"}, {"path": b"\0"}),
    "an abstract name with NULs": good({"path": "@a@@b@"}, {"path": b"\0a@@b@"}),
    "an @ inside a path": good({"path": "/run/user@1000"}, {"path": b"/run/user@1000"}),
    "a path with spaces": good({"path": " a  b "}, {"path": b" a  b "}),
    "a path of a space": good({"path": " "}, {"path": b" "}),
    "a path that is not UTF-8": good({"path": b"/run/\xff\xfe"}, {"path": b"/run/\xff\xfe"}),
    "a path with controls": good({"path": "\t\r\x1b[2J"}, {"path": b"\t\r\x1b[2J"}),
    "a path of 108 bytes": good({"path": "x" * 108}, {"path": b"x" * 108}),
    "a path of 109 bytes": bad(path="x" * 109),
    "a path with a NUL": bad(path="a\0b"),
    "a path that is empty": bad(path=""),
    "a path without its space": bad(inode="17503/run", path=None),
    "a tab before the path": bad(inode="17503\t/run", path=None),
    # newlines in it
    "a newline in a path": Good(HEADING + line(path="a\nb") + PLAIN, named(b"a\nb", ROW["path"])),
    "newlines only": Good(HEADING + line(path="\n\n\n") + PLAIN, named(b"\n\n\n", ROW["path"])),
    "a newline first": Good(HEADING + line(path="\nb"), named(b"\nb")),
    "a newline first, in an abstract name": Good(HEADING + line(path="@\nb"), named(b"\0\nb")),
    "a newline last": Good(HEADING + line(path="a\n"), named(b"a\n")),
    "a newline last, and another socket": Good(
        HEADING + line(path="a\n") + BARE, [*named(b"a\n"), NAMELESS]
    ),
    "a newline and 108 bytes": Good(
        HEADING + line(path="a\n" + "b" * 106) + BARE, [*named(b"a\n" + b"b" * 106), NAMELESS]
    ),
    "107 newlines": Good(HEADING + line(path="a" + "\n" * 107), named(b"a" + b"\n" * 107)),
    "108 newlines": Bad(HEADING + line(path="a" + "\n" * 108), 110, b""),
    "a newline and 109 bytes": Bad(
        HEADING + line(path="a\n" + "b" * 107) + BARE, 3, b"b" * 107
    ),
    "a newline and a NUL": Bad(HEADING + line(path="a\nb\0"), 3, b"b\0"),
    "a newline and half a line": Good(
        HEADING + line(path="a\n") + PLAIN[:40] + b"\n", named(b"a\n\n" + PLAIN[:40])
    ),
    "a bad line behind a path with newlines": Bad(
        HEADING + line(path="a\nb\nc") + b"x" * 200 + b"\n", 5, b"x" * 200
    ),
    # Nobody can tell: a forged socket is one. sock_diag knows better.
    "a newline and what looks like a socket": Good(
        HEADING + line(path=b"a\n" + line(path="forged")[:-1]), named(b"a", b"forged")
    ),
    "a bound socket behind one that is not": Good(
        HEADING + BARE + line(path="a\nb"), [NAMELESS, *named(b"a\nb")]
    ),
    "nothing goes on where there is no path": Bad(HEADING + BARE + b"b\n", 3, b"b"),
}  # fmt: skip


def values(table: Any) -> list[dict[str, Any]]:
    names = [*ROW]
    return [
        dict(zip(names, row, strict=True)) for row in zip(*map(table.column, names), strict=True)
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_text_is_these_rows_or_that_error(parse: Any, name: str) -> None:
    case = CASES[name]
    if isinstance(case, Good):
        assert values(parse(case.text, UNIX, AF_UNIX, "a table", 0, FIELDS)) == case.rows
        return
    with pytest.raises(ParseError) as caught:
        parse(case.text, UNIX, AF_UNIX, "a table")
    error = caught.value
    assert (error.path, error.line_number, error.text) == ("a table", case.number, case.line)


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_these_rows_or_that_error(reader: str, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    file = tmp_path / "net" / "unix"
    file.parent.mkdir()
    file.write_bytes(case.text)
    if isinstance(case, Good):
        # Rows without an address cannot be the same; the others here differ in their inodes.
        distinct = list({row["inode"]: row for row in reversed(case.rows)}.values())
        found = values(scan(tmp_path, reader, fields=FIELDS))
        assert len(found) == len(distinct)
        assert all(row in case.rows for row in found)
        return
    with pytest.raises(ParseError) as caught:
        scan(tmp_path, reader)
    error = caught.value
    assert (error.path, error.line_number, error.text) == (str(file), case.number, case.line)


def test_all_columns_of_a_row(parse: Any) -> None:
    table = parse(HEADING + PLAIN, UNIX, AF_UNIX, "a table", 7, FIELDS)
    (row,) = table.rows()
    zeros = {spec.name: b"" if spec.format == "v" else 0 for spec in OPTIONAL_COLUMNS}
    assert dict(zip(table.column_names(), row, strict=True)) == {
        "protocol": UNIX,
        "family": AF_UNIX,
        "timer": 0,
        "local_address": bytes(16),
        "remote_address": bytes(16),
        "local_port": 0,
        "remote_port": 0,
        "rx_queue": 0,
        "tx_queue": 0,
        "uid": UNKNOWN_UID,
        "retransmits": 0,
        "netns": 7,
        "timer_expires_ms": 0,
        "cookie": 0,
        "backlog_limit": -1,
    } | zeros | ROW  # fmt: skip


def random_path(pick: random.Random) -> bytes:
    if pick.random() < 0.3:
        return b""
    size = pick.choice((1, 2, 5, 20, 60, 106))
    letters = b"ab/ @\n\n\xff" if pick.random() < 0.3 else b"ab/"
    return pick.choice((b"", b"\0")) + bytes(pick.choice(letters) for _ in range(size))


@pytest.mark.parametrize("seed", range(4))
def test_sockets_across_two_reads(reader: str, tmp_path: Path, seed: int) -> None:
    """The edges of the buffers fall anywhere, also between the lines of one path."""
    pick = random.Random(seed)
    tree = ProcTree(tmp_path)
    paths = [random_path(pick) for _ in range(6000)]
    tree.table("unix", *(unix_line(path, inode=n + 1) for n, path in enumerate(paths)))
    expected = [path[:1] + path[1:].replace(b"\0", b"@") for path in paths]
    expected = [b"\0" + path[1:] if path.startswith(b"@") else path for path in expected]
    table = scan(tree, reader)
    assert table.column("inode").tolist() == list(range(1, 6001))
    assert table.column("path").tolist() == expected
    question: dict[str, Any] = {"engine": reader, "procfs": str(tree), "protocol": "unix"}
    with fastsock.sockets(fields=["path"], **question) as stream:
        assert [one.field("path") for one in stream] == expected
    assert fastsock.count(**question).states == {"CLOSE": 6000}


@pytest.mark.parametrize("length", [65_536, 131_072])
@pytest.mark.parametrize("more", range(-3, 4))
def test_a_file_that_ends_where_a_buffer_does(
    reader: str, tmp_path: Path, length: int, more: int
) -> None:
    text = table_text("unix", *(unix_line(b"a\nb", inode=n + 1) for n in range(3000)))
    end = text.rindex(b"\n0", 0, length + more - 100) + 1
    rest = length + more - end
    last = unix_line(b"", inode=9999)[:-1] + b" "
    text = text[:end] + last + b"x" * (rest - len(last))
    file = tmp_path / "net" / "unix"
    file.parent.mkdir()
    file.write_bytes(text)
    assert len(text) == length + more
    table = scan(tmp_path, reader)
    assert table[-1].field("path") == b"x" * (rest - len(last))
    assert len(table) == text[:end].count(b" a\nb\n") + 1


# ---------------------------------------------------------------------------------------- repeats


def test_sockets_without_a_descriptor_are_not_repeats(reader: str, tmp_path: Path) -> None:
    """Connections that wait for accept(2) are alike but for their address in the kernel."""
    tree = ProcTree(tmp_path)
    pending = [unix_line(b"/run/s", connection=SS_CONNECTING, pointer=n) for n in (1, 2, 3, 2)]
    tree.table("unix", *pending, unix_line(inode=7, pointer=9), unix_line(inode=7, pointer=8))
    table = scan(tree, reader)
    assert table.column("inode").tolist() == [0, 0, 0, 7]
    (repeats,) = table.incomplete
    assert (repeats["what"], repeats["count"]) == ("repeated rows", 2)


@pytest.mark.parametrize("pointer", [b"0" * 16, b"0" * 8, b"(____ptrval____)", b"(null)"])
def test_addresses_that_the_kernel_hides(reader: str, tmp_path: Path, pointer: bytes) -> None:
    """With kptr_restrict: each line is a socket of its own."""
    tree = ProcTree(tmp_path)
    one = pointer + unix_line(b"/run/s", connection=SS_CONNECTING)[16:]
    tree.table("unix", one, one, one)
    table = scan(tree, reader)
    assert len(table) == 3
    assert table.incomplete == ()


class AllOf(int):
    """A set that has everything in it."""

    def __contains__(self, key: object) -> bool:
        return True


@pytest.mark.parametrize("pointer", [0, 5])
def test_a_second_reading_adds_nothing_that_is_known(
    reader: str, tmp_path: Path, pointer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = {"procfs": "procfs", "reference": "plain"}[reader]
    moves = itertools.count()
    monkeypatch.setattr(f"fastsock.engines.{module}.list_moved", lambda *_: AllOf(next(moves)))
    tree = ProcTree(tmp_path)
    pending = unix_line(b"/run/s", connection=SS_CONNECTING, pointer=pointer)
    tree.table("unix", pending, unix_line(inode=7), unix_line(inode=8))
    table = scan(tree, reader)
    assert table.column("inode").tolist() == [0, 7, 8]
    assert next(moves) == 1
    assert table.incomplete == ()


def test_a_second_reading_of_many(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts with half a page, so that it ends its pages elsewhere."""
    module = {"procfs": "procfs", "reference": "plain"}[reader]
    moves = itertools.count()
    monkeypatch.setattr(f"fastsock.engines.{module}.list_moved", lambda *_: AllOf(next(moves)))
    tree = ProcTree(tmp_path)
    tree.table("unix", *(unix_line(b"a\nb", inode=n + 1) for n in range(3000)))
    assert inodes(scan(tree, reader)) == list(range(1, 3001))
    assert next(moves) == 1


def test_namespaces_whose_numbers_may_not_be_read(reader: str, tmp_path: Path) -> None:
    """Two tables, both of netns 0: a line of one is no repeat of the other's."""
    tree = ProcTree(tmp_path)
    pending = unix_line(b"/run/s", connection=SS_CONNECTING, pointer=0)
    for pid in (1, 2):
        tree.process(pid, netns=None)
        for name in ("tcp", "tcp6", "udp", "udp6"):
            tree.table(name, pid=pid)
        tree.table("unix", pending, pid=pid)
    assert len(scan(tree, reader, netns="all")) == 2


def test_what_moves_is_counted(tmp_path: Path) -> None:
    from fastsock.engines.movement import list_moved, read_movement
    from fastsock.engines.namespaces import Namespace, expected_rows
    from fastsock.filter import build_filter

    text = (
        "protocol  size sockets  memory press maxhdr  slab module     cl co di\n"
        "UNIX-STREAM 1152    {}      -1   NI       0   yes  kernel      y  n  n\n"
        "UNIX      1152      5      -1   NI       0   yes  kernel      y  n  n\n"
        "NETLINK   1096      3      -1   NI       0   no   kernel      n  n  n\n"
    )
    space = Namespace(0, [str(tmp_path)])
    sockstat = "sockets: used 50\nTCP: inuse 30 orphan 0 tw 4 alloc 31 mem 1\nUDP: inuse 7 mem 0\n"
    (tmp_path / "sockstat").write_text(sockstat)
    (tmp_path / "sockstat6").write_text("TCP6: inuse 2\nUDP6: inuse 1\nUDPLITE6: inuse 90\n")
    found = []
    for number in (10, 10, 11, 100, 100):
        (tmp_path / "protocols").write_text(text.format(number))
        found.append(read_movement([space], build_filter(protocol="unix")))
    moved = {(0, UNIX)}
    assert [list_moved(*pair) for pair in itertools.pairwise(found)] == [set(), moved, moved, moved]
    assert found[3] != found[4]  # more than one read(2) takes: they may come and go unnoticed
    assert read_movement([Namespace(0, [str(tmp_path / "none")])], ALL) == {(0, UNIX): 0}
    assert expected_rows([space], build_filter(protocol="unix")) == 105
    assert expected_rows([space], build_filter(protocol="tcp")) == 36
    assert expected_rows([space], build_filter(protocol="udp")) == 8
    assert expected_rows([space], ALL) == 149
    assert expected_rows([space, space], build_filter(protocol="tcp")) == 68  # without IPv6


@pytest.mark.parametrize(
    ("name", "line", "moved"),
    [
        ("sockstat", "TCP: inuse 29 orphan 0 tw 5 alloc 31 mem 1\n", {6}),
        ("sockstat", "TCP: inuse 30 orphan 0 tw 4 alloc 31 mem 7\n", set()),
        ("sockstat6", "TCP6: inuse 3\n", {6}),
        ("snmp", "Tcp: 1 200 120000 -1 11 20 1 2 30 400 500 0 0 3\n", {6}),
        ("snmp", "Tcp: 1 200 120000 -1 10 20 1 2 30 401 500 0 0 3\n", set()),
        ("sockstat", "UDP: inuse 8 mem 0\n", {17}),
        ("sockstat", "UDP: inuse 25 mem 0\n", {17}),
    ],
)
def test_which_protocol_moved(tmp_path: Path, name: str, line: str, moved: set[int]) -> None:
    from fastsock.engines.movement import list_moved, read_movement
    from fastsock.engines.namespaces import Namespace

    files = {
        "sockstat": [
            "sockets: used 50\n",
            "TCP: inuse 30 orphan 0 tw 4 alloc 31 mem 1\n",
            "UDP: inuse 7 mem 0\n",
        ],
        "sockstat6": ["TCP6: inuse 2\n", "UDP6: inuse 1\n"],
        "snmp": [
            "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails\n",
            "Tcp: 1 200 120000 -1 10 20 1 2 30 400 500 0 0 3\n",
        ],
    }
    space = Namespace(4026531840, [str(tmp_path)])

    def read() -> dict[tuple[int, int], object]:
        for file, lines in files.items():
            (tmp_path / file).write_text("".join(lines))
        return read_movement([space], ALL)

    before = read()
    start = line.split()[0]
    places = [i for i, old in enumerate(files[name]) if old.startswith(f"{start} ")]
    files[name][places[-1]] = line
    assert list_moved(before, read()) == {(space.inode, protocol) for protocol in moved}


@pytest.mark.parametrize(
    ("sockstat", "sockstat6", "empty"),
    [
        ("TCP: inuse 0 orphan 0 tw 0 alloc 1 mem 1\nUDP: inuse 3 mem 1\n", "TCP6: inuse 0\n", True),
        ("TCP: inuse 0 orphan 0 tw 0 alloc 1 mem 1\n", "TCP6: inuse 1\n", False),
        ("TCP: inuse 0 orphan 0 tw 1 alloc 1 mem 1\n", "", False),
        ("TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 1\n", "", False),
        ("TCP: inuse 0 orphan 0 tw 0 alloc 1 mem 1\n", None, True),
        (None, None, False),
    ],
)
def test_a_namespace_without_tcp_is_told(
    tmp_path: Path, sockstat: str | None, sockstat6: str | None, empty: bool
) -> None:
    from fastsock.engines.namespaces import Namespace, is_empty

    for name, text in (("sockstat", sockstat), ("sockstat6", sockstat6)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert is_empty(Namespace(0, [str(tmp_path)]), [6]) is empty
    assert not is_empty(Namespace(0, [str(tmp_path)]), [0, 6])  # of UNIX sockets it says nothing


# --------------------------------------------------------------------------------- what is asked


@pytest.fixture
def tree(tmp_path: Path) -> ProcTree:
    """Listeners, a connection, one not accepted yet, datagrams; a TCP and a UDP socket."""
    made = ProcTree(tmp_path)
    made.table("tcp", tcp_line(("127.0.0.1", 80), state=LISTEN, inode=601))
    made.table("udp", udp_line(("127.0.0.1", 53), inode=602))
    made.table(
        "unix",
        unix_line(b"/run/a b", listens=True, inode=501),
        unix_line(b"/run/a b", STREAM, SS_CONNECTED, inode=502, refcount=3),
        unix_line(b"", STREAM, SS_CONNECTED, inode=503, refcount=3),
        unix_line(b"/run/a b", STREAM, SS_CONNECTING, pointer=77),
        unix_line(b"", STREAM, SS_CONNECTED, inode=504),
        unix_line(b"\0log\0", DGRAM, inode=505),
        unix_line(b"", DGRAM, inode=506),
        unix_line(b"/run/q", SEQPACKET, listens=True, inode=507),
        unix_line(b"/run/bound", STREAM, inode=508),
        unix_line(b"", STREAM, SS_DISCONNECTING, pointer=78),
    )
    made.process(1, b"init").socket(3, 505)
    made.process(20, b"server").socket(4, 501).socket(5, 502).socket(6, 601)
    made.process(21, b"client").socket(3, 503).socket(4, 504)
    for name in ("tcp", "tcp6", "udp", "udp6", "unix"):
        for pid in (1, 20, 21):
            directory = made.path / str(pid) / "net"
            directory.mkdir(exist_ok=True)
            shutil.copy(made.path / "net" / name, directory / name)
    return made


def inodes(table: Any) -> list[int]:
    return [one.inode for one in table]


def test_the_default_is_tcp(tree: ProcTree, reader: str) -> None:
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree)}
    assert inodes(fastsock.scan(**place)) == [601]
    assert inodes(fastsock.scan(protocol=("tcp", "udp"), **place)) == [601, 602]
    assert inodes(fastsock.scan(protocol=("unix", "tcp"), **place))[:2] == [601, 501]
    for name in ("unix", "UNIX", 0, [0], {"unix"}):
        assert len(fastsock.scan(protocol=name, **place)) == 10


UNIX_INODES = [501, 502, 503, 0, 504, 505, 506, 507, 508, 0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({}, UNIX_INODES),
        ({"family": "unix"}, UNIX_INODES),
        ({"family": "ipv4"}, []),
        ({"family": ("ipv4", "unix"), "protocol": ("unix", "udp")}, [602, *UNIX_INODES]),
        ({"family": "unix", "protocol": "tcp"}, []),
        ({"family": "unix", "protocol": ("tcp", "unix")}, UNIX_INODES),
        ({"state": "listen"}, [501, 507]),
        ({"state": "established"}, [502, 503, 0, 504]),
        ({"state": "close"}, [505, 506, 508, 0]),
        ({"state": "unconn"}, [505, 506, 508, 0]),
        ({"inode": [503, 507, 601]}, [503, 507]),
        ({"inode": 0}, [0, 0]),
        ({"port": 0}, []),  # they have no ports, and no addresses
        ({"local_port": range(65536), "protocol": ("tcp", "unix")}, [601]),
        ({"remote_port": 0, "protocol": ("tcp", "unix")}, [601]),
        ({"address": "::/0", "protocol": ("udp", "unix")}, [602]),
        ({"local_address": "::"}, []),
        ({"uid": 0}, []),
        ({"pid": 20}, [501, 502]),
        ({"pid": 20, "protocol": ("tcp", "unix")}, [601, 501, 502]),
        ({"command": ["init", "client"]}, [503, 504, 505]),
        ({"pid": 20, "state": "listen"}, [501]),
    ],
    ids=str,
)
def test_selections(
    tree: ProcTree, reader: str, question: dict[str, Any], expected: list[int]
) -> None:
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree), "protocol": "unix", **question}
    table = fastsock.scan(fields=("type", "path"), **place)
    assert inodes(table) == expected
    assert fastsock.count(**place) == table.counts()
    groups = fastsock.count(by=("protocol", "family"), **place)
    assert isinstance(groups, fastsock.Groups)
    assert sum(counts.total for counts in groups.values()) == len(expected)
    with fastsock.sockets(**place) as stream:
        assert inodes(stream) == expected
    owned = {"pid", "command"}.intersection(question)
    whole = scan(tree, reader, protocol=("tcp", "udp", "unix"), owners=bool(owned))
    assert inodes(whole.select(**{**question, "protocol": place["protocol"]})) == expected


def test_a_selection_by_user_says_that_it_cannot_know(tree: ProcTree, reader: str) -> None:
    (missing,) = scan(tree, reader, uid=0).incomplete
    assert missing["what"] == "UNIX sockets"
    assert missing["reason"] == "/proc does not tell whose they are"
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree), "uid": 0}
    assert fastsock.count(**place).incomplete == ()
    assert fastsock.count(protocol="unix", **place).incomplete == (missing,)


def test_what_a_socket_says(tree: ProcTree, reader: str) -> None:
    table = scan(tree, reader, owners=True, fields=("type", "path", "refcount", "peer"))
    one: Any = table[0]
    assert (one.protocol, one.family, one.state) == ("unix", "unix", State.LISTEN)
    assert (one.local_address, one.remote_address, one.local_port, one.remote_port) == (
        "",
        "",
        0,
        0,
    )
    assert (one.uid, one.netns, one.cookie, one.backlog_limit) == (None, 4026531833, None, None)
    assert (one.field("type"), one.field("path"), one.field("refcount")) == (1, b"/run/a b", 2)
    assert [(owner.pid, owner.fd) for owner in one.owners] == [(20, 4)]
    made = one.as_dict()
    assert made["local_address"] == made["remote_address"] == ""
    assert made["uid"] is None
    assert (made["family"], made["path"]) == ("unix", "/run/a b")
    assert [row.as_dict()["path"] for row in table][5:7] == ["@log@", None]
    assert [row.owner_state for row in table] == [
        "found", "found", "found", "none", "found", "found", "unknown", "unknown", "unknown",
        "none",
    ]  # fmt: skip
    assert repr(one) == "<Socket unix LISTEN inode 501>"


def test_counts_and_groups(tree: ProcTree, reader: str) -> None:
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree), "protocol": "unix"}
    assert str(fastsock.count(**place)) == "established=4 listen=2 other=4"

    def totals(by: Any, **question: Any) -> dict[Any, int]:
        groups: Any = fastsock.count(by=by, **place, **question)
        return {key: counts.total for key, counts in groups.items()}

    assert totals("family") == {"unix": 10}
    assert totals("protocol") == {"unix": 10}
    assert totals("local_address") == {"": 10}
    assert totals("uid") == {None: 10}
    assert totals("state") == {State.ESTABLISHED: 4, State.CLOSE: 4, State.LISTEN: 2}
    assert totals("command") == {
        "server": 2, "client": 2, "init": 1, fastsock.NONE: 2, fastsock.UNKNOWN: 3,
    }  # fmt: skip
    assert scan(tree, reader).count_by("state")[State.LISTEN].total == 2
    assert totals("pid", pid=20) == {20: 2}


def test_what_waits_in_a_queue_is_not_known(tree: ProcTree, reader: str) -> None:
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree), "pid": 20}
    unix = fastsock.count(protocol="unix", **place)
    assert (unix.unaccepted, unix.shared) == (None, False)
    both = fastsock.count(protocol=("tcp", "unix"), **place)
    assert (both.unaccepted, both.shared, both.listen) == (0, False, 2)
    assert fastsock.count(protocol="unix", descriptors=True, **place).total == 2


def test_listeners_take_connections_or_datagrams(tree: ProcTree, reader: str) -> None:
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree)}
    assert inodes(fastsock.listeners(protocol="unix", **place)) == [501, 505, 507]
    assert inodes(fastsock.listeners(protocol=("unix", "tcp"), **place)) == [601, 501, 505, 507]
    assert inodes(fastsock.listeners(protocol=("unix", "udp"), **place)) == [602, 501, 505, 507]
    assert inodes(fastsock.who(protocol="unix", pid=20, **place)) == [501]
    assert inodes(fastsock.who(protocol="unix", pid=21, **place)) == [503, 504]


def test_states(tree: ProcTree, reader: str) -> None:
    place: dict[str, Any] = {"engine": reader, "procfs": str(tree), "protocol": "unix"}
    found = fastsock.states_by_inode(**place)
    assert found == {
        501: State.LISTEN, 502: State.ESTABLISHED, 503: State.ESTABLISHED, 504: State.ESTABLISHED,
        505: State.CLOSE, 506: State.CLOSE, 507: State.LISTEN, 508: State.CLOSE,
    }  # fmt: skip
    assert fastsock.state_of(inode=507, **place) is State.LISTEN


def test_a_tree_that_does_not_tell(tree: ProcTree, reader: str) -> None:
    for directory in ("net", "1/net", "20/net", "21/net"):
        (tree.path / directory / "unix").unlink()
    with pytest.raises(EngineUnavailable, match="net/unix does not exist"):
        scan(tree, reader)
    assert len(fastsock.scan(engine=reader, procfs=str(tree))) == 1


def test_a_tree_with_nothing_else(reader: str, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "unix").write_bytes(table_text("unix", unix_line(inode=7)))
    assert inodes(scan(tmp_path, reader)) == [7]


# ---------------------------------------------------------------------------------- the command


@pytest.fixture
def run(
    tree: ProcTree, reader: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[int, str, str]]:
    def run_it(*words: str) -> tuple[int, str, str]:
        code = cli.main([*words, "--procfs", str(tree), "--engine", reader])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run_it


def test_list(run: Any) -> None:
    assert run("list", "-x") == (
        0,
        "PROTO  TYPE       STATE        RX  TX  LOCAL       REMOTE\n"
        'unix   stream     LISTEN        0   0  "/run/a b"  *\n'
        'unix   stream     ESTABLISHED   0   0  "/run/a b"  *\n'
        "unix   stream     ESTABLISHED   0   0  *           *\n"
        'unix   stream     ESTABLISHED   0   0  "/run/a b"  *\n'
        "unix   stream     ESTABLISHED   0   0  *           *\n"
        "unix   dgram      CLOSE         0   0  @log@       *\n"
        "unix   dgram      CLOSE         0   0  *           *\n"
        "unix   seqpacket  LISTEN        0   0  /run/q      *\n"
        "unix   stream     CLOSE         0   0  /run/bound  *\n"
        "unix   stream     CLOSE         0   0  *           *\n",
        "",
    )


def test_list_with_tcp(run: Any) -> None:
    assert run("list", "-t", "-x", "-l", "--state", "listen") == (
        0,
        "PROTO  TYPE       STATE   RX  TX  LOCAL         REMOTE\n"
        "tcp    -          LISTEN   0   0  127.0.0.1:80  0.0.0.0:0\n"
        'unix   stream     LISTEN   0   0  "/run/a b"    *\n'
        "unix   seqpacket  LISTEN   0   0  /run/q        *\n",
        "",
    )


def test_list_of_chosen_columns(run: Any) -> None:
    columns = "local,uid,remote_address"
    _, out, _ = run("list", "-x", "--columns", columns, "--sort", "-local", "--limit", "1")
    assert out == "LOCAL   UID  REMOTE_ADDRESS\n/run/q    -  -\n"


def test_listeners(run: Any) -> None:
    code, text, complaints = run("listeners", "-x")
    user = user_name(os.getuid())
    assert (code, complaints) == (0, "")
    assert [line.split("  ") for line in re.sub("   +", "  ", text).splitlines()] == [
        ["PROTO", "TYPE", "LOCAL", "REACH", "QUEUE", "USER", "PID", "COMMAND"],
        ["unix", "dgram", "@log@", "this host", "0", user, "1", "init"],
        ["unix", "stream", '"/run/a b"', "this host", "0", user, "20", "server"],
        ["unix", "seqpacket", "/run/q", "this host", "0", "-", "unknown", "-"],
    ]


def test_count(run: Any) -> None:
    assert run("count", "-x") == (
        0,
        "ESTABLISHED  4\nCLOSE        4\nLISTEN       2\nestablished=4 listen=2 other=4\n",
        "",
    )
    assert run("count", "-tux")[1].splitlines()[-1] == "established=4 listen=3 other=5"
    assert run("count", "-x", "-p", "20")[1].splitlines() == [
        "ESTABLISHED  1", "LISTEN       1", "established=1 listen=1 other=0",
    ]  # fmt: skip
    by_user = run("count", "-x", "--by", "uid")[1].splitlines()
    assert by_user[1].split() == ["-", "4", "2", "4", "10"]
    shown = run("count", "-x", "--others")[1]
    assert "unix   dgram   CLOSE   0   0  @log@       *\n" in shown


def test_glance(run: Any) -> None:
    lines = run("-x")[1].splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["SOCKETS", "unix", "TOTAL"],
        ["ESTABLISHED", "4", "4"],
    ]


def test_json(run: Any) -> None:
    rows = [json.loads(row) for row in run("list", "-x", "--jsonl")[1].splitlines()[:-1]]
    assert [row["path"] for row in rows] == [
        "/run/a b", "/run/a b", None, "/run/a b", None, "@log@", None, "/run/q", "/run/bound", None,
    ]  # fmt: skip
    assert {row["family"] for row in rows} == {"unix"}
    assert {row["protocol"] for row in rows} == {"unix"}
    assert {row["local_address"] for row in rows} == {""}
    assert {row["uid"] for row in rows} == {None}
    assert [row["type"] for row in rows][6:9] == ["dgram", "seqpacket", "stream"]
    document = json.loads(run("list", "-x", "--json", "--state", "listen")[1])
    assert [row["inode"] for row in document["sockets"]] == [501, 507]


# ---------------------------------------------------------------------------------- real sockets


class Real(NamedTuple):
    type: int
    state: int
    path: bytes
    inode: int


def open_sockets(directory: str) -> tuple[list[Any], list[Real]]:
    """Make sockets of each sort in this process; returns them and what the kernel should say."""
    made: list[Any] = []
    expected: list[Real] = []

    def keep(one: socket.socket, state: int, path: bytes = b"") -> socket.socket:
        made.append(one)
        expected.append(Real(one.type, state, path, os.fstat(one.fileno()).st_ino))
        return one

    def new(type: int, path: str | bytes = b"") -> socket.socket:
        one = socket.socket(socket.AF_UNIX, type)
        if path:
            one.bind(path)
        return one

    for number, type in enumerate((socket.SOCK_STREAM, socket.SOCK_SEQPACKET)):
        path = f"{directory}/s{number}".encode()
        server = keep(new(type, path), LISTEN, path)
        server.listen(5)
        client = keep(new(type), ESTABLISHED)
        client.connect(path)
        keep(server.accept()[0], ESTABLISHED, path)
        for _ in range(2):  # not accepted: the other ends have no inode
            keep(new(type), ESTABLISHED).connect(path)
            expected.append(Real(type, ESTABLISHED, path, 0))
        keep(new(type), CLOSE)
        keep(new(type, f"{directory}/bound{number}"), CLOSE, f"{directory}/bound{number}".encode())
    for type in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        for one in socket.socketpair(socket.AF_UNIX, type):
            keep(one, ESTABLISHED)
    name = b"\0fastsock\0%d\0" % os.getpid()
    shown = b"\0" + name[1:].replace(b"\0", b"@")
    receiver = keep(new(socket.SOCK_DGRAM, name), CLOSE, shown)
    keep(new(socket.SOCK_DGRAM, name + b"2"), CLOSE, shown + b"2")
    keep(new(socket.SOCK_DGRAM), CLOSE).sendto(b"unread", name)
    assert receiver.recv(10) == b"unread"
    connected = new(socket.SOCK_DGRAM, f"{directory}/log")  # somebody is connected to it
    keep(connected, ESTABLISHED, f"{directory}/log".encode())
    keep(new(socket.SOCK_DGRAM), ESTABLISHED).connect(f"{directory}/log")
    automatic = keep(new(socket.SOCK_DGRAM), CLOSE)
    automatic.bind(b"")  # the kernel chooses an abstract name
    expected[-1] = expected[-1]._replace(path=automatic.getsockname())
    for odd in (b"a  b ", b"\xff\xfe", b"new\nline\n", b"@x"):
        path = directory.encode() + b"/" + odd
        keep(new(socket.SOCK_STREAM, path), CLOSE, path)
    return made, expected


def found(table: Any) -> list[Real]:
    columns = map(table.column, ("type", "state", "path", "inode"))
    return sorted(Real(*row) for row in zip(*columns, strict=True))


def test_real_sockets(engine_name: str, tmp_path: Path) -> None:
    def compare() -> None:
        made, expected = open_sockets(str(tmp_path))
        question: dict[str, Any] = {"protocol": "unix", "engine": engine_name}
        table: Any = fastsock.scan(owners=True, fields=("type", "path"), **question)
        ours = found(table)
        theirs = sorted(expected)
        if engine_name not in READERS:  # sock_diag knows every NUL, and lists no pending ones
            ours, theirs = (
                [one._replace(path=one.path.replace(b"\0", b"@")) for one in rows if one.inode]
                for rows in (ours, theirs)
            )
        assert ours == theirs
        for one in table:
            held = {(owner.pid, owner.fd) for owner in one.owners}
            real = {(os.getpid(), s.fileno()) for s in made
                    if os.fstat(s.fileno()).st_ino == one.inode}  # fmt: skip
            assert held == real
            assert one.owner_state == ("found" if one.inode else "none")
        assert fastsock.count(**question) == table.counts()
        for one in made:
            one.close()
        assert len(fastsock.scan(**question)) == 0

    in_child(compare, netns=OWN)


SS = re.compile(r"(u_\w+) +(\S+) +\d+ +\d+ +(\S+) +(\d+) +\S+ +\d+ *")
SS_TYPES = {"u_str": STREAM, "u_dgr": DGRAM, "u_seq": SEQPACKET}


def parse_ss(text: str) -> Iterator[tuple[int, str, str, int]]:
    for row in text.splitlines():
        words = SS.fullmatch(row)
        assert words is not None, row
        yield SS_TYPES[words[1]], words[2], words[3], int(words[4])


def test_those_of_ss(engine_name: str, tmp_path: Path) -> None:
    if shutil.which("ss") is None:
        pytest.skip("needs ss")

    def compare() -> None:
        made, _ = open_sockets(str(tmp_path))
        for one in made:
            name = one.getsockname()
            if isinstance(name, str) and (" " in name or not name.isprintable()):
                one.close()  # ss does not say where such a path ends
        table: Any = fastsock.scan(protocol="unix", fields=("type", "path"), engine=engine_name)
        ours = sorted(
            (
                one.field("type"),
                one.state.ss,
                one.field("path").replace(b"\0", b"@").decode() or "*",
                one.inode,
            )
            for one in table
            if one.inode  # ss does not list what is not accepted yet
        )
        done = subprocess.run(["ss", "-Hxan"], capture_output=True, text=True, timeout=20)
        assert ours == sorted(parse_ss(done.stdout))
        assert len(ours) > 10

    in_child(compare, netns=OWN)


def come_and_go() -> None:
    while True:
        for one in socket.socketpair():
            one.close()


def test_while_sockets_come_and_go(engine_name: str) -> None:
    """What lives through the scan is in it, once."""

    def compare() -> None:
        kept = [one for _ in range(400) for one in socket.socketpair()]
        inodes = {os.fstat(one.fileno()).st_ino for one in kept}
        with child_process(os.getpid, come_and_go):
            for _ in range(10):
                table = fastsock.scan(protocol="unix", engine=engine_name)
                listed = [inode for inode in table.column("inode") if inode]
                assert len(listed) == len(set(listed))
                assert inodes <= set(listed)

    in_child(compare, netns=OWN)


def test_unix_sockets_are_decoded() -> None:
    left, right = socket.socketpair()
    with left, right:
        table = fastsock.scan()
        assert not {"UNIX", "UNIX-STREAM"}.intersection(table.undecoded)
