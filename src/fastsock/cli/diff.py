"""The verb diff: what changed between two snapshots of a host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from fastsock import render, tcp
from fastsock.cli.answer import FINDING, Answer
from fastsock.cli.count import parse_key, show_key
from fastsock.cli.flags import Flag, Options, UsageError, parse_text
from fastsock.cli.owners import text_missing, text_owners
from fastsock.cli.snapshot import load_snapshots, refuse_asking
from fastsock.diagnose.addresses import text_end
from fastsock.errors import escape
from fastsock.table import OwnerState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.diagnose.diff import Change, Diff, Growth, Leftover, Verdict
    from fastsock.table import SocketTable

FLAGS = {
    "diff": (
        Flag("--by", "by", "in groups; several nest", parse=parse_key, metavar="KEY,…"),
        Flag(
            "--check",
            "check",
            "exit 5 where this does not hold; all that are given must",
            parse=parse_text,
            metavar="[KEY=VALUE] WHAT<=+N",
            repeats=False,
        ),
        Flag("-a --all", "each", "each new socket and each that is gone, and all counters"),
    ),
}

MOST_LINES = 20

_COLUMNS = ("protocol", "state", "local", "remote", "rx_queue", "tx_queue")


def run(options: Options, answer: Answer) -> int:
    """Compare, and write what is different."""
    from fastsock.diagnose.checks import parse_check
    from fastsock.diagnose.diff import diff

    if len(options.positional) != 2:
        raise UsageError("diff needs two snapshots: BEFORE AFTER")
    refuse_asking(options)
    snapshots = load_snapshots(options.positional)
    # What is typed is read before files that may be large.
    checks = [parse_check(text) for text in options.all("check")]
    before, after = snapshots
    keys = tuple(dict.fromkeys(options.all("by")))
    found = diff(before, after, by=keys, checks=checks, **options.question())
    if options.on("json"):
        answer.write(render.dump_json({**answer.head(found), **found.as_dict()}) + "\n")
    elif options.on("jsonl"):
        write_lines(answer, found)
    else:
        answer.write("\n".join(filter(None, parts_of(found, options.on("each")))))
    code = answer.code(found)
    return code if code or found.holds else FINDING


RUN: dict[str, Callable[[Options, Answer], int]] = {"diff": run}


def write_lines(answer: Answer, found: Diff) -> None:
    """Write each new socket and each that is gone, one a line; then all that is counted."""
    for name, rows in (("new", found.new), ("gone", found.gone)):
        answer.write(
            "".join(render.dump_json({"change": name, **row.as_dict()}) + "\n" for row in rows)
        )
    total = len(found.new) + len(found.gone) + 1
    answer.write(
        render.dump_json({"change": "counts", **found.as_dict(rows=False)}) + "\n",
        answer.end(total, found),
    )


# ------------------------------------------------------------------------------------- for a person


def parts_of(found: Diff, each: bool) -> list[str]:
    """Return the parts of the answer, those with nothing to say empty."""
    return [
        text_head(found) + grid_of_states(found.counts),
        grid_of_groups(found, each),
        *join_unless(each, text_sockets(found, each), text_listeners(found)),
        text_counters(found.grown, each),
        text_verdicts(found.verdicts),
    ]


def join_unless(apart: bool, one: str, other: str) -> list[str]:
    """Return two texts as one part, or as two."""
    return [one, other] if apart else [one + other]


def text_head(found: Diff) -> str:
    """Return whose snapshots these are and how far apart they were taken."""
    taken = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(found.before.time))
    host = escape(found.after.host) or "?"
    return f"{host}, from {taken} UTC, {text_duration(found.seconds)} later\n"


def text_duration(seconds: float) -> str:
    """Return 0.8 s, 75 s, 12 min, 5.0 h."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 300:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def text_change(number: int) -> str:
    """Return a change with its sign; nothing reads faster than 0."""
    return f"{number:+d}" if number else "-"


def grid_of_states(counts: Change) -> str:
    """Return a line for each state that either has."""
    before, after = counts.before.states, counts.after.states
    rows = [
        [name, str(before.get(name, 0)), str(after.get(name, 0)), text_change(change)]
        for name in tcp.NAMES
        if name in before or name in after
        for change in (after.get(name, 0) - before.get(name, 0),)
    ]
    total = ["total", str(counts.before.total), str(counts.after.total), text_change(counts.total)]
    return render.render_grid(("STATE", "BEFORE", "AFTER", "CHANGE"), [*rows, total], (1, 2, 3))


def grid_of_groups(found: Diff, each: bool) -> str:
    """Return a line for each group that changed, those that changed most first."""
    if not found.by:
        return ""
    changed = [one for one in found.groups if one.states]
    shown = changed if each else changed[:MOST_LINES]
    rows = []
    for one in shown:
        key = one.key if len(found.by) > 1 else (one.key,)
        rows.append(
            [
                *(show_key(name, value, {}) for name, value in zip(found.by, key, strict=True)),
                str(one.before.total),
                str(one.after.total),
                text_change(one.total),
                text_states(one) if "state" not in found.by else "",
            ]
        )
    headings = [name.upper() for name in (*found.by, "before", "after", "change")]
    headings.append("" if "state" in found.by else "BY STATE")
    right = range(len(found.by), len(found.by) + 3)
    text = render.render_grid(headings, rows, right) if rows else ""
    if len(changed) > len(shown):
        text += f"{len(changed) - len(shown)} more changed less (--all)\n"
    same = len(found.groups) - len(changed)
    if same:
        text += f"{same} of {len(found.groups)} groups did not change\n"
    return text


def text_states(one: Change) -> str:
    """Return the change of each state that changed."""
    return ", ".join(f"{name} {number:+d}" for name, number in one.states.items())


def text_sockets(found: Diff, each: bool) -> str:
    """Return how many sockets are new, gone and kept, and which are new."""
    line = f"sockets: {len(found.new)} new, {len(found.gone)} gone, {found.kept} kept"
    if found.moved:
        moved = ", ".join(
            f"{number} from {tcp.NAMES[int(old)]} to {tcp.NAMES[int(now)]}"
            for (old, now), number in found.moved.items()
        )
        line += f"; of these {moved}"
    text = line + "\n"
    if each:
        for name, rows in (("new", found.new), ("gone", found.gone)):
            if len(rows):
                text += f"\n{name}:\n{grid_of_sockets(rows)}"
        return text
    leftovers = found.leftovers()
    if not leftovers:
        return text
    cells = [cells_of(leftover) for leftover in leftovers[:MOST_LINES]]
    text += render.render_grid(("NEW", "PROTO", "STATE", "PID", "COMMAND", "END"), cells, (0, 3))
    left = len(leftovers) - MOST_LINES
    return text + (f"{left} lines more (--all: each socket)\n" if left > 0 else "")


def grid_of_sockets(rows: SocketTable) -> str:
    """Return the sockets themselves."""
    columns = [*_COLUMNS, "owners"] if rows.owners is not None else list(_COLUMNS)
    return b"".join(render.render_table(rows, columns)).decode("utf-8", "backslashreplace")


def cells_of(leftover: Leftover) -> list[str]:
    """Return the line of new sockets that are alike."""
    owned = not isinstance(leftover.pid, OwnerState)
    none = "-" if str(leftover.pid) == "none" else str(leftover.pid)
    here, there = leftover.local, leftover.remote
    end = f"at {text_end(*here)}" if here else f"to {text_end(*there)}" if there else "-"
    return [
        str(leftover.count),
        leftover.protocol,
        tcp.NAMES[int(leftover.state)],
        str(leftover.pid) if owned else none,
        render.text_name(leftover.command) if owned else "-",
        end,
    ]


def text_listeners(found: Diff) -> str:
    """Return the listeners that came, went, and are others at the same address."""
    rows = [
        [what, *cells]
        for what, table in (
            ("new listener", found.came),
            ("gone listener", found.went),
            ("opened anew", found.replaced),
        )
        for cells in listener_cells(table)
    ]
    return render.render_grid((), rows) if rows else ""


def listener_cells(table: SocketTable) -> Iterable[list[str]]:
    """Yield protocol, address and owner of each listener."""
    from fastsock.cli.listeners import text_local

    for socket in table:
        owner = text_owners(socket.owners or ()) or text_missing(socket)
        yield [socket.protocol, text_local(socket), owner]


def text_counters(grown: Sequence[Growth], each: bool) -> str:
    """Return the counters that grew: those of trouble, or all."""
    from fastsock.diagnose.counters import COUNTERS

    shown = [one for one in grown if each or one.name in COUNTERS]
    several = len({one.netns for one in grown}) > 1
    rows = [
        [
            one.name,
            str(one.before),
            str(one.after),
            text_change(one.change),
            *([render.text_name(one.namespace) if one.namespace else str(one.netns)] * several),
        ]
        for one in shown
    ]
    headings = ["COUNTER", "BEFORE", "AFTER", "CHANGE", *["NETNS"] * several]
    return render.render_grid(headings, rows, (1, 2, 3)) if rows else ""


def text_verdicts(verdicts: Sequence[Verdict]) -> str:
    """Return each check with its numbers, and by how much it is missed."""
    return "".join(f"{text_verdict(verdict)}\n" for verdict in verdicts)


def text_verdict(verdict: Verdict) -> str:
    """Return `close_wait<=+10 fails: 0 before, 25 after, change +25: 15 too many`."""
    word = "holds" if verdict.holds else "FAILS"
    where = "".join(
        f" {name}={show_key(name, value, {})}"
        for name, value in verdict.group.items()
        if verdict.check.groups.get(name) is None and value is not None
    )
    change = verdict.after - verdict.before
    line = (
        f"check {escape(verdict.check.text)}: {word}{where}, "
        f"{verdict.before} before, {verdict.after} after, {change:+d}"
    )
    if verdict.holds:
        return line
    return f"{line}: {abs(verdict.excess)} too {'many' if verdict.excess > 0 else 'few'}"
