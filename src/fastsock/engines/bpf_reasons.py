"""Why the kernel does not run our program, and what would help: a sentence of each.

    load program: Operation not permitted (1): without CAP_BPF and CAP_PERFMON
    run as root, or once as root: fastsock bpf pin --group GROUP

What the kernel answers is one number for many causes; the host tells them apart. Of several causes
the one is said that would still refuse with all others out of the way.
"""

from __future__ import annotations

import errno
import os

from fastsock.engines.host import LOOK_FOR_DENIAL, SCARCE, Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.engines._bpf import BpfError

# include/uapi/linux/capability.h. Loading takes the first two, or the third (capabilities(7)).
CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN = 39, 38, 21
TAKEN = {"BPF": CAP_BPF, "PERFMON": CAP_PERFMON}

OLDEST = (5, 11)  # bpf_sock_from_file() and bpf_get_current_task_btf()

PIN = "fastsock bpf pin --group GROUP"
REPORT = "report this line as a bug; until then --engine netlink"


def explain(error: BpfError, host: Host) -> tuple[str, str]:
    """Return what failed and why as one line, and the command or setting that would help ("")."""
    code = error.errno or 0
    cause, remedy = _judge(error, code, host)
    if error.step in ("parse BTF", "find field"):  # the number is the loader's and says nothing
        return f"{error.step}: {cause}", remedy
    said = f"{error.step}: {os.strerror(code)} ({code})"
    return (f"{said}: {cause}" if cause else said), remedy


def explain_proc(procfs: str) -> tuple[str, str]:
    """Return why a /proc is not the one that the program's answers belong to, and what helps."""
    if os.path.normpath(procfs) != "/proc":
        return f"it sees the processes of this /proc, not those of {procfs}", "--procfs /proc"
    if not os.path.lexists(f"{procfs}/self"):
        return "/proc is not mounted", "mount -t proc proc /proc"
    return "/proc is that of another pid namespace", "mount -t proc proc /proc"


def _judge(error: BpfError, code: int, host: Host) -> tuple[str, str]:
    if code in SCARCE:
        return error.detail, SCARCE[code]
    if error.step == "open BTF":
        return _judge_btf(code, error.detail, host)
    if error.step in ("parse BTF", "find field"):
        return _judge_layout(error, code, host)
    if code == errno.ENOSYS:
        if host.filtered:
            return _judge_refusal(host)
        return "the kernel was built without CONFIG_BPF_SYSCALL", "boot a kernel that has it"
    if error.step == "load program":
        return _judge_load(code, error.detail, host)
    return _judge_step(error, code, host)


def _judge_btf(code: int, path: str, host: Host) -> tuple[str, str]:
    if code == errno.ENODATA:  # masked by /dev/null, as containers do with files
        return f"{path} is covered by another file", f"as root: umount {path}"
    if code != errno.ENOENT:
        return path, "run as root" if code in (errno.EACCES, errno.EPERM) else REPORT
    if not host.shows_kernel:
        return "/sys is not mounted here, or covered", "as root: mount -t sysfs sysfs /sys"
    if host.shows_btf:
        return "/sys/kernel/btf is covered by another mount", "as root: umount /sys/kernel/btf"
    if host.is_older_than(OLDEST):
        return _too_old(host)
    return (
        "the kernel was built without CONFIG_DEBUG_INFO_BTF",
        "boot a kernel with CONFIG_DEBUG_INFO_BTF=y",
    )


def _judge_layout(error: BpfError, code: int, host: Host) -> tuple[str, str]:
    """A kernel whose structures or types are not those that we know."""
    if code == errno.EBADMSG:
        return f"it is damaged: {error.detail}", REPORT
    if host.is_older_than(OLDEST):
        cause, remedy = _too_old(host)
        return f"{error.detail}: {cause}", remedy
    return (
        f"{error.detail}: this version of fastsock does not know Linux {host.release}",
        "install a newer fastsock",
    )


def _judge_load(code: int, words: str, host: Host) -> tuple[str, str]:
    if code == errno.EPERM:
        return _judge_refusal(host)
    if code == errno.EACCES and not words:  # the capabilities' answer is EPERM
        return "a security module refuses bpf(2)", LOOK_FOR_DENIAL
    if code in (errno.EINVAL, errno.E2BIG):
        if host.is_older_than(OLDEST):
            return _too_old(host)
        # The verifier then has no bpf_probe_read_kernel(). With "integrity" it has.
        if host.lockdown == "confidentiality":
            return "the kernel is locked down for confidentiality", "boot with lockdown=integrity"
    if code == errno.EAGAIN:
        return "a signal came while the verifier was at work", "ask again"
    return f"the verifier rejects the program: {words}" if words else "", REPORT


def _judge_refusal(host: Host) -> tuple[str, str]:
    """What refuses bpf(2) as a whole."""
    if not host.initial_user_namespace:
        return (
            "capabilities of a user namespace do not count for it",
            "run as root outside of this user namespace (of this rootless container)",
        )
    lacking = _lacking(host)
    names = " and ".join(f"CAP_{name}" for name in lacking)
    if lacking:
        cause = f"without {names}" if host.effective is not None else f"it takes {names}"
        if host.filtered:
            cause += ", and under a seccomp filter, which may refuse bpf(2) as well"
        return cause, _give(lacking, names, host)
    if host.filtered:
        return (
            "a seccomp filter refuses bpf(2)",
            "allow bpf in the filter; docker run --security-opt seccomp=unconfined",
        )
    return "a security module refuses bpf(2)", LOOK_FOR_DENIAL


def _lacking(host: Host) -> list[str]:
    effective = host.effective or 0
    if effective >> CAP_SYS_ADMIN & 1:
        return []
    return [name for name, bit in TAKEN.items() if not effective >> bit & 1]


def _give(lacking: list[str], names: str, host: Host) -> str:
    """Return how this process comes to its capabilities."""
    if any(not host.bounding >> TAKEN[name] & 1 for name in lacking):
        # Not even root can have them here. With docker's own filter (of docker 23 and newer) they
        # open bpf(2) as well; an account that is not root does not get what is added.
        flags = " ".join(f"--cap-add {name}" for name in lacking)
        return f"start the container with {'--user 0 ' if host.uid else ''}{flags}"
    if host.filtered:
        return "run as root outside of this seccomp filter"
    if host.no_new_privileges:
        return "run as root from elsewhere: no_new_privs is set here, sudo cannot help"
    if host.uid == 0 and host.effective is not None:
        return f"start it with {names}"  # somebody took them from root
    return f"run as root, or once as root: {PIN}"


def _judge_step(error: BpfError, code: int, host: Host) -> tuple[str, str]:
    """A step that fails for no reason of its own. (What pins say of themselves is in pins.py.)"""
    if code != errno.EPERM:
        return error.detail, REPORT
    cause, remedy = _judge_refusal(host)
    return ": ".join(filter(None, (error.detail, cause))), remedy


def _too_old(host: Host) -> tuple[str, str]:
    first, second = OLDEST
    return (
        f"Linux {host.release} is too old",
        f"boot Linux {first}.{second} or newer; this is {host.release}",
    )
