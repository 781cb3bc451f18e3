"""What goes out: standard output, the frame of JSON answers, warnings, exit codes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence

from fastsock.errors import FilterError, describe, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.cli.flags import Options
    from fastsock.table import SocketTable

ANSWERED = 0
NOTHING = 1  # nothing matched, or no such process
BAD_USAGE = 2  # or bad input, or output that cannot be written
NO_ENGINE = 3
HIDDEN = 4  # what was named may not be read; or --strict and incomplete
FINDING = 5  # --check, and there is one
INTERRUPTED = 130  # as a shell calls a death by SIGINT
PIPE_CLOSED = 141  # and by SIGPIPE

SCHEMA = 1

_ROOM = 36  # characters of a filter that are shown on each side of a place in it


class PipeClosed(Exception):
    """Nobody reads our output any more."""


class WriteFailed(Exception):
    """Standard output takes no more, for example on a full disk."""


class Answer:
    """One answer on its way out."""

    __slots__ = ("options", "started")

    def __init__(self, options: Options) -> None:
        self.options = options
        self.started = time.perf_counter()

    def write(self, *texts: str | bytes | Iterable[bytes]) -> None:
        """Write texts, bytes and streams of blocks.

        Past the buffer of sys.stdout: what cannot be written must fail here, and not again when
        the interpreter ends.
        """
        write_out(texts)

    def head(self, *results: Any) -> dict[str, Any]:
        """Return the frame of a JSON answer, with the origin of the results."""
        return {
            "schema": SCHEMA,
            "host": os.uname().nodename,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "elapsed_ms": round((time.perf_counter() - self.started) * 1000, 3),
            "sources": sources(results),
            "incomplete": incomplete(results),
        }

    def end(self, rows: int, *results: Any) -> str:
        """Return the last line of JSON lines."""
        from fastsock.render import dump_json

        line = {
            "end": True,
            "rows": rows,
            "sources": sources(results),
            "incomplete": incomplete(results),
        }
        return dump_json(line) + "\n"

    def write_pids(self, rows: SocketTable) -> int:
        """Write the PIDs of all owners, one a line, and return the exit code."""
        pids = sorted({owner.pid for socket in rows for owner in socket.owners or ()})
        self.write("".join(f"{pid}\n" for pid in pids))
        code = self.code(rows, found=bool(pids))
        # Somebody has it, and we may not see who: that is not "nobody".
        hidden = not pids and any(socket.owner_state == "hidden" for socket in rows)
        return HIDDEN if hidden else code

    def warn(self, line: str) -> None:
        """Say one line on standard error."""
        complain(line)

    def code(self, *results: Any, found: bool = True) -> int:
        """Warn of what is incomplete and return the exit code."""
        missing = incomplete(results)
        strict = self.options.on("strict")
        for entry in missing:
            # Without a remedy there is nothing to do; JSON has it, and who asked to be strict.
            if strict or entry.get("remedy"):
                self.warn(describe(entry))
        if strict and missing:
            return HIDDEN
        return ANSWERED if found else NOTHING


def write_out(texts: Iterable[str | bytes | Iterable[bytes]]) -> None:
    """Write texts, bytes and streams of blocks; PipeClosed, WriteFailed."""
    if sys.stdout is None:
        return  # closed by who started us: the exit code still answers
    try:
        sys.stdout.flush()
        for text in texts:
            if isinstance(text, str):
                write_all(text.encode("utf-8", "backslashreplace"))
            elif isinstance(text, bytes):
                write_all(text)
            else:
                for block in text:
                    write_all(block)
    except BrokenPipeError:
        raise PipeClosed from None


def write_all(data: bytes) -> None:
    """Write bytes to standard output, all of them; WriteFailed with the reason."""
    assert sys.stdout is not None
    stream = sys.stdout.buffer
    raw = getattr(stream, "raw", stream)  # a test's stand-in has no layers
    view = memoryview(data)
    try:
        while view:
            written = raw.write(view)
            if written is None:  # a pipe that somebody made non-blocking, and that is full
                import select

                select.select([], [raw], [])
            else:
                view = view[written:]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteFailed(f"standard output: {error.strerror}") from None


def complain(line: str) -> None:
    """Write a line for a person to standard error, which may be closed or full."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"fastsock: {line}\n")
            sys.stderr.flush()
        except OSError:
            pass  # there is nowhere left to say it


def point_at(error: FilterError) -> None:
    """Show the place in a filter, behind what is wrong with it: the text, and a mark below it."""
    if error.position is None or not error.text or sys.stderr is None:
        return
    before, after = escape(error.text[: error.position]), escape(error.text[error.position :])
    before = before if len(before) <= _ROOM else "…" + before[1 - _ROOM :]
    width = max(len(after.partition(" ")[0]), 1)
    try:
        sys.stderr.write(
            f"  {before}{after[:_ROOM]}\n  {' ' * len(before)}{'^' * min(width, _ROOM)}\n"
        )
        sys.stderr.flush()
    except OSError:
        pass  # there is nowhere left to say it


def sources(results: Sequence[Any]) -> dict[str, str]:
    """Return which engine gave what, of several results."""
    return {what: engine for result in results for what, engine in result.sources.items()}


def incomplete(results: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what several results lack, each once."""
    missing: list[dict[str, Any]] = []
    for result in results:
        for entry in result.incomplete:
            if entry not in missing:
                missing.append(dict(entry))
    return missing
