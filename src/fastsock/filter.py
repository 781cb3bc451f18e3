"""Filter: which sockets a question wants, as a frozen value built by keywords.

A filter is a conjunction of terms; the values of one term are alternatives. To an engine it is a
hint: it may return more. To a table it is an order: it selects exactly.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from fastsock.errors import FilterError
from fastsock.tcp import FAMILIES, PROTOCOLS, parse_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OWNER_TERMS = ("pid", "command", "cgroup")
PORT_TERMS = ("port", "local_port", "remote_port")
ADDRESS_TERMS = ("address", "local_address", "remote_address")
TERMS = (
    *OWNER_TERMS,
    *PORT_TERMS,
    *ADDRESS_TERMS,
    "state",
    "uid",
    "inode",
    "family",
    "protocol",
)


class Filter:
    """Terms by name, each with its alternatives; `Filter()` wants everything.

    Names and values: `protocol` and `family` numbers, `state` numbers, `port`, `local_port` and
    `remote_port` inclusive (low, high) pairs, `address`, `local_address` and `remote_address`
    pairs of 16 network bytes (IPv4 in the v4-mapped form) and the number of leading bits that
    count, `uid` and `inode` numbers, `pid` numbers, `command` names and `cgroup` paths or names as
    bytes. `port` and `address` match either end; no UNIX socket has any.
    """

    __slots__ = ("terms",)
    terms: Mapping[str, frozenset[Any]]

    def __init__(self, terms: Mapping[str, frozenset[Any]] | None = None) -> None:
        object.__setattr__(self, "terms", dict(terms or {}))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Filter is frozen")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __repr__(self) -> str:
        return f"Filter({self.terms!r})"

    @property
    def needs_owners(self) -> bool:
        """Whether the answer depends on which process holds a socket."""
        return any(name in self.terms for name in OWNER_TERMS)

    def with_term(self, name: str, values: Iterable[Any]) -> Filter:
        """Return a filter in which `name` is limited to `values`."""
        return Filter({**self.terms, name: frozenset(values)})

    def without_terms(self, *names: str) -> Filter:
        """Return a filter that leaves `names` open."""
        return Filter({name: v for name, v in self.terms.items() if name not in names})


ALL = Filter()


def build_filter(**keywords: Any) -> Filter:
    """Return the Filter that keywords mean; None leaves a term open, several values alternate.

    Ports are numbers, `range`s or text such as "80,443,8000-8080"; addresses
    are text or `ipaddress` objects with an optional prefix length; states are `State`s, numbers or
    names in any spelling; commands are text or bytes. Raises FilterError for a value that makes no
    sense and TypeError for a keyword that does not exist.
    """
    terms: dict[str, frozenset[Any]] = {}
    for name, value in keywords.items():
        if name not in TERMS:
            raise TypeError(f"unknown keyword {name!r}; there are {', '.join(TERMS)}")
        if value is None:
            continue
        found: set[Any] = set()
        for one in _alternatives(value):
            found.update(_PARSERS[name](name, one))
        if not found:
            raise FilterError(f"{name}: no value given")
        terms[name] = frozenset(found)
    return Filter(terms)


def _alternatives(value: Any) -> Iterable[Any]:
    if isinstance(value, (str, bytes, int, range)) or not isinstance(value, Iterable):
        return (value,)
    if hasattr(value, "network_address"):  # ipaddress networks iterate over their hosts
        return (value,)
    return value


def _whole_number(name: str, value: Any, most: int) -> int:
    number = -1
    if isinstance(value, str):
        if value.isascii() and value.isdigit():
            number = int(value)
    elif hasattr(value, "__index__"):  # whole numbers of any library; no float, no text
        number = value.__index__()
    if not 0 <= number <= most:
        raise FilterError(f"{name}: {value!r} is not a number from 0 to {most}")
    return number


def _parse_port(name: str, value: Any) -> list[tuple[int, int]]:
    if isinstance(value, range):
        if value.step != 1 or not value:
            raise FilterError(f"{name}: {value!r} is not a range of ports")
        value = (value[0], value[-1])
    if isinstance(value, tuple) and len(value) == 2:
        low, high = (_whole_number(name, end, 65535) for end in value)
        if low > high:
            raise FilterError(f"{name}: {low}-{high} is an empty range")
        return [(low, high)]
    if isinstance(value, str):
        ranges = []
        for part in value.split(","):
            first, dash, last = part.strip().partition("-")
            ranges += _parse_port(name, (first, last if dash else first))
        return ranges
    number = _whole_number(name, value, 65535)
    return [(number, number)]


def parse_prefix(name: str, value: Any) -> tuple[bytes, int]:
    """Return an address or network as (16 bytes, bits): 10.0.0.0/8 is (::ffff:10.0.0.0, 104)."""
    import socket  # not at the top: most questions have no address, and it is slow to load

    text, slash, length = str(value).partition("/")
    text = text.strip("[]") if ":" in text else text
    error = FilterError(f"{name}: {str(value)!r} is not an address or a network (CIDR)")
    if not slash and "%" in text:
        raise error
    try:
        if ":" in text:
            packed, width = socket.inet_pton(socket.AF_INET6, text), 128
        else:
            packed, width = socket.inet_pton(socket.AF_INET, text), 32
    except (OSError, ValueError):
        raise error from None
    if slash and not (length.isascii() and length.isdigit() and int(length) <= width):
        raise error
    bits = int(length) if slash else width
    mask = ((1 << bits) - 1) << (width - bits)
    packed = (int.from_bytes(packed, "big") & mask).to_bytes(width // 8, "big")
    if width == 32:
        return b"\0" * 10 + b"\xff\xff" + packed, 96 + bits
    return packed, bits


def _parse_state(name: str, value: Any) -> Iterable[int]:
    if isinstance(value, str):
        try:
            return parse_state(value)
        except ValueError as error:
            raise FilterError(str(error)) from None
    return (_whole_number(name, value, 255),)


def _parse_choice(table: Mapping[str, int]) -> Any:
    def parse(name: str, value: Any) -> tuple[int]:
        folded = value.lower() if isinstance(value, str) else value
        if folded in table:
            return (table[folded],)
        if not isinstance(value, (str, bool)) and value in table.values():
            return (int(value),)
        raise FilterError(f"{name}: {value!r} is none of {', '.join(table)}")

    return parse


def _parse_command(name: str, value: Any) -> tuple[bytes]:
    if isinstance(value, str) and value:
        return (value.encode("utf-8", "surrogateescape"),)
    if isinstance(value, bytes) and value:
        return (value,)
    raise FilterError(f"{name}: {value!r} is not a command's name")


def _parse_cgroup(name: str, value: Any) -> tuple[bytes]:
    from fastsock.cgroups import parse_name

    if isinstance(value, (str, bytes)) and value:
        return (parse_name(os.fsencode(value)),)
    raise FilterError(f"{name}: {value!r} is not a cgroup's path or name")


def check_containers(names: Iterable[bytes], paths: Iterable[bytes]) -> None:
    """Raise FilterError where a name is the beginning of several containers' ids in `paths`."""
    from fastsock.cgroups import find_containers

    paths = set(paths)
    for name in names:
        several = sorted(find_containers(paths, name))
        if len(several) > 1:
            ids = ", ".join(map(os.fsdecode, several))
            raise FilterError(f"cgroup: {os.fsdecode(name)} begins several containers: {ids}")


_PARSERS: dict[str, Any] = {
    "pid": lambda name, value: (_whole_number(name, value, 2**31 - 1),),
    "command": _parse_command,
    "cgroup": _parse_cgroup,
    "state": _parse_state,
    "uid": lambda name, value: (_whole_number(name, value, 2**32 - 1),),
    "inode": lambda name, value: (_whole_number(name, value, 2**64 - 1),),
    "family": _parse_choice(FAMILIES),
    "protocol": _parse_choice(PROTOCOLS),
    **{name: _parse_port for name in PORT_TERMS},
    **{name: lambda name, value: (parse_prefix(name, value),) for name in ADDRESS_TERMS},
}
