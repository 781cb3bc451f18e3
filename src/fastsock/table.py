"""The tables: sockets, their owners, the processes, and counts of them.

A table is immutable and may be shared between threads. Its columns are read-only memory with the
buffer protocol; a `Socket` is a view of a row, made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from fastsock import tcp
from fastsock.columns import UNKNOWN_VALUES
from fastsock.filter import Filter, build_filter, check_containers
from fastsock.implementation import group, match, table as storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.expression import Expression

Column = storage.Column
Socket = storage.Socket
Owner = storage.Owner
Process = storage.Process

# What could not be seen: {"what", "count", "reason", "remedy"}.
Incomplete = tuple[Mapping[str, "Any"], ...]


class OwnerState:
    """Why a group of sockets has no process: a group key that no process could be called."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"fastsock.{self.name.upper()}"

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return (_owner_state, (self.name,))


NONE = OwnerState("none")
HIDDEN = OwnerState("hidden")
UNKNOWN = OwnerState("unknown")

OWNER_STATES = {
    storage.OWNER_NONE: NONE,
    storage.OWNER_HIDDEN: HIDDEN,
    storage.OWNER_UNKNOWN: UNKNOWN,
}


def _owner_state(name: str) -> OwnerState:
    return next(state for state in OWNER_STATES.values() if state.name == name)


class Counts:
    """How many sockets are in each state.

    `established`, `listen` and `other` (neither of the two) add up to `total`. `states` maps each
    state's name that occurs to its number. `unaccepted` is, for a question about processes, the sum
    of their listeners' accept queues (connections that are ESTABLISHED and belong to no descriptor
    yet, outside the three numbers), else None; `shared` says that several listeners share an
    address (SO_REUSEPORT). `sources` says which engine gave what, `incomplete` what could not be
    seen, `elapsed` how many seconds it took.
    """

    __slots__ = (
        "_numbers",
        "sources",
        "incomplete",
        "elapsed",
        "unaccepted",
        "shared",
    )

    def __init__(
        self,
        numbers: Mapping[int, int],
        *,
        sources: Mapping[str, str] = MappingProxyType({}),
        incomplete: Incomplete = (),
        elapsed: float = 0.0,
        unaccepted: int | None = None,
        shared: bool = False,
    ) -> None:
        self._numbers = {state: n for state, n in sorted(numbers.items()) if n}
        self.sources = sources
        self.incomplete = incomplete
        self.elapsed = elapsed
        self.unaccepted = unaccepted
        self.shared = shared

    @property
    def total(self) -> int:
        return sum(self._numbers.values())

    @property
    def established(self) -> int:
        return self._numbers.get(tcp.State.ESTABLISHED, 0)

    @property
    def listen(self) -> int:
        return self._numbers.get(tcp.State.LISTEN, 0)

    @property
    def other(self) -> int:
        return self.total - self.established - self.listen

    @property
    def states(self) -> dict[str, int]:
        return {tcp.state_name(state): n for state, n in self._numbers.items()}

    def __getitem__(self, state: tcp.State | int | str) -> int:
        if isinstance(state, str):
            return sum(self._numbers.get(number, 0) for number in tcp.parse_state(state))
        return self._numbers.get(state, 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self._numbers == other._numbers

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"established={self.established} listen={self.listen} other={self.other}"

    def __repr__(self) -> str:
        return f"<Counts {self}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: established, listen, other, total, states."""
        made: dict[str, Any] = {
            "established": self.established,
            "listen": self.listen,
            "other": self.other,
            "total": self.total,
            "states": self.states,
        }
        if self.unaccepted is not None:
            made["unaccepted"] = self.unaccepted
            made["shared"] = self.shared
        return made


class Groups(Mapping["Any", Counts]):
    """Counts by key; `by` names the keys. With several, a key is a tuple.

    A key is what the attribute of a `Socket` is; commands, cgroups, units, containers and pods are
    text, in which bytes that are not UTF-8 are surrogates (as os.fsdecode makes them). The unit,
    container or pod of a process that is in none is None. Or the key is NONE, HIDDEN or UNKNOWN for
    sockets without a known owner: three groups that are never merged. A socket that processes share
    counts once in each of their groups, so that groups may add up to more than there are sockets;
    `total` is the Counts of all, each once.
    """

    def __init__(
        self,
        by: tuple[str, ...],
        groups: Mapping[Any, Counts],
        *,
        total: Counts,
        sources: Mapping[str, str] = MappingProxyType({}),
        incomplete: Incomplete = (),
        elapsed: float = 0.0,
    ) -> None:
        self.by = by
        self._groups = groups
        self.total = total
        self.sources = sources
        self.incomplete = incomplete
        self.elapsed = elapsed

    def __getitem__(self, key: Any) -> Counts:
        return self._groups[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def __repr__(self) -> str:
        return f"<Groups by {','.join(self.by)}: {len(self)}>"

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the JSON objects: the keys by name, `owner_state` where one is null, counts."""
        rows = []
        for key, counts in self._groups.items():
            named = zip(self.by, key if len(self.by) > 1 else (key,), strict=True)
            rows.append({**dict_of_key(named), **counts.as_dict()})
        return rows


# Group keys that are other people's text.
NAME_KEYS = ("command", "cgroup", "unit", "container", "pod")


def dict_of_key(named: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the JSON of a group's key; of sockets without an owner with `owner_state`."""
    row: dict[str, Any] = {}
    for name, value in named:
        if isinstance(value, OwnerState):
            row[name] = None
            row["owner_state"] = value.name
        else:
            row[name] = _json_key(name, value)
    return row


def _json_key(name: str, value: Any) -> Any:
    if name in NAME_KEYS and value is not None:
        from fastsock.errors import escape

        return escape(value)
    return value.name if isinstance(value, tcp.State) else value


def make_groups(
    by: tuple[str, ...],
    grouped: Iterable[tuple[tuple[Any, ...], dict[int, int]]],
    total: Counts,
) -> Groups:
    """Return Groups from what a Grouper found, largest first; `total` lends its sources."""
    named = [(tuple(map(key_value, by, key)), Counts(numbers)) for key, numbers in grouped]
    named.sort(key=lambda item: -item[1].total)
    return Groups(
        by,
        {key if len(by) > 1 else key[0]: n for key, n in named},
        total=total,
        sources=total.sources,
        incomplete=total.incomplete,
        elapsed=total.elapsed,
    )


def key_value(name: str, value: Any) -> Any:
    """Return what a Grouper has as a group's key as the attribute of that name."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if name in OWNER_KEYS:
        return OWNER_STATES.get(value, value)
    if name == "state":
        return tcp.STATES[value]
    if name.endswith("_address"):
        return storage.format_address(*value)
    if name == "family":
        return tcp.FAMILY_NAMES.get(value, f"family-{value}")
    if name == "protocol":
        return tcp.PROTOCOL_NAMES.get(value, f"protocol-{value}")
    return None if value == UNKNOWN_VALUES.get(name) else value


# What count(by=) takes.
GROUP_KEYS = (
    "state",
    "pid",
    "command",
    "local_port",
    "remote_port",
    "local_address",
    "remote_address",
    "uid",
    "netns",
    "cgroup",
    "unit",
    "container",
    "pod",
    "socket_cgroup",
    "family",
    "protocol",
)
OWNER_KEYS = frozenset(("pid", *NAME_KEYS))


def check_keys(by: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of `by` as a tuple; ValueError for what is no key."""
    keys = tuple(by.split(",")) if isinstance(by, str) else tuple(by)
    for key in keys:
        if key not in GROUP_KEYS:
            raise ValueError(f"cannot count by {key!r}; keys are {' '.join(GROUP_KEYS)}")
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"count by one key or several different ones, not {by!r}")
    return keys


class ProcessTable(list[Process]):
    """The processes that hold sockets, as they were during the walk.

    A later look-up by pid could meet another process: `start_time` (clock ticks after boot) tells
    them apart. `uid` is the effective user, `netns` and `cgroup` are the process's own.
    """

    def column(self, name: str) -> Column | list[bytes]:
        """Return pid ("i"), uid ("I"), start_time, netns ("Q") as columns; texts as a list."""
        values = [getattr(process, name) for process in self]
        formats = {"pid": "i", "uid": "I", "start_time": "Q", "netns": "Q"}
        if name not in formats:
            return values
        return Column.from_values(name, formats[name], values)


class OwnerTable(storage.OwnerRows):
    """One row for each (process, descriptor, socket); `len()` is their number.

    Columns: inode, pid, fd (-1 for an io_uring fixed file), tid (= pid, but for a thread with a
    descriptor table of its own) and process, the row in `processes`. `scope` is None when all
    processes were searched, else their pids. `incomplete` is what could not be seen of owners.
    """

    scope: tuple[int, ...] | None = None
    sources: Mapping[str, str] = MappingProxyType({})
    incomplete: Incomplete = ()
    elapsed: float = 0.0

    def __iter__(self) -> Iterator[tuple[int, int, int, int, int]]:
        return self.rows()


class SocketTable(storage.SocketRows):
    """Sockets in columns, one row each, in the order in which the kernel listed them.

    Iteration and indexing give `Socket` views; `column(name)` gives a column's memory. Two tables
    are equal when their columns are. After a scan with owners, `owners` is the OwnerTable and every
    Socket knows its `owners` and `owner_state`. `undecoded` says how many sockets the namespaces
    have of protocols that no table holds (NETLINK, PACKET, RAW, SCTP, …).
    """

    owners: OwnerTable | None
    sources: Mapping[str, str] = MappingProxyType({})
    incomplete: Incomplete = ()
    elapsed: float = 0.0
    undecoded: Mapping[str, int] = MappingProxyType({})

    @property
    def processes(self) -> ProcessTable | None:
        """The processes of `owners`; None where owners were not asked for."""
        return None if self.owners is None else self.owners.processes  # type: ignore[return-value]

    def pick(self, indices: Column) -> SocketTable:
        """Return the rows at `indices`, in that order, with their owners.

        All of them in their order are this table itself, else it is a copy. Raises TypeError for a
        column of another format than I, IndexError.
        """
        picked = super().pick(indices)
        picked.sources, picked.incomplete = self.sources, self.incomplete
        picked.elapsed, picked.undecoded = self.elapsed, self.undecoded
        return picked

    def select(self, want: Filter | Expression | str | None = None, **keywords: Any) -> SocketTable:
        """Return the rows that `want`, and keywords as for `fastsock.scan`, select.

        `want` is a Filter, or an expression: `"state established and dport = :443"`. `pid`,
        `command`, `cgroup` and `container` need a table with owners (ValueError without);
        `command` here is the name that a process had during the walk, `cgroup` the one that it was
        in. `listening`, `inbound` and `outbound` go by the listeners in this table; `dev`, `fwmark`
        and `cgroup` of an expression need the optional column (KeyError without).

        Raises FilterError for what makes no sense, with its place in an expression.
        """
        if want is not None and keywords:
            return self.select(want).select(**keywords)
        if want is None:
            want = build_filter(**keywords)
        elif not isinstance(want, Filter):
            return self._evaluate(want)
        matcher = match.Matcher(want)
        chosen = self if matcher.everything else self.pick(matcher.select(self))
        if not want.needs_owners:
            return chosen
        if chosen.owners is None:
            raise ValueError("selecting by pid, command or cgroup needs a table with owners")
        return chosen.pick(group.owned_by(chosen, self._pids(want)))

    def _evaluate(self, want: Expression | str) -> SocketTable:
        from fastsock.evaluation import Evaluation  # not above: most questions are keywords
        from fastsock.expression import Expression, parse_expression

        expression = parse_expression(want) if isinstance(want, str) else want
        if not isinstance(expression, Expression):
            raise TypeError(f"a selection is a Filter, an Expression or its text, not {want!r}")
        return self.pick(Evaluation(expression).select(self))

    def _pids(self, want: Filter) -> set[int]:
        assert self.owners is not None
        pids = {process.pid for process in self.owners.processes}
        if "pid" in want.terms:
            pids &= want.terms["pid"]
        if "command" in want.terms:
            names = want.terms["command"]
            pids &= {p.pid for p in self.owners.processes if p.command in names}
        if "cgroup" in want.terms:
            from fastsock.cgroups import lies_in

            names = want.terms["cgroup"]
            check_containers(names, (p.cgroup for p in self.owners.processes))
            pids &= {p.pid for p in self.owners.processes if lies_in(p.cgroup, names)}
        return pids

    def counts(self) -> Counts:
        """Return the number of sockets by state."""
        return Counts(dict(enumerate(group.count_states(self))), **self._context())

    def count_by(self, *by: str) -> Groups:
        """Return Counts by one key or several (GROUP_KEYS), without an object for any row."""
        keys = check_keys(by)
        grouper = group.Grouper(keys)
        grouper.add(self)
        return make_groups(keys, grouper.groups(), self.counts())

    def _context(self) -> dict[str, Any]:
        return {"sources": self.sources, "incomplete": self.incomplete, "elapsed": self.elapsed}

    def __arrow_c_schema__(self) -> object:
        from fastsock import arrow

        return arrow.export_schema(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Lend the columns to Arrow without a copy; needs the `arrow` extra (nanoarrow)."""
        from fastsock import arrow

        return arrow.export_stream(self, requested_schema)
