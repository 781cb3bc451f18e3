"""A mount namespace of a child's own: with a bpf file system for pins, with another /proc.

The file system is at BPF, below a directory that root alone can write.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import TypeVar

import pytest

from children import in_child, libc

T = TypeVar("T")
CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 0x4000, 0x40000
TOP = "/mnt"
BPF = f"{TOP}/bpf"
HERE = f"{BPF}/fastsock"


def unshare(flags: int) -> None:
    if libc.unshare(flags):
        pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")


def mount(kind: str, target: str, options: str = "", flags: int = 0) -> None:
    source, where, what = kind.encode(), target.encode(), kind.encode()
    if libc.mount(source, where, what, ctypes.c_ulong(flags), options.encode() or None):
        pytest.skip(f"mount {kind}: {os.strerror(ctypes.get_errno())}")


def mount_privately() -> None:
    """Let what is mounted from now on be mounted for this process and its children alone."""
    unshare(CLONE_NEWNS)
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def prepare_mounts() -> None:
    mount_privately()
    top = os.stat("/")
    if not os.path.isdir(TOP) or top.st_uid or top.st_mode & 0o022:
        pytest.skip(f"no {TOP} that root alone can write")
    mount("tmpfs", TOP, "mode=755")
    os.mkdir(BPF, 0o755)
    mount("bpf", BPF, "mode=755")


def with_mounts(function: Callable[[], T]) -> T:
    """Run it as root in a child with the mounts, which must leave no descriptor open."""

    def run() -> T:
        prepare_mounts()
        before = os.listdir("/proc/self/fd")
        found = function()
        assert os.listdir("/proc/self/fd") == before
        return found

    return in_child(run)
