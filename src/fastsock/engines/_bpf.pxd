# A pass of a loaded program, for those who read it without the interpreter lock.

from libc.stdint cimport uint32_t

# Open an iterator over the descriptors of one process, or of all if pid is 0. Where that fails, -1:
# `code` is then the errno and `at` the step.
cdef int open_pass(int program, uint32_t pid, int* code, const char** at) noexcept nogil
