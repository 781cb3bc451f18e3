"""The verb exporter: the metrics of this host for Prometheus, until it is told to end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from fastsock.cli.answer import ANSWERED, BAD_USAGE, INTERRUPTED, Answer
from fastsock.cli.flags import Flag, Options, UsageError, parse_number, parse_seconds, parse_text
from fastsock.cli.usage import HOST_KEYWORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TAKEN = "-t -u -x --netns --engine --procfs"

TIMEOUT = 8.0  # seconds: Prometheus waits for 10 if not told otherwise
MOST_CONNECTIONS = 64


def _parse_count(low: int, high: int) -> Callable[[str], Iterable[int]]:
    return lambda text: (parse_number(text, "number", low, high),)


def parse_owner_key(text: str) -> Iterable[str]:
    """Return by what owners are told."""
    from fastsock.exporter.look import OWNER_KEYS

    if text not in OWNER_KEYS:
        raise UsageError(f"{text!r} is none of {' '.join(OWNER_KEYS)}")
    return (text,)


def parse_file(text: str) -> Iterable[str]:
    """Return which of the files that it is put to work with."""
    from fastsock.exporter.deployment import FILES

    if text not in FILES:
        raise UsageError(f"{text!r} is none of {' '.join(FILES)}")
    return (text,)


FLAGS = {
    "exporter": (
        Flag(
            "--listen",
            "listen",
            "where: 127.0.0.1:19469 if nothing is said; unix:PATH for a UNIX socket",
            parse=parse_text,
            metavar="ADDRESS:PORT",
            repeats=False,
        ),
        Flag(
            "--by",
            "owner_key",
            "also by command, unit, container, pod or pid: see above who reads that",
            parse=parse_owner_key,
            metavar="KEY,…",
        ),
        Flag(
            "--top",
            "top",
            "with --by: the N largest, and the rest together (20)",
            parse=_parse_count(1, 1000),
            metavar="N",
            repeats=False,
        ),
        Flag(
            "--timeout",
            "timeout",
            f"a scrape that takes longer is refused, or what Prometheus says ({TIMEOUT:g})",
            parse=parse_seconds,
            metavar="S",
            repeats=False,
        ),
        Flag(
            "--print",
            "print",
            "print service (a unit of systemd), dashboard (Grafana's) or rules (alerts), and end",
            parse=parse_file,
            metavar="WHAT",
            repeats=False,
        ),
        Flag(
            "--max-connections",
            "most_connections",
            f"refuse more at once ({MOST_CONNECTIONS})",
            parse=_parse_count(1, 1000),
            metavar="N",
            repeats=False,
        ),
        Flag(
            "--max-namespaces",
            "most_namespaces",
            "with --netns: tell no more apart, count the others together (100)",
            parse=_parse_count(1, 100_000),
            metavar="N",
            repeats=False,
        ),
        Flag(
            "--max-listeners",
            "most_listeners",
            "tell of no more listeners, of the fullest first (500)",
            parse=_parse_count(0, 100_000),
            metavar="N",
            repeats=False,
        ),
    ),
}


def run(options: Options, answer: Answer) -> int:
    """Serve until a signal asks for the end; or print what it is put to work with."""
    if options.positional:
        raise UsageError("exporter takes no words: it is of a whole host")
    if options.on("print"):
        return _print(options, answer)
    question = options.question()
    if options.on("listening") or not HOST_KEYWORDS.issuperset(question):
        raise UsageError(f"exporter is of a whole host: of the selections it takes only {_TAKEN}")
    for name in ("json", "jsonl", "strict"):
        if options.on(name):
            raise UsageError(f"--{name} has no place here: Prometheus has a form of its own")
    by = tuple(dict.fromkeys(options.all("owner_key")))
    if options.on("top") and not by:
        raise UsageError("--top is of --by")

    from fastsock.exporter.address import DEFAULT, listening, parse_address

    address = parse_address(options.last("listen", DEFAULT))
    try:
        from fastsock.exporter.page import Page
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "prometheus_client":
            raise
        answer.warn(
            "the exporter needs the prometheus_client package: pip install 'fastsock[exporter]'"
        )
        return BAD_USAGE
    from fastsock.exporter.exchange import PATH
    from fastsock.exporter.look import Look, take_look
    from fastsock.exporter.reasons import Reasons
    from fastsock.exporter.server import Served, Server, tell_systemd
    from fastsock.exporter.sharing import Shared

    limits = _limits(options)
    served = Served()
    reasons = Reasons(answer.warn)

    def look() -> Look:
        seen = take_look(by=by, limits=limits, **question)
        reasons.say(seen.incomplete)
        return seen

    shared = Shared(lambda: Page(look(), served, shared.asked, shared.failed))
    look()  # Once before anybody asks: what cannot work here is said now, and not to each scrape.
    with _ending() as wake, listening(address) as listener:
        server = Server(
            listener,
            shared.ask,
            served,
            timeout=options.last("timeout", TIMEOUT),
            most=options.last("most_connections", MOST_CONNECTIONS),
            complain=answer.warn,
        )
        if not address.is_local:
            answer.warn(f"{address} is not loopback: whoever comes there can read this")
        answer.write(f"{address}\n" if address.path else f"http://{address}{PATH}\n")
        tell_systemd("READY=1")
        server.serve(wake)
        tell_systemd("STOPPING=1")
        return INTERRUPTED if os.read(wake, 1)[0] == signal.SIGINT else ANSWERED


RUN: dict[str, Callable[[Options, Answer], int]] = {"exporter": run}


def _print(options: Options, answer: Answer) -> int:
    from fastsock.exporter.deployment import OPTIONS_FILE, find_obstacle, read_deployment

    if options.values.keys() != {"print"}:
        raise UsageError(
            f"--print takes no other flags: those of the unit stand in {OPTIONS_FILE} (OPTIONS)"
        )
    what = options.last("print")
    command = os.path.abspath(sys.argv[0]) if sys.argv[0].endswith("/fastsock") else ""
    answer.write(read_deployment(what, command))
    obstacle = find_obstacle(command) if what == "service" else ""
    if obstacle:
        answer.warn(obstacle)
    return ANSWERED


def _limits(options: Options) -> Any:
    from fastsock.exporter.look import Limits

    given = {
        name: options.last(keyword)
        for name, keyword in (
            ("top", "top"),
            ("namespaces", "most_namespaces"),
            ("listeners", "most_listeners"),
        )
        if options.on(keyword)
    }
    return Limits(**given)


@contextmanager
def _ending() -> Iterator[int]:
    """Yield a descriptor that can be read when a signal has asked for the end: its number.

    Who has us started with a signal ignored means it to stay so: nohup(1) SIGHUP, and a shell
    without job control SIGINT, which else would end what it has started with &.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {
        number: signal.signal(number, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
