"""Memory of large columns: pages of the kernel, which the next table takes over.

    7f2a5c400000-7f2a5c586000 rw-p 00000000 00:00 0             a column of 100,000 addresses

The kernel clears every page before it is ours: with the fault for it, 2 us, or 12 % of a scan of
100,000 sockets with owners. A program that asks again and again makes the same columns every time,
so what a table gives back is kept for the next one, KEPT_BYTES at most. It is not cleared: who maps
pages must expect anything in them.
"""

cdef extern from "<sys/mman.h>" nogil:
    void* mmap(void* address, size_t length, int protection, int flags, int fd, long offset)
    void* mremap(void* old, size_t old_length, size_t new_length, int flags, ...)
    int munmap(void* address, size_t length)
    int PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MREMAP_MAYMOVE
    void* MAP_FAILED

cdef extern from *:
    """
    /* Never waited for: a child of fork(2) may find it taken for ever. */
    static char fs_taken;
    static int fs_try_lock(void) { return !__atomic_exchange_n(&fs_taken, 1, __ATOMIC_ACQUIRE); }
    static void fs_unlock(void) { __atomic_store_n(&fs_taken, 0, __ATOMIC_RELEASE); }
    """
    bint try_lock "fs_try_lock"() nogil
    void unlock "fs_unlock"() nogil

cdef enum:
    KEPT_BYTES = 32 << 20
    KEPT = 64
    FEWEST_BYTES = 64 << 10
    MUCH_MORE = 4          # times as large as needed, and the rest is given back

cdef struct Kept:
    void* pages
    size_t size

cdef Kept[KEPT] kept
cdef int kept_count = 0
cdef size_t kept_bytes = 0


cdef int find_kept(size_t size) noexcept nogil:
    """Return which fits best: the smallest that is as large, else the largest."""
    cdef int best = 0
    cdef int i
    for i in range(1, kept_count):
        if (
            kept[best].size < size if kept[i].size > kept[best].size else kept[i].size >= size
        ):
            best = i
    return best


cdef void* take_kept(size_t wanted, size_t* size) noexcept nogil:
    """Return pages that were kept, whatever `size` they have; NULL if there are none."""
    global kept_count, kept_bytes
    cdef void* pages = NULL
    cdef int at
    if not try_lock():
        return NULL
    if kept_count:
        at = find_kept(wanted)
        pages, size[0] = kept[at].pages, kept[at].size
        kept_bytes -= kept[at].size
        kept_count -= 1
        kept[at] = kept[kept_count]
    unlock()
    return pages


cdef void* map_pages(size_t* size, size_t* filled) noexcept nogil:
    """Return memory of at least `size` bytes, a multiple of 4096; NULL if there is none.

    `size` is set to what there is; of that the first `filled` bytes have their pages already.
    """
    cdef size_t wanted = size[0]
    cdef void* pages = take_kept(wanted, size)
    cdef void* larger
    filled[0] = size[0]
    if pages != NULL and size[0] < wanted:
        larger = resize_pages(pages, size[0], wanted)
        if larger == NULL:
            munmap(pages, size[0])
        pages = larger
        size[0] = wanted
    elif pages != NULL and size[0] > MUCH_MORE * wanted:
        trim_pages(pages, size[0], wanted)
        filled[0] = size[0] = wanted
    if pages != NULL:
        return pages
    filled[0] = 0
    size[0] = wanted
    pages = mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return NULL if pages == MAP_FAILED else pages


cdef void* resize_pages(void* pages, size_t size, size_t new_size) noexcept nogil:
    """Return the memory with a larger size, perhaps elsewhere; NULL leaves it as it is."""
    cdef void* moved = mremap(pages, size, new_size, MREMAP_MAYMOVE)
    return NULL if moved == MAP_FAILED else moved


cdef void trim_pages(void* pages, size_t size, size_t new_size) noexcept nogil:
    """Give back what is behind `new_size`, a multiple of 4096."""
    free_pages(<char*>pages + new_size, size - new_size)


cdef void free_pages(void* pages, size_t size) noexcept nogil:
    """Give memory back."""
    global kept_count, kept_bytes
    if size >= FEWEST_BYTES and try_lock():
        if kept_count < KEPT and kept_bytes + size <= KEPT_BYTES:
            kept[kept_count] = Kept(pages, size)
            kept_count += 1
            kept_bytes += size
            pages = NULL
        unlock()
    if pages != NULL:
        munmap(pages, size)
