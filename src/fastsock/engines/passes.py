"""How a pass of the program comes about: by a program loaded here, or by what is pinned."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Sequence

from fastsock.engines._bpf import LOCAL, REMOTE, BpfError, Program, attach, iterate
from fastsock.engines._met import Met
from fastsock.engines._pass import walk_by_iterator, walk_by_program
from fastsock.engines.walk import Walk
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.filter import Filter

# To load the program takes 2 to 3 ms, and so do the links of so many descriptors.
WORTH_LOADING = 800

# A program that is loaded for one question looks at fewer sockets, and saves 0.3 us of each. Where
# one for all is loaded already, so many descriptors pay for another.
WORTH_ANOTHER = 10_000
MOST_LOADED = 8  # for single questions, the latest

# include/uapi/linux/capability.h: CAP_PERFMON and CAP_BPF, CAP_SYS_ADMIN.
LOADING, ADMIN = 1 << 38 | 1 << 39, 1 << 21

INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # include/linux/proc_ns.h, PROC_PID_INIT_INO


class ProgramPasses:
    """By a program, of which links are made: for each process (Linux 6.1), or for all at once."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        try:
            os.close(attach(fd, os.getpid()))
            self._by_process = True
        except BpfError as error:
            if not error.no_task_filter:
                raise
            self._by_process = False

    def walk(
        self,
        procfs: str,
        pids: Iterable[int] | None,
        threads: int,
        mets: Sequence[Met],
        once: bool,
    ) -> Walk:
        """Walk all processes, or `pids`; `mets` are for the threads, or empty.

        `once`: a process of which a socket was kept need not be looked at any further.
        """
        # Who is hidden gets no link: /proc does not tell its number.
        if self._by_process and (pids is not None or os.path.exists(f"{procfs}/1")):
            return walk_by_program(procfs, pids, threads, self._fd, mets, once)
        link = Descriptor(attach(self._fd))
        iterator = Descriptor(iterate(link.fd))
        return _walk_whole(procfs, pids, iterator.fd, mets)


class LoadedProgram(ProgramPasses):
    """By a program that was loaded here."""

    def __init__(self, program: Program) -> None:
        super().__init__(program.fd)
        self.program = program


class PinnedProgram(ProgramPasses):
    """By a program that somebody has pinned, for those who may read and write the pin."""

    def __init__(self) -> None:
        from fastsock.engines import pins

        self._pin = Descriptor(pins.find_program())
        super().__init__(self._pin.fd)


class Descriptor:
    """A descriptor that is closed when nobody knows it any more."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


class PinnedLink:
    """By a pinned link for all processes, which may be read and nothing else."""

    def __init__(self) -> None:
        # For the first walk, also where somebody unpins it before that.
        self._iterator: Descriptor | None = self._open()

    def _open(self) -> Descriptor:
        from fastsock.engines import pins

        return Descriptor(pins.find_link())

    def walk(
        self,
        procfs: str,
        pids: Iterable[int] | None,
        threads: int,
        mets: Sequence[Met],
        once: bool,
    ) -> Walk:
        """As ProgramPasses.walk, on one thread. A pass is read once: the next is another."""
        iterator, self._iterator = self._iterator or self._open(), None
        return _walk_whole(procfs, pids, iterator.fd, mets)


def _walk_whole(
    procfs: str, pids: Iterable[int] | None, iterator: int, mets: Sequence[Met]
) -> Walk:
    return walk_by_iterator(procfs, pids, iterator, mets[0] if mets else None)


# What a program looks at, as arguments of Program. Nothing: all sockets, without their cgroups.
Asked = tuple[tuple[str, int], ...]
EVERYTHING: Asked = ()

# By the pid namespace that this process lived in, and what is asked.
_loaded: dict[tuple[int, Asked], LoadedProgram] = {}

# (pid namespace, user) for which the kernel has refused it: to be told so again takes 2 ms.
_refused: set[tuple[int, int]] = set()


def parse_asked(want: Filter, fields: Collection[str] = ()) -> Asked:
    """Return what the program must look at for what is wanted, with these optional columns.

    It leaves out sockets by their port, or where only such are wanted that wait: few among many.
    Other states and families are seldom asked for, and a program for each would be loaded more
    often than used.
    """
    terms = want.terms
    found: dict[str, int] = {}
    if "socket_cgroup" in fields:
        found["cgroups"] = 1
    states = terms.get("state", frozenset())
    if states and states <= {State.LISTEN, State.CLOSE}:
        found["states"] = sum(1 << state for state in states)
    for name, ends in (("local_port", LOCAL), ("remote_port", REMOTE), ("port", LOCAL | REMOTE)):
        ranges = terms.get(name, frozenset())
        if len(ranges) == 1:
            ((low, high),) = ranges
            if low == high != 0:
                return (*found.items(), ("port", low), ("ends", ends))
    return tuple(found.items())


def find_loaded(asked: Asked) -> LoadedProgram | None:
    """Return a program for our pid namespace, where it has been loaded."""
    key = _pid_namespace(), asked
    found = _loaded.get(key)
    if found is not None and not is_program(found.program.fd):
        # A daemon has closed all descriptors, and the number may be another's.
        found.program.forget()
        del _loaded[key]
        return None
    return found


def load_program(asked: Asked = EVERYTHING) -> LoadedProgram:
    """Return the program for our pid namespace, loaded when first needed. Raises BpfError."""
    found = find_loaded(asked)
    if found is not None:
        return found
    space = _pid_namespace()
    child = space != INITIAL_PID_NAMESPACE
    try:
        constants = {"cgroups": 0, **dict(asked)}
        found = LoadedProgram(make_program(pid_namespace=child, **constants))
    except BpfError:
        _refused.add((space, os.geteuid()))
        raise
    single = [key for key in _loaded if key[1] != EVERYTHING]
    if asked != EVERYTHING and len(single) >= MOST_LOADED:
        del _loaded[single[0]]
    _loaded[space, asked] = found
    return found


def is_refused() -> bool:
    """Whether it could not be loaded before."""
    return (_pid_namespace(), os.geteuid()) in _refused


def is_only_way() -> bool:
    """Whether this thread may load it and may not read others' descriptors: their links then say
    nothing, however few they are.
    """
    from fastsock.engines.host import PTRACE, read_effective

    effective = read_effective()
    may_load = LOADING & ~effective == 0 or ADMIN & effective != 0
    return may_load and not effective & PTRACE


def make_program(**asked: Any) -> Program:
    """Load the program, with what this kernel allows. Raises BpfError."""
    try:
        return Program(**asked)
    except BpfError as error:
        if error.step != "load program" or error.errno != errno.EINVAL:
            raise
        # What a kernel says that is locked down for confidentiality.
        return Program(probe_reads=False, **asked)


def find_pinned() -> PinnedProgram | PinnedLink:
    """Return what is pinned: the program, else the link. Raises PinError for the link."""
    from fastsock.errors import PinError

    try:
        return PinnedProgram()
    except (PinError, BpfError):  # seldom pinned, and never without the link
        return PinnedLink()


def is_pin(path: str) -> bool:
    """Whether an error about this path is about a pin, and not about the way to it."""
    from fastsock.engines import pins

    return pins.parse_pin(os.path.basename(path)) is not None


def _pid_namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino


def is_program(fd: int) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{fd}") == "anon_inode:bpf-prog"
    except OSError:  # closed
        return False
