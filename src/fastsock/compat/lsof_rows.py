"""A process's files as lsof's rows: what FD, TYPE, DEVICE, SIZE/OFF, NODE and NAME are of each.

A row holds what lsof knows of a file, not yet as text: columns and fields (-F) show parts of it.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Collection, Iterator, Mapping

from fastsock.compat.lsof_sockets import Shown
from fastsock.files import OpenFile, OpenFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_USES = {"cwd": "cwd", "root": "rtd", "exe": "txt", "mem": "mem"}

_TYPES = {
    modes.S_IFREG: "REG",
    modes.S_IFDIR: "DIR",
    modes.S_IFCHR: "CHR",
    modes.S_IFBLK: "BLK",
    modes.S_IFIFO: "FIFO",
    modes.S_IFLNK: "LINK",
}
_WITH_OFFSET = ("CHR", "BLK", "FIFO")

_MOST_POLLED = 32  # descriptors in the name of an epoll instance


class Row:
    """One file of one process. `protocol` stands in NODE where it is not None, else the inode.

    `tcp` is (state, bytes to read, bytes to send) of a TCP or UDP socket, whose state is "" for
    UDP; of a UNIX socket it has a state only. `note` is what lsof adds to a name.
    """

    __slots__ = (
        "fd",
        "use",
        "access",
        "lock",
        "type",
        "flags",
        "device_text",
        "device",
        "rdevice",
        "size",
        "offset",
        "inode",
        "links",
        "protocol",
        "name",
        "note",
        "tcp",
        "kinds",
    )

    def __init__(self, fd: int, use: str) -> None:
        self.fd = fd
        self.use = use  # "" for a descriptor
        self.access = self.lock = " "
        self.type = ""
        self.flags: int | None = None
        self.device_text = ""
        self.device: int | None = None
        self.rdevice: int | None = None
        self.size: int | None = None
        self.offset: int | None = None
        self.inode: int | None = None
        self.links: int | None = None
        self.protocol: str | None = None
        self.name = b""
        self.note = ""
        self.tcp: tuple[str, int | None, int | None] | None = None
        self.kinds = 0


Locks = Mapping[tuple[int, int, int], str]  # (pid, device, inode) -> r, w, R, W


def parse_locks(text: bytes) -> dict[tuple[int, int, int], str]:
    """Return the first lock of each (pid, device, inode) in /proc/locks (proc_locks(5)).

    Small letters lock a part, capitals the whole file. Locks of open files (OFD) have no process.
    """
    found: dict[tuple[int, int, int], str] = {}
    for line in text.split(b"\n"):
        words = line.split()
        if len(words) < 8 or words[1] == b"->" or words[3] not in (b"READ", b"WRITE"):
            continue
        try:
            major, minor, inode = words[5].split(b":")
            key = (int(words[4]), os.makedev(int(major, 16), int(minor, 16)), int(inode))
        except ValueError:  # a device that is none: <none>:0
            continue
        letter = "r" if words[3] == b"READ" else "w"
        whole = words[6] == b"0" and words[7] == b"EOF"
        # lsof puts each in front of those before it and takes the first.
        found[key] = letter.upper() if whole else letter
    return found


class Sockets:
    """What sockets are, by inode: `rows` of TCP and UDP (Socket), `others` of the rest."""

    __slots__ = ("inet", "others", "without_inet")

    def __init__(
        self, inet: Mapping[int, Any], others: Mapping[int, Shown], without_inet: bool
    ) -> None:
        self.inet = inet
        self.others = others
        self.without_inet = without_inet


def list_rows(
    files: OpenFiles,
    process: str,
    *,
    sockets: Sockets,
    locks: Locks,
    uid: int,
    warnings: bool = True,
    offset_only: bool = False,
    size_only: bool = False,
    uses: Collection[str] = ("cwd", "root", "exe", "mem", "fd"),
) -> Iterator[Row]:
    """Yield what lsof lists of a process. `process` is its directory, which errors name."""
    shown: set[str] = set()
    for file in files.rows:
        if file.use == "fd" or file.use == "mem":
            yield from _refused_uses(files, process, shown, file.use, uid, warnings, uses)
        shown.add(file.use)
        row = Row(file.fd, _USES.get(file.use, ""))
        if file.type == "socket" and file.use == "fd":
            _describe_socket(row, file, process, sockets, size_only)
        else:
            _describe(row, file, process, warnings, offset_only, size_only)
            if row.device is not None and row.inode is not None:
                row.lock = locks.get((files.pid, row.device, row.inode), " ")
        yield row
    yield from _refused_uses(files, process, shown, "", uid, warnings, uses)
    if files.denied_links and warnings:
        yield from _refused_links(files, process)


def _refused_uses(
    files: OpenFiles,
    process: str,
    shown: set[str],
    until: str,
    uid: int,
    warnings: bool,
    uses: Collection[str],
) -> Iterator[Row]:
    """Yield a row for each of cwd, root, exe, and the list of descriptors that was refused."""
    if not warnings:
        return
    for use, name in (("cwd", "cwd"), ("root", "rtd"), ("exe", "txt"), ("fd", "NOFD")):
        if use in shown or use not in uses or (until and use == "fd"):
            continue
        reason = files.denied.get(use, 0)
        if use == "exe" and not reason and os.path.isdir(process):
            reason = errno.ENOENT  # a kernel thread has no binary
        if not reason:
            continue
        shown.add(use)
        row = Row(-1, name)
        text = os.strerror(reason)
        if use == "fd":
            row.note = f"{process}/fd (opendir: {text})"
        else:
            row.type = "unknown"
            row.name = f"{process}/{use}".encode()
            if use != "exe" or reason != errno.ENOENT or uid:
                row.note = f"(readlink: {text})"
        yield row


def _refused_links(files: OpenFiles, process: str) -> Iterator[Row]:
    """Yield a row for each descriptor whose link may not be read."""
    known = {row.fd for row in files.rows}
    try:
        numbers = sorted(int(name) for name in os.listdir(f"{process}/fd"))
    except OSError:  # ended
        return
    for fd in numbers:
        if fd in known:
            continue
        try:
            os.readlink(f"{process}/fd/{fd}")
        except PermissionError as error:
            row = Row(fd, "")
            row.type = "unknown"
            row.name = f"{process}/fd/{fd}".encode()
            row.note = f"(readlink: {error.strerror})"
            yield row
        except OSError:  # closed
            continue


def _describe(
    row: Row,
    file: OpenFile,
    process: str,
    warnings: bool,
    offset_only: bool,
    size_only: bool,
) -> None:
    row.access = file.access or ("u" if file.access == "" else " ")
    row.flags = file.flags
    name, _, kind = file.link.partition(b":")
    special = not file.link.startswith(b"/") and kind
    row.name = name if special else file.link
    mode = file.mode
    status = mode is not None
    if file.use == "mem":
        row.name = file.path
        _check_map(row, file, warnings)
        status = row.type != "stat"
        mode = file.mode if status else modes.S_IFREG
        row.device, row.inode = file.device, file.inode
    elif mode is None:
        row.type = "unknown"
        if warnings and file.reason:
            row.note = f"(stat: {os.strerror(file.reason)})"
        return
    assert mode is not None
    type_bits = modes.S_IFMT(mode)
    if not type_bits and special and name == b"anon_inode":
        row.type = "a_inode"
        row.name = _name_anonymous(kind, f"{process}/fdinfo/{file.fd}", file)
    else:
        row.type = _TYPES.get(type_bits, f"{type_bits >> 12:04o}")
    row.device, row.inode = file.device, file.inode
    if row.type in ("CHR", "BLK"):
        row.rdevice = file.rdevice
    if row.type in _WITH_OFFSET:
        row.offset = None if size_only else file.position
    elif offset_only:
        row.offset = file.position
    elif status:
        row.size = file.size
    if status:
        row.links = file.links


def _check_map(row: Row, file: OpenFile, warnings: bool) -> None:
    """Compare what is mapped with what has its name now: `row.type` is "stat" where it is gone."""
    try:
        status = os.stat(file.path)
    except OSError as error:
        note = f"(stat: {error.strerror})"
    else:
        if (status.st_dev, status.st_ino) == (file.device, file.inode):
            file.mode, file.size, file.links = status.st_mode, status.st_size, status.st_nlink
            file.rdevice = status.st_rdev
            return
        note = ""
        if status.st_dev != file.device:
            device = f"{os.major(status.st_dev)},{os.minor(status.st_dev)}"
            note = f"(path dev={device}" + (")" if status.st_ino == file.inode else ",")
        if status.st_ino != file.inode:
            note += f"{' ' if note else '(path '}inode={status.st_ino})"
    row.type = "stat"
    if file.deleted:
        row.use = "DEL"
    elif warnings:
        row.note = note


def _name_anonymous(kind: bytes, fdinfo: str, file: OpenFile) -> bytes:
    """Return the name of an epoll instance with what it watches, of others with their number.

    A pidfd has its process's, an eventfd the one that all its descriptors share (since Linux 5.2).
    """
    if kind not in (b"[eventpoll]", b"[pidfd]", b"[eventfd]"):
        return kind
    try:
        with open(fdinfo, "rb") as info:
            lines = info.read().split(b"\n")
    except OSError:  # closed, or not ours to read
        return kind
    if kind != b"[eventpoll]":
        about = b"Pid:" if kind == b"[pidfd]" else b"eventfd-id:"
        number = next((line.split()[1] for line in lines if line.startswith(about)), b"-1")
        return kind if number.startswith(b"-") else kind[:-1] + b":" + number + b"]"
    watched = [int(line.split()[1]) for line in lines if line.startswith(b"tfd:")]
    if not watched:
        return kind
    numbers = ",".join(map(str, sorted(watched[:_MOST_POLLED])))
    more = "..." if len(watched) >= _MOST_POLLED else ""
    return f"[eventpoll:{numbers}{more}]".encode()


def _describe_socket(
    row: Row, file: OpenFile, process: str, sockets: Sockets, size_only: bool
) -> None:
    row.access = file.access or "u"
    row.flags = file.flags
    if not size_only:
        row.offset = file.position
    inode = file.inode or 0
    socket = None if sockets.without_inet else sockets.inet.get(inode)
    if socket is not None:
        describe_inet(row, socket)
        return
    other = sockets.others.get(inode)
    if other is not None:
        row.type = other.type
        row.device_text = other.device
        row.name = other.name
        if other.protocol:
            row.protocol = other.protocol
        else:
            row.inode = inode
        if other.state:
            row.tcp = (other.state, None, None)
        return
    row.type = "sock"
    row.device, row.inode = file.device, inode
    if sockets.without_inet:
        row.name = b"can't identify protocol (-X specified)"
        return
    try:
        protocol = os.getxattr(f"{process}/fd/{file.fd}", "system.sockprotoname")
    except OSError:  # closed, or a kernel without it
        row.name = b"can't identify protocol"
    else:
        row.name = b"protocol: " + protocol.split(b"\0", 1)[0]


def describe_inet(row: Row, socket: Any) -> None:
    """Fill in what TCP and UDP sockets are but for their NAME, which is rendered with others."""
    row.type = "IPv4" if socket.family == "ipv4" else "IPv6"
    row.device_text = str(socket.inode)
    row.protocol = socket.protocol.upper()
    state = ""
    if row.protocol == "TCP":
        number = int(socket.state)
        named = getattr(socket.state, "name", "")
        state = named or f"UNKNOWN_TCP_STATE_{number}"
    row.tcp = (state, socket.rx_queue, socket.tx_queue)
