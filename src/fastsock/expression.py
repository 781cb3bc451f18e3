"""Expression: the filter language as a frozen tree, `state established and dport = :443`.

Two grammars lead to one tree. That of ss(8) is read exactly as ss reads it (expression_ss.py); our
own (expression_own.py) takes what ss takes and more. In both, `and` and `or` bind alike and from
the left, so that `dport 22 or sport 22 and dst 10.0.0.2` is `( dport 22 or sport 22 ) and …`, and
terms without a word between them must both hold; `not` belongs to the one that follows.

The tree is kept in postfix order, so that neither depth nor length costs recursion: operands come
first, then what joins them, ["A", "B", AND, NOT] for `not ( A and B )`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from fastsock.columns import OPTIONAL_NAMES
from fastsock.errors import FilterError
from fastsock.lookups import Lookups
from fastsock.tcp import TCP, UDP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

AND, OR, NOT = "and", "or", "not"

# How deep parentheses may stand in each other: each level costs a byte a socket.
MOST_NESTED = 256

# Terms that the processes decide which hold a socket. `cgroup` is theirs: no word of the language,
# but the keyword of that name where it stands beside an expression.
OWNED = ("pid", "command", "container", "cgroup")


class Term:
    """One condition: what it looks at, and the values of which one has to be met.

    `name` is a column (or `socket_cgroup`, `interface`, `mark`; `remote_path`, the path of a UNIX
    socket's other end, which nobody tells), one of OWNED, `listening`, or `everything`. `values`
    are inclusive (first, last) pairs of numbers; for addresses (family, first, last), what a
    socket of that family has to lie in, as numbers of 128 bits with IPv4 v4-mapped; for `mark`
    (value, mask) pairs; for commands, containers and cgroups bytes; for paths patterns as of
    fnmatch(3), whatever the case. None at all are met by none. An end of a UNIX socket has neither
    port nor address: no such term holds for it.
    """

    __slots__ = ("name", "values")
    name: str
    values: tuple[Any, ...]

    def __init__(self, name: str, values: Iterable[Any] = ()) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "values", tuple(values))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Term is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        return Term, (self.name, self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Term):
            return NotImplemented
        return self.name == other.name and self.values == other.values

    def __hash__(self) -> int:
        return hash((self.name, self.values))

    def __repr__(self) -> str:
        return f"Term({self.name!r}, {self.values!r})"


if TYPE_CHECKING:
    Step: TypeAlias = Term | str  # str: AND, OR, NOT
    Steps: TypeAlias = tuple[Step, ...]

EVERYTHING = Term("everything")
NOTHING = Term("state")  # no state is met by a socket


def all_of(*parts: Steps) -> Steps:
    """Return the steps that hold where all of `parts` do; parts without a step always hold."""
    return _join(AND, parts)


def any_of(*parts: Steps) -> Steps:
    """Return the steps that hold where one of `parts` does."""
    return _join(OR, parts)


def _join(word: str, parts: Iterable[Steps]) -> Steps:
    made: Steps = ()
    for part in parts:
        if part:
            made = (*made, *part, word) if made else part
    return made


class Expression:
    """A filter that was read: `steps` in postfix order; none of them: it holds everywhere.

    `text` is what it was read from. `states` and `family` are for the face of ss: the states that
    the words in front of ss's expression name (None without such words), and the family to which
    a HOST narrows the whole question (None where none does).
    """

    __slots__ = ("steps", "text", "states", "family")
    steps: Steps
    text: str
    states: frozenset[int] | None
    family: int | None

    def __init__(
        self,
        steps: Steps = (),
        text: str = "",
        *,
        states: frozenset[int] | None = None,
        family: int | None = None,
    ) -> None:
        object.__setattr__(self, "steps", tuple(steps))
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "states", states)
        object.__setattr__(self, "family", family)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an Expression is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        return _expression, (self.steps, self.text, self.states, self.family)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expression):
            return NotImplemented
        mine = (self.steps, self.states, self.family)
        return mine == (other.steps, other.states, other.family)

    def __hash__(self) -> int:
        return hash((self.steps, self.states, self.family))

    def __repr__(self) -> str:
        return f"<Expression {self.text!r}>"

    @property
    def terms(self) -> tuple[Term, ...]:
        """Its conditions, without what joins them."""
        return tuple(step for step in self.steps if isinstance(step, Term))

    @property
    def fields(self) -> tuple[str, ...]:
        """The optional columns that it looks at."""
        names = dict.fromkeys(term.name for term in self.terms)
        return tuple(name for name in names if name in OPTIONAL_NAMES)

    @property
    def needs_owners(self) -> bool:
        """Whether it depends on which process holds a socket."""
        return any(term.name in OWNED for term in self.terms)

    @property
    def needs_listening(self) -> bool:
        """Whether it depends on the ports that are listened on."""
        return any(term.name == "listening" for term in self.terms)

    def narrowed(self, steps: Steps) -> Expression:
        """Return an expression that holds where this one does and `steps` do."""
        joined = all_of(steps, self.steps)
        return Expression(joined, self.text, states=self.states, family=self.family)


def _expression(
    steps: Steps, text: str, states: frozenset[int] | None, family: int | None
) -> Expression:
    return Expression(steps, text, states=states, family=family)


def parse_expression(
    text: str | Sequence[str],
    *,
    language: str = "fastsock",
    lines: Sequence[str] = (),
    protocols: Collection[int] = (TCP, UDP),
    family: int | None = None,
    kernel: bool = True,
    lookups: Lookups | None = None,
) -> Expression:
    """Return the Expression that a text means, or the words of a command line.

    `language` is "fastsock", or "ss" for that of ss(8), exactly. `protocols` are those that are
    asked for: a service's name means one port, in their tables. `lookups` says what names mean
    here (default: what they mean on this host).

    Of ss alone: `lines` are those of a file with more of the expression (-F), `family` is the one
    that was asked for last (-4, -6, -x, …), and `kernel` says whether its byte code is run over
    the sockets too, as the kernel does with those of TCP and UDP where it answers itself.

    Raises FilterError, which knows the place; of ss SsFilterError, which knows what ss says.
    """
    words = [text] if isinstance(text, str) else list(text)
    lookups = Lookups() if lookups is None else lookups
    if language == "ss":
        from fastsock.expression_ss import parse_words

        return parse_words(words, lines, protocols, family, kernel, lookups)
    from fastsock.expression_own import parse_text

    return parse_text(" ".join(words), protocols, lookups)


if TYPE_CHECKING:

    class Source(Protocol):
        """The tokens of one language, one of them current."""

        @property
        def kind(self) -> str:
            """What it is: ( ) and or not, "end", or "term" for anything else."""

        @property
        def position(self) -> int:
            """Where it begins."""

        def advance(self) -> None:
            """Go on to the next."""

        def term(self) -> tuple[Steps, ...]:
            """Read a term from the current token on, past its end, in each of its readings."""

        def refuse(self, reason: str, position: int) -> FilterError:
            """Return the error for a token that cannot stand at a place."""


def assemble(source: Source, readings: int = 1) -> tuple[Steps, ...]:
    """Read a whole expression, at least a term, and return its steps in each of its readings."""
    made: list[list[Step]] = [[] for _ in range(readings)]
    # For each open parenthesis: where it stands, what joins it to what is before, how often NOT.
    outer: list[tuple[int, str, int]] = []
    joint, nots = "", 0
    complete = False  # an operand has just ended
    while True:
        kind = source.kind
        if complete and kind in (AND, OR):
            joint, complete = kind, False
            source.advance()
            continue
        if complete and kind not in (")", "end"):
            joint, complete = AND, False  # nothing between them is an `and`
            continue
        if kind == NOT:
            nots += 1
            source.advance()
            continue
        if kind == "(" and not complete:
            if len(outer) >= MOST_NESTED:
                reason = f"parentheses are nested deeper than {MOST_NESTED}"
                raise source.refuse(reason, source.position)
            outer.append((source.position, joint, nots))
            joint, nots = "", 0
            source.advance()
            continue
        if kind == "term" and not complete:
            for steps, more in zip(made, source.term(), strict=True):
                steps.extend(more)
        elif kind == ")" and complete and outer:
            _, joint, nots = outer.pop()
            source.advance()
        elif kind == "end" and complete and not outer:
            return tuple(tuple(steps) for steps in made)
        else:
            raise _misplaced(source, kind, complete, outer)
        for steps in made:
            steps.extend([NOT] * nots)
            if joint:
                steps.append(joint)
        joint, nots, complete = "", 0, True


def _misplaced(
    source: Source, kind: str, complete: bool, outer: list[tuple[int, str, int]]
) -> FilterError:
    position = source.position
    if kind == ")" and not outer:
        return source.refuse("')' closes nothing", position)
    if kind == "end" and complete:
        return source.refuse("'(' is not closed", outer[-1][0])
    before = {")": "')'", "end": "the end"}.get(kind, f"'{kind}'")
    return source.refuse(f"a term is missing before {before}", position)
