"""Owners joined to sockets, and counts by group, in plain Python: the twin of `_group`."""

from __future__ import annotations

from fastsock._table_py import OWNER_NONE, Column
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from fastsock._table_py import OwnerRows, Process, SocketRows

_ROW_KEYS = (
    "protocol",
    "family",
    "local_address",
    "remote_address",
    "local_port",
    "remote_port",
    "uid",
    "netns",
    "socket_cgroup",
)
_OWNER_KEYS: dict[str, Callable[[Process], Any]] = {
    "pid": lambda process: process.pid,
    "command": lambda process: process.command,
    "cgroup": lambda process: process.cgroup,
    "unit": lambda process: process.unit,
    "container": lambda process: process.container,
    "pod": lambda process: process.pod,
}
# Of no column: what a row has comes beside the table. The format of a value.
_BESIDE_KEYS = {"direction": "B", "service_port": "H"}
_KEYS = ("state", *_OWNER_KEYS, *_ROW_KEYS, *_BESIDE_KEYS)


class OwnerIndex:
    """Finds the owners of a socket by its inode, and links the owners of one socket.

    The links keep the order of the rows, which may not change afterwards.
    """

    __slots__ = ("owners", "_first")

    def __init__(self, owners: OwnerRows) -> None:
        self.owners = owners
        self._first: dict[int, int] = {}
        last: dict[int, int] = {}
        following = [-1] * len(owners)
        for n, inode in enumerate(owners.column("inode")):
            if inode in last:
                following[last[inode]] = n
            else:
                self._first[inode] = n
            last[inode] = n
        owners.following = Column.from_values("following", "i", following)

    def heads(self, rows: SocketRows, missing: int) -> Column:
        """Return the first owner row of each socket ("heads", int32), for `attach_owners`.

        Without an owner it is OWNER_NONE for inode 0, which never joins, and else `missing`
        (OWNER_HIDDEN or OWNER_UNKNOWN).
        """
        if missing >= 0:
            raise ValueError("missing is an owner state, which is negative")
        found = (
            self._first.get(inode, missing) if inode else OWNER_NONE
            for inode in rows.column("inode")
        )
        return Column.from_values("heads", "i", found)


def _joined(rows: SocketRows) -> tuple[OwnerRows, Column]:
    """Return the owner rows and the heads that a join attached."""
    heads = rows.owner_heads()
    if rows.owners is None or heads is None:
        raise ValueError("this needs owners: join them to the table first")
    if rows.owners.following is None:
        raise ValueError("these owners have no index: make an OwnerIndex of them first")
    return rows.owners, heads


def _chain(owners: OwnerRows, head: int) -> Iterator[int]:
    """Yield the owner rows of one socket; none for the head of a socket without an owner."""
    following = owners.following
    assert following is not None  # _joined has seen to it
    while head >= 0:
        yield head
        head = following[head]


def _pids_wanted(pids: Iterable[int] | None) -> Callable[[int], bool]:
    return (lambda pid: True) if pids is None else frozenset(pids).__contains__


def owned_by(rows: SocketRows, pids: Iterable[int]) -> Column:
    """Return the indices of the rows with an owner among `pids`, in order ("index", uint32).

    Raises ValueError where `rows` has no owners attached; so does count_descriptors.
    """
    owners, heads = _joined(rows)
    wanted = _pids_wanted(pids)
    pid_of = owners.column("pid")
    found = (
        n for n, head in enumerate(heads) if any(wanted(pid_of[at]) for at in _chain(owners, head))
    )
    return Column.from_values("index", "I", found)


def ambiguous(rows: SocketRows) -> Column:
    """Return the indices of rows whose inode does not tell one socket ("index", uint32).

    These share an inode that is not 0 with another row, and differ from it in netns, protocol or
    uid: sockfs numbers have 32 bits and wrap.
    """
    inodes = rows.column("inode")
    whose: dict[int, set[tuple[int, int, int]]] = {}
    columns = (inodes, *map(rows.column, ("netns", "protocol", "uid")))
    for inode, *identity in zip(*columns, strict=True):
        whose.setdefault(inode, set()).add(tuple(identity))
    found = (n for n, inode in enumerate(inodes) if inode and len(whose[inode]) > 1)
    return Column.from_values("index", "I", found)


def count_states(rows: SocketRows) -> list[int]:
    """Return how many rows are in each of the 256 states."""
    counts = [0] * 256
    for state in rows.column("state"):
        counts[state] += 1
    return counts


def count_descriptors(rows: SocketRows, pids: Iterable[int] | None) -> list[int]:
    """Return how many descriptors hold sockets of each of the 256 states, as lsof counts.

    Only descriptors of `pids` count, if given.
    """
    owners, heads = _joined(rows)
    wanted = _pids_wanted(pids)
    pid_of = owners.column("pid")
    counts = [0] * 256
    for state, head in zip(rows.column("state"), heads, strict=True):
        counts[state] += sum(wanted(pid_of[at]) for at in _chain(owners, head))
    return counts


class Grouper:
    """Counts sockets by state within groups, over any number of tables.

    `keys` are among state, family, protocol, local_port, remote_port, local_address,
    remote_address, uid, netns, socket_cgroup (of tables that hold it, else KeyError), the owner
    keys pid, command, cgroup, unit, container, pod, and those that come beside a table: direction
    ("B") and service_port ("H"). Raises ValueError for another key or one named twice.

    With `sums` a group has, of all its states together unless state is a key, what `sums` returns;
    `len()` is the number of groups then.
    """

    __slots__ = ("keys", "_by_owner", "_groups", "has_sums", "_sums", "_places")

    def __init__(self, keys: Sequence[str], sums: bool = False) -> None:
        self.keys = tuple(keys)
        for key in self.keys:
            if key not in _KEYS:
                raise ValueError(f"unknown key {key!r}; keys are {', '.join(_KEYS)}")
            if self.keys.count(key) > 1:
                raise ValueError(f"key {key!r} is named twice")
        self._by_owner = any(key in _OWNER_KEYS for key in self.keys)
        self._groups: dict[tuple[Any, ...], dict[int, int]] = {}
        self.has_sums = sums
        self._sums: list[tuple[tuple[Any, ...], list[int]]] = []
        self._places: dict[tuple[Any, ...], int] = {}  # in _sums

    def __len__(self) -> int:
        return len(self._sums)

    def add(
        self,
        rows: SocketRows,
        descriptors: bool = False,
        pids: Iterable[int] | None = None,
        beside: dict[str, Column] | None = None,
    ) -> None:
        """Count `rows`; the tables of one stream carry the same owner rows, or none.

        Each socket counts once in each group that any of its owners belongs to; with `descriptors`
        once for each descriptor, and one without an owner not at all. Only owners among `pids`
        count, if given: a socket whose owners are all others counts in no group, one without an
        owner in the group of its owner state. Without owner keys and without `descriptors` owners
        and `pids` play no part. `beside` are the columns of this table that keys name and no table
        has. Raises ValueError where owners are needed and `rows` has none, or a column is of
        another table; KeyError for one that is missing.
        """
        join = _joined(rows) if self._by_owner or descriptors else None
        wanted = _pids_wanted(pids)
        more = self._beside(rows, beside or {})
        for n, state in enumerate(rows.column("state")):
            held_by: Iterable[dict[str, Any]] = [{}]  # the owner keys of those that count
            if join is not None:
                held_by = self._held_by(*join, n, wanted, descriptors)
            found = [self._values(rows, n, {**owner, **more[n]}) for owner in held_by]
            for values in found if descriptors else dict.fromkeys(found):
                if self.has_sums:
                    self._add_up(values, rows, n)
                else:
                    states = self._groups.setdefault(values, {})
                    states[state] = states.get(state, 0) + 1

    def _add_up(self, values: tuple[Any, ...], rows: SocketRows, n: int) -> None:
        place = self._places.setdefault(values, len(self._sums))
        if place == len(self._sums):
            self._sums.append((values, [0, 0, 0, 0]))
        sums = self._sums[place][1]
        sums[0] += 1
        sums[1] += rows.column("state")[n] == State.ESTABLISHED
        sums[2] += rows.column("rx_queue")[n]
        sums[3] += rows.column("tx_queue")[n]

    def _beside(self, rows: SocketRows, beside: dict[str, Column]) -> list[dict[str, int]]:
        """Return what each row has beside the table, by key."""
        made: list[dict[str, int]] = [{} for _ in range(len(rows))]
        for key in filter(_BESIDE_KEYS.__contains__, self.keys):
            if key not in beside:
                raise KeyError(f"column {key!r} has to come beside the table")
            column, format = beside[key], _BESIDE_KEYS[key]
            if column.format != format or len(column) != len(rows):
                raise ValueError(
                    f"{len(rows)} of {format} are the column {key!r}, "
                    f"not {len(column)} of {column.format}"
                )
            for values, value in zip(made, column, strict=True):
                values[key] = value
        return made

    @staticmethod
    def _held_by(
        owners: OwnerRows,
        heads: Column,
        n: int,
        wanted: Callable[[int], bool],
        descriptors: bool,
    ) -> Iterator[dict[str, Any]]:
        """Yield the owner key values of each descriptor that holds row `n`."""
        head = heads[n]
        if head < 0 and not descriptors:
            yield dict.fromkeys(_OWNER_KEYS, head)
        for at in _chain(owners, head):
            process = owners.processes[owners.column("process")[at]]
            if wanted(process.pid):
                yield {key: value_of(process) for key, value_of in _OWNER_KEYS.items()}

    def _values(self, rows: SocketRows, n: int, known: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(known[key] if key in known else _row_value(rows, n, key) for key in self.keys)

    def sums(self, n: int) -> tuple[tuple[Any, ...], int, int, int, int]:
        """Return group n: (key values, sockets, established, rx_queue, tx_queue).

        `established` of the sockets are in that state, and their queues hold so many bytes in all.
        Raises IndexError, and ValueError for a Grouper without sums.
        """
        if not self.has_sums:
            raise ValueError("this Grouper has no sums: make one with them")
        if not 0 <= n < len(self._sums):
            raise IndexError(f"group {n} of {len(self._sums)}")
        values, (sockets, established, rx_queue, tx_queue) = self._sums[n]
        return values, sockets, established, rx_queue, tx_queue

    def groups(self) -> list[tuple[tuple[Any, ...], dict[int, int]]]:
        """Return (key values, {state: count}) in the order of first sight.

        Values are numbers; command and cgroup are bytes, unit, container and pod too or None; an
        address is (16 bytes, family). A socket without an owner has its negative owner state in all
        owner keys. Raises ValueError for a Grouper with sums.
        """
        if self.has_sums:
            raise ValueError("this Grouper has sums: ask for them")
        return [(values, dict(states)) for values, states in self._groups.items()]

    def largest(self, key: str) -> dict[int, tuple[tuple[Any, ...], int]]:
        """Return, for each value of `key`, the values of its largest group and its sockets.

        `key` is one of `keys` that is a number, as netns is, and no owner's; ValueError for others,
        and for a Grouper without sums.
        """
        if not self.has_sums:
            raise ValueError("this Grouper has no sums: make one with them")
        numbers = {*_ROW_KEYS, *_BESIDE_KEYS} - {"local_address", "remote_address"}
        if key not in self.keys or key not in numbers:
            raise ValueError(f"{key!r} is no number among the keys")
        at = self.keys.index(key)
        found: dict[int, tuple[tuple[Any, ...], int]] = {}
        for values, (sockets, *_) in self._sums:
            if values[at] not in found or sockets > found[values[at]][1]:
                found[values[at]] = values, sockets
        return found


def _row_value(rows: SocketRows, n: int, key: str) -> Any:
    value = rows.column(key)[n]
    return (value, rows.column("family")[n]) if key.endswith("address") else value
