"""What is inside raw attributes: the table of members against this kernel and its header."""

from __future__ import annotations

import re
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from fastsock import attributes
from fastsock.attributes import ABSENT, MEMBERS, SKMEM, TCP_INFO, find_member, parse_member
from fastsock.columns import OPTIONAL_COLUMNS
from fastsock.tcp import State

HEADER = Path("/usr/include/linux/tcp.h")
WIDTHS = {"8": "B", "16": "H", "32": "I", "64": "Q"}


def header_members(text: str) -> list[tuple[str, int, str, int, int]]:
    """(name, offset, format, shift, bits) of struct tcp_info, laid out as a C compiler does."""
    body = text.partition("struct tcp_info {")[2].partition("\n};")[0]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    found, offset = [], 0
    for width, names in re.findall(r"__u(\d+)\s+([^;]+);", body):
        size = int(width) // 8
        offset += -offset % size
        shift = 0
        for name in names.split(","):
            member, _, bits = name.partition(":")
            found.append(
                (member.strip().removeprefix("tcpi_"), offset, WIDTHS[width], shift, int(bits or 0))
            )
            shift += int(bits or 0)
        offset += size
    return found


def test_tcp_info_is_as_the_header_says() -> None:
    if not HEADER.exists():
        pytest.skip("no header of the kernel here")
    # Headers of another version end earlier or later; what both have is alike.
    expected = header_members(HEADER.read_text())
    ours = [(m.name, m.offset, m.format, m.shift, m.bits) for m in TCP_INFO]
    assert len(expected) > 40
    assert ours[: len(expected)] == expected[: len(ours)]


@pytest.mark.parametrize("members", [TCP_INFO, SKMEM], ids=["tcp_info", "skmem"])
def test_members_lie_one_behind_the_other(members: tuple[attributes.Member, ...]) -> None:
    end = 0
    for member in members:
        assert member.size == struct.calcsize(f"={member.format}")
        if member.bits and member.shift:
            assert member.offset == end - member.size
        else:
            assert member.offset == end + -end % member.size
        end = member.offset + member.size
    assert len({member.name for member in members}) == len(members)


@pytest.fixture
def connected() -> Any:
    """Both ends of a connection over which some data went."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()) as client:
            server, _ = listener.accept()
            with server:
                for _ in range(3):
                    client.sendall(b"x" * 1000)
                    assert len(server.recv(1000, socket.MSG_WAITALL)) == 1000
                server.sendall(b"y" * 500)
                assert len(client.recv(500, socket.MSG_WAITALL)) == 500
                yield listener, client, server


def members_of(sock: socket.socket) -> dict[str, int]:
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 512)
    found: dict[str, int] = attributes.show_value("tcp_info", raw)
    return found


def test_tcp_info_of_a_live_connection(connected: Any) -> None:
    listener, client, server = connected
    found = members_of(client)
    assert found["state"] == State.ESTABLISHED
    assert members_of(listener)["state"] == State.LISTEN
    assert found["snd_mss"] == client.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
    assert 0 < found["rtt"] < 1_000_000
    assert 0 < found["min_rtt"] <= 1_000_000
    assert found["rto"] >= 1000
    assert 1 <= found["snd_cwnd"] < 10_000
    assert 536 <= found["advmss"] <= found["pmtu"] <= 65536
    assert 0 <= found["snd_wscale"] <= 14 and 0 <= found["rcv_wscale"] <= 14
    assert found["ca_state"] == found["total_retrans"] == found["lost"] == 0
    # The SYN counts among the bytes that are acknowledged, from some kernels on.
    assert found["bytes_acked"] in (3000, 3001)
    assert found["bytes_received"] == 500
    assert (found["data_segs_in"], found["data_segs_out"]) == (1, 3)
    assert found["segs_out"] >= 4
    there = members_of(server)
    assert there["bytes_received"] == 3000
    assert there["rcv_wscale"] == found["snd_wscale"]
    if "bytes_sent" in found:
        assert (found["bytes_sent"], there["bytes_sent"]) == (3000, 500)
        assert found["bytes_retrans"] == 0
    if "snd_wnd" in found:
        assert found["snd_wnd"] >= 1000


def test_a_limit_of_the_pacing_rate(connected: Any) -> None:
    _, client, _ = connected
    assert "max_pacing_rate" not in members_of(client)
    so_max_pacing_rate = 47
    client.setsockopt(socket.SOL_SOCKET, so_max_pacing_rate, 1_000_000)
    assert members_of(client)["max_pacing_rate"] == 1_000_000


def test_skmem_of_a_live_socket() -> None:
    so_meminfo = 55
    sock, other = socket.socketpair()
    with sock, other:
        try:
            raw = sock.getsockopt(socket.SOL_SOCKET, so_meminfo, 64)
        except OSError:
            pytest.skip("this kernel has no SO_MEMINFO")
        found = attributes.show_value("skmem", raw)
        assert list(found) == list(MEMBERS["skmem"])
        assert found["sndbuf"] == sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert found["rcvbuf"] == sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert found["drops"] == 0


@pytest.mark.parametrize("column", MEMBERS)
def test_a_shorter_structure_has_less(column: str) -> None:
    for member in MEMBERS[column].values():
        end = member.offset + member.size
        raw = bytes(n % 127 for n in range(300))
        whole = parse_member(raw, member)
        assert whole != ABSENT
        assert parse_member(raw[:end], member) == whole
        assert parse_member(raw[: end - 1], member) == ABSENT
        assert parse_member(b"", member) == ABSENT


def test_no_limit_is_absent() -> None:
    _, rate = find_member("tcp_info.max_pacing_rate") or pytest.fail("no such member")
    for number, shown in ((2**64 - 1, ABSENT), (2**63 - 1, 2**63 - 1), (0, 0)):
        assert parse_member(bytes(rate.offset) + struct.pack("=Q", number), rate) == shown


def test_names() -> None:
    for column, members in MEMBERS.items():
        for name, member in members.items():
            assert find_member(f"{column}.{name}") == (column, member)
            assert attributes.parse_field(f"{column}.{name}") == column
    for other in ("rtt", "tcp_info", "tcp_info.", "tcp_info.mood", "rto", ".rtt", "", "path.rtt"):
        assert find_member(other) is None
    assert attributes.parse_fields(["skmem.drops", "rto", "tcp_info.rtt", "skmem", "rto"]) == (
        ("skmem.drops", "rto", "tcp_info.rtt", "skmem"),
        frozenset(("skmem", "rto", "tcp_info")),
    )


@pytest.mark.parametrize("name", ["mood", "inode", "", "path.name", "rtt", "tcp_info."])
def test_an_unknown_name_is_answered_with_what_there_is(name: str) -> None:
    expected = MEMBERS["tcp_info"] if name.startswith("tcp_info") else OPTIONAL_COLUMNS
    with pytest.raises(ValueError) as caught:
        attributes.parse_fields(["rto", name])
    text = str(caught.value)
    assert text.startswith(f"unknown field {name!r}; ")
    for known in expected:
        assert (known if isinstance(known, str) else known.name) in text
    if name.startswith("tcp_info"):
        assert "inside tcp_info there are state, ca_state, " in text


def test_values_as_json_has_them() -> None:
    for column, raw, shown in (
        ("path", b"/run/\xffx", "/run/\\xffx"),
        ("path", b"\0bus\n", "@bus\\x0a"),
        ("path", b"\0", "@"),
        ("path", b"", None),
        ("congestion", b"cubic", "cubic"),
        ("congestion", b"\0", "\\x00"),
        ("congestion", b"", None),
        ("tcp_info", b"\1\0\2", {"state": 1, "ca_state": 0, "retransmits": 2}),
        ("tcp_info", b"", None),
        ("skmem", b"123", {}),
        ("type", 5, "seqpacket"),
        ("type", 3, "type-3"),
        ("type", 0, None),
        ("peer", 0, None),
        ("interface", 0, 0),
        ("rto", 0, 0),
    ):
        assert attributes.show_value(column, raw) == shown
