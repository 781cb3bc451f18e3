from collections.abc import Iterable

from fastsock.engines.walk import Walk

def walk_descriptors(root: str, pids: Iterable[int] | None, threads: int) -> Walk: ...
