"""What the names in a filter mean here: services, hosts, interfaces, cgroups, users, namespaces.

A name is looked up when a filter has one, and once. Hosts are asked for with a time limit: a name
server that does not answer must not keep a listing.
"""

from __future__ import annotations

import os

from fastsock.cgroups import read_mount
from fastsock.patience import Patience

DEFAULT_RANGE = (1024, 4999)  # of local ports, as ss has it where the kernel's cannot be read


class Lookups:
    """Look-ups on this host. A test, or a replay of another host's sockets, gives its own.

    `procfs` is where the range of local ports stands, below sys/net/ipv4; `port_range` names that
    file itself. `limit` is how many seconds all name servers together may take.
    """

    def __init__(
        self, procfs: str = "/proc", *, port_range: str | None = None, limit: float = 4.0
    ) -> None:
        self._port_range = port_range or f"{procfs}/sys/net/ipv4/ip_local_port_range"
        self._patience = Patience(limit)
        self._hosts: dict[tuple[str, int], list[bytes]] = {}

    def service(self, name: str, protocol: str) -> int | None:
        """Return the port of a service of "tcp" or "udp" (getservbyname(3))."""
        import socket  # not above: most filters have no name in them

        try:
            return socket.getservbyname(name, protocol)
        except (OSError, UnicodeError):  # no such service
            return None

    def hosts(self, name: str, family: int) -> list[bytes]:
        """Return a host's addresses of a family, of 4 or 16 bytes; none where nobody answers."""
        key = name, family
        if key not in self._hosts:
            self._hosts[key] = self._ask(name, family)
        return self._hosts[key]

    def _ask(self, name: str, family: int) -> list[bytes]:
        import socket

        def ask() -> list[bytes]:
            try:
                if family == socket.AF_INET:  # in the order in which ss takes them
                    answers = socket.gethostbyname_ex(name)[2]
                else:
                    infos = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
                    answers = [str(info[4][0]).partition("%")[0] for info in infos]
                return [socket.inet_pton(family, text) for text in answers]
            except (OSError, UnicodeError):  # no such name, or nobody who knows
                return []

        return list(dict.fromkeys(self._patience.ask(ask) or ()))

    def interface(self, name: str) -> int:
        """Return the index of a network interface, 0 where there is none of that name."""
        import socket

        try:
            return socket.if_nametoindex(name)
        except (OSError, ValueError):  # no such interface; a NUL in the name
            return 0

    def cgroup(self, path: str) -> int:
        """Return the id of a cgroup v2 by its path, also below the mount; LookupError says why."""
        mount = read_mount()
        for place in (path, None if mount is None else f"{mount}/{path.lstrip('/')}"):
            try:
                if place is not None and mount is not None:
                    status = os.stat(place)
                    if status.st_dev == os.stat(mount).st_dev:
                        return status.st_ino
            except (OSError, ValueError):  # there is no such directory
                continue
        if mount is None:
            raise LookupError("cgroup v2 is not mounted")
        if not path.strip("/"):
            raise LookupError("Invalid cgroup2 path")
        raise LookupError("Failed to get cgroup2 ID: No such file or directory")

    def user(self, name: str) -> int | None:
        """Return the number of a user."""
        import pwd

        try:
            return pwd.getpwnam(name).pw_uid
        except (KeyError, ValueError):  # no such user; a NUL in the name
            return None

    def namespace(self, name: str) -> int | None:
        """Return the inode of a network namespace in /run/netns."""
        if "/" in name:
            return None
        for place in ("/run/netns", "/var/run/netns"):
            try:
                return os.stat(f"{place}/{name}").st_ino
            except (OSError, ValueError):  # none of that name
                continue
        return None

    def local_ports(self) -> tuple[int, int]:
        """Return the first and last port that the kernel gives to sockets by itself."""
        try:
            with open(self._port_range, "rb") as file:
                first, last = file.read(64).split()[:2]
            return int(first), int(last)
        except (OSError, ValueError):  # not readable, or not two numbers
            return DEFAULT_RANGE
