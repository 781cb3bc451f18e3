"""Rows and their holders as tuples of a class, held against a naive model in both builds."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Sequence
from socket import inet_ntop
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from implementations import BUILDS, PLACES, Implementation, address, socket_row

UNKNOWN = -3
patient = settings(deadline=None)  # the machine may be busy with other things


class End(NamedTuple):
    ip: str
    port: int


class Held(NamedTuple):
    fd: int
    family: str
    type: str
    laddr: Any
    raddr: Any
    status: str
    pid: int | None


class Own(NamedTuple):
    fd: int
    family: str
    type: str
    laddr: Any
    raddr: Any
    status: str


STATUSES = {(17, state): "NONE" for state in range(256)} | {
    (6, state): f"S{state}" for state in range(256)
}


def describe(protocol: int, family: int, state: int) -> tuple[str, str, str]:
    return f"F{family}", f"P{protocol}", STATUSES[protocol, state]


def text_of(packed: bytes, family: int) -> str:
    return inet_ntop(family, packed[12:] if family == 2 else packed)


def joined(
    implementation: Implementation,
    sockets: Iterable[tuple[Any, ...]],
    owners: Iterable[tuple[int, int, int, int, int]] = (),
    pids: Sequence[int] = (),
) -> Any:
    """Rows with owners: (inode, pid, fd, tid, process), the last a place in `pids`."""
    rows = implementation.rows(*sockets)
    processes = [implementation.table.Process(pid, 1, b"", 0, 1, b"") for pid in pids]
    held = implementation.table.OwnerRows.from_rows(owners, processes)
    rows.attach_owners(held, implementation.group.OwnerIndex(held).heads(rows, UNKNOWN))
    return rows


def answer(
    implementation: Implementation,
    rows: Any,
    ranks: Sequence[int],
    all_descriptors: bool = False,
    held_only: bool = False,
    row_class: type[Any] = Held,
) -> list[Any]:
    tuples = implementation.tuples
    listed = tuples.list_holders(
        rows, implementation.column("i", ranks), all_descriptors, held_only
    )
    made: list[Any] = tuples.make_tuples(rows, *listed, row_class, End, describe)
    return made


def test_a_row_with_its_holder(implementation: Implementation) -> None:
    rows = joined(implementation, [socket_row(inode=7)], [(7, 4211, 300, 4211, 0)], [4211])
    end, far = End("10.0.0.1", 80), End("10.0.0.2", 40000)
    (row,) = answer(implementation, rows, [0])
    assert row == (300, "F2", "P6", end, far, "S1", 4211)
    assert (type(row), type(row.laddr), type(row.raddr)) == (Held, End, End)
    (own,) = answer(implementation, rows, [0], row_class=Own)
    assert own == (300, "F2", "P6", end, far, "S1")
    assert type(own) is Own


def test_a_row_is_as_one_made_by_its_class(implementation: Implementation) -> None:
    rows = joined(implementation, [socket_row(inode=7)], [(7, 4211, 300, 4211, 0)], [4211])
    (row,) = answer(implementation, rows, [0])
    again = Held(*row)
    assert (row, hash(row), repr(row)) == (again, hash(again), repr(again))
    assert hash(row.laddr) == hash(End(*row.laddr)) == hash(tuple(row.laddr))
    assert row._replace(fd=4) == (4, *row[1:])
    assert sys.getsizeof(row) == sys.getsizeof(again)


def test_the_collector_sees_no_row(implementation: Implementation) -> None:
    if implementation.name == "pure":
        pytest.skip("plain Python cannot hide what it makes")
    sockets = [socket_row(inode=number) for number in range(1, 3000)]
    owners = [(number, 5, number, 5, 0) for number in range(1, 3000)]
    rows = joined(implementation, sockets, owners, [5])
    made = answer(implementation, rows, [0])
    assert not any(gc.is_tracked(row) or gc.is_tracked(row.laddr) for row in made)
    before = sys.getrefcount(made[0].status)
    gc.collect()
    del made  # and each is freed once
    assert sys.getrefcount(describe(6, 2, 1)[2]) < before - 2000


def test_what_rows_have_in_common_is_one_object(implementation: Implementation) -> None:
    sockets = [socket_row(inode=number, remote_port=number) for number in (300, 301, 302)]
    owners = [(number, 70000, number, 70000, 0) for number in (300, 301, 302)]
    made = answer(implementation, joined(implementation, sockets, owners, [70000]), [0])
    assert len({id(row.laddr) for row in made}) == 1
    if implementation.name == "compiled":
        assert len({id(row.raddr.ip) for row in made}) == 1
        assert made[0].fd is made[0].raddr.port


def test_addresses_as_text(implementation: Implementation) -> None:
    """Of every length, and of more addresses and ports than are kept in mind."""
    texts = [f"{n % 256}.{n * 7 % 256}.{n // 256}.{n * 11 % 256}" for n in range(12_000)]
    texts += ["::", "::1", "fe80::1", "::ffff:10.0.0.1", "2001:db8::2"]
    sockets = [
        socket_row(
            family=10 if ":" in text else 2,
            inode=number,
            local_address=address(text),
            local_port=number,
            remote_address=address(text if ":" in text else texts[number // 2]),
            remote_port=65535,
        )
        for number, text in enumerate(texts, 1)
    ]
    sockets += [socket_row(family=10, local_address=address("10.0.0.1"), remote_port=0)]
    made = answer(implementation, joined(implementation, sockets), [])
    assert len(made) == len(sockets)
    for row, given_ in zip(made, sockets, strict=True):
        family = given_[PLACES["family"]]
        assert row.laddr == (
            text_of(given_[PLACES["local_address"]], family),
            given_[PLACES["local_port"]],
        )
        assert row.raddr in ((text_of(given_[PLACES["remote_address"]], family), 65535), ())
    assert made[-1].laddr == ("::ffff:10.0.0.1", 80)


def test_without_a_port_there_is_no_end(implementation: Implementation) -> None:
    sockets = [socket_row(local_port=0, remote_port=0), socket_row(remote_port=0)]
    made = answer(implementation, joined(implementation, sockets), [])
    assert [(row.laddr, row.raddr) for row in made] == [((), ()), (("10.0.0.1", 80), ())]


def test_nobodys_rows_come_once(implementation: Implementation) -> None:
    other = address("10.9.9.9")
    sockets = [
        socket_row(),
        socket_row(uid=5),  # shows nothing else
        socket_row(remote_port=0),
        socket_row(remote_port=0, remote_address=other),  # nor does this
        socket_row(local_address=other),
        socket_row(state=6),
        socket_row(protocol=17),
        socket_row(protocol=17, state=7),  # states of UDP are all called the same
        socket_row(family=10),
        socket_row(inode=9),
        socket_row(inode=8),
    ]
    owners = [(8, 5, 3, 5, 0)]
    made = answer(implementation, joined(implementation, sockets, owners, [5]), [0])
    assert len(made) == len(set(made)) == 7
    assert [row.pid for row in made] == [None] * 6 + [5]


@st.composite
def holdings(draw: Any) -> tuple[list[int], list[tuple[int, int, int, int, int]], list[int]]:
    """Inodes of sockets, owners in the order of a walk, and a rank for each of four processes."""
    inodes = draw(st.lists(st.integers(0, 5), max_size=8))
    one = st.tuples(st.integers(0, 3), st.booleans(), st.integers(-1, 3), st.integers(1, 5))
    owners = [
        (inode, process + 10, fd, process + 10 + 100 * thread, process)
        for process, thread, fd, inode in sorted(draw(st.lists(one, max_size=12)))
    ]
    return inodes, owners, draw(st.lists(st.integers(-1, 2), min_size=4, max_size=4))


@patient
@given(holdings(), st.booleans(), st.booleans(), st.sampled_from(BUILDS))
def test_holders(
    drawn: tuple[list[int], list[tuple[int, int, int, int, int]], list[int]],
    all_descriptors: bool,
    held_only: bool,
    build: str,
) -> None:
    inodes, owners, ranks = drawn
    implementation = Implementation(build)
    rows = joined(
        implementation, [socket_row(inode=inode) for inode in inodes], owners, range(10, 14)
    )
    expected: list[tuple[int, int]] = []
    for place, inode in enumerate(inodes):
        held = [
            at
            for at, (of, pid, fd, tid, process) in enumerate(owners)
            if of == inode and tid == pid and fd >= 0 and ranks[process] >= 0
        ]
        best = max((ranks[owners[at][4]] for at in held), default=0)
        top = next((owners[at][4] for at in held if ranks[owners[at][4]] == best), None)
        held = [at for at in held if owners[at][4] == top]
        if held:
            expected += [(place, at) for at in (held if all_descriptors else held[:1])]
        elif not held_only:
            expected.append((place, -1))
    column = implementation.column("i", ranks)
    index, holders = implementation.tuples.list_holders(rows, column, all_descriptors, held_only)
    assert list(zip(index.tolist(), holders.tolist(), strict=True)) == expected
    assert (index.name, index.format, holders.name, holders.format) == ("index", "I", "holder", "i")


def test_no_rows(implementation: Implementation) -> None:
    assert answer(implementation, joined(implementation, []), []) == []


def test_what_cannot_be_described(implementation: Implementation) -> None:
    rows = joined(implementation, [socket_row(protocol=3)])
    with pytest.raises(KeyError, match=r"\(3, 1\)"):
        answer(implementation, rows, [])


def test_wrong_arguments(implementation: Implementation) -> None:
    tuples, column = implementation.tuples, implementation.column
    bare = implementation.rows(socket_row())
    rows = joined(implementation, [socket_row(inode=7)], [(7, 5, 3, 5, 0)], [5])
    listed = tuples.list_holders(rows, column("i", [0]), False, False)
    index, holders = listed
    with pytest.raises(ValueError, match="this needs owners: join them to the table first"):
        tuples.list_holders(bare, column("i", []), False, False)
    with pytest.raises(ValueError, match="this needs owners: join them to the table first"):
        tuples.make_tuples(bare, *listed, Held, End, describe)
    with pytest.raises(TypeError, match="ranks are a column of format i"):
        tuples.list_holders(rows, index, False, False)
    with pytest.raises(ValueError, match="each process needs a rank"):
        tuples.list_holders(rows, column("i", []), False, False)
    for pair in ((holders, index), (index, column("i", []))):
        with pytest.raises(ValueError, match="index and holders are two columns of list_holders"):
            tuples.make_tuples(rows, *pair, Held, End, describe)
    for pair in ((column("I", [1]), holders), (index, column("i", [1]))):
        with pytest.raises(IndexError, match="row index out of range"):
            tuples.make_tuples(rows, *pair, Held, End, describe)
    with pytest.raises(ValueError, match="a row has 6 or 7 fields, not 2"):
        tuples.make_tuples(rows, *listed, End, End, describe)
    with pytest.raises(TypeError, match="rows and ends are tuples"):
        tuples.make_tuples(rows, *listed, Held, dict, describe)
    with pytest.raises(ValueError, match="a description is family, type and status"):
        tuples.make_tuples(rows, *listed, Held, End, lambda *_: ("one",))
