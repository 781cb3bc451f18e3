"""Two questions to the kernel at once: while it works, who asks holds no lock of Python's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")


class Beside(Thread):
    """A call that waits for the kernel, in a thread of its own while we wait for it elsewhere."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(name="fastsock", daemon=True)
        self._call = call
        self._found: Any = None
        self._error: BaseException | None = None
        try:
            self.start()
        except RuntimeError:  # no more threads allowed, or the interpreter is ending
            self.run()

    def run(self) -> None:
        try:
            self._found = self._call()
        except BaseException as error:
            self._error = error

    def join(self, timeout: float | None = None) -> None:
        if self.ident is not None:  # it was started
            super().join(timeout)

    def result(self) -> Any:
        self.join()
        if self._error is not None:
            raise self._error
        return self._found


def run_beside(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Return what the calls return, in order: the first is made here, each other one beside it.

    Raises what the first of them raises that fails, after all have ended.
    """
    others = [Beside(call) for call in calls[1:]]
    try:
        found = [calls[0]()]
    finally:
        for other in others:
            other.join()
    return found + [other.result() for other in others]
