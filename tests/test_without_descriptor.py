"""What to ask of sock_diag after a pass over descriptors: decided by what the kernel counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import pytest

from fastsock.engines.movement import Census, list_moved, parse_census, read_census, read_movement
from fastsock.engines.namespaces import Namespace, read_inode
from fastsock.engines.without_descriptor import ALL_OF_TCP, ALL_OF_UDP, SELDOM_HELD, Gap
from fastsock.filter import ALL, Filter
from fastsock.tcp import TCP, UDP, State

HERE, ELSEWHERE = 4026531840, 4026532000
SELDOM = ALL_OF_TCP.with_term("state", SELDOM_HELD)
Note = tuple[str, int, int]


def established_at(*ports: int) -> Filter:
    """What a listener's queue holds: connections to its port."""
    established = ALL_OF_TCP.with_term("state", [State.ESTABLISHED])
    return established.with_term("local_port", {(port, port) for port in ports})


def count(tcp: int = 10, udp: int = 4, time_wait: int = 0, opened: int | None = 50) -> Census:
    return Census(tcp, udp, time_wait, opened, (tcp, time_wait, opened))


def gap(
    before: Census | None,
    queued: Collection[int] | None = (),
    notes: Sequence[Note] = (),
    tcp: int = 10,
    udp: int = 4,
) -> Gap:
    found = {(HERE, TCP): tcp, (HERE, UDP): udp, (ELSEWHERE, TCP): 77, (ELSEWHERE, UDP): 78}
    return Gap(HERE, before, None if queued is None else set(queued), notes, found)


STILL = count()
GROWN = count(tcp=12, opened=52)


class Case(NamedTuple):
    """What was counted and met, and what is asked for that."""

    before: Census | None
    after: Census | None
    asked: list[Filter]
    notes: Sequence[Note] = ()
    queued: Collection[int] | None = ()
    tcp: int = 10


CASES = {
    "quiet and equal": Case(STILL, STILL, []),
    "quiet and equal, queues unknown": Case(STILL, STILL, [], queued=None),
    "quiet, some in TIME_WAIT": Case(count(time_wait=3), count(time_wait=3), [SELDOM]),
    "quiet, some in SYN_RECV": Case(STILL, STILL, [SELDOM], [("requests", HERE, 80)]),
    "quiet, fewer met": Case(STILL, STILL, [SELDOM], tcp=9),
    "quiet, more met": Case(STILL, STILL, [SELDOM], tcp=11),
    "quiet, nothing met": Case(STILL, STILL, [SELDOM], tcp=0),
    "quiet, a queue now": Case(
        STILL, STILL, [SELDOM, established_at(80)], [("queued", HERE, 80)], tcp=9
    ),
    "quiet, queues before and now": Case(
        STILL,
        STILL,
        [SELDOM, established_at(80, 81, 443)],
        [("queued", HERE, 80), ("queued", HERE, 81)],
        {81, 443},
        9,
    ),
    "quiet, a queue now, before unknown": Case(
        STILL, STILL, [SELDOM, established_at(80)], [("queued", HERE, 80)], None, 9
    ),
    # A queue and the right number: whoever was in it has been accepted, and met.
    "a queue before that all were met of": Case(STILL, STILL, [], queued={80}),
    "moved": Case(STILL, GROWN, [SELDOM]),
    "moved, a queue before": Case(STILL, GROWN, [SELDOM, established_at(80)], queued={80}),
    "moved, queues unknown": Case(STILL, GROWN, [ALL_OF_TCP], queued=None),
    "moved, and the right number": Case(STILL, GROWN, [SELDOM], tcp=12),
    "moved, a queue now, before unknown": Case(
        STILL, GROWN, [ALL_OF_TCP], [("queued", HERE, 80)], None
    ),
    "in flight somewhere": Case(STILL, STILL, [ALL_OF_TCP], [("in flight", 0, 0)]),
    "held by a ring": Case(STILL, STILL, [ALL_OF_TCP], [("rings", 0, 0)]),
    "MPTCP here": Case(STILL, STILL, [ALL_OF_TCP], [("subflows", HERE, 0)]),
    "MPTCP elsewhere": Case(STILL, STILL, [], [("subflows", ELSEWHERE, 0)]),
    "a queue elsewhere": Case(STILL, GROWN, [SELDOM], [("queued", ELSEWHERE, 80)]),
    "SYN_RECV elsewhere": Case(STILL, STILL, [], [("requests", ELSEWHERE, 80)]),
    "in flight, and a queue": Case(
        STILL, STILL, [ALL_OF_TCP], [("queued", HERE, 80), ("in flight", 0, 0)]
    ),
    "not counted before": Case(None, STILL, [ALL_OF_TCP]),
    "not counted after": Case(STILL, None, [ALL_OF_TCP]),
    "never counted": Case(None, None, [ALL_OF_TCP]),
    "births untold": Case(count(opened=None), count(opened=None), [ALL_OF_TCP]),
    "births untold before": Case(count(opened=None), STILL, [ALL_OF_TCP]),
    "births untold after": Case(STILL, count(opened=None), [ALL_OF_TCP]),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_asked_first(case: Case) -> None:
    one = gap(case.before, case.queued, case.notes, case.tcp)
    assert one.ask_first(case.after) == case.asked
    if case.asked in ([], [ALL_OF_TCP]):  # there is nothing more to ask
        for after in (count(tcp=1000), None):
            assert one.ask_again(after, 0) == []


def test_what_is_asked_first_leaves_nothing_a_process_seldom_holds() -> None:
    """Each state is asked for by itself, or is one that most sockets are in."""
    assert set(SELDOM_HELD) == set(State) - {State.ESTABLISHED, State.CLOSE}
    assert {State.TIME_WAIT, State.SYN_RECV, State.FIN_WAIT1, State.CLOSE_WAIT} <= SELDOM_HELD


class Again(NamedTuple):
    """`more` sockets came of the first question; whether all of TCP is asked for then."""

    before: Census
    after: Census | None
    more: int
    all: bool
    last: Census | None  # counted after the first question


AGAIN = {
    "quiet, all of them": Again(count(tcp=13), count(tcp=13), 3, False, count(tcp=13)),
    "quiet, one is missing": Again(count(tcp=13), count(tcp=13), 2, True, count(tcp=13)),
    "quiet, one too many": Again(count(tcp=13), count(tcp=13), 4, True, count(tcp=13)),
    # 15 of which 2 came meanwhile: 13 were there all the time.
    "moved, all that lasted": Again(STILL, GROWN, 3, False, count(tcp=15, opened=52)),
    "moved, more than lasted": Again(STILL, GROWN, 5, False, count(tcp=15, opened=52)),
    "moved, one that lasted is missing": Again(STILL, GROWN, 2, True, count(tcp=15, opened=52)),
    "moved, no births": Again(STILL, GROWN, 4, True, count(tcp=15)),
    "moved only after the first question": Again(
        count(tcp=13), count(tcp=13), 3, False, count(tcp=15, opened=52)
    ),
    "the namespace has ended": Again(STILL, GROWN, 3, True, None),
    "births untold then": Again(STILL, GROWN, 30, True, count(tcp=15, opened=None)),
}


@pytest.mark.parametrize("case", AGAIN.values(), ids=list(AGAIN))
def test_what_is_asked_again(case: Again) -> None:
    one = gap(case.before)
    assert one.ask_first(case.after) == [SELDOM]
    assert one.ask_again(case.last, case.more) == ([ALL_OF_TCP] if case.all else [])


@pytest.mark.parametrize(
    ("notes", "found", "after", "asked"),
    [
        ((), 4, STILL, False),
        ((), 3, STILL, True),
        ((), 5, STILL, True),
        ((), 0, count(udp=0), False),
        ((), 4, None, True),
        ([("in flight", 0, 0)], 4, STILL, True),
        ([("rings", 0, 0)], 4, STILL, True),
        ([("subflows", HERE, 0)], 4, STILL, False),
        ([("queued", HERE, 80), ("requests", HERE, 80)], 4, STILL, False),
        ((), 4, GROWN, False),  # TCP's births are not UDP's
    ],
)
def test_what_is_asked_of_udp(
    notes: Sequence[Note], found: int, after: Census | None, asked: bool
) -> None:
    for before in (STILL, None):
        one = gap(before, (), notes, udp=found)
        assert one.ask_datagrams(after) == ([ALL_OF_UDP] if asked else [])


def test_nothing_met_in_this_namespace() -> None:
    empty = Gap(HERE, count(tcp=0, udp=0), set(), [], {(ELSEWHERE, TCP): 3})
    assert empty.ask_first(count(tcp=0, udp=0)) == []
    assert empty.ask_datagrams(count(tcp=0, udp=0)) == []


# ------------------------------------------------------------------------- what the kernel counts

SOCKSTAT = b"""sockets: used 163
TCP: inuse 7 orphan 1 tw 2 alloc 12 mem 3
UDP: inuse 5 mem 2
UDPLITE: inuse 0
RAW: inuse 0
FRAG: inuse 0 memory 0
"""
SOCKSTAT6 = b"""TCP6: inuse 4
UDP6: inuse 3
UDPLITE6: inuse 0
RAW6: inuse 1
FRAG6: inuse 0 memory 0
"""
SNMP = b"""Ip: Forwarding DefaultTTL InReceives
Ip: 1 64 3456
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab
Tcp: 1 200 120000 -1 100 20 3 4 6
Udp: InDatagrams NoPorts
Udp: 5 6
"""


def parse(sockstat: bytes = SOCKSTAT + SOCKSTAT6, snmp: bytes = SNMP) -> Census:
    census = parse_census(sockstat, snmp)
    assert census is not None
    return census


def numbers(census: Census) -> tuple[int | None, ...]:
    return census.tcp, census.udp, census.time_wait, census.opened


def test_a_census() -> None:
    assert numbers(parse()) == (11, 8, 2, 120)
    assert parse().state == parse().state


@pytest.mark.parametrize(
    ("sockstat", "expected"),
    [
        (SOCKSTAT, (7, 5, 2, 120)),  # no IPv6
        (SOCKSTAT6 + SOCKSTAT, (11, 8, 2, 120)),
        (SOCKSTAT.replace(b"inuse 7 orphan 1 tw 2", b"tw 2 orphan 1 inuse 7"), (7, 5, 2, 120)),
        (SOCKSTAT.replace(b"UDP:", b"XDP:"), (7, 0, 2, 120)),
        (SOCKSTAT.replace(b"tw 2 ", b""), (7, 5, 0, 120)),
        (SOCKSTAT.replace(b"inuse 5 mem 2", b"inuse"), (7, 0, 2, 120)),  # cut
        (b"\n\n" + SOCKSTAT + b"\n", (7, 5, 2, 120)),
        (b"TCP:\n", (0, 0, 0, 120)),
    ],
)
def test_a_census_with_other_lines(sockstat: bytes, expected: tuple[int, ...]) -> None:
    assert numbers(parse(sockstat)) == expected


@pytest.mark.parametrize("sockstat", [b"", b"\n", SOCKSTAT6, SOCKSTAT.replace(b"TCP:", b"TCP4:")])
def test_no_census(sockstat: bytes) -> None:
    assert parse_census(sockstat, SNMP) is None


@pytest.mark.parametrize(
    ("snmp", "opened"),
    [
        (b"", None),
        (SNMP.replace(b"Tcp:", b"Sctp:"), None),
        (SNMP[: SNMP.index(b"Tcp: 1 ")], None),  # the names alone
        (SNMP.replace(b"PassiveOpens", b"Passive"), 100),
        (
            SNMP.replace(b"Tcp: RtoAlgorithm", b"Tcp: New RtoAlgorithm").replace(
                b"Tcp: 1", b"Tcp: 9 1"
            ),
            120,
        ),
    ],
)
def test_a_census_with_other_counters(snmp: bytes, opened: int | None) -> None:
    assert numbers(parse(snmp=snmp)) == (11, 8, 2, opened)


@pytest.mark.parametrize(
    ("old", "new", "moves"),
    [
        (b"TCP: inuse 7", b"TCP: inuse 8", True),
        (b"orphan 1", b"orphan 0", True),
        (b"tw 2", b"tw 1", True),
        (b"TCP6: inuse 4", b"TCP6: inuse 5", True),
        (b"100 20 3 4 6", b"101 20 3 4 6", True),
        (b"100 20 3 4 6", b"100 21 3 4 6", True),
        (b"100 20 3 4 6", b"100 20 4 4 6", True),
        (b"100 20 3 4 6", b"100 20 3 5 6", True),
        (b"100 20 3 4 6", b"100 20 3 4 5", True),
        (b"alloc 12", b"alloc 11", False),
        (b"mem 3", b"mem 300", False),
        (b"UDP: inuse 5", b"UDP: inuse 6", False),
        (b"used 163", b"used 164", False),
        (b"Udp: 5 6", b"Udp: 7 8", False),
    ],
)
def test_what_tells_that_a_socket_of_tcp_came_or_went(old: bytes, new: bytes, moves: bool) -> None:
    sockstat = SOCKSTAT + SOCKSTAT6
    assert old in sockstat + SNMP
    after = parse(sockstat.replace(old, new), SNMP.replace(old, new))
    assert (after.state != parse().state) is moves


def test_a_namespace_s_census(own_namespace: Any) -> None:
    space = Namespace(own_namespace.inode, [f"/proc/{own_namespace.pid}/net"])
    census = read_census(space)
    assert census is not None and census.opened
    connections = [one for one in own_namespace.sockets if one.protocol == "tcp"]
    # The one in FIN_WAIT2 is still its process's.
    assert census.tcp == len(connections)
    assert census.udp == sum(one.protocol == "udp" for one in own_namespace.sockets)
    again = read_census(space)
    assert again is not None and again.state == census.state
    # Few sockets of UDP: their number tells.
    assert not list_moved(read_movement([space], ALL), read_movement([space], ALL))


def test_a_namespace_that_nobody_shows() -> None:
    assert read_census(Namespace(read_inode("/proc/self"), [])) is None
    assert read_census(Namespace(1, ["/nonexistent/net"])) is None
