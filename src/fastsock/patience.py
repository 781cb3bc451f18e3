"""Questions to name services, which may not answer: nobody waits longer than is allowed."""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Answer = TypeVar("Answer")


class Patience:
    """So many seconds for all questions together.

    Each is asked in a thread of its own, which is left behind when the time is over.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def ask(self, question: Callable[[], Answer]) -> Answer | None:
        """Return the answer; None where it does not come in time, or there is no thread to ask."""
        import threading  # not above: most have nothing to ask
        import time

        answers: list[Answer] = []
        asking = threading.Thread(target=lambda: answers.append(question()), daemon=True)
        began = time.monotonic()
        try:
            asking.start()
        except RuntimeError:  # no more threads: to know no name is better than to fail
            return None
        asking.join(max(self.left, 0))
        self.left -= time.monotonic() - began
        return answers[0] if answers else None
