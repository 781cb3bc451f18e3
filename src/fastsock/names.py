"""Names for numbers: hosts, services and interfaces.

Services come from /etc/services, read once. Hosts are asked of the system's resolver, many at a
time and all within one limit: a resolver that does not answer must not hang a listing. What has no
name, or none in time, is missing from the answers and stays a number.

What it takes to ask is loaded when somebody is asked: services alone need none of it, and most
listings are of numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from fastsock.tcp import PROTOCOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SERVICES = "/etc/services"
PROTOCOL_FILE = "/etc/protocols"

# Seconds for all look-ups of one listing, and how many are under way at once.
LIMIT = 4.0
AT_ONCE = 32

_V4 = bytes(10) + b"\xff\xff"

_services: dict[str, dict[tuple[int, int], bytes]] = {}
_hosts: dict[bytes, bytes | None] = {}  # None: it has no name


def service_names(path: str = SERVICES) -> Mapping[tuple[int, int], bytes]:
    """Return {(protocol, port): name}, the first name of each, as getservbyport(3) from the file.

    Empty where the file cannot be read: it may be missing, and numbers say the same.
    """
    if path not in _services:
        _services[path] = parse_services(_read(path))
    return _services[path]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # as getservbyport(3), which finds nothing then: numbers say the same
        return b""


def _split(text: bytes) -> Iterator[list[bytes]]:
    """Yield the words of each line that is none of comment: a name, what it stands for, aliases."""
    for line in text.splitlines():
        words = line.partition(b"#")[0].split()
        if len(words) > 1:
            yield words


def _split_services(text: bytes) -> Iterator[tuple[tuple[int, int], list[bytes]]]:
    """Yield (protocol, port) and all names of each service of TCP or UDP."""
    protocols = {name.encode(): number for name, number in PROTOCOLS.items() if number}
    for name, place, *aliases in _split(text):
        port, _, protocol = place.partition(b"/")
        if protocol in protocols and port.isdigit() and int(port) < 65536:
            yield (protocols[protocol], int(port)), [name, *aliases]


def parse_services(text: bytes) -> dict[tuple[int, int], bytes]:
    """Return the services of a text in the format of services(5), TCP's and UDP's."""
    found: dict[tuple[int, int], bytes] = {}
    for place, names in _split_services(text):
        found.setdefault(place, names[0])
    return found


def service_ports(name: str, path: str = SERVICES) -> set[tuple[int, int]]:
    """Return the (protocol, port) pairs that a service name or one of its aliases stands for."""
    wanted = os.fsencode(name)
    return {place for place, names in _split_services(_read(path)) if wanted in names}


def protocol_names(path: str = PROTOCOL_FILE) -> dict[int, bytes]:
    """Return {number: name} of the protocols above IP, as getprotobynumber(3) from the file."""
    found: dict[int, bytes] = {}
    for name, number, *_ in _split(_read(path)):
        if number.isdigit():
            found.setdefault(int(number), name)
    return found


def interface_names() -> dict[int, bytes]:
    """Return {index: name} of the caller's network interfaces."""
    import socket

    try:
        return {index: os.fsencode(name) for index, name in socket.if_nameindex()}
    except OSError:  # no netlink in a sandbox: indices say the same
        return {}


def host_names(addresses: Iterable[bytes], limit: float = LIMIT) -> dict[bytes, bytes]:
    """Return {address: name} for those that have a name; addresses are a table's 16 bytes.

    After `limit` seconds what has not been answered is left out, now and in later calls. Names are
    the resolver's, of printable ASCII only: who owns the zone chooses them.
    """
    wanted = list(dict.fromkeys(addresses))
    _look_up(_hosts, [address for address in wanted if address not in _hosts], _name_of_host, limit)
    return {address: name for address in wanted if (name := _hosts.get(address)) is not None}


def host_addresses(name: str, limit: float = LIMIT) -> list[bytes]:
    """Return the addresses of a host in a table's form; none for an unknown one, or in time."""
    found: dict[str, list[bytes] | None] = {}
    _look_up(found, [name], _addresses_of_host, limit)
    return found.get(name) or []


def _look_up(answers: dict[Any, Any], questions: list[Any], ask: Any, limit: float) -> None:
    """Ask each question in threads that nobody waits for beyond the limit."""
    if not questions:
        return
    import socket  # noqa: F401  # by one thread: those below ask with it
    import threading
    import time

    deadline = time.monotonic() + limit
    waiting = iter(questions)
    answered = threading.Semaphore(0)

    def work() -> None:
        # next() of a list's iterator is atomic; past the deadline nobody wants the rest.
        for question in waiting:
            if time.monotonic() >= deadline:
                return
            answers[question] = ask(question)
            answered.release()

    for _ in range(min(AT_ONCE, len(questions))):
        threading.Thread(target=work, daemon=True).start()
    for _ in questions:
        if not answered.acquire(timeout=max(0.0, deadline - time.monotonic())):
            break
    for question in questions:
        answers.setdefault(question, None)


def _name_of_host(address: bytes) -> bytes | None:
    import socket

    mapped = address.startswith(_V4)
    text = socket.inet_ntop(
        socket.AF_INET if mapped else socket.AF_INET6, address[12:] if mapped else address
    )
    try:
        name = socket.getnameinfo((text, 0), socket.NI_NAMEREQD)[0]
    except (OSError, UnicodeError):  # it has no name, or one that is none
        return None
    return name.encode() if name.isascii() and name.isprintable() else None


def _addresses_of_host(name: str) -> list[bytes]:
    import socket

    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # there is no such host
        return []
    addresses = []
    for family, _, _, _, place in found:
        packed = socket.inet_pton(family, str(place[0]).partition("%")[0])
        addresses.append(_V4 + packed if family == socket.AF_INET else packed)
    return list(dict.fromkeys(addresses))
