"""A terminal for a command: a pty with a process behind it, and pyte as what is on the screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyte

import fastsock

# Where our own fastsock is from: sources beside the tests may be those of a build elsewhere.
SOURCE = Path(fastsock.__file__).resolve().parents[1]
PATIENCE = 20.0  # seconds for what takes a fraction of one on a machine that has time


class LiveTerminal:
    """A command on a terminal of its own, which is the controlling one of its session."""

    def __init__(self, pid: int, master: int, columns: int, lines: int) -> None:
        self.pid = pid
        self.master = master
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.code: int | None = None

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what comes within some time; False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, *texts: str, absent: Sequence[str] = ()) -> str:
        """Return the screen when all these stand on it, and none of `absent`."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            shown = self.text
            if all(text in shown for text in texts) and not any(text in shown for text in absent):
                return shown
            if not self.read():
                break
        raise AssertionError(f"not on the screen: {texts}, or still there: {absent}\n{self.text}")

    def line_with(self, text: str) -> str:
        """Return the first line of the screen that has this text."""
        return next(line for line in self.text.splitlines() if text in line)

    def press(self, keys: str | bytes) -> None:
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size; the kernel tells the foreground processes (SIGWINCH)."""
        self.screen.resize(lines, columns)
        set_size(self.master, columns, lines)

    def hang_up(self) -> None:
        """Take the terminal away, as sshd does when the line is lost."""
        os.close(self.master)
        self.master = -1

    def wait(self) -> int:
        """Return the exit code, -N of a death by signal N; what is written meanwhile is read."""
        end = time.monotonic() + PATIENCE
        while self.code is None and time.monotonic() < end:
            if self.master >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        assert self.code is not None, f"it has not ended\n{self.text}"
        while self.master >= 0 and self.read(0.02) and select.select([self.master], [], [], 0)[0]:
            pass
        return self.code

    def mode(self) -> list[object]:
        """Return how the terminal is set: echo, lines, keys."""
        return termios.tcgetattr(self.master)[:4]


def set_size(fd: int, columns: int, lines: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextlib.contextmanager
def live(
    *words: object,
    columns: int = 80,
    lines: int = 24,
    command: Sequence[str] = (sys.executable, "-m", "fastsock"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[LiveTerminal]:
    """Run a command line on a terminal of its own; killed at the end if it still runs."""
    argv = [*command, *map(str, words)]
    environ = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
    environ.setdefault("PYTHONPATH", str(SOURCE))
    pid, master = pty.fork()
    if pid == 0:
        try:
            set_size(0, columns, lines)
            os.execvpe(argv[0], argv, environ)
        finally:
            os._exit(127)
    terminal = LiveTerminal(pid, master, columns, lines)
    try:
        yield terminal
    finally:
        if terminal.code is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if terminal.master >= 0:
            os.close(terminal.master)
