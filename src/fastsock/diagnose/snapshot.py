"""A snapshot: a whole host's tables at one moment, in memory or in a file.

What was looked at together stays together: the sockets with their owners, the processes that hold
them, the counters and settings of their network namespaces, and what could not be seen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence

from fastsock.columns import UNIX_FIELDS
from fastsock.conductor import scan
from fastsock.diagnose.counters import Space, read_spaces
from fastsock.diagnose.process_state import ProcessState, read_processes, read_state
from fastsock.engines.namespaces import Namespace, find_namespaces
from fastsock.errors import EngineUnavailable, escape
from fastsock.table import Incomplete, SocketTable
from fastsock.tcp import PROTOCOL_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Snapshot:
    """A host's sockets, their owners and what belongs to them, as of one moment.

    `host` is the name of the host and `boot_id` tells its boots apart, both "" where nothing tells
    them. `time` counts seconds since 1970 (UTC), `monotonic` those since boot with sleep
    (CLOCK_BOOTTIME), both of the moment when the counters were read, right before the tables.
    `sockets` is the table, with owners if it was taken with them; `processes` those that hold
    sockets, by pid; `spaces` the network namespaces by inode number, with counters and settings;
    `netns` the number of our own, 0 where it may not be read. `protocols` and `netns_asked` ("own",
    "all", or what `netns=` said) are what was looked at. `version` is that of the form it was read
    from, and `path` the file, "" if it was taken now.
    """

    VERSION = 1  # of what `save` writes; snapshot_head.py says what that means

    __slots__ = (
        "host",
        "boot_id",
        "time",
        "monotonic",
        "version",
        "path",
        "sockets",
        "processes",
        "spaces",
        "netns",
        "netns_asked",
        "protocols",
        "sources",
        "incomplete",
        "elapsed",
    )

    def __init__(
        self,
        *,
        sockets: SocketTable,
        host: str = "",
        boot_id: str = "",
        time: float = 0.0,
        monotonic: float = 0.0,
        version: int = VERSION,
        path: str = "",
        processes: Mapping[int, ProcessState] | None = None,
        spaces: Mapping[int, Space] | None = None,
        netns: int = 0,
        netns_asked: str = "own",
        protocols: tuple[str, ...] = ("tcp", "udp"),
        sources: Mapping[str, str] | None = None,
        incomplete: Incomplete = (),
        elapsed: float = 0.0,
    ) -> None:
        self.host = host
        self.boot_id = boot_id
        self.time = time
        self.monotonic = monotonic
        self.version = version
        self.path = path
        self.sockets = sockets
        self.processes: Mapping[int, ProcessState] = {} if processes is None else processes
        self.spaces: Mapping[int, Space] = {} if spaces is None else spaces
        self.netns = netns
        self.netns_asked = netns_asked
        self.protocols = protocols
        self.sources: Mapping[str, str] = {} if sources is None else sources
        self.incomplete = incomplete
        self.elapsed = elapsed

    @classmethod
    def take(
        cls,
        *,
        netns: object = None,
        owners: bool = True,
        protocol: str | int | Iterable[str | int] = ("tcp", "udp"),
        fields: Sequence[str] = (),
        procfs: str | os.PathLike[str] = "/proc",
        engine: str | None = None,
        threads: int | None = None,
    ) -> Snapshot:
        """Look at the host now.

        The keywords are those of `scan`; UNIX sockets come with the columns `type` and `path`.
        Raises as `scan` does. What could not be seen is in `incomplete`.
        """
        started = time.perf_counter()
        root = os.fspath(procfs)
        protocols = (protocol,) if isinstance(protocol, (str, int)) else tuple(protocol)
        names = tuple(PROTOCOL_NAMES.get(one, str(one)) for one in protocols)  # type: ignore[arg-type]
        if "unix" in names:
            fields = (*UNIX_FIELDS, *(name for name in fields if name not in UNIX_FIELDS))
        made = cls(
            sockets=SocketTable(),
            host=read_host_name(root),
            boot_id=read_boot_id(root),
            time=time.time(),
            monotonic=time.clock_gettime(time.CLOCK_BOOTTIME),
            netns=own_inode(root),
            netns_asked=_name_asked(netns),
            protocols=names,
        )
        # Right behind the clock: rates are asked of what is counted.
        namespaces = find_namespaces(engine or "auto", root, netns)
        made.spaces, missing = _read_spaces(root, namespaces)
        table = scan(
            owners=owners,
            fields=fields,
            protocol=protocols,
            netns=netns,
            procfs=root,
            engine=engine,
            threads=threads,
        )
        made.sockets, made.sources = table, table.sources
        if table.owners is not None:
            made.processes = read_processes(root, table.owners)
        made.incomplete = (*table.incomplete, *missing)
        made.elapsed = time.perf_counter() - started
        return made

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Snapshot:
        """Read a snapshot from a file, or a pipe; "-" is standard input.

        The form is known by its content. Raises SnapshotError (path, line, offset, reason) for what
        is none, is cut short, is of a newer version or does not fit in memory, OSError for what
        cannot be read. Arrow data is read without the `arrow` extra, too.
        """
        from fastsock.diagnose.snapshot_file import load  # not above: to take one needs none of it

        return load(os.fspath(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write this snapshot to a file; "-" is standard output.

        A name that ends with .arrows gets Arrow data, any other JSON lines. The file is readable
        for its owner only: it names who talks to whom. It is written under another name and takes
        its own when it is whole; a pipe or a device is written as it comes. Raises SnapshotError
        for a name that leads elsewhere, OSError, and ImportError for Arrow data without the `arrow`
        extra (nanoarrow).
        """
        from fastsock.diagnose.snapshot_file import save

        save(self, os.fspath(path))

    def blocks(self, form: str = "jsonl") -> Iterator[bytes]:
        """Yield what a file of this snapshot consists of, in the form "jsonl" or "arrows"."""
        from fastsock.diagnose.snapshot_file import blocks

        return blocks(self, form)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object of what was taken, without the rows."""
        owners = self.sockets.owners
        return {
            "host": escape(self.host),
            "boot_id": escape(self.boot_id),
            "time": self.time,
            "monotonic": self.monotonic,
            "version": self.version,
            "netns": self.netns or None,
            "netns_asked": escape(self.netns_asked),
            "protocols": [escape(name) for name in self.protocols],
            "sockets": len(self.sockets),
            "owners": None if owners is None else len(owners),
            "processes": None if owners is None else len(self.processes),
            "namespaces": len(self.spaces),
        }

    def __repr__(self) -> str:
        return f"<Snapshot of {escape(self.host)}: {len(self.sockets)} sockets>"


def _name_asked(netns: object) -> str:
    if netns is None:
        return "own"
    if isinstance(netns, (list, tuple, set, frozenset)):
        return ",".join(map(str, netns))
    return str(netns)


def own_inode(procfs: str) -> int:
    """Return the number of the network namespace that is meant by default; 0 if unknown."""
    try:
        return find_namespaces("", procfs)[0].inode
    except EngineUnavailable:  # a tree without one that is its own
        return 0


def _read_spaces(
    procfs: str, namespaces: Sequence[Namespace]
) -> tuple[dict[int, Space], list[Mapping[str, Any]]]:
    """Return the namespaces by number, and what is missing of them."""
    found, missing = read_spaces(procfs, namespaces)
    spaces = {space.inode: space for space in found}
    entries: list[Mapping[str, Any]] = list(missing)
    nameless = sum(not space.inode for space in found)
    if nameless > 1:  # whose sockets, of those with the same number 0, nobody could say
        from fastsock.engines.host import help_to_read  # not above: seldom needed

        del spaces[0]
        entries.append(
            {
                "what": "namespaces",
                "count": nameless,
                "reason": "their counters are left out, for their numbers may not be read",
                "remedy": help_to_read(procfs),
            }
        )
    return spaces, entries


def read_host_name(procfs: str) -> str:
    """Return the name of the host, "" where a tree does not tell it."""
    if os.path.normpath(procfs) == "/proc":
        return os.uname().nodename
    return _read_line(f"{procfs}/sys/kernel/hostname")


def read_boot_id(procfs: str) -> str:
    """Return what tells this boot from every other one, "" where a tree does not."""
    return _read_line(f"{procfs}/sys/kernel/random/boot_id")


def _read_line(path: str) -> str:
    """Return the one line of a small file; "" where it may not be read, or is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:  # a tree made by hand
        return ""
    try:
        return os.read(fd, 256).decode("utf-8", "replace").strip()
    except OSError:  # a directory; a FIFO that nobody has written to
        return ""
    finally:
        os.close(fd)


__all__ = [
    "ProcessState",
    "Snapshot",
    "own_inode",
    "read_boot_id",
    "read_host_name",
    "read_processes",
    "read_state",
]
