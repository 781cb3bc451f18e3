"""Top on a real terminal: keys, sizes, processes that vanish, hostile names, its loss."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from children import child_process, libc
from command_line import Run
from fastsock.cli.top import BLESSED
from fastsock.engines import engine_status
from ports import listen
from terminals import PATIENCE, LiveTerminal, live

PR_SET_NAME = 15
FAST = ("--interval", "0.1")
# Of an accept queue; /proc does not tell it.
KNOWS_LIMITS = any(one.name == "netlink" and one.available for one in engine_status())

pytest.importorskip("blessed", reason="the live view needs the extra `top`")


class Served:
    """A process with a listener, of which it has accepted two connections and one waits."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port
        self.question = ("--port", port, *FAST)
        self.limit = "16" if KNOWS_LIMITS else "?"


KEPT: list[object] = []


@contextlib.contextmanager
def serve(name: bytes = b"served") -> Iterator[Served]:
    with listen() as server:
        port = server.getsockname()[1]

        def hold() -> None:
            libc.prctl(PR_SET_NAME, name, 0, 0, 0)
            KEPT.append(server.dup())
            for _ in range(2):
                KEPT.append(socket.create_connection(("127.0.0.1", port)))
                KEPT.append(server.accept()[0])
            KEPT.append(socket.create_connection(("127.0.0.1", port)))

        with child_process(hold) as (pid, _):
            server.close()
            yield Served(pid, port)


@pytest.fixture
def served() -> Iterator[Served]:
    with serve() as made:
        yield made


def row_of(terminal: LiveTerminal, pid: int) -> list[str]:
    lines = terminal.text.splitlines()
    return next(line.split() for line in lines if line.startswith(f"{pid:>7}  served"))


def is_given_back(terminal: LiveTerminal) -> bool:
    """Whether the terminal is as before: lines, echo, a cursor, its first screen."""
    mode = terminal.mode()[3]
    assert isinstance(mode, int)
    shown = terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")
    first = terminal.raw.rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")
    return bool(mode & termios.ICANON and mode & termios.ECHO and shown and first)


# --------------------------------------------------------------------------------------------- keys


def test_states_owners_listeners_and_what_changes(served: Served) -> None:
    with live("top", *served.question) as terminal:
        terminal.wait_for("ESTABLISHED", "LISTENS (1)", "served", "per second")
        assert row_of(terminal, served.pid)[2:] == ["6", "5", "1", "-", "-"]
        line = terminal.line_with(f"127.0.0.1:{served.port}").split()
        assert (line[1], line[-2:]) == (f"1/{served.limit}", [str(served.pid), "served"])
        with socket.create_connection(("127.0.0.1", served.port)):
            terminal.wait_for(f"2/{served.limit}")
        terminal.press("q")
        assert terminal.wait() == 0
        assert is_given_back(terminal)


def test_a_change_is_shown_with_its_sign(served: Served) -> None:
    with live("top", "--port", served.port, "--interval", 2) as terminal:
        terminal.wait_for("per second")
        with socket.create_connection(("127.0.0.1", served.port)):
            text = terminal.wait_for("ESTABLISHED       8    +2", f"2/{served.limit}")
        assert re.search(r"2/(16|\?) +\+1 ", text)


def test_down_to_one_process_and_back(served: Served) -> None:
    with live("top", *served.question) as terminal:
        terminal.wait_for("served")
        terminal.press("\r")
        text = terminal.wait_for(f"process {served.pid} served", "REMOTE (6)")
        assert text.count(f"127.0.0.1:{served.port}") >= 6
        terminal.press("\x1b")
        terminal.wait_for("COMMAND (", absent=["REMOTE"])


def test_down_from_a_listener(served: Served) -> None:
    with live("top", *served.question) as terminal:
        terminal.wait_for("served")
        terminal.press("\t")
        terminal.press("\r")
        terminal.wait_for(f"process {served.pid} served", "REMOTE (6)")


def test_a_filter_is_typed_and_its_errors_stand_beside_it(served: Served) -> None:
    with live("top", *served.question) as terminal:
        terminal.wait_for("served", "LISTEN            1")
        terminal.press("/state foo\r")
        terminal.wait_for("filter: state foo", "unknown state 'foo'; states are ESTABLISHED")
        terminal.press("\x0blisten\r")
        terminal.wait_for("filter: state listen", "total             1", absent=["unknown"])
        terminal.press("/\x15\r")
        terminal.wait_for("total             7", absent=["filter: state"])
        terminal.press("/nonsense\x1b")
        terminal.wait_for("quit", absent=["nonsense"])


def test_an_expression_of_the_command_line_is_the_first_filter(served: Served) -> None:
    with live("top", *FAST, "state", "established", "and", f"sport = :{served.port}") as terminal:
        text = f"filter: state established and sport = :{served.port}"
        terminal.wait_for(text, "total             3")


def test_groups_help_pause_and_sorting(served: Served) -> None:
    with live("top", *served.question) as terminal:
        terminal.wait_for("PID  COMMAND (")
        terminal.press("b")
        terminal.wait_for("COMMAND (", "served", absent=["PID  COMMAND (2)"])
        terminal.press("bb")
        terminal.wait_for("CONTAINER (")
        terminal.press("b")
        terminal.wait_for("USER (")
        terminal.press("?")
        terminal.wait_for("any key goes back", "group by", absent=["USER"])
        terminal.press("x")
        terminal.wait_for("USER (")
        terminal.press("p")
        terminal.wait_for("PAUSED")
        with socket.create_connection(("127.0.0.1", served.port)):
            for _ in range(10):
                terminal.read()
            assert f"1/{served.limit}" in terminal.text
            terminal.press("p")
            terminal.wait_for(f"2/{served.limit}", absent=["PAUSED"])
        terminal.press(">")
        terminal.wait_for("vCHANGE")
        terminal.press("r")
        terminal.wait_for("^CHANGE")


@pytest.mark.parametrize("key", [b"\xe9", b"\xe2\x82"])
def test_half_a_character_holds_up_nothing(served: Served, key: bytes) -> None:
    with live("top", *served.question) as terminal:
        terminal.wait_for("served", f"1/{served.limit}")
        terminal.press(key)  # as a terminal of another encoding sends it
        with socket.create_connection(("127.0.0.1", served.port)):
            terminal.wait_for(f"2/{served.limit}")
        terminal.press("/")
        terminal.press(key)
        terminal.wait_for("filter: \ufffd")
        terminal.press("é")
        terminal.wait_for("\ufffdé")


# -------------------------------------------------------------------------------------------- sizes


def test_the_terminal_changes_its_size(served: Served) -> None:
    with live("top", *served.question, columns=132, lines=40) as terminal:
        terminal.wait_for("CLOSE_WAIT", "UNACCEPTED")
        for columns, lines, text in (
            (80, 24, "CLOSE_WAIT"),
            (20, 24, "served             6"),
            (20, 8, "served             6"),
            (5, 3, ""),
            (1, 1, ""),
            (200, 60, "UNACCEPTED"),
        ):
            terminal.resize(columns, lines)
            terminal.wait_for(text)
            for _ in range(4):  # and the next frames
                terminal.read()
            # Had a line been wider, the screen would have scrolled: its first would be gone.
            first = terminal.text.splitlines()[0]
            assert first == "" or re.match(r"\d\d:|\d\d?…|…", first), (columns, lines, first)
        terminal.press("q")
        assert terminal.wait() == 0


# --------------------------------------------------------------------------------- what others do


def test_a_process_ends_while_it_is_looked_at() -> None:
    with serve() as served, live("top", *served.question) as terminal:
        terminal.wait_for("served")
        terminal.press("\r")
        terminal.wait_for("REMOTE (6)")
        os.kill(served.pid, signal.SIGKILL)
        terminal.wait_for(f"no such process: {served.pid}: below is the last that was seen")
        assert "REMOTE (6)" in terminal.text
        terminal.press("\x1b")
        terminal.wait_for("quit", absent=["no such process", "REMOTE"])
        terminal.press("q")
        assert terminal.wait() == 0


def test_names_with_escape_sequences_stay_text() -> None:
    with (
        serve(b"a\x1b[2J\x07\x9b1m\xff") as served,
        live("top", *served.question, columns=120) as terminal,
    ):
        terminal.wait_for("a\\x1b[2J\\x07\\x9b1m\\xff")
        terminal.press("\r")
        terminal.wait_for(f"process {served.pid}", "a\\x1b[2J")
        assert b"\x1b[2J\x07" not in terminal.raw
        assert b"\x07" not in terminal.raw


# ------------------------------------------------------------------------- signals and the terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_gives_the_terminal_back(number: signal.Signals) -> None:
    with live("top", *FAST) as terminal:
        terminal.wait_for("total")
        os.kill(terminal.pid, number)
        assert terminal.wait() == 128 + number
        assert is_given_back(terminal)


@pytest.mark.parametrize(("key", "number"), [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)])
def test_ctrl_c_and_ctrl_backslash_end_it(key: str, number: signal.Signals) -> None:
    with live("top", *FAST) as terminal:
        terminal.wait_for("total")
        terminal.press(key)
        assert terminal.wait() == 128 + number
        assert is_given_back(terminal)


def test_the_loss_of_the_terminal_ends_it() -> None:
    with live("top", *FAST) as terminal:
        terminal.wait_for("total")
        terminal.hang_up()
        assert terminal.wait() == 128 + signal.SIGHUP


def test_the_loss_of_the_terminal_ends_it_without_a_signal_too() -> None:
    """As under nohup or setsid: nobody sends SIGHUP, and reading gives nothing for ever."""
    code = (
        "import signal, sys; from fastsock.top import screen; "
        "screen._ENDING = (signal.SIGTERM,); signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from fastsock.cli import main; sys.exit(main())"
    )
    command = (sys.executable, "-c", code)
    with live("top", "--interval", "60", command=command) as terminal:
        terminal.wait_for("total")
        terminal.hang_up()
        assert terminal.wait() == 128 + signal.SIGHUP


def test_a_terminal_that_takes_no_more_keeps_nobody() -> None:
    with live("top", "--interval", "60") as terminal:
        terminal.wait_for("total")
        for _ in range(60):  # draw again: more than a terminal holds that nobody reads
            terminal.press("\x0c")
            time.sleep(0.01)
        os.kill(terminal.pid, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while terminal.code is None and time.monotonic() < end:
            pid, status = os.waitpid(terminal.pid, os.WNOHANG)
            if pid:
                terminal.code = os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        assert terminal.code == 128 + signal.SIGTERM


# A shell with one job: in a group of its own, or the kernel would not stop it (setpgid(2)).
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
"""


def state_of(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def wait_until_stopped(terminal: LiveTerminal, pid: int) -> None:
    end = time.monotonic() + PATIENCE
    while state_of(pid) != "T" and time.monotonic() < end:
        terminal.read()
    assert state_of(pid) == "T"
    while terminal.read(0.2) and select.select([terminal.master], [], [], 0)[0]:
        pass  # what it has written before


def test_it_is_stopped_and_goes_on() -> None:
    command = (sys.executable, "-c", SHELL, sys.executable, "-m", "fastsock")
    with live("top", *FAST, command=command) as terminal:
        terminal.wait_for("total", "quit")
        with open(f"/proc/{terminal.pid}/task/{terminal.pid}/children") as file:
            job = int(file.read())
        terminal.press("\x1a")  # Ctrl-Z
        wait_until_stopped(terminal, job)
        assert is_given_back(terminal)
        terminal.screen.reset()
        os.kill(job, signal.SIGCONT)
        terminal.wait_for("total", "quit")
        # Stopped without being asked, as by kill -STOP: the screen comes again all the same.
        os.kill(job, signal.SIGSTOP)
        wait_until_stopped(terminal, job)
        terminal.screen.reset()
        os.kill(job, signal.SIGCONT)
        terminal.wait_for("total", "quit")
        terminal.press("q")
        assert terminal.wait() == 0
        assert is_given_back(terminal)


# ------------------------------------------------------------------------------ without a terminal


def test_into_a_pipe_it_is_one_frame(served: Served, run: Run) -> None:
    found = run("top", "--port", served.port)
    assert found.code == 0
    lines = found.out.splitlines()
    assert "ESTABLISHED" in found.out and "quit" not in found.out
    assert any(line.split()[:2] == [str(served.pid), "served"] for line in lines)
    assert max(map(len, lines)) <= 80 and len(lines) <= 24
    assert found.out.replace("\n", "").isprintable()


def test_once_on_a_terminal_is_text(served: Served) -> None:
    with live("top", "--once", "--port", served.port) as terminal:
        assert terminal.wait() == 0
        assert b"served" in terminal.raw and b"\x1b" not in terminal.raw


def test_without_colours_it_is_live_all_the_same(served: Served) -> None:
    with live("top", *served.question, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("served", "LISTENS (1)", "per second")
        assert terminal.line_with("LISTENS").startswith("LISTENS")
        assert not re.search(rb"\x1b\[[0-9;]*(3|9)[0-7]m", terminal.raw)


def test_a_dumb_terminal_gets_text(served: Served) -> None:
    with live("top", "--port", served.port, environment={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 0
        assert b"served" in terminal.raw and b"\x1b" not in terminal.raw


def test_samples_as_text_and_as_json(served: Served, run: Run) -> None:
    frames = run("top", "--port", served.port, "--samples", 2, "--interval", "0.05")
    assert frames.out.count("PID  COMMAND (") == 2
    assert frames.out.count("per second") == 1
    found = run("top", "--port", served.port, "--samples", 2, "--interval", "0.05", "--jsonl")
    first, second, end = map(json.loads, found.out.splitlines())
    assert first["changes"] is None and second["changes"] == {"ESTABLISHED": 0, "LISTEN": 0}
    assert (end["end"], end["rows"]) == (True, 2)
    [document] = run("top", "--port", served.port, "--json").out.splitlines()
    told = json.loads(document)
    assert told["counts"]["established"] == 6
    assert served.pid in {group.get("pid") for group in told["groups"]}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--interval", "0"), "--interval: '0' is not a number of seconds (above 0, to 86400)"),
        (("--by", "peer"), "--by: top has no list by 'peer'; there are process, command, unit"),
        (("--json", "--samples", "2"), "--json is one document: take --jsonl with --samples"),
        (("--once", "--samples", "2"), "--once and --samples exclude each other"),
        (("--once", "state", "foo"), "unknown state 'foo'"),
    ],
)
def test_a_wrong_command_line(run: Run, words: tuple[str, ...], complaint: str) -> None:
    found = run("top", *words)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(f"fastsock: {complaint}")


def test_nobody_by_that_name(run: Run) -> None:
    found = run("top", "-c", "no-such-command")
    assert (found.code, found.out) == (1, "")
    assert found.err == "fastsock: no such process: no-such-command\n"


@pytest.mark.parametrize(
    "change", ["sys.modules['blessed'] = None", "import blessed; del blessed.LineHistory"]
)
def test_without_the_extra_it_says_what_is_missing(change: str) -> None:
    code = f"import sys; {change}; from fastsock.cli import main; sys.exit(main())"
    with live("top", command=(sys.executable, "-c", code), columns=120) as terminal:
        assert terminal.wait() == 2
        needed = f"the live view needs blessed >= {BLESSED}: pip install 'fastsock[top]'"
        assert needed in terminal.text and "Traceback" not in terminal.text


def test_what_is_needed_is_what_the_extra_installs() -> None:
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    assert f'top = ["blessed>={BLESSED}"]' in project.read_text()


def test_a_reader_who_goes_away_ends_it() -> None:
    command = [sys.executable, "-m", "fastsock", "top", "--samples", "1000", "--interval", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE) == 141


def test_one_frame_needs_no_extra() -> None:
    code = (
        "import sys; sys.modules['blessed'] = None; "
        "from fastsock.cli import main; sys.exit(main(['top', '--once']))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
