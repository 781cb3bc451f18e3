"""_layout in plain Python: the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS, UNKNOWN_VALUES
from fastsock.implementation import table
from fastsock.layout import Cell, Lines
from fastsock.tcp import FAMILIES, TCP, UDP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock._table import Column, OwnerRows, SocketRows

    Kernel = Callable[[int, int, int], bytes]  # line, row of the socket, row of the owner

_BLOCK = 1 << 20
_CHUNK = (1 << 20) - 16
_MAPPED = bytes(10) + b"\xff\xff"
_OF_OWNER = frozenset(("process", "pid", "tid", "fd"))
_OF_LINE = frozenset(("text", "given", "join"))
_FORMATS = {spec.name: spec.format for spec in (*SOCKET_COLUMNS, *OPTIONAL_COLUMNS)}


def column_blocks(
    rows: SocketRows,
    cells: list[Cell],
    lines: Lines,
    header: bool,
    ending: str,
    chunks: int,
    screen: int | None,
) -> Iterator[bytes]:
    """Yield a listing; see layout.render_columns."""
    kernels = [_kernel(rows, cell) for cell in cells]
    places = _places(rows, lines)
    return _joined(_columns(rows, kernels, places, _Layout(cells, header, ending, chunks, screen)))


def field_blocks(
    rows: SocketRows,
    process_cells: list[Cell],
    file_cells: list[Cell],
    lines: Lines,
    end: bytes,
    set_end: bytes,
    groups: Column | None,
) -> Iterator[bytes]:
    """Yield sets of fields; see layout.render_fields."""
    of_process = [_kernel(rows, cell) for cell in process_cells]
    of_file = [_kernel(rows, cell) for cell in file_cells]
    places = _places(rows, lines)
    if groups is None and lines.owners is not None:
        _owners(rows)

    def one_set(kernels: list[Kernel], place: tuple[int, int, int]) -> bytes:
        fields = b"".join(text + end for kernel in kernels if (text := kernel(*place)))
        return fields + set_end if fields else b""

    def pieces() -> Iterator[bytes]:
        before = None
        for place in places:
            number, _socket, owner = place
            group = -1
            if groups is not None:
                group = groups[number]
            elif owner >= 0:
                group = _owners(rows).column("pid")[owner]
            if group != before:
                yield one_set(of_process, place)
            before = group
            yield one_set(of_file, place)

    return _joined(pieces())


def cell_texts(rows: SocketRows, cell: Cell, lines: Lines) -> list[bytes]:
    """Return the text of a cell for each line; see layout.render_cells."""
    kernel = _kernel(rows, cell)
    return [kernel(*place) for place in _places(rows, lines)]


def kind_rows(rows: SocketRows, kinds: Sequence[tuple[int, int]]) -> Column:
    """Return the rows of some kinds, kind by kind; see layout.kind_rows."""
    if len(kinds) > 255:
        raise ValueError("there are no more than 255 kinds")
    found: dict[tuple[int, int], list[int]] = {kind: [] for kind in kinds}
    protocols, families = rows.column("protocol"), rows.column("family")
    for row, kind in enumerate(zip(protocols, families, strict=True)):
        if kind in found:
            found[kind].append(row)
    every = (row for of_kind in found.values() for row in of_kind)
    return table.Column.from_values("index", "i", every)


def owner_lines(
    rows: SocketRows,
    pids: Collection[int] | None,
    fds: Sequence[tuple[int, int]] | None,
    threads: bool,
) -> Lines:
    """Return the lines of all descriptors; see layout.owner_lines."""
    owners = _owners(rows)
    socket_of: dict[int, int] = {}
    for row, chain in enumerate(_chains(rows)):
        for owner in chain:
            socket_of.setdefault(owner, row)
    found = []
    for owner, (_inode, pid, fd, tid, _process) in enumerate(owners.rows()):
        if owner not in socket_of or (pids is not None and pid not in pids):
            continue
        if not threads and (tid != pid or fd < 0):
            continue
        if fds is None or any(first <= fd <= last for first, last in fds):
            found.append((pid, tid, fd, owner))
    found.sort()
    return Lines([socket_of[one[3]] for one in found], [one[3] for one in found])


def line_pids(rows: SocketRows, lines: Lines) -> list[int]:
    """Return the processes of the lines, each once; see layout.line_pids."""
    if lines.owners is None or rows.owners is None:
        return []
    _check(lines.owners, len(rows.owners), "owner")
    pids = rows.owners.column("pid")
    return list(dict.fromkeys(pids[owner] for owner in lines.owners if owner >= 0))


# -- lines


class _Layout:
    """What column_blocks is asked for, and the widths as they become known."""

    def __init__(
        self, cells: list[Cell], header: bool, ending: str, chunks: int, screen: int | None
    ) -> None:
        self.cells = cells
        self.header = header
        self.ending = ending
        self.chunks = chunks
        self.screen = max(1, screen) if screen is not None else 0
        self.longest = [len(cell.heading) if header else 0 for cell in cells]
        self.measured = [cell.measured for cell in cells]
        self.padded = [True] * len(cells)
        if cells and ending == "bare":
            self.padded[-1] = self.measured[-1] = False
        if len(cells) > 1 and ending == "stripped" and not self.screen:
            self.padded[-2] = False

    def measure(self, line: list[bytes]) -> None:
        for c, text in enumerate(line):
            self.longest[c] = max(self.longest[c], len(text))

    def widths(self) -> list[int]:
        """Return the widths of the cells, with what stands before them."""
        widths: list[int] = []
        for cell, longest, measured in zip(self.cells, self.longest, self.measured, strict=True):
            width = max(longest, cell.least) if measured else cell.least
            widths.append(width + len(cell.before) if width and any(widths) else width)
        if self.screen:
            self._spread(widths)
        return widths

    def _spread(self, widths: list[int]) -> None:
        """Share out what each line of a terminal has to spare among its columns, as ss does."""
        visible = [c for c in range(len(widths)) if widths[c]]
        for c in visible:
            widths[c] = min(widths[c], self.screen)
        while visible:
            fitting = 1
            used = widths[visible[0]]
            while fitting < len(visible) and used + widths[visible[fitting]] <= self.screen:
                used += widths[visible[fitting]]
                fitting += 1
            each, rest = divmod(self.screen - used, fitting)
            for place, c in enumerate(reversed(visible[:fitting])):
                widths[c] += each + (place < rest)
            del visible[:fitting]

    def place(self, line: list[bytes], widths: list[int]) -> bytes:
        made = b""
        for c, (cell, text) in enumerate(zip(self.cells, line, strict=True)):
            before = cell.before if c else b""
            width = widths[c] - len(before)
            made += before
            if cell.right:
                made += text.rjust(width)
            else:
                made += text.ljust(width) if self.padded[c] else text
        return made + b"\n"


class _Buffer:
    """How full ss's buffer is: chunks of texts, each with its length in 2 bytes, aligned to 2."""

    def __init__(self) -> None:
        self.used, self.chunks = 0, 1

    def add(self, length: int) -> None:
        end = self.used + 2 + length
        if end >= _CHUNK and self.used > 0:
            self.chunks += 1
            end = 2 + length
        end += length & 1
        if end + 2 > _CHUNK:
            self.chunks += 1
            end = 0
        self.used = end


def _columns(
    rows: SocketRows, kernels: list[Kernel], places: list[tuple[int, int, int]], layout: _Layout
) -> Iterator[bytes]:
    if not layout.chunks:
        written = [[kernel(*place) for kernel in kernels] for place in places]
        for line in written:
            layout.measure(line)
        widths = layout.widths()
        if layout.header:
            yield layout.place([cell.heading for cell in layout.cells], widths)
        for line in written:
            yield layout.place(line, widths)
        return
    waiting: list[list[bytes]] = []
    hidden_last = layout.ending == "padded"
    buffer = _Buffer()
    if layout.header:
        waiting.append([cell.heading for cell in layout.cells])
        for cell in layout.cells:
            buffer.add(len(cell.heading))
        if hidden_last:
            buffer.add(0)
    for place in places:
        line = [kernel(*place) for kernel in kernels]
        waiting.append(line)
        for cell, text in zip(layout.cells, line, strict=True):
            buffer.add(max(len(text), cell.least))  # ss fills up its queues before it keeps them
        if hidden_last:
            buffer.add(0)
        at_end = place is places[-1]
        full = buffer.chunks >= layout.chunks
        # ss prints before it has measured the last column of the last line.
        unmeasured = (full or at_end) and not (hidden_last and not at_end)
        layout.measure(line[:-1] if unmeasured else line)
        if full:
            widths = layout.widths()
            yield from (layout.place(line, widths) for line in waiting)
            waiting, buffer = [], _Buffer()
    widths = layout.widths()
    yield from (layout.place(line, widths) for line in waiting)


def _places(rows: SocketRows, lines: Lines) -> list[tuple[int, int, int]]:
    sockets: Iterable[int] = range(len(rows))
    if lines.sockets is not None:
        _check(lines.sockets, len(rows), "socket")
        sockets = lines.sockets
    if lines.owners is None:
        return [(number, socket, -1) for number, socket in enumerate(sockets)]
    _check(lines.owners, 0 if rows.owners is None else len(rows.owners), "owner")
    return [
        (number, socket, owner)
        for number, (socket, owner) in enumerate(zip(sockets, lines.owners, strict=True))
    ]


def _check(indices: Column, count: int, what: str) -> None:
    if not all(-1 <= index < count for index in indices):
        raise IndexError(f"a line names a row that no {what} has")


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


# -- owners


def _owners(rows: SocketRows) -> OwnerRows:
    if rows.owner_heads() is None or rows.owners is None:
        raise ValueError("the rows carry no owners; join them first")
    return rows.owners


def _chains(rows: SocketRows) -> Iterator[list[int]]:
    for n in range(len(rows)):
        yield _chain(rows, n)


def _chain(rows: SocketRows, row: int) -> list[int]:
    """Return the owner rows of a socket."""
    owners, heads = _owners(rows), rows.owner_heads()
    following = owners.following  # type: ignore[attr-defined]
    found = []
    at = heads[row] if heads is not None else -1
    while at >= 0:
        found.append(at)
        at = following[at]
    return found


def _sorted_chain(rows: SocketRows, row: int) -> list[tuple[int, int, int, int, int]]:
    """Return (pid, tid, fd, process, owner row) of each owner of a socket, in this order."""
    owners = _owners(rows)
    pid, tid, fd = (owners.column(name) for name in ("pid", "tid", "fd"))
    process = owners.column("process")
    return sorted((pid[at], tid[at], fd[at], process[at], at) for at in _chain(rows, row))


# -- kernels


def _kernel(rows: SocketRows, cell: Cell) -> Kernel:
    """Return the kernel of a cell, with what stands around its text."""
    write = _KERNELS[cell.kernel](rows, cell)
    of_socket = cell.kernel not in _OF_OWNER | _OF_LINE
    of_owner = cell.kernel in _OF_OWNER
    only = [(_column(rows, name), set(values)) for name, values in (cell.only or {}).items()]
    families = rows.column("family")
    unix = None if cell.unix is None else _kernel(rows, cell.unix)
    instead, most = cell.instead, 0 if cell.kernel == "endpoint" else cell.most

    def text(line: int, row: int, owner: int) -> bytes:
        if instead is not None and line < len(instead):
            given = instead[line]
            if given is not None:
                return given
        if (row < 0 and (of_socket or only)) or (owner < 0 and of_owner):
            return b""
        if any(column[row] not in values for column, values in only):
            return b""
        if unix is not None and row >= 0 and families[row] == FAMILIES["unix"]:
            return unix(line, row, owner)
        made = write(line, row, owner)
        if most:
            made = made[:most]
        return cell.lead + made + cell.tail if made else b""

    return text


def _column(rows: SocketRows, name: str) -> Any:
    if _FORMATS.get(name, "v") == "v":
        raise ValueError(f"unknown column {name!r}")
    return _held(rows, name)


def _held(rows: SocketRows, name: str) -> Any:
    if name not in rows.column_names():
        if len(rows) == 0:
            return ()
        raise ValueError(f"column {name!r} was not asked for")
    return rows.column(name)


def _if_held(rows: SocketRows, name: str) -> Any:
    return rows.column(name) if name in rows.column_names() else None


def _text(rows: SocketRows, cell: Cell) -> Kernel:
    return lambda line, row, owner: cell.text


def _given(rows: SocketRows, cell: Cell) -> Kernel:
    texts = cell.texts
    return lambda line, row, owner: (texts[line] or b"") if line < len(texts) else b""


def _join(rows: SocketRows, cell: Cell) -> Kernel:
    pieces = [_kernel(rows, piece) for piece in cell.pieces]
    return lambda line, row, owner: b"".join(piece(line, row, owner) for piece in pieces)


def _numbers(rows: SocketRows, cell: Cell) -> Any:
    if _FORMATS.get(cell.column) == "16s":
        raise ValueError(f"column {cell.column!r} holds no numbers")
    return _column(rows, cell.column)


def _number(rows: SocketRows, cell: Cell) -> Kernel:
    column, unknown = _numbers(rows, cell), UNKNOWN_VALUES.get(cell.column)

    def text(line: int, row: int, owner: int) -> bytes:
        if unknown is not None and column[row] == unknown:
            return cell.unknown
        return b"" if column[row] == cell.unless else b"%d" % column[row]

    return text


def _hex(rows: SocketRows, cell: Cell) -> Kernel:
    column = _numbers(rows, cell)
    return lambda line, row, owner: (
        b"" if column[row] == cell.unless else b"%x" % (column[row] & (2**64 - 1))
    )


def _named(rows: SocketRows, cell: Cell) -> Kernel:
    column = _numbers(rows, cell)

    def text(line: int, row: int, owner: int) -> bytes:
        if column[row] == cell.unless:
            return b""
        name = cell.names.get(column[row])
        if name is not None:
            return name
        return b"%d" % column[row] if cell.other == "number" else b""

    return text


def _kind(rows: SocketRows, cell: Cell) -> Kernel:
    protocols, families, types = rows.column("protocol"), rows.column("family"), None
    types = _if_held(rows, "type")

    def text(line: int, row: int, owner: int) -> bytes:
        protocol = protocols[row] if protocols[row] in (TCP, UDP) else 0
        family = families[row] if families[row] in (1, 2) else FAMILIES["ipv6"]
        return cell.names.get((protocol, family, 0 if types is None else types[row] & 7), b"")

    return text


def _backlog(rows: SocketRows, cell: Cell) -> Kernel:
    states, limits = rows.column("state"), rows.column("backlog_limit")
    queue = rows.column("tx_queue")
    return lambda line, row, owner: (
        b"%d" % (limits[row] if states[row] == State.LISTEN and limits[row] >= 0 else queue[row])
    )


def _end(rows: SocketRows, cell: Cell) -> tuple[Column, Column]:
    if cell.end not in ("local", "remote"):
        raise ValueError(f"no end {cell.end!r}; there are local and remote")
    return rows.column(f"{cell.end}_address"), rows.column(f"{cell.end}_port")


def _is_nowhere(address: bytes, port: int) -> bool:
    return port == 0 and (address == bytes(16) or address == _MAPPED + bytes(4))


def _host(rows: SocketRows, cell: Cell) -> Callable[[int], bytes]:
    from fastsock._table_py import format_address

    addresses, _ports = _end(rows, cell)
    families, v6only = rows.column("family"), _if_held(rows, "v6only")
    bound_to = _held(rows, "interface") if cell.interfaces else None

    def name(row: int) -> bytes:
        address = addresses[row]
        mapped = cell.mapped == "plain" and address.startswith(_MAPPED)
        if families[row] == FAMILIES["ipv4"] or mapped:
            if cell.any4 is not None and address.endswith(bytes(4)):
                return cell.any4
            plain = format_address(address, FAMILIES["ipv4"]).encode()
            return cell.hosts.get(address, plain)
        if cell.any6 is not None and address == bytes(16) and (not v6only or v6only[row] != 1):
            return cell.any6
        text = format_address(address, FAMILIES["ipv6"]).encode()
        return cell.hosts.get(address, b"[%b]" % text if cell.brackets else text)

    def text(row: int) -> bytes:
        if bound_to is None or bound_to[row] == 0:
            return name(row)
        return name(row) + b"%" + cell.interfaces.get(bound_to[row], b"if%d" % bound_to[row])

    return text


def _address(rows: SocketRows, cell: Cell) -> Kernel:
    host = _host(rows, cell)
    addresses, ports = _end(rows, cell)
    return lambda line, row, owner: (
        b"" if cell.unless is not None and _is_nowhere(addresses[row], ports[row]) else host(row)
    )


def _port(rows: SocketRows, cell: Cell) -> Kernel:
    _addresses, ports = _end(rows, cell)
    protocols = rows.column("protocol")

    def text(line: int, row: int, owner: int) -> bytes:
        port = ports[row]
        if port == 0:
            return cell.no_port
        name = cell.ports.get((protocols[row], port)) if protocols[row] in (TCP, UDP) else None
        return b"%d" % port if name is None else name

    return text


def _endpoint(rows: SocketRows, cell: Cell) -> Kernel:
    host, port = _address(rows, cell), _port(rows, cell)
    most = cell.most
    if 0 < most < 8:
        raise ValueError("an end is not cut to less than 8 bytes")
    addresses, ports = _end(rows, cell)

    def text(line: int, row: int, owner: int) -> bytes:
        if cell.unless is not None and _is_nowhere(addresses[row], ports[row]):
            return b""
        first, second = host(line, row, owner), port(line, row, owner)
        if most and len(first) + len(second) > most:
            second = second[: most - 4]
            first = first[: most - len(second)]
        return first + b":" + second

    return text


def _blob(rows: SocketRows, cell: Cell) -> Kernel:
    name = "path" if cell.kernel == "path" else cell.column
    if _FORMATS.get(name) != "v":
        raise ValueError(f"column {name!r} holds no text")
    if len(cell.plain) != 256:
        raise ValueError("plain= says it of each of 256 bytes")
    column = _if_held(rows, name)
    if column is None and cell.kernel == "blob":
        raise ValueError(f"column {name!r} was not asked for")

    def text(line: int, row: int, owner: int) -> bytes:
        value: bytes = b"" if column is None else column[row]
        if not value:
            return cell.unnamed
        rest = value[1:] if value[:1] == b"\0" else value
        if not all(cell.plain[byte] for byte in rest):
            return cell.escape(value)
        return b"@" + rest if value[:1] == b"\0" else rest

    return text


def _users(rows: SocketRows, cell: Cell) -> Kernel:
    texts = _texts(rows, cell)

    def text(line: int, row: int, owner: int) -> bytes:
        users = [
            texts[process] + (b"tid=%d,fd=" % tid if cell.threads else b"") + b"%d)" % fd
            for _pid, tid, fd, process, _at in _sorted_chain(rows, row)
        ]
        return b",".join(reversed(users) if cell.order == "reverse" else users)

    return text


def _first_owner(rows: SocketRows, cell: Cell) -> Kernel:
    texts = _texts(rows, cell)

    def text(line: int, row: int, owner: int) -> bytes:
        for pid, tid, fd, process, _at in _sorted_chain(rows, row):
            if tid == pid and fd >= 0:
                return texts[process]
        return cell.absent

    return text


def _texts(rows: SocketRows, cell: Cell) -> Sequence[bytes]:
    if len(cell.texts) < len(_owners(rows).processes):
        raise ValueError("one text for each of the owners' processes")
    return [text or b"" for text in cell.texts]


def _process(rows: SocketRows, cell: Cell) -> Kernel:
    texts, processes = _texts(rows, cell), _owners(rows).column("process")
    return lambda line, row, owner: texts[processes[owner]]


def _pid(rows: SocketRows, cell: Cell) -> Kernel:
    column = _owners(rows).column(cell.kernel)
    return lambda line, row, owner: b"%d" % column[owner]


def _fd(rows: SocketRows, cell: Cell) -> Kernel:
    fds, star = _owners(rows).column("fd"), cell.star
    return lambda line, row, owner: (
        b"*%03d" % (fds[owner] % 1000) if star and fds[owner] > star else b"%d" % fds[owner]
    )


def _ss_timer(rows: SocketRows, cell: Cell) -> Kernel:
    timers, expires = rows.column("timer"), rows.column("timer_expires_ms")
    retransmits, timeouts = rows.column("retransmits"), _if_held(rows, "timeout")

    def text(line: int, row: int, owner: int) -> bytes:
        timer = timers[row]
        if timer == 0:
            return b""
        name = cell.names.get(min(timer, 5), b"unknown")
        times = retransmits[row] if timer == 1 else timeouts[row] if timeouts else 0
        left = _ss_time(expires[row] & (2**32 - 1), cell.milliseconds)
        return b"timer:(%b,%b,%d)" % (name, left, times)

    return text


def _ss_time(left: int, unit: bytes) -> bytes:
    minutes, rest = divmod(left, 60000)
    seconds, milliseconds = divmod(rest, 1000)
    made = b""
    if minutes:
        milliseconds = 0
        made += b"%dmin" % minutes
        if minutes > 9:
            seconds = 0
    if seconds > 9:
        milliseconds = 0
    if seconds:
        made += b"%d%b" % (seconds, b"." if milliseconds else b"sec")
    if milliseconds:
        made += b"%03d%b" % (milliseconds, unit if seconds else b"ms")
    return made


def _ss_extras(rows: SocketRows, cell: Cell) -> Kernel:
    protocols, states = rows.column("protocol"), rows.column("state")
    attributes, memory, info, congestion = (
        _if_held(rows, name) for name in ("attributes", "skmem", "tcp_info", "congestion")
    )

    def text(line: int, row: int, owner: int) -> bytes:
        return cell.show(
            protocols[row],
            states[row],
            b"" if attributes is None else attributes[row],
            b"" if memory is None else memory[row],
            None if info is None else info[row],
            b"" if congestion is None else congestion[row],
        )

    return text


def _netstat_timer(rows: SocketRows, cell: Cell) -> Kernel:
    timers, expires = rows.column("timer"), rows.column("timer_expires_ms")
    retransmits, timeouts = rows.column("retransmits"), _if_held(rows, "timeout")

    def text(line: int, row: int, owner: int) -> bytes:
        timer = timers[row]
        left = max(0, expires[row]) // 10 if timer else 0
        return b"%b (%d.%02d/%d/%d)" % (
            cell.names.get(timer, b"unkn-%d" % timer),
            *divmod(left, 100),
            retransmits[row],
            timeouts[row] if timeouts else 0,
        )

    return text


_KERNELS: dict[str, Callable[[SocketRows, Cell], Kernel]] = {
    "text": _text,
    "given": _given,
    "join": _join,
    "number": _number,
    "hex": _hex,
    "named": _named,
    "kind": _kind,
    "backlog": _backlog,
    "address": _address,
    "port": _port,
    "endpoint": _endpoint,
    "path": _blob,
    "blob": _blob,
    "users": _users,
    "owner": _first_owner,
    "process": _process,
    "pid": _pid,
    "tid": _pid,
    "fd": _fd,
    "ss_timer": _ss_timer,
    "ss_extras": _ss_extras,
    "netstat_timer": _netstat_timer,
}
