"""The BPF program's way into the kernel: found fields, loading, pins, and every way to fail.

A BTF is input. So it is cut and changed here in all places, and the answer must be one of its
fields or an error that says the step: no crash (run this under the sanitizers, see setup.py), no
loop, and no descriptor left open.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from bpf_refused import refuse_bpf
from children import NOBODY, in_child, libc
from kernel_types import FUNC, STRUCT, VMLINUX, make_btf, read_fields

_bpf = pytest.importorskip("fastsock.engines._bpf", reason="a build without extensions")
BpfError = _bpf.BpfError

CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x4000 | 0x40000
LINK_CREATE = 28
HEADER = struct.Struct("<HBBIIIII")
# magic, version, flags, header size, types (offset, size), strings (offset, size)


def why_not_loaded() -> str:
    try:
        _bpf.Program().close()
    except BpfError as error:
        return f"the program cannot be loaded here: {error.strerror}"
    return ""


REFUSED = why_not_loaded()
loads = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)
has_vmlinux = pytest.mark.skipif(not VMLINUX.exists(), reason=f"no {VMLINUX}")


@pytest.fixture(autouse=True)
def no_descriptor_left() -> Iterator[None]:
    before = os.listdir("/proc/self/fd")
    yield
    assert os.listdir("/proc/self/fd") == before


class Failure:
    """What a failed call says, in a form that a child can send."""

    def __init__(self, error: OSError) -> None:
        assert isinstance(error, BpfError)
        self.step = error.step
        self.code = error.errno
        self.text = error.strerror
        self.detail = error.detail
        self.no_task_filter = error.no_task_filter


def failure_of(call: Callable[[], object]) -> Failure:
    with pytest.raises(BpfError) as raised:
        call()
    return Failure(raised.value)


@pytest.fixture(scope="module")
def vmlinux() -> bytes:
    """The running kernel's BTF."""
    if not VMLINUX.exists():
        pytest.skip(f"no {VMLINUX}")
    return VMLINUX.read_bytes()


# ------------------------------------------------------------------------------- what is in a BTF


def test_all_fields_are_found() -> None:
    btf, offsets = make_btf()
    found = _bpf.resolve_offsets(btf)
    for nowhere in ("bpf_func_id.BPF_FUNC_check_mtu", "bpf_rdonly_cast"):
        found.pop(nowhere)  # it is there or not
    assert {name: place and place[0] for name, place in found.items()} == offsets
    assert found["sock_common.skc_ipv6only"][1:] == (1, 4)  # one bit of an unsigned int


def test_the_kernel_has_all_fields(vmlinux: bytes) -> None:
    found = _bpf.resolve_offsets(vmlinux)
    assert found["sock.__sk_common"] == (0, *found["sock.__sk_common"][1:])
    assert found["inode.i_ino"][2] == 8


# Those that no kernel may lack; what may be missing has a test of its own.
REQUIRED = [
    field
    for field in read_fields()
    if field.kind == STRUCT
    and field.path
    and not re.match(r"icsk_(timeout|\w+_timer)|sk_cgrp_data|scm_stat|f_ref", field.path)
]


@pytest.mark.parametrize("field", REQUIRED, ids=lambda field: f"{field.root}.{field.path}")
def test_a_renamed_field_is_named(field: tuple[int, str, str]) -> None:
    _, root, path = field
    name = re.split(r"\.|\[", path)[-1 if "]" not in path else 0]
    btf, _ = make_btf()
    renamed = btf.replace(f"\0{name}\0".encode(), f"\0{'Z' * len(name)}\0".encode())
    assert renamed != btf
    failure = failure_of(lambda: _bpf.resolve_offsets(renamed))
    assert (failure.step, failure.code) == ("find field", errno.ENOENT)
    assert re.match(
        r"find field: No such file or directory: struct \w+ has no field [\w.\[\]]+$", failure.text
    )
    assert name in failure.detail


def test_a_renamed_field_of_the_kernel_is_named(vmlinux: bytes, tmp_path: Path) -> None:
    changed = tmp_path / "btf"
    changed.write_bytes(vmlinux.replace(b"\0sk_ack_backlog\0", b"\0sk_ack_backlof\0"))
    failure = failure_of(lambda: _bpf.Program(btf=changed))
    assert (failure.step, failure.code) == ("find field", errno.ENOENT)
    assert failure.detail == "struct sock has no field sk_ack_backlog"


def test_a_missing_structure_is_named() -> None:
    btf, _ = make_btf()
    failure = failure_of(
        lambda: _bpf.resolve_offsets(btf.replace(b"\0udp_sock\0", b"\0udp_sick\0"))
    )
    assert (failure.step, failure.detail) == ("find field", "there is no struct udp_sock")


def test_a_kernel_whose_unix_sockets_are_a_module() -> None:
    """Their structure is not in its BTF: it is not known then what they have on the way."""
    btf, _ = make_btf()
    without = btf.replace(b"\0unix_sock\0", b"\0unix_sick\0")
    assert _bpf.resolve_offsets(without)["unix_sock.scm_stat.nr_fds"] is None


def test_a_kernel_without_the_iterator() -> None:
    btf, _ = make_btf()
    without = btf.replace(b"\0bpf_iter_task_file\0", b"\0bpf_iter_task_fill\0")
    failure = failure_of(lambda: _bpf.resolve_offsets(without))
    assert failure.code == errno.ENOENT
    assert failure.detail == "there is no function bpf_iter_task_file"


@pytest.mark.parametrize(
    "name",
    [
        "icsk_timeout",
        "icsk_keepalive_timer",
        "icsk_retransmit_timer",
        "cgroup\0",
        "scm_stat",
        "f_ref",
        "bpf_rdonly_cast",
    ],
)
def test_a_field_that_came_or_went_may_be_missing(name: str) -> None:
    btf, _ = make_btf()
    name = name.rstrip("\0")
    # The structure of that name stays: only the member's is changed, the first of the two.
    changed = btf.replace(f"\0{name}\0".encode(), f"\0{'Z' * len(name)}\0".encode(), 1)
    found = _bpf.resolve_offsets(changed)
    missing = {field for field, place in found.items() if place is None}
    assert missing and all(name in field for field in missing)
    assert len(_bpf.patch_instructions(changed)) % 8 == 0


@loads
def test_an_older_kernel_s_fields_load_as_well(vmlinux: bytes, tmp_path: Path) -> None:
    """No helper for cookies, no cgroup of a socket, no timers but sk_timer: as in Linux 5.11."""
    changed = vmlinux
    for name in (
        b"BPF_FUNC_check_mtu", b"icsk_retransmit_timer", b"sk_cgrp_data", b"f_ref",
        b"bpf_rdonly_cast",
    ):  # fmt: skip
        assert b"\0" + name + b"\0" in changed
        changed = changed.replace(b"\0" + name + b"\0", b"\0" + b"Z" * len(name) + b"\0")
    (tmp_path / "btf").write_bytes(changed)
    _bpf.Program(btf=tmp_path / "btf").close()


@loads
def test_a_function_that_may_not_be_called(vmlinux: bytes, tmp_path: Path) -> None:
    """Without the JIT compiler no function may be; here one of another name takes its place."""
    taken = b"\0bpf_link_settle\0"
    assert taken in vmlinux
    swapped = vmlinux.replace(b"\0bpf_rdonly_cast\0", b"\0bpf_rdonly_cazt\0")
    swapped = swapped.replace(taken, b"\0bpf_rdonly_cast\0")
    (tmp_path / "btf").write_bytes(swapped)
    assert _bpf.resolve_offsets(swapped)["bpf_rdonly_cast"] is not None
    _bpf.Program(btf=tmp_path / "btf").close()


def test_a_field_too_far_away() -> None:
    btf, _ = make_btf()
    # i_ino's member: the offset in bits stands behind its name and type.
    name = btf.index(b"\0i_ino\0") + 1 - string_section(btf)
    place = member_at(btf, name)
    far = btf[: place + 8] + struct.pack("<I", 0xFFFFFF) + btf[place + 12 :]
    failure = failure_of(lambda: _bpf.patch_instructions(far))
    assert (failure.step, failure.code) == ("find field", errno.ERANGE)
    assert failure.detail == "field i_ino of struct inode is too far from its start"


def string_section(btf: bytes) -> int:
    """Where the strings begin."""
    head = HEADER.unpack_from(btf)
    return int(head[3] + head[6])


def member_at(btf: bytes, name: int) -> int:
    """Where the member with a name begins."""
    return btf.index(struct.pack("<I", name), 24)


# --------------------------------------------------------------------------------- what is no BTF


def ends_well(btf: bytes) -> str:
    """Resolve and patch; returns the step that failed, or ""."""
    start = time.monotonic()
    step = ""
    try:
        _bpf.resolve_offsets(btf)
        _bpf.patch_instructions(btf)
    except BpfError as error:
        assert error.step in ("parse BTF", "find field")
        assert error.strerror.startswith(f"{error.step}: ") and error.detail
        step = error.step
    assert time.monotonic() - start < 5
    return step


def test_cut_anywhere() -> None:
    btf, _ = make_btf()
    for length in range(len(btf)):
        assert ends_well(btf[:length]) == "parse BTF", length


def test_cut_types() -> None:
    """The header tells of fewer types: a type may be cut, and fields are missing."""
    btf, _ = make_btf()
    head = list(HEADER.unpack_from(btf))
    for size in range(head[5]):
        cut = HEADER.pack(*head[:5], size, *head[6:]) + btf[HEADER.size :]
        assert ends_well(cut) in ("parse BTF", "find field"), size


def test_cut_strings() -> None:
    btf, _ = make_btf()
    head = list(HEADER.unpack_from(btf))
    for size in range(head[7]):
        cut = HEADER.pack(*head[:7], size) + btf[HEADER.size :]
        assert ends_well(cut) in ("parse BTF", "find field"), size


@has_vmlinux
def test_the_kernel_s_cut(vmlinux: bytes, tmp_path: Path) -> None:
    cut = tmp_path / "btf"
    for step in range(1, 40):
        cut.write_bytes(vmlinux[: len(vmlinux) * step // 40])
        failure = failure_of(lambda: _bpf.Program(btf=cut))
        assert (failure.step, failure.code) == ("parse BTF", errno.EBADMSG)
        assert failure.text.startswith("parse BTF: Bad message: ")


@pytest.mark.parametrize("position", range(8))
@pytest.mark.parametrize("value", [0, 1, 2, 3, 23, 25, 0xFF, 0xFFFF, 2**31, 2**32 - 4, 2**32 - 1])
def test_a_changed_header(position: int, value: int) -> None:
    btf, _ = make_btf()
    head = list(HEADER.unpack_from(btf))
    head[position] = value & (0xFFFF, 0xFF, 0xFF, *[0xFFFFFFFF] * 5)[position]
    step = ends_well(HEADER.pack(*head) + btf[HEADER.size :])
    if position not in (2, 4):  # flags mean nothing yet; an offset of 0 is what it was
        assert step or head == list(HEADER.unpack_from(btf)) or head[position] == 1


def test_every_byte_changed() -> None:
    btf, _ = make_btf()
    for at in range(len(btf)):
        for value in (0, 0xFF, btf[at] ^ 1, btf[at] ^ 0x80):
            ends_well(btf[:at] + bytes([value]) + btf[at + 1 :])


@settings(max_examples=400, deadline=None)
@given(strategies.data())
def test_bytes_changed_at_random(data: strategies.DataObject) -> None:
    btf = bytearray(make_btf()[0])
    for _ in range(data.draw(strategies.integers(1, 8))):
        at = data.draw(strategies.integers(0, len(btf) // 4 - 1)) * 4
        struct.pack_into("<I", btf, at, data.draw(strategies.integers(0, 2**32 - 1)))
    ends_well(bytes(btf))


@settings(max_examples=200, deadline=None)
@given(strategies.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert ends_well(data) == "parse BTF"


def btf_of(*types: bytes, names: tuple[str, ...]) -> bytes:
    """The made-up BTF, with types and names before its own that take their place."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in names)
    body = b"".join(types)
    return HEADER.pack(0xEB9F, 1, 0, 24, 0, len(body), len(body), len(strings)) + body + strings


def head(kind: int, of: int, members: int = 0, name: int = 0) -> bytes:
    return struct.pack("<III", name, kind << 24 | members, of)


NAMES = ("bpf_iter_task_file", "sock", "__sk_common", "skc_state")
FUNCTION = head(FUNC, 0, name=1)
SOCK, COMMON = 20, 25


@pytest.mark.parametrize(
    "types",
    [
        pytest.param([head(8, 2)], id="a typedef of itself"),
        pytest.param([head(8, 3), head(10, 2)], id="a typedef of its const"),
        pytest.param([head(3, 0) + struct.pack("<III", 2, 2, 9)], id="an array of itself"),
        pytest.param(
            [head(3, 0) + struct.pack("<III", 9, 9, 2**32 - 1)], id="of what is not there"
        ),
        pytest.param(
            [
                head(3, 0) + struct.pack("<III", 3, 3, 2**32 - 1),
                head(3, 0) + struct.pack("<III", 4, 4, 2**32 - 1),
                head(4, 2**32 - 1),
            ],
            id="an array of enormous arrays",
        ),
        pytest.param(
            [head(4, 8, 2) + struct.pack("<IIIIII", 0, 2, 0, 0, 2, 0)], id="a struct in itself"
        ),
        pytest.param(
            [head(4, 8, 60000) + struct.pack("<III", 0, 2, 0) * 60000],
            id="a struct in itself 60,000 times",
        ),
    ],
)
def test_circles_end(types: list[bytes]) -> None:
    # struct sock { type 2; type 2 __sk_common; }
    root = head(4, 8, 2, name=SOCK) + struct.pack("<IIIIII", 0, 2, 0, COMMON, 2, 0)
    assert ends_well(btf_of(FUNCTION, *types, root, names=NAMES))


def test_endless_patience_is_not_had() -> None:
    """Anonymous structures that lead in circles are told as such, not as a missing field."""
    circle = head(4, 8, 60000) + struct.pack("<III", 0, 2, 0) * 60000
    root = head(4, 8, 1, name=SOCK) + struct.pack("<III", 0, 2, 0)
    failure = failure_of(lambda: _bpf.resolve_offsets(btf_of(FUNCTION, circle, root, names=NAMES)))
    assert (failure.step, failure.code) == ("parse BTF", errno.EBADMSG)
    assert failure.detail == "the types lead in circles"


def test_a_kind_of_the_future() -> None:
    failure = failure_of(lambda: _bpf.resolve_offsets(btf_of(FUNCTION, head(25, 0), names=NAMES)))
    assert (failure.step, failure.code) == ("parse BTF", errno.EOPNOTSUPP)
    assert failure.detail == "type 2 is of the unknown kind 25"


# ----------------------------------------------------------------------------------- what refuses


def test_no_btf(tmp_path: Path) -> None:
    failure = failure_of(lambda: _bpf.Program(btf=tmp_path / "none"))
    assert (failure.step, failure.code) == ("open BTF", errno.ENOENT)
    assert failure.text == f"open BTF: No such file or directory: {tmp_path}/none"


def test_a_btf_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (tmp_path, tmp_path / "empty"):
        failure = failure_of(lambda path=path: _bpf.Program(btf=path))  # type: ignore[misc]
        assert (failure.step, failure.code, failure.detail) == (
            "open BTF",
            errno.ENODATA,
            str(path),
        )


@has_vmlinux
def test_without_capabilities() -> None:
    failure = in_child(lambda: failure_of(_bpf.Program), user=NOBODY)
    assert (failure.step, failure.code) == ("load program", errno.EPERM)
    assert failure.text == "load program: Operation not permitted"


@has_vmlinux
@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS])
def test_seccomp(code: int) -> None:
    def refused() -> Failure:
        refuse_bpf(code)
        return failure_of(_bpf.Program)

    failure = in_child(refused)
    assert (failure.step, failure.code, failure.detail) == ("load program", code, "")
    assert failure.text == f"load program: {os.strerror(code)}"


@loads
@pytest.mark.parametrize("code, alone", [(errno.E2BIG, True), (errno.EPERM, False)])
def test_no_link_for_one_process(code: int, alone: bool) -> None:
    """Linux before 6.1 answers E2BIG."""

    def refused() -> Failure:
        program = _bpf.Program()
        refuse_bpf(code, LINK_CREATE)
        return failure_of(lambda: _bpf.attach(program.fd, 1))

    failure = in_child(refused)
    assert (failure.step, failure.code) == ("attach link", code)
    assert (failure.detail, failure.no_task_filter) == ("process 1", alone)


@loads
def test_a_rejected_program_says_why(vmlinux: bytes, tmp_path: Path) -> None:
    """With another offset of socket.sk the verifier finds a number where a pointer should be."""
    strings = string_section(vmlinux)
    sk = struct.pack("<I", vmlinux.index(b"\0sk\0", strings) + 1 - strings)
    socket_name = struct.pack("<I", vmlinux.index(b"\0socket\0", strings) + 1 - strings)
    at = next(
        found.start()
        for found in re.finditer(re.escape(socket_name), vmlinux[:strings])
        if found.start() % 4 == 0 and vmlinux[found.start() + 7] & 31 == STRUCT
    )
    member = vmlinux.index(sk, at)
    changed = vmlinux[: member + 8] + bytes(4) + vmlinux[member + 12 :]
    (tmp_path / "btf").write_bytes(changed)
    failure = failure_of(lambda: _bpf.Program(btf=tmp_path / "btf"))
    assert (failure.step, failure.code) == ("load program", errno.EACCES)
    assert failure.text == f"load program: Permission denied: {failure.detail}"
    assert "processed" not in failure.detail and re.search(r"R\d|access", failure.detail)


@loads
def test_wrong_descriptors() -> None:
    with open("/dev/null") as file:
        failure = failure_of(lambda: _bpf.attach(file.fileno()))
        assert (failure.step, failure.code) == ("attach link", errno.EINVAL)
        failure = failure_of(lambda: _bpf.iterate(file.fileno()))
        assert (failure.step, failure.code) == ("make iterator", errno.EINVAL)
        failure = failure_of(lambda: _bpf.pin(file.fileno(), "/sys/fs/bpf/none"))
        assert failure.step == "pin"
    assert failure_of(lambda: _bpf.attach(-1)).code == errno.EBADF


def test_no_pin(tmp_path: Path) -> None:
    failure = failure_of(lambda: _bpf.open_pin(tmp_path / "none"))
    assert failure.step == "open pin" and failure.detail == f"{tmp_path}/none"
    assert failure.code in (errno.ENOENT, errno.EPERM)  # the latter without capabilities


# ------------------------------------------------------------------------------------- what works


@loads
def test_descriptors_are_closed_on_exec() -> None:
    program = _bpf.Program()
    link = _bpf.attach(program.fd, os.getpid())
    iterator = _bpf.iterate(link)
    assert not any(os.get_inheritable(fd) for fd in (program.fd, link, iterator))
    os.close(iterator)
    os.close(link)
    program.close()
    assert program.fd == -1
    program.close()


@loads
def test_a_btf_that_is_read_is_as_good(vmlinux: bytes, tmp_path: Path) -> None:
    (tmp_path / "btf").write_bytes(vmlinux)
    _bpf.Program(btf=tmp_path / "btf").close()


@loads
def test_a_process_that_is_not_there() -> None:
    program = _bpf.Program()
    link = _bpf.attach(program.fd, 2**22 + 1)  # more than any kernel gives
    iterator = _bpf.iterate(link)
    assert os.read(iterator, 4096) == b""
    for fd in (iterator, link):
        os.close(fd)
    program.close()


@loads
def test_a_hundred_programs_leave_nothing() -> None:
    for _ in range(100):
        program = _bpf.Program()
        link = _bpf.attach(program.fd)
        os.close(_bpf.iterate(link))
        os.close(link)
        del program


def mount_bpf(path: Path) -> None:
    for arguments in ((b"none", b"/", None, MS_REC_PRIVATE), (b"bpf", bytes(path), b"bpf", 0)):
        source, target, kind, flags = arguments
        if libc.mount(source, target, kind, ctypes.c_ulong(flags), None):
            pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")


@loads
def test_pins(tmp_path: Path) -> None:
    """A pinned program makes links; a pinned link, opened as a file, is an iterator."""

    def pinned() -> tuple[int, int, int, int, str]:
        if libc.unshare(CLONE_NEWNS):
            pytest.skip(f"unshare: {os.strerror(ctypes.get_errno())}")
        mount_bpf(tmp_path)
        listener = socket.create_server(("127.0.0.1", 0))
        program = _bpf.Program()
        link = _bpf.attach(program.fd, os.getpid())
        _bpf.pin(program.fd, tmp_path / "program")
        _bpf.pin(link, tmp_path / "link")
        again = _bpf.attach(_bpf.open_pin(tmp_path / "program"), os.getpid())
        by_program = os.read(_bpf.iterate(again), 1 << 20)
        by_link = os.read(_bpf.iterate(_bpf.open_pin(tmp_path / "link")), 1 << 20)
        with open(tmp_path / "link", "rb") as file:
            by_file = file.read()
        inode = struct.pack("Q", os.fstat(listener.fileno()).st_ino)
        found = [inode in records for records in (by_program, by_link, by_file)]
        assert found == [True] * 3
        twice = failure_of(lambda: _bpf.pin(link, tmp_path / "link"))
        dotted = failure_of(lambda: _bpf.pin(link, tmp_path / "a.b"))
        mode = os.stat(tmp_path / "link").st_mode & 0o777
        return twice.code, dotted.code, mode, len(by_file) % _bpf.RECORD_BYTES, twice.step

    assert in_child(pinned) == (errno.EEXIST, errno.EPERM, 0o600, 0, "pin")
