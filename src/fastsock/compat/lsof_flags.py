"""lsof's command line: words → what is asked, or lsof's own complaints and exit code.

Pure: who asks brings the look-ups of hosts, services and users. The letters, what may follow them
and the order in which they act on each other are those of lsof 4.95 (lsof(8)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Lookups(Protocol):
        """What names mean on this host."""

        def service_port(self, name: str, protocol: str) -> int | None: ...
        def host_addresses(self, name: str, version: int) -> Sequence[bytes]: ...
        def user_number(self, name: str) -> int | None: ...


# The kinds of selection. Without -a a file is listed for any of them, with it for all of them.
COMMAND = 1  # -c
GROUP = 2  # -g
PROCESS = 4  # -p
USER = 8  # -u
TASK = 16  # -K
INTERNET = 32  # -i without an address
ADDRESS = 64  # -i with one
UNIX = 128  # -U
DESCRIPTOR = 256  # -d
NAME = 512  # names, +d, +D
LINKS = 1024  # +L with a number
NFS = 2048  # -N
PROCESS_KINDS = COMMAND | GROUP | PROCESS | USER | TASK
SOCKET_KINDS = INTERNET | ADDRESS | UNIX
FILE_KINDS = DESCRIPTOR | NAME | LINKS | NFS

MOST_ADDRESSES = 100
MOST_COMMAND = 15  # what the kernel keeps of a command's name (TASK_COMM_LEN - 1)
MOST_LOGIN = 32
COMMAND_WIDTH = 9
OFFSET_DIGITS = 8
REPEAT_SECONDS = 15

# Letters that take a value; of those in OPTIONAL a word with a dash or plus in front is none.
WITH_VALUE = frozenset("cDdefFgiKLmoprsSTuxZ")
ALONE = frozenset("?abEhlMnNOPQRtUvVwX")

# What lsof has and this does not, by letter; "+f" is only that with a plus in front.
NOT_HERE = {
    "e": "exempts file systems from calls that may block",
    "E": "shows the other ends of pipes and sockets",
    "+m": "writes a table of mounts",
    "+M": "asks the portmapper",
}

FIELDS = {
    "a": "access: r = read; w = write; u = read and write",
    "c": "command",
    "d": "device, as characters",
    "D": "device number, 0x and hexadecimal",
    "f": "file descriptor",
    "G": "open flags, 0x and hexadecimal",
    "i": "inode",
    "k": "links",
    "K": "task (thread)",
    "l": "lock: r/R = read; w/W = write; u = both",
    "L": "login name",
    "m": "mark between repeated listings",
    "M": "command of the task",
    "n": "name, comment, Internet addresses",
    "o": "offset, 0t and decimal or 0x and hexadecimal",
    "p": "process",
    "g": "process group",
    "P": "protocol",
    "r": "raw device number, 0x and hexadecimal",
    "R": "parent process",
    "s": "size",
    "S": "stream module and device names",
    "t": "type of the file",
    "T": "TCP state and queues",
    "u": "user number",
    "0": "end fields with NUL, not with a newline",
}
# Accepted as fields, though nothing on Linux has them.
EMPTY_FIELDS = frozenset("CFNzZS")

STATES = (*(state.name for state in State), "CLOSED")


class InternetAddress:
    """One address of -i: version (0: any, 4, 6), protocol ("" any), address, inclusive ports.

    `address` is 16 bytes (IPv4 in the v4-mapped form), None for any; `first` is -1 for any port.
    """

    __slots__ = ("argument", "version", "protocol", "address", "first", "last")

    def __init__(
        self,
        argument: str,
        version: int = 0,
        protocol: str = "",
        address: bytes | None = None,
        first: int = -1,
        last: int = -1,
    ) -> None:
        self.argument = argument
        self.version = version
        self.protocol = protocol
        self.address = address
        self.first = first
        self.last = last

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InternetAddress) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "InternetAddress({})".format(
            ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        )


class Request:
    """What a command line asks for; lists are in the order of the words."""

    def __init__(self) -> None:
        self.every = False  # -a
        self.commands: list[str] = []
        self.not_commands: list[str] = []
        self.expressions: list[tuple[str, str]] = []  # (expression, modifiers)
        self.pids: list[int] = []
        self.not_pids: list[int] = []
        self.groups: list[int] = []
        self.not_groups: list[int] = []
        self.users: dict[int, str | None] = {}  # number -> the name that was typed
        self.not_users: dict[int, str | None] = {}
        self.descriptors: list[tuple[int, int] | str] = []
        self.not_descriptors: list[tuple[int, int] | str] = []
        self.internet: int | None = None  # -i alone: 0 any, 4 or 6
        self.addresses: list[InternetAddress] = []
        self.states: list[str] = []
        self.not_states: list[str] = []
        self.unix = False
        self.nfs = False
        self.tasks: bool | None = None  # -K; False: -K i
        self.names: list[str] = []
        self.directories: list[tuple[str, bool]] = []  # (path, with all below it)
        self.cross_links = self.cross_mounts = False
        self.file_systems: bool | None = None  # names are (+f) or are not (-f) file systems
        self.most_links = 0
        self.fields = ""
        self.end = b"\n"
        self.terse = False
        self.flags = ""  # "", "g" names, "G" hexadecimal
        self.show_group = self.show_parent = self.show_links = False
        self.logins = self.hosts = self.services = True
        self.size_only = self.offset_only = False
        self.offset_digits = OFFSET_DIGITS
        self.command_width = COMMAND_WIDTH
        self.state_shown = True
        self.queues_shown = False
        self.warnings = True
        self.verbose = False
        self.failed_search = True  # -Q: not
        self.without_inet = False  # -X
        self.repeat: int | None = None
        self.repeat_count = 0
        self.until_empty = False  # +r
        self.mark = ""
        self.complaints: list[str] = []  # that are said, though it is answered

    @property
    def kinds(self) -> int:
        """The kinds of selection that were asked for; 0: every file of every process."""
        kinds = 0
        for given, kind in (
            (self.commands or self.expressions, COMMAND),
            (self.groups, GROUP),
            (self.pids, PROCESS),
            (self.users, USER),
            (self.tasks, TASK),
            (self.internet is not None, INTERNET),
            (self.addresses, ADDRESS),
            (self.unix, UNIX),
            (self.descriptors or self.not_descriptors, DESCRIPTOR),
            (self.names or self.directories, NAME),
            (self.most_links, LINKS),
            (self.nfs, NFS),
        ):
            if given:
                kinds |= kind
        return kinds

    @property
    def names_processes(self) -> bool:
        """Whether some processes are looked into and others are not."""
        negated = self.not_commands or self.not_groups or self.not_pids or self.not_users
        return bool(self.kinds & PROCESS_KINDS or negated)


class Refused(Exception):
    """A command line that is answered with complaints; `help` is "h", "v" or "F" where asked."""

    def __init__(self, complaints: Sequence[str], code: int, help: str = "") -> None:
        super().__init__("; ".join(complaints))
        self.complaints = list(complaints)
        self.code = code
        self.help = help


def escape_text(text: str, blank: bool = True) -> str:
    """Return text as lsof prints it: what is not printable ASCII as \\n, ^A or \\xab.

    A command's blanks (`blank=False`) are not printable either.
    """
    if text.isascii() and text.isprintable() and "\\" not in text and (blank or " " not in text):
        return text
    return "".join(
        map(_escape_blank if not blank else _escape_one, text.encode(errors="surrogateescape"))
    )


_SHORT = {8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 92: "\\\\"}


def _escape_one(byte: int) -> str:
    if byte in _SHORT:
        return _SHORT[byte]
    if byte < 32:
        return f"^{chr(byte + 64)}"
    return chr(byte) if byte < 127 else f"\\x{byte:02x}"


def _escape_blank(byte: int) -> str:
    return "\\x20" if byte == 32 else _escape_one(byte)


class _Words:
    """The words, letter by letter, as lsof's own getopt goes through them.

    An option may decide that what follows it is no value; then that is looked at as options.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.word = self.letter = 0
        self.prefix = "-"
        self.value: str | None = None
        self._before = (0, 0)

    def next(self) -> str | None:
        """Go to the next option and return its letter, None where they end."""
        if not self.letter:
            if self.word >= len(self.words):
                return None
            text = self.words[self.word]
            if text[:1] not in ("-", "+") or len(text) == 1:
                return None
            if text in ("--", "++"):
                self.word += 1
                return None
            self.prefix, self.letter = text[0], 1
        text = self.words[self.word]
        letter = text[self.letter]
        self.letter += 1
        self.value = None
        if letter not in WITH_VALUE:
            self._end_word(text)
        elif self.letter < len(text):
            self._before = (self.word, self.letter)
            self.value = text[self.letter :]
            self.word, self.letter = self.word + 1, 0
        else:
            self.word, self.letter = self.word + 1, 0
            self._before = (self.word, 0)
            if self.word < len(self.words) and self.words[self.word] != "--":
                self.value = self.words[self.word]
                self.word += 1
        return letter

    def _end_word(self, text: str) -> None:
        if self.letter == len(text):
            self.word, self.letter = self.word + 1, 0

    def take_back(self, used: int = 0) -> None:
        """Look at the value as options, but for its first `used` characters."""
        self.word, self.letter = self._before[0], self._before[1] + used

    def optional(self) -> str | None:
        """Return the value of an option that may have one."""
        if self.value is not None and self.value[:1] in ("-", "+"):
            self.take_back()
            return None
        return self.value or None

    def rest(self) -> list[str]:
        return list(self.words[self.word :])


def parse_lsof(words: Sequence[str], lookups: Lookups) -> Request:
    """Return what a command line asks for; Refused with lsof's complaints, each a line."""
    parser = _Parser(lookups)
    parser.read(_Words(words))
    return parser.request


def _leading_digits(text: str) -> str:
    return text[: len(text) - len(text.lstrip("0123456789"))]


class _Parser:
    def __init__(self, lookups: Lookups) -> None:
        self.request = Request()
        self.lookups = lookups
        self.complaints: list[str] = []
        self.missing: list[str] = []  # flags that lsof has and this has not
        self.help = ""
        self.wrong = False  # also where no complaint is shown
        self.crosses = False
        self.states: dict[tuple[str, bool], int] = {}

    def complain(self, text: str) -> None:
        self.complaints.append(f"lsof: {text}")
        self.wrong = True

    def read(self, words: _Words) -> None:
        while (letter := words.next()) is not None:
            if letter == ":":
                self.complain("colon is an illegal option character.")
            elif letter in NOT_HERE or words.prefix + letter in NOT_HERE:
                self.missing.append(words.prefix + letter)
            elif letter in ALONE:
                self._alone(letter, words.prefix)
            elif letter in WITH_VALUE:
                method: Callable[[_Words], None] = getattr(self, f"_option_{letter}")
                method(words)
            else:
                self.complain(f"illegal option character: {escape_text(letter)}")
        self.request.names = words.rest()
        self._check()

    def _check(self) -> None:
        request = self.request
        for command in reversed(request.not_commands):
            if command in request.commands:
                self.complain(f"-c^{command} and -c{command} conflict.")
        for state in STATES:
            if state in request.states and state in request.not_states:
                self.complain(f"can't include and exclude TCP state: {state}")
        if request.size_only and request.offset_only:
            self.complain("-o and -s are mutually exclusive")
        if request.fields and request.terse:
            self.complain("-F and -t are mutually exclusive")
        if request.fields and "%n" in request.mark.replace("%%", ""):
            self.complain(f'%n illegal in -r m<fmt> when -F has been specified: "{request.mark}"')
        if (request.cross_links or request.cross_mounts) and not self.crosses:
            self.complain("-x must accompany +d or +D")
        if self.wrong:
            raise Refused(self.complaints, 1)
        if self.help:
            raise Refused((), 0, self.help)
        if self.missing:
            raise Refused([_missing(flag) for flag in self.missing], 2)
        if request.every and not request.kinds:
            raise Refused(["lsof: no select options to AND via -a"], 1)
        if request.without_inet and (request.internet is not None or request.addresses):
            raise Refused(["lsof: -i is useless when -X is specified."], 1)
        request.complaints = self.complaints

    # ---------------------------------------------------------------------- letters without a value

    def _alone(self, letter: str, prefix: str) -> None:
        request = self.request
        minus = prefix == "-"
        if letter in "?h":
            self.help = self.help or "h"
        elif letter == "v":
            self.help = self.help or "v"
        elif letter == "a":
            request.every = True
        elif letter == "l":
            request.logins = False
        elif letter == "n":
            request.hosts = not minus
        elif letter == "P":
            request.services = not minus
        elif letter == "N":
            request.nfs = True
        elif letter == "Q":
            request.failed_search = False
        elif letter == "R":
            request.show_parent = True
        elif letter == "t":
            request.terse = True
            request.warnings = False
        elif letter == "U":
            request.unix = True
        elif letter == "V":
            request.verbose = True
        elif letter == "w":
            request.warnings = not minus
        elif letter == "X":
            request.without_inet = not request.without_inet
        # -b, -O and -M change how lsof goes about it, and nothing that is listed here.

    # ------------------------------------------------------------------------- letters with a value

    def _option_c(self, words: _Words) -> None:
        request = self.request
        if words.prefix == "+":
            if not words.value or not words.value[0].isdigit():
                self.complain("+c not followed by width number")
                if words.value is not None:
                    words.take_back()
                return
            request.command_width = int(_leading_digits(words.value))
            if request.command_width > MOST_COMMAND:
                self.complain(f"+c {request.command_width} > what system provides ({MOST_COMMAND})")
            return
        value = words.value
        if value is not None and value.startswith("/"):
            self._expression(value)
            return
        if value is None or value[:1] in ("-", "+"):
            self.complain("missing -c option value")
            return
        name = value.removeprefix("^")
        if len(name) > MOST_COMMAND:
            self.complain(
                f'"-c {escape_text(name, False)}" length ({len(name)}) > what system provides '
                f"({MOST_COMMAND})"
            )
        (request.not_commands if value.startswith("^") else request.commands).append(name)

    def _expression(self, text: str) -> None:
        body, slash, modifiers = text[1:].partition("/")
        if not slash:
            self.complain(f"regexp doesn't end with '/': {escape_text(text)}")
            return
        good = True
        seen: set[str] = set()
        told: set[str] = set()
        for letter in modifiers:
            if letter not in "bix":
                self.complain(f"invalid regexp modifier: {letter}")
                good = False
                continue
            if letter in seen:
                problem = f"{letter} regexp modifier already used: "
            elif letter != "i" and seen & {"b", "x"}:
                problem = "b and x regexp modifiers conflict: "
            else:
                problem = ""
            if problem:
                good = False
                if problem not in told:
                    self.complain(problem + escape_text(text))
                told.add(problem)
            seen.add(letter)
        if good:
            self.request.expressions.append((body, modifiers))

    def _option_d(self, words: _Words) -> None:
        if words.prefix == "+":
            self._directory(words.value, False)
            return
        if not words.value:
            self.complain("no file descriptor specified")
            return
        for part in words.value.split(","):
            excluded = part.startswith("^")
            text = part[1:] if excluded else part
            if text:
                self._descriptor(text, excluded)

    def _descriptor(self, text: str, excluded: bool) -> None:
        request = self.request
        one: tuple[int, int] | str
        if "-" in text:
            first, _, last = text.rpartition("-")
            if not first:
                self.complain(f"illegal FD range for -d: {escape_text(text)}")
                return
            last = last or "0"  # lsof's own reading of nothing
            if not (first + last).isascii() or not (first + last).isdigit():
                self.complain(f"non-digit in -d FD range: {escape_text(text)}")
                return
            one = (int(first), int(last))
            if one[0] >= one[1]:
                self.complain(f"-d FD range's low >= its high: {escape_text(text)}")
                return
        elif text.isascii() and text.isdigit():
            one = (int(text), int(text))
        elif text == "fd":
            one = (0, 2**31 - 1)
        else:
            one = text
        others = request.descriptors if excluded else request.not_descriptors
        if others:
            self.wrong = True
            if request.warnings:
                which = ("include", "exclude")
                self.complain(
                    f"{which[excluded]} in an {which[not excluded]} -d list: "
                    f"{'^' if excluded else ''}{text}"
                )
            return
        mine = request.not_descriptors if excluded else request.descriptors
        if one not in mine:
            mine.append(one)

    def _option_D(self, words: _Words) -> None:
        if words.prefix == "+":
            self._directory(words.value, True)
        else:
            self.complain("unsupported option: -D")

    def _directory(self, path: str | None, descend: bool) -> None:
        if not path or path[0] in "+-":
            if self.request.warnings:
                self.complain("+d not followed by a directory path")
            self.wrong = True
            return
        self.crosses = True
        self.request.directories.append((path, descend))

    def _option_f(self, words: _Words) -> None:
        value = words.optional()
        if value is None:
            self.request.file_systems = words.prefix == "+"
            return
        for letter in value:
            if letter not in "gG":
                self.complain(f"unknown file struct option: {letter}")
            else:
                self.request.flags = letter if words.prefix == "+" else ""

    def _option_F(self, words: _Words) -> None:
        request = self.request
        value = words.optional()
        if value is None or value == "0":
            # Not the raw device, which was added later, nor the tasks' fields of no use here.
            request.fields = "".join(letter for letter in FIELDS if letter not in "r0")
            if value == "0":
                request.end = b"\0"
        elif value == "?":
            self.help = "F"
            return
        else:
            for letter in value:
                if letter == "0":
                    request.end = b"\0"
                elif letter == "o":
                    request.offset_only = True
                elif letter not in FIELDS and letter not in EMPTY_FIELDS:
                    self.complain(f"unknown field: {escape_text(letter)}")
            request.fields += value.replace("0", "") + "p"
        if "G" in request.fields:
            request.flags = "G"
        if "g" in request.fields:
            request.show_group = True
        if "R" in request.fields:
            request.show_parent = True
        if "k" in request.fields:
            request.show_links = True
        if "T" in request.fields:
            request.state_shown = request.queues_shown = True

    def _option_g(self, words: _Words) -> None:
        self.request.show_group = True
        value = words.optional()
        if value is not None:
            self._numbers(value, " group", "PGID", self.request.groups, self.request.not_groups)

    def _option_p(self, words: _Words) -> None:
        if words.value is None:
            self.complain("no process ID specified")
            return
        self._numbers(words.value, "", "PID", self.request.pids, self.request.not_pids)

    def _numbers(
        self, text: str, what: str, short: str, asked: list[int], excluded: list[int]
    ) -> None:
        for part in text.removesuffix(",").split(",") if text else ():
            digits = part.removeprefix("^")
            if digits and not (digits.isascii() and digits.isdigit()):
                self.complain(f"illegal process{what} ID: {escape_text(text)}")
                return
            number = int(digits or "0")  # lsof's own reading of nothing
            mine, theirs = (excluded, asked) if part.startswith("^") else (asked, excluded)
            if number in theirs:
                self.complain(f"{short} {number} has been included and excluded.")
            elif number not in mine:
                mine.append(number)

    def _option_i(self, words: _Words) -> None:
        value = words.optional()
        if value is None:
            self.request.internet = 0
            return
        try:
            parse_internet(value, self.request, self.lookups)
        except ValueError as error:
            self.complain(str(error))

    def _option_K(self, words: _Words) -> None:
        value = words.optional()
        if value is None:
            self.request.tasks = True
        elif value.lower() == "i":
            self.request.tasks = False
        else:
            self.complain(f"-K not followed by i (but by {value})")

    def _option_L(self, words: _Words) -> None:
        request = self.request
        request.show_links = words.prefix == "+"
        value = words.optional()
        digits = _leading_digits(value or "")
        request.most_links = 0
        if digits and words.prefix != "+":
            self.complain("no number may follow -L")
        elif digits:
            request.most_links = int(digits)
        if value is not None and len(digits) < len(value):
            words.take_back(len(digits))

    def _option_m(self, words: _Words) -> None:
        self.complain("-m not supported")

    def _option_o(self, words: _Words) -> None:
        value = words.optional()
        digits = _leading_digits(value or "")
        if digits:
            self.request.offset_digits = int(digits)
        else:
            self.request.offset_only = True
        if value is not None and len(digits) < len(value):
            words.take_back(len(digits))

    def _option_r(self, words: _Words) -> None:
        request = self.request
        if words.prefix == "+":
            request.until_empty = True
        value = words.optional()
        digits = _leading_digits(value or "")
        request.repeat = int(digits) if digits else REPEAT_SECONDS
        rest = (value or "")[len(digits) :]
        if not rest:
            return
        rest = rest.lstrip(" ")
        if rest.startswith("c"):
            count = _leading_digits(rest[1:])
            request.repeat_count = int(count or "0")
            rest = rest[1 + len(count) :]
        if rest.startswith("m"):
            request.mark = rest[1:]
            if not request.mark:
                self.complain('illegal <fmt>: ""')
        else:
            words.take_back(len(digits))

    def _option_s(self, words: _Words) -> None:
        value = words.optional()
        if value is None:
            self.request.size_only = True
            return
        protocol, colon, names = value[:4].upper(), value[3:4], value[4:]
        if protocol not in ("TCP:", "UDP:") or not colon:
            self.complain(f'unknown -s protocol: "{value}"')
            return
        protocol = protocol[:3]
        if not names:
            self.complain(f"no {protocol} state names in: {value}")
        elif protocol == "UDP":
            self.complain(f"no UDP state names available: {value}")
        else:
            self._states(value, names.removesuffix(","))

    def _states(self, value: str, names: str) -> None:
        for name in names.split(","):
            excluded = name.startswith("^")
            name = name.removeprefix("^")
            mine = self.request.not_states if excluded else self.request.states
            if not name:
                self.complain(f"NULL TCP state name in: {value}")
            elif name.upper() not in STATES:
                self.complain(f"unknown TCP state name: {name}")
            elif name.upper() in mine:
                self.complain(f"duplicate TCP {'ex' if excluded else 'in'}clusion: {name}")
            else:
                mine.append(name.upper())

    def _option_S(self, words: _Words) -> None:
        value = words.optional()
        digits = _leading_digits(value or "")
        if value is not None and len(digits) < len(value):
            words.take_back(len(digits))
        if digits and int(digits) < 2:  # a limit for calls that we do not make in children
            self.complaints.append(f"lsof: WARNING: -S time ({int(digits)}) changed to 2")

    def _option_T(self, words: _Words) -> None:
        request = self.request
        value = words.optional()
        if value is None:
            request.state_shown, request.queues_shown = words.prefix == "+", False
            return
        request.state_shown, request.queues_shown = "s" in value, "q" in value
        for letter in value:
            if letter not in "fqs":  # f: socket flags, of which Linux tells none
                self.complain(f"unsupported TCP/TPI info selection: {escape_text(letter)}")

    def _option_u(self, words: _Words) -> None:
        request = self.request
        if words.value is None:
            self.complain("no UIDs specified")
            return
        for part in words.value.removesuffix(",").split(",") if words.value else ():
            name = part.removeprefix("^")
            if len(name) >= MOST_LOGIN:
                self.complain(f"-u login name > {MOST_LOGIN} characters: {escape_text(part)}")
                continue
            known: str | None = None
            number: int | None
            if not name or (name.isascii() and name.isdigit()):
                number = int(name or "0")
            else:
                known, number = name, self.lookups.user_number(name)
                if number is None:
                    self.complain(f"can't get UID for {escape_text(name)}")
                    continue
            excluded = part.startswith("^")
            mine, theirs = request.users, request.not_users
            if excluded:
                mine, theirs = theirs, mine
            if number in theirs:
                self.complain(f"UID {number} has been included and excluded.")
            else:
                mine.setdefault(number, known)

    def _option_Z(self, words: _Words) -> None:
        self.complain("-Z limited to SELinux")

    def _option_x(self, words: _Words) -> None:
        request = self.request
        value = words.optional()
        if value is None:
            request.cross_links = request.cross_mounts = True
            return
        for letter in value:
            if letter == "f":
                request.cross_mounts = True
            elif letter == "l":
                request.cross_links = True
            else:
                self.complain(f"unknown cross-over option: {escape_text(letter)}")


def _missing(flag: str) -> str:
    reason = NOT_HERE.get(flag) or NOT_HERE[flag[1:]]
    return f"fastsock lsof: {flag} is not implemented: it {reason}"


# -------------------------------------------------------------------------------- the address of -i


def parse_internet(text: str, request: Request, lookups: Lookups) -> None:
    """Add `[46][protocol][@host|@address|@[v6]][:ports]` to what is asked; ValueError as lsof's."""
    shown = f"-i {escape_text(text)}"
    rest, version = text, 0
    if text[:1] in ("4", "6"):
        version, rest = int(text[0]), text[1:]
        if not rest:
            before = request.internet
            request.internet = version if before in (None, 0, version) else 0
            return
    elif request.internet is not None:
        version = request.internet  # an earlier -i4 or -i6 holds for what follows
    place = next((n for n, letter in enumerate(rest) if letter in "@:"), len(rest))
    protocol, rest = rest[:place], rest[place:]
    if protocol and protocol.lower() not in ("tcp", "udp", "udplite"):
        raise ValueError(f"unknown protocol name ({escape_text(protocol)}) in: {shown}")
    protocol = protocol.lower()
    hosts: list[tuple[int, bytes | None]] = [(version, None)]
    if rest.startswith("@"):
        hosts, rest = _parse_host(rest[1:], version, lookups, shown)
    if not rest:
        ports = [(-1, -1)]
    elif not rest.startswith(":") or rest == ":":
        raise ValueError(f"unacceptable port specification in: {shown}")
    else:
        ports = _parse_ports(rest[1:], protocol, lookups, shown)
    for first, last in ports:
        for known, address in hosts:
            if (
                not protocol
                and first == -1
                and not any((address or b"")[-4:] if known == 4 else address or b"")
            ):
                raise ValueError(f"incomplete Internet address specification: {shown}")
            if len(request.addresses) >= MOST_ADDRESSES:
                raise ValueError(f"network address limit ({MOST_ADDRESSES}) exceeded: {shown}")
            request.addresses.append(InternetAddress(text, known, protocol, address, first, last))


_MAPPED = b"\0" * 10 + b"\xff\xff"


def _parse_host(
    text: str, version: int, lookups: Lookups, shown: str
) -> tuple[list[tuple[int, bytes | None]], str]:
    """Return ([(version, address), …], what follows) of the text behind an @."""
    unacceptable = ValueError(f"unacceptable Internet address in: {shown}")
    if not text or text.startswith(":"):
        raise unacceptable
    host, colon, ports = text.partition(":")
    octets = host.split(".")
    if len(octets) == 4 and all(
        part.isascii() and part.isdigit() and int(part) < 256 for part in octets
    ):
        if version == 6:
            raise ValueError(f"IPv4 addresses are prohibited: {shown}")
        # 0.0.0.0 is no address to search for: any.
        packed = bytes(map(int, octets))
        return [(4, _MAPPED + packed if any(packed) else None)], colon + ports
    if text.startswith("["):
        if version == 4:
            raise ValueError(f"IPv6 addresses are prohibited: {shown}")
        inner, bracket, rest = text[1:].rpartition("]")
        if not bracket:
            raise unacceptable
        import socket

        try:
            address = socket.inet_pton(socket.AF_INET6, inner)
        except (OSError, ValueError):
            raise unacceptable from None
        if not any(address):
            raise unacceptable
        if address.startswith(_MAPPED):
            if version == 6:
                raise ValueError(f"IPv4 addresses are prohibited: {shown}")
            return [(4, address)], rest
        return [(6, address)], rest
    found = lookups.host_addresses(host, version)
    if not found:
        raise ValueError(f"unknown host name ({escape_text(host)}) in: {shown}")
    hosts: list[tuple[int, bytes | None]] = [
        (4 if address.startswith(_MAPPED) else 6, address) for address in found
    ]
    return hosts, colon + ports


def _parse_ports(text: str, protocol: str, lookups: Lookups, shown: str) -> list[tuple[int, int]]:
    """Return inclusive ranges of a list of numbers, ranges, names and ranges up to a name."""
    unacceptable = ValueError(f"unacceptable port specification in: {shown}")
    ranges = []
    for part in text.removesuffix(",").split(","):
        digits = _leading_digits(part)
        first = last = 0
        if not digits:
            if not part:
                raise ValueError(f"invalid service name: {shown}")
            first = last = _parse_service(part, protocol, lookups, shown)
        else:
            first = last = int(digits)
            rest = part[len(digits) :]
            if rest:
                if rest[0] != "-" or len(rest) == 1:
                    raise unacceptable
                end = rest[1:]
                if _leading_digits(end) == end:
                    last = int(end)
                elif end[0].isdigit():
                    raise unacceptable
                else:
                    last = _parse_service(end, protocol, lookups, shown)
        if last < first:
            raise unacceptable
        ranges.append((first, last))
    return ranges


def _parse_service(name: str, protocol: str, lookups: Lookups, shown: str) -> int:
    spelled = escape_text(name)
    if protocol:
        port = lookups.service_port(name, protocol)
        if port is None:
            raise ValueError(f"unknown service {spelled} for {protocol} in: {shown}")
        return port
    tcp, udp = lookups.service_port(name, "tcp"), lookups.service_port(name, "udp")
    if tcp is None and udp is None:
        raise ValueError(f"unknown service {spelled} in: {shown}")
    if tcp is not None and udp is not None and tcp != udp:
        raise ValueError(
            f"TCP={tcp} and UDP={udp} {spelled} ports conflict;\n"
            f'      specify "tcp:{spelled}" or "udp:{spelled}": {shown}'
        )
    port = udp if tcp is None else tcp
    assert port is not None
    return port
