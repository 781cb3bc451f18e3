# Numbers as the kernel writes them, read from the text of a table.

from libc.stdint cimport UINT64_MAX, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcmp

cdef extern from *:
    """
    #include <string.h>
    #if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    #define fs_little_endian64(v) (v)
    #define fs_little_endian32(v) (v)
    #else
    #define fs_little_endian64(v) __builtin_bswap64(v)
    #define fs_little_endian32(v) __builtin_bswap32(v)
    #endif
    static inline uint64_t fs_load8(const unsigned char *p)
    {
        uint64_t v;
        memcpy(&v, p, 8);
        return fs_little_endian64(v);
    }
    static inline uint32_t fs_load4(const unsigned char *p)
    {
        uint32_t v;
        memcpy(&v, p, 4);
        return fs_little_endian32(v);
    }
    #define FS_TENTH (UINT64_MAX / 10)  /* a 20th digit still fits below it */
    """
    uint64_t fs_load8(const uint8_t* p) noexcept nogil
    uint32_t fs_load4(const uint8_t* p) noexcept nogil
    uint64_t FS_TENTH

cdef enum:
    UPPER = 7   # how far the letters lie behind the digits: c"A" - c"9" - 1
    LOWER = 39


cdef inline uint32_t hex_word(uint64_t v, uint64_t letters, uint64_t* bad) noexcept nogil:
    """Decode eight digits at once, the first in the low byte; bits in `bad` for any other byte.

    A letter has bit 6 set; each byte is then made again from its value and compared. No branch: the
    digits of a port or a pointer are as good as random, and a mispredicted branch costs more.
    """
    cdef uint64_t letter = (v >> 6) & 0x0101010101010101ULL
    cdef uint64_t n = (v & 0x0F0F0F0F0F0F0F0FULL) + 9 * letter
    bad[0] |= (
        ((n + 0x3030303030303030ULL + letters * letter) ^ v)
        | ((((n + 0x0606060606060606ULL) >> 4) & 0x0101010101010101ULL) ^ letter)
        | (n & 0xF0F0F0F0F0F0F0F0ULL)
    )
    n = ((n << 4) | (n >> 8)) & 0x00FF00FF00FF00FFULL
    n = ((n << 8) | (n >> 16)) & 0x0000FFFF0000FFFFULL
    return <uint32_t>((n << 16) | (n >> 32))


cdef inline uint32_t hex8(const uint8_t* p, uint64_t* bad) noexcept nogil:
    return hex_word(fs_load8(p), UPPER, bad)


# What ends a line for all below is a byte that no field has: the newline, or behind the last line
# of a text the byte at `limit`, which is not part of it. So loops over digits and spaces need not
# ask where they are.

cdef inline const uint8_t* read_decimal(
    const uint8_t* p, uint64_t most, int digits, uint64_t* value
) noexcept nogil:
    """Read a number up to `most` of so many digits at most; NULL where there is none."""
    cdef const uint8_t* start = p
    cdef uint64_t n = 0
    cdef uint32_t digit = <uint32_t>p[0] - c"0"
    if digit > 9:
        return NULL
    while digit <= 9:
        n = n * 10 + digit
        p += 1
        digit = <uint32_t>p[0] - c"0"
    # Nine digits fit wherever a number may stand.
    if p - start > 9 and not fits(start, p, n, most, digits):
        return NULL
    value[0] = n
    return p


cdef inline bint fits(
    const uint8_t* start, const uint8_t* end, uint64_t n, uint64_t most, int digits
) noexcept nogil:
    """Whether the digits that gave `n` are no more than `most`, of 20 digits without a carry."""
    cdef uint64_t shorter = 0
    if n > most or end - start > digits:
        return False
    if end - start < 20:
        return True
    while start < end - 1:
        shorter = shorter * 10 + (start[0] - c"0")
        start += 1
    return shorter < FS_TENTH or (
        shorter == FS_TENTH and <uint8_t>(start[0] - c"0") <= UINT64_MAX % 10)


cdef inline const uint8_t* read_pointer(
    const uint8_t* p, const uint8_t* limit, uint64_t* value
) noexcept nogil:
    """Read the kernel's (hashed) address of the socket as %pK prints it: 8 or 16 digits.

    0 where the kernel hides it.
    """
    cdef uint64_t bad = 0
    value[0] = 0
    if limit - p < 8:
        return p + 6 if limit - p >= 6 and memcmp(p, b"(null)", 6) == 0 else NULL
    value[0] = hex_word(fs_load8(p), LOWER, &bad)
    if bad == 0:
        p += 8
        if p == limit or p[0] == c" " or p[0] == c":" or p[0] == c"\n":
            return p
        if limit - p < 8:
            return NULL
        value[0] = value[0] << 32 | hex_word(fs_load8(p), LOWER, &bad)
        return p + 8 if bad == 0 else NULL
    value[0] = 0
    if memcmp(p, b"(null)", 6) == 0:
        return p + 6
    return p + 16 if limit - p >= 16 and memcmp(p, b"(____ptrval____)", 16) == 0 else NULL


cdef inline const uint8_t* end_of_line(const uint8_t* p, const uint8_t* limit) noexcept nogil:
    cdef const uint8_t* newline = <const uint8_t*>memchr(p, c"\n", limit - p)
    return limit if newline == NULL else newline
