"""Which processes a name means, how many descriptors they have open, and whose numbers they are."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

_SHOWN = 4096  # bytes of a command line that are read: argv[0] is at its front


def _read(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:  # ended, or another user's under hidepid: it cannot be named then
        return b""
    try:
        return os.read(fd, _SHOWN)
    except OSError:  # ended between open and read
        return b""
    finally:
        os.close(fd)


def read_names(process: str) -> set[bytes]:
    """Return what a process may be called: comm, and the basenames of argv[0] and the binary.

    As pidof(8) does. The binary's link, /proc/PID/exe, needs the rights of ptrace(2): for another
    user's process the other two must do.
    """
    command = read_command(process)
    names = {command} if command else set()
    first = _read(f"{process}/cmdline").split(b"\0", 1)[0]
    if first:
        names.add(os.path.basename(first))
        # A login shell's argv[0] has a dash in front: "-bash".
        names.add(os.path.basename(first).removeprefix(b"-"))
    try:
        binary = os.fsencode(os.readlink(f"{process}/exe"))
    except OSError:  # not permitted, ended, or a kernel thread
        return names
    names.add(os.path.basename(binary.removesuffix(b" (deleted)")))
    return names


def read_command(process: str) -> bytes:
    """Return comm, the name that a process (or its main thread) gave itself: any bytes but NUL."""
    text = _read(f"{process}/stat")
    start, end = text.find(b"("), text.rfind(b")")
    return text[start + 1 : end] if 0 <= start < end else b""


def shows_own_pids(procfs: str) -> bool:
    """Return whether the pids in `procfs` are those that this process sees."""
    try:
        return os.readlink(f"{procfs}/self") == str(os.getpid())
    except OSError:  # made up, or of another pid namespace
        return False


_PF_EXITING = 0x4  # include/linux/sched.h


def has_ended(process: str) -> bool:
    """Return whether /proc/PID is gone, or a process that has begun to exit and lost its threads.

    It leaves its memory, then its descriptors, then its namespaces, then it is a zombie. From the
    first step on /proc/PID/fd belongs to root (task_dump_owner, fs/proc/base.c), so that EACCES
    means nothing. Anybody may read the flags in PID/stat (proc_pid_stat(5)).
    """
    fields = _read(f"{process}/stat").rpartition(b")")[2].split()
    if len(fields) < 18:  # gone; or hidden (hidepid=1), as all that is in its directory
        return not os.path.isdir(process)
    state, flags, threads = fields[0], fields[6], fields[17]
    return state in (b"Z", b"X") or bool(int(flags) & _PF_EXITING and int(threads) <= 1)


def find_processes(procfs: str, pids: Iterable[int], names: Collection[bytes]) -> list[int]:
    """Return those of `pids` that are called by one of `names`."""
    return [pid for pid in pids if not read_names(f"{procfs}/{pid}").isdisjoint(names)]


def count_descriptors(procfs: str, pids: Iterable[int]) -> dict[int, int]:
    """Return the number of open descriptors by pid, as the size of /proc/PID/fd (Linux 6.2).

    Anybody may read it. Older kernels say 0, and so do kernel threads: both are left out.
    """
    found = {}
    for pid in pids:
        try:
            size = os.stat(f"{procfs}/{pid}/fd").st_size
        except OSError:  # ended; or a PID directory of another kind of tree
            continue
        if size:
            found[pid] = size
    return found


def count_open_files(procfs: str) -> int:
    """Return about how many descriptors there are: the host's open files, by sys/fs/file-nr.

    Files that processes share count once, those of other containers count too. 0 where nothing
    tells, as in a tree made by hand.
    """
    words = _read(f"{procfs}/sys/fs/file-nr").split()
    return int(words[0]) if words and words[0].isdigit() else 0
