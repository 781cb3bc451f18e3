"""What is called a leak and what is not: by samples made by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

import fastsock
from fastsock.diagnose.counters import Space
from fastsock.diagnose.following import count_range
from fastsock.diagnose.leaks import (
    CLOSE_WAIT,
    DESCRIPTORS,
    NEVER_CLOSED,
    PORTS,
    TIME_WAIT,
    Leaks,
    Watch,
)
from fastsock.diagnose.snapshot import Snapshot
from fastsock.diagnose.trend import Series, fit, text_rate, text_seconds
from fastsock.errors import ComparisonError
from leak_samples import (
    CLOSE_WAIT as WAITING,
    ESTABLISHED,
    LISTEN,
    NETNS,
    PID,
    TIME_WAIT as TIMED,
    USER,
    Row,
    snapshot,
)


def watch(*samples: Snapshot, **question: Any) -> Leaks:
    return fastsock.watch_leaks(samples, **question)


def waiting(cookies: Iterable[int]) -> list[Row]:
    return [Row(cookie, WAITING, local_port=40000 + cookie) for cookie in cookies]


# -- a number over time


def test_a_line_is_found_with_its_error() -> None:
    trend = fit([0.0, 1.0, 2.0, 3.0], [2, 5, 8, 11])
    assert trend is not None
    assert (trend.rate, trend.first, trend.last, trend.seconds) == (3.0, 2, 11, 3.0)
    assert trend.error == pytest.approx(1 / 3)  # what is counted is whole
    assert trend.grows
    assert str(trend) == "3.0 ±0.4/s over 3.0 s, 4 samples"


def test_noise_widens_the_error() -> None:
    trend = fit([0.0, 1.0, 2.0, 3.0], [0, 4, 4, 12])
    assert trend is not None and trend.error > trend.rate > 0
    assert trend.grows  # never a step back
    assert str(trend) == "about 3.6/s over 3.0 s, 4 samples, too few to be sure of the rate"


@pytest.mark.parametrize("values", [[3], [3, 9]])
def test_two_points_are_no_trend(values: list[int]) -> None:
    assert fit([0.0, 1.0][: len(values)], values) is None


@pytest.mark.parametrize(
    "values",
    [
        [5, 5, 5, 5],
        [9, 7, 5, 3],
        [2, 9, 9, 9, 9, 9],  # it grew once, and then no more
        [5, 8, 3, 9, 4, 6],  # up and down
        [1, 9, 1, 9, 1],
    ],
)
def test_what_does_not_grow(values: list[int]) -> None:
    trend = fit([float(n) for n in range(len(values))], values)
    assert trend is not None and not trend.grows
    assert trend.until(100) is None


def test_growth_through_noise() -> None:
    values = [0, 12, 8, 23, 31, 29, 44, 50, 61, 58, 72]
    trend = fit([float(n) for n in range(len(values))], values)
    assert trend is not None and trend.grows and trend.error < trend.rate
    left = trend.until(1024)
    assert left is not None
    likely, least, most = left
    assert most is not None and least < likely < most
    assert likely == pytest.approx((1024 - 72) / trend.rate)


def test_without_a_sure_rate_there_is_no_latest_moment() -> None:
    trend = fit([0.0, 1.0, 2.0], [0, 1, 9])
    assert trend is not None
    left = trend.until(100)
    assert left is not None and left[2] is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60.0, "1.0 min"),
        (3599.0, "1.0 h"),
        (7200.0, "2.0 h"),
        (172800.0, "2.0 days"),
        (8.6e7, "995 days"),
    ],
)
def test_seconds_for_people(seconds: float, text: str) -> None:
    assert text_seconds(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(31.0, "31/s"), (3.14, "3.1/s"), (0.5, "30/min"), (0.001, "3.6/h")]
)
def test_rates_for_people(rate: float, text: str) -> None:
    assert text_rate(rate) == text


def test_an_error_is_in_the_unit_of_its_rate() -> None:
    assert text_rate(3.14, 0.02) == "3.1 ±0.1/s"
    assert text_rate(0.5, 0.1) == "30 ±6.0/min"
    assert text_rate(300.0, 12.1) == "300 ±13/s"


def test_a_series_is_kept_where_it_changes() -> None:
    series = Series(2)
    series.note(2, 4)
    series.note(3, 4)
    series.note(5, 0)
    series.note(5, 1)
    assert series.now == 1
    assert series.values(0, 7) == [0, 0, 4, 4, 4, 1, 1]


# -- CLOSE_WAIT


def test_close_wait_that_stays() -> None:
    found = watch(*(snapshot(10.0 + n, waiting((1, 2))) for n in range(3)))
    (leak,) = found.findings
    assert (leak.kind, leak.count, leak.whole, leak.trend) == (CLOSE_WAIT, 2, 2, None)
    assert (leak.direction, leak.endpoint) == ("out", "10.0.0.5:5432")
    assert leak.process is not None and leak.process.pid == PID
    assert str(leak) == "2 in CLOSE_WAIT, 2 of them in all 3 samples over 2.0 s"
    assert (found.seconds, found.samples, found.sockets) == (2.0, 3, 2)


def test_close_wait_that_grows() -> None:
    found = watch(*(snapshot(float(n), waiting(range(3 * n))) for n in range(1, 6)))
    (leak,) = found.findings
    assert (leak.count, leak.whole) == (15, 3)
    assert leak.trend is not None and leak.trend.rate == 3.0
    assert str(leak) == (
        "15 in CLOSE_WAIT, 3 of them in all 5 samples over 4.0 s, grows by 3.0 ±0.3/s over 4.0 s, "
        "5 samples"
    )


def test_close_wait_that_is_closed_again_is_none() -> None:
    found = watch(*(snapshot(float(n), waiting(range(3 * n, 3 * n + 3))) for n in range(6)))
    assert found.findings == []


def test_close_wait_that_came_and_stays_half_the_time() -> None:
    late = [snapshot(float(n), waiting((1,) if n >= 2 else ())) for n in range(6)]
    processes = [snapshot(float(n), [Row(9), *waiting((1,) if n >= 2 else ())]) for n in range(6)]
    (leak,) = watch(*processes).findings
    assert (leak.count, leak.whole, leak.longest) == (1, None, 3.0)
    assert str(leak) == "1 in CLOSE_WAIT, the longest for at least 3.0 s of the 5.0 s watched"
    (leak,) = watch(*late).findings
    assert leak.samples == 4  # the process was not there before


def test_close_wait_of_the_last_moment_is_none() -> None:
    samples = [snapshot(float(n), [Row(9), *waiting((1,) if n >= 4 else ())]) for n in range(6)]
    assert watch(*samples).findings == []


def test_close_wait_on_a_port_of_ours_has_the_peers() -> None:
    rows = [
        Row(1, LISTEN, remote="0.0.0.0", remote_port=0, local_port=443),
        *(
            Row(10 + n, WAITING, remote=f"10.9.0.{n % 7}", remote_port=50000 + n, local_port=443)
            for n in range(20)
        ),
    ]
    (leak,) = watch(*(snapshot(float(n), rows) for n in range(2))).findings
    assert (leak.direction, leak.local_port, leak.endpoint) == ("in", 443, "port 443")
    assert leak.remote_count == 7
    assert leak.remotes == [(f"10.9.0.{n}", 3) for n in range(5)]


def test_the_peers_of_a_finding_are_its_own() -> None:
    rows = [
        Row(1, LISTEN, remote="0.0.0.0", remote_port=0, local_port=443),
        Row(2, WAITING, remote="10.9.0.1", remote_port=50000, local_port=443),
        Row(3, ESTABLISHED, remote="10.9.0.2", remote_port=50001, local_port=443),
    ]
    (leak,) = watch(*(snapshot(float(n), rows) for n in range(2))).findings
    assert leak.remotes == [("10.9.0.1", 1)]


def test_both_at_one_end() -> None:
    """Some are left in CLOSE_WAIT, others are never closed: each is said with its own numbers."""
    made = []
    for n, before in enumerate(coming_and_going(12, kept=2, others=4)):
        rows = [Row(2_000 + k) for k in range(2 * n)] + waiting(range(1, 2 + n))
        rows += [Row(10_000 + n * 4 + k) for k in range(4)]
        made.append(snapshot(before.monotonic, rows))
    first, second = watch(*made).findings
    assert (first.kind, first.count, second.kind, second.count) == (
        CLOSE_WAIT,
        12,
        NEVER_CLOSED,
        20,
    )
    assert second.trend is not None and (second.trend.first, second.trend.last) == (4, 26)


def test_a_worker_without_the_listener_has_inbound_ones() -> None:
    rows = [Row(1, WAITING, remote_port=50000, local_port=443)]
    (leak,) = watch(*(snapshot(float(n), rows) for n in range(2))).findings
    assert leak.endpoint == "port 443"


def test_what_nobody_accepted_is_nobodys() -> None:
    rows = [
        Row(1, LISTEN, remote="0.0.0.0", remote_port=0, local_port=443),
        Row(2, WAITING, remote_port=50000, local_port=443, pid=0),
    ]
    (leak,) = watch(*(snapshot(float(n), rows) for n in range(2))).findings
    assert (leak.process, leak.owner_state) == (None, "none")


def test_hidden_owners_are_users() -> None:
    rows = [Row(2, WAITING, inode=77, pid=0, uid=33)]
    (leak,) = watch(*(snapshot(float(n), rows) for n in range(2))).findings
    assert (leak.process, leak.owner_state, leak.uid) == (None, "hidden", 33)


# -- one sample


def test_one_sample_tells_nothing() -> None:
    found = watch(snapshot(1.0, waiting(range(1000)), descriptors={PID: 1024}))
    assert found.findings == []
    assert found.notes == ["watched once: nothing can be said of leaks from one sample"]


def test_no_sample_tells_nothing() -> None:
    assert watch().notes == ["not one sample could be taken: nothing can be said"]


def test_two_samples_tell_no_growth() -> None:
    found = watch(
        snapshot(1.0, [Row(1)], descriptors={PID: 10}),
        snapshot(2.0, [Row(1)], descriptors={PID: 900}),
    )
    assert found.findings == []
    assert found.notes == ["two samples: what grows is told from three on"]


# -- the same socket


def test_a_cookie_is_known_in_its_namespace_only() -> None:
    first = [Row(1, WAITING, netns=1, inode=11), Row(2, WAITING, netns=2, inode=12)]
    # The numbers of each have moved on: these are two others.
    second = [Row(2, WAITING, netns=1, inode=21), Row(1, WAITING, netns=2, inode=22)]
    assert watch(snapshot(1.0, first), snapshot(2.0, second)).findings == []
    assert (
        sum(leak.count for leak in watch(snapshot(1.0, first), snapshot(2.0, first)).findings) == 2
    )


def test_without_cookies_it_is_inode_and_ends() -> None:
    stays = [Row(0, WAITING, inode=5)]
    (leak,) = watch(snapshot(1.0, stays), snapshot(2.0, stays)).findings
    assert leak.whole == 1


def test_an_inode_given_away_again_is_another_socket() -> None:
    first, second = [Row(0, WAITING, inode=5)], [Row(0, WAITING, inode=5, local_port=40001)]
    assert watch(snapshot(1.0, first), snapshot(2.0, second)).findings == []


def test_a_pid_given_away_again_is_another_process() -> None:
    found = watch(
        *(
            snapshot(float(n), [Row(n)], descriptors={PID: 100 * n}, started=n, limit=600)
            for n in range(1, 6)
        )
    )
    assert found.findings == []


def test_cookies_that_are_no_longer_told() -> None:
    first, second = [Row(1, WAITING, inode=5)], [Row(0, WAITING, inode=5)]
    with pytest.raises(ComparisonError, match="tell no socket's cookie"):
        watch(snapshot(1.0, first), snapshot(2.0, second))


# -- never closed


def coming_and_going(samples: int, kept: int, others: int, pool: int = 3) -> list[Snapshot]:
    """Each time `kept` more that stay and `others` that are gone the next time, beside a pool."""
    made = []
    for n in range(samples):
        stay = [Row(1_000 + k) for k in range(pool)] + [Row(2_000 + k) for k in range(kept * n)]
        go = [Row(10_000 + n * others + k) for k in range(others)]
        made.append(snapshot(float(n), stay + go))
    return made


def test_never_closed_while_others_come_and_go() -> None:
    found = watch(*coming_and_going(12, kept=2, others=4))
    (leak,) = found.findings
    assert leak.kind == NEVER_CLOSED
    # The last two are not older than those that went, and the others were seen to go.
    assert (leak.count, leak.closed, leak.lifetime) == (2 * 11 - 2, 4 * 10, 1)
    assert leak.trend is not None
    assert (leak.trend.first, leak.trend.last) == (3 + 4, 3 + 4 + 22)
    assert str(leak) == (
        "20 opened while watched and not closed, while 40 others came and went, most within "
        "1 sample; open ones from 7 to 29, grows by 2.0 ±0.1/s over 11 s, 12 samples"
    )


@pytest.mark.parametrize(
    ("kept", "others", "why"),
    [(0, 4, "a pool and churn"), (0, 0, "a pool"), (1, 0, "nothing goes: a pool that fills")],
)
def test_what_is_no_leak(kept: int, others: int, why: str) -> None:
    assert watch(*coming_and_going(12, kept=kept, others=others)).findings == [], why


def test_a_few_more_among_many_may_be_chance() -> None:
    assert watch(*coming_and_going(6, kept=1, others=100)).findings == []


def test_a_busy_service_leaks_nothing() -> None:
    """Connections of one to twenty samples' life, as many opened as closed: no trend in it."""
    made = []
    for n in range(40):
        rows = [
            Row(1000 + birth * 10 + k)
            for birth in range(-20, n + 1)
            for k in range(6)
            if birth + 1 + (birth * 7 + k * 5) % 20 > n
        ]
        made.append(snapshot(float(n), rows))
    assert watch(*made).findings == []


# -- descriptors


def with_descriptors(
    numbers: Sequence[int], limit: int | None = 1024, step: float = 1.0, age: float = 1e5
) -> Leaks:
    return watch(
        *(
            snapshot(
                1e6 + step * n,
                [Row(1)],
                descriptors={PID: number},
                limit=limit,
                started=int(100 * (1e6 - age)),
            )
            for n, number in enumerate(numbers)
        )
    )


def test_descriptors_that_grow_have_time_left() -> None:
    (leak,) = with_descriptors([100, 120, 140, 160, 180]).findings
    assert (leak.kind, leak.count, leak.limit) == (DESCRIPTORS, 180, 1024)
    assert leak.seconds_left is not None
    likely, least, most = leak.seconds_left
    assert likely == pytest.approx((1024 - 180) / 20)
    assert most is not None and least < likely < most
    assert str(leak) == (
        "180 descriptors of 1024, grows by 20 ±0.3/s over 4.0 s, 5 samples: at this rate the limit "
        "is reached in about 42 s (42 s to 43 s)"
    )


@pytest.mark.parametrize(
    "numbers",
    [
        [100, 100, 100, 100],
        [180, 160, 140, 120],
        [10, 60, 60, 60, 60, 60],  # a start
        [100, 130, 90, 125, 95, 110],
        [100, 101, 101, 102],  # too few to be anything
        [10, 60, 100, 120, 123, 124],  # a start that has not quite ended
    ],
)
def test_descriptors_that_do_not_grow(numbers: list[int]) -> None:
    assert with_descriptors(numbers).findings == []


@pytest.mark.parametrize(("age", "found"), [(0.5, 0), (60.0, 1)])
def test_a_start_is_no_leak(age: float, found: int) -> None:
    assert len(with_descriptors([4, 50, 96, 140], age=age).findings) == found
    assert len(with_descriptors(range(4, 400, 46), age=age).findings) == 1


def test_a_limit_far_away_is_a_note() -> None:
    found = with_descriptors([10, 11, 12, 13, 14], limit=1 << 20, step=60.0)
    assert found.findings == []
    (note,) = found.notes
    assert note.startswith("leaker 3921: 14 descriptors of 1048576, grows by 1.0 ±0.3/min over")
    assert "days" in note


def test_a_limit_that_is_reached() -> None:
    (leak,) = with_descriptors([900, 1024, 1024]).findings
    assert str(leak) == "1024 descriptors of 1024: no more can be opened"


def test_without_a_limit_there_is_nothing_to_reach() -> None:
    assert with_descriptors([100, 200, 300, 400], limit=None).findings == []


# -- ports and TIME_WAIT


def space(**more: int) -> Space:
    settings: dict[str, int | tuple[int, ...] | None] = {
        "ip_local_port_range": (40000, 40099),
        "tcp_max_tw_buckets": 1000,
        "tcp_tw_reuse": 0,
    }
    counters = {"TCPTimeWaitOverflow": more.pop("overflow", 0)}
    settings.update(more)
    return Space(NETNS, "", counters, settings)


def timed(number: int, port: int = 5432) -> list[Row]:
    return [Row(1 + n, TIMED, local_port=40000 + n, remote_port=port, pid=0) for n in range(number)]


def ports(*numbers: int, of: Space | None = None, port: int = 5432) -> Leaks:
    """Watch so many in TIME_WAIT, and five connections to the same end."""
    own = [Row(1000 + n, local_port=40095 + n) for n in range(5)]
    return watch(
        *(
            snapshot(float(n), [*own, *timed(number, port)], spaces=[of or space()])
            for n, number in enumerate(numbers)
        )
    )


def test_ports_that_run_out() -> None:
    (leak,) = ports(60, 76, 80).findings
    assert (leak.kind, leak.count, leak.limit, leak.time_wait) == (PORTS, 85, 100, 80)
    assert leak.endpoint == "10.0.0.1 to 10.0.0.5:5432"
    assert (leak.samples, leak.process, leak.netns) == (2, None, NETNS)
    assert str(leak) == (
        "85 of 100 local ports taken, 80 of them in TIME_WAIT, in 2 samples over 1.0 s"
    )


@pytest.mark.parametrize("numbers", [(60, 60, 60), (60, 60, 80), (80, 80, 60), (80,)])
def test_ports_that_do_not_run_out(numbers: tuple[int, ...]) -> None:
    assert ports(*numbers).findings == []


def test_each_end_has_all_ports() -> None:
    assert ports(78, 78, 78, port=9).findings == []
    assert [leak.remote_port for leak in ports(80, 80, 80, port=9).findings] == [9]


def test_ports_that_are_taken_again() -> None:
    (leak,) = ports(80, 80, of=space(tcp_tw_reuse=1)).findings
    assert str(leak).endswith("; tcp_tw_reuse=1 lets those in TIME_WAIT be taken again")


def test_reserved_ports_are_none() -> None:
    made = Space(1, "", {}, {"ip_local_port_range": (40000, 40099)})
    assert count_range(made) == 100
    made = Space(
        1,
        "",
        {},
        {
            "ip_local_port_range": (40000, 40099),
            "ip_local_reserved_ports": (1, 9, 39990, 40009, 40050, 40050, 40099, 50000),
        },
    )
    assert count_range(made) == 100 - 10 - 1 - 1


def test_no_port_is_left_to_choose_from() -> None:
    """Where all of the range is reserved, who names its port itself takes nothing from anybody."""
    every = {"ip_local_port_range": (40000, 40099), "ip_local_reserved_ports": (1, 65535)}
    assert ports(9, 9, 9, of=Space(NETNS, "", {}, every)).findings == []


def test_time_wait_near_its_limit() -> None:
    (leak,) = ports(15, 17, 19, port=9, of=space(tcp_max_tw_buckets=20)).findings
    assert (leak.kind, leak.count, leak.limit, leak.samples) == (TIME_WAIT, 19, 20, 2)
    assert str(leak) == "19 in TIME_WAIT of 20 (tcp_max_tw_buckets), in 2 samples over 1.0 s"


def test_time_wait_that_overflows() -> None:
    samples = [snapshot(float(n), timed(5), spaces=[space(overflow=7 * n)]) for n in range(3)]
    (leak,) = watch(*samples).findings
    assert (leak.overflow, leak.count) == (14, 5)
    assert str(leak).endswith("; 14 more were closed without it (TCPTimeWaitOverflow)")


def test_overflows_before_the_watch_are_not_counted() -> None:
    samples = [snapshot(float(n), timed(5), spaces=[space(overflow=7)]) for n in range(3)]
    assert watch(*samples).findings == []


# -- snapshots


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (
            lambda: snapshot(2.0, [], path="b"),
            lambda: snapshot(1.0, [], path="a"),
            "a was taken before b: name them in the order in which they were taken",
        ),
        (
            lambda: snapshot(1.0, [], path="a"),
            lambda: snapshot(1.0, [], path="a"),
            "a is of the same moment as a",
        ),
        (
            lambda: snapshot(1.0, [], path="a", host="one"),
            lambda: snapshot(2.0, [], path="b", host="t\x1bwo"),
            r"b is of host t\x1bwo, a of one: leaks are looked for on one host",
        ),
        (
            lambda: snapshot(1.0, [], path="a", boot_id="x"),
            lambda: snapshot(2.0, [], path="b", boot_id="y"),
            "b is of another boot than a: no socket is in both",
        ),
    ],
)
def test_snapshots_that_do_not_follow(
    first: Callable[[], Snapshot], second: Callable[[], Snapshot], why: str
) -> None:
    with pytest.raises(ComparisonError) as caught:
        watch(first(), second())
    assert str(caught.value) == why


def test_a_selection_of_snapshots() -> None:
    rows = [
        *waiting((1, 2)),
        Row(3, WAITING, pid=4000, remote="10.0.0.9"),
        Row(4, WAITING, pid=4000, remote="10.0.0.5"),
    ]
    samples = [snapshot(float(n), rows) for n in range(2)]
    pids = [leak.process and leak.process.pid for leak in watch(*samples, pid=4000).findings]
    assert pids == [4000, 4000]
    found = watch(*samples, remote_address="10.0.0.9")
    assert [leak.remote_address for leak in found.findings] == ["10.0.0.9"]
    assert len(watch(*samples, command="leaker").findings) == 3
    assert watch(*samples, command="other").findings == []


def test_what_a_snapshot_cannot_be_asked() -> None:
    with pytest.raises(TypeError, match="netns has no place here"):
        watch(snapshot(1.0, []), netns="all")
    bare = snapshot(1.0, [Row(1)])
    bare.sockets = type(bare.sockets).from_rows(bare.sockets.rows())
    with pytest.raises(ComparisonError, match="without owners: nobody can be named"):
        watch(bare, pid=PID)


def test_snapshots_without_owners_are_of_unknown_processes() -> None:
    samples = []
    for n in range(2):
        made = snapshot(float(n), waiting((1, 2)))
        made.sockets = type(made.sockets).from_rows(made.sockets.rows())
        made.processes = {}
        samples.append(made)
    (leak,) = watch(*samples).findings
    assert (leak.owner_state, leak.count, leak.uid) == ("unknown", 2, USER)


# -- the answer


def test_the_json_object() -> None:
    found = watch(*(snapshot(float(n), waiting(range(3 * n))) for n in range(1, 5)))
    made = json.loads(json.dumps(found.as_dict()))
    (finding,) = made["findings"]
    assert made["samples"] == 4 and made["watched_seconds"] == 3.0 and made["host"] == "here"
    assert finding["process"]["command"] == "leaker"
    assert finding["trend"] == {
        "samples": 4,
        "seconds": 3.0,
        "first": 3,
        "last": 12,
        "rate": 3.0,
        "error": round(1 / 3, 6),
    }
    assert finding["text"] == str(found.findings[0])
    assert "limit" not in finding


@pytest.mark.parametrize("interval", [0, -1, math.nan, math.inf])
def test_intervals_that_are_none(interval: float) -> None:
    with pytest.raises(ValueError, match="is not a number of seconds above 0"):
        fastsock.watch_leaks(interval=interval)


@pytest.mark.parametrize("samples", [1, 0, -3])
def test_too_few_samples(samples: int) -> None:
    with pytest.raises(ValueError, match="a leak is told from two samples or more"):
        fastsock.watch_leaks(samples=samples)


def test_numbers_of_another_type() -> None:
    with pytest.raises(TypeError):
        fastsock.watch_leaks(interval="2")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        fastsock.watch_leaks(samples=2.5)  # type: ignore[arg-type]


def test_progress_sees_each_sample() -> None:
    seen: list[int] = []
    samples = [snapshot(float(n), waiting((1,))) for n in range(3)]

    def note(watch: Watch) -> None:
        seen.append(watch.samples)

    fastsock.watch_leaks(samples, progress=note)
    assert seen == [1, 2, 3]


def test_what_is_kept_does_not_grow_with_quiet_samples() -> None:
    rows = waiting(range(50)) + [Row(1000 + n) for n in range(50)]
    watched = Watch()
    from fastsock.diagnose.following import Sample

    for n in range(200):
        watched.add(Sample(snapshot(float(n), rows)))
    following = watched.following
    assert len(following._known) == 100
    for part in following.parts.values():
        for one in part.groups:
            assert len(one.live._at) <= 1 and len(one.waiting._at) <= 1


def test_established_alone_is_nothing() -> None:
    rows = [Row(n, ESTABLISHED) for n in range(1, 30)]
    assert watch(*(snapshot(float(n), rows) for n in range(6))).findings == []
