"""What a command costs while it runs: the CPU time and the memory of it and of its children.

    7 (watch) S 1 7 7 34816 7 4194304 … 12 3 96 188 …      /proc/PID/stat, proc_pid_stat(5)
    Pss:               14190 kB                            /proc/PID/smaps_rollup

The time of a child moves to its parent when that has waited for it. So the sum over all processes
that are there, with what they have waited for, is what the whole command has used.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from types import TracebackType

SIZE = (24, 80)  # rows and columns of the terminal
LOOK = 0.25  # seconds between two looks at the memory
QUIET = 0.4  # seconds without output that divide one frame from the next
TICK = 1 / os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0  # seconds for a command to end when it is asked to


def parse_stat(text: str) -> float:
    """Take the seconds of CPU that a process and the children it has waited for have used."""
    fields = text.rpartition(")")[2].split()  # a name may hold anything, parentheses too
    return sum(map(int, fields[11:15])) * TICK


def parse_rollup(text: str) -> int:
    """Take the KiB of a process, of shared pages its share; 0 for one that has ended."""
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def read(path: str) -> str:
    """Read a file of /proc, nothing where its process has ended."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def family(pid: int) -> list[int]:
    """A process and all below it that are there."""
    threads = os.listdir(f"/proc/{pid}/task") if os.path.exists(f"/proc/{pid}/task") else []
    children = (read(f"/proc/{pid}/task/{thread}/children").split() for thread in threads)
    return [pid, *(one for found in children for child in found for one in family(int(child)))]


class Session:
    """A command in a terminal of its own of 24 lines of 80 columns, or with a pipe for its output.

    Its output is read all the time, as a terminal does. `frames` counts the pieces that pauses
    divide, `output` is the last of it.
    """

    def __init__(self, argv: Sequence[str], terminal: bool) -> None:
        if terminal:
            self._output, stdout = pty.openpty()
            fcntl.ioctl(stdout, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        else:
            self._output, stdout = os.pipe()
        try:
            self._process = subprocess.Popen(
                list(argv), stdin=stdout if terminal else subprocess.DEVNULL, stdout=stdout,
                stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=take_terminal if terminal else None,
                env={**os.environ, "TERM": "xterm-256color"},
            )  # fmt: skip
        finally:
            os.close(stdout)
        self.frames = 0
        self.output = b""
        self._last = 0.0

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        limit = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < limit:
            self._take(0.05)
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._output)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def cpu(self) -> float:
        """Seconds of CPU until now, to a hundredth."""
        return sum(parse_stat(text) for text in self._texts("stat") if text)

    def memory(self) -> int:
        """KiB at this moment, of shared pages its share."""
        return sum(map(parse_rollup, self._texts("smaps_rollup")))

    def _texts(self, name: str) -> list[str]:
        return [read(f"/proc/{pid}/{name}") for pid in family(self._process.pid)]

    def last(self, seconds: float) -> int:
        """Let it run that long; returns the most memory that was seen, in KiB."""
        most, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._take(min(left, LOOK))
            most = max(most, self.memory())
        return most

    def draws(self, frames: int, seconds: float) -> bool:
        """Whether so many more frames came by then."""
        wanted, end = self.frames + frames, time.monotonic() + seconds
        while self.frames < wanted and self.running and time.monotonic() < end:
            self._take(0.05)
        return self.frames >= wanted

    def _take(self, seconds: float) -> None:
        """Read what comes within these seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._output], [], [], left)[0]:
                return
            try:
                piece = os.read(self._output, 1 << 16)
            except OSError:  # EIO: nobody has the terminal open any more
                piece = b""
            if not piece:
                time.sleep(left)
                return
            now = time.monotonic()
            self.frames += now - self._last > QUIET
            self._last = now
            self.output = (self.output + piece)[-(1 << 16) :]


def take_terminal() -> None:
    """Make standard input the terminal that signals come from, as a shell's is."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
