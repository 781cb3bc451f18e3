"""Network namespaces as /proc shows them: through the processes that live in them.

/proc/PID/net is the namespace of that process (proc_pid_net(5)), readable by all; its number, the
link /proc/PID/ns/net, needs the rights of ptrace(2). Where that link may not be read, the inode of
PID/net/tcp tells namespaces apart, and the number in the table is 0.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from fastsock.errors import (
    EngineUnavailable,
    FilterError,
    NamespaceHidden,
    NoSuchNamespace,
    NoSuchProcess,
)
from fastsock.processes import has_ended
from fastsock.tcp import FAMILIES, PROTOCOLS, TCP, UDP, UNIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from fastsock.filter import Filter

NAMED = "/run/netns"  # where ip-netns(8) binds names to namespaces

# protocol, family, file: what a namespace has of what we decode.
TABLES = ((6, 2, "tcp"), (6, 10, "tcp6"), (17, 2, "udp"), (17, 10, "udp6"), (0, 1, "unix"))


class Namespace:
    """A network namespace: its inode number (0: may not be read) and directories that show it.

    One in which no process lives has no directory, only a `name` in /run/netns.
    """

    __slots__ = ("inode", "directories", "name", "_sockstat")

    def __init__(self, inode: int, directories: list[str], name: str = "") -> None:
        self.inode = inode
        self.directories = directories
        self.name = name
        self._sockstat: dict[str, dict[int, int] | None] = {}

    def __repr__(self) -> str:
        return f"<Namespace {self.inode} {[self.name, *self.directories][-1]}>"

    def entrance(self) -> str | None:
        """Return the path for setns(2); None where every process that showed it has ended."""
        for directory in self.directories:
            path = f"{os.path.dirname(directory)}/ns/net"
            if os.path.lexists(path):
                return path
        return f"{NAMED}/{self.name}" if self.name else None

    def sockstat(self, name: str) -> dict[int, int] | None:
        """Return what net/sockstat or sockstat6 said when it was first asked: see _read_sockstat.

        A question asks twice, and of each of its namespaces.
        """
        if name not in self._sockstat:
            self._sockstat[name] = _read_sockstat(self, name)
        return self._sockstat[name]

    def count_inet(self, protocols: Iterable[int], name: str = "sockstat") -> int:
        """Return how many sockets of these protocols that file says there are; 0 without it."""
        found = 0
        counts = self.sockstat(name)
        if counts:
            for protocol in protocols:
                found += counts.get(protocol, 0)
        return found

    def directory(self) -> str | None:
        """Return the first directory that still shows it; processes may have ended."""
        for path in self.directories:
            if any(os.path.exists(f"{path}/{name}") for name in ("tcp", "udp", "unix")):
                return path
        return None


def list_pids(procfs: str) -> list[int]:
    """Return the processes below a root, in order."""
    return sorted(int(name) for name in os.listdir(procfs) if name.isascii() and name.isdigit())


def read_inode(process: str) -> int:
    """Return the number of the network namespace of /proc/PID; 0 where it may not be read."""
    try:
        link = os.readlink(f"{process}/ns/net")
    except OSError:  # not permitted, or a tree without it; a process that ended shows below
        return 0
    number = link.removeprefix("net:[").removesuffix("]")
    return int(number) if number.isascii() and number.isdigit() else 0


def find_namespaces(
    engine: str, procfs: str, netns: object = None, pids: Sequence[int] | None = None
) -> list[Namespace]:
    """Return the namespaces that a question covers.

    `netns` is "all", "own", a pid, a name in /run/netns or several of these. Without it: those of
    `pids`, the processes that the question names, or else our own; with a root that is not /proc,
    that of its process 1, since ROOT/net is the reader's namespace even through a bind mount.
    """
    if netns is None:
        if pids is None or _is_small_tree(procfs, pids):
            return [_own_namespace(engine, procfs)]
        return _namespaces_of(procfs, pids)
    if netns == "own":
        return [_own_namespace(engine, procfs)]
    if netns == "all":  # a tree without processes has one all the same
        return all_namespaces(procfs) or [_own_namespace(engine, procfs)]
    if isinstance(netns, (list, tuple, set, frozenset)):
        found = [space for one in netns for space in find_namespaces(engine, procfs, one)]
        return list({space.inode or space.directories[0]: space for space in found}.values())
    if isinstance(netns, int) or (isinstance(netns, str) and netns.isascii() and netns.isdigit()):
        if not os.path.isdir(f"{procfs}/{int(netns)}"):
            raise NoSuchProcess(str(netns), (int(netns),))
        return _namespaces_of(procfs, [int(netns)])
    if not isinstance(netns, str) or not netns or "/" in netns or netns in (".", ".."):
        raise FilterError(f"netns: {netns!r} is not all, own, a pid or a name in {NAMED}")
    return [_named_namespace(procfs, netns)]


def _own_namespace(engine: str, procfs: str) -> Namespace:
    if os.path.normpath(procfs) == "/proc":
        thread = "/proc/thread-self"  # a thread may have entered another namespace
        return Namespace(read_inode(thread), [f"{thread}/net"])
    if os.path.isdir(f"{procfs}/1/net"):
        return Namespace(read_inode(f"{procfs}/1"), [f"{procfs}/1/net"])
    if _is_small_tree(procfs, ()):
        return Namespace(0, [f"{procfs}/net"])
    raise EngineUnavailable(
        engine,
        f"{procfs}/1/net cannot be read: is {procfs} a /proc, and is process 1 in it?",
        remedy="--procfs /proc",
    )


def _is_small_tree(procfs: str, pids: Iterable[int]) -> bool:
    """Whether a tree made by hand has one net directory and none for the processes.

    Such trees are what `PROC_ROOT=TREE ss` takes. Where they have the directory, procfs has a link
    to self/net.
    """
    net = f"{procfs}/net"
    if os.path.islink(net) or not os.path.isdir(net):
        return False
    return not any(os.path.isdir(f"{procfs}/{pid}/net") for pid in pids)


def _namespaces_of(procfs: str, pids: Iterable[int]) -> list[Namespace]:
    named: dict[int, Namespace] = {}
    nameless: list[str] = []
    for pid in pids:
        process = f"{procfs}/{pid}"
        inode = read_inode(process)
        if inode:
            named.setdefault(inode, Namespace(inode, [])).directories.append(f"{process}/net")
        else:
            nameless.append(f"{process}/net")
    if not nameless:
        return list(named.values())
    by_file = {file_identity(space.directories[0]): space for space in named.values()}
    for directory in nameless:
        identity = file_identity(directory)
        if identity is not None:
            by_file.setdefault(identity, Namespace(0, [])).directories.append(directory)
    by_file.pop(None, None)
    unnamed = [space for space in by_file.values() if not space.inode]
    return [*named.values(), *unnamed]


def file_identity(directory: str) -> tuple[int, int] | None:
    """Return what tells namespaces apart for everybody: each has a file net/tcp of its own."""
    try:
        status = os.stat(f"{directory}/tcp")
    except OSError:  # ended, or a tree that has none for this process
        return None
    return status.st_dev, status.st_ino


def all_namespaces(procfs: str) -> list[Namespace]:
    """Return every namespace in which a process lives, and on this host those with a name."""
    found = _namespaces_of(procfs, list_pids(procfs))
    if os.path.normpath(procfs) == "/proc":
        known = {space.inode for space in found}
        found += [space for space in named_namespaces() if space.inode not in known]
    return found


def _namespaces_device() -> int:
    """Return the device of the filesystem that all namespaces are files of (nsfs)."""
    return os.stat("/proc/self/ns/net").st_dev


def named_namespaces() -> list[Namespace]:
    """Return the namespaces that ip-netns(8) has given a name."""
    try:
        with os.scandir(NAMED) as entries:
            status = {entry.name: entry.stat() for entry in entries}
    except OSError:  # nobody has used ip-netns(8) here, or it may not be read
        return []
    device = _namespaces_device()
    named = {one.st_ino: name for name, one in status.items() if one.st_dev == device}
    return [Namespace(inode, [], name) for inode, name in named.items()]


def _named_namespace(procfs: str, name: str) -> Namespace:
    try:
        status = os.stat(f"{NAMED}/{name}")
    except PermissionError:
        raise NamespaceHidden(f"network namespace {name!r}: {NAMED} may not be read") from None
    except OSError:
        raise NoSuchNamespace(f"no network namespace {name!r} in {NAMED}") from None
    if status.st_dev != _namespaces_device():
        # A file left from a namespace that is gone; or a tree shows another host's.
        raise NoSuchNamespace(f"{NAMED}/{name} is a file and no network namespace")
    inode = status.st_ino
    return next(
        (space for space in all_namespaces(procfs) if space.inode == inode),
        Namespace(inode, [], name),
    )


def list_tables(
    engine: str, namespaces: Sequence[Namespace], want: Filter
) -> tuple[list[tuple[str, int, int, int]], int]:
    """Return (path, protocol, family, netns) of the files to read, and how many namespaces ended.

    Raises EngineUnavailable where no namespace shows a table, NoSuchProcess where that is because
    the processes that the question names ended meanwhile.
    """
    protocols = want.terms.get("protocol")
    families = want.terms.get("family")
    tables = []
    ended = 0
    inhabited = [space for space in namespaces if space.directories]
    if namespaces and not inhabited:
        raise NamespaceHidden(
            f"network namespace {namespaces[0].name!r}: no process lives in it, "
            "and to enter it takes CAP_SYS_ADMIN"
        )
    for space in inhabited:
        directory = space.directory()
        if directory is None:
            ended += 1
            continue
        for protocol, family, name in TABLES:
            if protocols is not None and protocol not in protocols:
                continue
            if families is not None and family not in families:
                continue
            path = f"{directory}/{name}"
            # Every kernel has the tables of IPv4, and one without IPv6 has no others. Who asks for
            # UNIX sockets is not answered 0 where nothing tells of them.
            needed = family == FAMILIES["ipv4"] or (protocol == UNIX and protocols is not None)
            if needed and not os.path.lexists(path):
                if space.directory() is None:  # its processes ended just now
                    ended += 1
                    break
                raise EngineUnavailable(
                    engine, f"{path} does not exist: is this a /proc?", remedy=_mend(path)
                )
            tables.append((path, protocol, family, space.inode))
    if inhabited and ended == len(inhabited):
        raise_ended(engine, inhabited)
    return tables, ended


def count_uninhabited(namespaces: Sequence[Namespace]) -> int:
    """Return in how many no process lives: /proc does not show their tables."""
    return sum(not space.directories for space in namespaces)


def raise_ended(engine: str, namespaces: Sequence[Namespace]) -> NoReturn:
    """Say why none of the namespaces can be read: their processes ended, or it is no /proc."""
    shown = [os.path.dirname(path) for space in namespaces for path in space.directories]
    names = [os.path.basename(process) for process in shown]
    if all(map(str.isdigit, names)) and all(map(has_ended, shown)):
        raise NoSuchProcess(", ".join(names))
    raise _unreadable(engine, namespaces[0])


def _unreadable(engine: str, space: Namespace) -> EngineUnavailable:
    path = f"{space.directories[0]}/tcp"
    reason = f"{path} cannot be read: is /proc mounted?"
    return EngineUnavailable(engine, reason, remedy=_mend(path))


def _mend(path: str) -> str:
    """Return what brings a file of /proc, or of a tree, into being."""
    return "mount -t proc proc /proc" if path.startswith("/proc/") else "--procfs /proc"


def check_shown(engine: str, procfs: str) -> None:
    """Raise EngineUnavailable where `procfs` does not show the namespace that is asked by default.

    An engine opens without that, since a question may name another one.
    """
    space = _own_namespace(engine, procfs)
    if space.directory() is None:
        raise _unreadable(engine, space)


def expected_rows(namespaces: Sequence[Namespace], want: Filter) -> int:
    """Return about how many sockets there are of the protocols that are wanted; 0 if unknown.

    By net/sockstat, and for UNIX sockets by net/protocols. A hint for the size of tables: the
    numbers are sums over CPUs that move, and of many namespaces those of IPv6 are not asked for.
    """
    protocols = asked_protocols(want)
    total = sum([space.count_inet(protocols) for space in namespaces])
    if len(namespaces) == 1:
        total += namespaces[0].count_inet(protocols, "sockstat6")
    return total + count_unix(namespaces) if UNIX in protocols else total


def is_empty(space: Namespace, protocols: Iterable[int]) -> bool:
    """Whether the kernel counts no socket of these protocols in a namespace.

    A dump of one walks the one hash that the sockets of all namespaces are in: 0.3 ms where that is
    in the processor's cache and hardly filled, else up to 10 ms. To look here takes 12 us.
    """
    if not {TCP, UDP}.issuperset(protocols) or space.sockstat("sockstat") is None:  # nothing tells
        return False
    return not (space.count_inet(protocols) or space.count_inet(protocols, "sockstat6"))


def _read_sockstat(space: Namespace, name: str) -> dict[int, int] | None:
    """Return sockets in use and in TIME_WAIT by protocol, None where the file is missing.

    Of `TCP: inuse 3 orphan 0 tw 2 alloc 4 mem 1` (net/ipv4/proc.c) it is the sum of 3 and 2.
    """
    text = read_net(space, name, 4096)
    if text is None:
        return None
    found = {protocol: _number_behind(text, start) for start, protocol in _SOCKSTAT[name]}
    if name == "sockstat":
        found[TCP] += _number_behind(text, b" tw ")
    return found


_SOCKSTAT = {
    "sockstat": ((b"TCP: inuse ", TCP), (b"UDP: inuse ", UDP)),
    "sockstat6": ((b"TCP6: inuse ", TCP), (b"UDP6: inuse ", UDP)),
}


def _number_behind(text: bytes, start: bytes) -> int:
    """Return the number that follows, 0 where there is none."""
    at = text.find(start)
    number = text[at + len(start) : at + len(start) + 20].split(None, 1)
    return int(number[0]) if at >= 0 and number and number[0].isdigit() else 0


def read_net(space: Namespace, name: str, size: int) -> bytes | None:
    """Return the start of one of a namespace's files, of at most a page or two; None without it."""
    try:
        fd = os.open(f"{space.directories[0]}/{name}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, IndexError):  # a kernel without IPv6, a tree without it; nobody lives there
        return None
    try:
        return os.read(fd, size)
    except OSError:  # its process ended
        return None
    finally:
        os.close(fd)


def asked_protocols(want: Filter) -> frozenset[int]:
    """Return the numbers of the protocols that are wanted: all, if none is named."""
    return want.terms.get("protocol", frozenset(PROTOCOLS.values()))


def count_unix(namespaces: Iterable[Namespace]) -> int:
    """Return how many UNIX sockets there are, without a look at any; 0 where nothing tells."""
    found = 0
    for space in namespaces:
        counts = _count_protocols(space)
        found += sum(counts.get(name, 0) for name in _UNIX)
    return found


# What /proc/net/protocols calls what a table can hold; MPTCP's sockets are in it as TCP subflows.
# UNIX sockets of datagrams and of seqpackets are UNIX.
_UNIX = frozenset(("UNIX", "UNIX-STREAM"))
_DECODED = _UNIX | {"TCP", "TCPv6", "UDP", "UDPv6", "MPTCP", "MPTCPv6"}


def count_undecoded(namespaces: Sequence[Namespace]) -> dict[str, int]:
    """Return how many sockets there are of protocols that no engine reads, by the kernel's name.

    NETLINK, PACKET, RAW, SCTP and so on. Empty where net/protocols is missing.
    """
    found: dict[str, int] = {}
    for space in namespaces:
        for name, number in _count_protocols(space).items():
            if name not in _DECODED:
                found[name] = found.get(name, 0) + number
    return found


def _count_protocols(space: Namespace) -> dict[str, int]:
    """Return the number of sockets of each protocol that has any, by net/protocols.

    Written by proto_seq_printf (net/core/sock.c). A read takes 35 us.
    """
    text = read_net(space, "protocols", 16384) or b""
    lines = [line.split(None, 3) for line in text.splitlines()[1:]]
    return {
        words[0].decode("ascii", "replace"): int(words[2])
        for words in lines
        if len(words) > 2 and words[2] != b"0" and words[2].isdigit()
    }
