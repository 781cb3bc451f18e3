from collections.abc import Iterable, Sequence

from fastsock._match import Matcher
from fastsock._seen import Cookies
from fastsock._table import SocketRows
from fastsock.table import SocketTable

NOTES: tuple[str, ...]

class Sheet:
    table: SocketRows
    def __init__(self, table: SocketRows, expected: int, shares: int) -> None: ...

class Met:
    sheet: Sheet
    more: SocketRows
    known: bool
    def __init__(
        self,
        sheet: Sheet,
        number: int,
        matcher: Matcher,
        protocols: Iterable[int],
        spaces: Iterable[int],
    ) -> None: ...
    def list_notes(self) -> set[tuple[str, int, int]]: ...

def join_met(mets: Sequence[Met]) -> tuple[list[SocketTable], Cookies]: ...
def count_hashed(table: SocketRows) -> dict[tuple[int, int], int]: ...
