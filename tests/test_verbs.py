"""The verbs listeners, who and process: what they print, of made-up hosts and of this one."""

from __future__ import annotations

import ctypes
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from children import AS_ROOT, NOBODY, child_process, in_child, libc
from command_line import Run
from fastsock import users
from fastsock.cli.listeners import shorten
from fastsock.cli.process import text_size
from fastsock.cli.who import parse_end
from ports import listen, port_of
from proctree import LISTEN, STREAM, ProcTree, tcp_line, udp_line, unix_line

SELF = os.getpid()
NETNS = 4026531840
BAD = b"a\n\x1b[31mb"
DOCKER = "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
BTIME = 1_700_000_000
KEPT: list[object] = []

has_ipv6 = pytest.mark.skipif(not os.path.exists("/proc/self/net/tcp6"), reason="needs IPv6")


@pytest.fixture(autouse=True)
def names_and_times(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Whoever runs this is called root, as who made the trees; and it is in Greenwich."""
    passwd = tmp_path_factory.mktemp("etc") / "passwd"
    passwd.write_text(f"root:x:{os.geteuid()}:0\nnobody:x:{NOBODY}:0\n")
    with monkeypatch.context() as patch:
        patch.setattr(users, "_PASSWD", str(passwd))
        patch.setenv("TZ", "UTC")
        time.tzset()
        forget()
        yield
    time.tzset()
    forget()


def forget() -> None:
    users._read_passwd.cache_clear()
    users.user_name.cache_clear()


def write_tables(tree: ProcTree, pids: tuple[int, ...], **tables: list[bytes]) -> None:
    for name in ("tcp", "tcp6", "udp", "udp6", "unix"):
        for pid in (None, *pids):
            tree.table(name, *tables.get(name, []), pid=pid)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """nginx, its workers and what goes on at their port; programs with bad names and sockets."""
    tree = ProcTree(tmp_path)
    (tmp_path / "stat").write_bytes(b"btime %d\n" % BTIME)
    master = tree.process(
        3920,
        b"nginx",
        netns=NETNS,
        cmdline=b"nginx: master process /usr/sbin/nginx\0\0",
        exe="/usr/sbin/nginx (deleted)",
        cwd="/var/lib/a b",
        cgroup=b"0::/system.slice/nginx.service\n",
    )
    master.socket(6, 501).socket(7, 504)
    for number in range(9):
        pid = 3921 + number
        worker = tree.process(
            pid,
            b"nginx",
            netns=NETNS,
            start_time=1001 + number,
            cmdline=b"nginx: worker process\0",
            exe="/usr/sbin/nginx (deleted)",
            cwd="/var/lib/a b",
            cgroup=b"0::/system.slice/nginx.service\n",
        )
        stat = (worker.path / "stat").read_bytes()
        (worker.path / "stat").write_bytes(stat.replace(b") S 1 ", b") S 3920 "))
        worker.socket(6, 501)
        for fd in range(number):
            worker.socket(10 + fd, 600 + 10 * number + fd)
    tree.process(1, b"init", netns=NETNS, start_time=0).socket(9, 503)
    tree.process(4000, BAD, netns=NETNS, cmdline=BAD + b"\0-x\0", exe="/opt/\x1b").socket(3, 503)
    other = tree.process(4001, b"db", netns=NETNS, cgroup=f"0::/docker/{DOCKER}\n".encode())
    other.socket(3, 505)
    connections = [
        tcp_line(("10.0.0.1", 80), ("10.9.9.9", 1000 + 10 * number + fd), 1 + 7 * (fd % 2),
                 inode=600 + 10 * number + fd)
        for number in range(9)
        for fd in range(number)
    ]  # fmt: skip
    write_tables(
        tree,
        (1, 3920, *range(3921, 3930), 4000, 4001),
        tcp=[
            tcp_line(("0.0.0.0", 80), state=LISTEN, inode=501, rx_queue=2),
            tcp_line(("127.0.0.1", 5432), state=LISTEN, inode=505, uid=4_000_000_001),
            tcp_line(("10.0.0.1", 9000), state=LISTEN, inode=503),
            tcp_line(("10.0.0.1", 9001), state=LISTEN, inode=999, uid=4_000_000_000),
            tcp_line(("10.0.0.1", 80), ("10.9.9.9", 5), state=6),
            tcp_line(("10.0.0.1", 80), ("10.9.9.9", 6), inode=0),
            tcp_line(("10.0.0.1", 4444), ("10.9.9.9", 80), inode=0),
            *connections,
        ],
        tcp6=[tcp_line(("::", 443), state=LISTEN, inode=504)],
        udp=[udp_line(("127.0.0.1", 53), inode=507)],
        unix=[unix_line(b"/run/\x1b.sock", STREAM, listens=True, inode=506)],
    )
    return tmp_path


# --------------------------------------------------------------------------------------- listeners


def test_listeners(run: Run, proc: Path) -> None:
    result = run("listeners", "--procfs", proc)
    assert (result.code, result.err) == (0, "")
    # Where containers are it is wider than a small terminal: their column stands last.
    assert [line[:80].rstrip() for line in result.out.splitlines()] == [
        "PROTO  LOCAL           REACH         QUEUE  USER            PID  COMMAND",
        "tcp    0.0.0.0:80      all IPv4          2  root           3920  nginx +9",
        "tcp    [::]:443        all, IPv4?        0  root           3920  nginx",
        "tcp    127.0.0.1:5432  this host         0  root           4001  db",
        'tcp    10.0.0.1:9000   this address      0  root           4000  "a\\x0a\\x1b[31mb',
        "tcp    10.0.0.1:9001   this address      0  4000000000  unknown  -",
    ]
    assert [line.split()[-1] for line in result.out.splitlines()] == [
        *("CONTAINER", "-", "-", "4f797c539e6c", "-", "-")
    ]


def test_listeners_of_other_protocols(run: Run, proc: Path) -> None:
    result = run("listeners", "-ux", "--procfs", proc, "--no-header")
    assert [line.split() for line in result.out.splitlines()] == [
        ["unix", "stream", '"/run/\\x1b.sock"', "this", "host", "0", "-", "unknown", "-"],
        ["udp", "-", "127.0.0.1:53", "this", "host", "0", "root", "unknown", "-"],
    ]


def test_listeners_fit_a_terminal(run: Run) -> None:
    """Of sockets that are not in a container, with names of usual lengths."""
    with listen("127.0.0.1") as server:
        result = run("listeners", "--local-port", port_of(server))
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= 80


def test_listeners_in_full(run: Run, proc: Path) -> None:
    result = run("listeners", "--long", "--local-port", "80,5432", "--procfs", proc)
    assert result == (
        0,
        "tcp 0.0.0.0:80  all IPv4  queue 2/?\n"
        "  nginx 3920  fd 6  user root  unit nginx.service  since 2023-11-14 22:13:30\n"
        '    binary /usr/sbin/nginx (deleted)  cwd "/var/lib/a b"\n'
        "    nginx: master process /usr/sbin/nginx\n"
        "    nginx 3921 3922 3923 3924 3925 3926 … (9)  fd 6  since 2023-11-14 22:13:30\n"
        "      nginx: worker process\n"
        "\n"
        "tcp 127.0.0.1:5432  this host  queue 0/?\n"
        "  db 4001  fd 3  user root  unit docker:4f797c539e6c  since 2023-11-14 22:13:30\n"
        "    binary /usr/bin/program  cwd /\n"
        "    /usr/bin/program\n",
        "",
    )


def test_listeners_as_json(run: Run, proc: Path) -> None:
    document = json.loads(run("listeners", "--json", "--procfs", proc).out)
    assert document["schema"] == 1
    rows = {row["local_port"]: row for row in document["sockets"]}
    assert list(rows) == [80, 443, 5432, 9000, 9001]
    assert (rows[80]["reach"], rows[80]["networks"]) == ("ipv4", ["0.0.0.0/0"])
    assert rows[80]["owner_state"] == "found"
    first = rows[80]["owners"][0]
    assert first == {
        "pid": 3920,
        "fd": 6,
        "command": "nginx",
        "unit": "nginx.service",
        "uid": os.geteuid(),
        "user": "root",
        "parent": 1,
        "start_time": 1000,
        "started": "2023-11-14T22:13:30Z",
        "arguments": ["nginx: master process /usr/sbin/nginx"],
        "binary": "/usr/sbin/nginx",
        "binary_deleted": True,
        "cwd": "/var/lib/a b",
    }
    assert [owner["parent"] for owner in rows[80]["owners"][1:]] == [3920] * 9
    assert rows[9000]["owners"][1]["arguments"] == ["a\\x0a\\x1b[31mb", "-x"]
    assert rows[9000]["owners"][1]["binary"] == "/opt/\\x1b"
    assert rows[9001]["owners"] is None
    lines = run("listeners", "--jsonl", "--procfs", proc).out.splitlines()
    assert [json.loads(line).get("local_port") for line in lines] == [*rows, None]
    assert json.loads(lines[-1])["rows"] == 5
    assert run("listeners", "--pids", "--local-port", 5432, "--procfs", proc).out == "4001\n"


def test_no_listeners(run: Run, proc: Path) -> None:
    words = ("--local-port", 7, "--procfs", proc)
    assert run("listeners", "--long", *words) == (1, "", "")
    assert run("listeners", "--no-header", *words) == (1, "", "")
    assert json.loads(run("listeners", "--json", *words).out)["sockets"] == []


def test_a_unix_listener_in_full(run: Run, proc: Path) -> None:
    assert run("listeners", "-x", "--long", "--procfs", proc).out == (
        'unix stream "/run/\\x1b.sock"  this host  queue 0\n  owner unknown, made by -\n'
    )


def test_sockets_that_share_an_address(run: Run, tmp_path: Path) -> None:
    """SO_REUSEPORT: one block, the queues of all, each process once."""
    tree = ProcTree(tmp_path)
    for pid in (7, 8):
        tree.process(pid, b"w", netns=NETNS).socket(3, pid).socket(4, 9)
    lines = [tcp_line(("0.0.0.0", 80), state=LISTEN, inode=n, rx_queue=n) for n in (7, 8, 9)]
    tree.process(1, netns=NETNS)
    write_tables(tree, (1, 7, 8), tcp=lines)
    assert run("who", ":80", "--procfs", tmp_path).out == (
        "tcp 0.0.0.0:80  all IPv4  3 sockets, queues 7/? 8/? 9/?\n"
        "  w 7 8  fd 3,4  user root\n"
        "    binary /usr/bin/program  cwd /\n"
        "    /usr/bin/program\n"
    )


# --------------------------------------------------------------------------------------------- who


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (":80", {"port": 80}),
        ("80", {"port": 80}),
        ("65535", {"port": 65535}),
        ("127.0.0.1:80", {"port": 80, "address": "127.0.0.1"}),
        ("[::1]:80", {"port": 80, "address": "::1"}),
        ("65536", {"inode": 65536}),
        ("inode:7", {"inode": 7}),
        ("socket:[7]", {"inode": 7}),
        (str(2**64 - 1), {"inode": 2**64 - 1}),
    ],
)
def test_ends(text: str, end: dict[str, Any]) -> None:
    assert parse_end(text) == end


def test_who(run: Run, proc: Path) -> None:
    result = run("who", ":80", "--procfs", proc)
    full = run("listeners", "--long", "--local-port", "80", "--procfs", proc).out
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        f"{full}\n"
        " PID  COMMAND  USER  ESTABLISHED  TIME_WAIT  CLOSE_WAIT  TOTAL\n"
        "3929  nginx    root            4          -           4      8\n"
        "3928  nginx    root            4          -           3      7\n"
        "3927  nginx    root            3          -           3      6\n"
        "3926  nginx    root            3          -           2      5\n"
        "3925  nginx    root            2          -           2      4\n"
        "3924  nginx    root            2          -           1      3\n"
        "   -  -        -               1          1           -      2\n"
        "3923  nginx    root            1          -           1      2\n"
        "3922  nginx    root            1          -           -      1\n"
    )
    assert run("who", "10.0.0.1:80", "--procfs", proc).out == result.out
    assert run("who", "10.0.0.2:80", "--procfs", proc).out == full
    assert run("who", "127.0.0.2:9000", "--procfs", proc).code == 1
    assert "[::]:443" in run("who", "[::1]:443", "--procfs", proc).out


def test_who_lists_all(run: Run, proc: Path) -> None:
    result = run("who", ":80", "--all", "--procfs", proc)
    assert result.out.count("\ntcp    ") == 38
    assert (
        "tcp    CLOSE_WAIT    0   0  10.0.0.1:80  10.9.9.9:1011  nginx pid=3922" not in result.out
    )
    assert "10.9.9.9:1010  nginx pid=3922 fd=10 unit=nginx.service\n" in result.out
    assert "10.9.9.9:5     -\n" in result.out


def test_who_as_json(run: Run, proc: Path) -> None:
    document = json.loads(run("who", ":80", "--json", "--procfs", proc).out)
    (row,) = document["sockets"]
    assert (row["local_port"], row["state"], row["reach"]) == (80, "LISTEN", "ipv4")
    assert [owner["pid"] for owner in row["owners"]] == list(range(3920, 3930))
    assert row["owners"][0]["binary_deleted"] is True
    folded = {group["pid"]: group for group in document["connections"]}
    assert folded[3929]["command"] == "nginx"
    assert folded[3929]["states"] == {"ESTABLISHED": 4, "CLOSE_WAIT": 4}
    assert (folded[None]["owner_state"], folded[None]["total"]) == ("none", 2)
    document = json.loads(run("who", ":80", "--all", "--json", "--procfs", proc).out)
    assert len(document["sockets"]) == 39
    lines = [
        json.loads(line) for line in run("who", ":80", "--jsonl", "--procfs", proc).out.splitlines()
    ]
    assert (lines[0]["local_port"], lines[1]["pid"], lines[-1]["rows"]) == (80, 3929, 10)
    lines = [
        json.loads(line)
        for line in run("who", ":80", "-a", "--jsonl", "--procfs", proc).out.splitlines()
    ]
    assert (len(lines), lines[-1]["rows"]) == (40, 39)
    assert {line["state"] for line in lines[:-1]} == {
        "LISTEN",
        "ESTABLISHED",
        "TIME_WAIT",
        "CLOSE_WAIT",
    }


def test_who_where_nobody_listens(run: Run, proc: Path) -> None:
    result = run("who", ":4444", "--procfs", proc)
    assert result == (
        0,
        "PID  COMMAND  USER  ESTABLISHED  TOTAL\n  -  -        -               1      1\n",
        "",
    )
    document = json.loads(run("who", ":4444", "--json", "--procfs", proc).out)
    assert [row["local_port"] for row in document["sockets"]] == [4444]


def test_who_pids(run: Run, proc: Path) -> None:
    """Of those who listen: whoever is killed by it, no client is."""
    assert run("who", ":80", "--pids", "--procfs", proc) == (
        0,
        "".join(f"{pid}\n" for pid in range(3920, 3930)),
        "",
    )
    assert run("who", ":9001", "--pids", "--procfs", proc) == (1, "", "")
    assert run("who", ":7", "--pids", "--procfs", proc) == (1, "", "")


def test_nobody_has_it(run: Run, proc: Path) -> None:
    assert run("who", ":7", "--procfs", proc) == (1, "", "")
    assert json.loads(run("who", ":7", "--json", "--procfs", proc).out)["sockets"] == []


def test_udp_has_it(run: Run, proc: Path) -> None:
    assert run("who", ":53", "--procfs", proc) == (
        1,
        "",
        "fastsock: nothing of TCP; of UDP there is: fastsock who :53 -u\n",
    )
    assert run("who", ":53", "-u", "--procfs", proc).code == 0
    assert run("who", ":53", "-t", "--procfs", proc) == (1, "", "")


@pytest.mark.parametrize("words", [["inode:501"], ["inode:506"]])
def test_who_has_an_inode(run: Run, proc: Path, words: list[str]) -> None:
    result = run("who", *words, "--procfs", proc)
    assert (result.code, result.out.count("queue")) == (0, 1)
    (row,) = json.loads(run("who", *words, "--json", "--procfs", proc).out)["sockets"]
    assert row["inode"] == int(words[0][6:])


def test_nobody_has_that_inode(run: Run, proc: Path) -> None:
    assert run("who", 77777777, "--procfs", proc) == (1, "", "")


def test_a_selection_of_what_was_found(run: Run, proc: Path) -> None:
    result = run("who", ":80", "--remote-port", 1010, "--procfs", proc)
    assert result.out.splitlines()[1].split() == ["3922", "nginx", "root", "1", "1"]


def test_who_on_this_host(run: Run) -> None:
    """A listener, forks that hold it, one of which talks."""
    with listen() as server:
        port = port_of(server)
        with child_process(os.getpid) as (idle, _):

            def talk() -> None:
                client = socket.create_connection(("127.0.0.1", port))
                KEPT.append((client, server.accept()[0]))
                libc.prctl(15, ctypes.c_char_p(b"evil\x1b]0;\xff"), 0, 0, 0)

            with child_process(talk) as (busy, _):
                result = run("who", f":{port}")
                assert result.code == 0
                assert "\x1b" not in result.out
                place = {pid: result.out.index(f" {pid}") for pid in (SELF, idle, busy)}
                assert place[SELF] < min(place[idle], place[busy])
                folded = result.out.splitlines()[-1].split()
                assert folded[0] == str(busy)
                assert folded[1] == '"evil\\x1b]0;\\xff"'
                assert folded[-2:] == ["1", "1"]
                assert set(run("who", f":{port}", "--pids").out.split()) == {
                    str(SELF),
                    str(idle),
                    str(busy),
                }


# ----------------------------------------------------------------------------------------- process


def test_a_process(run: Run, proc: Path) -> None:
    result = run("process", 3923, "--procfs", proc)
    assert result == (
        0,
        "nginx 3923\n"
        "  binary     /usr/sbin/nginx (deleted)\n"
        "  arguments  nginx: worker process\n"
        '  cwd        "/var/lib/a b"\n'
        "  user       root\n"
        "  started    2023-11-14 22:13:30\n"
        "  parent     3920\n"
        "  unit       nginx.service\n"
        "  open       3 descriptors: 3 socket\n"
        "  tcp        established=1 listen=1 other=1 (CLOSE_WAIT 1)\n"
        "  udp        established=0 listen=0 other=0\n"
        "  listens    tcp 0.0.0.0:80  all IPv4  queue 2/?\n",
        "",
    )


def test_processes_of_a_name(run: Run, proc: Path) -> None:
    result = run("process", "nginx", "--procfs", proc)
    assert result.code == 0
    assert re.findall(r"^nginx (\d+)$", result.out, re.MULTILINE) == [
        str(pid) for pid in range(3920, 3930)
    ]
    document = json.loads(run("process", "nginx", "--json", "--procfs", proc).out)
    assert [one["pid"] for one in document["processes"]] == list(range(3920, 3930))
    assert document["processes"][0]["binary_deleted"] is True
    assert document["processes"][3]["counts"]["tcp"]["states"] == {
        "ESTABLISHED": 1,
        "CLOSE_WAIT": 1,
        "LISTEN": 1,
    }
    assert document["sources"]
    lines = run("process", "nginx", "--jsonl", "--procfs", proc).out.splitlines()
    assert json.loads(lines[-1])["rows"] == 10


def test_names_are_escaped(run: Run, proc: Path) -> None:
    result = run("process", 4000, "-x", "--procfs", proc)
    assert result.out.splitlines()[:3] == [
        '"a\\x0a\\x1b[31mb" 4000',
        '  binary     "/opt/\\x1b"',
        "  arguments  a\\x0a\\x1b[31mb -x",
    ]
    assert "  unix       established=0 listen=0 other=0\n" in result.out
    assert "\x1b" not in run("process", 4000, "--json", "--procfs", proc).out


def test_only_some_sockets_of_a_process(run: Run, proc: Path) -> None:
    result = run("process", 3929, "--state", "close-wait", "-t", "--procfs", proc)
    assert "  tcp        established=0 listen=0 other=4 (CLOSE_WAIT 4)\n" in result.out
    assert "udp" not in result.out and "listens" not in result.out


@pytest.mark.parametrize("named", ["999999", "nobody-is-called-so", "4294967296", "a\x1bb"])
def test_no_such_process(run: Run, proc: Path, named: str) -> None:
    code, out, err = run("process", named, "--procfs", proc)
    assert (code, out) == (1, "")
    assert err == "fastsock: no such process: {}\n".format(named.replace("\x1b", "\\x1b"))


def test_files_that_a_process_writes(run: Run, tmp_path: Path) -> None:
    names = [f"{n:02}.log" for n in range(25)]
    opened = [open(tmp_path / name, "w") for name in names]
    again = open(tmp_path / "07.log", "a")
    try:
        for n, one in enumerate(opened):
            os.ftruncate(one.fileno(), 1 + n * 1000)
        (tmp_path / "24.log").unlink()
        result = run("process", SELF, "--dir", tmp_path, "-x")
        lines = re.findall(r"^  writes     (.*)$", result.out, re.MULTILINE)
        assert lines[0] == f"{tmp_path}/24.log (deleted)  23.4 KiB  fd {opened[24].fileno()}"
        assert len(lines) == 21
        assert lines[17] == f"{tmp_path}/07.log  6.84 KiB  fd {opened[7].fileno()},{again.fileno()}"
        assert lines[20] == "5 more, smaller (--all)"
        result = run("process", SELF, "--dir", tmp_path, "--all")
        assert len(re.findall("^  writes", result.out, re.MULTILINE)) == 25
        document = json.loads(run("process", SELF, "--dir", tmp_path, "--json").out)
        files = document["processes"][0]["files"]
        assert len(files) == 26
        assert {"path": f"{tmp_path}/24.log", "deleted": True, "size": 24001}.items() <= (
            next(row for row in files if row["deleted"]).items()
        )
        none = run("process", SELF, "--dir", tmp_path / "none")
        assert (none.code, "writes" in none.out) == (0, False)
    finally:
        for one in (*opened, again):
            one.close()


@pytest.mark.skipif(not AS_ROOT, reason="needs root to become another user")
def test_a_process_that_may_not_be_read(engine_name: str) -> None:
    """Exit 4, with what everybody may see, and never 0 sockets."""

    def look() -> tuple[int, str, str]:
        import contextlib
        import io
        import sys

        from fastsock import cli

        out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(["process", str(SELF), "--engine", engine_name])
        sys.stdout.flush()
        return code, out.buffer.getvalue().decode(), err.getvalue()

    code, out, err = in_child(look, user=NOBODY)
    assert code == 4
    for name in ("binary", "cwd", "open", "sockets", "writes"):
        assert re.search(f"^  {name} +hidden$", out, re.MULTILINE), out
    assert "established" not in out
    assert "  user       root\n" in out
    assert err.endswith(
        "binary, cwd, files, sockets may not be read; run as root or with CAP_SYS_PTRACE\n"
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (10229, "9.99 KiB"),
        (10240, "10.0 KiB"),
        (102400, "100 KiB"),
        (1023 * 1024, "1.00 MiB"),
        (5_000_000, "4.77 MiB"),
        (2**40, "1.00 TiB"),
        (2**63, "8.00 EiB"),
        (None, "-"),
    ],
)
def test_sizes(size: int | None, text: str) -> None:
    assert text_size(size) == text


def test_many_are_a_number() -> None:
    assert shorten(["1", "2"]) == "1 2"
    assert shorten([str(n) for n in range(6)]) == "0 1 2 3 4 5"
    assert shorten([str(n) for n in range(7)]) == "0 1 2 3 4 5 … (7)"
