"""What ss lists beside TCP, UDP and UNIX: netlink, packet, raw and MPTCP sockets.

    nl    UNCONN 0      0      rtnl:systemd/1                *
    p_raw UNCONN 0      0         *:eth0                     *
    raw   UNCONN 0      0         *:ipv6-icmp                *:*

They are rows of the same table, so that filters, owners, states and queues are the same for them;
their names stand beside in an Other. As ss does, the kernel is asked through sock_diag, and /proc
is read where it does not answer, and of a tree.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS
from fastsock.compat import proc_tables, ss_diag, ss_flags
from fastsock.compat.ss_diag import LINK, NETLINK
from fastsock.compat.ss_extras import show_memory
from fastsock.engines.reference import UNKNOWN, read_if_possible
from fastsock.expression_ss import (
    LINK_PROTOCOLS,
    MPTCP,
    NETLINK_PROTOCOLS,
    NOT_CHOSEN,
    OTHER,
    RAW,
)
from fastsock.processes import read_command
from fastsock.tcp import FAMILIES, TCP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.compat.ss_flags import Options
    from fastsock.expression import Expression
    from fastsock.table import SocketTable

TOLD = (RAW, MPTCP)

PACKETS = ("packet_raw", "packet_dgram")
TYPES_READ = (6, 6)  # since then ss keeps the two apart, of what it reads from /proc

SOCK_RAW, SOCK_DGRAM = 3, 2
ALL_PROTOCOLS = 3  # ETH_P_ALL

# INET_DIAG_PROTOCOL in the place of the table's name.
RAW_NAMES = {0: b"raw", 17: b"udp", 6: b"tcp", 132: b"sctp", 33: b"dccp", 58: b"icmp6"}

NETLINK_NAMES = {number: name.encode() for name, number in NETLINK_PROTOCOLS.items()}
LINK_NAMES = {number: name.encode() for name, number in LINK_PROTOCOLS.items()}
FAMILY_NAMES = {FAMILIES["ipv4"]: ss_flags.INET, FAMILIES["ipv6"]: ss_flags.INET6}

# PACKET_DIAG_x, PDI_x and how fanout spreads packets.
INFO, RX_RING, TX_RING, FANOUT = 0, 2, 3, 4
FLAGS = ("running", " auxdata", " origdev", " vnethdr", " loss")
SPREADS = ("hash", "lb", "cpu", "roll", "random", "qm")


class Other:
    """The texts of a socket that is not named as TCP's are; None: as the table has it."""

    __slots__ = ("netid", "local", "local_port", "remote", "remote_port", "extra")

    def __init__(
        self,
        netid: bytes,
        local: bytes | None = None,
        local_port: bytes = b"",
        remote: bytes | None = None,
        remote_port: bytes = b"",
        extra: bytes = b"",
    ) -> None:
        self.netid = netid
        self.local, self.local_port = local, local_port
        self.remote, self.remote_port = remote, remote_port
        self.extra = extra


class Naming:
    """How numbers are named: as numbers (-n), or by whom."""

    __slots__ = ("numeric", "protocols", "interfaces", "services", "process")

    def __init__(
        self,
        numeric: bool,
        protocols: Mapping[int, bytes],
        interfaces: Mapping[int, bytes],
        services: Mapping[tuple[int, int], bytes],
        process: Callable[[int], bytes],
    ) -> None:
        self.numeric, self.protocols, self.interfaces = numeric, protocols, interfaces
        self.services, self.process = services, process


class Others:
    """Sockets: the columns of each, and what it was read as."""

    __slots__ = ("rows", "sources")

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.sources: list[Any] = []

    def add(self, source: Any, **columns: Any) -> None:
        self.rows.append(columns)
        self.sources.append(source)


def wants_others(options: Options) -> bool:
    """Whether any table of them is shown at all."""
    return bool(options.tables & ss_flags.OTHERS)


def read_others(options: Options, root: str | None, environment: Mapping[str, str]) -> Others:
    """Return the sockets of the tables that are shown, in the calling thread's namespace."""
    found = Others()
    folder = proc_tables.find_net(root or "/proc")

    def place(name: str) -> str:
        return environment.get(f"PROC_NET_{name.upper()}") or f"{folder}/{name}"

    def is_told(name: str) -> bool:
        return root is None and f"PROC_NET_{name.upper()}" not in environment

    unconnected = options.states & 1 << State.CLOSE
    if {ss_flags.NETLINK} <= options.tables & options.families and unconnected:
        _add_netlink(found, is_told("netlink"), place("netlink"))
    if options.tables.intersection(PACKETS) and ss_flags.LINK in options.families and unconnected:
        _add_packet(found, options, is_told("packet"), place("packet"))
    if "raw" in options.tables and options.families & {ss_flags.INET, ss_flags.INET6}:
        _add_raw(found, options, is_told("raw"), place)
    if "mptcp" in options.tables and is_told("mptcp"):
        _add_told(found, options, ss_diag.IPPROTO_MPTCP, MPTCP)
    return found


def _add_netlink(found: Others, told: bool, path: str) -> None:
    sockets: Iterable[Any] | None = _ask(ss_diag.dump_netlink) if told else None
    if sockets is None:
        sockets = proc_tables.parse_netlink(read_if_possible(path))
    for one in sockets:
        found.add(
            one,
            protocol=OTHER,
            family=NETLINK,
            state=State.CLOSE,
            rx_queue=one.rx_queue,
            tx_queue=one.tx_queue,
            local_port=min(max(one.port_id, 0), 0xFFFF),
            cookie=one.port_id & 0xFFFFFFFF,
            retransmits=one.protocol | (NOT_CHOSEN if one.port_id < 0 else 0),
        )


def _add_packet(found: Others, options: Options, told: bool, path: str) -> None:
    sockets: Iterable[Any] | None = _ask(ss_diag.dump_packet) if told else None
    apart = False
    if sockets is None:
        sockets = proc_tables.parse_packet(read_if_possible(path))
        apart = options.version >= TYPES_READ
    left_out = set()
    if apart:
        left_out = {
            kind
            for name, kind in (("packet_raw", SOCK_RAW), ("packet_dgram", SOCK_DGRAM))
            if name not in options.tables
        }
    for one in sockets:
        if one.type in left_out:
            continue
        found.add(
            one,
            protocol=OTHER,
            family=LINK,
            state=State.CLOSE,
            type=one.type & 0xFF,
            rx_queue=one.rx_queue,
            uid=one.uid,
            inode=one.inode,
            interface=one.interface,
            local_port=min(one.interface, 0xFFFF),
            cookie=one.interface,
            retransmits=one.protocol | (0 if one.protocol or one.interface else NOT_CHOSEN),
        )


def _ask(question: Callable[[], Iterable[Any]]) -> list[Any] | None:
    try:
        return list(question())
    except OSError:  # the kernel was built without this part of sock_diag, or no netlink is allowed
        return None


def _add_raw(found: Others, options: Options, told: bool, place: Callable[[str], str]) -> None:
    if told and _add_told(found, options, ss_diag.IPPROTO_RAW, RAW):
        return
    for name, family in proc_tables.RAW:
        if FAMILY_NAMES[family] in options.families:
            for row in proc_tables.read_inet_rows(place(name), family):
                if options.states & 1 << row["state"]:
                    found.add(None, **{**row, "protocol": OTHER})


def _add_told(found: Others, options: Options, protocol: int, code: int) -> bool:
    """Add what sock_diag tells of a protocol, IPv4 first; False where it does not know it."""
    extensions = (options.memory and ss_diag.MEMORY) | (options.info and ss_diag.INFO)
    for family, name in FAMILY_NAMES.items():
        if name in options.shown_families:
            rows = _ask(
                lambda family=family: ss_diag.dump_inet(  # type: ignore[misc]
                    family, protocol, options.states, extensions
                )
            )
            if rows is None:
                return False
            for row in rows:
                found.add(None, **{**row, "protocol": code})
    return True


def select_rows(
    others: Others, expression: Expression | None, fields: Sequence[str]
) -> SocketTable:
    """Leave those that the filter holds for, and return them as a table."""
    if expression is None:
        return make_table(others, fields)
    from fastsock.evaluation import Evaluation

    asked = make_table(others, list(dict.fromkeys((*fields, *expression.fields))))
    chosen = list(Evaluation(expression).select(asked))
    others.rows = [others.rows[n] for n in chosen]
    others.sources = [others.sources[n] for n in chosen]
    return make_table(others, fields)


def make_table(others: Others, fields: Sequence[str]) -> SocketTable:
    """Return the rows as a table."""
    from fastsock.table import SocketTable

    unknown = {spec.name: UNKNOWN[spec.format] for spec in SOCKET_COLUMNS + OPTIONAL_COLUMNS}
    unknown["backlog_limit"] = -1
    names = SocketTable.from_tables([], fields).column_names()
    values = ([{**unknown, **row}[name] for name in names] for row in others.rows)
    return SocketTable.from_rows(values, fields)


# ---------------------------------------------------------------------------------------- the texts


def name_others(others: Others, options: Options, naming: Naming) -> Iterator[Other]:
    """Yield the texts of each row."""
    for row, source in zip(others.rows, others.sources, strict=True):
        if row["family"] == NETLINK:
            yield _name_netlink(source, options, naming)
        elif row["family"] == LINK:
            yield _name_packet(source, options, naming)
        else:
            yield _name_inet(row, naming)


def _name_netlink(one: Any, options: Options, naming: Naming) -> Other:
    name = None if naming.numeric else NETLINK_NAMES.get(one.protocol)
    protocol = name or b"%d" % one.protocol
    if one.port_id == -1:
        port = b"*"
    elif naming.numeric or one.port_id < 0:
        port = b"%d" % one.port_id
    else:
        port = naming.process(one.port_id) if one.port_id else b"kernel"
    cookie = back = 0
    peer, memory = None, ""
    if isinstance(one, proc_tables.NetlinkSocket):
        cookie, back = one.address, one.dump
    else:
        peer = one.peer
        memory = "\t" + show_memory(one.skmem) if options.memory else ""
    extra = f" sk={cookie:x} cb={back:x} groups=0x{one.groups:08x}" if options.details else ""
    remote, remote_port = (b"*", b"") if peer is None else (b"%d:" % peer[0], b"%d" % peer[1])
    return Other(b"nl", protocol + b":", port, remote, remote_port, (extra + memory).encode())


def _name_packet(one: Any, options: Options, naming: Naming) -> Other:
    name = None if naming.numeric else LINK_NAMES.get(one.protocol)
    if one.protocol == ALL_PROTOCOLS:
        protocol = b"*"
    else:
        protocol = name or b"[%d]" % one.protocol
    port = b"*"
    if one.interface:
        port = naming.interfaces.get(one.interface, b"if%d" % one.interface)
    netid = b"p_raw" if one.type == SOCK_RAW else b"p_dgr"
    told = isinstance(one, ss_diag.PacketMessage)
    extra = ""
    if options.details:
        if one.uid:
            extra += f" uid:{one.uid}"
        extra += f" ino:{one.inode} sk:{one.cookie if told else 0:x}"
        if told:
            extra += show_packet(one.attributes, " " if options.oneline else "\n\t")
    if options.memory and told:
        extra += show_memory(one.skmem)
    return Other(netid, protocol + b":", port, b"*", b"", extra.encode())


def show_packet(attributes: Mapping[int, bytes], start: str) -> str:
    """Return what -e adds to a packet socket: its version, flags, rings and fanout."""
    text = ""
    data = attributes.get(INFO, b"")
    if len(data) >= 24:
        _, version, _, threshold, _, flags = struct.unpack_from("=6I", data)
        shown = "".join(name for bit, name in enumerate(FLAGS) if flags >> bit & 1)
        shown = shown if flags else "0"
        text += f"{start}ver:{version} cpy_thresh:{threshold} flags( {shown} )"
    for name, kind in (("ring_rx", RX_RING), ("ring_tx", TX_RING)):
        data = attributes.get(kind, b"")
        if len(data) >= 28:
            size, count, frame, frames, timeout, _, features = struct.unpack_from("=7I", data)
            text += (
                f"{start}{name}(blk_size:{size},blk_nr:{count},frm_size:{frame},frm_nr:{frames}"
                f",tmo:{timeout},features:0x{features:x})"
            )
    if FANOUT in attributes:
        fanout = int.from_bytes(attributes[FANOUT], "little")
        kind = fanout >> 16
        spread = SPREADS[kind] if kind < len(SPREADS) else f"0x{kind:x}"
        text += f"{start}fanout(id:{fanout & 0xFFFF},type:{spread})"
    return text


def _name_inet(row: Mapping[str, Any], naming: Naming) -> Other:
    mptcp = row["protocol"] == MPTCP
    netid = b"mptcp" if mptcp else RAW_NAMES.get(row.get("type", 0), b"???")

    def name(port: int) -> bytes:
        if not port:
            return b"*"
        if naming.numeric:
            return b"%d" % port
        if mptcp:
            return naming.services.get((TCP, port), b"%d" % port)
        return naming.protocols.get(port, b"ipproto-%d" % port)

    return Other(netid, None, name(row["local_port"]), None, name(row["remote_port"]))


def name_process(root: str, pid: int, show: Callable[[bytes], bytes]) -> bytes:
    """Return `nginx/12` for the process that has this number, else the number."""
    name = read_command(f"{root}/{pid}")
    return show(name) + b"/%d" % pid if name else b"%d" % pid


# ---------------------------------------------------------------------------------- with the others


def place_rows(table: SocketTable, first: int, ordered: Sequence[int] | None) -> list[int]:
    """Return the lines: netlink and packet, UNIX, raw, UDP and TCP, MPTCP.

    The rows from `first` on are those of Others; `ordered` is the order of those before.
    """
    protocols, families = bytes(table.column("protocol")), bytes(table.column("family"))
    before = list(range(first)) if ordered is None else list(ordered)
    unix = [n for n in before if families[n] == 1]
    inet = [n for n in before if families[n] != 1] if unix else before
    link = [n for n in range(first, len(table)) if families[n] in (LINK, NETLINK)]
    mptcp = [n for n in range(first, len(table)) if protocols[n] == MPTCP]
    there = {*link, *mptcp}
    raw = [n for n in range(first, len(table)) if n not in there]
    return [*link, *unix, *raw, *inet, *mptcp]
