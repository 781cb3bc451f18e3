"""The sock_diag engine: requests out, tables in. The work is in _netlink.

It asks for what the question needs and selects again from what comes. Network namespaces other than
ours are entered by a thread of their own, where that is permitted (CAP_SYS_ADMIN); else their
tables are read from /proc. So are those of a protocol for which the kernel has no module
(tcp_diag, udp_diag). Owners are always found in /proc: sock_diag does not know them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from fastsock.engines._netlink import Dump
from fastsock.engines.diag_request import Request, build_lookup, plan_requests
from fastsock.engines.movement import AT_ONCE, read_movement
from fastsock.engines.namespaces import (
    Namespace,
    asked_protocols,
    count_uninhabited,
    expected_rows,
    is_empty,
    raise_ended,
    read_inode,
)
from fastsock.engines.procfs import CHUNK, ProcfsEngine
from fastsock.engines.walk import Sought, Walk
from fastsock.errors import EngineUnavailable
from fastsock.filter import Filter
from fastsock.implementation import match
from fastsock.table import SocketTable
from fastsock.tcp import FAMILIES, TCP, UDP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock._match import Matcher
    from fastsock._seen import Cookies

    Source = tuple[str | None, bytes, int, int]

# What a kernel answers that has no module for a protocol (net/core/sock_diag.c, inet_diag.c).
NO_MODULE = (errno.ENOENT, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT)

NO_TCP_DIAG = ("the kernel has no module tcp_diag loaded", "as root: modprobe tcp_diag")

# Fewer are not worth a thread: each takes 0.3 ms and more, a thread 0.1.
SPACES_A_THREAD = 4


class NetlinkEngine:
    """Asks the kernel over NETLINK_SOCK_DIAG, with the GIL released. No privileges are needed."""

    name = "netlink"
    exact = True
    knows_unix_uid = True
    unknown_fields: frozenset[str] = frozenset()

    def __init__(self, procfs: str, threads: int) -> None:
        self.procfs = procfs
        self._dropped = 0
        self.unentered = 0
        self.sources = {"sockets": self.name, "owners": ProcfsEngine.name}
        self._tables = ProcfsEngine(procfs, threads)
        self._threads = threads
        self._modules: dict[int, bool] = {}
        if os.path.normpath(procfs) != "/proc":
            ours = read_inode("/proc/thread-self")
            if not ours or read_inode(f"{procfs}/1") != ours:
                raise EngineUnavailable(
                    self.name,
                    f"{procfs} does not show the network namespace that we are in",
                    remedy="--procfs /proc",
                )
        if not self._has_module(TCP):
            reason, remedy = NO_TCP_DIAG
            raise EngineUnavailable(self.name, reason, remedy=remedy)

    @property
    def repeats(self) -> int:
        """Rows that came twice, from the dumps and from the tables of /proc."""
        return self._dropped + self._tables.repeats

    def _has_module(self, protocol: int) -> bool:
        """Whether the kernel dumps this protocol. Asks for a state that few or none are in."""
        known = self._modules.get(protocol)
        if known is None:
            rare = State.LISTEN if protocol == TCP else State.SYN_SENT
            want = Filter().with_term("protocol", [protocol]).with_term("state", [rare])
            here = Namespace(0, [])
            dump = Dump(_sources(plan_requests(want), [Door(here, True)]), match.Matcher(want))
            try:
                dump.count()
                known = True
            except OSError as error:
                if error.errno not in NO_MODULE:
                    reason, remedy = _explain(error)
                    raise EngineUnavailable(self.name, reason, remedy=remedy) from None
                known = False
            self._modules[protocol] = known
        return known

    def _plan(
        self, want: Filter, namespaces: Sequence[Namespace], fields: Sequence[str] = ()
    ) -> Plan:
        protocols = asked_protocols(want)
        spoken = [protocol for protocol in protocols if self._has_module(protocol)]
        our_inode = read_inode("/proc/thread-self")
        doors = []
        for space in namespaces:
            ours = 0 != space.inode == our_inode
            if ours or not is_empty(space, spoken):
                doors.append(Door(space, ours))
        if doors and len(doors) == len(namespaces) and not any(door.exists for door in doors):
            raise_ended(self.name, namespaces)
        dumped = want.with_term("protocol", spoken)
        rest = want.with_term("protocol", protocols - set(spoken))
        requests = plan_requests(dumped, fields)
        matcher = match.Matcher(dumped.without_terms("protocol"))
        dumps = [
            _dump(_sources(requests, share), [door.space for door in share], dumped, matcher)
            for share in self._shares(doors)
        ]
        return Plan(dumps, dumped, doors, rest)

    def _shares(self, doors: list[Door]) -> list[list[Door]]:
        """Deal the namespaces out to threads: each walks the kernel's hash for its own."""
        count = min(self._threads, len(doors) // SPACES_A_THREAD) or 1
        return [doors[number::count] for number in range(count)]

    def _left(self, plan: Plan) -> list[tuple[Filter, list[Namespace]]]:
        """Return what the dumps, which have ended, could not answer: for the tables of /proc."""
        self._dropped += sum(dump.repeats for dump in plan.dumps)
        paths = {path for dump in plan.dumps for path in dump.shut}
        shut = [door.space for door in plan.doors if door.path in paths]
        if len(shut) < len(plan.doors):
            # /proc shows a namespace only through the processes in it. Where the last of them ended
            # since we looked, its sockets are gone, and who asked for more is answered without it.
            self.unentered = count_uninhabited(shut)
            shut = [space for space in shut if space.directory()]
        left = [(plan.dumped, shut), (plan.rest, [door.space for door in plan.doors])]
        left = [(want, spaces) for want, spaces in left if want.terms["protocol"] and spaces]
        if left:
            self.sources["sockets"] = f"{self.name} {self._tables.name}"
        return left

    def sockets(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> SocketTable:
        plan = self._plan(want, namespaces, fields)
        tables = [SocketTable(fields) for _ in plan.dumps]
        pairs = zip(plan.dumps, tables, strict=True)
        _run([partial(dump.fill, table) for dump, table in pairs])
        tables += [
            self._tables.sockets(wanted, spaces, fields) for wanted, spaces in self._left(plan)
        ]
        return tables[0] if len(tables) == 1 else SocketTable.from_tables(tables, fields)

    def stream(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> Iterator[SocketTable]:
        plan = self._plan(want, namespaces, fields)
        try:
            for dump in plan.dumps:
                more = True
                while more:
                    table = SocketTable(fields)
                    more = dump.fill(table, CHUNK)
                    yield table
        finally:
            for dump in plan.dumps:
                dump.close()
        for wanted, spaces in self._left(plan):
            yield from self._tables.stream(wanted, spaces, fields)

    def count(self, want: Filter, namespaces: Sequence[Namespace]) -> Sequence[int]:
        plan = self._plan(want, namespaces)
        counted: list[Sequence[int]] = _run([dump.count for dump in plan.dumps])
        counted += [self._tables.count(wanted, spaces) for wanted, spaces in self._left(plan)]
        return [sum(numbers) for numbers in zip(*counted, strict=True)]

    def find(self, want: Filter, namespaces: Sequence[Namespace]) -> SocketTable:
        """Ask for one connection by its four-tuple, without a walk; else as `sockets`."""
        request = _lookup(want)
        if request is not None and len(namespaces) == 1:
            [space] = namespaces
            door = Door(space, 0 != space.inode == read_inode("/proc/thread-self"))
            dump = Dump(_sources([request], [door]), match.Matcher(want))
            table = SocketTable()
            try:
                dump.fill(table)
            except OSError as error:
                if error.errno != errno.ENOENT:  # no such connection, or one bound to a device
                    raise
            if len(table):
                return table
        return self.sockets(want, namespaces)

    def others(
        self,
        asked: Sequence[tuple[Namespace, Sequence[Filter]]],
        fields: Sequence[str],
        known: Cookies,
    ) -> SocketTable | None:
        """Return sockets that are not `known`, which they then are.

        `asked` has for each namespace what to ask there, which the kernel must understand whole.
        None where one of them may not be entered, or has ended.
        """
        our_inode = read_inode("/proc/thread-self")
        sources: list[Source] = []
        for space, filters in asked:
            door = Door(space, 0 != space.inode == our_inode)
            if not door.exists:
                return None
            for want in filters:
                sources += _sources(plan_requests(want, fields), [door])
        spaces = [space for space, _ in asked]
        # What all of it is about; of states only whether it is listeners.
        dumped = Filter().with_term("protocol", {protocol for _, _, protocol, _ in sources})
        if all(_asks_listeners(want) for _, filters in asked for want in filters):
            dumped = dumped.with_term("state", [State.LISTEN])
        dump = _dump(sources, spaces, dumped, match.Matcher(Filter()), known)
        table = SocketTable(fields)
        dump.fill(table)
        self._dropped += dump.repeats
        return None if dump.shut else table

    def owners(self, pids: Iterable[int] | None, sought: Sought | None = None) -> Walk:
        return self._tables.owners(pids)


def _explain(error: OSError) -> tuple[str, str]:
    """Return why the kernel does not answer, and what would help."""
    try:
        from fastsock.engines.host import read_host
        from fastsock.engines.netlink_reasons import explain

        return explain(error.errno or 0, read_host())
    except OSError:  # no descriptor is left to load that with
        return f"NETLINK_SOCK_DIAG: {error.strerror} ({error.errno})", ""


class Door:
    """A namespace and how to get into it: a path for setns(2), or None where we are in it."""

    __slots__ = ("space", "path", "exists")

    def __init__(self, space: Namespace, ours: bool) -> None:
        self.space = space
        self.path = None if ours else space.entrance()
        self.exists = ours or self.path is not None  # else its processes have ended


class Plan:
    """One question as dumps, and what they are about."""

    __slots__ = ("dumps", "dumped", "doors", "rest")

    def __init__(self, dumps: list[Dump], dumped: Filter, doors: list[Door], rest: Filter) -> None:
        self.dumps = dumps
        self.dumped = dumped
        self.doors = doors
        self.rest = rest


def _dump(
    sources: list[Source],
    spaces: Sequence[Namespace],
    dumped: Filter,
    matcher: Matcher,
    known: Cookies | None = None,
) -> Dump:
    """Return the dump of `sources`, of those `spaces`, which all ask for what is in `dumped`.

    Each message answers for its protocol: the matcher need not be asked for it.
    """
    # Where one datagram holds all, no row is passed over; and to look for movement takes longer
    # than a dump of listeners, which seldom are so many.
    watched = [
        space
        for space in spaces
        if not _asks_listeners(dumped) and (len(spaces) == 1 or _is_long(space))
    ]
    before = read_movement(watched, dumped)

    def moved() -> set[tuple[int, int]]:
        """What is not known to have stood still."""
        after = read_movement(watched, dumped)
        keys = {(netns, protocol) for _, _, protocol, netns in sources}
        return {key for key in keys if key not in before or before[key] != after.get(key)}

    expected = expected_rows(spaces, dumped) if known is None else 0
    return Dump(sources, matcher, expected, moved, known=known)


def _run(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    if len(calls) == 1:
        return [calls[0]()]
    from fastsock.engines.beside import run_beside  # to load threading takes 1 ms

    return run_beside(calls)


def _asks_listeners(want: Filter) -> bool:
    return set(want.terms.get("state", ())) == {State.LISTEN}


def _is_long(space: Namespace) -> bool:
    """Whether there are more sockets than come at once, as far as is known without asking again."""
    return space.count_inet((TCP, UDP)) > AT_ONCE


def _sources(requests: Sequence[Request], doors: Iterable[Door]) -> list[Source]:
    return [
        (door.path, request.message, request.protocol, door.space.inode)
        for door in doors
        if door.exists
        for request in requests
    ]


def _lookup(want: Filter) -> Request | None:
    """Return the request for the one connection that `want` describes, None where it does not."""
    terms = want.terms
    named = ("local_address", "local_port", "remote_address", "remote_port")
    if set(terms) != {"protocol", *named} or terms["protocol"] != {TCP}:
        return None
    ends: list[Any] = []
    for side in ("local", "remote"):
        addresses, ports = terms[f"{side}_address"], terms[f"{side}_port"]
        if len(addresses) != 1 or len(ports) != 1:
            return None
        ((address, bits),), ((low, high),) = addresses, ports
        if bits != 128 or low != high:
            return None
        ends.append((address, low))
    mapped = all(address.startswith(bytes(10) + b"\xff\xff") for address, _ in ends)
    return build_lookup(FAMILIES["ipv4"] if mapped else FAMILIES["ipv6"], *ends)
