"""bars.py and publish.py: what a run's files say about each promise, and how its tables show it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bars
import budget
import picture
import publish
from fastsock.implementation import COMPILED
from results import Case, Unreadable, memory

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


def lines(ours: float, theirs: float, without_processes: float = 0.3) -> bars.Cases:
    """Whole commands that answer one question; another one's `ss -tan` is slower."""
    seconds = {
        "ss -tanp: fastsock ss -tanp": ours,
        "ss -tanp: ss -tanp": theirs,
        "ss -tanp: ss -tan": without_processes,
        "list: ss -tan": 9.0,
    }
    names = {f"command[{text}-100000]": value for text, value in seconds.items()}
    return {name: Case(name, value, 5, 100_000, {}) for name, value in names.items()}


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
        ("100k: ss -tanp / fastsock ss -tanp", lines(0.31, 6.2), ("20", "PASS")),
        ("100k: ss -tanp / fastsock ss -tanp", lines(0.32, 6.2), ("19.4", "FAIL")),
        # Of the same question's commands, not of the same command elsewhere.
        ("100k: ss -tan / fastsock ss -tanp", lines(0.31, 6.2), ("0.968", "FAIL")),
        ("100k: ss -tnlp / fastsock ss -tnlp", lines(0.31, 6.2), ("", "not measured")),
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
    stored = {"verdict": "same", "runs": 5, "rows": 100_000}
    answer = {
        "key": "ss -tanp",
        "question": "ss's line",
        "results": [
            {"command": "fastsock ss -tanp", "seconds": 0.1, **stored},
            {"command": "ss -tanp", "seconds": 300 * ratio, **stored},
            {"command": "ss -tan", "verdict": "differs"},
        ],
    }
    text = json.dumps({"sockets": 100_000, "answers": [answer]})
    (tmp_path / "peers-100000.json").write_text(text)
    assert bars.main([str(tmp_path)]) == code
    ours, theirs = (
        line.split() for line in capsys.readouterr().out.splitlines() if "not measured" not in line
    )
    assert ours == [
        "FAIL" if code else "PASS",
        *"100k: bpf scan with owners / C walk".split(), str(ratio), "<=", "0.16",
    ]  # fmt: skip
    speed = f"{3000 * ratio:.3g}"
    assert theirs == [*"PASS 100k: ss -tanp / fastsock ss -tanp".split(), speed, ">=", "20"]


TOP = {
    "key": "top", "command": "fastsock top --interval 2", "each": "frame", "seconds": 30.0,
    "times": 15, "cpu": 1.2, "pss_kib": 20_000, "left": 1_000,
}  # fmt: skip
WATCH = TOP | {"key": "watch ss", "command": "watch -n 2 ss -tanp", "times": 7, "cpu": 17.5}
WAIT = TOP | {"key": "wait", "command": "fastsock wait", "each": "", "times": 0, "cpu": 0.3}
EXPORTER = TOP | {
    "key": "exporter", "command": "fastsock exporter", "each": "scrape", "times": 1000,
    "cpu": 80.0, "seconds": 100.0, "growth_kib": 4,
}  # fmt: skip
GONE = {"key": "flows", "command": "fastsock flows", "each": "run", "failed": "exit code 3: no"}


def write_live(folder: Path, *found: dict[str, Any]) -> None:
    document = {"sockets": 100_000, "noise": 20_040, "cases": found}
    (folder / "live-100000.json").write_text(json.dumps(document))


def test_commands_that_stay(tmp_path: Path) -> None:
    write_live(tmp_path, TOP, WATCH, WAIT, EXPORTER, GONE)
    found = bars.read_run(tmp_path)
    assert bar("100k: top every 2 s, % of one core").verdict(found) == ("4", "PASS")
    assert bar("100k: top every 2 s, seconds between two frames").verdict(found) == ("2", "PASS")
    assert bar("100k: CPU of a frame, watch ss -tanp / top").verdict(found) == ("31.2", "PASS")
    assert bar("100k: wait for a listener, % of one core").verdict(found) == ("1", "PASS")
    grown = bar("100k: kB grown by the exporter over 1,000 scrapes")
    assert grown.verdict(found) == ("4.1", "PASS")
    assert "live[flows-100000]" not in found
    rows = [row.split(" | ")[2:] for row in publish.live_table(tmp_path).splitlines()[2:]]
    assert rows == [
        ["4.0 %", "80.0 ms a frame", "2.00 s", "20.5 MB", "", "1.0 kB", "20.0 kB |"],
        ["58.3 %", "2.50 s a frame", "4.29 s", "20.5 MB", "", "1.0 kB", "20.0 kB |"],
        ["1.0 %", "", "", "20.5 MB", "", "1.0 kB", "20.0 kB |"],
        ["", "80.0 ms a scrape", "", "20.5 MB", "4.1 kB", "1.0 kB", "20.0 kB |"],
        ["exit code 3: no", "", "", "", "", "", " |"],
    ]


def test_commands_that_stay_may_be_none(tmp_path: Path) -> None:
    write_live(tmp_path)
    assert publish.live_table(tmp_path) == "Not measured in this run."


def test_commands_that_stay_and_cannot_be_read(tmp_path: Path) -> None:
    write_live(tmp_path, {"key": "top"})
    with pytest.raises(Unreadable, match=r"live-100000\.json: no result of live\.py \(KeyError"):
        bars.read_run(tmp_path)


def test_where_the_time_of_a_command_goes(tmp_path: Path) -> None:
    assert publish.budget_table(tmp_path) == "Not measured in this run."
    for sockets, factor in ((100_000, 1), (1000, 0.5)):
        times = {part: number * factor / 1000 for number, part in enumerate(budget.PARTS, 1)}
        document = {
            "sockets": sockets, "command": "fastsock list -O", "runs": 3, "parts": times,
            "sum": sum(times.values()), "seconds": 0.05,
        }  # fmt: skip
        (tmp_path / f"budget-{sockets}.json").write_text(json.dumps(document))
    found = bars.read_run(tmp_path)
    assert found["budget[start-1000]"] == Case("budget[start-1000]", 0.0005, 3, 1000, {})
    heading, _, first, *_, total, whole = publish.budget_table(tmp_path).splitlines()
    assert heading == "| `fastsock list -O` | 1,000 sockets | 100,000 sockets |"
    assert first == "| Python starts | 500 µs | 1.00 ms |"
    assert total == "| all of it | 27.5 ms | 55.0 ms |"
    assert whole == "| the command without clocks | 50.0 ms | 50.0 ms |"
    (tmp_path / "budget-7.json").write_text('{"sockets": 7}')
    with pytest.raises(Unreadable, match=r"budget-7\.json: no result of budget\.py \(KeyError"):
        bars.read_run(tmp_path)


@pytest.mark.skipif(not COMPILED, reason="the parts are those of compiled engines")
def test_every_part_of_a_command_is_timed() -> None:
    """On this host, by whatever engine works here: none of its functions has another name now."""
    command = [sys.executable, str(budget.INSIDE), "1", "list", "-O", "--no-header", "--limit", "0"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    told = dict(map(str.split, found.stdout.splitlines()))
    assert {*budget.PARTS} - {"start", "end"} == {*told} - {"began", "ended"}
    assert float(told["modules"]) > 0 and float(told["began"]) < float(told["ended"])
    parts = sum(float(told[part]) for part in {*told} - {"began", "ended"})
    assert parts == pytest.approx(float(told["ended"]) - float(told["began"]))


@pytest.mark.parametrize("text", ["not ours", "{}", '{"sockets": 7, "answers": [{}]}'])
def test_whole_commands_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "peers-100000.json").write_text(text)
    assert bars.main([str(tmp_path)]) == 2
    assert "peers-100000.json: no result of peers.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [
        ({"verdict": "same", "seconds": 500.0, "runs": 1, "rows": 7}, ("500", "PASS")),
        ({"verdict": "same", "seconds": 300.0, "runs": 1, "rows": 7}, ("300", "FAIL")),
        ({"verdict": "stopped", "after": 700}, ("700", "PASS")),  # it would have taken longer
        ({"verdict": "stopped", "after": 60}, ("", "not measured")),  # perhaps 10 s more
        ({"verdict": "differs"}, ("", "not measured")),
    ],
)
def test_a_command_that_was_stopped(
    tmp_path: Path, theirs: dict[str, Any], verdict: tuple[str, str]
) -> None:
    ours = {"command": "fastsock list -O", "verdict": "same", "seconds": 1.0, "runs": 5, "rows": 7}
    results = [ours, {"command": "ss -tanp", **theirs}]
    document = {"sockets": 10**6, "answers": [{"key": "owners", "results": results}]}
    (tmp_path / "peers-1000000.json").write_text(json.dumps(document))
    found = bars.read_run(tmp_path)
    assert bar("1M: ss -tanp / fastsock list -O").verdict(found) == verdict


def test_what_was_asked_less_is_said() -> None:
    stored = {"verdict": "same", "runs": 5, "rows": 7, "user": 0.1, "system": 0.1}
    answers = [
        {
            "key": "ss -tanp",
            "question": "all with their processes",
            "rows": 7,
            "floor": 0.1,
            "results": [
                {"tool": "fastsock", "command": "fastsock ss -tanp", "seconds": 0.2, **stored},
                {"tool": "ss", "command": "ss -tanp", "seconds": 0.4, **stored},
                {"tool": "ss", "command": "ss -tan", "seconds": 0.1, **stored, "asked": "less"},
            ],
        }
    ]
    rows = publish.commands_table({7: answers}).splitlines()[4:]
    asked = [row.split(" | ")[:2] for row in rows]
    assert asked == [
        ["| all with their processes", "`fastsock ss -tanp`"],
        ["| all with their processes", "`ss -tanp`"],
        ["| less", "`ss -tan`"],
        ["| all with their processes", "*the bare /proc calls*"],
    ]
    # Both of ss's are looked at.
    [lost] = publish.lost_table({7: answers}).splitlines()[2:]
    assert lost == "| less | 7 | 200 ms | ss 100 ms | lost |"
    assert picture.draw(7, answers).count('class="other"') == 1


def test_a_command_line_is_told_from_its_size() -> None:
    names = ("test_render[lsof -nP -iTCP-100000]", "test_render[ss -tanp-host]")
    told = [publish.words_of_size(Case(name, 1.0, 5, 7, {})) for name in names]
    assert told == [["`lsof -nP -iTCP`"], ["`ss -tanp`"]]
    expression = Case("test_select[sport = 5000-5004]", 1.0, 5, 7, {})
    assert publish.words(expression) == ["`sport = 5000-5004`"]


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
    for name in ("budget", "bpf", "footprint", "render", "expression", "live", "bars"):
        assert f"<!-- begin: {name} -->\n" in page and f"<!-- end: {name} -->" in page
        assert f"<!-- begin: {name} -->\n<!-- end: {name} -->" in publish.TEMPLATE
