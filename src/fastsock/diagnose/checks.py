"""What `--check` says: a condition on the numbers of two snapshots, `close_wait<=+10`.

    [KEY=VALUE …] WHAT OPERATOR NUMBER

WHAT is a state by any name, `other` (neither ESTABLISHED nor LISTEN) or `total`. OPERATOR is one
of <= < >= > =. A NUMBER with a sign is the change from one snapshot to the other, without one how
many there are in the later. KEY=VALUE is a group of what `count --by` knows, `command=nginx`;
`command=*` is each of its groups by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastsock import tcp
from fastsock.bounds import OPERATORS
from fastsock.errors import FilterError, escape
from fastsock.filter import ADDRESS_TERMS, parse_prefix
from fastsock.table import GROUP_KEYS, Counts, OwnerState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OTHER, TOTAL = "other", "total"

# Keys that a condition may name: a state stands for itself.
KEYS = tuple(key for key in GROUP_KEYS if key != "state")
_NUMBERS = ("pid", "local_port", "remote_port", "uid", "netns", "socket_cgroup")
_CHOICES: Mapping[str, Mapping[str, int]] = {"family": tcp.FAMILIES, "protocol": tcp.PROTOCOLS}

_BLANKS = re.compile(r"\s*")
_WORD = re.compile(r"[^\s<>=!\"]+")
_OPERATOR = re.compile(r"[<>=!]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"[^\s\"]+")
# A number of sockets: nineteen digits would be more than there is memory for.
_NUMBER = re.compile(r"([+-]?)([0-9]{1,18})(?=\s|$)")


class Check:
    """A condition, as it was read.

    `text` is how it was written, `groups` the KEY=VALUE in front (a VALUE of None is each), `what`
    is a state's name, `other` or `total`, `operator` and `number` are its bound, and `relative`
    says that this bounds the change.
    """

    __slots__ = ("text", "groups", "what", "operator", "number", "relative")

    def __init__(
        self,
        text: str,
        groups: Mapping[str, str | None],
        what: str,
        operator: str,
        number: int,
        relative: bool,
    ) -> None:
        self.text = text
        self.groups = groups
        self.what = what
        self.operator = operator
        self.number = number
        self.relative = relative

    @property
    def by(self) -> tuple[str, ...]:
        """The keys that it needs groups by."""
        return tuple(self.groups)

    def measure(self, counts: Counts) -> int:
        """Return how many sockets of these it is about."""
        if self.what == TOTAL:
            return counts.total
        return counts.other if self.what == OTHER else counts[tcp.State[self.what]]

    def excess(self, before: int, after: int) -> int:
        """Return by how much it is missed: 0 where it holds, below 0 for too few."""
        holds, misses = OPERATORS[self.operator]
        number = self._bounded(before, after)
        return 0 if holds(number, self.number) else misses(number, self.number)

    def distance(self, before: int, after: int) -> int:
        """Return how far these are from the bound."""
        return abs(self._bounded(before, after) - self.number)

    def _bounded(self, before: int, after: int) -> int:
        return after - before if self.relative else after

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Check):
            return NotImplemented
        # Not by the text: blanks and spellings do not matter.
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__[1:])

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Check {self.text!r}>"


def parse_check(text: str) -> Check:
    """Return the Check that a text means.

    Raises FilterError, with the place in the text, for anything else.
    """
    groups: dict[str, str | None] = {}
    at = _skip(text, 0)
    while True:
        found = _WORD.match(text, at)
        if found is None:
            raise FilterError("a state, other or total is missing here", at, text)
        word = found[0]
        after = _skip(text, found.end())
        if word not in GROUP_KEYS:
            break
        if word not in KEYS:
            raise FilterError("a state stands for itself: close_wait<=+10", at, text)
        if word in groups:
            raise FilterError(f"{word} is named twice", at, text)
        operator = _OPERATOR.match(text, after)
        if operator is None or operator[0] != "=":
            raise FilterError(f"{word} needs = and a value", after, text)
        groups[word], at = _parse_value(text, word, _skip(text, operator.end()))
        at = _skip(text, at)
    what = _parse_what(text, word, at)
    operator = _OPERATOR.match(text, after)
    if operator is None or operator[0] not in OPERATORS:
        given = "" if operator is None else f", not {operator[0]}"
        raise FilterError(f"{word} needs one of {' '.join(OPERATORS)}{given}", after, text)
    at = _skip(text, operator.end())
    number = _NUMBER.match(text, at)
    if number is None:
        raise FilterError("a number is missing here: 10, or +10 for a change", at, text)
    end = _skip(text, number.end())
    if end < len(text):
        raise FilterError("nothing may follow: --check once more for another", end, text)
    value = -int(number[2]) if number[1] == "-" else int(number[2])
    return Check(text, groups, what, operator[0], value, bool(number[1]))


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return at if found is None else found.end()


def _parse_what(text: str, word: str, at: int) -> str:
    folded = word.lower()
    if folded in (TOTAL, OTHER):
        return folded
    try:
        states = tcp.parse_state(word)
    except ValueError:
        states = frozenset()
    if len(states) != 1:  # `others` among them
        known = " ".join(state.name for state in tcp.State)
        reason = f"'{escape(word)}' is neither a state nor other, total or a key"
        raise FilterError(f"{reason}; states are {known}, keys {' '.join(KEYS)}", at, text)
    return tcp.State(min(states)).name


def _parse_value(text: str, key: str, at: int) -> tuple[str | None, int]:
    """Return the value at a place, None for `*`, and where it ends."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        return _normal(text, key, re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL), at), (
            quoted.end()
        )
    if text[at : at + 1] == '"':
        raise FilterError("this quote is not closed", at, text)
    bare = _BARE.match(text, at)
    if bare is None:
        raise FilterError(f"{key} needs a value, or * for each", at, text)
    value = None if bare[0] == "*" else _normal(text, key, bare[0], at)
    return value, bare.end()


def _normal(text: str, key: str, value: str, at: int) -> str:
    """Return a value as text_key() writes it; FilterError for what no socket can have."""
    if key in _NUMBERS:
        if not (value.isascii() and value.isdigit() and len(value) <= 20):
            raise FilterError(f"{key}: '{escape(value)}' is not a number", at, text)
        return str(int(value))
    if key in _CHOICES and value not in _CHOICES[key]:
        known = ", ".join(_CHOICES[key])
        raise FilterError(f"{key}: '{escape(value)}' is none of {known}", at, text)
    if key in ADDRESS_TERMS:
        from fastsock.implementation import table as storage

        try:
            packed, bits = parse_prefix(key, value)
        except FilterError:
            bits = 0
        if bits != 128:
            raise FilterError(f"{key}: '{escape(value)}' is not an address", at, text)
        return storage.format_address(packed, tcp.FAMILIES["ipv6" if ":" in value else "ipv4"])
    return value


def text_key(value: Any) -> str:
    """Return a group's key as a condition names it; what has no owner has no name."""
    return "" if value is None or isinstance(value, OwnerState) else str(value)
