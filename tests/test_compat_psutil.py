"""The psutil drop-in answers what the installed psutil answers: rows, types, exceptions, texts.

psutil is asked in the same process and about the same sockets, in a network namespace of its own
where they stand still.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import proctree
from children import (
    AS_ROOT,
    NOBODY,
    OWN,
    child_process,
    fork,
    hide_descriptors,
    in_child,
)
from fastsock.engines import open_engine
from fastsock.errors import EngineUnavailable
from own_namespace import Namespace
from ports import listen, port_of
from proctree import (
    CLOSE_WAIT,
    ESTABLISHED,
    LISTEN,
    TIME_WAIT,
    ProcTree,
    tcp_line,
    udp_line,
)

psutil: Any = pytest.importorskip("psutil")
faster: Any = pytest.importorskip("fastsock.compat.psutil")

INET = ["inet", "inet4", "inet6", "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6"]
KINDS = [*INET, "unix", "all"]

# Until psutil 6 the method had another name.
METHOD = "net_connections" if hasattr(psutil.Process, "net_connections") else "connections"


@pytest.fixture(autouse=True)
def nothing_stays_installed() -> Iterator[None]:
    yield
    faster.uninstall()


@pytest.fixture(autouse=True)
def engine(engine_name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test runs with every engine."""
    monkeypatch.setenv("FASTSOCK_ENGINE", engine_name)
    return engine_name


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, sorted and with its types; or the exception's type and text."""
    try:
        rows = call()
    except Exception as error:
        return type(error), str(error)
    return sorted((repr(row), [type(value).__name__ for value in row]) for row in rows)


def theirs_of(pid: int | None, kind: str = "inet") -> Any:
    return getattr(psutil.Process(pid), METHOD)(kind)


def compare_host(kind: str = "inet") -> Any:
    ours = outcome(lambda: faster.net_connections(kind))
    assert ours == outcome(lambda: psutil.net_connections(kind))
    return ours


def compare_process(pid: int | None, kind: str = "inet") -> Any:
    ours = outcome(lambda: faster.process_net_connections(pid, kind))
    assert ours == outcome(lambda: theirs_of(pid, kind))
    return ours


# ------------------------------------------------------------------------------------- live sockets


@pytest.mark.parametrize("user", [None, NOBODY], ids=["same user", "nobody"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_host(own_namespace: Namespace, kind: str, user: int | None) -> None:
    rows = in_child(lambda: compare_host(kind), netns=own_namespace.pid, user=user)
    assert rows or kind == "unix"


@pytest.mark.parametrize("kind", KINDS)
def test_a_process(own_namespace: Namespace, kind: str) -> None:
    pid = own_namespace.pid
    rows = in_child(lambda: compare_process(pid, kind), netns=own_namespace.pid)
    assert type(rows) is list
    assert rows or kind == "unix"


@pytest.fixture(params=[0, 2**31], ids=["many descriptors", "few descriptors"])
def order(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are read beside the walk, or searched after it for what it found."""
    monkeypatch.setattr(faster, "_MANY_DESCRIPTORS", request.param)


@pytest.mark.parametrize("kind", ["inet", "tcp6", "all"])
def test_a_process_in_either_order(own_namespace: Namespace, order: None, kind: str) -> None:
    pid = own_namespace.pid
    rows = in_child(lambda: compare_process(pid, kind), netns=own_namespace.pid)
    assert type(rows) is list


def test_a_process_of_another_namespace(own_namespace: Namespace) -> None:
    """psutil finds its descriptors, and in the reader's tables none of its sockets."""
    assert compare_process(own_namespace.pid) == []


def test_a_process_without_sockets() -> None:
    with child_process(lambda: os.closerange(3, 6)) as (pid, _):
        compare_process(pid)


KEPT: list[Any] = []


def keep(*made: Any) -> Any:
    KEPT.extend(made)
    return made[0]


def make_sockets() -> None:
    """In this process, in its own namespace: of every protocol and family and many states."""
    for address in ("127.0.0.1", "::1"):
        if ":" in address and not os.path.exists("/proc/self/net/tcp6"):
            continue
        server = keep(listen(address))
        open_, ended, closing, alone = (
            keep(socket.create_connection((address, port_of(server)))) for _ in range(4)
        )
        keep(*(server.accept()[0] for _ in range(3)))  # the fourth has no descriptor yet
        KEPT[-2].shutdown(socket.SHUT_RDWR)
        ended.recv(1)
        ended.close()
        closing.shutdown(socket.SHUT_WR)
        KEPT.append(os.dup(open_.fileno()))
        KEPT.append(alone.dup())
        udp = keep(socket.socket(server.family, socket.SOCK_DGRAM))
        udp.bind((address, 0))
        connected = keep(socket.socket(server.family, socket.SOCK_DGRAM))
        connected.connect((address, port_of(udp)))
        wildcard = keep(socket.socket(server.family, socket.SOCK_DGRAM))
        wildcard.bind(("", 0))
    if os.path.exists("/proc/self/net/tcp6"):
        both = keep(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
        keep(socket.create_connection(("127.0.0.1", port_of(both))))
        keep(both.accept()[0])


def share_and_compare(kind: str) -> tuple[int, set[str]]:
    """Compare the whole host and each process that shares the sockets."""
    make_sockets()
    children = []
    for number in range(3):
        child = fork()
        if child == 0:
            for one in KEPT[number::4]:  # each holds others
                if isinstance(one, socket.socket):
                    one.close()
            signal.pause()
        children.append(child)
    try:
        time.sleep(0.05)  # they close
        host = compare_host(kind)
        for pid in (os.getpid(), *children):
            assert compare_process(pid, kind)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    statuses = {found[1] for row, _ in host if (found := re.search("status='([^']*)'", row))}
    return len(host), statuses


@pytest.mark.parametrize("kind", ["inet", "all"])
def test_shared_duplicated_and_closing_sockets(kind: str) -> None:
    rows, statuses = in_child(lambda: share_and_compare(kind), netns=OWN)
    assert statuses >= {"ESTABLISHED", "LISTEN", "TIME_WAIT", "FIN_WAIT2", "CLOSE_WAIT", "NONE"}
    assert rows > 15


def unix_sockets(folder: str) -> None:
    """Paths as psutil reads them: abstract ones, of several words, not text, none at all."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        keep(*socket.socketpair(socket.AF_UNIX, kind))
        for name in ("plain", "two words", " before", "after ", "\udcff\udcfe", "@at", "a\x0bb"):
            keep(socket.socket(socket.AF_UNIX, kind)).bind(f"{folder}/{kind}{name}")
            abstract = f"\0fastsock-{os.getpid()}-{kind}{name}"
            keep(socket.socket(socket.AF_UNIX, kind)).bind(abstract)
        keep(socket.socket(socket.AF_UNIX, kind)).bind(f"\0nul{os.getpid()}\0inside{kind}")
        keep(socket.socket(socket.AF_UNIX, kind))
    KEPT.append(KEPT[0].dup())


def test_unix_sockets(tmp_path: Path) -> None:
    def compare() -> int:
        unix_sockets(str(tmp_path))
        with child_process(lambda: None) as (pid, _):
            compare_process(pid, "unix")
            compare_process(None, "unix")
            return len(compare_host("unix"))

    assert in_child(compare, netns=OWN) > 50


def test_a_line_break_in_a_path_stops_nobody() -> None:
    """Anybody may bind such a name; psutil raises RuntimeError for the whole host then."""

    def paths() -> set[str]:
        keep(socket.socket(socket.AF_UNIX)).bind(f"\0first{os.getpid()}\nsecond third")
        return {row.laddr for row in faster.net_connections("unix") if row.pid == os.getpid()}

    (path,) = in_child(paths, netns=OWN)
    assert re.fullmatch(r"@first\d+", path)


# -------------------------------------------------------------------------------------------- trees


def set_root(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Set PROCFS_PATH; where the engine of the test cannot read any tree, `auto` takes another."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(root))
    monkeypatch.setenv("FASTSOCK_ENGINE", "auto")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> ProcTree:
    """Three processes that share sockets; PROCFS_PATH is theirs."""
    made = ProcTree(tmp_path / "proc")
    try:
        open_engine(engine, procfs=str(made))
    except EngineUnavailable as error:
        pytest.skip(str(error))
    here, there = ("127.0.0.1", 5000), ("10.0.0.1", 40000)
    made.table(
        "tcp",
        tcp_line(here, state=LISTEN, inode=7),
        tcp_line(here, there, ESTABLISHED, inode=8),
        tcp_line(here, ("10.0.0.1", 40001), TIME_WAIT),
        tcp_line(here, ("10.0.0.1", 40001), TIME_WAIT, number=1),
        tcp_line(("127.0.0.1", 0), ("10.0.0.2", 0), CLOSE_WAIT, inode=12),
    )
    made.table(
        "tcp6",
        tcp_line(("::", 5000), state=LISTEN, inode=9),
        tcp_line(("::ffff:127.0.0.1", 5000), ("::ffff:10.0.0.1", 40002), inode=10),
        tcp_line(("fe80::1", 1), ("2001:db8::2", 2), inode=2**40),
    )
    made.table("udp", udp_line(("0.0.0.0", 53), inode=11))
    made.table("udp6", udp_line(("::1", 53), ("::1", 1), ESTABLISHED, inode=13))
    shared = {3: 7, 4: 9, 5: 11, 6: 8, 7: 7}
    for pid in (30, 4, 200):
        process = made.process(pid)
        for fd, inode in shared.items():
            process.socket(fd, inode)
    process.socket(20, 10).socket(8, 10).socket(9, 2**40).descriptor(10, "/dev/null")
    process.thread(201).socket(3, 13)
    process.ring(11, proctree.ring_text(13))
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(made))
    return made


@pytest.mark.parametrize("kind", INET)
def test_a_tree(tree: ProcTree, kind: str) -> None:
    assert len(compare_host(kind)) > 0


@pytest.mark.parametrize("pid", [30, 4, 200])
@pytest.mark.parametrize("kind", ["inet", "tcp6", "udp"])
def test_a_process_of_a_tree(tree: ProcTree, pid: int, kind: str) -> None:
    assert len(compare_process(pid, kind)) > 0


def test_without_sockets_no_table_is_needed(tree: ProcTree, order: None) -> None:
    tree.process(9).descriptor(0, "/dev/null")
    for name in ("tcp", "tcp6", "udp", "udp6"):
        (tree.path / "net" / name).unlink()
    assert compare_process(9) == []
    assert compare_process(30)[0] is FileNotFoundError


def test_a_refusal_comes_before_all_else(tree: ProcTree, order: None) -> None:
    if AS_ROOT:
        pytest.skip("root may read every link of a tree of files")
    tree.table("tcp", b"   1: 0100007F:1388 nonsense\n")
    folder = tree.path / "200" / "fd"
    folder.chmod(0o400)
    try:
        assert compare_process(200)[0] is psutil.AccessDenied
    finally:
        folder.chmod(0o700)  # pytest removes it


def test_only_the_directory_of_the_process_counts(tree: ProcTree) -> None:
    """Thread 201 and a fixed file hold a socket that psutil shows without owner."""
    (row,) = [row for row in faster.net_connections("udp6") if row.raddr]
    assert (row.fd, row.pid) == (-1, None)


def test_a_tree_without_ipv6(tree: ProcTree) -> None:
    for name in ("tcp6", "udp6"):
        (tree.path / "net" / name).unlink()
    assert compare_host("inet6") == []
    assert len(compare_host()) > 0


def test_a_link_that_may_not_be_read_hides_the_process(tree: ProcTree) -> None:
    if AS_ROOT:
        pytest.skip("root may read every link of a tree of files")
    folder = tree.path / "200" / "fd"
    folder.chmod(0o400)
    try:
        compare_host()
        assert compare_process(200)[0] is psutil.AccessDenied
    finally:
        folder.chmod(0o700)  # pytest removes it


# ------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("kind", ["???", "", "tcp5", "all4", "unix6", "INET", None])
def test_a_kind_that_is_none(kind: Any) -> None:
    kind_error, text = compare_host(kind)
    assert kind_error is ValueError
    assert repr(kind) in text
    assert compare_process(None, kind) == (kind_error, text)


def test_no_such_process() -> None:
    with child_process(lambda: None) as (pid, _):
        pass
    assert compare_process(pid)[0] is psutil.NoSuchProcess
    assert compare_process(0)[0] is psutil.NoSuchProcess
    assert compare_process(2**31 - 1)[0] is psutil.NoSuchProcess
    assert compare_process(2**70)[0] is psutil.NoSuchProcess
    assert compare_process(-1)[0] is ValueError


def test_a_process_that_ended_since_it_was_named() -> None:
    with child_process(lambda: None) as (pid, _):
        process = psutil.Process(pid)
        process.name()
    call = getattr(process, METHOD)
    theirs = outcome(call)
    faster.install()
    assert outcome(call) == theirs
    assert theirs[0] is psutil.NoSuchProcess


@contextlib.contextmanager
def zombie() -> Iterator[int]:
    child = fork()
    if child == 0:
        os._exit(0)
    try:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        yield child
    finally:
        os.waitpid(child, 0)


@pytest.mark.parametrize("user", [None, NOBODY], ids=["same user", "nobody"])
def test_a_zombie(user: int | None) -> None:
    def compare() -> Any:
        with zombie() as pid:
            return compare_process(pid)

    in_child(compare, user=user)


def refused(compare: Callable[[], Any], user: int | None) -> None:
    kind, text = in_child(compare, user=user)
    assert kind is psutil.AccessDenied
    assert "pid=" in text


def test_a_process_that_may_not_be_read() -> None:
    if AS_ROOT:
        refused(lambda: compare_process(1), NOBODY)
    else:
        with child_process(hide_descriptors) as (pid, _):
            refused(lambda: compare_process(pid), None)


def test_a_thread_is_taken_for_a_process() -> None:
    """As psutil does, by its number."""
    told = threading.Event()
    thread = threading.Thread(target=told.wait)
    thread.start()
    try:
        with listen() as server:
            rows = compare_process(thread.native_id)
            assert f"port={port_of(server)}" in str(rows)
    finally:
        told.set()
        thread.join()


def test_where_no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with listen() as server:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        rows = [row for row in faster.net_connections() if row.pid == os.getpid()]
        assert port_of(server) in [row.laddr.port for row in rows]


def test_a_root_without_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_root(monkeypatch, tmp_path)
    kind, text = compare_host()
    assert kind is FileNotFoundError
    assert text.endswith(f"'{tmp_path}/net/tcp'")
    assert compare_host("tcp6") == []


def test_a_root_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_root(monkeypatch, tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="none"):
        faster.net_connections()


def test_a_line_that_is_none(tree: ProcTree) -> None:
    tree.table("tcp", tcp_line(("127.0.0.1", 1)), b"   1: 0100007F:1388 nonsense\n")
    kind, text = compare_host("tcp")
    assert kind is RuntimeError
    assert text.startswith(f"error while parsing {tree}/net/tcp; malformed line 2 '")


def test_a_state_that_psutil_does_not_know(tree: ProcTree) -> None:
    tree.table("tcp", tcp_line(("127.0.0.1", 1), state=14))
    assert compare_host("tcp") == (KeyError, "'0E'")


# ------------------------------------------------------------------------------------------ install


def uses_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bool:
    """Whether psutil answers with ours: only that one refuses a short but readable line."""
    tree = ProcTree(tmp_path / "strict")
    tree.table("tcp", b"0: 0100007F:0001 00000000:0000 0A 0 0 0 0 0 0\n")
    with monkeypatch.context() as patch:
        set_root(patch, tmp_path / "strict")
        return outcome(lambda: psutil.net_connections("tcp"))[0] is RuntimeError


def test_install_and_uninstall(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    imported_before = psutil.net_connections
    with listen() as server:
        before = outcome(imported_before), outcome(lambda: theirs_of(None))
        assert f"port={port_of(server)}" in str(before)
        assert not uses_ours(monkeypatch, tmp_path)
        faster.uninstall()  # nothing to undo
        for _ in range(2):
            faster.install()
            faster.install()
            assert uses_ours(monkeypatch, tmp_path)
            assert psutil.net_connections is imported_before
            process = psutil.Process()
            mine = outcome(getattr(process, METHOD))
            assert mine == before[1]
            assert outcome(lambda: process.as_dict([METHOD])[METHOD]) == mine  # noqa: B023
            assert f"port={port_of(server)}" in str(outcome(imported_before))
            faster.uninstall()
            assert not uses_ours(monkeypatch, tmp_path)


@pytest.mark.skipif(METHOD == "connections", reason="before psutil 6 it is the method itself")
def test_the_method_s_older_name() -> None:
    faster.install()
    with listen():
        with pytest.warns(DeprecationWarning, match="net_connections"):
            rows = psutil.Process().connections("tcp4")
        assert sorted(rows) == sorted(faster.process_net_connections(None, "tcp4"))


@pytest.mark.parametrize("kind", ["???", None])
def test_errors_when_installed(kind: Any) -> None:
    theirs = outcome(lambda: psutil.net_connections(kind)), outcome(lambda: theirs_of(None, kind))
    faster.install()
    assert (
        outcome(lambda: psutil.net_connections(kind)),
        outcome(lambda: theirs_of(None, kind)),
    ) == theirs


def test_a_refusal_when_installed_names_the_process() -> None:
    def compare() -> Any:
        process = psutil.Process(1 if AS_ROOT else own)
        process.name()
        call = getattr(process, METHOD)
        theirs = outcome(call)
        faster.install()
        assert outcome(call) == theirs
        return theirs

    with child_process(hide_descriptors) as (own, _):
        refused(compare, NOBODY if AS_ROOT else None)


def test_without_psutil() -> None:
    code = "import sys; sys.modules['psutil'] = None\nimport fastsock.compat.psutil"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: fastsock.compat.psutil needs psutil: pip install 'fastsock[psutil]'"
    )
