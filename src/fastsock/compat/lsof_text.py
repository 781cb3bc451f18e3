"""lsof's rows as columns and as fields (-F), for listings in which files and sockets mix.

Listings of nothing but sockets are rendered by layout.py, from columns.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from fastsock.compat.lsof_flags import Request, escape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.compat.lsof_rows import Row
    from fastsock.compat.lsof_select import Facts

USER_WIDTH = 8  # of a user's number
MOST_LOGIN = 32


class Listed:
    """One process and those of its files that are listed."""

    __slots__ = ("facts", "task_command", "rows")

    def __init__(self, facts: Facts, rows: list[Row], task_command: bytes = b"") -> None:
        self.facts = facts
        self.rows = rows
        self.task_command = task_command


def show_command(command: bytes, width: int) -> str:
    """Return COMMAND: escaped, and cut at `width` characters, not within an escape; 0 is all."""
    width = max(width, len("COMMAND")) if width else 0
    pieces = [
        escape_text(os.fsdecode(bytes((byte,))), blank=False) for byte in command or b"(unknown)"
    ]
    full = sum(map(len, pieces))
    if not width or full <= width:
        return "".join(pieces)
    shown = ""
    for piece in pieces:
        if len(shown) + len(piece) > width:
            break
        shown += piece
    return shown.ljust(width)  # the column is as wide as if nothing had been left out


def show_user(request: Request, uid: int, login: Callable[[int], str]) -> str:
    """Return USER: the login name, or the number at the right of eight characters."""
    name = login(uid) if request.logins else str(uid)
    return name.rjust(USER_WIDTH) if name == str(uid) else name[:MOST_LOGIN]


def show_name(name: bytes, wide: bool) -> bytes:
    """Return a NAME escaped; characters beyond ASCII stand where the locale has them (`wide`)."""
    text = os.fsdecode(name)
    if text.isascii() and text.isprintable() and "\\" not in text:
        return name
    if not wide:
        return escape_text(text).encode()
    return b"".join(
        one.encode() if not one.isascii() and one.isprintable() else escape_text(one).encode()
        for one in text
    )


def show_offset(request: Request, offset: int) -> str:
    """Return an offset: 0t and decimal, or 0x where that has too many digits (-o)."""
    if request.offset_digits and len(str(offset)) > request.offset_digits:
        return f"{offset:#x}"
    return f"0t{offset}"


# The names of open flags that -f g shows, by what they are in open(2).
_FLAG_NAMES = (
    (os.O_WRONLY, "W"),
    (os.O_RDWR, "RW"),
    (os.O_CREAT, "CR"),
    (os.O_EXCL, "EXCL"),
    (os.O_NOCTTY, "NTTY"),
    (os.O_TRUNC, "TR"),
    (os.O_APPEND, "AP"),
    (os.O_NONBLOCK, "ND"),
    (os.O_SYNC, "SYN"),
    (os.O_ASYNC, "ASYN"),
    (os.O_DIRECT, "DIR"),
    (os.O_DIRECTORY, "DTY"),
    (os.O_NOFOLLOW, "NFLK"),
    (os.O_NOATIME, "NATM"),
    (0o100000, "LG"),  # O_LARGEFILE, 0 for 64 bit programs
    (os.O_CLOEXEC, "CX"),
    (0o10000000, "PATH"),  # O_PATH
    (0o20000000, "TMPF"),  # O_TMPFILE without O_DIRECTORY
)


def show_flags(flags: int | None, how: str) -> str:
    """Return open flags: as names for "g", in hexadecimal with those of the process for "G"."""
    if flags is None:
        return ""
    if how == "G":
        return f"{flags:#x};0x0"
    names = []
    for value, name in _FLAG_NAMES:
        if flags & value:
            names.append(name)
            flags &= ~value
    if flags:
        names.append(f"{flags:#x}")
    return ",".join(names)


# As wide as descriptors are; lsof's txt, mem and DEL are not.
_PADDED = {"cwd": " cwd", "rtd": " rtd"}


def show_descriptor(row: Row) -> str:
    """Return FD without access and lock."""
    if row.use:
        return _PADDED.get(row.use, row.use)
    return f"{row.fd:4d}" if row.fd < 10000 else f"*{row.fd % 1000:03d}"


def _show_device(row: Row) -> str:
    device = row.device if row.rdevice is None else row.rdevice
    if device is not None:
        return f"{os.major(device)},{os.minor(device)}"
    return row.device_text


def _show_size(request: Request, row: Row) -> str:
    if row.size is not None:
        return str(row.size)
    return "" if row.offset is None else show_offset(request, row.offset)


def _show_node(row: Row) -> str:
    if row.protocol is not None:
        return row.protocol
    return "" if row.inode is None else str(row.inode)


def show_state(request: Request, row: Row) -> str:
    """Return what stands behind the NAME of a socket: (ESTABLISHED QR=0 QS=0)."""
    if row.tcp is None or not (request.state_shown or request.queues_shown):
        return ""
    state, received, sent = row.tcp
    parts = [state] if state and request.state_shown else []
    if request.queues_shown and received is not None:
        parts += [f"QR={received}", f"QS={sent}"]
    return " (" + " ".join(parts) + ")" if parts else " "


def _full_name(request: Request, row: Row, wide: bool, fields: bool) -> bytes:
    name = show_name(row.name, wide)
    if row.note:
        name += (" " if name else "").encode() + show_name(row.note.encode(), wide)
    state = "" if fields else show_state(request, row)
    return name + (state if name else state.lstrip()).encode()


def render_rows(
    request: Request,
    processes: Sequence[Listed],
    login: Callable[[int], str],
    wide: bool,
    header: bool = True,
) -> bytes:
    """Return the table of these files, as wide as its cells; nothing where there is none."""
    lines: list[list[str]] = []
    names: list[bytes] = []
    tasks = any(one.facts.tid for one in processes if one.rows)
    for one in processes:
        facts = one.facts
        # Cut at what was asked for, and never below the heading.
        first = [show_command(facts.command, request.command_width), str(facts.pid)]
        if tasks:
            first.append(str(facts.tid) if facts.tid else "")
            first.append(show_command(one.task_command, request.command_width) if facts.tid else "")
        if request.show_parent:
            first.append(str(facts.parent))
        if request.show_group:
            first.append(str(facts.group))
        first.append(show_user(request, facts.uid, login))
        for row in one.rows:
            access = "-" if row.lock != " " and row.access == " " else row.access
            cells = [*first, show_descriptor(row) + access + row.lock, row.type]
            if request.flags:
                cells.append(show_flags(row.flags, request.flags))
            cells += [_show_device(row), _show_size(request, row)]
            if request.show_links:
                cells.append("" if row.links is None else f" {row.links}")
            cells.append(_show_node(row))
            lines.append(cells)
            names.append(_full_name(request, row, wide, False))
    if not lines:
        return b""
    headings = _headings(request, tasks)
    at_left = {0} | ({3} if tasks else set())
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    fd = headings.index("FD  ")
    widths[fd] = max(widths[fd], 4)
    out = []
    if header:
        out.append(_join(headings, widths, at_left) + b" NAME")
    out += [
        _join(cells, widths, at_left) + b" " + name
        for cells, name in zip(lines, names, strict=True)
    ]
    return b"\n".join(out) + b"\n"


def _headings(request: Request, tasks: bool) -> list[str]:
    size = "OFFSET" if request.offset_only else "SIZE" if request.size_only else "SIZE/OFF"
    return [
        "COMMAND",
        "PID",
        *(["TID", "TASKCMD"] if tasks else []),
        *(["PPID"] if request.show_parent else []),
        *(["PGID"] if request.show_group else []),
        "USER",
        "FD  ",
        "TYPE",
        *(["FILE-FLAG"] if request.flags else []),
        "DEVICE",
        size,
        *(["NLINK"] if request.show_links else []),
        "NODE",
    ]


def _join(cells: Iterable[str], widths: Sequence[int], at_left: set[int]) -> bytes:
    return " ".join(
        cell.ljust(width) if n in at_left else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).encode()


def render_field_rows(
    request: Request, processes: Iterable[Listed], login: Callable[[int], str], wide: bool
) -> bytes:
    """Return these files as fields: a letter, a text and its end; with NUL sets end too."""
    end = request.end
    set_end = b"\n" if end == b"\0" else b""
    asked = set(request.fields)
    out: list[bytes] = []

    def write(fields: Iterable[tuple[str, str | bytes | None]]) -> None:
        some = False
        for letter, value in fields:
            if value is not None and letter in asked:
                text = value if isinstance(value, bytes) else value.encode()
                out.append(letter.encode() + text + end)
                some = True
        if some:
            out.append(set_end)

    for one in processes:
        if not one.rows:
            continue
        facts = one.facts
        write(process_fields(request, facts, one.task_command, login, wide))
        for row in one.rows:
            write(_file_fields(request, row, wide))
    return b"".join(out)


def process_fields(
    request: Request, facts: Facts, task_command: bytes, login: Callable[[int], str], wide: bool
) -> list[tuple[str, str | bytes | None]]:
    """Return the fields of a process set, in order."""
    name = login(facts.uid) if request.logins else str(facts.uid)
    return [
        ("p", str(facts.pid)),
        ("K", str(facts.tid) if facts.tid else None),
        ("M", task_command if facts.tid else None),
        ("g", str(facts.group) if request.show_group else None),
        ("R", str(facts.parent) if request.show_parent else None),
        ("c", show_name(facts.command, wide) or b"(unknown)"),
        ("u", str(facts.uid)),
        ("L", None if name == str(facts.uid) else name[:MOST_LOGIN]),
    ]


def _file_fields(
    request: Request, row: Row, wide: bool
) -> Iterable[tuple[str, str | bytes | None]]:
    yield "f", show_descriptor(row).lstrip()
    yield "a", row.access
    yield "l", row.lock
    yield "t", row.type or None
    yield "G", show_flags(row.flags, request.flags) or None
    yield "d", row.device_text or None
    yield "D", None if row.device is None else f"{row.device:#x}"
    yield "r", None if row.rdevice is None else f"{row.rdevice:#x}"
    yield "s", None if row.size is None else str(row.size)
    yield "o", None if row.offset is None else show_offset(request, row.offset)
    yield "i", str(row.inode) if row.protocol is None and row.inode is not None else None
    yield "k", str(row.links) if request.show_links and row.links is not None else None
    yield "P", row.protocol or None
    yield "n", _full_name(request, row, wide, True)
    if row.tcp is not None:
        state, received, sent = row.tcp
        if request.state_shown and state:
            yield "T", f"ST={state}"
        if request.queues_shown and received is not None:
            yield "T", f"QR={received}"
            yield "T", f"QS={sent}"
