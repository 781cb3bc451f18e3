"""The command: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fastsock
import proctree
from command_line import Run
from fastsock import cli, render
from fastsock.attributes import MEMBERS
from fastsock.cli.flags import (
    ANSWER,
    HABITS,
    SELECTION,
    UsageError,
    parse_command_line,
)
from fastsock.cli.rows import optional_fields, sort
from fastsock.implementation import COMPILED

NETNS = 4026531840


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Two nginx workers on one listener, a client of theirs, a program with a bad name."""
    tree = proctree.ProcTree(tmp_path)
    lines = {
        "tcp": (
            proctree.tcp_line(("127.0.0.1", 80), state=proctree.LISTEN, inode=501, rx_queue=2),
            proctree.tcp_line(
                ("127.0.0.1", 80), ("127.0.0.1", 41872), inode=502, tx_queue=131, number=1
            ),
            proctree.tcp_line(("127.0.0.1", 80), ("127.0.0.1", 41873), rx_queue=517, number=2),
            proctree.tcp_line(
                ("10.1.2.3", 5000), ("10.9.9.9", 443), proctree.CLOSE_WAIT, inode=503, uid=1000
            ),
            proctree.tcp_line(("10.1.2.3", 5001), ("10.9.9.9", 443), proctree.TIME_WAIT),
        ),
        "tcp6": (proctree.tcp_line(("::1", 443), state=proctree.LISTEN, inode=504),),
        "udp": (proctree.udp_line(("127.0.0.1", 53), inode=505),),
        "udp6": (),
    }
    tree.process(1, b"init", netns=NETNS)
    tree.process(3921, b"nginx", netns=NETNS).socket(6, 501)
    tree.process(3922, b"nginx", netns=NETNS).socket(6, 501).socket(9, 502).socket(10, 502)
    tree.process(4000, b"a\n\x1b[31mb", netns=NETNS).socket(3, 503)
    for name, table in lines.items():
        tree.table(name, *table)
        for pid in (1, 3921, 3922, 4000):
            tree.table(name, *table, pid=pid)
    return tmp_path


# -- count


def test_count(run: Run, proc: Path) -> None:
    assert run("count", "--procfs", proc) == (
        0,
        "ESTABLISHED  2\n"
        "TIME_WAIT    1\n"
        "CLOSE_WAIT   1\n"
        "LISTEN       2\n"
        "established=2 listen=2 other=2\n",
        "",
    )


def test_count_of_a_process_says_what_nobody_accepted(run: Run, proc: Path) -> None:
    assert run("count", "-p", 3922, "--port", 80, "--procfs", proc) == (
        0,
        "ESTABLISHED  1\nLISTEN       1\nunaccepted=2\nestablished=1 listen=1 other=0\n",
        "",
    )


def test_descriptors_as_lsof_counts_them(run: Run, proc: Path) -> None:
    result = run("count", "-c", "nginx", "--descriptors", "--procfs", proc)
    assert result.out.splitlines()[-1] == "established=2 listen=2 other=0"


def test_others_are_printed_before_the_counts(run: Run, proc: Path) -> None:
    assert run("count", "--others", "--procfs", proc).out == (
        "PROTO  STATE       RX  TX  LOCAL          REMOTE\n"
        "tcp    CLOSE_WAIT   0   0  10.1.2.3:5000  10.9.9.9:443\n"
        "tcp    TIME_WAIT    0   0  10.1.2.3:5001  10.9.9.9:443\n"
        "ESTABLISHED  2\n"
        "TIME_WAIT    1\n"
        "CLOSE_WAIT   1\n"
        "LISTEN       2\n"
        "established=2 listen=2 other=2\n"
    )


def test_count_by_command(run: Run, proc: Path) -> None:
    result = run("count", "--by", "command", "--procfs", proc)
    assert sorted(line.split() for line in result.out.splitlines()[1:-1]) == [
        ['"a\\x0a\\x1b[31mb"', "0", "0", "1", "1"],
        ["-", "1", "0", "1", "2"],
        ["nginx", "1", "1", "0", "2"],
        ["unknown", "0", "1", "0", "1"],
    ]
    assert result.out.splitlines()[0].split() == [
        "COMMAND",
        "ESTABLISHED",
        "LISTEN",
        "OTHER",
        "TOTAL",
    ]
    assert result.out.splitlines()[-1] == "established=2 listen=2 other=2"


def test_count_by_two_keys_keeps_together_what_begins_alike(run: Run, proc: Path) -> None:
    assert run("count", "--by", "local_port,state", "--port", "80,5000", "--procfs", proc).out == (
        "LOCAL_PORT  STATE        TOTAL\n"
        "80          ESTABLISHED      2\n"
        "80          LISTEN           1\n"
        "5000        CLOSE_WAIT       1\n"
        "established=2 listen=1 other=1\n"
    )


def test_a_shared_socket_counts_once_in_all(run: Run, proc: Path) -> None:
    result = run("count", "--by", "pid", "--state", "listen", "--port", 80, "--procfs", proc)
    assert [line.split()[0] for line in result.out.splitlines()[1:-1]] == ["3921", "3922"]
    assert result.out.splitlines()[-1] == "established=0 listen=1 other=0"


def test_count_as_json(run: Run, proc: Path) -> None:
    document = json.loads(run("count", "--json", "--procfs", proc).out)
    assert list(document) == [
        "schema",
        "host",
        "time",
        "elapsed_ms",
        "sources",
        "incomplete",
        "counts",
    ]
    assert document["schema"] == 1
    assert document["host"] == os.uname().nodename
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["time"])
    assert document["counts"] == {
        "established": 2,
        "listen": 2,
        "other": 2,
        "total": 6,
        "states": {"ESTABLISHED": 2, "TIME_WAIT": 1, "CLOSE_WAIT": 1, "LISTEN": 2},
    }


def test_groups_as_json(run: Run, proc: Path) -> None:
    document = json.loads(run("count", "--by", "command", "--json", "--procfs", proc).out)
    keys = [(group["command"], group.get("owner_state")) for group in document["groups"]]
    assert sorted(keys, key=str) == [
        ("a\\x0a\\x1b[31mb", None),
        ("nginx", None),
        (None, "none"),
        (None, "unknown"),
    ]
    assert document["counts"]["total"] == 6


def test_counts_as_json_lines(run: Run, proc: Path) -> None:
    lines = run("count", "--by", "state", "--others", "--jsonl", "--procfs", proc).out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row.get("state") for row in rows[:2]] == ["CLOSE_WAIT", "TIME_WAIT"]
    assert rows[-1]["end"] is True
    assert rows[-1]["rows"] == len(rows) - 1 == 2 + 4


# -- list


def test_list(run: Run, proc: Path) -> None:
    assert run("list", "--procfs", proc) == (
        0,
        "PROTO  STATE         RX   TX  LOCAL          REMOTE\n"
        "tcp    LISTEN         2    0  127.0.0.1:80   0.0.0.0:0\n"
        "tcp    ESTABLISHED    0  131  127.0.0.1:80   127.0.0.1:41872\n"
        "tcp    ESTABLISHED  517    0  127.0.0.1:80   127.0.0.1:41873\n"
        "tcp    CLOSE_WAIT     0    0  10.1.2.3:5000  10.9.9.9:443\n"
        "tcp    TIME_WAIT      0    0  10.1.2.3:5001  10.9.9.9:443\n"
        "tcp    LISTEN         0    0  [::1]:443      [::]:0\n",
        "",
    )


def test_list_with_owners(run: Run, proc: Path) -> None:
    rows = run("list", "-O", "--no-header", "--columns", "local,owners", "--procfs", proc).out
    assert rows == (
        "127.0.0.1:80   nginx pid=3921 fd=6; nginx pid=3922 fd=6\n"
        "127.0.0.1:80   nginx pid=3922 fd=9,10\n"
        "127.0.0.1:80   -\n"
        '10.1.2.3:5000  "a\\x0a\\x1b[31mb" pid=4000 fd=3\n'
        "10.1.2.3:5001  -\n"
        "[::1]:443      unknown\n"
    )


def test_a_selection_by_process_shows_owners(run: Run, proc: Path) -> None:
    result = run("list", "-p", 4000, "--procfs", proc)
    assert result.out.splitlines()[1].endswith('10.9.9.9:443  "a\\x0a\\x1b[31mb" pid=4000 fd=3')
    assert len(result.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        (["--sort", "local_port"], ["80", "80", "80", "443", "5000", "5001"]),
        (["--sort", "-local_port"], ["5001", "5000", "443", "80", "80", "80"]),
        (["--sort", "local"], ["5000", "5001", "80", "80", "80", "443"]),
        (["--sort", "state", "--limit", "1"], ["5000"]),
        (["--sort", "-rx_queue", "--limit", "2"], ["80", "80"]),
        (["--sort", "-pid", "--limit", "2"], ["5000", "80"]),
        (["--sort=command", "--limit", "1"], ["5000"]),
        (["--state", "other"], ["5000", "5001"]),
        (["--state", "estab,time-wait"], ["80", "80", "5001"]),
        (["-l"], ["80", "443"]),
        (["-l4"], ["80"]),
        (["-6"], ["443"]),
        (["-nau"], ["53"]),
        (["-u", "-l"], ["53"]),
        (["-tul"], ["80", "443", "53"]),
        (["--port", "443"], ["5000", "5001", "443"]),
        (["--local-port", "400-5000"], ["5000", "443"]),
        (["--remote-port", "443", "--remote-port", "41872"], ["80", "5000", "5001"]),
        (["--remote-address", "10.0.0.0/8"], ["5000", "5001"]),
        (["--local-address", "::1"], ["443"]),
        (["--uid", "1000"], ["5000"]),
        (["-c", "nginx"], ["80", "80"]),
        (["-p", "3921,4000"], ["80", "5000"]),
        (["-p3921", "-p", "4000"], ["80", "5000"]),
    ],
)
def test_selection_and_order(run: Run, proc: Path, words: list[str], ports: list[str]) -> None:
    result = run("list", "--no-header", "--columns", "local_port", *words, "--procfs", proc)
    assert (result.code, result.out.split()) == (0, ports)


def test_limit_says_what_it_left_out(run: Run, proc: Path) -> None:
    result = run("list", "--limit", 2, "--procfs", proc)
    assert len(result.out.splitlines()) == 3
    assert result.err == "fastsock: 4 more not shown, because of --limit 2\n"
    assert run("list", "--limit", 0, "--procfs", proc).code == 0
    assert run("list", "--limit", 6, "--procfs", proc).err == ""


def test_every_column_can_be_shown(run: Run, proc: Path) -> None:
    result = run("list", "--columns", ",".join(render.COLUMNS), "--procfs", proc)
    assert result.code == 0
    assert len(result.out.splitlines()) == 7
    assert "SSTHRESH" in result.out


def test_members_and_bytes_can_be_shown(run: Run, proc: Path) -> None:
    """/proc has none of these: they are absent, and asked for all the same."""
    words = ["--columns", "local_port,tcp_info.rtt,path,congestion,interface", "--procfs", proc]
    lines = run("list", "--port", 443, "-l", *words).out.splitlines()
    assert [line.split() for line in lines] == [
        ["LOCAL_PORT", "TCP_INFO.RTT", "PATH", "CONGESTION", "INTERFACE"],
        ["443", "-", "-", "-", "0"],
    ]
    (socket,) = json.loads(run("list", "-l6", "--json", *words).out)["sockets"]
    asked = ["tcp_info.rtt", "path", "congestion", "interface"]
    assert list(socket)[-4:] == asked
    assert [socket[name] for name in asked] == [None, None, None, 0]
    line = run("list", "-l6", "--jsonl", *words).out.splitlines()[0]
    assert json.loads(line) == socket


def test_sorting_by_what_only_some_have() -> None:
    fixed = (6, 2, 1, 0, bytes(16), bytes(16), 1, 2, 0, 0, 0, 0)
    values = [(7, b"/b", b"\4"), (0, b"/a", b"\2"), (9, b"", b"")]  # peer, path, tcp_info
    made = [(*fixed, n, 0, 0, 0, -1, *value) for n, value in enumerate(values)]
    table = fastsock.SocketTable.from_rows(made, ["tcp_info.state", "path", "peer"])
    for column, up, down in (
        ("peer", [0, 2, 1], [2, 0, 1]),
        ("path", [1, 0, 2], [0, 1, 2]),
        ("tcp_info.state", [1, 0, 2], [0, 1, 2]),
    ):
        for descending, expected in ((False, up), (True, down)):
            found = sort(table, column, descending)
            assert found.column("inode").tolist() == expected
    assert optional_fields(["uid", "path", "tcp_info.rtt", "path"], ("rto", True)) == (
        "path", "tcp_info.rtt", "rto",
    )  # fmt: skip


def test_list_as_json(run: Run, proc: Path) -> None:
    document = json.loads(run("list", "-O", "--json", "--procfs", proc).out)
    assert [socket["local_port"] for socket in document["sockets"]] == [80, 80, 80, 5000, 5001, 443]
    assert document["sockets"][3]["owners"] == [
        {"pid": 4000, "fd": 3, "command": "a\\x0a\\x1b[31mb"}
    ]
    assert document["sockets"][2]["owners"] == []
    assert document["sockets"][5]["owners"] is None
    assert document["sockets"][5]["owner_state"] == "unknown"


def test_list_as_json_lines(run: Run, proc: Path) -> None:
    result = run("list", "--jsonl", "--limit", 2, "--procfs", proc)
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert rows[0]["state"] == "LISTEN"
    assert "owners" not in rows[0]
    assert rows[-1]["end"] is True
    assert rows[-1]["rows"] == 2
    assert "incomplete" in rows[-1] and "sources" in rows[-1]


def test_nothing_matched(run: Run, proc: Path) -> None:
    heading = "PROTO  STATE  RX  TX  LOCAL  REMOTE\n"
    assert run("list", "--port", 9, "--procfs", proc) == (1, heading, "")
    assert run("list", "--port", 9, "--no-header", "--procfs", proc) == (1, "", "")
    assert json.loads(run("list", "--port", 9, "--json", "--procfs", proc).out)["sockets"] == []
    assert run("listeners", "--port", 9, "--procfs", proc).code == 1
    assert run("who", ":9", "--procfs", proc).code == 1
    assert run("count", "--port", 9, "--procfs", proc) == (
        0,
        "established=0 listen=0 other=0\n",
        "",
    )


# -- engines


def test_engines(run: Run) -> None:
    result = run("engines")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()][0] == "ENGINE"
    document = json.loads(run("engines", "--json").out)
    assert {engine["name"] for engine in document["engines"]} >= {"procfs", "reference"}
    for engine in document["engines"]:
        told = [engine["reason"], engine["remedy"]]
        assert told == [None, None] if engine["available"] else all(told)


def test_engines_that_do_not_work(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is wrapped; what may be copied is not."""
    from fastsock import engines

    long = " ".join(["word"] * 20)
    found = [
        engines.EngineStatus("bpf", False, long, "", "all", remedy="sudo " + long),
        engines.EngineStatus("procfs", False, "bad\x1b", "", "all"),
        engines.EngineStatus("reference", True, "", "all", "all that there is"),
    ]
    monkeypatch.setattr(engines, "engine_status", lambda procfs: found)
    assert run("engines").out == (
        "ENGINE     WORKS  READS, OR WHY NOT\n"
        f"bpf        no     {' '.join(['word'] * 12)}\n"
        f"                  {' '.join(['word'] * 8)}\n"
        f"  try: sudo {long}\n"
        "procfs     no     bad\\x1b\n"
        "reference  auto   all that there is\n"
    )
    first, second, _ = json.loads(run("engines", "--json").out)["engines"]
    assert (first["reason"], first["remedy"]) == (long, "sudo " + long)
    assert (second["reason"], second["remedy"]) == ("bad\x1b", None)


# -- the bare command


def test_the_glance_fits_a_small_terminal(run: Run, proc: Path) -> None:
    result = run("--procfs", proc)
    assert result.code == 0
    lines = result.out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in result.out
    assert any("ESTABLISHED" in line for line in lines)


def test_the_glance_at_this_host(run: Run) -> None:
    result = run()
    assert result.code == 0
    assert len(result.out.splitlines()) <= 24
    assert max(map(len, result.out.splitlines())) <= 80


def test_the_glance_counts_unix_sockets(run: Run) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM):
        lines = run().out.splitlines()
        [beside] = [line for line in lines if line.startswith("of other protocols: ")]
        assert re.match(r"of other protocols: [1-9][0-9]* UNIX \(-x\)", beside)
        assert json.loads(run("--json").out)["unix"] >= 1
        with_unix = run("-x").out
    assert " unix " in with_unix.splitlines()[0]
    assert "UNIX (-x)" not in with_unix


def test_the_glance_as_json(run: Run, proc: Path) -> None:
    document = json.loads(run("--json", "--procfs", proc).out)
    assert document["schema"] == 1


# -- cgroups

DOCKER = "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"


@pytest.fixture
def units(proc: Path) -> Path:
    """The same host, nginx in a container and in a unit, and a unit with a bad name."""
    (proc / "3921" / "cgroup").write_text("0::/system.slice/nginx.service\n")
    (proc / "3922" / "cgroup").write_text(f"0::/docker/{DOCKER}\n")
    (proc / "4000" / "cgroup").write_text("0::/no container\x1b.service\n")
    return proc


@pytest.mark.parametrize("name", [f"/docker/{DOCKER}", DOCKER[:12], f"docker:{DOCKER[:12]}"])
def test_a_cgroup_selects_its_processes(run: Run, units: Path, name: str) -> None:
    assert run("count", "--cgroup", name, "--procfs", units) == run(
        "count", "-p", 3922, "--procfs", units
    )
    shown = run("list", "--cgroup", name, "--no-header", "--procfs", units).out
    assert [line.split("  ")[-1] for line in shown.splitlines()] == [
        f"nginx pid=3922 fd=6 unit=docker:{DOCKER[:12]}",
        f"nginx pid=3922 fd=9,10 unit=docker:{DOCKER[:12]}",
    ]
    others = run("count", "--others", "--cgroup", "no container\x1b.service", "--procfs", units).out
    assert others.splitlines()[1].endswith(
        '"a\\x0a\\x1b[31mb" pid=4000 fd=3 unit="no container\\x1b.service"'
    )


def test_units_and_containers_as_columns(run: Run, units: Path) -> None:
    words = ("list", "--columns", "inode,unit,container", "--procfs", units)
    shown = run(*words, "--sort", "unit", "--no-header", "--port", "80,5000").out
    assert [line.split() for line in shown.splitlines()] == [
        ["502", f"docker:{DOCKER[:12]}", DOCKER[:12]],
        ["501", f"nginx.service,docker:{DOCKER[:12]}", f"-,{DOCKER[:12]}"],
        ["503", '"no', 'container\\x1b.service"', "-"],
        ["0", "-", "-"],
    ]


def test_pods(run: Run, units: Path) -> None:
    uid = "6c5f7a1e-440c-66ac-9084-e0fc1d8a7e55"
    path = f"/kubepods.slice/kubepods-pod{uid.replace('-', '_')}.slice/crio-{DOCKER}.scope"
    (units / "3922" / "cgroup").write_text(f"0::{path}\n")
    words = ("--cgroup", uid, "--procfs", units)
    shown = run("list", "--columns", "inode,pod,cgroup", "--sort", "pod", "--no-header", *words)
    assert [line.split() for line in shown.out.splitlines()] == [
        ["501", uid, path],
        ["502", uid, path],
    ]
    document = json.loads(run("count", "--by", "pod", "--json", *words).out)
    assert [(group["pod"], group["total"]) for group in document["groups"]] == [(uid, 2)]


def test_nobody_is_in_a_cgroup(run: Run, units: Path) -> None:
    assert run("list", "--cgroup", "no.service,/a\n", "--procfs", units) == (
        1,
        "",
        "fastsock: no such process: none in cgroup /a\\x0a, no.service\n",
    )


def test_count_by_unit_and_container(run: Run, units: Path) -> None:
    result = run("count", "--by", "unit", "--procfs", units).out
    assert sorted(line.split("  ")[0] for line in result.splitlines()[1:-1]) == [
        '"no container\\x1b.service"',
        "-",
        f"docker:{DOCKER[:12]}",
        "nginx.service",
        "unknown",
    ]
    result = run("count", "--by", "container", "--procfs", units).out
    assert sorted(line.split("  ")[0] for line in result.splitlines()[1:-1]) == [
        "-",
        DOCKER[:12],
        "no container",
        "unknown",
    ]
    document = json.loads(run("count", "--by", "container", "--json", "--procfs", units).out)
    keys = {(group["container"], group.get("owner_state")) for group in document["groups"]}
    assert keys == {(None, "none"), (DOCKER[:12], None), (None, None), (None, "unknown")}


def test_the_glance_names_units_and_walks_no_descriptors(run: Run, units: Path) -> None:
    refused = run("--cgroup", "nginx.service", "--procfs", units)
    line = "fastsock: --cgroup needs a look at descriptors: fastsock count --cgroup …\n"
    assert refused == (2, "", line)
    shown = run().out
    document = json.loads(run("--json").out)
    for process in document["processes"]:
        assert process["unit"] is None or "unit=" in shown


# -- bad input: one line, never a traceback

P_SELECTS = "-p selects a PID here; owners: -O; ss's letters: fastsock ss -tanp"
COLUMNS = ", ".join(render.COLUMNS)
VERBS = " ".join(filter(None, cli.VERBS))

WRONG = [
    ("count -p", P_SELECTS),
    ("-tanp", P_SELECTS),
    ("count -tanp", P_SELECTS),
    ("list -pan", P_SELECTS),
    ("list -p nginx", P_SELECTS),
    ("list -p -O", P_SELECTS),
    ("list -tulpn", P_SELECTS),
    ("count -p 12,", "--pid needs a value"),
    ("count -p 0", "--pid: '0' is not a PID (1 to 2147483647)"),
    ("count --port 70000", "--port: '70000' is not a port (0 to 65535)"),
    ("count --port 1_0", "--port: '1_0' is not a port (0 to 65535)"),
    ("count --port +5", "--port: '+5' is not a port (0 to 65535)"),
    ("count --port ٣", "--port: '٣' is not a port (0 to 65535)"),
    ("count --port 90-80", "--port: the range of ports '90-80' is empty"),
    ("count --port", "--port needs a value"),
    ("count --port=", "--port needs a value"),
    ("count --uid root", "--uid: 'root' is not a user's number (0 to 4294967295)"),
    (
        "count --state bogus",
        "--state: unknown state 'bogus'; states are ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 "
        "FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING and other",
    ),
    ("count -l --state established", "-l and --state exclude each other"),
    ("count --others --state listen", "--others and --state exclude each other"),
    ("list -o", "-o shows timers elsewhere; here: --columns state,local,remote,timer,"
     "timer_expires_ms (owners: -O)"),
    ("list -tano", "-o shows timers elsewhere; here: --columns state,local,remote,timer,"
     "timer_expires_ms (owners: -O)"),
    ("list --resolve", "names are not resolved: addresses and ports stay numbers"),
    ("list --limit -1", "--limit: '-1' is not a number of rows (0 to 4294967295)"),
    ("list --columns state,nope", f"--columns: unknown column 'nope'; columns are {COLUMNS}"),
    ("list --columns tcp_info.nope", "--columns: unknown column 'tcp_info.nope'; inside tcp_info "
     f"there are {', '.join(MEMBERS['tcp_info'])}"),
    ("list --sort -nope", f"--sort: unknown column 'nope'; columns are {COLUMNS}"),
    ("list --own", "unknown flag --own; see fastsock list --help"),
    ("list --owners=yes", "--owners takes no value"),
    ("list -tc nginx", "-c takes a value: give it apart from -tc"),
    ("list -Z", "unknown flag -Z; see fastsock list --help"),
    ("--by state", "unknown flag --by; see fastsock --help"),
    ("engines state", "'state' has no place here, see --help"),
    ("-t count", "the verb comes first: fastsock count …"),
    ("cuont", f"unknown verb 'cuont'; verbs are {' '.join(filter(None, cli.VERBS))}"),
    ("bpf", "bpf takes one of pin unpin status"),
    ("bpf --json", "bpf takes one of pin unpin status"),
    ("bpf pim", "bpf takes one of pin unpin status, not 'pim'"),
    ("bpf pin /x", "bpf takes one of pin unpin status, not 'pin /x'"),
    ("bpf pin --program", "--program needs --group: root can load its own"),
    ("bpf pin --group no-such-group", "--group: there is no group 'no-such-group'"),
    ("bpf pin --group 4294967295", "--group: '4294967295' is not a group's number "
     "(0 to 4294967294)"),
    ("bpf pin --port 80", "--port has no place here: bpf pin asks of no sockets"),
    ("bpf status --group 0", "--group has no place here: it is of bpf pin"),
    ("bpf unpin --program", "--program has no place here: it is of bpf pin"),
    ("bpf pin --path=", "--path needs a value"),
    ("bpf pin --pth", "unknown flag --pth; see fastsock bpf --help"),
    ("bpf pin -p /run", "-p selects a PID here; owners: -O; ss's letters: fastsock ss -tanp"),
    ("count --by nope", None),
    ("who", "who needs one :PORT, ADDRESS:PORT or inode:N"),
    ("who :80 :81", "who needs one :PORT, ADDRESS:PORT or inode:N"),
    ("who inode:x", "'x' is not a socket's inode (1 to 18446744073709551615)"),
    ("who inode:0", "'0' is not a socket's inode (1 to 18446744073709551615)"),
    ("process", "process needs one PID or NAME"),
    ("process 1 2", "process needs one PID or NAME"),
    ("process -p 1 nginx", "-p has no place here: fastsock process PID|NAME"),
    ("process -c nginx", "process needs one PID or NAME"),
    ("process --dir", "--dir needs a value"),
    ("who :http", "'http' is not a port (0 to 65535)"),
    ("who ::1:80", "'::1:80': an IPv6 address stands in brackets, as [::1]:80"),
    ("who nowhere:80", None),
    ("count --address 10.0.0.0/40", None),
    ("count --address nowhere", None),
    ("count --engine nope", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "answer"), WRONG, ids=[line for line, _ in WRONG])
def test_wrong_usage(run: Run, line: str, answer: str | None) -> None:
    code, out, err = run(*line.split())
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("fastsock: ")
    if answer is not None:
        assert err == f"fastsock: {answer}\n"


def test_no_such_process(run: Run, proc: Path) -> None:
    code, out, err = run("count", "-p", 999999, "--procfs", proc)
    assert (code, out) == (1, "")
    assert err == "fastsock: no such process: 999999\n"


@pytest.mark.parametrize(("remedy", "told"), [("", ""), ("another one", "; try: another one")])
def test_an_engine_that_cannot_work_here(
    run: Run, monkeypatch: pytest.MonkeyPatch, proc: Path, remedy: str, told: str
) -> None:
    from fastsock import conductor
    from fastsock.errors import EngineUnavailable

    def unavailable(**question: Any) -> None:
        raise EngineUnavailable("somewhere", "not on this planet", remedy=remedy)

    monkeypatch.setattr(conductor, "count", unavailable)
    assert run("count", "--procfs", proc) == (
        3,
        "",
        f"fastsock: engine somewhere is not available: not on this planet{told}\n",
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (fastsock.errors.OwnersHidden([12], "run as root"), 4),
        (fastsock.errors.NamespaceHidden("the namespace of 12 may not be read"), 4),
        (fastsock.errors.NoSuchNamespace("no such namespace: blue"), 2),
        (fastsock.errors.ParseError("/proc/net/tcp", 7, b"\x1b[2J"), 2),
        (PermissionError(13, "Permission denied", "/proc/net/tcp"), 2),
        (MemoryError(), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    from fastsock import conductor

    def fail(**question: Any) -> None:
        raise error

    monkeypatch.setattr(conductor, "count", fail)
    result = run("count")
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert "\x1b" not in result.err


def test_an_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastsock import conductor

    def interrupt(**question: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(conductor, "count", interrupt)
    assert run("count") == (130, "", "")


def test_a_proc_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, out, err = run("count", "--procfs", tmp_path / "nowhere")
    assert code in (2, 3)
    assert out == ""
    assert err.count("\n") == 1


# -- incomplete answers


def incomplete_counts(remedy: str) -> Any:
    from fastsock.table import Counts

    entry = {"what": "owners hidden\x1b", "count": 34, "reason": "not ours", "remedy": remedy}
    return Counts({1: 1}, incomplete=(entry,))


@pytest.mark.parametrize(
    ("words", "remedy", "code", "err"),
    [
        ([], "run as root", 0, "fastsock: 34 owners hidden\\x1b: not ours; run as root\n"),
        ([], "", 0, ""),
        (["--strict"], "", 4, "fastsock: 34 owners hidden\\x1b: not ours\n"),
        (["--strict"], "be root", 4, "fastsock: 34 owners hidden\\x1b: not ours; be root\n"),
    ],
)
def test_incomplete(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    remedy: str,
    code: int,
    err: str,
) -> None:
    from fastsock import conductor

    monkeypatch.setattr(conductor, "count", lambda **question: incomplete_counts(remedy))
    result = run("count", *words)
    assert (result.code, result.err) == (code, err)
    assert result.out.endswith("established=1 listen=0 other=0\n")


# -- the flags


def test_flags_are_not_named_twice() -> None:
    shared = [name for flag in (*SELECTION, *ANSWER, *HABITS) for name in flag.names]
    assert len(set(shared)) == len(shared)


def test_what_stands_behind_two_dashes_is_no_flag() -> None:
    options = parse_command_line("who", (), ["--", "-t"])
    assert options.positional == ["-t"]


def test_a_question_has_the_library_s_keywords() -> None:
    words = "-p 1,2 -c a -c b --port 80,90-91 --state listen -46 -u --netns all --procfs /x"
    assert parse_command_line("list", (), words.split()).question() == {
        "pid": (1, 2),
        "command": ("a", "b"),
        "port": (range(80, 81), range(90, 92)),
        "state": (10,),
        "family": ("ipv4", "ipv6"),
        "protocol": ("udp",),
        "netns": "all",
        "procfs": "/x",
    }
    assert parse_command_line("list", (), ["--netns", "12"]).question() == {"netns": 12}
    with pytest.raises(UsageError):
        parse_command_line("list", (), ["--netns", "0"])


@pytest.mark.parametrize(
    "verb", ["", "count", "list", "listeners", "who", "process", "diff", "leaks", "engines"]
)
def test_help_fits_a_terminal(run: Run, verb: str) -> None:
    result = run(*verb.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 100
    assert "--port N[-M]" in result.out
    assert "fastsock" in result.out.splitlines()[0]


@pytest.mark.parametrize("words", ["bpf --help", "bpf pin -h"])
def test_help_of_what_asks_of_no_sockets(run: Run, words: str) -> None:
    result = run(*words.split())
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 100
    assert "--group GROUP" in result.out and "--port" not in result.out


@pytest.mark.skipif(COMPILED, reason="this build can load the program")
def test_pins_need_the_extension(run: Run) -> None:
    code, out, err = run("bpf", "status")
    assert (code, out) == (3, "")
    assert err.startswith("fastsock: engine bpf is not available: ")


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"fastsock {fastsock.__version__}\n", "")


# -- whole processes

COMMAND = [sys.executable, "-m", "fastsock"]


def fill_with_sockets(tree: proctree.ProcTree, count: int) -> None:
    lines = [
        proctree.tcp_line(("127.0.0.1", 80), ("127.0.0.1", port), inode=port)
        for port in range(1, count + 1)
    ]
    tree.process(1, netns=NETNS)
    for pid in (None, 1):
        for name in ("tcp", "tcp6", "udp", "udp6"):
            tree.table(name, *(lines if name == "tcp" else []), pid=pid)


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    """More than a pipe holds, to a reader that goes away after one line."""
    tree = proctree.ProcTree(tmp_path)
    fill_with_sockets(tree, 20_000)
    for verb in (["list"], ["list", "--jsonl"]):
        process = subprocess.Popen(
            [*COMMAND, *verb, "--procfs", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)
        process.stderr.close()


def test_a_full_disk_is_an_error(proc: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "count", "--procfs", str(proc)], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert done.stderr == b"fastsock: standard output: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "<&- >&-", ">&- 2>&-", "2>&-"])
def test_closed_descriptors(proc: Path, closed: str) -> None:
    """Whoever closes our output still gets the exit code, and no file of ours in its place."""
    shell = f'"$@" {closed}'
    for words, code in ((["count"], 0), (["who", ":9"], 1)):
        command = ["sh", "-c", shell, "sh", *COMMAND, *words, "--procfs", str(proc)]
        done = subprocess.run(command, capture_output=True)
        assert (done.returncode, done.stderr) == (code, b"")


def test_an_interrupted_process_is_quiet(tmp_path: Path) -> None:
    """SIGINT while it writes to a pipe that is full."""
    tree = proctree.ProcTree(tmp_path)
    fill_with_sockets(tree, 50_000)
    process = subprocess.Popen(
        [*COMMAND, "list", "--procfs", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"")


def loaded_modules(*words: str) -> set[str]:
    code = "import sys; from fastsock.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


# Each would be a good part of the command's start.
HEAVY = {
    "argparse",
    "dataclasses",
    "datetime",
    "inspect",
    "ipaddress",
    "json",
    "logging",
    "re",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
}


@pytest.mark.skipif(not COMPILED, reason="the reference engine needs regular expressions and more")
@pytest.mark.parametrize("verb", ["", "count", "list", "listeners", "flows", "wait --count >=0"])
def test_a_verb_loads_only_what_it_needs(proc: Path, verb: str) -> None:
    before = set(
        subprocess.run(
            [sys.executable, "-c", "import sys; print(*sys.modules)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )
    loaded = loaded_modules(*verb.split(), "--procfs", str(proc)) - before
    assert sorted(loaded & HEAVY) == []
    own = {name for name in loaded if name.startswith("fastsock.cli.")}
    groups = {
        "": {"glance"},
        "count": {"count"},
        "list": {"rows"},
        "listeners": {"listeners", "owners"},
        "flows": {"flows", "count", "rows"},
        "wait --count >=0": {"wait"},
    }
    assert own == {f"fastsock.cli.{name}" for name in ("answer", "flags", *groups[verb])}
    assert "fastsock.engines.reference" not in loaded
    if verb in ("count", "list"):  # the others show units
        assert "fastsock.cgroups" not in loaded
    if verb in ("count", "wait --count >=0"):
        assert not {"fastsock._render", "fastsock._render_py"} & loaded
