"""Check what the sdist and the wheels hold, against the sources: archives.py ARCHIVE..."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src"
IN_WHEEL = {".py", ".pyi", ".typed", ".service", ".json", ".yml"}
COMMAND = ".data/scripts/fastsock"
# Sources in C, and what generates one of them.
NOT_IN_WHEEL = SOURCE / "fastsock" / "engines" / "bpf"
NOT_IN_SDIST = {".so", ".o", ".pyc"}


def files_below(folder: Path) -> set[str]:
    return {
        str(path.relative_to(REPOSITORY))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in NOT_IN_SDIST and ".egg-info" not in str(path)
    }


def check_sdist(path: Path) -> None:
    """It has all that the tests, the benchmarks and a build need, and nothing that was built."""
    with tarfile.open(path) as archive:
        held = {member.name.partition("/")[2] for member in archive if member.isfile()}
    wanted = {"setup.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "bootstrap.sh"}
    for folder in ("src", "tests", "benchmarks", ".ci"):
        wanted |= files_below(REPOSITORY / folder)
    assert wanted <= held, f"{path.name} lacks {sorted(wanted - held)}"
    built = {name for name in held if Path(name).suffix in NOT_IN_SDIST or name.startswith("build")}
    assert not built, f"{path.name} holds {sorted(built)}"


def check_wheel(path: Path) -> None:
    """It has the command, Python files, stubs and compiled modules, and no source of those."""
    with zipfile.ZipFile(path) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    compiled = {name.partition(".")[0] for name in held if name.endswith(".so")}
    held = {name for name in held if not name.endswith(".so")}
    files = [
        item for item in SOURCE.rglob("*") if item.is_file() and NOT_IN_WHEEL not in item.parents
    ]
    wanted = {str(item.relative_to(SOURCE)) for item in files if item.suffix in IN_WHEEL}
    wanted.add("-".join(path.name.split("-")[:2]) + COMMAND)
    assert held == wanted, f"{path.name}: {sorted(held ^ wanted)}"
    sources = {
        str(item.relative_to(SOURCE).with_suffix("")) for item in files if item.suffix == ".pyx"
    }
    pure = path.name.endswith("-none-any.whl")
    assert compiled == (set() if pure else sources), f"{path.name}: {sorted(compiled ^ sources)}"


for archive in map(Path, sys.argv[1:]):
    (check_sdist if archive.name.endswith(".tar.gz") else check_wheel)(archive)
    print(f"{archive.name}: {archive.stat().st_size:,} bytes, content as it should be")
