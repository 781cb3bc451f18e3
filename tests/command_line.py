"""The command run within the test's own process: its exit code and all that it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from fastsock import cli

Run = Callable[..., "Result"]


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Iterator[Run]:
    """Run a command line, given word by word."""

    def run_main(*words: object) -> Result:
        code = cli.main([str(word) for word in words])
        out, err = capsysbinary.readouterr()
        return Result(code, out.decode(), err.decode())

    yield run_main
