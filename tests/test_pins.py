"""Pins: who may read them, when they are not used, how they come and go.

Each test runs in a mount namespace of its own, with a bpf file system at BPF (mounts.py).
"""

from __future__ import annotations

import contextlib
import errno
import functools
import grp
import importlib
import io
import json
import os
import pwd
import shlex
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from bpf_records import read_pass
from children import NOBODY, in_child
from fastsock import cli
from fastsock.cli import pins as verb, usage
from fastsock.engines import engine_status
from fastsock.errors import EngineUnavailable, NoSuchPin, PinError, PinPathError
from mounts import (
    BPF,
    CLONE_NEWPID,
    HERE,
    MS_RDONLY,
    MS_REMOUNT,
    TOP,
    mount,
    unshare,
    with_mounts,
)

_bpf: Any = pytest.importorskip("fastsock.engines._bpf", reason="a build without extensions")
passes: Any = importlib.import_module("fastsock.engines.passes")
pins: Any = importlib.import_module("fastsock.engines.pins")
LOADED_FOR_USERS_WHO_CANNOT_READ_THEM = (grp, pwd, verb, usage)

T = TypeVar("T")
LINK = f"{HERE}/sockets_v{_bpf.RECORD_VERSION}"
PROGRAM = f"{HERE}/program_v{_bpf.RECORD_VERSION}"
OTHERS = 1  # a group that nobody is not in
WITH_ROOT = next((one.reason for one in engine_status() if one.name == "bpf"), "")
NO_PIN = (
    "changing owners needs root" if os.geteuid() else WITH_ROOT and f"no bpf engine: {WITH_ROOT}"
)

can_pin = pytest.mark.skipif(bool(NO_PIN), reason=NO_PIN)


def as_nobody(function: Callable[[], T]) -> T:
    return in_child(function, user=NOBODY)


def read_link(directory: str = HERE) -> bytes:
    return read_pass(pins.find_link(directory))


def read_program(pid: int) -> bytes:
    program = pins.find_program(HERE)
    try:
        link = _bpf.attach(program, pid)
    finally:
        os.close(program)
    try:
        return read_pass(_bpf.iterate(link))
    finally:
        os.close(link)


def refusal(function: Callable[[], object] = lambda: pins.find_link(HERE)) -> tuple[str, str]:
    """The error's type and text."""
    with pytest.raises(PinError) as caught:
        function()
    return type(caught.value).__name__, str(caught.value)


def holders(records: bytes, inode: int) -> set[tuple[int, int]]:
    """Who holds a socket: tgid and descriptor."""
    size = _bpf.RECORD_BYTES
    found = set()
    assert len(records) % size == 0
    for at in range(0, len(records), size):
        number, _, _, tgid, _, fd = struct.unpack_from("<QQQIIi", records, at)
        if number == inode:
            found.add((tgid, fd))
    return found


class Result(NamedTuple):
    code: int
    out: str
    err: str


def run_cli(*words: str) -> Result:
    """Run the command in this process, for which only a child's output may be taken."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    written = out.buffer
    assert isinstance(written, io.BytesIO)
    return Result(code, written.getvalue().decode(), err.getvalue())


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


# ------------------------------------------------------------------------------------ what they are


@can_pin
def test_members_of_the_group_see_all_owners(listener: socket.socket) -> None:
    """Without any capability, and after who pinned it has ended."""
    mine = (os.getpid(), listener.fileno())
    inode = os.fstat(listener.fileno()).st_ino

    def look() -> tuple[bool, bool, bool]:
        with open("/proc/self/status") as status:
            no_capability = "CapEff:\t0000000000000000\n" in status.read()
        in_program = mine in holders(read_program(mine[0]), inode)
        return no_capability, mine in holders(read_link(), inode), in_program

    def ask() -> tuple[bool, bool, bool]:
        in_child(lambda: pins.pin(HERE, group=NOBODY, program=True) and None)
        return as_nobody(look)

    assert with_mounts(ask) == (True, True, True)


@can_pin
def test_owners_have_the_numbers_of_who_reads() -> None:
    def enter_and_ask() -> tuple[int, bool]:
        pins.pin(HERE)
        unshare(CLONE_NEWPID)

        def ask() -> tuple[int, bool]:
            with socket.create_server(("127.0.0.1", 0)) as server:
                inode = os.fstat(server.fileno()).st_ino
                return os.getpid(), holders(read_link(), inode) == {(1, server.fileno())}

        return in_child(ask)

    assert with_mounts(enter_and_ask) == (1, True)


@can_pin
def test_modes_and_owners() -> None:
    def look() -> list[tuple[str, int, int, int]]:
        os.umask(0o077)
        root_alone = pins.pin(HERE)
        of_group = pins.pin(HERE, group=OTHERS, program=True)
        assert not any(one.reason for one in root_alone + of_group)
        made = [(one.path, one.uid, one.gid, one.mode) for one in root_alone + of_group]
        status = os.stat(HERE)
        return [*made, (HERE, status.st_uid, status.st_gid, status.st_mode & 0o7777)]

    assert with_mounts(look) == [
        (LINK, 0, 0, 0o440),
        (LINK, 0, OTHERS, 0o440),
        (PROGRAM, 0, OTHERS, 0o660),
        (HERE, 0, 0, 0o755),
    ]


@can_pin
def test_pinning_again_replaces() -> None:
    """Also what was a group's. Who has the old one open reads on."""

    def look() -> tuple[list[str], bool, bool]:
        pins.pin(HERE, group=NOBODY, program=True)
        first, reading = os.stat(LINK).st_ino, pins.find_link(HERE)
        pins.pin(HERE)
        with socket.create_server(("127.0.0.1", 0)) as server:
            inode = os.fstat(server.fileno()).st_ino
            still_read = (os.getpid(), server.fileno()) in holders(read_pass(reading), inode)
        return os.listdir(HERE), os.stat(LINK).st_ino != first, still_read

    assert with_mounts(look) == ([os.path.basename(LINK)], True, True)


@can_pin
def test_the_environment_names_another_directory() -> None:
    def look() -> tuple[bool, str]:
        pins.pin(HERE)
        os.environ["FASTSOCK_BPF_PATH"] = HERE
        os.close(pins.find_link())
        (one,) = pins.read_pins()
        os.environ["FASTSOCK_BPF_PATH"] = ""
        return one.path == LINK, pins.readers_directory()

    assert with_mounts(look) == (True, "/sys/fs/bpf/fastsock")


# --------------------------------------------------------------------------- when they are not used


@can_pin
@pytest.mark.parametrize("group", [None, OTHERS])
def test_who_is_not_in_the_group(group: int | None) -> None:
    def look() -> list[tuple[str, str]]:
        pins.pin(HERE, group=group, program=group is not None)
        both = pins.find_link, pins.find_program
        finders = both if group is not None else both[:1]
        return as_nobody(lambda: [refusal(functools.partial(find, HERE)) for find in finders])

    if group is None:
        assert with_mounts(look) == [
            (
                "PinError",
                f"{LINK}: Permission denied: mode 0440 root:root; "
                "as root: fastsock bpf pin --group GROUP",
            )
        ]
        return
    name = pins.name_group(group)
    member = f"root:{name}, so be a member of {name}"
    assert with_mounts(look) == [
        ("PinError", f"{LINK}: Permission denied: mode 0440 {member}"),
        ("PinError", f"{PROGRAM}: Permission denied: mode 0660 {member}"),
    ]


@can_pin
@pytest.mark.parametrize(
    ("path", "mode", "text"),
    [
        (TOP, 0o1777, "(mode 1777), not used; take a directory that root alone can write"),
        (BPF, 0o1777, f"(mode 1777), not used; as root: chmod go-w {BPF}"),
        (HERE, 0o775, f"(mode 0775), not used; as root: chmod go-w {HERE}"),
        (LINK, 0o646, "(mode 0646), not used"),
    ],
)
def test_what_others_can_write_is_not_used(path: str, mode: int, text: str) -> None:
    def look() -> tuple[tuple[str, str], bool, str]:
        pins.pin(HERE)
        os.chmod(path, mode)
        (one,) = pins.read_pins(HERE)
        return refusal(), one.trusted, one.reason

    said, trusted, reason = with_mounts(look)
    assert said == ("PinError", f"{path}: others than root can write it {text}")
    assert not trusted and reason in said[1]


@can_pin
@pytest.mark.parametrize(
    ("path", "help"),
    [
        (TOP, "; take a directory that root alone can write"),
        (HERE, f"; as root: chown root {HERE}"),
        (LINK, ""),
        (PROGRAM, ""),
    ],
)
def test_what_belongs_to_another_is_not_used(path: str, help: str) -> None:
    def look() -> tuple[str, str]:
        pins.pin(HERE, group=OTHERS, program=True)
        os.chown(path, NOBODY, -1)
        return refusal(lambda: (pins.find_program if path == PROGRAM else pins.find_link)(HERE))

    text = f"{path}: belongs to user {NOBODY} and not to root, so it is not used{help}"
    assert with_mounts(look) == ("PinError", text)


@can_pin
def test_a_file_is_no_pin() -> None:
    def look() -> list[tuple[str, str]]:
        os.mkdir(f"{TOP}/files")
        Path(f"{TOP}/files", os.path.basename(LINK)).write_bytes(bytes(_bpf.RECORD_BYTES))
        os.mkdir(HERE)
        os.mkdir(LINK)
        return [refusal(lambda: pins.find_link(f"{TOP}/files")), refusal()]

    command = f"mkdir -p {TOP}/files && mount -t bpf -o mode=755 bpf {TOP}/files"
    assert with_mounts(look) == [
        ("NoSuchPin", f"{TOP}/files: not on a bpf file system; as root: {command}"),
        ("PinError", f"{LINK}: is no pin: not a regular file"),
    ]


@can_pin
def test_what_is_no_link_of_an_iterator() -> None:
    def look() -> tuple[str, str]:
        pins.pin(HERE, group=OTHERS, program=True)
        os.rename(PROGRAM, LINK)
        os.chmod(LINK, 0o440)
        return refusal()

    text = f"{LINK}: Input/output error: not the link of an iterator"
    assert with_mounts(look) == ("PinError", text)


@can_pin
def test_a_pin_of_another_layout() -> None:
    def look() -> tuple[list[tuple[str, str]], list[tuple[bool, str]]]:
        pins.pin(HERE, group=OTHERS, program=True)
        pins.RECORD_VERSION += 1
        said = [refusal(lambda: pins.find_link(HERE)), refusal(lambda: pins.find_program(HERE))]
        return said, [(one.trusted, one.reason) for one in pins.read_pins(HERE)]

    version = pins.RECORD_VERSION
    said, status = with_mounts(look)
    rest = f"this fastsock reads version {version + 1}; pin with this one too: fastsock bpf pin"
    assert said == [
        ("NoSuchPin", f"{HERE}: has sockets_v{version}, {rest}"),
        ("NoSuchPin", f"{HERE}: has program_v{version}, {rest}"),
    ]
    reason = f"its layout is version {version}, this fastsock reads {version + 1}"
    assert status == [(True, reason)] * 2


@can_pin
def test_what_is_not_there() -> None:
    def look() -> list[tuple[str, str]]:
        said = [refusal()]
        pins.pin(HERE)
        said.append(refusal(lambda: pins.find_program(HERE)))
        pins.unpin(HERE)
        said.append(refusal(lambda: pins.read_pins(HERE)))
        os.mkdir(HERE)
        said.append(refusal())
        return said

    needed = "as root: fastsock bpf pin"
    assert with_mounts(look) == [
        ("NoSuchPin", f"{HERE}: nothing is pinned there"),
        (
            "NoSuchPin",
            f"{HERE}: has no {os.path.basename(PROGRAM)}; {needed} --group GROUP --program",
        ),
        ("NoSuchPin", f"{HERE}: nothing is pinned there"),
        ("NoSuchPin", f"{HERE}: has no {os.path.basename(LINK)}; {needed}"),
    ]


@can_pin
def test_a_mount_that_is_closed() -> None:
    """As systemd makes it: mode 0700."""

    def look() -> tuple[object, object, tuple[str, str]]:
        pins.pin(HERE, group=NOBODY)
        reachable = pins.find_closed(HERE, NOBODY)
        os.chmod(BPF, 0o700)
        said = as_nobody(refusal)
        closed = str(pins.find_closed(HERE, NOBODY))
        os.chmod(BPF, 0o711)
        as_nobody(read_link)
        os.chown(BPF, 0, NOBODY)
        os.chmod(BPF, 0o701)  # the others, but not the group
        assert pins.find_closed(HERE, NOBODY) is not None
        os.chmod(BPF, 0o710)
        assert pins.find_closed(HERE, NOBODY) is None
        as_nobody(read_link)
        return reachable, closed, said

    text = (
        f"{BPF}: may not be entered (mode 0700); as root: chmod 711 {BPF}, or mkdir -p "
        "/run/fastsock && mount -t bpf -o mode=755 bpf /run/fastsock and pin with "
        "--path /run/fastsock (FASTSOCK_BPF_PATH=/run/fastsock for those who read)"
    )
    assert with_mounts(look) == (None, text, ("PinError", text))


# -------------------------------------------------------------------------------------------- paths


@can_pin
def test_paths_that_no_pin_can_have() -> None:
    def look() -> list[tuple[str, str]]:
        os.symlink(BPF, f"{TOP}/link")
        Path(f"{TOP}/file").touch()
        os.mkdir(f"{TOP}/with.dot")
        mount("bpf", f"{TOP}/with.dot", "mode=755")
        pins.pin(f"{TOP}/with.dot/fastsock")  # only below the mount
        os.chdir(BPF)
        pins.pin("../bpf/./fastsock")
        return [
            refusal(functools.partial(find, path))
            for path in (f"{TOP}/link/fastsock", f"{TOP}/file", f"{BPF}/a.b", BPF + "/" + "a" * 300)
            for find in (pins.find_link, pins.pin, pins.unpin)
        ]

    expected = [
        f"{TOP}/link: a symbolic link is not followed; it leads to {BPF}",
        f"{TOP}/file: is not a directory",
        f"{BPF}/a.b: a bpf file system takes no name with a dot",
        f"{BPF}/{'a' * 300}: File name too long",
    ]
    assert with_mounts(look) == [("PinPathError", text) for text in expected for _ in range(3)]


def test_a_path_that_is_no_path() -> None:
    assert refusal(lambda: pins.find_link("a\0b")) == ("PinPathError", "a\\x00b: a NUL is in it")


def test_the_root_is_no_bpf_file_system() -> None:
    if pins._distrust(os.stat("/")):
        pytest.skip("others than root can write /")
    with pytest.raises(NoSuchPin, match="^/: not on a bpf file system"):
        pins.find_link("/")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sockets_v1", ("sockets", 1)),
        ("program_v12", ("program", 12)),
        ("sockets_v", None),
        ("sockets_v-1", None),
        ("sockets_v1_new5", None),
        ("sockets_v²", None),
        ("sockets_v" + "1" * 5000, None),
        ("others_v1", None),
        ("", None),
    ],
)
def test_names_of_pins(name: str, found: tuple[str, int] | None) -> None:
    assert pins.parse_pin(name) == found


@pytest.mark.parametrize("path", ["/run/fastsock", "/", "/a b", "/it's", "/$(x)", "/v1.2", "/ä"])
def test_paths_in_commands(path: str) -> None:
    assert shlex.split(f"chmod 711 {pins._quote(path)}") == ["chmod", "711", path]
    assert pins._quote("/run/fast-sock_1") == "/run/fast-sock_1"


def test_a_reason_costs_no_slow_import() -> None:
    """Where a mount is closed, as systemd makes it, every user's start comes by here."""
    code = (
        "import sys, os; from fastsock.engines import pins\n"
        "here = os.open('/', os.O_PATH); pins._closed(here, '/'); pins._mount_command('/x')\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    plain = [sys.executable, "-c", "import sys; print(*sys.modules)"]
    before = subprocess.run(plain, check=True, capture_output=True, text=True).stdout.split()
    assert not {"re", "shlex", "grp", "pwd"} & (set(loaded) - set(before))


# ------------------------------------------------------------------------------------- how they go


@can_pin
def test_unpin_removes_what_is_ours() -> None:
    def look() -> tuple[list[str], tuple[str, str], list[str], list[str]]:
        pins.pin(HERE, group=OTHERS, program=True)
        os.link(LINK, f"{HERE}/sockets_v77")
        os.link(LINK, f"{HERE}/sockets_v1_new99")  # somebody was killed before the rename
        os.chmod(TOP, 0o777)  # what would not be used can still be removed
        first = pins.unpin(HERE)
        twice = refusal(lambda: pins.unpin(HERE))
        os.chmod(TOP, 0o755)
        pins.pin(HERE)
        os.mkdir(f"{HERE}/theirs")
        second = pins.unpin(HERE)
        pins.pin(BPF)  # the root of the mount stays too
        pins.unpin(BPF)
        return first, twice, second, os.listdir(HERE)

    first, twice, second, left = with_mounts(look)
    names = ("sockets_v1_new99", "sockets_v77")
    assert set(first) == {LINK, PROGRAM, HERE, *(f"{HERE}/{name}" for name in names)}
    assert twice == ("NoSuchPin", f"{HERE}: nothing is pinned there")
    assert (second, left) == ([LINK], ["theirs"])


@can_pin
def test_a_user_cannot_unpin_or_pin() -> None:
    def look() -> tuple[tuple[str, str], tuple[str, str]]:
        pins.pin(HERE)
        said = as_nobody(
            lambda: (refusal(lambda: pins.unpin(HERE)), refusal(lambda: pins.pin(HERE)))
        )
        os.stat(LINK)
        return said

    assert with_mounts(look) == (
        ("PinError", f"{LINK}: Permission denied: run as root"),
        ("PinError", f"{HERE}: run as root: another user's pin is not used by anybody"),
    )


@can_pin
def test_a_file_system_that_is_read_only() -> None:
    def look() -> list[tuple[str, str]]:
        mount("bpf", BPF, flags=MS_REMOUNT | MS_RDONLY)
        said = [refusal(lambda: pins.pin(HERE))]
        mount("bpf", BPF, flags=MS_REMOUNT)
        pins.pin(HERE)
        mount("bpf", BPF, flags=MS_REMOUNT | MS_RDONLY)
        read_link()
        return [*said, refusal(lambda: pins.pin(HERE)), refusal(lambda: pins.unpin(HERE))]

    text = f"Read-only file system; as root: mount -o remount,rw {BPF}"
    assert with_mounts(look) == [("PinError", f"{path}: {text}") for path in (HERE, LINK, LINK)]


@can_pin
def test_nothing_is_left_where_pinning_fails() -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EINVAL, "no such group in this user namespace")

    def look() -> tuple[tuple[str, str], list[str]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "chown", fail)
            said = refusal(lambda: pins.pin(HERE, group=OTHERS, program=True))
        return said, os.listdir(HERE)

    assert with_mounts(look) == (("PinError", f"{LINK}: Invalid argument"), [])


@can_pin
def test_a_program_that_is_refused() -> None:
    def refuse(**_: object) -> None:
        raise _bpf.BpfError(errno.EPERM, "load program: X", "load program", "", False)

    def look() -> tuple[str, str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fastsock.engines.passes.Program", refuse)
            with pytest.raises(EngineUnavailable) as caught:
                pins.pin(HERE)
        return caught.value.reason, caught.value.remedy

    reason, remedy = with_mounts(look)
    assert reason.startswith(f"load program: {os.strerror(errno.EPERM)} ({errno.EPERM}): ")
    assert remedy


def test_under_lockdown_less_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def refuse(**constants: object) -> str:
        asked.append(constants)
        if "probe_reads" not in constants:
            raise _bpf.BpfError(errno.EINVAL, "X", "load program", "", False)
        return "loaded"

    monkeypatch.setattr(passes, "Program", refuse)
    assert passes.make_program(pid_namespace=True) == "loaded"
    assert asked == [{"pid_namespace": True}, {"pid_namespace": True, "probe_reads": False}]


def test_a_program_without_a_group() -> None:
    with pytest.raises(ValueError, match="a program is pinned for a group"):
        pins.pin(HERE, program=True)


# -------------------------------------------------------------------------------------- the command


@can_pin
def test_the_command() -> None:
    def look() -> list[Result]:
        path = ("--path", HERE)
        return [
            run_cli("bpf", "status", *path),
            run_cli("bpf", "pin", *path),
            run_cli("bpf", "pin", *path, "--group", str(NOBODY), "--program"),
            run_cli("bpf", "status", *path),
            run_cli("bpf", "unpin", *path),
            run_cli("bpf", "unpin", *path),
        ]

    group = pins.name_group(NOBODY)
    first, pinned, for_group, status, unpinned, twice = with_mounts(look)
    assert first == twice == (1, "", f"fastsock: {HERE}: nothing is pinned there\n")
    assert (pinned.code, pinned.err) == (0, "")
    rows = [line.split() for line in pinned.out.splitlines()]
    assert rows == [
        ["PIN", "OWNER", "GROUP", "MODE", "USABLE"],
        [LINK, "root", pins.name_group(0), "0440", "yes"],
    ]
    rows = [line.split() for line in for_group.out.splitlines()[1:]]
    assert rows == [
        [LINK, "root", group, "0440", "yes"],
        [PROGRAM, "root", group, "0660", "yes"],
    ]
    assert sorted(status.out) == sorted(for_group.out)
    assert (status.code, status.err) == (0, "")
    assert unpinned == (0, f"removed {PROGRAM}\nremoved {LINK}\nremoved {HERE}\n", "")


@can_pin
def test_status_as_a_user() -> None:
    def look() -> tuple[Result, Result, Result]:
        pins.pin(HERE, group=OTHERS)
        usable = as_nobody(lambda: run_cli("bpf", "status", "--path", HERE))
        document = as_nobody(lambda: run_cli("bpf", "status", "--json", "--path", HERE))
        os.chmod(BPF, 0o700)
        return usable, document, as_nobody(lambda: run_cli("bpf", "status", "--path", HERE))

    usable, document, closed = with_mounts(look)
    reason = f"Permission denied: mode 0440 root:{pins.name_group(OTHERS)}, so be a member of "
    reason += pins.name_group(OTHERS)
    assert usable.code == 0 and usable.out.splitlines()[1].endswith(f"0440  no: {reason}")
    assert json.loads(document.out) == {
        "schema": 1,
        "directory": HERE,
        "reads_version": _bpf.RECORD_VERSION,
        "reason": None,
        "pins": [
            {
                "path": LINK,
                "kind": "sockets",
                "version": _bpf.RECORD_VERSION,
                "uid": 0,
                "gid": OTHERS,
                "mode": "0440",
                "trusted": True,
                "usable": False,
                "reason": reason,
            }
        ],
    }
    assert (closed.code, closed.out) == (3, "")
    assert closed.err.startswith(f"fastsock: {BPF}: may not be entered (mode 0700); as root: chmod")


@can_pin
def test_json() -> None:
    def look() -> list[Result]:
        os.environ["FASTSOCK_BPF_PATH"] = HERE
        return [
            run_cli("bpf", "status", "--json"),
            run_cli("bpf", "status", "--jsonl"),
            run_cli("bpf", "pin", "--json", "--path", HERE),
            run_cli("bpf", "status", "--jsonl"),
            run_cli("bpf", "unpin", "--json", "--path", HERE),
        ]

    nothing, no_line, pinned, line, unpinned = with_mounts(look)
    document = json.loads(nothing.out)
    assert (nothing.code, document["pins"]) == (1, [])
    assert document["reason"] == f"{HERE}: nothing is pinned there"
    assert (no_line.code, no_line.out) == (1, "")
    assert json.loads(pinned.out)["pins"] == [json.loads(line.out)]
    assert json.loads(line.out)["usable"] is True
    assert json.loads(unpinned.out) == {"schema": 1, "removed": [LINK, HERE]}


@can_pin
def test_the_command_says_what_is_closed() -> None:
    """The pin is made: a bind mount of the directory may be all that was wanted."""

    def look() -> tuple[Result, bool]:
        os.chmod(BPF, 0o700)
        made = run_cli("bpf", "pin", "--path", HERE, "--group", str(NOBODY))
        return made, os.path.exists(LINK)

    made, exists = with_mounts(look)
    assert (made.code, exists) == (0, True)
    assert made.err.startswith(
        f"fastsock: members of {pins.name_group(NOBODY)} cannot read it yet: {BPF}: "
        f"may not be entered (mode 0700); as root: chmod 711 {BPF}, or "
    )
    assert made.err.count("\n") == 1


@can_pin
@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        (f"{TOP}/own", 3, f"not on a bpf file system; as root: mkdir -p {TOP}/own && mount -t bpf"),
        (f"{BPF}/a.b", 2, "a bpf file system takes no name with a dot"),
    ],
)
def test_the_command_s_failures(path: str, code: int, text: str) -> None:
    result = with_mounts(lambda: run_cli("bpf", "pin", "--path", path))
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"fastsock: {path}: {text}")


@can_pin
def test_where_the_usual_place_is_not_mounted() -> None:
    def look() -> tuple[Result, Result]:
        if not os.path.isdir("/sys/fs/bpf"):
            pytest.skip("no /sys/fs/bpf")
        mount("tmpfs", "/sys/fs", "mode=755")
        missing = run_cli("bpf", "pin")
        os.mkdir("/sys/fs/bpf", 0o755)
        return missing, run_cli("bpf", "pin")

    missing, unmounted = with_mounts(look)
    assert missing == (3, "", "fastsock: /sys/fs/bpf: no such directory: no sysfs, or no bpf(2)\n")
    assert unmounted == (
        3,
        "",
        "fastsock: /sys/fs/bpf/fastsock: not on a bpf file system; as root: "
        "mount -t bpf -o mode=755 bpf /sys/fs/bpf\n",
    )


def test_errors_are_what_they_are_called() -> None:
    """Who asks for LookupError or ValueError gets them."""
    assert issubclass(NoSuchPin, LookupError)
    assert issubclass(PinPathError, ValueError)
    error = PinError("/a\n", "why")
    assert (str(error), error.path, error.reason) == ("/a\\x0a: why", "/a\n", "why")
