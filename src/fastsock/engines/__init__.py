"""The engines: each turns one kernel interface into the same tables.

An engine is opened for one root of /proc and a number of threads. A named one works or raises
EngineUnavailable with the reason; it never falls back. `auto` takes the first that works, of those
that find owners too where the question needs them, and the answer says which gave what.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock.errors import EngineUnavailable, FilterError
from fastsock.implementation import COMPILED, NO_EXTENSION, REBUILD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from fastsock.engines.namespaces import Namespace
    from fastsock.engines.walk import Outlook, Sought, Walk
    from fastsock.filter import Filter
    from fastsock.table import SocketTable

    class Engine(Protocol):
        """What every engine can do.

        `want` is a hint: an engine may return more rows than wanted, never fewer, and the caller
        selects after it, unless it is `exact`. Rows look as /proc would print them: a request
        socket is SYN_RECV, TIME_WAIT has inode 0, unknown state numbers pass through. Rows that a
        moving table repeats within one scan are dropped and counted in `repeats`.
        """

        name: str
        exact: bool  # no more than wanted ever comes: selecting once more would change nothing
        knows_unix_uid: bool  # whether it tells who made a UNIX socket
        unknown_fields: frozenset[str]  # what a filter may ask for and it cannot tell

        @property
        def unentered(self) -> int:
            """Namespaces that were asked for and not read, in which no process lives."""

        @property
        def repeats(self) -> int:
            """How many rows came twice, so far."""

        @property
        def sources(self) -> Mapping[str, str]:
            """Which engines gave "sockets" and "owners", so far."""

        def sockets(
            self,
            want: Filter,
            namespaces: Sequence[Namespace],
            fields: Sequence[str] = (),
            walk: Walk | None = None,
        ) -> SocketTable:
            """Return all sockets of the namespaces as one table.

            `walk` is what owners() gave that was told of this same question.
            """

        def stream(
            self,
            want: Filter,
            namespaces: Sequence[Namespace],
            fields: Sequence[str] = (),
            walk: Walk | None = None,
        ) -> Iterator[SocketTable]:
            """Yield the same rows in tables of a few thousand rows."""

        def count(self, want: Filter, namespaces: Sequence[Namespace]) -> Sequence[int]:
            """Return how many sockets are in each of the 256 states; exactly what is wanted."""

        def find(self, want: Filter, namespaces: Sequence[Namespace]) -> SocketTable:
            """Return at least one of the sockets wanted, where there is one."""

        def owners(self, pids: Iterable[int] | None, sought: Sought | None = None) -> Walk:
            """Return who holds sockets: all processes, or those of `pids`.

            Where sockets are sought, they will be asked for afterwards: an engine that meets them
            on its way may keep them in the walk.
            """


class EngineStatus:
    """Whether an engine works here; `auto` says what it is taken for: "sockets", "owners", "all".

    Where it does not, `reason` says why and `remedy` the one command or setting that would make it
    work; "" else, and where nobody knows.
    """

    __slots__ = ("name", "available", "reason", "remedy", "auto", "reads")

    def __init__(
        self, name: str, available: bool, reason: str, auto: str, reads: str, *, remedy: str = ""
    ) -> None:
        self.name = name
        self.available = available
        self.reason = reason
        self.remedy = remedy
        self.auto = auto
        self.reads = reads

    def __repr__(self) -> str:
        return f"<EngineStatus {self.name}: {'works' if self.available else self.reason}>"

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


# name → what it reads, for people.
ENGINES = {
    "bpf": "sockets with their owners in one pass of a BPF program, sock_diag(7), compiled",
    "netlink": "sock_diag(7) for sockets, /proc/PID/fd for owners, compiled",
    "procfs": "/proc/net tables and /proc/PID/fd, compiled",
    "reference": "the same in plain Python: slow, the definition of correct",
}
AUTO = ("netlink", "procfs", "reference")

# Where owners are asked for, `auto` takes this one first.
AUTO_FOR_OWNERS = "bpf"

# Optional columns that an engine's source does not have: `auto` then takes another.
LACKING = {"bpf": frozenset(("refcount",)), "netlink": frozenset(("refcount",))}


def open_engine(
    name: str | None = None,
    *,
    procfs: str = "/proc",
    threads: int | None = None,
    fields: Iterable[str] = (),
    walk: Outlook | None = None,
) -> Engine:
    """Open an engine by name; None means $FASTSOCK_ENGINE, else `auto`.

    `procfs` is a /proc or a tree like it, `threads` how many walk descriptors (default: as many as
    there are CPUs that this process may use), `fields` the optional columns that it should fill.
    `walk`, where owners are asked for, says what of.
    Raises FilterError for an unknown name and EngineUnavailable.
    """
    name = name or os.environ.get("FASTSOCK_ENGINE") or "auto"
    if name == "auto":
        reasons = []
        remedy = ""
        for candidate in AUTO if walk is None else (AUTO_FOR_OWNERS, *AUTO):
            if not LACKING.get(candidate, frozenset()).isdisjoint(fields):
                continue
            try:
                return _open(candidate, procfs, threads, walk, choosing=True)
            except EngineUnavailable as error:
                reasons.append(f"{candidate}: {error.reason}")
                remedy = error.remedy or remedy  # of the engine that asks for least
        raise EngineUnavailable("auto", "; ".join(reasons), remedy=remedy)
    if name not in ENGINES:
        raise FilterError(f"unknown engine {name!r}; engines are auto {' '.join(ENGINES)}")
    return _open(name, procfs, threads, walk)


def _open(
    name: str,
    procfs: str,
    threads: int | None,
    walk: Outlook | None = None,
    choosing: bool = False,
) -> Engine:
    if threads is not None and threads < 1:
        raise FilterError(f"threads: {threads} is not a number of threads")
    if name == "reference":
        from fastsock.engines.plain import ReferenceEngine

        return ReferenceEngine(procfs)
    if not COMPILED:
        raise EngineUnavailable(name, NO_EXTENSION, remedy=REBUILD)
    if name == "bpf":
        from fastsock.engines.bpf import BpfEngine

        return BpfEngine(procfs, threads or len(os.sched_getaffinity(0)), walk, choosing)
    if name == "netlink":
        from fastsock.engines.netlink import NetlinkEngine

        return NetlinkEngine(procfs, threads or len(os.sched_getaffinity(0)))
    from fastsock.engines.procfs import ProcfsEngine

    return ProcfsEngine(procfs, threads or len(os.sched_getaffinity(0)))


def engine_status(procfs: str = "/proc") -> list[EngineStatus]:
    """Return each engine: whether it works here, why not and what helps; and what `auto` takes."""
    from fastsock.engines.namespaces import check_shown

    found: list[EngineStatus] = []
    for name, reads in ENGINES.items():
        try:
            _open(name, procfs, None)
            check_shown(name, procfs)
        except EngineUnavailable as error:
            found.append(EngineStatus(name, False, error.reason, "", reads, remedy=error.remedy))
        else:
            found.append(EngineStatus(name, True, "", "", reads))
    sockets = next((one for one in found if one.available and one.name in AUTO), None)
    owners = next((one for one in found if one.available), None)
    if sockets is not None and owners is not None:
        sockets.auto, owners.auto = "sockets", "owners"
        if sockets is owners:
            sockets.auto = "all"
    return found
