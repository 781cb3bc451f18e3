"""floors.py: that the bare loops see what there is to see."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

import fastsock
import floors

pytestmark = pytest.mark.skipif(not floors.compiler(), reason="no C compiler for the floors")


def sockets_of_ours() -> int:
    links = []
    for entry in os.scandir("/proc/self/fd"):
        try:
            links.append(os.readlink(entry.path))
        except OSError:  # the descriptor of this listing
            continue
    return sum(link.startswith("socket:[") for link in links)


def test_walk_of_some_processes() -> None:
    with socket.socket() as one, socket.socket() as other:
        walked = floors.walk(pids=[os.getpid()])
        assert (walked.processes, walked.sockets) == (1, sockets_of_ours())
        assert walked.inodes >= os.fstat(one.fileno()).st_ino + os.fstat(other.fileno()).st_ino
        everywhere = floors.walk()
    assert everywhere.processes >= 1 and everywhere.descriptors >= walked.descriptors
    assert floors.walk(pids=[]).processes == 0
    assert floors.walk(pids=[2**31 - 1]).processes == 0


def test_holders_have_descriptors() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        holders = floors.holders()
        assert child.pid in holders and os.getpid() in holders
        assert child.stdin
        child.stdin.close()
    assert not floors.has_descriptors(child.pid)


@pytest.mark.parametrize("threads", [1, 2])
def test_passes_bring_a_record_for_each_socket(threads: int) -> None:
    [status] = [status for status in fastsock.engine_status() if status.name == "bpf"]
    if not status.available:
        pytest.skip(f"bpf: {status.reason}")
    from fastsock.engines import _bpf, passes

    program = passes.load_program().program
    pair = socket.socketpair()
    with pair[0], pair[1], socket.socket():
        passed = floors.passes(program.fd, [os.getpid()], threads)
    assert passed.processes == 1
    records, rest = divmod(passed.bytes, _bpf.RECORD_BYTES)
    assert records >= 3 and not rest
    assert floors.passes(program.fd, [], threads).bytes == 0
    assert floors.passes(program.fd, [2**31 - 1], threads).bytes == 0  # no such process


def test_a_failed_pass_is_an_error() -> None:
    with pytest.raises(OSError, match="bare passes over 1 processes") as caught:
        floors.passes(-1, [os.getpid()])
    assert caught.value.errno in (errno.EBADF, errno.EPERM, errno.ENOSYS)


def test_more_threads_than_there_is_room_for() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        floors.passes(-1, [1], threads=1000)
    with pytest.raises(OSError, match="with 1000 threads"):
        floors.walk(threads=1000)
