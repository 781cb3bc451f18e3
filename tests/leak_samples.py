"""Samples made by hand: snapshots of a host with exactly these sockets at exactly this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from fastsock.diagnose.counters import Space
from fastsock.diagnose.process_state import ProcessState
from fastsock.diagnose.snapshot import Snapshot
from fastsock.implementation import group
from fastsock.table import OwnerTable, Process, SocketTable

ESTABLISHED, TIME_WAIT, CLOSE_WAIT, LISTEN = 1, 6, 8, 10
TCP, INET = 6, 2
NETNS = 4026531840
PID, STARTED, USER = 3921, 0, 4_000_000  # nobody is called so
HIDDEN = -2


class Row(NamedTuple):
    """One socket; `pid` 0 is nobody, and then inode 0 is one that no descriptor holds."""

    cookie: int
    state: int = ESTABLISHED
    remote: str = "10.0.0.5"
    remote_port: int = 5432
    local: str = "10.0.0.1"
    local_port: int = 40000
    inode: int = -1
    pid: int = PID
    uid: int = USER
    netns: int = NETNS


def pack(address: str) -> bytes:
    return bytes(10) + b"\xff\xff" + bytes(map(int, address.split(".")))


def snapshot(
    moment: float,
    rows: Iterable[Row],
    *,
    descriptors: Mapping[int, int] | None = None,
    limit: int | None = 1024,
    spaces: Sequence[Space] = (),
    started: int = STARTED,
    host: str = "here",
    boot_id: str = "b00t",
    path: str = "",
) -> Snapshot:
    """Return a host with these sockets, `moment` seconds after boot.

    `descriptors` are the processes, by pid with how many they have: by default those of the rows
    with 10 each.
    """
    rows = list(rows)
    pids = sorted({row.pid for row in rows if row.pid})
    if descriptors is None:
        descriptors = dict.fromkeys(pids, 10)
    table = SocketTable.from_rows(
        (
            TCP, INET, row.state, 0, pack(row.local), pack(row.remote), row.local_port,
            row.remote_port, 0, 0, row.uid, 0, inode_of(row), row.netns, 0, row.cookie, -1,
        )
        for row in rows
    )  # fmt: skip
    walked = sorted({*pids, *descriptors})
    processes = [Process(pid, started, b"leaker", USER, NETNS, b"/") for pid in walked]
    owners = OwnerTable.from_rows(
        [
            (inode_of(row), row.pid, 3 + number, row.pid, walked.index(row.pid))
            for number, row in enumerate(rows)
            if row.pid
        ],
        processes,
    )
    table.attach_owners(owners, group.OwnerIndex(owners).heads(table, HIDDEN))
    return Snapshot(
        sockets=table,
        host=host,
        boot_id=boot_id,
        time=1.7e9 + moment,
        monotonic=moment,
        path=path,
        processes={
            pid: ProcessState(pid, started, b"leaker", USER, b"/", number, limit)
            for pid, number in descriptors.items()
        },
        spaces={space.inode: space for space in spaces},
        netns=NETNS,
    )


def inode_of(row: Row) -> int:
    if row.inode >= 0:
        return row.inode
    return 100_000 + row.cookie if row.pid else 0
