# The record of one socket, as every compiled part of fastsock passes it on. The meaning and unit of
# each field stand in columns.py; the optional ones are stored only where `fields=` asks for them.
# Who fills one clears it first: 0 bytes are an empty blob, whatever its pointer is.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cdef struct Row:
    uint8_t protocol
    uint8_t family
    uint8_t state
    uint8_t timer
    uint8_t local_address[16]
    uint8_t remote_address[16]
    uint16_t local_port
    uint16_t remote_port
    uint32_t rx_queue
    uint32_t tx_queue
    uint32_t uid
    uint32_t retransmits
    uint64_t inode
    uint64_t netns
    int64_t timer_expires_ms
    uint64_t cookie
    int32_t backlog_limit
    uint32_t timeout
    uint32_t refcount
    uint64_t rto
    uint64_t ato
    uint32_t cwnd
    int32_t ssthresh
    uint32_t drops
    uint32_t interface
    uint32_t mark
    uint8_t v6only
    uint8_t type
    uint8_t shutdown
    uint64_t socket_cgroup
    uint64_t peer
    const char* blobs[5]      # as in columns.py: valid until the row is pushed
    uint32_t blob_bytes[5]


cdef inline void put_address(uint8_t* address, const uint8_t* words, bint ipv4) noexcept nogil:
    """Set an address from the network's bytes: 4, which then are v4-mapped, or 16."""
    if ipv4:
        memset(address, 0, 10)
        memset(address + 10, 0xff, 2)
        memcpy(address + 12, words, 4)
    else:
        memcpy(address, words, 16)
