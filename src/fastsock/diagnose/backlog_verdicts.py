"""What is wrong with a listener, in one sentence, and what to change: from numbers alone.

What the kernel does when a listener is slow (Linux 6.18; net/ipv4/tcp_input.c tcp_conn_request,
tcp_ipv4.c tcp_v4_syn_recv_sock, tcp_minisocks.c tcp_check_req, include/net/sock.h
sk_acceptq_is_full, include/net/inet_connection_sock.h inet_csk_reqsk_queue_is_full):

* The accept queue is full when it holds more than its limit: of listen(8) it takes nine. Then a SYN
  is dropped, and so is the ACK that ends a handshake which had begun before: each counts in
  ListenOverflows and ListenDrops. The client of such an ACK believes that it is connected, while
  the server keeps the request in SYN_RECV, sends its SYN-ACK again some times
  (tcp_synack_retries), and then has nothing. With tcp_abort_on_overflow=1 it is reset instead
  (EmbryonicRsts); a SYN is dropped all the same.
* The SYN queue has the same limit. Linux 6.18 takes one more request than that, as above; older
  kernels none, so that of listen(0) each SYN found it full. When it is, tcp_syncookies decides: 1,
  the SYN is answered with a cookie and no request is kept (TCPReqQFullDoCookies, SyncookiesSent);
  0, it is dropped (TCPReqQFullDrop, ListenDrops). Of an unknown peer it is then dropped earlier
  already, when three quarters of tcp_max_syn_backlog are taken (ListenDrops alone). With 2 each SYN
  is answered with a cookie and counts in TCPReqQFullDoCookies, full or not.
* The limit is the smaller of listen(2)'s argument and net.core.somaxconn as it was at that moment
  (__sys_listen_socket, net/socket.c; __inet_listen_sk, net/ipv4/af_inet.c). Which of the two it was
  can be told where they differ: a limit below somaxconn is the argument, unless somaxconn was
  raised afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.diagnose.counters import Space

HEALTHY = "healthy"
FULL = "full"  # the accept queue is, now
STUCK = "stuck"  # nothing is accepted, although the queue has room
LIMIT = "limit"  # bursts overflow the queue
FLOOD = "flood"  # the SYN queue is full: a SYN flood, or answers that are lost
UNKNOWN = "unknown"  # the data do not tell

FINDINGS = frozenset((FULL, STUCK, LIMIT, FLOOD))

# A connection that waits shorter than this may yet be accepted in time.
PATIENCE = 1.0

ACCEPT = (
    "accept in a thread of its own that does nothing else and queues what it accepts, so that slow "
    "requests do not hold it up"
)
SPEAK = (
    "let the client speak first, or use heartbeats: a client whose last ACK was dropped believes "
    "that it is connected"
)
COOKIES = "keep SYN cookies on (net.ipv4.tcp_syncookies is 1)"
COOKIES_ON = "turn SYN cookies on: sysctl net.ipv4.tcp_syncookies=1"
WATCH = "watch whether they grow: --watch 5"
ASK_NETLINK = "ask an engine that tells the limit: --engine netlink"


class Facts:
    """The numbers that a verdict rests on; None where one is not known.

    Of the listener: `queue` and its `limit`, `half_open` handshakes of which `repeated` had their
    SYN-ACK sent again, `sharing` listeners of its address that share these, with room for
    `shared_limit` together, `drops` since it was made. Of an interval: its `seconds`, how many it
    `dropped` meanwhile, how many waited in the beginning and `stayed`, all of them (None: some have
    gone, or it is not known), and by how much its namespace's counters have `grown`. `alone` says
    that it was the namespace's only listener then and now. `space` is the namespace.
    """

    __slots__ = (
        "queue",
        "limit",
        "half_open",
        "repeated",
        "sharing",
        "shared_limit",
        "drops",
        "seconds",
        "dropped",
        "stayed",
        "grown",
        "alone",
        "listeners",
        "space",
    )

    def __init__(
        self,
        *,
        queue: int,
        limit: int | None,
        half_open: int = 0,
        repeated: int = 0,
        sharing: int = 1,
        shared_limit: int | None = None,
        drops: int | None = None,
        seconds: float | None = None,
        dropped: int | None = None,
        stayed: int | None = None,
        grown: Mapping[str, int] | None = None,
        alone: bool = False,
        listeners: int = 1,
        space: Space | None = None,
    ) -> None:
        self.queue = queue
        self.limit = limit
        self.half_open = half_open
        self.repeated = repeated
        self.sharing = sharing
        self.shared_limit = limit if sharing == 1 else shared_limit
        self.drops = drops
        self.seconds = seconds
        self.dropped = dropped
        self.stayed = stayed
        self.grown = grown
        self.alone = alone
        self.listeners = listeners
        self.space = space

    def setting(self, name: str) -> int | None:
        """Return a setting of the namespace that is one number."""
        return None if self.space is None else self.space.number(name)

    def total(self, counter: str) -> int | None:
        """Return what a counter of the namespace stands at."""
        return None if self.space is None else self.space.counters.get(counter)

    def growth(self, counter: str) -> int | None:
        """Return by how much a counter of the namespace has grown in the interval."""
        return None if self.grown is None else self.grown.get(counter)

    def growth_here(self, counter: str) -> int | None:
        """Return the same where it cannot be another listener's."""
        return self.growth(counter) if self.alone else None


class Verdict:
    """What is wrong with a listener: `kind` is HEALTHY, one of FINDINGS, or UNKNOWN.

    `sentence` says it with the numbers that it rests on, `advice` what to change.
    """

    __slots__ = ("kind", "sentence", "advice")

    def __init__(self, kind: str, sentence: str, advice: Sequence[str] = ()) -> None:
        self.kind = kind
        self.sentence = sentence
        self.advice = tuple(advice)

    @property
    def finding(self) -> bool:
        """Whether something is wrong for certain."""
        return self.kind in FINDINGS

    def as_dict(self) -> dict[str, Any]:
        return {"verdict": self.kind, "sentence": self.sentence, "advice": list(self.advice)}

    def __repr__(self) -> str:
        return f"<Verdict {self.kind}: {self.sentence}>"


def judge(facts: Facts) -> Verdict:
    """Return the verdict: the first that the numbers prove, else what is not known, else healthy.

    Counters of a namespace prove something about a listener only where they have not grown at all,
    or where it is the only one.
    """
    for rule in (_judge_full, _judge_stuck, _judge_flood, _judge_overflow):
        verdict = rule(facts)
        if verdict is not None:
            return verdict
    return _judge_unproven(facts)


def _judge_full(facts: Facts) -> Verdict | None:
    if facts.limit is None or facts.queue <= facts.limit:
        return None
    fate = "dropped"
    if facts.setting("tcp_abort_on_overflow") == 1:
        fate = "dropped, and reset where its handshake had begun"
    sentence = (
        f"full, the application does not accept: {_connections(facts.queue)} where {facts.limit} "
        f"may, and what else comes is {fate}"
    )
    advice = [ACCEPT, *_raise(facts)]
    if facts.setting("tcp_abort_on_overflow") != 1:
        advice.append(SPEAK)
    return Verdict(FULL, sentence + _and_stayed(facts) + _and_dropped(facts), advice)


def _judge_stuck(facts: Facts) -> Verdict | None:
    if not facts.queue or not facts.stayed or (facts.seconds or 0.0) < PATIENCE:
        return None
    limit = "?" if facts.limit is None else facts.limit
    sentence = f"the application does not accept: {_connections(facts.queue)} of {limit}"
    return Verdict(STUCK, sentence + _and_stayed(facts) + _and_dropped(facts), [ACCEPT])


def _judge_flood(facts: Facts) -> Verdict | None:
    cookies = facts.setting("tcp_syncookies")
    advice = [COOKIES_ON if cookies == 0 else COOKIES, *_raise(facts)]
    room = facts.shared_limit
    if room is not None and cookies == 0 and (most := facts.setting("tcp_max_syn_backlog")):
        # Peers that are known to be alive may use the last quarter.
        room = min(room, facts.sharing * (most - (most >> 2) + 1))
    # An answer that is on its way arrives within a second.
    lasting = facts.half_open > 0 and 2 * facts.repeated >= facts.half_open
    # Kernels differ by one; what is there for a moment must be too much for all of them.
    if room is not None and facts.half_open >= (room if lasting else room + 1):
        why = "more peers that do not end their handshakes" if lasting else "more handshakes"
        fate = {
            0: ", and further SYNs are dropped (tcp_syncookies is 0)",
            1: ", and further SYNs are answered with cookies (tcp_syncookies is 1)",
        }.get(-1 if cookies is None else cookies, "")
        sentence = (
            f"SYN flood, or {why} than the SYN queue holds: {_half_open(facts)} where {room} may "
            f"be, {facts.repeated} of them for a second or more{fate}"
        )
        return Verdict(FLOOD, sentence + _and_cookies(facts), advice)
    if cookies == 1 and (sent := facts.growth_here("SyncookiesSent")):
        sentence = (
            f"SYN cookies are being sent: {sent}{_within(facts)}, each for a SYN that found the "
            f"SYN queue of the only listener here full; now {_half_open(facts)}"
        )
        return Verdict(FLOOD, sentence, advice)
    if refused := facts.growth_here("TCPReqQFullDrop"):
        sentence = (
            f"SYN flood, or more handshakes than the SYN queue holds: {refused} SYNs dropped"
            f"{_within(facts)} by the only listener here; now {_half_open(facts)}"
        )
        return Verdict(FLOOD, sentence, advice)
    return None


def _judge_overflow(facts: Facts) -> Verdict | None:
    """The accept queue is not full now, but was in the interval."""
    overflows = facts.growth("ListenOverflows")
    if not overflows:
        return None
    if facts.alone:
        lost = f"{overflows} overflows{_within(facts)} of the only listener here"
    elif facts.dropped:
        # Its own count; that some queue has overflowed is the namespace's.
        lost = f"{facts.dropped} packets dropped{_within(facts)}"
    else:
        return None
    sentence = (
        f"limit too small for what comes at once, or the application pauses: {lost}, while now "
        f"{_connections(facts.queue)} of {'?' if facts.limit is None else facts.limit}"
    )
    if not facts.alone and facts.listeners > 1 and _others_dropped(facts):
        sentence = f"dropped {facts.dropped} packets{_within(facts)} for want of room or memory"
        return Verdict(UNKNOWN, sentence)
    return Verdict(LIMIT, sentence, [*_raise(facts), ACCEPT])


def _others_dropped(facts: Facts) -> bool:
    """Whether some drops of the namespace were no overflows: then ours may be those."""
    drops, overflows = facts.growth("ListenDrops"), facts.growth("ListenOverflows")
    return drops is None or overflows is None or drops > overflows


def _judge_unproven(facts: Facts) -> Verdict:
    """Return healthy, as far as that is known, or what is not known."""
    waits = (
        f"{facts.queue} wait, the limit is not known"
        if facts.limit is None
        else f"{facts.queue} of {facts.limit} wait"
    )
    if facts.half_open:
        waits += f", {_half_open(facts)}"
    if facts.dropped:
        sentence = (
            f"{facts.dropped} packets dropped{_within(facts)}, and no accept queue here "
            f"overflowed: a full SYN queue, want of memory or of a route, a filter; {waits}"
        )
        return Verdict(UNKNOWN, sentence)
    if facts.grown is not None:
        return _judge_interval(facts, waits)
    if facts.limit is None:
        if _never_failed(facts):
            return Verdict(HEALTHY, f"no listener here has ever dropped anything; {waits}")
        return Verdict(UNKNOWN, waits + _and_totals(facts), [ASK_NETLINK])
    if facts.drops == 0:
        return Verdict(HEALTHY, f"{waits}, and nothing was dropped since it was made")
    if _never_failed(facts):
        return Verdict(HEALTHY, f"{waits}, and no listener here has ever dropped anything")
    if facts.drops:
        sentence = f"{waits} now; {facts.drops} packets dropped since it was made, which may be old"
        return Verdict(HEALTHY, sentence, [WATCH])
    return Verdict(HEALTHY, f"{waits} now{_and_totals(facts)}", [WATCH])


# What grows when a listener fails, whatever the reason.
_FAILURES = ("ListenOverflows", "ListenDrops", "TCPReqQFullDoCookies", "TCPReqQFullDrop")


def _judge_interval(facts: Facts, waits: str) -> Verdict:
    grown = {name: facts.growth(name) for name in _FAILURES}
    # Each SYN counts where all are answered with cookies.
    if facts.setting("tcp_syncookies") == 2:
        grown.pop("TCPReqQFullDoCookies")
    if facts.dropped == 0:  # what it dropped itself is known
        grown = {name: n for name, n in grown.items() if name == "TCPReqQFullDoCookies"}
    if None in grown.values():
        return Verdict(UNKNOWN, f"{waits}; its namespace's counters are not known")
    told = ", ".join(f"{name} +{number}" for name, number in grown.items() if number)
    if told:
        whose = f"of which of its {facts.listeners} listeners is not known"
        if facts.listeners == 1:
            whose = "whether of this listener is not known, another was there before"
        return Verdict(UNKNOWN, f"{waits}; in its namespace {told}{_within(facts)}, {whose}")
    return Verdict(HEALTHY, f"{waits}, and nothing was dropped{_within(facts)}")


def _never_failed(facts: Facts) -> bool:
    """Whether no listener of the namespace has ever dropped anything: then this one has not."""
    return all(facts.total(name) == 0 for name in _FAILURES)


# ------------------------------------------------------------------------------ parts of sentences


def _connections(number: int) -> str:
    return f"{number} connection{'s wait' if number != 1 else ' waits'}"


def _half_open(facts: Facts) -> str:
    shared = f" at the {facts.sharing} listeners of this address" if facts.sharing > 1 else ""
    return f"{facts.half_open} half open{shared}"


def _within(facts: Facts) -> str:
    return "" if facts.seconds is None else f" in {facts.seconds:.3g} s"


def _and_stayed(facts: Facts) -> str:
    if not facts.stayed or facts.seconds is None:
        return ""
    return f"; of {facts.stayed} that waited {facts.seconds:.3g} s ago none has been accepted"


def _and_dropped(facts: Facts) -> str:
    if facts.dropped:
        return f"; {facts.dropped} packets dropped{_within(facts)}"
    if facts.dropped is None and facts.drops:
        return f"; {facts.drops} packets dropped since it was made"
    return ""


def _and_cookies(facts: Facts) -> str:
    """What the namespace has sent meanwhile; one of several listeners is not said to have."""
    sent = facts.growth("SyncookiesSent")
    if not sent:
        return ""
    whose = "" if facts.alone else f" by the {facts.listeners} listeners here"
    return f"; {sent} cookies sent{_within(facts)}{whose}"


def _and_totals(facts: Facts) -> str:
    totals = [f"{name} {number}" for name in _FAILURES if (number := facts.total(name)) is not None]
    if not totals:
        return "; its namespace's counters are not known"
    return f"; in its namespace since that was made {', '.join(totals)}"


def _raise(facts: Facts) -> list[str]:
    """Return what makes room, as far as it can be told what limits it."""
    limit, most = facts.limit, facts.setting("somaxconn")
    if limit is None:
        return ["listen(SOMAXCONN), and look at net.core.somaxconn"]
    if most is None:
        return [f"listen(SOMAXCONN), and raise net.core.somaxconn if it is {limit}"]
    if limit < most:
        return [f"listen(SOMAXCONN): the limit is {limit}, and net.core.somaxconn allows {most}"]
    return [
        f"raise net.core.somaxconn, which is {most}, and listen(SOMAXCONN) again: it counts when "
        "listen(2) is called"
    ]
