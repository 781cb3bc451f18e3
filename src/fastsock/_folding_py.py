"""Connections folded into flows, in plain Python: the twin of `_folding`."""

from __future__ import annotations

from fastsock._table_py import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock._group_py import Grouper
    from fastsock._table_py import SocketRows

# Where they stand in what Grouper.sums returns.
_ORDERS = {"count": 1, "rx_queue": 3, "tx_queue": 4}


def service_ports(rows: SocketRows, inbound: Column) -> Column:
    """Return the port of each row's service ("service_port", uint16).

    That is the local port where `inbound` marks the row, else the remote one. Raises ValueError
    for marks of other rows.
    """
    if len(inbound) != len(rows) or inbound.format != "B":
        raise ValueError("marks of different rows")
    ends = zip(inbound, rows.column("local_port"), rows.column("remote_port"), strict=True)
    ports = (local if came else remote for came, local, remote in ends)
    return Column.from_values("service_port", "H", ports)


def rank(grouper: Grouper, order: str) -> Column:
    """Return the groups in descending order of their sums ("index", uint32).

    `order` is count, rx_queue or tx_queue, else KeyError; groups with equal sums stay in the order
    of first sight. Raises ValueError for a Grouper without sums.
    """
    place = _ORDERS[order]
    if not grouper.has_sums:
        raise ValueError("this Grouper has no sums: make one with them")
    numbers = [grouper.sums(n)[place] for n in range(len(grouper))]
    # reverse=True keeps those that are equal in their order.
    order_of = sorted(range(len(numbers)), key=numbers.__getitem__, reverse=True)
    return Column.from_values("index", "I", order_of)
