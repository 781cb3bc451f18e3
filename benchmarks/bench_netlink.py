"""sock_diag: whole dumps, and questions that the kernel answers in part.

Live. Floors: bare recv(2) of the answer to the same requests; for what is asked in part, of the
answer to all of it, since that is what asking less saves; and the scan of /proc.
"""

from __future__ import annotations

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


def procfs_scan() -> fastsock.SocketTable:
    return fastsock.scan(engine="procfs")


def bare() -> int:
    return floors.dump(ALL)


def case(verb: str, **selection: Any) -> Callable[[], object]:
    return lambda: getattr(fastsock, verb)(engine="netlink", **selection)


CASES = {
    "count": (case("count"), bare, "bare recv"),
    "scan": (case("scan"), bare, "bare recv"),
    "one local port": (case("scan", local_port=FARM_PORTS[0]), bare, "bare recv of all"),
    "two local ports": (case("scan", local_port=FARM_PORTS[:2]), bare, "bare recv of all"),
    "a port at either end": (case("scan", port=FARM_PORTS[0]), bare, "bare recv of all"),
    "listeners": (case("scan", state="listen"), bare, "bare recv of all"),
    "against procfs": (case("scan"), procfs_scan, "procfs scan"),
}
SELECTIONS: dict[str, dict[str, Any]] = {
    "one local port": {"local_port": FARM_PORTS[0]},
    "two local ports": {"local_port": FARM_PORTS[:2]},
    "a port at either end": {"port": FARM_PORTS[0]},
    "listeners": {"state": "listen"},
}


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("question", CASES)
def test_netlink(benchmark: Benchmark, question: str, size: str) -> None:
    benchmark.group = f"sock_diag, {size} sockets"
    selection = SELECTIONS.get(question, {})
    found, expected = (
        fastsock.scan(engine=engine, **selection).column("inode").tolist()
        for engine in ("netlink", "procfs")
    )
    assert sorted(found) == sorted(expected)
    ask, floor, against = CASES[question]
    measure(benchmark, ask, floor, against, engine="netlink", rows=len(found))
