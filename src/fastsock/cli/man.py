r"""The verb man: the manual page, from the same tables as the help, as roff.

Text becomes roff by man_lines(): `\` is `\e`, a dash that is to be copied `\-`, and no line begins
with a control character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fastsock import __version__
from fastsock.cli import VERBS, load_group
from fastsock.cli.answer import ANSWERED, Answer
from fastsock.cli.flags import Flag, Options, UsageError
from fastsock.cli.usage import (
    CODES,
    EXAMPLES,
    EXPRESSIONS,
    PIN_CODES,
    SYNOPSES,
    flag_groups,
)

FLAGS: dict[str, tuple[Flag, ...]] = {}

_ABOUT = """\
Which sockets this Linux host has, in which state, and who owns them. Without a verb: this host at a
glance. Faces, as fastsock ss, take the other tool's own command line; see its manual page.
"""

_ENVIRONMENT = {
    "FASTSOCK_ENGINE": "the engine to ask where --engine names none",
    "FASTSOCK_BPF_PATH": "the directory of a pin, if not /sys/fs/bpf/fastsock",
}


def run(options: Options, answer: Answer) -> int:
    """Write the page."""
    if options.values:
        raise UsageError("man takes no flags")
    answer.write(render_page())
    return ANSWERED


RUN: dict[str, Callable[[Options, Answer], int]] = {"man": run}


def render_page() -> str:
    """Return the page in the macros of man(7)."""
    verbs = [verb for verb in VERBS if verb in SYNOPSES and verb]
    lines = [
        f'.TH FASTSOCK 1 "" "fastsock {__version__}" "User Commands"',
        *_section("Name"),
        r"fastsock \- sockets of this host, their states and their owners",
        *_section("Synopsis"),
        ".nf",
        *(escape_roff(line) for line in SYNOPSES[""].splitlines()),
        ".fi",
        *_section("Description"),
        *man_lines(_ABOUT),
        *_section("Verbs"),
    ]
    for verb in verbs:
        own: Sequence[Flag] = getattr(load_group(verb), "FLAGS", {}).get(verb, ())
        lines += [f".SS {escape_roff(verb)}", ".nf"]
        lines += [*(escape_roff(line) for line in SYNOPSES[verb].splitlines()), ".fi"]
        lines += flag_lines(own)
        if verb in EXAMPLES:
            lines += [".PP", ".nf", *(escape_roff(f"  {one}") for one in EXAMPLES[verb]), ".fi"]
    for about, flags in flag_groups("", ()).items():
        lines += [*_section(about), *flag_lines(flags)]
    lines += [*_section("Expressions"), ".nf", *man_lines(EXPRESSIONS), ".fi"]
    lines += [*_section("Exit status"), *man_lines(CODES), ".SS bpf", *man_lines(PIN_CODES)]
    lines += _section("Environment")
    for name, meaning in _ENVIRONMENT.items():
        lines += [".TP", rf"\fB{escape_roff(name)}\fR", *man_lines(meaning)]
    lines += [*_section("See also"), ".BR ss (8),", ".BR lsof (8),", ".BR netstat (8)"]
    return "\n".join(lines) + "\n"


def _section(name: str) -> list[str]:
    return [f'.SH "{escape_roff(name.upper())}"']


def flag_lines(flags: Iterable[Flag]) -> list[str]:
    """Return a tagged paragraph for each flag."""
    lines = []
    for flag in flags:
        names = ", ".join(rf"\fB{escape_roff(name)}\fR" for name in flag.names)
        value = rf" \fI{escape_roff(flag.metavar)}\fR" if flag.metavar else ""
        lines += [".TP", names + value, *man_lines(flag.help or "so already")]
    return lines


def man_lines(text: str) -> list[str]:
    """Return running text as lines of roff."""
    return [escape_roff(line) for line in text.splitlines()]


def escape_roff(line: str) -> str:
    """Return a line as it is to be read and copied."""
    made = line.replace("\\", "\\e").replace("-", "\\-").replace("…", "\\&...")
    return f"\\&{made}" if made.startswith((".", "'")) else made
