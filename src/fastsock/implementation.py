"""Compiled tables, or their plain-Python twins in a build made with FASTSOCK_PURE=1.

A build whose compilation failed does not exist (setup.py catches nothing), so a missing module
means that the build was asked for without extensions. `COMPILED` is public, and `fastsock engines`
says it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock import _group as group, _match as match, _table as table

    COMPILED: bool
else:
    try:
        from fastsock import _table as table
    except ImportError as error:
        # Any other failure to load a compiled module must be seen: a slow answer that nobody
        # asked for is the worse one.
        if error.name not in ("fastsock", "fastsock._table") or error.path not in (
            None,
            __import__("fastsock").__file__,
        ):
            raise
        COMPILED = False
        from fastsock import _group_py as group, _match_py as match, _table_py as table
    else:
        COMPILED = True
        from fastsock import _group as group, _match as match

NO_EXTENSION = "this build has no extension (made with FASTSOCK_PURE=1)"
REBUILD = "install it again without FASTSOCK_PURE=1"

__all__ = ["COMPILED", "NO_EXTENSION", "REBUILD", "group", "match", "table"]
