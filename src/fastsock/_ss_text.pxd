# What ss shows behind a socket with -m, -i, and of a UNIX one with -e: for _layout.

from libc.stdint cimport uint8_t

from fastsock._text cimport Out, Text

# What is shown, and in which release's manner.
cdef enum:
    ONELINE = 1
    NUMERIC = 2
    TIMERS = 4
    DETAILS = 8
    MEMORY = 16
    INFO = 32
    SOCKET_OPTIONS = 64
    WINDOW = 128          # rcv_wnd, rehash
    MICROSECONDS = 256    # usec_ts
    DECIMAL = 512         # MPTCP's sequence numbers

cdef struct Told:
    uint8_t protocol
    uint8_t state
    bint has_info         # the column is there, whatever this row has in it
    Text memory
    Text info
    Text congestion
    Text attributes

cdef int write_ss_extras(int shows, const Told* told, Out* out) noexcept nogil
