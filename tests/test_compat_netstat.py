"""`fastsock netstat`: line for line what netstat of net-tools prints, and what it refuses."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import fastsock
import proctree
from children import AS_ROOT, OWN, child_process
from fastsock import names
from fastsock.compat import netstat
from fastsock.compat.reply import Reply
from own_namespace import KEPT, keep, open_sockets

COMMAND = [sys.executable, "-m", "fastsock", "netstat"]
NETSTAT = shutil.which("netstat")
SOURCE = Path(fastsock.__file__).parents[1]  # what is tested, which may be installed
NETNS = 4026531840

# What people type.
LINES = """\
-tan
-tanp
-plnt
-tulpn
-tunlp
-lntu
-tn
-an
-anp
-a -n -t
-l -n
-ln
-uan
-uanp
-x -n
-xl
-xa
-xap
-xlp
-nap4
-4an
-6an
-4 -n
-6 -n -l
-tane
-taneep
-tano
-tanpeo
-tanpeoW
-tuWn
-wan
-w -a -n -e
-Uan
-A inet -an
-A inet6 -tn
-A unix
-A inet,unix -n
--protocol=inet -n -u -a
--tcp --numeric --all
--list --numeric
--listening --programs --numeric --udp
--extend --timers --wide --numeric --tcp --all
--unix --all
--inet -n
--numeric-hosts --numeric-ports --numeric-users -tae
-t -d -N -n
-n -- -l
word -tn word""".split("\n")  # fmt: skip


def run(line: str, procfs: Path | str = "/proc") -> tuple[bytes, int, list[str]]:
    reply = netstat.run(line.split(), str(procfs))
    out = b"".join(reply.blocks)
    code = reply.code() if callable(reply.code) else reply.code
    return out, code, [*reply.complaints, *reply.afterwards]


def rows(out: bytes) -> list[bytes]:
    """Lines in an order that is not chance, without what moves on between two listings."""
    return sorted(re.sub(rb"(timewait|keepalive|on|probe) \([0-9.]+", rb"\1 (", line)
                  for line in out.split(b"\n"))  # fmt: skip


# -- beside the real one, on sockets that are open


def open_more() -> None:
    """In a network namespace of its own: what own_namespace has, UNIX, raw and UDP-Lite sockets."""
    open_sockets()
    KEPT[0].setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        for one in socket.socketpair(socket.AF_UNIX, kind):
            keep(one)
    listener = keep(socket.socket(socket.AF_UNIX))
    listener.bind(f"\0fastsock {os.getpid()}")
    listener.listen()
    keep(socket.socket(socket.AF_UNIX)).connect(listener.getsockname())
    for family, kind, protocol in (
        (socket.AF_INET, socket.SOCK_RAW, 1),
        (socket.AF_INET6, socket.SOCK_RAW, 58),
        (socket.AF_INET, socket.SOCK_DGRAM, 136),
    ):
        try:
            one = keep(socket.socket(family, kind, protocol))
            one.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        except OSError:  # a kernel without it, or without the right
            continue


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[list[str]]:
    """What runs a command in a namespace with sockets in which nothing moves."""
    if NETSTAT is None or shutil.which("nsenter") is None:
        pytest.skip("netstat or nsenter is not installed")
    if not AS_ROOT:
        pytest.skip("to enter another process's namespace takes root")
    with child_process(open_more, netns=OWN) as (pid, _):
        yield ["nsenter", "-t", str(pid), "-n"]


@pytest.mark.parametrize("line", LINES)
def test_open_sockets(elsewhere: list[str], line: str) -> None:
    environment = dict(os.environ, PYTHONPATH=str(SOURCE))
    real = subprocess.run([*elsewhere, "netstat", *line.split()], capture_output=True)
    for _ in range(3):  # UNIX sockets of the whole machine are in no namespace of ours
        ours = subprocess.run(
            [*elsewhere, *COMMAND, *line.split()], capture_output=True, env=environment
        )
        if rows(ours.stdout) == rows(real.stdout):
            break
        real = subprocess.run([*elsewhere, "netstat", *line.split()], capture_output=True)
    assert rows(ours.stdout) == rows(real.stdout)
    assert (ours.returncode, ours.stderr) == (real.returncode, b"")
    assert real.stdout.count(b"\n") > 2


# -- beside the real one, on made trees

ADDRESSES = ("127.0.0.1", "10.1.2.3", "0.0.0.0", "255.255.255.255")
ADDRESSES6 = ("::1", "::", "fe80::1", "2001:db8:1234:5678:9abc:def0:1234:5678",
              "::ffff:192.0.2.1", "::ffff:0.0.0.0")  # fmt: skip
COMMAND_LINES = (
    b"/usr/sbin/nginx\0-g\0",
    b"nginx: worker process\0",
    b"",
    b"-bash\0",
    b"/opt/a b/c d\0x/y\0",
    b"relative/path\0",
    b"a-program-with-a-very-long-name\0",
    b"/\0",
)


def make_tree(path: Path, seed: int) -> proctree.ProcTree:
    chance = random.Random(seed)
    tree = proctree.ProcTree(path)
    inodes = iter(range(1000, 100000))
    tables: dict[str, list[bytes]] = {}

    def end(addresses: tuple[str, ...]) -> tuple[str, int]:
        return chance.choice(addresses), chance.choice((0, 0, 22, 53, 80, 5000, 65535))

    for name, addresses in (("tcp", ADDRESSES), ("tcp6", ADDRESSES6)):
        tables[name] = [
            proctree.tcp_line(
                end(addresses),
                end(addresses),
                state := chance.randint(1, 11),
                number=n,
                tx_queue=chance.choice((0, 7, 2**31 - 1)),
                rx_queue=chance.choice((0, 1, 1234567)),
                timer=chance.randint(0, 5),
                when=chance.choice((0, 5, 660000)),
                retransmits=chance.choice((0, 3)),
                uid=chance.choice((0, 1, 1000, 65534)),
                timeout=chance.choice((0, 2)),
                inode=0 if state == proctree.TIME_WAIT else next(inodes),
            )
            for n in range(chance.randint(0, 30))
        ]
    for name, addresses in (("udp", ADDRESSES), ("udp6", ADDRESSES6), ("raw", ADDRESSES)):
        tables[name] = [
            proctree.udp_line(
                end(addresses), end(addresses), chance.choice((1, 7, 7)), number=n, uid=n,
                inode=next(inodes),
            )
            for n in range(chance.randint(0, 10))
        ]  # fmt: skip
    tables["unix"] = [
        proctree.unix_line(
            chance.choice((b"", b"/run/a", b"\0abstract", b"/with a blank")),
            chance.choice((1, 2, 5)),
            connection := chance.choice((1, 3)),
            listens=connection == 1 and chance.random() < 0.5,
            inode=next(inodes),
            refcount=chance.randint(2, 4),
            pointer=2**40 + n,
        )
        for n in range(chance.randint(0, 20))
    ]
    tree.process(1, netns=NETNS)
    pids = [1]
    for pid, cmdline in enumerate(COMMAND_LINES, 3000):
        process = tree.process(pid, b"comm", netns=NETNS, cmdline=cmdline)
        pids.append(pid)
        for fd in range(chance.randint(0, 8)):
            process.socket(fd + 3, 1000 + (pid - 3000) * 10 + fd)
    for name, lines in tables.items():
        heading = name if name in proctree.HEADINGS else "udp"
        for where in (path / "net", *(path / str(pid) / "net" for pid in pids)):
            where.mkdir(exist_ok=True)
            (where / name).write_bytes(proctree.table_text(heading, *lines))
    return tree


@pytest.fixture(scope="module")
def can_mount() -> None:
    probe = ["unshare", "-m", "true"]
    if NETSTAT is None or shutil.which("unshare") is None:
        pytest.skip("netstat or unshare is not installed")
    if not AS_ROOT or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("to put a tree in the place of /proc takes root")


@pytest.mark.parametrize("seed", range(6))
def test_trees(tmp_path: Path, can_mount: None, seed: int) -> None:
    make_tree(tmp_path, seed)
    for line in LINES:
        script = 'mount --bind "$0" /proc && exec netstat "$@"'
        real = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, str(tmp_path), *line.split()],
            capture_output=True,
        )
        out, code, complaints = run(line, tmp_path)
        assert out.decode() == real.stdout.decode(), line
        assert (code, complaints) == (real.returncode, real.stderr.decode().splitlines()), line


# -- without it


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = proctree.ProcTree(tmp_path)
    lines = (
        proctree.tcp_line(("0.0.0.0", 22), state=proctree.LISTEN, inode=501, rx_queue=2),
        proctree.tcp_line(("10.0.0.1", 22), ("192.0.2.1", 443), inode=502, uid=1000, timer=2,
                          when=719905, timeout=1),
        proctree.tcp_line(("10.0.0.1", 22), ("192.0.2.1", 444), proctree.TIME_WAIT, timer=3,
                          when=5999),
    )  # fmt: skip
    made.process(1, netns=NETNS)
    sshd = made.process(12, netns=NETNS, cmdline=b"/usr/sbin/\x1b[31msshd\0-D\0")
    sshd.socket(3, 501).socket(4, 501)
    other = made.process(13, netns=NETNS, cmdline=b"sshd: someone with a long name\0")
    other.socket(3, 501).socket(5, 502)
    for pid in (None, 1):
        made.table("tcp", *lines, pid=pid)
        for name in ("tcp6", "udp", "udp6"):
            made.table(name, pid=pid)
    return tmp_path


def test_owners_timers_users(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, code, complaints = run("-tanpeo", tree)
    assert code == 0 and complaints == []
    assert out.decode().splitlines() == [
        "Active Internet connections (servers and established)",
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
        "User       Inode      PID/Program name     Timer",
        "tcp        2      0 0.0.0.0:22              0.0.0.0:*               LISTEN      "
        "0          501        12/\\x1b[31msshd      off (0.00/0/0)",
        "tcp        0      0 10.0.0.1:22             192.0.2.1:443           ESTABLISHED "
        "1000       502        13/sshd: someone wi  keepalive (7199.05/0/1)",
        "tcp        0      0 10.0.0.1:22             192.0.2.1:444           TIME_WAIT   "
        "0          0          -                    timewait (59.99/0/0)",
    ]


def test_names_are_looked_up_where_netstat_does(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "service_names", lambda: {(6, 22): b"ssh", (6, 443): b"https"})
    peer = bytes(10) + b"\xff\xff" + bytes((192, 0, 2, 1))
    asked: list[set[bytes]] = []

    def host_names(addresses: set[bytes]) -> dict[bytes, bytes]:
        asked.append(addresses)
        return {peer: b"a-long-name.of.an.example"}

    monkeypatch.setattr(names, "host_names", host_names)
    assert b" 10.0.0.1:ssh            a-long-name.of.an:https ESTABLISHED" in run("-t", tree)[0]
    assert len(asked) == 1 and bytes(10) + b"\xff\xff" + bytes(4) not in asked[0]
    assert b" a-long-name.of.an.example:https ESTABLISHED\n" in run("-tW", tree)[0]
    assert b" 192.0.2.1:https         ESTABLISHED" in run("-t --numeric-hosts", tree)[0]
    assert b" a-long-name.of.an.e:443 ESTABLISHED" in run("-t --numeric-ports", tree)[0]
    del asked[:]
    assert b" 192.0.2.1:443           ESTABLISHED" in run("-tn", tree)[0]
    assert asked == []


@pytest.mark.parametrize(
    ("owners", "complaint"),
    [
        ((), '(No info could be read for "-p": geteuid()=7 but you should be root.)'),
        (
            (1,),
            "(Not all processes could be identified, non-owned process info\n"
            " will not be shown, you would have to be root to see it all.)",
        ),
    ],
)
def test_hidden_processes(
    monkeypatch: pytest.MonkeyPatch, owners: tuple[int, ...], complaint: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 7)
    missing = {"what": "processes", "count": 3, "reason": "", "remedy": ""}
    table = SimpleNamespace(incomplete=[missing], owners=owners)
    assert netstat._complain_of_owners(table) == [complaint]  # type: ignore[arg-type]
    table.incomplete = []
    assert netstat._complain_of_owners(table) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        ("-r", 2, "fastsock netstat: -r (--route) is not implemented"),
        ("-tc", 2, "fastsock netstat: -c (--continuous) is not implemented"),
        ("--statistics", 2, "fastsock netstat: -s (--statistics) is not implemented"),
        ("-i", 2, "fastsock netstat: -i (--interfaces) is not implemented"),
        ("-g", 2, "fastsock netstat: -g (--groups) is not implemented"),
        ("-Z", 2, "fastsock netstat: -Z (--context) is not implemented"),
        ("-A ipx", 2, "fastsock netstat: -A ipx is not implemented"),
        ("--ax25", 2, "fastsock netstat: --ax25 is not implemented"),
        ("-A nothing", 1, "Unknown address family `nothing'."),
        ("-tk", 3, "netstat: invalid option -- 'k'"),
        ("-t:", 3, "netstat: invalid option -- ':'"),
        ("--nothing", 3, "netstat: unrecognized option '--nothing'"),
        ("--numeric-", 3, "netstat: option '--numeric-' is ambiguous; possibilities: "
         "'--numeric-hosts' '--numeric-ports' '--numeric-users'"),
        ("--tcp=1", 3, "netstat: option '--tcp' doesn't allow an argument"),
        ("-tA", 3, "netstat: option requires an argument -- 'A'"),
        ("--protocol", 3, "netstat: option '--protocol' requires an argument"),
    ],
)  # fmt: skip
def test_what_is_refused(line: str, code: int, complaint: str) -> None:
    out, found, complaints = run(line)
    assert (out, found, complaints[0]) == (b"", code, complaint)
    if code == 3:
        assert complaints[1].startswith("usage: fastsock netstat ")


@pytest.mark.parametrize("line", ["-k", "--nothing", "-tA", "--protocol", "-A nothing", "--tcp=1"])
def test_exit_codes_are_the_real_ones(line: str) -> None:
    if NETSTAT is None:
        pytest.skip("netstat is not installed")
    real = subprocess.run(["netstat", *line.split()], capture_output=True)
    assert real.returncode == run(line)[1]
    # The first line as well, but for what getopt(3) of this libc says in other words.
    assert real.stderr.decode().splitlines()[0] == run(line)[2][0]


def test_help_and_version() -> None:
    assert run("-h")[0].startswith(b"usage: fastsock netstat [")
    assert re.fullmatch(rb"fastsock \S+, as net-tools 2.10\n", run("--version")[0])


# -- how a face ends


def environment() -> dict[str, str]:
    return dict(os.environ, PYTHONPATH=str(SOURCE))


def test_a_closed_pipe_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "-ta", "-n"], stdout=writing, stderr=subprocess.PIPE, env=environment()
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "-tan"], stdout=full, stderr=subprocess.PIPE, env=environment()
        )
    assert done.returncode == 2
    assert done.stderr == b"fastsock: standard output: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "<&- >&-", ">&- 2>&-", "2>&-"])
def test_closed_descriptors(closed: str) -> None:
    for words, code in (["-tan"], 0), (["--nothing"], 3), (["-r"], 2):
        done = subprocess.run(
            ["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, *words],
            capture_output=True,
            env=environment(),
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stderr


def test_a_reply_asks_for_its_code_when_all_is_written(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from fastsock.cli import faces

    written: list[str] = []

    def blocks() -> Iterator[bytes]:
        written.append("blocks")
        yield b"one\n"

    def code() -> int:
        written.append("code")
        return 7

    reply = Reply(blocks(), code, ["first\x1b", "two\nlines"], ["last"])
    monkeypatch.setattr(netstat, "run", lambda words: reply)
    assert faces.run_face("netstat", []) == 7
    assert written == ["blocks", "code"]
    captured = capfdbinary.readouterr()
    assert captured.out == b"one\n"
    assert captured.err == b"first\\x1b\ntwo\nlines\nlast\n"
