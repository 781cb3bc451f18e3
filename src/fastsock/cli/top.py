"""The verb top: states, owners and listeners while they change."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator

from fastsock import render
from fastsock.cli.answer import ANSWERED, Answer
from fastsock.cli.backlog import parse_samples
from fastsock.cli.flags import Flag, Options, UsageError, parse_seconds
from fastsock.services import text_time
from fastsock.top.frame import render_frame, text_of
from fastsock.top.sampling import GROUPINGS, Sample, Sampler
from fastsock.top.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


BLESSED = "1.52"  # as the extra `top` of pyproject.toml


def parse_grouping(text: str) -> Iterable[str]:
    """Return what the lower list is of."""
    if text not in GROUPINGS:
        raise UsageError(f"top has no list by {text!r}; there are {', '.join(GROUPINGS)}")
    return (text,)


FLAGS = {
    "top": (
        Flag(
            "--interval",
            "interval",
            "look every S seconds (2), or as seldom as 5 % of one core demand",
            parse=parse_seconds,
            metavar="S",
            repeats=False,
        ),
        Flag(
            "--by",
            "grouping",
            f"list sockets by this: {', '.join(GROUPINGS)}",
            parse=parse_grouping,
            metavar="KEY",
            repeats=False,
        ),
        Flag("--once", "once", "one frame as text, as into a pipe; this needs no extra"),
        Flag(
            "--samples",
            "samples",
            "that many frames as text, one every interval",
            parse=parse_samples,
            metavar="N",
            repeats=False,
        ),
    ),
}


def run(options: Options, answer: Answer) -> int:
    """Live on the terminal where there is one, else write frames."""
    text = " ".join(options.positional)
    interval, by = options.last("interval", 2.0), options.last("grouping", "process")
    sampler = Sampler(options.question(), text, interval=interval, by=by)
    written = any(map(options.on, ("once", "samples", "json", "jsonl")))
    if options.on("once") and options.on("samples"):
        raise UsageError("--once and --samples exclude each other")
    if options.on("json") and options.last("samples", 1) != 1:
        raise UsageError("--json is one document: take --jsonl with --samples")
    if written or not is_terminal():
        return write_frames(sampler, options, answer)
    try:
        from fastsock.top.screen import run as run_screen
    except ImportError as error:  # there is none, or an older one lacks a name
        if error.name is None or error.name.partition(".")[0] == "fastsock":
            raise
        raise UsageError(
            f"the live view needs blessed >= {BLESSED}: pip install 'fastsock[top]'; "
            "--once needs nothing"
        ) from None
    return run_screen(View(sampler, sampler.look()))


RUN: dict[str, Callable[[Options, Answer], int]] = {"top": run}


def is_terminal() -> bool:
    """Whether there is a terminal for both keys and frames, and one that can move its cursor."""
    if os.environ.get("TERM", "dumb") == "dumb" or sys.stdin is None or sys.stdout is None:
        return False
    return os.isatty(0) and os.isatty(1) and sys.stdout.fileno() == 1


def write_frames(sampler: Sampler, options: Options, answer: Answer) -> int:
    """Write samples as frames of the terminal's size, 80x24 in a pipe, or as JSON."""
    code = ANSWERED
    told: set[object] = set()
    rows = 0
    for rows, sample in enumerate(samples(sampler, options.last("samples", 1)), 1):
        if options.on("json"):
            document = {**answer.head(sample), **sample.as_dict()}
            answer.write(render.dump_json(document) + "\n")
        elif options.on("jsonl"):
            line = {"time": text_time(sample.time), **sample.as_dict()}
            answer.write(render.dump_json(line) + "\n")
        else:
            size = shutil.get_terminal_size()
            lines = render_frame(View(sampler, sample), *size, live=False)
            answer.write(("\n" if rows > 1 else "") + text_of(lines))
        missing = {entry["what"] for entry in sample.incomplete}
        if rows == 1 or not missing <= told:  # once, and not for each
            code = max(code, answer.code(sample))
            told |= missing
    if options.on("jsonl"):
        answer.write(answer.end(rows, sample))
    return code


def samples(sampler: Sampler, number: int) -> Iterator[Sample]:
    """Yield so many samples, each when it is due."""
    for at in range(number):
        if at:
            time.sleep(sampler.wait())
        yield sampler.look()
