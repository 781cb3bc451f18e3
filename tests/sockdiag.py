"""What a kernel answers over sock_diag(7), byte for byte, and a socket on which it is answered.

    with Answers([tcp(80) + tcp(81), DONE]) as kernel:
        Dump(SOURCES, matcher, connect=kernel).fill(table)

A Dump numbers its requests from 1, which is what messages carry here.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastsock.engines._netlink import DiagSocket

NOOP, ERROR, END, SOCKET = 1, 2, 3, 20  # NLMSG_x, SOCK_DIAG_BY_FAMILY
MULTI = 2  # NLM_F_MULTI
HEADER = struct.Struct("=IHHII")
TCP, UDP, UNIX = 6, 17, 0
MOST_BYTES = 65536  # of a datagram
MOST_ERRNO = 4095  # linux/err.h

INET_BYTES, UNIX_BYTES = 72, 16
NAME, PEER = 0, 2  # UNIX_DIAG_x
TCP_INFO, CONG, SKMEMINFO = 2, 4, 7  # INET_DIAG_x


# ----------------------------------------------------------------------------------- what it writes


def message(kind: int, body: bytes, flags: int = MULTI, sequence: int = 1) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


LOCAL, REMOTE = b"\x7f\0\0\1", b"\x7f\0\0\2"


def inet_body(
    port: int, state: int = 1, attributes: bytes = b"", cookie: int | None = None
) -> bytes:
    """A socket of IPv4; its inode is its port, and its cookie if none is given has that in it."""
    cookie = 2 << 32 | port if cookie is None else cookie
    ends = struct.pack("!HH", port, 4000) + LOCAL + bytes(12) + REMOTE + bytes(12)
    rest = struct.pack("=IQIIIII", 3, cookie, 30, 40, 50, 1000, port)
    return struct.pack("=BBBB", 2, state, 0, 0) + ends + rest + attributes


def tcp(port: int, state: int = 1, attributes: bytes = b"", cookie: int | None = None) -> bytes:
    return message(SOCKET, inet_body(port, state, attributes, cookie))


def unix_body(inode: int, path: bytes = b"", attributes: bytes = b"") -> bytes:
    """A stream socket that is bound to `path`; its cookie is its inode."""
    name = attribute(NAME, path + b"\0") if path else b""
    return struct.pack("=BBBxIQ", 1, 1, 1, inode, inode) + name + attributes


def unix(inode: int, path: bytes = b"", attributes: bytes = b"") -> bytes:
    return message(SOCKET, unix_body(inode, path, attributes))


def end(number: int = 0) -> bytes:
    """The end of a dump, with the errno that ended it: so says net/ipv4/inet_diag.c that it has no
    module for a protocol."""
    return message(END, struct.pack("=i", -number))


def error(number: int) -> bytes:
    """A refusal, with the header of the request behind it."""
    return message(ERROR, struct.pack("=i", -number) + bytes(HEADER.size), flags=0)


DONE = end()


def split(data: bytes) -> Iterator[bytes]:
    """The messages of a well-formed datagram."""
    at = 0
    while at < len(data):
        length = HEADER.unpack_from(data, at)[0]
        yield data[at : at + length]
        at += length + 3 & ~3


def renumber(data: bytes, sequence: int) -> bytes:
    """The same messages as an answer to another request."""
    return b"".join(one[:8] + struct.pack("=I", sequence) + one[12:] for one in split(data))


# -------------------------------------------------------------------------------- where it is heard


class Answers:
    """Stands where Dump connects to the kernel: each connection has its datagrams waiting.

    There is room for three datagrams of the greatest length, or ten small ones. Behind the last one
    the connection ends, which no kernel does: an answer without an end fails and does not hang.
    With `patience`, in seconds, there comes nothing more for so long.
    """

    def __init__(self, *connections: Sequence[bytes], patience: float = 0) -> None:
        self.connections = connections
        self.patience = patience
        self.connected = 0
        self.ends: list[socket.socket] = []

    def __call__(self, paths: Sequence[str | None]) -> dict[str | None, DiagSocket | int]:
        assert self.connected < len(self.connections), "asked once more than there are answers"
        from fastsock.engines._netlink import DiagSocket  # a build without it skips before

        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ends.append(theirs)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for datagram in self.connections[self.connected]:
            theirs.send(datagram, socket.MSG_DONTWAIT)
        self.connected += 1
        if self.patience:
            wait = struct.pack("@ll", 0, int(self.patience * 1e6))
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        else:
            theirs.shutdown(socket.SHUT_WR)
        return {paths[0]: DiagSocket(ours.detach())}

    def requests(self) -> Iterator[tuple[int, bytes]]:
        """What was asked: the number of the connection, and the message."""
        for number, one in enumerate(self.ends):
            while asked := one.recv(MOST_BYTES):
                yield number, asked

    def close(self) -> None:
        for one in self.ends:
            one.close()

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


# -------------------------------------------------------------------------------- what it must mean


class Found(NamedTuple):
    """What is held against a table: of TCP and UDP without the UNIX columns, and the reverse."""

    cookie: int
    state: int
    inode: int
    local_port: int = 0
    congestion: bytes = b""
    tcp_info: bytes = b""
    skmem: bytes = b""
    type: int = 0
    peer: int = 0
    path: bytes = b""


FOUND_FIELDS = Found._fields[4:]


def decode_attributes(body: bytes, at: int) -> list[tuple[int, bytes]] | None:
    """Type and value of each; None where a length lies."""
    values = []
    while at + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, at)
        if not 4 <= length <= len(body) - at:
            return None
        values.append((kind, body[at + 4 : at + length]))
        at += length + 3 & ~3
    return values


def last(values: list[tuple[int, bytes]], kind: int, least: int = 0) -> bytes:
    """The last value of a type that is long enough."""
    return next(
        (value for one, value in reversed(values) if one == kind and len(value) >= least), b""
    )


def decode(body: bytes, protocol: int) -> Found | None:
    """One socket; None where no kernel writes it so."""
    if len(body) < (UNIX_BYTES if protocol == UNIX else INET_BYTES):
        return None
    values = decode_attributes(body, UNIX_BYTES if protocol == UNIX else INET_BYTES)
    if values is None:
        return None
    if protocol == UNIX:
        kind, state, inode, cookie = struct.unpack_from("=xBBxIQ", body)
        path = last(values, NAME)
        if len(path) > 1 and path[0] and not path[-1]:
            path = path[:-1]
        peer = last(values, PEER, 4)
        number = struct.unpack_from("=I", peer)[0] if peer else 0
        return Found(cookie, state, inode, type=kind, peer=number, path=path)
    state, (port,) = body[1], struct.unpack_from("!H", body, 4)
    (cookie,), (inode,) = struct.unpack_from("=Q", body, 44), struct.unpack_from("=I", body, 68)
    name = last(values, CONG)
    name = name[:-1] if name.endswith(b"\0") else name
    info, skmem = last(values, TCP_INFO), last(values, SKMEMINFO)
    return Found(cookie, state, inode, port, name, info, skmem)


def understand(datagrams: Sequence[bytes], protocol: int) -> tuple[list[Found], int]:
    """Return the sockets of one answer, each once, and the errno that it ends with; 0 at its end.

    What _netlink.pyx must do, in plain Python.
    """
    found: dict[int, Found] = {}
    for data in datagrams:
        if not 0 < len(data) <= MOST_BYTES:
            break
        at = 0
        while at < len(data):
            if len(data) - at < HEADER.size:
                return list(found.values()), errno.EBADMSG
            length, kind, flags, sequence, _ = HEADER.unpack_from(data, at)
            if not HEADER.size <= length <= len(data) - at:
                return list(found.values()), errno.EBADMSG
            body = data[at + HEADER.size : at + length]
            at += length + 3 & ~3
            if sequence != 1:
                continue
            if kind in (ERROR, END):
                number = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else MOST_ERRNO + 1
                if number > MOST_ERRNO:
                    return list(found.values()), errno.EBADMSG
                return list(found.values()), max(0, number)
            if kind == NOOP:
                continue
            one = decode(body, protocol)
            if one is None:
                return list(found.values()), errno.EBADMSG
            found.setdefault(one.cookie, one)
            if not flags & MULTI:
                return list(found.values()), 0
    return list(found.values()), errno.EBADMSG
