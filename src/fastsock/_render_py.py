"""_render in plain Python: the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fastsock.attributes import MEMBERS, find_member, name_bytes, show_value
from fastsock.columns import OPTIONAL_COLUMNS, OPTIONAL_NAMES, SOCKET_COLUMNS, UNKNOWN_VALUES
from fastsock.render import OWNER_FIELDS, dump_json, text_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock._table import Owner, Socket, SocketRows

_BLOCK = 1 << 20
_NAMED = frozenset(("protocol", "family", "state", "timer", "local_address", "remote_address"))
_OWNED = set(OWNER_FIELDS)
_BLOBS = {spec.name for spec in OPTIONAL_COLUMNS if spec.format == "v"}
_AT_LEFT = _NAMED | _OWNED | _BLOBS | {"local", "remote", "type"}
_SENTINELS = {"none": "-", "hidden": "hidden", "unknown": "unknown"}
_KNOWN = {spec.name for spec in (*SOCKET_COLUMNS, *OPTIONAL_COLUMNS)} | {"local", "remote"} | _OWNED


def text_blocks(
    rows: SocketRows, columns: Iterable[tuple[str, str]], header: bool = True
) -> Iterator[bytes]:
    """Yield a table of `rows`; `columns` are (heading, name) pairs."""
    chosen = list(columns)
    cells = [_cell(rows, name) for _, name in chosen]
    right = [name not in _AT_LEFT for _, name in chosen]
    lines = [[cell(socket) for cell in cells] for socket in rows]
    if header:
        lines.insert(0, [above for above, _ in chosen])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if widths and not right[-1]:
        widths[-1] = 0
    return _joined(
        "  ".join(
            text.rjust(width) if at_right else text.ljust(width)
            for text, width, at_right in zip(line, widths, right, strict=True)
        ).encode()
        + b"\n"
        for line in lines
    )


def json_blocks(rows: SocketRows, separator: bytes = b"\n", end: bytes = b"\n") -> Iterator[bytes]:
    """Yield each row as a JSON object, `separator` between two and `end` after the last."""
    last = len(rows) - 1
    return _joined(
        dump_json(socket.as_dict()).encode() + (end if n == last else separator)
        for n, socket in enumerate(rows)
    )


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _cell(rows: SocketRows, name: str) -> Callable[[Socket], str]:
    inside = find_member(name)
    if name not in _KNOWN and inside is None:
        raise ValueError(f"unknown column {name!r}")
    if name in _OWNED:
        if rows.owner_heads() is None:
            raise ValueError("the rows carry no owners; join them first")
        if name == "owner_state":
            return lambda socket: str(socket.owner_state)
        return lambda socket: _owners(socket, _OWNER_CELLS[name])
    if name in ("local", "remote"):
        held = "path" in rows.column_names()
        return lambda socket: (
            _unix_end(socket, name, held)
            if socket.family == "unix"
            else _endpoint(
                socket.family,
                getattr(socket, f"{name}_address"),
                getattr(socket, f"{name}_port"),
            )
        )
    if (inside[0] if inside else name) not in rows.column_names():
        raise ValueError(f"column {name!r} was not asked for")
    if name in MEMBERS:
        return lambda socket: _members(socket, name)
    if name in _BLOBS:
        return lambda socket: _name(name, socket.field(name))
    if inside:
        return lambda socket: _number(socket.field(name), None)
    if name == "type":
        return lambda socket: _shown(show_value("type", socket.field("type")))
    if name in OPTIONAL_NAMES:
        return lambda socket: _number(socket.field(name), UNKNOWN_VALUES.get(name))
    if name == "state":
        return lambda socket: str(socket.as_dict()["state"])
    return lambda socket: _shown(getattr(socket, name))


def _number(value: int | None, unknown: int | None) -> str:
    return "-" if value is None or value == unknown else str(value)


def _name(column: str, value: bytes) -> str:
    return text_name(name_bytes(column, value)) if value else "-"


def _members(socket: Socket, column: str) -> str:
    """`state=1,ca_state=0`: one cell, whatever it holds."""
    numbers = ((name, socket.field(f"{column}.{name}")) for name in MEMBERS[column])
    return ",".join(f"{name}={value}" for name, value in numbers if value is not None) or "-"


def _shown(value: object) -> str:
    return "-" if value is None or value == "" else str(value)


def _unix_end(socket: Socket, name: str, held: bool) -> str:
    """Return the path that a UNIX socket is bound to; the other end has no name here."""
    if name == "remote":
        return "*"
    return (_name("path", socket.field("path")) if socket.field("path") else "*") if held else "-"


def _endpoint(family: str, address: str, port: int) -> str:
    return f"{address}:{port}" if family == "ipv4" else f"[{address}]:{port}"


def _owners(socket: Socket, cell: Callable[[list[Owner]], str]) -> str:
    if socket.owner_state in _SENTINELS:
        return _SENTINELS[socket.owner_state]
    return cell(socket.owners or [])


def _tasks(owners: list[Owner]) -> str:
    text = unit = ""
    before = None
    for owner in owners:
        task = owner.pid, owner.tid
        if task == before:
            text += ","
        else:
            thread = f" tid={owner.tid}" if owner.tid != owner.pid else ""
            text += f"{unit}; " if before else ""
            text += f"{text_name(owner.command)} pid={owner.pid}{thread} fd="
            unit = f" unit={text_name(owner.unit)}" if owner.unit is not None else ""
        text += str(owner.fd) if owner.fd >= 0 else "io_uring"
        before = task
    return text + unit


def _place(name: bytes | None) -> str:
    """Return a unit, container or pod; a dash where a process is in none."""
    return "-" if name is None else text_name(name)


_OWNER_CELLS: dict[str, Callable[[list[Owner]], str]] = {
    "owners": _tasks,
    "pid": lambda owners: ",".join(dict.fromkeys(str(owner.pid) for owner in owners)),
    "command": lambda owners: ",".join(dict.fromkeys(text_name(o.command) for o in owners)),
    "cgroup": lambda owners: ",".join(dict.fromkeys(text_name(o.process.cgroup) for o in owners)),
    "unit": lambda owners: ",".join(dict.fromkeys(_place(o.unit) for o in owners)),
    "container": lambda owners: ",".join(
        dict.fromkeys(_place(o.process.container) for o in owners)
    ),
    "pod": lambda owners: ",".join(dict.fromkeys(_place(o.process.pod) for o in owners)),
}
