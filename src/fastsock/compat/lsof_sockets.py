"""What lsof shows of sockets that are neither TCP nor UDP: UNIX, netlink, packet, raw, ping.

Pure readings of /proc/net/unix and its like, in lsof's words; they are small files, and the address
of a UNIX socket's kernel structure, which lsof shows as its device, is nowhere else. For example

  0000000000edd43: 00000002 00000000 00010000 0001 01 29691 /run/app.sock
"""

from __future__ import annotations

from collections.abc import Callable

from fastsock.compat import proc_tables
from fastsock.compat.proc_tables import split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# SOCK_* (linux/net.h).
_TYPES = {1: "STREAM", 2: "DGRAM", 3: "RAW", 4: "RDM", 5: "SEQPACKET", 6: "DCCP", 10: "PACKET"}

# socket_state of linux/net.h, behind "SS_".
_UNIX_STATES = {1: "UNCONNECTED", 2: "CONNECTING", 3: "CONNECTED", 4: "DISCONNECTING"}
_LISTENS = 0x10000  # __SO_ACCEPTCON

# NETLINK_* (linux/netlink.h).
_NETLINK = {
    0: "ROUTE",
    1: "UNUSED",
    2: "USERSOCK",
    3: "FIREWALL",
    4: "INET_DIAG",
    5: "NFLOG",
    6: "XFRM",
    7: "SELINUX",
    8: "ISCSI",
    9: "AUDIT",
    10: "FIB_LOOKUP",
    11: "CONNECTOR",
    12: "NETFILTER",
    13: "IP6_FW",
    14: "DNRTMSG",
    15: "KOBJECT_UEVENT",
    16: "GENERIC",
    18: "SCSITRANSPORT",
    19: "ECRYPTFS",
    20: "RDMA",
    21: "CRYPTO",
    22: "SMC",
}

# ETH_P_* (linux/if_ether.h), at most seven characters of each.
_ETHERNET = {
    0x0001: "802.3",
    0x0003: "ALL",
    0x0004: "802.2",
    0x0005: "SNAP",
    0x0060: "LOOP",
    0x0800: "IP",
    0x0806: "ARP",
    0x8035: "RARP",
    0x809B: "ATALK",
    0x8100: "8021Q",
    0x86DD: "IPV6",
    0x8809: "SLOW",
    0x8863: "PPP_DIS",
    0x8864: "PPP_SES",
    0x8847: "MPLS_UC",
    0x8848: "MPLS_MC",
    0x88A2: "AOE",
    0x88CA: "TIPC",
}


class Shown:
    """What a socket is called: TYPE, DEVICE as text, NODE where it is no inode, NAME, state."""

    __slots__ = ("type", "device", "protocol", "name", "state")

    def __init__(
        self, type: str, name: bytes, *, device: str = "", protocol: str = "", state: str = ""
    ) -> None:
        self.type = type
        self.name = name
        self.device = device
        self.protocol = protocol
        self.state = state


def parse_unix(text: bytes) -> dict[int, Shown]:
    """Return inode → what lsof shows, of /proc/net/unix; a path ends at its first blank."""
    found = {}
    for words in split_rows(text, 7):
        try:
            flags, kind, state, inode = (
                int(words[3], 16),
                int(words[4], 16),
                int(words[5], 16),
                int(words[6]),
            )
        except ValueError:  # a line break in a path
            continue
        path = words[7] + b" " if len(words) > 7 else b""
        found[inode] = Shown(
            "unix",
            path + b"type=" + _TYPES.get(kind, "unknown").encode(),
            device="0x" + words[0].rstrip(b":").decode("ascii", "replace"),
            state="LISTEN" if flags == _LISTENS else _UNIX_STATES.get(state, "UNKNOWN"),
        )
    return found


def parse_netlink(text: bytes) -> dict[int, Shown]:
    """Return inode → what lsof shows, of /proc/net/netlink."""
    found = {}
    for one in proc_tables.parse_netlink(text):
        name = _NETLINK.get(one.protocol, f"unknown protocol: {one.protocol}")
        found[one.inode] = Shown("netlink", name.encode())
    return found


def parse_packet(text: bytes) -> dict[int, Shown]:
    """Return inode → what lsof shows, of /proc/net/packet."""
    found = {}
    for one in proc_tables.parse_packet(text):
        type_name = _TYPES.get(one.type)
        found[one.inode] = Shown(
            "pack",
            b"type=" + (f"SOCK_{type_name}" if type_name else "unknown").encode(),
            device=str(one.inode),
            protocol=_ETHERNET.get(one.protocol, str(one.protocol)),
        )
    return found


def _parse_raw(kind: str, with_state: bool) -> Callable[[bytes], dict[int, Shown]]:
    def parse(text: bytes) -> dict[int, Shown]:
        found = {}
        for words in split_rows(text, 10):
            name = words[1] + b"->" + words[2]
            found[int(words[9])] = Shown(kind, name + (b" st=" + words[3] if with_state else b""))
        return found

    return parse


class LiteSocket:
    """A UDP-Lite socket, with the attributes of a table's Socket that lsof looks at."""

    protocol = "udplite"

    def __init__(self, row: Any) -> None:
        self.inode, self.family, self.state = row.inode, row.family, row.state
        self.local_address, self.local_port = row.local_address, row.local_port
        self.remote_address, self.remote_port = row.remote_address, row.remote_port
        self.rx_queue, self.tx_queue = row.rx_queue, row.tx_queue


PARSERS: dict[str, Callable[[bytes], dict[int, Shown]]] = {
    "unix": parse_unix,
    "netlink": parse_netlink,
    "packet": parse_packet,
    "raw": _parse_raw("raw", True),
    "raw6": _parse_raw("raw6", True),
    "icmp": _parse_raw("icmp", False),
}


def read_sockets(names: tuple[str, ...] = tuple(PARSERS)) -> dict[int, Shown]:
    """Return inode → what lsof shows of the sockets in our own network namespace."""
    found: dict[int, Shown] = {}
    for name in names:
        try:
            with open(f"/proc/thread-self/net/{name}", "rb") as table:
                text = table.read()
        except OSError:  # this kernel was built without it
            continue
        found.update(PARSERS[name](text))
    return found
