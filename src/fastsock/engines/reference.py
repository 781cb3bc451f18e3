"""The definition of correct for /proc: short, strict, slow, in plain Python.

Tables: /proc/net/{tcp,tcp6,udp,udp6}, Documentation/networking/proc_net_tcp.rst. A line is a
grammar, not a row of words: what a kernel does not write is an error and never a guess.
/proc/net/unix: net/unix/af_unix.c, unix_seq_show.
Descriptors: /proc/PID/fd, proc_pid_fd(5).
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from fastsock.cgroups import parse_membership
from fastsock.columns import OPTIONAL_COLUMNS, SOCKET_COLUMNS
from fastsock.engines.walk import Walk
from fastsock.errors import ParseError
from fastsock.implementation import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TCP, UDP, UNIX = 6, 17, 0
IPV4, IPV6 = 2, 10
LONGEST_LINE = 65536  # no known kernel's line is longer than 300 bytes

HEADING = re.compile(rb"\ *sl\ \ local_address\ .*", re.VERBOSE | re.DOTALL)

POINTER = rb"(?: [0-9a-f]{8} | [0-9a-f]{16} | \(____ptrval____\) | \(null\) )"
LINE = rb"""
    \ * [0-9]{1,20} :                                                         # sl
    \  (?P<local>  [0-9A-F]{%(digits)d}) : (?P<local_port>  [0-9A-F]{4})
    \  (?P<remote> [0-9A-F]{%(digits)d}) : (?P<remote_port> [0-9A-F]{4})
    \  (?P<state>  [0-9A-F]{2})
    \  (?P<tx_queue> [0-9A-F]{8}) : (?P<rx_queue> [0-9A-F]{8})
    \  (?P<timer> [0-9A-F]{2}) : (?P<when> [0-9A-F]{8,16})                    # clock ticks
    \  (?P<retransmits> [0-9A-F]{8})
    \ +(?P<uid>      [0-9]{1,10})
    \ +(?P<timeout>  [0-9]{1,10})
    \  (?P<inode>    [0-9]{1,20})
    \  (?P<refcount> [0-9]{1,10})
    \  %(pointer)s                                                            # the hashed address
    %(tail)s
    \ *                                                                       # up to 149 bytes
"""
TAILS = {
    # Not in SYN_RECV and TIME_WAIT, which are no full sockets.
    TCP: rb"""(?:
        \  (?P<rto> [0-9]{1,20}) \  (?P<ato> [0-9]{1,20})                     # clock ticks
        \  (?P<quickack> [0-9]{1,20})                                         # delayed acks
        \  (?P<cwnd> [0-9]{1,20}) \  (?P<ssthresh> -? [0-9]{1,20})
    )?""",
    UDP: rb"(?: \  (?P<drops> [0-9]{1,20}) )?",
}
GRAMMAR = {
    (protocol, family): re.compile(
        LINE % {b"digits": digits, b"pointer": POINTER, b"tail": tail}, re.VERBOSE
    )
    for protocol, tail in TAILS.items()
    for family, digits in ((IPV4, 8), (IPV6, 32))
}

UNIX_HEADING = b"Num       RefCount Protocol Flags    Type St Inode Path"
UNIX_LINE = re.compile(
    rb"""
    (?P<pointer> %b ) :                                                       # the hashed address
    \  (?P<refcount> [0-9A-F]{8})
    \  0{8}                                                                   # protocol
    \  (?P<flags> 0{8} | 00010000)                                            # __SO_ACCEPTCON
    \  (?P<type> 00[0-9A-F]{2})
    \  0 (?P<connection> [1-4])                                               # socket_state
    \  (?P<inode> [0-9]{5,20} | \ [0-9]{4} | \ {2}[0-9]{3} | \ {3}[0-9]{2} | \ {4}[0-9] )
    (?: \  (?P<path> [^\0\n]{0,108} ) )?                                      # sun_path
"""
    % POINTER,
    re.VERBOSE,
)
LONGEST_PATH = 108  # bytes of sun_path (linux/un.h), all of which may be in use
# What stands for sk_state, by socket_state (linux/net.h): 02 is a connection without a descriptor,
# because it is not accepted yet, 04 a socket without either.
UNIX_STATES = {b"1": 7, b"2": 1, b"3": 1, b"4": 7}
UNIX_LISTENS = 10
UNKNOWN_UID = 2**32 - 1
HALF_PAGE = 2048

HEXADECIMAL = {"state", "timer", "when", "tx_queue", "rx_queue", "retransmits"} | {
    "local_port",
    "remote_port",
}
TICK_MS = 10  # USER_HZ is 100 on every architecture of today
TICK_US = 10_000
UINT32 = 2**32 - 1
UNKNOWN = {"16s": bytes(16), "v": b""} | dict.fromkeys("BHIQiq", 0)  # by the column's format

# The largest values that the columns hold, where the digits allow more.
LARGEST = {
    "when": (2**63 - 1) // TICK_MS,
    "uid": UINT32,
    "timeout": UINT32,
    "inode": 2**64 - 1,
    "refcount": UINT32,
    "rto": (2**63 - 1) // TICK_US,
    "ato": (2**63 - 1) // TICK_US,
    "quickack": UINT32,
    "cwnd": UINT32,
    "ssthresh": 2**31 - 1,
    "drops": UINT32,
}


def parse_address(text: bytes) -> bytes:
    """Return the 16 bytes of an address, which the kernel prints as words in host order."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return packed if len(packed) == 16 else bytes(10) + b"\xff\xff" + packed


def parse_line(line: bytes, protocol: int, family: int) -> dict[str, Any] | None:
    """Return the columns of one line, or None when it is not as the grammar says."""
    found = GRAMMAR[protocol, family].fullmatch(line) if len(line) <= LONGEST_LINE else None
    if found is None:
        return None
    texts = found.groupdict(default=b"0")
    row: dict[str, Any] = {
        "local_address": parse_address(texts.pop("local")),
        "remote_address": parse_address(texts.pop("remote")),
    }
    row |= {name: int(text, 16 if name in HEXADECIMAL else 10) for name, text in texts.items()}
    if any(row.get(name, 0) > largest for name, largest in LARGEST.items()):
        return None
    if row.get("ssthresh", 0) < -(2**31):
        return None
    row["timer_expires_ms"] = row["when"] * TICK_MS
    row["rto"] = row.get("rto", 0) * TICK_US
    row["ato"] = row.get("ato", 0) * TICK_US
    return row


def parse_unix_line(line: bytes) -> dict[str, Any] | None:
    """Return the columns of the first line of a UNIX socket, None for a line that begins none."""
    found = UNIX_LINE.fullmatch(line)
    if found is None or int(found["inode"]) >= 2**64:
        return None
    return {
        "pointer": found["pointer"],
        "state": UNIX_STATES[found["connection"]] if int(found["flags"]) == 0 else UNIX_LISTENS,
        "uid": UNKNOWN_UID,
        "inode": int(found["inode"]),
        "refcount": int(found["refcount"], 16),
        "type": int(found["type"], 16),
        "path": found["path"],
    }


def parse_unix_record(lines: Sequence[bytes]) -> tuple[dict[str, Any] | None, int]:
    """Return the columns of the socket that these lines begin with, and how many it takes.

    A path may hold a newline: a line that begins no socket and still fits into sun_path belongs to
    the path before it. A path that looks like a socket behind its newline cannot be told from one.
    """
    row = parse_unix_line(lines[0])
    if row is None or row["path"] is None:
        return row if row is None else row | {"path": b""}, 1
    path = row["path"]
    taken = 1
    for line in lines[1 : LONGEST_PATH + 1]:
        longer = path + b"\n" + line
        if len(longer) > LONGEST_PATH or b"\0" in line or parse_unix_line(line):
            break
        path = longer
        taken += 1
    if not path:
        return None, 1
    # Of the NULs of an abstract name only the first is known: any other @ may be one.
    return row | {"path": b"\0" + path[1:] if path.startswith(b"@") else path}, taken


def parse_unix_rows(lines: Sequence[bytes], path: str) -> Iterator[dict[str, Any]]:
    if lines[0] != UNIX_HEADING:
        raise ParseError(path, 1, lines[0])
    at = 1
    while at < len(lines):
        row, taken = parse_unix_record(lines[at : at + LONGEST_PATH + 1])
        if row is None:
            raise ParseError(path, at + 1, lines[at])
        pointer = row.pop("pointer")
        hidden = not pointer.strip(b"0") or pointer.startswith(b"(")
        yield row | {"known_by": row["inode"] or ((path, at) if hidden else pointer)}
        at += taken


def parse_inet_rows(
    lines: Sequence[bytes], protocol: int, family: int, path: str
) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if number == 1:
            if len(line) > LONGEST_LINE or not HEADING.fullmatch(line):
                raise ParseError(path, number, line)
            continue
        row = parse_line(line, protocol, family)
        if row is None:
            raise ParseError(path, number, line)
        yield row | {"known_by": row["inode"]}


def parse_rows(
    text: bytes, protocol: int, family: int, path: str, netns: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield every column of each socket of a table; ParseError for the first line that is none.

    Beside the columns a row has what it is known by among those with the same ends, `known_by`: its
    inode, or of a UNIX socket without one its address in the kernel, or the place of its line where
    the kernel hides that.
    """
    lines = text.split(b"\n")
    if text.endswith(b"\n"):
        lines.pop()
    unknown = {spec.name: UNKNOWN[spec.format] for spec in SOCKET_COLUMNS + OPTIONAL_COLUMNS}
    unknown |= {"protocol": protocol, "family": family, "netns": netns, "backlog_limit": -1}
    if protocol == UNIX:
        rows = parse_unix_rows(lines, path)
    else:
        rows = parse_inet_rows(lines, protocol, family, path)
    for row in rows:
        yield unknown | row


def parse_table(
    text: bytes,
    protocol: int,
    family: int,
    path: str,
    netns: int = 0,
    fields: Sequence[str] = (),
) -> table.SocketRows:
    """Decode the whole text of a table; ParseError for the first line that is none.

    `protocol` and `family` are numbers (tcp.py), `path` names the file in errors, `netns` goes
    into every row, `fields` names the optional columns to keep (columns.py).
    """
    names = table.SocketRows(fields).column_names()
    rows = parse_rows(text, protocol, family, path, netns)
    return table.SocketRows.from_rows(([row[name] for name in names] for row in rows), fields)


def read_rows(
    path: str, protocol: int, family: int, netns: int = 0, again: bool = False
) -> list[dict[str, Any]]:
    """Read and decode a table; OSError where it cannot be read, else as `parse_rows`.

    Rows are passed over where a page of the kernel's ends: `again` starts with half of one, so that
    its pages end at other rows.
    """
    text = read_file(path, HALF_PAGE if again else 0)
    return list(parse_rows(text, protocol, family, path, netns))


def read_file(path: str, first: int = 0) -> bytes:
    """Read a whole file, with `first` bytes in a read(2) of their own."""
    # A given tree may hold anything: no FIFO may block, no terminal may be taken.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise IsADirectoryError(errno.EISDIR, "not a regular file", path)
        start = os.read(fd, first) if first else b""
        with open(fd, "rb", closefd=False) as file:
            return start + file.read()
    except OSError as error:
        error.filename = path  # read(2) alone does not know it
        raise
    finally:
        os.close(fd)


def read_if_possible(path: str) -> bytes:
    """Read a file whose absence, or whose protection, leaves the rest of an answer true."""
    try:
        return read_file(path)
    except OSError as error:
        if error.errno in OUT_OF_RESOURCES:
            raise
        return b""


# -------------------------------------------------------------------------------------- descriptors

GONE = (FileNotFoundError, ProcessLookupError)  # ENOENT, ESRCH
OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
NUMBER = re.compile(r"0|[1-9][0-9]*")
SOCKET = re.compile(rb"socket:\[([0-9]{1,20})\]")
RING = b"anon_inode:[io_uring]"
FIXED_FILE = re.compile(rb" *[0-9]{1,20}: (.*)")
RING_TRIES = 5
RING_PAUSE = 200e-6
LARGEST_PID = 2**31 - 1


def parse_socket(link: bytes) -> int | None:
    """Return the inode in `socket:[48213]`, None for any other text."""
    found = SOCKET.fullmatch(link)
    return int(found[1]) if found and int(found[1]) < 2**64 else None


def parse_fixed_files(text: bytes) -> tuple[list[int], bool, bool]:
    r"""Return the sockets of `UserFiles:\t16`, `    2: socket:[48213]`, …, as fdinfo prints them.

    Then whether the list is there: it is not while the ring's user holds its lock. Then whether it
    names sockets by nothing, as Linux did before 6.13.
    """
    _, heading, section = text.partition(b"\nUserFiles:\t")
    count, _, listed = section.partition(b"\n")
    names = []
    for line in listed.split(b"\n"):
        found = FIXED_FILE.fullmatch(line)
        if not found:
            break
        names.append(found[1])
    inodes = [inode for name in names if (inode := parse_socket(name)) is not None]
    return inodes, bool(heading and (names or count == b"0")), b"" in names


def parse_stat(text: bytes) -> tuple[bytes, int]:
    """Return command and start time; the command ends at the last parenthesis of the text."""
    start, end = text.find(b"("), text.rfind(b")")
    fields = text[end + 1 :].split(b" ")  # "", then field 3 and so on
    if 0 <= start < end and len(fields) > 20 and re.fullmatch(rb"[0-9]{1,20}", fields[20]):
        return text[start + 1 : end], int(fields[20])
    return b"", 0


def list_numbers(path: str) -> Iterator[int]:
    for name in os.listdir(path):
        if NUMBER.fullmatch(name) and int(name) <= LARGEST_PID:
            yield int(name)


def list_descriptors(path: str) -> Iterator[tuple[int, bytes | None]]:
    """Yield each descriptor and its link, None where it may not be read."""
    for fd in list_numbers(path):
        try:
            yield fd, os.fsencode(os.readlink(f"{path}/{fd}"))
        except PermissionError:
            yield fd, None
        except GONE:
            pass  # closed since it was listed
        except OSError as error:
            # No link; a path longer than a page: neither is a socket.
            if error.errno not in (errno.EINVAL, errno.ENAMETOOLONG):
                raise


class Tree:
    """One walk over a /proc or a tree like it."""

    def __init__(self, root: str, asked: bool) -> None:
        self.root = root
        self.asked = asked
        os.listdir(root)  # an error of the root itself is not that of a process
        self.sizes_known = size_of(f"{root}/self/fd") > 0
        self.rings_unread = 0

    def is_thread(self, pid: int) -> bool:
        """Whether procfs opens PID, without listing it, because it is a thread of another."""
        status = read_if_possible(f"{self.root}/{pid}/status") if self.asked else b""
        found = re.search(rb"\nTgid:\t([0-9]+)", status)
        return found is not None and int(found[1]) != pid

    def walk_table(self, path: str) -> Iterator[tuple[int, int | None]]:
        """Yield (descriptor, inode) of the sockets below PID or PID/task/TID, None if denied."""
        for fd, link in list_descriptors(f"{path}/fd"):
            if link is None:
                yield fd, None
            elif (inode := parse_socket(link)) is not None:
                yield fd, inode
            elif link == RING:
                for inode in self.read_ring(f"{path}/fdinfo/{fd}"):
                    yield -1, inode

    def read_ring(self, path: str) -> list[int]:
        for attempt in range(RING_TRIES):
            if attempt:
                time.sleep(RING_PAUSE)
            try:
                text = read_file(path)
            except GONE:
                return []  # closed since it was listed
            except OSError as error:
                if error.errno in OUT_OF_RESOURCES:
                    raise
                self.rings_unread += 1
                return []
            inodes, listed, nameless = parse_fixed_files(text)
            if listed:
                break
        # A heading without lines, time and again: the table is empty.
        if nameless or b"\nUserFiles:\t" not in text:
            self.rings_unread += 1
        return inodes

    def walk_process(self, pid: int) -> Found:
        """Walk a process and its threads; raises one of GONE when it ends meanwhile."""
        path = f"{self.root}/{pid}"
        found = Found(pid)
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
            if self.is_thread(pid):
                raise NotADirectoryError
            found.add(pid, self.walk_table(path))
        except PermissionError:
            # Whoever may not list a table may still see that it is empty: kernel threads, zombies.
            if not (self.sizes_known and size_of(f"{path}/fd") == 0):
                found.denied = True
                return found
        if not found.links_denied:  # else its threads are no more open to us
            self.walk_threads(path, found)
        if found.rows:
            found.process = read_process(path, pid)
        return found

    def walk_threads(self, path: str, found: Found) -> None:
        """Walk every thread's table: where it is the process's own, it gives nothing new."""
        try:
            threads = sorted(list_numbers(f"{path}/task"))
        except GONE:
            return  # a tree made by hand, or a process that is ending
        except PermissionError:
            found.denied = True
            return
        for tid in threads:
            if tid not in (0, found.pid):
                try:
                    found.add(tid, self.walk_table(f"{path}/task/{tid}"))
                except PermissionError:
                    found.denied = True
                except (*GONE, NotADirectoryError):
                    pass  # a thread that ended holds nothing


class Found:
    """What one process gave."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.rows: dict[tuple[int, int], int] = {}  # (fd, inode) → tid
        self.process: table.Process | None = None
        self.links_denied = 0
        self.denied = False

    def add(self, tid: int, descriptors: Iterable[tuple[int, int | None]]) -> None:
        for fd, inode in descriptors:
            if inode is None:
                self.links_denied += 1
            else:
                self.rows.setdefault((fd, inode), tid)


def size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def read_process(path: str, pid: int) -> table.Process:
    """Capture what a process is; what may not be read stays empty."""
    try:
        command, start_time = parse_stat(read_file(f"{path}/stat"))
    except GONE:
        raise
    except OSError:
        command, start_time = b"", 0
    try:
        link = os.readlink(f"{path}/ns/net")
    except OSError:  # denied, or a process that is ending
        link = ""
    netns = re.fullmatch(r"net:\[([0-9]+)\]", link)
    return table.Process(
        pid,
        start_time,
        command,
        os.stat(path).st_uid,
        int(netns[1]) if netns else 0,
        parse_membership(read_if_possible(f"{path}/cgroup")),
    )


def walk_descriptors(root: str, pids: Iterable[int] | None, threads: int) -> Walk:
    """Find the sockets among the descriptors of processes; see `_fd_walk.walk_descriptors`.

    The same answer by the plainest way: every table of every thread is walked, and `threads` is
    not used.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    scope = None if pids is None else tuple(sorted(set(pids)))
    tree = Tree(root, scope is not None)
    rows: list[tuple[int, int, int, int, int]] = []
    processes: list[table.Process] = []
    denied: list[int] = []
    denied_links: dict[int, int] = {}
    missing: list[int] = []
    vanished = 0
    for pid in scope if scope is not None else sorted(p for p in list_numbers(root) if p):
        unread = tree.rings_unread
        try:
            if not 0 < pid <= LARGEST_PID:
                raise FileNotFoundError
            found = tree.walk_process(pid)
        except (*GONE, NotADirectoryError) as error:
            tree.rings_unread = unread
            if scope is not None:
                missing.append(pid)
            elif not isinstance(error, NotADirectoryError):
                vanished += 1
            continue
        if found.denied:
            denied.append(pid)
        if found.links_denied:
            denied_links[pid] = found.links_denied
        if found.process:
            process = len(processes)
            rows += [(inode, pid, fd, tid, process) for (fd, inode), tid in found.rows.items()]
            processes.append(found.process)
    return Walk(
        table.OwnerRows.from_rows(rows, processes),
        denied,
        denied_links,
        missing,
        vanished,
        0,
        tree.rings_unread,
        scope,
    )
