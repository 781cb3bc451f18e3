"""psutil's net_connections() from fastsock's tables: the same tuples, in a fraction of the time.

    from fastsock.compat import psutil as faster
    faster.net_connections("tcp")   # as psutil.net_connections("tcp")
    faster.install()                # from here on psutil itself answers with it

The tuples, enums, status texts and exceptions are those of the psutil that is installed, which the
extra `psutil` brings. What it chooses is kept, too (psutil/_pslinux.py):

* The whole host: a socket that several processes hold is listed once, for the last of them in the
  order of /proc, with the first of its descriptors. UNIX sockets have all descriptors of that
  process. The descriptors of a process that may not be read, in full or in part, belong to nobody:
  fd is -1 and pid is None.
* One process: each socket once, with the first descriptor; UNIX sockets with every descriptor.
* Only /proc/PID/fd counts: no thread's own descriptor table and no fixed file of io_uring.
* The tables are PROCFS_PATH/net/tcp and so on, the namespace of whoever reads them.
* No row comes twice, and the order means nothing.

It differs on purpose where a table is not as a kernel writes it. psutil reads ten words of a line
and guesses nothing about them; here such a line is a RuntimeError with psutil's text. A UNIX
socket's path with a line break in it, for which psutil raises RuntimeError, is cut there.
"""

from __future__ import annotations

import errno
import gc
import os
import re
import socket
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import repeat
from threading import Thread

from fastsock.engines import open_engine
from fastsock.engines.namespaces import Namespace, read_inode
from fastsock.engines.reference import list_descriptors, parse_socket
from fastsock.errors import ParseError
from fastsock.filter import build_filter
from fastsock.implementation import table as storage
from fastsock.tcp import FAMILIES, PROTOCOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from fastsock.engines import Engine
    from fastsock.engines.walk import Walk
    from fastsock.table import SocketTable

    Pair = tuple[int | None, int]  # pid and descriptor

try:
    psutil: Any = import_module("psutil")
except ModuleNotFoundError as error:
    raise ImportError(
        "fastsock.compat.psutil needs psutil: pip install 'fastsock[psutil]'", name="psutil"
    ) from error
_linux: Any = import_module("psutil._pslinux")
_common: Any = import_module("psutil._common")
_tuples: Any = getattr(psutil, "_ntuples", _common)  # a module of their own since psutil 7.2

__all__ = ["install", "net_connections", "process_net_connections", "uninstall"]

# A kind is one of these, and behind it at most one family.
_PROTOCOLS = {
    "all": ("tcp", "udp", "unix"),
    "inet": ("tcp", "udp"),
    "tcp": ("tcp",),
    "udp": ("udp",),
    "unix": ("unix",),
}
_FAMILIES = {"4": ("ipv4",), "6": ("ipv6",)}
_SOCKET_TYPES = {PROTOCOLS["tcp"]: socket.SOCK_STREAM, PROTOCOLS["udp"]: socket.SOCK_DGRAM}
_FAMILY_ENUMS = {number: socket.AddressFamily(number) for number in FAMILIES.values()}
_NOBODY = (None, -1)


def net_connections(kind: str = "inet") -> list[Any]:
    """Return the sockets of the host as psutil's `sconn` tuples, like psutil.net_connections().

    Kinds: all, inet, tcp and udp, each of the last three also with 4 or 6 behind it, and unix. The
    owners of other users' sockets need root or CAP_SYS_PTRACE. Raises ValueError for another kind,
    OSError where psutil.PROCFS_PATH has no tables, RuntimeError for a line that is none.
    """
    _check_kind(kind)
    procfs: str = psutil.PROCFS_PATH
    net = _net(procfs)
    engine = open_engine(procfs=procfs)
    walk = _WalkBeside(procfs)
    try:
        tables = _read_tables(kind, procfs, engine, net)
    finally:
        owners = walk.result()
    with _without_collector():
        # psutil lists processes in the order of the directory, and later ones take over. A procfs
        # has them by number, as a walk has; other trees have them in any order.
        holders = _Holders(_descriptors(owners), os.listdir(procfs))
        return _rows(_tuples.sconn, tables, holders)


def process_net_connections(pid: int | None = None, kind: str = "inet") -> list[Any]:
    """Return the sockets of a process (None: this one) as psutil's `pconn` tuples.

    Like psutil.Process(pid).net_connections(kind). Raises psutil.NoSuchProcess, psutil.AccessDenied
    where its descriptors may not be read, and what `net_connections` raises.
    """
    process: Any = psutil.Process(pid)
    _check_kind(kind)
    found: list[Any] = _process_net_connections(process._proc, kind)
    return found


def _list_process(self: Any, kind: str = "inet") -> list[Any]:
    """Return the sockets of a process: the method of psutil's class for Linux."""
    _check_kind(kind)
    procfs: str = psutil.PROCFS_PATH
    net = _net(procfs)
    engine = open_engine(procfs=procfs)
    holders = _Holders(_descriptors_of(engine, procfs, self.pid))
    tables = _read_tables(kind, procfs, engine, net) if holders.first else []
    with _without_collector():
        rows = _rows(_tuples.pconn, [_held(table, holders) for table in tables], holders)
    os.stat(f"{self._procfs_path}/{self.pid}")  # an answer from a process that ended is none
    return rows


# It makes psutil's exceptions of OSError, with the name that psutil knows the process by.
_process_net_connections: Any = _linux.wrap_exceptions(_list_process)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from looking at the rows while they are made.

    None of them is garbage, and each new one brings it back to all others: half of the time.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _check_kind(kind: str) -> None:
    """ValueError, as this psutil words it, for what is no kind."""
    if hasattr(psutil, "_check_conn_kind"):
        psutil._check_conn_kind(kind)
    elif kind not in _common.conn_tmap:  # until psutil 6
        kinds = ", ".join(map(repr, _linux._connections.tmap))
        raise ValueError(f"invalid {kind!r} kind argument; choose between {kinds}")


def _net(procfs: str) -> Namespace:
    """Return the namespace that PROCFS_PATH/net is: in a procfs a link to self/net."""
    net = f"{procfs}/net"
    try:
        net = os.path.join(procfs, os.readlink(net))
    except OSError:  # a directory in a tree made by hand; a missing one shows when it is read
        pass
    return Namespace(read_inode(os.path.dirname(net)), [net])


# -------------------------------------------------------------------------------------- descriptors


class _WalkBeside(Thread):
    """A walk over all descriptors while the tables are read: both wait for the kernel alone."""

    def __init__(self, procfs: str) -> None:
        super().__init__(name="fastsock walk", daemon=True)
        self._engine = open_engine(procfs=procfs)
        self._walk: Walk | None = None
        self._error: BaseException | None = None
        try:
            self.start()
        except RuntimeError:  # no more threads allowed, or the interpreter is ending
            self.run()

    def run(self) -> None:
        try:
            self._walk = self._engine.owners(None)
        except BaseException as error:
            self._error = error

    def result(self) -> Walk:
        if self.ident is not None:
            self.join()
        if self._walk is None:
            assert self._error is not None
            raise self._error
        return self._walk


class _Holders:
    """The descriptors that psutil names: `first` by inode, `several` where there are more.

    Of processes that share a socket it names the last one in `order`, a list of pids.
    """

    __slots__ = ("first", "several")

    def __init__(self, rows: Iterable[tuple[int, Pair]], order: Iterable[str] = ()) -> None:
        self.several: dict[int, list[Pair]] = {}
        rows = list(rows)
        self.first: dict[int, Pair] = dict(rows)
        if len(self.first) == len(rows):
            return
        places = {name: place for place, name in enumerate(order)}
        shared = {inode for inode, pair in rows if self.first[inode] is not pair}
        for inode, pair in rows:
            if inode not in shared:
                continue
            held = self.several.get(inode)
            if held and held[0][0] == pair[0]:
                held.append(pair)
            elif not held or places.get(str(held[0][0]), -1) < places.get(str(pair[0]), -1):
                self.several[inode] = [pair]
        self.first.update((inode, pairs[0]) for inode, pairs in self.several.items())


def _descriptors(walk: Walk) -> Iterable[tuple[int, Pair]]:
    """Return (inode, (pid, fd)) of what psutil would find of a walk, in the order of the walk."""
    pids, tids = walk.owners.column("pid"), walk.owners.column("tid")
    inodes, fds = (walk.owners.column(name).tolist() for name in ("inode", "fd"))
    found = zip(inodes, zip(pids.tolist(), fds, strict=True), strict=True)
    if tids == pids and not walk.denied_links and -1 not in fds:
        return found
    return [
        (inode, (pid, fd))
        for (inode, (pid, fd)), tid in zip(found, tids, strict=True)
        if tid == pid and fd >= 0 and pid not in walk.denied_links
    ]


def _descriptors_of(engine: Engine, procfs: str, pid: int) -> Iterable[tuple[int, Pair]]:
    """Return (inode, (pid, fd)) of a process or, as psutil allows, of a thread by its number.

    Raises the OSError that listing the descriptors, or reading one, would give.
    """
    folder = f"{procfs}/{pid}/fd"
    # A walk calls a table that may not be listed empty where its size says so; psutil does not.
    os.scandir(folder).close()
    walk = engine.owners([pid])
    if walk.denied_links:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
    if not walk.missing:
        return _descriptors(walk)
    # A walk does not take a thread for a process. One that ended has no such directory either.
    found = []
    for fd, link in list_descriptors(folder):
        if link is None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{folder}/{fd}")
        inode = parse_socket(link)
        if inode is not None:
            found.append((inode, (pid, fd)))
    return found


# --------------------------------------------------------------------------------------------- rows


def _read_tables(kind: str, procfs: str, engine: Engine, net: Namespace) -> list[SocketTable]:
    """Return the sockets of a kind: those of TCP and UDP in one table, UNIX sockets in another."""
    name = kind.rstrip("46")
    families = _FAMILIES.get(kind.removeprefix(name), ("ipv4", "ipv6"))
    protocols = [protocol for protocol in _PROTOCOLS[name] if protocol != "unix"]
    found = False
    for path in (f"{procfs}/net/{protocol}" for protocol in protocols):
        if "ipv4" in families:
            os.stat(path)  # psutil's error is that of opening it; a kernel may lack the others
            found = True
        found |= "ipv6" in families and os.path.exists(f"{path}6")
    tables = []
    if found:
        tables.append(_read(procfs, engine, net, protocol=protocols, family=families))
    if "unix" in _PROTOCOLS[name]:
        os.stat(f"{procfs}/net/unix")
        tables.append(_read(procfs, engine, net, protocol="unix", fields=("type", "path")))
    return tables


def _read(
    procfs: str, engine: Engine, net: Namespace, fields: Sequence[str] = (), **selection: Any
) -> SocketTable:
    want = build_filter(**selection)
    try:
        table = engine.sockets(want, [net], fields)
    except ParseError as error:
        path, line = f"{procfs}/net/{os.path.basename(error.path)}", os.fsdecode(error.text) + "\n"
        raise RuntimeError(
            f"error while parsing {path}; malformed line {error.line_number - 1} {line!r}"
        ) from error
    return table if engine.exact else table.select(want)


def _held(table: SocketTable, holders: _Holders) -> SocketTable:
    """Return the rows of sockets that have holders."""
    inodes = enumerate(table.column("inode").tolist())
    held = [place for place, inode in inodes if inode in holders.first]
    return table.pick(storage.Column.from_values("index", "I", held))


def _rows(row: Any, tables: Iterable[SocketTable], holders: _Holders) -> list[Any]:
    """Return the sockets of the tables as tuples of a class, psutil's sconn or pconn."""
    rows: list[Any] = []
    for table in tables:
        columns = (_unix_columns if "path" in table.fields else _inet_columns)(table, holders)
        columns = columns[: len(row._fields)]  # a pconn has no pid
        # Without a Python call a row: there may be a million.
        rows += map(partial(tuple.__new__, row), zip(*columns, strict=False))
    nobodys = {one for one in rows if one[0] == -1}  # only these can be alike
    if nobodys:
        rows = [*(one for one in rows if one[0] != -1), *nobodys]
    return rows


def _inet_columns(table: SocketTable, holders: _Holders) -> list[Iterable[Any]]:
    """Return the columns fd, family, type, laddr, raddr, status and pid."""
    protocols, states, families, inodes = (
        table.column(name).tolist() for name in ("protocol", "state", "family", "inode")
    )
    # One by one, so that psutil's KeyError for a state that it does not know stays one.
    statuses = {
        (protocol, state): _linux.TCP_STATUSES[f"{state:02X}"]
        if protocol == PROTOCOLS["tcp"]
        else psutil.CONN_NONE
        for protocol, state in set(zip(protocols, states, strict=True))
    }
    pairs = list(map(holders.first.get, inodes, repeat(_NOBODY)))
    return [
        [fd for _, fd in pairs],
        map(_FAMILY_ENUMS.__getitem__, families),
        map(_SOCKET_TYPES.__getitem__, protocols),
        storage.make_ends(table, "local", _tuples.addr),
        storage.make_ends(table, "remote", _tuples.addr),
        map(statuses.__getitem__, zip(protocols, states, strict=True)),
        [pid for pid, _ in pairs],
    ]


def _unix_columns(table: SocketTable, holders: _Holders) -> list[Iterable[Any]]:
    """Return the same columns, with a row for each descriptor."""
    kinds, inodes = table.column("type").tolist(), table.column("inode").tolist()
    paths = [_show_path(path) if path else "" for path in table.column("path").tolist()]
    enums = {kind: _common.socktype_to_enum(kind) for kind in set(kinds)}
    found = [
        (fd, enums[kind], path, pid)
        for inode, kind, path in zip(inodes, kinds, paths, strict=True)
        for pid, fd in holders.several.get(inode) or (holders.first.get(inode, _NOBODY),)
    ]
    return [
        [fd for fd, _, _, _ in found],
        repeat(socket.AF_UNIX),
        [kind for _, kind, _, _ in found],
        [path for _, _, path, _ in found],
        repeat(""),
        repeat(psutil.CONN_NONE),
        [pid for _, _, _, pid in found],
    ]


_LINE_BREAK = re.compile(r"[\r\n]")


def _show_path(path: bytes) -> str:
    """Return a path as psutil reads it from /proc/net/unix, where NUL is printed as "@".

    It takes the line for a row of words: a path of several words is none.
    """
    words = _LINE_BREAK.split(os.fsdecode(path.replace(b"\0", b"@")), 1)[0].split()
    return words[0] if len(words) == 1 else ""


# ------------------------------------------------------------------------------------------ install

_replaced: list[tuple[Any, str, Any]] = []


def install() -> None:
    """Make psutil answer with this: psutil.net_connections() and Process.net_connections().

    Below their public names, so that it holds for names imported before, for Process.connections()
    and for as_dict(). Installing twice is fine; `uninstall` undoes it.
    """
    # Until psutil 6 the method had another name.
    method = "net_connections" if hasattr(_linux.Process, "net_connections") else "connections"
    for owner, name, ours in (
        (_linux, "net_connections", net_connections),
        (_linux.Process, method, _process_net_connections),
    ):
        theirs = getattr(owner, name)
        if theirs is not ours:
            _replaced.append((owner, name, theirs))
            setattr(owner, name, ours)


def uninstall() -> None:
    """Give psutil its own functions back; without an install before, do nothing."""
    while _replaced:
        setattr(*_replaced.pop())
