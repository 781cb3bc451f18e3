import os
from typing import final

RECORD_VERSION: int
RECORD_BYTES: int
ALL: int
LOCAL: int
REMOTE: int
BTF: str

class BpfError(OSError):
    step: str
    detail: str
    no_task_filter: bool
    def __init__(
        self, code: int, text: str, step: str, detail: str, no_task_filter: bool
    ) -> None: ...

@final
class Program:
    fd: int
    def __init__(
        self,
        *,
        states: int = ...,
        families: int = ...,
        port: int = 0,
        ends: int = ...,
        pid_namespace: bool = False,
        probe_reads: bool = True,
        timers: bool = True,
        cgroups: bool = True,
        btf: str | os.PathLike[str] = ...,
    ) -> None: ...
    def close(self) -> None: ...
    def forget(self) -> None: ...

def attach(program: int, pid: int = 0) -> int: ...
def iterate(link: int) -> int: ...
def pin(fd: int, path: str | os.PathLike[str]) -> None: ...
def open_pin(path: str | os.PathLike[str]) -> int: ...
def is_bpf_filesystem(fd: int) -> bool: ...
def ticks_per_second() -> int: ...
def resolve_offsets(btf: bytes) -> dict[str, tuple[int, int, int] | None]: ...
def patch_instructions(btf: bytes) -> bytes: ...
