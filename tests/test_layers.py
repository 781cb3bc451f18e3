"""Who may import whom: the layers of the package, held against its sources.

Data goes down one way, kernel → engine → table → render, and imports go only the other way. LAYERS
is the rule. A better layout changes it in the same commit, with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "fastsock"


class Layer(NamedTuple):
    level: int
    modules: set[str]  # with what lies below them; these may import each other
    below: int  # and they may import every level less than this


# Rows of one level may not import each other. Names are without the underscore of a compiled
# module and without the _py of its plain twin: they belong where their door belongs.
LAYERS = [
    Layer(0, {"tcp"}, 0),
    Layer(0, {"errors"}, 0),
    # What a cgroup's path means is asked from filters up; it knows nothing but paths.
    Layer(0, {"cgroups"}, 0),
    Layer(0, {"patience"}, 0),
    Layer(0, {"columns", "row", "hash", "slots", "pages", "text"}, 0),
    Layer(0, {"ranges", "interval"}, 0),
    # Two grammars, what names mean on this host, and what an expression implies as a Filter.
    Layer(
        1,
        {"filter", "expression", "expression_own", "expression_ss", "lookups", "narrow"},
        1,
    ),
    Layer(1, {"attributes"}, 1),
    # What --check and wait ask of a number; it knows nothing but numbers.
    Layer(1, {"bounds"}, 1),
    Layer(
        2,
        {
            "table",
            "implementation",
            "group",
            "match",
            "evaluate",
            "evaluation",
            "seen",
            "arrow",
            "tuples",
        },
        2,
    ),
    # What ss says behind a socket, for the layout; its words are explained in compat.ss_extras.
    Layer(2, {"decimal", "ss_text"}, 2),
    # What /proc/PID says of one process; whose files, whose name.
    Layer(3, {"processes", "files", "users"}, 1),
    Layer(3, {"names"}, 1),
    Layer(4, {"engines"}, 4),
    # The public verbs: about sockets, about what listens, about one process, about who talks with
    # whom, about when something will be so.
    Layer(5, {"conductor", "services", "portrait", "folding", "waiting"}, 5),
    Layer(6, {"diagnose"}, 6),
    Layer(6, {"render"}, 6),
    Layer(6, {"layout"}, 6),
    # The form of every face's answer; the command writes it.
    Layer(6, {"compat.reply"}, 0),
    Layer(7, {"compat"}, 0),
    # Tables of /proc/net that several faces show and no engine reads.
    Layer(6, {"compat.proc_tables"}, 6),
    Layer(7, {"compat.psutil"}, 7),
    Layer(
        7,
        {
            "compat.ss",
            *("compat.ss_attributes", "compat.ss_extras", "compat.ss_flags"),
            *("compat.ss_diag", "compat.ss_others", "compat.ss_summary", "compat.ss_threads"),
        },
        7,
    ),
    # One face in several files, each with its purpose; only the first knows all of them.
    Layer(
        7,
        {
            "compat.lsof",
            "compat.lsof_flags",
            "compat.lsof_help",
            "compat.lsof_inet",
            "compat.lsof_names",
            "compat.lsof_open",
            "compat.lsof_processes",
            "compat.lsof_rows",
            "compat.lsof_select",
            "compat.lsof_sockets",
            "compat.lsof_targets",
            "compat.lsof_text",
        },
        7,
    ),
    Layer(7, {"compat.netstat", "compat.netstat_flags"}, 7),
    # A face, too: over HTTP, for Prometheus.
    Layer(7, {"exporter"}, 7),
    # The live view knows verbs, diagnoses and how they are shown; the command starts it.
    Layer(7, {"top"}, 7),
    Layer(8, {"cli", "__main__"}, 8),
]

# What `from fastsock import count` touches: the public names are the conductor's or below.
PUBLIC = "conductor"

# Only the engines and the conductor know which engine they hold.
ENGINE_NAMES = {"reference", "procfs", "netlink", "bpf"}
KNOW_THEIR_ENGINE = {"engines", "conductor"}

# They would be a good part of the command's start; annotations need them for type checkers only.
SLOW_TO_LOAD = {"typing", "dataclasses"}

VAGUE_NAMES = {"utils", "util", "common", "helpers", "core", "manager", "base", "misc"}


def module_name(path: Path) -> str:
    """The name below fastsock; the package itself is the empty name."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PYTHON_FILES = sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.pyi")])
RUN_TIME_FILES = [path for path in PYTHON_FILES if path.suffix == ".py"]
CYTHON_FILES = sorted([*SOURCE.rglob("*.pyx"), *SOURCE.rglob("*.pxd")])
MODULES = {module_name(path) for path in [*PYTHON_FILES, *CYTHON_FILES]}


def file_id(path: Path) -> str:
    return str(path.relative_to(SOURCE))


every_file = pytest.mark.parametrize("path", [*PYTHON_FILES, *CYTHON_FILES], ids=file_id)
every_cython_file = pytest.mark.parametrize("path", CYTHON_FILES, ids=file_id)


def layer_of(module: str) -> Layer:
    """The row of LAYERS with the longest name that covers `module`."""
    head, dot, rest = module.partition(".")
    door = (head if head.startswith("__") else head.strip("_").removesuffix("_py")) + dot + rest
    covering = {
        name: layer
        for layer in LAYERS
        for name in layer.modules
        if door == name or door.startswith(f"{name}.")
    }
    if not covering:
        raise LookupError(f"fastsock.{module} has no layer: give it one in LAYERS")
    return covering[max(covering, key=len)]


def imported(path: Path, dots: int, name: str, members: list[str]) -> Iterator[str]:
    """The modules below fastsock that `from ..name import members` touches, in the file `path`."""
    if dots:
        package = path.parents[dots - 1].relative_to(SOURCE).parts
        full = ".".join(["fastsock", *package, *filter(None, [name])])
    else:
        full = name
    if full.partition(".")[0] != "fastsock":
        return
    below = full.removeprefix("fastsock").lstrip(".")
    for member in members or [""]:
        inner = f"{below}.{member}".strip(".")
        if inner and inner in MODULES:
            yield inner
        elif below:
            yield below
        elif member != "__version__":
            yield PUBLIC


def python_imports(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Every import, also those for type checkers only and those written as strings."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                for module in imported(path, 0, alias.name, []):
                    yield node.lineno, module
        elif isinstance(node, ast.ImportFrom):
            members = [alias.name for alias in node.names]
            for module in imported(path, node.level, node.module or "", members):
                yield node.lineno, module
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # import_module("fastsock.table"), and tables of such names
            name = re.fullmatch(r"(?:fastsock)?\.([a-z_.]+)", node.value)
            if name and name[1] in MODULES:
                yield node.lineno, name[1]


def cython_imports(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name as written and module below fastsock ("" for others) of every (c)import."""
    statement = r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+)?c?import[ \t]+(\([^)]*\)|[^\n#;]*)"
    for found in re.finditer(statement, text, re.MULTILINE):
        line = text.count("\n", 0, found.start()) + 1
        dots, name, listed = found.groups()
        members = [part.split()[0] for part in listed.strip("()").split(",") if part.strip()]
        if name is None:
            for member in members:
                yield line, member, next(imported(path, 0, member, []), "")
        else:
            for member in members:
                yield line, name, next(imported(path, len(dots), name, [member]), "")


@every_file
def test_imports_go_down(path: Path) -> None:
    module = module_name(path)
    text = path.read_text()
    if path in CYTHON_FILES:
        imports = [(line, to) for line, _, to in cython_imports(path, text) if to]
    else:
        imports = list(python_imports(path, text))
    if module == "":
        # The package names everything public lazily, whatever its level, but never what prints.
        # "diagnose" and what lies below it are public, too.
        wrong = [
            (line, to)
            for line, to in imports
            if layer_of(to).level > 5 and to.partition(".")[0] != "diagnose"
        ]
    else:
        own = layer_of(module)
        wrong = [
            (line, to)
            for line, to in imports
            if (there := layer_of(to)) is not own and there.level >= own.below
        ]
    assert wrong == []


def bare_names(path: Path) -> set[str]:
    return {part.strip("_") for part in path.relative_to(SOURCE).with_suffix("").parts}


@every_file
def test_a_file_is_named_for_its_reason(path: Path) -> None:
    assert not bare_names(path) & VAGUE_NAMES


class RunTimeImports(ast.NodeVisitor):
    """Collect what a module imports when it runs: not what stands under `if TYPE_CHECKING`."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {alias.name.partition(".")[0] for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module:
            self.names.add(node.module.partition(".")[0])


@pytest.mark.parametrize("path", RUN_TIME_FILES, ids=file_id)
def test_nothing_slow_is_imported_at_run_time(path: Path) -> None:
    visitor = RunTimeImports()
    visitor.visit(ast.parse(path.read_text()))
    assert not visitor.names & SLOW_TO_LOAD


@every_cython_file
def test_nothing_slow_is_imported_by_compiled_modules(path: Path) -> None:
    names = {name.partition(".")[0] for _, name, _ in cython_imports(path, path.read_text())}
    assert not names & SLOW_TO_LOAD


def compared_strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings that stand in a comparison, in a tuple that `in` searches, or in a `case`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            operands: list[ast.AST] = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            operands = [node.value]
        else:
            continue
        for operand in operands:
            nested = operand.elts if isinstance(operand, ast.Tuple | ast.List | ast.Set) else []
            for constant in [operand, *nested]:
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    yield constant.lineno, constant.value


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in RUN_TIME_FILES
        if module_name(path).partition(".")[0] not in KNOW_THEIR_ENGINE
    ],
    ids=file_id,
)
def test_nobody_asks_which_engine_it_holds(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert [found for found in compared_strings(tree) if found[1] in ENGINE_NAMES] == []


# The guard itself: no spelling of an import escapes it. The files are never written; their places
# give the relative names their meaning.
@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("table.py", "from fastsock import conductor"),
        ("table.py", "from fastsock import count"),
        ("table.py", "from fastsock.conductor import scan"),
        ("table.py", "import fastsock"),
        ("table.py", "import fastsock.conductor"),
        ("table.py", "from . import conductor"),
        ("table.py", "from .conductor import scan"),
        ("engines/procfs.py", "from ..conductor import scan"),
        ("engines/procfs.py", "from .. import conductor"),
        ("table.py", "if TYPE_CHECKING:\n    from fastsock.conductor import scan"),
        ("table.py", "module = import_module('fastsock.conductor')"),
        ("_table.pyx", "from fastsock.conductor cimport scan"),
        ("_table.pyx", "from fastsock.conductor import (\n    scan,\n)"),
        ("_table.pyx", "from .conductor import scan"),
        ("_table.pyx", "cimport fastsock.conductor"),
    ],
)
def test_every_spelling_of_an_import_is_seen(place: str, line: str) -> None:
    path = SOURCE / place
    if path.suffix == ".pyx":
        seen = {module for _, _, module in cython_imports(path, line)}
    else:
        seen = {module for _, module in python_imports(path, line)}
    assert seen == {"conductor"}


def test_a_version_is_no_import_of_the_public_names() -> None:
    assert list(python_imports(SOURCE / "errors.py", "from fastsock import __version__")) == []


def test_private_modules_belong_where_their_door_belongs() -> None:
    assert layer_of("_table_py") is layer_of("table")
    assert layer_of("engines._proc_net") is layer_of("engines")
    assert layer_of("__main__") is layer_of("cli")
    with pytest.raises(LookupError, match="give it one"):
        layer_of("unheard_of")
