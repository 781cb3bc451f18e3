"""Answers of sock_diag(7), decoded where the kernel wrote them.

    nlmsghdr  struct inet_diag_msg                                            attributes
    7c000000… 02 01 00 00 1388 9c40 7f000001 … 7f000002 … cookie … 41 00…     nlattr nlattr …

Written by net/ipv4/inet_diag.c (inet_sk_diag_fill and its twins for TIME_WAIT and SYN_RECV):
0.6 us a socket where a line of /proc/net/tcp takes 1.5. One recv(2) brings 32 KiB, about 260
sockets. The rows become what /proc prints: a listener's queue limit is a column of its own, not
bytes to be sent.

A dump that is read while sockets come and go begins each datagram where the one before ended, by
counting within a bucket of the hash, as /proc does: it may show a row twice, or pass one over. A
row is known by its cookie; what took more than one datagram and has moved is asked for once more.
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
from fastsock._row cimport Row, put_address
from fastsock._seen cimport Cookies
from fastsock._table cimport SocketRows
from fastsock.engines._enter cimport enter_network
from fastsock.engines._intake cimport BATCH, Intake
from fastsock.engines._threads cimport pthread_join, pthread_t, start_thread

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

cdef extern from *:
    """
    #include <stdint.h>

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

cdef enum:
    BUFFER = 65536         # the kernel fills 32 KiB at most, whatever there is room for
    AHEAD = 16             # namespaces that one thread enters: to start one takes 40 us
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
    UNIX_MEMINFO = 5
    UNIX_SHUTDOWN = 6
    UID = 7
    # Attributes: INET_DIAG_x.
    INFO = 2
    CONG = 4
    SKMEMINFO = 7
    SHUT = 8
    SKV6ONLY = 11
    MARK = 15
    CGROUP_ID = 21
    # Places in Row.blobs.
    PATH_BLOB = 0
    CONGESTION_BLOB = 1
    TCP_INFO_BLOB = 2
    SKMEM_BLOB = 3
    ATTRIBUTES_BLOB = 4
    INFO_BYTES = 84        # of struct tcp_info, up to snd_cwnd: all kernels have so many
    DROPS = 8              # of INET_DIAG_SKMEMINFO
    NO_SSTHRESH = 0x7FFFFFFF
    TOLD = 4               # beside the two bits of INET_DIAG_SHUTDOWN, which may be 0
    # Instead of an attribute's type.
    NO_MORE = -1
    LIES = -2

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


cdef inline void take_socket(const Inet* message, int protocol, Row* row) noexcept nogil:
    """Set the fields that every table has, as /proc would print them."""
    cdef bint ipv4 = message.family == IPV4
    row.protocol = protocol
    row.family = message.family
    row.state = message.state
    row.timer = message.timer
    put_address(row.local_address, message.source, ipv4)
    put_address(row.remote_address, message.destination, ipv4)
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


cdef inline int next_attribute(
    const uint8_t* body, size_t length, size_t* at, const uint8_t** data, size_t* size
) noexcept nogil:
    """Step over one attribute: its type, NO_MORE, or LIES where its length is no length."""
    cdef const Attribute* attribute = <const Attribute*>(body + at[0])
    if at[0] + 4 > length:
        return NO_MORE
    if attribute.length < 4 or attribute.length > length - at[0]:
        return LIES
    data[0] = body + at[0] + 4
    size[0] = attribute.length - 4
    at[0] += align(attribute.length)
    return attribute.type


cdef bint take_attributes(const uint8_t* body, size_t length, Row* row) noexcept nogil:
    """Set the optional fields; False where the attributes are not as any kernel writes them."""
    cdef const uint32_t* words
    cdef const uint8_t* data = NULL
    cdef size_t at = INET_BYTES
    cdef size_t size = 0
    cdef int kind
    row.interface = (<const Inet*>body).interface
    row.mark = row.timeout = row.cwnd = row.drops = 0
    if row.timer != TIMER_RETRANSMIT:  # then it is the number of probes, see take_socket
        row.timeout = (<const Inet*>body).retransmits
    row.shutdown = 0
    row.rto = row.ato = row.socket_cgroup = 0
    row.v6only = 0
    row.ssthresh = 0
    memset(row.blob_bytes, 0, sizeof(row.blob_bytes))
    keep_blob(row, ATTRIBUTES_BLOB, body + INET_BYTES, length - INET_BYTES)
    while True:
        kind = next_attribute(body, length, &at, &data, &size)
        if kind < 0:
            return kind == NO_MORE
        words = <const uint32_t*>data
        if kind == SKV6ONLY and size >= 1:
            row.v6only = data[0]
        elif kind == SHUT and size >= 1:
            row.shutdown = TOLD | data[0] & 3
        elif kind == MARK and size >= 4:
            row.mark = words[0]
        elif kind == CGROUP_ID and size >= 8:
            memcpy(&row.socket_cgroup, data, 8)
        elif kind == CONG:
            # A string, with its NUL.
            keep_blob(row, CONGESTION_BLOB, data, size - 1 if size and not data[size - 1] else size)
        elif kind == SKMEMINFO:
            keep_blob(row, SKMEM_BLOB, data, size)
            if size >= 4 * (DROPS + 1):
                row.drops = words[DROPS]
        elif kind == INFO:
            keep_blob(row, TCP_INFO_BLOB, data, size)
            if size >= INFO_BYTES:
                row.timeout = data[3]  # probes
                row.rto = words[2]
                row.ato = words[3]
                row.ssthresh = -1 if words[19] >= NO_SSTHRESH else <int32_t>words[19]
                row.cwnd = words[20]


cdef bint take_unix(const uint8_t* body, size_t length, Row* row) noexcept nogil:
    """Set all fields of a UNIX socket; False where it is not as any kernel writes it."""
    cdef const Unix* message = <const Unix*>body
    cdef const uint32_t* words
    cdef const uint8_t* data = NULL
    cdef size_t at = UNIX_BYTES
    cdef size_t size = 0
    cdef int kind
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
    keep_blob(row, ATTRIBUTES_BLOB, body + UNIX_BYTES, length - UNIX_BYTES)
    while True:
        kind = next_attribute(body, length, &at, &data, &size)
        if kind < 0:
            return kind == NO_MORE
        words = <const uint32_t*>data
        if kind == NAME:
            # A path has the NUL that ends it; an abstract name begins with one and has no other.
            keep_blob(
                row, PATH_BLOB, data,
                size - 1 if size > 1 and data[0] and not data[size - 1] else size,
            )
        elif kind == PEER and size >= 4:
            row.peer = words[0]
        elif kind == UNIX_MEMINFO:
            keep_blob(row, SKMEM_BLOB, data, size)
        elif kind == UNIX_SHUTDOWN and size >= 1:
            row.shutdown = TOLD | data[0] & 3
        elif kind == UID and size >= 4:
            row.uid = words[0]
        elif kind == RQLEN and size >= 8:
            row.rx_queue = words[0]
            if row.state == LISTEN:
                row.backlog_limit = <int32_t>words[1]
            else:
                row.tx_queue = words[1]


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
    # A network namespace to open a socket in, and what came of it.
    const char* path
    int fd
    int error


cdef struct Round:
    # What a thread is given that opens sockets in other network namespaces.
    Entry* entries
    int count


cdef void* go_round(void* argument) noexcept nogil:
    """Enter one namespace after another and end: the thread never returns to Python."""
    cdef Round* to_do = <Round*>argument
    cdef int i
    for i in range(to_do.count):
        open_elsewhere(&to_do.entries[i])
    return NULL


cdef void open_elsewhere(Entry* entry) noexcept nogil:
    cdef int namespace = open(entry.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if namespace < 0:
        entry.error = errno
        return
    if enter_network(namespace) != 0:
        entry.error = errno
    else:
        open_here(entry)
    close(namespace)


cdef void open_here(Entry* entry) noexcept nogil:
    cdef timeval patience = timeval(ANSWER_SECONDS, 0)
    entry.fd = socket(FS_AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, FS_NETLINK_SOCK_DIAG)
    if entry.fd < 0:
        entry.error = errno
        return
    setsockopt(entry.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))


cdef void run_round(Round* to_do) noexcept nogil:
    """Have a thread go round, and wait for it."""
    cdef pthread_t thread = 0
    cdef int refused = start_thread(&thread, go_round, to_do)
    cdef int i
    if not refused:
        pthread_join(thread, NULL)
        return
    for i in range(to_do.count):
        to_do.entries[i].error = refused


@cython.final
cdef class DiagSocket:
    """A sock_diag socket of one network namespace, see open_sockets; `fd` is ours to close."""

    cdef readonly int fd

    def __cinit__(self, int fd=-1):
        self.fd = fd

    def __init__(self, fd=-1):
        pass

    def __dealloc__(self):
        self.close()

    cpdef void close(self) noexcept:
        """Close the socket. Closing twice is fine."""
        if self.fd >= 0:
            close(self.fd)
        self.fd = -1


def open_sockets(list paths):
    """Return by path a DiagSocket of each network namespace, or the errno that was in the way.

    A path is a /proc/PID/ns/net or a name below /run/netns; to enter it takes CAP_SYS_ADMIN there
    and here (setns(2)). None, which stands alone, is the namespace that we are in. AHEAD at most.
    """
    cdef Entry[AHEAD] entries
    cdef Round to_do
    cdef DiagSocket made
    cdef dict found = {}
    cdef int i
    if len(paths) > AHEAD:
        raise ValueError(f"{len(paths)} network namespaces at once")
    encoded = [os.fsencode(path) for path in paths if path is not None]
    for i in range(len(paths)):
        entries[i] = Entry(NULL, -1, 0)
        if encoded:
            entries[i].path = <bytes>encoded[i]
    to_do.entries = entries
    to_do.count = len(encoded)
    with nogil:
        if to_do.count:
            run_round(&to_do)
        else:
            open_here(&entries[0])
    for i in range(len(paths)):
        made = DiagSocket()
        made.fd = entries[i].fd
        found[paths[i]] = entries[i].error or made
    return found


cdef class Dump(Intake):
    """The answers to several requests; rows that come twice are dropped and counted.

    `sources` are (path, message, protocol, netns), with the path of a namespace as for
    open_sockets. Those that may not be entered, or have ended, are passed over and stand in `shut`
    afterwards. `expected` is about how many rows there will be. `moved` is asked at the end: what
    took several datagrams, of the (netns, protocol) that it returns, is asked for once more, for
    the rows that were passed over. `connect` opens the sockets, as open_sockets. Errors: OSError
    with the kernel's errno where it refuses a request, ENOBUFS where it lost a part of its answer
    each time, EBADMSG for an answer that is none; MemoryError. Afterwards the dump is over. What
    is in `known`, as another reader has met it, is left out.
    """

    cdef list sources
    cdef list long_answers      # of these, the sources that took several datagrams
    cdef Py_ssize_t at          # the next source
    cdef object moved
    cdef bint second            # they are put once more
    cdef readonly set shut
    cdef object opener          # paths → the DiagSocket of each, or an errno
    cdef DiagSocket socket
    cdef object path            # of the namespace that `socket` is of
    cdef dict ahead             # what open_sockets found in the namespaces that come next
    cdef bint pending           # an answer has begun and not ended
    cdef int protocol
    cdef uint32_t sequence
    cdef int tries
    cdef uint64_t decoded       # sockets so far
    cdef Py_ssize_t datagrams   # with sockets in them, of the answer that is read
    cdef int problem
    cdef Cookies cookies        # of the rows that have come
    cdef bint beside            # another reader's rows among them: a row that is known is no repeat
    cdef uint8_t* buffer
    cdef size_t start           # what lies in `buffer` and is not decoded yet
    cdef size_t stop

    def __cinit__(
        self, sources, Matcher matcher, expected=0, moved=None, connect=open_sockets, known=None
    ):
        self.sources = list(sources)
        self.long_answers = []
        self.moved = moved
        self.shut = set()
        self.opener = connect
        self.ahead = {}
        self.beside = known is not None
        self.cookies = known if self.beside else Cookies()
        self.buffer = <uint8_t*>malloc(BUFFER)
        if self.buffer == NULL:
            raise MemoryError()

    def __init__(
        self, sources, matcher, expected=0, moved=None, connect=open_sockets, known=None
    ):
        pass

    def __dealloc__(self):
        free(self.buffer)

    def close(self):
        """End the dump early. Closing twice is fine."""
        self.at = len(self.sources)
        self.second = True
        self.pending = False
        self.ahead = {}
        self.disconnect()

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
            if self.datagrams > 1 and not self.second:
                self.long_answers.append(self.sources[self.at - 1])
            self.tries = 0
            self.again = self.second
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
        cdef char* text
        cdef size_t size
        cdef int i
        while self.at < len(self.sources):
            path, message, self.protocol, netns = self.sources[self.at]
            self.at += 1
            if path in self.shut or not self.connect(path):
                self.tries = 0  # they were this one's
                self.again = self.second
                continue
            # None waits here. A row of UNIX leaves fields behind that TCP's rows do not set.
            memset(self.batch, 0, sizeof(self.batch))
            for i in range(BATCH):
                self.batch[i].netns = netns
            self.tries += 1
            self.datagrams = 0
            self.sequence += 1
            asked = bytearray(message)
            (<Header*><char*>asked).sequence = self.sequence
            text = <char*>asked
            size = len(asked)
            with nogil:  # the kernel begins its walk here, and ends it where all fits a datagram
                self.problem = errno if send(self.socket.fd, text, size, 0) < 0 else 0
            if self.problem:
                self.close()
                raise OSError(self.problem, os.strerror(self.problem), "NETLINK_SOCK_DIAG")
            self.pending = True
            return True
        if self.long_answers and not self.second and self.moved is not None:
            moved = self.moved()
            self.sources = [one for one in self.long_answers if (one[3], one[2]) in moved]
            self.at = 0
            self.again = self.second = True
            return self.next_source()
        return False

    cdef bint connect(self, path) except -1:
        """Have a socket in a namespace; False where that may not be entered or has ended."""
        if self.socket is not None and path == self.path:
            return True
        self.disconnect()
        opened = self.ahead.pop(path, 0)
        if not isinstance(opened, DiagSocket) and opened not in NOT_ENTERED:
            # It was not tried, or then there was no descriptor left.
            self.ahead = {}
            self.ahead = self.opener(self.next_paths(path))
            opened = self.ahead.pop(path)
        if isinstance(opened, DiagSocket):
            self.socket = opened
            self.path = path
            return True
        if path is None or opened not in NOT_ENTERED:
            self.close()
            raise OSError(opened, os.strerror(opened), path or "NETLINK_SOCK_DIAG")
        self.shut.add(path)
        return False

    cdef list next_paths(self, path):
        """Return `path` and those of some namespaces that come behind it."""
        cdef list found = [path]
        cdef Py_ssize_t i
        for i in range(self.at, len(self.sources)):
            if path is None or len(found) == AHEAD:
                break
            coming = self.sources[i][0]
            if coming is not None and coming != found[len(found) - 1]:
                found.append(coming)
        return found

    cdef void disconnect(self):
        if self.socket is not None:
            self.socket.close()  # an answer that is not read to its end holds kernel memory
        self.socket = None

    cdef Outcome read_answer(self, SocketRows rows, Py_ssize_t limit) noexcept nogil:
        """Read datagrams until the answer ends, or until `rows` holds `limit`."""
        cdef Outcome outcome
        cdef ssize_t got
        cdef uint64_t before
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
            before = self.decoded
            outcome = self.take_messages(rows)
            self.datagrams += self.decoded != before
            # Also before an error: the next datagram takes the place of the bytes of these rows.
            if self.waiting and outcome != NO_MEMORY and self.pass_on(rows) != 0:
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
        cdef int is_new
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
            self.decoded += 1
            if everything or self.matcher.matches(row):
                is_new = self.cookies.add(row.cookie, row.netns)
                if is_new < 0:
                    return NO_MEMORY
                self.repeats += not is_new and not self.again and not self.beside
                self.waiting += is_new
                if self.waiting == BATCH and self.pass_on(rows) != 0:
                    return NO_MEMORY
            if not header.flags & NLM_F_MULTI:
                return DONE  # the answer to a look-up is one message
        return MORE


def parse_dump(bytes data, SocketRows rows, size_t dumps=0):
    """Decode TCP sockets from messages as `ss -D` writes them, into an empty table.

    `dumps`: read so many of them, and not what lies behind; 0 for all. Returns the offset up to
    which all was understood, and what is wrong there: "" where the data is whole, that is, ends
    with the end of a dump.
    """
    cdef const uint8_t* start = <const uint8_t*><const char*>data
    cdef size_t size = len(data)
    cdef size_t at = 0
    cdef const Header* header
    cdef const char* problem = b""
    cdef bint ended = False
    cdef bint no_memory = False
    cdef size_t read = 0
    cdef Row[32] batch
    cdef Row* row
    cdef int waiting = 0
    memset(batch, 0, sizeof(batch))
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
                row = &batch[waiting]
                if not take_row(
                    start + at + HEADER_BYTES, header.length - HEADER_BYTES, TCP, rows.has_optional,
                    row,
                ) or (row.family != IPV4 and row.family != IPV6):
                    problem = b"a message that describes no TCP socket"
                    break
                waiting += 1
                if waiting == BATCH:
                    if rows.push_many(batch, waiting) != 0:
                        no_memory = True
                        break
                    waiting = 0
            elif not ended and header.type != NLMSG_NOOP:
                problem = b"a message of an unknown type"
                break
            at += align(header.length)
            read += ended
            if ended and read == dumps:
                break
        if not no_memory:
            no_memory = rows.push_many(batch, waiting) != 0
    if no_memory:
        raise MemoryError()
    rows.finish()
    if not problem[0] and not ended:
        problem = b"it ends before the dump does"
    return min(at, size), problem.decode()
