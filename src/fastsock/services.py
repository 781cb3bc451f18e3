"""Services: what listens, from where it can be reached, and the processes behind it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence

from fastsock.errors import Hidden, NoSuchProcess, escape
from fastsock.processes import Details, read_details
from fastsock.table import Process, Socket, SocketTable
from fastsock.tcp import FAMILIES
from fastsock.users import user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The optional columns without which nobody knows from where a socket can be reached.
REACH_FIELDS = ("v6only", "interface")

_MAPPED = bytes(10) + b"\xff\xff"
_ANY, _LOOPBACK = bytes(16), bytes(15) + b"\1"

# What people read. An address of its own is in the answer anyway.
_WORDS = {
    "host": "this host",
    "link": "this link",
    "address": "this address",
    "ipv4": "all IPv4",
    "ipv6": "all IPv6",
    "all": "all",
    "ipv6+": "all, IPv4?",
}


class Reach:
    """The addresses by which a socket can be reached.

    `scope` is host (a loopback address, or a UNIX socket), link (fe80::/10), address (one other),
    ipv4, ipv6 or all (every address of this host, of that family or of both), or ipv6+: every IPv6
    address, and IPv4's if the socket is not v6only, which /proc does not tell. `networks` are the
    same as CIDR text. `interface` is the index of the one that the socket is bound to
    (SO_BINDTODEVICE), 0 for any. Firewalls are another matter.
    """

    __slots__ = ("scope", "networks", "interface")

    def __init__(self, scope: str, networks: Sequence[str], interface: int = 0) -> None:
        self.scope = scope
        self.networks = tuple(networks)
        self.interface = interface

    def __str__(self) -> str:
        words = _WORDS[self.scope]
        return f"{words} on {_interface_name(self.interface)}" if self.interface else words

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reach):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.scope, self.networks, self.interface))

    def __repr__(self) -> str:
        return f"<Reach {self.scope} {' '.join(self.networks)}>"


def _interface_name(index: int) -> str:
    """Return the name of one of our own interfaces, the number of one in another namespace."""
    import socket  # not above: hardly any socket is bound to one

    try:
        return escape(socket.if_indextoname(index))
    except OSError:  # there is none of that number here
        return f"interface {index}"


def read_reach(socket: Socket, held: Collection[str]) -> Reach:
    """Return from where a socket can be reached.

    `held` are the names of its table's columns: without REACH_FIELDS among them less is known.
    """
    interface: int = socket.field("interface") if "interface" in held else 0
    family, address = socket.field("family"), socket.field("local_address")
    if family == FAMILIES["unix"]:
        return Reach("host", ())
    if family == FAMILIES["ipv4"] or (address.startswith(_MAPPED) and address != _ANY):
        text = ".".join(map(str, address[12:]))
        if address[12:] == bytes(4):
            return Reach("ipv4", ("0.0.0.0/0",), interface)
        return Reach("host" if address[12] == 127 else "address", (f"{text}/32",), interface)
    if address != _ANY:
        linked = address[0] == 0xFE and address[1] & 0xC0 == 0x80
        scope = "host" if address == _LOOPBACK else "link" if linked else "address"
        return Reach(scope, (f"{socket.local_address}/128",), interface)
    # Where sockets have no cookie they come from /proc, which does not tell.
    if "v6only" not in held or socket.cookie is None:
        return Reach("ipv6+", ("::/0",), interface)
    if socket.field("v6only"):
        return Reach("ipv6", ("::/0",), interface)
    return Reach("all", ("0.0.0.0/0", "::/0"), interface)


class Holder:
    """A process that holds a service's socket.

    `process` is what the walk saw, `fds` are its descriptors of this socket, `details` what
    /proc/PID said afterwards: None where the process has ended since. `parent` is the pid of the
    holder that it was forked from, 0 if none of the service's holders was; `depth` counts how far
    it is below the first of its family.
    """

    __slots__ = ("process", "fds", "details", "parent", "depth")

    def __init__(self, process: Process, fds: Sequence[int], details: Details | None) -> None:
        self.process = process
        self.fds = tuple(fds)
        self.details = details
        self.parent = 0
        self.depth = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def user(self) -> str:
        return user_name(self.process.uid)

    def as_dict(self) -> dict[str, Any]:
        """Return what a JSON owner has beyond pid, fd, command and unit."""
        made: dict[str, Any] = {"uid": self.process.uid, "user": escape(self.user)}
        if self.details is not None:
            made.update(dict_of(self.details))
        return made

    def __repr__(self) -> str:
        return f"<Holder {self.pid} {escape(self.process.command)}>"


def dict_of(details: Details) -> dict[str, Any]:
    """Return the JSON of what a process is; null is what may not be read, or what it has not."""
    made: dict[str, Any] = {
        "parent": details.parent,
        "start_time": details.start_time,
        "started": text_time(details.started),
        "arguments": [escape(argument) for argument in details.arguments],
        "binary": None if details.binary is None else escape(details.binary),
        "binary_deleted": details.deleted if details.binary is not None else None,
        "cwd": None if details.cwd is None else escape(details.cwd),
    }
    if details.hidden:
        made["hidden"] = sorted(details.hidden)
    return made


def text_time(seconds: float | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, None for none."""
    import time

    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Service:
    """A socket that waits for peers, its `reach`, and its `holders`, parents before their forks."""

    __slots__ = ("socket", "reach", "holders")

    def __init__(self, socket: Socket, reach: Reach, holders: Sequence[Holder]) -> None:
        self.socket = socket
        self.reach = reach
        self.holders = tuple(holders)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: the socket's, with `reach`, `networks` and more of each owner."""
        made = self.socket.as_dict()
        made["reach"] = self.reach.scope
        made["networks"] = list(self.reach.networks)
        known = {holder.pid: holder.as_dict() for holder in self.holders}
        for owner in made.get("owners") or ():
            owner.update(known.get(owner["pid"], {}))
        return made

    def __repr__(self) -> str:
        return f"<Service {self.socket!r} {self.reach.scope}>"


def describe(
    table: SocketTable, *, procfs: str | os.PathLike[str] = "/proc", details: bool = True
) -> list[Service]:
    """Return each row of `listeners()` or `who()` with its reach and what its holders are.

    Each process is looked at once, and only those that hold one of these sockets. What may not be
    read is None (processes.Details); a process that has ended, or whose number is another's by now,
    has no details. `details=False` reads nothing: the walk has told command, user and unit.
    """
    looked_at: dict[tuple[int, int], Details | None] = {}
    root, held = os.fspath(procfs), frozenset(table.column_names())
    return [
        Service(socket, read_reach(socket, held), _holders(socket, root, details, looked_at))
        for socket in table
    ]


def _holders(
    socket: Socket, procfs: str, details: bool, looked_at: dict[tuple[int, int], Details | None]
) -> list[Holder]:
    fds: dict[int, list[int]] = {}
    processes: dict[int, Process] = {}
    for owner in socket.owners or ():
        fds.setdefault(owner.pid, []).append(owner.fd)
        processes[owner.pid] = owner.process
    made = []
    for pid, process in processes.items():
        key = pid, process.start_time
        if details and key not in looked_at:
            looked_at[key] = _read_same(procfs, process)
        made.append(Holder(process, fds[pid], looked_at.get(key)))
    return order_family(made)


def _read_same(procfs: str, process: Process) -> Details | None:
    """Return the details of a process, None where the number has gone to another one."""
    try:
        found = read_details(procfs, process.pid)
    except (NoSuchProcess, Hidden):  # ended; or behind hidepid
        return None
    # 0: the walk could not know, as behind a pin with hidepid.
    return found if process.start_time in (0, found.start_time) else None


def main_holder(holders: Sequence[Holder]) -> Holder | None:
    """Return whose socket it is: the eldest's, but for init, which holds them for others.

    With socket activation (systemd.socket(5)) process 1 has every socket that it gave away.
    """
    others = [holder for holder in holders if holder.pid != 1] or list(holders)
    return min(others, key=lambda one: (one.process.start_time, one.pid)) if others else None


def order_family(holders: Iterable[Holder]) -> list[Holder]:
    """Return processes so that each stands behind its parent, the eldest first.

    Who was not forked from another of them begins a family. Without details all do.
    """
    by_pid = {holder.pid: holder for holder in holders}
    children: dict[int, list[Holder]] = {}
    for holder in by_pid.values():
        parent = by_pid.get(holder.details.parent) if holder.details is not None else None
        # A parent is older; what is not so is a number that has gone to another process.
        if parent is None or parent.process.start_time > holder.process.start_time:
            holder.parent = 0
        else:
            holder.parent = parent.pid if parent is not holder else 0
        children.setdefault(holder.parent, []).append(holder)
    ordered: list[Holder] = []
    seen: set[int] = set()
    # What comes next is at the end. Two processes started in one tick may call each other parent
    # where a number was given again meanwhile: such a pair has no head, and begins at the eldest.
    for heads in (children.get(0, []), list(by_pid.values())):
        waiting = [(holder, 0) for holder in sorted(heads, key=_age, reverse=True)]
        while waiting:
            holder, depth = waiting.pop()
            if holder.pid in seen:
                continue
            seen.add(holder.pid)
            holder.depth = depth
            ordered.append(holder)
            below = sorted(children.get(holder.pid, []), key=_age, reverse=True)
            waiting += [(child, depth + 1) for child in below]
    return ordered


def _age(holder: Holder) -> tuple[int, int]:
    return holder.process.start_time, holder.pid
