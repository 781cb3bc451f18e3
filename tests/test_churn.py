"""Tables that move while they are read: rows that the kernel repeats are counted once."""

from __future__ import annotations

import ctypes
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fastsock
import sockfarm
from fastsock.engines import open_engine
from fastsock.engines.namespaces import find_namespaces
from fastsock.filter import ALL
from proctree import LISTEN, TIME_WAIT, ProcTree, tcp_line, udp_line

if TYPE_CHECKING:
    from sockfarm import Farm

QUIET = 50_000
READS = {
    "netlink": 60,
    "procfs": 40,
    "reference": 2,
}  # the reference takes a second for one read
PATIENCE = 30.0  # seconds in which a raw read should repeat a row


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    """Quiet sockets, and beside them one process that connects and closes without end."""
    try:
        with sockfarm.farm(QUIET, churn=True) as farm:
            if farm.netns == os.stat("/proc/self/ns/net").st_ino:
                pytest.skip("no network namespace of our own: others would move the table")
            yield farm
    except sockfarm.FarmError as error:
        pytest.skip(f"no {QUIET} sockets here: {error}")


def quiet_rows(farm: Farm) -> Counter[bytes]:
    """What a plain read of /proc/net/tcp shows of the quiet sockets, each as (addresses, inode)."""
    ports = {b"%04X" % port for port in farm.ports}
    rows: Counter[bytes] = Counter()
    fd = os.open(f"/proc/{farm.pids[0]}/net/tcp", os.O_RDONLY)
    try:
        text = b"".join(iter(lambda: os.read(fd, 65536), b""))
    finally:
        os.close(fd)
    for line in text.splitlines()[1:]:
        words = line.split()
        if words[1][-4:] in ports or words[2][-4:] in ports:
            rows[b" ".join((words[1], words[2], words[9]))] += 1
    return rows


def test_the_kernel_repeats_rows(farm: Farm) -> None:
    """What the tests below are about: a read without care counts too many."""
    end = time.monotonic() + PATIENCE
    reads = 0
    while time.monotonic() < end:
        reads += 1
        rows = quiet_rows(farm)
        if rows.total() > len(rows):
            assert 0 < rows.total() - len(rows) < 100
            return
    pytest.skip(f"the table did not move in {reads} reads of it")


@pytest.fixture
def question(engine_name: str, farm: Farm) -> dict[str, Any]:
    """The quiet sockets: the churning process has ports of its own."""
    return {"engine": engine_name, "netns": farm.pids[0], "port": farm.ports}


def test_counts_are_exact(question: dict[str, Any]) -> None:
    counts = [fastsock.count(**question) for _ in range(READS[question["engine"]])]
    assert [count.total for count in counts] == [QUIET] * len(counts)
    assert all(count == counts[0] for count in counts)
    for note in (note for count in counts for note in count.incomplete):
        assert note["what"] == "repeated rows"
        assert note["count"] > 0


def test_streams_are_exact(question: dict[str, Any]) -> None:
    for _ in range(READS[question["engine"]] // 2):
        with fastsock.sockets(**question) as stream:
            inodes = [inode for table in stream.tables() for inode in table.column("inode")]
        assert len(inodes) == len(set(inodes)) == QUIET


def test_tables_are_exact(question: dict[str, Any]) -> None:
    for _ in range(READS[question["engine"]] // 2):
        inodes = fastsock.scan(**question).column("inode").tolist()
        assert len(inodes) == len(set(inodes)) == QUIET


def test_the_whole_table_has_no_row_twice(engine_name: str, farm: Farm) -> None:
    """Without a filter too: the churning sockets come and go, none of them is there twice."""
    spaces = find_namespaces(engine_name, "/proc", farm.pids[0])
    for _ in range(READS[engine_name] // 4 or 1):
        engine = open_engine(engine_name)
        table = engine.sockets(ALL, spaces)
        keys = Counter(
            zip(
                table.column("family"),
                table.column("local_address"),
                table.column("local_port"),
                table.column("remote_address"),
                table.column("remote_port"),
                table.column("inode"),
                strict=True,
            )
        )
        assert len(table) == len(keys) >= QUIET


# -------------------------------------------------------------------------- what is a repeated row

HERE, THERE = ("127.0.0.1", 5000), ("10.20.30.40", 54321)


def answers(engine_name: str, tree: ProcTree, **question: Any) -> tuple[int, list[Any]]:
    """The number of sockets, by all doors, and what is said of repeated rows."""
    place: dict[str, Any] = {"engine": engine_name, "procfs": str(tree), **question}
    table, counted = fastsock.scan(**place), fastsock.count(**place)
    with fastsock.sockets(**place) as stream:
        assert list(stream) == list(table)
    assert counted.total == len(table)
    assert counted.incomplete == stream.incomplete == table.incomplete
    return len(table), list(counted.incomplete)


def said(repeats: int) -> list[dict[str, Any]]:
    reason = "the kernel's table moved while it was read; each socket is counted once"
    return [{"what": "repeated rows", "count": repeats, "reason": reason, "remedy": ""}]


def test_a_repeated_row_is_one_socket(tree_engine_name: str, tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    line = tcp_line(HERE, THERE, inode=7)
    tree.table("tcp", line, tcp_line(HERE, state=LISTEN, inode=8), line, line)
    assert answers(tree_engine_name, tree) == (2, said(2))


def test_a_row_that_changed_meanwhile_is_the_same_socket(
    tree_engine_name: str, tmp_path: Path
) -> None:
    tree = ProcTree(tmp_path)
    tree.table(
        "tcp",
        tcp_line(HERE, THERE, inode=7, rx_queue=1, number=1),
        tcp_line(HERE, THERE, inode=7, rx_queue=9, number=2, state=8, uid=1),
    )
    assert answers(tree_engine_name, tree) == (1, said(1))
    (row,) = fastsock.scan(engine=tree_engine_name, procfs=str(tree))
    assert (row.state, row.rx_queue) == (1, 1)  # the first that was met


def test_repeats_without_an_inode(tree_engine_name: str, tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    tree.table(
        "tcp",
        tcp_line(HERE, THERE, TIME_WAIT, number=1),
        tcp_line(HERE, THERE, TIME_WAIT, number=2),
        tcp_line(HERE, (THERE[0], 54322), TIME_WAIT, number=3),
    )
    assert answers(tree_engine_name, tree) == (2, said(1))


def test_what_differs_in_one_thing_is_another_socket(tree_engine_name: str, tmp_path: Path) -> None:
    """Listeners that share an address (SO_REUSEPORT) among them."""
    tree = ProcTree(tmp_path)
    tree.table(
        "tcp",
        tcp_line(HERE, THERE, inode=7),
        tcp_line(HERE, THERE, inode=8),
        tcp_line(HERE, THERE, inode=2**63 + 7),
        tcp_line((HERE[0], 5001), THERE, inode=7),
        tcp_line(HERE, (THERE[0], 54322), inode=7),
        tcp_line(("127.0.0.2", 5000), THERE, inode=7),
        tcp_line(HERE, ("10.20.30.41", 54321), inode=7),
        tcp_line(THERE, HERE, inode=7),
    )
    mapped = ("::ffff:127.0.0.1", 5000), ("::ffff:10.20.30.40", 54321)
    tree.table("tcp6", tcp_line(*mapped, inode=7))
    tree.table("udp", udp_line(HERE, THERE, inode=7))
    assert answers(tree_engine_name, tree, protocol=("tcp", "udp")) == (10, [])


def test_a_repeat_far_behind(tree_engine_name: str, tmp_path: Path) -> None:
    """Further than a stream's table and than any buffer."""
    tree = ProcTree(tmp_path)
    lines = [tcp_line((f"127.0.{n >> 8}.{n & 255}", 5000), inode=n + 1) for n in range(10_000)]
    tree.table("tcp", *lines, *lines[::100])
    assert answers(tree_engine_name, tree) == (10_000, said(100))


def test_repeats_of_what_is_not_asked_for_are_not_said(
    tree_engine_name: str, tmp_path: Path
) -> None:
    tree = ProcTree(tmp_path)
    line = tcp_line(HERE, THERE, inode=7)
    tree.table("tcp", line, line, tcp_line(HERE, state=LISTEN, inode=8))
    assert answers(tree_engine_name, tree, state="established") == (1, said(1))
    counted = fastsock.count(engine=tree_engine_name, procfs=str(tree), state="listen")
    assert counted.total == 1


# ------------------------------------------------------------------------------- memory of the set


class Heap(ctypes.Structure):
    """struct mallinfo2, mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    ]  # fmt: skip


def heap_in_use() -> int:
    """Bytes that malloc(3) has handed out."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        pytest.skip("the C library has no mallinfo2(3)")
    mallinfo.restype = Heap
    heap = mallinfo()
    in_use: int = heap.hblkhd + heap.uordblks
    return in_use


@pytest.mark.parametrize("expected", [1_000, 50_000, 1_000_000])
def test_the_fingerprint_set_is_small(expected: int) -> None:
    seen = pytest.importorskip("fastsock._seen", reason="this build has no extension")
    made = seen.Seen(expected)
    assert 12 * expected <= made.bytes_held() <= 16 * expected
    assert len(made) == 0
    assert seen.Seen(0).bytes_held() <= 8192


@pytest.mark.parametrize("sockets", [1_000, 20_000, 30_001, 60_000])
def test_a_set_that_grew_is_small(tmp_path: Path, sockets: int) -> None:
    """A tree has no net/sockstat to say how many sockets there are: it grows from the least."""
    proc_net = pytest.importorskip(
        "fastsock.engines._proc_net", reason="this build has no extension"
    )
    match = pytest.importorskip("fastsock._match", reason="this build has no extension")
    line = tcp_line(HERE, THERE).replace(b" 0 1 ", b" %d 1 ")
    path = ProcTree(tmp_path).table("tcp", *(line % (n + 1) for n in range(sockets)))
    before = heap_in_use()
    scan = proc_net.TableScan([(str(path), 6, 2, 0)], match.Matcher(ALL))
    assert sum(scan.count()) == sockets
    held = heap_in_use() - before
    assert held <= 16 * sockets + 16_384  # some objects of Python's beside it
