#!/usr/bin/env python3
"""Hold a run's results against what fastsock promises: one line, PASS or FAIL, for each bar.

    bars.py benchmarks/runs/DATE-KIND

Ratios are of medians taken in turn within one run. Exit codes: 0 no bar is missed, 5 one is.
A bar whose sizes were not run says so and is not missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from results import Case, Unreadable, read_budget, read_cases, read_commands, read_live

Cases = dict[str, Case]
LARGE, HUGE = 100_000, 1_000_000

COUNT, SCAN = "test_live[count-procfs-{}]", "test_live[scan-procfs-{}]"
OWNERS, OWNERS_2 = "test_owners[procfs-1-{}]", "test_owners[procfs-2-{}]"
JOIN = "test_table[join-compiled-{}]"
JOIN_COUNT = "test_table[join_and_count_by_command-compiled-{}]"
ITERATE = "test_table[iterate-compiled-{}]"
DROP_IN = "test_psutil[inet-{}]"
DROP_IN_PROCESS = "test_psutil_process[one process, inet-{}]"
STAGES = {
    "count": COUNT,
    "scan": SCAN,
    "owners, one thread": OWNERS,
    "owners, two threads": OWNERS_2,
    "join and count": JOIN_COUNT,
    "iterate": ITERATE,
}


class Bar(NamedTuple):
    """A promise; `measured` returns None where the run does not hold what it needs."""

    text: str
    limit: float
    measured: Callable[[Cases], float | None]
    at_least: bool = False

    def verdict(self, cases: Cases) -> tuple[str, str]:
        """(measured, PASS or FAIL or not measured)."""
        value = self.measured(cases)
        if value is None:
            return "", "not measured"
        good = value >= self.limit if self.at_least else value <= self.limit
        return f"{value:.3g}", "PASS" if good else "FAIL"


def ratio(name: str, size: int) -> Callable[[Cases], float | None]:
    def measured(cases: Cases) -> float | None:
        case = cases.get(name.format(size))
        return case.ratio if case else None

    return measured


def growth(name: str) -> Callable[[Cases], float | None]:
    def measured(cases: Cases) -> float | None:
        large, huge = ratio(name, LARGE)(cases), ratio(name, HUGE)(cases)
        return huge / large if large and huge else None

    return measured


def time_growth(name: str) -> Callable[[Cases], float | None]:
    """How many times as long the larger size takes: of times, not of ratios."""

    def measured(cases: Cases) -> float | None:
        large, huge = cases.get(name.format(LARGE)), cases.get(name.format(HUGE))
        return huge.median / large.median if large and huge else None

    return measured


def memory_left(engine: str, size: int) -> Callable[[Cases], float | None]:
    """Kernel memory that one scan leaves, in multiples of what an idle interval changes."""

    def measured(cases: Cases) -> float | None:
        case = cases.get(f"test_footprint[{engine}-{size}]")
        if not (case and case.info.get("slab_noise")):
            return None
        return max(0.0, float(case.info["slab_bytes"])) / float(case.info["slab_noise"])

    return measured


def parse_speed(cases: Cases) -> float | None:
    slower = ratio("test_parse[procfs-{}-tcp]", LARGE)(cases)
    return 1 / slower if slower else None


def drop_in_speed(name: str) -> Callable[[Cases], float | None]:
    def measured(cases: Cases) -> float | None:
        slower = ratio(name, LARGE)(cases)
        return 1 / slower if slower else None

    return measured


def megabytes(question: str) -> Callable[[Cases], float | None]:
    def measured(cases: Cases) -> float | None:
        case = cases.get(f"test_memory[{question}-{HUGE}]")
        return case.peak_kib * 1024 / 1e6 if case and case.peak_kib else None

    return measured


def bytes_a_descriptor(cases: Cases) -> float | None:
    owners = cases.get(f"test_memory[owners-{HUGE}]")
    idle = cases.get(f"test_memory[idle-{HUGE}]")
    if not (owners and idle and owners.peak_kib and idle.peak_kib):
        return None
    return (owners.peak_kib - idle.peak_kib) * 1024 / owners.rows


def nanoseconds_a_row(cases: Cases) -> float | None:
    case = cases.get(JOIN.format(HUGE))
    return case.median * 1e9 / case.rows if case else None


def installed_command(cases: Cases) -> float | None:
    case = cases.get("test_command[1]")
    return case.ratio if case and not case.info["editable"] else None


def command_speed(
    key: str, command: str, ours: str, size: int = LARGE, asked: str = ""
) -> Callable[[Cases], float | None]:
    """How many times as long a tool takes as we do, of medians taken in turn.

    `asked`: the key of the question that the tool was asked, where it is another one.
    """

    def measured(cases: Cases) -> float | None:
        other = cases.get(f"command[{asked or key}: {command}-{size}]")
        mine = cases.get(f"command[{key}: fastsock {ours}-{size}]")
        return other.median / mine.median if other and mine else None

    return measured


def outlasted(limit: float, key: str, command: str, ours: str, size: int) -> Bar:
    """The same of a tool that may have been stopped: the time it was given is then enough, or
    nothing is known.
    """
    exactly = command_speed(key, command, ours, size)

    def measured(cases: Cases) -> float | None:
        stopped = cases.get(f"stopped[{key}: {command}-{size}]")
        mine = cases.get(f"command[{key}: fastsock {ours}-{size}]")
        least = stopped.median / mine.median if stopped and mine else 0.0
        return least if least >= limit else exactly(cases)

    name = "1M" if size == HUGE else "100k"
    return Bar(f"{name}: {command} / fastsock {ours}", limit, measured, at_least=True)


def line_bar(limit: float, key: str, ours: str, theirs: str = "") -> Bar:
    """A tool's whole command against our face of it, by default with the same words."""
    measured = command_speed(key, theirs or ours, ours)
    return Bar(f"100k: {theirs or ours} / fastsock {ours}", limit, measured, at_least=True)


LIVE = "live[{}-100000]"


def core_share(key: str) -> Callable[[Cases], float | None]:
    """Percent of one core that a command takes while it runs."""

    def measured(cases: Cases) -> float | None:
        case = cases.get(LIVE.format(key))
        return 100 * float(case.info["share"]) if case else None

    return measured


def frame_interval(cases: Cases) -> float | None:
    """Seconds between two frames of top, which draws less often where that would cost too much."""
    case = cases.get(LIVE.format("top"))
    return float(case.info["every"]) if case else None


def frame_speed(cases: Cases) -> float | None:
    ours, theirs = cases.get(LIVE.format("top")), cases.get(LIVE.format("watch ss"))
    return theirs.median / ours.median if ours and theirs else None


def grown(key: str) -> Callable[[Cases], float | None]:
    """kB by which a command's memory grew."""

    def measured(cases: Cases) -> float | None:
        case = cases.get(LIVE.format(key))
        return case.info["growth_kib"] * 1.024 if case else None

    return measured


RENDER = {
    face: f"test_render[{face}-{{}}]"
    for face in ("ss -tanp", "lsof -nP -iTCP", "netstat -tanp", "list -O")
}
NETLINK = "test_netlink[{}-{{}}]"
BPF, BPF_PROCESS = "test_bpf[{}-{{}}]", "test_bpf_process[{}-{{}}]"
BPF_SCAN = BPF.format("scan with owners, against the C walk")
SPACES = 100  # not a part of its case's name: there is one size

BARS = [
    Bar("100k: count / bare reads", 1.08, ratio(COUNT, LARGE)),
    Bar("100k: scan / bare reads", 1.12, ratio(SCAN, LARGE)),
    Bar("100k: reference / parse", 15, parse_speed, at_least=True),
    Bar("100k: owners, one thread / C walk", 1.05, ratio(OWNERS, LARGE)),
    Bar("100k: owners, two threads / C walk", 0.55, ratio(OWNERS_2, LARGE)),
    Bar("100k: join and count by command / C walk", 0.05, ratio(JOIN_COUNT, LARGE)),
    Bar("100k: iterate, four attributes / bare reads", 0.25, ratio(ITERATE, LARGE)),
    Bar("100k: sock_diag count / bare recv", 1.05, ratio(NETLINK.format("count"), LARGE)),
    Bar("100k: sock_diag scan / bare recv", 1.10, ratio(NETLINK.format("scan"), LARGE)),
    Bar(
        "100k: a local port, a tenth of all / bare recv of all",
        0.25,
        ratio(NETLINK.format("one local port"), LARGE),
    ),
    Bar("100k: listeners / bare recv of all", 0.01, ratio(NETLINK.format("listeners"), LARGE)),
    Bar(
        "100k: sock_diag scan / procfs scan",
        1 / 1.9,
        ratio(NETLINK.format("against procfs"), LARGE),
    ),
    Bar(
        "100 namespaces of 10: sock_diag scan / bare recv in each",
        1.20,
        ratio("test_namespaces[scan]", SPACES),
    ),
    Bar("100k: bpf scan with owners / C walk", 0.16, ratio(BPF_SCAN, LARGE)),
    Bar(
        "100k: bpf scan with owners / bare passes and sock_diag",
        1.25,
        ratio(BPF.format("scan with owners, against bare passes"), LARGE),
    ),
    Bar(
        "19k of 100k: bpf scan of one process / its C walk",
        0.30,
        ratio(BPF_PROCESS.format("one process, against its C walk"), LARGE),
    ),
    Bar(
        "19k of 100k: bpf count of one process's port / its C walk",
        0.15,
        ratio(BPF_PROCESS.format("count of one process's port, against its C walk"), LARGE),
    ),
    Bar("100k: load the program / C walk", 0.01, ratio(BPF.format("load the program"), LARGE)),
    Bar("1M / 100k: time of a bpf scan with owners", 12, time_growth(BPF_SCAN)),
    Bar("100k: kernel memory left by a bpf scan / noise", 1, memory_left("bpf", LARGE)),
    Bar("100k: psutil / its drop-in", 4, drop_in_speed(DROP_IN), at_least=True),
    Bar(
        "100k: psutil / its drop-in, one process",
        4,
        drop_in_speed(DROP_IN_PROCESS),
        at_least=True,
    ),
    outlasted(20, "owners", "ss -tanp", "list -O", LARGE),
    outlasted(400, "owners", "ss -tanp", "list -O", HUGE),
    Bar(
        "100k: lsof -nP -iTCP / fastsock list -O",
        20,
        command_speed("owners", "lsof -nP -iTCP", "list -O", asked="descriptors"),
        at_least=True,
    ),
    Bar(
        "100k: lsof -a -p PID -iTCP:5000 / fastsock count -p PID --port 5000",
        10,
        command_speed(
            "process",
            "lsof -nP -a -p PID -iTCP:5000",
            "count --json --descriptors -p PID --port 5000",
        ),
        at_least=True,
    ),
    line_bar(20, "ss -tanp", "ss -tanp"),
    line_bar(1, "ss -tanp", "ss -tanp", "ss -tan"),
    line_bar(20, "lsof -iTCP", "lsof -nP -iTCP"),
    line_bar(30, "lsof -t", "lsof -t -i:5000"),
    line_bar(15, "netstat -tanp", "netstat -tanp"),
    line_bar(10, "ss -tnlp", "ss -tnlp"),
    *(
        Bar(f"100k: {face} with owners in memory / bare reads", 0.1, ratio(RENDER[face], LARGE))
        for face in RENDER
    ),
    Bar("1M: count, MB resident", 45, megabytes("count")),
    Bar("1M: sockets(), MB resident", 45, megabytes("sockets")),
    Bar("1M: scan, MB resident", 150, megabytes("scan")),
    Bar("1M: owners, bytes a descriptor", 32, bytes_a_descriptor),
    Bar("idle host: fastsock count / (3 python -c pass + bare reads)", 1, installed_command),
    Bar("100k: top every 2 s, % of one core", 5, core_share("top")),
    Bar("100k: top every 2 s, seconds between two frames", 2.2, frame_interval),
    Bar("100k: CPU of a frame, watch ss -tanp / top", 20, frame_speed, at_least=True),
    Bar("100k: wait for a listener, % of one core", 2, core_share("wait")),
    Bar("100k: kB grown by the exporter over 1,000 scrapes", 500, grown("exporter")),
    *(Bar(f"1M / 100k: ratio of {k}", 1.2, growth(name)) for k, name in STAGES.items()),
    Bar("1M: join, ns a row", 20, nanoseconds_a_row),
]


# By how a file's name begins.
READERS = {"peers": read_commands, "live": read_live, "budget": read_budget}


def read_run(folder: Path) -> Cases:
    """All cases of a run: its sizes are part of their names."""
    cases: Cases = {}
    for path in sorted(folder.glob("*.json")):
        cases |= READERS.get(path.name.partition("-")[0], read_cases)(path)
    if not cases:
        raise Unreadable(f"{folder}: no results")
    return cases


def main(argv: Sequence[str]) -> int:
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        cases = read_run(Path(argv[0]))
    except Unreadable as error:
        print(f"bars.py: {error}", file=sys.stderr)
        return 2
    missed = False
    for bar in BARS:
        value, verdict = bar.verdict(cases)
        sign = ">=" if bar.at_least else "<="
        print(f"{verdict:12} {bar.text:60} {value:>8} {f'{sign} {bar.limit:g}' if value else ''}")
        missed |= verdict == "FAIL"
    return 5 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
