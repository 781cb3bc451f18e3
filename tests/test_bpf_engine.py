"""The BPF engine: when it works, why not, and what it keeps. Its walk is in test_owners too."""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import fastsock
import sockfarm
from bpf_refused import refuse_bpf
from children import become, child_process, in_child, libc
from fastsock.engines import ENGINES, engine_status, open_engine
from fastsock.engines.bpf_reasons import CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, PIN
from fastsock.engines.walk import Outlook
from fastsock.errors import EngineUnavailable
from fastsock.filter import ALL, build_filter
from ports import reset

STATUS = next(one for one in engine_status() if one.name == "bpf")
if not STATUS.available:
    pytest.skip(f"engine bpf: {STATUS.reason}", allow_module_level=True)

# A build without extensions has none.
bpf: Any = importlib.import_module("fastsock.engines.bpf")
passes: Any = importlib.import_module("fastsock.engines.passes")

NOBODY = 65534
BTF = "/sys/kernel/btf/vmlinux"
CAP_SYS_PTRACE = 19
PR_CAPBSET_DROP = 24
CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving privileges away needs root")


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def holders(server: socket.socket) -> list[tuple[int, int]]:
    """Who holds a socket, by the engine."""
    inode = os.fstat(server.fileno()).st_ino
    (found,) = fastsock.scan(engine="bpf", owners=True, inode=inode)
    return [(owner.pid, owner.fd) for owner in found.owners or ()]


def test_the_answer_says_who_gave_what(listener: socket.socket) -> None:
    table = fastsock.scan(engine="bpf", owners=True, local_port=listener.getsockname()[1])
    assert table.sources == {"sockets": "netlink", "owners": "bpf"}
    assert [len(row.owners or ()) for row in table] == [1]
    assert fastsock.scan(engine="bpf", owners=True).sources["sockets"].startswith("bpf")


def test_auto_takes_it_for_owners_where_it_is_loaded() -> None:
    passes.load_program()
    assert STATUS.auto == "owners"
    assert open_engine("auto").name == fastsock.scan().sources["sockets"] == "netlink"
    assert fastsock.owners(pid=os.getpid()).sources == {"owners": "bpf"}


@pytest.mark.parametrize("few", [True, False])
def test_auto_loads_it_where_that_is_less_work(few: bool) -> None:
    def ask() -> str:
        passes._loaded.clear()
        made = [os.dup(0) for _ in range(passes.WORTH_LOADING)] if not few else []
        found = fastsock.owners(pid=os.getpid()).sources["owners"]
        for fd in made:
            os.close(fd)
        return found

    assert in_child(ask) == ("procfs" if few else "bpf")


@as_root
@pytest.mark.parametrize(
    ("kept", "taken"),
    [
        ((CAP_BPF, CAP_PERFMON), "bpf"),
        ((CAP_SYS_ADMIN,), "bpf"),
        ((CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE), "netlink"),
        ((CAP_BPF,), "netlink"),
        ((), "netlink"),
    ],
)
def test_auto_loads_it_where_links_may_not_be_read(kept: tuple[int, ...], taken: str) -> None:
    """However few they are: a walk over them would find all owners hidden."""

    def ask() -> str:
        passes._loaded.clear()
        keep_capabilities(*kept)
        return open_engine("auto", walk=Outlook(ALL, (), lambda: 1)).name

    assert in_child(ask) == taken


def test_auto_asks_the_kernel_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it refused it refuses again, and to be told so takes as long as a walk."""
    asked = []

    def refuse(**constants: Any) -> Any:
        asked.append(constants)
        raise bpf.BpfError(errno.EPERM, "X", "load program", "", False)

    monkeypatch.setattr(passes, "Program", refuse)
    monkeypatch.setattr(passes, "_loaded", {})
    monkeypatch.setattr(passes, "_refused", set())
    walk = Outlook(ALL, (), lambda: 10**6)
    assert [open_engine("auto", walk=walk).name for _ in range(3)] == ["netlink"] * 3
    assert len(asked) == 1
    with pytest.raises(EngineUnavailable, match="load program"):
        open_engine("bpf", walk=walk)
    assert len(asked) == 2


def test_without_a_descriptor_left() -> None:
    """It says so, and `auto` goes on to what needs none yet."""

    def ask() -> tuple[str, str]:
        import resource

        passes._loaded.clear()
        walk = Outlook(ALL, (), lambda: 10**6)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        with pytest.raises(EngineUnavailable) as caught:
            open_engine("bpf", walk=walk)
        return str(caught.value), open_engine("auto", walk=walk).name

    reason, taken = in_child(ask)
    assert "Too many open files" in reason
    assert taken == "procfs"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ({}, ()),
        ({"state": "established"}, ()),
        ({"state": "listen"}, (("states", 1 << 10),)),
        ({"state": ["listen", "close"]}, (("states", 1 << 10 | 1 << 7),)),
        ({"port": 80}, (("port", 80), ("ends", 3))),
        ({"remote_port": 80, "family": "ipv4"}, (("port", 80), ("ends", 2))),
        ({"local_port": 80, "state": "listen"}, (("states", 1 << 10), ("port", 80), ("ends", 1))),
        ({"port": [80, 81]}, ()),
        ({"port": "80-81"}, ()),
        ({"port": 0}, ()),
    ],
)
def test_what_a_program_leaves_out(question: Any, asked: Any) -> None:
    assert passes.parse_asked(build_filter(**question)) == asked
    passes.make_program(**dict(asked)).close()


def test_queues_are_exact_under_lockdown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the program cannot tell what waits in a UDP socket, so sock_diag does."""
    program = passes.make_program(probe_reads=False)
    monkeypatch.setattr(bpf, "load_program", lambda asked: passes.LoadedProgram(program))
    monkeypatch.setattr(passes, "_loaded", {})
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        one.bind(("127.0.0.1", 0))
        two.connect(one.getsockname())
        for _ in range(40):
            two.send(b"x" * 900)
        for _ in range(30):  # what they free is given back in large pieces
            one.recv(900)
        inode = os.fstat(one.fileno()).st_ino
        for question in ({"owners": True}, {"pid": os.getpid()}):
            ours, theirs = (
                fastsock.scan(engine=name, protocol="udp", **question).select(inode=inode)
                for name in ("bpf", "netlink")
            )
            assert [row.rx_queue for row in ours] == [row.rx_queue for row in theirs]
            assert [row.pid for row in ours[0].owners or ()] == [os.getpid()]


def test_programs_for_single_questions_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "_loaded", {})
    everything = passes.load_program()
    for port in range(1, passes.MOST_LOADED + 3):
        passes.load_program((("port", port), ("ends", 1)))
    assert len(passes._loaded) == passes.MOST_LOADED + 1
    assert passes.load_program() is everything


def test_the_program_is_loaded_once() -> None:
    program = passes.load_program()
    assert open_engine("bpf").owners([os.getpid()]) is not None
    assert passes.load_program() is program


def test_nothing_is_left_open(listener: socket.socket) -> None:
    passes.load_program()
    before = descriptors()
    for _ in range(3):
        assert holders(listener) == [(os.getpid(), listener.fileno())]
    assert descriptors() == before


def test_a_program_that_somebody_closed(listener: socket.socket) -> None:
    """As a daemon does at its start. Its number may then be another file's, which stays."""
    number = passes.load_program().program.fd
    os.close(number)
    other = os.open("/dev/null", os.O_RDONLY)
    os.dup2(other, number)
    try:
        assert holders(listener) == [(os.getpid(), listener.fileno())]
        assert passes.load_program().program.fd != number
        assert os.readlink(f"/proc/self/fd/{number}") == "/dev/null"
    finally:
        os.close(number)
        if other != number:
            os.close(other)


def test_a_child_of_fork_has_the_program_too(listener: socket.socket) -> None:
    passes.load_program()
    assert in_child(lambda: (os.getpid(), listener.fileno()) in holders(listener))


def test_all_processes_that_share_a_socket(listener: socket.socket) -> None:
    with child_process(lambda: None) as (child, _):
        both = {(os.getpid(), listener.fileno()), (child, listener.fileno())}
        assert set(holders(listener)) == both


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")
def test_a_program_that_is_loaded_outlives_the_capabilities(listener: socket.socket) -> None:
    """Who loads it and then becomes another user still sees every process."""
    passes.load_program()
    mine = os.getpid()
    found = in_child(lambda: holders(listener), user=NOBODY)
    assert (mine, listener.fileno()) in found


def test_pids_of_a_child_pid_namespace() -> None:
    """The numbers are those of who asks, and processes outside are not there."""

    def ask() -> tuple[int, list[tuple[int, int]], int]:
        proc, none = ctypes.c_char_p(b"proc"), ctypes.c_char_p(b"none")
        target = ctypes.c_char_p(b"/proc")
        if libc.mount(none, ctypes.c_char_p(b"/"), None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
        if libc.mount(proc, target, proc, ctypes.c_ulong(0), None):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
        with socket.create_server(("127.0.0.1", 0)) as server:
            return server.fileno(), holders(server), os.getpid()

    def enter_and_ask() -> tuple[int, list[tuple[int, int]], int]:
        if libc.unshare(CLONE_NEWPID | CLONE_NEWNS):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        return in_child(ask)

    fd, found, pid = in_child(enter_and_ask)
    assert (found, pid) == ([(1, fd)], 1)


def test_connections_of_a_process(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        try:
            port = listener.getsockname()[1]
            counts = fastsock.count(engine="bpf", pid=os.getpid(), port=port)
            assert (counts.established, counts.listen, counts.total) == (2, 1, 3)
        finally:
            reset(client)
            reset(accepted)


# ------------------------------------------------------------------------- why not, and what helps

NOT_PERMITTED = f"load program: {os.strerror(errno.EPERM)} ({errno.EPERM}): "


def why_not() -> tuple[str, str]:
    """What the engine says that cannot be opened; `fastsock engines` says the same.

    For a child: it takes no pin of this host.
    """
    os.environ["FASTSOCK_BPF_PATH"] = "/nowhere"
    passes._loaded.clear()
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("bpf")
    (status,) = (one for one in engine_status() if one.name == "bpf")
    said = (caught.value.reason, caught.value.remedy)
    assert (status.available, status.reason, status.remedy) == (False, *said)
    return said


def keep_capabilities(*numbers: int) -> None:
    """Give all but these away."""
    bits = sum(1 << number for number in numbers)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    header = (ctypes.c_uint32 * 2)(sockfarm.LINUX_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)  # effective, permitted, inheritable
    assert libc.capset(header, sets) == 0


def test_without_the_capabilities() -> None:
    assert in_child(why_not, user=NOBODY) == (
        f"{NOT_PERMITTED}without CAP_BPF and CAP_PERFMON",
        f"run as root, or once as root: {PIN}",
    )


@as_root
@pytest.mark.parametrize(
    ("kept", "lacking"),
    [
        ((), "CAP_BPF and CAP_PERFMON"),
        ((CAP_BPF,), "CAP_PERFMON"),
        ((CAP_PERFMON,), "CAP_BPF"),
    ],
)
def test_with_one_of_the_capabilities(kept: tuple[int, ...], lacking: str) -> None:
    def ask() -> tuple[str, str]:
        keep_capabilities(*kept)
        return why_not()

    assert in_child(ask) == (f"{NOT_PERMITTED}without {lacking}", f"start it with {lacking}")


@as_root
@pytest.mark.parametrize("kept", [(CAP_BPF, CAP_PERFMON), (CAP_SYS_ADMIN,)])
def test_what_is_enough(kept: tuple[int, ...]) -> None:
    """So nothing else is said to be missing."""

    def ask() -> str:
        passes._loaded.clear()
        keep_capabilities(*kept)
        return open_engine("bpf").name

    assert in_child(ask) == "bpf"


@as_root
def test_capabilities_that_root_can_not_get_back() -> None:
    """As in a container."""

    def ask() -> tuple[str, str]:
        for number in (CAP_BPF, CAP_PERFMON):
            assert libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0
        become(NOBODY)
        return why_not()

    assert in_child(ask) == (
        f"{NOT_PERMITTED}without CAP_BPF and CAP_PERFMON",
        "start the container with --user 0 --cap-add BPF --cap-add PERFMON",
    )


def test_in_a_user_namespace() -> None:
    def ask() -> tuple[str, str]:
        if libc.unshare(sockfarm.CLONE_NEWUSER):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        return why_not()

    reason, remedy = in_child(ask)
    # Behind it stands what is wrong with a pin: root's directories are not root's in there.
    assert reason.startswith(f"{NOT_PERMITTED}capabilities of a user namespace do not count for it")
    assert remedy == "run as root outside of this user namespace (of this rootless container)"


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS])
def test_under_a_seccomp_filter(code: int) -> None:
    def ask(user: int | None = None) -> tuple[str, str]:
        refuse_bpf(code)
        if user is not None:
            become(user)
        return why_not()

    failed = f"load program: {os.strerror(code)} ({code}): "
    assert in_child(ask) == (
        f"{failed}a seccomp filter refuses bpf(2)",
        "allow bpf in the filter; docker run --security-opt seccomp=unconfined",
    )
    if os.geteuid() == 0:
        assert in_child(lambda: ask(NOBODY)) == (
            f"{failed}without CAP_BPF and CAP_PERFMON, and under a seccomp filter, "
            "which may refuse bpf(2) as well",
            "run as root outside of this seccomp filter",
        )


def cover(target: str, source: str = "") -> None:
    """Mount an empty directory over one, or another file over a file, for this process alone."""
    bind, private = 0x1000, 0x4000 | 0x40000
    if libc.unshare(CLONE_NEWNS):
        pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
    for arguments in (
        (b"none", b"/", None, private),
        (source.encode(), target.encode(), None, bind)
        if source
        else (b"none", target.encode(), b"tmpfs", 0),
    ):
        *names, flags = arguments
        if libc.mount(*map(ctypes.c_char_p, names), ctypes.c_ulong(flags), None):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")


NO_SUCH = f"open BTF: {os.strerror(errno.ENOENT)} ({errno.ENOENT}): "


@pytest.mark.parametrize(
    ("target", "source", "reason", "remedy"),
    [
        (
            "/sys/kernel/btf",
            "",
            f"{NO_SUCH}/sys/kernel/btf is covered by another mount",
            "umount /sys/kernel/btf",
        ),
        ("/sys", "", f"{NO_SUCH}/sys is not mounted here, or covered", "mount -t sysfs sysfs /sys"),
        (
            BTF,
            "/dev/null",
            f"open BTF: {os.strerror(errno.ENODATA)} ({errno.ENODATA}): "
            f"{BTF} is covered by another file",
            f"umount {BTF}",
        ),
    ],
)
def test_types_that_are_covered(target: str, source: str, reason: str, remedy: str) -> None:
    """And the remedy is one."""

    def ask() -> tuple[tuple[str, str], int, str]:
        cover(target, source)
        said = why_not()
        status = subprocess.run(remedy.split(), check=False).returncode
        return said, status, open_engine("bpf").name

    assert in_child(ask) == ((reason, f"as root: {remedy}"), 0, "bpf")


def test_no_proc_is_a_reason_like_another() -> None:
    """Then no engine works, each says why, and one remedy is for all."""

    def ask() -> tuple[list[tuple[str, str]], int, bool]:
        cover("/proc")
        said = [(one.reason, one.remedy) for one in engine_status()]
        status = subprocess.run(said[0][1].split(), check=False).returncode
        return said, status, all(one.available for one in engine_status())

    remedy = "mount -t proc proc /proc"
    unread = "/proc/thread-self/net/tcp cannot be read: is /proc mounted?"
    assert in_child(ask) == (
        [("/proc is not mounted", remedy), *[(unread, remedy)] * (len(ENGINES) - 1)],
        0,
        True,
    )


def test_the_proc_of_another_pid_namespace() -> None:
    def ask() -> tuple[str, str]:
        if libc.unshare(CLONE_NEWPID):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        return in_child(why_not)

    assert in_child(ask) == ("/proc is that of another pid namespace", "mount -t proc proc /proc")


@pytest.mark.parametrize("procfs", ["/proc/1/root/proc", "/nowhere"])
def test_a_proc_of_others(procfs: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("bpf", procfs=procfs)
    reason = f"it sees the processes of this /proc, not those of {procfs}"
    assert str(caught.value) == f"engine bpf is not available: {reason}"
    assert (caught.value.reason, caught.value.remedy) == (reason, "--procfs /proc")


def test_without_netlink(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise EngineUnavailable("netlink", "not today", remedy="come tomorrow")

    monkeypatch.setattr(bpf, "NetlinkEngine", refuse)
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("bpf")
    assert (caught.value.reason, caught.value.remedy) == (
        "it takes netlink: not today",
        "come tomorrow",
    )
