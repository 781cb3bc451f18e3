"""The flags: the one table of them, and how a command line is read.

Read here and not by argparse, whose import would be a third of the command's start, and which
would say of `-tanp` only that an argument is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fastsock import tcp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.expression import Expression


class UsageError(Exception):
    """A command line that makes no sense; `str()` is one line for a person."""


def parse_number(text: str, what: str, low: int, high: int) -> int:
    """Return a decimal number within bounds, without the liberties that int() takes."""
    # Twenty digits hold 2**64; more would only cost time.
    if text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high:
        return int(text)
    raise UsageError(f"{text!r} is not a {what} ({low} to {high})")


LONGEST = 86400  # seconds that anything here waits: a day


def parse_seconds(text: str) -> Iterable[float]:
    """Return a number of seconds; 0, a negative one and NaN are none."""
    # float() takes more than anybody means: nan, inf, 1_000, 1e3, blanks.
    if text.isascii() and text.replace(".", "", 1).isdigit() and 0 < float(text) <= LONGEST:
        return (float(text),)
    raise UsageError(f"{text!r} is not a number of seconds (above 0, to {LONGEST})")


def parse_pid(text: str) -> Iterable[int]:
    """Return one PID; anything but a number most likely meant another tool's -p."""
    if not (text.isascii() and text.isdigit()):
        raise UsageError(P_SELECTS)
    return (parse_number(text, "PID", 1, 2**31 - 1),)


def parse_uid(text: str) -> Iterable[int]:
    """Return one user's number."""
    return (parse_number(text, "user's number", 0, 2**32 - 1),)


def parse_ports(text: str) -> Iterable[range]:
    """Return the ports of `N` or of the inclusive range `N-M`."""
    first, dash, last = text.partition("-")
    low = parse_number(first, "port", 0, 65535)
    high = parse_number(last, "port", 0, 65535) if dash else low
    if high < low:
        raise UsageError(f"the range of ports {text!r} is empty")
    return (range(low, high + 1),)


def parse_states(text: str) -> Iterable[int]:
    """Return the state numbers that a name means."""
    try:
        return tcp.parse_state(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def parse_text(text: str) -> Iterable[str]:
    """Return the text: who knows more about it is below."""
    return (text,)


def parse_netns(text: str) -> Iterable[int | str]:
    """Return a PID as a number, `all`, `own` and names as they are."""
    return (parse_number(text, "PID", 1, 2**31 - 1) if text.isdigit() else text,)


class Flag:
    """One flag. `parse` makes values of one alternative; None is a switch, which is just on.

    `keyword` is the name in the library's questions, or of the option. A switch with a `value`
    adds it to its keyword. `repeats`: commas and repetitions are alternatives. `refusal` is
    the answer to a flag of other tools that means something else here.
    """

    __slots__ = ("names", "keyword", "parse", "metavar", "help", "value", "repeats", "refusal")

    def __init__(
        self,
        names: str,
        keyword: str,
        help: str = "",
        *,
        parse: Callable[[str], Iterable[Any]] | None = None,
        metavar: str = "",
        value: object = True,
        repeats: bool = True,
        refusal: str = "",
    ) -> None:
        self.names = names.split()
        self.keyword = keyword
        self.help = help
        self.parse = parse
        self.metavar = metavar
        self.value = value
        self.repeats = repeats
        self.refusal = refusal


P_SELECTS = "-p selects a PID here; owners: -O; ss's letters: fastsock ss -tanp"

# Every verb takes these. What they say is the question; different ones must all hold.
SELECTION = (
    Flag("-p --pid", "pid", "sockets of these processes", parse=parse_pid, metavar="PID"),
    Flag(
        "-c --command", "command", "of the processes of this name", parse=parse_text, metavar="NAME"
    ),
    Flag(
        "--cgroup",
        "cgroup",
        "of the processes in this cgroup, container, pod or unit, and below",
        parse=parse_text,
        metavar="PATH|NAME",
    ),
    Flag("--port", "port", "this port at either end", parse=parse_ports, metavar="N[-M]"),
    Flag("--local-port", "local_port", "this local port", parse=parse_ports, metavar="N[-M]"),
    Flag("--remote-port", "remote_port", "this remote port", parse=parse_ports, metavar="N[-M]"),
    Flag(
        "--state",
        "state",
        "in this state: established, time-wait, … or other",
        parse=parse_states,
        metavar="S",
    ),
    Flag("--address", "address", "this network at either end", parse=parse_text, metavar="CIDR"),
    Flag(
        "--local-address", "local_address", "this local network", parse=parse_text, metavar="CIDR"
    ),
    Flag(
        "--remote-address",
        "remote_address",
        "this remote network",
        parse=parse_text,
        metavar="CIDR",
    ),
    Flag("--uid", "uid", "sockets of this user", parse=parse_uid, metavar="UID"),
    Flag("-4", "family", "IPv4 only", value="ipv4"),
    Flag("-6", "family", "IPv6 only", value="ipv6"),
    Flag("-t --tcp", "protocol", "TCP (the default)", value="tcp"),
    Flag("-u --udp", "protocol", "UDP; -tu both", value="udp"),
    Flag("-x --unix", "protocol", "UNIX; -tux all three", value="unix"),
    Flag("-l --listening", "listening", "listening only (of UDP and UNIX: not connected)"),
    Flag(
        "--netns",
        "netns",
        "of all network namespaces, our own, a process's, or a named one",
        parse=parse_netns,
        metavar="all|own|PID|NAME",
        repeats=False,
    ),
    Flag(
        "--engine",
        "engine",
        "ask this engine and no other (fastsock engines)",
        parse=parse_text,
        metavar="NAME",
        repeats=False,
    ),
    Flag(
        "--procfs",
        "procfs",
        "another root than /proc",
        parse=parse_text,
        metavar="DIR",
        repeats=False,
    ),
)

# How the answer is given: also for every verb.
ANSWER = (
    Flag("--json", "json", "one JSON document"),
    Flag("--jsonl", "jsonl", "one JSON object a line, the last says whether it is complete"),
    Flag("--strict", "strict", "exit 4 when the answer is not complete"),
    Flag("-h --help", "help", "this text"),
)

# Of verbs that show sockets, where they take them.
NO_HEADER = Flag("--no-header", "no_header", "no line of headings")
PIDS = Flag("--pids", "pids", "only the PIDs of the owners, one a line")

# Other tools' habits: taken because it is so already, or answered.
HABITS = (
    Flag("-n --numeric", "numeric"),
    Flag("-a --all", "all"),
    Flag(
        "-o",
        "",
        refusal="-o shows timers elsewhere; here: --columns state,local,remote,timer,"
        "timer_expires_ms (owners: -O)",
    ),
    Flag("--resolve", "", refusal="names are not resolved: addresses and ports stay numbers"),
)


class Options:
    """A command line that was read: `values` by keyword, and what is no flag.

    `behind` is how many of these words stood behind `--`, None where there was none.
    """

    __slots__ = ("verb", "values", "positional", "behind")

    def __init__(
        self,
        verb: str,
        values: dict[str, list[Any]],
        positional: Sequence[str],
        behind: int | None = None,
    ) -> None:
        self.verb = verb
        self.values = values
        self.positional = positional
        self.behind = behind

    def on(self, keyword: str) -> bool:
        """Whether a switch was given."""
        return keyword in self.values

    def all(self, keyword: str) -> list[Any]:
        """Every value of a flag."""
        return self.values.get(keyword, [])

    def last(self, keyword: str, default: Any = None) -> Any:
        """The value of a flag that takes one."""
        return self.values[keyword][-1] if keyword in self.values else default

    def selections(self) -> Iterable[Flag]:
        """Return the flags that select which were given; of switches with one keyword the right."""
        for flag in SELECTION:
            given = self.values.get(flag.keyword, ())
            if given if flag.parse else flag.value in given:
                yield flag

    def question(self) -> dict[str, Any]:
        """Return the keywords of the library that the selection flags mean."""
        asked: dict[str, Any] = {}
        for flag in SELECTION:
            if flag.keyword in self.values and flag.keyword != "listening":
                given = self.values[flag.keyword]
                asked[flag.keyword] = tuple(dict.fromkeys(given)) if flag.repeats else given[-1]
        if self.on("listening"):
            states = {int(tcp.State.LISTEN)}
            if {"udp", "unix"}.intersection(asked.get("protocol", ())):
                states.add(int(tcp.State.CLOSE))  # a socket of datagrams that is not connected
            states &= set(asked.get("state", states))
            if not states:
                raise UsageError("-l and --state exclude each other")
            asked["state"] = tuple(sorted(states))
        return asked

    def expression(self) -> Expression | None:
        """Return what the words say that are no flags, None where there are none.

        Raises FilterError.
        """
        if not self.positional:
            return None
        from fastsock.expression import parse_expression
        from fastsock.lookups import Lookups

        protocols = {tcp.PROTOCOLS[name] for name in self.all("protocol")} or {tcp.TCP}
        lookups = Lookups(self.last("procfs", "/proc"))
        return parse_expression(self.positional, protocols=protocols, lookups=lookups)


def parse_command_line(verb: str, own: Sequence[Flag], words: Sequence[str]) -> Options:
    """Read the words behind a verb that takes the flags `own` beside those of all verbs.

    Flags and other words mix; long flags are not abbreviated; `--` ends the flags.
    """
    known = {name: flag for flag in (*SELECTION, *ANSWER, *HABITS, *own) for name in flag.names}
    values: dict[str, list[Any]] = {}
    positional: list[str] = []
    behind = None
    rest = iter(words)
    for word in rest:
        if word == "--":
            others = list(rest)
            positional += others
            behind = len(others)
        elif word.startswith("--"):
            name, equals, text = word.partition("=")
            flag = _known(known, name, verb)
            if flag.parse is None:
                if equals:
                    raise UsageError(f"{name} takes no value")
                _take(values, flag, None)
            else:
                _take(values, flag, text if equals else _next(rest, name))
        elif word.startswith("-") and word != "-":
            _take_cluster(known, values, word, rest, verb)
        else:
            positional.append(word)
    return Options(verb, values, positional, behind)


def _known(known: dict[str, Flag], name: str, verb: str) -> Flag:
    flag = known.get(name)
    if flag is None:
        raise UsageError(f"unknown flag {name}; see {_command(verb)} --help")
    if flag.refusal:
        raise UsageError(flag.refusal)
    return flag


def _command(verb: str) -> str:
    return f"fastsock {verb}" if verb else "fastsock"


def _next(rest: Iterable[str], name: str) -> str:
    for text in rest:
        return text
    raise UsageError(P_SELECTS if name == "-p" else f"{name} needs a value")


def _take_cluster(
    known: dict[str, Flag],
    values: dict[str, list[Any]],
    word: str,
    rest: Iterable[str],
    verb: str,
) -> None:
    """Read `-tu`, `-p 12`, `-p12`: switches, or one flag with its value."""
    if "p" in word[2:] and word[1] != "c":
        raise UsageError(P_SELECTS)
    first = known.get(word[:2])
    if first is not None and first.parse is not None:
        _take(values, first, word[2:] or _next(rest, word[:2]))
        return
    for letter in word[1:]:
        flag = _known(known, f"-{letter}", verb)
        if flag.parse is not None:
            raise UsageError(f"-{letter} takes a value: give it apart from {word}")
        _take(values, flag, None)


def _take(values: dict[str, list[Any]], flag: Flag, text: str | None) -> None:
    found = values.setdefault(flag.keyword, [])
    if text is None or flag.parse is None:
        found.append(flag.value)
        return
    for part in text.split(",") if flag.repeats else (text,):
        if not part:
            raise UsageError(f"{flag.names[-1]} needs a value")
        try:
            found.extend(flag.parse(part))
        except UsageError as error:
            if str(error) == P_SELECTS:
                raise
            raise UsageError(f"{flag.names[-1]}: {error}") from None
