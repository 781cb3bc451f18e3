"""A frame: a sample and what was chosen, as lines of styled text for a size. Pure.

A line is a list of (text, style), whose texts together are at most as wide as the frame. What
others may have written is escaped, and as wide as its characters are, not as many.
"""

from __future__ import annotations

import os
import textwrap
import time
import unicodedata
from collections.abc import Iterable, Sequence

from fastsock import render
from fastsock.errors import describe, escape
from fastsock.top.columns import Column, fullness, text_change
from fastsock.top.sampling import RATES, Sample, Waiting
from fastsock.top.view import KEYS, Pane, Prompt, View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Span = tuple[str, str]
    Line = list[Span]

# The styles; the screen knows what they look like.
PLAIN, HEAD, TITLE, CHOSEN, DIM, GOOD, WARN, BAD = (
    "plain",
    "head",
    "title",
    "chosen",
    "dim",
    "good",
    "warn",
    "bad",
)

GAP = 2
_CELL = 25  # a state, its number, its change
_LEAST_NAME = 8  # columns of the host's name, at least
_MOST_WRAPPED = 3  # lines of one message
_ROOMY = 20  # lines from which on blank ones set the lists apart
_OTHER_PANE = 4  # lines of the list that is not in use, at least where there is room
_NEAR = 0.5  # of a queue's limit: worth a look
# Rates that are of packets lost.
_LOSSES = ("overflows", "drops", "cookies")


def render_frame(view: View, width: int, height: int, *, live: bool = True) -> list[Line]:
    """Return at most `height` lines of at most `width` columns; without `live` no word of keys."""
    if view.help and live:
        lines = [cut(line, width) for line in _help(height)][:height]
        return lines + [[] for _ in range(height - len(lines))]
    sample = view.sample
    lines = [_head(view, width)]
    if view.sampler.target is not None or view.sampler.text:
        lines.append(_selection(view))
    lines += _states(sample, view.states, width)
    lines += _rates(sample, width)
    last = _prompt(view.prompt, width) if view.prompt is not None else _hints(width)
    end = [*_messages(view, width, height, live), *([last] if live else ())]
    # The numbers above give way where the lists have no room.
    lines = lines[: max(1, height - len(end) - 4)]
    lines += _lists(view, width, height - len(lines) - len(end), live)
    if live:
        lines += [[] for _ in range(height - len(lines) - len(end))]
    return [cut(line, width) for line in [*lines, *end][:height]]


def text_of(lines: Iterable[Line]) -> str:
    """Return a frame as plain text."""
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)


# ------------------------------------------------------------------------------------------- parts


def _head(view: View, width: int) -> Line:
    sample, pace = view.sample, view.sampler.pace
    every = pace.stretched()
    often = f"every {pace.interval:g} s" if every is None else f"every {text_seconds(every)} s"
    if view.paused:
        often = "PAUSED"
    clock = time.strftime("%H:%M:%S ", time.localtime(sample.time))
    age = f"  owners {text_seconds(sample.owners_age)} s ago" if sample.owners_age else ""
    engines = " ".join(dict.fromkeys(" ".join(sample.sources.values()).split()))
    # A long name gives way to what changes.
    room = max(_LEAST_NAME, width - len(clock) - GAP - len(often) - len(age))
    return [
        (clock, HEAD),
        *cut([(escape(os.uname().nodename), HEAD)], room),
        (f"  {often}", WARN if view.paused else PLAIN),
        (age, PLAIN),
        (f"  engine {engines}, {sample.elapsed * 1000:.0f} ms", DIM),
    ]


def text_seconds(seconds: float) -> str:
    """Return seconds as exact as anybody wants to know."""
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}"


def _selection(view: View) -> Line:
    """Return which sockets are shown, where these are not all."""
    line: Line = []
    target = view.sampler.target
    if target is not None:
        named = [
            render.text_key(key, value) for key, value in zip(target.keys, target.key, strict=True)
        ]
        line.append((f"{target.by} {' '.join(named)}", HEAD))
    if view.sampler.text:
        line.append((f"{'  ' if line else ''}filter: {escape(view.sampler.text)}", GOOD))
    return line


def _states(sample: Sample, states: Iterable[str], width: int) -> list[Line]:
    """Return the number of sockets in each state that occurs or has occurred, and of all."""
    changes = sample.changes or {}
    found = {**dict.fromkeys(states, 0), **sample.counts.states}
    known = [name for name in render.STATES if name in found]
    known += [name for name in found if name not in render.STATES]
    cells = [(name, found[name], changes.get(name, 0)) for name in known]
    cells.append(("total", sample.counts.total, sum(changes.values())))
    size = min(_CELL, max(width, 1))
    each = max(1, (width + GAP) // (_CELL + GAP))
    lines: list[Line] = []
    for at, (name, number, change) in enumerate(cells):
        if at % each == 0:
            lines.append([])
        else:
            lines[-1].append((" " * GAP, PLAIN))
        changed = text_change(change, 5)
        lines[-1].append((f"{name:<11} {number:>7}", PLAIN))
        if size == _CELL:
            lines[-1].append((f" {changed:>5}", GOOD if change < 0 else WARN))
    return lines


def _rates(sample: Sample, width: int) -> list[Line]:
    """Return what the kernel has counted, a second: as much as fits on a line."""
    if sample.rates is None:
        return []
    line: Line = [("per second", DIM)]
    for name in RATES:
        rate = sample.rates.get(name)
        text = f"{name} {'?' if rate is None else f'{rate:.3g}' if rate < 1000 else int(rate)}"
        if sum(len(part) for part, _ in line) + GAP + len(text) > width:
            break
        lost = rate and name in _LOSSES
        line.append((" " * GAP + text, BAD if lost else PLAIN if rate else DIM))
    return [line]


def _messages(view: View, width: int, height: int, live: bool) -> list[Line]:
    """Return what is hidden and what is wrong, as much as fits into a third of the frame.

    Of what is wrong the beginnings are there in any case, if there are three lines.
    """
    wrong = [view.trouble, view.notice]
    if view.prompt is not None and view.prompt.error is not None:
        wrong.append(str(view.prompt.error))
    wrong = list(filter(None, wrong))
    third = height // 3 - 1  # the last line is for keys
    room = max(third, min(1, height - 2))
    each = min(_MOST_WRAPPED, max(1, room // max(1, len(wrong))))
    lines = [line for text in wrong for line in _wrapped(text, width, each)]
    lines = lines[len(lines) - min(room, len(lines)) :]  # the last is of the last key
    hidden: list[Line] = [[(f"hidden: {text}", WARN)] for text in _hidden(view.sample, live)]
    return hidden[: max(0, third - len(lines))] + lines


def _hidden(sample: Sample, live: bool) -> list[str]:
    """Return what could not be seen, in two lines at most; not live, the command says so."""
    if not live:
        return []
    lines = [describe(entry) for entry in sample.incomplete[:2]]
    if len(sample.incomplete) > 2:
        lines[1] = f"{len(sample.incomplete) - 1} more reasons (--json)"
    return lines


def _wrapped(text: str, width: int, most: int) -> list[Line]:
    """Return what is wrong, on as few lines as hold it, or its beginning on `most`."""
    text = text if text.isprintable() else escape(text)
    parts = textwrap.wrap(text, max(width, 1))
    if len(parts) > most:
        parts[most - 1 :] = [shorten(f"{parts[most - 1]}…", width)]
    return [[(part, BAD)] for part in parts]


def _hints(width: int) -> Line:
    line: Line = []
    for _, name, what, _ in KEYS:
        if sum(len(text) for text, _ in line) + len(name) + len(what) + 3 > width:
            break
        line += [(name, HEAD), (f" {what}  ", DIM)]
    return line


def _prompt(prompt: Prompt, width: int) -> Line:
    """Return the line that is typed, as far as it is seen: the cursor always is."""
    heading = "filter: "
    shown = prompt.editor.display  # all of it: cut by the library, wide characters are misplaced
    text = shown.text + " "  # the cursor may stand behind all
    at = taken = 0
    while at < len(text) - 1 and taken + _columns_of(text[at]) <= shown.cursor:
        taken += _columns_of(text[at])
        at += 1
    start = _first_seen(text, at, max(2, width - len(heading)))
    before = "…" * bool(start) + text[start:at]
    behind = (shown.suggestion, DIM)  # of what was typed before; Right takes it
    return [
        (heading, HEAD),
        (before, PLAIN),
        (text[at], CHOSEN),
        (text[at + 1 : -1], PLAIN),
        behind,
    ]


def _first_seen(text: str, at: int, width: int) -> int:
    """Return from where on a line is seen in which the character at `at` is to be seen."""
    if columns_of(text) <= width:
        return 0
    if at < len(text) - 1:
        width -= width // 4  # for some of what stands behind
    if columns_of(text[: at + 1]) <= width:
        return 0
    left = width - 1 - _columns_of(text[at])  # the mark takes one
    while left >= _columns_of(text[at - 1]):
        at -= 1
        left -= _columns_of(text[at])
    return at


def _help(height: int) -> list[Line]:
    lines: list[Line] = [[("fastsock top", HEAD), ("  any key goes back", DIM)]]
    # Side by side where there are more keys than lines.
    halves = 2 if len(KEYS) + 6 > height else 1
    half = -(-len(KEYS) // halves)
    for at in range(half):
        line: Line = []
        for _, name, what, _ in KEYS[at::half]:
            line += [(f"{name:<7}", HEAD), (f" {what:<14}", PLAIN)]
        lines.append(line)
    lines += [
        [("CHANGE", HEAD), (" since the look before; OTHER neither ESTABLISHED nor LISTEN", PLAIN)],
        [("QUEUE", HEAD), (" waits to be accepted/limit; red: full, the kernel drops", PLAIN)],
        [("TIME_WAIT, SYN_RECV", HEAD), (" belong to no process: a row of their own, -", PLAIN)],
        [("filter", HEAD), (" as in fastsock list: state close-wait and dport = :443", PLAIN)],
    ]
    return lines


# -------------------------------------------------------------------------------------------- lists


def _lists(view: View, width: int, room: int, live: bool) -> list[Line]:
    """Return the two lists: the one in use has what the other leaves."""
    roomy = room >= _ROOMY - 8
    sizes = [len(rows) + 1 if rows else 0 for _, rows in view.panes]
    other = min(sizes[1 - view.focus], max(_OTHER_PANE, room // 3) + 1)
    other = other if room >= 2 * _OTHER_PANE else 0
    rooms = [other, other]
    rooms[view.focus] = max(0, room - other - (2 if roomy else 0))
    if not live and sizes[0] > rooms[0]:
        rooms[0] = min(sizes[0], max(rooms[0], room - sizes[1] - 2))
    lines: list[Line] = []
    for at, ((pane, rows), lines_here) in enumerate(zip(view.panes, rooms, strict=True)):
        if lines_here < 2 and (lines_here < 1 or not rows):
            continue
        if roomy:
            lines.append([])
        used = live and at == view.focus
        lines += _list(view, pane, rows, width, lines_here, used)
    return lines[:room]


def _list(
    view: View, pane: Pane, rows: Sequence[Any], width: int, room: int, used: bool
) -> list[Line]:
    places = pane.order(rows)
    shown = max(0, room - 1)
    if used:
        view.page = max(1, shown - 1)
    # The first row moves no further than it must for the chosen one to be seen.
    pane.top = max(0, min(pane.top, len(places) - shown, pane.at), pane.at - shown + 1)
    visible = [rows[place] for place in places[pane.top : pane.top + shown]]
    columns = fitting(pane.columns, width)
    texts = [[column.text(row) for column in columns] for row in visible]
    widths = widths_of(columns, width)
    heads = [
        column.heading if column.width else f"{column.heading} ({len(rows)})" for column in columns
    ]
    head = _row(heads, columns, widths)
    if used:
        head = _marked(head, pane, columns, widths)
    lines: list[Line] = [[(fit(head, width), TITLE) if used else (head, HEAD)]]
    for at, (row, cells) in enumerate(zip(visible, texts, strict=True), pane.top):
        style = CHOSEN if used and at == pane.at else style_of(row)
        text = _row(cells, columns, widths)
        lines.append([(fit(text, width) if style == CHOSEN else text, style)])
    return lines


def _marked(head: str, pane: Pane, columns: Sequence[Column], widths: Sequence[int]) -> str:
    """Return headings with a mark at that which the list is sorted by, in the gap beside it."""
    start = 0
    for column, width in zip(columns, widths, strict=True):
        if column.heading == pane.sort:
            at = start + width - len(column.heading) - 1 if column.right else start + width
            if 0 <= at < len(head) and head[at] == " ":
                return head[:at] + ("v" if pane.descending else "^") + head[at + 1 :]
        start += width + GAP
    return head


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit, without those that matter least; the first of all remains."""
    kept = list(columns)
    while len(kept) > 1:
        if sum((column.width or column.least) + GAP for column in kept) - GAP <= width:
            break
        kept.remove(max(kept, key=lambda column: column.rank))
    return kept


def widths_of(columns: Sequence[Column], width: int) -> list[int]:
    """Return how wide each column is: that without a width has what the others leave."""
    taken = sum(column.width + GAP for column in columns) - GAP
    return [column.width or max(1, width - taken) for column in columns]


def style_of(row: Any) -> str:
    """Return how a row looks: listeners whose queue is full, groups that have gone."""
    if isinstance(row, Waiting):
        return BAD if row.full else WARN if fullness(row)[0] >= _NEAR else PLAIN
    counts = getattr(row, "counts", None)
    return DIM if counts is not None and not counts.total else PLAIN


def _row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    return (" " * GAP).join(
        fit(cell, width, column.right)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )


# ------------------------------------------------------------------------------------------- widths


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, width: int, right: bool = False) -> str:
    """Return a text that takes `width` columns: cut with a mark at its end, or with blanks."""
    blanks = width - columns_of(text)
    if blanks < 0:
        text = shorten(text, width)
        blanks = width - columns_of(text)
    return " " * blanks + text if right else text + " " * blanks


def shorten(text: str, width: int) -> str:
    """Return the beginning of a text that is too wide, and a mark."""
    taken = 0
    for at, character in enumerate(text):
        taken += _columns_of(character)
        if taken >= width:  # the mark takes one
            return text[:at] + "…"[: max(0, width)]
    return text


def cut(line: Line, width: int) -> Line:
    """Return what fits of a line."""
    made: Line = []
    left = width
    for text, style in line:
        taken = columns_of(text)
        if taken > left:
            if left:
                made.append((shorten(text, left), style))
            break
        made.append((text, style))
        left -= taken
    return made
