"""Why the kernel does not answer over NETLINK_SOCK_DIAG, and what would help."""

from __future__ import annotations

import errno
import os

from fastsock.engines.host import LOOK_FOR_DENIAL, SCARCE, Host


def explain(code: int, host: Host) -> tuple[str, str]:
    """Return what failed as one line, and the command or setting that would help ("")."""
    said = f"NETLINK_SOCK_DIAG: {os.strerror(code)} ({code})"
    if code in SCARCE:
        return said, SCARCE[code]
    if code == errno.EAFNOSUPPORT and host.filtered:  # what systemd.exec(5) has it say
        return (
            f"{said}: a seccomp filter refuses AF_NETLINK",
            "add AF_NETLINK to RestrictAddressFamilies= of the unit",
        )
    if code in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        if host.filtered:
            return (
                f"{said}: a seccomp filter refuses it",
                "allow AF_NETLINK, NETLINK_SOCK_DIAG in the seccomp filter",
            )
        return said, LOOK_FOR_DENIAL
    return said, ""
