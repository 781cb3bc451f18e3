"""Full queues, SYN cookies and what is said of them, made to happen in network namespaces."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fastsock
from children import AS_ROOT, NOBODY, OWN, child_process, in_child
from command_line import Result, Run
from fastsock import cli
from fastsock.diagnose.backlog import Backlog, Listener, backlog, watch_backlog
from fastsock.diagnose.counters import COUNTERS, Space
from fastsock.engines import engine_status
from fastsock.errors import ComparisonError, FilterError, NoSuchProcess
from full_queues import (
    HEARD,
    PORT,
    SILENT,
    call,
    drop_acks,
    hear_all,
    keep,
    serve,
    set_sysctl,
    wait_for,
)
from proctree import LISTEN, SYN_RECV, ProcTree, tcp_line

BACKLOG = 8
NETLINK = any(one.name == "netlink" and one.available for one in engine_status())


def one_of(found: Backlog, port: int = PORT) -> Listener:
    [listener] = [one for one in found.listeners if one.socket.local_port == port]
    return listener


def counters(found: Backlog) -> dict[str, int]:
    """The growth in the interval, without what has not grown."""
    [growth] = found.growth.values()
    return {name: growth.counters[name] for name in COUNTERS if growth.counters[name]}


def look(**question: Any) -> Backlog:
    return backlog(**question)


def look_after(before: Backlog, seconds: float = 0.0) -> Backlog:
    time.sleep(seconds)
    return backlog(since=before)


def knows_drops(found: Backlog) -> bool:
    return one_of(found).drops is not None


def elsewhere(function: Callable[[], object]) -> None:
    """Run it in a network namespace of its own, and pass on what goes wrong."""
    if not NETLINK:
        pytest.skip("only sock_diag tells the limits of queues, and the netlink engine is not here")
    in_child(lambda: function() and None, netns=OWN)


def accept_all(server: socket.socket) -> None:
    server.settimeout(0.2)
    while True:
        try:
            keep(server.accept()[0])
        except TimeoutError:
            return


# --------------------------------------------------------------------------------- the accept queue


def test_an_application_that_does_not_accept() -> None:
    """Nine of listen(8) wait; all others are dropped, and the kernel counts them."""

    def happen() -> None:
        server = serve(BACKLOG)
        before = look()
        assert one_of(before).verdict.kind == "healthy"
        call(60)
        wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
        found = look_after(before, 0.5)
        listener = one_of(found)
        assert (listener.queue, listener.limit, listener.unaccepted) == (9, 8, 9)
        assert listener.verdict.kind == "full"
        grown = counters(found)
        assert grown["ListenOverflows"] == grown["ListenDrops"] >= 51
        assert grown.keys() == {"ListenOverflows", "ListenDrops"}
        [growth] = found.growth.values()
        assert growth.rate("ListenOverflows") == grown["ListenOverflows"] / growth.seconds
        assert growth.seconds == found.seconds
        if knows_drops(found):
            assert listener.dropped is not None
            assert listener.dropped >= 51
        assert [owner.pid for owner in listener.socket.owners or ()] == [os.getpid()]
        # And not when it is not so.
        accept_all(server)
        wait_for(lambda: one_of(look()).queue == 0)
        assert one_of(look()).verdict.kind == "healthy"

    elsewhere(happen)


def test_an_overflow_that_is_over() -> None:
    """The queue has room again, and the interval tells that it had none."""

    def happen() -> None:
        server = serve(BACKLOG)
        before = look()
        clients = call(12)
        wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
        for client in clients:  # so that nobody calls again
            client.close()
        accept_all(server)
        found = look_after(before)
        listener = one_of(found)
        assert listener.queue == 0
        assert listener.verdict.kind == "limit"
        assert listener.verdict.sentence.startswith("limit too small for what comes at once")
        assert listener.verdict.advice[0].startswith("listen(SOMAXCONN): the limit is 8")
        # In the next interval nothing has happened.
        assert one_of(look_after(found)).verdict.kind == "healthy"

    elsewhere(happen)


def test_somaxconn_is_the_limit() -> None:
    def happen() -> None:
        set_sysctl("core/somaxconn", 4)
        serve(100)
        call(5)
        wait_for(lambda: one_of(look()).queue == 5)
        listener = one_of(look())
        assert (listener.limit, listener.verdict.kind) == (4, "full")
        assert listener.verdict.advice[1].startswith("raise net.core.somaxconn, which is 4")

    elsewhere(happen)


def test_nothing_is_accepted_although_there_is_room() -> None:
    def happen() -> None:
        server = serve(100)
        call(3)
        wait_for(lambda: one_of(look()).unaccepted == 3)
        before = look()
        assert one_of(before).verdict.kind == "healthy"
        found = look_after(before, 1.1)
        assert one_of(found).verdict.kind == "stuck"
        assert "of 3 that waited 1." in one_of(found).verdict.sentence
        # The oldest is accepted: others have waited longer than that, but it goes on.
        keep(server.accept()[0])
        assert one_of(look_after(found, 1.1)).verdict.kind == "healthy"

    elsewhere(happen)


def test_one_of_those_that_share_an_address_accepts() -> None:
    """Whose each connection is nobody knows; but that some have gone tells of one of them."""

    def happen() -> None:
        accepting, other = serve(100, reuse_port=True), serve(100, reuse_port=True)
        inode = os.fstat(other.fileno()).st_ino
        call(40)
        wait_for(lambda: look().listeners[0].unaccepted == 40)
        accept_all(accepting)
        before = look()
        found = look_after(before, 1.1)
        kinds = {one.socket.inode == inode: one.verdict.kind for one in found.listeners}
        assert kinds == {False: "healthy", True: "stuck"}

    elsewhere(happen)


def test_one_of_several_listeners_overflows() -> None:
    """Its own drops tell which it was; the namespace's counters do not."""

    def happen() -> None:
        full, idle = serve(BACKLOG), serve(BACKLOG, port=PORT + 1)
        before = look()
        clients = call(12)
        wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
        for client in clients:
            client.close()
        accept_all(full)
        found = look_after(before)
        kinds = [one_of(found, port).verdict.kind for port in (PORT, PORT + 1)]
        assert kinds == (["limit", "healthy"] if knows_drops(found) else ["unknown", "unknown"])
        # /proc tells no drops: of neither it is said.
        found = backlog(since=before, engine="reference")
        kinds = [one_of(found, port).verdict.kind for port in (PORT, PORT + 1)]
        assert kinds == ["unknown", "unknown"]
        assert "of which of its 2 listeners is not known" in one_of(found).verdict.sentence
        assert idle.fileno() >= 0

    elsewhere(happen)


def mislead(server: socket.socket, number: int) -> list[socket.socket]:
    """Return clients whose last ACK is not heard, and which stand behind a full queue then."""
    drop_acks(server)
    misled: list[socket.socket] = call(number, SILENT)
    wait_for(lambda: one_of(look()).syn_recv == number)
    call(BACKLOG + 1, HEARD)
    wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
    return misled


def test_clients_that_believe_they_are_connected() -> None:
    """Their last ACK meets a full queue: the server holds SYN_RECV, and then nothing."""

    def happen() -> None:
        set_sysctl("ipv4/tcp_synack_retries", 1)
        server = serve(BACKLOG)
        misled = mislead(server, 4)
        hear_all(server)
        before = look()
        assert (one_of(before).syn_recv, one_of(before).unaccepted) == (4, 9)
        assert one_of(before).verdict.kind == "full"
        # The SYN-ACK comes again, the ACK is heard, and finds no room.
        wait_for(lambda: counters(look_after(before)).get("ListenOverflows", 0) >= 4)
        assert one_of(look()).syn_recv_repeated == 4
        wait_for(lambda: one_of(look()).syn_recv == 0)
        for client in misled:
            [row] = fastsock.scan(inode=os.fstat(client.fileno()).st_ino)
            assert row.state == fastsock.State.ESTABLISHED
            assert not fastsock.scan(local_port=PORT, remote_port=row.local_port)

    elsewhere(happen)


def test_clients_that_are_reset() -> None:
    """With tcp_abort_on_overflow the last ACK is answered: nobody is misled."""

    def happen() -> None:
        set_sysctl("ipv4/tcp_abort_on_overflow", 1)
        server = serve(BACKLOG)
        misled = mislead(server, 4)
        assert "reset where its handshake had begun" in one_of(look()).verdict.sentence
        hear_all(server)
        wait_for(lambda: one_of(look()).syn_recv == 0)
        for client in misled:
            with pytest.raises(ConnectionResetError):
                client.recv(1)

    elsewhere(happen)


# ------------------------------------------------------------------------------------ the SYN queue


@pytest.mark.parametrize("cookies", [0, 1, 2])
def test_handshakes_that_do_not_end(cookies: int) -> None:
    """With a full SYN queue the kernel sends cookies, or drops; with 2 it never keeps a request."""

    def happen() -> None:
        set_sysctl("ipv4/tcp_syncookies", cookies)
        server = serve(16)
        drop_acks(server)
        before = look()
        call(40, SILENT)
        kept = 0 if cookies == 2 else 16  # Linux 6.18 keeps 17
        wait_for(lambda: one_of(look()).syn_recv_repeated >= kept)
        call(3, HEARD)
        found = look_after(before, 0.2)
        listener = one_of(found)
        assert listener.syn_recv in ({0} if cookies == 2 else {16, 17})
        grown = counters(found)
        if cookies == 0:
            assert grown["TCPReqQFullDrop"] == grown["ListenDrops"] >= 26
            assert grown.keys() == {"TCPReqQFullDrop", "ListenDrops"}
        else:
            assert grown["SyncookiesSent"] == grown["TCPReqQFullDoCookies"] >= 26
            assert grown["SyncookiesRecv"] == 3
            assert grown.keys() == {"SyncookiesSent", "TCPReqQFullDoCookies", "SyncookiesRecv"}
        if cookies == 2:
            assert listener.verdict.kind != "flood"
        else:
            assert listener.verdict.kind == "flood"
            assert listener.verdict.sentence.startswith("SYN flood, or more peers that do not end")
            assert f"(tcp_syncookies is {cookies})" in listener.verdict.sentence

    elsewhere(happen)


def test_cookies_are_always_sent() -> None:
    """That is no finding: nothing is wrong with who asked for it."""

    def happen() -> None:
        set_sysctl("ipv4/tcp_syncookies", 2)
        serve(100)
        before = look()
        call(5)
        wait_for(lambda: one_of(look()).unaccepted == 5)
        found = look_after(before)
        assert counters(found)["SyncookiesRecv"] == 5
        assert one_of(found).verdict.kind == "healthy"

    elsewhere(happen)


def test_a_small_syn_backlog_without_cookies() -> None:
    """Unknown peers are dropped at three quarters of it, and only ListenDrops counts that."""

    def happen() -> None:
        set_sysctl("ipv4/tcp_syncookies", 0)
        set_sysctl("ipv4/tcp_max_syn_backlog", 16)
        drop_acks(serve(100))
        before = look()
        call(30, SILENT)
        wait_for(lambda: one_of(look()).syn_recv_repeated == 13)
        found = look_after(before)
        assert one_of(found).syn_recv == 13
        assert counters(found).keys() == {"ListenDrops"}
        assert one_of(found).verdict.kind == "flood"

    elsewhere(happen)


def test_some_half_open_handshakes_are_no_flood() -> None:
    def happen() -> None:
        drop_acks(serve(16))
        call(10, SILENT)
        wait_for(lambda: one_of(look()).syn_recv_repeated == 10)
        listener = one_of(look())
        assert (listener.syn_recv, listener.verdict.kind) == (10, "healthy")
        assert "10 half open" in listener.verdict.sentence

    elsewhere(happen)


# -------------------------------------------------------------------------------- engines and users


def test_each_engine_sees_the_same(engine_name: str) -> None:
    def happen() -> None:
        drop_acks(serve(16))
        call(3, SILENT)
        call(2, HEARD)
        wait_for(lambda: (one_of(look()).syn_recv, one_of(look()).unaccepted) == (3, 2))
        listener = one_of(backlog(engine=engine_name))
        assert (listener.queue, listener.syn_recv, listener.unaccepted) == (2, 3, 2)
        assert [owner.pid for owner in listener.socket.owners or ()] == [os.getpid()]
        assert listener.limit in (16, None)
        told = listener.as_dict()
        assert (told["queue"], told["limit"]) == (2, listener.limit)
        assert (told["syn_recv"], told["unaccepted"], told["verdict"]) == (3, 2, "healthy")

    in_child(happen, netns=OWN)


def test_listeners_that_share_an_address() -> None:
    def happen() -> None:
        for _ in range(3):
            drop_acks(serve(16, reuse_port=True))
        call(6, SILENT)
        wait_for(lambda: look().listeners[0].syn_recv == 6)
        found = look()
        assert [(one.sharing, one.syn_recv) for one in found.listeners] == [(3, 6)] * 3
        assert all(
            "6 half open at the 3 listeners" in one.verdict.sentence for one in found.listeners
        )
        result = command("backlog")
        assert result.out.count(" 6* ") == 3
        assert "* of all listeners of this address together (SO_REUSEPORT)\n" in result.out

    elsewhere(happen)


def test_two_namespaces() -> None:
    """Their numbers stand beside the listeners, and each has its own counters."""

    def happen() -> int:
        serve(BACKLOG)
        call(20)
        wait_for(lambda: fastsock.scan(state="listen")[0].rx_queue == BACKLOG + 1)
        return os.stat("/proc/self/ns/net").st_ino

    def idle() -> int:
        serve(100)
        return os.stat("/proc/self/ns/net").st_ino

    if not AS_ROOT or not NETLINK:
        pytest.skip("to enter a namespace takes CAP_SYS_ADMIN, and the netlink engine")
    with (
        child_process(happen, netns=OWN) as (one, first),
        child_process(idle, netns=OWN) as (two, second),
    ):
        found = backlog(pid=[one, two])
        assert {row.socket.netns: row.verdict.kind for row in found.listeners} == {
            first: "full",
            second: "healthy",
        }
        assert {space.inode: space.counters["ListenDrops"] for space in found.spaces.values()} == {
            first: found.spaces[first].counters["ListenOverflows"],
            second: 0,
        }
        result = command("backlog", "-p", str(one), "-p", str(two))
        assert result.out.splitlines()[0].startswith("NETNS ")
        assert {line.split()[0] for line in result.out.splitlines()[1:3]} == {
            str(first),
            str(second),
        }
        assert f"network namespace {first}\n  ListenOverflows" in result.out
        assert f"network namespace {second}" not in result.out


def test_only_those_that_are_asked_for() -> None:
    """What is not asked for plays its part all the same: it takes what is its own."""

    def happen() -> None:
        for host in ("0.0.0.0", "127.0.0.1"):
            drop_acks(serve(16, host, reuse_port=True))
        call(4, SILENT)
        wait_for(lambda: sum(one.syn_recv for one in look().listeners) == 4)
        [wildcard] = backlog("src 0.0.0.0").listeners
        assert wildcard.syn_recv == 0
        [exact] = backlog(local_address="127.0.0.1", pid=os.getpid()).listeners
        assert exact.syn_recv == 4
        assert backlog(local_port=PORT + 1).listeners == []

    elsewhere(happen)


def test_another_users_listener() -> None:
    """Queues and counters are everybody's to see; the owner is hidden, and settings may be."""

    def full() -> int:
        serve(BACKLOG)
        call(20)
        wait_for(lambda: fastsock.scan(state="listen")[0].rx_queue == BACKLOG + 1)
        return os.stat("/proc/self/ns/net").st_ino

    with child_process(full, netns=OWN) as (pid, inode):

        def watch() -> tuple[Any, ...]:
            # Not BPF: a program that the parent has loaded would show the owner.
            found = backlog(netns=pid, engine="netlink" if NETLINK else "reference")
            told = found.listeners[0].as_dict()
            missing = [entry["what"] for entry in found.incomplete]
            return told, [*found.spaces.values()][0].settings, missing

        told, settings, missing = in_child(watch, user=NOBODY)
    assert told["queue"] == BACKLOG + 1
    assert told["netns"] in (inode, None)
    if AS_ROOT:
        assert told["owner_state"] == "hidden"
        assert settings["tcp_syncookies"] is None
        assert "namespaces without settings" in missing
        # It may not enter, so that the table is that of /proc, which tells no limit.
        assert (told["limit"], told["verdict"]) == (None, "unknown")


def test_a_tree(tmp_path: Path, tree_engine_name: str) -> None:
    """Nothing of this host is in the answer for a tree."""
    tree = ProcTree(tmp_path)
    local = ("10.0.0.1", 80)
    tree.table(
        "tcp",
        tcp_line(local, state=LISTEN, inode=7, rx_queue=2),
        tcp_line(local, ("10.0.0.2", 1), SYN_RECV),
        tcp_line(local, ("10.0.0.2", 2)),
        tcp_line(local, ("10.0.0.2", 3), inode=8),
        number := tcp_line(("10.0.0.9", 81), state=LISTEN, inode=9),
    )
    assert number
    tree.process(3, b"ser\x1bver").socket(4, 7)
    (tmp_path / "net" / "netstat").write_bytes(
        b"TcpExt: ListenOverflows ListenDrops\nTcpExt: 5 6\n"
    )
    found = backlog(procfs=str(tree), engine=tree_engine_name)
    listener = one_of(found, 80)
    assert (listener.queue, listener.limit) == (2, None)
    assert (listener.syn_recv, listener.unaccepted) == (1, 1)
    assert listener.verdict.kind == "unknown"
    assert "ListenOverflows 5, ListenDrops 6" in listener.verdict.sentence
    [space] = found.spaces.values()
    assert set(space.settings.values()) == {None}
    assert found.boot_id == ""
    with pytest.raises(ComparisonError, match="not known that both are of one boot"):
        backlog(procfs=str(tree), engine=tree_engine_name, since=found)


# ---------------------------------------------------------------------------------------- intervals


def test_a_snapshot_is_an_earlier_look() -> None:
    def happen() -> None:
        server = serve(BACKLOG)
        before = fastsock.Snapshot.take()
        call(3)
        wait_for(lambda: one_of(look()).unaccepted == 3)
        waiting = fastsock.Snapshot.take()
        assert one_of(backlog(since=before)).verdict.kind == "healthy"
        time.sleep(1.1)
        found = backlog(since=waiting)
        assert one_of(found).verdict.kind == "stuck"
        assert found.seconds is not None
        assert found.seconds > 1.1
        assert server.fileno() >= 0

    elsewhere(happen)


def test_what_cannot_be_compared() -> None:
    def happen() -> None:
        serve(BACKLOG)
        before = look()
        [inode] = before.spaces
        other = look()
        other.boot_id = "another"
        with pytest.raises(ComparisonError, match="another boot, or another host"):
            backlog(since=other)
        other = look()
        other.monotonic += 3600
        with pytest.raises(ComparisonError, match="what is compared with is not earlier"):
            backlog(since=other)
        other = look()
        other.spaces = {inode + 1: before.spaces[inode]}
        with pytest.raises(ComparisonError, match="no network namespace that is asked for"):
            backlog(since=other)
        other = look()
        counted = {**before.spaces[inode].counters, "ListenDrops": 10**9}
        other.spaces = {inode: Space(inode, counters=counted)}
        with pytest.raises(ComparisonError, match=f"namespace {inode} have gone back"):
            backlog(since=other)

    elsewhere(happen)


def test_a_snapshot_in_a_file(tmp_path: Path) -> None:
    def happen() -> None:
        server = serve(BACKLOG)
        path = str(tmp_path / "before.jsonl")
        assert command("snapshot", path).code == 0
        call(20)
        wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
        result = command("backlog", "--since", path, "--json", "--check")
        assert result.code == 5
        told = json.loads(result.out)
        [space] = told["namespaces"]
        assert 0 < told["seconds"] < 60
        assert space["interval"]["grown"]["ListenOverflows"] >= 11
        text = Path(path).read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        assert boot in text
        Path(path).write_text(text.replace(boot, boot[::-1]))
        result = command("backlog", "--since", path)
        assert (result.code, result.out) == (2, "")
        assert "this is another boot, or another host" in result.err
        Path(path).write_text(text[: len(text) // 2])
        result = command("backlog", "--since", path)
        assert (result.code, result.out) == (2, "")
        assert "before.jsonl" in result.err
        assert server.fileno() >= 0

    elsewhere(happen)


def test_no_such_snapshot(run: Run, tmp_path: Path) -> None:
    result = run("backlog", "--since", tmp_path / "none.jsonl")
    assert (result.code, result.out) == (2, "")
    assert "none.jsonl" in result.err


@pytest.mark.parametrize("interval", [0, -1, -0.5, float("nan"), float("inf"), 1e30])
def test_an_interval_that_is_none(interval: float) -> None:
    with pytest.raises(ValueError, match=r"an interval is a number of seconds above 0, not "):
        watch_backlog(interval)


def test_samples_that_are_none() -> None:
    with pytest.raises(ValueError, match=r"samples is a number of intervals, not 0"):
        watch_backlog(1, samples=0)


def test_watching() -> None:
    def happen() -> None:
        serve(100)
        looks = watch_backlog(0.2, samples=2)
        first = next(looks)
        assert (first.seconds, first.growth) == (None, {})
        call(3)
        second, third = looks
        assert one_of(second).queue == one_of(third).queue == 3
        for found in (second, third):
            assert found.seconds is not None
            assert 0.2 <= found.seconds < 10
            assert [*found.growth] == [*found.spaces]

    elsewhere(happen)


def test_a_process_that_ends_while_it_is_watched() -> None:
    def listen_here() -> int:
        return int(serve(8, port=0).getsockname()[1])

    with child_process(listen_here) as (pid, port):
        looks = watch_backlog(0.05, samples=3, pid=pid)
        assert [one.socket.local_port for one in next(looks).listeners] == [port]
    with pytest.raises(NoSuchProcess, match=str(pid)):
        next(looks)


def test_a_listener_that_comes_or_goes_while_it_is_watched() -> None:
    def happen() -> None:
        going, staying = serve(8), serve(8, port=PORT + 1)
        looks = watch_backlog(0.05, samples=2)
        assert len(next(looks).listeners) == 2
        going.close()
        assert [one.socket.local_port for one in next(looks).listeners] == [PORT + 1]
        serve(8)
        found = next(looks)
        assert one_of(found).dropped is None  # it was not there
        assert one_of(found).verdict.kind == "healthy"
        assert staying.fileno() >= 0

    elsewhere(happen)


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ({"protocol": "udp"}, "backlog: only TCP has handshakes; ask for protocol tcp alone"),
        ({"protocol": ("tcp", "unix")}, "backlog: only TCP has handshakes"),
        ({"state": "established"}, "backlog: only listeners have a backlog"),
    ],
)
def test_other_sockets(question: dict[str, Any], complaint: str) -> None:
    with pytest.raises(FilterError, match=complaint):
        backlog(**question)


def test_listeners_may_be_named() -> None:
    backlog(protocol="tcp", state="listen")


# -------------------------------------------------------------------------------------- the command


def command(*words: str) -> Result:
    """Run the command in this process, which may be a child of the test's."""
    out, err = io.BytesIO(), io.StringIO()
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.TextIOWrapper(out), err
    try:
        code = cli.main(words)
        sys.stdout.flush()
        return Result(code, out.getvalue().decode(), err.getvalue())
    finally:
        sys.stdout, sys.stderr = stdout, stderr


def test_the_command() -> None:
    def happen() -> None:
        serve(BACKLOG)
        serve(100, port=PORT + 1)
        assert command("backlog", "--check").code == 0
        call(20)
        wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
        result = command("backlog")
        assert result.code == 0
        lines = result.out.splitlines()
        assert lines[0].split() == [
            "LOCAL", "QUEUE", "SYN_RECV", "UNACCEPTED", "DROPS", "PID", "COMMAND", "VERDICT",
        ]  # fmt: skip
        assert lines[1].split()[:4] == [f"127.0.0.1:{PORT}", "9/8", "0", "9"]
        assert lines[1].split()[5] == str(os.getpid())
        assert lines[1].endswith("full")
        assert lines[2].split()[:2] == [f"127.0.0.1:{PORT + 1}", "0/100"]
        assert lines[2].endswith("healthy")
        assert re.search(
            rf"\n127\.0\.0\.1:{PORT} \(.* {os.getpid()}\): full, the application does not accept: "
            r"9 connections wait where 8 may",
            result.out,
        )
        assert "\n  - accept in a thread of its own" in result.out
        assert re.search(r"\n  ListenOverflows +\d+\n", result.out)
        assert re.search(r"\n  tcp_syncookies \d  tcp_max_syn_backlog \d+  somaxconn ", result.out)
        assert command("backlog", "--check").code == 5
        assert command("backlog", "--check", "--local-port", str(PORT + 1)).code == 0
        bare = command("backlog", "--no-header", "--local-port", str(PORT + 1)).out
        assert bare.startswith(f"127.0.0.1:{PORT + 1}  0/100")

    elsewhere(happen)


def test_the_command_in_json() -> None:
    def happen() -> None:
        serve(BACKLOG)
        call(20)
        wait_for(lambda: one_of(look()).queue == BACKLOG + 1)
        result = command("backlog", "--json", "--check")
        assert result.code == 5
        told = json.loads(result.out)
        assert (told["schema"], told["findings"], told["seconds"]) == (1, 1, None)
        [listener], [space] = told["listeners"], told["namespaces"]
        assert (listener["queue"], listener["limit"], listener["verdict"]) == (9, 8, "full")
        assert listener["owners"][0]["pid"] == os.getpid()
        assert space["netns"] == os.stat("/proc/self/ns/net").st_ino
        assert space["counters"].keys() == set(COUNTERS)
        assert space["counters"]["ListenOverflows"] >= 11
        assert space["interval"] is None
        # One document, of the interval.
        result = command("backlog", "--json", "--watch", "0.1", "--samples", "1")
        told = json.loads(result.out)
        assert told["seconds"] >= 0.1
        assert told["namespaces"][0]["interval"]["per_second"].keys() == set(COUNTERS)

    elsewhere(happen)


def test_the_command_in_json_lines() -> None:
    def happen() -> None:
        serve(BACKLOG)
        rows = [*map(json.loads, command("backlog", "--jsonl").out.splitlines())]
        assert [*rows[0]] == ["namespace"]
        assert rows[1]["local_port"] == PORT
        assert rows[2]["end"] is True
        assert rows[2]["rows"] == 1
        result = command("backlog", "--jsonl", "--watch", "0.1", "--samples", "2")
        rows = [*map(json.loads, result.out.splitlines())]
        assert [row["sample"] for row in rows[:-1]] == [0, 0, 1, 1, 2, 2]
        assert rows[-1]["rows"] == 3

    elsewhere(happen)


def test_watching_by_the_command() -> None:
    def happen() -> None:
        server = serve(BACKLOG)
        result = command("backlog", "--watch", "0.1", "--samples", "2", "--check")
        assert result.code == 0
        # What may not be read is said once, and not at each look.
        said = [re.sub(r"\d+", "N", line) for line in result.err.splitlines()]
        assert len(set(said)) == len(said)
        assert result.out.count("LOCAL ") == 3
        assert result.out.count("s after the look before\n") == 2
        assert re.search(r"\n  ListenOverflows +0  \+0  0/s\n", result.out)
        # It ends at the first finding.
        helper = threading.Timer(0.5, call, (20,))
        helper.start()
        began = time.monotonic()
        result = command("backlog", "--watch", "0.2", "--check", "--samples", "200")
        assert result.code == 5
        assert time.monotonic() - began < 30
        helper.join()
        assert server.fileno() >= 0

    elsewhere(happen)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--watch", "0"), "--watch: '0' is not a number of seconds (above 0, to 86400)"),
        (("--watch", "-1"), "--watch: '-1' is not a number of seconds (above 0, to 86400)"),
        (("--watch", "0.000"), "--watch: '0.000' is not a number of seconds (above 0, to 86400)"),
        (("--watch", "nan"), "--watch: 'nan' is not a number of seconds (above 0, to 86400)"),
        (("--watch", "."), "--watch: '.' is not a number of seconds (above 0, to 86400)"),
        (("--watch", "1e3"), "--watch: '1e3' is not a number of seconds (above 0, to 86400)"),
        (("--watch",), "--watch needs a value"),
        (("--samples", "3"), "--samples counts the intervals of --watch"),
        (("--watch", "1", "--samples", "0"), "--samples: '0' is not a number of intervals"),
        (("--watch", "1", "--json"), "--json is one document"),
        (("-u",), "backlog: only TCP has handshakes"),
        (("--state", "established"), "backlog: only listeners have a backlog"),
        (("--netns", "nowhere-at-all"), "no network namespace 'nowhere-at-all'"),
    ],
)
def test_a_command_line_that_makes_no_sense(
    run: Run, words: tuple[str, ...], complaint: str
) -> None:
    result = run("backlog", *words)
    assert (result.code, result.out) == (2, "")
    assert complaint in result.err
    assert result.err.count("\n") == 1


def test_nobody_listens(run: Run) -> None:
    def happen() -> tuple[int, str]:
        result = command("backlog", "--check")
        return result.code, result.out

    code, out = in_child(happen, netns=OWN)
    assert code == 1
    assert "ListenOverflows" in out
    assert run("backlog", "-p", 2**31 - 1).code == 1


def test_what_others_wrote_is_escaped(tmp_path: Path, run: Run) -> None:
    tree = ProcTree(tmp_path)
    tree.table("tcp", tcp_line(("10.0.0.1", 80), state=LISTEN, inode=7, rx_queue=2))
    tree.process(3, b"ser\x1b[2Jver").socket(4, 7)
    for words in ((), ("--json",), ("--jsonl",)):
        result = run("backlog", "--procfs", tree, "--engine", "reference", *words)
        assert result.code == 0
        assert "\x1b" not in result.out
        assert "x1b[2Jver" in result.out
