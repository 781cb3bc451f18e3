"""The verb leaks: watch for a while, beside a command or over snapshots, and say what leaks."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from fastsock import render
from fastsock.cli.answer import ANSWERED, FINDING, Answer
from fastsock.cli.flags import Flag, Options, UsageError, parse_number, parse_seconds
from fastsock.cli.listeners import text_user
from fastsock.cli.snapshot import load_snapshots, refuse_asking
from fastsock.errors import FastsockError, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from fastsock.diagnose.leaks import Leak, Leaks, Watch

_MOST = 1_000_000  # samples
NOT_RUN, NOT_FOUND = 126, 127  # as a shell says that a command cannot be run, or is not there
KILLED = 128  # and that a signal ended it: so much more than its number


def parse_samples(text: str) -> Iterable[int]:
    """Return a number of samples; from one of them nothing can be told."""
    return (parse_number(text, "number of samples", 2, _MOST),)


FLAGS = {
    "leaks": (
        Flag(
            "--interval",
            "interval",
            "seconds from one sample to the next (2; beside CMD 1)",
            parse=parse_seconds,
            metavar="S",
            repeats=False,
        ),
        Flag(
            "--samples",
            "samples",
            "how many samples (6; beside CMD as many as it lasts)",
            parse=parse_samples,
            metavar="N",
            repeats=False,
        ),
        Flag("--check", "check", "exit 5 where something is found"),
    ),
}


def run(options: Options, answer: Answer) -> int:
    """Watch, and write what was found."""
    behind = options.behind or 0
    split = len(options.positional) - behind
    files, command = options.positional[:split], options.positional[split:]
    if options.behind is not None and not command:
        raise UsageError("-- needs a command that is to be run: fastsock leaks -- CMD …")
    if files and command:
        raise UsageError("snapshots have been taken: no command can run beside them")
    for keyword, flag in (("state", "--state"), ("listening", "-l")):
        if options.on(keyword):
            raise UsageError(f"{flag} has no place here: sockets are followed through all states")
    question = options.question()
    if "unix" in question.get("protocol", ()):
        raise UsageError("-x has no place here: UNIX sockets have no remote endpoint")
    if command:
        return run_beside(options, answer, command, question)
    if files:
        found = watch_files(options, files, question)
    else:
        found = watch_host(options, question)
    answer.write(*report(options, answer, found))
    code = answer.code(found)
    return code or verdict(options, found)


RUN: dict[str, Callable[[Options, Answer], int]] = {"leaks": run}


def verdict(options: Options, found: Leaks) -> int:
    """Return the exit code for what was found."""
    return FINDING if options.on("check") and found.findings else ANSWERED


# ------------------------------------------------------------------------------------ what to watch


def watch_files(options: Options, files: Sequence[str], question: dict[str, Any]) -> Leaks:
    """Take snapshots as the samples, one in memory at a time."""
    from fastsock.diagnose.leaks import watch_leaks

    for keyword in ("interval", "samples"):
        if options.on(keyword):
            raise UsageError(f"--{keyword} has no place here: snapshots have been taken")
    refuse_asking(options)
    return watch_leaks(load_snapshots(files), **question)


def watch_host(options: Options, question: dict[str, Any]) -> Leaks:
    """Take samples here; Ctrl-C ends that, and what is known by then is the answer."""
    from fastsock.diagnose.leaks import watch_leaks

    interval, samples = options.last("interval", 2.0), options.last("samples", 6)
    with Interrupts() as interrupts, Progress(interval, samples) as progress:
        found = watch_leaks(
            interval=interval,
            samples=samples,
            wait=interrupts.wait,
            progress=progress.show,
            **question,
        )
    if interrupts.came:
        found.end = "interrupted"
    return found


class Interrupts:
    """Ctrl-C, while one watches: it ends the wait at once, and a sample when that is whole.

    A second one ends all.
    """

    def __init__(self) -> None:
        self.came = False
        self._waiting = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        try:
            self._before = signal.signal(signal.SIGINT, self._come)
        except ValueError:  # not in the main thread: whoever is there takes it
            pass
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _come(self, _number: int, _frame: FrameType | None) -> None:
        again, self.came = self.came, True
        if self._waiting or again:
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> bool:
        """Wait; False where it came before or comes meanwhile."""
        try:
            self._waiting = True
            if not self.came:
                time.sleep(seconds)
        except KeyboardInterrupt:
            pass
        finally:
            self._waiting = False
        return not self.came


class Progress:
    """One line on a terminal's standard error, written over and over, and gone in the end."""

    def __init__(self, interval: float, samples: int) -> None:
        self._interval = interval
        self._samples = samples
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    def show(self, watch: Watch) -> None:
        """Say how far the watch is."""
        if sys.stderr is None or not sys.stderr.isatty():
            return
        whole = self._interval * (self._samples - 1)
        line = (
            f"watched {watch.seconds:.1f} s of {whole:.1f} s, sample {watch.samples} of "
            f"{self._samples}: {watch.following.sockets} sockets; Ctrl-C ends it"
        )
        self._shown = True
        self._write(f"\r{line[:79]}\x1b[K")

    def _write(self, text: str) -> None:
        assert sys.stderr is not None
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            pass  # the terminal is gone; the watch goes on


# -------------------------------------------------------------------------------- beside a command


def run_beside(
    options: Options, answer: Answer, command: Sequence[str], question: dict[str, Any]
) -> int:
    """Run a command, watch until it ends, and write the report to standard error."""
    import subprocess

    from fastsock.diagnose.leaks import watch_leaks

    signals = Forwarded()
    with signals:
        try:
            child = subprocess.Popen(list(command))
        except FileNotFoundError:
            answer.warn(f"{escape(command[0])}: no such command")
            return NOT_FOUND
        except OSError as error:
            answer.warn(f"{escape(command[0])}: {error.strerror}")
            return NOT_RUN
        signals.start(child.pid)

        def wait(seconds: float) -> bool:
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                return True
            return False

        named = any(name in question for name in ("pid", "command", "cgroup"))
        found, failed = None, None
        try:
            found = watch_leaks(
                interval=options.last("interval", 1.0),
                samples=options.last("samples"),
                tree=None if named else child.pid,
                wait=wait,
                **question,
            )
        except (FastsockError, OSError) as error:
            failed = error  # that is no reason to leave the command alone
        status = child.wait()
        signals.child = 0
    status = KILLED - status if status < 0 else status
    if failed is not None:
        if status:
            answer.warn(escape(str(failed)))
            return status
        raise failed
    assert found is not None
    if found.end == "stopped" or (found.end == "ended" and not named):
        found.end = "command"
    write_error(report(options, answer, found))
    code = answer.code(found)
    return status or code or verdict(options, found)


class Forwarded:
    """Signals that mean the command as well: a terminal sends it SIGINT, the others we hand on."""

    _HANDED_ON = (signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.child = 0
        self._before: dict[int, Any] = {}
        self._early: list[int] = []

    def __enter__(self) -> Forwarded:
        try:
            # No SIG_IGN: the command would inherit it.
            for number in (signal.SIGINT, *self._HANDED_ON):
                self._before[number] = signal.signal(number, self._hand_on)
        except ValueError:  # not in the main thread
            pass
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def start(self, child: int) -> None:
        """Hand on to this process from now on, and what came while it was started."""
        self.child = child
        for number in self._early:
            self._hand_on(number, None)

    def _hand_on(self, number: int, _frame: FrameType | None) -> None:
        if number not in self._HANDED_ON:
            return
        if not self.child:
            self._early.append(number)
            return
        try:
            os.kill(self.child, number)
        except ProcessLookupError:  # it has ended just now
            pass


def write_error(texts: Iterable[str]) -> None:
    """Write to standard error, which may be closed or full."""
    if sys.stderr is None:
        return
    try:
        for text in texts:
            sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass  # there is nowhere left to say it


# ----------------------------------------------------------------------------------------- the text

_MEANING = {
    "close-wait": "the other end has closed, this process has not: it never calls close(2) on them",
    "never-closed": "opened and forgotten; or so many more are in use by now",
    "descriptors": "at RLIMIT_NOFILE open(2), accept(2) and socket(2) fail with EMFILE",
    "ports": "connect(2) to that end fails with EADDRNOTAVAIL when all are taken",
    "time-wait": "from the limit on connections are closed without TIME_WAIT: late segments may "
    "meet new ones",
}

_ENDS = {
    "ended": "until the processes ended",
    "interrupted": "until Ctrl-C",
    "command": "while the command ran",
}


def report(options: Options, answer: Answer, found: Leaks) -> Iterator[str]:
    """Yield what is to be written."""
    if options.on("json"):
        yield render.dump_json({**answer.head(found), **found.as_dict()}) + "\n"
    elif options.on("jsonl"):
        watched = found.as_dict()
        findings = watched.pop("findings")
        for leak in findings:
            yield render.dump_json(leak) + "\n"
        yield render.dump_json({"kind": "watch", **watched}) + "\n"
        yield answer.end(len(findings) + 1, found)
    else:
        yield render_text(found)


def render_text(found: Leaks) -> str:
    """Return the report for a person."""
    from fastsock.diagnose.trend import text_seconds

    samples = render.text_number(found.samples, "sample")
    host = f"{escape(found.host)}: " if found.end == "files" and found.host else ""
    how = f" {_ENDS[found.end]}" if found.end in _ENDS else ""
    lines = [
        f"{host}watched {text_seconds(found.seconds)}{how}, {samples}: "
        f"{render.text_number(found.sockets, 'socket')} at the end, "
        f"{render.text_number(found.processes, 'process')}"
    ]
    owner = ""
    for leak in found.findings:
        whose = text_whose(leak)
        if whose != owner:
            lines.append(whose)
            owner = whose
        lines.append(f"  {leak.kind}{text_endpoint(leak)}: {leak}{text_remotes(leak)}")
    if not found.findings and found.samples > 1:
        lines.append("nothing here looks like a leak")
    lines += [f"note: {note}" for note in found.notes]
    kinds = dict.fromkeys(leak.kind for leak in found.findings)
    lines += [f"{kind}: {_MEANING[kind]}" for kind in kinds]
    return "".join(f"{line}\n" for line in lines)


def text_whose(leak: Leak) -> str:
    """Return whose a finding is: a process, a user whose processes are hidden, a namespace."""
    process = leak.process
    if process is not None:
        told = f"{render.text_name(process.command)} {process.pid}, user {text_user(process.uid)}"
        if process.unit:
            told += f", {render.text_name(process.unit)}"
        return f"{told}, ended" if leak.ended else told
    if leak.owner_state == "none":
        return "held by no process: waiting to be accepted, see fastsock backlog"
    if leak.owner_state is not None:
        return f"owner {leak.owner_state}, made by user {text_user(leak.uid)}"
    return f"network namespace {leak.netns}"


def text_endpoint(leak: Leak) -> str:
    """Return where to, or on which port."""
    if not leak.endpoint:
        return ""
    if leak.kind == "ports":
        return f" from {leak.endpoint}"
    return f" on {leak.endpoint}" if leak.direction == "in" else f" to {leak.endpoint}"


def text_remotes(leak: Leak) -> str:
    """Return from where most of the connections of a port are."""
    if not leak.remotes:
        return ""
    listed = ", ".join(f"{address} ({number})" for address, number in leak.remotes)
    others = (leak.remote_count or 0) - len(leak.remotes)
    return f"; from {listed}" + (f" and {others} others" if others > 0 else "")
