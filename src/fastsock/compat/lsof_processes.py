"""Which processes and threads lsof looks into, and what they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from fastsock.compat.lsof_flags import PROCESS, TASK, Request
from fastsock.compat.lsof_select import Expression, Facts, Found, judge_process

PROC = "/proc"


class Visited:
    """One process, or thread, that is looked into, and the kinds that hold for all its files."""

    __slots__ = ("facts", "kinds", "task_command")

    def __init__(self, facts: Facts, kinds: int, task_command: bytes = b"") -> None:
        self.facts = facts
        self.kinds = kinds
        self.task_command = task_command

    @property
    def directory(self) -> str:
        facts = self.facts
        thread = f"/task/{facts.tid}" if facts.tid else ""
        return f"{PROC}/{facts.pid}{thread}"


def parse_stat(text: bytes) -> tuple[bytes, bytes, int, int] | None:
    """Return (command, state, parent, group) of /proc/PID/stat, None for what is no such file.

    A command may hold parentheses; lsof ends it where they balance, this at the last one.
    """
    start, end = text.find(b"("), text.rfind(b")")
    fields = text[end + 1 :].split(None, 3)
    if not 0 <= start < end or len(fields) < 4:
        return None
    return text[start + 1 : end], fields[0], int(fields[1]), int(fields[2])


def read_facts(pid: int, tid: int = 0) -> Facts | None:
    """Return what a process or thread is; None where it has ended, or waits to be (a zombie)."""
    directory = f"{PROC}/{pid}/task/{tid}" if tid else f"{PROC}/{pid}"
    try:
        uid = os.stat(f"{PROC}/{pid}").st_uid
        with open(f"{directory}/stat", "rb", 0) as status:
            found = parse_stat(status.read(4096))
    except OSError:  # ended
        return None
    if found is None or found[1] in (b"Z", b"X"):
        return None
    command, _, parent, group = found
    return Facts(pid, command, uid, parent, group, tid)


def list_pids() -> list[int]:
    """Return the processes that /proc shows, by number."""
    return sorted(int(name) for name in os.listdir(PROC) if name.isdigit())


def wanted_pids(request: Request) -> list[int] | None:
    """Return the only processes that can be listed, None where all may be."""
    if request.kinds == PROCESS or (request.every and request.kinds & PROCESS):
        return sorted(request.pids)
    return None


def visit_processes(
    request: Request, found: Found, expressions: Sequence[Expression]
) -> Iterator[Visited]:
    """Yield the processes to look into, by number; threads, where asked for, behind theirs."""
    wanted = wanted_pids(request)
    asks_tasks = request.tasks or (request.tasks is None and not request.kinds)
    for pid in list_pids() if wanted is None else wanted:
        facts = read_facts(pid)
        if facts is None:
            continue
        threads = list(_visit_threads(request, facts, found, expressions)) if asks_tasks else []
        if request.every and request.kinds & TASK and threads:
            facts.tid = pid  # the process is listed with its threads, as one of them
        kinds = judge_process(request, facts, found, expressions)
        facts.tid = 0
        if kinds is not None:
            yield Visited(facts, kinds)
        yield from threads


def _visit_threads(
    request: Request, process: Facts, found: Found, expressions: Sequence[Expression]
) -> Iterator[Visited]:
    try:
        tids = sorted(int(name) for name in os.listdir(f"{PROC}/{process.pid}/task"))
    except OSError:  # ended
        return
    for tid in tids:
        if tid == process.pid:
            continue
        facts = read_facts(process.pid, tid)
        if facts is None:
            continue
        task_command, facts.command = facts.command, process.command
        kinds = judge_process(request, facts, found, expressions)
        if kinds is not None:
            yield Visited(facts, kinds, task_command)
