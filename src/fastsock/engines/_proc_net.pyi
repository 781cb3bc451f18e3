from collections.abc import Sequence

from fastsock._match import Matcher
from fastsock._table import SocketRows

def parse_table(
    text: bytes,
    protocol: int,
    family: int,
    path: str,
    netns: int = 0,
    fields: Sequence[str] = (),
) -> SocketRows: ...

class TableScan:
    repeats: int
    def __init__(
        self, sources: Sequence[tuple[str, int, int, int]], matcher: Matcher, expected: int = 0
    ) -> None: ...
    def count(self) -> list[int]: ...
    def fill(self, rows: SocketRows, limit: int = 0) -> bool: ...
    def close(self) -> None: ...
