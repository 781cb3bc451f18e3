"""The verb completion: what makes bash, zsh or fish complete the command, from its own tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fastsock import tcp
from fastsock.cli import VERBS, load_group
from fastsock.cli.answer import ANSWERED, Answer
from fastsock.cli.flags import Flag, Options, UsageError
from fastsock.cli.usage import SYNOPSES, flag_groups

FLAGS: dict[str, tuple[Flag, ...]] = {}


def run(options: Options, answer: Answer) -> int:
    """Write the text for a shell."""
    if len(options.positional) != 1 or options.positional[0] not in SHELLS:
        raise UsageError("completion takes one of " + " ".join(SHELLS))
    if options.values:
        raise UsageError("completion takes no flags")
    answer.write(SHELLS[options.positional[0]]())
    return ANSWERED


RUN: dict[str, Callable[[Options, Answer], int]] = {"completion": run}


# ----------------------------------------------------------------------------- what there is to say


def flags_of(verb: str) -> list[Flag]:
    """Return the flags of a verb; none of one that takes another tool's command line."""
    if verb not in SYNOPSES:
        return []
    own: Sequence[Flag] = getattr(load_group(verb), "FLAGS", {}).get(verb, ())
    return [flag for flags in flag_groups(verb, own).values() for flag in flags]


def verbs() -> list[str]:
    """Return the verbs in the order of the help."""
    return [verb for verb in VERBS if verb]


def help_of(verb: str) -> str:
    """Return what a verb is about, in the words of the first lines of the help."""
    for line in SYNOPSES[""].splitlines():
        if line.split()[1:2] == [verb]:
            return line[30:].strip().partition(";")[0]
    return ""


def values_of(flag: Flag) -> list[str]:
    """Return the words that a flag's value may be; [] where there is no list of them."""
    makers: dict[str, Callable[[], Iterable[str]]] = {
        "state": lambda: [state.name.lower().replace("_", "-") for state in tcp.State] + ["other"],
        "engine": _engines,
        "netns": lambda: ["all", "own"],
        "by": _keys,
        "owner_key": _owner_keys,
        "print": _deployment,
        "grouping": _groupings,
        "columns": _columns,
        "sort": _columns,
        "fields": _fields,
        "keys": _flow_keys,
        "order": _flow_orders,
    }
    return list(makers[flag.keyword]()) if flag.keyword in makers else []


def words_of(verb: str) -> list[str]:
    """Return the words that are a verb's own, beside flags."""
    makers: dict[str, Callable[[], Iterable[str]]] = {"bpf": _actions, "completion": lambda: SHELLS}
    return list(makers[verb]()) if verb in makers else []


# Verbs whose words are files.
WITH_FILES = frozenset(("snapshot", "diff", "leaks", "halfopen"))


def _actions() -> Iterable[str]:
    from fastsock.cli.pins import ACTIONS

    return ACTIONS


def _engines() -> Iterable[str]:
    from fastsock.engines import ENGINES

    return ENGINES


def _groupings() -> Iterable[str]:
    from fastsock.top.sampling import GROUPINGS

    return GROUPINGS


def _keys() -> Iterable[str]:
    from fastsock.table import GROUP_KEYS

    return GROUP_KEYS


def _owner_keys() -> Iterable[str]:
    from fastsock.exporter.look import OWNER_KEYS

    return OWNER_KEYS


def _deployment() -> Iterable[str]:
    from fastsock.exporter.deployment import FILES

    return FILES


def _columns() -> Iterable[str]:
    from fastsock.render import COLUMNS

    return COLUMNS


def _fields() -> Iterable[str]:
    from fastsock.columns import OPTIONAL_NAMES

    return OPTIONAL_NAMES


def _flow_keys() -> Iterable[str]:
    from fastsock.folding import FLOW_KEYS

    return FLOW_KEYS


def _flow_orders() -> Iterable[str]:
    from fastsock.folding import ORDERS

    return ORDERS


# What is to be looked up when it is asked for.
_DIRECTORIES, _PIDS, _COMMANDS = "directories", "pids", "commands"


def source_of(flag: Flag) -> str:
    """Return where a shell finds values: directories, pids, commands, or "" for nowhere."""
    if flag.metavar == "DIR":
        return _DIRECTORIES
    return {"pid": _PIDS, "command": _COMMANDS}.get(flag.keyword, "")


# --------------------------------------------------------------------------------------------- bash

_BASH_SOURCES = {
    _DIRECTORIES: 'mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return',
    _PIDS: "words=$(cd /proc && printf '%s ' [0-9]*)",
    _COMMANDS: r"words=$(cat /proc/[0-9]*/comm 2>/dev/null | grep -x '[[:alnum:]_.-]*' | sort -u)",
}

# In front of the verb's flags.
_BASH_FILES = (
    """if [[ $cur != -* ]]; then mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; fi;"""
)

_BASH = r"""# bash completion for fastsock; made by: fastsock completion bash

_fastsock() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local verb='' words='' head=''
    COMPREPLY=()
    # "=" is a word of its own: --state=est is three.
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD > 1)); then
        case ${COMP_WORDS[1]} in
            @VERBS@) verb=${COMP_WORDS[1]} ;;
        esac
    fi
    case $verb:$prev in
@VALUES@    esac
    if [[ -z $words ]]; then
        case $verb in
@FLAGS@        esac
        if ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then
            words='@ALL@'
        fi
    elif [[ $cur == *,* ]]; then
        # Commas are alternatives: what stands before the last is kept.
        head=${cur%,*},
        cur=${cur##*,}
    fi
    mapfile -t COMPREPLY < <(compgen -P "$head" -W "$words" -- "$cur")
}

complete -F _fastsock fastsock
"""


def render_bash() -> str:
    """Return the completion for bash 4 and later."""
    values: list[str] = []
    flags: list[str] = []
    for verb in ["", *verbs()]:
        names = []
        for flag in flags_of(verb):
            names += flag.names
            if flag.parse is None:
                continue
            patterns = " | ".join(f"{verb}:{name}" for name in flag.names)
            source = source_of(flag)
            action = "return"  # a value that nobody can guess
            if source:
                action = _BASH_SOURCES[source]
            elif found := values_of(flag):
                action = f"words='{' '.join(found)}'"
            values.append(f"        {patterns}) {action} ;;\n")
        if verb == "process":
            values.append(f"        process:process) {_BASH_SOURCES[_COMMANDS]} ;;\n")
        words = " ".join((*words_of(verb), *names))
        if verb in WITH_FILES:
            flags.append(f"            '{verb}') {_BASH_FILES} words='{words}' ;;\n")
        elif words:
            flags.append(f"            '{verb}') words='{words}' ;;\n")
    return (
        _BASH.replace("@VERBS@", " | ".join(verbs()))
        .replace("@VALUES@", "".join(values))
        .replace("@FLAGS@", "".join(flags))
        .replace("@ALL@", " ".join(verbs()))
    )


# ---------------------------------------------------------------------------------------------- zsh

_ZSH_SOURCES = {
    _DIRECTORIES: "_files -/",
    _PIDS: "_pids",
    _COMMANDS: "_process_names",
}

_ZSH_HEAD = """\
#compdef fastsock
# zsh completion for fastsock; made by: fastsock completion zsh

_fastsock() {
    local curcontext=$curcontext state line
    local -a verbs
    verbs=(
"""


def render_zsh() -> str:
    """Return the completion for zsh, to be called _fastsock in a directory of $fpath."""
    text = _ZSH_HEAD
    for verb in verbs():
        text += f"        {_quote(f'{verb}:{help_of(verb)}')}\n"
    text += "    )\n    if ((CURRENT == 2)) && [[ ${words[2]} != -* ]]; then\n"
    text += "        _describe verb verbs\n        return\n    fi\n    case ${words[2]} in\n"
    for verb in [*verbs(), ""]:
        specs = [spec for flag in flags_of(verb) for spec in _zsh_specs(flag)]
        if verb == "process":
            specs.append("1:process:_process_names")
        if verb in WITH_FILES:
            specs.append("*:file:_files")
        if found := words_of(verb):
            specs.append(f"1:word:({' '.join(found)})")
        if not specs:
            continue
        lines = "".join(f" \\\n            {_quote(spec)}" for spec in specs)
        if verb:
            lines = "shift words; ((CURRENT--)); _arguments -s" + lines
        else:
            lines = "_arguments -s" + lines
        text += f"        {verb or '*'})\n            {lines} ;;\n"
    return text + '    esac\n}\n\n_fastsock "$@"\n'


def _zsh_specs(flag: Flag) -> list[str]:
    """Return what _arguments takes for each name of a flag."""
    help = flag.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    message = flag.metavar.replace(":", "\\:")
    if flag.parse is None:
        tail = ""
    elif source := source_of(flag):
        tail = f":{message}:{_ZSH_SOURCES[source]}"
    elif found := values_of(flag):
        sequence = "_sequence compadd -" if flag.repeats else "compadd -"
        tail = f":{message}:{sequence} {' '.join(found)}"
    else:
        tail = f":{message}: "
    # "*": it may be given again. "+": its value may stand in the same word, "=": behind one.
    star = "*" if flag.repeats and flag.parse is not None else ""
    made = []
    for name in flag.names:
        joint = "" if flag.parse is None else "=" if name.startswith("--") else "+"
        made.append(f"{star}{name}{joint}[{help}]{tail}")
    return made


def _quote(text: str) -> str:
    """Return a text as a word of any of these shells but fish."""
    return "'" + text.replace("'", "'\\''") + "'"


# --------------------------------------------------------------------------------------------- fish

_FISH_SOURCES = {
    _DIRECTORIES: "(__fish_complete_directories)",
    _PIDS: "(__fish_complete_pids)",
    _COMMANDS: "(cat /proc/*/comm 2>/dev/null | sort -u)",
}


def render_fish() -> str:
    """Return the completion for fish."""
    lines = [
        "# fish completion for fastsock; made by: fastsock completion fish",
        "complete -c fastsock -f",
    ]
    none = "not __fish_seen_subcommand_from " + " ".join(verbs())
    lines += [
        f"complete -c fastsock -n {_quote_fish(none)} -a {verb} -d {_quote_fish(help_of(verb))}"
        for verb in verbs()
    ]
    for verb in ["", *verbs()]:
        when = f"__fish_seen_subcommand_from {verb}" if verb else none
        start = f"complete -c fastsock -n {_quote_fish(when)}"
        lines += [f"{start} {_fish_flag(flag)}" for flag in flags_of(verb)]
        if found := words_of(verb):
            lines.append(f"{start} -a {_quote_fish(' '.join(found))}")
        if verb in WITH_FILES:
            lines.append(f"{start} -F")
        if verb == "process":
            lines.append(f"{start} -a {_quote_fish(_FISH_SOURCES[_COMMANDS])}")
    return "\n".join(lines) + "\n"


def _fish_flag(flag: Flag) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names]
    made = " ".join((*names, f"-d {_quote_fish(flag.help)}"))
    if flag.parse is None:
        return made
    if source := source_of(flag):
        return f"{made} -x -a {_quote_fish(_FISH_SOURCES[source])}"
    found = values_of(flag)
    return f"{made} -x -a {_quote_fish(' '.join(found))}" if found else f"{made} -x"


def _quote_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: dict[str, Callable[[], str]] = {
    "bash": render_bash,
    "zsh": render_zsh,
    "fish": render_fish,
}
