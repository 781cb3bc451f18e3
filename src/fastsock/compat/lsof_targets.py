"""The files that lsof is to find: its names and directories (+d, +D), as devices and inodes."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Iterator

from fastsock.compat.lsof_flags import Refused, Request, escape_text


class Target:
    """One file, or file system, to search for, and whether it was met."""

    __slots__ = ("argument", "path", "device", "inode", "is_file_system", "met")

    def __init__(
        self, argument: str, path: str, device: int, inode: int, is_file_system: bool
    ) -> None:
        self.argument = argument
        self.path = path
        self.device = device
        self.inode = inode
        self.is_file_system = is_file_system
        self.met = False


class Targets:
    """What is searched for, by number and by name. Of several alike the last one typed is met."""

    def __init__(self, targets: list[Target], complaints: list[str], failed: bool) -> None:
        self.list = targets
        self.complaints = complaints
        self.failed = failed
        self._files: dict[tuple[int, int], Target] = {}
        self._systems: dict[int, Target] = {}
        self._names: dict[bytes, Target] = {}
        for target in reversed(targets):
            if target.is_file_system:
                self._systems.setdefault(target.device, target)
            else:
                self._files.setdefault((target.device, target.inode), target)
            self._names.setdefault(os.fsencode(target.argument), target)

    def find_file(self, device: int, inode: int) -> Target | None:
        """Return the file, or the file system it is on, that was asked for."""
        found = self._files.get((device, inode)) or self._systems.get(device)
        if found:
            found.met = True
        return found

    def find_name(self, name: bytes) -> Target | None:
        """Return what was asked for with the very name that a UNIX socket is bound to."""
        found = self._names.get(name)
        if found:
            found.met = True
        return found

    def states(self) -> list[tuple[str, bool]]:
        """Return (name, met) of each, the last typed first, a blank in front of file systems."""
        return [
            ((" " if one.is_file_system else "") + one.argument, one.met)
            for one in reversed(self.list)
        ]


def find_targets(request: Request) -> Targets:
    """Look up names and directories; Refused where a directory is none, or no name is there."""
    complaints: list[str] = []
    targets: list[Target] = []
    for path, descend in request.directories:
        targets += _find_below(path, descend, request, complaints)
    failed = _find_names(request, targets, complaints)
    return Targets(targets, complaints, failed)


def _find_names(request: Request, targets: list[Target], complaints: list[str]) -> bool:
    """Look up the names; return whether one is not there."""
    mounts = _read_mounts() if request.names and request.file_systems is not False else {}
    failed, found = False, False
    for name in request.names:
        path = os.path.realpath(name)
        systems = mounts.get(path, [])
        if request.file_systems and not systems:
            complaints.append(f"lsof: not a file system: {escape_text(name)}")
            failed = True
            continue
        try:
            if systems:
                for directory in systems:
                    status = os.stat(directory)
                    targets.append(Target(name, directory, status.st_dev, status.st_ino, True))
            else:
                status = os.stat(path)
                targets.append(Target(name, path, status.st_dev, status.st_ino, False))
            found = True
        except OSError as error:
            complaints.append(f"lsof: status error on {escape_text(path)}: {error.strerror}")
            failed = True
    if not request.failed_search:  # -Q: what is not there is not in use, and no failure
        complaints.clear()
        return False
    if request.names and not found:
        raise Refused(complaints, 1, "names")
    return failed


def _read_mounts() -> dict[str, list[str]]:
    """Return the directories that file systems are mounted on, by directory and by block device."""
    found: dict[str, list[str]] = {}
    try:
        with open("/proc/thread-self/mounts", "rb") as mounts:
            text = mounts.read()
    except OSError:
        return found
    for line in text.split(b"\n"):
        words = line.split(b" ")
        if len(words) < 2:
            continue
        device, directory = (_unescape(word) for word in words[:2])
        found.setdefault(directory, []).append(directory)
        try:
            if device.startswith("/") and modes.S_ISBLK(os.stat(device).st_mode):
                found.setdefault(os.path.realpath(device), []).append(directory)
        except OSError:  # a device of another mount namespace
            continue
    return {name: list(dict.fromkeys(paths)) for name, paths in found.items()}


def _unescape(word: bytes) -> str:
    for code in (b" ", b"\t", b"\n", b"\\"):
        word = word.replace(b"\\%03o" % ord(code), code)
    return os.fsdecode(word)


def _find_below(
    typed: str, descend: bool, request: Request, complaints: list[str]
) -> Iterator[Target]:
    path = os.path.realpath(typed)
    try:
        status = os.stat(path)
    except OSError as error:
        raise Refused(
            [f"lsof: WARNING: can't stat({escape_text(path)}): {error.strerror}"]
            if request.warnings
            else [],
            1,
        ) from None
    if not modes.S_ISDIR(status.st_mode):
        lines = [f"lsof: WARNING: not a directory: {escape_text(path)}"]
        raise Refused(lines if request.warnings else [], 1)
    yield Target(path, path, status.st_dev, status.st_ino, False)
    pending = [path]
    while pending:
        directory = pending.pop()
        try:
            entries = list(os.scandir(directory))
        except FileNotFoundError:
            continue
        except OSError as error:
            if request.warnings:
                complaints.append(
                    f"lsof: WARNING: can't opendir({escape_text(directory)}): {error.strerror}"
                )
            continue
        for entry in entries:
            try:
                one = entry.stat(follow_symlinks=False)
                if one.st_dev != status.st_dev and not request.cross_mounts:
                    continue
                if modes.S_ISLNK(one.st_mode):
                    if not request.cross_links:
                        continue
                    one = entry.stat()
            except OSError:  # removed meanwhile, or a link to nothing
                continue
            if modes.S_ISDIR(one.st_mode) and descend:
                pending.append(entry.path)
            yield Target(entry.path, entry.path, one.st_dev, one.st_ino, False)
