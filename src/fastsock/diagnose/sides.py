"""The sides of a comparison: each network namespace of a host, and when it was looked at.

A side is known by the host's name, its boot and the number of the namespace: a kernel numbers its
namespaces, so two containers of one host are two sides, and a host that was started again is
another one. Several snapshots of one side are ordered by the clock that counts since its boot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastsock.diagnose.snapshot import Snapshot
from fastsock.errors import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLOCK_WAS_SET = 0.5  # seconds that time and monotonic may differ by over two snapshots
_NAMED = 5  # sides that a note names before the rest is a number


class Side:
    """One network namespace of a host, and when it was looked at.

    `host` and `boot_id` are the snapshots', `netns` is its number (0: not known), `name` what
    reports call it. `snapshots` has those that are compared: one, or the first and the last;
    `given` is how many there were.
    """

    __slots__ = ("host", "boot_id", "netns", "name", "snapshots", "given")

    def __init__(self, netns: int, snapshots: Sequence[Snapshot]) -> None:
        ordered = sorted(snapshots, key=_when)
        self.host = ordered[-1].host
        self.boot_id = ordered[-1].boot_id
        self.netns = netns
        self.name = escape(self.host) or "?"
        self.snapshots = (ordered[0], ordered[-1]) if len(ordered) > 1 else (ordered[0],)
        self.given = len(ordered)

    @property
    def twice(self) -> bool:
        """Whether there are two to compare."""
        return len(self.snapshots) > 1

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "name": self.name,
            "host": escape(self.host),
            "boot_id": escape(self.boot_id) or None,
            "netns": self.netns or None,
            "times": [round(one.time, 6) for one in self.snapshots],
            "snapshots": self.given,
        }

    def __repr__(self) -> str:
        return f"<Side {self.name}>"


def _when(snapshot: Snapshot) -> tuple[float, float]:
    """Return what the snapshots of one boot are ordered by."""
    return (snapshot.monotonic, snapshot.time) if snapshot.boot_id else (snapshot.time, 0.0)


def seconds_between(one: Snapshot, other: Snapshot) -> float:
    """Return how much later `other` was taken, by the clock that both know."""
    if one.boot_id and one.boot_id == other.boot_id:
        return other.monotonic - one.monotonic
    return other.time - one.time


def _looked_at_between(side: Side, other: Side) -> bool:
    """Whether `other` was looked at between the two looks at `side`."""
    first, last = side.snapshots[0], side.snapshots[-1]
    return any(
        seconds_between(first, look) >= 0 and seconds_between(look, last) >= 0
        for look in other.snapshots
    )


def tells_lasting(side: Side, other: Side | None) -> bool:
    """Whether what was found at `side`, twice, must have lasted."""
    return other is not None and side.twice and other.twice and _looked_at_between(side, other)


def drop_repeats(snapshots: Iterable[Snapshot], notes: list[str]) -> list[Snapshot]:
    """Return each snapshot once, and those with TCP: one moment of one host is one snapshot."""
    found: dict[tuple[object, ...], Snapshot] = {}
    for one in snapshots:
        if "tcp" not in one.protocols:
            notes.append(f"a snapshot of {escape(one.host) or '?'} was taken without TCP: left out")
            continue
        key = (one.host, one.boot_id, one.time, one.monotonic, one.netns)
        if key in found:
            notes.append(f"the same snapshot of {escape(one.host) or '?'} was given twice")
        found.setdefault(key, one)
    return list(found.values())


def _namespaces_in(snapshot: Snapshot) -> set[int]:
    """Return the namespaces that a snapshot looked at."""
    seen: set[int] = set(snapshot.spaces)
    groups = snapshot.sockets.count_by("netns")
    return seen | {number or 0 for number in groups}


def find_sides(snapshots: Iterable[Snapshot]) -> list[Side]:
    spaces: dict[tuple[str, str, int], list[Snapshot]] = {}
    for one in snapshots:
        for netns in sorted(_namespaces_in(one)):
            spaces.setdefault((one.host, one.boot_id, netns), []).append(one)
    sides = [Side(key[2], found) for key, found in spaces.items()]
    _name(sides)
    return sides


def _name(sides: Sequence[Side]) -> None:
    """Give the sides names that tell them apart."""
    boots: dict[str, set[str]] = {}
    namespaces: dict[tuple[str, str], int] = {}
    for side in sides:
        boots.setdefault(side.host, set()).add(side.boot_id)
        key = (side.host, side.boot_id)
        namespaces[key] = namespaces.get(key, 0) + 1
    for side in sides:
        if len(boots[side.host]) > 1:
            side.name += f" boot {escape(side.boot_id)[:8] or '?'}"
        if namespaces[side.host, side.boot_id] > 1:
            space = side.snapshots[-1].spaces.get(side.netns)
            label = getattr(space, "name", "") or side.netns or "?"
            side.name += f" netns {escape(str(label))}"


def note_times(sides: Sequence[Side], notes: list[str]) -> None:
    """Say what the clocks and the number of snapshots bound."""
    once: dict[str, None] = {}
    boots: dict[str, set[str]] = {}
    said: set[str] = set()
    for side in sides:
        boots.setdefault(side.host, set()).add(side.boot_id)
        host = escape(side.host) or "?"
        if not side.twice:
            once[side.name] = None
            continue
        first, last = side.snapshots[0], side.snapshots[-1]
        step = (last.time - first.time) - (last.monotonic - first.monotonic)
        if side.boot_id and abs(step) > _CLOCK_WAS_SET:
            said.add(f"the clock of {host} was set by {step:+.1f} s between its snapshots")
        if side.given > 2:
            said.add(f"of {side.given} snapshots of {host} the first and the last are compared")
    notes += sorted(said)
    if once:
        notes.append(
            f"one snapshot only of {_listed(list(once))}: what it takes part in is seen once, and "
            "what was just opening or closing looks the same; a second one of each side tells"
        )
    for name, found in boots.items():
        if len(found) > 1:
            notes.append(
                f"{len(found)} boots of hosts called {escape(name) or '?'}: one that was started "
                "again in between, or several hosts of one name; they are sides of their own"
            )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (
        f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    )
