"""What a person at the terminal has chosen, and what each key does to that. No terminal in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastsock.errors import FilterError
from fastsock.table import OwnerState, Socket, SocketTable
from fastsock.top.columns import GROUPS, LISTENERS, SOCKETS, Column
from fastsock.top.sampling import GROUPINGS, Group, Sample, Sampler, Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from blessed import LineEditor


class Pane:
    """A list on the screen: by which column it is sorted, which row is chosen, which is the first.

    The row is known by its key: it stays chosen where it goes to. Where it vanishes, its place is.
    """

    __slots__ = ("columns", "sort", "descending", "at", "top", "key", "_is_last", "_ordered")

    def __init__(
        self,
        columns: Sequence[Column],
        sort: str,
        *,
        is_last: Callable[[Any], bool] | None = None,
    ) -> None:
        self.columns = columns
        self.sort = sort
        self.descending = True
        self._is_last = is_last  # whether a row comes behind all others, however these are sorted
        self.at = self.top = 0
        self.key: Any = None
        self._ordered: tuple[Any, ...] = ()

    def order(self, rows: Sequence[Any]) -> list[int]:
        """Return the places of `rows` in the order in which they are shown."""
        # To move within 100,000 sockets must not sort them again.
        if self._ordered[:3] != (id(rows), self.sort, self.descending):
            column = next(one for one in self.columns if one.heading == self.sort)
            keys = column.keys(rows)
            places = sorted(range(len(keys)), key=keys.__getitem__, reverse=self.descending)
            if self._is_last is not None:
                is_last = self._is_last
                places.sort(key=lambda place: is_last(rows[place]))
            self._ordered = (id(rows), self.sort, self.descending, places, rows)
        places = self._ordered[3]
        return places  # type: ignore[no-any-return]

    def follow(self, rows: Sequence[Any]) -> None:
        """Find the chosen row in a new sample."""
        places = self.order(rows)
        if self.key is not None:
            keys = keys_of(rows)
            self.at = next(
                (n for n, place in enumerate(places) if keys[place] == self.key), self.at
            )
        self.at = max(0, min(self.at, len(places) - 1))

    def move(self, rows: Sequence[Any], by: int) -> None:
        """Choose another row; the first of all rows is followed by its place, not its key."""
        places = self.order(rows)
        self.at = max(0, min(self.at + by, len(places) - 1))
        self.key = key_of(rows[places[self.at]]) if places and self.at else None

    def chosen(self, rows: Sequence[Any]) -> Any:
        """Return the chosen row, None where there are none."""
        places = self.order(rows)
        return rows[places[min(self.at, len(places) - 1)]] if places else None

    def sort_by(self, step: int) -> None:
        """Sort by the next column to the right or to the left."""
        headings = [column.heading for column in self.columns]
        self.sort = headings[(headings.index(self.sort) + step) % len(headings)]


def key_of(row: Any) -> Any:
    """Return what a row is known by in the next sample; None where nothing tells it from others."""
    if isinstance(row, Socket):
        return _key_of_socket(*map(row.field, _IDENTITY))
    return row.keys[0] if isinstance(row, Waiting) else row.key


def keys_of(rows: Sequence[Any]) -> list[Any]:
    """Return `key_of` each row, for those of a table without an object of each."""
    if isinstance(rows, SocketTable):
        return list(map(_key_of_socket, *map(rows.column, _IDENTITY)))
    return list(map(key_of, rows))


_IDENTITY = ("netns", "cookie", "inode")


def _key_of_socket(netns: int, cookie: int, inode: int) -> tuple[str, int, int] | None:
    if cookie:
        return "cookie", netns, cookie
    return ("inode", netns, inode) if inode else None


def is_nobody(group: Group) -> bool:
    """Whether the sockets of a group have no owner, or none that is known; or no unit, …"""
    return group.key[0] is None or isinstance(group.key[0], OwnerState)


class Prompt:
    """A line that is being typed, the filter. `error` says what is wrong with it, and where."""

    __slots__ = ("editor", "error")

    def __init__(self, editor: LineEditor, text: str, error: FilterError | None = None) -> None:
        self.editor = editor
        self.error = error
        editor.insert_text(text)
        if error is not None and error.position is not None:
            editor.feed_key(Key("KEY_HOME"))
            for _ in range(error.position):
                editor.feed_key(Key("KEY_RIGHT"))

    def press(self, key: str) -> str | None:
        """Edit; return the line when it is finished."""
        self.error = None
        line: str | None = self.editor.feed_key(key).line
        return line


class Key(str):
    """A key that is none of text, by its name; as the terminal's library has them."""

    name: str

    def __new__(cls, name: str) -> Key:
        made = super().__new__(cls)
        made.name = name
        return made


class View:
    """The state of the screen. `press` returns "quit" or "look" where that is to be done."""

    def __init__(self, sampler: Sampler, sample: Sample) -> None:
        self.sampler = sampler
        self.sample = sample
        self.paused = False
        self.help = False
        self.prompt: Prompt | None = None
        self.new_editor: Callable[[], LineEditor] | None = None  # where there is a keyboard
        self.trouble = ""  # why there is no newer sample
        self.notice = ""  # an answer to the last key
        self.focus = self._outside = 1  # the lower pane; where one came from to a group
        self.page = 1
        # Those that this question has met: a state that comes and goes keeps its place.
        self.states = set(sample.counts.states)
        self._listeners = Pane(LISTENERS, "QUEUE")
        # What belongs to nobody (TIME_WAIT) is not who has most.
        self._groups = {
            by: Pane(columns, "TOTAL", is_last=is_nobody) for by, columns in GROUPS.items()
        }
        self._sockets = Pane(SOCKETS, "RX")

    @property
    def panes(self) -> tuple[tuple[Pane, Sequence[Any]], ...]:
        """The upper and the lower pane, each with its rows."""
        lower: tuple[Pane, Sequence[Any]]
        if self.sampler.target is not None and self.sample.sockets is not None:
            lower = self._sockets, self.sample.sockets  # type: ignore[assignment]
        else:
            lower = self._groups[self.sample.by], self.sample.groups
        return (self._listeners, self.sample.listeners), lower

    def show(self, sample: Sample) -> None:
        """Show a new sample."""
        self.sample = sample
        self.trouble = ""
        if sample.changes is None:
            self.states = set()
        self.states.update(sample.counts.states)
        for pane, rows in self.panes:
            pane.follow(rows)

    def press(self, key: str) -> str:
        """Do what a key says: a character, or a string that has a `name`."""
        self.notice = ""
        if self.prompt is not None:
            return self._type(self.prompt, key)
        if self.help:
            self.help = False
            return ""
        name = getattr(key, "name", None) or str(key)
        for keys, _, _, action in KEYS:
            if name in keys:
                return action(self) or ""
        return ""

    def _type(self, prompt: Prompt, key: str) -> str:
        if getattr(key, "name", None) == "KEY_ESCAPE":
            self.prompt = None
            return ""
        line = prompt.press(key)
        if line is None:
            return ""
        try:
            self.sampler.filter(line)
        except FilterError as error:
            self._filter(line, error)
            return ""
        self.prompt = None
        return "look"

    # What the keys do.

    def _move(self, by: int) -> None:
        pane, rows = self.panes[self.focus]
        pane.move(rows, by)

    def _open(self) -> str:
        pane, rows = self.panes[self.focus]
        row = pane.chosen(rows)
        if row is None or pane is self._sockets:
            return ""
        if pane is self._listeners:
            if row.owner is None or self.sampler.target is not None:
                return ""
            pid, command, _ = row.owner
            self.sampler.open("process", (pid, command.decode("utf-8", "surrogateescape")))
        else:
            if is_nobody(row):
                self.notice = "these have no owner to ask for; / selects others, as state time-wait"
                return ""
            self.sampler.open(self.sample.by, row.key)
        self._outside, self.focus = self.focus, 1
        self._sockets = Pane(SOCKETS, "RX")
        return "look"

    def _back(self) -> str:
        if self.sampler.target is None:
            return ""
        self.sampler.close()
        self.focus = self._outside
        return "look"

    def _group(self) -> str:
        if self.sampler.target is not None:
            return ""
        names = list(GROUPINGS)
        self.sampler.group(names[(names.index(self.sampler.by) + 1) % len(names)])
        self.focus = 1
        return "look"

    def _sort(self, step: int) -> None:
        pane, rows = self.panes[self.focus]
        pane.sort_by(step)
        pane.follow(rows)

    def _reverse(self) -> None:
        pane, rows = self.panes[self.focus]
        pane.descending = not pane.descending
        pane.follow(rows)

    def _change_focus(self) -> None:
        self.focus = 1 - self.focus

    def _filter(self, text: str | None = None, error: FilterError | None = None) -> None:
        if self.new_editor is not None:
            text = self.sampler.text if text is None else text
            self.prompt = Prompt(self.new_editor(), text, error)

    def _pause(self) -> str:
        self.paused = not self.paused
        return "" if self.paused else "look"

    def _help(self) -> None:
        self.help = True


# Keys, what they are called, what they do (for the help), and how. Those of the first lines are
# named on the last line of the screen as far as it is wide.
KEYS: tuple[tuple[tuple[str, ...], str, str, Callable[[View], str | None]], ...] = (
    (("q", "Q"), "q", "quit", lambda view: "quit"),
    (("?", "h", "KEY_F1"), "?", "help", View._help),
    (("KEY_ENTER",), "Enter", "open", View._open),
    (("KEY_ESCAPE", "KEY_BACKSPACE"), "Esc", "back", View._back),
    (("/", "f"), "/", "filter", View._filter),
    (("<", ","), "<", "sort left", lambda view: view._sort(-1)),
    ((">", "."), ">", "sort right", lambda view: view._sort(1)),
    (("r",), "r", "reverse", View._reverse),
    (("b",), "b", "group by", View._group),
    (("KEY_TAB",), "Tab", "other list", View._change_focus),
    (("p",), "p", "pause", View._pause),
    ((" ",), "Space", "look now", lambda view: "look"),
    (("KEY_UP", "k"), "Up", "one row up", lambda view: view._move(-1)),
    (("KEY_DOWN", "j"), "Down", "one row down", lambda view: view._move(1)),
    (("KEY_PGUP",), "PgUp", "a page up", lambda view: view._move(-view.page)),
    (("KEY_PGDOWN",), "PgDn", "a page down", lambda view: view._move(view.page)),
    (("KEY_HOME", "g"), "Home", "first row", lambda view: view._move(-(1 << 30))),
    (("KEY_END", "G"), "End", "last row", lambda view: view._move(1 << 30)),
    (("KEY_CTRL_L",), "Ctrl-L", "draw again", lambda view: "draw"),
)
