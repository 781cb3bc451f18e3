"""Verdicts: each appears when the numbers prove it, and not when they do not."""

from __future__ import annotations

from typing import Any

import pytest

from fastsock.diagnose.backlog_verdicts import (
    ACCEPT,
    ASK_NETLINK,
    COOKIES,
    COOKIES_ON,
    FINDINGS,
    SPEAK,
    WATCH,
    Facts,
    judge,
)
from fastsock.diagnose.counters import COUNTERS, Space

SETTINGS = {
    "tcp_syncookies": 1,
    "somaxconn": 4096,
    "tcp_max_syn_backlog": 128,
    "tcp_abort_on_overflow": 0,
}
STILL = dict.fromkeys(COUNTERS, 0)


def space(counters: dict[str, int] | None = None, **settings: int) -> Space:
    return Space(1, counters=STILL | (counters or {}), settings=SETTINGS | settings)


def kind(**facts: Any) -> str:
    facts.setdefault("space", space())
    return judge(Facts(**{"queue": 0, "limit": 128, **facts})).kind


def sentence(**facts: Any) -> str:
    facts.setdefault("space", space())
    return judge(Facts(**{"queue": 0, "limit": 128, **facts})).sentence


def advice(**facts: Any) -> tuple[str, ...]:
    facts.setdefault("space", space())
    return judge(Facts(**{"queue": 0, "limit": 128, **facts})).advice


def interval(**given: Any) -> dict[str, Any]:
    grown = STILL | {name: given.pop(name) for name in COUNTERS if name in given}
    return {"seconds": 5.0, "grown": grown, "dropped": 0, **given}


ALONE = {"alone": True, "listeners": 1}
AMONG = {"alone": False, "listeners": 3}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # The accept queue: the kernel refuses above the limit.
        ({"queue": 128}, "healthy"),
        ({"queue": 129}, "full"),
        ({"queue": 0, "limit": 0}, "healthy"),
        ({"queue": 1, "limit": 0}, "full"),
        ({"queue": 9000, "limit": None}, "healthy"),  # no listener here has dropped anything
        ({"queue": 9000, "limit": None, "space": space({"ListenDrops": 1})}, "unknown"),
        ({"queue": 9000, "limit": None, "space": None}, "unknown"),
        # Nothing was accepted.
        (interval(queue=3, stayed=3), "stuck"),
        (interval(queue=3, stayed=3, limit=None), "stuck"),
        (interval(queue=3, stayed=None), "healthy"),
        (interval(queue=0, stayed=3), "healthy"),
        (interval(queue=3, stayed=3, seconds=0.9), "healthy"),
        (interval(queue=129, stayed=3), "full"),
        # The SYN queue.
        ({"half_open": 127, "repeated": 127}, "healthy"),
        ({"half_open": 128, "repeated": 64}, "flood"),
        ({"half_open": 128, "repeated": 63}, "healthy"),  # some kernels take one more
        ({"half_open": 129, "repeated": 0}, "flood"),
        ({"half_open": 1, "repeated": 0, "limit": 0}, "flood"),
        ({"half_open": 0, "repeated": 0, "limit": 0}, "healthy"),
        ({"half_open": 9000, "repeated": 9000, "limit": None}, "healthy"),
        ({"half_open": 200, "repeated": 200, "sharing": 2, "shared_limit": 256}, "healthy"),
        ({"half_open": 256, "repeated": 200, "sharing": 2, "shared_limit": 256}, "flood"),
        ({"half_open": 256, "repeated": 200, "sharing": 2, "shared_limit": None}, "healthy"),
        ({"half_open": 96, "repeated": 96, "space": space(tcp_syncookies=0)}, "healthy"),
        ({"half_open": 97, "repeated": 96, "space": space(tcp_syncookies=0)}, "flood"),
        # Cookies: of the only listener, of one of several, of all when they are always sent.
        (interval(SyncookiesSent=7, TCPReqQFullDoCookies=7, **ALONE), "flood"),
        (interval(SyncookiesSent=7, TCPReqQFullDoCookies=7, **AMONG), "unknown"),
        (
            interval(
                SyncookiesSent=7, TCPReqQFullDoCookies=7, space=space(tcp_syncookies=2), **ALONE
            ),
            "healthy",
        ),
        (interval(SyncookiesFailed=7, **ALONE), "healthy"),
        (interval(TCPReqQFullDrop=7, ListenDrops=7, dropped=7, **ALONE), "flood"),
        (interval(TCPReqQFullDrop=7, ListenDrops=7, dropped=7, **AMONG), "unknown"),
        (interval(TCPReqQFullDrop=7, ListenDrops=7, dropped=0, **AMONG), "healthy"),
        # Overflows while the queue is not full now.
        (interval(ListenOverflows=7, ListenDrops=7, dropped=7, **ALONE), "limit"),
        (interval(ListenOverflows=7, ListenDrops=7, dropped=None, **ALONE), "limit"),
        (interval(ListenOverflows=7, ListenDrops=7, dropped=7, **AMONG), "limit"),
        (interval(ListenOverflows=7, ListenDrops=9, dropped=2, **AMONG), "unknown"),
        (interval(ListenOverflows=7, ListenDrops=7, dropped=0, **AMONG), "healthy"),
        (interval(ListenOverflows=7, ListenDrops=7, dropped=None, **AMONG), "unknown"),
        (interval(ListenOverflows=7, ListenDrops=7, dropped=7, queue=129, **ALONE), "full"),
        (interval(ListenDrops=7, dropped=7, **ALONE), "unknown"),
        (interval(dropped=None, **AMONG), "healthy"),
        ({"seconds": 5.0, "grown": {}, "dropped": None}, "unknown"),
        # Without an interval a total proves nothing about now.
        ({"drops": 0}, "healthy"),
        ({"drops": 573, "space": space({"ListenOverflows": 573})}, "healthy"),
        ({"drops": None, "space": space({"ListenOverflows": 573})}, "healthy"),
    ],
)
def test_verdict(facts: dict[str, Any], expected: str) -> None:
    assert kind(**facts) == expected
    verdict = judge(Facts(**{"queue": 0, "limit": 128, "space": space(), **facts}))
    assert verdict.finding is (expected in FINDINGS)
    assert verdict.as_dict()["verdict"] == expected
    assert "None" not in verdict.sentence
    if verdict.finding:
        assert verdict.advice


def test_numbers_stand_beside_what_is_said() -> None:
    assert sentence(queue=9, limit=8, drops=573) == (
        "full, the application does not accept: 9 connections wait where 8 may, and what else "
        "comes is dropped; 573 packets dropped since it was made"
    )
    assert sentence(queue=1, limit=0, space=space(tcp_abort_on_overflow=1)) == (
        "full, the application does not accept: 1 connection waits where 0 may, and what else "
        "comes is dropped, and reset where its handshake had begun"
    )
    assert sentence(**interval(queue=9, limit=8, stayed=9, dropped=51, seconds=3.01)) == (
        "full, the application does not accept: 9 connections wait where 8 may, and what else "
        "comes is dropped; of 9 that waited 3.01 s ago none has been accepted; 51 packets dropped "
        "in 3.01 s"
    )
    assert sentence(half_open=17, repeated=17, limit=16) == (
        "SYN flood, or more peers that do not end their handshakes than the SYN queue holds: 17 "
        "half open where 16 may be, 17 of them for a second or more, and further SYNs are answered "
        "with cookies (tcp_syncookies is 1)"
    )
    assert sentence(**interval(SyncookiesSent=43, half_open=3, **ALONE)) == (
        "SYN cookies are being sent: 43 in 5 s, each for a SYN that found the SYN queue of the "
        "only listener here full; now 3 half open"
    )
    assert sentence(**interval(ListenOverflows=7, ListenDrops=7, dropped=7, queue=2, **AMONG)) == (
        "limit too small for what comes at once, or the application pauses: 7 packets dropped in "
        "5 s, while now 2 connections wait of 128"
    )
    assert sentence(drops=0, queue=1) == "1 of 128 wait, and nothing was dropped since it was made"


def test_a_namespaces_counters_are_not_one_listeners() -> None:
    told = sentence(**interval(ListenOverflows=7, ListenDrops=7, dropped=None, **AMONG))
    assert told == (
        "0 of 128 wait; in its namespace ListenOverflows +7, ListenDrops +7 in 5 s, of which of "
        "its 3 listeners is not known"
    )
    flooded = sentence(**interval(half_open=200, repeated=200, SyncookiesSent=7, **AMONG))
    assert flooded.endswith("; 7 cookies sent in 5 s by the 3 listeners here")


def test_what_to_change() -> None:
    full = advice(queue=9, limit=8)
    assert full[0] == ACCEPT
    assert full[1] == ("listen(SOMAXCONN): the limit is 8, and net.core.somaxconn allows 4096")
    assert full[2] == SPEAK
    assert SPEAK not in advice(queue=9, limit=8, space=space(tcp_abort_on_overflow=1))
    assert advice(queue=9, limit=8, space=space(somaxconn=8))[1].startswith(
        "raise net.core.somaxconn, which is 8, and listen(SOMAXCONN) again"
    )
    assert advice(queue=9, limit=8, space=None)[1] == (
        "listen(SOMAXCONN), and raise net.core.somaxconn if it is 8"
    )
    assert advice(half_open=200, repeated=200)[0] == COOKIES
    assert advice(half_open=200, repeated=200, space=space(tcp_syncookies=0))[0] == COOKIES_ON
    assert advice(queue=3, limit=None, space=None) == (ASK_NETLINK,)
    assert advice(drops=3, space=space({"ListenDrops": 3})) == (WATCH,)
    assert advice(drops=0) == ()
