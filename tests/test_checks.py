"""Conditions on two snapshots: how they are read, what they measure, what is refused and where."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, strategies as st

from fastsock import Counts, FilterError, State
from fastsock.bounds import OPERATORS
from fastsock.diagnose.checks import KEYS, Check, parse_check, text_key
from fastsock.table import GROUP_KEYS, HIDDEN, NONE

READ = [
    ("close_wait<=+10", {}, "CLOSE_WAIT", "<=", 10, True),
    ("CLOSE-WAIT <= 10", {}, "CLOSE_WAIT", "<=", 10, False),
    ("  estab>=-5 ", {}, "ESTABLISHED", ">=", -5, True),
    ("other<1", {}, "other", "<", 1, False),
    ("Total=+0", {}, "total", "=", 0, True),
    ("fin-wait-2>\t-0", {}, "FIN_WAIT2", ">", 0, True),
    ("command=nginx close_wait<=+10", {"command": "nginx"}, "CLOSE_WAIT", "<=", 10, True),
    ('command="my app" total<=3', {"command": "my app"}, "total", "<=", 3, False),
    ('command="*" total<=3', {"command": "*"}, "total", "<=", 3, False),
    (r'command="a\"b\\" total<=3', {"command": 'a"b\\'}, "total", "<=", 3, False),
    ("command=* total<=3", {"command": None}, "total", "<=", 3, False),
    (
        "command = a<=b  uid = 007 listen=1",
        {"command": "a<=b", "uid": "7"},
        "LISTEN",
        "=",
        1,
        False,
    ),
    (
        "remote_address=10.0.0.1 total<=1",
        {"remote_address": "10.0.0.1"},
        "total",
        "<=",
        1,
        False,
    ),
    ("local_address=[0::1] total<=1", {"local_address": "::1"}, "total", "<=", 1, False),
    (
        "protocol=tcp family=* total<=1",
        {"protocol": "tcp", "family": None},
        "total",
        "<=",
        1,
        False,
    ),
    ("total<=999999999999999999", {}, "total", "<=", 10**18 - 1, False),
]


@pytest.mark.parametrize(("text", "groups", "what", "operator", "number", "relative"), READ)
def test_a_condition_is_read(
    text: str,
    groups: dict[str, str | None],
    what: str,
    operator: str,
    number: int,
    relative: bool,
) -> None:
    check = parse_check(text)
    assert check.text == text
    assert check == Check("", groups, what, operator, number, relative)
    assert check.by == tuple(groups)


STATES = "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK "
STATES += "LISTEN CLOSING"
NEITHER = "is neither a state nor other, total or a key; states are " + STATES

# The text, where it is wrong, and how the reason begins.
REFUSED = [
    ("", 0, "a state, other or total is missing here"),
    ("   ", 3, "a state, other or total is missing here"),
    ("<=+10", 0, "a state, other or total is missing here"),
    ("close_wiat<=+10", 0, f"'close_wiat' {NEITHER}, keys {' '.join(KEYS)}"),
    ("others<=+10", 0, f"'others' {NEITHER}"),
    ("x\x1b[1m<=1", 0, r"'x\x1b[1m' is neither"),
    ("close_wait", 10, "close_wait needs one of <= < >= > ="),
    ("close_wait 5", 11, "close_wait needs one of <= < >= > ="),
    ("close_wait!=5", 10, "close_wait needs one of <= < >= > =, not !="),
    ("close_wait=<5", 10, "close_wait needs one of <= < >= > =, not =<"),
    ("close_wait<=", 12, "a number is missing here: 10, or +10 for a change"),
    ("close_wait<=ten", 12, "a number is missing here"),
    ("close_wait<=+", 12, "a number is missing here"),
    ("close_wait<=++1", 12, "a number is missing here"),
    ("close_wait<=1.5", 12, "a number is missing here"),
    ("close_wait<=1_0", 12, "a number is missing here"),
    ("close_wait<=٣", 12, "a number is missing here"),
    ("close_wait<=1000000000000000000", 12, "a number is missing here"),
    ("close_wait<=5,total<=5", 12, "a number is missing here"),
    ("close_wait<=5 total<=5", 14, "nothing may follow: --check once more for another"),
    ("state=close_wait total<=1", 0, "a state stands for itself: close_wait<=+10"),
    ("command<=5", 7, "command needs = and a value"),
    ("command nginx total<=5", 8, "command needs = and a value"),
    ("command=", 8, "command needs a value, or * for each"),
    ("command=nginx", 13, "a state, other or total is missing here"),
    ('command="nginx total<=5', 8, "this quote is not closed"),
    ("command=a command=b total<=5", 10, "command is named twice"),
    ("pid=nginx total<=5", 4, "pid: 'nginx' is not a number"),
    ("protocol=icmp total<=5", 9, "protocol: 'icmp' is none of tcp, udp, unix"),
    ("remote_address=10.0.0.0/8 total<=5", 15, "remote_address: '10.0.0.0/8' is not an address"),
    ("remote_address=nowhere total<=5", 15, "remote_address: 'nowhere' is not an address"),
]


@pytest.mark.parametrize(("text", "position", "reason"), REFUSED)
def test_what_is_wrong_is_pointed_at(text: str, position: int, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_check(text)
    assert str(caught.value).startswith(reason)
    assert (caught.value.position, caught.value.text) == (position, text)


@given(st.text(alphabet=string.printable) | st.text())
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        parse_check(text)
    except FilterError as error:
        assert error.position is not None
        assert 0 <= error.position <= len(text)
        assert min(str(error)) >= " "


def test_a_key_is_no_state() -> None:
    assert set(KEYS) == set(GROUP_KEYS) - {"state"}
    for key in KEYS:
        with pytest.raises(FilterError):
            parse_check(f"{key}<=1")


@pytest.mark.parametrize(("name", "number"), [("close_wait", 3), ("other", 7), ("total", 10)])
def test_what_is_measured(name: str, number: int) -> None:
    counts = Counts({State.CLOSE_WAIT: 3, State.TIME_WAIT: 4, State.LISTEN: 1, 1: 2})
    assert parse_check(f"{name}<=1").measure(counts) == number


@pytest.mark.parametrize(
    ("text", "before", "after", "excess"),
    [
        ("total<=+10", 5, 15, 0),
        ("total<=+10", 5, 16, 1),
        ("total<=10", 5, 16, 6),
        ("total<10", 0, 10, 1),
        ("total<10", 0, 9, 0),
        ("total>=10", 0, 7, -3),
        ("total>10", 0, 10, -1),
        ("total>10", 0, 11, 0),
        ("total=+0", 4, 4, 0),
        ("total=+0", 4, 1, -3),
        ("total=4", 0, 6, 2),
        ("total<=-2", 10, 9, 1),
        ("total>=-2", 10, 7, -1),
    ],
)
def test_by_how_much_it_is_missed(text: str, before: int, after: int, excess: int) -> None:
    assert parse_check(text).excess(before, after) == excess


@given(
    st.sampled_from(sorted(OPERATORS)),
    st.booleans(),
    *[st.integers(0, 30)] * 3,
)
def test_the_excess_is_what_is_to_be_taken_away(
    operator: str, relative: bool, bound: int, before: int, after: int
) -> None:
    check = parse_check(f"total{operator}{'+' * relative}{bound}")
    excess = check.excess(before, after)
    assert check.excess(before, after - excess) == 0
    if excess:
        nearer = excess - 1 if excess > 0 else excess + 1
        assert check.excess(before, after - nearer) != 0


def test_what_has_no_owner_has_no_name() -> None:
    assert [text_key(key) for key in (NONE, HIDDEN, None, 7, "nginx")] == ["", "", "", "7", "nginx"]
