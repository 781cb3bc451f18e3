"""What ss shows behind a socket: compiled, and in plain Python; of every structure the same."""

from __future__ import annotations

import functools
import importlib.util
import socket
import struct
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from fastsock.attributes import SKMEM, TCP_INFO
from fastsock.compat import ss_attributes, ss_extras, ss_flags
from fastsock.layout import Lines
from fastsock.tcp import TCP, UDP, UNIX, State
from implementations import Implementation, socket_row

if importlib.util.find_spec("fastsock._layout") is None:
    pytest.skip("a build without extensions", allow_module_level=True)

from fastsock import _layout, _layout_py, _ss_text

FIELDS = ("congestion", "tcp_info", "skmem", "attributes")
COMMANDS: tuple[str, ...] = (
    "-ti",
    "-tim",
    "-tiemo",
    "-tinO",
    "-tm",
    "-xe",
    "-xem",
    "-tiO --inet-sockopt",
    "-timeonO",
)
VERSIONS = ("6.1", "6.6", "6.8", "7.1")


@functools.cache
def options_of(command: str, version: str) -> ss_flags.Options:
    return ss_flags.parse_command_line([*command.split(), "--compat-version", version])


def both(rows: list[tuple[Any, ...]], command: str, version: str) -> tuple[list[bytes], ...]:
    """The texts of the compiled layout, and those of the plain one over the plain table."""
    cell = ss_extras.extras_cell(options_of(command, version))
    return tuple(
        module.cell_texts(Implementation(name).rows(*rows, fields=FIELDS), cell, Lines())
        for name, module in (("compiled", _layout), ("pure", _layout_py))
    )


def a_row(
    *,
    info: bytes = b"",
    skmem: bytes = b"",
    congestion: bytes = b"",
    attributes: bytes = b"",
    protocol: int = TCP,
    state: int = 1,
) -> tuple[Any, ...]:
    row = socket_row(protocol=protocol, state=state, family=1 if protocol == UNIX else 2)
    return (*row, congestion, info, skmem, attributes)


def attribute(kind: int, data: bytes) -> bytes:
    length = len(data) + 4
    return struct.pack("=HH", length, kind) + data + bytes(-length % 4)


# Numbers as they are, and those where the text changes.
EDGES: tuple[int, ...] = (
    0,
    1,
    3,
    7,
    255,
    256,
    999,
    1000,
    1001,
    65535,
    99999,
    100000,
    999499,
    999500,
    999999,
)
EDGES += (1000000, 1000005, 1000015, 3000000, 1234565000, 2**31 - 1, 2**31, 2**32 - 1)
WIDE = (*EDGES, 2**32, 124937500, 125000000, 124999999999, 10**17, 2**53 + 1, 2**63, 2**64 - 1)


def numbers(bits: int) -> st.SearchStrategy[int]:
    edges = [n for n in WIDE if n < 2**bits]
    return st.sampled_from(edges) | st.integers(0, 2**bits - 1) | st.integers(0, 2 ** (bits // 2))


def packed(format: str) -> st.SearchStrategy[bytes]:
    bits = {"B": 8, "H": 16, "I": 32, "Q": 64}
    each = (numbers(bits[letter]) for letter in format)
    return st.tuples(*each).map(lambda values: struct.pack(f"={format}", *values))


def cut(texts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Mostly whole, sometimes as short or as long as no kernel makes it."""
    shorter = st.tuples(texts, st.integers(0, 300)).map(lambda one: one[0][: one[1]])
    return texts | shorter | st.tuples(texts, st.binary(max_size=9)).map(b"".join)


INFO = cut(packed("B" * 8 + "".join(m.format for m in TCP_INFO if m.offset >= 8)))
MEMORY = cut(packed("I" * len(SKMEM)))
NUMBER = st.sampled_from([1, 2, 4, 8]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
NESTED = st.lists(st.builds(attribute, st.integers(0, 12), cut(NUMBER)), max_size=9).map(b"".join)
TLS = st.tuples(
    st.builds(attribute, st.just(1), st.sampled_from([b"\x03\x03", b"\x04\x03", b"\1"])),
    st.builds(attribute, st.just(2), st.sampled_from([b"\x33\0", b"\x34\0", b"\1"])),
    NESTED,
).map(b"".join)  # fmt: skip
ULP = st.lists(
    st.builds(attribute, st.just(1), st.binary(max_size=40))
    | st.builds(attribute, st.just(2), cut(TLS) | NESTED)
    | st.builds(attribute, st.just(3), cut(NESTED)),
    max_size=4,
).map(b"".join)
KEYS = st.lists(
    st.builds(
        lambda family, bits, length, rest: struct.pack("=BBH", family, bits, length) + rest,
        st.sampled_from([2, 10, 0]),
        st.integers(0, 255),
        st.integers(0, 90) | st.integers(0, 65535),
        st.binary(min_size=96, max_size=96),
    ),
    max_size=3,
).map(b"".join)
OF_TCP = (
    st.builds(attribute, st.just(ss_attributes.VEGAS), cut(packed("IIII")))
    | st.builds(attribute, st.just(ss_attributes.DCTCP), cut(packed("HHIII")))
    | st.builds(attribute, st.just(ss_attributes.BBR), cut(packed("IIIII")))
    | st.builds(attribute, st.just(ss_attributes.MD5), cut(KEYS))
    | st.builds(attribute, st.just(ss_attributes.ULP | 0x8000), cut(ULP))
    | st.builds(attribute, st.just(ss_attributes.SOCKOPT), cut(packed("BB")))
    | st.builds(attribute, st.integers(0, 0xFFFF), st.binary(max_size=20))
)
OF_UNIX = (
    st.builds(attribute, st.just(ss_attributes.FILE), cut(packed("II")))
    | st.builds(attribute, st.just(ss_attributes.QUEUE), cut(packed("I" * 5)))
    | st.builds(attribute, st.just(ss_attributes.SHUTDOWN), st.binary(max_size=2))
)
ATTRIBUTES = cut(st.lists(OF_TCP, max_size=6).map(b"".join))
ROWS = st.builds(
    a_row,
    info=INFO,
    skmem=MEMORY,
    congestion=st.sampled_from([b"", b"cubic", b"a\xffb"]) | st.binary(max_size=20),
    attributes=ATTRIBUTES,
    protocol=st.sampled_from([TCP, TCP, UDP]),
    state=st.integers(0, 12),
) | st.builds(
    a_row,
    skmem=MEMORY,
    attributes=cut(st.lists(OF_UNIX | OF_TCP, max_size=4).map(b"".join)),
    protocol=st.just(UNIX),
)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=4),
    command=st.sampled_from(COMMANDS),
    version=st.sampled_from(VERSIONS),
)
def test_both_make_the_same_text(rows: list[Any], command: str, version: str) -> None:
    compiled, plain = both(rows, command, version)
    assert compiled == plain


@pytest.mark.parametrize("command", COMMANDS)
def test_structures_of_every_length(command: str) -> None:
    """Each may end at any byte, and be longer than those of today."""
    raw = bytes(n * 7 % 251 for n in range(400))
    keys = attribute(ss_attributes.MD5, raw[:200]) + attribute(ss_attributes.SOCKOPT, b"\xff\xff")
    for version in VERSIONS:
        rows = [
            a_row(
                info=raw[:n], skmem=raw[:n], congestion=raw[:n], attributes=keys[:n], state=n % 12
            )
            for n in range(300)
        ]
        compiled, plain = both(rows, command, version)
        assert compiled == plain


def info_of(**given: int) -> bytes:
    """A struct tcp_info with these members, the others 0."""
    raw = bytearray(280)
    for member in TCP_INFO:
        if member.name in given:
            struct.pack_into(f"={member.format}", raw, member.offset, given[member.name])
    return bytes(raw)


def rates(**given: int) -> tuple[list[bytes], list[bytes]]:
    made: list[list[bytes]] = [[], []]
    for command in ("-ti", "-tin"):
        for texts, found in zip(
            made, both([a_row(info=info_of(**given))], command, "7.1"), strict=True
        ):
            texts += found
    return made[0], made[1]


@settings(max_examples=300, deadline=None)
@given(rate=numbers(64), most=numbers(64), delivery=numbers(64))
@example(rate=124937500, most=124999999, delivery=125000)
@example(rate=2**64 - 2, most=1, delivery=2**64 - 1)
def test_rates_are_rounded_as_before(rate: int, most: int, delivery: int) -> None:
    compiled, plain = rates(pacing_rate=rate, max_pacing_rate=most, delivery_rate=delivery)
    assert compiled == plain


@settings(max_examples=300, deadline=None)
@given(window=numbers(32), segment=numbers(32), rtt=numbers(32), variance=numbers(32))
@example(window=1, segment=1, rtt=2**32 - 1, variance=1)
@example(window=2**32 - 1, segment=2**32 - 1, rtt=1, variance=1000005)
def test_times_are_rounded_as_before(window: int, segment: int, rtt: int, variance: int) -> None:
    compiled, plain = rates(snd_cwnd=window, snd_mss=segment, rtt=rtt, rttvar=variance)
    assert compiled == plain


@settings(max_examples=200, deadline=None)
@given(busy=numbers(64), window=numbers(64), buffer=numbers(64))
@example(busy=2**64 - 1, window=1, buffer=2**64 - 1)
@example(busy=1, window=2**64 - 1, buffer=2**63)
def test_shares_are_rounded_as_before(busy: int, window: int, buffer: int) -> None:
    compiled, plain = rates(busy_time=busy, rwnd_limited=window, sndbuf_limited=buffer)
    assert compiled == plain


@settings(max_examples=200, deadline=None)
@given(numbers=packed("IIIII"))
def test_gains_are_rounded_as_before(numbers: bytes) -> None:
    row = a_row(info=info_of(), attributes=attribute(ss_attributes.BBR, numbers))
    compiled, plain = both([row], "-ti", "7.1")
    assert compiled == plain


def test_the_text() -> None:
    info = info_of(
        options=7, snd_wscale=0x87, rto=204000, rtt=30, rttvar=15, ato=40000, snd_mss=32768,
        snd_cwnd=10, snd_ssthresh=20, bytes_sent=5, pacing_rate=21845333333, reordering=3,
        delivery_rate=15603809, busy_time=4000, rwnd_limited=1000, min_rtt=1234567,
    )  # fmt: skip
    row = a_row(info=info, congestion=b"cubic", skmem=struct.pack("=9I", *range(9)))
    compiled, plain = both([row], "-timo", "7.1")
    assert compiled == plain == [
        b"\n\t skmem:(r0,rb1,t2,tb3,f4,w5,o6,bl7,d8) ts sack cubic wscale:7,8 rto:204 "
        b"rtt:0.03/0.015 ato:40 mss:32768 cwnd:10 ssthresh:20 bytes_sent:5 send 87.4Gbps "
        b"pacing_rate 175Gbps delivery_rate 125Mbps busy:4ms rwnd_limited:1ms(25.0%) "
        b"minrtt:1234.57"
    ]  # fmt: skip


def test_attributes_of_any_size() -> None:
    """What has no limit of its own: a name, keys, and a queue of a listener."""
    raw = bytes(n % 256 for n in range(60000))
    found = attribute(1, b"\xff" * 30000)
    rows = [
        a_row(attributes=attribute(ss_attributes.ULP, found), info=info_of()),
        a_row(attributes=attribute(ss_attributes.MD5, raw), info=info_of()),
        a_row(attributes=attribute(ss_attributes.QUEUE, raw), protocol=UNIX),
    ]
    for command in ("-tie", "-xe"):
        compiled, plain = both(rows * 3, command, "7.1")
        assert compiled == plain


def test_of_live_sockets() -> None:
    """Real structures: of a listener and of both ends of a connection, before and after data."""
    pytest.importorskip("fastsock.engines._netlink")
    import fastsock

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with (
            socket.create_connection(("127.0.0.1", port)) as client,
            listener.accept()[0] as served,
        ):
            client.sendall(bytes(100000))
            served.recv(65536)
            table = fastsock.scan(f"port {port}", fields=FIELDS)
            rows = [
                a_row(info=info, skmem=skmem, congestion=name, attributes=attributes, state=state)
                for info, skmem, name, attributes, state in zip(
                    *(table.column(name) for name in ("tcp_info", "skmem", "congestion")),
                    table.column("attributes"),
                    table.column("state"),
                    strict=True,
                )
            ]
    assert {row[2] for row in rows} == {State.ESTABLISHED, State.LISTEN}
    for command in COMMANDS:
        compiled, plain = both(rows, command, "7.1")
        assert compiled == plain
    assert all(b" cwnd:" in text for text in both(rows, "-ti", "7.1")[0])


def test_columns_that_were_not_asked_for() -> None:
    for fields in ((), ("skmem",), ("attributes",)):
        values = {"skmem": bytes(36), "attributes": attribute(ss_attributes.BBR, bytes(20))}
        row = (*socket_row(), *(values[name] for name in fields))
        for command in COMMANDS:
            cell = ss_extras.extras_cell(options_of(command, "7.1"))
            compiled, plain = (
                module.cell_texts(Implementation(name).rows(row, fields=fields), cell, Lines())
                for name, module in (("compiled", _layout), ("pure", _layout_py))
            )
            assert compiled == plain


def test_every_option_has_its_bit() -> None:
    cell = ss_extras.extras_cell(options_of("-timenoO --inet-sockopt", "7.1"))
    assert sorted(cell.shows) == sorted(_ss_text.SHOWS)
    cell.shows = ["unheard_of"]
    with pytest.raises(KeyError, match="unheard_of"):
        _layout.cell_texts(Implementation("compiled").rows(socket_row()), cell, Lines())
