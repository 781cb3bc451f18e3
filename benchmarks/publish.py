#!/usr/bin/env python3
"""Make BENCHMARKS.md and its picture from the newest run, or from the run that is named.

    publish.py [benchmarks/runs/DATE-KIND]

Tables stand between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. Where the file exists only
they are replaced, so the words around them are written by people. README.md's table `commands` is
filled as well.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import bars
import budget
import live
import picture
from peers import verdict
from results import Case, Unreadable, memory, seconds

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PICTURE = HERE / "commands.svg"

TEMPLATE = """# Benchmarks

Made by `benchmarks/publish.py` from the raw results below `benchmarks/runs/`.

Read this first:

* One machine, virtual and small; sockets over loopback. Your times differ; ratios move less.
* Four kinds of numbers, never mixed: *parse* (text in memory to a table), *scan* (kernel to
  table), *table* (rows in memory), *command* (a whole process, as you would type it).
* The kernel is most of every scan. A *floor* is the bare kernel calls of the same question, timed
  in turn with the case: `os.readv` over /proc/net/tcp and tcp6, or `getdents64` and `readlinkat`
  over every /proc/PID/fd in C. "x 1.04" is 4 % above it. The floors have one thread; fastsock
  walks descriptors with as many as there are processors, so it can end up below them.
* Every answer is compared before it is timed. A tool that answers differently gets no time.
* A walk over descriptors leaves 0.9 KB of kernel memory behind for each: a dentry and an inode.
  No tool that uses /proc can avoid that, and the first walk of a host is slower than these. The
  BPF engine leaves none.

## The machine

<!-- begin: machine -->
<!-- end: machine -->

## Whole commands

![Time of whole commands](benchmarks/commands.svg)

<!-- begin: commands -->
<!-- end: commands -->

User and system time are apart because system time is the kernel's: no parser shortens it.

Where the time of `fastsock list -O` goes, from before it is started until it is gone. Each part's
time is its own: dumps of sock_diag are taken out of what asks for them. The median of each part;
its sum is with the clocks, in turn with the command as it is.

<!-- begin: budget -->
<!-- end: budget -->

## Cases that we lose or draw

Where another tool is faster, or less than a tenth slower:

<!-- begin: lost -->
<!-- end: lost -->

ss has no interpreter to start: with few sockets, without owners, or for listeners only, use it.

## Scan: kernel to counts, table, stream

<!-- begin: scan -->
<!-- end: scan -->

## sock_diag: all, and less

<!-- begin: netlink -->
<!-- end: netlink -->

One hundred network namespaces of ten sockets each; the floor enters each and asks the same there,
on one thread:

<!-- begin: namespaces -->
<!-- end: namespaces -->

## psutil and its drop-in

<!-- begin: psutil -->
<!-- end: psutil -->

## Owners: the walk over descriptors

<!-- begin: owners -->
<!-- end: owners -->

## BPF: one pass over all descriptors

No `readlink`, no directory: the kernel runs a program for each descriptor and hands over what it
writes. Two floors. *C walk* is the walk over /proc as above, of one process where the question
names one. *Bare passes* are the kernel calls that the engine itself makes, with nothing done to
what they bring: the same iterators of the same program on as many threads, and the same sock_diag
requests. "One process" is one beside the farm's with 19,000 sockets, or the farm's number where
that is less.

<!-- begin: bpf -->
<!-- end: bpf -->

What stays behind: kernel memory in dentries and inodes of /proc after one scan with owners. Before
each, the kernel's caches were dropped (a second walk finds what the first one left) and every
process was looked at as `ps` does, so the time is that of a first scan, and what is left belongs to
descriptors. Median, least and most of five rounds; *noise* is the change over as long an interval
in which nothing was asked, and at least one slab of each kind.

<!-- begin: footprint -->
<!-- end: footprint -->

## Table: join, count, iterate, render

<!-- begin: table -->
<!-- end: table -->

## Render: rows and owners in memory to a listing

From the scan's answer to the last byte, order and widths included; the scan is taken out.

<!-- begin: render -->
<!-- end: render -->

## Filter language: expressions over 100,000 rows in memory

Beside the same selection by keywords; where none say the same, beside those that come nearest.

<!-- begin: expression -->
<!-- end: expression -->

## Diagnosis

A snapshot's `save` waits for the disk; bare writes and reads are of the same bytes. `json.loads`
reads each line and makes no table of it. The join of half-open connections is of both sides' tables
in memory; every hundredth connection is missing at one side. Following sockets, for `leaks`: in
memory over so many samples of 100,000, of which a tenth is new each time, and live for one sample
of the host or of one process, with its scan.

<!-- begin: snapshot -->
<!-- end: snapshot -->

<!-- begin: halfopen -->
<!-- end: halfopen -->

<!-- begin: leaks -->
<!-- end: leaks -->

Flows are folded in memory, of rows that have few peers or each another one; the floor is the same
count by port and peer without directions, sums and order. Live it is the whole question, beside its
rows streamed and dropped.

<!-- begin: flows -->
<!-- end: flows -->

## While it changes

Commands that stay, each looked at while it ran. CPU is its own, its children's and what the kernel
did for them, as a share of one core and for each frame, scrape or run (those one behind the other,
here at a UNIX socket); memory is the most that was seen, of shared pages its share. *Left* is
kernel memory in dentries and inodes of /proc that one frame, scrape or run, or a second of waiting,
left behind after the kernel's caches had been dropped, the least of five times; *noise* is what
they change by when nothing runs. `watch` begins its two seconds when `ss` has ended.

<!-- begin: live -->
<!-- end: live -->

## Parse: text to table

Our code alone, and for that reason no headline. The reference is strict plain Python.

<!-- begin: parse -->
<!-- end: parse -->

## Memory: peak resident set of a fresh process

<!-- begin: memory -->
<!-- end: memory -->

## What is promised

<!-- begin: bars -->
<!-- end: bars -->
"""


def grid(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns of numbers and times stand at the right."""
    rows = [list(line) for line in lines]
    if not rows:
        return "Not measured in this run."
    number = re.compile(r"(x |\*\*)?-?[\d.,]+(e[+-]\d+)?( ([mµ]?s|[kM]?B))?(\*\*)?|")
    columns = zip(*rows, strict=True)
    marks = ["---:" if all(map(number.fullmatch, cells)) else "---" for cells in columns]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heading, marks, *rows])


def sized(cases: Iterable[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (case.rows, case.name))


def named(cases: bars.Cases, test: str) -> list[Case]:
    return [case for case in cases.values() if case.name.startswith(f"{test}[")]


def parameters(case: Case) -> list[str]:
    """The words in brackets: test_live[count-procfs-1000] -> count, procfs, 1000."""
    return case.name[:-1].partition("[")[2].split("-")


def distance(case: Case) -> list[str]:
    """The columns that tell a case from its floor."""
    if case.ratio is None:
        return ["", "", ""]
    ratio = f"x {case.ratio:.2f}" if case.ratio >= 0.1 else f"x {case.ratio:.3f}"
    return [ratio, seconds(case.info["against_s"]), case.info["against"]]


FLOOR = ["of the floor", "floor", "which is"]


def timings(
    cases: Iterable[Case],
    heading: Sequence[str],
    label: Callable[[Case], Sequence[str]] = parameters,
) -> str:
    return grid(
        [*heading, "rows", "time", *FLOOR],
        (
            [*label(case)[: len(heading)], f"{case.rows:,}", seconds(case.median),
             *distance(case)]
            for case in sized(cases)
        ),
    )  # fmt: skip


def words(case: Case) -> list[str]:
    """All that is in brackets, dashes and all: test_select[dport = 5-7] -> `dport = 5-7`."""
    return [f"`{case.name[:-1].partition('[')[2]}`"]


def words_of_size(case: Case) -> list[str]:
    """The same without the size behind it: test_render[ss -tanp-1000] -> `ss -tanp`."""
    return [f"{words(case)[0].rpartition('-')[0]}`"]


def way_and_form(case: Case) -> list[str]:
    return parameters(case) if case.name.startswith("test_snapshot") else ["json.loads", "jsonl"]


def whose_flows(case: Case) -> list[str]:
    return ["of the farm, live"] if case.name.startswith("test_flows") else parameters(case)[1:]


def parse_table(cases: bars.Cases) -> str:
    reference = {
        tuple(parameters(case)[1:]): case.median
        for case in named(cases, "test_parse")
        if case.info["engine"] == "reference"
    }
    return grid(
        ["text", "rows", "bytes", "reference", "procfs", "faster"],
        (
            [
                parameters(case)[2],
                f"{case.rows:,}",
                f"{case.info['bytes']:,}",
                seconds(reference[tuple(parameters(case)[1:])]),
                seconds(case.median),
                f"{1 / case.ratio:.1f}" if case.ratio else "",
            ]
            for case in sized(named(cases, "test_parse"))
            if case.info["engine"] != "reference"
        ),
    )


def memory_table(cases: bars.Cases) -> str:
    def size(case: Case) -> int:
        return int(parameters(case)[1]) if parameters(case)[1].isdigit() else 0

    return grid(
        ["question", "sockets", "rows", "MB"],
        (
            [parameters(case)[0].replace("_", " "), f"{size(case):,}", f"{case.rows:,}",
             f"{(case.peak_kib or 0) * 1024 / 1e6:.1f}"]
            for case in sorted(named(cases, "test_memory"), key=lambda x: (size(x), x.rows))
        ),
    )  # fmt: skip


def footprint_table(cases: bars.Cases) -> str:
    return grid(
        ["engine", "rows", "time", "kernel memory left", "least", "most", "noise"],
        (
            [parameters(case)[0], f"{case.rows:,}", seconds(case.median),
             *(memory(case.info[f"slab_{name}"]) for name in ("bytes", "least", "most", "noise"))]
            for case in sized(named(cases, "test_footprint"))
            if "slab_bytes" in case.info
        ),
    )  # fmt: skip


def live_table(folder: Path) -> str:
    lines = []
    for document in sorted(map(read_json, folder.glob("live-*.json")), key=_sockets):
        for case in document["cases"]:
            known = [f"`{case['command']}`", f"{document['sockets']:,}"]
            if "failed" in case:
                lines.append([*known, case["failed"], *[""] * 6])
                continue
            each = (
                f"{seconds(case['cpu'] / case['times'])} a {case['each']}" if case["times"] else ""
            )
            share = f"{100 * case['cpu'] / case['seconds']:.1f} %"
            every = seconds(case["seconds"] / case["times"]) if case["times"] else ""
            kib = (case["pss_kib"], case.get("growth_kib"))
            lines.append([
                *known,
                *(["", each, ""] if case["each"] in live.BACK_TO_BACK else [share, each, every]),
                *("" if value is None else memory(value * 1024) for value in kib),
                *("" if value is None else memory(value)
                  for value in (case["left"], document["noise"])),
            ])  # fmt: skip
    return grid(
        ["command", "sockets", "of a core", "CPU", "one in", "memory", "grown by", "left", "noise"],
        lines,
    )


def budget_table(folder: Path) -> str:
    documents = sorted(map(read_json, folder.glob("budget-*.json")), key=_sockets)
    if not documents:
        return grid((), ())
    lines = {**budget.PARTS, "sum": budget.SUM, "seconds": budget.WHOLE}
    times = [{**found["parts"], **found} for found in documents]
    return grid(
        [f"`{documents[0]['command']}`", *(f"{found['sockets']:,} sockets" for found in documents)],
        ([text, *(seconds(found[part]) for found in times)] for part, text in lines.items()),
    )


def bars_table(cases: bars.Cases) -> str:
    verdicts = [(bar, *bar.verdict(cases)) for bar in bars.BARS]
    return grid(
        ["promise", "measured", "limit", "verdict"],
        (
            [bar.text, value, f"{'at least' if bar.at_least else 'at most'} {bar.limit:g}", verdict]
            for bar, value, verdict in verdicts
        ),
    )


# ---- whole commands ------------------------------------------------------------------------

Answers = dict[int, list[dict[str, Any]]]  # sockets -> what peers.py stored


def read_peers(folder: Path) -> Answers:
    documents = sorted(map(read_json, folder.glob("peers-*.json")), key=_sockets)
    return {entry["sockets"]: entry["answers"] for entry in documents}


def read_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _sockets(document: dict[str, Any]) -> int:
    return int(document["sockets"])


def commands_table(answers: Answers) -> str:
    parts = []
    for size, questions in answers.items():
        lines = []
        for question in questions:
            for result in question["results"]:
                timed = result["verdict"] == "same"
                lines.append([
                    result.get("asked", question["question"]),
                    f"`{result['command']}`" if result["command"] else result["tool"],
                    f"{result['rows']:,}" if "rows" in result else "",
                    f"**{verdict(result)}**" if result["tool"] == "fastsock" else verdict(result),
                    seconds(result["user"]) if timed else "",
                    seconds(result["system"]) if timed else "",
                    str(result["runs"]) if timed else "",
                ])  # fmt: skip
            bare = seconds(question["floor"])
            lines.append([question["question"], "*the bare /proc calls*", "", bare, "", "", ""])
        head = ["question", "command", "rows", "time", "user", "system", "runs"]
        parts.append(f"**{size:,} sockets**\n\n{grid(head, lines)}")
    return "\n\n".join(parts) or "Not measured in this run."


def lost_table(answers: Answers) -> str:
    lines = []
    for size, questions in answers.items():
        for question in questions:
            timed = [r for r in question["results"] if r["verdict"] == "same"]
            ours = next((r for r in timed if r["tool"] == "fastsock"), None)
            for theirs in timed:
                tool = theirs["tool"]
                if ours and tool != "fastsock" and theirs["seconds"] < 1.1 * ours["seconds"]:
                    lines.append([
                        theirs.get("asked", question["question"]), f"{size:,}",
                        seconds(ours["seconds"]), f"{tool} {seconds(theirs['seconds'])}",
                        "lost" if theirs["seconds"] * 1.1 < ours["seconds"] else "draw",
                    ])  # fmt: skip
    if answers and not lines:
        return "None in this run."
    return grid(["question", "sockets", "fastsock", "the other", ""], lines)


def readme_table(answers: Answers) -> str:
    """The small table of README.md: two questions at the largest size."""
    size = max(answers)
    lines = [
        [question["question"], f"{size:,}", f"{question['rows']:,}",
         *(next((verdict(r) for r in question["results"] if r["tool"] == tool), "")
           for tool in ("fastsock", "ss", "netstat", "lsof", "psutil"))]
        for question in answers[size]
        if question["key"] in ("count", "owners", "descriptors", "process")
    ]  # fmt: skip
    return grid(
        ["question", "sockets", "rows", "fastsock", "ss", "netstat", "lsof", "psutil"], lines
    )


# ---- the files -----------------------------------------------------------------------------


def fill(text: str, tables: dict[str, str]) -> str:
    """Put each table between its marks, where they are."""
    for name, table in tables.items():
        marks = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        parts = marks.split(text, maxsplit=1)
        if len(parts) == 4:  # before, the first mark, the last, after
            text = f"{parts[0]}{parts[1]}{table}\n{parts[2]}{parts[3]}"
    return text


def machine(folder: Path) -> str:
    """The run's README without its title, which tells the folder's date and kind."""
    title, _, body = (folder / "README.md").read_text().partition("\n")
    where = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else Path(folder.name)
    return f"{title.lstrip('# ')}, raw in `{where}`.\n\n{body.strip()}"


def publish(folder: Path) -> None:
    cases, answers = bars.read_run(folder), read_peers(folder)
    tables = {
        "machine": machine(folder),
        "scan": timings(named(cases, "test_live"), ["question", "engine"]),
        "netlink": timings(named(cases, "test_netlink"), ["question"]),
        "namespaces": timings(named(cases, "test_namespaces"), ["question"]),
        "psutil": timings(
            [*named(cases, "test_psutil"), *named(cases, "test_psutil_process")], ["kind"]
        ),
        "owners": timings(
            [*named(cases, "test_owners"), *named(cases, "test_c_walk")], ["engine", "threads"]
        ),
        "bpf": timings(
            [*named(cases, "test_bpf"), *named(cases, "test_bpf_process")], ["question"]
        ),
        "footprint": footprint_table(cases),
        "table": timings(named(cases, "test_table"), ["question", "code"]).replace("_", " "),
        "render": timings(named(cases, "test_render"), ["command line"], words_of_size),
        "expression": timings(named(cases, "test_select"), ["expression"], words),
        "snapshot": timings(
            [*named(cases, "test_snapshot"), *named(cases, "test_python_json")],
            ["way", "form"],
            way_and_form,
        ),
        "halfopen": timings(named(cases, "test_halfopen"), ["connections a side", "looks"]),
        "leaks": timings(
            [*named(cases, "test_follow"), *named(cases, "test_sample")], ["samples, or of whom"]
        ),
        "flows": timings(
            [*named(cases, "test_fold"), *named(cases, "test_flows")], ["peers"], whose_flows
        ),
        "budget": budget_table(folder),
        "live": live_table(folder),
        "parse": parse_table(cases),
        "memory": memory_table(cases),
        "commands": commands_table(answers),
        "lost": lost_table(answers),
        "bars": bars_table(cases),
    }
    page, readme = ROOT / "BENCHMARKS.md", ROOT / "README.md"
    page.write_text(fill(page.read_text() if page.exists() else TEMPLATE, tables))
    if answers:
        size = max(answers)
        PICTURE.write_text(picture.draw(size, answers[size]))
        readme.write_text(fill(readme.read_text(), {"commands": readme_table(answers)}))


def main(argv: Sequence[str]) -> int:
    runs = [Path(name) for name in argv] or sorted((HERE / "runs").glob("*-*"))
    if not runs or (argv and argv[0].startswith("-")):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        publish(runs[-1].resolve())
    except (OSError, Unreadable) as error:
        print(f"publish.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
