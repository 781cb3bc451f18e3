"""The command `fastsock`: a verb, flags, an answer, an exit code.

Each verb loads what it needs and nothing else: the start is part of the speed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from fastsock import errors
from fastsock.cli import answer
from fastsock.cli.flags import UsageError, parse_command_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

# The verb, and the file of its group. The empty one is the bare command.
VERBS = {
    "": "glance",
    "count": "count",
    "list": "rows",
    "listeners": "listeners",
    "who": "who",
    "process": "process",
    "flows": "flows",
    "wait": "wait",
    "top": "top",
    "backlog": "backlog",
    "snapshot": "snapshot",
    "diff": "diff",
    "leaks": "leaks",
    "halfopen": "halfopen",
    "exporter": "exporter",
    "engines": "engines",
    "bpf": "pins",
    "completion": "completion",
    "man": "man",
    "ss": "faces",
    "lsof": "faces",
    "netstat": "faces",
}

# Verbs that read no words but flags.
WITHOUT_WORDS = frozenset(("", "exporter", "engines", "man"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: this process's) and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None:
        _take_the_place_of_stdout()
    try:
        return _run(words)
    except UsageError as error:
        return _fail(error, answer.BAD_USAGE)
    except errors.EngineUnavailable as error:
        remedy = f"; try: {error.remedy}" if error.remedy else ""
        return _fail(f"{error}{remedy}", answer.NO_ENGINE)
    except (errors.NoSuchProcess, errors.NoSuchPin) as error:
        return _fail(error, answer.NOTHING)
    except errors.PinPathError as error:
        return _fail(error, answer.BAD_USAGE)
    except errors.PinError as error:
        return _fail(error, answer.NO_ENGINE)
    except errors.Hidden as error:
        return _fail(error, answer.HIDDEN)
    except errors.FilterError as error:
        code = _fail(error, answer.BAD_USAGE)
        answer.point_at(error)
        return code
    except (answer.WriteFailed, errors.FastsockError) as error:
        return _fail(error, answer.BAD_USAGE)
    except answer.PipeClosed:
        return answer.PIPE_CLOSED
    except KeyboardInterrupt:
        return answer.INTERRUPTED
    except OSError as error:  # a /proc that is not there, or not readable
        where = f"{error.filename}: " if error.filename is not None else ""
        return _fail(errors.escape(f"{where}{error.strerror or error}"), answer.BAD_USAGE)
    except MemoryError:
        return _fail("out of memory", answer.BAD_USAGE)


def run_and_exit() -> NoReturn:
    """Be the command `fastsock`: `main`, and then the end at once.

    All is written by then, and the kernel takes the rest back: for Python to take its modules and
    tables apart first is 7 ms of the 46 that the shortest answer takes.
    """
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            pass  # whoever is told of this has been told by `main`
    os._exit(code)


def _run(words: list[str]) -> int:
    verb = words.pop(0) if words and not words[0].startswith("-") else ""
    if verb not in VERBS:
        verbs = " ".join(filter(None, VERBS))
        raise UsageError(f"unknown verb {errors.escape(verb)!r}; verbs are {verbs}")
    if not verb and words == ["--version"]:
        from fastsock import __version__

        answer.Answer(parse_command_line("", (), ())).write(f"fastsock {__version__}\n")
        return answer.ANSWERED
    group = load_group(verb)
    if VERBS[verb] == "faces":  # their words are the other tool's
        code: int = group.run_face(verb, words)
        return code
    options = parse_command_line(verb, group.FLAGS.get(verb, ()), words)
    reply = answer.Answer(options)
    if options.on("help"):
        from fastsock.cli.usage import render_usage

        reply.write(render_usage(verb, group.FLAGS.get(verb, ())))
        return answer.ANSWERED
    if options.positional and verb in WITHOUT_WORDS:
        raise UsageError(_no_place_for(options.positional[0], verb))
    code = group.RUN[verb](options, reply)
    return code


def load_group(verb: str) -> Any:
    """Import the group of a verb: its module has FLAGS and RUN by verb."""
    return __import__(f"fastsock.cli.{VERBS[verb]}", fromlist=["RUN"])


def _no_place_for(word: str, verb: str) -> str:
    if not verb and word in VERBS:
        return f"the verb comes first: fastsock {word} …"
    return f"{errors.escape(word)!r} has no place here, see --help"


def _fail(error: object, code: int) -> int:
    line = str(error)
    # What others wrote is escaped by who raised it; what was typed here may still break the line.
    answer.complain(line if line.isprintable() else errors.escape(line))
    return code


def _take_the_place_of_stdout() -> None:
    """Hold descriptor 1, or the first file that we open would be what children call stdout."""
    if os.open(os.devnull, os.O_RDWR) == 0:  # stdin was closed as well
        os.open(os.devnull, os.O_RDWR)
