"""Listeners that do not accept, and handshakes that do not end, in a network namespace of a test.

A filter on the listener drops the ACK that ends a handshake, as a packet rule on the way would, so
that the client is connected and the server holds SYN_RECV.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PORT = 5000
SILENT, HEARD = "127.0.0.2", "127.0.0.3"  # clients whose ACK is dropped, and is not
LIMIT = 20.0  # seconds in which the kernel must have done what a test waits for

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
SKF_NET_OFF = 0x100000  # linux/filter.h: from the network header on, subtracted

# What lives as long as the process.
KEPT: list[socket.socket] = []


def keep(made: socket.socket) -> socket.socket:
    KEPT.append(made)
    return made


def drop_acks(listener: socket.socket, source: str = SILENT) -> None:
    """Drop each packet from `source` that is an ACK and no SYN (linux/filter.h, classic BPF)."""
    address = int.from_bytes(socket.inet_aton(source), "big")
    program = (
        (0x20, 0, 0, (12 - SKF_NET_OFF) & 0xFFFFFFFF),  # ld [source address]
        (0x15, 0, 4, address),  # jeq, else accept
        (0x30, 0, 0, 13),  # ldb [flags]
        (0x54, 0, 0, 0x12),  # and SYN|ACK
        (0x15, 0, 1, 0x10),  # jeq ACK, else accept
        (0x06, 0, 0, 0),  # drop
        (0x06, 0, 0, 0xFFFFFFFF),  # accept
    )
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    memory = ctypes.create_string_buffer(code, len(code))
    given = struct.pack("HL", len(program), ctypes.addressof(memory))
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, given)
    except PermissionError:
        pytest.skip("this kernel lets no ordinary user attach a filter to a socket")


def hear_all(listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def serve(backlog: int, address: str = "127.0.0.1", port: int = PORT, **options: Any) -> Any:
    """Return a listener that nobody accepts from."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return keep(socket.create_server((address, port), family=family, backlog=backlog, **options))


def call(count: int, source: str = HEARD, address: str = "127.0.0.1", port: int = PORT) -> Any:
    """Begin so many connections from one address, and return the clients."""
    clients = []
    for _ in range(count):
        client = keep(socket.socket())
        client.setblocking(False)
        client.bind((source, 0))
        client.connect_ex((address, port))
        clients.append(client)
    return clients


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something is so; fail after LIMIT."""
    end = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < end, "the kernel did not do it in time"
        time.sleep(0.01)


def set_sysctl(name: str, value: int) -> None:
    """Set what is below /proc/sys/net of our own namespace, or skip the test."""
    try:
        Path(f"/proc/sys/net/{name}").write_text(str(value))
    except OSError as error:
        pytest.skip(f"net.{name.replace('/', '.')}: {os.strerror(error.errno or 0)}")
