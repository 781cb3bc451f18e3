# Text on its way out: a buffer that grows, and numbers and addresses written into it.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy

cdef extern from *:
    """
    #ifndef FS_TEXT
    #define FS_TEXT
    static const char FS_PAIRS[] =
        "00010203040506070809"
        "10111213141516171819"
        "20212223242526272829"
        "30313233343536373839"
        "40414243444546474849"
        "50515253545556575859"
        "60616263646566676869"
        "70717273747576777879"
        "80818283848586878889"
        "90919293949596979899";
    static const char FS_HEX[] = "0123456789abcdef";
    /* The text of each byte, its length last. */
    #define FS_1(u) {'0' + (u), 0, 0, 1}
    #define FS_2(t, u) {'0' + (t), '0' + (u), 0, 2}
    #define FS_3(h, t, u) {'0' + (h), '0' + (t), '0' + (u), 3}
    #define FS_TEN1(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9)
    #define FS_TEN2(t) FS_2(t, 0), FS_2(t, 1), FS_2(t, 2), FS_2(t, 3), FS_2(t, 4), \
        FS_2(t, 5), FS_2(t, 6), FS_2(t, 7), FS_2(t, 8), FS_2(t, 9)
    #define FS_SIX3(h, t) FS_3(h, t, 0), FS_3(h, t, 1), FS_3(h, t, 2), FS_3(h, t, 3), \
        FS_3(h, t, 4), FS_3(h, t, 5)
    #define FS_TEN3(h, t) FS_SIX3(h, t), FS_3(h, t, 6), FS_3(h, t, 7), FS_3(h, t, 8), \
        FS_3(h, t, 9)
    static const char FS_OCTETS[256][4] = {
        FS_TEN1(FS_1), FS_TEN2(1), FS_TEN2(2), FS_TEN2(3), FS_TEN2(4), FS_TEN2(5), FS_TEN2(6),
        FS_TEN2(7), FS_TEN2(8), FS_TEN2(9), FS_TEN3(1, 0), FS_TEN3(1, 1), FS_TEN3(1, 2),
        FS_TEN3(1, 3), FS_TEN3(1, 4), FS_TEN3(1, 5), FS_TEN3(1, 6), FS_TEN3(1, 7), FS_TEN3(1, 8),
        FS_TEN3(1, 9), FS_TEN3(2, 0), FS_TEN3(2, 1), FS_TEN3(2, 2), FS_TEN3(2, 3), FS_TEN3(2, 4),
        FS_SIX3(2, 5)
    };
    #endif
    """
    const char* FS_PAIRS
    const char* FS_HEX
    const char[256][4] FS_OCTETS

cdef struct Out:
    char* data
    size_t length
    size_t capacity

cdef struct Text:
    const char* data
    size_t length

# -- leaves: append to `out`, where there is room already


cdef inline int room(Out* out, size_t more) noexcept nogil:
    """Make room for `more` bytes; -1 when there is no memory."""
    cdef size_t capacity
    cdef void* data
    if out.length + more <= out.capacity:
        return 0
    capacity = out.length + more + out.capacity // 2
    data = realloc(out.data, capacity)
    if data == NULL:
        return -1
    out.data = <char*>data
    out.capacity = capacity
    return 0


cdef inline void put(Out* out, const char* text, size_t length) noexcept nogil:
    memcpy(out.data + out.length, text, length)
    out.length += length


cdef inline void put_byte(Out* out, char byte) noexcept nogil:
    out.data[out.length] = byte
    out.length += 1


cdef inline int count_digits(uint64_t value) noexcept nogil:
    cdef int count = 1
    while value >= 10000:
        value //= 10000
        count += 4
    return count + (value >= 10) + (value >= 100) + (value >= 1000)


cdef inline void put_unsigned(Out* out, uint64_t value) noexcept nogil:
    """Counted first, so that each digit is written where it stays."""
    cdef char* at = out.data + out.length + count_digits(value)
    out.length = at - out.data
    while value >= 100:
        at -= 2
        memcpy(at, FS_PAIRS + 2 * (value % 100), 2)
        value //= 100
    if value >= 10:
        memcpy(at - 2, FS_PAIRS + 2 * value, 2)
    else:
        (at - 1)[0] = <char>(48 + value)


cdef inline void put_signed(Out* out, int64_t value) noexcept nogil:
    if value < 0:
        put_byte(out, c"-")
        put_unsigned(out, 0 - <uint64_t>value)
    else:
        put_unsigned(out, value)


cdef inline void put_ipv4(Out* out, const uint8_t* address) noexcept nogil:
    cdef char* end = out.data + out.length
    cdef int i
    for i in range(4):
        memcpy(end, FS_OCTETS[address[i]], 4)  # its fourth byte is written over, or was room
        end += FS_OCTETS[address[i]][3]
        end[0] = c"."
        end += 1
    out.length = end - 1 - out.data


cdef inline void put_ipv6(Out* out, const uint8_t* address) noexcept nogil:
    """As inet_ntop(3): RFC 5952, and the last 32 bits dotted after ::ffff and after six zeros."""
    cdef uint16_t words[8]
    cdef int i, zeros, best = -1, best_zeros = 1, end = 8
    cdef bint colon = False
    cdef uint16_t word
    for i in range(8):
        words[i] = (<uint16_t>address[2 * i] << 8) | address[2 * i + 1]
    i = 0
    while i < 8:
        zeros = 0
        while i + zeros < 8 and words[i + zeros] == 0:
            zeros += 1
        if zeros > best_zeros:
            best = i
            best_zeros = zeros
        i += zeros + 1
    if best == 0 and (best_zeros == 6 or (best_zeros == 5 and words[5] == 0xFFFF)):
        end = 6
    i = 0
    while i < end:
        if i == best:
            put(out, "::", 2)
            i += best_zeros
            colon = False
            continue
        if colon:
            put_byte(out, c":")
        colon = True
        word = words[i]
        if word >= 0x1000:
            put_byte(out, FS_HEX[word >> 12])
        if word >= 0x100:
            put_byte(out, FS_HEX[word >> 8 & 15])
        if word >= 0x10:
            put_byte(out, FS_HEX[word >> 4 & 15])
        put_byte(out, FS_HEX[word & 15])
        i += 1
    if end == 6:
        if colon:
            put_byte(out, c":")
        put_ipv4(out, address + 12)
