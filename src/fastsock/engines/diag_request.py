"""What the kernel is asked over sock_diag(7): one message for each walk of a hash of sockets.

A message names the states that are wanted, ports in its header where each end has one, and a
program of INET_DIAG_REQ_BYTECODE for other ports and for addresses (linux/inet_diag.h). What a
message cannot say, it leaves open: the answer then holds more than is wanted, never less.

TCP of both families is one walk with the request of Linux 2.6, TCPDIAG_GETSOCK, where
SOCK_DIAG_BY_FAMILY takes two, and a walk costs 5 ms with an empty table.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from fastsock.tcp import FAMILIES, TCP, UDP, UNIX, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.filter import Filter

TCPDIAG_GETSOCK = 18
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
INET_DIAG_REQ_BYTECODE = 1
NO_COOKIE = b"\xff" * 8
IPV4, IPV6, LOCAL = FAMILIES["ipv4"], FAMILIES["ipv6"], FAMILIES["unix"]

# What comes with a UNIX socket (linux/unix_diag.h): name, peer, queues, user; and on request.
UDIAG_SHOW = 0x1 | 0x4 | 0x10 | 0x40
UDIAG_SHOW_MEMINFO, UDIAG_SHOW_FILE_AND_QUEUE = 0x20, 0x2 | 0x8

# Bits 1 to 11.
ALL_STATES = 0xFFE

# A state in requests only: TCP's sockets that are bound and do nothing else (Linux 6.8). They come
# as CLOSE, are in no table of /proc, and cost a walk of one more hash: who wants them asks for
# these two states and no other.
BOUND_INACTIVE = 13
BOUND = frozenset((State.CLOSE, BOUND_INACTIVE))
CLOSE_BIT = 1 << State.CLOSE

# Operations: code, how far to go on where it holds, how far where it does not.
JUMP, LOCAL_FROM, LOCAL_TO, REMOTE_FROM, REMOTE_TO = 1, 2, 3, 4, 5
LOCAL_IS, REMOTE_IS = 7, 8
ANY_PORT = -1
V4_MAPPED = b"\0" * 10 + b"\xff\xff"

# The kernel checks every jump by following the program from its start: n * n steps.
MOST_ALTERNATIVES = 256

# What comes with each socket on request, by the columns that it fills: bit INET_DIAG_x - 1.
EXTENSIONS = {
    1 << 1: {"tcp_info", "timeout", "rto", "ato", "cwnd", "ssthresh"},
    1 << 2: {"attributes"},  # what a congestion control tells of itself
    1 << 3: {"congestion"},
    1 << 6: {"skmem", "drops"},
}


class Request:
    """A message (without its header's sequence number) for one walk, and what it walks."""

    __slots__ = ("protocol", "family", "message")

    def __init__(self, protocol: int, family: int, message: bytes) -> None:
        self.protocol = protocol
        self.family = family  # 0: both
        self.message = message

    def __repr__(self) -> str:
        return f"<Request of {len(self.message)} bytes: protocol {self.protocol}, {self.family}>"


def plan_requests(want: Filter, fields: Iterable[str] = ()) -> list[Request]:
    """Return the messages that together answer `want`: none where nothing can be wanted.

    `fields` are optional columns, or members of one as "tcp_info.rtt": each makes the answer
    longer, and 1.5 to 2 times as slow.
    """
    columns = {name.partition(".")[0] for name in fields}
    extensions = sum(bit for bit, filled in EXTENSIONS.items() if filled & columns)
    terms = want.terms
    states = _state_mask(terms.get("state"))
    families = sorted(terms.get("family", {IPV4, IPV6, LOCAL}))
    if not states or any(not values for values in terms.values()):
        return []
    protocols = terms.get("protocol", {TCP, UDP})
    made = []
    if UNIX in protocols and LOCAL in families:
        show = UDIAG_SHOW | (UDIAG_SHOW_MEMINFO if "skmem" in columns else 0)
        show |= UDIAG_SHOW_FILE_AND_QUEUE if "attributes" in columns else 0
        body = struct.pack("=BBHIII", LOCAL, 0, 0, states, 0, show) + NO_COOKIE
        made.append(Request(UNIX, LOCAL, _message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, body, b"")))
    families = [family for family in families if family != LOCAL]
    local, remote = (_single_port(terms.get(name)) for name in ("local_port", "remote_port"))
    socket_id = struct.pack("!HH", local, remote) + bytes(36) + NO_COOKIE
    program = build_program(want)
    # No other socket of TCP is in CLOSE: where only listeners are wanted besides, the kernel must
    # not walk over all connections for it.
    tcp_states = states if states == ALL_STATES else states & ~CLOSE_BIT
    if terms.get("state") == BOUND:
        tcp_states = 1 << BOUND_INACTIVE
    asked = {TCP: tcp_states, UDP: states}
    for protocol in sorted({TCP, UDP}.intersection(protocols)):
        states = asked[protocol]
        if not states:
            continue
        if protocol == TCP and len(families) == 2:
            body = struct.pack("=BBBB", 0, 0, 0, extensions) + socket_id
            body += struct.pack("=II", states, 0)
            made.append(Request(TCP, 0, _message(TCPDIAG_GETSOCK, NLM_F_DUMP, body, program)))
            continue
        for family in families:
            body = struct.pack("=BBBBI", family, protocol, extensions, 0, states) + socket_id
            message = _message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, body, program)
            made.append(Request(protocol, family, message))
    return made


def build_lookup(family: int, local: tuple[bytes, int], remote: tuple[bytes, int]) -> Request:
    """Return the message that asks for one TCP connection, which the kernel finds without a walk.

    Addresses are 16 bytes, IPv4 in the v4-mapped form. Where there is none, the kernel answers with
    a listener that would take it, or ENOENT.
    """
    ends = b""
    for address, _ in (local, remote):
        ends += address if family == IPV6 else address[12:] + bytes(12)
    socket_id = struct.pack("!HH", local[1], remote[1]) + ends + bytes(4) + NO_COOKIE
    body = struct.pack("=BBBBI", family, TCP, 0, 0, ALL_STATES) + socket_id
    return Request(TCP, family, _message(SOCK_DIAG_BY_FAMILY, 0, body, b""))


def _message(kind: int, flags: int, body: bytes, program: bytes) -> bytes:
    if program:
        body += struct.pack("=HH", 4 + len(program), INET_DIAG_REQ_BYTECODE) + program
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


def _state_mask(states: Iterable[int] | None) -> int:
    if states is None:
        return ALL_STATES
    return sum(1 << state for state in states if state < 32) & ALL_STATES


def _single_port(ranges: Iterable[tuple[int, int]] | None) -> int:
    """Return the one port that is wanted, for the header, where 0 leaves it open."""
    ranges = list(ranges or ())
    return ranges[0][0] if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else 0


# A program is built from blocks. One that holds is left at its end, one that does not 4 bytes
# behind it: there is a jump of 4 bytes where another block follows as an alternative, and behind
# the whole program it is what the kernel takes for "no".


class Operation:
    """One instruction, of 4 bytes and what it compares with."""

    __slots__ = ("code", "no", "rest")

    def __init__(self, code: int, rest: bytes = b"", no: int = 0) -> None:
        self.code = code
        self.rest = rest
        self.no = no or len(self) + 4

    def __len__(self) -> int:
        return 4 + len(self.rest)

    def encode(self) -> bytes:
        return struct.pack("=BBH", self.code, len(self), self.no) + self.rest


Block = list[Operation]


def _length(block: Block) -> int:
    return sum(map(len, block))


def all_of(blocks: Sequence[Block]) -> Block:
    """Return the block that holds where all of `blocks` do."""
    made = list(blocks[0])
    for block in blocks[1:]:
        size, added, at = _length(made), _length(block), 0
        for operation in made:
            if at + operation.no == size + 4:  # it fails: now from further away
                operation.no += added
            at += len(operation)
        made += block
    return made


def any_of(blocks: Sequence[Block]) -> Block:
    """Return the block that holds where one of `blocks` does."""
    made = list(blocks[-1])
    for block in reversed(blocks[:-1]):
        made = [*block, Operation(JUMP, no=_length(made) + 4), *made]
    return made


def build_program(want: Filter) -> bytes:
    """Return the byte code for the ports and addresses of `want`; empty where there is no need."""
    clauses = [
        _either("local_port", want, _local_ports),
        _either("remote_port", want, _remote_ports),
    ]
    clauses.append(
        _either("port", want, lambda r: _local_ports(r) + _remote_ports(r), header=False)
    )
    clauses.append(_either("local_address", want, lambda a: _hosts(a, LOCAL_IS)))
    clauses.append(_either("remote_address", want, lambda a: _hosts(a, REMOTE_IS)))
    clauses.append(_either("address", want, lambda a: _hosts(a, LOCAL_IS) + _hosts(a, REMOTE_IS)))
    blocks = [clause for clause in clauses if clause]
    return b"".join(operation.encode() for operation in all_of(blocks)) if blocks else b""


def _either(name: str, want: Filter, make: Any, header: bool = True) -> Block | None:
    values = want.terms.get(name)
    if not values or len(values) > MOST_ALTERNATIVES:
        return None
    if header and name.endswith("port") and _single_port(values):
        return None  # the header says it, at less cost
    alternatives = [block for value in sorted(values) for block in make(value)]
    # An empty block holds always: no need to ask.
    return any_of(alternatives) if all(alternatives) else None


def _local_ports(wanted: tuple[int, int]) -> list[Block]:
    return [_ports(wanted, LOCAL_IS, LOCAL_FROM, LOCAL_TO)]


def _remote_ports(wanted: tuple[int, int]) -> list[Block]:
    return [_ports(wanted, REMOTE_IS, REMOTE_FROM, REMOTE_TO)]


def _ports(wanted: tuple[int, int], exactly: int, from_: int, to: int) -> Block:
    low, high = wanted
    if low == high:
        return [Operation(exactly, struct.pack("=BBxxi", 0, 0, low))]
    ends = [
        [Operation(code, struct.pack("=BBH", 0, 0, port))]
        for code, port in ((from_, low), (to, high))
        if (code, port) not in ((from_, 0), (to, 65535))
    ]
    return all_of(ends) if ends else []


def _hosts(wanted: tuple[bytes, int], code: int) -> list[Block]:
    """A network: one of IPv4 is also met by v4-mapped addresses of IPv6, as everywhere here."""
    address, bits = wanted
    if address.startswith(V4_MAPPED) and bits >= 96:
        family, bits, address = IPV4, bits - 96, address[12:]
    elif V4_MAPPED.startswith(address[: bits // 8]) and bits < 96:
        return [[]]  # it may take in IPv4, which the kernel would not see so
    else:
        family = IPV6
    if not bits:
        return [[]]
    return [[Operation(code, struct.pack("=BBxxi", family, bits, ANY_PORT) + address)]]
