"""The BPF engine: sockets and owners in one pass of a program over every descriptor.

A readlink for each descriptor costs 2 us and leaves a dentry and an inode behind; a task_file
iterator passes over it in 0.14 us, over a socket in 0.6, and leaves nothing. It sees the processes
of all users and the sockets of all namespaces. Sockets without a descriptor come from sock_diag
(without_descriptor.py), and so do all where nobody asks for owners.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock.engines._bpf import BpfError
from fastsock.engines.encounter import Encounter, is_met
from fastsock.engines.namespaces import Namespace, asked_protocols
from fastsock.engines.netlink import NetlinkEngine
from fastsock.engines.passes import (
    WORTH_ANOTHER,
    WORTH_LOADING,
    PinnedLink,
    ProgramPasses,
    find_loaded,
    find_pinned,
    is_only_way,
    is_pin,
    is_refused,
    load_program,
    parse_asked,
)
from fastsock.engines.walk import Outlook, Sought, Walk
from fastsock.errors import EngineUnavailable, PinError
from fastsock.filter import ALL
from fastsock.processes import shows_own_pids
from fastsock.table import SocketTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.filter import Filter


class BpfEngine:
    """Takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, or a pin; Linux 5.11 with BTF."""

    name = "bpf"
    exact = NetlinkEngine.exact
    knows_unix_uid = NetlinkEngine.knows_unix_uid
    unknown_fields = NetlinkEngine.unknown_fields

    def __init__(
        self,
        procfs: str,
        threads: int,
        walk: Outlook | None = None,
        choosing: bool = False,
    ) -> None:
        """`choosing`: another engine may be better, where so few descriptors are to be looked at
        that their links are read in the same time as the program is loaded.
        """
        self._procfs = procfs
        self._threads = threads
        if os.path.normpath(procfs) != "/proc" or not shows_own_pids(procfs):
            from fastsock.engines.bpf_reasons import explain_proc

            reason, remedy = explain_proc(procfs)
            raise EngineUnavailable(self.name, reason, remedy=remedy)
        try:
            self._tables = NetlinkEngine(procfs, threads)
        except EngineUnavailable as error:
            reason = f"it takes netlink: {error.reason}"
            raise EngineUnavailable(self.name, reason, remedy=error.remedy) from None
        self._walk = walk or Outlook(ALL, (), lambda: 0)
        self._passes = self._find_passes(self._walk, choosing)
        self._met: list[str] = []  # what gave the sockets, where a walk met them

    def _find_passes(self, walk: Outlook, choosing: bool) -> ProgramPasses | PinnedLink:
        """Take what costs least: what is loaded already, a program of our own, what is pinned."""
        asked = parse_asked(walk.want, walk.fields)
        loaded = find_loaded(asked)
        general = None
        if loaded is None and asked:
            general = find_loaded(parse_asked(ALL, walk.fields))
            if general is not None and (is_refused() or walk.expect_descriptors() < WORTH_ANOTHER):
                loaded = general
        if loaded is not None:
            return loaded
        refused = None
        try:
            if not choosing or (not is_refused() and self._is_worth_loading(walk)):
                return load_program(asked)
        except BpfError as error:
            if general is not None:  # a daemon has given its privileges away since that was loaded
                return general
            refused = error.with_traceback(None)  # which holds this frame, and us, and descriptors
        pinned = ""
        try:
            return find_pinned()
        except PinError as error:
            if is_pin(error.path):  # else it is as if there were no pins at all
                pinned = f"; {error}"
        except OSError:  # no descriptor is left to look for them with
            raise EngineUnavailable(self.name, str(refused or "not loaded")) from None
        if refused is None or choosing:
            # Another engine is next. Why it is not this one, engine_status() tells in full.
            raise EngineUnavailable(self.name, f"{refused or 'not loaded'}{pinned}")
        from fastsock.engines.bpf_reasons import explain
        from fastsock.engines.host import read_host

        reason, remedy = explain(refused, read_host())
        raise EngineUnavailable(self.name, f"{reason}{pinned}", remedy=remedy)

    def _is_worth_loading(self, walk: Outlook) -> bool:
        return walk.again or walk.expect_descriptors() >= WORTH_LOADING or is_only_way()

    @property
    def sources(self) -> Mapping[str, str]:
        found = {**self._tables.sources, "owners": self.name}
        if self._met:
            found["sockets"] = " ".join(self._met)
        return found

    @property
    def repeats(self) -> int:
        return self._tables.repeats

    @property
    def unentered(self) -> int:
        return self._tables.unentered

    def sockets(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> SocketTable:
        tables = self._pieces(want, namespaces, fields, walk, rivals=False)
        if tables is None:
            return self._tables.sockets(want, namespaces, fields)
        return tables[0] if len(tables) == 1 else SocketTable.from_tables(tables, fields)

    def stream(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> Iterator[SocketTable]:
        tables = self._pieces(want, namespaces, fields, walk, rivals=True)
        if tables is None:
            return self._tables.stream(want, namespaces, fields)
        return iter(tables)

    def _pieces(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str],
        walk: Walk | None,
        rivals: bool,
    ) -> list[SocketTable] | None:
        """Return what the walk met and all that belongs to it; None where it met nothing.

        `rivals`: also the listeners of processes that were not walked, for who counts the queues.
        """
        encounter = None if walk is None else walk.met
        if not isinstance(encounter, Encounter):
            return None
        found = encounter.answer(rivals)
        if found is None:
            return None
        tables, asked = found
        rest = want.with_term("protocol", asked_protocols(want) - encounter.protocols)
        self._met = [self.name]
        if rest.terms["protocol"]:
            tables.append(self._tables.sockets(rest, namespaces, fields))
            asked = True
        if asked:
            self._met.append(self._tables.sources["sockets"])
        return tables

    def count(self, want: Filter, namespaces: Sequence[Namespace]) -> Sequence[int]:
        return self._tables.count(want, namespaces)

    def find(self, want: Filter, namespaces: Sequence[Namespace]) -> SocketTable:
        return self._tables.find(want, namespaces)

    def owners(self, pids: Iterable[int] | None, sought: Sought | None = None) -> Walk:
        encounter = None
        if sought is not None and is_met(sought, pids is None):
            whole = pids is None and not sought.held
            # A question about a port meets few of the sockets that the processes have.
            few = whole or sought.once or parse_asked(sought.want)
            most = 0 if few else self._walk.expect_descriptors()
            encounter = Encounter(self._tables, sought, whole, most, self._threads)
        mets = [] if encounter is None else encounter.mets
        # Only of TCP and UDP is it known at once whether a socket is among those sought.
        once = (
            encounter is not None
            and sought is not None
            and sought.once
            and asked_protocols(sought.want) <= encounter.protocols
        )
        walk = self._passes.walk(self._procfs, pids, self._threads, mets, once)
        walk.beyond_proc = True  # the kernel shows the program every process
        walk.met = encounter
        return walk
