"""The verb backlog: what waits for each listener, what the kernel has dropped, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from fastsock import render
from fastsock.cli.answer import ANSWERED, FINDING, Answer
from fastsock.cli.flags import (
    NO_HEADER,
    Flag,
    Options,
    UsageError,
    parse_number,
    parse_seconds,
    parse_text,
)
from fastsock.cli.listeners import text_local
from fastsock.cli.owners import text_holders, text_missing
from fastsock.diagnose.backlog import Backlog, Listener, backlog, watch_backlog
from fastsock.diagnose.counters import COUNTERS, Space
from fastsock.services import Holder, main_holder, text_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The settings that are shown; JSON has all of a namespace.
_SHOWN = ("tcp_syncookies", "tcp_max_syn_backlog", "somaxconn", "tcp_abort_on_overflow")

_HEADINGS = ("LOCAL", "QUEUE", "SYN_RECV", "UNACCEPTED", "DROPS", "PID", "COMMAND", "VERDICT")

_SHARED = "* of all listeners of this address together (SO_REUSEPORT)\n"


def parse_samples(text: str) -> Iterable[int]:
    """Return a number of intervals."""
    return (parse_number(text, "number of intervals", 1, 10**9),)


FLAGS = {
    "backlog": (
        Flag(
            "--watch",
            "watch",
            "look again every S seconds, with what has grown since",
            parse=parse_seconds,
            metavar="S",
            repeats=False,
        ),
        Flag(
            "--samples",
            "samples",
            "end after N intervals of --watch",
            parse=parse_samples,
            metavar="N",
            repeats=False,
        ),
        Flag(
            "--since",
            "since",
            "compare with a snapshot of this boot (fastsock snapshot); - is stdin",
            parse=parse_text,
            metavar="FILE",
            repeats=False,
        ),
        Flag("--check", "check", "exit 5 when something is wrong for certain"),
        NO_HEADER,
    ),
}


def run(options: Options, answer: Answer) -> int:
    """The listeners, the namespaces, and what to change."""
    interval, samples = options.last("watch"), options.last("samples")
    if samples is not None and interval is None:
        raise UsageError("--samples counts the intervals of --watch")
    if options.on("json") and interval is not None and samples != 1:
        raise UsageError("--json is one document: take --samples 1 with --watch, or --jsonl")
    question = options.question()
    if options.on("since"):
        from fastsock.diagnose.snapshot import Snapshot

        question["since"] = Snapshot.load(options.last("since"))
    if interval is None:
        looks: Iterator[Backlog] = iter((backlog(options.expression(), **question),))
    else:
        expression = options.expression()
        looks = watch_backlog(interval, expression, samples=samples, **question)
    return show(looks, options, answer)


RUN: dict[str, Callable[[Options, Answer], int]] = {"backlog": run}


def show(looks: Iterator[Backlog], options: Options, answer: Answer) -> int:
    """Write one look after another; with --check the first with a finding is the last."""
    code = ANSWERED
    rows = 0
    told: set[object] | None = None
    for number, found in enumerate(looks):
        wrong = options.on("check") and bool(found.findings)
        # In one document there is one look: the last, or the one that decides.
        last = wrong or not options.on("watch") or number > 0
        if options.on("jsonl"):
            answer.write("".join(lines(found, number if options.on("watch") else None)))
            rows += len(found.listeners)
        elif not options.on("json"):
            answer.write(page(found, options, number))
        elif last:
            answer.write(render.dump_json({**answer.head(found), **found.as_dict()}) + "\n")
        missing = {entry["what"] for entry in found.incomplete}
        if told is None or not missing <= told:  # once, and not at each look
            code = answer.code(found, found=bool(found.listeners))
            told = missing | (told or set())
        if wrong:
            code = FINDING
            break
    if options.on("jsonl"):
        answer.write(answer.end(rows, found))
    return code


def lines(found: Backlog, sample: int | None) -> Iterator[str]:
    """Yield a look as JSON lines: its namespaces, its listeners; which look, where several come."""
    head: dict[str, Any] = {}
    if sample is not None:
        head = {"sample": sample, "time": text_time(found.time)}
    for space in found.spaces_as_dicts():
        yield render.dump_json({**head, "namespace": space}) + "\n"
    for one in found.listeners:
        yield render.dump_json({**head, **one.as_dict()}) + "\n"


def page(found: Backlog, options: Options, number: int) -> str:
    """Return a look for people."""
    parts = []
    if options.on("watch"):
        since = "" if found.seconds is None else f", {found.seconds:.3g} s after the look before"
        parts.append(f"{text_time(found.time)}{since}\n")
    if found.listeners or not options.on("no_header"):
        several = len({one.socket.netns for one in found.listeners}) > 1
        parts.append(grid(found.listeners, not options.on("no_header"), several))
    if any(one.sharing > 1 for one in found.listeners):
        parts.append(_SHARED)
    parts += blocks(found.listeners)
    several = len(found.spaces) > 1
    parts += [space_block(found, inode, space, several) for inode, space in found.spaces.items()]
    return ("\n" if number else "") + "".join(parts)


def grid(listeners: Sequence[Listener], header: bool, several: bool) -> str:
    """Return one line for each listener; with its namespace where there are several."""
    headings = [*_HEADINGS]
    rows: list[tuple[str, ...]] = [
        (
            text_local(one.socket),
            f"{one.queue}/{'?' if one.limit is None else one.limit}",
            text_shared(one, one.syn_recv),
            text_shared(one, one.unaccepted),
            text_drops(one),
            *text_owner(one),
            one.verdict.kind,
        )
        for one in listeners
    ]
    if several:
        headings.insert(0, "NETNS")
        rows = [
            (str(one.socket.netns or "unknown"), *row)
            for one, row in zip(listeners, rows, strict=True)
        ]
    return render.render_grid(headings if header else (), rows, range(several + 1, several + 6))


def text_shared(one: Listener, number: int) -> str:
    """Return a number, marked where it is of several listeners."""
    return f"{number}*" if one.sharing > 1 else str(number)


def text_drops(one: Listener) -> str:
    """Return how many packets a listener has dropped, and how many of these in the interval."""
    if one.drops is None:
        return "?"
    return str(one.drops) if one.dropped is None else f"{one.drops} +{one.dropped}"


def text_owner(one: Listener) -> tuple[str, str]:
    """Return PID and command of the owner, and how many more processes hold the listener."""
    processes = {owner.pid: owner.process for owner in one.socket.owners or ()}
    holders = [Holder(process, (), None) for process in processes.values()]
    chosen = main_holder(holders)
    pid = text_missing(one.socket) if chosen is None else str(chosen.pid)
    return pid, text_holders(holders)


def blocks(listeners: Sequence[Listener]) -> Iterator[str]:
    """Yield what is to be said of listeners that are not simply healthy.

    Those of which the same is said share the lines.
    """
    said: dict[tuple[str, tuple[str, ...]], list[Listener]] = {}
    for one in listeners:
        verdict = one.verdict
        if verdict.kind != "healthy" or verdict.advice:
            said.setdefault((verdict.sentence, verdict.advice), []).append(one)
    for (sentence, advice), members in said.items():
        who = ", ".join(map(text_who, members[:4]))
        if len(members) > 4:
            who += f" and {len(members) - 4} more"
        yield f"\n{who}: {sentence}\n" + "".join(f"  - {line}\n" for line in advice)


def text_who(one: Listener) -> str:
    """Return a listener as a sentence names it."""
    pid, command = text_owner(one)
    return text_local(one.socket) + (f" ({command} {pid})" if pid.isdigit() else "")


def space_block(found: Backlog, inode: int, space: Space, several: bool) -> str:
    """Return the lines of a namespace: counters with their growth, settings.

    Where there are several, only of those that have anything to tell.
    """
    growth = found.growth.get(inode)
    rows = []
    for name in COUNTERS:
        total = space.counters.get(name)
        if several and not total:
            continue
        row = [name, "?" if total is None else str(total)]
        if growth is not None:
            grown, rate = growth.counters.get(name), growth.rate(name)
            row += ["?", "?"] if grown is None or rate is None else [f"+{grown}", f"{rate:.3g}/s"]
        rows.append(row)
    if several and not rows:
        return ""
    name = render.text_name(space.name) if space.name else str(inode or "unknown")
    settings = "  ".join(
        f"{one} {'?' if (value := space.number(one)) is None else value}" for one in _SHOWN
    )
    grid = render.render_grid((), rows, range(1, 4))
    indented = "".join(f"  {line}\n" for line in grid.splitlines())
    return f"\nnetwork namespace {name}\n{indented}  {settings}\n"
