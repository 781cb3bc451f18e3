"""What the exporter is put to work with: the unit, the dashboard, the alert rules; and a server.

Rules and dashboard are held against what the exporter says, with promtool and by a real Prometheus
that scrapes a real exporter; rules_test.yml says which alert fires when.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import Run
from fastsock.engines import engine_status
from fastsock.engines.bpf_reasons import TAKEN
from fastsock.exporter import deployment
from fastsock.exporter.deployment import (
    FILES,
    FOLDER,
    OPTIONS_FILE,
    find_obstacle,
    read_deployment,
)
from fastsock.tcp import State, state_name
from ports import listen, port_of, reset
from prometheus_server import run_prometheus, wait_until, why_no_prometheus

pytest.importorskip("prometheus_client", reason="the extra exporter is not installed")

HERE = Path(__file__).parent
RULES, UNIT = Path(FOLDER, FILES["rules"]), Path(FOLDER, FILES["service"])
DASHBOARD: dict[str, Any] = json.loads(read_deployment("dashboard"))

# No other engine tells a listener's limit.
NETLINK = next(one for one in engine_status() if one.name == "netlink")

needs_prometheus = pytest.mark.skipif(
    bool(why_no_prometheus()), reason=why_no_prometheus() or "it is here"
)
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="no systemd-analyze (Debian's package systemd)"
)


def promtool(*words: object) -> None:
    done = subprocess.run(
        ["promtool", *map(str, words)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------ the names that they use


def names_told() -> set[str]:
    """All series that the exporter tells, with every kind of owners."""
    from fastsock.exporter.look import OWNER_KEYS, Look
    from fastsock.exporter.metrics import Collector
    from fastsock.exporter.page import Page
    from fastsock.exporter.server import Served

    endings = {"counter": "_total", "info": "_info"}
    families = [*Collector(by=OWNER_KEYS).describe(), *Page(Look(), Served(), 0, 0).collect()]
    return {family.name + endings.get(family.type, "") for family in families} | {"up"}


def names_recorded() -> set[str]:
    return set(re.findall(r"record: (\S+)", RULES.read_text()))


def names_used(expression: str) -> set[str]:
    """The series of an expression: words that are neither labels nor functions."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on)\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"\b(?:up|[a-z][a-z0-9]*[_:][a-z0-9_:]+)\b(?!\s*\()", bare))


def expressions_of_rules() -> list[str]:
    """What stands behind each `expr:`, in a line or below it."""
    lines = iter(RULES.read_text().splitlines())
    found: list[str] = []
    inside = ""
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        if inside and len(indent) > len(inside):
            found[-1] += f"\n{line}"
            continue
        inside = ""
        if line.lstrip().startswith("expr:"):
            text = line.partition("expr:")[2].strip()
            found.append("" if text == "|" else text)
            inside = indent if text == "|" else ""
    return found


def panels() -> Iterator[dict[str, Any]]:
    """All of the dashboard, those of collapsed rows too."""
    for panel in DASHBOARD["panels"]:
        yield panel
        yield from panel.get("panels", ())


TARGETS = [(panel["title"], one) for panel in panels() for one in panel.get("targets", ())]


def test_names_in_an_expression() -> None:
    text = 'sum by (job, my_label) (rate(a_total{x_y="b_c"}[5m])) / n:r:sum > on (a_b) up'
    assert names_used(text) == {"a_total", "n:r:sum", "up"}


def test_rules_use_what_the_exporter_tells() -> None:
    expressions = expressions_of_rules()
    assert len(expressions) == RULES.read_text().count("expr:") > 10
    used = set().union(*map(names_used, expressions))
    assert used - names_told() == names_recorded()


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=[title for title, _ in TARGETS])
def test_dashboard_uses_what_the_exporter_tells(title: str, target: dict[str, Any]) -> None:
    used = names_used(target["expr"])
    assert used and used <= names_told()  # and no recorded ones: the rules may not be there


def test_states_are_those_of_the_exporter() -> None:
    spelled = {state_name(state).lower() for state in State}
    for text in [*expressions_of_rules(), *(target["expr"] for _, target in TARGETS)]:
        for states in re.findall(r'\bstate[=!~]+"([^"]*)"', text):
            assert spelled.issuperset(states.split("|"))


# ------------------------------------------------------------------------------------------- rules


@needs_prometheus
def test_rules() -> None:
    promtool("check", "rules", RULES)


@needs_prometheus
def test_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", HERE / "rules_test.yml")


def test_every_alert_is_tested() -> None:
    alerts = re.findall(r"alert: (\S+)", RULES.read_text())
    tested = (HERE / "rules_test.yml").read_text()
    assert len(alerts) >= 10
    assert [alert for alert in alerts if alert not in tested] == []


# --------------------------------------------------------------------------------------- dashboard


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    numbers = [panel["id"] for panel in panels()]
    assert len(set(numbers)) == len(numbers)
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        taken = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert not taken & places, panel["title"]
        places |= taken
    for panel in panels():
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters)


def test_the_dashboard_names_no_server_of_ours() -> None:
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    text = json.dumps(DASHBOARD)
    used = set(re.findall(r"\$\{?(\w+)", text))
    assert used - {"__rate_interval", "__all"} == variables
    for panel in panels():
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@needs_prometheus
def test_expressions_of_the_dashboard(tmp_path: Path) -> None:
    """As rules, since promtool reads those."""
    lines = ["groups:", "  - name: dashboard", "    rules:"]
    for number, (_, target) in enumerate(TARGETS):
        text = target["expr"].replace("$__rate_interval", "5m")
        lines += [f"      - record: panel_{number}", f"        expr: {json.dumps(text)}"]
    (tmp_path / "rules.yml").write_text("\n".join(lines) + "\n")
    promtool("check", "rules", tmp_path / "rules.yml")


def test_hosts_of_one_name_are_told_apart() -> None:
    """By labels of a target that nobody here knows, which `by (instance)` would drop."""
    for _, target in TARGETS:
        assert not re.search(r"\bby \([^)]*\binstance\b", target["expr"])


def test_states_that_are_left_out_are_said() -> None:
    left = {
        panel["title"]: set(states.split("|"))
        for panel in panels()
        for target in panel.get("targets", ())
        for states in re.findall(r'state!~"([^"]*)"', target["expr"])
    }
    assert len(left) == 2
    for panel in panels():
        if panel["title"] in left:
            said = set(re.findall(r"\b[A-Z_]{4,}\b", panel["description"]))
            assert said == {state.upper() for state in left[panel["title"]]}


HOST = 'job="fastsock",instance="a:1"'
WAITING = f'fastsock_sockets{{{HOST},protocol="tcp",state="time_wait"'
LOOK = f"fastsock_scan_duration_seconds{{{HOST}}}"


@needs_prometheus
@pytest.mark.parametrize(
    ("title", "told", "seen"),
    [
        ("Not seen", {}, {}),  # no exporter answers: it is not 0
        ("Not seen", {LOOK: 1}, {"{}": 0}),
        ("Not seen", {LOOK: 1, f'fastsock_scan_incomplete{{{HOST},what="x"}}': 3}, {"{}": 3}),
        (
            "TIME_WAIT",
            {
                f'{WAITING},netns="own",family="ipv4"}}': 7,
                f'{WAITING},netns="own",family="ipv6"}}': 1,
                f'{WAITING},netns="b",family="ipv4"}}': 5,
            },
            {f'{{{HOST},netns="own"}}': 8, f'{{{HOST},netns="b"}}': 5},
        ),
    ],
)
def test_what_a_panel_shows(
    title: str, told: dict[str, int], seen: dict[str, int], tmp_path: Path
) -> None:
    text = next(target["expr"] for name, target in TARGETS if name == title)
    for name, meaning in (("job", "fastsock"), ("instance", ".*"), ("netns", ".*")):
        text = text.replace(f"${name}", meaning)
    test = {
        "interval": "1m",
        "input_series": [{"series": series, "values": number} for series, number in told.items()],
        "promql_expr_test": [
            {
                "expr": text,
                "eval_time": "0m",
                "exp_samples": [
                    {"labels": labels, "value": number} for labels, number in seen.items()
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps({"tests": [test]}))  # JSON is YAML
    promtool("test", "rules", tmp_path / "test.yml")


# -------------------------------------------------------------------------------------------- unit


def settings() -> dict[str, list[str]]:
    """What the unit says, by key."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_has_the_two_capabilities_and_no_more() -> None:
    names = {f"CAP_{name}" for name in TAKEN}
    unit = settings()
    for key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert [set(value.split()) for value in unit[key]] == [names]
    assert unit["DynamicUser"] == unit["NoNewPrivileges"] == ["yes"]


def test_the_unit_hides_nothing_that_is_read() -> None:
    """Names and units of processes, the kernel's settings; capabilities of the host."""
    unit = settings()
    assert {"ProtectProc", "ProcSubset", "PrivateUsers", "PrivateNetwork"}.isdisjoint(unit)


@needs_systemd
@pytest.mark.parametrize("offered", [(), ("Group=www-data",)])
def test_systemd_reads_the_unit(tmp_path: Path, offered: tuple[str, ...]) -> None:
    """Also with the lines that it has as comments."""
    unit = tmp_path / UNIT.name
    text = read_deployment("service", "/bin/true")
    for line in offered:
        assert f"\n#{line}\n" in text
        text = text.replace(f"\n#{line}\n", f"\n{line}\n")
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    # Of 10 for no protection at all; 20 stands for 2.0.
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-200:]


# ----------------------------------------------------------------------------------------- --print


@pytest.mark.parametrize("name", FILES)
def test_it_is_printed(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "find_obstacle", lambda command: "it cannot start")
    code, out, err = run("exporter", "--print", name)
    assert (code, out) == (0, Path(FOLDER, FILES[name]).read_text())
    assert err == ("fastsock: it cannot start\n" if name == "service" else "")


@pytest.mark.parametrize(
    "words", ["--by unit", "--listen 127.0.0.1:1", "-t", "--netns all", "--json"]
)
def test_it_is_printed_without_flags(run: Run, words: str) -> None:
    """They would be lost: the unit reads its own."""
    assert settings()["EnvironmentFile"] == [f"-{OPTIONS_FILE}"]
    assert run("exporter", "--print", "service", *words.split()) == (
        2,
        "",
        "fastsock: --print takes no other flags: those of the unit stand in "
        "/etc/default/fastsock-exporter (OPTIONS)\n",
    )


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("", "/usr/local/bin/fastsock"),
        ("/opt/fast-sock_1.0/bin/fastsock", "/opt/fast-sock_1.0/bin/fastsock"),
        # %h is the home of root to systemd, and a space begins an argument.
        ("/opt/%h/fastsock", "/usr/local/bin/fastsock"),
        ("/opt/a b/fastsock", "/usr/local/bin/fastsock"),
        ("bin/fastsock", "/usr/local/bin/fastsock"),
    ],
)
def test_the_unit_starts_the_command_that_printed_it(command: str, line: str) -> None:
    lines = read_deployment("service", command).splitlines()
    assert f"ExecStart={line} exporter $OPTIONS" in lines


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one directory that a unit does not see; Python and the package lie elsewhere."""
    (tmp_path / "home").mkdir()
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/fastsock").write_text("")
    monkeypatch.setattr(deployment, "_HIDDEN", ("/nowhere", f"{tmp_path}/home"))
    return tmp_path / "home"


def test_a_unit_that_can_start(hidden: Path) -> None:
    assert find_obstacle(f"{hidden.parent}/opt/fastsock") == ""


@pytest.mark.parametrize(
    "what", ["command", "linked command", "Python", "linked Python", "package"]
)
def test_a_unit_that_sees_no_command(
    hidden: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = hidden / "fastsock", hidden.parent / "opt" / "fastsock"
    command = here
    if what == "command":
        command = there
        command.write_text("")
    elif what == "linked command":
        there.write_text("")
        here.unlink()
        here.symlink_to(there)
    elif what == "Python":
        monkeypatch.setattr(sys, "executable", str(there))
    elif what == "linked Python":
        (here.parent / "python3").symlink_to(there)
        monkeypatch.setattr(sys, "executable", f"{here.parent}/python3")
    else:
        monkeypatch.setattr(deployment, "FOLDER", str(there))
    assert find_obstacle(str(command)) == (
        f"the unit cannot start: it needs {there}, and does not see {hidden} (ProtectHome=, "
        "PrivateTmp=); install fastsock elsewhere, as below /opt"
    )


def test_a_unit_that_starts_what_is_not_there(
    hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `python -m fastsock` it is printed with a path that may be another's."""
    monkeypatch.setattr(sys, "executable", f"{hidden}/python3")  # the other has its own
    place = hidden.parent / "opt/fastsock"
    monkeypatch.setattr(deployment, "_INSTALLED", str(place))
    assert find_obstacle() == find_obstacle("/a b") == ""
    place.unlink()
    expected = f"the unit starts {place}, which does not exist: write yours into ExecStart="
    assert find_obstacle() == find_obstacle("/a b") == expected


def test_nothing_else_is_printed(run: Run) -> None:
    code, out, err = run("exporter", "--print", "nix")
    assert (code, out) == (2, "")
    assert "'nix' is none of service dashboard rules" in err


# -------------------------------------------------------------------------------- a real Prometheus


@contextlib.contextmanager
def run_exporter(*words: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield where it listens, ADDRESS:PORT, and its process."""
    command = [sys.executable, "-m", "fastsock", "exporter", "--listen", "127.0.0.1:0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().decode().split("/")[2]
            yield address, process
        finally:
            process.terminate()


def impatient(rules: str) -> str:
    """Rules that do not wait before they fire."""
    return re.sub(r"^( +for:) \S+", r"\1 0s", rules, flags=re.MULTILINE)


@needs_prometheus
@pytest.mark.skipif(not NETLINK.available, reason=f"engine netlink: {NETLINK.reason}")
def test_prometheus_scrapes_it_and_alerts(tmp_path: Path) -> None:
    """A listener for one connection has two that nobody accepts; then they are; then all ends."""
    rules = tmp_path / "rules.yml"
    rules.write_text(impatient(RULES.read_text()))
    listener = listen(backlog=1)
    callers = [socket.create_connection(listener.getsockname()) for _ in range(2)]
    place = f'address="127.0.0.1",port="{port_of(listener)}"'
    try:
        with run_exporter() as (address, exporter), run_prometheus(
            tmp_path, address, rules
        ) as server:  # fmt: skip

            def firing(alert: str) -> list[dict[str, str]]:
                found = server.query(f'ALERTS{{alertname="{alert}",alertstate="firing"}}')
                return [dict(labels) for labels in found]

            def full() -> bool:
                ports = [labels["port"] for labels in firing("FastsockBacklogFull")]
                return str(port_of(listener)) in ports

            wait_until(full, server)
            (target,) = server.get("targets")["activeTargets"]
            assert (target["health"], target["lastError"]) == ("up", "")
            told = {
                name: set(server.query(f"fastsock_listener_{name}{{{place}}}").values())
                for name in ("accept_queue", "accept_queue_limit", "sockets")
            }
            assert told == {"accept_queue": {2}, "accept_queue_limit": {1}, "sockets": {1}}
            (listening,) = server.query('sum(fastsock_sockets{state="listen"})').values()
            assert listening >= 2  # ours, and the exporter's own
            (alert,) = (
                alert
                for alert in server.get("alerts")["alerts"]
                if alert["labels"].get("port") == str(port_of(listener))
            )
            assert alert["labels"]["severity"] == "critical"
            where = f"127.0.0.1 port {port_of(listener)}"
            assert alert["annotations"]["summary"] == f"{address}: nobody accepts at {where}"

            accepted = [listener.accept()[0] for _ in callers]
            wait_until(lambda: not full(), server)
            callers += accepted

            exporter.terminate()
            assert exporter.wait(20) == 0
            (down,) = wait_until(lambda: firing("FastsockExporterDown"), server)
            assert down["instance"] == address
    finally:
        for one in callers:
            reset(one)
        listener.close()
