"""Run a whole command and take its time: wall clock, and user and system time apart.

System time is the kernel's work, which no parser can shorten; user time is the tool's own.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """One run. Times in seconds; `output` is what came on stdout; `code` None: it was stopped."""

    seconds: float
    user: float
    system: float
    code: int | None
    output: bytes


def run(argv: Sequence[str], timeout: float = 600.0) -> Run:
    """Run `argv`, found by PATH, with stdout going to memory and stderr nowhere.

    posix_spawn, because subprocess would add its own milliseconds. Raises FileNotFoundError for a
    command that does not exist.
    """
    output = os.memfd_create("stdout")
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        start = time.perf_counter()
        pid = os.posix_spawnp(argv[0], list(argv), os.environ, file_actions=actions)
        stopped = not ends_within(pid, timeout)
        if stopped:
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        elapsed = time.perf_counter() - start
        os.lseek(output, 0, os.SEEK_SET)
        with open(output, "rb", closefd=False) as file:
            text = file.read()
    finally:
        os.close(output)
    code = None if stopped else os.waitstatus_to_exitcode(status)
    return Run(elapsed, usage.ru_utime, usage.ru_stime, code, text)


def ends_within(pid: int, timeout: float) -> bool:
    """Wait for a child without reaping it; False when it is still there after `timeout` seconds."""
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:  # Linux before 5.3: without a limit of time
        return True
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
    finally:
        os.close(pidfd)
