"""What a process has open: its descriptors, its directories, its binary and what it maps.

A link of /proc/PID/fd says what a descriptor is, for example

  lrwx------ 1 root root 64 Jun  5 10:01 7 -> /var/log/app.log (deleted)

readlink(2) is all that is paid for the name; the mode of the link itself says how it was opened, a
stat(2) through it what the file is, and /proc/PID/fdinfo/7 where it is at: each only on request.
All of it needs the rights of ptrace(2) (proc_pid_fd(5)).
"""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Callable, Collection, Iterator

from fastsock.errors import NoSuchProcess, escape
from fastsock.processes import has_ended, open_process, read_below, read_link

# What a file is open as, in the order of the rows. "mem" is mapped, by a shared library or by data.
USES = ("cwd", "root", "exe", "mem", "fd")

_TYPES = {
    modes.S_IFREG: "regular",
    modes.S_IFDIR: "directory",
    modes.S_IFCHR: "character",
    modes.S_IFBLK: "block",
    modes.S_IFIFO: "fifo",
    modes.S_IFSOCK: "socket",
    modes.S_IFLNK: "symlink",
}

# What has no path is called by what made it. Their modes say less: an epoll instance has none, a
# namespace is a regular file.
_KINDS = {
    b"socket": "socket",
    b"pipe": "fifo",
    b"anon_inode": "anon_inode",
    **dict.fromkeys(
        (b"cgroup", b"ipc", b"mnt", b"net", b"pid", b"time", b"user", b"uts"), "namespace"
    ),
}

_MOST_MAPS = 1 << 26  # bytes of /proc/PID/maps: 65,530 mappings (vm.max_map_count) of 1 KiB


class OpenFile:
    """One file that a process has open.

    `use` is one of USES and `fd` the descriptor, -1 for other uses. `link` is what readlink(2)
    said, `path` the same without the mark of a removed file, `deleted` whether it was removed.
    `type` is regular, directory, character, block, fifo, socket, symlink, anon_inode, namespace or
    unknown: without a stat that of a path is.

    By stat, else None: `mode`, `device` and `rdevice` (os.major and os.minor take them apart),
    `inode`, `size` in bytes, `links` (names that the file has); `reason` is the errno where stat
    was refused. The number of a socket or a pipe is known from its link. `access` is "r", "w", "u"
    for both, "" for neither (O_PATH); a use that is no descriptor has none. By fdinfo, else None:
    `position` in bytes, `flags` as of open(2), `mount` (the number in mountinfo).
    """

    __slots__ = (
        "use",
        "fd",
        "link",
        "path",
        "deleted",
        "type",
        "access",
        "mode",
        "device",
        "rdevice",
        "inode",
        "size",
        "links",
        "reason",
        "position",
        "flags",
        "mount",
    )

    def __init__(self, use: str, fd: int, link: bytes, path: bytes, deleted: bool) -> None:
        self.use = use
        self.fd = fd
        self.link = link
        self.path = path
        self.deleted = deleted
        self.type, self.inode = parse_kind(link)
        self.access: str | None = None
        self.mode: int | None = None
        self.device: int | None = None
        self.rdevice: int | None = None
        self.size: int | None = None
        self.links: int | None = None
        self.reason: int | None = None
        self.position: int | None = None
        self.flags: int | None = None
        self.mount: int | None = None

    def _set_status(self, status: os.stat_result) -> None:
        self.mode = status.st_mode
        self.device = status.st_dev
        self.rdevice = status.st_rdev
        self.inode = status.st_ino
        self.size = status.st_size
        self.links = status.st_nlink
        if self.type == "unknown":
            self.type = _TYPES.get(modes.S_IFMT(status.st_mode), "unknown")

    @property
    def writable(self) -> bool:
        """Whether it is open for writing, as far as `access` is known."""
        return self.access in ("w", "u")

    def __repr__(self) -> str:
        name = str(self.fd) if self.use == "fd" else self.use
        return f"<OpenFile {name} {self.type} {escape(self.link)}>"


class OpenFiles:
    """The files of one process: `rows` of OpenFile, and what could not be read.

    `denied` maps a use to the errno with which its link, or the list of all of that use, was
    refused; `denied_links` counts single descriptors that were.
    """

    __slots__ = ("pid", "rows", "denied", "denied_links")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.rows: list[OpenFile] = []
        self.denied: dict[str, int] = {}
        self.denied_links = 0

    def __iter__(self) -> Iterator[OpenFile]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<OpenFiles {len(self)} of {self.pid}>"


def parse_kind(link: bytes) -> tuple[str, int | None]:
    """Return the type of a file and its inode as far as a link tells: `socket:[7]` is (socket, 7).

    A path tells neither; nor does one that is not below the reader's root, "(unreachable)/x".
    """
    if link.startswith((b"/", b"(")):
        return "unknown", None
    name, _, rest = link.partition(b":")
    kind = _KINDS.get(name, "unknown")
    number = rest[1:-1]
    if rest.startswith(b"[") and rest.endswith(b"]") and number.isdigit() and len(number) <= 20:
        return kind, int(number)
    return kind, None


def parse_access(mode: int) -> str | None:
    """Return how a descriptor was opened, by the mode of its link (proc_fd_link, fs/proc/fd.c).

    None where others than the owner may do anything: no procfs makes such links.
    """
    if mode & 0o077:
        return None
    return {0o400: "r", 0o200: "w", 0o600: "u"}.get(mode & 0o600, "")


def parse_fdinfo(text: bytes) -> tuple[int | None, int | None, int | None]:
    """Return position, flags and mount of /proc/PID/fdinfo/FD (proc_pid_fdinfo(5))."""
    found = dict(line.split(b":", 1) for line in text.split(b"\n")[:8] if b":" in line)
    try:
        position, flags, mount = (
            int(found[name], base) if name in found else None
            for name, base in ((b"pos", 10), (b"flags", 8), (b"mnt_id", 10))
        )
    except ValueError:  # a tree made by hand
        return None, None, None
    return position, flags, mount


def parse_maps(text: bytes) -> list[tuple[int, int, bytes]]:
    """Return (device, inode, link) of each file in /proc/PID/maps, in the order of addresses.

    A newline in a path is `\\012` there, and nothing else is escaped (proc_pid_maps(5)).
    """
    found: dict[tuple[int, int], bytes] = {}
    for line in text.split(b"\n"):
        # address perms offset dev inode path
        parts = line.split(None, 5)
        if len(parts) < 6 or parts[4] == b"0":
            continue
        major, _, minor = parts[3].partition(b":")
        try:
            key = os.makedev(int(major, 16), int(minor, 16)), int(parts[4])
        except ValueError:  # the end of what was read
            continue
        found.setdefault(key, parts[5].replace(b"\\012", b"\n"))
    return [(*key, link) for key, link in found.items()]


def read_files(
    procfs: str,
    pid: int,
    *,
    uses: Collection[str] = USES,
    stat: bool = False,
    fdinfo: bool = False,
    only: Callable[[bytes], bool] | None = None,
) -> OpenFiles:
    """Return what a process has open, in the order of USES, descriptors by number.

    A row is a readlink; `stat` and `fdinfo` ask for more of each, and `only` says by the link which
    rows are wanted at all. A descriptor that is closed meanwhile is left out. Raises NoSuchProcess;
    what may not be read is in `denied`. Needs the same user and a dumpable process, or
    CAP_SYS_PTRACE. A stat of a file on a network file system may wait for its server.
    """
    found = OpenFiles(pid)
    process = open_process(procfs, pid)
    try:
        for use in USES:
            if use not in uses:
                continue
            try:
                if use == "fd":
                    _read_descriptors(found, process, stat, fdinfo, only)
                elif use == "mem":
                    _read_maps(found, process, stat, only)
                else:
                    _read_single(found, process, use, stat, only)
            except PermissionError as error:
                found.denied[use] = error.errno or 0
            except OSError:  # ended, or a kernel thread, which has no binary
                continue
    finally:
        os.close(process)
    if (found.denied or not found.rows) and has_ended(f"{procfs}/{pid}"):
        # What is left of it belongs to root: that nobody else may read it means nothing.
        found.denied.clear()
        if not os.path.isdir(f"{procfs}/{pid}"):
            raise NoSuchProcess(str(pid))
    return found


def _read_single(
    found: OpenFiles, process: int, use: str, stat: bool, only: Callable[[bytes], bool] | None
) -> None:
    row = OpenFile(use, -1, *read_link(process, use))
    if only is not None and not only(row.link):
        return
    if stat:
        _read_status(row, use, process)
    found.rows.append(row)


def _read_status(row: OpenFile, name: str | bytes, directory: int) -> None:
    try:
        row._set_status(os.stat(name, dir_fd=directory))
    except OSError as error:  # a tree made by hand; or a server that has forgotten the file
        row.reason = error.errno


def _read_maps(
    found: OpenFiles, process: int, stat: bool, only: Callable[[bytes], bool] | None
) -> None:
    # The binary is mapped too; it stands there already, if it was asked for.
    binary = next((row.link for row in found.rows if row.use == "exe"), None)
    for device, inode, link in parse_maps(read_below(process, "maps", _MOST_MAPS)):
        if link == binary or (only is not None and not only(link)):
            continue
        path = link.removesuffix(b" (deleted)")
        row = OpenFile("mem", -1, link, path, path != link)
        row.device, row.inode = device, inode
        if stat and not row.deleted and path.startswith(b"/"):
            try:
                status = os.stat(b"root" + path, dir_fd=process)
            except OSError as error:  # removed, or not to be looked at
                row.reason = error.errno
            else:
                # Another file may have that name now. (Its device may be another than that of maps:
                # btrfs and overlayfs have one for each of their parts.)
                if status.st_ino == inode:
                    row._set_status(status)
        found.rows.append(row)


def _read_descriptors(
    found: OpenFiles,
    process: int,
    stat: bool,
    fdinfo: bool,
    only: Callable[[bytes], bool] | None,
) -> None:
    directory = os.open("fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=process)
    try:
        numbers = {int(name) for name in os.listdir(directory) if name.isdigit()}
        if found.pid == os.getpid():  # those that we look with will be closed when we have looked
            numbers -= {fd for fd in (process, directory) if _is_ours(directory, fd)}
        for fd in sorted(numbers):
            try:
                row = OpenFile("fd", fd, *read_link(process, str(fd), directory))
            except PermissionError:
                found.denied_links += 1
                continue
            except OSError:  # closed meanwhile
                continue
            if only is not None and not only(row.link):
                continue
            if stat and not _read_descriptor(row, directory):
                continue
            if fdinfo:
                _read_fdinfo(row, process)
            found.rows.append(row)
    finally:
        os.close(directory)


def _is_ours(directory: int, fd: int) -> bool:
    """Whether a descriptor in `directory` is ours, and not that of a namesake in another tree."""
    try:
        return os.path.samestat(os.stat(str(fd), dir_fd=directory), os.fstat(fd))
    except OSError:
        return False


def _read_descriptor(row: OpenFile, directory: int) -> bool:
    """Ask what a descriptor's file is; return False where it has been closed meanwhile."""
    name = str(row.fd)
    try:
        link_mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
        row.access = parse_access(link_mode)
    except OSError:  # closed
        return False
    _read_status(row, name, directory)
    if row.reason is None:
        return True
    try:  # in a tree made by hand the link leads nowhere, and is there
        return os.readlink(os.fsencode(name), dir_fd=directory) == row.link
    except OSError:  # closed
        return False


def _read_fdinfo(row: OpenFile, process: int) -> None:
    try:
        text = read_below(process, f"fdinfo/{row.fd}", 512)
    except OSError:  # closed, or a tree made by hand: the row is true without it
        return
    row.position, row.flags, row.mount = parse_fdinfo(text)
