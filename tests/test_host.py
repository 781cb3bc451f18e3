"""What /proc and /sys say of a process and its kernel."""

from __future__ import annotations

import os

import pytest

from children import AS_ROOT, NOBODY, in_child, libc
from fastsock.engines import host as host_module
from fastsock.engines.host import (
    ALL_CAPABILITIES,
    LOOK_FOR_DENIAL,
    PTRACE,
    Host,
    help_to_read,
    parse_lockdown,
    parse_release,
    parse_status,
    read_host,
)

PR_SET_NO_NEW_PRIVS = 38

# Of a process in a container, Linux 6.18.
STATUS = """\
Name:	python3
Umask:	0022
State:	R (running)
Uid:	1000	1001	1002	1003
Gid:	1000	1000	1000	1000
Groups:	 
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	000000c000200000
CapBnd:	00000000a80425fb
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
Seccomp_filters:	1
"""  # noqa: W291


def test_a_status() -> None:
    assert parse_status(STATUS) == {
        "uid": 1001,
        "effective": 1 << 39 | 1 << 38 | 1 << 21,
        "bounding": 0xA80425FB,
        "no_new_privileges": True,
        "filtered": True,
    }


def test_what_a_status_lacks_is_taken_as_harmless() -> None:
    assert parse_status("") == {}
    assert parse_status("Uid:\t0\t0\t0\t0\nSeccomp:\t1\nNoNewPrivs:\t0\n") == {
        "uid": 0,
        "filtered": False,  # the strict mode of 2005, in which we would not run
        "no_new_privileges": False,
    }
    host = Host(release="6.1.0")
    assert (host.effective, host.bounding) == (None, ALL_CAPABILITIES)
    assert not (host.filtered or host.no_new_privileges)


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("6.18.44", (6, 18)),
        ("5.10.0-28-amd64", (5, 10)),
        ("4.18.0-553.el8_10.x86_64", (4, 18)),
        ("6.1-rc3", (6, 1)),
        ("6.1+", (6, 1)),
        ("6", ()),
        ("", ()),
        ("next.6", ()),
    ],
)
def test_a_release(release: str, version: tuple[int, ...]) -> None:
    assert parse_release(release) == version
    assert Host(release=release).is_older_than((5, 11)) == (version in ((5, 10), (4, 18)))
    assert not Host(release=release).is_older_than((0, 0))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[none] integrity confidentiality\n", "none"),
        ("none [integrity] confidentiality\n", "integrity"),
        ("none integrity [confidentiality]\n", "confidentiality"),
        ("", "none"),
    ],
)
def test_a_lockdown(text: str, level: str) -> None:
    assert parse_lockdown(text) == level


def test_this_host() -> None:
    host = read_host()
    assert host.release == os.uname().release
    assert host.uid == os.geteuid()
    assert host.effective is not None
    assert host.effective & ~host.bounding == 0 or not AS_ROOT
    assert host.lockdown in ("none", "integrity", "confidentiality")
    assert host.shows_btf == os.path.exists("/sys/kernel/btf")


def test_what_a_process_gives_away() -> None:
    def ask() -> tuple[int, int | None, bool]:
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        host = read_host()
        return host.uid, host.effective, host.no_new_privileges

    uid = NOBODY if AS_ROOT else os.geteuid()
    asked = in_child(ask, user=NOBODY)
    assert (asked[0], asked[2]) == (uid, True)
    assert not AS_ROOT or asked[1] == 0


@pytest.mark.parametrize(
    ("effective", "user_namespace", "procfs", "text"),
    [
        (0, 0xEFFFFFFD, "/proc", "run as root or with CAP_SYS_PTRACE"),
        (ALL_CAPABILITIES & ~PTRACE, 0xEFFFFFFD, "/proc", "run as root or with CAP_SYS_PTRACE"),
        (PTRACE, 0xEFFFFFFD, "/proc/", LOOK_FOR_DENIAL),
        (PTRACE, 0, "/proc", LOOK_FOR_DENIAL),  # a kernel without user namespaces
        (PTRACE, 4026532001, "/proc", "run as root outside this user namespace"),
        # There files have modes and nothing else.
        (PTRACE, 0xEFFFFFFD, "/srv/tree", "run as root or with CAP_SYS_PTRACE"),
    ],
)
def test_nobody_is_told_to_become_what_he_is(
    monkeypatch: pytest.MonkeyPatch, effective: int, user_namespace: int, procfs: str, text: str
) -> None:
    monkeypatch.setattr(host_module, "read_effective", lambda: effective)
    monkeypatch.setattr(host_module, "_read_user_namespace", lambda: user_namespace)
    assert help_to_read(procfs) == text
    alone = text.replace("root or", "root, as its user, or")
    assert help_to_read(procfs, alone=True) == alone
