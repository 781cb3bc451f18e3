from fastsock._group import Grouper
from fastsock._table import Column, SocketRows

def service_ports(rows: SocketRows, inbound: Column) -> Column:
    """Return the port of each row's service ("service_port", uint16).

    That is the local port where `inbound` marks the row, else the remote one. Raises ValueError
    for marks of other rows.
    """

def rank(grouper: Grouper, order: str) -> Column:
    """Return the groups in descending order of their sums ("index", uint32).

    `order` is count, rx_queue or tx_queue, else KeyError; groups with equal sums stay in the order
    of first sight. Linear in their number. Raises ValueError for a Grouper without sums.
    """
