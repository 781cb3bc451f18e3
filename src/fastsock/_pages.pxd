cdef void* map_pages(size_t* size, size_t* filled) noexcept nogil
cdef void* resize_pages(void* pages, size_t size, size_t new_size) noexcept nogil
cdef void trim_pages(void* pages, size_t size, size_t new_size) noexcept nogil
cdef void free_pages(void* pages, size_t size) noexcept nogil
