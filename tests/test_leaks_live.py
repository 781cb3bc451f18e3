"""Leaks that are made on purpose, in network namespaces of their own; and what only looks alike.

What happens between two samples happens when the watch waits: nothing here depends on how fast this
machine is.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fastsock
from children import AS_ROOT, NOBODY, OWN, child_process, in_child
from fastsock.diagnose.leaks import (
    CLOSE_WAIT,
    DESCRIPTORS,
    NEVER_CLOSED,
    PORTS,
    TIME_WAIT,
    Leak,
    Leaks,
)
from fastsock.processes import has_ended

CLOSE_WAIT_NUMBER = 8
PATIENCE = 20.0  # seconds, for what loopback does at once


class Service:
    """A server and its clients in one process."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.server.getsockname()[1]
        self.kept: list[socket.socket] = []

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """Return the two ends of a connection: the client's, the server's."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        return client, self.server.accept()[0]

    def leak_client(self, number: int) -> None:
        """The server closes, the client does not."""
        for _ in range(number):
            client, accepted = self.pair()
            accepted.close()
            wait_for_close_wait(client)
            self.kept.append(client)

    def leak_accepted(self, number: int) -> None:
        """The client closes, the server does not."""
        for _ in range(number):
            client, accepted = self.pair()
            client.close()
            wait_for_close_wait(accepted)
            self.kept.append(accepted)

    def leave_time_wait(self, number: int) -> None:
        """The client closes first, and the server after it."""
        for _ in range(number):
            client, accepted = self.pair()
            client.close()
            wait_for_close_wait(accepted)
            accepted.close()


def wait_for_close_wait(one: socket.socket) -> None:
    until = time.monotonic() + PATIENCE
    while one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != CLOSE_WAIT_NUMBER:
        assert time.monotonic() < until, "no FIN has come"
        time.sleep(0.001)


def watch_own(
    between: Callable[[int], object] = lambda number: None,
    *,
    samples: int = 5,
    host: bool = False,
    **question: Any,
) -> Leaks:
    """Watch this process, or the whole of its namespace; `between` samples that happens."""
    taken = 0

    def wait(seconds: float) -> bool:
        nonlocal taken
        taken += 1
        between(taken)
        return True

    if not host:
        question.setdefault("pid", os.getpid())
    return fastsock.watch_leaks(interval=0.01, samples=samples, wait=wait, **question)


def sockets_of(found: Leaks) -> list[Leak]:
    """The findings about sockets: whoever leaks these has more and more descriptors, too."""
    return [one for one in found.findings if one.kind != DESCRIPTORS]


def close_to(rate: float, growth: int, seconds: float) -> bool:
    """Whether a rate is that of such growth, whatever the distances of the samples were."""
    return growth / seconds / 3 < rate < growth / seconds * 3


# -- CLOSE_WAIT

each_look = pytest.mark.parametrize("host", [False, True], ids=["process", "host"])


@each_look
def test_a_client_that_never_closes(engine_name: str, host: bool) -> None:
    def leak() -> tuple[Leaks, int]:
        service = Service()
        service.leak_client(2)
        found = watch_own(lambda n: service.leak_client(3), host=host, engine=engine_name)
        return found, service.port

    found, port = in_child(leak, netns=OWN)
    (one,) = sockets_of(found)
    assert (one.kind, one.direction, one.endpoint) == (CLOSE_WAIT, "out", f"127.0.0.1:{port}")
    assert (one.count, one.whole) == (2 + 4 * 3, 2)
    assert one.process is not None and not one.ended
    assert one.trend is not None
    assert (one.trend.first, one.trend.last, one.trend.samples) == (2, 14, 5)
    assert close_to(one.trend.rate, 12, found.seconds)
    assert one.trend.error > 0


@each_look
def test_a_server_that_never_closes(host: bool) -> None:
    def leak() -> tuple[Leaks, int]:
        service = Service()
        service.leak_accepted(1)
        return watch_own(lambda n: service.leak_accepted(2), host=host), service.port

    found, port = in_child(leak, netns=OWN)
    (one,) = sockets_of(found)
    assert (one.kind, one.direction, one.local_port) == (CLOSE_WAIT, "in", port)
    assert (one.count, one.whole) == (1 + 4 * 2, 1)
    assert one.remotes == [("127.0.0.1", 9)]


def test_close_wait_that_only_stays() -> None:
    def leak() -> Leaks:
        service = Service()
        service.leak_client(2)
        return watch_own(samples=3)

    (one,) = in_child(leak, netns=OWN).findings
    assert (one.kind, one.count, one.whole, one.trend) == (CLOSE_WAIT, 2, 2, None)


@each_look
def test_a_client_that_closes_in_time(host: bool) -> None:
    def close() -> Leaks:
        service = Service()

        def tick(number: int) -> None:
            before, service.kept = service.kept, []
            service.leak_client(3)
            for one in before:
                one.close()

        return watch_own(tick, samples=8, host=host)

    assert in_child(close, netns=OWN).findings == []


# -- never closed


@each_look
@pytest.mark.parametrize("kept", [2, 0])
def test_some_are_never_closed(host: bool, kept: int) -> None:
    def leak() -> tuple[Leaks, int]:
        service = Service()
        held = [service.pair() for _ in range(5)]  # a pool
        others: list[tuple[socket.socket, socket.socket]] = []

        def tick(number: int) -> None:
            for client, accepted in others:
                # In this order the ports are free again: the server has TIME_WAIT.
                accepted.close()
                client.close()
            others[:] = [service.pair() for _ in range(3)]
            held.extend(service.pair() for _ in range(kept))

        return watch_own(tick, samples=14, host=host), service.port

    found, port = in_child(leak, netns=OWN)
    if not kept:
        assert found.findings == []
        return
    leaks = sockets_of(found)
    kinds = {(one.kind, one.direction) for one in leaks}
    assert kinds == {(NEVER_CLOSED, "out"), (NEVER_CLOSED, "in")}
    for one in leaks:
        # What came in the last interval is not older than what went.
        assert (one.count, one.closed, one.lifetime) == (kept * 12, 3 * 12, 1)
        assert one.trend is not None
        assert (one.trend.first, one.trend.last) == (5, 5 + 3 + kept * 13)
    assert {one.endpoint for one in leaks} == {f"127.0.0.1:{port}", f"port {port}"}


def test_a_pool_is_no_leak() -> None:
    def hold() -> Leaks:
        service = Service()
        held = [service.pair() for _ in range(20)]
        found = watch_own(samples=6)
        assert len(held) == 20
        return found

    assert in_child(hold, netns=OWN).findings == []


# -- descriptors


@pytest.mark.parametrize("grows", [True, False])
def test_descriptors_towards_their_limit(grows: bool) -> None:
    def open_files() -> Leaks:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        opened: list[int] = []

        def tick(number: int) -> None:
            if not grows:
                while opened:
                    os.close(opened.pop())
            opened.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(6))

        tick(0)
        return watch_own(tick, samples=9)

    found = in_child(open_files)
    if not grows:
        assert found.findings == []
        return
    (one,) = found.findings
    assert (one.kind, one.limit) == (DESCRIPTORS, 256)
    assert one.trend is not None and one.seconds_left is not None
    assert one.trend.last - one.trend.first == 8 * 6
    likely, least, most = one.seconds_left
    assert least < likely
    assert likely == pytest.approx((256 - one.count) / one.trend.rate)
    assert most is None or most > likely


def test_no_descriptor_is_left() -> None:
    def fill() -> Leaks:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
        opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(900)]
        # The one with the limit: a child that was born with so many.
        with child_process(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (900, 900))) as (
            pid,
            _,
        ):
            found = watch_own(samples=2, pid=pid)
        assert len(opened) == 900
        return found

    (one,) = in_child(fill).findings
    assert (one.kind, one.limit, one.seconds_left) == (DESCRIPTORS, 900, None)
    assert one.count >= 900


# -- ports and TIME_WAIT


def set_up(name: str, value: str) -> None:
    """Change a setting of our own namespace, or skip the test."""
    path = Path("/proc/sys/net/ipv4", name)
    try:
        path.write_text(value)
    except OSError as error:  # in a user namespace of ours we have no capability left
        pytest.skip(f"{path}: {error.strerror}")


@each_look
@pytest.mark.parametrize("number", [90, 30])
def test_ports_run_out(host: bool, number: int) -> None:
    def use_ports() -> tuple[Leaks, int]:
        service = Service()
        set_up("ip_local_port_range", "40000 40099")
        set_up("tcp_tw_reuse", "0")
        service.leave_time_wait(number)
        held = [service.pair() for _ in range(4)]
        found = watch_own(samples=3, host=host)
        assert len(held) == 4
        return found, service.port

    found, port = in_child(use_ports, netns=OWN)
    if number < 80:
        assert found.findings == []
        return
    (one,) = found.findings
    assert (one.kind, one.local_address, one.remote_address) == (PORTS, "127.0.0.1", "127.0.0.1")
    assert (one.remote_port, one.limit, one.reuse) == (port, 100, 0)
    assert (one.count, one.time_wait, one.samples) == (number + 4, number, 3)


@each_look
@pytest.mark.parametrize("limit", [20, 1000])
def test_time_wait_at_its_limit(host: bool, limit: int) -> None:
    def fill() -> Leaks:
        service = Service()
        set_up("tcp_max_tw_buckets", str(limit))
        service.leave_time_wait(15)
        return watch_own(lambda n: service.leave_time_wait(5), samples=4, host=host)

    found = in_child(fill, netns=OWN)
    if limit > 100:
        assert found.findings == []
        return
    (one,) = found.findings
    assert (one.kind, one.limit) == (TIME_WAIT, 20)
    # The kernel makes one more than it says, or as many.
    assert 19 <= one.count <= 21
    assert one.overflow is not None and 9 <= one.overflow <= 11


# -- processes that end


def leaker() -> int:
    """Hold two in CLOSE_WAIT; return the port of the other end."""
    service = Service()
    service.leak_client(2)
    KEPT.append(service)
    return service.port


KEPT: list[Service] = []


def live_for_ever() -> None:
    while True:
        signal.pause()


@contextlib.contextmanager
def leaking_process(user: int | None = None) -> Iterator[tuple[int, int]]:
    with child_process(leaker, live_for_ever, netns=OWN, user=user) as made:
        yield made


def kill_when(pid: int, sample: int) -> Callable[[float], bool]:
    """Return a wait that kills a process before this sample."""
    taken = 0

    def wait(seconds: float) -> bool:
        nonlocal taken
        taken += 1
        if taken == sample - 1:
            os.kill(pid, signal.SIGKILL)
            until = time.monotonic() + PATIENCE
            while not has_ended(f"/proc/{pid}"):
                assert time.monotonic() < until
                time.sleep(0.001)
        return True

    return wait


def test_a_process_that_ends_while_watched() -> None:
    with leaking_process() as (pid, port):
        found = fastsock.watch_leaks(pid=pid, interval=0.01, samples=10, wait=kill_when(pid, 4))
    assert (found.samples, found.end) == (3, "ended")
    (one,) = found.findings
    assert (one.kind, one.whole, one.samples, one.ended) == (CLOSE_WAIT, 2, 3, True)
    assert one.remote_port == port
    (note,) = found.notes
    assert f" {pid} ended: what is said of it is of 3 samples over" in note


def test_one_of_two_that_ends() -> None:
    with leaking_process() as (first, _), leaking_process() as (second, _):
        found = fastsock.watch_leaks(
            pid=[first, second], interval=0.01, samples=6, wait=kill_when(first, 4)
        )
    assert (found.samples, found.end) == (6, "samples")
    by_pid = {one.process.pid: one for one in found.findings if one.process}
    assert by_pid[first].ended and by_pid[first].samples == 3
    assert not by_pid[second].ended and by_pid[second].samples == 6
    (note,) = [note for note in found.notes if f" {first} ended" in note]
    assert "of 3 samples over" in note


def test_a_process_that_ends_beside_the_rest_of_the_host() -> None:
    def watch() -> tuple[Leaks, int]:
        with child_process(leaker, live_for_ever) as (pid, _):
            wait = kill_when(pid, 3)
            return fastsock.watch_leaks(interval=0.01, samples=5, wait=wait), pid

    found, pid = in_child(watch, netns=OWN)
    assert (found.samples, found.end) == (5, "samples")
    # Whatever else this user's processes do meanwhile is not what this is about.
    of_it = [one for one in found.findings if one.process is not None and one.process.pid == pid]
    assert [(one.kind, one.ended) for one in of_it] == [(CLOSE_WAIT, True)], found.as_dict()
    assert any(f" {pid} ended" in note for note in found.notes)


def test_who_closes_all_and_ends() -> None:
    """Not the last moment counts, in which all is closed: what was open until then was never."""

    def watch() -> Leaks:
        closing, at_last = os.pipe()
        with child_process(leaker, lambda: close_all_when(closing)) as (pid, _):
            taken = 0

            def wait(seconds: float) -> bool:
                nonlocal taken
                taken += 1
                if taken == 3:
                    os.write(at_last, b"x")
                    until = time.monotonic() + PATIENCE
                    while fastsock.count(pid=pid, state="close-wait").total:
                        assert time.monotonic() < until
                if taken == 4:
                    os.kill(pid, signal.SIGKILL)
                    while not has_ended(f"/proc/{pid}"):
                        time.sleep(0.001)
                return True

            return fastsock.watch_leaks(pid=pid, interval=0.01, samples=9, wait=wait)

    found = in_child(watch, netns=OWN)
    assert (found.samples, found.end) == (4, "ended")
    (one,) = found.findings
    assert (one.kind, one.whole, one.samples, one.ended) == (CLOSE_WAIT, 2, 3, True)


def close_all_when(closing: int) -> None:
    os.read(closing, 1)
    for one in KEPT.pop().kept:
        one.close()
    live_for_ever()


def test_a_process_that_was_seen_once_is_no_finding() -> None:
    with leaking_process() as (pid, _):
        found = fastsock.watch_leaks(pid=pid, interval=0.01, samples=9, wait=kill_when(pid, 2))
    assert found.findings == [] and found.samples == 1
    assert found.notes == ["watched once: nothing can be said of leaks from one sample"]


def test_nobody_of_that_number() -> None:
    with child_process(lambda: None) as (pid, _):
        pass
    with pytest.raises(fastsock.NoSuchProcess):
        fastsock.watch_leaks(pid=pid)
    with pytest.raises(fastsock.NoSuchProcess):
        fastsock.watch_leaks(command="no such command at all")


def test_by_name_who_comes_later_is_watched() -> None:
    def watch() -> tuple[Leaks, int]:
        with contextlib.ExitStack() as stack:
            pids: list[int] = []

            def start(seconds: float = 0.0) -> bool:
                if len(pids) < 2:
                    pids.append(stack.enter_context(child_process(name_and_leak, live_for_ever))[0])
                return True

            start()
            return fastsock.watch_leaks(
                command="leaks-on-purpos", interval=0.01, samples=5, wait=start
            ), len(pids)

    found, number = in_child(watch, netns=OWN)
    assert number == 2
    assert sorted(one.samples for one in found.findings) == [4, 5]


def name_and_leak() -> int:
    Path("/proc/self/comm").write_text("leaks-on-purpos")
    return leaker()


def test_a_tree_of_processes() -> None:
    """A process, what it starts, and what that starts; also when the one between has ended."""

    def watch() -> Leaks:
        with child_process(start_a_leaker, live_for_ever) as (pid, _):
            return fastsock.watch_leaks(tree=pid, interval=0.01, samples=4, wait=lambda s: True)

    found = in_child(watch, netns=OWN)
    (one,) = found.findings
    assert one.kind == CLOSE_WAIT and one.whole == 2


def start_a_leaker() -> None:
    made = child_process(leaker, live_for_ever)
    made.__enter__()
    ABOVE.append(made)


ABOVE: list[object] = []


def test_a_tree_that_has_ended() -> None:
    with child_process(lambda: None) as (pid, _):
        pass
    found = fastsock.watch_leaks(tree=pid)
    assert (found.samples, found.end, found.findings) == (0, "ended", [])


# -- others' processes


@pytest.mark.skipif(not AS_ROOT, reason="only root can hide something from somebody else")
def test_hidden_processes(engine_name: str) -> None:
    with leaking_process() as (pid, port):

        def watch() -> Leaks:
            return fastsock.watch_leaks(
                engine=engine_name, interval=0.01, samples=3, wait=lambda s: True
            )

        found = in_child(watch, user=NOBODY, netns=pid)
        (one,) = found.findings
        assert (one.process, one.owner_state, one.uid) == (None, "hidden", 0)
        assert (one.kind, one.whole, one.remote_port) == (CLOSE_WAIT, 2, port)
        assert any(entry["what"] == "processes" for entry in found.incomplete)


@pytest.mark.skipif(not AS_ROOT, reason="only root can hide something from somebody else")
def test_a_named_process_that_is_hidden(engine_name: str) -> None:
    with leaking_process() as (pid, _):

        def watch() -> str:
            with pytest.raises(fastsock.OwnersHidden) as caught:
                fastsock.watch_leaks(pid=pid, engine=engine_name)
            return str(caught.value)

        assert f"process {pid} may not be read" in in_child(watch, user=NOBODY)


# -- how a watch ends


def test_a_watch_that_is_stopped() -> None:
    found = fastsock.watch_leaks(pid=os.getpid(), interval=60, wait=lambda seconds: False)
    assert (found.samples, found.end) == (1, "stopped")
    assert found.findings == []
    assert found.notes == ["watched once: nothing can be said of leaks from one sample"]


def test_a_watch_that_is_interrupted() -> None:
    taken = 0

    def wait(seconds: float) -> bool:
        nonlocal taken
        taken += 1
        if taken == 3:
            raise KeyboardInterrupt
        return True

    found = fastsock.watch_leaks(pid=os.getpid(), interval=0.01, samples=None, wait=wait)
    assert (found.samples, found.end) == (3, "interrupted")


def test_a_watch_leaves_no_descriptor() -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        fastsock.watch_leaks(pid=os.getpid(), interval=0.001, samples=3)
        fastsock.watch_leaks(interval=0.001, samples=2)
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # an engine keeps what it has open


def test_the_interval_is_kept() -> None:
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return True

    fastsock.watch_leaks(pid=os.getpid(), interval=30, samples=3, wait=wait)
    # Without sleeping the second wait is until a minute after the start.
    assert 25 < waited[0] <= 30 and 55 < waited[1] <= 60


def test_a_leak_is_a_public_name() -> None:
    assert (fastsock.Leak, fastsock.Leaks) == (Leak, Leaks)
