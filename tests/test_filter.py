"""build_filter: what each keyword takes, and what is said about the rest."""

from __future__ import annotations

import ipaddress
import socket
from decimal import Decimal
from typing import Any

import pytest

from fastsock import FilterError, State
from fastsock.filter import ALL, TERMS, Filter, build_filter
from fastsock.tcp import FAMILIES, OTHERS, PROTOCOLS

PORTS = ("port", "local_port", "remote_port")
ADDRESSES = ("address", "local_address", "remote_address")


def term(name: str, value: Any) -> set[Any]:
    (found,) = build_filter(**{name: value}).terms.items()
    assert found[0] == name
    return set(found[1])


def message(name: str, value: Any) -> str:
    with pytest.raises(FilterError) as caught:
        build_filter(**{name: value})
    assert caught.value.position is None
    return str(caught.value)


def mapped(text: str, bits: int) -> tuple[bytes, int]:
    return bytes(10) + b"\xff\xff" + socket.inet_aton(text), 96 + bits


def packed(text: str, bits: int) -> tuple[bytes, int]:
    return socket.inet_pton(socket.AF_INET6, text), bits


# ------------------------------------------------------------------------------- the Filter itself


def test_no_keyword_means_everything() -> None:
    assert build_filter() == ALL == Filter()
    assert build_filter(**dict.fromkeys(TERMS)) == ALL
    assert ALL.terms == {}
    assert not ALL.needs_owners


def test_a_keyword_that_does_not_exist_is_a_type_error() -> None:
    with pytest.raises(TypeError) as caught:
        build_filter(prot="tcp")
    assert str(caught.value) == (
        "unknown keyword 'prot'; there are pid, command, cgroup, port, local_port, remote_port, "
        "address, local_address, remote_address, state, uid, inode, family, protocol"
    )


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("empty", [(), [], set(), frozenset(), {}, iter(())])
def test_no_alternative_is_an_error(name: str, empty: Any) -> None:
    assert message(name, empty) == f"{name}: no value given"


def test_a_filter_is_frozen_and_a_value() -> None:
    one, same = build_filter(port=(80, 443), uid=0), build_filter(uid=[0], port=(80, 443))
    assert one == same
    assert hash(one) == hash(same)
    assert one != build_filter(port=80)
    assert one != {"port": frozenset({(80, 443)}), "uid": frozenset({0})}
    assert repr(build_filter(uid=0)) == "Filter({'uid': frozenset({0})})"
    with pytest.raises(AttributeError, match="a Filter is frozen"):
        one.terms = {}


def test_terms_are_added_and_left_out() -> None:
    one = build_filter(port=80, state="listen")
    assert one.with_term("uid", [0]) == build_filter(port=80, state="listen", uid=0)
    assert one.with_term("port", [(1, 2)]) == build_filter(port=range(1, 3), state="listen")
    assert one.without_terms("port", "pid") == build_filter(state="listen")
    assert one == build_filter(port=80, state="listen")


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [("pid", 1, True), ("command", "nginx", True)]
    + [(name, "1", False) for name in ("port", "local_port", "remote_port", "uid", "inode")],
)
def test_pid_and_command_need_owners(name: str, value: Any, needed: bool) -> None:
    assert build_filter(**{name: value}).needs_owners is needed


# ----------------------------------------------------------------------------------- whole numbers

NUMBERS = {"pid": 2**31 - 1, "uid": 2**32 - 1, "inode": 2**64 - 1}


@pytest.mark.parametrize(("name", "most"), NUMBERS.items())
def test_numbers(name: str, most: int) -> None:
    assert term(name, 0) == {0}
    assert term(name, most) == {most}
    assert term(name, str(most)) == {most}
    assert term(name, [1, "2", 3, 3]) == {1, 2, 3}
    assert term(name, iter((1, 2))) == {1, 2}


@pytest.mark.parametrize(("name", "most"), NUMBERS.items())
@pytest.mark.parametrize(
    "value",
    [
        -1,
        "-1",
        "+1",
        "",
        " 1",
        "1 ",
        "1_0",
        "0x1",
        "\u0661",
        "one",
        1.0,
        object,
        "1,2",
        range(5, 8),
    ],
)
def test_no_numbers(name: str, most: int, value: Any) -> None:
    assert message(name, value) == f"{name}: {value!r} is not a number from 0 to {most}"


@pytest.mark.parametrize("value", [b"1_0", Decimal("1.5")])
def test_what_only_int_takes_for_a_number(value: Any) -> None:
    assert message("uid", value) == f"uid: {value!r} is not a number from 0 to {2**32 - 1}"


@pytest.mark.parametrize(("name", "most"), NUMBERS.items())
def test_numbers_that_are_too_large(name: str, most: int) -> None:
    value = most + 1
    assert message(name, value) == f"{name}: {value} is not a number from 0 to {most}"
    assert message(name, str(value)) == f"{name}: '{value}' is not a number from 0 to {most}"
    assert message(name, [1, value]) == f"{name}: {value} is not a number from 0 to {most}"


# ------------------------------------------------------------------------------------------- ports


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        (80, {(80, 80)}),
        (0, {(0, 0)}),
        (65535, {(65535, 65535)}),
        ("80", {(80, 80)}),
        ("080", {(80, 80)}),
        ("80,443", {(80, 80), (443, 443)}),
        (" 80 , 443 ", {(80, 80), (443, 443)}),
        ("80,443,8000-8080", {(80, 80), (443, 443), (8000, 8080)}),
        ("0-65535", {(0, 65535)}),
        ("7-7", {(7, 7)}),
        (range(8000, 8081), {(8000, 8080)}),
        (range(1), {(0, 0)}),
        ([80, "443", range(1, 3)], {(80, 80), (443, 443), (1, 2)}),
        ([(1, 9), ("20", "29")], {(1, 9), (20, 29)}),
        ((80, 443), {(80, 80), (443, 443)}),
        ({80}, {(80, 80)}),
    ],
)
def test_ports(name: str, value: Any, ranges: set[tuple[int, int]]) -> None:
    assert term(name, value) == ranges


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (70000, "70000 is not a number from 0 to 65535"),
        (65536, "65536 is not a number from 0 to 65535"),
        (-1, "-1 is not a number from 0 to 65535"),
        (80.0, "80.0 is not a number from 0 to 65535"),
        ("70000", "'70000' is not a number from 0 to 65535"),
        ("", "'' is not a number from 0 to 65535"),
        ("http", "'http' is not a number from 0 to 65535"),
        (":80", "':80' is not a number from 0 to 65535"),
        ("80,", "'' is not a number from 0 to 65535"),
        ("80,,443", "'' is not a number from 0 to 65535"),
        ("-80", "'' is not a number from 0 to 65535"),
        ("80-", "'' is not a number from 0 to 65535"),
        ("1-2-3", "'2-3' is not a number from 0 to 65535"),
        ("90-80", "90-80 is an empty range"),
        ([(9, 1)], "9-1 is an empty range"),
        (range(0), "range(0, 0) is not a range of ports"),
        (range(0, 10, 2), "range(0, 10, 2) is not a range of ports"),
        (range(65530, 65540), "65539 is not a number from 0 to 65535"),
        ([80, None], "None is not a number from 0 to 65535"),
        ([(1, 2, 3)], "(1, 2, 3) is not a number from 0 to 65535"),
    ],
)
def test_no_ports(name: str, value: Any, text: str) -> None:
    assert message(name, value) == f"{name}: {text}"


# --------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    ("value", "prefix"),
    [
        ("127.0.0.1", mapped("127.0.0.1", 32)),
        ("0.0.0.0", mapped("0.0.0.0", 32)),
        ("0.0.0.0/0", mapped("0.0.0.0", 0)),
        ("10.0.0.0/8", mapped("10.0.0.0", 8)),
        ("10.1.2.3/8", mapped("10.0.0.0", 8)),
        ("255.255.255.255/31", mapped("255.255.255.254", 31)),
        ("127.0.0.1/32", mapped("127.0.0.1", 32)),
        ("::1", packed("::1", 128)),
        ("[::1]", packed("::1", 128)),
        ("::", packed("::", 128)),
        ("::/0", packed("::", 0)),
        ("2001:db8::17/32", packed("2001:db8::", 32)),
        ("ffff:ffff::/17", packed("ffff:8000::", 17)),
        ("::ffff:127.0.0.1", mapped("127.0.0.1", 32)),
        ("::ffff:10.0.0.0/104", mapped("10.0.0.0", 8)),
        (ipaddress.ip_address("127.0.0.1"), mapped("127.0.0.1", 32)),
        (ipaddress.ip_address("::1"), packed("::1", 128)),
        (ipaddress.ip_network("10.0.0.0/8"), mapped("10.0.0.0", 8)),
        (ipaddress.ip_network("2001:db8::/32"), packed("2001:db8::", 32)),
        (ipaddress.ip_interface("10.1.2.3/8"), mapped("10.0.0.0", 8)),
    ],
)
def test_addresses(name: str, value: Any, prefix: tuple[bytes, int]) -> None:
    assert term(name, value) == {prefix}
    assert term(name, [value, "9.9.9.9"]) == {prefix, mapped("9.9.9.9", 32)}


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "value",
    [
        "", "localhost", "127.1", "127.0.0.256", "127.0.0.01", " 127.0.0.1", "0x7f000001",
        "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/255.0.0.0", "10.0.0.0/8/8", "/8",
        "::1/129", ":::", "12345::", "fe80::1%eth0", "127.0.0.1:80", "[::1]:80", "10.0.0.0/\u0668",
        "127.0.0.1\0", 2130706433, None.__class__,
    ],
)  # fmt: skip
def test_no_addresses(name: str, value: Any) -> None:
    expected = f"{name}: {str(value)!r} is not an address or a network (CIDR)"
    assert message(name, value) == expected


# ------------------------------------------------------------------------------------------ states


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("LISTEN", {10}),
        ("listening", {10}),
        ("estab", {1}),
        ("Established", {1}),
        ("FIN-WAIT-1", {4}),
        ("fin_wait1", {4}),
        ("unconn", {7}),
        ("syn-recv", {3}),
        ("other", OTHERS),
        (State.TIME_WAIT, {6}),
        (1, {1}),
        (255, {255}),
        (0, {0}),
        ([State.LISTEN, "time-wait", 12], {10, 6, 12}),
        (["others", "listen"], OTHERS | {10}),
    ],
)
def test_states(value: Any, numbers: set[int]) -> None:
    assert term("state", value) == numbers


def test_every_state_by_name_and_as_ss_writes_it() -> None:
    for state in State:
        assert term("state", state.name) == term("state", state.ss) == {int(state)}


def test_no_states() -> None:
    known = " ".join(state.name for state in State)
    for value in ("", "LISTENED", "10"):
        expected = f"unknown state {value!r}; states are {known} and other"
        assert message("state", value) == expected
    assert message("state", 256) == "state: 256 is not a number from 0 to 255"
    assert message("state", -1) == "state: -1 is not a number from 0 to 255"
    assert message("state", 1.0) == "state: 1.0 is not a number from 0 to 255"


# ------------------------------------------------------------------------------ family and protocol


@pytest.mark.parametrize(
    ("name", "value", "numbers"),
    [("family", text, {number}) for text, number in FAMILIES.items()]
    + [("protocol", text, {number}) for text, number in PROTOCOLS.items()]
    + [
        ("family", "IPv6", {10}),
        ("family", socket.AF_INET, {2}),
        ("family", 10, {10}),
        ("family", ("ipv4", "ipv6"), {2, 10}),
        ("protocol", "TCP", {6}),
        ("protocol", socket.IPPROTO_UDP, {17}),
        ("protocol", ["tcp", "udp"], {6, 17}),
    ],
)
def test_families_and_protocols(name: str, value: Any, numbers: set[int]) -> None:
    found = term(name, value)
    assert found == numbers
    assert {type(number) for number in found} == {int}


@pytest.mark.parametrize(
    ("name", "known"), [("family", "ipv4, ipv6, unix"), ("protocol", "tcp, udp, unix")]
)
@pytest.mark.parametrize("value", ["", "inet", "sctp", "6", 3, -1, True, False, 1.5, b"tcp"])
def test_no_families_and_protocols(name: str, known: str, value: Any) -> None:
    assert message(name, value) == f"{name}: {value!r} is none of {known}"


# ---------------------------------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("nginx", {b"nginx"}),
        (b"nginx", {b"nginx"}),
        ("a b)\n", {b"a b)\n"}),
        ("caf\u00e9", {"caf\u00e9".encode()}),
        ("\udcff", {b"\xff"}),  # how Python has an argument that is not UTF-8
        (b"\xff\x00", {b"\xff\x00"}),
        (["nginx", b"sshd", "nginx"], {b"nginx", b"sshd"}),
    ],
)
def test_commands(value: Any, names: set[bytes]) -> None:
    assert term("command", value) == names


@pytest.mark.parametrize("value", ["", b"", 7, 1.5, ["nginx", ""]])
def test_no_commands(value: Any) -> None:
    wrong = value[-1] if isinstance(value, list) else value
    assert message("command", value) == f"command: {wrong!r} is not a command's name"
