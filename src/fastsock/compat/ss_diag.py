"""sock_diag in plain Python, for the few sockets of families that no engine reads.

    for message in dump(NETLINK, struct.pack("=BBHIIII", 16, 255, 0, 0, 3, 0, 0)):
        print(len(message))

(linux/sock_diag.h, inet_diag.h, netlink_diag.h, packet_diag.h.) What the kernel lacks ends in an
OSError, and /proc answers instead.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

from fastsock.compat.proc_tables import to_signed
from fastsock.compat.ss_attributes import parse_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LINK, NETLINK = 17, 16  # AF_PACKET, AF_NETLINK
SOCK_DIAG = 4
DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
ERROR, DONE, BY_FAMILY = 2, 3, 20  # NLMSG_x, SOCK_DIAG_BY_FAMILY
BUFFER = 65536

IPPROTO_RAW, IPPROTO_MPTCP = 255, 262
MEMORY, INFO = 1 << 6 | 1, 1 << 1 | 1 << 3  # what idiag_ext asks for
# INET_DIAG_x
INET_INFO, INET_CONGESTION, INET_SKMEM, INET_SHUTDOWN, INET_V6ONLY = 2, 4, 7, 8, 11
INET_PROTOCOL, INET_MARK, INET_CGROUP = 12, 15, 21
REQUEST_PROTOCOL = 3  # INET_DIAG_REQ_PROTOCOL

_HEADER = struct.Struct("=IHHII")
_INET = struct.Struct("=BBBB 2s2s 16s16s I II IIIII")
_NETLINK = struct.Struct("=BBBB II I I II")
_PACKET = struct.Struct("=BBHIII")


def dump(body: bytes) -> Iterator[bytes]:
    """Yield the messages that answer one request; OSError where the kernel does not know it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, SOCK_DIAG) as one:
        one.sendto(_HEADER.pack(_HEADER.size + len(body), BY_FAMILY, DUMP, 1, 0) + body, (0, 0))
        while True:
            data = one.recv(BUFFER)
            at = 0
            while at + _HEADER.size <= len(data):
                length, kind, _, _, _ = _HEADER.unpack_from(data, at)
                message = data[at + _HEADER.size : at + length]
                if kind in (DONE, ERROR):
                    code = -int.from_bytes(message[:4], "little", signed=True)
                    if code:
                        raise OSError(code, os.strerror(code))
                    return
                yield message
                if length < _HEADER.size:
                    return
                at += (length + 3) & ~3


def dump_inet(family: int, protocol: int, states: int, extensions: int) -> Iterator[dict[str, Any]]:
    """Yield the columns of each raw or MPTCP socket, and its `attributes` as they came."""
    body = struct.pack("=BBBBI48x", family, protocol & 0xFF, extensions, 0, states)
    if protocol > 0xFF:
        body += struct.pack("=HHI", 8, REQUEST_PROTOCOL, protocol)
    for message in dump(body):
        yield parse_inet(message)


def parse_inet(message: bytes) -> dict[str, Any]:
    """Return the columns that struct inet_diag_msg and its attributes fill."""
    (family, state, timer, retransmits, sport, dport, source, target, interface, low, high) = (
        _INET.unpack_from(message)[:11]
    )
    expires, rx_queue, tx_queue, uid, inode = _INET.unpack_from(message)[11:]
    raw = message[_INET.size :]
    found = parse_attributes(raw)
    mapped = bytes(10) + b"\xff\xff"
    listens = state == 10
    return {
        "family": family,
        "state": state,
        "timer": timer,
        "retransmits": retransmits,
        "local_port": int.from_bytes(sport, "big"),
        "remote_port": int.from_bytes(dport, "big"),
        "local_address": mapped + source[:4] if family == socket.AF_INET else source,
        "remote_address": mapped + target[:4] if family == socket.AF_INET else target,
        "interface": interface,
        "cookie": high << 32 | low,
        "timer_expires_ms": expires,
        "rx_queue": rx_queue,
        "tx_queue": 0 if listens else tx_queue,
        "backlog_limit": tx_queue if listens else -1,
        "uid": uid,
        "inode": inode,
        "shutdown": 4 | found[INET_SHUTDOWN][0] if INET_SHUTDOWN in found else 0,
        "v6only": found.get(INET_V6ONLY, b"\0")[0],
        "type": found.get(INET_PROTOCOL, b"\0")[0],
        "mark": _number(found.get(INET_MARK)),
        "socket_cgroup": _number(found.get(INET_CGROUP)),
        "skmem": found.get(INET_SKMEM, b""),
        "tcp_info": found.get(INET_INFO, b""),
        "congestion": found.get(INET_CONGESTION, b"").rstrip(b"\0"),
        "attributes": raw,
    }


def _number(data: bytes | None) -> int:
    return int.from_bytes(data or b"", "little")


class NetlinkMessage:
    """A netlink socket: as net/netlink has it, whether it is connected and to whom."""

    __slots__ = ("protocol", "port_id", "groups", "rx_queue", "tx_queue", "peer", "skmem")

    def __init__(self, message: bytes) -> None:
        _, _, self.protocol, state, port_id, to_id, to_group, *_ = _NETLINK.unpack_from(message)
        found = parse_attributes(message[_NETLINK.size :])
        self.port_id = to_signed(port_id)
        self.peer = (to_signed(to_group), to_signed(to_id)) if state == 1 else None
        self.skmem = found.get(0, b"")
        self.rx_queue, self.tx_queue = _number(self.skmem[:4]), _number(self.skmem[8:12])
        self.groups = _number(found.get(1)) & 0xFFFFFFFF


def dump_netlink() -> Iterator[NetlinkMessage]:
    """Yield all netlink sockets: our own asks, and is among them."""
    show_memory_and_groups = 3
    for message in dump(struct.pack("=BBHIIII", NETLINK, 255, 0, 0, show_memory_and_groups, 0, 0)):
        yield NetlinkMessage(message)


class PacketMessage:
    """A packet socket, with the attributes of packet_diag.h by their numbers."""

    __slots__ = (
        *("type", "protocol", "inode", "cookie", "interface", "uid", "rx_queue", "skmem"),
        "attributes",
    )

    def __init__(self, message: bytes) -> None:
        _, self.type, self.protocol, self.inode, low, high = _PACKET.unpack_from(message)
        self.cookie = high << 32 | low
        self.attributes = parse_attributes(message[_PACKET.size :])
        self.interface = _number(self.attributes.get(0, b"")[:4])
        self.uid = _number(self.attributes.get(5))
        self.skmem = self.attributes.get(6, b"")
        self.rx_queue = _number(self.skmem[:4])


def dump_packet() -> Iterator[PacketMessage]:
    """Yield all packet sockets."""
    information_rings_fanout_memory = 0x1 | 0x4 | 0x8 | 0x10
    body = struct.pack("=BBHIIII", LINK, 0, 0, 0, information_rings_fanout_memory, 0, 0)
    for message in dump(body):
        yield PacketMessage(message)
