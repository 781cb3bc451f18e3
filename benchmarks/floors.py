"""The floors: the bare kernel calls that a question needs, with no work done on what they return.

    read_tables()   os.readv over /proc/net/tcp and tcp6 until they end
    dump()          recv(2) of sock_diag's answers until they end
    walk()          getdents64 + readlinkat over every /proc/PID/fd, in C (floor_walk.c)
    passes()        bpf(2) and read(2) of one iterator a process, in C (floor_passes.c)

A result is worth as much as its distance to the floor of the same run on the same machine. The C
loops are compiled when first needed and called in this process through ctypes: the same limits, the
same namespace and no start of a process in their time.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

TCP = ("/proc/net/tcp", "/proc/net/tcp6")

# The kernel fills one page a call whatever the buffer's size: 27 rows, 3,700 calls for 100,000.
BUFFER = bytearray(65536)


def timed(call: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def read_tables(paths: Sequence[str] = TCP) -> int:
    """Read the files and look at nothing; returns the number of bytes."""
    total, buffers = 0, [BUFFER]
    for path in paths:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # no IPv6 in this kernel
            continue
        while size := os.readv(fd, buffers):
            total += size
        os.close(fd)
    return total


NLMSG_DONE = 3


def dump(messages: Sequence[bytes]) -> int:
    """Send each request and take its answer, looking only for its end; returns bytes."""
    total = 0
    for message in messages:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as diag:  # NETLINK_SOCK_DIAG
            diag.send(message)
            done = False
            while not done:
                size = diag.recv_into(BUFFER)
                total += size
                # The last message of the answer, with its errno: it has 20 bytes.
                done = int.from_bytes(BUFFER[size - 16 : size - 14], "little") == NLMSG_DONE
    return total


class Walked(ctypes.Structure):
    """What the C walk saw; `inodes` is the sum of the sockets' inode numbers."""

    _fields_ = [
        ("processes", ctypes.c_longlong),
        ("descriptors", ctypes.c_longlong),
        ("sockets", ctypes.c_longlong),
        ("inodes", ctypes.c_ulonglong),
    ]
    processes: int
    descriptors: int
    sockets: int
    inodes: int


def compiler() -> str | None:
    """The C compiler, or None where there is none: then there is no walk to compare with."""
    names = (os.environ.get("CC", "cc"), "cc", "gcc", "clang")
    return next((path for path in map(shutil.which, names) if path), None)


@functools.cache
def compiled(name: str) -> ctypes.CDLL:
    """Compile one of the C files; the library outlives its file once it is loaded."""
    cc = compiler()
    if cc is None:
        raise FileNotFoundError(f"no C compiler (cc, gcc or clang) for {name}.c")
    source = Path(__file__).with_name(f"{name}.c")
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/{name}.so"
        subprocess.run(
            [cc, "-O2", "-shared", "-fPIC", "-pthread", "-o", library, str(source)], check=True
        )
        return ctypes.CDLL(library)


def walk(root: str = "/proc", threads: int = 1, pids: Sequence[int] | None = None) -> Walked:
    """Walk every descriptor of every process that may be read, or of `pids` only."""
    walked = Walked()
    numbers, count = (None, -1) if pids is None else (c_ints(pids), len(pids))
    floor_walk = compiled("floor_walk").floor_walk
    if floor_walk(os.fsencode(root), threads, numbers, count, ctypes.byref(walked)):
        raise OSError(f"the C walk of {root} with {threads} threads failed")
    return walked


def c_ints(numbers: Sequence[int]) -> ctypes.Array[ctypes.c_int]:
    return (ctypes.c_int * len(numbers))(*numbers)


class Passed(ctypes.Structure):
    """What was read from the iterators, of how many processes, in how many calls."""

    _fields_ = [
        ("processes", ctypes.c_longlong),
        ("reads", ctypes.c_longlong),
        ("bytes", ctypes.c_longlong),
    ]
    processes: int
    reads: int
    bytes: int


def holders() -> list[int]:
    """The processes that have descriptors; before Linux 6.2, which does not tell them: all."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    if not os.stat("/proc/self/fd").st_size:
        return pids
    return [pid for pid in pids if has_descriptors(pid)]


def has_descriptors(pid: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}/fd").st_size > 0
    except OSError:  # it has ended
        return False


def passes(program: int, pids: Sequence[int], threads: int = 1) -> Passed:
    """Read what a loaded BPF program writes about each process, and look at nothing.

    `program` is its descriptor. To find the processes is not a part of it: see holders().
    """
    passed = Passed()
    floor_passes = compiled("floor_passes").floor_passes
    error = floor_passes(program, c_ints(pids), len(pids), threads, ctypes.byref(passed))
    if error:
        raise OSError(error, f"bare passes over {len(pids)} processes: {os.strerror(error)}")
    return passed
