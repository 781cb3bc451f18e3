"""Whether two engines say the same of sockets that stand still, whatever others do meanwhile.

One is asked before and after the other. What it says alike both times stood still, and of that the
other must say the same; what the other knows besides must have been there once. Timers run all the
while: they are held between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from fastsock.columns import SOCKET_COLUMNS
from fastsock.table import SocketTable

Row = Mapping[str, Any]
Rows = dict[Hashable, Row]
Ask = Callable[[], "SocketTable | Iterable[SocketTable]"]

COLUMNS = tuple(spec.name for spec in SOCKET_COLUMNS)
# What stands in /proc/net/tcp of them, and no cookie among it.
PLACE = ("netns", "protocol", "family", "local_address", "local_port", "remote_address",
         "remote_port", "inode")  # fmt: skip
NOT_IN_PROC = ("cookie", "backlog_limit")
TIMER = ("timer", "timer_expires_ms", "retransmits")
SLACK_MS = 20  # of a timer: a tick of the kernel's, and its rounding in two units
TRIES, ENOUGH = 12, 2  # for all timers to come to rest; for all sockets to stand still


def read_rows(
    answer: SocketTable | Iterable[SocketTable],
    fields: Sequence[str] = (),
    key: Sequence[str] = ("protocol", "cookie"),
    without: Sequence[str] = (),
) -> Rows:
    """Return the rows by `key`, with owners as (pid, fd, tid); no socket may be there twice."""
    found: Rows = {}
    columns = [name for name in COLUMNS if name not in without]
    for table in [answer] if isinstance(answer, SocketTable) else answer:
        values = zip(*(table.column(name).tolist() for name in columns), strict=True)
        for socket, numbers in zip(table, values, strict=True):
            row: dict[str, Any] = dict(zip(columns, numbers, strict=True))
            row.update((name, socket.field(name)) for name in fields)
            row["owner_state"] = socket.owner_state
            row["owners"] = sorted((one.pid, one.fd, one.tid) for one in socket.owners or ())
            assert len(set(row["owners"])) == len(row["owners"]), f"an owner twice: {row}"
            place = tuple(row[name] for name in key)
            assert place not in found, f"twice: {found[place]} and {row}"
            found[place] = row
    return found


def stood_still(before: Row, after: Row | None) -> bool:
    """Whether nothing happened to a socket, but that its timer came nearer."""
    if after is None or after["timer_expires_ms"] > before["timer_expires_ms"]:
        return False
    return {**before, "timer_expires_ms": 0} == {**after, "timer_expires_ms": 0}


def differences(ours: Rows, before: Rows, after: Rows) -> tuple[list[Any], list[Any], int]:
    """Return what is wrong, what is wrong with a timer only, and how many rows stood still."""
    wrong: list[Any] = [("invented", row) for key, row in ours.items()
                        if key not in before and key not in after]  # fmt: skip
    timers: list[Any] = []
    still = 0
    for key, theirs in before.items():
        if not stood_still(theirs, after.get(key)):
            continue
        still += 1
        row = ours.get(key)
        if row is None:
            wrong.append(("missing", theirs))
            continue
        names = {name for name in row if row[name] != theirs[name]}
        least = after[key]["timer_expires_ms"] - SLACK_MS
        # A walk may meet links that it may not read, where a pass of the program sees all files.
        if (row["owner_state"], theirs["owner_state"]) == ("unknown", "hidden"):
            names.discard("owner_state")
        if least <= row["timer_expires_ms"] <= theirs["timer_expires_ms"] + SLACK_MS:
            names.discard("timer_expires_ms")
        if names:
            said = {name: (row[name], theirs[name]) for name in sorted(names)}
            (timers if names <= set(TIMER) else wrong).append((said, theirs))
    return wrong, timers, still


def agree(
    ours: Ask,
    theirs: Ask,
    fields: Sequence[str] = (),
    key: Sequence[str] = ("protocol", "cookie"),
    without: Sequence[str] = (),
) -> list[Row]:
    """Assert that `ours` says of every socket what `theirs` does; return the rows of `ours`.

    A probe that is on its way moves a timer and comes to rest: for that it asks again.
    """
    for number in range(TRIES):
        before, found, after = (
            read_rows(ask(), fields, key, without) for ask in (theirs, ours, theirs)
        )
        wrong, timers, still = differences(found, before, after)
        assert not wrong, "\n".join(map(str, wrong))
        if not timers and (still == len(before) or number == ENOUGH):
            break
    assert not timers, "\n".join(map(str, timers))
    return list(found.values())
