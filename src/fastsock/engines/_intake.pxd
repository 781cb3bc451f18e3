# What readers of sockets inherit. A batch lies between decoding and the table: columns are then
# filled one after the other, and a set of fingerprints has time to fetch its lines.

from libc.stdint cimport uint64_t

from fastsock._match cimport Matcher
from fastsock._row cimport Row
from fastsock._table cimport SocketRows

cdef enum:
    BATCH = 32

cdef class Intake:
    cdef Matcher matcher
    cdef Py_ssize_t expected     # about how many rows there will be
    cdef readonly Py_ssize_t repeats
    cdef bint again              # a second reading of the same: what it repeats says nothing
    cdef uint64_t[256] counts    # by state
    cdef Row[32] batch           # BATCH of them
    cdef int waiting             # of these, the rows that the table has not got yet
    cdef bint run(self, SocketRows rows, Py_ssize_t limit) except -1
    cdef int pass_on(self, SocketRows rows) noexcept nogil
