"""The sockets that a pass of the program meets on its way over the descriptors, as rows.

    struct fastsock_record       one for each descriptor, so that a socket may come many times
    inode 0x2f1a, cookie 0x4001, …, fd 7, …, family 2, protocol 6, state 1, …       bpf/record.h

A row is as sock_diag tells it (net/ipv4/inet_diag.c). Sockets that are bound only are in no table
of the kernel, and none here. What a pass cannot meet is a socket without a descriptor; some of
those it meets say that there may be such (see list_notes).
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove, memset

from fastsock._columns cimport BLOBS, COOKIE, NETNS, PROTOCOL, STATE, TIMER
from fastsock._row cimport put_address
from fastsock._table cimport Column, new_column

from fastsock import tcp
from fastsock.engines._bpf import ticks_per_second

cdef extern from *:
    """
    #include <stddef.h>
    static ptrdiff_t fs_take_rows(ptrdiff_t *next, ptrdiff_t count)
    {
        return __atomic_fetch_add(next, count, __ATOMIC_RELAXED);
    }
    """
    Py_ssize_t take_rows "fs_take_rows"(Py_ssize_t* next_row, Py_ssize_t count) nogil

cdef enum:
    IPV4 = 2
    IPV6 = 10
    UNIX_FAMILY = 1
    TCP = 6
    UDP = 17
    MPTCP = 262            # IPPROTO_MPTCP: its subflows are in the tables, under its inode
    SOCK_STREAM = 1
    SYN_RECV = 3
    CLOSE = 7
    LISTEN = 10
    RETRANSMIT = 1         # idiag_timer
    WAITING = 3            # ... of what is left of a connection, in TIME_WAIT or in FIN_WAIT2
    FIRST_NOTES = 16

# What a note is called outside, by its kind.
NOTES = ("subflows", "requests", "queued", "in flight", "rings")


cdef inline void take_row(const Record* record, unsigned int ticks, Row* row) noexcept nogil:
    """Set what a pass knows; the rest of the row stays 0."""
    cdef bint ipv4 = record.family == IPV4
    row.protocol = <uint8_t>record.protocol
    row.family = <uint8_t>record.family
    row.state = record.state
    put_address(row.local_address, record.local_address, ipv4)
    put_address(row.remote_address, record.remote_address, ipv4)
    row.local_port = record.local_port
    row.remote_port = record.remote_port
    row.rx_queue = record.rx_queue
    row.tx_queue = record.tx_queue
    row.backlog_limit = -1
    row.uid = record.uid
    row.inode = record.inode
    row.netns = record.netns
    row.cookie = record.cookie
    row.timer = 0
    row.timer_expires_ms = 0
    row.retransmits = 0
    row.interface = record.interface
    row.mark = record.mark
    row.socket_cgroup = record.cgroup
    row.v6only = 0
    if record.protocol != TCP:
        row.v6only = record.state == CLOSE and record.flags & FASTSOCK_V6ONLY != 0
    elif record.state == LISTEN:
        row.backlog_limit = <int32_t>record.tx_queue
        row.tx_queue = 0
        row.v6only = record.flags & FASTSOCK_V6ONLY != 0
    elif record.timer:
        row.timer = record.timer
        if record.timer_expires > 0:
            row.timer_expires_ms = <int64_t>record.timer_expires * 1000 // ticks
        if record.timer == RETRANSMIT:
            row.retransmits = record.retransmits


cdef class Sheet:
    """A table that the workers of a walk fill together, each a few rows at a time.

    `expected` is about how many rows there will be in all. What a worker finds no room for it keeps
    in a table of its own.
    """

    def __cinit__(self, SocketRows table not None, Py_ssize_t expected, int shares):
        self.table = table
        self.shares = shares
        self.room = expected + expected // 64 + BATCH * shares if expected else 0
        self.stop = self.room
        if table.reserve(self.room) != 0:
            raise MemoryError()

    def __init__(self, table, expected, shares):
        pass


cdef class Met:
    """One worker's share of the sockets met; they go to `sheet`.

    `protocols` are the numbers of those that are kept, of TCP and UDP; `spaces` the numbers of the
    network namespaces that are asked for, and `matcher` says which of their sockets.
    """

    def __cinit__(self, Sheet sheet not None, int number, Matcher matcher, protocols, spaces):
        cdef Py_ssize_t i
        self.sheet = sheet
        self.more = type(sheet.table)(sheet.table.fields)
        self.number = number
        self.matcher = matcher
        self.cookies = Cookies()
        self.known = True
        self.tcp = tcp.TCP in protocols
        self.udp = tcp.UDP in protocols
        self.ticks = ticks_per_second() or 100
        numbers = list(spaces)
        self.space_count = len(numbers)
        self.spaces = <uint64_t*>malloc((self.space_count + 1) * sizeof(uint64_t))
        if self.spaces == NULL:
            raise MemoryError()
        for i in range(self.space_count):
            self.spaces[i] = numbers[i]
        memset(self.batch, 0, sizeof(self.batch))

    def __init__(self, sheet, number, matcher, protocols, spaces):
        pass

    def __dealloc__(self):
        free(self.spaces)
        free(self.notes)

    cdef void begin(self) noexcept nogil:
        """Have a share of the sheet's pages filled in by the kernel: on one thread it takes 4 ms
        for 100,000 rows.
        """
        cdef Py_ssize_t room = self.sheet.room
        cdef int shares = self.sheet.shares
        self.sheet.table.populate(
            room * self.number // shares, room * (self.number + 1) // shares
        )

    cdef int take(self, const Record* record) noexcept nogil:
        """Keep the socket of a record, if it is asked for and new.

        Returns 1 where it is asked for, 0 where it is not, -1 without memory.
        """
        cdef int is_new
        cdef bint found_tcp = (
            record.protocol == TCP and record.type == SOCK_STREAM and record.state != CLOSE
        )
        if record.family == UNIX_FAMILY:
            # A connection that nobody has accepted yet may hold some, too.
            if record.in_flight or (record.state == LISTEN and record.rx_queue):
                return self.note(IN_FLIGHT, 0, 0)
            return 0
        if record.family != IPV4 and record.family != IPV6:
            return 0
        if not self.is_asked(record.netns):
            return 0
        if record.protocol == MPTCP:
            return self.note(SUBFLOWS, record.netns, 0)
        if not (found_tcp and self.tcp) and not (
            self.udp and record.protocol == UDP and record.local_port
        ):
            return 0
        if record.cookie == 0 or record.flags & FASTSOCK_RX_INEXACT:
            self.known = False
            return 0
        if found_tcp and record.state == LISTEN:
            if record.requests and self.note(REQUESTS, record.netns, record.local_port) != 0:
                return -1
            if record.rx_queue and self.note(QUEUED, record.netns, record.local_port) != 0:
                return -1
        take_row(record, self.ticks, &self.batch[self.waiting])
        if not self.matcher.everything and not self.matcher.matches(&self.batch[self.waiting]):
            return 0
        is_new = self.cookies.add(record.cookie, record.netns)
        if is_new < 0:
            return -1
        self.waiting += is_new
        if self.waiting == BATCH and self.pass_on() != 0:
            return -1
        return 1

    cdef bint is_asked(self, uint64_t netns) noexcept nogil:
        cdef Py_ssize_t i
        if netns != self.last_netns:
            self.last_netns = netns
            self.last_asked = False
            for i in range(self.space_count):
                if self.spaces[i] == netns:
                    self.last_asked = True
                    break
        return self.last_asked

    cdef int note(self, uint32_t kind, uint64_t netns, uint32_t port) noexcept nogil:
        cdef Note* larger
        cdef Note* last
        if self.note_count:
            last = &self.notes[self.note_count - 1]
            if last.kind == kind and last.netns == netns and last.port == port:
                return 0
        if self.note_count == self.notes_held:
            self.notes_held = 2 * self.notes_held + FIRST_NOTES
            larger = <Note*>realloc(self.notes, self.notes_held * sizeof(Note))
            if larger == NULL:
                return -1
            self.notes = larger
        self.notes[self.note_count] = Note(kind, port, netns)
        self.note_count += 1
        return 0

    cdef int pass_on(self) noexcept nogil:
        cdef int waiting = self.waiting
        cdef Py_ssize_t row = take_rows(&self.sheet.next_row, waiting)
        self.waiting = 0
        if row + waiting <= self.sheet.room:
            self.sheet.table.put_many(row, self.batch, waiting)
            return 0
        if row <= self.sheet.room:  # the first that found too little; who comes later finds none
            self.sheet.stop = row
        return self.more.push_many(self.batch, waiting)

    def list_notes(self):
        """Return what says that there may be sockets without a descriptor, and where.

        A set of (kind, netns, local port), with one of NOTES as the kind: an MPTCP socket
        ("subflows"), a listener with connections in SYN_RECV ("requests") or with some that nobody
        has accepted ("queued"), a UNIX socket that holds descriptors on their way ("in flight"), an
        io_uring instance that holds sockets ("rings").
        """
        return {
            (NOTES[self.notes[i].kind], self.notes[i].netns, self.notes[i].port)
            for i in range(self.note_count)
        }


def join_met(list mets):
    """End a walk: return the tables and the Cookies of all in them, each socket in one of them."""
    cdef Met first = mets[0]
    cdef Sheet sheet = first.sheet
    cdef Cookies all_of_them = first.cookies
    cdef Met met
    cdef bint twice = False
    for met in mets:
        if met.pass_on() != 0:
            raise MemoryError()
    for met in mets[1:]:
        # Where processes share a socket, each worker may have met it.
        twice = twice or met.cookies.overlaps(all_of_them)
        if not twice and all_of_them.absorb(met.cookies) != 0:
            raise MemoryError()
    sheet.table.length = min(sheet.next_row, sheet.stop)
    tables = [sheet.table, *[met.more for met in mets]]
    if twice:
        all_of_them = Cookies()
        for table in tables:
            drop_known(table, all_of_them)
    for table in tables:
        (<SocketRows>table).finish()
    return [table for table in tables if len(table)], all_of_them


cdef int drop_known(SocketRows table, Cookies cookies) except -1:
    """Drop the rows whose cookie is known; the others' are known then. The table is not frozen."""
    cdef Column dropped = new_column("index", "I", table.length)
    cdef uint32_t* rows = <uint32_t*>dropped.data
    cdef const uint64_t* cookie = <const uint64_t*>table.store[COOKIE]
    cdef const uint64_t* netns = <const uint64_t*>table.store[NETNS]
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t i
    cdef int is_new = 0
    with nogil:
        for i in range(table.length):
            is_new = cookies.add(cookie[i], netns[i])
            if is_new < 0:
                break
            rows[count] = <uint32_t>i
            count += not is_new
    if is_new < 0:
        raise MemoryError()
    for column in table.columns[:BLOBS]:  # no blob comes from a pass
        if column is not None and count:
            close_gaps((<Column>column).data, (<Column>column).itemsize, rows, count, table.length)
    table.length -= count
    return 0


cdef void close_gaps(
    char* data, size_t size, const uint32_t* rows, Py_ssize_t count, Py_ssize_t length
) noexcept nogil:
    """Move what lies between the rows that are dropped."""
    cdef size_t at = rows[0]
    cdef size_t start, stop
    cdef Py_ssize_t i
    for i in range(count):
        start = rows[i] + 1
        stop = rows[i + 1] if i + 1 < count else <size_t>length
        memmove(data + at * size, data + start * size, (stop - start) * size)
        at += stop - start


def count_hashed(SocketRows table not None):
    """Return (netns, protocol) → the number of rows that `inuse` of net/sockstat counts, too.

    All but those that are no socket yet, or no more.
    """
    cdef const uint64_t* netns = <const uint64_t*>table.store[NETNS]
    cdef const uint8_t* protocol = <const uint8_t*>table.store[PROTOCOL]
    cdef const uint8_t* state = <const uint8_t*>table.store[STATE]
    cdef const uint8_t* timer = <const uint8_t*>table.store[TIMER]
    cdef dict found = {}
    cdef Py_ssize_t start = 0
    cdef Py_ssize_t count
    cdef Py_ssize_t i
    while start < table.length:
        count = 0
        i = start
        with nogil:
            while i < table.length and netns[i] == netns[start] and protocol[i] == protocol[start]:
                count += state[i] != SYN_RECV and timer[i] != WAITING
                i += 1
        key = netns[start], protocol[start]
        found[key] = found.get(key, 0) + count
        start = i
    return found
