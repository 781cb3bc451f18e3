"""Memory: the highest resident set (VmHWM) of a fresh process that asks one question.

The whole process: interpreter, modules, buffers, result. `idle` asks nothing and is what the others
are to be seen against. The kernel's own memory is not in it: a walk leaves 1 to 2 KB of dentries
and inodes behind for each descriptor.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pairs import FARM, Benchmark

# Each leaves the number of rows in `rows`.
QUESTIONS = {
    "idle": "fastsock.owners(pid=os.getpid()); rows = 0",
    "count": "rows = fastsock.count().total",
    "sockets": "with fastsock.sockets() as stream: rows = sum(1 for socket in stream)",
    "scan": "table = fastsock.scan(); rows = len(table)",
    "owners": "table = fastsock.owners(); rows = len(table)",
    "scan_with_owners": "table = fastsock.scan(owners=True); rows = len(table)",
    "count_by_command": "fastsock.count(by='command'); rows = fastsock.count().total",
}

# VmHWM belongs to the memory that exec(2) made; ru_maxrss would be at least the parent's.
PROGRAM = """
import fastsock, os
{question}
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print('{{"peak_kib": %d, "rows": %d}}' % (peak, rows))
"""


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("question", QUESTIONS)
def test_memory(benchmark: Benchmark, question: str, size: str) -> None:
    benchmark.group = f"memory, {size} sockets"
    program = PROGRAM.format(question=QUESTIONS[question])
    results = []

    def ask() -> None:
        output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
        results.append(json.loads(output.stdout))

    benchmark.pedantic(ask, rounds=1 if benchmark.disabled else 3)
    benchmark.extra_info.update(max(results, key=lambda result: result["peak_kib"]))
