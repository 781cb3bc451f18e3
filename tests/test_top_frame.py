"""Top without a terminal: when it looks, what it compares, what keys do, and its frames."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from children import NOBODY, child_process, in_child
from fastsock.diagnose.queues import Listening
from fastsock.errors import FastsockError, FilterError, NoSuchProcess
from fastsock.table import NONE, Counts, SocketTable
from fastsock.tcp import State
from fastsock.top.columns import GROUPS, SOCKETS, text_change
from fastsock.top.frame import BAD, CHOSEN, HEAD, columns_of, cut, fit, render_frame, text_of
from fastsock.top.pace import SHARE, Pace
from fastsock.top.sampling import GROUPINGS, Group, Sample, Sampler, Waiting
from fastsock.top.view import KEYS, Key, Pane, Prompt, View
from implementations import Implementation, address, socket_row
from ports import listen

INET, INET6 = 2, 10
KEPT: list[object] = []

# --------------------------------------------------------------------------------------------- pace


def test_looks_that_fit_come_every_interval_and_are_for_owners_too() -> None:
    pace = Pace(2.0, True)
    assert pace.plan() == (float("-inf"), True)
    pace.note(True, 0.5, 100.0)  # the first look loads what the others find
    assert pace.plan() == (102.0, True)
    pace.note(True, 0.06, 102.1)
    assert pace.plan() == (104.1, True)
    assert pace.stretched() is None


def test_one_busy_moment_is_paid_for_by_those_before_and_after() -> None:
    pace = Pace(2.0, splits=False)
    for at, cost in enumerate((0.06, 0.06, 0.06, 0.06, 0.12)):
        pace.note(True, cost, 100.0 + 2 * at)
    assert pace.plan() == (110.0, True)
    pace.note(True, 0.4, 110.0)
    due, _ = pace.plan()
    assert 115.0 < due < 119.0
    pace.note(True, 0.06, due)
    assert pace.plan() == (due + 2.0, True)


def test_what_costs_more_than_its_share_comes_less_often() -> None:
    pace, now, looks = Pace(2.0, splits=False), 0.0, 0
    while now < 2000:
        now = max(now, pace.plan()[0]) + 0.4
        pace.note(True, 0.4, now)
        looks += 1
    assert looks * 0.4 / now == pytest.approx(SHARE, rel=0.02)
    assert pace.stretched() == pytest.approx(0.4 / SHARE, rel=0.1)


def test_owners_that_cost_much_are_looked_for_less_often_than_sockets() -> None:
    """Whatever the costs: of a long time, looks take no more than the share."""
    for whole, bare in ((0.5, 0.01), (0.1, 0.02), (9.0, 1.0), (0.2, 0.19), (0.01, 0.001)):
        pace, now, spent = Pace(2.0, True), 0.0, 0.0
        kinds: list[bool] = []
        while now < 20_000:
            due, owners = pace.plan()
            now = max(now, due, 0.0)
            cost = whole if owners else bare
            now, spent = now + cost, spent + cost
            pace.note(owners, cost, now)
            kinds.append(owners)
        assert spent / now <= 1.05 * SHARE, (whole, bare)
        assert (False in kinds[3:]) == (whole > 2 * SHARE and bare <= whole / 4), (whole, bare)


# ------------------------------------------------------------------------------------------ samples


@pytest.fixture
def server() -> Iterator[Any]:
    with listen() as made:
        yield made


def of_port(server: Any, **options: Any) -> Sampler:
    return Sampler({"port": server.getsockname()[1], **options})


def test_a_sample_has_states_owners_and_listeners(server: Any) -> None:
    import socket

    sampler = of_port(server)
    first = sampler.look()
    assert (first.counts.listen, first.changes, first.rates, first.seconds) == (1, None, None, None)
    with socket.create_connection(server.getsockname()):
        second = sampler.look()
    assert second.changes == {"ESTABLISHED": 2, "LISTEN": 0}
    assert second.seconds is not None and second.seconds > 0
    assert second.rates is not None and (second.rates["accepts"] or 0) > 0
    [own] = [group for group in second.groups if group.key[0] == os.getpid()]
    assert (own.counts.total, own.change) == (2, 1)
    [one] = second.listeners
    assert (one.queue, one.change, one.unaccepted) == (1, 1, 1)
    assert one.owner is not None and one.owner[0] == os.getpid()


def test_a_group_that_has_gone_is_told_once(server: Any) -> None:
    sampler = of_port(server)
    sampler.pace.splits = False  # each look is for owners, slow as it may be
    sampler.look()
    server.close()

    def own() -> list[tuple[int, int | None]]:  # others may listen on the port by now
        groups = sampler.look().groups
        return [(one.counts.total, one.change) for one in groups if one.key[0] == os.getpid()]

    assert own() == [(0, -1)]
    assert own() == []


def test_the_json_has_the_same(server: Any) -> None:
    told = of_port(server).look().as_dict()
    assert told["counts"]["listen"] == 1
    [group] = told["groups"]
    assert (group["pid"], group["listen"], group["change"]) == (os.getpid(), 1, None)
    [one] = told["listeners"]
    assert (one["local_port"], one["pid"]) == (server.getsockname()[1], os.getpid())


def test_a_look_without_owners_keeps_those_that_are_known(server: Any) -> None:
    sampler = of_port(server)
    first = sampler.look()
    look = sampler.ask()
    look.owners = False  # as the pace asks where they cost too much
    second = sampler.digest(look.take())
    assert second is not None
    assert second.groups is first.groups
    assert second.owners_age > 0
    assert second.listeners[0].owner == first.listeners[0].owner
    assert "owners" in second.sources


def test_what_is_hidden_is_said_as_long_as_the_owners_are_shown(
    server: Any, tree_engine_name: str
) -> None:
    def look() -> list[tuple[int, list[Any]]]:
        sampler, told = of_port(server, engine=tree_engine_name), []
        for number, owners in enumerate((True, False, False, True)):
            look = sampler.ask()
            look.owners = owners
            look.take().incomplete += ({"what": "rows", "count": number, "reason": "moved"},)
            sample = sampler.digest(look)
            assert sample is not None
            whats = [entry["what"] for entry in sample.incomplete]
            rows = [entry["count"] for entry in sample.incomplete if entry["what"] == "rows"]
            told.append((whats.count("processes"), rows))
        return told

    told = in_child(look, user=NOBODY)
    hidden = told[0][0]
    assert hidden > 0
    assert told == [(hidden, [number]) for number in range(4)]


def test_what_was_asked_before_is_not_shown_as_an_answer(server: Any) -> None:
    sampler = of_port(server)
    look = sampler.ask().take()
    sampler.filter("state established")
    assert sampler.digest(look) is None
    assert sampler.look().counts.total == 0


@pytest.mark.parametrize("by", GROUPINGS)
def test_a_group_is_opened(server: Any, by: str) -> None:
    sampler = of_port(server)
    sampler.group(by)
    [group] = sampler.look().groups
    if group.key[0] is None:
        pytest.skip(f"this process is in no {by}")
    sampler.open(by, group.key)
    opened = sampler.look()
    assert opened.sockets is not None and len(opened.sockets) == 1
    assert opened.counts.total == 1
    sampler.close()
    assert sampler.look().sockets is None


def test_another_process_of_the_same_number_is_not_taken_for_the_one(server: Any) -> None:
    sampler = of_port(server)
    sampler.look()
    sampler.open("process", (os.getpid(), "python"))
    assert sampler.look().counts.total == 1
    assert sampler.target is not None
    sampler.target.start_time -= 1
    with pytest.raises(NoSuchProcess, match=rf"^no such process: {os.getpid()}$"):
        sampler.look()


def test_a_filter_that_makes_no_sense_changes_nothing(server: Any) -> None:
    sampler = of_port(server)
    sampler.filter("state listen")
    with pytest.raises(FilterError, match="unknown state 'foo'") as caught:
        sampler.filter("state foo")
    assert caught.value.position == 6
    assert sampler.text == "state listen"
    assert sampler.look().counts.listen == 1


# ---------------------------------------------------------------------------- how a look has ended


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What looks have cost, each time that the pace is told."""
    costs: list[float] = []

    def note(self: Pace, owners: bool, cost: float, now: float) -> None:
        costs.append(cost)

    monkeypatch.setattr(Pace, "note", note)
    return costs


def finish(view: View) -> bool:
    """Take a look in the background, as on a terminal."""
    screen = pytest.importorskip("fastsock.top.screen", reason="needs the extra `top`")
    receiving, sending = os.pipe()
    try:
        background = screen.Background(sending)
        background.start(view.sampler.ask())
        assert os.read(receiving, 1) == b"\0"
        shown: bool = background.finish(view)
        return shown
    finally:
        os.close(receiving)
        os.close(sending)


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_showing_a_look_is_part_of_its_cost(
    server: Any, noted: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = of_port(server)
    view = View(sampler, sampler.look())
    assert len(noted) == 1
    monkeypatch.setattr(view, "show", lambda sample: burn(0.2))
    assert finish(view)
    assert len(noted) == 2 and noted[1] >= 0.2


@pytest.mark.parametrize("place", ["_group", "_find_waiting"])
@pytest.mark.parametrize("error", [OSError(24, "too many"), NoSuchProcess("x"), FastsockError("x")])
def test_a_look_that_fails_is_paid_for_once(
    server: Any,
    noted: list[float],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise error

    sampler = of_port(server)
    view = View(sampler, sampler.look())
    monkeypatch.setattr(sampler, place, fail)
    assert finish(view)
    assert len(noted) == 2
    assert view.trouble.startswith(str(error))
    with pytest.raises(type(error)):
        sampler.look()
    assert len(noted) == 3


GONE = 2**22 + 1  # above any pid (PID_MAX_LIMIT)


def test_who_is_gone_decides_by_which_key_one_goes_on(server: Any, noted: list[float]) -> None:
    seen = "below is the last that was seen"
    with child_process(lambda: KEPT.append(server.dup())) as (pid, _):
        sampler = of_port(server)
        view = View(sampler, sampler.look())
        for target in (False, True):
            if target:
                sampler.open("process", (pid, "python"))
            sampler.filter(f"pid = {GONE}")
            assert finish(view)
            assert view.trouble == f"no such process: {GONE}: {seen}; / changes the filter"
        sampler.filter("state listen")
        assert finish(view)
        assert view.trouble == ""
    assert finish(view)
    assert view.trouble == f"no such process: {pid}: {seen}; Esc goes back"
    sampler = Sampler({"pid": os.getpid()}, "state listen")
    view = View(sampler, sampler.look())
    sampler.question["pid"] = GONE
    noted.clear()
    assert finish(view)
    assert (view.trouble, len(noted)) == (f"no such process: {GONE}: {seen}", 1)


# ------------------------------------------------------------------------------------------- frames


def waiting(
    implementation: Implementation,
    queue: int,
    limit: int,
    local: str = "127.0.0.1",
    **identity: int,
) -> Waiting:
    family = INET6 if ":" in local else INET
    row = socket_row(
        state=State.LISTEN,
        family=family,
        local_address=address(local),
        rx_queue=queue,
        **(identity or {"inode": 1}),
    )
    [socket] = implementation.rows(row)
    made = Waiting(Listening(socket, frozenset()), syn_recv=3)
    made.limit = limit
    made.owner = (4711, b"nginx", 3)
    return made


def view_of(
    groups: Sequence[tuple[tuple[Any, ...], int]] = (),
    listeners: Sequence[Waiting] = (),
    *,
    by: str = "process",
) -> View:
    """A view of groups with so many sockets."""
    sampler = Sampler({}, by=by)
    total = sum(number for _, number in groups)
    sample = Sample(by=by, counts=Counts({1: total, 10: len(listeners)}))
    sample.groups = [Group(key, Counts({1: number}), 0) for key, number in groups]
    sample.listeners = listeners
    sample.sources = {"sockets": "netlink"}
    return View(sampler, sample)


def frame(view: View, width: int = 80, height: int = 24, live: bool = True) -> str:
    return text_of(render_frame(view, width, height, live=live))


NAMES = [
    ("nginx", "nginx"),
    ("a\x1b[31mb", "a\\x1b[31mb"),
    ("\x9b2J\u202e", "\\x9b2J\\u202e"),
    ("tab\there", "tab\\x09here"),
    ("none", '"none"'),
    ("two words", '"two words"'),
    ("\udcff\udcfe", "\\xff\\xfe"),
]


@pytest.mark.parametrize(("name", "shown"), NAMES, ids=[shown for _, shown in NAMES])
def test_what_others_call_themselves_is_escaped(name: str, shown: str) -> None:
    text = frame(view_of([((4711, name), 5)]), width=120)
    assert shown in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("live", [True, False])
def test_a_frame_is_never_larger_than_its_terminal(
    implementation: Implementation, by: str, live: bool
) -> None:
    names = ["nginx", "数据库服务", "e\u0301" * 20, "x" * 300, "\x1b]0;title\x07"]
    keys: list[tuple[Any, ...]] = [(names[n % 5] + str(n),) for n in range(60)]
    if by in ("process", "user"):
        keys = [(n, names[n % 5]) if by == "process" else (n,) for n in range(60)]
    groups = [(key, n) for n, key in enumerate(keys)]
    listeners = [waiting(implementation, n, 5) for n in range(30)]
    listeners.append(waiting(implementation, 0, 5, "2001:db8:1111:2222:3333:4444:5555:6666"))
    view = view_of(groups, listeners, by=by)
    view.sample.incomplete = (
        {"what": "processes", "count": 3, "reason": "hidden", "remedy": "be root"},
    )
    sizes = [(w, h) for w in (1, 2, 7, 19, 20, 21, 40, 79, 80, 81, 200) for h in (1, 2, 3, 8, 24)]
    for width, height in [*sizes, (20, 60), (80, 200)]:
        for help, prompt, focus in ((0, 0, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)):
            view.help, view.focus = bool(help), focus
            view.prompt = editing("state established and dport = :443 " * 4) if prompt else None
            view.trouble = "no such process: 4711: below is the last that was seen" * focus
            lines = render_frame(view, width, height, live=live)
            assert len(lines) <= height
            assert len(lines) == height or not live
            for line in lines:
                text = "".join(part for part, _ in line)
                assert columns_of(text) <= width, (width, height, text)
                assert text.isprintable()


def test_at_20_columns_there_are_names_and_numbers() -> None:
    text = frame(view_of([((4711, "nginx"), 12345)]), 20, 10)
    assert re.search(r"^nginx +12345$", text, re.MULTILINE)


@pytest.mark.parametrize("host", ["web-1", "ip-10-0-0-1.eu-central-1.compute.internal." + "x" * 40])
def test_the_age_of_owners_is_seen_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", host, "", "", "")))
    view = view_of([((4711, "nginx"), 5)])
    assert " ago" not in frame(view)
    view.sample.owners_age = 12.3
    view.paused = True
    for live in (True, False):
        head, *rest = frame(view, live=live).splitlines()
        assert re.match(rf"\d\d:\d\d:\d\d {host[:5]}[^ ]*  PAUSED  owners 12 s ago", head), head
        assert any("COMMAND (1) " in line for line in rest)


def test_a_full_queue_is_red(implementation: Implementation) -> None:
    view = view_of((), [waiting(implementation, 6, 5), waiting(implementation, 0, 5, "10.0.0.1")])
    found = [line for line in render_frame(view, 80, 24) if line and "nginx" in line[0][0]]
    assert [line[0][1] == BAD for line in found] == [True, False]
    assert "6/5" in found[0][0][0]


def test_the_chosen_row_is_always_seen() -> None:
    view = view_of([((pid, "a"), 1000 - pid) for pid in range(1, 101)])
    for key, pid in (("KEY_END", 100), ("KEY_UP", 99), ("KEY_HOME", 1), ("KEY_PGDOWN", None)):
        frame(view)  # a page is what was shown
        view.press(Key(key))
        [line] = [line for line in render_frame(view, 80, 24) if line and line[0][1] == CHOSEN]
        shown = int(line[0][0].split()[0])
        assert shown == pid or (pid is None and 5 < shown < 24)


def test_a_row_stays_chosen_where_it_goes_to() -> None:
    view = view_of([((1, "a"), 30), ((2, "b"), 20), ((3, "c"), 10)])
    view.press(Key("KEY_DOWN"))
    later = view_of([((1, "a"), 5), ((2, "b"), 1), ((3, "c"), 10)])
    view.show(later.sample)
    pane, rows = view.panes[1]
    assert pane.chosen(rows).key == (2, "b")
    view.show(view_of([((3, "c"), 10)]).sample)
    assert pane.chosen(view.sample.groups).key == (3, "c")
    view.show(view_of([]).sample)
    assert pane.chosen(view.sample.groups) is None
    assert frame(view)


@pytest.mark.parametrize("identity", ["cookie", "inode"])
def test_a_listener_stays_chosen_where_it_goes_to(
    implementation: Implementation, identity: str
) -> None:
    def rows(*queues: int) -> list[Waiting]:
        return [
            waiting(implementation, queue, 100, "127.0.0.1", **{identity: n})
            for n, queue in enumerate(queues, 5)
        ]

    view = view_of((), rows(30, 20, 10))
    view.press(Key("KEY_TAB"))
    view.press(Key("KEY_DOWN"))
    later = view_of((), rows(5, 1, 10))
    view.show(later.sample)
    pane, listeners = view.panes[0]
    assert pane.chosen(listeners).queue == 1


def opened(*rows: tuple[Any, ...], fields: Sequence[str] = ()) -> View:
    """A view of the sockets of one process."""
    view = view_of()
    view.sampler.open("process", (4711, "nginx"))
    view.sample.sockets = SocketTable.from_rows(rows, fields)
    return view


@pytest.mark.parametrize("identity", ["cookie", "inode"])
def test_a_connection_stays_chosen_where_it_goes_to(identity: str) -> None:
    def rows(*queues: int) -> list[tuple[Any, ...]]:
        return [socket_row(rx_queue=queue, **{identity: n}) for n, queue in enumerate(queues, 5)]

    view = opened(*rows(30, 20, 10), socket_row(rx_queue=0))
    view.press(Key("KEY_DOWN"))
    view.show(opened(*rows(5, 1, 10), socket_row(rx_queue=3)).sample)
    pane, sockets = view.panes[1]
    assert pane.chosen(sockets).rx_queue == 1
    # What no number tells from others, as TIME_WAIT in /proc, is followed by its place.
    view.press(Key("KEY_UP"))
    view.show(opened(*rows(5, 1, 10), socket_row(rx_queue=7)).sample)
    assert pane.chosen(view.panes[1][1]).rx_queue == 5


def test_unix_sockets_are_sorted_by_their_paths() -> None:
    paths = (b"/run/b", b"", b"\0a", b"/run/c")
    table: Any = SocketTable.from_rows(
        [(*socket_row(family=1, protocol=0), path) for path in paths], ("path",)
    )
    assert [paths[place] for place in Pane(SOCKETS, "LOCAL").order(table)] == [
        b"/run/c",
        b"/run/b",
        b"\0a",
        b"",
    ]


def test_esc_goes_back_where_one_came_from(implementation: Implementation) -> None:
    view = view_of([(("a.service",), 5)], [waiting(implementation, 1, 5)], by="unit")
    for keys, by, focus in (
        (["KEY_TAB", "KEY_ENTER"], "process", 0),
        (["KEY_TAB", "KEY_ENTER"], "unit", 1),
    ):
        for key in keys:
            view.press(Key(key))
        assert (view.sampler.target is not None, view.sampler.by, view.focus) == (True, by, 1)
        view.press(Key("KEY_TAB"))
        view.press(Key("KEY_ESCAPE"))
        assert (view.sampler.target, view.sampler.by, view.focus) == (None, "unit", focus)


def test_what_belongs_to_nobody_comes_last() -> None:
    view = view_of([((NONE, NONE), 500), ((1, "a"), 30), ((2, "b"), 40)])
    lines = [line.split()[0] for line in frame(view).splitlines() if line.startswith("    ")]
    assert lines == ["PID", "2", "1", "-"]
    view.press("r")
    lines = [line.split()[0] for line in frame(view).splitlines() if line.startswith("    ")]
    assert lines == ["PID", "1", "2", "-"]


def test_lists_are_sorted_by_any_column() -> None:
    view = view_of([((3, "b"), 1), ((1, "c"), 2), ((2, "a"), 3)])

    def pids() -> list[str]:
        lines = frame(view).splitlines()
        return [line.split()[0] for line in lines if re.match(r" +\d", line)]

    assert pids() == ["2", "1", "3"]
    view.press("<")  # by name, the last first
    assert pids() == ["1", "3", "2"]
    view.press("r")
    assert pids() == ["2", "3", "1"]
    view.press("<")
    assert pids() == ["1", "2", "3"]


def test_every_key_does_something_at_any_time(implementation: Implementation) -> None:
    generator = random.Random(7)
    view = view_of([((1, "a"), 30)], [waiting(implementation, 1, 5)])
    view.new_editor = pytest.importorskip("blessed").LineEditor
    names = [name for names, _, _, _ in KEYS for name in names if name not in ("q", "Q")]
    names += ["a", "é", "KEY_CTRL_U", "KEY_CTRL_W", "KEY_LEFT", "KEY_F5"]
    keys = [Key(name) if len(name) > 1 else name for name in names]
    for key in generator.choices(keys, k=3000):
        assert view.press(key) in ("", "look", "draw")
        assert len(render_frame(view, generator.randint(1, 90), 24)) == 24
    view.prompt, view.help = None, False
    assert view.press("q") == "quit"


def editing(text: str) -> Prompt:
    blessed = pytest.importorskip("blessed", reason="typing needs the extra `top`")
    return Prompt(blessed.LineEditor(), text)


def test_a_line_is_typed_and_is_seen_where_the_cursor_is() -> None:
    view = view_of()
    view.press("/")
    assert view.prompt is None  # nobody types without a keyboard
    view.prompt = prompt = editing("state established and dport = :443")
    for width in (12, 20, 30, 80):
        for key in [Key("KEY_HOME"), *[Key("KEY_RIGHT")] * 20, Key("KEY_END"), "数", "x"]:
            view.press(key)
            [chosen] = [
                line for line in render_frame(view, width, 24) if ("filter: ", HEAD) in line
            ]
            assert CHOSEN in [style for _, style in chosen]
    assert prompt.editor.line.startswith("state established")
    view.press(Key("KEY_ESCAPE"))
    assert view.prompt is None


@pytest.mark.parametrize("text", ["数据库服务器" * 3, "a" + "数据库服务器" * 3 + "abc", "abc" * 20])
@pytest.mark.parametrize("width", range(12, 30))
def test_a_line_that_is_too_long_shows_what_is_around_the_cursor(text: str, width: int) -> None:
    view = view_of()
    view.prompt = editing(text)

    def parts() -> tuple[str, str, str]:
        [line] = [line for line in render_frame(view, width, 9) if ("filter: ", HEAD) in line]
        styles = [style for _, style in line]
        at = styles.index(CHOSEN)
        before = [part for part, _ in line[1:at]]
        behind = [part for part, _ in line[at + 1 :]]
        return "".join(before), line[at][0], "".join(behind)

    before, cursor, behind = parts()
    assert (cursor, behind) == (" ", "")
    assert before[0] == "…" and text.endswith(before[1:])
    assert width - 3 <= columns_of(f"filter: {before} ") <= width
    for _ in range(3):
        view.press(Key("KEY_LEFT"))
    before, cursor, behind = parts()
    assert cursor == text[-3]
    assert before[0] == "…" and text.endswith(before[1:] + text[-3:])
    assert text[-2:].startswith(behind.rstrip("…"))
    view.press(Key("KEY_HOME"))
    before, cursor, behind = parts()
    assert (before, cursor) == ("", text[0])
    assert behind[-1] == "…" and text[1:].startswith(behind[:-1])


def test_a_line_that_fits_is_seen_whole() -> None:
    view = view_of()
    view.prompt = editing("state established")
    for key in ("KEY_END", "KEY_LEFT", "KEY_HOME"):
        view.press(Key(key))
        assert frame(view, len("filter: state established ")).endswith(
            "filter: state established\n"
        )


@pytest.mark.parametrize("height", range(3, 24))
def test_the_beginning_of_what_is_wrong_is_seen(height: int) -> None:
    view = view_of([((4711, "nginx"), 5)])
    view.sample.incomplete = tuple({"what": f"processes {n}"} for n in range(3))
    view.trouble = "no such process: 4711: " + "below is the last that was seen " * 5
    lines = frame(view, 30, height).splitlines()
    assert lines[-1].startswith("q quit")
    wrong = [n for n, line in enumerate(lines) if "no such process: 4711:" in line]
    assert len(wrong) == 1
    assert lines[-2].endswith("…") and len(lines[wrong[0] : -1]) == min(3, max(1, height // 3 - 1))
    view.prompt = editing("state foo")
    view.prompt.error = FilterError("unknown state 'foo'; states are ESTABLISHED, SYN_SENT", 6)
    lines = frame(view, 30, height).splitlines()
    assert lines[-1] == "filter: state foo"
    assert any(line.startswith("unknown state 'foo'") for line in lines[:-1])
    if height > 8:  # room for both
        assert any("no such process: 4711:" in line for line in lines)


def test_an_error_stands_above_the_line_with_the_cursor_at_its_place() -> None:
    view = view_of()
    view.new_editor = pytest.importorskip("blessed").LineEditor
    view.press("/")
    for key in [*"state foo", Key("KEY_ENTER")]:
        view.press(key)
    text = frame(view)
    assert "unknown state 'foo'; states are" in text and "filter: state foo" in text
    assert view.prompt is not None and view.prompt.editor.display.cursor == 6
    view.press(Key("KEY_CTRL_K"))
    for key in "listen":
        view.press(key)
    assert view.press(Key("KEY_ENTER")) == "look"
    assert view.sampler.text == "state listen"


def test_text_is_cut_by_what_it_takes_on_a_terminal() -> None:
    assert fit("abc", 5) == "abc  "
    assert fit("abc", 5, right=True) == "  abc"
    assert fit("abcdef", 5) == "abcd…"
    assert fit("数据库", 5) == "数据…"
    assert fit("数据库", 4) == "数… "
    assert cut([("abc", "plain"), ("数据", "bad")], 5) == [("abc", "plain"), ("…", "bad")]
    assert columns_of("e\u0301数\u200b") == 3


def test_changes_have_room_in_their_column() -> None:
    assert text_change(None) == text_change(0) == ""
    assert text_change(12) == "+12"
    assert text_change(-99999) == "-99999"
    assert text_change(-1234567) == "-1234k"
    assert text_change(123456, 5) == "+123k"
