"""The vocabulary of sockets: states, timers, protocols, types and families, each in one table.

State numbers are the kernel's (include/net/tcp_states.h), which /proc/net/tcp prints in
hexadecimal and sock_diag as a byte. UDP sockets use two of them: ESTABLISHED when connected, CLOSE
otherwise. UNIX sockets use three: LISTEN, ESTABLISHED when connected, CLOSE otherwise; one of
datagrams is ESTABLISHED also when somebody connected to it (net/unix/af_unix.c).
"""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """A socket's state, equal to the kernel's number. `str()` gives the name."""

    ESTABLISHED = 1
    SYN_SENT = 2
    SYN_RECV = 3
    FIN_WAIT1 = 4
    FIN_WAIT2 = 5
    TIME_WAIT = 6
    CLOSE = 7
    CLOSE_WAIT = 8
    LAST_ACK = 9
    LISTEN = 10
    CLOSING = 11

    def __str__(self) -> str:  # IntEnum's own changed between Pythons
        return self.name

    def __repr__(self) -> str:
        return f"State.{self.name}"

    @property
    def ss(self) -> str:
        """The spelling of ss(8), for example `ESTAB` or `FIN-WAIT-1`."""
        return _SS[self]

    @property
    def psutil(self) -> str:
        """The value of psutil's `CONN_*` constant, which lsof and netstat print as well."""
        return self.name


# Where ss differs from the name with a dash for the underscore.
_SS = {state: state.name.replace("_", "-") for state in State} | {
    State.ESTABLISHED: "ESTAB",
    State.FIN_WAIT1: "FIN-WAIT-1",
    State.FIN_WAIT2: "FIN-WAIT-2",
    State.CLOSE: "UNCONN",
}

# What people type beyond the name and ss's output; ss's own input spellings among them.
_ALIASES = {
    "listening": State.LISTEN,
    "closed": State.CLOSE,
    "unconnected": State.CLOSE,
    "syn_rcv": State.SYN_RECV,
    "syn_received": State.SYN_RECV,
}

_BY_SPELLING = {
    spelling.lower().replace("-", "_"): state
    for state in State
    for spelling in (state.name, state.ss)
} | _ALIASES

# The states that are neither ESTABLISHED nor LISTEN: `--others`, `Counts.other`.
OTHERS = frozenset(range(256)) - {State.ESTABLISHED, State.LISTEN}

# What ss(8) calls groups of states. Unknown numbers are in those that are all but some.
GROUPS = {
    "all": frozenset(range(256)),
    "connected": frozenset(range(256)) - {State.CLOSE, State.LISTEN},
    "synchronized": frozenset(range(256)) - {State.CLOSE, State.LISTEN, State.SYN_SENT},
    "bucket": frozenset((State.SYN_RECV, State.TIME_WAIT)),
    "big": frozenset(range(256)) - {State.SYN_RECV, State.TIME_WAIT},
}


def parse_state(text: str) -> frozenset[int]:
    """Return the state numbers that a name means: fastsock's names, ss's, any case, `other`.

    Raises ValueError for anything else, naming what there is.
    """
    folded = text.strip().lower().replace("-", "_")
    if folded in ("other", "others"):
        return OTHERS
    try:
        return frozenset((_BY_SPELLING[folded],))
    except KeyError:
        known = " ".join(state.name for state in State)
        raise ValueError(f"unknown state {text!r}; states are {known} and other") from None


def state_name(number: int) -> str:
    """Return the name of a state, and `state-14` for a number that no kernel of today prints."""
    return NAMES[number]


STATES: tuple[State | int, ...] = tuple(
    State(n) if n in State._value2member_map_ else n for n in range(256)
)
NAMES: tuple[str, ...] = tuple(
    s.name if isinstance(s, State) else f"state-{n}" for n, s in enumerate(STATES)
)

# The `tr` column of /proc/net/tcp (Documentation/networking/proc_net_tcp.rst), named as netstat
# prints them. 2 is "another timer, for example delayed ack or keepalive".
TIMERS = ("off", "on", "keepalive", "timewait", "probe")

# IPPROTO_TCP, IPPROTO_UDP; sock_diag says 0 for UNIX sockets.
TCP, UDP, UNIX = 6, 17, 0
PROTOCOLS = {"tcp": TCP, "udp": UDP, "unix": UNIX}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}

# SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET.
TYPES = {"stream": 1, "dgram": 2, "seqpacket": 5}
TYPE_NAMES = {number: name for name, number in TYPES.items()}

# AF_INET, AF_INET6, AF_UNIX.
FAMILIES = {"ipv4": 2, "ipv6": 10, "unix": 1}
FAMILY_NAMES = {number: name for name, number in FAMILIES.items()}
