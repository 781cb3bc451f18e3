"""sock_diag: whole dumps, and questions that the kernel answers in part.

Live. Floors: bare recv(2) of the answer to the same requests; for what is asked in part, of the
answer to all of it, since that is what asking less saves; and the scan of /proc.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import fastsock
import floors
from fastsock.engines.diag_request import plan_requests
from fastsock.filter import build_filter
from pairs import FARM, FARM_PORTS, Benchmark, measure

pytestmark = pytest.mark.skipif(
    not any(one.name == "netlink" and one.available for one in fastsock.engine_status()),
    reason="no netlink engine here",
)

ALL = [request.message for request in plan_requests(build_filter(protocol="tcp"))]


def bare() -> int:
    return floors.dump(ALL)


def procfs_scan() -> fastsock.SocketTable:
    return fastsock.scan(engine="procfs")


@functools.cache
def most_local_port() -> int:
    """The farm's port with most sockets behind it: a tenth of all."""
    counts = Counter(fastsock.scan(local_port=FARM_PORTS).column("local_port"))
    return max(FARM_PORTS, key=lambda port: counts[port])


# What is asked, and what of.
SELECTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "count": dict,
    "scan": dict,
    "one local port": lambda: {"local_port": most_local_port()},
    "local ports": lambda: {"local_port": FARM_PORTS[:2]},
    "a port at either end": lambda: {"port": FARM_PORTS[0]},
    "listeners": lambda: {"state": "listen"},
    "against procfs": dict,
}


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("question", SELECTIONS)
def test_netlink(benchmark: Benchmark, question: str, size: str) -> None:
    benchmark.group = f"sock_diag, {size} sockets"
    selection = SELECTIONS[question]()
    found, expected = (
        fastsock.scan(engine=engine, **selection).column("inode").tolist()
        for engine in ("netlink", "procfs")
    )
    assert sorted(found) == sorted(expected)
    ask = fastsock.count if question == "count" else fastsock.scan
    floor, against = (
        (procfs_scan, "procfs scan") if question == "against procfs" else (bare, "bare recv of all")
    )
    measure(
        benchmark,
        lambda: ask(engine="netlink", **selection),
        floor,
        against,
        engine="netlink",
        rows=len(found),
    )
