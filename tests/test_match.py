"""Selection by a Filter, held against a naive model, in the compiled build and the plain one."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from fastsock.errors import FilterError
from fastsock.filter import Filter
from implementations import BUILDS, Implementation

patient = settings(deadline=None)  # the machine may be busy with other things
UNIX = 1  # the family
V4 = bytes(10) + b"\xff\xff"  # an IPv4 address follows


Row = dict[str, Any]


def row(**given: Any) -> Row:
    made = {
        "protocol": 6,
        "family": 2,
        "state": 1,
        "local_address": V4 + bytes([10, 0, 0, 1]),
        "remote_address": V4 + bytes([10, 0, 0, 2]),
        "local_port": 80,
        "remote_port": 40000,
        "uid": 0,
        "inode": 41,
    }
    assert given.keys() <= made.keys()
    return made | given


def select(implementation: Implementation, rows: list[Row], **terms: Any) -> list[int]:
    table = implementation.table.SocketRows.from_rows(
        (
            made["protocol"],
            made["family"],
            made["state"],
            0,
            made["local_address"],
            made["remote_address"],
            made["local_port"],
            made["remote_port"],
            0,
            0,
            made["uid"],
            0,
            made["inode"],
            1,
            0,
            0,
            -1,
        )
        for made in rows
    )
    want = Filter({name: frozenset(values) for name, values in terms.items()})
    found = implementation.match.Matcher(want).select(table)
    assert (found.name, found.format) == ("index", "I")
    indices: list[int] = found.tolist()
    return indices


def model(made: Row, name: str, values: Any) -> bool:
    """Whether a row has what one term asks for, by definition."""
    if made["family"] == UNIX and name.endswith(("port", "address")):
        return False  # it has no ends
    if name in ("port", "address"):
        return any(model(made, f"{end}_{name}", values) for end in ("local", "remote"))
    if name.endswith("port"):
        return any(low <= made[name] <= high for low, high in values)
    if name.endswith("address"):
        mine = IPv6Address(made[name])
        return any(mine in IPv6Network((network, bits), strict=False) for network, bits in values)
    return made[name] in values


# Few values each and their neighbours, so that rows and terms meet.
ADDRESS = st.sampled_from(
    [
        bytes(16),
        bytes(15) + b"\x01",
        b"\xff" * 16,
        b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01",
        *[V4 + bytes([10, 0, last, 1]) for last in (0, 1, 2, 255)],
    ]
)
PORT = st.sampled_from([0, 1, 79, 80, 81, 443, 65534, 65535])
NUMBERS = st.sampled_from([0, 1, 2, 6, 10, 17, 255])
UID = st.sampled_from([0, 1, 1000, 2**31, 2**32 - 1])
INODE = st.sampled_from([0, 1, 2, 41, 2**32, 2**63, 2**64 - 1])
ROWS = st.lists(
    st.builds(
        row,
        protocol=NUMBERS,
        family=NUMBERS,
        state=NUMBERS,
        local_address=ADDRESS,
        remote_address=ADDRESS,
        local_port=PORT,
        remote_port=PORT,
        uid=UID,
        inode=INODE,
    ),
    max_size=20,
)
RANGES = st.sets(  # a width of -1 is a backward range, which is empty
    st.builds(lambda low, width: (low, low + width), PORT, st.sampled_from([-1, 0, 1, 2, 400])),
    max_size=4,
)
PREFIXES = st.sets(
    st.tuples(ADDRESS, st.sampled_from([0, 1, 7, 32, 63, 64, 65, 96, 104, 119, 120, 127, 128])),
    max_size=4,
)
TERMS = st.fixed_dictionaries(
    {},
    optional={
        "protocol": st.sets(NUMBERS),
        "family": st.sets(NUMBERS),
        "state": st.sets(NUMBERS),
        "uid": st.sets(UID),
        "inode": st.sets(INODE),
        **dict.fromkeys(("port", "local_port", "remote_port"), RANGES),
        **dict.fromkeys(("address", "local_address", "remote_address"), PREFIXES),
    },
)


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(rows=ROWS, terms=TERMS)
def test_rows_are_those_of_the_model(build: str, rows: list[Row], terms: dict[str, Any]) -> None:
    expected = [
        n
        for n, made in enumerate(rows)
        if all(model(made, name, values) for name, values in terms.items())
    ]
    assert select(Implementation(build), rows, **terms) == expected


# One term at a time meets more often than all at once.
@pytest.mark.parametrize("build", BUILDS)
@patient
@given(rows=ROWS, data=st.data())
def test_rows_of_one_term(build: str, rows: list[Row], data: st.DataObject) -> None:
    terms = {
        "port": RANGES,
        "remote_port": RANGES,
        "address": PREFIXES,
        "local_address": PREFIXES,
        "inode": st.sets(INODE),
    }
    name = data.draw(st.sampled_from(sorted(terms)))
    values = data.draw(terms[name])
    expected = [n for n, made in enumerate(rows) if model(made, name, values)]
    assert select(Implementation(build), rows, **{name: values}) == expected


def test_an_ipv4_prefix_meets_ipv4_and_mapped_rows_only(implementation: Implementation) -> None:
    rows = [
        row(),
        row(family=10),  # a dual-stack listener's connection
        row(family=10, local_address=bytes(16), remote_address=bytes(16)),
    ]
    everything_v4 = {(V4 + bytes(4), 96)}
    assert select(implementation, rows, address=everything_v4) == [0, 1]
    assert select(implementation, rows, address={(bytes(16), 0)}) == [0, 1, 2]


def test_bits_behind_the_prefix_play_no_part(implementation: Implementation) -> None:
    rows = [
        row(local_address=V4 + bytes([10, 9, 8, 7])),
        row(local_address=V4 + bytes([11, 0, 0, 0])),
    ]
    prefix = {(V4 + bytes([10, 1, 2, 3]), 104)}
    assert select(implementation, rows, local_address=prefix) == [0]


def test_many_addresses(implementation: Implementation) -> None:
    rows = [row(remote_address=V4 + bytes([10, 0, 0, n])) for n in range(256)]
    wanted = {(V4 + bytes([10, 0, 0, n]), 128) for n in range(0, 256, 2)}
    assert select(implementation, rows, remote_address=wanted) == list(range(0, 256, 2))


def test_all_ports_but_none(implementation: Implementation) -> None:
    rows = [row(remote_port=port) for port in (0, 1, 40000, 65535)]
    assert select(implementation, rows, remote_port={(1, 65535)}) == [1, 2, 3]
    assert select(implementation, rows, remote_port={(1, 39999), (40000, 65535)}) == [1, 2, 3]
    assert select(implementation, rows, remote_port={(0, 2), (1, 1), (2, 39999)}) == [0, 1]


def test_a_term_without_values_wants_nothing(implementation: Implementation) -> None:
    for name in ("state", "port", "address", "inode"):
        assert select(implementation, [row()], **{name: ()}) == []


def test_values_that_no_column_holds_want_nothing(implementation: Implementation) -> None:
    rows = [row(inode=0, uid=0, state=0, local_port=0)]
    assert select(implementation, rows, state={256, -1}) == []
    assert select(implementation, rows, uid={2**32, -1}) == []
    assert select(implementation, rows, inode={2**64, 2**128, -1}) == []
    assert select(implementation, rows, local_port={(-5, -1), (65536, 70000)}) == []
    assert select(implementation, rows, local_port={(-5, 0)}) == [0]


def test_everything_is_wanted_where_only_owners_decide(implementation: Implementation) -> None:
    def everything(**terms: Any) -> bool:
        want = Filter({name: frozenset(values) for name, values in terms.items()})
        made: bool = implementation.match.Matcher(want).everything
        return made

    assert everything()
    assert everything(pid={1}, command={b"nginx"})
    assert not everything(pid={1}, state={1})
    assert not everything(address={(bytes(16), 0)})
    assert select(implementation, [row(), row()], pid={1}) == [0, 1]
    assert select(implementation, []) == []


def test_terms_that_make_no_sense(implementation: Implementation) -> None:
    with pytest.raises(FilterError, match="colour"):
        implementation.match.Matcher(Filter({"colour": frozenset((1,))}))
    for prefix in ((bytes(4), 8), (bytes(16), 129), (bytes(16), -1)):
        with pytest.raises(FilterError, match="prefix"):
            implementation.match.Matcher(Filter({"address": frozenset((prefix,))}))
