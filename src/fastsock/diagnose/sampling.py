"""What is looked at again and again: this host, or only the processes that are named.

Of named processes only their own sockets are read. What nobody holds (TIME_WAIT) is asked for
beside these where the kernel counts so many that a limit may be near.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

from fastsock import processes
from fastsock.conductor import scan
from fastsock.diagnose.counters import read_spaces
from fastsock.diagnose.following import NEAR, Sample, count_range
from fastsock.diagnose.process_state import ProcessState, read_processes, read_state
from fastsock.diagnose.snapshot import Snapshot, own_inode, read_boot_id, read_host_name
from fastsock.engines.namespaces import Namespace, find_namespaces, list_pids, read_net
from fastsock.errors import Hidden, NoSuchProcess, OwnersHidden, escape
from fastsock.filter import build_filter
from fastsock.table import Process, SocketTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TRIES = 3  # processes may end between being found and being looked at
_WITHOUT_FD_SIZE = 4096  # descriptors that are listed where the directory does not tell its size


class Sampler:
    """Takes samples of what one question selects; `question` as for `scan`.

    With `pid` these processes are followed, and nobody who gets their numbers later; with `command`
    also those of that name which come later; with `tree` a process and all that it starts, and they
    in turn.
    """

    def __init__(self, question: Mapping[str, Any], tree: int | None = None) -> None:
        self.question = dict(question)
        self.question.setdefault("protocol", ("tcp", "udp"))
        self.procfs = os.fspath(self.question.get("procfs", "/proc"))
        self.names: frozenset[bytes] | None = None
        # Who is named, by pid, with the start time that tells whether it is still the same.
        self.named: dict[int, int] | None = None
        self.tree = tree is not None
        self.hidden: list[int] = []
        self._host = read_host_name(self.procfs), read_boot_id(self.procfs)
        self._read = False
        if tree is not None:
            self.named = {tree: self._start_time(tree)}
        elif self.question.get("pid") is not None:
            pids = sorted(build_filter(pid=self.question["pid"]).terms["pid"])
            self.named = {pid: self._start_time(pid) for pid in pids}
        if self.question.get("command") is not None:
            self.names = build_filter(command=self.question["command"]).terms["command"]

    def take(self) -> Sample:
        """Look once. NoSuchProcess where all that are named have ended; else raises as `scan`."""
        for _ in range(_TRIES - 1):
            try:
                return self._take(last=False)
            except NoSuchProcess:
                if not self._pids():
                    raise
            except OwnersHidden as error:
                # One that changed its user since; who was hidden from the beginning is an error.
                if not self._read:
                    raise
                self._drop(error.pids)
        return self._take(last=True)

    def has_ended(self, pid: int, start_time: int) -> bool:
        """Return whether a process that was seen is gone, or is another by that number now."""
        try:
            return start_time not in (0, self._start_time(pid))
        except (NoSuchProcess, Hidden):
            return True

    # ------------------------------------------------------------------------------------- who

    def _start_time(self, pid: int) -> int:
        """Return when a process was started; NoSuchProcess where it has ended or never was."""
        if processes.has_ended(f"{self.procfs}/{pid}"):
            raise NoSuchProcess(str(pid))
        directory = processes.open_process(self.procfs, pid)
        try:
            return processes.read_start_time(directory)
        except (FileNotFoundError, ProcessLookupError):
            raise NoSuchProcess(str(pid)) from None
        except PermissionError:  # hidepid=1
            return 0
        finally:
            os.close(directory)

    def _pids(self) -> list[int] | None:
        """Return the processes that are named and live, None where the question names none."""
        if self.named is not None:
            if self.tree:
                self._grow()
            for pid in [p for p, started in self.named.items() if self.has_ended(p, started)]:
                del self.named[pid]
        if self.names is None:
            return None if self.named is None else sorted(self.named)
        pids = list_pids(self.procfs) if self.named is None else sorted(self.named)
        found = processes.find_processes(self.procfs, pids, self.names)
        return [pid for pid in found if pid not in self.hidden]

    def _grow(self) -> None:
        """Take in what the processes of the tree have started.

        A process whose parent ended has another parent: who was seen before belongs to it still.
        """
        assert self.named is not None
        parents: dict[int, list[int]] = {}
        for pid in list_pids(self.procfs):
            parents.setdefault(_read_parent(f"{self.procfs}/{pid}"), []).append(pid)
        fresh = list(self.named)
        while fresh:
            for pid in parents.get(fresh.pop(), ()):
                if pid not in self.named:
                    try:
                        self.named[pid] = self._start_time(pid)
                    except NoSuchProcess:
                        continue
                    fresh.append(pid)

    def _drop(self, pids: Iterable[int]) -> None:
        self.hidden += pids
        for pid in pids:
            if self.named is not None:
                self.named.pop(pid, None)

    # ------------------------------------------------------------------------------------ what

    def _take(self, *, last: bool) -> Sample:
        pids = self._pids()
        question = dict(self.question)
        if pids is not None:
            if not pids:
                raise NoSuchProcess(self._gone())
            question.pop("command", None)
            question["pid"] = pids
        started = time.perf_counter()
        now, monotonic = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
        table = scan(owners=True, **question)
        self._read = True
        if not last and any(processes.has_ended(f"{self.procfs}/{pid}") for pid in pids or ()):
            # It ended while it was looked at: what it had closed by then tells nothing.
            raise NoSuchProcess("one that was looked at")
        assert table.owners is not None
        states = read_processes(self.procfs, table.owners)
        for pid in pids or ():
            if pid not in states and (state := self._read_state(pid)) is not None:
                states[pid] = state
            elif pid in states and states[pid].descriptors is None:
                states[pid].descriptors = _list_descriptors(f"{self.procfs}/{pid}/fd")
        engine, netns = table.sources["sockets"], question.get("netns")
        named = pids if pids is not None else sorted(states) if "cgroup" in question else None
        namespaces = find_namespaces(engine, self.procfs, netns, named)
        spaces, missing = read_spaces(self.procfs, namespaces)
        snapshot = Snapshot(
            sockets=table,
            host=self._host[0],
            boot_id=self._host[1],
            time=now,
            monotonic=monotonic,
            processes=states,
            spaces={space.inode: space for space in spaces if space.inode},
            netns=own_inode(self.procfs),
            sources=table.sources,
            incomplete=(*table.incomplete, *missing),
        )
        sample = Sample(snapshot, ended=self.has_ended)
        if named is not None or self._selects():
            sample.time_wait = _count_time_wait(namespaces)
            sample.ports = self._find_ports(snapshot, sample.time_wait, namespaces)
        snapshot.elapsed = time.perf_counter() - started
        return sample

    def _gone(self) -> str:
        if self.names is not None:
            return escape(b", ".join(sorted(self.names)))
        return "all that were named have ended"

    def _selects(self) -> bool:
        """Whether the question leaves out sockets of its namespaces."""
        asked = ("engine", "netns", "procfs", "threads", "protocol")
        return any(value is not None for key, value in self.question.items() if key not in asked)

    def _read_state(self, pid: int) -> ProcessState | None:
        """Return what a process is that holds no socket; None where it has ended."""
        try:
            details = processes.read_details(self.procfs, pid)
        except (NoSuchProcess, Hidden):
            return None
        made = read_state(
            self.procfs,
            Process(pid, details.start_time, details.command, details.uid, 0, details.cgroup),
        )
        if made.descriptors is None:
            made.descriptors = _list_descriptors(f"{self.procfs}/{pid}/fd")
        return made

    def _find_ports(
        self, snapshot: Snapshot, waiting: Mapping[int, int], namespaces: Iterable[Namespace]
    ) -> list[SocketTable]:
        """Return the tables with what takes ports: those that we have, and what is in TIME_WAIT.

        That is read only where there is so much of it that together a limit may be near.
        """
        held = len(snapshot.sockets)
        full = [
            space
            for space in namespaces
            if space.inode in snapshot.spaces
            and waiting.get(space.inode, 0)
            and waiting[space.inode] + held >= NEAR * count_range(snapshot.spaces[space.inode])
        ]
        if not full:
            return [snapshot.sockets]
        asked = {
            key: self.question[key]
            for key in ("engine", "procfs", "threads")
            if self.question.get(key) is not None
        }
        tables = [snapshot.sockets]
        for space in full:
            try:
                tables.append(scan(state="time-wait", netns=_address(space), **asked))
            except NoSuchProcess:  # whose namespace it was has ended just now
                pass
        return tables


def _address(space: Namespace) -> int | str | None:
    """Return how a question names a namespace: by a process in it, its name; None for ours."""
    if not space.directories:
        return space.name
    process = os.path.basename(os.path.dirname(space.directories[0]))
    return int(process) if process.isdigit() else None


def _read_parent(process: str) -> int:
    """Return the parent of /proc/PID; 0 where it has ended."""
    try:
        directory = os.open(process, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # ended
        return 0
    try:
        fields = processes.read_below(directory, "stat").rpartition(b")")[2].split()
        return int(fields[1]) if len(fields) > 1 and fields[1].isdigit() else 0
    except OSError:  # ended meanwhile; or hidden, and then nobody knows
        return 0
    finally:
        os.close(directory)


def _list_descriptors(directory: str) -> int | None:
    """Return how many descriptors a process has, by a look at them: Linux before 6.2."""
    try:
        with os.scandir(directory) as entries:
            number = sum(1 for _, _ in zip(entries, range(_WITHOUT_FD_SIZE), strict=False))
    except OSError:  # ended, or not permitted
        return None
    return number if number < _WITHOUT_FD_SIZE else None


def _count_time_wait(namespaces: Iterable[Namespace]) -> dict[int, int]:
    """Return how many sockets are in TIME_WAIT by namespace, as net/sockstat counts them.

    Of `TCP: inuse 3 orphan 0 tw 2 alloc 4 mem 1` it is the 2 (sockstat_seq_show, net/ipv4/proc.c).
    """
    found = {}
    for space in namespaces:
        words = (read_net(space, "sockstat", 4096) or b"").partition(b"TCP: ")[2].split()
        numbers = dict(zip(words[::2], words[1::2], strict=False))
        if space.inode and numbers.get(b"tw", b"").isdigit():
            found[space.inode] = int(numbers[b"tw"])
    return found
