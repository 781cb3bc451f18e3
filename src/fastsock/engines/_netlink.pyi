from collections.abc import Sequence

from fastsock._match import Matcher
from fastsock._table import SocketRows

class Dump:
    repeats: int
    shut: set[str | None]
    def __init__(
        self,
        sources: Sequence[tuple[str | None, bytes, int, int]],
        matcher: Matcher,
        expected: int = 0,
    ) -> None: ...
    def count(self) -> list[int]: ...
    def fill(self, rows: SocketRows, limit: int = 0) -> bool: ...
    def close(self) -> None: ...

def parse_dump(data: bytes, rows: SocketRows) -> tuple[int, str]: ...
