"""Rows to text and JSON: exact output, and both implementations alike."""

from __future__ import annotations

import importlib
import importlib.util
import json
import struct
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st

from fastsock import render
from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS


class Implementation(NamedTuple):
    """The compiled modules, or their twins: a table belongs to its own renderer."""

    name: str
    table: ModuleType
    group: ModuleType
    render: ModuleType


def load(suffix: str) -> Implementation:
    modules = (importlib.import_module(f"fastsock._{n}{suffix}") for n in TWINS)
    return Implementation("plain" if suffix else "compiled", *modules)


TWINS = ("table", "group", "render")
PLAIN = load("_py")
COMPILED = load("") if importlib.util.find_spec("fastsock._table") else None
compiled_build = pytest.mark.skipif(COMPILED is None, reason="a pure build (FASTSOCK_PURE=1)")


@pytest.fixture(params=["compiled", "plain"])
def made(request: pytest.FixtureRequest) -> Implementation:
    if request.param == "plain":
        return PLAIN
    if COMPILED is None:
        pytest.skip("a pure build (FASTSOCK_PURE=1)")
    return COMPILED


MAPPED = bytes(10) + b"\xff\xff"
V4 = MAPPED + bytes((127, 0, 0, 1))
ANY4 = MAPPED + bytes(4)
V6 = bytes(15) + b"\x01"
NETNS = 4026531840

# In the order of columns.py.
LISTENER = (6, 2, 10, 0, V4, ANY4, 80, 0, 2, 0, 33, 0, 501, NETNS, 0, 0, -1)
ACCEPTED = (6, 10, 1, 2, V6, V6, 80, 41872, 0, 131, 33, 3, 502, NETNS, 7190, 88, -1)
UNACCEPTED = (6, 2, 1, 0, V4, V4, 80, 41874, 517, 0, 33, 0, 0, 0, 0, 0, 128)
SECRET = (17, 2, 7, 0, V4, ANY4, 53, 0, 0, 0, 0, 0, 503, NETNS, 0, 0, -1)
FUTURE = (6, 2, 14, 9, V4, ANY4, 9, 0, 0, 0, 0, 0, 504, NETNS, -1, 0, -1)
ROWS = (LISTENER, ACCEPTED, UNACCEPTED, SECRET, FUTURE)


def rows_of(made: Implementation, rows: Iterable[Any], fields: tuple[str, ...] = ()) -> Any:
    return made.table.SocketRows.from_rows(rows, fields)


def owned(
    made: Implementation,
    rows: Iterable[Any],
    owners: Iterable[tuple[int, int, int, int, int]],
    commands: Iterable[bytes],
    missing: str = "OWNER_HIDDEN",
    cgroups: Iterable[bytes] = (),
) -> Any:
    """Rows with owners joined: (inode, pid, fd, tid, process) and the commands of processes."""
    table = rows_of(made, rows)
    processes = [
        made.table.Process(100 + n, 0, command, 33, NETNS, cgroup)
        for n, (command, cgroup) in enumerate(zip_longest(commands, cgroups, fillvalue=b""))
    ]
    held = made.table.OwnerRows.from_rows(owners, processes)
    index = made.group.OwnerIndex(held)
    table.attach_owners(held, index.heads(table, getattr(made.table, missing)))
    return table


def text(made: Implementation, rows: Any, *columns: str, header: bool = True) -> str:
    pairs = [(render.heading(column), column) for column in columns]
    return b"".join(made.render.text_blocks(rows, pairs, header)).decode()


NGINX = [
    (501, 100, 6, 100, 0),
    (501, 101, 6, 101, 1),
    (502, 101, 9, 101, 1),
    (502, 101, 10, 101, 1),
]


def test_the_default_table(made: Implementation) -> None:
    assert text(made, rows_of(made, ROWS), *render.DEFAULT_COLUMNS) == (
        "PROTO  STATE         RX   TX  LOCAL         REMOTE\n"
        "tcp    LISTEN         2    0  127.0.0.1:80  0.0.0.0:0\n"
        "tcp    ESTABLISHED    0  131  [::1]:80      [::1]:41872\n"
        "tcp    ESTABLISHED  517    0  127.0.0.1:80  127.0.0.1:41874\n"
        "udp    CLOSE          0    0  127.0.0.1:53  0.0.0.0:0\n"
        "tcp    state-14       0    0  127.0.0.1:9   0.0.0.0:0\n"
    )


def test_owners_stand_by_process(made: Implementation) -> None:
    table = owned(made, ROWS[:4], NGINX, [b"nginx", b"nginx"])
    assert text(made, table, "local", "owners") == (
        "LOCAL         OWNERS\n"
        "127.0.0.1:80  nginx pid=100 fd=6; nginx pid=101 fd=6\n"
        "[::1]:80      nginx pid=101 fd=9,10\n"
        "127.0.0.1:80  -\n"
        "127.0.0.1:53  hidden\n"
    )


CGROUPS = (b"/docker/" + b"0123456789abcdef" * 4, b'/a b\x1b".service', b"", b"/x.service/y")


def test_the_unit_of_each_process_is_behind_its_descriptors(made: Implementation) -> None:
    owners = [(501, 100, 6, 100, 0), (501, 100, 7, 100, 0), (501, 100, 8, 105, 0)]
    owners += [(501, 100 + n, 3, 100 + n, n) for n in (1, 2, 3)]
    table = owned(made, [LISTENER], owners, [b"a", b"b", b"a", b"b"], cgroups=CGROUPS)
    assert text(made, table, "owners", header=False) == (
        "a pid=100 fd=6,7 unit=docker:0123456789ab; "
        "a pid=100 tid=105 fd=8 unit=docker:0123456789ab; "
        'b pid=101 fd=3 unit="a b\\x1b\\".service"; a pid=102 fd=3; b pid=103 fd=3 unit=x.service\n'
    )
    assert text(made, table, "command", header=False) == "a,b\n"
    assert text(made, table, "unit", "container", "pid") == (
        "UNIT                                                 CONTAINER       PID\n"
        'docker:0123456789ab,"a b\\x1b\\".service",-,x.service  0123456789ab,-  100,101,102,103\n'
    )
    assert text(made, table, "cgroup", header=False) == (
        f'/docker/{"0123456789abcdef" * 4},"/a b\\x1b\\".service","",/x.service/y\n'
    )
    assert [owner.get("unit") for owner in json_rows(made, table)[0]["owners"]] == [
        *["docker:0123456789ab"] * 3,
        'a b\\x1b".service',
        None,
        "x.service",
    ]


def test_units_where_nobody_is_known(made: Implementation) -> None:
    table = owned(made, ROWS[:4], NGINX, [b"a", b"b"], cgroups=[b"/-.slice", b"/lxc/-"])
    shown = text(made, table, "unit", "container", "inode", header=False)
    assert [line.split() for line in shown.splitlines()] == [
        ["-.slice,lxc:-", '-,"-"', "501"],
        ["lxc:-", '"-"', "502"],
        ["-", "-", "0"],
        ["hidden", "hidden", "503"],
    ]


def test_a_unit_with_a_very_long_name(made: Implementation) -> None:
    cgroups = [b"/" + bytes([97 + n]) * 60_000 + b".service" for n in range(4)]
    owners = [(501, 100 + n, 3, 100 + n, n) for n in range(4)]
    table = owned(made, [LISTENER, LISTENER], owners, [b"a"] * 4, cgroups=cgroups)
    shown = text(made, table, "owners", header=False)
    line = "; ".join(f"a pid={100 + n} fd=3 unit={chr(97 + n) * 60_000}.service" for n in range(4))
    assert shown == f"{line}\n" * 2
    assert json_rows(made, table) == [one.as_dict() for one in table]


def test_pid_and_command_name_each_once(made: Implementation) -> None:
    table = owned(made, ROWS[:4], NGINX, [b"nginx", b"nginx"], "OWNER_UNKNOWN")
    assert text(made, table, "pid", "command", "owner_state", "inode") == (
        "PID      COMMAND  OWNER_STATE  INODE\n"
        "100,101  nginx    found          501\n"
        "101      nginx    found          502\n"
        "-        -        none             0\n"
        "unknown  unknown  unknown        503\n"
    )


def test_commands_that_alternate_name_each_once(made: Implementation) -> None:
    owners = [(501, 100 + n, 3, 100 + n, n) for n in range(4)]
    table = owned(made, [LISTENER], owners, [b"a", b"b", b"a", b"b"])
    assert text(made, table, "command", header=False) == "a,b\n"


def test_a_thread_with_its_own_descriptors_and_a_fixed_file(made: Implementation) -> None:
    owners = [(501, 100, 3, 100, 0), (501, 100, 3, 107, 0), (501, 100, -1, 107, 0)]
    table = owned(made, [LISTENER], owners, [b"x"])
    expected = "x pid=100 fd=3; x pid=100 tid=107 fd=3,io_uring\n"
    assert text(made, table, "owners", header=False) == expected


# What a process may call itself, and how a table shows it.
MISLEADING = [
    (b"plain", "plain"),
    (b"kworker/0:1", "kworker/0:1"),
    (b"(sd-pam)", "(sd-pam)"),
    (b"tmux: server", '"tmux: server"'),
    (b"x pid=1 fd=3; y", '"x pid=1 fd=3; y"'),
    (b'say "hi"', '"say \\"hi\\""'),
    (b"hidden", '"hidden"'),
    (b"-", '"-"'),
    (b"", '""'),
    (b"a\nb", '"a\\x0ab"'),
    (b"\x1b[31mred", '"\\x1b[31mred"'),
    (b"\xff\xfe", '"\\xff\\xfe"'),
    ("\u202eevil".encode(), '"\\u202eevil"'),
    (b"back\\slash", '"back\\\\slash"'),
    ("größe".encode(), '"größe"'),
]


@pytest.mark.parametrize(("command", "shown"), MISLEADING)
def test_a_command_cannot_mislead(made: Implementation, command: bytes, shown: str) -> None:
    table = owned(made, [LISTENER], [(501, 100, 6, 100, 0)], [command])
    assert text(made, table, "owners", header=False) == f"{shown} pid=100 fd=6\n"
    assert text(made, table, "command", "pid", header=False) == f"{shown}  100\n"
    (socket,) = json_rows(made, table)
    assert socket["owners"][0]["command"] == table[0].as_dict()["owners"][0]["command"]


def test_columns_count_characters_and_not_bytes(made: Implementation) -> None:
    rows = [LISTENER, ACCEPTED]
    owners = [(501, 100, 6, 100, 0), (502, 101, 6, 101, 1)]
    table = owned(made, rows, owners, ["größe".encode(), b"plain-name"])
    assert text(made, table, "command", "local", header=False) == (
        '"größe"     127.0.0.1:80\nplain-name  [::1]:80\n'
    )


def test_numbers_stand_at_the_right_also_last(made: Implementation) -> None:
    assert text(made, rows_of(made, ROWS[:3]), "netns", "backlog_limit", "tx_queue") == (
        "     NETNS  BACKLOG_LIMIT   TX\n"
        "4026531840              -    0\n"
        "4026531840              -  131\n"
        "         -            128    0\n"
    )


def test_optional_columns(made: Implementation) -> None:
    table = rows_of(made, [(*LISTENER, 204000, -1)], ("rto", "ssthresh"))
    assert text(made, table, "rto", "ssthresh", header=False) == "204000  -1\n"
    (socket,) = json_rows(made, table)
    assert (socket["rto"], socket["ssthresh"]) == (204000, -1)


def test_bytes_of_another_user_cannot_mislead(made: Implementation) -> None:
    for path, shown in MISLEADING:
        if not path:
            continue
        table = rows_of(made, [(*LISTENER, path, b"cubic")], ("path", "congestion"))
        assert text(made, table, "path", "congestion", header=False) == f"{shown}  cubic\n"
        (socket,) = json_rows(made, table)
        assert socket["path"] == table[0].as_dict()["path"]


def test_paths(made: Implementation) -> None:
    paths = [b"/run/x", b"\0bus", b"", b"unknown", b"none", b"\0", b"/a b", b"\0a\0b", b"-"]
    table = rows_of(made, [(*LISTENER, path) for path in paths], ("path",))
    assert text(made, table, "local_port", "path") == (
        "LOCAL_PORT  PATH\n"
        "        80  /run/x\n"
        "        80  @bus\n"
        "        80  -\n"
        '        80  "unknown"\n'
        '        80  "none"\n'
        "        80  @\n"
        '        80  "/a b"\n'
        '        80  "@a\\x00b"\n'
        '        80  "-"\n'
    )
    assert [row["path"] for row in json_rows(made, table)] == [
        "/run/x", "@bus", None, "unknown", "none", "@", "/a b", "@a\\x00b", "-",
    ]  # fmt: skip


def test_a_long_path(made: Implementation) -> None:
    """Longer than a cell has room for beforehand, plain and not."""
    paths = [b"/" + b"x" * 5000, b"/" + b"\xff" * 5000]
    table = rows_of(made, [(*LISTENER, path) for path in paths], ("path",))
    assert text(made, table, "path", header=False).splitlines() == [
        paths[0].decode(),
        '"/' + "\\xff" * 5000 + '"',
    ]
    assert [len(row["path"]) for row in json_rows(made, table)] == [5001, 1 + 4 * 5000]


# A structure up to `rtt`; as above with numbers of one byte in the bit fields.
INFO = bytes((1, 0, 0, 0, 0, 7, 0x7A, 1)) + struct.pack("=16I", *range(100, 116))


def test_members(made: Implementation) -> None:
    rows = [(*LISTENER, INFO), (*LISTENER, INFO[:8]), (*LISTENER, b"")]
    table = rows_of(made, rows, ("tcp_info.rtt", "tcp_info.rcv_wscale"))
    assert text(made, table, "tcp_info.rtt", "local_port", "tcp_info.rcv_wscale") == (
        "TCP_INFO.RTT  LOCAL_PORT  TCP_INFO.RCV_WSCALE\n"
        "         115          80                    7\n"
        "           -          80                    7\n"
        "           -          80                    -\n"
    )
    found = [
        (row["tcp_info.rtt"], row["tcp_info.rcv_wscale"], "tcp_info" in row)
        for row in json_rows(made, table)
    ]
    assert found == [(115, 7, False), (None, 7, False), (None, None, False)]


def test_a_whole_structure(made: Implementation) -> None:
    rows = [(*LISTENER, INFO[:16]), (*LISTENER, b""), (*LISTENER, INFO)]
    table = rows_of(made, rows, ("tcp_info",))
    lines = text(made, table, "tcp_info", "uid", header=False).splitlines()
    assert lines[0].split() == [
        "state=1,ca_state=0,retransmits=0,probes=0,backoff=0,options=7,snd_wscale=10,rcv_wscale=7,"
        "delivery_rate_app_limited=1,fastopen_client_fail=0,rto=100,ato=101",
        "33",
    ]
    assert lines[1].split() == ["-", "33"]
    found = [row["tcp_info"] for row in json_rows(made, table)]
    assert found == [socket.as_dict()["tcp_info"] for socket in table]
    assert (found[0]["ato"], found[1], found[2]["rtt"]) == (101, None, 115)
    table = rows_of(made, [(*LISTENER, b"x")], ("skmem",))  # too short for the first member
    assert text(made, table, "skmem", header=False) == "-\n"
    assert json_rows(made, table)[0]["skmem"] == {}


def test_unknown_numbers_of_optional_columns(made: Implementation) -> None:
    fields = ("interface", "v6only", "socket_cgroup", "type", "peer")
    table = rows_of(made, [(*LISTENER, 0, 0, 0, 0, 0), (*LISTENER, 7, 1, 8, 5, 9)], fields)
    assert (
        text(made, table, *fields, header=False) == "0  0  -  -          -\n7  1  8  seqpacket  9\n"
    )
    found = [[row[name] for name in fields] for row in json_rows(made, table)]
    assert found == [[0, 0, None, None, None], [7, 1, 8, "seqpacket", 9]]


PATHS = (b"/run/a", b"\0a\0b", b"", b"/run/\xc3\xa4", b"*", b"/\n", b"x" * 108)


def unix_row(path: bytes, type: int = 1) -> tuple[Any, ...]:
    ends = (bytes(16), bytes(16), 0, 0)
    return (0, 1, 7, 0, *ends, 0, 0, 2**32 - 1, 0, 7, NETNS, 0, 0, -1, type, path)


def test_unix_sockets_are_shown_by_their_path(made: Implementation) -> None:
    fields = ("type", "path")
    rows = [*(unix_row(path) for path in PATHS), (*LISTENER, 0, b"")]
    table = rows_of(made, rows, fields)
    assert text(made, table, "local", header=False).splitlines() == [
        "/run/a",
        '"@a\\x00b"',
        "*",
        '"/run/ä"',
        '"*"',
        '"/\\x0a"',
        "x" * 108,
        "127.0.0.1:80",
    ]
    assert text(made, table, "remote", "uid", "local_address", "type") == (
        "REMOTE     UID  LOCAL_ADDRESS  TYPE\n"
        + "*            -  -              stream\n" * 7
        + "0.0.0.0:0   33  127.0.0.1      -\n"
    )
    widths = {len(line) for line in text(made, table, "local", "uid").splitlines()}
    assert widths == {108 + 2 + 3}
    expected = [list(socket.as_dict().items()) for socket in table]
    assert [list(row.items()) for row in json_rows(made, table)] == expected
    first = expected[0]
    assert ("local_address", "") in first and ("uid", None) in first
    assert first[-2:] == [("type", "stream"), ("path", "/run/a")]


def test_a_path_that_was_not_asked_for_is_not_shown_as_none(made: Implementation) -> None:
    table = rows_of(made, [unix_row(b"")[:-2]])
    assert text(made, table, "local", "remote", header=False) == "-  *\n"
    assert repr(table[0]) == "<Socket unix CLOSE inode 7>"


def test_no_rows(made: Implementation) -> None:
    empty = rows_of(made, [])
    assert text(made, empty, "protocol", "rx_queue", "local") == "PROTO  RX  LOCAL\n"
    assert text(made, empty, "local", header=False) == ""
    assert list(made.render.json_blocks(empty)) == []


@pytest.mark.parametrize(
    "column", ["cwnd", "owners", "nonsense", "path", "skmem", "tcp_info.rtt", "tcp_info.nonsense"]
)
def test_a_column_that_is_not_there(made: Implementation, column: str) -> None:
    with pytest.raises(ValueError, match=column.replace(".", r"\.")):
        text(made, rows_of(made, ROWS), column)


def json_rows(made: Implementation, rows: Any) -> list[Any]:
    return [json.loads(line) for line in b"".join(made.render.json_blocks(rows)).splitlines()]


def test_a_socket_as_json(made: Implementation) -> None:
    owners = [(501, 100, 6, 100, 0), (501, 100, 7, 107, 0)]
    table = owned(made, [LISTENER], owners, [b'a\n"b"'])
    assert b"".join(made.render.json_blocks(table)).decode() == (
        '{"protocol":"tcp","family":"ipv4","state":"LISTEN",'
        '"local_address":"127.0.0.1","local_port":80,'
        '"remote_address":"0.0.0.0","remote_port":0,'
        '"rx_queue":2,"tx_queue":0,"backlog_limit":null,"uid":33,"inode":501,'
        '"netns":4026531840,"timer":"off","timer_expires_ms":0,"retransmits":0,"cookie":null,'
        '"owners":[{"pid":100,"fd":6,"command":"a\\\\x0a\\"b\\""},'
        '{"pid":100,"fd":7,"command":"a\\\\x0a\\"b\\"","tid":107}],"owner_state":"found"}\n'
    )


def test_json_is_as_dict_with_and_without_owners(made: Implementation) -> None:
    commands = [b"nginx", b"\x1b"]
    for table in (
        rows_of(made, ROWS),
        owned(made, ROWS, NGINX, commands),
        owned(made, ROWS, NGINX, commands, cgroups=CGROUPS),
        owned(made, ROWS, [(501, 101, 6, 107, 1)], commands, cgroups=CGROUPS),
    ):
        expected = [list(socket.as_dict().items()) for socket in table]
        assert [list(row.items()) for row in json_rows(made, table)] == expected


def test_owner_states_in_json(made: Implementation) -> None:
    table = owned(made, ROWS[:4], NGINX, [b"nginx", b"nginx"])
    found = [(row["owners"], row["owner_state"]) for row in json_rows(made, table)]
    assert found[2:] == [([], "none"), (None, "hidden")]
    table = owned(made, [SECRET], NGINX, [b"nginx", b"nginx"], "OWNER_UNKNOWN")
    assert [(row["owners"], row["owner_state"]) for row in json_rows(made, table)] == [
        (None, "unknown")
    ]


def test_blocks_are_about_a_mebibyte(made: Implementation) -> None:
    table = rows_of(made, [ACCEPTED] * 8000)
    lines, sizes = 0, []
    for block in made.render.json_blocks(table):
        sizes.append(len(block))
        lines += block.count(b"\n")
        assert block.endswith(b"\n")
    assert lines == 8000
    assert len(sizes) == 3
    assert max(sizes) < (1 << 20) + 1000


def test_a_socket_with_very_many_owners(made: Implementation) -> None:
    """One row may be larger than a block."""
    owners = [(501, 100, fd, 100, 0) for fd in range(30_000)]
    owners += [(501, 101 + n, 3, 101 + n, 1 + n) for n in range(8_000)]
    table = owned(made, [LISTENER, ACCEPTED], owners, [b"\x01" * 15] * 8_001)
    shown = text(made, table, "owners", "pid", "local", header=False)
    assert shown.count(" fd=") == 8_001
    assert shown.count(",") == 29_999 + 8_000
    assert len(json_rows(made, table)[0]["owners"]) == 38_000


# Every branch of the writer of addresses, as inet_ntop(3) and so ss and Python have them.
ADDRESSES = [
    (2, V4, "127.0.0.1"),
    (2, MAPPED + bytes((255, 10, 100, 9)), "255.10.100.9"),
    (10, bytes(16), "::"),
    (10, V6, "::1"),
    (10, V4, "::ffff:127.0.0.1"),
    (10, bytes(12) + bytes((127, 0, 0, 1)), "::127.0.0.1"),
    (10, bytes.fromhex("20010db8000000000000000000000001"), "2001:db8::1"),
    (10, bytes.fromhex("20010db8000000010000000000000000"), "2001:db8:0:1::"),
    (10, bytes.fromhex("20010db8000000010001000100010001"), "2001:db8:0:1:1:1:1:1"),
    (10, bytes.fromhex("00010000000000020000000000000003"), "1:0:0:2::3"),
    (10, bytes.fromhex("00010000000000020000000000030004"), "1::2:0:0:3:4"),
    (10, bytes.fromhex("fe80000000000000021122fffe334455"), "fe80::211:22ff:fe33:4455"),
    (10, b"\xff" * 16, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
]


@pytest.mark.parametrize(("family", "address", "shown"), ADDRESSES)
def test_addresses(made: Implementation, family: int, address: bytes, shown: str) -> None:
    row = (6, family, 1, 0, address, address, 1, 65535, *LISTENER[8:])
    table = rows_of(made, [row])
    assert text(made, table, "local_address", header=False) == f"{shown}\n"
    ends = f"{shown}:65535" if family == 2 else f"[{shown}]:65535"
    assert text(made, table, "remote", header=False) == f"{ends}\n"
    assert made.table.format_address(address, family) == shown


# Words of an address that meet the rules for zeros often enough.
word = st.sampled_from([b"\0\0", b"\0\0", b"\0\1", b"\xff\xff"]) | st.binary(min_size=2, max_size=2)
address16 = st.lists(word, min_size=8, max_size=8).map(b"".join)


def values(format: str) -> st.SearchStrategy[Any]:
    if format == "16s":
        return address16
    if format == "v":
        return st.sampled_from([b"", b"-", b"\0x", b"/run/x"]) | st.binary(max_size=100)
    bits = {"B": 8, "H": 16, "I": 32, "Q": 64, "i": 31, "q": 63}[format]
    low = 0 if format.isupper() else -(2**bits)
    return st.sampled_from([max(low, -1), 0, low, 2**bits - 1]) | st.integers(low, 2**bits - 1)


ALL_COLUMNS = (*SOCKET_COLUMNS, *OPTIONAL_COLUMNS)
any_rows = st.lists(st.tuples(*(values(spec.format) for spec in ALL_COLUMNS)), max_size=6)
any_owners = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(-1, 200), st.integers(0, 1)),
    max_size=12,
)
any_commands = st.lists(
    st.sampled_from([b"x", b"y y"]) | st.binary(max_size=20), min_size=3, max_size=3
)


@compiled_build
@given(any_rows, any_owners, any_commands)
def test_both_write_the_same_bytes(
    rows: list[tuple[Any, ...]], held: list[tuple[int, int, int, int]], commands: list[bytes]
) -> None:
    assert COMPILED is not None
    owners = [(inode, pid, fd, pid + thread, pid - 1) for inode, pid, fd, thread in held]
    # Inodes that meet the owners'.
    rows = [(*row[:12], row[12] % 6, *row[13:]) for row in rows]
    fields = (*(spec.name for spec in OPTIONAL_COLUMNS), "tcp_info.rtt", "skmem.drops")
    columns = (*render.COLUMNS, "tcp_info.rto", "skmem.drops", "tcp_info.rcv_wscale")
    outputs = []
    for made in (COMPILED, PLAIN):
        table = rows_of(made, rows, fields)
        processes = [made.table.Process(n, 0, c, 0, 0, b"") for n, c in enumerate(commands)]
        rows_held = made.table.OwnerRows.from_rows(owners, processes)
        heads = made.group.OwnerIndex(rows_held).heads(table, made.table.OWNER_UNKNOWN)
        table.attach_owners(rows_held, heads)
        outputs.append(
            (
                text(made, table, *columns),
                text(made, table, *reversed(columns), header=False),
                b"".join(made.render.json_blocks(table, b",\n", b"\n")),
            )
        )
    assert outputs[0] == outputs[1]


# -- the door


@pytest.fixture
def rows() -> Iterator[Any]:
    from fastsock.implementation import table

    yield table.SocketRows.from_rows(ROWS)


def test_a_mapping_gives_headings(rows: Any) -> None:
    shown = b"".join(render.render_table(rows, {"rx_queue": "QUEUE", "local": "AT"}))
    assert shown.splitlines()[:2] == [b"QUEUE  AT", b"    2  127.0.0.1:80"]


def test_a_json_document(rows: Any) -> None:
    head = {"schema": 1, "incomplete": []}
    document = json.loads(b"".join(render.render_json_document(head, "sockets", rows)))
    assert list(document) == ["schema", "incomplete", "sockets"]
    assert document["sockets"] == [socket.as_dict() for socket in rows]


def test_a_json_document_without_rows(rows: Any) -> None:
    empty = type(rows)()
    document = json.loads(b"".join(render.render_json_document({"schema": 1}, "sockets", empty)))
    assert document == {"schema": 1, "sockets": []}


def test_json_lines(rows: Any) -> None:
    lines = b"".join(render.render_json_lines(rows)).splitlines()
    assert [json.loads(line) for line in lines] == [socket.as_dict() for socket in rows]


def test_a_grid() -> None:
    cells = [("nginx", "2"), ("x", "100")]
    assert render.render_grid(("NAME", "N"), cells, right=(1,)) == (
        "NAME     N\nnginx    2\nx      100\n"
    )
    assert render.render_grid((), []) == ""


def test_every_column_has_a_place() -> None:
    assert len(set(render.COLUMNS)) == len(render.COLUMNS)
    assert set(render.DEFAULT_COLUMNS) <= set(render.COLUMNS)
