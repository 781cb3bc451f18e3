"""The columns of the tables: the one list that storage, selection, rendering and Arrow read.

Each column is contiguous memory with the buffer protocol. `format` is that of the struct module;
"16s" is an address of 16 bytes, offered to buffer consumers as (n, 16) unsigned bytes. "v" is bytes
of any length, which lie end to end; b"" stands for "the source gave none". What is inside the raw
ones of these, `tcp_info` and `skmem`, is listed in attributes.py.
"""

from __future__ import annotations


class ColumnSpec:
    """Name, struct format and meaning (with unit) of one column.

    `unknown` is the value that stands for "not known": None in a `Socket`, null in JSON and Arrow.
    """

    __slots__ = ("name", "format", "meaning", "unknown")

    def __init__(self, name: str, format: str, meaning: str, unknown: int | None = None) -> None:
        self.name = name
        self.format = format
        self.meaning = meaning
        self.unknown = unknown


# A socket's record: 92 bytes. With the owner index that a join adds, 96.
SOCKET_COLUMNS = (
    ColumnSpec("protocol", "B", "IPPROTO number: 6 tcp, 17 udp, 0 unix"),
    ColumnSpec("family", "B", "address family: 2 ipv4, 10 ipv6, 1 unix"),
    ColumnSpec("state", "B", "the kernel's state number (tcp_states.h); unknown ones pass through"),
    ColumnSpec("timer", "B", "pending timer: 0 off, 1 on, 2 keepalive, 3 timewait, 4 probe"),
    ColumnSpec(
        "local_address", "16s", "network order; IPv4 as ::ffff:a.b.c.d; UNIX has none, so 0"
    ),
    ColumnSpec("remote_address", "16s", "as local_address"),
    ColumnSpec("local_port", "H", "port number"),
    ColumnSpec("remote_port", "H", "port number, 0 for none"),
    ColumnSpec("rx_queue", "I", "bytes not yet read; for a listener the accept queue's length"),
    ColumnSpec("tx_queue", "I", "bytes not yet acknowledged; 0 for a listener"),
    ColumnSpec("uid", "I", "user who made the socket; 4294967295 where unknown", 2**32 - 1),
    ColumnSpec("retransmits", "I", "retransmissions of what is unacknowledged, without an answer"),
    ColumnSpec("inode", "Q", "inode number in sockfs; 0 for a socket without a descriptor"),
    ColumnSpec("netns", "Q", "inode of the network namespace; 0 where it may not be read", 0),
    ColumnSpec("timer_expires_ms", "q", "milliseconds until the timer fires"),
    ColumnSpec("cookie", "Q", "the kernel's socket cookie; 0 where the source has none", 0),
    ColumnSpec("backlog_limit", "i", "a listener's accept queue limit; -1 where unknown", -1),
)

# On request only (`fields=`). Where struct tcp_info has the like, named and in the units as there.
# Those of variable width stand last.
OPTIONAL_COLUMNS = (
    ColumnSpec("timeout", "I", "zero window probes without an answer"),
    ColumnSpec("refcount", "I", "references to the socket in the kernel"),
    ColumnSpec("rto", "Q", "retransmission time-out in microseconds, 0 where the line has none"),
    ColumnSpec("ato", "Q", "delayed acknowledgement time-out in microseconds"),
    ColumnSpec("cwnd", "I", "congestion window in segments"),
    ColumnSpec("ssthresh", "i", "slow start threshold in segments; -1 in initial slow start"),
    ColumnSpec("drops", "I", "datagrams dropped (UDP)"),
    ColumnSpec("interface", "I", "index of the interface it is bound to (SO_BINDTODEVICE), or 0"),
    ColumnSpec("mark", "I", "SO_MARK"),
    ColumnSpec("v6only", "B", "1: an IPv6 socket that does not take IPv4 (IPV6_V6ONLY), else 0"),
    ColumnSpec(
        "socket_cgroup",
        "Q",
        "id of the cgroup v2 it was made in (inode of its directory); 0 where unknown: sock_diag "
        "tells no UNIX socket's, no TIME_WAIT's and no SYN_RECV's, and /proc none",
        0,
    ),
    ColumnSpec("type", "B", "socket type: 1 stream, 2 datagram, 5 seqpacket; 0 where unknown", 0),
    ColumnSpec("peer", "Q", "inode of the other end of a UNIX socket; 0 for none or unknown", 0),
    ColumnSpec(
        "shutdown",
        "B",
        "what shutdown(2) has ended: 4 nothing, 5 receiving, 6 sending, 7 both; 0 where unknown: "
        "/proc does not tell it, nor sock_diag of TIME_WAIT and SYN_RECV",
        0,
    ),
    ColumnSpec("path", "v", "what a UNIX socket is bound to; NUL first in an abstract name"),
    ColumnSpec("congestion", "v", "name of the congestion control"),
    ColumnSpec("tcp_info", "v", "struct tcp_info as the kernel gave it (linux/tcp.h)"),
    ColumnSpec("skmem", "v", "INET_DIAG_SKMEMINFO as the kernel gave it (linux/sock_diag.h)"),
    ColumnSpec("attributes", "v", "all that sock_diag told besides, as netlink attributes"),
)

OPTIONAL_NAMES = tuple(spec.name for spec in OPTIONAL_COLUMNS)

# Those that a filter may ask for and /proc/net does not have: sock_diag tells them.
BEYOND_PROC = frozenset(("interface", "mark", "socket_cgroup"))

# Those that say what a UNIX socket is, as ports and addresses do of others.
UNIX_FIELDS = ("type", "path")

# By name: the value that stands for "not known".
UNKNOWN_VALUES = {
    spec.name: spec.unknown
    for spec in SOCKET_COLUMNS + OPTIONAL_COLUMNS
    if spec.unknown is not None
}

# One row for each (process, descriptor, socket): 24 bytes.
OWNER_COLUMNS = (
    ColumnSpec("inode", "Q", "the socket's inode"),
    ColumnSpec("pid", "i", "process"),
    ColumnSpec("fd", "i", "descriptor; -1 for an io_uring fixed file"),
    ColumnSpec("tid", "i", "thread with a descriptor table of its own; = pid otherwise"),
    ColumnSpec("process", "I", "row of the process table"),
)
