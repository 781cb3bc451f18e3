"""The bare command: this host at a glance, on one small terminal, without a descriptor walk."""

from __future__ import annotations

from collections.abc import Callable

from fastsock import render
from fastsock.cli.answer import Answer
from fastsock.cli.flags import Flag, Options, UsageError
from fastsock.errors import describe, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.conductor import Glance

FLAGS: dict[str, tuple[Flag, ...]] = {}

LINES = 24
WIDTH = 80


def run(options: Options, answer: Answer) -> int:
    """Look, and write what fits."""
    from fastsock.conductor import glance

    question = options.question()
    for keyword, flag in (("pid", "-p"), ("command", "-c"), ("cgroup", "--cgroup")):
        if keyword in question:
            raise UsageError(f"{flag} needs a look at descriptors: fastsock count {flag} …")
    found = glance(**question)
    if options.on("json") or options.on("jsonl"):
        answer.write(render.dump_json({**answer.head(found), **as_dict(found)}) + "\n")
        return answer.code(found)
    answer.write("".join(f"{cut(line)}\n" for line in lines_of(found)))
    # What is hidden stands among the lines already.
    return answer.code(found) if options.on("strict") else 0


RUN: dict[str, Callable[[Options, Answer], int]] = {"": run}


def as_dict(found: Glance) -> dict[str, object]:
    """Return the JSON of a glance."""
    return {
        "counts": [
            {"protocol": protocol, "family": family, **counts.as_dict()}
            for (protocol, family), counts in found.counts.items()
        ],
        "processes": [
            {
                "pid": pid,
                "command": escape(command),
                "unit": escape(found.units[pid]) if pid in found.units else None,
                "descriptors": descriptors,
            }
            for pid, command, descriptors in found.processes
        ],
        "process_count": found.process_count,
        "namespaces": found.namespaces,
        "unix": found.unix,
        "undecoded": dict(found.undecoded),
    }


def lines_of(found: Glance) -> list[str]:
    """Return at most LINES lines: as many processes as leave room, blank lines if they fit."""
    sockets = matrix(found)
    end = [origin(found), *hidden(found)]
    room = LINES - len(sockets) - len(end) - 1
    processes = busiest(found, room)
    parts = [part for part in (sockets, processes, end) if part]
    blank = sum(map(len, parts)) + len(parts) - 1 <= LINES
    lines: list[str] = []
    for part in parts:
        lines += [""] if blank and lines else []
        lines += part
    return lines


def matrix(found: Glance) -> list[str]:
    """Return a line for each state that occurs, a column for each protocol and family."""
    states = [name for counts in found.counts.values() for name in counts.states]
    known = [name for name in render.STATES if name in states]
    headings = ["SOCKETS", *map(name_of, found.counts), "TOTAL"]
    rows = [
        [name, *cells(found, [counts.states.get(name, 0) for counts in found.counts.values()])]
        for name in known
    ]
    # States of a later kernel share a line: there is room for so many.
    rest = [
        sum(number for name, number in counts.states.items() if name not in known)
        for counts in found.counts.values()
    ]
    if any(rest):
        rows.append(["other numbers", *cells(found, rest)])
    rows.append(["total", *cells(found, [counts.total for counts in found.counts.values()])])
    return render.render_grid(headings, rows, range(1, len(headings))).splitlines()


def name_of(key: tuple[str, str]) -> str:
    """Return the heading of a protocol and a family; of UNIX sockets both are one."""
    protocol, family = key
    return protocol if protocol == family else f"{protocol}/{family}"


def cells(found: Glance, numbers: list[int]) -> list[str]:
    """Return numbers and their sum; nothing reads faster than 0."""
    return [str(number) if number else "-" for number in (*numbers, sum(numbers))]


def busiest(found: Glance, room: int) -> list[str]:
    """Return the processes with most open descriptors, of any kind."""
    if room < 2 or not found.processes:
        return []
    rows = [
        (str(descriptors), str(pid), render.text_name(command) + in_unit(found, pid))
        for pid, command, descriptors in found.processes[: room - 1]
    ]
    headings = ("DESCRIPTORS", "PID", f"of {found.process_count} processes")
    return render.render_grid(headings, rows, (0, 1)).splitlines()


def in_unit(found: Glance, pid: int) -> str:
    """Return the container or unit of a process, as the owners of sockets have it."""
    return f" unit={render.text_name(found.units[pid])}" if pid in found.units else ""


def origin(found: Glance) -> str:
    """Return which engine said so, how fast, and how much of the host this is."""
    spaces = found.namespaces
    more = " here, shown is one (--netns all)" if spaces > 1 else ""
    return (
        f"engine {found.sources['sockets']}, {found.elapsed * 1000:.1f} ms; "
        f"{spaces} network namespace{'s' * (spaces != 1)}{more}"
    )


def hidden(found: Glance) -> list[str]:
    """Return what is not shown and what could not be seen, in three lines at most."""
    # A count that costs nothing, where a column of them would be one more dump.
    shown = any(protocol == "unix" for protocol, _ in found.counts)
    beside = [f"{found.unix} UNIX (-x)"] if found.unix and not shown else []
    beside += [f"{number} {name}" for name, number in found.undecoded.items()]
    decoded = [f"of other protocols: {', '.join(beside)}"] if beside else []
    if not found.incomplete:
        return [*decoded, "hidden: nothing"]
    lines = [f"hidden: {describe(entry)}" for entry in found.incomplete[:2]]
    if len(found.incomplete) > 2:
        lines[1] = f"hidden: {len(found.incomplete) - 1} more reasons (--json)"
    return [*decoded, *lines]


def cut(line: str) -> str:
    """Return a line that fits."""
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
