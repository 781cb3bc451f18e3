"""Why looks do not see all, for the log: each reason once, by the first look that meets it.

`fastsock_scan_incomplete` says each time of what, and how many; of a reason, and of what helps, a
label would be too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fastsock.errors import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.table import Incomplete


class Reasons:
    """Those that have been said; `complain` takes a line for each."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._said: set[tuple[str, str]] = set()

    def say(self, incomplete: Incomplete) -> None:
        """Say what is new of what a look could not see, where something would help."""
        for entry in incomplete:
            # Numbers are other ones each time. The rest is a text of ours: there are some ten.
            reason = str(entry["what"]), re.sub("[0-9]+", "", str(entry["reason"]))
            if entry["remedy"] and reason not in self._said:
                self._said.add(reason)
                self._complain(describe(entry))
