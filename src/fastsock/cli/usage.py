"""The help texts, from the table of flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastsock.cli.flags import ANSWER, SELECTION, Flag

_SYNOPSES = {
    "": """\
fastsock [FLAGS]                   this host at a glance
fastsock count [FLAGS] [EXPR]      how many sockets, by state or by what --by names
fastsock list [FLAGS] [EXPR]       the sockets
fastsock listeners [FLAGS] [EXPR]  what listens, how much waits to be accepted, who owns it
fastsock who :80 [FLAGS]           who has this port, or ADDRESS:PORT
fastsock engines [FLAGS]           what can read sockets here, and why not
fastsock bpf pin|unpin|status      let others than root see all owners
fastsock ss|lsof|netstat …         what that tool answers to its own command line
""",
    "count": """\
fastsock count [FLAGS] [EXPR]: how many sockets, by state; the last line is always
established=N listen=N other=N
""",
    "list": "fastsock list [FLAGS] [EXPR]: the sockets, one a line\n",
    "listeners": "fastsock listeners [FLAGS] [EXPR]: what listens, how much waits, who owns it\n",
    "who": "fastsock who :PORT|ADDRESS:PORT [FLAGS]: who has this end\n",
    "engines": "fastsock engines [FLAGS]: what can read sockets here, and why not\n",
    "bpf": """\
fastsock bpf pin [--group G] [--path DIR] [--program]   keep the BPF program for others to read
fastsock bpf unpin [--path DIR]                         take it away
fastsock bpf status [--path DIR]                        what is pinned, and who may use it
A reader sees the sockets and descriptors of all processes in its pid namespace, whoever owns them.
""",
}

_EXAMPLES = {
    "": (
        "fastsock count -p 3921 --port 5000",
        "fastsock list -O --state close-wait",
        "kill $(fastsock who :8080 --pids)",
    ),
    "count": (
        "fastsock count -p 3921 --port 5000",
        "fastsock count --by command,state",
        "fastsock count --others -c nginx",
        "fastsock count inbound and not src 127.0.0.0/8",
    ),
    "list": (
        "fastsock list -tu --address 10.0.0.0/8",
        "fastsock list 'state established and ( dport = :443 or dst 10.0.0.0/8 )'",
        "fastsock list -O --sort -rx_queue --limit 20",
        "fastsock list --columns state,remote_address,uid --jsonl",
    ),
    "listeners": ("fastsock listeners --port 8000-8999", "fastsock listeners -u"),
    "who": ("fastsock who :80", "fastsock who [::1]:443 --pids"),
    "engines": ("fastsock engines --json",),
    "bpf": (
        "fastsock bpf pin --group netops",
        "fastsock bpf pin --group netops --program --path /run/fastsock",
        "fastsock bpf status --json",
    ),
}

# Verbs about something else than sockets.
_WITHOUT_SELECTION = frozenset(("bpf",))

_WITH_EXPRESSION = frozenset(("count", "list", "listeners"))

_EXPRESSIONS = """\
EXPR, after the flags: ss's filter language, and more. Terms:
  state|exclude STATE,…|connected|synchronized|bucket|big   dport sport port [OP] PORT,N-M,NAME
  dst src address [=|!=] [inet:|inet6:|unix:]ADDR[/BITS][:PORT],…   protocol family pid uid inode
  netns rx_queue tx_queue [OP] N,…   command container dev fwmark cgroup [=|!=] …
  autobound listening inbound outbound
OP: = != > < >= <= or eq ne gt lt ge le. Joined by and, or, not and ( ); and and or bind alike,
from the left.
"""

_CODES = """\
Commas and repetitions are alternatives, different flags must all hold. -n and -a are so already.
Exit: 0 answered; 1 nothing matched, no such process; 2 bad usage or input; 3 the named engine is
not available; 4 what was named is hidden, or --strict and incomplete.
"""


_PIN_CODES = """\
FASTSOCK_BPF_PATH names another directory for those who read, and for status.
Exit: 0 done, for status: something is pinned; 1 nothing is pinned there; 2 bad usage, or a path
that no pin can have; 3 it cannot be had here, with the reason and the command that helps.
"""


def render_usage(verb: str, own: Sequence[Flag]) -> str:
    """Return the help of a verb; the empty one is the bare command."""
    parts = [_SYNOPSES[verb], "Examples:\n" + "".join(f"  {line}\n" for line in _EXAMPLES[verb])]
    if own:
        parts.append("Flags of this verb:\n" + _lines(own))
    selects = verb not in _WITHOUT_SELECTION
    if selects:
        parts.append("Which sockets:\n" + _lines(SELECTION))
    if verb in _WITH_EXPRESSION:
        parts.append(_EXPRESSIONS)
    version = () if verb else (Flag("--version", "", "the version"),)
    parts.append("The answer:\n" + _lines((*ANSWER, *version)))
    return "\n".join((*parts, _CODES if selects else _PIN_CODES))


def _lines(flags: Iterable[Flag]) -> str:
    shown = [
        (", ".join(flag.names) + (f" {flag.metavar}" if flag.metavar else ""), flag.help)
        for flag in flags
    ]
    width = max(len(names) for names, _ in shown)
    return "".join(f"  {names.ljust(width)}  {help}\n" for names, help in shown)
