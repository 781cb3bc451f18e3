from collections.abc import Collection, Sequence
from typing import final

from fastsock._table import Column, SocketRows
from fastsock.layout import Cell, Lines

@final
class Blocks:
    """The text of some lines, as an iterator of blocks of bytes; one thread at a time."""

    def __iter__(self) -> Blocks: ...
    def __next__(self) -> bytes: ...

def column_blocks(
    rows: SocketRows,
    cells: list[Cell],
    lines: Lines,
    header: bool,
    ending: str,
    chunks: int,
    screen: int | None,
) -> Blocks:
    """Yield a listing; see layout.render_columns."""

def field_blocks(
    rows: SocketRows,
    process_cells: list[Cell],
    file_cells: list[Cell],
    lines: Lines,
    end: bytes,
    set_end: bytes,
    groups: Column | None,
) -> Blocks:
    """Yield sets of fields; see layout.render_fields."""

def cell_texts(rows: SocketRows, cell: Cell, lines: Lines) -> list[bytes]:
    """Return the text of a cell for each line; see layout.render_cells."""

def owner_lines(
    rows: SocketRows,
    pids: Collection[int] | None,
    fds: Sequence[tuple[int, int]] | None,
    threads: bool,
) -> Lines:
    """Return the lines of all descriptors; see layout.owner_lines."""

def ordered_lines(
    rows: SocketRows, places: Sequence[tuple[int, int, Collection[int] | None]]
) -> Lines | None:
    """Return the lines by protocol and family; see layout.ordered_lines."""

def line_pids(rows: SocketRows, lines: Lines) -> list[int]:
    """Return the processes of the lines, each once; see layout.line_pids."""
