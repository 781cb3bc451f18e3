"""What an iterator of the BPF program brings."""

from __future__ import annotations

import os


def read_pass(fd: int) -> bytes:
    """Read one pass to its end, and close its descriptor."""
    parts = []
    try:
        while part := os.read(fd, 1 << 16):
            parts.append(part)
    finally:
        os.close(fd)
    return b"".join(parts)
