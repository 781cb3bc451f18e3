"""What the installed package is: its version, its types, its public names, its compiled modules."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.metadata
import importlib.resources
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import fastsock

SOURCE = Path(__file__).parents[1] / "src" / "fastsock"
CYTHON_FILES = sorted(SOURCE.rglob("*.pyx"))


def module_name(path: Path) -> str:
    return ".".join(["fastsock", *path.relative_to(SOURCE).with_suffix("").parts])


def is_compiled(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    return spec is not None and spec.origin is not None and spec.origin.endswith(suffixes)


def run_python(code: str) -> str:
    """What `code` prints in an interpreter that has loaded nothing of ours yet."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


COMPILED = [module_name(path) for path in CYTHON_FILES if is_compiled(module_name(path))]
compiled_build = pytest.mark.skipif(
    not COMPILED, reason="a pure build (FASTSOCK_PURE=1) has no compiled modules"
)


def test_the_version_is_the_metadata_s() -> None:
    assert importlib.metadata.version("fastsock") == fastsock.__version__


def test_the_package_says_that_it_is_typed() -> None:
    assert (importlib.resources.files("fastsock") / "py.typed").is_file()


def test_nothing_is_needed_at_run_time() -> None:
    required = importlib.metadata.requires("fastsock") or []
    assert [line for line in required if "extra ==" not in line] == []


@pytest.mark.parametrize("path", CYTHON_FILES, ids=module_name)
def test_a_compiled_module_has_a_stub(path: Path) -> None:
    assert path.with_suffix(".pyi").is_file()


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.pyi")), ids=module_name)
def test_a_stub_has_a_compiled_module(path: Path) -> None:
    assert path.with_suffix(".pyx").is_file()


@compiled_build
def test_all_modules_are_compiled_or_none() -> None:
    assert [module_name(path) for path in CYTHON_FILES] == COMPILED


@compiled_build
@pytest.mark.parametrize("path", CYTHON_FILES, ids=module_name)
def test_the_compiled_module_is_the_loaded_one(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    loader = module.__spec__.loader if module.__spec__ else None
    assert isinstance(loader, importlib.machinery.ExtensionFileLoader)


@compiled_build
def test_the_plain_twins_stay_unloaded() -> None:
    """A fallback that is taken quietly would be right, and slow, and seen by nobody."""
    loaded = run_python(
        "import fastsock, sys; fastsock.scan(); fastsock.count(by='state')\n"
        "print(*(name for name in sys.modules if name.startswith('fastsock')))"
    ).split()
    assert [name for name in loaded if name.endswith("_py")] == []
    assert "fastsock.table" in loaded


@pytest.mark.parametrize("name", fastsock.__all__)
def test_a_public_name_exists(name: str) -> None:
    assert getattr(fastsock, name) is not None
    assert name in dir(fastsock)


def test_the_public_names_are_unique() -> None:
    assert len(set(fastsock.__all__)) == len(fastsock.__all__)


def test_no_public_name_is_a_module_s() -> None:
    """Or `fastsock.count` would be a function or a module, as the imports before it went."""
    modules = {path.stem for path in SOURCE.iterdir() if path.suffix in {".py", ".pyx"}}
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert not set(fastsock.__all__) & (modules | folders)


def test_an_unknown_name_is_an_attribute_error() -> None:
    name = "no_such_name"
    with pytest.raises(AttributeError, match=name):
        getattr(fastsock, name)


def test_the_package_loads_its_names_when_they_are_asked_for() -> None:
    loaded = run_python(
        "import sys; before = set(sys.modules); import fastsock\n"
        "print(*sorted(set(sys.modules) - before - {'__future__'}))"
    ).split()
    assert loaded == ["fastsock"]


def test_the_command_is_the_package_s() -> None:
    files = importlib.metadata.files("fastsock") or ()
    (command,) = (path for path in files if path.parent.name == "bin")
    assert command.name == "fastsock"
    shown = subprocess.run([command.locate(), "--version"], capture_output=True, text=True)
    assert (shown.stdout, shown.stderr) == (f"fastsock {fastsock.__version__}\n", "")
