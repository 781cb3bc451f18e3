"""What tells that sockets came or went while they were read: then rows may have been passed over.

The kernel hands out its tables in pieces and goes on by counting within a bucket of its hash: when
an entry before that place has gone, the next row is passed over. 1 read of /proc/net/tcp in 1,000
lost a row beside one process that opens and closes connections.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from fastsock.engines.namespaces import Namespace, asked_protocols, count_unix, read_net
from fastsock.tcp import TCP, UDP, UNIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.filter import Filter

# (netns, protocol) → what is another value once such a socket came or went.
Movement = dict[tuple[int, int], object]

# The rows that one read(2) always takes, and the first datagram of a dump: a page of the smallest
# size is 4096 bytes, a line with the longest UNIX path has 167.
AT_ONCE = 24


class Census:
    """How many sockets the kernel's tables of a namespace hold: of TCP, of UDP, in TIME_WAIT.

    `opened` has counted TCP's connections since the start, None where that is not told. `state` is
    another value once a socket of TCP came or went: one that goes leaves fewer of them, unless
    another came, and then the counters of connections have moved.
    """

    __slots__ = ("tcp", "udp", "time_wait", "opened", "state")

    def __init__(
        self, tcp: int, udp: int, time_wait: int, opened: int | None, state: object
    ) -> None:
        self.tcp = tcp
        self.udp = udp
        self.time_wait = time_wait
        self.opened = opened
        self.state = state

    def count(self, protocols: Container[int]) -> int:
        """Return how many sockets of these protocols can have a descriptor."""
        return (self.tcp if TCP in protocols else 0) + (self.udp if UDP in protocols else 0)


def read_census(space: Namespace) -> Census | None:
    """Return what a namespace counts, None where no process shows it. 60 us."""
    sockstat, sockstat6, snmp = (
        read_net(space, name, 8192) for name in ("sockstat", "sockstat6", "snmp")
    )
    return None if sockstat is None else parse_census(sockstat + (sockstat6 or b""), snmp or b"")


def parse_census(sockstat: bytes, snmp: bytes) -> Census | None:
    """Read `TCP: inuse 3 orphan 0 tw 2 alloc 4 mem 1` and its like, and snmp's two lines `Tcp:`.

    None where there is no such line. `alloc` and `mem` also move when nothing comes or goes.
    """
    lines = {words[0]: words[1:] for words in map(bytes.split, sockstat.splitlines()) if words}
    if b"TCP:" not in lines:
        return None
    counts = {
        name: _number(lines.get(name, []), b"inuse")
        for name in (b"TCP:", b"TCP6:", b"UDP:", b"UDP6:")
    }
    tcp = [line.split() for line in snmp.splitlines() if line.startswith(b"Tcp:")]
    moved = dict(zip(*tcp, strict=False)) if len(tcp) == 2 else {}
    counters = [int(moved.get(name, 0)) for name in _CONNECTIONS]
    return Census(
        counts[b"TCP:"] + counts[b"TCP6:"],
        counts[b"UDP:"] + counts[b"UDP6:"],
        _number(lines[b"TCP:"], b"tw"),
        sum(counters[:2]) if moved else None,
        (lines[b"TCP:"][:6], counts[b"TCP6:"], counters),
    )


_CONNECTIONS = (b"ActiveOpens", b"PassiveOpens", b"AttemptFails", b"EstabResets", b"CurrEstab")


def _number(words: list[bytes], name: bytes) -> int:
    """Return the number behind a name, 0 where there is none."""
    return int(words[words.index(name) + 1]) if name in words[:-1] else 0


def read_movement(namespaces: Iterable[Namespace], want: Filter) -> Movement:
    """Return the state of what is wanted, without what nothing tells of. 60 us a namespace.

    Sockets of UDP and UNIX are only counted, and one may go while another comes: more than are read
    at once have always moved.
    """
    protocols = asked_protocols(want)
    found: Movement = {}
    for space in namespaces:
        census = None if protocols.isdisjoint((TCP, UDP)) else read_census(space)
        if census is not None and TCP in protocols:
            found[space.inode, TCP] = census.state
        if census is not None and UDP in protocols:
            found[space.inode, UDP] = census.udp if census.udp <= AT_ONCE else object()
        if UNIX in protocols:
            number = count_unix([space])
            found[space.inode, UNIX] = number if number <= AT_ONCE else object()
    return found


def list_moved(before: Movement, after: Movement) -> frozenset[tuple[int, int]]:
    """Return what is known to have moved between two readings."""
    return frozenset(key for key, value in before.items() if after.get(key) != value)
