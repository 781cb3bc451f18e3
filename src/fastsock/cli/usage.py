"""The help texts, from the table of flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastsock.cli.flags import ANSWER, SELECTION, Flag

SYNOPSES = {
    "": """\
fastsock [FLAGS]              this host at a glance
fastsock count [FLAGS] [EXPR] how many sockets, by state or by what --by names
fastsock list [FLAGS] [EXPR]  the sockets
fastsock listeners [FLAGS]    what listens, from where it is reached, how much waits, who owns it
fastsock who :80 [FLAGS]      who has this port, ADDRESS:PORT or inode:N, and what goes on there
fastsock process PID|NAME     what it is, its sockets by state, what it listens on and writes to
fastsock flows [FLAGS] [EXPR] who talks to which of our services, and to whom we talk
fastsock wait [FLAGS] [EXPR]  until a port listens, connections have drained, there are so many
fastsock top [FLAGS] [EXPR]   all this while it changes, on the terminal
fastsock backlog [FLAGS]      is a listener's queue full, are SYN cookies sent, and what to change
fastsock snapshot FILE|-      all sockets, owners and counters into a file; for later
fastsock diff BEFORE AFTER    what changed between two snapshots: what a run left behind
fastsock leaks [-- CMD]       what leaks while one watches: CLOSE_WAIT, sockets, descriptors, ports
fastsock halfopen FILE FILE…  what the two ends of connections do not agree about
fastsock exporter [FLAGS]     metrics for Prometheus: states, queues, drops, ports in use
fastsock engines [FLAGS]      what can read sockets here, and why not
fastsock bpf pin|unpin|status let others than root see all owners
fastsock completion SHELL     what makes bash, zsh or fish complete all this
fastsock man                  the manual page, for man -l -
fastsock ss …                 what ss answers to its own command line
fastsock lsof …               what lsof answers
fastsock netstat …            what netstat answers
""",
    "count": """\
fastsock count [FLAGS] [EXPR]: how many sockets, by state; the last line is always
established=N listen=N other=N
""",
    "list": "fastsock list [FLAGS] [EXPR]: the sockets, one a line\n",
    "listeners": """\
fastsock listeners [FLAGS] [EXPR]: what listens, from where it is reached, who owns it
QUEUE is how many connections wait to be accepted and how many may; +N: so many more processes.
""",
    "who": """\
fastsock who :PORT|ADDRESS:PORT|inode:N|socket:[N] [FLAGS]: who has this end
What listens there in full, children below their parents; connections by process and state. --pids
are those of who listens, or where nobody does, of whose sockets are bound there.
""",
    "process": """\
fastsock process PID|NAME [FLAGS]: what it is, its sockets by state (the flags select), what it
listens on, and the regular files that it has open for writing, the largest first
""",
    "flows": """\
fastsock flows [FLAGS] [EXPR]: connections folded by direction, service port and peer, or by KEYs
A connection is inbound where its local port is one that its network namespace listens on, and else
outbound; PORT is the service's, at this end or the other. Over loopback both ends are here: each is
a flow of its own. RX and TX are the bytes in the queues of all its connections. The last line has
every connection once.
""",
    "wait": """\
fastsock wait [FLAGS] [EXPR]: until there are so many sockets, at least 1 if nothing is said
Looks at once, then ever less often: in the end every second, or as often as 3 % of a processor
allow. Exit: 0 it is so; 1 time-out, with what was seen last on standard error, or a process that
was named by its PID has ended and the wait is in vain; 4 the process may not be read, or with
--strict not all could be seen. A process that ends has no sockets, which --none waits for. A
command or cgroup that nobody has yet is waited for, but for --none somebody must have had it.
""",
    "top": """\
fastsock top [FLAGS] [EXPR]: states, owners and listeners while they change; ? shows the keys
CHANGE is since the look before, QUEUE what waits to be accepted and how much may; Enter shows one
process and its connections. Where 5 % of a core do not suffice for the interval, looks are further
apart, and owners are looked for less often than sockets. Into a pipe: one frame.
""",
    "backlog": """\
fastsock backlog [FLAGS] [EXPR]: what waits for each listener of TCP, and what is wrong with it
QUEUE is how many connections wait to be accepted and how many may: the kernel refuses above it.
SYN_RECV are handshakes half open, UNACCEPTED the connections that can be seen waiting, DROPS the
packets that this listener dropped since it was made, +N in the interval. The counters below are of
all listeners of a network namespace together. VERDICT: healthy; full: the accept queue is; stuck:
nothing was accepted in the interval; limit: bursts are dropped; flood: the SYN queue is full, or
cookies are sent; unknown: the numbers do not tell. --check finds all but healthy and unknown.
""",
    "snapshot": """\
fastsock snapshot FILE|- [FLAGS]: sockets (TCP's and UDP's, or -t, -u, -x), their owners and
processes, counters and settings, of all network namespaces if --netns names none, as of now. JSON
lines, or Arrow data where FILE ends in .arrows; readable for its owner only, for it names who talks
to whom.
""",
    "diff": """\
fastsock diff BEFORE AFTER [FLAGS]: what changed between two snapshots of this host
Counts by state and by KEY, sockets that are new or gone, listeners that came or went, counters that
grew. --check 'close_wait<=+10' asks for a number: WHAT is a state, other or total; then one of <= <
>= > =; then how many there may be afterwards, or with a sign how many more. command=nginx in front
is about that group, command=* about each of them; any KEY but state will do. Of all protocols that
both snapshots hold, if not -t, -u or -x.
""",
    "leaks": """\
fastsock leaks [FLAGS]            watch this host, or with -p, -c, --cgroup only these processes
fastsock leaks [FLAGS] -- CMD …   watch CMD and what it starts, or what flags name, while it runs
fastsock leaks [FLAGS] FILE FILE… the same of snapshots of one host, in the order of their time
Found are CLOSE_WAIT that stays, sockets that are never closed while others come and go, descriptors
that grow towards RLIMIT_NOFILE, local ports and TIME_WAIT near their limits. One sample tells
nothing; what grows is told from three on. Ctrl-C ends the watch with what is known by then. CMD has
standard input and output; the report goes to standard error when it has ended. The exit code is
CMD's if that is not 0 (128+N of signal N; 126, 127: it cannot be run), else 5 for --check and a
finding.
""",
    "halfopen": """\
fastsock halfopen CLIENT SERVER… [FLAGS]: connections that are established at one end and absent,
SYN_RECV or not accepted at the other, that one end has to close, or whose queues do not drain
CLIENT and SERVER are files of fastsock snapshot; two of a host (before and after) tell what lasts.
fastsock halfopen --live [--netns all]: both ends are on this host
""",
    "exporter": """\
fastsock exporter [FLAGS]: what this host's sockets are, for Prometheus, each time that it asks
Of TCP and UDP, or -t, -u, -x. One look at the host for each scrape; who comes meanwhile shares it.
It needs no privileges but for owners (--by) and for the settings of other network namespaces, and
the prometheus_client package: pip install 'fastsock[exporter]'. SIGTERM, SIGHUP and Ctrl-C end it,
but for those that it was started to ignore: `nohup fastsock exporter &` outlives the terminal.
--by shows who holds sockets to all who can connect, whatever hidepid hides from them.
How many series there are is bounded: 38 for each network namespace (41 with -x), 3 for each
listener, 13 for each group of owners (--top, and four more), and 40 about the exporter.
Exit: 0 told to end; 1 no process has the PID of --netns; 2 bad usage, no such network namespace, an
address that cannot be had, or no prometheus_client; 3 the named engine is not available; 4 the
network namespace may not be read; 130 Ctrl-C.
""",
    "engines": "fastsock engines [FLAGS]: what can read sockets here, and why not\n",
    "bpf": """\
fastsock bpf pin [--group G] [--path DIR] [--program]   keep the BPF program for others to read
fastsock bpf unpin [--path DIR]                         take it away
fastsock bpf status [--path DIR]                        what is pinned, and who may use it
A reader sees the sockets and descriptors of all processes in its pid namespace, whoever owns them.
""",
    "completion": "fastsock completion bash|zsh|fish: what makes a shell complete this command\n",
    "man": "fastsock man: the manual page, as roff\n",
}

EXAMPLES = {
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
    "listeners": (
        "fastsock listeners --port 8000-8999",
        "fastsock listeners -u",
        "fastsock listeners --long -c nginx",
    ),
    "who": ("fastsock who :80", "fastsock who [::1]:443 --pids", "fastsock who inode:48151623"),
    "process": (
        "fastsock process 3921",
        "fastsock process nginx --dir /var/log",
        "fastsock process nginx --port 80 --json",
    ),
    "flows": (
        "fastsock flows --port 443",
        "fastsock flows inbound --by service_port,peer --sort rx_queue",
        "fastsock flows --by direction,service_port,unit --netns all",
        "fastsock flows --state close-wait --by command,peer --json",
    ),
    "wait": (
        "fastsock wait -l --local-port 8080 --timeout 30",
        "fastsock wait --none --local-port 8080 --state established,close-wait --timeout 60",
        "fastsock wait --count '>=100' 'state established dport = :5432'",
        "fastsock wait -l -p 3921 --timeout 10 || journalctl -u app",
    ),
    "top": (
        "fastsock top",
        "fastsock top --by unit --interval 5",
        "fastsock top inbound and not src 127.0.0.0/8",
        "fastsock top --once -c nginx",
    ),
    "backlog": (
        "fastsock backlog --port 443",
        "fastsock backlog --watch 5 -c nginx",
        "fastsock backlog --watch 10 --samples 1 --check --json",
        "fastsock backlog --since before.jsonl",
    ),
    "snapshot": (
        "fastsock snapshot before.jsonl",
        "fastsock snapshot --netns own -tux host.arrows",
        "ssh db1 fastsock snapshot - > db1.jsonl",
    ),
    "diff": (
        "fastsock diff before.jsonl after.jsonl",
        "fastsock diff before.jsonl after.jsonl --by command,state -t",
        "fastsock diff before.jsonl after.jsonl --check 'close_wait<=+10' --check 'listen<=+0'",
        "fastsock diff before.jsonl after.jsonl --check 'command=* total<=+100'",
    ),
    "leaks": (
        "fastsock leaks -c nginx --interval 5 --samples 20",
        "fastsock leaks --check -- ./integration-tests",
        "fastsock leaks -p 3921 --check -- ./load-test",
        "fastsock leaks mon.jsonl tue.jsonl wed.jsonl",
    ),
    "halfopen": (
        "fastsock halfopen web1.jsonl db1.jsonl",
        "fastsock halfopen web1-before web1-after db1-before db1-after --check",
        "fastsock halfopen --live --netns all --json",
    ),
    "exporter": (
        "fastsock exporter",
        "fastsock exporter --netns all --by unit --top 10",
        "fastsock exporter --listen unix:/run/fastsock/metrics",
    ),
    "engines": ("fastsock engines --json",),
    "bpf": (
        "fastsock bpf pin --group netops",
        "fastsock bpf pin --group netops --program --path /run/fastsock",
        "fastsock bpf status --json",
    ),
    "completion": (
        "fastsock completion bash > /usr/share/bash-completion/completions/fastsock",
        "fastsock completion zsh > /usr/local/share/zsh/site-functions/_fastsock",
        "fastsock completion fish > ~/.config/fish/completions/fastsock.fish",
    ),
    "man": ("fastsock man | man -l -", "fastsock man > /usr/local/share/man/man1/fastsock.1"),
}

# Verbs about something else than sockets.
WITHOUT_SELECTION = frozenset(("bpf", "completion", "man"))
# Verbs that write a text for another program, in its form.
TEXTS = frozenset(("completion", "man", "exporter"))

# The selections that say where the kernel is asked; the rest select among what is there.
ASKED = frozenset(("netns", "engine", "procfs"))
HOST_KEYWORDS = ASKED | {"protocol"}
_WHERE = [flag for flag in SELECTION if flag.keyword in ASKED]
_HOST = [flag for flag in SELECTION if flag.keyword in HOST_KEYWORDS]
_AMONG = [flag for flag in SELECTION if flag.keyword not in ASKED]
# Of no use where TCP's and UDP's sockets are followed through all their states.
_STANDING = frozenset(("--state", "-l", "-x"))
_FOLLOWED = [flag for flag in SELECTION if _STANDING.isdisjoint(flag.names)]
# Listeners have no peer, UNIX sockets no ports.
_CONNECTED = [flag for flag in SELECTION if {"-l", "-x"}.isdisjoint(flag.names)]

# The selections that a verb takes, under what they are about; of others that take any, all.
SELECTIONS: dict[str, tuple[str, Sequence[Flag]]] = {
    "flows": ("Which connections", _CONNECTED),
    "snapshot": ("Which host", _HOST),
    "exporter": ("Which host", _HOST),
    "diff": ("Which sockets", _AMONG),
    "leaks": ("Which sockets, of TCP and UDP if nothing is said", _FOLLOWED),
    "halfopen": ("Where, with --live", _WHERE),
}

WITH_EXPRESSION = frozenset(("count", "list", "listeners", "flows", "wait", "top", "backlog"))

EXPRESSIONS = """\
EXPR, after the flags: ss's filter language, and more. Terms:
  state|exclude STATE,…|connected|synchronized|bucket|big   dport sport port [OP] PORT,N-M,NAME
  dst src address [=|!=] [inet:|inet6:|unix:]ADDR[/BITS][:PORT],…   protocol family pid uid inode
  netns rx_queue tx_queue [OP] N,…   command container dev fwmark cgroup [=|!=] …
  autobound listening inbound outbound
OP: = != > < >= <= or eq ne gt lt ge le. Joined by and, or, not and ( ); and and or bind alike,
from the left.
"""

CODES = """\
Commas and repetitions are alternatives, different flags must all hold. -n and -a are so already.
Exit: 0 answered; 1 nothing matched, no such process; 2 bad usage or input; 3 the named engine is
not available; 4 what was named is hidden, or --strict and incomplete; 5 --check and a finding.
"""


PIN_CODES = """\
FASTSOCK_BPF_PATH names another directory for those who read, and for status.
Exit: 0 done, for status: something is pinned; 1 nothing is pinned there; 2 bad usage, or a path
that no pin can have; 3 it cannot be had here, with the reason and the command that helps.
"""


def flag_groups(verb: str, own: Sequence[Flag]) -> dict[str, Sequence[Flag]]:
    """Return the flags of a verb under what they are about."""
    groups: dict[str, Sequence[Flag]] = {}
    if own:
        groups["Flags of this verb"] = own
    if verb not in WITHOUT_SELECTION:
        about, selection = SELECTIONS.get(verb, ("Which sockets", SELECTION))
        groups[about] = selection
    version = () if verb else (Flag("--version", "", "the version"),)
    answer = [flag for flag in ANSWER if flag.keyword == "help" or verb not in TEXTS]
    groups["The answer"] = (*answer, *version)
    return groups


def render_usage(verb: str, own: Sequence[Flag]) -> str:
    """Return the help of a verb; the empty one is the bare command."""
    parts = [SYNOPSES[verb], "Examples:\n" + "".join(f"  {line}\n" for line in EXAMPLES[verb])]
    parts += [f"{about}:\n{_lines(flags)}" for about, flags in flag_groups(verb, own).items()]
    if verb in WITH_EXPRESSION:
        parts.append(EXPRESSIONS)
    if verb not in TEXTS:
        parts.append(PIN_CODES if verb in WITHOUT_SELECTION else CODES)
    return "\n".join(parts)


def _lines(flags: Iterable[Flag]) -> str:
    shown = [
        (", ".join(flag.names) + (f" {flag.metavar}" if flag.metavar else ""), flag.help)
        for flag in flags
    ]
    width = max(len(names) for names, _ in shown)
    return "".join(f"  {names.ljust(width)}  {help}\n" for names, help in shown)
