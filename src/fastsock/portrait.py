"""A process as who is on call wants to see it: what it is, its sockets, what it writes to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from fastsock import processes
from fastsock.columns import UNIX_FIELDS
from fastsock.conductor import scan, split_listening
from fastsock.engines.namespaces import list_pids
from fastsock.errors import NoSuchProcess, OwnersHidden, escape
from fastsock.files import OpenFile, OpenFiles, parse_kind, read_files
from fastsock.filter import OWNER_TERMS
from fastsock.services import REACH_FIELDS, Service, describe, dict_of
from fastsock.table import Counts, Incomplete, SocketTable
from fastsock.users import user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    Directory = str | bytes | os.PathLike[str]

# Files that are memory by another name: nobody finds a log in them.
_MEMORY = b"/memfd:"


class Portrait:
    """One process.

    `details` is what it is (processes.Details), `counts` its sockets by state for each protocol
    that was asked for, `listeners` those that wait for peers, each with its reach, `descriptors`
    how many it has of each type, and `files` the regular files that it has open for writing:
    OpenFile each, removed ones among them, with their sizes. What may not be read is None, and
    `hidden` names it: sockets, files, binary, cwd. `sources` and `incomplete` are those of the
    look at its sockets.
    """

    __slots__ = (
        "details",
        "counts",
        "listeners",
        "descriptors",
        "files",
        "hidden",
        "sources",
        "incomplete",
    )

    def __init__(self, details: processes.Details) -> None:
        self.details = details
        self.counts: dict[str, Counts] | None = None
        self.listeners: list[Service] | None = None
        self.descriptors: dict[str, int] | None = None
        self.files: list[OpenFile] | None = None
        self.hidden: tuple[str, ...] = tuple(details.hidden)
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()

    @property
    def pid(self) -> int:
        return self.details.pid

    @property
    def user(self) -> str:
        return user_name(self.details.uid)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: null for what may not be read."""
        details = self.details
        unit = details.unit
        return {
            "pid": self.pid,
            "command": escape(details.command),
            "state": details.state,
            "uid": details.uid,
            "user": escape(self.user),
            "unit": None if unit is None else escape(unit),
            "cgroup": escape(details.cgroup) or None,
            **dict_of(details),
            "hidden": sorted(self.hidden),
            "descriptors": self.descriptors,
            "counts": None
            if self.counts is None
            else {name: counts.as_dict() for name, counts in self.counts.items()},
            "listeners": None
            if self.listeners is None
            else [service.as_dict() for service in self.listeners],
            "files": None if self.files is None else [_file_as_dict(row) for row in self.files],
        }

    def __repr__(self) -> str:
        return f"<Portrait of {self.pid} {escape(self.details.command)}>"


def _file_as_dict(row: OpenFile) -> dict[str, Any]:
    return {
        "fd": row.fd,
        "path": escape(row.path),
        "deleted": row.deleted,
        "access": row.access,
        "size": row.size,
        "device": row.device,
        "inode": row.inode,
    }


if TYPE_CHECKING:

    @overload
    def process(
        named: int,
        *,
        directories: Iterable[Directory] = (),
        procfs: str | os.PathLike[str] = "/proc",
        **question: Any,
    ) -> Portrait: ...

    @overload
    def process(
        named: str | bytes,
        *,
        directories: Iterable[Directory] = (),
        procfs: str | os.PathLike[str] = "/proc",
        **question: Any,
    ) -> list[Portrait]: ...


def process(
    named: int | str | bytes,
    *,
    directories: Iterable[Directory] = (),
    procfs: str | os.PathLike[str] = "/proc",
    **question: Any,
) -> Portrait | list[Portrait]:
    """Return the portrait of the process of a number, or of all that are called by a name.

    A name is comm, or the basename of argv[0] or of the binary, as for `command=`; then the answer
    is a list in the order of pids. `directories`: of the files only those below one of these.
    `question` as for `scan`: which sockets are counted, TCP's and UDP's if no protocol is named.

    What may not be read is None in the answer and named in `hidden`, never 0: the binary, the
    working directory, descriptors and files need the same user and a dumpable process, or
    CAP_SYS_PTRACE; for the sockets a pin will do. Raises NoSuchProcess, and as `scan`.
    """
    wrong = question.keys() & set(OWNER_TERMS)
    if wrong:
        raise ValueError(f"process() is of one process or name, not by {', '.join(sorted(wrong))}")
    root = os.fspath(procfs)
    if isinstance(named, int):
        return _portraits([named], root, directories, question)[0]
    name = os.fsencode(named)
    pids = processes.find_processes(root, list_pids(root), (name,))
    if not pids:
        raise NoSuchProcess(escape(name))
    return _portraits(pids, root, directories, question)


def _portraits(
    pids: Sequence[int],
    procfs: str,
    directories: Iterable[Directory],
    question: dict[str, Any],
) -> list[Portrait]:
    made: dict[int, Portrait] = {}
    for pid in pids:
        try:
            made[pid] = Portrait(processes.read_details(procfs, pid))
        except NoSuchProcess:  # of those of a name one may end at any time
            if len(pids) == 1:
                raise
    if not made:
        raise NoSuchProcess(", ".join(map(str, pids)))
    # Before the files: their links are read for the sockets as well, and are warm then.
    _add_sockets(made, procfs, {"protocol": ("tcp", "udp"), **question})
    below = [_directory(one) for one in directories]
    for portrait in list(made.values()):
        try:
            _add_files(portrait, procfs, below)
        except NoSuchProcess:
            del made[portrait.pid]
    if not made:
        raise NoSuchProcess(", ".join(map(str, pids)))
    return list(made.values())


def _add_sockets(made: dict[int, Portrait], procfs: str, question: dict[str, Any]) -> None:
    """Look at the sockets of all processes at once; leave out those that have ended."""
    given = question["protocol"]
    names = [given] if isinstance(given, (str, int)) else list(given)
    unix = UNIX_FIELDS if "unix" in names else ()
    readable, ended = set(made), set[int]()
    table: SocketTable | None = None
    while readable and table is None:
        try:
            table = scan(
                pid=readable,
                owners=True,
                fields=(*unix, *REACH_FIELDS),
                procfs=procfs,
                **question,
            )
        except OwnersHidden as hidden:
            if not readable.intersection(hidden.pids):
                raise
            readable.difference_update(hidden.pids)
        except NoSuchProcess:
            gone = {pid for pid in readable if processes.has_ended(f"{procfs}/{pid}")}
            if not gone:
                raise
            readable -= gone
            ended |= gone
    for pid, portrait in list(made.items()):
        if pid in ended:
            # One that nobody has waited for yet is still there, without a socket.
            portrait.counts = {str(name): Counts({}) for name in names}
            portrait.listeners = []
            if not os.path.isdir(f"{procfs}/{pid}"):
                del made[pid]
            continue
        if pid not in readable or table is None:
            portrait.hidden += ("sockets",)
            continue
        own = table.select(pid=pid)
        portrait.counts = {str(name): own.select(protocol=name).counts() for name in names}
        waiting, _ = split_listening(own)
        portrait.listeners = sorted(describe(waiting, details=False), key=_port)
        portrait.sources, portrait.incomplete = table.sources, table.incomplete


def _port(service: Service) -> tuple[int, int, bytes]:
    socket = service.socket
    return socket.local_port, socket.field("protocol"), socket.field("local_address")


def _directory(given: Directory) -> tuple[bytes, bytes]:
    """Return how paths below a directory begin: as it is written, and where links in it lead."""
    path = os.path.abspath(os.fsencode(given))
    return path.rstrip(b"/") + b"/", os.path.realpath(path).rstrip(b"/") + b"/"


def _add_files(portrait: Portrait, procfs: str, below: Sequence[tuple[bytes, bytes]]) -> None:
    """Read what the descriptors are; ask more only of those that have a path."""
    kinds: dict[str, int] = {}

    def has_path(link: bytes) -> bool:
        if link.startswith(b"/"):
            return True
        kind, _ = parse_kind(link)
        kinds[kind] = kinds.get(kind, 0) + 1
        return False

    found: OpenFiles = read_files(procfs, portrait.pid, uses=("fd",), stat=True, only=has_path)
    if found.denied:
        portrait.hidden += ("files",)
        return
    for row in found:
        kinds[row.type] = kinds.get(row.type, 0) + 1
    if found.denied_links:  # how many of each kind there are, nobody knows
        portrait.hidden += ("files",)
    else:
        portrait.descriptors = dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0])))
    portrait.files = [
        row
        for row in found
        if row.type == "regular"
        and row.writable
        and not row.path.startswith(_MEMORY)
        and (not below or any(row.path.startswith(starts) for starts in below))
    ]
