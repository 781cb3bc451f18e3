"""What ss shows behind a socket with -m and -i, as text.

    skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d0) cubic wscale:7,7 rto:204 rtt:0.03/0.015

The words and their order are ss's (iproute2, misc/ss.c); where each number lies, attributes.py
says. _ss_text.pyx makes the same text, for as many sockets as there are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from fastsock.attributes import SKMEM, TCP_INFO, Member
from fastsock.compat import ss_attributes
from fastsock.expression_ss import MPTCP, OTHER
from fastsock.layout import Cell
from fastsock.tcp import UDP, UNIX, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.compat.ss_attributes import Attributes
    from fastsock.compat.ss_flags import Options
    from fastsock.table import SocketTable

TIMESTAMPS, SACK, WINDOW_SCALE, ECN, ECN_SEEN, SYN_DATA, MICROSECONDS = (1 << n for n in range(7))
NO_TIMEOUT_YET = 3_000_000  # a retransmission time-out that nobody has measured
NO_LIMIT = 2**64 - 1
NONE_YET = 2**32 - 1
USUAL_REORDERING = 3

# Since which release of iproute2.
WINDOW_SHOWN, MICROSECONDS_SHOWN = (6, 6), (6, 8)

# Places behind which a structure of an older kernel may end.
_INFO_BYTES = max(member.offset + member.size for member in TCP_INFO)


def _plain_layout(members: tuple[Member, ...]) -> tuple[struct.Struct, tuple[str, ...]]:
    """Return what takes a structure apart in one step, and the names; without bit fields."""
    names, format, at = [], "=", 0
    for member in members:
        if member.bits:
            continue
        format += "x" * (member.offset - at) + member.format
        at = member.offset + member.size
        names.append(member.name)
    return struct.Struct(format), tuple(names)


_LAYOUT, _NAMES = _plain_layout(TCP_INFO)
_BIT_FIELDS = tuple(member for member in TCP_INFO if member.bits)


def parse_info(raw: bytes) -> dict[str, int]:
    """Return the members of struct tcp_info by name; what an older kernel lacks is 0, as in ss."""
    raw = raw.ljust(_INFO_BYTES, b"\0")
    found: dict[str, int] = dict(zip(_NAMES, _LAYOUT.unpack_from(raw), strict=True))
    for member in _BIT_FIELDS:
        found[member.name] = raw[member.offset] >> member.shift & (1 << member.bits) - 1
    return found


# By how many numbers a kernel tells: the text, and what takes them apart.
_LETTERS = ("r", "rb", "t", "tb", "f", "w", "o", "bl", "d")
_MEMORY = {
    count: (
        " skmem:(" + ",".join(f"{letter}%d" for letter in _LETTERS[:count]) + ")",
        struct.Struct(f"={count}I"),
    )
    for count in range(7, len(SKMEM) + 1)
}

# Of MPTCP: word, format, place, and since which release it is shown.
MPTCP_DECIMAL = MPTCP_COUNTED = (6, 5)
_FIRST_RELEASE = (0, 0)
_MPTCP_FLAGS = ("fallback", "remote_key")
_MPTCP = (
    ("subflows", "=B", 0, _FIRST_RELEASE),
    ("add_addr_signal", "=B", 1, _FIRST_RELEASE),
    ("add_addr_accepted", "=B", 2, _FIRST_RELEASE),
    ("subflows_max", "=B", 3, _FIRST_RELEASE),
    ("add_addr_signal_max", "=B", 4, _FIRST_RELEASE),
    ("add_addr_accepted_max", "=B", 5, _FIRST_RELEASE),
    ("flags", "=I", 8, _FIRST_RELEASE),
    ("token", "=I", 12, _FIRST_RELEASE),
    ("write_seq", "=Q", 16, _FIRST_RELEASE),
    ("snd_una", "=Q", 24, _FIRST_RELEASE),
    ("rcv_nxt", "=Q", 32, _FIRST_RELEASE),
    ("local_addr_used", "=B", 40, MPTCP_COUNTED),
    ("local_addr_max", "=B", 41, MPTCP_COUNTED),
    ("csum_enabled", "=B", 42, MPTCP_COUNTED),
    ("retransmits", "=I", 44, MPTCP_COUNTED),
    ("bytes_retrans", "=Q", 48, MPTCP_COUNTED),
    ("bytes_sent", "=Q", 56, MPTCP_COUNTED),
    ("bytes_received", "=Q", 64, MPTCP_COUNTED),
    ("bytes_acked", "=Q", 72, MPTCP_COUNTED),
    ("subflows_total", "=B", 80, (6, 8)),
    ("endp_laminar_max", "=B", 81, (6, 19)),
    ("last_data_sent", "=I", 84, (6, 10)),
    ("last_data_recv", "=I", 88, (6, 10)),
    ("last_ack_recv", "=I", 92, (6, 10)),
)
_MPTCP_BYTES = 96


def show_memory(raw: bytes) -> str:
    """Return `skmem:(…)` with a blank before it; nothing where the kernel told nothing."""
    count = min(len(raw) // 4, len(SKMEM))
    if count < 7:
        return ""
    text, layout = _MEMORY[count]
    return text % layout.unpack_from(raw)


def show_rate(bits: float, numeric: bool) -> str:
    """Return bits a second, with 1000 for k."""
    if numeric:
        return f"{bits:.0f}"
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if bits >= size:
            return f"{bits / size:.3g}{unit}"
    return f"{bits:g}"


def _milliseconds(value: int) -> str:
    return f"{value / 1000:g}"


# Words with a number, shown where that is not 0: between them stand those of show_info itself.
_FIRST = (
    ("mss", "snd_mss"),
    ("pmtu", "pmtu"),
    ("rcvmss", "rcv_mss"),
    ("advmss", "advmss"),
    ("cwnd", "snd_cwnd"),
)
_COUNTERS = (
    ("bytes_sent", "bytes_sent"),
    ("bytes_retrans", "bytes_retrans"),
    ("bytes_acked", "bytes_acked"),
    ("bytes_received", "bytes_received"),
    ("segs_out", "segs_out"),
    ("segs_in", "segs_in"),
    ("data_segs_out", "data_segs_out"),
    ("data_segs_in", "data_segs_in"),
)
_TIMES = (
    ("lastsnd", "last_data_sent"),
    ("lastrcv", "last_data_recv"),
    ("lastack", "last_ack_recv"),
)
_DELIVERED = (("delivered", "delivered"), ("delivered_ce", "delivered_ce"))


def _words(info: dict[str, int], words: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{word}:{value}" for word, name in words if (value := info[name])]


def show_info(
    raw: bytes,
    congestion: bytes,
    state: int,
    attributes: Attributes,
    options: Options,
) -> str:
    """Return the words of -i for one socket, each with a blank before it.

    The TCP options in use are shown together with -o, as by ss.
    """

    def show(bits_a_second: float) -> str:
        return show_rate(bits_a_second, options.numeric)

    info, version = parse_info(raw), options.version
    words = list(_options(info["options"], version)) if options.timers else []
    if congestion:
        words.append(congestion[:15].decode("ascii", "replace"))
    if info["options"] & WINDOW_SCALE:
        words.append(f"wscale:{info['snd_wscale']},{info['rcv_wscale']}")
    if info["rto"] and info["rto"] != NO_TIMEOUT_YET:
        words.append(f"rto:{_milliseconds(info['rto'])}")
    words += _words(info, (("backoff", "backoff"),))
    if info["rtt"]:
        words.append(f"rtt:{_milliseconds(info['rtt'])}/{_milliseconds(info['rttvar'])}")
    if info["ato"]:
        words.append(f"ato:{_milliseconds(info['ato'])}")
    words += _words(info, _FIRST)
    if 0 < info["snd_ssthresh"] < 0xFFFF:
        words.append(f"ssthresh:{info['snd_ssthresh']}")
    words += _words(info, _COUNTERS)
    words += ss_attributes.show_control(attributes, show)
    words += _rates(info, ss_attributes.find_vegas_rtt(attributes) or info["rtt"], show)
    words += _path(info, state)
    if version >= WINDOW_SHOWN:
        words += _words(info, (("rcv_wnd", "rcv_wnd"), ("rehash", "rehash")))
    return "".join(f" {word}" for word in words)


def _options(options: int, version: tuple[int, int]) -> Iterator[str]:
    if options & TIMESTAMPS:
        yield "ts"
    if options & MICROSECONDS and version >= MICROSECONDS_SHOWN:
        yield "usec_ts"
    for bit, word in ((SACK, "sack"), (ECN, "ecn"), (ECN_SEEN, "ecnseen"), (SYN_DATA, "fastopen")):
        if options & bit:
            yield word


def _rates(info: dict[str, int], rtt: int, show: Callable[[float], str]) -> Iterator[str]:
    """What is sent how fast, and how long nothing was."""
    if rtt and info["snd_mss"] and info["snd_cwnd"]:
        rate = float(info["snd_cwnd"]) * info["snd_mss"] * 8000000.0 / rtt
        yield f"send {show(rate)}bps"
    yield from _words(info, _TIMES)
    if info["pacing_rate"] not in (0, NO_LIMIT):
        word = f"pacing_rate {show(info['pacing_rate'] * 8.0)}bps"
        if info["max_pacing_rate"] not in (0, NO_LIMIT):
            word += f"/{show(info['max_pacing_rate'] * 8.0)}bps"
        yield word
    if info["delivery_rate"]:
        yield f"delivery_rate {show(info['delivery_rate'] * 8.0)}bps"
    yield from _words(info, _DELIVERED)
    if info["delivery_rate_app_limited"]:
        yield "app_limited"
    busy = info["busy_time"]
    if busy:
        yield f"busy:{busy // 1000}ms"
        for name in ("rwnd_limited", "sndbuf_limited"):
            if info[name]:
                yield f"{name}:{info[name] // 1000}ms({100.0 * info[name] / busy:.1f}%)"


def _path(info: dict[str, int], state: int) -> Iterator[str]:
    """What was lost, how it arrived, and how much room there is."""
    yield from _words(info, (("unacked", "unacked"),))
    if info["retrans"] or info["total_retrans"]:
        yield f"retrans:{info['retrans']}/{info['total_retrans']}"
    yield from _words(info, (("lost", "lost"),))
    if state != State.LISTEN:  # there it is the limit of the queue
        yield from _words(info, (("sacked", "sacked"),))
    yield from _words(info, (("dsack_dups", "dsack_dups"), ("fackets", "fackets")))
    if info["reordering"] != USUAL_REORDERING:
        yield f"reordering:{info['reordering']}"
    yield from _words(info, (("reord_seen", "reord_seen"),))
    if info["rcv_rtt"]:
        yield f"rcv_rtt:{_milliseconds(info['rcv_rtt'])}"
    yield from _words(
        info,
        (
            ("rcv_space", "rcv_space"),
            ("rcv_ssthresh", "rcv_ssthresh"),
            ("notsent", "notsent_bytes"),
        ),
    )
    if info["min_rtt"] not in (0, NONE_YET):
        yield f"minrtt:{_milliseconds(info['min_rtt'])}"
    yield from _words(info, (("rcv_ooopack", "rcv_ooopack"), ("snd_wnd", "snd_wnd")))


def show_mptcp(raw: bytes, version: tuple[int, int]) -> str:
    """Return the words of -i for an MPTCP socket (struct mptcp_info), each with a blank before."""
    if not raw:
        return ""
    raw = raw.ljust(_MPTCP_BYTES, b"\0")
    text = ""
    for word, format, at, since in _MPTCP:
        (value,) = struct.unpack_from(format, raw, at)
        if not value or version < since:
            continue
        if word == "flags":
            text += "".join(f" {name}" for bit, name in enumerate(_MPTCP_FLAGS) if value >> bit & 1)
        elif word == "token" or (format == "=Q" and version < MPTCP_DECIMAL):
            text += f" {word}:{value:x}"
        else:
            text += f" {word}:{value}"
    return text


def extras_cell(options: Options, instead: Sequence[bytes | None] | None = None) -> Cell:
    """Return what stands behind the other details of each socket, or on a line of its own.

    `instead`: of the sockets that are in no engine's table what `show_row` says.
    """
    shows = {
        "oneline": options.oneline,
        "numeric": options.numeric,
        "timers": options.timers,
        "details": options.details,
        "memory": options.memory,
        "info": options.info,
        "socket_options": options.socket_options,
        "window": options.version >= WINDOW_SHOWN,
        "microseconds": options.version >= MICROSECONDS_SHOWN,
        "decimal": options.version >= ss_attributes.SEQUENCES_DECIMAL,
    }
    return Cell(
        "ss_extras",
        shows=[name for name, shown in shows.items() if shown],
        show=partial(show_extras, options),
        instead=instead,
    )


def show_row(options: Options, table: SocketTable, row: int) -> bytes:
    """Return the text of one row of a table."""
    protocol, state, raw = (table.column(name)[row] for name in ("protocol", "state", "attributes"))
    memory = table.column("skmem")[row] if "skmem" in table.fields else b""
    has_info = "tcp_info" in table.fields
    info, congestion = (
        (table.column(name)[row] for name in ("tcp_info", "congestion"))
        if has_info
        else (None, b"")
    )
    return show_extras(options, protocol, state, raw, memory, info, congestion)


def show_extras(
    options: Options,
    protocol: int,
    state: int,
    raw: bytes,
    memory: bytes,
    info: bytes | None,
    congestion: bytes,
) -> bytes:
    """Return the text of one socket; `info` is None where the column was not asked for."""
    if protocol == OTHER:  # what it has to say is in no column
        return b""
    attributes = ss_attributes.parse_attributes(raw)
    text = ""
    if protocol == UNIX:
        text = show_memory(memory)
        if options.details:
            text += "".join(f" {word}" for word in ss_attributes.show_unix(attributes))
        return text.encode()
    start = " " if options.oneline else "\n\t"
    if options.socket_options and (shown := ss_attributes.show_socket_options(attributes)):
        text += start + shown
    if options.memory or (options.info and protocol != UDP):
        text += ("" if options.oneline else "\n\t") + show_memory(memory)
        # With it the kernel tells the others too, also to who has asked for timers only.
        if info is not None:
            if protocol == MPTCP:
                text += show_mptcp(info, options.version)
            elif info:
                text += show_info(info, congestion, state, attributes, options)
            words = [*ss_attributes.show_keys(attributes)]
            words += ss_attributes.show_upper_protocol(attributes, options.version)
            text += "".join(f" {word}" for word in words)
    return text.encode()
