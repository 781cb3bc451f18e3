"""The compiled /proc engine: paths in, tables out. The work is in _proc_net and _fd_walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fastsock.columns import BEYOND_PROC
from fastsock.engines._fd_walk import walk_descriptors
from fastsock.engines._proc_net import TableScan
from fastsock.engines.movement import list_moved, read_movement
from fastsock.engines.namespaces import (
    Namespace,
    count_uninhabited,
    expected_rows,
    list_tables,
)
from fastsock.engines.walk import Sought, Walk
from fastsock.implementation import match
from fastsock.table import SocketTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.filter import Filter

CHUNK = 4096  # rows that a stream holds at a time: 370 kB


class ProcfsEngine:
    """Reads /proc/net/{tcp,tcp6,udp,udp6,unix} and /proc/PID/fd with the GIL released."""

    name = "procfs"
    sources = {"sockets": name, "owners": name}
    exact = True
    knows_unix_uid = False
    unknown_fields = BEYOND_PROC

    def __init__(self, procfs: str, threads: int) -> None:
        self.procfs = procfs
        self.threads = threads
        self.repeats = 0
        self.unentered = 0

    def _open(self, want: Filter, namespaces: Sequence[Namespace]) -> TableScan:
        self.unentered = count_uninhabited(namespaces)
        tables, _ = list_tables(self.name, namespaces, want)
        before = read_movement(namespaces, want)

        def moved() -> frozenset[tuple[int, int]]:
            return list_moved(before, read_movement(namespaces, want))

        # Each file is of one protocol and one family: rows need not be asked for these.
        rest = want.without_terms("protocol", "family")
        return TableScan(tables, match.Matcher(rest), expected_rows(namespaces, want), moved)

    def sockets(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> SocketTable:
        table = SocketTable(fields)
        scan = self._open(want, namespaces)
        scan.fill(table)
        self.repeats += scan.repeats
        return table

    def stream(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> Iterator[SocketTable]:
        scan = self._open(want, namespaces)
        try:
            more = True
            while more:
                table = SocketTable(fields)
                more = scan.fill(table, CHUNK)
                yield table
        finally:
            self.repeats += scan.repeats
            scan.close()

    def count(self, want: Filter, namespaces: Sequence[Namespace]) -> Sequence[int]:
        scan = self._open(want, namespaces)
        counted = scan.count()
        self.repeats += scan.repeats
        return counted

    def find(self, want: Filter, namespaces: Sequence[Namespace]) -> SocketTable:
        return self.sockets(want, namespaces)

    def owners(self, pids: Iterable[int] | None, sought: Sought | None = None) -> Walk:
        return walk_descriptors(self.procfs, pids, self.threads)
