"""What a face answers: the bytes for standard output, complaints for standard error, an exit code.

The complaints and the code are the imitated tool's own; `refuse` makes the answer to what it can
and we cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

NOT_IMPLEMENTED = 2  # ours, whatever the tool's own codes are


class Reply:
    """One answer.

    `complaints` are lines, written as they are before the first of `blocks`, and `afterwards` those
    that come after the last. `code` is a number, or a callable that is asked after the last block.
    """

    __slots__ = ("blocks", "code", "complaints", "afterwards")

    def __init__(
        self,
        blocks: Iterable[bytes] = (),
        code: int | Callable[[], int] = 0,
        complaints: Sequence[str] = (),
        afterwards: Sequence[str] = (),
    ) -> None:
        self.blocks = blocks
        self.code = code
        self.complaints = complaints
        self.afterwards = afterwards


def refuse(tool: str, flag: str, reason: str = "") -> Reply:
    """Answer a flag that `tool` has and its face has not."""
    line = f"fastsock {tool}: {flag} is not implemented"
    return Reply(code=NOT_IMPLEMENTED, complaints=[f"{line}: {reason}" if reason else line])
