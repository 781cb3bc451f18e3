"""What was seen, as families of Prometheus' metrics.

    fastsock_sockets{family="ipv4",netns="own",protocol="tcp",state="close_wait"} 3.0

Names follow Prometheus' conventions (base units, _total for counters, _info for what is a text),
states are in lower case as node_exporter has them. States that a protocol can be in are always
there, also with 0: a series that comes and goes can neither be subtracted nor alerted on. A value
that nobody could read is left out: it is not 0.

How many series there may be is bounded by the limits of a look: for each namespace that is told
apart, for all others together and for those without a number together 26 counts (29 with UNIX
sockets), and for each of the first 12 more; three for each listener; 13 (16) for each group of
owners; and some 40 about the exporter itself. At most 100 namespaces, 500 listeners and 20 groups,
if not told otherwise: 5,800, of which a host with one namespace and 20 listeners has 140.
Namespaces without a name, and processes by their number, come and go: each is new to Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

import fastsock
from fastsock.exporter.look import Holder, Limits, Look, take_look
from fastsock.implementation import COMPILED
from fastsock.tcp import PROTOCOLS, TCP, UDP, UNIX, State, state_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from prometheus_client.core import Metric

# The states that sockets of a protocol can be in. Others are told when there are such.
STATES = {
    TCP: tuple(State),
    UDP: (State.ESTABLISHED, State.CLOSE),
    UNIX: (State.ESTABLISHED, State.CLOSE, State.LISTEN),
}

# The kernel's counter, what it is called here, and what it counts.
COUNTERS = {
    "ListenOverflows": (
        "fastsock_listen_overflows",
        "Handshakes that found the accept queue of a listener full (TcpExt ListenOverflows).",
    ),
    "ListenDrops": (
        "fastsock_listen_drops",
        "Packets that listeners dropped, for whatever reason (TcpExt ListenDrops).",
    ),
    "TCPReqQFullDoCookies": (
        "fastsock_request_queue_full_cookies",
        "SYNs answered with a cookie for want of room (TcpExt TCPReqQFullDoCookies).",
    ),
    "TCPReqQFullDrop": (
        "fastsock_request_queue_full_drops",
        "SYNs dropped for want of room, SYN cookies being off (TcpExt TCPReqQFullDrop).",
    ),
    "SyncookiesSent": (
        "fastsock_syncookies_sent",
        "SYN cookies sent (TcpExt SyncookiesSent).",
    ),
    "SyncookiesRecv": (
        "fastsock_syncookies_received",
        "Connections made by a SYN cookie that came back (TcpExt SyncookiesRecv).",
    ),
    "SyncookiesFailed": (
        "fastsock_syncookies_failed",
        "SYN cookies that came back wrong or too late (TcpExt SyncookiesFailed).",
    ),
    "TCPTimeWaitOverflow": (
        "fastsock_time_wait_overflows",
        "Sockets that could not wait in TIME_WAIT (TcpExt TCPTimeWaitOverflow).",
    ),
}

# What a family of sockets by owner is called.
OWNED = {
    "command": "fastsock_command_sockets",
    "unit": "fastsock_unit_sockets",
    "container": "fastsock_container_sockets",
    "pod": "fastsock_pod_sockets",
    "pid": "fastsock_process_sockets",
}


class Collector:
    """Looks each time that a registry of prometheus_client collects.

    `question`, `by` and `limits` are as for `take_look`, which it raises the errors of. It neither
    shares looks nor ends late ones: the exporter's server does.
    """

    def __init__(
        self, *, by: Sequence[str] = (), limits: Limits | None = None, **question: Any
    ) -> None:
        self._by = tuple(by)
        self._limits = limits
        self._question = question

    def collect(self) -> Iterator[Metric]:
        """Look, and yield all families."""
        yield from make_families(take_look(by=self._by, limits=self._limits, **self._question))

    def describe(self) -> Iterator[Metric]:
        """Yield the families without samples, so that a registry knows their names."""
        for metric in make_families(Look()):
            metric.samples.clear()
            yield metric
        for key in self._by:
            yield _owned(key, ())


def make_families(look: Look) -> Iterator[Metric]:
    """Yield the families of a look."""
    yield _sockets(look)
    yield from _listeners(look)
    for counter, (name, text) in COUNTERS.items():
        family = CounterMetricFamily(name, text, labels=("netns",))
        for netns, space in look.spaces.items():
            if counter in space.counters:
                family.add_metric((netns,), space.counters[counter])
        yield family
    yield from _limits(look)
    for key, holders in look.holders.items():
        yield _owned(key, holders)
    yield from _about(look)


def _sockets(look: Look) -> Metric:
    family = GaugeMetricFamily(
        "fastsock_sockets",
        "Sockets by protocol, family, state and network namespace.",
        labels=("protocol", "family", "state", "netns"),
    )
    for (netns, protocol, name), states in look.counts.items():
        for state, number in _each_state(protocol, states):
            family.add_metric((protocol, name, state, netns), number)
    return family


def _each_state(protocol: str, counts: Mapping[int, int]) -> Iterator[tuple[str, int]]:
    """Yield all states of a protocol with their numbers, and others that there are."""
    for state in dict.fromkeys((*STATES[PROTOCOLS[protocol]], *counts)):
        yield state_name(state).lower().replace("-", "_"), counts.get(state, 0)


def _listeners(look: Look) -> Iterator[Metric]:
    labels = ("address", "port", "netns")
    queues = GaugeMetricFamily(
        "fastsock_listener_accept_queue",
        "Connections that wait to be accepted; of listeners that share an address, of the fullest.",
        labels=labels,
    )
    limits = GaugeMetricFamily(
        "fastsock_listener_accept_queue_limit",
        "How many connections may wait: the kernel refuses above it. Of the same listener.",
        labels=labels,
    )
    sockets = GaugeMetricFamily(
        "fastsock_listener_sockets",
        "Listeners that have this address (SO_REUSEPORT).",
        labels=labels,
    )
    for one in look.listeners:
        place = one.address, str(one.port), one.netns
        queues.add_metric(place, one.queue)
        sockets.add_metric(place, one.sockets)
        if one.limit is not None:
            limits.add_metric(place, one.limit)
    yield from (queues, limits, sockets)


def _limits(look: Look) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "fastsock_time_wait_limit",
        "How many sockets may be in TIME_WAIT (net.ipv4.tcp_max_tw_buckets).",
        labels=("netns",),
    )
    for netns, space in look.spaces.items():
        number = space.number("tcp_max_tw_buckets")
        if number is not None:
            waiting.add_metric((netns,), number)
    taken = GaugeMetricFamily(
        "fastsock_local_ports_used",
        "Local ports that connections take towards the one destination that takes most of them.",
        labels=("netns",),
    )
    there = GaugeMetricFamily(
        "fastsock_local_ports_limit",
        "Local ports that connect(2) may choose from for one destination "
        "(net.ipv4.ip_local_port_range without ip_local_reserved_ports).",
        labels=("netns",),
    )
    for netns, (used, limit) in look.ports.items():
        taken.add_metric((netns,), used)
        there.add_metric((netns,), limit)
    yield from (waiting, taken, there)


def _owned(key: str, holders: Iterable[Holder]) -> Metric:
    names = ("pid", "command") if key == "pid" else (key,)
    family = GaugeMetricFamily(
        OWNED[key],
        f"Sockets by {' and '.join(names)} of who holds them, the largest groups.",
        labels=(*names, "owner_state", "protocol", "state"),
    )
    for holder in holders:
        for protocol, states in holder.states.items():
            for state, number in _each_state(protocol, states):
                family.add_metric((*holder.values, holder.owner_state, protocol, state), number)
    return family


def _about(look: Look) -> Iterator[Metric]:
    spaces = InfoMetricFamily(
        "fastsock_netns", "The number of each network namespace that is told apart.", labels=()
    )
    for netns, space in look.spaces.items():
        if space.inode:
            spaces.add_metric((), {"netns": netns, "inode": str(space.inode)})
    yield spaces
    yield GaugeMetricFamily(
        "fastsock_scan_duration_seconds", "How long the look took.", value=look.elapsed
    )
    incomplete = GaugeMetricFamily(
        "fastsock_scan_incomplete",
        "How many of what could not be seen, 1 where nobody knows how many; absent if nothing.",
        labels=("what",),
    )
    missing: dict[str, int] = {}
    for entry in look.incomplete:
        what = re.sub("[^a-z0-9]+", "_", str(entry["what"]).lower()).strip("_")
        missing[what] = missing.get(what, 0) + (entry["count"] or 1)
    for what, count in missing.items():
        incomplete.add_metric((what,), count)
    yield incomplete
    sources = InfoMetricFamily("fastsock_scan_source", "Which engine told what.", labels=())
    for what, engine in look.sources.items():
        sources.add_metric((), {"what": what, "engine": engine})
    yield sources
    yield InfoMetricFamily(
        "fastsock_build",
        "The version of fastsock, and whether it is compiled.",
        value={"version": fastsock.__version__, "compiled": str(COMPILED).lower()},
    )
