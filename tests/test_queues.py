"""Whose a handshake and an un-accepted connection is: the kernel's order of listeners."""

from __future__ import annotations

import os
import socket

import pytest

import fastsock
from children import OWN, in_child
from fastsock.diagnose.queues import FIELDS, Listening, Queues, list_listening, read_queues
from fastsock.table import SocketTable
from full_queues import HEARD, PORT, SILENT, call, drop_acks, serve, wait_for
from implementations import Implementation, address, socket_row

INET, INET6 = 2, 10
LISTEN, SYN_RECV, ESTABLISHED = 10, 3, 1
has_ipv6 = pytest.mark.skipif(not os.path.exists("/proc/self/net/tcp6"), reason="needs IPv6")


def listeners(implementation: Implementation, *rows: tuple[int, str, int, int]) -> list[Listening]:
    """Listeners by family, address, interface and v6only, on port 80."""
    table = implementation.rows(
        *(
            (
                *socket_row(
                    state=LISTEN,
                    family=family,
                    local_address=address(local),
                    remote_port=0,
                    inode=n + 1,
                ),
                interface,
                v6only,
                b"",
            )
            for n, (family, local, interface, v6only) in enumerate(rows)
        ),
        fields=FIELDS,
    )
    return list_listening(table)


ANY = (INET, "0.0.0.0", 0, 0)
ONE = (INET, "10.0.0.1", 0, 0)
ONE_HERE = (INET, "10.0.0.1", 7, 0)
ANY_HERE = (INET, "0.0.0.0", 7, 0)
ANY6 = (INET6, "::", 0, 0)
ANY6_ONLY = (INET6, "::", 0, 1)
ONE6 = (INET6, "2001:db8::1", 0, 0)
MAPPED = (INET6, "::ffff:10.0.0.1", 0, 0)
MAPPED_ANY = (INET6, "::ffff:0.0.0.0", 0, 1)
OF_TEN = (INET, "10.0.0.1", 0)
OF_SIX = (INET6, "2001:db8::1", 0)
OF_MAPPED = (INET6, "::ffff:10.0.0.1", 0)


@pytest.mark.parametrize(
    ("rows", "connection", "expected"),
    [
        ([ANY], OF_TEN, 0),
        ([ANY, ONE], OF_TEN, 1),
        ([ONE], (INET, "10.0.0.3", 0), None),
        ([ANY6], OF_TEN, None),  # what comes to a dual-stack socket is IPv6 itself
        ([ANY, ANY6], OF_TEN, 0),
        ([ANY, ANY6], OF_MAPPED, 1),
        ([ANY6_ONLY], OF_MAPPED, None),
        ([ANY6_ONLY, ANY6], OF_MAPPED, 0),  # of one address: not told apart, but one takes IPv4
        ([ANY6_ONLY], OF_SIX, 0),
        ([ANY6, MAPPED], OF_MAPPED, 1),
        ([ANY6, MAPPED_ANY], OF_MAPPED, 1),
        ([ANY6, MAPPED], OF_SIX, 0),
        ([ANY6, ONE6], OF_SIX, 1),
        ([ANY6, ONE6], (INET6, "2001:db8::2", 0), 0),
        ([ONE, ONE_HERE], (INET, "10.0.0.1", 7), 1),
        ([ONE, ONE_HERE], (INET, "10.0.0.1", 8), 0),
        ([ONE, ONE_HERE], OF_TEN, 0),
        ([ONE, ANY_HERE], (INET, "10.0.0.1", 7), 0),  # the address counts for more
        ([ANY_HERE], OF_TEN, 0),  # a source that does not tell interfaces
        ([], OF_TEN, None),
    ],
)
def test_whose_a_connection_is(
    implementation: Implementation,
    rows: list[tuple[int, str, int, int]],
    connection: tuple[int, str, int],
    expected: int | None,
) -> None:
    queues = Queues(listeners(implementation, *rows))
    family, local, interface = connection
    found = queues.find(1, family, 80, address(local), interface)
    assert (None if found is None else found.listeners[0].socket.inode - 1) == expected
    # Another port, or another namespace, is another matter.
    assert queues.find(1, family, 81, address(local), interface) is None
    assert queues.find(2, family, 80, address(local), interface) is None


def test_what_is_counted(implementation: Implementation) -> None:
    queues = Queues(listeners(implementation, ANY, ANY, ANY6))
    half_open = [
        socket_row(state=SYN_RECV, remote_port=1),
        socket_row(state=SYN_RECV, remote_port=2, retransmits=1),
        socket_row(state=SYN_RECV, remote_port=3, local_port=81),
    ]
    queues.add_half_open(implementation.rows(*half_open))
    waiting = [socket_row(state=ESTABLISHED, remote_port=n) for n in (1, 2, 2)]
    queues.add_waiting(implementation.rows(*waiting, socket_row(local_port=81)))
    first, second = queues.places.values()
    assert (len(first.listeners), first.half_open, first.repeated) == (2, 2, 1)
    assert first.waiting == {(address("10.0.0.2"), 1), (address("10.0.0.2"), 2)}
    assert (len(second.listeners), second.half_open, second.waiting) == (1, 0, set())
    assert queues.half_open_elsewhere == 1


def test_how_much_room_listeners_of_one_address_have(implementation: Implementation) -> None:
    rows = [
        socket_row(state=LISTEN, netns=netns, inode=n + 1, backlog_limit=limit)
        for n, (netns, limit) in enumerate(((1, 8), (1, 0), (2, 8), (2, -1)))
    ]
    queues = Queues(list_listening(implementation.rows(*rows)))
    assert [queue.room for queue in queues] == [8, None]
    assert {netns: len(found) for netns, found in queues.namespaces.items()} == {1: 2, 2: 2}


def test_the_same_listener_again(implementation: Implementation) -> None:
    def rows(*given: tuple[int, int]) -> Queues:
        table = implementation.rows(
            *(socket_row(state=LISTEN, cookie=cookie, inode=inode) for cookie, inode in given)
        )
        return Queues(list_listening(table))

    before = rows((5, 10), (6, 11))
    assert before.again(rows((5, 10)).listeners[0]) is before.listeners[0]
    # Without cookies, as from /proc, it is the inode.
    assert before.again(rows((0, 11)).listeners[0]) is before.listeners[1]
    assert before.again(rows((7, 12)).listeners[0]) is None
    assert before.listeners[0].drops is None


# ---------------------------------------------------------------------------- as the kernel does it


def counted(*listening: socket.socket) -> list[tuple[int, int]]:
    """Half-open handshakes and un-accepted connections of listeners, by what a snapshot has."""
    table = fastsock.scan(fields=FIELDS)
    queues = read_queues(table)
    found = {one.socket.inode: queues.places[one.place] for one in queues.listeners}
    inodes = [os.fstat(one.fileno()).st_ino for one in listening]
    return [(found[inode].half_open, len(found[inode].waiting)) for inode in inodes]


def wait_for_counts(*listening: socket.socket, counts: list[tuple[int, int]]) -> None:
    wait_for(lambda: counted(*listening) == counts)


def test_a_wildcard_beside_an_address() -> None:
    def look() -> None:
        anywhere = serve(16, "0.0.0.0", reuse_port=True)
        here = serve(16, "127.0.0.1", reuse_port=True)
        drop_acks(here)
        drop_acks(anywhere)
        call(3, SILENT)
        call(2, HEARD)
        call(1, SILENT, "127.0.0.9")
        call(4, HEARD, "127.0.0.9")
        wait_for_counts(here, anywhere, counts=[(3, 2), (1, 4)])

    in_child(look, netns=OWN)


@has_ipv6
def test_ipv4_at_a_dual_stack_listener() -> None:
    def look() -> None:
        both = serve(16, "::", dualstack_ipv6=True)
        drop_acks(both)
        only = serve(16, "::", PORT + 1)
        call(3, SILENT)
        call(2, HEARD)
        wait_for_counts(both, only, counts=[(3, 2), (0, 0)])

    in_child(look, netns=OWN)


def test_listeners_of_one_address_share() -> None:
    def look() -> None:
        one, other = serve(16, reuse_port=True), serve(16, reuse_port=True)
        for listener in (one, other):
            drop_acks(listener)
        call(5, SILENT)
        call(6, HEARD)
        wait_for_counts(one, other, counts=[(5, 6), (5, 6)])

    in_child(look, netns=OWN)


def test_a_connection_that_was_reset_is_not_seen() -> None:
    """It keeps its place in the queue until it is accepted."""

    def look() -> None:
        from ports import reset

        server = serve(16)
        first, _ = call(2, HEARD)
        wait_for_counts(server, counts=[(0, 2)])
        reset(first)
        wait_for_counts(server, counts=[(0, 1)])
        [row] = fastsock.scan(local_port=PORT, state="listen")
        assert row.rx_queue == 2

    in_child(look, netns=OWN)


def test_a_table_of_other_sockets() -> None:
    assert list(read_queues(SocketTable())) == []
