"""The real ss and ours over the same live sockets, which stand still: line for line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from children import OWN, child_process, in_child
from ss_oracle import LIVE, Output, ask_both, installed_version, records
from zoo import open_orphans, open_unaccepted, open_unix, open_zoo


def open_all() -> int:
    """Sockets of every sort and state."""
    open_unix()
    open_orphans()
    open_unaccepted()
    return open_zoo()


@pytest.fixture(scope="module")
def zoo() -> Iterator[int]:
    with child_process(open_all, netns=OWN) as (pid, _):
        yield pid


@pytest.fixture(scope="module")
def version() -> str:
    return installed_version()


@pytest.fixture(scope="module")
def answers(zoo: int, version: str) -> dict[str, tuple[Output, Output]]:
    """Theirs and ours by command line; all from one child, which is in the namespace."""

    def ask() -> dict[str, tuple[Output, Output]]:
        return {line: ask_both(line.split(), version) for line in LIVE}

    return in_child(ask, netns=zoo)


@pytest.mark.parametrize("line", LIVE)
def test_a_command_line_that_people_use(
    line: str, answers: dict[str, tuple[Output, Output]]
) -> None:
    theirs, ours = answers[line]
    assert records(ours.text) == records(theirs.text)
    assert ours.code == theirs.code
