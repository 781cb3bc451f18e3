from collections.abc import Callable, Container, Mapping, Sequence
from typing import final

from fastsock._match import Matcher
from fastsock._seen import Cookies
from fastsock._table import SocketRows
from fastsock.engines._intake import Intake

@final
class DiagSocket:
    fd: int
    def __init__(self, fd: int = -1) -> None: ...
    def close(self) -> None: ...

def open_sockets(paths: Sequence[str | None]) -> dict[str | None, DiagSocket | int]: ...

class Dump(Intake):
    shut: set[str | None]
    def __init__(
        self,
        sources: Sequence[tuple[str | None, bytes, int, int]],
        matcher: Matcher,
        expected: int = 0,
        moved: Callable[[], Container[tuple[int, int]]] | None = None,
        connect: Callable[[Sequence[str | None]], Mapping[str | None, DiagSocket | int]] = ...,
        known: Cookies | None = None,
    ) -> None: ...
    def close(self) -> None: ...

def parse_dump(data: bytes, rows: SocketRows, dumps: int = 0) -> tuple[int, str]: ...
