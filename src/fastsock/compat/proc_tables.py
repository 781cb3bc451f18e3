"""Tables of /proc/net that are no engine's: netlink, packet and raw sockets, of UDP-Lite, …

    sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
    0000000075471039 0   28579      00000001 0        0        0     2        0        311287022

They are small, and more than one face shows them. Where each number stands is known only here.
(net/netlink/af_netlink.c, net/packet/af_packet.c; raw sockets and UDP-Lite are as UDP.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from fastsock.tcp import FAMILIES, UDP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from fastsock._table import SocketRows
    from fastsock.table import SocketTable

IPV4, IPV6 = FAMILIES["ipv4"], FAMILIES["ipv6"]

IPPROTO_UDPLITE = 136

# The tables with addresses, in the order in which they are listed: name, family.
UDPLITE = (("udplite", IPV4), ("udplite6", IPV6))
RAW = (("raw", IPV4), ("raw6", IPV6))


class NetlinkSocket:
    """A line of net/netlink; `port_id` is signed, as what binds a socket gives it."""

    __slots__ = (
        *("address", "protocol", "port_id", "groups", "rx_queue", "tx_queue", "dump"),
        "inode",
    )

    def __init__(self, words: Sequence[bytes]) -> None:
        self.address = int(words[0], 16)
        self.protocol, self.port_id = int(words[1]), to_signed(int(words[2]))
        self.groups = int(words[3], 16)
        self.rx_queue, self.tx_queue = int(words[4]), int(words[5])
        self.dump, self.inode = int(words[6], 16), int(words[9])


class PacketSocket:
    """A line of net/packet."""

    __slots__ = ("type", "protocol", "interface", "rx_queue", "uid", "inode")

    def __init__(self, words: Sequence[bytes]) -> None:
        self.type, self.protocol = int(words[2]), int(words[3], 16)
        self.interface, self.rx_queue = int(words[4]), int(words[6])
        self.uid, self.inode = int(words[7]), int(words[8])


def to_signed(number: int) -> int:
    """Return 32 bits as a number with a sign."""
    return (number & 0xFFFFFFFF ^ 0x80000000) - 0x80000000


def split_rows(text: bytes, least: int) -> Iterator[list[bytes]]:
    """Yield the words of each line but the headings, of those that have so many."""
    for line in text.split(b"\n")[1:]:
        words = line.split()
        if len(words) >= least:
            yield words


def parse_netlink(text: bytes) -> Iterator[NetlinkSocket]:
    """Yield what net/netlink lists."""
    return map(NetlinkSocket, split_rows(text, 10))


def parse_packet(text: bytes) -> Iterator[PacketSocket]:
    """Yield what net/packet lists."""
    return map(PacketSocket, split_rows(text, 9))


def find_net(root: str) -> str:
    """Return the folder of our own tables; of a tree those of its process 1, if it has one."""
    if os.path.normpath(root) == "/proc":
        return "/proc/thread-self/net"
    first = f"{root}/1/net"
    return first if os.path.isdir(first) else f"{root}/net"


def read_inet(
    path: str, family: int, fields: Sequence[str] = (), netns: int = 0
) -> SocketRows | None:
    """Return the sockets of a table like UDP's; None where the kernel has no such table.

    ParseError for the first line that is none.
    """
    from fastsock.engines.reference import parse_table, read_if_possible

    text = read_if_possible(path)
    return parse_table(text, UDP, family, path, netns, fields) if text else None


def read_udplite() -> SocketTable:
    """Return the UDP-Lite sockets of our own network namespace; no engine takes that protocol."""
    from fastsock.table import SocketTable

    names = SocketTable.from_tables([]).column_names()
    rows = [
        {**row, "protocol": IPPROTO_UDPLITE}
        for name, family in UDPLITE
        for row in read_inet_rows(f"{find_net('/proc')}/{name}", family)
    ]
    return SocketTable.from_rows([row[name] for name in names] for row in rows)


def read_inet_rows(path: str, family: int) -> list[dict[str, Any]]:
    """Return the columns of each socket of a table like UDP's; none where there is no table."""
    try:
        with open(path, "rb") as table:
            text = table.read()
    except FileNotFoundError:  # a kernel without it
        return []
    if text.count(b"\n") <= 1:  # nothing below the heading, as nearly always
        return []
    from fastsock.engines.reference import parse_rows  # slow to load

    return list(parse_rows(text, UDP, family, path))
