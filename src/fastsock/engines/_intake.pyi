from collections.abc import Sequence

from fastsock._match import Matcher
from fastsock._table import SocketRows

class Intake:
    repeats: int
    def __init__(self, sources: Sequence[object], matcher: Matcher, expected: int = 0) -> None: ...
    def count(self) -> list[int]: ...
    def fill(self, rows: SocketRows, limit: int = 0) -> bool: ...
