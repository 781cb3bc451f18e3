"""The compiled parser against the reference: the same rows or the same error, for damaged texts.

Valid lines are mutated. Random bytes would prove little: every one of them is an error in the
first field for both. Each mutation stands between two good lines, where reading on behind its end
would meet digits that look right, and at the end of the text, where nothing may be read.

FASTSOCK_PARITY_SECONDS=600 goes on with random edits for as long, each time with another seed.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import fastsock
import sockfarm
from fastsock import ParseError
from fastsock.columns import OPTIONAL_COLUMNS
from fastsock.engines import open_engine, reference
from fastsock.engines.namespaces import find_namespaces
from fastsock.filter import ALL
from own_namespace import Namespace
from proctree import (
    DGRAM,
    SEQPACKET,
    SS_CONNECTED,
    SS_CONNECTING,
    STREAM,
    SYN_RECV,
    TIME_WAIT,
    table_text,
    tcp_line,
    udp_line,
    unix_line,
)

compiled = pytest.importorskip(
    "fastsock.engines._proc_net", reason="this build has no extension (made with FASTSOCK_PURE=1)"
)

FIELDS = tuple(spec.name for spec in OPTIONAL_COLUMNS)
SECONDS = float(os.environ.get("FASTSOCK_PARITY_SECONDS", "0"))
RANDOM_EDITS = 2500  # of each line
TCP, UDP, IPV4, IPV6 = 6, 17, 2, 10
TABLES = {
    "tcp": (TCP, IPV4),
    "tcp6": (TCP, IPV6),
    "udp": (UDP, IPV4),
    "udp6": (UDP, IPV6),
    "unix": (0, 1),
}

HERE, THERE = ("127.0.0.1", 5000), ("10.20.30.40", 54321)
HERE6, THERE6 = ("2001:db8::17", 5000), ("::ffff:10.20.30.40", 54321)
WITHOUT_PADDING = {
    "tcp": tcp_line(HERE, THERE, uid=1000, inode=94221, tx_queue=255, rto=20, ato=4, quickack=30),
    "tcp, a timer": tcp_line(
        HERE, THERE, timer=2, when=2**32 + 7, retransmits=3, uid=2**32 - 1, inode=2**64 - 1,
        number=123456, cwnd=2**32 - 1, ssthresh=2**31 - 1, rto=922337203685477, pointer=2**64 - 1,
    ),
    "tcp, no tail": tcp_line(HERE, THERE, TIME_WAIT, timer=3, when=0x176E, refcount=3),
    "tcp6": tcp_line(HERE6, THERE6, uid=1000, inode=94221, rx_queue=0xABCDEF01, ssthresh=7),
    "tcp6, no tail": tcp_line(HERE6, THERE6, SYN_RECV, timer=1, when=100),
    "udp": udp_line(HERE, THERE, uid=65534, inode=94222, drops=2**32 - 1),
    "udp6": udp_line(HERE6, uid=65534, inode=94222, drops=17),
    "unix": unix_line(b"/run/user/1000/bus", STREAM, SS_CONNECTED, inode=17503, refcount=3),
    "unix, abstract": unix_line(b"\0/tmp/.X11-unix/X0 @", listens=True, inode=2**64 - 1),
    "unix, of 108 bytes": unix_line(b"x" * 108, DGRAM, inode=123),
    "unix, not bound": unix_line(b"", SEQPACKET, SS_CONNECTING, pointer=2**64 - 1),
}  # fmt: skip
LINES = {name: line.rstrip() for name, line in WITHOUT_PADDING.items()}
LINES |= {
    "tcp, a short pointer": LINES["tcp"].replace(b"0000000003b041fb", b"c10f00ba"),
    "tcp, a pointer not hashed": LINES["tcp"].replace(b"0000000003b041fb", b"(____ptrval____)"),
    "tcp, a pointer of null": LINES["tcp, no tail"].replace(b"0000000003b041fb", b"(null)"),
    "tcp, padded": LINES["tcp"] + b" " * 9,
    "unix, a newline in its path": LINES["unix"].replace(b"/user/", b"\nuser\n\n"),
    "unix, a short pointer": LINES["unix"].replace(b"0000000003b041fb", b"c10f00ba"),
    "unix, a pointer not hashed": LINES["unix"].replace(b"0000000003b041fb", b"(____ptrval____)"),
}
# What stands in such lines, the bytes beside it in ASCII, and what programs take for white space.
BYTES = b"0189ABFGabfgx@/:;`() _-+.,'#\t\v\f\r\n\0\x1c\x7f\x80\xb0\xff"


def outcome(parser: Any, text: bytes, table: str) -> Any:
    try:
        return list(parser.parse_table(text, *TABLES[table], "a table", 7, FIELDS).rows())
    except ParseError as error:
        return error.path, error.line_number, error.text, str(error)


def assert_same(text: bytes, table: str) -> None:
    found, expected = outcome(compiled, text, table), outcome(reference, text, table)
    assert found == expected, f"{text!r}"


def one_edit(line: bytes, start: int = 0) -> Iterator[bytes]:
    """Every change of a byte, every deletion, every insertion, every truncation at either end."""
    for at in range(start, len(line) + 1):
        yield line[:at]
        yield line[at:]
        yield line[:at] + line[at + 1 :]
        for byte in BYTES:
            yield line[:at] + bytes((byte,)) + line[at + 1 :]
            yield line[:at] + bytes((byte,)) + line[at:]


def edit(line: bytes, choice: random.Random) -> bytes:
    """One to five edits: a byte changed, removed, inserted, or a piece repeated or moved."""
    text = bytearray(line)
    for _ in range(choice.randint(1, 5)):
        at = choice.randrange(len(text) + 1)
        size = choice.choice((1, 1, 1, 2, 8, 16))
        kind = choice.randrange(6)
        if kind == 0:
            text[at : at + 1] = bytes((choice.choice(BYTES),))
        elif kind == 1:
            del text[at : at + size]
        elif kind == 2:
            text[at:at] = bytes((choice.choice(BYTES),)) * size
        elif kind == 3:
            text[at:at] = text[at : at + size]
        elif kind == 4:
            text[at : at + size] = text[at : at + size].swapcase()
        elif text[at : at + 1].isdigit():
            text[at : at + 1] = choice.choice((b"0", b"1", b"9", b"4294967296", b"-1"))
    return bytes(text)


@pytest.fixture(params=LINES)
def line(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    """A table's name and a line of it."""
    name: str = request.param
    return name.partition(",")[0], LINES[name]


def test_the_lines_are_good(line: tuple[str, bytes]) -> None:
    table, text = line
    for parser in (compiled, reference):
        assert len(parser.parse_table(table_text(table, text), *TABLES[table], "a table")) == 1


def test_every_single_edit(line: tuple[str, bytes]) -> None:
    table, text = line
    behind = b"\n" + LINES[table]
    heading = table_text(table)
    # What one line has in common with another is edited in one of them.
    start = len(os.path.commonprefix([text, LINES[table]])) - 1 if text != LINES[table] else 0
    for edited in one_edit(text, start):
        assert_same(heading + edited, table)
        assert_same(heading + edited + behind, table)


def test_random_edits(line: tuple[str, bytes]) -> None:
    table, text = line
    behind = b"\n" + LINES[table] + b"\n"
    heading = table_text(table)
    choice = random.Random(f"{table} {text!r}")
    for _ in range(RANDOM_EDITS):
        assert_same(heading + edit(text, choice) + choice.choice((b"", b"\n", behind)), table)


@pytest.mark.parametrize("table", TABLES)
def test_edits_of_the_heading(table: str) -> None:
    heading, behind = table_text(table)[:-1], b"\n" + LINES[table] + b"\n"
    for edited in one_edit(heading[:40]):
        assert_same(edited + heading[40:] + behind, table)
        assert_same(edited, table)


@pytest.mark.parametrize("table", TABLES)
def test_edits_of_several_lines(table: str) -> None:
    """Newlines among them join lines and part them."""
    text = table_text(table) + b"\n".join([LINES[table]] * 3) + b"\n"
    choice = random.Random(table)
    for _ in range(RANDOM_EDITS // 4):
        assert_same(edit(text, choice), table)
        at = choice.randrange(len(text))
        assert_same(text[:at] + b"\n" + text[at + choice.randrange(2) :], table)


@pytest.mark.skipif(not SECONDS, reason="FASTSOCK_PARITY_SECONDS is not set")
def test_random_edits_for_long() -> None:
    seed = time.time_ns()
    choice = random.Random(seed)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        name = choice.choice(list(LINES))
        table = name.partition(",")[0]
        around = choice.choice((b"", b"\n", b"\n" + LINES[table]))
        for _ in range(1000):
            assert_same(table_text(table) + edit(LINES[name], choice) + around, table)


# --------------------------------------------------------------------------------- this machine's


def both_scans(pid: int, protocol: Sequence[str], tries: int = 5) -> Any:
    """The two engines' tables of a quiet namespace: its timers may move between two reads."""
    for _ in range(tries):
        found = [
            list(fastsock.scan(engine=name, netns=pid, protocol=protocol, fields=FIELDS).rows())
            for name in ("procfs", "reference")
        ]
        if found[0] == found[1]:
            break
    return found


def test_tables_of_this_kernel(own_namespace: Namespace) -> None:
    compiled_rows, reference_rows = both_scans(own_namespace.pid, ("tcp", "udp"))
    assert compiled_rows == reference_rows
    assert len(compiled_rows) == len(own_namespace.sockets)


def test_a_farm_of_this_kernel() -> None:
    with sockfarm.farm(1000) as farm:
        if farm.netns == os.stat("/proc/self/ns/net").st_ino:
            pytest.skip("no network namespace of our own: the table would move")
        compiled_rows, reference_rows = both_scans(farm.pids[0], ("tcp", "udp"))
        assert len(compiled_rows) == 1000
        assert compiled_rows == reference_rows
        counts = [
            open_engine(name).count(ALL, find_namespaces(name, "/proc", farm.pids[0]))
            for name in ("procfs", "reference")
        ]
        assert list(counts[0]) == list(counts[1])
        assert sum(counts[0]) == 1000
