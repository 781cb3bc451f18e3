r"""Cgroups: which container, pod or systemd unit a path means, and what cgroup filesystems tell.

A process's path is a line of /proc/PID/cgroup (cgroups(7)), for example

  0::/kubepods.slice/kubepods-pod6c5f…_7e55.slice/cri-containerd-0b1d…9f3a.scope

No runtime documents its names as an interface; these are the names that they give, by themselves
("cgroupfs driver") or through systemd ("systemd driver"), in the cgroups of v1 and v2.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

SHORT_ID = 12  # characters of a container's id, as docker and the others show it
_WHOLE_ID = 64

# What stands before the id: docker-ID.scope of systemd, libpod-ID without it, and the form
# SLICE:cri-containerd:ID, which is meant for systemd and was taken for a name.
_RUNTIMES = {
    b"docker": "docker",
    b"cri-containerd": "containerd",
    b"crio": "crio",
    b"libpod": "podman",
    b"nerdctl": "nerdctl",
}
_LXC_PARENTS = (b"lxc", b"lxc.payload")
_UNIT_TYPES = ("service", "scope", "socket", "mount", "swap")
_HEX = frozenset(b"0123456789abcdef")
_NO_NAMES = (b"00", b"2f", b"2F")
_DELETED = b" (deleted)"  # behind the path of a cgroup that was removed around a process's end


class Unit:
    """What a cgroup belongs to.

    `kind` is docker, containerd, crio, podman, nerdctl, container (an id without its runtime's
    name), lxc, nspawn or machine (systemd-machined's); pod; service, scope, socket, mount, swap or
    slice of systemd, user where that unit is of a user's own manager; "" for nothing known.
    `name` is that of the unit, or the container's, of its id 12 characters. `runtime` (one of the
    container kinds), `container` and the whole `id` (b"" where containers have names) are those of
    the innermost container around it, `pod` is the uid of its Kubernetes pod. What there is none of
    is empty. Names are bytes: whoever may make a cgroup may call it anything.
    """

    __slots__ = ("kind", "name", "id", "pod", "runtime", "container")

    def __init__(
        self,
        kind: str = "",
        name: bytes = b"",
        id: bytes = b"",
        pod: bytes = b"",
        runtime: str = "",
        container: bytes = b"",
    ) -> None:
        self.kind = kind
        self.name = name
        self.id = id
        self.pod = pod
        self.runtime = runtime
        self.container = container

    @property
    def text(self) -> bytes:
        """The group key, which `cgroup=` takes too: a.service, docker:4f5e…, lxc:web/a.scope."""
        if self.runtime:
            around = self.runtime.encode() + b":" + self.container
            return around if self.kind == self.runtime else around + b"/" + self.name
        return b"pod:" + self.name if self.kind == "pod" else self.name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Unit):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.kind, self.name, self.id))

    def __repr__(self) -> str:
        shown = (
            f"{name}={getattr(self, name)!r}" for name in self.__slots__ if getattr(self, name)
        )
        return f"Unit({', '.join(shown)})"


def parse_membership(text: bytes) -> bytes:
    """Return the path that /proc/PID/cgroup tells, by the hierarchy that says most.

    That is cgroup v2. Where it is not used (its path is the root), systemd's of v1, and where that
    is not, the first of v1 with a path: a container of a v1 host is in the root of v2.
    """
    best, found = 0, b""
    for line in text.split(b"\n"):
        if line.count(b":") < 2:
            continue
        number, controllers, path = line.split(b":", 2)
        if number == b"0" and not controllers:
            rank = 5 if path != b"/" else 2
        elif path == b"/":
            rank = 1
        else:
            rank = 4 if controllers == b"name=systemd" else 3
        if rank > best:
            best, found = rank, path
    return found


@lru_cache(1024)
def parse_unit(path: bytes) -> Unit:
    """Return what a path of /proc/PID/cgroup belongs to: the innermost name that is known.

    `/..` in front, as readers within a cgroup namespace see it (cgroup_namespaces(7)), says nothing
    and changes nothing.
    """
    unit = Unit()
    parent = b""
    in_user = False
    for component in path.removesuffix(_DELETED).split(b"/"):
        if component in (b"", b".", b".."):
            continue
        uid = _parse_pod(component)
        container = _parse_container(component, parent, bool(unit.pod or uid))
        suffix = component.rpartition(b".")[2].decode("ascii", "replace")
        name = unescape(component)
        if uid:
            unit.kind, unit.name, unit.pod = "pod", uid, uid
        if container:
            unit.runtime, unit.id, unit.container = container
            unit.kind, unit.name = unit.runtime, unit.container
            in_user = False
        elif suffix in _UNIT_TYPES:
            in_user = in_user or (suffix == "service" and component.startswith(b"user@"))
            unit.kind, unit.name = "user" if in_user else suffix, name
        elif suffix == "slice" and not uid and unit.kind in ("", "slice"):
            unit.kind, unit.name = suffix, name
        parent = component
    return unit


def _is_hex(text: bytes, *lengths: int) -> bool:
    return len(text) in lengths and _HEX.issuperset(text)


def _parse_pod(component: bytes) -> bytes:
    """Return the uid in podUID or kubepods-burstable-podUID.slice, dashes restored, or b"".

    A slice has underscores for dashes, which would mean levels. A static pod's uid is a hash.
    """
    name = component.partition(b":")[0].removesuffix(b".slice")
    before, pod, uid = name.rpartition(b"pod")
    if not pod or not (before == b"" or b"kubepods" in before):
        return b""
    uid = uid.replace(b"_", b"-")
    if _is_hex(uid, 32) or [len(part) for part in uid.split(b"-")] == [8, 4, 4, 4, 12]:
        return uid if _HEX.issuperset(uid.replace(b"-", b"")) else b""
    return b""


def _parse_container(
    component: bytes, parent: bytes, in_pod: bool
) -> tuple[str, bytes, bytes] | None:
    """Return (runtime, whole id, name) of a container; None for another component."""
    if parent in _LXC_PARENTS and not component.endswith(b".slice"):
        return "lxc", b"", component
    if component.startswith(b"lxc.payload."):
        return "lxc", b"", component.removeprefix(b"lxc.payload.")
    if component.startswith(b"systemd-nspawn@") and component.endswith(b".service"):
        return "nspawn", b"", unescape(component[len(b"systemd-nspawn@") : -len(b".service")])
    if component.startswith(b"machine-") and component.endswith(b".scope"):
        return "machine", b"", unescape(component[len(b"machine-") : -len(b".scope")])
    sep = b":" if b":" in component else b"-"
    before, _, id = component.removesuffix(b".scope").rpartition(sep)
    runtime = _RUNTIMES.get(before.rpartition(b":")[2])
    if runtime and len(id) >= SHORT_ID and _HEX.issuperset(id):
        return runtime, id, id[:SHORT_ID]
    if _is_hex(component, _WHOLE_ID) and parent != b"libpod_parent":  # there it is podman's pod
        runtime = "docker" if parent == b"docker" else "container"
        return runtime, component, component[:SHORT_ID]
    return None


def unescape(name: bytes) -> bytes:
    r"""Return a unit's name as people write it: `\x2d` is a dash (systemd.unit(5)).

    An underscore in front keeps names apart from the files of a cgroup, as _cpu.service does.
    """
    if name.startswith(b"_"):
        name = name[1:]
    if b"\\x" not in name:
        return name
    first, *parts = name.split(b"\\x")
    made = first
    for part in parts:
        # Only bytes that a name may have: no NUL, no slash.
        if len(part) >= 2 and _HEX.issuperset(part[:2].lower()) and part[:2] not in _NO_NAMES:
            made += bytes([int(part[:2], 16)]) + part[2:]
        else:
            made += b"\\x" + part
    return made


# Where hierarchies are mounted below /sys/fs/cgroup when there are several.
_MOUNTED = b"/sys/fs/cgroup"


def parse_name(text: bytes) -> bytes:
    """Return a cgroup as people name it without what means nothing: a path, or a name in one.

    What has a slash is a path, unless a container stands before it (lxc:web/nginx.service).
    """
    if b"/" not in text or b":" in text.partition(b"/")[0]:
        return text
    path = b"/" + b"/".join(part for part in text.split(b"/") if part)
    if path == _MOUNTED or path.startswith(_MOUNTED + b"/"):
        path = path.removeprefix(_MOUNTED) or b"/"
    return path


def lies_in(path: bytes, names: Iterable[bytes]) -> bool:
    """Return whether the cgroup `path` is one of `names`, or below one."""
    return any(_lies_in(path, name) for name in names)


@lru_cache(1024)
def _lies_in(path: bytes, name: bytes) -> bool:
    path = path.removesuffix(_DELETED)
    if not path:
        return False  # could not be read: nobody knows
    if not name.startswith(b"/"):
        return any(name in names for names in map(_names_of, _above(path))) or bool(
            _containers(path, name)
        )
    if name == b"/" or path == name or path.startswith(name + b"/"):
        return True
    # /sys/fs/cgroup/memory/x of v1 is /x: the first part is the hierarchy.
    hierarchy, slash, rest = name[1:].partition(b"/")
    if not slash or hierarchy not in _HIERARCHIES:
        return False
    return path == b"/" + rest or path.startswith(b"/" + rest + b"/")


_HIERARCHIES = frozenset(
    b"unified systemd cpu cpuacct cpu,cpuacct cpuset memory devices freezer blkio pids net_cls "
    b"net_prio net_cls,net_prio perf_event hugetlb rdma misc".split()
)


def _above(path: bytes) -> Iterator[bytes]:
    """Yield the path and all above it, up to the root's children."""
    while path.strip(b"/"):
        yield path
        path = path.rpartition(b"/")[0]


def _names_of(path: bytes) -> set[bytes]:
    """Return what the last part of a path answers to."""
    last = path.rpartition(b"/")[2]
    unit = parse_unit(path)
    names = {last, unescape(last)}
    above = parse_unit(path.rpartition(b"/")[0])
    if unit.container and unit != above and unit.kind == unit.runtime:
        names.add(unit.container)
    if unit.kind == "pod":
        names.add(unit.pod)
    if unit.kind:
        names.add(unit.text)
    return names


def _containers(path: bytes, prefix: bytes) -> set[bytes]:
    """Return the ids on a path that begin with `prefix`: 12 hexadecimal digits or more."""
    if len(prefix) < SHORT_ID or not _HEX.issuperset(prefix):
        return set()
    ids = {parse_unit(above).id for above in _above(path)}
    return {id for id in ids if id.startswith(prefix)}


def runs_in(path: bytes, names: Iterable[bytes]) -> bool:
    """Return whether the cgroup `path` is in one of the containers `names`, or below one.

    A container goes by its name or 12 characters of its id, with its runtime before it or without
    (docker:4f5e6a7b8c9d), and by more of its id.
    """
    return any(_runs_in(path, name) for name in names)


@lru_cache(1024)
def _runs_in(path: bytes, name: bytes) -> bool:
    for above in _above(path.removesuffix(_DELETED)):
        unit = parse_unit(above)
        if unit.runtime and name in (
            unit.container,
            unit.id,
            unit.runtime.encode() + b":" + unit.container,
        ):
            return True
    return bool(_containers(path.removesuffix(_DELETED), name))


def find_containers(paths: Iterable[bytes], prefix: bytes) -> set[bytes]:
    """Return the ids of containers that begin with `prefix`, among the cgroups `paths`."""
    return {id for path in set(paths) for id in _containers(path, prefix)}


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        text = b""
        while block := os.read(fd, 1 << 16):
            text += block
        return text
    finally:
        os.close(fd)


def read_membership(process: str) -> bytes:
    """Return the cgroup of /proc/PID; b"" where it ended. Anybody may read it."""
    try:
        return parse_membership(_read(f"{process}/cgroup"))
    except OSError:  # ended
        return b""


def parse_mounts(text: bytes) -> list[str]:
    """Return where mountinfo (proc_pid_mountinfo(5)) has the whole of cgroup v2."""
    found = []
    for line in text.split(b"\n"):
        fields, _, kind = line.partition(b" - ")
        parts = fields.split(b" ")
        if kind.startswith(b"cgroup2 ") and len(parts) > 4 and parts[3] == b"/":
            found.append(os.fsdecode(_unescape_mount(parts[4])))
    return found


def _unescape_mount(path: bytes) -> bytes:
    """Return a path of mountinfo: a blank is `\\040`."""
    first, *parts = path.split(b"\\")
    return first + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in parts)


def read_mount() -> str | None:
    """Return where cgroup v2 is mounted, from its root on; None where it is not."""
    try:
        mounts = parse_mounts(_read("/proc/self/mountinfo"))
    except OSError:  # no /proc
        return None
    return mounts[0] if mounts else None


def _is_v2_alone() -> bool:
    """Whether /proc/PID/cgroup has one line, so that a path can only be one of v2."""
    try:
        text = _read("/proc/self/cgroup")
    except OSError:  # no /proc
        return False
    return text.startswith(b"0::") and text.count(b"\n") == 1


def list_members(names: Collection[bytes], root: str | None = None) -> list[int] | None:
    """Return the pids in the cgroups `names` and below, by cgroup.procs, or None.

    None where only /proc/PID/cgroup of all can tell: for names that are no paths, beside cgroups of
    v1, in a threaded subtree, and where the filesystem is not to be seen. The numbers are those
    that this process sees. `root` is where cgroup v2 is mounted, alone.
    """
    if not all(name.startswith(b"/") for name in names):
        return None
    if root is None:
        if not _is_v2_alone():
            return None
        root = read_mount()
    # The root of the hierarchy holds everything, and /.. is above what this reader sees.
    if root is None or any(name == b"/" or name.startswith(b"/..") for name in names):
        return None
    pids: set[int] = set()
    for name in names:
        top = root + os.fsdecode(name)
        if not os.path.isdir(top):
            continue
        for directory, _ in _walk(top):
            try:
                text = _read(f"{directory}/cgroup.procs")
            except FileNotFoundError:  # removed: then nobody was in it
                continue
            except OSError:  # EOPNOTSUPP: threaded, its processes are listed further up
                return None
            pids.update(map(int, text.split()))
    pids.discard(0)  # of another pid namespace
    return sorted(pids)


def _walk(top: str) -> Iterator[tuple[str, int]]:
    """Yield each cgroup and its inode, `top` first; those that are removed meanwhile are left out.

    A cgroup has two links and one more for each below it, so most need no listing of their files.
    """
    waiting = [top]
    while waiting:
        directory = waiting.pop()
        try:
            status = os.stat(directory)
            yield directory, status.st_ino
            # Other filesystems than the kernel's, as a test's, may count no links of directories.
            if status.st_nlink == 2:
                continue
            with os.scandir(directory) as entries:
                waiting += [e.path for e in entries if e.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):  # removed
            continue


MOST_CGROUPS = 100_000  # how many are looked at: a kernel may have more, mostly dying


def read_paths(ids: Iterable[int] | None = None, root: str | None = None) -> dict[int, bytes]:
    """Return the path of each cgroup v2 by its id, as `socket_cgroup` has it; of all, or of `ids`.

    The id is the inode number of the directory (Linux 5.5, 64 bits), found by one walk over the
    directories of the hierarchy (4 us each, 20 us for one with others below it) that ends when all
    `ids` are found. What has been removed, or lies outside of what this reader sees, is not in the
    answer. `root` is where cgroup v2 is mounted, if not what /proc/self/mountinfo says. Raises
    FileNotFoundError where it is not mounted.
    """
    if root is None:
        root = read_mount()
        if root is None:
            raise FileNotFoundError("cgroup v2 is not mounted as a whole")
    wanted = None if ids is None else set(ids)
    found: dict[int, bytes] = {}
    for seen, (directory, inode) in enumerate(_walk(root)):
        if seen >= MOST_CGROUPS or (wanted is not None and len(found) == len(wanted)):
            break
        if wanted is None or inode in wanted:
            found[inode] = os.fsencode(directory)[len(os.fsencode(root)) :] or b"/"
    return found


def read_path(id: int, root: str | None = None) -> bytes | None:
    """Return the path of one cgroup v2, None where there is no such; as `read_paths`."""
    return read_paths((id,), root).get(id)
