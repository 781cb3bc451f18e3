"""Answers recorded from this kernel, changed in every place, cut everywhere and heard again.

Whatever comes, a dump ends: with the rows that sockdiag.understand() reads from the same bytes and
the same errno. Messages lie at the end of the buffer, so that under the address sanitizer a read
beyond them is seen.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fastsock.engines.diag_request import plan_requests
from fastsock.filter import ALL, build_filter
from fastsock.table import SocketTable
from sockdiag import (
    DONE,
    END,
    ERROR,
    FOUND_FIELDS,
    HEADER,
    INET_BYTES,
    MOST_BYTES,
    NOOP,
    SOCKET,
    TCP,
    UDP,
    UNIX,
    UNIX_BYTES,
    Answers,
    Found,
    decode,
    message,
    renumber,
    split,
    understand,
)

compiled = pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")
Matcher = pytest.importorskip("fastsock._match").Matcher

PROTOCOLS = {"tcp": TCP, "udp": UDP, "unix": UNIX}
RETRIED = (errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ENOBUFS, errno.ENOMEM)
WANTED = {
    TCP: ("congestion", "tcp_info", "skmem"),
    UDP: ("skmem",),
    UNIX: ("type", "peer", "path"),
}
VALUES = (0x00, 0x01, 0x03, 0x04, 0x10, 0x7F, 0x80, 0xFF)


# ---------------------------------------------------------------------------------------- recording


def open_sockets(folder: str) -> Iterator[socket.socket]:
    """Sockets with all that an answer can have: addresses, attributes, paths, names, peers."""
    server = socket.create_server(("127.0.0.1", 0))
    yield server
    yield socket.create_connection(server.getsockname())
    yield server.accept()[0]
    with contextlib.suppress(OSError):  # a kernel without IPv6
        yield socket.create_server(("::1", 0), family=socket.AF_INET6)
    for connected in (False, True):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        if connected:
            udp.connect(("127.0.0.1", 9))
        yield udp
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/socket")
    listener.listen(3)
    yield listener
    client = socket.socket(socket.AF_UNIX)
    client.connect(f"{folder}/socket")
    yield client
    yield listener.accept()[0]
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    abstract.bind("")
    yield abstract
    yield from socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def ask_kernel(protocol: str) -> Iterator[bytes]:
    """The messages of this kernel's answers, without their ends."""
    want = build_filter(protocol=protocol)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as kernel:
        kernel.settimeout(30)
        for request in plan_requests(want, ("tcp_info", "congestion", "skmem")):
            kernel.send(request.message)
            while True:
                messages = list(split(kernel.recv(MOST_BYTES)))
                for one in messages:
                    kind = HEADER.unpack_from(one)[1]
                    assert kind != ERROR
                    if kind != END:
                        yield one
                if kind == END:
                    break


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[bytes]]:
    """Protocol → what the kernel says of each of a few sockets."""
    folder = str(tmp_path_factory.mktemp("fuzz"))
    found: dict[int, list[bytes]] = {}
    with contextlib.ExitStack() as held:
        inodes = {os.fstat(held.enter_context(one).fileno()).st_ino for one in open_sockets(folder)}
        for name, protocol in PROTOCOLS.items():
            for one in ask_kernel(name):
                body = decode(one[HEADER.size :], protocol)
                assert body is not None
                if body.inode in inodes:
                    found.setdefault(protocol, []).append(renumber(one, 1))
    if set(found) != set(PROTOCOLS.values()):
        pytest.skip("this kernel does not answer for each protocol")
    return found


# ------------------------------------------------------------------------------------------ hearing


def at_the_end(datagram: bytes) -> bytes:
    """The same, moved to the end of the buffer by a message that says nothing."""
    room = (MOST_BYTES - len(datagram)) // 4 * 4
    return message(NOOP, bytes(room - HEADER.size)) + datagram if room >= HEADER.size else datagram


def table_rows(table: SocketTable) -> list[Found]:
    absent = {"congestion": b"", "tcp_info": b"", "skmem": b"", "path": b"", "type": 0, "peer": 0}
    names = [name for name in Found._fields if name not in absent or name in table.fields]
    columns = [table.column(name).tolist() for name in names]
    return [Found(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def without_blobs(found: Iterable[Found], fields: Sequence[str], protocol: int) -> list[Found]:
    """What a table without some columns shows of them; a UNIX socket has no port."""
    missing = {name: Found._field_defaults[name] for name in FOUND_FIELDS if name not in fields}
    missing.pop("local_port", None)
    return [one._replace(**missing) for one in found]


def check(datagrams: list[bytes], protocol: int) -> str:
    """Hear it as rows and as numbers; return how it ended."""
    expected, number = understand(datagrams, protocol)
    if number in RETRIED:  # it is asked again, and there is no more
        number = errno.EBADMSG
    fields = WANTED[protocol]
    source = (None, HEADER.pack(HEADER.size, SOCKET, 1, 0, 0), protocol, 0)
    placed = [at_the_end(one) if one else one for one in datagrams]
    outcomes = []
    with Answers(placed, [], patience=0) as kernel:
        dump = compiled.Dump([source], Matcher(ALL), connect=kernel)
        table = SocketTable(fields)
        try:
            dump.fill(table)
            outcomes.append(0)
        except OSError as error:
            assert error.filename == "NETLINK_SOCK_DIAG"
            outcomes.append(error.errno or -1)
    with Answers(placed, []) as kernel:
        dump = compiled.Dump([source], Matcher(ALL), connect=kernel)
        try:
            counts = dump.count()
            outcomes.append(0)
        except OSError as error:
            outcomes.append(error.errno or -1)
    assert outcomes[0] == number
    assert table_rows(table) == without_blobs(expected, fields, protocol)
    # Numbers need no attribute of TCP and UDP: one that lies is not read.
    if outcomes[1] == 0:
        states = Counter(one.state for one in expected)
        assert number or {n: count for n, count in enumerate(counts) if count} == states
    else:
        assert outcomes[1] == number
    return "whole" if not number else os.strerror(number)


each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)


@each_protocol
def test_what_was_recorded_is_heard(recorded: dict[int, list[bytes]], protocol: int) -> None:
    messages = recorded[protocol]
    assert check([b"".join(messages) + DONE], protocol) == "whole"
    assert check([messages[0], b"".join(messages), DONE], protocol) == "whole"
    bodies = [decode(one[HEADER.size :], protocol) for one in messages]
    found = [one for one in bodies if one is not None]
    if protocol == TCP:
        assert any(one.congestion and one.tcp_info and one.skmem for one in found)
    if protocol == UNIX:
        assert any(one.path and one.peer for one in found)
        assert any(one.path.startswith(b"\0") for one in found)


def fixed_places(whole: bytes, protocol: int) -> list[int]:
    """Where a byte decides how the rest is read: the header, the body, the heads of attributes."""
    fixed = HEADER.size + (UNIX_BYTES if protocol == UNIX else INET_BYTES)
    places = list(range(fixed))
    at = fixed
    while at + 4 <= len(whole):
        places += range(at, at + 4)
        at += struct.unpack_from("=H", whole, at)[0] + 3 & ~3
    return places


@each_protocol
def test_every_byte_that_decides(recorded: dict[int, list[bytes]], protocol: int) -> None:
    outcomes: Counter[str] = Counter()
    first, *_, last = sorted(recorded[protocol], key=len)
    for whole in (first, last):
        for at in fixed_places(whole, protocol):
            for value in {*VALUES, whole[at] ^ 0x04, whole[at] ^ 0x80}:
                data = bytearray(whole)
                data[at] = value
                outcomes[check([bytes(data) + first + DONE], protocol)] += 1
    assert outcomes["whole"]
    assert outcomes["Bad message"]


@each_protocol
def test_every_byte_of_an_end(recorded: dict[int, list[bytes]], protocol: int) -> None:
    outcomes: Counter[str] = Counter()
    first = recorded[protocol][0]
    for at in range(len(DONE)):
        for value in range(256):
            data = bytearray(DONE)
            data[at] = value
            outcomes[check([first + bytes(data)], protocol)] += 1
    assert outcomes.keys() >= {"whole", "Bad message"}


@each_protocol
def test_every_cut(recorded: dict[int, list[bytes]], protocol: int) -> None:
    first, *_, last = sorted(recorded[protocol], key=len)
    whole = first + last + DONE
    for size in range(len(whole)):
        assert check([whole[:size]], protocol) == "Bad message"
        assert check([whole[:size], last + DONE], protocol) in ("Bad message", "whole")
        assert check([first, whole[size:]], protocol) is not None
    # One message that is shorter than it was, and says so.
    for size in range(HEADER.size, len(last)):
        data = struct.pack("=I", size) + last[4:size] + bytes(-size % 4)
        check([first + data + DONE], protocol)


@each_protocol
@settings(
    deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_anything_else(
    recorded: dict[int, list[bytes]], protocol: int, data: st.DataObject
) -> None:
    messages = [*recorded[protocol], DONE, message(NOOP, b"abc\0")]
    datagrams = [
        bytearray(b"".join(chosen))
        for chosen in data.draw(
            st.lists(st.lists(st.sampled_from(messages), min_size=1, max_size=40), max_size=3)
        )
    ]
    for one in datagrams:
        for _ in range(data.draw(st.integers(0, 6))):
            at = data.draw(st.integers(0, max(0, len(one) - 1)))
            change = data.draw(st.sampled_from(["set", "set", "insert", "delete", "word"]))
            if change == "set" and one:
                one[at] = data.draw(st.integers(0, 255))
            elif change == "insert":
                one[at:at] = data.draw(st.binary(max_size=20))
            elif change == "delete":
                del one[at : at + data.draw(st.integers(1, 100))]
            elif change == "word":
                at = at // 4 * 4
                one[at : at + 4] = struct.pack("=I", data.draw(st.integers(0, 2**32 - 1)))
    check([bytes(one) for one in datagrams], protocol)


@each_protocol
@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(datagrams=st.lists(st.binary(max_size=200), max_size=3))
def test_bytes_of_no_kernel(
    recorded: dict[int, list[bytes]], protocol: int, datagrams: list[bytes]
) -> None:
    assert check(datagrams, protocol) == "Bad message" or datagrams
