"""Which rows a Filter wants, decided without a Python object for any of them.

Take `port` 443 or 8000-8999 and `address` 10.0.0.0/8. Every term becomes a table of 256 answers
(protocol, family, state) or sorted intervals: ports 443..443 and 8000..8999, addresses
::ffff:10.0.0.0..::ffff:10.255.255.255, since IPv4 is kept v4-mapped and a prefix is nothing but an
interval. So this line matches by its local end, 10.0.0.5 port 443,

  0: 0500000A:01BB 0200A8C0:D431 01 00000000:00000000 00:00000000 00000000 33 0 41 1 0 20 4 30 10 -1

and a filter with thousands of addresses costs a binary search for each row.
"""

cimport cython
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastsock._columns cimport (
    FAMILY as FAMILY_COLUMN,
    INODE as INODE_COLUMN,
    LOCAL_ADDRESS as LOCAL_ADDRESS_COLUMN,
    LOCAL_PORT as LOCAL_PORT_COLUMN,
    PROTOCOL as PROTOCOL_COLUMN,
    REMOTE_ADDRESS as REMOTE_ADDRESS_COLUMN,
    REMOTE_PORT as REMOTE_PORT_COLUMN,
    STATE as STATE_COLUMN,
    UID as UID_COLUMN,
)
from fastsock._interval cimport (
    Interval, Intervals, contains, contains_address, put_interval,
)
from fastsock._row cimport Row
from fastsock._table cimport Column, SocketRows, new_column

from fastsock.errors import FilterError
from fastsock.filter import OWNER_TERMS  # decided by the owners, after a join
from fastsock.ranges import unite

cdef enum:
    # Positions in BYTE_TERMS.
    PROTOCOL = 0
    FAMILY = 1
    STATE = 2
    # Positions in RANGE_TERMS.
    PORT = 0
    LOCAL_PORT = 1
    REMOTE_PORT = 2
    ADDRESS = 3
    LOCAL_ADDRESS = 4
    REMOTE_ADDRESS = 5
    UID = 6
    INODE = 7
    UNIX = 1  # FAMILIES["unix"] in tcp.py

cdef tuple BYTE_TERMS = ("protocol", "family", "state")
cdef tuple RANGE_TERMS = (
    "port", "local_port", "remote_port", "address", "local_address", "remote_address", "uid",
    "inode",
)


cdef inline void load(
    SocketRows rows, Py_ssize_t i, const Intervals* wanted, Row* row
) noexcept nogil:
    """Fill in of `row` what `matches` may look at: only columns that are asked about are read."""
    row.protocol = (<uint8_t*>rows.store[PROTOCOL_COLUMN])[i]
    row.family = (<uint8_t*>rows.store[FAMILY_COLUMN])[i]
    row.state = (<uint8_t*>rows.store[STATE_COLUMN])[i]
    if wanted[PORT].asked or wanted[LOCAL_PORT].asked:
        row.local_port = (<uint16_t*>rows.store[LOCAL_PORT_COLUMN])[i]
    if wanted[PORT].asked or wanted[REMOTE_PORT].asked:
        row.remote_port = (<uint16_t*>rows.store[REMOTE_PORT_COLUMN])[i]
    if wanted[ADDRESS].asked or wanted[LOCAL_ADDRESS].asked:
        memcpy(row.local_address, rows.store[LOCAL_ADDRESS_COLUMN] + 16 * i, 16)
    if wanted[ADDRESS].asked or wanted[REMOTE_ADDRESS].asked:
        memcpy(row.remote_address, rows.store[REMOTE_ADDRESS_COLUMN] + 16 * i, 16)
    if wanted[UID].asked:
        row.uid = (<uint32_t*>rows.store[UID_COLUMN])[i]
    if wanted[INODE].asked:
        row.inode = (<uint64_t*>rows.store[INODE_COLUMN])[i]


cdef tuple prefix_range(prefix):
    """Return the first and the last address of a prefix, as numbers."""
    network, bits = prefix
    if len(network) != 16 or not 0 <= bits <= 128:
        raise FilterError(f"not an address prefix: {prefix!r}")
    hosts = (1 << (128 - bits)) - 1
    first = int.from_bytes(network, "big") & ~hosts
    return first, first | hosts


@cython.final
cdef class Matcher:
    """A Filter made ready to be asked of millions of rows."""

    def __cinit__(self, want):
        cdef int at
        self.everything = True
        for name, values in want.terms.items():
            if name in OWNER_TERMS:
                continue
            if name in BYTE_TERMS:
                self.want_bytes(BYTE_TERMS.index(name), values)
            elif name in RANGE_TERMS:
                at = RANGE_TERMS.index(name)
                self.asks_ends |= at <= REMOTE_ADDRESS
                if at <= REMOTE_PORT:
                    self.want_ranges(at, unite(values, 0xFFFF))
                elif at <= REMOTE_ADDRESS:
                    self.want_ranges(at, unite([prefix_range(p) for p in values], 2**128 - 1))
                else:
                    self.want_ranges(at, unite([(v, v) for v in values], 2**64 - 1))
            else:
                raise FilterError(
                    f"unknown term {name!r}; terms are "
                    + ", ".join(BYTE_TERMS + RANGE_TERMS + OWNER_TERMS)
                )
            self.everything = False

    def __dealloc__(self):
        cdef int at
        for at in range(8):
            free(self.wanted[at].items)

    cdef int want_bytes(self, int at, object values) except -1:
        self.asks_byte[at] = True
        for value in values:
            if 0 <= value < 256:
                self.wants_byte[at][value] = True
        return 0

    cdef int want_ranges(self, int at, tuple ranges) except -1:
        cdef Intervals* wanted = &self.wanted[at]
        cdef Py_ssize_t i
        wanted.items = <Interval*>calloc(len(ranges) + 1, sizeof(Interval))
        if wanted.items == NULL:
            raise MemoryError()
        for i, (first, last) in enumerate(ranges):
            put_interval(&wanted.items[i], first, last)
        wanted.length = len(ranges)
        wanted.asked = True
        return 0

    cdef bint matches(self, const Row* row) noexcept nogil:
        cdef const Intervals* wanted = self.wanted
        if self.asks_byte[PROTOCOL] and not self.wants_byte[PROTOCOL][row.protocol]:
            return False
        if self.asks_byte[FAMILY] and not self.wants_byte[FAMILY][row.family]:
            return False
        if self.asks_ends and row.family == UNIX:
            return False  # it has neither ports nor addresses: their zeros are none
        if self.asks_byte[STATE] and not self.wants_byte[STATE][row.state]:
            return False
        if wanted[LOCAL_PORT].asked and not contains(&wanted[LOCAL_PORT], 0, row.local_port):
            return False
        if wanted[REMOTE_PORT].asked and not contains(&wanted[REMOTE_PORT], 0, row.remote_port):
            return False
        if wanted[PORT].asked and not (
            contains(&wanted[PORT], 0, row.local_port)
            or contains(&wanted[PORT], 0, row.remote_port)
        ):
            return False
        if wanted[UID].asked and not contains(&wanted[UID], 0, row.uid):
            return False
        if wanted[INODE].asked and not contains(&wanted[INODE], 0, row.inode):
            return False
        if wanted[LOCAL_ADDRESS].asked and not contains_address(
            &wanted[LOCAL_ADDRESS], row.local_address
        ):
            return False
        if wanted[REMOTE_ADDRESS].asked and not contains_address(
            &wanted[REMOTE_ADDRESS], row.remote_address
        ):
            return False
        return not wanted[ADDRESS].asked or (
            contains_address(&wanted[ADDRESS], row.local_address)
            or contains_address(&wanted[ADDRESS], row.remote_address)
        )

    def select(self, SocketRows rows):
        """Return the indices of the rows that match, in order ("index", uint32)."""
        cdef Column found = new_column("index", "I", rows.length)
        cdef uint32_t* index = <uint32_t*>found.data
        cdef Py_ssize_t matched = 0
        cdef Py_ssize_t i
        cdef Row row
        with nogil:
            for i in range(rows.length):
                load(rows, i, self.wanted, &row)
                if self.matches(&row):
                    index[matched] = <uint32_t>i
                    matched += 1
            found.trim(matched)
        return found
