"""What lsof calls users, hosts and ports, and what names on its command line mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from fastsock.compat.lsof_flags import Request
from fastsock.tcp import PROTOCOLS


class Lookups:
    """What names on a command line mean (lsof_flags.Lookups)."""

    def service_port(self, name: str, protocol: str) -> int | None:
        from fastsock import names

        number = PROTOCOLS.get(protocol)
        ports = [port for one, port in names.service_ports(name) if one == number]
        return min(ports, default=None)

    def host_addresses(self, name: str, version: int) -> Sequence[bytes]:
        from fastsock import names

        mapped = b"\0" * 10 + b"\xff\xff"
        found = names.host_addresses(name)
        six = [one for one in found if not one.startswith(mapped)]
        four = [one for one in found if one.startswith(mapped)]
        return four if version == 4 else six if version == 6 else six + four

    def user_number(self, name: str) -> int | None:
        import pwd

        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            return None


class Names:
    """What is shown for numbers; hosts and ports are looked up unless -n and -P say otherwise."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._hosts: dict[bytes, bytes] = {}
        self._asked: set[bytes] = set()
        self.wide = _shows_wide()

    def login(self, uid: int) -> str:
        """Return a user's login, the number as text where there is none."""
        from fastsock.users import user_name  # loads threads

        return user_name(uid)

    def hosts(self, addresses: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the names of addresses (16 bytes), each asked for once; none with -n."""
        if not self._request.hosts:
            return {}
        new = set(addresses) - self._asked
        if new:
            from fastsock import names

            self._asked |= new
            self._hosts.update(names.host_names(new))
        return self._hosts

    def services(self) -> Mapping[tuple[int, int], bytes]:
        """Return the names of ports by (protocol, port); none with -P."""
        if not self._request.services:
            return {}
        from fastsock import names

        return names.service_names()


def _shows_wide() -> bool:
    """Whether the locale has characters beyond ASCII that may stand in a NAME."""
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = os.environ.get(variable)
        if value:
            return value.upper().replace("-", "").endswith("UTF8")
    return False
