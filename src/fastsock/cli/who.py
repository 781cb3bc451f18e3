"""The verb who: who has a port, an address or an inode, and what goes on there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastsock import render
from fastsock.cli.answer import Answer
from fastsock.cli.flags import NO_HEADER, PIDS, Flag, Options, UsageError, parse_number
from fastsock.cli.listeners import block, document, fold, place, text_user
from fastsock.services import REACH_FIELDS, describe
from fastsock.table import OwnerState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.table import Groups, SocketTable

FLAGS = {
    "who": (
        Flag("-a --all", "each", "each connection, not how many of each process"),
        NO_HEADER,
        PIDS,
    ),
}

_COLUMNS = ("protocol", "state", "rx_queue", "tx_queue", "local", "remote", "owners")


def run(options: Options, answer: Answer) -> int:
    """Everything at one local end: what listens in full, connections by process."""
    from fastsock.conductor import split_listening, who

    if len(options.positional) != 1:
        raise UsageError("who needs one :PORT, ADDRESS:PORT or inode:N")
    end = parse_end(options.positional[0])
    question = options.question()
    if "inode" in end:  # of whatever protocol: nobody knows by the number
        question.setdefault("protocol", ("tcp", "udp", "unix"))
    # who() has these names for the end: as flags they select among what it finds.
    more = {
        name: question.pop(name) for name in ("port", "local_port", "address") if name in question
    }
    # The PIDs are those of who listens; others are asked for only where nobody does.
    found = who(connections=not options.on("pids"), fields=REACH_FIELDS, **end, **question)
    if more:
        found = found.select(**more)
    if options.on("pids"):
        return answer.write_pids(found)
    waiting, others = split_listening(found)
    services = describe(waiting, procfs=question.get("procfs", "/proc"))
    services.sort(key=place)
    if options.on("json"):
        # Where nobody listens the sockets themselves are the answer, as with --all.
        if options.on("each") or not services:
            services += describe(others, details=False)
        folded = connection_dicts(others)
        answer.write(document(answer, found, services, connections=folded))
    elif options.on("jsonl"):
        write_lines(options, answer, found, services, others)
    else:
        write_text(options, answer, services, others)
    if not len(found) and not more:
        hint_at_udp(answer, end, question)
    return answer.code(found, found=len(found) > 0)


RUN: dict[str, Callable[[Options, Answer], int]] = {"who": run}


def parse_end(text: str) -> dict[str, Any]:
    """Return the keywords for `:80`, `127.0.0.1:80`, `[::1]:80`, `80` alone, and `inode:7`.

    A number that is no port is an inode, and so is what stands in the link of a descriptor:
    `socket:[7]`.
    """
    if text.startswith("socket:[") and text.endswith("]"):
        text = f"inode:{text[8:-1]}"
    if text.startswith("inode:"):
        return {"inode": parse_number(text[6:], "socket's inode", 1, 2**64 - 1)}
    if text.isascii() and text.isdigit() and len(text) <= 20 and int(text) > 65535:
        return {"inode": parse_number(text, "socket's inode", 1, 2**64 - 1)}
    address, _, port = text.rpartition(":")
    number = parse_number(port, "port", 0, 65535)
    if not address:
        return {"port": number}
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    elif ":" in address:
        raise UsageError(f"{text!r}: an IPv6 address stands in brackets, as [::1]:80")
    return {"port": number, "address": address}


def write_text(options: Options, answer: Answer, services: list[Any], others: SocketTable) -> None:
    """Write each address that listens, then the connections."""
    blocks = [block(shared) for shared in fold(services)]
    if blocks:
        answer.write("\n".join(blocks), "\n" if len(others) else "")
    if not len(others):
        return
    header = not options.on("no_header")
    if options.on("each"):
        answer.write(render.render_table(others, _COLUMNS, header))
    else:
        answer.write(connection_grid(others, header))


def write_lines(
    options: Options,
    answer: Answer,
    found: SocketTable,
    services: list[Any],
    others: SocketTable,
) -> None:
    """Write the listeners, one a line; then the connections, each or by process."""
    lines = [service.as_dict() for service in services]
    each = options.on("each") or not services
    if not each:
        lines += connection_dicts(others)
    answer.write("".join(render.dump_json(line) + "\n" for line in lines))
    if each:
        answer.write(render.render_json_lines(others))
    answer.write(answer.end(len(lines) + (len(others) if each else 0), found))


def connection_dicts(others: SocketTable) -> list[dict[str, Any]]:
    """Return the connections of each process as JSON: pid and command, and counts by state."""
    return others.count_by("pid", "command").as_dicts() if len(others) else []


def connection_grid(others: SocketTable, header: bool) -> str:
    """Return how many connections each process has in each state, the most first."""
    groups: Groups = others.count_by("pid")
    states = list(groups.total.states)
    by_pid = {process.pid: process for process in others.processes or ()}
    rows = []
    for key, counts in groups.items():
        process = None if isinstance(key, OwnerState) else by_pid.get(key)
        rows.append(
            [
                text_owner(key),
                "-" if process is None else render.text_name(process.command),
                "-" if process is None else text_user(process.uid),
                *(str(counts.states.get(state, 0) or "-") for state in states),
                str(counts.total),
            ]
        )
    headings = ["PID", "COMMAND", "USER", *states, "TOTAL"]
    right = (0, *range(3, len(headings)))
    return render.render_grid(headings if header else (), rows, right)


def text_owner(key: object) -> str:
    """Return a group's PID, or why there is none."""
    return "-" if isinstance(key, OwnerState) and key.name == "none" else str(key)


def hint_at_udp(answer: Answer, end: dict[str, Any], question: dict[str, Any]) -> None:
    """Say so where nobody has a port of TCP and somebody that of UDP."""
    if "protocol" in question or "inode" in end or "state" in question:
        return
    from fastsock.conductor import count

    keywords = {"local_port": end["port"], "protocol": "udp"}
    kept: Iterable[str] = ("procfs", "engine", "netns")
    keywords.update((name, question[name]) for name in kept if name in question)
    bound = count(**keywords).total
    if bound:
        answer.warn(f"nothing of TCP; of UDP there is: fastsock who :{end['port']} -u")
