"""When to look again: as often as was asked, within a share of one core.

What a look has cost is known afterwards, as CPU time of this process, the kernel's work for it
among it. So nothing has to be known of engines: where sockets with their owners fit into the share,
each look finds both, and where they do not, owners are looked for less often than sockets.
"""

from __future__ import annotations

SHARE = 0.04  # of one core: a promise of 5 %, less what starting and drawing take
# Sockets alone are worth a look of their own where they cost at most this part of the whole.
_WORTH = 0.25


class Pace:
    """Decides when the next look is due and whether it is for owners too.

    `splits` says whether a look without owners answers anything. Times are seconds of one clock.
    """

    __slots__ = ("interval", "splits", "_whole", "_bare", "_last", "_last_whole", "_debt")

    def __init__(self, interval: float, splits: bool) -> None:
        self.interval = interval
        self.splits = splits
        # CPU seconds of the last two looks of a kind: one alone may have met a busy moment.
        self._whole: list[float] = []
        self._bare: list[float] = []
        self._last = self._last_whole = float("-inf")
        self._debt = 0.0  # CPU seconds above the share; below 0 what looks may still cost at once

    def note(self, owners: bool, cost: float, now: float) -> None:
        """Take in what a look has cost that ended just now."""
        if self._whole:  # the first one of all loads what the others find
            saved = self._debt - SHARE * (now - self._last)
            self._debt = max(saved, -2 * SHARE * self.interval) + cost
        costs = self._whole if owners else self._bare
        costs.append(cost)
        del costs[:-2]
        self._last = now
        if owners:
            self._last_whole = now

    def plan(self) -> tuple[float, bool]:
        """Return when the next look is due, and whether it is for owners too."""
        if not self._whole:
            return self._last, True
        if len(self._whole) < 2:  # no measure yet; but a walk that took long is not begun again
            return self._last + max(self.interval, 4 * self._whole[0]), True
        if not self._is_split():
            return self._last + max(self.interval, self._debt / SHARE), True
        # Half of the share for each kind.
        bare = self._bare[-1] if self._bare else 0.0
        due = self._last + max(self.interval, 2 * bare / SHARE)
        return due, due >= self._last_whole + 2 * self._whole[-1] / SHARE

    def stretched(self) -> float | None:
        """Return by how many seconds looks are apart, where that is more than was asked for."""
        due, _ = self.plan()
        apart = due - self._last
        return apart if apart > 1.1 * self.interval else None

    def _is_split(self) -> bool:
        whole = min(self._whole)
        if not self.splits or whole <= SHARE * self.interval:
            return False
        return not self._bare or min(self._bare) <= _WORTH * whole
