"""Sockets with their holders as tuples of somebody else's classes: a million in one loop.

A descriptor that reads `socket:[41]` joins this line; the tuples are what psutil makes of the two,

  0: 0500000A:01BB 0200A8C0:D431 01 00000000:00000000 00:00000000 00000000 33 0 41 1 0 20 4 30 10 -1

  sconn(fd=8, family=AF_INET, type=SOCK_STREAM, laddr=addr(ip='10.0.0.5', port=443),
        raddr=addr(ip='192.168.0.2', port=54321), status='ESTABLISHED', pid=4211)

What rows have in common is one object: ends and texts of addresses where they come again soon,
numbers below 65,536, and what a state is called. The garbage collector does not see these tuples,
as it does not see a plain tuple of texts and numbers once it has looked at it: nothing that they
hold leads back to them. So a long answer is not looked through again and again, neither while it
is made nor as long as somebody keeps it.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.ref cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.string cimport memcmp, memcpy, memset

from fastsock._columns cimport (
    FAMILY, LOCAL_ADDRESS, LOCAL_PORT, OWNER_FD, OWNER_PID, OWNER_PROCESS, OWNER_TID, PROTOCOL,
    REMOTE_ADDRESS, REMOTE_PORT, STATE,
)
from fastsock._hash cimport mix
from fastsock._table cimport Column, OwnerRows, SocketRows, new_column

from fastsock import tcp
from fastsock._table import format_address

cdef extern from *:
    """
    /* tuple.__new__(type, items), without a tuple to copy from where this Python is known to have
       nothing in a tuple but its items. */
    static PyObject *fs_make_tuple(PyObject *type, PyObject **items, Py_ssize_t n)
    {
        PyObject *made;
        Py_ssize_t i;
    #if PY_VERSION_HEX < 0x030E0000
        made = ((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, n);
    #else
        made = PyTuple_New(n);
    #endif
        if (made == NULL)
            return NULL;
        for (i = 0; i < n; i++) {
            Py_INCREF(items[i]);
            PyTuple_SET_ITEM(made, i, items[i]);
        }
    #if PY_VERSION_HEX >= 0x030E0000
        PyObject *arguments = PyTuple_Pack(1, made);
        Py_DECREF(made);
        if (arguments == NULL)
            return NULL;
        made = PyTuple_Type.tp_new((PyTypeObject *)type, arguments, NULL);
        Py_DECREF(arguments);
        if (made == NULL)
            return NULL;
    #endif
        PyObject_GC_UnTrack(made);
        return made;
    }
    """
    object make_tuple "fs_make_tuple"(object type, PyObject** items, Py_ssize_t n)

cdef extern from "Python.h":
    object ascii_text "PyUnicode_DecodeLatin1"(const char* text, Py_ssize_t size, char* errors)

cdef enum:
    IPV4 = 2          # FAMILIES["ipv4"] in tcp.py
    IPV4_TEXT = 15    # the longest
    NUMBERS = 65536   # ports, and the descriptors of most processes
    TEXTS = 4096      # places for what was made last
    ENDS = 4096
    KEY_BYTES = 48

assert tcp.FAMILIES["ipv4"] == IPV4


cdef inline int write_ipv4(const uint8_t* address, char* text) noexcept nogil:
    """Write four bytes as 10.0.0.5; return how long that is."""
    cdef char* at = text
    cdef int i, byte
    for i in range(4):
        byte = address[i]
        if byte >= 100:
            at[0] = <char>(c'0' + byte // 100)
            at += 1
        if byte >= 10:
            at[0] = <char>(c'0' + byte // 10 % 10)
            at += 1
        at[0] = <char>(c'0' + byte % 10)
        at[1] = c'.'
        at += 2
    return <int>(at - text) - 1


cdef inline uint64_t hash_of(const uint8_t* address, int family, int port) noexcept nogil:
    """Where to look first: who makes addresses collide makes them come a second time, no more."""
    cdef uint64_t words[2]
    memcpy(words, address, 16)
    return mix(
        words[0] ^ <uint64_t>0x9E3779B97F4A7C15,
        (words[1] ^ <uint64_t>port << 8 ^ <uint64_t>family) + <uint64_t>0xD1B54A32D192ED03)


cdef struct Place:
    const uint8_t* address        # in a column, which stays; NULL for an empty place
    int family
    int port


@cython.final
@cython.internal
cdef class Maker:
    """Makes the values of tuples, each once as long as its place is not taken by another."""

    cdef object end_class
    cdef list numbers
    cdef list texts
    cdef list ends
    cdef Place[TEXTS] text_places
    cdef Place[ENDS] end_places

    def __cinit__(self, end_class):
        self.end_class = end_class
        self.numbers = [None] * NUMBERS
        self.texts = [None] * TEXTS
        self.ends = [None] * ENDS
        memset(self.text_places, 0, sizeof(self.text_places))
        memset(self.end_places, 0, sizeof(self.end_places))

    cdef object number(self, int value):
        if not 0 <= value < NUMBERS:
            return value
        made = self.numbers[value]
        if made is None:
            made = self.numbers[value] = value
        return made

    cdef object text(self, const uint8_t* address, int family):
        cdef char[IPV4_TEXT + 1] written
        cdef Py_ssize_t at = hash_of(address, family, 0) % TEXTS
        cdef Place* place = &self.text_places[at]
        if place.address != NULL and place.family == family and not memcmp(
            place.address, address, 16
        ):
            return self.texts[at]
        if family == IPV4:
            made = ascii_text(written, write_ipv4(address + 12, written), NULL)
        else:
            made = format_address(PyBytes_FromStringAndSize(<const char*>address, 16), family)
        self.texts[at] = made
        place[0] = Place(address, family, 0)
        return made

    cdef object end(self, const uint8_t* address, int family, int port):
        """An address and port as the class of ends; without a port there is none: ()."""
        if port == 0:
            return ()
        cdef Py_ssize_t at = hash_of(address, family, port) % ENDS
        cdef Place* place = &self.end_places[at]
        cdef PyObject* items[2]
        if place.port == port and place.family == family and not memcmp(
            place.address, address, 16
        ):
            return self.ends[at]
        text = self.text(address, family)
        value = self.number(port)
        items[0] = <PyObject*>text
        items[1] = <PyObject*>value
        made = make_tuple(self.end_class, items, 2)
        self.ends[at] = made
        place[0] = Place(address, family, port)
        return made


cdef bytes key_of(SocketRows rows, Py_ssize_t i, object status):
    """What the tuple of a row without holder shows, as bytes."""
    cdef char[KEY_BYTES] key
    cdef uint16_t local_port = (<uint16_t*>rows.store[LOCAL_PORT])[i]
    cdef uint16_t remote_port = (<uint16_t*>rows.store[REMOTE_PORT])[i]
    cdef uintptr_t told = <uintptr_t><PyObject*>status
    memset(key, 0, KEY_BYTES)
    memcpy(key, &told, sizeof(told))
    memcpy(key + 8, &local_port, 2)
    memcpy(key + 10, &remote_port, 2)
    key[12] = rows.store[PROTOCOL][i]
    key[13] = rows.store[FAMILY][i]
    if local_port:  # an address without a port is not shown
        memcpy(key + 16, rows.store[LOCAL_ADDRESS] + 16 * i, 16)
    if remote_port:
        memcpy(key + 32, rows.store[REMOTE_ADDRESS] + 16 * i, 16)
    return PyBytes_FromStringAndSize(key, KEY_BYTES)


cdef inline bint counts(OwnerRows owners, const int32_t* ranks, int32_t at) noexcept nogil:
    """Whether an owner is a descriptor of the process itself, and the process is one that counts.

    Others are a thread's own, and fixed files of io_uring, which have no number.
    """
    return (
        (<int32_t*>owners.store[OWNER_TID])[at] == (<int32_t*>owners.store[OWNER_PID])[at]
        and (<int32_t*>owners.store[OWNER_FD])[at] >= 0
        and ranks[(<uint32_t*>owners.store[OWNER_PROCESS])[at]] >= 0
    )


cdef int32_t find_holder(OwnerRows owners, const int32_t* ranks, int32_t at) noexcept nogil:
    """The first owner in the chain at `at` of the process with the highest rank; -1 for none."""
    cdef const int32_t* following = <int32_t*>owners.following.data
    cdef const uint32_t* process = <uint32_t*>owners.store[OWNER_PROCESS]
    cdef int32_t found = -1
    while at >= 0:
        if counts(owners, ranks, at) and (
            found < 0 or ranks[process[at]] > ranks[process[found]]
        ):
            found = at
        at = following[at]
    return found


cdef int32_t next_of_process(OwnerRows owners, const int32_t* ranks, int32_t at) noexcept nogil:
    """The next owner in a chain that is of the same process, -1 at the end."""
    cdef const uint32_t* process = <uint32_t*>owners.store[OWNER_PROCESS]
    cdef uint32_t own = process[at]
    while True:
        at = (<int32_t*>owners.following.data)[at]
        if at < 0 or process[at] == own and counts(owners, ranks, at):
            return at


def list_holders(SocketRows rows, Column ranks not None, bint all_descriptors, bint held_only):
    """Return which rows are shown with which holder: "index", uint32, and "holder", int32.

    The holder of a socket is the process with the highest rank, the first of those in the order of
    the owners, with its first descriptor; with `all_descriptors` the row comes once for each. It is
    a row of the owners, or -1 for nobody; with `held_only` such rows are left out. `ranks` ("i")
    has one for each process of the owners, a negative one for those that do not count; no more do
    descriptors of a thread's own table and fixed files of io_uring. Raises ValueError where `rows`
    has no owners attached, or a process no rank.
    """
    cdef OwnerRows owners = rows.owners
    cdef Column index, holders
    cdef const int32_t* heads
    cdef const int32_t* rank = <int32_t*>ranks.data
    cdef Py_ssize_t made = 0
    cdef Py_ssize_t i
    cdef int32_t at
    if rows.heads is None:
        raise ValueError("this needs owners: join them to the table first")
    if ranks.format != "i":
        raise TypeError("ranks are a column of format i")
    for i in range(owners.length):
        if (<uint32_t*>owners.store[OWNER_PROCESS])[i] >= <size_t>ranks.length:
            raise ValueError("each process needs a rank")
    heads = <int32_t*>rows.heads.data
    if all_descriptors:
        with nogil:
            for i in range(rows.length):
                at = find_holder(owners, rank, heads[i])
                made += at < 0
                while at >= 0:
                    made += 1
                    at = next_of_process(owners, rank, at)
    index = new_column("index", "I", made if all_descriptors else rows.length)
    holders = new_column("holder", "i", index.length)
    made = 0
    with nogil:
        for i in range(rows.length):
            at = find_holder(owners, rank, heads[i])
            if at < 0 and held_only:
                continue
            while True:
                (<uint32_t*>index.data)[made] = <uint32_t>i
                (<int32_t*>holders.data)[made] = at
                made += 1
                if at >= 0 and all_descriptors:
                    at = next_of_process(owners, rank, at)
                    if at >= 0:
                        continue
                break
        index.trim(made)
        holders.trim(made)
    return index, holders


def make_tuples(
    SocketRows rows, Column index not None, Column holders not None, row_class, end_class, describe
):
    """Return (fd, family, type, local end, remote end, status, pid) of the rows that are listed.

    They are tuples of `row_class`, without the pid where that has six fields, and ends are tuples
    of `end_class`, (text of the address, port), or () without a port. `index` and `holders` are
    those of `list_holders`; nobody is (None, -1), and of nobody's rows those that would show the
    same come once. `describe(protocol, family, state)` gives (family, type, status) and is asked
    once for each.
    """
    cdef OwnerRows owners = rows.owners
    cdef Maker maker = Maker(end_class)
    cdef Py_ssize_t fields = len(row_class._fields)
    cdef dict described = {}
    cdef list made = []
    cdef set nobodys = set()
    cdef tuple said = None
    cdef int64_t last = -1        # what `said` is about
    cdef int64_t about
    cdef PyObject* items[7]
    cdef Py_ssize_t n, i
    cdef int32_t at
    cdef int family
    if not issubclass(row_class, tuple) or not issubclass(end_class, tuple):
        raise TypeError("rows and ends are tuples")
    if fields not in (6, 7):
        raise ValueError(f"a row has 6 or 7 fields, not {fields}")
    if index.format != "I" or holders.format != "i" or index.length != holders.length:
        raise ValueError("index and holders are two columns of list_holders")
    if rows.heads is None:
        raise ValueError("this needs owners: join them to the table first")
    for n in range(index.length):
        i = (<uint32_t*>index.data)[n]
        at = (<int32_t*>holders.data)[n]
        if i >= rows.length or at >= owners.length:
            raise IndexError("row index out of range")
        family = (<uint8_t*>rows.store[FAMILY])[i]
        about = (
            <int64_t>(<uint8_t*>rows.store[PROTOCOL])[i] << 16
            | family << 8
            | (<uint8_t*>rows.store[STATE])[i]
        )
        if about != last:
            said = described.get(about)
            if said is None:
                said = described[about] = describe(about >> 16, family, about & 0xFF)
            if len(said) != 3:
                raise ValueError("a description is family, type and status")
            last = about
        if at < 0:
            key = key_of(rows, i, said[2])
            if key in nobodys:
                continue
            nobodys.add(key)
            fd, pid = -1, None
        else:
            fd = maker.number((<int32_t*>owners.store[OWNER_FD])[at])
            pid = maker.number((<int32_t*>owners.store[OWNER_PID])[at])
        local = maker.end(
            <uint8_t*>rows.store[LOCAL_ADDRESS] + 16 * i, family,
            (<uint16_t*>rows.store[LOCAL_PORT])[i])
        remote = maker.end(
            <uint8_t*>rows.store[REMOTE_ADDRESS] + 16 * i, family,
            (<uint16_t*>rows.store[REMOTE_PORT])[i])
        items[0] = <PyObject*>fd
        items[1] = <PyObject*>said[0]
        items[2] = <PyObject*>said[1]
        items[3] = <PyObject*>local
        items[4] = <PyObject*>remote
        items[5] = <PyObject*>said[2]
        items[6] = <PyObject*>pid
        made.append(make_tuple(row_class, items, fields))
    return made
