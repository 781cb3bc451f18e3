"""The rows that a scan has met, as 64-bit fingerprints: at most 16 bytes a socket.

/proc/net/tcp moves while it is read: a page of it ends in the middle of a hash bucket, and when
a connection is put at the head of that bucket before the next read, the kernel's "continue at the
n-th entry of the bucket" (net/ipv4/tcp_ipv4.c, tcp_seek_last_pos) shows the n-th row again; so does
the read behind the last row, which counts rows from the start. Beside one process that opens and
closes connections, 4 of 10 reads of 50,000 rows repeated one to three of them. When an entry went
instead, the n-th row is passed over: 1 read in about 1,000 lost a row. So where sockets came or
went during a read, the tables are read once more into the same set (TableScan).

A row is known by its namespace, protocol, addresses, ports and inode. Two different rows are taken
for one with a probability of n*n / 2**65: 3 in 100 million scans of a million sockets. The hash is
keyed by a secret of the process, since a remote peer chooses its ports: it must not be able to hide
one connection behind another.
"""

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastsock._hash cimport mix, prefetch, scale
from fastsock._row cimport Row
from fastsock._slots cimport Slot, enter_slot, set_up, slot_of

import os

cdef enum:
    FEWEST_SLOTS = 1024

# 128 random bits a process; a child of fork may share them.
cdef bytes SECRET = os.urandom(16)


cdef class Seen:
    """A set of fingerprints, sized once for the rows that the kernel says it has."""

    def __cinit__(self, expected=0):
        memcpy(self.seed, <const char*>SECRET, 16)
        # Load 0.67 when the estimate is right: 12 bytes a socket.
        self.size = max(FEWEST_SLOTS, expected + expected // 2)
        self.slots = <uint64_t*>calloc(self.size, sizeof(uint64_t))
        if self.slots == NULL:
            raise MemoryError()

    def __init__(self, expected=0):
        pass

    def __dealloc__(self):
        free(self.slots)

    def __len__(self):
        return self.used

    def bytes_held(self):
        """Return the memory of the set in bytes."""
        return self.size * sizeof(uint64_t)

    cdef uint64_t fingerprint(self, const Row* row) noexcept nogil:
        cdef uint64_t words[4]
        cdef uint64_t ports = row.local_port | (<uint64_t>row.remote_port << 16) | (
            <uint64_t>row.protocol << 32) | (<uint64_t>row.family << 40)
        cdef uint64_t hash
        memcpy(words, row.local_address, 16)
        memcpy(words + 2, row.remote_address, 16)
        hash = mix(words[0] ^ self.seed[0], words[1] ^ self.seed[1])
        hash = mix(words[2] ^ self.seed[0] ^ hash, words[3] ^ self.seed[1])
        hash = mix(ports ^ self.seed[1] ^ hash, row.inode ^ self.seed[0])
        hash = mix(row.netns ^ self.seed[0] ^ hash, hash ^ self.seed[1])
        return hash if hash else 1

    cdef void expect(self, uint64_t fingerprint) noexcept nogil:
        prefetch(self.slots + scale(fingerprint, self.size))

    cdef int add(self, uint64_t fingerprint) noexcept nogil:
        """Return 1 for a new fingerprint, 0 for a known one, -1 when there is no memory."""
        cdef uint64_t at
        if self.used * 10 >= self.size * 8 and self.grow() != 0:
            return -1
        at = scale(fingerprint, self.size)
        while self.slots[at]:
            if self.slots[at] == fingerprint:
                return 0
            at += 1
            if at == self.size:
                at = 0
        self.slots[at] = fingerprint
        self.used += 1
        return 1

    cdef int grow(self) noexcept nogil:
        # By half, so that the load stays above 0.53 and a socket costs at most 15 bytes.
        cdef uint64_t size = self.size + self.size // 2
        cdef uint64_t* slots = <uint64_t*>calloc(size, sizeof(uint64_t))
        cdef uint64_t i, at
        if slots == NULL:
            return -1
        for i in range(self.size):
            if self.slots[i]:
                at = scale(self.slots[i], size)
                while slots[at]:
                    at += 1
                    if at == size:
                        at = 0
                slots[at] = self.slots[i]
        free(self.slots)
        self.slots = slots
        self.size = size
        return 0


cdef class Cookies:
    """The sockets that a dump has brought, by their cookies: a bit each.

    The kernel numbers sockets from a counter when they are first dumped (net/core/sock_diag.c), so
    that those which come one after the other mostly have neighbouring cookies: 64 of them share a
    slot of 16 bytes. In the worst case each has a slot of its own, 24 bytes a socket.
    """

    def __cinit__(self):
        memcpy(self.seed, <const char*>SECRET, 16)
        if set_up(&self.groups, FEWEST_SLOTS) != 0:
            raise MemoryError()

    def __dealloc__(self):
        free(self.groups.slots)

    cdef int add(self, uint64_t cookie, uint64_t netns) noexcept nogil:
        """Return 1 for a socket that is new, 0 for a known one, -1 when there is no memory."""
        cdef uint64_t bit = <uint64_t>1 << (cookie & 63)
        cdef uint64_t key
        if self.last == NULL or cookie >> 6 != self.last_group or netns != self.last_netns:
            key = mix((cookie >> 6) ^ self.seed[0], netns ^ self.seed[1])
            key = mix(key ^ self.seed[1], (cookie >> 6) ^ self.seed[0])
            self.last = enter_slot(&self.groups, key if key else 1, 0)
            if self.last == NULL:
                return -1
            self.last_group = cookie >> 6
            self.last_netns = netns
        if self.last.value & bit:
            return 0
        self.last.value |= bit
        return 1

    cdef bint overlaps(self, Cookies other) noexcept nogil:
        """Whether some socket is in both."""
        cdef const Slot* theirs
        cdef uint64_t i
        for i in range(other.groups.size):
            theirs = &other.groups.slots[i]
            if theirs.key and slot_of(&self.groups, theirs.key).value & theirs.value:
                return True
        return False

    cdef int absorb(self, Cookies other) noexcept nogil:
        """Take over what is in another set; -1 without memory."""
        cdef const Slot* theirs
        cdef Slot* slot
        cdef uint64_t i
        self.last = NULL
        for i in range(other.groups.size):
            theirs = &other.groups.slots[i]
            if theirs.key:
                slot = enter_slot(&self.groups, theirs.key, 0)
                if slot == NULL:
                    return -1
                slot.value |= theirs.value
        return 0
