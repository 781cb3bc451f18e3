"""Listings in the manner of other tools: columns as wide as ss, lsof or netstat makes them.

A listing is a list of lines, each of a socket, of a descriptor that holds one, or of neither; and a
list of cells. A `Cell` names a kernel, which makes the text of one line, and says how it stands.
Kernels and loops are compiled (_layout); a face supplies lists. All texts are bytes, ready for a
terminal: who supplies one has escaped it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from fastsock.implementation import table as storage
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock._table import Column, SocketRows

# The names of states as ss(8) prints them, and as lsof(8) and netstat(8) do.
SS_STATES = {int(state): state.ss.encode() for state in State}
STATES = {int(state): state.name.encode() for state in State}

# Which parameters each kernel takes, beside those of every cell.
_END = ("end", "brackets", "mapped", "any4", "any6", "hosts", "interfaces")
KERNELS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "given": ("texts",),
    "number": ("column", "unknown"),
    "hex": ("column",),
    "named": ("column", "names", "other"),
    "kind": ("names",),
    "backlog": (),
    "address": _END,
    "port": ("end", "ports", "no_port"),
    "endpoint": (*_END, "ports", "no_port"),
    "path": ("unnamed", "plain", "escape"),
    "blob": ("column", "unnamed", "plain", "escape"),
    "users": ("texts", "order", "threads"),
    "ss_timer": ("names", "milliseconds"),
    "ss_extras": ("shows", "show"),
    "netstat_timer": ("names",),
    "pid": (),
    "tid": (),
    "process": ("texts",),
    "fd": ("star",),
    "owner": ("texts", "absent"),
    "join": ("pieces",),
}

# The columns that `only` may ask: those of one byte.
SMALL = ("protocol", "family", "state", "timer", "type", "v6only")

# Those of a line's owner; the others are of its socket.
OF_OWNER = frozenset(("pid", "tid", "process", "fd"))
OF_LINE = frozenset(("text", "given", "join"))

ENDINGS = ("padded", "bare", "stripped")

PRINTABLE = bytes([32 <= n < 127 for n in range(256)])


def escape_hex(text: bytes) -> bytes:
    """Return text with each byte that is not printable ASCII as `\\xNN`."""
    return b"".join(b"%c" % n if 32 <= n < 127 else b"\\x%02x" % n for n in text)


class Cell:
    """One cell of every line: the kernel that makes its text, and how it stands.

    `heading` stands above. The width is the longest text's and at least `least`; with `measured`
    false it is `least` whatever the texts are. `most` cuts the text, 0 does not; of an endpoint it
    cuts the address so that both have so many bytes, without the colon. `before` stands at the left
    of every cell but the first. `lead` and `tail` are written around a text that is not empty.

    `only` maps names of SMALL to the values that have a text here. `unless` is a number without a
    text; for addresses and ends, anything but None leaves out the unspecified address with port 0.
    `instead` has an entry for each line: bytes in place of the kernel's, or None. `unix` is a Cell
    in place of this one on rows of UNIX sockets.

    Of `ss_extras`, `shows` says to compiled code what is shown (_ss_text); `show` makes the same
    text in plain Python, of protocol, state, attributes, skmem, tcp_info (None where it was not
    asked for) and congestion.

    The other parameters are the kernel's (KERNELS). ValueError for an unknown kernel or column,
    TypeError for a parameter that the kernel does not take.
    """

    __slots__ = (
        *("kernel", "heading", "before", "right", "least", "measured", "most", "lead", "tail"),
        *("only", "unless", "instead", "unix", "text", "texts", "column", "unknown", "names"),
        *("other", "end", "brackets", "mapped", "any4", "any6", "hosts", "interfaces", "ports"),
        *("no_port", "unnamed", "plain", "escape", "order", "threads", "star", "absent", "pieces"),
        *("milliseconds", "shows", "show"),
    )

    text: bytes
    texts: Sequence[bytes]
    column: str
    unknown: bytes
    names: Mapping[Any, bytes]
    other: str
    end: str
    brackets: bool
    mapped: str
    any4: bytes | None
    any6: bytes | None
    hosts: Mapping[bytes, bytes]
    interfaces: Mapping[int, bytes]
    ports: Mapping[tuple[int, int], bytes]
    no_port: bytes
    unnamed: bytes
    plain: bytes
    escape: Callable[[bytes], bytes]
    order: str
    threads: bool
    star: int
    absent: bytes
    milliseconds: bytes
    pieces: Sequence[Cell]
    shows: Collection[str]
    show: Callable[[int, int, bytes, bytes, bytes | None, bytes], bytes]

    def __init__(
        self,
        kernel: str,
        heading: bytes = b"",
        *,
        before: bytes = b"",
        right: bool = False,
        least: int = 0,
        measured: bool = True,
        most: int = 0,
        lead: bytes = b"",
        tail: bytes = b"",
        only: Mapping[str, Collection[int]] | None = None,
        unless: int | None = None,
        instead: Sequence[bytes | None] | None = None,
        unix: Cell | None = None,
        **parameters: Any,
    ) -> None:
        if kernel not in KERNELS:
            raise ValueError(f"no kernel {kernel!r}; there are {', '.join(KERNELS)}")
        self.kernel, self.heading, self.before = kernel, heading, before
        self.right, self.least, self.measured, self.most = right, least, measured, most
        self.lead, self.tail, self.only, self.unless = lead, tail, only, unless
        self.instead, self.unix = instead, unix
        for name in only or ():
            if name not in SMALL:
                raise ValueError(f"a cell cannot depend on {name!r}; on {', '.join(SMALL)} it can")
        for name in KERNELS[kernel]:
            value = parameters.pop(name) if name in parameters else _DEFAULTS.get(name)
            if value is None and name in _NEEDED:
                raise TypeError(f"the kernel {kernel!r} needs {name}=")
            setattr(self, name, value)
        if parameters:
            raise TypeError(f"the kernel {kernel!r} takes no {', '.join(parameters)}")


_NEEDED = frozenset(("text", "texts", "column", "end", "pieces", "shows", "show"))
_DEFAULTS: Mapping[str, Any] = {
    "unknown": b"",
    "names": {},
    "other": "number",
    "brackets": False,
    "mapped": "full",
    "hosts": {},
    "interfaces": {},
    "ports": {},
    "no_port": b"*",
    "unnamed": b"*",
    "plain": PRINTABLE,
    "escape": escape_hex,
    "order": "reverse",
    "threads": False,
    "star": 0,
    "absent": b"-",
    "milliseconds": b"sec",
}


class Lines:
    """What the lines are of: for each the row of its socket and the row of its owner, or -1.

    None for `sockets` is every socket in its order; None for `owners` is no owner.
    """

    __slots__ = ("sockets", "owners")

    def __init__(
        self,
        sockets: Column | Sequence[int] | None = None,
        owners: Column | Sequence[int] | None = None,
    ) -> None:
        self.sockets = _indices("sockets", sockets)
        self.owners = _indices("owners", owners)
        if self.owners is not None and (
            self.sockets is None or len(self.owners) != len(self.sockets)
        ):
            raise ValueError("one socket and one owner for each line")

    def __len__(self) -> int:
        return 0 if self.sockets is None else len(self.sockets)


def _indices(name: str, values: Column | Sequence[int] | None) -> Column | None:
    if values is None or (isinstance(values, storage.Column) and values.format == "i"):
        return values
    return storage.Column.from_values(name, "i", values)


def render_columns(
    rows: SocketRows,
    cells: Sequence[Cell],
    *,
    lines: Lines | None = None,
    header: bool = True,
    ending: str = "padded",
    chunks: int = 0,
    screen: int | None = None,
) -> Iterator[bytes]:
    """Yield a listing in blocks of bytes, with one line for each of `lines` (default: each socket).

    `ending` says which cells are not filled up to their width: none ("padded"), the last one
    ("bare"), or the last but one ("stripped", as ss(8) since 7.0 where no `screen` is given).
    With `chunks`, widths are measured anew whenever so many of ss's chunks of 1 MiB are full, and
    never get less; as there, the last cell of the last line is not measured. `screen` is the width
    of a terminal, over which ss spreads its columns.
    IndexError for a line that names no row; ValueError for a column that the rows do not hold, and
    for owners where none were joined.
    """
    if ending not in ENDINGS:
        raise ValueError(f"no ending {ending!r}; there are {', '.join(ENDINGS)}")
    blocks: Iterator[bytes] = _implementation().column_blocks(
        rows, list(cells), Lines() if lines is None else lines, header, ending, chunks, screen
    )
    return blocks


def render_fields(
    rows: SocketRows,
    process_cells: Sequence[Cell],
    file_cells: Sequence[Cell],
    *,
    lines: Lines,
    end: bytes = b"\n",
    set_end: bytes = b"",
    groups: Column | Sequence[int] | None = None,
) -> Iterator[bytes]:
    """Yield lsof's output for other programs: a set of fields for each process and each file.

    `process_cells` are written where the process changes, or where `groups` does (one number for
    each line). Each text that is not empty ends with `end`, each set with `set_end`.
    """
    column = _indices("groups", groups)
    if column is not None and len(column) != len(lines):
        raise ValueError("one group for each line")
    blocks: Iterator[bytes] = _implementation().field_blocks(
        rows, list(process_cells), list(file_cells), lines, end, set_end, column
    )
    return blocks


def render_cells(rows: SocketRows, cell: Cell, lines: Lines | None = None) -> list[bytes]:
    """Return the text of one cell for each line."""
    made: list[bytes] = _implementation().cell_texts(
        rows, cell, Lines() if lines is None else lines
    )
    return made


def kind_rows(rows: SocketRows, kinds: Sequence[tuple[int, int]]) -> Column:
    """Return the rows of these kinds, (protocol, family), kind by kind, for `Lines`.

    Each kind's keep their order; rows of other kinds are left out.
    """
    made: Column = _implementation().kind_rows(rows, kinds)
    return made


def owner_lines(
    rows: SocketRows,
    *,
    pids: Collection[int] | None = None,
    fds: Sequence[tuple[int, int]] | None = None,
    threads: bool = False,
) -> Lines:
    """Return one line for each descriptor that holds one of `rows`, by pid, thread and number.

    Only those of `pids`, and with a number within one of `fds` (first and last). Descriptors of a
    thread's own table and fixed files of an io_uring are left out but with `threads`. A descriptor
    whose socket has several rows has one line. ValueError where no owners were joined.
    """
    made: Lines = _implementation().owner_lines(rows, pids, fds, threads)
    return made


def line_pids(rows: SocketRows, lines: Lines) -> list[int]:
    """Return the processes of these lines in their order, each once."""
    made: list[int] = _implementation().line_pids(rows, lines)
    return made


def _implementation() -> Any:
    from fastsock.implementation import COMPILED

    if COMPILED:
        from fastsock import _layout

        return _layout
    from fastsock import _layout_py

    return _layout_py
