"""/proc/net/unix, decoded where the kernel wrote it.

Num       RefCount Protocol Flags    Type St Inode Path
0000000081e53d5f: 00000002 00000000 00010000 0001 01 17503 /run/dbus/system_bus_socket

Written by net/unix/af_unix.c (unix_seq_show). A path is printed as it is, NULs as @. It may hold a
newline, and then goes on in the next line: a line that begins no socket and still fits into
sun_path belongs to the path before it. One user's odd name must not make the table unreadable for
all. But a path may also hold what looks like a socket, and nothing in this text tells it from one;
sock_diag does. Checked as strictly as the reference does it, with the same errors.
"""

from libc.stdint cimport UINT64_MAX, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy

from fastsock._row cimport Row
from fastsock.engines._digits cimport (
    UPPER, end_of_line, fs_load4, hex8, hex_word, read_decimal, read_pointer,
)

cdef enum:
    LISTENS = 0x00010000  # __SO_ACCEPTCON (linux/net.h)
    PATH = 0              # its place among the blobs of a Row

cdef enum State:          # tcp_states.h
    ESTABLISHED = 1
    CLOSE = 7
    LISTEN = 10

cdef enum Connection:     # socket_state (linux/net.h), by which the kernel prints sk_state
    UNCONNECTED = 1
    CONNECTING = 2        # connected, but not accepted yet: no descriptor
    CONNECTED = 3
    DISCONNECTING = 4     # not connected, without a descriptor

cdef const char* HEADING = b"Num       RefCount Protocol Flags    Type St Inode Path"


cdef const uint8_t* parse_unix_heading(const uint8_t* p, const uint8_t* limit) noexcept nogil:
    """Return the end of the heading; NULL when it is another text."""
    cdef const uint8_t* end = end_of_line(p, limit)
    if end - p != 55 or memcmp(p, HEADING, 55) != 0:
        return NULL
    return end


cdef const uint8_t* parse_line(
    const uint8_t* p, const uint8_t* limit, Row* row, UnixRecord* record
) noexcept nogil:
    """Decode the first line of a socket and return its end; NULL when it begins none."""
    cdef const uint8_t* start
    cdef const uint8_t* end
    cdef uint64_t bad = 0   # not 0 once any of eight digits is none
    cdef uint32_t gap       # not 0 once any separator is another byte
    cdef uint32_t protocol, flags, digits
    p = read_pointer(p, limit, &record.pointer)
    if p == NULL or limit - p < 42:  # what follows has its fixed place, and an inode of 5 bytes
        return NULL
    gap = (p[0] ^ c":") | (p[1] ^ c" ") | (p[10] ^ c" ") | (p[19] ^ c" ") | (p[28] ^ c" ")
    gap |= (p[33] ^ c" ") | (p[36] ^ c" ")
    row.refcount = hex8(p + 2, &bad)
    protocol = hex8(p + 11, &bad)
    flags = hex8(p + 20, &bad)
    # Four digits of the type and two of the connection, as if they were one word of eight.
    digits = hex_word(
        fs_load4(p + 29) | <uint64_t>p[34] << 32 | <uint64_t>p[35] << 40 | 0x3030ULL << 48,
        UPPER,
        &bad,
    )
    if gap or bad or protocol or (flags != 0 and flags != LISTENS) or digits >> 24:
        return NULL
    row.type = <uint8_t>(digits >> 16)
    digits = digits >> 8 & 0xFF
    if digits < UNCONNECTED or digits > DISCONNECTING:
        return NULL
    if flags:
        row.state = LISTEN
    else:
        row.state = ESTABLISHED if digits == CONNECTING or digits == CONNECTED else CLOSE
    # An inode of less than five digits is padded to five bytes.
    p += 37
    start = p
    while p[0] == c" ":
        p += 1
    end = read_decimal(p, UINT64_MAX, 20, &row.inode)
    if end == NULL or end - start < 5 or (p > start and end - start != 5):
        return NULL
    record.path = NULL
    record.path_bytes = 0
    if end == limit or end[0] == c"\n":
        return end
    if end[0] != c" ":
        return NULL
    record.path = end + 1
    end = end_of_line(record.path, limit)
    if not may_be_path(record.path, record.path, end):
        return NULL
    return end


cdef inline bint may_be_path(
    const uint8_t* path, const uint8_t* piece, const uint8_t* end
) noexcept nogil:
    """Whether a path that goes from `path` to `end` may have this last piece."""
    return end - path <= LONGEST_PATH and memchr(piece, 0, end - piece) == NULL


cdef const uint8_t* parse_unix_record(
    const uint8_t* p, const uint8_t* limit, Row* row, UnixRecord* record
) noexcept nogil:
    """Decode a socket and return the end of its last line; NULL when there is none.

    LONGEST_RECORD bytes from `p` on tell where it ends.
    """
    cdef UnixRecord other
    cdef Row scratch
    cdef const uint8_t* next_end
    cdef const uint8_t* end = parse_line(p, limit, row, record)
    record.lines = 1
    if end == NULL or record.path == NULL:
        return end
    while limit - end > 1:
        next_end = end_of_line(end + 1, limit)
        if not may_be_path(record.path, end + 1, next_end):
            break
        if parse_line(end + 1, limit, &scratch, &other) != NULL:
            break
        end = next_end
        record.lines += 1
    record.path_bytes = <uint32_t>(end - record.path)
    if record.path_bytes == 0:
        return NULL
    return end


cdef void keep_path(UnixRecord* record, uint8_t* path, Row* row) noexcept nogil:
    """Copy the path out of the text, into LONGEST_PATH bytes; of an abstract one as in sun_path.

    Of the NULs of an abstract name only the first is known: an @ may be one too.
    """
    if record.path_bytes:
        memcpy(path, record.path, record.path_bytes)
        if path[0] == c"@":
            path[0] = 0
    row.blobs[PATH] = <const char*>path
    row.blob_bytes[PATH] = record.path_bytes
