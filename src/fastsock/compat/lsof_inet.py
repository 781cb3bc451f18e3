"""lsof's listings of nothing but TCP and UDP: filters for the engines, rows from columns."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence

from fastsock import conductor, layout
from fastsock.compat import proc_tables
from fastsock.compat.lsof_flags import (
    DESCRIPTOR,
    InternetAddress,
    Request,
)
from fastsock.compat.lsof_names import Names
from fastsock.compat.lsof_processes import read_facts, visit_processes, wanted_pids
from fastsock.compat.lsof_select import Expression, Facts, Found
from fastsock.compat.lsof_text import process_fields, show_command, show_flags, show_user
from fastsock.errors import NoSuchProcess, OwnersHidden
from fastsock.filter import ALL, build_filter
from fastsock.implementation import group, match, table as storage
from fastsock.layout import Cell, Lines
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.compat.lsof_targets import Targets
    from fastsock.table import SocketTable

_MAPPED = "::ffff:0:0/96"
_WILDCARDS = (bytes(16), b"\0" * 10 + b"\xff\xff" + bytes(4))
_NUMBERS = {state.name: int(state) for state in State} | {"CLOSED": 0}
# What is neither TCP nor UDP is UDP-Lite here: a kind is known by 0 then.
_TYPES = {(protocol, 2, 0): b"IPv4" for protocol in (6, 17, 0)} | {
    (protocol, 10, 0): b"IPv6" for protocol in (6, 17, 0)
}
_NODES = {
    (protocol, family, 0): name
    for protocol, name in ((6, b"TCP"), (17, b"UDP"), (0, b"UDPLITE"))
    for family in (2, 10)
}


def list_inet(
    request: Request,
    expressions: Sequence[Expression],
    targets: Targets | None,
    found: Found,
    names: Names,
) -> tuple[int, Iterable[bytes]]:
    """Return (whether anything is listed, the listing) and note in `found` what was met."""
    if targets or request.nfs or request.most_links:
        # With -a such a file would have to be a socket as well; each was looked for in vain.
        _note_processes(request, expressions, found)
        return 0, ()
    pids = _find_pids(request, expressions, found)
    if pids is not None and not pids:
        return 0, ()
    table = _scan(request, pids)
    lite = _read_udplite(request)
    if table is None and lite is None:
        return 0, ()
    exact = _is_exact(request) and lite is None
    table = table if lite is None else _join(table, lite)
    assert table is not None
    rows = table if exact else _select(request, table, pids, found)
    lines = layout.owner_lines(rows, pids=pids, fds=_descriptors(request))
    # What -d leaves out was met all the same.
    if exact and (len(lines) or len(layout.owner_lines(rows, pids=pids))):
        found.internet = request.internet is not None
        found.addresses.update(range(len(request.addresses)))
    if not len(lines):
        return 0, ()
    if request.terse:
        shown = "".join(f"{pid}\n" for pid in layout.line_pids(rows, lines))
        return 1, (shown.encode(),)
    return 1, _render(request, rows, lines, names)


# ------------------------------------------------------------------------------------ the question


def _note_processes(request: Request, expressions: Sequence[Expression], found: Found) -> None:
    for _ in visit_processes(request, found, expressions):
        pass


def _find_pids(
    request: Request, expressions: Sequence[Expression], found: Found
) -> Collection[int] | None:
    """Return the processes that are looked into, None for all."""
    if not request.names_processes:
        return None
    return {one.facts.pid for one in visit_processes(request, found, expressions)}


def _question(request: Request) -> dict[str, Any]:
    """Return what limits the sockets that can be listed, or that a term could be met by."""
    question: dict[str, Any] = {"protocol": ("tcp", "udp")}
    if request.states or request.not_states:
        asked = {_NUMBERS[name] for name in request.states} or set(range(256))
        question["state"] = sorted(asked - {_NUMBERS[name] for name in request.not_states})
        if not question["state"]:
            question["state"] = [255]  # none
    both = request.every or request.internet is None
    if request.internet and (request.every or not request.addresses):
        question["family"] = f"ipv{request.internet}"
    if request.addresses and both:
        question.update(_common(request.addresses))
    return question


def _common(addresses: Sequence[InternetAddress]) -> dict[str, Any]:
    """Return what every one of these addresses asks for, as terms that take either end."""
    terms: dict[str, Any] = {}
    if all(one.protocol for one in addresses):
        # UDP-Lite has tables of its own, which are read beside: here is nothing to find.
        terms["protocol"] = {one.protocol for one in addresses} & {"tcp", "udp"} or "tcp"
    if all(one.first != -1 for one in addresses):
        terms["port"] = [(one.first, min(one.last, 65535)) for one in addresses]
    if all(one.address is not None for one in addresses):
        terms["address"] = [_text(one.address) for one in addresses if one.address]
    elif all(one.version == 6 for one in addresses):
        terms["family"] = "ipv6"
    return terms


def _text(address: bytes) -> str:
    import socket

    return socket.inet_ntop(socket.AF_INET6, address)


def _scan(request: Request, pids: Collection[int] | None) -> SocketTable | None:
    """Ask for the sockets in our own namespace, as the tables of /proc/net are those of ours."""
    question = _question(request)
    ports = question.get("port")
    if ports is not None:
        question["port"] = [pair for pair in ports if pair[0] <= pair[1]]
        if not question["port"]:  # beyond 65535
            return None
    wanted = wanted_pids(request)
    if pids is not None and wanted is not None:
        return _scan_processes(question, set(pids) & set(wanted))
    if pids is not None and len(pids) <= _FEW:
        return _scan_processes(question, set(pids))
    return conductor.scan(owners=True, held=True, once=_once(request), **question)


def _once(request: Request) -> bool:
    """Return whether one socket of a process says all: only its number is shown."""
    return request.terse and _is_exact(request) and _descriptors(request) is None


def _read_udplite(request: Request) -> SocketTable | None:
    """Return the UDP-Lite sockets that -i may mean, None for none: no engine has them."""
    named = {one.protocol for one in request.addresses}
    if named and named <= {"tcp", "udp"} and (request.every or request.internet is None):
        return None
    question = _question(request)
    if all(first > last for first, last in question.get("port", ((0, 0),))):  # beyond 65535
        return None
    found = proc_tables.read_udplite()
    states = question.get("state")
    if states is not None:
        found = found.select(ALL.with_term("state", states))
    return found if len(found) else None


def _join(table: SocketTable | None, lite: SocketTable) -> SocketTable:
    """Return a table with UDP-Lite's sockets behind the others, and who holds them."""
    from fastsock.table import SocketTable

    owners = conductor.owners()
    both = SocketTable.from_tables([lite] if table is None else [table, lite])
    both.attach_owners(owners, group.OwnerIndex(owners).heads(both, storage.OWNER_UNKNOWN))
    return both


# Up to so many processes are named in the question; among more, all are looked into at once.
_FEW = 64


def _scan_processes(question: dict[str, Any], pids: set[int]) -> SocketTable | None:
    """Ask about processes; those that ended or may not be read have nothing to show."""
    while pids:
        try:
            return conductor.scan(owners=True, pid=sorted(pids), netns=os.getpid(), **question)
        except OwnersHidden as error:
            pids -= set(error.pids)
        except NoSuchProcess:
            pids = {pid for pid in pids if os.path.isdir(f"/proc/{pid}")}
            if not pids:
                return None
    return None


# ---------------------------------------------------------------------------------- exact selection


def _is_exact(request: Request) -> bool:
    """Return whether all that the question brought is selected, and any of it meets the terms."""
    if request.addresses and request.internet is not None:
        return False
    if len(request.addresses) > 1 or request.states:
        return False
    return not any(map(_asks_one_end, request.addresses))


def _select(
    request: Request, table: SocketTable, pids: Collection[int] | None, found: Found
) -> SocketTable:
    """Return the rows that are selected, and note which terms were met."""
    held = set(layout.owner_lines(table, pids=pids).sockets or ())  # by processes looked into
    internet = None
    if request.internet is not None:
        internet = set(range(len(table)))
        if request.internet:
            internet = set(_indices(table, family=f"ipv{request.internet}"))
        found.internet = bool(held & internet)
    addresses = _match_addresses(request, table, held, found) if request.addresses else None
    if internet is None or addresses is None:
        chosen = internet or addresses or set()
    else:
        chosen = internet & addresses if request.every else internet | addresses
    _note_states(request, table, held, found, pids)
    return _pick(table, chosen)


_Rows = set[int]


def _indices(table: SocketTable, **keywords: Any) -> list[int]:
    return list(match.Matcher(build_filter(**keywords)).select(table))


def _pick(table: SocketTable, chosen: _Rows) -> SocketTable:
    if len(chosen) == len(table):
        return table
    return table.pick(storage.Column.from_values("index", "I", sorted(chosen)))


def _match_addresses(request: Request, table: SocketTable, held: _Rows, found: Found) -> _Rows:
    """Return the rows of which an end matches an address of -i.

    An end meets the one that was typed last among those that it matches.
    """
    chosen: _Rows = set()
    if len(request.addresses) == 1 and not _asks_one_end(request.addresses[0]):
        chosen = set(_indices(table, **_common(request.addresses)))
        if chosen & held:
            found.addresses.add(0)
        return chosen
    mapped = {
        end: set(_indices(table, **{f"{end}_address": _MAPPED})) for end in ("local", "remote")
    }
    lite = {
        row
        for row, protocol in enumerate(table.column("protocol"))
        if protocol == proc_tables.IPPROTO_UDPLITE
    }
    for end in ("local", "remote"):
        taken: _Rows = set()
        for place in range(len(request.addresses) - 1, -1, -1):
            one = request.addresses[place]
            terms: dict[str, Any] = {}
            if one.protocol and one.protocol != "udplite":
                terms["protocol"] = one.protocol
            if one.first != -1:
                terms[f"{end}_port"] = [(min(one.first, 65535), min(one.last, 65535))]
                if one.first > 65535:
                    continue
            if one.address is not None:
                terms[f"{end}_address"] = _text(one.address)
            rows = set(_indices(table, **terms))
            if one.protocol == "udplite":
                rows &= lite
            if one.version == 4:
                rows &= mapped[end] | mapped["local" if end == "remote" else "remote"]
            elif one.version == 6:
                rows -= mapped["local"] | mapped["remote"]
            if end == "remote":
                rows -= _without_remote(table, rows)
            new = rows - taken
            if new & held:
                found.addresses.add(place)
            taken |= rows
        chosen |= taken
    return chosen


def _asks_one_end(one: InternetAddress) -> bool:
    """Whether terms must hold at one end, or a version is asked for without an address."""
    return (
        (one.address is not None and one.first != -1)
        or (one.version != 0 and one.address is None)
        or one.protocol == "udplite"
    )


def _without_remote(table: SocketTable, rows: _Rows) -> _Rows:
    """Return which rows have no remote end, as listeners have none."""
    nowhere = _indices(table, remote_port=0, remote_address=["::", "0.0.0.0"])
    return rows.intersection(nowhere)


def _note_states(
    request: Request,
    table: SocketTable,
    held: _Rows,
    found: Found,
    pids: Collection[int] | None,
) -> None:
    """Note which states of -s some socket is in: any socket, whatever its address."""
    if not request.states:
        return
    states = table.column("state")
    numbers = {states[row] for row in held}
    found.states |= {name for name in request.states if _NUMBERS[name] in numbers}
    missing = set(request.states) - found.states - set(request.not_states)
    if not missing or not found.addresses or set(_question(request)) == {"protocol", "state"}:
        return
    for name in sorted(missing):  # the table has only those of the addresses
        beyond = conductor.scan(owners=True, protocol=("tcp", "udp"), state=[_NUMBERS[name]])
        if len(layout.owner_lines(beyond, pids=pids)):
            found.states.add(name)


def _descriptors(request: Request) -> list[tuple[int, int]] | None:
    """Return the ranges of descriptors that -d leaves, None for all."""
    if not request.kinds & DESCRIPTOR:
        return None
    listed = sorted(
        one for one in request.descriptors or request.not_descriptors if not isinstance(one, str)
    )
    most = 2**31 - 1
    if request.descriptors:
        return listed
    left, first = [], 0
    for low, high in listed:
        if low > first:
            left.append((first, low - 1))
        first = max(first, high + 1)
    if first <= most:
        left.append((first, most))
    return left


# ---------------------------------------------------------------------------------------- rendering


def _render(request: Request, rows: SocketTable, lines: Lines, names: Names) -> Iterable[bytes]:
    facts = _read_processes(rows, set(layout.line_pids(rows, lines)))
    if request.fields:
        return _render_fields(request, rows, lines, facts, names)

    def texts(show: Any) -> list[bytes]:
        return [b"" if one is None else show(one).encode() for one in facts]

    cells = [
        Cell(
            "process",
            b"COMMAND",
            texts=texts(lambda one: show_command(one.command, request.command_width)),
        ),
        Cell("pid", b"PID", right=True, before=b" "),
    ]
    if request.show_parent:
        parents = texts(lambda one: str(one.parent))
        cells.append(Cell("process", b"PPID", texts=parents, right=True, before=b" "))
    if request.show_group:
        groups = texts(lambda one: str(one.group))
        cells.append(Cell("process", b"PGID", texts=groups, right=True, before=b" "))
    users = texts(lambda one: show_user(request, one.uid, names.login))
    size = (b"OFFSET", b"0t0") if request.offset_only else (b"SIZE/OFF", b"0t0")
    if request.size_only:
        size = (b"SIZE", b"")
    cells += [
        Cell("process", b"USER", texts=users, right=True, before=b" "),
        Cell("fd", b"FD  ", star=9999, tail=b"u ", right=True, before=b" ", least=6),
        Cell("kind", b"TYPE", names=_TYPES, right=True, before=b" "),
    ]
    if request.flags:
        flags = _read_flags(rows, lines, request.flags)
        cells.append(Cell("given", b"FILE-FLAG", texts=flags, right=True, before=b" "))
    cells += [
        Cell("number", b"DEVICE", column="inode", right=True, before=b" "),
        Cell("text", size[0], text=size[1], right=True, before=b" "),
    ]
    if request.show_links:
        cells.append(Cell("text", b"NLINK", text=b"", right=True, before=b" "))
    cells += [
        Cell("kind", b"NODE", names=_NODES, right=True, before=b" "),
        Cell("join", b"NAME", before=b" ", pieces=_name(request, rows, names) + _state(request)),
    ]
    return layout.render_columns(rows, cells, lines=lines, ending="bare")


def _read_processes(rows: SocketTable, pids: Collection[int]) -> list[Facts | None]:
    """Return what each process of the walk is, as far as it is listed; None for the others."""
    assert rows.processes is not None
    return [
        read_facts(one.pid) or Facts(one.pid, one.command, one.uid) if one.pid in pids else None
        for one in rows.processes
    ]


def _read_flags(rows: SocketTable, lines: Lines, how: str) -> list[bytes]:
    """Return the open flags of each line's descriptor: a file of /proc each, as lsof reads them."""
    from fastsock.files import parse_fdinfo

    assert rows.owners is not None
    pids, fds = rows.owners.column("pid"), rows.owners.column("fd")
    found = []
    for owner in lines.owners or ():
        try:
            with open(f"/proc/{pids[owner]}/fdinfo/{fds[owner]}", "rb", 0) as info:
                flags = parse_fdinfo(info.read(512))[1]
        except OSError:  # closed
            flags = None
        found.append(show_flags(flags, how).encode())
    return found


def _name(request: Request, rows: SocketTable, names: Names) -> list[Cell]:
    hosts: Mapping[bytes, bytes] = {}
    if request.hosts:
        seen = {*rows.column("local_address"), *rows.column("remote_address")}
        hosts = names.hosts(seen.difference(_WILDCARDS))
    ends: dict[str, Any] = {
        "brackets": True,
        "mapped": "plain",
        "any4": b"*",
        "any6": b"*",
        "hosts": hosts,
        "ports": names.services(),
        "no_port": b"*",
        "unless": 0,
    }
    return [
        Cell("endpoint", end="local", **ends),
        Cell("endpoint", end="remote", lead=b"->", **ends),
    ]


def _state(request: Request) -> list[Cell]:
    """Return what stands behind a name: ` (LISTEN QR=0 QS=0)`, of UDP with -T s a blank."""
    states = {number: b"UNKNOWN_TCP_STATE_%d" % number for number in range(256)} | layout.STATES
    tcp, udp = {"protocol": (6,)}, {"protocol": (17, proc_tables.IPPROTO_UDPLITE)}
    state = Cell("named", column="state", names=states, only=tcp, lead=b" (")
    if not request.queues_shown:
        if not request.state_shown:
            return []
        return [state, Cell("text", text=b")", only=tcp), Cell("text", text=b" ", only=udp)]
    queues = [
        Cell("number", column="rx_queue", lead=b"QR="),
        Cell("number", column="tx_queue", lead=b" QS=", tail=b")"),
    ]
    if not request.state_shown:
        return [Cell("text", text=b" ("), *queues]
    return [state, Cell("text", text=b" ", only=tcp), Cell("text", text=b" (", only=udp), *queues]


def _render_fields(
    request: Request,
    rows: SocketTable,
    lines: Lines,
    facts: Sequence[Facts | None],
    names: Names,
) -> Iterable[bytes]:
    asked = set(request.fields)
    sets = [
        []
        if one is None
        else [
            (letter, value)
            for letter, value in process_fields(request, one, b"", names.login, names.wide)
            if value is not None and letter in asked
        ]
        for one in facts
    ]
    process_cells = []
    for letter in "pgRcuL":
        if letter in asked:
            texts = []
            for fields in sets:
                value = dict(fields).get(letter, None)
                text = value.encode() if isinstance(value, str) else value
                texts.append(b"" if text is None else letter.encode() + text)
            process_cells.append(Cell("process", texts=texts))
    all_cells: list[tuple[str, Cell]] = [
        ("f", Cell("fd", star=9999, lead=b"f")),
        ("a", Cell("text", text=b"au")),
        ("l", Cell("text", text=b"l ")),
        ("t", Cell("kind", names=_TYPES, lead=b"t")),
        ("G", Cell("text", text=b"")),
        ("d", Cell("number", column="inode", lead=b"d")),
        ("o", Cell("text", text=b"" if request.size_only else b"o0t0")),
        ("P", Cell("kind", names=_NODES, lead=b"P")),
    ]
    if "G" in asked:
        flags = _read_flags(rows, lines, request.flags)
        all_cells[4] = ("G", Cell("given", texts=flags, lead=b"G"))
    if "n" in asked:
        pieces = [Cell("text", text=b"n"), *_name(request, rows, names)]
        all_cells.append(("n", Cell("join", pieces=pieces)))
    if request.state_shown:
        states = Cell(
            "named", column="state", names=layout.STATES, only={"protocol": (6,)}, lead=b"TST="
        )
        all_cells.append(("T", states))
    if request.queues_shown:
        all_cells.append(("T", Cell("number", column="rx_queue", lead=b"TQR=")))
        all_cells.append(("T", Cell("number", column="tx_queue", lead=b"TQS=")))
    file_cells = [cell for letter, cell in all_cells if letter in asked]
    set_end = b"\n" if request.end == b"\0" else b""
    return layout.render_fields(
        rows, process_cells, file_cells, lines=lines, end=request.end, set_end=set_end
    )
