"""Bounds on a number of sockets: `>=100`, `=0`."""

from __future__ import annotations

from collections.abc import Callable

from fastsock.errors import FilterError

# Each: does a number hold against a bound, and by how much does it miss it where it does not?
OPERATORS: dict[str, tuple[Callable[[int, int], bool], Callable[[int, int], int]]] = {
    "<=": (lambda number, bound: number <= bound, lambda number, bound: number - bound),
    "<": (lambda number, bound: number < bound, lambda number, bound: number - bound + 1),
    ">=": (lambda number, bound: number >= bound, lambda number, bound: number - bound),
    ">": (lambda number, bound: number > bound, lambda number, bound: number - bound - 1),
    "=": (lambda number, bound: number == bound, lambda number, bound: number - bound),
}

# A number of sockets: nineteen digits would be more than there is memory for.
_MOST_DIGITS = 18


class Bound:
    """What a number of sockets should be: `operator`, one of OPERATORS, and `number`."""

    __slots__ = ("operator", "number")

    def __init__(self, operator: str, number: int) -> None:
        self.operator = operator
        self.number = number

    def holds(self, number: int) -> bool:
        """Whether a number is as it should be."""
        return OPERATORS[self.operator][0](number, self.number)

    def __str__(self) -> str:
        return f"{self.operator}{self.number}"

    def __repr__(self) -> str:
        return f"<Bound {self}>"


def parse_bound(text: object) -> Bound:
    """Return the bound that a text means.

    Raises FilterError, with the place in the text, for anything else, and for one that no number
    meets. A bare number is none: it might be meant as "=5" or as ">=5".
    """
    if not isinstance(text, str):
        raise FilterError(f"a bound is a text as '>=5', not {text!r}")
    bare = text.lstrip()
    start = len(text) - len(bare)
    digits = bare.lstrip("<>=!")
    operator = bare[: len(bare) - len(digits)]
    if operator not in OPERATORS:
        given = f", not {operator}" if operator else ""
        message = f"a bound begins with one of {' '.join(OPERATORS)}{given}"
        raise FilterError(message, start, text)
    digits = digits.strip()
    at = text.index(digits, start + len(operator)) if digits else len(text)
    if not (digits.isascii() and digits.isdigit()):
        raise FilterError(f"a number of sockets is missing here: {operator}100", at, text)
    if len(digits) > _MOST_DIGITS:
        raise FilterError(f"a number of sockets has at most {_MOST_DIGITS} digits", at, text)
    bound = Bound(operator, int(digits))
    if str(bound) == "<0":
        raise FilterError("no number of sockets is below 0", start, text)
    return bound
