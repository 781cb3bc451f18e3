"""The verb bpf: the program, pinned for others to read; what is pinned; and away with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastsock import render
from fastsock.cli.answer import ANSWERED, NOTHING, SCHEMA, Answer
from fastsock.cli.flags import (
    Flag,
    Options,
    UsageError,
    parse_number,
    parse_text,
)
from fastsock.errors import EngineUnavailable, NoSuchPin, escape
from fastsock.implementation import COMPILED, NO_EXTENSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.engines.pins import Pin


def parse_group(text: str) -> Iterable[int]:
    """Return a group's number, of its name or of the number itself."""
    import grp

    try:
        return (grp.getgrnam(text).gr_gid,)
    except KeyError:
        if text.isascii() and text.isdigit():
            return (parse_number(text, "group's number", 0, 2**32 - 2),)
        raise UsageError(f"there is no group {escape(text)!r}") from None


FLAGS = {
    "bpf": (
        Flag(
            "--group",
            "group",
            "pin: whose members may read; without it root alone",
            parse=parse_group,
            metavar="GROUP",
            repeats=False,
        ),
        Flag(
            "--path",
            "path",
            "the directory, on a bpf file system; else /sys/fs/bpf/fastsock",
            parse=parse_text,
            metavar="DIR",
            repeats=False,
        ),
        Flag(
            "--program", "program", "pin: so that they can look at single processes; with --group"
        ),
    ),
}


def run(options: Options, answer: Answer) -> int:
    """Do what the word behind the verb says."""
    if len(options.positional) != 1 or options.positional[0] not in ACTIONS:
        given = escape(" ".join(options.positional))
        raise UsageError(
            "bpf takes one of " + " ".join(ACTIONS) + (f", not {given!r}" if given else "")
        )
    (action,) = options.positional
    for flag in options.selections():
        raise UsageError(f"{flag.names[-1]} has no place here: bpf {action} asks of no sockets")
    for name in ("group", "program"):
        if options.on(name) and ACTIONS[action] is not _pin:
            raise UsageError(f"--{name} has no place here: it is of bpf pin")
    if options.on("program") and not options.on("group"):
        raise UsageError("--program needs --group: root can load its own")
    if not COMPILED:
        raise EngineUnavailable("bpf", NO_EXTENSION)
    return ACTIONS[action](options, answer)


def _pin(options: Options, answer: Answer) -> int:
    from fastsock.engines import pins

    directory, group = options.last("path", pins.DEFAULT), options.last("group")
    made = pins.pin(directory, group=group, program=options.on("program"))
    _write_pins(options, answer, directory, made, "")
    closed = pins.find_closed(directory, group) if group is not None else None
    if closed is not None:
        answer.warn(f"members of {escape(pins.name_group(group))} cannot read it yet: {closed}")
    return ANSWERED


def _unpin(options: Options, answer: Answer) -> int:
    from fastsock.engines import pins

    removed = pins.unpin(options.last("path", pins.DEFAULT))
    if options.on("json") or options.on("jsonl"):
        answer.write(
            render.dump_json({"schema": SCHEMA, "removed": [escape(path) for path in removed]})
            + "\n"
        )
    else:
        answer.write("".join(f"removed {escape(path)}\n" for path in removed))
    return ANSWERED


def _status(options: Options, answer: Answer) -> int:
    from fastsock.engines import pins

    directory = pins.readers_directory(options.last("path"))
    try:
        found = pins.read_pins(directory)
    except NoSuchPin as error:
        _write_pins(options, answer, directory, [], str(error))
        answer.warn(str(error))
        return NOTHING
    _write_pins(options, answer, directory, found, "")
    return ANSWERED


def _write_pins(
    options: Options, answer: Answer, directory: str, found: list[Pin], reason: str
) -> None:
    from fastsock.engines import pins

    if options.on("json") or options.on("jsonl"):
        rows = [
            {
                "path": escape(one.path),
                "kind": one.kind,
                "version": one.version,
                "uid": one.uid,
                "gid": one.gid,
                "mode": f"{one.mode:04o}",
                "trusted": one.trusted,
                "usable": not one.reason,
                "reason": one.reason or None,
            }
            for one in found
        ]
        if options.on("jsonl"):
            answer.write("".join(render.dump_json(row) + "\n" for row in rows))
            return
        document = {
            "schema": SCHEMA,
            "directory": escape(directory),
            "reads_version": pins.RECORD_VERSION,
            "reason": reason or None,
            "pins": rows,
        }
        answer.write(render.dump_json(document) + "\n")
    elif found:
        answer.write(
            render.render_grid(
                ("PIN", "OWNER", "GROUP", "MODE", "USABLE"),
                [
                    (
                        escape(one.path),
                        escape(pins.name_user(one.uid)),
                        escape(pins.name_group(one.gid)),
                        f"{one.mode:04o}",
                        "no: " + escape(one.reason) if one.reason else "yes",
                    )
                    for one in found
                ],
            )
        )


ACTIONS: dict[str, Callable[[Options, Answer], int]] = {
    "pin": _pin,
    "unpin": _unpin,
    "status": _status,
}
RUN: dict[str, Callable[[Options, Answer], int]] = {"bpf": run}
