from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastsock._row cimport Row

cdef enum:
    LONGEST_PATH = 108  # bytes of sun_path (linux/un.h), all of which may be in use
    LONGEST_RECORD = 512  # holds a socket with its path, and the line behind it

cdef struct UnixRecord:
    uint64_t pointer     # the kernel's (hashed) address of the socket; 0 where it is hidden
    const uint8_t* path  # in the text; NULL where the socket is not bound
    uint32_t path_bytes
    Py_ssize_t lines     # of the text that the socket takes

cdef const uint8_t* parse_unix_heading(const uint8_t* p, const uint8_t* limit) noexcept nogil
cdef const uint8_t* parse_unix_record(
    const uint8_t* p, const uint8_t* limit, Row* row, UnixRecord* record) noexcept nogil
cdef void keep_path(UnixRecord* record, uint8_t* path, Row* row) noexcept nogil
