#!/usr/bin/env python3
"""What it costs to keep looking: fastsock's verbs that stay, beside `watch ss -tanp`.

    sockfarm.py 100000 --time-wait 0 -- python benchmarks/live.py [--seconds 30] [--json FILE]

Of each command, while it runs: CPU (its own, its children's and the kernel's for them) as a share
of one core, and for each frame, scrape or run; memory, of shared pages its share; and the kernel
memory that stays behind after dentries and inodes were dropped while it ran. *Noise* is what as
long an interval changes in which nothing runs. What draws has a terminal of 24 lines of 80 columns.

Every answer is compared with the farm's number of sockets before its command is measured; a command
that answers differently, or fails, gets the reason instead of numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import slab
from commands import run
from peers import FASTSOCK, read_ss, shown as without_paths
from results import memory, seconds
from session import Session

INTERVAL = 2  # seconds between two frames
WARM_UP = 2 * INTERVAL + 1  # seconds, after the first frame
TRIES = 5  # of looking at the kernel memory over one frame, scrape, run or second
START = 90.0  # seconds that a first frame may take
RUNS = 5
BACK_TO_BACK = ("scrape", "run")  # one behind the other: as a share of a core they say nothing


class Failed(Exception):
    """It cannot be measured; the text says why."""


class Command(NamedTuple):
    """`check` returns how many sockets it tells of; `each` names what is counted beside time."""

    key: str
    argv: list[str]
    check: Callable[[], int]
    each: str


# ---- that the answers are right ------------------------------------------------------------


def ask(argv: Sequence[str]) -> str:
    found = subprocess.run(argv, capture_output=True, text=True, timeout=START)
    if found.returncode:
        raise Failed(f"exit code {found.returncode}: {(found.stderr.splitlines() or [''])[-1]}")
    return found.stdout


def check_top() -> int:
    """The total above its lists."""
    return first_number(r"\btotal +([\d,]+)", ask([FASTSOCK, "top", "--once"]))


def check_ss() -> int:
    return read_ss(ask(["ss", "-tan"])).total()


def check_flows() -> int:
    """Both ends of connections; a listener is no flow."""
    connections = json.loads(ask([FASTSOCK, "flows", "-t", "--json"]))["connections"]["total"]
    listening = json.loads(ask([FASTSOCK, "count", "-t", "-l", "--json"]))["counts"]["total"]
    return int(connections) + int(listening)


def check_wait() -> int:
    text = ask([FASTSOCK, "wait", "-t", "--count", ">=1", "--timeout", "30", "--json"])
    return int(json.loads(text)["counts"]["total"])


def first_number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise Failed(f"nothing like {pattern} in {text[:200]!r}")
    return int(found[1].replace(",", ""))


def parse_sockets(text: str) -> int:
    """Add up fastsock_sockets of TCP, in the text that Prometheus reads."""
    samples = re.findall(
        r'^fastsock_sockets\{[^}]*protocol="tcp"[^}]*\} (\S+)$', text, re.MULTILINE
    )
    return round(sum(map(float, samples)))


# ---- measuring -----------------------------------------------------------------------------


def left_behind(goes_on: Callable[[], object]) -> int | None:
    """Bytes of dentries and inodes that stay behind, None where they may not be dropped first.

    The least of several tries: whoever else looks into /proc meanwhile, as what watches over a host
    does, leaves a hundred times as much.
    """
    if not os.access(slab.DROP, os.W_OK):
        return None
    left = []
    for _ in range(TRIES):
        slab.drop_caches()
        before = slab.settle().used
        goes_on()
        left.append(slab.settle().used - before)
    return min(left)


def measure_frames(command: Command, length: float) -> dict[str, Any]:
    """A command that draws anew again and again, in a terminal."""
    with Session(command.argv, terminal=True) as session:
        if not session.draws(1, START):
            raise Failed(f"no frame: {session.output[-200:]!r}")
        session.last(WARM_UP)
        session.draws(1, START)
        cpu, frames, start = session.cpu(), session.frames, time.monotonic()
        most = session.last(length)
        if not session.draws(1, START):  # from one frame to another
            raise Failed(f"it ended, or stood still: {session.output[-200:]!r}")
        cpu, frames, elapsed = (
            session.cpu() - cpu, session.frames - frames, time.monotonic() - start
        )  # fmt: skip
        left = left_behind(lambda: session.draws(1, START))
    return {"seconds": elapsed, "times": frames, "cpu": cpu, "pss_kib": most, "left": left}


def measure_waiting(command: Command, length: float) -> dict[str, Any]:
    """A command that says nothing while it waits."""
    with Session(command.argv, terminal=False) as session:
        session.last(WARM_UP)
        cpu, start = session.cpu(), time.monotonic()
        most = session.last(length)
        cpu, elapsed = session.cpu() - cpu, time.monotonic() - start
        left = left_behind(lambda: session.last(1))
        if not session.running:
            raise Failed(f"it ended: {session.output[-200:]!r}")
    return {"seconds": elapsed, "times": 0, "cpu": cpu, "pss_kib": most, "left": left}


def measure_runs(command: Command) -> dict[str, Any]:
    """A command that answers and ends."""
    runs = [run(command.argv, START) for _ in range(RUNS)]
    if any(one.code for one in runs):
        raise Failed(f"exit codes {[one.code for one in runs]}")
    return {
        "seconds": sum(one.seconds for one in runs),
        "times": RUNS,
        "cpu": median(one.user + one.system for one in runs) * RUNS,
        "pss_kib": None,  # it is over before one can look
        "left": left_behind(lambda: run(command.argv, START)),
    }


def measure_scrapes(command: Command, path: str, scrapes: int, sockets: int) -> dict[str, Any]:
    """The exporter, asked again and again with a connection for each, as Prometheus asks.

    At a UNIX socket: connections of TCP would be counted, and stay in TIME_WAIT.
    """
    with Session(command.argv, terminal=False) as session:
        await_socket(path, session)
        found = parse_sockets(scrape(path))
        if found != sockets:
            raise Failed(f"it tells of {found:,} sockets, not {sockets:,}")
        for _ in range(10):
            scrape(path)
        first, cpu, start = session.memory(), session.cpu(), time.monotonic()
        for _ in range(scrapes):
            scrape(path)
        cpu, elapsed, last = session.cpu() - cpu, time.monotonic() - start, session.memory()
        left = left_behind(lambda: scrape(path))
    return {
        "seconds": elapsed, "times": scrapes, "cpu": cpu, "pss_kib": max(first, last),
        "growth_kib": last - first, "left": left,
    }  # fmt: skip


class Connection(http.client.HTTPConnection):
    """HTTP at a UNIX socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=START)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(START)
        self.sock.connect(self._path)


def scrape(path: str) -> str:
    with contextlib.closing(Connection(path)) as connection:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain"})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise Failed(f"HTTP {answer.status}: {text[:200]!r}")
        return text


def await_socket(path: str, session: Session) -> None:
    """Until somebody listens there: it first looks at the host once."""
    end = time.monotonic() + START
    while not os.path.exists(path):
        if not session.running or time.monotonic() > end:
            raise Failed(f"nothing listens: {session.output[-200:]!r}")
        session.last(0.05)


def shown(argv: Sequence[str]) -> str:
    """A command line without paths."""
    return re.sub(r" --listen \S+", "", without_paths(argv))


# ---- the commands --------------------------------------------------------------------------


def one_case(
    command: Command, measure: Callable[[Command], dict[str, Any]], expected: int
) -> dict[str, Any]:
    case: dict[str, Any] = {"key": command.key, "command": shown(command.argv)}
    case["each"] = command.each
    try:
        found = command.check()
        if found != expected:
            raise Failed(f"it tells of {found:,} sockets, not {expected:,}")
        return case | measure(command)
    except (Failed, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        return case | {"failed": str(error)}


def cases(args: argparse.Namespace, folder: str) -> Iterator[dict[str, Any]]:
    path = f"{folder}/metrics"
    exporter = [FASTSOCK, "exporter", "--listen", f"unix:{path}"]
    waiting = [FASTSOCK, "wait", "-l", "--local-port", "1", "--timeout", "3600"]

    def in_scrapes() -> int:  # the first one is looked at
        return int(args.sockets)

    def frames(command: Command) -> dict[str, Any]:
        return measure_frames(command, args.seconds)

    def waits(command: Command) -> dict[str, Any]:
        return measure_waiting(command, args.seconds)

    def scrapes(command: Command) -> dict[str, Any]:
        return measure_scrapes(command, path, args.scrapes, args.sockets)

    commands = [
        (Command("top", [FASTSOCK, "top", "--interval", f"{INTERVAL}"], check_top, "frame"),
         frames),
        (Command("watch ss", ["watch", "-n", f"{INTERVAL}", "ss", "-tanp"], check_ss, "frame"),
         frames),
        (Command("exporter", exporter, in_scrapes, "scrape"), scrapes),
        (Command("exporter by command", [*exporter, "--by", "command"], in_scrapes, "scrape"),
         scrapes),
        (Command("wait", waiting, check_wait, ""), waits),
        (Command("flows", [FASTSOCK, "flows", "-t"], check_flows, "run"), measure_runs),
    ]  # fmt: skip
    for command, measure in commands:
        if not args.only or command.key in args.only.split(","):
            yield one_case(command, measure, args.sockets)


def noise() -> int | None:
    """What the kernel's memory changes by in an interval in which nothing of ours runs."""
    changed = left_behind(lambda: time.sleep(INTERVAL))
    return None if changed is None else max(slab.read_slab().grain, abs(changed))


def show(case: dict[str, Any]) -> str:
    """One line about a case."""
    if "failed" in case:
        return f"{case['command']:40} {case['failed']}"
    parts = []
    if case["each"] not in BACK_TO_BACK:
        parts.append(f"{100 * case['cpu'] / case['seconds']:.1f} % of a core")
    if case["times"]:
        parts.append(f"{seconds(case['cpu'] / case['times'])} a {case['each']}")
        parts.append(f"one in {seconds(case['seconds'] / case['times'])}")
    if case["pss_kib"]:
        parts.append(memory(case["pss_kib"] * 1024))
    if "growth_kib" in case:
        parts.append(f"grown by {memory(case['growth_kib'] * 1024)}")
    if case["left"] is not None:
        parts.append(f"leaves {memory(case['left'])}")
    return f"{case['command']:40} {'; '.join(parts)}"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="live.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sockets = int(os.environ.get("SOCKFARM_SOCKETS", 0))
    parser.add_argument("--sockets", type=int, default=sockets, help="how many there are")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each, default: 30")
    parser.add_argument("--scrapes", type=int, default=1000, help="of the exporter, default: 1000")
    parser.add_argument("--only", metavar="KEY,…", help="only these commands")
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the results there")
    args = parser.parse_args(argv)
    document: dict[str, Any] = {"sockets": args.sockets, "noise": noise(), "cases": []}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(args, folder):
            document["cases"].append(case)
            print(show(case), flush=True)
    if document["noise"] is not None:
        print(f"noise of the kernel's memory: {memory(document['noise'])}")
    if args.json:
        args.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
