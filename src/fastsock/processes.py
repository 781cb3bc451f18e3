"""Which processes a name means, what one of them is, and how many descriptors they have open."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from functools import lru_cache

from fastsock.errors import Hidden, NoSuchProcess, escape

_SHOWN = 4096  # bytes of a command line that are read: argv[0] is at its front
_DELETED = b" (deleted)"  # what d_path() writes behind a name that was removed (fs/d_path.c)


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
    first = read_first_argument(process)
    if first:
        names.add(os.path.basename(first))
        # A login shell's argv[0] has a dash in front: "-bash".
        names.add(os.path.basename(first).removeprefix(b"-"))
    try:
        binary = os.fsencode(os.readlink(f"{process}/exe"))
    except OSError:  # not permitted, ended, or a kernel thread
        return names
    names.add(os.path.basename(binary.removesuffix(_DELETED)))
    return names


def read_command(process: str) -> bytes:
    """Return comm, the name that a process (or its main thread) gave itself: any bytes but NUL."""
    text = _read(f"{process}/stat")
    start, end = text.find(b"("), text.rfind(b")")
    return text[start + 1 : end] if 0 <= start < end else b""


def read_first_argument(process: str) -> bytes:
    """Return argv[0], by which a process was started or has called itself since; empty for none."""
    return _read(f"{process}/cmdline").partition(b"\0")[0]


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


class Details:
    """What one process is. What may not be read is None, and `hidden` says which, with the errno.

    `command` is comm, `state` the letter of proc_pid_stat(5), `parent`, `group` and `session` are
    numbers of processes, `uid` is the effective user, `start_time` counts clock ticks after boot
    (it tells two processes of one number apart), `started` seconds since 1970, None where /proc
    does not tell when the host was booted. `arguments` is what the process shows as its command
    line, which it may change; empty for a kernel thread. `binary` is the path of what it runs and
    `cwd` that of its working directory, as bytes; a kernel thread has no binary. `deleted` says
    that the binary has been removed or replaced since, `cwd_deleted` that the directory was.
    """

    __slots__ = (
        "pid",
        "command",
        "state",
        "parent",
        "group",
        "session",
        "uid",
        "start_time",
        "started",
        "arguments",
        "binary",
        "deleted",
        "cwd",
        "cwd_deleted",
        "cgroup",
        "hidden",
    )

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.command = b""
        self.state = ""
        self.parent = 0
        self.group = 0
        self.session = 0
        self.uid = 0
        self.start_time = 0
        self.started: float | None = None
        self.arguments: tuple[bytes, ...] = ()
        self.cgroup = b""
        self.binary: bytes | None = None
        self.deleted = False
        self.cwd: bytes | None = None
        self.cwd_deleted = False
        self.hidden: dict[str, int] = {}

    @property
    def unit(self) -> bytes | None:
        """The container, pod or systemd unit that it runs in, as `cgroups.Unit.text`."""
        from fastsock import cgroups

        return cgroups.parse_unit(self.cgroup).text or None

    def __repr__(self) -> str:
        return f"<Details of {self.pid} {escape(self.command)}>"


_MOST_ARGUMENTS = 1 << 17  # bytes of a command line that are kept: Linux takes more by far


def open_process(procfs: str, pid: int) -> int:
    """Return a descriptor of /proc/PID: what is opened below it is never another process's.

    Once the process has ended everything below is ESRCH, whoever gets the number. Raises
    NoSuchProcess.
    """
    try:
        return os.open(f"{procfs}/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        raise NoSuchProcess(str(pid)) from None


def read_below(process: int, name: str, most: int = _SHOWN) -> bytes:
    """Return what is in a file below a process's directory, at most `most` bytes; OSError."""
    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=process)
    try:
        blocks: list[bytes] = []
        while most > 0 and (block := os.read(fd, min(most, 1 << 16))):
            blocks.append(block)
            most -= len(block)
        return b"".join(blocks)
    finally:
        os.close(fd)


def read_start_time(process: int) -> int:
    """Return when a process was started, in clock ticks after boot (proc_pid_stat(5), field 22).

    `process` is a descriptor of /proc/PID. 0 where the line is none; OSError.
    """
    fields = read_below(process, "stat").rpartition(b")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[19].isdigit() else 0


def parse_descriptor_limit(text: bytes) -> int | None:
    """Return how many descriptors a process may have, by its /proc/PID/limits; None without it.

    Of `Max open files            1024                 1048576              files` it is the first
    number, the soft limit (proc_pid_limits(5)).
    """
    found = text.partition(b"Max open files")[2].split(None, 1)
    return int(found[0]) if found and found[0].isdigit() else None


def read_link(process: int, name: str) -> tuple[bytes, bytes, bool]:
    """Return a link of /proc/PID, of which `process` is a descriptor, as `mark_deleted` does.

    Raises OSError.
    """
    link = os.readlink(os.fsencode(name), dir_fd=process)
    return mark_deleted(link, process, name, process)


def mark_deleted(link: bytes, process: int, name: str, directory: int) -> tuple[bytes, bytes, bool]:
    """Return a link as it reads, its path, and whether that has been removed.

    The link `name` lies in `directory`, a descriptor. A file may be called "x (deleted)": it was
    not removed if it is to be found under that name, from the root of the `process`.
    """
    if not link.endswith(_DELETED):
        return link, link, False
    try:
        there = os.stat(b"root" + link, dir_fd=process)
        if os.path.samestat(there, os.stat(name, dir_fd=directory)):
            return link, link, False
    except OSError:  # no such name: removed indeed; or not to be looked at, then what it says
        pass
    return link, link.removesuffix(_DELETED), True


def read_details(procfs: str, pid: int) -> Details:
    """Return what a process is: see `Details`.

    Anybody may read most of it; `binary` and `cwd` need the rights of ptrace(2): the same user and
    a dumpable process, or CAP_SYS_PTRACE. Raises NoSuchProcess, Hidden where /proc is mounted with
    hidepid=1 (with 2 there is no such process).
    """
    from fastsock import cgroups  # not above: most questions need none

    process = open_process(procfs, pid)
    try:
        text = read_below(process, "stat")
        start, end = text.find(b"("), text.rfind(b")")
        fields = text[end + 1 :].split()
        if not 0 <= start < end or len(fields) < 20:
            raise NoSuchProcess(str(pid))
        made = Details(pid)
        made.command, made.state = text[start + 1 : end], fields[0].decode("ascii", "replace")
        made.parent, made.group, made.session = map(int, fields[1:4])
        made.uid = os.fstat(process).st_uid
        made.start_time = int(fields[19])
        made.started = _started(procfs, made.start_time)
        made.arguments = _read_arguments(process)
        made.cgroup = cgroups.read_membership(f"{procfs}/{pid}")
        try:
            _, made.binary, made.deleted = read_link(process, "exe")
        except PermissionError as error:
            made.hidden["binary"] = error.errno or 0
        except OSError:  # a kernel thread, a zombie
            pass
        try:
            _, made.cwd, made.cwd_deleted = read_link(process, "cwd")
        except PermissionError as error:
            made.hidden["cwd"] = error.errno or 0
        except OSError:  # a zombie
            pass
        return made
    except (FileNotFoundError, ProcessLookupError):
        raise NoSuchProcess(str(pid)) from None
    except PermissionError:
        raise Hidden(f"process {pid} may not be looked at: /proc is mounted with hidepid") from None
    finally:
        os.close(process)


def _read_arguments(process: int) -> tuple[bytes, ...]:
    try:
        return parse_arguments(read_below(process, "cmdline", _MOST_ARGUMENTS))
    except OSError:  # ended; or hidepid, with which stat would have failed before
        return ()


def parse_arguments(text: bytes) -> tuple[bytes, ...]:
    """Return what /proc/PID/cmdline has: arguments, or the title that was written over them."""
    # A title leaves NULs behind it, to the end of where the arguments stood.
    text = text.rstrip(b"\0")
    return tuple(text.split(b"\0")) if text else ()


def _started(procfs: str, ticks: int) -> float | None:
    booted = _read_boot_time(procfs)
    return None if booted is None else booted + ticks / os.sysconf("SC_CLK_TCK")


@lru_cache(8)
def _read_boot_time(procfs: str) -> int | None:
    """Return when the host was booted (seconds since 1970); None where stat does not tell.

    Kept, for /proc/stat counts every interrupt before it says so. The whole seconds of it move only
    where somebody sets the clock.
    """
    try:
        fd = os.open(f"{procfs}/stat", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:  # a tree made by hand
        return None
    with open(fd, "rb") as lines:
        for line in lines:
            if line.startswith(b"btime "):
                return int(line.split()[1])
    return None
