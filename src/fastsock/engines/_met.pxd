# The sockets that a pass meets, for the workers of _pass.pyx.

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsock._match cimport Matcher
from fastsock._row cimport Row
from fastsock._seen cimport Cookies
from fastsock._table cimport SocketRows

cdef extern from "bpf/record.h":
    struct Record "fastsock_record":
        uint64_t inode
        uint64_t cookie
        uint64_t cgroup
        uint32_t tgid
        uint32_t tid
        int32_t fd
        uint32_t netns
        uint32_t uid
        uint32_t rx_queue
        uint32_t tx_queue
        uint32_t interface
        uint32_t mark
        int32_t timer_expires
        uint32_t requests
        uint32_t in_flight
        uint16_t local_port
        uint16_t remote_port
        uint16_t family
        uint16_t protocol
        uint8_t type
        uint8_t state
        uint8_t timer
        uint8_t retransmits
        uint32_t flags
        uint8_t local_address[16]
        uint8_t remote_address[16]
    int FASTSOCK_NOT_LEADER, FASTSOCK_RING, FASTSOCK_RX_INEXACT, FASTSOCK_V6ONLY

cdef enum:
    BATCH = 64                       # a cache line of the narrowest column

# Kinds of notes, see Met.list_notes.
cdef enum:
    SUBFLOWS = 0
    REQUESTS = 1
    QUEUED = 2
    IN_FLIGHT = 3
    RINGS = 4

cdef struct Note:
    # What says that there may be sockets which no descriptor shows.
    uint32_t kind
    uint32_t port
    uint64_t netns

cdef class Sheet:
    cdef readonly SocketRows table
    cdef Py_ssize_t room             # rows of the table that are kept free for all
    cdef Py_ssize_t next_row         # the first of them that nobody has taken
    cdef Py_ssize_t stop             # where the room was not enough
    cdef int shares                  # how many fill it

cdef class Met:
    cdef readonly Sheet sheet
    cdef readonly SocketRows more    # what found no room there
    cdef readonly bint known         # every socket met had a cookie, and its queues were exact
    cdef int number                  # of the worker
    cdef Matcher matcher
    cdef Cookies cookies
    cdef bint tcp
    cdef bint udp
    cdef unsigned int ticks          # a second
    cdef uint64_t* spaces            # the network namespaces that are asked for
    cdef Py_ssize_t space_count
    cdef uint64_t last_netns         # the one of the last socket, and whether it is asked for
    cdef bint last_asked
    cdef Note* notes
    cdef Py_ssize_t note_count
    cdef Py_ssize_t notes_held
    cdef Row[64] batch               # BATCH of them
    cdef int waiting
    cdef void begin(self) noexcept nogil
    cdef int take(self, const Record* record) noexcept nogil
    cdef bint is_asked(self, uint64_t netns) noexcept nogil
    cdef int note(self, uint32_t kind, uint64_t netns, uint32_t port) noexcept nogil
    cdef int pass_on(self) noexcept nogil
