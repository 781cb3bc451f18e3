"""What `fastsock.process` tells: what a process is, its sockets by state, what it writes to."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastsock
from children import AS_ROOT, NOBODY, become, child_process, hide_descriptors, in_child, libc
from fastsock.errors import Hidden
from fastsock.portrait import Portrait
from holders import wait_for_zombie
from mounts import mount, mount_privately
from ports import listen, port_of, reset
from proctree import ProcTree

SELF = os.getpid()
KEPT: list[object] = []


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    """A directory of logs that we write: one in use, one that was removed, one below."""
    with contextlib.ExitStack() as stack:
        (tmp_path / "below").mkdir()
        for name, size in (("access.log", 1000), ("old.log", 5000), ("below/error.log", 10)):
            stack.enter_context(open(tmp_path / name, "w")).write("x" * size)
        stack.enter_context(open(tmp_path / "access.log"))  # for reading: no log of ours
        for fd in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                os.fsync(int(fd))
        (tmp_path / "old.log").unlink()
        yield tmp_path


def names(portrait: Portrait, below: Path) -> list[tuple[str, bool]]:
    assert portrait.files is not None
    start = os.fsencode(below) + b"/"
    return [
        (os.fsdecode(row.path.removeprefix(start)), row.deleted)
        for row in portrait.files
        if row.path.startswith(start)
    ]


def test_what_we_are(engine_name: str) -> None:
    with listen() as server:
        client = socket.create_connection(server.getsockname()[:2])
        accepted = server.accept()[0]
        try:
            found = fastsock.process(SELF, local_port=port_of(server), engine=engine_name)
        finally:
            reset(client)
            reset(accepted)
        assert found.pid == SELF
        assert found.hidden == ()
        assert found.counts is not None and found.listeners is not None
        assert {name: str(counts) for name, counts in found.counts.items()} == {
            "tcp": "established=1 listen=1 other=0",
            "udp": "established=0 listen=0 other=0",
        }
        (service,) = found.listeners
        assert service.socket.inode == os.fstat(server.fileno()).st_ino
        assert service.reach.scope == "host"
        assert found.details.binary == os.fsencode(os.readlink("/proc/self/exe"))
        assert found.descriptors is not None and found.descriptors["socket"] >= 1
        assert found.sources["sockets"]


def test_protocols_that_are_asked_for(engine_name: str, tmp_path: Path) -> None:
    with (
        socket.socket(socket.AF_UNIX) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound,
    ):
        server.bind(str(tmp_path / "s"))
        server.listen()
        bound.bind(("127.0.0.1", 0))
        found = fastsock.process(SELF, protocol=("udp", "unix"), engine=engine_name)
        assert found.counts is not None and found.listeners is not None
        assert list(found.counts) == ["udp", "unix"]
        inodes = {service.socket.inode for service in found.listeners}
        assert {os.fstat(one.fileno()).st_ino for one in (server, bound)} <= inodes
        one = fastsock.process(SELF, protocol="udp", engine=engine_name)
        assert one.counts is not None and list(one.counts) == ["udp"]


def test_files_that_are_written(logs: Path) -> None:
    found = fastsock.process(SELF)
    assert names(found, logs) == [
        ("access.log", False),
        ("old.log", True),
        ("below/error.log", False),
    ]
    assert found.files is not None
    sizes = {row.path.rpartition(b"/")[2]: row.size for row in found.files}
    assert (logs / "access.log").stat().st_size == sizes[b"access.log"]


def test_files_below_a_directory(logs: Path) -> None:
    below = fastsock.process(SELF, directories=[logs / "below"]).files
    assert below is not None
    assert [row.path for row in below] == [os.fsencode(logs / "below" / "error.log")]
    (logs / "link").symlink_to("below")
    again = fastsock.process(SELF, directories=[os.fsencode(logs / "link") + b"/"]).files
    assert again is not None and [row.path for row in again] == [row.path for row in below]
    # A name that begins like the directory's is not below it.
    assert fastsock.process(SELF, directories=[str(logs / "bel")]).files == []
    either = fastsock.process(SELF, directories=[logs / "bel", logs]).files
    assert either is not None and len(either) == 3
    everything = fastsock.process(SELF, directories=["/"]).files
    assert everything is not None and len(everything) >= 3


def test_memory_is_no_file() -> None:
    fd = os.memfd_create("log")
    try:
        found = fastsock.process(SELF)
        assert found.files is not None
        assert fd not in {row.fd for row in found.files}
    finally:
        os.close(fd)


def test_a_binary_that_was_replaced(tmp_path: Path) -> None:
    """As after an upgrade: the process still runs what is no longer there."""
    sleep = shutil.which("sleep")
    assert sleep
    binary = tmp_path / "a b\x1b"
    shutil.copy(sleep, binary)
    running = subprocess.Popen([binary, "60"])
    try:
        wait_until_it_runs(running.pid, str(binary))
        assert fastsock.process(running.pid).details.deleted is False
        binary.unlink()
        shutil.copy(sleep, binary)
        details = fastsock.process(running.pid).details
        assert (details.binary, details.deleted) == (os.fsencode(binary), True)
        (found,) = fastsock.process(binary.name)
        assert found.pid == running.pid
        text = json.dumps(found.as_dict(), ensure_ascii=False)
        assert json.loads(text)["binary_deleted"] is True
        assert "\x1b" not in text
    finally:
        running.kill()
        running.wait()


def wait_until_it_runs(pid: int, binary: str) -> None:
    while os.readlink(f"/proc/{pid}/exe") != binary:
        time.sleep(0.001)


def rename(name: bytes) -> None:
    libc.prctl(15, ctypes.c_char_p(name), 0, 0, 0)


def test_all_processes_of_a_name() -> None:
    name = b"fs\x1b[31m\xff"
    with (
        child_process(lambda: rename(name)) as (one, _),
        child_process(lambda: rename(name)) as (other, _),
    ):
        found = fastsock.process(name)
        assert [portrait.pid for portrait in found] == sorted((one, other))
        assert all(portrait.counts is not None for portrait in found)
        assert [portrait.pid for portrait in fastsock.process(os.fsdecode(name))] == sorted(
            (one, other)
        )
    with pytest.raises(fastsock.NoSuchProcess) as raised:
        fastsock.process(name)
    assert str(raised.value) == r"no such process: fs\x1b[31m\xff"


def test_sockets_of_each_are_its_own() -> None:
    def listening() -> int:
        rename(b"fs-alike")
        KEPT.append(server := socket.create_server(("127.0.0.1", 0)))
        return port_of(server)

    with child_process(listening) as (one, port), child_process(listening) as (two, other):
        found = {portrait.pid: portrait for portrait in fastsock.process("fs-alike")}
        for pid, expected in ((one, port), (two, other)):
            services = found[pid].listeners
            assert services is not None
            assert expected in {service.socket.local_port for service in services}


def test_no_such_process() -> None:
    with pytest.raises(fastsock.NoSuchProcess, match="^no such process: 4194305$"):
        fastsock.process(4194305)
    with pytest.raises(fastsock.NoSuchProcess, match="^no such process: no-such-name$"):
        fastsock.process("no-such-name")


@pytest.mark.parametrize("term", ["pid", "command", "cgroup"])
def test_it_is_of_one_process_or_name(term: str) -> None:
    with pytest.raises(ValueError, match=f"^process.. is of one process or name, not by {term}$"):
        fastsock.process(SELF, **{term: "1"})


def test_a_process_that_has_ended_and_waits(engine_name: str) -> None:
    with child_process(os.getpid) as (pid, _):
        os.kill(pid, signal.SIGKILL)
        wait_for_zombie(pid)
        found = fastsock.process(pid, engine=engine_name)
        assert found.details.state == "Z"
        assert (found.listeners, found.files) == ([], [])
        assert found.counts is not None
        assert [str(counts) for counts in found.counts.values()] == [
            "established=0 listen=0 other=0"
        ] * 2
        assert found.hidden == ()


def test_what_may_not_be_read_is_none(engine_name: str) -> None:
    """Never 0: of another user's process only what everybody may see is told."""
    if not AS_ROOT:
        pytest.skip("needs root to become another user")

    def look() -> tuple[object, ...]:
        found = fastsock.process(SELF, engine=engine_name)
        return (
            sorted(found.hidden),
            (found.counts, found.listeners, found.files, found.descriptors),
            found.details.command == fastsock.process(os.getpid()).details.command,
            json.dumps(found.as_dict()),
        )

    hidden, unknown, same, text = in_child(look, user=NOBODY)
    assert hidden == ["binary", "cwd", "files", "sockets"]
    assert unknown == (None, None, None, None)
    assert same
    assert '"counts": null' in str(text) and '"files": null' in str(text)


@pytest.mark.skipif(AS_ROOT, reason="root reads all links")
def test_descriptors_that_may_be_listed_and_not_read(tmp_path: Path, tree_engine_name: str) -> None:
    """How many there are of each kind is unknown, and not nothing."""
    tree = ProcTree(tmp_path)
    closed = tree.process(5).socket(1, 50).descriptor(3, "/dev/null")
    (closed.path / "fd").chmod(0o400)  # may be listed, but nothing in it may be looked up
    found = fastsock.process(5, engine=tree_engine_name, procfs=str(tree))
    (closed.path / "fd").chmod(0o700)
    assert "files" in found.hidden
    assert (found.descriptors, found.counts) == (None, None)


def test_what_of_a_name_may_be_read_is(engine_name: str) -> None:
    """One process of a name is ours, another hides itself: ours is told."""

    def hide() -> None:
        rename(b"fs-half")
        hide_descriptors()

    if AS_ROOT:

        def look() -> dict[int, bool]:
            rename(b"fs-half")
            found = fastsock.process("fs-half", engine=engine_name)
            return {portrait.pid == os.getpid(): portrait.counts is None for portrait in found}

        with child_process(lambda: rename(b"fs-half")):
            assert in_child(look, user=NOBODY) == {True: False, False: True}
    else:
        with (
            child_process(hide) as (pid, _),
            child_process(lambda: rename(b"fs-half")) as (ours, _),
        ):
            found = {one.pid: one for one in fastsock.process("fs-half", engine=engine_name)}
            assert found[pid].counts is None and found[ours].counts is not None
            assert "sockets" in found[pid].hidden and not found[ours].hidden


@pytest.mark.skipif(not AS_ROOT, reason="needs root to mount and to become another user")
@pytest.mark.parametrize(
    ("hidepid", "expected"),
    [
        ("1", "process {} may not be looked at: /proc is mounted with hidepid"),
        ("2", "no such process: {}"),
    ],
)
def test_what_a_mount_hides(hidepid: str, expected: str) -> None:
    """Not there at all, or there and not to be looked at: an error each, and no empty answer."""

    def look() -> str:
        mount_privately()
        mount("proc", "/proc", f"hidepid={hidepid}")
        become(NOBODY)
        with pytest.raises((fastsock.NoSuchProcess, Hidden)) as raised:
            fastsock.process(SELF)
        assert isinstance(raised.value, Hidden) is (hidepid == "1")
        return str(raised.value)

    assert in_child(look) == expected.format(SELF)
