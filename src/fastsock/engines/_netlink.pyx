"""Answers of sock_diag(7), decoded where the kernel wrote them.

    nlmsghdr  struct inet_diag_msg                                            attributes
    7c000000… 02 01 00 00 1388 9c40 7f000001 … 7f000002 … cookie … 41 00…     nlattr nlattr …

Written by net/ipv4/inet_diag.c (inet_sk_diag_fill and its twins for TIME_WAIT and SYN_RECV):
0.6 us a socket where a line of /proc/net/tcp takes 1.5. One recv(2) brings 32 KiB, about 260
sockets. The rows become what /proc prints: a listener's queue limit is a column of its own, not
bytes to be sent.

A dump that is read while sockets come and go begins again where it stopped by counting within a
bucket of the hash, as /proc does, and may show a row twice. A row is known by its cookie.
"""

cimport cython
from libc.errno cimport (
    EACCES,
    EAGAIN,
    EBADMSG,
    EBUSY,
    EINTR,
    ENOBUFS,
    ENOENT,
    ENOMEM,
    EPERM,
    ESRCH,
    errno,
)
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from fastsock._match cimport Matcher
from fastsock._row cimport Row
from fastsock._seen cimport Seen
from fastsock._table cimport SocketRows

import os

cdef extern from "<sys/socket.h>" nogil:
    int socket(int domain, int type, int protocol)
    ssize_t send(int fd, const void* data, size_t size, int flags)
    ssize_t recv(int fd, void* data, size_t size, int flags)
    int setsockopt(int fd, int level, int name, const void* value, unsigned int size)
    int SOCK_RAW, SOCK_CLOEXEC, SOL_SOCKET, SO_RCVTIMEO, MSG_TRUNC

cdef extern from "<sys/time.h>" nogil:
    struct timeval:
        long tv_sec
        long tv_usec

cdef extern from "<unistd.h>" nogil:
    int close(int fd)

cdef extern from "<fcntl.h>" nogil:
    int open(const char* path, int flags)
    int O_RDONLY, O_CLOEXEC, O_NONBLOCK

cdef extern from "<signal.h>" nogil:
    ctypedef struct sigset_t:
        pass
    int sigfillset(sigset_t* signals)
    int SIG_SETMASK

cdef extern from "<pthread.h>" nogil:
    ctypedef unsigned long pthread_t
    int pthread_create(pthread_t* thread, void* attributes, void* (*body)(void*) noexcept nogil,
                       void* argument)
    int pthread_join(pthread_t thread, void** result)
    int pthread_sigmask(int how, const sigset_t* signals, sigset_t* before)

cdef extern from *:
    """
    #include <stdint.h>
    #include <sched.h>

    /* linux/netlink.h and linux/inet_diag.h, as far as they are read here: libc has neither. */
    #define FS_AF_NETLINK 16
    #define FS_NETLINK_SOCK_DIAG 4

    struct fs_header { uint32_t length; uint16_t type, flags; uint32_t sequence, port; };

    struct fs_inet {
        uint8_t family, state, timer, retransmits;
        uint16_t source_port, destination_port; /* network order */
        uint8_t source[16], destination[16];
        uint32_t interface, cookie[2], expires, rx_queue, tx_queue, uid, inode;
    };

    struct fs_unix { /* linux/unix_diag.h */
        uint8_t family, type, state, padding;
        uint32_t inode, cookie[2];
    };

    struct fs_attribute { uint16_t length, type; };

    static inline uint16_t fs_host16(uint16_t v) { return (uint16_t)__builtin_bswap16(v); }
    #if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    #error "ports are swapped for little-endian machines only"
    #endif

    static inline int fs_enter_network(int fd) { return setns(fd, CLONE_NEWNET); }
    """
    struct Header "fs_header":
        uint32_t length
        uint16_t type
        uint16_t flags
        uint32_t sequence
    struct Inet "fs_inet":
        uint8_t family
        uint8_t state
        uint8_t timer
        uint8_t retransmits
        uint16_t source_port
        uint16_t destination_port
        uint8_t source[16]
        uint8_t destination[16]
        uint32_t interface
        uint32_t cookie[2]
        uint32_t expires
        uint32_t rx_queue
        uint32_t tx_queue
        uint32_t uid
        uint32_t inode
    struct Unix "fs_unix":
        uint8_t family
        uint8_t type
        uint8_t state
        uint32_t inode
        uint32_t cookie[2]
    struct Attribute "fs_attribute":
        uint16_t length
        uint16_t type
    int FS_AF_NETLINK, FS_NETLINK_SOCK_DIAG
    uint16_t fs_host16(uint16_t v) noexcept nogil
    int fs_enter_network(int fd) noexcept nogil

cdef enum:
    BUFFER = 65536         # the kernel fills 32 KiB at most, whatever there is room for
    BATCH = 32             # rows between decoding and the fingerprint set: hides its cache misses
    TRIES = 4              # of one request, where the kernel lost a part of its answer
    ANSWER_SECONDS = 30    # a kernel that does not answer at all
    HEADER_BYTES = 16
    INET_BYTES = 72
    NLMSG_NOOP = 1
    NLMSG_ERROR = 2
    NLMSG_DONE = 3
    NLM_F_MULTI = 2
    TCPDIAG_GETSOCK = 18
    SOCK_DIAG_BY_FAMILY = 20
    IPV4 = 2
    IPV6 = 10
    LISTEN = 10
    TCP = 6
    TIMER_RETRANSMIT = 1
    UNIX = 0
    UNIX_BYTES = 16
    NOT_KNOWN = 0xFFFFFFFF
    MOST_ERRNO = 4095      # linux/err.h
    # Attributes of a UNIX socket: UNIX_DIAG_x.
    NAME = 0
    PEER = 2
    RQLEN = 4
    UID = 7
    # Attributes: INET_DIAG_x.
    INFO = 2
    CONG = 4
    SKMEMINFO = 7
    SKV6ONLY = 11
    MARK = 15
    CGROUP_ID = 21
    # Places in Row.blobs.
    PATH_BLOB = 0
    CONGESTION_BLOB = 1
    TCP_INFO_BLOB = 2
    SKMEM_BLOB = 3
    INFO_BYTES = 84        # of struct tcp_info, up to snd_cwnd: all kernels have so many
    DROPS = 8              # of INET_DIAG_SKMEMINFO
    NO_SSTHRESH = 0x7FFFFFFF

cdef enum Outcome:
    MORE = 0               # the answer goes on in the next datagram
    DONE = 1
    REFUSED = 2            # the kernel said why: Dump.problem
    MALFORMED = 3
    NO_MEMORY = 4
    SYSTEM_ERROR = 5
    ENOUGH = 6             # the caller's limit of rows


# What a kernel says that lost a part of its answer, or was too busy: ask again.
cdef tuple RETRIED = (EAGAIN, EBUSY, EINTR, ENOBUFS, ENOMEM)
# setns(2): EPERM, a /proc/PID/ns/net: EACCES; ENOENT and ESRCH: its process has ended.
cdef tuple NOT_ENTERED = (EPERM, EACCES, ENOENT, ESRCH)


cdef inline size_t align(size_t length) noexcept nogil:
    """Messages and attributes begin at multiples of 4 bytes."""
    return (length + 3) & ~<size_t>3


cdef inline void take_address(const uint8_t* words, bint ipv4, uint8_t* address) noexcept nogil:
    if ipv4:
        memset(address, 0, 10)
        memset(address + 10, 0xff, 2)
        memcpy(address + 12, words, 4)
    else:
        memcpy(address, words, 16)


cdef inline void take_socket(const Inet* message, int protocol, Row* row) noexcept nogil:
    """Set the fields that every table has, as /proc would print them."""
    cdef bint ipv4 = message.family == IPV4
    row.protocol = protocol
    row.family = message.family
    row.state = message.state
    row.timer = message.timer
    take_address(message.source, ipv4, row.local_address)
    take_address(message.destination, ipv4, row.remote_address)
    row.local_port = fs_host16(message.source_port)
    row.remote_port = fs_host16(message.destination_port)
    row.rx_queue = message.rx_queue
    row.tx_queue = message.tx_queue
    row.backlog_limit = -1
    if protocol == TCP and message.state == LISTEN:
        row.backlog_limit = <int32_t>message.tx_queue
        row.tx_queue = 0
    row.uid = message.uid
    # Beside another timer the kernel puts the number of probes here.
    row.retransmits = message.retransmits if message.timer == TIMER_RETRANSMIT else 0
    row.inode = message.inode
    row.timer_expires_ms = message.expires
    row.cookie = <uint64_t>message.cookie[1] << 32 | message.cookie[0]


cdef inline void keep_blob(Row* row, int place, const uint8_t* data, size_t size) noexcept nogil:
    row.blobs[place] = <const char*>data
    row.blob_bytes[place] = <uint32_t>size


cdef bint take_attributes(const uint8_t* body, size_t length, Row* row) noexcept nogil:
    """Set the optional fields; False where the attributes are not as any kernel writes them."""
    cdef const Attribute* attribute
    cdef const uint32_t* words
    cdef const uint8_t* data
    cdef size_t at = INET_BYTES
    cdef size_t size
    row.interface = (<const Inet*>body).interface
    row.mark = row.timeout = row.cwnd = row.drops = 0
    row.rto = row.ato = row.socket_cgroup = 0
    row.v6only = 0
    row.ssthresh = 0
    memset(row.blob_bytes, 0, sizeof(row.blob_bytes))
    while at + 4 <= length:
        attribute = <const Attribute*>(body + at)
        if attribute.length < 4 or attribute.length > length - at:
            return False
        data = body + at + 4
        words = <const uint32_t*>data
        size = attribute.length - 4
        at += align(attribute.length)
        if attribute.type == SKV6ONLY and size >= 1:
            row.v6only = data[0]
        elif attribute.type == MARK and size >= 4:
            row.mark = words[0]
        elif attribute.type == CGROUP_ID and size >= 8:
            memcpy(&row.socket_cgroup, data, 8)
        elif attribute.type == CONG:
            # A string, with its NUL.
            keep_blob(row, CONGESTION_BLOB, data, size - 1 if size and not data[size - 1] else size)
        elif attribute.type == SKMEMINFO:
            keep_blob(row, SKMEM_BLOB, data, size)
            if size >= 4 * (DROPS + 1):
                row.drops = words[DROPS]
        elif attribute.type == INFO:
            keep_blob(row, TCP_INFO_BLOB, data, size)
            if size >= INFO_BYTES:
                row.timeout = data[3]  # probes
                row.rto = words[2]
                row.ato = words[3]
                row.ssthresh = -1 if words[19] >= NO_SSTHRESH else <int32_t>words[19]
                row.cwnd = words[20]
    return True


cdef bint take_unix(const uint8_t* body, size_t length, Row* row) noexcept nogil:
    """Set all fields of a UNIX socket; False where it is not as any kernel writes it."""
    cdef const Unix* message = <const Unix*>body
    cdef const Attribute* attribute
    cdef const uint32_t* words
    cdef const uint8_t* data
    cdef size_t at = UNIX_BYTES
    cdef size_t size
    cdef uint64_t netns = row.netns
    memset(row, 0, sizeof(Row))
    row.netns = netns
    row.protocol = UNIX
    row.family = message.family
    row.type = message.type
    row.state = message.state
    row.inode = message.inode
    row.cookie = <uint64_t>message.cookie[1] << 32 | message.cookie[0]
    row.uid = NOT_KNOWN  # before Linux 5.3 it is not told
    row.backlog_limit = -1
    while at + 4 <= length:
        attribute = <const Attribute*>(body + at)
        if attribute.length < 4 or attribute.length > length - at:
            return False
        data = body + at + 4
        words = <const uint32_t*>data
        size = attribute.length - 4
        at += align(attribute.length)
        if attribute.type == NAME:
            # A path has the NUL that ends it; an abstract name begins with one and has no other.
            keep_blob(
                row, PATH_BLOB, data,
                size - 1 if size > 1 and data[0] and not data[size - 1] else size,
            )
        elif attribute.type == PEER and size >= 4:
            row.peer = words[0]
        elif attribute.type == UID and size >= 4:
            row.uid = words[0]
        elif attribute.type == RQLEN and size >= 8:
            row.rx_queue = words[0]
            if row.state == LISTEN:
                row.backlog_limit = <int32_t>words[1]
            else:
                row.tx_queue = words[1]
    return True


cdef inline bint take_row(
    const uint8_t* body, size_t length, int protocol, bint attributes, Row* row
) noexcept nogil:
    """Decode one message behind its header; False where it is not as any kernel writes it."""
    if protocol == UNIX:
        return length >= UNIX_BYTES and take_unix(body, length, row)
    if length < INET_BYTES:
        return False
    take_socket(<const Inet*>body, protocol, row)
    return not attributes or take_attributes(body, length, row)


cdef struct Entry:
    # What a thread needs that opens a socket in another network namespace.
    const char* path
    int fd
    int error


cdef void* open_elsewhere(void* argument) noexcept nogil:
    """Enter a namespace, open a socket and end: the thread never returns to Python."""
    cdef Entry* entry = <Entry*>argument
    cdef int namespace = open(entry.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if namespace < 0:
        entry.error = errno
        return NULL
    if fs_enter_network(namespace) != 0:
        entry.error = errno
    else:
        open_here(entry)
    close(namespace)
    return NULL


cdef void open_here(Entry* entry) noexcept nogil:
    cdef timeval patience = timeval(ANSWER_SECONDS, 0)
    entry.fd = socket(FS_AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, FS_NETLINK_SOCK_DIAG)
    if entry.fd < 0:
        entry.error = errno
        return
    setsockopt(entry.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))


@cython.final
cdef class DiagSocket:
    """A sock_diag socket of one network namespace: ours, or the one that a path shows.

    A path is a /proc/PID/ns/net or a name below /run/netns; to enter it takes CAP_SYS_ADMIN there
    and here (setns(2)). Raises OSError with the path. `fd` is a socket that is open already, and
    from then on ours to close: a test's, which answers as no kernel at hand does.
    """

    cdef readonly int fd

    def __cinit__(self, path=None, int fd=-1):
        cdef Entry entry = Entry(NULL, -1, 0)
        cdef pthread_t thread = 0
        cdef sigset_t all_signals
        cdef sigset_t before
        cdef bytes encoded
        cdef int refused
        self.fd = fd
        if fd >= 0:
            return
        if path is None:
            open_here(&entry)
        else:
            encoded = os.fsencode(path)
            entry.path = encoded
            with nogil:
                # Signals are for the threads that know Python.
                sigfillset(&all_signals)
                pthread_sigmask(SIG_SETMASK, &all_signals, &before)
                refused = pthread_create(&thread, NULL, open_elsewhere, &entry)
                pthread_sigmask(SIG_SETMASK, &before, NULL)
                if refused:
                    entry.error = refused
                else:
                    pthread_join(thread, NULL)
        if entry.error:
            raise OSError(entry.error, os.strerror(entry.error), path or "NETLINK_SOCK_DIAG")
        self.fd = entry.fd

    def __init__(self, path=None, fd=-1):
        pass

    def __dealloc__(self):
        self.close()

    cpdef void close(self) noexcept:
        """Close the socket. Closing twice is fine."""
        if self.fd >= 0:
            close(self.fd)
        self.fd = -1


cdef class Dump:
    """The answers to several requests; rows that come twice are dropped and counted.

    `sources` are (path, message, protocol, netns), with the path of a namespace as for DiagSocket.
    Those that may not be entered, or have ended, are passed over and stand in `shut` afterwards.
    `expected` is about how many rows there will be, `connect` makes the socket of a path. Errors:
    OSError with the kernel's errno where it refuses a request, ENOBUFS where it lost a part of its
    answer each time, EBADMSG for an answer that is none; MemoryError. Afterwards the dump is over.
    """

    cdef list sources
    cdef Py_ssize_t at          # the next source
    cdef readonly set shut
    cdef object opener          # a path → its DiagSocket
    cdef DiagSocket socket
    cdef object path            # of the namespace that `socket` is of
    cdef bint pending           # an answer has begun and not ended
    cdef int protocol
    cdef uint32_t sequence
    cdef int tries
    cdef int problem
    cdef Matcher matcher
    cdef Seen seen
    cdef Py_ssize_t expected
    cdef uint8_t* buffer
    cdef size_t start           # what lies in `buffer` and is not decoded yet
    cdef size_t stop
    cdef readonly Py_ssize_t repeats
    cdef bint again             # the request is asked once more: what it repeats says nothing
    cdef uint64_t[256] counts
    cdef Row[32] batch          # BATCH rows that wait for the fingerprint set
    cdef uint64_t[32] marks
    cdef int waiting

    def __cinit__(self, sources, Matcher matcher, expected=0, connect=DiagSocket):
        self.sources = list(sources)
        self.shut = set()
        self.opener = connect
        self.matcher = matcher
        self.seen = Seen(expected)
        self.expected = expected
        self.buffer = <uint8_t*>malloc(BUFFER)
        if self.buffer == NULL:
            raise MemoryError()

    def __init__(self, sources, matcher, expected=0, connect=DiagSocket):
        pass

    def __dealloc__(self):
        free(self.buffer)

    def close(self):
        """End the dump early. Closing twice is fine."""
        self.at = len(self.sources)
        self.pending = False
        self.disconnect()

    def count(self):
        """Return the number of sockets by state, as a list of 256."""
        memset(self.counts, 0, sizeof(self.counts))
        self.run(None, 0)
        return [self.counts[i] for i in range(256)]

    def fill(self, SocketRows rows, Py_ssize_t limit=0):
        """Fill an empty table; with a limit return True when about so many are there, to go on.

        After an error the table has the rows that came before it.
        """
        if rows.capacity:
            raise ValueError("the table has been filled: its columns may be lent already")
        cdef Py_ssize_t coming = self.expected + self.expected // 64
        if self.matcher.everything and not limit and rows.expect(coming) != 0:
            raise MemoryError()
        try:
            return self.run(rows, limit)
        finally:
            rows.finish()

    cdef bint run(self, SocketRows rows, Py_ssize_t limit) except -1:
        cdef Outcome outcome = DONE
        while self.pending or self.next_source():
            with nogil:
                outcome = self.read_answer(rows, limit)
            if outcome == ENOUGH:
                return True
            self.pending = False
            if outcome == REFUSED and self.tries < TRIES and self.problem in RETRIED:
                # All is asked once more; what was kept already is known by its cookie.
                self.disconnect()
                self.at -= 1
                self.again = True
                continue
            if outcome != DONE:
                break
            self.tries = 0
            self.again = False
        self.close()
        if outcome == NO_MEMORY:
            raise MemoryError()
        if outcome == MALFORMED:
            self.problem = EBADMSG
        if outcome != DONE:
            raise OSError(self.problem, os.strerror(self.problem), "NETLINK_SOCK_DIAG")
        return False

    cdef bint next_source(self) except -1:
        """Put the next request; False when there is none."""
        cdef bytearray asked
        cdef int i
        while self.at < len(self.sources):
            path, message, self.protocol, netns = self.sources[self.at]
            self.at += 1
            if path in self.shut or not self.connect(path):
                self.tries = 0  # they were this one's
                self.again = False
                continue
            # None waits here. A row of UNIX leaves fields behind that TCP's rows do not set.
            memset(self.batch, 0, sizeof(self.batch))
            for i in range(BATCH):
                self.batch[i].netns = netns
            self.tries += 1
            self.sequence += 1
            asked = bytearray(message)
            (<Header*><char*>asked).sequence = self.sequence
            if send(self.socket.fd, <char*>asked, len(asked), 0) < 0:
                self.problem = errno
                self.close()
                raise OSError(self.problem, os.strerror(self.problem), "NETLINK_SOCK_DIAG")
            self.pending = True
            return True
        return False

    cdef bint connect(self, path) except -1:
        """Have a socket in a namespace; False where that may not be entered or has ended."""
        if self.socket is not None and path == self.path:
            return True
        self.disconnect()
        try:
            self.socket = self.opener(path)
        except OSError as error:
            if path is None or error.errno not in NOT_ENTERED:
                raise
            self.shut.add(path)
            return False
        self.path = path
        return True

    cdef void disconnect(self):
        if self.socket is not None:
            self.socket.close()  # an answer that is not read to its end holds kernel memory
        self.socket = None

    cdef Outcome read_answer(self, SocketRows rows, Py_ssize_t limit) noexcept nogil:
        """Read datagrams until the answer ends, or until `rows` holds `limit`."""
        cdef Outcome outcome
        cdef ssize_t got
        while True:
            got = recv(self.socket.fd, self.buffer, BUFFER, MSG_TRUNC)
            if got < 0:
                if errno == EINTR:  # a signal before the datagram: ask again
                    continue
                self.problem = errno
                # ENOBUFS: a datagram found no room. EAGAIN: no answer in time, which is final.
                return REFUSED if errno == ENOBUFS else SYSTEM_ERROR
            if got == 0 or got > BUFFER:  # empty, or cut off: no known kernel does
                return MALFORMED
            self.start = 0
            self.stop = got
            outcome = self.take_messages(rows)
            # Also before an error: the next datagram takes the place of the bytes of these rows.
            if self.waiting and outcome != NO_MEMORY and self.drain(rows) != 0:
                return NO_MEMORY
            if outcome != MORE:
                return outcome
            if limit and rows.length >= limit:
                return ENOUGH

    cdef Outcome take_messages(self, SocketRows rows) noexcept nogil:
        """Decode the messages of one datagram."""
        cdef const Header* header
        cdef const uint8_t* body
        cdef size_t length
        cdef bint everything = self.matcher.everything
        cdef bint attributes = rows is not None and rows.has_optional
        cdef Row* row
        while self.start < self.stop:
            header = <const Header*>(self.buffer + self.start)
            if self.stop - self.start < HEADER_BYTES or header.length < HEADER_BYTES or (
                header.length > self.stop - self.start
            ):
                return MALFORMED
            body = self.buffer + self.start + HEADER_BYTES
            length = header.length - HEADER_BYTES
            self.start += align(header.length)
            if header.sequence != self.sequence:
                continue  # of an earlier request on this socket
            if header.type == NLMSG_DONE or header.type == NLMSG_ERROR:
                if length < 4 or (<const int32_t*>body)[0] < -<int32_t>MOST_ERRNO:
                    return MALFORMED
                self.problem = -(<const int32_t*>body)[0]
                return REFUSED if self.problem > 0 else DONE
            if header.type == NLMSG_NOOP:
                continue
            row = &self.batch[self.waiting]
            if not take_row(body, length, self.protocol, attributes, row):
                return MALFORMED
            if everything or self.matcher.matches(row):
                self.marks[self.waiting] = self.seen.mark(row.cookie, row.netns)
                self.seen.expect(self.marks[self.waiting])
                self.waiting += 1
                if self.waiting == BATCH and self.drain(rows) != 0:
                    return NO_MEMORY
            if not header.flags & NLM_F_MULTI:
                return DONE  # the answer to a look-up is one message
        return MORE

    cdef int drain(self, SocketRows rows) noexcept nogil:
        """Pass the waiting rows on, but those that were there before; -1 without memory."""
        cdef int i, is_new
        cdef int kept = 0
        cdef int waiting = self.waiting
        self.waiting = 0
        for i in range(waiting):
            is_new = self.seen.add(self.marks[i])
            if is_new < 0:
                return -1
            if not is_new:
                self.repeats += not self.again
                continue
            if rows is None:
                self.counts[self.batch[i].state] += 1
            elif kept != i:
                self.batch[kept] = self.batch[i]
            kept += 1
        return 0 if rows is None else rows.push_many(self.batch, kept)


def parse_dump(bytes data, SocketRows rows):
    """Decode TCP sockets from messages as `ss -D` writes them, into an empty table.

    Returns the offset up to which all was understood, and what is wrong there: "" where the data
    is whole, that is, ends with the end of a dump.
    """
    cdef const uint8_t* start = <const uint8_t*><const char*>data
    cdef size_t size = len(data)
    cdef size_t at = 0
    cdef const Header* header
    cdef const char* problem = b""
    cdef bint ended = False
    cdef bint no_memory = False
    cdef Row row
    memset(&row, 0, sizeof(row))
    if rows.capacity:
        raise ValueError("the table has been filled: its columns may be lent already")
    with nogil:
        while at < size:
            header = <const Header*>(start + at)
            if size - at < HEADER_BYTES or header.length > size - at:
                problem = b"it ends within a message"
                break
            if header.length < HEADER_BYTES:
                problem = b"a message shorter than its header"
                break
            ended = header.type == NLMSG_DONE
            if header.type == TCPDIAG_GETSOCK or header.type == SOCK_DIAG_BY_FAMILY:
                if not take_row(
                    start + at + HEADER_BYTES, header.length - HEADER_BYTES, TCP, rows.has_optional,
                    &row,
                ) or (row.family != IPV4 and row.family != IPV6):
                    problem = b"a message that describes no TCP socket"
                    break
                if rows.push(&row) != 0:
                    no_memory = True
                    break
            elif not ended and header.type != NLMSG_NOOP:
                problem = b"a message of an unknown type"
                break
            at += align(header.length)
    if no_memory:
        raise MemoryError()
    rows.finish()
    if not problem[0] and not ended:
        problem = b"it ends before the dump does"
    return min(at, size), problem.decode()
