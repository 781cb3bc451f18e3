from collections.abc import Callable, Container, Sequence

from fastsock._match import Matcher
from fastsock._table import SocketRows
from fastsock.engines._intake import Intake

def parse_table(
    text: bytes,
    protocol: int,
    family: int,
    path: str,
    netns: int = 0,
    fields: Sequence[str] = (),
) -> SocketRows: ...

class TableScan(Intake):
    def __init__(
        self,
        sources: Sequence[tuple[str, int, int, int]],
        matcher: Matcher,
        expected: int = 0,
        moved: Callable[[], Container[tuple[int, int]]] | None = None,
    ) -> None: ...
    def close(self) -> None: ...
