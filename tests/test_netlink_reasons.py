"""Why sock_diag does not answer, and what helps."""

from __future__ import annotations

import errno
import os

import pytest

from fastsock.engines.host import LOOK_FOR_DENIAL, SCARCE, Host
from fastsock.engines.netlink_reasons import explain

FILTER = "a seccomp filter refuses"


@pytest.mark.parametrize(
    ("code", "filtered", "cause", "remedy"),
    [
        (errno.EPERM, False, "", LOOK_FOR_DENIAL),
        (errno.EACCES, False, "", LOOK_FOR_DENIAL),
        (
            errno.EPERM,
            True,
            f": {FILTER} it",
            "allow AF_NETLINK, NETLINK_SOCK_DIAG in the seccomp filter",
        ),
        (
            errno.EAFNOSUPPORT,
            True,
            f": {FILTER} AF_NETLINK",
            "add AF_NETLINK to RestrictAddressFamilies= of the unit",
        ),
        (errno.EAFNOSUPPORT, False, "", ""),
        (errno.EIO, True, "", ""),
        *((code, True, "", remedy) for code, remedy in SCARCE.items()),
    ],
)
def test_what_is_said(code: int, filtered: bool, cause: str, remedy: str) -> None:
    assert explain(code, Host(release="6.1.0", filtered=filtered)) == (
        f"NETLINK_SOCK_DIAG: {os.strerror(code)} ({code}){cause}",
        remedy,
    )
