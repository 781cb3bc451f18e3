from typing import final

from typing_extensions import Self

from fastsock._table import Column, SocketRows
from fastsock.filter import Filter

@final
class Matcher:
    """A Filter made ready to be asked of millions of rows.

    All terms but `pid` and `command`, which owners decide, are compiled; `everything` is true
    where none is left. Raises FilterError for a term that does not exist or a prefix that is none.
    """

    everything: bool
    def __new__(cls, want: Filter) -> Self: ...
    def select(self, rows: SocketRows) -> Column:
        """Return the indices of the rows that match, in order ("index", uint32)."""
