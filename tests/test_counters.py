"""Counters and settings of network namespaces: the text, the files, other namespaces."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from children import AS_ROOT, NOBODY, OWN, child_process, in_child
from fastsock.diagnose.counters import (
    COUNTERS,
    FILES,
    SETTINGS,
    Space,
    parse_counters,
    parse_setting,
    read_spaces,
)
from fastsock.engines.namespaces import Namespace, find_namespaces
from fastsock.errors import ParseError
from fastsock.implementation import COMPILED
from full_queues import set_sysctl
from proctree import ProcTree

NETSTAT = b"""TcpExt: SyncookiesSent ListenOverflows ListenDrops
TcpExt: 1 573 18446744073709551615
IpExt: InNoRoutes InBcastPkts
IpExt: 0 -7
"""
SNMP = b"Ip: Forwarding\nIp: 2\nTcp: RtoAlgorithm MaxConn\nTcp: 1 -1\n"

compiled = pytest.mark.skipif(not COMPILED, reason="this build has no extension")
as_root = pytest.mark.skipif(not AS_ROOT, reason="to enter a namespace takes CAP_SYS_ADMIN")


# ----------------------------------------------------------------------------------------- the text


def test_only_tcp_is_kept() -> None:
    assert parse_counters(NETSTAT) == {
        "SyncookiesSent": 1,
        "ListenOverflows": 573,
        "ListenDrops": 2**64 - 1,
    }
    assert parse_counters(SNMP) == {"RtoAlgorithm": 1, "MaxConn": -1}
    assert parse_counters(b"") == {}


@pytest.mark.parametrize("name", FILES)
def test_what_this_kernel_writes(name: str) -> None:
    text = Path(f"/proc/self/net/{name}").read_bytes()
    found = parse_counters(text, name)
    lines = [line.split() for line in text.splitlines() if line.startswith(FILES[name] + b":")]
    assert [*found] == [word.decode() for word in lines[0][1:]]
    assert [*found.values()] == [*map(int, lines[1][1:])]
    if name == "netstat":
        assert found.keys() >= set(COUNTERS)


@pytest.mark.parametrize("text", [NETSTAT, SNMP], ids=["netstat", "snmp"])
def test_a_text_that_is_cut_anywhere(text: bytes) -> None:
    """It is an error, but where whole pairs of lines are left, which are true."""
    ends = [n + 1 for n, byte in enumerate(text) if byte == 10]
    for size in range(1, len(text)):
        cut = text[:size]
        if size in ends[1::2]:
            assert parse_counters(cut).items() <= parse_counters(text).items()
            continue
        with pytest.raises(ParseError, match=r"^somewhere, line \d: not ") as caught:
            parse_counters(cut, "somewhere")
        assert caught.value.path == "somewhere"
        assert caught.value.line_number == cut.count(b"\n") + (size not in ends)


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        (b"TcpExt: A\nTcpExt: 1", 2, "not a whole line: 'TcpExt: 1'"),
        (b"no colon\nTcpExt: 1\n", 1, "not names of counters: 'no colon'"),
        (b"TcpExt: A\n", 1, "not followed by its numbers: 'TcpExt: A'"),
        (b"TcpExt: A B\nTcpExt: 1\n", 2, "not the numbers of 2 counters: 'TcpExt: 1'"),
        (b"TcpExt: A\nTcp: 1\n", 2, "not the numbers of 1 counters: 'Tcp: 1'"),
        (b"TcpExt: A\nTcpExt: x\n", 2, "not numbers: 'TcpExt: x'"),
        (b"TcpExt: A\nTcpExt: 1\x1b[0m\n", 2, r"not numbers: 'TcpExt: 1\\x1b[0m'"),
        (b"TcpExt: A\nTcpExt: " + b"1" * 21 + b"\n", 2, f"not numbers: 'TcpExt: {'1' * 21}'"),
    ],
)
def test_a_text_that_no_kernel_writes(text: bytes, line: int, complaint: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_counters(text, "net/netstat")
    assert str(caught.value) == f"net/netstat, line {line}: {complaint}".replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("somaxconn", b"4096\n", 4096),
        ("somaxconn", b"", None),
        ("somaxconn", b"many\n", None),
        ("ip_local_port_range", b"32768\t60999\n", (32768, 60999)),
        ("ip_local_port_range", b"32768\n", None),
        ("ip_local_reserved_ports", b"\n", ()),
        ("ip_local_reserved_ports", b"80,8000-8010\n", (80, 80, 8000, 8010)),
        ("ip_local_reserved_ports", b"80-\n", None),
    ],
)
def test_a_setting(name: str, text: bytes, expected: object) -> None:
    assert parse_setting(name, text) == expected


# ----------------------------------------------------------------------------------- the namespaces


def own_space() -> Space:
    [space], missing = read_spaces("/proc", find_namespaces("any", "/proc"))
    assert missing == []
    return space


def test_our_own_namespace() -> None:
    space = own_space()
    assert space.inode == os.stat("/proc/self/ns/net").st_ino
    assert space.counters.keys() >= {*COUNTERS, "ActiveOpens"}
    for name, path in SETTINGS.items():
        file = Path("/proc/sys/net", path)
        if file.exists() and os.access(file, os.R_OK):
            assert space.settings[name] == parse_setting(name, file.read_bytes())
    assert space.number("somaxconn") == space.settings["somaxconn"]
    assert space.number("ip_local_port_range") is None
    told = space.as_dict()
    assert told["settings"]["ip_local_port_range"] == list(
        space.settings["ip_local_port_range"]  # type: ignore[arg-type]
    )
    assert Space(space.inode, counters=space.counters, settings=space.settings) == space
    assert Space(space.inode) != space
    assert Space(1) != object()


def narrow() -> int:
    """In a namespace of our own: set it so that it is told apart."""
    set_sysctl("core/somaxconn", 77)
    return os.stat("/proc/self/ns/net").st_ino


@as_root
@compiled
def test_another_namespace() -> None:
    with child_process(narrow, netns=OWN) as (pid, inode):
        threads = os.listdir("/proc/self/task")
        [space], missing = read_spaces("/proc", find_namespaces("any", "/proc", pid))
        assert missing == []
        assert space.inode == inode
        assert space.number("somaxconn") == 77
        assert space.counters["ActiveOpens"] == 0
        # Nobody of us has moved there, and nobody is left.
        assert os.listdir("/proc/self/task") == threads
        assert own_space().number("somaxconn") != 77


@as_root
@compiled
def test_a_namespace_without_a_process(tmp_path: Path) -> None:
    """It is read through its name alone."""
    from fastsock.engines import namespaces

    with child_process(narrow, netns=OWN) as (pid, inode):
        (tmp_path / "blue").symlink_to(f"/proc/{pid}/ns/net")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(namespaces, "NAMED", str(tmp_path))
            [space], missing = read_spaces("/proc", [Namespace(inode, [], "blue")])
    assert missing == []
    assert (space.name, space.number("somaxconn")) == ("blue", 77)
    assert space.counters.keys() == own_space().counters.keys()


def test_a_namespace_that_may_not_be_entered() -> None:
    """Its counters are everybody's to read, its settings are not."""

    def look(pid: int) -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
        [space], missing = read_spaces("/proc", find_namespaces("any", "/proc", pid))
        return dict(space.counters), missing, [*space.settings.values()]

    with child_process(lambda: 0, netns=OWN) as (pid, _):
        counters, missing, settings = in_child(lambda: look(pid), user=NOBODY)
    assert counters.keys() >= set(COUNTERS)
    assert settings == [None] * len(SETTINGS)
    [entry] = missing
    assert (entry["what"], entry["count"]) == ("namespaces without settings", 1)
    assert entry["reason"] and entry["remedy"]


def test_a_namespace_whose_process_has_ended() -> None:
    with child_process(lambda: 0, netns=OWN) as (pid, _):
        found = find_namespaces("any", "/proc", pid)
    [space], missing = read_spaces("/proc", found)
    assert space.counters == {}
    assert [entry["what"] for entry in missing] == [
        "namespaces without counters",
        "namespaces without settings",
    ]


def test_each_thread_reads_its_own() -> None:
    """A thread that is in another namespace asks about that one."""

    def look() -> tuple[int, int, int | None]:
        found: list[Space] = []
        from children import enter_own_namespace

        def there() -> None:
            enter_own_namespace()
            set_sysctl("core/somaxconn", 77)
            found.append(own_space())

        thread = threading.Thread(target=there)
        thread.start()
        thread.join(20)
        if not found:
            pytest.skip("no network namespace of our own for a thread")
        return own_space().inode, found[0].inode, found[0].number("somaxconn")

    ours, theirs, somaxconn = in_child(look)
    assert ours != theirs
    assert somaxconn == 77


def test_a_tree(tmp_path: Path) -> None:
    """A tree's settings are those of its process 1, and never the reader's."""
    tree = ProcTree(tmp_path)
    for pid, netns in ((1, 4026531833), (7, 4026532000)):
        tree.process(pid, netns=netns)
        tree.table("tcp", pid=pid)
        (tmp_path / str(pid) / "net" / "netstat").write_bytes(NETSTAT)
    directory = tmp_path / "sys" / "net" / "core"
    directory.mkdir(parents=True)
    (directory / "somaxconn").write_bytes(b"99\n")
    spaces, missing = read_spaces(str(tree), find_namespaces("any", str(tree), "all"))
    first, second = sorted(spaces, key=lambda space: space.inode)
    assert first.number("somaxconn") == 99
    assert first.number("tcp_syncookies") is None
    assert second.number("somaxconn") is None
    assert first.counters == second.counters == parse_counters(NETSTAT)
    assert [(entry["what"], entry["count"]) for entry in missing] == [
        ("namespaces without settings", 1)
    ]


def test_a_tree_that_is_odd(tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    (tmp_path / "net" / "netstat").write_bytes(NETSTAT[:-9])
    (tmp_path / "net" / "snmp").mkdir()  # no file
    with pytest.raises(ParseError, match=r"net/netstat, line 4: not a whole line"):
        read_spaces(str(tree), find_namespaces("any", str(tree)))


# ------------------------------------------------------------------------ what a thread is sent for


@as_root
@compiled
def test_files_elsewhere(tmp_path: Path) -> None:
    from fastsock.engines._elsewhere import read_elsewhere

    (tmp_path / "long").write_bytes(b"0123456789")
    (tmp_path / "empty").touch()
    paths = [str(tmp_path / name) for name in ("long", "none", "empty", "")]
    found = read_elsewhere("/proc/self/ns/net", paths, 4)
    assert found == [b"0123", errno.ENOENT, b"", errno.EISDIR]
    assert read_elsewhere("/proc/self/ns/net", []) == []


@compiled
@pytest.mark.parametrize(
    ("entrance", "problem"),
    [("/proc/self/ns/none", errno.ENOENT), ("/proc/self/ns/user", None), ("/dev/null", None)],
)
def test_an_entrance_that_is_none(entrance: str, problem: int | None) -> None:
    from fastsock.engines._elsewhere import read_elsewhere

    with pytest.raises(OSError, match="ns/|null") as caught:
        read_elsewhere(entrance, ["/proc/self/stat"])
    assert caught.value.filename == entrance
    # Without CAP_SYS_ADMIN it is EPERM, whatever the file.
    assert caught.value.errno in ({problem} if problem else {errno.EINVAL, errno.EPERM})
