"""Which process holds which socket: the descriptor walk, over made-up trees and real processes."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import os
import platform
import resource
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from children import AS_ROOT, NOBODY, child_process, in_child
from fastsock.engines import engine_status
from fastsock.engines.walk import Walk
from holders import (
    end_thread,
    inode_of,
    lasting_thread,
    ring_of,
    thread,
    unshare_descriptors,
    wait_for_zombie,
)
from proctree import ProcTree, ring_text

T = TypeVar("T")
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 4, 38, 22
SYS_kcmp = 312 if platform.machine() == "x86_64" else 272
libc = ctypes.CDLL(None, use_errno=True)
needs_user = pytest.mark.skipif(AS_ROOT, reason="root may read every directory")
needs_root = pytest.mark.skipif(not AS_ROOT, reason="changing the user needs root")


class Walker(Protocol):
    def __call__(self, root: str, pids: Any, threads: int) -> Walk: ...


def load_pass() -> Walker:
    """The walk by the BPF program."""
    status = next(one for one in engine_status() if one.name == "bpf")
    if not status.available:
        pytest.skip(status.reason)
    from fastsock.engines._pass import walk_by_program
    from fastsock.engines.passes import load_program

    return lambda root, pids, threads: walk_by_program(
        root, pids, threads, load_program().program.fd
    )


def load(name: str) -> Walker:
    if name == "bpf":
        return load_pass()
    try:
        found: Walker = importlib.import_module(f"fastsock.engines.{name}").walk_descriptors
    except ModuleNotFoundError as error:
        pytest.skip(f"not built: {error}")
    return found


@pytest.fixture(params=["reference", "_fd_walk"], ids=["reference", "compiled"])
def walk(request: pytest.FixtureRequest) -> Walker:
    return load(request.param)


@pytest.fixture(params=["reference", "_fd_walk", "bpf"], ids=["reference", "compiled", "bpf"])
def live_walk(request: pytest.FixtureRequest) -> Walker:
    """Those that answer on a real /proc, where all may be read."""
    return load(request.param)


@pytest.fixture
def tree(tmp_path: Path) -> ProcTree:
    return ProcTree(tmp_path)


def rows(found: Walk) -> list[tuple[int, int, int, int]]:
    """(inode, pid, fd, tid) of each row; the process column is held against the processes."""
    for _, pid, _, _, process in found.owners.rows():
        assert found.owners.processes[process].pid == pid
    return [row[:4] for row in found.owners.rows()]


def summary(found: Walk) -> dict[str, Any]:
    """A walk in a form that can be pickled."""
    named = {name: getattr(found, name) for name in Walk.__slots__ if name != "owners"}
    return {"rows": rows(found), **named}


def as_nobody(function: Callable[[], T]) -> T:
    return in_child(function, user=NOBODY)


def own_socket() -> tuple[int, int]:
    """Give this thread a descriptor table of its own with one socket more; (inode, fd)."""
    unshare_descriptors()
    # Detached: an object that closes it from another thread would close another descriptor.
    first = socket.socket().detach()
    fd = os.dup2(first, 700)
    os.close(first)
    return inode_of(fd), fd


# ------------------------------------------------------------------------------------ what is found


def test_sockets_of_all_processes_by_pid_then_descriptor(walk: Walker, tree: ProcTree) -> None:
    tree.process(100).socket(7, 1001).socket(8, 1002)
    tree.process(20).socket(3, 18446744073709551615)
    tree.process(3)
    found = walk(str(tree), None, 1)
    assert sorted(rows(found)) == [(1001, 100, 7, 100), (1002, 100, 8, 100), (2**64 - 1, 20, 3, 20)]
    assert [pid for _, pid, _, _ in rows(found)] == [20, 100, 100]
    assert [process.pid for process in found.owners.processes] == [20, 100]
    assert found == Walk(found.owners, [], {}, [], 0, 0, 0, None)


@pytest.mark.parametrize(
    "target",
    [
        "/tmp/socket:[5]",
        "socket:[5] (deleted)",
        "socket:[]",
        "socket:[5",
        "socket:[-5]",
        "socket:[5]]",
        "socket:[0x5]",
        "socket:[18446744073709551616]",
        "socket:[000000000000000000005]",
        " socket:[5]",
        "socket:5",
        "pipe:[5]",
        "anon_inode:[eventpoll]",
        "/dev/null",
        "x" * 300,
    ],
)
def test_what_is_not_exactly_a_socket_is_none(walk: Walker, tree: ProcTree, target: str) -> None:
    tree.process(10).descriptor(4, target)
    assert rows(walk(str(tree), None, 1)) == []


@pytest.mark.parametrize("name", ["x", "-1", "+4", "04", "4 ", "2147483648", "4.0", "٤"])
def test_what_is_not_a_descriptor_number_is_passed_over(
    walk: Walker, tree: ProcTree, name: str
) -> None:
    tree.process(10).socket(2147483647, 5).descriptor(name, "socket:[6]")
    assert rows(walk(str(tree), None, 1)) == [(5, 10, 2147483647, 10)]


def test_files_and_directories_among_descriptors(walk: Walker, tree: ProcTree) -> None:
    process = tree.process(10).socket(1, 5)
    (process.path / "fd" / "2").write_text("socket:[6]")
    (process.path / "fd" / "3").mkdir()
    os.mkfifo(process.path / "fd" / "4")
    assert rows(walk(str(tree), None, 1)) == [(5, 10, 1, 10)]


def test_only_numbered_directories_are_processes(walk: Walker, tree: ProcTree) -> None:
    tree.process(10).socket(1, 5)
    (tree.path / "11").write_text("a file")
    (tree.path / "self").symlink_to("10")
    (tree.path / "010").mkdir()
    (tree.path / "0").mkdir()
    found = walk(str(tree), None, 1)
    assert (rows(found), found.vanished, found.denied) == ([(5, 10, 1, 10)], 0, [])


def test_many_descriptors_of_one_process(walk: Walker, tree: ProcTree) -> None:
    process = tree.process(10)
    for fd in range(3000):
        process.socket(fd, 10_000 + fd)
    found = rows(walk(str(tree), None, 1))
    assert sorted(found) == [(10_000 + fd, 10, fd, 10) for fd in range(3000)]


@pytest.mark.parametrize("threads", [1, 2, 5, 64])
def test_the_number_of_threads_changes_nothing(walk: Walker, tree: ProcTree, threads: int) -> None:
    for pid in range(1, 60):
        process = tree.process(pid, b"p%d" % pid)
        for fd in range(pid % 7):
            process.socket(fd, pid * 100 + fd)
        if pid % 10 == 0:
            process.ring(90, ring_text(pid * 1000))
        if pid % 9 == 0:
            process.thread(1000 + pid).socket(91, pid * 1000 + 1)
    assert walk(str(tree), None, threads) == walk(str(tree), None, 1)


# ---------------------------------------------------------------------------------------- processes


COMMANDS = [
    b"nginx",
    b"",
    b")",
    b"a) S 1 (b",
    b"(sd-pam)",
    b"two words",
    b"line\nbreak",
    b"\x1b[31mred",
    b"\xff\xfe not utf-8",
    "ümläut".encode(),
    b"back\\slash",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_command_names_are_bytes_of_any_kind(walk: Walker, tree: ProcTree, command: bytes) -> None:
    tree.process(10, command, start_time=88231).socket(1, 5)
    (process,) = walk(str(tree), None, 1).owners.processes
    assert (process.pid, process.command, process.start_time) == (10, command, 88231)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"0::/system.slice/nginx.service\n", b"/system.slice/nginx.service"),
        (b"4:memory:/a\n1:cpu:/b\n", b"/a"),
        (b"4:memory:/a\n0::/c\n1:cpu:/b\n", b"/c"),
        (b"0::/with:colons\n", b"/with:colons"),
        (b"0::/unfinished", b"/unfinished"),
        (b"0::/a (deleted)\n", b"/a (deleted)"),
        (b"0::/\xff\n", b"/\xff"),
        (b"0::/\n", b"/"),
        (b"garbage\n", b""),
        (b"", b""),
    ],
)
def test_cgroup_is_v2_or_the_first_of_v1(
    walk: Walker, tree: ProcTree, text: bytes, path: bytes
) -> None:
    tree.process(10, cgroup=text).socket(1, 5)
    assert walk(str(tree), None, 1).owners.processes[0].cgroup == path


def test_user_and_namespace(walk: Walker, tree: ProcTree) -> None:
    tree.process(10, netns=4026532247).socket(1, 5)
    tree.process(11, netns=None).socket(1, 5)
    processes = walk(str(tree), None, 1).owners.processes
    assert [(p.netns, p.uid) for p in processes] == [(4026532247, os.geteuid()), (0, os.geteuid())]


@pytest.mark.parametrize(
    "text",
    [b"", b"10 nginx S 1", b"10 (nginx", b"10 )nginx( S", b"10 (nginx) S 1 2 3\n", b"\0" * 50]
    + [b"10 (nginx) S" + b" 1" * 18 + b" x 1\n", b"10 (nginx) S" + b" 1" * 18 + b" -5 1\n"],
)
def test_a_stat_that_no_kernel_writes_leaves_the_rows(
    walk: Walker, tree: ProcTree, text: bytes
) -> None:
    process = tree.process(10).socket(1, 5)
    (process.path / "stat").write_bytes(text)
    found = walk(str(tree), None, 1)
    assert rows(found) == [(5, 10, 1, 10)]
    assert (found.owners.processes[0].command, found.owners.processes[0].start_time) == (b"", 0)


def test_fifos_do_not_block(walk: Walker, tree: ProcTree) -> None:
    process = tree.process(10).socket(1, 5).ring(2, b"")
    for name in ("stat", "cgroup", "status", "fdinfo/2"):
        (process.path / name).unlink()
        os.mkfifo(process.path / name)
    found = walk(str(tree), [10], 1)
    assert rows(found) == [(5, 10, 1, 10)]
    assert found.owners.processes[0].command == b""
    assert found.rings_unread == 1


def test_own_process_is_described_as_proc_says(live_walk: Walker) -> None:
    with socket.socket():
        (process,) = live_walk("/proc", [os.getpid()], 1).owners.processes
    stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    assert process.command == Path("/proc/self/comm").read_bytes()[:-1]
    assert process.start_time == int(stat[19])
    assert process.uid == os.geteuid()
    assert process.netns == os.stat("/proc/self/ns/net").st_ino
    assert process.cgroup.decode() in Path("/proc/self/cgroup").read_text()


# --------------------------------------------------------------------------------------- which pids


def test_only_the_processes_asked_for(walk: Walker, tree: ProcTree) -> None:
    for pid in (5, 6, 7, 8):
        tree.process(pid).socket(1, pid * 10)
    found = walk(str(tree), [8, 6, 8], 2)
    assert rows(found) == [(60, 6, 1, 6), (80, 8, 1, 8)]
    assert (found.scope, found.missing) == ((6, 8), [])
    assert [process.pid for process in found.owners.processes] == [6, 8]


def test_pids_that_do_not_exist_are_missing(walk: Walker, tree: ProcTree) -> None:
    tree.process(5).socket(1, 50)
    (tree.path / "6").write_text("a file")
    found = walk(str(tree), [5, 6, 7, 0, -1, 2**31, 2**70], 1)
    assert rows(found) == [(50, 5, 1, 5)]
    assert found.missing == [-1, 0, 6, 7, 2**31, 2**70]
    assert (found.vanished, found.denied) == (0, [])


def test_no_pids_at_all(walk: Walker, tree: ProcTree) -> None:
    tree.process(5).socket(1, 50)
    found = walk(str(tree), [], 2)
    assert (rows(found), found.scope) == ([], ())


def test_the_number_of_a_thread_is_no_process(live_walk: Walker) -> None:
    with thread(lambda: None) as (tid, _), socket.socket():
        assert live_walk("/proc", [tid], 1).missing == [tid]


def test_vanished_before_its_descriptors_were_listed(walk: Walker, tree: ProcTree) -> None:
    tree.process(5).socket(1, 50)
    (tree.path / "6").mkdir()
    found = walk(str(tree), None, 1)
    assert (rows(found), found.vanished, found.missing) == ([(50, 5, 1, 5)], 1, [])
    assert walk(str(tree), [6], 1).missing == [6]


def test_vanished_after_its_descriptors_were_read(walk: Walker, tree: ProcTree) -> None:
    gone = tree.process(5).socket(1, 50).ring(2, ring_text(51))
    gone.thread(6).socket(1, 52)
    (gone.path / "stat").unlink()
    tree.process(7).socket(1, 70)
    for threads in (1, 2):
        found = walk(str(tree), None, threads)
        assert (rows(found), found.vanished) == ([(70, 7, 1, 7)], 1)
        assert [process.pid for process in found.owners.processes] == [7]


def test_processes_that_come_and_go(live_walk: Walker) -> None:
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            subprocess.run(["true"], check=True)

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        with socket.socket() as held:
            for _ in range(20):
                found = live_walk("/proc", None, 2)
                assert (inode_of(held), os.getpid(), held.fileno(), os.getpid()) in rows(found)
    finally:
        stop.set()
        churning.join()


# ----------------------------------------------------------------------------------- what is hidden


@needs_user
def test_an_unreadable_descriptor_directory(walk: Walker, tree: ProcTree) -> None:
    closed = tree.process(5).socket(1, 50)
    tree.process(6).socket(1, 60)
    (closed.path / "fd").chmod(0)
    found = walk(str(tree), None, 1)
    (closed.path / "fd").chmod(0o700)
    assert (rows(found), found.denied, found.denied_links) == ([(60, 6, 1, 6)], [5], {})


@needs_user
def test_an_unreadable_process_directory(walk: Walker, tree: ProcTree) -> None:
    closed = tree.process(5).socket(1, 50)
    closed.path.chmod(0)
    found = walk(str(tree), [5], 1)
    closed.path.chmod(0o700)
    assert (rows(found), found.denied, found.missing) == ([], [5], [])


@needs_user
def test_unreadable_links_are_counted(walk: Walker, tree: ProcTree) -> None:
    closed = tree.process(5).socket(1, 50).socket(2, 51).descriptor(3, "/dev/null")
    tree.process(6).socket(1, 60)
    (closed.path / "fd").chmod(0o400)  # may be listed, but nothing in it may be looked up
    found = walk(str(tree), None, 1)
    (closed.path / "fd").chmod(0o700)
    assert (rows(found), found.denied, found.denied_links) == ([(60, 6, 1, 6)], [], {5: 3})


@needs_root
def test_the_descriptors_of_another_user(walk: Walker) -> None:
    with socket.socket():
        mine = os.getpid()
        found = as_nobody(lambda: summary(walk("/proc", [mine, os.getpid()], 2)))
    assert found["denied"] == [mine]
    assert {pid for _, pid, _, _ in found["rows"]} == set(found["scope"]) - {mine}


def test_a_process_that_is_not_dumpable(walk: Walker) -> None:
    def body() -> dict[str, Any]:
        with child_process(lambda: libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) as (child, _):
            return summary(walk("/proc", [child], 1)) | {"child": child}

    with socket.socket():
        found = as_nobody(body)
    assert (found["rows"], found["denied"]) == ([], [found["child"]])


def test_hidden_processes_without_descriptors_hide_nothing(walk: Walker) -> None:
    """A zombie's directory belongs to root; its st_size (Linux 6.2) says that it is empty."""
    if os.stat("/proc/self/fd").st_size == 0:
        pytest.skip("this kernel does not tell the size of /proc/PID/fd")

    def body() -> dict[str, Any]:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        found = summary(walk("/proc", [child], 1))
        os.waitpid(child, 0)
        return found

    found = as_nobody(body)
    assert (found["rows"], found["denied"], found["missing"]) == ([], [], [])


def test_kernel_threads_have_no_descriptors(live_walk: Walker) -> None:
    flags = kernel_thread = 0
    with contextlib.suppress(OSError):
        flags = int(Path("/proc/2/stat").read_text().rpartition(")")[2].split()[6])
    kernel_thread = flags & 0x00200000  # PF_KTHREAD
    if not kernel_thread:
        pytest.skip("process 2 is no kernel thread: a pid namespace")
    found = summary(live_walk("/proc", [2], 1))
    assert (found["rows"], found["denied"], found["missing"]) == ([], [], [])
    if os.stat("/proc/self/fd").st_size:
        assert as_nobody(lambda: summary(live_walk("/proc", [2], 1)))["denied"] == []


def test_out_of_descriptors_is_an_error_that_leaves_nothing_open(
    walk: Walker, tree: ProcTree
) -> None:
    tree.process(5).socket(1, 50)

    def body() -> tuple[set[int | None], int]:
        before = os.listdir("/proc/self/fd")
        lowest = os.dup(0)
        os.close(lowest)
        codes = set()
        for room in (0, 1, 2):
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + room, lowest + 100))
            try:
                walk(str(tree), None, 2)
            except OSError as error:
                codes.add(error.errno)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 100, lowest + 100))
        return codes, len(os.listdir("/proc/self/fd")) - len(before)

    assert in_child(body) == ({errno.EMFILE}, 0)  # a child: the limit is a whole process's


@pytest.mark.parametrize(("name", "code"), [("nowhere", errno.ENOENT), ("file", errno.ENOTDIR)])
def test_a_root_that_is_no_directory(walk: Walker, tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / "file").write_text("")
    for pids in (None, [1]):
        with pytest.raises(OSError) as raised:
            walk(str(tmp_path / name), pids, 1)
        assert (raised.value.errno, raised.value.filename) == (code, str(tmp_path / name))


def test_bad_arguments(walk: Walker, tree: ProcTree) -> None:
    with pytest.raises(ValueError, match="threads must be at least 1"):
        walk(str(tree), None, 0)
    with pytest.raises(ValueError, match="embedded null byte"):
        walk(f"{tree}\0", None, 1)


# ----------------------------------------------------------------------------------- shared sockets


def test_duplicated_descriptors_are_all_owners(live_walk: Walker) -> None:
    with socket.socket() as one, one.dup() as two:
        inode, mine = inode_of(one), os.getpid()
        found = [row for row in rows(live_walk("/proc", [mine], 1)) if row[0] == inode]
        assert sorted(found) == [(inode, mine, s.fileno(), mine) for s in (one, two)]


def test_a_forked_child_shares_all_sockets(live_walk: Walker) -> None:
    with socket.socket() as shared, child_process(lambda: None) as (child, _):
        inode, fd, mine = inode_of(shared), shared.fileno(), os.getpid()
        found = rows(live_walk("/proc", [child, mine], 2))
    assert {row for row in found if row[0] == inode} == {
        (inode, mine, fd, mine),
        (inode, child, fd, child),
    }


def test_a_passed_descriptor(live_walk: Walker) -> None:
    """SCM_RIGHTS: the receiver has the socket under a number of its own."""
    here, there = socket.socketpair()

    def receive() -> int:
        _, fds, _, _ = socket.recv_fds(there, 1, 1)
        return fds[0]

    with here, there, socket.socket() as passed:
        os.set_inheritable(passed.fileno(), False)
        inode, fd, mine = inode_of(passed), passed.fileno(), os.getpid()
        socket.send_fds(here, [b"x"], [fd])
        with child_process(receive) as (child, received):
            found = rows(live_walk("/proc", [child, mine], 1))
    assert {row for row in found if row[0] == inode} == {
        (inode, mine, fd, mine),
        (inode, child, fd, child),  # by fork
        (inode, child, received, child),
    }


@pytest.mark.parametrize("name", ["_fd_walk", "bpf"])
def test_walks_agree_on_real_processes(name: str) -> None:
    compiled, reference = load(name), load("reference")
    with socket.socket(), child_process(own_sockets) as (child, _):
        pids = [os.getpid(), child]
        expected = reference("/proc", pids, 1)
        assert len(rows(expected)) > 100
        for threads in (1, 2, 5):
            assert compiled("/proc", pids, threads) == expected


def own_sockets() -> None:
    """Some of each: sockets, pipes, a thread with its own table."""
    for fd in range(800, 1000):
        os.dup2(socket.socket().detach(), fd)
        if fd % 3 == 0:
            os.pipe()
    lasting_thread(own_socket)


# ------------------------------------------------------------------------------------------ threads


def test_a_thread_with_a_table_of_its_own(live_walk: Walker) -> None:
    with socket.socket() as shared, thread(own_socket) as (tid, (inode, fd)):
        found = live_walk("/proc", [os.getpid()], 1)
        mine = os.getpid()
        assert [row for row in rows(found) if row[0] == inode] == [(inode, mine, fd, tid)]
        # What it took along is no other row.
        assert [row for row in rows(found) if row[0] == inode_of(shared)] == [
            (inode_of(shared), mine, shared.fileno(), mine)
        ]
        assert found.uncompared_threads == 0


def test_threads_that_share_the_table_give_nothing_more(live_walk: Walker) -> None:
    def body() -> tuple[dict[str, Any], dict[str, Any]]:
        alone = summary(live_walk("/proc", [os.getpid()], 1))
        for _ in range(20):
            lasting_thread(lambda: None)
        return alone, summary(live_walk("/proc", [os.getpid()], 1))

    with socket.socket():
        alone, together = in_child(body)  # where no thread of another test is still ending
    assert alone["rows"] and together == alone


def test_many_threads_with_tables_of_their_own(live_walk: Walker) -> None:
    with contextlib.ExitStack() as threads:
        opened = [threads.enter_context(thread(own_socket)) for _ in range(30)]
        found = rows(live_walk("/proc", [os.getpid()], 1))
    expected = sorted((tid, inode) for tid, (inode, _) in opened)
    assert [(tid, inode) for inode, _, fd, tid in found if fd == 700] == expected


def zombie_leader() -> tuple[list[int], tuple[int, int], tuple[int, tuple[int, int]]]:
    """Two threads with the common table, one with its own; the first thread then ends."""
    tids = [lasting_thread(lambda: None)[0] for _ in range(2)]
    held = socket.socket().detach()
    return tids, (inode_of(held), held), lasting_thread(own_socket)


def test_a_process_whose_first_thread_has_ended(live_walk: Walker) -> None:
    def body() -> None:
        with child_process(zombie_leader, end_thread) as (child, (tids, held, own)):
            wait_for_zombie(child)
            assert os.listdir(f"/proc/{child}/task")
            found = live_walk("/proc", [child], 1)
            assert (found.denied, found.missing, found.uncompared_threads) == ([], [], 0)
            shared = [row for row in rows(found) if row[0] == held[0]]
            assert shared == [(held[0], child, held[1], min(tids))]
            tid, (inode, fd) = own
            assert [row for row in rows(found) if row[0] == inode] == [(inode, child, fd, tid)]
            assert found == load("reference")("/proc", [child], 1)

    in_child(body)
    as_nobody(body)


def test_threads_in_a_tree_of_files(walk: Walker, tree: ProcTree) -> None:
    process = tree.process(10).socket(3, 5).socket(4, 6)
    process.thread(12).socket(3, 5).socket(4, 7)
    process.thread(11).socket(3, 5).socket(4, 6)
    process.thread(9).socket(8, 8).ring(9, ring_text(5))
    found = walk(str(tree), None, 1)
    assert set(rows(found)) == {
        (5, 10, 3, 10),
        (6, 10, 4, 10),
        (8, 10, 8, 9),
        (5, 10, -1, 9),
        (7, 10, 4, 12),
    }
    assert [tid for _, _, _, tid in rows(found)] == [10, 10, 9, 9, 12]


def forbid_kcmp() -> None:
    """Let kcmp(2) fail as in a container whose seccomp profile does not know it."""
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),  # load the system call's number
            (0x15, 0, 1, SYS_kcmp),
            (0x06, 0, 0, 0x00050000 | errno.EPERM),
            (0x06, 0, 0, 0x7FFF0000),
        )
    )
    text = ctypes.create_string_buffer(program)
    header = struct.pack("HL", len(program) // 8, ctypes.addressof(text))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0) != 0:
        pytest.skip(f"seccomp: {os.strerror(ctypes.get_errno())}")


def test_threads_that_cannot_be_compared_are_counted() -> None:
    compiled = load("_fd_walk")

    def body() -> tuple[int, list[tuple[int, int]], tuple[int, int]]:
        forbid_kcmp()
        with thread(lambda: None), thread(own_socket) as (tid, (inode, _)):
            found = compiled("/proc", [os.getpid()], 1)
            own = [(row[0], row[3]) for row in rows(found) if row[2] == 700]
            return found.uncompared_threads, own, (inode, tid)

    uncompared, own, expected = in_child(body)
    if os.stat("/proc/self/fd").st_size:
        # A table of another size is another one; one of the same size may be.
        assert (uncompared, own) == (1, [expected])
    else:
        assert (uncompared, own) == (2, [])


# ----------------------------------------------------------------------------------------- io_uring


def test_a_socket_that_only_an_io_uring_holds(live_walk: Walker) -> None:
    held = socket.socket()
    inode = inode_of(held)
    ring = ring_of(-1, held.fileno(), -1)
    held.close()
    with open("/dev/null") as other:
        empty = ring_of(-1, other.fileno())
    try:
        found = live_walk("/proc", [os.getpid()], 1)
        if found.rings_unread:
            pytest.skip("this kernel does not number the sockets of a ring")
        assert [row for row in rows(found) if row[0] == inode] == [
            (inode, os.getpid(), -1, os.getpid())
        ]
    finally:
        os.close(ring)
        os.close(empty)


def test_fixed_files_of_a_ring(walk: Walker, tree: ProcTree) -> None:
    tree.process(10).socket(3, 5).ring(4, ring_text(5, 6))
    found = walk(str(tree), None, 1)
    assert set(rows(found)) == {(5, 10, 3, 10), (5, 10, -1, 10), (6, 10, -1, 10)}
    assert found.rings_unread == 0


def test_a_ring_under_two_descriptors_is_one_owner(walk: Walker, tree: ProcTree) -> None:
    tree.process(10).ring(4, ring_text(6, 6)).ring(5, ring_text(6, 7))
    tree.process(11).ring(4, ring_text(6))
    found = rows(walk(str(tree), None, 1))
    assert sorted(found) == [(6, 10, -1, 10), (6, 11, -1, 11), (7, 10, -1, 10)]


@pytest.mark.parametrize(
    ("text", "inodes", "unread"),
    [
        (ring_text(*range(100, 5000), slots=8192), list(range(100, 5000)), 0),
        (ring_text(slots=0), [], 0),
        (ring_text(slots=16), [], 0),  # a sparse table, empty
        (b"pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t47450086\n", [], 1),  # locked
        (b"", [], 1),
        # Before Linux 6.13: the name that a dentry has, for sockets none.
        (b"SqThread:\t-1\nUserFiles:\t2\n    0: <none>\n    1: null\nUserBufs:\t0\n", [], 0),
        (b"SqThread:\t-1\nUserFiles:\t2\n    0: <none>\n    1: \nUserBufs:\t0\n", [], 1),
        # Only the section of fixed files is read.
        (b"    0: socket:[5]\nUserFiles:\t0\nUserBufs:\t1\n    0: socket:[6]\n", [], 0),
        (b"x\nUserFiles:\t9\n    7: socket:[5]\n   10: /tmp/socket:[6]\nx: socket:[7]\n", [5], 0),
        (b"x\nUserFiles:\t9\n70000: socket:[5]\n70001: socket:[6]", [5, 6], 0),
        (b"x\nUserFiles:\t9", [], 0),
    ],
)
def test_what_fdinfo_says_of_a_ring(
    walk: Walker, tree: ProcTree, text: bytes, inodes: list[int], unread: int
) -> None:
    tree.process(10).ring(4, text)
    found = walk(str(tree), None, 1)
    assert rows(found) == [(inode, 10, -1, 10) for inode in inodes]
    assert found.rings_unread == unread


def test_a_ring_closed_meanwhile(walk: Walker, tree: ProcTree) -> None:
    process = tree.process(10).ring(4, b"")
    (process.path / "fdinfo" / "4").unlink()
    assert walk(str(tree), None, 1).rings_unread == 0
