"""compare.py: its exit codes, and which of a case's numbers it compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import compare


def store(path: Path, **cases: tuple[float, dict[str, Any]]) -> str:
    """Write a file as pytest-benchmark does: name -> (median in seconds, extra_info)."""
    benchmarks = [
        {"name": name, "stats": {"median": median, "rounds": 5}, "extra_info": info}
        for name, (median, info) in cases.items()
    ]
    path.write_text(json.dumps({"benchmarks": benchmarks}))
    return str(path)


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [
        pytest.param((1.0, {}), (1.0, {}), 0, id="same"),
        pytest.param((1.0, {}), (0.5, {}), 0, id="faster"),
        pytest.param((1.0, {}), (1.09, {}), 0, id="within the limit"),
        pytest.param((1.0, {}), (1.2, {}), 5, id="slower"),
        pytest.param(
            (1.0, {"against": "reads", "ratio": 1.05}),
            (3.0, {"against": "reads", "ratio": 1.06}),
            0,
            id="slower machine, same distance to the floor",
        ),
        pytest.param(
            (1.0, {"against": "reads", "ratio": 1.05}),
            (1.0, {"against": "reads", "ratio": 1.5}),
            5,
            id="same time on a faster machine",
        ),
        pytest.param(
            (1.0, {"against": "reads", "ratio": 1.05}),
            (1.0, {"against": "walk", "ratio": 1.5}),
            0,
            id="another floor: times",
        ),
        pytest.param((1.0, {"peak_kib": 1000}), (9.0, {"peak_kib": 1000}), 0, id="memory, same"),
        pytest.param((1.0, {"peak_kib": 1000}), (1.0, {"peak_kib": 2000}), 5, id="memory, more"),
        pytest.param((1.0, {"rows": 1000}), (1.0, {"rows": 1005}), 0, id="a few rows came"),
        pytest.param((1.0, {"rows": 1000}), (9.0, {"rows": 100000}), 2, id="another size"),
        pytest.param((0.0, {}), (0.0, {}), 0, id="nothing to divide by"),
    ],
)
def test_exit_code(
    tmp_path: Path,
    base: tuple[float, dict[str, Any]],
    head: tuple[float, dict[str, Any]],
    code: int,
) -> None:
    files = store(tmp_path / "base", scan=base), store(tmp_path / "head", scan=head)
    assert compare.main(files) == code


def test_max_ratio(tmp_path: Path) -> None:
    files = store(tmp_path / "base", scan=(1.0, {})), store(tmp_path / "head", scan=(1.4, {}))
    assert compare.main([*files, "--max-ratio", "1.5"]) == 0
    assert compare.main([*files, "--max-ratio", "1.3"]) == 5


def test_table_shows_every_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = store(tmp_path / "base", scan=(0.1, {"rows": 7}), gone=(1.0, {}), count=(1.0, {}))
    two = store(tmp_path / "head", scan=(0.2, {"rows": 7}), new=(1.0, {}), count=(1.0, {}))
    assert compare.main([one, two]) == 5
    heading, scan, count, *rest = capsys.readouterr().out.splitlines()
    assert heading.split() == ["case", "rows", "base", "head", "head/base"]
    assert scan.split() == ["scan", "7", "100", "ms", "200", "ms", "2.000", "SLOWER"]
    assert count.split() == ["count", "0", "1.00", "s", "1.00", "s", "1.000"]
    assert rest == ["only in base: gone", "only in head: new"]


def test_another_size_outweighs_slower(tmp_path: Path) -> None:
    one = store(tmp_path / "base", scan=(1.0, {"rows": 1000}), count=(1.0, {}))
    two = store(tmp_path / "head", scan=(1.0, {"rows": 9000}), count=(2.0, {}))
    assert compare.main([one, two]) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"benchmarks": [{}]}', "not json"])
def test_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    good, bad = store(tmp_path / "good", scan=(1.0, {})), tmp_path / "bad"
    bad.write_text(text)
    assert compare.main([good, str(bad)]) == 2
    assert str(bad) in capsys.readouterr().err
    assert compare.main([str(tmp_path / "missing"), good]) == 2
    assert "No such file" in capsys.readouterr().err


def test_nothing_in_common(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = store(tmp_path / "base", a=(1.0, {})), store(tmp_path / "head", b=(1.0, {}))
    assert compare.main([one, two]) == 2
    assert "no case in common" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["only-one"], ["a", "b", "--max-ratio", "fast"]])
def test_usage(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        compare.main(argv)
    assert error.value.code == 2
