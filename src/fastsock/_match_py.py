"""Which rows a Filter wants, in plain Python: the twin of the compiled `_match`."""

from __future__ import annotations

from fastsock._table_py import Column
from fastsock.columns import SOCKET_COLUMNS
from fastsock.errors import FilterError
from fastsock.filter import OWNER_TERMS
from fastsock.tcp import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from fastsock._table_py import SocketRows
    from fastsock.filter import Filter

    Prefix = tuple[bytes, int]

_POSITIONS = {spec.name: n for n, spec in enumerate(SOCKET_COLUMNS)}

# The columns that a term looks at: one of them has to match.
_NUMBERS: dict[str, tuple[str, ...]] = {
    name: (name,) for name in ("protocol", "family", "state", "uid", "inode")
}
_PORTS = {
    "port": ("local_port", "remote_port"),
    "local_port": ("local_port",),
    "remote_port": ("remote_port",),
}
_ADDRESSES = {
    "address": ("local_address", "remote_address"),
    "local_address": ("local_address",),
    "remote_address": ("remote_address",),
}
_FAMILY, _UNIX = _POSITIONS["family"], FAMILIES["unix"]
_TERMS = (*_NUMBERS, *_PORTS, *_ADDRESSES, *OWNER_TERMS)


class Matcher:
    """The terms of a Filter, all but those of owners (OWNER_TERMS), ready to be asked of rows.

    `everything` is true where no such term is left, so that every row matches. Raises FilterError
    for a term that does not exist or a prefix that is none.
    """

    __slots__ = ("everything", "_tests", "_asks_ends")

    def __init__(self, want: Filter) -> None:
        self._tests = [
            _test(name, values) for name, values in want.terms.items() if name not in OWNER_TERMS
        ]
        self.everything = not self._tests
        # UNIX sockets have neither ports nor addresses: the zeros in their columns are none.
        self._asks_ends = not {*_PORTS, *_ADDRESSES}.isdisjoint(want.terms)

    def select(self, rows: SocketRows) -> Column:
        """Return the indices of the rows that match, in order ("index", uint32)."""
        found = (
            n
            for n, row in enumerate(rows.rows())
            if not (self._asks_ends and row[_FAMILY] == _UNIX)
            and all(any(holds(row[at]) for at in positions) for positions, holds in self._tests)
        )
        return Column.from_values("index", "I", found)


def _test(name: str, values: Iterable[Any]) -> tuple[list[int], Callable[[Any], bool]]:
    """Return the columns that a term looks at, and what one of them has to pass."""
    holds: Callable[[Any], bool]
    if name in _NUMBERS:
        columns, holds = _NUMBERS[name], frozenset(values).__contains__
    elif name in _PORTS:
        ranges = list(values)
        ports = {port for port in range(65536) if any(low <= port <= high for low, high in ranges)}
        columns, holds = _PORTS[name], ports.__contains__
    elif name in _ADDRESSES:
        columns, holds = _ADDRESSES[name], _within(list(values))
    else:
        raise FilterError(f"unknown term {name!r}; terms are {', '.join(_TERMS)}")
    return [_POSITIONS[column] for column in columns], holds


def _within(prefixes: list[Prefix]) -> Callable[[bytes], bool]:
    for network, bits in prefixes:
        if len(network) != 16 or not 0 <= bits <= 128:
            raise FilterError(f"not an address prefix: {(network, bits)!r}")
    return lambda address: any(
        _leading(address, bits) == _leading(network, bits) for network, bits in prefixes
    )


def _leading(address: bytes, bits: int) -> int:
    return int.from_bytes(address, "big") >> (128 - bits)
