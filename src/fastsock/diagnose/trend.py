"""How a number moved from sample to sample: how fast it grows, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Fewer points lie on a line whatever happened.
FEWEST = 3

# Student's t, two-sided 95 %, by degrees of freedom; for those between, the row before.
_STUDENT = (
    (1, 12.71),
    (2, 4.30),
    (3, 3.18),
    (4, 2.78),
    (5, 2.57),
    (6, 2.45),
    (8, 2.31),
    (10, 2.23),
    (15, 2.13),
    (20, 2.09),
    (30, 2.04),
    (60, 2.00),
    (120, 1.98),
)


class Series:
    """A number in each sample from `first` on, kept where it changes."""

    __slots__ = ("first", "_at", "_values")

    def __init__(self, first: int) -> None:
        self.first = first
        self._at: list[int] = []
        self._values: list[int] = []

    def note(self, sample: int, value: int) -> None:
        """Say what it is from this sample on. Before the first note it is 0."""
        if value != (self._values[-1] if self._values else 0):
            if self._at and self._at[-1] == sample:
                self._values[-1] = value
            else:
                self._at.append(sample)
                self._values.append(value)

    @property
    def now(self) -> int:
        """The last that was said."""
        return self._values[-1] if self._values else 0

    def values(self, first: int, end: int) -> list[int]:
        """Return the number in each of the samples from `first` to before `end`."""
        found = []
        value, following = 0, 0
        for sample in range(first, end):
            while following < len(self._at) and self._at[following] <= sample:
                value = self._values[following]
                following += 1
            found.append(value)
        return found


class Trend:
    """A straight line through a number's samples, by least squares.

    `rate` is by how much it grows a second, `error` how far the rate may be off: 95 % by the
    samples' distance from the line, and never less than one in the whole time, for what is counted
    is whole. `first` and `last` are the number at both ends, `seconds` what lies between them.
    `grows` says whether that is growth: it goes on, for the last third of the samples brought half
    of its share or more; and it is without a step back, or more than the error.
    """

    __slots__ = ("samples", "seconds", "first", "last", "rate", "error", "grows")

    def __init__(
        self,
        samples: int,
        seconds: float,
        first: int,
        last: int,
        rate: float,
        error: float,
        grows: bool,
    ) -> None:
        self.samples = samples
        self.seconds = seconds
        self.first = first
        self.last = last
        self.rate = rate
        self.error = error
        self.grows = grows

    def __str__(self) -> str:
        over = f"over {text_seconds(self.seconds)}, {self.samples} samples"
        if self.error < self.rate:
            return f"{text_rate(self.rate, self.error)} {over}"
        return f"about {text_rate(self.rate)} {over}, too few to be sure of the rate"

    def __repr__(self) -> str:
        return f"<Trend {self}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object; rates are by the second."""
        return {
            "samples": self.samples,
            "seconds": round(self.seconds, 3),
            "first": self.first,
            "last": self.last,
            "rate": round(self.rate, 6),
            "error": round(self.error, 6),
        }

    def until(self, limit: int) -> tuple[float, float, float | None] | None:
        """Return in how many seconds `limit` is reached if that goes on: likely, least, most.

        None where it does not grow; the last is None where the samples set no end.
        """
        left = max(limit - self.last, 0)
        if not self.grows or self.rate <= 0:
            return None
        most = left / (self.rate - self.error) if self.error < self.rate else None
        return left / self.rate, left / (self.rate + self.error), most


def fit(times: Sequence[float], values: Sequence[int]) -> Trend | None:
    """Return the trend of `values` at `times` (seconds, ascending); None for less than FEWEST."""
    count = len(values)
    if count < FEWEST or times[-1] <= times[0]:
        return None
    seconds = times[-1] - times[0]
    mean_time, mean_value = sum(times) / count, sum(values) / count
    spread = sum((at - mean_time) ** 2 for at in times)
    rate = (
        sum(
            (at - mean_time) * (value - mean_value) for at, value in zip(times, values, strict=True)
        )
        / spread
    )
    off = sum(
        (value - mean_value - rate * (at - mean_time)) ** 2
        for at, value in zip(times, values, strict=True)
    )
    error = max(_student(count - 2) * (off / (count - 2) / spread) ** 0.5, 1 / seconds)
    steps = [after - before for before, after in zip(values, values[1:], strict=False)]
    steadily = min(steps) >= 0 and sum(step > 0 for step in steps) > 1
    late = -1 - max(count // 3, 1)
    share = (times[-1] - times[late]) / seconds
    growth = values[-1] - values[0]
    still = growth > 0 and values[-1] - values[late] >= growth * share / 2
    grows = still and (steadily or rate > error)
    return Trend(count, seconds, values[0], values[-1], rate, error, grows)


def _student(freedom: int) -> float:
    return max((degrees, t) for degrees, t in _STUDENT if degrees <= freedom)[1]


def text_seconds(seconds: float) -> str:
    """Return a length of time for people: 4.0 s, 12 min, 3.5 h, 2.0 days."""
    for size, unit in ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "days")):
        following = {"s": 60.0, "min": 3600.0, "h": 2 * 86400.0}.get(unit)
        if following is None or seconds < following - size / 2:
            number = seconds / size
            return f"{number:.0f} {unit}" if number >= 9.95 else f"{number:.1f} {unit}"
    raise AssertionError("unreachable")


def text_rate(rate: float, error: float | None = None) -> str:
    """Return a rate by the unit of time in which it is readable: 3.1/s, 12/min, 2.0 ±0.3/h."""
    for size, unit in ((1, "s"), (60, "min"), (3600, "h")):
        number = rate * size
        if number >= 0.95 or unit == "h":
            digits = 0 if number >= 9.95 else 1
            about = "" if error is None else f" ±{_rounded_up(error * size)}"
            return f"{number:.{digits}f}{about}/{unit}"
    raise AssertionError("unreachable")


def _rounded_up(error: float) -> str:
    """Return an error with one digit behind the point, or none from 10 on; never 0."""
    return f"{ceil(error)}" if error > 9.9 else f"{ceil(error * 10 - 1e-9) / 10:.1f}"
