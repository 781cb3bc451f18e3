"""The public verbs on real sockets: every way in which a socket comes to have owners, or none."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fastsock
import proctree
from children import (
    AS_ROOT,
    NOBODY,
    OWN,
    child_process,
    fork,
    hide_descriptors,
    in_child,
    libc,
)
from fastsock import State, processes
from fastsock.engines import open_engine
from fastsock.implementation import COMPILED
from ports import listen, port_of, reset

for status in fastsock.engine_status():
    # Loaded before a child becomes another user, who may not be able to read our checkout.
    if status.available:
        fastsock.count(by="pid", pid=os.getpid(), engine=status.name)

SELF = os.getpid()
SHELL = os.path.realpath(shutil.which("sh") or "/bin/sh")
PR_SET_NAME = 15
KEPT: list[object] = []
has_ipv6 = pytest.mark.skipif(not os.path.exists("/proc/self/net/tcp6"), reason="needs IPv6")
needs_root = pytest.mark.skipif(not AS_ROOT, reason="needs root")


@pytest.fixture
def ask(engine_name: str) -> SimpleNamespace:
    """The public verbs, answered by one engine."""
    verbs = ("count", "sockets", "scan", "owners", "listeners", "who", "state_of", "glance")
    return SimpleNamespace(
        engine=engine_name,
        **{
            name: functools.partial(getattr(fastsock, name), engine=engine_name)
            for name in (*verbs, "states_by_inode")
        },
    )


@pytest.fixture
def keep() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def inode_of(one: socket.socket | int) -> int:
    return os.fstat(one if isinstance(one, int) else one.fileno()).st_ino


class Conversation:
    """A listener and one accepted connection to it."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.listener = listen(address)
        self.port = port_of(self.listener)
        self.client = socket.create_connection(self.listener.getsockname()[:2])
        self.server = self.listener.accept()[0]

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        reset(self.client)
        reset(self.server)
        self.listener.close()


@pytest.fixture
def talk() -> Iterator[Conversation]:
    with Conversation() as made:
        yield made


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def holders(one: Any) -> set[tuple[int, int]]:
    return {(owner.pid, owner.fd) for owner in one.owners}


def not_found(table: Any) -> str:
    """What a socket is that nobody was found to hold: hidden if something could not be read."""
    return "hidden" if table.incomplete else "unknown"


# ----------------------------------------------------------------------------- counts and selection


def test_both_ends_of_a_connection_count(ask: SimpleNamespace, talk: Conversation) -> None:
    counts = ask.count(port=talk.port)
    assert str(counts) == "established=2 listen=1 other=0"
    assert counts.total == 3
    assert counts.states == {"ESTABLISHED": 2, "LISTEN": 1}
    assert counts.unaccepted is None
    assert counts.sources == {"sockets": ask.engine}
    assert counts.elapsed > 0
    assert str(ask.count(local_port=talk.port)) == "established=1 listen=1 other=0"
    assert str(ask.count(remote_port=talk.port)) == "established=1 listen=0 other=0"


def test_count_of_a_process_is_the_same_as_that_of_its_sockets(
    ask: SimpleNamespace, talk: Conversation
) -> None:
    counts = ask.count(port=talk.port, pid=SELF)
    assert counts == ask.count(port=talk.port)
    assert counts.sources == open_engine(ask.engine).sources
    assert counts.unaccepted == 0
    assert not counts.shared


def test_scan_and_stream_and_count_agree(ask: SimpleNamespace, talk: Conversation) -> None:
    table = ask.scan(port=talk.port)
    with ask.sockets(port=talk.port) as stream:
        rows = list(stream)
    assert rows == list(table)
    assert len(table) == 3
    assert table.counts() == ask.count(port=talk.port)
    assert stream.sources == table.sources == {"sockets": ask.engine}
    assert table.owners is None
    assert rows[0].owners is None


def test_attributes_are_what_the_kernel_says(ask: SimpleNamespace, talk: Conversation) -> None:
    talk.client.send(b"12345")
    wait_for(lambda: len(talk.server.recv(9, socket.MSG_PEEK)) == 5)
    by_inode = {one.inode: one for one in ask.scan(port=talk.port)}
    server = by_inode[inode_of(talk.server)]
    assert (server.local_address, server.local_port) == talk.server.getsockname()
    assert (server.remote_address, server.remote_port) == talk.server.getpeername()
    assert server.state is State.ESTABLISHED
    assert (server.protocol, server.family) == ("tcp", "ipv4")
    assert server.rx_queue == 5
    assert server.uid == os.geteuid()
    assert server.netns == os.stat("/proc/self/ns/net").st_ino
    assert by_inode[inode_of(talk.listener)].state is State.LISTEN


def test_alternatives_and_ranges_of_ports(ask: SimpleNamespace, talk: Conversation) -> None:
    with Conversation() as second:
        ports = sorted((talk.port, second.port))
        assert ask.count(port=ports).total == 6
        assert ask.count(port=f"{ports[0]},{ports[1]}").total == 6
        assert ask.count(local_port=f"{ports[0]}-{ports[1]}", pid=SELF).listen == 2
        assert ask.count(local_port=range(ports[0], ports[1] + 1), pid=SELF).listen == 2
        assert ask.count(port=talk.port, state="listen").total == 1
        assert ask.count(port=ports, state=["ESTAB", State.LISTEN]).total == 6
        assert ask.count(port=ports, state="other").total == 0
        assert ask.count(port=talk.port, remote_port=second.port).total == 0
        assert ask.count(port=talk.port, uid=os.geteuid()).total == 3
        assert ask.count(port=talk.port, uid=os.geteuid() + 1).total == 0
        assert ask.count(inode=inode_of(talk.server)).total == 1


def test_addresses_match_either_end_by_prefix(ask: SimpleNamespace) -> None:
    listener = listen("127.0.0.1")
    port = port_of(listener)
    with listener, socket.socket() as client:
        client.bind(("127.9.8.7", 0))
        client.connect(("127.0.0.1", port))
        server = listener.accept()[0]
        count = functools.partial(ask.count, port=port)
        assert count(address="127.9.8.7").established == 2
        assert count(local_address="127.9.8.7").established == 1
        assert count(remote_address="127.9.8.0/24").established == 1
        assert count(address="127.0.0.0/8").total == 3
        assert count(address="127.9.8.8/31").total == 0
        assert count(address=["127.9.8.7", "10.0.0.0/8"]).established == 2
        assert count(address="0.0.0.0/0").total == 3
        assert count(address="::/0").total == 3
        assert count(address="::1").total == 0
        assert count(family="ipv4").total == 3
        assert count(family="ipv6").total == 0
        server.close()


@has_ipv6
def test_addresses_of_ipv6(ask: SimpleNamespace) -> None:
    with Conversation("::1") as talk:
        count = functools.partial(ask.count, port=talk.port)
        assert count(address="::1").total == 3
        assert count(address="[::1]").total == 3
        assert count(address="::/64").total == 3
        assert count(address="fe80::/10").total == 0
        assert count(address="0.0.0.0/0").total == 0
        assert count(family="ipv6").total == 3


@has_ipv6
def test_v4_mapped_addresses_are_found_both_ways(ask: SimpleNamespace) -> None:
    listener = listen("::", dualstack_ipv6=True)
    port = port_of(listener)
    with listener, socket.create_connection(("127.0.0.1", port)):
        server = listener.accept()[0]
        table = ask.scan(local_port=port, state="established")
        assert [one.local_address for one in table] == ["::ffff:127.0.0.1"]
        assert [one.family for one in table] == ["ipv6"]
        count = functools.partial(ask.count, port=port, state="established")
        assert count(address="127.0.0.1").total == 2  # both ends, whatever they call themselves
        assert count(address="::ffff:127.0.0.0/104").total == 2
        assert count(address="127.0.0.0/8", family="ipv6").total == 1
        server.close()


def test_udp_has_two_states(ask: SimpleNamespace) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", 0))
        client.connect(server.getsockname())
        counts = ask.count(protocol="udp", port=port_of(server))
        assert counts.states == {"ESTABLISHED": 1, "CLOSE": 1}
        assert ask.count(port=port_of(server), inode=inode_of(server)).total == 0  # not TCP
        both = ask.scan(protocol=("tcp", "udp"), inode=inode_of(server), owners=True)
        assert [(one.protocol, holders(one)) for one in both] == [
            ("udp", {(SELF, server.fileno())})
        ]
        assert ask.count(protocol="udp", pid=SELF, port=port_of(server)).total == 2


# ------------------------------------------------------------------------------------------- owners


def test_all_workers_of_a_listener_are_its_owners(
    ask: SimpleNamespace, keep: contextlib.ExitStack
) -> None:
    listener = keep.enter_context(listen())
    port = port_of(listener)
    pids = {keep.enter_context(child_process(os.getpid))[0] for _ in range(3)}
    (found,) = ask.scan(port=port, owners=True)
    assert found.owner_state == "found"
    assert holders(found) == {(pid, listener.fileno()) for pid in {SELF, *pids}}
    assert [owner.pid for owner in found.owners] == sorted({SELF, *pids})

    everybody = [SELF, *pids]
    assert ask.count(port=port).total == 1
    assert ask.count(port=port, pid=everybody).total == 1
    assert ask.count(port=port, pid=everybody, descriptors=True).total == 4
    by_pid = ask.count(port=port, by="pid", pid=everybody)
    assert {pid: counts.listen for pid, counts in by_pid.items()} == dict.fromkeys(everybody, 1)
    # Only the named processes are walked, so only they are known.
    assert {pid for pid, _ in holders(ask.scan(port=port, pid=list(pids))[0])} == pids
    by_command = ask.count(port=port, by="command", pid=everybody)
    assert [counts.listen for counts in by_command.values()] == [1]
    assert by_pid.total.listen == 1


def test_duplicated_descriptors_are_one_socket(ask: SimpleNamespace, talk: Conversation) -> None:
    with talk.server.dup() as copy:
        mine = {(SELF, talk.server.fileno()), (SELF, copy.fileno())}
        (found,) = ask.scan(inode=inode_of(copy), owners=True)
        assert holders(found) == mine
        assert ask.count(port=talk.port, pid=SELF).established == 2
        assert ask.count(port=talk.port, pid=SELF, descriptors=True).established == 3
        assert ask.count(port=talk.port, descriptors=True).established == 3
        groups = ask.count(port=talk.port, pid=SELF, by="pid", descriptors=True)
        assert groups[SELF].established == 3


def test_a_descriptor_passed_on_changes_hands(ask: SimpleNamespace) -> None:
    ours, theirs = socket.socketpair()

    def receive() -> None:
        while True:
            _, fds, _, _ = socket.recv_fds(theirs, 1, 1)
            theirs.send(str(fds[0]).encode())

    with ours, theirs, child_process(os.getpid, receive) as (pid, _):
        listener = listen()
        inode = inode_of(listener)
        socket.send_fds(ours, [b"x"], [listener.fileno()])
        fd = int(ours.recv(9))
        scan = functools.partial(ask.scan, inode=inode, owners=True)
        assert holders(scan()[0]) == {(SELF, listener.fileno()), (pid, fd)}
        listener.close()
        assert holders(scan()[0]) == {(pid, fd)}
        assert len(scan(pid=SELF)) == 0


def test_a_descriptor_on_its_way_belongs_to_nobody_known(ask: SimpleNamespace) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        listener = listen()
        port = port_of(listener)
        socket.send_fds(ours, [b"x"], [listener.fileno()])
        listener.close()
        table = ask.scan(port=port, owners=True)
        assert [one.owner_state for one in table] == [not_found(table)]
        assert [one.as_dict()["owners"] for one in table] == [None]
        groups = ask.count(port=port, by="command")
        key = fastsock.HIDDEN if groups.incomplete else fastsock.UNKNOWN
        assert list(groups) == [key]
        (row,) = groups.as_dicts()
        assert (row["command"], row["owner_state"], row["listen"]) == (None, str(key), 1)


def test_unaccepted_connections_have_no_owner(ask: SimpleNamespace) -> None:
    with listen() as listener, contextlib.ExitStack() as clients:
        port = port_of(listener)
        for _ in range(3):
            clients.enter_context(socket.create_connection(("127.0.0.1", port)))
        wait_for(lambda: bool(ask.count(port=port, pid=SELF).unaccepted == 3))
        waiting = ask.scan(local_port=port, state="established", owners=True)
        assert [(one.inode, one.owner_state, one.owners) for one in waiting] == [
            (0, "none", [])
        ] * 3
        assert str(ask.count(port=port)) == "established=6 listen=1 other=0"
        counts = ask.count(port=port, pid=SELF)
        assert str(counts) == "established=3 listen=1 other=0"
        assert (counts.unaccepted, counts.shared) == (3, False)
        assert counts.as_dict()["unaccepted"] == 3
        groups = ask.count(port=port, by=("pid", "state"))
        assert groups[SELF, State.ESTABLISHED].total == 3
        assert groups[fastsock.NONE, State.ESTABLISHED].total == 3
        (row,) = [row for row in groups.as_dicts() if row.get("owner_state")]
        assert (row["pid"], row["owner_state"], row["state"]) == (None, "none", "ESTABLISHED")


def test_accept_queues_of_listeners_that_share_an_address_add_up(
    ask: SimpleNamespace, keep: contextlib.ExitStack
) -> None:
    listener = keep.enter_context(listen(reuse_port=True))
    port = port_of(listener)
    assert not ask.count(port=port, pid=SELF).shared
    second = keep.enter_context(
        socket.create_server(("127.0.0.1", port), reuse_port=True, backlog=16)
    )
    for _ in range(8):  # the kernel deals them out by a hash
        keep.enter_context(socket.create_connection(("127.0.0.1", port)))
    wait_for(lambda: bool(ask.count(port=port, pid=SELF).unaccepted == 8))
    counts = ask.count(port=port, pid=SELF)
    assert (counts.listen, counts.unaccepted, counts.shared) == (2, 8, True)
    assert ask.count(local_port=port, state="listen", pid=SELF).unaccepted == 8
    queues = [one.rx_queue for one in ask.listeners(local_port=port)]
    assert (len(queues), sum(queues)) == (2, 8)
    second.close()


def test_a_listener_shares_its_address_with_another_process(
    ask: SimpleNamespace, keep: contextlib.ExitStack
) -> None:
    listener = keep.enter_context(listen(reuse_port=True))
    port = port_of(listener)

    def prepare() -> None:
        listener.close()
        KEPT.append(socket.create_server(("127.0.0.1", port), reuse_port=True))

    keep.enter_context(child_process(prepare))
    counts = ask.count(port=port, pid=SELF)
    assert (counts.listen, counts.shared) == (1, True)


def test_half_closed_connections(ask: SimpleNamespace, talk: Conversation) -> None:
    talk.client.shutdown(socket.SHUT_WR)
    wait_for(lambda: fastsock.state_of(talk.client) is State.FIN_WAIT2)
    counts = ask.count(port=talk.port, pid=SELF)
    assert counts.states == {"LISTEN": 1, "FIN_WAIT2": 1, "CLOSE_WAIT": 1}
    assert str(counts) == "established=0 listen=1 other=2"
    assert counts["close-wait"] == counts["other"] - counts[State.FIN_WAIT2] == 1
    by_inode = {one.inode: one for one in ask.scan(port=talk.port, owners=True)}
    assert by_inode[inode_of(talk.server)].state is State.CLOSE_WAIT
    assert by_inode[inode_of(talk.client)].state is State.FIN_WAIT2
    assert holders(by_inode[inode_of(talk.client)]) == {(SELF, talk.client.fileno())}


def test_time_wait_has_no_owner(ask: SimpleNamespace, talk: Conversation) -> None:
    talk.client.close()
    wait_for(lambda: talk.server.recv(1) == b"")
    talk.server.close()
    scan = functools.partial(ask.scan, port=talk.port, state="time-wait", owners=True)
    wait_for(lambda: len(scan()) == 1)
    (found,) = scan()
    assert (found.inode, found.owner_state, found.owners) == (0, "none", [])
    assert ask.count(port=talk.port, by="pid")[fastsock.NONE].other == 1
    assert ask.count(port=talk.port, pid=SELF).other == 0


def test_a_closed_descriptor_leaves_an_orphan(ask: SimpleNamespace, talk: Conversation) -> None:
    talk.client.close()  # FIN_WAIT2 of nobody: the server has not closed
    scan = functools.partial(ask.scan, remote_port=talk.port, owners=True)
    wait_for(lambda: scan()[0].state is State.FIN_WAIT2)
    (found,) = scan()
    assert (found.inode, found.owner_state, found.owners) == (0, "none", [])


def test_owners_are_rows_of_processes_and_descriptors(
    ask: SimpleNamespace, talk: Conversation
) -> None:
    table = ask.owners(pid=SELF)
    assert (inode_of(talk.server), SELF, talk.server.fileno(), SELF) in {row[:4] for row in table}
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in _descriptors()]
    assert len(table) == sum(link.startswith("socket:[") for link in links)
    assert table.scope == (SELF,)
    assert table.sources == {"owners": open_engine(ask.engine).sources["owners"]}
    (process,) = table.processes
    assert process.command == Path("/proc/self/comm").read_bytes().removesuffix(b"\n")
    assert process.uid == os.geteuid()
    assert ask.owners().scope is None
    with pytest.raises(ValueError, match="port"):
        ask.owners(port=talk.port)


def _descriptors() -> list[str]:
    # Reading the directory takes a descriptor that is gone afterwards.
    return [fd for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]


def test_a_table_with_owners_selects_and_groups_by_them(
    ask: SimpleNamespace, talk: Conversation
) -> None:
    table = ask.scan(port=talk.port, owners=True)
    assert len(table.select(pid=SELF)) == 3
    assert len(table.select(pid=SELF, state="listen")) == 1
    assert len(table.select(pid=SELF + 1)) == 0
    assert table.count_by("pid")[SELF] == table.counts()
    assert SELF in {process.pid for process in table.processes}
    with pytest.raises(ValueError, match="owners"):
        ask.scan(port=talk.port).select(pid=SELF)


# ----------------------------------------------------------------------------------------- commands


@contextlib.contextmanager
def shell(
    listener: socket.socket, *argv: str, binary: str = SHELL, script: str = ""
) -> Iterator[int]:
    """Start a shell that holds `listener`, under any name; yield its pid when it stands."""
    with subprocess.Popen(
        [*(argv or ("sh",)), "-c", f"{script} echo ready; read line"],
        executable=binary,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[listener.fileno()],
    ) as process:
        try:
            assert process.stdout and process.stdout.readline() == b"ready\n"
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def binary(tmp_path: Path) -> str:
    """A copy of the shell under a name that is longer than comm may be."""
    copy = str(shutil.copy(SHELL, tmp_path / "fastsock-test-program"))
    try:
        subprocess.run([copy, "-c", ":"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a copy of {SHELL} does not run: {error}")  # noexec, or a multi-call binary
    return copy


def test_a_command_selects_all_its_instances(ask: SimpleNamespace, binary: str) -> None:
    with listen() as listener, shell(listener, binary=binary) as a:
        with shell(listener, binary=binary) as b:
            for name in ("fastsock-test-program", b"fastsock-test-p"):  # the binary's, and comm
                (found,) = ask.scan(command=name)
                assert {pid for pid, _ in holders(found)} == {a, b}
                assert ask.count(command=name).listen == 1
                assert ask.count(command=name, descriptors=True).listen == 2
                assert set(ask.count(command=name, by="pid")) == {a, b}
            groups = ask.count(command="fastsock-test-p", by="command")
            assert list(groups) == ["fastsock-test-p"]
            assert {row[1] for row in ask.owners(command="fastsock-test-p")} == {a, b}
            with ask.sockets(command="fastsock-test-p", port=port_of(listener)) as stream:
                assert [one.local_port for one in stream] == [port_of(listener)]


def test_a_command_may_be_the_first_word_of_the_command_line(ask: SimpleNamespace) -> None:
    with listen() as listener, shell(listener, "/some/where/fastsock argv0") as pid:
        assert {owner for owner, _ in holders(ask.scan(command="fastsock argv0")[0])} == {pid}
    with listen() as listener, shell(listener, "-fastsock-login") as pid:
        assert {owner for owner, _ in holders(ask.scan(command="fastsock-login")[0])} == {pid}


def test_a_command_may_be_the_binary_of_a_process_that_renamed_itself(
    ask: SimpleNamespace, binary: str
) -> None:
    with listen() as listener:
        rename = "printf renamed >/proc/$$/comm;"
        with shell(listener, binary=binary, script=rename) as pid:
            (found,) = ask.scan(command="fastsock-test-program")
            assert {(owner.pid, owner.command) for owner in found.owners} == {(pid, b"renamed")}
            assert ask.count(command=b"renamed", port=port_of(listener)).listen == 1


def test_a_command_with_a_strange_name(ask: SimpleNamespace) -> None:
    name = b"a) R (\xff\n"

    def prepare() -> None:
        libc.prctl(PR_SET_NAME, name, 0, 0, 0)

    with listen() as listener, child_process(prepare) as (pid, _):
        (found,) = ask.scan(command=name, port=port_of(listener))
        assert {(owner.pid, owner.command) for owner in found.owners} == {(pid, name)}
        assert ask.count(command=os.fsdecode(name), port=port_of(listener)).listen == 1
        groups = ask.count(pid=pid, port=port_of(listener), by="command")
        assert list(groups) == [os.fsdecode(name)]
        assert groups.as_dicts()[0]["command"] == "a) R (\\xff\\x0a"


# -------------------------------------------------------------- processes that are not there for us


def verbs_about_processes(ask: SimpleNamespace) -> list[Callable[..., object]]:
    return [
        ask.count,
        functools.partial(ask.count, by="state"),
        functools.partial(ask.count, descriptors=True),
        ask.scan,
        lambda **question: list(ask.sockets(**question)),
        ask.owners,
        ask.listeners,
        ask.who,
    ]


def ended_pid() -> int:
    child = fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def test_a_process_that_does_not_exist_is_an_error(ask: SimpleNamespace) -> None:
    for verb in verbs_about_processes(ask):
        for pid in (ended_pid(), 2**31 - 1):
            with pytest.raises(fastsock.NoSuchProcess, match=str(pid)) as caught:
                verb(pid=pid)
            assert isinstance(caught.value, ProcessLookupError)
        with pytest.raises(fastsock.NoSuchProcess, match="2147483647"):
            verb(pid=[SELF, 2**31 - 1])
        with pytest.raises(fastsock.NoSuchProcess, match="no-such-command"):
            verb(command="no-such-command")


def test_a_thread_is_no_process(ask: SimpleNamespace) -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert thread.native_id != SELF
        for verb in verbs_about_processes(ask):
            with pytest.raises(fastsock.NoSuchProcess):
                verb(pid=thread.native_id)
    finally:
        done.set()
        thread.join()


def test_a_process_that_ended_and_was_not_waited_for_has_no_sockets(ask: SimpleNamespace) -> None:
    child = fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert processes.has_ended(f"/proc/{child}")
        assert not processes.has_ended("/proc/self")
        assert ask.count(pid=child).total == 0
        assert len(ask.owners(pid=child)) == 0
    finally:
        os.waitpid(child, 0)
    assert processes.has_ended(f"/proc/{child}")


def test_a_process_that_may_not_be_read_is_never_0(ask: SimpleNamespace) -> None:
    with listen() as listener, child_process(hide_descriptors) as (pid, _):
        port = port_of(listener)

        def ask_all() -> list[tuple[int, ...] | None]:
            found: list[tuple[int, ...] | None] = []
            for verb in verbs_about_processes(ask):
                for question in ({"pid": pid}, {"pid": pid, "port": port}):
                    try:
                        verb(**question)
                    except fastsock.OwnersHidden as error:
                        assert isinstance(error, PermissionError)
                        found.append(error.pids)
                    except ValueError:  # owners() selects by processes only
                        assert "port" in question
                        found.append((pid,))
                    else:
                        found.append(None)
            return found

        found = in_child(ask_all, user=NOBODY)
        assert found == [(pid,)] * len(found)


def test_a_named_command_that_may_not_be_read_is_never_0(ask: SimpleNamespace) -> None:
    def prepare() -> None:
        libc.prctl(PR_SET_NAME, b"fastsock-hides", 0, 0, 0)
        hide_descriptors()

    def ask_for_it() -> tuple[int, ...]:
        try:
            counts = ask.count(command="fastsock-hides")
        except fastsock.OwnersHidden as error:
            return error.pids
        raise AssertionError(f"answered {counts}")

    with child_process(prepare) as (pid, _):
        assert in_child(ask_for_it, user=NOBODY) == (pid,)


def test_sockets_of_hidden_processes_are_hidden_and_counted(ask: SimpleNamespace) -> None:
    with listen() as listener:
        port = port_of(listener)
        inode = inode_of(listener)
        with child_process(hide_descriptors):
            listener.close()

            def look() -> Any:
                with listen() as mine:
                    ours = (port, port_of(mine))
                    groups = ask.count(port=ours, by="pid")
                    table = ask.scan(port=ours, owners=True)
                    return (
                        {one.inode: (one.owner_state, one.owners) for one in table}[inode],
                        holders({one.local_port: one for one in table}[port_of(mine)]),
                        (os.getpid(), mine.fileno()),
                        [(str(key), counts.total) for key, counts in groups.items()],
                        [dict(entry) for entry in table.incomplete],
                        "processes" in {entry["what"] for entry in groups.incomplete},
                    )

            hidden, seen, expected, groups, incomplete, told = in_child(look, user=NOBODY)
    assert hidden == ("hidden", None)
    assert seen == {expected}
    assert sorted(groups) == sorted([("hidden", 1), (str(expected[0]), 1)])
    (noted,) = [entry for entry in incomplete if entry["what"] == "processes"]
    assert noted["count"] >= 1
    assert noted["remedy"]
    assert told


def test_processes_may_end_during_a_scan(ask: SimpleNamespace) -> None:
    with listen() as listener:
        stop = threading.Event()
        ended: list[int] = []

        def come_and_go() -> None:
            while not stop.is_set():
                child = subprocess.Popen(["/bin/true"], pass_fds=[listener.fileno()])
                ended.append(child.pid)
                child.wait()

        thread = threading.Thread(target=come_and_go)
        thread.start()
        try:
            for _ in range(8):
                (found,) = ask.scan(port=port_of(listener), owners=True)
                assert (SELF, listener.fileno()) in holders(found)
                for _ in range(20):
                    with contextlib.suppress(fastsock.NoSuchProcess):
                        ask.count(pid=ended[-1] if ended else SELF)
        finally:
            stop.set()
            thread.join()


def test_the_process_of_a_question_may_end_before_it_is_answered(ask: SimpleNamespace) -> None:
    with listen() as listener:
        with child_process(os.getpid, netns=OWN) as (pid, _):
            stream = ask.sockets(pid=pid, port=port_of(listener))
        # Its namespace was to be read through it.
        with stream, pytest.raises(fastsock.NoSuchProcess, match=str(pid)):
            next(stream)


# -------------------------------------------------------------------------------- listeners and who


def test_listeners_have_all_their_owners(ask: SimpleNamespace, talk: Conversation) -> None:
    with child_process(os.getpid) as (pid, _):
        (found,) = ask.listeners(port=talk.port)
        assert found.state is State.LISTEN
        assert {owner for owner, _ in holders(found)} == {SELF, pid}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(bound.getsockname())
            (found,) = ask.listeners(protocol="udp", port=port_of(bound))
            assert holders(found) == {(SELF, bound.fileno())}
            ports = (talk.port, port_of(bound))
            assert len(ask.listeners(protocol=("tcp", "udp"), local_port=ports)) == 2


def test_who_is_behind_a_port(ask: SimpleNamespace, talk: Conversation) -> None:
    (found,) = ask.who(port=talk.port)
    assert (found.state, holders(found)) == (State.LISTEN, {(SELF, talk.listener.fileno())})
    (found,) = ask.who(port=talk.port, address="127.0.0.1")
    assert found.state is State.LISTEN
    assert len(ask.who(port=talk.port, address="127.7.7.7")) == 0
    client = port_of(talk.client)  # nobody listens there
    (found,) = ask.who(port=client)
    assert (found.state, holders(found)) == (
        State.ESTABLISHED,
        {(SELF, talk.client.fileno())},
    )
    with pytest.raises(ValueError, match="needs"):
        fastsock.who()


@has_ipv6
def test_who_finds_the_wildcard_that_an_address_reaches(ask: SimpleNamespace) -> None:
    with listen("0.0.0.0") as ipv4, listen("::", dualstack_ipv6=True) as both:
        assert len(ask.who(port=port_of(ipv4), address="127.7.7.7")) == 1
        assert len(ask.who(port=port_of(both), address="127.7.7.7")) == 1
        assert len(ask.who(port=port_of(both), address="::1")) == 1
        assert len(ask.who(port=port_of(ipv4), address="::1")) == 0


# ---------------------------------------------------------------------------- the state of a socket


def test_state_of_a_socket_or_descriptor_is_exact(ask: SimpleNamespace, talk: Conversation) -> None:
    state_of = ask.state_of
    assert state_of(talk.listener) is State.LISTEN
    assert state_of(talk.client) is State.ESTABLISHED
    assert state_of(talk.client.fileno()) is State.ESTABLISHED
    talk.client.shutdown(socket.SHUT_WR)
    wait_for(lambda: fastsock.state_of(talk.client) is State.FIN_WAIT2)
    assert state_of(talk.server) is State.CLOSE_WAIT
    with socket.socket() as unconnected:
        assert state_of(unconnected) is State.CLOSE
    assert state_of(talk.server.fileno()) is State.CLOSE_WAIT  # the descriptor is still open


def test_state_of_an_inode_or_a_pair(ask: SimpleNamespace, talk: Conversation) -> None:
    state_of = ask.state_of
    assert state_of(inode=inode_of(talk.client)) is State.ESTABLISHED
    ends = {"local": talk.client.getsockname(), "remote": talk.client.getpeername()}
    assert state_of(**ends) is State.ESTABLISHED
    assert state_of(local=ends["remote"], remote=ends["local"]) is State.ESTABLISHED
    assert state_of(local=ends["local"], remote=("127.0.0.1", 1)) is None
    gone = inode_of(talk.client)
    talk.client.close()
    assert state_of(inode=gone) is None
    wait_for(lambda: bool(state_of(**ends) is State.FIN_WAIT2))


@has_ipv6
def test_state_of_a_pair_of_ipv6(ask: SimpleNamespace) -> None:
    with Conversation("::1") as talk:
        local, remote = talk.client.getsockname(), talk.client.getpeername()
        assert (len(local), len(remote)) == (4, 4)
        assert ask.state_of(local=local, remote=remote) is State.ESTABLISHED
        assert ask.state_of(talk.client) is State.ESTABLISHED
        assert ask.state_of(local=(f"{local[0]}%lo", *local[1:]), remote=remote) is not None


@has_ipv6
def test_state_of_a_v4_mapped_pair(ask: SimpleNamespace) -> None:
    listener = listen("::", dualstack_ipv6=True)
    with listener, socket.create_connection(("127.0.0.1", port_of(listener))) as client:
        server = listener.accept()[0]
        with server:
            client.shutdown(socket.SHUT_WR)
            wait_for(lambda: fastsock.state_of(client) is State.FIN_WAIT2)
            ends = {"local": server.getsockname(), "remote": server.getpeername()}
            assert ends["local"][0] == "::ffff:127.0.0.1"
            assert ask.state_of(**ends) is State.CLOSE_WAIT
            ends = {"local": client.getsockname(), "remote": client.getpeername()}
            assert ask.state_of(**ends) is State.FIN_WAIT2


def test_state_of_says_what_it_cannot_answer(ask: SimpleNamespace, talk: Conversation) -> None:
    state_of = ask.state_of
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        with pytest.raises(ValueError, match="not a TCP socket: AF_INET, SOCK_DGRAM"):
            state_of(udp)
        with pytest.raises(ValueError, match="not a TCP socket"):
            state_of(udp.fileno())
    unix, other = socket.socketpair()
    with unix, other, pytest.raises(ValueError, match="not a TCP socket: AF_UNIX"):
        state_of(unix)
    talk.client.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        state_of(talk.client)
    with open(os.devnull) as file, pytest.raises((OSError, ValueError)):
        state_of(file.fileno())
    for arguments, named in (
        ((), {}),
        ((talk.server,), {"inode": 1}),
        ((), {"local": ("127.0.0.1", 1)}),
        ((), {"inode": 1, "local": ("127.0.0.1", 1), "remote": ("127.0.0.1", 2)}),
        ((), {"local": "127.0.0.1:1", "remote": "127.0.0.1:2"}),
        (("127.0.0.1",), {}),
        ((1.5,), {}),
    ):
        with pytest.raises(TypeError):
            state_of(*arguments, **named)
    with pytest.raises(ValueError, match="inode 0"):
        state_of(inode=0)


def test_states_by_inode_is_the_whole_mapping(ask: SimpleNamespace, talk: Conversation) -> None:
    with socket.create_connection(("127.0.0.1", talk.port)):  # not accepted: inode 0
        states = ask.states_by_inode()
    assert 0 not in states
    assert states[inode_of(talk.listener)] is State.LISTEN
    assert states[inode_of(talk.client)] is State.ESTABLISHED
    assert ask.states_by_inode(inode=inode_of(talk.server)) == {
        inode_of(talk.server): State.ESTABLISHED
    }


# ---------------------------------------------------------------------------- streams and lifetimes


def test_a_stream_may_be_closed_early_and_twice(ask: SimpleNamespace, talk: Conversation) -> None:
    before = len(_descriptors())
    with ask.sockets(port=talk.port) as stream:
        first = next(stream)
    assert len(_descriptors()) == before
    stream.close()
    assert list(stream) == []
    assert first.local_port == talk.port or first.remote_port == talk.port
    stream = ask.sockets(port=talk.port)
    next(stream)
    del stream
    gc.collect()
    assert len(_descriptors()) == before


def test_rows_and_columns_keep_their_table_alive(ask: SimpleNamespace, talk: Conversation) -> None:
    if not COMPILED and sys.version_info < (3, 12):
        pytest.skip("before Python 3.12 a Python class cannot offer its memory")
    row = ask.scan(port=talk.port, owners=True, state="listen")[0]
    ports = memoryview(ask.scan(port=talk.port).column("local_port"))
    owner = ask.scan(port=talk.port, owners=True, state="listen")[0].owners[0]
    kept = [one for one in ask.sockets(port=talk.port)]
    gc.collect()
    [bytearray(1 << 20) for _ in range(8)]  # something else may take the memory now
    assert (row.local_port, holders(row)) == (talk.port, {(SELF, talk.listener.fileno())})
    assert talk.port in ports.tolist()
    assert owner.process.pid == SELF
    assert {one.inode for one in kept} >= {inode_of(talk.server), inode_of(talk.client)}


def resident() -> int:
    """Memory of this process that is no file's, in bytes."""
    pages = Path("/proc/self/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")


def test_memory_of_a_stream_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """All it keeps of a row is a fingerprint, of at most 16 bytes."""
    if not any(status.name == "procfs" and status.available for status in fastsock.engine_status()):
        pytest.skip("the reference engine makes Python objects")
    number = 300_000
    template = proctree.tcp_line(("127.0.0.1", 5000), ("127.0.0.1", 6), inode=9).decode()
    before, mark, after = template.partition(proctree.print_address(("127.0.0.1", 6)))
    after = after.replace(" 9 1 ", " %d 1 ")
    tree = proctree.ProcTree(tmp_path)
    with open(tree.path / "net" / "tcp", "wb") as file:
        file.write(proctree.table_text("tcp"))
        for i in range(number):
            remote = f"{0x0100007F + (i >> 16 << 8):08X}:{i & 65535:04X}"
            file.write((before + remote + after % (i + 1)).encode())

    def stream() -> tuple[int, int, int]:
        question: dict[str, Any] = {"procfs": str(tree), "engine": "procfs"}
        list(fastsock.sockets(**question, port=1))  # modules and buffers
        start, most, rows = resident(), 0, 0
        for table in fastsock.sockets(**question).tables():
            rows += len(table)
            most = max(most, resident() - start)
        before_scan = resident()
        table = fastsock.scan(**question)
        return rows, most, resident() - before_scan

    rows, most, whole = in_child(stream)
    assert rows == number
    assert most < 16 * number * 2 + (4 << 20)  # a set that doubles is at most half empty
    assert most < whole / 2


def test_threads_give_the_same_rows_in_the_same_order(
    ask: SimpleNamespace, keep: contextlib.ExitStack
) -> None:
    keep.enter_context(Conversation())
    pids = [keep.enter_context(child_process(os.getpid))[0] for _ in range(6)]
    answers = [ask.owners(pid=[SELF, *pids], threads=n) for n in (1, 2, 5, None)]
    assert len(answers[0]) >= 7 * 3
    for answer in answers[1:]:
        assert list(answer) == list(answers[0])
        assert answer.processes == answers[0].processes
    with pytest.raises(fastsock.FilterError, match="threads"):
        ask.owners(threads=0)


def test_a_forked_child_may_go_on_asking(ask: SimpleNamespace, talk: Conversation) -> None:
    stream = ask.sockets(port=talk.port)
    next(stream)
    ask.scan(port=talk.port, owners=True, threads=2)

    def again() -> tuple[str, int, set[int]]:
        (found,) = ask.scan(port=talk.port, state="listen", owners=True, threads=2)
        mine = ask.count(pid=os.getpid(), port=talk.port)
        return str(mine), os.getpid(), {pid for pid, _ in holders(found)}

    counts, pid, found = in_child(again)
    assert counts == "established=2 listen=1 other=0"
    assert found == {SELF, pid}
    assert len(list(stream)) == 2
    assert ask.count(pid=SELF, port=talk.port).total == 3


def test_threads_may_ask_at_the_same_time(ask: SimpleNamespace) -> None:
    def ask_from_threads() -> list[Any]:
        held = [Conversation() for _ in range(20)]
        expected: Any = None
        wrong: list[Any] = []
        start = threading.Barrier(8)

        def answers() -> Any:
            table = ask.scan(pid=os.getpid(), threads=2)
            return (
                str(ask.count()),
                str(ask.count(pid=os.getpid())),
                list(table.rows()),
                [sorted(holders(one)) for one in table],
                list(ask.sockets()) == list(ask.scan()),
            )

        def body() -> None:
            try:
                start.wait()
                for _ in range(5):
                    answer = answers()
                    if answer != expected:
                        wrong.append(answer)
            except BaseException as error:
                wrong.append(repr(error))

        expected = answers()
        assert expected[:2] == ("established=40 listen=20 other=0",) * 2
        threads = [threading.Thread(target=body) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in held:
            one.__exit__()
        return wrong

    assert in_child(ask_from_threads, netns=OWN) == []


# ------------------------------------------------------------------------------- network namespaces


def listen_elsewhere() -> tuple[int, int]:
    KEPT.append(listen())
    return port_of(KEPT[-1]), os.stat("/proc/self/ns/net").st_ino  # type: ignore[arg-type]


def test_a_process_is_asked_for_in_its_own_namespace(ask: SimpleNamespace) -> None:
    with child_process(listen_elsewhere, netns=OWN) as (pid, (port, number)):
        counts = ask.count(pid=pid)
        assert str(counts) == "established=0 listen=1 other=0"
        assert counts.unaccepted == 0
        (found,) = ask.scan(pid=pid)
        assert (found.netns, found.local_port) == (number, port)
        assert [owner.pid for owner in found.owners] == [pid]
        (found,) = ask.listeners(netns=pid)
        assert [owner.pid for owner in found.owners] == [pid]
        assert set(ask.count(pid=pid, by="netns")) == {number}
        assert ask.count(pid=[SELF, pid], local_port=port, by="netns")[number].listen == 1
        assert ask.state_of(local=("127.0.0.1", port), remote=("0.0.0.0", 0), netns=pid) is (
            State.LISTEN
        )


def test_the_namespace_of_a_process_is_named_by_its_pid(ask: SimpleNamespace) -> None:
    with child_process(listen_elsewhere, netns=OWN) as (pid, (_, number)):
        table = ask.scan(netns=pid)
        assert [one.netns for one in table] == [number]
        assert ask.count(netns=str(pid)).listen == 1
        with child_process(os.getpid, netns=pid) as (other, _):
            assert ask.count(netns=[pid, other]).listen == 1  # one namespace, read once
        with Conversation() as talk:
            table = ask.scan(netns=[pid, SELF], local_port=talk.port)
            assert {one.netns for one in table if one.inode == inode_of(talk.listener)} == {
                os.stat("/proc/self/ns/net").st_ino
            }


def test_all_namespaces(ask: SimpleNamespace, keep: contextlib.ExitStack) -> None:
    talk = keep.enter_context(Conversation())
    first, (port, a) = keep.enter_context(child_process(listen_elsewhere, netns=OWN))
    second, (other, b) = keep.enter_context(child_process(listen_elsewhere, netns=OWN))
    ports = [talk.port, port, other]
    table = ask.scan(netns="all", port=ports, state="listen", owners=True)
    found = {one.netns: holders(one) for one in table}
    assert {pid for pid, _ in found[a]} == {first}
    assert {pid for pid, _ in found[b]} == {second}
    groups = ask.count(netns="all", by="netns", local_port=ports)
    assert groups[a].listen == groups[b].listen == 1
    with ask.sockets(netns="all", local_port=ports) as stream:
        assert {one.netns for one in stream} >= {a, b, os.stat("/proc/self/ns/net").st_ino}
    assert ask.glance(netns="all").namespaces >= 3


@needs_root
def test_a_namespace_by_its_name(ask: SimpleNamespace) -> None:
    tool = shutil.which("ip")
    if tool is None:
        pytest.skip("needs ip(8)")
    name = f"fastsock-{SELF}"
    made = subprocess.run([tool, "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"ip netns add: {made.stderr.strip()}")
    try:
        try:
            assert ask.count(netns=name).total == 0
            assert ask.count(netns="all").sources["sockets"] == "netlink"
        except fastsock.NamespaceHidden as hidden:
            # /proc shows none without a process in it.
            assert str(hidden) == (
                f"network namespace {name!r}: no process lives in it, "
                "and to enter it takes CAP_SYS_ADMIN"
            )
        command = [tool, "netns", "exec", name, sys.executable, "-c"]
        script = "import socket; s = socket.create_server(('', 5000)); "
        script += "print('ready', flush=True); input()"
        pipe = subprocess.PIPE
        with subprocess.Popen([*command, script], stdin=pipe, stdout=pipe) as process:
            assert process.stdin and process.stdout
            try:
                assert process.stdout.readline() == b"ready\n"
                assert [one.local_port for one in ask.scan(netns=name)] == [5000]
                (found,) = ask.listeners(netns=name)
                assert [owner.pid for owner in found.owners] == [process.pid]
            finally:
                process.kill()
    finally:
        subprocess.run([tool, "netns", "del", name], check=True)


def test_namespaces_that_do_not_exist(ask: SimpleNamespace) -> None:
    with pytest.raises((fastsock.NoSuchNamespace, fastsock.NamespaceHidden), match="no-such"):
        ask.count(netns="no-such")
    with pytest.raises(fastsock.NoSuchProcess):
        ask.count(netns=ended_pid())
    for value in ("", "a/b", "..", 1.5):
        with pytest.raises(fastsock.FilterError, match="netns"):
            ask.count(netns=value)


# ----------------------------------------------------------------------------------- the first look


def test_a_glance_walks_no_descriptors(ask: SimpleNamespace, talk: Conversation) -> None:
    many = [os.dup(0) for _ in range(100)]
    try:
        seen = ask.glance(most=3)
    finally:
        for fd in many:
            os.close(fd)
    assert seen.sources == {"sockets": ask.engine}
    assert set(seen.counts) == {(p, f) for p in ("tcp", "udp") for f in ("ipv4", "ipv6")}
    assert seen.counts["tcp", "ipv4"].established >= 2
    assert seen.process_count >= 1
    assert seen.namespaces >= 1
    sizes = [descriptors for _, _, descriptors in seen.processes]
    if not sizes:
        pytest.skip("the size of /proc/PID/fd is 0 before Linux 6.2")
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) <= 3
    assert sizes[0] >= 100
    mine = {pid: (command, size) for pid, command, size in ask.glance(most=10**6).processes}
    command, size = mine[SELF]
    assert command == Path("/proc/self/comm").read_bytes().removesuffix(b"\n")
    assert size == len(_descriptors())


# ------------------------------------------------------------------------------ what makes no sense


@pytest.mark.parametrize(
    "question",
    [
        {"port": 70000},
        {"port": -1},
        {"port": "80-79"},
        {"port": "http"},
        {"port": 1.5},
        {"state": "ESTABLISHD"},
        {"address": "10.0.0.0/33"},
        {"address": "10.0.0"},
        {"address": "localhost"},
        {"family": "ipv5"},
        {"protocol": "sctp"},
        {"pid": "x"},
        {"pid": -1},
        {"command": ""},
        {"uid": 2**32},
        {"inode": 2**64},
        {"port": []},
        {"engine": "fast"},
    ],
    ids=str,
)
def test_values_that_make_no_sense(question: dict[str, Any]) -> None:
    for verb in (fastsock.count, fastsock.scan, fastsock.listeners, fastsock.sockets):
        with pytest.raises(fastsock.FilterError) as caught:
            verb(**question)
        assert "\n" not in str(caught.value)


def test_words_that_do_not_exist(ask: SimpleNamespace) -> None:
    with pytest.raises(TypeError, match="sport"):
        ask.count(sport=1)
    with pytest.raises(ValueError, match="inode"):
        ask.count(by="inode")
    with pytest.raises(ValueError, match="different"):
        ask.count(by="pid,pid")
    with pytest.raises(ValueError, match="speed"):
        ask.scan(fields=["speed"])
    with pytest.raises(fastsock.EngineUnavailable, match="/no/where"):
        ask.count(procfs="/no/where")
    with pytest.raises(TypeError):
        ask.count(5000)


def test_the_engine_of_the_environment(monkeypatch: pytest.MonkeyPatch, engine_name: str) -> None:
    monkeypatch.setenv("FASTSOCK_ENGINE", engine_name)
    assert fastsock.count().sources == {"sockets": engine_name}
    monkeypatch.setenv("FASTSOCK_ENGINE", "fast")
    with pytest.raises(fastsock.FilterError, match="fast"):
        fastsock.count()
    assert fastsock.count(engine=engine_name).sources == {"sockets": engine_name}


def test_signals_do_not_spoil_an_answer(ask: SimpleNamespace, talk: Conversation) -> None:
    """Reads that a signal interrupts are taken up again."""
    previous = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for _ in range(10):
            assert ask.count(port=talk.port).total == 3
            assert len(ask.scan(port=talk.port, pid=SELF)) == 3
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
