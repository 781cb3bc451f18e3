"""Rows of sockets to text and to JSON: a list of cell kernels, run over all rows in one pass.

A column of the answer is a `Cell`: a kernel, and where its values lie. The rows are written one
after the other into a buffer of our own without the GIL, and leave it in blocks of about 1 MiB, so
that memory never holds the whole text. A text table takes a pass before that for the widths:

    PROTO  STATE        RX  TX  LOCAL         REMOTE           OWNERS
    tcp    LISTEN        2   0  127.0.0.1:80  0.0.0.0:0        nginx pid=12 fd=6; nginx pid=13 fd=6
    tcp    ESTABLISHED   0   0  127.0.0.1:80  127.0.0.1:41872  nginx pid=13 fd=9,10
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport UINT32_MAX, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memmove, memset

from fastsock._attributes cimport Member, make_member, read_member
from fastsock._columns cimport OWNER_FD, OWNER_PID, OWNER_PROCESS, OWNER_TID
from fastsock._hash cimport prefetch
from fastsock._table cimport BlobColumn, OwnerRows, SocketRows
from fastsock._text cimport (
    Out,
    Text,
    put,
    put_byte,
    put_ipv4,
    put_ipv6,
    put_signed,
    put_unsigned,
    room,
)

from fastsock import attributes
from fastsock import columns as specs
from fastsock import tcp
from fastsock.render import OWNER_FIELDS, PLAIN, SENTINELS, json_name, text_name

cdef enum:
    BLOCK = 1 << 20
    CELL = 96  # more than any kernel writes without asking for room: an endpoint takes 52 bytes
    AHEAD = 8  # rows, of which the owners are on their way into the cache
    AF_INET = 2
    AF_INET6 = 10
    AF_UNIX = 1

cdef tuple SPECS = specs.SOCKET_COLUMNS + specs.OPTIONAL_COLUMNS
cdef dict POSITIONS = {spec.name: n for n, spec in enumerate(SPECS)}
cdef dict FORMATS = {spec.name: spec.format for spec in SPECS}
cdef dict UNKNOWN = {spec.name: spec.unknown for spec in SPECS}

# The names of all 256 numbers of the columns that hold numbers for names.
cdef dict VOCABULARIES = {
    "protocol": [tcp.PROTOCOL_NAMES.get(n, f"protocol-{n}") for n in range(256)],
    "family": [tcp.FAMILY_NAMES.get(n, f"family-{n}") for n in range(256)],
    "state": list(tcp.NAMES),
    "timer": [tcp.TIMERS[n] if n < len(tcp.TIMERS) else f"timer-{n}" for n in range(256)],
    "type": [tcp.TYPE_NAMES.get(n, f"type-{n}") for n in range(256)],
}

# By the negated head: found, none, hidden, unknown.
cdef list OWNER_STATES_TEXT = [b"found", b"-", b"hidden", b"unknown"]
cdef list OWNER_STATES_NAMES = [b"found", b"none", b"hidden", b"unknown"]
cdef list OWNER_STATES_OWNERS = [b"", b"[]", b"null", b"null"]

# By byte: may it stand in a cell, and in a JSON string, as it is?
cdef bytes PLAIN_TEXT = bytes([chr(n) in PLAIN for n in range(256)])
cdef bytes PLAIN_JSON = bytes([32 <= n < 127 and n not in b'"\\' for n in range(256)])


cdef struct Owners:
    const int32_t* heads
    const int32_t* following
    const int32_t* pids
    const int32_t* fds
    const int32_t* tids
    const uint32_t* processes
    Text* commands         # of each process, escaped for this kind of answer
    Text* units            # and the unit that it runs in, with what stands before; or nothing
    uint64_t* seen         # of each process: the last cell that named it or its command
    uint64_t cell

cdef struct Cell

ctypedef int (*Kernel)(Cell* cell, size_t row, Out* out) noexcept nogil

cdef struct Cell:
    Kernel write
    const char* values
    const uint8_t* families
    const uint16_t* ports
    const Text* names
    size_t name_count      # of a name: the words that it must not be in a table
    Owners* owners
    const Text* called     # command, unit or the like of each process,
    const uint32_t* same   # and the first process that has the same
    const uint64_t* offsets  # of a column of variable width; `values` is its data then
    const char* paths      # of an end: the data of UNIX sockets' paths; none at the other end
    bint is_remote
    const char* plain      # a name: PLAIN_TEXT or PLAIN_JSON
    bint is_path           # a name: NUL, first, is shown as @
    const Member* members  # what is inside
    const Text* leads      # what stands before each of them
    int member_count
    Text lead              # JSON: the key, with what stands before it
    Text absent
    bint quoted
    bint right             # text: numbers stand at the right
    bint wide              # text: may hold characters of several bytes
    size_t width


# -- leaves


cdef inline void put_address(Out* out, const uint8_t* address, uint8_t family) noexcept nogil:
    if family == AF_INET:
        put_ipv4(out, address + 12)
    elif family != AF_UNIX:  # it has none
        put_ipv6(out, address)


# -- kernels: write the cell of one row. The loop has made room for CELL bytes.


cdef int write_name(Cell* cell, size_t row, Out* out) noexcept nogil:
    cdef const Text* name = cell.names + (<const uint8_t*>cell.values)[row]
    put(out, name.data, name.length)
    return 0


cdef int write_uint8(Cell* cell, size_t row, Out* out) noexcept nogil:
    put_unsigned(out, (<const uint8_t*>cell.values)[row])
    return 0


cdef int write_uint16(Cell* cell, size_t row, Out* out) noexcept nogil:
    put_unsigned(out, (<const uint16_t*>cell.values)[row])
    return 0


cdef int write_uint32(Cell* cell, size_t row, Out* out) noexcept nogil:
    put_unsigned(out, (<const uint32_t*>cell.values)[row])
    return 0


cdef int write_uint64(Cell* cell, size_t row, Out* out) noexcept nogil:
    put_unsigned(out, (<const uint64_t*>cell.values)[row])
    return 0


cdef int write_int32(Cell* cell, size_t row, Out* out) noexcept nogil:
    put_signed(out, (<const int32_t*>cell.values)[row])
    return 0


cdef int write_int64(Cell* cell, size_t row, Out* out) noexcept nogil:
    put_signed(out, (<const int64_t*>cell.values)[row])
    return 0


cdef int write_uint64_but_0(Cell* cell, size_t row, Out* out) noexcept nogil:
    """A netns that may not be read, a source without cookies, a socket without a peer."""
    if (<const uint64_t*>cell.values)[row] == 0:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    return write_uint64(cell, row, out)


cdef int write_uint8_but_0(Cell* cell, size_t row, Out* out) noexcept nogil:
    """What was shut down, where the source does not tell."""
    if (<const uint8_t*>cell.values)[row] == 0:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    return write_uint8(cell, row, out)


cdef int write_uint32_but_the_largest(Cell* cell, size_t row, Out* out) noexcept nogil:
    """A user that the source does not tell."""
    if (<const uint32_t*>cell.values)[row] == UINT32_MAX:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    return write_uint32(cell, row, out)


cdef int write_int32_but_minus_1(Cell* cell, size_t row, Out* out) noexcept nogil:
    """A backlog limit that the source cannot know."""
    if (<const int32_t*>cell.values)[row] == -1:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    return write_int32(cell, row, out)


cdef int write_address(Cell* cell, size_t row, Out* out) noexcept nogil:
    if cell.families[row] == AF_UNIX and not cell.quoted:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    if cell.quoted:
        put_byte(out, c'"')
    put_address(out, <const uint8_t*>cell.values + 16 * row, cell.families[row])
    if cell.quoted:
        put_byte(out, c'"')
    return 0


cdef int write_endpoint(Cell* cell, size_t row, Out* out) noexcept nogil:
    cdef bint brackets = cell.families[row] != AF_INET
    if cell.families[row] == AF_UNIX:
        return write_unix_end(cell, row, out)
    if brackets:
        put_byte(out, c"[")
    put_address(out, <const uint8_t*>cell.values + 16 * row, cell.families[row])
    if brackets:
        put_byte(out, c"]")
    put_byte(out, c":")
    put_unsigned(out, cell.ports[row])
    return 0


cdef int write_blob_name(Cell* cell, size_t row, Out* out) noexcept nogil:
    """The path of a UNIX socket, or a name of the kernel's."""
    cdef uint64_t start = cell.offsets[row]
    return put_name(cell, cell.values + start, cell.offsets[row + 1] - start, out)


cdef int write_unix_end(Cell* cell, size_t row, Out* out) noexcept nogil:
    """The path that a UNIX socket is bound to; the other end has no name here."""
    cdef uint64_t start
    if cell.is_remote:
        put_byte(out, c"*")
        return 0
    if cell.offsets == NULL:  # not asked for
        put(out, cell.absent.data, cell.absent.length)
        return 0
    start = cell.offsets[row]
    if cell.offsets[row + 1] == start:
        put_byte(out, c"*")
        return 0
    return put_name(cell, cell.paths + start, cell.offsets[row + 1] - start, out)


cdef int put_name(Cell* cell, const char* name, size_t length, Out* out) noexcept nogil:
    """Another user's text: escaped, in Python where need be."""
    cdef bint abstract = cell.is_path and length > 0 and name[0] == 0
    cdef size_t i
    if length == 0:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    for i in range(1 if abstract else 0, length):
        if not cell.plain[<uint8_t>name[i]]:
            return write_escaped(cell, name, length, out)
    for i in range(cell.name_count):  # words that a cell has for something else
        if length == cell.names[i].length and memcmp(name, cell.names[i].data, length) == 0:
            return write_escaped(cell, name, length, out)
    if room(out, length + CELL) != 0:
        return -1
    if cell.quoted:
        put_byte(out, c'"')
    put(out, name, length)
    if abstract:
        out.data[out.length - length] = c"@"
    if cell.quoted:
        put_byte(out, c'"')
    return 0


cdef int write_escaped(Cell* cell, const char* name, size_t length, Out* out) noexcept with gil:
    try:
        value = PyBytes_FromStringAndSize(name, length)
        if cell.is_path:
            value = attributes.name_bytes("path", value)
        shown = (json_name(value) if cell.quoted else text_name(value)).encode()
    except MemoryError:
        return -1
    if room(out, len(shown) + CELL) != 0:
        return -1
    put(out, PyBytes_AS_STRING(shown), len(shown))
    return 0


cdef int write_member(Cell* cell, size_t row, Out* out) noexcept nogil:
    cdef uint64_t start = cell.offsets[row]
    cdef int64_t value = read_member(
        cell.members, cell.values + start, cell.offsets[row + 1] - start)
    if value < 0:
        put(out, cell.absent.data, cell.absent.length)
    else:
        put_unsigned(out, value)
    return 0


cdef int write_members(Cell* cell, size_t row, Out* out) noexcept nogil:
    """`state=1,ca_state=0` or `{"state":1,"ca_state":0}`: all that the structure reaches."""
    cdef const char* raw = cell.values + cell.offsets[row]
    cdef uint64_t length = cell.offsets[row + 1] - cell.offsets[row]
    cdef size_t start
    cdef int64_t value
    cdef int m
    if length == 0:
        put(out, cell.absent.data, cell.absent.length)
        return 0
    if cell.quoted:
        put_byte(out, c"{")
    start = out.length
    for m in range(cell.member_count):
        value = read_member(cell.members + m, raw, length)
        if value < 0:
            continue
        if room(out, cell.leads[m].length + CELL) != 0:
            return -1
        if out.length > start:
            put_byte(out, c",")
        put(out, cell.leads[m].data, cell.leads[m].length)
        put_unsigned(out, value)
    if room(out, CELL) != 0:
        return -1
    if cell.quoted:
        put_byte(out, c"}")
    elif out.length == start:
        put(out, cell.absent.data, cell.absent.length)
    return 0


cdef inline int write_owner_state(Cell* cell, size_t row, Out* out) noexcept nogil:
    cdef int32_t head = cell.owners.heads[row]
    cdef const Text* name = cell.names + (0 if head >= 0 else -head)
    put(out, name.data, name.length)
    return 0


cdef int write_owners(Cell* cell, size_t row, Out* out) noexcept nogil:
    """`nginx pid=12 fd=3,4 unit=nginx.service; nginx pid=13 fd=3`: one task's stand together."""
    cdef Owners* owners = cell.owners
    cdef int32_t at = owners.heads[row]
    cdef int32_t before = -1
    cdef Text* command
    cdef Text* unit = NULL
    if at < 0:
        return write_owner_state(cell, row, out)
    while at >= 0:
        command = owners.commands + owners.processes[at]
        if room(out, command.length + (unit.length if unit != NULL else 0) + 2 * CELL) != 0:
            return -1
        if (
            before >= 0
            and owners.processes[before] == owners.processes[at]
            and owners.tids[before] == owners.tids[at]
        ):
            put_byte(out, c",")
        else:
            if unit != NULL:
                put(out, unit.data, unit.length)
                put(out, "; ", 2)
            put(out, command.data, command.length)
            unit = owners.units + owners.processes[at]
            put(out, " pid=", 5)
            put_signed(out, owners.pids[at])
            if owners.tids[at] != owners.pids[at]:
                put(out, " tid=", 5)
                put_signed(out, owners.tids[at])
            put(out, " fd=", 4)
        if owners.fds[at] >= 0:
            put_signed(out, owners.fds[at])
        else:
            put(out, "io_uring", 8)
        before = at
        at = owners.following[at]
    if room(out, unit.length + CELL) != 0:
        return -1
    put(out, unit.data, unit.length)
    return room(out, CELL)


cdef int write_pids(Cell* cell, size_t row, Out* out) noexcept nogil:
    """Each process once, in the order of the descriptors."""
    cdef Owners* owners = cell.owners
    cdef int32_t at = owners.heads[row]
    cdef bint first = True
    if at < 0:
        return write_owner_state(cell, row, out)
    owners.cell += 1
    while at >= 0:
        if owners.seen[owners.processes[at]] != owners.cell:
            owners.seen[owners.processes[at]] = owners.cell
            if room(out, CELL) != 0:
                return -1
            if not first:
                put_byte(out, c",")
            first = False
            put_signed(out, owners.pids[at])
        at = owners.following[at]
    return room(out, CELL)


cdef int write_called(Cell* cell, size_t row, Out* out) noexcept nogil:
    """Each command, cgroup, unit, container or pod once, however many processes have it."""
    cdef Owners* owners = cell.owners
    cdef int32_t at = owners.heads[row]
    cdef bint first = True
    cdef uint32_t process
    if at < 0:
        return write_owner_state(cell, row, out)
    owners.cell += 1
    while at >= 0:
        process = cell.same[owners.processes[at]]
        if owners.seen[process] != owners.cell:
            owners.seen[process] = owners.cell
            if room(out, cell.called[process].length + CELL) != 0:
                return -1
            if not first:
                put_byte(out, c",")
            first = False
            put(out, cell.called[process].data, cell.called[process].length)
        at = owners.following[at]
    return room(out, CELL)


cdef int write_owners_json(Cell* cell, size_t row, Out* out) noexcept nogil:
    cdef Owners* owners = cell.owners
    cdef int32_t at = owners.heads[row]
    cdef Text* command
    cdef Text* unit
    if at < 0:
        return write_owner_state(cell, row, out)
    put_byte(out, c"[")
    while at >= 0:
        command = owners.commands + owners.processes[at]
        unit = owners.units + owners.processes[at]
        if room(out, command.length + unit.length + CELL) != 0:
            return -1
        put(out, '{"pid":', 7)
        put_signed(out, owners.pids[at])
        put(out, ',"fd":', 6)
        put_signed(out, owners.fds[at])
        put(out, ',"command":', 11)
        put(out, command.data, command.length)
        put(out, unit.data, unit.length)
        if owners.tids[at] != owners.pids[at]:
            put(out, ',"tid":', 7)
            put_signed(out, owners.tids[at])
        put_byte(out, c"}")
        at = owners.following[at]
        if at >= 0:
            put_byte(out, c",")
    if room(out, CELL) != 0:
        return -1
    put_byte(out, c"]")
    return 0


# -- rows


cdef inline size_t characters(const char* text, size_t length) noexcept nogil:
    """How many characters of UTF-8: the bytes that do not continue one."""
    cdef size_t i, found = 0
    for i in range(length):
        found += (text[i] & 0xC0) != 0x80
    return found


cdef int write_text_row(Cell* cells, int count, size_t row, Out* out) noexcept nogil:
    cdef Cell* cell
    cdef size_t start, length, shown, missing
    cdef int c
    for c in range(count):
        cell = cells + c
        if room(out, cell.width + CELL) != 0:
            return -1
        start = out.length
        if cell.write(cell, row, out) != 0:
            return -1
        length = out.length - start
        shown = characters(out.data + start, length) if cell.wide else length
        missing = cell.width - shown if cell.width > shown else 0
        if missing:
            if room(out, missing + CELL) != 0:
                return -1
            if cell.right:
                memmove(out.data + start + missing, out.data + start, length)
                memset(out.data + start, c" ", missing)
            else:
                memset(out.data + out.length, c" ", missing)
            out.length += missing
        if c + 1 < count:
            put(out, "  ", 2)
    put_byte(out, c"\n")
    return 0


cdef int write_json_row(Cell* cells, int count, size_t row, Out* out) noexcept nogil:
    cdef int c
    for c in range(count):
        if room(out, cells[c].lead.length + CELL) != 0:
            return -1
        put(out, cells[c].lead.data, cells[c].lead.length)
        if cells[c].write(cells + c, row, out) != 0:
            return -1
    put_byte(out, c"}")
    return 0


cdef int measure(Cell* cell, size_t rows, Out* scratch) noexcept nogil:
    """Make the cell as wide as its widest row."""
    cdef size_t row, shown
    for row in range(rows):
        scratch.length = 0
        if room(scratch, CELL) != 0 or cell.write(cell, row, scratch) != 0:
            return -1
        shown = characters(scratch.data, scratch.length) if cell.wide else scratch.length
        if shown > cell.width:
            cell.width = shown
    scratch.length = 0
    return 0


# -- doors


@cython.final
@cython.auto_pickle(False)
cdef class Blocks:
    """The text of some rows, as an iterator of blocks of bytes; one thread at a time."""

    cdef SocketRows rows
    cdef Out out
    cdef Cell* cells
    cdef int count
    cdef Owners* owners
    cdef size_t processes
    cdef size_t next_row
    cdef bint json
    cdef bytes separator   # JSON: between two rows
    cdef bytes end         # JSON: after the last row
    cdef list kept         # the bytes that Text points into, and the arrays of Text

    def __dealloc__(self):
        free(self.out.data)
        free(self.cells)
        if self.owners != NULL:
            free(self.owners.commands)
            free(self.owners.units)
            free(self.owners.seen)
            free(self.owners)

    def __iter__(self):
        return self

    def __next__(self):
        cdef size_t total = self.rows.length
        cdef const char* separator = PyBytes_AS_STRING(self.separator)
        cdef size_t separator_length = PyBytes_GET_SIZE(self.separator)
        cdef int failed = 0
        cdef int32_t soon
        if self.next_row >= total and self.out.length == 0:
            raise StopIteration
        with nogil:
            while self.next_row < total and self.out.length < BLOCK and failed == 0:
                if self.owners != NULL and self.next_row + AHEAD < total:
                    soon = self.owners.heads[self.next_row + AHEAD]
                    if soon >= 0:
                        prefetch(self.owners.following + soon)
                        prefetch(self.owners.pids + soon)
                        prefetch(self.owners.tids + soon)
                        prefetch(self.owners.fds + soon)
                        prefetch(self.owners.processes + soon)
                if self.json:
                    failed = write_json_row(self.cells, self.count, self.next_row, &self.out)
                    if failed == 0 and self.next_row + 1 < total:
                        put(&self.out, separator, separator_length)
                else:
                    failed = write_text_row(self.cells, self.count, self.next_row, &self.out)
                self.next_row += 1
        if failed:
            raise MemoryError()
        made = PyBytes_FromStringAndSize(self.out.data, self.out.length)
        self.out.length = 0
        if self.next_row >= total and self.end:
            made += self.end
            self.end = b""
        return made

    cdef int prepare(self, SocketRows rows, int count) except -1:
        self.rows = rows
        self.kept = []
        self.separator = self.end = b""
        self.cells = <Cell*>calloc(count, sizeof(Cell))
        self.count = count
        # A block, and what the row that fills it puts on top; for few rows no more than they need.
        cdef size_t first = min(<size_t>BLOCK + (BLOCK >> 4), 4096 + 128 * <size_t>rows.length)
        if self.cells == NULL or room(&self.out, first) != 0:
            raise MemoryError()
        return 0

    cdef int prepare_owners(self) except -1:
        """Escape the names of each process once, and point at the columns of the owners."""
        if self.owners != NULL:
            return 0
        if self.rows.heads is None:
            raise ValueError("the rows carry no owners; join them first")
        cdef OwnerRows owners = self.rows.owners
        cdef size_t count = len(owners.processes)
        cdef size_t i
        self.owners = <Owners*>calloc(1, sizeof(Owners))
        if self.owners == NULL:
            raise MemoryError()
        self.owners.commands = <Text*>calloc(count + 1, sizeof(Text))
        self.owners.units = <Text*>calloc(count + 1, sizeof(Text))
        self.owners.seen = <uint64_t*>calloc(count + 1, sizeof(uint64_t))
        if not (self.owners.commands and self.owners.units and self.owners.seen):
            raise MemoryError()
        self.owners.heads = <const int32_t*>self.rows.heads.data
        if owners.following is not None:  # made by the join; without owner rows nothing reads it
            self.owners.following = <const int32_t*>owners.following.data
        self.owners.pids = <const int32_t*>owners.store[OWNER_PID]
        self.owners.fds = <const int32_t*>owners.store[OWNER_FD]
        self.owners.tids = <const int32_t*>owners.store[OWNER_TID]
        self.owners.processes = <const uint32_t*>owners.store[OWNER_PROCESS]
        cdef dict first = {}
        cdef dict first_in = {}  # unit: the first process in it
        for i in range(count):
            unit = owners.processes[i].unit
            if unit in first_in:
                self.owners.units[i] = self.owners.units[<size_t>first_in[unit]]
            else:
                first_in[unit] = i
                name = ""
                if unit is not None:
                    name = ',"unit":' + json_name(unit) if self.json else " unit=" + text_name(unit)
                self.owners.units[i] = self.text(name.encode())
            command = owners.processes[i].command
            if command in first:
                self.owners.commands[i] = self.owners.commands[<size_t>first[command]]
            else:
                first[command] = i
                name = json_name(command) if self.json else text_name(command)
                self.owners.commands[i] = self.text(name.encode())
        return 0

    cdef Text text(self, bytes value):
        cdef Text made
        self.kept.append(value)
        made.data = PyBytes_AS_STRING(value)
        made.length = PyBytes_GET_SIZE(value)
        return made

    cdef const Text* texts(self, list values):
        """Return an array of texts that lives as long as this object."""
        holder = PyBytes_FromStringAndSize(NULL, len(values) * sizeof(Text))
        self.kept.append(holder)
        cdef Text* made = <Text*>PyBytes_AS_STRING(holder)
        cdef Py_ssize_t i
        for i in range(len(values)):
            made[i] = self.text(values[i])
        return made

    cdef int fill(self, Cell* cell, str name) except -1:
        """Choose the kernel of a column and say where its values lie."""
        cell.families = <const uint8_t*>self.rows.store[<int>POSITIONS["family"]]
        cell.absent = self.text(b"null" if self.json else b"-")
        cell.quoted = self.json
        if name in OWNER_FIELDS:
            return self.fill_owners(cell, name)
        if name in ("local", "remote"):
            cell.write = write_endpoint
            cell.is_remote = name == "remote"
            if not cell.is_remote:
                self.fill_name(cell, self.rows.columns[<int>POSITIONS["path"]], "path")
            cell.values = self.rows.store[<int>POSITIONS[name + "_address"]]
            cell.ports = <const uint16_t*>self.rows.store[<int>POSITIONS[name + "_port"]]
            return 0
        inside = attributes.find_member(name)
        if name not in POSITIONS and inside is None:
            raise ValueError(f"unknown column {name!r}")
        if inside is not None:
            cell.write = write_member
            cell.right = True
            self.fill_members(cell, [inside[1]])
            return self.fill_blob(cell, inside[0], name)
        format = FORMATS[name]
        if format == "v":
            return self.fill_blob(cell, name, name)
        cell.values = self.rows.store[<int>POSITIONS[name]]
        if cell.values == NULL and self.rows.length:
            raise ValueError(f"column {name!r} was not asked for")
        if name in VOCABULARIES:
            cell.write = write_name
            quote = '"' if self.json else ""
            names = [f"{quote}{n}{quote}".encode() for n in VOCABULARIES[name]]
            if UNKNOWN[name] is not None:
                names[UNKNOWN[name]] = b"null" if self.json else b"-"
            cell.names = self.texts(names)
            return 0
        if format == "16s":
            cell.write = write_address
            return 0
        cell.right = True
        if UNKNOWN[name] is not None:
            return self.fill_unknown(cell, format, UNKNOWN[name])
        if format == "B":
            cell.write = write_uint8
        elif format == "H":
            cell.write = write_uint16
        elif format == "I":
            cell.write = write_uint32
        elif format == "Q":
            cell.write = write_uint64
        elif format == "i":
            cell.write = write_int32
        else:
            cell.write = write_int64
        return 0

    cdef int fill_unknown(self, Cell* cell, str format, object unknown) except -1:
        """Choose the kernel of numbers of which one stands for "not known"."""
        if (format, unknown) == ("Q", 0):
            cell.write = write_uint64_but_0
        elif (format, unknown) == ("B", 0):
            cell.write = write_uint8_but_0
        elif (format, unknown) == ("I", 2**32 - 1):
            cell.write = write_uint32_but_the_largest
        elif (format, unknown) == ("i", -1):
            cell.write = write_int32_but_minus_1
        else:
            raise NotImplementedError(f"{format} with {unknown} for unknown")
        return 0

    cdef int fill_blob(self, Cell* cell, str column, str name) except -1:
        """Point at a column of variable width."""
        cdef BlobColumn blob = self.rows.columns[<int>POSITIONS[column]]
        if blob is None:
            raise ValueError(f"column {name!r} was not asked for")
        cell.offsets = <const uint64_t*>blob.offsets.data
        cell.values = blob.data.data
        if cell.write != NULL:
            return 0
        if column in attributes.MEMBERS:
            cell.write = write_members
            return self.fill_members(cell, list(attributes.MEMBERS[column].values()))
        cell.write = write_blob_name
        return self.fill_name(cell, blob, column)

    cdef int fill_name(self, Cell* cell, BlobColumn blob, str column) except -1:
        """Say how names are written, and where those of a column lie that is held."""
        if blob is not None:
            cell.offsets = <const uint64_t*>blob.offsets.data
            cell.paths = blob.data.data
            cell.wide = True
        cell.is_path = column == "path"
        cell.plain = PyBytes_AS_STRING(PLAIN_JSON if self.json else PLAIN_TEXT)
        if not self.json:
            cell.names = self.texts([word.encode() for word in SENTINELS])
            cell.name_count = len(SENTINELS)
        return 0

    cdef int fill_members(self, Cell* cell, list members) except -1:
        holder = PyBytes_FromStringAndSize(NULL, len(members) * sizeof(Member))
        self.kept.append(holder)
        cdef Member* made = <Member*>PyBytes_AS_STRING(holder)
        cdef Py_ssize_t m
        for m in range(len(members)):
            made[m] = make_member(members[m])
        lead = '"%s":' if self.json else "%s="
        cell.members = made
        cell.leads = self.texts([(lead % member.name).encode() for member in members])
        cell.member_count = len(members)
        return 0

    cdef int fill_owners(self, Cell* cell, str name) except -1:
        self.prepare_owners()
        cell.owners = self.owners
        if name == "owner_state":
            cell.write = write_owner_state
            quote = b'"' if self.json else b""
            cell.names = self.texts([quote + state + quote for state in OWNER_STATES_NAMES])
            return 0
        cell.wide = True
        cell.names = self.texts(OWNER_STATES_OWNERS if self.json else OWNER_STATES_TEXT)
        if name == "pid":
            cell.write = write_pids
        elif name != "owners":
            cell.write = write_called
            self.fill_called(cell, name)
        else:
            cell.write = write_owners_json if self.json else write_owners
        return 0

    cdef int fill_called(self, Cell* cell, str name) except -1:
        """Say what each process's command, unit and the like is: each text is made once."""
        cdef list processes = self.rows.owners.processes
        cdef bytes same = PyBytes_FromStringAndSize(NULL, len(processes) * sizeof(uint32_t))
        cdef uint32_t* first_with = <uint32_t*>PyBytes_AS_STRING(same)
        cdef dict first = {}
        cdef list values = []
        cdef Py_ssize_t i
        for i in range(len(processes)):
            value = getattr(processes[i], name)
            first_with[i] = first.setdefault(value, i)
            values.append(b"" if first_with[i] != i else (
                b"-" if value is None else text_name(value).encode()
            ))
        self.kept.append(same)
        cell.called = self.texts(values)
        cell.same = first_with
        return 0


def text_blocks(SocketRows rows, columns, bint header=True):
    """Yield a table of `rows`; `columns` are (heading, name) pairs."""
    cdef Blocks made = Blocks.__new__(Blocks)
    cdef list chosen = list(columns)
    cdef int count = len(chosen)
    cdef int c, failed = 0
    cdef size_t total = rows.length
    made.json = False
    made.prepare(rows, count)
    for c in range(count):
        made.fill(made.cells + c, chosen[c][1])
        made.cells[c].width = len(chosen[c][0]) if header else 0
    with nogil:
        for c in range(count):
            # What stands last at the left needs no width: nothing is behind it.
            if (c + 1 < count or made.cells[c].right) and failed == 0:
                failed = measure(made.cells + c, total, &made.out)
    if failed:
        raise MemoryError()
    if count and not made.cells[count - 1].right:
        made.cells[count - 1].width = 0
    if header:
        line = "  ".join([
            heading.rjust(made.cells[c].width)
            if made.cells[c].right
            else heading.ljust(made.cells[c].width)
            for c, (heading, _) in enumerate(chosen)
        ]).encode() + b"\n"
        if room(&made.out, len(line) + CELL) != 0:
            raise MemoryError()
        put(&made.out, PyBytes_AS_STRING(line), len(line))
    return made


def json_blocks(SocketRows rows, bytes separator=b"\n", bytes end=b"\n"):
    """Yield each row as a JSON object, `separator` between two and `end` after the last."""
    cdef Blocks made = Blocks.__new__(Blocks)
    cdef int c
    cdef list names = [
        "protocol", "family", "state", "local_address", "local_port", "remote_address",
        "remote_port", "rx_queue", "tx_queue", "backlog_limit", "uid", "inode", "netns", "timer",
        "timer_expires_ms", "retransmits", "cookie",
    ] + list(rows.fields)
    if rows.heads is not None:
        names += ["owners", "owner_state"]
    if len(separator) > CELL // 2:
        raise ValueError("the separator is too long")
    made.json = True
    made.prepare(rows, len(names))
    made.separator = separator
    made.end = end if rows.length else b""
    for c in range(len(names)):
        made.cells[c].lead = made.text(f'{"," if c else "{"}"{names[c]}":'.encode())
        made.fill(made.cells + c, names[c])
    return made
