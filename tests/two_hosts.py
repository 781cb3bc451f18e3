"""Two network namespaces with a cable between them, each with a process that does what it is told.

What an actor calls is a function of a module, its sockets are kept in the actor's process by name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import socket
import struct
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection, Pipe
from typing import Any, NamedTuple

import pytest

from children import AS_ROOT, OWN, child_process, enter_namespace

PATIENCE = 60  # seconds that one order may take
# … and one socket: what was lost is sent again after as long as it had been tried before.
SOCKET_PATIENCE = 50
CLIENT, SERVER, PORT = "10.9.0.1", "10.9.0.2", 5000
HELD: dict[str, Any] = {}

FourTuple = tuple[str, int, str, int]


class Actor:
    """A process in a namespace of its own: calling it calls a function there."""

    def __init__(self, pid: int, line: Connection) -> None:
        self.pid = pid
        self._line = line

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self._line.send((function, arguments))
        assert self._line.poll(PATIENCE), f"no answer from {function.__name__}"
        kind, value = self._line.recv()
        if kind == "skipped":
            pytest.skip(value)
        assert kind == "result", value
        return value


def obey(line: Connection) -> None:
    while True:
        function, arguments = line.recv()
        try:
            answer = ("result", function(*arguments))
        except pytest.skip.Exception as skipped:
            answer = ("skipped", str(skipped))
        except BaseException:
            answer = ("failed", traceback.format_exc())
        line.send(answer)


def be_there() -> None:
    pass


@contextlib.contextmanager
def actor() -> Iterator[Actor]:
    ours, theirs = Pipe()
    with child_process(be_there, partial(obey, theirs), netns=OWN) as (pid, _):
        yield Actor(pid, ours)


class Hosts(NamedTuple):
    client: Actor
    server: Actor


@contextlib.contextmanager
def two_hosts() -> Iterator[Hosts]:
    """Hold two that reach each other; skips where they cannot be had."""
    if not AS_ROOT:
        pytest.skip("only root makes a cable between two network namespaces")
    if shutil.which("ip") is None:
        pytest.skip("no ip(8) to make a cable with")
    with actor() as client, actor() as server:
        client(plug_in, server.pid)
        client(configure, "fs0", CLIENT)
        server(configure, "fs1", SERVER)
        yield Hosts(client, server)


# ----------------------------------------------------------------------- what actors are told to do


def ip(*words: object) -> None:
    done = subprocess.run(
        ["ip", *map(str, words)], capture_output=True, text=True, check=False, timeout=20
    )
    if done.returncode:
        pytest.skip(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")


def plug_in(other: int) -> None:
    ip("link", "add", "fs0", "type", "veth", "peer", "name", "fs1", "netns", other)


def configure(link: str, address: str) -> None:
    ip("address", "add", f"{address}/24", "dev", link)
    ip("link", "set", link, "up")


def cut(link: str) -> None:
    """Take the cable out, so that nothing reaches the other end."""
    ip("link", "set", link, "down")


def mend(link: str) -> None:
    ip("link", "set", link, "up")
    time.sleep(0.2)


def listen(name: str, backlog: int, address: str = SERVER, port: int = PORT, defer: int = 0) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if defer:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, defer)
    server.bind((address, port))
    server.listen(backlog)
    HELD[name] = server
    number: int = server.getsockname()[1]
    return number


def connect(
    name: str, number: int, address: str = SERVER, port: int = PORT, wait: bool = True
) -> list[FourTuple]:
    """Connect so many; without `wait` as far as they come by themselves."""
    made = HELD.setdefault(name, [])
    told = []
    for _ in range(number):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.settimeout(SOCKET_PATIENCE)
        if wait:
            one.connect((address, port))
        else:
            one.setblocking(False)
            one.connect_ex((address, port))
        made.append(one)
        told.append((*one.getsockname(), address, port))
    return told


def accept(listener: str, name: str, number: int) -> list[FourTuple]:
    """Accept so many; returns their four-tuples as the client has them."""
    made = HELD.setdefault(name, [])
    told = []
    HELD[listener].settimeout(SOCKET_PATIENCE)
    for _ in range(number):
        one, peer = HELD[listener].accept()
        made.append(one)
        told.append((*plain(peer), *plain(one.getsockname())))
    return told


def plain(end: tuple[Any, ...]) -> tuple[str, int]:
    return end[0].removeprefix("::ffff:"), end[1]


def forget(name: str, number: int) -> list[FourTuple]:
    """Close so many at once and for good, with a RST that is lost where there is no cable.

    Returns what they were, from the other end's side.
    """
    told = []
    for _ in range(number):
        one = HELD[name].pop()
        told.append((*plain(one.getpeername()), *plain(one.getsockname())))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    return told


def close(name: str) -> None:
    held = HELD.pop(name)
    for one in held if isinstance(held, list) else [held]:
        one.close()


def half_close(name: str) -> None:
    for one in HELD[name]:
        one.shutdown(socket.SHUT_WR)


def send(name: str, size: int) -> None:
    for one in HELD[name]:
        one.sendall(bytes(size))


def fill(name: str) -> int:
    """Send until no more is taken; returns the bytes of all."""
    sent = 0
    for one in HELD[name]:
        one.setblocking(False)
        quiet = 0
        while quiet < 3:
            try:
                sent += one.send(bytes(65536))
                quiet = 0
            except BlockingIOError:
                quiet += 1
                time.sleep(0.05)
    return sent


def drain(name: str, number: int) -> None:
    """Read that many bytes in all."""
    for one in HELD[name]:
        one.settimeout(SOCKET_PATIENCE)
    while number:
        for one in HELD[name]:
            number -= len(one.recv(min(number, 1 << 20)))
            if not number:
                break


def raise_limit() -> int:
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


# ------------------------------------------------------------------------------ address translation

INNER_CLIENT, INNER_SERVER, OUTER_CLIENT = "10.9.1.1", "10.9.2.2", "10.9.2.77"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


@contextlib.contextmanager
def address_translation(hosts: Hosts, shift: int = 0) -> Iterator[None]:
    """Have a router between the two that gives the client another address, and another port.

    It is a process that has a tun device (Documentation/networking/tuntap.rst) in each namespace.
    """
    tuns: list[int] = []
    with child_process(
        partial(open_tuns, tuns, hosts.client.pid, hosts.server.pid),
        partial(route, tuns, shift),
    ):
        hosts.client(configure, "fn0", INNER_CLIENT)
        hosts.server(configure, "fn1", INNER_SERVER)
        hosts.client(ip, "route", "add", "10.9.2.0/24", "dev", "fn0")
        yield


def open_tuns(tuns: list[int], client: int, server: int) -> None:
    for name, pid in (("fn0", client), ("fn1", server)):
        enter_namespace(pid)
        try:
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        except OSError as error:
            pytest.skip(f"no tun device to translate addresses with: {error}")
        tuns.append(fd)


def route(tuns: list[int], shift: int) -> None:
    client, server = tuns
    while True:
        for fd in select.select(tuns, [], [])[0]:
            packet = bytearray(os.read(fd, 65536))
            if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
                continue
            outward = fd == client
            # Where the client stands in a packet: as its source or as its destination.
            at, port_at = (12, 20) if outward else (16, 22)
            packet[at : at + 4] = socket.inet_aton(OUTER_CLIENT if outward else INNER_CLIENT)
            port = int.from_bytes(packet[port_at : port_at + 2], "big")
            port += shift if outward else -shift
            packet[port_at : port_at + 2] = port.to_bytes(2, "big")
            set_checksums(packet)
            os.write(server if outward else client, packet)


def set_checksums(packet: bytearray) -> None:
    """Set those of IPv4 and TCP; no options of IPv4."""
    packet[10:12] = packet[36:38] = bytes(2)
    packet[10:12] = checksum(bytes(packet[:20]))
    pseudo = bytes(packet[12:20]) + struct.pack("!HH", socket.IPPROTO_TCP, len(packet) - 20)
    packet[36:38] = checksum(pseudo + bytes(packet[20:]))


def checksum(data: bytes) -> bytes:
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")
