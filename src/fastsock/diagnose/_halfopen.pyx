"""The two ends of connections, joined over several tables by their four-tuples.

The row of a client, and that of its server, which has the ends the other way round,

  0: 0100090A:9C40 0200090A:1388 01 00000000:00000000 00:00000000 00000000  0 0 71 1 0 20 4 30 10 -1
  0: 0200090A:1388 0100090A:9C40 03 00000000:00000000 01:00000064 00000000  0 0  0 0 0

are one connection, which is ESTABLISHED (01) here and SYN_RECV (03) there: half open.

Every connection is entered under a 64-bit fingerprint of its four ends (16 bytes of an address are
the same whether the socket is IPv4 or v4-mapped), and then each asks for itself turned round: one
look into memory for each row. Ends of loopback are entered with their namespace, since all of those
have a 127.0.0.1. Two different connections are taken for one with a probability of n*n / 2**65, as
in _seen.pyx, and the hash is keyed by a secret of the process, since a peer chooses its ports.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from fastsock._columns cimport (
    COOKIE, INODE, LOCAL_ADDRESS, LOCAL_PORT, NETNS, PROTOCOL, REMOTE_ADDRESS, REMOTE_PORT,
    RETRANSMITS as RETRANSMITS_COLUMN, RX_QUEUE as RX_QUEUE_COLUMN, STATE,
    TX_QUEUE as TX_QUEUE_COLUMN,
)
from fastsock._hash cimport mix, prefetch, scale
from fastsock._slots cimport Slot, Slots, enter_slot, set_up, slot_of
from fastsock._table cimport SocketRows

from fastsock import tcp
from fastsock.diagnose import halfopen_verdicts

import os

cdef enum:
    # Those of halfopen_verdicts.py.
    NOTHING = 0
    MATCHED = 1
    GONE = 2
    NOT_COVERED = 3
    SEVERAL = 4
    TRANSLATED = 5
    ABSENT = 8
    HALF_SYN_RECV = 9
    UNACCEPTED = 10
    UNCLOSED = 11
    UNCLOSED_ALONE = 12
    VERDICT = 15
    AGAIN = 16
    TX_QUEUE = 32
    RX_QUEUE = 64
    RETRANSMITS = 128

    # Positions in halfopen_verdicts.COUNTERS; what was so AGAIN is counted behind each.
    CLIENT_ESTABLISHED = 0
    SERVER_ESTABLISHED = 1
    BOTH = 2
    ABSENT_AT_SERVER = 3
    ABSENT_AT_CLIENT = 5
    COUNTED_SYN_RECV = 7
    COUNTED_UNACCEPTED = 9
    SERVER_UNCLOSED = 11
    CLIENT_UNCLOSED = 13
    COUNTED_TRANSLATED = 15
    COUNTED_NOT_COVERED = 16
    COUNTED_SEVERAL = 17
    COUNTERS = 18

    TCP = 6
    UDP = 17
    ESTABLISHED = 1
    SYN_SENT = 2
    SYN_RECV = 3
    FIN_WAIT2 = 5
    TIME_WAIT = 6
    CLOSE = 7
    CLOSE_WAIT = 8
    LAST_ACK = 9
    LISTEN = 10
    CLOSING = 11

    FEWEST_SLOTS = 64
    AHEAD = 16             # rows whose slots are on their way from memory
    NOWHERE = -1           # no space
    SEVERAL_SPACES = -2

    # What a mark is about, so that marks of different sorts never meet.
    LISTENS = 1            # space, local end
    OWNS = 2               # space, address
    PAIRED = 3             # two addresses between which connections were found at both ends
    CLIENT_END = 4         # space, local end of a client without its other end
    SERVER_END = 5         # space, local end of a server, port of the client
    REMOTE_END = 6         # a client's end as a server without its other end sees it
    HIDDEN_END = 7         # the server's end and the port of a client with a private address

assert (NOTHING, MATCHED, GONE, NOT_COVERED, SEVERAL, TRANSLATED, ABSENT, HALF_SYN_RECV, UNACCEPTED,
        UNCLOSED, UNCLOSED_ALONE, VERDICT) == halfopen_verdicts.VERDICTS
assert (AGAIN, TX_QUEUE, RX_QUEUE, RETRANSMITS) == halfopen_verdicts.FLAGS
assert len(halfopen_verdicts.COUNTERS) == COUNTERS
assert [halfopen_verdicts.COUNTERS[at] for at in (
    CLIENT_ESTABLISHED, SERVER_ESTABLISHED, BOTH, ABSENT_AT_SERVER, ABSENT_AT_CLIENT,
    COUNTED_SYN_RECV, COUNTED_UNACCEPTED, SERVER_UNCLOSED, CLIENT_UNCLOSED, COUNTED_TRANSLATED,
    COUNTED_NOT_COVERED, COUNTED_SEVERAL,
)] == [
    "client_established", "server_established", "matched", "absent_at_server", "absent_at_client",
    "syn_recv", "unaccepted", "server_unclosed", "client_unclosed", "translated", "not_covered",
    "several",
]
assert (TCP, UDP) == (tcp.TCP, tcp.UDP)
assert (ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN,
        CLOSING) == (
    tcp.State.ESTABLISHED, tcp.State.SYN_SENT, tcp.State.SYN_RECV, tcp.State.FIN_WAIT2,
    tcp.State.TIME_WAIT, tcp.State.CLOSE, tcp.State.CLOSE_WAIT, tcp.State.LAST_ACK,
    tcp.State.LISTEN, tcp.State.CLOSING,
)

# 128 random bits a process; a child of fork may share them.
cdef bytes SECRET = os.urandom(16)
cdef uint64_t SEED[2]
memcpy(SEED, <const char*>SECRET, 16)

cdef char ANY[16]
memset(ANY, 0, 16)

cdef struct End:           # one end of a connection
    uint64_t key           # 0: free
    uint32_t row
    int32_t space
    uint16_t table
    uint8_t state
    uint8_t held           # by an inode

cdef struct Side:          # one table
    const uint8_t* protocol
    const uint8_t* state
    const char* local
    const char* remote
    const uint16_t* local_port
    const uint16_t* remote_port
    const uint64_t* inode
    const uint64_t* cookie
    const uint32_t* tx_queue
    const uint32_t* rx_queue
    const uint32_t* retransmits
    Py_ssize_t length
    int32_t* space         # of each row, NOWHERE where another table has it
    int32_t* target        # the space of the other end
    uint8_t* code

cdef struct Group:
    char client[16]
    char server[16]
    int32_t client_space
    int32_t server_space
    uint16_t port
    uint64_t counters[COUNTERS]


# ------------------------------------------------------------------------------- addresses and keys

cdef inline bint is_ipv4(const char* address) noexcept nogil:
    cdef uint8_t mapped[12]
    memset(mapped, 0, 10)
    memset(mapped + 10, 0xff, 2)
    return memcmp(address, mapped, 12) == 0


cdef inline bint is_any(const char* address) noexcept nogil:
    """0.0.0.0 and ::"""
    if is_ipv4(address):
        address += 12
        return memcmp(address, ANY, 4) == 0
    return memcmp(address, ANY, 16) == 0


cdef inline bint is_loopback(const char* address) noexcept nogil:
    if address[0]:
        return False  # most of IPv6
    if is_ipv4(address):
        return <uint8_t>address[12] == 127
    return memcmp(address, ANY, 15) == 0 and address[15] == 1


cdef inline bint is_private(const char* address) noexcept nogil:
    """RFC 1918, 6598 and 4193."""
    cdef uint8_t first, second
    if not is_ipv4(address):
        return <uint8_t>address[0] & 0xFE == 0xFC
    first = <uint8_t>address[12]
    second = <uint8_t>address[13]
    return (
        first == 10
        or (first == 172 and second & 0xF0 == 16)
        or (first == 192 and second == 168)
        or (first == 100 and second & 0xC0 == 64)
    )


cdef inline uint64_t hash_address(const char* address, uint64_t more) noexcept nogil:
    cdef uint64_t words[2]
    memcpy(words, address, 16)
    more = mix(words[0] ^ SEED[0] ^ more, words[1] ^ SEED[1])
    return mix(more ^ SEED[0], words[1] ^ SEED[1] ^ more)


cdef inline uint64_t hash_ends(
    const char* near, uint16_t near_port, const char* far, uint16_t far_port, uint64_t more
) noexcept nogil:
    cdef uint64_t words[4]
    cdef uint64_t ports = near_port | (<uint64_t>far_port << 16) | (more << 32)
    cdef uint64_t hash
    memcpy(words, near, 16)
    memcpy(words + 2, far, 16)
    hash = mix(words[0] ^ SEED[0], words[1] ^ SEED[1])
    hash = mix(words[2] ^ SEED[0] ^ hash, words[3] ^ SEED[1])
    hash = mix(ports ^ SEED[1] ^ hash, hash ^ SEED[0])
    return hash if hash else 1


cdef inline uint64_t mark(
    int what, int32_t space, const char* address, uint16_t port, uint16_t other_port
) noexcept nogil:
    cdef uint64_t about = (<uint64_t>what << 56) | (<uint64_t>(<uint32_t>space) << 8)
    cdef uint64_t hash = hash_address(address, mix(about ^ SEED[1], SEED[0] | 1))
    hash = mix(hash ^ SEED[0], (port | (<uint64_t>other_port << 16)) ^ SEED[1] ^ about)
    return hash if hash else 1


# ------------------------------------------------------------------------------------------ look-up

@cython.final
@cython.internal
cdef class Map:
    """Numbers by fingerprint."""

    cdef Slots held

    def __cinit__(self):
        if set_up(&self.held, FEWEST_SLOTS) != 0:
            raise MemoryError()

    def __dealloc__(self):
        free(self.held.slots)

    cdef Slot* at(self, uint64_t key) noexcept nogil:
        """The slot of a key, or the free one where it goes."""
        return slot_of(&self.held, key)

    cdef bint has(self, uint64_t key) noexcept nogil:
        return self.at(key).key != 0

    cdef Slot* enter(self, uint64_t key, int64_t value) noexcept nogil:
        """The slot of a key, with `value` if it is new; NULL without memory."""
        return enter_slot(&self.held, key, <uint64_t>value)


# ----------------------------------------------------------------------------------------- the join

cdef inline int rank(uint8_t state) noexcept nogil:
    """Of several rows with the same four-tuple the one that lives."""
    if state == ESTABLISHED:
        return 3
    if state == TIME_WAIT:
        return 0
    return 1 if state == SYN_RECV else 2


cdef inline bint is_finding(uint8_t code) noexcept nogil:
    return code & VERDICT >= ABSENT


cdef inline uint8_t kind(uint8_t code) noexcept nogil:
    """The verdict, where two are one finding: half open, and who has to close."""
    code = code & VERDICT
    if code == HALF_SYN_RECV:
        return ABSENT
    return UNCLOSED if code == UNCLOSED_ALONE else code


cdef inline bint is_connection(const Side* side, Py_ssize_t i) noexcept nogil:
    return (
        side.space[i] >= 0
        and side.protocol[i] == TCP
        and side.remote_port[i] != 0
        and side.state[i] != LISTEN
        and side.state[i] != CLOSE
    )


cdef inline bint is_inside(const Side* side, Py_ssize_t i) noexcept nogil:
    return is_loopback(side.local + 16 * i) or is_loopback(side.remote + 16 * i)


cdef inline uint64_t key_of(const Side* side, Py_ssize_t i, bint turned) noexcept nogil:
    """The key of a row, or that of its other end."""
    cdef uint64_t more = side.space[i] + 1 if is_inside(side, i) else 0
    if turned:
        return hash_ends(
            side.remote + 16 * i, side.remote_port[i], side.local + 16 * i, side.local_port[i], more
        )
    return hash_ends(
        side.local + 16 * i, side.local_port[i], side.remote + 16 * i, side.remote_port[i], more
    )


@cython.final
cdef class Join:
    """Every connection of the tables with its other end."""

    cdef list written          # a bytearray for each table, a byte for each row
    cdef list tables           # they own what `sides` points to
    cdef Side* sides
    cdef int count
    cdef End* ends
    cdef uint64_t size
    cdef Map marks
    cdef Map addresses         # address -> its space, or SEVERAL_SPACES
    cdef Map grouped
    cdef Group* made
    cdef Py_ssize_t made_held
    cdef Py_ssize_t made_used

    def __cinit__(self, tables):
        cdef Py_ssize_t connections = 0
        cdef SocketRows rows
        cdef int t
        cdef bint failed = False
        if len(tables) > 65535:
            raise ValueError("a join takes no more than 65,535 tables")
        self.tables = []
        self.written = []
        self.marks = Map()
        self.addresses = Map()
        self.sides = <Side*>calloc(len(tables) + 1, sizeof(Side))
        if self.sides == NULL:
            raise MemoryError()
        for rows, spaces in tables:
            self.count += 1
            self.take(rows, spaces)
        for t in range(self.count):
            connections += self.count_connections(&self.sides[t])
        # Sized once, so that equal keys stay in the order in which they came.
        self.size = connections + connections // 2 + FEWEST_SLOTS
        self.ends = <End*>calloc(self.size, sizeof(End))
        if self.ends == NULL:
            raise MemoryError()
        with nogil:
            for t in range(self.count):
                failed = failed or self.enter(t) != 0
            if not failed:
                for t in range(self.count):
                    failed = failed or self.judge(t) != 0
            if not failed:
                failed = self.translate() != 0
        if failed:
            raise MemoryError()

    def __init__(self, tables):
        pass

    def __dealloc__(self):
        cdef int t
        if self.sides != NULL:
            for t in range(self.count):
                free(self.sides[t].space)
                free(self.sides[t].target)
        free(self.sides)
        free(self.ends)
        free(self.made)

    cdef int take(self, SocketRows rows, object spaces) except -1:
        """Point to the columns of a table, and find the space of each row."""
        cdef Side* side = &self.sides[self.count - 1]
        cdef const uint64_t* netns = <const uint64_t*>rows.store[NETNS]
        cdef uint64_t last = 0
        cdef int32_t space = NOWHERE
        cdef bint known = False
        cdef Py_ssize_t i
        cdef bytearray codes = bytearray(rows.length)
        self.tables.append(rows)
        self.written.append(codes)
        side.length = rows.length
        side.code = <uint8_t*><char*>codes
        side.protocol = <const uint8_t*>rows.store[PROTOCOL]
        side.state = <const uint8_t*>rows.store[STATE]
        side.local = rows.store[LOCAL_ADDRESS]
        side.remote = rows.store[REMOTE_ADDRESS]
        side.local_port = <const uint16_t*>rows.store[LOCAL_PORT]
        side.remote_port = <const uint16_t*>rows.store[REMOTE_PORT]
        side.inode = <const uint64_t*>rows.store[INODE]
        side.cookie = <const uint64_t*>rows.store[COOKIE]
        side.tx_queue = <const uint32_t*>rows.store[TX_QUEUE_COLUMN]
        side.rx_queue = <const uint32_t*>rows.store[RX_QUEUE_COLUMN]
        side.retransmits = <const uint32_t*>rows.store[RETRANSMITS_COLUMN]
        side.space = <int32_t*>malloc((rows.length + 1) * sizeof(int32_t))
        side.target = <int32_t*>malloc((rows.length + 1) * sizeof(int32_t))
        if side.space == NULL or side.target == NULL:
            raise MemoryError()
        for i in range(rows.length):
            if not known or netns[i] != last:
                last = netns[i]
                space = spaces.get(last, NOWHERE)
                known = True
            side.space[i] = space
            side.target[i] = NOWHERE
        return 0

    cdef Py_ssize_t count_connections(self, const Side* side) noexcept nogil:
        cdef Py_ssize_t found = 0
        cdef Py_ssize_t i
        for i in range(side.length):
            found += is_connection(side, i)
        return found

    # What the tables have ------------------------------------------------------------------------

    cdef int enter(self, int t) noexcept nogil:
        """Enter the connections of a table, its addresses and what listens; -1 without memory."""
        cdef const Side* side = &self.sides[t]
        cdef uint64_t keys[AHEAD]
        cdef Py_ssize_t first, i
        cdef Py_ssize_t last = 0
        while last < side.length:
            first = last
            last = min(first + AHEAD, side.length)
            for i in range(first, last):
                if self.note(side, i) != 0:
                    return -1
                keys[i - first] = 0
                if is_connection(side, i):
                    keys[i - first] = key_of(side, i, False)
                    prefetch(self.ends + scale(keys[i - first], self.size))
            for i in range(first, last):
                if keys[i - first]:
                    self.put(keys[i - first], t, i)
        return 0

    cdef void put(self, uint64_t key, int t, Py_ssize_t i) noexcept nogil:
        cdef uint64_t at = scale(key, self.size)
        cdef End* end
        while self.ends[at].key:
            at += 1
            if at == self.size:
                at = 0
        end = &self.ends[at]
        end.key = key
        end.row = <uint32_t>i
        end.table = <uint16_t>t
        end.space = self.sides[t].space[i]
        end.state = self.sides[t].state[i]
        end.held = self.sides[t].inode[i] != 0

    cdef int note(self, const Side* side, Py_ssize_t i) noexcept nogil:
        """Remember the address that a row tells of, and a listener's end."""
        cdef const char* address = side.local + 16 * i
        cdef int32_t space = side.space[i]
        cdef Slot* entry
        cdef uint64_t key
        cdef bint somewhere
        if space < 0 or (side.protocol[i] != TCP and side.protocol[i] != UDP):
            return 0
        somewhere = not is_any(address)
        if somewhere and not is_loopback(address):
            # Most rows have the address of the one before them.
            if i == 0 or space != side.space[i - 1] or memcmp(address, address - 16, 16) != 0 or (
                side.protocol[i - 1] != TCP and side.protocol[i - 1] != UDP
            ):
                if self.marks.enter(mark(OWNS, space, address, 0, 0), 0) == NULL:
                    return -1
                key = hash_address(address, 0)
                entry = self.addresses.enter(key if key else 1, space)
                if entry == NULL:
                    return -1
                if <int64_t>entry.value != space:
                    entry.value = <uint64_t>SEVERAL_SPACES
        if side.protocol[i] == TCP and side.state[i] == LISTEN:
            key = mark(LISTENS, space, address if somewhere else ANY, side.local_port[i], 0)
            if self.marks.enter(key, 0) == NULL:
                return -1
        return 0

    cdef bint listens(self, int32_t space, const char* address, uint16_t port) noexcept nogil:
        return self.marks.has(mark(LISTENS, space, address, port, 0)) or self.marks.has(
            mark(LISTENS, space, ANY, port, 0)
        )

    cdef bint is_own(self, const Side* side, Py_ssize_t i) noexcept nogil:
        """Whether the other end must be in the same namespace."""
        return is_inside(side, i) or self.marks.has(
            mark(OWNS, side.space[i], side.remote + 16 * i, 0, 0)
        )

    # The other ends ------------------------------------------------------------------------------

    cdef End* find(self, int t, Py_ssize_t i, uint64_t key, bint own) noexcept nogil:
        """The other end of a row, NULL for none."""
        cdef int32_t space = self.sides[t].space[i]
        cdef uint64_t at = scale(key, self.size)
        cdef End* end
        cdef End* best = NULL
        while self.ends[at].key:
            end = &self.ends[at]
            if end.key == key and (not own or end.space == space):
                if best == NULL or rank(end.state) > rank(best.state) or (
                    rank(end.state) == rank(best.state)
                    and end.table == t
                    and best.table != t
                ):
                    best = end
            at += 1
            if at == self.size:
                at = 0
        return best

    cdef int judge(self, int t) noexcept nogil:
        """Find the other end of each row of a table, and what the two say; -1 without memory."""
        cdef const Side* side = &self.sides[t]
        cdef uint64_t keys[AHEAD]
        cdef Py_ssize_t first, i
        cdef Py_ssize_t last = 0
        while last < side.length:
            first = last
            last = min(first + AHEAD, side.length)
            for i in range(first, last):
                keys[i - first] = 0
                if is_connection(side, i) and side.state[i] != TIME_WAIT:
                    keys[i - first] = key_of(side, i, True)
                    prefetch(self.ends + scale(keys[i - first], self.size))
            for i in range(first, last):
                if keys[i - first] and self.judge_row(t, i, keys[i - first]) != 0:
                    return -1
        return 0

    cdef int judge_row(self, int t, Py_ssize_t i, uint64_t key) noexcept nogil:
        cdef const Side* side = &self.sides[t]
        cdef const char* remote = side.remote + 16 * i
        cdef bint own = self.is_own(side, i)
        cdef End* other = self.find(t, i, key, own)
        cdef Slot* entry
        if other != NULL:
            side.target[i] = other.space
            side.code[i] = MATCHED
            if side.state[i] == ESTABLISHED:
                if other.state == SYN_RECV:
                    side.code[i] = HALF_SYN_RECV
                elif other.state == ESTABLISHED and not other.held and self.listens(
                    other.space, remote, side.remote_port[i]
                ):
                    side.code[i] = UNACCEPTED
            elif side.state[i] == CLOSE_WAIT and other.state == FIN_WAIT2:
                side.code[i] = UNCLOSED
            key = self.pair(side, i)
            return 0 if self.marks.enter(key, 0) != NULL else -1
        if own:
            side.target[i] = side.space[i]
        else:
            key = hash_address(remote, 0)
            entry = self.addresses.at(key if key else 1)
            if entry.key == 0 or <int64_t>entry.value == SEVERAL_SPACES:
                side.code[i] = SEVERAL if entry.key else NOT_COVERED
                return 0
            side.target[i] = <int32_t>entry.value
        if side.state[i] == ESTABLISHED:
            side.code[i] = ABSENT
        else:
            side.code[i] = UNCLOSED_ALONE if side.state[i] == CLOSE_WAIT else GONE
        return 0

    cdef uint64_t pair(self, const Side* side, Py_ssize_t i) noexcept nogil:
        return hash_ends(side.local + 16 * i, 0, side.remote + 16 * i, 0, PAIRED)

    cdef bint serves(self, const Side* side, Py_ssize_t i) noexcept nogil:
        """Whether a row is the server's end: somebody listens there, or its port is the lower."""
        cdef const char* local = side.local + 16 * i
        cdef const char* remote = side.remote + 16 * i
        if self.listens(side.space[i], local, side.local_port[i]):
            return True
        if side.target[i] >= 0 and self.listens(side.target[i], remote, side.remote_port[i]):
            return False
        if side.local_port[i] != side.remote_port[i]:
            return side.local_port[i] < side.remote_port[i]
        return memcmp(local, remote, 16) < 0

    # One connection under two names --------------------------------------------------------------

    cdef int translate(self) noexcept nogil:
        """Find what may be one connection, among those without another end; -1 without memory."""
        cdef const Side* side
        cdef Py_ssize_t i
        cdef int t
        cdef bint needed = False
        for t in range(self.count):
            side = &self.sides[t]
            for i in range(side.length):
                if side.code[i] == ABSENT or side.code[i] == UNCLOSED_ALONE:
                    needed = True
                    break
        if not needed:
            return 0
        for t in range(self.count):
            side = &self.sides[t]
            for i in range(side.length):
                if side.code[i] == ABSENT or side.code[i] == UNCLOSED_ALONE or (
                    GONE <= side.code[i] <= SEVERAL
                ):
                    if self.name(side, i) != 0:
                        return -1
        for t in range(self.count):
            side = &self.sides[t]
            for i in range(side.length):
                if (side.code[i] == ABSENT or side.code[i] == UNCLOSED_ALONE) and (
                    self.has_other_name(side, i)
                ):
                    side.code[i] = TRANSLATED
        return 0

    cdef bint may_be_hidden(self, const Side* side, Py_ssize_t i) noexcept nogil:
        """Whether a client's address may be another one where its packets arrive."""
        return is_private(side.local + 16 * i) and not self.marks.has(self.pair(side, i))

    cdef int name(self, const Side* side, Py_ssize_t i) noexcept nogil:
        """Mark how the other end of a row would know it if an address or port were translated."""
        cdef int32_t space = side.space[i]
        cdef const char* local = side.local + 16 * i
        cdef const char* remote = side.remote + 16 * i
        cdef uint16_t near = side.local_port[i]
        cdef uint16_t far = side.remote_port[i]
        cdef int32_t within
        if self.serves(side, i):
            if self.marks.enter(mark(SERVER_END, space, local, near, far), 0) == NULL:
                return -1
            within = space if is_loopback(remote) else NOWHERE
            if self.marks.enter(mark(REMOTE_END, within, remote, far, 0), 0) == NULL:
                return -1
            return 0
        if self.marks.enter(mark(CLIENT_END, space, local, near, 0), 0) == NULL:
            return -1
        if self.may_be_hidden(side, i):
            if self.marks.enter(mark(HIDDEN_END, NOWHERE, remote, far, near), 0) == NULL:
                return -1
        return 0

    cdef bint has_other_name(self, const Side* side, Py_ssize_t i) noexcept nogil:
        cdef int32_t target = side.target[i]
        cdef const char* local = side.local + 16 * i
        cdef const char* remote = side.remote + 16 * i
        cdef uint16_t near = side.local_port[i]
        cdef uint16_t far = side.remote_port[i]
        cdef int32_t within
        if self.serves(side, i):
            return self.marks.has(mark(CLIENT_END, target, remote, far, 0)) or self.marks.has(
                mark(HIDDEN_END, NOWHERE, local, near, far)
            )
        within = side.space[i] if is_loopback(local) else NOWHERE
        if self.marks.has(mark(REMOTE_END, within, local, near, 0)):
            return True
        return self.may_be_hidden(side, i) and self.marks.has(
            mark(SERVER_END, target, remote, far, near)
        )

    # Before and after ----------------------------------------------------------------------------

    cdef End* find_same(self, Join now, int t, Py_ssize_t i) noexcept nogil:
        """The row here that is the same socket as a row of another join."""
        cdef const Side* side = &now.sides[t]
        cdef uint64_t key = key_of(side, i, False)
        cdef uint64_t at = scale(key, self.size)
        cdef const Side* here
        cdef End* end
        cdef uint64_t cookie
        while self.ends[at].key:
            end = &self.ends[at]
            if end.key == key and end.space == side.space[i]:
                here = &self.sides[end.table]
                cookie = here.cookie[end.row]
                if here.inode[end.row] == side.inode[i] and (
                    cookie == side.cookie[i] or cookie == 0 or side.cookie[i] == 0
                ):
                    return end
            at += 1
            if at == self.size:
                at = 0
        return NULL

    def compare(self, Join first not None, twice):
        """Mark what was so in the first tables too, of spaces that are there `twice`."""
        cdef bytes flags = bytes([bool(one) for one in twice])
        cdef const uint8_t* known = <const uint8_t*><const char*>flags
        cdef Py_ssize_t spaces = len(flags)
        cdef const Side* side
        cdef Py_ssize_t i
        cdef int t
        with nogil:
            for t in range(self.count):
                side = &self.sides[t]
                for i in range(side.length):
                    if side.code[i] == NOTHING or side.space[i] >= spaces:
                        continue
                    if known[side.space[i]] and (
                        is_finding(side.code[i]) or side.tx_queue[i] or side.rx_queue[i]
                    ):
                        self.compare_row(first, t, i)

    cdef void compare_row(self, Join first, int t, Py_ssize_t i) noexcept nogil:
        cdef const Side* side = &self.sides[t]
        cdef End* end = first.find_same(self, t, i)
        cdef const Side* before
        cdef uint32_t tx, rx
        # An unread FIN counts as a byte (rcv_nxt - copied_seq, net/ipv4/tcp_diag.c).
        cdef uint32_t least = side.state[i] in (CLOSE_WAIT, LAST_ACK, CLOSING)
        if end == NULL:
            return
        before = &first.sides[end.table]
        if is_finding(side.code[i]) and kind(side.code[i]) == kind(before.code[end.row]):
            side.code[i] |= AGAIN
        if side.state[i] == SYN_SENT:
            return
        tx = before.tx_queue[end.row]
        rx = before.rx_queue[end.row]
        if 0 < tx <= side.tx_queue[i]:
            side.code[i] |= TX_QUEUE
        if least < rx <= side.rx_queue[i]:
            side.code[i] |= RX_QUEUE
        if side.tx_queue[i] and side.retransmits[i] > before.retransmits[end.row]:
            side.code[i] |= RETRANSMITS

    # For Python ----------------------------------------------------------------------------------

    def codes(self, Py_ssize_t table):
        """Return a byte for each row of a table: see halfopen_verdicts.py."""
        return bytes(self.written[table])

    cdef int check(self, Py_ssize_t table, Py_ssize_t number) except -1:
        if not (0 <= table < self.count and 0 <= number < self.sides[table].length):
            raise IndexError("row index out of range")
        return 0

    def other_end(self, Py_ssize_t table, Py_ssize_t number):
        """Return table and row of the other end, None where there is none."""
        self.check(table, number)
        cdef const Side* side = &self.sides[table]
        cdef End* end
        if not is_connection(side, number):
            return None
        end = self.find(table, number, key_of(side, number, True), self.is_own(side, number))
        return None if end == NULL else (end.table, end.row)

    def before(self, Join now not None, Py_ssize_t table, Py_ssize_t number):
        """Return table and row here of a row of the join `now`, None where it was not yet."""
        now.check(table, number)
        cdef End* end
        if not is_connection(&now.sides[table], number):
            return None
        end = self.find_same(now, table, number)
        return None if end == NULL else (end.table, end.row)

    def place(self, Py_ssize_t table, Py_ssize_t number):
        """Return the space of a row, that of its other end (-1: not known), and whether it serves.
        """
        self.check(table, number)
        cdef const Side* side = &self.sides[table]
        if not is_connection(side, number):
            return NOWHERE, NOWHERE, False
        return side.space[number], side.target[number], self.serves(side, number)

    def groups(self):
        """Return the connections counted, by client's address and server's end.

        Tuples of the client's space and address, the server's space, address and port, whether it
        listens, and the counters of `halfopen_verdicts`. Connections to what no snapshot covers
        have no spaces: those are counted by the remote address, and once more for the server's end
        that they came to, where this is the server (its space, and no address of a client).
        """
        cdef int t
        cdef bint failed = False
        cdef Py_ssize_t n
        cdef Group* group
        self.grouped = Map()
        self.made_used = 0
        with nogil:
            for t in range(self.count):
                failed = failed or self.count_rows(&self.sides[t]) != 0
        if failed:
            raise MemoryError()
        found = []
        for n in range(self.made_used):
            group = &self.made[n]
            found.append((
                group.client_space,
                (<const char*>group.client)[:16],
                group.server_space,
                (<const char*>group.server)[:16],
                group.port,
                group.server_space >= 0
                and self.listens(group.server_space, group.server, group.port),
                tuple([group.counters[c] for c in range(COUNTERS)]),
            ))
        self.grouped = None
        return found

    cdef Group* group(
        self, int32_t client_space, const char* client, int32_t server_space, const char* server,
        uint16_t port,
    ) noexcept nogil:
        """The group of a client's address and a server's end; NULL without memory."""
        cdef uint64_t spaces = mix(
            (<uint64_t>(<uint32_t>client_space) << 32 | <uint32_t>server_space) ^ SEED[0],
            SEED[1] | 1,
        )
        cdef uint64_t key = mix(hash_ends(client, port, server, 0, 0) ^ spaces, SEED[0] | 1)
        cdef Slot* entry = self.grouped.enter(key if key else 1, self.made_used)
        cdef Group* grown
        if entry == NULL:
            return NULL
        if <Py_ssize_t>entry.value < self.made_used:
            return &self.made[entry.value]
        if self.made_used == self.made_held:
            grown = <Group*>realloc(self.made, (2 * self.made_held + 64) * sizeof(Group))
            if grown == NULL:
                return NULL
            self.made = grown
            self.made_held = 2 * self.made_held + 64
        grown = &self.made[self.made_used]
        self.made_used += 1
        memset(grown, 0, sizeof(Group))
        memcpy(grown.client, client, 16)
        memcpy(grown.server, server, 16)
        grown.client_space = client_space
        grown.server_space = server_space
        grown.port = port
        return grown

    cdef int count_rows(self, const Side* side) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(side.length):
            if side.code[i] & VERDICT != NOTHING and side.code[i] & VERDICT != GONE:
                if self.count_row(side, i) != 0:
                    return -1
        return 0

    cdef int count_row(self, const Side* side, Py_ssize_t i) noexcept nogil:
        cdef uint8_t verdict = side.code[i] & VERDICT
        cdef bint established = side.state[i] == ESTABLISHED
        cdef const char* local = side.local + 16 * i
        cdef const char* remote = side.remote + 16 * i
        cdef bint serves
        cdef int counter
        cdef Group* group
        if verdict == MATCHED and not established:
            return 0  # nothing to count
        serves = self.serves(side, i)
        if verdict == NOT_COVERED or verdict == SEVERAL:
            counter = COUNTED_NOT_COVERED if verdict == NOT_COVERED else COUNTED_SEVERAL
            group = self.group(NOWHERE, ANY, NOWHERE, remote, 0)
            if group == NULL:
                return -1
            group.counters[counter] += 1
            if serves:
                group = self.group(NOWHERE, ANY, side.space[i], local, side.local_port[i])
                if group == NULL:
                    return -1
                group.counters[counter] += 1
            return 0
        if serves:
            group = self.group(side.target[i], remote, side.space[i], local, side.local_port[i])
        else:
            group = self.group(side.space[i], local, side.target[i], remote, side.remote_port[i])
        if group == NULL:
            return -1
        if established:
            group.counters[SERVER_ESTABLISHED if serves else CLIENT_ESTABLISHED] += 1
            if not serves and (verdict == MATCHED or verdict == UNACCEPTED):
                group.counters[BOTH] += 1
        if verdict == TRANSLATED:
            group.counters[COUNTED_TRANSLATED] += 1
            return 0
        if verdict < ABSENT:
            return 0
        if verdict == ABSENT:
            counter = ABSENT_AT_CLIENT if serves else ABSENT_AT_SERVER
        elif verdict == HALF_SYN_RECV:
            counter = COUNTED_SYN_RECV
        elif verdict == UNACCEPTED:
            counter = COUNTED_UNACCEPTED
        else:
            counter = SERVER_UNCLOSED if serves else CLIENT_UNCLOSED
        group.counters[counter] += 1
        if side.code[i] & AGAIN:
            group.counters[counter + 1] += 1
        return 0
