"""The sockets that one walk of the program meets, and beside them those that it cannot meet."""

from __future__ import annotations

from collections.abc import Iterable

from fastsock.engines._met import Met, Sheet, count_hashed, join_met
from fastsock.engines.movement import read_census
from fastsock.engines.namespaces import asked_protocols, expected_rows
from fastsock.engines.netlink import NetlinkEngine
from fastsock.engines.walk import Sought
from fastsock.engines.without_descriptor import FEW_SPACES, Gap
from fastsock.filter import ADDRESS_TERMS, ALL, PORT_TERMS
from fastsock.implementation import group, match
from fastsock.table import SocketTable
from fastsock.tcp import TCP, UDP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock._seen import Cookies

    Note = tuple[str, int, int]

# The optional columns that a record has, and those of fixed width that only UNIX sockets have.
FIELDS = frozenset(("interface", "mark", "v6only", "socket_cgroup", "type", "peer"))

LISTENERS = ALL.with_term("protocol", [TCP]).with_term("state", [State.LISTEN])


def is_met(sought: Sought, whole: bool) -> bool:
    """Whether a walk, of all processes or not, should keep the sockets that are sought.

    Not where sock_diag finds them because they listen, or by their ports or addresses, without a
    look at the others, unless the walk itself meets all that are sought; nor where it alone knows
    what is asked for.
    """
    terms = sought.want.terms
    if not FIELDS.issuperset(sought.fields) or asked_protocols(sought.want).isdisjoint((TCP, UDP)):
        return False
    if not all(space.inode for space in sought.namespaces) or not _knows_users():
        return False
    if not whole:
        return True
    few = "state" in terms and State.ESTABLISHED not in terms["state"]
    found = not terms.keys().isdisjoint((*PORT_TERMS, *ADDRESS_TERMS, "inode"))
    return not few and (sought.held or not found)


def _knows_users() -> bool:
    """Whether users have the numbers here that a record has: those of the initial user namespace.

    Who reads a pin in another one does not, and sock_diag tells that one's (user_namespaces(7)).
    """
    try:
        with open("/proc/self/uid_map", "rb") as mapped:
            return mapped.read(64).split() == [b"0", b"0", b"4294967295"]
    except FileNotFoundError:  # a kernel without user namespaces
        return True


class Encounter:
    """What a walk is to keep of sockets, for one question; `mets` has a Met for each thread.

    Made before the walk: what moves during it is known by what was before.
    """

    def __init__(
        self, netlink: NetlinkEngine, sought: Sought, whole: bool, most: int, threads: int
    ) -> None:
        """`most`: the number of sockets to be met at most, where not all are asked for."""
        self.protocols = asked_protocols(sought.want) & {TCP, UDP}
        self._netlink = netlink
        self._want = sought.want
        self._namespaces = namespaces = sought.namespaces
        self._fields = fields = sought.fields
        self._whole = whole
        self._census = {space.inode: read_census(space) for space in namespaces if whole}
        self._queued = self._list_queued() if whole and len(namespaces) <= FEW_SPACES else None
        expected = 0
        if whole:
            expected = sum(one.count(self.protocols) for one in self._census.values() if one)
        elif most:
            there = expected_rows(namespaces, ALL.with_term("protocol", self.protocols))
            expected = min(most, there)
        matcher = match.Matcher(ALL if whole else self._want)
        spaces = [space.inode for space in namespaces]
        sheet = Sheet(SocketTable(fields), expected, threads)
        self.mets = [
            Met(sheet, number, matcher, self.protocols, spaces) for number in range(threads)
        ]

    def _list_queued(self) -> dict[int, set[int]]:
        """Return by namespace the ports of listeners that have connections in their queues."""
        found: dict[int, set[int]] = {}
        if TCP in self.protocols:
            table = self._netlink.sockets(LISTENERS, self._namespaces)
            columns = [table.column(name) for name in ("netns", "local_port", "rx_queue")]
            for netns, port, waiting in zip(*columns, strict=True):
                if waiting:
                    found.setdefault(netns, set()).add(port)
        return found

    def answer(self, rivals: bool) -> tuple[list[SocketTable], bool] | None:
        """Return the sockets that are wanted, and whether sock_diag gave some; after the walk.

        `rivals`: with the listeners that processes hold which were not walked.
        None where they must be had in another way: a namespace may not be entered, sockets have no
        cookies (Linux before 5.12), or what waits in one is not known exactly (lockdown).
        """
        tables, known = join_met(self.mets)
        if not all(met.known for met in self.mets):
            return None
        notes = {note for met in self.mets for note in met.list_notes()}
        if self._whole:
            others = self._complete(tables, notes, known)
        else:
            others = self._accompany(tables, notes, known, rivals)
        if others is None:
            return None
        if self._whole:  # else only what is wanted was kept
            tables = [self._select(table) for table in tables]
        return [*tables, *map(self._select, others)], bool(others)

    def _select(self, table: SocketTable) -> SocketTable:
        if self._want.terms.keys() <= {"protocol"}:
            return table
        return table.pick(match.Matcher(self._want).select(table))

    def _complete(
        self, met: list[SocketTable], notes: set[Note], known: Cookies
    ) -> list[SocketTable] | None:
        """Return the sockets without a descriptor."""
        found = _sum(map(count_hashed, met))
        gaps = [
            Gap(
                space.inode,
                self._census[space.inode],
                None if self._queued is None else self._queued.get(space.inode, set()),
                notes,
                found,
            )
            for space in self._namespaces
        ]
        first = []
        for gap, space in zip(gaps, self._namespaces, strict=True):
            census = read_census(space)
            filters = gap.ask_first(census) if TCP in self.protocols else []
            filters += gap.ask_datagrams(census) if UDP in self.protocols else []
            if filters:
                first.append((space, filters))
        if not first:
            return []
        table = self._netlink.others(first, self._fields, known)
        if table is None:
            return None
        if TCP not in self.protocols:
            return [table]
        more = count_hashed(table)
        again = [
            (space, gap.ask_again(read_census(space), more.get((space.inode, TCP), 0)))
            for gap, space in zip(gaps, self._namespaces, strict=True)
        ]
        again = [(space, filters) for space, filters in again if filters]
        if not again:
            return [table]
        rest = self._netlink.others(again, self._fields, known)
        return None if rest is None else [table, rest]

    def _accompany(
        self, met: list[SocketTable], notes: set[Note], known: Cookies, rivals: bool
    ) -> list[SocketTable] | None:
        """Return what stands beside the sockets of some processes.

        Those that no descriptor shows, and other listeners, which may share an address.
        """
        kinds = {kind for kind, _, _ in notes}
        listen = any(group.count_states(table)[State.LISTEN] for table in met)
        asked = []
        if rivals and listen and TCP in self.protocols:
            asked = [(space, [LISTENERS]) for space in self._namespaces]
        if "rings" in kinds:
            everything = [ALL.with_term("protocol", self.protocols)]
            asked = [(space, everything) for space in self._namespaces]
        elif "subflows" in kinds and TCP in self.protocols:
            spaces = {netns for kind, netns, _ in notes if kind == "subflows"}
            subflows = [LISTENERS.without_terms("state")]
            asked = [one for one in asked if one[0].inode not in spaces]
            asked += [(space, subflows) for space in self._namespaces if space.inode in spaces]
        if not asked:
            return []
        table = self._netlink.others(asked, self._fields, known)
        return None if table is None else [table]


def _sum(counts: Iterable[dict[tuple[int, int], int]]) -> dict[tuple[int, int], int]:
    total: dict[tuple[int, int], int] = {}
    for one in counts:
        for key, number in one.items():
            total[key] = total.get(key, 0) + number
    return total
