"""Flows: connections folded, held against a naive model; real ones; and what the verb prints."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import fastsock
from children import child_process
from command_line import Run
from fastsock import folding
from fastsock.errors import FilterError
from fastsock.folding import FLOW, FLOW_KEYS, Flow, Flows, flows
from implementations import BUILDS, PLACES, Implementation, address, socket_row
from own_namespace import Namespace
from ports import listen, port_of, reset
from proctree import CLOSE_WAIT, LISTEN, TIME_WAIT, ProcTree, tcp_line, udp_line

SELF = os.getpid()
NETNS = 4026531840
OTHER_NETNS = 4026531841
BAD = b"a\n\x1b[31mb"
TCP, UDP = 6, 17
patient = settings(deadline=None)  # the machine may be busy with other things


# ---------------------------------------------------------------------------------------- in memory


@contextlib.contextmanager
def built(implementation: Implementation) -> Iterator[None]:
    """Have `folding` use one twin."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("evaluate", "group"):
            patch.setattr(folding, name, getattr(implementation, name))
        patch.setattr(folding, "storage", implementation.folding)
        yield


def folded(
    implementation: Implementation,
    rows: list[tuple[Any, ...]],
    listening: dict[tuple[int, int], bytearray],
    by: tuple[str, ...] = FLOW,
    sort: str = "count",
    chunk: int = 7,
) -> Flows:
    """Fold rows that come in tables of a few."""
    made = Flows(by, sort)
    for start in range(0, len(rows), chunk):
        table: Any = implementation.rows(*rows[start : start + chunk])
        made.fold(table, listening)
    return made


def ports(*listened: tuple[int, int, int]) -> dict[tuple[int, int], bytearray]:
    """Tables of (netns, protocol, port)."""
    made: dict[tuple[int, int], bytearray] = {}
    for netns, protocol, port in listened:
        made.setdefault((netns, protocol), bytearray(65536))[port] = 1
    return made


PEERS = {address(text): text for text in ("10.0.0.2", "10.0.0.3")}
ROWS = st.lists(
    st.builds(
        socket_row,
        protocol=st.sampled_from([TCP, UDP]),
        state=st.sampled_from([1, 6, 8]),
        local_port=st.sampled_from([0, 80, 443, 40000, 65535]),
        remote_port=st.sampled_from([0, 80, 5432, 65535]),
        remote_address=st.sampled_from(sorted(PEERS)),
        netns=st.sampled_from([1, 2]),
        rx_queue=st.sampled_from([0, 1, 300, 2**32 - 1]),
        tx_queue=st.sampled_from([0, 5]),
        uid=st.sampled_from([0, 1000]),
    ),
    max_size=40,
)
LISTENED = st.lists(
    st.tuples(st.sampled_from([1, 2]), st.sampled_from([TCP, UDP]), st.sampled_from([0, 80, 443])),
    max_size=6,
)
KEYS = ("direction", "service_port", "peer", "protocol", "uid", "netns", "state")


@pytest.mark.parametrize("build", BUILDS)
@patient
@given(
    rows=ROWS,
    listened=LISTENED,
    by=st.lists(st.sampled_from(KEYS), unique=True, min_size=1).map(tuple),
    sort=st.sampled_from(folding.ORDERS),
)
def test_flows_are_those_of_the_model(
    build: str,
    rows: list[tuple[Any, ...]],
    listened: list[tuple[int, int, int]],
    by: tuple[str, ...],
    sort: str,
) -> None:
    expected: dict[tuple[Any, ...], list[int]] = {}
    inbound = 0
    for row in rows:
        one = {name: row[place] for name, place in PLACES.items()}
        came = (one["netns"], one["protocol"], one["local_port"]) in listened
        inbound += came
        values = {
            "direction": "inbound" if came else "outbound",
            "service_port": one["local_port"] if came else one["remote_port"],
            "peer": PEERS[one["remote_address"]],
            "protocol": {TCP: "tcp", UDP: "udp"}[one["protocol"]],
            "uid": one["uid"],
            "netns": one["netns"],
            "state": fastsock.State(one["state"]),
        }
        sums = expected.setdefault(tuple(values[key] for key in by), [0, 0, 0, 0])
        adds = (1, one["state"] == 1, one["rx_queue"], one["tx_queue"])
        sums[:] = [total + more for total, more in zip(sums, adds, strict=True)]
    place = {"count": 0, "rx_queue": 2, "tx_queue": 3}[sort]
    ordered = sorted(expected.items(), key=lambda item: -item[1][place])

    implementation = Implementation(build)
    with built(implementation):
        found = folded(implementation, rows, ports(*listened), by, sort)
        numbers = [
            (one.key, [one.total, one.established, one.rx_queue, one.tx_queue]) for one in found
        ]
    assert numbers == ordered
    assert (found.inbound, found.outbound) == (inbound, len(rows) - inbound)
    assert len(found) == len(ordered)


def test_many_flows_are_in_order(implementation: Implementation) -> None:
    """Of each length of number there is one, and more flows than a digit of the sort has values."""
    rows = [
        socket_row(remote_port=n, rx_queue=queue)
        for n, queue in enumerate([1 << shift for shift in range(32)] + [2**32 - 1] * 3 + [0] * 700)
        for _ in range(300 if n == 5 else 2 if n == 30 else 1)
    ]
    with built(implementation):
        by_queue = folded(implementation, rows, {}, sort="rx_queue", chunk=100)
        queues = [flow.rx_queue for flow in by_queue]
        assert queues == sorted(queues, reverse=True)
        assert queues[:5] == [2**32 - 1, 2**32 - 1, 2**32 - 1, 2**31, 2**31]
        assert [flow.service_port for flow in by_queue[:5]] == [32, 33, 34, 30, 31]
        assert [flow.service_port for flow in by_queue[-3:]] == [732, 733, 734]
        by_count = folded(implementation, rows, {}, chunk=100)
        assert [(flow.service_port, flow.total) for flow in by_count[:4]] == [
            (5, 300),
            (30, 2),
            (0, 1),
            (1, 1),
        ]


def test_sums_go_beyond_32_bits(implementation: Implementation) -> None:
    rows = [socket_row(rx_queue=2**32 - 1, tx_queue=2**31) for _ in range(5)]
    with built(implementation):
        (flow,) = folded(implementation, rows, {})
    assert (flow.rx_queue, flow.tx_queue) == (5 * (2**32 - 1), 5 * 2**31)


def test_a_port_is_listened_on_in_its_own_namespace_and_protocol(
    implementation: Implementation,
) -> None:
    rows = [
        socket_row(netns=netns, protocol=protocol, local_port=80, remote_port=40000)
        for netns in (1, 2)
        for protocol in (TCP, UDP)
    ]
    with built(implementation):
        found = folded(implementation, rows, ports((1, TCP, 80)), ("netns", "protocol", *FLOW))
        assert {flow.key[:4] for flow in found} == {
            (1, "tcp", "inbound", 80),
            (1, "udp", "outbound", 40000),
            (2, "tcp", "outbound", 40000),
            (2, "udp", "outbound", 40000),
        }


def test_a_flow_is_a_view(implementation: Implementation) -> None:
    rows = [socket_row(state=state) for state in (1, 1, 8)]
    with built(implementation):
        found = folded(implementation, rows, ports((1, TCP, 80)))
        flow = found[0]
        assert repr(flow) == "<Flow direction=inbound service_port=80 peer=10.0.0.2: 3>"
        assert (flow.direction, flow.service_port, flow.peer) == ("inbound", 80, "10.0.0.2")
        assert (flow.total, flow.established, flow.other) == (3, 2, 1)
        assert flow == found[-1] == found[:1][0]
        assert flow != "inbound"
        assert repr(found) == "<Flows by direction,service_port,peer: 1>"
        for name in ("command", "total_"):
            with pytest.raises(AttributeError, match=f"has no '{name}'"):
                getattr(flow, name)
        for index in (1, -2):
            with pytest.raises(IndexError):
                found[index]
        assert flow.as_dict() == {
            "direction": "inbound",
            "service_port": 80,
            "peer": "10.0.0.2",
            "established": 2,
            "other": 1,
            "total": 3,
            "rx_queue": 0,
            "tx_queue": 0,
        }


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda flow: pickle.loads(pickle.dumps(flow))]
)
def test_a_flow_is_copied(copied: Callable[[Flow], Flow]) -> None:
    flow = Flow(("direction", "peer"), ("inbound", "10.0.0.2"), 3, 2, 0, 7)
    made = copied(flow)
    assert made is not flow and made == flow
    assert made.peer == "10.0.0.2"


def test_marks_of_other_rows_are_refused(implementation: Implementation) -> None:
    rows = implementation.rows(socket_row(), socket_row())
    for format, marks in (("B", [1]), ("H", [1, 1])):
        with pytest.raises(ValueError, match="marks of different rows"):
            implementation.folding.service_ports(rows, implementation.column(format, marks))


# ----------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("question", "error", "text"),
    [
        ({"by": "nonsense"}, ValueError, "cannot fold by 'nonsense'; keys are direction "),
        ({"by": "remote_port"}, ValueError, "cannot fold by 'remote_port'; keys are direction "),
        ({"by": ""}, ValueError, "cannot fold by ''"),
        ({"by": ()}, ValueError, r"fold by one key or several different ones, not \(\)"),
        ({"by": "peer,peer"}, ValueError, "fold by one key or several different ones, not 'peer,"),
        ({"sort": "rx"}, ValueError,
         "cannot sort by 'rx'; flows are sorted by count, rx_queue, tx_queue"),
        ({"protocol": "unix"}, FilterError,
         "flows: UNIX sockets have no ports; ask for protocol tcp or udp"),
        ({"protocol": ("tcp", "unix")}, FilterError, "flows: UNIX sockets have no ports"),
        ({"state": "listen"}, FilterError,
         "flows: a socket in LISTEN or CLOSE has no peer; ask for other states"),
        ({"state": "nonsense"}, FilterError, "unknown state 'nonsense'"),
        ({"expression": "dport = 70000"}, FilterError, "'70000' is not a port"),
        ({"owners": True}, TypeError, r"^flows\(\) does not take owners=$"),
        ({"fields": ["mark"]}, TypeError, r"^flows\(\) does not take fields=$"),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense(
    question: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        flows(**question)


def test_a_process_that_does_not_exist() -> None:
    with pytest.raises(fastsock.NoSuchProcess, match="no such process: 2147483647"):
        flows(pid=2**31 - 1)


# ------------------------------------------------------------------------------- real connections


@contextlib.contextmanager
def conversation(count: int = 1) -> Iterator[tuple[int, list[socket.socket]]]:
    """Yield a port, and both ends of connections to it."""
    with listen() as listener, contextlib.ExitStack() as stack:
        ends = []
        for _ in range(count):
            for one in (socket.create_connection(listener.getsockname()), listener.accept()[0]):
                ends.append(one)
                stack.callback(reset, one)
        yield port_of(listener), ends


def key_and_total(found: Flows) -> set[tuple[Any, ...]]:
    return {(*flow.key, flow.total) for flow in found}


def test_both_ends_of_loopback_are_flows(engine_name: str) -> None:
    with conversation(3) as (port, ends):
        ends[0].send(b"12345")
        until = time.monotonic() + 10
        while not (found := flows(port=port, engine=engine_name, sort="rx_queue"))[0].rx_queue:
            assert time.monotonic() < until
        assert key_and_total(found) == {
            ("inbound", port, "127.0.0.1", 3),
            ("outbound", port, "127.0.0.1", 3),
        }
        assert (found[0].direction, found[0].rx_queue, found[0].established) == ("inbound", 5, 3)
        assert (found.inbound, found.outbound) == (3, 3)
        assert found.sources == {"sockets": engine_name}
        assert found.elapsed > 0
        assert found.as_dict()["connections"] == {"inbound": 3, "outbound": 3, "total": 6}
        assert len(flows(f"sport = :{port}", engine=engine_name)) == 1
        assert len(flows("inbound", local_port=port, engine=engine_name)) == 1
        assert len(flows(port=port, state="time-wait", engine=engine_name)) == 0


def test_every_sort_of_connection(own_namespace: Namespace, engine_name: str) -> None:
    asked: dict[str, Any] = {"engine": engine_name, "netns": own_namespace.pid}
    found = flows(protocol=("tcp", "udp"), by=("protocol", "family", *FLOW), **asked)
    told = key_and_total(found)
    ipv4 = {
        ("tcp", "ipv4", "inbound", 5000, "127.0.0.1", 3),  # one of them not accepted
        ("tcp", "ipv4", "outbound", 5000, "127.0.0.1", 3),
        ("udp", "ipv4", "outbound", 5001, "127.0.0.1", 1),  # who receives is not connected
    }
    if not any(one.family == "ipv6" for one in own_namespace.sockets):
        assert told == ipv4
        return
    # A client of IPv4 meets a server that listens on [::], and each calls the other its own way.
    assert told == ipv4 | {
        ("tcp", "ipv4", "outbound", 5002, "127.0.0.1", 1),
        ("tcp", "ipv6", "inbound", 5002, "::ffff:127.0.0.1", 1),
        ("tcp", "ipv6", "inbound", 5002, "::1", 1),
        ("tcp", "ipv6", "outbound", 5002, "::1", 1),
    }
    states = {(flow.direction, str(flow.state)): flow.total
              for flow in flows(port=5000, by="direction,state", **asked)}  # fmt: skip
    assert states == {
        ("inbound", "ESTABLISHED"): 2,
        ("inbound", "CLOSE_WAIT"): 1,
        ("outbound", "ESTABLISHED"): 2,
        ("outbound", "FIN_WAIT2"): 1,
    }


def test_every_engine_agrees(own_namespace: Namespace) -> None:
    answers = []
    for status in fastsock.engine_status():
        if status.available:
            found = flows(protocol=("tcp", "udp"), netns=own_namespace.pid, engine=status.name)
            answers.append(sorted(key_and_total(found)))
    assert answers[0]
    assert answers == answers[:1] * len(answers)


def test_what_processes_share_is_in_the_flow_of_each(engine_name: str) -> None:
    with conversation() as (port, _), child_process(lambda: None) as (child, _):
        found = flows(
            local_port=port, by=("direction", "pid"), pid=[SELF, child], engine=engine_name
        )
        assert key_and_total(found) == {("inbound", SELF, 1), ("inbound", child, 1)}
        assert (found.inbound, found.outbound) == (1, 0)
        assert set(found.sources) == {"sockets", "owners"}
        alone = flows(local_port=port, by=("direction", "pid"), pid=child, engine=engine_name)
        assert key_and_total(alone) == {("inbound", child, 1)}


def test_sockets_that_nobody_holds_are_flows_of_their_own(engine_name: str) -> None:
    with listen() as listener:
        client = socket.create_connection(listener.getsockname())  # never accepted
        try:
            found = flows(
                local_port=port_of(listener), by=("direction", "command"), engine=engine_name
            )
            assert [(flow.direction, flow.command) for flow in found] == [
                ("inbound", fastsock.NONE)
            ]
            assert found[0].as_dict()["owner_state"] == "none"
        finally:
            reset(client)


def test_all_keys_work_together(engine_name: str) -> None:
    with conversation() as (port, _):
        found = flows(port=port, by=FLOW_KEYS, pid=SELF, engine=engine_name)
        assert {flow.direction for flow in found} == {"inbound", "outbound"}
        (flow,) = (flow for flow in found if flow.direction == "inbound")
        assert (flow.pid, flow.local_address, flow.uid) == (SELF, "127.0.0.1", os.geteuid())


# --------------------------------------------------------------------------------------- the verb


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Two namespaces: what one listens on, the other connects to from that very port."""
    tree = ProcTree(tmp_path)
    tree.process(1, b"init", netns=NETNS, start_time=0)
    app = tree.process(700, b"app", netns=NETNS, cgroup=b"0::/system.slice/app.service\n")
    for fd in range(4):
        app.socket(10 + fd, 601 + fd)
    tree.process(800, BAD, netns=OTHER_NETNS).socket(3, 651)
    for name in ("tcp", "tcp6", "udp", "udp6", "unix"):
        for pid in (None, 1, 700, 800):
            tree.table(name, pid=pid)
    tables = {
        "tcp": [
            tcp_line(("0.0.0.0", 443), state=LISTEN, inode=600, rx_queue=9),
            tcp_line(("10.0.0.1", 443), ("192.168.0.2", 54321), inode=601, rx_queue=70),
            tcp_line(("10.0.0.1", 443), ("192.168.0.2", 54322), inode=602, tx_queue=1000),
            tcp_line(("10.0.0.1", 443), ("192.168.0.2", 54323), CLOSE_WAIT, inode=603),
            tcp_line(("10.0.0.1", 443), ("192.168.0.7", 40000), TIME_WAIT),
            tcp_line(("10.0.0.1", 40001), ("10.0.0.9", 5432), inode=604),
        ],
        "tcp6": [tcp_line(("2001:db8::1", 443), ("2001:db8::2", 50000), inode=605)],
        "udp": [
            udp_line(("0.0.0.0", 53), inode=607),
            udp_line(("10.0.0.1", 40002), ("10.0.0.53", 53), 1, inode=608),
        ],
    }
    for pid in (None, 1, 700):
        for name, lines in tables.items():
            tree.table(name, *lines, pid=pid)
    tree.table("tcp", tcp_line(("10.1.0.1", 443), ("10.0.0.1", 5432), inode=651), pid=800)
    return tmp_path


def test_the_verb(run: Run, proc: Path) -> None:
    result = run("flows", "--procfs", proc)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "DIRECTION  PORT  PEER         ESTABLISHED  OTHER  TOTAL  RX    TX",
        "inbound     443  192.168.0.2            2      1      3  70  1000",
        "inbound     443  192.168.0.7            0      1      1   0     0",
        "outbound   5432  10.0.0.9               1      0      1   0     0",
        "inbound     443  2001:db8::2            1      0      1   0     0",
        "inbound=5 outbound=1",
    ]


def test_the_verb_sorts_and_cuts(run: Run, proc: Path) -> None:
    result = run("flows", "--procfs", proc, "-tu", "--sort", "tx_queue", "--limit", 1)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "DIRECTION  PORT  PEER         ESTABLISHED  OTHER  TOTAL  RX    TX",
        "inbound     443  192.168.0.2            2      1      3  70  1000",
        "… 4 more: --limit 5",
        "inbound=5 outbound=2",
    ]
    result = run("flows", "--procfs", proc, "-u", "--no-header", "--by", "service_port,peer")
    assert result.out == "53  10.0.0.53  1  0  1  0  0\ninbound=0 outbound=1\n"


def test_the_verb_by_owners_and_namespaces(run: Run, proc: Path) -> None:
    result = run("flows", "--procfs", proc, "--netns", "all", "--by", "direction,unit,command")
    assert result.code == 0
    lines = result.out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]][0] == "inbound"
    assert any(line.startswith("inbound    app.service  app ") for line in lines)
    # Port 443 is listened on in the one namespace, and not in the other.
    assert (
        'outbound   no unit      "a\\x0a\\x1b[31mb"            1      0      1   0     0' in lines
    )
    assert "\x1b" not in result.out
    result = run("flows", "--procfs", proc, "--by", "state,direction")
    assert result.out.splitlines()[:2] == [
        "STATE        DIRECTION  TOTAL  RX    TX",
        "ESTABLISHED  inbound        3  70  1000",
    ]


@pytest.mark.parametrize("hidden", [(800,), (700, 800)])
def test_namespaces_that_cannot_be_told_apart(
    run: Run, proc: Path, hidden: tuple[int, ...]
) -> None:
    for pid in hidden:
        (proc / str(pid) / "ns" / "net").unlink()
    complaint = (
        f"{len(hidden)} namespaces may not be told apart: where one listens on a port, connections "
        "to it in all of them count as inbound; run as root or with CAP_SYS_PTRACE"
    )
    for words in ("flows", "flows inbound", "count outbound"):
        result = run(*words.split(), "--netns", "all", "--procfs", proc)
        assert result.err.splitlines().count(f"fastsock: {complaint}") == (len(hidden) > 1)
    result = run("count", "--netns", "all", "--procfs", proc)
    assert complaint not in result.err  # nobody asked for directions


def test_the_verb_s_json(run: Run, proc: Path) -> None:
    document = json.loads(run("flows", "--procfs", proc, "--json", "--limit", 2).out)
    assert (document["schema"], document["by"], document["sort"]) == (1, list(FLOW), "count")
    assert document["connections"] == {"inbound": 5, "outbound": 1, "total": 6}
    assert document["sources"]
    assert document["flows"] == [
        {
            "direction": "inbound",
            "service_port": 443,
            "peer": "192.168.0.2",
            "established": 2,
            "other": 1,
            "total": 3,
            "rx_queue": 70,
            "tx_queue": 1000,
        },
        {
            "direction": "inbound",
            "service_port": 443,
            "peer": "192.168.0.7",
            "established": 0,
            "other": 1,
            "total": 1,
            "rx_queue": 0,
            "tx_queue": 0,
        },
    ]
    lines = run("flows", "--procfs", proc, "--jsonl").out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 5
    assert (rows[-1]["end"], rows[-1]["rows"]) == (True, 4)
    named = run("flows", "--procfs", proc, "--json", "--netns", 800, "--by", "command").out
    assert json.loads(named)["flows"][0]["command"] == "a\\x0a\\x1b[31mb"


def test_no_flow_is_no_match(run: Run, proc: Path) -> None:
    result = run("flows", "--procfs", proc, "--port", 1)
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines()[-1] == "inbound=0 outbound=0"
    assert run("flows", "--procfs", proc, "--port", 1, "--json").out.endswith('"flows":[\n]}\n')


KEY_LIST = ", ".join(FLOW_KEYS)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--by port", f"--by: cannot fold by 'port'; keys are {KEY_LIST}"),
        ("--by ,", "--by needs a value"),
        ("--sort total",
         "--sort: cannot sort by 'total'; flows are sorted by count, rx_queue, tx_queue"),
        ("--limit x", "--limit: 'x' is not a number of rows (0 to 4294967295)"),
        ("-x", "flows: UNIX sockets have no ports; ask for protocol tcp or udp"),
        ("-l", "flows: a socket in LISTEN or CLOSE has no peer; ask for other states"),
        ("--pids", "unknown flag --pids; see fastsock flows --help"),
    ],
)  # fmt: skip
def test_bad_usage(run: Run, words: str, complaint: str) -> None:
    result = run("flows", *words.split())
    assert (result.code, result.out, result.err) == (2, "", f"fastsock: {complaint}\n")


def test_an_error_in_an_expression_is_pointed_at(run: Run) -> None:
    result = run("flows", "dport = 443 and sport > 70000")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "fastsock: '70000' is not a port (0 to 65535)",
        "  dport = 443 and sport > 70000",
        "                          ^^^^^",
    ]
