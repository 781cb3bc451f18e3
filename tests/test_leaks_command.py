"""The verb leaks: what it takes, beside which command it watches, how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from command_line import Run
from fastsock.cli import load_group
from fastsock.cli.answer import FINDING
from fastsock.diagnose import leaks, sampling
from fastsock.diagnose.following import Sample
from leak_samples import CLOSE_WAIT, Row, snapshot

PATIENCE = 60.0  # seconds, for what takes a moment
COMMAND = [sys.executable, "-m", "fastsock", "leaks"]

# Holds three in CLOSE_WAIT until a file is there.
LEAKER = """
import os, socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
kept = []
for _ in range(3):
    kept.append(socket.create_connection(server.getsockname()))
    server.accept()[0].close()
print("leaking", server.getsockname()[1], flush=True)
until = time.monotonic() + 60
while not os.path.exists(sys.argv[1]) and time.monotonic() < until:
    time.sleep(0.01)
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that comes when CLOSE_WAIT has been seen in most of the samples, and in some."""
    path = tmp_path / "seen"
    take = sampling.Sampler.take
    counts = {True: 0, False: 0}

    def note(self: sampling.Sampler) -> Sample:
        sample = take(self)
        counts[len(sample.snapshot.sockets.select(state="close-wait")) > 0] += 1
        if counts[True] > 3 * counts[False] + 5:
            path.touch()
        return sample

    monkeypatch.setattr(sampling.Sampler, "take", note)
    return path


@pytest.fixture
def held() -> Iterator[None]:
    """Two sockets of this process in CLOSE_WAIT."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []
        for _ in range(2):
            kept.append(socket.create_connection(server.getsockname()))
            server.accept()[0].close()
        until = time.monotonic() + PATIENCE
        for one in kept:
            while one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != CLOSE_WAIT:
                assert time.monotonic() < until
                time.sleep(0.001)
        yield
        for one in kept:
            one.close()


@contextlib.contextmanager
def started(words: Sequence[str], **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, in a session of its own; what is left of it in the end is killed."""
    child = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True, **how)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(PATIENCE)
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


# -- usage


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        *(
            (
                f"--interval {text}",
                f"--interval: '{text}' is not a number of seconds (above 0, to 86400)",
            )
            for text in ("0", "0.0", "-1", "nan", "inf", "1e3", "1_0", "86401", "soon")
        ),
        ("--interval=", "--interval: '' is not a number of seconds (above 0, to 86400)"),
        *(
            (f"--samples {text}", f"--samples: '{text}' is not a number of samples (2 to 1000000)")
            for text in ("1", "0", "-3", "2.5", "x")
        ),
        ("--", "-- needs a command that is to be run: fastsock leaks -- CMD …"),
        ("a.jsonl -- true", "snapshots have been taken: no command can run beside them"),
        (
            "--state established",
            "--state has no place here: sockets are followed through all states",
        ),
        ("-l", "-l has no place here: sockets are followed through all states"),
        ("-x", "-x has no place here: UNIX sockets have no remote endpoint"),
        ("a b --interval 1", "--interval has no place here: snapshots have been taken"),
        ("a b --samples 3", "--samples has no place here: snapshots have been taken"),
        ("a b --netns all", "--netns has no place here: a snapshot is what was taken"),
        ("- -", "only one snapshot can come from standard input"),
    ],
)
def test_bad_usage(run: Run, words: str, complaint: str) -> None:
    result = run("leaks", *words.split())
    assert (result.code, result.out) == (2, "")
    assert result.err in (f"fastsock: {complaint}\n", "fastsock: --interval needs a value\n")


def test_a_snapshot_that_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("leaks", tmp_path / "none")
    assert (result.code, result.out) == (2, "")
    assert str(tmp_path / "none") in result.err


def test_nobody_of_that_name(run: Run) -> None:
    assert run("leaks", "-c", "no such command", "--interval", "0.01") == (
        1,
        "",
        "fastsock: no such process: no such command\n",
    )


# -- this host


def test_a_process_with_a_finding(run: Run, held: None) -> None:
    words = ("leaks", "-p", os.getpid(), "--interval", "0.01", "--samples", "3")
    result = run(*words)
    assert result.code == 0 and result.err == ""
    first, whose, finding, meaning = result.out.splitlines()
    assert first.startswith("watched 0.") and ", 3 samples: " in first
    assert f" {os.getpid()}, user " in whose
    assert finding.startswith("  close-wait to 127.0.0.1:")
    assert ": 2 in CLOSE_WAIT, 2 of them in all 3 samples over 0." in finding
    assert meaning.startswith("close-wait: the other end has closed, this process has not")
    assert run(*words, "--check").code == FINDING == 5


def test_a_process_without_a_finding(run: Run) -> None:
    result = run("leaks", "-p", os.getpid(), "--interval", "0.01", "--samples", "2", "--check")
    assert result.code == 0
    assert result.out.splitlines()[1:] == [
        "nothing here looks like a leak",
        "note: two samples: what grows is told from three on",
    ]


def test_json(run: Run, held: None) -> None:
    words = ("leaks", "-p", os.getpid(), "--interval", "0.01", "--samples", "3")
    document = json.loads(run(*words, "--json").out)
    assert document["schema"] == 1 and document["samples"] == 3
    assert document["ended"] == "samples" and document["sources"]
    (finding,) = document["findings"]
    assert (finding["kind"], finding["count"], finding["whole"]) == ("close-wait", 2, 2)
    assert finding["process"]["pid"] == os.getpid()
    finding, watched, end = map(json.loads, run(*words, "--jsonl").out.splitlines())
    assert finding["kind"] == "close-wait"
    assert (watched["kind"], watched["samples"], "findings" in watched) == ("watch", 3, False)
    assert (end["end"], end["rows"]) == (True, 2)


def test_progress_and_ctrl_c() -> None:
    """On a terminal it says how far it is, in one line that is gone in the end."""
    terminal, its_end = os.openpty()
    words = ["-p", str(os.getpid()), "--interval", "0.05", "--samples", "100000"]
    with started([*COMMAND, *words], stderr=its_end) as child:
        os.close(its_end)
        shown = read_until(terminal, b"sample 3 of 100000")
        child.send_signal(signal.SIGINT)
        out = child.communicate(timeout=PATIENCE)[0].decode()
        assert child.returncode == 0
        shown += read_rest(terminal)
    os.close(terminal)
    assert out.startswith("watched ") and " until Ctrl-C, " in out.splitlines()[0]
    lines = shown.decode().split("\r")
    assert lines[0] == "" and lines[1].startswith("watched 0.0 s of ")
    assert lines[2].startswith("watched 0.") and lines[-1] == "\x1b[K"
    assert "\n" not in shown.decode()


def read_until(terminal: int, wanted: bytes) -> bytes:
    shown = b""
    until = time.monotonic() + PATIENCE
    while wanted not in shown:
        assert time.monotonic() < until, shown
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 4096)
    return shown


def read_rest(terminal: int) -> bytes:
    shown = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # EIO: nobody has the other end any more
            return shown
        if not more:
            return shown
        shown += more


def test_ctrl_c_before_the_second_sample() -> None:
    words = ["-p", str(os.getpid()), "--interval", "3600", "--check"]
    terminal, its_end = os.openpty()
    with started([*COMMAND, *words], stderr=its_end) as child:
        os.close(its_end)
        read_until(terminal, b"sample 1 of 6")
        child.send_signal(signal.SIGINT)
        out = child.communicate(timeout=PATIENCE)[0].decode()
        assert child.returncode == 0
        read_rest(terminal)
    os.close(terminal)
    assert "note: watched once: nothing can be said of leaks from one sample\n" in out


# -- beside a command

BESIDE = ("leaks", "--interval", "0.01", "--check", "--")


def leaker(marker: Path, code: int) -> tuple[object, ...]:
    """Return the command line of a program that leaks, and ends with this code."""
    return sys.executable, "-c", LEAKER, marker, code


def test_a_command_that_leaks(run: Run, marker: Path) -> None:
    result = run(*BESIDE, *leaker(marker, 0))
    assert result.code == FINDING
    head, whose, *rest = result.err.splitlines()
    assert " while the command ran, " in head
    assert any(
        "  close-wait to 127.0.0.1:" in line and ": 3 in CLOSE_WAIT" in line for line in rest
    )


def test_a_command_that_fails_has_the_word(run: Run, marker: Path) -> None:
    result = run(*BESIDE, *leaker(marker, 3))
    assert result.code == 3
    assert "close-wait" in result.err


def test_without_check_a_finding_is_no_failure(run: Run, marker: Path) -> None:
    words = ("leaks", "--interval", "0.01", "--")
    assert run(*words, *leaker(marker, 0)).code == 0


def test_another_process_beside_a_command(run: Run, marker: Path, held: None) -> None:
    """With -p that process is watched while the command runs."""
    words = ("leaks", "-p", os.getpid(), "--interval", "0.01", "--check", "--jsonl", "--")
    result = run(*words, *leaker(marker, 0))
    assert result.code == FINDING
    findings = [json.loads(line) for line in result.err.splitlines()]
    pids = {one["process"]["pid"] for one in findings if one.get("kind") == "close-wait"}
    assert pids == {os.getpid()}


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)],
)
def test_the_code_of_a_command(script: str, code: int) -> None:
    words = [*COMMAND, "--interval", "0.01", "--check", "--", "sh", "-c", f"echo out; {script}"]
    result = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert (result.returncode, result.stdout) == (code, "out\n")
    assert result.stderr.startswith("watched ")


def test_a_command_has_our_standard_input() -> None:
    result = subprocess.run(
        [*COMMAND, "--", "cat"], input="in\n", capture_output=True, text=True, timeout=PATIENCE
    )
    assert (result.returncode, result.stdout) == (0, "in\n")


def test_commands_that_cannot_be_run(run: Run, tmp_path: Path) -> None:
    assert run("leaks", "--", "/no/such\ncommand") == (
        127,
        "",
        "fastsock: /no/such\\x0acommand: no such command\n",
    )
    plain = tmp_path / "plain"
    plain.touch()
    result = run("leaks", "--", plain)
    assert result.code == 126
    assert result.err == f"fastsock: {plain}: Permission denied\n"


def test_a_watch_that_fails_leaves_the_command_alone() -> None:
    words = [*COMMAND, "-c", "no such command", "--", "sh", "-c", "sleep 0.2; echo done"]
    result = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert (result.returncode, result.stdout) == (1, "done\n")
    assert result.stderr == "fastsock: no such process: no such command\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 7), (signal.SIGHUP, 8)])
def test_signals_reach_the_command(number: int, code: int) -> None:
    script = "trap 'exit 7' TERM; trap 'exit 8' HUP; echo up; while :; do sleep 0.05; done"
    words = [*COMMAND, "--interval", "0.05", "--", "sh", "-c", script]
    with started(words, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        child.send_signal(number)
        _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == code
    assert err.startswith(b"watched ")


def test_a_signal_while_the_command_is_started() -> None:
    with load_group("leaks").Forwarded() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        child = subprocess.Popen(["sleep", str(PATIENCE)])
        signals.start(child.pid)
        assert child.wait(PATIENCE) == -signal.SIGTERM


def test_ctrl_c_is_the_commands() -> None:
    """A terminal sends it to both: the command decides, and the report follows."""
    script = "trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.05; done"
    words = [*COMMAND, "--interval", "0.05", "--", "sh", "-c", script]
    with started(words, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out) == (0, b"bye\n")
    assert b" while the command ran, " in err


def test_more_time_than_samples(run: Run) -> None:
    """The command goes on when all samples have been taken."""
    result = run("leaks", "--interval", "0.01", "--samples", "2", "--", "sleep", "0.3")
    assert result.code == 0 and ", 2 samples: " in result.err


# -- snapshots in files


def test_snapshots(run: Run, tmp_path: Path) -> None:
    paths = []
    for n in range(1, 4):
        paths.append(tmp_path / f"{n}.jsonl")
        rows = [Row(k, CLOSE_WAIT, local_port=40000 + k) for k in range(1, 1 + 3 * n)]
        snapshot(3600.0 * n, rows, host="db\x1b1").save(paths[-1])
    result = run("leaks", *paths)
    assert result.code == 0
    assert result.out.splitlines()[:3] == [
        r"db\x1b1: watched 2.0 h, 3 samples: 9 sockets at the end, 1 process",
        "leaker 3921, user 4000000",
        "  close-wait to 10.0.0.5:5432: 9 in CLOSE_WAIT, 3 of them in all 3 samples over 2.0 h, "
        "grows by 3.0 ±0.5/h over 2.0 h, 3 samples",
    ]
    assert run("leaks", *paths, "--check").code == FINDING
    assert run("leaks", *paths, "--check", "-p", 4000).code == 0
    assert json.loads(run("leaks", *paths, "--json").out)["host"] == r"db\x1b1"
    once = run("leaks", paths[0], "--check")
    assert once.code == 0 and "note: watched once: " in once.out
    result = run("leaks", *reversed(paths))
    assert (result.code, result.out) == (2, "")
    assert "was taken before" in result.err


# -- the text


def test_what_others_wrote_is_escaped(run: Run) -> None:
    render_text = load_group("leaks").render_text
    samples = []
    for n in range(3):
        made = snapshot(float(n), [Row(1, CLOSE_WAIT)])
        made.processes[3921].command = b"a\n\x1b[31mb"
        made.processes[3921].cgroup = b"/system.slice/\x1b.service"
        samples.append(made)
    text = render_text(leaks.watch_leaks(samples))
    assert text.isascii() and all(line.isprintable() for line in text.splitlines())
    assert '"a\\x0a\\x1b[31mb" 3921' in text


def test_ports_are_a_namespaces() -> None:
    cli = load_group("leaks")
    leak = leaks.Leak(
        "ports", netns=7, local_address="10.0.0.1", remote_address="::1", remote_port=80, count=90,
        limit=100, time_wait=80, samples=2, seconds=2.0,
    )  # fmt: skip
    assert cli.text_whose(leak) == "network namespace 7"
    assert cli.text_endpoint(leak) == " from 10.0.0.1 to [::1]:80"
