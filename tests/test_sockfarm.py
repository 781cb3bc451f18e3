"""benchmarks/sockfarm.py: exact numbers, honest failures, and nothing left behind."""

from __future__ import annotations

import collections
import contextlib
import importlib.util
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PYTHON = os.path.realpath(sys.executable)  # a virtual environment may be private to its owner
SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "sockfarm.py"
if not SCRIPT.exists() or sys.platform != "linux":
    pytest.skip("needs Linux and benchmarks/sockfarm.py", allow_module_level=True)

spec = importlib.util.spec_from_file_location("sockfarm", SCRIPT)
assert spec and spec.loader
sockfarm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sockfarm)

ESTABLISHED, FIN_WAIT2, TIME_WAIT, CLOSE_WAIT, LISTEN = "01", "05", "06", "08", "0A"
OWN_NETNS = os.stat("/proc/self/ns/net").st_ino
NOBODY = 65534


def run(*argv: str, python: str = PYTHON, **options: object) -> subprocess.CompletedProcess[str]:
    argv = (python, str(SCRIPT), *argv)
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def rows(pid: int) -> list[list[str]]:
    """The rows of both TCP tables in the namespace of process `pid`."""
    found = []
    for name in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{name}")
        if path.exists():
            found += [line.split() for line in path.read_text().splitlines()[1:]]
    return found


def descriptors(pid: int) -> list[str]:
    """The inodes behind the socket descriptors of process `pid`, one for each descriptor."""
    try:
        links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
    except PermissionError:
        pytest.skip(f"may not read /proc/{pid}/fd here")
    return [link[8:-1] for link in links if link.startswith("socket:[")]


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"  # a zombie only awaits its parent


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if alive(pid)] == []


@contextlib.contextmanager
def started(*argv: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The script by hand: its process, and the pids of its ready line."""
    argv = (PYTHON, str(SCRIPT), *argv)
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout and process.stderr
            line = (process.stderr if "--" in argv else process.stdout).readline()
            while line.startswith("sockfarm: no network namespace"):
                line = process.stderr.readline()
            match = re.fullmatch(r"ready sockets=\d+ pids=([\d,]+) ports=[\d,]+ netns=\d+\n", line)
            assert match, line
            yield process, [int(pid) for pid in match[1].split(",")]
        finally:
            process.kill()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11, 999, 1000, 1001])
def test_sockets_are_exactly_n(n: int) -> None:
    with sockfarm.farm(n) as farm:
        assert farm.sockets == n
        table = rows(farm.pids[0])
        held = {inode for pid in farm.pids for inode in descriptors(pid)}
        assert len(held) == n
        assert {row[9] for row in table} >= held
        if farm.netns != OWN_NETNS:
            assert len(table) == n
        listening = {int(row[1].split(":")[1], 16) for row in table
                     if row[9] in held and row[3] == LISTEN}  # fmt: skip
        assert listening == set(farm.ports)
        assert os.stat("/proc/self/ns/net").st_ino == OWN_NETNS
        assert os.stat(f"/proc/{farm.pids[-1]}/ns/net").st_ino == farm.netns
    wait_until_gone(farm.pids)


def test_a_thousand_is_a_mixture() -> None:
    with sockfarm.farm(1000) as farm:
        per_process = {pid: descriptors(pid) for pid in farm.pids}
        held = {inode for inodes in per_process.values() for inode in inodes}
        table = [row for row in rows(farm.pids[0]) if row[9] in held]
        states = collections.Counter(row[3] for row in table)
        assert states[LISTEN] >= 5
        assert states[CLOSE_WAIT] == states[FIN_WAIT2] >= 3
        assert set(states) == {ESTABLISHED, LISTEN, CLOSE_WAIT, FIN_WAIT2}
        port_5000 = [row for row in table if "1388" in (row[1][-4:], row[2][-4:])]
        assert 80 <= len(port_5000) <= 120
        if sockfarm.has_ipv6():
            assert 80 <= sum(len(row[1]) > 13 for row in table) <= 120
        assert len({row[1].split(":")[0] for row in table}) > 4, "addresses are spread"
        (shared,) = [row[9] for row in port_5000 if row[3] == LISTEN]
        assert sum(shared in inodes for inodes in per_process.values()) >= 4
        assert any(len(inodes) > len(set(inodes)) for inodes in per_process.values()), "dup()"


def test_one_process_has_both_ends() -> None:
    with sockfarm.farm(100, processes=1, listen_port=7000) as farm:
        assert len(farm.pids) == 1
        assert len(set(descriptors(farm.pids[0]))) == 100
        assert farm.ports[0] == 7000


def test_in_the_callers_namespace() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run("10", "--no-netns", f"--listen-port={port}")
        assert result.returncode == 1
        assert f"port {port}" in result.stderr and "in use" in result.stderr
    with sockfarm.farm(10, netns=False, listen_port=port) as farm:
        assert farm.netns == OWN_NETNS
        held = {inode for pid in farm.pids for inode in descriptors(pid)}
        assert len(held & {row[9] for row in rows(os.getpid())}) == 10


def test_time_wait_is_apart_and_churn_too() -> None:
    result = run("10", "--time-wait=7", "--churn", "--", "sh", "-c",
                 "sleep 0.2; cat /proc/net/tcp")  # fmt: skip
    assert result.returncode == 0, result.stderr
    if f"netns={OWN_NETNS}\n" in result.stderr:
        pytest.skip("no network namespace of its own here: other sockets are in the table")
    # a table that moves between two reads repeats rows: each pair of addresses counts once
    table = {tuple(line.split()[1:3]): line.split()[3] for line in result.stdout.splitlines()}
    states = collections.Counter(table.values())
    assert states[TIME_WAIT] == 7
    # the shared one, churn's, and without IPv6 one to make the number even
    assert states[LISTEN] == (2 if sockfarm.has_ipv6() else 3)


def test_as_an_unprivileged_user() -> None:
    if os.geteuid():
        pytest.skip("this whole run is unprivileged already")
    script = """import os
for pid in os.environ["SOCKFARM_PIDS"].split(","):
    print(os.geteuid(), len(os.listdir(f"/proc/{pid}/fd")) > 0)
"""
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
    for python in (PYTHON, "/usr/bin/python3"):
        try:
            subprocess.run([python, "-c", f"open({str(SCRIPT)!r})"], check=True, **nobody)  # type: ignore[call-overload]
            break
        except OSError as error:
            why = f"user {NOBODY} may not run {python}: {error}"
        except subprocess.CalledProcessError:
            why = f"user {NOBODY} may not read {SCRIPT}"
    else:
        pytest.skip(why)
    result = run("1000", "--", python, "-c", script, python=python, **nobody)
    assert result.returncode == 0, result.stderr
    pids = re.findall(r"pids=([\d,]+)", result.stderr)[0].split(",")
    assert result.stdout.splitlines() == [f"{NOBODY} True"] * len(pids)


def test_a_low_descriptor_limit_takes_more_processes() -> None:
    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))

    result = run("1000", "--", "true", preexec_fn=lower)
    assert result.returncode == 0, result.stderr


def test_fewer_than_n_is_a_failure() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    result = run(str(limit * 2), "--processes=1")
    assert (result.returncode, result.stdout) == (1, "")
    assert f"of {limit * 2} sockets" in result.stderr
    assert result.stderr.count("\n") == 1 and str(limit) in result.stderr
    with pytest.raises(sockfarm.FarmError, match="sockets"), sockfarm.farm(10**12):
        pass  # more memory than any machine has


def test_a_limit_met_on_the_way_is_named() -> None:
    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    result = run("500", preexec_fn=lower)
    assert (result.returncode, result.stdout) == (1, "")
    assert "ulimit -n" in result.stderr.splitlines()[-1]


def test_the_command_gets_the_farm_and_gives_its_exit_code() -> None:
    show = 'echo "$SOCKFARM_SOCKETS $SOCKFARM_PORTS $SOCKFARM_PIDS $SOCKFARM_NETNS"; exit 7'
    result = run("10", "--", "sh", "-c", show)
    assert result.returncode == 7
    ready = dict(x.split("=") for x in result.stderr.splitlines()[-1].split()[1:])
    expected = [ready["sockets"], ready["ports"], ready["pids"], ready["netns"]]
    assert result.stdout.split() == expected
    wait_until_gone([int(pid) for pid in ready["pids"].split(",")])

    inside = run("1", "--", "readlink", "/proc/self/ns/net")
    assert inside.stdout == f"net:[{inside.stderr.rstrip().rpartition('=')[2]}]\n"
    assert run("1", "--", "sh", "-c", "kill -USR1 $$").returncode == 128 + signal.SIGUSR1
    missing = run("1", "--", "no-such-command-here")
    assert missing.returncode == 127
    assert missing.stderr == "sockfarm: no-such-command-here: command not found\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left(number: signal.Signals) -> None:
    with started("1000") as (process, pids):
        assert all(map(alive, pids))
        process.send_signal(number)
        assert process.wait(10) == (-number if number == signal.SIGKILL else 0)
        wait_until_gone(pids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_the_command(number: signal.Signals) -> None:
    with started("10", "--", "sh", "-c", "echo $$; exec sleep 60") as (process, pids):
        assert process.stdout
        command = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(10) == (-number if number == signal.SIGKILL else 128 + number)
        wait_until_gone([*pids, command])


def test_a_lost_process_ends_the_farm() -> None:
    with started("10") as (process, pids):
        os.kill(pids[0], signal.SIGKILL)
        assert process.wait(10) == 1
        assert process.stderr and "ended too early" in process.stderr.read()
        wait_until_gone(pids)


@pytest.mark.parametrize(
    "argv",
    [[], ["0"], ["-5"], ["many"], ["1.5"], ["1", "2"], ["1", "--processes=0"], ["1", "--"],
     ["1", "--time-wait=-1"], ["1", "--listen-port=x"], ["1" * 99], ["1", "--listen-port=70000"],
     ["1", "--unknown"]],
)  # fmt: skip
def test_bad_usage_is_one_line(argv: list[str]) -> None:
    result = run(*argv)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("sockfarm: ") and result.stderr.count("\n") == 1
