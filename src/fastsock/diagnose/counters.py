"""What the kernel counts for each network namespace, and how it is set there.

    TcpExt: SyncookiesSent SyncookiesRecv … ListenOverflows ListenDrops …      /proc/PID/net/netstat
    TcpExt: 0 0 … 573 573 …
    Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens …         /proc/PID/net/snmp
    Tcp: 1 200 120000 -1 200 27 …

Written by netstat_seq_show and snmp_seq_show (net/ipv4/proc.c): sums over CPUs that are not read at
one moment, counted since the namespace was made. Anybody may read those of any process. Settings,
/proc/sys/net, are those of the namespace that the reading thread is in (net_ctl_header_lookup,
net/sysctl_net.c), whatever directory it goes through.

What counts when the handshake meets a listener (net/ipv4/tcp_input.c, tcp_ipv4.c, syncookies.c):

  ListenOverflows       a SYN, or the ACK that ends a handshake, found the accept queue full
  ListenDrops           the same, and whatever else a listener drops: no memory, no route, a full
                        SYN queue without cookies
  TCPReqQFullDoCookies  a SYN found the SYN queue full, and tcp_syncookies is 1; or that is 2, which
                        counts every SYN
  TCPReqQFullDrop       a SYN found the SYN queue full, and tcp_syncookies is 0
  SyncookiesSent        a SYN was answered with a cookie, and nothing kept of it
  SyncookiesRecv        an ACK brought a cookie that was right: a connection
  SyncookiesFailed      an ACK brought a wrong or an old cookie, soon after some were sent
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from fastsock.engines.namespaces import Namespace, file_identity, read_inode
from fastsock.errors import ParseError
from fastsock.implementation import COMPILED, NO_EXTENSION, REBUILD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # One number; or several, where the file has several: see SETTINGS.
    Setting = int | tuple[int, ...]

# The groups that are kept whole, and where they are. No name is in both.
FILES = {"netstat": b"TcpExt", "snmp": b"Tcp"}

# Of these, those that tell of full queues and of SYN cookies, in the order in which they are shown.
COUNTERS = (
    "ListenOverflows",
    "ListenDrops",
    "TCPReqQFullDoCookies",
    "TCPReqQFullDrop",
    "SyncookiesSent",
    "SyncookiesRecv",
    "SyncookiesFailed",
)

# The settings of a namespace and their files below /proc/sys/net. Each is one number, but
# ip_local_port_range is (lowest, highest), and ip_local_reserved_ports as many such pairs in a row.
SETTINGS = {
    "tcp_syncookies": "ipv4/tcp_syncookies",
    "tcp_max_syn_backlog": "ipv4/tcp_max_syn_backlog",
    "somaxconn": "core/somaxconn",
    "tcp_abort_on_overflow": "ipv4/tcp_abort_on_overflow",
    "tcp_synack_retries": "ipv4/tcp_synack_retries",
    "tcp_fin_timeout": "ipv4/tcp_fin_timeout",
    "tcp_max_tw_buckets": "ipv4/tcp_max_tw_buckets",
    "tcp_tw_reuse": "ipv4/tcp_tw_reuse",
    "ip_local_port_range": "ipv4/ip_local_port_range",
    "ip_local_reserved_ports": "ipv4/ip_local_reserved_ports",
}
PAIRS = frozenset(("ip_local_port_range", "ip_local_reserved_ports"))

_MOST = 65536  # bytes of one file: netstat has 4,000, a long list of ports may have more

_PRIVILEGES = "run as root or with CAP_SYS_ADMIN"


class Space:
    """A network namespace: what it has counted and how it is set.

    `inode` is its number (0: may not be read), `name` that in /run/netns or "". `counters` are
    those of FILES by the kernel's names, empty where they could not be read. `settings` are those
    of SETTINGS, None where they are not known: in a namespace that may not be entered, or on a
    kernel without them.
    """

    __slots__ = ("inode", "name", "counters", "settings")

    def __init__(
        self,
        inode: int,
        name: str = "",
        counters: Mapping[str, int] | None = None,
        settings: Mapping[str, Setting | None] | None = None,
    ) -> None:
        self.inode = inode
        self.name = name
        self.counters: Mapping[str, int] = dict(counters or {})
        self.settings: Mapping[str, Setting | None] = {
            **dict.fromkeys(SETTINGS),
            **(settings or {}),
        }

    def number(self, setting: str) -> int | None:
        """Return a setting that is one number; None where it is not known."""
        value = self.settings.get(setting)
        return value if isinstance(value, int) else None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object; all counters are in it."""
        return {
            "netns": self.inode or None,
            "name": self.name or None,
            "counters": dict(self.counters),
            "settings": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.settings.items()
            },
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Space {self.inode} {self.name}>"


def parse_counters(text: bytes, path: str = "/proc/net/netstat") -> dict[str, int]:
    """Return the counters of TcpExt and Tcp in a text of net/netstat or net/snmp, by name.

    Raises ParseError with `path` and the line for a text that is cut short or no such file.
    """
    lines = text.split(b"\n")
    if lines.pop():  # what stands behind the last newline
        raise ParseError(path, len(lines) + 1, text[text.rfind(b"\n") + 1 :], "a whole line")
    kept = frozenset(FILES.values())
    found: dict[str, int] = {}
    for at in range(0, len(lines), 2):
        group, colon, names = lines[at].partition(b":")
        if not colon or not group:
            raise ParseError(path, at + 1, lines[at], "names of counters")
        if at + 1 == len(lines):
            raise ParseError(path, at + 1, lines[at], "followed by its numbers")
        same, _, numbers = lines[at + 1].partition(b":")
        keys, values = names.split(), numbers.split()
        if same != group or len(keys) != len(values):
            raise ParseError(path, at + 2, lines[at + 1], f"the numbers of {len(keys)} counters")
        if group not in kept:
            continue
        for key, value in zip(keys, values, strict=True):
            # MaxConn is -1 on every kernel. Twenty digits hold 2**64.
            if not value.removeprefix(b"-").isdigit() or len(value) > 20:
                raise ParseError(path, at + 2, lines[at + 1], "numbers")
            found[key.decode("ascii", "backslashreplace")] = int(value)
    return found


def parse_setting(name: str, text: bytes) -> Setting | None:
    """Return what a file of /proc/sys/net says; None for what no kernel writes."""
    try:
        if name not in PAIRS:
            return int(text)
        if name == "ip_local_port_range":
            low, high = text.split()
            return int(low), int(high)
        # proc_do_large_bitmap (kernel/sysctl.c): 80,443,8000-8010
        found: list[int] = []
        for part in text.strip().split(b",") if text.strip() else ():
            first, dash, last = part.partition(b"-")
            found += int(first), int(last if dash else first)
        return tuple(found)
    except ValueError:  # a tree made by hand
        return None


def read_spaces(
    procfs: str, namespaces: Sequence[Namespace]
) -> tuple[list[Space], list[dict[str, Any]]]:
    """Return the counters and the settings of namespaces, and what could not be read of them.

    Counters need a process that lives there, or the right to enter the namespace (CAP_SYS_ADMIN,
    setns(2)); settings that right, but for our own namespace. Raises ParseError.
    """
    spaces: list[Space] = []
    uncounted = unset = 0
    for namespace in namespaces:
        counters, settings = _read_space(procfs, namespace)
        uncounted += not counters
        unset += all(value is None for value in settings.values())
        spaces.append(Space(namespace.inode, namespace.name, counters, settings))
    missing: list[dict[str, Any]] = []
    for what, count in (("counters", uncounted), ("settings", unset)):
        if count:
            missing.append(
                {
                    "what": f"namespaces without {what}",
                    "count": count,
                    "reason": "they may not be entered, or have ended"
                    if COMPILED
                    else NO_EXTENSION,
                    "remedy": _PRIVILEGES if COMPILED else REBUILD,
                }
            )
    return spaces, missing


def _read_space(
    procfs: str, namespace: Namespace
) -> tuple[dict[str, int], dict[str, Setting | None]]:
    counters: dict[str, int] = {}
    absent: dict[str, Setting | None] = dict.fromkeys(SETTINGS)
    for directory in namespace.directories:
        texts = {f"{directory}/{name}": _read(f"{directory}/{name}") for name in FILES}
        if any(text is not None for text in texts.values()):
            for path, text in texts.items():
                if text is not None:
                    counters.update(parse_counters(text, path))
            break
    if _is_made_by_hand(procfs):
        # It has one directory of settings: its host's, as its process 1 saw them.
        if {f"{procfs}/1/net", f"{procfs}/net"}.isdisjoint(namespace.directories):
            return counters, absent
        return counters, _parse_settings(_read_settings(f"{procfs}/sys/net"))
    if _is_ours(namespace):
        return counters, _parse_settings(_read_settings("/proc/sys/net"))
    entrance = namespace.entrance()
    if entrance is None or not COMPILED:
        return counters, absent
    from fastsock.engines._elsewhere import read_elsewhere

    # /proc/net would be that of our main thread.
    paths = [f"/proc/sys/net/{path}" for path in SETTINGS.values()]
    paths += [] if counters else [f"/proc/thread-self/net/{name}" for name in FILES]
    try:
        read = read_elsewhere(entrance, paths, _MOST)
    except OSError:  # it may not be entered, or its last process has ended
        return counters, absent
    known = dict(zip(paths, read, strict=True))
    if not counters:
        for name in FILES:
            content = known[f"/proc/thread-self/net/{name}"]
            if isinstance(content, bytes):
                counters.update(parse_counters(content, f"{entrance}, net/{name}"))
    return counters, _parse_settings(
        {name: known[f"/proc/sys/net/{path}"] for name, path in SETTINGS.items()}
    )


def _is_ours(namespace: Namespace) -> bool:
    """Whether it is the namespace that this thread is in."""
    if namespace.inode:
        return namespace.inode == read_inode("/proc/thread-self")
    return any(
        (identity := file_identity(directory)) is not None
        and identity == file_identity("/proc/thread-self/net")
        for directory in namespace.directories
    )


def _is_made_by_hand(procfs: str) -> bool:
    """Whether a root is a tree of files. In another procfs sys/net is the reader's as well."""
    if os.path.normpath(procfs) == "/proc":
        return False
    try:
        # procfs: its root has the number 1 (PROC_ROOT_INO), and reports no blocks (fs/proc/root.c).
        # A tmpfs has the same number, but there `self` is a link that is as long as it says.
        root, self = os.stat(procfs), os.lstat(f"{procfs}/self")
    except OSError:
        return True
    return root.st_ino != 1 or self.st_size != 0


def _read_settings(directory: str) -> dict[str, bytes | None]:
    return {name: _read(f"{directory}/{path}") for name, path in SETTINGS.items()}


def _parse_settings(texts: Mapping[str, bytes | int | None]) -> dict[str, Setting | None]:
    """Return the settings; None for what could not be read (an errno, or None)."""
    return {
        name: parse_setting(name, text) if isinstance(text, bytes) else None
        for name, text in texts.items()
    }


def _read(path: str) -> bytes | None:
    """Return the content of a small file; None where it is missing or may not be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # its process ended; a kernel or a tree without it
        return None
    try:
        parts = []
        while part := os.read(fd, _MOST):
            parts.append(part)
            if sum(map(len, parts)) >= _MOST:
                break
        return b"".join(parts)
    except OSError:  # its process ended; a directory in a tree
        return None
    finally:
        os.close(fd)
