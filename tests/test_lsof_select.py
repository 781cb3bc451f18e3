"""What lsof's selections choose: any of the kinds, all of them with -a, never what is excluded."""

from __future__ import annotations

import os

import pytest

from fastsock.compat.lsof_flags import COMMAND, DESCRIPTOR, INTERNET, PROCESS, Request, parse_lsof
from fastsock.compat.lsof_processes import parse_stat
from fastsock.compat.lsof_rows import parse_locks
from fastsock.compat.lsof_select import (
    Facts,
    Found,
    compile_expressions,
    find_address,
    has_descriptor,
    is_listed,
    judge_process,
    list_unmet,
)
from fastsock.compat.lsof_sockets import parse_packet, parse_unix
from fastsock.compat.lsof_text import show_command, show_flags, show_name
from test_lsof_flags import LOOPBACK, SIX, Host

APP = Facts(7, b"application", 1000, parent=1, group=6)


def parse(text: str) -> Request:
    return parse_lsof(text.split(), Host())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("-n", 0),
        ("-p 7", PROCESS),
        ("-p 8", None),
        ("-p ^7", None),
        ("-p 8 -i", 0),  # its sockets may still be listed
        ("-a -p 8 -i", None),
        ("-a -p 7 -i", PROCESS),
        ("-a -p 7 -u root", None),
        ("-p 7 -u ^1000", None),
        ("-c app", COMMAND),
        ("-c application", COMMAND),
        ("-c lication", None),
        ("-c ^app -p 7", None),
        ("-c xyz -p 7", PROCESS),
        ("-a -c xyz -p 7", None),
        ("-a -c app -p 7", COMMAND | PROCESS),
        ("-c /^APP.*n$/i", COMMAND),
        ("-c /^APP/ -i", 0),
        (r"-c /^app\(x\|l\)/b", COMMAND),
        ("-g ^6", None),
    ],
)
def test_processes(text: str, kinds: int | None) -> None:
    request = parse(text)
    assert judge_process(request, APP, Found(), compile_expressions(request)) == kinds


@pytest.mark.parametrize(
    ("text", "kinds", "listed"),
    [
        ("-n", 0, True),
        ("-p 7 -i", PROCESS, True),
        ("-p 7 -i", 0, False),
        ("-a -p 7 -i", PROCESS, False),
        ("-a -p 7 -i", PROCESS | INTERNET, True),
        ("-a -p 7 -i -d 3", PROCESS | INTERNET, False),
        ("-a -p 7 -i -d 3", PROCESS | INTERNET | DESCRIPTOR, True),
    ],
)
def test_files(text: str, kinds: int, listed: bool) -> None:
    assert is_listed(parse(text), kinds) is listed


@pytest.mark.parametrize(
    ("text", "fd", "use", "chosen"),
    [
        ("-d 3-5", 4, "", True),
        ("-d 3-5", 6, "", False),
        ("-d 3-5", -1, "cwd", False),
        ("-d cwd", -1, "cwd", True),
        ("-d ^cwd", -1, "cwd", False),
        ("-d ^cwd", 3, "", True),
        ("-d ^3", -1, "mem", True),
        ("-d fd", 99999, "", True),
        ("-d fd", -1, "txt", False),
    ],
)
def test_descriptors(text: str, fd: int, use: str, chosen: bool) -> None:
    assert has_descriptor(parse(text), fd, use) is chosen


def test_of_addresses_that_match_the_last_one_is_met() -> None:
    addresses = parse("-i:80 -iTCP -i@127.0.0.1").addresses
    assert find_address(addresses, 4, "tcp", LOOPBACK, 80) == 2
    assert find_address(addresses, 6, "tcp", SIX, 80) == 1
    assert find_address(addresses, 6, "udp", SIX, 80) == 0
    assert find_address(addresses, 6, "udp", SIX, 81) == -1
    assert find_address(parse("-i4TCP").addresses, 6, "tcp", SIX, 1) == -1


def test_what_was_not_met() -> None:
    request = parse("-c none -i:1,2 -p 5,7 -u app,9 -g 3")
    found = Found()
    found.pids.add(7)
    assert list_unmet(request, found, [("/a", False), ("/b", True), (" /", False)]) == [
        "lsof: command not located: none",
        "lsof: no file use located: /a",
        "lsof: no file system use located: /",
        "lsof: Internet address not located: :1,2",
        "lsof: process ID not located: 5",
        "lsof: process group ID not located: 3",
        "lsof: login name (UID 1000) not located: app",
        "lsof: user ID not located: 9",
    ]
    found.addresses.add(1)  # one of two ranges is enough
    assert "lsof: Internet address not located: :1,2" not in list_unmet(request, found, [])


def test_a_stat_line_with_parentheses() -> None:
    line = b"7 (a) (b c) S 1 6 6 0 -1 4194560"
    assert parse_stat(line) == (b"a) (b c", b"S", 1, 6)
    assert parse_stat(b"") is None
    assert parse_stat(b"7 (x) S") is None


def test_locks() -> None:
    text = (
        b"1: POSIX  ADVISORY  READ 10 fe:00:5 0 4\n"
        b"1: -> POSIX  ADVISORY  WRITE 11 fe:00:5 0 EOF\n"
        b"2: FLOCK  ADVISORY  WRITE 10 00:1b:6 0 EOF\n"
        b"3: OFDLCK ADVISORY  READ -1 fe:00:7 3 EOF\n"
        b"4: POSIX  ADVISORY  READ 10 <none>:0 0 EOF\n"
    )
    assert parse_locks(text) == {
        (10, os.makedev(0xFE, 0), 5): "r",
        (10, os.makedev(0, 0x1B), 6): "W",
        (-1, os.makedev(0xFE, 0), 7): "r",
    }


def test_unix_sockets() -> None:
    text = (
        b"Num       RefCount Protocol Flags    Type St Inode Path\n"
        b"00000000ab12cd34: 00000002 00000000 00010000 0001 01 11 /run/a b\n"
        b"0000000000000001: 00000003 00000000 00000000 0002 03 12\n"
        b"0000000000000002: 00000003 00000000 00000000 0005 01 13 @x@y\n"
        b"torn\n"
    )
    found = parse_unix(text)
    shown = {inode: (one.device, one.name, one.state) for inode, one in found.items()}
    assert shown == {
        11: ("0x00000000ab12cd34", b"/run/a type=STREAM", "LISTEN"),
        12: ("0x0000000000000001", b"type=DGRAM", "CONNECTED"),
        13: ("0x0000000000000002", b"@x@y type=SEQPACKET", "UNCONNECTED"),
    }


def test_packet_sockets() -> None:
    text = (
        b"sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
        b"0000000000000001 3      3    0003   0     1 0      0      21\n"
        b"0000000000000002 3      2    88b5   0     1 0      0      22\n"
    )
    found = parse_packet(text)
    assert [(one.name, one.protocol, one.device) for one in found.values()] == [
        (b"type=SOCK_RAW", "ALL", "21"),
        (b"type=SOCK_DGRAM", str(0x88B5), "22"),
    ]


@pytest.mark.parametrize(
    ("command", "width", "shown"),
    [
        (b"sh", 9, "sh"),
        (b"application", 9, "applicati"),
        (b"application", 0, "application"),
        (b"application", 3, "applica"),
        (b"a b", 9, "a\\x20b"),
        (b"1234567 9", 9, "1234567  "),  # an escape is not cut, and the width is kept
        (b"", 9, "(unknown)"),
        (b"\xff\x01", 9, "\\xff^A"),
    ],
)
def test_commands(command: bytes, width: int, shown: str) -> None:
    assert show_command(command, width) == shown


def test_names() -> None:
    assert show_name("/é".encode(), True) == "/é".encode()
    assert show_name("/é".encode(), False) == b"/\\xc3\\xa9"
    assert show_name(b"/\xff\n", True) == b"/\\xff\\n"


def test_open_flags() -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
    assert show_flags(flags, "g") == "W,AP,CX"
    assert show_flags(flags, "G") == f"{flags:#x};0x0"
    assert show_flags(0, "g") == ""
    assert show_flags(None, "G") == ""
