#!/usr/bin/env python3
"""Run the whole set of benchmarks, each size in a farm of its own, and store the raw results.

    run.py [--sizes 1,1000,100000] [--output DIR] [--seconds 3] [--no-peers]

DIR is by default benchmarks/runs/DATE-KIND. It gets SIZE.json (pytest-benchmark), peers-SIZE.json
(whole commands), budget-SIZE.json (one of them, by its parts), live-SIZE.json (commands that stay),
corpus.json (what needs no farm) and a README with what they were made with.
Nothing that names this machine is stored. Then: bars.py DIR, and publish.py.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench_command import editable
from peers import version

HERE = Path(__file__).resolve().parent
LONGEST = 600.0  # seconds that one command of peers.py may take
MACHINE = ("machine", "system", "release", "python_version", "python_implementation")


def pytest(files: Sequence[str], choose: str, seconds: float, output: Path) -> None:
    """Run benchmark files into `output`; a failing case is a failing run."""
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", choose,
         "--benchmark-disable-gc", "--benchmark-columns=median,iqr,rounds",
         "--benchmark-group-by=group", f"--benchmark-json={output}",
         *(str(HERE / f"bench_{name}.py") for name in files)],
        check=True, cwd=HERE.parent, env={**os.environ, "FASTSOCK_BENCH_SECONDS": str(seconds)},
    )  # fmt: skip
    scrub(output)


def scrub(path: Path) -> None:
    """Drop what names the machine, its user or its paths, and what only this process knows."""
    document = json.loads(path.read_bytes())
    machine: dict[str, Any] = document["machine_info"]
    cpu = machine.get("cpu", {})
    document["machine_info"] = {key: machine.get(key) for key in MACHINE} | {
        "cpu": cpu.get("brand_raw"), "cpus": cpu.get("count")
    }  # fmt: skip
    commit = document.get("commit_info") or {}
    document["commit_info"] = {key: commit.get(key) for key in ("id", "time", "dirty")}
    for case in document["benchmarks"]:
        case.pop("params", None)  # holds the addresses of functions
        case["stats"]["data"] = [round(time, 9) for time in case["stats"]["data"]]
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def kind() -> str:
    """The kind of host: distribution, architecture, processors."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:  # a system without os-release(5)
        release = {}
    name = release.get("ID", "linux") + release.get("VERSION_ID", "")
    return re.sub(r"[^\w.-]", "", f"{name}-{platform.machine()}-{os.cpu_count()}cpu")


def cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def readme(args: argparse.Namespace) -> str:
    """What the results were made with, and the commands that made them."""
    tools = ("fastsock", "ss", "netstat", "lsof", "psutil")
    install = "editable: the command's start is slower than installed" if editable() else "a wheel"
    lines = [
        f"# Results of {datetime.date.today()}, {kind()}",
        "",
        f"* CPU: {cpu_model()}, {os.cpu_count()} processors usable; {memory_gib()} GiB",
        f"* Kernel: {platform.system()} {platform.release()}; "
        f"descriptors a process: {os.sysconf('SC_OPEN_MAX')}; user id {os.geteuid()}",
        f"* Python {platform.python_version()}, pytest-benchmark "
        f"{importlib.metadata.version('pytest-benchmark')}; fastsock installed as {install}",
        "* " + ", ".join(f"{tool} {version(tool)}" for tool in tools),
        f"* Load when it began: {' '.join(f'{load:.2f}' for load in os.getloadavg())}",
        "",
        "```sh",
        f"python benchmarks/run.py --sizes {args.sizes} --seconds {args.seconds:g}"
        + (f" --timeout {args.timeout:g}" if args.timeout != LONGEST else "")
        + (" --no-peers" if args.no_peers else ""),
        "python benchmarks/publish.py",
        "```",
    ]
    return "\n".join(lines) + "\n"


def inside(size: str, args: argparse.Namespace) -> None:
    """What runs in the farm."""
    # bpf is last: it drops the kernel's caches.
    live = ["scan", "netlink", "owners", "table", "render", "memory", "command", "compat"]
    live += ["snapshot", "leaks", "flows", "bpf"]
    choose = "not tree and not follow and not fold"
    if int(size) > 200_000:  # plain Python would take hours for a million
        choose += " and not reference"
    pytest(live, choose, args.seconds, args.output / f"{size}.json")
    if not args.no_peers:
        peers = [sys.executable, str(HERE / "peers.py"), f"--timeout={args.timeout}"]
        subprocess.run([*peers, f"--json={args.output / f'peers-{size}.json'}"], check=True)
        parts = [sys.executable, str(HERE / "budget.py")]
        subprocess.run([*parts, f"--json={args.output / f'budget-{size}.json'}"], check=True)
    if not args.no_peers and int(size) <= 200_000:  # of a million `ss -tanp` makes no frame
        staying = [sys.executable, str(HERE / "live.py")]
        subprocess.run([*staying, f"--json={args.output / f'live-{size}.json'}"], check=True)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = HERE / "runs" / f"{datetime.date.today()}-{kind()}"
    parser.add_argument("--sizes", default="1,1000,100000", help="default: 1,1000,100000")
    parser.add_argument("--output", type=Path, default=default, metavar="DIR")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each case, default: 3")
    parser.add_argument("--timeout", type=float, default=LONGEST, help="for each whole command")
    parser.add_argument("--no-peers", action="store_true", help="without whole commands")
    parser.add_argument("--inside", metavar="SIZE", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    args.output = args.output.resolve()
    if args.inside:
        inside(args.inside, args)
        return 0
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "README.md").write_text(readme(args))
    farmless = "parse or tree or namespaces or expression or follow or halfopen or fold"
    pytest(
        ["parse", "owners", "namespaces", "expression", "leaks", "halfopen", "flows"],
        farmless,
        args.seconds,
        args.output / "corpus.json",
    )
    for size in args.sizes.split(","):
        farm = [sys.executable, str(HERE / "sockfarm.py"), size, "--time-wait=0", "--"]
        again = [sys.executable, __file__, *argv, f"--inside={size}", f"--output={args.output}"]
        subprocess.run([*farm, *again], check=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
