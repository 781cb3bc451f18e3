"""How rows come out of a reader: counted by state, or filled into a table.

A reader decodes into `batch[waiting]`, say the socket of the line

   0: 0100007F:1388 0200007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 …

and passes the rows on when the batch is full. What it reads, and how it knows a row that comes
twice, is its own.
"""

from libc.string cimport memset

from fastsock._match cimport Matcher
from fastsock._table cimport SocketRows


cdef class Intake:
    """A reader of sockets. `matcher` decides which rows are wanted."""

    def __cinit__(self, sources, Matcher matcher, expected=0, *args, **kwargs):
        self.matcher = matcher
        self.expected = expected

    def __init__(self, sources, matcher, expected=0):
        pass

    cdef bint run(self, SocketRows rows, Py_ssize_t limit) except -1:
        """Read to the end, or until `rows` holds `limit`: then True. None of rows: count."""
        raise NotImplementedError

    cdef int pass_on(self, SocketRows rows) noexcept nogil:
        """Empty the batch into the table or the counts; -1 without memory."""
        cdef int i
        cdef int waiting = self.waiting
        self.waiting = 0
        if rows is not None:
            return rows.push_many(self.batch, waiting)
        for i in range(waiting):
            self.counts[self.batch[i].state] += 1
        return 0

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
