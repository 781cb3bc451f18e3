"""Listeners and what waits for them: is the accept queue full, the SYN queue, and why?

For each listener: its owners, its accept queue and the limit of that, the handshakes that are half
open, the connections that nobody has accepted, and a verdict (backlog_verdicts.py). For its network
namespace: what the kernel has counted, by how much that has grown, and how it is set (counters.py).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence

from fastsock.conductor import Question, listeners
from fastsock.diagnose.backlog_verdicts import Facts, Verdict, judge
from fastsock.diagnose.counters import COUNTERS, Space, read_spaces
from fastsock.diagnose.queues import (
    FIELDS,
    WAITING,
    Listening,
    Queue,
    Queues,
    list_listening,
    read_queues,
)
from fastsock.diagnose.snapshot import Snapshot, read_boot_id
from fastsock.errors import ComparisonError, FilterError
from fastsock.filter import Filter, build_filter
from fastsock.implementation import match
from fastsock.table import Incomplete, Socket, SocketTable
from fastsock.tcp import TCP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.expression import Expression

# Of a socket, what is said of a listener.
_KEPT = (
    *("protocol", "family", "local_address", "local_port", "netns", "uid", "inode", "cookie"),
    *("owners", "owner_state"),
)

# Words of a question that say where to look and not at which sockets.
_WHERE = ("netns", "procfs", "engine", "threads", "pid", "command", "cgroup")

_LONGEST = 1e9  # seconds between two looks: what time.sleep() takes anywhere


class Listener:
    """A listener, what waits for it, and the verdict.

    `socket` has its address and owners. `queue` is its accept queue, `limit` how long that may be
    before the kernel refuses (it refuses above, so that there may be one more), None where the
    engine does not tell. `syn_recv` counts the handshakes towards its address that are half open,
    `syn_recv_repeated` those of them whose SYN-ACK was sent again; `unaccepted` the connections
    that no descriptor holds yet: one that was reset since is in `queue` alone. `sharing` listeners
    have the same address (SO_REUSEPORT), and these three are of all of them. `drops` is how many
    packets it has dropped since it was made and `dropped` how many in the interval, None where that
    is not known: the kernel tells it over netlink only. `facts` are the numbers that the verdict
    rests on.
    """

    __slots__ = (
        "socket",
        "queue",
        "limit",
        "syn_recv",
        "syn_recv_repeated",
        "unaccepted",
        "sharing",
        "drops",
        "dropped",
        "facts",
        "verdict",
    )

    def __init__(self, socket: Socket, queue: Queue, facts: Facts) -> None:
        self.socket = socket
        self.queue = facts.queue
        self.limit = facts.limit
        self.syn_recv = queue.half_open
        self.syn_recv_repeated = queue.repeated
        self.unaccepted = len(queue.waiting)
        self.sharing = len(queue.listeners)
        self.drops = facts.drops
        self.dropped = facts.dropped
        self.facts = facts
        self.verdict: Verdict = judge(facts)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        told = self.socket.as_dict()
        return {
            **{name: told[name] for name in _KEPT if name in told},
            "queue": self.queue,
            "limit": self.limit,
            "syn_recv": self.syn_recv,
            "syn_recv_repeated": self.syn_recv_repeated,
            "unaccepted": self.unaccepted,
            "sharing": self.sharing,
            "drops": self.drops,
            "dropped": self.dropped,
            **self.verdict.as_dict(),
        }

    def __repr__(self) -> str:
        place = f"{self.socket.local_address} {self.socket.local_port}"
        return f"<Listener {place} {self.queue}/{self.limit} {self.verdict.kind}>"


class Growth:
    """By how much the counters of a namespace have grown in `seconds`."""

    __slots__ = ("seconds", "counters")

    def __init__(self, seconds: float, counters: Mapping[str, int]) -> None:
        self.seconds = seconds
        self.counters = counters

    def rate(self, counter: str) -> float | None:
        """Return the growth a second; None for a counter that this kernel does not have."""
        grown = self.counters.get(counter)
        return None if grown is None else grown / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object, with the counters of COUNTERS."""
        return {
            "seconds": round(self.seconds, 3),
            "grown": {name: self.counters.get(name) for name in COUNTERS},
            "per_second": {
                name: None if (rate := self.rate(name)) is None else round(rate, 3)
                for name in COUNTERS
            },
        }

    def __repr__(self) -> str:
        return f"<Growth in {self.seconds:.3g} s>"


class Backlog:
    """The answer of `backlog`: `listeners`, and by netns their `spaces` and the `growth` of these.

    `boot_id`, `time` (seconds since 1970) and `monotonic` (since boot, CLOCK_BOOTTIME) are of the
    moment when the counters were read; `seconds` is the interval that it compares with, None
    without one. `sources`, `incomplete` and `elapsed` are as of every answer. What this and the
    next look have in common makes the next one's interval.
    """

    __slots__ = (
        "listeners",
        "spaces",
        "growth",
        "boot_id",
        "time",
        "monotonic",
        "seconds",
        "sources",
        "incomplete",
        "elapsed",
        "_queues",
    )

    def __init__(self, *, boot_id: str, time: float, monotonic: float) -> None:
        self.boot_id = boot_id
        self.time = time
        self.monotonic = monotonic
        self.listeners: list[Listener] = []
        self.spaces: Mapping[int, Space] = {}
        self.growth: Mapping[int, Growth] = {}
        self.seconds: float | None = None
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0
        self._queues = Queues(())

    @property
    def findings(self) -> list[Listener]:
        """The listeners with which something is wrong for certain."""
        return [one for one in self.listeners if one.verdict.finding]

    def spaces_as_dicts(self) -> list[dict[str, Any]]:
        """Return the JSON objects of the namespaces: with COUNTERS and the settings."""
        made = []
        for inode, space in self.spaces.items():
            told = space.as_dict()
            told["counters"] = {name: space.counters.get(name) for name in COUNTERS}
            growth = self.growth.get(inode)
            told["interval"] = None if growth is None else growth.as_dict()
            made.append(told)
        return made

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "boot_id": self.boot_id or None,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "findings": len(self.findings),
            "namespaces": self.spaces_as_dicts(),
            "listeners": [one.as_dict() for one in self.listeners],
        }

    def __repr__(self) -> str:
        return f"<Backlog of {len(self.listeners)} listeners, {len(self.findings)} findings>"


def backlog(
    expression: str | Expression | None = None,
    *,
    since: Backlog | Snapshot | None = None,
    **question: Any,
) -> Backlog:
    """Return TCP's listeners with what waits for them, and a verdict of each.

    `expression` and `question` select listeners, as for `scan`; of TCP, and in LISTEN. `since` is
    an earlier answer, or a snapshot, of the same boot and with the same namespaces: what has grown
    since then tells more than totals do.

    Owners need the rights of ptrace(2) as everywhere; settings of other network namespaces
    CAP_SYS_ADMIN. The limits of queues and a listener's own drops are told by sock_diag(7) alone,
    and by no /proc. Raises as `scan`, and ComparisonError for a `since` that nothing can be
    compared with.
    """
    started = time.perf_counter()
    _check_question(question)
    procfs = os.fspath(question.get("procfs", "/proc"))
    where = {name: question[name] for name in _WHERE if name in question}
    around = Question(expression, fields=FIELDS, **where)

    spaces, missing = read_spaces(procfs, around.namespaces)
    made = Backlog(
        boot_id=read_boot_id(procfs),
        time=time.time(),
        monotonic=time.clock_gettime(time.CLOCK_BOOTTIME),
    )
    made.spaces = _by_inode(spaces)
    earlier = None
    if since is not None:
        made.seconds = _count_seconds(made, since)
        made.growth = _compare_spaces(made, since)
        earlier = since._queues if isinstance(since, Backlog) else read_queues(since.sockets)
        if len(made.growth) < len(made.spaces):
            around.miss(
                "namespaces without an earlier look",
                len(made.spaces) - len(made.growth),
                "they are not in what is compared with",
                "",
            )
    made._queues = queues = _read_all(around)
    context = around.finish()

    # Owners last: to find them takes longest, and the numbers above belong to one moment.
    question["state"], question["protocol"] = State.LISTEN, "tcp"
    owned = listeners(expression, **question)
    made.listeners = [
        _describe(one, seen, made, earlier)
        for one in list_listening(owned)
        if (seen := queues.again(one)) is not None  # else it came since
    ]
    made.listeners.sort(key=_order)
    made.sources = {**owned.sources, **context["sources"]}  # the numbers are of the first look
    entries = (*context["incomplete"], *missing, *owned.incomplete)
    made.incomplete = tuple(entry for n, entry in enumerate(entries) if entry not in entries[:n])
    made.elapsed = time.perf_counter() - started
    return made


def watch_backlog(
    interval: float,
    expression: str | Expression | None = None,
    *,
    since: Backlog | Snapshot | None = None,
    samples: int | None = None,
    **question: Any,
) -> Iterator[Backlog]:
    """Yield `backlog` now, and then every `interval` seconds what has come since the look before.

    Ends after `samples` intervals; without it, never. Raises ValueError for an interval that is
    none, and at each look as `backlog` does: NoSuchProcess when the process that it is asked for
    has ended.
    """
    if not (math.isfinite(interval) and 0 < interval <= _LONGEST):
        raise ValueError(f"an interval is a number of seconds above 0, not {interval!r}")
    if samples is not None and samples < 1:
        raise ValueError(f"samples is a number of intervals, not {samples!r}")
    return _watch(interval, expression, since, samples, question)


def _watch(
    interval: float,
    expression: str | Expression | None,
    since: Backlog | Snapshot | None,
    samples: int | None,
    question: dict[str, Any],
) -> Iterator[Backlog]:
    before = backlog(expression, since=since, **question)
    yield before
    taken = 0
    while samples is None or taken < samples:
        # From look to look, as the counters are read first. What took longer is not made up for.
        slept = time.clock_gettime(time.CLOCK_BOOTTIME) - before.monotonic
        time.sleep(max(0.0, interval - slept))
        before = backlog(expression, since=before, **question)
        yield before
        taken += 1


def _check_question(question: Mapping[str, Any]) -> None:
    """Raise FilterError where a question asks for other sockets than TCP's listeners."""
    asked = build_filter(
        **{name: question[name] for name in ("protocol", "state") if question.get(name)}
    )
    if asked.terms.get("protocol", {TCP}) != {TCP}:
        raise FilterError("backlog: only TCP has handshakes; ask for protocol tcp alone")
    if asked.terms.get("state", {State.LISTEN}) != {State.LISTEN}:
        raise FilterError("backlog: only listeners have a backlog; ask for state listen alone")


def _by_inode(spaces: Sequence[Space]) -> dict[int, Space]:
    """Return namespaces by number. Of those without one the rows do not tell whose they are."""
    found = {space.inode: space for space in spaces if space.inode}
    nameless = [space for space in spaces if not space.inode]
    if len(nameless) == 1:
        found[0] = nameless[0]
    return found


def _count_seconds(now: Backlog, since: Backlog | Snapshot) -> float:
    if not now.boot_id or now.boot_id != since.boot_id:
        raise ComparisonError(
            "counters cannot be compared: this is another boot, or another host"
            if now.boot_id and since.boot_id
            else "counters cannot be compared: it is not known that both are of one boot"
        )
    seconds = now.monotonic - since.monotonic
    if seconds <= 0:
        raise ComparisonError("counters cannot be compared: what is compared with is not earlier")
    return seconds


def _compare_spaces(now: Backlog, since: Backlog | Snapshot) -> dict[int, Growth]:
    """Return the growth of each namespace that was there; ComparisonError where none was."""
    assert now.seconds is not None
    found = {}
    for inode, space in now.spaces.items():
        before = since.spaces.get(inode)
        if not inode or before is None or not before.counters or not space.counters:
            continue
        grown = {
            name: value - before.counters[name]
            for name, value in space.counters.items()
            if name in before.counters
        }
        if any(grown.get(name, 0) < 0 for name in COUNTERS):
            raise ComparisonError(
                f"counters cannot be compared: those of network namespace {inode} have gone back, "
                "so that it is another one of that number"
            )
        found[inode] = Growth(now.seconds, grown)
    if now.spaces and not found:
        raise ComparisonError(
            "counters cannot be compared: no network namespace that is asked for was in it"
        )
    return found


def _read_all(around: Question) -> Queues:
    """Return the queues of all listeners of the namespaces, whoever is asked for.

    First the listeners, and of the rest only what can be theirs: without an inode, and for
    connections at the ports of those whose accept queue is not empty.
    """
    queues = Queues(list_listening(_read_table(around, build_filter(state=State.LISTEN))))
    queues.add_half_open(_read_table(around, build_filter(state=State.SYN_RECV, inode=0)))
    ports = sorted({one.socket.local_port for one in queues.listeners if one.socket.rx_queue})
    if ports:
        want = build_filter(state=WAITING, inode=0, local_port=ports)
        queues.add_waiting(_read_table(around, want))
    return queues


def _read_table(around: Question, want: Filter) -> SocketTable:
    want = want.with_term("protocol", [TCP])
    table = around.engine.sockets(want, around.namespaces, around.fields)
    return table if around.engine.exact else table.pick(match.Matcher(want).select(table))


def _describe(owned: Listening, seen: Listening, now: Backlog, earlier: Queues | None) -> Listener:
    """Return a listener by what was seen of it, with the owners that were found afterwards."""
    netns = seen.place[0]
    queue = now._queues.places[seen.place]
    growth = now.growth.get(netns)
    before = None if earlier is None else earlier.again(seen)
    dropped = None
    if before is not None and before.drops is not None and seen.drops is not None:
        dropped = max(0, seen.drops - before.drops)
    facts = Facts(
        queue=seen.socket.rx_queue,
        limit=seen.socket.backlog_limit,
        half_open=queue.half_open,
        repeated=queue.repeated,
        sharing=len(queue.listeners),
        shared_limit=queue.room,
        drops=seen.drops,
        seconds=now.seconds,
        dropped=dropped,
        stayed=None if before is None or earlier is None else _count_stayed(before, earlier, queue),
        grown=None if growth is None else growth.counters,
        alone=_is_alone(seen, now._queues, earlier),
        listeners=len(now._queues.namespaces[netns]),
        space=now.spaces.get(netns),
    )
    return Listener(owned.socket, queue, facts)


def _count_stayed(before: Listening, earlier: Queues, queue: Queue) -> int | None:
    """Return how many waited for a listener, if all of them still do: nothing has been accepted.

    The queue is first in, first out (inet_csk_accept, net/ipv4/inet_connection_sock.c). That one
    has gone proves nothing: its peer may have reset it. Of listeners that share an address it is
    not known whose each connection is, but when all are still there, so are those of this one.
    """
    waited = earlier.places[before.place].waiting
    if not waited or not waited <= queue.waiting:
        return None
    return min(len(waited), before.socket.rx_queue) or None


def _is_alone(one: Listening, queues: Queues, earlier: Queues | None) -> bool:
    """Whether it is, and was, its namespace's only listener: so that the counters are its own."""
    if earlier is None:
        return False
    netns = one.place[0]
    then, now = earlier.namespaces.get(netns, ()), queues.namespaces[netns]
    return len(then) == len(now) == 1 and earlier.again(one) is then[0]


def _order(one: Listener) -> tuple[object, ...]:
    socket = one.socket
    return (
        socket.field("netns"),
        socket.local_port,
        socket.field("family"),
        socket.field("local_address"),
        socket.inode,
    )
