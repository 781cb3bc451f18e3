"""What varies between runs of one test: the engine, the implementation of the tables, a namespace.

A behaviour test takes `engine_name` (or `engine`) or `implementation` and imports neither. What
cannot work here is skipped with the reason; FASTSOCK_REQUIRE=procfs,… names engines whose absence
fails the run instead, before the first test, and with them every compiled module; `clang` among
them, that of the compiler which makes the BPF program anew, and `promtool` that of Prometheus.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import run as run
from fastsock.engines import ENGINES, engine_status, open_engine
from implementations import BUILDS, Implementation
from kernel_types import why_not_compiled
from own_namespace import Namespace, hold_namespace
from prometheus_server import why_no_prometheus

if TYPE_CHECKING:
    from fastsock.engines import Engine

SOURCE = Path(__file__).resolve().parents[1] / "src" / "fastsock"
REQUIRED = [name for name in os.environ.get("FASTSOCK_REQUIRE", "").split(",") if name]


# -------------------------------------------------------------------------------------- the engines


def unavailable() -> dict[str, str]:
    """Engine → why it does not work here."""
    return {status.name: status.reason for status in engine_status() if not status.available}


# `bpf` sees the processes that a test means to hide, and asks the kernel whatever tree a test has
# made: it has tests of its own (test_bpf_engine), and its walk is held against the others
# (test_owners).
BPF = "bpf"


@pytest.fixture(params=[name for name in ENGINES if name != BPF])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The name of each engine that works here."""
    name: str = request.param
    if name in (reasons := unavailable()):
        pytest.skip(f"engine {name}: {reasons[name]}")
    return name


def tree_engines() -> list[str]:
    """The engines that read any tree of files, whether they work here or not."""
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(f"{root}/1/net")
        Path(root, "1", "net", "tcp").touch()
        refusing = {status.name for status in engine_status(root) if not status.available}
    return [
        name for name in ENGINES if name != BPF and (name not in refusing or name in unavailable())
    ]


@pytest.fixture(params=tree_engines())
def tree_engine_name(request: pytest.FixtureRequest) -> str:
    """The name of each engine that reads any tree of files and works here."""
    name: str = request.param
    if name in (reasons := unavailable()):
        pytest.skip(f"engine {name}: {reasons[name]}")
    return name


@pytest.fixture
def engine(engine_name: str) -> Engine:
    """Each engine that works here, opened on /proc."""
    return open_engine(engine_name)


def missing_requirements() -> Iterator[str]:
    """Say what FASTSOCK_REQUIRE asks for and is not here."""
    reasons = unavailable()
    for name in REQUIRED:
        if name == "clang":
            if missing := why_not_compiled():
                yield f"{name}: {missing}"
        elif name == "promtool":
            if missing := why_no_prometheus():
                yield f"{name}: {missing}"
        elif name not in ENGINES:
            yield f"{name}: no such engine; engines are {' '.join(ENGINES)}"
        elif name in reasons:
            yield f"{name}: {reasons[name]}"
    if "procfs" not in REQUIRED:
        return
    for path in sorted(SOURCE.rglob("*.pyx")):
        module = ".".join(["fastsock", *path.relative_to(SOURCE).with_suffix("").parts])
        try:
            importlib.import_module(module)
        except ImportError as error:
            yield f"{module}: {error}"


# ------------------------------------------------------------------------------- compiled and plain


@pytest.fixture(params=BUILDS)
def implementation(request: pytest.FixtureRequest) -> Implementation:
    """The compiled tables, and their plain twins."""
    return Implementation(request.param)


# -------------------------------------------------------------------------------------- a namespace


@pytest.fixture(scope="session")
def own_namespace() -> Iterator[Namespace]:
    """A quiet network namespace, held by a process that has sockets of each sort in it."""
    with hold_namespace() as namespace:
        yield namespace


# ------------------------------------------------------------------------ what a run says of itself


class CrashFlag:
    """A file that a run keeps while it lasts: its process and the test it is at.

    A crash of the interpreter leaves it behind, and the next run says so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left = ""

    def raise_(self) -> None:
        if self.path.exists():
            pid, _, test = self.path.read_text().partition(" ")
            if not os.path.exists(f"/proc/{pid}"):  # else a run beside this one
                self.left = test or "its start"
        self.at("")

    def at(self, test: str) -> None:
        self.path.write_text(f"{os.getpid()} {test}")

    def lower(self) -> None:
        self.path.unlink(missing_ok=True)


def crash_flag(config: pytest.Config) -> CrashFlag | None:
    """Return the flag; None without a cache, or where it may not be written."""
    cache = getattr(config, "cache", None)
    if cache is None:  # -p no:cacheprovider
        return None
    try:
        flag = CrashFlag(cache.mkdir("fastsock") / "running")
        flag.raise_()
    except OSError:  # another user's checkout
        return None
    return flag


FLAG = pytest.StashKey[CrashFlag]()


def pytest_configure(config: pytest.Config) -> None:
    if problems := list(missing_requirements()):
        raise pytest.UsageError("FASTSOCK_REQUIRE: " + "; ".join(problems))
    if not hasattr(config, "workerinput") and (flag := crash_flag(config)):
        config.stash[FLAG] = flag


def pytest_unconfigure(config: pytest.Config) -> None:
    if flag := config.stash.get(FLAG, None):
        flag.lower()


def pytest_report_header(config: pytest.Config) -> list[str]:
    described = [
        f"{status.name} ({'auto' if status.auto else status.reason or 'works'})"
        for status in engine_status()
    ]
    lines = [f"fastsock engines: {', '.join(described)}"]
    flag = config.stash.get(FLAG, None)
    if flag and flag.left:
        lines.append(f"fastsock: THE PREVIOUS RUN CRASHED OR WAS KILLED in {flag.left}")
    return lines


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if flag := item.config.stash.get(FLAG, None):
        flag.at(item.nodeid)
