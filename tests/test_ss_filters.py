"""Filters behind the flags of ss: the lines, complaints and exit codes of the installed one."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from children import OWN, child_process, in_child
from expressions import SS_EXPRESSIONS
from ss_oracle import Output, ask_both, installed_version, records, run_ours, run_theirs
from test_ss_files import build_tree
from test_ss_live import open_all

pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")

# What people type.
FILTERS = (
    "-tan sport = :7001",
    "-tan ( sport = :7001 or dport = :7001 )",
    "-tan sport :7001",
    "-tan dport 7001",
    "-tlnp sport = :7001",
    "-tanp sport = :7001",
    "-tn state established ( dport = :7001 or sport = :7012 )",
    "-tn state established sport = :7001",
    "-o state established ( dport = :ssh or sport = :ssh )",
    "-tan src 127.0.0.1",
    "-tan dst 127.0.0.1:7001",
    "-tan src 127.0.0.0/8",
    "-tan src [::1]",
    "-tan dst [::1]:7012",
    "-tan not sport = :7001",
    "-tan ! sport = :7001",
    "-tan sport ge 7001 and sport le 7012",
    "-tan sport > :7010",
    "-tan sport != :7001 dport != :7001",
    "-tan dev lo",
    "-tan dev != lo",
    "-tan fwmark 0",
    "-tan autobound",
    "-tan dst inet:127.0.0.1",
    "-an dst inet6:[::1]",
    "-tuan sport = :7021",
    "-uan sport = :7021",
    "-xan src @*",
    "-xan src *",
    "-tn exclude listening exclude time-wait sport = :7001",
    "-Htan state close-wait",
    "-tan sport = :7001 -p",
    "sport = :7001 -tan",
    "-tane sport = :7001",
    "-4tan dst 127.0.0.1",
)

NEEDS_ADMIN = "fwmark"

# What is wrong with a command line; ss's own words where there is something to say.
BAD = (
    "-tan dport =",
    "-tan dport = :",
    "-tan dport = nosuchservice",
    "-tan ( sport = :22",
    "-tan sport = :22 )",
    "-tan foo",
    "-tan dport=22",
    "-tan sport = 22 or",
    "-tan and",
    "-tan src 1.2.3.4.5",
    "-tan src 10.0.0.0/40",
    "-tan dst [::1",
    "-tan state",
    "-tan state nothing",
    "-tan exclude",
    "-tan state established state",
    "-tan dev",
    "-tan fwmark x",
    "-tan fwmark",
    "-tan cgroup /no/such/cgroup",
    "-tan src != 1.2.3.4",
    "-tan -y",
    "-tan --foo",
    "-A foo",
    "-A tcp,",
    "-f foo",
    "-f",
    "-tan -N no-such-namespace",
    "-F /no/such/file -tan",
    "-tan sport = :70000",
    "-tan sport = :-1",
    "-A !all",
    "-tan src ::1",
    "-tani sport = :7001 state listening",
    "-6tan dst 127.0.0.1",
    "-tan dst ::ffff:127.0.0.1",
    "-t -A tcp,!tcp",
)


@pytest.fixture(scope="module")
def zoo() -> Iterator[int]:
    with child_process(open_all, netns=OWN) as (pid, _):
        yield pid


@pytest.fixture(scope="module")
def version() -> str:
    return installed_version()


@pytest.fixture(scope="module")
def answers(zoo: int, version: str) -> dict[str, tuple[Output, Output]]:
    return in_child(
        lambda: {line: ask_both(line.split(), version) for line in (*FILTERS, *BAD)}, netns=zoo
    )


@pytest.mark.parametrize("line", FILTERS)
def test_a_filter_that_people_use(line: str, answers: dict[str, tuple[Output, Output]]) -> None:
    theirs, ours = answers[line]
    if NEEDS_ADMIN in line and os.geteuid():
        pytest.skip("who may not ask for marks is refused, and ss then reads /proc")
    assert theirs.code == ours.code == 0
    assert records(ours.text) == records(theirs.text)


@pytest.mark.parametrize("line", BAD)
def test_what_is_wrong(line: str, answers: dict[str, tuple[Output, Output]]) -> None:
    theirs, ours = answers[line]
    assert (ours.text, ours.code) == (theirs.text, theirs.code)
    # The usage is in our own words.
    if "Usage" in theirs.complaints:
        before = theirs.complaints.partition("Usage:")[0]
        assert ours.complaints.startswith(f"{before}Usage: ss ")
    elif theirs.code or theirs.complaints:
        assert ours.complaints


def test_generated_filters_over_live_sockets(zoo: int, version: str) -> None:
    def ask() -> list[tuple[str, Any, Any]]:
        wrong: list[tuple[str, Any, Any]] = []

        @settings(
            max_examples=60,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(SS_EXPRESSIONS)
        def compare(text: str) -> None:
            assume(NEEDS_ADMIN not in text or not os.geteuid())
            for flags in ("-tan", "-tuanp"):
                theirs, ours = ask_both([flags, *text.split()], version)
                mine, wanted = records(ours.text), records(theirs.text)
                if (mine, ours.code) != (wanted, theirs.code):
                    wrong.append((f"{flags} {text}", mine, wanted))

        compare()
        return wrong

    assert in_child(ask, netns=zoo)[:1] == []


@pytest.mark.parametrize("seed", range(2))
def test_generated_filters_over_a_tree(seed: int, tmp_path: Path, version: str) -> None:
    environment = {"PROC_ROOT": str(build_tree(tmp_path / "proc", seed + 100))}

    @settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(SS_EXPRESSIONS)
    def compare(text: str) -> None:
        words = ["-tan", *text.split()]
        theirs = run_theirs(words, environment)
        ours = run_ours(words, version, environment)
        assert (ours.text.splitlines(), ours.code) == (theirs.text.splitlines(), theirs.code)

    compare()


def test_a_filter_from_a_file(zoo: int, tmp_path: Path, version: str) -> None:
    path = tmp_path / "filter"
    path.write_text("# ours\nsport = :7001\nor dport = :7001\n")

    def ask() -> list[tuple[Output, Output]]:
        lines = [["-tan", "-F", str(path)], ["-tanF", str(path), "src", "127.0.0.1"]]
        return [ask_both(line, version) for line in lines]

    for theirs, ours in in_child(ask, netns=zoo):
        assert records(ours.text) == records(theirs.text)
        assert ours.code == theirs.code


@pytest.mark.parametrize("seed", range(20))
def test_generated_flags(seed: int, zoo: int, version: str) -> None:
    """Any cluster of flags that both know, in any order, split anyhow."""
    chance = random.Random(seed)
    lines = []
    for _ in range(10):
        # With -r ss has a socket of its own, which -x lists.
        known = chance.choice(("tuanlrp46oeHmO", "tuxanlp46oeHmO"))
        letters = chance.sample(known, chance.randint(2, 7))
        if not {*"tu"} & {*letters} and ({*"46"} & {*letters} or "x" not in letters):
            letters.append(chance.choice("tu"))  # a family alone is also of tables that we lack
        words = [f"-{letters[0]}"]
        for letter in letters[1:]:
            if chance.random() < 0.3:
                words.append(f"-{letter}")
            else:
                words[-1] += letter
        lines.append(words)
    answers = in_child(lambda: [ask_both(line, version) for line in lines], netns=zoo)
    for words, (theirs, ours) in zip(lines, answers, strict=True):
        assert (words, records(ours.text)) == (words, records(theirs.text))
        assert ours.code == theirs.code
