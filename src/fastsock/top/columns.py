"""The columns of what is listed: processes (or other groups), listeners, connections.

Each table is here once; by its columns it is shown, sorted, and made narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastsock import render
from fastsock.diagnose.addresses import text_end
from fastsock.table import Counts, OwnerState
from fastsock.tcp import State, state_name
from fastsock.users import user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.table import Socket, SocketTable
    from fastsock.top.sampling import Waiting


class Column:
    """One column: `keys` are what all rows are sorted by, `text` what one row shows.

    Where the width does not hold all, columns of a higher `rank` are left out first. One column of
    a table has no `width`: it takes what is left, and others are left out for it to have `least`.
    """

    __slots__ = ("heading", "width", "least", "rank", "keys", "text", "right")

    def __init__(
        self,
        heading: str,
        width: int,
        rank: int,
        keys: Callable[[Any], list[Any]],
        text: Callable[[Any], str],
        *,
        right: bool = True,
        least: int = 8,
    ) -> None:
        self.heading = heading
        self.width = max(width, len(heading)) if width else 0
        self.least = least
        self.rank = rank
        self.keys = keys
        self.text = text
        self.right = right


def of_each(value: Callable[[Any], Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return what gives the values of all rows by the value of one."""
    return lambda rows: [value(row) for row in rows]


# --------------------------------------------------------------------------- processes and the like


def text_count(number: int) -> str:
    """Return a number; nothing reads faster than 0."""
    return str(number) if number else "-"


def text_change(number: int | None, most: int = 6) -> str:
    """Return a change with its sign, in at most `most` characters; "" where there is none."""
    if not number:
        return ""
    text = f"{number:+d}"
    for unit in ("k", "M", "G"):
        if len(text) <= most:
            break
        number = int(number / 1000)
        text = f"{number:+d}{unit}"
    return text


def sort_key(value: Any) -> tuple[int, str | int]:
    """Return what sorts numbers, names, and at the end what there is no name for."""
    if value is None or isinstance(value, OwnerState):
        return 2, str(value)
    return (0, value) if isinstance(value, int) else (1, str(value))


def _counted(heading: str, rank: int, number: Callable[[Counts], int], width: int = 6) -> Column:
    return Column(
        heading,
        width,
        rank,
        of_each(lambda group: number(group.counts)),
        lambda group: text_count(number(group.counts)),
    )


def _change(rank: int) -> Column:
    return Column(
        "CHANGE",
        6,
        rank,
        of_each(lambda row: row.change or 0),
        lambda row: text_change(row.change),
    )


_COUNTS = (
    _counted("TOTAL", 1, lambda counts: counts.total, 7),
    _change(3),
    _counted("ESTABLISHED", 4, lambda counts: counts.established),
    _counted("LISTEN", 6, lambda counts: counts.listen),
    _counted("OTHER", 7, lambda counts: counts.other),
    _counted("CLOSE_WAIT", 5, lambda counts: counts[State.CLOSE_WAIT]),
)


def _named(
    key: str, at: int, heading: str, text: Callable[[str, Any], str] = render.text_key
) -> Column:
    return Column(
        heading,
        0,
        0,
        of_each(lambda group: sort_key(group.key[at])),
        lambda group: text(key, group.key[at]),
        right=False,
    )


def _text_user(key: str, uid: int | None) -> str:
    return render.text_key(key, None) if uid is None else render.text_name(user_name(uid))


_PID = Column(
    "PID",
    7,
    2,
    of_each(lambda group: sort_key(group.key[0])),
    lambda group: render.text_key("pid", group.key[0]),
)

# By what sockets are grouped by (sampling.GROUPINGS).
GROUPS: dict[str, tuple[Column, ...]] = {
    "process": (_PID, _named("command", 1, "COMMAND"), *_COUNTS),
    "command": (_named("command", 0, "COMMAND"), *_COUNTS),
    "unit": (_named("unit", 0, "UNIT"), *_COUNTS),
    "container": (_named("container", 0, "CONTAINER"), *_COUNTS),
    "user": (_named("uid", 0, "USER", _text_user), *_COUNTS),
}


# -------------------------------------------------------------------------------------- listeners


def text_queue(one: Waiting) -> str:
    """Return how many connections wait to be accepted, of how many that may."""
    return f"{one.queue}/{'?' if one.limit is None else one.limit}"


def fullness(one: Waiting) -> tuple[float, int]:
    """Return how near a queue is to its limit, and how long it is."""
    return one.queue / max(one.limit, 1) if one.limit is not None else 0.0, one.queue


def _text_holder(one: Waiting) -> str:
    if one.owner is None:
        return "-"
    name = render.text_name(one.owner[1])
    return f"{name} +{one.owner[2]}" if one.owner[2] else name


def _text_pid(one: Waiting) -> str:
    if one.owner is not None:
        return str(one.owner[0])
    return "-" if one.owner_state in (None, "none") else str(one.owner_state)


LISTENERS = (
    Column(
        "LISTENS",
        0,
        0,
        of_each(lambda one: (one.port, one.address)),
        lambda one: text_end(one.address, one.port),
        right=False,
        least=21,
    ),
    Column("QUEUE", 9, 1, of_each(fullness), text_queue),
    _change(5),
    Column(
        "SYN_RECV", 8, 4, of_each(lambda one: one.syn_recv), lambda one: text_count(one.syn_recv)
    ),
    Column(
        "UNACCEPTED",
        9,
        6,
        of_each(lambda one: one.unaccepted),
        lambda one: text_count(one.unaccepted),
    ),
    Column("PID", 7, 3, of_each(lambda one: one.owner[0] if one.owner else 0), _text_pid),
    Column(
        "COMMAND",
        16,
        2,
        of_each(lambda one: one.owner[1] if one.owner else b""),
        _text_holder,
        right=False,
    ),
)


# ------------------------------------------------------------------------------------- connections


def _column_of(name: str) -> Callable[[SocketTable], list[Any]]:
    return lambda table: list(table.column(name))


def _end_keys(side: str) -> Callable[[SocketTable], list[Any]]:
    def keys(table: SocketTable) -> list[Any]:
        names = [f"{side}_address", f"{side}_port"]
        if side == "local" and "path" in table.fields:  # the end of a UNIX socket that is told
            names.append("path")
        return list(zip(*map(table.column, names), strict=True))

    return keys


def _text_state(socket: Socket) -> str:
    return state_name(int(socket.state))


def _text_end(side: str) -> Callable[[Socket], str]:
    def text(socket: Socket) -> str:
        if socket.family == "unix":
            return render.text_path(socket.field("path")) if side == "local" else "-"
        return text_end(getattr(socket, f"{side}_address"), getattr(socket, f"{side}_port"))

    return text


SOCKETS = (
    Column("STATE", 11, 1, _column_of("state"), _text_state, right=False),
    Column("RX", 7, 3, _column_of("rx_queue"), lambda socket: text_count(socket.rx_queue)),
    Column("TX", 7, 4, _column_of("tx_queue"), lambda socket: text_count(socket.tx_queue)),
    Column("LOCAL", 21, 2, _end_keys("local"), _text_end("local"), right=False),
    Column("REMOTE", 0, 0, _end_keys("remote"), _text_end("remote"), right=False, least=21),
)
