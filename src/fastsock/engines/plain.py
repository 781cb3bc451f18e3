"""The reference as an engine: the same doors over the plain-Python definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fastsock.columns import BEYOND_PROC
from fastsock.engines import reference
from fastsock.engines.movement import list_moved, read_movement
from fastsock.engines.namespaces import Namespace, count_uninhabited, list_tables
from fastsock.engines.walk import Sought, Walk
from fastsock.implementation import group, match
from fastsock.table import SocketTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.filter import Filter

# What one row is known by: netns, protocol, family, addresses, ports, inode or what stands for it.
KEY = (
    "netns",
    "protocol",
    "family",
    "local_address",
    "remote_address",
    "local_port",
    "remote_port",
    "known_by",
)


class ReferenceEngine:
    """Reads what the procfs engine reads, in plain Python."""

    name = "reference"
    sources = {"sockets": name, "owners": name}
    exact = True
    knows_unix_uid = False
    unknown_fields = BEYOND_PROC

    def __init__(self, procfs: str) -> None:
        self.procfs = procfs
        self.repeats = 0
        self.unentered = 0

    def sockets(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> SocketTable:
        self.unentered = count_uninhabited(namespaces)
        names = SocketTable(fields).column_names()
        rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        tables = list_tables(self.name, namespaces, want)[0]
        before = read_movement(namespaces, want)
        for again in (False, True):
            listed = 0
            for path, protocol, family, netns in tables:
                try:
                    read = reference.read_rows(path, protocol, family, netns, again)
                except FileNotFoundError:
                    continue  # a kernel without this protocol's table, or its process ended
                listed += len(read)
                for row in read:
                    key = tuple(row[name] for name in KEY)
                    rows.setdefault(key, tuple(row[name] for name in names))
            if not again:
                self.repeats += listed - len(rows)
                moved = list_moved(before, read_movement(namespaces, want))
                tables = [table for table in tables if (table[3], table[1]) in moved]
        whole = SocketTable.from_rows(rows.values(), fields)
        return whole.pick(match.Matcher(want).select(whole))

    def stream(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> Iterator[SocketTable]:
        yield self.sockets(want, namespaces, fields)

    def count(self, want: Filter, namespaces: Sequence[Namespace]) -> Sequence[int]:
        return group.count_states(self.sockets(want, namespaces))

    def find(self, want: Filter, namespaces: Sequence[Namespace]) -> SocketTable:
        return self.sockets(want, namespaces)

    def owners(self, pids: Iterable[int] | None, sought: Sought | None = None) -> Walk:
        return reference.walk_descriptors(self.procfs, pids, 1)
