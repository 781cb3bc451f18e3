"""What changed between two snapshots: made-up ones, and of sockets that are really left behind."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fastsock
from command_line import Run, run as run
from fastsock import ComparisonError, Snapshot, SocketTable, State
from fastsock.cli.diff import text_duration
from fastsock.diagnose.counters import Space
from fastsock.diagnose.diff import find_partners
from fastsock.implementation import group, table as storage
from implementations import address, socket_row

ESTABLISHED, TIME_WAIT, CLOSE, CLOSE_WAIT, LISTEN = 1, 6, 7, 8, 10
HOST = {"host": "ci-7", "boot_id": "b007", "netns": 1, "time": 1795305600.0, "monotonic": 100.0}
LATER = {"monotonic": 183.2, "time": 1795305683.2}


def table_of(*rows: dict[str, Any], owned: bool = True) -> SocketTable:
    """Rows; `pid` and `command` say whose a row's inode is."""
    held: list[tuple[int, int, int, int, int]] = []
    processes: list[Any] = []
    made = []
    for given in rows:
        row = dict(given)
        pid, command = row.pop("pid", 0), row.pop("command", b"")
        if pid:
            if pid not in [process.pid for process in processes]:
                processes.append(storage.Process(pid, 1, command, 0, 1, b""))
            which = [process.pid for process in processes].index(pid)
            held.append((row["inode"], pid, 3 + len(held), pid, which))
        made.append(socket_row(**row))
    table = SocketTable.from_rows(made)
    if owned:
        owners = fastsock.OwnerTable.from_rows(held, fastsock.ProcessTable(processes))
        heads = group.OwnerIndex(owners).heads(table, storage.OWNER_UNKNOWN)
        table.attach_owners(owners, heads)
    return table


def snapshot_of(*rows: dict[str, Any], owned: bool = True, **given: Any) -> Snapshot:
    return Snapshot(sockets=table_of(*rows, owned=owned), **{**HOST, **given})


def later(*rows: dict[str, Any], owned: bool = True, **given: Any) -> Snapshot:
    return snapshot_of(*rows, owned=owned, **{**LATER, **given})


def listener(cookie: int, port: int, **more: Any) -> dict[str, Any]:
    no_one = {"remote_address": address("0.0.0.0"), "remote_port": 0}
    return {"cookie": cookie, "state": LISTEN, "local_port": port, **no_one, **more}


def leaking(cookie: int, **more: Any) -> dict[str, Any]:
    return {
        "cookie": cookie,
        "inode": 1000 + cookie,
        "state": CLOSE_WAIT,
        "local_port": 40000 + cookie,
        "remote_port": 443,
        "pid": 71,
        "command": b"app",
        **more,
    }


def cookies(table: SocketTable) -> list[int]:
    found: list[int] = table.column("cookie").tolist()
    return found


# -------------------------------------------------------------------------------- counts and groups


def test_counts_by_state_and_by_key() -> None:
    before = snapshot_of(leaking(1), leaking(2, state=ESTABLISHED), listener(3, 80))
    after = later(*(leaking(n) for n in (1, 2, 4, 5)), leaking(6, pid=72, command=b"web"))
    found = fastsock.diff(before, after, by="command")
    assert found.counts.before == before.sockets.counts()
    assert found.counts.after == after.sockets.counts()
    assert found.counts.total == 2
    assert found.counts.states == {"ESTABLISHED": -1, "CLOSE_WAIT": 4, "LISTEN": -1}
    assert [(one.key, one.total, one.states) for one in found.groups] == [
        ("app", 2, {"ESTABLISHED": -1, "CLOSE_WAIT": 3}),
        ("web", 1, {"CLOSE_WAIT": 1}),
        (fastsock.NONE, -1, {"LISTEN": -1}),
    ]
    assert found.seconds == pytest.approx(83.2)


def test_several_keys() -> None:
    found = fastsock.diff(
        snapshot_of(leaking(1)), later(leaking(1), leaking(2)), by=("command", "state")
    )
    assert found.by == ("command", "state")
    assert [(one.key, one.total) for one in found.groups] == [(("app", State.CLOSE_WAIT), 1)]
    assert found.as_dict()["groups"][0]["command"] == "app"
    assert found.as_dict()["groups"][0]["state"] == "CLOSE_WAIT"


@pytest.mark.parametrize("by", ["nope", ("pid", "pid"), ""])
def test_unknown_keys(by: Any) -> None:
    if not by:
        assert fastsock.diff(snapshot_of(), later(), by=by).by == ()
        return
    with pytest.raises(ValueError, match="count by"):
        fastsock.diff(snapshot_of(), later(), by=by)


def test_a_column_that_was_not_taken() -> None:
    with pytest.raises(ComparisonError, match="taken without what socket_cgroup needs"):
        fastsock.diff(snapshot_of(leaking(1)), later(leaking(1)), by="socket_cgroup")


# --------------------------------------------------------------------------- which sockets they are


def test_sockets_are_followed_by_their_cookie() -> None:
    before = snapshot_of(leaking(1, state=ESTABLISHED), leaking(2), leaking(3))
    # The same inode, addresses and ports as 3, and another socket.
    after = later(leaking(4, inode=1003, local_port=40003), leaking(2), leaking(1, inode=0))
    found = fastsock.diff(before, after)
    assert (cookies(found.new), cookies(found.gone), found.kept) == ([4], [3], 2)
    assert found.moved == {(State.ESTABLISHED, State.CLOSE_WAIT): 1}
    assert [socket.owner_state for socket in found.new] == ["found"]


def test_without_cookies_by_inode_and_ends() -> None:
    rows = [leaking(n) for n in (1, 2, 3)]
    for row in rows:
        row["cookie"] = 0
    changed = [{**rows[0], "state": ESTABLISHED}, {**rows[1], "inode": 7}, {**rows[2], "netns": 2}]
    asked: dict[str, Any] = {"netns_asked": "all"}
    found = fastsock.diff(snapshot_of(*rows, **asked), later(*changed, **asked))
    assert (len(found.new), len(found.gone), found.kept) == (2, 2, 1)
    assert found.moved == {(State.CLOSE_WAIT, State.ESTABLISHED): 1}


def test_an_inode_of_several_sockets_or_of_none() -> None:
    flows = [{**leaking(n), "cookie": 0, "inode": 9, "pid": 0} for n in (1, 2, 3)]
    ended = [{**leaking(n), "cookie": 0, "inode": 0, "state": TIME_WAIT, "pid": 0} for n in (4, 5)]
    found = fastsock.diff(snapshot_of(*flows[:2], *ended), later(*flows[::-1], ended[1]))
    assert (len(found.new), len(found.gone), found.kept) == (1, 1, 3)
    assert [socket.local_port for socket in found.new] == [40003]
    assert [socket.local_port for socket in found.gone] == [40004]


def test_one_snapshot_without_cookies() -> None:
    without = [{**leaking(n), "cookie": 0} for n in (1, 2)]
    found = fastsock.diff(snapshot_of(*without), later(leaking(1), leaking(3)))
    assert (cookies(found.new), found.kept) == ([3], 1)
    found = fastsock.diff(snapshot_of(leaking(1), leaking(3)), later(*without))
    assert (cookies(found.gone), found.kept) == ([3], 1)


def test_partners_are_looked_for_in_linear_time() -> None:
    number = 20_000
    rows = [leaking(n + 1, local_port=1, pid=0) for n in range(number)]
    table = table_of(*rows, owned=False)
    reverse = table.pick(storage.Column.from_values("index", "I", range(number - 1, -1, -1)))
    started = time.perf_counter()
    assert find_partners(table, reverse) == list(range(number - 1, -1, -1))
    assert time.perf_counter() - started < 5


def test_a_socket_that_comes_into_the_selection_is_not_new() -> None:
    before = snapshot_of(leaking(1, state=ESTABLISHED), leaking(2))
    after = later(leaking(1), leaking(2, state=ESTABLISHED), leaking(3), leaking(4, pid=72))
    found = fastsock.diff(before, after, state="close-wait", pid=71)
    assert (cookies(found.new), cookies(found.gone)) == ([3], [])
    assert found.counts.states == {"CLOSE_WAIT": 1}
    assert found.moved == {(State.ESTABLISHED, State.CLOSE_WAIT): 1}


def test_listeners_that_come_and_go() -> None:
    udp = {"protocol": 17, "state": CLOSE}
    before = snapshot_of(listener(1, 80), listener(2, 81), listener(3, 82), listener(4, 53, **udp))
    after = later(listener(1, 80), listener(5, 81), listener(6, 83), listener(7, 54, **udp))
    found = fastsock.diff(before, after)
    assert sorted(cookies(found.came)) == [6, 7]
    assert sorted(cookies(found.went)) == [3, 4]
    assert cookies(found.replaced) == [5]


def test_one_more_listener_at_the_same_address() -> None:
    found = fastsock.diff(snapshot_of(listener(1, 80)), later(listener(1, 80), listener(2, 80)))
    assert not len(found.came) and not len(found.replaced)
    assert cookies(found.new) == [2]


def test_new_sockets_that_are_alike_are_one_line() -> None:
    serving = [
        leaking(n, local_port=80, remote_port=40000 + n, pid=0, inode=0, state=ESTABLISHED)
        for n in (20, 21)
    ]
    after = later(listener(9, 80), *(leaking(n) for n in (1, 2, 3)), *serving)
    left = fastsock.diff(snapshot_of(listener(9, 80)), after).leftovers()
    assert [
        (one.count, one.state, one.pid, one.command, one.local, one.remote) for one in left
    ] == [
        (3, State.CLOSE_WAIT, 71, b"app", None, ("10.0.0.2", 443)),
        (2, State.ESTABLISHED, fastsock.NONE, b"", ("10.0.0.1", 80), None),
    ]


def test_unix_sockets_have_no_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    unix = {"protocol": 0, "family": 1, "local_port": 0, "remote_port": 0, "inode": 5, "pid": 7}
    given = {"before": snapshot_of(), "after": later({"cookie": 5, "command": b"app", **unix})}
    monkeypatch.setattr(Snapshot, "load", staticmethod(given.get))
    out = run("diff", "before", "after").out
    assert out.endswith(
        "NEW  PROTO  STATE        PID  COMMAND  END\n  1  unix   ESTABLISHED    7  app      -\n"
    )


def test_unix_listeners_whose_paths_were_not_taken(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    unix = {"protocol": 0, "family": 1, "local_port": 0, "inode": 5, "pid": 7, "command": b"app"}
    given = {"before": snapshot_of(), "after": later({**listener(5, 0), **unix})}
    monkeypatch.setattr(Snapshot, "load", staticmethod(given.get))
    assert "new listener  unix  *  app 7\n" in run("diff", "before", "after").out


def test_counters_that_grew() -> None:
    before = {1: Space(1, "", {"ListenDrops": 3, "SyncookiesSent": 1, "TCPWrap": 9, "Same": 1})}
    after = {
        1: Space(1, "web", {"ListenDrops": 576, "SyncookiesSent": 2, "TCPWrap": 1, "Same": 1}),
        2: Space(2, "", {"ListenDrops": 5}),
    }
    found = fastsock.diff(snapshot_of(spaces=before), later(spaces=after))
    assert [(one.netns, one.namespace, one.name, one.change) for one in found.grown] == [
        (1, "web", "ListenDrops", 573),
        (1, "web", "SyncookiesSent", 1),
    ]


# ------------------------------------------------------------------------------------------- checks


def verdicts(*checks: str, **selection: Any) -> list[tuple[bool, int, int, int]]:
    before = snapshot_of(leaking(1), leaking(2, pid=72, command=b"web"), listener(9, 80))
    after = later(
        *(leaking(n) for n in (1, 3, 4)), leaking(2, pid=72, command=b"web"), listener(9, 80)
    )
    found = fastsock.diff(before, after, checks=checks, **selection)
    assert found.holds == all(one.holds for one in found.verdicts)
    return [(one.holds, one.before, one.after, one.excess) for one in found.verdicts]


def test_checks_hold_and_fail() -> None:
    assert verdicts("close_wait<=+2", "close_wait<=+1", "close_wait<=3", "total<6", "other>=9") == [
        (True, 2, 4, 0),
        (False, 2, 4, 1),
        (False, 2, 4, 1),
        (True, 3, 5, 0),
        (False, 2, 4, -5),
    ]
    assert verdicts("close_wait=+0", pid=72) == [(True, 1, 1, 0)]


def test_a_check_of_a_group() -> None:
    assert verdicts("command=app close_wait<=+1", "command=web close_wait<=+0") == [
        (False, 1, 3, 1),
        (True, 1, 1, 0),
    ]
    assert verdicts("command=nobody close_wait<=+1", "command=nobody total>0") == [
        (True, 0, 0, 0),
        (False, 0, 0, -1),
    ]
    assert verdicts("pid=71 remote_address=10.0.0.2 total<=2") == [(False, 1, 3, 1)]


def test_a_check_of_each_group_names_those_that_fail() -> None:
    assert verdicts("command=* close_wait<=+0") == [(False, 1, 3, 2)]
    assert verdicts("command=* close_wait<=0") == [(False, 1, 3, 3), (False, 1, 1, 1)]
    assert verdicts("command=* total<=+2") == [(True, 1, 3, 0)]  # the one that comes closest
    assert verdicts("command=* total>=1") == [(True, 1, 1, 0)]
    assert fastsock.diff(snapshot_of(), later(), checks="command=* total<=0").holds


def test_a_check_that_makes_no_sense() -> None:
    with pytest.raises(fastsock.FilterError, match="needs one of"):
        fastsock.diff(snapshot_of(), later(), checks="close_wait")


# -------------------------------------------------------------------------- what cannot be compared


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"host": "db-1", "boot_id": "other"}, "these are snapshots of two hosts, ci-7 and db-1"),
        (
            {"host": "\x1b[m", "boot_id": "other"},
            r"these are snapshots of two hosts, ci-7 and \x1b",
        ),
        ({"boot_id": "other"}, "ci-7 was booted between these snapshots: none of its sockets"),
        ({"host": "db-1", "boot_id": ""}, "these are snapshots of two hosts or containers, ci-7"),
        ({"host": "pod", "netns": 2}, "these are snapshots of two hosts or containers, ci-7 and p"),
        ({"monotonic": 40.5}, "the first snapshot was taken 59.5 s after the second: give the ear"),
        ({"monotonic": 100.0}, "both are the same snapshot"),
    ],
)
def test_what_cannot_be_compared(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ComparisonError) as caught:
        fastsock.diff(snapshot_of(), later(**given))
    assert str(caught.value).startswith(reason)
    assert isinstance(caught.value, ValueError)


def test_a_host_that_was_renamed() -> None:
    assert fastsock.diff(snapshot_of(), later(host="new-name")).seconds


def test_only_what_both_looked_for_is_compared() -> None:
    udp = leaking(5, protocol=17, state=CLOSE)
    other = leaking(6, netns=2)
    before = snapshot_of(leaking(1), protocols=("tcp",))
    found = fastsock.diff(before, later(leaking(1), leaking(2), udp, other, netns_asked="all"))
    assert cookies(found.new) == [2]
    assert found.counts.after.total == 2
    assert [(one["what"], one["reason"]) for one in found.incomplete] == [
        ("sockets of udp", "only one of the snapshots has them: they are not compared"),
        ("network namespaces", "only one of the snapshots has them: they are not compared"),
    ]
    both: dict[str, Any] = {"netns_asked": "all"}
    found = fastsock.diff(snapshot_of(leaking(1), **both), later(leaking(1), other, **both))
    assert cookies(found.new) == [6]  # of a namespace that is left behind, too
    assert found.incomplete == ()


def test_listeners_of_tables_with_other_columns() -> None:
    before = snapshot_of(listener(1, 80), protocols=("tcp",))
    rows = [(*row, b"") for row in table_of(listener(1, 80), owned=False).rows()]
    after = later(protocols=("tcp", "unix"))
    after.sockets = SocketTable.from_rows(rows, ["path"])
    found = fastsock.diff(before, after)
    assert (len(found.came), len(found.went), found.kept) == (0, 0, 1)


def test_nothing_in_common() -> None:
    with pytest.raises(ComparisonError, match="^these are snapshots of different protocols$"):
        fastsock.diff(snapshot_of(protocols=("tcp",)), later(protocols=("udp",)))
    with pytest.raises(ComparisonError, match="different network namespaces of one host"):
        fastsock.diff(snapshot_of(leaking(1)), later(leaking(1, netns=2), netns=2))


def test_owners_are_needed() -> None:
    without = snapshot_of(owned=False)
    for question in ({"by": "command"}, {"pid": 1}, {"checks": "unit=x total<=1"}):
        with pytest.raises(ComparisonError, match="the first snapshot was taken without owners"):
            fastsock.diff(without, later(), **question)
    with pytest.raises(ComparisonError, match="second .* without owners: command needs them"):
        fastsock.diff(snapshot_of(), later(owned=False), by="command")
    assert fastsock.diff(without, later(owned=False), checks="total<=1").holds


def test_what_was_not_seen_says_in_which() -> None:
    entry = {"what": "processes", "count": 3, "reason": "may not be read", "remedy": "run as root"}
    found = fastsock.diff(snapshot_of(incomplete=(entry,)), later(sources={"sockets": "netlink"}))
    assert found.incomplete == ({**entry, "what": "processes (before)"},)
    assert found.sources == {"after sockets": "netlink"}


# -------------------------------------------------------------------------------------- the command


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Snapshot]:
    """Snapshots by the names of files that there are not."""
    known = {
        "before": snapshot_of(
            leaking(1, state=ESTABLISHED),
            listener(109, 80),
            listener(108, 81),
            sources={"sockets": "x"},
        ),
        "after": later(*(leaking(n) for n in range(1, 26)), listener(109, 80), listener(107, 82)),
    }

    def load(path: str) -> Snapshot:
        if path not in known:
            raise FileNotFoundError(2, "No such file or directory", path)
        return known[path]

    monkeypatch.setattr(Snapshot, "load", staticmethod(load))
    return known


SHOWN = """\
ci-7, from 2026-11-22 00:00:00 UTC, 83 s later
STATE        BEFORE  AFTER  CHANGE
ESTABLISHED       1      0      -1
CLOSE_WAIT        0     25     +25
LISTEN            2      2       -
total             3     27     +24

COMMAND  BEFORE  AFTER  CHANGE  BY STATE
app           1     25     +24  ESTABLISHED -1, CLOSE_WAIT +25
1 of 2 groups did not change

sockets: 25 new, 1 gone, 2 kept; of these 1 from ESTABLISHED to CLOSE_WAIT
NEW  PROTO  STATE       PID  COMMAND  END
 24  tcp    CLOSE_WAIT   71  app      to 10.0.0.2:443
  1  tcp    LISTEN        -  -        at 10.0.0.1:82
new listener   tcp  10.0.0.1:82  -
gone listener  tcp  10.0.0.1:81  -

check close_wait<=+10: FAILS, 0 before, 25 after, +25: 15 too many
check command=* total<=+24: holds command=app, 1 before, 25 after, +24
"""


def test_what_the_command_shows(run: Run, files: dict[str, Snapshot]) -> None:
    checks = ("--check", "close_wait<=+10", "--check", "command=* total<=+24")
    assert run("diff", "before", "after", "--by", "command", *checks) == (5, SHOWN, "")


def test_exit_codes(run: Run, files: dict[str, Snapshot]) -> None:
    assert run("diff", "before", "after", "--check", "close_wait<=+25").code == 0
    assert run("diff", "before", "after", "--check", "close_wait<=+24").code == 5
    assert run("diff", "before", "after", "--check", "total<=0", "--state", "last-ack").code == 0
    files["before"].incomplete = ({"what": "processes", "count": 3, "reason": "gone"},)
    assert run("diff", "before", "after", "--check", "close_wait<=+24").code == 5
    code, _, err = run("diff", "before", "after", "--check", "close_wait<=+24", "--strict")
    assert (code, err) == (4, "fastsock: 3 processes (before): gone\n")


def test_each_socket(run: Run, files: dict[str, Snapshot]) -> None:
    out = run("diff", "before", "after", "--all").out
    assert out.count("app pid=71") == 24
    assert "\n\nnew:\nPROTO  STATE " in out and "\n\ngone:\nPROTO  STATE " in out
    assert "\n\nnew listener   tcp" in out


def test_documents(run: Run, files: dict[str, Snapshot]) -> None:
    code, out, err = run("diff", "before", "after", "--json", "--check", "close_wait<=+10")
    assert (code, err) == (5, "")
    made = json.loads(out)
    assert made["schema"] == 1
    assert made["counts"]["change"] == {
        "total": 24,
        "states": {"ESTABLISHED": -1, "CLOSE_WAIT": 25},
    }
    assert made["before"]["time"] == "2026-11-22T00:00:00Z"
    assert made["sockets"] == {
        "new": 25,
        "gone": 1,
        "kept": 2,
        "moved": [{"from": "ESTABLISHED", "to": "CLOSE_WAIT", "count": 1}],
    }
    assert [len(made[name]) for name in ("new", "gone")] == [25, 1]
    assert made["checks"] == [
        {
            "check": "close_wait<=+10",
            "group": {},
            "holds": False,
            "before": 0,
            "after": 25,
            "change": 25,
            "excess": 15,
        }
    ]
    lines = [
        json.loads(line) for line in run("diff", "before", "after", "--jsonl").out.split("\n")[:-1]
    ]
    assert [line["change"] for line in lines[:-2]] == ["new"] * 25 + ["gone"]
    assert lines[-2]["sockets"] == made["sockets"]
    assert lines[-1]["end"] and lines[-1]["rows"] == 27


def test_what_others_wrote_is_escaped(run: Run, files: dict[str, Snapshot]) -> None:
    evil = b"\x1b[31m\xff"
    files["after"] = later(
        leaking(3, command=evil),
        host="\x1b[31mx",
        spaces={1: Space(1, "\x1b[m", {"ListenDrops": 2})},
    )
    files["before"] = snapshot_of(spaces={1: Space(1, "", {"ListenDrops": 1})}, host="\x1b[31mx")
    for words in ((), ("--all",), ("--json",), ("--jsonl",)):
        check = ("--check", "command=* total<=+0", "--by", "command")
        code, out, _ = run("diff", "before", "after", *check, *words)
        assert code == 5
        assert "\x1b" not in out and "\\x1b" in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("diff", "diff needs two snapshots: BEFORE AFTER"),
        ("diff before", "diff needs two snapshots: BEFORE AFTER"),
        ("diff a b c", "diff needs two snapshots: BEFORE AFTER"),
        ("diff - -", "only one snapshot can come from standard input"),
        ("diff a b --netns all", "--netns has no place here: a snapshot is what was taken"),
        ("diff a b --engine bpf", "--engine has no place here: a snapshot is what was taken"),
        ("diff a b --check", "--check needs a value"),
        ("diff before nowhere", "nowhere: No such file or directory"),
        (
            "diff after before",
            "the first snapshot was taken 83.2 s after the second: give the earl",
        ),
        ("diff before before", "both are the same snapshot"),
    ],
)
def test_wrong_usage(run: Run, files: dict[str, Snapshot], words: str, line: str) -> None:
    code, out, err = run(*words.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"fastsock: {line}")
    assert err.count("\n") == 1


def test_a_wrong_check_is_pointed_at(run: Run, files: dict[str, Snapshot]) -> None:
    code, out, err = run("diff", "nowhere", "at-all", "--check", "close_wait<=ten")
    assert (code, out) == (2, "")
    assert err == (
        "fastsock: a number is missing here: 10, or +10 for a change\n"
        "  close_wait<=ten\n"
        "              ^^^\n"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.84, "0.8 s"), (75.4, "75 s"), (700, "12 min"), (9000, "2.5 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert text_duration(seconds) == text


# ----------------------------------------------------------------------- sockets that are really so


@contextlib.contextmanager
def served(number: int) -> Iterator[tuple[int, list[socket.socket], list[socket.socket]]]:
    """A server's port, its clients and the sockets that it accepted."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=number))
        port = server.getsockname()[1]
        clients, accepted = [], []
        for _ in range(number):
            clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", port))))
            accepted.append(stack.enter_context(server.accept()[0]))
        yield port, clients, accepted


def wait_for(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_a_process_that_leaves_close_wait_behind(engine_name: str) -> None:
    with served(20) as (port, clients, accepted):
        before = Snapshot.take(engine=engine_name)
        for client in clients[:15]:
            client.close()
        ended: dict[str, Any] = {"state": "close-wait", "local_port": port, "engine": engine_name}
        wait_for(lambda: fastsock.count(**ended).total == 15)
        after = Snapshot.take(engine=engine_name)
        for one in accepted[:15]:
            one.close()
        mended = Snapshot.take(engine=engine_name)
    pid = os.getpid()
    checks = [f"pid={pid} close_wait<=+10", f"pid={pid} close_wait<=+15"]
    found = fastsock.diff(before, after, by="pid", checks=checks, local_port=port)
    assert found.counts.states == {"ESTABLISHED": -15, "CLOSE_WAIT": 15}
    assert [one.excess for one in found.verdicts] == [5, 0]
    assert [(one.key, one.total) for one in found.groups] == [(pid, 0)]
    # They were there before, in another state: the listener, and all that it accepted.
    assert (len(found.new), len(found.gone), found.kept) == (0, 0, 21)
    assert found.moved == {(State.ESTABLISHED, State.CLOSE_WAIT): 15}
    # And the other way round: what is closed is no leak.
    found = fastsock.diff(after, mended, checks=checks, local_port=port)
    assert found.holds
    assert found.counts.states["CLOSE_WAIT"] == -15
    found = fastsock.diff(before, mended, checks=checks, local_port=port)
    assert [one.excess for one in found.verdicts] == [0, 0]


def test_a_server_that_is_left_behind(engine_name: str) -> None:
    before = Snapshot.take(engine=engine_name)
    with served(3) as (port, _, _):
        after = Snapshot.take(engine=engine_name)
        found = fastsock.diff(before, after, port=port, checks=["listen<=+0", "total<=+7"])
        assert len(found.new) == 7
        assert [socket.local_port for socket in found.came] == [port]
        owners = found.came[0].owners
        assert owners is not None and owners[0].pid == os.getpid()
        assert [one.excess for one in found.verdicts] == [1, 0]
        left = {(one.state, one.local, one.count) for one in found.leftovers() if one.local}
        end = ("127.0.0.1", port)
        assert left == {(State.LISTEN, end, 1), (State.ESTABLISHED, end, 3)}
    gone = fastsock.diff(after, Snapshot.take(engine=engine_name), port=port)
    assert [socket.local_port for socket in gone.went] == [port]
    assert not len(gone.came)


def test_a_job_that_asks_what_a_run_left_behind(run: Run, tmp_path: Path) -> None:
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    with served(12) as (port, clients, _):
        assert run("snapshot", before).code == 0
        for client in clients:
            client.close()
        wait_for(lambda: fastsock.count(state="close-wait", local_port=port).total == 12)
        assert run("snapshot", after).code == 0
    checks = ("--check", f"local_port={port} close_wait<=+10")
    code, out, _ = run("diff", before, after, "--local-port", port, *checks)
    assert code == 5
    assert out.endswith(
        f"\ncheck local_port={port} close_wait<=+10: FAILS, 0 before, 12 after, +12: 2 too many\n"
    )
    assert ", 13 kept; of these 12 from ESTABLISHED to CLOSE_WAIT\n" in out
    assert run("diff", before, after, "--check", f"local_port={port} close_wait<=+12").code == 0
    code, out, err = run("diff", after, before, *checks)
    assert (code, out) == (2, "")
    assert "give the earlier one first" in err

    cut = tmp_path / "cut.jsonl"
    for size in (0, 1, 200, after.stat().st_size // 2, after.stat().st_size - 1):
        cut.write_bytes(after.read_bytes()[:size])
        code, out, err = run("diff", before, cut, *checks)
        assert (code, out) == (2, "")
        assert err.startswith(f"fastsock: {cut}") and err.count("\n") == 1
