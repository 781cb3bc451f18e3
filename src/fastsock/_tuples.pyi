from collections.abc import Callable
from typing import Any, TypeVar

from fastsock._table import Column, SocketRows

_Row = TypeVar("_Row", bound=tuple[Any, ...])

def list_holders(
    rows: SocketRows, ranks: Column, all_descriptors: bool, held_only: bool
) -> tuple[Column, Column]: ...
def make_tuples(
    rows: SocketRows,
    index: Column,
    holders: Column,
    row_class: type[_Row],
    end_class: type[tuple[Any, ...]],
    describe: Callable[[int, int, int], tuple[Any, Any, Any]],
) -> list[_Row]: ...
