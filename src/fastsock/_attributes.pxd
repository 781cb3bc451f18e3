# What attributes.py says of a member, for compiled readers. A structure may begin anywhere in its
# column, so that no number in it is aligned.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef struct Member:
    uint32_t offset
    uint8_t size
    uint8_t shift
    uint8_t bits   # of a bit field, else 0


cdef inline Member make_member(object spec):
    """Return a Member of attributes.py as a structure."""
    cdef Member made
    made.offset = spec.offset
    made.size = spec.size
    made.shift = spec.shift
    made.bits = spec.bits
    return made


cdef inline int64_t read_member(
    const Member* member, const char* raw, uint64_t length
) noexcept nogil:
    """Return one number, or -1 for absent: attributes.parse_member in C."""
    cdef const char* p = raw + member.offset
    cdef uint8_t byte = 0
    cdef uint16_t half = 0
    cdef uint32_t word = 0
    cdef uint64_t value = 0
    if length < member.offset + member.size:
        return -1
    if member.size == 1:
        memcpy(&byte, p, 1)
        value = byte
    elif member.size == 2:
        memcpy(&half, p, 2)
        value = half
    elif member.size == 4:
        memcpy(&word, p, 4)
        value = word
    else:
        memcpy(&value, p, 8)
    if member.bits:
        value = value >> member.shift & ((<uint64_t>1 << member.bits) - 1)
    return <int64_t>value if value < <uint64_t>1 << 63 else -1
