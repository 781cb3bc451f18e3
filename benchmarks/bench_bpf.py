"""The BPF engine: sockets and owners from one pass over the descriptors of every process.

Live. Two floors. The walk in C on one thread (floor_walk.c) is what the same question costs
through /proc. Bare passes (floor_passes.c) are what it costs this engine at least: the same
iterators of the same program, read on as many threads, and the sock_diag requests that the engine
sends beside them, with no work done on what comes.

Every answer is the netlink engine's before it is timed.

The last test is no race: how much memory the kernel keeps after one scan. It needs a quiet host:
whoever else walks over /proc meanwhile brings back what was dropped.
"""

from __future__ import annotations

import functools
import os
import resource
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

import pytest

import fastsock
import floors
import slab
import sockfarm
from pairs import FARM, FARM_PIDS, Benchmark, measure

BPF = next(status for status in fastsock.engine_status() if status.name == "bpf")
if not BPF.available:
    pytest.skip(f"bpf: {BPF.reason}", allow_module_level=True)
# A build without extensions has none of these.
from fastsock.engines import _bpf, netlink, passes  # noqa: E402
from fastsock.engines._netlink import Dump  # noqa: E402

pytestmark = pytest.mark.skipif(not floors.compiler(), reason="no C compiler for the floors")

THREADS = len(os.sched_getaffinity(0))
WALK, PASSES = "C walk, one thread", "bare passes"

SOCKETS = int(FARM) if FARM.isdigit() else 0  # of the farm, where this is in one

# One process with many sockets: as many as the farm has, MOST at most.
MOST, WITHOUT_FARM = 19_000, 1_000
PORT = 9000  # below the farm's ephemeral ports, above those that it listens on

Ask = Callable[[], object]


# ---- the same answer -----------------------------------------------------------------------

COLUMNS = (
    "inode", "family", "state", "local_port", "remote_port", "rx_queue", "tx_queue", "uid",
    "netns", "cookie",
)  # fmt: skip


def rows(table: fastsock.SocketTable) -> list[tuple[int, ...]]:
    return sorted(zip(*(table.column(name) for name in COLUMNS), strict=True))


def held(
    owners: fastsock.OwnerTable | None, inodes: Collection[int] | None = None
) -> list[tuple[int, ...]]:
    """(inode, pid, fd) of the farm's processes; the host's others come and go."""
    assert owners is not None
    columns = (owners.column(name) for name in ("inode", "pid", "fd"))
    return sorted(
        (inode, pid, fd)
        for inode, pid, fd in zip(*columns, strict=True)
        if (not FARM_PIDS or pid in FARM_PIDS) and (inodes is None or inode in inodes)
    )


@functools.cache
def check_scan() -> int:
    """Compare sockets and their owners; returns how many sockets there are."""
    # netlink first: its dump gives a cookie to every socket that has none.
    expected, found = (fastsock.scan(engine=name, owners=True) for name in ("netlink", "bpf"))
    assert rows(found) == rows(expected)
    inodes = frozenset(expected.column("inode"))
    assert held(found.owners, inodes) == held(expected.owners, inodes)
    return len(found)


@functools.cache
def check_owners() -> int:
    """Compare owners; returns how many there are, of all processes."""
    expected, found = (fastsock.owners(engine=name) for name in ("netlink", "bpf"))
    assert held(found) == held(expected)
    return len(found)


# ---- the floors ----------------------------------------------------------------------------


def overhear(ask: Ask) -> list[bytes]:
    """The sock_diag messages that the engine sends for a question, in their order.

    They are taken where the engine makes a Dump: what one repeats because the table moved is not in
    it.
    """
    heard: list[bytes] = []

    def spy(sources: Sequence[Any], *rest: Any, **named: Any) -> Any:
        heard.extend(message for _, message, *_ in sources)
        return Dump(sources, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netlink, "Dump", spy)
        ask()
    return heard


def bare(ask: Ask, least: int, pids: Sequence[int] | None = None) -> Ask:
    """The floor of a question: the kernel calls that the engine makes for it, and nothing else.

    `pids`: of these processes only; `least`: the records that must come at least.
    """
    messages = overhear(ask)
    program = passes.load_program().program
    pids = floors.holders() if pids is None else pids
    records = floors.passes(program.fd, pids, THREADS).bytes // _bpf.RECORD_BYTES
    assert records >= least, "the passes see less than the question"

    def calls() -> None:
        floors.passes(program.fd, pids, THREADS)
        floors.dump(messages)

    return calls


# ---- all processes -------------------------------------------------------------------------


def scan() -> object:
    return fastsock.scan(engine="bpf", owners=True)


def owners() -> object:
    return fastsock.owners(engine="bpf")


def load() -> object:
    """Load the program as the first question of a process does."""
    passes._loaded.clear()
    return passes.load_program()


class Case(NamedTuple):
    ask: Ask
    check: Callable[[], int]  # returns the number of rows
    against: str


CASES = {
    "scan with owners, against the C walk": Case(scan, check_scan, WALK),
    "scan with owners, against bare passes": Case(scan, check_scan, PASSES),
    "owners, against the C walk": Case(owners, check_owners, WALK),
    "owners, against bare passes": Case(owners, check_owners, PASSES),
    "load the program": Case(load, check_scan, WALK),
}


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("case", CASES)
def test_bpf(benchmark: Benchmark, case: str, size: str) -> None:
    benchmark.group = f"bpf, {size} sockets"
    ask, check, against = CASES[case]
    found = check()
    measure(
        benchmark,
        ask,
        floors.walk if against == WALK else bare(ask, SOCKETS),
        against,
        engine="bpf",
        rows=found,
        descriptors=floors.walk().descriptors,
        threads=THREADS,
    )


# ---- one process ---------------------------------------------------------------------------


@pytest.fixture
def process() -> Iterator[sockfarm.Farm]:
    """A process beside the farm's, in the same namespace, with as many sockets as one may have."""
    n = min(MOST, SOCKETS) or WITHOUT_FARM
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if n > limit - sockfarm.SPARE_DESCRIPTORS:
        pytest.skip(f"a process may hold {limit} descriptors (ulimit -Hn), this takes {n}")
    with sockfarm.farm(n, processes=1, listen_port=PORT, netns=False) as made:
        yield made


def scan_process(made: sockfarm.Farm, engine: str) -> fastsock.SocketTable:
    return fastsock.scan(engine=engine, pid=made.pids[0])


def count_port(made: sockfarm.Farm, engine: str) -> fastsock.Counts:
    return fastsock.count(engine=engine, pid=made.pids[0], port=made.ports[0])


PROCESS_CASES = {
    "one process, against its C walk": (scan_process, WALK),
    "one process, against bare passes": (scan_process, PASSES),
    "count of one process's port, against its C walk": (count_port, WALK),
}


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("case", PROCESS_CASES)
def test_bpf_process(benchmark: Benchmark, process: sockfarm.Farm, case: str, size: str) -> None:
    benchmark.group = f"bpf, one process, {size} sockets"
    ask, against = PROCESS_CASES[case]
    expected, found = (scan_process(process, engine) for engine in ("netlink", "bpf"))
    assert rows(found) == rows(expected)
    assert len(found) == process.sockets
    assert count_port(process, "bpf") == count_port(process, "netlink")

    def question() -> object:
        return ask(process, "bpf")

    def walk() -> object:
        return floors.walk(pids=process.pids)

    measure(
        benchmark,
        question,
        walk if against == WALK else bare(question, process.sockets, process.pids),
        against,
        engine="bpf",
        rows=len(found) if ask is scan_process else count_port(process, "bpf").total,
        descriptors=floors.walk(pids=process.pids).descriptors,
        threads=THREADS,
    )


# ---- footprint -----------------------------------------------------------------------------

FOOTPRINT_ROUNDS = 5


def look_at_processes() -> None:
    """Look at every process and its threads, as ps(1) does, and at no descriptor.

    A few dentries a process, which any list of processes leaves: what comes on top of them is what
    the question costs for descriptors.
    """
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for name in ("stat", "status", "comm", "cmdline", "cgroup"):
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    file.read()
            for name in ("fd", "ns", "ns/net"):
                os.stat(f"/proc/{pid}/{name}")
            os.listdir(f"/proc/{pid}/task")
        except OSError:  # it has ended
            continue


def scan_by(engine: str) -> Callable[..., object]:
    return functools.partial(fastsock.scan, engine=engine, owners=True)


SCANS: dict[str, Callable[..., object]] = {
    "bpf": scan_by("bpf"),
    "netlink": scan_by("netlink"),
    "procfs": scan_by("procfs"),
    "(C walk)": floors.walk,
}


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("engine", SCANS)
def test_footprint(benchmark: Benchmark, engine: str, size: str) -> None:
    """Kernel memory that one scan with owners leaves behind, beside its time.

    Each round: dentries and inodes are dropped, since those of an earlier walk would be found
    again; what does not belong to descriptors is brought back; then an idle interval, as long as
    a scan takes; then one scan. Medians of all rounds; the noise is what the idle intervals
    change, or what cannot be told apart from nothing where that is more.
    """
    benchmark.group = f"kernel memory, {size} sockets"
    if not os.access(slab.DROP, os.W_OK):
        pytest.skip(f"{slab.DROP} may not be written: an earlier walk's dentries would be found")
    ask = SCANS[engine]
    found = check_scan()
    idle: list[int] = []
    left: list[int] = []
    pause, before = floors.timed(ask), slab.read_slab()

    def prepare() -> None:
        nonlocal before
        slab.drop_caches()
        look_at_processes()
        ask(pids=[os.getpid()]) if engine == "(C walk)" else ask(pid=os.getpid())
        before = slab.settle()
        time.sleep(pause)
        after = slab.settle()
        idle.append(after.used - before.used)
        before = after

    def note() -> None:
        left.append(slab.settle().used - before.used)

    benchmark.extra_info.update(engine=engine, rows=found)
    benchmark.pedantic(ask, setup=prepare, teardown=note, rounds=FOOTPRINT_ROUNDS)
    if left:  # else times are not asked for
        benchmark.extra_info.update(
            slab_bytes=median(left),
            slab_least=min(left),
            slab_most=max(left),
            slab_noise=max(before.grain, median(map(abs, idle))),
            slab_source=before.source,
        )
