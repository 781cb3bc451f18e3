from collections.abc import Iterable
from typing import final

from fastsock._table import SocketRows

@final
class Blocks:
    """The text of some rows, as an iterator of blocks of bytes; one thread at a time."""

    def __iter__(self) -> Blocks: ...
    def __next__(self) -> bytes: ...

def text_blocks(
    rows: SocketRows, columns: Iterable[tuple[str, str]], header: bool = True
) -> Blocks:
    """Yield a table of `rows`; `columns` are (heading, name) pairs."""

def json_blocks(rows: SocketRows, separator: bytes = b"\n", end: bytes = b"\n") -> Blocks:
    """Yield each row as a JSON object, `separator` between two and `end` after the last."""
