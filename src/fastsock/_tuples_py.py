"""Sockets with their holders as tuples of somebody else's classes: the twin of `_tuples`."""

from __future__ import annotations

from fastsock._table_py import Column, format_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from fastsock._table_py import OwnerRows, SocketRows

    Row = TypeVar("Row", bound=tuple[Any, ...])


def _joined(rows: SocketRows) -> tuple[OwnerRows, Column]:
    heads = rows.owner_heads()
    if rows.owners is None or heads is None:
        raise ValueError("this needs owners: join them to the table first")
    return rows.owners, heads


def _holders(owners: OwnerRows, ranks: Column, at: int) -> list[int]:
    """Return the owners in the chain at `at` that are of the process with the highest rank.

    Descriptors of a thread's own table and fixed files of io_uring, which have no number, do not
    count.
    """
    assert owners.following is not None  # attached by a join
    best = -1
    found: list[int] = []
    while at >= 0:
        process, pid, tid, fd = (
            owners.column(name)[at] for name in ("process", "pid", "tid", "fd")
        )
        rank = ranks[process]
        if tid == pid and fd >= 0 and rank >= 0:
            if not found or rank > best:
                best, found = rank, [at]
            elif owners.column("process")[found[0]] == process:
                found.append(at)
        at = owners.following[at]
    return found


def list_holders(
    rows: SocketRows, ranks: Column, all_descriptors: bool, held_only: bool
) -> tuple[Column, Column]:
    """Return which rows are shown with which holder: "index", uint32, and "holder", int32.

    The holder of a socket is the process with the highest rank, the first of those in the order of
    the owners, with its first descriptor; with `all_descriptors` the row comes once for each. It is
    a row of the owners, or -1 for nobody; with `held_only` such rows are left out. `ranks` ("i")
    has one for each process of the owners, a negative one for those that do not count; no more do
    descriptors of a thread's own table and fixed files of io_uring. Raises ValueError where `rows`
    has no owners attached, or a process no rank.
    """
    owners, heads = _joined(rows)
    if ranks.format != "i":
        raise TypeError("ranks are a column of format i")
    if any(process >= len(ranks) for process in owners.column("process")):
        raise ValueError("each process needs a rank")

    def pairs() -> Iterator[tuple[int, int]]:
        for n, head in enumerate(heads):
            found = _holders(owners, ranks, head)
            if not found and held_only:
                continue
            for at in found[: None if all_descriptors else 1] or [-1]:
                yield n, at

    listed = list(pairs())
    return (
        Column.from_values("index", "I", (n for n, _ in listed)),
        Column.from_values("holder", "i", (at for _, at in listed)),
    )


def make_tuples(
    rows: SocketRows,
    index: Column,
    holders: Column,
    row_class: type[Row],
    end_class: type[tuple[Any, ...]],
    describe: Callable[[int, int, int], tuple[Any, Any, Any]],
) -> list[Row]:
    """Return (fd, family, type, local end, remote end, status, pid) of the rows that are listed.

    They are tuples of `row_class`, without the pid where that has six fields, and ends are tuples
    of `end_class`, (text of the address, port), or () without a port. `index` and `holders` are
    those of `list_holders`; nobody is (None, -1), and of nobody's rows those that would show the
    same come once. `describe(protocol, family, state)` gives (family, type, status) and is asked
    once for each.
    """
    fields = len(row_class._fields)  # type: ignore[attr-defined]
    if not all(issubclass(one, tuple) for one in (row_class, end_class)):
        raise TypeError("rows and ends are tuples")
    if fields not in (6, 7):
        raise ValueError(f"a row has 6 or 7 fields, not {fields}")
    if index.format != "I" or holders.format != "i" or len(index) != len(holders):
        raise ValueError("index and holders are two columns of list_holders")
    owners, _ = _joined(rows)
    told: dict[tuple[int, int, int], tuple[Any, Any, Any]] = {}
    ends: dict[tuple[bytes, int, int], tuple[Any, ...]] = {}

    def end(side: str, n: int, family: int) -> tuple[Any, ...]:
        address, port = rows.column(f"{side}_address")[n], rows.column(f"{side}_port")[n]
        if not port:
            return ()
        key = address, family, port
        if key not in ends:
            ends[key] = tuple.__new__(end_class, (format_address(address, family), port))
        return ends[key]

    made: list[Row] = []
    nobodys: set[tuple[Any, ...]] = set()
    for n, at in zip(index, holders, strict=True):
        if n >= len(rows) or at >= len(owners):
            raise IndexError("row index out of range")
        about = protocol, family, state = tuple(
            rows.column(name)[n] for name in ("protocol", "family", "state")
        )
        if about not in told:
            told[about] = describe(protocol, family, state)
            if len(told[about]) != 3:
                raise ValueError("a description is family, type and status")
        shown_family, type_, status = told[about]
        local, remote = end("local", n, family), end("remote", n, family)
        fd, pid = -1, None
        if at >= 0:
            fd, pid = owners.column("fd")[at], owners.column("pid")[at]
        else:
            key = protocol, family, status, local, remote
            if key in nobodys:
                continue
            nobodys.add(key)
        values = (fd, shown_family, type_, local, remote, status, pid)
        made.append(tuple.__new__(row_class, values[:fields]))
    return made
