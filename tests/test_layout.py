"""Listings in other tools' manner: exact lines, widths by every rule, and both twins alike."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from fastsock import layout
from fastsock.layout import SS_STATES, STATES, Cell, Lines
from fastsock.tcp import TIMERS


class Twin(NamedTuple):
    """The compiled modules, or their twins: a table belongs to its own."""

    name: str
    table: ModuleType
    group: ModuleType
    layout: ModuleType


def load(suffix: str) -> Twin:
    modules = (importlib.import_module(f"fastsock._{n}{suffix}") for n in Twin._fields[1:])
    return Twin("plain" if suffix else "compiled", *modules)


PLAIN = load("_py")
COMPILED = load("") if importlib.util.find_spec("fastsock._table") else None
TWINS = [twin for twin in (COMPILED, PLAIN) if twin is not None]


@pytest.fixture(params=TWINS, ids=lambda twin: twin.name)
def twin(request: pytest.FixtureRequest) -> Twin:
    made: Twin = request.param
    return made


MAPPED = bytes(10) + b"\xff\xff"
V4, OTHER4, ANY4 = MAPPED + b"\x7f\0\0\1", MAPPED + b"\xc0\xa8\xfe\x64", MAPPED + bytes(4)
V6, LONG6, ANY6 = bytes(15) + b"\1", b" \1\r\xb8" + bytes(range(2, 14)), bytes(16)

# In the order of columns.py; the last column of each is optional.
LISTENER = (6, 2, 10, 0, V4, ANY4, 80, 0, 2, 0, 33, 0, 501, 1, 0, 0, 128)
ACCEPTED = (6, 10, 1, 2, V6, LONG6, 80, 41872, 0, 131, 33, 3, 502, 1, 7190, 0xA172DF, -1)
WITHIN = (6, 10, 6, 3, V4, OTHER4, 80, 41874, 1234567, 0, 0, 0, 0, 1, 59999, 0, -1)
ANYWHERE = (6, 10, 10, 0, ANY6, ANY6, 443, 0, 0, 0, 0, 0, 505, 1, 0, 0, 511)
DATAGRAM = (17, 2, 7, 0, ANY4, ANY4, 53, 0, 0, 0, 7, 0, 503, 1, 0, 0, -1)
ROWS = (LISTENER, ACCEPTED, WITHIN, ANYWHERE, DATAGRAM)

OWNERS = [  # inode, pid, fd, tid, process
    (501, 101, 6, 101, 1),
    (501, 100, 6, 100, 0),
    (502, 101, 9, 101, 1),
    (502, 101, 10, 101, 1),
    (505, 100, -1, 100, 0),
    (505, 101, 12345, 101, 1),
    (503, 101, 7, 140, 1),
]


def owned(
    twin: Twin,
    rows: Iterable[Any] = ROWS,
    owners: Iterable[tuple[int, int, int, int, int]] = OWNERS,
    fields: Sequence[str] = (),
) -> Any:
    table = twin.table.SocketRows.from_rows(rows, fields)
    processes = [twin.table.Process(100 + n, 0, b"nginx", 33, 1, b"/") for n in range(3)]
    held = twin.table.OwnerRows.from_rows(owners, processes)
    table.attach_owners(held, twin.group.OwnerIndex(held).heads(table, twin.table.OWNER_HIDDEN))
    return table


def columns(
    twin: Twin,
    rows: Any,
    *cells: Cell,
    lines: Lines | None = None,
    header: bool = True,
    ending: str = "padded",
    chunks: int = 0,
    screen: int | None = None,
) -> bytes:
    arguments = (
        rows,
        list(cells),
        Lines() if lines is None else lines,
        header,
        ending,
        chunks,
        screen,
    )
    return b"".join(twin.layout.column_blocks(*arguments))


def texts(twin: Twin, cell: Cell, rows: Any = None, lines: Lines | None = None) -> list[bytes]:
    found: list[bytes] = twin.layout.cell_texts(
        owned(twin) if rows is None else rows, cell, Lines() if lines is None else lines
    )
    return found


KINDS = {(6, 2, 0): b"tcp", (6, 10, 0): b"tcp6", (17, 2, 0): b"udp"}
USERS = [b'("a",pid=100,fd=', b'("b",pid=101,fd=', b'("c",pid=102,fd=']
SS = [
    Cell("kind", b"Netid", names={key: name[:3] for key, name in KINDS.items()}),
    Cell("named", b"State", column="state", names=SS_STATES, before=b" "),
    Cell("number", b"Recv-Q", column="rx_queue", before=b" ", least=6),
    Cell("backlog", b"Send-Q", before=b" ", least=6),
    Cell(
        "address",
        b"Local Address:",
        end="local",
        brackets=True,
        any6=b"*",
        right=True,
        before=b" ",
        tail=b":",
    ),
    Cell("port", b"Port", end="local"),
    Cell("address", b"Peer Address:", end="remote", brackets=True, any6=b"*", right=True,
         before=b" ", tail=b":"),
    Cell("port", b"Port", end="remote", ports={(6, 41872): b"name"}),
    Cell("users", b"Process", texts=USERS, lead=b" users:(", tail=b")"),
    Cell("join", pieces=[
        Cell("ss_timer", lead=b" ", names={2: b"keepalive", 3: b"timewait"}),
        Cell("number", column="uid", unless=0, lead=b" uid:"),
        Cell("hex", column="cookie", unless=0, lead=b" sk:"),
    ]),
]  # fmt: skip
SS_LINES = """\
tcp   LISTEN    2       128             127.0.0.1:80                              0.0.0.0:*     users:(("b",pid=101,fd=6),("a",pid=100,fd=6))      uid:33
tcp   ESTAB     0       131                 [::1]:80   [2001:db8:203:405:607:809:a0b:c0d]:name  users:(("b",pid=101,fd=10),("b",pid=101,fd=9))     timer:(keepalive,7.190sec,0) uid:33 sk:a172df
tcp   TIME-WAIT 1234567 0      [::ffff:127.0.0.1]:80             [::ffff:192.168.254.100]:41874                                                    timer:(timewait,59sec,0)
tcp   LISTEN    0       511                     *:443                                   *:*     users:(("b",pid=101,fd=12345),("a",pid=100,fd=-1))
udp   UNCONN    0       0                 0.0.0.0:53                              0.0.0.0:*     users:(("b",pid=101,fd=7))                         uid:7
"""  # noqa: E501


def test_ss(twin: Twin) -> None:
    lines = columns(twin, owned(twin), *SS, chunks=5).decode().splitlines()
    assert lines[0].split() == (
        "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process".split()
    )
    assert [line.rstrip() for line in lines[1:]] == SS_LINES.splitlines()
    assert len({len(line) for line in lines[:-1]}) == 1


LSOF = [
    Cell("process", b"COMMAND", texts=[b"a", b"program", b"c"]),
    Cell("pid", b"PID", right=True, before=b" ", least=5),
    Cell("fd", b"FD", tail=b"u", star=9999, right=True, before=b" "),
    Cell("kind", b"TYPE", names=KINDS, right=True, before=b" "),
    Cell("text", b"SIZE/OFF", text=b"0t0", right=True, before=b" "),
    Cell("join", b"NAME", before=b" ", pieces=[
        Cell("endpoint", end="local", mapped="plain", brackets=True, any4=b"*", any6=b"*"),
        Cell("endpoint", end="remote", mapped="plain", brackets=True, unless=0, lead=b"->"),
        Cell("named", column="state", names=STATES, only={"protocol": (6,)}, lead=b" (",
             tail=b")"),
    ]),
]  # fmt: skip


def test_lsof(twin: Twin) -> None:
    rows = owned(twin)
    lines = twin.layout.owner_lines(rows, None, None, False)
    assert columns(twin, rows, *LSOF, lines=lines, ending="bare").decode() == (
        "COMMAND   PID    FD TYPE SIZE/OFF NAME\n"
        "a         100    6u  tcp      0t0 127.0.0.1:80 (LISTEN)\n"
        "program   101    6u  tcp      0t0 127.0.0.1:80 (LISTEN)\n"
        "program   101    9u tcp6      0t0 "
        "[::1]:80->[2001:db8:203:405:607:809:a0b:c0d]:41872 (ESTABLISHED)\n"
        "program   101   10u tcp6      0t0 "
        "[::1]:80->[2001:db8:203:405:607:809:a0b:c0d]:41872 (ESTABLISHED)\n"
        "program   101 *345u tcp6      0t0 *:443 (LISTEN)\n"
    )


def test_lines_of_owners(twin: Twin) -> None:
    rows = owned(twin)

    def found(*arguments: Any) -> list[tuple[int, int]]:
        lines = twin.layout.owner_lines(rows, *arguments)
        assert len(lines) == len(lines.owners)
        return list(zip(lines.sockets, lines.owners, strict=True))

    assert found(None, None, False) == [(0, 1), (0, 0), (1, 2), (1, 3), (3, 5)]
    assert found(None, None, True) == [(3, 4), (0, 1), (0, 0), (1, 2), (1, 3), (3, 5), (4, 6)]
    assert found({100}, None, False) == [(0, 1)]
    assert found(None, [(7, 9), (10000, 2**40)], False) == [(1, 2), (3, 5)]
    assert found(None, [], False) == []
    lines = twin.layout.owner_lines(rows, None, None, False)
    assert twin.layout.line_pids(rows, lines) == [100, 101]
    assert twin.layout.line_pids(rows, Lines()) == []


def test_rows_of_one_inode_share_a_line(twin: Twin) -> None:
    rows = owned(twin, (LISTENER, LISTENER), [(501, 100, 6, 100, 0)])
    assert list(twin.layout.owner_lines(rows, None, None, False).sockets) == [0]


def test_fields(twin: Twin) -> None:
    rows = owned(twin)
    lines = twin.layout.owner_lines(rows, None, [(6, 9)], False)
    process, file = [Cell("pid", lead=b"p"), Cell("text", text=b"cx")], [Cell("fd", lead=b"f")]
    arguments = (rows, process, file, lines)
    assert b"".join(twin.layout.field_blocks(*arguments, b"\n", b"", None)) == (
        b"p100\ncx\nf6\np101\ncx\nf6\nf9\n"
    )
    groups = Lines([1, 1, 2]).sockets
    assert b"".join(twin.layout.field_blocks(*arguments, b"\0", b"\n", groups)) == (
        b"p100\0cx\0\nf6\0\nf6\0\np101\0cx\0\nf9\0\n"
    )


def test_netstat_cuts_the_address_and_keeps_the_port(twin: Twin) -> None:
    end = Cell("endpoint", end="remote", mapped="plain", ports={(6, 41874): b"a" * 30}, most=22)
    assert texts(twin, end) == [
        b"0.0.0.0:*",
        b"2001:db8:203:405::41872",
        b"192.:" + b"a" * 18,
        b":::*",
        b"0.0.0.0:*",
    ]
    end = Cell("endpoint", end="local", least=20, measured=False, before=b"|")
    first = columns(twin, owned(twin), Cell("pid"), end, header=False).splitlines()
    assert first[0] == b"|127.0.0.1:80       "


def test_netstat_timers(twin: Twin) -> None:
    names = {n: name.encode() for n, name in enumerate(TIMERS)}
    rows = [(*row[:3], timer, *row[4:]) for timer, row in enumerate(ROWS * 2)][:6]
    table = owned(twin, [(*row, 2) for row in rows], fields=("timeout",))
    assert texts(twin, Cell("netstat_timer", names=names), table) == [
        b"off (0.00/0/2)",
        b"on (7.19/3/2)",
        b"keepalive (59.99/0/2)",
        b"timewait (0.00/0/2)",
        b"probe (0.00/0/2)",
        b"unkn-5 (0.00/0/2)",
    ]


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (0, b""),
        (7, b"007ms"),
        (999, b"999ms"),
        (1000, b"1sec"),
        (1040, b"1.040sec"),
        (9999, b"9.999sec"),
        (10999, b"10sec"),
        (60000, b"1min"),
        (65500, b"1min5sec"),
        (599999, b"9min59sec"),
        (7200000, b"120min"),
    ],
)
def test_ss_timers(twin: Twin, left: int, shown: bytes) -> None:
    row = list(LISTENER)
    row[3], row[11], row[14] = 1, 4, left
    rows = twin.table.SocketRows.from_rows([row])
    cell = Cell("ss_timer", names={1: b"on"})
    assert texts(twin, cell, rows) == [b"timer:(on,%b,4)" % shown]


def test_names(twin: Twin) -> None:
    assert texts(twin, Cell("named", column="uid", names={33: b"www", 0: b"root"})) == (
        [b"www", b"www", b"root", b"root", b"7"]
    )
    cell = Cell("named", column="uid", names={33: b"www"}, other="nothing", lead=b"u:")
    assert texts(twin, cell) == [b"u:www", b"u:www", b"", b"", b""]
    assert texts(twin, Cell("named", column="state", names={10: b"L"}, unless=1)) == (
        [b"L", b"", b"6", b"L", b"7"]
    )
    assert texts(twin, Cell("number", column="backlog_limit", unknown=b"?")) == (
        [b"128", b"?", b"?", b"511", b"?"]
    )
    cell = Cell("address", end="remote", brackets=True, hosts={LONG6: b"a.example", V4: b"b"})
    assert texts(twin, cell)[1:3] == [b"a.example", b"[::ffff:192.168.254.100]"]


def test_interfaces_and_v6only(twin: Twin) -> None:
    rows = owned(
        twin,
        [(*ANYWHERE, 3, 1), (*ANYWHERE, 4, 0), (*LISTENER, 0, 0)],
        fields=("interface", "v6only"),
    )
    cell = Cell("address", end="local", brackets=True, any6=b"*", interfaces={3: b"eth0"})
    assert texts(twin, cell, rows) == [b"[::]%eth0", b"*%if4", b"127.0.0.1"]
    with pytest.raises(ValueError, match="column 'interface' was not asked for"):
        texts(twin, cell)


def test_paths(twin: Twin) -> None:
    row = (0, 1, 1, 0, bytes(16), bytes(16), 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, -1)
    paths = [b"/run/a", b"\0abstract", b"", b"/a\tb", b"\0a\0b"]
    rows = owned(twin, [(*row, path) for path in paths], fields=("path",))
    cell = Cell("path")
    assert texts(twin, cell, rows) == [
        b"/run/a",
        b"@abstract",
        b"*",
        b"/a\\x09b",
        b"\\x00a\\x00b",
    ]
    assert texts(twin, Cell("port", end="local", unix=Cell("number", column="inode")), rows) == (
        [b"9"] * 5
    )


def test_texts_in_place_of_a_kernel(twin: Twin) -> None:
    rows = owned(twin)
    lines = Lines([-1, 0, 1], [-1, 0, -1])
    assert texts(twin, Cell("fd", instead=[b"cwd", None]), rows, lines) == [b"cwd", b"6", b""]
    assert texts(twin, Cell("number", column="inode"), rows, lines) == [b"", b"501", b"502"]
    cell = Cell("text", text=b"x", only={"state": (10,)})
    assert texts(twin, cell, rows, lines) == [b"", b"x", b""]
    assert texts(twin, Cell("given", texts=[b"1", b"2"]), rows, lines) == [b"1", b"2", b""]


def test_users_of_threads(twin: Twin) -> None:
    tid = [text.replace(b"fd=", b"") for text in USERS]
    assert texts(twin, Cell("users", texts=tid, threads=True))[4] == b'("b",pid=101,tid=140,fd=7)'
    assert texts(twin, Cell("users", texts=USERS, order="forward"))[0] == (
        b'("a",pid=100,fd=6),("b",pid=101,fd=6)'
    )
    # netstat knows descriptors of processes only.
    assert texts(twin, Cell("owner", texts=[b"A", b"B", b"C"])) == [b"A", b"B", b"-", b"B", b"-"]


def test_many_owners_are_sorted(twin: Twin) -> None:
    owners = [(501, 100 + n % 3, n, 100 + n % 3, n % 3) for n in range(200)]
    found = texts(twin, Cell("users", texts=USERS), owned(twin, owners=owners))[0]
    assert found.startswith(b'("c",pid=102,fd=197),("c",pid=102,fd=194)')
    assert found.endswith(b'("a",pid=100,fd=3),("a",pid=100,fd=0)')


SHORT = [
    Cell("text", b"A", text=b"x"),
    Cell("number", b"BB", column="rx_queue", right=True, before=b" "),
    Cell("named", b"C", column="state", names=SS_STATES, before=b" "),
    Cell("join", pieces=[Cell("number", column="uid", unless=0, lead=b" uid:")]),
]


def test_the_end_of_a_line(twin: Twin) -> None:
    rows = twin.table.SocketRows.from_rows([LISTENER, WITHIN, DATAGRAM])
    assert columns(twin, rows, *SHORT) == (
        b"A      BB C               \n"
        b"x       2 LISTEN    uid:33\n"
        b"x 1234567 TIME-WAIT       \n"
        b"x       0 UNCONN    uid:7 \n"
    )
    assert columns(twin, rows, *SHORT[:3], ending="bare") == (
        b"A      BB C\nx       2 LISTEN\nx 1234567 TIME-WAIT\nx       0 UNCONN\n"
    )
    assert columns(twin, rows, *SHORT, ending="stripped", chunks=5) == (
        b"A      BB C       \nx       2 LISTEN uid:33\nx 1234567 TIME-WAIT       \n"
        b"x       0 UNCONN uid:7 \n"
    )
    # The last cell of the last line is not measured.
    rows = twin.table.SocketRows.from_rows([WITHIN, DATAGRAM])
    assert columns(twin, rows, *SHORT, chunks=5, header=False) == (
        b"x 1234567 TIME-WAIT\nx       0 UNCONN    uid:7\n"
    )


@pytest.mark.parametrize("screen", [1, 5, 12, 19, 20, 27, 28, 33, 80, 81])
def test_a_screen_is_filled(twin: Twin, screen: int) -> None:
    rows = twin.table.SocketRows.from_rows([LISTENER, WITHIN, DATAGRAM])
    lines = columns(twin, rows, *SHORT, chunks=5, screen=screen).splitlines()
    if screen >= 12:
        assert len(lines[0]) % screen == 0
    assert columns(PLAIN, PLAIN.table.SocketRows.from_rows([LISTENER, WITHIN, DATAGRAM]),
                   *SHORT, chunks=5, screen=screen).splitlines() == lines  # fmt: skip


def test_widths_of_a_long_listing(twin: Twin) -> None:
    """A buffer of ss is 5 chunks of 1 MiB: widths before and after its end differ."""
    filler = Cell("text", text=b"y" * 60000, before=b" ")
    rows = twin.table.SocketRows.from_rows([LISTENER] * 100 + [WITHIN] + [LISTENER] * 100)
    lines = columns(twin, rows, *SHORT[:2], filler, chunks=5, header=False).splitlines()
    widths = [line.index(b"y") for line in lines]
    # 17 lines in a chunk, and the line that begins the fifth.
    assert widths == [4] * 69 + [10] * 132
    whole = columns(twin, rows, *SHORT[:2], filler, header=False).splitlines()
    assert {line.index(b"y") for line in whole} == {10}


def test_queues_fill_a_buffer_of_ss_as_wide_as_they_are_shown(twin: Twin) -> None:
    """`%-6d` of ss: a queue of one digit takes six bytes of its buffer."""
    filler = Cell("text", text=b"y", before=b" ", right=True, least=60000)
    rows = twin.table.SocketRows.from_rows([LISTENER] * 100 + [WITHIN] + [LISTENER] * 100)
    lines = columns(twin, rows, *SHORT[:2], filler, chunks=5, header=False).splitlines()
    assert [line.index(b"2") for line in lines[:70]] == [2] * 69 + [8]


def test_more_than_is_kept(twin: Twin) -> None:
    filler = Cell("text", text=b"y" * 300000, before=b" ")
    rows = twin.table.SocketRows.from_rows([LISTENER] * 80 + [WITHIN])
    blocks = list(
        twin.layout.column_blocks(rows, [*SHORT[:2], filler], Lines(), True, "padded", 0, None)
    )
    lines = b"".join(blocks).splitlines()
    assert len(blocks) > 10 and {line.index(b"y") for line in lines[1:]} == {10}


def test_nothing(twin: Twin) -> None:
    empty = twin.table.SocketRows()
    assert columns(twin, empty, *SHORT[:2]) == b"A BB\n"
    assert columns(twin, empty, *SHORT[:2], header=False) == b""
    assert columns(twin, empty, header=False) == b""
    assert columns(twin, empty, *SHORT[:2], chunks=5) == b"A BB\n"
    assert columns(twin, owned(twin), *SHORT[:2], lines=Lines([]), header=False) == b""


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kernel": "names"}, ValueError, "no kernel 'names'"),
        ({"kernel": "number"}, TypeError, "the kernel 'number' needs column="),
        ({"kernel": "pid", "star": 1}, TypeError, "the kernel 'pid' takes no star"),
        ({"kernel": "pid", "only": {"uid": (1,)}}, ValueError, "cannot depend on 'uid'"),
    ],
)
def test_cells_that_are_none(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Cell(**arguments)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (Cell("number", column="nothing"), "unknown column 'nothing'"),
        (Cell("number", column="mark"), "column 'mark' was not asked for"),
        (Cell("number", column="local_address"), "holds no numbers"),
        (Cell("blob", column="congestion"), "column 'congestion' was not asked for"),
        (Cell("blob", column="uid"), "column 'uid' holds no text"),
        (Cell("path", plain=b""), "plain= says it of each of 256 bytes"),
        (Cell("port", end="far"), "no end 'far'; there are local and remote"),
        (Cell("endpoint", end="local", most=3), "not cut to less than 8 bytes"),
        (Cell("process", texts=[b"one"]), "one text for each of the owners' processes"),
    ],
)
def test_cells_that_the_rows_cannot_fill(twin: Twin, cell: Cell, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        texts(twin, cell)


def test_lines_and_layouts_that_are_none(twin: Twin) -> None:
    rows = owned(twin)
    for sockets in ([5], [-2]):
        with pytest.raises(IndexError, match="a line names a row that no socket has"):
            texts(twin, Cell("pid"), rows, Lines(sockets))
    with pytest.raises(IndexError, match="a line names a row that no owner has"):
        texts(twin, Cell("pid"), rows, Lines([0], [7]))
    with pytest.raises(ValueError, match="one socket and one owner for each line"):
        Lines([0], [1, 2])
    with pytest.raises(ValueError, match="no ending 'none'"):
        layout.render_columns(rows, [], ending="none")
    with pytest.raises(ValueError, match="one group for each line"):
        layout.render_fields(rows, [], [], lines=Lines([0], [0]), groups=[1, 2])
    bare = twin.table.SocketRows.from_rows([LISTENER])
    for cell in (Cell("pid"), Cell("users", texts=[]), Cell("owner", texts=[])):
        with pytest.raises(ValueError, match="the rows carry no owners"):
            texts(twin, cell, bare)
    with pytest.raises(ValueError, match="the rows carry no owners"):
        twin.layout.owner_lines(bare, None, None, False)


ADDRESSES = st.sampled_from([V4, OTHER4, ANY4, V6, LONG6, ANY6]) | st.binary(
    min_size=16, max_size=16
)
NUMBERS = st.integers(0, 2**32 - 1)
SOCKETS = st.tuples(
    st.sampled_from([6, 17, 0, 132]),
    st.sampled_from([2, 10, 1, 7]),
    st.integers(0, 255),
    st.integers(0, 255),
    ADDRESSES,
    ADDRESSES,
    st.integers(0, 65535),
    st.sampled_from([0, 22, 65535]),
    NUMBERS,
    NUMBERS,
    st.sampled_from([0, 33, 2**32 - 1]),
    NUMBERS,
    st.integers(499, 506),
    st.integers(0, 2**64 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(-1, 2**31 - 1),
    st.integers(0, 5),
    st.integers(0, 255),
    st.binary(max_size=6),
)
FIELDS = ("interface", "type", "path")
ENDS = [
    Cell(
        "endpoint",
        end=end,
        brackets=brackets,
        mapped=mapped,
        any4=any4,
        any6=any6,
        hosts={LONG6: b"six", V4: b"four"},
        ports={(6, 22): b"ssh", (17, 22): b"ssh-u"},
        interfaces={1: b"lo"},
        most=most,
        unless=unless,
        lead=b"<",
        tail=b">",
        right=brackets,
    )
    for end, brackets, mapped, any4, any6, most, unless in (
        ("local", False, "full", None, None, 0, None),
        ("remote", True, "plain", b"*", b"*", 22, 0),
        ("remote", False, "full", b"any", None, 8, None),
    )
]
CELLS = [
    *ENDS,
    *SS[:4],
    *SS[8:],
    *LSOF[:5],
    Cell("hex", column="netns", before=b"|"),
    Cell("number", column="timer_expires_ms", before=b"|", most=5),
    Cell("netstat_timer", names={0: b"off"}, before=b" "),
    Cell("path", unix=Cell("number", column="type"), instead=[b"i", None]),
    Cell("path", only={"type": range(100), "family": (1, 2)}, before=b"  "),
    Cell("owner", texts=USERS, least=20, measured=False, before=b" "),
]


@pytest.mark.skipif(COMPILED is None, reason="a pure build (FASTSOCK_PURE=1)")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(SOCKETS, max_size=8),
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=6),
    st.sampled_from([("padded", 0), ("bare", 0), ("padded", 5), ("stripped", 5)]),
    st.booleans(),
    st.none() | st.integers(1, 200),
    st.data(),
)
def test_both_twins_write_the_same(
    sockets: list[Any],
    cells: list[Cell],
    manner: tuple[str, int],
    header: bool,
    screen: int | None,
    data: st.DataObject,
) -> None:
    made = []
    lines = Lines()
    some: bool = data.draw(st.booleans())
    if sockets and some:
        indices = st.integers(-1, len(sockets) - 1)
        owners = st.integers(-1, len(OWNERS) - 1)
        pairs = data.draw(st.lists(st.tuples(indices, owners)))
        lines = Lines([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    for twin in TWINS:
        rows = owned(twin, sockets, fields=FIELDS)
        ending, chunks = manner
        screen = screen if chunks else None
        arguments = (rows, cells, lines, header, ending, chunks, screen)
        fields = twin.layout.field_blocks(rows, cells[:1], cells[1:], lines, b"\0", b"\n", None)
        found = twin.layout.owner_lines(rows, {100}, [(0, 9)], True)
        made.append((
            b"".join(twin.layout.column_blocks(*arguments)),
            b"".join(fields),
            list(found.sockets),
            list(found.owners),
        ))  # fmt: skip
    assert made[0] == made[1]


def test_the_doors(twin: Twin) -> None:
    """What the faces call takes the tables of this build."""
    if twin is not TWINS[0]:
        pytest.skip("the other build's")
    rows = owned(twin)
    lines = layout.owner_lines(rows, pids=[100])
    assert layout.line_pids(rows, lines) == [100]
    assert b"".join(layout.render_columns(rows, [Cell("pid", b"P")], lines=lines)) == b"P  \n100\n"
    fields = layout.render_fields(rows, [Cell("pid", lead=b"p")], [], lines=lines)
    assert b"".join(fields) == b"p100\n"
    assert layout.render_cells(rows, Cell("fd"), lines) == [b"6"]
    assert layout.escape_hex(b"a\x1b\xff~") == b"a\\x1b\\xff~"


PLACES = [(0, 1, {1, 5}), (17, 2, None), (17, 10, None), (6, 2, None), (6, 10, None)]


def of_sort(protocol: int, family: int, type: int) -> tuple[Any, ...]:
    return (protocol, family, *DATAGRAM[2:], type)


@settings(deadline=None)
@given(
    rows=st.lists(
        st.builds(
            of_sort,
            st.sampled_from([0, 6, 17, 33]),
            st.sampled_from([1, 2, 10]),
            st.sampled_from([1, 2, 5, 200]),
        ),
        max_size=12,
    ),
    held=st.booleans(),
)
def test_lines_in_order_of_protocols(rows: list[tuple[Any, ...]], held: bool) -> None:
    found = []
    order = [
        n
        for protocol, family, types in PLACES
        for n, row in enumerate(rows)
        if row[:2] == (protocol, family) and (types is None or not held or row[-1] in types)
    ]
    for twin in TWINS:
        made = [row if held else row[:-1] for row in rows]
        table = twin.table.SocketRows.from_rows(made, ["type"] if held else [])
        lines = twin.layout.ordered_lines(table, PLACES)
        found.append(list(range(len(rows))) if lines is None else list(lines.sockets))
        assert (lines is None) == (order == list(range(len(rows))))
    assert found == [order] * len(TWINS)
