"""A network namespace in which nothing moves, with sockets of each sort that stands still."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import NamedTuple

from children import OWN, child_process, libc

ESTABLISHED, FIN_WAIT2, CLOSE, CLOSE_WAIT, LISTEN = 1, 5, 7, 8, 10
PR_SET_NAME = 15
NAME = b"fastsock-quiet"  # as no process of another user is called


class Held(NamedTuple):
    """One socket of the namespace; `inode` is 0 where no descriptor holds it."""

    protocol: str
    family: str
    state: int
    local_port: int
    remote_port: int
    inode: int


class Namespace(NamedTuple):
    """A namespace, the process that holds it, and all sockets in it."""

    pid: int
    inode: int
    sockets: list[Held]


@contextlib.contextmanager
def hold_namespace() -> Iterator[Namespace]:
    """Hold one for the length of a `with` block; skips where the system grants none."""
    with child_process(open_sockets, netns=OWN) as (pid, (inode, sockets)):
        yield Namespace(pid, inode, sockets)


KEPT: list[socket.socket] = []


def keep(made: socket.socket) -> socket.socket:
    KEPT.append(made)
    return made


def connect(server: socket.socket, host: str) -> tuple[socket.socket, socket.socket]:
    client = socket.create_connection((host, server.getsockname()[1]))
    return keep(client), keep(server.accept()[0])


def describe(protocol: str, one: socket.socket, state: int) -> Held:
    try:
        remote = one.getpeername()[1]
    except OSError:  # not connected
        remote = 0
    family = "ipv4" if one.family == socket.AF_INET else "ipv6"
    inode = os.fstat(one.fileno()).st_ino
    return Held(protocol, family, state, one.getsockname()[1], remote, inode)


def open_sockets() -> tuple[int, list[Held]]:
    """Make them; returns the namespace's number too."""
    libc.prctl(PR_SET_NAME, NAME, 0, 0, 0)
    inode = os.stat("/proc/self/ns/net").st_ino
    held = []
    server = keep(socket.create_server(("127.0.0.1", 5000)))
    held.append(describe("tcp", server, LISTEN))
    client, accepted = connect(server, "127.0.0.1")
    held += [describe("tcp", client, ESTABLISHED), describe("tcp", accepted, ESTABLISHED)]
    client, accepted = connect(server, "127.0.0.1")
    client.shutdown(socket.SHUT_WR)
    held += [describe("tcp", client, FIN_WAIT2), describe("tcp", accepted, CLOSE_WAIT)]
    waiting = keep(socket.create_connection(("127.0.0.1", 5000)))  # nobody accepts it
    held.append(describe("tcp", waiting, ESTABLISHED))
    held.append(Held("tcp", "ipv4", ESTABLISHED, 5000, waiting.getsockname()[1], 0))

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
        first.bind(("127.0.0.1", 5001))
        udp = keep(first.dup())
    held.append(describe("udp", udp, CLOSE))
    connected = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    connected.connect(("127.0.0.1", 5001))
    held.append(describe("udp", connected, ESTABLISHED))

    if not os.path.exists("/proc/self/net/tcp6"):
        return inode, held
    server = keep(socket.create_server(("::", 5002), family=socket.AF_INET6, dualstack_ipv6=True))
    held.append(describe("tcp", server, LISTEN))
    client, accepted = connect(server, "127.0.0.1")  # its other end is ::ffff:127.0.0.1
    held += [describe("tcp", client, ESTABLISHED), describe("tcp", accepted, ESTABLISHED)]
    client, accepted = connect(server, "::1")
    held += [describe("tcp", client, ESTABLISHED), describe("tcp", accepted, ESTABLISHED)]
    udp = keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    udp.bind(("::1", 5003))
    held.append(describe("udp", udp, CLOSE))
    return inode, held
