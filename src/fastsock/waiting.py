"""Waiting for sockets: until a port listens, until connections have drained, until there are N.

The kernel tells nobody when a socket comes or goes, so it is asked again and again, for as little
as answers the question: states, ports and networks are the kernel's to select, nothing is kept of
a socket, and descriptors are looked at only where processes are named, only theirs.
"""

from __future__ import annotations

import math
import os
import time

from fastsock.bounds import Bound, parse_bound
from fastsock.conductor import count as count_sockets, refuse_words
from fastsock.errors import NoSuchProcess
from fastsock.filter import build_filter
from fastsock.processes import has_ended, open_process, read_start_time
from fastsock.table import Counts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from fastsock.expression import Expression
    from fastsock.table import Incomplete

# Seconds from look to look: at first, by how much more each time, at most.
FIRST = 0.005
GROWTH = 1.5
LONGEST = 1.0
# Of one processor, at most, whatever LONGEST says: a look at a million sockets takes a second.
SHARE = 0.03


class Waited:
    """How waiting ended: `met`, which is also its truth, and `seen`, the Counts of the last look.

    `bound` is what was waited for. `ended` are those of the processes named by number that have
    ended since, and `absent` says so of named commands and cgroups that no process had at the last
    look, "" else. `looks` were taken in `elapsed` seconds. `sources` and `incomplete` are those of
    the last look.
    """

    __slots__ = ("met", "bound", "seen", "ended", "absent", "looks", "elapsed")

    def __init__(self, bound: Bound) -> None:
        self.met = False
        self.bound = bound
        self.seen = Counts({})
        self.ended: tuple[int, ...] = ()
        self.absent = ""
        self.looks = 0
        self.elapsed = 0.0

    def __bool__(self) -> bool:
        return self.met

    @property
    def sources(self) -> Mapping[str, str]:
        return self.seen.sources

    @property
    def incomplete(self) -> Incomplete:
        return self.seen.incomplete

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "met": self.met,
            "bound": str(self.bound),
            "counts": self.seen.as_dict(),
            "ended": list(self.ended),
            "absent": self.absent or None,
            "looks": self.looks,
            "seconds": round(self.elapsed, 3),
        }

    def __repr__(self) -> str:
        how = "met" if self.met else "not met"
        return f"<Waited for {self.bound}: {how} in {self.elapsed:.3g} s, {self.seen.total} seen>"


def wait(
    expression: str | Expression | None = None,
    *,
    count: str = ">=1",
    timeout: float | None = None,
    strict: bool = False,
    **question: Any,
) -> Waited:
    """Wait until as many sockets as `count` says are selected, and return how that ended.

    `expression` and `question` select as for `count()`; `by`, `fields` and `owners` are not taken.
    `count` is a text, one of <= < >= > = and a number: "=0" for none. After `timeout` seconds the
    result is one that is not `met`; without it there is no time-out. It is looked at once, then
    ever less often: in the end every second, or as often as 3 % of a processor allow; once more
    when the time is over. What comes and goes between two looks is not seen.

    A process that is named by number and ends has no sockets. That may be what is waited for, and
    `ended` tells; where it is not, nothing could come any more, and NoSuchProcess is raised.
    Commands and cgroups that no process has may come, so they are waited for; but where none has
    ever been seen, having no sockets is no answer: NoSuchProcess, too.

    Where not all could be seen, there may be more than were counted. With `strict` only a complete
    answer is taken; without, `incomplete` tells. OwnersHidden is raised at once. Raises as `count`
    otherwise, FilterError for a `count` that is no bound, ValueError for a time that is none.
    """
    refuse_words("wait", question, "by", "fields", "owners")
    made = Waited(parse_bound(count))
    if timeout is not None and not (math.isfinite(timeout) and timeout >= 0):
        raise ValueError(f"a time-out is a number of seconds, not {timeout!r}")
    began = time.monotonic()
    named = Named(question)
    pause = FIRST
    known = False
    while True:
        before = time.process_time()
        missing = _look(made, expression, named)
        made.looks += 1
        made.elapsed = time.monotonic() - began
        known = known or missing is None
        if made.bound.holds(made.seen.total):
            if missing is not None and not known:
                raise missing
            # A number that is gone without having been seen to go is looked at once more.
            certain = missing is None or named.asked is None
            made.met = certain and not (strict and made.incomplete)
        elif named.asked is not None and not named.living:
            ended = f"{', '.join(map(str, named.ended))} (ended, and {made.bound} is waited for)"
            raise NoSuchProcess(ended, named.ended)
        left = math.inf if timeout is None else timeout - made.elapsed
        if made.met or left <= 0:
            return made
        # The first look also loads what looks take: it does not tell what the next will cost.
        cost = time.process_time() - before if made.looks > 1 else 0.0
        time.sleep(min(max(pause, cost * (1 / SHARE - 1)), left))
        pause = min(pause * GROWTH, LONGEST)


def _look(made: Waited, expression: str | Expression | None, named: Named) -> NoSuchProcess | None:
    """Count once, into `made`; return what says that no process is called what is named."""
    question = named.look()
    made.ended = named.ended
    made.seen, made.absent = Counts({}), ""
    if question is None:
        return None
    try:
        made.seen = count_sockets(expression, **question)
    except NoSuchProcess as error:
        # In an expression, or as a namespace, a number is nobody's for good.
        if not set(error.pids) <= set(named.asked or ()):
            raise
        made.absent = str(error)
        return error
    return None


class Named:
    """The processes that a question names by number: those that were `asked` for, None where it
    names none, and of them those `living` and those that have `ended`.
    """

    def __init__(self, question: Mapping[str, Any]) -> None:
        self._question = question
        self._procfs = os.fspath(question.get("procfs", "/proc"))
        self._started: dict[int, int] = {}
        self.asked: tuple[int, ...] | None = None
        if question.get("pid") is not None:
            self.asked = tuple(sorted(build_filter(pid=question["pid"]).terms["pid"]))
            gone = [pid for pid in self.asked if has_ended(self._path(pid))]
            if gone:
                raise NoSuchProcess(", ".join(map(str, gone)), gone)
            self._started = {pid: self._read_start(pid) for pid in self.asked}
        self.living = self.asked or ()

    @property
    def ended(self) -> tuple[int, ...]:
        return tuple(pid for pid in self.asked or () if pid not in self.living)

    def look(self) -> dict[str, Any] | None:
        """Return the question about those that live; None where all have ended."""
        self.living = tuple(filter(self._lives, self.living))
        if self.asked is None:
            return dict(self._question)
        return {**self._question, "pid": self.living} if self.living else None

    def _lives(self, pid: int) -> bool:
        """Whether it is still the same process: numbers are given again."""
        if has_ended(self._path(pid)):
            return False
        try:
            return self._read_start(pid) == self._started[pid]
        except NoSuchProcess:  # between the two
            return False

    def _read_start(self, pid: int) -> int:
        process = open_process(self._procfs, pid)
        try:
            return read_start_time(process)
        except OSError:  # hidden by hidepid=1, which the look will say; or ending just now
            return 0
        finally:
            os.close(process)

    def _path(self, pid: int) -> str:
        return f"{self._procfs}/{pid}"
