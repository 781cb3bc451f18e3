"""Looks at the sockets of one question, again and again, and what has changed in between.

A look is one scan, with owners: states, who holds what, listeners and what waits for them come from
the same table, counted by compiled code. No object is made for a socket, but for a listener.
"""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence

from fastsock import processes
from fastsock.columns import UNIX_FIELDS
from fastsock.conductor import scan
from fastsock.diagnose.counters import Space, read_spaces
from fastsock.diagnose.queues import Listening, read_queues
from fastsock.engines.namespaces import find_namespaces
from fastsock.errors import NoSuchProcess, escape
from fastsock.implementation import group as grouping
from fastsock.services import Holder, main_holder
from fastsock.table import Counts, Incomplete, OwnerState, SocketTable
from fastsock.tcp import PROTOCOLS, TCP
from fastsock.top.pace import Pace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.expression import Expression

# What sockets are grouped by: the keys, and the word of a question by which one group is asked for.
# Without one all are asked for: `command` would be about other names as well, and about processes
# that may not be read.
GROUPINGS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "process": (("pid", "command"), "pid"),
    "command": (("command",), None),
    "unit": (("unit",), None),
    "container": (("container",), None),
    "user": (("uid",), "uid"),
}

# Words of a question that name processes.
_NAMING = frozenset(("pid", "command", "cgroup"))

# The kernel's counters that are shown as rates, under short names.
RATES = {
    "accepts": "PassiveOpens",
    "connects": "ActiveOpens",
    "overflows": "ListenOverflows",
    "drops": "ListenDrops",
    "retransmits": "RetransSegs",
    "resets": "EstabResets",
    "failures": "AttemptFails",
    "cookies": "SyncookiesSent",
}


class Group:
    """The sockets of a process, command, unit, …: their `counts`, and the `change` of their number.

    `change` is None where there was no look before. A group that has gone is there once more, with
    no sockets.
    """

    __slots__ = ("key", "counts", "change")

    def __init__(self, key: tuple[Any, ...], counts: Counts, change: int | None) -> None:
        self.key = key
        self.counts = counts
        self.change = change

    def __repr__(self) -> str:
        return f"<Group {self.key} {self.counts}>"


class Waiting:
    """A listener of TCP: its accept queue, the `limit` of that, and what else waits for it.

    As in diagnose.backlog, `syn_recv` and `unaccepted` are of all listeners of its address.
    `change` is the queue's. `owner` is the process whose listener it is and how many more hold it.
    """

    __slots__ = (
        "address",
        "port",
        "queue",
        "limit",
        "change",
        "syn_recv",
        "unaccepted",
        "owner",
        "owner_state",
        "keys",
    )

    def __init__(
        self,
        one: Listening,
        *,
        change: int | None = None,
        syn_recv: int = 0,
        unaccepted: int = 0,
    ) -> None:
        socket = one.socket
        self.address = socket.local_address
        self.port = socket.local_port
        self.queue = socket.rx_queue
        self.limit = socket.backlog_limit
        self.change = change
        self.syn_recv = syn_recv
        self.unaccepted = unaccepted
        self.owner: tuple[int, bytes, int] | None = None
        self.owner_state: str | None = None
        self.keys = one.keys

    @property
    def full(self) -> bool:
        """Whether the kernel refuses what else comes: it does above the limit."""
        return self.limit is not None and self.queue > self.limit

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        pid, command, more = self.owner or (None, None, None)
        return {
            "local_address": self.address,
            "local_port": self.port,
            "queue": self.queue,
            "limit": self.limit,
            "change": self.change,
            "syn_recv": self.syn_recv,
            "unaccepted": self.unaccepted,
            "pid": pid,
            "command": None if command is None else escape(command),
            "more_owners": more,
            "owner_state": self.owner_state,
        }


class Sample:
    """One look: `counts` of the sockets selected, their `groups` by `by`, TCP's `listeners`.

    `changes` are those of the counts, by state, and `rates` what RATES names, a second, of the
    network namespaces that are asked; both are None where there was no look `seconds` before.
    `owners_age` is how many seconds ago the owners were found: 0.0 where in this look. `sockets`
    are the rows, of a selection that is one group's. `time` is seconds since 1970; `sources`,
    `incomplete` and `elapsed` as of every answer.
    """

    __slots__ = (
        "time",
        "seconds",
        "counts",
        "changes",
        "by",
        "groups",
        "listeners",
        "rates",
        "owners_age",
        "sockets",
        "sources",
        "incomplete",
        "elapsed",
    )

    def __init__(self, *, by: str, counts: Counts, time: float = 0.0) -> None:
        self.by = by
        self.counts = counts
        self.time = time
        self.seconds: float | None = None
        self.changes: Mapping[str, int] | None = None
        self.groups: Sequence[Group] = ()
        self.listeners: Sequence[Waiting] = ()
        self.rates: Mapping[str, float | None] | None = None
        self.owners_age = 0.0
        self.sockets: SocketTable | None = None
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "counts": self.counts.as_dict(),
            "changes": None if self.changes is None else dict(self.changes),
            "per_second": None
            if self.rates is None
            else {
                RATES[name]: None if rate is None else round(rate, 3)
                for name, rate in self.rates.items()
            },
            "by": self.by,
            "groups": [dict_of(group, self.by) for group in self.groups],
            "listeners": [one.as_dict() for one in self.listeners],
            "owners_age": round(self.owners_age, 3),
        }


def dict_of(group: Group, by: str) -> dict[str, Any]:
    """Return the JSON object of a group: its keys, why there is no owner, its numbers."""
    made: dict[str, Any] = {}
    for name, value in zip(GROUPINGS[by][0], group.key, strict=True):
        if isinstance(value, OwnerState):
            made[name], made["owner_state"] = None, value.name
        else:
            made[name] = escape(value) if isinstance(value, str) else value
    return {**made, **group.counts.as_dict(), "change": group.change}


class Target:
    """The group whose sockets are looked at alone; of a process also when it was started."""

    __slots__ = ("by", "key", "keys", "question", "start_time")

    def __init__(self, by: str, key: tuple[Any, ...], start_time: int = 0) -> None:
        self.by = by
        self.key = key
        self.keys, keyword = GROUPINGS[by]
        self.question = {} if keyword is None else {keyword: key[0]}
        self.start_time = start_time

    def pick(self, table: SocketTable) -> SocketTable:
        """Return the sockets of the group, of those that its question has brought."""
        if self.question:
            return table
        name = str(self.key[0]).encode("utf-8", "surrogateescape")
        found = table.processes or ()
        pids = [process.pid for process in found if getattr(process, self.by) == name]
        return table.pick(grouping.owned_by(table, pids))


class Look:
    """One look that is asked for: `take` looks, in whatever thread, and touches nothing else.

    What it finds is for Sampler.digest: `table`, the `spaces` with their counters, `queues`, how
    much CPU time it took; `started` and `ended` are of time.monotonic().
    """

    __slots__ = (
        "number",
        "owners",
        "expression",
        "question",
        "procfs",
        "table",
        "spaces",
        "incomplete",
        "cost",
        "started",
        "ended",
    )

    table: SocketTable
    spaces: Mapping[int, Space]
    incomplete: Incomplete

    def __init__(
        self, number: int, owners: bool, expression: Expression | None, question: dict[str, Any]
    ) -> None:
        self.number = number
        self.owners = owners
        self.expression = expression
        self.question = question
        self.procfs = os.fspath(question.get("procfs", "/proc"))
        self.cost = self.started = self.ended = 0.0

    def take(self) -> Look:
        """Look now, and return this look. Raises as `scan`."""
        self.started, spent = time.monotonic(), time.process_time()
        try:
            fields = UNIX_FIELDS if "unix" in self.question.get("protocol", ()) else ()
            self.table = table = scan(
                self.expression, owners=self.owners, fields=fields, **self.question
            )
            self.spaces, missing = self._read_spaces()
            self.incomplete = (*table.incomplete, *missing)
        finally:
            self.ended = time.monotonic()
            self.cost = time.process_time() - spent
        return self

    def _read_spaces(self) -> tuple[dict[int, Space], list[dict[str, Any]]]:
        named = None
        if not _NAMING.isdisjoint(self.question):  # it was their namespaces that were asked
            named = [process.pid for process in self.table.processes or ()] or None
        engine, netns = self.table.sources["sockets"], self.question.get("netns")
        spaces, missing = read_spaces(
            self.procfs, find_namespaces(engine, self.procfs, netns, named)
        )
        # Of a namespace that cannot be told from others, rates would be of who knows whom.
        return {space.inode: space for space in spaces if space.inode}, missing


class Sampler:
    """Takes samples of one question; `question` as for `scan`, `text` an expression or "".

    Raises FilterError for an expression that makes no sense.
    """

    def __init__(
        self,
        question: Mapping[str, Any],
        text: str = "",
        *,
        interval: float = 2.0,
        by: str = "process",
    ) -> None:
        self.question = dict(question)
        self.procfs = os.fspath(question.get("procfs", "/proc"))
        self.interval = interval
        self.by = by
        self.target: Target | None = None
        self._outside = by  # what is grouped by where there is no target
        self.text = ""
        self._number = 0
        self._expression: Expression | None = None
        self._started: dict[int, int] = {}
        self.filter(text)

    def filter(self, text: str) -> None:
        """Select by another expression; "" for none. FilterError where it makes no sense."""
        self._expression = self._parse(text) if text.strip() else None
        self.text = text.strip()
        self._begin()

    def _parse(self, text: str) -> Expression:
        from fastsock.expression import parse_expression
        from fastsock.lookups import Lookups

        protocols = {PROTOCOLS[name] for name in self.question.get("protocol", ())} or {TCP}
        return parse_expression(text, protocols=protocols, lookups=Lookups(self.procfs))

    def group(self, by: str) -> None:
        """Group by another one of GROUPINGS from now on."""
        self.by = by
        self._begin()

    def open(self, by: str, key: tuple[Any, ...]) -> None:
        """Look at the sockets of one group alone, until `close`."""
        self._outside, self.by = self.by, by
        self.target = Target(by, key, self._started.get(key[0], 0))
        self._begin()

    def close(self) -> None:
        """Look at all groups again, as they were grouped before."""
        self.target, self.by = None, self._outside
        self._begin()

    def _begin(self) -> None:
        """Forget what another question has answered, and what it will."""
        self._number += 1
        self.pace = Pace(self.interval, not self._names_processes() and self.target is None)
        self._before: Sample | None = None
        self._clock = self._owned_clock = 0.0
        self._hidden: Incomplete = ()  # what the last look with owners could not see of these
        self._spaces: Mapping[int, Space] = {}
        self._totals: dict[tuple[Any, ...], int] | None = None
        self._queues: dict[Hashable, Waiting] = {}

    def _names_processes(self) -> bool:
        return self._filters_processes() or not _NAMING.isdisjoint(self.question)

    def _filters_processes(self) -> bool:
        return self._expression is not None and self._expression.needs_owners

    def wait(self) -> float:
        """Return how many seconds are left until the next look is due."""
        due, _ = self.pace.plan()
        return max(0.0, due - time.monotonic())

    def look(self) -> Sample:
        """Look now. Raises as `scan`: NoSuchProcess where all that are named have ended."""
        ready, began = self.ask(), time.process_time()
        try:
            sample = self.digest(ready.take())
        finally:
            self.note(ready, time.process_time() - began)
        assert sample is not None
        return sample

    def ask(self) -> Look:
        """Return the look that is to be taken."""
        question = dict(self.question)
        if self.target is not None:
            question.update(self.target.question)
            if not self._names_processes():
                # A question that names a process is about its namespace; the list was not.
                question.setdefault("netns", "own")
        _, owners = self.pace.plan()
        return Look(self._number, owners, self._expression, question)

    def note(self, look: Look, cost: float) -> bool:
        """Take in what a look has cost, with all that came of it, once; however it has ended.

        Returns whether its question is still the one.
        """
        if look.number == self._number:
            self.pace.note(look.owners, cost, look.ended)
        return look.number == self._number

    def digest(self, look: Look) -> Sample | None:
        """Return what a look has found, beside the one before; None of a question that is over.

        What it has cost is for `note`. Raises NoSuchProcess where another process has the number of
        the target by now.
        """
        if look.number != self._number:
            return None
        table = look.table if self.target is None else self.target.pick(look.table)
        made = Sample(by=self.by, counts=table.counts(), time=time.time())
        made.sources, made.elapsed, made.incomplete = table.sources, table.elapsed, look.incomplete
        if self._before is not None:
            made.seconds = look.started - self._clock
            made.changes = _subtract(made.counts, self._before.counts)
            made.rates = _rates(look.spaces, self._spaces, made.seconds)
        if table.owners is not None:
            self._check_target(table)
            made.groups = self._group(table)
            self._owned_clock, self._hidden = look.started, table.owners.incomplete
        elif self._before is not None:
            made.groups = self._before.groups
            made.incomplete = (*look.incomplete, *self._hidden)
            made.sources = {**self._before.sources, **made.sources}
            made.owners_age = look.started - self._owned_clock
        made.listeners = self._find_waiting(table)
        if self.target is not None:
            made.sockets = table
        self._before, self._clock, self._spaces = made, look.started, look.spaces
        return made

    def _check_target(self, table: SocketTable) -> None:
        self._started = {process.pid: process.start_time for process in table.processes or ()}
        if self.target is None or "pid" not in self.target.question:
            return
        pid = self.target.question["pid"]
        started = self._started.get(pid, 0)
        other = started != self.target.start_time and 0 not in (started, self.target.start_time)
        if other or processes.has_ended(f"{self.procfs}/{pid}"):
            raise NoSuchProcess(str(pid), (pid,))

    def blame(self, error: NoSuchProcess) -> str:
        """Return what names the process that does not exist: "target", "filter", else ""."""
        pid = None if self.target is None else self.target.question.get("pid")
        if pid is not None and (pid in error.pids or processes.has_ended(f"{self.procfs}/{pid}")):
            return "target"
        return "filter" if self._filters_processes() else ""

    def _group(self, table: SocketTable) -> list[Group]:
        keys = GROUPINGS[self.by][0]
        groups = table.count_by(*keys)
        found = {key if len(keys) > 1 else (key,): counts for key, counts in groups.items()}
        before = self._totals
        self._totals = {key: counts.total for key, counts in found.items()}
        if before is None:
            return [Group(key, counts, None) for key, counts in found.items()]
        made = [
            Group(key, counts, counts.total - before.get(key, 0)) for key, counts in found.items()
        ]
        made += [Group(key, Counts({}), -n) for key, n in before.items() if key not in found]
        return made

    def _find_waiting(self, table: SocketTable) -> list[Waiting]:
        queues = read_queues(table)
        made = []
        for one in queues.listeners:
            before = next((self._queues[key] for key in one.keys if key in self._queues), None)
            queue = queues.places[one.place]
            waiting = Waiting(
                one,
                change=None if before is None else one.socket.rx_queue - before.queue,
                syn_recv=queue.half_open,
                unaccepted=len(queue.waiting),
            )
            if table.owners is not None:
                waiting.owner, waiting.owner_state = _owner_of(one), one.socket.owner_state
            elif before is not None:
                waiting.owner, waiting.owner_state = before.owner, before.owner_state
            made.append(waiting)
        self._queues = {key: one for one in made for key in one.keys}
        return made


def _owner_of(one: Listening) -> tuple[int, bytes, int] | None:
    """Return PID and command of whose listener it is, and how many more processes hold it."""
    held = {owner.pid: owner.process for owner in one.socket.owners or ()}
    chosen = main_holder([Holder(process, (), None) for process in held.values()])
    return None if chosen is None else (chosen.pid, chosen.process.command, len(held) - 1)


def _subtract(now: Counts, before: Counts) -> dict[str, int]:
    names: Iterable[str] = {**before.states, **now.states}
    return {name: now.states.get(name, 0) - before.states.get(name, 0) for name in names}


def _rates(
    now: Mapping[int, Space], before: Mapping[int, Space], seconds: float
) -> dict[str, float | None]:
    """Return the growth a second, over the namespaces that were there before; None: not known."""
    made: dict[str, float | None] = {}
    for name, counter in RATES.items():
        grown = [
            space.counters[counter] - before[inode].counters[counter]
            for inode, space in now.items()
            if counter in space.counters and inode in before and counter in before[inode].counters
        ]
        made[name] = max(0, sum(grown)) / seconds if grown and seconds > 0 else None
    return made
