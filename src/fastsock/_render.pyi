from collections.abc import Iterable, Iterator

from fastsock._table import SocketRows

def text_blocks(
    rows: SocketRows, columns: Iterable[tuple[str, str]], header: bool = True
) -> Iterator[bytes]: ...
def json_blocks(
    rows: SocketRows, separator: bytes = b"\n", end: bytes = b"\n"
) -> Iterator[bytes]: ...
