"""session.py: what a command and its children use while they run, and the frames that it draws."""

from __future__ import annotations

import os
import sys
import time

import pytest

import session
from session import Session

TICKS = os.sysconf("SC_CLK_TCK")
STAT = "7 (a (b) c) S 1 7 7 34816 7 4194304 176 0 0 0 {} {} {} {} 20 0 1 0 1234 5 6"


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_times_of_a_process_and_of_the_children_it_has_waited_for() -> None:
    assert session.parse_stat(STAT.format(12, 3, 96, 188)) == pytest.approx(299 / TICKS)


def test_memory_of_shared_pages_is_the_share() -> None:
    text = "559f-7ffd ---p 00000000 00:00 0  [rollup]\nRss:  20000 kB\nPss:  14190 kB\n"
    assert session.parse_rollup(text) == 14190
    assert session.parse_rollup("") == 0


def test_a_process_that_has_ended_is_nothing() -> None:
    with Session(python("pass"), terminal=False) as ended:
        while ended.running:
            time.sleep(0.01)
        assert (ended.cpu(), ended.memory()) == (0, 0)


def test_children_count_while_they_run_and_afterwards() -> None:
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    parent = (
        f"import subprocess, sys, time\n"
        f"subprocess.run([sys.executable, '-c', {burn!r}])\n"
        f"print('waited', flush=True)\ntime.sleep(60)"
    )
    with Session(python(parent), terminal=False) as running:
        assert running.draws(1, 20)
        assert 0.3 <= running.cpu() < 3
        assert running.memory() > 1000


def test_pauses_divide_frames() -> None:
    text = (
        "import os, time\nassert os.get_terminal_size() == (80, 24) and os.isatty(0)\n"
        "os.close(os.open('/dev/tty', os.O_RDWR))\n"
        "for _ in range(3):\n    print('a frame\\nof lines', flush=True)\n    time.sleep(0.7)\n"
        "time.sleep(60)"
    )
    with Session(python(text), terminal=True) as drawing:
        assert drawing.draws(3, 30)
        assert drawing.frames == 3
        assert not drawing.draws(1, 1)
        assert drawing.output.count(b"of lines\r\n") == 3


def test_what_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PATIENCE", 0.2)
    text = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint(1, flush=True)\n"
    with Session(python(text + "time.sleep(60)"), terminal=False) as stubborn:
        assert stubborn.draws(1, 20)
    assert not stubborn.running
