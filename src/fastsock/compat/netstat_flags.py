"""The command line of netstat(8), net-tools 2.10: what it says, and what of it is not ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastsock.compat.reply import Reply, refuse

# Exit codes of net-tools.
BAD_OPTION = 3
BAD_FAMILY = 1

_SHORT = "A:CFMacdeghilnNoprsStuUvVWw2fx64Z"  # as netstat gives it to getopt(3)
_LONG = {
    "version": "V",
    "interfaces": "i",
    "help": "h",
    "route": "r",
    "masquerade": "M",
    "protocol": "A",
    "tcp": "t",
    "sctp": "S",
    "udp": "u",
    "udplite": "U",
    "raw": "w",
    "unix": "x",
    "l2cap": "2",
    "rfcomm": "f",
    "listening": "l",
    "all": "a",
    "timers": "o",
    "continuous": "c",
    "extend": "e",
    "programs": "p",
    "verbose": "v",
    "statistics": "s",
    "wide": "W",
    "numeric": "n",
    "numeric-hosts": "numeric_hosts",
    "numeric-ports": "numeric_ports",
    "numeric-users": "numeric_users",
    "symbolic": "N",
    "cache": "C",
    "fib": "F",
    "groups": "g",
    "context": "Z",
    "inet": "inet",
    "inet6": "inet6",
    "ip": "inet",
    "tcpip": "inet",
}

_FAMILIES = {"inet": "inet", "tcpip": "inet", "ip": "inet", "inet6": "inet6", "unix": "unix"}
_OTHER_FAMILIES = frozenset(
    "ax25 ipx rose appletalk netrom ddp econet x25 ash bluetooth ec".split()
)

# What is a different listing, or a family that no table of ours holds.
_NOT_OURS = {
    "i": "-i (--interfaces)",
    "r": "-r (--route)",
    "M": "-M (--masquerade)",
    "S": "-S (--sctp)",
    "2": "-2 (--l2cap)",
    "f": "-f (--rfcomm)",
    "c": "-c (--continuous)",
    "s": "-s (--statistics)",
    "C": "-C (--cache)",
    "F": "-F (--fib)",
    "g": "-g (--groups)",
    "Z": "-Z (--context)",
}

# -d does nothing in netstat; -N names hardware, -v families that the kernel lacks: none are here.
_WITHOUT_EFFECT = frozenset("dNv")

_NAMES = {
    "t": "tcp",
    "u": "udp",
    "U": "udplite",
    "w": "raw",
    "x": "unix",
    "a": "all",
    "l": "listening",
    "e": "extend",
    "p": "programs",
    "o": "timers",
    "W": "wide",
    "4": "inet",
    "6": "inet6",
}

HELP = b"""\
usage: fastsock netstat [-tuUwx46] [-a|-l] [-n] [-p] [-e] [-o] [-W] [-A FAMILY]

  -t, --tcp  -u, --udp  -U, --udplite  -w, --raw  -x, --unix    which sockets (default: all)
  -4, -6, -A inet,inet6,unix                                    which families
  -a, --all         also those without a peer      -l, --listening   only those
  -p, --programs    who holds them                 -e, --extend      user and inode
  -o, --timers      their timers                   -W, --wide        addresses in full
  -n, --numeric     no names; also --numeric-hosts, --numeric-ports, --numeric-users

Lists sockets as netstat(8) of net-tools 2.10 does.
"""


class Options:
    """What was asked for: the flags by their long names."""

    __slots__ = (
        *("tcp", "udp", "udplite", "raw", "unix", "inet", "inet6", "all", "listening", "extend"),
        *("programs", "timers", "wide", "numeric_hosts", "numeric_ports", "numeric_users"),
        *("internet", "by_name"),
    )

    tcp: bool
    udp: bool
    udplite: bool
    raw: bool
    unix: bool
    inet: bool
    inet6: bool
    all: bool
    listening: bool
    extend: bool
    programs: bool
    timers: bool
    wide: bool
    numeric_hosts: bool
    numeric_ports: bool
    numeric_users: bool
    internet: bool  # whether that section is there
    by_name: bool  # whether protocols were named: one that the kernel lacks is an error then

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, False)

    def complete(self) -> None:
        """Decide what is listed: without a word about it, all; a family alone is all of it."""
        names = ("tcp", "udp", "udplite", "raw")
        some = self.by_name = any(getattr(self, name) for name in names)
        if not some and not self.unix and not self.inet and not self.inet6:
            self.unix = True
            self.inet = self.inet6 = True
        if not some and (self.inet or self.inet6):
            self.tcp = self.udp = self.udplite = self.raw = True
            some = True
        if some and not self.inet and not self.inet6:
            self.inet = self.inet6 = True
        self.internet = some


class Refused(Exception):
    """A command line that has its own answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


def parse_command_line(words: Sequence[str]) -> Options:
    """Return what a command line asks for; Refused with the answer to one that asks otherwise.

    As getopt_long(3): flags may stand in clusters and behind other words, long ones may be cut
    short. Words that are no flags mean nothing to netstat.
    """
    options = Options()
    for flag, value in _flags(words):
        if flag in _NOT_OURS:
            raise Refused(refuse("netstat", _NOT_OURS[flag]))
        if flag == "A":
            _add_families(options, value)
        elif flag == "h":
            raise Refused(Reply([HELP]))
        elif flag == "V":
            from fastsock import __version__

            raise Refused(Reply([f"fastsock {__version__}, as net-tools 2.10\n".encode()]))
        elif flag == "n":
            options.numeric_hosts = options.numeric_ports = options.numeric_users = True
        elif flag not in _WITHOUT_EFFECT:
            setattr(options, _NAMES.get(flag, flag), True)
    options.complete()
    return options


def _add_families(options: Options, names: str) -> None:
    for name in names.split(","):
        if name in _OTHER_FAMILIES:
            raise Refused(refuse("netstat", f"-A {name}"))
        if name not in _FAMILIES:
            complaint = f"Unknown address family `{name}'."
            raise Refused(Reply(code=BAD_FAMILY, complaints=[complaint]))
        setattr(options, _FAMILIES[name], True)


def _flags(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each flag with its value, long ones by their letter."""
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            return
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            flag = _long_flag(name)
            if flag == "A" and not equals:
                value = next(waiting, "")
                if not value:
                    raise _bad(f"option '--{name}' requires an argument")
            elif equals and flag != "A":
                raise _bad(f"option '--{name}' doesn't allow an argument")
            yield flag, value
        elif word.startswith("-") and word != "-":
            yield from _cluster(word[1:], waiting)


def _cluster(letters: str, waiting: Iterator[str]) -> Iterator[tuple[str, str]]:
    for place, letter in enumerate(letters):
        if letter == ":" or letter not in _SHORT:
            raise _bad(f"invalid option -- '{letter}'")
        if letter == "A":
            value = letters[place + 1 :] or next(waiting, "")
            if not value:
                raise _bad("option requires an argument -- 'A'")
            yield letter, value
            return
        yield letter, ""


def _long_flag(name: str) -> str:
    if name in _LONG:
        return _LONG[name]
    if name in _OTHER_FAMILIES:
        raise Refused(refuse("netstat", f"--{name}"))
    matching = [long for long in _LONG if long.startswith(name)]
    if len({_LONG[long] for long in matching}) == 1:
        return _LONG[matching[0]]
    if matching:
        possible = " ".join(f"'--{long}'" for long in matching)
        raise _bad(f"option '--{name}' is ambiguous; possibilities: {possible}")
    raise _bad(f"unrecognized option '--{name}'")


def _bad(what: str) -> Refused:
    usage = HELP.decode().partition("\n")[0]
    return Refused(Reply(code=BAD_OPTION, complaints=[f"netstat: {what}", usage]))
