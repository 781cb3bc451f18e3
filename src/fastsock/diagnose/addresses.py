"""What an address says of itself: 16 bytes in network order, IPv4 in the v4-mapped form."""

from __future__ import annotations

from fastsock.implementation import table as storage
from fastsock.tcp import FAMILIES

ANY = bytes(16)
MAPPED = bytes(10) + b"\xff\xff"
WILDCARDS = (ANY, MAPPED + bytes(4))


def is_loopback(address: bytes) -> bool:
    """Whether an address never leaves its namespace: 127.0.0.0/8, ::1."""
    return address[:13] == MAPPED + b"\x7f" or address == ANY[:15] + b"\x01"


def is_private(address: bytes) -> bool:
    """Whether an address is one that the Internet does not route (RFC 1918, 6598, 4193)."""
    if address[:12] != MAPPED:
        return address[0] & 0xFE == 0xFC
    first, second = address[12], address[13]
    return (
        first == 10
        or (first == 172 and second & 0xF0 == 16)
        or (first == 192 and second == 168)
        or (first == 100 and second & 0xC0 == 64)
    )


def format_address(address: bytes) -> str:
    """Return an address as text; v4-mapped is IPv4."""
    family = FAMILIES["ipv4"] if address[:12] == MAPPED else FAMILIES["ipv6"]
    return storage.format_address(address, family)


def text_end(address: str, port: int) -> str:
    """Return ADDRESS:PORT, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
