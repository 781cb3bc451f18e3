# Sets of numbers of 128 bits as sorted intervals: what terms want of addresses, ports and numbers.

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

cdef extern from "<endian.h>" nogil:
    uint64_t be64toh(uint64_t number)

# An inclusive range of numbers of 128 bits: addresses in network order; plain numbers are all low.
cdef struct Interval:
    uint64_t first_high
    uint64_t first_low
    uint64_t last_high
    uint64_t last_low

# The values that a term wants: sorted, apart from each other.
cdef struct Intervals:
    bint asked                   # false where there is no such term
    Py_ssize_t length
    Interval* items


cdef inline bint contains(const Intervals* wanted, uint64_t high, uint64_t low) noexcept nogil:
    cdef Py_ssize_t first = 0
    cdef Py_ssize_t end = wanted.length
    cdef Py_ssize_t middle
    cdef const Interval* at
    while first < end:
        middle = (first + end) >> 1
        at = &wanted.items[middle]
        if high < at.first_high or (high == at.first_high and low < at.first_low):
            end = middle
        elif high > at.last_high or (high == at.last_high and low > at.last_low):
            first = middle + 1
        else:
            return True
    return False


cdef inline bint contains_address(const Intervals* wanted, const uint8_t* address) noexcept nogil:
    cdef uint64_t words[2]
    memcpy(words, address, 16)
    return contains(wanted, be64toh(words[0]), be64toh(words[1]))


cdef inline void put_interval(Interval* at, object first, object last):
    at.first_high = first >> 64
    at.first_low = first & 0xFFFFFFFFFFFFFFFF
    at.last_high = last >> 64
    at.last_low = last & 0xFFFFFFFFFFFFFFFF
