from libc.stdint cimport uint64_t

from fastsock._row cimport Row
from fastsock._slots cimport Slot, Slots

cdef class Seen:
    cdef uint64_t* slots         # fingerprints; 0 is a free slot
    cdef uint64_t size
    cdef uint64_t used
    cdef uint64_t seed[2]
    cdef uint64_t fingerprint(self, const Row* row) noexcept nogil
    cdef void expect(self, uint64_t fingerprint) noexcept nogil
    cdef int add(self, uint64_t fingerprint) noexcept nogil
    cdef int grow(self) noexcept nogil

cdef class Cookies:
    # By a fingerprint of the cookie's upper 58 bits, a bit for each of the 64 that share them.
    cdef Slots groups
    cdef uint64_t seed[2]
    cdef Slot* last              # that of `last_group` and `last_netns`
    cdef uint64_t last_group
    cdef uint64_t last_netns
    cdef int add(self, uint64_t cookie, uint64_t netns) noexcept nogil
    cdef bint overlaps(self, Cookies other) noexcept nogil
    cdef int absorb(self, Cookies other) noexcept nogil
