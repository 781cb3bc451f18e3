"""Hashing and memory requests, for the sets and tables that are keyed by a secret."""

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #ifndef FS_HASH
    #define FS_HASH
    static inline unsigned long long fs_mix(unsigned long long a, unsigned long long b)
    {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (unsigned long long)product ^ (unsigned long long)(product >> 64);
    }
    static inline unsigned long long fs_scale(unsigned long long hash, unsigned long long size)
    {
        return (unsigned long long)(((unsigned __int128)hash * size) >> 64);
    }
    #define fs_prefetch(address) __builtin_prefetch(address)
    #endif
    """
    uint64_t mix "fs_mix"(uint64_t a, uint64_t b) noexcept nogil
    # The place of a hash among `size` slots.
    uint64_t scale "fs_scale"(uint64_t hash, uint64_t size) noexcept nogil
    void prefetch "fs_prefetch"(const void* address) noexcept nogil
