"""Why the program does not run, and what helps: every cause, by what the kernel and host say.

On real kernels that refuse it is tested in test_bpf_engine.
"""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from fastsock.engines.bpf_reasons import PIN, REPORT, explain, explain_proc
from fastsock.engines.host import ALL_CAPABILITIES, LOOK_FOR_DENIAL, SCARCE, Host

BPF, PERFMON, SYS_ADMIN, SYS_PTRACE = 1 << 39, 1 << 38, 1 << 21, 1 << 19
BTF = "/sys/kernel/btf/vmlinux"
RELEASE = "6.18.44"
LINE = 80 - len("  try: ")  # `fastsock engines` does not wrap what may be copied


class Refused(OSError):
    """As _bpf.BpfError, which a build without extensions lacks."""

    def __init__(self, step: str, code: int, detail: str = "") -> None:
        super().__init__(code, f"{step}: {os.strerror(code)}")
        self.step = step
        self.detail = detail


def why(step: str, code: int, detail: str = "", **host: Any) -> tuple[str, str]:
    """The cause, without what failed, and the remedy."""
    error: Any = Refused(step, code, detail)
    known = {"release": RELEASE, "effective": ALL_CAPABILITIES, **host}
    reason, remedy = explain(error, Host(**known))
    assert "\n" not in reason + remedy
    assert len(remedy) <= LINE
    numbered = f"{step}: {os.strerror(code)} ({code})"
    if step in ("parse BTF", "find field"):
        numbered = step
    assert reason.startswith(numbered)
    return reason.removeprefix(numbered).removeprefix(": "), remedy


BOTH = "without CAP_BPF and CAP_PERFMON"
AS_ROOT = f"run as root, or once as root: {PIN}"
FILTERED = ", and under a seccomp filter, which may refuse bpf(2) as well"
DOCKER = 0xA80425FB  # what it leaves in the bounding set

REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"effective": 0, "uid": 1000}, BOTH, AS_ROOT),
    ({"effective": SYS_PTRACE, "uid": 1000}, BOTH, AS_ROOT),
    ({"effective": BPF, "uid": 1000}, "without CAP_PERFMON", AS_ROOT),
    ({"effective": PERFMON, "uid": 1000}, "without CAP_BPF", AS_ROOT),
    ({"effective": 0}, BOTH, "start it with CAP_BPF and CAP_PERFMON"),
    ({"effective": BPF}, "without CAP_PERFMON", "start it with CAP_PERFMON"),
    ({"effective": None, "uid": 1000}, "it takes CAP_BPF and CAP_PERFMON", AS_ROOT),
    ({"effective": None}, "it takes CAP_BPF and CAP_PERFMON", AS_ROOT),
    (
        {"effective": DOCKER, "bounding": DOCKER, "filtered": True},
        BOTH + FILTERED,
        "start the container with --cap-add BPF --cap-add PERFMON",
    ),
    (
        {"effective": 0, "bounding": DOCKER, "uid": 1000, "filtered": True},
        BOTH + FILTERED,
        "start the container with --user 0 --cap-add BPF --cap-add PERFMON",
    ),
    (
        {"effective": DOCKER | BPF, "bounding": DOCKER | BPF},
        "without CAP_PERFMON",
        "start the container with --cap-add PERFMON",
    ),
    (
        {"effective": 0, "uid": 1000, "filtered": True, "no_new_privileges": True},
        BOTH + FILTERED,
        "run as root outside of this seccomp filter",
    ),
    (
        {"effective": 0, "uid": 1000, "no_new_privileges": True},
        BOTH,
        "run as root from elsewhere: no_new_privs is set here, sudo cannot help",
    ),
    (
        {"filtered": True},
        "a seccomp filter refuses bpf(2)",
        "allow bpf in the filter; docker run --security-opt seccomp=unconfined",
    ),
    (
        {"effective": BPF | PERFMON, "uid": 1000},
        "a security module refuses bpf(2)",
        LOOK_FOR_DENIAL,
    ),
    ({"effective": SYS_ADMIN}, "a security module refuses bpf(2)", LOOK_FOR_DENIAL),
    (
        {"initial_user_namespace": False},
        "capabilities of a user namespace do not count for it",
        "run as root outside of this user namespace (of this rootless container)",
    ),
    (
        {"initial_user_namespace": False, "effective": 0, "filtered": True},
        "capabilities of a user namespace do not count for it",
        "run as root outside of this user namespace (of this rootless container)",
    ),
]


@pytest.mark.parametrize(("host", "cause", "remedy"), REFUSALS)
def test_what_refuses_to_load(host: dict[str, Any], cause: str, remedy: str) -> None:
    assert why("load program", errno.EPERM, **host) == (cause, remedy)
    # The same causes refuse a pin and a link.
    assert why("open pin", errno.EPERM, "/p/x", **host) == (f"/p/x: {cause}", remedy)
    assert why("attach link", errno.EPERM, "process 7", **host) == (f"process 7: {cause}", remedy)
    assert why("make iterator", errno.EPERM, **host) == (cause, remedy)


def test_a_call_that_is_not_there() -> None:
    for step in ("load program", "attach link", "open pin"):
        assert why(step, errno.ENOSYS) == (
            "the kernel was built without CONFIG_BPF_SYSCALL",
            "boot a kernel that has it",
        )
        assert why(step, errno.ENOSYS, filtered=True)[0] == "a seccomp filter refuses bpf(2)"
    assert why("load program", errno.ENOSYS, filtered=True, effective=0)[0] == BOTH + FILTERED


VERIFIER = "the verifier rejects the program: R1 type=scalar expected=ptr_"
OLD = ("Linux 5.10.0-28-amd64 is too old", "boot Linux 5.11 or newer; this is 5.10.0-28-amd64")


@pytest.mark.parametrize(
    ("code", "words", "host", "said"),
    [
        (errno.EACCES, "R1 type=scalar expected=ptr_", {}, (VERIFIER, REPORT)),
        (errno.EACCES, "R1 type=scalar expected=ptr_", {"effective": 0}, (VERIFIER, REPORT)),
        (errno.EACCES, "", {}, ("a security module refuses bpf(2)", LOOK_FOR_DENIAL)),
        (errno.EINVAL, "R1 type=scalar expected=ptr_", {}, (VERIFIER, REPORT)),
        (errno.EINVAL, "", {}, ("", REPORT)),
        (errno.EINVAL, "unknown func", {"release": "5.10.0-28-amd64"}, OLD),
        (errno.E2BIG, "", {"release": "5.10.0-28-amd64"}, OLD),
        (
            errno.EINVAL,
            "unknown func",
            {"lockdown": "confidentiality"},
            ("the kernel is locked down for confidentiality", "boot with lockdown=integrity"),
        ),
        (errno.EINVAL, "", {"lockdown": "integrity"}, ("", REPORT)),
        (errno.EAGAIN, "", {}, ("a signal came while the verifier was at work", "ask again")),
        (errno.EIO, "", {}, ("", REPORT)),
    ],
)
def test_a_program_that_is_not_taken(
    code: int, words: str, host: dict[str, Any], said: tuple[str, str]
) -> None:
    assert why("load program", code, words, **host) == said


@pytest.mark.parametrize(
    ("code", "host", "said"),
    [
        (
            errno.ENOENT,
            {"shows_btf": False},
            (
                "the kernel was built without CONFIG_DEBUG_INFO_BTF",
                "boot a kernel with CONFIG_DEBUG_INFO_BTF=y",
            ),
        ),
        (errno.ENOENT, {"shows_btf": False, "release": "5.10.0-28-amd64"}, OLD),
        (
            errno.ENOENT,
            {},
            ("/sys/kernel/btf is covered by another mount", "as root: umount /sys/kernel/btf"),
        ),
        (
            errno.ENOENT,
            {"shows_kernel": False, "shows_btf": False},
            ("/sys is not mounted here, or covered", "as root: mount -t sysfs sysfs /sys"),
        ),
        (errno.ENODATA, {}, (f"{BTF} is covered by another file", f"as root: umount {BTF}")),
        (errno.EACCES, {}, (BTF, "run as root")),
        (errno.EIO, {}, (BTF, REPORT)),
    ],
)
def test_types_that_are_not_shown(code: int, host: dict[str, Any], said: tuple[str, str]) -> None:
    assert why("open BTF", code, BTF, **host) == said


def test_types_that_are_not_known() -> None:
    lacking = "struct sock has no field sk_mark"
    unknown = f"this version of fastsock does not know Linux {RELEASE}"
    newer = "install a newer fastsock"
    assert why("find field", errno.ENOENT, lacking) == (f"{lacking}: {unknown}", newer)
    wider = "field sk_mark of struct sock has another type"
    assert why("find field", errno.ERANGE, wider) == (f"{wider}: {unknown}", newer)
    kind = "type 2 is of the unknown kind 25"
    assert why("parse BTF", errno.EOPNOTSUPP, kind) == (f"{kind}: {unknown}", newer)
    assert why("find field", errno.ENOENT, lacking, release="5.10.0-28-amd64") == (
        f"{lacking}: {OLD[0]}",
        OLD[1],
    )
    cut = "type 2 is cut"
    assert why("parse BTF", errno.EBADMSG, cut) == (f"it is damaged: {cut}", REPORT)


def test_other_steps() -> None:
    assert why("attach link", errno.EBUSY, "process 1") == ("process 1", REPORT)
    assert why("make iterator", errno.EINVAL) == ("", REPORT)


@pytest.mark.parametrize("code", SCARCE)
def test_what_is_scarce(code: int) -> None:
    for step in ("open BTF", "load program", "attach link", "make iterator", "open pin"):
        assert why(step, code, effective=0)[1] == SCARCE[code]


def test_an_error_of_no_number() -> None:
    error: Any = Refused("load program", 0)
    error.errno = None
    assert explain(error, Host(release=RELEASE, effective=0)) == (
        "load program: Success (0)",
        REPORT,
    )


def test_a_proc_of_others(tmp_path: Any) -> None:
    assert explain_proc(str(tmp_path)) == (
        f"it sees the processes of this /proc, not those of {tmp_path}",
        "--procfs /proc",
    )
    if os.path.exists("/proc/self"):  # what is wrong with it is then whose processes it shows
        assert explain_proc("/proc") == explain_proc("/proc/")
        assert explain_proc("/proc") == (
            "/proc is that of another pid namespace",
            "mount -t proc proc /proc",
        )
