"""The verb engines: what can read sockets here, and why not."""

from __future__ import annotations

from collections.abc import Callable

from fastsock import render
from fastsock.cli.answer import ANSWERED, SCHEMA, Answer
from fastsock.cli.flags import Flag, Options

FLAGS: dict[str, tuple[Flag, ...]] = {}


def run(options: Options, answer: Answer) -> int:
    """One line an engine."""
    from fastsock.engines import engine_status
    from fastsock.implementation import COMPILED

    engines = engine_status(options.last("procfs", "/proc"))
    if options.on("json") or options.on("jsonl"):
        found = [{**engine.as_dict(), "reason": engine.reason or None} for engine in engines]
        if options.on("jsonl"):
            answer.write("".join(render.dump_json(engine) + "\n" for engine in found))
        else:
            document = {"schema": SCHEMA, "compiled": COMPILED, "engines": found}
            answer.write(render.dump_json(document) + "\n")
        return ANSWERED
    answer.write(
        render.render_grid(
            ("ENGINE", "WORKS", "READS"),
            [
                (
                    engine.name,
                    ("auto" if engine.auto else "yes") if engine.available else "no",
                    engine.reads if engine.available else engine.reason,
                )
                for engine in engines
            ],
        )
    )
    if not COMPILED:
        answer.warn("this is a build without compiled parts (FASTSOCK_PURE=1): slow")
    return ANSWERED


RUN: dict[str, Callable[[Options, Answer], int]] = {"engines": run}
