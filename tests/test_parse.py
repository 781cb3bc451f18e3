"""Tables of /proc/net: each branch of a line's grammar, with the exact rows or the exact error.

Texts are made of fields as text, so that a case may have anything in its place:
  sl local remote st tx:rx tr:when retrnsmt uid timeout inode ref pointer and the tail, for tcp
  rto ato quickack cwnd ssthresh
"""

from __future__ import annotations

import errno
import importlib
import os
import random
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fastsock
from fastsock import EngineUnavailable, ParseError, SocketTable
from fastsock.columns import OPTIONAL_COLUMNS
from fastsock.tcp import FAMILIES, PROTOCOLS
from proctree import HEADINGS, ProcTree, table_text, tcp_line

FIELDS = tuple(spec.name for spec in OPTIONAL_COLUMNS)
TCP, UDP, IPV4, IPV6 = PROTOCOLS["tcp"], PROTOCOLS["udp"], FAMILIES["ipv4"], FAMILIES["ipv6"]
TABLES = {
    "tcp": (TCP, IPV4),
    "tcp6": (TCP, IPV6),
    "udp": (UDP, IPV4),
    "udp6": (UDP, IPV6),
}
PARSERS = {"procfs": "_proc_net", "reference": "reference"}
UINT32, UINT64, INT64 = 2**32 - 1, 2**64 - 1, 2**63 - 1

little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the texts are those of a little-endian kernel"
)
pytestmark = little_endian


def mapped(*numbers: int) -> bytes:
    """An IPv4 address as the table keeps it."""
    return bytes(10) + b"\xff\xff" + bytes(numbers)


LINE: dict[str, Any] = {
    "sl": "   0",
    "local": "0100007F:1388",
    "remote": "281E140A:D431",
    "state": "01",
    "queues": "00000000:00000000",
    "timer": "00:00000000",
    "retransmits": "00000000",
    "uid": " 1000",
    "timeout": "       0",
    "inode": "94221",
    "refcount": "1",
    "pointer": "0000000003b041fb",
    "tail": "20 4 30 10 -1",
}
ROW: dict[str, Any] = {
    "protocol": TCP,
    "family": IPV4,
    "state": 1,
    "timer": 0,
    "local_address": mapped(127, 0, 0, 1),
    "remote_address": mapped(10, 20, 30, 40),
    "local_port": 5000,
    "remote_port": 54321,
    "rx_queue": 0,
    "tx_queue": 0,
    "uid": 1000,
    "retransmits": 0,
    "inode": 94221,
    "netns": 0,
    "timer_expires_ms": 0,
    "cookie": 0,
    "backlog_limit": -1,
    "timeout": 0,
    "refcount": 1,
    "rto": 200_000,
    "ato": 40_000,
    "cwnd": 10,
    "ssthresh": -1,
    "drops": 0,
}
# What these tables do not tell.
UNTOLD: dict[str, Any] = {
    spec.name: b"" if spec.format == "v" else 0 for spec in OPTIONAL_COLUMNS if spec.name not in ROW
}
ROW |= UNTOLD
NO_TAIL = {"rto": 0, "ato": 0, "cwnd": 0, "ssthresh": 0}
UDP_LINE: dict[str, Any] = {"tail": "0"}
UDP_ROW = {"protocol": UDP, **NO_TAIL}
LONG_LINE: dict[str, Any] = {
    "local": f"{'0' * 24}01000000:1388",
    "remote": "B80D0120000000000000000001000000:D431",
}
LONG_ROW = {
    "family": IPV6,
    "local_address": bytes(15) + b"\1",
    "remote_address": bytes.fromhex("20010db8000000000000000000000001"),
}


def line(end: str = "\n", **fields: Any) -> bytes:
    """A line of LINE with `fields` in their places; None leaves one out with its space."""
    chosen = LINE | fields
    text = " ".join(value for value in list(chosen.values())[1:] if value is not None)
    return f"{chosen['sl']}: {text}{end}".encode()


class Good(NamedTuple):
    """A text that is a table, and its rows."""

    text: bytes
    rows: list[dict[str, Any]]
    table: str = "tcp"


class Bad(NamedTuple):
    """A text with a line that is none."""

    text: bytes
    number: int
    line: bytes
    table: str = "tcp"


Case = Good | Bad


def good(fields: dict[str, Any], row: dict[str, Any], table: str = "tcp") -> Good:
    fields, row = TABLE_LINES[table] | fields, ROW | TABLE_ROWS[table] | row
    return Good(table_text(table, line(**fields)), [row], table)


def bad(table: str = "tcp", **fields: Any) -> Bad:
    """A table whose third line is wrong."""
    right = line(**TABLE_LINES[table])
    wrong = line(**TABLE_LINES[table] | fields)
    return Bad(table_text(table, right, wrong, right), 3, wrong[:-1], table)


def zeros(table: str) -> Case:
    digits = 8 if table in ("tcp", "udp") else 32
    nowhere = f"{'0' * digits}:0000"
    address = bytes(10) + b"\xff\xff" + bytes(4) if digits == 8 else bytes(16)
    row: dict[str, Any] = (
        dict.fromkeys(ROW, 0)
        | UNTOLD
        | {
            "backlog_limit": -1,
            "protocol": TABLES[table][0],
            "family": TABLES[table][1],
            "local_address": address,
            "remote_address": address,
        }
    )
    return good(
        {
            "local": nowhere,
            "remote": nowhere,
            "state": "00",
            "uid": "    0",
            "inode": "0",
            "refcount": "0",
            "pointer": "0" * 16,
            "tail": "0 0 0 0 0" if "tcp" in table else "0",
        },
        row,
        table,
    )


def tail(place: int, text: str) -> dict[str, Any]:
    """The tail of a TCP line with `text` as rto (0), ato, quickack, cwnd or ssthresh (4)."""
    words = ["20", "4", "30", "10", "-1"]
    words[place] = text
    return {"tail": " ".join(words)}


def join(name: str, follower: str) -> dict[str, Any]:
    """Two fields without the space between them."""
    return {name: f"{LINE[name]}{LINE[follower]}", follower: None}


TABLE_LINES: dict[str, dict[str, Any]] = {
    "tcp": {},
    "tcp6": {**LONG_LINE},
    "udp": {**UDP_LINE},
    "udp6": {**UDP_LINE, **LONG_LINE},
}
TABLE_ROWS: dict[str, dict[str, Any]] = {
    "tcp": {},
    "tcp6": LONG_ROW,
    "udp": UDP_ROW,
    "udp6": {**UDP_ROW, **LONG_ROW},
}
MOST_TICKS, MOST_SLOW_TICKS = INT64 // 10, INT64 // 10_000
PLAIN, PLAIN6 = line(), line(**LONG_LINE)
TEXT = HEADINGS["tcp"].encode()

CASES: dict[str, Case] = {
    # whole tables
    "no sockets": Good(table_text("tcp"), []),
    "no sockets in tcp6": Good(table_text("tcp6"), [], "tcp6"),
    "a heading without its newline": Good(TEXT, []),
    "a heading without padding": Good(b"sl  local_address rem_address\n", []),
    "a heading that ends behind its second column": Good(b"sl  local_address \n", []),
    "a heading of another kernel": Good(b"    sl  local_address new_column\n" + PLAIN, [ROW]),
    "a file without a byte": Bad(b"", 1, b""),
    "a newline only": Bad(b"\n", 1, b""),
    "no heading": Bad(PLAIN, 1, PLAIN[:-1]),
    "the heading of another table": Bad(b"Num RefCount Protocol\n", 1, b"Num RefCount Protocol"),
    "a heading cut short": Bad(b"  sl  local_address", 1, b"  sl  local_address"),
    "a heading with a tab": Bad(b"\tsl  local_address \n", 1, b"\tsl  local_address "),
    "a heading with one space": Bad(b"sl local_address x\n", 1, b"sl local_address x"),
    "the heading twice": Bad(TEXT + b"\n" + TEXT + b"\n", 2, TEXT),
    "two lines": Good(table_text("tcp", PLAIN, line(inode="7")), [ROW, ROW | {"inode": 7}]),
    "no newline at the end": Good(table_text("tcp", PLAIN[:-1]), [ROW]),
    "no newline at the end of tcp6": Good(
        table_text("tcp6", PLAIN6[:-1]), [ROW | LONG_ROW], "tcp6"
    ),
    "an empty line": Bad(table_text("tcp", PLAIN, b"\n", PLAIN), 3, b""),
    "an empty line at the end": Bad(table_text("tcp", PLAIN, b"\n"), 3, b""),
    "a line of spaces": Bad(table_text("tcp", b"   \n"), 2, b"   "),
    "a last line cut short": Bad(table_text("tcp", PLAIN, PLAIN[:70]), 3, PLAIN[:70]),
    "CRLF": Bad(TEXT + b"\r\n" + line("\r\n"), 2, line("\r")),
    "a carriage return at the end": Bad(table_text("tcp", line("\r")), 2, line("\r")),
    "a NUL at the end": Bad(table_text("tcp", line("\0")), 2, line("\0")),
    "a NUL behind the newline": Bad(table_text("tcp", PLAIN, b"\0"), 3, b"\0"),
    "NULs for a line": Bad(table_text("tcp", bytes(100), PLAIN), 2, bytes(100) + PLAIN[:-1]),
    "a line of tcp6 in tcp": Bad(table_text("tcp", PLAIN6), 2, PLAIN6[:-1]),
    "a line of tcp in tcp6": Bad(table_text("tcp6", PLAIN), 2, PLAIN[:-1], "tcp6"),
    "a line of tcp in udp": Bad(table_text("udp", PLAIN), 2, PLAIN[:-1], "udp"),
    "a bad line among good ones is named by its number": Bad(
        table_text("tcp", *[PLAIN] * 1000, b"nonsense\n", b"more\n"), 1002, b"nonsense"
    ),
    "a bad line is shown up to 200 bytes": Bad(
        table_text("tcp", b"x" * 201 + b"\n"), 2, b"x" * 200
    ),
    "a bad line of exactly 200 bytes": Bad(table_text("tcp", b"x" * 200), 2, b"x" * 200),
    # lengths
    "padding at the end": Good(table_text("tcp", line(" " * 30 + "\n")), [ROW]),
    "eight spaces at the end": Good(table_text("tcp", line(" " * 8)), [ROW]),
    "a line of 65,536 bytes": Good(table_text("tcp", PLAIN[:-1].ljust(65_536)), [ROW]),
    "a line of 65,536 bytes and more lines": Good(
        table_text("tcp", PLAIN, line(inode="7")[:-1].ljust(65_536) + b"\n", line(inode="8")),
        [ROW, ROW | {"inode": 7}, ROW | {"inode": 8}],
    ),
    "a line of 65,537 bytes": Bad(
        table_text("tcp", PLAIN[:-1].ljust(65_537) + b"\n", PLAIN), 2, PLAIN[:-1].ljust(200)
    ),
    "a last line of 65,537 bytes": Bad(
        table_text("tcp", PLAIN[:-1].ljust(65_537)), 2, PLAIN[:-1].ljust(200)
    ),
    "a line of 65,537 bytes, padded in front": Bad(
        table_text("tcp", PLAIN.rjust(65_538)), 2, b" " * 200
    ),
    "a line of 65,536 bytes, padded within": good(
        {"uid": "1000".rjust(65_536 - len(PLAIN) + 6)}, {}
    ),
    "a line of a megabyte": Bad(table_text("tcp", PLAIN, b"y" * 2**20), 3, b"y" * 200),
    "a heading of 65,536 bytes": Good(TEXT.ljust(65_536) + b"\n" + PLAIN, [ROW]),
    "a heading of 65,537 bytes": Bad(TEXT.ljust(65_537) + b"\n" + PLAIN, 1, TEXT.ljust(200)),
    # all tables
    **{f"zeros in {name}": zeros(name) for name in TABLES},
    **{f"a usual line of {name}": good({}, {}, name) for name in TABLES},
    # sl
    "a large slot": good({"sl": "99999999999999999999"}, {}),
    "a slot of 21 digits": bad(sl="1" * 21),
    "no slot": bad(sl=""),
    "a slot in hexadecimal": bad(sl="   A"),
    "a slot without padding": good({"sl": "7"}, {}),
    "a slot behind a tab": bad(sl="\t0"),
    "a negative slot": bad(sl="  -1"),
    # addresses
    "the largest address and port": good(
        {"local": "FFFFFFFF:FFFF", "remote": "FFFFFFFF:FFFF"},
        {
            "local_address": mapped(255, 255, 255, 255),
            "remote_address": mapped(255, 255, 255, 255),
            "local_port": 65535,
            "remote_port": 65535,
        },
    ),
    "each digit has its place": good(
        {"local": "01234567:89AB", "remote": "FEDCBA98:7654"},
        {
            "local_address": mapped(0x67, 0x45, 0x23, 0x01),
            "local_port": 0x89AB,
            "remote_address": mapped(0x98, 0xBA, 0xDC, 0xFE),
            "remote_port": 0x7654,
        },
    ),
    "each word of an IPv6 address has its place": good(
        {
            "local": "0123456789ABCDEF0011223344556677:0001",
            "remote": "8899AABBCCDDEEFF0F1E2D3C4B5A6978:8000",
        },
        {
            "local_address": bytes.fromhex("67452301efcdab893322110077665544"),
            "remote_address": bytes.fromhex("bbaa9988ffeeddcc3c2d1e0f78695a4b"),
            "local_port": 1,
            "remote_port": 0x8000,
        },
        "tcp6",
    ),
    "a v4-mapped address": good(
        {"local": "0000000000000000FFFF00000100007F:1388"},
        {"local_address": mapped(127, 0, 0, 1)},
        "tcp6",
    ),
    "an address in lower case": bad(local="0100007f:1388"),
    "a remote address in lower case": bad(remote="281e140a:D431"),
    "a port in lower case": bad(remote="281E140A:d431"),
    "an address of 7 digits": bad(local="100007F:1388"),
    "an address of 9 digits": bad(local="00100007F:1388"),
    "a port of 3 digits": bad(local="0100007F:388"),
    "a port of 5 digits": bad(local="0100007F:01388"),
    "a letter that is no digit": bad(local="0100007G:1388"),
    "an at sign, the byte before A": bad(local="0100007@:1388"),
    "a colon among digits, the byte behind 9": bad(remote="0100:07F:1388"),
    "an O for a zero": bad(remote="O100007F:1388"),
    "a sign": bad(remote="+100007F:1388"),
    "an underscore": bad(remote="0_00007F:1388"),
    "a digit with its high bit set": bad(remote="\u00b00000000:1388"),
    "no colon before the port": bad(local="0100007F 1388"),
    "a point before the port": bad(remote="0100007F.1388"),
    "a lower case letter in the last word of an IPv6 address": bad(
        "tcp6", remote=f"{'0' * 24}0a000000:0000"
    ),
    "an IPv6 address of 31 digits": bad("tcp6", local=f"{'0' * 31}:1388"),
    "an IPv6 address of 33 digits": bad("tcp6", local=f"{'0' * 33}:1388"),
    # state, queues, timer, retransmits
    "all ones": good(
        {
            "state": "FF",
            "queues": "FFFFFFFF:FFFFFFFF",
            "timer": "FF:FFFFFFFF",
            "retransmits": "FFFFFFFF",
        },
        {
            "state": 255,
            "tx_queue": UINT32,
            "rx_queue": UINT32,
            "timer": 255,
            "timer_expires_ms": UINT32 * 10,
            "retransmits": UINT32,
        },
    ),
    **{
        f"state {number:02X}": good({"state": f"{number:02X}"}, {"state": number})
        for number in (*range(1, 14), 0xA0, 0xFF)
    },
    "a state in lower case": bad(state="0a"),
    "a state of one digit": bad(state="1"),
    "a state of three digits": bad(state="001"),
    "the send queue stands first": good(
        {"queues": "00000001:00000200"}, {"tx_queue": 1, "rx_queue": 512}
    ),
    "a queue in lower case": bad(queues="0000000a:00000000"),
    "a receive queue in lower case": bad(queues="00000000:0000000a"),
    "a queue of 7 digits": bad(queues="0000000:00000000"),
    "a receive queue of 9 digits": bad(queues="00000000:000000000"),
    "no colon between the queues": bad(queues="00000000 00000000"),
    "a timer": good(
        {"timer": "02:00000A5D", "retransmits": "00000003"},
        {"timer": 2, "timer_expires_ms": 26530, "retransmits": 3},
    ),
    "a timer of 9 digits": good(
        {"timer": "01:100000000"}, {"timer": 1, "timer_expires_ms": 2**32 * 10}
    ),
    "a timer of 16 digits": good(
        {"timer": f"01:{MOST_TICKS:016X}"}, {"timer": 1, "timer_expires_ms": MOST_TICKS * 10}
    ),
    "a timer that does not fit as milliseconds": bad(timer=f"01:{MOST_TICKS + 1:016X}"),
    "a timer of 16 digits F": bad(timer="01:FFFFFFFFFFFFFFFF"),
    "a timer of 17 digits": bad(timer="01:00000000000000000"),
    "a timer of 7 digits": bad(timer="01:0000000"),
    "a timer in lower case": bad(timer="01:0000000a"),
    "a timer with a 9th digit in lower case": bad(timer="01:00000000a"),
    "a timer's kind in lower case": bad(timer="0a:00000000"),
    "a timer's kind of one digit": bad(timer="1:00000000"),
    "a negative timer": bad(timer="01:-0000001"),
    "retransmits of 7 digits": bad(retransmits="0000000"),
    "retransmits of 9 digits": bad(retransmits="000000000"),
    "retransmits in lower case": bad(retransmits="0000000f"),
    # uid, timeout, inode, refcount
    "the largest uid": good({"uid": "4294967295"}, {"uid": UINT32}),
    "a uid above 32 bits": bad(uid="4294967296"),
    "a uid of 10 digits with zeros": good({"uid": "0000001000"}, {}),
    "a uid of 11 digits with zeros": bad(uid="00000001000"),
    "a uid without padding": good({"uid": "7"}, {"uid": 7}),
    "a negative uid": bad(uid="   -1"),
    "a uid behind a tab": bad(uid="\t7"),
    "no uid": bad(uid=None),
    "the largest timeout": good({"timeout": "4294967295"}, {"timeout": UINT32}),
    "a timeout above 32 bits": bad(timeout="4294967296"),
    "a timeout of 11 digits with zeros": bad(timeout="00000000001"),
    "a negative timeout": bad(timeout="      -1"),
    "two spaces before the inode": bad(timeout="       0 "),
    "the largest inode": good({"inode": str(UINT64)}, {"inode": UINT64}),
    "an inode above 64 bits": bad(inode=str(UINT64 + 1)),
    "an inode of 20 nines": bad(inode="9" * 20),
    "an inode of 20 digits with zeros": good({"inode": "94221".zfill(20)}, {}),
    "an inode of 21 digits with zeros": bad(inode="94221".zfill(21)),
    "an inode of 19 nines": good({"inode": "9" * 19}, {"inode": 10**19 - 1}),
    "a negative inode": bad(inode="-1"),
    "an inode in hexadecimal": bad(inode="9422A"),
    "the largest refcount": good({"refcount": "4294967295"}, {"refcount": UINT32}),
    "a refcount above 32 bits": bad(refcount="4294967296"),
    "a refcount of 11 digits with zeros": bad(refcount="00000000001"),
    "a negative refcount": bad(refcount="-1"),
    "two spaces before the refcount": bad(refcount=" 1"),
    # pointer
    "a pointer of 8 digits": good({"pointer": "c10f00ba"}, {}),
    "a pointer of 16 digits": good({"pointer": "fedcba9876543210"}, {}),
    "a pointer not hashed yet": good({"pointer": "(____ptrval____)"}, {}),
    "a pointer of null": good({"pointer": "(null)"}, {}),
    "a pointer of null and no tail": good({"pointer": "(null)", "tail": None}, NO_TAIL),
    "a pointer of null at the end": Good(
        table_text("tcp", line("", pointer="(null)", tail=None)), [ROW | NO_TAIL]
    ),
    "a pointer of 8 digits at the end": Good(
        table_text("tcp", line("", pointer="c10f00ba", tail=None)), [ROW | NO_TAIL]
    ),
    "a pointer not hashed yet at the end": Good(
        table_text("tcp", line("", pointer="(____ptrval____)", tail=None)), [ROW | NO_TAIL]
    ),
    "a pointer in upper case": bad(pointer="0000000003B041FB"),
    "a pointer of 8 digits in upper case": bad(pointer="C10F00BA"),
    "a pointer with its last half in upper case": bad(pointer="00000000FFFFFFFF"),
    "a pointer of 7 digits": bad(pointer="3b041fb"),
    "a pointer of 9 digits": bad(pointer="003b041fb"),
    "a pointer of 15 digits": bad(pointer="3b041fb".zfill(15)),
    "a pointer of 17 digits": bad(pointer="3b041fb".zfill(17)),
    "a pointer of 7 digits at the end": bad(pointer="3b041fb", tail=None),
    "a pointer of 12 digits at the end": bad(pointer="003b041fb003", tail=None),
    "a pointer of nil": bad(pointer="(nil)"),
    "a pointer of null that goes on": bad(pointer="(null)x"),
    "a pointer of null without its end": bad(pointer="(null", tail=None),
    "a pointer not hashed, cut short": bad(pointer="(____ptrval___)"),
    "a pointer not hashed, cut short at the end": bad(pointer="(____ptrval", tail=None),
    "no pointer": bad(pointer=None, tail=None),
    "no pointer, a tail": bad(pointer=None),
    # the tail
    "TIME_WAIT has no tail": good(
        {"state": "06", "timer": "03:0000176E", "uid": "    0", "inode": "0", "tail": None},
        {
            "state": 6,
            "timer": 3,
            "timer_expires_ms": 59980,
            "uid": 0,
            "inode": 0,
            **NO_TAIL,
        },
    ),
    "SYN_RECV has no tail": good(
        {"state": "03", "timer": "01:00000064", "inode": "0", "refcount": "0", "tail": None},
        {"state": 3, "timer": 1, "timer_expires_ms": 1000, "inode": 0, "refcount": 0, **NO_TAIL},
    ),
    "a tail follows no tail": Good(
        table_text("tcp", PLAIN, line(tail=None, inode="7"), line(inode="8")),
        [ROW, ROW | NO_TAIL | {"inode": 7}, ROW | {"inode": 8}],
    ),
    "the largest rto": good(tail(0, str(MOST_SLOW_TICKS)), {"rto": MOST_SLOW_TICKS * 10_000}),
    "an rto that does not fit as microseconds": bad(**tail(0, str(MOST_SLOW_TICKS + 1))),
    "the largest ato": good(tail(1, str(MOST_SLOW_TICKS)), {"ato": MOST_SLOW_TICKS * 10_000}),
    "an ato that does not fit as microseconds": bad(**tail(1, str(MOST_SLOW_TICKS + 1))),
    "the largest quickack": good(tail(2, "4294967295"), {}),
    "a quickack above 32 bits": bad(**tail(2, "4294967296")),
    "the largest cwnd": good(tail(3, "4294967295"), {"cwnd": UINT32}),
    "a cwnd above 32 bits": bad(**tail(3, "4294967296")),
    "the largest ssthresh": good(tail(4, "2147483647"), {"ssthresh": 2**31 - 1}),
    "an ssthresh above 31 bits": bad(**tail(4, "2147483648")),
    "the least ssthresh": good(tail(4, "-2147483648"), {"ssthresh": -(2**31)}),
    "an ssthresh below 31 bits": bad(**tail(4, "-2147483649")),
    "an ssthresh of minus zero": good(tail(4, "-0"), {"ssthresh": 0}),
    "a number with zeros, of 20 digits": good(tail(3, "10".zfill(20)), {}),
    "a number with zeros, of 21 digits": bad(**tail(3, "10".zfill(21))),
    **{
        f"a number of 21 digits at place {place} of the tail": bad(**tail(place, "1".zfill(21)))
        for place in range(5)
    },
    **{f"a sign at place {place} of the tail": bad(**tail(place, "-1")) for place in range(4)},
    "two signs": bad(**tail(4, "--1")),
    "a plus sign": bad(**tail(4, "+1")),
    "a sign alone": bad(**tail(4, "-")),
    "a tail of 1 field": bad(tail="20"),
    "a tail of 4 fields": bad(tail="20 4 30 10"),
    "a tail of 6 fields": bad(tail="20 4 30 10 -1 0"),
    "a tail with two spaces": bad(tail="20 4 30  10 -1"),
    "a tail behind two spaces": bad(tail=" 20 4 30 10 -1"),
    "a tail that is text": bad(tail="lost"),
    "a tail with a letter behind it": bad(tail="20 4 30 10 -1x"),
    "drops": good({"tail": "12"}, {"drops": 12}, "udp"),
    "drops of udp6": good({"tail": "12"}, {"drops": 12}, "udp6"),
    "the most drops": good({"tail": "4294967295"}, {"drops": UINT32}, "udp"),
    "drops above 32 bits": bad("udp", tail="4294967296"),
    "drops of 21 digits": bad("udp", tail="1".zfill(21)),
    "negative drops": bad("udp", tail="-1"),
    "no drops": good({"tail": None}, {}, "udp"),
    "drops follow no drops": Good(
        table_text("udp", line(tail="9"), line(tail=None, inode="7"), line(tail="9", inode="8")),
        [ROW | UDP_ROW | {"inode": n, "drops": drops} for n, drops in ((94221, 9), (7, 0), (8, 9))],
        "udp",
    ),
    "drops and more": bad("udp", tail="12 0"),
    # the places of single spaces
    "two spaces before the local address": bad(local=" 0100007F:1388"),
    "two spaces before the remote address": bad(remote=" 281E140A:D431"),
    "two spaces before the state": bad(state=" 01"),
    "two spaces before the queues": bad(queues=" 00000000:00000000"),
    "two spaces before the timer": bad(timer=" 00:00000000"),
    "two spaces before the retransmits": bad(retransmits=" 00000000"),
    "two spaces before the pointer": bad(pointer=" 0000000003b041fb"),
    **{
        f"no space behind {name}": bad(**join(name, follower))
        for name, follower in zip(list(LINE)[1:], list(LINE)[2:], strict=False)
        if follower not in ("uid", "timeout")  # these stay padded
    },
    "a tab for a space": bad(state="01\t00000000:00000000", queues=None),
    "a vertical tab for a space": bad(state="01\v00000000:00000000", queues=None),
    "no space before the uid": bad(retransmits="000000001000", uid=None),
    "no space before the timeout": bad(uid="10000", timeout=None),
}


@pytest.fixture
def parse(tree_engine_name: str) -> Any:
    """Each engine's `parse_table`."""
    return importlib.import_module(f"fastsock.engines.{PARSERS[tree_engine_name]}").parse_table


def values(table: Any) -> list[dict[str, Any]]:
    return [dict(zip(table.column_names(), row, strict=True)) for row in table.rows()]


@pytest.mark.parametrize("name", CASES)
def test_a_text_is_these_rows_or_that_error(parse: Any, name: str) -> None:
    case = CASES[name]
    protocol, family = TABLES[case.table]
    if isinstance(case, Good):
        assert values(parse(case.text, protocol, family, "a table", 0, FIELDS)) == case.rows
        return
    with pytest.raises(ParseError) as caught:
        parse(case.text, protocol, family, "a table")
    error = caught.value
    assert (error.path, error.line_number, error.text) == ("a table", case.number, case.line[:200])


def scan_tree(tree: object, tree_engine_name: str, table: str = "tcp") -> SocketTable:
    """Read one table of a tree as the public function does, with all fields."""
    protocol, family = TABLES[table]
    return fastsock.scan(
        engine=tree_engine_name, procfs=str(tree), protocol=protocol, family=family, fields=FIELDS
    )


def counts(tree: object, tree_engine_name: str, **question: Any) -> int:
    counted = fastsock.count(engine=tree_engine_name, procfs=str(tree), **question)
    assert isinstance(counted, fastsock.Counts)
    return counted.total


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_these_rows_or_that_error(
    tree_engine_name: str, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    file = tmp_path / "net" / case.table
    file.parent.mkdir()
    file.write_bytes(case.text)
    (file.parent / "tcp").touch()  # what shows that a namespace is there
    if isinstance(case, Good):
        assert values(scan_tree(tmp_path, tree_engine_name, case.table)) == case.rows
        return
    with pytest.raises(ParseError) as caught:
        scan_tree(tmp_path, tree_engine_name, case.table)
    error = caught.value
    assert (error.path, error.line_number, error.text) == (str(file), case.number, case.line[:200])


def test_netns_is_what_was_given(parse: Any) -> None:
    table = parse(table_text("tcp", PLAIN), TCP, IPV4, "a table", 4026531840)
    assert table.column("netns").tolist() == [4026531840]


@pytest.mark.parametrize("fields", [(), ("cwnd",), ("drops", "timeout"), FIELDS])
def test_only_the_fields_asked_for_are_kept(parse: Any, fields: tuple[str, ...]) -> None:
    table = parse(table_text("tcp", PLAIN), TCP, IPV4, "a table", 0, fields)
    kept = [name for name in ROW if name not in FIELDS or name in fields]
    assert values(table) == [{name: ROW[name] for name in kept}]


def test_an_error_is_one_line_that_names_file_line_and_text(parse: Any) -> None:
    with pytest.raises(ParseError) as caught:
        parse(table_text("tcp", b"\x1b[2J\xff\n"), TCP, IPV4, "/host/proc/net/tcp")
    assert str(caught.value) == (
        "/host/proc/net/tcp, line 2: not a line of a socket table: '\\x1b[2J\\xff'"
    )


# --------------------------------------------------------------------------------- where reads end


@pytest.mark.parametrize("step", [1, 31, 127])
def test_lines_across_two_reads(tree_engine_name: str, tmp_path: Path, step: int) -> None:
    """Padding puts the edges of the 64 and 128 KiB buffers at any place of a line."""
    tree = ProcTree(tmp_path)
    varied = random.Random(step)
    times = 1 if tree_engine_name == "reference" else 8  # it reads whole files
    for first in range(0, step * times, step):
        lines = [b"" if n else b" " * first for n in range(4000)]
        lines = [
            pad + line(inode=str(n + 1), end=" " * varied.randrange(90) + "\n")
            for n, pad in enumerate(lines)
        ]
        tree.table("tcp", *lines)
        found = scan_tree(tree, tree_engine_name)
        assert found.column("inode").tolist() == list(range(1, 4001))
        assert found.column("local_port").tolist() == [5000] * 4000
        assert counts(tree, tree_engine_name, family="ipv4") == 4000
        with fastsock.sockets(engine=tree_engine_name, procfs=str(tree), family="ipv4") as stream:
            assert [socket.inode for socket in stream] == list(range(1, 4001))


@pytest.mark.parametrize("length", [65_536, 131_072, 196_608])
@pytest.mark.parametrize("more", range(-3, 4))
def test_a_file_that_ends_where_a_buffer_does(
    tree_engine_name: str, tmp_path: Path, length: int, more: int
) -> None:
    tree = ProcTree(tmp_path)
    text = table_text("tcp", *(line(inode=str(n + 1)) for n in range(2000)))
    end = text.index(b"\n", length + more - 300) + 1
    padded = text[: end - 1].ljust(length + more - 1) + b"\n"
    (tmp_path / "net" / "tcp").write_bytes(padded)
    assert len(padded) == length + more
    assert len(scan_tree(tree, tree_engine_name)) == padded.count(b"\n") - 1
    (tmp_path / "net" / "tcp").write_bytes(padded + b"bad")
    with pytest.raises(ParseError) as caught:
        scan_tree(tree, tree_engine_name)
    assert (caught.value.line_number, caught.value.text) == (padded.count(b"\n") + 1, b"bad")


# -------------------------------------------------------------------- files that are no such table


def test_a_kernel_without_ipv6(tree_engine_name: str, tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    tree.table("tcp", tcp_line(("127.0.0.1", 5000), inode=7))
    (tmp_path / "net" / "tcp6").unlink()
    (tmp_path / "net" / "udp6").unlink()
    assert counts(tree, tree_engine_name, protocol=("tcp", "udp")) == 1
    assert counts(tree, tree_engine_name, family="ipv6") == 0
    assert len(fastsock.scan(engine=tree_engine_name, procfs=str(tree))) == 1
    with fastsock.sockets(engine=tree_engine_name, procfs=str(tree)) as stream:
        assert [socket.inode for socket in stream] == [7]


def test_a_root_without_tables(tree_engine_name: str, tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    for name in TABLES:
        (tmp_path / "net" / name).unlink()
    for ask in (
        fastsock.scan,
        fastsock.count,
        lambda **question: list(fastsock.sockets(**question)),
    ):
        with pytest.raises(EngineUnavailable, match="net/tcp cannot be read: is /proc mounted"):
            ask(engine=tree_engine_name, procfs=str(tree))


def test_a_missing_table_of_tcp_is_not_an_answer_of_0(
    tree_engine_name: str, tmp_path: Path
) -> None:
    """Every kernel with IPv4 has it: without it nothing is known about TCP."""
    tree = ProcTree(tmp_path)
    (tmp_path / "net" / "tcp").unlink()
    with pytest.raises(EngineUnavailable):
        counts(tree, tree_engine_name)


SCANS = [
    pytest.param(fastsock.scan, id="scan"),
    pytest.param(fastsock.count, id="count"),
    pytest.param(lambda **question: list(fastsock.sockets(**question)), id="sockets"),
]


@pytest.mark.parametrize("ask", SCANS)
@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "loop"])
def test_a_table_that_is_no_file(
    tree_engine_name: str, tmp_path: Path, kind: str, ask: Any
) -> None:
    tree = ProcTree(tmp_path)
    tree.table("tcp", tcp_line(("127.0.0.1", 5000), inode=7))
    path = tmp_path / "net" / "tcp6"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)
    started = time.monotonic()
    with pytest.raises(OSError) as caught:
        ask(engine=tree_engine_name, procfs=str(tree))
    assert time.monotonic() - started < 10  # nobody writes to the FIFO
    assert caught.value.errno == (errno.ELOOP if kind == "loop" else errno.EISDIR)
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("ask", SCANS)
def test_a_table_that_fails_while_it_is_read(
    tree_engine_name: str, tmp_path: Path, ask: Any
) -> None:
    tree = ProcTree(tmp_path)
    path = tmp_path / "net" / "tcp6"
    path.unlink()
    path.symlink_to("/proc/self/mem")  # a regular file without a first page: EIO
    with pytest.raises(OSError) as caught:
        ask(engine=tree_engine_name, procfs=str(tree))
    assert caught.value.errno == errno.EIO
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("ask", SCANS)
def test_a_table_that_may_not_be_read(tree_engine_name: str, tmp_path: Path, ask: Any) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    tree = ProcTree(tmp_path)
    path = tmp_path / "net" / "tcp"
    path.chmod(0)
    with pytest.raises(PermissionError) as caught:
        ask(engine=tree_engine_name, procfs=str(tree))
    assert caught.value.filename == str(path)


def test_errors_leave_no_descriptor_open(tree_engine_name: str, tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    path = tmp_path / "net" / "tcp"
    path.write_bytes(table_text("tcp", b"bad\n"))
    (tmp_path / "net" / "tcp6").unlink()
    os.mkfifo(tmp_path / "net" / "tcp6")
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        for question in ({"family": "ipv4"}, {"family": "ipv6"}):
            with pytest.raises((ParseError, OSError)):
                counts(tree, tree_engine_name, **question)
    path.write_bytes(table_text("tcp", *(line(inode=str(n + 1)) for n in range(9000))))
    stream = fastsock.sockets(engine=tree_engine_name, procfs=str(tree), family="ipv4")
    next(stream)
    stream.close()
    assert os.listdir("/proc/self/fd") == before
