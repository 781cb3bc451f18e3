"""TCP's listeners with what waits for them: handshakes that are half open, connections un-accepted.

A listener has two queues. A SYN that is answered makes a request (SYN_RECV), and the ACK that ends
the handshake a connection, which waits in the accept queue and belongs to no descriptor until it is
accepted: its inode is 0. Both carry the listener's address family, port and local address, or a
more exact address where the listener is bound to the wildcard, and know no more of whose they are:
listeners that share an address (SO_REUSEPORT) share what waits.

A connection takes the listener that the kernel would find (net/ipv4/inet_hashtables.c,
inet_lhash2_lookup): one of its exact address before one of the wildcard, and of those one that is
bound to its interface before one that is bound to none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fastsock.attributes import ABSENT, MEMBERS, parse_member
from fastsock.table import SocketTable
from fastsock.tcp import FAMILIES, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from fastsock.table import Socket

    # (netns, family, local port, local address, interface)
    Place = tuple[int, int, int, bytes, int]
    # (remote address, remote port)
    Peer = tuple[bytes, int]

# The optional columns by which a listener is told from others, and its own count of drops.
FIELDS = ("interface", "v6only", "skmem")

# What waits to be accepted is in these states; without an inode no other socket is.
WAITING = (State.ESTABLISHED, State.CLOSE_WAIT)

_DROPS = MEMBERS["skmem"]["drops"]
_ANY = bytes(16)
_MAPPED = bytes(10) + b"\xff\xff"
_ANY_IPV4 = _MAPPED + bytes(4)


class Listening:
    """A listener in a table.

    `place` is where it listens and `v6only` whether it takes IPv6 alone, as far as the table tells.
    `keys` are those by which the same one is found again, the best first. `drops` is how many
    packets it has dropped since it was made, None where the table does not tell: sk_drops, each SYN
    and each last ACK of a handshake that ListenDrops counts, and beside these what a filter, a
    minimal TTL or IPsec refused. An ACK may count twice (tcp_listendrop in tcp_v4_syn_recv_sock,
    and tcp_v4_rcv for the same packet).
    """

    __slots__ = ("socket", "place", "v6only", "drops", "keys")

    def __init__(self, socket: Socket, held: frozenset[str]) -> None:
        self.socket = socket
        self.place: Place = (
            socket.field("netns"),
            socket.field("family"),
            socket.local_port,
            socket.field("local_address"),
            socket.field("interface") if "interface" in held else 0,
        )
        self.v6only = bool("v6only" in held and socket.field("v6only"))
        drops = parse_member(socket.field("skmem") if "skmem" in held else b"", _DROPS)
        self.drops = None if drops == ABSENT else drops
        by_inode = ("inode", self.place[0], socket.local_port, socket.inode)
        cookie = socket.field("cookie")
        self.keys: tuple[Hashable, ...] = (cookie, by_inode) if cookie else (by_inode,)


def list_listening(table: SocketTable) -> list[Listening]:
    """Return the listeners of a table that has no other sockets."""
    held = frozenset(table.column_names())
    return [Listening(socket, held) for socket in table]


class Queue:
    """What waits at one address: of its `listeners`, of which there are several (SO_REUSEPORT).

    `room` is the limits of their accept queues together, None where one of them is not known.
    `half_open` counts handshakes in SYN_RECV, `repeated` those of them whose SYN-ACK was sent
    again, for want of an answer that was taken: they are a second old or more. `waiting` are the
    peers of un-accepted connections that can be seen; one that was reset cannot be, and has its
    place in the accept queue all the same.
    """

    __slots__ = ("place", "listeners", "room", "half_open", "repeated", "waiting")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.listeners: list[Listening] = []
        self.room: int | None = 0
        self.half_open = 0
        self.repeated = 0
        self.waiting: set[Peer] = set()

    def add(self, one: Listening) -> None:
        """Take in a listener of this address."""
        self.listeners.append(one)
        limit = one.socket.backlog_limit
        self.room = None if self.room is None or limit is None else self.room + limit


class Queues:
    """The queues of all listeners of some namespaces, by their places.

    `namespaces` has those of each namespace, `half_open_elsewhere` counts handshakes whose listener
    was not seen.
    """

    __slots__ = ("listeners", "places", "namespaces", "half_open_elsewhere", "_loose", "_known")

    def __init__(self, listeners: Iterable[Listening]) -> None:
        self.listeners = list(listeners)
        self.places: dict[Place, Queue] = {}
        self.namespaces: dict[int, list[Listening]] = {}
        self.half_open_elsewhere = 0
        self._loose: dict[tuple[int, int, int, bytes], Place] = {}
        self._known: dict[Hashable, Listening] = {}
        for one in self.listeners:
            self.places.setdefault(one.place, Queue(one.place)).add(one)
            self.namespaces.setdefault(one.place[0], []).append(one)
            # For rows that do not tell their interface.
            self._loose.setdefault(one.place[:4], one.place)
            for key in one.keys:
                self._known.setdefault(key, one)

    def __iter__(self) -> Iterator[Queue]:
        return iter(self.places.values())

    def again(self, one: Listening) -> Listening | None:
        """Return the same listener as it was here; None where it was not."""
        return next((self._known[key] for key in one.keys if key in self._known), None)

    def find(
        self, netns: int, family: int, port: int, address: bytes, interface: int
    ) -> Queue | None:
        """Return whose a connection is that came to this local end; None where nobody listens."""
        for bound in (address, *_wildcards(family, address)):
            for device in (interface, 0) if interface else (0,):
                queue = self.places.get((netns, family, port, bound, device))
                if queue is not None and not _refuses(queue, address):
                    return queue
            place = self._loose.get((netns, family, port, bound))
            if place is not None and not _refuses(self.places[place], address):
                return self.places[place]
        return None

    def add_half_open(self, table: SocketTable) -> None:
        """Count requests: rows in SYN_RECV without an inode."""
        found: dict[Place, Queue | None] = {}
        retried = table.column("retransmits")
        for place, retries in zip(_places(table), retried, strict=True):
            if place not in found:
                found[place] = self.find(*place)
            queue = found[place]
            if queue is None:
                self.half_open_elsewhere += 1
                continue
            queue.half_open += 1
            queue.repeated += retries > 0

    def add_waiting(self, table: SocketTable) -> None:
        """Note un-accepted connections: rows in WAITING without an inode."""
        peers = zip(table.column("remote_address"), table.column("remote_port"), strict=True)
        for place, (address, port) in zip(_places(table), peers, strict=True):
            queue = self.find(*place)
            if queue is not None:
                queue.waiting.add((bytes(address), port))


def read_queues(table: SocketTable) -> Queues:
    """Return the queues in one table of all sockets, as a snapshot has."""
    found = Queues(list_listening(table.select(protocol="tcp", state=State.LISTEN)))
    found.add_half_open(table.select(protocol="tcp", state=State.SYN_RECV, inode=0))
    found.add_waiting(table.select(protocol="tcp", state=WAITING, inode=0))
    return found


def _places(table: SocketTable) -> Iterator[Place]:
    """Yield the local ends of rows, with the interface where the table has it."""
    rows = len(table)
    interfaces: Sequence[int] = (
        table.column("interface") if "interface" in table.column_names() else (0,) * rows
    )
    addresses = map(bytes, table.column("local_address"))
    return zip(
        table.column("netns"),
        table.column("family"),
        table.column("local_port"),
        addresses,
        interfaces,
        strict=True,
    )


def _wildcards(family: int, address: bytes) -> tuple[bytes, ...]:
    if family == FAMILIES["ipv4"]:
        return (_ANY_IPV4,)
    # An IPv6 socket may be bound to ::ffff:0.0.0.0; and to ::, which takes IPv4 unless v6only.
    return (_ANY_IPV4, _ANY) if address.startswith(_MAPPED) else (_ANY,)


def _refuses(queue: Queue, address: bytes) -> bool:
    """Whether a connection to this address cannot be of these listeners: IPv4, and IPv6 only."""
    mapped = address.startswith(_MAPPED)
    return mapped and queue.place[3] == _ANY and all(one.v6only for one in queue.listeners)
