"""The sock_diag engine on real sockets: what /proc shows, what ss shows, and what it asks for less.

What every engine does is tested with the fixture `engine_name` elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import fastsock
from children import AS_ROOT, NOBODY, OWN, child_process, in_child, join
from fastsock.engines import engine_status, open_engine
from fastsock.engines.namespaces import read_inode
from fastsock.errors import EngineUnavailable
from proctree import ProcTree
from zoo import open_zoo

pytestmark = pytest.mark.skipif(
    not any(one.name == "netlink" and one.available for one in engine_status()),
    reason="the netlink engine does not work here",
)


@pytest.fixture
def entered(zoo: int) -> int:
    """The zoo, where its namespace may be entered: else it is read from /proc."""
    if "procfs" in fastsock.count(engine="netlink", netns=zoo).sources["sockets"]:
        pytest.skip("the namespace of another process may not be entered")
    return zoo


# Equal in both sources. A SYN_RECV's uid is the listener's in /proc and 0 here; refcounts, timers
# and their counters move.
SHARED = (
    "protocol",
    "family",
    "local_address",
    "local_port",
    "remote_address",
    "remote_port",
    "state",
    "inode",
    "rx_queue",
    "tx_queue",
    "uid",
    "netns",
)
SYN_RECV = 3


@pytest.fixture(scope="module")
def zoo() -> Iterator[int]:
    """The pid of a process that holds awkward sockets in a namespace of their own."""
    with child_process(open_zoo, netns=OWN) as (pid, _):
        yield pid


def rows(engine: str, **question: Any) -> Counter[tuple[Any, ...]]:
    table = fastsock.scan(engine=engine, **question)
    columns = [table.column(name).tolist() for name in SHARED]
    uid, state = SHARED.index("uid"), SHARED.index("state")
    return Counter(
        tuple(0 if i == uid and row[state] == SYN_RECV else value for i, value in enumerate(row))
        for row in zip(*columns, strict=True)
    )


@pytest.mark.parametrize("protocol", ["tcp", "udp", ("tcp", "udp")])
def test_it_shows_what_proc_shows(zoo: int, protocol: Any) -> None:
    for _ in range(5):  # a probe of a closed window may move a queue in between
        found = rows("netlink", netns=zoo, protocol=protocol)
        expected = rows("procfs", netns=zoo, protocol=protocol)
        if found == expected:
            break
    assert found == expected
    assert found


def test_the_zoo_has_every_state_that_loopback_reaches(zoo: int) -> None:
    states = set(fastsock.count(netns=zoo).as_dict()["states"])
    assert states >= {
        "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
        "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
    }  # fmt: skip


QUESTIONS: dict[str, dict[str, Any]] = {
    "a state": {"state": "listen"},
    "states": {"state": ["time-wait", "syn-recv", "close-wait"]},
    "no state that there is": {"state": 200},
    "a family": {"family": "ipv6"},
    "ipv4": {"family": "ipv4"},
    "a local port": {"local_port": 7001},
    "local ports": {"local_port": "7001,7003"},
    "a range of ports": {"local_port": "7002-7004"},
    "all ports but the low ones": {"port": "7000-65535"},
    "a remote port": {"remote_port": 7001},
    "either end": {"port": 7001},
    "both ends": {"local_port": "7000-7100", "remote_port": "1-65535"},
    "many ports": {"port": list(range(6000, 8000, 2))},
    "an address": {"address": "127.0.0.1"},
    "an IPv6 address": {"local_address": "::1"},
    "an IPv4 network": {"remote_address": "127.0.0.0/8"},
    "an IPv6 network": {"address": "::/64"},
    "everything": {"address": "::/0"},
    "all of IPv4": {"address": "0.0.0.0/0"},
    "a v4-mapped address": {"remote_address": "::ffff:127.0.0.1"},
    "addresses": {"local_address": ["127.0.0.1", "::1"], "port": "7001,7012"},
    "a user": {"uid": 0},
    "nothing that there is": {"port": 1},
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_every_question_is_answered_as_from_proc(zoo: int, question: dict[str, Any]) -> None:
    asked = {"netns": zoo, "protocol": ("tcp", "udp"), **question}
    for _ in range(5):
        found, expected = rows("netlink", **asked), rows("procfs", **asked)
        if found == expected:
            break
    assert found == expected
    counts = fastsock.count(engine="netlink", **asked)
    assert counts == fastsock.count(engine="procfs", **asked)
    with fastsock.sockets(engine="netlink", **asked) as stream:
        assert sum(1 for _ in stream) == counts.total


def test_states_are_those_of_ss(zoo: int) -> None:
    if shutil.which("ss") is None or shutil.which("nsenter") is None or not AS_ROOT:
        pytest.skip("needs ss, nsenter and root")
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{zoo}/ns/net", "ss", "-tanH"], capture_output=True, text=True
    )
    theirs = Counter(line.split()[0] for line in done.stdout.splitlines())
    table = fastsock.scan(engine="netlink", netns=zoo)
    assert Counter(fastsock.State(n).ss for n in table.column("state")) == theirs


def test_a_listener_has_its_queue_and_the_limit(entered: int) -> None:
    (crowded,) = fastsock.scan(engine="netlink", netns=entered, local_port=7002, state="listen")
    assert (crowded.rx_queue, crowded.tx_queue, crowded.backlog_limit) == (2, 0, 1)
    (one, *_) = fastsock.scan(engine="netlink", netns=entered, local_port=7001, state="established")
    assert one.backlog_limit is None


def test_every_socket_has_a_cookie_of_its_own(entered: int) -> None:
    cookies = fastsock.scan(engine="netlink", netns=entered).column("cookie").tolist()
    assert 0 not in cookies
    assert len(set(cookies)) == len(cookies)


def test_rows_of_one_protocol_leave_nothing_in_those_of_another() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs, socket.create_server(("127.0.0.1", 0)):
        found = fastsock.scan(
            engine="netlink", protocol=("unix", "tcp"), fields=["type", "peer", "path"]
        )
    tcp = [row for row in found if row.protocol == "tcp"]
    assert tcp
    assert len(tcp) < len(found)
    assert {(row.field("type"), row.field("peer"), row.field("path")) for row in tcp} == {
        (0, 0, b"")
    }


def test_mptcp_is_rows_of_tcp(zoo: int) -> None:
    found = fastsock.scan(engine="netlink", netns=zoo, port=7031, owners=True)
    if not len(found):
        pytest.skip("no MPTCP here")
    assert {row.protocol for row in found} == {"tcp"}
    assert {owner.pid for row in found for owner in row.owners or ()} == {zoo}


def test_owners_come_from_proc(entered: int) -> None:
    table = fastsock.scan(engine="netlink", pid=entered)
    assert table.sources == {"sockets": "netlink", "owners": "procfs"}
    assert {owner.pid for row in table for owner in row.owners or ()} == {entered}


def test_one_connection_is_asked_for_by_its_ends() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        ends: Any = {"local": client.getsockname(), "remote": client.getpeername()}
        assert fastsock.state_of(**ends, engine="netlink") is fastsock.State.ESTABLISHED
        accepted, _ = server.accept()
        with accepted:
            client.shutdown(socket.SHUT_WR)
            assert fastsock.state_of(**ends, engine="netlink") in (
                fastsock.State.FIN_WAIT1,
                fastsock.State.FIN_WAIT2,
            )
    # The listener is gone, too: before, the kernel would have answered with it.
    nobody: Any = {"local": ("127.0.0.1", 1), "remote": ("127.0.0.1", 2)}
    assert fastsock.state_of(**nobody, engine="netlink") is None


def test_a_listener_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody: Any = {"local": server.getsockname(), "remote": ("127.0.0.1", 2)}
        assert fastsock.state_of(**nobody, engine="netlink") is None


def test_a_tree_of_another_host_is_not_for_it(tmp_path: Any) -> None:
    ProcTree(tmp_path)
    with pytest.raises(EngineUnavailable, match="does not show the network namespace"):
        open_engine("netlink", procfs=str(tmp_path))


def test_a_root_that_shows_our_namespace_is(tmp_path: Any) -> None:
    root = tmp_path / "proc"
    ours = read_inode("/proc/self")
    if not ours or read_inode("/proc/1") != ours:
        pytest.skip("process 1 is not seen in our network namespace")
    root.symlink_to("/proc")
    assert open_engine("netlink", procfs=str(root)).name == "netlink"


def test_namespaces_that_may_not_be_entered_are_read_from_proc(zoo: int) -> None:
    if not AS_ROOT:
        found = fastsock.count(engine="netlink", netns=zoo)
    else:
        found = in_child(lambda: fastsock.count(engine="netlink", netns=zoo), user=NOBODY)
    assert found.total == fastsock.count(engine="procfs", netns=zoo).total
    assert found.sources["sockets"] == "netlink procfs" or not found.total


def test_no_descriptor_is_left(zoo: int) -> None:
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        fastsock.count(engine="netlink", netns=zoo)
        fastsock.scan(engine="netlink", netns="all")
        with fastsock.sockets(engine="netlink", netns=zoo) as stream:
            next(stream)
    assert os.listdir("/proc/self/fd") == before


def test_a_refused_socket_makes_the_engine_unavailable() -> None:
    def body() -> str:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        with pytest.raises(EngineUnavailable) as caught:
            open_engine("netlink")
        return str(caught.value)

    assert "Too many open files (24)" in in_child(body)


@contextlib.contextmanager
def churn(seconds: float = 2) -> Iterator[None]:
    """Connections that open and close beside the test."""
    ended = threading.Event()

    def run() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
            while not ended.is_set():
                with socket.create_connection(server.getsockname()), server.accept()[0]:
                    pass

    worker = threading.Thread(target=run)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        join(worker)


def test_quiet_sockets_are_exact_beside_churn() -> None:
    with contextlib.ExitStack() as held:
        quiet = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(200)]
        wanted = {os.fstat(one.fileno()).st_ino for one in quiet}
        with churn():
            for _ in range(20):
                found = Counter(fastsock.scan(engine="netlink").column("inode"))
                assert all(found[inode] == 1 for inode in wanted)
