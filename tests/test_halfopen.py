"""Half-open connections: each verdict both ways, on two hosts that really stop talking."""

from __future__ import annotations

import importlib
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import Run
from fastsock import FastsockError, HalfOpen, Snapshot, SocketTable, State, halfopen
from fastsock.cli import halfopen as verb
from fastsock.diagnose.halfopen import KINDS
from implementations import Implementation, address, socket_row
from two_hosts import (
    INNER_SERVER,
    OUTER_CLIENT,
    PORT,
    SERVER,
    Hosts,
    accept,
    address_translation,
    close,
    connect,
    cut,
    drain,
    fill,
    forget,
    half_close,
    listen,
    mend,
    raise_limit,
    send,
    two_hosts,
)

SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT = 3, 4, 5, 6
CLOSE_WAIT, LISTEN = 8, 10
PATIENCE = 20  # seconds that a state may take to come about
A, B, C, X = "10.0.0.1", "10.0.0.2", "10.0.0.3", "203.0.113.9"

# ------------------------------------------------------------------------------------- made by hand


def end(
    local: str, local_port: int, remote: str, remote_port: int, state: int = 1, **more: Any
) -> tuple[Any, ...]:
    more.setdefault("inode", 7)
    return socket_row(
        local_address=address(local),
        local_port=local_port,
        remote_address=address(remote),
        remote_port=remote_port,
        state=state,
        **more,
    )


def waiting(local: str, port: int, **more: Any) -> tuple[Any, ...]:
    return end(local, port, "0.0.0.0", 0, LISTEN, **more)


def look(host: str, *rows: tuple[Any, ...], at: float = 100.0, **more: Any) -> Snapshot:
    given: dict[str, Any] = {"boot_id": f"boot of {host}", "time": at, "monotonic": at, **more}
    return Snapshot(sockets=SocketTable.from_rows(rows), host=host, **given)


def tuples(found: HalfOpen, *kinds: str) -> set[tuple[str, int, str, int]]:
    listed = [finding.four_tuple for finding in found.findings(*kinds)]
    assert len(listed) == len(set(listed))
    return set(listed)


def none_but(found: HalfOpen, **expected: int) -> None:
    assert found.counts == dict.fromkeys(KINDS, 0) | expected


def pair(state: int, other: int, **more: Any) -> HalfOpen:
    return halfopen(
        [
            look("web", end(A, 40000, B, 80, state)),
            look("db", waiting(B, 80), end(B, 80, A, 40000, other, **more)),
        ]
    )


def test_a_connection_with_both_ends_is_none() -> None:
    found = pair(1, 1)
    none_but(found)
    assert (found.half_open, found.connections, found.found) == (0, 1, False)
    (group,) = found.groups
    assert group.verdict == "client 1, server 1: nothing found"
    assert (group.client_address, group.server_address, group.server_port) == (A, B, 80)
    assert group.listening and not group.doubts


@pytest.mark.parametrize("host", ["web", "db"])
def test_established_here_and_absent_there(host: str) -> None:
    client, server = [end(A, 40000, B, 80)], [end(B, 80, A, 40000)]
    rest = [end(A, 40001, B, 80)], [waiting(B, 80), end(B, 80, A, 40001)]
    (server if host == "web" else client).clear()
    found = halfopen([look("web", *client, *rest[0]), look("db", *server, *rest[1])])
    none_but(found, absent=1)
    (finding,) = found
    assert finding.four_tuple == (A, 40000, B, 80)
    assert (finding.side.name, finding.there, finding.lasting) == (host, None, None)
    assert finding.serves == (host == "db")
    (group,) = found.groups
    assert group.half_open == 1
    assert group.doubts == []  # another connection between them has both ends
    assert found.found


def test_established_here_and_syn_recv_there() -> None:
    found = pair(1, SYN_RECV, inode=0)
    none_but(found, syn_recv=1)
    (finding,) = found
    assert finding.there is not None
    assert finding.there.state is State.SYN_RECV
    assert finding.text == "ESTABLISHED at web, SYN_RECV at db"


def test_not_accepted_is_without_inode_in_the_queue_of_a_listener() -> None:
    none_but(pair(1, 1, inode=0), unaccepted=1)
    without_listener = [look("web", end(A, 1, B, 80)), look("db", end(B, 80, A, 1, inode=0))]
    none_but(halfopen(without_listener))


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_a_listener_on_the_wildcard_is_one_on_each_address(wildcard: str) -> None:
    rows = [waiting(wildcard, 80), end(B, 80, A, 1, inode=0)]
    none_but(halfopen([look("web", end(A, 1, B, 80)), look("db", *rows)]), unaccepted=1)


def test_who_has_to_close() -> None:
    found = pair(FIN_WAIT2, CLOSE_WAIT)
    none_but(found, unclosed=1)
    (finding,) = found
    assert (finding.side.name, finding.serves) == ("db", True)
    assert finding.text == "CLOSE_WAIT at db, which has to close; FIN_WAIT2 at web"
    assert found.groups[0].server_unclosed == 1
    (finding,) = pair(CLOSE_WAIT, FIN_WAIT2)
    assert (finding.side.name, finding.serves) == ("web", False)


def test_the_end_that_waited_may_be_gone() -> None:
    rows = waiting(B, 80), end(B, 80, A, 40000, CLOSE_WAIT)
    (finding,) = halfopen([look("web", end(A, 1, X, 80)), look("db", *rows)])
    assert (finding.kind, finding.there) == ("unclosed", None)
    assert "gone at web" in finding.text


@pytest.mark.parametrize("states", [(FIN_WAIT1, 1), (TIME_WAIT, CLOSE_WAIT), (4, 9), (2, 3)])
def test_what_ends_or_begins_in_order_is_no_finding(states: tuple[int, int]) -> None:
    none_but(pair(*states))


def test_what_ends_by_itself_may_be_absent() -> None:
    rows = [end(A, port, B, 80, state) for port, state in enumerate((2, 4, 5, 6, 9, 11), 1)]
    none_but(halfopen([look("web", *rows), look("db", waiting(B, 80))]))


def test_a_v4_mapped_address_is_the_same() -> None:
    found = halfopen(
        [look("web", end(A, 1, B, 80)), look("db", end(f"::ffff:{B}", 80, A, 1, family=10))]
    )
    none_but(found)
    assert found.connections == 1


def test_loopback_stays_in_its_namespace() -> None:
    both = end("127.0.0.1", 1, "127.0.0.1", 80), end("127.0.0.1", 80, "127.0.0.1", 1)
    found = halfopen([look("web", both[0]), look("db", both[1])])
    none_but(found, absent=2)
    none_but(halfopen([look("web", *both), look("db", *both)]))
    other_namespace = [*both[:1], end("127.0.0.1", 80, "127.0.0.1", 1, netns=2)]
    none_but(halfopen([look("web", *other_namespace)]), absent=2)
    none_but(halfopen([look("web", end("::1", 1, "::1", 80), end("::1", 80, "::1", 1))]))


def test_an_own_address_means_the_own_namespace() -> None:
    found = halfopen([look("web", end(A, 1, A, 80), waiting(A, 80)), look("db", waiting(A, 80))])
    (finding,) = found
    assert (finding.side.name, finding.other_side) == ("web", finding.side)


def test_two_namespaces_of_a_host_are_two_sides() -> None:
    rows = end(A, 1, B, 80), waiting(B, 80, netns=2), end(B, 80, A, 1, SYN_RECV, netns=2, inode=0)
    found = halfopen([look("web", *rows)])
    none_but(found, syn_recv=1)
    assert [side.name for side in found.sides] == ["web netns 1", "web netns 2"]
    assert found.groups[0].apart == 0 and found.groups[0].one_clock


def test_an_address_that_nobody_has_is_not_covered() -> None:
    rows = end(A, 1, X, 443), end(A, 2, X, 443), end(A, 3, C, 443)
    found = halfopen([look("web", *rows), look("db", waiting(B, 80))])
    none_but(found)
    assert found.not_covered == {X: 2, C: 1}
    assert list(found.not_covered) == [X, C]  # the most first


def test_a_udp_socket_tells_an_address_too() -> None:
    rows = end(B, 53, "0.0.0.0", 0, 7, protocol=17), waiting("0.0.0.0", 80)
    none_but(halfopen([look("web", end(A, 1, B, 80)), look("db", *rows)]), absent=1)
    none_but(halfopen([look("web", end(A, 1, B, 80)), look("db", rows[1])]))


def test_an_address_of_several_hosts_says_nothing() -> None:
    hosts = [look("web", end(A, 1, B, 80)), look("db", waiting(B, 80)), look("db2", waiting(B, 80))]
    found = halfopen(hosts)
    none_but(found)
    assert found.several == {B: 1}
    hosts[2] = look("db2", waiting(B, 80), end(B, 80, A, 1))
    found = halfopen(hosts)
    assert (found.connections, found.several) == (1, {})


# -------------------------------------------------------------------------------------- translation


def test_a_private_client_whose_port_comes_from_elsewhere_may_be_behind_nat() -> None:
    hosts = [look("web", end(A, 40000, B, 80)), look("db", waiting(B, 80), end(B, 80, X, 40000))]
    found = halfopen(hosts)
    none_but(found)
    assert found.translated == 1
    (finding,) = found.findings("translated")
    assert finding.four_tuple == (A, 40000, B, 80)
    # Not with another port, and not where another connection shows that nothing is translated.
    hosts[1] = look("db", waiting(B, 80), end(B, 80, X, 40001))
    found = halfopen(hosts)
    none_but(found, absent=1)
    assert any("behind NAT up to 1 of" in doubt for doubt in found.groups[0].doubts)
    hosts = [
        look("web", end(A, 40000, B, 80), end(A, 2, B, 80)),
        look("db", waiting(B, 80), end(B, 80, X, 40000), end(B, 80, A, 2)),
    ]
    found = halfopen(hosts)
    none_but(found, absent=1)
    assert found.groups[0].doubts == []


def test_a_public_client_is_not_behind_nat() -> None:
    hosts = [look("web", end(X, 40000, B, 80)), look("db", waiting(B, 80), end(B, 80, C, 40000))]
    none_but(halfopen(hosts), absent=1)


def test_both_ends_of_a_masquerade_are_translated() -> None:
    """A container behind its host: neither is the host's end absent, nor the container's."""
    hosts = [
        look("web", end("172.17.0.2", 40000, B, 80, netns=2), waiting(A, 22)),
        look("db", waiting(B, 80), end(B, 80, A, 40000)),
    ]
    found = halfopen(hosts)
    none_but(found)
    assert found.translated == 2


def test_a_forwarded_port_is_translated() -> None:
    """The server's host hands port 80 on to a container that nobody else knows by its address."""
    hosts = [
        look("web", end(A, 40000, B, 80)),
        look(
            "db",
            waiting(B, 80),
            waiting("172.17.0.2", 8080, netns=2),
            end("172.17.0.2", 8080, A, 40000, netns=2),
        ),
    ]
    found = halfopen(hosts)
    none_but(found)
    assert found.translated == 2


def test_a_redirected_port_is_translated() -> None:
    hosts = [
        look("web", end(A, 40000, B, 80)),
        look("db", waiting(B, 8080), end(B, 8080, A, 40000)),
    ]
    found = halfopen(hosts)
    none_but(found)
    assert found.translated == 2


def test_what_nobody_listens_for_may_be_forwarded() -> None:
    found = halfopen([look("web", end(A, 40000, B, 80)), look("db", waiting(B, 22))])
    none_but(found, absent=1)
    assert not found.groups[0].listening
    assert "nothing listens on 10.0.0.2:80 at db" in found.groups[0].doubts[0]


def test_what_no_match_supports_is_said() -> None:
    found = halfopen([look("web", end(A, 1, B, 80)), look("db", waiting(B, 80))])
    (doubt,) = found.groups[0].doubts
    assert "that 10.0.0.2 is db is known from its sockets only" in doubt


# --------------------------------------------------------------------------------------------- time


def looks(*times: float, rows: Any, host: str) -> list[Snapshot]:
    return [look(host, *rows, at=at) for at in times]


def test_what_was_so_in_both_snapshots_of_each_side_lasts() -> None:
    client, server = [end(A, 1, B, 80)], [waiting(B, 80)]
    given = looks(10, 20, rows=client, host="web") + looks(12, 22, rows=server, host="db")
    random.shuffle(given)
    found = halfopen(given)
    assert [finding.lasting for finding in found] == [True]
    assert (found.lasting["absent"], found.once) == (1, 0)
    assert not any("one snapshot only" in note for note in found.notes)


def test_what_was_not_so_in_the_first_is_passing() -> None:
    server = waiting(B, 80), end(B, 80, A, 1)
    found = halfopen(
        [
            *looks(10, 20, rows=[end(A, 1, B, 80)], host="web"),
            look("db", *server, at=12),
            look("db", server[0], at=22),
        ]
    )
    none_but(found, absent=1)
    assert [finding.lasting for finding in found] == [False]
    assert (found.lasting["absent"], found.once, found.found) == (0, 0, False)


def test_another_socket_of_the_same_ends_does_not_last() -> None:
    found = halfopen(
        [
            look("web", end(A, 1, B, 80, inode=5), at=10),
            look("web", end(A, 1, B, 80, inode=6), at=20),
            *looks(12, 22, rows=[waiting(B, 80)], host="db"),
        ]
    )
    assert [finding.lasting for finding in found] == [False]


def test_one_snapshot_of_a_side_is_seen_once() -> None:
    found = halfopen(
        [
            *looks(10, 20, rows=[end(A, 1, B, 80)], host="web"),
            look("db", waiting(B, 80), at=15),
        ]
    )
    assert [finding.lasting for finding in found] == [None]
    assert (found.once, found.found) == (1, True)
    assert any(note.startswith("one snapshot only of db") for note in found.notes)


def test_looks_that_do_not_alternate_prove_nothing() -> None:
    client, server = [end(A, 1, B, 80)], [waiting(B, 80)]
    found = halfopen(
        looks(10, 20, rows=client, host="web") + looks(3610, 3620, rows=server, host="db")
    )
    assert [finding.lasting for finding in found] == [None]
    (note,) = [note for note in found.notes if "3600.0 s after" in note]
    assert "take them in turns" in note
    assert "each by its own clock" in note


def test_clocks_apart_are_said_and_one_clock_is_known() -> None:
    given = [look("web", end(A, 1, B, 80), at=10), look("db", waiting(B, 80), at=7)]
    found = halfopen(given)
    assert found.groups[0].apart == -3
    assert any("db was looked at 3.0 s before web" in note for note in found.notes)
    # Of one boot the clock since that boot counts, whatever the other says.
    rows = end(A, 1, B, 80), waiting(B, 80, netns=2)
    given = [
        look("web", rows[0], boot_id="b", at=50, monotonic=5),
        look("web", rows[1], boot_id="b", at=10, monotonic=6),
    ]
    (group,) = halfopen(given).groups
    assert (group.apart, group.one_clock) == (1, True)


def test_a_clock_that_was_set_in_between_is_said() -> None:
    given = [
        look("web", end(A, 1, B, 80), at=10, monotonic=10),
        look("web", end(A, 1, B, 80), at=47, monotonic=12),
    ]
    assert "the clock of web was set by +35.0 s between its snapshots" in halfopen(given).notes


def test_the_same_snapshot_twice_is_one() -> None:
    given = [look("web", end(A, 1, B, 80)), look("web", end(A, 1, B, 80)), look("db")]
    found = halfopen(given)
    assert "the same snapshot of web was given twice" in found.notes
    assert [side.given for side in found.sides] == [1]


def test_two_boots_of_a_host_are_two_sides() -> None:
    given = [
        look("web", end(A, 1, B, 80)),
        look("db", waiting(B, 80), end(B, 80, A, 1), boot_id="111111112222"),
        look("db", waiting(B, 80), boot_id="333333334444", at=200.0),
    ]
    found = halfopen(given)
    assert [side.name for side in found.sides][1:] == ["db boot 11111111", "db boot 33333333"]
    assert any(note.startswith("2 boots of hosts called db") for note in found.notes)


def test_of_many_snapshots_the_first_and_the_last_count() -> None:
    given = [look("web", end(A, 1, B, 80), at=at) for at in (30.0, 10.0, 20.0)]
    found = halfopen([*given, *looks(12, 32, rows=[waiting(B, 80)], host="db")])
    assert [one.time for one in found.sides[0].snapshots] == [10, 30]
    assert "of 3 snapshots of web the first and the last are compared" in found.notes


# ------------------------------------------------------------------------------------------- queues


def queues(before: dict[str, int], after: dict[str, int], state: int = 1) -> HalfOpen:
    given = [look("web", end(A, 1, X, 80, state, **before), at=10.0)]
    return halfopen([*given, look("web", end(A, 1, X, 80, state, **after), at=20.0)])


@pytest.mark.parametrize("queue", ["rx_queue", "tx_queue"])
def test_a_queue_that_does_not_drain(queue: str) -> None:
    found = queues({queue: 5}, {queue: 5})
    none_but(found, **{queue: 1})
    (finding,) = found
    assert finding.text == f"{queue} 5 and then 5 at web"
    assert finding.lasting
    none_but(queues({queue: 5}, {queue: 9}), **{queue: 1})
    none_but(queues({queue: 5}, {queue: 4}))
    none_but(queues({queue: 0}, {queue: 9}))


def test_an_unread_fin_is_no_data() -> None:
    none_but(queues({"rx_queue": 1}, {"rx_queue": 1}, CLOSE_WAIT))
    none_but(queues({"rx_queue": 2}, {"rx_queue": 2}, CLOSE_WAIT), rx_queue=1)


def test_retransmits_that_grow() -> None:
    none_but(
        queues({"retransmits": 1, "tx_queue": 9}, {"retransmits": 2, "tx_queue": 5}), retransmits=1
    )
    none_but(queues({"retransmits": 2, "tx_queue": 9}, {"retransmits": 2, "tx_queue": 5}))
    none_but(queues({"retransmits": 1, "tx_queue": 9}, {"retransmits": 2, "tx_queue": 0}))


def test_one_snapshot_judges_no_queue() -> None:
    found = halfopen([look("web", end(A, 1, X, 80, tx_queue=9))])
    none_but(found)
    assert not found.judges_queues


# ---------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "halfopen needs snapshots, or live=True"),
        ({"snapshots": [look("web")], "live": True}, "live takes its own snapshots"),
        ({"live": True, "pause": 0}, "pause is a positive number of seconds, not 0"),
        ({"live": True, "pause": float("nan")}, "pause is a positive number of seconds, not nan"),
    ],
)
def test_questions_that_make_no_sense(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        halfopen(**arguments)


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="^no kind 'broken'; kinds are absent syn_recv "):
        halfopen([look("web")]).findings("broken")


def test_names_from_a_file_are_escaped() -> None:
    found = halfopen([look("web\x1b[31m", end(A, 1, A, 80))])
    assert found.sides[0].name == "web\\x1b[31m"
    assert "\x1b" not in verb.text(found, 20)
    assert "\x1b" not in json.dumps(found.as_dict(), ensure_ascii=False)


# ---------------------------------------------------------------------------------------- the join


def join_type(implementation: Implementation) -> Any:
    suffix = {"compiled": "", "pure": "_py"}[implementation.name]
    return importlib.import_module(f"fastsock.diagnose._halfopen{suffix}").Join


def random_worlds(seed: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """Rows of a few tables and what they were before: small, so that everything meets."""
    chance = random.Random(seed)
    addresses = [A, B, C, X, "127.0.0.1", "::1", "fe80::1", "0.0.0.0", "::", "198.51.100.7"]
    states = (1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 10, 11, 200)
    ports = (1, 2, 3, 80, 81, 40000)

    def some() -> dict[str, Any]:
        return {
            "state": chance.choice(states),
            "inode": chance.choice((0, 0, 5, 6)),
            "netns": chance.choice((1, 1, 2, 3)),
            "protocol": chance.choice((6, 6, 6, 6, 17, 0)),
            "cookie": chance.choice((0, 8, 9)),
            **{queue: chance.choice((0, 0, 1, 5)) for queue in ("tx_queue", "rx_queue")},
            "retransmits": chance.choice((0, 0, 1)),
        }

    now: list[list[Any]] = [[] for _ in range(chance.randint(1, 3))]
    before: list[list[Any]] = [[] for _ in now]
    for _ in range(chance.choice((0, 1, 17, 60, 150))):
        near = chance.choice(addresses), chance.choice(ports)
        far = chance.choice(addresses), chance.choice((0, *ports))
        for ends in ((*near, *far), (*far, *near)):
            table, row = chance.randrange(len(now)), some()
            if chance.random() < 0.8:
                now[table].append((ends, row))
            if chance.random() < 0.8:
                changed = some() | {"inode": row["inode"], "netns": row["netns"]}
                before[table].append((ends, chance.choice((row, row, changed))))
    return tuple(  # type: ignore[return-value]
        [[end(*ends, **row) for ends, row in rows] for rows in world] for world in (now, before)
    )


def numbered(implementation: Implementation, world: list[list[Any]]) -> list[Any]:
    return [
        (implementation.rows(*rows), {1: 2 * number, 2: 2 * number + 1})
        for number, rows in enumerate(world)
    ]


def everything(join: Any, tables: Any) -> tuple[Any, ...]:
    places = [
        (join.place(table, row), join.other_end(table, row))
        for table, (rows, _) in enumerate(tables)
        for row in range(len(rows))
    ]
    return [join.codes(n) for n in range(len(tables))], places, sorted(join.groups())


@pytest.mark.parametrize("seed", range(60))
def test_both_builds_find_the_same(seed: int) -> None:
    answers = []
    for name in ("compiled", "pure"):
        implementation = Implementation(name)
        tables, earlier = (numbered(implementation, world) for world in random_worlds(seed))
        join, first = join_type(implementation)(tables), join_type(implementation)(earlier)
        answers.append(everything(join, tables))
        join.compare(first, [True, True, False, True, True, True])
        answers[-1] += (everything(join, tables),)
        answers[-1] += tuple(first.before(join, 0, row) for row in range(len(tables[0][0])))
    assert answers[0] == answers[1]


def test_places_that_there_are_not(implementation: Implementation) -> None:
    join = join_type(implementation)([(implementation.rows(end(A, 1, B, 2)), {1: 0})])
    for table, row in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        with pytest.raises(IndexError, match="^row index out of range$"):
            join.place(table, row)
        with pytest.raises(IndexError, match="^row index out of range$"):
            join.other_end(table, row)
        with pytest.raises(IndexError, match="^row index out of range$"):
            join.before(join, table, row)


def test_no_tables(implementation: Implementation) -> None:
    assert join_type(implementation)([]).groups() == []
    empty = join_type(implementation)([(implementation.rows(), {})])
    assert (empty.codes(0), empty.groups()) == (b"", [])


def test_of_equal_rows_the_one_that_lives_is_the_other_end(implementation: Implementation) -> None:
    client = implementation.rows(end(A, 1, B, 80))
    for order in ((TIME_WAIT, 1), (1, TIME_WAIT), (3, 1), (1, 3)):
        server = implementation.rows(*(end(B, 80, A, 1, state) for state in order))
        join = join_type(implementation)([(client, {1: 0}), (server, {1: 1})])
        assert join.other_end(0, 0) == (1, order.index(1))


# ----------------------------------------------------------------------------------- the real thing


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with two_hosts() as made:
        yield made


def snapshots(hosts: Hosts, *, owners: bool = True) -> list[Snapshot]:
    """One of each, as if they were two machines."""
    made = []
    for name, one in (("web", hosts.client), ("db", hosts.server)):
        snapshot = Snapshot.take(netns=one.pid, owners=owners)
        snapshot.host, snapshot.boot_id = name, f"boot of {name}"
        made.append(snapshot)
    return made


def compare(hosts: Hosts) -> HalfOpen:
    return halfopen(snapshots(hosts))


def compare_twice(hosts: Hosts) -> HalfOpen:
    # In turns: web, db, web, db. What db has is then bounded by web's, and web's by db's second.
    return halfopen([*snapshots(hosts), *snapshots(hosts)])


def settle(hosts: Hosts, **expected: int) -> HalfOpen:
    """Compare until the kernels have said to each other what they had to say, within limits."""
    deadline = time.monotonic() + PATIENCE
    found = compare(hosts)
    while found.counts != dict.fromkeys(KINDS, 0) | expected and time.monotonic() < deadline:
        time.sleep(0.05)
        found = compare(hosts)
    none_but(found, **expected)
    return found


def connected(hosts: Hosts, number: int, backlog: int = 128) -> set[Any]:
    hosts.server(listen, "listener", backlog)
    told = hosts.client(connect, "clients", number)
    assert set(hosts.server(accept, "listener", "accepted", number)) == set(told)
    return set(told)


def lose(hosts: Hosts, actor: str, name: str, number: int) -> set[Any]:
    """Let one side forget connections while the cable is out; as the client has them."""
    here = hosts.server if actor == "server" else hosts.client
    link = "fs1" if actor == "server" else "fs0"
    here(cut, link)
    told = here(forget, name, number)
    here(mend, link)
    if actor == "client":  # forget() tells the other end first
        told = [(*one[2:], *one[:2]) for one in told]
    return set(told)


def test_two_hosts_that_agree(hosts: Hosts) -> None:
    connected(hosts, 20)
    found = settle(hosts)
    assert found.connections == 20
    assert found.groups[0].verdict == "client 20, server 20: nothing found"
    assert not found.not_covered
    settle(hosts)
    none_but(compare_twice(hosts))


def test_a_server_that_forgot(hosts: Hosts) -> None:
    connected(hosts, 30)
    lost = lose(hosts, "server", "accepted", 20)
    found = settle(hosts, absent=20)
    assert tuples(found) == lost
    assert {finding.side.name for finding in found} == {"web"}
    assert {finding.lasting for finding in found} == {None}
    assert {owner.pid for finding in found for owner in finding.here.owners or ()} == {
        hosts.client.pid
    }
    (group,) = found.groups
    assert group.verdict == "client 30, server 10: 20 half open"
    assert [owner.pid for owner in group.owners] == [hosts.server.pid]
    assert compare_twice(hosts).lasting["absent"] == 20
    hosts.client(close, "clients")
    settle(hosts, unclosed=10)  # those that the server still knows
    hosts.server(close, "accepted")
    settle(hosts)


def test_a_client_that_forgot(hosts: Hosts) -> None:
    connected(hosts, 10)
    lost = lose(hosts, "client", "clients", 4)
    found = settle(hosts, absent=4)
    assert tuples(found) == lost
    assert all(finding.serves for finding in found)
    assert found.groups[0].verdict == "client 6, server 10: 4 half open"


def test_a_server_that_waits_for_data_holds_syn_recv(hosts: Hosts) -> None:
    hosts.server(listen, "listener", 64, SERVER, PORT, 30)  # TCP_DEFER_ACCEPT
    told = set(hosts.client(connect, "clients", 12))
    found = settle(hosts, syn_recv=12)
    assert tuples(found, "syn_recv") == told
    assert found.groups[0].verdict == "client 12, server 0: 12 half open"
    hosts.client(send, "clients", 1)
    hosts.server(accept, "listener", "accepted", 12)
    settle(hosts)


def test_a_server_that_does_not_accept(hosts: Hosts) -> None:
    hosts.server(listen, "listener", 8)
    told = set(hosts.client(connect, "clients", 5))
    found = settle(hosts, unaccepted=5)
    assert tuples(found) == told
    assert found.groups[0].verdict == "client 5, server 5: 5 not accepted"
    hosts.server(accept, "listener", "accepted", 5)
    settle(hosts)


def test_two_hundred_clients_of_a_short_queue(hosts: Hosts) -> None:
    """Whatever the kernel makes of it: each verdict is what the two tables say."""
    hosts.server(listen, "listener", 8)
    hosts.client(connect, "clients", 200, SERVER, PORT, False)
    # What the server has, the client had before: it is looked at again, and first.
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        waiting_there = snapshots(hosts)[1].sockets.select(state="established", protocol="tcp")
        if len(waiting_there) == 9:
            break
    given = snapshots(hosts)
    client, server = (one.sockets.select(protocol="tcp") for one in given)
    there = {(one.remote_address, one.remote_port): one for one in server if one.remote_port}
    expected: dict[str, set[Any]] = {"absent": set(), "syn_recv": set(), "unaccepted": set()}
    for one in client.select(state="established"):
        other = there.get((one.local_address, one.local_port))
        ends = (one.local_address, one.local_port, one.remote_address, one.remote_port)
        if other is None:
            expected["absent"].add(ends)
        elif other.state == State.SYN_RECV:
            expected["syn_recv"].add(ends)
        elif other.inode == 0:
            expected["unaccepted"].add(ends)
    found = halfopen(given)
    for kind, wanted in expected.items():
        assert tuples(found, kind) == wanted
    assert len(expected["unaccepted"]) == 9  # listen(8): one more than that
    assert found.groups[0].server_established == 9


@pytest.mark.parametrize("who", ["client", "server"])
def test_one_side_has_to_close(hosts: Hosts, who: str) -> None:
    told = connected(hosts, 6)
    if who == "server":  # has to close: the client did
        hosts.client(half_close, "clients")
    else:
        hosts.server(half_close, "accepted")
    settle(hosts, unclosed=6)
    found = compare_twice(hosts)
    none_but(found, unclosed=6)
    assert tuples(found) == told
    assert {finding.serves for finding in found} == {who == "server"}
    assert {finding.here.state for finding in found} == {State.CLOSE_WAIT}
    assert {finding.there and finding.there.state for finding in found} == {State.FIN_WAIT2}
    assert f"6 that the {who} has to close" in found.groups[0].verdict
    assert found.lasting["unclosed"] == 6
    (hosts.server if who == "server" else hosts.client)(
        close, "accepted" if who == "server" else "clients"
    )
    settle(hosts)
    none_but(compare_twice(hosts))


def test_a_reader_that_does_not_read(hosts: Hosts) -> None:
    connected(hosts, 2)
    settle(hosts)
    none_but(compare_twice(hosts))
    hosts.client(fill, "clients")
    found = compare_twice(hosts)
    assert found.counts["tx_queue"] == found.counts["rx_queue"] == 2
    assert {finding.side.name for finding in found.findings("tx_queue")} == {"web"}
    assert {finding.side.name for finding in found.findings("rx_queue")} == {"db"}
    assert found.half_open == 0
    assert compare(hosts).counts["tx_queue"] == 0  # one snapshot of a side says nothing


def test_retransmits_grow_where_nothing_comes_through(hosts: Hosts) -> None:
    connected(hosts, 3)
    hosts.server(cut, "fs1")
    hosts.client(send, "clients", 100)
    before = snapshots(hosts)
    found = compare_twice(hosts)
    deadline = time.monotonic() + PATIENCE
    while found.counts["retransmits"] < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
        found = halfopen([*before, *snapshots(hosts)])
    assert found.counts["retransmits"] == 3
    assert found.counts["tx_queue"] == 3
    assert {finding.side.name for finding in found} == {"web"}
    hosts.server(mend, "fs1")
    hosts.server(drain, "accepted", 300)
    assert compare_twice(hosts).counts["rx_queue"] == 0


def test_a_close_that_the_other_end_did_not_hear(hosts: Hosts) -> None:
    """The client goes on saying it: FIN_WAIT1 is no half-open connection until it gives up."""
    connected(hosts, 3)
    hosts.client(cut, "fs0")
    hosts.client(close, "clients")
    found = settle(hosts)
    assert found.groups[0].server_established == 3
    hosts.client(mend, "fs0")


def test_v6_sockets_with_v4_mapped_addresses(hosts: Hosts) -> None:
    hosts.server(listen, "listener", 128, "::", PORT)
    hosts.client(connect, "clients", 8)
    hosts.server(accept, "listener", "accepted", 8)
    found = settle(hosts)
    assert found.connections == 8
    assert [owner.pid for owner in found.groups[0].owners] == [hosts.server.pid]
    lost = lose(hosts, "server", "accepted", 5)
    assert tuples(settle(hosts, absent=5)) == lost


def test_a_server_of_which_nothing_is_left_is_not_covered(hosts: Hosts) -> None:
    """No socket tells its address then: that it is this host's cannot be known."""
    connected(hosts, 3)
    lose(hosts, "server", "accepted", 3)
    hosts.server(close, "listener")
    hosts.server(listen, "other", 8, "0.0.0.0", 6000)
    found = settle(hosts)
    assert found.not_covered == {SERVER: 3}


@pytest.mark.parametrize("shift", [0, 5])
def test_a_nat_is_not_called_half_open(hosts: Hosts, shift: int) -> None:
    """The server sees another address than the client has, and with `shift` another port."""
    with address_translation(hosts, shift):
        hosts.server(listen, "listener", 16, INNER_SERVER, PORT)
        told = hosts.client(connect, "clients", 4, INNER_SERVER, PORT)
        seen = hosts.server(accept, "listener", "accepted", 4)
        assert {(OUTER_CLIENT, one[1] + shift, *one[2:]) for one in told} == set(seen)
        found = compare(hosts)
    assert found.not_covered == {OUTER_CLIENT: 4}
    if not shift:
        none_but(found)
        assert found.translated == 4
        assert tuples(found, "translated") == set(told)
        return
    # Which of them is which cannot be told by a port: the doubt is said, with the number.
    none_but(found, absent=4)
    (group,) = found.groups
    assert (group.matched, group.unattributed) == (0, 4)
    assert any("behind NAT up to 4 of these may be the same" in doubt for doubt in group.doubts)


def test_five_thousand_clients(hosts: Hosts) -> None:
    """Exactly those which the server forgot, by their four-tuples."""
    clients = 5000
    if min(hosts.client(raise_limit), hosts.server(raise_limit)) < clients + 50:
        pytest.skip(f"RLIMIT_NOFILE does not allow {clients} sockets in a process")
    hosts.server(listen, "listener", 4096)
    told: set[Any] = set()
    for _ in range(clients // 500):  # never more than the queue takes
        told |= set(hosts.client(connect, "clients", 500))
        hosts.server(accept, "listener", "accepted", 500)
    assert len(told) == clients
    settle(hosts)
    lost = lose(hosts, "server", "accepted", 4000)
    assert lost < told
    found = compare_twice(hosts)
    none_but(found, absent=4000)
    assert tuples(found) == lost
    assert found.lasting["absent"] == 4000
    (group,) = found.groups
    assert group.verdict == "client 5000, server 1000: 4000 half open"
    assert group.doubts == []


# -------------------------------------------------------------------------------------- the command


def live(hosts: Hosts) -> list[object]:
    return ["--live", "--pause", "0.1", "--netns", f"{hosts.client.pid},{hosts.server.pid}"]


def test_the_command_live(hosts: Hosts, run: Run) -> None:
    connected(hosts, 7)
    result = run("halfopen", *live(hosts), "--check")
    assert result.code == 0
    assert "settings" not in result.err  # what the question does not need is not missed
    assert "nothing found: 7 connections have both ends" in result.out
    lost = lose(hosts, "server", "accepted", 5)
    result = run("halfopen", *live(hosts), "--check")
    assert result.code == 5
    assert "client 7, server 2: 5 half open" in result.out
    assert "5 established at the client, absent at the server; 5 lasting" in result.out
    assert len([line for line in result.out.splitlines() if line.startswith("half open")]) == 5
    assert run("halfopen", *live(hosts)).code == 0

    result = run("halfopen", *live(hosts), "--limit", 2)
    assert len([line for line in result.out.splitlines() if line.startswith("half open")]) == 2
    assert "… 3 more: --limit 5" in result.out

    document = json.loads(run("halfopen", *live(hosts), "--json").out)
    assert document["counts"]["absent"] == document["lasting"]["absent"] == 5
    ends = ("local_address", "local_port", "remote_address", "remote_port")
    assert {tuple(one["here"][name] for name in ends) for one in document["findings"]} == lost
    assert all(one["here"]["owners"] for one in document["findings"])

    *lines, last = map(
        json.loads, run("halfopen", *live(hosts), "--jsonl", "--limit", 3).out.splitlines()
    )
    assert [line["kind"] for line in lines] == ["absent"] * 3
    assert last["end"] and last["rows"] == 3


def test_the_command_of_snapshots(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "web": look("web", end(A, 40000, B, 80), end(A, 1, X, 80)),
        "db": look("db", waiting(B, 80), at=103.0),
    }
    monkeypatch.setattr(Snapshot, "load", staticmethod(files.__getitem__))
    result = run("halfopen", "web", "db", "--check")
    assert result.code == 5
    for line in (
        "client 10.0.0.1 (web), server 10.0.0.2:80 (db)",
        "  client 1, server 0: 1 half open",
        "  1 established at the client, absent at the server; seen once",
        "not covered: 1 connection with 1 address that no snapshot has as its own: 203.0.113.9 1",
        "not judged: queues that do not drain take two snapshots of a side",
        "db was looked at 3.0 s after web, each by its own clock: these were not compared; "
        "what opened or closed in between looks half open",
    ):
        assert line in result.out.splitlines()


@pytest.mark.parametrize("form", ["jsonl", "arrows"])
def test_files(run: Run, tmp_path: Path, form: str) -> None:
    if form == "arrows":
        pytest.importorskip("nanoarrow")
    files = []
    for at, lost in ((10.0, 2), (20.0, 3)):
        client = [end(A, 40000 + n, B, 80, inode=n + 1) for n in range(9)]
        server = [waiting(B, 80), *(end(B, 80, A, 40000 + n) for n in range(lost, 9))]
        for host, rows, later in (("web", client, 0), ("db", server, 1)):
            files.append(tmp_path / f"{host}-{at}.{form}")
            look(host, *rows, at=at + later).save(files[-1])
    result = run("halfopen", *files, "--check")
    assert result.code == 5
    assert "  client 9, server 6: 3 half open" in result.out.splitlines()
    assert "absent at the server; 2 lasting" in result.out
    result = run("halfopen", *files, "--json")
    document = json.loads(result.out)
    assert [one["lasting"] for one in document["findings"]] == [True, True, False]
    assert [side["times"] for side in document["sides"]] == [[10, 20], [11, 21]]
    # The same one under two names is one.
    result = run("halfopen", files[0], files[0], files[1])
    assert "the same snapshot of web was given twice" in result.out.splitlines()


def test_files_that_are_none(run: Run, tmp_path: Path) -> None:
    good, cut_short, none = (tmp_path / name for name in ("good", "cut", "none"))
    look("web", end(A, 1, B, 80)).save(good)
    cut_short.write_bytes(good.read_bytes()[:-20])
    none.write_bytes(b"not a snapshot")
    for path in (cut_short, none):
        result = run("halfopen", good, path)
        assert (result.code, result.out) == (2, "")
        assert str(path) in result.err
    result = run("halfopen", good, tmp_path / "absent")
    assert (result.code, result.out) == (2, "")


def test_what_the_snapshots_lack_is_said_with_the_host(run: Run, tmp_path: Path) -> None:
    lacking = look("db", waiting(B, 80))
    lacking.sockets.incomplete = (
        {"what": "processes", "count": 3, "reason": "may not be read", "remedy": "run as root"},
    )
    for name, one in (("web", look("web", end(A, 1, B, 80))), ("db", lacking)):
        one.save(tmp_path / name)
    result = run("halfopen", tmp_path / "web", tmp_path / "db", "--strict")
    assert (result.code, result.err) == (
        4,
        "fastsock: 3 processes: db: may not be read; run as root\n",
    )


def test_a_snapshot_without_tcp_is_left_out() -> None:
    given = [look("web", end(A, 1, B, 80)), look("db", waiting(B, 80), protocols=("udp",))]
    found = halfopen(given)
    none_but(found)
    assert "a snapshot of db was taken without TCP: left out" in found.notes
    with pytest.raises(ValueError, match="^none of the snapshots has TCP sockets$"):
        halfopen(given[1:])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "halfopen needs the snapshots of a client and a server, or --live"),
        (["a", "--live"], "--live takes no snapshots: it looks at this host"),
        (["a", "--netns", "all"], "--netns, --engine, --procfs and --pause are for --live"),
        (["a", "--pause", "1"], "--netns, --engine, --procfs and --pause are for --live"),
        (["-", "-"], "only one snapshot can come from standard input"),
        (["a", "-p", "1"], "halfopen compares whole tables: --pid would hide the other ends"),
        (["--live", "-x"], "halfopen compares whole tables: --unix would hide the other ends"),
        (["a", "--port", "1"], "halfopen compares whole tables: --port would hide the other ends"),
        (["--live", "--pause", "0"], "--pause: '0' is not a number of seconds (above 0, to 86400)"),
        (["--live", "--pause", "x"], "--pause: 'x' is not a number of seconds (above 0, to 86400)"),
    ],
)
def test_command_lines_that_make_no_sense(run: Run, words: list[str], text: str) -> None:
    assert run("halfopen", *words) == (2, "", f"fastsock: {text}\n")


def test_a_namespace_that_there_is_not(run: Run) -> None:
    result = run("halfopen", "--live", "--netns", "no-such-namespace")
    assert result.code == 2
    assert "no-such-namespace" in result.err
    with pytest.raises(FastsockError):
        halfopen(live=True, netns="no-such-namespace")
