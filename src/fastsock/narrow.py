"""What an expression implies, as a Filter: the hint that engines take.

A Filter is a conjunction, an expression anything. What each part of one implies where it holds, and
where it does not, is put together from its terms up: what both operands of `or` imply, and what
either of `and` does. The Filter never leaves out a row that is wanted. Where it is all that the
expression says, that is known too, and nothing needs to be selected again.
"""

from __future__ import annotations

from fastsock.expression import AND, NOT, OWNED, Term
from fastsock.filter import Filter
from fastsock.ranges import complement, intersect, unite
from fastsock.tcp import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from fastsock.expression import Expression
    from fastsock.ranges import Range

    Terms = dict[str, Any]
    Prefix = tuple[bytes, int]

# Terms of a Filter that are ranges here, and their largest number.
_RANGES = {
    "protocol": 255,
    "family": 255,
    "state": 255,
    "local_port": 0xFFFF,
    "remote_port": 0xFFFF,
    "uid": 2**32 - 1,
    "inode": 2**64 - 1,
}
_ENDS = ("local_port", "remote_port", "local_address", "remote_address")
_KINDS = ("port", "address")

# A Filter lists numbers one by one, but for ports.
MOST_VALUES = 1024

# Alternatives of ports and networks: beyond so many an engine has no use for them, and putting them
# together again and again would take longer than a scan.
MOST_PARTS = 256

# A term that is none of a Filter: one of OWNED has to hold.
_OWNED = "owned"


class Bound:
    """What is implied, by the name of a term, and whether nothing else is meant."""

    __slots__ = ("terms", "exact")

    def __init__(self, terms: Terms, exact: bool) -> None:
        self.terms = terms
        self.exact = exact

    @property
    def empty(self) -> bool:
        """Whether nothing can meet it."""
        return any(not values for values in self.terms.values())


def narrow(expression: Expression, *, unix: bool = False) -> tuple[Filter, bool]:
    """Return the Filter that `expression` implies, and whether that is all of it.

    `unix` says whether UNIX sockets are among those that it is asked of: they have no ends, and so
    are not met by what excludes some.
    """
    scope = find_scope(expression.terms)
    stack: list[tuple[Bound, Bound]] = []  # where it holds, where it does not
    for step in expression.steps:
        if isinstance(step, Term):
            stack.append(_bounds(step, scope, unix))
        elif step == NOT:
            holds, fails = stack.pop()
            stack.append((fails, holds))
        else:
            (left, not_left), (right, not_right) = stack[-2:]
            if step == AND:
                pair = meet(left, right), join(not_left, not_right)
            else:
                pair = join(left, right), meet(not_left, not_right)
            stack[-2:] = [pair]
    if not stack:
        return Filter(), True
    return _as_filter(stack[-1][0], scope)


def find_scope(terms: Iterable[Term]) -> tuple[str, frozenset[Any]] | None:
    """Return the term of a Filter, and its values, that all owners lie in which terms ask about.

    None where they ask in different ways, or for too many: then all processes are to be looked at.
    """
    owned = [term for term in terms if term.name in OWNED]
    if len({term.name for term in owned}) != 1:
        return None
    values = [value for term in owned for value in term.values]
    if owned[0].name == "pid":
        if sum(map(_size, owned)) > MOST_VALUES:
            return None
        values = list(list_named(owned))
    name = "cgroup" if owned[0].name == "container" else owned[0].name
    return name, frozenset(values)


def list_named(terms: Iterable[Term]) -> frozenset[int]:
    """Return the processes that terms name by their numbers; ranges of many name nobody."""
    return frozenset(
        pid
        for term in terms
        if term.name == "pid" and _size(term) <= MOST_VALUES
        for first, last in term.values
        for pid in range(first, last + 1)
    )


def _bounds(
    term: Term, scope: tuple[str, frozenset[Any]] | None, unix: bool
) -> tuple[Bound, Bound]:
    if term.name in _RANGES:
        most = _RANGES[term.name]
        outside = complement(term.values, most)
        fails = Bound({}, False) if unix and term.name in _ENDS else Bound(_at(term, outside), True)
        return Bound(_at(term, unite(term.values, most)), True), fails
    if term.name in ("local_address", "remote_address"):
        return _address_bound(term), Bound({}, False)
    if term.name == "everything":
        return Bound({}, True), Bound({"state": ()}, True)
    if term.name in OWNED:
        alone = scope is not None and scope[0] == term.name and len(scope[1]) == _size(term)
        return Bound({_OWNED: True}, alone), Bound({}, False)
    return Bound({}, False), Bound({}, False)


def _at(term: Term, ranges: tuple[Range, ...]) -> Terms:
    return {term.name: ranges}


def _size(term: Term) -> int:
    if term.name == "pid":
        return sum(last - first + 1 for first, last in term.values)
    return len(set(term.values))


def _address_bound(term: Term) -> Bound:
    by_family: dict[int, set[Prefix]] = {}
    for family, first, last in term.values:
        size = last - first + 1
        if size & (size - 1) or first % size:
            return Bound({}, False)  # no prefix: nobody makes such
        prefix = first.to_bytes(16, "big"), 129 - size.bit_length()
        by_family.setdefault(family, set()).add(prefix)
    prefixes = [frozenset(found) for found in by_family.values()]
    exact = len(set(prefixes)) <= 1
    terms: Terms = {term.name: frozenset().union(*prefixes)}
    if set(by_family) != {FAMILIES["ipv4"], FAMILIES["ipv6"]}:
        terms["family"] = unite(((family, family) for family in by_family), 255)
    return Bound(terms, exact)


def meet(left: Bound, right: Bound) -> Bound:
    """Return what is implied where both hold."""
    terms = {**right.terms, **left.terms}
    exact = left.exact and right.exact
    for name in left.terms.keys() & right.terms.keys():
        one, other = left.terms[name], right.terms[name]
        if name in _RANGES:
            terms[name] = intersect(one, other, _RANGES[name])
        elif name in ("local_address", "remote_address"):
            terms[name] = _common(one, other)
        else:  # either end, or any owner: two of them may meet the two
            exact = exact and one == other
    return Bound(terms, exact)


def join(left: Bound, right: Bound) -> Bound:
    """Return what is implied where at least one holds."""
    if left.empty:
        return right
    if right.empty:
        return left
    terms: Terms = {}
    for name in left.terms.keys() & right.terms.keys():
        terms[name] = _union(name, left.terms[name], right.terms[name])
    many = [name for name, values in terms.items() if name != _OWNED and len(values) > MOST_PARTS]
    for name in many:
        del terms[name]
    same = left.terms.keys() == right.terms.keys() == terms.keys()
    differing = [name for name in terms if left.terms[name] != right.terms[name]]
    exact = left.exact and right.exact and same and len(differing) <= 1 and _OWNED not in terms
    for kind in _KINDS:
        names = (f"local_{kind}", f"remote_{kind}", kind)
        mine = [name for name in names if name in left.terms]
        theirs = [name for name in names if name in right.terms]
        if mine and theirs and not terms.keys() & set(names) and not set(many) & set(names):
            one, other = left.terms[mine[0]], right.terms[theirs[0]]
            either = _union(mine[0], one, other)
            if len(either) > MOST_PARTS:
                continue
            terms[kind] = either
            alone = len(left.terms) == len(right.terms) == len(terms) == 1
            exact = left.exact and right.exact and alone and one == other
    return Bound(terms, exact)


def _union(name: str, one: Any, other: Any) -> Any:
    if name == _OWNED:
        return True
    if name.endswith("address"):
        return one | other
    return unite((*one, *other), _RANGES.get(name, 0xFFFF))


def _common(one: Iterable[Prefix], other: Iterable[Prefix]) -> frozenset[Prefix]:
    """Return the prefixes of what is in both: two of them are apart, or one is in the other."""
    pairs = [(p, q) for p in one for q in other]
    inner = [p for p, q in pairs if _within(p, q)] + [q for p, q in pairs if _within(q, p)]
    return frozenset(inner)


def _within(inner: Prefix, outer: Prefix) -> bool:
    shift = 128 - outer[1]
    return inner[1] >= outer[1] and (
        int.from_bytes(inner[0], "big") >> shift == int.from_bytes(outer[0], "big") >> shift
    )


def _as_filter(bound: Bound, scope: tuple[str, frozenset[Any]] | None) -> tuple[Filter, bool]:
    terms: dict[str, frozenset[Any]] = {}
    exact = bound.exact
    for name, values in bound.terms.items():
        if name == _OWNED:
            if scope is None:
                exact = False
            else:
                terms[scope[0]] = scope[1]
        elif name.endswith(_KINDS):
            terms[name] = frozenset(values)
        elif sum(last - first + 1 for first, last in values) <= MOST_VALUES:
            terms[name] = frozenset(n for first, last in values for n in range(first, last + 1))
        else:
            exact = False
    return Filter(terms), exact


def combine(keywords: Filter, hint: Filter) -> tuple[Filter, bool]:
    """Return `keywords` with what `hint` adds, and whether it adds all of that.

    No more than one of them names owners.
    """
    terms = dict(keywords.terms)
    exact = True
    for name, values in hint.terms.items():
        mine = terms.get(name)
        if mine is None or mine == values:
            terms[name] = values
        elif name in ("local_port", "remote_port"):
            terms[name] = frozenset(intersect(mine, values, _RANGES[name]))
        elif name in ("local_address", "remote_address"):
            terms[name] = _common(mine, values)
        elif name in _RANGES:
            terms[name] = mine & values
        else:  # either end: two of them may meet the two
            exact = False
    return Filter(terms), exact
