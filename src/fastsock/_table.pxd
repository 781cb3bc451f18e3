# What the other compiled modules may touch. Rows are pushed while a table is made, then `finish()`
# freezes it: nothing moves any more, and buffers may be lent.

from libc.stdint cimport int32_t, uint64_t

from fastsock._columns cimport BLOB_COUNT, BLOBS
from fastsock._row cimport Row

cdef class Column:
    cdef char* data
    cdef Py_ssize_t length       # items
    cdef Py_ssize_t bytes_held   # memory behind `data`
    cdef size_t bytes_filled     # ... of it, mapped pages that are there for certain
    cdef Py_ssize_t itemsize
    cdef bint mapped             # by mmap, else by malloc
    cdef readonly str name
    cdef readonly str format
    cdef bytes c_format
    cdef Py_ssize_t shape[2]
    cdef Py_ssize_t strides[2]
    cdef int reserve(self, Py_ssize_t items) noexcept nogil
    cdef void trim(self, Py_ssize_t items) noexcept nogil
    cdef object value(self, Py_ssize_t i)
    cdef bint same(self, Column other)
    cdef int put(self, Py_ssize_t i, object value) except -1

cdef Column new_column(str name, str format, Py_ssize_t items)

# Where a column of variable width lies: value i is data[offsets[i]:offsets[i + 1]].
cdef struct Blob:
    uint64_t* offsets            # NULL where the table does not hold the column
    char* data
    size_t bytes_held

cdef class BlobColumn:
    cdef readonly str name
    cdef readonly str format     # "v"
    cdef readonly Column offsets
    cdef readonly Column data
    cdef Py_ssize_t length
    cdef int reserve(self, Py_ssize_t items) noexcept nogil
    cdef int reserve_data(self, size_t used, size_t more) noexcept nogil
    cdef void trim(self, Py_ssize_t items) noexcept nogil
    cdef Blob place(self) noexcept nogil
    cdef object value(self, Py_ssize_t i)
    cdef bint same(self, BlobColumn other)
    cdef int put(self, Py_ssize_t i, object value) except -1

cdef class OwnerRows:
    cdef readonly Py_ssize_t length
    cdef Py_ssize_t capacity
    cdef list columns
    cdef char* store[5]          # inode, pid, fd, tid, process
    cdef readonly object processes   # list[Process]; a ProcessTable in an OwnerTable
    cdef Column following        # the next owner of the same socket, -1 at the end; by a join
    cdef int reserve(self, Py_ssize_t rows) noexcept nogil
    cdef int push(self, unsigned long long inode, int pid, int fd, int tid,
                  unsigned int process) noexcept nogil
    cdef void finish(self)
    cdef void* pointer(self, int column) noexcept nogil

cdef class SocketRows:
    cdef readonly Py_ssize_t length
    cdef Py_ssize_t capacity
    cdef list columns            # of Column, BlobColumn or None, in the order of columns.py
    cdef bint has_optional
    cdef readonly tuple fields   # names of optional columns, and of members of them, as asked
    cdef char* store[BLOBS]      # data pointers, by position in columns.py; NULL where not held
    cdef Blob blobs[BLOB_COUNT]  # the columns of variable width, which come behind these
    cdef Column heads            # after a join: the first owner row of each socket, or OWNER_*
    cdef readonly object owners
    cdef int append(self, SocketRows other) except -1
    cdef int reserve(self, Py_ssize_t rows) noexcept nogil
    cdef int expect(self, Py_ssize_t rows) noexcept nogil
    cdef void populate(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil
    cdef int push(self, const Row* row) noexcept nogil
    cdef int push_many(self, const Row* rows, int count) noexcept nogil
    cdef void put_many(self, Py_ssize_t n, const Row* rows, int count) noexcept nogil
    cdef void put_optional(self, Py_ssize_t n, const Row* rows, int count) noexcept nogil
    cdef int push_blobs(self, const Row* rows, int count) noexcept nogil
    cdef int grow_blob(self, int b, size_t used, size_t more) noexcept nogil
    cdef void point(self)
    cdef void get(self, Py_ssize_t n, Row* row) noexcept nogil
    cdef void finish(self)
