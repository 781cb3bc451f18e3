"""What the kernel is asked: messages and byte code, held against the kernel's rules."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from fastsock.engines.diag_request import (
    ALL_STATES,
    SOCK_DIAG_BY_FAMILY,
    TCPDIAG_GETSOCK,
    build_lookup,
    build_program,
    plan_requests,
)
from fastsock.filter import Filter, build_filter

patient = settings(deadline=None)  # the machine may be busy with other things
V4 = bytes(10) + b"\xff\xff"
IPV4, IPV6 = 2, 10


class Ends(NamedTuple):
    family: int
    local: tuple[bytes, int]
    remote: tuple[bytes, int]


def audit(program: bytes) -> None:
    """Check what net/ipv4/inet_diag.c, inet_diag_bc_audit, refuses with EINVAL."""
    starts = []
    at = 0
    while at < len(program):
        starts.append(at)
        at += program[at + 1]
    assert at == len(program)
    for at in starts:
        code, yes, no = struct.unpack_from("=BBH", program, at)
        least = {1: 4, 2: 8, 3: 8, 4: 8, 5: 8}.get(code)
        if least is None:
            family, bits = struct.unpack_from("=BB", program, at + 4)
            width = {0: 0, IPV4: 4, IPV6: 16}[family]
            assert bits <= 8 * width
            least = 12 + width
        left = len(program) - at
        assert yes == least
        assert no % 4 == 0
        assert least <= no <= left + 4 or code == 1
        assert no >= left or at + no in starts, "no instruction begins there"


def run(program: bytes, ends: Ends) -> bool:
    """Do what inet_diag_bc_run does."""
    at = 0
    while at < len(program):
        code, yes, no = struct.unpack_from("=BBH", program, at)
        holds = False
        if code in (2, 3, 4, 5):
            port = struct.unpack_from("=H", program, at + 6)[0]
            ours = (ends.local if code < 4 else ends.remote)[1]
            holds = ours >= port if code in (2, 4) else ours <= port
        elif code in (7, 8):
            family, bits, port = struct.unpack_from("=BBxxi", program, at + 4)
            address, ours = ends.local if code == 7 else ends.remote
            holds = port in (-1, ours)
            wanted = program[at + 12 : at + yes]
            mapped = address.startswith(V4)
            if family == IPV4:
                holds = holds and mapped and same_bits(address[12:], wanted, bits)
            elif family == IPV6:
                holds = holds and ends.family == IPV6 and same_bits(address, wanted, bits)
        at += yes if holds else no
    return at == len(program)


def same_bits(a: bytes, b: bytes, bits: int) -> bool:
    shift = 8 * len(a) - bits
    return int.from_bytes(a, "big") >> shift == int.from_bytes(b, "big") >> shift


def wanted(want: Filter, ends: Ends) -> bool:
    def port(name: str, value: int) -> bool:
        return any(low <= value <= high for low, high in want.terms[name])

    def address(name: str, value: bytes) -> bool:
        return any(same_bits(value, one, bits) for one, bits in want.terms[name])

    tests = {
        "local_port": lambda n: port(n, ends.local[1]),
        "remote_port": lambda n: port(n, ends.remote[1]),
        "port": lambda n: port(n, ends.local[1]) or port(n, ends.remote[1]),
        "local_address": lambda n: address(n, ends.local[0]),
        "remote_address": lambda n: address(n, ends.remote[0]),
        "address": lambda n: address(n, ends.local[0]) or address(n, ends.remote[0]),
    }
    return all(tests[name](name) for name in want.terms)


few_ports = st.integers(0, 4)
ranges = st.tuples(few_ports, few_ports).map(lambda pair: (min(pair), max(pair)))
v4_addresses = st.integers(0, 3).map(lambda last: V4 + bytes([10, 0, 0, last]))
v6_addresses = st.integers(0, 3).map(lambda last: b"\x20\x01" + bytes(13) + bytes([last]))
prefixes = st.one_of(
    st.tuples(v4_addresses, st.integers(96, 128)),
    st.tuples(v6_addresses, st.integers(0, 128)),
)
filters = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.frozensets(ranges, min_size=1, max_size=3)
           for name in ("port", "local_port", "remote_port")},
        **{name: st.frozensets(prefixes, min_size=1, max_size=3)
           for name in ("address", "local_address", "remote_address")},
    },
).map(Filter)  # fmt: skip
sockets = st.one_of(
    st.builds(Ends, st.just(IPV4), st.tuples(v4_addresses, few_ports),
              st.tuples(v4_addresses, few_ports)),
    st.builds(Ends, st.just(IPV6), st.tuples(v6_addresses, few_ports),
              st.tuples(v6_addresses | v4_addresses, few_ports)),
)  # fmt: skip


@patient
@given(filters, st.lists(sockets, max_size=20))
def test_a_program_passes_what_is_wanted(want: Filter, met: list[Ends]) -> None:
    program = build_program(want)
    audit(program)
    for ends in met:
        if wanted(want, ends):
            assert run(program, ends)


@patient
@given(filters.filter(lambda f: not any("address" in name for name in f.terms)), sockets)
def test_a_program_passes_no_other_ports(want: Filter, ends: Ends) -> None:
    single = {
        name: values for name, values in want.terms.items()
        if name == "port" or len(values) > 1 or len({*next(iter(values))}) > 1
        or next(iter(values)) == (0, 0)
    }  # fmt: skip
    # What the header says is not in the program.
    assert run(build_program(want), ends) == wanted(Filter(single), ends)


def unpack(message: bytes) -> dict[str, Any]:
    length, kind, flags, _, _ = struct.unpack_from("=IHHII", message)
    assert length == len(message)
    found: dict[str, Any] = {"kind": kind, "dump": bool(flags & 0x300)}
    if kind == TCPDIAG_GETSOCK:
        found["extensions"], at = message[19], 20
        found["states"] = struct.unpack_from("=I", message, 68)[0]
        end = 76
    else:
        found["family"], found["protocol"], found["extensions"] = message[16:19]
        found["states"], at = struct.unpack_from("=I", message, 20)[0], 24
        end = 72
    found["ports"] = struct.unpack_from("!HH", message, at)
    found["program"] = message[end + 4 :] if len(message) > end else b""
    return found


def test_tcp_of_both_families_is_one_request() -> None:
    (request,) = plan_requests(build_filter(protocol="tcp"))
    assert unpack(request.message) == {
        "kind": TCPDIAG_GETSOCK,
        "dump": True,
        "extensions": 0,
        "states": ALL_STATES,
        "ports": (0, 0),
        "program": b"",
    }


def test_one_family_and_udp_are_asked_for_by_family() -> None:
    (tcp,) = plan_requests(build_filter(protocol="tcp", family="ipv6"))
    assert (tcp.protocol, tcp.family) == (6, IPV6)
    found = unpack(tcp.message)
    assert (found["kind"], found["family"], found["protocol"]) == (SOCK_DIAG_BY_FAMILY, IPV6, 6)
    udp = plan_requests(build_filter(protocol="udp"))
    assert [(one.protocol, one.family) for one in udp] == [(17, IPV4), (17, IPV6)]


def test_states_are_a_mask() -> None:
    (request,) = plan_requests(build_filter(protocol="tcp", state=["listen", "close-wait"]))
    assert unpack(request.message)["states"] == 1 << 10 | 1 << 8


@pytest.mark.parametrize("selection", [{"state": 200}, {"state": 0}, {"family": "unix"}])
def test_what_cannot_be_is_not_asked_for(selection: dict[str, Any]) -> None:
    assert plan_requests(build_filter(protocol="tcp", **selection)) == []


def test_single_ports_are_in_the_header() -> None:
    (request,) = plan_requests(
        build_filter(protocol="tcp", local_port=80, remote_port=[(443, 443)])
    )
    found = unpack(request.message)
    assert found["ports"] == (80, 443)
    assert found["program"] == b""


def test_other_ports_are_a_program() -> None:
    (request,) = plan_requests(build_filter(protocol="tcp", port="80,8000-8080"))
    found = unpack(request.message)
    assert found["ports"] == (0, 0)
    assert found["program"] == build_program(build_filter(port="80,8000-8080"))


def test_too_many_alternatives_are_left_open() -> None:
    assert build_program(build_filter(port=range(1, 1000, 1))) != b""  # one range
    assert build_program(build_filter(port=[2 * n for n in range(300)])) == b""


def test_a_lookup_is_no_dump() -> None:
    request = build_lookup(IPV4, (V4 + b"\x7f\0\0\1", 80), (V4 + b"\x7f\0\0\2", 4000))
    found = unpack(request.message)
    assert not found["dump"]
    assert found["ports"] == (80, 4000)
    assert request.message[28:32] == b"\x7f\0\0\1"
    assert request.message[44:48] == b"\x7f\0\0\2"
    assert request.message[64:72] == b"\xff" * 8


def test_bound_sockets_are_asked_for_by_their_name_alone() -> None:
    def states(**question: object) -> list[int]:
        requests = plan_requests(build_filter(protocol="tcp", **question))
        return [unpack(request.message)["states"] for request in requests]

    assert states(state=[7, 13]) == [1 << 13]
    assert states(state=[7]) == []
    assert states(state=[7, 10]) == [1 << 10]
    assert states(state="other") == [ALL_STATES & ~(1 << 1) & ~(1 << 10) & ~(1 << 7)]
    assert states() == [ALL_STATES]
