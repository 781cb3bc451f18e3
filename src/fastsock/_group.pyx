"""Who owns a socket, and how many sockets there are of each kind: joins and counts over columns.

A socket of /proc/net/tcp names its inode, here 41, and each descriptor that holds it is a link in
/proc/PID/fd that reads `socket:[41]`:

  0: 0500000A:01BB 0200A8C0:D431 01 00000000:00000000 00:00000000 00000000 33 0 41 1 0 20 4 30 10 -1

The join puts the inodes of the descriptors into slots and asks these for the inodes of the
sockets. At a million sockets each question misses the caches, so 32 of them are on their way at
once: 13 ns a socket where inodes are close together, as those of a busy host are, and two to three
times that where they are not.

Counts are kept in a hash, by the numbers that make a group and the state. No Python object stands
for a row, only for a process and, in the end, for a group. All hashes are keyed by a secret of the
process: inodes, ports and addresses are other people's choice, and must not be able to make them
slow.
"""

cimport cython
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from fastsock._columns cimport (
    FAMILY, INODE, LOCAL_ADDRESS, LOCAL_PORT, NETNS, OWNER_INODE, OWNER_PROCESS, PROTOCOL,
    REMOTE_ADDRESS, REMOTE_PORT, RX_QUEUE, SOCKET_CGROUP, STATE, TX_QUEUE, UID,
)
from fastsock._hash cimport mix, prefetch, scale
from fastsock._table cimport Column, OwnerRows, SocketRows, new_column

import os

cdef extern from *:
    """
    /* Bring what the walk along the owners of row i begins with. Always inlined: gcc takes a
       function that only prefetches for one without effect, and drops the calls. */
    static inline __attribute__((always_inline)) void fs_prefetch_owner(
        const int *heads, const int *following, const unsigned *process, long i, long rows)
    {
        if (i < rows && heads[i] >= 0) {
            __builtin_prefetch(following + heads[i]);
            __builtin_prefetch(process + heads[i]);
        }
    }
    """
    void fs_prefetch_owner(
        const int32_t* heads, const int32_t* following, const uint32_t* process,
        Py_ssize_t i, Py_ssize_t rows
    ) noexcept nogil

cdef enum:
    # Owner states, as in _table.pyx.
    NONE = -1
    HIDDEN = -2
    UNKNOWN = -3
    # Kinds of Part.
    PLAIN = 0
    ADDRESS_PART = 1
    STATE_PART = 2
    OWNER_PART = 3

    BATCH = 32        # memory requests on their way at once
    PAGE = 128        # inodes
    # Below so many, a page of 128 slots, with 16 to 32 bytes to find it, is over 8 bytes a row.
    ROWS_A_PAGE = 68
    FEWEST_CELLS = 64
    MOST_WORDS = 16   # a state with an owner, two addresses, nine plain columns
    BESIDE = -1       # the column of a Source that is not in the table
    ESTABLISHED = 1   # State.ESTABLISHED in tcp.py

cdef dict ROW_KEYS = {
    "protocol": (PROTOCOL, 1),
    "family": (FAMILY, 1),
    "local_address": (LOCAL_ADDRESS, 16),
    "remote_address": (REMOTE_ADDRESS, 16),
    "local_port": (LOCAL_PORT, 2),
    "remote_port": (REMOTE_PORT, 2),
    "uid": (UID, 4),
    "netns": (NETNS, 8),
    "socket_cgroup": (SOCKET_CGROUP, 8),
}
# Of no column: what a row has comes beside the table. The format and bytes of a value.
cdef dict BESIDE_KEYS = {"direction": ("B", 1), "service_port": ("H", 2)}
cdef tuple OWNER_KEYS = ("pid", "command", "cgroup", "unit", "container", "pod")

cdef uint64_t[3] SECRET
cdef bytes random_bytes = os.urandom(24)
memcpy(SECRET, <const char*>random_bytes, 24)
SECRET[1] |= 1  # multipliers: an even one would lose bits
SECRET[2] |= 1


# Rows by inode: a page of slots for each PAGE numbers in use, or one hash of slots.

cdef inline uint64_t hash_of(uint64_t number) noexcept nogil:
    # Twice: after one multiplication numbers that follow each other, as inodes do, still lie in
    # even steps, which some secrets would put into few slots.
    return mix(mix(number ^ SECRET[0], SECRET[1]), SECRET[2])


cdef inline Page* find_page(const InodeSlots* table, uint64_t inode) noexcept nogil:
    """The page of an inode, or the empty entry where it belongs."""
    cdef uint64_t number = inode // PAGE
    cdef uint64_t at = hash_of(number) & (table.page_entries - 1)
    while table.pages[at].first and table.pages[at].number != number:
        at = (at + 1) & (table.page_entries - 1)
    return &table.pages[at]


cdef int make_pages(InodeSlots* table, Py_ssize_t rows) noexcept nogil:
    """Make pages for all inodes; 0 where they would take more than 8 bytes a row, -1 for errors."""
    cdef Py_ssize_t most = rows // ROWS_A_PAGE
    cdef uint64_t number = 0
    cdef uint64_t last = <uint64_t>-1
    cdef uint32_t first = 0
    cdef Page* page
    cdef Py_ssize_t i
    table.page_entries = 2
    while table.page_entries < 2 * <uint64_t>most:
        table.page_entries *= 2
    table.pages = <Page*>calloc(table.page_entries, sizeof(Page))
    if table.pages == NULL:
        return -1
    for i in range(rows):
        number = table.inodes[i] // PAGE
        if number == last:
            continue
        last = number
        page = find_page(table, table.inodes[i])
        if page.first:
            continue
        if <Py_ssize_t>first == most * <Py_ssize_t>PAGE or number >> 32:
            free(table.pages)
            table.pages = NULL
            return 0
        first += PAGE  # the first page stays empty: the place of inodes that have none
        page.number = <uint32_t>number
        page.first = first
    table.slots = <uint32_t*>calloc(first + PAGE, sizeof(uint32_t))
    return 1 if table.slots != NULL else -1


cdef int make_slots(InodeSlots* table, const uint64_t* inodes, Py_ssize_t rows) noexcept nogil:
    """Prepare for `rows` inodes, in at most 8 bytes for each; -1 when there is no memory.

    The kernel counts inodes up, so that most sockets of a busy host have neighbours, and a page of
    slots that the inode itself indexes is both small and fast. Where they have not, it is a hash,
    by linear probing at 4/7 full. `free_slots` is due after an error, too.
    """
    cdef int made
    memset(table, 0, sizeof(InodeSlots))
    table.inodes = inodes
    made = make_pages(table, rows)
    if made:
        return made if made < 0 else 0
    # The bits of a slot that a row number leaves tell most other inodes apart without a look.
    table.tag_mask = ~<uint32_t>0
    while table.tag_mask & <uint32_t>rows:
        table.tag_mask <<= 1
    table.size = rows + rows // 4 * 3 + 4
    table.slots = <uint32_t*>calloc(table.size, sizeof(uint32_t))
    return 0 if table.slots != NULL else -1


cdef void free_slots(InodeSlots* table) noexcept nogil:
    free(table.pages)
    free(table.slots)


cdef inline uint64_t place(const InodeSlots* table, uint64_t inode) noexcept nogil:
    """What `seat` needs to find an inode: its slot in the pages, or its hash."""
    cdef Page* page
    if table.pages == NULL:
        return hash_of(inode)
    page = find_page(table, inode)
    return page.first + inode % PAGE if page.first else 0


cdef inline uint32_t* seat(const InodeSlots* table, uint64_t where, uint64_t inode) noexcept nogil:
    """The slot that has a row of this inode, or the empty one where it belongs."""
    cdef uint64_t at
    cdef uint32_t row
    if table.pages != NULL:
        return &table.slots[where]
    at = scale(where, table.size)
    while table.slots[at]:
        row = table.slots[at] & ~table.tag_mask
        if not (table.slots[at] ^ where) & table.tag_mask and table.inodes[row - 1] == inode:
            break
        at += 1
        if at == table.size:
            at = 0
    return &table.slots[at]


cdef inline Py_ssize_t row_in(const InodeSlots* table, const uint32_t* slot) noexcept nogil:
    """The row in a slot, -1 for none."""
    return <Py_ssize_t>(slot[0] & ~table.tag_mask) - 1


cdef inline void put(
    const InodeSlots* table, uint32_t* slot, uint64_t where, Py_ssize_t row
) noexcept nogil:
    slot[0] = (<uint32_t>where & table.tag_mask) | <uint32_t>(row + 1)


cdef inline void places(
    const InodeSlots* table, const uint64_t* inodes, Py_ssize_t n, uint64_t* found
) noexcept nogil:
    """Set `found` to the places of n <= BATCH inodes, and have the memory brought they need."""
    cdef Py_ssize_t j
    cdef uint64_t at
    cdef uint64_t number = 0
    cdef uint64_t first = 0
    if table.pages != NULL:
        for j in range(n):
            # Descriptors that follow each other often have inodes of one page.
            if j == 0 or inodes[j] // PAGE != number:
                number = inodes[j] // PAGE
                first = find_page(table, inodes[j]).first
            found[j] = first + inodes[j] % PAGE if first else 0
            prefetch(&table.slots[found[j]])
        return
    for j in range(n):
        found[j] = place(table, inodes[j])
        prefetch(&table.slots[scale(found[j], table.size)])
    for j in range(n):
        at = scale(found[j], table.size)
        while table.slots[at] and (table.slots[at] ^ found[j]) & table.tag_mask:
            at += 1
            if at == table.size:
                at = 0
        if table.slots[at]:
            prefetch(&table.inodes[row_in(table, &table.slots[at])])


cdef void link_owners(InodeSlots* table, Py_ssize_t rows, int32_t* following) noexcept nogil:
    """Fill an empty table with the first row of each inode, and chain its others behind it."""
    cdef uint64_t[BATCH] at
    cdef uint32_t* slot
    cdef Py_ssize_t start, end, row
    # From the end: the row found is then always the next one, and no chain has to be walked,
    # however many descriptors hold one socket.
    end = rows
    while end > 0:
        start = end - BATCH if end > BATCH else 0
        places(table, table.inodes + start, end - start, at)
        row = end
        while row > start:
            row -= 1
            slot = seat(table, at[row - start], table.inodes[row])
            following[row] = <int32_t>row_in(table, slot)
            put(table, slot, at[row - start], row)
        end = start


cdef void find_heads(
    const InodeSlots* table, const uint64_t* inodes, Py_ssize_t rows, int32_t missing,
    int32_t* heads,
) noexcept nogil:
    cdef uint64_t[BATCH] at
    cdef Py_ssize_t start, n, j, row
    start = 0
    while start < rows:
        n = rows - start if rows - start < BATCH else BATCH
        places(table, inodes + start, n, at)
        for j in range(n):
            row = row_in(table, seat(table, at[j], inodes[start + j]))
            if inodes[start + j] == 0:
                heads[start + j] = NONE
            else:
                heads[start + j] = <int32_t>row if row >= 0 else missing
        start += n


cdef bint mark_conflicts(InodeSlots* table, SocketRows rows, uint8_t* conflict) noexcept nogil:
    """Fill an empty table; mark the first row of each inode that means several sockets."""
    cdef const uint64_t* netns = <const uint64_t*>rows.store[NETNS]
    cdef const uint32_t* uids = <const uint32_t*>rows.store[UID]
    cdef const uint8_t* protocols = <const uint8_t*>rows.store[PROTOCOL]
    cdef uint64_t[BATCH] at
    cdef uint32_t* slot
    cdef Py_ssize_t start, n, i, first
    cdef bint any_found = False
    start = 0
    while start < rows.length:
        n = rows.length - start if rows.length - start < BATCH else BATCH
        places(table, table.inodes + start, n, at)
        for i in range(start, start + n):
            if table.inodes[i] == 0:
                continue
            slot = seat(table, at[i - start], table.inodes[i])
            first = row_in(table, slot)
            if first < 0:
                put(table, slot, at[i - start], i)
                continue
            # If all are as the first, none differs from another; if one is not, each differs from
            # that one or from the first.
            if (
                netns[i] != netns[first]
                or uids[i] != uids[first]
                or protocols[i] != protocols[first]
            ):
                conflict[first] = True
                any_found = True
        start += n
    return any_found


cdef Py_ssize_t list_conflicts(
    const InodeSlots* table, Py_ssize_t rows, const uint8_t* conflict, uint32_t* index
) noexcept nogil:
    """Put the rows of all marked inodes into `index`, and return how many they are."""
    cdef uint64_t[BATCH] at
    cdef Py_ssize_t start, n, i, row
    cdef Py_ssize_t listed = 0
    start = 0
    while start < rows:
        n = rows - start if rows - start < BATCH else BATCH
        places(table, table.inodes + start, n, at)
        for i in range(start, start + n):
            row = row_in(table, seat(table, at[i - start], table.inodes[i]))
            if row >= 0 and table.inodes[i] and conflict[row]:
                index[listed] = <uint32_t>i
                listed += 1
        start += n
    return listed


# A tally of cells. Linear probing, at most half full.

cdef inline uint64_t* find_cell(Tally* tally, const uint64_t* key) noexcept nogil:
    """The count of `key`, made with 0 where it is new; NULL when there is no memory."""
    cdef uint64_t at
    cdef uint32_t cell
    if 2 * <uint64_t>tally.cells >= tally.size and grow(tally) != 0:
        return NULL
    at = probe(tally, key)
    cell = tally.slots[at]
    if cell == 0:
        memcpy(tally.keys + tally.cells * tally.words, key, tally.words * sizeof(uint64_t))
        tally.counts[tally.cells] = 0
        if tally.sums != NULL:
            memset(tally.sums + tally.cells, 0, sizeof(Sums))
        tally.cells += 1
        cell = <uint32_t>tally.cells
        tally.slots[at] = cell
    return &tally.counts[cell - 1]


cdef inline uint64_t probe(const Tally* tally, const uint64_t* key) noexcept nogil:
    """The slot that has the cell of `key`, or the empty one where it belongs."""
    cdef uint64_t hash = SECRET[0]
    cdef uint64_t at
    cdef Py_ssize_t w
    for w in range(tally.words):
        hash = mix(hash ^ key[w], SECRET[1])
    at = mix(hash, SECRET[2]) & (tally.size - 1)
    while tally.slots[at] and not same_key(
        tally.keys + (tally.slots[at] - 1) * tally.words, key, tally.words
    ):
        at = (at + 1) & (tally.size - 1)
    return at


cdef inline bint same_key(const uint64_t* a, const uint64_t* b, Py_ssize_t words) noexcept nogil:
    cdef Py_ssize_t w
    for w in range(words):
        if a[w] != b[w]:
            return False
    return True


cdef int grow(Tally* tally) noexcept nogil:
    """Double the room; -1, with the tally as it was, when there is no memory."""
    cdef Py_ssize_t capacity = 2 * tally.capacity if tally.capacity else FEWEST_CELLS
    cdef uint32_t* slots = <uint32_t*>calloc(2 * capacity, sizeof(uint32_t))
    cdef void* keys = realloc(tally.keys, capacity * tally.words * sizeof(uint64_t))
    cdef void* counts
    cdef void* sums = NULL
    cdef Py_ssize_t cell
    if keys != NULL:
        tally.keys = <uint64_t*>keys
    counts = realloc(tally.counts, capacity * sizeof(uint64_t))
    if counts != NULL:
        tally.counts = <uint64_t*>counts
    if tally.has_sums:
        sums = realloc(tally.sums, capacity * sizeof(Sums))
        if sums != NULL:
            tally.sums = <Sums*>sums
    if slots == NULL or keys == NULL or counts == NULL or (tally.has_sums and sums == NULL):
        free(slots)
        return -1
    free(tally.slots)
    tally.slots = slots
    tally.size = 2 * capacity
    tally.capacity = capacity
    for cell in range(tally.cells):
        slots[probe(tally, tally.keys + cell * tally.words)] = <uint32_t>cell + 1
    return 0


cdef inline void count_row(
    Tally* tally, uint64_t* count, uint64_t held, SocketRows rows, Py_ssize_t i
) noexcept nogil:
    """Add row i, `held` times, to a cell."""
    cdef Sums* sums
    count[0] += held
    if tally.sums != NULL:
        sums = tally.sums + (count - tally.counts)
        if (<const uint8_t*>rows.store[STATE])[i] == ESTABLISHED:
            sums.established += held
        sums.rx_queue += held * (<const uint32_t*>rows.store[RX_QUEUE])[i]
        sums.tx_queue += held * (<const uint32_t*>rows.store[TX_QUEUE])[i]


cdef inline void read_sources(
    SocketRows rows, Py_ssize_t i, const Source* sources, int count, uint64_t* key
) noexcept nogil:
    """Put the values of row i into the words of a key."""
    cdef int s
    cdef const char* column
    for s in range(count):
        column = sources[s].data
        if sources[s].bytes == 2:
            key[sources[s].word] = (<const uint16_t*>column)[i]
        elif sources[s].bytes == 4:
            key[sources[s].word] = (<const uint32_t*>column)[i]
        elif sources[s].bytes == 8:
            key[sources[s].word] = (<const uint64_t*>column)[i]
        elif sources[s].bytes == 1:
            key[sources[s].word] = (<const uint8_t*>column)[i]
        else:
            memcpy(key + sources[s].word, column + 16 * i, 16)
            key[sources[s].word + 2] = (<const uint8_t*>rows.store[FAMILY])[i]


cdef int index_bounds(Py_ssize_t rows) except -1:
    """Row numbers are 32 bits: 96 GiB of sockets."""
    if rows >= 0x7FFFFFFF:
        raise OverflowError(f"{rows} rows are more than a table can number")
    return 0


cdef int see_owners(SocketRows rows, Owners* seen) except -1:
    cdef OwnerRows owners = rows.owners
    if owners is None or rows.heads is None:
        raise ValueError("this needs owners: join them to the table first")
    if owners.following is None or owners.following.length != owners.length:
        raise ValueError("these owners have no index: make an OwnerIndex of them first")
    seen.length = owners.length
    seen.heads = <const int32_t*>rows.heads.data
    seen.following = <const int32_t*>owners.following.data
    seen.process = <const uint32_t*>owners.pointer(OWNER_PROCESS)
    return 0


cdef Column numbers_by_process(OwnerRows owners, list numbers):
    """Return `numbers`, one for each process, as a column that owner rows may safely look into."""
    cdef const uint32_t* process = <const uint32_t*>owners.pointer(OWNER_PROCESS)
    cdef Py_ssize_t i
    cdef uint32_t last = 0
    cdef Column made
    for i in range(owners.length):
        last = max(last, process[i])
    if owners.length and last >= len(numbers):
        raise ValueError(f"an owner names process {last} of {len(numbers)}")
    made = new_column("number", "i", len(numbers))
    for i, number in enumerate(numbers):
        (<int32_t*>made.data)[i] = number
    return made


cdef Column wanted_processes(OwnerRows owners, pids):
    """Return for each process 0 where its pid is among `pids` (None: all), and else -1."""
    if pids is None:
        return numbers_by_process(owners, [0] * len(owners.processes))
    wanted = frozenset(pids)
    return numbers_by_process(
        owners, [0 if process.pid in wanted else -1 for process in owners.processes]
    )


@cython.final
cdef class OwnerIndex:
    """Finds the owners of a socket by its inode."""

    def __cinit__(self, OwnerRows owners not None):
        index_bounds(owners.length)
        self.owners = owners
        cdef const uint64_t* inodes = <const uint64_t*>owners.pointer(OWNER_INODE)
        cdef Column following = new_column("following", "i", owners.length)
        if make_slots(&self.table, inodes, owners.length) != 0:
            raise MemoryError()
        with nogil:
            link_owners(&self.table, owners.length, <int32_t*>following.data)
        owners.following = following

    def __dealloc__(self):
        free_slots(&self.table)

    cdef int find(self, uint64_t inode) noexcept nogil:
        """Return the first owner row of an inode, or -1."""
        return <int>row_in(&self.table, seat(&self.table, place(&self.table, inode), inode))

    def heads(self, SocketRows rows not None, int missing):
        """Return the first owner row of each socket ("heads", int32), for `attach_owners`."""
        if missing >= 0:
            raise ValueError("missing is an owner state, which is negative")
        cdef Column made = new_column("heads", "i", rows.length)
        with nogil:
            find_heads(
                &self.table,
                <const uint64_t*>rows.store[INODE],
                rows.length,
                missing,
                <int32_t*>made.data,
            )
        return made


@cython.final
cdef class Grouper:
    """Counts sockets by state within groups, over any number of tables."""

    def __cinit__(self, keys, bint sums=False):
        cdef Part part
        cdef int word = 1  # word 0 is the owner's number and the state
        self.keys = tuple(keys)
        self.owner_keys = tuple([key for key in self.keys if key in OWNER_KEYS])
        self.by_owner = len(self.owner_keys) > 0
        self.beside = {}
        known = ("state", *OWNER_KEYS, *ROW_KEYS, *BESIDE_KEYS)
        for key in self.keys:
            if key not in known:
                raise ValueError(f"unknown key {key!r}; keys are {', '.join(known)}")
            if self.keys.count(key) > 1:
                raise ValueError(f"key {key!r} is named twice")
            if key == "state":
                part = Part(STATE_PART, 0)
            elif key in OWNER_KEYS:
                part = Part(OWNER_PART, self.owner_keys.index(key))
            else:
                column, size = ROW_KEYS[key] if key in ROW_KEYS else (BESIDE, BESIDE_KEYS[key][1])
                part = Part(ADDRESS_PART if size == 16 else PLAIN, word)
                self.sources[self.source_count] = Source(column, size, word, NULL)
                if column == BESIDE:
                    self.beside[key] = self.source_count
                self.source_count += 1
                word += 3 if size == 16 else 1
            self.parts[self.part_count] = part
            self.part_count += 1
        self.tally.words = word
        self.tally.has_sums = sums
        # Sums are those of a group, whatever the states in it.
        self.state_bits = 0 if sums and "state" not in self.keys else 0xFF
        # The number of an owner state is -1 - state.
        self.owner_values = [
            (state,) * len(self.owner_keys) for state in (NONE, HIDDEN, UNKNOWN)
        ]
        self.owner_numbers = {values: n for n, values in enumerate(self.owner_values)}

    def __dealloc__(self):
        free(self.tally.slots)
        free(self.tally.keys)
        free(self.tally.counts)
        free(self.tally.sums)

    cdef int prepare(self, OwnerRows owners, object pids) except -1:
        """Number the owner key values of each process: chunks of one stream share that."""
        cdef object wanted = None if pids is None else frozenset(pids)
        if self.prepared is not None and self.prepared[0] is owners and self.prepared[1] == wanted:
            return 0
        numbers = []
        for process in owners.processes:
            if wanted is not None and process.pid not in wanted:
                numbers.append(-1)
                continue
            values = tuple([getattr(process, key) for key in self.owner_keys])
            number = self.owner_numbers.setdefault(values, len(self.owner_values))
            if number == len(self.owner_values):
                self.owner_values.append(values)
            numbers.append(number)
        self.numbers = numbers_by_process(owners, numbers)
        # A mark is the number of a row, from 1 over all tables, so old marks never match.
        self.marks = new_column("mark", "Q", len(self.owner_values))
        memset(self.marks.data, 0, self.marks.length * sizeof(uint64_t))
        self.prepared = (owners, wanted)
        return 0

    cdef int add_rows(self, SocketRows rows, const Owners* owners, bint descriptors) noexcept nogil:
        """Count all rows; `owners` is NULL where they play no part. -1 when there is no memory."""
        cdef uint64_t[MOST_WORDS] key
        cdef const uint8_t* states = <const uint8_t*>rows.store[STATE]
        cdef const int32_t* numbers = NULL
        cdef uint64_t* marks = NULL
        cdef uint64_t* count
        cdef uint64_t held, state
        cdef int32_t owner, number
        cdef Py_ssize_t i
        if owners != NULL:
            numbers = <const int32_t*>self.numbers.data
            marks = <uint64_t*>self.marks.data
        for i in range(rows.length):
            self.rows_seen += 1
            read_sources(rows, i, self.sources, self.source_count, key)
            state = states[i] & self.state_bits
            key[0] = state
            held = 1
            if owners != NULL:
                fs_prefetch_owner(
                    owners.heads, owners.following, owners.process, i + BATCH, rows.length
                )
                owner = owners.heads[i]
                if not self.by_owner:
                    held = 0
                    while 0 <= owner < owners.length:
                        held += numbers[owners.process[owner]] >= 0
                        owner = owners.following[owner]
                elif owner >= 0:
                    held = 0
                    while 0 <= owner < owners.length:
                        number = numbers[owners.process[owner]]
                        owner = owners.following[owner]
                        if number < 0 or (marks[number] == self.rows_seen and not descriptors):
                            continue
                        marks[number] = self.rows_seen
                        key[0] = <uint64_t>number << 8 | state
                        count = find_cell(&self.tally, key)
                        if count == NULL:
                            return -1
                        count_row(&self.tally, count, 1, rows, i)
                elif descriptors:
                    held = 0
                else:
                    number = -1 - owner if owner >= UNKNOWN else -1 - UNKNOWN
                    key[0] = <uint64_t>number << 8 | state
            if held:
                count = find_cell(&self.tally, key)
                if count == NULL:
                    return -1
                count_row(&self.tally, count, held, rows, i)
        return 0

    cdef int find_columns(self, SocketRows rows, dict beside) except -1:
        """Note where the values of a table's rows are."""
        cdef Column column
        cdef int s
        for s in range(self.source_count):
            if self.sources[s].column == BESIDE:
                continue
            self.sources[s].data = rows.store[self.sources[s].column]
            if rows.length and self.sources[s].data == NULL:
                raise KeyError("column 'socket_cgroup' was not asked for; "
                               "scan with fields=['socket_cgroup']")
        for key, place in self.beside.items():
            if key not in beside:
                raise KeyError(f"column {key!r} has to come beside the table")
            column = beside[key]
            if column.format != BESIDE_KEYS[key][0] or column.length != rows.length:
                raise ValueError(f"{rows.length} of {BESIDE_KEYS[key][0]} are the column {key!r}, "
                                 f"not {column.length} of {column.format}")
            s = place
            self.sources[s].data = <const char*>column.data
        return 0

    def add(
        self, SocketRows rows not None, bint descriptors=False, pids=None, dict beside=None
    ):
        """Count `rows`; the tables of one stream carry the same owner rows, or none."""
        cdef Owners seen
        cdef const Owners* owners = NULL
        cdef int failed
        self.find_columns(rows, beside or {})
        if self.by_owner or descriptors:
            see_owners(rows, &seen)
            self.prepare(rows.owners, pids)
            owners = &seen
        with nogil:
            failed = self.add_rows(rows, owners, descriptors)
        if failed:
            raise MemoryError()

    cdef object key_values(self, const uint64_t* words):
        """Return a cell's values in the order of `keys`."""
        cdef tuple of_owner = self.owner_values[words[0] >> 8]
        cdef list values = []
        cdef Part* part
        cdef int p
        for p in range(self.part_count):
            part = &self.parts[p]
            if part.kind == PLAIN:
                values.append(words[part.at])
            elif part.kind == STATE_PART:
                values.append(words[0] & 0xFF)
            elif part.kind == OWNER_PART:
                values.append(of_owner[part.at])
            else:
                values.append(((<const char*>(words + part.at))[:16], words[part.at + 2]))
        return tuple(values)

    def __len__(self):
        return self.tally.cells if self.tally.has_sums else 0

    def sums(self, Py_ssize_t n):
        """Return group n: (key values, sockets, established, rx_queue, tx_queue)."""
        cdef Sums* sums
        if not self.tally.has_sums:
            raise ValueError("this Grouper has no sums: make one with them")
        if not 0 <= n < self.tally.cells:
            raise IndexError(f"group {n} of {self.tally.cells}")
        sums = self.tally.sums + n
        values = self.key_values(self.tally.keys + n * self.tally.words)
        return (
            values, self.tally.counts[n], sums.established, sums.rx_queue, sums.tx_queue
        )

    def groups(self):
        """Return (key values, {state: count}) in the order of first sight."""
        cdef dict found = {}
        cdef object states
        cdef tuple values
        cdef const uint64_t* words
        cdef Py_ssize_t cell
        if self.tally.has_sums:
            raise ValueError("this Grouper has sums: ask for them")
        for cell in range(self.tally.cells):
            words = self.tally.keys + cell * self.tally.words
            values = self.key_values(words)
            states = found.get(values)
            if states is None:
                states = found[values] = {}
            states[words[0] & 0xFF] = self.tally.counts[cell]
        return list(found.items())

    def largest(self, key):
        """Return, for each value of `key`, the values of its largest group and its sockets."""
        cdef uint64_t value = 0
        cdef uint64_t most = 0
        cdef dict found = {}
        cdef int word = self.word_of(key)
        cdef const uint64_t* words
        cdef Py_ssize_t cell
        for cell in range(self.tally.cells):
            words = self.tally.keys + cell * self.tally.words
            if cell == 0 or words[word] != value:
                value = words[word]
                most = self.tally.counts[<Py_ssize_t>found[value]] if value in found else 0
            if self.tally.counts[cell] > most:
                most = self.tally.counts[cell]
                found[value] = cell
        return {value: self.sums(cell)[:2] for value, cell in found.items()}

    cdef int word_of(self, object key) except -1:
        """Return the word of a cell that has the value of a key, which is a number."""
        cdef Part* part
        if not self.tally.has_sums:
            raise ValueError("this Grouper has no sums: make one with them")
        if key in self.keys:
            part = &self.parts[self.keys.index(key)]
            if part.kind == PLAIN:
                return part.at
        raise ValueError(f"{key!r} is no number among the keys")


def owned_by(SocketRows rows not None, pids):
    """Return the indices of the rows with an owner among `pids`, in order ("index", uint32)."""
    cdef Owners owners
    cdef Column found, numbers
    cdef const int32_t* number
    cdef uint32_t* index
    cdef int32_t owner
    cdef Py_ssize_t i
    cdef Py_ssize_t matched = 0
    see_owners(rows, &owners)
    numbers = wanted_processes(rows.owners, pids)
    found = new_column("index", "I", rows.length)
    number = <const int32_t*>numbers.data
    index = <uint32_t*>found.data
    with nogil:
        for i in range(rows.length):
            fs_prefetch_owner(
                owners.heads, owners.following, owners.process, i + BATCH, rows.length
            )
            owner = owners.heads[i]
            while 0 <= owner < owners.length:
                if number[owners.process[owner]] >= 0:
                    index[matched] = <uint32_t>i
                    matched += 1
                    break
                owner = owners.following[owner]
        found.trim(matched)
    return found


cdef bint is_each_once(const Owners* owners, Py_ssize_t count, uint8_t* met) noexcept nogil:
    """Whether all rows have owners, and each others, or no inode; `met` has a bit for each owner.

    As nearly always: no inode is there twice then, and nobody has to look at them.
    """
    cdef int32_t owner
    cdef Py_ssize_t i
    for i in range(count):
        owner = owners.heads[i]
        if owner < 0:
            if owner != NONE:
                return False
        elif owner >= owners.length:
            return False
        elif met[owner >> 3] >> (owner & 7) & 1:
            return False
        else:
            met[owner >> 3] |= 1 << (owner & 7)
    return True


def ambiguous(SocketRows rows not None):
    """Return the indices of rows whose inode does not tell one socket ("index", uint32)."""
    cdef Owners owners
    cdef InodeSlots table
    cdef uint8_t* met
    cdef uint8_t* conflict  # by the first row of an inode
    cdef Column found
    cdef Py_ssize_t matched = 0
    cdef bint any_found = False
    cdef bint each_once
    index_bounds(rows.length)
    if rows.owners is not None:
        see_owners(rows, &owners)
        met = <uint8_t*>calloc(owners.length // 8 + 1, 1)
        if met == NULL:
            raise MemoryError()
        with nogil:
            each_once = is_each_once(&owners, rows.length, met)
        free(met)
        if each_once:
            return new_column("index", "I", 0)
    conflict = <uint8_t*>calloc(rows.length + 1, 1)
    try:
        if (
            make_slots(&table, <const uint64_t*>rows.store[INODE], rows.length) != 0
            or conflict == NULL
        ):
            raise MemoryError()
        with nogil:
            any_found = mark_conflicts(&table, rows, conflict)
        # Nearly always there is none, and no second pass.
        found = new_column("index", "I", rows.length if any_found else 0)
        if any_found:
            with nogil:
                matched = list_conflicts(&table, rows.length, conflict, <uint32_t*>found.data)
                found.trim(matched)
        return found
    finally:
        free_slots(&table)
        free(conflict)


def count_states(SocketRows rows not None):
    """Return how many rows are in each of the 256 states."""
    cdef uint64_t[256] counts
    cdef const uint8_t* states = <const uint8_t*>rows.store[STATE]
    cdef Py_ssize_t i
    memset(counts, 0, sizeof(counts))
    with nogil:
        for i in range(rows.length):
            counts[states[i]] += 1
    return [counts[i] for i in range(256)]


def count_descriptors(SocketRows rows not None, pids):
    """Return how many descriptors hold sockets of each of the 256 states, as lsof counts."""
    cdef Owners owners
    cdef Column numbers
    cdef uint64_t[256] counts
    cdef const uint8_t* states = <const uint8_t*>rows.store[STATE]
    cdef const int32_t* number
    cdef int32_t owner
    cdef Py_ssize_t i
    see_owners(rows, &owners)
    numbers = wanted_processes(rows.owners, pids)
    number = <const int32_t*>numbers.data
    memset(counts, 0, sizeof(counts))
    with nogil:
        for i in range(rows.length):
            fs_prefetch_owner(
                owners.heads, owners.following, owners.process, i + BATCH, rows.length
            )
            owner = owners.heads[i]
            while 0 <= owner < owners.length:
                counts[states[i]] += number[owners.process[owner]] >= 0
                owner = owners.following[owner]
    return [counts[i] for i in range(256)]
