"""What is inside the raw attributes that the kernel gives of a socket: the one list of it.

`tcp_info` and `skmem` are kept as the kernel gave them, bytes of any length, and are decoded by
name on demand: `fields=["tcp_info.rtt"]`. An older kernel's structure is shorter; what lies behind
its end is absent.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from struct import calcsize

from fastsock import tcp
from fastsock.columns import OPTIONAL_NAMES, UNKNOWN_VALUES
from fastsock.errors import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ABSENT = -1


class Member:
    """One number inside a raw column: its place, struct format, unit ("" for none) and meaning.

    For a bit field `bits` is its width, else 0, and `shift` counts from the lowest bit.
    """

    __slots__ = ("name", "offset", "format", "unit", "meaning", "shift", "bits", "size")

    def __init__(
        self,
        name: str,
        offset: int,
        format: str,
        unit: str,
        meaning: str,
        shift: int = 0,
        bits: int = 0,
    ) -> None:
        self.name = name
        self.offset = offset
        self.format = format
        self.unit = unit
        self.meaning = meaning
        self.size = calcsize(f"={format}")
        # Compilers for big-endian machines give the first field the highest bits.
        self.shift = shift if sys.byteorder == "little" else 8 * self.size - bits - shift
        self.bits = bits


# struct tcp_info (linux/tcp.h), without the prefix tcpi_. The kernel appends and never moves. The
# last word of today's, behind the ECN counters, is left out: it has changed its layout.
TCP_INFO = (
    Member("state", 0, "B", "", "the state's number (tcp_states.h)"),
    Member("ca_state", 1, "B", "", "congestion: 0 open, 1 disorder, 2 cwr, 3 recovery, 4 loss"),
    Member("retransmits", 2, "B", "", "time-outs in a row without an answer"),
    Member("probes", 3, "B", "", "zero window or keepalive probes without an answer"),
    Member("backoff", 4, "B", "", "how often the time-out was doubled"),
    Member("options", 5, "B", "", "1 timestamps, 2 sack, 4 window scale, 8 ecn, 16 ecn seen"),
    Member("snd_wscale", 6, "B", "", "the peer's window scale", 0, 4),
    Member("rcv_wscale", 6, "B", "", "our window scale", 4, 4),
    Member("delivery_rate_app_limited", 7, "B", "", "the application limits delivery_rate", 0, 1),
    Member("fastopen_client_fail", 7, "B", "", "why fast open failed", 1, 2),
    Member("rto", 8, "I", "us", "retransmission time-out"),
    Member("ato", 12, "I", "us", "delayed acknowledgement time-out"),
    Member("snd_mss", 16, "I", "bytes", "segment size for sending"),
    Member("rcv_mss", 20, "I", "bytes", "the peer's segment size, estimated"),
    Member("unacked", 24, "I", "segments", "sent, not acknowledged; a listener's accept queue"),
    Member("sacked", 28, "I", "segments", "selectively acknowledged; a listener's queue limit"),
    Member("lost", 32, "I", "segments", "taken for lost"),
    Member("retrans", 36, "I", "segments", "retransmitted and not acknowledged"),
    Member("fackets", 40, "I", "segments", "forward acknowledged; 0 from Linux 4.15 on"),
    Member("last_data_sent", 44, "I", "ms", "since data was sent"),
    Member("last_ack_sent", 48, "I", "ms", "0: the kernel does not remember it"),
    Member("last_data_recv", 52, "I", "ms", "since data was received"),
    Member("last_ack_recv", 56, "I", "ms", "since an acknowledgement was received"),
    Member("pmtu", 60, "I", "bytes", "path MTU"),
    Member("rcv_ssthresh", 64, "I", "bytes", "limit of the window that is advertised"),
    Member("rtt", 68, "I", "us", "smoothed round trip time"),
    Member("rttvar", 72, "I", "us", "its mean deviation"),
    Member("snd_ssthresh", 76, "I", "segments", "slow start threshold; 2147483647 for none yet"),
    Member("snd_cwnd", 80, "I", "segments", "congestion window"),
    Member("advmss", 84, "I", "bytes", "segment size that was advertised"),
    Member("reordering", 88, "I", "segments", "how far segments may be out of order"),
    Member("rcv_rtt", 92, "I", "us", "round trip time, estimated by the receiver"),
    Member("rcv_space", 96, "I", "bytes", "space for receiving, as it was tuned"),
    Member("total_retrans", 100, "I", "segments", "all retransmissions"),
    Member("pacing_rate", 104, "Q", "bytes/s", "rate of sending; absent without a limit"),
    Member("max_pacing_rate", 112, "Q", "bytes/s", "SO_MAX_PACING_RATE; absent without a limit"),
    Member("bytes_acked", 120, "Q", "bytes", "sent and acknowledged"),
    Member("bytes_received", 128, "Q", "bytes", "received in order"),
    Member("segs_out", 136, "I", "segments", "sent"),
    Member("segs_in", 140, "I", "segments", "received"),
    Member("notsent_bytes", 144, "I", "bytes", "written and not sent yet"),
    Member("min_rtt", 148, "I", "us", "least round trip time of late; 4294967295 for none yet"),
    Member("data_segs_in", 152, "I", "segments", "received with data"),
    Member("data_segs_out", 156, "I", "segments", "sent with data"),
    Member("delivery_rate", 160, "Q", "bytes/s", "rate at which the peer acknowledged of late"),
    Member("busy_time", 168, "Q", "us", "with data to send"),
    Member("rwnd_limited", 176, "Q", "us", "held up by the peer's window"),
    Member("sndbuf_limited", 184, "Q", "us", "held up by the send buffer"),
    Member("delivered", 192, "I", "segments", "delivered, also out of order"),
    Member("delivered_ce", 196, "I", "segments", "of these with a congestion mark"),
    Member("bytes_sent", 200, "Q", "bytes", "sent, retransmissions included"),
    Member("bytes_retrans", 208, "Q", "bytes", "retransmitted"),
    Member("dsack_dups", 216, "I", "", "duplicates that the peer told of (DSACK)"),
    Member("reord_seen", 220, "I", "", "how often segments came out of order"),
    Member("rcv_ooopack", 224, "I", "segments", "received out of order"),
    Member("snd_wnd", 228, "I", "bytes", "the peer's window"),
    Member("rcv_wnd", 232, "I", "bytes", "our window"),
    Member("rehash", 236, "I", "", "how often the flow was given another path"),
    Member("total_rto", 240, "H", "", "time-outs"),
    Member("total_rto_recoveries", 242, "H", "", "recoveries from time-outs"),
    Member("total_rto_time", 244, "I", "ms", "spent in these"),
    Member("received_ce", 248, "I", "segments", "received with a congestion mark"),
    Member("delivered_e1_bytes", 252, "I", "bytes", "delivered with ECT(1)"),
    Member("delivered_e0_bytes", 256, "I", "bytes", "delivered with ECT(0)"),
    Member("delivered_ce_bytes", 260, "I", "bytes", "delivered with a congestion mark"),
    Member("received_e1_bytes", 264, "I", "bytes", "received with ECT(1)"),
    Member("received_e0_bytes", 268, "I", "bytes", "received with ECT(0)"),
    Member("received_ce_bytes", 272, "I", "bytes", "received with a congestion mark"),
)

# SK_MEMINFO_* (linux/sock_diag.h), without the prefix.
SKMEM = (
    Member("rmem_alloc", 0, "I", "bytes", "memory of what was received and not read"),
    Member("rcvbuf", 4, "I", "bytes", "its limit (SO_RCVBUF)"),
    Member("wmem_alloc", 8, "I", "bytes", "memory of what was sent down and is not freed"),
    Member("sndbuf", 12, "I", "bytes", "limit of the memory for sending (SO_SNDBUF)"),
    Member("fwd_alloc", 16, "I", "bytes", "reserved and not used"),
    Member("wmem_queued", 20, "I", "bytes", "memory of what waits to be sent or acknowledged"),
    Member("optmem", 24, "I", "bytes", "memory of options and filters"),
    Member("backlog", 28, "I", "bytes", "received while the socket was in use by its owner"),
    Member("drops", 32, "I", "", "packets dropped for want of memory"),
)

MEMBERS = {
    "tcp_info": {member.name: member for member in TCP_INFO},
    "skmem": {member.name: member for member in SKMEM},
}


def find_member(name: str) -> tuple[str, Member] | None:
    """Return the raw column and the member that a dotted name means; None for any other name."""
    column, _, inner = name.partition(".")
    member = MEMBERS.get(column, {}).get(inner)
    return None if member is None else (column, member)


def parse_field(name: str) -> str:
    """Return the optional column that a name needs: itself, or what a dotted one looks into.

    Raises ValueError for an unknown name; the message lists what there is.
    """
    if name in OPTIONAL_NAMES:
        return name
    column, dot, inner = name.partition(".")
    if dot and column in MEMBERS:
        if inner in MEMBERS[column]:
            return column
        raise ValueError(
            f"unknown field {name!r}; inside {column} there are {', '.join(MEMBERS[column])}"
        )
    inside = " and ".join(f"{raw}.{next(iter(MEMBERS[raw]))}, …" for raw in MEMBERS)
    raise ValueError(f"unknown field {name!r}; fields are {', '.join(OPTIONAL_NAMES)}; {inside}")


def parse_fields(fields: Iterable[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the names, each once, as asked, and the optional columns to hold for them.

    Raises ValueError as `parse_field`.
    """
    asked = tuple(dict.fromkeys(fields))
    return asked, frozenset(map(parse_field, asked))


def parse_member(raw: bytes, member: Member) -> int:
    """Return one number; ABSENT where `raw` ends before it.

    So is a rate of 2**64-1, which is how the kernel says that there is no limit.
    """
    end = member.offset + member.size
    if len(raw) < end:
        return ABSENT
    value = int.from_bytes(raw[member.offset : end], sys.byteorder)
    if member.bits:
        value = value >> member.shift & (1 << member.bits) - 1
    return value if value < 1 << 63 else ABSENT


def show_value(column: str, value: Any) -> Any:
    """Return the JSON value of an optional column's raw one: None for unknown.

    A type is its name. A path and the name of a congestion control are text, escaped; an abstract
    name begins with @, as ss, lsof and netstat print it. A structure is an object of what it has.
    """
    if not isinstance(value, bytes):
        if value == UNKNOWN_VALUES.get(column):
            return None
        return tcp.TYPE_NAMES.get(value, f"type-{value}") if column == "type" else value
    if not value:
        return None
    if column in MEMBERS:
        numbers = {name: parse_member(value, m) for name, m in MEMBERS[column].items()}
        return {name: number for name, number in numbers.items() if number != ABSENT}
    return escape(name_bytes(column, value))


def name_bytes(column: str, value: bytes) -> bytes:
    """Return a name as it is shown: an abstract path begins with @, in the place of its NUL."""
    return b"@" + value[1:] if column == "path" and value.startswith(b"\0") else value
