"""What the BPF program writes: records of real sockets, held against what else tells of them."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fastsock
from children import OWN, child_process, in_child, join, libc
from kernel_types import VMLINUX
from zoo import fill, open_zoo

_bpf = pytest.importorskip("fastsock.engines._bpf", reason="a build without extensions")

try:
    _bpf.Program().close()
except OSError as refused:
    pytest.skip(f"the program cannot be loaded here: {refused.strerror}", allow_module_level=True)

CLONE_FILES, CLONE_NEWPID = 0x400, 0x20000000
SO_COOKIE, SO_MARK = 57, 36
V6ONLY, NOT_LEADER, RX_INEXACT = 1, 2, 4
ESTABLISHED, CLOSE, LISTEN = 1, 7, 10
UNIX, IPV4, IPV6 = 1, 2, 10
MPTCP = 262
OFF, ON, KEEPALIVE, PROBE = 0, 1, 2, 4
UNUSED = "127.0.0.1", 0


class Record(NamedTuple):
    """struct fastsock_record."""

    inode: int
    cookie: int
    cgroup: int
    tgid: int
    tid: int
    fd: int
    netns: int
    uid: int
    rx_queue: int
    tx_queue: int
    interface: int
    mark: int
    timer_expires: int
    local_port: int
    remote_port: int
    family: int
    protocol: int
    type: int
    state: int
    timer: int
    retransmits: int
    flags: int
    local_address: bytes
    remote_address: bytes


LAYOUT = struct.Struct("=QQQIIiIIIIIIiHHHHBBBBI16s16s")


def read_records(pid: int = 0, **constants: Any) -> list[Record]:
    program = _bpf.Program(**constants)
    link = _bpf.attach(program.fd, pid)
    iterator = _bpf.iterate(link)
    found = []
    try:
        while data := os.read(iterator, 1 << 16):
            found += [Record(*record) for record in LAYOUT.iter_unpack(data)]
    finally:
        os.close(iterator)
        os.close(link)
        program.close()
    return found


def record_of(made: socket.socket, **constants: Any) -> Record:
    found = [one for one in read_records(os.getpid(), **constants) if one.fd == made.fileno()]
    assert len(found) == 1
    return found[0]


def cookie_of(made: socket.socket) -> int:
    (cookie,) = struct.unpack("Q", made.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))
    return int(cookie)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(UNUSED, backlog=7) as made:
        yield made


@pytest.fixture
def pair(listener: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        yield client, server


def test_the_layout() -> None:
    assert LAYOUT.size == _bpf.RECORD_BYTES == 112
    assert _bpf.RECORD_VERSION == 2


def test_a_connection(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    server.send(b"x" * 77)
    made = record_of(client)
    assert made.inode == os.fstat(client.fileno()).st_ino
    assert made.cookie == cookie_of(client) != 0
    assert (made.tgid, made.tid) == (os.getpid(), os.getpid())
    assert made.netns == os.stat("/proc/self/ns/net").st_ino
    assert made.uid == os.fstat(client.fileno()).st_uid
    assert (made.family, made.protocol, made.type) == (IPV4, 6, socket.SOCK_STREAM)
    assert (made.state, made.flags) == (ESTABLISHED, 0)
    assert (made.rx_queue, made.tx_queue) == (77, 0)
    assert made.local_port == client.getsockname()[1]
    assert made.remote_port == client.getpeername()[1]
    assert made.local_address == made.remote_address == b"\x7f\0\0\1" + bytes(12)
    assert (made.timer, made.retransmits, made.mark, made.interface) == (OFF, 0, 0, 0)


def test_a_listener(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()):
        made = record_of(listener)
    assert (made.state, made.rx_queue, made.tx_queue) == (LISTEN, 1, 7)
    assert made.remote_port == 0


def test_ipv6() -> None:
    if not os.path.exists("/proc/self/net/tcp6"):
        pytest.skip("no IPv6")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as made:
        made.setsockopt(socket.SOL_SOCKET, SO_MARK, 0x1234)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        found = record_of(made)
        assert (found.family, found.local_address) == (IPV6, bytes(15) + b"\1")
        assert found.flags == V6ONLY * made.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        assert (found.mark, found.interface) == (0x1234, socket.if_nametoindex("lo"))
        assert found.remote_address == bytes(16)
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as made:
        assert record_of(made).flags == 0


def test_udp() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        one.bind(UNUSED)
        two.connect(one.getsockname())
        assert (record_of(one).state, record_of(two).state) == (CLOSE, ESTABLISHED)
        assert (record_of(one).rx_queue, record_of(one).flags) == (0, 0)
        for _ in range(40):
            two.send(b"x" * 900)
        for _ in range(30):  # what they free is given back in large pieces: the deficit
            one.recv(900)
        (theirs,) = fastsock.scan(
            engine="netlink", protocol="udp", local_port=one.getsockname()[1], netns=os.getpid()
        )
        found = record_of(one)
        assert (found.rx_queue, found.tx_queue) == (theirs.rx_queue, theirs.tx_queue)
        assert (found.protocol, found.flags) == (17, 0) and found.rx_queue > 9000
        without = record_of(one, probe_reads=False)
        assert without.flags == RX_INEXACT and without.rx_queue >= found.rx_queue


def test_unix() -> None:
    one, two = socket.socketpair()
    with one, two:
        assert record_of(one)[13:20] == (0, 0, UNIX, 0, socket.SOCK_STREAM, ESTABLISHED, OFF)
        assert record_of(one).flags == 0
        two.send(b"x" * 100)
        assert (record_of(one).rx_queue, record_of(one).flags) == (1, RX_INEXACT)
        assert record_of(two).tx_queue > 100
        assert record_of(one).cookie == cookie_of(one)


def test_a_listener_of_unix() -> None:
    with socket.socket(socket.AF_UNIX) as made, socket.socket(socket.AF_UNIX) as client:
        made.bind("")  # a name that the kernel gives
        made.listen(3)
        client.connect(made.getsockname())
        found = record_of(made)
        assert (found.state, found.rx_queue, found.tx_queue, found.flags) == (LISTEN, 1, 3, 0)


def test_timers(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1000)
    found = record_of(client)
    assert found.timer == KEEPALIVE
    assert 990 < found.timer_expires / _bpf.ticks_per_second() <= 1001
    fill(server)
    found = record_of(server)
    assert found.timer in (ON, PROBE) and found.tx_queue > 0
    assert found.timer_expires < 60 * _bpf.ticks_per_second()
    without = record_of(client, timers=False)
    assert (without.timer, without.timer_expires, without.retransmits) == (0, 0, 0)


def test_the_constants(pair: tuple[socket.socket, socket.socket], listener: socket.socket) -> None:
    client, _ = pair
    pid = os.getpid()
    assert {one.state for one in read_records(pid, states=1 << LISTEN)} == {LISTEN}
    assert {one.family for one in read_records(pid, families=1 << IPV4)} == {IPV4}
    assert read_records(pid, families=0) == read_records(pid, states=0) == []
    port = client.getsockname()[1]
    assert [one.fd for one in read_records(pid, port=port, ends=_bpf.LOCAL)] == [client.fileno()]
    server = [one.fd for one in read_records(pid, port=port, ends=_bpf.REMOTE)]
    assert len(server) == 1 and server != [client.fileno()]
    assert sorted(one.fd for one in read_records(pid, port=port)) == sorted(
        [client.fileno(), *server]
    )


def test_mptcp_is_never_left_out() -> None:
    """Its subflows may be at other ports and in other states."""
    try:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP)
    except OSError as refused:
        pytest.skip(f"MPTCP: {refused.strerror}")
    with made:
        found = read_records(os.getpid(), states=1 << LISTEN, families=1 << IPV6, port=1)
        assert [one.protocol for one in found if one.fd == made.fileno()] == [MPTCP]


def test_a_file_that_is_no_socket() -> None:
    """A descriptor of a socket's name is none of the socket."""
    with socket.socket(socket.AF_UNIX) as made:
        path = f"/tmp/fastsock-{os.getpid()}"
        made.bind(path)
        fd = os.open(path, os.O_PATH)
        try:
            assert fd not in [one.fd for one in read_records(os.getpid())]
        finally:
            os.close(fd)
            os.unlink(path)


def test_a_thread_with_a_table_of_its_own() -> None:
    ready, done = threading.Event(), threading.Event()
    made: list[int] = []

    def run() -> None:
        if libc.unshare(CLONE_FILES) == 0:
            made.append(threading.get_native_id())
            own = socket.create_server(UNUSED)
            made.append(os.fstat(own.fileno()).st_ino)
            ready.set()
            done.wait(10)
            own.close()
        ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    try:
        if not made:
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        tid, inode = made
        (found,) = [one for one in read_records(os.getpid()) if one.inode == inode]
        assert (found.tgid, found.tid, found.flags) == (os.getpid(), tid, NOT_LEADER)
    finally:
        done.set()
        join(thread)


def test_numbers_of_a_child_pid_namespace() -> None:
    def number_inside() -> list[tuple[int, int]]:
        made = socket.create_server(UNUSED)
        inode = os.fstat(made.fileno()).st_ino
        return [
            (one.tgid, one.tid)
            for translated in (True, False)
            for one in read_records(pid_namespace=translated)
            if one.inode == inode
        ]

    def enter() -> list[tuple[int, int]]:
        if libc.unshare(CLONE_NEWPID):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        return in_child(number_inside)

    inside, outside = in_child(enter)
    assert inside == (1, 1) and outside > inside


def test_numbers_of_the_initial_pid_namespace(listener: socket.socket) -> None:
    """Asked to translate where nothing is to be: pids of who reads."""
    inode = os.fstat(listener.fileno()).st_ino
    found = [one for one in read_records(pid_namespace=True) if one.inode == inode]
    assert [one.tgid for one in found] == [os.getpid()]


def test_looking_ahead_changes_nothing(tmp_path: Path) -> None:
    """A kernel without bpf_rdonly_cast(), before 6.2, gives the same records, a third slower."""
    name = b"\0bpf_rdonly_cast\0"
    (tmp_path / "btf").write_bytes(VMLINUX.read_bytes().replace(name, name.upper()))
    with child_process(open_zoo, signal.pause, netns=OWN) as (pid, _):
        for _ in range(20):  # timers go on, and data that waits is sent once more
            ahead, without = (
                [one._replace(timer_expires=0) for one in read_records(pid, **where)]
                for where in ({}, {"btf": tmp_path / "btf"})
            )
            if ahead == without:
                break
        assert ahead == without and len(ahead) > 15


SAME = "inode rx_queue uid netns cookie local_port remote_port family state timer".split()
FIELDS = ["interface", "mark", "v6only", "socket_cgroup"]


def in_sock_diag_s_words(one: Record) -> dict[str, int]:
    listening = one.state == LISTEN
    return {name: getattr(one, name) for name in SAME} | {
        "retransmits": one.retransmits if one.timer == ON else 0,
        "tx_queue": 0 if listening else one.tx_queue,
        "backlog_limit": one.tx_queue if listening else -1,
        "interface": one.interface,
        "mark": one.mark,
        "v6only": one.flags & V6ONLY if one.state in (LISTEN, CLOSE) else 0,  # of others not told
        "socket_cgroup": one.cgroup,
    }


def test_it_is_what_sock_diag_says() -> None:
    """Every socket of the zoo that a descriptor holds, in a namespace of its own."""
    with child_process(open_zoo, signal.pause, netns=OWN) as (pid, netns):
        for _ in range(20):  # a probe of a closed window may move a timer in between
            table = fastsock.scan(
                engine="netlink", protocol=("tcp", "udp"), netns=pid, fields=FIELDS
            )
            records = {one.cookie: one for one in read_records(pid) if one.netns == netns}
            ours = {
                cookie: in_sock_diag_s_words(one)
                for cookie, one in records.items()
                if one.protocol in (6, 17)
            }
            names = next(iter(ours.values()))
            columns = [table.column(name).tolist() for name in names]
            rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
            theirs = {row["cookie"]: row for row in rows}
            # Bound and never hashed: sock_diag does not know it.
            unknown = [row for cookie, row in ours.items() if cookie not in theirs]
            differing = [
                (row, theirs[cookie])
                for cookie, row in ours.items()
                if cookie in theirs and row != theirs[cookie]
            ]
            if not differing:
                break
        assert differing == []
        assert {row["state"] for row in unknown} <= {CLOSE}
        assert len(ours) > 15
        keepalive = [row for row in table if row.timer == "keepalive" and row.inode]
        assert keepalive
        for row in keepalive:
            assert row.cookie is not None
            ticks = records[row.cookie].timer_expires
            assert abs(ticks * 1000 / _bpf.ticks_per_second() - row.timer_expires_ms) < 5000
