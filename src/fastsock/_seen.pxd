from libc.stdint cimport uint64_t

from fastsock._row cimport Row

cdef class Seen:
    cdef uint64_t* slots         # fingerprints; 0 is a free slot
    cdef uint64_t size
    cdef uint64_t used
    cdef uint64_t seed[2]
    cdef uint64_t fingerprint(self, const Row* row) noexcept nogil
    cdef uint64_t mark(self, uint64_t cookie, uint64_t netns) noexcept nogil
    cdef void expect(self, uint64_t fingerprint) noexcept nogil
    cdef int add(self, uint64_t fingerprint) noexcept nogil
    cdef int grow(self) noexcept nogil
