"""The verb engines: what can read sockets here, why not, and what would help.

ENGINE     WORKS  READS, OR WHY NOT
bpf        no     load program: Operation not permitted (1): without CAP_BPF and
                  CAP_PERFMON
  try: run as root, or once as root: fastsock bpf pin --group GROUP
procfs     auto   /proc/net tables and /proc/PID/fd, compiled
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastsock import render
from fastsock.cli.answer import ANSWERED, SCHEMA, Answer
from fastsock.cli.flags import Flag, Options
from fastsock.errors import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.engines import EngineStatus

FLAGS: dict[str, tuple[Flag, ...]] = {}

HEADINGS = ("ENGINE", "WORKS", "READS, OR WHY NOT")
WIDTH = 80


def run(options: Options, answer: Answer) -> int:
    """Each engine: what it reads, or why it does not work and what would help."""
    from fastsock.engines import engine_status
    from fastsock.implementation import COMPILED

    engines = engine_status(options.last("procfs", "/proc"))
    if options.on("json") or options.on("jsonl"):
        found = [
            {name: None if value == "" else value for name, value in engine.as_dict().items()}
            for engine in engines
        ]
        if options.on("jsonl"):
            answer.write("".join(render.dump_json(engine) + "\n" for engine in found))
        else:
            document = {"schema": SCHEMA, "compiled": COMPILED, "engines": found}
            answer.write(render.dump_json(document) + "\n")
        return ANSWERED
    answer.write(_render(engines))
    if not COMPILED:
        answer.warn("this is a build without compiled parts (FASTSOCK_PURE=1): slow")
    return ANSWERED


def _render(engines: Sequence[EngineStatus]) -> str:
    """Wrap what is told of each, and put below it, never wrapped, what can be copied."""
    import textwrap

    named = max(len(engine.name) for engine in engines)
    left = WIDTH - len(f"{'':{named}}  {HEADINGS[1]}  ")
    rows: list[tuple[str, str, str]] = []
    remedies: dict[int, str] = {}  # by the row that it stands behind
    for engine in engines:
        works = ("auto" if engine.auto else "yes") if engine.available else "no"
        told = escape(engine.reads if engine.available else engine.reason)
        lines = textwrap.wrap(told, left, break_long_words=False, break_on_hyphens=False)
        rows += [
            ("", "", line) if number else (engine.name, works, line)
            for number, line in enumerate(lines)
        ]
        if engine.remedy:
            remedies[len(rows)] = f"  try: {escape(engine.remedy)}\n"
    grid = render.render_grid(HEADINGS, rows).splitlines(keepends=True)
    return "".join(line + remedies.get(number, "") for number, line in enumerate(grid))


RUN: dict[str, Callable[[Options, Answer], int]] = {"engines": run}
