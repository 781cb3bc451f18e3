"""sockets.gen.h is what its sources give, and is loaded as libbpf would load it."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel_types import BPF, CLANG, FUNC, VMLINUX, read_fields, why_not_compiled

HEADER = (BPF / "sockets.gen.h").read_text()


def test_the_header_is_of_these_sources() -> None:
    """Without clang this is all that can be told: whether anybody ran generate.py."""
    for name in ("sockets.bpf.c", "record.h"):
        digest = hashlib.sha256((BPF / name).read_bytes()).hexdigest()
        assert f" * {digest}  {name}\n" in HEADER, f"{name} has changed: run generate.py"


def test_the_header_names_no_place_and_no_time() -> None:
    assert CLANG.replace("-", " ") in HEADER.partition("\n")[0]
    assert not re.search(r"/(tmp|home|root|usr|build)/|20[0-9]{2}-", HEADER)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, elsewhere, where clang and libbpf's headers are."""
    if missing := why_not_compiled():
        pytest.skip(missing)
    copy = tmp_path_factory.mktemp("elsewhere") / "bpf"
    shutil.copytree(BPF, copy)
    return copy


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, folder / "generate.py", *arguments], capture_output=True, text=True
    )


def test_the_header_is_what_clang_makes(compiled: Path) -> None:
    done = generate(compiled, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (compiled / "sockets.gen.h").unlink()
    assert generate(compiled).returncode == 0
    assert (compiled / "sockets.gen.h").read_text() == HEADER


def test_a_header_that_differs_is_told(compiled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bpf"
    shutil.copytree(compiled, copy)
    source = copy / "sockets.bpf.c"
    source.write_text(source.read_text().replace("record.fd = ctx->fd;", "record.fd = -1;"))
    before = (copy / "sockets.gen.h").read_text()
    done = generate(copy, "--check")
    assert done.returncode == 1
    assert done.stdout.startswith("--- is\n+++ should be\n")
    assert done.stdout.endswith("sockets.gen.h is not what sockets.bpf.c gives: run generate.py\n")
    assert (copy / "sockets.gen.h").read_text() == before


def test_another_compiler_is_refused(compiled: Path, tmp_path: Path) -> None:
    other = tmp_path / "clang-99"
    other.write_text("#!/bin/sh\necho some clang version 99.0.1\n")
    other.chmod(0o755)
    done = generate(compiled, "--clang", str(other))
    assert done.returncode == 1
    assert (
        done.stderr == f"generate.py: {other} is not clang {CLANG[6:]}: some clang version 99.0.1\n"
    )
    done = generate(compiled, "--clang", str(tmp_path / "none"))
    assert done.returncode == 1 and "No such file" in done.stderr


# ----------------------------------------------------------------------------------------- libbpf


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """libbpf prints what it does to the descriptor 2."""
    kept = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def load_with_libbpf(path: Path) -> list[int]:
    """Return the instructions that libbpf loads into the running kernel."""
    name = ctypes.util.find_library("bpf")
    if not name:
        pytest.skip("no libbpf")
    libbpf = ctypes.CDLL(name, use_errno=True)
    pointer = ctypes.c_void_p
    libbpf.bpf_object__open_file.restype = pointer
    libbpf.bpf_object__next_program.restype = pointer
    libbpf.bpf_program__insns.restype = ctypes.POINTER(ctypes.c_uint64)
    libbpf.bpf_program__insn_cnt.restype = ctypes.c_size_t
    with quiet_stderr():
        loaded = pointer(libbpf.bpf_object__open_file(os.fsencode(path), None))
        assert loaded.value
        try:
            if error := libbpf.bpf_object__load(loaded):
                pytest.skip(f"libbpf cannot load here: {os.strerror(-error)}")
            program = pointer(libbpf.bpf_object__next_program(loaded, None))
            count = libbpf.bpf_program__insn_cnt(program)
            return list(libbpf.bpf_program__insns(program)[:count])
        finally:
            libbpf.bpf_object__close(loaded)


POISON = 0x85 | 195896080 << 32  # a call that no kernel knows: the field is missing


def test_the_offsets_are_libbpf_s(compiled: Path, tmp_path: Path) -> None:
    _bpf = pytest.importorskip("fastsock.engines._bpf", reason="a build without extensions")
    if not VMLINUX.exists():
        pytest.skip(f"no {VMLINUX}")
    flags = re.findall(r'FLAGS = "([^"]+)"', (compiled / "generate.py").read_text())[0].split()
    made = tmp_path / "sockets.bpf.o"
    command = [CLANG, *flags, "-c", "sockets.bpf.c", "-o", made]
    subprocess.run(command, cwd=compiled, check=True)
    theirs = load_with_libbpf(made)
    patched = _bpf.patch_instructions(VMLINUX.read_bytes())
    ours = list(struct.unpack(f"={len(patched) // 8}Q", patched))
    assert len(ours) == len(theirs)
    # A constant is for libbpf the id of a type; whether there is a function, its address.
    constants = {int(n) for n in re.findall(r"\{FASTSOCK_CONSTANT, .*?, (\d+)\}", HEADER)}
    _, *fields = read_fields()
    functions = {
        int(at)
        for field, at in re.findall(r"\{FASTSOCK_EXISTS, (\d+), (\d+)\}", HEADER)
        if fields[int(field)].kind == FUNC
    }
    assert constants and functions
    differing = [
        f"{i}: {our:#018x}, {their:#018x}"
        for i, (our, their) in enumerate(zip(ours, theirs, strict=True))
        if our != their and i not in constants | functions and their != POISON
    ]
    assert differing == []
    relocated = set(re.findall(r"\{FASTSOCK_FIELD_OFFSET, \d+, (\d+)\}", HEADER))
    assert sum(their == POISON for their in theirs) < len(relocated) // 4
