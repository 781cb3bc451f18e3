"""Every error that fastsock raises on purpose. `str()` of each is one line for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def escape(text: bytes | str) -> str:
    r"""Make another user's text safe for a terminal and for JSON.

    Control characters (C0, DEL, C1), bidirectional controls, line separators and bytes that are
    not UTF-8 become `\xNN` or `\uNNNN`; a backslash is doubled, so that the result is unambiguous.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_escape_character, text))


# Marks that reorder what a terminal shows, and separators that break lines (Unicode Bidi_Control,
# Zl, Zp), beside the controls.
_UNSAFE = frozenset(
    "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def _escape_character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"\\x{code:02x}"
    if character in _UNSAFE or 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    return "\\\\" if character == "\\" else character


def describe(entry: Mapping[str, Any]) -> str:
    """Return what is incomplete as one line: what, how many, why, and what helps."""
    line = f"{entry['count']} {entry['what']}" if entry.get("count") else str(entry["what"])
    if entry.get("reason"):
        reason = str(entry["reason"])
        line += f" {reason}" if reason.startswith("may ") else f": {reason}"
    if entry.get("remedy"):
        line += f"; {entry['remedy']}"
    return escape(line)


class FastsockError(Exception):
    """The base of all errors that fastsock raises on purpose."""


class EngineUnavailable(FastsockError):
    """A named engine cannot work here: `reason` says why.

    `remedy` is the one command or setting that would make it work, "" where there is none.
    """

    def __init__(self, engine: str, reason: str, *, remedy: str = "") -> None:
        super().__init__(f"engine {engine} is not available: {reason}")
        self.engine = engine
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.engine, self.reason), self.__dict__


class PinError(FastsockError):
    """A pin that cannot be made, removed or used: `path` is what stands in the way, and `reason`.

    Where a command helps, the reason ends with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{escape(path)}: {reason}")
        self.path = path
        self.reason = reason


class NoSuchPin(PinError, LookupError):
    """Nothing is pinned there, or only in layouts that this version does not read."""


class PinPathError(PinError, ValueError):
    """A path that no pin can have, whatever is mounted there."""


class ParseError(FastsockError):
    """A line of a kernel table that is not as any known kernel writes it.

    `path` is the file, `line_number` counts from 1 (the heading), `text` is the line as bytes, cut
    at 200 bytes; the message shows it escaped, behind `what` it should have been.
    """

    def __init__(
        self, path: str, line_number: int, text: bytes, what: str = "a line of a socket table"
    ) -> None:
        self.path = path
        self.line_number = line_number
        self.text = text[:200]
        super().__init__(f"{path}, line {line_number}: not {what}: '{escape(self.text)}'")


class DumpError(FastsockError):
    """A file that is no dump of `ss -D`: which, from which byte on, and why."""

    def __init__(self, path: str, offset: int, reason: str) -> None:
        self.path = path
        self.offset = offset
        self.reason = reason
        super().__init__(f"{path}, byte {offset}: {reason}")


class SnapshotError(FastsockError):
    """A file that is no snapshot which this version can read, or one that cannot be written.

    `path` is the file ("-" for standard input and output), `line` counts from 1 in JSON lines and
    is 0 elsewhere, `offset` is the byte where the reader stood, and `reason` says what is wrong.
    """

    def __init__(self, path: str, reason: str, line: int = 0, offset: int | None = None) -> None:
        self.path = path
        self.reason = reason
        self.line = line
        self.offset = offset
        place = f", line {line}" if line else "" if offset is None else f", byte {offset}"
        super().__init__(f"{escape(path)}{place}: {reason}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.reason, self.line, self.offset)


class FilterError(FastsockError, ValueError):
    """A selection that makes no sense; `position` is the place in its `text`, or None."""

    def __init__(self, message: str, position: int | None = None, text: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.text = text


class ComparisonError(FastsockError, ValueError):
    """Snapshots that cannot be compared, and why."""


class SsFilterError(FilterError):
    """A filter that ss refuses.

    `complaints` are the lines that ss writes to standard error, `code` is its exit code, and
    `shows_usage` says that it prints its usage behind them.
    """

    def __init__(
        self,
        message: str,
        position: int | None = None,
        text: str = "",
        *,
        complaints: Iterable[str] = (),
        code: int = 1,
        shows_usage: bool = False,
    ) -> None:
        super().__init__(message, position, text)
        self.complaints = tuple(complaints)
        self.code = code
        self.shows_usage = shows_usage


class NoSuchProcess(FastsockError, ProcessLookupError):
    """A process that the question names does not exist; `pids` are those named by number."""

    def __init__(self, what: str, pids: Iterable[int] = ()) -> None:
        super().__init__(f"no such process: {what}")
        self.pids = tuple(pids)


class NoSuchNamespace(FastsockError, LookupError):
    """A network namespace that the question names does not exist, or no process lives in it."""


class Hidden(FastsockError, PermissionError):
    """What the question names exists, but this user may not read it."""


class OwnersHidden(Hidden):
    """The descriptors of processes that the question names may not be read.

    Reading /proc/PID/fd needs the same user and a dumpable process, or CAP_SYS_PTRACE
    (proc_pid_fd(5), ptrace(2) "Ptrace access mode checking").
    """

    def __init__(self, pids: Iterable[int], remedy: str) -> None:
        self.pids = tuple(pids)
        listed = ", ".join(map(str, self.pids[:10])) + (", …" if len(self.pids) > 10 else "")
        super().__init__(f"the descriptors of process {listed} may not be read; {remedy}")


class NamespaceHidden(Hidden):
    """A network namespace that the question names, or means, may not be read."""
