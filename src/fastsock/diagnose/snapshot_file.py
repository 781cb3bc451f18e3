"""Snapshots in files: which form, under which name, and how they get there whole.

JSON lines are the head, then the rows of which there are few, the owners and the sockets, each a
line of its own. Arrow data are in snapshot_arrow.py.
"""

from __future__ import annotations

import os
import secrets
import select
import stat
import sys
from collections.abc import Callable, Iterator

from fastsock.diagnose._snapshot_rows_py import RowError, read_json
from fastsock.diagnose.arrow_messages import CONTINUATION
from fastsock.diagnose.snapshot import Snapshot
from fastsock.diagnose.snapshot_head import Head, Parts, dump_few, dump_head, parse_head
from fastsock.errors import SnapshotError
from fastsock.implementation import COMPILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Reader(Protocol):
        def feed(self, block: bytes, at: int, most: int) -> tuple[int, int]: ...


FORMS = ("jsonl", "arrows")
STANDARD = "-"

BLOCK = 1 << 20
MOST_LINE = 4 << 20  # the head, or a row with all that the kernel tells of a socket
PATIENCE = 60.0  # seconds that a FIFO may be without a writer

_COMPRESSED = {b"\x1f\x8b": "gzip -dc", b"\x28\xb5\x2f\xfd": "zstd -dc", b"\xfd7zXZ": "xz -dc"}


def rows() -> Any:
    """Return the module that reads and writes rows: compiled, or its twin."""
    if COMPILED:
        from fastsock.diagnose import _snapshot_rows

        return _snapshot_rows
    from fastsock.diagnose import _snapshot_rows_py

    return _snapshot_rows_py


# -- out


def form_of(path: str) -> str:
    """Return the form that a name asks for."""
    return "arrows" if path.endswith(".arrows") else "jsonl"


def blocks(snapshot: Snapshot, form: str) -> Iterator[bytes]:
    """Yield what a file of this snapshot consists of."""
    if form not in FORMS:
        raise ValueError(f"a snapshot's form is {' or '.join(FORMS)}, not {form!r}")
    if form == "arrows":
        from fastsock.diagnose.snapshot_arrow import arrow_blocks

        return arrow_blocks(snapshot)
    return _line_blocks(snapshot)


def _line_blocks(snapshot: Snapshot) -> Iterator[bytes]:
    yield dump_head(snapshot)
    yield b"".join(dump_few(snapshot))
    if snapshot.sockets.owners is not None:
        yield from rows().owner_blocks(snapshot.sockets.owners)
    yield from rows().socket_blocks(snapshot.sockets)


def save(snapshot: Snapshot, path: str) -> None:
    """Write a snapshot to a file, whole or not at all; to a pipe or a device as it comes."""
    made = blocks(snapshot, form_of(path))
    if path == STANDARD:
        if sys.stdout is not None:
            sys.stdout.flush()
            for block in made:
                sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        return
    try:
        kind = os.lstat(path).st_mode
        if stat.S_ISLNK(kind):
            kind = os.stat(path).st_mode
            if stat.S_ISREG(kind):
                raise SnapshotError(path, "a symbolic link: name the file itself")
    except FileNotFoundError:
        if os.path.islink(path):
            raise SnapshotError(path, "a symbolic link that leads nowhere") from None
        kind = stat.S_IFREG
    if stat.S_ISDIR(kind):
        raise SnapshotError(path, "a directory: name a file in it")
    if stat.S_ISREG(kind):
        _write_aside(path, made)
    else:
        _write_through(path, made)


def _write_aside(path: str, made: Iterator[bytes]) -> None:
    """Write a file under a name of its own, for us only to read, and rename it when it is whole."""
    directory, name = os.path.split(path)
    # A name has 255 bytes at most, and a character four of them.
    aside = os.path.join(directory, f".{name[:50]}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(aside, flags, 0o600)
        try:
            try:
                os.fchmod(fd, 0o600)  # whatever the umask is
                _write_all(fd, made)
                os.fsync(fd)
            finally:
                os.close(fd)
            os.rename(aside, path)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        # It is the name that was given which cannot be written.
        raise OSError(error.errno, error.strerror, path) from None


def _write_through(path: str, made: Iterator[bytes]) -> None:
    # Without O_NONBLOCK a FIFO that nobody reads would wait for ever: it is ENXIO.
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            os.set_blocking(fd, True)
            _write_all(fd, made)
        finally:
            os.close(fd)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _write_all(fd: int, made: Iterator[bytes]) -> None:
    for block in made:
        view = memoryview(block)
        while view:
            view = view[os.write(fd, view) :]


# -- in


class Source:
    """A file that is read in blocks, and where in it we are."""

    def __init__(self, fd: int, path: str) -> None:
        self.fd = fd
        self.path = path
        self.block = b""
        self.at = 0  # in the block: what has been taken
        self.base = 0  # in the file: where the block begins
        self.line = 1  # that stands there
        self.ended = False

    @property
    def offset(self) -> int:
        return self.base + self.at

    def size(self) -> int | None:
        """Return how many bytes there are; None for a pipe."""
        status = os.fstat(self.fd)
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def more(self) -> bool:
        """Read a block behind what has not been taken; False at the end of the file."""
        parts = [self.block[self.at :]]
        self.base += self.at
        self.at = 0
        wanted = BLOCK
        # A pipe gives little at a time: what has not been taken would be copied for each of it.
        while wanted > 0 and not self.ended:
            part = self._read(wanted)
            self.ended = not part
            parts.append(part)
            wanted -= len(part)
        self.block = b"".join(parts)
        return len(self.block) > len(parts[0])

    def _read(self, most: int) -> bytes:
        try:
            return os.read(self.fd, most)
        except BlockingIOError:  # standard input that somebody made so
            select.select([self.fd], [], [])
            return os.read(self.fd, most)

    def take(self, size: int, missing: str) -> bytes:
        """Take so many bytes; SnapshotError where the file ends before."""
        parts = []
        while size:
            if self.at == len(self.block) and not self.more():
                raise self.fail(f"cut short: {missing}", lines=False)
            parts.append(self.block[self.at : self.at + size])
            self.at += len(parts[-1])
            size -= len(parts[-1])
        return b"".join(parts)

    def fail(self, reason: str, lines: bool = True) -> SnapshotError:
        """Return the error of this place."""
        return SnapshotError(self.path, reason, line=self.line if lines else 0, offset=self.offset)

    def cut(self, missing: str) -> SnapshotError:
        """Return the error of a file that has ended here, or in the line that begins here."""
        rest = len(self.block) - self.at
        where = f"cut short after {rest} bytes of this line" if rest else "cut short"
        return self.fail(f"{where}: {missing}")

    def take_line(self, missing: Callable[[], str]) -> bytes:
        """Take the next line, without its end; SnapshotError where there is none."""
        looked = self.at
        while (end := self.block.find(b"\n", looked)) < 0:
            looked = len(self.block) - self.at
            if looked > MOST_LINE:
                raise self.fail(f"a line of more than {MOST_LINE} bytes")
            if not self.more():
                raise self.cut(missing())
        if end - self.at > MOST_LINE:
            raise self.fail(f"a line of more than {MOST_LINE} bytes")
        line = self.block[self.at : end]
        self.at = end + 1
        self.line += 1
        return line

    def take_value(self, missing: Callable[[], str], use: Callable[[Any], Any]) -> Any:
        """Return what `use` makes of the JSON in the next line; SnapshotError."""
        line = self.take_line(missing)
        try:
            return use(read_json(line))
        except RowError as error:
            self.line -= 1
            self.at -= len(line) + 1
            raise self.fail(str(error)) from None

    def take_rows(
        self, reader: Reader, kind: str, head: Head, check: Callable[[], None] | None = None
    ) -> None:
        """Let a reader take all rows of a kind."""
        total = head.counts[kind]
        left = total
        while left:
            try:
                at, taken = reader.feed(self.block, self.at, left)
            except RowError as error:
                self.line += error.rows
                self.at = error.position
                raise self.fail(
                    _name_stray(str(error), self.block[self.at : self.at + 64])
                ) from None
            self.line += taken
            self.at = at
            left -= taken
            if check is not None:
                check()
            if left:
                if len(self.block) - self.at > MOST_LINE:
                    raise self.fail(f"a line of more than {MOST_LINE} bytes")
                if not self.more():
                    raise self.cut(head.missing(kind, total - left))


def _name_stray(reason: str, line: bytes) -> str:
    """Return what is wrong with a row, and what it looks like instead."""
    if line.startswith(b'{"fastsock_snapshot"'):
        return "a second head: one file holds one snapshot"
    return reason


def load(path: str) -> Snapshot:
    """Read a snapshot from a file, a pipe or standard input."""
    if path == STANDARD:
        if sys.stdin is None:
            raise SnapshotError(path, "standard input is closed")
        return _load(Source(0, path))
    fd = _open(path)
    try:
        return _load(Source(fd, path))
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(fd)


def _open(path: str) -> int:
    """Open a file or a pipe for reading, without waiting for ever for who writes it."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        kind = os.fstat(fd).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISFIFO(kind):
            raise SnapshotError(path, "neither a file nor a pipe")
        # poll(2) reports nothing as long as no writer has ever come.
        if stat.S_ISFIFO(kind) and not select.select([fd], [], [], PATIENCE)[0]:
            try:
                if not os.read(fd, 1):
                    raise SnapshotError(path, f"nobody has written to it in {PATIENCE:g} seconds")
            except BlockingIOError:  # somebody is about to
                pass
        os.set_blocking(fd, True)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _load(source: Source) -> Snapshot:
    if not source.more():
        raise source.fail("empty: it was never written", lines=False)
    if source.block.startswith(CONTINUATION):
        from fastsock.diagnose.snapshot_arrow import load_arrow

        parts = load_arrow(source)
    else:
        for start, command in _COMPRESSED.items():
            if source.block.startswith(start):
                raise source.fail(f"compressed: {command} FILE | fastsock … -", lines=False)
        parts = _load_lines(source)
    return _make(parts, source.path)


def _load_lines(source: Source) -> Parts:
    head: Head = source.take_value(lambda: "it has no head", parse_head)
    try:
        size = source.size()
        if size is not None:
            head.check_size(size - source.offset)
    except RowError as error:
        # The place is where it ends.
        raise SnapshotError(source.path, str(error), offset=size) from None
    check_memory(source, head)
    parts = Parts(head)
    for kind, add in (("spaces", parts.add_space), ("processes", parts.add_process)):
        for n in range(head.counts[kind]):
            source.take_value(lambda k=kind, n=n: head.missing(k, n), add)  # type: ignore[misc]
    if parts.owners is not None:
        owners = rows().OwnerReader(parts.owners, head.counts["owners"])
        source.take_rows(owners, "owners", head)
        owners.finish()
    sockets = rows().SocketReader(
        parts.sockets, head.columns, parts.owners is not None, head.counts["sockets"]
    )
    first = source.line

    def check_bytes() -> None:
        if sockets.blob_bytes > head.counts["bytes"]:
            raise source.fail(
                f"{sockets.blob_bytes} bytes of paths and raw columns, and not "
                f"{head.counts['bytes']} as the head says"
            )

    source.take_rows(sockets, "sockets", head, check_bytes)
    sockets.finish()
    if source.at < len(source.block) or source.more():
        stray = source.block[source.at : source.at + 64]
        raise source.fail(_name_stray("a line more than the head says", stray))
    if parts.owners is not None:
        wrong = rows().join(parts.sockets, parts.owners, sockets.states)
        if wrong >= 0:
            raise SnapshotError(
                source.path,
                "this socket has been found an owner, which is missing",
                line=first + wrong,
            )
    return parts


def check_memory(source: Source, head: Head) -> None:
    """Raise SnapshotError where there is not as much memory as the snapshot will take."""
    try:
        head.check_memory()
    except RowError as error:
        raise SnapshotError(source.path, str(error)) from None


def _make(parts: Parts, path: str) -> Snapshot:
    return Snapshot(
        sockets=parts.sockets,
        version=parts.head.version,
        path=path,
        processes=parts.states,
        spaces=parts.spaces,
        **parts.head.values,
    )
