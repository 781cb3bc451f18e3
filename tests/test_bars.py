"""bars.py and publish.py: what a run's files say about each promise, and how its tables show it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import bars
import publish
from results import Case, memory

SCAN = "scan with owners, against the C walk"


def cases(**of_size: Any) -> bars.Cases:
    """A scan with owners of each size: its median and its ratio."""
    return {
        f"test_bpf[{SCAN}-{size}]": Case("", median, 5, size, {"ratio": ratio})
        for size, (median, ratio) in ((int(key[1:]), value) for key, value in of_size.items())
    }


def left(size: int, **slab: float) -> bars.Cases:
    name = f"test_footprint[bpf-{size}]"
    info = {f"slab_{key}": value for key, value in slab.items()}
    return {name: Case(name, 0.05, 5, size, info)}


def bar(text: str) -> bars.Bar:
    [found] = [bar for bar in bars.BARS if bar.text == text]
    return found


@pytest.mark.parametrize(
    ("text", "given", "verdict"),
    [
        ("100k: bpf scan with owners / C walk", cases(_100000=(0.06, 0.15)), ("0.15", "PASS")),
        ("100k: bpf scan with owners / C walk", cases(_100000=(0.06, 0.17)), ("0.17", "FAIL")),
        ("100k: bpf scan with owners / C walk", cases(_1000=(0.06, 0.17)), ("", "not measured")),
        # Of times: the ratios to the C walk say nothing about it.
        (
            "1M / 100k: time of a bpf scan with owners",
            cases(_100000=(0.06, 0.15), _1000000=(0.66, 0.9)),
            ("11", "PASS"),
        ),
        (
            "1M / 100k: time of a bpf scan with owners",
            cases(_100000=(0.06, 0.15), _1000000=(0.78, 0.15)),
            ("13", "FAIL"),
        ),
        (
            "1M / 100k: time of a bpf scan with owners",
            cases(_1000000=(0.78, 0.15)),
            ("", "not measured"),
        ),
        (
            "100k: kernel memory left by a bpf scan / noise",
            left(100_000, bytes=888, noise=20_040),
            ("0.0443", "PASS"),
        ),
        (
            "100k: kernel memory left by a bpf scan / noise",
            left(100_000, bytes=-888, noise=20_040),
            ("0", "PASS"),
        ),
        (
            "100k: kernel memory left by a bpf scan / noise",
            left(100_000, bytes=90e6, noise=20_000),
            ("4.5e+03", "FAIL"),
        ),
        ("100k: kernel memory left by a bpf scan / noise", left(100_000), ("", "not measured")),
        ("100k: kernel memory left by a bpf scan / noise", {}, ("", "not measured")),
    ],
)
def test_verdict(text: str, given: bars.Cases, verdict: tuple[str, str]) -> None:
    assert bar(text).verdict(given) == verdict


def test_every_bar_is_told_apart() -> None:
    assert len({bar.text for bar in bars.BARS}) == len(bars.BARS)
    assert all(bar.verdict({}) == ("", "not measured") for bar in bars.BARS)


@pytest.mark.parametrize(("ratio", "code"), [(0.1, 0), (0.2, 5)])
def test_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ratio: float, code: int
) -> None:
    entry = {
        "name": f"test_bpf[{SCAN}-100000]",
        "stats": {"median": 0.06, "rounds": 5},
        "extra_info": {"rows": 100_000, "ratio": ratio},
    }
    (tmp_path / "100000.json").write_text(json.dumps({"benchmarks": [entry]}))
    (tmp_path / "peers-100000.json").write_text("not ours")
    assert bars.main([str(tmp_path)]) == code
    [line] = [x for x in capsys.readouterr().out.splitlines() if "not measured" not in x]
    assert line.split() == [
        "FAIL" if code else "PASS",
        *"100k: bpf scan with owners / C walk".split(), str(ratio), "<=", "0.16",
    ]  # fmt: skip


def test_footprint_is_shown_beside_the_time() -> None:
    slab = {"bytes": 888, "least": -192, "most": 90_100_000, "noise": 20_040}
    not_measured = {"test_footprint[procfs-7]": Case("test_footprint[procfs-7]", 0.1, 1, 7, {})}
    heading, marks, row = publish.footprint_table(left(1000, **slab) | not_measured).splitlines()
    assert heading.split(" | ")[2:4] == ["time", "kernel memory left"]
    assert row == "| bpf | 1,000 | 50.0 ms | 888 B | -192 B | 90.1 MB | 20.0 kB |"
    assert marks == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (-20_040, "-20.0 kB"), (148_900, "149 kB"), (9.01e7, "90.1 MB")],
)
def test_memory_for_people(value: float, text: str) -> None:
    assert memory(value) == text


def test_the_template_has_a_place_for_every_table_of_the_page() -> None:
    page = (publish.ROOT / "BENCHMARKS.md").read_text()
    for name in ("bpf", "footprint", "bars"):
        assert f"<!-- begin: {name} -->\n" in page and f"<!-- end: {name} -->" in page
        assert f"<!-- begin: {name} -->\n<!-- end: {name} -->" in publish.TEMPLATE
