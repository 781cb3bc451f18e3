"""The real ss and ours over the same files: a tree in the place of /proc, and dumps of ss -D."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from children import AS_ROOT, OWN, child_process, in_child
from fastsock.implementation import COMPILED
from proctree import (
    CLOSE,
    DGRAM,
    ESTABLISHED,
    LISTEN,
    STREAM,
    SYN_RECV,
    TIME_WAIT,
    ProcTree,
    tcp_line,
    udp_line,
    unix_line,
)
from sockdiag import DONE, attribute, tcp
from ss_oracle import installed_version, records, run_ours, run_theirs
from zoo import open_zoo


@pytest.fixture(scope="module")
def version() -> str:
    return installed_version()


ADDRESSES = ("127.0.0.1", "10.1.2.3", "192.168.100.200", "0.0.0.0")
ADDRESSES6 = ("::", "::1", "2001:db8::1", "fe80::1:2", "::ffff:10.1.2.3", "64:ff9b::1")
COMMANDS = (b"nginx", b"a b", b"", b"(sd-pam)", b"x)y", b'quo"te', "\u00fcber".encode())


def build_tree(path: Path, seed: int) -> ProcTree:
    """A /proc with sockets in all states, with owners, several of some."""
    chance = random.Random(seed)
    tree = ProcTree(path)
    (tree.path / "sys/net/ipv4").mkdir(parents=True)
    (tree.path / "sys/net/ipv4/ip_local_port_range").write_text("32768\t60999\n")
    inodes = iter(range(1000, 9000))
    held = []
    for name, addresses in (("tcp", ADDRESSES), ("tcp6", ADDRESSES6)):
        lines = []
        for _ in range(chance.randint(0, 30)):
            state = chance.choice((*range(1, 12), LISTEN, ESTABLISHED))
            inode = 0 if state in (SYN_RECV, TIME_WAIT) else next(inodes)
            held.append(inode)
            end = chance.choice(addresses), chance.choice((22, 80, 443, 5000, 40000, 65535))
            other = chance.choice(addresses), chance.choice((0, 25, 53, 50000, 631))
            lines.append(
                tcp_line(
                    end,
                    other if state != LISTEN else None,
                    state,
                    inode=inode,
                    tx_queue=chance.choice((0, 0, 17, 1234567, 2**31 - 1)),
                    rx_queue=chance.choice((0, 0, 3, 999999)),
                    timer=chance.randint(0, 4),
                    when=chance.choice((0, 1, 55, 300, 4000, 66666, 1234567)),
                    retransmits=chance.choice((0, 3)),
                    timeout=chance.choice((0, 5)),
                    uid=chance.choice((0, 1000, 65534)),
                )
            )
        tree.table(name, *lines)
    for name, addresses in (("udp", ADDRESSES), ("udp6", ADDRESSES6)):
        lines = []
        for _ in range(chance.randint(0, 6)):
            state, inode = chance.choice((ESTABLISHED, CLOSE)), next(inodes)
            held.append(inode)
            end = chance.choice(addresses), chance.choice((53, 123, 5353, 40000))
            lines.append(udp_line(end, None, state, inode=inode, uid=chance.choice((0, 1000))))
        tree.table(name, *lines)
    lines = []
    for _ in range(chance.randint(0, 6)):
        inode = next(inodes)
        held.append(inode)
        path_text = chance.choice((b"", b"/run/x.sock", b"\0abstract", b"/tmp/" + b"y" * 40))
        connection = chance.choice((1, 3))
        lines.append(unix_line(path_text, STREAM, connection, listens=connection == 1, inode=inode))
    tree.table("unix", *lines)
    for pid in chance.sample(range(1, 99999), 4):
        process = tree.process(pid, chance.choice(COMMANDS))
        fds = iter(range(3, 1000))
        for inode in chance.sample(held, min(len(held), 12)):
            if inode:
                process.socket(next(fds), inode)
    return tree


TREE_LINES = (
    "-tan",
    "-ta",
    "-tn",
    "-tanp",
    "-tlnp",
    "-tunlp",
    "-tuan",
    "-tano",
    "-tanpo",
    "-ua",
    "-uanp",
    "-4tan",
    "-6tan",
    "-tn46",
    "-Htan",
    "-Htanp",
    "-tn state time-wait",
    "-tan exclude established",
    "-A tcp,udp -ap",
    "-H -tl",
    "-xan",
    "-xanp",
    "-xln",
    "-tuxanp",
)


def sorted_owners(text: str) -> str:
    """In a tree of files the order of processes and descriptors is that of its directories."""
    lines = []
    for line in text.splitlines(keepends=True):
        before, opening, rest = line.partition(" users:(")
        inside, closing, behind = rest.rpartition("))")
        owners = sorted(part.strip("()") for part in (inside + ")").split("),("))
        lines.append(before + opening + "|".join(owners) + closing + behind if opening else line)
    return "".join(lines)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("line", TREE_LINES)
def test_the_same_tree(line: str, seed: int, tmp_path: Path, version: str) -> None:
    tree = build_tree(tmp_path / "proc", seed)
    environment = {"PROC_ROOT": str(tree)}
    theirs = run_theirs(line.split(), environment)
    ours = run_ours(line.split(), version, environment)
    text, wanted = sorted_owners(ours.text), sorted_owners(theirs.text)
    if ".ü" in wanted or "\u00fc" not in wanted:
        assert text.splitlines() == wanted.splitlines()  # the order is that of the files
    else:
        assert records(text) == records(wanted)
    assert ours.code == theirs.code == 0


def test_an_empty_tree(tmp_path: Path, version: str) -> None:
    tree = ProcTree(tmp_path / "proc")
    environment = {"PROC_ROOT": str(tree)}
    for line in ("-tan", "-Htan", "-tunlp", "-tanH"):
        ours = run_ours(line.split(), version, environment)
        assert ours == run_theirs(line.split(), environment)


# -------------------------------------------------------------------------------------------- dumps


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What `ss -D` writes of a zoo: of both families, of one, with all that it asks for."""
    pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")
    if not AS_ROOT:
        pytest.skip("to enter the zoo's namespace takes root")
    folder = tmp_path_factory.mktemp("dumps")
    lines = {"both": "-ta", "six": "-6 -ta", "all": "-taeim", "timers": "-tao"}

    def write() -> list[Path]:
        for name, line in lines.items():
            subprocess.run(["ss", *line.split(), "-D", str(folder / name)], check=True)
        return [folder / name for name in lines]

    with child_process(open_zoo, netns=OWN) as (pid, _):
        return in_child(write, netns=pid)


needs_extensions = pytest.mark.skipif(not COMPILED, reason="a build without extensions")

DUMP_LINES = ("-tan", "-tn", "-tln", "-tanH", "-4tan", "-tano", "-tane", "-tanm", "-tani", "-taniO")


@pytest.mark.parametrize("line", DUMP_LINES)
@pytest.mark.parametrize("number", range(4))
def test_the_same_dump(line: str, number: int, dumps: list[Path], version: str) -> None:
    environment = {"TCPDIAG_FILE": str(dumps[number])}
    theirs = run_theirs(line.split(), environment)
    ours = run_ours(line.split(), version, environment)
    assert ours.text.splitlines() == theirs.text.splitlines()
    assert (ours.complaints, ours.code) == (theirs.complaints, theirs.code)


@needs_extensions
def test_a_dump_that_is_cut(tmp_path: Path, version: str) -> None:
    whole = tcp(80) + tcp(81, 10, attribute(8, b"\0")) + DONE
    path = tmp_path / "dump"
    path.write_bytes(whole[:-20])
    environment = {"TCPDIAG_FILE": str(path)}
    theirs = run_theirs(["-tan"], environment)
    ours = run_ours(["-tan"], version, environment)
    assert ours.text == theirs.text
    assert ours.code == theirs.code
    assert theirs.complaints and ours.complaints


@needs_extensions
def test_a_dump_that_is_not_there(tmp_path: Path, version: str) -> None:
    environment = {"TCPDIAG_FILE": str(tmp_path / "nothing")}
    ours = run_ours(["-tan"], version, environment)
    assert ours == run_theirs(["-tan"], environment)


@needs_extensions
def test_a_datagram_socket_is_listed_beside_a_dump(tmp_path: Path, version: str) -> None:
    path = tmp_path / "dump"
    path.write_bytes(tcp(80) + DONE)
    environment = {"TCPDIAG_FILE": str(path)}
    ours = run_ours(["-tuan"], version, environment)
    assert records(ours.text) == records(run_theirs(["-tuan"], environment).text)


def test_no_kind_of_datagram_in_a_tree_is_lost(tmp_path: Path) -> None:
    """ss takes each of them for a connected one: -a shows them all the same."""
    tree = ProcTree(tmp_path / "proc")
    tree.table("unix", unix_line(b"/run/log", DGRAM, 1, inode=7))
    ours = run_ours(["-xanH"], "6.1", {"PROC_ROOT": str(tree)})
    assert "/run/log 7" in ours.text


@pytest.mark.parametrize("line", ["-tan", "-tanp", "-Htan", "-tanoH"])
@pytest.mark.parametrize("count", [70_000, 140_000])
def test_a_long_listing_is_measured_anew_in_between(
    line: str, count: int, tmp_path: Path, version: str
) -> None:
    """ss holds 5 MiB of text: what lies before knows nothing of what is as wide behind it."""
    chance = random.Random(count)
    tree = ProcTree(tmp_path / "proc")
    names = "1.1.1.1", "10.20.30.40", "192.168.100.200"
    lines = []
    for n in range(count):
        widest = 1 + (n > count // 2) + (n > count - 10)
        end, other = ((chance.choice(names[:widest]), chance.choice((5, 65535))) for _ in range(2))
        lines.append(tcp_line(end, other, inode=n + 1, rx_queue=n * (n > 100_000)))
    tree.table("tcp", *lines)
    tree.process(12, b"nginx").socket(3, 7).socket(4, count // 2).socket(5, count)
    environment = {"PROC_ROOT": str(tree)}
    ours = run_ours(line.split(), version, environment)
    theirs = run_theirs(line.split(), environment)
    assert ours.text.splitlines() == theirs.text.splitlines()
