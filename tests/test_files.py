"""What a process has open, what it is, and what users are called."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastsock
from children import AS_ROOT, NOBODY, child_process, hide_descriptors, in_child, libc
from fastsock import processes, users
from fastsock.files import (
    OpenFile,
    parse_access,
    parse_fdinfo,
    parse_kind,
    parse_maps,
    read_files,
)
from holders import wait_for_zombie
from proctree import ProcTree

SELF = os.getpid()
KEPT: list[object] = []
BTIME = 1_700_000_000


def own(fd: int, *, stat: bool = False, fdinfo: bool = False) -> OpenFile:
    """The row of one of our own descriptors."""
    found = read_files("/proc", SELF, uses=("fd",), stat=stat, fdinfo=fdinfo)
    (row,) = [row for row in found if row.fd == fd]
    return row


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "app.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, b"x" * 1000)
    yield fd
    os.close(fd)


# ---------------------------------------------------------------------------------- what links tell


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (b"socket:[1206]", ("socket", 1206)),
        (b"pipe:[18446744073709551615]", ("fifo", 2**64 - 1)),
        (b"anon_inode:[eventpoll]", ("anon_inode", None)),
        (b"anon_inode:[io_uring]", ("anon_inode", None)),
        (b"anon_inode:inotify", ("anon_inode", None)),
        (b"net:[4026531833]", ("namespace", 4026531833)),
        (b"/socket:[7]", ("unknown", None)),
        (b"(unreachable)/socket:[7]", ("unknown", None)),
        (b"pidfd:[7]", ("unknown", 7)),
        (b"socket:[]", ("socket", None)),
        (b"socket:[7", ("socket", None)),
        (b"socket:[" + b"9" * 21 + b"]", ("socket", None)),
        (b"", ("unknown", None)),
    ],
)
def test_what_a_link_tells(link: bytes, expected: tuple[str, int | None]) -> None:
    assert parse_kind(link) == expected


@pytest.mark.parametrize(
    ("mode", "access"),
    [(0o500, "r"), (0o300, "w"), (0o700, "u"), (0o000, ""), (0o100, ""), (0o777, None)],
)
def test_how_a_link_says_that_it_was_opened(mode: int, access: str | None) -> None:
    assert parse_access(stat.S_IFLNK | mode) == access


def test_fdinfo() -> None:
    text = b"pos:\t1000\nflags:\t02100001\nmnt_id:\t29\nino:\t7\nlock:\t1: FLOCK\n"
    assert parse_fdinfo(text) == (1000, 0o2100001, 29)
    assert parse_fdinfo(b"pos:\t7\n") == (7, None, None)
    assert parse_fdinfo(b"pos:\tx\nflags:\t02\n") == (None, None, None)
    assert parse_fdinfo(b"") == (None, None, None)


def test_maps() -> None:
    text = (
        b"55d0-55d1 r--p 00000000 fd:01 1234       /usr/bin/a b (deleted)\n"
        b"55d1-55d2 r-xp 00001000 fd:01 1234       /usr/bin/a b (deleted)\n"
        b"55d2-55d3 rw-p 00000000 00:00 0          [heap]\n"
        b"7f00-7f01 rw-s 00000000 00:05 99         /dev/shm/new\\012line\n"
        b"7f01-7f02 rw-s 00000000 00:09 7          socket:[7]\n"
        b"7f02-7f03 r--p 00000000 fd:01\n"
        b"7f03-7f04 r--p 00000000 fd:zz 8          /x\n"
        b"7f04"
    )
    assert parse_maps(text) == [
        (os.makedev(0xFD, 1), 1234, b"/usr/bin/a b (deleted)"),
        (os.makedev(0, 5), 99, b"/dev/shm/new\nline"),
        (os.makedev(0, 9), 7, b"socket:[7]"),
    ]


# -------------------------------------------------------------------------------------- descriptors


def test_a_descriptor_costs_a_link_alone(opened: int, tmp_path: Path) -> None:
    row = own(opened)
    assert (row.use, row.fd, row.type) == ("fd", opened, "unknown")
    assert row.link == row.path == os.fsencode(tmp_path / "app.log")
    assert not row.deleted
    asked = (row.access, row.mode, row.size, row.inode, row.position, row.flags, row.reason)
    assert asked == (None,) * 7


def test_what_stat_and_fdinfo_add(opened: int) -> None:
    row, status = own(opened, stat=True, fdinfo=True), os.fstat(opened)
    assert (row.type, row.access, row.writable) == ("regular", "w", True)
    assert (row.device, row.inode, row.links) == (status.st_dev, status.st_ino, 1)
    assert (row.size, row.mode, row.rdevice) == (1000, status.st_mode, status.st_rdev)
    assert row.position == 1000
    assert row.flags is not None and row.flags & os.O_APPEND
    assert row.mount is not None
    assert row.reason is None


@pytest.mark.parametrize(
    ("flags", "access"),
    [(os.O_RDONLY, "r"), (os.O_WRONLY, "w"), (os.O_RDWR, "u"), (os.O_PATH, "")],
)
def test_how_it_was_opened(opened: int, tmp_path: Path, flags: int, access: str) -> None:
    fd = os.open(tmp_path / "app.log", flags)
    try:
        assert own(fd, stat=True).access == access
    finally:
        os.close(fd)


def test_types(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.symlink("nowhere", tmp_path / "link")
    fds = {
        "fifo": reading,
        "directory": os.open(tmp_path, os.O_RDONLY),
        "character": os.open("/dev/null", os.O_RDONLY),
        "symlink": os.open(tmp_path / "link", os.O_PATH | os.O_NOFOLLOW),
        "namespace": os.open("/proc/self/ns/net", os.O_RDONLY),
        "anon_inode": libc.epoll_create1(0),
    }
    with socket.socket() as one:
        fds["socket"] = one.fileno()
        try:
            found = {row.fd: row for row in read_files("/proc", SELF, uses=("fd",), stat=True)}
            assert {kind: found[fd].type for kind, fd in fds.items()} == {
                kind: kind for kind in fds
            }
            bare = {row.fd: row for row in read_files("/proc", SELF, uses=("fd",))}
            for kind in ("fifo", "socket", "namespace"):
                assert bare[fds[kind]].type == kind
                assert bare[fds[kind]].inode == os.fstat(fds[kind]).st_ino
            device = found[fds["character"]].rdevice
            assert device is not None
            assert (os.major(device), os.minor(device)) == (1, 3)
        finally:
            for fd in (*(fds[kind] for kind in fds if kind != "socket"), writing):
                os.close(fd)


def test_a_file_that_was_removed(opened: int, tmp_path: Path) -> None:
    os.unlink(tmp_path / "app.log")
    row = own(opened, stat=True)
    assert row.link == os.fsencode(tmp_path / "app.log (deleted)")
    assert (row.path, row.deleted) == (os.fsencode(tmp_path / "app.log"), True)
    assert (row.size, row.links) == (1000, 0)


def test_a_file_that_is_called_deleted(tmp_path: Path) -> None:
    name = tmp_path / "app.log (deleted)"
    fd = os.open(name, os.O_WRONLY | os.O_CREAT)
    try:
        row = own(fd)
        assert (row.path, row.deleted) == (os.fsencode(name), False)
        os.unlink(name)
        row = own(fd)
        assert (row.path, row.deleted) == (os.fsencode(name), True)
    finally:
        os.close(fd)
    fd = os.open(tmp_path / "x", os.O_WRONLY | os.O_CREAT)
    try:
        os.unlink(tmp_path / "x")
        (tmp_path / "x (deleted)").touch()
        row = own(fd)
        assert (row.path, row.deleted) == (os.fsencode(tmp_path / "x"), True)
    finally:
        os.close(fd)


def test_only_some_links(opened: int, tmp_path: Path) -> None:
    below = os.fsencode(tmp_path) + b"/"
    found = read_files("/proc", SELF, stat=True, only=lambda link: link.startswith(below))
    assert [(row.use, row.fd) for row in found] == [("fd", opened)]


def test_names_that_mislead(tmp_path: Path) -> None:
    name = b"a\n\x1b[31m\xff (deleted)b"
    path = os.fsencode(tmp_path) + b"/" + name
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        row = own(fd)
        assert row.path == path
        assert "\x1b" not in repr(row) and "\n" not in repr(row)
    finally:
        os.close(fd)


def test_who_looks_is_not_among_what_is_seen() -> None:
    """The descriptors with which we read our own directory are closed when we are done."""
    before = {int(name) for name in os.listdir("/proc/self/fd")}
    found = read_files("/proc", SELF, uses=("fd",))
    assert {row.fd for row in found} <= before
    for row in found:
        os.fstat(row.fd)


def test_descriptors_stand_in_their_order() -> None:
    fds = [os.dup(0) for _ in range(20)]
    try:
        found = [row.fd for row in read_files("/proc", SELF, uses=("fd",))]
        assert found == sorted(found) and set(fds) <= set(found)
    finally:
        for fd in fds:
            os.close(fd)


# --------------------------------------------------------------------------------------- other uses


def test_directories_and_the_binary() -> None:
    rows = {row.use: row for row in read_files("/proc", SELF, uses=("cwd", "root", "exe"))}
    assert list(rows) == ["cwd", "root", "exe"]
    assert rows["cwd"].path == os.fsencode(os.getcwd())
    assert rows["root"].path == os.fsencode(os.readlink("/proc/self/root"))
    assert rows["exe"].path == os.fsencode(os.readlink("/proc/self/exe"))
    assert {row.fd for row in rows.values()} == {-1}


def test_what_is_mapped(tmp_path: Path) -> None:
    name = tmp_path / "data"
    name.write_bytes(b"x" * 5000)
    with open(name, "r+b") as data, mmap.mmap(data.fileno(), 0):
        found = [row for row in read_files("/proc", SELF, stat=True) if row.use == "mem"]
        (row,) = [row for row in found if row.path == os.fsencode(name)]
        assert (row.type, row.size, row.inode) == ("regular", 5000, os.stat(name).st_ino)
        name.unlink()
        name.write_bytes(b"another")  # of the same name
        found = [row for row in read_files("/proc", SELF, stat=True) if row.use == "mem"]
        (row,) = [row for row in found if row.path == os.fsencode(name)]
        assert (row.deleted, row.size) == (True, None)
        binary = os.fsencode(os.readlink("/proc/self/exe"))
        assert binary not in {row.path for row in found}
        alone = read_files("/proc", SELF, uses=("mem",))
        assert binary in {row.path for row in alone}


# --------------------------------------------------------------------------- what is not to be read


def test_no_such_process(tmp_path: Path) -> None:
    with pytest.raises(fastsock.NoSuchProcess, match="^no such process: 4194305$"):
        read_files("/proc", 4194305)
    with pytest.raises(fastsock.NoSuchProcess):
        processes.read_details("/proc", 4194305)
    with pytest.raises(fastsock.NoSuchProcess):
        read_files(str(tmp_path), 1)


def test_a_process_of_another_user() -> None:
    """Nobody may look at what we have open; what is to be seen of everybody is."""

    def look() -> tuple[set[str], int, object, set[str], tuple[bytes, ...]]:
        found = read_files("/proc", SELF)
        details = processes.read_details("/proc", SELF)
        return (
            set(found.denied),
            len(found),
            (details.binary, details.cwd),
            set(details.hidden),
            details.arguments,
        )

    if not AS_ROOT:
        pytest.skip("needs root to become another user")
    denied, rows, paths, hidden, arguments = in_child(look, user=NOBODY)
    assert denied == {"cwd", "root", "exe", "mem", "fd"}
    assert (rows, paths, hidden) == (0, (None, None), {"binary", "cwd"})
    assert arguments and arguments == processes.read_details("/proc", SELF).arguments


def test_a_process_that_hides_itself() -> None:
    if AS_ROOT:
        pytest.skip("root sees everything")
    with child_process(hide_descriptors) as (pid, _):
        assert set(read_files("/proc", pid).denied) == {"cwd", "root", "exe", "mem", "fd"}


def test_a_process_that_has_ended_and_waits() -> None:
    with child_process(os.getpid) as (pid, _):
        os.kill(pid, signal.SIGKILL)
        wait_for_zombie(pid)
        found = read_files("/proc", pid)
        assert (len(found), found.denied) == (0, {})
        details = processes.read_details("/proc", pid)
        assert (details.state, details.binary, details.cwd) == ("Z", None, None)
        assert details.hidden == {}
        # child_process waits for it, and it is gone.
    with pytest.raises(fastsock.NoSuchProcess):
        read_files("/proc", pid)


def test_descriptors_that_come_and_go() -> None:
    """Beside a process that opens and closes, nothing is seen that was not there."""

    def toggle() -> None:
        while True:
            fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
            for fd in fds:
                os.close(fd)

    with child_process(os.getpid, toggle) as (pid, _):
        for _ in range(50):
            for row in read_files("/proc", pid, uses=("fd",), stat=True, fdinfo=True):
                assert row.reason is None
                assert row.type != "unknown", row


def test_a_tree_made_by_hand(tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    tree.process(7, b"a) (b", exe="/opt/x (deleted)", cwd="/srv").socket(3, 99).descriptor(
        4, "/no/such/file"
    )
    found = read_files(str(tmp_path), 7, stat=True, fdinfo=True)
    assert [(row.use, row.fd, row.path) for row in found] == [
        ("cwd", -1, b"/srv"),
        ("exe", -1, b"/opt/x"),
        ("fd", 3, b"socket:[99]"),
        ("fd", 4, b"/no/such/file"),
    ]
    one, other = found.rows[2:]
    assert (one.type, one.inode, one.access) == ("socket", 99, None)
    assert (other.type, other.size, other.access) == ("unknown", None, None)
    details = processes.read_details(str(tmp_path), 7)
    assert (details.command, details.parent, details.group) == (b"a) (b", 1, 7)
    assert (details.binary, details.deleted, details.cwd) == (b"/opt/x", True, b"/srv")
    assert (details.arguments, details.start_time) == ((b"/usr/bin/program",), 1000)
    assert details.started is None
    (tmp_path / "stat").write_bytes(b"cpu 1 2\nbtime %d\nprocesses 7\n" % BTIME)
    processes._read_boot_time.cache_clear()
    ticks = os.sysconf("SC_CLK_TCK")
    assert processes.read_details(str(tmp_path), 7).started == BTIME + 1000 / ticks


@pytest.mark.parametrize("text", [b"", b"7", b"7 (x", b"7 (x) S 1 2", b")7("])
def test_a_stat_that_is_none(tmp_path: Path, text: bytes) -> None:
    ProcTree(tmp_path).process(7)
    (tmp_path / "7" / "stat").write_bytes(text)
    with pytest.raises(fastsock.NoSuchProcess):
        processes.read_details(str(tmp_path), 7)


# ------------------------------------------------------------------------------ what one process is


def test_what_we_are() -> None:
    found = processes.read_details("/proc", SELF)
    assert (found.pid, found.parent, found.uid) == (SELF, os.getppid(), os.geteuid())
    assert (found.group, found.session) == (os.getpgrp(), os.getsid(0))
    assert found.binary == os.fsencode(os.readlink("/proc/self/exe"))
    assert found.cwd == os.fsencode(os.getcwd())
    assert found.started is not None and found.started < time.time() + 2
    assert found.hidden == {}


def test_when_it_was_started() -> None:
    with child_process(os.getpid) as (pid, _):
        started = processes.read_details("/proc", pid).started
    assert started is not None
    assert abs(started - time.time()) < 3  # btime has whole seconds


def test_a_command_line_that_was_changed() -> None:
    """A title as servers write it over their arguments: one text, NULs behind it."""

    def rename() -> None:
        libc.prctl(15, ctypes.c_char_p(b"na\x1bme"), 0, 0, 0)

    with child_process(rename) as (pid, _):
        assert processes.read_details("/proc", pid).command == b"na\x1bme"
    for text, arguments in (
        (b"nginx: master process\0\0\0\0", (b"nginx: master process",)),
        (b"a\0\0b\0", (b"a", b"", b"b")),
        (b"", ()),
        (b"no end", (b"no end",)),
    ):
        assert processes.parse_arguments(text) == arguments


# -------------------------------------------------------------------------------------------- users


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what was known of users, before and after."""
    users.user_name.cache_clear()
    users._read_passwd.cache_clear()
    monkeypatch.setattr(users._patience, "left", 2.0)
    yield
    users.user_name.cache_clear()
    users._read_passwd.cache_clear()


def test_passwd() -> None:
    text = b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+::\nx:y\nb\xffd:x:7\n:x:8\n\n"
    assert users.parse_passwd(text) == {0: b"root", 7: b"b\xffd"}


def test_users(no_names: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    passwd = tmp_path / "passwd"
    passwd.write_bytes(b"x\x1b:x:123456789:1\n")
    monkeypatch.setattr(users, "_PASSWD", str(passwd))
    assert users.user_name(123456789) == "x\x1b"
    assert users.user_name(0) == "root"  # asked of getpwuid(3)
    assert users.user_name(3_999_999_999) == "3999999999"


def test_a_name_service_that_does_not_answer(
    no_names: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd

    asked = []

    def hang(uid: int) -> None:
        asked.append(uid)
        time.sleep(60)
        raise KeyError(uid)  # by then nobody listens

    monkeypatch.setattr(pwd, "getpwuid", hang)
    monkeypatch.setattr(users._patience, "left", 0.05)
    started = time.monotonic()
    assert [users.user_name(uid) for uid in range(3_999_999_000, 3_999_999_100)] == [
        str(uid) for uid in range(3_999_999_000, 3_999_999_100)
    ]
    assert time.monotonic() - started < 5
    assert asked == [3_999_999_000]
