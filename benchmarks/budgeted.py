"""The command `fastsock`, which tells at its end how long each of its parts took.

    budgeted.py DESCRIPTOR WORD…

A part's time is its own: what it calls of other parts is taken out. Lines of PART SECONDS go to
the descriptor, and what the clock said when the first line ran (began) and the last one (ended).
No module is imported here that the command does not import itself.
"""

from __future__ import annotations

import time

began = time.monotonic()

import builtins  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

# A part, and the functions that it is made of. What is in none is "rest".
PARTS = {
    "load": ("fastsock.engines.bpf:load_program",),
    "sock_diag": (
        "fastsock.engines.netlink:NetlinkEngine.sockets",
        "fastsock.engines.netlink:NetlinkEngine.others",
    ),
    "census": ("fastsock.engines.bpf:Encounter.__init__",),
    "pass": ("fastsock.engines.passes:walk_by_program",),
    "merge": (
        "fastsock.engines.bpf:Encounter.answer",
        "fastsock.implementation:group.OwnerIndex",
        "fastsock.conductor:Join.attach",
    ),
    "render": ("fastsock.render:render_table", "fastsock.cli.answer:Answer.write"),
}


class Clock:
    """Times by part; the one that was entered last, and not yet left, is running."""

    def __init__(self) -> None:
        self.times = dict.fromkeys(("modules", *PARTS, "rest"), 0.0)
        self.running = ["rest"]
        self.at = began

    def switch(self) -> None:
        now = time.monotonic()
        self.times[self.running[-1]] += now - self.at
        self.at = now

    def wrap(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            self.switch()
            self.running.append(part)
            try:
                return function(*args, **named)
            finally:
                self.switch()
                self.running.pop()

        return timed


def find(place: str) -> tuple[Any, str]:
    """Return what holds a function, and its name there."""
    module, _, path = place.partition(":")
    holder: Any = sys.modules[module]
    *above, name = path.split(".")
    for one in above:
        holder = getattr(holder, one)
    return holder, name


def time_imports(clock: Clock) -> None:
    """Count what an import imports in its turn once."""
    plain = builtins.__import__
    timed = clock.wrap("modules", plain)

    def importing(*args: Any, **named: Any) -> Any:
        return (plain if clock.running[-1] == "modules" else timed)(*args, **named)

    builtins.__import__ = importing


def report_at_exit(clock: Clock, report: int) -> None:
    leave = os._exit

    def leaving(status: int) -> NoReturn:
        clock.switch()
        told = {**clock.times, "began": began, "ended": clock.at}
        os.write(report, "".join(f"{name} {value}\n" for name, value in told.items()).encode())
        leave(status)

    os._exit = leaving


def main() -> None:
    clock = Clock()
    report_at_exit(clock, int(sys.argv.pop(1)))
    time_imports(clock)
    for part, places in PARTS.items():
        for place in places:
            __import__(place.partition(":")[0])
            holder, name = find(place)
            setattr(holder, name, clock.wrap(part, getattr(holder, name)))
    from fastsock.cli import run_and_exit

    run_and_exit()


if __name__ == "__main__":
    main()
