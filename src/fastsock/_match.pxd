from libc.stdint cimport uint8_t

from fastsock._interval cimport Intervals
from fastsock._row cimport Row

cdef class Matcher:
    cdef readonly bint everything
    cdef bint asks_byte[3]       # protocol, family, state
    cdef uint8_t wants_byte[3][256]
    cdef bint asks_ends          # for ports or addresses
    cdef Intervals wanted[8]     # in the order of RANGE_TERMS of _match.pyx
    cdef int want_bytes(self, int at, object values) except -1
    cdef int want_ranges(self, int at, tuple ranges) except -1
    cdef bint matches(self, const Row* row) noexcept nogil
