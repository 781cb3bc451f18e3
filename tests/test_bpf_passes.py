"""How a pass comes about: a link for each process or one for all, a program loaded or pinned.

And what /proc adds to it, or not: where it is mounted with hidepid, the kernel still shows every
process to the program.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import grp
import importlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import pytest

import fastsock
from agreement import Row, agree, read_rows
from bpf_records import read_pass
from children import NOBODY, OWN, child_process, fork, in_child
from fastsock.engines import engine_status, open_engine
from fastsock.engines.walk import Outlook, Walk
from fastsock.errors import NamespaceHidden, NoSuchProcess, OwnersHidden, PinError
from fastsock.filter import ALL
from fastsock.implementation import match
from fastsock.table import SocketTable
from fastsock.tcp import TCP, UDP
from holders import (
    end_thread,
    inode_of,
    lasting_thread,
    put_in_flight,
    ring_of,
    thread,
    unshare_descriptors,
    wait_for_zombie,
)
from mounts import CLONE_NEWPID, HERE, mount, mount_privately, unshare, with_mounts
from own_namespace import Namespace

STATUS = next(one for one in engine_status() if one.name == "bpf")
if not STATUS.available:
    pytest.skip(f"engine bpf: {STATUS.reason}", allow_module_level=True)

bpf: Any = importlib.import_module("fastsock.engines.bpf")
_bpf: Any = importlib.import_module("fastsock.engines._bpf")
_met: Any = importlib.import_module("fastsock.engines._met")
_pass: Any = importlib.import_module("fastsock.engines._pass")
passes: Any = importlib.import_module("fastsock.engines.passes")
pins: Any = importlib.import_module("fastsock.engines.pins")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts, users and pins need root")
KEPT: list[Any] = []
LOADED_FOR_USERS_WHO_CANNOT_READ_IT = grp
OTHERS = 1  # a group that nobody is not in
NO_PROCESS = 2**22  # pid_max is no larger (proc_sys_kernel(5))


def keep(made: Any) -> Any:
    KEPT.append(made)
    return made


def descriptors() -> dict[str, str]:
    """What is open, but for the listing itself."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[name] = os.readlink(f"/proc/self/fd/{name}")
    return found


def open_whole() -> int:
    """Open a pass over all processes."""
    link = _bpf.attach(passes.load_program().program.fd)
    try:
        opened: int = _bpf.iterate(link)
    finally:
        os.close(link)
    return opened


def read_whole() -> bytes:
    """Return the records of one."""
    return read_pass(open_whole())


def walk_whole(pids: Iterable[int] | None, met: Any = None, records: bytes | None = None) -> Walk:
    """Walk by one pass over all processes, or by what one has brought."""
    if records is None:
        fd = open_whole()
    else:
        fd = os.memfd_create("records")
        os.write(fd, records)
        os.lseek(fd, 0, os.SEEK_SET)
    try:
        found: Walk = _pass.walk_by_iterator("/proc", pids, fd, met)
    finally:
        os.close(fd)
    return found


def walk_each(pids: Iterable[int] | None, mets: Sequence[Any] = (), threads: int = 1) -> Walk:
    """Walk by a link for each process."""
    program = passes.load_program().program.fd
    found: Walk = _pass.walk_by_program("/proc", pids, threads, program, mets)
    return found


def rows_of(walk: Walk, pids: Iterable[int]) -> list[tuple[int, int, int, int]]:
    """(inode, pid, fd, tid) of the rows of these processes, in the walk's order."""
    wanted = set(pids)
    for _, pid, _, _, process in walk.owners.rows():
        assert walk.owners.processes[process].pid == pid
    return [row[:4] for row in walk.owners.rows() if row[1] in wanted]


def records_of(records: bytes) -> list[bytes]:
    size = _bpf.RECORD_BYTES
    assert len(records) % size == 0
    return [records[at : at + size] for at in range(0, len(records), size)]


# ------------------------------------------------------------------------------ one link or many


class Crowd(NamedTuple):
    """Processes that hold sockets in all ways, and the namespace that they are in."""

    pids: list[int]
    netns: int
    ring: int  # inode of a socket that only a ring holds


def inhabit() -> tuple[list[int], int, int]:
    netns = os.stat("/proc/self/ns/net").st_ino
    server = keep(socket.create_server(("127.0.0.1", 0)))
    for _ in range(3):
        client = keep(socket.create_connection(server.getsockname()))
        accepted = keep(server.accept()[0])
        keep(client.dup())
        os.dup2(accepted.fileno(), 300 + accepted.fileno())
    keep(socket.create_connection(server.getsockname()))  # nobody accepts it
    keep(socket.socketpair())
    datagrams = keep(socket.socket(type=socket.SOCK_DGRAM))
    datagrams.bind(("127.0.0.1", 0))
    inside = socket.socket(type=socket.SOCK_DGRAM)
    inside.bind(("127.0.0.1", 0))
    ring = inode_of(inside)
    ring_of(-1, inside.fileno(), server.fileno())
    inside.close()
    on_its_way = socket.socket(type=socket.SOCK_DGRAM)
    on_its_way.bind(("127.0.0.1", 0))
    put_in_flight(on_its_way)
    processes = keep(contextlib.ExitStack())
    child, _ = processes.enter_context(child_process(lambda: None))
    threads, _ = processes.enter_context(child_process(start_threads))
    zombie, _ = processes.enter_context(child_process(start_threads, end_thread))
    wait_for_zombie(zombie)
    return [os.getpid(), child, threads, zombie], netns, ring


def own_table() -> None:
    """Give this thread a descriptor table of its own, with one socket more and one less."""
    unshare_descriptors()
    os.dup2(socket.socket().detach(), 700)
    os.dup2(ring_of(700), 701)
    os.close(KEPT[0].fileno())


def start_threads() -> None:
    for _ in range(3):
        lasting_thread(own_table)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with child_process(inhabit, signal.pause, netns=OWN) as (_, told):
        yield Crowd(*told)


def test_one_pass_for_all_is_a_link_for_each(crowd: Crowd) -> None:
    """Dup()ed descriptors, forks, threads with tables of their own, an ended leader, a ring."""
    each = walk_each(crowd.pids)
    assert walk_whole(crowd.pids) == each
    assert walk_each(crowd.pids, threads=3) == each
    found = rows_of(each, crowd.pids)
    assert len(found) > 50
    assert [pid for _, pid, _, _ in found] == sorted(pid for _, pid, _, _ in found)
    if not each.rings_unread:
        assert {(pid, fd) for inode, pid, fd, _ in found if inode == crowd.ring} == {
            (pid, -1) for pid in crowd.pids
        }
        rings = [row for row in found if row[2] == -1]
        assert len(rings) == 2 * len(crowd.pids) + 2 * 3  # the first has two sockets
    own = {(pid, tid) for _, pid, fd, tid in found if fd == 700}
    assert [sum(pid == one for pid, _ in own) for one in crowd.pids] == [0, 0, 3, 3]
    assert each.scope == tuple(sorted(crowd.pids))
    assert (each.denied, each.missing, each.vanished, each.unnamed) == ([], [], 0, 0)


def test_for_all_processes(crowd: Crowd) -> None:
    expected = rows_of(walk_each(crowd.pids), crowd.pids)
    for walk in (walk_whole(None), walk_each(None, threads=2)):
        assert rows_of(walk, crowd.pids) == expected
        assert walk.scope is None
        pids = [process.pid for process in walk.owners.processes]
        assert pids == sorted(set(pids))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_for_some_processes(crowd: Crowd, count: int) -> None:
    """In any order, and each once."""
    asked = [*reversed(crowd.pids[:count]), *crowd.pids[:count]]
    found = walk_whole(asked)
    assert found == walk_each(asked)
    assert {process.pid for process in found.owners.processes} == set(crowd.pids[:count])


def meet(netns: int) -> Any:
    sheet = _met.Sheet(SocketTable(()), 0, 1)
    return _met.Met(sheet, 0, match.Matcher(ALL), {TCP, UDP}, [netns])


def without_timers(met: Any) -> dict[Any, Row]:
    names = ("timer", "timer_expires_ms", "retransmits")
    tables, _ = _met.join_met([met])
    return read_rows(tables, without=names)


@pytest.mark.parametrize("whole", [False, True])
def test_the_sockets_met_are_the_same(crowd: Crowd, whole: bool) -> None:
    pids = None if whole else crowd.pids
    many, one = meet(crowd.netns), meet(crowd.netns)
    with_met = walk_each(pids, [many]), walk_whole(pids, one)
    plain = rows_of(walk_each(crowd.pids), crowd.pids)
    assert [rows_of(walk, crowd.pids) for walk in with_met] == [plain, plain]
    assert len(found := without_timers(one)) == 9  # a listener, 3 pairs, half of one, datagrams
    assert found == without_timers(many)
    ours = {note for note in one.list_notes() if note[1] in (0, crowd.netns)}
    # What is in flight may be somebody else's: such notes name no namespace.
    assert ours >= {note for note in many.list_notes() if note[1] == crowd.netns}
    assert {kind for kind, _, _ in ours} >= {"queued", "in flight"}


def test_records_in_any_order(crowd: Crowd) -> None:
    """A thread's may come long after its process's, as its number is larger."""
    records = records_of(read_whole())
    expected = walk_whole(crowd.pids, records=b"".join(records))
    assert expected == walk_each(crowd.pids)
    size = 16  # keeps the order in no process
    chunks = [records[at : at + size] for at in range(0, len(records), size)]
    mixed = b"".join(record for chunk in reversed(chunks) for record in chunk)
    found = walk_whole(crowd.pids, records=mixed)
    assert sorted(rows_of(found, crowd.pids)) == sorted(rows_of(expected, crowd.pids))
    assert found.owners.processes == expected.owners.processes


@pytest.mark.parametrize("waited", [True, False])
def test_a_process_that_ends_after_the_pass(waited: bool) -> None:
    """Between the pass and the look at /proc; before anybody waits for it, it is a zombie."""
    with socket.create_server(("127.0.0.1", 0)):
        mine, child = os.getpid(), fork()
        if child == 0:
            signal.pause()
        try:
            records = read_whole()
        finally:
            os.kill(child, signal.SIGKILL)
            if waited:
                os.waitpid(child, 0)
        try:
            if not waited:
                wait_for_zombie(child)
            of_two = walk_whole([mine, child], records=records)
            of_all = walk_whole(None, records=records)
        finally:
            if not waited:
                os.waitpid(child, 0)
    assert rows_of(of_all, [mine]) == rows_of(of_two, [mine]) != []
    assert rows_of(of_all, [child]) == rows_of(of_two, [child])
    if waited:
        assert (of_two.missing, of_two.vanished) == ([child], 0)
        assert (of_all.missing, of_all.vanished > 0) == ([], True)
        assert not rows_of(of_two, [child])
    else:
        assert (of_two.missing, of_two.vanished) == ([], 0)
        assert rows_of(of_two, [child])


def test_processes_that_do_not_exist() -> None:
    """Nor is a thread one."""
    with thread(lambda: None) as (tid, _):
        asked = [NO_PROCESS, 0, -1, 2**40, os.getpid(), tid]
        found = walk_whole(asked)
        assert found == walk_each(asked)
    assert found.missing == sorted([NO_PROCESS, 0, -1, 2**40, tid])
    assert found.scope == tuple(sorted(asked))
    assert {process.pid for process in found.owners.processes} <= {os.getpid()}


def test_a_record_that_is_cut_off() -> None:
    with pytest.raises(OSError) as caught:
        walk_whole(None, records=bytes(_bpf.RECORD_BYTES + 1))
    assert caught.value.errno == errno.EIO
    assert caught.value.filename == "/proc: read iterator"


# ------------------------------------------------------------------------------ before Linux 6.1


def without_links_for_processes() -> list[int]:
    """Let this process live on such a kernel; returns what links were made for, as they are."""
    attach, made = passes.attach, []

    def attach_to_all(program: int, pid: int = 0) -> int:
        made.append(pid)
        if pid:
            raise _bpf.BpfError(errno.EINVAL, "Invalid argument", "create link", "", True)
        link: int = attach(program)
        return link

    passes.attach = attach_to_all
    passes._loaded.clear()
    return made


def test_a_kernel_that_makes_no_links_for_processes(own_namespace: Namespace) -> None:
    def compare(**question: Any) -> list[Row]:
        def ask(engine: str) -> SocketTable:
            return fastsock.scan(engine=engine, owners=True, **question)

        return agree(partial(ask, "bpf"), partial(ask, "netlink"))

    def ask() -> tuple[list[int], ...]:
        made = without_links_for_processes()
        open_engine("bpf")
        before = descriptors()
        pid = own_namespace.pid
        whole = compare(netns=pid, protocol=("tcp", "udp", "unix"))
        named = compare(pid=pid, protocol=("tcp", "udp"))
        port = compare(pid=pid, local_port=5000)
        assert descriptors() == before
        return made, *([len(row["owners"]) for row in rows] for rows in (whole, named, port))

    made, whole, named, port = in_child(ask)
    assert set(made[1:]) == {0}  # once it was tried
    assert made[0] != 0
    held = [one for one in own_namespace.sockets if one.inode]
    assert sum(count > 0 for count in whole) >= len(named) == len(held)
    assert set(named) == {1}
    assert len(port) == sum(one.local_port == 5000 for one in held)


# ------------------------------------------------------------------------------ where /proc hides

HIDEPID = {"noaccess": "1", "invisible": "2", "ptraceable": "4"}  # names since Linux 5.8


def with_hidden(function: Callable[[], Any], hidepid: str) -> Any:
    """Run it as nobody, who has the program, and to whom /proc does not show us."""

    def run() -> Any:
        passes.load_program()
        mount_privately()
        mount("proc", "/proc", f"hidepid={HIDEPID[hidepid]}")
        return in_child(function, user=NOBODY)

    return in_child(run)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture(params=["small host", "large host"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there are more descriptors than it takes to load a program for one question."""
    for name in ("WORTH_LOADING", "WORTH_ANOTHER"):
        monkeypatch.setattr(bpf, name, 0 if request.param == "large host" else 10**9)


def look_for(server: socket.socket, **question: Any) -> dict[str, Any]:
    """Scan; return what of it can be pickled: our socket's owners, and what is not known."""
    table = fastsock.scan(owners=True, **question)
    inode = inode_of(server)
    (row,) = (row for row in table if row.inode == inode)
    return {
        "state": row.owner_state,
        "owners": {(one.pid, one.fd): one.command for one in row.owners or ()},
        "missing": {(one["what"], one["reason"]): one["count"] for one in table.incomplete},
        "sources": table.sources["owners"],
        "me": os.getpid(),
    }


UNNAMED = ("process names", "may not be read: /proc is mounted with hidepid")
INVISIBLE = ("processes", "/proc is mounted with hidepid")


@as_root
@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("hidepid", HIDEPID)
def test_owners_that_proc_hides(listener: socket.socket, hidepid: str) -> None:
    """All are found; of those that are hidden nothing is known but the number."""
    mine, fd = os.getpid(), listener.fileno()
    question = {"local_port": listener.getsockname()[1]}

    def look() -> list[dict[str, Any]]:
        ask = partial(look_for, listener, **question)
        return [ask(engine="bpf"), look_for(listener, engine="bpf"), ask(engine="netlink")]

    *ours, theirs = with_hidden(look, hidepid)
    for found in ours:
        assert found["state"] == "found"
        assert found["owners"][mine, fd] == b""
        assert found["owners"][found["me"], fd] != b""
        assert found["missing"][UNNAMED] >= 1
        assert INVISIBLE not in found["missing"]
        assert not any(what == "processes" for what, _ in found["missing"])
    assert (mine, fd) not in theirs["owners"]
    assert UNNAMED not in theirs["missing"]
    assert (INVISIBLE in theirs["missing"]) == (hidepid != "noaccess")


@as_root
def test_a_socket_without_owner_is_not_hidden(own_namespace: Namespace) -> None:
    """What nobody holds has no owner, where all were looked at."""

    def look() -> dict[str, int]:
        walk = open_engine("bpf").owners(None)
        return {"beyond": walk.beyond_proc, "unnamed": walk.unnamed, "denied": len(walk.denied)}

    found = with_hidden(look, "invisible")
    assert (found["beyond"], found["unnamed"] > 0, found["denied"]) == (True, True, 0)


@as_root
def test_a_named_process_that_proc_hides(listener: socket.socket) -> None:
    mine = os.getpid()

    def look() -> dict[str, Any]:
        ask = partial(fastsock.scan, owners=True, pid=mine)
        with pytest.raises(NamespaceHidden) as caught:
            ask(engine="bpf")
        with pytest.raises(OwnersHidden) as refused:
            ask(engine="netlink")
        owners = fastsock.owners(engine="bpf", pid=mine)
        rows = zip(owners.column("inode"), owners.column("fd"), strict=True)
        inode = inode_of(listener)
        return {
            "said": str(caught.value),
            "refused": refused.value.pids,
            "owners": [fd for number, fd in rows if number == inode],
            "here": look_for(listener, engine="bpf", pid=mine, netns=os.getpid()),
            "both": look_for(listener, engine="bpf", pid=[mine, os.getpid()]),
        }

    found = with_hidden(look, "noaccess")
    assert found["said"] == (
        "the network namespaces of these processes may not be read: /proc is mounted with hidepid; "
        "name one, or run as root"
    )
    assert found["refused"] == (mine,)
    assert found["owners"] == [listener.fileno()]
    assert found["here"]["missing"] == {UNNAMED: 1}
    assert (mine, listener.fileno()) in found["here"]["owners"]
    elsewhere = "their sockets in other network namespaces were not read: /proc is mounted with "
    assert found["both"]["missing"] == {UNNAMED: 1, ("processes", f"{elsewhere}hidepid"): 1}


@as_root
def test_a_named_process_that_is_invisible() -> None:
    mine = os.getpid()

    def look() -> str:
        with pytest.raises(NoSuchProcess) as caught:
            fastsock.scan(engine="bpf", owners=True, pid=mine)
        return str(caught.value)

    assert with_hidden(look, "invisible") == f"no such process: {mine}"


# ------------------------------------------------------------------------------ what is pinned


def ask_pinned(
    look: Callable[[], Any], *, program: bool = False, group: int = NOBODY, prepare: Any = None
) -> Any:
    """Run it as nobody, where the link is pinned for a group, and the program perhaps.

    `prepare` runs between the two.
    """

    def run() -> Any:
        in_child(lambda: pins.pin(HERE, group=group, program=program) and None)
        if prepare is not None:
            prepare()
        return by_the_pin(look)

    return with_mounts(run)


def by_the_pin(look: Callable[[], Any]) -> Any:
    """Run it as nobody, who has nothing but the pin."""

    def run() -> Any:
        os.environ["FASTSOCK_BPF_PATH"] = HERE
        passes._loaded.clear()
        return look()

    return in_child(run, user=NOBODY)


def kind_of_pass() -> str:
    return type(open_engine("auto", walk=Outlook(ALL, (), lambda: 1))._passes).__name__  # type: ignore[attr-defined]


@as_root
@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("program", [False, True])
def test_auto_takes_what_is_pinned(listener: socket.socket, program: bool, hidden: bool) -> None:
    """For a member of its group, who may load nothing."""
    mine = os.getpid(), listener.fileno()

    def look() -> tuple[Any, ...]:
        gc.disable()  # a descriptor is closed at once, not some time later
        before = descriptors()
        kind = kind_of_pass()
        port = listener.getsockname()[1]
        found = [look_for(listener), look_for(listener, local_port=port)]
        counts = fastsock.count(pid=os.getpid(), local_port=port)
        assert descriptors() == before
        return kind, found, counts.listen, counts.sources["owners"]

    def hide() -> None:
        mount("proc", "/proc", "hidepid=2")

    kind, found, listening, source = ask_pinned(
        look, program=program, prepare=hide if hidden else None
    )
    assert kind == ("PinnedProgram" if program else "PinnedLink")
    for one in found:
        assert (one["sources"], one["state"]) == ("bpf", "found")
        assert (one["owners"][mine] == b"") == hidden
        assert (UNNAMED in one["missing"]) == hidden
        assert not any(what == "processes" for what, _ in one["missing"])
    assert (listening, source) == (1, "bpf")


@as_root
def test_auto_outside_of_the_group(listener: socket.socket) -> None:
    def look() -> tuple[Any, ...]:
        (status,) = (one for one in engine_status() if one.name == "bpf")
        return look_for(listener), status.available, status.reason

    found, available, reason = ask_pinned(look, program=True, group=OTHERS)
    assert found["sources"] == "procfs"
    assert (os.getpid(), listener.fileno()) not in found["owners"]
    assert not available
    name = pins.name_group(OTHERS)
    assert reason.endswith(
        f"; {HERE}/sockets_v{_bpf.RECORD_VERSION}: Permission denied: mode 0440 root:{name}, "
        f"so be a member of {name}"
    )
    assert reason.startswith("load program: Operation not permitted")


@as_root
@pytest.mark.parametrize("program", [False, True])
def test_a_pin_that_goes_before_the_walk(listener: socket.socket, program: bool) -> None:
    """What was opened stays open for one question; after that it is an error with a reason."""
    mine = os.getpid(), listener.fileno()
    told, tell = os.pipe()
    answer, ready = os.pipe()

    def look() -> tuple[bool, str]:
        engine = open_engine("bpf")
        os.write(ready, b"x")
        os.read(told, 1)
        rows = rows_of(engine.owners(None), mine[:1])
        try:
            engine.owners(None)
        except PinError as error:
            return (inode_of(listener), mine[0], mine[1], mine[0]) in rows, str(error)
        return (inode_of(listener), mine[0], mine[1], mine[0]) in rows, ""

    def prepare() -> None:
        if fork() == 0:
            os.read(answer, 1)
            pins.unpin(HERE)
            os.write(tell, b"x")
            os._exit(0)

    try:
        found, text = ask_pinned(look, program=program, prepare=prepare)
    finally:
        for fd in (told, tell, answer, ready):
            os.close(fd)
    assert found
    assert text == ("" if program else f"{HERE}: nothing is pinned there")


@as_root
@pytest.mark.parametrize("program", [False, True])
def test_pins_in_a_child_pid_namespace(program: bool) -> None:
    """Numbers are the reader's, and who is outside has none."""

    def ask() -> tuple[Any, ...]:
        mount_privately()
        mount("proc", "/proc")
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = by_the_pin(lambda: (kind_of_pass(), look_for(server)))
            return *found, server.fileno()

    def enter_and_ask() -> Any:
        pins.pin(HERE, group=NOBODY, program=program)
        unshare(CLONE_NEWPID)
        return in_child(ask)

    kind, found, fd = with_mounts(enter_and_ask)
    assert kind == ("PinnedProgram" if program else "PinnedLink")
    assert (found["sources"], found["state"], found["me"]) == ("bpf", "found", 2)
    assert set(found["owners"]) == {(1, fd), (2, fd)}
