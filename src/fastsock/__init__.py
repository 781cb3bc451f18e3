"""Which sockets this Linux host has, in which state, and who owns them.

    >>> import fastsock
    >>> str(fastsock.count(port=5000))
    'established=0 listen=0 other=0'

Names are loaded when they are first used: `import fastsock` alone costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOME = {
    "count": "conductor",
    "listeners": "conductor",
    "owners": "conductor",
    "scan": "conductor",
    "sockets": "conductor",
    "state_of": "conductor",
    "states_by_inode": "conductor",
    "who": "conductor",
    "glance": "conductor",
    "SocketStream": "conductor",
    "process": "portrait",
    "flows": "folding",
    "Flow": "folding",
    "Flows": "folding",
    "wait": "waiting",
    "Waited": "waiting",
    "describe": "services",
    "REACH_FIELDS": "services",
    "read_files": "files",
    "read_dump": "engines.dump_file",
    "parse_expression": "expression",
    "Expression": "expression",
    "engine_status": "engines",
    "Backlog": "diagnose.backlog",
    "backlog": "diagnose.backlog",
    "watch_backlog": "diagnose.backlog",
    "Snapshot": "diagnose.snapshot",
    "diff": "diagnose.diff",
    "Diff": "diagnose.diff",
    "watch_leaks": "diagnose.leaks",
    "Leak": "diagnose.leaks",
    "Leaks": "diagnose.leaks",
    "halfopen": "diagnose.halfopen",
    "HalfOpen": "diagnose.halfopen",
    "Counts": "table",
    "Groups": "table",
    "OwnerTable": "table",
    "ProcessTable": "table",
    "SocketTable": "table",
    "Socket": "table",
    "Owner": "table",
    "Process": "table",
    "NONE": "table",
    "HIDDEN": "table",
    "UNKNOWN": "table",
    "State": "tcp",
    "ComparisonError": "errors",
    "DumpError": "errors",
    "EngineUnavailable": "errors",
    "FastsockError": "errors",
    "FilterError": "errors",
    "NamespaceHidden": "errors",
    "NoSuchNamespace": "errors",
    "NoSuchProcess": "errors",
    "OwnersHidden": "errors",
    "ParseError": "errors",
    "PinError": "errors",
    "SnapshotError": "errors",
}

__all__ = list(_HOME)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.conductor import (
        SocketStream as SocketStream,
        count as count,
        glance as glance,
        listeners as listeners,
        owners as owners,
        scan as scan,
        sockets as sockets,
        state_of as state_of,
        states_by_inode as states_by_inode,
        who as who,
    )
    from fastsock.diagnose.backlog import (
        Backlog as Backlog,
        backlog as backlog,
        watch_backlog as watch_backlog,
    )
    from fastsock.diagnose.diff import Diff as Diff, diff as diff
    from fastsock.diagnose.halfopen import HalfOpen as HalfOpen, halfopen as halfopen
    from fastsock.diagnose.leaks import (
        Leak as Leak,
        Leaks as Leaks,
        watch_leaks as watch_leaks,
    )
    from fastsock.diagnose.snapshot import Snapshot as Snapshot
    from fastsock.engines import engine_status as engine_status
    from fastsock.engines.dump_file import read_dump as read_dump
    from fastsock.errors import (
        ComparisonError as ComparisonError,
        DumpError as DumpError,
        EngineUnavailable as EngineUnavailable,
        FastsockError as FastsockError,
        FilterError as FilterError,
        NamespaceHidden as NamespaceHidden,
        NoSuchNamespace as NoSuchNamespace,
        NoSuchProcess as NoSuchProcess,
        OwnersHidden as OwnersHidden,
        ParseError as ParseError,
        PinError as PinError,
        SnapshotError as SnapshotError,
    )
    from fastsock.expression import (
        Expression as Expression,
        parse_expression as parse_expression,
    )
    from fastsock.files import read_files as read_files
    from fastsock.folding import Flow as Flow, Flows as Flows, flows as flows
    from fastsock.portrait import process as process
    from fastsock.services import REACH_FIELDS as REACH_FIELDS, describe as describe
    from fastsock.table import (
        HIDDEN as HIDDEN,
        NONE as NONE,
        UNKNOWN as UNKNOWN,
        Counts as Counts,
        Groups as Groups,
        Owner as Owner,
        OwnerTable as OwnerTable,
        Process as Process,
        ProcessTable as ProcessTable,
        Socket as Socket,
        SocketTable as SocketTable,
    )
    from fastsock.tcp import State as State
    from fastsock.waiting import Waited as Waited, wait as wait


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
