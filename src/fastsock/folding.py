"""Flows: connections folded by direction, by the port of their service, by peer and by owner.

A hundred thousand rows are a few dozen flows: who talks to which of our services, and to whom we
talk. Which of its two ports is the service's is told by direction: a connection is inbound where
its local port is one that its own network namespace listens on, for its protocol, and else
outbound. Over loopback both ends are here, and each is a row of its own: inbound at the server,
outbound at the client. It is what `inbound` and `outbound` mean in an expression.

The kernel does not tell which end began. So the listeners are looked up first, and a connection
whose listener has been closed since counts as outbound. Namespaces whose numbers may not be read
cannot be told apart: a port that one listens on is one for all of them, and `incomplete` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from fastsock.columns import OPTIONAL_NAMES
from fastsock.conductor import Join, Question, refuse_words, stream_tables
from fastsock.errors import FilterError
from fastsock.filter import build_filter
from fastsock.implementation import COMPILED, group
from fastsock.table import GROUP_KEYS, OWNER_KEYS, dict_of_key, key_value
from fastsock.tcp import GROUPS, UNIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, overload

    from fastsock import _evaluate as evaluate, _folding as storage
    from fastsock.evaluation import PortTables
    from fastsock.expression import Expression
    from fastsock.implementation import table
    from fastsock.table import Incomplete, SocketTable
elif COMPILED:  # not in `implementation`: most questions fold nothing
    from fastsock import _evaluate as evaluate, _folding as storage
else:
    from fastsock import _evaluate_py as evaluate, _folding_py as storage

INBOUND, OUTBOUND = "inbound", "outbound"
FLOW = ("direction", "service_port", "peer")

# What flows(by=) takes. The ends of a connection are told by FLOW, but for our address.
_ENDS = frozenset(("local_port", "remote_port", "remote_address"))
FLOW_KEYS = (*FLOW, *(key for key in GROUP_KEYS if key not in _ENDS))

# What flows(sort=) takes.
ORDERS = ("count", "rx_queue", "tx_queue")


class Flow:
    """Connections that are alike in the keys of `by`: `key` has their values, in that order.

    Each key is an attribute, too: `flow.direction` ("inbound" or "outbound"), `flow.service_port`,
    `flow.peer` (the remote address), `flow.command`, …; what it is for sockets without an owner,
    and how text is kept, is said at Groups. `total` connections are in it, `established` of them in
    that state and `other` in another; `rx_queue` and `tx_queue` are the bytes in their queues
    together, not yet read and not yet acknowledged.
    """

    __slots__ = ("by", "key", "total", "established", "rx_queue", "tx_queue")

    def __init__(
        self,
        by: tuple[str, ...],
        key: tuple[Any, ...],
        total: int,
        established: int,
        rx_queue: int,
        tx_queue: int,
    ) -> None:
        self.by = by
        self.key = key
        self.total = total
        self.established = established
        self.rx_queue = rx_queue
        self.tx_queue = tx_queue

    @property
    def other(self) -> int:
        return self.total - self.established

    def __getattr__(self, name: str) -> Any:
        if name not in FLOW_KEYS:  # `by` itself among them: copy asks a flow that is still empty
            raise AttributeError(f"a flow has no {name!r}")
        if name in self.by:
            return self.key[self.by.index(name)]
        raise AttributeError(f"a flow by {', '.join(self.by)} has no {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Flow):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        named = " ".join(f"{name}={value}" for name, value in zip(self.by, self.key, strict=True))
        return f"<Flow {named}: {self.total}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: the keys by name, `owner_state` where one is null, numbers."""
        return {
            **dict_of_key(zip(self.by, self.key, strict=True)),
            "established": self.established,
            "other": self.other,
            "total": self.total,
            "rx_queue": self.rx_queue,
            "tx_queue": self.tx_queue,
        }


class Flows(Sequence[Flow]):
    """The answer of `flows`: the largest first; each Flow is made when it is asked for.

    `by` and `sort` are what was asked for. `inbound` and `outbound` connections were looked at,
    each once; flows by owners may add up to more, since a socket that processes share is in the
    flow of each. `sources`, `incomplete` and `elapsed` (seconds) are as of every answer.
    """

    def __init__(self, by: tuple[str, ...], sort: str = "count") -> None:
        self.by = by
        self.sort = sort
        self.inbound = 0
        self.outbound = 0
        self.sources: Mapping[str, str] = MappingProxyType({})
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0
        self._columns = ["remote_address" if key == "peer" else key for key in by]
        self._grouper = group.Grouper(self._columns, sums=True)
        self._ranks: table.Column | None = None

    def fold(
        self, rows: SocketTable, listening: PortTables, pids: Iterable[int] | None = None
    ) -> None:
        """Add connections; `listening` are the ports that are listened on, as of `note_listening`.

        With `pids` only owners among these count.
        """
        inbound = evaluate.mark_listening(rows, listening)
        came = len(evaluate.marked(inbound))
        self.inbound += came
        self.outbound += len(rows) - came
        beside = {"direction": inbound, "service_port": storage.service_ports(rows, inbound)}
        self._grouper.add(rows, pids=pids, beside=beside)
        self._ranks = None

    @property
    def _order(self) -> table.Column:
        if self._ranks is None:
            self._ranks = storage.rank(self._grouper, self.sort)
        return self._ranks

    def __len__(self) -> int:
        return len(self._grouper)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Flow: ...

        @overload
        def __getitem__(self, index: slice) -> list[Flow]: ...

    def __getitem__(self, index: int | slice) -> Flow | list[Flow]:
        if isinstance(index, slice):
            return [self._flow(n) for n in range(len(self))[index]]
        return self._flow(range(len(self))[index])

    def __iter__(self) -> Iterator[Flow]:
        return map(self._flow, range(len(self)))

    def _flow(self, n: int) -> Flow:
        values, *numbers = self._grouper.sums(self._order[n])
        named = zip(self._columns, values, strict=True)
        key = tuple(_DIRECTIONS[v] if k == "direction" else key_value(k, v) for k, v in named)
        return Flow(self.by, key, *numbers)

    def __repr__(self) -> str:
        return f"<Flows by {','.join(self.by)}: {len(self)}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object of the whole; those of the flows are theirs."""
        return {
            "by": list(self.by),
            "sort": self.sort,
            "connections": {
                INBOUND: self.inbound,
                OUTBOUND: self.outbound,
                "total": self.inbound + self.outbound,
            },
        }


_DIRECTIONS = (OUTBOUND, INBOUND)  # by the mark of a row


def flows(
    expression: str | Expression | None = None,
    *,
    by: str | Iterable[str] = FLOW,
    sort: str = "count",
    **question: Any,
) -> Flows:
    """Return the connections that are selected, folded by the keys of `by`, the largest first.

    `by` names one key or several, as text with commas or one by one: direction, service_port, peer,
    and what `count` takes but for ports and the remote address. By pid, command, cgroup, unit,
    container or pod takes owners, which cost more than all the rest (proc_pid_fd(5), ptrace(2)).
    `sort` is count, rx_queue or tx_queue. `expression` and `question` as for `scan`, but for
    `owners` and `fields`, which `by` implies; of UDP only connected sockets are connections.

    No row is kept: memory grows with the flows, about 100 bytes for each, and time with the rows.
    Raises as `scan`, FilterError where listeners or UNIX sockets are asked for, and ValueError for
    a key or an order that there is not.
    """
    refuse_words("flows", question, "fields", "owners")
    keys = check_flow_keys(by)
    if sort not in ORDERS:
        raise ValueError(f"cannot sort by {sort!r}; flows are sorted by {', '.join(ORDERS)}")
    made = Flows(keys, sort)
    owners = not OWNER_KEYS.isdisjoint(keys)
    fields = tuple(key for key in keys if key in OPTIONAL_NAMES)
    asked = Question(expression, fields=fields, owners=owners, **_ask_for_connections(question))
    join = Join(asked, asked.fields) if owners or asked.needs_owners else None
    listening = asked.find_listening()
    for rows in stream_tables(asked, join, asked.fields):
        made.fold(rows, listening, None if join is None else join.pids)
    context = asked.finish()
    made.sources, made.incomplete = context["sources"], context["incomplete"]
    made.elapsed = context["elapsed"]
    return made


def check_flow_keys(by: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of `by` as a tuple; ValueError for what is no key."""
    keys = tuple(by.split(",")) if isinstance(by, str) else tuple(by)
    for key in keys:
        if key not in FLOW_KEYS:
            raise ValueError(f"cannot fold by {key!r}; keys are {' '.join(FLOW_KEYS)}")
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"fold by one key or several different ones, not {by!r}")
    return keys


def _ask_for_connections(question: dict[str, Any]) -> dict[str, Any]:
    """Return a question without listeners; FilterError where it is about nothing else."""
    given = {name: question[name] for name in ("protocol", "state") if question.get(name)}
    asked = build_filter(**given).terms
    if UNIX in asked.get("protocol", ()):
        raise FilterError("flows: UNIX sockets have no ports; ask for protocol tcp or udp")
    states = asked.get("state", GROUPS["connected"]) & GROUPS["connected"]
    if not states:
        raise FilterError("flows: a socket in LISTEN or CLOSE has no peer; ask for other states")
    return {**question, "state": states}
