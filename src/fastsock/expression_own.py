"""Our filter language: all that ss(8) takes, with its meaning, and more.

More are terms (`pid`, `command`, `listening`, …), lists and ranges (`dport = 80,443,8000-8080`),
`!=` for addresses, `state` as a term among others, and blanks that may be left out around
operators and parentheses: `(dport=22)`. What ss takes by chance is refused: ports beyond 65535,
`dport > *`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from fastsock.columns import SOCKET_COLUMNS
from fastsock.errors import FilterError, escape
from fastsock.expression import (
    EVERYTHING,
    NOT,
    Expression,
    Term,
    all_of,
    any_of,
    assemble,
)
from fastsock.expression_ss import (
    COMPARISONS,
    FAMILY_PREFIXES,
    IPV4,
    IPV6,
    JOINTS,
    LOCAL,
    kernel_view,
    parse_c_number,
    parse_ipv6,
    parse_prefix,
)
from fastsock.ranges import complement, unite
from fastsock.tcp import FAMILIES, GROUPS, PROTOCOL_NAMES, PROTOCOLS, TCP, UDP, parse_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.expression import Steps
    from fastsock.lookups import Lookups
    from fastsock.ranges import Range

# What stands apart from words even without blanks, the longest first.
_SYMBOL = re.compile(r"&&|\|\||==|!=|>=|<=|[()!&|=<>]")
_WORD = re.compile(r"(?:\\.|\\$|[^\s()!&|=<>\\])+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_COMMA = re.compile(r"((?:\\.|[^,\\])*),?", re.DOTALL)
_DIGITS = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")

# Which ends a word means.
_PORTS = {
    "dport": ("remote",),
    "sport": ("local",),
    "port": ("local", "remote"),
    "remote_port": ("remote",),
    "local_port": ("local",),
}
_HOSTS = {
    "dst": ("remote",),
    "src": ("local",),
    "address": ("local", "remote"),
    "remote_address": ("remote",),
    "local_address": ("local",),
}
# Whole numbers, and the largest that there can be.
_BITS = {"B": 8, "H": 16, "I": 32, "Q": 64}
_NUMBERS = {
    spec.name: (1 << _BITS[spec.format]) - 1
    for spec in SOCKET_COLUMNS
    if spec.name in ("uid", "inode", "rx_queue", "tx_queue", "netns")
} | {"pid": 2**31 - 1}
_CHOICES = {"protocol": PROTOCOLS, "family": {**FAMILIES, "inet": IPV4, "inet6": IPV6}}
_NAMES = ("command", "container")
_ALONE = ("autobound", "listening", "inbound", "outbound")
_ORDERED = (">", "<", ">=", "<=")
TERMS = (
    *_PORTS,
    *_HOSTS,
    "state",
    "exclude",
    *_CHOICES,
    *_NUMBERS,
    *_NAMES,
    "dev",
    "fwmark",
    "cgroup",
    *_ALONE,
)
_ALIASES = {"excl": "exclude"}
_CONNECTED = Term("state", unite(((n, n) for n in GROUPS["connected"]), 255))
_INET = Term("family", ((IPV4, IPV4), (IPV6, IPV6)))


def parse_text(text: str, protocols: Collection[int], lookups: Lookups) -> Expression:
    """Return the Expression that a text means."""
    source = _Source(text, protocols, lookups)
    if source.kind == "end":
        return Expression((), text)
    # As in ss, states in front without a word behind them hold for all that follows.
    front: tuple[Steps, ...] = ()
    if source.begins_with_states():
        start = source.at
        front = source.term()
        if source.kind == "end":
            return Expression(front[0], text)
        if source.kind in ("and", "or"):
            front = ()
            source.go(start)
    (steps,) = assemble(source)
    return Expression(all_of(*front, steps), text)


class _Token:
    """A word or symbol, as it was written, and where it begins."""

    __slots__ = ("kind", "text", "position")

    def __init__(self, kind: str, text: str, position: int) -> None:
        self.kind = kind  # as of JOINTS, a comparison, "word" or "end"
        self.text = text
        self.position = position


def split_tokens(text: str) -> list[_Token]:
    """Return the tokens of a text, the last of them its end."""
    found = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        symbol = _SYMBOL.match(text, at)
        if symbol is not None:
            word = symbol[0]
            kind = JOINTS.get(word) or COMPARISONS[word]
        else:
            match = _WORD.match(text, at)
            assert match is not None  # a blank, a symbol, or this
            word = match[0]
            kind = JOINTS.get(word) or "word"
        found.append(_Token(kind, word, at))
        at += len(word)
    found.append(_Token("end", "", len(text)))
    return found


def _plain(word: str) -> str:
    return _ESCAPED.sub(r"\1", word) if "\\" in word else word


class _Source:
    """The tokens of a text, and how each term reads those that are its own."""

    def __init__(self, text: str, protocols: Collection[int], lookups: Lookups) -> None:
        self.text = text
        self.at = 0
        self._tokens = split_tokens(text)
        self._protocols = protocols
        self._lookups = lookups

    @property
    def _token(self) -> _Token:
        return self._tokens[self.at]

    @property
    def kind(self) -> str:
        """What `assemble` asks for."""
        kind = self._token.kind
        return kind if kind in ("(", ")", "and", "or", "not", "end") else "term"

    @property
    def position(self) -> int:
        """Where the current token begins."""
        return self._token.position

    def advance(self) -> None:
        """Go on to the next token."""
        self.at += 1

    def go(self, at: int) -> None:
        """Go back to a token."""
        self.at = at

    def refuse(self, reason: str, position: int) -> FilterError:
        """Return the error at a place."""
        return FilterError(reason, position, self.text)

    def begins_with_states(self) -> bool:
        """Whether `state` or `exclude` is the current word."""
        return self._token.text in ("state", "exclude", "excl")

    def term(self) -> tuple[Steps]:
        """Read a term, from its name to its last value."""
        token = self._token
        name = _ALIASES.get(token.text, token.text)
        if name not in TERMS:
            raise self._unknown(token)
        self.advance()
        if name in _ALONE:
            return (self._alone(name),)
        if name in ("state", "exclude"):
            return (self._states(name),)
        comparison = self._comparison(name)
        values, position = self._values(name)
        if name in _PORTS:
            sides = [(Term(f"{s}_port", p),) for s, p in self._ports(name, comparison, values)]
            steps = any_of(*sides)
        elif name in _HOSTS:
            steps = self._hosts(name, values)
        elif name in _NUMBERS:
            ranges = [r for text, at in values for r in self._numbers(name, text, at)]
            steps = (Term(name, self._ordered(comparison, ranges, _NUMBERS[name], position)),)
        elif name in _NAMES:
            named = [_plain(text).encode("utf-8", "surrogateescape") for text, _ in values]
            steps = (Term(name, dict.fromkeys(named)),)
        elif name in _CHOICES:
            chosen = [self._choice(name, text, at) for text, at in values]
            steps = (Term(name, unite(((n, n) for n in chosen), 255)),)
        else:
            steps = _OTHERS[name](self, values)
        return ((*steps, NOT) if comparison == "!=" else steps,)

    def _unknown(self, token: _Token) -> FilterError:
        word = escape(_plain(token.text))
        if token.kind != "word":
            return self.refuse(f"a term cannot begin with '{word}'", token.position)
        try:
            _parse_states(word)
        except ValueError:
            return self.refuse(
                f"unknown term '{word}'; terms are {' '.join(TERMS)}", token.position
            )
        return self.refuse(f"unknown term '{word}'; did you mean: state {word}", token.position)

    # ------------------------------------------------------------ what stands behind a term's name

    def _comparison(self, name: str) -> str:
        token = self._token
        comparison = token.kind
        if token.kind == "word":
            comparison = COMPARISONS.get(token.text, "")
        if comparison not in ("=", "!=", *_ORDERED):
            return "="
        if comparison in _ORDERED and not (name in _PORTS or name in _NUMBERS):
            raise self.refuse(f"{name} cannot be compared by {comparison}", token.position)
        self.advance()
        return comparison

    def _values(self, name: str) -> tuple[list[tuple[str, int]], int]:
        """Return the words between commas, still with backslashes, and where the first begins."""
        position = self.position
        found: list[tuple[str, int]] = []
        # A process may be called `and`: behind an operator any word is its name.
        named = name in _NAMES and self._tokens[self.at - 1].kind in ("=", "!=")
        more = True
        while more:
            token = self._token
            if not (token.kind == "word" or (named and token.text in _WORDS)):
                raise self.refuse(f"{name} needs a value", token.position)
            self.advance()
            more = False
            at = 0
            while at < len(token.text):
                match = _COMMA.match(token.text, at)
                assert match is not None
                if not match[1]:
                    raise self.refuse(f"{name}: a value is missing", token.position + at)
                found.append((match[1], token.position + at))
                more = (
                    match[0].endswith(",")
                    and match.end() == len(token.text)
                    and (match.end(1) < match.end())
                )
                at = match.end()
        return found, position

    def _ordered(
        self, comparison: str, ranges: list[Range], most: int, position: int
    ) -> tuple[Range, ...]:
        if comparison not in _ORDERED:
            return unite(ranges, most)
        if len(ranges) != 1 or ranges[0][0] != ranges[0][1]:
            raise self.refuse(f"{comparison} takes one number", position)
        number = ranges[0][0]
        below = ((0, number - (comparison in ("<", ">="))),)
        wanted = below if comparison in ("<", "<=") else complement(below, most)
        return unite(wanted, most)

    def _alone(self, name: str) -> Steps:
        if name == "autobound":
            return (Term("local_port", unite((self._lookups.local_ports(),), 0xFFFF)),)
        if name == "listening":
            return (Term("listening"),)
        listened: Steps = (Term("listening"),) if name == "inbound" else (Term("listening"), NOT)
        return all_of((_CONNECTED,), (_INET,), listened)

    def _states(self, name: str) -> Steps:
        """Read a run of `state X exclude Y`: what is named, less what is excluded, in order."""
        states: frozenset[int] | None = None
        while True:
            at = self.position
            adds = name == "state"
            if self._comparison(name) == "!=":
                if not adds:
                    raise self.refuse("exclude cannot be compared by !=", at)
                adds = False
            named: frozenset[int] = frozenset()
            for text, at in self._values(name)[0]:
                try:
                    named |= _parse_states(_plain(text))
                except ValueError as error:
                    raise self.refuse(str(error), at) from None
            if adds:
                states = named if states is None else states | named
            else:
                states = (GROUPS["all"] if states is None else states) - named
            if not self.begins_with_states():
                return (Term("state", unite(((int(n), int(n)) for n in states), 255)),)
            name = "state" if self._token.text == "state" else "exclude"
            self.advance()

    def _ports(
        self, name: str, comparison: str, values: list[tuple[str, int]]
    ) -> Iterable[tuple[str, tuple[Range, ...]]]:
        ranges = [r for text, at in values for r in self._port(_plain(text), at)]
        wanted = self._ordered(comparison, ranges, 0xFFFF, values[0][1])
        return [(side, wanted) for side in _PORTS[name]]

    def _port(self, text: str, position: int) -> list[Range]:
        text = text.removeprefix(":")
        if text == "*":
            return [(0, 0xFFFF)]
        first, dash, last = text.partition("-")
        ends = [parse_c_number(first), parse_c_number(last) if dash else None]
        if dash and None in ends or not dash and ends[0] is None:
            port = self._service(text, position)
            return [(port, port)]
        low = ends[0] or 0
        high = (ends[1] or 0) if dash else low
        for number in (low, high):
            if not 0 <= number <= 0xFFFF:
                raise self.refuse(f"'{escape(text)}' is not a port (0 to 65535)", position)
        if low > high:
            raise self.refuse(f"the range of ports '{escape(text)}' is empty", position)
        return [(low, high)]

    def _service(self, name: str, position: int) -> int:
        asked = [p for p in (TCP, UDP) if p in self._protocols] or [TCP, UDP]
        ports = {self._lookups.service(name, PROTOCOL_NAMES[p]) for p in asked} - {None}
        if len(ports) > 1:
            several = " and ".join(sorted(map(str, ports)))
            raise self.refuse(f"'{escape(name)}' is several ports: {several}", position)
        for port in ports:
            if port is not None:
                return port
        raise self.refuse(f"'{escape(name)}' is no port and no service", position)

    # ----------------------------------------------------------------------------------- addresses

    def _hosts(self, name: str, values: list[tuple[str, int]]) -> Steps:
        return any_of(
            *(self._host(side, _plain(text), at) for text, at in values for side in _HOSTS[name])
        )

    def _host(self, side: str, word: str, position: int) -> Steps:
        """Read [FAMILY:]ADDRESS[:PORT]."""
        family, rest = 0, word
        for prefix, number in FAMILY_PREFIXES.items():
            if word.startswith(prefix):
                family, rest = number, word[len(prefix) :]
        if family == LOCAL:
            name = "path" if side == "local" else "remote_path"
            of_unix = (Term("family", ((LOCAL, LOCAL),)),)
            return all_of(of_unix, (Term(name, (rest.encode("utf-8", "surrogateescape"),)),))
        if family not in (0, IPV4, IPV6):
            reason = f"'{escape(word)}': there are no sockets of this family in any table here"
            raise self.refuse(reason, position)
        of_family: Steps = (Term("family", ((family, family),)),) if family else ()
        address, port = self._split_host(rest, family, position)
        ports: Steps = ()
        if port and port != "*":
            ports = (Term(f"{side}_port", unite(self._port(port, position), 0xFFFF)),)
        met: Steps = ()
        if address and address != "*":
            intervals = self._addresses(address, family, position)
            met = (Term(f"{side}_address", dict.fromkeys(intervals)),) if intervals else ()
        return all_of(of_family, ports, met) or (EVERYTHING,)

    def _split_host(self, word: str, family: int, position: int) -> tuple[str, str]:
        if word.startswith("["):
            address, bracket, port = word[1:].partition("]")
            if not bracket:
                raise self.refuse(f"'[' is not closed in '{escape(word)}'", position)
            # [::1]/64 as well, which ss does not take
            slash, colon, rest = port.partition(":")
            if slash and not slash.startswith("/"):
                raise self.refuse(f"'{escape(word)}' is no address with a port", position)
            return address + slash, rest
        colon_at = word.rfind(":", max(word.find("/"), 0))
        if colon_at < 0:
            return word, ""
        address, port = word[:colon_at], word[colon_at + 1 :]
        bare = word.partition("/")[0]
        if ":" in address and parse_prefix(address, family) is None and parse_ipv6(bare):
            return word, ""  # without brackets, and ss could not read it
        return address, port

    def _addresses(self, text: str, family: int, position: int) -> list[tuple[int, int, int]]:
        prefix = parse_prefix(text, family)
        if prefix is not None:
            return kernel_view(*prefix) if prefix[0] else []
        reason = f"'{escape(text)}' is no address, network or host"
        if "/" in text or ":" in text:
            raise self.refuse(reason, position)
        found = []
        for number in (IPV4, IPV6):
            if family in (0, number):
                for packed in self._lookups.hosts(text, number):
                    found += kernel_view(number, packed, 8 * len(packed))
        if not found:
            raise self.refuse(reason, position)
        return found

    # ------------------------------------------------------------------------ numbers and the rest

    def _numbers(self, name: str, text: str, position: int) -> list[Range]:
        text = _plain(text)
        match = _DIGITS.fullmatch(text)
        most = _NUMBERS[name]
        if match is None:
            number = None
            if name == "uid":
                number = self._lookups.user(text)
            elif name == "netns":
                number = self._lookups.namespace(text)
            if number is None:
                what = {"uid": "number or name of a user", "netns": "number or name of a namespace"}
                reason = f"'{escape(text)}' is no {what.get(name, 'number')}"
                raise self.refuse(f"{name}: {reason}", position)
            return [(number, number)]
        low = int(match[1])
        high = low if match[2] is None else int(match[2])
        if max(low, high) > most:
            raise self.refuse(f"{name}: '{escape(text)}' is more than {most}", position)
        if low > high:
            raise self.refuse(f"{name}: the range '{escape(text)}' is empty", position)
        return [(low, high)]

    def _choice(self, name: str, text: str, position: int) -> int:
        table = _CHOICES[name]
        number = table.get(_plain(text).lower())
        if number is None:
            known = ", ".join(table)
            raise self.refuse(f"{name}: '{escape(text)}' is none of {known}", position)
        return number

    def _interfaces(self, values: list[tuple[str, int]]) -> Steps:
        ranges = []
        for text, position in values:
            name = _plain(text)
            number = self._lookups.interface(name) or parse_c_number(name)
            if number is None or not 0 <= number < 2**32:
                raise self.refuse(f"no network interface '{escape(name)}'", position)
            ranges.append((number, number))
        return (Term("interface", unite(ranges, 2**32 - 1)),)

    def _marks(self, values: list[tuple[str, int]]) -> Steps:
        found = []
        for text, position in values:
            mark, slash, mask = _plain(text).partition("/")
            value, bits = parse_c_number(mark), parse_c_number(mask) if slash else 0xFFFFFFFF
            if value is None or bits is None or not (0 <= value < 2**32 and 0 <= bits < 2**32):
                reason = f"'{escape(text)}' is not a mark, as 0x1 or 0x1/0xff"
                raise self.refuse(reason, position)
            found.append((value, bits))
        return (Term("mark", dict.fromkeys(found)),)

    def _cgroups(self, values: list[tuple[str, int]]) -> Steps:
        ids = []
        for text, position in values:
            try:
                id = self._lookups.cgroup(_plain(text))
            except LookupError as error:
                reason = f"no cgroup '{escape(_plain(text))}': {error.args[0]}"
                raise self.refuse(reason, position) from None
            ids.append((id, id))
        return (Term("socket_cgroup", unite(ids, 2**64 - 1)),)


_OTHERS: dict[str, Callable[[_Source, list[tuple[str, int]]], Steps]] = {
    "dev": _Source._interfaces,
    "fwmark": _Source._marks,
    "cgroup": _Source._cgroups,
}
_WORDS = frozenset(word for word in (*JOINTS, *COMPARISONS) if word.isalpha())


def _parse_states(name: str) -> frozenset[int]:
    folded = name.lower()
    return GROUPS[folded] if folded in GROUPS else parse_state(name)
