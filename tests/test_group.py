"""Joins and counts, held against naive models over dicts, in the compiled and the plain build."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from implementations import BUILDS, PLACES, Implementation, address, socket_row

NONE, HIDDEN, UNKNOWN = -1, -2, -3
patient = settings(deadline=None)  # the machine may be busy with other things


# Two processes of one name, and two of one pid: a pid can be reused while descriptors are walked.
UID = b"0" * 32
WEB = (b"/pod%b/lxc.payload.web/a.service" % UID, b"lxc:web/a.service", b"web", UID)
OWNER_KEYS = ("pid", "command", "cgroup", "unit", "container", "pod")
PROCESSES = [
    (10, b"nginx", *WEB),
    (11, b"nginx", *WEB),
    (12, b"redis", b"/db", None, None, None),
    (13, b"\xff worker", b"/db", None, None, None),
    (13, b"new", b"", None, None, None),
]


def owner_rows(implementation: Implementation, held: Iterable[tuple[int, int]]) -> Any:
    """Owner rows from (inode, process) pairs; the descriptor is the row's number."""
    processes = [
        implementation.table.Process(pid, 1, command, 0, 1, cgroup)
        for pid, command, cgroup, *_ in PROCESSES
    ]
    return implementation.table.OwnerRows.from_rows(
        [(inode, PROCESSES[p][0], fd, PROCESSES[p][0], p) for fd, (inode, p) in enumerate(held)],
        processes,
    )


def joined(
    implementation: Implementation,
    sockets: Iterable[tuple[Any, ...]],
    held: Iterable[tuple[int, int]],
    missing: int = UNKNOWN,
) -> Any:
    rows = implementation.table.SocketRows.from_rows(sockets)
    owners = owner_rows(implementation, held)
    rows.attach_owners(owners, implementation.group.OwnerIndex(owners).heads(rows, missing))
    return rows


def grouped(implementation: Implementation, rows: Any, *keys: str, **limits: Any) -> Any:
    grouper = implementation.group.Grouper(keys)
    grouper.add(rows, **limits)
    return grouper.groups()


# The model: everything by its definition, row by row.


def model_holders(inode: int, held: list[tuple[int, int]]) -> list[int]:
    """The descriptors of a socket, by number."""
    return [fd for fd, (of, _) in enumerate(held) if of == inode and inode]


def model_groups(
    sockets: list[tuple[Any, ...]],
    held: list[tuple[int, int]],
    keys: tuple[str, ...],
    missing: int,
    descriptors: bool,
    pids: set[int] | None,
) -> list[tuple[tuple[Any, ...], dict[int, int]]]:
    by_owner = any(key in OWNER_KEYS for key in keys)
    groups: dict[tuple[Any, ...], dict[int, int]] = {}
    for row in sockets:
        holders: list[dict[str, Any]] = [{}]
        if by_owner or descriptors:
            inode = row[PLACES["inode"]]
            fds = model_holders(inode, held)
            holders = [
                dict(zip(OWNER_KEYS, PROCESSES[held[fd][1]], strict=True))
                for fd in fds
                if pids is None or PROCESSES[held[fd][1]][0] in pids
            ]
            if not fds and not descriptors:
                state = missing if inode else NONE
                holders = [dict.fromkeys(OWNER_KEYS, state)]
        seen = []
        for holder in holders:
            values = tuple(
                holder[key]
                if key in OWNER_KEYS
                else (row[PLACES[key]], row[PLACES["family"]])
                if key.endswith("address")
                else row[PLACES[key]]
                for key in keys
            )
            if descriptors or values not in seen:
                seen.append(values)
        for values in seen:
            states = groups.setdefault(values, {})
            state = row[PLACES["state"]]
            states[state] = states.get(state, 0) + 1
    return list(groups.items())


# Few values each, so that rows meet; inodes at both ends of their range among them.
INODES = st.sampled_from([0, 1, 2, 3, 127, 128, 129, 2**32 - 1, 2**32, 2**63, 2**64 - 1])
SOCKETS = st.lists(
    st.builds(
        socket_row,
        protocol=st.sampled_from([6, 17]),
        family=st.sampled_from([2, 10]),
        state=st.sampled_from([1, 10, 255]),
        local_address=st.sampled_from([address("10.0.0.1"), address("10.0.0.9")]),
        remote_address=st.sampled_from([address("10.0.0.2"), bytes(16)]),
        local_port=st.sampled_from([0, 80, 65535]),
        remote_port=st.sampled_from([1, 40000]),
        uid=st.sampled_from([0, 2**32 - 1]),
        inode=INODES,
        netns=st.sampled_from([1, 2**64 - 1]),
        rx_queue=st.sampled_from([0, 1, 2**32 - 1]),
        tx_queue=st.sampled_from([0, 7]),
    ),
    max_size=40,
)
HELD = st.lists(st.tuples(INODES, st.integers(0, len(PROCESSES) - 1)), max_size=40)
PIDS = st.none() | st.sets(st.sampled_from([10, 11, 12, 13, 99]))
KEYS = [
    "state", *OWNER_KEYS, "family", "protocol", "local_port", "remote_port",
    "local_address", "remote_address", "uid", "netns",
]  # fmt: skip
MISSING = st.sampled_from([HIDDEN, UNKNOWN])


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(sockets=SOCKETS, held=HELD, missing=MISSING)
def test_a_join_finds_every_owner_in_order(
    build: str, sockets: list[tuple[Any, ...]], held: list[tuple[int, int]], missing: int
) -> None:
    rows = joined(Implementation(build), sockets, held, missing)
    heads = rows.owner_heads()
    assert (heads.name, heads.format) == ("heads", "i")
    for row, head, made in zip(sockets, heads, rows, strict=True):
        fds = model_holders(row[PLACES["inode"]], held)
        if fds:
            assert head == fds[0]
            assert [owner.fd for owner in made.owners] == fds
        else:
            assert head == (missing if row[PLACES["inode"]] else NONE)


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(
    sockets=SOCKETS,
    held=HELD,
    missing=MISSING,
    keys=st.lists(st.sampled_from(KEYS), unique=True).map(tuple),
    descriptors=st.booleans(),
    pids=PIDS,
)
def test_groups_are_those_of_the_model(
    build: str,
    sockets: list[tuple[Any, ...]],
    held: list[tuple[int, int]],
    missing: int,
    keys: tuple[str, ...],
    descriptors: bool,
    pids: set[int] | None,
) -> None:
    implementation = Implementation(build)
    rows = joined(implementation, sockets, held, missing)
    groups = grouped(implementation, rows, *keys, descriptors=descriptors, pids=pids)
    assert groups == model_groups(sockets, held, keys, missing, descriptors, pids)


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(
    sockets=SOCKETS,
    key=st.sampled_from(["netns", "remote_port", "family"]),
    others=st.lists(st.sampled_from(["local_address", "remote_address", "uid"]), unique=True),
)
def test_the_largest_groups_are_those_of_the_model(
    build: str, sockets: list[tuple[Any, ...]], key: str, others: list[str]
) -> None:
    implementation = Implementation(build)
    grouper = implementation.group.Grouper((*others, key), sums=True)
    grouper.add(implementation.table.SocketRows.from_rows(sockets))
    groups = {grouper.sums(n)[0]: grouper.sums(n)[1] for n in range(len(grouper))}
    found = grouper.largest(key)
    assert set(found) == {values[-1] for values in groups}
    for value, (values, count) in found.items():
        assert values[-1] == value and count == groups[values]
        assert count == max(n for other, n in groups.items() if other[-1] == value)


def test_the_largest_group_goes_by_a_number(implementation: Implementation) -> None:
    grouper = implementation.group.Grouper
    with pytest.raises(ValueError, match="^this Grouper has no sums: make one with them$"):
        grouper(("netns",)).largest("netns")
    for key in ("uid", "state", "pid", "local_address"):
        with pytest.raises(ValueError, match=f"^'{key}' is no number among the keys$"):
            grouper(("netns", "state", "pid", "local_address"), sums=True).largest(key)
    assert grouper(("netns",), sums=True).largest("netns") == {}


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(sockets=SOCKETS, held=HELD, pids=PIDS)
def test_owned_rows_and_descriptors_are_those_of_the_model(
    build: str, sockets: list[tuple[Any, ...]], held: list[tuple[int, int]], pids: set[int] | None
) -> None:
    implementation = Implementation(build)
    rows = joined(implementation, sockets, held)
    counts = [0] * 256
    owned = []
    for n, row in enumerate(sockets):
        fds = [
            fd
            for fd in model_holders(row[PLACES["inode"]], held)
            if pids is None or PROCESSES[held[fd][1]][0] in pids
        ]
        counts[row[PLACES["state"]]] += len(fds)
        if fds:
            owned.append(n)
    assert implementation.group.count_descriptors(rows, pids) == counts
    if pids is not None:
        found = implementation.group.owned_by(rows, iter(pids))
        assert (found.name, found.format, found.tolist()) == ("index", "I", owned)


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(sockets=SOCKETS)
def test_ambiguous_rows_are_those_of_the_model(build: str, sockets: list[tuple[Any, ...]]) -> None:
    implementation = Implementation(build)
    of = [tuple(row[PLACES[key]] for key in ("inode", "netns", "protocol", "uid"))
          for row in sockets]  # fmt: skip
    expected = [
        n
        for n, mine in enumerate(of)
        if mine[0] and any(other[0] == mine[0] and other != mine for other in of)
    ]
    found = implementation.group.ambiguous(implementation.table.SocketRows.from_rows(sockets))
    assert (found.name, found.format, found.tolist()) == ("index", "I", expected)


@pytest.mark.parametrize("spread", [1, 2, 1000, 2**40 + 1], ids="spread-{}".format)
def test_large_joins(implementation: Implementation, spread: int) -> None:
    """Neighbours and strangers: inodes that lie close are kept in another way than others.

    Among them one outlier, a socket of another time, and one that is held 2,000 times.
    """
    inodes = [5_000_000 + n * spread for n in range(3000)] + [7]
    held = [(inode, 0) for inode in inodes] + [(inodes[0], 1)] * 2000
    asked = [*inodes[::-1], *[inode + 3001 * spread for inode in inodes], 0]
    rows = joined(implementation, [socket_row(inode=inode) for inode in asked], held, HIDDEN)
    row_of = {inode: n for n, inode in enumerate(inodes)}
    expected = [row_of.get(inode, HIDDEN) for inode in asked[:-1]] + [NONE]
    assert rows.owner_heads().tolist() == expected
    assert [owner.fd for owner in rows[3000].owners] == [0, *range(3001, 5001)]
    assert implementation.group.ambiguous(rows).tolist() == []


@pytest.mark.parametrize("spread", [1, 1000])
def test_ambiguous_rows_among_many(implementation: Implementation, spread: int) -> None:
    inodes = [1 + n * spread for n in range(1000)]
    sockets = [socket_row(inode=inode) for inode in inodes] + [
        socket_row(inode=inodes[500], uid=5),
        socket_row(inode=inodes[600]),  # the same socket once more
        socket_row(inode=inodes[700], netns=2),
        socket_row(inode=inodes[800], protocol=17),
    ]
    rows = implementation.table.SocketRows.from_rows(sockets)
    assert implementation.group.ambiguous(rows).tolist() == [500, 700, 800, 1000, 1002, 1003]


def test_a_shared_socket_counts_once_in_each_group(implementation: Implementation) -> None:
    """Two descriptors in one process, one each in two others of which one has the same name."""
    rows = joined(implementation, [socket_row(inode=5)], [(5, 0), (5, 0), (5, 1), (5, 2)])
    assert grouped(implementation, rows, "command") == [
        ((b"nginx",), {1: 1}),
        ((b"redis",), {1: 1}),
    ]
    assert grouped(implementation, rows, "pid") == [
        ((10,), {1: 1}),
        ((11,), {1: 1}),
        ((12,), {1: 1}),
    ]
    assert grouped(implementation, rows, "command", descriptors=True) == [
        ((b"nginx",), {1: 3}),
        ((b"redis",), {1: 1}),
    ]
    # Per owner, not every name with every pid.
    assert grouped(implementation, rows, "command", "pid", pids=[11, 12]) == [
        ((b"nginx", 11), {1: 1}),
        ((b"redis", 12), {1: 1}),
    ]


def test_sockets_without_an_owner_are_groups_of_their_own(implementation: Implementation) -> None:
    sockets = [socket_row(inode=0), socket_row(inode=1), socket_row(inode=2)]
    rows = joined(implementation, sockets, [(1, 2)], HIDDEN)
    assert grouped(implementation, rows, "cgroup", "pid") == [
        ((NONE, NONE), {1: 1}),
        ((b"/db", 12), {1: 1}),
        ((HIDDEN, HIDDEN), {1: 1}),
    ]
    assert grouped(implementation, rows, "pid", descriptors=True) == [((12,), {1: 1})]


def test_chunks_of_a_stream_add_up(implementation: Implementation) -> None:
    held = [(n, n % 4) for n in range(1, 300)]
    owners = owner_rows(implementation, held)
    index = implementation.group.OwnerIndex(owners)
    grouper = implementation.group.Grouper(["local_port", "command"])
    sockets = [socket_row(inode=n, local_port=n % 7, state=n % 3) for n in range(1, 400)]
    for start in range(0, len(sockets), 50):
        chunk = implementation.table.SocketRows.from_rows(sockets[start : start + 50])
        chunk.attach_owners(owners, index.heads(chunk, UNKNOWN))
        grouper.add(chunk)
    expected = model_groups(sockets, held, ("local_port", "command"), UNKNOWN, False, None)
    assert grouper.groups() == expected


def test_one_grouper_takes_tables_of_different_owners(implementation: Implementation) -> None:
    grouper = implementation.group.Grouper(["command"])
    for held in ([(1, 0)], [(1, 4), (1, 0)]):
        grouper.add(joined(implementation, [socket_row(inode=1)], held))
    assert grouper.groups() == [((b"nginx",), {1: 2}), ((b"new",), {1: 1})]


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(
    sockets=SOCKETS,
    held=HELD,
    keys=st.lists(st.sampled_from(KEYS), unique=True).map(tuple),
    descriptors=st.booleans(),
    pids=PIDS,
)
def test_sums_are_those_of_the_model(
    build: str,
    sockets: list[tuple[Any, ...]],
    held: list[tuple[int, int]],
    keys: tuple[str, ...],
    descriptors: bool,
    pids: set[int] | None,
) -> None:
    """What a group adds up is what its sockets would, if each were a group of its own."""
    implementation = Implementation(build)
    rows = joined(implementation, sockets, held)
    grouper = implementation.group.Grouper(keys, sums=True)
    grouper.add(rows, descriptors=descriptors, pids=pids)
    expected: dict[tuple[Any, ...], list[int]] = {}
    for row in sockets:
        for values, states in model_groups([row], held, keys, UNKNOWN, descriptors, pids):
            count = sum(states.values())
            sums = expected.setdefault(values, [0, 0, 0, 0])
            sums[0] += count
            sums[1] += count * (row[PLACES["state"]] == 1)
            sums[2] += count * row[PLACES["rx_queue"]]
            sums[3] += count * row[PLACES["tx_queue"]]
    found = [grouper.sums(n) for n in range(len(grouper))]
    assert found == [(values, *sums) for values, sums in expected.items()]


def test_columns_beside_a_table_are_keys(implementation: Implementation) -> None:
    grouper = implementation.group.Grouper(["direction", "service_port"], sums=True)
    for directions, ports in (([1, 0, 1], [80, 80, 80]), ([], []), ([0], [80])):
        rows = implementation.rows(*(socket_row(rx_queue=3) for _ in ports))
        beside = {
            "direction": implementation.column("B", directions),
            "service_port": implementation.column("H", ports),
        }
        grouper.add(rows, beside=beside)
    assert [grouper.sums(n) for n in range(len(grouper))] == [
        ((1, 80), 2, 2, 6, 0),
        ((0, 80), 2, 2, 6, 0),
    ]


@pytest.mark.parametrize(
    ("beside", "error", "text"),
    [
        ({}, KeyError, "column 'service_port' has to come beside the table"),
        ({"service_port": ("H", [1])}, ValueError,
         "2 of H are the column 'service_port', not 1 of H"),
        ({"service_port": ("B", [1, 2])}, ValueError,
         "2 of H are the column 'service_port', not 2 of B"),
    ],
)  # fmt: skip
def test_a_column_of_another_table_is_refused(
    implementation: Implementation, beside: dict[str, Any], error: type[Exception], text: str
) -> None:
    grouper = implementation.group.Grouper(["service_port"])
    columns = {key: implementation.column(*made) for key, made in beside.items()}
    with pytest.raises(error, match=text):
        grouper.add(implementation.rows(socket_row(), socket_row()), beside=columns)
    assert grouper.groups() == []


def test_sums_are_asked_for_where_they_are(implementation: Implementation) -> None:
    with_sums = implementation.group.Grouper(["uid"], sums=True)
    with_sums.add(implementation.rows(socket_row()))
    for number in (1, -1):
        with pytest.raises(IndexError, match=f"group {number} of 1"):
            with_sums.sums(number)
    with pytest.raises(ValueError, match="this Grouper has sums: ask for them"):
        with_sums.groups()
    without = implementation.group.Grouper(["uid"])
    without.add(implementation.rows(socket_row()))
    with pytest.raises(ValueError, match="this Grouper has no sums: make one with them"):
        without.sums(0)
    with pytest.raises(ValueError, match="this Grouper has no sums: make one with them"):
        implementation.folding.rank(without, "count")


def test_many_groups(implementation: Implementation) -> None:
    """More than any first size of a hash has room for."""
    sockets = [socket_row(remote_port=n, uid=n // 3) for n in range(5000)]
    rows = implementation.table.SocketRows.from_rows(sockets)
    groups = grouped(implementation, rows, "remote_port", "uid", "remote_address")
    assert groups == [((n, n // 3, (address("10.0.0.2"), 2)), {1: 1}) for n in range(5000)]


def test_states_are_counted(implementation: Implementation) -> None:
    rows = implementation.table.SocketRows.from_rows(
        [socket_row(state=n % 256) for n in range(300)]
    )
    assert implementation.group.count_states(rows) == [2] * 44 + [1] * 212


def test_empty_tables(implementation: Implementation) -> None:
    rows = joined(implementation, [], [])
    assert rows.owner_heads().tolist() == []
    assert grouped(implementation, rows, "command") == []
    assert implementation.group.owned_by(rows, [1]).tolist() == []
    assert implementation.group.ambiguous(rows).tolist() == []
    assert implementation.group.count_descriptors(rows, None) == [0] * 256


def test_owners_are_needed_where_the_question_is_about_them(
    implementation: Implementation,
) -> None:
    rows = implementation.table.SocketRows.from_rows([socket_row(inode=1)])
    with pytest.raises(ValueError, match="owners"):
        grouped(implementation, rows, "state", "command")
    with pytest.raises(ValueError, match="owners"):
        grouped(implementation, rows, "state", descriptors=True)
    with pytest.raises(ValueError, match="owners"):
        implementation.group.owned_by(rows, [1])
    with pytest.raises(ValueError, match="owners"):
        implementation.group.count_descriptors(rows, None)
    assert grouped(implementation, rows, "state", pids=[1]) == [((1,), {1: 1})]
    # Owners that no index has linked.
    owners = owner_rows(implementation, [(1, 0)])
    with pytest.raises(ValueError, match="index"):
        rows.attach_owners(owners, implementation.table.Column.from_values("heads", "i", [0]))
        grouped(implementation, rows, "pid")


@pytest.mark.parametrize("keys", [["inode"], ["pid", "state", "pid"], "pid"])
def test_keys_that_make_no_sense(implementation: Implementation, keys: Any) -> None:
    with pytest.raises(ValueError, match="key"):
        implementation.group.Grouper(keys)


def test_an_owner_state_is_negative(implementation: Implementation) -> None:
    rows = implementation.table.SocketRows.from_rows([])
    with pytest.raises(ValueError, match="negative"):
        implementation.group.OwnerIndex(owner_rows(implementation, [])).heads(rows, 0)
