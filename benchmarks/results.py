"""Read what pytest-benchmark stored, with what our cases add to it in `extra_info`.

And what peers.py, live.py and budget.py store, as cases of the same kind.

engine     which engine answered
rows       how many rows the answer has
against    what was timed in turn with the case, round by round: a floor, or the reference
against_s  its median, in seconds
ratio      median over the rounds of case / against
peak_kib   memory cases: the highest resident set of a fresh process
slab_…     footprint cases, in bytes: kernel memory that the question left (bytes: the median;
           least, most) and what an idle interval changes (noise)
share      of live.py: of one core
every      of live.py: seconds from one frame, scrape or run to the next
pss_kib    of live.py: the most resident memory, of shared pages the share; None: not looked at
growth_kib of live.py: by how much it grew over all scrapes
left       of live.py, in bytes: kernel memory that stayed; noise as above
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple


class Unreadable(Exception):
    """The file is missing, or is not what pytest-benchmark writes; the text says which."""


class Case(NamedTuple):
    """One timed case. Times in seconds."""

    name: str
    median: float
    rounds: int
    rows: int
    info: dict[str, Any]

    @property
    def ratio(self) -> float | None:
        ratio: float | None = self.info.get("ratio")
        return ratio

    @property
    def peak_kib(self) -> int | None:
        peak: int | None = self.info.get("peak_kib")
        return peak


def read_cases(path: Path) -> dict[str, Case]:
    """Return the cases of one file by name; raises Unreadable."""
    try:
        document = json.loads(path.read_bytes())
        cases = [
            Case(
                entry["name"],
                float(entry["stats"]["median"]),
                int(entry["stats"]["rounds"]),
                int(entry.get("extra_info", {}).get("rows", 0)),
                dict(entry.get("extra_info", {})),
            )
            for entry in document["benchmarks"]
        ]
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{path}: no result of pytest-benchmark ({error!r})") from None
    return {case.name: case for case in cases}


def read_commands(path: Path) -> dict[str, Case]:
    """Return the whole commands that peers.py timed, as `command[KEY: COMMAND-SOCKETS]`.

    Those that answered rightly. Of those that were stopped, `stopped[…]` has the time that they
    were given. Raises Unreadable.
    """
    try:
        document = json.loads(path.read_bytes())
        cases = []
        for answer in document["answers"]:
            for result in answer["results"]:
                name = f"[{answer['key']}: {result['command']}-{document['sockets']}]"
                if result["verdict"] == "same":
                    taken, runs, rows = result["seconds"], result["runs"], result["rows"]
                    cases.append(Case(f"command{name}", float(taken), int(runs), int(rows), {}))
                elif result["verdict"] == "stopped":
                    cases.append(Case(f"stopped{name}", float(result["after"]), 1, 0, {}))
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{path}: no result of peers.py ({error!r})") from None
    return {case.name: case for case in cases}


def read_live(path: Path) -> dict[str, Case]:
    """Return the commands that live.py looked at while they ran, as `live[KEY-SOCKETS]`.

    The median is the CPU time of a frame, a scrape or a run. Those that could be measured; raises
    Unreadable.
    """
    try:
        document = json.loads(path.read_bytes())
        cases = [
            Case(
                f"live[{found['key']}-{document['sockets']}]",
                found["cpu"] / max(1, found["times"]),
                int(found["times"]),
                int(document["sockets"]),
                {
                    "share": found["cpu"] / found["seconds"],
                    "every": found["seconds"] / max(1, found["times"]),
                    "noise": document["noise"],
                    **{name: found.get(name) for name in ("pss_kib", "growth_kib", "left")},
                },
            )
            for found in document["cases"]
            if "failed" not in found
        ]
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise Unreadable(f"{path}: no result of live.py ({error!r})") from None
    return {case.name: case for case in cases}


def read_budget(path: Path) -> dict[str, Case]:
    """Return the parts of a command that budget.py timed, as `budget[PART-SOCKETS]`.

    Raises Unreadable.
    """
    try:
        document = json.loads(path.read_bytes())
        size, runs = int(document["sockets"]), int(document["runs"])
        names = {part: f"budget[{part}-{size}]" for part in document["parts"]}
        return {
            name: Case(name, float(document["parts"][part]), runs, size, {})
            for part, name in names.items()
        }
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{path}: no result of budget.py ({error!r})") from None


def seconds(value: float) -> str:
    """A time for people: 6.31 µs, 147 ms, 2.04 s."""
    if not value:
        return "0 s"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale or unit == "µs":
            break
    number = value / scale
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"


def memory(value: float) -> str:
    """A size for people: 888 B, 20.0 kB, 90.1 MB; less than nothing, too."""
    for unit, scale in (("MB", 1e6), ("kB", 1e3), ("B", 1.0)):
        if abs(value) >= scale or unit == "B":
            break
    number = value / scale
    return f"{number:.0f} B" if unit == "B" else f"{number:.{abs(number) < 100:d}f} {unit}"
