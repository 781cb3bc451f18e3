#!/usr/bin/env python3
"""Did anything become slower?

    compare.py BASE HEAD [--max-ratio 1.10]

BASE and HEAD are files of `pytest --benchmark-json=FILE`. One line for each case that both hold:
rows, base, head, head / base. What is compared, the first of these that both files have:

* peak memory, of a case that measures memory;
* the ratio to a floor that was timed in turn with the case. A machine that is busier, or clocked
  lower, in one of the two runs slows both alike, so it cancels: on shared CI runners this is the
  number to trust;
* else the median time, which is worth something only where both runs had the machine to themselves.

Exit codes: 0 nothing is slower than --max-ratio allows; 5 something is; 2 not comparable: a file
that cannot be read, no case in common, or a case that saw another number of rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from results import Case, Unreadable, read_cases, seconds

FASTER, SLOWER, NOT_COMPARABLE = 0, 5, 2


def same_size(base: Case, head: Case) -> bool:
    """Whether both saw as many rows, but for the few that come and go on a live host."""
    return abs(base.rows - head.rows) <= max(50, base.rows // 100)


def measure(base: Case, head: Case) -> tuple[float, float, Callable[[float], str]]:
    """The two numbers to compare, and how to print them."""
    if base.peak_kib and head.peak_kib:
        return base.peak_kib, head.peak_kib, lambda kib: f"{kib / 1024:.1f} MiB"
    if base.ratio and head.ratio and base.info.get("against") == head.info.get("against"):
        return base.ratio, head.ratio, lambda ratio: f"{ratio:.3f} x floor"
    return base.median, head.median, seconds


def compare(base: dict[str, Case], head: dict[str, Case], max_ratio: float) -> int:
    """Print the table; returns the exit code."""
    common = [name for name in base if name in head]
    if not common:
        print("compare.py: the two files have no case in common", file=sys.stderr)
        return NOT_COMPARABLE
    width, code = max(map(len, common)), FASTER
    print(f"{'case':{width}} {'rows':>9} {'base':>14} {'head':>14} {'head/base':>9}")
    for name in common:
        if not same_size(base[name], head[name]):
            code = NOT_COMPARABLE
            print(f"{name:{width}} {'':>9} rows: base {base[name].rows}, head {head[name].rows}")
            continue
        old, new, text = measure(base[name], head[name])
        ratio = new / old if old else 1.0
        slower = ratio > max_ratio
        if slower and code != NOT_COMPARABLE:
            code = SLOWER
        print(
            f"{name:{width}} {head[name].rows:>9} {text(old):>14} {text(new):>14} {ratio:>9.3f}"
            f"{'  SLOWER' if slower else ''}"
        )
    for label, ours, others in (("base", base, head), ("head", head, base)):
        alone = [name for name in ours if name not in others]
        if alone:
            print(f"only in {label}: {', '.join(alone)}")
    return code


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="compare.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", type=Path, metavar="BASE")
    parser.add_argument("head", type=Path, metavar="HEAD")
    parser.add_argument("--max-ratio", type=float, default=1.10, metavar="R", help="default: 1.10")
    args = parser.parse_args(argv)
    try:
        return compare(read_cases(args.base), read_cases(args.head), args.max_ratio)
    except Unreadable as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return NOT_COMPARABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
