"""`fastsock ss …`: the command line of ss(8), answered from our tables in ss's own columns.

    State     Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
    LISTEN    0      128        127.0.0.1:5000       0.0.0.0:*     users:(("nginx",pid=12,fd=6))

Columns, widths and order are those of the release of iproute2 that --compat-version names; the
newest one's by default. The environment is read as ss reads it: PROC_ROOT (a tree in the place of
/proc), TCPDIAG_FILE (what `ss -D` wrote), PROC_NET_SOCKSTAT and PROC_NET_SNMP, COLUMNS.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock import layout
from fastsock.compat import ss_flags
from fastsock.compat.reply import Reply
from fastsock.compat.ss_flags import Options, Stop
from fastsock.expression_ss import MPTCP, OTHER, RAW
from fastsock.implementation import group, table as storage
from fastsock.layout import Cell, Lines
from fastsock.tcp import FAMILIES, TCP, TYPES, UDP, UNIX, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.compat.ss_others import Other
    from fastsock.expression import Expression
    from fastsock.table import Column, OwnerTable, SocketTable

    Rows = Column | list[int] | None  # what is listed in which order; None: all as it came

# ss's tables by ours.
PROTOCOLS: dict[str, int] = {"tcp": TCP, "udp": UDP, **dict.fromkeys(ss_flags.UNIX_TABLES, UNIX)}
UNIX_TYPES = {
    "unix_stream": TYPES["stream"],
    "unix_dgram": TYPES["dgram"],
    "unix_seqpacket": TYPES["seqpacket"],
}
IPV4, IPV6, LOCAL = (FAMILIES[name] for name in ("ipv4", "ipv6", "unix"))
FAMILY_NUMBERS = {
    ss_flags.INET: IPV4,
    ss_flags.INET6: IPV6,
    ss_flags.UNIX: LOCAL,
    ss_flags.LINK: 17,
    ss_flags.NETLINK: 16,
    ss_flags.VSOCK: 40,
    ss_flags.TIPC: 30,
    ss_flags.XDP: 44,
}
FAMILY_WORDS = {number: word for word, number in FAMILY_NUMBERS.items()}

NETIDS = {
    **{(TCP, family, 0): b"tcp" for family in (IPV4, IPV6)},
    **{(UDP, family, 0): b"udp" for family in (IPV4, IPV6)},
    **{(UNIX, LOCAL, kind): b"u_dgr" for kind in range(256)},
    (UNIX, LOCAL, TYPES["stream"]): b"u_str",
    (UNIX, LOCAL, TYPES["seqpacket"]): b"u_seq",
}
STATES = {0: b"UNKNOWN", **layout.SS_STATES}
TIMERS = {0: b"off", 1: b"on", 2: b"keepalive", 3: b"timewait", 4: b"persist"}
SHUTDOWN = {4: b"<->", 5: b"-->", 6: b"<--", 7: b"---"}  # what is shut loses its tip

# Of whom sock_diag tells all that it tells of TCP.
INET = {"protocol": (TCP, UDP, RAW, MPTCP)}
KINDS = [(protocol, family) for protocol in (UDP, TCP) for family in (IPV4, IPV6)]
CLONE_NEWNET = 0x40000000
CHUNKS = 5  # after so many MiB ss begins anew to measure

# Kernel's name of a protocol → the tables of ss that would list it, and of which states.
ELSEWHERE = {
    "SCTP": ("sctp",),
    "SCTPv6": ("sctp",),
    "VSOCK": ("vsock_stream", "vsock_dgram"),
    "AF_VSOCK": ("vsock_stream", "vsock_dgram"),
    "XDP": ("xdp",),
}

# All of these are in CLOSE, whatever they do.
NEVER_CONNECTED = frozenset(("XDP",))

# Files that ss would read in the place of one of /proc's.
NOT_READ = tuple(f"PROC_NET_{name}" for name in ("TCP", "TCP6", "UDP", "UDP6", "UNIX"))


def run(words: Sequence[str]) -> Reply:
    """Return what `ss WORDS` would print, its complaints and its exit code."""
    try:
        return _run(list(words))
    except Stop as stop:
        return Reply([stop.output.encode()], stop.code, stop.complaints)


def _run(words: list[str]) -> Reply:
    options = ss_flags.parse_command_line(words)
    complaints: list[str] = []
    blocks: list[Iterable[bytes]] = []
    if options.summary:
        text, missing = _summary(options)
        complaints += missing
        blocks.append([text.encode()])
    if options.tables:  # else -s was all
        for name in NOT_READ:
            if name in os.environ:
                ss_flags.refuse(f"the variable {name}")
        expression = _parse_filter(options)
        table = _scan(options, expression, complaints)
        complaints += _not_shown(options, table)
        others: list[Other] = []
        if options.tables & ss_flags.OTHERS:
            table, others = _add_others(options, expression, table)
        blocks.append(_render(options, table, others))
    return Reply(_chain(blocks), 0, complaints)


def _chain(blocks: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    for some in blocks:
        yield from some


# ------------------------------------------------------------------------------------- the question


def _root() -> str | None:
    """Return the tree that stands in the place of /proc; None where there is none."""
    return os.environ.get("PROC_ROOT")


def _parse_filter(options: Options) -> Expression | None:
    """Return the filter behind the flags; Stop as ss would, None without one."""
    if not options.words and options.filter_file is None:
        return None
    from fastsock.errors import SsFilterError
    from fastsock.expression import parse_expression

    lines = _read_filter(options.filter_file)
    protocols = {PROTOCOLS[name] for name in options.tables if name in PROTOCOLS}
    if options.tables & ss_flags.OTHERS:
        protocols.add(OTHER)
    try:
        expression = parse_expression(
            options.words,
            language="ss",
            lines=lines,
            protocols=protocols,
            family=FAMILY_NUMBERS.get(options.preferred),
            kernel=_root() is None,
        )
    except SsFilterError as error:
        usage = [ss_flags.render_usage().rstrip("\n")] if error.shows_usage else []
        raise Stop(error.code, *error.complaints, *usage) from None
    if expression.family is not None:
        options.narrow(FAMILY_WORDS[expression.family])
    return expression if expression.steps else None


def _read_filter(name: str | None) -> list[str]:
    if name is None:
        return []
    try:
        if name.startswith("-"):
            return sys.stdin.read().splitlines()
        with open(name, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except OSError as error:
        raise Stop(ss_flags.BAD_SYNTAX, f"fopen filter file: {error.strerror}") from None


def plan_question(options: Options, *, tree: bool = False) -> dict[str, Any]:
    """Return the keywords of the one scan that the tables of `options` need; none for no table.

    Nobody is asked for more than what is shown: neither owners without -p, nor a connection where
    listeners are wanted. `tree`: it is about a tree of files, which tell less.
    """
    shown = options.families & {ss_flags.INET, ss_flags.INET6} if tree else options.shown_families
    families = [FAMILY_NUMBERS[name] for name in sorted(shown)]
    protocols = {PROTOCOLS[name] for name in options.tables if name in PROTOCOLS}
    if not families:
        protocols -= {TCP, UDP}
    if ss_flags.UNIX in options.families:
        families.append(LOCAL)
    else:
        protocols -= {UNIX}
    if not protocols:
        return {}
    question: dict[str, Any] = {"protocol": sorted(protocols)}
    if len(protocols - {UNIX}) and not {IPV4, IPV6} <= set(families):
        question["family"] = families
    states = [int(state) for state in State if options.states & 1 << state]
    if len(states) < len(State):
        question["state"] = states
    question["owners"] = shows_users(options)
    question["fields"] = plan_fields(options, protocols, tree)
    return question


def plan_fields(options: Options, protocols: Iterable[int], tree: bool) -> list[str]:
    """Return the optional columns that are shown."""
    fields = []
    if UNIX in protocols:
        fields += ["type", "path"] if tree else ["type", "path", "peer"]
    if options.timers:
        fields.append("timeout")
    if tree:
        return fields
    fields += ["interface", "v6only"]
    if options.details:
        fields += ["mark", "shutdown"]
    if options.details or options.cgroup:
        fields.append("socket_cgroup")
    if options.memory:
        fields.append("skmem")
    if options.info:
        fields += ["tcp_info", "congestion"]
    if has_texts(options, protocols):
        fields.append("attributes")
    return fields


def has_texts(options: Options, protocols: Iterable[int]) -> bool:
    """Whether rows end with what is put into words one by one."""
    unix_details = options.details and UNIX in protocols
    return options.memory or options.info or options.socket_options or unix_details


def shows_users(options: Options) -> bool:
    """Whether somebody sees who holds a socket: not where the column is left out."""
    return options.processes or (options.threads and options.has_process_column)


def _scan(options: Options, expression: Expression | None, complaints: list[str]) -> SocketTable:
    """Return the sockets that are shown; they are put in order when they are written."""
    from fastsock import conductor
    from fastsock.errors import NoSuchNamespace
    from fastsock.table import SocketTable

    root = _root()
    dump = os.environ.get("TCPDIAG_FILE") if "tcp" in options.tables else None
    question = plan_question(options, tree=root is not None)
    if not question:
        every = (TCP, UDP, UNIX)
        return SocketTable.from_tables([], plan_fields(options, every, root is not None))
    where: dict[str, Any] = {}
    if root is not None:
        where["procfs"] = root.rstrip("/") or "/"
    if options.netns:
        where["netns"] = options.netns
    question.update(where)
    terms = () if expression is None else (expression,)
    try:
        if dump is not None and TCP in question["protocol"]:
            return _with_dump(options, terms, question, dump, complaints)
        table = conductor.scan(*terms, **question) if question.get("state") != [] else None
        if root is None and asks_bound(options, question):
            return _with_bound(table, terms, question)
        return table or SocketTable.from_tables([], question["fields"])
    except NoSuchNamespace:
        raise _no_namespace(options.netns, os.strerror(errno.ENOENT)) from None


def asks_bound(options: Options, question: Mapping[str, Any]) -> bool:
    """Whether TCP's sockets are shown that are bound and do nothing else.

    Since 6.8 ss takes them for connected ones, too.
    """
    return TCP in question["protocol"] and bool(options.states & 1 << ss_flags.BOUND_INACTIVE)


def _with_bound(
    table: SocketTable | None, terms: tuple[Expression, ...], question: dict[str, Any]
) -> SocketTable:
    """Return a table with TCP's bound sockets behind its own rows, if there are other rows."""
    from fastsock import conductor
    from fastsock.table import SocketTable

    asked = {**question, "protocol": [TCP]}
    asked["state"] = [State.CLOSE, ss_flags.BOUND_INACTIVE]
    if table is None:
        return conductor.scan(*terms, **asked)
    bound = conductor.scan(*terms, **asked | {"owners": False})
    if not len(bound):
        return table
    both = SocketTable.from_tables([table, bound], question["fields"])
    both.undecoded = table.undecoded
    return both if table.owners is None else _attach(both, table.owners)


def _attach(table: SocketTable, owners: OwnerTable) -> SocketTable:
    heads = group.OwnerIndex(owners).heads(table, storage.OWNER_UNKNOWN)
    table.attach_owners(owners, heads)
    return table


def _add_others(
    options: Options, expression: Expression | None, table: SocketTable
) -> tuple[SocketTable, list[Other]]:
    """Return a table with the sockets of further families behind its own, and what these say."""
    from fastsock import conductor
    from fastsock.compat import ss_others
    from fastsock.names import interface_names, protocol_names
    from fastsock.table import SocketTable

    root = _root()

    def read() -> tuple[ss_others.Others, dict[int, bytes]]:
        found = ss_others.read_others(options, root, os.environ)
        return found, interface_names() if any(row.get("interface") for row in found.rows) else {}

    elsewhere = options.netns and root is None
    found, interfaces = _elsewhere(options.netns, read) if elsewhere else read()
    chosen = ss_others.select_rows(found, expression, table.fields)
    if not len(chosen):
        return table, []
    both = SocketTable.from_tables([table, chosen], table.fields)
    both.undecoded = table.undecoded
    if shows_users(options):
        owners = table.owners
        if owners is None or any(chosen.column("inode")):
            owners = conductor.owners(procfs=(root or "/proc").rstrip("/") or "/")
        both = _attach(both, owners)
    naming = ss_others.Naming(
        options.numeric,
        {} if options.numeric else protocol_names(),
        interfaces,
        _services(options),
        lambda pid: ss_others.name_process(
            root or "/proc", pid, lambda command: name_command(command, options.version)
        ),
    )
    return both, list(ss_others.name_others(found, options, naming))


def _with_dump(
    options: Options,
    terms: tuple[Expression, ...],
    question: dict[str, Any],
    path: str,
    complaints: list[str],
) -> SocketTable:
    """Return the sockets of a file in the place of TCP's: whatever flags say of states."""
    from fastsock import conductor
    from fastsock.engines.dump_file import read_dump
    from fastsock.errors import DumpError
    from fastsock.table import SocketTable

    if options.memory or options.info:
        # Nobody asks for one of them only: both are shown as far as the file has them.
        both = (*question["fields"], "skmem", "tcp_info", "congestion")
        question["fields"] = list(dict.fromkeys(both))
    fields = question["fields"]
    with_owners = question.pop("owners")
    tables = []
    question["protocol"] = [one for one in question["protocol"] if one != TCP]
    if question["protocol"]:
        tables.append(conductor.scan(*terms, **question))
    try:
        # ss ends where the first dump in it does: of `ss -D FILE` that is the one of IPv4.
        found = read_dump(path, fields=fields, dumps=1)
        tables.append(found.select(*terms) if terms else found)
        complaints += [f"fastsock ss: {one['reason']}" for one in found.incomplete]
    except DumpError as error:
        complaints.append(f"fastsock ss: {error}")
    except OSError as error:
        complaints.append(f"fopen($TCPDIAG_FILE): {error.strerror}")
    table = SocketTable.from_tables(tables, fields)
    if with_owners:
        owners = conductor.owners(procfs=question.get("procfs", "/proc"))
        return _attach(table, owners)
    return table


def _not_shown(options: Options, table: SocketTable) -> list[str]:
    """Say which sockets ss would list beside: of tables that were not named, and that we lack."""
    unconnected = options.states & 1 << State.CLOSE
    counted = {
        name: count
        for name, count in table.undecoded.items()
        if count
        and options.tables.intersection(ELSEWHERE.get(name, ()))
        and (unconnected or name not in NEVER_CONNECTED)
    }
    if not counted:
        return []
    listed = ", ".join(f"{count} of {name}" for name, count in sorted(counted.items()))
    return [f"fastsock ss: there are sockets that it does not list: {listed}"]


# ----------------------------------------------------------------------------------------- the rows


def order_rows(table: SocketTable, options: Options) -> Rows:
    """Return the rows that are shown in ss's order: UNIX, UDP, TCP, of each IPv4 first.

    None where that is the order that they have. Of a tree UNIX sockets come by type and inode.
    """
    protocols, families = (bytes(table.column(name)) for name in ("protocol", "family"))
    kinds = {UNIX_TYPES[name] for name in options.tables if name in UNIX_TYPES}
    if UNIX not in protocols:
        return None if _is_ordered(protocols, families) else layout.kind_rows(table, KINDS)
    unix: list[int] = layout.kind_rows(table, [(UNIX, LOCAL)]).tolist()
    types = table.column("type")
    if len(kinds) < len(UNIX_TYPES):
        unix = [n for n in unix if types[n] in kinds]
    if _root() is not None:
        inodes = table.column("inode")
        unix.sort(key=lambda n: (types[n], inodes[n]))
    return [*unix, *layout.kind_rows(table, KINDS)]


def _is_ordered(protocols: bytes, families: bytes) -> bool:
    """Whether all is of one protocol, and IPv4 is in front."""
    if len(set(protocols)) > 1:
        return False
    first = families.count(IPV4)
    return families.find(IPV6) in (-1, first)


def _render(options: Options, table: SocketTable, others: Sequence[Other]) -> Iterable[bytes]:
    screen = _screen(options)
    stripped = options.version >= ss_flags.ENDS_STRIPPED and screen is None
    rows = order_rows(table, options)
    if others:
        from fastsock.compat.ss_others import place_rows

        rows = place_rows(table, len(table) - len(others), rows)
    cells = _cells(options, table, rows, others)
    blocks: Iterable[bytes] = layout.render_columns(
        table,
        cells,
        lines=None if rows is None else Lines(rows, None),
        header=options.header,
        ending="stripped" if stripped else "padded",
        chunks=CHUNKS,
        screen=screen,
    )
    return blocks


def _screen(options: Options) -> int | None:
    """Return over how many columns ss spreads its own: None where nobody looks."""
    try:
        if os.isatty(1) and (columns := os.get_terminal_size(1).columns) > 0:
            return columns
    except OSError:  # standard output is closed
        pass
    if options.version >= ss_flags.COLUMNS_READ:
        text = os.environ.get("COLUMNS", "").strip()
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        if digits and int(digits) > 0:
            return int(digits)
    return None


# ---------------------------------------------------------------------------------------- the cells


class Instead:
    """What stands in the place of a table's own texts, by line: of an Other, None for its own."""

    __slots__ = ("lines",)

    def __init__(self, table: SocketTable, rows: Rows, others: Sequence[Other]) -> None:
        first = len(table) - len(others)
        self.lines = [None if n < first else others[n - first] for n in rows or ()]

    def texts(self, name: str) -> list[bytes | None] | None:
        """Return one text of each line; None where there is nobody's."""
        if not any(self.lines):
            return None
        return [None if one is None else getattr(one, name) for one in self.lines]


def _cells(
    options: Options, table: SocketTable, rows: Rows, others: Sequence[Other] = ()
) -> list[Cell]:
    tree = _root() is not None
    instead = Instead(table, rows if others else None, others)
    made = []
    if options.shows_netid:
        made.append(Cell("kind", b"Netid", names=NETIDS, instead=instead.texts("netid")))
    if options.shows_state:
        made.append(
            Cell("named", b"State", column="state", names=STATES, other="nothing", before=b" ")
        )
    if options.queues:
        queue = Cell("number", b"Recv-Q", column="rx_queue", before=b" ", least=6)
        made += [queue, Cell("backlog", b"Send-Q", before=b" ", least=6)]
    names = _names(options, table)
    interfaces = _interfaces(options, table)
    ends: list[tuple[str, bytes, Cell | None, Cell | None]]
    ends = [("local", b"Local Address:", None, None), ("remote", b"Peer Address:", None, None)]
    if "path" in table.fields:
        path, star = Cell("path", unnamed=b"*", tail=b" "), Cell("text", text=b"* ")
        peer = Cell("text", text=b"0") if tree else Cell("number", column="peer", unknown=b"0")
        ends[0] = (*ends[0][:2], path, Cell("number", column="inode"))
        ends[1] = (*ends[1][:2], star, peer)
    for end, above, unix, number in ends:
        here = interfaces if end == "local" else {}
        address = Cell(
            "address",
            above,
            end=end,
            brackets=True,
            any6=b"*",
            hosts=names.hosts,
            interfaces=here,
            unix=unix,
            before=b" ",
            tail=b":",
            right=True,
            instead=instead.texts(end),
        )
        port = Cell(
            "port",
            b"Port",
            end=end,
            ports=names.services,
            unix=number,
            instead=instead.texts(f"{end}_port"),
        )
        made += [address, port]
    users = _users(options, table, rows)
    extras = _extras(options, table, rows, instead)
    if others:
        texts = [one.extra if one else b"" for one in instead.lines]
        extras.append(Cell("given", texts=texts))
    if options.version < ss_flags.PROCESS_ON_REQUEST:
        return [*made, Cell("join", b"Process", pieces=[*users, *extras])]
    if options.has_process_column:
        made.append(Cell("join", b"Process", pieces=users))
    return [*made, Cell("join", pieces=extras)]


class Names:
    """What is written in the place of addresses and ports."""

    __slots__ = ("hosts", "services")

    def __init__(self) -> None:
        self.hosts: Mapping[bytes, bytes] = {}
        self.services: Mapping[tuple[int, int], bytes] = {}


def _names(options: Options, table: SocketTable) -> Names:
    """Look up names, where ss would: of services without -n, of hosts with -r."""
    found = Names()
    found.services = _services(options)
    if options.resolve:
        from fastsock.names import host_names

        addresses = {*table.column("local_address"), *table.column("remote_address")}
        found.hosts = host_names(bytes(address) for address in addresses)
    return found


def _services(options: Options) -> dict[tuple[int, int], bytes]:
    if options.numeric:
        return {}
    from fastsock.names import service_names

    low, high = read_ephemeral(_root() or "/proc", os.environ)
    return {
        (protocol, port): name
        for (protocol, port), name in service_names().items()
        if not low <= port <= high
    }


def read_ephemeral(root: str, environment: Mapping[str, str]) -> tuple[int, int]:
    """Return the ports that connections take, which ss gives no names (ip_local_port_range)."""
    path = environment.get("PROC_IP_LOCAL_PORT_RANGE")
    try:
        with open(path or f"{root}/sys/net/ipv4/ip_local_port_range", "rb") as file:
            low, high = map(int, file.read(64).split()[:2])
    except (OSError, ValueError):  # a tree without it: what ss takes then
        return 1024, 4999
    return low, high


def _interfaces(options: Options, table: SocketTable) -> dict[int, bytes]:
    """Return the names of interfaces by index, where a socket is bound to one."""
    if "interface" not in table.fields or not bytes(table.column("interface")).strip(b"\0"):
        return {}
    from fastsock.names import interface_names

    names: dict[int, bytes] = (
        _elsewhere(options.netns, interface_names) if options.netns else interface_names()
    )
    return {
        index: names.get(index, b"if%d" % index)
        for index in set(table.column("interface"))
        if index
    }


def _users(options: Options, table: SocketTable, rows: Rows) -> list[Cell]:
    if table.owners is None:
        return []
    if options.threads:
        from fastsock.compat.ss_threads import show_threads

        texts = list(
            show_threads(
                table, _root() or "/proc", lambda command: name_command(command, options.version)
            )
        )
        return [Cell("given", texts=texts if rows is None else [texts[n] for n in rows])]
    texts = [
        b'("%b",pid=%d,fd=' % (name_command(process.command, options.version), process.pid)
        for process in table.owners.processes
    ]
    return [Cell("users", texts=texts, lead=b" users:(", tail=b")", order="reverse")]


def name_command(command: bytes, version: tuple[int, int]) -> bytes:
    """Return a process's name as ss shows it: up to a parenthesis.

    Since 7.0 a byte that is not ASCII's, or that moves the cursor, is a question mark; here such a
    control character always is.
    """
    command = command.partition(b")")[0]
    if command.isascii():
        if command.decode().isprintable():
            return command
    elif version < ss_flags.ENDS_STRIPPED:
        text = command.decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else "?" for letter in text).encode()
    return bytes(byte if 32 <= byte < 127 else ord("?") for byte in command)


def _extras(options: Options, table: SocketTable, rows: Rows, instead: Instead) -> list[Cell]:
    """Return what stands behind a socket: timer, details, memory, TCP's own numbers."""
    pieces: list[Cell] = []
    tree = _root() is not None
    if options.timers:
        later = options.version >= ss_flags.COLUMNS_READ
        names = {**TIMERS, 5: b"delack"} if options.version >= ss_flags.DELAY_NAMED else TIMERS
        pieces.append(
            Cell(
                "ss_timer",
                names=names,
                milliseconds=b"sec" if later else b"ms",
                lead=b" ",
                # /proc has a timer of TCP only.
                only={"protocol": (TCP,)} if tree else INET,
            )
        )
    if options.details:
        pieces += _details(table, tree)
    if options.cgroup and not tree:
        pieces.append(_cgroup(table))
    if "attributes" in table.fields:
        from fastsock.compat.ss_extras import extras_cell, show_row

        texts = None
        if rows is not None and any(instead.lines):
            texts = [
                None if one is None else show_row(options, table, n)
                for n, one in zip(rows, instead.lines, strict=True)
            ]
        pieces.append(extras_cell(options, texts))
    return pieces


def _details(table: SocketTable, tree: bool) -> list[Cell]:
    inet = {"protocol": (TCP,)} if tree else INET
    pieces = [
        Cell("number", column="uid", unless=0, lead=b" uid:", only=inet),
        Cell("number", column="inode", lead=b" ino:", only=inet),
        Cell("hex", column="cookie", lead=b" sk:", only=inet),
    ]
    if not tree:
        untold = {**INET, "family": (IPV6,), "state": (State.LISTEN, State.CLOSE)}
        pieces += [
            Cell("hex", column="mark", unless=0, lead=b" fwmark:0x", only=inet),
            _cgroup(table),
            Cell("number", column="v6only", lead=b" v6only:", only=untold),
            Cell("named", column="shutdown", names=SHUTDOWN, other="nothing", lead=b" ", only=inet),
        ]
    return pieces


def _cgroup(table: SocketTable) -> Cell:
    grouper = group.Grouper(("socket_cgroup",))
    grouper.add(table)
    ids = {key[0] for key, _states in grouper.groups()} - {0}
    paths: dict[int, bytes] = {}
    if ids:
        from fastsock.cgroups import read_paths

        try:
            paths = read_paths(ids)
        except OSError:  # not mounted, or not to be read: then they are numbers
            pass
    names = {id: paths.get(id, b"unreachable:%x" % id) for id in ids}
    return Cell("named", column="socket_cgroup", names=names, other="nothing", lead=b" cgroup:")


# ------------------------------------------------------------------------------------------- -s, -N


def _summary(options: Options) -> tuple[str, list[str]]:
    from fastsock.compat.ss_summary import read_summary

    root = _root()
    if options.netns and root is None:
        answer: tuple[str, list[str]] = _elsewhere(
            options.netns, lambda: read_summary("/proc/thread-self", os.environ)
        )
        return answer
    return read_summary(root or "/proc", os.environ)


def _elsewhere(name: str, function: Any) -> Any:
    """Return what `function` does in a network namespace, on a thread that ends with it.

    Stop, as ss, where there is no such namespace or it may not be entered.
    """
    from threading import Thread

    done: list[Any] = []

    def work() -> None:
        try:
            _enter(name)
            done.append(function())
        except Exception as error:  # it is raised again by who waits
            done.append(error)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(done[0], Exception):
        raise done[0]
    return done[0]


def _enter(name: str) -> None:
    """Move this thread into a network namespace that ip-netns(8) has given a name."""
    import ctypes

    try:
        fd = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _no_namespace(name, error.strerror) from None
    try:
        if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET):
            reason = os.strerror(ctypes.get_errno())
            raise Stop(1, f'setting the network namespace "{name}" failed: {reason}')
    finally:
        os.close(fd)


def _no_namespace(name: str, reason: object) -> Stop:
    return Stop(1, f'Cannot open network namespace "{name}": {reason}')
