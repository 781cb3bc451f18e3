"""The exporter's metrics: that they say what the other verbs say, and no more than the limits."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import fastsock
from children import OWN, child_process
from fastsock import processes
from fastsock.diagnose.counters import Space
from fastsock.engines import engine_status
from fastsock.engines.namespaces import Namespace as Found
from fastsock.exporter import look as looking
from fastsock.exporter.look import (
    OWNER_KEYS,
    Limits,
    Listener,
    Look,
    choose_namespaces,
    fullness,
    name_namespaces,
    rank_holders,
    take_look,
)
from fastsock.exporter.server import Served
from fastsock.tcp import TCP, UDP, State
from full_queues import call, serve, wait_for
from own_namespace import Namespace
from proctree import LISTEN, ProcTree, tcp_line, udp_line

pytest.importorskip("prometheus_client", reason="prometheus_client, an extra, is not installed")

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.openmetrics import parser as openmetrics_parser  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families as parse_text  # noqa: E402

from fastsock.exporter.metrics import COUNTERS, Collector, make_families  # noqa: E402
from fastsock.exporter.page import Page  # noqa: E402

parse_openmetrics: Any = openmetrics_parser.text_string_to_metric_families
Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]
NETNS = 4026531840
BAD = b'a"\n\x1b[31m\\\xff'
BAD_SHOWN = 'a"\\x0a\\x1b[31m\\\\\\xff'


def samples(families: Any) -> Values:
    """Every sample by name and labels; each is there once."""
    found: Values = {}
    for family in families:
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def value(found: Values, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def page(look: Look) -> Page:
    return Page(look, Served(), 3, 1)


# ------------------------------------------------------------------------------------- a real look


def test_the_states_are_those_of_count(own_namespace: Namespace, engine_name: str) -> None:
    look = take_look(netns=own_namespace.pid, engine=engine_name)
    found = samples(make_families(look))
    held = Counter((s.protocol, s.family, State(s.state)) for s in own_namespace.sockets)
    [netns] = look.spaces
    assert netns == str(own_namespace.inode)
    for protocol, families in (("tcp", ("ipv4", "ipv6")), ("udp", ("ipv4", "ipv6"))):
        for family in families:
            for state in State if protocol == "tcp" else (State.ESTABLISHED, State.CLOSE):
                labels = {"protocol": protocol, "family": family, "netns": netns}
                told = value(found, "fastsock_sockets", state=state.name.lower(), **labels)
                assert told == held.pop((protocol, family, state), 0), (protocol, family, state)
    assert not held


def test_listeners_and_ports(own_namespace: Namespace, engine_name: str) -> None:
    look = take_look(netns=own_namespace.pid, engine=engine_name)
    found = samples(make_families(look))
    place = {"address": "127.0.0.1", "port": "5000", "netns": str(own_namespace.inode)}
    assert value(found, "fastsock_listener_accept_queue", **place) == 1
    told = value(found, "fastsock_listener_accept_queue_limit", **place)
    # /proc does not tell, nor does sock_diag of a namespace that may not be entered.
    assert told == (128 if look.sources["sockets"] == "netlink" else None)
    assert value(found, "fastsock_listener_sockets", **place) == 1
    # Three clients of the one port; those of the other came to it by two addresses.
    if look.ports:  # settings of another namespace take CAP_SYS_ADMIN
        [(taken, there)] = look.ports.values()
        assert taken == 3 and there > 1000
        assert value(found, "fastsock_local_ports_used", netns=place["netns"]) == 3


def test_it_says_what_count_says_of_this_host() -> None:
    # Sockets of others come and go: until nothing has moved between the two.
    for _ in range(50):
        before = fastsock.count(protocol="unix")
        look = take_look(protocol=("unix",))
        if fastsock.count(protocol="unix") == before:
            break
    [(place, states)] = look.counts.items()
    assert place == ("own", "unix", "unix")
    assert {State(state).name: number for state, number in states.items()} == before.states


def test_a_full_queue_and_what_shares_an_address() -> None:
    def prepare() -> int:
        serve(2, port=6000, reuse_port=True)
        serve(9, port=6000, reuse_port=True)
        serve(1, port=7000)
        call(4, port=7000)
        wait_for(lambda: fastsock.scan(state="listen", local_port=7000)[0].rx_queue == 2)
        return os.getpid()

    with child_process(prepare, netns=OWN) as (pid, _):
        look = take_look(netns=pid)
        shared, full = look.listeners
    assert (shared.port, shared.queue, shared.sockets) == (6000, 0, 2)
    assert (full.port, full.queue, full.sockets) == (7000, 2, 1)
    assert full.limit in (1, None)  # /proc does not tell
    # The counters are of that namespace: the two that found no room.
    [space] = look.spaces.values()
    assert space.counters["ListenOverflows"] >= 1


def test_by_owner(own_namespace: Namespace) -> None:
    look = take_look(netns=own_namespace.pid, by=OWNER_KEYS)
    found = samples(make_families(look))
    commands = {one.values[0]: one for one in look.holders["command"]}
    assert commands["fastsock-quiet"].owner_state == "found"
    held = sum(1 for one in own_namespace.sockets if one.inode)
    assert commands["fastsock-quiet"].total == held
    [process] = [one for one in look.holders["pid"] if one.owner_state == "found"]
    assert process.values == (str(own_namespace.pid), "fastsock-quiet")
    assert process.states == commands["fastsock-quiet"].states
    # The connection that nobody has accepted.
    labels = {"owner_state": "none", "protocol": "tcp", "state": "established"}
    assert value(found, "fastsock_command_sockets", command="", **labels) == 1
    assert value(found, "fastsock_process_sockets", command="", pid="", **labels) == 1
    assert "owners" in look.sources
    assert "owners" not in take_look(netns=own_namespace.pid).sources  # nobody has been looked at


def test_each_look_asks_the_same_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few descriptors there are now: another look may meet more, and see other owners."""
    [bpf] = [one for one in engine_status() if one.name == "bpf"]
    if not bpf.available:
        pytest.skip(f"engine bpf: {bpf.reason}")
    monkeypatch.setattr("fastsock.engines.passes._loaded", {})
    for descriptors in (1, 1_000_000, 1):
        monkeypatch.setattr(processes, "count_open_files", lambda procfs, n=descriptors: n)
        assert take_look(by=("command",), engine="auto").sources["owners"] == "bpf"


def test_another_key_is_none() -> None:
    with pytest.raises(ValueError, match="^cannot tell owners by 'uid'; by command unit"):
        take_look(by=("uid",))


# ---------------------------------------------------------------------------------- a made-up host


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Processes with bad names, one without a readable cgroup, listeners, other states."""
    tree = ProcTree(tmp_path)
    for number, name in enumerate((b"nginx", b"nginx", BAD, b"db")):
        pid = 100 + number
        cgroup = b"0::/system.slice/%s.service\n" % (b"web" if number < 3 else b"db")
        process = tree.process(pid, name, netns=NETNS, cgroup=cgroup)
        for inode in range(10 * pid, 10 * pid + 4 - number):
            process.socket(inode % 10 + 3, inode)
    lines = [
        tcp_line(("10.0.0.1", 40000 + n), ("10.0.0.2", 80), 8, inode=10 * pid + n)
        for pid in range(100, 104)
        for n in range(4 - (pid - 100))
    ]
    lines.append(tcp_line(("0.0.0.0", 80), ("0.0.0.0", 0), LISTEN, inode=0))
    lines.append(tcp_line(("10.0.0.1", 9), ("10.0.0.9", 9), 14, inode=0))  # of a kernel to come
    tree.process(1, b"init", netns=NETNS, cgroup=b"0::/init.scope\n")
    for shown in (None, 1, 100, 101, 102, 103):
        tree.table("tcp", *lines, pid=shown)
        tree.table("udp", udp_line(("0.0.0.0", 53), ("0.0.0.0", 0), 7, inode=0), pid=shown)
        tree.table("tcp6", pid=shown)
        tree.table("udp6", pid=shown)
    return tmp_path


def test_names_of_others_are_escaped(proc: Path, tree_engine_name: str) -> None:
    look = take_look(procfs=proc, engine=tree_engine_name, by=("command", "unit"))
    names = {one.values[0]: one.total for one in look.holders["command"]}
    assert names == {"nginx": 7, BAD_SHOWN: 2, "db": 1, "": 3}
    assert [one.values[0] for one in look.holders["unit"]] == ["web.service", "db.service", ""]
    text = page(look).encode("")[0].decode()
    assert all(line.isprintable() for line in text.splitlines())
    parsed = samples(parse_text(text))
    labels = {"owner_state": "found", "protocol": "tcp", "state": "close_wait"}
    assert value(parsed, "fastsock_command_sockets", command=BAD_SHOWN, **labels) == 2


def test_states_that_nobody_knows_are_told(proc: Path, tree_engine_name: str) -> None:
    found = samples(make_families(take_look(procfs=proc, engine=tree_engine_name)))
    labels = {"protocol": "tcp", "family": "ipv4", "netns": str(NETNS)}
    assert value(found, "fastsock_sockets", state="state_14", **labels) == 1
    assert value(found, "fastsock_sockets", state="syn_recv", **labels) == 0


def test_the_rest_is_told_together(proc: Path, tree_engine_name: str) -> None:
    limits = Limits(top=1)
    look = take_look(procfs=proc, engine=tree_engine_name, by=("command", "pid"), limits=limits)
    told = [(one.owner_state, one.values, one.total) for one in look.holders["command"]]
    assert told == [("found", ("nginx",), 7), ("rest", ("",), 3), ("none", ("",), 3)]
    told = [(one.owner_state, one.values, one.total) for one in look.holders["pid"]]
    assert told == [("found", ("100", "nginx"), 4), ("rest", ("", ""), 6), ("none", ("", ""), 3)]


def test_a_tree_without_numbers_of_namespaces(tmp_path: Path) -> None:
    tree = ProcTree(tmp_path)
    tree.table("tcp", tcp_line(("0.0.0.0", 80), ("0.0.0.0", 0), LISTEN, inode=0))
    for name in ("tcp6", "udp", "udp6"):
        tree.table(name)
    look = take_look(procfs=tmp_path, engine="reference")
    assert list(look.spaces) == ["unknown"]
    filled = {place: states for place, states in look.counts.items() if states}
    assert filled == {("unknown", "tcp", "ipv4"): {State.LISTEN: 1}}
    assert [one.netns for one in look.listeners] == ["unknown"]


@pytest.fixture
def numberless(tmp_path: Path) -> ProcTree:
    """Processes 5 in a namespace with a number, 6 and 7 in two without, and what these counted."""
    tree = ProcTree(tmp_path)
    for pid, netns in ((5, NETNS), (6, None), (7, None)):
        tree.process(pid, b"one", netns=netns)
        for name in ("tcp", "tcp6", "udp", "udp6"):
            tree.table(name, pid=pid)
        (tmp_path / f"{pid}/net/netstat").write_text(f"TcpExt: ListenDrops\nTcpExt: {100 + pid}\n")
    return tree


def test_namespaces_without_numbers_are_told_together(numberless: ProcTree) -> None:
    """Sockets only: whose counters would they be when another one comes or goes?"""
    for gone in (None, 7, 6):
        if gone is not None:
            shutil.rmtree(numberless.path / str(gone))
        look = take_look(procfs=numberless.path, engine="reference", netns="all")
        found = samples(make_families(look))
        assert value(found, "fastsock_listen_drops_total", netns=str(NETNS)) == 105
        assert value(found, "fastsock_listen_drops_total", netns="unknown") is None
        assert list(look.spaces) == [str(NETNS)]
        # Always there, though nobody has a socket, until there is no such namespace any more.
        labels = {"protocol": "tcp", "family": "ipv4", "state": "close_wait", "netns": "unknown"}
        assert value(found, "fastsock_sockets", **labels) == (None if gone == 6 else 0)


def test_a_namespace_that_is_asked_for_needs_no_number(numberless: ProcTree) -> None:
    """It is always the same one: a process 1 that may not be read, below another root."""
    look = take_look(procfs=numberless.path, engine="reference", netns=7)
    found = samples(make_families(look))
    assert value(found, "fastsock_listen_drops_total", netns="unknown") == 107


def test_namespaces_without_numbers_do_not_take_the_place_of_others(numberless: ProcTree) -> None:
    look = take_look(
        procfs=numberless.path, engine="reference", netns="all", limits=Limits(namespaces=1)
    )
    assert {netns for netns, *_ in look.counts} == {str(NETNS), "unknown"}
    assert "namespaces over limit" not in [entry["what"] for entry in look.incomplete]


# ------------------------------------------------------------------------------------------ limits


def test_listeners_over_the_limit(own_namespace: Namespace) -> None:
    look = take_look(netns=own_namespace.pid, limits=Limits(listeners=1))
    assert [one.port for one in look.listeners] == [5000]  # in whose queue there is one
    found = samples(make_families(look))
    listening = sum(one.state == State.LISTEN for one in own_namespace.sockets)
    missing = value(found, "fastsock_scan_incomplete", what="listeners_over_limit")
    assert missing == (listening - 1 or None)
    remedies = [one["remedy"] for one in look.incomplete if one["what"] == "listeners over limit"]
    assert remedies == ["--max-listeners N"] * bool(missing)
    assert take_look(netns=own_namespace.pid, limits=Limits(listeners=0)).listeners == []


def test_namespaces_over_the_limit(own_namespace: Namespace) -> None:
    pids = [os.getpid(), own_namespace.pid]
    protocols = ("tcp", "udp", "unix")
    look = take_look(netns=pids, protocol=protocols, limits=Limits(namespaces=1))
    assert list(look.spaces) == ["own"]
    # What is in others is counted, and nothing else is told of them.
    other = {place: sum(n.values()) for place, n in look.counts.items() if place[0] == "other"}
    assert sum(other.values()) == len(own_namespace.sockets)
    assert set(other) == {("other", *pair) for pair in look.pairs}  # also where there are none
    assert {one.netns for one in look.listeners} <= {"own"}
    found = samples(make_families(look))
    assert value(found, "fastsock_scan_incomplete", what="namespaces_over_limit") == 1
    [missing] = [one for one in look.incomplete if one["what"] == "namespaces over limit"]
    assert missing["remedy"] == "--max-namespaces N"
    assert {labels for name, labels in found if name == "fastsock_listen_drops_total"} == {
        (("netns", "own"),)
    }


def test_namespaces_are_chosen_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "read_inode", lambda process: 7)
    names = {3: "blue", 4: "own", 5: "42", 6: "a\nb", 8: "other"}
    found = [Found(inode, [], name) for inode, name in names.items()]
    monkeypatch.setattr(looking, "named_namespaces", lambda: found)
    spaces = [Found(inode, ["/proc/1/net"]) for inode in (9, 8, 7, 6, 5, 4, 3)]
    chosen = choose_namespaces(spaces, 7)
    assert [one.inode for one in chosen] == [7, 3, 4, 5, 6, 8, 9]
    assert name_namespaces(chosen) == {
        7: "own", 3: "blue", 4: "4", 5: "5", 6: "a\\x0ab", 8: "8", 9: "9",
    }  # fmt: skip


def test_our_namespace_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "read_inode", lambda process: 7)
    monkeypatch.setattr(looking, "named_namespaces", lambda: [Found(7, [], "blue")])
    assert name_namespaces([Found(7, [])]) == {7: "blue"}


def test_there_are_no_more_series_than_is_said() -> None:
    """All that one look may hold at most, against the numbers in the text of metrics.py."""
    look = Look()
    look.pairs = [(protocol, family) for protocol in ("tcp", "udp") for family in ("ipv4", "ipv6")]
    settings: dict[str, Any] = {"tcp_max_tw_buckets": 1, "ip_local_port_range": (1, 2)}
    look.spaces = {
        str(n): Space(n, counters=dict.fromkeys(COUNTERS, 1), settings=settings)
        for n in range(1, 101)
    }
    look.ports = dict.fromkeys(look.spaces, (1, 2))
    names = (*look.spaces, "other", "unknown")
    look.counts = {(netns, *pair): {1: 1} for netns in names for pair in look.pairs}
    look.listeners = [Listener("1", "::", port, 0, 1, 1) for port in range(500)]
    states = {UDP: (1, 7), TCP: tuple(State)}
    groups: list[Any] = [((b"%d" % n, protocol), dict.fromkeys(states[protocol], 1))
              for n in range(30) for protocol in states]  # fmt: skip
    groups += [((state, protocol), {1: 1}) for state in (-1, -2, -3) for protocol in states]
    look.holders = {"command": rank_holders("command", groups, 20, False)}
    found = samples(page(look).collect())
    assert sum(name == "fastsock_sockets" for name, _ in found) == 102 * 26
    by_space = [labels for name, labels in found if name != "fastsock_sockets"
                and dict(labels).get("netns") == "2"]  # fmt: skip
    assert len(by_space) == 12
    assert sum(name == "fastsock_command_sockets" for name, _ in found) == 24 * 13
    about = len(found) - 102 * 26 - 100 * 12 - 3 * 500 - 24 * 13
    assert about <= 40 and len(found) <= 5800


def test_how_full_a_queue_is() -> None:
    assert fullness(2, 1) == 1.0  # one more than the limit may wait
    assert fullness(0, 0) == 0.0 < fullness(1, 128) < fullness(1, 0) == 1.0
    assert fullness(3, -1) == 3.0


def test_what_could_not_be_read_is_hidden() -> None:
    groups: Sequence[tuple[tuple[Any, ...], dict[int, int]]] = [
        ((None, TCP), {1: 2}),
        ((-2, TCP), {1: 1}),
        ((b"a.service", TCP), {1: 1}),
    ]
    told = [(one.owner_state, one.total) for one in rank_holders("unit", groups, 9, True)]
    assert told == [("found", 1), ("hidden", 3)]
    told = [(one.owner_state, one.total) for one in rank_holders("unit", groups, 9, False)]
    assert told == [("found", 2), ("found", 1), ("hidden", 1)]
    nameless = rank_holders("command", [((b"", TCP), {1: 1})], 9, False)
    assert [one.owner_state for one in nameless] == ["hidden"]


# ------------------------------------------------------------------------------------------ forms


@pytest.fixture
def seen() -> Look:
    return take_look(protocol=("tcp", "udp", "unix"), by=("command", "pid"), netns="all")


def test_both_forms_are_what_parsers_take(seen: Look) -> None:
    made = page(seen)
    text, kind = made.encode("")
    assert kind.startswith("text/plain; version=0.0.4")
    plain = samples(parse_text(text.decode()))
    accepted = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.2"
    )
    text, kind = made.encode(accepted)
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert samples(parse_openmetrics(text.decode())) == plain == samples(made.collect())
    assert made.encode(accepted)[0] is text  # made once
    assert made.pack("") is made.pack("text/plain") is not made.pack(accepted)


def test_openmetrics_may_be_refused(seen: Look) -> None:
    kind = page(seen).encode("application/openmetrics-text;q=0, text/plain")[1]
    assert kind.startswith("text/plain; version=0.0.4")


def test_an_accept_header_can_say_anything(seen: Look) -> None:
    made = page(seen)
    for accept in ("\r\nSet-Cookie: x", "application/openmetrics-text; version=\x0b9\r\n", "é"):
        kind = made.encode(accept)[1]
        assert kind.isprintable() and "9" not in kind.replace("0.0.4", "")


def test_prometheus_finds_nothing_to_say(seen: Look) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool (Debian's package prometheus)")
    text = page(seen).encode("")[0]
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_collector_in_a_registry_of_ones_own(own_namespace: Namespace) -> None:
    registry = CollectorRegistry(auto_describe=True)
    collector = Collector(netns=own_namespace.pid, by=("command",))
    registry.register(collector)
    described = {(one.name, one.type) for one in collector.describe()}
    assert described == {(one.name, one.type) for one in collector.collect()}
    assert b'fastsock_command_sockets{command="fastsock-quiet"' in generate_latest(registry)
    labels = {"protocol": "udp", "family": "ipv4", "state": "close", "netns": str(own_namespace[1])}
    assert registry.get_sample_value("fastsock_sockets", labels) == 1
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(Collector())


def test_a_page_says_how_it_was_served(seen: Look) -> None:
    served = Served()
    served.count(200)
    served.count(404)
    served.refused = 5
    found = samples(Page(seen, served, 3, 1).collect())
    assert value(found, "fastsock_http_requests_total", code="404") == 1
    assert value(found, "fastsock_http_connections_refused_total") == 5
    assert value(found, "fastsock_scans_total") == 3
    assert value(found, "fastsock_scan_failures_total") == 1
    assert value(found, "process_open_fds")
    version = {"version": fastsock.__version__, "compiled": "true"}
    if fastsock.implementation.COMPILED:
        assert value(found, "fastsock_build_info", **version) == 1
