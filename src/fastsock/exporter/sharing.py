"""One answer for all who ask while it is found out: never two at a time, and no queue of them.

Who comes while somebody asks waits for that same answer. It was asked for before he came, by no
more than it takes; and however many come, and however long it takes, there is one to wait for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# How much longer than the last answer the next may take, of the time that is left for it.
_LONGER = 1.5


class TooLate(Exception):
    """The answer did not come in the time that was given; `str()` is one line for a person."""


class _Round:
    """An answer on its way: `ended` is set when it, or the error, is there."""

    __slots__ = ("ended", "answer", "error")

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.answer: Any = None
        self.error: BaseException | None = None


class Shared:
    """A question that takes long, for many at once.

    It is asked in a thread of its own, which nothing ends before its time: who cannot wait leaves.
    `pause`: for how long after an answer, as a share of what it took, no other is begun; 1 leaves
    half of a processor at least to others. It is cut short where who asks would else not be
    answered in time. `asked` and `failed` count rounds.
    """

    def __init__(self, question: Callable[[], Any], *, pause: float = 1.0) -> None:
        self._question = question
        self._pause = pause
        self._lock = threading.Lock()
        self._round: _Round | None = None
        self._rested = 0.0
        self._took = 0.0
        self.asked = 0
        self.failed = 0

    def ask(self, seconds: float) -> Any:
        """Return the answer of the round that is under way, or else of a new one.

        Raises TooLate after `seconds`, and what the question raised.
        """
        with self._lock:
            joined = self._round
            if joined is None:
                joined = _Round()
                thread = threading.Thread(
                    target=self._run, args=(joined, seconds), name="fastsock-look", daemon=True
                )
                try:
                    thread.start()
                except RuntimeError:  # no more threads allowed
                    raise TooLate("no thread can be started to look at the host") from None
                self._round = joined
        if not joined.ended.wait(seconds):
            raise TooLate(f"no look at the host has ended within {seconds:.3g} s")
        if joined.error is not None:
            raise joined.error
        return joined.answer

    def _run(self, joined: _Round, seconds: float) -> None:
        left = seconds - _LONGER * self._took
        time.sleep(max(0.0, min(self._rested - time.monotonic(), left)))
        started = time.monotonic()
        self.asked += 1  # one round at a time: nobody else counts
        try:
            joined.answer = self._question()
        except BaseException as error:
            joined.error = error
            self.failed += 1
        ended = time.monotonic()
        self._took = ended - started
        self._rested = ended + self._pause * self._took
        with self._lock:
            self._round = None
        joined.ended.set()
