"""Table: what is done with rows once they are in memory: join, count by a key, iterate, render.

The rows are live ones, so that their inodes lie in memory as a kernel hands them out. The compiled
modules against their twins in plain Python; the floors are those of the scan and the walk that
the work comes on top of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import fastsock
import floors
from fastsock import _group_py, _render_py, _table_py
from fastsock.render import DEFAULT_COLUMNS, heading
from pairs import FARM, Benchmark, measure

_group = pytest.importorskip("fastsock._group", reason="a build without extensions")
_render = pytest.importorskip("fastsock._render")

UNKNOWN = -3  # OWNER_UNKNOWN
IMPLEMENTATIONS = ("reference", "compiled")


class Rows(NamedTuple):
    sockets: Any
    owners: Any
    group: ModuleType
    render: ModuleType


@functools.cache
def live() -> tuple[fastsock.SocketTable, fastsock.OwnerTable]:
    return fastsock.scan(), fastsock.owners()


@functools.cache
def rows(implementation: str) -> Rows:
    """The same rows in the tables of either implementation, owners attached."""
    sockets, owners = live()
    if implementation == "reference":
        processes = [
            _table_py.Process(p.pid, p.start_time, p.command, p.uid, p.netns, p.cgroup)
            for p in owners.processes
        ]
        held = _table_py.OwnerRows.from_rows(owners.rows(), processes)
        made = Rows(_table_py.SocketRows.from_rows(sockets.rows()), held, _group_py, _render_py)
    else:
        made = Rows(sockets.pick(everything(sockets)), owners, _group, _render)
    made.sockets.attach_owners(made.owners, join(made))
    return made


def everything(sockets: Any) -> Any:
    return type(sockets.column("inode")).from_values("index", "I", range(len(sockets)))


def join(rows: Rows) -> Any:
    return rows.group.OwnerIndex(rows.owners).heads(rows.sockets, UNKNOWN)


def count_by_command(rows: Rows) -> Any:
    grouper = rows.group.Grouper(("command",))
    grouper.add(rows.sockets)
    return grouper.groups()


def join_and_count_by_command(rows: Rows) -> Any:
    rows.sockets.attach_owners(rows.owners, join(rows))
    return count_by_command(rows)


def count_by_remote_address(rows: Rows) -> Any:
    grouper = rows.group.Grouper(("remote_address",))
    grouper.add(rows.sockets)
    return grouper.groups()


def iterate(rows: Rows) -> Any:
    for socket in rows.sockets:
        socket.state, socket.local_port, socket.remote_port, socket.inode  # noqa: B018


def render_text(rows: Rows) -> Any:
    columns = [(heading(name), name) for name in DEFAULT_COLUMNS]
    return list(rows.render.text_blocks(rows.sockets, columns))


def render_json(rows: Rows) -> Any:
    return list(rows.render.json_blocks(rows.sockets))


def answer(question: Callable[[Rows], Any], implementation: str) -> Any:
    if question is iterate:
        sockets = rows(implementation).sockets
        return [(s.state, s.local_port, s.remote_port, s.inode) for s in sockets]
    result = list(question(rows(implementation)))
    return b"".join(result) if "render" in question.__name__ else result


QUESTIONS = [
    join, count_by_command, join_and_count_by_command, count_by_remote_address, iterate,
    render_text, render_json,
]  # fmt: skip


@pytest.mark.parametrize("size", [FARM])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda f: f.__name__)
def test_table(
    benchmark: Benchmark, question: Callable[[Rows], Any], implementation: str, size: str
) -> None:
    benchmark.group = f"{question.__name__}, {size} sockets"
    assert answer(question, implementation) == answer(question, "reference")
    mine = rows(implementation)
    walks = "join" in question.__name__
    if walks and not floors.compiler():
        pytest.skip("no C compiler for floor_walk.c")
    measure(
        benchmark,
        lambda: question(mine),
        floors.walk if walks else floors.read_tables,
        "C walk, one thread" if walks else "bare reads",
        engine=implementation,
        rows=len(mine.sockets),
    )
