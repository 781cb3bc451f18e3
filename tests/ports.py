"""Ports that the kernel gives to nobody by itself.

A port that bind() chooses may be one that an earlier test's connection used: its TIME_WAIT, for a
minute, would be counted with ours.
"""

from __future__ import annotations

import random
import socket
import struct
from pathlib import Path
from typing import Any


def _below_the_automatic_ones() -> list[int]:
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:  # /proc/sys is hidden in some containers
        lowest = 32768
    ports = list(range(1024, max(lowest, 5000)))
    random.shuffle(ports)  # other runs, at the same time or just before, take others
    return ports


RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER 0
_UNUSED = _below_the_automatic_ones()


def listen(address: str = "127.0.0.1", backlog: int = 16, **options: Any) -> socket.socket:
    """Return a listener on a port that no test had before."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = _UNUSED.pop()
        try:
            return socket.create_server((address, port), family=family, backlog=backlog, **options)
        except OSError:  # somebody else's
            if not _UNUSED:
                raise


def port_of(one: socket.socket) -> int:
    port: int = one.getsockname()[1]
    return port


def reset(one: socket.socket) -> None:
    """Close a connection so that no TIME_WAIT remains; closing twice is fine."""
    if one.fileno() >= 0:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        one.close()
