"""The verb flows: who talks to which of our services, and to whom we talk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from fastsock import render
from fastsock.cli.answer import Answer
from fastsock.cli.count import read_paths_of, show_key
from fastsock.cli.flags import NO_HEADER, Flag, Options, UsageError
from fastsock.cli.rows import parse_limit
from fastsock.folding import FLOW, FLOW_KEYS, ORDERS, Flow, Flows, flows

_SHOWN = 20


def parse_flow_key(text: str) -> Iterable[str]:
    """Return a name that connections can be folded by."""
    if text not in FLOW_KEYS:
        raise UsageError(f"cannot fold by {text!r}; keys are {', '.join(FLOW_KEYS)}")
    return (text,)


def parse_flow_order(text: str) -> Iterable[str]:
    """Return a name that flows can be sorted by."""
    if text not in ORDERS:
        raise UsageError(f"cannot sort by {text!r}; flows are sorted by {', '.join(ORDERS)}")
    return (text,)


FLAGS = {
    "flows": (
        Flag(
            "--by",
            "keys",
            f"folded by these keys ({','.join(FLOW)})",
            parse=parse_flow_key,
            metavar="KEY,…",
        ),
        Flag(
            "--sort",
            "order",
            f"the largest first: by {', '.join(ORDERS)} ({ORDERS[0]})",
            parse=parse_flow_order,
            metavar="ORDER",
            repeats=False,
        ),
        Flag(
            "--limit",
            "limit",
            f"no more than N flows are listed ({_SHOWN}; with --json and --jsonl all)",
            parse=parse_limit,
            metavar="N",
            repeats=False,
        ),
        NO_HEADER,
    )
}


def run(options: Options, answer: Answer) -> int:
    """Fold, cut, write."""
    question = options.question()
    by = tuple(dict.fromkeys(options.all("keys"))) or FLOW
    sort = options.last("order", ORDERS[0])
    found = flows(options.expression(), by=by, sort=sort, **question)
    limit: int | None = options.last("limit")
    if options.on("json"):
        answer.write(document(answer, found, limit))
    elif options.on("jsonl"):
        listed = len(found) if limit is None else min(limit, len(found))
        lines = (_line(flow) + b"\n" for flow in islice(found, limit))
        answer.write(lines, answer.end(listed, found))
    else:
        answer.write(text(found, _SHOWN if limit is None else limit, not options.on("no_header")))
    return answer.code(found, found=bool(found))


RUN: dict[str, Callable[[Options, Answer], int]] = {"flows": run}


def _line(flow: Flow) -> bytes:
    return render.dump_json(flow.as_dict()).encode("utf-8", "backslashreplace")


def document(answer: Answer, found: Flows, limit: int | None) -> Iterator[bytes]:
    """Yield one JSON document: the numbers, and each flow as `flows`."""
    head = render.dump_json({**answer.head(found), **found.as_dict()})[:-1]
    yield f'{head},"flows":[\n'.encode("utf-8", "backslashreplace")
    between = b""
    for flow in islice(found, limit):
        yield between + _line(flow)
        between = b",\n"
    yield b"\n]}\n" if between else b"]}\n"


# ------------------------------------------------------------------------------------------ as text

_TITLES = {"service_port": "PORT"}  # elsewhere they are called what they are
_NUMBERS = ("established", "other", "total", "rx_queue", "tx_queue")
_QUEUES = {"rx_queue": "RX", "tx_queue": "TX"}


def text(found: Flows, limit: int, header: bool) -> str:
    """Return one line a flow, how many are left out, and how many connections there are."""
    shown = found[:limit]
    numbers = _NUMBERS if "state" not in found.by else _NUMBERS[2:]
    headings = [_TITLES.get(key, key.upper()) for key in found.by]
    headings += [_QUEUES.get(name, name.upper()) for name in numbers]
    right = list(range(len(found.by), len(headings)))
    if "service_port" in found.by:
        right.append(found.by.index("service_port"))
    lines = ""
    if shown or header:
        rows = cells(found.by, shown, numbers)
        lines = render.render_grid(headings if header else (), rows, right)
    left = len(found) - len(shown)
    if left:
        lines += f"… {left} more: --limit {len(found)}\n"
    return f"{lines}inbound={found.inbound} outbound={found.outbound}\n"


def cells(by: Sequence[str], shown: Sequence[Flow], numbers: Sequence[str]) -> list[list[str]]:
    """Return the cells of each line."""
    paths: dict[int, bytes] = {}
    if "socket_cgroup" in by:
        paths = read_paths_of({flow.socket_cgroup for flow in shown})
    return [
        [
            *(show_key(name, value, paths) for name, value in zip(by, flow.key, strict=True)),
            *(str(getattr(flow, name)) for name in numbers),
        ]
        for flow in shown
    ]
