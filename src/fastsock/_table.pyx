"""Columns of sockets and of owners, in memory of our own; rows are views made on demand.

An engine fills a `Row` (_row.pxd) and pushes it; every field goes to the end of its column. A
column is one contiguous allocation with the buffer protocol. A large one is mapped and grows by
mremap(2), which moves page tables and copies nothing, so that a table never exists twice. No Python
object stands for a socket until somebody iterates; a `Socket` then keeps its table alive.

A column of variable width is two of these: the bytes of all rows end to end, and where each begins.
"""

cimport cython
from cpython.buffer cimport (
    PyBUF_F_CONTIGUOUS,
    PyBUF_FORMAT,
    PyBUF_ND,
    PyBUF_STRIDES,
    PyBUF_WRITABLE,
)
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.number cimport PyNumber_Index
from libc.stdint cimport UINT32_MAX, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memcpy, memset

from fastsock._attributes cimport Member, make_member, read_member
from fastsock._columns cimport (
    ALL, ATO, BACKLOG_LIMIT, BLOB_COUNT, BLOBS, COOKIE, CWND, DROPS, FAMILY, FIXED, INODE,
    INTERFACE, LOCAL_ADDRESS, LOCAL_PORT, MARK, NETNS, OWNER_FD, OWNER_INODE, OWNER_PID,
    OWNER_PROCESS, OWNER_TID, PEER, PROTOCOL, REFCOUNT, REMOTE_ADDRESS, REMOTE_PORT, RETRANSMITS,
    RTO, RX_QUEUE, SHUTDOWN, SOCKET_CGROUP, SSTHRESH, STATE, TIMEOUT, TIMER, TIMER_EXPIRES_MS,
    TX_QUEUE, TYPE, UID, V6ONLY,
)
from fastsock._pages cimport free_pages, map_pages, resize_pages, trim_pages
from fastsock._row cimport Row

from fastsock import attributes, tcp
from fastsock.columns import OPTIONAL_COLUMNS, OWNER_COLUMNS, SOCKET_COLUMNS
from fastsock.errors import escape

import struct

cdef extern from "<sys/mman.h>" nogil:
    int madvise(void* address, size_t length, int advice)

cdef extern from "<arpa/inet.h>" nogil:
    const char* inet_ntop(int family, const void* source, char* text, unsigned int size)
    int AF_INET, AF_INET6

cdef extern from *:
    """
    #ifndef MADV_POPULATE_WRITE
    #define MADV_POPULATE_WRITE 23  /* Linux 5.14; older kernels refuse it, which is as well */
    #endif
    """
    int MADV_POPULATE_WRITE

# Below this a column is on the heap; above it, mapping costs less than copying when it grows.
cdef enum:
    MAPPED_FROM = 128 * 1024
    FIRST_ROWS = 64
    UNIX = 1  # FAMILIES["unix"] in tcp.py
    FIRST_BYTES = 4096
    LARGEST_PAGE = 65536
    TOO_LITTLE = 32

OWNER_NONE = -1
OWNER_HIDDEN = -2
OWNER_UNKNOWN = -3

# Those of _columns.pxd, and what is done with each.
cdef tuple SPECS = SOCKET_COLUMNS + OPTIONAL_COLUMNS
cdef tuple SPEC_NAMES = tuple([spec.name for spec in SPECS])
cdef tuple OWNER_NAMES = tuple([spec.name for spec in OWNER_COLUMNS])
assert SPEC_NAMES == (
    "protocol", "family", "state", "timer", "local_address", "remote_address", "local_port",
    "remote_port", "rx_queue", "tx_queue", "uid", "retransmits", "inode", "netns",
    "timer_expires_ms", "cookie", "backlog_limit", "timeout", "refcount", "rto", "ato", "cwnd",
    "ssthresh", "drops", "interface", "mark", "v6only", "socket_cgroup", "type", "peer", "shutdown",
    "path", "congestion", "tcp_info", "skmem", "attributes",
)
assert [spec.format for spec in SPECS] == (
    list("BBBB") + ["16s"] * 2 + list("HHIIIIQQqQiIIQQIiIIIBQBQBvvvvv")
)
assert OWNER_NAMES == ("inode", "pid", "fd", "tid", "process")
assert [spec.format for spec in OWNER_COLUMNS] == list("QiiiI")

cdef tuple STATES = tcp.STATES
cdef tuple STATE_NAMES = tcp.NAMES
cdef list PROTOCOL_NAMES = [tcp.PROTOCOL_NAMES.get(n, f"protocol-{n}") for n in range(256)]
cdef list FAMILY_NAMES = [tcp.FAMILY_NAMES.get(n, f"family-{n}") for n in range(256)]
cdef list TIMER_NAMES = [
    tcp.TIMERS[n] if n < len(tcp.TIMERS) else f"timer-{n}" for n in range(256)
]
cdef tuple OWNER_STATES = ("found", "none", "hidden", "unknown")  # by the negated head


@cython.final
cdef class Column:
    """One column: read-only to Python, with the buffer protocol."""

    def __cinit__(self):
        self.data = NULL

    def __init__(self):
        raise TypeError("columns are made by tables; see Column.from_values")

    def __dealloc__(self):
        if self.mapped:
            free_pages(self.data, self.bytes_held)
        else:
            free(self.data)

    cdef int reserve(self, Py_ssize_t items) noexcept nogil:
        """Make room for `items`; -1 when there is no memory (what was there stays)."""
        cdef size_t need = items * self.itemsize
        cdef void* data
        if need <= <size_t>self.bytes_held:
            return 0
        if need < MAPPED_FROM and not self.mapped:
            data = realloc(self.data, need)
            if data == NULL:
                return -1
        else:
            need = (need + 4095) & ~<size_t>4095
            if self.mapped:
                data = resize_pages(self.data, self.bytes_held, need)
            else:
                data = map_pages(&need, &self.bytes_filled)
            if data == NULL:
                return -1
            if not self.mapped and self.data != NULL:
                memcpy(data, self.data, self.length * self.itemsize)
                free(self.data)
            self.mapped = True
        self.data = <char*>data
        self.bytes_held = need
        return 0

    cdef void trim(self, Py_ssize_t items) noexcept nogil:
        """Set the length and give back what lies behind it."""
        cdef size_t need = max(items, 1) * self.itemsize
        cdef void* data
        self.length = items
        if self.mapped:
            need = (need + 4095) & ~<size_t>4095
        # A little more than is needed is not worth a system call.
        if need + need // TOO_LITTLE >= <size_t>self.bytes_held:
            return
        if self.mapped:
            trim_pages(self.data, self.bytes_held, need)
            data = self.data
        else:
            data = realloc(self.data, need)
        if data != NULL:  # else the larger memory stays, which is as good
            self.data = <char*>data
            self.bytes_held = need

    def __len__(self):
        return self.length

    def __getitem__(self, Py_ssize_t index):
        if index < 0:
            index += self.length
        if not 0 <= index < self.length:
            raise IndexError("column index out of range")
        return self.value(index)

    cdef object value(self, Py_ssize_t i):
        cdef char* p = self.data + i * self.itemsize
        cdef char kind = (<const char*>self.c_format)[0]
        if kind == c"B":
            return (<uint8_t*>p)[0]
        if kind == c"H":
            return (<uint16_t*>p)[0]
        if kind == c"I":
            return (<uint32_t*>p)[0]
        if kind == c"i":
            return (<int32_t*>p)[0]
        if kind == c"Q":
            return (<uint64_t*>p)[0]
        if kind == c"q":
            return (<int64_t*>p)[0]
        return PyBytes_FromStringAndSize(p, self.itemsize)

    def __iter__(self):
        cdef Py_ssize_t i
        for i in range(self.length):
            yield self.value(i)

    def tolist(self):
        """Return the values as a list."""
        cdef Py_ssize_t i
        return [self.value(i) for i in range(self.length)]

    def __eq__(self, other):
        if not isinstance(other, Column):
            return NotImplemented
        cdef Column b = other
        return self.same(b)

    __hash__ = None

    cdef bint same(self, Column other):
        return (
            self.format == other.format
            and self.length == other.length
            # Nothing may have no memory, which C lets nobody compare.
            and (
                self.length == 0
                or memcmp(self.data, other.data, self.length * self.itemsize) == 0
            )
        )

    def __repr__(self):
        return f"<Column {self.name} {self.format} of {self.length}>"

    @classmethod
    def from_values(cls, name, format, values):
        """Make a column from Python values; OverflowError where one does not fit `format`."""
        values = list(values)
        cdef Column column = new_column(name, format, len(values))
        cdef Py_ssize_t i
        for i, value in enumerate(values):
            column.put(i, value)
        return column

    cdef int put(self, Py_ssize_t i, object value) except -1:
        cdef char kind = (<const char*>self.c_format)[0]
        cdef char* p = self.data + i * self.itemsize
        if self.itemsize == 16:
            if not isinstance(value, bytes):
                raise OverflowError(f"{self.name}: {value!r} does not fit")
            if len(value) != 16:
                raise OverflowError(f"{self.name}: {value!r} is not an address of 16 bytes")
            memcpy(p, <const char*><bytes>value, 16)
            return 0
        try:
            value = PyNumber_Index(value)  # no float is rounded, no text is read
            # Cython checks each conversion against the width of its type.
            if kind == c"B":
                (<uint8_t*>p)[0] = value
            elif kind == c"H":
                (<uint16_t*>p)[0] = value
            elif kind == c"I":
                (<uint32_t*>p)[0] = value
            elif kind == c"i":
                (<int32_t*>p)[0] = value
            elif kind == c"Q":
                (<uint64_t*>p)[0] = value
            else:
                (<int64_t*>p)[0] = value
        except (OverflowError, TypeError) as error:
            raise OverflowError(f"{self.name}: {value!r} does not fit") from error
        return 0

    def __getbuffer__(self, Py_buffer* view, int flags):
        if flags & PyBUF_WRITABLE:
            raise BufferError("columns are read-only")
        if (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS and self.itemsize == 16:
            raise BufferError("rows of bytes are in C order")
        cdef bint wide = self.itemsize == 16
        self.shape[0] = self.length
        self.shape[1] = 16
        self.strides[0] = self.itemsize
        self.strides[1] = 1
        view.buf = self.data if self.data != NULL else <char*>self.shape  # never NULL, also empty
        view.obj = self
        view.len = self.length * self.itemsize
        view.readonly = True
        view.itemsize = 1 if wide else self.itemsize
        view.ndim = 2 if wide else 1
        view.format = NULL
        if flags & PyBUF_FORMAT:
            view.format = <char*>b"B" if wide else <char*><const char*>self.c_format
        view.shape = self.shape if flags & PyBUF_ND else NULL
        view.strides = self.strides if (flags & PyBUF_STRIDES) == PyBUF_STRIDES else NULL
        view.suboffsets = NULL
        view.internal = NULL


cdef Column new_column(str name, str format, Py_ssize_t items):
    """Return a column of `items` values, not initialised."""
    cdef Column column = Column.__new__(Column)
    column.name = name
    column.format = format
    column.c_format = format.encode()
    column.itemsize = struct.calcsize("=" + format)
    if column.reserve(items) != 0:
        raise MemoryError()
    column.length = items
    return column


@cython.final
cdef class BlobColumn:
    """One column of bytes of any length: `data` has them end to end, `offsets` where each begins.

    Both are columns with the buffer protocol; `offsets` ends with the length of `data`.
    """

    def __init__(self):
        raise TypeError("columns are made by tables; see BlobColumn.from_values")

    cdef int reserve(self, Py_ssize_t items) noexcept nogil:
        """Make room for where `items` values begin; -1 when there is no memory."""
        self.offsets.length = self.length + 1
        return self.offsets.reserve(items + 1)

    cdef int reserve_data(self, size_t used, size_t more) noexcept nogil:
        """Make room for `more` bytes behind the `used` ones; -1 when there is no memory."""
        cdef size_t need = used + more
        if need <= <size_t>self.data.bytes_held:
            return 0
        self.data.length = used  # what a move must take along
        return self.data.reserve(need + need // 2 + FIRST_BYTES)

    cdef void trim(self, Py_ssize_t items) noexcept nogil:
        """Set the length and give back what lies behind it."""
        self.length = items
        self.data.trim((<uint64_t*>self.offsets.data)[items])
        self.offsets.trim(items + 1)

    cdef Blob place(self) noexcept nogil:
        cdef Blob made
        made.offsets = <uint64_t*>self.offsets.data
        made.data = self.data.data
        made.bytes_held = self.data.bytes_held
        return made

    def __len__(self):
        return self.length

    def __getitem__(self, Py_ssize_t index):
        if index < 0:
            index += self.length
        if not 0 <= index < self.length:
            raise IndexError("column index out of range")
        return self.value(index)

    cdef object value(self, Py_ssize_t i):
        cdef const uint64_t* offsets = <const uint64_t*>self.offsets.data
        return PyBytes_FromStringAndSize(self.data.data + offsets[i], offsets[i + 1] - offsets[i])

    def __iter__(self):
        cdef Py_ssize_t i
        for i in range(self.length):
            yield self.value(i)

    def tolist(self):
        """Return the values as a list."""
        cdef Py_ssize_t i
        return [self.value(i) for i in range(self.length)]

    def __eq__(self, other):
        if not isinstance(other, BlobColumn):
            return NotImplemented
        cdef BlobColumn b = other
        return self.same(b)

    __hash__ = None

    cdef bint same(self, BlobColumn other):
        return self.offsets.same(other.offsets) and self.data.same(other.data)

    def __repr__(self):
        return f"<BlobColumn {self.name} of {self.length}>"

    @classmethod
    def from_values(cls, name, values):
        """Make a column from bytes; OverflowError for anything else."""
        values = list(values)
        cdef BlobColumn column = new_blob_column(name)
        cdef Py_ssize_t i
        if column.reserve(len(values)) != 0:
            raise MemoryError()
        for i, value in enumerate(values):
            column.put(i, value)
        column.trim(len(values))
        return column

    cdef int put(self, Py_ssize_t i, object value) except -1:
        """Set the value behind the last one."""
        cdef uint64_t* offsets = <uint64_t*>self.offsets.data
        if not isinstance(value, bytes):
            raise OverflowError(f"{self.name}: {value!r} does not fit")
        cdef size_t size = len(<bytes>value)
        if size and self.reserve_data(offsets[i], size) != 0:
            raise MemoryError()
        if size:
            memcpy(self.data.data + offsets[i], <const char*><bytes>value, size)
        offsets[i + 1] = offsets[i] + size
        return 0


cdef BlobColumn new_blob_column(str name):
    """Return an empty column."""
    cdef BlobColumn column = BlobColumn.__new__(BlobColumn)
    column.name = name
    column.format = "v"
    column.offsets = new_column(name, "Q", 1)
    (<uint64_t*>column.offsets.data)[0] = 0
    column.data = new_column(name, "B", 0)
    return column


cdef int append_blobs(
    BlobColumn column, Py_ssize_t n, BlobColumn other, Py_ssize_t count
) except -1:
    """Set `count` values behind the first `n`: those of another column, or empty ones for None."""
    cdef uint64_t* offsets = <uint64_t*>column.offsets.data + n
    cdef const uint64_t* theirs
    cdef uint64_t start = offsets[0]
    cdef Py_ssize_t i
    if other is None:
        for i in range(1, count + 1):
            offsets[i] = start
        return 0
    theirs = <const uint64_t*>other.offsets.data
    for i in range(1, count + 1):
        offsets[i] = start + theirs[i]
    if theirs[count]:
        if column.reserve_data(start, theirs[count]) != 0:
            raise MemoryError()
        memcpy(column.data.data + start, other.data.data, theirs[count])
    return 0


cdef Column decode_column(str name, BlobColumn raw, object spec):
    """Return one member of every row's structure."""
    cdef Column made = new_column(name, "q", raw.length)
    cdef const uint64_t* offsets = <const uint64_t*>raw.offsets.data
    cdef Member member = make_member(spec)
    cdef Py_ssize_t i
    with nogil:
        for i in range(raw.length):
            (<int64_t*>made.data)[i] = read_member(
                &member, raw.data.data + offsets[i], offsets[i + 1] - offsets[i])
    return made


cdef object value_at(object column, Py_ssize_t i):
    if isinstance(column, BlobColumn):
        return (<BlobColumn>column).value(i)
    return (<Column>column).value(i)


cdef object parse_unit = None


cdef object unit_of(bytes cgroup):
    """Return what a cgroup belongs to, as cgroups.parse_unit."""
    global parse_unit
    if parse_unit is None:  # not above: most questions ask for no unit
        from fastsock import cgroups
        parse_unit = cgroups.parse_unit
    return parse_unit(cgroup)


@cython.final
cdef class Process:
    """One process that holds a socket, as it was during the walk."""

    cdef readonly int pid
    cdef readonly object start_time  # clock ticks after boot (proc_pid_stat(5), field 22)
    cdef readonly bytes command      # comm, as the process set it: any bytes
    cdef readonly object uid         # effective user, by the owner of /proc/PID
    cdef readonly object netns
    cdef readonly bytes cgroup

    def __init__(self, pid, start_time, command, uid, netns, cgroup):
        self.pid = pid
        self.start_time = start_time
        self.command = command
        self.uid = uid
        self.netns = netns
        self.cgroup = cgroup

    @property
    def unit(self):
        """The container, pod or systemd unit that it runs in, as `cgroups.Unit.text`."""
        return unit_of(self.cgroup).text or None

    @property
    def container(self):
        """The container that it runs in: its name, or 12 characters of its id."""
        return unit_of(self.cgroup).container or None

    @property
    def pod(self):
        """The uid of the Kubernetes pod that it runs in."""
        return unit_of(self.cgroup).pod or None

    cdef tuple values(self):
        return (self.pid, self.start_time, self.command, self.uid, self.netns, self.cgroup)

    def __eq__(self, other):
        if not isinstance(other, Process):
            return NotImplemented
        return self.values() == (<Process>other).values()

    __hash__ = None

    def __repr__(self):
        return f"<Process {self.pid} {escape(self.command)}>"


cdef class OwnerRows:
    """One row for each (process, descriptor, socket), in columns, with the processes."""

    def __cinit__(self, *args, **kwargs):
        self.columns = [new_column(spec.name, spec.format, 0) for spec in OWNER_COLUMNS]

    def __init__(self, processes=None):
        self.processes = [] if processes is None else processes

    @classmethod
    def adopt(cls, OwnerRows other):
        """Return the same rows, sharing their memory, as this class."""
        cdef OwnerRows made = cls(other.processes)
        cdef int c
        made.columns = other.columns
        for c in range(5):
            made.store[c] = other.store[c]
        made.length = made.capacity = other.length
        made.following = other.following
        return made

    @classmethod
    def from_rows(cls, rows, processes):
        cdef OwnerRows made = cls(processes)
        for inode, pid, fd, tid, process in rows:
            if made.push(inode, pid, fd, tid, process) != 0:
                raise MemoryError()
        made.finish()
        return made

    cdef int reserve(self, Py_ssize_t rows) noexcept nogil:
        cdef int c
        with gil:
            for c in range(5):
                (<Column>self.columns[c]).length = self.length  # what a move must take along
                if (<Column>self.columns[c]).reserve(rows) != 0:
                    return -1
                self.store[c] = (<Column>self.columns[c]).data
        self.capacity = rows
        return 0

    cdef int push(self, unsigned long long inode, int pid, int fd, int tid,
                  unsigned int process) noexcept nogil:
        cdef Py_ssize_t n = self.length
        if n == self.capacity and self.reserve(n + n // 2 + FIRST_ROWS) != 0:
            return -1
        (<uint64_t*>self.store[OWNER_INODE])[n] = inode
        (<int32_t*>self.store[OWNER_PID])[n] = pid
        (<int32_t*>self.store[OWNER_FD])[n] = fd
        (<int32_t*>self.store[OWNER_TID])[n] = tid
        (<uint32_t*>self.store[OWNER_PROCESS])[n] = process
        self.length = n + 1
        return 0

    cdef void finish(self):
        cdef Column column
        for column in self.columns:
            column.trim(self.length)
        self.capacity = self.length
        cdef int c
        for c in range(5):
            self.store[c] = (<Column>self.columns[c]).data

    cdef void* pointer(self, int column) noexcept nogil:
        return self.store[column]

    def __len__(self):
        return self.length

    def __eq__(self, other):
        if not isinstance(other, OwnerRows):
            return NotImplemented
        cdef OwnerRows b = other
        return (
            all((<Column>mine).same(<Column>yours) for mine, yours in zip(self.columns, b.columns))
            and self.processes == b.processes
        )

    __hash__ = None

    def column(self, name):
        """Return one column: inode, pid, fd, tid or process."""
        try:
            return self.columns[OWNER_NAMES.index(name)]
        except ValueError:
            raise KeyError(f"no column {name!r}; there are {', '.join(OWNER_NAMES)}") from None

    def rows(self):
        """Yield (inode, pid, fd, tid, process) tuples."""
        return zip(*self.columns)


@cython.final
@cython.freelist(64)
cdef class Owner:
    """One descriptor that holds a socket."""

    cdef readonly int pid
    cdef readonly int fd
    cdef readonly int tid
    cdef readonly Process process

    def __init__(self):
        raise TypeError("owners are made by tables")

    @property
    def command(self):
        return self.process.command

    @property
    def unit(self):
        return self.process.unit

    def as_dict(self):
        """Return {pid, fd, command}, unit where there is one, tid where it is another's."""
        made = {"pid": self.pid, "fd": self.fd, "command": escape(self.process.command)}
        unit = self.process.unit
        if unit is not None:
            made["unit"] = escape(unit)
        if self.tid != self.pid:
            made["tid"] = self.tid
        return made

    def __eq__(self, other):
        if not isinstance(other, Owner):
            return NotImplemented
        cdef Owner b = other
        return self.pid == b.pid and self.fd == b.fd and self.tid == b.tid

    def __hash__(self):
        return hash((self.pid, self.fd, self.tid))

    def __repr__(self):
        return f"<Owner {escape(self.process.command)} pid={self.pid} fd={self.fd}>"


cdef class SocketRows:
    """Rows of sockets in columns, without the doors of SocketTable."""

    def __cinit__(self, fields=(), *args, **kwargs):
        cdef int i
        self.fields, wanted = attributes.parse_fields(fields)
        self.columns = []
        for i in range(ALL):
            spec = SPECS[i]
            if i >= FIXED and spec.name not in wanted:
                self.columns.append(None)
            elif i < BLOBS:
                self.columns.append(new_column(spec.name, spec.format, 0))
            else:
                self.columns.append(new_blob_column(spec.name))
        self.has_optional = len(self.fields) > 0
        self.point()

    def __init__(self, fields=()):
        pass

    @classmethod
    def from_rows(cls, rows, fields=()):
        """Make rows from tuples in the order of columns.py, requested fields appended."""
        cdef SocketRows made = cls(fields)
        cdef Py_ssize_t n = 0
        held = [column for column in made.columns if column is not None]
        for row in rows:
            if len(row) != len(held):
                raise ValueError(f"a row of {len(row)} values for {len(held)} columns")
            if n == made.capacity and made.reserve(n + n // 2 + FIRST_ROWS) != 0:
                raise MemoryError()
            for column, value in zip(held, row):
                if isinstance(column, BlobColumn):
                    (<BlobColumn>column).put(n, value)
                else:
                    (<Column>column).put(n, value)
            n += 1
            made.length = n
        made.finish()
        return made

    @classmethod
    def from_tables(cls, tables, fields=()):
        """Return the rows of several tables, end to end, without owners.

        What a table does not hold of `fields` is 0 or empty.
        """
        cdef SocketRows made = cls(fields)
        cdef SocketRows one
        cdef Py_ssize_t rows = 0
        tables = list(tables)
        for one in tables:
            rows += one.length
        if made.expect(rows) != 0:
            raise MemoryError()
        for one in tables:
            if one.length:
                made.append(one)
        made.finish()
        return made

    cdef int append(self, SocketRows other) except -1:
        """Take over the rows of another table; there is room for them, but for bytes."""
        cdef Py_ssize_t n = self.length
        cdef Py_ssize_t count = other.length
        cdef Column column
        cdef int c
        if not count:  # they may have no memory
            return 0
        for c in range(BLOBS):
            column = self.columns[c]
            if column is None:
                continue
            if other.columns[c] is None:
                memset(column.data + n * column.itemsize, 0, count * column.itemsize)
            else:
                memcpy(column.data + n * column.itemsize, other.store[c], count * column.itemsize)
        for c in range(BLOBS, ALL):
            if self.columns[c] is not None:
                append_blobs(self.columns[c], n, other.columns[c], count)
        self.length = n + count
        return 0

    cdef int reserve(self, Py_ssize_t rows) noexcept nogil:
        """Make room for `rows` in every column; -1 when there is no memory."""
        cdef int c, failed = 0
        with gil:
            for c in range(ALL):
                column = self.columns[c]
                if column is None:
                    continue
                if c < BLOBS:
                    (<Column>column).length = self.length
                    failed |= (<Column>column).reserve(rows)
                else:
                    (<BlobColumn>column).length = self.length
                    failed |= (<BlobColumn>column).reserve(rows)
            self.point()  # also after a failure: some have moved
        if failed:
            return -1
        self.capacity = rows
        return 0

    cdef void point(self):
        """Look up where the columns lie: they move when they grow."""
        cdef int c
        for c in range(ALL):
            column = self.columns[c]
            if column is None:
                continue
            if c < BLOBS:
                self.store[c] = (<Column>column).data
            else:
                self.blobs[c - BLOBS] = (<BlobColumn>column).place()

    cdef int expect(self, Py_ssize_t rows) noexcept nogil:
        """Make room for the rows that are to come, and let the kernel fill in its pages at once.

        A page fault for each 4 KiB costs three times as much: 20 ns a row of the table.
        """
        if rows <= self.capacity:
            return 0
        if self.reserve(rows) != 0:
            return -1
        self.populate(0, rows)
        return 0

    cdef void populate(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        """Let the kernel fill in the pages of these rows; threads may do so at once."""
        cdef char* starts[ALL]
        cdef size_t sizes[ALL]
        cdef size_t skipped
        cdef int count = 0
        cdef int c
        with gil:
            for c in range(ALL):
                column = self.columns[c]
                if isinstance(column, BlobColumn):
                    column = (<BlobColumn>column).offsets  # how many bytes come, nobody knows
                if column is not None and (<Column>column).mapped:
                    skipped = first * (<Column>column).itemsize // LARGEST_PAGE * LARGEST_PAGE
                    skipped = max(skipped, (<Column>column).bytes_filled & ~(LARGEST_PAGE - 1))
                    if skipped < <size_t>(last * (<Column>column).itemsize):
                        starts[count] = (<Column>column).data + skipped
                        sizes[count] = last * (<Column>column).itemsize - skipped
                        count += 1
        for c in range(count):
            madvise(starts[c], sizes[c], MADV_POPULATE_WRITE)

    cdef int push(self, const Row* row) noexcept nogil:
        return self.push_many(row, 1)

    cdef int push_many(self, const Row* rows, int count) noexcept nogil:
        """Append rows. -1 without memory."""
        cdef Py_ssize_t n = self.length
        if n + count > self.capacity and self.reserve(n + n // 2 + count + FIRST_ROWS) != 0:
            return -1
        self.put_many(n, rows, count)
        if self.has_optional and self.push_blobs(rows, count) != 0:
            return -1
        self.length = n + count
        return 0

    cdef void put_many(self, Py_ssize_t n, const Row* rows, int count) noexcept nogil:
        """Write rows, but for their bytes, where there is room: each loop writes one stream.

        Threads may do so at once, in places of their own.
        """
        cdef int i
        # Where bytes are written, the compiler must take anything for changed: so no loop looks
        # into `self`.
        cdef uint8_t* octets
        cdef uint16_t* shorts
        cdef uint32_t* words
        cdef uint64_t* longs
        octets = <uint8_t*>self.store[PROTOCOL] + n
        for i in range(count):
            octets[i] = rows[i].protocol
        octets = <uint8_t*>self.store[FAMILY] + n
        for i in range(count):
            octets[i] = rows[i].family
        octets = <uint8_t*>self.store[STATE] + n
        for i in range(count):
            octets[i] = rows[i].state
        octets = <uint8_t*>self.store[TIMER] + n
        for i in range(count):
            octets[i] = rows[i].timer
        octets = <uint8_t*>self.store[LOCAL_ADDRESS] + 16 * n
        for i in range(count):
            memcpy(octets + 16 * i, rows[i].local_address, 16)
        octets = <uint8_t*>self.store[REMOTE_ADDRESS] + 16 * n
        for i in range(count):
            memcpy(octets + 16 * i, rows[i].remote_address, 16)
        shorts = <uint16_t*>self.store[LOCAL_PORT] + n
        for i in range(count):
            shorts[i] = rows[i].local_port
        shorts = <uint16_t*>self.store[REMOTE_PORT] + n
        for i in range(count):
            shorts[i] = rows[i].remote_port
        words = <uint32_t*>self.store[RX_QUEUE] + n
        for i in range(count):
            words[i] = rows[i].rx_queue
        words = <uint32_t*>self.store[TX_QUEUE] + n
        for i in range(count):
            words[i] = rows[i].tx_queue
        words = <uint32_t*>self.store[UID] + n
        for i in range(count):
            words[i] = rows[i].uid
        words = <uint32_t*>self.store[RETRANSMITS] + n
        for i in range(count):
            words[i] = rows[i].retransmits
        longs = <uint64_t*>self.store[INODE] + n
        for i in range(count):
            longs[i] = rows[i].inode
        longs = <uint64_t*>self.store[NETNS] + n
        for i in range(count):
            longs[i] = rows[i].netns
        longs = <uint64_t*>self.store[TIMER_EXPIRES_MS] + n
        for i in range(count):
            longs[i] = <uint64_t>rows[i].timer_expires_ms
        longs = <uint64_t*>self.store[COOKIE] + n
        for i in range(count):
            longs[i] = rows[i].cookie
        words = <uint32_t*>self.store[BACKLOG_LIMIT] + n
        for i in range(count):
            words[i] = <uint32_t>rows[i].backlog_limit
        if self.has_optional:
            self.put_optional(n, rows, count)

    cdef void put_optional(self, Py_ssize_t n, const Row* rows, int count) noexcept nogil:
        cdef int i
        if self.store[TIMEOUT] != NULL:
            for i in range(count):
                (<uint32_t*>self.store[TIMEOUT])[n + i] = rows[i].timeout
        if self.store[REFCOUNT] != NULL:
            for i in range(count):
                (<uint32_t*>self.store[REFCOUNT])[n + i] = rows[i].refcount
        if self.store[RTO] != NULL:
            for i in range(count):
                (<uint64_t*>self.store[RTO])[n + i] = rows[i].rto
        if self.store[ATO] != NULL:
            for i in range(count):
                (<uint64_t*>self.store[ATO])[n + i] = rows[i].ato
        if self.store[CWND] != NULL:
            for i in range(count):
                (<uint32_t*>self.store[CWND])[n + i] = rows[i].cwnd
        if self.store[SSTHRESH] != NULL:
            for i in range(count):
                (<int32_t*>self.store[SSTHRESH])[n + i] = rows[i].ssthresh
        if self.store[DROPS] != NULL:
            for i in range(count):
                (<uint32_t*>self.store[DROPS])[n + i] = rows[i].drops
        if self.store[INTERFACE] != NULL:
            for i in range(count):
                (<uint32_t*>self.store[INTERFACE])[n + i] = rows[i].interface
        if self.store[MARK] != NULL:
            for i in range(count):
                (<uint32_t*>self.store[MARK])[n + i] = rows[i].mark
        if self.store[V6ONLY] != NULL:
            for i in range(count):
                (<uint8_t*>self.store[V6ONLY])[n + i] = rows[i].v6only
        if self.store[SOCKET_CGROUP] != NULL:
            for i in range(count):
                (<uint64_t*>self.store[SOCKET_CGROUP])[n + i] = rows[i].socket_cgroup
        if self.store[TYPE] != NULL:
            for i in range(count):
                (<uint8_t*>self.store[TYPE])[n + i] = rows[i].type
        if self.store[PEER] != NULL:
            for i in range(count):
                (<uint64_t*>self.store[PEER])[n + i] = rows[i].peer
        if self.store[SHUTDOWN] != NULL:
            for i in range(count):
                (<uint8_t*>self.store[SHUTDOWN])[n + i] = rows[i].shutdown

    cdef int push_blobs(self, const Row* rows, int count) noexcept nogil:
        cdef Blob* blob
        cdef uint64_t end
        cdef size_t size
        cdef int b, i
        for b in range(BLOB_COUNT):
            blob = &self.blobs[b]
            if blob.offsets == NULL:
                continue
            end = blob.offsets[self.length]
            for i in range(count):
                size = rows[i].blob_bytes[b]
                if size:
                    if end + size > blob.bytes_held and self.grow_blob(b, end, size) != 0:
                        return -1
                    memcpy(blob.data + end, rows[i].blobs[b], size)
                    end += size
                blob.offsets[self.length + i + 1] = end
        return 0

    cdef int grow_blob(self, int b, size_t used, size_t more) noexcept nogil:
        cdef int failed
        with gil:
            column = <BlobColumn>self.columns[BLOBS + b]
            failed = (<BlobColumn>column).reserve_data(used, more)
            self.blobs[b] = (<BlobColumn>column).place()
        return failed

    cdef void get(self, Py_ssize_t n, Row* row) noexcept nogil:
        """Read a row back; fields that the table does not hold are 0.

        Its blobs lie in the table: they are valid while that is frozen.
        """
        cdef int b
        memset(row, 0, sizeof(Row))
        row.protocol = (<uint8_t*>self.store[PROTOCOL])[n]
        row.family = (<uint8_t*>self.store[FAMILY])[n]
        row.state = (<uint8_t*>self.store[STATE])[n]
        row.timer = (<uint8_t*>self.store[TIMER])[n]
        memcpy(row.local_address, self.store[LOCAL_ADDRESS] + 16 * n, 16)
        memcpy(row.remote_address, self.store[REMOTE_ADDRESS] + 16 * n, 16)
        row.local_port = (<uint16_t*>self.store[LOCAL_PORT])[n]
        row.remote_port = (<uint16_t*>self.store[REMOTE_PORT])[n]
        row.rx_queue = (<uint32_t*>self.store[RX_QUEUE])[n]
        row.tx_queue = (<uint32_t*>self.store[TX_QUEUE])[n]
        row.uid = (<uint32_t*>self.store[UID])[n]
        row.retransmits = (<uint32_t*>self.store[RETRANSMITS])[n]
        row.inode = (<uint64_t*>self.store[INODE])[n]
        row.netns = (<uint64_t*>self.store[NETNS])[n]
        row.timer_expires_ms = (<int64_t*>self.store[TIMER_EXPIRES_MS])[n]
        row.cookie = (<uint64_t*>self.store[COOKIE])[n]
        row.backlog_limit = (<int32_t*>self.store[BACKLOG_LIMIT])[n]
        if self.store[TIMEOUT] != NULL:
            row.timeout = (<uint32_t*>self.store[TIMEOUT])[n]
        if self.store[REFCOUNT] != NULL:
            row.refcount = (<uint32_t*>self.store[REFCOUNT])[n]
        if self.store[RTO] != NULL:
            row.rto = (<uint64_t*>self.store[RTO])[n]
        if self.store[ATO] != NULL:
            row.ato = (<uint64_t*>self.store[ATO])[n]
        if self.store[CWND] != NULL:
            row.cwnd = (<uint32_t*>self.store[CWND])[n]
        if self.store[SSTHRESH] != NULL:
            row.ssthresh = (<int32_t*>self.store[SSTHRESH])[n]
        if self.store[DROPS] != NULL:
            row.drops = (<uint32_t*>self.store[DROPS])[n]
        if self.store[INTERFACE] != NULL:
            row.interface = (<uint32_t*>self.store[INTERFACE])[n]
        if self.store[MARK] != NULL:
            row.mark = (<uint32_t*>self.store[MARK])[n]
        if self.store[V6ONLY] != NULL:
            row.v6only = (<uint8_t*>self.store[V6ONLY])[n]
        if self.store[SOCKET_CGROUP] != NULL:
            row.socket_cgroup = (<uint64_t*>self.store[SOCKET_CGROUP])[n]
        if self.store[TYPE] != NULL:
            row.type = (<uint8_t*>self.store[TYPE])[n]
        if self.store[PEER] != NULL:
            row.peer = (<uint64_t*>self.store[PEER])[n]
        if self.store[SHUTDOWN] != NULL:
            row.shutdown = (<uint8_t*>self.store[SHUTDOWN])[n]
        for b in range(BLOB_COUNT):
            if self.blobs[b].offsets != NULL:
                row.blobs[b] = self.blobs[b].data + self.blobs[b].offsets[n]
                row.blob_bytes[b] = self.blobs[b].offsets[n + 1] - self.blobs[b].offsets[n]

    cdef void finish(self):
        """Freeze: every column has the table's length and no memory to spare."""
        cdef int c
        for c in range(ALL):
            column = self.columns[c]
            if column is None:
                continue
            if c < BLOBS:
                (<Column>column).trim(self.length)
            else:
                (<BlobColumn>column).trim(self.length)
        self.point()
        self.capacity = self.length

    def __len__(self):
        return self.length

    def __iter__(self):
        cdef SocketIterator iterator = SocketIterator.__new__(SocketIterator)
        iterator.table = self
        return iterator

    def __getitem__(self, Py_ssize_t index):
        if index < 0:
            index += self.length
        if not 0 <= index < self.length:
            raise IndexError("row index out of range")
        cdef Socket made = Socket.__new__(Socket)
        made.table = self
        made.row = index
        return made

    def __eq__(self, other):
        if not isinstance(other, SocketRows):
            return NotImplemented
        cdef SocketRows b = other
        return self.columns == b.columns

    __hash__ = None

    def column(self, name):
        """Return one column by name, a member of a raw one decoded; KeyError where none is held."""
        inside = None
        place = name
        if name not in SPEC_NAMES:
            inside = attributes.find_member(name)
            if inside is None:
                raise KeyError(f"no column {name!r}; there are {', '.join(SPEC_NAMES)}")
            place = inside[0]
        column = self.columns[SPEC_NAMES.index(place)]
        if column is None:
            raise KeyError(f"column {name!r} was not asked for; scan with fields=[{name!r}]")
        return column if inside is None else decode_column(name, column, inside[1])

    def column_names(self):
        """Return the names of the columns that the table holds."""
        return tuple([
            name for name, column in zip(SPEC_NAMES, self.columns) if column is not None
        ])

    def rows(self):
        """Yield raw tuples in the order of `column_names()`."""
        return zip(*[column for column in self.columns if column is not None])

    def pick(self, Column indices not None):
        """Return the rows at `indices`, in that order, with their owners; all of them: itself."""
        cdef SocketRows made = type(self)(self.fields)
        cdef Py_ssize_t n = indices.length
        cdef Py_ssize_t i
        cdef bint same = n == self.length
        cdef int failed = 0
        cdef Row row
        cdef Column heads
        if indices.format != "I":
            raise TypeError("indices are a column of format I")
        for i in range(n):
            if (<uint32_t*>indices.data)[i] >= <size_t>self.length:
                raise IndexError("row index out of range")
            same = same and (<uint32_t*>indices.data)[i] == <size_t>i
        if same:
            return self
        if made.reserve(n) != 0:
            raise MemoryError()
        with nogil:
            for i in range(n):
                self.get((<uint32_t*>indices.data)[i], &row)
                failed |= made.push(&row)  # only blobs need more room: the rest was reserved
        if failed:
            raise MemoryError()
        made.finish()
        if self.heads is not None:
            heads = new_column("heads", "i", n)
            for i in range(n):
                (<int32_t*>heads.data)[i] = (
                    <int32_t*>self.heads.data)[(<uint32_t*>indices.data)[i]]
            made.heads = heads
            made.owners = self.owners
        return made

    def owner_heads(self):
        """Return the first owner row of each socket, or OWNER_*; None before a join."""
        return self.heads

    def attach_owners(self, OwnerRows owners not None, Column heads not None):
        """Take the result of a join: `heads` has one entry for each row."""
        if heads.length != self.length or heads.format != "i":
            raise ValueError("heads do not belong to this table")
        if owners.following is None or owners.following.length != owners.length:
            raise ValueError("owners have no index yet; see OwnerIndex")
        cdef Py_ssize_t i
        for i in range(heads.length):
            if (<int32_t*>heads.data)[i] >= owners.length:
                raise ValueError("heads do not belong to these owners")
        self.owners = owners
        self.heads = heads


@cython.final
@cython.internal
cdef class SocketIterator:
    cdef SocketRows table
    cdef Py_ssize_t next_row

    def __iter__(self):
        return self

    def __next__(self):
        cdef Socket made
        if self.next_row >= self.table.length:
            raise StopIteration
        made = Socket.__new__(Socket)
        made.table = self.table
        made.row = self.next_row
        self.next_row += 1
        return made


@cython.final
@cython.freelist(64)
cdef class Socket:
    """One socket: a view of a row, made on demand, that keeps its table alive."""

    cdef SocketRows table
    cdef Py_ssize_t row

    def __init__(self):
        raise TypeError("sockets are made by tables")

    @property
    def protocol(self):
        return PROTOCOL_NAMES[(<uint8_t*>self.table.store[PROTOCOL])[self.row]]

    @property
    def family(self):
        return FAMILY_NAMES[(<uint8_t*>self.table.store[FAMILY])[self.row]]

    @property
    def state(self):
        return STATES[(<uint8_t*>self.table.store[STATE])[self.row]]

    @property
    def timer(self):
        return TIMER_NAMES[(<uint8_t*>self.table.store[TIMER])[self.row]]

    @property
    def local_address(self):
        return address_text(
            <uint8_t*>self.table.store[LOCAL_ADDRESS] + 16 * self.row,
            (<uint8_t*>self.table.store[FAMILY])[self.row],
        )

    @property
    def remote_address(self):
        return address_text(
            <uint8_t*>self.table.store[REMOTE_ADDRESS] + 16 * self.row,
            (<uint8_t*>self.table.store[FAMILY])[self.row],
        )

    @property
    def local_port(self):
        return (<uint16_t*>self.table.store[LOCAL_PORT])[self.row]

    @property
    def remote_port(self):
        return (<uint16_t*>self.table.store[REMOTE_PORT])[self.row]

    @property
    def rx_queue(self):
        return (<uint32_t*>self.table.store[RX_QUEUE])[self.row]

    @property
    def tx_queue(self):
        return (<uint32_t*>self.table.store[TX_QUEUE])[self.row]

    @property
    def uid(self):
        cdef uint32_t uid = (<uint32_t*>self.table.store[UID])[self.row]
        return None if uid == UINT32_MAX else uid

    @property
    def retransmits(self):
        return (<uint32_t*>self.table.store[RETRANSMITS])[self.row]

    @property
    def inode(self):
        return (<uint64_t*>self.table.store[INODE])[self.row]

    @property
    def netns(self):
        return (<uint64_t*>self.table.store[NETNS])[self.row] or None

    @property
    def timer_expires_ms(self):
        return (<int64_t*>self.table.store[TIMER_EXPIRES_MS])[self.row]

    @property
    def cookie(self):
        return (<uint64_t*>self.table.store[COOKIE])[self.row] or None

    @property
    def backlog_limit(self):
        cdef int32_t limit = (<int32_t*>self.table.store[BACKLOG_LIMIT])[self.row]
        return None if limit == -1 else limit

    @property
    @cython.boundscheck(True)  # the list of processes is anybody's
    def owners(self):
        """The descriptors that hold it; [] for none, None where they are not known."""
        if self.table.heads is None:
            return None
        cdef int32_t at = (<int32_t*>self.table.heads.data)[self.row]
        if at < 0:
            return [] if at == -1 else None
        cdef OwnerRows rows = self.table.owners
        cdef Owner owner
        cdef list found = []
        while at >= 0:
            owner = Owner.__new__(Owner)
            owner.pid = (<int32_t*>rows.store[OWNER_PID])[at]
            owner.fd = (<int32_t*>rows.store[OWNER_FD])[at]
            owner.tid = (<int32_t*>rows.store[OWNER_TID])[at]
            owner.process = rows.processes[(<uint32_t*>rows.store[OWNER_PROCESS])[at]]
            found.append(owner)
            at = (<int32_t*>rows.following.data)[at]
        return found

    @property
    def owner_state(self):
        """found, none, hidden or unknown; None where owners were not asked for."""
        if self.table.heads is None:
            return None
        cdef int32_t at = (<int32_t*>self.table.heads.data)[self.row]
        return OWNER_STATES[0 if at >= 0 else -at]

    def field(self, name):
        """Return the raw value of any column that the table holds.

        A member of a raw one (`tcp_info.rtt`) is None where the kernel gave none.
        """
        if name not in SPEC_NAMES:
            inside = attributes.find_member(name)
            if inside is not None:
                value = attributes.parse_member(self.field(inside[0]), inside[1])
                return None if value == attributes.ABSENT else value
        return value_at(self.table.column(name), self.row)

    def as_dict(self):
        """Return the JSON object of this socket: unknown is None."""
        made = {
            "protocol": self.protocol,
            "family": self.family,
            "state": STATE_NAMES[(<uint8_t*>self.table.store[STATE])[self.row]],
            "local_address": self.local_address,
            "local_port": self.local_port,
            "remote_address": self.remote_address,
            "remote_port": self.remote_port,
            "rx_queue": self.rx_queue,
            "tx_queue": self.tx_queue,
            "backlog_limit": self.backlog_limit,
            "uid": self.uid,
            "inode": self.inode,
            "netns": self.netns,
            "timer": self.timer,
            "timer_expires_ms": self.timer_expires_ms,
            "retransmits": self.retransmits,
            "cookie": self.cookie,
        }
        for name in self.table.fields:
            value = self.field(name)
            made[name] = attributes.show_value(name, value) if name in SPEC_NAMES else value
        if self.table.heads is not None:
            found = self.owners
            made["owners"] = None if found is None else [owner.as_dict() for owner in found]
            made["owner_state"] = self.owner_state
        return made

    cdef tuple values(self):
        return tuple([
            value_at(column, self.row)
            for column in self.table.columns
            if column is not None
        ])

    def __eq__(self, other):
        if not isinstance(other, Socket):
            return NotImplemented
        return self.values() == (<Socket>other).values()

    def __hash__(self):
        return hash(self.values())

    def __repr__(self):
        if (<uint8_t*>self.table.store[FAMILY])[self.row] == UNIX:
            return f"<Socket {self.protocol} {self.state!s} inode {self.inode}>"
        return (
            f"<Socket {self.protocol} {self.state!s} {self.local_address} {self.local_port} "
            f"{self.remote_address} {self.remote_port}>"
        )


cdef str address_text(const uint8_t* address, int family):
    cdef char text[64]
    if family == UNIX:
        return ""
    if family == AF_INET:
        inet_ntop(AF_INET, address + 12, text, sizeof(text))
    else:
        inet_ntop(AF_INET6, address, text, sizeof(text))
    return text.decode("ascii")


def format_address(bytes address, int family):
    """Return an address as ss and Python's ipaddress print it; IPv4 arrives v4-mapped.

    UNIX sockets have none: "".
    """
    if len(address) != 16:
        raise ValueError("an address has 16 bytes")
    return address_text(<const uint8_t*><const char*>address, family)
