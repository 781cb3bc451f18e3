"""The verb halfopen: connections that the two ends do not agree about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from fastsock import render
from fastsock.cli.answer import FINDING, Answer
from fastsock.cli.flags import Flag, Options, UsageError, parse_netns, parse_seconds
from fastsock.cli.owners import text_missing, text_owners
from fastsock.cli.rows import parse_limit
from fastsock.cli.snapshot import load_snapshots
from fastsock.cli.usage import ASKED
from fastsock.diagnose.addresses import text_end
from fastsock.diagnose.halfopen import PAUSE, QUEUES, Finding, Group, HalfOpen, halfopen
from fastsock.errors import FastsockError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


FLAGS = {
    "halfopen": (
        Flag("--live", "live", "this host now, twice: loopback, and what --netns names"),
        Flag(
            "--pause",
            "pause",
            f"with --live: seconds between the two looks ({PAUSE:g})",
            parse=parse_seconds,
            metavar="S",
            repeats=False,
        ),
        Flag("--check", "check", "exit 5 when something lasting, or seen once, is found"),
        Flag(
            "--limit",
            "limit",
            "no more than N connections are listed (20; with --json and --jsonl all)",
            parse=parse_limit,
            metavar="N",
            repeats=False,
        ),
    ),
}

_SHOWN_CONNECTIONS = 20
_SHOWN_GROUPS = 10
_SHOWN_ADDRESSES = 5

_TITLES = {
    "absent": "half open",
    "syn_recv": "half open",
    "unaccepted": "not accepted",
    "unclosed": "to be closed",
    "tx_queue": "not sent",
    "rx_queue": "not read",
    "retransmits": "retransmits",
}


def run(options: Options, answer: Answer) -> int:
    """Compare the snapshots that are named, or this host with itself."""
    found = find(options)
    limit: int | None = options.last("limit")
    if options.on("json"):
        answer.write(document(answer, found, limit))
    elif options.on("jsonl"):
        rows = found.found_connections if limit is None else min(limit, found.found_connections)
        lines = (_line(one).encode("utf-8", "backslashreplace") for one in islice(found, limit))
        answer.write(lines, answer.end(rows, found))
    else:
        answer.write(text(found, _SHOWN_CONNECTIONS if limit is None else limit))
    code = answer.code(found)
    return FINDING if not code and options.on("check") and found.found else code


RUN: dict[str, Callable[[Options, Answer], int]] = {"halfopen": run}


def find(options: Options) -> HalfOpen:
    """Return the answer to a command line; UsageError where that makes no sense."""
    for flag in options.selections():
        if flag.keyword not in ASKED:
            raise UsageError(
                f"halfopen compares whole tables: {flag.names[-1]} would hide the other ends"
            )
    where = options.question()
    if options.on("live"):
        if options.positional:
            raise UsageError("--live takes no snapshots: it looks at this host")
        netns = where.get("netns")
        if isinstance(netns, str) and "," in netns:
            where["netns"] = [one for part in netns.split(",") for one in parse_netns(part)]
        return halfopen(live=True, pause=options.last("pause", PAUSE), **where)
    if where or options.on("pause"):
        raise UsageError("--netns, --engine, --procfs and --pause are for --live")
    if not options.positional:
        raise UsageError("halfopen needs the snapshots of a client and a server, or --live")
    try:
        return halfopen(load_snapshots(options.positional))
    except ValueError as error:  # taken without TCP, all of them
        if isinstance(error, FastsockError):
            raise
        raise UsageError(str(error)) from None


# --------------------------------------------------------------------------------------------- JSON


def _line(finding: Finding) -> str:
    return render.dump_json(finding.as_dict()) + "\n"


def document(answer: Answer, found: HalfOpen, limit: int | None) -> Iterator[bytes]:
    """Yield one JSON document: the numbers, and each connection as `findings`."""
    head = render.dump_json({**answer.head(found), **found.as_dict()})[:-1]
    yield f'{head},"findings":[\n'.encode("utf-8", "backslashreplace")
    between = b""
    for finding in islice(found, limit):
        yield between + render.dump_json(finding.as_dict()).encode("utf-8", "backslashreplace")
        between = b",\n"
    yield b"\n]}\n" if between else b"]}\n"


# ------------------------------------------------------------------------------------------ as text


def text(found: HalfOpen, limit: int) -> str:
    """Return what was found, pair by pair, then the connections, then what bounds the answer."""
    blocks = [shared] if (shared := listeners_text(found)) else []
    with_findings = [group for group in found.groups if group.found or group.translated]
    blocks += [group_text(group) for group in with_findings[:_SHOWN_GROUPS]]
    if with_findings[_SHOWN_GROUPS:]:
        left = with_findings[_SHOWN_GROUPS:]
        number = sum(group.found for group in left)
        blocks.append(f"{len(left)} more pairs with {number} findings: --json has them all\n")
    if queues := queues_text(found):
        blocks.append(queues)
    if not found.found_connections:
        blocks.append(f"nothing found: {found.connections} connections have both ends\n")
    elif limit:
        blocks.append(list_text(found, limit))
    if bounds := bounds_text(found):
        blocks.append(bounds)
    return "\n".join(blocks)


def listeners_text(found: HalfOpen) -> str:
    """Return a line for each server's end that has findings with several clients' addresses."""
    shown = [one for one in found.listeners if one.peers > 1 and one.found]
    lines = [
        f"server {text_end(one.server_address, one.server_port)} ({one.server.name}), "
        f"{one.peers} clients: {one.verdict}"
        for one in shown[:_SHOWN_GROUPS]
    ]
    return "".join(f"{line}\n" for line in lines)


def group_text(group: Group) -> str:
    """Return a pair's lines: who, the verdict, each number, what speaks against it."""
    server = text_end(group.server_address, group.server_port)
    owners = text_owners(group.owners)
    listener = f", {owners}" if owners else ("" if group.listening else ", nothing listens there")
    numbers = group.numbers
    lines = [
        f"client {group.client_address} ({group.client.name}), "
        f"server {server} ({group.server.name}{listener})",
        f"  {group.verdict}",
    ]
    lasting = group.lasting
    told = {
        "absent": (
            (numbers["absent_at_server"], "established at the client, absent at the server"),
            (numbers["absent_at_client"], "established at the server, absent at the client"),
        ),
        "syn_recv": ((numbers["syn_recv"], "established at the one end, SYN_RECV at the other"),),
        "unaccepted": (
            (numbers["unaccepted"], "established, and wait there to be accepted: nobody has them"),
        ),
        "unclosed": (
            (numbers["server_unclosed"], "CLOSE_WAIT at the server, which has to close them"),
            (numbers["client_unclosed"], "CLOSE_WAIT at the client, which has to close them"),
        ),
    }
    for kind, parts in told.items():
        shown = [(number, meaning) for number, meaning in parts if number]
        lines += [f"  {number} {meaning}" for number, meaning in shown]
        if shown:
            lines[-1] += "; " + text_lasting(lasting[kind])
    if group.translated:
        lines.append(
            f"  {group.translated} have no other end, but one like it with another address or port:"
            " NAT?"
        )
    lines += [f"  but {doubt}" for doubt in group.doubts]
    return "\n".join(lines) + "\n"


def text_lasting(number: int | None) -> str:
    """Return how many were so in both snapshots of each side."""
    return "seen once" if number is None else f"{number} lasting"


def queues_text(found: HalfOpen) -> str:
    """Return how many queues do not drain."""
    meanings = {
        "tx_queue": "data to send that does not get less",
        "rx_queue": "received data that nobody reads",
        "retransmits": "more retransmissions than before",
    }
    lines = [
        f"{render.text_number(found.counts[kind], 'socket')}: {meanings[kind]} ({kind})"
        for kind in QUEUES
        if found.counts[kind]
    ]
    if found.counts["tx_queue"] or found.counts["rx_queue"]:
        lines.append("  a connection that was busy at both moments looks the same")
    return "\n".join(lines) + "\n" if lines else ""


def list_text(found: HalfOpen, limit: int) -> str:
    """Return a line for each connection, and how many are left out."""
    rows = [cells(finding) for finding in islice(found, limit)]
    headings = ("FOUND", "SEEN", "HERE", "LOCAL", "REMOTE", "THERE", "RX", "TX", "OWNERS")
    grid = render.render_grid(headings, rows, (6, 7))
    left = found.found_connections - len(rows)
    return grid + (f"… {left} more: --limit {found.found_connections}\n" if left > 0 else "")


def cells(finding: Finding) -> list[str]:
    """Return the cells of one connection."""
    here, there = finding.here, finding.there
    if there is not None:
        other = f"{there.state!s}"
        if finding.kind == "unaccepted":
            other += " queued"
    elif finding.kind in QUEUES and finding.other_side is None:
        other = "?"
    else:
        other = "absent"
    seen = {None: "once", True: "lasting", False: "new"}[finding.lasting]
    holders = text_owners(here.owners or ()) or text_missing(here)
    return [
        _TITLES[finding.kind],
        seen,
        f"{here.state!s}",
        text_end(here.local_address, here.local_port),
        text_end(here.remote_address, here.remote_port),
        other,
        text_change(finding, "rx_queue"),
        text_change(finding, "tx_queue"),
        holders,
    ]


def text_change(finding: Finding, name: str) -> str:
    """Return a queue's length, and what it was before where that is the finding."""
    now = getattr(finding.here, name)
    if finding.before is None:
        return str(now)
    return f"{getattr(finding.before, name)}>{now}"


def bounds_text(found: HalfOpen) -> str:
    """Return what cannot be judged, and what else bounds the answer."""
    lines = []
    if found.not_covered:
        lines.append(
            f"not covered: {between(found.not_covered)} that no snapshot has as its own: "
            + most(found.not_covered)
        )
    if found.several:
        lines.append(
            f"not judged: {between(found.several)} that several sides have: " + most(found.several)
        )
    if found.translated:
        lines.append(
            f"not judged: {found.translated} connections that address translation may show under "
            "another address or port"
        )
    if not found.judges_queues:
        lines.append("not judged: queues that do not drain take two snapshots of a side")
    return "".join(f"{line}\n" for line in (*lines, *found.notes))


def between(counted: dict[str, int]) -> str:
    """Return how many connections there are with how many addresses."""
    connections = render.text_number(sum(counted.values()), "connection")
    return f"{connections} with {render.text_number(len(counted), 'address')}"


def most(counted: dict[str, Any]) -> str:
    """Return the first addresses with their numbers."""
    shown = [f"{address} {number}" for address, number in islice(counted.items(), _SHOWN_ADDRESSES)]
    more = len(counted) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
