"""What the BPF program asks a kernel for: a made-up BTF with all of it, and what compiles it."""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path
from typing import NamedTuple

BPF = Path(__file__).resolve().parents[1] / "src" / "fastsock" / "engines" / "bpf"
VMLINUX = Path("/sys/kernel/btf/vmlinux")
CLANG = f"clang-{re.findall('CLANG_MAJOR = ([0-9]+)', (BPF / 'generate.py').read_text())[0]}"
INT, ARRAY, STRUCT, UNION, ENUM, FUNC, CONST = 1, 3, 4, 5, 6, 12, 10
BIT_FIELD = "skc_ipv6only"


def why_not_compiled() -> str:
    """Return what generate.py lacks here; "" where it can run."""
    if not shutil.which(CLANG):
        return f"no {CLANG}"
    if not Path("/usr/include/bpf/bpf_helpers.h").exists():
        return "no headers of libbpf"
    return ""


class Field(NamedTuple):
    kind: int
    root: str
    path: str


def read_fields() -> list[Field]:
    """What sockets.gen.h asks for; the first is the function that it is attached to."""
    text = (BPF / "sockets.gen.h").read_text()
    roots = re.findall(r'^\t\{(\d+), "(\w+)"\},', text, re.MULTILINE)
    found = re.findall(r'^\t\{(\d+), "([^"]*)", -?\d+\},', text, re.MULTILINE)
    fields = [Field(int(roots[int(n)][0]), roots[int(n)][1], path) for n, path in found]
    return [Field(int(roots[0][0]), roots[0][1], ""), *fields]


class Builder:
    """Types and strings, as they are added; `offsets` are those of the fields, in bytes."""

    def __init__(self) -> None:
        self.types = b""
        self.count = 0
        self.strings = b"\0"

    def name(self, text: str) -> int:
        if not text:
            return 0
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def add(
        self, kind: int, name: str, of: int, body: bytes = b"", members: int = 0, told: bool = False
    ) -> int:
        info = told << 31 | kind << 24 | members
        self.types += struct.pack("<III", self.name(name), info, of) + body
        self.count += 1
        return self.count

    def pack(self) -> bytes:
        sizes = (0, len(self.types), len(self.types), len(self.strings))
        return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, *sizes) + self.types + self.strings


def make_btf() -> tuple[bytes, dict[str, int]]:
    """Return a BTF with all fields, and where each is: bytes from the start of its structure.

    All members of a named structure stand in an anonymous one inside of it, which is const.
    """
    made = Builder()
    word = made.add(INT, "u32", 4, struct.pack("<I", 32))
    offsets: dict[str, int] = {}

    def build(name: str, prefix: str, paths: list[str], base: int) -> tuple[int, int]:
        """Add a type for what begins at `base`; returns it and its size."""
        for path in paths:
            if path == "":
                offsets[prefix] = base
        heads = list(dict.fromkeys(re.findall(r"^(\[\d+\]|\w+)", "\n".join(paths), re.MULTILINE)))
        if not heads:
            return (made.add(STRUCT, name, 4) if name else word), 4
        if heads[0].startswith("["):
            for head in heads:
                offsets[prefix + head] = base + 4 * int(head[1:-1])
            body = struct.pack("<III", word, word, 4)
            return made.add(ARRAY, "", 0, body), 16
        size = 4 + 4 * bool(name)  # what comes before the fields
        body = b""
        for head in heads:
            below = [path[len(head) :] for path in paths if re.match(rf"{head}(\W|$)", path)]
            dot = [path.removeprefix(".") for path in below]
            inner, length = build("", f"{prefix}.{head}", dot, base + size)
            bits = 1 << 24 if head == BIT_FIELD else 0
            at = size - 4 * bool(name)
            body += struct.pack("<III", made.name(head), inner, bits | at * 8)
            size += length
        number = made.add(STRUCT, "", size, body, len(heads), told=True)
        if name:
            outer = struct.pack("<III", 0, made.add(CONST, "", number), 4 * 8)
            number = made.add(STRUCT, name, size, outer, 1, told=True)
        return number, size

    fields = read_fields()
    for kind, root in dict.fromkeys(field[:2] for field in fields):
        paths = [field.path for field in fields if field[:2] == (kind, root)]
        if kind == FUNC:
            made.add(FUNC, root, 0)
        elif kind == ENUM:
            body = b"".join(struct.pack("<II", made.name(path), 1) for path in paths)
            made.add(ENUM, root, 4, body, len(paths))
        else:
            build(root, root, paths, 0)
    return made.pack(), offsets
