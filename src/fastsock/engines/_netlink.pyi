from collections.abc import Callable, Sequence
from typing import final

from fastsock._match import Matcher
from fastsock._table import SocketRows

@final
class DiagSocket:
    fd: int
    def __init__(self, path: str | None = None, fd: int = -1) -> None: ...
    def close(self) -> None: ...

class Dump:
    repeats: int
    shut: set[str | None]
    def __init__(
        self,
        sources: Sequence[tuple[str | None, bytes, int, int]],
        matcher: Matcher,
        expected: int = 0,
        connect: Callable[[str | None], DiagSocket] = ...,
    ) -> None: ...
    def count(self) -> list[int]: ...
    def fill(self, rows: SocketRows, limit: int = 0) -> bool: ...
    def close(self) -> None: ...

def parse_dump(data: bytes, rows: SocketRows) -> tuple[int, str]: ...
