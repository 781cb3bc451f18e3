#!/usr/bin/env python3
"""Whole commands side by side: fastsock, ss, netstat, lsof and psutil, each asked the same.

`fastsock ss`, `fastsock lsof` and `fastsock netstat` stand beside the tool whose command line they
take: the same words, the same reader of the answer.

    sockfarm.py 100000 --time-wait 0 -- python benchmarks/peers.py [--runs 5] [--json FILE]

Every command's output is read into counts by state and compared with what plain Python finds in
/proc before any time is shown. A tool whose answer differs gets `differs` and both numbers of rows
instead of a time; a tool that is not installed is named. The tools run in turn, so that a busy
moment hits all of them; shown are medians of wall clock, user and system time.

Run it where the sockets stand still (a farm of your own); on a live host everything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import floors
from commands import Run, run
from results import seconds

# fastsock of this environment, as it is installed there, before any other on the PATH.
FASTSOCK = shutil.which("fastsock", path=str(Path(sys.executable).parent)) or "fastsock"

STATES = (
    "", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
    "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
)  # fmt: skip
SS_STATES = {"ESTAB": "ESTABLISHED", "UNCONN": "CLOSE", "FIN-WAIT-1": "FIN_WAIT1",
             "FIN-WAIT-2": "FIN_WAIT2"}  # fmt: skip

# state -> how many; and how many of them with an owner, where asked. Of PIDs: each, how often.
Answer = Counter[str]
OWNED = "with an owner"

PSUTIL = """
import collections, json, psutil
rows = psutil.net_connections("tcp")
states = collections.Counter(row.status for row in rows)
print(json.dumps({**states, "with an owner": sum(row.pid is not None for row in rows)}))
"""


# ---- the truth, in plain Python ------------------------------------------------------------


class Row(NamedTuple):
    state: str
    local_port: int
    remote_port: int
    inode: int


def table_rows() -> Iterator[Row]:
    for path in floors.TCP:
        if os.path.exists(path):
            with open(path, "rb") as file:
                next(file)
                for line in file:
                    _, local, remote, state, _, _, _, _, _, inode, *_ = line.split()
                    yield Row(
                        STATES[int(state, 16)],
                        int(local.rpartition(b":")[2], 16),
                        int(remote.rpartition(b":")[2], 16),
                        int(inode),
                    )


def descriptors() -> Iterator[tuple[int, int]]:
    """(pid, inode) of every descriptor of a socket that may be read."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        folder = f"/proc/{pid}/fd"
        try:
            names = os.listdir(folder)
        except OSError:  # gone, or another user's
            continue
        for name in names:
            try:
                target = os.readlink(f"{folder}/{name}")
            except OSError:  # closed meanwhile
                continue
            if target.startswith("socket:["):
                yield int(pid), int(target[8:-1])


class Truth:
    """What every tool should say."""

    def __init__(self, pid: int, port: int) -> None:
        rows = list(table_rows())
        by_inode = {row.inode: row for row in rows if row.inode}
        owners = [(owner, by_inode[i]) for owner, i in descriptors() if i in by_inode]
        owned = {row.inode for _, row in owners}
        self.states: Answer = Counter(row.state for row in rows)
        self.listeners: Answer = Counter(row.state for row in rows if row.state == "LISTEN")
        self.owners = self.states + Counter({OWNED: len(owned)})
        waiting = {row.inode for row in rows if row.state == "LISTEN"}
        self.listeners_owned = self.listeners + Counter({OWNED: len(owned & waiting)})
        self.descriptors: Answer = Counter(row.state for _, row in owners)
        self.port: Answer = Counter(
            row.state for row in rows if port in (row.local_port, row.remote_port)
        )
        self.pids: Answer = Counter(
            {str(owner): 1 for owner, row in owners if port in (row.local_port, row.remote_port)}
        )
        held = [row for owner, row in owners
                if owner == pid and port in (row.local_port, row.remote_port)]  # fmt: skip
        self.process_descriptors: Answer = Counter(row.state for row in held)
        self.process: Answer = Counter(row.state for row in set(held))


# ---- reading the tools' output -------------------------------------------------------------


def read_fastsock_count(text: str) -> Answer:
    return Counter(json.loads(text)["counts"]["states"])


def read_fastsock_list(text: str) -> Answer:
    return Counter(line.split(None, 2)[1] for line in text.splitlines()[1:])


def read_fastsock_owners(text: str) -> Answer:
    lines = text.splitlines()[1:]
    owned = sum(" pid=" in line for line in lines)
    return Counter(line.split(None, 2)[1] for line in lines) + Counter({OWNED: owned})


def read_ss(text: str) -> Answer:
    states = (line.split(None, 1)[0] for line in text.splitlines()[1:])
    return Counter(SS_STATES.get(state, state.replace("-", "_")) for state in states)


def read_ss_owners(text: str) -> Answer:
    return read_ss(text) + Counter({OWNED: text.count("users:((")})


def netstat_fields(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("tcp"):
            yield line.split(None, 6)


def read_netstat(text: str) -> Answer:
    return Counter(fields[5] for fields in netstat_fields(text))


def read_netstat_owners(text: str) -> Answer:
    owned = sum(not fields[6].startswith("-") for fields in netstat_fields(text))
    return read_netstat(text) + Counter({OWNED: owned})


def read_lsof(text: str) -> Answer:
    return Counter(re.findall(r"\(([A-Z_0-9]+)\)$", text, re.MULTILINE))


def read_pids(text: str) -> Answer:
    return Counter(text.split())


def read_psutil(text: str) -> Answer:
    return Counter(json.loads(text))


def read_psutil_states(text: str) -> Answer:
    answer = read_psutil(text)
    del answer[OWNED]
    return answer


# ---- the questions -------------------------------------------------------------------------


class Command(NamedTuple):
    """`less`: what it is asked instead, where that is less than the question, and its truth."""

    tool: str
    argv: list[str]
    read: Callable[[str], Answer]
    less: tuple[str, Answer] | None = None


class Question(NamedTuple):
    """One question; `floor` is the bare kernel work that /proc needs for it."""

    key: str
    text: str
    truth: Answer
    floor: Callable[[], object]
    commands: list[Command]


def walk_and_read() -> None:
    floors.read_tables()
    floors.walk()


def questions(pid: int, port: int) -> list[Question]:
    truth = Truth(pid, port)
    psutil = [sys.executable, "-c", PSUTIL]
    ss_port = f"( sport = :{port} or dport = :{port} )"
    count, reads = [FASTSOCK, "count", "--json"], floors.read_tables

    def face(words: list[str], read: Callable[[str], Answer]) -> list[Command]:
        """A command line given to us and to the tool whose it is."""
        return [Command("fastsock", [FASTSOCK, *words], read), Command(words[0], words, read)]

    def of_process(text: str) -> Answer:  # ss cannot ask for a process: grep, as people do
        lines = [line for line in text.splitlines()[1:] if f",pid={pid}," in line]
        return read_ss("\n".join(["", *lines]))

    return [
        Question("count", "TCP sockets by state", truth.states, reads, [
            Command("fastsock", count, read_fastsock_count),
            Command("ss", ["ss", "-tan"], read_ss),
            Command("netstat", ["netstat", "-tan"], read_netstat),
            Command("psutil", psutil, read_psutil_states),
        ]),
        Question("list", "all TCP sockets", truth.states, reads, [
            Command("fastsock", [FASTSOCK, "list"], read_fastsock_list),
            Command("ss", ["ss", "-tan"], read_ss),
            Command("netstat", ["netstat", "-tan"], read_netstat),
        ]),
        Question("owners", "all TCP sockets with their processes", truth.owners, walk_and_read, [
            Command("fastsock", [FASTSOCK, "list", "-O"], read_fastsock_owners),
            Command("ss", ["ss", "-tanp"], read_ss_owners),
            Command("netstat", ["netstat", "-tanp"], read_netstat_owners),
            Command("psutil", psutil, read_psutil),
        ]),
        Question("descriptors", "TCP descriptors by state, as lsof counts", truth.descriptors,
                 walk_and_read, [
            Command("fastsock", [*count, "--descriptors"], read_fastsock_count),
            Command("lsof", ["lsof", "-nP", "-iTCP"], read_lsof),
        ]),
        Question("process", f"one process's descriptors on port {port}",
                 truth.process_descriptors, reads, [
            Command("fastsock", [*count, "--descriptors", "-p", str(pid), "--port", str(port)],
                    read_fastsock_count),
            Command("lsof", ["lsof", "-nP", "-a", "-p", str(pid), f"-iTCP:{port}"], read_lsof),
        ]),
        Question("process sockets", f"one process's sockets on port {port}",
                 truth.process, reads, [
            Command("fastsock", [*count, "-p", str(pid), "--port", str(port)],
                    read_fastsock_count),
            Command("ss", ["ss", "-tanp", ss_port], of_process),
        ]),
        Question("port", f"TCP sockets on port {port} by state", truth.port, reads, [
            Command("fastsock", [*count, "--port", str(port)], read_fastsock_count),
            Command("ss", ["ss", "-tan", ss_port], read_ss),
        ]),
        Question("listeners", "listening TCP sockets", truth.listeners, reads, [
            Command("fastsock", [FASTSOCK, "list", "-l"], read_fastsock_list),
            Command("ss", ["ss", "-tln"], read_ss),
            Command("netstat", ["netstat", "-tln"], read_netstat),
        ]),
        Question("ss -tanp", "ss's line for all TCP sockets with their processes", truth.owners,
                 walk_and_read, [
            *face(["ss", "-tanp"], read_ss_owners),
            Command("ss", ["ss", "-tan"], read_ss, ("the same without processes", truth.states)),
        ]),
        Question("ss -tnlp", "ss's line for listeners with their processes",
                 truth.listeners_owned, walk_and_read, face(["ss", "-tnlp"], read_ss_owners)),
        Question("lsof -iTCP", "lsof's line for all TCP descriptors", truth.descriptors,
                 walk_and_read, face(["lsof", "-nP", "-iTCP"], read_lsof)),
        Question("lsof -t", f"lsof's line for who has port {port}", truth.pids,
                 walk_and_read, face(["lsof", "-t", f"-i:{port}"], read_pids)),
        Question("netstat -tanp", "netstat's line for all TCP sockets with their processes",
                 truth.owners, walk_and_read,
                 face(["netstat", "-tanp"], read_netstat_owners)),
    ]  # fmt: skip


# ---- asking --------------------------------------------------------------------------------

LONG = 10.0  # seconds


def rows(answer: Answer) -> int:
    return answer.total() - answer[OWNED]


def shown(argv: Sequence[str]) -> str:
    """A command line without paths, and without the program text that psutil needs."""
    words = [Path(argv[0]).name, *argv[1:]]
    if PSUTIL in words:
        return "python -c '… psutil.net_connections(\"tcp\") …'"
    return " ".join(f"'{word}'" if " " in word else word for word in words)


def check(command: Command, truth: Answer, first: Run) -> dict[str, Any]:
    """Compare the first run's answer; returns a result that has no time yet."""
    result: dict[str, Any] = {"tool": command.tool, "command": shown(command.argv)}
    if command.less:
        result["asked"], truth = command.less
    if first.code is None:
        return {**result, "verdict": "stopped", "after": round(first.seconds)}
    try:
        answer = command.read(first.output.decode(errors="replace"))
    except (ValueError, KeyError, IndexError, TypeError):
        return {**result, "verdict": "failed", "code": first.code}
    result["rows"] = rows(answer)
    if +answer == +truth:
        return {**result, "verdict": "same"}
    differing = sorted(key for key in answer | truth if answer[key] != truth[key])
    about = {key: [answer[key], truth[key]] for key in differing}
    return {**result, "verdict": "differs", "expected": rows(truth), "about": about}


def ask(question: Question, runs: int, timeout: float) -> dict[str, Any]:
    """Ask every tool, check the answers, then time those that are right, in turn."""
    results: list[dict[str, Any]] = []
    timing: dict[int, list[Run]] = {}  # by the command's place
    for place, command in enumerate(question.commands):
        if not shutil.which(command.argv[0]):
            results.append({"tool": command.tool, "verdict": "missing"})
            continue
        first = run(command.argv, timeout)
        results.append(check(command, question.truth, first))
        if results[-1]["verdict"] == "same":
            # What takes long is not run five times over: its first run is its time.
            timing[place] = [first] if first.seconds > LONG else []
    bare: list[float] = []
    for _ in range(runs):
        bare.append(floors.timed(question.floor))
        for place, command in enumerate(question.commands):
            taken = timing.get(place)
            if taken is not None and (not taken or taken[0].seconds <= LONG):
                taken.append(run(command.argv, timeout))
    for place, result in enumerate(results):
        if taken := timing.get(place):
            result |= {
                "runs": len(taken),
                "seconds": median(run.seconds for run in taken),
                "user": median(run.user for run in taken),
                "system": median(run.system for run in taken),
            }
    return {
        "key": question.key,
        "question": question.text,
        "rows": rows(question.truth),
        "floor": median(bare),
        "results": results,
    }


def version(tool: str) -> str:
    """One line that tells which version of a tool this is."""
    argv = {
        "fastsock": [sys.executable, "-c", "import fastsock; print(fastsock.__version__)"],
        "ss": ["ss", "-V"],
        "netstat": ["netstat", "--version"],
        "lsof": ["lsof", "-v"],
        "psutil": [sys.executable, "-c", "import psutil; print(psutil.__version__)"],
    }[tool]
    if not shutil.which(argv[0]):
        return "not installed"
    text = subprocess.run(argv, capture_output=True, text=True)
    found = re.search(r"\d+\.\d[\w.-]*", text.stdout + text.stderr)
    return found[0] if found else "unknown"


def verdict(result: dict[str, Any]) -> str:
    """A tool's time, or what stands in its place."""
    match result["verdict"]:
        case "differs" if result["rows"] != result["expected"]:
            return f"differs: {result['rows']:,} rows, not {result['expected']:,}"
        case "differs":
            parts = (f"{key} {a:,}, not {b:,}" for key, (a, b) in result["about"].items())
            return f"differs: {'; '.join(parts)}"
        case "stopped":
            return f"stopped after {result['after']} s"
        case "failed":
            return f"no answer (exit code {result['code']})"
        case "missing":
            return "not installed"
    return seconds(result["seconds"])


def show(answer: dict[str, Any]) -> None:
    print(f"\n{answer['question']}: {answer['rows']} rows; bare /proc calls "
          f"{seconds(answer['floor'])}")  # fmt: skip
    for result in answer["results"]:
        line = f"  {result['tool']:9} {verdict(result):>10}"
        if "seconds" in result:
            line += f"  user {seconds(result['user']):>8}  system {seconds(result['system']):>8}"
            line += f"  {result['rows']:>8} rows  {result['runs']} runs"
        print(f"{line}  {result['command']}", flush=True)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="peers.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    pids, ports = (os.environ.get(f"SOCKFARM_{name}", "") for name in ("PIDS", "PORTS"))
    parser.add_argument("--runs", type=int, default=5, metavar="K", help="default: 5")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="default: 600")
    parser.add_argument("--only", metavar="KEY,…", help="only these questions")
    parser.add_argument("--pid", type=int, default=int(pids.split(",")[0] or os.getpid()))
    parser.add_argument("--port", type=int, default=int(ports.split(",")[0] or 5000))
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the results there")
    args = parser.parse_args(argv)
    chosen = [
        question
        for question in questions(args.pid, args.port)
        if not args.only or question.key in args.only.split(",")
    ]
    answers = []
    for question in chosen:
        answers.append(ask(question, args.runs, args.timeout))
        for result in answers[-1]["results"]:  # the same command line in every run's results
            result["command"] = result.get("command", "").replace(f"-p {args.pid}", "-p PID")
        show(answers[-1])
    if args.json:
        tools = ("fastsock", "ss", "netstat", "lsof", "psutil")
        document = {
            "sockets": int(os.environ.get("SOCKFARM_SOCKETS", 0)),
            "versions": {tool: version(tool) for tool in tools},
            "answers": answers,
        }
        text = json.dumps(document, indent=1, ensure_ascii=False)
        args.json.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
