"""The verb wait: until a port listens, connections have drained, or there are so many."""

from __future__ import annotations

from collections.abc import Callable

from fastsock.cli.answer import Answer
from fastsock.cli.flags import Flag, Options, UsageError, parse_seconds, parse_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.waiting import Waited

NONE = "=0"
SOME = ">=1"

FLAGS = {
    "wait": (
        Flag(
            "--timeout",
            "timeout",
            "give up after S seconds, with exit code 1; else never",
            parse=parse_seconds,
            metavar="S",
            repeats=False,
        ),
        Flag(
            "--count",
            "count",
            f"until there are so many: '>=100', '<10', '=0' ({SOME})",
            parse=parse_text,
            metavar="BOUND",
            repeats=False,
        ),
        Flag("--none", "none", f"until there are none: --count {NONE}"),
    )
}


def run(options: Options, answer: Answer) -> int:
    """Wait, and say what was seen last."""
    from fastsock import render
    from fastsock.waiting import wait

    if options.on("none") and options.on("count"):
        raise UsageError("--none and --count exclude each other")
    question = options.question()
    if not question and not options.positional and not {"none", "count"} & options.values.keys():
        raise UsageError("wait for what? fastsock wait -l --port 8080, see fastsock wait --help")
    waited = wait(
        options.expression(),
        count=NONE if options.on("none") else options.last("count", SOME),
        timeout=options.last("timeout"),
        strict=options.on("strict"),
        **question,
    )
    if options.on("json"):
        answer.write(render.dump_json({**answer.head(waited), **waited.as_dict()}) + "\n")
    elif options.on("jsonl"):
        answer.write(render.dump_json(waited.as_dict()) + "\n", answer.end(1, waited))
    elif waited.met:
        answer.write(f"{waited.seen}\n")
    for pid in waited.ended:
        answer.warn(f"process {pid} has ended")
    if not waited.met:
        answer.warn(text_missed(waited))
    return answer.code(waited, found=waited.met)


RUN: dict[str, Callable[[Options, Answer], int]] = {"wait": run}


def text_missed(waited: Waited) -> str:
    """Return what was seen last, where that is not what was waited for."""
    what = f"{waited.bound} waited for, {waited.seen.total} seen last ({waited.seen})"
    if waited.bound.holds(waited.seen.total) and waited.incomplete:
        what += ", but not all could be seen"
    absent = f"; {waited.absent}" if waited.absent else ""
    return f"timed out after {waited.elapsed:.3g} s: {what}{absent}"
