from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from fastsock._table cimport Column, OwnerRows, SocketRows

# Where in a column of inodes each of them is: slots that hold the row + 1, 0 where empty.
cdef struct Page:
    uint32_t number              # inode // PAGE
    uint32_t first               # slot; 0 for an empty entry

cdef struct InodeSlots:
    const uint64_t* inodes
    uint32_t* slots
    Page* pages                  # hash by number; NULL where the slots are one hash by inode
    uint64_t page_entries        # a power of two
    uint64_t size                # slots of the one hash
    uint32_t tag_mask            # bits of a slot that are of the inode's hash, not of the row

cdef class OwnerIndex:
    cdef readonly OwnerRows owners
    cdef InodeSlots table
    cdef int find(self, uint64_t inode) noexcept nogil

# What the sockets of a cell have together: how many are ESTABLISHED, bytes in their queues.
cdef struct Sums:
    uint64_t established
    uint64_t rx_queue
    uint64_t tx_queue

# Counts by key. Each distinct key, of `words` numbers, is a cell; cells are in the order of first
# sight.
cdef struct Tally:
    Py_ssize_t words
    uint64_t size                # slots, a power of two
    uint32_t* slots              # cell + 1, 0 for an empty slot
    Py_ssize_t cells
    Py_ssize_t capacity          # of cells
    uint64_t* keys               # words * capacity
    uint64_t* counts             # capacity
    bint has_sums
    Sums* sums                   # capacity; NULL without

# What a key reads from a row, into the words of a cell that begin at `word`.
cdef struct Source:
    int column                   # position in columns.py; BESIDE for one of no table
    int bytes                    # 16 means an address, kept with its family in three words
    int word
    const char* data             # the column of the table at hand

# What a value of a group's key is made from when all is counted.
cdef struct Part:
    int kind
    int at                       # the first word of a cell, or the place among the owner keys

# The owners of the sockets of one table.
cdef struct Owners:
    Py_ssize_t length
    const int32_t* heads
    const int32_t* following
    const uint32_t* process

cdef class Grouper:
    cdef readonly tuple keys
    cdef Tally tally
    cdef Source sources[11]
    cdef int source_count
    cdef Part parts[18]
    cdef int part_count
    cdef tuple owner_keys
    cdef bint by_owner
    cdef dict beside             # key -> its place among the sources
    cdef uint8_t state_bits      # of a state, what keeps groups apart
    # Each combination of owner key values has a number; each process has that of its values, or -1
    # where its pid is not asked for.
    cdef dict owner_numbers
    cdef list owner_values
    cdef object prepared
    cdef Column numbers
    cdef Column marks            # by number: the row that was counted there last
    cdef uint64_t rows_seen
    cdef int prepare(self, OwnerRows owners, object pids) except -1
    cdef int add_rows(self, SocketRows rows, const Owners* owners, bint descriptors) noexcept nogil
    cdef int find_columns(self, SocketRows rows, dict beside) except -1
    cdef object key_values(self, const uint64_t* words)
    cdef int word_of(self, object key) except -1
