"""lsof's listings of what processes have open: files and sockets, by process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from fastsock import conductor
from fastsock.compat import proc_tables
from fastsock.compat.lsof_flags import (
    ADDRESS,
    FILE_KINDS,
    INTERNET,
    LINKS,
    NAME,
    NFS,
    PROCESS_KINDS,
    SOCKET_KINDS,
    TASK,
    UNIX,
    Request,
)
from fastsock.compat.lsof_names import Names
from fastsock.compat.lsof_processes import Visited, visit_processes
from fastsock.compat.lsof_rows import Row, Sockets, list_rows, parse_locks
from fastsock.compat.lsof_select import (
    Expression,
    Found,
    descriptor_kind,
    find_address,
    is_listed,
)
from fastsock.compat.lsof_sockets import LiteSocket, Shown, read_sockets
from fastsock.compat.lsof_text import Listed, render_field_rows, render_rows
from fastsock.errors import NoSuchProcess
from fastsock.files import OpenFiles, read_files
from fastsock.tcp import PROTOCOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.compat.lsof_targets import Targets

_USES = ("cwd", "root", "exe", "mem", "fd")
_MAPPED = b"\0" * 10 + b"\xff\xff"


def list_open(
    request: Request,
    expressions: Sequence[Expression],
    targets: Targets | None,
    found: Found,
    names: Names,
) -> tuple[int, Iterable[bytes]]:
    """Return (whether anything is listed, the listing) and note in `found` what was met."""
    visited = list(visit_processes(request, found, expressions))
    is_wanted = _find_links(request)
    read = []
    for one in visited:
        files = _read(request, one, is_wanted)
        if files is not None:
            read.append((one, files))
    sockets = _find_sockets(request, [files for _, files in read])
    locks = _read_locks()
    listed = []
    for one, files in read:
        rows = _select(request, one, files, sockets, locks, targets, found)
        if rows:
            listed.append(Listed(one.facts, rows, one.task_command))
    if request.terse:
        pids = sorted({one.facts.pid for one in listed})
        return len(pids), ("".join(f"{pid}\n" for pid in pids).encode(),)
    _name_sockets(request, listed, sockets, names)
    render = render_field_rows if request.fields else render_rows
    return len(listed), (render(request, listed, names.login, names.wide),)


def _is_socket(link: bytes) -> bool:
    return link.startswith(b"socket:")


def _find_links(request: Request) -> Callable[[bytes], bool]:
    """Return which descriptors are worth more than a readlink where only sockets can be listed."""
    if request.kinds & SOCKET_KINDS != UNIX:
        return _is_socket
    return frozenset(b"socket:[%d]" % inode for inode in read_sockets(("unix",))).__contains__


def _only_sockets(request: Request, kinds: int) -> bool:
    """Return whether of a process for which these kinds hold nothing but sockets can be listed."""
    asked = request.kinds
    if not asked & SOCKET_KINDS:
        return False
    if request.every or not asked & ~SOCKET_KINDS:
        return True
    # Any of several kinds: all files of the processes that were named, sockets of the others.
    if asked & FILE_KINDS or not asked & PROCESS_KINDS:
        return False
    return not kinds & PROCESS_KINDS


def _read(request: Request, one: Visited, is_wanted: Callable[[bytes], bool]) -> OpenFiles | None:
    """Read what a process has open; None where it has ended."""
    facts = one.facts
    only_sockets = _only_sockets(request, one.kinds)
    procfs = f"/proc/{facts.pid}/task" if facts.tid else "/proc"
    try:
        return read_files(
            procfs,
            facts.tid or facts.pid,
            uses=("fd",) if only_sockets else _USES,
            stat=True,
            fdinfo=not request.terse,
            only=is_wanted if only_sockets else None,
        )
    except NoSuchProcess:
        return None


def _find_sockets(request: Request, read: Sequence[OpenFiles]) -> Sockets:
    """Look up all sockets that were met, in our own namespace's tables."""
    inodes = {
        file.inode
        for files in read
        for file in files.rows
        if file.type == "socket" and file.inode is not None
    }
    if not inodes:
        return Sockets({}, {}, request.without_inet)
    others: Mapping[int, Shown] = read_sockets()
    if request.without_inet:
        others = {inode: one for inode, one in others.items() if one.type != "raw6"}
    left = inodes.difference(others)
    inet: dict[int, Any] = {}
    if left and not request.without_inet:
        for row in conductor.scan(protocol=("tcp", "udp"), inode=left):
            inet.setdefault(row.inode, row)
        for lite in proc_tables.read_udplite():
            if lite.inode in left:
                inet.setdefault(lite.inode, LiteSocket(lite))
    return Sockets(inet, others, request.without_inet)


def _read_locks() -> Mapping[tuple[int, int, int], str]:
    try:
        with open("/proc/locks", "rb") as locks:
            return parse_locks(locks.read())
    except OSError:  # a kernel without it, or /proc without it
        return {}


def _select(
    request: Request,
    one: Visited,
    files: OpenFiles,
    sockets: Sockets,
    locks: Mapping[tuple[int, int, int], str],
    targets: Targets | None,
    found: Found,
) -> list[Row]:
    """Return the rows of a process that are listed."""
    only_sockets = _only_sockets(request, one.kinds)
    links = {row.fd: row.inode for row in files.rows if row.use == "fd" and row.type == "socket"}
    rows = list_rows(
        files,
        one.directory,
        sockets=sockets,
        locks=locks,
        uid=one.facts.uid,
        warnings=request.warnings,
        offset_only=request.offset_only,
        size_only=request.size_only,
        uses=("fd",) if only_sockets else _USES,
    )
    chosen = []
    for row in rows:
        kinds = one.kinds | descriptor_kind(request, row.fd, row.use)
        if row.fd >= 0 and (inode := links.get(row.fd)) is not None:
            more = _judge_socket(request, row, inode, sockets, targets, found)
            if more is None:
                continue
            kinds |= more
        else:
            kinds |= _judge_file(request, row, targets)
        found.tasks = found.tasks or bool(kinds & TASK)
        if is_listed(request, kinds):
            chosen.append(row)
    return chosen


def _judge_file(request: Request, row: Row, targets: Targets | None) -> int:
    kinds = 0
    if targets and row.device is not None and row.inode is not None:
        target = targets.find_file(row.device, row.inode)
        if target is not None:
            kinds |= NAME
            if not target.is_file_system and row.type != "a_inode":
                row.name = target.path.encode("utf-8", "surrogateescape")
    if request.most_links and row.links is not None and row.links < request.most_links:
        kinds |= LINKS
    if request.kinds & NFS and row.device in _nfs_devices():
        kinds |= NFS
    return kinds


def _nfs_devices() -> Collection[int]:
    import os

    found = set()
    with open("/proc/thread-self/mountinfo", "rb") as mounts:
        for line in mounts:
            before, _, after = line.partition(b" - ")
            if after.startswith(b"nfs"):
                major, minor = before.split()[2].split(b":")
                found.add(os.makedev(int(major), int(minor)))
    return found


def _judge_socket(
    request: Request, row: Row, inode: int, sockets: Sockets, targets: Targets | None, found: Found
) -> int | None:
    """Return the kinds that hold for a socket; None where -s excludes it."""
    socket = None if sockets.without_inet else sockets.inet.get(inode)
    if socket is None:
        kinds = 0
        other = sockets.others.get(inode)
        if other is not None and other.type == "unix":
            if request.unix:
                kinds |= UNIX
            path = other.name.rpartition(b"type=")[0].removesuffix(b" ")
            if targets and path and targets.find_name(path):
                kinds |= NAME
        return kinds
    state = getattr(socket.state, "name", "CLOSED" if socket.state == 0 else "")
    if state in request.not_states:
        return None
    if request.states:
        if state not in request.states:
            return None
        found.states.add(state)
    kinds = 0
    if request.internet is not None and request.internet in (
        0,
        4 if socket.family == "ipv4" else 6,
    ):
        kinds |= INTERNET
        found.internet = True
    for place in _match_ends(request, socket):
        found.addresses.add(place)
        kinds |= ADDRESS
    return kinds


def _match_ends(request: Request, socket: Any) -> Iterator[int]:
    """Yield the place of the -i address that each end of a socket matches."""
    if not request.addresses:
        return
    ends = [
        (_pack(socket.local_address), socket.local_port),
        (_pack(socket.remote_address), socket.remote_port),
    ]
    version = 4 if any(address.startswith(_MAPPED) for address, _ in ends) else 6
    for address, port in ends:
        if any(address.removeprefix(_MAPPED)) or port:
            place = find_address(request.addresses, version, socket.protocol, address, port)
            if place >= 0:
                yield place


def _pack(address: str) -> bytes:
    import socket

    if ":" in address:
        return socket.inet_pton(socket.AF_INET6, address)
    return _MAPPED + socket.inet_pton(socket.AF_INET, address)


def _name_sockets(
    request: Request, listed: Sequence[Listed], sockets: Sockets, names: Names
) -> None:
    """Give the sockets with ports among these rows their names."""
    rows = [
        (row, sockets.inet[int(row.device_text)])
        for one in listed
        for row in one.rows
        if row.protocol in ("TCP", "UDP", "UDPLITE") and row.type in ("IPv4", "IPv6")
    ]
    if not rows:
        return
    ends = {
        address: _pack(address)
        for _, socket in rows
        for address in (socket.local_address, socket.remote_address)
    }
    hosts = names.hosts({packed for packed in ends.values() if any(packed.removeprefix(_MAPPED))})
    services = names.services()

    def show(address: str, port: int, protocol: int) -> bytes:
        packed = ends[address]
        host = hosts.get(packed)
        if not any(packed.removeprefix(_MAPPED)):
            host = b"*"
        elif host is None and packed.startswith(_MAPPED):
            host = ".".join(map(str, packed[12:])).encode()
        elif host is None:
            host = f"[{address}]".encode()
        shown = services.get((protocol, port), str(port).encode()) if port else b"*"
        return host + b":" + shown

    for row, socket in rows:
        protocol = PROTOCOLS.get(socket.protocol, proc_tables.IPPROTO_UDPLITE)
        parts = []
        for arrow, address, port in (
            (b"", socket.local_address, socket.local_port),
            (b"->", socket.remote_address, socket.remote_port),
        ):
            if port or any(ends[address].removeprefix(_MAPPED)):
                parts.append(arrow + show(address, port, protocol))
        row.name = b"".join(parts)
