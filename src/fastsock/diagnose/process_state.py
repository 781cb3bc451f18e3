"""The processes that hold sockets: what a walk says of them, and how many descriptors they have."""

from __future__ import annotations

import os

from fastsock import processes
from fastsock.errors import NoSuchProcess, escape
from fastsock.table import OwnerTable, Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProcessState:
    """A process that holds sockets, when the snapshot was taken.

    `start_time` (clock ticks after boot) tells it apart from another of the same number, `command`
    is its comm, `uid` its effective user, `unit` the container, pod or systemd unit that it is in,
    or None. `descriptors` is how many it had open, `descriptor_limit` how many it may have (the
    soft RLIMIT_NOFILE, getrlimit(2)): None where the kernel did not tell, or there is no limit.
    """

    __slots__ = (
        "pid",
        "start_time",
        "command",
        "uid",
        "cgroup",
        "descriptors",
        "descriptor_limit",
    )

    def __init__(
        self,
        pid: int,
        start_time: int,
        command: bytes,
        uid: int,
        cgroup: bytes = b"",
        descriptors: int | None = None,
        descriptor_limit: int | None = None,
    ) -> None:
        self.pid = pid
        self.start_time = start_time
        self.command = command
        self.uid = uid
        self.cgroup = cgroup
        self.descriptors = descriptors
        self.descriptor_limit = descriptor_limit

    @property
    def unit(self) -> bytes | None:
        from fastsock import cgroups  # not above: most questions need none

        return cgroups.parse_unit(self.cgroup).text or None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: what others wrote is escaped."""
        unit = self.unit
        return {
            "pid": self.pid,
            "command": escape(self.command),
            "start_time": self.start_time,
            "uid": self.uid,
            "unit": None if unit is None else escape(unit),
            "descriptors": self.descriptors,
            "descriptor_limit": self.descriptor_limit,
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProcessState):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<ProcessState {self.pid} {escape(self.command)}>"


def read_processes(procfs: str, owners: OwnerTable) -> dict[int, ProcessState]:
    """Return the processes of a walk, with how many descriptors they have and may have."""
    return {process.pid: read_state(procfs, process) for process in owners.processes}


def read_state(procfs: str, process: Process) -> ProcessState:
    """Return a process of a walk as it is now, without its descriptors where it has ended."""
    made = ProcessState(
        process.pid, process.start_time, process.command, process.uid, process.cgroup
    )
    try:
        directory = processes.open_process(procfs, process.pid)
    except (NoSuchProcess, PermissionError):  # ended since; or behind hidepid
        return made
    try:
        # 0: the walk could not know. Another number is another process by now.
        if process.start_time not in (0, processes.read_start_time(directory)):
            return made
        made.descriptors = os.stat("fd", dir_fd=directory).st_size or None  # Linux 6.2
        limits = processes.read_below(directory, "limits")
        made.descriptor_limit = processes.parse_descriptor_limit(limits)
    except OSError:  # ended meanwhile; of another user the limits are readable, as its size
        pass
    finally:
        os.close(directory)
    return made
