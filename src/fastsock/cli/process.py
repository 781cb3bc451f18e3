"""The verb process: what a process is, its sockets by state, what it listens on and writes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastsock import render
from fastsock.cli.answer import HIDDEN, Answer
from fastsock.cli.flags import Flag, Options, UsageError, parse_text
from fastsock.cli.listeners import (
    text_arguments,
    text_local,
    text_path,
    text_queue,
    text_since,
    text_user,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.files import OpenFile
    from fastsock.portrait import Portrait

FLAGS = {
    "process": (
        Flag(
            "--dir",
            "dir",
            "of what it writes to only the files below this directory",
            parse=parse_text,
            metavar="DIR",
        ),
        Flag("-a --all", "each", "all files, not the 20 largest"),
    ),
}

MOST_FILES = 20
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def run(options: Options, answer: Answer) -> int:
    """Look at the processes, and write a block for each."""
    from fastsock.portrait import process

    if len(options.positional) != 1 or not options.positional[0]:
        raise UsageError("process needs one PID or NAME")
    (named,) = options.positional
    question = options.question()
    for keyword, flag in (("pid", "-p"), ("command", "-c"), ("cgroup", "--cgroup")):
        if keyword in question:
            raise UsageError(f"{flag} has no place here: fastsock process PID|NAME")
    number = named.isascii() and named.isdigit() and len(named) <= 10 and int(named) < 2**31
    directories = options.all("dir")
    found: Portrait | list[Portrait]
    if number:
        found = process(int(named), directories=directories, **question)
    else:
        found = process(named, directories=directories, **question)
    portraits = found if isinstance(found, list) else [found]
    if options.on("json"):
        made = {"processes": [portrait.as_dict() for portrait in portraits]}
        answer.write(render.dump_json({**answer.head(*portraits), **made}) + "\n")
    elif options.on("jsonl"):
        lines = [render.dump_json(portrait.as_dict()) + "\n" for portrait in portraits]
        answer.write("".join(lines), answer.end(len(lines), *portraits))
    else:
        most = None if options.on("each") else MOST_FILES
        answer.write("\n".join(block(portrait, most) for portrait in portraits))
    code = answer.code(*portraits)
    hidden = sorted({name for portrait in portraits for name in portrait.hidden})
    if hidden:
        from fastsock.engines.host import help_to_read  # not above: seldom needed

        helps = help_to_read(question.get("procfs", "/proc"))
        answer.warn(f"{', '.join(hidden)} may not be read; {helps}")
        return HIDDEN
    return code


RUN: dict[str, Callable[[Options, Answer], int]] = {"process": run}


def block(portrait: Portrait, most: int | None) -> str:
    """Return what there is to say of one process; of its files at most `most`."""
    details = portrait.details
    head = f"{render.text_name(details.command)} {portrait.pid}"
    if details.state == "Z":
        head += ", ended, but its parent has not waited for it"
    lines = [
        ("binary", in_words(portrait, "binary", text_path(details.binary, details.deleted))),
        ("arguments", text_arguments(details.arguments) or "-"),
        ("cwd", in_words(portrait, "cwd", text_path(details.cwd, details.cwd_deleted))),
        ("user", text_user(details.uid)),
        ("started", text_since(details.started) or "-"),
        ("parent", str(details.parent)),
    ]
    if details.unit is not None:
        lines.append(("unit", render.text_name(details.unit)))
    lines.append(("open", text_kinds(portrait)))
    if portrait.counts is None or portrait.listeners is None:
        lines.append(("sockets", "hidden"))
    else:
        lines += [(name, text_counts(portrait, name)) for name in portrait.counts]
        lines += [
            (
                "listens",
                f"{service.socket.protocol} {text_local(service.socket)}  {service.reach}  "
                f"queue {text_queue(service.socket)}",
            )
            for service in portrait.listeners
        ]
    lines += [("writes", text) for text in text_files(portrait.files, most)]
    width = max(len(name) for name, _ in lines)
    return head + "\n" + "".join(f"  {name.ljust(width)}  {text}\n" for name, text in lines)


def in_words(portrait: Portrait, name: str, text: str) -> str:
    """Return the text, or hidden where what it says may not be read."""
    return "hidden" if name in portrait.hidden else text


def text_kinds(portrait: Portrait) -> str:
    """Return how many descriptors there are of each type."""
    kinds = portrait.descriptors
    if kinds is None:
        return "hidden"
    total = sum(kinds.values())
    parts = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    return f"{total} descriptors: {parts}" if parts else "no descriptors"


def text_counts(portrait: Portrait, name: str) -> str:
    """Return the sockets of a protocol, with the states behind `other`."""
    assert portrait.counts is not None
    counts = portrait.counts[name]
    others = [
        f"{state} {number}"
        for state, number in counts.states.items()
        if state not in ("ESTABLISHED", "LISTEN")
    ]
    return f"{counts} ({', '.join(others)})" if others else str(counts)


def text_files(files: Sequence[OpenFile] | None, most: int | None) -> list[str]:
    """Return a text for each file, the largest first; one that is open twice once."""
    if files is None:
        return ["hidden"]
    found: dict[tuple[object, ...], list[OpenFile]] = {}
    for row in files:
        found.setdefault((row.device, row.inode, row.path), []).append(row)
    rows = sorted(found.values(), key=lambda same: (-(same[0].size or 0), same[0].fd))
    texts = [
        f"{text_path(same[0].path, same[0].deleted)}  {text_size(same[0].size)}  "
        f"fd {','.join(str(row.fd) for row in same)}"
        for same in rows[:most]
    ]
    if len(rows) > len(texts):
        texts.append(f"{len(rows) - len(texts)} more, smaller (--all)")
    return texts


def text_size(size: int | None) -> str:
    """Return a number of bytes for people: exact below 1,024, else in three digits."""
    if size is None:
        return "-"
    value, power = float(size), 0
    while value >= 999.5 and power < len(_UNITS) - 1:
        value, power = value / 1024, power + 1
    if power == 0 or size < 1024:
        return f"{size} B"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[power]}"
