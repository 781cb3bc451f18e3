"""The extension modules; everything else is in pyproject.toml.

FASTSOCK_PURE=1      builds without them. It is the only way to get such a build: a compiler that
                     fails, or is missing, fails the install.
FASTSOCK_SANITIZE=1  builds them with the address and undefined-behaviour sanitizers, for
                     development: `FASTSOCK_SANITIZE=1 python setup.py build_ext --inplace --force`,
                     then run Python under LD_PRELOAD="$(gcc -print-file-name=libasan.so)" and
                     ASAN_OPTIONS=detect_leaks=0 (the interpreter itself leaks by design).
"""

import os
from pathlib import Path

from setuptools import Extension, setup

SANITIZE = os.environ.get("FASTSOCK_SANITIZE") == "1"
PURE = os.environ.get("FASTSOCK_PURE") == "1"

# -g0: debug information would make each module five times as large.
# No -Werror: the C that Cython writes has warnings of its own, which differ by compiler version.
OPTIMIZE = ["-fsanitize=address,undefined", "-O1", "-g"] if SANITIZE else ["-O3", "-g0"]

# All directives are here, none in the heads of files: one place to read what the code may assume.
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "autotestdict": False,  # no __test__ in the modules: doctest does not look here
    "embedsignature": True,
    "embedsignature.format": "python",
    "warn.unused": True,
    "warn.maybe_uninitialized": True,
}


# C beside the Cython: what a module is linked with, and what it is made again for.
BPF = Path("src/fastsock/engines/bpf")
RECORD = {"depends": sorted(map(str, BPF.glob("*.h"))), "include_dirs": [str(BPF.parent)]}
NATIVE = {
    "fastsock.engines._bpf": {"sources": [str(BPF / "loader.c")], **RECORD},
    "fastsock.engines._met": RECORD,
    "fastsock.engines._pass": RECORD,
}


def extension(source: Path) -> Extension:
    name = ".".join(source.relative_to("src").with_suffix("").parts)
    native = NATIVE.get(name, {})
    return Extension(
        name,
        [str(source), *native.get("sources", [])],
        depends=native.get("depends", []),
        include_dirs=native.get("include_dirs", []),
        extra_compile_args=[*OPTIMIZE, "-Wall", "-Wextra", "-pthread"],
        extra_link_args=[*OPTIMIZE[:1], "-pthread"] if SANITIZE else ["-pthread"],
    )


def extensions() -> list[Extension]:
    from Cython.Build import cythonize  # a pure build needs no Cython

    return cythonize(
        [extension(source) for source in sorted(Path("src/fastsock").rglob("*.pyx"))],
        build_dir="build/cython",  # generated C never lies in src/, so no wheel can pick it up
        include_path=["src"],
        compiler_directives=DIRECTIVES,
    )


setup(
    ext_modules=[] if PURE else extensions(),
    options={"build_ext": {"parallel": os.cpu_count()}},
)
