"""One look at a host for the exporter: numbers only, and never more than the limits say.

One dump of the sockets gives all of it: how many are in each state, what waits for listeners, and
how many local ports connections take. Owners are looked for only where they are asked for. No row
is kept and, but for listeners, no Python object stands for one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from fastsock.conductor import Join, Question
from fastsock.diagnose.counters import Space, read_spaces
from fastsock.diagnose.following import count_range, port_range
from fastsock.engines.namespaces import TABLES, Namespace, named_namespaces, read_inode
from fastsock.errors import escape
from fastsock.filter import ALL
from fastsock.implementation import group, match, table as storage
from fastsock.table import OWNER_STATES, Incomplete, SocketTable
from fastsock.tcp import FAMILY_NAMES, PROTOCOL_NAMES, TCP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# By what of their owners sockets may be counted.
OWNER_KEYS = ("command", "unit", "container", "pod", "pid")

# What namespaces are called that have no name: ours; all those whose numbers may not be read,
# together; all those beyond the limit, together.
OWN, NAMELESS, OTHERS = "own", "unknown", "other"

# What has local ports of its own: as many connections as there are ports may come from one address
# to one other end.
_DESTINATION = ("netns", "local_address", "remote_address", "remote_port")

_LISTENING = match.Matcher(ALL.with_term("state", [State.LISTEN]).with_term("protocol", [TCP]))


class Limits:
    """How much one look may hold, which bounds what Prometheus has to keep.

    `top` groups for each of `by`, `namespaces` told apart, `listeners`.
    """

    __slots__ = ("top", "namespaces", "listeners")

    def __init__(self, *, top: int = 20, namespaces: int = 100, listeners: int = 500) -> None:
        self.top = top
        self.namespaces = namespaces
        self.listeners = listeners


class Listener:
    """Where TCP listens, in the namespace called `netns`.

    `queue` and `limit` are those of the fullest of `sockets` listeners that have this address
    (SO_REUSEPORT, or bound to different interfaces); `limit` is None where the engine cannot know.
    """

    __slots__ = ("netns", "address", "port", "queue", "limit", "sockets")

    def __init__(
        self, netns: str, address: str, port: int, queue: int, limit: int | None, sockets: int
    ) -> None:
        self.netns = netns
        self.address = address
        self.port = port
        self.queue = queue
        self.limit = limit
        self.sockets = sockets

    def __repr__(self) -> str:
        return f"<Listener {self.netns} {self.address} {self.port} {self.queue}/{self.limit}>"


class Holder:
    """Sockets by owner: `values` are those of the keys as text, `states` by protocol and state.

    `owner_state` is found; none, hidden or unknown, as everywhere; rest for all groups beyond the
    limit together. The values of others than those found are "".
    """

    __slots__ = ("values", "owner_state", "states")

    def __init__(self, values: tuple[str, ...], owner_state: str) -> None:
        self.values = values
        self.owner_state = owner_state
        self.states: dict[str, dict[int, int]] = {}

    @property
    def total(self) -> int:
        return sum(sum(states.values()) for states in self.states.values())

    def add(self, protocol: str, states: Mapping[int, int]) -> None:
        """Count more sockets."""
        counts = self.states.setdefault(protocol, {})
        for state, number in states.items():
            counts[state] = counts.get(state, 0) + number

    def __repr__(self) -> str:
        return f"<Holder {self.owner_state} {self.values} {self.total}>"


class Look:
    """What was seen.

    `pairs` are the (protocol, family) that were asked for, and `counts` the numbers of sockets by
    (netns, protocol, family), then by state: all of these, with no states where there are none.
    `spaces` are the namespaces that are told apart, by what they are called. `ports` says of those
    how many local ports connections take towards that destination (local address, remote address,
    remote port) which takes most, of how many that connect(2) may choose from; it lacks those whose
    settings may not be read. `holders` are the largest groups of owners, by key. `sources`,
    `incomplete` and `elapsed` are as of every answer.
    """

    __slots__ = (
        "pairs",
        "counts",
        "spaces",
        "listeners",
        "ports",
        "holders",
        "sources",
        "incomplete",
        "elapsed",
    )

    def __init__(self) -> None:
        self.pairs: Sequence[tuple[str, str]] = ()
        self.counts: dict[tuple[str, str, str], dict[int, int]] = {}
        self.spaces: Mapping[str, Space] = {}
        self.listeners: Sequence[Listener] = ()
        self.ports: Mapping[str, tuple[int, int]] = {}
        self.holders: Mapping[str, Sequence[Holder]] = {}
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0

    def __repr__(self) -> str:
        return f"<Look at {len(self.spaces)} namespaces in {self.elapsed:.3g} s>"


def take_look(*, by: Sequence[str] = (), limits: Limits | None = None, **question: Any) -> Look:
    """Look at the host once.

    `by` are some of OWNER_KEYS: without any no process is looked at. `question` says which host
    and which protocols: protocol ("tcp" and "udp"), netns, procfs, engine, threads. Counters can be
    read by anybody where processes can be seen, settings of other namespaces with CAP_SYS_ADMIN,
    owners with the rights of ptrace(2). Raises as `fastsock.scan`, ValueError for another `by`.
    """
    for key in by:
        if key not in OWNER_KEYS:
            raise ValueError(f"cannot tell owners by {key!r}; by {' '.join(OWNER_KEYS)}")
    started = time.perf_counter()
    limits = limits or Limits()
    question.setdefault("protocol", ("tcp", "udp"))
    # Each look by the same engine: else it would depend on how many descriptors there happen to be
    # who may read them, and numbers of owners would jump.
    asked = Question(owners=bool(by), again=True, **question)
    made = Look()
    wanted = asked.want.terms["protocol"]
    made.pairs = [(PROTOCOL_NAMES[p], FAMILY_NAMES[f]) for p, f, _ in TABLES if p in wanted]

    numbered = [space for space in asked.namespaces if space.inode]
    told = choose_namespaces(numbered, limits.namespaces)
    names = name_namespaces(told)
    left = len(numbered) - len(told)
    if left:
        asked.miss("namespaces over limit", left, "they are counted together", "--max-namespaces N")
    nameless = len(numbered) < len(asked.namespaces)
    if nameless and is_one(question.get("netns")):
        told, names = asked.namespaces, {0: NAMELESS}
    read, missing = read_spaces(os.fspath(asked.procfs), told)
    made.spaces = {names[space.inode]: space for space in read}
    together = [OTHERS] * bool(left) + [NAMELESS] * nameless
    made.counts = {
        (netns, *pair): {} for netns in (*names.values(), *together) for pair in made.pairs
    }
    called = _Called(names)

    counted = group.Grouper(("netns", "protocol", "family"))
    takers = _Takers(read)
    listening = _Listening()
    grouped = {key: group.Grouper((*_keys(key), "protocol")) for key in by}
    join = Join(asked, asked.fields) if by else None
    walk = None if join is None else join.walk
    for table in asked.engine.stream(asked.want, asked.namespaces, asked.fields, walk):
        table = asked.select(table)
        counted.add(table)
        takers.add(table)
        listening.add(table)
        if join is not None:
            table = join.attach(table)
            for grouper in grouped.values():
                grouper.add(table)

    for (netns, protocol, family), states in counted.groups():
        place = called[netns], PROTOCOL_NAMES[protocol], FAMILY_NAMES[family]
        counts = made.counts.setdefault(place, {})
        for state, number in states.items():
            counts[state] = counts.get(state, 0) + number
    made.ports = {names[inode]: found for inode, found in takers.find()}
    made.listeners, left = listening.list(called, limits.listeners)
    if left and limits.listeners:  # none: nobody wants to know
        asked.miss("listeners over limit", left, "the fullest are told", "--max-listeners N")
    if join is not None:
        unread = any(not process.cgroup for process in join.owners.processes)
        made.holders = {
            key: rank_holders(key, grouper.groups(), limits.top, unread)
            for key, grouper in grouped.items()
        }
    context = asked.finish()
    made.sources = context["sources"]
    made.incomplete = (*context["incomplete"], *missing)
    made.elapsed = time.perf_counter() - started
    return made


# ------------------------------------------------------------------------------------- namespaces


def is_one(netns: object) -> bool:
    """Whether a question is about the same one namespace each time, whatever others there are.

    Only then the numbers of one that has none itself may be told: where such namespaces come and
    go, a counter would be now of this one and now of that one.
    """
    return netns is None or (isinstance(netns, (str, int)) and netns != "all")


def choose_namespaces(namespaces: Iterable[Namespace], most: int) -> list[Namespace]:
    """Return those that are told apart: ours first, then by number, so that they stay the same."""
    ours = read_inode("/proc/thread-self")
    return sorted(namespaces, key=lambda one: (one.inode != ours, one.inode))[:most]


def name_namespaces(namespaces: Iterable[Namespace]) -> dict[int, str]:
    """Return what namespaces are called, by number.

    That is the name in /run/netns; of ours without one OWN; else the number, which another one may
    have later.
    """
    ours = read_inode("/proc/thread-self")
    named = {one.inode: escape(one.name) for one in named_namespaces()}
    found: dict[int, str] = {}
    for one in namespaces:
        name = named.get(one.inode, OWN if one.inode == ours else "")
        # Whoever may give names could give one that means something else here.
        taken = name.isdigit() or (one.inode in named and name in (OWN, NAMELESS, OTHERS))
        found[one.inode] = str(one.inode) if taken or not name else name
    return found


class _Called(dict[int, str]):
    """What a row's namespace is called, also where it is none of those that are told apart."""

    def __missing__(self, inode: int) -> str:
        return OTHERS if inode else NAMELESS


# ------------------------------------------------------------------------------------------- ports


class _Takers:
    """Counts what takes local ports: connections with one of the range that connect(2) takes."""

    def __init__(self, spaces: Iterable[Space]) -> None:
        self._ranges: dict[tuple[int, int], list[Space]] = {}
        for space in spaces:
            if isinstance(space.settings.get("ip_local_port_range"), tuple):
                self._ranges.setdefault(port_range(space), []).append(space)
        connected = ALL.with_term("protocol", [TCP]).with_term("remote_port", [(1, 65535)])
        self._counted = [
            (
                match.Matcher(connected.with_term("local_port", [ports])),
                group.Grouper(_DESTINATION, sums=True),
                alike,
            )
            for ports, alike in self._ranges.items()
        ]

    def add(self, table: SocketTable) -> None:
        for matcher, grouper, _ in self._counted:
            grouper.add(table.pick(matcher.select(table)))

    def find(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield (namespace, (ports taken towards one destination, ports there are))."""
        for _, grouper, alike in self._counted:
            largest = grouper.largest("netns")
            for space in alike:
                _, taken = largest.get(space.inode, ((), 0))
                yield space.inode, (taken, count_range(space))


# --------------------------------------------------------------------------------------- listeners


class _Listening:
    """Collects where TCP listens."""

    def __init__(self) -> None:
        # (netns, family, address, port) -> [accept queue, its limit, listeners]
        self._found: dict[tuple[int, int, bytes, int], list[int]] = {}

    def add(self, table: SocketTable) -> None:
        chosen = table.pick(_LISTENING.select(table))
        names = ("netns", "family", "local_address", "local_port", "rx_queue", "backlog_limit")
        columns = (chosen.column(name) for name in names)
        for netns, family, address, port, queue, limit in zip(*columns, strict=True):
            place = netns, family, bytes(address), port
            met = self._found.setdefault(place, [queue, limit, 0])
            met[2] += 1
            if fullness(queue, limit) > fullness(met[0], met[1]):
                met[:2] = queue, limit

    def list(self, called: Mapping[int, str], most: int) -> tuple[list[Listener], int]:
        """Return them in order, the fullest if there are more than `most`; and how many are left.

        Those of namespaces that are not told apart are none of either.
        """
        found = [
            (called[place[0]], place, met)
            for place, met in self._found.items()
            if called[place[0]] != OTHERS
        ]
        found.sort(key=lambda one: (one[0], one[1]))
        if len(found) > most:
            kept = sorted(found, key=lambda one: -fullness(one[2][0], one[2][1]))[:most]
            kept.sort(key=lambda one: (one[0], one[1]))
        else:
            kept = found
        return [
            Listener(
                name,
                storage.format_address(address, family),
                port,
                queue,
                None if limit < 0 else limit,
                sockets,
            )
            for name, (_, family, address, port), (queue, limit, sockets) in kept
        ], len(found) - len(kept)


def fullness(queue: int, limit: int) -> float:
    """Return how full an accept queue is; one with the limit 0 takes one connection."""
    return queue / (limit + 1) if limit >= 0 else float(queue)


# ------------------------------------------------------------------------------------------ owners


def _keys(key: str) -> tuple[str, ...]:
    """Return the keys of a group. A pid means little without the name beside it."""
    return ("pid", "command") if key == "pid" else (key,)


def rank_holders(
    key: str,
    groups: Iterable[tuple[tuple[Any, ...], Mapping[int, int]]],
    most: int,
    unread: bool,
) -> list[Holder]:
    """Return the `most` largest groups of owners, then the rest, then sockets without a known one.

    Groups are those of a Grouper whose last key is the protocol. What has no name is hidden where
    it may be that it was not to be read: a command, and with `unread` what comes of cgroups. A
    socket that processes share counts in each of their groups.
    """
    found: dict[object, Holder] = {}
    for (*values, protocol), states in groups:
        if values[0] in OWNER_STATES:
            state, texts = OWNER_STATES[values[0]].name, ("",) * len(values)
        else:
            state, texts = "found", tuple(_text(value) for value in values)
            if values[-1] == b"" or (values[0] is None and unread):
                state = "hidden" if key != "pid" else state
        holder = found.setdefault((state, texts), Holder(texts, state))
        holder.add(PROTOCOL_NAMES[protocol], states)
    known = [one for one in found.values() if one.owner_state == "found"]
    known.sort(key=lambda one: (-one.total, one.values))
    beyond = known[most:]
    if beyond:
        rest = Holder(("",) * len(beyond[0].values), "rest")
        for protocol, states in chain.from_iterable(one.states.items() for one in beyond):
            rest.add(protocol, states)
        known = [*known[:most], rest]
    return known + [one for one in found.values() if one.owner_state != "found"]


def _text(value: bytes | int | None) -> str:
    """Return a value of a key for a label: others have written names."""
    return escape(value) if isinstance(value, bytes) else "" if value is None else str(value)
