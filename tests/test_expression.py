"""Our filter language: what it takes beyond ss's, what it refuses and where, what it implies."""

from __future__ import annotations

import copy
import pickle
import socket
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from expressions import SS_EXPRESSIONS, evaluate
from fastsock.errors import FilterError, SsFilterError
from fastsock.expression import (
    AND,
    EVERYTHING,
    MOST_NESTED,
    NOT,
    OR,
    Expression,
    Term,
    parse_expression,
)
from fastsock.filter import Filter, build_filter
from fastsock.lookups import Lookups
from fastsock.narrow import combine, narrow
from fastsock.tcp import GROUPS, TCP, UDP, UNIX

patient = settings(deadline=None)
INET = Term("family", ((2, 2), (10, 10)))


class Names(Lookups):
    """The names of a host that never changes."""

    def service(self, name: str, protocol: str) -> int | None:
        known = {"ssh": 22, "http": 80, "http-alt": 8080}
        return {"two": {"tcp": 1, "udp": 2}}.get(name, {}).get(protocol, known.get(name))

    def hosts(self, name: str, family: int) -> list[bytes]:
        if name != "example":
            return []
        return [b"\xc0\0\2\1"] if family == socket.AF_INET else [bytes(15) + b"\5"]

    def interface(self, name: str) -> int:
        return {"lo": 1, "eth0": 2}.get(name, 0)

    def cgroup(self, path: str) -> int:
        if path != "/a":
            raise LookupError("nothing there")
        return 77

    def user(self, name: str) -> int | None:
        return {"root": 0, "www-data": 33}.get(name)

    def namespace(self, name: str) -> int | None:
        return {"blue": 4026532000}.get(name)

    def local_ports(self) -> tuple[int, int]:
        return 32768, 60999


def parse(text: Any, **more: Any) -> Expression:
    return parse_expression(text, lookups=Names(), **more)


def only(text: str, **more: Any) -> Term:
    """The only condition of an expression."""
    (step,) = parse(text, **more).steps
    assert isinstance(step, Term)
    return step


def ports(*ranges: tuple[int, int]) -> tuple[Term, ...]:
    return (Term("remote_port", ranges),)


# -- what can be said


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("dport = 22", [(22, 22)]),
        ("dport=22", [(22, 22)]),
        ("dport==:22", [(22, 22)]),
        ("dport 22", [(22, 22)]),
        ("dport eq ssh", [(22, 22)]),
        ("dport = http-alt", [(8080, 8080)]),
        ("dport = 80,443,8000-8080", [(80, 80), (443, 443), (8000, 8080)]),
        ("dport = 80, 443", [(80, 80), (443, 443)]),
        ("dport = 80-82,82-90,91", [(80, 91)]),
        ("dport>1024", [(1025, 65535)]),
        ("dport >= 1024", [(1024, 65535)]),
        ("dport < 1024", [(0, 1023)]),
        ("dport<=1024", [(0, 1024)]),
        ("dport < 0", []),
        ("dport > 65535", []),
        ("dport *", [(0, 65535)]),
        ("remote_port 0x16", [(22, 22)]),
    ],
)
def test_ports(text: str, ranges: list[tuple[int, int]]) -> None:
    assert parse(text).steps == ports(*ranges)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("uid = 0", Term("uid", ((0, 0),))),
        ("uid = root,www-data,1000-1999", Term("uid", ((0, 0), (33, 33), (1000, 1999)))),
        ("inode 41", Term("inode", ((41, 41),))),
        ("inode > 41", Term("inode", ((42, 2**64 - 1),))),
        ("rx_queue > 0", Term("rx_queue", ((1, 2**32 - 1),))),
        ("tx_queue >= 65536", Term("tx_queue", ((65536, 2**32 - 1),))),
        ("netns = blue", Term("netns", ((4026532000, 4026532000),))),
        ("pid 5,7", Term("pid", ((5, 5), (7, 7)))),
        ("command nginx", Term("command", (b"nginx",))),
        (r"command = my\ prog,a\,b,and", Term("command", (b"my prog", b"a,b", b"and"))),
        ("command = and", Term("command", (b"and",))),
        ("container docker:4f5e6a7b8c9d", Term("container", (b"docker:4f5e6a7b8c9d",))),
        ("dev lo,eth0", Term("interface", ((1, 2),))),
        ("fwmark 0x1/0xff", Term("mark", ((1, 255),))),
        ("cgroup = /a", Term("socket_cgroup", ((77, 77),))),
        ("protocol udp", Term("protocol", ((17, 17),))),
        ("family ipv6", Term("family", ((10, 10),))),
        ("autobound", Term("local_port", ((32768, 60999),))),
        ("listening", Term("listening")),
        ("state established", Term("state", ((1, 1),))),
        ("state established,time-wait", Term("state", ((1, 1), (6, 6)))),
        ("state = FIN_WAIT1", Term("state", ((4, 4),))),
        ("state estab", Term("state", ((1, 1),))),
        ("exclude listening", Term("state", ((0, 9), (11, 255)))),
        ("state != listening", Term("state", ((0, 9), (11, 255)))),
        ("state established state time-wait exclude established", Term("state", ((6, 6),))),
        ("state bucket", Term("state", ((3, 3), (6, 6)))),
        ("state other", Term("state", ((0, 0), (2, 9), (11, 255)))),
        ("src *", EVERYTHING),
    ],
)
def test_one_term(text: str, term: Term) -> None:
    assert only(text) == term


V4 = 0xFFFF << 32


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("src 10.0.0.0/8", [(f, V4 | 10 << 24, V4 | (11 << 24) - 1) for f in (2, 10)]),
        ("src 10/8", [(f, V4 | 10 << 24, V4 | (11 << 24) - 1) for f in (2, 10)]),
        ("src [::1]", [(10, 1, 1)]),
        ("src ::1", [(10, 1, 1)]),
        ("src ::2/127", [(10, 2, 3)]),
        ("src [::2]/127", [(10, 2, 3)]),
        ("src 1.2.3.4,::1", [(2, V4 | 0x1020304, V4 | 0x1020304)]),
        ("src example", [(2, V4 | 0xC0000201, V4 | 0xC0000201)]),
    ],
)
def test_addresses(text: str, values: list[tuple[int, int, int]]) -> None:
    term = parse(text).terms[0]
    assert term.name == "local_address"
    assert set(values) <= set(term.values)


def test_an_address_with_its_port_and_family() -> None:
    assert parse("src [::1]:80").steps == (
        Term("local_port", ((80, 80),)),
        Term("local_address", ((10, 1, 1),)),
        AND,
    )
    assert parse("dst *:80-82").steps == ports((80, 82))
    assert parse("dst inet6:*").steps == (Term("family", ((10, 10),)),)
    assert parse("src unix:/run/*").steps == (
        Term("family", ((1, 1),)),
        Term("path", (b"/run/*",)),
        AND,
    )
    assert parse("src != 10.0.0.0/8").steps[-1] == NOT


def test_either_end() -> None:
    assert parse("port = 22").steps == (
        Term("local_port", ((22, 22),)),
        Term("remote_port", ((22, 22),)),
        OR,
    )
    assert parse("address != 10.1.1.1").steps[-2:] == (OR, NOT)


def test_direction() -> None:
    inbound, outbound = parse("inbound"), parse("outbound")
    assert Term("listening") in inbound.terms and INET in inbound.terms
    assert inbound.needs_listening and not inbound.needs_owners
    assert outbound.steps == (*inbound.steps[:-1], NOT, AND)


def test_and_and_or_bind_alike_from_the_left() -> None:
    a, b, c = (Term("remote_port", ((n, n),)) for n in (1, 2, 3))
    assert parse("dport 1 or dport 2 and dport 3").steps == (a, b, OR, c, AND)
    assert parse("dport 1 dport 2 or dport 3").steps == (a, b, AND, c, OR)
    assert parse("dport 1 and (dport 2||dport 3)").steps == (a, b, c, OR, AND)
    assert parse("not dport 1 or dport 2").steps == (a, NOT, b, OR)
    assert parse("!(dport=1&&dport=2)").steps == (a, b, AND, NOT)


def test_states_in_front_hold_for_all_that_follows() -> None:
    state = Term("state", ((1, 1),))
    a, b = (Term("remote_port", ((n, n),)) for n in (1, 2))
    assert parse("state established dport 1 or dport 2").steps == (state, a, b, OR, AND)
    assert parse("state established and dport 1 or dport 2").steps == (state, a, AND, b, OR)
    assert parse("dport 1 state established or dport 2").steps == (a, state, AND, b, OR)
    assert parse("( state established dport 1 ) or dport 2").steps == (state, a, AND, b, OR)


def test_blanks_may_be_left_out() -> None:
    assert parse("(dport=22)and!(sport>1024)") == parse("( dport = 22 ) and ! ( sport > 1024 )")


def test_words_are_as_good_as_a_text() -> None:
    assert parse(["dport", "=", "22"]) == parse("dport = 22")
    assert parse([]) == parse("") == parse("  ") == Expression()


def test_services_are_those_of_the_protocols_that_are_asked_for() -> None:
    assert only("dport two", protocols=[TCP]).values == ((1, 1),)
    assert only("dport two", protocols=[UDP]).values == ((2, 2),)
    assert only("dport http", protocols=[UNIX]).values == ((80, 80),)


def test_an_expression_is_a_value() -> None:
    one = parse("dport = 22 and not pid 5")
    assert one == parse("dport 22 && ! pid = 5") and hash(one) == hash(parse("dport 22 !pid 5"))
    assert one != parse("dport = 22") and one != 5 and one.terms[0] != 5
    assert pickle.loads(pickle.dumps(one)) == one == copy.copy(one)
    assert "dport = 22" in repr(one) and "remote_port" in repr(one.terms[0])
    for thing, name in ((one, "steps"), (one.terms[0], "values")):
        with pytest.raises(AttributeError, match="frozen"):
            setattr(thing, name, ())


def test_what_it_needs() -> None:
    expression = parse("dev lo and fwmark 1 or cgroup /a and dev eth0 or src unix:x")
    assert expression.fields == ("interface", "mark", "socket_cgroup", "path")
    assert not expression.needs_owners
    for text in ("pid 5", "command x", "not container x"):
        assert parse(text).needs_owners


# -- what makes no sense

STATES = (
    "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN "
    "CLOSING and other"
)
WRONG = [
    ("dport = 70000", 8, "'70000' is not a port (0 to 65535)"),
    ("dport = -1", 8, "'-1' is no port and no service"),
    ("dport = 22,nope", 11, "'nope' is no port and no service"),
    ("dport two", 6, "'two' is several ports: 1 and 2"),
    ("dport 90-80", 6, "the range of ports '90-80' is empty"),
    ("dport 1-", 6, "'1-' is no port and no service"),
    ("dport", 5, "dport needs a value"),
    ("dport =", 7, "dport needs a value"),
    ("dport = )", 8, "dport needs a value"),
    ("dport and sport 22", 6, "dport needs a value"),
    ("dport 22,", 9, "dport needs a value"),
    ("dport 22,,80", 9, "dport: a value is missing"),
    ("dport ,80", 6, "dport: a value is missing"),
    ("dport > 80,90", 8, "> takes one number"),
    ("dport < 80-90", 8, "< takes one number"),
    ("dport > *", 8, "> takes one number"),
    ("src > 1.2.3.4", 4, "src cannot be compared by >"),
    ("command < x", 8, "command cannot be compared by <"),
    ("src 1.2.3.4.5", 4, "'1.2.3.4.5' is no address, network or host"),
    ("src 10.0.0.0/33", 4, "'10.0.0.0/33' is no address, network or host"),
    ("src 1.2.3.4:70000", 4, "'70000' is not a port (0 to 65535)"),
    ("src [::1", 4, "'[' is not closed in '[::1'"),
    ("src [::1]x", 4, "'[::1]x' is no address with a port"),
    ("src netlink:1", 4, "'netlink:1': there are no sockets of this family in any table here"),
    ("src inet6:1.2.3.4", 4, "'1.2.3.4' is no address, network or host"),
    ("pid x", 4, "pid: 'x' is no number"),
    ("pid 2147483648", 4, "pid: '2147483648' is more than 2147483647"),
    ("uid nobody-here", 4, "uid: 'nobody-here' is no number or name of a user"),
    ("netns red", 6, "netns: 'red' is no number or name of a namespace"),
    ("inode 5-4", 6, "inode: the range '5-4' is empty"),
    ("rx_queue = 1k", 11, "rx_queue: '1k' is no number"),
    ("dev no-such", 4, "no network interface 'no-such'"),
    ("fwmark x", 7, "'x' is not a mark, as 0x1 or 0x1/0xff"),
    ("fwmark 1/", 7, "'1/' is not a mark, as 0x1 or 0x1/0xff"),
    ("cgroup /b", 7, "no cgroup '/b': nothing there"),
    ("protocol sctp", 9, "protocol: 'sctp' is none of tcp, udp, unix"),
    ("state bogus", 6, f"unknown state 'bogus'; states are {STATES}"),
    ("state established,bogus", 18, f"unknown state 'bogus'; states are {STATES}"),
    ("state", 5, "state needs a value"),
    ("exclude != listening", 8, "exclude cannot be compared by !="),
    ("state < established", 6, "state cannot be compared by <"),
    ("state established exclude", 25, "exclude needs a value"),
    ("established", 0, "unknown term 'established'; did you mean: state established"),
    ("dport 22 time-wait", 9, "unknown term 'time-wait'; did you mean: state time-wait"),
    ("= 22", 0, "a term cannot begin with '='"),
    ("and", 0, "a term is missing before 'and'"),
    ("dport 22 or", 11, "a term is missing before the end"),
    ("dport 22 or or dport 23", 12, "a term is missing before 'or'"),
    ("not", 3, "a term is missing before the end"),
    ("()", 1, "a term is missing before ')'"),
    ("( dport 22", 0, "'(' is not closed"),
    ("dport 1 and (( dport 22 )", 12, "'(' is not closed"),
    ("dport 22 )", 9, "')' closes nothing"),
    ("(" * 300 + "dport 1" + ")" * 300, MOST_NESTED, "parentheses are nested deeper than 256"),
]


@pytest.mark.parametrize(("text", "position", "message"), WRONG, ids=[w[0][:40] for w in WRONG])
def test_what_is_refused(text: str, position: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert (str(error), error.position, error.text) == (message, position, text)
    assert not isinstance(error, SsFilterError) and isinstance(error, ValueError)


def test_a_word_that_is_no_term_names_those_that_are() -> None:
    with pytest.raises(FilterError, match="unknown term 'port-22'; terms are dport sport port "):
        parse("port-22 = 1")


def test_what_others_wrote_is_escaped() -> None:
    with pytest.raises(FilterError) as caught:
        parse("dport \x1b[31m\u202e")
    assert str(caught.value) == r"'\x1b[31m\u202e' is no port and no service"


def test_long_and_deep_ones_are_read() -> None:
    chain = " or ".join(f"dport {n} and sport {n}" for n in range(5000))
    assert len(parse(chain).terms) == 10000
    assert narrow(parse(chain))[1] is False
    assert parse("! " * 100_001 + "dport 1").steps.count(NOT) == 100_001
    assert parse("(" * MOST_NESTED + "dport 1" + ")" * MOST_NESTED).steps == ports((1, 1))


def test_what_ss_takes_means_the_same() -> None:
    """All but what ss takes by chance: ports beyond 65535, `>` any port."""
    rows = rows_to_ask()

    @patient
    @given(SS_EXPRESSIONS)
    def same(text: str) -> None:
        own = parse_expression(text, language="ss", kernel="dev" not in text, lookups=Names())
        try:
            mine = parse(text)
        except FilterError as error:
            assert "takes one number" in str(error)
            return
        # Where ss looks alone, or does not look at all, at addresses of the other family.
        if any(word in text for word in ("autobound", "dev", "any", "/0", "not", "!")):
            return
        for row in rows[:-1]:  # the last is of UNIX, of which ss compares inodes
            assert evaluate(mine, row) == evaluate(own, row)

    same()


# -- what it implies


def rows_to_ask() -> list[dict[str, Any]]:
    """Rows with few values each, so that expressions meet them."""
    loopback, some = V4 | 0x7F000001, V4 | 10 << 24
    found: list[dict[str, Any]] = []
    for family, addresses in ((2, (loopback, some, V4)), (10, (0, 1, loopback, 0x2001 << 112))):
        for local in addresses:
            for remote in addresses:
                for ends in ((7001, 40000), (40001, 7001), (22, 0), (0, 7012), (7012, 7012)):
                    found.append(
                        {
                            "family": family,
                            "protocol": 6,
                            "local_address": local,
                            "remote_address": remote,
                            "local_port": ends[0],
                            "remote_port": ends[1],
                            "state": 1 + len(found) % 11,
                            "uid": len(found) % 3,
                            "inode": len(found),
                            "interface": len(found) % 2,
                            "mark": len(found) % 4,
                        }
                    )
    found.append({**dict.fromkeys(found[0], 0), "family": 1, "state": 1})
    return found


OWN_TERMS = st.one_of(
    SS_EXPRESSIONS,
    st.sampled_from(
        "state established|state = time-wait,listen|exclude established|uid 0|uid != 1|"
        "port = 7001|port != 7001,22|address 127.0.0.1|address = 10.0.0.0/8,::1|inode < 20|"
        "family ipv6|protocol tcp|protocol udp|sport = 1-7001|src != 127.0.0.0/8|src ::/0".split(
            "|"
        )
    ),
)
OWN_EXPRESSIONS = st.recursive(
    OWN_TERMS,
    lambda inner: st.one_of(
        st.builds("( {} ) and ( {} )".format, inner, inner),
        st.builds("( {} ) or ( {} )".format, inner, inner),
        st.builds("not ( {} )".format, inner),
    ),
    max_leaves=5,
)


def wanted(want: Filter, row: dict[str, Any]) -> bool:
    """Whether a Filter selects a row, by definition (as in test_match.py)."""

    def meets(name: str, values: Any) -> bool:
        if row["family"] == 1 and name.endswith(("port", "address")):
            return False
        if name in ("port", "address"):
            return any(meets(f"{end}_{name}", values) for end in ("local", "remote"))
        if name.endswith("port"):
            return any(low <= row[name] <= high for low, high in values)
        if name.endswith("address"):
            return any(
                row[name] >> (128 - bits) == int.from_bytes(network, "big") >> (128 - bits)
                for network, bits in values
            )
        return row[name] in values

    return all(meets(name, values) for name, values in want.terms.items())


@patient
@given(OWN_EXPRESSIONS)
def test_the_filter_leaves_no_wanted_row_out(text: str) -> None:
    try:
        expression = parse(text)
    except FilterError:
        return
    for unix in (False, True):
        hint, whole = narrow(expression, unix=unix)
        for row in rows_to_ask():
            if row["family"] == 1 and not unix:
                continue
            selected = evaluate(expression, row)
            assert wanted(hint, row) or not selected
            assert selected or not whole or not wanted(hint, row)


@pytest.mark.parametrize(
    ("text", "keywords", "whole"),
    [
        ("", {}, True),
        ("src *", {}, True),
        ("not src *", {"state": ()}, True),
        ("state established and dport = :443", {"state": 1, "remote_port": 443}, True),
        ("dport > 1024", {"remote_port": range(1025, 65536)}, True),
        ("not dport 0-79 not dport > 80", {"remote_port": 80}, True),
        ("sport = 22 or dport = 22", {"port": 22}, True),
        ("sport = 22 or dport = 23", {"port": [22, 23]}, False),
        ("port = 22 and state established", {"port": 22, "state": 1}, True),
        ("src 10.0.0.0/8", {"local_address": "10.0.0.0/8"}, True),
        ("src 10.0.0.0/8 and src 10.1.0.0/16", {"local_address": "10.1.0.0/16"}, True),
        ("src ::/0", {"local_address": "::/0", "family": "ipv6"}, True),
        ("src != 10.0.0.0/8", {}, False),
        ("address 10.0.0.0/8", {"address": "10.0.0.0/8"}, True),
        ("dport 22 or state established", {}, False),
        ("( dport 22 or dport 23 ) uid 0", {"remote_port": range(22, 24), "uid": 0}, True),
        ("dport 22 and rx_queue > 0", {"remote_port": 22}, False),
        ("uid > 0", {}, False),
        ("inode 5-9", {"inode": range(5, 10)}, True),
        ("pid 5", {"pid": 5}, True),
        ("pid 5 and dport 22", {"pid": 5, "remote_port": 22}, True),
        ("pid 5 and not pid 6", {"pid": [5, 6]}, False),
        ("pid 5 or pid 6", {"pid": [5, 6]}, False),
        ("not pid 5", {}, False),
        ("pid 5 or dport 22", {}, False),
        ("pid 5 and command x", {}, False),
        ("pid 1-100000", {}, False),
        ("command nginx", {"command": "nginx"}, True),
        ("container web", {"cgroup": "web"}, False),
        ("listening", {}, False),
        ("inbound", {"family": ["ipv4", "ipv6"], "state": list(GROUPS["connected"])}, False),
    ],
)
def test_what_an_expression_implies(text: str, keywords: dict[str, Any], whole: bool) -> None:
    made, found = narrow(parse(text))
    if keywords.get("state") == ():
        assert made.terms == {"state": frozenset()}
    elif "inode" in keywords or "range" in repr(keywords):
        for name, values in made.terms.items():
            assert (
                values
                == build_filter(
                    **{name: tuple(keywords[name]) if name == "inode" else keywords[name]}
                ).terms[name]
            )
        assert made.terms.keys() == keywords.keys()
    else:
        want = build_filter(**keywords).terms
        merged = {n: v if not n.endswith("port") else _numbers(v) for n, v in made.terms.items()}
        assert merged == {n: v if not n.endswith("port") else _numbers(v) for n, v in want.items()}
    assert found == whole


def _numbers(ranges: Any) -> set[int]:
    return {n for low, high in ranges for n in range(low, high + 1)}


@pytest.mark.parametrize(
    ("keywords", "hint", "both", "kept"),
    [
        ({"local_port": "1-50"}, {"local_port": "40-60"}, {"local_port": "40-50"}, True),
        ({"state": [1, 2]}, {"state": [2, 3]}, {"state": 2}, True),
        ({"port": 1}, {"port": 1}, {"port": 1}, True),
        ({"port": 1}, {"port": 2}, {"port": 1}, False),
        ({"uid": 1}, {"port": 2}, {"uid": 1, "port": 2}, True),
        (
            {"local_address": ["10.0.0.0/8", "::1"]},
            {"local_address": ["10.1.0.0/16", "192.0.2.1"]},
            {"local_address": "10.1.0.0/16"},
            True,
        ),
    ],
)
def test_keywords_beside_an_expression(
    keywords: dict[str, Any], hint: dict[str, Any], both: dict[str, Any], kept: bool
) -> None:
    made, whole = combine(build_filter(**keywords), build_filter(**hint))
    assert made == build_filter(**both) and whole == kept
