# The walk's workers, for those who find a process's sockets in another way than by reading links.

from libc.stdint cimport int32_t, uint32_t, uint64_t

from fastsock._table cimport Column

cdef enum:
    ENTRIES_BYTES = 4096           # 170 entries; see the head of _fd_walk.pyx before changing it

# What became of a step, of a table or of a process.
cdef enum:
    FAILED = -1                    # the walk cannot go on: Worker.error says why
    DONE = 0
    GONE = 1                       # it ended, or never was
    DENIED = 2
    NO_PROCESS = 3                 # a number that is a file or a thread

cdef enum:
    NO_CAPTURE = -1                # Found.capture of a process of which only the number is known

cdef struct Text:
    char* data                     # always ended by a NUL
    size_t held

cdef struct Found:
    # What one process gave, and where in its worker's buffers.
    int worker
    int verdict
    bint denied                    # a table, of the process or of a thread, may not be listed
    Py_ssize_t start
    Py_ssize_t count
    Py_ssize_t first_run
    Py_ssize_t runs
    Py_ssize_t capture
    Py_ssize_t links_denied
    Py_ssize_t uncompared
    Py_ssize_t rings_unread

cdef struct Run:
    # Rows that a thread's own table gave.
    int tid
    Py_ssize_t start
    Py_ssize_t count

cdef struct Capture:
    uint64_t start_time
    uint64_t netns
    uint32_t uid
    size_t command                 # positions in Worker.captured
    size_t command_bytes
    size_t cgroup_bytes            # the cgroup follows the command


cdef class Job:
    cdef int root
    cdef bint asked                # the pids were given
    cdef bint sizes_known          # st_size of a PID/fd is its number of entries (Linux 6.2)
    cdef bint procfs
    cdef bint comparable           # the numbers in this tree are ours: kcmp(2) understands them
    cdef Py_ssize_t count
    cdef int* pids
    cdef Found* found
    cdef bint in_order             # the pids ascend
    cdef int rounds                # over processes that came meanwhile, at most
    cdef int stop
    cdef char apart[64]            # the counter has a cache line of its own
    cdef Py_ssize_t next_one
    cdef char apart_too[64]
    cdef int open(self, bytes path, pids) except -1
    cdef int take_pids(self, tuple pids) except -1
    cdef int list_pids(self, bytes path) except -1
    cdef Py_ssize_t add_newcomers(self, str path, bint only_count) except -1
    cdef int sort(self) except -1

cdef class Worker:
    cdef Job job
    cdef int number
    cdef bint begun
    cdef Column inodes
    cdef Column fds
    # Everything below is touched by this thread only.
    cdef char apart[64]
    cdef char entries[ENTRIES_BYTES]
    cdef Text text
    cdef uint64_t* inode_data
    cdef int32_t* fd_data
    cdef Py_ssize_t count
    cdef Py_ssize_t capacity
    cdef Py_ssize_t start          # of the present process's rows
    cdef int pid                   # the present process
    cdef Found* found
    cdef uint32_t* slots           # a hash set of the present process's rows; see `is_repeat`
    cdef size_t slots_held
    cdef size_t slot_mask
    cdef bint without_repeats
    cdef Run* runs
    cdef Py_ssize_t run_count
    cdef Py_ssize_t runs_held
    cdef Capture* captures
    cdef Py_ssize_t capture_count
    cdef Py_ssize_t captures_held
    cdef char* captured
    cdef size_t captured_bytes
    cdef size_t captured_held
    cdef int error
    cdef int error_pid
    cdef const char* error_at
    cdef char apart_too[64]
    cdef int fail(self, int code, const char* at) noexcept nogil
    cdef void begin(self) noexcept nogil
    cdef void work(self) noexcept nogil
    cdef void walk_process(self) noexcept nogil
    cdef int walk_unopened(self, int code) noexcept nogil
    cdef int walk_opened(self, int directory) noexcept nogil
    cdef bint is_thread(self, int directory) noexcept nogil
    cdef int walk_tables(self, int directory) noexcept nogil
    cdef int walk_table(self, int directory, int tid) noexcept nogil
    cdef int walk_numbers(self, int directory, int table, int* fd) noexcept nogil
    cdef int walk_listing(self, int directory, int table, int* next_fd) noexcept nogil
    cdef int take_link(self, int directory, int fd, const char* name, const char* link,
                       ssize_t length) noexcept nogil
    cdef int add(self, int fd, uint64_t inode) noexcept nogil
    cdef int add_run(self, int tid, Py_ssize_t before) noexcept nogil
    cdef int drop_repeats(self) noexcept nogil
    cdef int reserve_slots(self) noexcept nogil
    cdef bint is_repeat(self, int fd, uint64_t inode, Py_ssize_t row) noexcept nogil
    cdef int read_ring(self, int directory, int tid, const char* fd) noexcept nogil
    cdef int parse_fixed_files(self, Py_ssize_t length) noexcept nogil
    cdef int walk_threads(self, int directory) noexcept nogil
    cdef int compare_tables(self, int directory, int tasks, const int* tids,
                            Py_ssize_t count) noexcept nogil
    cdef int walk_thread_by_size(self, int directory, int tasks, int tid) noexcept nogil
    cdef int walk_thread(self, int tasks, int tid) noexcept nogil
    cdef int capture(self, int directory) noexcept nogil
    cdef int keep(self, const char* text, size_t length) noexcept nogil
    cdef object process(self, int pid, Py_ssize_t capture)

cdef Job start_job(str root, pids)
cdef object finish_job(Job job, list workers, str root, pids)
cdef void write_number(int number, char* name) noexcept nogil
