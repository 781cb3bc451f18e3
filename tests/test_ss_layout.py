"""The layouts of ss by release: what its newer ones print, of which none is installed here.

The rules are those of misc/ss.c in iproute2 7.1; the older layout is held against the real one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsock.compat.ss import name_command, read_ephemeral
from proctree import CLOSE, ESTABLISHED, LISTEN, ProcTree, tcp_line, udp_line
from ss_oracle import run_ours


@pytest.fixture
def tree(tmp_path: Path) -> ProcTree:
    made = ProcTree(tmp_path / "proc")
    end, other = ("127.0.0.1", 5000), ("10.20.30.40", 41872)
    made.table(
        "tcp",
        tcp_line(end, state=LISTEN, inode=7, rx_queue=2),
        tcp_line(end, other, ESTABLISHED, inode=8, timer=2, when=400, timeout=1, uid=1000),
    )
    made.table("tcp6", tcp_line(("::", 80), state=LISTEN, inode=9))
    made.table("udp", udp_line(("127.0.0.1", 53), None, CLOSE, inode=10))
    made.process(12, b"nginx").socket(6, 7).socket(7, 8)
    made.process(13, b"ng\x1b[31m").socket(6, 7)
    return made


def show(tree: ProcTree, line: str, version: str = "7.1", **environment: str) -> list[str]:
    found = run_ours(line.split(), version, {"PROC_ROOT": str(tree), **environment})
    assert (found.complaints, found.code) == ("", 0)
    return found.text.splitlines()


def test_since_7_0_nothing_stands_behind_the_last_column(tree: ProcTree) -> None:
    assert show(tree, "-tan") == [
        "State  Recv-Q Send-Q Local Address:Port Peer Address:Port",
        "LISTEN 2      0          127.0.0.1:5000      0.0.0.0:*",
        "ESTAB  0      0          127.0.0.1:5000  10.20.30.40:41872",
        "LISTEN 0      0                  *:80              *:*",
    ]


def test_owners_are_a_column_that_is_asked_for(tree: ProcTree) -> None:
    assert show(tree, "-tanp") == [
        "State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
        "LISTEN 2      0          127.0.0.1:5000      0.0.0.0:*     "
        'users:(("ng?[31m",pid=13,fd=6),("nginx",pid=12,fd=6))',
        'ESTAB  0      0          127.0.0.1:5000  10.20.30.40:41872 users:(("nginx",pid=12,fd=7))',
        "LISTEN 0      0                  *:80              *:*    ",
    ]


def test_what_stands_behind_owners_is_as_wide_as_the_longest(tree: ProcTree) -> None:
    assert show(tree, "-tanpo -4") == [
        "State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
        "LISTEN 2      0          127.0.0.1:5000      0.0.0.0:*     "
        'users:(("ng?[31m",pid=13,fd=6),("nginx",pid=12,fd=6))',
        "ESTAB  0      0          127.0.0.1:5000  10.20.30.40:41872 "
        'users:(("nginx",pid=12,fd=7)) timer:(keepalive,4sec,1)',
    ]
    assert show(tree, "-tano")[1] == "LISTEN 2      0          127.0.0.1:5000      0.0.0.0:*" + (
        " " * len(" timer:(keepalive,4sec,1)")
    )


def test_until_6_7_the_column_of_processes_is_always_there(tree: ProcTree) -> None:
    for version in ("6.1", "6.7"):
        assert show(tree, "-tan -4", version) == [
            "State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
            "LISTEN 2      0          127.0.0.1:5000      0.0.0.0:*           ",
            "ESTAB  0      0          127.0.0.1:5000  10.20.30.40:41872       ",
        ]
    assert show(tree, "-tan -4", "6.8") == [
        "State  Recv-Q Send-Q Local Address:Port Peer Address:Port ",
        "LISTEN 2      0          127.0.0.1:5000      0.0.0.0:*    ",
        "ESTAB  0      0          127.0.0.1:5000  10.20.30.40:41872",
    ]


def test_queues_may_be_left_out(tree: ProcTree) -> None:
    assert show(tree, "-tanQ4") == [
        "State  Local Address:Port Peer Address:Port",
        "LISTEN     127.0.0.1:5000      0.0.0.0:*",
        "ESTAB      127.0.0.1:5000  10.20.30.40:41872",
    ]


@pytest.mark.parametrize(
    ("version", "when", "shown"),
    [
        ("7.1", 123, "1.230sec"),
        ("6.1", 123, "1.230ms"),
        ("6.1", 23, "230ms"),
        ("7.1", 23, "230ms"),
        ("7.1", 3, "030ms"),
        ("7.1", 1500, "15sec"),
        ("7.1", 12000, "2min"),
        ("7.1", 12500, "2min5sec"),
        ("7.1", 66666, "11min"),
        ("7.1", 0, ""),
    ],
)
def test_a_timer(version: str, when: int, shown: str, tmp_path: Path) -> None:
    tree = ProcTree(tmp_path / "proc")
    tree.table("tcp", tcp_line(("1.2.3.4", 5), ("1.2.3.4", 6), timer=1, when=when, retransmits=2))
    (line,) = show(tree, "-tanoH", version)
    assert line.split(" timer:")[1].rstrip() == f"(on,{shown},2)"


def test_a_terminal_s_width_is_shared_out(tree: ProcTree) -> None:
    """12 columns to spare for 6 of them; then one more, which is the rightmost's."""
    plain = show(tree, "-tan4", COLUMNS="")
    width = max(map(len, plain))
    assert len(show(tree, "-tan4", COLUMNS=str(width + 12))[0].rstrip()) > len(plain[0])
    for more in (0, 5, 12, 13, 40):
        lines = show(tree, "-tan4", COLUMNS=str(width + more))
        assert {len(line) for line in lines} == {width + more}
        assert [line.split() for line in lines] == [line.split() for line in plain]
    assert show(tree, "-tan4", "6.1", COLUMNS="200") == show(tree, "-tan4", "6.1")


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        (b"nginx", b"nginx", b"nginx"),
        (b"a)b", b"a", b"a"),
        (b")", b"", b""),
        (b"\x1b[2J", b"?[2J", b"?[2J"),
        (b"a\nb", b"a?b", b"a?b"),
        ("\u00fc".encode(), "\u00fc".encode(), b"??"),
        (b"\xff\x80", "\ufffd\ufffd".encode(), b"??"),
        ("\u202egnp".encode(), b"?gnp", b"???gnp"),
    ],
)
def test_a_name_moves_no_cursor(command: bytes, old: bytes, new: bytes) -> None:
    assert (name_command(command, (6, 1)), name_command(command, (7, 1))) == (old, new)


def test_ports_that_connections_take_have_no_names(tmp_path: Path) -> None:
    assert read_ephemeral(str(tmp_path), {}) == (1024, 4999)
    path = tmp_path / "range"
    path.write_text("32768\t60999\n")
    assert read_ephemeral("/", {"PROC_IP_LOCAL_PORT_RANGE": str(path)}) == (32768, 60999)
