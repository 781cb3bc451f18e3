"""Rows of a snapshot to lines and back: what `_snapshot_rows_py` says, without an object for any.

    ["socket","tcp","ipv4","LISTEN","off","127.0.0.1","0.0.0.0",80,0,…,"found"]
    ["owner",4711,12,6,12,0]

A line that is just as it is written here is read here, without the GIL. Any other goes to the twin,
which knows all of JSON, and what to say of a line that is wrong.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport (
    UINT32_MAX, UINT64_MAX, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
)
from libc.stdlib cimport free
from libc.string cimport memchr, memcmp, memcpy, memset

from fastsock._columns cimport (
    ALL, BLOB_COUNT, BLOBS, FAMILY, OWNER_FD, OWNER_INODE, OWNER_PID, OWNER_PROCESS,
    OWNER_TID,
)
from fastsock._table cimport BlobColumn, Column, OwnerRows, SocketRows, new_column
from fastsock._text cimport (
    FS_HEX, Out, Text, put, put_byte, put_ipv4, put_ipv6, put_signed, put_unsigned, room,
)

from fastsock import _group as group, columns as specs
from fastsock.diagnose import _snapshot_rows_py as plain

cdef extern from "<arpa/inet.h>" nogil:
    int inet_pton(int family, const char* text, void* address)

cdef enum:
    BLOCK = 1 << 20
    CELL = 64  # more than any cell takes but bytes: an address of IPv6 in quotes, and a comma
    LONGEST_ADDRESS = 45
    AF_UNIX = 1
    AF_INET = 2
    AF_INET6 = 10
    FIRST_ROWS = 64

# What a cell is, by its column's format and name.
cdef enum:
    NUMBER8
    NUMBER16
    NUMBER32
    NUMBER64
    SIGNED32
    SIGNED64
    ADDRESS
    TEXT
    RAW

cdef tuple SPECS = specs.SOCKET_COLUMNS + specs.OPTIONAL_COLUMNS
cdef dict POSITIONS = {spec.name: n for n, spec in enumerate(SPECS)}
cdef dict KINDS = {
    "B": NUMBER8, "H": NUMBER16, "I": NUMBER32, "Q": NUMBER64, "i": SIGNED32, "q": SIGNED64,
    "16s": ADDRESS,
}
cdef dict WIDTHS = {"B": 1, "H": 2, "I": 4, "Q": 8, "i": 4, "q": 8, "16s": 16}

cdef struct Cell:
    int kind
    int column             # position in columns.py
    size_t width
    bint nullable
    uint64_t unknown       # what stands for it, cut to the column's width
    const Text* names      # of 256 numbers, empty where one has none; NULL for a plain number
    int last               # the number whose name was met last


# -- leaves: what is written


cdef inline void put_text(Out* out, const uint8_t* text, size_t length) noexcept nogil:
    """There is room for five bytes of each."""
    cdef size_t i
    cdef uint8_t byte
    put_byte(out, c'"')
    for i in range(length):
        byte = text[i]
        if byte == c"\\":
            put(out, b"\\\\\\\\", 4)
        elif byte == c'"':
            put(out, b'\\"', 2)
        elif 0x20 <= byte < 0x7F:
            put_byte(out, byte)
        else:
            put(out, b"\\\\x", 3)
            put_byte(out, FS_HEX[byte >> 4])
            put_byte(out, FS_HEX[byte & 15])
    put_byte(out, c'"')


cdef inline void put_raw(Out* out, const uint8_t* bytes, size_t length) noexcept nogil:
    cdef size_t i
    put_byte(out, c'"')
    for i in range(length):
        put_byte(out, FS_HEX[bytes[i] >> 4])
        put_byte(out, FS_HEX[bytes[i] & 15])
    put_byte(out, c'"')


cdef inline bint is_mapped(const uint8_t* address) noexcept nogil:
    return (
        (<const uint32_t*>address)[0] == 0
        and (<const uint32_t*>address)[1] == 0
        and address[8] == 0 and address[9] == 0 and address[10] == 0xFF and address[11] == 0xFF
    )


cdef inline bint is_zero(const uint8_t* address) noexcept nogil:
    cdef int i
    for i in range(16):
        if address[i]:
            return False
    return True


cdef void put_address(Out* out, const uint8_t* address, uint8_t family) noexcept nogil:
    put_byte(out, c'"')
    if family == AF_INET and is_mapped(address):
        put_ipv4(out, address + 12)
    elif family != AF_UNIX or not is_zero(address):
        put_ipv6(out, address)
    put_byte(out, c'"')


# -- leaves: what is read. Each returns what is behind it, or NULL. A line ends with a newline,
# which no value has in it, so that few need to be told where the end is.


cdef inline const char* take_digits(const char* at, uint64_t* value) noexcept nogil:
    cdef uint64_t number = 0
    cdef uint64_t digit
    cdef const char* start = at
    while c"0" <= at[0] <= c"9":
        digit = at[0] - c"0"
        # 10 * number + digit has to stay below 2**64
        if number > (<uint64_t>UINT64_MAX - digit) // 10:
            return NULL
        number = 10 * number + digit
        at += 1
    if at == start or (start[0] == c"0" and at - start > 1):
        return NULL
    value[0] = number
    return at


cdef inline const char* take_number(const char* at, int kind, uint64_t* value) noexcept nogil:
    """Take a number of that kind; what a column keeps of it are its lowest bytes."""
    cdef bint negative = at[0] == c"-"
    cdef uint64_t number = 0
    at = take_digits(at + negative, &number)
    if at == NULL:
        return NULL
    if kind == SIGNED32 or kind == SIGNED64:
        if number > (<uint64_t>UINT32_MAX if kind == SIGNED32 else <uint64_t>UINT64_MAX) >> 1:
            return NULL  # the least of all is left to the twin
    elif negative:
        return NULL
    elif kind == NUMBER32:
        if number > UINT32_MAX:
            return NULL
    elif kind == NUMBER16:
        if number > 0xFFFF:
            return NULL
    elif kind == NUMBER8:
        if number > 0xFF:
            return NULL
    value[0] = 0 - number if negative else number
    return at


cdef const char* take_name(
    Cell* cell, const char* at, const char* end, uint64_t* value
) noexcept nogil:
    """Take a name in quotes, of which the first one is behind us."""
    cdef const Text* name = cell.names + cell.last
    cdef size_t left = end - at
    cdef int n
    if not (name.length and name.length < left and at[name.length] == c'"'
            and memcmp(at, name.data, name.length) == 0):
        for n in range(256):
            name = cell.names + n
            if (name.length and name.length < left and at[name.length] == c'"'
                    and memcmp(at, name.data, name.length) == 0):
                break
        else:
            return NULL
        cell.last = n
    value[0] = cell.last
    return at + name.length + 1


cdef const char* take_address(const char* at, uint8_t* address) noexcept nogil:
    """Take an address in quotes, of which the first one is behind us."""
    cdef char text[LONGEST_ADDRESS + 1]
    cdef int length = 0
    cdef bint colon = False
    cdef uint32_t octet, octets = 0
    cdef int digits = 0
    # Of IPv4 all is done at once: most are, and inet_pton(3) would take as long as the whole row.
    memset(address, 0, 10)
    memset(address + 10, 0xFF, 2)
    octet = 0
    while length <= 15:
        if c"0" <= at[length] <= c"9":
            if digits and octet == 0:
                break
            octet = 10 * octet + (at[length] - c"0")
            digits += 1
            if octet > 255:
                break
        elif at[length] == c"." or at[length] == c'"':
            if not digits or octets > 3:
                break
            address[12 + octets] = octet
            octets += 1
            if at[length] == c'"':
                return at + length + 1 if octets == 4 else NULL
            octet = 0
            digits = 0
        else:
            break
        length += 1
    length = 0
    while at[length] != c'"':
        if length == LONGEST_ADDRESS or at[length] <= 32 or at[length] == c"\\":
            return NULL
        colon = colon or at[length] == c":"
        text[length] = at[length]
        length += 1
    text[length] = 0
    if length == 0:
        memset(address, 0, 16)
    elif not colon or inet_pton(AF_INET6, text, address) != 1:
        return NULL
    return at + length + 1


cdef inline int nibble(char digit) noexcept nogil:
    if c"0" <= digit <= c"9":
        return digit - c"0"
    return digit - c"a" + 10 if c"a" <= digit <= c"f" else -1


# -- lines out


@cython.internal
@cython.final
cdef class SocketBlocks:
    """The lines of all sockets, in blocks of about 1 MiB."""

    cdef SocketRows rows
    cdef Cells cells
    cdef Py_ssize_t at

    def __init__(self, SocketRows rows not None):
        self.rows = rows
        self.cells = Cells(rows.column_names())

    def __iter__(self):
        return self

    def __next__(self):
        cdef Out out
        cdef int failed = 0
        if self.at >= self.rows.length:
            raise StopIteration
        memset(&out, 0, sizeof(out))
        try:
            with nogil:
                while self.at < self.rows.length and out.length < BLOCK:
                    failed = self.put_row(self.at, &out)
                    if failed:
                        break
                    self.at += 1
            if failed:
                raise MemoryError()
            return PyBytes_FromStringAndSize(out.data, out.length)
        finally:
            free(out.data)

    cdef int put_row(self, Py_ssize_t n, Out* out) noexcept nogil:
        cdef Cell* cell
        cdef const char* place
        cdef const uint8_t* value
        cdef const uint64_t* offsets
        cdef uint64_t number = 0
        cdef size_t length
        cdef int c
        if room(out, (self.cells.count + 2) * CELL) != 0:
            return -1
        put(out, b'["socket"', 9)
        for c in range(self.cells.count):
            cell = &self.cells.cells[c]
            put_byte(out, c",")
            if cell.kind == TEXT or cell.kind == RAW:
                offsets = self.rows.blobs[cell.column - BLOBS].offsets + n
                value = <const uint8_t*>self.rows.blobs[cell.column - BLOBS].data + offsets[0]
                length = offsets[1] - offsets[0]
                if room(out, (self.cells.count + 2) * CELL + 5 * length) != 0:
                    return -1
                if cell.kind == TEXT:
                    put_text(out, value, length)
                else:
                    put_raw(out, value, length)
                continue
            place = self.rows.store[cell.column] + n * cell.width
            if cell.kind == ADDRESS:
                put_address(
                    out, <const uint8_t*>place, (<uint8_t*>self.rows.store[FAMILY])[n])
                continue
            if cell.kind == NUMBER8:
                number = (<const uint8_t*>place)[0]
            elif cell.kind == NUMBER16:
                number = (<const uint16_t*>place)[0]
            elif cell.kind == NUMBER32 or cell.kind == SIGNED32:
                number = (<const uint32_t*>place)[0]
            else:
                number = (<const uint64_t*>place)[0]
            if cell.nullable and number == cell.unknown:
                put(out, b"null", 4)
            elif cell.names != NULL and cell.names[number].length:
                put_byte(out, c'"')
                put(out, cell.names[number].data, cell.names[number].length)
                put_byte(out, c'"')
            elif cell.kind == SIGNED32:
                put_signed(out, <int32_t>number)
            elif cell.kind == SIGNED64:
                put_signed(out, <int64_t>number)
            else:
                put_unsigned(out, number)
        if self.rows.heads is not None:
            put_owner_state(out, (<const int32_t*>self.rows.heads.data)[n])
        put(out, b"]\n", 2)
        return 0


cdef inline void put_owner_state(Out* out, int32_t head) noexcept nogil:
    if head >= 0:
        put(out, b',"found"', 8)
    elif head == -1:
        put(out, b',"none"', 7)
    elif head == -2:
        put(out, b',"hidden"', 9)
    else:
        put(out, b',"unknown"', 10)


def socket_blocks(SocketRows rows not None):
    """Return the lines of all sockets in blocks of about 1 MiB."""
    return SocketBlocks(rows)


def owner_blocks(OwnerRows owners not None):
    """Yield the lines of all owners in blocks of about 1 MiB."""
    cdef Py_ssize_t at = 0
    while at < owners.length:
        block, at = owner_block(owners, at)
        yield block


def owner_states(SocketRows rows not None):
    """Return the owner state of each row as a byte: 0 found, 1 none, 2 hidden, 3 unknown."""
    if rows.heads is None:
        return b""
    cdef bytes made = PyBytes_FromStringAndSize(NULL, rows.length)
    cdef char* states = PyBytes_AS_STRING(made)
    cdef const int32_t* heads = <const int32_t*>rows.heads.data
    cdef Py_ssize_t i
    for i in range(rows.length):
        states[i] = <char>(0 if heads[i] >= 0 else -heads[i])
    return made


cdef tuple owner_block(OwnerRows owners, Py_ssize_t n):
    cdef Out out
    cdef int failed = 0
    memset(&out, 0, sizeof(out))
    try:
        with nogil:
            while n < owners.length and out.length < BLOCK:
                failed = room(&out, 8 * CELL)
                if failed:
                    break
                put(&out, b'["owner",', 9)
                put_unsigned(&out, (<const uint64_t*>owners.store[OWNER_INODE])[n])
                put_byte(&out, c",")
                put_signed(&out, (<const int32_t*>owners.store[OWNER_PID])[n])
                put_byte(&out, c",")
                put_signed(&out, (<const int32_t*>owners.store[OWNER_FD])[n])
                put_byte(&out, c",")
                put_signed(&out, (<const int32_t*>owners.store[OWNER_TID])[n])
                put_byte(&out, c",")
                put_unsigned(&out, (<const uint32_t*>owners.store[OWNER_PROCESS])[n])
                put(&out, b"]\n", 2)
                n += 1
        if failed:
            raise MemoryError()
        return PyBytes_FromStringAndSize(out.data, out.length), n
    finally:
        free(out.data)


@cython.internal
@cython.final
cdef class Cells:
    """What is known of the cells of a row, in their order."""

    cdef Cell cells[ALL]
    cdef int count
    cdef list kept           # what the cells point into

    def __init__(self, columns):
        cdef Cell* cell
        cdef Text* names
        cdef bytes text
        self.kept = []
        for name in columns:
            spec = SPECS[POSITIONS[name]]
            cell = &self.cells[self.count]
            memset(cell, 0, sizeof(Cell))
            cell.column = POSITIONS[name]
            if spec.format == "v":
                cell.kind = TEXT if name in plain.TEXTS else RAW
            else:
                cell.kind = KINDS[spec.format]
                cell.width = WIDTHS[spec.format]
            if spec.unknown is not None:
                cell.nullable = True
                cell.unknown = spec.unknown & ((1 << 8 * WIDTHS[spec.format]) - 1)
            if name in plain.VOCABULARIES:
                array = bytearray(256 * sizeof(Text))
                names = <Text*><char*>array
                self.kept.append(array)
                for number, word in plain.VOCABULARIES[name].items():
                    text = word.encode()
                    self.kept.append(text)
                    names[<int>number].data = text
                    names[<int>number].length = len(text)
                cell.names = names
            self.count += 1


# -- lines in


@cython.internal
cdef class Reader:
    """Takes lines and makes rows of them."""

    def feed(self, bytes block not None, Py_ssize_t at, Py_ssize_t most):
        """Take the whole lines of a block from a place on, at most so many.

        Returns where the first line begins that was not taken, and how many were. RowError, with
        the place of the line, for one that is no row.
        """
        cdef const char* data = PyBytes_AS_STRING(block)
        cdef const char* start = data + at
        cdef const char* stop = data + PyBytes_GET_SIZE(block)
        cdef const char* end = start
        cdef Py_ssize_t rows = 0
        cdef int taken = 1
        while True:
            with nogil:
                while rows < most:
                    end = <const char*>memchr(start, c"\n", stop - start)
                    if end == NULL:
                        break
                    taken = self.take(start, end)
                    if taken <= 0:
                        break
                    rows += 1
                    start = end + 1
            if end == NULL or rows >= most:
                return start - data, rows
            if taken < 0:
                raise MemoryError()
            try:
                self.take_slowly(block[start - data:end - data])
            except plain.RowError as error:
                error.position, error.rows = start - data, rows
                raise
            rows += 1
            start = end + 1

    cdef int take(self, const char* at, const char* end) noexcept nogil:
        """Take a line: 1, or 0 where it is not as they are written here; -1 without memory."""
        return 0

    cdef int take_slowly(self, bytes line) except -1:
        """Take a line as the twin reads it; RowError."""
        raise NotImplementedError


@cython.final
cdef class SocketReader(Reader):
    """Fills a table from lines whose values are `columns`; `expected` is how many will come."""

    cdef readonly SocketRows table
    cdef readonly Column states    # with owners: the owner state of each row
    cdef Cells cells
    cdef tuple columns
    cdef bint owners
    cdef uint8_t last_state
    cdef int absent[ALL]           # columns of the table that the file has not
    cdef int absent_count
    cdef uint64_t fills[ALL]       # and what their rows are
    cdef size_t widths[ALL]

    def __init__(self, SocketRows table not None, columns, bint owners, Py_ssize_t expected):
        self.table = table
        self.columns = tuple(columns)
        self.cells = Cells(self.columns)
        self.owners = owners
        self.states = new_column("owner_state", "B", 0)
        for name in table.column_names():
            if name not in self.columns:
                spec = SPECS[POSITIONS[name]]
                self.absent[self.absent_count] = POSITIONS[name]
                self.widths[self.absent_count] = WIDTHS.get(spec.format, 0)
                self.fills[self.absent_count] = (spec.unknown or 0) & (2**64 - 1)
                self.absent_count += 1
        if self.make_room(expected) != 0:
            raise MemoryError()

    @property
    def blob_bytes(self):
        """How many there are in columns of variable width."""
        cdef int b
        found = 0
        for b in range(BLOB_COUNT):
            if self.table.blobs[b].offsets != NULL:
                found += self.table.blobs[b].offsets[self.table.length]
        return found

    cdef int make_room(self, Py_ssize_t rows) noexcept nogil:
        cdef int failed
        if self.table.reserve(rows) != 0:
            return -1
        with gil:
            self.states.length = self.table.length if self.owners else 0
            failed = self.states.reserve(rows if self.owners else 0)
        return failed

    cdef int take(self, const char* at, const char* end) noexcept nogil:
        cdef Py_ssize_t n = self.table.length
        cdef Cell* cell
        cdef char* place
        cdef uint64_t number = 0
        cdef int c
        if n == self.table.capacity and self.make_room(n + n // 2 + FIRST_ROWS) != 0:
            return -1
        if end - at < 9 or memcmp(at, b'["socket"', 9) != 0:
            return 0
        at += 9
        for c in range(self.cells.count):
            if at[0] != c",":
                return 0
            at += 1
            cell = &self.cells.cells[c]
            if cell.kind == TEXT or cell.kind == RAW:
                at = self.take_bytes(cell, n, at, end)
                if at == NULL:
                    return 0
                continue
            place = self.table.store[cell.column] + n * cell.width
            if cell.kind == ADDRESS:
                at = take_address(at + 1, <uint8_t*>place) if at[0] == c'"' else NULL
                if at == NULL:
                    return 0
                continue
            if at[0] == c'"':
                at = NULL if cell.names == NULL else take_name(cell, at + 1, end, &number)
            elif at[0] == c"n":
                if not cell.nullable or end - at < 4 or memcmp(at, b"null", 4) != 0:
                    return 0
                number = cell.unknown
                at += 4
            else:
                at = take_number(at, cell.kind, &number)
            if at == NULL:
                return 0
            put_number(place, cell.width, number)
        if self.owners:
            at = self.take_state(at, end)
            if at == NULL:
                return 0
            (<uint8_t*>self.states.data)[n] = self.last_state
        if at + 1 != end or at[0] != c"]":
            return 0
        self.fill_absent(n)
        self.table.length = n + 1
        return 1

    cdef const char* take_state(self, const char* at, const char* end) noexcept nogil:
        cdef size_t left = end - at
        if left > 8 and memcmp(at, b',"found"', 8) == 0:
            self.last_state = 0
            return at + 8
        if left > 7 and memcmp(at, b',"none"', 7) == 0:
            self.last_state = 1
            return at + 7
        if left > 9 and memcmp(at, b',"hidden"', 9) == 0:
            self.last_state = 2
            return at + 9
        if left > 10 and memcmp(at, b',"unknown"', 10) == 0:
            self.last_state = 3
            return at + 10
        return NULL

    cdef const char* take_bytes(
        self, Cell* cell, Py_ssize_t n, const char* at, const char* end
    ) noexcept nogil:
        """Take bytes behind those of the rows before; the twin knows escapes, and memory's end."""
        cdef int b = cell.column - BLOBS
        cdef uint64_t start = self.table.blobs[b].offsets[n]
        cdef const char* close
        cdef const char* here
        cdef char* to
        cdef size_t length
        cdef int high, low
        if at[0] != c'"':
            return NULL
        at += 1
        close = <const char*>memchr(at, c'"', end - at)
        if close == NULL:
            return NULL
        length = close - at
        if length > self.table.blobs[b].bytes_held - start:
            if self.table.grow_blob(b, start, length) != 0:
                return NULL
        to = self.table.blobs[b].data + start
        here = at
        if cell.kind == TEXT:
            while here < close:
                if here[0] == c"\\" or here[0] < 0x20 or here[0] > 0x7E:
                    return NULL
                here += 1
            if length:
                memcpy(to, at, length)
        else:
            if length % 2:
                return NULL
            length //= 2
            while here < close:
                high = nibble(here[0])
                low = nibble(here[1])
                if high < 0 or low < 0:
                    return NULL
                to[0] = <char>(high << 4 | low)
                to += 1
                here += 2
        self.table.blobs[b].offsets[n + 1] = start + length
        return close + 1

    cdef void fill_absent(self, Py_ssize_t n) noexcept nogil:
        cdef char* place
        cdef int i, column
        for i in range(self.absent_count):
            column = self.absent[i]
            if column >= BLOBS:
                self.table.blobs[column - BLOBS].offsets[n + 1] = (
                    self.table.blobs[column - BLOBS].offsets[n])
                continue
            place = self.table.store[column] + n * self.widths[i]
            if self.widths[i] == 16:
                memset(place, 0, 16)
            else:
                put_number(place, self.widths[i], self.fills[i])

    cdef int take_slowly(self, bytes line) except -1:
        cdef Py_ssize_t n = self.table.length
        values = plain.parse_socket(line, self.columns, self.owners)
        if self.owners:
            (<uint8_t*>self.states.data)[n] = values.pop()
        for name, value in zip(self.columns, values):
            column = self.table.columns[<int>POSITIONS[name]]
            if isinstance(column, BlobColumn):
                (<BlobColumn>column).put(n, value)
            else:
                (<Column>column).put(n, value)
        self.table.point()
        self.fill_absent(n)
        self.table.length = n + 1
        return 0

    def finish(self):
        """Freeze the table: all rows have come."""
        self.states.trim(self.table.length if self.owners else 0)
        self.table.finish()


cdef inline void put_number(char* place, size_t width, uint64_t number) noexcept nogil:
    if width == 1:
        (<uint8_t*>place)[0] = <uint8_t>number
    elif width == 2:
        (<uint16_t*>place)[0] = <uint16_t>number
    elif width == 4:
        (<uint32_t*>place)[0] = <uint32_t>number
    else:
        (<uint64_t*>place)[0] = number


@cython.final
cdef class OwnerReader(Reader):
    """Fills owner rows of processes that are there already."""

    cdef readonly OwnerRows owners
    cdef uint64_t process_count

    def __init__(self, OwnerRows owners not None, Py_ssize_t expected):
        self.owners = owners
        self.process_count = len(owners.processes)
        if owners.reserve(expected) != 0:
            raise MemoryError()

    cdef int take(self, const char* at, const char* end) noexcept nogil:
        cdef uint64_t numbers[5]
        cdef int i
        if end - at < 8 or memcmp(at, b'["owner"', 8) != 0:
            return 0
        at += 8
        for i in range(5):
            if at[0] != c",":
                return 0
            at = take_number(
                at + 1,
                NUMBER64 if i == OWNER_INODE else NUMBER32 if i == OWNER_PROCESS else SIGNED32,
                &numbers[i],
            )
            if at == NULL:
                return 0
        if at + 1 != end or at[0] != c"]" or numbers[OWNER_PROCESS] >= self.process_count:
            return 0
        if self.owners.push(
            numbers[OWNER_INODE], <int>numbers[OWNER_PID], <int>numbers[OWNER_FD],
            <int>numbers[OWNER_TID], <unsigned int>numbers[OWNER_PROCESS],
        ) != 0:
            return -1
        return 1

    cdef int take_slowly(self, bytes line) except -1:
        inode, pid, fd, tid, process = plain.parse_owner(line, self.process_count)
        if self.owners.push(inode, pid, fd, tid, process) != 0:
            raise MemoryError()
        return 0

    def finish(self):
        """Freeze the owners: all rows have come."""
        self.owners.finish()


# -- columns as they lie in memory: what another form of file brings


def append_sockets(SocketRows table not None, dict columns not None, Py_ssize_t count):
    """Take over `count` rows from buffers by column; of variable width: (offsets, bytes).

    Columns that are not given are unknown. ValueError for a buffer of another size, and for
    offsets that do not lie in the bytes.
    """
    cdef Py_ssize_t n = table.length
    cdef Py_ssize_t i
    cdef size_t width
    cdef uint64_t fill
    cdef const uint8_t[::1] memory
    cdef char* place
    if count == 0:
        return
    if n + count > table.capacity and table.reserve(n + count + n // 2) != 0:
        raise MemoryError()
    for name in table.column_names():
        spec = SPECS[POSITIONS[name]]
        column = table.columns[<int>POSITIONS[name]]
        given = columns.get(name)
        if isinstance(column, BlobColumn):
            append_bytes(column, n, given, count)
            continue
        width = WIDTHS[spec.format]
        place = (<Column>column).data + n * width
        if given is not None:
            memory = checked(name, given, count * width)
            memcpy(place, &memory[0], count * width)
        elif width == 16:
            memset(place, 0, 16 * count)
        else:
            fill = (spec.unknown or 0) & (2**64 - 1)
            for i in range(count):
                put_number(place + i * width, width, fill)
    table.point()
    table.length = n + count


cdef object checked(str name, object given, size_t size):
    """Return a buffer as bytes; ValueError where there are not so many."""
    memory = memoryview(given)
    if memory.nbytes != size:
        raise ValueError(f"{name}: {memory.nbytes} bytes, and not {size}")
    return memory.cast("B")


cdef int append_bytes(BlobColumn column, Py_ssize_t n, object given, Py_ssize_t count) except -1:
    cdef uint64_t* offsets = <uint64_t*>column.offsets.data + n
    cdef const uint8_t[::1] memory
    cdef const uint64_t* theirs
    cdef uint64_t start = offsets[0]
    cdef uint64_t size
    cdef Py_ssize_t i
    if given is None:
        for i in range(1, count + 1):
            offsets[i] = start
        return 0
    memory = checked(column.name, given[0], 8 * (count + 1))
    theirs = <const uint64_t*>&memory[0]
    size = memoryview(given[1]).nbytes
    for i in range(count):
        if theirs[i] > theirs[i + 1] or theirs[i + 1] > size:
            raise ValueError(f"{column.name}: offsets that do not lie in its bytes")
        offsets[i + 1] = start + theirs[i + 1] - theirs[0]
    size = theirs[count] - theirs[0]
    if size:
        if column.reserve_data(start, size) != 0:
            raise MemoryError()
        start = theirs[0]
        memory = memoryview(given[1]).cast("B")
        memcpy(column.data.data + offsets[0], &memory[start], size)
    return 0


def append_owners(OwnerRows owners not None, dict columns not None, Py_ssize_t count):
    """Take over `count` rows of owners, as `append_sockets`; of processes that are there."""
    cdef Py_ssize_t n = owners.length
    cdef Py_ssize_t i
    cdef uint32_t processes = len(owners.processes)
    cdef const uint8_t[::1] memory
    cdef int c
    if count == 0:
        return
    if n + count > owners.capacity and owners.reserve(n + count + n // 2) != 0:
        raise MemoryError()
    for c, spec in enumerate(specs.OWNER_COLUMNS):
        width = WIDTHS[spec.format]
        memory = checked(spec.name, columns[spec.name], count * width)
        memcpy(owners.store[c] + n * <Py_ssize_t>width, &memory[0], memory.shape[0])
    for i in range(n, n + count):
        if (<uint32_t*>owners.store[OWNER_PROCESS])[i] >= processes:
            raise ValueError("an owner of a process that is not there")
    owners.length = n + count


def finish_rows(rows not None):
    """Freeze what was appended to."""
    if isinstance(rows, SocketRows):
        (<SocketRows>rows).finish()
    else:
        (<OwnerRows>rows).finish()


def join(SocketRows table not None, OwnerRows owners not None, states):
    """Attach owners to the sockets, which have these owner states; -1, or the row that is wrong.

    A row is wrong where the state says that an owner was found, and none has its inode.
    """
    cdef Column heads = group.OwnerIndex(owners).heads(table, -3)
    cdef const uint8_t[::1] numbers
    cdef Py_ssize_t i
    if table.length:
        numbers = checked("owner_state", states, table.length)
        for i in range(table.length):
            if numbers[i]:
                (<int32_t*>heads.data)[i] = -<int32_t>numbers[i]
            elif (<int32_t*>heads.data)[i] < 0:
                return i
    table.attach_owners(owners, heads)
    return -1
