"""What tells that sockets came or went while they were read: then rows may have been passed over.

The kernel hands out its tables in pieces and goes on by counting within a bucket of its hash: when
an entry before that place has gone, the next row is passed over. 1 read of /proc/net/tcp in 1,000
lost a row beside one process that opens and closes connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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

# Of the line Tcp: in net/snmp: ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab.
_OPENED = slice(5, 10)


def read_movement(namespaces: Iterable[Namespace], want: Filter) -> Movement:
    """Return the state of what is wanted, without what nothing tells of. 60 us a namespace.

    A TCP socket that goes leaves fewer of them in sockstat, unless another came, and then a counter
    of connections opened has moved in snmp. Sockets of UDP and UNIX are only counted, and one may
    go while another comes: more than are read at once have always moved.
    """
    protocols = asked_protocols(want)
    found: Movement = {}
    for space in namespaces:
        if TCP in protocols or UDP in protocols:
            lines = _read_lines(space, ("sockstat", "sockstat6"))
            if lines and TCP in protocols:
                tcp = [line[1:7] for line in lines if line[0].startswith(b"TCP")]
                opened = [line[_OPENED] for line in _read_lines(space, ("snmp",), b"Tcp:")]
                found[space.inode, TCP] = tcp, opened
            if lines and UDP in protocols:
                numbers = [int(line[2]) for line in lines if line[0] in (b"UDP:", b"UDP6:")]
                found[space.inode, UDP] = numbers if sum(numbers) <= AT_ONCE else object()
        if UNIX in protocols:
            number = count_unix([space])
            found[space.inode, UNIX] = number if number <= AT_ONCE else object()
    return found


def _read_lines(space: Namespace, names: Sequence[str], start: bytes = b"") -> list[list[bytes]]:
    texts = [read_net(space, name, 8192) or b"" for name in names]
    lines = [line for text in texts for line in text.splitlines()]
    return [line.split() for line in lines if line.startswith(start) and line]


def list_moved(before: Movement, after: Movement) -> frozenset[tuple[int, int]]:
    """Return what is known to have moved between two readings."""
    return frozenset(key for key, value in before.items() if after.get(key) != value)
