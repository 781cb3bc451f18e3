"""Netlink, packet, raw and MPTCP sockets: the real ss and ours, over live ones and over files."""

from __future__ import annotations

import contextlib
import socket
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from children import OWN, child_process, in_child
from fastsock.compat import proc_tables, ss_diag
from fastsock.compat.ss_extras import show_mptcp
from fastsock.compat.ss_others import show_packet
from proctree import ProcTree
from ss_oracle import Output, ask_both, installed_version, records, run_ours, run_theirs
from zoo import keep, open_mptcp

LINES = (
    *("-a", "-an", "-l", "-n", "-4 -a", "-6 -a", "-46 -wan", "-w", "-wa", "-wan", "-wane", "-wl"),
    *("-0", "-0an", "-0anpe", "-0aemO", "-f link", "-f netlink -n", "-f netlink -ane", "-M", "-Ma"),
    *(
        "-Maneoi",
        "-Mam",
        "-A raw,packet,netlink -an",
        "-A p_raw -a",
        "-A p_dgr",
        "-A mptcp,raw -an",
    ),
    *("-ap", "-anp", "-apT", "-aemn", "-aemnO", "-H -an", "-w state established", "-an state all"),
    *("-an sport = :1", "-an dev lo", "-a autobound", "-an src link:ip", "-an src link:*:lo"),
    *("-an src netlink:rtnl", "-an src netlink:*:77777777", "-an src netlink:*:kernel"),
    *("-an dst 10.0.0.0/8", "-an src 127.0.0.1", "-wan sport gt :6", "-f link sport = :lo"),
)


def open_others() -> None:
    """One or more of each family, bound, connected and neither."""
    for protocol, address in ((1, ""), (1, "127.0.0.1"), (255, ""), (17, "")):
        made = keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol))
        made.bind((address, 0))
    keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, 89)).connect(("127.0.0.1", 0))
    keep(socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58))
    for kind, protocol in ((3, 3), (2, 0x0800), (3, 0)):
        keep(socket.socket(socket.AF_PACKET, kind, socket.htons(protocol)))
    keep(socket.socket(socket.AF_PACKET, 3, 0)).bind(("lo", 0x88CC))
    keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)).bind((0, 1))
    keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)).bind((77777777, 2))
    keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2)).connect((1234, 4))
    keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16))
    with contextlib.suppress(OSError):  # a kernel without MPTCP, or where it is off
        open_mptcp()


def try_to_open() -> str:
    try:
        open_others()
    except OSError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def version() -> str:
    return installed_version()


@pytest.fixture(scope="module")
def answers(version: str) -> Iterator[dict[str, tuple[Output, Output]]]:
    # /proc does not tell what a listener has room for.
    pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")
    with child_process(try_to_open, netns=OWN) as (pid, reason):
        if reason:
            pytest.skip(f"no such sockets here: {reason}")
        yield in_child(lambda: {line: ask_both(line.split(), version) for line in LINES}, netns=pid)


def without_who_asks(text: str) -> list[str]:
    """Each sees its own socket for the question, and what the kernel's end has still to read."""
    rows = [" ".join(line.split()) for line in records(text)]
    return [row for row in rows if "tcpdiag:" not in row and " 4:" not in row]


@pytest.mark.parametrize("line", LINES)
def test_what_the_real_one_lists(line: str, answers: dict[str, tuple[Output, Output]]) -> None:
    theirs, ours = answers[line]
    assert without_who_asks(ours.text) == without_who_asks(theirs.text)
    assert ours.code == theirs.code


NETLINK = b"""\
sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000075471039 0   28579      00000001 12       0        0     2        0        11
00000000bba93668 2   2639496877 00000000 0        7        0     2        0        12
00000000a9ff382a 4   0          00000000 0        0        0     2        0        13
"""
PACKET = b"""\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
00000000c4a4f8a7 3      3    0003   0     1 0      0      21
000000005a748026 3      2    0800   1     1 99     1000   22
"""
RAW = b"""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  37: 0100007F:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31 2 0000000031c0e1a8 0
 165: 0100007F:0059 0100007F:0000 01 00000000:00000010 00:00000000 00000000     0        0 32 2 000000008cf329a9 0
"""  # noqa: E501


@pytest.mark.parametrize("line", ("-a", "-an", "-wan", "-0aneO", "-f netlink -ane", "-anp", "-l"))
def test_the_same_tree(line: str, version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # ss has 64 bytes for PROC_ROOT/PID/stat
        compare_tree(line, Path(folder), version)


def compare_tree(line: str, folder: Path, version: str) -> None:
    tree = ProcTree(folder / "proc")
    heading = RAW.splitlines(keepends=True)[0]
    for name, text in (("netlink", NETLINK), ("packet", PACKET), ("raw", RAW), ("raw6", heading)):
        (tree.path / "net" / name).write_bytes(text)
    tree.table("unix")
    tree.process(28579, b"manager").socket(3, 22).socket(4, 31)
    environment = {"PROC_ROOT": str(tree)}
    theirs, ours = (
        run_theirs(line.split(), environment),
        run_ours(line.split(), version, environment),
    )
    assert ours.text.splitlines() == theirs.text.splitlines()
    assert ours.code == theirs.code


@pytest.mark.parametrize("line", ("-S", "--vsock", "--xdp", "--tipc", "-d", "-A sctp", "-f vsock"))
def test_what_is_not_listed_is_refused_by_name(line: str) -> None:
    ours = run_ours(line.split(), "6.1")
    assert ours.code == 2 and "is not implemented" in ours.complaints


def test_rows_of_proc() -> None:
    first, second, _ = proc_tables.parse_netlink(NETLINK)
    assert (first.port_id, first.groups, first.rx_queue) == (28579, 1, 12)
    assert (second.port_id, second.tx_queue) == (2639496877 - 2**32, 7)
    packet = list(proc_tables.parse_packet(PACKET))[1]
    assert (packet.type, packet.protocol, packet.uid, packet.inode) == (2, 0x800, 1000, 22)


def test_a_raw_socket_as_sock_diag_tells_it() -> None:
    message = struct.pack("=BBBB", 10, 7, 0, 0) + b"\0\x3a\0\0" + bytes(15) + b"\1" + bytes(16)
    message += struct.pack("=IIIIIIII", 2, 5, 1, 0, 3, 4, 1000, 77)
    message += struct.pack("=HHB3x", 5, ss_diag.INET_PROTOCOL, 58)
    row = ss_diag.parse_inet(message)
    assert (row["local_port"], row["interface"], row["type"], row["inode"]) == (58, 2, 58, 77)
    assert (row["rx_queue"], row["tx_queue"], row["cookie"]) == (3, 4, 1 << 32 | 5)


def test_rings_and_fanout() -> None:
    ring = struct.pack("=7I", 4096, 2, 2048, 4, 60, 0, 1)
    text = show_packet({2: ring, 4: struct.pack("=I", 2 << 16 | 9)}, " ")
    assert text == (
        " ring_rx(blk_size:4096,blk_nr:2,frm_size:2048,frm_nr:4,tmo:60,features:0x1)"
        " fanout(id:9,type:cpu)"
    )


def test_mptcp_by_release() -> None:
    raw = struct.pack("=8BIIQ", 1, 0, 0, 2, 0, 0, 0, 0, 2, 0xABC, 255)
    assert show_mptcp(raw, (6, 1)) == " subflows:1 subflows_max:2 remote_key token:abc write_seq:ff"
    assert show_mptcp(raw, (7, 1)).endswith(" token:abc write_seq:255")
    assert show_mptcp(b"", (7, 1)) == ""
