# Numbers by 64-bit fingerprints: an open table of 16 bytes a slot, which doubles when it is full.

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free

from fastsock._hash cimport scale

cdef struct Slot:
    uint64_t key                 # 0 is a free slot
    uint64_t value

cdef struct Slots:
    Slot* slots
    uint64_t size
    uint64_t used


cdef inline int set_up(Slots* table, uint64_t size) noexcept nogil:
    """Make a table for so many slots; -1 without memory."""
    table.slots = <Slot*>calloc(size, sizeof(Slot))
    table.size = size
    return 0 if table.slots != NULL else -1


cdef inline Slot* slot_of(const Slots* table, uint64_t key) noexcept nogil:
    """The slot of a key, or the free one where it goes."""
    cdef uint64_t at = scale(key, table.size)
    while table.slots[at].key and table.slots[at].key != key:
        at += 1
        if at == table.size:
            at = 0
    return &table.slots[at]


cdef inline int grow(Slots* table) noexcept nogil:
    cdef Slots larger
    cdef uint64_t i
    larger.used = table.used
    if set_up(&larger, 2 * table.size) != 0:
        return -1
    for i in range(table.size):
        if table.slots[i].key:
            slot_of(&larger, table.slots[i].key)[0] = table.slots[i]
    free(table.slots)
    table[0] = larger
    return 0


cdef inline Slot* enter_slot(Slots* table, uint64_t key, uint64_t value) noexcept nogil:
    """The slot of a key, with `value` if it is new; NULL without memory."""
    cdef Slot* slot
    if table.used * 10 >= table.size * 7 and grow(table) != 0:
        return NULL
    slot = slot_of(table, key)
    if slot.key == 0:
        slot.key = key
        slot.value = value
        table.used += 1
    return slot
