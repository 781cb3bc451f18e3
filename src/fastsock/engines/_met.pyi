from collections.abc import Iterable, Sequence

from fastsock._match import Matcher
from fastsock._seen import Cookies
from fastsock._table import SocketRows
from fastsock.table import SocketTable

NOTES: tuple[str, ...]

class Met:
    table: SocketRows
    known: bool
    def __init__(
        self,
        table: SocketRows,
        matcher: Matcher,
        protocols: Iterable[int],
        spaces: Iterable[int],
        expected: int = 0,
    ) -> None: ...
    def list_notes(self) -> set[tuple[str, int, int]]: ...

def join_met(mets: Sequence[Met]) -> tuple[list[SocketTable], Cookies]: ...
def count_hashed(table: SocketRows) -> dict[tuple[int, int], int]: ...
