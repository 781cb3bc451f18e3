"""`ss -T`: every thread that can use a descriptor, which is a line for each thread of a process.

    users:(("nginx",pid=12,tid=14,fd=6),("nginx",pid=12,tid=12,fd=6))

The tables know only threads with descriptors of their own. What all threads of the owners have is
read here as ss reads it: PID/task for their numbers, TID/fd and TID/stat for each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from fastsock.processes import read_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.table import SocketTable


def list_tasks(root: str, pid: int) -> list[int]:
    """Return a process's threads, itself first; it alone where they may not be listed."""
    try:
        names = os.listdir(f"{root}/{pid}/task")
    except OSError:  # it has ended, or the tree has none
        return [pid]
    return [pid, *sorted(int(name) for name in names if name.isdigit() and int(name) != pid)]


def read_descriptors(root: str, tid: int) -> Iterator[tuple[int, int]]:
    """Yield (descriptor, inode) of a thread's sockets, by the descriptor's number."""
    folder = f"{root}/{tid}/fd"
    try:
        fds = sorted(int(name) for name in os.listdir(folder) if name.isdigit())
    except OSError:  # not ours, or it has ended
        return
    for fd in fds:
        try:
            link = os.readlink(f"{folder}/{fd}")
        except OSError:  # closed meanwhile
            continue
        if link.startswith("socket:[") and link[8:-1].isdigit():
            yield fd, int(link[8:-1])


def show_threads(table: SocketTable, root: str, name: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield for each row ` users:(…)`, or nothing; `name` makes a name fit to be shown."""
    assert table.owners is not None
    wanted = set(table.column("inode")) - {0}
    found: dict[int, list[bytes]] = {}
    for pid in sorted({process.pid for process in table.owners.processes}):
        for tid in list_tasks(root, pid):
            command = name(read_command(f"{root}/{tid}"))
            for fd, inode in read_descriptors(root, tid):
                if inode in wanted:
                    text = b'("%b",pid=%d,tid=%d,fd=%d)' % (command, pid, tid, fd)
                    found.setdefault(inode, []).append(text)
    for inode in table.column("inode"):
        holders = found.get(inode)
        yield b" users:(%b)" % b",".join(reversed(holders)) if holders else b""
