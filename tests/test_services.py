"""What listens: from where it is reached, which family of processes holds it."""

from __future__ import annotations

import itertools
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

import fastsock
from children import AS_ROOT, NOBODY, become, child_process, fork
from fastsock import processes, services
from fastsock.processes import Details
from fastsock.services import REACH_FIELDS, Holder, Reach, describe, order_family, read_reach
from fastsock.table import Process
from implementations import Implementation, address, socket_row
from ports import listen, port_of, reset

SELF = os.getpid()
KEPT: list[object] = []
INET, INET6, UNIX = 2, 10, 1
has_ipv6 = pytest.mark.skipif(not os.path.exists("/proc/self/net/tcp6"), reason="needs IPv6")


# ------------------------------------------------------------------------------------------- reach


@pytest.mark.parametrize(
    ("family", "local", "v6only", "expected"),
    [
        (INET, "0.0.0.0", 0, ("ipv4", ("0.0.0.0/0",))),
        (INET, "127.0.0.1", 0, ("host", ("127.0.0.1/32",))),
        (INET, "127.255.0.9", 0, ("host", ("127.255.0.9/32",))),
        (INET, "10.1.2.3", 0, ("address", ("10.1.2.3/32",))),
        (INET6, "::", 0, ("all", ("0.0.0.0/0", "::/0"))),
        (INET6, "::", 1, ("ipv6", ("::/0",))),
        (INET6, "::1", 0, ("host", ("::1/128",))),
        (INET6, "::ffff:127.0.0.1", 0, ("host", ("127.0.0.1/32",))),
        (INET6, "::ffff:0.0.0.0", 0, ("ipv4", ("0.0.0.0/0",))),
        (INET6, "::ffff:10.1.2.3", 0, ("address", ("10.1.2.3/32",))),
        (INET6, "fe80::1", 0, ("link", ("fe80::1/128",))),
        (INET6, "febf::1", 0, ("link", ("febf::1/128",))),
        (INET6, "fec0::1", 0, ("address", ("fec0::1/128",))),
        (INET6, "2001:db8::7", 1, ("address", ("2001:db8::7/128",))),
    ],
)
def test_reach(
    implementation: Implementation,
    family: int,
    local: str,
    v6only: int,
    expected: tuple[str, tuple[str, ...]],
) -> None:
    row = socket_row(family=family, local_address=address(local), state=10, cookie=1)
    # The optional columns stand behind the others, in the order of columns.py.
    table = implementation.rows((*row, 0, v6only), fields=("interface", "v6only"))
    found = read_reach(table[0], table.column_names())
    assert (found.scope, found.networks) == expected
    assert str(found) == services._WORDS[expected[0]]


def test_reach_where_nobody_knows(implementation: Implementation) -> None:
    """/proc does not say whether a socket is v6only; its rows have no cookie."""
    row = socket_row(family=INET6, local_address=bytes(16), state=10)
    table = implementation.rows((*row, 0, 0), fields=("interface", "v6only"))
    found = read_reach(table[0], table.column_names())
    assert (found.scope, found.networks) == ("ipv6+", ("::/0",))
    bare = implementation.rows(socket_row(family=INET6, local_address=bytes(16), cookie=1))
    assert read_reach(bare[0], bare.column_names()).scope == "ipv6+"
    unix = implementation.rows(socket_row(protocol=0, family=UNIX, local_address=bytes(16)))
    assert read_reach(unix[0], unix.column_names()) == Reach("host", ())


def test_reach_of_one_interface(implementation: Implementation) -> None:
    row = socket_row(local_address=address("0.0.0.0"), state=10, cookie=1)
    loopback = socket.if_nametoindex("lo")
    table = implementation.rows(
        (*row, loopback, 0), (*row, 2**31, 0), fields=("interface", "v6only")
    )
    one, other = (read_reach(row, table.column_names()) for row in table)
    assert (str(one), one.interface) == ("all IPv4 on lo", loopback)
    assert str(other) == f"all IPv4 on interface {2**31}"


@has_ipv6
def test_reach_is_what_can_be_connected() -> None:
    """A listener takes connections from where its reach says, and from nowhere else."""
    with (
        listen("127.0.0.1") as host,
        listen("0.0.0.0") as ipv4,
        listen("::") as ipv6,
        listen("::", dualstack_ipv6=True) as both,
        listen("::1") as host6,
    ):
        made = {port_of(one): one for one in (host, ipv4, ipv6, both, host6)}
        table = fastsock.listeners(local_port=list(made), fields=REACH_FIELDS, netns=SELF)
        scopes = {one.socket.local_port: one.reach.scope for one in describe(table)}
        if any(row.cookie is None for row in table):
            pytest.skip("this engine does not know v6only")
        assert [scopes[port] for port in made] == ["host", "ipv4", "ipv6", "all", "host"]
        for port, listener in made.items():
            for family, text in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as client:
                    client.settimeout(5)
                    refused = client.connect_ex((text, port))
                    if not refused:
                        reset(listener.accept()[0])
                (found,) = [one for one in describe(table) if one.socket.local_port == port]
                networks = [*found.reach.networks]
                fits = (
                    f"{text}/{32 if family == socket.AF_INET else 128}" in networks
                    or ("0.0.0.0/0" if family == socket.AF_INET else "::/0") in networks
                )
                assert fits is (refused == 0), (listener, text)


# ---------------------------------------------------------------------------------------- families


def holder(pid: int, parent: int | None = 1, start: int = 10) -> Holder:
    details = None
    if parent is not None:
        details = Details(pid)
        details.parent = parent
    return Holder(Process(pid, start, b"x", 0, 1, b""), [3], details)


def shape(*holders: Holder) -> list[tuple[int, int, int]]:
    return [(one.pid, one.parent, one.depth) for one in order_family(holders)]


def test_parents_stand_before_their_forks() -> None:
    members = (
        holder(10, start=1),
        holder(20, 10, 2),
        holder(15, 20, 3),  # a number that began anew
        holder(30, 10, 2),
        holder(5, start=7),
        holder(40, None, 9),
    )
    expected = [(10, 0, 0), (20, 10, 1), (15, 20, 2), (30, 10, 1), (5, 0, 0), (40, 0, 0)]
    for order in itertools.permutations(members):
        assert shape(*order) == expected


def test_a_parent_that_is_younger_is_another_process() -> None:
    assert shape(holder(10, 20, 1), holder(20, 1, 5)) == [(10, 0, 0), (20, 0, 0)]


def test_processes_that_call_each_other_parent() -> None:
    found = shape(holder(10, 20, 1), holder(20, 10, 1), holder(30, 30, 1))
    assert sorted(pid for pid, _, _ in found) == [10, 20, 30]


def test_a_family_of_forks(engine_name: str) -> None:
    """The father, his children and a child of theirs, on one listener."""
    with listen() as server:

        def two() -> int:
            child = fork()
            if child == 0:
                signal.pause()
            KEPT.append(child)
            return child

        with child_process(two) as (first, grandchild), child_process(os.getpid) as (second, _):
            table = fastsock.listeners(local_port=port_of(server), engine=engine_name)
            (service,) = describe(table)
            assert [(one.pid, one.depth) for one in service.holders] == [
                (SELF, 0),
                (first, 1),
                (grandchild, 2),
                (second, 1),
            ]
            for one in service.holders:
                assert one.details is not None
                assert one.details.binary == os.fsencode(os.readlink("/proc/self/exe"))
                assert one.details.start_time == one.process.start_time
                assert one.fds == (server.fileno(),)
            made = service.as_dict()
            assert {owner["pid"]: owner["parent"] for owner in made["owners"]} == {
                SELF: os.getppid(),
                first: SELF,
                grandchild: first,
                second: SELF,
            }
            assert made["reach"] == "host"
            assert made["networks"] == ["127.0.0.1/32"]
            os.kill(grandchild, signal.SIGKILL)


def test_descriptors_of_one_process_stand_together() -> None:
    with listen() as server, server.dup() as again:
        (service,) = describe(fastsock.listeners(local_port=port_of(server)))
        (one,) = service.holders
        assert set(one.fds) == {server.fileno(), again.fileno()}
        assert len(service.as_dict()["owners"]) == 2


def test_an_owner_that_ended_after_the_walk() -> None:
    with listen() as server:
        with child_process(os.getpid) as (pid, _):
            table = fastsock.listeners(local_port=port_of(server))
        (service,) = describe(table)
        found = {one.pid: one.details for one in service.holders}
        assert found[pid] is None and found[SELF] is not None
        (owner,) = [one for one in service.as_dict()["owners"] if one["pid"] == pid]
        assert "binary" not in owner and owner["uid"] == os.geteuid()


def test_a_number_that_went_to_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Details(SELF)
    other.start_time = 2**40
    monkeypatch.setattr(services, "read_details", lambda procfs, pid: other)
    with listen() as server:
        (service,) = describe(fastsock.listeners(local_port=port_of(server)))
    assert [one.details for one in service.holders] == [None]


def test_only_owners_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    before: Callable[..., Details] = processes.read_details

    def read(procfs: str, pid: int) -> Details:
        asked.append(pid)
        return before(procfs, pid)

    monkeypatch.setattr(services, "read_details", read)
    with listen() as one, listen() as other, child_process(os.getpid) as (pid, _):
        table = fastsock.listeners(local_port=[port_of(one), port_of(other)])
        assert len(describe(table)) == 2
        assert sorted(asked) == sorted([SELF, pid])
        describe(table, details=False)
        assert len(asked) == 2


@pytest.mark.skipif(not AS_ROOT, reason="needs root to become another user")
def test_owners_of_other_users(engine_name: str) -> None:
    """Each holder has its own user, and who may not be looked at says so."""
    with listen() as server:
        port = port_of(server)

        def look() -> list[tuple[str | None, list[str]]]:
            become(NOBODY)
            # The descriptors of root's processes are hidden; our own copy is not.
            (service,) = describe(fastsock.listeners(local_port=port, engine=engine_name))
            return [
                (one.user, sorted(one.details.hidden)) for one in service.holders if one.details
            ]

        with child_process(look) as (_, found):
            assert found == [("nobody", [])]
        with child_process(os.getpid, user=NOBODY) as (pid, _):
            (service,) = describe(fastsock.listeners(local_port=port))
            assert {one.pid: one.user for one in service.holders} == {SELF: "root", pid: "nobody"}


# --------------------------------------------------------------------------------------------- who


def test_who_with_connections(engine_name: str) -> None:
    with listen() as server:
        port = port_of(server)
        client = socket.create_connection(("127.0.0.1", port))
        accepted = server.accept()[0]
        try:
            found = fastsock.who(port=port, connections=True, engine=engine_name)
            waiting, others = fastsock.conductor.split_listening(found)
            assert [one.inode for one in waiting] == [os.fstat(server.fileno()).st_ino]
            assert [one.inode for one in others] == [os.fstat(accepted.fileno()).st_ino]
            assert len(fastsock.who(port=port, engine=engine_name)) == 1
            alone = fastsock.who(
                port=port, address="127.0.0.1", connections=True, engine=engine_name
            )
            assert len(alone) == 2
            elsewhere: Any = {"port": port, "address": "127.7.7.7", "connections": True}
            assert len(fastsock.who(**elsewhere, engine=engine_name)) == 0
        finally:
            reset(client)
            reset(accepted)


def test_who_has_an_inode(engine_name: str) -> None:
    with listen() as server:
        inode = os.fstat(server.fileno()).st_ino
        (found,) = fastsock.who(inode=inode, engine=engine_name)
        assert [owner.pid for owner in found.owners or ()] == [SELF]
    assert len(fastsock.who(inode=2**63, engine=engine_name)) == 0


def test_who_has_an_inode_of_another_namespace() -> None:
    def listening() -> int:
        KEPT.append(server := socket.create_server(("127.0.0.1", 0)))
        return os.fstat(server.fileno()).st_ino

    with child_process(listening, netns=0) as (pid, inode):
        (found,) = fastsock.who(inode=inode)
        assert [owner.pid for owner in found.owners or ()] == [pid]
        assert len(fastsock.who(inode=inode, netns=SELF)) == 0
