"""/proc/net/{tcp,tcp6,udp,udp6}, decoded where the kernel wrote it, and how tables are read.

  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout …
   0: 0100007F:1388 0200007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 …

Written by net/ipv4/tcp_ipv4.c (get_openreq4, get_tcp4_sock, get_timewait4_sock), net/ipv6/
tcp_ipv6.c, net/ipv4/udp.c and net/ipv6/udp.c. The kernel hands out at most one page a read(2),
27 lines, whatever the buffer, and takes 1.5 us a line: a parser can win little. This one checks
every field as strictly as the reference, with the same errors, in about 0.13 us a line. The lines
of /proc/net/unix are decoded in _proc_unix.
"""

cimport cython
from libc.errno cimport EINTR, ENOENT, EISDIR, errno
from libc.stdint cimport (
    UINT32_MAX, UINT64_MAX, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
)
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memmove, memset

from fastsock._match cimport Matcher
from fastsock._row cimport Row
from fastsock._seen cimport Seen
from fastsock._table cimport SocketRows
from fastsock.engines._digits cimport (
    UPPER, end_of_line, fs_load4, fs_load8, hex8, hex_word, read_decimal, read_pointer,
)
from fastsock.engines._intake cimport BATCH, Intake
from fastsock.engines._proc_unix cimport (
    LONGEST_RECORD, UnixRecord, keep_path, parse_unix_heading, parse_unix_record,
)

from fastsock.errors import ParseError

import os

cdef extern from "<fcntl.h>" nogil:
    int open(const char* path, int flags)
    int O_RDONLY, O_NONBLOCK, O_CLOEXEC, O_NOCTTY

cdef extern from "<string.h>" nogil:
    void* memrchr(const void* area, int byte, size_t size)  # _GNU_SOURCE, which Python.h defines

cdef extern from "<unistd.h>" nogil:
    ssize_t read(int fd, void* buffer, size_t size)
    int close(int fd)

cdef extern from "<sys/stat.h>" nogil:
    struct file_status "stat":
        unsigned int st_mode
    int fstat(int fd, file_status* status)
    bint S_ISREG(unsigned int mode)

cdef extern from *:
    """
    #define FS_MOST_MS_TICKS (INT64_MAX / 10)       /* clock ticks that fit as milliseconds */
    #define FS_MOST_US_TICKS (INT64_MAX / 10000)    /* and as microseconds */
    """
    uint64_t FS_MOST_MS_TICKS, FS_MOST_US_TICKS

cdef enum:
    LONGEST_LINE = 65536  # no known kernel's line is longer than 300 bytes
    BUFFER = 2 * LONGEST_LINE
    # Rows are passed over where a page of the kernel's ends. The second reading starts with half of
    # one (fs/seq_file.c), so that its pages end at other rows.
    HALF_PAGE = 2048
    SHOWN = 200           # bytes of a bad line that an error keeps
    IPV4 = 2
    UDP = 17
    UNIX = 0

cdef enum Outcome:
    GOOD = 0
    BAD_LINE = 1
    NO_MEMORY = 2
    SYSTEM_ERROR = 3
    NOT_REGULAR = 4
    ENOUGH = 5            # the caller's limit of rows

cdef enum:
    NOT_HEX = 0x100

cdef uint16_t[256] HEX    # value of an upper case digit, NOT_HEX for all else

cdef int fill_hex() noexcept:
    cdef int c
    for c in range(256):
        HEX[c] = NOT_HEX
    for c in range(10):
        HEX[c"0" + c] = c
    for c in range(6):
        HEX[c"A" + c] = 10 + c
    return 0

fill_hex()


cdef inline uint32_t hex8_often_zero(const uint8_t* p, uint64_t* bad) noexcept nogil:
    cdef uint64_t v = fs_load8(p)
    return 0 if v == 0x3030303030303030ULL else hex_word(v, UPPER, bad)


cdef inline const uint8_t* skip_spaces(const uint8_t* p) noexcept nogil:
    """Pass one space or more (padding); NULL where there is none."""
    if p[0] != c" ":
        return NULL
    while p[0] == c" ":
        p += 1
    return p


cdef inline void read_address(
    const uint8_t* p, int words, uint8_t* address, uint64_t* bad
) noexcept nogil:
    """Decode the 32-bit words of an address: the kernel prints its network bytes as host words.

    Of an IPv4 address only the last four bytes are written: the rest is constant in a table.
    """
    cdef uint32_t word
    cdef int i
    if words == 1:
        word = hex8(p, bad)
        memcpy(address + 12, &word, 4)
    else:
        for i in range(4):
            word = hex8(p + 8 * i, bad)
            memcpy(address + 4 * i, &word, 4)


cdef inline const uint8_t* read_tcp_tail(const uint8_t* p, Row* row) noexcept nogil:
    """rto ato quickack cwnd ssthresh; absent for SYN_RECV and TIME_WAIT."""
    cdef uint64_t value = 0
    cdef bint negative
    p = read_decimal(p, FS_MOST_US_TICKS, 20, &row.rto)
    if p == NULL or p[0] != c" ":
        return NULL
    row.rto *= 10000  # clock ticks (USER_HZ) to microseconds
    p = read_decimal(p + 1, FS_MOST_US_TICKS, 20, &row.ato)
    if p == NULL or p[0] != c" ":
        return NULL
    row.ato *= 10000
    p = read_decimal(p + 1, 0xFFFFFFFF, 20, &value)
    if p == NULL or p[0] != c" ":
        return NULL
    p = read_decimal(p + 1, 0xFFFFFFFF, 20, &value)
    if p == NULL or p[0] != c" ":
        return NULL
    row.cwnd = <uint32_t>value
    negative = p[1] == c"-"
    p = read_decimal(p + 1 + negative, 0x80000000 if negative else 0x7FFFFFFF, 20, &value)
    row.ssthresh = <int32_t>(-<int64_t>value if negative else <int64_t>value)
    return p


cdef const uint8_t* parse_line(
    const uint8_t* p, const uint8_t* limit, int words, bint udp, Row* row
) noexcept nogil:
    """Decode one line and return its end; NULL when it is not exactly what a kernel writes."""
    cdef const uint8_t* start
    cdef uint64_t bad = 0   # not 0 once any of eight digits is none
    cdef uint32_t gap       # not 0 once any separator is another byte
    cdef uint64_t value = 0
    cdef uint32_t digits, digit
    cdef int wide = 8 * words
    while p[0] == c" ":
        p += 1
    start = p
    while <uint8_t>(p[0] - c"0") <= 9:
        p += 1
    # Up to the eighth digit of `when` every field has its fixed place: one look at what is left.
    if p == start or p - start > 20 or limit - p < 2 * wide + 46:
        return NULL
    gap = (p[0] ^ c":") | (p[1] ^ c" ")
    p += 2
    read_address(p, words, row.local_address, &bad)
    read_address(p + wide + 6, words, row.remote_address, &bad)
    p += wide
    gap |= (p[0] ^ c":") | (p[5] ^ c" ")
    digits = hex_word(fs_load4(p + 1) | <uint64_t>fs_load4(p + 7 + wide) << 32, UPPER, &bad)
    row.local_port = digits >> 16
    row.remote_port = digits & 0xFFFF
    p += 6 + wide
    row.tx_queue = hex8_often_zero(p + 9, &bad)
    row.rx_queue = hex8_often_zero(p + 18, &bad)
    value = hex8_often_zero(p + 30, &bad)
    gap |= (p[0] ^ c":") | (p[5] ^ c" ") | (p[8] ^ c" ") | (p[17] ^ c":")
    gap |= (p[26] ^ c" ") | (p[29] ^ c":")
    digits = HEX[p[6]] << 4 | HEX[p[7]]
    digit = HEX[p[27]] << 4 | HEX[p[28]]
    row.state = <uint8_t>digits
    row.timer = <uint8_t>digit
    p += 38
    if gap | (digits >> 8) | (digit >> 8) or bad:
        return NULL
    start = p
    while p[0] != c" ":
        digit = HEX[p[0]]
        if digit & NOT_HEX or p - start >= 8:
            return NULL
        value = value << 4 | digit
        p += 1
    if value > FS_MOST_MS_TICKS or limit - p < 9:
        return NULL
    row.timer_expires_ms = <int64_t>value * 10  # clock ticks (USER_HZ, 100 a second)
    row.retransmits = hex8_often_zero(p + 1, &bad)
    if bad:
        return NULL
    p = skip_spaces(p + 9)
    if p == NULL:
        return NULL
    p = read_decimal(p, 0xFFFFFFFF, 10, &value)
    if p == NULL:
        return NULL
    row.uid = <uint32_t>value
    p = skip_spaces(p)
    if p == NULL:
        return NULL
    p = read_decimal(p, 0xFFFFFFFF, 10, &value)
    if p == NULL or p[0] != c" ":
        return NULL
    row.timeout = <uint32_t>value
    p = read_decimal(p + 1, UINT64_MAX, 20, &row.inode)
    if p == NULL or p[0] != c" ":
        return NULL
    p = read_decimal(p + 1, 0xFFFFFFFF, 10, &value)
    if p == NULL or p[0] != c" ":
        return NULL
    row.refcount = <uint32_t>value
    p = read_pointer(p + 1, limit, &value)
    if p == NULL:
        return NULL
    if p[0] == c" " and <uint8_t>(p[1] - c"0") <= 9:
        if udp:
            p = read_decimal(p + 1, 0xFFFFFFFF, 20, &value)
            row.drops = <uint32_t>value
        else:
            p = read_tcp_tail(p + 1, row)
        if p == NULL:
            return NULL
    else:
        row.rto = row.ato = 0
        row.cwnd = row.drops = 0
        row.ssthresh = 0
    while limit - p >= 8 and fs_load8(p) == 0x2020202020202020ULL:
        p += 8
    while p[0] == c" ":
        p += 1
    return p if p[0] == c"\n" or p == limit else NULL


cdef const uint8_t* parse_heading(const uint8_t* p, const uint8_t* limit) noexcept nogil:
    """Return the end of the heading; NULL when it is another text."""
    while p[0] == c" ":
        p += 1
    if limit - p < 18 or memcmp(p, b"sl  local_address ", 18) != 0:
        return NULL
    return end_of_line(p, limit)


cdef void prepare_row(Row* row, int protocol, int family, uint64_t netns) noexcept nogil:
    """Set what is the same in every row of a table."""
    memset(row, 0, sizeof(Row))
    row.protocol = protocol
    row.family = family
    row.netns = netns
    row.backlog_limit = -1  # /proc does not tell it
    if family == IPV4:
        memset(row.local_address + 10, 0xff, 2)
        memset(row.remote_address + 10, 0xff, 2)
    if protocol == UNIX:
        row.uid = UINT32_MAX    # nor this


@cython.internal
cdef class Lines:
    """Where a scan stands in one table: which file, which line, and what went wrong."""

    cdef int words            # 32-bit words of an address
    cdef bint udp
    cdef bint is_unix
    cdef Py_ssize_t number    # of the last line looked at; the heading has number 1
    cdef UnixRecord record    # of a UNIX socket: what its row does not hold, and its lines
    cdef bytes path
    cdef uint8_t[200] bad
    cdef Py_ssize_t bad_size

    cdef void open_table(self, bytes path, int protocol, int family):
        self.words = 1 if family == IPV4 else 4
        self.udp = protocol == UDP
        self.is_unix = protocol == UNIX
        self.record.lines = 1
        self.number = 0
        self.path = path

    cdef void reject(self, const uint8_t* line, const uint8_t* limit) noexcept nogil:
        limit = end_of_line(line, limit)
        self.bad_size = limit - line if limit - line < SHOWN else SHOWN
        memcpy(self.bad, line, self.bad_size)

    cdef object error(self):
        return ParseError(os.fsdecode(self.path), self.number, self.bad[: self.bad_size])


cdef const uint8_t* read_unix_record(
    Lines lines, const uint8_t* line, const uint8_t* limit, Row* row
) noexcept nogil:
    """As read_line; a UNIX socket may take several lines."""
    cdef const uint8_t* end
    lines.number += lines.record.lines
    lines.record.lines = 1
    if lines.number == 1:
        end = parse_unix_heading(line, limit)
    else:
        end = parse_unix_record(line, limit, row, &lines.record)
    if end == NULL:
        lines.reject(line, limit)
    return end


cdef inline const uint8_t* read_line(
    Lines lines, const uint8_t* line, const uint8_t* limit, Row* row
) noexcept nogil:
    """Look at the next line; return its end, with a socket in `row` (not the heading), or NULL."""
    cdef const uint8_t* end
    if lines.is_unix:
        return read_unix_record(lines, line, limit, row)
    lines.number += 1
    if lines.number == 1:
        end = parse_heading(line, limit)
    else:
        end = parse_line(line, limit, lines.words, lines.udp, row)
    if end == NULL or end - line > LONGEST_LINE:
        lines.reject(line, limit)
        return NULL
    return end


def parse_table(bytes text, int protocol, int family, str path, netns=0, fields=()):
    """Decode a whole table that is in memory; equal to the reference's `parse_table`."""
    cdef SocketRows rows = SocketRows(fields)
    cdef Lines lines = Lines()
    cdef Row row
    cdef uint8_t[108] unix_path
    cdef const uint8_t* p = <const uint8_t*><const char*>text
    cdef const uint8_t* limit = p + len(text)  # bytes objects end in a zero byte: no field has it
    cdef Outcome outcome = GOOD
    lines.open_table(os.fsencode(path), protocol, family)
    prepare_row(&row, protocol, family, netns)
    with nogil:
        while True:
            p = read_line(lines, p, limit, &row)
            if p == NULL:
                outcome = BAD_LINE
                break
            if lines.number > 1:
                if lines.is_unix:
                    keep_path(&lines.record, unix_path, &row)
                if rows.push(&row) != 0:
                    outcome = NO_MEMORY
                    break
            p += 1
            if p >= limit:
                break
    if outcome == BAD_LINE:
        raise lines.error()
    if outcome == NO_MEMORY:
        raise MemoryError()
    rows.finish()
    return rows


cdef class TableScan(Intake):
    """A read of several tables; rows that the moving tables repeat are dropped and counted.

    `sources` are (path, protocol, family, netns); a path that does not exist is passed over (a
    kernel without IPv6 has no tcp6): the caller knows which must. `moved` is asked at the end: the
    (netns, protocol) that it returns are read once more, in pages that end elsewhere, and rows that
    were passed over before are added. Errors: OSError with the path, ParseError, MemoryError;
    afterwards the scan is over.
    """

    cdef list sources
    cdef Py_ssize_t at          # the source being read
    cdef object moved
    cdef Seen seen
    cdef Lines lines
    cdef int fd
    cdef uint8_t* buffer
    cdef Py_ssize_t start       # what lies in `buffer` and is not decoded yet
    cdef Py_ssize_t stop
    cdef uint64_t[32] marks     # fingerprints of the batch
    cdef uint8_t[32][108] paths  # of UNIX sockets in it

    def __cinit__(self, sources, Matcher matcher, expected=0, moved=None):
        self.fd = -1
        self.moved = moved
        self.sources = list(sources)
        self.seen = Seen(expected)
        self.lines = Lines()
        self.buffer = <uint8_t*>malloc(BUFFER + 1)  # and the byte that ends it
        if self.buffer == NULL:
            raise MemoryError()

    def __init__(self, sources, matcher, expected=0, moved=None):
        pass

    def __dealloc__(self):
        self.release()

    cdef void release(self):
        if self.fd >= 0:
            close(self.fd)
        self.fd = -1
        free(self.buffer)
        self.buffer = NULL

    def close(self):
        """End the scan early. Closing twice is fine."""
        self.at = len(self.sources)
        self.moved = None
        self.release()

    cdef bint run(self, SocketRows rows, Py_ssize_t limit) except -1:
        cdef Outcome outcome = GOOD
        cdef int problem = 0
        while self.fd >= 0 or self.next_source():
            with nogil:
                outcome = self.read_source(rows, limit, &problem)
            if outcome == ENOUGH:
                return True
            close(self.fd)
            self.fd = -1
            if outcome != GOOD:
                break
        self.close()
        if outcome == BAD_LINE:
            raise self.lines.error()
        if outcome == NO_MEMORY:
            raise MemoryError()
        if outcome == SYSTEM_ERROR:
            raise OSError(problem, os.strerror(problem), os.fsdecode(self.lines.path))
        return False

    cdef bint next_source(self) except -1:
        cdef file_status status
        cdef int fd, i
        while self.at < len(self.sources):
            path, protocol, family, netns = self.sources[self.at]
            self.at += 1
            self.lines.open_table(os.fsencode(path), protocol, family)
            for i in range(BATCH):
                prepare_row(&self.batch[i], protocol, family, netns)
            # A given root may hold anything: no FIFO may block, no terminal may be taken.
            fd = open(self.lines.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            if fd < 0:
                if errno == ENOENT:  # a kernel without this protocol's table
                    continue
                self.at = len(self.sources)
                raise OSError(errno, os.strerror(errno), path)
            if fstat(fd, &status) != 0 or not S_ISREG(status.st_mode):
                close(fd)
                self.at = len(self.sources)
                raise OSError(EISDIR, "not a regular file", path)
            self.fd = fd
            self.start = self.stop = 0
            return True
        if not self.again and self.moved is not None:
            moved = self.moved()
            self.sources = [one for one in self.sources if (one[3], one[1]) in moved]
            self.again = True
            self.at = 0
            return self.next_source()
        return False

    cdef Outcome read_source(self, SocketRows rows, Py_ssize_t limit, int* problem) noexcept nogil:
        """Read the open file to its end, or until `rows` holds `limit`."""
        cdef Outcome outcome
        cdef ssize_t got
        cdef size_t room
        while True:
            room = BUFFER - self.stop
            if self.again and self.lines.number == 0 and self.stop == 0:
                room = HALF_PAGE
            got = read(self.fd, self.buffer + self.stop, room)
            if got < 0:
                if errno == EINTR:  # a signal before the first byte: ask again
                    continue
                problem[0] = errno
                return SYSTEM_ERROR
            self.stop += got
            outcome = self.take_lines(rows, got == 0)
            if outcome == GOOD and self.waiting and (got == 0 or limit):
                outcome = self.drain(rows)
            if outcome != GOOD:
                return outcome
            if got == 0:
                return GOOD
            if limit and rows.length >= limit:
                return ENOUGH

    cdef Outcome take_lines(self, SocketRows rows, bint last) noexcept nogil:
        """Decode the whole lines of the buffer; at the end of the file also an unfinished one."""
        cdef const uint8_t* p = self.buffer + self.start
        cdef const uint8_t* end = self.buffer + self.stop
        cdef const uint8_t* limit = end
        cdef bint everything = self.matcher.everything
        cdef Row* row
        cdef Outcome outcome
        if not last:
            limit = <const uint8_t*>memrchr(p, c"\n", end - p)
            if limit != NULL:
                limit += 1
            else:
                limit = end if end - p > LONGEST_LINE else p
        elif p == end and self.lines.number:
            return GOOD
        self.buffer[self.stop] = 0  # no field has it
        while p < limit or (last and self.lines.number == 0):
            if self.lines.is_unix and not last and end - p < LONGEST_RECORD:
                break  # where a path ends is known with what follows it
            row = self.batch + self.waiting
            p = read_line(self.lines, p, limit, row)
            if p == NULL:
                return BAD_LINE
            if self.lines.number > 1 and (everything or self.matcher.matches(row)):
                if self.lines.is_unix:
                    keep_path(&self.lines.record, self.paths[self.waiting], row)
                    self.marks[self.waiting] = self.unix_fingerprint(row)
                else:
                    self.marks[self.waiting] = self.seen.fingerprint(row)
                self.seen.expect(self.marks[self.waiting])
                self.waiting += 1
                if self.waiting == BATCH:
                    outcome = self.drain(rows)
                    if outcome != GOOD:
                        return outcome
            p += 1
        if p >= end:
            self.start = self.stop = 0
        else:
            # The rest of a line goes to the front: there is room for the longest behind it.
            self.start = 0
            self.stop = end - p
            memmove(self.buffer, p, self.stop)
        return GOOD

    cdef uint64_t unix_fingerprint(self, const Row* row) noexcept nogil:
        """Know a UNIX socket by its inode, and one without by its address or else its line."""
        cdef Row known = row[0]
        cdef uint64_t place[2]
        if row.inode == 0:
            place[0] = self.lines.record.pointer
            place[1] = 0
            if place[0] == 0:
                place[0] = self.lines.number
                place[1] = self.at  # which table
            memcpy(known.local_address, place, 16)
        return self.seen.fingerprint(&known)

    cdef Outcome drain(self, SocketRows rows) noexcept nogil:
        """Pass the waiting rows on, but those that were there before."""
        cdef int i, is_new
        cdef int kept = 0
        for i in range(self.waiting):
            is_new = self.seen.add(self.marks[i])
            if is_new < 0:
                return NO_MEMORY
            if not is_new:
                self.repeats += not self.again
                continue
            if kept != i:
                self.batch[kept] = self.batch[i]
            kept += 1
        self.waiting = kept
        return GOOD if self.pass_on(rows) == 0 else NO_MEMORY
