"""Holders of sockets that tools overlook: threads with a descriptor table of their own, processes
whose first thread has ended, rings of io_uring, messages that nobody has received."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from children import libc

T = TypeVar("T")
CLONE_FILES = 0x400
IO_URING_SETUP, IO_URING_REGISTER = 425, 427
SYS_exit = 60 if platform.machine() == "x86_64" else 93
KEPT: list[contextlib.ExitStack] = []
CARRIERS: list[socket.socket] = []


def inode_of(holder: socket.socket | int) -> int:
    return os.fstat(holder if isinstance(holder, int) else holder.fileno()).st_ino


# ------------------------------------------------------------------------------------------ threads


@contextlib.contextmanager
def thread(prepare: Callable[[], T]) -> Iterator[tuple[int, T]]:
    """Run `prepare` in a thread that stays; yield the thread's number and the result."""
    done, ready = threading.Event(), threading.Event()
    results: list[T] = []

    def body() -> None:
        try:
            results.append(prepare())
        finally:
            ready.set()
        done.wait()

    running = threading.Thread(target=body)
    running.start()
    try:
        ready.wait()
        assert running.native_id
        yield running.native_id, results[0]
    finally:
        done.set()
        running.join()


def lasting_thread(prepare: Callable[[], T]) -> tuple[int, T]:
    """As `thread`, until the process ends: for children."""
    keep = contextlib.ExitStack()
    KEPT.append(keep)
    return keep.enter_context(thread(prepare))


def unshare_descriptors() -> None:
    """Give this thread a descriptor table of its own, or skip the test."""
    if libc.unshare(CLONE_FILES) != 0:
        pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")


def end_thread() -> None:
    """End the calling thread alone; where it is the first one the process becomes a zombie."""
    libc.syscall(SYS_exit, 0)


def wait_for_zombie(pid: int) -> None:
    """Wait until the first thread of a process has ended; others may go on."""
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.001)


# --------------------------------------------------------------------------------- no descriptor


def ring_of(*files: int) -> int:
    """Make an io_uring instance with these fixed files."""
    ring: int = libc.syscall(IO_URING_SETUP, 8, ctypes.create_string_buffer(120))
    if ring < 0:
        pytest.skip(f"io_uring_setup: {os.strerror(ctypes.get_errno())}")
    array = (ctypes.c_int * len(files))(*files)
    if libc.syscall(IO_URING_REGISTER, ring, 2, array, len(files)) != 0:
        pytest.skip(f"io_uring_register: {os.strerror(ctypes.get_errno())}")
    return ring


def put_in_flight(*made: socket.socket) -> None:
    """Send them over a UNIX socket (SCM_RIGHTS) and close them here; nobody receives them."""
    sending, receiving = socket.socketpair()
    CARRIERS.extend((sending, receiving))
    socket.send_fds(sending, [b"x"], [one.fileno() for one in made])
    for one in made:
        one.close()
