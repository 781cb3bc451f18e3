"""The descriptors of processes, read from /proc/PID/fd and kept where they are sockets.

    /proc/3921/fd/7 -> socket:[48213]

Each descriptor costs the kernel 2 us or more; nothing else here matters beside that. Its two parts
are the listing of the directory, where getdents64 makes or finds a dentry for every entry, and the
readlinkat, which finds that dentry again. Descriptors are handed out from 0 up without gaps
(open(2) takes the lowest that is free), so the listing says little that is not known: the walk
asks for link 0, 1, 2, … and, where one does not exist, for the entries from there on. 100,000
descriptors take 0.76 to 0.88 of the time of a listing of every entry, and the answer is the same:
every number was asked for or passed over by a listing (fs/proc/fd.c: position p of the directory is
descriptor p - 2).

The listing is read in small pieces: what getdents64 brought into the processor's cache, about 900
bytes an entry, the readlinkat that follows finds there only if few others came between. 100,000
descriptors took 183 ms in pieces of 4 KiB and 227 ms in pieces of 64 KiB.

Three kinds of owners are not in that directory (proc_pid_fd(5), kcmp(2), io_uring_register(2)):

* Threads with a descriptor table of their own (unshare(CLONE_FILES)), in PID/task/TID/fd, and the
  threads of a process whose first thread has ended, for which PID/fd is empty. st_nlink of
  PID/task is 2 + the number of threads, so a process of one thread costs one fstatat more, 2 us.
  In the others every thread is compared by kcmp(KCMP_FILES), with the listing of PID/task 2 us a
  thread: 1 ms for 500 threads, whose 10,000 descriptors take 20 ms. To walk every thread's
  directory instead would be 5 million readlinks. kcmp also orders tables, so that thousands of
  different ones are told apart in n log n calls.
* Sockets that only an io_uring instance holds ("fixed files"), in PID/fdinfo/RING since Linux 6.13.

Processes are handed out to threads one by one. Every thread has its own buffers, which keep inode
and fd only; at the end they are put together in pid order, column by column, and the other columns
are written from the list of processes.
"""

from fastsock._table cimport Column, OwnerRows, new_column
from libc.errno cimport (
    EACCES,
    EINVAL,
    ENAMETOOLONG,
    ENFILE,
    EMFILE,
    ENOENT,
    ENOMEM,
    ENOTDIR,
    EPERM,
    ESRCH,
    errno,
)
from libc.limits cimport INT_MAX
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdio cimport snprintf
from libc.stdlib cimport free, malloc, qsort, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, memset, strlen, strstr

from fastsock.engines._threads cimport pthread_join, pthread_t, start_thread

from fastsock._table import Process
from fastsock.engines.walk import Walk

import os

cdef extern from * nogil:
    """
    #include <stddef.h>

    /* getdents64(2): glibc names this structure only since 2.30 */
    struct fs_dirent {
        unsigned long long inode;
        long long offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };

    static ptrdiff_t fs_take(ptrdiff_t *next)
    {
        return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
    }
    static void fs_raise_flag(int *flag) { __atomic_store_n(flag, 1, __ATOMIC_RELAXED); }
    static int fs_flag(int *flag) { return __atomic_load_n(flag, __ATOMIC_RELAXED); }
    """
    cdef struct DirectoryEntry "fs_dirent":
        uint16_t length
        uint8_t type
        char name[1]
    Py_ssize_t take "fs_take"(Py_ssize_t* next_one)
    void raise_flag "fs_raise_flag"(int* flag)
    int flag_raised "fs_flag"(int* flag)

cdef extern from "<fcntl.h>" nogil:
    int openat(int directory, const char* name, int flags)
    int AT_FDCWD, O_RDONLY, O_DIRECTORY, O_CLOEXEC, O_NONBLOCK, O_NOCTTY

cdef extern from "<unistd.h>" nogil:
    ssize_t readlinkat(int directory, const char* name, char* link, size_t held)
    ssize_t read(int fd, void* buffer, size_t held)
    int close(int fd)
    int64_t lseek(int fd, int64_t position, int whence)
    int SEEK_SET
    long syscall(long number, ...)

cdef extern from "<sys/syscall.h>" nogil:
    long SYS_getdents64, SYS_kcmp

cdef extern from "<sys/stat.h>" nogil:
    cdef struct stat_t "stat":
        unsigned int st_mode
        unsigned int st_uid
        unsigned long st_nlink
        int64_t st_size
    int fstat(int fd, stat_t* status)
    int fstatat(int directory, const char* name, stat_t* status, int flags)
    bint S_ISREG(unsigned int mode)

cdef extern from "<sys/vfs.h>" nogil:
    cdef struct statfs_t "statfs":
        long f_type
    int fstatfs(int fd, statfs_t* status)

cdef extern from "<dirent.h>" nogil:
    int DT_LNK, DT_UNKNOWN

cdef extern from "<string.h>" nogil:
    void* memrchr(const void* text, int byte, size_t length)

cdef extern from "<time.h>" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int nanosleep(const timespec* pause, timespec* left)

cdef enum:
    LINK_BYTES = 64                # the longest socket link has 29
    NAME_BYTES = 16
    TEXT_BYTES = 16 * 1024
    TEXT_LIMIT = 64 * 1024 * 1024  # a foreign tree may hold anything
    FIRST_ROWS = 256
    FEWEST_SLOTS = 1024
    FIRST_ENTRY = 2                # position of descriptor 0 in a PID/fd, behind "." and ".."
    DENSE_LINKS = 100              # so many without a gap in a piece: go on by numbers
    RING_TRIES = 5
    ROUNDS = 3                     # over processes that came meanwhile
    RING_PAUSE_NS = 200_000
    PROC_SUPER_MAGIC = 0x9fa0      # statfs(2)
    KCMP_FILES = 2                 # linux/kcmp.h

# What a ring's text says.
cdef enum:
    RING_LISTED = 0
    RING_NO_LINES = 1              # empty, or (from Linux 6.13 on, not yet 6.18) locked by its user
    RING_LOCKED = 2
    RING_NAMELESS = 3              # Linux before 6.13 prints sockets without a number

cdef const char* parse_number(const char* text, const char* end, uint64_t* number) noexcept nogil:
    """Read 1 to 20 digits; return where they end, or NULL without a number of 64 bits."""
    cdef const char* at = text
    cdef uint64_t value = 0
    cdef unsigned int digit
    while at < end:
        digit = <unsigned int>at[0] - c'0'
        if digit > 9:
            break
        if value > (<uint64_t>-1 - digit) // 10 or at - text == 20:
            return NULL
        value = value * 10 + digit
        at += 1
    number[0] = value
    return at if at > text else NULL


cdef int parse_name(const char* name) noexcept nogil:
    """Return the number of a pid, a thread or a descriptor as /proc writes it, or -1."""
    cdef const char* end = name + strlen(name)
    cdef uint64_t number = 0
    if parse_number(name, end, &number) != end or number > <uint64_t>INT_MAX:
        return -1
    return -1 if name[0] == c'0' and end - name > 1 else <int>number


cdef void write_number(int number, char* name) noexcept nogil:
    """Write a number that is not negative; `name` has NAME_BYTES."""
    cdef char* at = name + NAME_BYTES - 1
    at[0] = 0
    while True:
        at -= 1
        at[0] = <char>(c'0' + number % 10)
        number = number // 10
        if number == 0:
            break
    memmove(name, at, name + NAME_BYTES - at)


cdef bint parse_bracketed(const char* kind, size_t kind_bytes, const char* link, Py_ssize_t length,
                          uint64_t* inode) noexcept nogil:
    """Whether a link is exactly `kind` and a number in brackets, as `socket:[48213]`."""
    cdef const char* end = link + length - 1
    return (
        length > <Py_ssize_t>kind_bytes + 1
        and memcmp(link, kind, kind_bytes) == 0
        and end[0] == c']'
        and parse_number(link + kind_bytes, end, inode) == end
    )


cdef bint parse_socket(const char* link, Py_ssize_t length, uint64_t* inode) noexcept nogil:
    return parse_bracketed(b"socket:[", 8, link, length, inode)


cdef bint parse_ring(const char* link, Py_ssize_t length) noexcept nogil:
    return length == 21 and memcmp(link, b"anon_inode:[io_uring]", 21) == 0


cdef bint parse_stat(const char* text, Py_ssize_t length, const char** command,
                     size_t* command_bytes, uint64_t* start_time) noexcept nogil:
    """Find the command and the start time in `3921 (nginx) S 1 3921 … 88231 …`.

    A command may hold anything, also parentheses: it ends at the last one.
    """
    cdef const char* end = text + length
    cdef const char* opening = <const char*>memchr(text, c'(', length)
    cdef const char* at = <const char*>memrchr(text, c')', length)
    cdef const char* space
    if opening == NULL or at < opening:
        return False
    command[0] = opening + 1
    command_bytes[0] = at - opening - 1
    at += 1
    for _ in range(20):  # to field 22: the next one is the third
        at = <const char*>memchr(at, c' ', end - at)
        if at == NULL:
            return False
        at += 1
    space = <const char*>memchr(at, c' ', end - at)
    return parse_number(at, space if space != NULL else end, start_time) == (
        space if space != NULL else end
    )


cdef size_t parse_cgroup(const char* text, Py_ssize_t length, const char** path) noexcept nogil:
    """Find the path in `0::/system.slice/nginx.service`; where that is the root, what v1 says.

    As cgroups.parse_membership: then systemd's hierarchy, then the first other with a path.
    """
    cdef const char* end = text + length
    cdef const char* stop
    cdef const char* colon
    cdef size_t path_bytes = 0
    cdef int best = 0
    cdef bint is_root
    cdef int rank
    while text < end:
        stop = <const char*>memchr(text, c'\n', end - text)
        if stop == NULL:
            stop = end
        colon = <const char*>memchr(text, c':', stop - text)
        if colon != NULL:
            colon = <const char*>memchr(colon + 1, c':', stop - colon - 1)
        if colon != NULL:
            is_root = stop - colon == 2 and colon[1] == c"/"
            if memcmp(text, b"0::", 3) == 0:
                rank = 2 if is_root else 5
            elif is_root:
                rank = 1
            elif colon - text > 13 and memcmp(colon - 13, b":name=systemd", 13) == 0:
                rank = 4
            else:
                rank = 3
            if rank > best:
                best = rank
                path[0] = colon + 1
                path_bytes = stop - colon - 1
        text = stop + 1
    return path_bytes


cdef ssize_t read_file(int directory, const char* name, Text* text) noexcept nogil:
    """Read a regular file to its end; its length, or a negative errno."""
    cdef int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    cdef stat_t status
    cdef char* larger
    cdef size_t length = 0
    cdef ssize_t got = 0
    if fd < 0:
        return -errno
    if fstat(fd, &status) != 0 or not S_ISREG(status.st_mode):
        close(fd)
        return -EINVAL
    while True:
        if text.held - length < TEXT_BYTES:
            larger = <char*>realloc(text.data, 2 * text.held + 2 * TEXT_BYTES)
            if larger == NULL:
                close(fd)
                return -ENOMEM
            text.data = larger
            text.held = 2 * text.held + 2 * TEXT_BYTES
        got = read(fd, text.data + length, text.held - length - 1)
        if got <= 0:
            if got < 0:
                got = -errno
            break
        length += got
        if length > TEXT_LIMIT:
            got = -EINVAL
            break
    close(fd)
    text.data[length] = 0
    return got if got < 0 else <ssize_t>length


cdef bint out_of_resources(int code) noexcept nogil:
    return code == EMFILE or code == ENFILE or code == ENOMEM


cdef bint is_gone(int code) noexcept nogil:
    return code == ENOENT or code == ESRCH


cdef bint is_denied(int code) noexcept nogil:
    return code == EACCES or code == EPERM


cdef int ascending(const void* a, const void* b) noexcept nogil:
    return ((<const int*>a)[0] > (<const int*>b)[0]) - ((<const int*>a)[0] < (<const int*>b)[0])


cdef void* work(void* worker) noexcept nogil:
    (<Worker>worker).work()
    return NULL


cdef class Job:
    """What all workers share: the root, the processes, and what became of each."""

    def __cinit__(self):
        self.root = -1
        self.in_order = True

    def __dealloc__(self):
        if self.root >= 0:
            close(self.root)
        free(self.pids)
        free(self.found)

    cdef int open(self, bytes path, pids) except -1:
        cdef Text text = Text(NULL, 0)
        cdef statfs_t filesystem
        cdef stat_t status
        cdef const char* numbers
        if b"\0" in path:
            raise ValueError("embedded null byte")
        self.root = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if self.root < 0:
            raise OSError(errno, os.strerror(errno), os.fsdecode(path))
        self.procfs = fstatfs(self.root, &filesystem) == 0 and (
            filesystem.f_type == PROC_SUPER_MAGIC
        )
        # Our own table has at least the root in it.
        self.sizes_known = fstatat(self.root, b"self/fd", &status, 0) == 0 and status.st_size > 0
        if self.procfs:
            # NSpid: our number in the pid namespace of this procfs and in all below it, down to
            # ours. A single number means that both are one.
            if read_file(self.root, b"self/status", &text) > 0:
                numbers = strstr(text.data, b"\nNSpid:\t")
                if numbers != NULL:
                    numbers += 8
                    while c'0' <= numbers[0] <= c'9':
                        numbers += 1
                    self.comparable = numbers[0] == c'\n'
            free(text.data)
        self.asked = pids is not None
        self.rounds = ROUNDS if self.procfs and not self.asked else 0
        if self.asked:
            self.take_pids(pids)
        else:
            self.list_pids(path)
        self.found = <Found*>malloc((self.count + 1) * sizeof(Found))
        if self.found == NULL:
            raise MemoryError()
        memset(self.found, 0, self.count * sizeof(Found))
        return 0

    cdef int take_pids(self, tuple pids) except -1:
        self.pids = <int*>malloc((len(pids) + 1) * sizeof(int))
        if self.pids == NULL:
            raise MemoryError()
        for pid in pids:
            self.pids[self.count] = pid
            self.count += 1
        return 0

    cdef int list_pids(self, bytes path) except -1:
        check_listing(list_numbers(self.root, &self.pids, &self.count), os.fsdecode(path))
        return 0

    cdef Py_ssize_t add_newcomers(self, str path, bint only_count) except -1:
        """List the root once more and append the processes that are new; return how many."""
        cdef int* listed = NULL
        cdef int* pids
        cdef Found* found
        cdef Py_ssize_t count = 0
        if lseek(self.root, 0, SEEK_SET) < 0:
            raise OSError(errno, os.strerror(errno), path)
        try:
            check_listing(list_numbers(self.root, &listed, &count), path)
            known = {self.pids[i] for i in range(self.count)}
            new = [listed[i] for i in range(count) if listed[i] not in known]
        finally:
            free(listed)
        if not new or only_count:
            return len(new)
        pids = <int*>realloc(self.pids, (self.count + len(new)) * sizeof(int))
        if pids == NULL:
            raise MemoryError()
        self.pids = pids
        found = <Found*>realloc(self.found, (self.count + len(new)) * sizeof(Found))
        if found == NULL:
            raise MemoryError()
        self.found = found
        memset(found + self.count, 0, len(new) * sizeof(Found))
        self.next_one = self.count
        for pid in new:
            self.pids[self.count] = pid
            self.count += 1
        self.in_order = False
        return len(new)

    cdef int sort(self) except -1:
        """Put the processes in order, with what they gave."""
        cdef int* pids = <int*>malloc(self.count * sizeof(int))
        cdef Found* found = <Found*>malloc(self.count * sizeof(Found))
        cdef Py_ssize_t i
        if pids == NULL or found == NULL:
            free(pids)
            free(found)
            raise MemoryError()
        order = sorted([(self.pids[i], i) for i in range(self.count)])
        for i in range(self.count):
            pids[i] = self.pids[order[i][1]]
            found[i] = self.found[order[i][1]]
        free(self.pids)
        free(self.found)
        self.pids = pids
        self.found = found
        return 0


cdef int check_listing(int code, str path) except -1:
    if code == ENOMEM:
        raise MemoryError()
    if code:
        raise OSError(code, os.strerror(code), path)
    return 0


cdef int list_numbers(int directory, int** numbers, Py_ssize_t* count) noexcept nogil:
    """List the entries that are positive numbers, sorted; 0 or an errno. The caller frees them."""
    cdef char entries[ENTRIES_BYTES]
    cdef Py_ssize_t capacity = 0
    cdef DirectoryEntry* entry
    cdef int* larger
    cdef int number
    cdef long got
    cdef long at
    while True:
        got = syscall(SYS_getdents64, directory, entries, <size_t>ENTRIES_BYTES)
        if got < 0:
            return errno
        if got == 0:
            break
        at = 0
        while at < got:
            entry = <DirectoryEntry*>(entries + at)
            at += entry.length
            number = parse_name(entry.name)
            if number <= 0:
                continue
            if count[0] == capacity:
                capacity += capacity // 2 + FIRST_ROWS
                larger = <int*>realloc(numbers[0], capacity * sizeof(int))
                if larger == NULL:
                    return ENOMEM
                numbers[0] = larger
            numbers[0][count[0]] = number
            count[0] += 1
    qsort(numbers[0], count[0], sizeof(int), ascending)
    return 0


cdef class Worker:
    """One thread's share: it takes processes from the job and keeps what they hold."""

    def __cinit__(self, Job job, int number):
        self.job = job
        self.number = number
        self.inodes = new_column("inode", "Q", 0)
        self.fds = new_column("fd", "i", 0)

    def __dealloc__(self):
        free(self.text.data)
        free(self.slots)
        free(self.runs)
        free(self.captures)
        free(self.captured)

    cdef int fail(self, int code, const char* at) noexcept nogil:
        self.error = code
        self.error_pid = self.pid
        self.error_at = at
        raise_flag(&self.job.stop)
        return FAILED

    cdef void begin(self) noexcept nogil:
        """What a worker does before its first process."""

    cdef void work(self) noexcept nogil:
        cdef Py_ssize_t i
        if not self.begun:
            self.begun = True
            self.begin()
        while not flag_raised(&self.job.stop):
            i = take(&self.job.next_one)
            if i >= self.job.count:
                break
            self.pid = self.job.pids[i]
            self.found = &self.job.found[i]
            self.walk_process()

    cdef void walk_process(self) noexcept nogil:
        cdef char name[NAME_BYTES]
        cdef int directory
        cdef int verdict
        cdef Py_ssize_t captures = self.capture_count
        self.start = self.count
        self.without_repeats = False
        self.found.worker = self.number
        self.found.start = self.count
        self.found.first_run = self.run_count
        snprintf(name, sizeof(name), b"%d", self.pid)
        # Everything is opened relative to this: a pid that is used again cannot mix two processes.
        directory = openat(self.job.root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0:
            verdict = self.walk_opened(directory)
            close(directory)
        elif errno == ENOTDIR:  # a foreign tree may have files with such names
            verdict = NO_PROCESS
        elif is_gone(errno) or is_denied(errno):
            verdict = self.walk_unopened(errno)
        else:
            verdict = self.fail(errno, b"")
        self.found.verdict = verdict
        if verdict != DONE:  # its sockets are gone with it
            self.count = self.start
            self.run_count = self.found.first_run
            self.capture_count = captures
        self.found.count = self.count - self.start
        self.found.runs = self.run_count - self.found.first_run

    cdef int walk_unopened(self, int code) noexcept nogil:
        """What remains where the process's directory cannot be opened."""
        if is_gone(code):
            return GONE
        self.found.denied = True  # hidepid=1
        return DONE

    cdef int walk_opened(self, int directory) noexcept nogil:
        cdef int verdict
        if self.job.asked and self.is_thread(directory):
            return NO_PROCESS
        verdict = self.walk_tables(directory)
        if verdict == DONE and self.count > self.start:
            verdict = self.capture(directory)
        return verdict

    cdef int walk_tables(self, int directory) noexcept nogil:
        """Keep what the process and its threads hold."""
        cdef stat_t status
        cdef int verdict = self.walk_table(directory, 0)
        if verdict == DENIED:
            self.count = self.start
            # Whoever may not list a table may still see that it is empty: kernel threads, zombies.
            if not (
                self.job.sizes_known
                and fstatat(directory, b"fd", &status, 0) == 0
                and status.st_size == 0
            ):
                self.found.denied = True
                return DONE
            verdict = DONE
        if verdict == DONE and self.found.links_denied == 0:
            verdict = self.walk_threads(directory)  # else they are no more open to us
        return verdict

    cdef bint is_thread(self, int directory) noexcept nogil:
        """Whether PID, which procfs opens without listing it, is a thread of another process."""
        cdef const char* group
        if read_file(directory, b"status", &self.text) < 0:
            return False
        group = strstr(self.text.data, b"\nTgid:\t")
        if group == NULL:
            return False
        cdef uint64_t leader = 0
        group += 7
        return (
            parse_number(group, self.text.data + self.text.held, &leader) != NULL
            and leader != <uint64_t>self.pid
        )

    cdef int walk_table(self, int directory, int tid) noexcept nogil:
        """Walk PID/fd, or with `tid` the fd of PID/task/TID, which `directory` then is."""
        cdef Py_ssize_t before = self.count
        cdef int next_fd = 0
        cdef int verdict = DONE
        cdef int table = openat(directory, b"fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if table < 0:
            if errno == ENOTDIR:
                return NO_PROCESS
            if is_gone(errno):
                return GONE
            return DENIED if is_denied(errno) else self.fail(errno, b"/fd")
        while verdict == DONE and next_fd >= 0:
            if self.job.procfs:  # a tree of another kind has its entries in any order
                verdict = self.walk_numbers(directory, table, &next_fd)
                if verdict == DONE and lseek(table, next_fd + FIRST_ENTRY, SEEK_SET) < 0:
                    verdict = self.fail(errno, b"/fd")
            if verdict == DONE:
                verdict = self.walk_listing(directory, table, &next_fd)
        close(table)
        return self.add_run(tid, before) if verdict == DONE and tid else verdict

    cdef int add_run(self, int tid, Py_ssize_t before) noexcept nogil:
        """Note that the rows behind `before` came from a thread's own table."""
        cdef Run* larger
        if self.count == before:
            return DONE
        if self.run_count == self.runs_held:
            self.runs_held += self.runs_held // 2 + 16
            larger = <Run*>realloc(self.runs, self.runs_held * sizeof(Run))
            if larger == NULL:
                return self.fail(ENOMEM, b"/task")
            self.runs = larger
        self.runs[self.run_count] = Run(tid, before - self.start, self.count - before)
        self.run_count += 1
        return DONE

    cdef int walk_numbers(self, int directory, int table, int* fd) noexcept nogil:
        """Read the links from `fd` up to the first that cannot be read; leave `fd` there."""
        cdef char link[LINK_BYTES]
        cdef char name[NAME_BYTES]
        cdef ssize_t length
        cdef int verdict = DONE
        while verdict == DONE:
            write_number(fd[0], name)
            length = readlinkat(table, name, link, LINK_BYTES)
            # Whatever it is, the listing says whether there is such a descriptor. It must also be
            # asked after EACCES, which numbers that nobody uses may give as well.
            if length < 0:
                break
            verdict = self.take_link(directory, fd[0], name, link, length)
            fd[0] += 1
        return verdict

    cdef int walk_listing(self, int directory, int table, int* next_fd) noexcept nogil:
        """List the directory and read its links.

        Stops behind a piece without a gap, with the number that follows in `next_fd`: it is worth
        while to go on by numbers. At the end `next_fd` is -1.
        """
        cdef char link[LINK_BYTES]
        cdef DirectoryEntry* entry
        cdef ssize_t length
        cdef long got
        cdef long at
        cdef int fd
        cdef int first, links
        cdef int verdict = DONE
        while verdict == DONE:
            got = syscall(SYS_getdents64, table, self.entries, <size_t>ENTRIES_BYTES)
            if got == 0:
                next_fd[0] = -1
                break
            if got < 0:
                if is_gone(errno):
                    return GONE
                return DENIED if is_denied(errno) else self.fail(errno, b"/fd")
            at = 0
            first = -1
            links = 0
            while at < got and verdict == DONE:
                entry = <DirectoryEntry*>(self.entries + at)
                at += entry.length
                if entry.type != DT_LNK and entry.type != DT_UNKNOWN:
                    continue
                fd = parse_name(entry.name)
                if fd < 0:
                    continue
                if first < 0:
                    first = fd
                length = readlinkat(table, entry.name, link, LINK_BYTES)
                if length >= 0:
                    links += 1
                    next_fd[0] = fd + 1
                    verdict = self.take_link(directory, fd, entry.name, link, length)
                elif is_denied(errno):
                    self.found.links_denied += 1
                elif is_gone(errno):
                    pass  # closed since it was listed
                elif errno == EINVAL or errno == ENAMETOOLONG:
                    pass  # no link; a path longer than a page: neither is a socket
                else:
                    verdict = self.fail(errno, b"/fd")
            if self.job.procfs and links >= DENSE_LINKS and next_fd[0] - first == links:
                break
        return verdict

    cdef int take_link(self, int directory, int fd, const char* name, const char* link,
                       ssize_t length) noexcept nogil:
        """Keep what a link says, where it is of our kind."""
        cdef uint64_t inode = 0
        if parse_socket(link, length, &inode):
            return self.add(fd, inode)
        if parse_ring(link, length):
            return self.read_ring(directory, 0, name)
        return DONE

    cdef int add(self, int fd, uint64_t inode) noexcept nogil:
        cdef Py_ssize_t n = self.count
        cdef Py_ssize_t more
        if self.without_repeats:
            if self.reserve_slots() != 0:
                return self.fail(ENOMEM, b"/fd")
            if self.is_repeat(fd, inode, n):
                return 0
        if n == self.capacity:
            more = n + n // 2 + FIRST_ROWS
            self.inodes.length = n
            self.fds.length = n
            if self.inodes.reserve(more) != 0 or self.fds.reserve(more) != 0:
                return self.fail(ENOMEM, b"/fd")
            self.inode_data = <uint64_t*>self.inodes.data
            self.fd_data = <int32_t*>self.fds.data
            self.capacity = more
        self.inode_data[n] = inode
        self.fd_data[n] = fd
        self.count = n + 1
        return 0

    cdef int drop_repeats(self) noexcept nogil:
        """From here on, keep no (descriptor, socket) of this process twice."""
        if self.without_repeats:
            return 0
        self.without_repeats = True
        self.slot_mask = 0
        return self.reserve_slots()

    cdef int reserve_slots(self) noexcept nogil:
        """Make room in the set for one row more."""
        cdef size_t rows = self.count - self.start + 1
        cdef size_t wanted = FEWEST_SLOTS
        cdef uint32_t* larger
        cdef Py_ssize_t i
        if self.slot_mask and 2 * rows <= self.slot_mask:
            return 0
        while wanted < 4 * rows:
            wanted *= 2
        if wanted > self.slots_held:
            larger = <uint32_t*>realloc(self.slots, wanted * sizeof(uint32_t))
            if larger == NULL:
                return FAILED
            self.slots = larger
            self.slots_held = wanted
        self.slot_mask = wanted - 1
        memset(self.slots, 0, wanted * sizeof(uint32_t))
        for i in range(self.start, self.count):
            self.is_repeat(self.fd_data[i], self.inode_data[i], i)
        return 0

    cdef bint is_repeat(self, int fd, uint64_t inode, Py_ssize_t row) noexcept nogil:
        """Whether the set has this (descriptor, socket); if not, it enters as `row`."""
        cdef size_t at = (
            (inode * <uint64_t>0x9e3779b97f4a7c15 + <uint64_t>fd) * <uint64_t>0x9e3779b97f4a7c15
        ) >> 32
        cdef Py_ssize_t other
        while True:
            at &= self.slot_mask
            if self.slots[at] == 0:
                self.slots[at] = <uint32_t>(row - self.start + 1)
                return False
            other = self.start + self.slots[at] - 1
            if self.fd_data[other] == fd and self.inode_data[other] == inode:
                return True
            at += 1

    cdef int read_ring(self, int directory, int tid, const char* fd) noexcept nogil:
        """Add the sockets among the fixed files of one io_uring instance.

        `tid`: that of one of the threads in the directory, whose table is meant; 0 for its own.
        """
        cdef char name[2 * NAME_BYTES + 16]
        cdef timespec pause
        cdef ssize_t length = 0
        cdef int state = RING_LOCKED
        cdef int attempt
        if tid:
            snprintf(name, sizeof(name), b"task/%d/fdinfo/%s", tid, fd)
        else:
            snprintf(name, sizeof(name), b"fdinfo/%s", fd)
        for attempt in range(RING_TRIES):
            if attempt:
                pause = timespec(0, RING_PAUSE_NS)
                nanosleep(&pause, NULL)
            length = read_file(directory, name, &self.text)
            if length < 0:
                break
            state = self.parse_fixed_files(length)
            if state < 0:
                return FAILED
            if state == RING_LISTED or state == RING_NAMELESS:
                break
        if length < 0:
            if out_of_resources(-length):
                return self.fail(-length, b"/fdinfo")
            if not is_gone(-length):
                self.found.rings_unread += 1
        elif state == RING_LOCKED or state == RING_NAMELESS:
            self.found.rings_unread += 1
        return 0

    cdef int parse_fixed_files(self, Py_ssize_t length) noexcept nogil:
        """Add the sockets of `UserFiles:\t16`, `    2: socket:[48213]`, …; return what it said.

        While the ring's user holds its lock, Linux 6.18 has no such section and 6.13 only its
        heading. 5.x to 6.12 list empty slots too, as `<none>`, and a socket as an empty name.
        """
        cdef const char* end = self.text.data + length
        cdef const char* line = strstr(self.text.data, b"\nUserFiles:\t")
        cdef const char* stop
        cdef const char* name
        cdef uint64_t number = 0
        cdef Py_ssize_t lines = 0
        cdef bint nameless = False
        if line == NULL:
            return RING_LOCKED
        line += 12
        name = parse_number(line, end, &number)
        if name != NULL and number == 0:
            return RING_LISTED
        if self.drop_repeats() != 0:
            return self.fail(ENOMEM, b"/fdinfo")
        while True:
            line = <const char*>memchr(line, c'\n', end - line)
            if line == NULL:
                break
            line += 1
            name = line
            while name < end and name[0] == c' ':
                name += 1
            name = parse_number(name, end, &number)
            if name == NULL or end - name < 2 or name[0] != c':' or name[1] != c' ':
                break
            name += 2
            stop = <const char*>memchr(name, c'\n', end - name)
            if stop == NULL:
                stop = end
            lines += 1
            if stop == name:
                nameless = True
            elif parse_socket(name, stop - name, &number) and self.add(-1, number) != 0:
                return FAILED
        if nameless:
            return RING_NAMELESS
        return RING_LISTED if lines else RING_NO_LINES

    cdef int walk_threads(self, int directory) noexcept nogil:
        """Walk the tables of threads that do not use the process's own."""
        cdef stat_t status
        cdef int* tids = NULL
        cdef Py_ssize_t count = 0
        cdef int verdict
        cdef int code
        cdef int tasks
        if self.job.procfs and fstatat(directory, b"task", &status, 0) == 0 and (
            status.st_nlink == 3
        ):
            return DONE
        tasks = openat(directory, b"task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if tasks < 0:
            if is_gone(errno):
                return DONE  # a tree made by hand, or a process that is ending
            if is_denied(errno):
                self.found.denied = True
                return DONE
            return NO_PROCESS if errno == ENOTDIR else self.fail(errno, b"/task")
        code = list_numbers(tasks, &tids, &count)
        if is_gone(code):
            verdict = DONE
        elif code:
            verdict = self.fail(code, b"/task")
        else:
            verdict = self.compare_tables(directory, tasks, tids, count)
        close(tasks)
        free(tids)
        return verdict

    cdef int compare_tables(self, int directory, int tasks, const int* tids,
                            Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t known = 1
        cdef Py_ssize_t low, high, middle
        cdef Py_ssize_t i
        cdef int verdict = DONE
        cdef long order
        # One thread of each table met so far, in kcmp's order of tables.
        cdef int* users = <int*>malloc((count + 1) * sizeof(int))
        if users == NULL:
            return self.fail(ENOMEM, b"/task")
        users[0] = self.pid
        for i in range(count):
            if tids[i] == self.pid:
                continue
            if not self.job.comparable:
                verdict = self.walk_thread_by_size(directory, tasks, tids[i])
            else:
                order = 1
                low = 0
                high = known
                while low < high and order > 0:
                    middle = (low + high) // 2
                    order = syscall(
                        SYS_kcmp, <long>tids[i], <long>users[middle], <long>KCMP_FILES, 0, 0
                    )
                    if order == 1:
                        high = middle
                    else:
                        low = middle + 1
                if order > 0:
                    verdict = self.walk_thread(tasks, tids[i])
                    for middle in range(known, low, -1):
                        users[middle] = users[middle - 1]
                    users[low] = tids[i]
                    known += 1
                elif order < 0 and errno == ESRCH:
                    # One of the two has ended. If it was the other, its table may live on in this
                    # one: walked again, it gives nothing new.
                    verdict = self.walk_thread(tasks, tids[i])
                elif order < 0:
                    # EPERM: not ours to trace, or seccomp. ENOSYS: a kernel without kcmp.
                    verdict = self.walk_thread_by_size(directory, tasks, tids[i])
            if verdict != DONE:
                break
        free(users)
        return verdict

    cdef int walk_thread_by_size(self, int directory, int tasks, int tid) noexcept nogil:
        """Walk the table of a thread that kcmp(2) cannot compare, if it may be another one.

        A tree of plain files is walked whole. In a procfs that would cost as many readlinks as the
        process has descriptors for every thread: a table of another size is walked, one of the
        same size is taken for the process's own and counted as not compared.
        """
        cdef char name[NAME_BYTES + 4]
        cdef stat_t own
        cdef stat_t status
        if self.job.procfs:
            snprintf(name, sizeof(name), b"%d/fd", tid)
            if fstatat(tasks, name, &status, 0) != 0:
                return DONE if is_gone(errno) else self.fail(errno, b"/task")
            if fstatat(directory, b"fd", &own, 0) != 0:
                return GONE if is_gone(errno) else self.fail(errno, b"/fd")
            if not self.job.sizes_known or own.st_size == status.st_size:
                self.found.uncompared += 1
                return DONE
        return self.walk_thread(tasks, tid)

    cdef int walk_thread(self, int tasks, int tid) noexcept nogil:
        cdef char name[NAME_BYTES]
        cdef int directory
        cdef int verdict
        if self.drop_repeats() != 0:
            return self.fail(ENOMEM, b"/task")
        snprintf(name, sizeof(name), b"%d", tid)
        directory = openat(tasks, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory < 0:
            verdict = DENIED if is_denied(errno) else GONE
            if out_of_resources(errno):
                return self.fail(errno, b"/task")
        else:
            verdict = self.walk_table(directory, tid)
            close(directory)
        if verdict == DENIED:
            self.found.denied = True
        return FAILED if verdict == FAILED else DONE  # a thread that ended holds nothing

    cdef int capture(self, int directory) noexcept nogil:
        """Record what the process is, while its directory is still the one that was walked."""
        cdef char link[LINK_BYTES]
        cdef Capture* larger
        cdef Capture* made
        cdef stat_t status
        cdef const char* part = NULL
        cdef size_t part_bytes = 0
        cdef ssize_t length
        if self.capture_count == self.captures_held:
            self.captures_held += self.captures_held // 2 + FIRST_ROWS
            larger = <Capture*>realloc(self.captures, self.captures_held * sizeof(Capture))
            if larger == NULL:
                return self.fail(ENOMEM, b"/stat")
            self.captures = larger
        made = &self.captures[self.capture_count]
        memset(made, 0, sizeof(Capture))
        made.command = self.captured_bytes
        length = read_file(directory, b"stat", &self.text)
        if length < 0 and is_gone(-length):
            return GONE
        if length < 0 and out_of_resources(-length):
            return self.fail(-length, b"/stat")
        # What may not be read, or is not as the kernel writes it, stays empty: the rows are true.
        if length > 0 and parse_stat(
            self.text.data, length, &part, &part_bytes, &made.start_time
        ):
            made.command_bytes = part_bytes
            if self.keep(part, part_bytes) != 0:
                return FAILED
        else:
            made.start_time = 0
        if fstat(directory, &status) == 0:
            made.uid = status.st_uid
        length = readlinkat(directory, b"ns/net", link, LINK_BYTES)
        if not parse_bracketed(b"net:[", 5, link, length, &made.netns):
            made.netns = 0  # denied, or a process that is ending
        length = read_file(directory, b"cgroup", &self.text)
        if length < 0 and out_of_resources(-length):
            return self.fail(-length, b"/cgroup")
        part = NULL
        if length > 0:
            made.cgroup_bytes = parse_cgroup(self.text.data, length, &part)
            if self.keep(part, made.cgroup_bytes) != 0:
                return FAILED
        self.found.capture = self.capture_count
        self.capture_count += 1
        return DONE

    cdef int keep(self, const char* text, size_t length) noexcept nogil:
        cdef char* larger
        cdef size_t wanted
        if self.captured_bytes + length > self.captured_held:
            wanted = 2 * self.captured_held + length + TEXT_BYTES
            larger = <char*>realloc(self.captured, wanted)
            if larger == NULL:
                return self.fail(ENOMEM, b"/stat")
            self.captured = larger
            self.captured_held = wanted
        if length:
            memcpy(self.captured + self.captured_bytes, text, length)
            self.captured_bytes += length
        return DONE

    cdef object process(self, int pid, Py_ssize_t capture):
        cdef Capture* made
        cdef size_t cgroup
        if capture == NO_CAPTURE:
            return Process(pid, 0, b"", 0, 0, b"")
        made = &self.captures[capture]
        cgroup = made.command + made.command_bytes
        return Process(
            pid,
            made.start_time,
            self.captured[made.command:cgroup],
            made.uid,
            made.netns,
            self.captured[cgroup:cgroup + made.cgroup_bytes],
        )


cdef int run(list workers) except -1:
    """Let the first worker work here and each other one on a thread of its own."""
    cdef Py_ssize_t count = len(workers)
    cdef Py_ssize_t started = 0
    cdef Py_ssize_t i
    cdef pthread_t* threads = <pthread_t*>malloc(count * sizeof(pthread_t))
    cdef void** arguments = <void**>malloc(count * sizeof(void*))
    if threads == NULL or arguments == NULL:
        free(threads)
        free(arguments)
        raise MemoryError()
    for i in range(count):
        arguments[i] = <void*>workers[i]
    with nogil:
        for i in range(1, count):
            # Without another thread, those that there are do the work.
            if start_thread(&threads[started], work, arguments[i]) != 0:
                break
            started += 1
        work(arguments[0])
        for i in range(started):
            pthread_join(threads[i], NULL)
    free(threads)
    free(arguments)
    return 0


cdef Column gather(Job job, list workers, str name, str format, Py_ssize_t total):
    """Put one column of the workers together in pid order, and free theirs."""
    cdef bint is_inode = name == "inode"
    cdef Column made
    cdef Worker worker
    cdef Column part
    cdef char* data
    cdef Py_ssize_t i
    if len(workers) == 1 and job.in_order:
        worker = workers[0]
        made = worker.inodes if is_inode else worker.fds
        made.length = total
        return made
    made = new_column(name, format, total)
    data = made.data
    for i in range(job.count):
        if job.found[i].count:
            worker = workers[job.found[i].worker]
            part = worker.inodes if is_inode else worker.fds
            memcpy(
                data, part.data + job.found[i].start * part.itemsize,
                job.found[i].count * part.itemsize,
            )
            data += job.found[i].count * part.itemsize
    for worker in workers:
        if is_inode:
            worker.inodes = None
        else:
            worker.fds = None
    return made


cdef OwnerRows assemble(Job job, list workers):
    cdef OwnerRows rows
    cdef Column pids, tids, processes
    cdef Worker worker
    cdef Found* found
    cdef Run* run_
    cdef Py_ssize_t total = 0
    cdef Py_ssize_t i, j, k
    cdef Py_ssize_t at = 0
    cdef int32_t* pid_data
    cdef int32_t* tid_data
    cdef uint32_t* process_data
    cdef list captured = []
    for i in range(job.count):
        total += job.found[i].count
    rows = OwnerRows(captured)
    rows.length = total
    rows.columns[0] = gather(job, workers, "inode", "Q", total)
    rows.columns[2] = gather(job, workers, "fd", "i", total)
    rows.columns[1] = pids = new_column("pid", "i", total)
    rows.columns[3] = tids = new_column("tid", "i", total)
    rows.columns[4] = processes = new_column("process", "I", total)
    pid_data = <int32_t*>pids.data
    tid_data = <int32_t*>tids.data
    process_data = <uint32_t*>processes.data
    for i in range(job.count):
        found = &job.found[i]
        if found.count == 0:
            continue
        worker = workers[found.worker]
        for j in range(at, at + found.count):
            pid_data[j] = job.pids[i]
            tid_data[j] = job.pids[i]
            process_data[j] = <uint32_t>len(captured)
        for j in range(found.first_run, found.first_run + found.runs):
            run_ = &worker.runs[j]
            for k in range(run_.start, run_.start + run_.count):
                tid_data[at + k] = run_.tid
        at += found.count
        captured.append(worker.process(job.pids[i], found.capture))
    rows.finish()
    return rows


cdef Job start_job(str root, pids):
    """Return what is to be walked: all processes below a root, or those that may be processes."""
    cdef Job job = Job()
    if pids is None:
        job.open(os.fsencode(root), None)
    else:
        job.open(os.fsencode(root), tuple([pid for pid in sorted(set(pids)) if 0 < pid <= INT_MAX]))
    return job


cdef Py_ssize_t run_rounds(Job job, list workers, str root) except -1:
    """Walk the processes that came meanwhile; return how many came too late for that.

    One that was listed may have handed its sockets to a child and ended before its turn.
    """
    for _ in range(job.rounds):
        if job.add_newcomers(root, False) == 0:
            return 0
        run(workers)
    return job.add_newcomers(root, True)


cdef object finish_job(Job job, list workers, str root, pids):
    """Let the workers work; return the Walk, or raise what stopped them."""
    cdef Found* found
    cdef Worker worker
    cdef Py_ssize_t i
    cdef Py_ssize_t vanished = 0
    cdef Py_ssize_t uncompared = 0
    cdef Py_ssize_t rings_unread = 0
    cdef Py_ssize_t unnamed = 0
    cdef int pid
    scope = None if pids is None else tuple(sorted(set(pids)))
    # Numbers that no process can have.
    missing = [pid_ for pid_ in scope or () if not 0 < pid_ <= INT_MAX]
    denied = []
    links_denied = {}
    run(workers)
    unvisited = run_rounds(job, workers, root) if job.rounds else 0
    if not job.in_order:
        job.sort()
    for worker in workers:
        if worker.error == ENOMEM:
            raise MemoryError()
        if worker.error:
            raise OSError(
                worker.error,
                os.strerror(worker.error),
                # Without a process: a pass over all failed.
                f"{root}/{worker.error_pid or ''}".rstrip("/") + (<bytes>worker.error_at).decode(),
            )
    for i in range(job.count):
        found = &job.found[i]
        pid = job.pids[i]
        if found.verdict != DONE:
            if job.asked:
                missing.append(pid)
            elif found.verdict == GONE:
                vanished += 1
            continue
        if found.denied:
            denied.append(pid)
        if found.links_denied:
            links_denied[pid] = found.links_denied
        uncompared += found.uncompared
        rings_unread += found.rings_unread
        unnamed += found.count > 0 and found.capture == NO_CAPTURE
    return Walk(
        assemble(job, workers), denied, links_denied, sorted(missing), vanished, uncompared,
        rings_unread, scope, unvisited, unnamed,
    )


def walk_descriptors(str root, pids, int threads):
    """Find the sockets among the descriptors of all processes, or of `pids` only.

    `root` is a /proc or a tree like it. The processes are shared out to `threads` native threads,
    the calling one among them, without the interpreter lock; the result does not depend on their
    number. Memory: 25 bytes a descriptor at most, measured at 720,000.

    Which descriptors may be read: those of processes of the same user that are dumpable and have no
    more capabilities than the caller, or all with CAP_SYS_PTRACE; see ptrace(2). Processes and
    links that may not be read are named in the result, not an error.

    Raises OSError with the path when `root` is no directory, or when the caller is out of
    descriptors (EMFILE, ENFILE); MemoryError; ValueError for threads < 1.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    cdef Job job = start_job(root, pids)
    workers = [Worker(job, i) for i in range(max(1, min(threads, job.count)))]
    return finish_job(job, workers, root, pids)
