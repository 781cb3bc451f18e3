"""Waiting: for what comes and goes, how often it is looked, how it ends; and the verb."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fastsock
from children import NOBODY, child_process, hide_descriptors, in_child, libc
from command_line import Run
from fastsock import waiting
from fastsock.bounds import parse_bound
from fastsock.errors import FilterError
from fastsock.implementation import COMPILED
from fastsock.table import Counts
from fastsock.waiting import wait
from ports import listen, port_of, reset
from proctree import LISTEN, ProcTree, stat_text, tcp_line

SELF = os.getpid()
NETNS = 4026531840
PR_SET_NAME = 15
PATIENCE = 60.0  # seconds, for what takes a moment
KEPT: list[object] = []
COMMAND = [sys.executable, "-m", "fastsock", "wait"]

for status in fastsock.engine_status():
    # Loaded before a child becomes another user, who may not be able to read our checkout.
    if status.available:
        wait(count=">=0", pid=SELF, engine=status.name)


# ----------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    ("text", "meaning", "held", "not_held"),
    [
        (">=1", ">=1", (1, 2), (0,)),
        ("=0", "=0", (0,), (1,)),
        (" > 3 ", ">3", (4,), (3,)),
        ("<2", "<2", (0, 1), (2,)),
        ("<=007", "<=7", (7,), (8,)),
        ("<=" + "9" * 18, "<=" + "9" * 18, (10**17,), (10**18,)),
    ],
)
def test_bounds(text: str, meaning: str, held: tuple[int, ...], not_held: tuple[int, ...]) -> None:
    bound = parse_bound(text)
    assert (str(bound), repr(bound)) == (meaning, f"<Bound {meaning}>")
    assert all(map(bound.holds, held))
    assert not any(map(bound.holds, not_held))


OPERATORS = "a bound begins with one of <= < >= > ="


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", 0, OPERATORS),
        ("100", 0, OPERATORS),
        ("  x", 2, OPERATORS),
        ("!=3", 0, f"{OPERATORS}, not !="),
        ("==3", 0, f"{OPERATORS}, not =="),
        ("=>3", 0, f"{OPERATORS}, not =>"),
        (">=", 2, "a number of sockets is missing here: >=100"),
        (">= -1", 3, "a number of sockets is missing here: >=100"),
        ("=1x", 1, "a number of sockets is missing here: =100"),
        ("=1_0", 1, "a number of sockets is missing here: =100"),
        ("=" + "9" * 19, 1, "a number of sockets has at most 18 digits"),
        (">= " + "9" * 400, 3, "a number of sockets has at most 18 digits"),
        (" <0", 1, "no number of sockets is below 0"),
    ],
)
def test_what_is_no_bound(text: str, place: int, message: str) -> None:
    with pytest.raises(FilterError, match=f"^{re.escape(message)}$") as caught:
        parse_bound(text)
    assert (caught.value.position, caught.value.text) == (place, text)
    with pytest.raises(FilterError):
        wait(count=text)


@pytest.mark.parametrize("count", [5, None, True, b">=5"])
def test_a_bound_is_a_text(count: Any) -> None:
    message = f"^a bound is a text as '>=5', not {re.escape(repr(count))}$"
    with pytest.raises(FilterError, match=message):
        wait(count=count)


@pytest.mark.parametrize("word", ["owners", "fields", "by"])
def test_words_that_it_does_not_take(word: str) -> None:
    question: dict[str, Any] = {word: "pid"}
    with pytest.raises(TypeError, match=rf"^wait\(\) does not take {word}=$"):
        wait(**question)


@pytest.mark.parametrize("timeout", [-1, -0.1, float("nan"), float("inf")])
def test_what_is_no_time(timeout: float) -> None:
    with pytest.raises(ValueError, match="a time-out is a number of seconds, not "):
        wait(timeout=timeout)


# ------------------------------------------------------------------------------- what is waited for


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Have things happen between the looks, in turn, and no time pass; returns the pauses."""

    def happen(*things: Callable[[], object]) -> list[float]:
        pauses: list[float] = []
        rest = iter(things)

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            next(rest, lambda: None)()

        monkeypatch.setattr(time, "sleep", sleep)
        return pauses

    return happen


def test_a_port_that_listens_later(engine_name: str, between: Callable[..., list[float]]) -> None:
    with contextlib.ExitStack() as stack:
        with listen() as gone:
            port = port_of(gone)

        def serve() -> None:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))

        pauses = between(lambda: None, serve)
        waited = wait(local_port=port, state="listen", engine=engine_name, timeout=PATIENCE)
        assert waited
        assert (waited.met, waited.looks, len(pauses)) == (True, 3, 2)
        assert str(waited.seen) == "established=0 listen=1 other=0"
        assert (waited.sources, waited.incomplete) == ({"sockets": engine_name}, ())
        assert (waited.ended, waited.absent) == ((), "")
        assert repr(waited).startswith("<Waited for >=1: met in ")
        again = wait(f"state listening sport = :{port}", engine=engine_name)
        assert (again.met, again.looks, len(pauses)) == (True, 1, 2)


def test_connections_that_drain(engine_name: str, between: Callable[..., list[float]]) -> None:
    with listen() as listener:
        ends = []
        for _ in range(2):
            ends.append(socket.create_connection(listener.getsockname()))
            ends.append(listener.accept()[0])
        between(lambda: list(map(reset, ends[:2])), lambda: list(map(reset, ends[2:])))
        asked: dict[str, Any] = {"port": port_of(listener), "state": "established"}
        waited = wait(count="=0", engine=engine_name, **asked)
        assert (waited.met, waited.looks, waited.seen.total) == (True, 3, 0)


def test_a_count_that_is_reached(engine_name: str, between: Callable[..., list[float]]) -> None:
    with listen() as listener, contextlib.ExitStack() as stack:

        def connect() -> None:
            stack.callback(reset, socket.create_connection(listener.getsockname()))
            stack.callback(reset, listener.accept()[0])

        between(*[connect] * 3)
        asked: dict[str, Any] = {"local_port": port_of(listener), "state": "established"}
        waited = wait("inbound", count=">=3", pid=SELF, engine=engine_name, **asked)
        assert (waited.met, waited.looks, waited.seen.established) == (True, 4, 3)
        assert set(waited.sources) == {"sockets", "owners"}


def test_a_time_out_says_what_was_seen_last(engine_name: str) -> None:
    with listen() as listener:
        began = time.monotonic()
        waited = wait(local_port=port_of(listener), count=">=2", timeout=0.2, engine=engine_name)
        assert 0.2 <= time.monotonic() - began < PATIENCE
        assert not waited
        assert (waited.met, waited.seen.listen) == (False, 1)
        assert repr(waited).startswith("<Waited for >=2: not met in ")
        assert waited.as_dict() == {
            "met": False,
            "bound": ">=2",
            "counts": waited.seen.as_dict(),
            "ended": [],
            "absent": None,
            "looks": waited.looks,
            "seconds": round(waited.elapsed, 3),
        }


def test_no_time_at_all_is_one_look() -> None:
    assert wait(port=1, state="syn-sent", timeout=0).looks == 1


# ------------------------------------------------------------------------------- how often it looks


class Clock:
    """Time that passes where it is slept, and as much as a look costs."""

    def __init__(self, cost: float) -> None:
        self.now = 100.0
        self.spent = 5.0
        self.cost = cost
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.spent

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def count(self, *_: object, **__: object) -> Counts:
        self.now += self.cost
        self.spent += self.cost
        return Counts({})


@pytest.mark.parametrize("cost", [0.0, 0.00001, 0.02, 0.9])
def test_looks_become_rarer(monkeypatch: pytest.MonkeyPatch, cost: float) -> None:
    clock = Clock(cost)
    monkeypatch.setattr(waiting, "time", clock)
    monkeypatch.setattr(waiting, "count_sockets", clock.count)
    waited = wait(timeout=600)
    assert waited.looks == len(clock.pauses) + 1
    assert 600 <= waited.elapsed < 601
    # The first look loads modules: what it took is no reason to wait.
    assert clock.pauses[0] == waiting.FIRST
    own = [min(waiting.FIRST * waiting.GROWTH**n, waiting.LONGEST) for n in range(20)]
    bare = cost * (1 / waiting.SHARE - 1)
    assert clock.pauses[1:19] == pytest.approx([max(one, bare) for one in own[1:19]])
    assert max(clock.pauses) == pytest.approx(max(waiting.LONGEST, bare))
    assert waited.looks * cost <= waiting.SHARE * 600 + 2 * cost


def test_the_last_look_is_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(0.0)
    monkeypatch.setattr(waiting, "time", clock)
    monkeypatch.setattr(waiting, "count_sockets", clock.count)
    waited = wait(timeout=10.25)
    assert waited.elapsed == pytest.approx(10.25)
    assert clock.now == pytest.approx(110.25)


def test_waiting_costs_little() -> None:
    wait(port=1, state="syn-sent", timeout=0.05)
    spent, began = time.process_time(), time.monotonic()
    looks = wait(port=1, state="syn-sent", timeout=1).looks
    spent, elapsed = time.process_time() - spent, time.monotonic() - began
    # Beside its share: the two looks to begin with, the last one, and one that took longer.
    assert spent < waiting.SHARE * elapsed + 4 * spent / looks


# ----------------------------------------------------------------------------- processes that end


@contextlib.contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process with one listener, which this one is going to reap."""
    with listen() as listener:
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait(PATIENCE)


def test_a_process_that_ends_has_drained(
    engine_name: str, between: Callable[..., list[float]]
) -> None:
    with sleeper() as child:
        between(lambda: None, lambda: end(child))
        waited = wait(pid=child.pid, count="=0", engine=engine_name)
        assert (waited.met, waited.looks, waited.ended) == (True, 3, (child.pid,))


def test_a_zombie_has_drained(engine_name: str, between: Callable[..., list[float]]) -> None:
    with sleeper() as child:

        def kill() -> None:
            child.kill()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        between(kill)
        waited = wait(pid=child.pid, count="=0", engine=engine_name)
        assert (waited.met, waited.ended) == (True, (child.pid,))


def test_a_process_that_ends_will_not_do_any_more_what_is_waited_for(
    engine_name: str, between: Callable[..., list[float]]
) -> None:
    with sleeper() as child:
        between(lambda: end(child))
        text = rf"^no such process: {child.pid} \(ended, and >=2 is waited for\)$"
        with pytest.raises(fastsock.NoSuchProcess, match=text) as caught:
            wait(pid=child.pid, count=">=2", engine=engine_name)
        assert caught.value.pids == (child.pid,)


def test_of_several_processes_those_that_live_are_looked_at(
    engine_name: str, between: Callable[..., list[float]]
) -> None:
    with sleeper() as child, listen() as listener:
        asked: dict[str, Any] = {"pid": [SELF, child.pid], "state": "listen"}
        own = fastsock.count(pid=SELF, state="listen", engine=engine_name).total
        between(lambda: end(child))
        waited = wait(count=f"<={own}", engine=engine_name, timeout=PATIENCE, **asked)
        assert (waited.met, waited.seen.total, waited.ended) == (True, own, (child.pid,))
        del listener


def test_a_number_that_nobody_has_is_an_error_at_once() -> None:
    gone = 2**31 - 1
    for question in ({"pid": gone}, {"pid": [SELF, gone]}, {"netns": gone}):
        for bound in (">=1", "=0"):
            with pytest.raises(fastsock.NoSuchProcess, match=f"^no such process: {gone}$"):
                wait(count=bound, timeout=PATIENCE, **question)
    with pytest.raises(fastsock.NoSuchProcess, match=f"^no such process: {gone}$"):
        wait(f"pid = {gone}", timeout=PATIENCE)


@pytest.fixture
def tree(tmp_path: Path) -> ProcTree:
    """A process that listens, in a tree where everything can be changed."""
    made = ProcTree(tmp_path)
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for pid in (None, 1, 700):
            made.table(name, pid=pid)
    for pid in (None, 1, 700):
        made.table("tcp", tcp_line(("0.0.0.0", 80), state=LISTEN, inode=501), pid=pid)
    made.process(1, b"init", netns=NETNS)
    made.process(700, b"app", netns=NETNS).socket(3, 501)
    return made


def test_a_number_that_is_given_again_is_another_process(
    tree: ProcTree, between: Callable[..., list[float]], tmp_path: Path
) -> None:
    def again() -> None:
        (tmp_path / "700" / "stat").write_bytes(stat_text(700, b"other", 2000))

    between(lambda: None, again)
    waited = wait(pid=700, count="=0", procfs=tmp_path)
    assert (waited.met, waited.looks, waited.ended) == (True, 3, (700,))


def test_a_command_may_come(
    tree: ProcTree, between: Callable[..., list[float]], tmp_path: Path
) -> None:
    def come() -> None:
        tree.process(701, b"web", netns=NETNS).socket(3, 501)

    between(lambda: None, come)
    waited = wait(command="web", procfs=tmp_path)
    assert (waited.met, waited.looks, waited.absent) == (True, 3, "")


def test_a_command_that_nobody_has_is_no_answer(tree: ProcTree, tmp_path: Path) -> None:
    questions: list[dict[str, Any]] = [{"command": "web"}, {"expression": "command = web"}]
    for question in questions:
        with pytest.raises(fastsock.NoSuchProcess, match="^no such process: web$"):
            wait(count="=0", procfs=tmp_path, **question)
        waited = wait(procfs=tmp_path, timeout=0, **question)
        assert (waited.met, waited.absent) == (False, "no such process: web")


def test_a_command_that_nobody_has_any_more_has_drained(
    tree: ProcTree, between: Callable[..., list[float]], tmp_path: Path
) -> None:
    def leave() -> None:
        (tmp_path / "700" / "stat").write_bytes(stat_text(700, b"other"))

    between(leave)
    waited = wait(command="app", count="=0", procfs=tmp_path)
    assert (waited.met, waited.looks, waited.absent) == (True, 2, "no such process: app")


def test_who_may_not_be_read_is_said_at_once(engine_name: str) -> None:
    with child_process(hide_descriptors) as (pid, _):

        def ask() -> list[str]:
            found = []
            for bound in ("=0", ">=1"):
                try:
                    wait(pid=pid, count=bound, timeout=PATIENCE, engine=engine_name)
                except fastsock.OwnersHidden as error:
                    found.append(str(error))
            return found

        complaint = (
            f"the descriptors of process {pid} may not be read; "
            "run as root, as its user, or with CAP_SYS_PTRACE"
        )
        assert in_child(ask, user=NOBODY) == [complaint] * 2


# -------------------------------------------------------------------------- what cannot all be seen

MISSING = {"what": "processes", "count": 3, "reason": "may not be read", "remedy": "run as root"}


def incomplete(numbers: dict[int, int], looks: int) -> Callable[..., Counts]:
    """Answers that are not complete for so many looks."""
    left = [MISSING] * looks

    def count(*_: object, **__: object) -> Counts:
        return Counts(numbers, incomplete=(left.pop(),) if left else ())

    return count


def test_an_answer_that_is_not_complete(
    monkeypatch: pytest.MonkeyPatch, between: Callable[..., list[float]]
) -> None:
    between()
    monkeypatch.setattr(waiting, "count_sockets", incomplete({}, 2))
    waited = wait(count="=0")
    assert (waited.met, waited.looks, waited.incomplete) == (True, 1, (MISSING,))
    monkeypatch.setattr(waiting, "count_sockets", incomplete({}, 2))
    waited = wait(count="=0", strict=True)
    assert (waited.met, waited.looks, waited.incomplete) == (True, 3, ())


# --------------------------------------------------------------------------------------- the verb


def test_the_verb(run: Run) -> None:
    with listen() as listener:
        port = port_of(listener)
        result = run("wait", "-l", "--local-port", port, "--timeout", PATIENCE)
        assert result == (0, "established=0 listen=1 other=0\n", "")
        result = run("wait", "--count", ">=1", f"state listening sport = :{port}")
        assert result == (0, "established=0 listen=1 other=0\n", "")
        result = run("wait", "--none", "--local-port", port, "--timeout", 0.05)
        assert (result.code, result.out) == (1, "")
        assert re.fullmatch(
            r"fastsock: timed out after [\d.]+ s: =0 waited for, 1 seen last "
            r"\(established=0 listen=1 other=0\)\n",
            result.err,
        )


def test_the_verb_s_json(run: Run) -> None:
    with listen() as listener:
        words = ["wait", "-l", "--local-port", port_of(listener)]
        result = run(*words, "--json")
        document = json.loads(result.out)
        assert (result.code, result.err) == (0, "")
        assert (document["schema"], document["met"], document["bound"]) == (1, True, ">=1")
        assert document["counts"]["listen"] == 1
        assert (document["looks"], document["ended"], document["absent"]) == (1, [], None)
        result = run(*words, "--jsonl", "--count", ">3", "--timeout", "0.01")
        told, last = map(json.loads, result.out.splitlines())
        assert (result.code, told["met"], told["bound"]) == (1, False, ">3")
        assert (last["end"], last["rows"]) == (True, 1)
        assert "timed out after" in result.err


def test_the_verb_says_who_has_ended(run: Run, between: Callable[..., list[float]]) -> None:
    with sleeper() as child:
        between(lambda: end(child))
        result = run("wait", "--none", "-p", child.pid)
        assert result == (
            0,
            "established=0 listen=0 other=0\n",
            f"fastsock: process {child.pid} has ended\n",
        )
    with sleeper() as child:
        between(lambda: end(child))
        result = run("wait", "--count", ">5", "-p", child.pid)
        complaint = f"no such process: {child.pid} (ended, and >5 is waited for)"
        assert result == (1, "", f"fastsock: {complaint}\n")


def test_the_verb_says_that_nobody_came(run: Run, tree: ProcTree, tmp_path: Path) -> None:
    result = run("wait", "-c", "web", "--procfs", tmp_path, "--timeout", "0.01")
    assert (result.code, result.out) == (1, "")
    assert result.err.endswith("(established=0 listen=0 other=0); no such process: web\n")


def test_the_verb_is_strict(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "count_sockets", incomplete({}, 1000))
    hint = "fastsock: 3 processes may not be read; run as root\n"
    result = run("wait", "--none", "--port", 1)
    assert result == (0, "established=0 listen=0 other=0\n", hint)
    result = run("wait", "--none", "--port", 1, "--strict", "--timeout", "0.01")
    assert (result.code, result.out) == (4, "")
    assert "(established=0 listen=0 other=0), but not all could be seen\n" in result.err
    assert result.err.endswith(hint)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "wait for what? fastsock wait -l --port 8080, see fastsock wait --help"),
        ("--timeout 3", "wait for what? fastsock wait -l --port 8080, see fastsock wait --help"),
        ("--none --count =0", "--none and --count exclude each other"),
        ("--port 1 --timeout 0",
         "--timeout: '0' is not a number of seconds (above 0, to 86400)"),
        ("--port 1 --timeout soon",
         "--timeout: 'soon' is not a number of seconds (above 0, to 86400)"),
        ("-l --state established", "-l and --state exclude each other"),
    ],
)  # fmt: skip
def test_bad_usage(run: Run, words: str, complaint: str) -> None:
    assert run("wait", *words.split()) == (2, "", f"fastsock: {complaint}\n")


def test_a_bound_that_is_none_is_pointed_at(run: Run) -> None:
    result = run("wait", "--port", 1, "--count", "=>100")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "fastsock: a bound begins with one of <= < >= > =, not =>",
        "  =>100",
        "  ^^^^^",
    ]


def test_ctrl_c_ends_it() -> None:
    waits = subprocess.Popen(
        [*COMMAND, "--port", "1", "--state", "syn-sent"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        # From when the tables are loaded on, it is a verb that waits.
        until = time.monotonic() + (PATIENCE if COMPILED else 2)
        while "fastsock/_table" not in Path(f"/proc/{waits.pid}/maps").read_text():
            if time.monotonic() > until:
                assert not COMPILED
                break
            time.sleep(0.01)
        waits.send_signal(signal.SIGINT)
        out, err = waits.communicate(timeout=PATIENCE)
    finally:
        waits.kill()
    assert (waits.returncode, out, err) == (130, b"", b"")


def test_a_script_waits_for_a_server_that_starts() -> None:
    """The way in which it is used: a server that takes a while, and the command beside it."""
    with listen() as reserved:
        port = port_of(reserved)

    def serve() -> None:
        libc.prctl(PR_SET_NAME, b"fastsock-serves", 0, 0, 0)

    def start() -> None:
        time.sleep(0.3)
        KEPT.append(socket.create_server(("127.0.0.1", port)))
        signal.pause()

    with child_process(serve, start) as (pid, _):
        waited = wait(pid=pid, local_port=port, state="listen", timeout=PATIENCE)
        assert waited
        assert 0 < waited.elapsed < PATIENCE
