#!/usr/bin/env python3
"""Where the time of `fastsock list -O` goes: a whole process, part by part.

    sockfarm.py 100000 --time-wait 0 -- python benchmarks/budget.py [--runs 21] [--json FILE]

Each run is timed by its parts (budgeted.py), and in turn with it the command as it is: what the
clocks cost is the difference. Both must show all sockets.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from commands import run
from peers import FASTSOCK, read_fastsock_list
from results import seconds

INSIDE = Path(__file__).resolve().parent / "budgeted.py"
WORDS = ["list", "-O"]

# By the names that budgeted.py gives them, in the order in which they come, mostly.
PARTS = {
    "start": "Python starts",
    "modules": "modules are imported",
    "load": "the program is loaded",
    "census": "before the pass: how many sockets there are, memory for them",
    "sock_diag": "sock_diag: listeners, and what has no descriptor",
    "pass": "the pass over all descriptors, rows kept",
    "merge": "shares of the threads joined, owners beside their sockets",
    "render": "rendered and written",
    "rest": "the rest: command line, namespaces",
    "end": "the kernel takes the process down",
}
SUM, WHOLE = "all of it", "the command without clocks"


class Differs(Exception):
    """It does not show what there is; the text says how much it shows."""


def check(output: bytes, sockets: int) -> None:
    found = read_fastsock_list(output.decode()).total()
    if found != sockets:
        raise Differs(f"{found:,} rows, not {sockets:,}")


def run_by_parts(sockets: int) -> dict[str, float]:
    """Return the seconds of each part of one run."""
    report = os.memfd_create("report")
    os.set_inheritable(report, True)
    try:
        start = time.monotonic()
        done = run([sys.executable, str(INSIDE), str(report), *WORDS])
        end = start + done.seconds
        check(done.output, sockets)
        lines = os.pread(report, 1 << 16, 0).decode().splitlines()
    finally:
        os.close(report)
    told = {name: float(value) for name, value in map(str.split, lines)}
    began, ended = told.pop("began"), told.pop("ended")
    return {"start": began - start, **told, "end": end - ended}


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="budget.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    there = int(os.environ.get("SOCKFARM_SOCKETS", 0))
    parser.add_argument("--sockets", type=int, default=there, help="how many there are")
    parser.add_argument("--runs", type=int, default=21, metavar="K", help="default: 21")
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the results there")
    args = parser.parse_args(argv)
    taken, whole = [], []
    try:
        for _ in range(args.runs + 1):
            taken.append(run_by_parts(args.sockets))
            done = run([FASTSOCK, *WORDS])
            check(done.output, args.sockets)
            whole.append(done.seconds)
    except Differs as error:
        print(f"budget.py: {error}", file=sys.stderr)
        return 1
    del taken[0], whole[0]  # files are read for the first time
    document: dict[str, Any] = {
        "sockets": args.sockets,
        "command": f"fastsock {' '.join(WORDS)}",
        "runs": args.runs,
        "seconds": median(whole),
        "parts": {part: median(one[part] for one in taken) for part in PARTS},
        "sum": median(sum(one.values()) for one in taken),
    }
    for part, text in PARTS.items():
        print(f"{seconds(document['parts'][part]):>8}  {text}")
    print(f"{seconds(document['sum']):>8}  {SUM}")
    print(f"{seconds(document['seconds']):>8}  {WHOLE}")
    if args.json:
        args.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
