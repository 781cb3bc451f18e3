"""The verb snapshot: all sockets, owners and counters of this host into a file, for later.

Like cp it says nothing when all went well. What could not be seen is in the file, and is said.
Here is also what the verbs share that read such files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from fastsock.cli.answer import BAD_USAGE, Answer, WriteFailed
from fastsock.cli.flags import Flag, Options, UsageError
from fastsock.cli.usage import ASKED, HOST_KEYWORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.diagnose.snapshot import Snapshot


def parse_field_name(text: str) -> Iterable[str]:
    """Return the name of an optional column, or of a member of one."""
    from fastsock.attributes import parse_field

    try:
        parse_field(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return (text,)


FLAGS = {
    "snapshot": (
        Flag("--no-owners", "no_owners", "without owners: no look into any process"),
        Flag(
            "--fields",
            "fields",
            "with these optional columns: tcp_info, skmem, interface, …",
            parse=parse_field_name,
            metavar="NAME,…",
        ),
    ),
}

_STANDARD = "-"


def run(options: Options, answer: Answer) -> int:
    """Take a snapshot and write it."""
    if len(options.positional) != 1 or not options.positional[0]:
        raise UsageError("snapshot needs one FILE to write, or - for standard output")
    path = options.positional[0]
    question = options.question()
    odd = [name for name in question if name not in HOST_KEYWORDS]
    if odd or options.on("listening"):
        raise UsageError("a snapshot is of a whole host: of the selections it takes only " + _TAKEN)
    if options.on("jsonl"):
        raise UsageError("--jsonl: a snapshot is in JSON lines, but where its name ends in .arrows")
    if path == _STANDARD:
        if options.on("json"):
            raise UsageError("--json and the snapshot would both go to standard output")
        if sys.stdout is None:  # of an answer the exit code is left, of a snapshot nothing
            raise WriteFailed("standard output: closed")

    from fastsock.diagnose.snapshot import Snapshot

    # A host is all its namespaces. For the library they are, as everywhere, what is asked for.
    question.setdefault("netns", "all")
    taken = Snapshot.take(
        owners=not options.on("no_owners"), fields=options.all("fields"), **question
    )
    if path == _STANDARD:
        answer.write(taken.blocks())
        return answer.code(taken)
    try:
        taken.save(path)
    except ImportError as error:  # Arrow's, which an extra brings
        answer.warn(str(error))
        return BAD_USAGE
    if options.on("json"):
        from fastsock.errors import escape
        from fastsock.render import dump_json

        document = {**answer.head(taken), "path": escape(path), "snapshot": taken.as_dict()}
        answer.write(dump_json(document) + "\n")
    return answer.code(taken)


_TAKEN = "-t -u -x --netns --engine --procfs"

RUN: dict[str, Callable[[Options, Answer], int]] = {"snapshot": run}


def refuse_asking(options: Options) -> None:
    """Raise UsageError where a flag says how to ask the kernel: snapshots have been taken."""
    for flag in options.selections():
        if flag.keyword in ASKED:
            raise UsageError(f"{flag.names[-1]} has no place here: a snapshot is what was taken")


def load_snapshots(paths: Sequence[str]) -> Iterator[Snapshot]:
    """Read snapshots, each when it is asked for; one of them may come from standard input."""
    from fastsock.diagnose.snapshot import Snapshot

    if paths.count(_STANDARD) > 1:
        raise UsageError("only one snapshot can come from standard input")
    return map(Snapshot.load, paths)
