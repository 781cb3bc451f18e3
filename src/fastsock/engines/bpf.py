"""The BPF engine: owners from a program that the kernel runs for every descriptor.

A readlink for each descriptor costs 2 us and leaves a dentry and an inode behind; a task_file
iterator passes over it in 0.14 us, over a socket in 0.6, and leaves nothing. It sees the processes
of all users. The sockets themselves come from sock_diag, as with the netlink engine.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock.engines._bpf import BpfError, Program, attach, walk_by_program
from fastsock.engines.namespaces import Namespace
from fastsock.engines.netlink import NetlinkEngine
from fastsock.engines.walk import Walk
from fastsock.errors import EngineUnavailable
from fastsock.processes import shows_own_pids
from fastsock.table import SocketTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.filter import Filter

INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # include/linux/proc_ns.h, PROC_PID_INIT_INO

# Loading takes 2 ms, so programs are kept: one for each pid namespace that this process lived in.
_loaded: dict[int, Program] = {}


class BpfEngine:
    """Takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; Linux 6.1 with BTF."""

    name = "bpf"
    exact = NetlinkEngine.exact
    knows_unix_uid = NetlinkEngine.knows_unix_uid

    def __init__(self, procfs: str, threads: int) -> None:
        self._procfs = procfs
        self._threads = threads
        if os.path.normpath(procfs) != "/proc" or not shows_own_pids(procfs):
            raise EngineUnavailable(
                self.name, f"{procfs} does not number processes as the kernel does for us"
            )
        try:
            self._tables = NetlinkEngine(procfs, threads)
        except EngineUnavailable as error:
            raise EngineUnavailable(self.name, f"it takes netlink: {error.reason}") from None
        try:
            self._program = load_program()
        except BpfError as error:
            raise EngineUnavailable(self.name, explain(error)) from None

    @property
    def sources(self) -> Mapping[str, str]:
        return {**self._tables.sources, "owners": self.name}

    @property
    def repeats(self) -> int:
        return self._tables.repeats

    @property
    def unentered(self) -> int:
        return self._tables.unentered

    def sockets(
        self, want: Filter, namespaces: Sequence[Namespace], fields: Sequence[str] = ()
    ) -> SocketTable:
        return self._tables.sockets(want, namespaces, fields)

    def stream(
        self, want: Filter, namespaces: Sequence[Namespace], fields: Sequence[str] = ()
    ) -> Iterator[SocketTable]:
        return self._tables.stream(want, namespaces, fields)

    def count(self, want: Filter, namespaces: Sequence[Namespace]) -> Sequence[int]:
        return self._tables.count(want, namespaces)

    def find(self, want: Filter, namespaces: Sequence[Namespace]) -> SocketTable:
        return self._tables.find(want, namespaces)

    def owners(self, pids: Iterable[int] | None) -> Walk:
        return walk_by_program(self._procfs, pids, self._threads, self._program.fd)


def load_program() -> Program:
    """Return the program for our pid namespace, loaded when first needed. Raises BpfError."""
    space = os.stat("/proc/self/ns/pid").st_ino
    program = _loaded.get(space)
    if program is not None and is_program(program.fd):
        return program
    if program is not None:  # a daemon has closed all descriptors, and the number may be another's
        program.forget()
        del _loaded[space]
    child = space != INITIAL_PID_NAMESPACE
    try:
        program = Program(pid_namespace=child, timers=False)
    except BpfError as error:
        if error.step != "load program" or error.errno != errno.EINVAL:
            raise
        # What a kernel says that is locked down for confidentiality.
        program = Program(pid_namespace=child, timers=False, probe_reads=False)
    os.close(attach(program.fd, os.getpid()))  # whether the kernel looks at one process alone
    _loaded[space] = program
    return program


def is_program(fd: int) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{fd}") == "anon_inode:bpf-prog"
    except OSError:  # closed
        return False


def explain(error: BpfError) -> str:
    """Return what failed, and what would help."""
    if error.no_task_filter:
        return f"{error.strerror}: Linux 6.1 is the first that looks at one process alone"
    if error.errno in (errno.EPERM, errno.EACCES) and error.step == "load program":
        return f"{error.strerror}: run as root, or with CAP_BPF and CAP_PERFMON"
    if error.errno == errno.ENOENT and error.step == "open BTF":
        return f"{error.strerror}: the kernel was built without CONFIG_DEBUG_INFO_BTF"
    return str(error.strerror)
