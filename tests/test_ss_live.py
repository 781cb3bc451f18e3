"""The real ss and ours over the same live sockets, which stand still: line for line."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from children import OWN, child_process, in_child
from ss_oracle import LIVE, Output, ask_both, installed_version, records, run_ours
from zoo import open_orphans, open_unaccepted, open_unix, open_zoo

pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")


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


@pytest.mark.parametrize(
    ("line", "version", "shown"),
    [
        ("-tan", "7.1", True),
        ("-tn", "7.1", True),
        ("-tnp", "7.1", True),
        ("-tanB", "7.1", True),
        ("-tn state bound-inactive", "7.1", True),
        ("-tan sport = :7006", "7.1", True),
        ("-tan sport = :7001", "7.1", False),
        ("-tln", "7.1", False),
        ("-tn state established", "7.1", False),
        ("-tan", "6.1", False),
    ],
)
def test_what_is_bound_and_nothing_else(line: str, version: str, shown: bool, zoo: int) -> None:
    """ss lists it since 6.8, as the kernel does: among what is connected."""
    text = in_child(lambda: run_ours(line.split(), version), netns=zoo).text
    lines = [row for row in text.splitlines() if ":7006 " in row]
    if shown and not lines and ":7006" not in text:
        kernel = tuple(int(part) for part in os.uname().release.split(".")[:2])
        if kernel < (6, 8):
            pytest.skip("Linux before 6.8 does not tell them")
    assert len(lines) == shown
    assert not shown or ("UNCONN" in lines[0]) == (line not in ONE_STATE)
    assert not shown or "p" not in line.split()[0] or "users:((" in lines[0]


ONE_STATE = ("-tanB", "-tn state bound-inactive")
