"""The BPF engine: when it works, why not, and what it keeps. Its walk is in test_owners too."""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

import fastsock
from children import child_process, in_child, libc
from fastsock.engines import engine_status, open_engine
from fastsock.errors import EngineUnavailable
from ports import reset

STATUS = next(one for one in engine_status() if one.name == "bpf")
if not STATUS.available:
    pytest.skip(f"engine bpf: {STATUS.reason}", allow_module_level=True)

# A build without extensions has none.
bpf: Any = importlib.import_module("fastsock.engines.bpf")
passes: Any = importlib.import_module("fastsock.engines.passes")

NOBODY = 65534
CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def holders(server: socket.socket) -> list[tuple[int, int]]:
    """Who holds a socket, by the engine."""
    inode = os.fstat(server.fileno()).st_ino
    (found,) = fastsock.scan(engine="bpf", owners=True, inode=inode)
    return [(owner.pid, owner.fd) for owner in found.owners or ()]


def test_the_answer_says_who_gave_what(listener: socket.socket) -> None:
    table = fastsock.scan(engine="bpf", owners=True, local_port=listener.getsockname()[1])
    assert table.sources == {"sockets": "netlink", "owners": "bpf"}
    assert [len(row.owners or ()) for row in table] == [1]
    assert fastsock.scan(engine="bpf", owners=True).sources["sockets"].startswith("bpf")


def test_auto_does_not_take_it() -> None:
    assert not STATUS.auto
    assert open_engine("auto").name != "bpf"


def test_the_program_is_loaded_once() -> None:
    program = passes.load_program()
    assert open_engine("bpf").owners([os.getpid()]) is not None
    assert passes.load_program() is program


def test_nothing_is_left_open(listener: socket.socket) -> None:
    passes.load_program()
    before = descriptors()
    for _ in range(3):
        assert holders(listener) == [(os.getpid(), listener.fileno())]
    assert descriptors() == before


def test_a_program_that_somebody_closed(listener: socket.socket) -> None:
    """As a daemon does at its start. Its number may then be another file's, which stays."""
    number = passes.load_program().program.fd
    os.close(number)
    other = os.open("/dev/null", os.O_RDONLY)
    os.dup2(other, number)
    try:
        assert holders(listener) == [(os.getpid(), listener.fileno())]
        assert passes.load_program().program.fd != number
        assert os.readlink(f"/proc/self/fd/{number}") == "/dev/null"
    finally:
        os.close(number)
        if other != number:
            os.close(other)


def test_a_child_of_fork_has_the_program_too(listener: socket.socket) -> None:
    passes.load_program()
    assert in_child(lambda: (os.getpid(), listener.fileno()) in holders(listener))


def test_all_processes_that_share_a_socket(listener: socket.socket) -> None:
    with child_process(lambda: None) as (child, _):
        both = {(os.getpid(), listener.fileno()), (child, listener.fileno())}
        assert set(holders(listener)) == both


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")
def test_without_the_capabilities() -> None:
    def try_it() -> str:
        passes._loaded.clear()
        with pytest.raises(EngineUnavailable) as caught:
            open_engine("bpf")
        return caught.value.reason

    reason = in_child(try_it, user=NOBODY)
    assert reason.startswith("load program: ")
    assert os.strerror(errno.EPERM) in reason
    assert reason.endswith(": run as root, or with CAP_BPF and CAP_PERFMON")


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")
def test_a_program_that_is_loaded_outlives_the_capabilities(listener: socket.socket) -> None:
    """Who loads it and then becomes another user still sees every process."""
    passes.load_program()
    mine = os.getpid()
    found = in_child(lambda: holders(listener), user=NOBODY)
    assert (mine, listener.fileno()) in found


@pytest.mark.parametrize("procfs", ["/proc/1/root/proc", "/nowhere"])
def test_a_proc_of_others(procfs: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("bpf", procfs=procfs)
    assert str(caught.value) == (
        f"engine bpf is not available: {procfs} does not number processes as the kernel does for us"
    )


def test_no_proc_is_a_reason_like_another() -> None:
    """Then no engine works, and each says why."""

    def ask() -> list[str]:
        if libc.unshare(CLONE_NEWNS):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        none, target = ctypes.c_char_p(b"none"), ctypes.c_char_p(b"/proc")
        private = ctypes.c_ulong(MS_REC | MS_PRIVATE)
        empty = ctypes.c_char_p(b"tmpfs")
        if libc.mount(none, ctypes.c_char_p(b"/"), None, private, None) or libc.mount(
            none, target, empty, ctypes.c_ulong(0), None
        ):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
        return [one.reason for one in engine_status() if one.name == "bpf"]

    assert in_child(ask) == ["/proc does not number processes as the kernel does for us"]


@pytest.mark.parametrize(
    ("step", "code", "text"),
    [
        ("open BTF", errno.ENOENT, "X: the kernel was built without CONFIG_DEBUG_INFO_BTF"),
        ("load program", errno.EPERM, "X: run as root, or with CAP_BPF and CAP_PERFMON"),
        ("attach link", errno.E2BIG, "X: Linux 6.1 is the first that looks at one process alone"),
        ("find field", errno.ENOENT, "X"),
    ],
)
def test_what_is_said_of_an_error(step: str, code: int, text: str) -> None:
    error = bpf.BpfError(code, "X", step, "", step == "attach link")
    assert bpf.explain(error) == text


def test_pids_of_a_child_pid_namespace() -> None:
    """The numbers are those of who asks, and processes outside are not there."""

    def ask() -> tuple[int, list[tuple[int, int]], int]:
        proc, none = ctypes.c_char_p(b"proc"), ctypes.c_char_p(b"none")
        target = ctypes.c_char_p(b"/proc")
        if libc.mount(none, ctypes.c_char_p(b"/"), None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
        if libc.mount(proc, target, proc, ctypes.c_ulong(0), None):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
        with socket.create_server(("127.0.0.1", 0)) as server:
            return server.fileno(), holders(server), os.getpid()

    def enter_and_ask() -> tuple[int, list[tuple[int, int]], int]:
        if libc.unshare(CLONE_NEWPID | CLONE_NEWNS):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        return in_child(ask)

    fd, found, pid = in_child(enter_and_ask)
    assert (found, pid) == ([(1, fd)], 1)


def test_connections_of_a_process(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        try:
            port = listener.getsockname()[1]
            counts = fastsock.count(engine="bpf", pid=os.getpid(), port=port)
            assert (counts.established, counts.listen, counts.total) == (2, 1, 3)
        finally:
            reset(client)
            reset(accepted)
