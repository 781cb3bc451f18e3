r"""The filter language of ss(8), read as ss reads it: `state X exclude Y EXPRESSION`.

Its words are apart from each other by blanks, whatever stands in them, and a backslash takes what
follows it as it is. They are read one after another, each as the last keyword wants it: so the
first one that makes no sense is the one that ss complains about, in its words.

ss filters twice: a program in the kernel looks at the sockets of TCP and UDP, and ss itself at
what the kernel lets through. The two see a few things differently, and a socket is shown where
both hold. An expression is read in both ways, and where the two differ it is both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from fastsock.errors import SsFilterError, escape
from fastsock.expression import (
    AND,
    EVERYTHING,
    NOT,
    NOTHING,
    OR,
    Expression,
    Term,
    all_of,
    any_of,
    assemble,
)
from fastsock.ranges import unite
from fastsock.tcp import FAMILIES, GROUPS, PROTOCOL_NAMES, TCP, UDP, UNIX, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.expression import Steps
    from fastsock.lookups import Lookups
    from fastsock.ranges import Range

IPV4, IPV6, LOCAL = FAMILIES["ipv4"], FAMILIES["ipv6"], FAMILIES["unix"]

# AF_PACKET, AF_NETLINK, AF_VSOCK: named by HOSTs, in no table that an engine fills.
LINK, NETLINK, VSOCK = 17, 16, 40
FAMILY_PREFIXES = {
    "unix:": LOCAL,
    "link:": LINK,
    "netlink:": NETLINK,
    "vsock:": VSOCK,
    "inet:": IPV4,
    "inet6:": IPV6,
}

# Of iproute2's tables of them: what ss takes for an address of netlink, and of packet sockets.
NETLINK_PROTOCOLS = {
    name: number
    for number, name in enumerate(
        "rtnl unused usersock fw tcpdiag nflog xfrm selinux iscsi audit fiblookup connector nft "
        "ip6fw dec-rt uevent genl".split()
    )
} | {"scsi-trans": 18, "ecryptfs": 19, "rdma": 20, "crypto": 21}
# fmt: off
LINK_PROTOCOLS = {
    "loop": 0x0060, "pup": 0x0200, "pupat": 0x0201, "ip": 0x0800, "x25": 0x0805, "arp": 0x0806,
    "bpq": 0x08FF, "ieeepup": 0x0A00, "ieeepupat": 0x0A01, "dec": 0x6000, "dna_dl": 0x6001,
    "dna_rc": 0x6002, "dna_rt": 0x6003, "lat": 0x6004, "diag": 0x6005, "cust": 0x6006,
    "sca": 0x6007, "rarp": 0x8035, "atalk": 0x809B, "aarp": 0x80F3, "ipx": 0x8137,
    "ipv6": 0x86DD, "ppp_disc": 0x8863, "ppp_ses": 0x8864, "atmmpoa": 0x884C, "atmfate": 0x8884,
    "802_3": 0x0001, "ax25": 0x0002, "all": 0x0003, "802_2": 0x0004, "snap": 0x0005,
    "ddcmp": 0x0006, "wan_ppp": 0x0007, "ppp_mp": 0x0008, "localtalk": 0x0009, "can": 0x000C,
    "ppptalk": 0x0010, "tr_802_2": 0x0011, "mobitex": 0x0015, "control": 0x0016, "irda": 0x0017,
    "econet": 0x0018, "tipc": 0x88CA, "profinet": 0x8892, "aoe": 0x88A2, "ethercat": 0x88A4,
    "802.1Q": 0x8100, "802.1ad": 0x88A8, "mpls_uc": 0x8847, "mpls_mc": 0x8848, "teb": 0x6558,
    "cfm": 0x8902, "LLDP": 0x88CC,
}
# fmt: on

# The face of ss has such sockets as rows of a table: `protocol` is OTHER, and `retransmits`, which
# they have none of, the protocol that stands for their address; NOT_CHOSEN is a bit in it, of who
# has no port, or one that the kernel gave. The port, of 32 bits, is also in `cookie`.
# RAW and MPTCP are such sockets as sock_diag tells them; MPTCP's number, 262, has more than 8 bits.
OTHER, RAW, MPTCP = 255, 254, 253
NOT_CHOSEN = 1 << 16

# What ss calls its states, and how it takes them; it knows of none above CLOSING.
_KNOWN = frozenset(range(12))
STATES = {
    "unknown": frozenset((0,)),
    **{state.ss.lower(): frozenset((int(state),)) for state in State},
    "established": frozenset((int(State.ESTABLISHED),)),
    "syn-rcv": frozenset((int(State.SYN_RECV),)),
    "listening": frozenset((int(State.LISTEN),)),
    **dict.fromkeys(("unconnected", "close", "closed"), frozenset((int(State.CLOSE),))),
    "bound-inactive": frozenset((13,)),
    **{name: frozenset(map(int, states & _KNOWN)) for name, states in GROUPS.items()},
}
for _name in ("estab", "listen", "unconn"):  # its output, not its input
    del STATES[_name]

COMPARISONS = {
    **dict.fromkeys(("=", "==", "eq"), "="),
    **dict.fromkeys(("!=", "ne", "neq"), "!="),
    **dict.fromkeys((">", "gt"), ">"),
    **dict.fromkeys(("<", "lt"), "<"),
    **dict.fromkeys((">=", "ge", "geq"), ">="),
    **dict.fromkeys(("<=", "le", "leq"), "<="),
}
JOINTS = {
    **dict.fromkeys(("!", "not"), NOT),
    **dict.fromkeys(("&", "&&", "and"), AND),
    **dict.fromkeys(("|", "||", "or"), OR),
    "(": "(",
    ")": ")",
}
_PORTS = {"dport": "remote_port", "sport": "local_port"}
_HOSTS = {"dst": "remote", "src": "local"}
_KEYWORDS = ("dst", "src", "dport", "sport", "dev", "fwmark", "cgroup", "autobound")
# The kernel's `autobound` is a socket that nobody bound to its port. That is told of no socket, but
# beside those with a port of its own choice there are these: what was accepted, and what is only
# the rest of a connection, or not yet one.
_NOT_BOUND: tuple[Steps, ...] = (
    (Term("state", ((int(State.SYN_RECV),) * 2, (int(State.TIME_WAIT),) * 2)),),
    all_of(
        (Term("protocol", ((TCP, TCP),)),),
        (Term("listening"),),
        (Term("state", ((int(State.LISTEN),) * 2,)), NOT),
    ),
)
ANY_PORT = -1
MOST_PORT = 0xFFFF
_C_NUMBER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))", re.ASCII)


def parse_c_number(text: str, whole: bool = True) -> int | None:
    """Return a number as strtol(3) reads it: 0x of 16, 0 of 8; None where there is none.

    Unless it has to be the `whole` text, what follows plays no part.
    """
    found = _C_NUMBER.fullmatch(text) if whole else _C_NUMBER.match(text)
    if found is None:
        return None
    sign, sixteen, eight, ten = found.groups()
    if max(map(len, filter(None, (sixteen, eight, ten))), default=0) > 20:
        return None  # beyond 64 bits
    number = int(sixteen, 16) if sixteen else int(ten) if ten else int(eight or "0", 8)
    return -number if sign == "-" else number


def parse_prefix(text: str, family: int) -> tuple[int, bytes, int] | None:
    """Return (family, bytes, bits) of an address or network as iproute2 takes them, or None.

    IPv4 may have fewer than four parts, and a mask for the bits: 10/8, 10.1/255.255.0.0. `any`,
    `all` and `default` are no bits of no address; `family` 0 stands for both.
    """
    address, slash, length = text.partition("/")
    if address in ("any", "all", "default"):
        return None if slash else (family, bytes(4 if family == IPV4 else 16), 0)
    if ":" in address:
        ipv6 = parse_ipv6(address) if family in (0, IPV6) else None
        if ipv6 is None:
            return None
        packed, width, found = ipv6, 128, IPV6
    else:
        parts = [parse_c_number(part) for part in address.split(".")]
        if family not in (0, IPV4) or len(parts) > 4:
            return None
        numbers = [part for part in parts if part is not None and 0 <= part <= 255]
        if len(numbers) < len(parts):
            return None
        packed, width, found = bytes(numbers).ljust(4, b"\0"), 32, IPV4
    bits = _parse_bits(length) if slash else width
    return None if bits is None or bits > width else (found, packed, bits)


def parse_ipv6(text: str) -> bytes | None:
    """Return the 16 bytes of an IPv6 address, or None."""
    import socket  # not at the top: many filters have no address, and it is slow to load

    try:
        return socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):  # not an address; a NUL in it
        return None


def _parse_bits(text: str) -> int | None:
    bits = parse_c_number(text)
    if bits is not None:
        return bits if bits >= 0 else None
    mask = parse_prefix(text, IPV4) if "/" not in text else None
    if mask is None or not mask[2]:
        return None
    hosts = int.from_bytes(mask[1], "big") ^ 0xFFFFFFFF
    return None if hosts & (hosts + 1) else 32 - hosts.bit_length()


def split_words(line: str) -> Iterator[tuple[str, int]]:
    """Yield the words of one argument, without their backslashes, and where each begins."""
    at = 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
            continue
        began, word = at, []
        while at < len(line) and line[at] not in " \t":
            if line[at] == "\\":
                at += 1
                if at == len(line):
                    break
            word.append(line[at])
            at += 1
        yield "".join(word), began


def interval(family: int, packed: bytes, bits: int) -> Range:
    """Return the first and last address of a prefix, IPv4 in the v4-mapped form."""
    if family == IPV4:
        packed, bits = bytes(10) + b"\xff\xff" + packed, bits + 96
    hosts = (1 << (128 - bits)) - 1
    first = int.from_bytes(packed, "big") & ~hosts
    return first, first | hosts


def parse_words(
    words: Sequence[str],
    lines: Sequence[str],
    protocols: Collection[int],
    family: int | None,
    kernel: bool,
    lookups: Lookups,
) -> Expression:
    """Return the Expression of ss's command line behind its flags."""
    text = " ".join(words)
    states, used, offset = _parse_states(words, text)
    source = _Source(words[used:], lines, offset, text, protocols, family or 0, lookups)
    if source.kind == "end":
        return Expression((), text, states=states)
    own, program = assemble(source, 2)
    steps = own
    if kernel and source.compiles and program != own:
        if UNIX in protocols:  # of these the kernel's program sees none
            program = any_of(program, (Term("family", ((LOCAL, LOCAL),)),))
        steps = all_of(program, own)
    return Expression(steps, text, states=states, family=source.family if source.narrows else None)


def _parse_states(words: Sequence[str], text: str) -> tuple[frozenset[int] | None, int, int]:
    """Return the states named in front, how many words that takes, and where the rest begins."""
    states: frozenset[int] | None = None
    used = offset = 0
    while used < len(words) and words[used] in ("state", "exclude", "excl"):
        word = words[used]
        if used + 1 == len(words):
            line = 'Command line is not complete. Try option "help"'
            message = f"a state is missing behind {word}"
            raise SsFilterError(message, offset, text, complaints=(line,), code=255)
        name = words[used + 1]
        named = STATES.get(name.lower()) if name.isascii() else None
        place = offset + len(word) + 1
        if named is None:
            raise SsFilterError(
                f"unknown state '{escape(name)}'",
                place,
                text,
                complaints=(f"ss: wrong state name: {name}",),
                code=255,
            )
        if word == "state":
            states = named if states is None else states | named
        else:
            states = (_KNOWN if states is None else states) - named
        used, offset = used + 2, place + len(name) + 1
    return states, used, offset


class _Source:
    """The words behind the states, read one by one as the keyword before them wants."""

    def __init__(
        self,
        words: Sequence[str],
        lines: Sequence[str],
        offset: int,
        text: str,
        protocols: Collection[int],
        family: int,
        lookups: Lookups,
    ) -> None:
        self.text = text
        self.protocols = protocols
        self.family = family
        self.lookups = lookups
        self.narrows = False  # a HOST said of which family all sockets are to be
        self.compiles = True  # the kernel can run all of it
        self._words = self._all_words(words, lines, offset)
        self._keyword = ""
        self._operand: tuple[Steps, Steps] = ((), ())
        self.position = 0
        self.advance()

    @staticmethod
    def _all_words(
        words: Sequence[str], lines: Sequence[str], offset: int
    ) -> Iterator[tuple[str, int]]:
        for argument in words:
            for word, at in split_words(argument):
                yield word, offset + at
            offset += len(argument) + 1
        for line in lines:
            if not line.startswith(("#", "0")):  # the second as well, whatever it was meant to be
                for word, _ in split_words(line):
                    yield word, offset

    def advance(self) -> None:
        """Read one more word: a value at once, so that it fails before what follows it."""
        word, self.position = next(self._words, ("", len(self.text)))
        self._token = "end"
        if not word:
            return
        if word in JOINTS:
            self._token = JOINTS[word]
        elif word in _KEYWORDS:
            self._token = self._keyword = word
        elif word in COMPARISONS:
            self._token = COMPARISONS[word]
        else:
            self._token = "value"
            self._operand = self._parse_operand(word)

    @property
    def kind(self) -> str:
        """What `assemble` asks for."""
        return self._token if self._token in ("(", ")", AND, OR, NOT, "end") else "term"

    def refuse(self, reason: str, position: int) -> SsFilterError:
        """Return the error that ss calls a syntax error."""
        return SsFilterError(
            reason,
            position,
            self.text,
            complaints=('ss: bison bellows (while parsing filter): "syntax error!" Sorry.',),
            code=255,
            shows_usage=True,
        )

    def _invalid(self, reason: str, *complaints: str) -> SsFilterError:
        return SsFilterError(reason, self.position, self.text, complaints=complaints)

    def term(self) -> tuple[Steps, Steps]:
        """Read `dport >= :1024`, from the keyword to the value."""
        keyword = self._token
        if keyword not in _KEYWORDS:
            raise self.refuse(f"a term cannot begin with '{escape(keyword)}'", self.position)
        if keyword == "autobound":
            ports = self._ports("local_port", (self.lookups.local_ports(),))
            self.advance()
            if OTHER not in self.protocols:
                return ports, any_of(ports, *_NOT_BOUND)
            foreign = all_of(
                (Term("protocol", ((OTHER, OTHER),)),),
                (Term("retransmits", ((NOT_CHOSEN, 2 * NOT_CHOSEN - 1),)),),
            )
            return any_of(ports, foreign), any_of(ports, *_NOT_BOUND, foreign)
        self.advance()
        comparison = "="
        if self._token in COMPARISONS:
            comparison = self._token
            allowed = tuple("= != > < >= <=".split()) if keyword in _PORTS else ("=", "!=")
            if comparison not in (("=",) if keyword in _HOSTS else allowed):
                raise self.refuse(f"{keyword} cannot be compared by {comparison}", self.position)
            self.advance()
        if self._token != "value":
            raise self.refuse(f"{keyword} needs a value", self.position)
        own, program = self._operand
        if comparison in (">", "<", ">=", "<="):
            own, program = self._compare(_PORTS[keyword], comparison)
        elif comparison == "!=":
            own, program = (*own, NOT), (*program, NOT)
        self.advance()
        return own, program

    def _parse_operand(self, word: str) -> tuple[Steps, Steps]:
        if self._keyword == "dev":
            return self._parse_interface(word)
        if self._keyword == "fwmark":
            return self._parse_mark(word)
        if self._keyword == "cgroup":
            try:
                id = self.lookups.cgroup(word)
            except LookupError as error:
                complaint = f"Cannot parse cgroup {word}."
                raise self._invalid(
                    f"no cgroup '{escape(word)}': {error.args[0]}", str(error.args[0]), complaint
                ) from None
            steps: Steps = (Term("socket_cgroup", ((id, id),)),)
            return steps, steps
        return self._parse_host(word)

    def _parse_interface(self, word: str) -> tuple[Steps, Steps]:
        self.compiles = False
        index = self.lookups.interface(word)
        number = index or parse_c_number(word)
        if number is None or not 0 <= number < 2**32:
            reason = f"no network interface '{escape(word)}'"
            raise self._invalid(reason, "Cannot parse device.")
        steps: Steps = (Term("interface", ((number, number),)),)
        return steps, steps

    def _parse_mark(self, word: str) -> tuple[Steps, Steps]:
        mark, slash, mask = word.partition("/")
        value = parse_c_number(mark, whole=bool(slash))
        bits = parse_c_number(mask, whole=False) if slash else 0xFFFFFFFF
        if value is None or bits is None:
            reason = f"'{escape(word)}' is not a mark, as 0x1 or 0x1/0xff"
            raise self._invalid(reason, f"Cannot parse mark {word}.")
        steps: Steps = (Term("mark", ((value & 0xFFFFFFFF, bits & 0xFFFFFFFF),)),)
        return steps, steps

    # ---------------------------------------------------------------- HOST and PORT: one parser

    def _parse_host(self, word: str) -> tuple[Steps, Steps]:
        ends = self._keyword in _PORTS
        side = "remote" if self._keyword in ("dst", "dport") else "local"
        family, rest = self.family, word
        for prefix, number in FAMILY_PREFIXES.items():
            if word.startswith(prefix):
                family, rest = number, word[len(prefix) :]
        self._port = ANY_PORT
        addresses: list[tuple[int, bytes, int]] = []
        pattern = None
        if family == LOCAL:
            pattern = rest
        elif family in (LINK, NETLINK, VSOCK):
            foreign = self._parse_foreign(rest, family, ends)
        else:
            addresses = self._parse_inet(rest, family, ends)
        if family:
            self.family, self.narrows = family, True
        if pattern is not None:
            steps: Steps = (Term(f"{side}_path".replace("local_", ""), (pattern.encode(),)),)
            return steps, (EVERYTHING,)
        if family in (LINK, NETLINK, VSOCK):
            steps = self._meet_foreign(side, family, *foreign)
            return steps, steps
        return self._meet(side, addresses)

    def _bad_host(self, reason: str, *complaints: str) -> SsFilterError:
        return self._invalid(reason, *complaints, "Cannot parse dst/src address.")

    def _parse_inet(self, word: str, family: int, ends: bool) -> list[tuple[int, bytes, int]]:
        """Read ADDRESS:PORT, or with `ends` PORT; a port is left in `_port`."""
        address, port = word, ""
        if word.startswith("["):
            address, bracket, port = word[1:].partition("]")
            if not bracket:
                raise self._bad_host(f"'[' is not closed in '{escape(word)}'")
        elif word.startswith("*"):
            address, port = "*", word[1:]
        else:
            colon = word.rfind(":", max(word.find("/"), 0))
            if colon >= 0:
                address, port = word[:colon], word[colon:]
        if ends:
            port = address + port if not word.startswith("[") else address
            address = ""
        port = port[1:] if port.startswith(":") else port
        if port and not port.startswith("*"):
            self._port = self._parse_port(port)
        if not address or address.startswith("*"):
            return []
        prefix = parse_prefix(address, family)
        if prefix is not None:
            return [prefix]
        found = []
        for number in (IPV4, IPV6):
            if family in (0, number):
                packed = self.lookups.hosts(address, number)
                found += [(number, one, 8 * len(one)) for one in packed]
        if not found:
            complaint = f'Error: an inet prefix is expected rather than "{address}".'
            raise self._bad_host(f"'{escape(address)}' is no address, network or host", complaint)
        return found

    def _parse_port(self, text: str) -> int:
        number = parse_c_number(text)
        if number is not None and -(2**31) <= number < 2**31:
            return number
        ports = set()
        for protocol in (UDP, TCP):
            if protocol in self.protocols:
                ports.add(self.lookups.service(text, PROTOCOL_NAMES[protocol]))
        ports.discard(None)
        if len(ports) > 1:
            complaint = f'Error: ambiguous port "{text}".'
            raise self._bad_host(f"'{escape(text)}' is several ports", complaint)
        if not ports:
            complaint = f'Error: "{text}" does not look like a port.'
            raise self._bad_host(f"'{escape(text)}' is no port and no service", complaint)
        (found,) = ports
        assert found is not None
        return found

    def _parse_foreign(self, word: str, family: int, ends: bool) -> tuple[int, int | None]:
        """Read PROTOCOL:PORT of netlink, of packet sockets with an interface for the port."""
        address, colon, port = ("", ":", word.removeprefix(":")) if ends else word.partition(":")
        number: int | None = ANY_PORT
        if colon and port and port != "*":
            number = parse_c_number(port)
            if number is None and family == LINK:
                number = self.lookups.interface(port) or None
            elif number is None and family == NETLINK and port == "kernel":
                number = 0
            if number is None:
                raise self._bad_host(f"'{escape(port)}' is no port of this family")
        if address in ("", "*"):
            return number or 0, None
        found = parse_c_number(address)
        if found is None and family == NETLINK:
            found = NETLINK_PROTOCOLS.get(address)
        elif found is None and family == LINK:
            folded = {name.lower(): number for name, number in LINK_PROTOCOLS.items()}
            found = folded.get(address.lower().replace("ipv4", "ip"))
        if found is None:
            raise self._bad_host(f"'{escape(address)}' is no address of this family")
        return number or 0, found

    def _meet_foreign(self, side: str, family: int, port: int, address: int | None) -> Steps:
        """What an end of such a socket has to be; the other end of none is anything."""
        steps: Steps = (Term("family", ((family, family),)),)
        if side == "remote":
            port_met = port == ANY_PORT or (port == 0 and family == LINK)
            return steps if port_met and not address else (NOTHING,)
        if port != ANY_PORT:
            steps = all_of(steps, (Term("cookie", ((port & 0xFFFFFFFF,) * 2,)),))
        if address is not None:
            both = ((address, address), (address | NOT_CHOSEN,) * 2)
            steps = all_of(steps, (Term("retransmits", both),))
        return steps

    def _ports(self, name: str, ranges: Sequence[Range]) -> Steps:
        """The port of an end; of a UNIX socket ss compares the inode of that end."""
        steps: Steps = (Term(name, unite(ranges, MOST_PORT)),)
        if UNIX in self.protocols:
            inode = Term("inode" if name == "local_port" else "peer", unite(ranges, 2**31 - 1))
            steps = any_of(steps, (Term("family", ((LOCAL, LOCAL),)), inode, AND))
        return steps

    def _compare(self, name: str, comparison: str) -> tuple[Steps, Steps]:
        """Ports from one on or up to one; `>` is not `<=`. The kernel has 16 bits for it."""
        both = []
        for port in (self._port, self._port & MOST_PORT):
            up = comparison in (">=", "<")
            steps = self._ports(name, ((port, 2**31 - 1),) if up else ((0, port),))
            both.append((*steps, NOT) if comparison in (">", "<") else steps)
        return both[0], both[1]

    def _meet(self, side: str, addresses: list[tuple[int, bytes, int]]) -> tuple[Steps, Steps]:
        """What one end of a socket has to be, as ss sees it and as the kernel does."""
        port: Steps = ()
        if self._port != ANY_PORT:
            port = self._ports(f"{side}_port", ((self._port, self._port),))
        if not addresses:
            return port or (EVERYTHING,), port or (EVERYTHING,)
        name = f"{side}_address"
        own: Steps = ()
        if addresses[0][2]:  # no bits: ss does not look at all
            values = [value for one in addresses for value in _own_view(*one)]
            own = (Term(name, dict.fromkeys(values)),)
        # The kernel is given the first of several addresses, as often as there are addresses.
        program: Steps = ()
        if addresses[0][0]:
            program = (Term(name, kernel_view(*addresses[0])),)
        return (
            all_of(port, own) or (EVERYTHING,),
            all_of(port, program) or (EVERYTHING,),
        )


def kernel_view(family: int, packed: bytes, bits: int) -> list[tuple[int, int, int]]:
    """IPv4 is met by IPv4 and by what is v4-mapped in IPv6, IPv6 by IPv6 (inet_diag_bc_run)."""
    met = interval(family, packed, bits)
    return [(number, *met) for number in ((IPV4, IPV6) if family == IPV4 else (IPV6,))]


def _own_view(family: int, packed: bytes, bits: int) -> list[tuple[int, int, int]]:
    """ss compares the leading bits first, of whatever family they are; IPv4 ends with zeros."""
    values = kernel_view(family, packed, bits)
    if family == IPV4:
        values.append((IPV6, *interval(IPV6, packed.ljust(16, b"\0"), bits)))
    elif bits <= 32:
        values.append((IPV4, *interval(IPV4, packed[:4], bits)))
    elif not interval(IPV6, packed, bits)[0] & (1 << 96) - 1:
        values.append((IPV4, *interval(IPV4, packed[:4], 32)))
    return values
