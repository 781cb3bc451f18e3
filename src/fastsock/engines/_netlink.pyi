from collections.abc import Callable, Container, Sequence

from fastsock._match import Matcher
from fastsock._table import SocketRows
from fastsock.engines._intake import Intake

class Dump(Intake):
    shut: set[str | None]
    def __init__(
        self,
        sources: Sequence[tuple[str | None, bytes, int, int]],
        matcher: Matcher,
        expected: int = 0,
        moved: Callable[[], Container[tuple[int, int]]] | None = None,
    ) -> None: ...
    def close(self) -> None: ...

def parse_dump(data: bytes, rows: SocketRows) -> tuple[int, str]: ...
