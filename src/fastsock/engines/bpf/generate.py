#!/usr/bin/env python3
"""Make sockets.gen.h of sockets.bpf.c: generate.py [--clang CLANG] [--check]

For development; neither a build nor the installed package needs it, clang or libbpf's headers.

clang's object file is ELF with the instructions, their types (.BTF) and the places where a field
of the kernel is meant (.BTF.ext, "CO-RE relocations"). The header has the same as C tables:

    {FASTSOCK_FIELD_OFFSET, 2, 23},          field 2's offset goes into instruction 23
    0x0000000000007079, /*  23  offset of socket.sk */

The output depends on the sources, on clang's major version (CLANG_MAJOR) and on nothing else: it
names no path and no date. It tells the sources' SHA-256, so that a header which was left behind is
found without clang as well.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "sockets.bpf.c"
HEADER = HERE / "sockets.gen.h"
SOURCES = (SOURCE, HERE / "record.h")
CLANG_MAJOR = 14
FLAGS = "-target bpf -mcpu=v2 -O2 -g -Wall -Wextra -Werror".split()  # -g: it is what makes BTF

# ELF (elf.h): of sections, and of symbols.
NO_BITS, FUNCTION = 8, 2
# BTF kinds (Documentation/bpf/btf.rst).
ARRAY, STRUCT, UNION, ENUM, KERNEL_FUNCTION = 3, 4, 5, 6, 12
MODIFIERS = {8, 9, 10, 11, 18}  # typedef, volatile, const, restrict, type tag
# enum bpf_core_relo_kind, those that are known here: name in loader.h and in words.
TYPE_ID_LOCAL, ENUM_VALUE_EXISTS, FIELD_EXISTS = 6, 10, 2
CALL = -1  # of the kernel's function: none of CO-RE
RELOCATIONS = {
    0: ("FASTSOCK_FIELD_OFFSET", "offset of"),
    1: ("FASTSOCK_FIELD_SIZE", "size of"),
    FIELD_EXISTS: ("FASTSOCK_EXISTS", "is there"),
    3: ("FASTSOCK_FIELD_SIGNED", "is signed:"),
    4: ("FASTSOCK_LEFT_SHIFT", "bits above"),
    5: ("FASTSOCK_RIGHT_SHIFT", "bits above and below"),
    TYPE_ID_LOCAL: ("FASTSOCK_CONSTANT", "constant"),
    7: ("FASTSOCK_TYPE_ID", "number of struct"),
    9: ("FASTSOCK_TYPE_SIZE", "size of struct"),
    ENUM_VALUE_EXISTS: ("FASTSOCK_EXISTS", "is there"),
    CALL: ("FASTSOCK_CALL", "call"),
}
# Of an undefined symbol, by ELF's number (Documentation/bpf/llvm_reloc.rst): its address is asked
# for, which a weak one may not have; and a call.
OF_SYMBOLS = {1: FIELD_EXISTS, 10: CALL}
CONSTANT = "fastsock_constant_"  # and the name of a member of struct fastsock_constants


def text_at(strings: bytes, offset: int) -> str:
    return strings[offset : strings.index(b"\0", offset)].decode()


class Section:
    def __init__(self, index: int, link: int, data: bytes) -> None:
        self.index = index
        self.link = link
        self.data = data


def parse_elf(data: bytes) -> dict[str, Section]:
    """Return the sections of a 64-bit little-endian object by name."""
    assert data[:6] == b"\x7fELF\x02\x01", "not a 64-bit little-endian object"
    (table,) = struct.unpack_from("<Q", data, 40)
    count, names = struct.unpack_from("<HH", data, 60)
    heads = [struct.unpack_from("<IIQQQQIIQQ", data, table + 64 * i) for i in range(count)]
    strings = data[heads[names][4] :]
    return {
        text_at(strings, head[0]): Section(
            index, head[6], b"" if head[1] == NO_BITS else data[head[4] : head[4] + head[5]]
        )
        for index, head in enumerate(heads)
    }


class Type:
    """One type of BTF; `members` are (name, type) of a struct, (name, value) of an enumeration."""

    def __init__(self, kind: int, name: str, of: int, members: list[tuple[str, int]]) -> None:
        self.kind = kind
        self.name = name
        self.of = of  # the type that a modifier or an array is of
        self.members = members


def parse_btf(data: bytes) -> tuple[list[Type], bytes]:
    """Return the types, by id, and the strings."""
    _, _, _, head, types_at, types_size, at, size = struct.unpack_from("<HBBIIIII", data)
    strings = data[head + at : head + at + size]
    types = [Type(0, "void", 0, [])]
    at = head + types_at
    end = at + types_size
    while at < end:
        name, info, of = struct.unpack_from("<III", data, at)
        kind, count = info >> 24 & 31, info & 0xFFFF
        at += 12
        members: list[tuple[str, int]] = []
        if kind in (STRUCT, UNION, ENUM):
            step = 8 if kind == ENUM else 12
            for i in range(count):
                member, value = struct.unpack_from("<II", data, at + step * i)
                members.append((text_at(strings, member), value))
            at += step * count
        elif kind == ARRAY:
            (of,) = struct.unpack_from("<I", data, at)
            at += 12
        elif kind in (1, 14, 17):  # integer, variable, declaration tag
            at += 4
        elif kind in (13, 15, 19):  # function prototype, section, 64-bit enumeration
            at += {13: 8, 15: 12, 19: 12}[kind] * count
        types.append(Type(kind, text_at(strings, name), of, members))
    return types, strings


def resolve_modifiers(types: list[Type], number: int) -> Type:
    while types[number].kind in MODIFIERS:
        number = types[number].of
    return types[number]


def field_path(types: list[Type], root: Type, access: str) -> str:
    """Return what the numbers of an access string say: `0:1:0:2` is `in6_u.u6_addr32[2]`."""
    first, *steps = map(int, access.split(":"))
    assert first == 0, "an array of structs"
    path, of = "", root
    if root.kind == ENUM:
        return root.members[first][0]
    for step in steps:
        if of.kind == ARRAY:
            path += f"[{step}]"
            of = resolve_modifiers(types, of.of)
        else:
            name, number = of.members[step]
            path += f".{name}" if path and name else name
            of = resolve_modifiers(types, number)
    return path


class Relocation:
    """What goes into one instruction: of a field (root and path) or a constant (path)."""

    def __init__(self, instruction: int, kind: int, root: Type, path: str) -> None:
        self.instruction = instruction
        self.kind = kind
        self.root = root
        self.path = path

    @property
    def field(self) -> tuple[int, str, str]:
        return self.root.kind, self.root.name, self.path

    @property
    def words(self) -> str:
        names = [] if self.kind == TYPE_ID_LOCAL else [self.root.name]
        return f"{RELOCATIONS[self.kind][1]} {'.'.join(filter(None, [*names, self.path]))}"


def parse_relocations(extension: bytes, types: list[Type], strings: bytes) -> list[Relocation]:
    """Return those of the only program section."""
    (head,) = struct.unpack_from("<I", extension, 4)
    at, size = struct.unpack_from("<II", extension, 24)
    at += head
    record_size, _, count = struct.unpack_from("<III", extension, at)
    assert record_size == 16 and size == 12 + 16 * count, "more than one program section"
    found = []
    for i in range(count):
        place, number, access, kind = struct.unpack_from("<IIII", extension, at + 12 + 16 * i)
        assert kind in RELOCATIONS, f"relocation kind {kind} is unknown to loader.c"
        root = resolve_modifiers(types, number)
        if kind == TYPE_ID_LOCAL:
            assert root.name.startswith(CONSTANT), f"the id of struct {root.name} is asked for"
            path = root.name.removeprefix(CONSTANT)
        elif kind == ENUM_VALUE_EXISTS:
            path = root.members[int(text_at(strings, access))][0]
        else:
            path = field_path(types, root, text_at(strings, access))
        found.append(Relocation(place // 8, kind, root, path))
    return found


class Symbol:
    """One name of the object; where it lies, section 0 if not here."""

    def __init__(self, name: str, information: int, section: int, start: int, size: int) -> None:
        self.name = name
        self.is_function = information & 15 == FUNCTION
        self.section = section
        self.start = start
        self.size = size


def parse_symbols(sections: dict[str, Section]) -> list[Symbol]:
    names = sections[".strtab"].data
    return [
        Symbol(text_at(names, name), information, section, start, size)
        for name, information, _, section, start, size in struct.iter_unpack(
            "<IBBHQQ", sections[".symtab"].data
        )
    ]


def parse_uses(relocations: bytes, symbols: list[Symbol]) -> list[Relocation]:
    """Return where the kernel's functions are meant."""
    found = []
    for place, info in struct.iter_unpack("<QQ", relocations):
        symbol = symbols[info >> 32]
        assert not symbol.section, f"{symbol.name}: a map, or data"
        function = Type(KERNEL_FUNCTION, symbol.name, 0, [])
        found.append(Relocation(place // 8, OF_SYMBOLS[info & 0xFFFFFFFF], function, ""))
    return found


def render_header(data: bytes) -> str:
    sections = parse_elf(data)
    types, strings = parse_btf(sections[".BTF"].data)
    symbols = parse_symbols(sections)
    (main,) = (symbol for symbol in symbols if symbol.is_function)
    program = main.name
    section = next(name for name, section in sections.items() if section.index == main.section)
    assert section.startswith("iter/")
    code = sections[section].data[main.start : main.start + main.size]
    instructions = struct.unpack(f"<{len(code) // 8}Q", code)
    relocations = sorted(
        parse_relocations(sections[".BTF.ext"].data, types, strings)
        + parse_uses(sections[f".rel{section}"].data, symbols),
        key=lambda relocation: relocation.instruction,
    )

    target = (KERNEL_FUNCTION, f"bpf_iter_{section.removeprefix('iter/')}")
    roots = [target]
    fields: list[tuple[int, str, str]] = []
    for relocation in relocations:
        if relocation.kind == TYPE_ID_LOCAL:
            continue
        if relocation.field[:2] not in roots:
            roots.append(relocation.field[:2])
        if relocation.field not in fields:
            fields.append(relocation.field)
    guards = [r.field for r in relocations if r.kind in (FIELD_EXISTS, ENUM_VALUE_EXISTS)]

    def guard(field: tuple[int, str, str]) -> int:
        """The field whose absence explains this one's: itself, or one that it is inside of."""
        for other in guards:
            if field[:2] == other[:2] and re.match(rf"{re.escape(other[2])}(?![^.[])", field[2]):
                return fields.index(other)
        return -1

    counts = {
        "roots": len(roots),
        "fields": len(fields),
        "relocations": len(relocations),
        "instructions": len(instructions),
    }
    digests = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in SOURCES]
    lines = [
        f"/* Made by generate.py with clang {CLANG_MAJOR}; not to be edited. The sources' SHA-256:",
        *(f" * {digest}" for digest in digests),
        " */",
        f"static const struct fastsock_root {program}_roots[] = {{",
        *(f'\t{{{kind}, "{name}"}}, /* {i} */' for i, (kind, name) in enumerate(roots)),
        "};",
        "",
        "/* root, path, and the field whose absence excuses this one's */",
        f"static const struct fastsock_field {program}_fields[] = {{",
        *(
            f'\t{{{roots.index((kind, name))}, "{path}", {guard((kind, name, path))}}}, /* {i} */'
            for i, (kind, name, path) in enumerate(fields)
        ),
        "};",
        "",
        "/* kind, field or constant, instruction */",
        f"static const struct fastsock_relocation {program}_relocations[] = {{",
    ]
    for relocation in relocations:
        kind, _ = RELOCATIONS[relocation.kind]
        if relocation.kind == TYPE_ID_LOCAL:
            what = f"FASTSOCK_CONSTANT_INDEX({relocation.path})"
        else:
            what = str(fields.index(relocation.field))
        lines.append(f"\t{{{kind}, {what}, {relocation.instruction}}},")
    words = {relocation.instruction: f"  {relocation.words}" for relocation in relocations}
    lines += [
        "};",
        "",
        f"static const uint64_t {program}_instructions[] = {{",
        *(
            f"\t0x{value:016x}, /* {i:3}{words.get(i, '')} */"
            for i, value in enumerate(instructions)
        ),
        "};",
        "",
        f"const struct fastsock_program {program} = {{",
        f'\t.name = "{program}",',
        *(f"\t.{part} = {program}_{part}," for part in counts),
        *(f"\t.{part.removesuffix('s')}_count = {count}," for part, count in counts.items()),
        "};",
        *(
            f"_Static_assert({count} <= FASTSOCK_MAX_{part.upper()}, "
            f'"{count} are more {part} than loader.c has room for");'
            for part, count in counts.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def compile_object(clang: str) -> bytes:
    """Compile the source. Raises SystemExit with the reason."""
    try:
        version = subprocess.run([clang, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"generate.py: {error}") from None
    found = re.search(r"clang version (\d+)", version.stdout)
    if not found or int(found[1]) != CLANG_MAJOR:
        said = version.stdout.partition("\n")[0]
        raise SystemExit(f"generate.py: {clang} is not clang {CLANG_MAJOR}: {said}")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "sockets.bpf.o"
        command = [clang, *FLAGS, "-c", SOURCE.name, "-o", str(output)]
        if code := subprocess.run(command, cwd=HERE).returncode:
            raise SystemExit(f"generate.py: {clang} failed with exit code {code}")
        return output.read_bytes()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="generate.py", description="make sockets.gen.h")
    parser.add_argument("--clang", default=f"clang-{CLANG_MAJOR}", help="the compiler: %(default)s")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 if it differs")
    options = parser.parse_args(arguments)
    new = render_header(compile_object(options.clang))
    if not options.check:
        HEADER.write_text(new)
        return 0
    old = HEADER.read_text() if HEADER.exists() else ""
    if old == new:
        return 0
    changed = [
        *difflib.unified_diff(
            old.splitlines(), new.splitlines(), "is", "should be", n=0, lineterm=""
        )
    ]
    more = len(changed) - 20
    print(*changed[:20], *[f"... {more} lines more"] * (more > 0), sep="\n")
    print(f"{HEADER.name} is not what {SOURCE.name} gives: run generate.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
