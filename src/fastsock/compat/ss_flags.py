"""The command line of ss(8): words to what is asked for. Nothing here looks at the system.

    parse_command_line(["-tanp", "state", "established", "dport", "=", ":443"]).states

What ss keeps in bit masks is kept in the same masks: what it shows by default, which columns it
leaves out and how flags add up are made of them (iproute2, misc/ss.c). A bit of `states` is a
state's number (tcp_states.h), one of `tables` a place in TABLES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

BAD_SYNTAX = 255  # what a shell makes of ss's -1
REFUSED = 2

# By which release of iproute2 the output changed.
NEWEST = (7, 1)
PROCESS_ON_REQUEST = (6, 8)  # no column for processes without -p; -B; BOUND_INACTIVE among "all"
QUEUES_ON_REQUEST = (6, 9)  # -Q
COLUMNS_READ = (6, 11)  # the variable COLUMNS; milliseconds of a timer end in "sec"
ENDS_STRIPPED = (7, 0)  # no blanks behind the last column; names of processes are escaped
DELAY_NAMED = (7, 1)  # the timer of a delayed acknowledgement

BOUND_INACTIVE = 13  # a state only in questions: bound, neither listening nor connected (Linux 6.8)


class Stop(Exception):
    """The end of a command line that is not answered with sockets."""

    def __init__(self, code: int, *complaints: str, output: str = "") -> None:
        super().__init__(*complaints)
        self.code = code
        self.complaints = complaints
        self.output = output


def state_bits(*states: int) -> int:
    """Return a mask of states."""
    return sum(1 << state for state in states)


def all_states(version: tuple[int, int]) -> int:
    """Return what ss calls all states; bit 0 among them, which no socket has."""
    return (1 << (14 if version >= PROCESS_ON_REQUEST else 12)) - 1


_NOT_CONNECTED = state_bits(State.LISTEN, State.CLOSE, State.TIME_WAIT, State.SYN_RECV)


def connected_states(version: tuple[int, int]) -> int:
    """Return what is shown by default: all but what listens, waits or is not connected."""
    return all_states(version) & ~_NOT_CONNECTED


INET, INET6, UNIX, LINK, NETLINK, VSOCK, TIPC, XDP = (
    "inet inet6 unix link netlink vsock tipc xdp".split()
)
FAMILIES = (INET, INET6, UNIX, LINK, NETLINK, VSOCK, TIPC, XDP)

_IP = frozenset((INET, INET6))
_ESTABLISHED, _CLOSE = state_bits(State.ESTABLISHED), state_bits(State.CLOSE)

# Each table of sockets: its families, and the states it adds by default; None: those of
# connected_states.
TABLES: dict[str, tuple[frozenset[str], int | None]] = {
    "tcp": (_IP, None),
    "mptcp": (_IP, None),
    "dccp": (_IP, None),
    "udp": (_IP, _ESTABLISHED),
    "raw": (_IP, _ESTABLISHED),
    "unix_dgram": (frozenset((UNIX,)), _CLOSE),
    "unix_stream": (frozenset((UNIX,)), None),
    "unix_seqpacket": (frozenset((UNIX,)), None),
    "packet_dgram": (frozenset((LINK,)), _CLOSE),
    "packet_raw": (frozenset((LINK,)), _CLOSE),
    "netlink": (frozenset((NETLINK,)), _CLOSE),
    "sctp": (_IP, None),
    "vsock_stream": (frozenset((VSOCK,)), None),
    "vsock_dgram": (frozenset((VSOCK,)), None),
    "tipc": (frozenset((TIPC,)), state_bits(State.ESTABLISHED, State.LISTEN, State.CLOSE)),
    "xdp": (frozenset((XDP,)), _CLOSE),
}

UNIX_TABLES = ("unix_stream", "unix_dgram", "unix_seqpacket")
# What an engine fills, and what is read for ss alone.
OTHERS = frozenset(("netlink", "packet_dgram", "packet_raw", "raw", "mptcp"))
SHOWN = OTHERS | {"tcp", "udp", *UNIX_TABLES}

# What -A takes beyond the names of tables.
_QUERIES = {
    "all": tuple(name for name in TABLES if name != "tipc"),
    "inet": ("tcp", "mptcp", "dccp", "udp", "raw", "sctp"),
    "unix": UNIX_TABLES,
    "u_str": ("unix_stream",),
    "u_dgr": ("unix_dgram",),
    "u_seq": ("unix_seqpacket",),
    "packet": ("packet_raw", "packet_dgram"),
    "p_raw": ("packet_raw",),
    "p_dgr": ("packet_dgram",),
    "vsock": ("vsock_stream", "vsock_dgram"),
    "v_str": ("vsock_stream",),
    "v_dgr": ("vsock_dgram",),
    **{name: (name,) for name in TABLES},
}

_STATES = {
    "established": State.ESTABLISHED,
    "syn-sent": State.SYN_SENT,
    "syn-recv": State.SYN_RECV,
    "syn-rcv": State.SYN_RECV,
    "fin-wait-1": State.FIN_WAIT1,
    "fin-wait-2": State.FIN_WAIT2,
    "time-wait": State.TIME_WAIT,
    "unconnected": State.CLOSE,
    "close": State.CLOSE,
    "closed": State.CLOSE,
    "close-wait": State.CLOSE_WAIT,
    "last-ack": State.LAST_ACK,
    "listening": State.LISTEN,
    "closing": State.CLOSING,
}


def parse_states(text: str, version: tuple[int, int]) -> int:
    """Return the mask that a word behind `state` or `exclude` means; Stop for another word."""
    every = all_states(version)
    buckets = state_bits(State.SYN_RECV, State.TIME_WAIT)
    still = state_bits(State.CLOSE, State.LISTEN)
    groups = {
        "all": every,
        "connected": every & ~still,
        "synchronized": every & ~still & ~state_bits(State.SYN_SENT),
        "bucket": buckets,
        "big": every & ~buckets,
        "unknown": 1,
    }
    if version >= PROCESS_ON_REQUEST:
        groups["bound-inactive"] = state_bits(BOUND_INACTIVE)
    folded = text.lower()
    if folded in groups:
        return groups[folded]
    if folded in _STATES:
        return state_bits(_STATES[folded])
    raise Stop(BAD_SYNTAX, f"ss: wrong state name: {text}")


def parse_version(text: str) -> tuple[int, int]:
    """Return the release of iproute2 that `6.1` or `iproute2-6.1.0` means."""
    words = text.removeprefix("iproute2-").split(".")
    if not all(word.isascii() and word.isdigit() for word in words) or len(words) > 3:
        raise Stop(REFUSED, f"fastsock ss: {text!r} is no version of iproute2, such as 6.1")
    return int(words[0]), int(words[1]) if len(words) > 1 else 0


# ---------------------------------------------------------------------------------------- the words


class Flag:
    """A flag of ss: its letter ("" for none), long names, whether it takes a value, since when."""

    __slots__ = ("letter", "names", "value", "since", "meaning")

    def __init__(
        self,
        letter: str,
        names: str,
        meaning: str = "",
        *,
        value: str = "",
        since: tuple[int, int] = (0, 0),
    ) -> None:
        self.letter = letter
        self.names = tuple(names.split())
        self.value = value
        self.since = since
        self.meaning = meaning

    @property
    def key(self) -> str:
        """What an option is known by: its letter, or its first long name."""
        return self.letter or self.names[0]


# Without a meaning: ss has it, and we do not. It is refused by its name.
FLAGS = (
    Flag("h", "help", "this text"),
    Flag("V", "version", "the release of iproute2 whose output this is"),
    Flag("v", "", "as -V"),
    Flag("n", "numeric", "ports as numbers"),
    Flag("r", "resolve", "addresses as names"),
    Flag("a", "all", "sockets in every state"),
    Flag("l", "listening", "what listens, and what is not connected"),
    Flag("B", "bound-inactive", "TCP that is bound and does nothing", since=PROCESS_ON_REQUEST),
    Flag("o", "options", "with timers"),
    Flag("e", "extended", "with user, inode, cookie, mark, cgroup; and timers"),
    Flag("m", "memory", "with the memory that each takes"),
    Flag("p", "processes", "with the processes that hold each"),
    Flag("T", "threads", "with their threads"),
    Flag("i", "info", "with what TCP knows of the connection"),
    Flag("", "tipcinfo"),
    Flag("s", "summary", "how many there are, from the kernel's own counters"),
    Flag("", "tos"),
    Flag("", "cgroup", "with the cgroup each was made in"),
    Flag("b", "bpf"),
    Flag("", "bpf-maps", since=PROCESS_ON_REQUEST),
    Flag("", "bpf-map-id", value="ID", since=PROCESS_ON_REQUEST),
    Flag("E", "events"),
    Flag("Z", "context"),
    Flag("z", "contexts"),
    Flag("N", "net", "in the network namespace of that name", value="NAME"),
    Flag("4", "ipv4", "IPv4"),
    Flag("6", "ipv6", "IPv6"),
    Flag("0", "packet", "packet sockets"),
    Flag("t", "tcp", "TCP"),
    Flag("M", "mptcp", "MPTCP"),
    Flag("S", "sctp"),
    Flag("u", "udp", "UDP"),
    Flag("d", "dccp"),
    Flag("w", "raw", "raw sockets"),
    Flag("x", "unix", "UNIX"),
    Flag("", "tipc"),
    Flag("", "vsock"),
    Flag("", "xdp"),
    Flag("f", "family", "inet, inet6, unix, link or netlink", value="FAMILY"),
    Flag("A", "query socket", "these tables; ! before one leaves it out", value="TABLE,…"),
    Flag("D", "diag", value="FILE"),
    Flag("F", "filter", "a filter from a file, - for standard input", value="FILE"),
    Flag("K", "kill"),
    Flag("H", "no-header", "no line of headings"),
    Flag("Q", "no-queues", "no queues", since=QUEUES_ON_REQUEST),
    Flag("O", "oneline", "everything of a socket on its line"),
    Flag("", "inet-sockopt", "with the socket options that are set"),
    # Ours.
    Flag("", "compat-version", "the output of this release, for example 6.1", value="N.N"),
)


def render_usage() -> str:
    """Return the text of -h."""
    lines = ["Usage: ss [FLAG]… [state NAME | exclude NAME]… [FILTER]", ""]
    for flag in FLAGS:
        if flag.meaning:
            spellings = [f"-{flag.letter}"] if flag.letter else []
            spellings += [f"--{name}" for name in flag.names]
            spelled = ", ".join(spellings) + (f" {flag.value}" if flag.value else "")
            lines.append(f"  {spelled:36}{flag.meaning}")
    lines += [
        "",
        "Tables: all inet tcp udp unix unix_stream unix_dgram unix_seqpacket",
        "States: " + " ".join(_STATES),
        "        all connected synchronized bucket big",
        "Filter: [(] [not] sport|dport [= != < > <= >=] :PORT | src|dst [=] ADDRESS[/BITS][:PORT]",
        "        | dev NAME | fwmark MARK[/MASK] | cgroup PATH | autobound [)] [and|or] …",
        "Without a table: all of them. Without a state: what is connected.",
    ]
    return "\n".join(lines) + "\n"


class Words:
    """Reads a command line as getopt_long(3) does: flags may stand behind other words."""

    def __init__(self, words: Sequence[str], flags: Sequence[Flag]) -> None:
        self._waiting = list(reversed(words))
        self._by_letter = {flag.letter: flag for flag in flags if flag.letter}
        self._by_name = {name: flag for flag in flags for name in flag.names}
        self.others: list[str] = []

    def flags(self) -> Iterator[tuple[Flag, str]]:
        """Yield each flag with its value; afterwards `others` are the words that are none."""
        while self._waiting:
            word = self._waiting.pop()
            if word == "--":
                self.others += reversed(self._waiting)
                break
            if word.startswith("--"):
                yield self._long(word[2:])
            elif word.startswith("-") and word != "-":
                yield from self._cluster(word[1:])
            else:
                self.others.append(word)

    def _cluster(self, letters: str) -> Iterator[tuple[Flag, str]]:
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self._by_letter.get(letter)
            if flag is None:
                raise _bad_usage(f"ss: invalid option -- '{letter}'")
            if not flag.value:
                yield flag, ""
                continue
            if not letters and not self._waiting:
                raise _bad_usage(f"ss: option requires an argument -- '{letter}'")
            yield flag, letters or self._waiting.pop()
            return

    def _long(self, text: str) -> tuple[Flag, str]:
        name, equals, value = text.partition("=")
        names = [name] if name in self._by_name else []
        names = names or [known for known in self._by_name if known.startswith(name)]
        if not names:
            raise _bad_usage(f"ss: unrecognized option '--{name}'")
        if len({self._by_name[known].key for known in names}) > 1:
            possible = "".join(f" '--{known}'" for known in names)
            raise _bad_usage(f"ss: option '--{text}' is ambiguous; possibilities:{possible}")
        flag = self._by_name[names[0]]
        if equals and not flag.value:
            raise _bad_usage(f"ss: option '--{names[0]}' doesn't allow an argument")
        if flag.value and not equals:
            if not self._waiting:
                raise _bad_usage(f"ss: option '--{names[0]}' requires an argument")
            value = self._waiting.pop()
        return flag, value


def _bad_usage(complaint: str) -> Stop:
    return Stop(BAD_SYNTAX, complaint, render_usage().rstrip("\n"))


def refuse(what: str) -> NoReturn:
    """Stop with the name of what we do not have."""
    raise Stop(REFUSED, f"fastsock ss: {what} is not implemented")


# ------------------------------------------------------------------------------------ what is asked


class Options:
    """A command line: what is shown, of which tables and states, and the filter behind."""

    __slots__ = (
        "version",
        "numeric",
        "resolve",
        "timers",
        "details",
        "memory",
        "processes",
        "threads",
        "info",
        "summary",
        "cgroup",
        "socket_options",
        "header",
        "queues",
        "oneline",
        "netns",
        "tables",
        "states",
        "families",
        "preferred",
        "is_default",
        "filter_file",
        "words",
    )

    def __init__(self, version: tuple[int, int] = NEWEST) -> None:
        self.version = version
        self.numeric = self.resolve = False
        self.timers = self.details = self.memory = self.info = self.cgroup = False
        self.processes = self.threads = self.summary = self.oneline = False
        self.socket_options = False
        self.header = self.queues = True
        self.netns = ""
        self.tables: set[str] = set()
        self.states = 0
        self.families: set[str] = set()
        self.preferred = ""  # the family that was named last
        self.is_default = True  # no table and no family is named
        self.filter_file: str | None = None
        self.words: list[str] = []

    def add_table(self, name: str) -> None:
        families, states = TABLES[name]
        self.states |= connected_states(self.version) if states is None else states
        self.tables.add(name)
        self.is_default = False

    def add_family(self, family: str) -> None:
        ours = family in (INET, INET6, UNIX)
        self.states |= connected_states(self.version) if ours else _CLOSE
        self.families.add(family)
        self.is_default = False
        self.preferred = family

    def narrow(self, family: str) -> None:
        """Look into one family only: what an address with a family before it means."""
        states = self.states
        self.families = set()
        self.add_family(family)
        self.states = states

    @property
    def shown_families(self) -> frozenset[str]:
        """IPv4 and IPv6, as far as they are shown: both, unless one of them was named last."""
        shown = self.families & _IP
        return frozenset(shown & {self.preferred} if self.preferred in _IP else shown)

    @property
    def shows_netid(self) -> bool:
        return len(self.tables) > 1

    @property
    def shows_state(self) -> bool:
        return self.states & (self.states - 1) != 0

    @property
    def has_process_column(self) -> bool:
        return self.processes or self.version < PROCESS_ON_REQUEST


def find_version(words: Sequence[str]) -> tuple[int, int]:
    """Return what --compat-version says, wherever it stands: it decides which flags there are."""
    reader = Words(words, FLAGS)
    version = NEWEST
    try:
        for flag, value in reader.flags():
            if flag.key == "compat-version":
                version = parse_version(value)
    except Stop as stop:
        if stop.code == REFUSED:
            raise
    return version


def parse_command_line(words: Sequence[str]) -> Options:
    """Return what the words behind `ss` ask for.

    Raises Stop where ss would not list sockets: help, version, wrong flags, wrong states, nothing
    left to show; and for what we do not have.
    """
    version = find_version(words)
    options = Options(version)
    reader = Words(words, [flag for flag in FLAGS if flag.since <= version])
    states = 0
    asked = False
    for flag, value in reader.flags():
        key = flag.key
        if key in _SET:
            _SET[key](options)
        elif key == "a":
            states = all_states(version)
        elif key == "l":
            states = state_bits(State.LISTEN, State.CLOSE)
        elif key == "B":
            states = state_bits(BOUND_INACTIVE)
        elif key == "f":
            _parse_family(options, value)
        elif key == "A":
            if not asked:
                options.tables = set()
                states = states or connected_states(version)
                options.is_default = False
                asked = True
            for query in value.split(","):
                _parse_query(options, query)
        elif key == "N":
            options.netns = value
        elif key == "F":
            if options.filter_file is not None:
                raise Stop(BAD_SYNTAX, "ss: one filter file, not several")
            options.filter_file = value
        elif key in ("V", "v"):
            raise Stop(0, output=f"ss utility, iproute2-{version[0]}.{version[1]}.0 (fastsock)\n")
        elif key == "h":
            raise Stop(0, output=render_usage())
        elif key != "compat-version":
            refuse(f"-{flag.letter}" if flag.letter else f"--{flag.names[0]}")
    _finish(options, reader.others, states)
    return options


def _turn_on(*names: str) -> Callable[[Options], None]:
    def set_them(options: Options) -> None:
        for name in names:
            setattr(options, name, True)

    return set_them


def _turn_off(name: str) -> Callable[[Options], None]:
    return lambda options: setattr(options, name, False)


# What each flag without a value does that only sets something.
_SET: dict[str, Callable[[Options], None]] = {
    "n": _turn_on("numeric"),
    "r": _turn_on("resolve"),
    "o": _turn_on("timers"),
    "e": _turn_on("timers", "details"),
    "m": _turn_on("memory"),
    "p": _turn_on("processes"),
    "T": _turn_on("threads"),
    "i": _turn_on("info"),
    "s": _turn_on("summary"),
    "cgroup": _turn_on("cgroup"),
    "inet-sockopt": _turn_on("socket_options"),
    "O": _turn_on("oneline"),
    "H": _turn_off("header"),
    "Q": _turn_off("queues"),
    "t": lambda options: options.add_table("tcp"),
    "u": lambda options: options.add_table("udp"),
    "x": lambda options: options.add_family(UNIX),
    "4": lambda options: options.add_family(INET),
    "6": lambda options: options.add_family(INET6),
    "0": lambda options: options.add_family(LINK),
    "w": lambda options: options.add_table("raw"),
    "M": lambda options: options.add_table("mptcp"),
}


def _parse_family(options: Options, name: str) -> None:
    if name == "help":
        raise Stop(0, output=render_usage())
    if name not in FAMILIES:
        raise _bad_usage(f'ss: "{name}" is invalid family')
    if name not in (INET, INET6, UNIX, LINK, NETLINK):
        refuse(f"-f {name}")
    options.add_family(name)


def _parse_query(options: Options, query: str) -> None:
    name = query.removeprefix("!")
    if name not in _QUERIES:
        raise _bad_usage(f'ss: "{name}" is illegal socket table id')
    for table in _QUERIES[name]:
        if name != query:
            options.tables.discard(table)
        elif table in SHOWN or name in ("all", "inet"):
            options.add_table(table)
        else:
            refuse(f"-A {name}")


def _finish(options: Options, words: list[str], states: int) -> None:
    """Take the states in front of a filter, and fill in what was not named."""
    every = all_states(options.version)
    if options.summary and options.is_default and not words:
        return
    seen = False
    while words and words[0] in ("state", "exclude", "excl"):
        if len(words) < 2:
            raise Stop(BAD_SYNTAX, 'Command line is not complete. Try option "help"')
        mask = parse_states(words[1], options.version)
        if words[0] == "state":
            states = (states if seen else 0) | mask
        else:
            states = (states if seen else every) & ~mask
        seen = True
        del words[:2]
    options.words = words
    if options.is_default:
        states = states or connected_states(options.version)
        for name in _QUERIES["all"]:
            options.add_table(name)
    options.states = states or options.states
    for name in TABLES:
        if name in options.tables and not TABLES[name][0] & options.families:
            options.families |= TABLES[name][0]
    for family in FAMILIES:
        named = {name for name, (families, _) in TABLES.items() if family in families}
        if family in options.families and not named & options.tables:
            options.tables |= named
    for missing, what in (
        (not options.tables, "no table of sockets is left to show."),
        (not options.families, "no family is left to show."),
        (not options.states, "no state is left to show."),
    ):
        if missing:
            raise Stop(0, f"ss: {what}")
