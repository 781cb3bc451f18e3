"""ss's filter language: the same sockets as the installed ss shows, and its complaints."""

from __future__ import annotations

import ipaddress
import pickle
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import fastsock
from children import OWN, child_process, in_child
from expressions import SS_EXPRESSIONS, SS_STATES
from fastsock import evaluation, tcp
from fastsock.errors import FilterError, SsFilterError
from fastsock.evaluation import Evaluation
from fastsock.expression import Expression, parse_expression
from fastsock.implementation import COMPILED
from fastsock.lookups import Lookups
from implementations import BUILDS, Implementation
from zoo import open_zoo

needs_sock_diag = pytest.mark.skipif(
    not COMPILED, reason="/proc does not tell of interfaces, and a pure build reads no sock_diag"
)
needs_ss = pytest.mark.skipif(shutil.which("ss") is None, reason="iproute2 is not installed")
FIELDS = ("interface", "mark", "socket_cgroup")
DEFAULTS = {"tcp": frozenset((1, 2, 4, 5, 8, 9, 11)), "udp": frozenset((1,))}
Shown = Counter[tuple[str, str, int, str, int]]


@pytest.fixture(scope="module")
def zoo() -> Iterator[int]:
    """A process in a namespace of its own with sockets in all states; its pid."""
    with child_process(open_zoo, netns=OWN) as (pid, _):
        yield pid


def read_end(text: str) -> tuple[str, int]:
    """Return address and port of ss's columns; what is bound to an interface without that."""
    address, _, port = text.rpartition(":")
    address = address.partition("%")[0].strip("[]")
    return {"*": "::"}.get(address, address), 0 if port == "*" else int(port)


def ask_ss(flags: str, words: list[str]) -> Shown | tuple[str, ...] | None:
    """Return the rows that ss prints, or its complaints.

    None where the kernel refuses the filter, as it does marks without CAP_NET_ADMIN: ss then reads
    /proc, and evaluates less of the filter than it would have sent.
    """
    made = subprocess.run(["ss", flags, *words], capture_output=True, text=True, timeout=20)
    if made.returncode:
        return tuple(made.stderr.splitlines())
    if "answers: Operation not permitted" in made.stderr:
        return None
    rows: Shown = Counter()
    for line in made.stdout.splitlines():
        parts = line.split()
        if len(parts) < 5 or not parts[1].isdigit():  # one state only: its column is left out
            parts.insert(0, "")
        local, remote = read_end(parts[3]), read_end(parts[4])
        rows[(parts[0], local[0], local[1], remote[0], remote[1])] += 1
    return rows


def show(rows: Any, alone: bool) -> Shown:
    """Return a table's rows as ss names them."""
    return Counter(
        (
            "" if alone else row.state.ss,
            row.local_address,
            row.local_port,
            row.remote_address,
            row.remote_port,
        )
        for row in rows
    )


class Comparison:
    """The sockets of a namespace in the tables of one build, asked beside ss."""

    def __init__(self, build: str, protocol: str = "tcp") -> None:
        self.implementation = Implementation(build)
        self.protocol = protocol
        self.flags = {"tcp": "-tanH", "udp": "-uanH"}[protocol]
        self.scan()

    def scan(self) -> None:
        found = fastsock.scan(protocol=self.protocol, fields=FIELDS)
        rows = (
            tuple(column[n] for column in map(found.column, found.column_names()))
            for n in range(len(found))
        )
        self.rows = self.implementation.rows(*rows, fields=FIELDS)

    def select(self, words: list[str]) -> tuple[Shown, Expression]:
        expression = parse_expression(
            words, language="ss", protocols=[tcp.PROTOCOLS[self.protocol]]
        )
        chosen = self.rows.pick(Evaluation(expression).select(self.rows))
        states = expression.states
        if states is not None and not states:  # none are left: those that ss shows without a word
            states = DEFAULTS[self.protocol]
        alone = states is not None and len(states) == 1
        family = {2: "ipv4", 10: "ipv6", None: ""}.get(expression.family, "none")
        rows = [
            row
            for row in chosen
            if (not states or int(row.state) in states) and (not family or row.family == family)
        ]
        return show(rows, alone), expression

    def agree(self, words: list[str]) -> None:
        for attempt in range(3):
            theirs = ask_ss(self.flags, words)
            if theirs is None:
                return
            try:
                mine, expression = self.select(words)
            except SsFilterError as error:
                assert theirs == error.complaints
                return
            assert isinstance(theirs, Counter), theirs
            missing, more = theirs - mine, mine - theirs
            if not missing and not more:
                return
            if attempt < 2:  # TIME_WAIT ends, SYN_RECV gives up
                self.scan()
        only = f"only ss {missing}\nonly we {more}"
        pytest.fail(f"{words}\n{expression.steps}\n{only}")


def patched(build: str) -> None:
    """Let evaluation use the modules of a build: this is a child's copy."""
    made = Implementation(build)
    for name, module in made.evaluating():
        setattr(evaluation, name, module)


CORPUS = """
dport = :7001
sport = :7001
sport 7001
sport eq 7001
sport == :7001
sport != :7001
sport neq 7001
( sport = :7001 or dport = :7001 )
sport >= :7001 and sport <= :7012
sport gt 7001 sport lt 7012
sport > 7001 & sport < 7012
dport ge 1024 && not dport le 7002
dport 7001 or sport 7001 and dst 127.0.0.1
dport 7001 or ( sport 7001 and dst 127.0.0.1 )
sport 7001 dst 127.0.0.1 or sport 7012
! sport 7001
not ( sport 7001 or dport 7001 )
! ! sport 7001
not not not sport 7001
src 127.0.0.1
dst 127.0.0.1
src 127.0.0.1:7001
dst = 127.0.0.1:7001
src 127.0.0.0/8
src 127/8
src 127
src 127.0.0.0/255.0.0.0
src 0.0.0.0/0
not src 0.0.0.0/0
not src 0.0.0.0
src 0.0.0.0
src [::]
not src [::]
src [::1]
src [::1]:7012
src [::1]/128
src ::/0
not src ::/0
not src ::/96
src ::ffff:127.0.0.1/128
dst [::ffff:127.0.0.1]
not dst [::ffff:127.0.0.1]
src *:7001
src *
dst any
src inet:127.0.0.1
src inet:*
src inet6:*
src inet6:[::1]
sport inet6:7012
dst inet6:any
not src inet:127.0.0.1
dev lo
dev = lo
dev != lo
dev = 0
dev lo or src 0.0.0.0
dev != lo and not src 0.0.0.0
fwmark 0
fwmark = 0x0/0xff
fwmark != 1
fwmark 1junk
autobound
not autobound
sport 70000
sport != 70000
sport >= 70000
sport <= 72551
sport > 72551
sport < -58535
sport > *
sport < *
sport >= *
sport <= *
sport = *
sport != *
sport :*
sport -1
sport = 0x1b59
sport = 015531
sport [7001]
dport ssh
dport != ssh
state established
state established sport 7001
state established state time-wait dport 7001 or sport 7001
exclude established
exclude listening exclude established
state all exclude all
state connected exclude syn-sent
exclude established state established
state bucket
state big
state synchronized
state syn-rcv
state Listening src 127.0.0.1
state unknown
\\sport 70\\01
\\( sport 7001 \\)
"""


@needs_ss
@needs_sock_diag
@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_corpus_selects_what_ss_shows(zoo: int, build: str, protocol: str) -> None:
    Implementation(build)

    def compare() -> None:
        patched(build)
        comparison = Comparison(build, protocol)
        for line in CORPUS.strip().splitlines():
            if line == "src [::1]/128":  # ss takes no prefix behind a bracket
                continue
            words = line.split(" ")
            if not any(word.startswith("-") for word in words):  # flags, apart from the others
                comparison.agree(words)
            if words[0] not in ("state", "exclude"):
                comparison.agree([line])

    in_child(compare, netns=zoo)


@needs_ss
@needs_sock_diag
@pytest.mark.parametrize("build", BUILDS)
def test_generated_expressions_select_what_ss_shows(zoo: int, build: str) -> None:
    Implementation(build)

    def compare() -> None:
        patched(build)
        comparison = Comparison(build)

        @settings(deadline=None, max_examples=200, database=None)
        @given(SS_STATES, SS_EXPRESSIONS)
        def agree(states: list[tuple[str, str]], text: str) -> None:
            comparison.agree([*(word for pair in states for word in pair), text])

        agree()

    in_child(compare, netns=zoo)


# -- bad input: what ss says, and where it is

SYNTAX = 'ss: bison bellows (while parsing filter): "syntax error!" Sorry.'
NO_HOST = "Cannot parse dst/src address."
WRONG = [
    (["state"], 0, 255, ['Command line is not complete. Try option "help"']),
    (["state", "bogus"], 6, 255, ["ss: wrong state name: bogus"]),
    (["state", "estab"], 6, 255, ["ss: wrong state name: estab"]),
    (["state", "established", "exclude", "listen"], 26, 255, ["ss: wrong state name: listen"]),
    (["dport", "="], 7, 255, [SYNTAX]),
    (["dport", "=", "="], 8, 255, [SYNTAX]),
    (["( sport 22"], 0, 255, [SYNTAX]),
    (["sport 22 )"], 9, 255, [SYNTAX]),
    (["( )"], 2, 255, [SYNTAX]),
    (["and"], 0, 255, [SYNTAX]),
    (["sport 22 and"], 12, 255, [SYNTAX]),
    (["sport 22 or or sport 23"], 12, 255, [SYNTAX]),
    (["not"], 3, 255, [SYNTAX]),
    (["src != 127.0.0.1"], 4, 255, [SYNTAX]),
    (["src > 127.0.0.1"], 4, 255, [SYNTAX]),
    (["dev > lo"], 4, 255, [SYNTAX]),
    (["sport 22 80"], 9, 255, [SYNTAX]),
    (["autobound = 1"], 10, 255, [SYNTAX]),
    (["dport 22,80"], 6, 1, ['Error: "22,80" does not look like a port.', NO_HOST]),
    (["dport 1-5"], 6, 1, ['Error: "1-5" does not look like a port.', NO_HOST]),
    (["sport = no-such-service )"], 8, 1,
     ['Error: "no-such-service" does not look like a port.', NO_HOST]),
    (["src 1.2.3.4.5"], 4, 1,
     ['Error: an inet prefix is expected rather than "1.2.3.4.5".', NO_HOST]),
    (["src 1.2.3.4/33"], 4, 1,
     ['Error: an inet prefix is expected rather than "1.2.3.4/33".', NO_HOST]),
    (["src [::1"], 4, 1, [NO_HOST]),
    (["dport=22"], 0, 1,
     ['Error: an inet prefix is expected rather than "dport=22".', NO_HOST]),
    (["(sport = 22)"], 0, 1,
     ['Error: an inet prefix is expected rather than "(sport".', NO_HOST]),
    (["state established"], 0, 1,
     ['Error: an inet prefix is expected rather than "state".', NO_HOST]),
    (["src inet:127.0.0.1 or src ::1/128"], 26, 1,
     ['Error: an inet prefix is expected rather than "::1/128".', NO_HOST]),
    (["dev no-such-device"], 4, 1, ["Cannot parse device."]),
    (["fwmark x"], 7, 1, ["Cannot parse mark x."]),
    (["fwmark 1/x"], 7, 1, ["Cannot parse mark 1/x."]),
    (["fwmark 1x/2"], 7, 1, ["Cannot parse mark 1x/2."]),
    (["netlink:x"], 0, 1, [NO_HOST]),
    (["netlink:rtnl"], 0, 255, [SYNTAX]),
    (["dst netlink:x:y"], 4, 1, [NO_HOST]),
]  # fmt: skip


class NoHosts(Lookups):
    """Nobody answers; at once."""

    def hosts(self, name: str, family: int) -> list[bytes]:
        return []


@pytest.mark.parametrize(
    ("words", "position", "code", "complaints"), WRONG, ids=[" ".join(w[0]) for w in WRONG]
)
def test_what_ss_refuses(words: list[str], position: int, code: int, complaints: list[str]) -> None:
    with pytest.raises(FilterError) as caught:
        parse_expression(words, language="ss", lookups=NoHosts())
    error = caught.value
    assert isinstance(error, SsFilterError)
    assert (error.position, error.text, error.code) == (position, " ".join(words), code)
    assert error.shows_usage == (error.complaints == (SYNTAX,))
    assert "\n" not in str(error)
    assert list(error.complaints) == complaints
    copy = pickle.loads(pickle.dumps(error))
    assert vars(copy) == vars(error) and str(copy) == str(error)
    if shutil.which("ss") is None:
        return
    theirs = subprocess.run(
        ["ss", "-tanH", *words],
        capture_output=True,
        text=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
    )
    assert (theirs.returncode, theirs.stdout) == (code, "")
    lines = theirs.stderr.splitlines()
    assert lines[: len(complaints)] == complaints
    assert (len(lines) > len(complaints)) == error.shows_usage


def test_no_words_are_no_filter() -> None:
    for words in ([], [""], [" \t"]):
        expression = parse_expression(words, language="ss")
        assert (expression.steps, expression.states, expression.family) == ((), None, None)
    assert parse_expression(["state", "listening"], language="ss").states == frozenset((10,))


def test_a_file_goes_on_where_the_words_end() -> None:
    both = parse_expression(
        ["sport", "=", "22"], language="ss", lines=["# no", "or dport = 22", "", "0 is none too"]
    )
    assert both == parse_expression("sport = 22 or dport = 22", language="ss")


@pytest.mark.parametrize(
    ("words", "asked", "family"),
    [
        ("sport = 22", None, None),
        ("sport = 22", socket.AF_INET6, socket.AF_INET6),
        ("src inet:1.2.3.4", socket.AF_INET6, socket.AF_INET),
        ("src inet:* or src inet6:*", None, socket.AF_INET6),
        ("autobound", socket.AF_INET, None),
        ("src unix:/run/x*", None, socket.AF_UNIX),
        ("dst netlink:*:kernel", None, 16),
        ("dst link:*:lo", None, 17),
        ("dst vsock:2:22", None, 40),
    ],
)
def test_a_host_narrows_the_families(words: str, asked: int | None, family: int | None) -> None:
    expression = parse_expression(words, language="ss", family=asked)
    assert expression.family == (None if family is None else int(family))


def test_services_are_those_of_the_tables_that_are_asked_for() -> None:
    class Two(Lookups):
        def service(self, name: str, protocol: str) -> int | None:
            return {"tcp": 1, "udp": 2}[protocol]

    def ports(*protocols: int) -> Any:
        return (
            parse_expression("sport x", language="ss", protocols=protocols, lookups=Two())
            .terms[0]
            .values
        )

    assert ports(tcp.TCP) == ((1, 1),)
    assert ports(tcp.UDP) == ((2, 2),)
    with pytest.raises(SsFilterError) as caught:
        ports(tcp.TCP, tcp.UDP)
    assert caught.value.complaints == ('Error: ambiguous port "x".', NO_HOST)


def test_without_the_kernel_only_ss_itself_looks() -> None:
    text = "not src 0.0.0.0"
    own = parse_expression(text, language="ss", kernel=False)
    assert len(own.steps) < len(parse_expression(text, language="ss").steps)


def test_a_name_is_all_its_addresses_to_ss_and_the_first_to_the_kernel() -> None:
    class Named(Lookups):
        def hosts(self, name: str, family: int) -> list[bytes]:
            return [b"\1\0\0\1", b"\1\0\0\2"] if family == socket.AF_INET else [bytes(15) + b"\1"]

    own = parse_expression("dst x", language="ss", kernel=False, lookups=Named())
    (term,) = own.terms
    first = int(ipaddress.ip_address("::ffff:1.0.0.1"))
    assert {last for _, _, last in term.values} >= {first, first + 1, 1}
    both = parse_expression("dst x", language="ss", lookups=Named())
    assert both.terms[0].values == ((2, first, first), (10, first, first))


Parse = Callable[[str], Expression]


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(("ss", "fastsock")))
def test_any_text_is_read_or_refused_with_its_place(text: str, language: str) -> None:
    try:
        parse_expression(text, language=language, lookups=NoHosts())
    except FilterError as error:
        assert error.position is not None and 0 <= error.position <= len(text)
        assert error.text == text and not any(ord(c) < 32 for c in str(error))
