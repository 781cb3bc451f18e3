"""Connections folded into flows: at which port the service of each is, and the largest flows first.

Of a connection that came to us the service is at our end, of one that went out at the other. Of
these two rows of /proc/net/tcp the first came to port 443, which is listened on, the second went to
port 5432; both give one number, 0x01BB and 0x1538

  0: 0500000A:01BB 0200A8C0:D431 01 00000000:00000000 00:00000000 00000000 33 0 41 1 0 20 4 30 10 -1
  1: 0500000A:C350 0900000A:1538 01 00000000:00000000 00:00000000 00000000 33 0 42 1 0 20 4 30 10 -1

Flows are groups of a Grouper. They are ordered by a radix sort, so that the time for each does not
grow with their number.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastsock._columns cimport LOCAL_PORT, REMOTE_PORT
from fastsock._group cimport Grouper, Tally
from fastsock._table cimport Column, SocketRows, new_column

cdef enum:
    DIGITS = 256

# What flows are ordered by: the place of each among the numbers of a cell.
cdef enum:
    COUNT = 0
    RX_QUEUE = 1
    TX_QUEUE = 2

cdef dict ORDERS = {"count": COUNT, "rx_queue": RX_QUEUE, "tx_queue": TX_QUEUE}


cdef inline uint64_t number_of(const Tally* tally, int order, uint32_t cell) noexcept nogil:
    if order == COUNT:
        return tally.counts[cell]
    return tally.sums[cell].rx_queue if order == RX_QUEUE else tally.sums[cell].tx_queue


cdef void sort_cells(
    const Tally* tally, int order, uint32_t* index, uint32_t* spare
) noexcept nogil:
    """Fill `index` with the cells, the largest first, those that are equal as they were met."""
    cdef Py_ssize_t[DIGITS] places
    cdef uint64_t most = 0
    cdef int shift = 0
    cdef Py_ssize_t i, taken, digit, count
    cdef uint32_t* sorted_by_more
    for i in range(tally.cells):
        index[i] = <uint32_t>i
        most = max(most, number_of(tally, order, <uint32_t>i))
    while shift < 64 and most >> shift:
        memset(places, 0, sizeof(places))
        for i in range(tally.cells):
            places[number_of(tally, order, <uint32_t>i) >> shift & (DIGITS - 1)] += 1
        taken = 0
        for i in range(DIGITS):
            digit = DIGITS - 1 - i
            count = places[digit]
            places[digit] = taken
            taken += count
        for i in range(tally.cells):
            digit = number_of(tally, order, index[i]) >> shift & (DIGITS - 1)
            spare[places[digit]] = index[i]
            places[digit] += 1
        sorted_by_more = spare
        spare = index
        index = sorted_by_more
        shift += 8
    if shift // 8 % 2:  # it lies in what was the spare one
        memcpy(spare, index, tally.cells * sizeof(uint32_t))


def service_ports(SocketRows rows not None, Column inbound not None):
    """Return the port of each row's service ("service_port", uint16)."""
    cdef Column made = new_column("service_port", "H", rows.length)
    cdef const uint8_t* came = <const uint8_t*>inbound.data
    cdef const uint16_t* local = <const uint16_t*>rows.store[LOCAL_PORT]
    cdef const uint16_t* remote = <const uint16_t*>rows.store[REMOTE_PORT]
    cdef uint16_t* ports = <uint16_t*>made.data
    cdef Py_ssize_t i
    if inbound.length != rows.length or inbound.format != "B":
        raise ValueError("marks of different rows")
    with nogil:
        for i in range(rows.length):
            ports[i] = local[i] if came[i] else remote[i]
    return made


def rank(Grouper grouper not None, str order):
    """Return the groups in descending order of their sums ("index", uint32)."""
    cdef int by = ORDERS[order]
    cdef Py_ssize_t cells = len(grouper)
    cdef Column found = new_column("index", "I", cells)
    cdef Column spare = new_column("index", "I", cells)
    if not grouper.tally.has_sums:
        raise ValueError("this Grouper has no sums: make one with them")
    with nogil:
        sort_cells(&grouper.tally, by, <uint32_t*>found.data, <uint32_t*>spare.data)
    return found
