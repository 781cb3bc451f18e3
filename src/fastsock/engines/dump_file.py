"""Files that `ss -D FILE` writes: the kernel's own messages, to be looked at elsewhere or later."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from fastsock.errors import DumpError, EngineUnavailable
from fastsock.implementation import COMPILED, NO_EXTENSION, REBUILD
from fastsock.table import SocketTable

MOST_BYTES = 1 << 32  # 8 million sockets with all that ss asks for


def read_dump(
    path: str | os.PathLike[str], *, fields: Sequence[str] = (), dumps: int = 0
) -> SocketTable:
    """Return the TCP sockets of a file written by `ss -D`, as one table.

    They have no network namespace (0) and no owners. `dumps`: only so many that follow each other
    in the file, where `ss -D` has asked for IPv4 and then for IPv6; 0 for all. A file that ends too
    early, or from some place on makes no sense, gives the sockets before that place, and
    `incomplete` says where it is.

    Raises DumpError (path, offset, reason) for a file that makes no sense from its start, OSError
    for one that cannot be read or is no regular file, EngineUnavailable in a build without
    extension.
    """
    if not COMPILED:
        raise EngineUnavailable("netlink", NO_EXTENSION, remedy=REBUILD)
    from fastsock.engines._netlink import parse_dump

    name = os.fspath(path)
    table = SocketTable(fields)
    offset, reason = parse_dump(_read_file(name), table, dumps)
    if reason and not len(table):
        raise DumpError(name, offset, reason)
    table.sources = {"sockets": "dump"}
    if reason:
        table.incomplete = (
            {
                "what": "bytes",
                "count": os.stat(name).st_size - offset,
                "reason": f"{name}, byte {offset}: {reason}",
                "remedy": "write the dump again",
            },
        )
    return table


def _read_file(name: str) -> bytes:
    # It may be a FIFO, which must not block, or a device, which may have no end.
    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file", name)
        if status.st_size > MOST_BYTES:
            raise DumpError(name, 0, f"{status.st_size} bytes are too many for a dump")
        return file.read(status.st_size)
