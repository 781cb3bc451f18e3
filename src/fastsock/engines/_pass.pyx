"""Passes of the program over the descriptors of processes: who holds which socket.

    struct fastsock_record       one for each descriptor of a socket
    inode 0x2f1a, …, tgid 3921, tid 3921, fd 7, …                              bpf/record.h

A pass is one iterator, read to its end. One for each process, shared out to threads, is what takes
least time; for all processes at once there is only one thread. That is for kernels before 6.1,
which make no link for one process, for a /proc that hides processes, and for a pinned link.

Records of one process come together, except for threads whose table is their own: these come where
their number stands among the processes'. So those of a pass over all are kept as stretches of one
process and one thread, and the stretches are sorted.
"""

cimport cython
from libc.errno cimport EAGAIN, EINTR, EIO, ENOMEM, ESRCH, errno
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.stdlib cimport free, qsort, realloc
from posix.signal cimport kill

from fastsock.engines._bpf cimport open_pass
from fastsock.engines._fd_walk cimport (
    DONE,
    FAILED,
    GONE,
    NO_CAPTURE,
    Job,
    Worker,
    finish_job,
    start_job,
    write_number,
)
from fastsock.engines._met cimport FASTSOCK_NOT_LEADER, FASTSOCK_RING, RINGS, Met, Record

cdef extern from "<unistd.h>" nogil:
    int close(int fd)
    ssize_t read(int fd, void* buffer, size_t size)

cdef extern from "<sys/stat.h>" nogil:
    ctypedef struct stat_t "struct stat":
        long st_size
        unsigned long st_nlink
    int fstatat(int directory, const char* path, stat_t* status, int flags)

cdef enum:
    RECORDS = 585          # of a read(2), 64 KiB; the kernel has 32 KiB at a time
    FEW = 4                # of the first, where one may do
    FD_BYTES = 16
    FIRST_HELD = 4096
    NO_DIRECTORY = -1

cdef struct Held:
    # What is kept of a record until its process is looked at.
    uint64_t inode
    int32_t fd
    bint ring

cdef struct Stretch:
    # Records of one process and one thread that came one after the other.
    uint32_t tgid
    uint32_t tid                   # 0: the process's own table
    Py_ssize_t start
    Py_ssize_t count


cdef int by_process(const void* a, const void* b) noexcept nogil:
    """Order by process, its own table before its threads', else as they came."""
    cdef const Stretch* one = <const Stretch*>a
    cdef const Stretch* other = <const Stretch*>b
    if one.tgid != other.tgid:
        return 1 if one.tgid > other.tgid else -1
    if one.tid != other.tid:
        return 1 if one.tid > other.tid else -1
    return (one.start > other.start) - (one.start < other.start)


cdef int make_room(void** items, Py_ssize_t* space, Py_ssize_t count, size_t size) noexcept nogil:
    """Have room for one item more; -1 without memory."""
    cdef Py_ssize_t more = space[0] + space[0] // 2 + FIRST_HELD
    cdef void* larger
    if count < space[0]:
        return 0
    larger = realloc(items[0], more * size)
    if larger == NULL:
        return -1
    items[0] = larger
    space[0] = more
    return 0


cdef inline uint32_t thread_of(const Record* record) noexcept nogil:
    return record.tid if record.flags & FASTSOCK_NOT_LEADER else 0


@cython.internal
cdef class PassWorker(Worker):
    """One thread's share of a walk: the sockets of a process come from a pass of the program."""

    cdef int program
    cdef Met met                   # what keeps the sockets themselves, None where nobody asks
    cdef bint once                 # one socket of a process is enough
    cdef bint enough               # ... and it has been met
    cdef Record[RECORDS] records
    cdef uint32_t tid              # whose rows come: a thread's with a table of its own
    cdef Py_ssize_t before         # ... and where they begin

    cdef void begin(self) noexcept nogil:
        if self.met is not None:
            self.met.begin()

    cdef int walk_tables(self, int directory) noexcept nogil:
        cdef const char* at = NULL
        cdef int code = 0
        cdef int fd, verdict
        if self.is_empty(directory):
            return DONE
        fd = open_pass(self.program, <uint32_t>self.pid, &code, &at)
        if fd < 0:
            return self.fail(code, at)
        self.tid = 0
        self.enough = False
        verdict = self.read_records(directory, fd)
        close(fd)
        return self.end_run() if verdict == DONE else verdict

    cdef int walk_unopened(self, int code) noexcept nogil:
        """The pass needs no /proc: what that hides has a pid that a signal finds."""
        if kill(self.pid, 0) != 0 and errno == ESRCH:
            return GONE
        self.found.capture = NO_CAPTURE
        return self.walk_tables(NO_DIRECTORY)

    cdef bint is_empty(self, int directory) noexcept nogil:
        """Whether it has no descriptors and one thread, as a kernel thread: not worth a link."""
        cdef stat_t status
        return (
            self.job.sizes_known
            and fstatat(directory, b"fd", &status, 0) == 0
            and status.st_size == 0
            and fstatat(directory, b"task", &status, 0) == 0
            and status.st_nlink == 3
        )

    cdef int read_records(self, int directory, int fd) noexcept nogil:
        # Who looks for one only has the kernel stop soon: it fills what it is given.
        cdef Py_ssize_t room = FEW if self.once else RECORDS
        cdef ssize_t got
        cdef Py_ssize_t i
        while True:
            got = read(fd, self.records, room * sizeof(Record))
            if got < 0:
                # EAGAIN: a million files at once were none for a record (kernel/bpf/bpf_iter.c).
                if errno == EINTR or errno == EAGAIN:
                    continue
                return self.fail(errno, b": read iterator")
            if got == 0:
                return DONE
            if got % sizeof(Record):
                return self.fail(EIO, b": read iterator")
            for i in range(got // <ssize_t>sizeof(Record)):
                if self.take_record(directory, &self.records[i]) != DONE:
                    return FAILED
                if self.enough:
                    return DONE
            room = min(2 * room, <Py_ssize_t>RECORDS)

    cdef int take_record(self, int directory, const Record* record) noexcept nogil:
        cdef bint ring = record.flags & FASTSOCK_RING
        cdef int asked = 0
        if not ring and self.met is not None:
            asked = self.met.take(record)
            if asked < 0:
                return self.fail(ENOMEM, b": read iterator")
        self.enough = self.once and asked
        return self.take_holder(directory, thread_of(record), record.fd, record.inode, ring)

    cdef int take_holder(
        self, int directory, uint32_t tid, int fd, uint64_t inode, bint ring
    ) noexcept nogil:
        cdef char name[FD_BYTES]
        cdef Py_ssize_t rows
        if tid != self.tid:
            if self.end_run() != DONE or self.drop_repeats() != 0:
                return FAILED
            self.tid = tid
            self.before = self.count
        if not ring:
            return self.add(fd, inode)
        rows = self.count + self.found.rings_unread
        write_number(fd, name)
        if self.read_ring(directory, <int>tid, name) != DONE:
            return FAILED
        if self.met is not None and self.count + self.found.rings_unread > rows:
            # They may have no descriptor besides.
            if self.met.note(RINGS, 0, 0) != 0:
                return self.fail(ENOMEM, b"/fdinfo")
        return DONE

    cdef int end_run(self) noexcept nogil:
        return self.add_run(<int>self.tid, self.before) if self.tid else DONE


@cython.internal
@cython.final
cdef class HeldWorker(PassWorker):
    """The only worker of a walk by one pass over all processes, which it reads first."""

    cdef object asked              # the pids, or None for all
    cdef Held* held
    cdef Py_ssize_t held_count
    cdef Py_ssize_t held_space
    cdef Stretch* stretches
    cdef Py_ssize_t stretch_count
    cdef Py_ssize_t stretch_space
    cdef Py_ssize_t next_stretch
    cdef uint32_t last_tgid
    cdef bint last_asked

    def __dealloc__(self):
        free(self.held)
        free(self.stretches)

    cdef int take_record(self, int directory, const Record* record) noexcept nogil:
        """Keep a record until its process's turn has come."""
        cdef bint ring = record.flags & FASTSOCK_RING
        cdef uint32_t tid = thread_of(record)
        cdef Stretch* last
        if self.asked is not None:
            if record.tgid != self.last_tgid:
                self.last_tgid = record.tgid
                with gil:
                    self.last_asked = record.tgid in self.asked
            if not self.last_asked:
                return DONE
        if not ring and self.met is not None and self.met.take(record) < 0:
            return self.fail(ENOMEM, b": read iterator")
        last = &self.stretches[self.stretch_count - 1] if self.stretch_count else NULL
        if last == NULL or last.tgid != record.tgid or last.tid != tid:
            if make_room(
                <void**>&self.stretches, &self.stretch_space, self.stretch_count, sizeof(Stretch)
            ) != 0:
                return self.fail(ENOMEM, b": read iterator")
            last = &self.stretches[self.stretch_count]
            last[0] = Stretch(record.tgid, tid, self.held_count, 0)
            self.stretch_count += 1
        if make_room(<void**>&self.held, &self.held_space, self.held_count, sizeof(Held)) != 0:
            return self.fail(ENOMEM, b": read iterator")
        self.held[self.held_count] = Held(record.inode, record.fd, ring)
        self.held_count += 1
        last.count += 1
        return DONE

    cdef list read_all(self, int iterator):
        """Read the pass; return the processes that were met, in order."""
        cdef Py_ssize_t i
        cdef list pids = []
        self.begun = True
        with nogil:
            self.begin()
            self.read_records(NO_DIRECTORY, iterator)
            if self.stretch_count:
                qsort(self.stretches, self.stretch_count, sizeof(Stretch), by_process)
        for i in range(self.stretch_count):
            if not pids or pids[len(pids) - 1] != self.stretches[i].tgid:
                pids.append(self.stretches[i].tgid)
        return pids

    cdef int walk_tables(self, int directory) noexcept nogil:
        cdef Stretch* stretch
        cdef Held* one
        cdef Py_ssize_t i
        self.tid = 0
        # Processes have their turns in the order of the stretches.
        while self.next_stretch < self.stretch_count:
            stretch = &self.stretches[self.next_stretch]
            if stretch.tgid > <uint32_t>self.pid:
                break
            self.next_stretch += 1
            if stretch.tgid < <uint32_t>self.pid:
                continue
            for i in range(stretch.start, stretch.start + stretch.count):
                one = &self.held[i]
                if self.take_holder(directory, stretch.tid, one.fd, one.inode, one.ring) != DONE:
                    return FAILED
        return self.end_run()


def walk_by_program(str root, pids, int threads, int program, mets=(), bint once=False):
    """Find the sockets of all processes, or of `pids` only, by passes of a loaded program.

    `root` is the /proc of the pid namespace that we are in. As _fd_walk.walk_descriptors, with the
    same answer, but no descriptor is denied: the kernel shows the program every process. One link
    for each process, which takes Linux 6.1. `mets`, one for each thread, get the sockets; with
    `once` a process is left as soon as one of its sockets was kept.

    Raises OSError with the path of a process and the step that failed, MemoryError, ValueError.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    cdef Job job = start_job(root, pids)
    cdef PassWorker worker
    cdef Py_ssize_t i
    cdef list workers = []
    for i in range(max(1, min(threads, job.count))):
        worker = PassWorker(job, i)
        worker.program = program
        worker.met = mets[i] if mets else None
        worker.once = once
        workers.append(worker)
    return finish_job(job, workers, root, pids)


def walk_by_iterator(str root, pids, int iterator, Met met=None):
    """As walk_by_program, by one pass over all processes: the descriptor of an open iterator.

    Processes that /proc hides are met as well; of these nothing is known but the number.
    """
    cdef HeldWorker worker = HeldWorker(Job(), 0)
    worker.met = met
    worker.asked = None if pids is None else frozenset(pids)
    found = worker.read_all(iterator)
    worker.job = start_job(root, found if pids is None else pids)
    worker.job.asked = pids is not None
    # The kernel goes along by pid, and meets those that come meanwhile.
    worker.job.rounds = 0
    return finish_job(worker.job, [worker], root, pids)
