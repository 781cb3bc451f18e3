from libc.stdint cimport uint8_t, uint64_t

from fastsock._row cimport Row

# An inclusive range of numbers of 128 bits: addresses in network order; plain numbers are all low.
cdef struct Interval:
    uint64_t first_high
    uint64_t first_low
    uint64_t last_high
    uint64_t last_low

# The values that a term wants: sorted, apart from each other.
cdef struct Intervals:
    bint asked                   # false where the filter has no such term
    Py_ssize_t length
    Interval* items

cdef class Matcher:
    cdef readonly bint everything
    cdef bint asks_byte[3]       # protocol, family, state
    cdef uint8_t wants_byte[3][256]
    cdef bint asks_ends          # for ports or addresses
    cdef Intervals wanted[8]     # in the order of RANGE_TERMS of _match.pyx
    cdef int want_bytes(self, int at, object values) except -1
    cdef int want_ranges(self, int at, list ranges) except -1
    cdef bint matches(self, const Row* row) noexcept nogil
