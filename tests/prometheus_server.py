"""A Prometheus server of a test: its own directory, a port of loopback, one job, one second."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ports import listen, port_of

COMMANDS = ("promtool", "prometheus")
PATIENCE = 60.0  # seconds for what takes two or three

CONFIGURATION = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: [{rules}]
scrape_configs:
  - job_name: fastsock
    static_configs:
      - targets: ["{target}"]
"""


def why_no_prometheus() -> str:
    """Return which command is not here; "" where all are."""
    missing = [name for name in COMMANDS if not shutil.which(name)]
    return f"no {' and no '.join(missing)} (Debian's package prometheus)" if missing else ""


class Server(NamedTuple):
    url: str
    log: Path

    def get(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its API."""
        words = urllib.parse.urlencode(query)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{words}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Return the value of each series of an expression now, by its labels."""
        return {
            tuple(sorted(series["metric"].items())): float(series["value"][1])
            for series in self.get("query", query=expression)["result"]
        }


def wait_until(met: Callable[[], Any], server: Server) -> Any:
    """Return what is found when something is; AssertionError with what the server said."""
    end = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError):  # it does not answer yet
            if found := met():
                return found
        assert time.monotonic() < end, server.log.read_text()[-4000:]
        time.sleep(0.1)


@contextlib.contextmanager
def run_prometheus(folder: Path, target: str, rules: Path) -> Iterator[Server]:
    """Have a server scrape `target`, ADDRESS:PORT, until the end of the block."""
    with listen() as free:
        port = port_of(free)
    configuration, log = folder / "prometheus.yml", folder / "prometheus.log"
    configuration.write_text(CONFIGURATION.format(target=target, rules=rules))
    with open(log, "wb") as output:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
        )  # fmt: skip
    try:
        server = Server(f"http://127.0.0.1:{port}", log)
        wait_until(lambda: process.poll() is not None or server.get("targets"), server)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
