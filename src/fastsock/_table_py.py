"""Columns of sockets and of owners in plain Python: what a build without extension uses.

It is the twin of the compiled `_table`, with the same names, results and errors, and the definition
of correct for it. A column is an `array.array`; addresses lie end to end in a `bytearray`. One of
variable width is two columns: the bytes end to end, and where each value begins.

Python lets a class offer its memory only from 3.12 on (PEP 688). Before that a column of this build
is a sequence without the buffer protocol: `numpy.asarray` copies it value by value, and its type is
then numpy's guess.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import index as as_index
from socket import AF_INET, AF_INET6, inet_ntop

from fastsock import attributes, tcp
from fastsock.columns import (
    OPTIONAL_COLUMNS,
    OPTIONAL_NAMES,
    OWNER_COLUMNS,
    SOCKET_COLUMNS,
    UNKNOWN_VALUES,
)
from fastsock.errors import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from fastsock.cgroups import Unit

    AnyOwnerRows = TypeVar("AnyOwnerRows", bound="OwnerRows")
    AnySocketRows = TypeVar("AnySocketRows", bound="SocketRows")

# The owner states of a socket, as the negative heads of a join.
OWNER_NONE = -1
OWNER_HIDDEN = -2
OWNER_UNKNOWN = -3
_OWNER_STATES = ("found", "none", "hidden", "unknown")  # by the negated head

_UNIX = tcp.FAMILIES["unix"]
_FIXED_NAMES = tuple(spec.name for spec in SOCKET_COLUMNS)


class Column:
    """One column: read-only to Python, with the buffer protocol from Python 3.12 on."""

    __slots__ = ("name", "format", "_data")
    name: str
    format: str
    _data: array[int] | bytearray

    def __init__(self) -> None:
        raise TypeError("columns are made by tables; see Column.from_values")

    @classmethod
    def from_values(cls, name: str, format: str, values: Iterable[Any]) -> Column:
        """Make a column from Python values; OverflowError where one does not fit `format`."""
        column = _new_column(name, format)
        for value in values:
            column._append(value)
        return column

    def _append(self, value: Any) -> None:
        if isinstance(self._data, bytearray):
            if not isinstance(value, bytes | bytearray):
                raise OverflowError(f"{self.name}: {value!r} does not fit")
            if len(value) != 16:
                raise OverflowError(f"{self.name}: {value!r} is not an address of 16 bytes")
            self._data += value
            return
        try:
            self._data.append(value)
        except (OverflowError, TypeError) as error:
            raise OverflowError(f"{self.name}: {value!r} does not fit") from error

    def __len__(self) -> int:
        return len(self._data) // 16 if isinstance(self._data, bytearray) else len(self._data)

    def __getitem__(self, index: int, /) -> Any:
        index = as_index(index)
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError("column index out of range")
        if isinstance(self._data, bytearray):
            return bytes(self._data[16 * index : 16 * index + 16])
        return self._data[index]

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def tolist(self) -> list[Any]:
        """Return the values as a list."""
        return list(self)

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, Column):
            return NotImplemented
        return self.format == other.format and self._data == other._data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Column {self.name} {self.format} of {len(self)}>"

    def __buffer__(self, flags: int, /) -> memoryview:
        """Lend the memory, read-only; addresses as (n, 16) unsigned bytes. For Python ≥ 3.12."""
        if not isinstance(self._data, bytearray):
            return memoryview(self._data).toreadonly()
        if not self._data:  # cast() refuses a shape with a zero in it
            return memoryview(bytes(16)).cast("B", (1, 16))[:0]
        return memoryview(self._data).toreadonly().cast("B", (len(self), 16))


def _new_column(name: str, format: str) -> Column:
    column = Column.__new__(Column)
    column.name = name
    column.format = format
    column._data = bytearray() if format == "16s" else array(format)
    return column


class BlobColumn:
    """One column of bytes of any length: `data` has them end to end, `offsets` where each begins.

    Both are columns; `offsets` ends with the length of `data`.
    """

    __slots__ = ("name", "format", "offsets", "data")
    name: str
    format: str  # "v"
    offsets: Column
    data: Column

    def __init__(self) -> None:
        raise TypeError("columns are made by tables; see BlobColumn.from_values")

    @classmethod
    def from_values(cls, name: str, values: Iterable[bytes]) -> BlobColumn:
        """Make a column from bytes; OverflowError for anything else."""
        column = _new_blob_column(name)
        for value in values:
            column._append(value)
        return column

    def _append(self, value: Any) -> None:
        if not isinstance(value, bytes):
            raise OverflowError(f"{self.name}: {value!r} does not fit")
        assert isinstance(self.data._data, array)
        self.data._data.frombytes(value)
        self.offsets._append(len(self.data))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int, /) -> bytes:
        index = as_index(index)
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError("column index out of range")
        return bytes(self.data._data[self.offsets[index] : self.offsets[index + 1]])

    def __iter__(self) -> Iterator[bytes]:
        return map(self.__getitem__, range(len(self)))

    def tolist(self) -> list[bytes]:
        """Return the values as a list."""
        return list(self)

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, BlobColumn):
            return NotImplemented
        return self.offsets == other.offsets and self.data == other.data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<BlobColumn {self.name} of {len(self)}>"


def _new_blob_column(name: str) -> BlobColumn:
    column = BlobColumn.__new__(BlobColumn)
    column.name = name
    column.format = "v"
    column.offsets = Column.from_values(name, "Q", (0,))
    column.data = _new_column(name, "B")
    return column


def _unit_of(cgroup: bytes) -> Unit:
    """Return what a cgroup belongs to, as cgroups.parse_unit."""
    from fastsock.cgroups import parse_unit  # not above: most questions ask for no unit

    return parse_unit(cgroup)


class Process:
    """One process that holds a socket, as it was during the walk."""

    __slots__ = ("pid", "start_time", "command", "uid", "netns", "cgroup")

    def __init__(
        self, pid: int, start_time: int, command: bytes, uid: int, netns: int, cgroup: bytes
    ) -> None:
        self.pid = pid
        self.start_time = start_time  # clock ticks after boot (proc_pid_stat(5), field 22)
        self.command = command  # comm, as the process set it: any bytes
        self.uid = uid  # effective user, by the owner of /proc/PID
        self.netns = netns
        self.cgroup = cgroup

    @property
    def unit(self) -> bytes | None:
        """The container, pod or systemd unit that it runs in, as `cgroups.Unit.text`."""
        return _unit_of(self.cgroup).text or None

    @property
    def container(self) -> bytes | None:
        """The container that it runs in: its name, or 12 characters of its id."""
        return _unit_of(self.cgroup).container or None

    @property
    def pod(self) -> bytes | None:
        """The uid of the Kubernetes pod that it runs in."""
        return _unit_of(self.cgroup).pod or None

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, Process):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Process {self.pid} {escape(self.command)}>"


class OwnerRows:
    """One row for each (process, descriptor, socket), in columns, with the processes."""

    __slots__ = ("processes", "following", "_columns")
    processes: list[Process]
    following: Column | None  # the next owner of the same socket, -1 at the end; by a join
    _columns: dict[str, Column]

    # In __new__, so that a class built on this one may have its own __init__.
    def __new__(cls, *args: Any, **kwargs: Any) -> OwnerRows:
        made = super().__new__(cls)
        made._columns = {spec.name: _new_column(spec.name, spec.format) for spec in OWNER_COLUMNS}
        made.following = None
        return made

    def __init__(self, processes: list[Process] | None = None) -> None:
        self.processes = [] if processes is None else processes

    @classmethod
    def adopt(cls: type[AnyOwnerRows], other: OwnerRows) -> AnyOwnerRows:
        """Return the same rows, sharing their memory, as this class."""
        made = cls(other.processes)
        made._columns, made.following = other._columns, other.following
        return made

    @classmethod
    def from_rows(
        cls: type[AnyOwnerRows],
        rows: Iterable[tuple[int, int, int, int, int]],
        processes: list[Process],
    ) -> AnyOwnerRows:
        """Make rows from (inode, pid, fd, tid, process) tuples; OverflowError as a Column."""
        made = cls(processes)
        columns = made._columns.values()
        for inode, pid, fd, tid, process in rows:
            for column, value in zip(columns, (inode, pid, fd, tid, process), strict=True):
                column._append(value)
        return made

    @property
    def length(self) -> int:
        return len(self._columns["inode"])

    def __len__(self) -> int:
        return self.length

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, OwnerRows):
            return NotImplemented
        return self._columns == other._columns and self.processes == other.processes

    __hash__ = None  # type: ignore[assignment]

    def column(self, name: str) -> Column:
        """Return one column: inode, pid, fd, tid or process."""
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"no column {name!r}; there are {', '.join(self._columns)}") from None

    def rows(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield (inode, pid, fd, tid, process) tuples."""
        return zip(*self._columns.values(), strict=True)


class Owner:
    """One descriptor that holds a socket."""

    __slots__ = ("pid", "fd", "tid", "process")

    def __init__(self, pid: int, fd: int, tid: int, process: Process) -> None:
        self.pid = pid
        self.fd = fd  # -1 for an io_uring fixed file
        self.tid = tid  # = pid but for a thread with a descriptor table of its own
        self.process = process

    @property
    def command(self) -> bytes:
        return self.process.command

    @property
    def unit(self) -> bytes | None:
        return self.process.unit

    def as_dict(self) -> dict[str, Any]:
        """Return {pid, fd, command}, unit where there is one, tid where it is another's."""
        made = {"pid": self.pid, "fd": self.fd, "command": escape(self.command)}
        unit = self.unit
        if unit is not None:
            made["unit"] = escape(unit)
        if self.tid != self.pid:
            made["tid"] = self.tid
        return made

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, Owner):
            return NotImplemented
        return (self.pid, self.fd, self.tid) == (other.pid, other.fd, other.tid)

    def __hash__(self) -> int:
        return hash((self.pid, self.fd, self.tid))

    def __repr__(self) -> str:
        return f"<Owner {escape(self.command)} pid={self.pid} fd={self.fd}>"


class SocketRows:
    """Rows of sockets in columns, without the doors of SocketTable."""

    __slots__ = ("fields", "owners", "_heads", "_columns")
    fields: tuple[str, ...]  # names of optional columns, and of members of them, as asked
    owners: OwnerRows | None
    _heads: Column | None
    _columns: dict[
        str, Column | BlobColumn
    ]  # those that the table holds, in the order of columns.py

    # In __new__, so that a class built on this one may have its own __init__.
    def __new__(cls, fields: Sequence[str] = (), *args: Any, **kwargs: Any) -> SocketRows:
        made = super().__new__(cls)
        made.fields, wanted = attributes.parse_fields(fields)
        made._columns = {
            spec.name: _new_blob_column(spec.name)
            if spec.format == "v"
            else _new_column(spec.name, spec.format)
            for spec in SOCKET_COLUMNS + OPTIONAL_COLUMNS
            if spec in SOCKET_COLUMNS or spec.name in wanted
        }
        made.owners = None
        made._heads = None
        return made

    def __init__(self, fields: Sequence[str] = ()) -> None:
        pass

    @classmethod
    def from_rows(
        cls: type[AnySocketRows], rows: Iterable[Sequence[Any]], fields: Sequence[str] = ()
    ) -> AnySocketRows:
        """Make rows from tuples in the order of `column_names()`.

        Raises OverflowError for a value that its column cannot hold, ValueError for an unknown
        field and for a row that is too long or too short.
        """
        made = cls(fields)
        columns = made._columns.values()
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"a row of {len(row)} values for {len(columns)} columns")
            for column, value in zip(columns, row, strict=True):
                column._append(value)
        return made

    @classmethod
    def from_tables(
        cls: type[AnySocketRows], tables: Iterable[SocketRows], fields: Sequence[str] = ()
    ) -> AnySocketRows:
        """Return the rows of several tables, end to end, without owners.

        What a table does not hold of `fields` is 0 or empty.
        """
        made = cls(fields)
        for one in tables:
            for name, column in made._columns.items():
                empty = b"" if column.format == "v" else 0
                for value in one._columns.get(name) or repeat(empty, one.length):
                    column._append(value)
        return made

    @property
    def length(self) -> int:
        return len(self._columns["protocol"])

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Socket]:
        return (Socket(self, n) for n in range(self.length))

    def __getitem__(self, index: int, /) -> Socket:
        index = as_index(index)
        if index < 0:
            index += self.length
        if not 0 <= index < self.length:
            raise IndexError("row index out of range")
        return Socket(self, index)

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, SocketRows):
            return NotImplemented
        return self._columns == other._columns

    __hash__ = None  # type: ignore[assignment]

    def column(self, name: str) -> Any:
        """Return one column by name, a member of a raw one decoded; KeyError where none is held."""
        if name in self._columns:
            return self._columns[name]
        inside = attributes.find_member(name)
        if inside is not None and inside[0] in self._columns:
            raw, member = self._columns[inside[0]], inside[1]
            values = (attributes.parse_member(value, member) for value in raw)
            return Column.from_values(name, "q", values)
        if name in OPTIONAL_NAMES or inside is not None:
            raise KeyError(f"column {name!r} was not asked for; scan with fields=[{name!r}]")
        raise KeyError(f"no column {name!r}; there are {', '.join(_FIXED_NAMES + OPTIONAL_NAMES)}")

    def column_names(self) -> tuple[str, ...]:
        """Return the names of the columns that the table holds."""
        return tuple(self._columns)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield raw tuples in the order of `column_names()`."""
        return zip(*self._columns.values(), strict=True)

    def pick(self: AnySocketRows, indices: Column) -> AnySocketRows:
        """Return the rows at `indices`, in that order, with their owners; all of them: itself."""
        if indices.format != "I":
            raise TypeError("indices are a column of format I")
        if any(index >= self.length for index in indices):
            raise IndexError("row index out of range")
        if list(indices) == list(range(self.length)):
            return self
        made = type(self)(self.fields)
        for name, column in self._columns.items():
            for index in indices:
                made._columns[name]._append(column[index])
        if self._heads is not None:
            heads = self._heads
            made._heads = Column.from_values("heads", "i", (heads[index] for index in indices))
            made.owners = self.owners
        return made

    def owner_heads(self) -> Column | None:
        """Return the first owner row of each socket, or OWNER_*; None before a join."""
        return self._heads

    def attach_owners(self, owners: OwnerRows, heads: Column) -> None:
        """Take the result of a join: `heads` has one entry for each row."""
        if len(heads) != self.length or heads.format != "i":
            raise ValueError("heads do not belong to this table")
        self.owners = owners
        self._heads = heads


def _raw(name: str) -> property:
    return property(lambda socket: socket.field(name))


class Socket:
    """One socket: a view of a row, made on demand, that keeps its table alive."""

    __slots__ = ("_table", "_row")

    def __init__(self, table: SocketRows, row: int) -> None:
        self._table = table
        self._row = row

    def field(self, name: str) -> Any:
        """Return the raw value of any column that the table holds.

        A member of a raw one (`tcp_info.rtt`) is None where the kernel gave none.
        """
        inside = None if name in self._table._columns else attributes.find_member(name)
        if inside is None:
            return self._table.column(name)[self._row]
        value = attributes.parse_member(self.field(inside[0]), inside[1])
        return None if value == attributes.ABSENT else value

    local_port = _raw("local_port")
    remote_port = _raw("remote_port")
    rx_queue = _raw("rx_queue")
    tx_queue = _raw("tx_queue")
    inode = _raw("inode")
    timer_expires_ms = _raw("timer_expires_ms")
    retransmits = _raw("retransmits")

    @property
    def protocol(self) -> str:
        number = self.field("protocol")
        return tcp.PROTOCOL_NAMES.get(number, f"protocol-{number}")

    @property
    def family(self) -> str:
        number = self.field("family")
        return tcp.FAMILY_NAMES.get(number, f"family-{number}")

    @property
    def state(self) -> tcp.State | int:
        number: int = self.field("state")
        return tcp.STATES[number]

    @property
    def timer(self) -> str:
        number: int = self.field("timer")
        return tcp.TIMERS[number] if number < len(tcp.TIMERS) else f"timer-{number}"

    @property
    def local_address(self) -> str:
        return format_address(self.field("local_address"), self.field("family"))

    @property
    def remote_address(self) -> str:
        return format_address(self.field("remote_address"), self.field("family"))

    @property
    def backlog_limit(self) -> int | None:
        limit: int = self.field("backlog_limit")
        return None if limit == -1 else limit

    @property
    def uid(self) -> int | None:
        number: int = self.field("uid")
        return None if number == UNKNOWN_VALUES["uid"] else number

    @property
    def netns(self) -> int | None:
        return self.field("netns") or None

    @property
    def cookie(self) -> int | None:
        return self.field("cookie") or None

    @property
    def owners(self) -> list[Owner] | None:
        """The descriptors that hold it; [] for none, None where they are not known."""
        heads, rows = self._table._heads, self._table.owners
        if heads is None or rows is None:
            return None
        at: int = heads[self._row]
        if at < 0:
            return [] if at == OWNER_NONE else None
        assert rows.following is not None  # a join has found that head
        found = []
        while at >= 0:
            pid, fd, tid, process = (
                rows.column(name)[at] for name in ("pid", "fd", "tid", "process")
            )
            found.append(Owner(pid, fd, tid, rows.processes[process]))
            at = rows.following[at]
        return found

    @property
    def owner_state(self) -> str | None:
        """found, none, hidden or unknown; None where owners were not asked for."""
        if self._table._heads is None:
            return None
        return _OWNER_STATES[max(0, -self._table._heads[self._row])]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object of this socket: unknown is None."""
        made = {
            "protocol": self.protocol,
            "family": self.family,
            "state": tcp.NAMES[self.field("state")],
            "local_address": self.local_address,
            "local_port": self.local_port,
            "remote_address": self.remote_address,
            "remote_port": self.remote_port,
            "rx_queue": self.rx_queue,
            "tx_queue": self.tx_queue,
            "backlog_limit": self.backlog_limit,
            "uid": self.uid,
            "inode": self.inode,
            "netns": self.netns,
            "timer": self.timer,
            "timer_expires_ms": self.timer_expires_ms,
            "retransmits": self.retransmits,
            "cookie": self.cookie,
        }
        for name in self._table.fields:
            value = self.field(name)
            made[name] = attributes.show_value(name, value) if name in OPTIONAL_NAMES else value
        if self._table._heads is not None:
            found = self.owners
            made["owners"] = None if found is None else [owner.as_dict() for owner in found]
            made["owner_state"] = self.owner_state
        return made

    def _values(self) -> tuple[Any, ...]:
        return tuple(map(self.field, self._table.column_names()))

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, Socket):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        if self.field("family") == _UNIX:
            return f"<Socket {self.protocol} {self.state!s} inode {self.inode}>"
        return (
            f"<Socket {self.protocol} {self.state!s} {self.local_address} {self.local_port} "
            f"{self.remote_address} {self.remote_port}>"
        )


def format_address(address: bytes, family: int) -> str:
    """Return an address as ss and Python's ipaddress print it; IPv4 arrives v4-mapped.

    UNIX sockets have none: "".
    """
    if len(address) != 16:
        raise ValueError("an address has 16 bytes")
    if family == _UNIX:
        return ""
    return inet_ntop(AF_INET, address[12:]) if family == AF_INET else inet_ntop(AF_INET6, address)
