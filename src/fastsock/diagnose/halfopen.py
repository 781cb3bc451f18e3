"""Half-open connections: the tables of both ends, matched by their four-tuples.

A connection has a row at each of its two hosts. Where one host has it ESTABLISHED and the other
does not have it at all, or still has it in SYN_RECV, it is half open: who waits for data there
waits until a keepalive or a retransmission gives up. Which it is cannot be seen from one side.

What can be known. A snapshot does not list its host's addresses. That an address is the host's is
concluded from the sockets which have it as their local address, TCP and UDP, connected or
listening: only the host itself gives its sockets local addresses (but for IP_FREEBIND and
IP_TRANSPARENT, ip(7)). A listener on the wildcard is then on each of these. An address that no
socket has is not known, though it may be there: connections to it are "not covered", and counted.
Loopback belongs to its namespace. An address that several hosts have (container networks, anycast)
says nothing about which of them is meant; a match there is one all the same, since ports are part
of it, but where none of them has the connection, nothing is said.

Address translation changes what one end sees. So no connection is called half open that may be the
same as another one without its other end: where the peer has a connection of the same client's
port to the same end, from another address, and the client's address is private; or where somewhere
else the same client's end is connected to another address or port. These are "translated". Beyond
that `Group.doubts` says what speaks against each pair of hosts, with the numbers.

Time. Tables are not read at one moment. A connection that opens or closes between two captures
looks half open. With two snapshots of each side what was so in both, of the same socket, lasts;
but only if the other side was looked at in between, by the clocks: two snapshots of a client at
ten and two of its server at eleven prove nothing. With one of a side only, it was seen once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock.diagnose.addresses import ANY, WILDCARDS, format_address, is_private, text_end
from fastsock.diagnose.halfopen_verdicts import (
    ABSENT,
    AGAIN,
    COUNTERS,
    RETRANSMITS,
    RX_QUEUE,
    SYN_RECV,
    TRANSLATED,
    TX_QUEUE,
    UNACCEPTED,
    UNCLOSED,
    UNCLOSED_ALONE,
    VERDICT,
)
from fastsock.diagnose.sides import (
    Side,
    drop_repeats,
    find_sides,
    note_times,
    seconds_between,
    tells_lasting,
)
from fastsock.diagnose.snapshot import Snapshot
from fastsock.errors import escape
from fastsock.implementation import COMPILED
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.diagnose._halfopen import Join
    from fastsock.table import Incomplete, Owner, Socket, SocketTable

# Seconds between the two looks of a live question.
PAUSE = 1.0

# What is found: the verdicts that say so, or the flag.
_VERDICTS = {
    "absent": (ABSENT,),
    "syn_recv": (SYN_RECV,),
    "unaccepted": (UNACCEPTED,),
    "unclosed": (UNCLOSED, UNCLOSED_ALONE),
    "translated": (TRANSLATED,),
}
_FLAGS = {"tx_queue": TX_QUEUE, "rx_queue": RX_QUEUE, "retransmits": RETRANSMITS}
QUEUES = tuple(_FLAGS)
KINDS = ("absent", "syn_recv", "unaccepted", "unclosed", *QUEUES)
HALF_OPEN = ("absent", "syn_recv")


def _bytes_with(kind: str, flag: int = 0) -> bytes:
    """Return for bytes.translate: 1 for the codes that are a finding of this kind."""
    if kind in _FLAGS:
        return bytes(bool(code & _FLAGS[kind]) for code in range(256))
    wanted = _VERDICTS[kind]
    return bytes(code & VERDICT in wanted and code & flag == flag for code in range(256))


class Finding:
    """One connection, and what is wrong with it.

    `kind` is "absent" or "syn_recv" (ESTABLISHED `here`, and there absent or SYN_RECV),
    "unaccepted" (ESTABLISHED at both ends, and there in a listener's queue), "unclosed" (`here`,
    in CLOSE_WAIT, has to close; `there` waits in FIN_WAIT2, or is gone), "tx_queue" or "rx_queue"
    (not 0 `here` in two snapshots, and not smaller in the later), "retransmits" (more of them than
    `before`, with data that waits), or "translated", which is no finding: it may be the same
    connection as another that an address translation shows. `there` is the socket of the other end
    or None. `serves` says that `here` is the server's end. `lasting` is True when it was so in both
    snapshots of each side, False when it was not so in the first, None where that cannot be told.
    """

    __slots__ = ("kind", "here", "there", "side", "other_side", "serves", "lasting", "before")

    def __init__(
        self,
        kind: str,
        here: Socket,
        side: Side,
        *,
        there: Socket | None = None,
        other_side: Side | None = None,
        serves: bool = False,
        lasting: bool | None = None,
        before: Socket | None = None,
    ) -> None:
        self.kind = kind
        self.here = here
        self.side = side
        self.there = there
        self.other_side = other_side
        self.serves = serves
        self.lasting = lasting
        self.before = before

    @property
    def four_tuple(self) -> tuple[str, int, str, int]:
        """The ends as the client has them: its address and port, the server's."""
        one = self.here
        near, far = (one.local_address, one.local_port), (one.remote_address, one.remote_port)
        return (*far, *near) if self.serves else (*near, *far)

    @property
    def text(self) -> str:
        """What was found, as a sentence about the two ends."""
        here = self.side.name
        there = self.other_side.name if self.other_side is not None else "the other end"
        if self.other_side is self.side:
            here, there = "one end", "the other"
        at_there = f"{self.there.state!s} at {there}" if self.there is not None else ""
        if self.kind == "unaccepted":
            return f"{self.here.state!s} at {here}, not accepted at {there}"
        if self.kind == "unclosed":
            waits = at_there or f"gone at {there}"
            return f"CLOSE_WAIT at {here}, which has to close; {waits}"
        if self.kind in _FLAGS and self.before is not None:
            values = (self.before.field(self.kind), self.here.field(self.kind))
            return f"{self.kind} {values[0]} and then {values[1]} at {here}"
        if self.kind == "translated":
            return f"{self.here.state!s} at {here}, absent at {there}, or there by another address"
        return f"{self.here.state!s} at {here}, {at_there or f'absent at {there}'}"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: the sockets with the sides that they are of."""
        made: dict[str, Any] = {
            "kind": self.kind,
            "lasting": self.lasting,
            "serves": self.serves,
            "text": self.text,
            "here": {"side": self.side.name, **self.here.as_dict()},
            "there": None,
            "other_side": None if self.other_side is None else self.other_side.name,
        }
        if self.there is not None:
            made["there"] = self.there.as_dict()
        if self.before is not None:
            made["before"] = {name: self.before.field(name) for name in _FLAGS}
        return made

    def __repr__(self) -> str:
        return f"<Finding {self.kind} {self.four_tuple}>"


class _Numbers:
    """Connections counted: the numbers of `halfopen_verdicts` are attributes."""

    __slots__ = ("numbers",)

    numbers: dict[str, int]

    def __getattr__(self, name: str) -> int:
        if name in COUNTERS:
            return self.numbers[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def absent(self) -> int:
        """Established at one end, absent at the other."""
        return self.numbers["absent_at_server"] + self.numbers["absent_at_client"]

    @property
    def unclosed(self) -> int:
        """One end waits for the other to close, or has gone without it."""
        return self.numbers["server_unclosed"] + self.numbers["client_unclosed"]

    @property
    def half_open(self) -> int:
        """Established at one end; absent or SYN_RECV at the other."""
        return self.absent + self.numbers["syn_recv"]

    @property
    def found(self) -> int:
        """All findings about the two ends."""
        return self.half_open + self.numbers["unaccepted"] + self.unclosed

    @property
    def verdict(self) -> str:
        """The numbers that matter: client 5000, server 1000: 4000 half open."""
        numbers = self.numbers
        parts = [f"{self.half_open} half open"] if self.half_open else []
        if numbers["unaccepted"]:
            parts.append(f"{numbers['unaccepted']} not accepted")
        if numbers["server_unclosed"]:
            parts.append(f"{numbers['server_unclosed']} that the server has to close")
        if numbers["client_unclosed"]:
            parts.append(f"{numbers['client_unclosed']} that the client has to close")
        if numbers["translated"]:
            parts.append(f"{numbers['translated']} perhaps translated")
        return (
            f"client {numbers['client_established']}, server {numbers['server_established']}: "
            + (", ".join(parts) or "nothing found")
        )


class Group(_Numbers):
    """The connections between a client's address and a server's end, counted.

    `client` and `server` are the sides; the ends are `client_address`, `server_address` and
    `server_port`. `listening` says whether somebody listens there in the server's last snapshot:
    if not, the server is the end with the lower port. `apart` is how many seconds after the
    client's last snapshot the server's was taken, by the clock that both know or, where
    `one_clock` is False, by the clock of each. The numbers of `halfopen_verdicts` are attributes:
    `client_established`, `server_established`, …; `lasting` has those of the kinds that were so in
    both snapshots of each side, None where that cannot be told. `doubts` are sentences about what
    else may explain what was found.
    """

    __slots__ = (
        "client",
        "client_address",
        "server",
        "server_address",
        "server_port",
        "listening",
        "apart",
        "one_clock",
        "owners",
        "unattributed",
        "_private",
    )

    def __init__(
        self,
        client: Side,
        client_address: bytes,
        server: Side,
        server_address: bytes,
        server_port: int,
        listening: bool,
        numbers: Sequence[int],
    ) -> None:
        self.client = client
        self.client_address = format_address(client_address)
        self.server = server
        self.server_address = format_address(server_address)
        self.server_port = server_port
        self.listening = listening
        self.apart = seconds_between(client.snapshots[-1], server.snapshots[-1])
        self.one_clock = client.boot_id == server.boot_id and bool(client.boot_id)
        self.owners: list[Owner] = []
        self.unattributed = 0
        self.numbers = dict(zip(COUNTERS, numbers, strict=True))
        self._private = is_private(client_address)

    @property
    def lasting(self) -> dict[str, int | None]:
        """By kind, how many of them were so in the first snapshots of both sides too."""
        client = tells_lasting(self.client, self.server)
        server = tells_lasting(self.server, self.client)

        def add(*parts: tuple[str, bool]) -> int | None:
            # What did not occur need not be told.
            known = [(name, told) for name, told in parts if self.numbers[name]]
            if not all(told for _, told in known):
                return None
            return sum(self.numbers[f"{name}_again"] for name, _ in known)

        return {
            "absent": add(("absent_at_server", client), ("absent_at_client", server)),
            "syn_recv": add(("syn_recv", client)),
            "unaccepted": add(("unaccepted", client)),
            "unclosed": add(("client_unclosed", client), ("server_unclosed", server)),
        }

    @property
    def doubts(self) -> list[str]:
        """What else may explain the findings, as sentences with their numbers."""
        said: list[str] = []
        numbers = self.numbers
        end = text_end(self.server_address, self.server_port)
        if self.client is self.server or not self.absent:
            return said
        if numbers["absent_at_server"] and not self.listening:
            said.append(
                f"nothing listens on {end} at {self.server.name}: the listener has gone, or the "
                "port is forwarded elsewhere"
            )
        if not numbers["matched"]:
            if self._private and self.unattributed:
                said.append(
                    f"{self.unattributed} connections came to {end} from addresses that no "
                    f"snapshot has: behind NAT up to {min(self.unattributed, self.absent)} of "
                    "these may be the same"
                )
            said.append(
                "no connection between the two was found at both ends: that "
                f"{self.server_address} is {self.server.name} is known from its sockets only, and "
                "another host may have the address too"
            )
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "client": self.client.name,
            "client_address": self.client_address,
            "server": self.server.name,
            "server_address": self.server_address,
            "server_port": self.server_port,
            "listening": self.listening,
            "owners": [owner.as_dict() for owner in self.owners],
            "verdict": self.verdict,
            "half_open": self.half_open,
            **_shown(self.numbers),
            "lasting": self.lasting,
            "apart": round(self.apart, 6),
            "one_clock": self.one_clock,
            "unattributed": self.unattributed,
            "doubts": self.doubts,
        }

    def __repr__(self) -> str:
        return (
            f"<Group {self.client_address} {self.server_address}:{self.server_port} {self.verdict}>"
        )


class Listener(_Numbers):
    """The connections of one server's end with all of its clients that snapshots cover.

    `server`, `server_address` and `server_port` are those of its groups, `peers` is how many client
    addresses there are, and `unattributed` how many connections it has with addresses that no
    snapshot has.
    """

    __slots__ = ("server", "server_address", "server_port", "peers", "unattributed")

    def __init__(self, groups: Sequence[Group]) -> None:
        one = groups[0]
        self.server, self.server_address = one.server, one.server_address
        self.server_port, self.unattributed = one.server_port, one.unattributed
        self.peers = len(groups)
        self.numbers = {name: sum(group.numbers[name] for group in groups) for name in COUNTERS}

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "server": self.server.name,
            "server_address": self.server_address,
            "server_port": self.server_port,
            "peers": self.peers,
            "verdict": self.verdict,
            "half_open": self.half_open,
            **_shown(self.numbers),
            "unattributed": self.unattributed,
        }

    def __repr__(self) -> str:
        return f"<Listener {self.server_address}:{self.server_port} {self.verdict}>"


def _shown(numbers: Mapping[str, int]) -> dict[str, int]:
    """Return the counters that are a pair's, without those that `lasting` has."""
    return {name: numbers[name] for name in COUNTERS[:-2] if not name.endswith("_again")}


class HalfOpen:
    """What two or more snapshots say of the connections between their hosts.

    `counts` and `lasting` are numbers by kind (KINDS; see Finding), the second without those of
    which it cannot be told; `once` is how many these are. `groups` are counted connections, those
    with most findings first; iteration and `findings()` give each connection. What cannot be judged
    is in `not_covered` (by remote address: no snapshot has it), `several` (by remote address:
    more than one host has it, and none of them the connection) and `translated` (a number).
    `sides` are the namespaces that were compared; `notes` say what bounds the answer.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        join: Join,
        tables: Sequence[SocketTable],
        first: Join | None,
        first_tables: Sequence[SocketTable],
    ) -> None:
        self.sides = list(sides)
        self.notes: list[str] = []
        self.not_covered: dict[str, int] = {}
        self.several: dict[str, int] = {}
        self.groups: list[Group] = []
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0
        self._join, self._tables = join, tables
        self._first, self._first_tables = first, first_tables
        self._codes = [join.codes(number) for number in range(len(tables))]
        self.counts = {kind: self._count(kind) for kind in KINDS}
        self.translated = self._count("translated")
        self._collect()
        self.lasting = {
            kind: sum(group.lasting[kind] or 0 for group in self.groups)
            for kind in KINDS
            if kind not in QUEUES
        } | {kind: self.counts[kind] for kind in QUEUES}
        self.once = sum(
            getattr(group, kind)
            for group in self.groups
            for kind in group.lasting
            if group.lasting[kind] is None
        )

    @property
    def half_open(self) -> int:
        """Connections that are established at one end, and absent or SYN_RECV at the other."""
        return sum(self.counts[kind] for kind in HALF_OPEN)

    @property
    def connections(self) -> int:
        """Established connections that were found at both ends."""
        return sum(group.matched for group in self.groups)

    @property
    def listeners(self) -> list[Listener]:
        """The groups by server's end, those with most findings first."""
        ends: dict[tuple[int, str, int], list[Group]] = {}
        for group in self.groups:
            key = (id(group.server), group.server_address, group.server_port)
            ends.setdefault(key, []).append(group)
        made = [Listener(groups) for groups in ends.values()]
        return sorted(made, key=lambda one: (-one.found, -one.matched))

    @property
    def found(self) -> bool:
        """Whether there is a finding that lasts, or of which that cannot be told."""
        return bool(self.once or any(self.lasting.values()))

    @property
    def found_connections(self) -> int:
        """How many findings iteration gives."""
        return sum(self.counts.values())

    @property
    def judges_queues(self) -> bool:
        """Whether there are two snapshots of some side: with one no queue can be judged."""
        return any(side.twice for side in self.sides)

    def _count(self, kind: str) -> int:
        wanted = _bytes_with(kind)
        return sum(codes.translate(wanted).count(1) for codes in self._codes)

    def _collect(self) -> None:
        """Make the groups, and count what is not covered."""
        unattributed: dict[tuple[int, bytes, int], int] = {}
        places = {}
        for found in self._join.groups():
            client, client_address, server, server_address, port, listening, numbers = found
            counters = dict(zip(COUNTERS, numbers, strict=True))
            if client < 0:
                if server >= 0:
                    unattributed[server, server_address, port] = sum(numbers)
                    continue
                text = format_address(server_address)
                if counters["not_covered"]:
                    self.not_covered[text] = counters["not_covered"]
                if counters["several"]:
                    self.several[text] = counters["several"]
                continue
            group = Group(
                self.sides[client],
                client_address,
                self.sides[server],
                server_address,
                port,
                listening,
                numbers,
            )
            places[id(group)] = (server, server_address, port)
            self.groups.append(group)
        listeners = self._listeners() if self.groups else {}
        for group in self.groups:
            server, address, port = place = places[id(group)]
            group.unattributed = unattributed.get(place, 0)
            waiting = listeners.get(place) or listeners.get((server, ANY, port)) or ()
            group.owners = [owner for socket in waiting for owner in socket.owners or ()]
        self.groups.sort(key=lambda group: (-group.found, -group.matched))
        for counted in (self.not_covered, self.several):
            ordered = sorted(counted.items(), key=lambda item: -item[1])
            counted.clear()
            counted.update(ordered)

    def _listeners(self) -> dict[tuple[int, bytes, int], list[Socket]]:
        """Return the listeners by side, address (16 zeros: any) and port."""
        numbers = {
            (id(side.snapshots[-1].sockets), side.netns): n for n, side in enumerate(self.sides)
        }
        found: dict[tuple[int, bytes, int], list[Socket]] = {}
        for table in self._tables:
            for socket in table.select(state=State.LISTEN, protocol="tcp"):
                side = numbers.get((id(table), socket.netns or 0))
                if side is None:
                    continue
                address = socket.field("local_address")
                place = (side, ANY if address in WILDCARDS else address, socket.local_port)
                found.setdefault(place, []).append(socket)
        return found

    def __iter__(self) -> Iterator[Finding]:
        return self.findings()

    def findings(self, *kinds: str) -> Iterator[Finding]:
        """Yield the findings of these kinds, all without; "translated" only where it is named.

        ValueError for a kind that there is not.
        """
        for kind in kinds:
            if kind not in KINDS and kind != "translated":
                raise ValueError(f"no kind {kind!r}; kinds are {' '.join(KINDS)} translated")
        return self._find(kinds or KINDS)

    def _find(self, kinds: Iterable[str]) -> Iterator[Finding]:
        for kind in kinds:
            wanted = _bytes_with(kind)
            for number, codes in enumerate(self._codes):
                chosen = codes.translate(wanted)
                at = chosen.find(1)
                while at >= 0:
                    yield self._finding(kind, number, at)
                    at = chosen.find(1, at + 1)

    def _finding(self, kind: str, table: int, row: int) -> Finding:
        space, target, serves = self._join.place(table, row)
        other = self._join.other_end(table, row)
        side, other_side = self.sides[space], self.sides[target] if target >= 0 else None
        before = None
        lasting: bool | None = None
        if kind in _FLAGS and self._first is not None:
            place = self._first.before(self._join, table, row)
            before = None if place is None else self._first_tables[place[0]][place[1]]
            lasting = True
        elif tells_lasting(side, other_side):
            lasting = bool(self._codes[table][row] & AGAIN)
        return Finding(
            kind,
            self._tables[table][row],
            side,
            there=None if other is None else self._tables[other[0]][other[1]],
            other_side=other_side,
            serves=serves,
            lasting=lasting,
            before=before,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object, without the single findings."""
        return {
            "half_open": self.half_open,
            "counts": self.counts,
            "lasting": self.lasting,
            "once": self.once,
            "matched": self.connections,
            "sides": [side.as_dict() for side in self.sides],
            "listeners": [listener.as_dict() for listener in self.listeners],
            "groups": [group.as_dict() for group in self.groups],
            "not_covered": self.not_covered,
            "several": self.several,
            "translated": self.translated,
            "judges_queues": self.judges_queues,
            "notes": self.notes,
        }

    def __repr__(self) -> str:
        return f"<HalfOpen {self.half_open} of {len(self.sides)} sides>"


# ------------------------------------------------------------------------------------- the question


def halfopen(
    snapshots: Iterable[Snapshot] = (),
    *,
    live: bool = False,
    netns: object = None,
    pause: float = PAUSE,
    procfs: str = "/proc",
    engine: str | None = None,
    threads: int | None = None,
) -> HalfOpen:
    """Find connections that their two ends do not agree about, over snapshots of their hosts.

    A side is one network namespace of one boot of a host: several snapshots of it are its before
    and after (the first and the last are compared), in whatever order they are given. With
    `live` both sides are on this host: it is looked at twice, `pause` seconds apart, in the
    namespaces `netns` (as for `scan`; without it our own, whose connections over loopback and to
    its own addresses have both ends there).

    Time grows linearly; memory by about 50 bytes a socket beyond the snapshots, twice that where
    there are two of a side. Raises ValueError without snapshots (of TCP), for a pause that is not
    positive, and with both snapshots and `live`; live whatever `scan` raises. Owners of other users
    need the privileges that `scan` needs (`incomplete` says so); nothing else does.
    """
    started = time.perf_counter()
    given = list(snapshots)
    if live:
        if given:
            raise ValueError("live takes its own snapshots")
        if not 0 < pause < float("inf"):
            raise ValueError(f"pause is a positive number of seconds, not {pause!r}")
        given = _look_twice(netns, pause, procfs=procfs, engine=engine, threads=threads)
    if not given:
        raise ValueError("halfopen needs snapshots, or live=True")
    notes: list[str] = []
    different = drop_repeats(given, notes)
    if not different:
        raise ValueError("none of the snapshots has TCP sockets")
    sides = find_sides(different)
    note_times(sides, notes)
    made = _compare(sides)
    made.notes += notes
    made.sources = {k: v for one in different for k, v in one.sources.items()}
    made.incomplete = tuple(_all_incomplete(different, live))
    made.elapsed = time.perf_counter() - started
    return made


def _look_twice(netns: object, pause: float, **question: Any) -> list[Snapshot]:
    before = Snapshot.take(netns=netns, owners=False, protocol=("tcp", "udp"), **question)
    time.sleep(pause)
    return [before, Snapshot.take(netns=netns, protocol=("tcp", "udp"), **question)]


def _compare(sides: Sequence[Side]) -> HalfOpen:
    tables, numbered = _tables(sides, -1)
    join = _join_type()(numbered)
    first, first_tables = None, tables
    if any(side.twice for side in sides):
        first_tables, numbered = _tables(sides, 0)
        first = _join_type()(numbered)
        join.compare(first, [side.twice for side in sides])
    made = HalfOpen(sides, join, tables, first, first_tables)
    _note_captures(made)
    return made


def _tables(
    sides: Sequence[Side], which: int
) -> tuple[list[SocketTable], list[tuple[SocketTable, dict[int, int]]]]:
    """Return the tables of the first or of the last look at each side, with its namespaces."""
    found: dict[int, tuple[SocketTable, dict[int, int]]] = {}
    for number, side in enumerate(sides):
        table = side.snapshots[which].sockets
        found.setdefault(id(table), (table, {}))[1][side.netns] = number
    return [table for table, _ in found.values()], list(found.values())


def _note_captures(made: HalfOpen) -> None:
    """Say how far apart the two ends of what was found were looked at."""
    said: dict[tuple[str, str], str] = {}
    for group in made.groups:
        client, server = group.client, group.server
        if client.snapshots[-1] is server.snapshots[-1]:
            continue  # one look at both
        if (client.name, server.name) in said or not group.found:
            continue
        line = (
            f"{server.name} was looked at {abs(group.apart):.1f} s "
            f"{'after' if group.apart >= 0 else 'before'} {client.name}"
        )
        if not group.one_clock:
            line += ", each by its own clock: these were not compared"
        if None in group.lasting.values():
            line += "; what opened or closed in between looks half open"
            if client.twice and server.twice:
                line += (
                    ", also what is so in both, since no look at one lies between the two looks at "
                    "the other: take them in turns"
                )
        said[client.name, server.name] = line
    made.notes += said.values()


def _all_incomplete(snapshots: Iterable[Snapshot], live: bool) -> Iterator[Mapping[str, Any]]:
    seen = []
    for one in snapshots:
        for entry in one.sockets.incomplete:  # counters and settings are not asked for
            told = dict(entry)
            if not live:
                told["reason"] = f"{escape(one.host) or '?'}: {entry['reason']}"
            if told not in seen:
                seen.append(told)
                yield told


def _join_type() -> type[Join]:
    if COMPILED:
        from fastsock.diagnose._halfopen import Join

        return Join
    from fastsock.diagnose import _halfopen_py

    return _halfopen_py.Join  # type: ignore[return-value]
