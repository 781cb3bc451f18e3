from collections.abc import Iterable, Iterator, Sequence
from typing import Any, final

from typing_extensions import Self

from fastsock.tcp import State

# The owner states of a socket, as the negative heads of a join.
OWNER_NONE: int  # -1: inode 0, nothing can hold a descriptor
OWNER_HIDDEN: int  # -2: not found, and something could not be read
OWNER_UNKNOWN: int  # -3: not found, though all could be read, or only some were searched

@final
class Column:
    def __init__(self, *args: object, **keywords: object) -> None: ...  # made by tables
    name: str
    format: str
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def tolist(self) -> list[Any]: ...
    @classmethod
    def from_values(cls, name: str, format: str, values: Iterable[Any]) -> Column: ...

@final
class BlobColumn:
    def __init__(self, *args: object, **keywords: object) -> None: ...  # made by tables
    name: str
    format: str
    offsets: Column
    data: Column
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> bytes: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def tolist(self) -> list[bytes]: ...
    @classmethod
    def from_values(cls, name: str, values: Iterable[bytes]) -> BlobColumn: ...

@final
class Process:
    """One process that holds a socket, as it was during the walk."""

    pid: int
    start_time: int
    command: bytes
    uid: int
    netns: int
    cgroup: bytes
    @property
    def unit(self) -> bytes | None:
        """The container, pod or systemd unit that it runs in, as `cgroups.Unit.text`."""
    @property
    def container(self) -> bytes | None:
        """The container that it runs in: its name, or 12 characters of its id."""
    @property
    def pod(self) -> bytes | None:
        """The uid of the Kubernetes pod that it runs in."""
    def __init__(
        self, pid: int, start_time: int, command: bytes, uid: int, netns: int, cgroup: bytes
    ) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class OwnerRows:
    length: int
    processes: list[Process]
    def __init__(self, processes: list[Process] | None = None) -> None: ...
    @classmethod
    def adopt(cls, other: OwnerRows) -> Self: ...
    @classmethod
    def from_rows(
        cls, rows: Iterable[tuple[int, int, int, int, int]], processes: list[Process]
    ) -> Self: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def column(self, name: str) -> Column: ...
    def rows(self) -> Iterator[tuple[int, int, int, int, int]]: ...

@final
class Owner:
    """One descriptor that holds a socket."""

    def __init__(self, *args: object, **keywords: object) -> None: ...  # made by tables

    pid: int
    fd: int
    tid: int
    command: bytes
    process: Process
    @property
    def unit(self) -> bytes | None: ...
    def as_dict(self) -> dict[str, Any]: ...

@final
class Socket:
    """One socket: a view of a row, made on demand, that keeps its table alive."""

    def __init__(self, *args: object, **keywords: object) -> None: ...  # made by tables

    protocol: str
    family: str
    state: State | int
    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    rx_queue: int
    tx_queue: int
    backlog_limit: int | None
    uid: int | None
    inode: int
    netns: int | None
    timer: str
    timer_expires_ms: int
    retransmits: int
    cookie: int | None
    owners: list[Owner] | None
    owner_state: str | None
    def field(self, name: str) -> Any: ...
    def as_dict(self) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

class SocketRows:
    """Rows of sockets in columns, without the doors of SocketTable."""

    length: int
    fields: tuple[str, ...]
    owners: OwnerRows | None
    def __init__(self, fields: Sequence[str] = ()) -> None: ...
    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]], fields: Sequence[str] = ()) -> Self: ...
    @classmethod
    def from_tables(cls, tables: Iterable[SocketRows], fields: Sequence[str] = ()) -> Self: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Socket]: ...
    def __getitem__(self, index: int, /) -> Socket: ...
    def __eq__(self, other: object, /) -> bool: ...
    # A Column, or a BlobColumn where columns.py says "v".
    def column(self, name: str) -> Any: ...
    def column_names(self) -> tuple[str, ...]: ...
    def rows(self) -> Iterator[tuple[Any, ...]]: ...
    def pick(self, indices: Column) -> Self: ...
    def owner_heads(self) -> Column | None: ...
    def attach_owners(self, owners: OwnerRows, heads: Column) -> None: ...

def format_address(address: bytes, family: int) -> str: ...
