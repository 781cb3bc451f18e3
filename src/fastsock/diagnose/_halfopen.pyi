from collections.abc import Mapping, Sequence
from typing import final

from fastsock._table import SocketRows

@final
class Join:
    """Every connection of the tables with its other end.

    A table comes with the spaces of its rows, a number from 0 by network namespace; rows of other
    namespaces are passed over.
    """

    def __init__(self, tables: Sequence[tuple[SocketRows, Mapping[int, int]]]) -> None: ...
    def codes(self, table: int) -> bytes:
        """Return a byte for each row of a table: see halfopen_verdicts.py."""
    def compare(self, first: Join, twice: Sequence[bool]) -> None:
        """Mark what was so in the first tables too, of spaces that are there `twice`."""
    def other_end(self, table: int, number: int) -> tuple[int, int] | None:
        """Return table and row of the other end, None where there is none."""
    def before(self, now: Join, table: int, number: int) -> tuple[int, int] | None:
        """Return table and row here of a row of the join `now`, None where it was not yet."""
    def place(self, table: int, number: int) -> tuple[int, int, bool]:
        """Return the space of a row, that of its other end, and whether it serves."""
    def groups(
        self,
    ) -> list[tuple[int, bytes, int, bytes, int, bool, tuple[int, ...]]]:
        """Return the connections counted, by client's address and server's end.

        Tuples of the client's space and address, the server's space, address and port, whether it
        listens, and the counters of `halfopen_verdicts`. Connections to what no snapshot covers
        have no spaces: those are counted by the remote address, and once more for the server's end
        that they came to, where this is the server (its space, and no address of a client).
        """
