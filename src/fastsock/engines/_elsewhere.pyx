"""Files of /proc that show each thread the network namespace that it is in.

    /proc/sys/net/core/somaxconn     4096
    /proc/thread-self/net/netstat    TcpExt: SyncookiesSent SyncookiesRecv …

To read another namespace's a thread has to be in it. It is one of our own: it enters, reads and
ends, and never knows Python.
"""

from libc.errno cimport EINTR, errno
from libc.stdlib cimport free, malloc

from fastsock.engines._enter cimport enter_network
from fastsock.engines._threads cimport pthread_join, pthread_t, start_thread

import os

cdef extern from "<unistd.h>" nogil:
    int close(int fd)
    ssize_t read(int fd, void* data, size_t size)

cdef extern from "<fcntl.h>" nogil:
    int open(const char* path, int flags)
    int O_RDONLY, O_CLOEXEC, O_NONBLOCK


cdef struct Entry:
    # One file, and what came of it.
    const char* path
    char* data
    size_t size
    int error


cdef struct Visit:
    # What the thread is given.
    const char* entrance
    Entry* entries
    int count
    size_t most            # bytes of one file
    int error              # why the namespace could not be entered


cdef void* go_there(void* argument) noexcept nogil:
    """Enter the namespace, read, and end: the thread never returns to Python."""
    cdef Visit* visit = <Visit*>argument
    cdef int namespace = open(visit.entrance, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    cdef int i
    if namespace < 0:
        visit.error = errno
        return NULL
    if enter_network(namespace) != 0:
        visit.error = errno
    else:
        for i in range(visit.count):
            read_file(&visit.entries[i], visit.most)
    close(namespace)
    return NULL


cdef void read_file(Entry* entry, size_t most) noexcept nogil:
    """Read a file to its end, or as far as there is room."""
    cdef int fd = open(entry.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    cdef ssize_t got = 1
    if fd < 0:
        entry.error = errno
        return
    while got > 0 and entry.size < most:
        got = read(fd, entry.data + entry.size, most - entry.size)
        if got > 0:
            entry.size += <size_t>got
        elif got < 0 and errno == EINTR:
            got = 1
        elif got < 0:
            entry.error = errno
    close(fd)


def read_elsewhere(entrance, paths, size_t most=65536):
    """Return the content of each file, or its errno, as seen in the network namespace `entrance`.

    That is a /proc/PID/ns/net or a name below /run/netns; to enter it takes CAP_SYS_ADMIN there and
    here (setns(2)). Of a file at most `most` bytes are read. Raises OSError where the namespace may
    not be entered or has ended, or no thread can be started.
    """
    cdef Visit visit
    cdef pthread_t thread = 0
    cdef int i
    cdef int refused
    cdef list encoded = [os.fsencode(path) for path in paths]
    cdef bytes door = os.fsencode(entrance)
    cdef list found = []
    cdef size_t count = len(encoded)
    visit.entrance = door
    visit.most = most
    visit.error = 0
    visit.count = <int>count
    visit.entries = <Entry*>malloc((count + 1) * sizeof(Entry))
    cdef char* room = <char*>malloc(count * most + 1)
    try:
        if visit.entries == NULL or room == NULL:
            raise MemoryError()
        for i in range(visit.count):
            visit.entries[i] = Entry(<bytes>encoded[i], room + <size_t>i * most, 0, 0)
        with nogil:
            refused = start_thread(&thread, go_there, &visit)
            if not refused:
                pthread_join(thread, NULL)
        if refused or visit.error:
            problem = refused or visit.error
            raise OSError(problem, os.strerror(problem), entrance)
        for i in range(visit.count):
            if visit.entries[i].error:
                found.append(visit.entries[i].error)
            else:
                found.append(visit.entries[i].data[:visit.entries[i].size])
        return found
    finally:
        free(visit.entries)
        free(room)
