"""Listings in the manner of other tools: a list of cell kernels, run over lines.

A line is of a socket, of a descriptor that holds one, or of neither. Its cells are written once,
without the GIL, one behind the other into a buffer, with the length of each beside; when the widths
are known they are copied to their places. Three lines of three tools:

    tcp   LISTEN 0      128        127.0.0.1:80        0.0.0.0:*    users:(("nginx",pid=12,fd=6))
    nginx    12   www    6u  IPv4  2801      0t0  TCP 127.0.0.1:80 (LISTEN)
    tcp        0      0 127.0.0.1:80            0.0.0.0:*               LISTEN      12/nginx

Of a long listing the cells whose width matters are looked at twice: once for the widths, where most
tell their length without a text, once for the text. That is quicker than fresh memory.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

from fastsock._columns cimport OWNER_FD, OWNER_PID, OWNER_PROCESS, OWNER_TID
from fastsock._hash cimport mix, prefetch, scale
from fastsock._ss_text cimport Told, write_ss_extras
from fastsock._table cimport BlobColumn, Column, OwnerRows, SocketRows, new_column
from fastsock._text cimport (
    FS_HEX,
    Out,
    Text,
    count_digits,
    put,
    put_byte,
    put_ipv4,
    put_ipv6,
    put_signed,
    put_unsigned,
    room,
)

from struct import calcsize

from fastsock import columns as specs
from fastsock._ss_text import SHOWS
from fastsock.layout import Lines

cdef enum:
    BLOCK = 1 << 20         # what leaves at once
    KEPT = 256 << 10        # cells that wait for the widths; to write others again costs less
    BATCH = 32 << 10        # cells whose widths are known: no more than the first cache holds
    CELL = 128              # more than any kernel writes without asking for room
    SLACK = 64              # copies of 32 bytes may reach so far behind a text
    AHEAD = 8               # lines, of which the rows are on their way into the cache
    MOST_AHEAD = 16         # columns
    CHUNK = (1 << 20) - 16  # of ss: a chunk of 1 MiB less its head
    AF_INET = 2
    AF_UNIX = 1
    LISTEN = 10
    TCP = 6
    UDP = 17

cdef tuple SPECS = specs.SOCKET_COLUMNS + specs.OPTIONAL_COLUMNS
cdef dict POSITIONS = {spec.name: n for n, spec in enumerate(SPECS)}
cdef dict FORMATS = {spec.name: spec.format for spec in SPECS}
cdef dict UNKNOWN = {spec.name: spec.unknown for spec in SPECS if spec.unknown is not None}

cdef uint8_t[12] MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]


cdef struct Line:
    size_t number
    int32_t socket   # -1: of none
    int32_t owner

# Numbers and their names, sorted by number; all 256 of a small column stand at their places.
cdef struct Names:
    size_t count
    uint64_t* numbers
    Text* texts

# Addresses and their names: a slot without a text is free.
cdef struct Host:
    uint64_t address[2]
    Text name

cdef struct Hosts:
    size_t size
    Host* slots

cdef struct Only:
    const uint8_t* values
    uint8_t[256] has

# The owners of the sockets, and a place to sort those of one.
cdef struct Owners:
    const int32_t* heads
    const int32_t* following
    const int32_t* pids
    const int32_t* fds
    const int32_t* tids
    const uint32_t* processes
    int32_t* found
    size_t capacity

# A column that is read in the order of lines.
cdef struct Ahead:
    const char* values
    size_t size

# A column of variable width.
cdef struct Texts:
    const uint64_t* offsets
    const char* data

cdef struct Piece

ctypedef int (*Kernel)(Piece* piece, const Line* line, Out* out) noexcept nogil
ctypedef size_t (*Sizer)(const Piece* piece, const Line* line) noexcept nogil

cdef struct Piece:
    Kernel write
    Sizer size               # how much that would be, where it is quicker to tell; else NULL
    bint simple              # nothing stands around it
    bint of_socket           # nothing on lines without one
    bint of_owner
    bint right
    size_t least
    size_t longest
    bint measured
    size_t most
    Text lead
    Text tail
    Text before
    Only* only
    int only_count
    const Text* instead
    size_t instead_count
    Piece* for_unix
    const uint8_t* families

    const char* values       # of the column
    char format
    bint has_unknown
    uint64_t unknown
    Text unknown_text
    bint has_unless
    int64_t unless
    Names* names
    bint names_are_all       # by place, for columns of one byte
    bint others
    const uint8_t* protocols
    const uint8_t* types     # NULL where not held
    const Text* kinds        # 3 protocols, 3 families, 8 types
    const uint8_t* states
    const int32_t* limits
    const uint8_t* addresses
    const uint16_t* ports
    const uint8_t* v6only    # NULL where not held
    const uint32_t* bound_to
    Names* interfaces
    Hosts* hosts
    bint brackets
    bint plain_mapped
    Text any4
    Text any6
    uint32_t* port_names     # 65536 of TCP, then of UDP: one more than the place among texts
    const Text* port_texts
    Text no_port
    const uint64_t* offsets
    const char* data
    const uint8_t* plain
    void* escape             # a Python callable
    Text unnamed
    const Text* texts
    size_t text_count
    Owners* owners
    bint reverse
    bint threads
    const int64_t* expires
    const uint32_t* retransmits
    const uint32_t* timeouts
    Text unit
    int shows                # of ss_extras; its columns are NULL where not held
    Texts memory
    Texts info
    Texts congestion
    Texts attributes
    int star
    Text absent
    Piece* inside
    int inside_count


# -- leaves


cdef inline void put_text(Out* out, const Text* text) noexcept nogil:
    """Copy a text of ours. Most are short: 32 bytes at once, of which what follows writes over."""
    memcpy(out.data + out.length, text.data, 32)
    if text.length > 32:
        memcpy(out.data + out.length + 32, text.data + 32, text.length - 32)
    out.length += text.length


cdef inline int put_long(Out* out, const Text* text) noexcept nogil:
    if text.length > 64 and room(out, text.length + CELL) != 0:
        return -1
    put_text(out, text)
    return 0


cdef inline void put_hex(Out* out, uint64_t value) noexcept nogil:
    cdef int shift = 60
    while shift and value >> shift == 0:
        shift -= 4
    while shift >= 0:
        put_byte(out, FS_HEX[value >> shift & 15])
        shift -= 4


cdef inline void put_two(Out* out, uint64_t value) noexcept nogil:
    put_byte(out, <char>(c"0" + value // 10))
    put_byte(out, <char>(c"0" + value % 10))


cdef inline void put_three(Out* out, uint64_t value) noexcept nogil:
    put_byte(out, <char>(c"0" + value // 100))
    put_two(out, value % 100)


cdef inline uint64_t read_value(const Piece* piece, size_t row) noexcept nogil:
    """The bits of a number; those below zero as they are in 64 bits."""
    if piece.format == c"B":
        return (<const uint8_t*>piece.values)[row]
    if piece.format == c"H":
        return (<const uint16_t*>piece.values)[row]
    if piece.format == c"I":
        return (<const uint32_t*>piece.values)[row]
    if piece.format == c"i":
        return <uint64_t><int64_t>(<const int32_t*>piece.values)[row]
    return (<const uint64_t*>piece.values)[row]


cdef inline const Text* find_name(const Names* names, uint64_t number) noexcept nogil:
    cdef size_t low = 0, high = names.count, middle
    while low < high:
        middle = (low + high) // 2
        if names.numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    if low < names.count and names.numbers[low] == number:
        return names.texts + low
    return NULL


cdef inline size_t host_place(const uint64_t* address, size_t size) noexcept nogil:
    cdef uint64_t hash = mix(address[0] ^ 0x9E3779B97F4A7C15ULL, address[1] | 1)
    return <size_t>scale(mix(hash, 0xD6E8FEB86659FD93ULL), size)


cdef inline const Text* find_host(const Hosts* hosts, const uint8_t* address) noexcept nogil:
    cdef uint64_t words[2]
    cdef size_t at
    memcpy(words, address, 16)
    at = host_place(words, hosts.size)
    while hosts.slots[at].name.data != NULL:
        if hosts.slots[at].address[0] == words[0] and hosts.slots[at].address[1] == words[1]:
            return &hosts.slots[at].name
        at = at + 1 if at + 1 < hosts.size else 0
    return NULL


cdef inline bint is_zero(const uint8_t* address, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        if address[i]:
            return False
    return True


# -- kernels: write the cell of one line. There is room for CELL bytes.


cdef int write_text(Piece* piece, const Line* line, Out* out) noexcept nogil:
    return put_long(out, piece.texts)


cdef int write_given(Piece* piece, const Line* line, Out* out) noexcept nogil:
    if line.number >= piece.text_count:
        return 0
    return put_long(out, piece.texts + line.number)


cdef int write_number(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef uint64_t value = read_value(piece, line.socket)
    if piece.has_unknown and value == piece.unknown:
        return put_long(out, &piece.unknown_text)
    if piece.has_unless and <int64_t>value == piece.unless:
        return 0
    if piece.format == c"i" or piece.format == c"q":
        put_signed(out, <int64_t>value)
    else:
        put_unsigned(out, value)
    return 0


cdef int write_hex(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef uint64_t value = read_value(piece, line.socket)
    if not (piece.has_unless and <int64_t>value == piece.unless):
        put_hex(out, value)
    return 0


cdef int write_named(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef uint64_t value = read_value(piece, line.socket)
    cdef const Text* name
    if piece.has_unless and <int64_t>value == piece.unless:
        return 0
    if piece.names_are_all:
        name = piece.names.texts + value
        if name.data == NULL:
            name = NULL
    else:
        name = find_name(piece.names, value)
    if name != NULL:
        return put_long(out, name)
    if piece.others:
        return write_number(piece, line, out)
    return 0


cdef inline const Text* find_kind(const Piece* piece, size_t row) noexcept nogil:
    cdef uint8_t protocol = piece.protocols[row]
    cdef uint8_t family = piece.families[row]
    cdef uint8_t type = 0 if piece.types == NULL else piece.types[row] & 7
    cdef int place = (0 if protocol == TCP else 1 if protocol == UDP else 2) * 3
    place += 0 if family == AF_INET else 2 if family == AF_UNIX else 1
    return piece.kinds + (place * 8 + type)


cdef int write_kind(Piece* piece, const Line* line, Out* out) noexcept nogil:
    put_text(out, find_kind(piece, line.socket))
    return 0


cdef int write_backlog(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """A listener's limit stands where the others' queue does."""
    if piece.states[line.socket] == LISTEN and piece.limits[line.socket] >= 0:
        put_unsigned(out, piece.limits[line.socket])
    else:
        put_unsigned(out, (<const uint32_t*>piece.values)[line.socket])
    return 0


cdef inline bint is_nowhere(const Piece* piece, size_t row) noexcept nogil:
    """The unspecified address, with port 0."""
    cdef const uint8_t* address = piece.addresses + 16 * row
    if piece.ports[row] or not is_zero(address, 10) or not is_zero(address + 12, 4):
        return False
    return is_zero(address + 10, 2) or memcmp(address, MAPPED, 12) == 0


cdef inline int put_host(Piece* piece, size_t row, Out* out) noexcept nogil:
    cdef const uint8_t* address = piece.addresses + 16 * row
    cdef bint dotted = piece.families[row] == AF_INET
    cdef const Text* name
    if not dotted and piece.plain_mapped and memcmp(address, MAPPED, 12) == 0:
        dotted = True
    if dotted:
        if piece.any4.data != NULL and is_zero(address + 12, 4):
            return put_long(out, &piece.any4)
    elif piece.any6.data != NULL and is_zero(address, 16):
        if piece.v6only == NULL or piece.v6only[row] != 1:
            return put_long(out, &piece.any6)
    if piece.hosts != NULL:
        name = find_host(piece.hosts, address)
        if name != NULL:
            return put_long(out, name)
    if dotted:
        put_ipv4(out, address + 12)
    elif piece.brackets:
        put_byte(out, c"[")
        put_ipv6(out, address)
        put_byte(out, c"]")
    else:
        put_ipv6(out, address)
    return 0


cdef inline int put_interface(Piece* piece, size_t row, Out* out) noexcept nogil:
    cdef uint32_t index
    cdef const Text* name
    if piece.bound_to == NULL or piece.bound_to[row] == 0:
        return 0
    index = piece.bound_to[row]
    name = find_name(piece.interfaces, index)
    put_byte(out, c"%")
    if name != NULL:
        return put_long(out, name)
    put(out, "if", 2)
    put_unsigned(out, index)
    return 0


cdef int write_address(Piece* piece, const Line* line, Out* out) noexcept nogil:
    if piece.has_unless and is_nowhere(piece, line.socket):
        return 0
    if put_host(piece, line.socket, out) != 0:
        return -1
    return put_interface(piece, line.socket, out)


cdef int write_port(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef uint16_t port = piece.ports[line.socket]
    cdef uint8_t protocol
    cdef uint32_t place
    if port == 0:
        return put_long(out, &piece.no_port)
    if piece.port_names != NULL:
        protocol = piece.protocols[line.socket]
        if protocol == TCP or protocol == UDP:
            place = piece.port_names[port + (65536 if protocol == UDP else 0)]
            if place:
                return put_long(out, piece.port_texts + (place - 1))
    put_unsigned(out, port)
    return 0


cdef int write_endpoint(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """`ADDRESS:PORT`; of one that is too long netstat keeps the port and cuts the address."""
    cdef size_t start = out.length, middle, address, port, most = piece.most
    if piece.has_unless and is_nowhere(piece, line.socket):
        return 0
    if put_host(piece, line.socket, out) != 0 or put_interface(piece, line.socket, out) != 0:
        return -1
    middle = out.length
    if room(out, CELL) != 0:
        return -1
    put_byte(out, c":")
    if write_port(piece, line, out) != 0:
        return -1
    address = middle - start
    port = out.length - middle - 1
    if most and address + port > most:
        port = min(port, most - 4)
        address = most - port
        out.data[start + address] = c":"
        for middle in range(middle + 1, middle + 1 + port):
            out.data[start + address + 1] = out.data[middle]
            start += 1
        out.length = start + address + 1
    return 0


cdef int write_blob(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """Another user's text: the face escapes it, in Python, where a byte of it is not plain."""
    cdef uint64_t start, end
    cdef const char* text
    cdef size_t length, i
    cdef bint abstract
    if piece.offsets == NULL:
        return put_long(out, &piece.unnamed)
    start = piece.offsets[line.socket]
    end = piece.offsets[line.socket + 1]
    if start == end:
        return put_long(out, &piece.unnamed)
    text = piece.data + start
    length = end - start
    abstract = text[0] == 0
    for i in range(1 if abstract else 0, length):
        if not piece.plain[<uint8_t>text[i]]:
            return put_escaped(piece, text, length, out)
    if room(out, length + CELL) != 0:
        return -1
    put(out, text, length)
    if abstract:
        out.data[out.length - length] = c"@"
    return 0


cdef int put_escaped(
    Piece* piece, const char* text, size_t length, Out* out
) noexcept with gil:
    try:
        value = (<object>piece.escape)(PyBytes_FromStringAndSize(text, length))
        if room(out, len(value) + CELL) != 0:
            return -1
        put(out, PyBytes_AS_STRING(<bytes?>value), len(value))
        return 0
    except MemoryError:
        return -1


cdef inline bint comes_later(const Owners* owners, int32_t a, int32_t b) noexcept nogil:
    """Whether ss would have met `a` after `b`."""
    if owners.pids[a] != owners.pids[b]:
        return owners.pids[a] > owners.pids[b]
    if owners.tids[a] != owners.tids[b]:
        return owners.tids[a] > owners.tids[b]
    return owners.fds[a] > owners.fds[b]


cdef Py_ssize_t sort_owners(Owners* owners, int32_t at, bint reverse) noexcept nogil:
    """Collect the owners of one socket in order of pid, thread and descriptor; -1: no memory.

    They come nearly in that order, so each is moved to its place from the end.
    """
    cdef Py_ssize_t count = 0, place
    cdef void* grown
    while at >= 0:
        if <size_t>count >= owners.capacity:
            grown = realloc(owners.found, (2 * owners.capacity + 64) * sizeof(int32_t))
            if grown == NULL:
                return -1
            owners.found = <int32_t*>grown
            owners.capacity = 2 * owners.capacity + 64
        place = count
        while place > 0 and comes_later(owners, owners.found[place - 1], at):
            owners.found[place] = owners.found[place - 1]
            place -= 1
        owners.found[place] = at
        count += 1
        at = owners.following[at]
    if reverse:
        for place in range(count // 2):
            at = owners.found[place]
            owners.found[place] = owners.found[count - 1 - place]
            owners.found[count - 1 - place] = at
    return count


cdef int write_users(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """`("nginx",pid=12,fd=6),("nginx",pid=13,fd=6)`"""
    cdef Owners* owners = piece.owners
    cdef int32_t at = owners.heads[line.socket]
    cdef const Text* text
    cdef Py_ssize_t i, count
    if at < 0:
        return 0
    if owners.following[at] < 0:
        text = piece.texts + owners.processes[at]
        if room(out, text.length + CELL) != 0:
            return -1
        put_user(piece, text, at, out)
        return 0
    count = sort_owners(owners, at, piece.reverse)
    for i in range(count):
        at = owners.found[i]
        text = piece.texts + owners.processes[at]
        if room(out, text.length + CELL) != 0:
            return -1
        if i:
            put_byte(out, c",")
        put_user(piece, text, at, out)
    return 0 if count >= 0 else -1


cdef inline void put_user(
    const Piece* piece, const Text* text, int32_t at, Out* out
) noexcept nogil:
    put_text(out, text)
    if piece.threads:
        put(out, "tid=", 4)
        put_signed(out, piece.owners.tids[at])
        put(out, ",fd=", 4)
    put_signed(out, piece.owners.fds[at])
    put_byte(out, c")")


cdef int write_first_owner(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """The first that a walk by pid meets, as netstat's does, which knows no threads and rings."""
    cdef Owners* owners = piece.owners
    cdef int32_t at = owners.heads[line.socket], first = -1
    while at >= 0:
        if owners.tids[at] == owners.pids[at] and owners.fds[at] >= 0:
            if first < 0 or comes_later(owners, first, at):
                first = at
        at = owners.following[at]
    if first < 0:
        return put_long(out, &piece.absent)
    return put_long(out, piece.texts + owners.processes[first])


cdef int write_process(Piece* piece, const Line* line, Out* out) noexcept nogil:
    return put_long(out, piece.texts + piece.owners.processes[line.owner])


cdef int write_pid(Piece* piece, const Line* line, Out* out) noexcept nogil:
    put_signed(out, piece.owners.pids[line.owner])
    return 0


cdef int write_tid(Piece* piece, const Line* line, Out* out) noexcept nogil:
    put_signed(out, piece.owners.tids[line.owner])
    return 0


cdef int write_fd(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef int32_t fd = piece.owners.fds[line.owner]
    if piece.star and fd > piece.star:
        put_byte(out, c"*")
        put_three(out, fd % 1000)
    else:
        put_signed(out, fd)
    return 0


cdef int write_ss_timer(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """`timer:(keepalive,119min,0)`"""
    cdef uint8_t timer = (<const uint8_t*>piece.values)[line.socket]
    cdef uint64_t left, seconds, minutes, milliseconds
    cdef const Text* name
    if timer == 0:
        return 0
    name = piece.names.texts + min(timer, 5)
    left = <uint32_t>piece.expires[line.socket]
    milliseconds = left % 1000
    seconds = left // 1000 % 60
    minutes = left // 60000
    if room(out, name.length + CELL) != 0:
        return -1
    put(out, "timer:(", 7)
    put_text(out, name)
    put_byte(out, c",")
    if minutes:
        milliseconds = 0
        put_unsigned(out, minutes)
        put(out, "min", 3)
        if minutes > 9:
            seconds = 0
    if seconds:
        if seconds > 9:
            milliseconds = 0
        put_unsigned(out, seconds)
        if milliseconds:
            put_byte(out, c".")
        else:
            put(out, "sec", 3)
    if milliseconds:
        put_three(out, milliseconds)
        if seconds:
            put_text(out, &piece.unit)
        else:
            put(out, "ms", 2)
    put_byte(out, c",")
    if timer == 1:
        put_unsigned(out, piece.retransmits[line.socket])
    else:
        put_unsigned(out, 0 if piece.timeouts == NULL else piece.timeouts[line.socket])
    put_byte(out, c")")
    return 0


cdef inline void take_text(const Texts* column, size_t row, Text* text) noexcept nogil:
    text.data = NULL
    text.length = 0
    if column.offsets != NULL:
        text.data = column.data + column.offsets[row]
        text.length = column.offsets[row + 1] - column.offsets[row]


cdef int write_extras(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """` cubic wscale:7,7 rto:204 rtt:0.03/0.015`"""
    cdef Told told
    told.protocol = piece.protocols[line.socket]
    told.state = piece.states[line.socket]
    told.has_info = piece.info.offsets != NULL
    take_text(&piece.memory, line.socket, &told.memory)
    take_text(&piece.info, line.socket, &told.info)
    take_text(&piece.congestion, line.socket, &told.congestion)
    take_text(&piece.attributes, line.socket, &told.attributes)
    return write_ss_extras(piece.shows, &told, out)


cdef int write_netstat_timer(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """`keepalive (6598.06/0/0)`"""
    cdef uint8_t timer = (<const uint8_t*>piece.values)[line.socket]
    cdef int64_t hundredths = 0
    cdef const Text* name = find_name(piece.names, timer)
    if name != NULL:
        put_text(out, name)
    else:
        put(out, "unkn-", 5)
        put_unsigned(out, timer)
    if timer:
        hundredths = max(<int64_t>0, piece.expires[line.socket] // 10)
    put(out, " (", 2)
    put_unsigned(out, hundredths // 100)
    put_byte(out, c".")
    put_two(out, hundredths % 100)
    put_byte(out, c"/")
    put_unsigned(out, piece.retransmits[line.socket])
    put_byte(out, c"/")
    put_unsigned(out, 0 if piece.timeouts == NULL else piece.timeouts[line.socket])
    put_byte(out, c")")
    return 0


cdef int write_join(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef int i
    for i in range(piece.inside_count):
        if write_piece(piece.inside + i, line, out) != 0:
            return -1
    return 0


# -- sizes: what the kernel of the same name would write


cdef size_t size_text(const Piece* piece, const Line* line) noexcept nogil:
    return piece.texts.length


cdef size_t size_number(const Piece* piece, const Line* line) noexcept nogil:
    cdef uint64_t value = read_value(piece, line.socket)
    if piece.has_unknown and value == piece.unknown:
        return piece.unknown_text.length
    if piece.has_unless and <int64_t>value == piece.unless:
        return 0
    if (piece.format == c"i" or piece.format == c"q") and <int64_t>value < 0:
        return 1 + count_digits(0 - value)
    return count_digits(value)


cdef size_t size_kind(const Piece* piece, const Line* line) noexcept nogil:
    return find_kind(piece, line.socket).length


cdef size_t size_process(const Piece* piece, const Line* line) noexcept nogil:
    return piece.texts[piece.owners.processes[line.owner]].length


cdef size_t size_pid(const Piece* piece, const Line* line) noexcept nogil:
    cdef int32_t pid = piece.owners.pids[line.owner]
    return count_digits(pid) if pid >= 0 else 1 + count_digits(0 - <int64_t>pid)


cdef size_t size_fd(const Piece* piece, const Line* line) noexcept nogil:
    cdef int32_t fd = piece.owners.fds[line.owner]
    if piece.star and fd > piece.star:
        return 4
    return count_digits(fd) if fd >= 0 else 1 + count_digits(0 - <int64_t>fd)


cdef inline size_t size_piece(const Piece* piece, const Line* line) noexcept nogil:
    """Tell the length of one cell with its lead and tail, where piece.size is not NULL."""
    cdef size_t length
    if line.socket < 0 and piece.of_socket or line.owner < 0 and piece.of_owner:
        return 0
    length = piece.size(piece, line)
    return length + piece.lead.length + piece.tail.length if length else 0


cdef inline int write_piece(Piece* piece, const Line* line, Out* out) noexcept nogil:
    """Write the text of one cell with what stands around it."""
    if room(out, 2 * CELL) != 0:
        return -1
    if piece.simple and (
        (line.socket >= 0 or not piece.of_socket) and (line.owner >= 0 or not piece.of_owner)
    ):
        return piece.write(piece, line, out)
    return write_decorated(piece, line, out)


cdef int write_decorated(Piece* piece, const Line* line, Out* out) noexcept nogil:
    cdef const Text* given
    cdef size_t start, empty
    cdef int i
    if piece.instead != NULL and line.number < piece.instead_count:
        given = piece.instead + line.number
        if given.data != NULL:
            return put_long(out, given)
    if line.socket < 0 and piece.of_socket or line.owner < 0 and piece.of_owner:
        return 0
    if line.socket >= 0:
        for i in range(piece.only_count):
            if not piece.only[i].has[piece.only[i].values[line.socket]]:
                return 0
        if piece.for_unix != NULL and piece.families[line.socket] == AF_UNIX:
            return write_piece(piece.for_unix, line, out)
    elif piece.only_count:
        return 0
    if piece.lead.length + piece.tail.length > CELL:
        if room(out, piece.lead.length + piece.tail.length + 2 * CELL) != 0:
            return -1
    start = out.length
    put_text(out, &piece.lead)
    empty = out.length
    if piece.write(piece, line, out) != 0:
        return -1
    if out.length == empty:
        out.length = start
        return 0
    if piece.most and piece.write != write_endpoint and out.length - empty > piece.most:
        out.length = empty + piece.most
    if piece.tail.length:
        if room(out, piece.tail.length + CELL) != 0:
            return -1
        put_text(out, &piece.tail)
    return 0


cdef Sizer find_sizer(const Piece* piece) noexcept nogil:
    if piece.write == write_text:
        return size_text
    if piece.write == write_number:
        return size_number
    if piece.write == write_kind:
        return size_kind
    if piece.write == write_process:
        return size_process
    if piece.write == write_pid:
        return size_pid
    if piece.write == write_fd:
        return size_fd
    return NULL


# -- lines


cdef inline char* place_text(char* to, const char* text, size_t length) noexcept nogil:
    """Copy a text. Most are short: 32 bytes at once, of which what follows writes over the rest."""
    memcpy(to, text, 32)
    if length > 32:
        memcpy(to + 32, text + 32, length - 32)
    return to + length


cdef inline char* place_blanks(char* to, size_t length) noexcept nogil:
    memset(to, c" ", 32)
    if length > 32:
        memset(to + 32, c" ", length - 32)
    return to + length


cdef inline size_t next_token(size_t used, size_t length, int* chunks) noexcept nogil:
    """Where ss's chunk ends when it holds one text more: the length in 2 bytes, aligned to 2."""
    cdef size_t end = used + 2 + length
    if end >= CHUNK and used > 0:
        chunks[0] += 1
        end = 2 + length
    end += length & 1
    if end + 2 > CHUNK:  # no place for the next one's length
        chunks[0] += 1
        end = 0
    return end


# -- doors


@cython.final
@cython.auto_pickle(False)
cdef class Blocks:
    """The text of some lines, as an iterator of blocks of bytes; one thread at a time."""

    cdef SocketRows rows
    cdef const int32_t* sockets
    cdef const int32_t* line_owners
    cdef object lines
    cdef size_t total
    cdef Piece* pieces
    cdef int count
    cdef int first_count     # of fields: those of the process
    cdef size_t* widths      # with what stands before
    cdef bint* padded
    cdef Owners* owners
    cdef Ahead[MOST_AHEAD] ahead
    cdef int ahead_count
    cdef Out cells           # texts of `waiting` lines, end to end
    cdef Out lengths         # and of each the length, uint32_t
    cdef Out out
    cdef size_t next_line    # whose cells have not been written
    cdef size_t taken        # lines that have left `cells`
    cdef size_t waiting
    cdef size_t taken_bytes
    cdef int chunks
    cdef bint hidden_last    # of ss: a column more, always empty, stands behind
    cdef size_t screen       # characters of a terminal's line; 0 where there is none
    cdef bint measured_all
    cdef bint fields
    cdef Text end
    cdef Text set_end
    cdef const int32_t* groups
    cdef bint has_group
    cdef int32_t group
    cdef list kept           # what pointers point into
    cdef list headings
    cdef bint has_header

    def __dealloc__(self):
        free(self.cells.data)
        free(self.lengths.data)
        free(self.out.data)
        if self.owners != NULL:
            free(self.owners.found)
            free(self.owners)

    def __iter__(self):
        return self

    def __next__(self):
        cdef int failed
        if self.fields:
            with nogil:
                failed = self.write_fields()
        else:
            with nogil:
                failed = self.write_columns()
        if failed:
            raise MemoryError()
        if self.out.length == 0:
            raise StopIteration
        made = PyBytes_FromStringAndSize(self.out.data, self.out.length)
        self.out.length = 0
        return made

    # -- what is written

    cdef void line_at(self, size_t number, Line* line) noexcept nogil:
        line.number = number
        line.socket = <int32_t>number if self.sockets == NULL else self.sockets[number]
        line.owner = -1 if self.line_owners == NULL else self.line_owners[number]

    cdef int write_cells(self, size_t number) noexcept nogil:
        """Write the cells of a line behind the others."""
        cdef Line line
        cdef size_t start
        cdef uint32_t* lengths
        cdef int c
        cdef int32_t soon
        if number + AHEAD < self.total:
            soon = <int32_t>number + AHEAD
            if self.sockets != NULL:
                soon = self.sockets[soon]
                for c in range(self.ahead_count if soon >= 0 else 0):
                    prefetch(self.ahead[c].values + soon * self.ahead[c].size)
            if self.owners != NULL and self.line_owners == NULL and soon >= 0:
                soon = self.owners.heads[soon]
                if soon >= 0:
                    prefetch(self.owners.following + soon)
                    prefetch(self.owners.pids + soon)
                    prefetch(self.owners.tids + soon)
                    prefetch(self.owners.fds + soon)
                    prefetch(self.owners.processes + soon)
        self.line_at(number, &line)
        if room(&self.lengths, self.count * sizeof(uint32_t)) != 0:
            return -1
        lengths = <uint32_t*>(self.lengths.data + self.lengths.length)
        for c in range(self.count):
            start = self.cells.length
            if write_piece(self.pieces + c, &line, &self.cells) != 0:
                return -1
            lengths[c] = <uint32_t>(self.cells.length - start)
        self.lengths.length += self.count * sizeof(uint32_t)
        return room(&self.cells, SLACK)

    cdef void measure(self, const uint32_t* lengths, int count) noexcept nogil:
        cdef int c
        for c in range(count):
            if lengths[c] > self.pieces[c].longest:
                self.pieces[c].longest = lengths[c]

    cdef int fill(self) noexcept nogil:
        """Write cells until their widths are known, or as many as shall be in memory."""
        self.cells.length = self.lengths.length = self.waiting = self.taken = 0
        self.taken_bytes = 0
        if self.chunks:
            return self.fill_chunks()
        if not self.measured_all:
            self.measured_all = True
            return self.fill_measured()
        while self.next_line < self.total and self.cells.length < BATCH:
            if self.write_cells(self.next_line) != 0:
                return -1
            self.next_line += 1
            self.waiting += 1
        return 0

    cdef int fill_chunks(self) noexcept nogil:
        """Write as many lines as ss holds before it prints them."""
        cdef size_t used = 0, size
        cdef uint32_t held
        cdef int chunks = 1, c
        cdef bint last = False
        cdef const uint32_t* lengths
        if self.has_header:
            for c in range(self.count):
                used = next_token(used, self.pieces[c].longest, &chunks)
            if self.hidden_last:
                used = next_token(used, 0, &chunks)
        while self.next_line < self.total and not last:
            if self.write_cells(self.next_line) != 0:
                return -1
            self.next_line += 1
            self.waiting += 1
            lengths = <uint32_t*>(self.lengths.data + self.lengths.length) - self.count
            # ss fills up its queues before it keeps them.
            size = 0
            for c in range(self.count):
                held = max(lengths[c], <uint32_t>self.pieces[c].least)
                size += (held + 3) & ~<size_t>1
            if used + size + 8 < CHUNK:  # it fits, as most do
                used += size + 2 * self.hidden_last
            else:
                for c in range(self.count):
                    held = max(lengths[c], <uint32_t>self.pieces[c].least)
                    used = next_token(used, held, &chunks)
                if self.hidden_last:
                    used = next_token(used, 0, &chunks)
            last = chunks >= self.chunks or self.next_line == self.total
            # It prints before it has measured the last column of the last line.
            if last and not (self.hidden_last and self.next_line < self.total):
                self.measure(lengths, self.count - 1)
            else:
                self.measure(lengths, self.count)
        return 0

    cdef int fill_measured(self) noexcept nogil:
        """Write lines, and of those beyond what is kept the cells whose width matters."""
        cdef Line line
        cdef size_t n, kept, length
        cdef Piece* piece
        cdef int c
        while self.next_line < self.total and self.cells.length < KEPT:
            if self.write_cells(self.next_line) != 0:
                return -1
            self.measure(
                <uint32_t*>(self.lengths.data + self.lengths.length) - self.count, self.count)
            self.next_line += 1
            self.waiting += 1
        kept = self.cells.length
        for c in range(self.count):
            piece = self.pieces + c
            if not piece.measured:
                continue
            for n in range(self.next_line, self.total):
                self.line_at(n, &line)
                if piece.size != NULL:
                    length = size_piece(piece, &line)
                else:
                    if write_piece(piece, &line, &self.cells) != 0:
                        return -1
                    length = self.cells.length - kept
                    self.cells.length = kept
                piece.longest = max(piece.longest, length)
        return 0

    cdef void set_widths(self) noexcept nogil:
        """Make each column as wide as its longest text, with what stands before it."""
        cdef int c
        cdef bint first = True
        cdef Piece* piece
        for c in range(self.count):
            piece = self.pieces + c
            self.widths[c] = max(piece.longest, piece.least) if piece.measured else piece.least
            if not first and self.widths[c]:
                self.widths[c] += piece.before.length
            if self.widths[c]:
                first = False

    cdef int emit(self, const uint32_t* lengths, const char* text, size_t bytes) noexcept nogil:
        """Copy the cells of a line to their places."""
        cdef size_t widths = 0, length, missing
        cdef char* to
        cdef Piece* piece
        cdef int c
        for c in range(self.count):
            widths += self.widths[c] + self.pieces[c].before.length
        if room(&self.out, widths + bytes + SLACK + CELL) != 0:
            return -1
        to = self.out.data + self.out.length
        for c in range(self.count):
            piece = self.pieces + c
            length = lengths[c]
            missing = length
            if c and piece.before.length:
                place_text(to, piece.before.data, piece.before.length)
                to += piece.before.length
                missing += piece.before.length
            missing = self.widths[c] - missing if self.widths[c] > missing else 0
            if piece.right:
                to = place_blanks(to, missing)
                to = place_text(to, text, length)
            else:
                to = place_text(to, text, length)
                if self.padded[c]:
                    to = place_blanks(to, missing)
            text += length
        to[0] = c"\n"
        self.out.length = to + 1 - self.out.data
        return 0

    cdef int write_columns(self) noexcept nogil:
        cdef const uint32_t* lengths
        cdef const char* text
        cdef size_t bytes
        cdef int c
        while self.out.length < BLOCK:
            if self.taken == self.waiting:
                if self.next_line >= self.total and not self.has_header:
                    break
                if self.fill() != 0:
                    return -1
                self.set_widths()
                if self.screen:
                    self.spread()
                if self.has_header:
                    self.has_header = False
                    if self.emit_header() != 0:
                        return -1
                if self.waiting == 0:
                    break
            lengths = <const uint32_t*>self.lengths.data + self.taken * self.count
            text = self.cells.data + self.taken_bytes
            bytes = 0
            for c in range(self.count):
                bytes += lengths[c]
            if self.emit(lengths, text, bytes) != 0:
                return -1
            self.taken += 1
            self.taken_bytes += bytes
        return 0

    cdef int emit_header(self) noexcept with gil:
        cdef bytes text = b"".join(self.headings) + bytes(SLACK)
        cdef bytes lengths = PyBytes_FromStringAndSize(NULL, self.count * sizeof(uint32_t))
        cdef uint32_t* each = <uint32_t*>PyBytes_AS_STRING(lengths)
        cdef int c
        for c in range(self.count):
            each[c] = len(self.headings[c])
        return self.emit(each, PyBytes_AS_STRING(text), len(text))

    cdef void spread(self) noexcept nogil:
        """Share out what each line of a terminal has to spare among its columns, as ss does."""
        cdef int c, t, start = 0, columns = 0, last = 0
        cdef size_t used = 0, spare
        for c in range(self.count):
            self.widths[c] = min(self.widths[c], self.screen)
            if self.widths[c]:
                last = c
        c = 0
        while c <= last:
            if self.widths[c]:
                columns += 1
                used += self.widths[c]
                if c == last or used >= self.screen:
                    if used > self.screen:  # the next line begins with it
                        used -= self.widths[c]
                        columns -= 1
                        c -= 1
                    spare = self.screen - used
                    used = spare % columns
                    for t in range(c, start - 1, -1):
                        if self.widths[t]:
                            self.widths[t] += spare // columns
                            if used:
                                self.widths[t] += 1
                                used -= 1
                    start = c + 1
                    used = 0
                    columns = 0
            c += 1

    cdef int write_fields(self) noexcept nogil:
        cdef Line line
        cdef int32_t group
        while self.next_line < self.total and self.out.length < BLOCK:
            self.line_at(self.next_line, &line)
            group = -1
            if self.groups != NULL:
                group = self.groups[self.next_line]
            elif line.owner >= 0:
                group = self.owners.pids[line.owner]
            if not self.has_group or group != self.group:
                self.has_group = True
                self.group = group
                if self.write_set(0, self.first_count, &line) != 0:
                    return -1
            if self.write_set(self.first_count, self.count, &line) != 0:
                return -1
            self.next_line += 1
        return 0

    cdef int write_set(self, int first, int last, const Line* line) noexcept nogil:
        cdef size_t start = self.out.length, empty
        cdef int c
        for c in range(first, last):
            empty = self.out.length
            if write_piece(self.pieces + c, line, &self.out) != 0:
                return -1
            if self.out.length > empty:
                if room(&self.out, self.end.length + CELL) != 0:
                    return -1
                put_text(&self.out, &self.end)
        if self.out.length > start:
            if room(&self.out, self.set_end.length + CELL) != 0:
                return -1
            put_text(&self.out, &self.set_end)
        return 0

    # -- what is prepared

    cdef int prepare(self, SocketRows rows, object lines, list cells) except -1:
        cdef Column column
        self.kept = [lines]
        self.rows = rows
        self.total = rows.length
        if lines.sockets is not None:
            column = lines.sockets
            self.total = column.length
            self.sockets = <const int32_t*>column.data
            check_rows(column, rows.length, "socket")
        if lines.owners is not None:
            column = lines.owners
            self.line_owners = <const int32_t*>column.data
            check_rows(column, 0 if rows.owners is None else len(rows.owners), "owner")
        self.count = len(cells)
        self.pieces = self.make_pieces(cells)
        self.widths = <size_t*>self.hold(self.count * sizeof(size_t))
        self.padded = <bint*>self.hold(self.count * sizeof(bint))
        return 0

    cdef char* hold(self, size_t size) except NULL:
        """Return zeroed memory that lives as long as this object."""
        cdef bytes holder = PyBytes_FromStringAndSize(NULL, size + 1)
        self.kept.append(holder)
        memset(PyBytes_AS_STRING(holder), 0, size)
        return PyBytes_AS_STRING(holder)

    cdef Text text(self, bytes value):
        """Return a copy of a text, behind which 32 bytes may be read."""
        cdef Text made
        cdef char* copied
        made.length = PyBytes_GET_SIZE(value)
        copied = self.hold(made.length + SLACK)
        memcpy(copied, PyBytes_AS_STRING(value), made.length)
        made.data = copied
        return made

    cdef Text* texts(self, object values) except NULL:
        """Return an array of texts; one without data for None."""
        cdef list each = list(values)
        cdef Text* made = <Text*>self.hold(len(each) * sizeof(Text))
        cdef size_t size = 0
        cdef Py_ssize_t i
        for i in range(len(each)):
            if each[i] is not None:
                size += PyBytes_GET_SIZE(<bytes?>each[i])
        cdef char* to = self.hold(size + SLACK)
        for i in range(len(each)):
            if each[i] is not None:
                made[i].data = to
                made[i].length = PyBytes_GET_SIZE(each[i])
                memcpy(to, PyBytes_AS_STRING(each[i]), made[i].length)
                to += made[i].length
        return made

    cdef Piece* make_pieces(self, list cells) except NULL:
        cdef Piece* made = <Piece*>self.hold(len(cells) * sizeof(Piece))
        cdef Py_ssize_t i
        for i in range(len(cells)):
            self.fill_piece(made + i, cells[i])
        return made

    cdef const char* find(self, str name) except? NULL:
        """Return where a column lies."""
        if name not in POSITIONS or FORMATS[name] == "v":
            raise ValueError(f"unknown column {name!r}")
        cdef const char* values = self.rows.store[<int>POSITIONS[name]]
        cdef int c
        if values == NULL and self.rows.length:
            raise ValueError(f"column {name!r} was not asked for")
        for c in range(self.ahead_count):
            if self.ahead[c].values == values:
                return values
        # Those of one byte are in the cache as they are.
        if FORMATS[name] != "B" and self.ahead_count < MOST_AHEAD:
            self.ahead[self.ahead_count].values = values
            self.ahead[self.ahead_count].size = calcsize(FORMATS[name])
            self.ahead_count += 1
        return values

    cdef const char* find_held(self, str name):
        """Return where a column lies, NULL where the rows do not hold it."""
        return self.rows.store[<int>POSITIONS[name]]

    cdef Texts find_texts(self, str name):
        """Return where a column of variable width lies; NULL where the rows do not hold it."""
        cdef Texts made
        cdef BlobColumn blob = self.rows.columns[<int>POSITIONS[name]]
        memset(&made, 0, sizeof(Texts))
        if blob is not None:
            made.offsets = <const uint64_t*>blob.offsets.data
            made.data = blob.data.data
        return made

    cdef int fill_piece(self, Piece* piece, cell) except -1:
        cdef str kernel = cell.kernel
        piece.right = cell.right
        piece.least = cell.least
        piece.measured = cell.measured
        piece.most = cell.most
        piece.lead = self.text(cell.lead)
        piece.tail = self.text(cell.tail)
        piece.before = self.text(cell.before)
        piece.families = <const uint8_t*>self.find("family")
        piece.protocols = <const uint8_t*>self.find("protocol")
        piece.states = <const uint8_t*>self.find("state")
        if cell.unless is not None:
            piece.has_unless = True
            piece.unless = cell.unless
        if cell.only:
            piece.only = <Only*>self.hold(len(cell.only) * sizeof(Only))
            for name, values in cell.only.items():
                piece.only[piece.only_count].values = <const uint8_t*>self.find(name)
                for value in values:
                    piece.only[piece.only_count].has[<uint8_t>value] = 1
                piece.only_count += 1
        if cell.instead is not None:
            piece.instead = self.texts(cell.instead)
            piece.instead_count = len(cell.instead)
        if cell.unix is not None:
            piece.for_unix = self.make_pieces([cell.unix])
        piece.of_socket = True
        if kernel == "text":
            piece.of_socket = False
            piece.write = write_text
            piece.texts = self.texts([cell.text])
        elif kernel == "given":
            piece.of_socket = False
            piece.write = write_given
            piece.texts = self.texts([text or b"" for text in cell.texts])
            piece.text_count = len(cell.texts)
        elif kernel == "join":
            piece.of_socket = False
            piece.write = write_join
            piece.inside = self.make_pieces(list(cell.pieces))
            piece.inside_count = len(cell.pieces)
        elif kernel in ("number", "hex", "named"):
            self.fill_number(piece, cell)
        elif kernel == "kind":
            self.fill_kind(piece, cell.names)
        elif kernel == "backlog":
            piece.write = write_backlog
            piece.values = self.find("tx_queue")
            piece.limits = <const int32_t*>self.find("backlog_limit")
        elif kernel in ("address", "port", "endpoint"):
            self.fill_end(piece, cell)
        elif kernel in ("path", "blob"):
            self.fill_blob(piece, cell)
        elif kernel in ("ss_timer", "netstat_timer"):
            self.fill_timer(piece, cell)
        elif kernel == "ss_extras":
            piece.write = write_extras
            piece.shows = sum([<int>SHOWS[name] for name in set(cell.shows)])
            piece.memory = self.find_texts("skmem")
            piece.info = self.find_texts("tcp_info")
            piece.congestion = self.find_texts("congestion")
            piece.attributes = self.find_texts("attributes")
        else:
            self.fill_owners(piece, cell)
        cdef bint as_it_is = (
            piece.only_count == 0
            and piece.instead == NULL
            and piece.for_unix == NULL
            and (piece.most == 0 or piece.write == write_endpoint)
        )
        piece.simple = as_it_is and not (piece.lead.length or piece.tail.length)
        if as_it_is:
            piece.size = find_sizer(piece)
        return 0

    cdef int fill_number(self, Piece* piece, cell) except -1:
        cdef str column = cell.column
        piece.values = self.find(column)
        if FORMATS[column] == "16s":
            raise ValueError(f"column {column!r} holds no numbers")
        piece.format = <char>ord(FORMATS[column])
        if cell.kernel == "hex":
            piece.write = write_hex
            return 0
        if cell.kernel == "number":
            piece.write = write_number
            piece.has_unknown = column in UNKNOWN
            if piece.has_unknown:
                piece.unknown = <uint64_t><int64_t>UNKNOWN[column]
            piece.unknown_text = self.text(cell.unknown)
            return 0
        piece.write = write_named
        piece.others = cell.other == "number"
        piece.names_are_all = FORMATS[column] == "B"
        if piece.names_are_all:
            piece.names = self.all_names(cell.names)
        else:
            piece.names = self.names(cell.names)
        return 0

    cdef Names* all_names(self, names) except NULL:
        """Return the names of the numbers of one byte, each at its place."""
        cdef Names* made = <Names*>self.hold(sizeof(Names))
        made.count = 256
        made.texts = self.texts([names.get(n) for n in range(256)])
        return made

    cdef Names* names(self, names) except NULL:
        cdef Names* made = <Names*>self.hold(sizeof(Names))
        cdef list numbers = sorted(names)
        cdef size_t i
        made.count = len(numbers)
        made.numbers = <uint64_t*>self.hold(made.count * sizeof(uint64_t))
        for i in range(made.count):
            made.numbers[i] = numbers[i]
        made.texts = self.texts([names[number] for number in numbers])
        return made

    cdef int fill_kind(self, Piece* piece, names) except -1:
        piece.write = write_kind
        piece.types = <const uint8_t*>self.find_held("type")
        piece.kinds = self.texts([
            names.get((protocol, family, type), b"")
            for protocol in (6, 17, 0) for family in (2, 10, 1) for type in range(8)
        ])
        return 0

    cdef int fill_end(self, Piece* piece, cell) except -1:
        cdef str end = cell.end
        if end not in ("local", "remote"):
            raise ValueError(f"no end {end!r}; there are local and remote")
        piece.addresses = <const uint8_t*>self.find(end + "_address")
        piece.ports = <const uint16_t*>self.find(end + "_port")
        if cell.kernel != "address":
            piece.write = write_port
            piece.no_port = self.text(cell.no_port)
            if cell.ports:
                self.fill_ports(piece, cell.ports)
            if cell.kernel == "port":
                return 0
        piece.write = write_address if cell.kernel == "address" else write_endpoint
        if cell.kernel == "endpoint" and 0 < piece.most < 8:
            raise ValueError("an end is not cut to less than 8 bytes")
        piece.brackets = cell.brackets
        piece.plain_mapped = cell.mapped == "plain"
        piece.v6only = <const uint8_t*>self.find_held("v6only")
        if cell.any4 is not None:
            piece.any4 = self.text(cell.any4)
        if cell.any6 is not None:
            piece.any6 = self.text(cell.any6)
        if cell.interfaces:
            piece.bound_to = <const uint32_t*>self.find("interface")
            piece.interfaces = self.names(cell.interfaces)
        if cell.hosts:
            piece.hosts = self.hosts(cell.hosts)
        return 0

    cdef int fill_ports(self, Piece* piece, ports) except -1:
        cdef list names = []
        piece.port_names = <uint32_t*>self.hold(2 * 65536 * sizeof(uint32_t))
        for (protocol, port), name in ports.items():
            if protocol in (TCP, UDP) and 0 <= port < 65536:
                names.append(name)
                piece.port_names[port + (65536 if protocol == UDP else 0)] = len(names)
        piece.port_texts = self.texts(names)
        return 0

    cdef Hosts* hosts(self, hosts) except NULL:
        cdef Hosts* made = <Hosts*>self.hold(sizeof(Hosts))
        cdef uint64_t words[2]
        cdef size_t at
        made.size = 2 * len(hosts) + 1
        made.slots = <Host*>self.hold(made.size * sizeof(Host))
        for address, name in hosts.items():
            if len(address) != 16:
                raise ValueError(f"{address!r} is not an address of 16 bytes")
            memcpy(words, PyBytes_AS_STRING(<bytes?>address), 16)
            at = host_place(words, made.size)
            while made.slots[at].name.data != NULL:
                at = at + 1 if at + 1 < made.size else 0
            memcpy(made.slots[at].address, words, 16)
            made.slots[at].name = self.text(name)
        return made

    cdef int fill_blob(self, Piece* piece, cell) except -1:
        cdef str column = "path" if cell.kernel == "path" else cell.column
        if FORMATS.get(column) != "v":
            raise ValueError(f"column {column!r} holds no text")
        cdef BlobColumn blob = self.rows.columns[<int>POSITIONS[column]]
        if blob is None and cell.kernel == "blob":
            raise ValueError(f"column {column!r} was not asked for")
        if blob is not None:
            piece.offsets = <const uint64_t*>blob.offsets.data
            piece.data = blob.data.data
        piece.write = write_blob
        piece.unnamed = self.text(cell.unnamed)
        if len(cell.plain) != 256:
            raise ValueError("plain= says it of each of 256 bytes")
        piece.plain = <const uint8_t*>self.text(cell.plain).data
        self.kept.append(cell.escape)
        piece.escape = <void*>cell.escape
        return 0

    cdef int fill_timer(self, Piece* piece, cell) except -1:
        piece.values = self.find("timer")
        piece.expires = <const int64_t*>self.find("timer_expires_ms")
        piece.retransmits = <const uint32_t*>self.find("retransmits")
        piece.timeouts = <const uint32_t*>self.find_held("timeout")
        if cell.kernel == "ss_timer":
            piece.write = write_ss_timer
            piece.unit = self.text(cell.milliseconds)
            piece.names = self.all_names({n: cell.names.get(n, b"unknown") for n in range(256)})
        else:
            piece.write = write_netstat_timer
            piece.names = self.names(cell.names)
        return 0

    cdef int fill_owners(self, Piece* piece, cell) except -1:
        cdef str kernel = cell.kernel
        self.prepare_owners()
        piece.owners = self.owners
        if kernel in ("users", "owner", "process"):
            if len(cell.texts) < len(self.rows.owners.processes):
                raise ValueError("one text for each of the owners' processes")
            piece.texts = self.texts([text or b"" for text in cell.texts])
        if kernel == "users":
            piece.write = write_users
            piece.reverse = cell.order == "reverse"
            piece.threads = cell.threads
            return 0
        if kernel == "owner":
            piece.write = write_first_owner
            piece.absent = self.text(cell.absent)
            return 0
        piece.of_socket = False
        piece.of_owner = True
        if kernel == "process":
            piece.write = write_process
        elif kernel == "pid":
            piece.write = write_pid
        elif kernel == "tid":
            piece.write = write_tid
        elif kernel == "fd":
            piece.write = write_fd
            piece.star = cell.star
        else:
            raise NotImplementedError(kernel)
        return 0

    cdef int prepare_owners(self) except -1:
        if self.owners != NULL:
            return 0
        check_owners(self.rows)
        cdef OwnerRows owners = self.rows.owners
        self.owners = <Owners*>calloc(1, sizeof(Owners))
        if self.owners == NULL:
            raise MemoryError()
        self.owners.heads = <const int32_t*>self.rows.heads.data
        if owners.following is not None:  # without owner rows nothing reads it
            self.owners.following = <const int32_t*>owners.following.data
        self.owners.pids = <const int32_t*>owners.store[OWNER_PID]
        self.owners.fds = <const int32_t*>owners.store[OWNER_FD]
        self.owners.tids = <const int32_t*>owners.store[OWNER_TID]
        self.owners.processes = <const uint32_t*>owners.store[OWNER_PROCESS]
        return 0

    cdef list all_texts(self):
        """Return the text of the only cell of each line."""
        cdef list made = []
        cdef Line line
        cdef size_t n
        for n in range(self.total):
            self.line_at(n, &line)
            if write_piece(self.pieces, &line, &self.out) != 0:
                raise MemoryError()
            made.append(PyBytes_FromStringAndSize(self.out.data, self.out.length))
            self.out.length = 0
        return made


cdef int check_owners(SocketRows rows) except -1:
    if rows.heads is None:
        raise ValueError("the rows carry no owners; join them first")
    return 0


cdef int check_rows(Column indices, Py_ssize_t count, str what) except -1:
    cdef Py_ssize_t i
    for i in range(indices.length):
        if not -1 <= (<const int32_t*>indices.data)[i] < count:
            raise IndexError(f"a line names a row that no {what} has")
    return 0


def column_blocks(
    SocketRows rows not None, list cells, lines, bint header, str ending, int chunks, screen
):
    """Yield a listing; see layout.render_columns."""
    cdef Blocks made = Blocks.__new__(Blocks)
    cdef int c
    made.prepare(rows, lines, cells)
    made.has_header = header
    made.chunks = chunks
    made.screen = 0 if screen is None else max(1, screen)
    made.hidden_last = ending == "padded"
    made.headings = [cell.heading for cell in cells]
    made.measured_all = True
    for c in range(made.count):
        made.pieces[c].longest = len(cells[c].heading) if header else 0
        made.padded[c] = True
        if made.pieces[c].measured:
            made.measured_all = False
    if made.count and ending == "bare":
        made.padded[made.count - 1] = False
        made.pieces[made.count - 1].measured = False
    if made.count > 1 and ending == "stripped" and not made.screen:
        made.padded[made.count - 2] = False
    return made


def field_blocks(
    SocketRows rows not None, list process_cells, list file_cells, lines, bytes end, bytes set_end,
    Column groups,
):
    """Yield sets of fields; see layout.render_fields."""
    cdef Blocks made = Blocks.__new__(Blocks)
    made.prepare(rows, lines, process_cells + file_cells)
    made.fields = True
    made.first_count = len(process_cells)
    made.end = made.text(end)
    made.set_end = made.text(set_end)
    if groups is not None:
        made.kept.append(groups)
        made.groups = <const int32_t*>groups.data
    elif made.line_owners != NULL:
        made.prepare_owners()
    return made


def cell_texts(SocketRows rows not None, cell, lines):
    """Return the text of a cell for each line; see layout.render_cells."""
    cdef Blocks made = Blocks.__new__(Blocks)
    made.prepare(rows, lines, [cell])
    return made.all_texts()


cdef struct Holder:
    int32_t pid
    int32_t tid
    int32_t fd
    int32_t owner
    int32_t socket


cdef int compare_holders(const void* left, const void* right) noexcept nogil:
    cdef const Holder* a = <const Holder*>left
    cdef const Holder* b = <const Holder*>right
    if a.pid != b.pid:
        return 1 if a.pid > b.pid else -1
    if a.tid != b.tid:
        return 1 if a.tid > b.tid else -1
    return (a.fd > b.fd) - (a.fd < b.fd)


cdef struct Wanted:
    const uint8_t* processes   # by row of the process table
    const int32_t* ranges      # first and last
    Py_ssize_t range_count
    bint threads


cdef inline bint is_wanted(const Wanted* wanted, const Owners* owners, int32_t at) noexcept nogil:
    cdef Py_ssize_t i
    if not wanted.processes[owners.processes[at]]:
        return False
    if not wanted.threads and (owners.tids[at] != owners.pids[at] or owners.fds[at] < 0):
        return False
    for i in range(wanted.range_count):
        if wanted.ranges[2 * i] <= owners.fds[at] <= wanted.ranges[2 * i + 1]:
            return True
    return wanted.range_count < 0


cdef Py_ssize_t collect(
    const Owners* owners, Py_ssize_t sockets, Py_ssize_t count, const Wanted* wanted,
    int32_t* socket_of, Holder* holders,
) noexcept nogil:
    """Find the lines and sort them; they come nearly sorted from one thread, not from several."""
    cdef Py_ssize_t i, found = 0
    cdef int32_t at
    cdef bint sorted = True
    memset(socket_of, 0xFF, count * sizeof(int32_t))
    for i in range(sockets):
        at = owners.heads[i]
        while at >= 0 and socket_of[at] < 0:  # rows of one inode share their owners
            socket_of[at] = <int32_t>i
            at = owners.following[at]
    for i in range(count):
        if socket_of[i] < 0 or not is_wanted(wanted, owners, <int32_t>i):
            continue
        holders[found].pid = owners.pids[i]
        holders[found].tid = owners.tids[i]
        holders[found].fd = owners.fds[i]
        holders[found].owner = <int32_t>i
        holders[found].socket = socket_of[i]
        if found and compare_holders(holders + found - 1, holders + found) > 0:
            sorted = False
        found += 1
    if not sorted:
        qsort(holders, found, sizeof(Holder), compare_holders)
    return found


def kind_rows(SocketRows rows not None, kinds):
    """Return the rows of some kinds, kind by kind; see layout.kind_rows."""
    cdef const uint8_t* protocols = <const uint8_t*>rows.store[<int>POSITIONS["protocol"]]
    cdef const uint8_t* families = <const uint8_t*>rows.store[<int>POSITIONS["family"]]
    cdef uint8_t[65536] place
    cdef Py_ssize_t[257] starts
    cdef Py_ssize_t i, count = rows.length
    cdef int rank
    memset(place, 0, sizeof(place))
    memset(starts, 0, sizeof(starts))
    if len(kinds) > 255:
        raise ValueError("there are no more than 255 kinds")
    for rank, (protocol, family) in enumerate(kinds):
        place[<uint8_t>protocol << 8 | <uint8_t>family] = rank + 1
    with nogil:
        for i in range(count):
            starts[place[protocols[i] << 8 | families[i]]] += 1
        starts[0] = 0
        for rank in range(1, 257):
            starts[rank] += starts[rank - 1]
    cdef Column made = new_column("index", "i", starts[256])
    cdef int32_t* to = <int32_t*>made.data
    with nogil:
        for i in range(count):
            rank = place[protocols[i] << 8 | families[i]]
            if rank:
                to[starts[rank - 1]] = <int32_t>i
                starts[rank - 1] += 1
    return made


def owner_lines(SocketRows rows not None, pids, fds, bint threads):
    """Return the lines of all descriptors; see layout.owner_lines."""
    check_owners(rows)
    cdef OwnerRows table = rows.owners
    cdef Py_ssize_t count = table.length, i, found
    cdef Owners owners
    cdef Wanted wanted
    memset(&owners, 0, sizeof(Owners))
    owners.heads = <const int32_t*>rows.heads.data
    if table.following is not None:
        owners.following = <const int32_t*>table.following.data
    owners.pids = <const int32_t*>table.store[OWNER_PID]
    owners.fds = <const int32_t*>table.store[OWNER_FD]
    owners.tids = <const int32_t*>table.store[OWNER_TID]
    owners.processes = <const uint32_t*>table.store[OWNER_PROCESS]
    cdef bytes chosen = bytes([pids is None or p.pid in pids for p in table.processes])
    cdef Column ranges = Column.from_values(
        "ranges", "i", [min(end, 2**31 - 1) for pair in fds or () for end in pair])
    wanted.processes = <const uint8_t*>PyBytes_AS_STRING(chosen)
    wanted.ranges = <const int32_t*>ranges.data
    wanted.range_count = -1 if fds is None else len(fds)
    wanted.threads = threads
    cdef bytes socket_of = PyBytes_FromStringAndSize(NULL, count * sizeof(int32_t))
    cdef bytes held = PyBytes_FromStringAndSize(NULL, count * sizeof(Holder))
    cdef Holder* holders = <Holder*>PyBytes_AS_STRING(held)
    cdef int32_t* places = <int32_t*>PyBytes_AS_STRING(socket_of)
    cdef Py_ssize_t sockets = rows.length
    with nogil:
        found = collect(&owners, sockets, count, &wanted, places, holders)
    cdef Column socket_rows = new_column("sockets", "i", found)
    cdef Column owner_rows = new_column("owners", "i", found)
    for i in range(found):
        (<int32_t*>socket_rows.data)[i] = holders[i].socket
        (<int32_t*>owner_rows.data)[i] = holders[i].owner
    return Lines(socket_rows, owner_rows)


def line_pids(SocketRows rows not None, lines):
    """Return the processes of the lines, each once; see layout.line_pids."""
    cdef OwnerRows table = rows.owners
    cdef Column column = lines.owners
    cdef Py_ssize_t i
    cdef int32_t pid, before = -1
    cdef list made = []
    cdef set seen = set()
    if column is None or table is None:
        return made
    check_rows(column, table.length, "owner")
    for i in range(column.length):
        if (<const int32_t*>column.data)[i] < 0:
            continue
        pid = (<const int32_t*>table.store[OWNER_PID])[(<const int32_t*>column.data)[i]]
        if pid != before and pid not in seen:
            seen.add(pid)
            made.append(pid)
        before = pid
    return made
