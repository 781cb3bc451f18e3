"""The faces: `fastsock ss …` and the like, which take another tool's command line as it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fastsock.cli import answer
from fastsock.errors import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.compat.reply import Reply


def run_face(tool: str, words: Sequence[str]) -> int:
    """Write what `tool` would write for the command line `words`; return its exit code."""
    reply: Reply = __import__(f"fastsock.compat.{tool}", fromlist=["run"]).run(words)
    _complain(reply.complaints)
    answer.write_out((reply.blocks,))
    _complain(reply.afterwards)
    return reply.code() if callable(reply.code) else reply.code


def _complain(lines: Sequence[str]) -> None:
    """Write lines to standard error, which may be closed or full, as the tool words them."""
    if sys.stderr is None:
        return
    try:
        for line in lines:
            sys.stderr.write((line if line.isprintable() else _clean(line)) + "\n")
        sys.stderr.flush()
    except OSError:
        pass  # there is nowhere left to say it


def _clean(text: str) -> str:
    """What was typed may hold anything; a line of ours may hold line ends and tabs."""
    return "".join(c if c.isprintable() or c in "\n\t" else escape(c) for c in text)
