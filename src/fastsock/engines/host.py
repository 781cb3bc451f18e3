"""What /proc and /sys say of this process and its kernel, where a system call was refused.

    CapEff: 0000000000000000
    CapBnd: 000001fffeffffff
    NoNewPrivs:     0
    Seccomp:        2                       /proc/PID/status, see proc_pid_status(5)
    none [integrity] confidentiality        /sys/kernel/security/lockdown

It is read after a refusal only: to ask costs more than to be refused.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INITIAL_USER_NAMESPACE = 0xEFFFFFFD  # include/linux/proc_ns.h, PROC_USER_INIT_INO
SECCOMP_FILTER = 2  # linux/seccomp.h, SECCOMP_MODE_FILTER
ALL_CAPABILITIES = (1 << 64) - 1
PTRACE = 1 << 19  # include/uapi/linux/capability.h, CAP_SYS_PTRACE

# Whatever was asked for, this helps against errors of these numbers.
SCARCE = {
    errno.EMFILE: "allow this process more files: ulimit -n 4096",
    errno.ENFILE: "as root: sysctl fs.file-max=1000000",
    errno.ENOMEM: "free memory, or raise memory.max of this cgroup",
}
LOOK_FOR_DENIAL = "see what denied it: dmesg | grep -i denied, or ausearch -m AVC"


class Host:
    """A process and its kernel. Capabilities are sets of bits, None where /proc does not say."""

    __slots__ = (
        "release",
        "effective",
        "bounding",
        "uid",
        "no_new_privileges",
        "filtered",
        "initial_user_namespace",
        "lockdown",
        "shows_kernel",
        "shows_btf",
    )

    def __init__(
        self,
        *,
        release: str,
        effective: int | None = None,
        bounding: int = ALL_CAPABILITIES,
        uid: int = 0,
        no_new_privileges: bool = False,
        filtered: bool = False,
        initial_user_namespace: bool = True,
        lockdown: str = "none",
        shows_kernel: bool = True,
        shows_btf: bool = True,
    ) -> None:
        self.release = release  # as uname -r: "6.1.0-13-amd64"
        self.effective = effective
        self.bounding = bounding  # what an execve(2) as root can give
        self.uid = uid  # the effective one
        self.no_new_privileges = no_new_privileges  # sudo gives none then
        self.filtered = filtered  # by seccomp(2)
        self.initial_user_namespace = initial_user_namespace
        self.lockdown = lockdown  # "none", "integrity", "confidentiality"
        self.shows_kernel = shows_kernel  # whether anything is in /sys/kernel
        self.shows_btf = shows_btf  # whether there is a /sys/kernel/btf

    def is_older_than(self, version: tuple[int, int]) -> bool:
        """Whether the release says so: distributions bring features to older ones, too."""
        known = parse_release(self.release)
        return bool(known) and known < version


def parse_release(release: str) -> tuple[int, ...]:
    """Return (6, 1) of "6.1.0-13-amd64", () of what does not begin with two numbers."""
    parts = release.split(".", 2)[:2]
    digits = [part[: len(part) - len(part.lstrip("0123456789"))] for part in parts]
    return tuple(map(int, digits)) if len(digits) == 2 and all(digits) else ()


def parse_status(text: str) -> dict[str, Any]:
    """Return the numbers of /proc/PID/status that decide what a process may do, as Host has them.

    Lines that an older kernel lacks are left out.
    """
    found: dict[str, Any] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "CapEff":
            found["effective"] = int(value, 16)
        elif key == "CapBnd":
            found["bounding"] = int(value, 16)
        elif key == "Uid":
            found["uid"] = int(value.split()[1])
        elif key == "NoNewPrivs":
            found["no_new_privileges"] = int(value) != 0
        elif key == "Seccomp":
            found["filtered"] = int(value) == SECCOMP_FILTER
    return found


def parse_lockdown(text: str) -> str:
    """Return the level in brackets, "none" without any."""
    return text.partition("[")[2].partition("]")[0] or "none"


def read_host() -> Host:
    """Return what this thread and its kernel are. What may not be read is taken as harmless."""
    return Host(
        release=os.uname().release,
        initial_user_namespace=_read_user_namespace() in (INITIAL_USER_NAMESPACE, 0),
        lockdown=parse_lockdown(_read_text("/sys/kernel/security/lockdown")),
        shows_kernel=_has_entries("/sys/kernel"),
        shows_btf=os.path.isdir("/sys/kernel/btf"),
        **parse_status(_read_text("/proc/thread-self/status")),
    )


def read_effective() -> int:
    """Return this thread's capabilities in effect, as bits; none where /proc does not say."""
    return parse_status(_read_text("/proc/thread-self/status")).get("effective") or 0


def help_to_read(procfs: str, alone: bool = False) -> str:
    """Return what helps where processes may not be looked into; one `alone` has one user.

    CAP_SYS_PTRACE in the user namespace of a process is all that the kernel itself asks for
    (ptrace(2), "Ptrace access mode checking").
    """
    if os.path.normpath(procfs) != "/proc" or not read_effective() & PTRACE:
        return f"run as root{', as its user,' if alone else ''} or with CAP_SYS_PTRACE"
    if _read_user_namespace() not in (INITIAL_USER_NAMESPACE, 0):
        return "run as root outside this user namespace"
    return LOOK_FOR_DENIAL


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:  # no /proc; no securityfs; a kernel without lockdown; no descriptor left
        return ""


def _read_user_namespace() -> int:
    """Return its number; 0 where nobody tells."""
    try:
        return os.stat("/proc/thread-self/ns/user").st_ino
    except OSError:  # no /proc, or a kernel without user namespaces
        return 0


def _has_entries(directory: str) -> bool:
    try:
        with os.scandir(directory) as entries:
            return any(True for _ in entries)
    except OSError:  # not there, or hidden
        return False
