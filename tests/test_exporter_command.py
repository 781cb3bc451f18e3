"""The verb exporter as a process: how it begins, how it ends, and what it takes meanwhile.

FASTSOCK_SCRAPES=10000 has the memory measured over more scrapes; it takes 4 to 10 ms for each.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from command_line import Run
from fastsock.cli.answer import ANSWERED, BAD_USAGE, HIDDEN, INTERRUPTED, NO_ENGINE, NOTHING
from ports import listen, port_of
from proctree import LISTEN, ProcTree, tcp_line

pytest.importorskip("prometheus_client", reason="prometheus_client, an extra, is not installed")

ONLY = (
    "exporter is of a whole host: of the selections it takes only -t -u -x --netns --engine "
    "--procfs"
)
COMMAND = [sys.executable, "-m", "fastsock", "exporter"]
LIMIT = 30.0  # seconds in which everything must have happened
SCRAPES = int(os.environ.get("FASTSOCK_SCRAPES", "1000"))
SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")


class Exporter:
    """A process that serves, and where."""

    def __init__(self, process: subprocess.Popen[str], where: str) -> None:
        self.process = process
        self.where = where

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection over which nothing has been asked."""
        if not self.where.startswith("unix:"):
            address = self.where.removeprefix("http://").removesuffix("/metrics")
            return http.client.HTTPConnection(address, timeout=LIMIT)
        connection = http.client.HTTPConnection("localhost", timeout=LIMIT)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(LIMIT)
        connection.sock.connect(self.where.removeprefix("unix:"))
        return connection

    def scrape(self) -> str:
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", "/metrics")
            with connection.getresponse() as answer:
                assert answer.status == 200
                return answer.read().decode()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(LIMIT)


@contextlib.contextmanager
def exporter(*words: str, before: Sequence[str] = (), **environment: str) -> Iterator[Exporter]:
    """Start it on any port, if no word says another address; `before`: by this command."""
    listening = [] if "--listen" in words else ["--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*before, *COMMAND, *listening, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            assert process.stdout and process.stderr
            ready, _, _ = select.select([process.stdout], [], [], LIMIT)
            where = process.stdout.readline().strip() if ready else ""
            if not where:
                process.kill()
                raise AssertionError(process.stderr.read())
            yield Exporter(process, where)
        finally:
            process.kill()


def value(text: str, start: str) -> float:
    [line] = [line for line in text.splitlines() if line.startswith(start + " ")]
    return float(line.rpartition(" ")[2])


# ------------------------------------------------------------------------------------ its life


def test_it_serves_until_it_is_told_to_end() -> None:
    with exporter() as one:
        assert one.where.startswith("http://127.0.0.1:") and one.where.endswith("/metrics")
        assert value(one.scrape(), "fastsock_scans_total") == 1
        text = one.scrape()
        assert value(text, "fastsock_scans_total") == 2
        assert value(text, 'fastsock_http_requests_total{code="200"}') == 1
        port = one.where.rpartition(":")[2].removesuffix("/metrics")
        # It sees itself.
        assert f'fastsock_listener_accept_queue{{address="127.0.0.1",netns="own",port="{port}"' in (
            text.replace('netns="own",', 'netns="own",')
        )
        assert one.end() == 0
        assert one.process.communicate() == ("", "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 0)])
def test_other_signals(number: int, code: int) -> None:
    # Whoever runs the tests may have been started to ignore them.
    with exporter(before=("env", "--default-signal=HUP,INT")) as one:
        assert one.end(number) == code


@pytest.mark.parametrize(
    ("before", "number"),
    [
        (("nohup",), signal.SIGHUP),
        # As a shell without job control starts what has & behind it.
        (("sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh"), signal.SIGINT),
    ],
)
def test_a_signal_that_is_ignored_stays_so(before: Sequence[str], number: int) -> None:
    with exporter(before=before) as one:
        one.process.send_signal(number)
        for _ in range(3):
            assert "fastsock_sockets{" in one.scrape()
        assert one.end() == 0


def test_it_ends_while_somebody_holds_a_connection() -> None:
    with exporter() as one, contextlib.closing(one.connect()) as connection:
        connection.connect()
        one.scrape()
        started = time.monotonic()
        assert one.end() == 0
        assert time.monotonic() - started < LIMIT / 3


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "metrics"
    with exporter("--listen", f"unix:{path}") as one:
        assert one.where == f"unix:{path}"
        assert "fastsock_sockets{" in one.scrape()
        assert one.end() == 0
        assert not path.exists()


def test_a_unix_socket_of_one_that_was_killed(tmp_path: Path) -> None:
    words = ("--listen", f"unix:{tmp_path}/metrics")
    with exporter(*words) as one:
        one.end(signal.SIGKILL)
    assert (tmp_path / "metrics").exists()
    with exporter(*words) as one:
        assert "fastsock_sockets{" in one.scrape()
        done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=LIMIT)
        expected = f"fastsock: unix:{tmp_path}/metrics: another process listens there\n"
        assert (done.returncode, done.stderr) == (2, expected)
        assert "fastsock_sockets{" in one.scrape()


def test_whoever_waits_for_it_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(LIMIT)
        with exporter(NOTIFY_SOCKET=str(tmp_path / "notify")) as one:
            assert manager.recv(100) == b"READY=1"
            one.scrape()
            assert one.end() == 0
            assert manager.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("path", ["relative", "/nowhere/at/all", "@fastsock-nobody", ""])
def test_nobody_waits_for_it(path: str) -> None:
    with exporter(NOTIFY_SOCKET=path) as one:
        assert one.end() == 0


def test_everybody_is_warned_of_an_open_address() -> None:
    with exporter("--listen", "0.0.0.0:0") as one:
        assert one.end() == 0
        assert one.process.stderr is not None
        warning = one.process.stderr.read()
        assert warning.startswith("fastsock: 0.0.0.0:")
        assert warning.endswith(" is not loopback: whoever comes there can read this\n")


def test_why_it_does_not_see_all_is_said_once(tmp_path: Path) -> None:
    """When it is first met, though the number is another one each time; and what helps."""

    def listeners(*ports: int) -> None:
        lines = [tcp_line(("10.0.0.1", port), ("0.0.0.0", 0), LISTEN) for port in ports]
        tree.table("tcp", *lines)

    tree = ProcTree(tmp_path)
    listeners(80)
    words = ("--procfs", str(tmp_path), "--engine", "reference", "--max-listeners", "1")
    with exporter(*words) as one:
        for ports in ((80,), (80, 81), (80, 81), (80, 81, 82), (80,), (80, 81, 82, 83)):
            listeners(*ports)
            one.scrape()
        assert one.end() == 0
        lines = one.process.communicate()[1].splitlines()
    assert len(set(lines)) == len(lines)
    assert [line for line in lines if "listeners" in line] == [
        "fastsock: 1 listeners over limit: the fullest are told; --max-listeners N"
    ]


# ------------------------------------------------------------------------------------ many scrapes


def test_fifty_scrapes_at_once() -> None:
    with exporter() as one, ThreadPoolExecutor(50) as pool:
        texts = [task.result(LIMIT) for task in [pool.submit(one.scrape) for _ in range(500)]]
        assert len(texts) == 500 and all("fastsock_sockets{" in text for text in texts)
        text = one.scrape()
        assert value(text, "fastsock_http_connections_refused_total") == 0
        assert value(text, "fastsock_scans_total") < 400  # shared
        assert value(text, 'fastsock_http_requests_total{code="200"}') == 500


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Over a UNIX socket: connections over TCP would be as many rows in TIME_WAIT."""
    if SANITIZED:
        pytest.skip("the sanitizers keep what is freed for a while")
    with exporter("--listen", f"unix:{tmp_path}/metrics") as one:

        def resident() -> int:
            with open(f"/proc/{one.process.pid}/smaps_rollup") as file:
                [line] = [line for line in file if line.startswith("Rss:")]
            return int(line.split()[1])  # kB

        descriptors = len(os.listdir(f"/proc/{one.process.pid}/fd"))
        for _ in range(SCRAPES // 4):
            one.scrape()
        before = resident()
        for _ in range(SCRAPES - SCRAPES // 4):
            one.scrape()
        grown = resident() - before
        text = one.scrape()
        assert value(text, "fastsock_scans_total") == SCRAPES + 1
        assert len(os.listdir(f"/proc/{one.process.pid}/fd")) <= descriptors + 1
        assert grown < 512, f"{grown} kB more after {SCRAPES} scrapes"


# ---------------------------------------------------------------------------------- command lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--listen :19469", ":19469: needs an address in numbers, as 127.0.0.1:19469"),
        ("--listen here", "here: not ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH"),
        ("--by uid", "--by: 'uid' is none of command unit container pod pid"),
        ("--top 5", "--top is of --by"),
        ("--by pid --top 0", "--top: '0' is not a number (1 to 1000)"),
        ("--timeout 0", "--timeout: '0' is not a number of seconds (above 0, to 86400)"),
        ("--max-connections 0", "--max-connections: '0' is not a number (1 to 1000)"),
        ("--max-listeners x", "--max-listeners: 'x' is not a number (0 to 100000)"),
        (
            "-p 1",
            ONLY,
        ),
        (
            "-l",
            ONLY,
        ),
        ("--json", "--json has no place here: Prometheus has a form of its own"),
        ("state listen", "'state' has no place here, see --help"),
        ("--netns /", "netns: '/' is not all, own, a pid or a name in /run/netns"),
    ],
)
def test_bad_usage(run: Run, words: str, said: str) -> None:
    result = run("exporter", *words.split())
    assert (result.code, result.out, result.err) == (2, "", f"fastsock: {said}\n")


def test_a_port_that_is_taken(run: Run) -> None:
    with listen() as other:
        where = f"127.0.0.1:{port_of(other)}"
        result = run("exporter", "--listen", where)
    assert result.code == 2
    assert result.err.endswith(f"fastsock: {where}: Address already in use\n")


def test_what_cannot_work_is_said_at_once(run: Run, tmp_path: Path) -> None:
    result = run("exporter", "--procfs", tmp_path, "--listen", "127.0.0.1:0")
    assert result.code == 3 and "is not available" in result.err
    result = run("exporter", "--netns", "no-such", "--listen", "127.0.0.1:0")
    assert result.code == 2 and "no network namespace 'no-such'" in result.err
    result = run("exporter", "--netns", 2**31 - 1, "--listen", "127.0.0.1:0")
    assert result.code == 1 and "no such process: 2147483647" in result.err


def test_codes_are_in_its_help(run: Run) -> None:
    text = run("exporter", "--help").out.partition("Exit: ")[2].partition(".\n")[0]
    codes = (ANSWERED, NOTHING, BAD_USAGE, NO_ENGINE, HIDDEN, INTERRUPTED)
    assert [int(part.split()[0]) for part in text.split("; ")] == list(codes)


def test_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("fastsock.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    result = run("exporter", "--listen", "127.0.0.1:0")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "fastsock: the exporter needs the prometheus_client package: "
        "pip install 'fastsock[exporter]'\n"
    )
    assert run("exporter", "--help").code == 0


def test_another_root(tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    for name in ("tcp", "tcp6", "udp", "udp6"):
        tree.table(name)
    with exporter("--procfs", str(tmp_path), "--engine", "reference") as one:
        text = one.scrape()
        assert (
            'fastsock_sockets{family="ipv4",netns="unknown",protocol="tcp",state="listen"} 0.0'
            in (text)
        )
        for path in tmp_path.rglob("tcp"):
            path.unlink()
        with contextlib.closing(one.connect()) as connection:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:28]) == (500, b"the look at the host failed:")
        assert one.end() == 0
