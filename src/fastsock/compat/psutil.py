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
import os
import re
import socket
from functools import partial
from importlib import import_module

from fastsock.engines import open_engine
from fastsock.engines.beside import Beside
from fastsock.engines.namespaces import Namespace, read_inode
from fastsock.engines.reference import list_descriptors, parse_socket
from fastsock.errors import ParseError
from fastsock.filter import Filter, build_filter
from fastsock.implementation import COMPILED, group, table as storage
from fastsock.tcp import FAMILIES, TCP, UDP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from fastsock import _tuples as tuples
    from fastsock.engines import Engine
    from fastsock.table import Column, SocketTable
elif COMPILED:
    from fastsock import _tuples as tuples
else:
    from fastsock import _tuples_py as tuples

try:
    psutil: Any = import_module("psutil")
except ModuleNotFoundError as error:
    raise ImportError(
        "fastsock.compat.psutil needs psutil: pip install 'fastsock[psutil]'", name="psutil"
    ) from error
_linux: Any = import_module("psutil._pslinux")
_common: Any = import_module("psutil._common")
_psutil_tuples: Any = getattr(psutil, "_ntuples", _common)  # a module of their own since 7.2

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
_SOCKET_TYPES = {TCP: socket.SOCK_STREAM, UDP: socket.SOCK_DGRAM}
_FAMILY_ENUMS = {number: socket.AddressFamily(number) for number in FAMILIES.values()}

# A process with fewer descriptors is looked through first, and tables are searched for its sockets.
# With more, both are read at once: no search among so many is worth its time.
_MANY_DESCRIPTORS = 1000


def net_connections(kind: str = "inet") -> list[Any]:
    """Return the sockets of the host as psutil's `sconn` tuples, like psutil.net_connections().

    Kinds: all, inet, tcp and udp, each of the last three also with 4 or 6 behind it, and unix. The
    owners of other users' sockets need root or CAP_SYS_PTRACE. Raises ValueError for another kind,
    OSError where psutil.PROCFS_PATH has no tables, RuntimeError for a line that is none.
    """
    _check_kind(kind)
    procfs: str = psutil.PROCFS_PATH
    net = _net(procfs)
    walk = Beside(lambda: open_engine(procfs=procfs).owners(None))
    try:
        tables = _read_tables(kind, procfs, net)
    finally:
        found = walk.result()
    # psutil lists processes in the order of the directory, and later ones take over. A procfs has
    # them by number, as a walk has; other trees have them in any order.
    places = {name: place for place, name in enumerate(os.listdir(procfs), 1)}
    ranks = [
        # psutil passes over a process when it meets one link that may not be read.
        -1 if process.pid in found.denied_links else places.get(str(process.pid), 0)
        for process in found.owners.processes
    ]
    return _rows(_psutil_tuples.sconn, tables, found.owners, ranks)


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
    folder = f"{procfs}/{self.pid}/fd"
    # A walk calls a table that may not be listed empty where its size says so; psutil does not.
    os.scandir(folder).close()
    reading = None
    if os.stat(folder).st_size >= _MANY_DESCRIPTORS:  # their number since Linux 6.2, before it 0
        reading = Beside(partial(_read_tables, kind, procfs, net))
    try:
        owners = _owners_of(open_engine(procfs=procfs), procfs, self.pid)
    finally:
        if reading:
            reading.join()
    rows = []
    if len(owners):
        if reading:
            tables = reading.result()
        else:
            tables = _read_tables(kind, procfs, net, set(owners.column("inode")))
        rows = _rows(_psutil_tuples.pconn, tables, owners, [0] * len(owners.processes), True)
    os.stat(f"{self._procfs_path}/{self.pid}")  # an answer from a process that ended is none
    return rows


# It makes psutil's exceptions of OSError, with the name that psutil knows the process by.
_process_net_connections: Any = _linux.wrap_exceptions(_list_process)


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


def _owners_of(engine: Engine, procfs: str, pid: int) -> storage.OwnerRows:
    """Return the descriptors of a process or, as psutil allows, of a thread by its number.

    Raises the OSError that reading one of them would give.
    """
    folder = f"{procfs}/{pid}/fd"
    walk = engine.owners([pid])
    if walk.denied_links:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
    if not walk.missing:
        return walk.owners
    # A walk does not take a thread for a process. One that ended has no such directory either.
    found = []
    for fd, link in list_descriptors(folder):
        if link is None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{folder}/{fd}")
        inode = parse_socket(link)
        if inode is not None:
            found.append((inode, pid, fd, pid, 0))
    return storage.OwnerRows.from_rows(found, [storage.Process(pid, 0, b"", 0, 0, b"")])


# --------------------------------------------------------------------------------------------- rows


def _read_tables(
    kind: str, procfs: str, net: Namespace, inodes: Iterable[int] | None = None
) -> list[SocketTable]:
    """Return the sockets of a kind: those of TCP and UDP in one table, UNIX sockets in another.

    With `inodes` only those that have one of them.
    """
    engine = open_engine(procfs=procfs)
    want = Filter() if inodes is None else Filter().with_term("inode", inodes)
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
        chosen = build_filter(protocol=protocols, family=families)
        tables.append(_read(procfs, engine, net, want, chosen))
    if "unix" in _PROTOCOLS[name]:
        os.stat(f"{procfs}/net/unix")
        chosen = build_filter(protocol="unix")
        tables.append(_read(procfs, engine, net, want, chosen, ("type", "path")))
    return tables


def _read(
    procfs: str,
    engine: Engine,
    net: Namespace,
    want: Filter,
    chosen: Filter,
    fields: Sequence[str] = (),
) -> SocketTable:
    want = Filter({**want.terms, **chosen.terms})
    try:
        table = engine.sockets(want, [net], fields)
    except ParseError as error:
        path, line = f"{procfs}/net/{os.path.basename(error.path)}", os.fsdecode(error.text) + "\n"
        raise RuntimeError(
            f"error while parsing {path}; malformed line {error.line_number - 1} {line!r}"
        ) from error
    return table if engine.exact else table.select(want)


def _rows(
    row: Any,
    tables: Iterable[SocketTable],
    owners: storage.OwnerRows,
    ranks: Sequence[int],
    held_only: bool = False,
) -> list[Any]:
    """Return the sockets of the tables as tuples of a class, psutil's sconn or pconn.

    Of the processes that hold a socket, psutil names the one with the highest rank.
    """
    index = group.OwnerIndex(owners)
    rank = storage.Column.from_values("rank", "i", ranks)
    rows: list[Any] = []
    for table in tables:
        table.attach_owners(owners, index.heads(table, storage.OWNER_UNKNOWN))
        is_unix = "path" in table.fields
        listed = tuples.list_holders(table, rank, is_unix, held_only)
        if is_unix:
            rows += _unix_rows(row, table, owners, *listed)
        else:
            addr = _psutil_tuples.addr
            rows += tuples.make_tuples(table, *listed, row, addr, _describe)
    return rows


def _describe(protocol: int, family: int, state: int) -> tuple[Any, Any, Any]:
    """Return family, type and status as psutil has them; its KeyError for a state it knows not."""
    is_tcp = protocol == TCP
    status = _linux.TCP_STATUSES[f"{state:02X}"] if is_tcp else psutil.CONN_NONE
    return _FAMILY_ENUMS[family], _SOCKET_TYPES[protocol], status


def _unix_rows(
    row: Any, table: SocketTable, owners: storage.OwnerRows, index: Column, holders: Column
) -> list[Any]:
    """Return UNIX sockets, with a row for each descriptor."""
    kinds, paths = table.column("type"), table.column("path")
    pids, fds = owners.column("pid"), owners.column("fd")
    enums = {kind: _common.socktype_to_enum(kind) for kind in set(kinds)}
    fields = len(row._fields)  # a pconn has no pid
    rows = []
    nobodys = set()  # only these can be alike
    for place, at in zip(index.tolist(), holders.tolist(), strict=True):
        path, kind = paths[place], enums[kinds[place]]
        shown = (socket.AF_UNIX, kind, _show_path(path) if path else "", "", psutil.CONN_NONE)
        if at >= 0:
            rows.append(tuple.__new__(row, (fds[at], *shown, pids[at])[:fields]))
        else:
            nobodys.add(tuple.__new__(row, (-1, *shown, None)))
    return [*rows, *nobodys]


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
