"""`fastsock netstat …`: the command line and the listing of netstat(8), net-tools 2.10.

Sockets come from the cheapest engine that knows what is asked; raw and UDP-Lite sockets, which no
table of ours holds, from /proc alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from fastsock import conductor
from fastsock.compat import proc_tables
from fastsock.compat.netstat_flags import Options, Refused, parse_command_line
from fastsock.compat.reply import Reply
from fastsock.errors import escape
from fastsock.filter import ALL
from fastsock.implementation import group, match, table as storage
from fastsock.layout import STATES, Cell, Lines, kind_rows, render_columns
from fastsock.processes import read_first_argument
from fastsock.tcp import FAMILIES, TCP, TIMERS, TYPES, UDP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock._table import SocketRows
    from fastsock.table import SocketTable

IPV4, IPV6 = FAMILIES["ipv4"], FAMILIES["ipv6"]

PROGRAM_WIDTH = 20  # of the column; the text has one character less
ADDRESS_WIDTH = 23

# In the order in which netstat lists them.
_KINDS = [(protocol, family) for protocol in (TCP, UDP) for family in (IPV4, IPV6)]

_NO_ADDRESS = {IPV4: bytes(10) + b"\xff\xff" + bytes(4), IPV6: bytes(16)}

_TIMERS = {number: name.encode() for number, name in enumerate(TIMERS)}
_UDP_STATES = dict.fromkeys(range(256), b"UNKNOWN") | {
    State.ESTABLISHED: b"ESTABLISHED",
    State.CLOSE: b"",
}
_UNIX_STATES = {State.LISTEN: b"LISTENING", State.ESTABLISHED: b"CONNECTED", State.CLOSE: b""}
_UNIX_TYPES = dict.fromkeys(range(256), b"UNKNOWN") | {
    number: name.upper().encode() for name, number in TYPES.items()
}

# The tables that only /proc has: which flag asks for one, its file and what is printed.
_PROC_ONLY = tuple(
    (flag, file, family, printed)
    for flag, tables, names_printed in (
        ("udplite", proc_tables.UDPLITE, (b"udpl", b"udpl6")),
        ("raw", proc_tables.RAW, (b"raw", b"raw6")),
    )
    for (file, family), printed in zip(tables, names_printed, strict=True)
)

_NOBODY = '(No info could be read for "-p": geteuid()={uid} but you should be root.)'
_NOT_ALL = (
    "(Not all processes could be identified, non-owned process info\n"
    " will not be shown, you would have to be root to see it all.)"
)


def run(words: Sequence[str], procfs: str = "/proc") -> Reply:
    """Answer a command line of netstat."""
    try:
        options = parse_command_line(words)
    except Refused as refused:
        return refused.reply
    internet = unix = None
    if options.internet:
        internet = _scan_internet(options, procfs)
    if options.unix:
        unix = conductor.scan(
            protocol="unix",
            fields=("refcount", "type", "path"),
            owners=options.programs,
            procfs=procfs,
        )
    seen = next((table for table in (internet, unix) if table is not None), None)
    complaints = _complain_of_owners(seen) if options.programs and seen is not None else []
    lacking: list[str] = []
    return Reply(
        _sections(options, procfs, internet, unix, lacking),
        code=lambda: 1 if lacking else 0,
        complaints=complaints,
        afterwards=lacking,
    )


def _scan_internet(options: Options, procfs: str) -> SocketTable | None:
    protocols = [name for name in ("tcp", "udp") if getattr(options, name)]
    families = [
        family for flag, family in (("inet", "ipv4"), ("inet6", "ipv6")) if getattr(options, flag)
    ]
    if not protocols:
        return None
    question: dict[str, Any] = {}
    if options.listening and not options.all and procfs == "/proc":
        # Who has no peer is in one of these states, and few are; a made tree may say anything.
        question["state"] = ("listen", "close")
    return conductor.scan(
        protocol=protocols,
        family=families,
        fields=("timeout",) if options.timers else (),
        owners=options.programs,
        procfs=procfs,
        **question,
    )


def _complain_of_owners(table: SocketTable) -> list[str]:
    """Say what netstat says when it may not look into processes."""
    if not any(entry["what"] == "processes" for entry in table.incomplete):
        return []
    return [_NOT_ALL if table.owners else _NOBODY.format(uid=os.geteuid())]


def _sections(
    options: Options,
    procfs: str,
    internet: SocketTable | None,
    unix: SocketTable | None,
    lacking: list[str],
) -> Iterator[bytes]:
    """Yield the listing; it ends at a protocol that was named and that the kernel lacks."""
    if options.internet:
        yield _internet_header(options)
        if internet is not None:
            yield from render_columns(
                internet,
                _internet_cells(options, internet, procfs),
                lines=_choose_internet(options, internet),
                header=False,
                ending="bare" if options.timers else "padded",
            )
        yield from _proc_only(options, procfs, lacking)
    if unix is not None and not lacking:
        yield _unix_header(options)
        yield from render_columns(
            unix,
            _unix_cells(options, unix, procfs),
            lines=_choose_unix(options, unix),
            header=False,
            ending="bare",
        )


def _which(options: Options) -> bytes:
    if options.all:
        return b"(servers and established)"
    return b"(only servers)" if options.listening else b"(w/o servers)"


def _internet_header(options: Options) -> bytes:
    line = b"Active Internet connections " + _which(options) + b"\nProto Recv-Q Send-Q "
    line += b"%-23b %-23b %-11b" % (b"Local Address", b"Foreign Address", b"State")
    if options.extend:
        line += b" %-10b %-10b" % (b"User", b"Inode")
    if options.programs:
        line += b" %-20b" % b"PID/Program name"
    return line + (b" Timer" if options.timers else b"") + b"\n"


def _unix_header(options: Options) -> bytes:
    line = b"Active UNIX domain sockets " + _which(options)
    line += b"\nProto RefCnt Flags       Type       State         I-Node  "
    if options.programs:
        line += b" %-20b" % b"PID/Program name"
    return line + b" Path\n"


# -- which rows


def _choose_internet(options: Options, table: SocketTable) -> Lines | None:
    """Choose by the other end, as netstat does: a port for TCP, an address for UDP.

    TCP comes before UDP, IPv4 before IPv6.
    """
    protocols, families = bytes(table.column("protocol")), bytes(table.column("family"))
    in_order = _in_order(protocols, families)
    if options.all:
        return None if in_order else Lines(kind_rows(table, _KINDS))
    chosen: list[int] = []
    for protocol, family in _KINDS:
        want = ALL.with_term("protocol", [protocol]).with_term("family", [family])
        if protocol == TCP:
            ports = [(0, 0)] if options.listening else [(1, 65535)]
            want = want.with_term("remote_port", ports)
        rows = match.Matcher(want).select(table).tolist()
        if protocol == UDP and rows:
            addresses, none = table.column("remote_address"), _NO_ADDRESS[family]
            rows = [n for n in rows if (addresses[n] != none) != options.listening]
        chosen += rows
    return Lines(chosen)


def _in_order(protocols: bytes, families: bytes) -> bool:
    first = protocols.count(TCP)
    if protocols != b"%c" % TCP * first + b"%c" % UDP * (len(protocols) - first):
        return False
    return all(
        part == b"%c" % IPV4 * part.count(IPV4) + b"%c" % IPV6 * part.count(IPV6)
        for part in (families[:first], families[first:])
    )


def _choose_unix(options: Options, table: SocketTable) -> Lines | None:
    if options.all:
        return None
    listens = [
        state == State.LISTEN and inode != 0
        for state, inode in zip(table.column("state"), table.column("inode"), strict=True)
    ]
    return Lines([n for n, one in enumerate(listens) if one == options.listening])


# -- the cells


def _internet_cells(options: Options, table: SocketTable, procfs: str) -> list[Cell]:
    kinds = {
        (TCP, IPV4, 0): b"tcp",
        (TCP, IPV6, 0): b"tcp6",
        (UDP, IPV4, 0): b"udp",
        (UDP, IPV6, 0): b"udp6",
    }
    ports: Mapping[tuple[int, int], bytes] = {}
    if not options.numeric_ports:
        from fastsock.names import service_names

        ports = service_names()
    state = _printed(
        "join",
        11,
        pieces=[
            Cell("named", column="state", names=STATES, only={"protocol": (TCP,)}),
            Cell("named", column="state", names=_UDP_STATES, only={"protocol": (UDP,)}),
        ],
    )
    return [
        *_ends(options, table, kinds, ports),
        state,
        *_more_cells(options, table, procfs),
    ]


def _ends(
    options: Options,
    table: SocketRows,
    kinds: Mapping[tuple[int, int, int], bytes],
    ports: Mapping[tuple[int, int], bytes],
) -> list[Cell]:
    hosts = {} if options.numeric_hosts else _host_names(table)
    cells = [
        Cell("kind", names=kinds, least=6, measured=False),
        Cell("number", column="rx_queue", right=True, least=6, measured=False),
        Cell("number", column="tx_queue", right=True, before=b" ", least=6, measured=False),
    ]
    for end in ("local", "remote"):
        cells.append(
            Cell(
                "endpoint",
                end=end,
                mapped="plain",
                any6=None if options.numeric_hosts else b"[::]",
                hosts=hosts,
                ports=ports,
                before=b" ",
                least=ADDRESS_WIDTH,
                measured=False,
                most=0 if options.wide else ADDRESS_WIDTH - 1,
            )
        )
    return cells


def _host_names(table: SocketRows) -> dict[bytes, bytes]:
    addresses = {*table.column("local_address"), *table.column("remote_address")}
    from fastsock.names import host_names

    return host_names(addresses.difference(_NO_ADDRESS.values()))


def _more_cells(options: Options, table: SocketRows, procfs: str) -> list[Cell]:
    """The cells behind the state: -e, -p, -o."""
    cells = []
    if options.extend:
        users = {} if options.numeric_users else _user_names(table)
        cells.append(_printed("named", 10, column="uid", names=users))
        cells.append(_printed("number", 10, column="inode"))
    if options.programs:
        cells.append(_program_cell(table, procfs))
    if options.timers:
        cells.append(Cell("netstat_timer", names=_TIMERS, before=b" "))
    return cells


def _printed(kernel: str, least: int, **parameters: Any) -> Cell:
    """A column as printf(3) makes it: as wide as it says, or as its text is long."""
    return Cell(kernel, least=least, measured=False, before=b" ", **parameters)


def _user_names(table: SocketRows) -> dict[int, bytes]:
    from fastsock.users import user_name

    # getpwuid(3) does not know a name that is the number, nor would it change what is printed.
    return {uid: escape(user_name(uid)).encode() for uid in set(table.column("uid"))}


def _program_cell(table: SocketRows, procfs: str) -> Cell:
    assert table.owners is not None
    texts = [_program(procfs, process.pid) for process in table.owners.processes]
    return _printed("owner", PROGRAM_WIDTH, texts=texts)


def _program(procfs: str, pid: int) -> bytes:
    """`12/nginx`: the program's name by argv[0], escaped, cut to the column."""
    called = read_first_argument(f"{procfs}/{pid}")[:511]
    if called.startswith(b"/"):
        called = called.rpartition(b"/")[2]
    return (b"%d/" % pid + escape(called).encode())[: PROGRAM_WIDTH - 1]


def _unix_cells(options: Options, table: SocketTable, procfs: str) -> list[Cell]:
    flags = dict.fromkeys(range(256), b"[ ]") | {State.LISTEN: b"[ ACC ]"}
    instead = _states_without_inode(options, table)
    cells = [
        Cell("text", text=b"unix", least=5, measured=False),
        _printed("number", 6, column="refcount"),
        _printed("named", 11, column="state", names=flags),
        _printed("named", 10, column="type", names=_UNIX_TYPES),
        _printed("named", 13, column="state", names=_UNIX_STATES, instead=instead),
        _printed("number", 8, column="inode"),
    ]
    if options.programs:
        cells.append(_program_cell(table, procfs))
    return [*cells, Cell("path", before=b" ", unnamed=b"", plain=_PLAIN_PATH, escape=_clean_path)]


def _states_without_inode(options: Options, table: SocketTable) -> list[bytes | None] | None:
    """Those that nobody has accepted yet, or that are being closed, have no inode."""
    inodes = table.column("inode").tolist()
    if 0 not in inodes:
        return None
    states = table.column("state").tolist()
    chosen = _choose_unix(options, table)
    lines = range(len(table)) if chosen is None or chosen.sockets is None else chosen.sockets
    names = {True: b"CONNECTING", False: b"DISCONNECTING"}
    return [None if inodes[n] else names[states[n] == State.ESTABLISHED] for n in lines]


# netstat reads a path up to the first blank.
_PLAIN_PATH = bytes([32 < n < 127 for n in range(256)])


def _clean_path(path: bytes) -> bytes:
    shown = path.replace(b"\0", b"@").split(None, 1)
    return escape(shown[0]).encode() if shown and not path[:1].isspace() else b""


# -- tables that only /proc has


def _proc_only(options: Options, procfs: str, lacking: list[str]) -> Iterator[bytes]:
    if not any(getattr(options, flag) for flag, *_ in _PROC_ONLY):
        return
    for flag, file, family, name in _PROC_ONLY:
        if not getattr(options, flag) or not (options.inet if family == IPV4 else options.inet6):
            continue
        table = proc_tables.read_inet(f"{procfs}/net/{file}", family, fields=("timeout",))
        if table is None:
            if options.by_name and family == IPV4:
                lacking.append(f"netstat: no support for `AF INET ({file})' on this system.")
                return
            continue
        chosen = [
            n
            for n, address in enumerate(table.column("remote_address"))
            if options.all or (address != _NO_ADDRESS[family]) != options.listening
        ]
        if chosen:
            yield from render_columns(
                _with_owners(options, table, procfs),
                _proc_only_cells(options, table, procfs, family, name),
                lines=Lines(chosen),
                header=False,
                ending="bare" if options.timers else "padded",
            )


def _with_owners(options: Options, table: SocketRows, procfs: str) -> SocketRows:
    if options.programs:
        owners = conductor.owners(procfs=procfs)
        heads = group.OwnerIndex(owners).heads(table, storage.OWNER_UNKNOWN)
        table.attach_owners(owners, heads)
    return table


def _proc_only_cells(
    options: Options, table: SocketRows, procfs: str, family: int, name: bytes
) -> list[Cell]:
    is_raw = name.startswith(b"raw")
    ports: Mapping[tuple[int, int], bytes] = {}
    if not options.numeric_ports:
        ports = _protocol_ports() if is_raw else {}
    state = _printed("named", 11, column="state", names={} if is_raw else _UDP_STATES)
    return [
        *_ends(options, table, {(UDP, family, 0): name}, ports),
        state,
        *_more_cells(options, table, procfs),
    ]


def _protocol_ports() -> dict[tuple[int, int], bytes]:
    """The port of a raw socket is its protocol, which has a name in the place of a service's."""
    from fastsock import names

    return {(UDP, number): name for number, name in names.protocol_names().items()}
