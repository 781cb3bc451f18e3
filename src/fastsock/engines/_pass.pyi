from collections.abc import Iterable, Sequence

from fastsock.engines._met import Met
from fastsock.engines.walk import Walk

def walk_by_program(
    root: str,
    pids: Iterable[int] | None,
    threads: int,
    program: int,
    mets: Sequence[Met] = (),
    once: bool = False,
) -> Walk: ...
def walk_by_iterator(
    root: str, pids: Iterable[int] | None, iterator: int, met: Met | None = None
) -> Walk: ...
