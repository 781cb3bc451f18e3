"""What stands at the front of a snapshot's file: the head, and the rows of which there are few.

    {"fastsock_snapshot":1,"host":"web1","boot_id":"…","time":1790000000.5,"monotonic":48370.25,…}
    {"space":4026531833,"name":"","counters":{"ListenOverflows":0,…},"settings":{"somaxconn":4096,…}}
    ["process",12,4711,"nginx",33,4026531833,"/system.slice/nginx.service",19,1024]

The head says how many rows come and what they are, so that a file that is cut short is known, and
one that is too large is refused before it is read. Each form of file has these as JSON.

Version 1 is read for ever. Whoever changes what is written gives Snapshot.VERSION a higher number,
and lets `parse_head` go on to understand the lower ones.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping

from fastsock import attributes
from fastsock.columns import OPTIONAL_NAMES, OWNER_COLUMNS
from fastsock.diagnose._snapshot_rows_py import (
    RAW,
    SPECS,
    RowError,
    decode_number,
    decode_text,
    encode_text,
    shown,
)
from fastsock.diagnose.counters import Space
from fastsock.diagnose.process_state import ProcessState
from fastsock.diagnose.snapshot import Snapshot
from fastsock.table import Incomplete, OwnerTable, Process, ProcessTable, SocketTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.diagnose.counters import Setting

# The version that is written; what is read are this one and all before it.
VERSION = Snapshot.VERSION

MAGIC = "fastsock_snapshot"

_COUNTED = ("spaces", "processes", "holders", "owners", "sockets", "bytes")
_OWNER_NAMES = [spec.name for spec in OWNER_COLUMNS]
_WIDTHS = {"B": 1, "H": 2, "I": 4, "i": 4, "Q": 8, "q": 8, "16s": 16, "v": 8}
_PROCESS_BYTES = 1024  # of memory: two objects with their texts
_SPACE_BYTES = 65536
_LATEST = 253402300800.0  # the year 10000: what no calendar shows


class Head:
    """The head of a file.

    `values` are those that a Snapshot keeps as they are, `counts` how many rows of each kind will
    come (`holders`: the first processes, of which the owners are; `bytes`: in columns of variable
    width), `fields` and `columns` those of the sockets, `table` and `owners` what these tables have
    beside their rows; `owners` is None where the snapshot has none.
    """

    __slots__ = ("version", "values", "counts", "fields", "columns", "table", "owners")

    version: int
    values: dict[str, Any]
    counts: dict[str, int]
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    table: dict[str, Any]
    owners: dict[str, Any] | None

    def missing(self, kind: str, rows: int) -> str:
        """Say how many rows of a kind have not come."""
        total = self.counts[kind]
        return f"{total - rows} of {total} {kind} are missing"

    def memory(self) -> int:
        """Return about how many bytes the snapshot will take."""
        row = sum(_WIDTHS[SPECS[name].format] for name in self.columns) + 5
        owner = sum(_WIDTHS[spec.format] for spec in OWNER_COLUMNS) + 12
        return (
            self.counts["sockets"] * row
            + self.counts["owners"] * owner
            + self.counts["processes"] * _PROCESS_BYTES
            + self.counts["spaces"] * _SPACE_BYTES
            + self.counts["bytes"]
        )

    def check_memory(self) -> None:
        """Raise RowError where there is not as much memory as the snapshot will take."""
        need, available = self.memory(), read_available()
        if available is not None and need > available:
            raise RowError(
                f"its {self.counts['sockets']} sockets and {self.counts['owners']} owners take "
                f"{need >> 20} MiB of memory, and {available >> 20} MiB are available"
            )

    def check_size(self, size: int) -> None:
        """Raise RowError where `size` bytes of lines cannot hold the rows that are promised."""
        least = (
            self.counts["sockets"] * (len('["socket"]\n') + 2 * len(self.columns))
            + self.counts["owners"] * len('["owner",0,0,0,0,0]\n')
            + self.counts["processes"] * len('["process",0,0,"",0,0,"",0,0]\n')
            + self.counts["spaces"] * len('{"space":0}\n')
            + self.counts["bytes"]
        )
        if least > size:
            raise RowError(
                f"cut short: {self.counts['sockets']} sockets, {self.counts['owners']} owners and "
                f"{self.counts['processes']} processes are promised, for which {size} bytes are "
                "too few"
            )


def read_available() -> int | None:
    """Return how many bytes of memory may be taken without swapping; None where nobody tells.

    MemAvailable of /proc/meminfo (proc_meminfo(5)).
    """
    try:
        with open("/proc/meminfo", "rb") as lines:
            for line in lines:
                if line.startswith(b"MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):  # no /proc
        pass
    return None


# -- out


def dump(value: object) -> bytes:
    """Return a value as one line of JSON, all of it ASCII."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def dump_head(snapshot: Snapshot) -> bytes:
    """Return the head of a snapshot's file as a line."""
    table, owners = snapshot.sockets, snapshot.sockets.owners
    return dump(
        {
            MAGIC: VERSION,
            "host": snapshot.host,
            "boot_id": snapshot.boot_id,
            "time": snapshot.time,
            "monotonic": snapshot.monotonic,
            "netns": snapshot.netns,
            "netns_asked": snapshot.netns_asked,
            "protocols": list(snapshot.protocols),
            "byteorder": sys.byteorder,
            "sources": dict(snapshot.sources),
            "incomplete": [dict(entry) for entry in snapshot.incomplete],
            "elapsed": snapshot.elapsed,
            "rows": {
                "spaces": len(snapshot.spaces),
                "processes": len(_list_processes(snapshot)),
                "holders": 0 if owners is None else len(owners.processes),
                "owners": 0 if owners is None else len(owners),
                "sockets": len(table),
                "bytes": sum(
                    len(table.column(name).data)
                    for name in table.column_names()
                    if SPECS[name].format == "v"
                ),
            },
            "sockets": {
                **_dump_context(table),
                "fields": list(table.fields),
                "columns": list(table.column_names()),
                "undecoded": dict(table.undecoded),
            },
            "owners": None
            if owners is None
            else {
                **_dump_context(owners),
                "columns": _OWNER_NAMES,
                "scope": None if owners.scope is None else list(owners.scope),
            },
        }
    )


def _dump_context(table: SocketTable | OwnerTable) -> dict[str, Any]:
    return {
        "sources": dict(table.sources),
        "incomplete": [dict(entry) for entry in table.incomplete],
        "elapsed": table.elapsed,
    }


def _list_processes(snapshot: Snapshot) -> list[tuple[Process | ProcessState, ProcessState | None]]:
    """Return the holders of the owners in their order, then other processes, each with its state.

    Two holders may have had one number, one after the other; the state is the later one's.
    """
    owners = snapshot.sockets.owners
    listed: list[tuple[Process | ProcessState, ProcessState | None]] = []
    seen = set()
    for process in () if owners is None else owners.processes:
        state = snapshot.processes.get(process.pid)
        if state is not None and state.start_time != process.start_time:
            state = None
        if state is not None:
            seen.add(process.pid)
        listed.append((process, state))
    listed += [(state, state) for pid, state in snapshot.processes.items() if pid not in seen]
    return listed


def dump_few(snapshot: Snapshot) -> list[bytes]:
    """Return the lines of the namespaces, and then of the processes."""
    lines = [
        dump(
            {
                "space": space.inode,
                "name": space.name,
                "counters": dict(space.counters),
                "settings": dict(space.settings),
            }
        )
        for space in snapshot.spaces.values()
    ]
    for process, state in _list_processes(snapshot):
        descriptors = None if state is None else state.descriptors
        limit = None if state is None else state.descriptor_limit
        lines.append(
            f'["process",{process.pid},{process.start_time},{encode_text(process.command)},'
            f"{process.uid},{getattr(process, 'netns', 0)},{encode_text(process.cgroup)},"
            f"{json.dumps(descriptors)},{json.dumps(limit)}]\n".encode("ascii")
        )
    return lines


# -- in


def parse_head(found: object) -> Head:
    """Return the head that the first JSON value of a file is; RowError for what is none."""
    if not isinstance(found, dict) or MAGIC not in found:
        raise RowError("not a snapshot: it does not begin with the head of one")
    version = found[MAGIC]
    if type(version) is not int or version < 1:
        raise RowError(f"not a snapshot: {shown(version)} is no version of one")
    if version > VERSION:
        raise RowError(
            f"a snapshot of version {version}, and this fastsock reads those up to {VERSION}: "
            "install a newer one"
        )
    made = Head()
    made.version = version
    made.values = {
        "host": _text(found, "host"),
        "boot_id": _text(found, "boot_id"),
        "time": _seconds(found, "time"),
        "monotonic": _seconds(found, "monotonic"),
        "netns": _number(found, "netns", "Q"),
        "netns_asked": _text(found, "netns_asked"),
        "protocols": tuple(_texts(found, "protocols")),
        **_parse_context(found),
    }
    rows = _mapping(found, "rows")
    made.counts = {name: _number(rows, name, "q") for name in _COUNTED}
    if min(made.counts.values()) < 0 or made.counts["holders"] > made.counts["processes"]:
        raise RowError("rows: there cannot be so many")
    sockets = _mapping(found, "sockets")
    made.fields = tuple(_texts(sockets, "fields"))
    made.columns = tuple(_texts(sockets, "columns"))
    _check_columns(made)
    if _text(found, "byteorder") != sys.byteorder and RAW.intersection(made.columns):
        raise RowError("byteorder: the raw columns of this snapshot are of another kind of machine")
    made.table = _parse_context(sockets)
    undecoded = _mapping(sockets, "undecoded")
    made.table["undecoded"] = {name: _number(undecoded, name, "q") for name in undecoded}
    made.owners = None
    if _take(found, "owners") is not None:
        owners = _mapping(found, "owners")
        if _texts(owners, "columns") != _OWNER_NAMES:
            raise RowError("owners: other columns than a snapshot of this version has")
        made.owners = _parse_context(owners)
        made.owners["scope"] = _scope(owners)
    elif made.counts["owners"] or made.counts["holders"]:
        raise RowError("owners: null, and there are some")
    return made


def _check_columns(head: Head) -> None:
    for name in head.columns:
        if name not in SPECS:
            raise RowError(f"columns: {shown(name)} is none that this fastsock knows")
    if len(set(head.columns)) < len(head.columns):
        raise RowError("columns: one of them twice")
    try:
        _, wanted = attributes.parse_fields(head.fields)
    except ValueError as error:
        raise RowError(f"fields: {shown(str(error))}") from None
    odd = [name for name in head.columns if name in OPTIONAL_NAMES and name not in wanted]
    if odd:
        raise RowError(f"columns: {odd[0]} is not among the fields")


def parse_space(value: object) -> Space:
    """Return the namespace of one row; RowError."""
    if not isinstance(value, dict) or "space" not in value:
        raise RowError("not the row of a namespace")
    counters = _mapping(value, "counters")
    settings = _mapping(value, "settings")
    return Space(
        _number(value, "space", "Q"),
        _text(value, "name"),
        {name: _number(counters, name, "q") for name in counters},
        {name: _setting(name, setting) for name, setting in settings.items()},
    )


def _setting(name: str, value: object) -> Setting | None:
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(decode_number(one, shown(name), "q") for one in value)
    return decode_number(value, shown(name), "q")


def parse_process(row: object) -> tuple[Process, int | None, int | None]:
    """Return the process of one row, how many descriptors it had and may have; RowError."""
    if not isinstance(row, list) or len(row) != 9 or row[0] != "process":
        raise RowError("not the row of a process")
    return (
        Process(
            decode_number(row[1], "pid", "i"),
            decode_number(row[2], "start_time", "Q"),
            decode_text(row[3], "command"),
            decode_number(row[4], "uid", "I"),
            decode_number(row[5], "netns", "Q"),
            decode_text(row[6], "cgroup"),
        ),
        None if row[7] is None else decode_number(row[7], "descriptors", "q"),
        None if row[8] is None else decode_number(row[8], "descriptor_limit", "q"),
    )


# -- one value of the head


def _take(found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        raise RowError(f"{name} is missing")
    return found[name]


def _text(found: Mapping[str, Any], name: str) -> str:
    value = _take(found, name)
    if not isinstance(value, str):
        raise RowError(f"{name}: {shown(value)} is no text")
    return value


def _texts(found: Mapping[str, Any], name: str) -> list[str]:
    value = _take(found, name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise RowError(f"{name}: {shown(value)} is no list of texts")
    return value


def _mapping(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = _take(found, name)
    if not isinstance(value, dict):
        raise RowError(f"{name}: {shown(value)} is no object")
    return value


def _number(found: Mapping[str, Any], name: str, format: str) -> int:
    return decode_number(_take(found, name), shown(name), format)


def _seconds(found: Mapping[str, Any], name: str) -> float:
    value = _take(found, name)
    if type(value) not in (int, float) or not 0 <= value < _LATEST or not math.isfinite(value):
        raise RowError(f"{name}: {shown(value)} is no number of seconds")
    return float(value)


def _scope(owners: Mapping[str, Any]) -> tuple[int, ...] | None:
    value = _take(owners, "scope")
    if value is None:
        return None
    if not isinstance(value, list):
        raise RowError(f"scope: {shown(value)} is no list of processes")
    return tuple(decode_number(one, "scope", "i") for one in value)


def _parse_context(found: Mapping[str, Any]) -> dict[str, Any]:
    sources = _mapping(found, "sources")
    return {
        "sources": {name: _text(sources, name) for name in sources},
        "incomplete": _parse_incomplete(found),
        "elapsed": _seconds(found, "elapsed"),
    }


def _parse_incomplete(found: Mapping[str, Any]) -> Incomplete:
    entries = _take(found, "incomplete")
    if not isinstance(entries, list):
        raise RowError(f"incomplete: {shown(entries)} is no list")
    made = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise RowError(f"incomplete: {shown(entry)} is no object")
        count = _take(entry, "count")
        made.append(
            {
                "what": _text(entry, "what"),
                "count": None if count is None else decode_number(count, "count", "q"),
                "reason": _text(entry, "reason"),
                "remedy": _text(entry, "remedy"),
            }
        )
    return tuple(made)


class Parts:
    """A snapshot that is being read: what has come of it so far."""

    __slots__ = ("head", "spaces", "processes", "states", "owners", "sockets")

    def __init__(self, head: Head) -> None:
        self.head = head
        self.spaces: dict[int, Space] = {}
        self.processes = ProcessTable()
        self.states: dict[int, ProcessState] = {}
        self.sockets = SocketTable(head.fields)
        self.sockets.sources = head.table["sources"]
        self.sockets.incomplete = head.table["incomplete"]
        self.sockets.elapsed = head.table["elapsed"]
        self.sockets.undecoded = head.table["undecoded"]
        self.owners: OwnerTable | None = None
        if head.owners is not None:
            self.owners = OwnerTable(self.processes)
            self.owners.sources = head.owners["sources"]
            self.owners.incomplete = head.owners["incomplete"]
            self.owners.elapsed = head.owners["elapsed"]
            self.owners.scope = head.owners["scope"]

    def add_space(self, value: object) -> None:
        """Take a row of a namespace; RowError."""
        space = parse_space(value)
        if space.inode in self.spaces:
            raise RowError(f"namespace {space.inode} is there twice")
        self.spaces[space.inode] = space

    def add_process(self, value: object) -> None:
        """Take a row of a process; RowError."""
        process, descriptors, limit = parse_process(value)
        if len(self.processes) < self.head.counts["holders"]:
            self.processes.append(process)
        self.states[process.pid] = ProcessState(
            process.pid,
            process.start_time,
            process.command,
            process.uid,
            process.cgroup,
            descriptors,
            limit,
        )
