"""Pins: the loaded program in a bpf file system, for those who may not load it.

    /sys/fs/bpf/fastsock/sockets_v2    a link for all processes: open(2) makes an iterator
    /sys/fs/bpf/fastsock/program_v2    the program: links for single processes can be made of it

A pin outlives who made it and is gone after a reboot. The number in its name is the layout of the
records. Only the modes of the pin and of the directories around it decide who reads; no capability
is asked for. So a pin is used only where none but root can have laid it: on a bpf file system,
owned by root, below directories that nobody else can write.
"""

from __future__ import annotations

import errno
import os
import stat

from fastsock.engines._bpf import (
    RECORD_VERSION as RECORD_VERSION,
    BpfError,
    attach,
    is_bpf_filesystem,
    open_pin,
    pin as pin_object,
)
from fastsock.errors import EngineUnavailable, NoSuchPin, PinError, PinPathError

BPF_ROOT = "/sys/fs/bpf"
DEFAULT = f"{BPF_ROOT}/fastsock"
OWN_MOUNT = "/run/fastsock"  # what the texts propose where BPF_ROOT must stay closed

LINK, PROGRAM = "sockets", "program"
# Who may open the link for writing could put another program into it (BPF_LINK_UPDATE).
LINK_MODE = 0o440
# BPF_OBJ_GET takes a program for reading and writing or not at all. Nothing can be written to it.
PROGRAM_MODE = 0o660
DIRECTORY_MODE = 0o755  # the modes of the pins decide

_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_WRITABLE_BY_OTHERS = 0o022  # the group's bits are also the mask of an ACL


class Pin:
    """One pin: `kind` is "sockets" for the link and "program", `mode` the permission bits.

    `trusted`: only root can have laid it. `reason` says why this process cannot use it; "" if it
    can.
    """

    __slots__ = ("path", "kind", "version", "uid", "gid", "mode", "trusted", "reason")

    def __init__(
        self,
        path: str,
        kind: str,
        version: int,
        status: os.stat_result,
        trusted: bool,
        reason: str,
    ) -> None:
        self.path = path
        self.kind = kind
        self.version = version
        self.uid = status.st_uid
        self.gid = status.st_gid
        self.mode = stat.S_IMODE(status.st_mode)
        self.trusted = trusted
        self.reason = reason

    def __repr__(self) -> str:
        return f"<Pin {self.path}: {self.reason or 'usable'}>"


# ------------------------------------------------------------------------------------------ readers


def find_link(directory: str | os.PathLike[str] | None = None) -> int:
    """Open the pinned link: a descriptor whose read(2) brings the records of all processes.

    `directory` None means $FASTSOCK_BPF_PATH, else DEFAULT. The processes are those of our pid
    namespace, with its numbers. Needs read permission and no capability.

    Raises NoSuchPin and PinError, with the reason and what would help.
    """
    return _find(LINK, readers_directory(directory))


def find_program(directory: str | os.PathLike[str] | None = None) -> int:
    """Open the pinned program: a descriptor for attach(). As find_link().

    Needs permission to read and to write, and before Linux 5.19 also that
    kernel.unprivileged_bpf_disabled is 0.
    """
    return _find(PROGRAM, readers_directory(directory))


def readers_directory(directory: str | os.PathLike[str] | None = None) -> str:
    """Return the directory in which who reads looks for pins."""
    return os.fspath(directory or os.environ.get("FASTSOCK_BPF_PATH") or DEFAULT)


def read_pins(directory: str | os.PathLike[str] | None = None) -> list[Pin]:
    """Return what is pinned in a directory, of all layouts, and whether it can be used.

    Raises NoSuchPin where there is nothing, and PinError where that cannot be told.
    """
    path = parse_directory(readers_directory(directory))
    distrust = ""
    try:
        here = open_directory(path)
    except PinError as error:
        here = open_directory(path, trusted=False)  # or the same error again
        distrust = str(error)
    try:
        names = _list_pins(here, path)
        if not names:
            raise NoSuchPin(path, "nothing is pinned there")
        return [_describe(here, path, name, distrust) for name in names]
    except PermissionError:
        raise _closed(here, path) from None
    finally:
        os.close(here)


def _find(kind: str, directory: str) -> int:
    path = parse_directory(directory)
    here = open_directory(path)
    try:
        name = _name(kind)
        try:
            status = os.stat(name, dir_fd=here, follow_symlinks=False)
        except FileNotFoundError:
            raise _no_such_pin(here, path, kind) from None
        except PermissionError:
            raise _closed(here, path) from None
        reason = _distrust_pin(kind, status)
        if reason:
            raise PinError(f"{path}/{name}", reason)
        try:
            return _open(here, path, kind)
        except OSError as error:
            raise PinError(f"{path}/{name}", _why_not_opened(kind, status, error)) from None
    finally:
        os.close(here)


def _open(here: int, path: str, kind: str) -> int:
    """Open a pin of our layout that only root can have laid: nobody exchanges it meanwhile."""
    if kind == PROGRAM:
        return open_pin(f"{path}/{_name(kind)}")
    return os.open(_name(kind), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)


def _name(kind: str) -> str:
    return f"{kind}_v{RECORD_VERSION}"  # without a dot: a bpf file system takes none


def parse_pin(name: str) -> tuple[str, int] | None:
    """Return kind and layout of a pin's name; None for what is none of ours."""
    kind, _, version = name.rpartition("_v")
    if kind in (LINK, PROGRAM) and version.isascii() and version.isdigit() and len(version) < 10:
        return kind, int(version)
    return None


def _describe(here: int, path: str, name: str, distrust: str) -> Pin:
    kind, version = parse_pin(name) or ("", 0)
    status = os.stat(name, dir_fd=here, follow_symlinks=False)
    reason = distrust or _distrust_pin(kind, status)
    trusted = not reason
    if not reason and name != _name(kind):
        reason = f"its layout is version {version}, this fastsock reads {RECORD_VERSION}"
    if not reason:
        try:
            os.close(_open(here, path, kind))
        except OSError as error:
            reason = _why_not_opened(kind, status, error)
    return Pin(f"{path}/{name}", kind, version, status, trusted, reason)


def _list_pins(here: int, path: str) -> list[str]:
    return sorted(name for name in _list(here, path) if parse_pin(name))


def _list(here: int, path: str) -> list[str]:
    try:
        listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=here)
    except PermissionError as error:
        raise PinError(path, f"its names may not be read: {error.strerror}") from None
    try:
        return os.listdir(listed)
    finally:
        os.close(listed)


# -------------------------------------------------------------------------------------- what to say


def _no_such_pin(here: int, path: str, kind: str) -> NoSuchPin:
    """Return the error for a pin that is not there: perhaps another layout's is."""
    try:
        others = [name for name in _list_pins(here, path) if name.startswith(f"{kind}_v")]
    except PinError:  # then nothing can be said of others
        others = []
    if others:
        return NoSuchPin(
            path,
            f"has {' and '.join(others)}, this fastsock reads version {RECORD_VERSION}; "
            "pin with this one too: fastsock bpf pin",
        )
    flags = " --group GROUP --program" if kind == PROGRAM else ""
    return NoSuchPin(path, f"has no {_name(kind)}; as root: fastsock bpf pin{flags}")


def _distrust(status: os.stat_result) -> str:
    """Return why others than root can have laid or changed what this is; "" if none can."""
    if status.st_uid != 0:
        return f"belongs to user {status.st_uid} and not to root, so it is not used"
    if status.st_mode & _WRITABLE_BY_OTHERS:
        return f"others than root can write it (mode {stat.S_IMODE(status.st_mode):04o}), not used"
    return ""


def _distrust_pin(kind: str, status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "is no pin: not a regular file"
    if kind == PROGRAM and status.st_uid == 0:
        return ""  # to write it is to open it, and changes nothing
    return _distrust(status)


def _why_not_opened(kind: str, status: os.stat_result, error: OSError) -> str:
    text = os.strerror(error.errno or 0)
    if error.errno == errno.EACCES:
        group = name_group(status.st_gid)
        mode = f"{stat.S_IMODE(status.st_mode):04o} {name_user(status.st_uid)}:{group}"
        if status.st_gid:
            return f"{text}: mode {mode}, so be a member of {group}"
        return f"{text}: mode {mode}; as root: fastsock bpf pin --group GROUP"
    if error.errno == errno.EPERM and kind == PROGRAM:
        return f"{text}: kernel.unprivileged_bpf_disabled, and Linux before 5.19"
    if error.errno == errno.EIO and kind == LINK:
        return f"{text}: not the link of an iterator"
    return text


def name_user(uid: int) -> str:
    """Return a user's name, or the number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def name_group(gid: int) -> str:
    """Return a group's name, or the number where it has none."""
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _quote(path: str) -> str:
    """Return a path as a shell takes it; shlex would load regular expressions for that."""
    if path.replace("/", "").replace("_", "").replace("-", "").isalnum() and path.isascii():
        return path
    return "'" + path.replace("'", "'\\''") + "'"


def _mount_command(path: str) -> str:
    """Return the command after which pins can lie in this directory."""
    if path == BPF_ROOT or path.startswith(f"{BPF_ROOT}/"):
        return f"mount -t bpf -o mode=755 bpf {BPF_ROOT}"
    return f"mkdir -p {_quote(path)} && mount -t bpf -o mode=755 bpf {_quote(path)}"


def _no_filesystem(path: str) -> NoSuchPin:
    return NoSuchPin(path, f"not on a bpf file system; as root: {_mount_command(path)}")


def _closed(here: int, path: str) -> PinError:
    """Return the error for a directory that this process may not enter."""
    mode = stat.S_IMODE(os.fstat(here).st_mode)
    return PinError(path, f"may not be entered (mode {mode:04o}); {_open_command(here, path)}")


def _open_command(here: int, path: str) -> str:
    """Return what helps where a directory is closed: of a bpf file system, as systemd mounts it."""
    opened = f"as root: chmod a+x {_quote(path)}"
    if not is_bpf_filesystem(here):
        return opened
    return (
        f"as root: chmod 711 {_quote(path)}, or {_mount_command(OWN_MOUNT)} and pin with "
        f"--path {OWN_MOUNT} (FASTSOCK_BPF_PATH={OWN_MOUNT} for those who read)"
    )


# ------------------------------------------------------------------------------------ the way there


def parse_directory(path: str) -> str:
    """Return an absolute path without `.` and `..`: exact, as symbolic links are not followed.

    Raises PinPathError.
    """
    if "\0" in path:
        raise PinPathError(path, "a NUL is in it")
    try:
        return "/" + os.path.abspath(path).lstrip("/")
    except OSError as error:  # it is relative to a directory that was removed
        raise PinPathError(path, str(error.strerror)) from None


def open_directory(path: str, *, trusted: bool = True, make: bool = False) -> int:
    """Open a directory on a bpf file system, as O_PATH.

    `trusted`: neither it nor any directory above it may be another's than root's, or writable by
    others. Symbolic links are refused: what they lead to would have to be held against the same
    rule. `make`: make what is missing of it below the mount.

    Raises NoSuchPin where it or the file system is missing, PinPathError and PinError.
    """
    here = _walk_down(path, trusted, make)
    if is_bpf_filesystem(here):
        return here
    os.close(here)
    raise _no_filesystem(path)


def _walk_down(path: str, trusted: bool, make: bool = False) -> int:
    here = os.open("/", _PATH)
    reached = "/"
    try:
        _require_directory(here, reached, trusted)
        for name in filter(None, path.split("/")):
            inner = _enter(here, reached, name, path, make)
            os.close(here)
            here, reached = inner, os.path.join(reached, name)
            _require_directory(here, reached, trusted)
    except BaseException:
        os.close(here)
        raise
    return here


def _enter(here: int, reached: str, name: str, path: str, make: bool) -> int:
    """Open the next directory on the way to `path`."""
    inner = os.path.join(reached, name)
    below_mount = is_bpf_filesystem(here)
    if below_mount and "." in name:
        raise PinPathError(inner, "a bpf file system takes no name with a dot")
    try:
        return os.open(name, _PATH, dir_fd=here)
    except FileNotFoundError:
        if not below_mount:
            if inner == BPF_ROOT:
                raise PinError(inner, "no such directory: no sysfs, or no bpf(2)") from None
            raise _no_filesystem(path) from None
        if not make:
            raise NoSuchPin(path, "nothing is pinned there") from None
    except PermissionError:
        raise _closed(here, reached) from None
    except OSError as error:  # the name is too long
        raise PinPathError(inner, str(error.strerror)) from None
    try:
        os.mkdir(name, DIRECTORY_MODE, dir_fd=here)
        os.chmod(name, DIRECTORY_MODE, dir_fd=here)  # whatever the umask is
        return os.open(name, _PATH, dir_fd=here)
    except OSError as error:
        raise _not_written(inner, error) from None


def _require_directory(here: int, path: str, trusted: bool) -> None:
    status = os.fstat(here)
    if stat.S_ISLNK(status.st_mode):
        target = os.path.realpath(path)
        raise PinPathError(path, f"a symbolic link is not followed; it leads to {target}")
    if not stat.S_ISDIR(status.st_mode):
        raise PinPathError(path, "is not a directory")
    reason = _distrust(status) if trusted else ""
    if reason and is_bpf_filesystem(here):  # 1777 is what a mount without mode= gets
        command = "chown root" if status.st_uid else "chmod go-w"
        raise PinError(path, f"{reason}; as root: {command} {_quote(path)}")
    if reason:  # of /tmp or somebody's home: the place is wrong, not its mode
        raise PinError(path, f"{reason}; take a directory that root alone can write")


# ------------------------------------------------------------------------------------- who pins


def pin(
    directory: str | os.PathLike[str] = DEFAULT,
    *,
    group: int | None = None,
    program: bool = False,
) -> list[Pin]:
    """Load the program and pin it for all processes; what is pinned there is replaced at once.

    The members of `group` (a number) may read, else root alone. `program` pins the program too, so
    that they can look at single processes; without it one that was pinned there is removed.
    Returns the pins that were made. Pins of other layouts stay: another fastsock reads them.

    Needs root, with CAP_BPF and CAP_PERFMON or CAP_SYS_ADMIN. Raises PinError, PinPathError,
    ValueError, and EngineUnavailable where the program cannot be loaded.
    """
    if program and group is None:
        raise ValueError("a program is pinned for a group: root can load its own")
    path = parse_directory(os.fspath(directory))
    if os.geteuid() != 0:
        raise PinError(path, "run as root: another user's pin is not used by anybody")
    try:
        here = open_directory(path, make=True)
    except NoSuchPin as error:
        raise PinError(error.path, error.reason) from None
    try:
        _load_and_lay(here, path, group or 0, program)
        kinds = (LINK, PROGRAM) if program else (LINK,)
        return [_describe(here, path, _name(kind), "") for kind in kinds]
    finally:
        os.close(here)


def _load_and_lay(here: int, path: str, gid: int, program: bool) -> None:
    from fastsock.engines.passes import make_program

    try:
        loaded = make_program(pid_namespace=True)  # numbers are those of who reads
        link = attach(loaded.fd)
    except BpfError as error:
        from fastsock.engines.bpf_reasons import explain
        from fastsock.engines.host import read_host

        reason, remedy = explain(error, read_host())
        raise EngineUnavailable("bpf", reason, remedy=remedy) from None
    try:
        _lay(here, path, LINK, link, gid, LINK_MODE)
        if program:
            _lay(here, path, PROGRAM, loaded.fd, gid, PROGRAM_MODE)
        else:
            _remove(here, _name(PROGRAM), f"{path}/{_name(PROGRAM)}")
    finally:
        os.close(link)
        loaded.close()


def _lay(here: int, path: str, kind: str, fd: int, gid: int, mode: int) -> None:
    """Pin under another name, which opens for root alone, and rename when the modes are right."""
    name = _name(kind)
    shown = f"{path}/{name}"
    new = f"{name}_new{os.getpid()}"
    _remove(here, new, shown)  # of a process that was killed here, and had our number
    try:
        pin_object(fd, f"{path}/{new}")
        try:
            os.chown(new, 0, gid, dir_fd=here, follow_symlinks=False)
            os.chmod(new, mode, dir_fd=here)
            os.rename(new, name, src_dir_fd=here, dst_dir_fd=here)
        except OSError:
            _remove(here, new, shown)
            raise
    except OSError as error:
        raise _not_written(shown, error) from None


def _remove(here: int, name: str, shown: str) -> bool:
    """Remove a pin, which an error calls `shown`; False if it was not there."""
    try:
        os.unlink(name, dir_fd=here)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _not_written(shown, error) from None
    return True


def _not_written(path: str, error: OSError) -> PinError:
    text = os.strerror(error.errno or 0)
    if error.errno == errno.EROFS:
        mount = path
        while not os.path.ismount(mount):
            mount = os.path.dirname(mount)
        return PinError(path, f"{text}; as root: mount -o remount,rw {_quote(mount)}")
    if error.errno in (errno.EPERM, errno.EACCES) and os.geteuid() != 0:
        return PinError(path, f"{text}: run as root")
    return PinError(path, text)


def unpin(directory: str | os.PathLike[str] = DEFAULT) -> list[str]:
    """Remove our pins of all layouts, and the directory if it is empty then: what was removed.

    Who has a pin open keeps it until it is closed. Raises NoSuchPin where there is none of ours,
    PinPathError and PinError.
    """
    path = parse_directory(os.fspath(directory))
    here = open_directory(path, trusted=False)
    try:
        # With what was left by one who was killed before he could rename it.
        names = sorted(name for name in _list(here, path) if parse_pin(name.partition("_new")[0]))
        paths = {name: os.path.join(path, name) for name in names}
        removed = [shown for name, shown in paths.items() if _remove(here, name, shown)]
        if not removed:
            raise NoSuchPin(path, "nothing is pinned there")
    finally:
        os.close(here)
    outer, name = os.path.split(path)
    above = _walk_down(outer, trusted=False)
    try:
        os.rmdir(name, dir_fd=above)
        removed.append(path)
    except OSError:
        pass  # others' files lie there, or it is where the file system is mounted
    finally:
        os.close(above)
    return removed


def find_closed(directory: str | os.PathLike[str], group: int) -> PinError | None:
    """Return the first directory on the way to a pin that a group's members may not enter."""
    path = parse_directory(os.fspath(directory))
    reached = ""
    for name in path.split("/"):
        reached = f"{reached.rstrip('/')}/{name}"
        here = _walk_down(reached, trusted=False)
        try:
            status = os.fstat(here)
            if not status.st_mode & (0o010 if status.st_gid == group else 0o001):
                return _closed(here, reached)
        finally:
            os.close(here)
    return None
