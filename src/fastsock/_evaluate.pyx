"""What one term of an expression says of each row: a mark a row, and how marks are joined.

Take `( dport = 443 or src 10.0.0.0/8 ) and not state time-wait`. Each of its three terms is asked
of its column and leaves marks, a byte a row, 1 where it holds; `or`, `not` and `and` are then
loops over such bytes, and the rows that are marked in the end are picked. No object stands for a
row: this one, say, of which the second term's mark is 1 for 10.0.0.5

  0: 0500000A:01BB 0200A8C0:D431 01 00000000:00000000 00:00000000 00000000 33 0 41 1 0 20 4 30 10 -1
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastsock._columns cimport FAMILY, LOCAL_PORT, NETNS, PROTOCOL
from fastsock._interval cimport (
    Interval, Intervals, contains, contains_address, put_interval,
)
from fastsock._table cimport Column, SocketRows, new_column

from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS
from fastsock.ranges import unite

cdef enum:
    UNIX = 1  # FAMILIES["unix"] in tcp.py
    IPV4 = 2
    IPV6 = 10
    PORTS = 65536

# Bytes of a column's value, and where it stands.
cdef dict SIZES = {"B": 1, "H": 2, "I": 4, "Q": 8, "16s": 16}
cdef dict PLACES = {
    spec.name: (place, SIZES[spec.format])
    for place, spec in enumerate(SOCKET_COLUMNS + OPTIONAL_COLUMNS)
    if spec.format in SIZES
}
# By bytes; the numbers of Python, since those of C end at 64 bits.
cdef dict LARGEST = {size: int.from_bytes(b"\xff" * size, "big") for size in SIZES.values()}


cdef inline void put_table(uint8_t* table, object ranges):
    """Set the bytes of a table of answers from sorted ranges."""
    for first, last in ranges:
        memset(table + <Py_ssize_t>first, 1, <size_t>(last - first + 1))


cdef void look_up_bytes(
    const uint8_t* column, Py_ssize_t rows, const uint8_t* table, uint8_t* marks
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        marks[i] = table[column[i]]


cdef void look_up_words(
    const uint16_t* column, Py_ssize_t rows, const uint8_t* table, uint8_t* marks
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        marks[i] = table[column[i]]


cdef void search_numbers(
    const char* column, int size, Py_ssize_t rows, const Intervals* wanted, uint8_t* marks
) noexcept nogil:
    cdef uint64_t first, width
    cdef Py_ssize_t i
    if wanted.length == 1:  # nearly always: one user, more than so many bytes
        first = wanted.items[0].first_low
        width = wanted.items[0].last_low - first
        if size == 4:
            for i in range(rows):
                marks[i] = (<const uint32_t*>column)[i] - first <= width
        else:
            for i in range(rows):
                marks[i] = (<const uint64_t*>column)[i] - first <= width
    elif size == 4:
        for i in range(rows):
            marks[i] = contains(wanted, 0, (<const uint32_t*>column)[i])
    else:
        for i in range(rows):
            marks[i] = contains(wanted, 0, (<const uint64_t*>column)[i])


cdef void search_addresses(
    const uint8_t* column,
    const uint8_t* families,
    Py_ssize_t rows,
    const Intervals* ipv4,
    const Intervals* ipv6,
    uint8_t* marks,
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        if families[i] == IPV4:
            marks[i] = contains_address(ipv4, column + 16 * i)
        elif families[i] == IPV6:
            marks[i] = contains_address(ipv6, column + 16 * i)
        else:
            marks[i] = 0


cdef void leave_unix_out(const uint8_t* families, Py_ssize_t rows, uint8_t* marks) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        marks[i] &= families[i] != UNIX


cdef Column new_marks(Py_ssize_t rows):
    return new_column("mark", "B", rows)


cdef Column equal_marks(Py_ssize_t rows, uint8_t mark):
    """Return marks that are all the same."""
    cdef Column made = new_marks(rows)
    if rows:  # none have no memory, and C gives memset(NULL, …, 0) no meaning
        memset(made.data, mark, rows)
    return made


cdef int set_intervals(Intervals* wanted, object ranges) except -1:
    """Allocate and fill; ranges are sorted and apart."""
    cdef Py_ssize_t i
    wanted.items = <Interval*>calloc(len(ranges) + 1, sizeof(Interval))
    if wanted.items == NULL:
        raise MemoryError()
    for i, (first, last) in enumerate(ranges):
        put_interval(&wanted.items[i], first, last)
    wanted.length = len(ranges)
    return 0


cdef const char* column_of(SocketRows rows, str name) except NULL:
    """Return where a column lies; as `rows.column`, KeyError where it does not."""
    cdef const char* column = rows.store[<int>PLACES[name][0]]
    if column == NULL:
        rows.column(name)  # raises, unless the column is there and empty
        return b""
    return column


def mark_numbers(SocketRows rows not None, str name, ranges, bint ends=False):
    """Return marks for the values of a column; with `ends` never for a UNIX socket."""
    cdef Column made = new_marks(rows.length)
    cdef uint8_t* marks = <uint8_t*>made.data
    cdef int size = PLACES[name][1]
    cdef const char* column = column_of(rows, name)
    cdef Intervals wanted
    cdef uint8_t* table
    united = unite(ranges, LARGEST[size])
    if size <= 2:
        table = <uint8_t*>calloc(1 << (8 * size), 1)
        if table == NULL:
            raise MemoryError()
        put_table(table, united)
        with nogil:
            if size == 1:
                look_up_bytes(<const uint8_t*>column, rows.length, table, marks)
            else:
                look_up_words(<const uint16_t*>column, rows.length, table, marks)
        free(table)
    else:
        set_intervals(&wanted, united)
        with nogil:
            search_numbers(column, size, rows.length, &wanted, marks)
        free(wanted.items)
    if ends:
        with nogil:
            leave_unix_out(<const uint8_t*>rows.store[FAMILY], rows.length, marks)
    return made


def mark_addresses(SocketRows rows not None, str name, values):
    """Return marks for addresses, by (family, first, last): what one of a family may be."""
    cdef Column made = new_marks(rows.length)
    cdef const char* column = column_of(rows, name)
    cdef Intervals ipv4, ipv6
    most = LARGEST[16]
    ipv4.items = ipv6.items = NULL
    try:
        set_intervals(&ipv4, unite([(a, b) for family, a, b in values if family == IPV4], most))
        set_intervals(&ipv6, unite([(a, b) for family, a, b in values if family == IPV6], most))
        with nogil:
            search_addresses(
                <const uint8_t*>column,
                <const uint8_t*>rows.store[FAMILY],
                rows.length,
                &ipv4,
                &ipv6,
                <uint8_t*>made.data,
            )
    finally:
        free(ipv4.items)
        free(ipv6.items)
    return made


def mark_masked(SocketRows rows not None, values):
    """Return marks for SO_MARK, by (value, mask)."""
    cdef Column made = equal_marks(rows.length, 0)
    cdef uint8_t* marks = <uint8_t*>made.data
    cdef const uint32_t* column = <const uint32_t*>column_of(rows, "mark")
    cdef uint32_t wanted, mask
    cdef Py_ssize_t i
    for value, bits in values:
        wanted, mask = value, bits
        with nogil:
            for i in range(rows.length):
                marks[i] |= column[i] & mask == wanted
    return made


cdef const uint8_t* answers_of(object table) except? NULL:
    """Return where a table of ports lies, which somebody keeps; NULL for None."""
    cdef bytearray array
    cdef bytes text
    if table is None:
        return NULL
    if isinstance(table, bytearray):
        array = table
        return <const uint8_t*><const char*>array
    text = table
    return <const uint8_t*><const char*>text


def mark_listening(SocketRows rows not None, tables):
    """Return marks for local ports, by {(netns, protocol): a byte for each port}."""
    cdef Column made = equal_marks(rows.length, 0)
    cdef uint8_t* marks = <uint8_t*>made.data
    cdef const uint64_t* spaces = <const uint64_t*>rows.store[NETNS]
    cdef const uint8_t* protocols = <const uint8_t*>rows.store[PROTOCOL]
    cdef const uint16_t* ports = <const uint16_t*>rows.store[LOCAL_PORT]
    cdef const uint8_t* table = NULL
    cdef Py_ssize_t i
    for listened in tables.values():
        if len(listened) != PORTS:
            raise ValueError(f"a table of ports has {PORTS} bytes, not {len(listened)}")
    for i in range(rows.length):
        # Those of one namespace stand together: it is not for each row that this is looked up.
        if i == 0 or spaces[i] != spaces[i - 1] or protocols[i] != protocols[i - 1]:
            table = answers_of(tables.get((spaces[i], protocols[i])))
        if table != NULL:
            marks[i] = table[ports[i]]
    return made


def mark_rows(Py_ssize_t rows, Column indices not None):
    """Return marks for the rows at `indices` ("I"), of so many."""
    cdef Column made = equal_marks(rows, 0)
    cdef uint8_t* marks = <uint8_t*>made.data
    cdef const uint32_t* index = <const uint32_t*>indices.data
    cdef Py_ssize_t i
    if indices.format != "I":
        raise TypeError(f"indices are a column of I, not of {indices.format}")
    for i in range(indices.length):
        if index[i] >= rows:
            raise IndexError(f"row {index[i]} of {rows}")
        marks[index[i]] = 1
    return made


def mark_all(Py_ssize_t rows):
    """Return marks for all rows."""
    return equal_marks(rows, 1)


def both(Column one not None, Column other not None):
    """Return marks where both have one; in the memory of the first."""
    cdef uint8_t* marks = <uint8_t*>one.data
    cdef const uint8_t* more = <const uint8_t*>other.data
    cdef Py_ssize_t i
    check_lengths(one, other)
    with nogil:
        for i in range(one.length):
            marks[i] &= more[i]
    return one


def either(Column one not None, Column other not None):
    """Return marks where one of them has one; in the memory of the first."""
    cdef uint8_t* marks = <uint8_t*>one.data
    cdef const uint8_t* more = <const uint8_t*>other.data
    cdef Py_ssize_t i
    check_lengths(one, other)
    with nogil:
        for i in range(one.length):
            marks[i] |= more[i]
    return one


def neither(Column one not None):
    """Return marks where there was none; in the same memory."""
    cdef uint8_t* marks = <uint8_t*>one.data
    cdef Py_ssize_t i
    with nogil:
        for i in range(one.length):
            marks[i] ^= 1
    return one


def marked(Column marks not None):
    """Return the indices of the rows with a mark, in order ("index", uint32)."""
    cdef Column found = new_column("index", "I", marks.length)
    cdef const uint8_t* mark = <const uint8_t*>marks.data
    cdef uint32_t* index = <uint32_t*>found.data
    cdef Py_ssize_t matched = 0
    cdef Py_ssize_t i
    with nogil:
        for i in range(marks.length):
            index[matched] = <uint32_t>i
            matched += mark[i]
        found.trim(matched)
    return found


cdef int check_lengths(Column one, Column other) except -1:
    if one.length != other.length or one.itemsize != 1 or other.itemsize != 1:
        raise ValueError("marks of different rows")
    return 0
