"""Cgroups: what paths mean, who is in them, which path an id has."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

import fastsock
from children import child_process
from fastsock import cgroups, processes
from fastsock.cgroups import Unit, parse_unit
from fastsock.cli import main
from fastsock.filter import build_filter
from implementations import Implementation
from ports import listen, port_of
from proctree import ProcTree, tcp_line

ID = b"4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
OTHER = b"4f797c539e6c" + b"0" * 52
INNER = b"9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d"
POD = b"6c5f7a1e-440c-66ac-9084-e0fc1d8a7e55"
POD_ = POD.replace(b"-", b"_")
STATIC = b"c704ef4c297ab11032b83ce52cbfc87b"
USER = b"/user.slice/user-1000.slice/user@1000.service"


def container(runtime: str, id: bytes = ID, pod: bytes = b"") -> Unit:
    return Unit(runtime, id[:12], id, pod, runtime, id[:12])


def named(runtime: str, name: bytes) -> Unit:
    return Unit(runtime, name, runtime=runtime, container=name)


BURSTABLE = b"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%b.slice" % POD_

# -------------------------------------------------------------------------------- what a path means


@pytest.mark.parametrize(
    ("path", "unit", "text"),
    [
        # docker, by both drivers, in slices of its own, rootless, and in Docker Desktop's machine
        (b"/docker/" + ID, container("docker"), b"docker:" + ID[:12]),
        (b"/system.slice/docker-%b.scope" % ID, container("docker"), b"docker:" + ID[:12]),
        (b"/app.slice/docker-%b.scope" % ID, container("docker"), b"docker:" + ID[:12]),
        (USER + b"/user.slice/docker-%b.scope" % ID, container("docker"), b"docker:" + ID[:12]),
        (b"/docker-ce/docker/" + ID, container("docker"), b"docker:" + ID[:12]),
        (b"/docker/%b/init" % ID, container("docker"), b"docker:" + ID[:12]),
        (b"/" + ID, container("container"), b"container:" + ID[:12]),
        (b"/ecs/0b3f/" + ID, container("container"), b"container:" + ID[:12]),
        # Kubernetes: containerd and cri-o, by both drivers
        (
            BURSTABLE + b"/cri-containerd-%b.scope" % ID,
            container("containerd", pod=POD),
            b"containerd:" + ID[:12],
        ),
        (
            b"/kubepods.slice/kubepods-pod%b.slice/crio-%b.scope" % (POD_, ID),
            container("crio", pod=POD),
            b"crio:" + ID[:12],
        ),
        (
            b"/kubepods.slice/kubepods-pod%b.slice/crio-%b.scope/container" % (POD_, ID),
            container("crio", pod=POD),
            b"crio:" + ID[:12],
        ),
        (
            b"/kubepods/burstable/pod%b/%b" % (POD, ID),
            container("container", pod=POD),
            b"container:" + ID[:12],
        ),
        (
            b"/kubepods/besteffort/pod%b/crio-%b" % (POD, ID),
            container("crio", pod=POD),
            b"crio:" + ID[:12],
        ),
        (b"/kubepods/" + ID, container("container"), b"container:" + ID[:12]),
        (
            b"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod%b.slice/"
            b"cri-containerd-%b.scope" % (POD_, ID),
            container("containerd", pod=POD),
            b"containerd:" + ID[:12],
        ),
        # a path that was meant for systemd, taken for a name
        (
            b"/system.slice/containerd.service/kubepods-besteffort-pod%b.slice:cri-containerd:%b"
            % (POD_, ID),
            container("containerd", pod=POD),
            b"containerd:" + ID[:12],
        ),
        (
            b"/kubepods.slice/kubepods-burstable-pod%b.slice/docker-%b.scope" % (STATIC, ID),
            container("docker", pod=STATIC),
            b"docker:" + ID[:12],
        ),
        (BURSTABLE, Unit("pod", POD, pod=POD), b"pod:" + POD),
        (b"/kubepods/burstable/pod" + POD, Unit("pod", POD, pod=POD), b"pod:" + POD),
        (b"/kubepods.slice", Unit("slice", b"kubepods.slice"), b"kubepods.slice"),
        # podman
        (b"/machine.slice/libpod-%b.scope" % ID, container("podman"), b"podman:" + ID[:12]),
        (
            b"/machine.slice/libpod-%b.scope/container" % ID,
            container("podman"),
            b"podman:" + ID[:12],
        ),
        (USER + b"/user.slice/libpod-%b.scope" % ID, container("podman"), b"podman:" + ID[:12]),
        (b"/libpod_parent/libpod-" + ID, container("podman"), b"podman:" + ID[:12]),
        (
            b"/libpod_parent/%b/libpod-%b" % (INNER, ID),
            container("podman"),
            b"podman:" + ID[:12],
        ),
        (b"/libpod_parent/" + ID, Unit(), b""),
        (
            b"/machine.slice/libpod-conmon-%b.scope" % ID,
            Unit("scope", b"libpod-conmon-%b.scope" % ID),
            b"libpod-conmon-%b.scope" % ID,
        ),
        # nerdctl
        (b"/system.slice/nerdctl-%b.scope" % ID, container("nerdctl"), b"nerdctl:" + ID[:12]),
        (b"/default/" + ID, container("container"), b"container:" + ID[:12]),
        # LXC, LXD and Incus, Proxmox
        (b"/lxc.payload.web", named("lxc", b"web"), b"lxc:web"),
        (b"/lxc.payload.a.b", named("lxc", b"a.b"), b"lxc:a.b"),
        (b"/lxc/101/ns", named("lxc", b"101"), b"lxc:101"),
        (b"/lxc.payload/web", named("lxc", b"web"), b"lxc:web"),
        (b"/lxc.monitor.web", Unit(), b""),
        (
            b"/lxc.payload.web/system.slice/nginx.service",
            Unit("service", b"nginx.service", runtime="lxc", container=b"web"),
            b"lxc:web/nginx.service",
        ),
        # systemd's machines
        (
            b"/machine.slice/systemd-nspawn@web.uE0.service/payload/init.scope",
            Unit("scope", b"init.scope", runtime="nspawn", container=b"web.uE0"),
            b"nspawn:web.uE0/init.scope",
        ),
        (
            b"/machine.slice/machine-deb\\x2d12.scope",
            named("machine", b"deb-12"),
            b"machine:deb-12",
        ),
        (
            b"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
            named("machine", b"qemu-1-vm"),
            b"machine:qemu-1-vm",
        ),
        # systemd
        (b"/system.slice/nginx.service", Unit("service", b"nginx.service"), b"nginx.service"),
        (b"/system.slice/a.service/worker/2", Unit("service", b"a.service"), b"a.service"),
        (
            b"/system.slice/system-getty.slice/getty@tty1.service",
            Unit("service", b"getty@tty1.service"),
            b"getty@tty1.service",
        ),
        (
            b"/system.slice/system-fsck.slice/fsck@dev-by\\x2duuid-1.service",
            Unit("service", b"fsck@dev-by-uuid-1.service"),
            b"fsck@dev-by-uuid-1.service",
        ),
        (b"/system.slice/_cpu.service", Unit("service", b"cpu.service"), b"cpu.service"),
        (b"/system.slice/a\\xzz.service", Unit("service", b"a\\xzz.service"), b"a\\xzz.service"),
        (
            b"/a\\x2f\\x00\\x4A.service",
            Unit("service", b"a\\x2f\\x00J.service"),
            b"a\\x2f\\x00J.service",
        ),
        (b"/system.slice/x.mount", Unit("mount", b"x.mount"), b"x.mount"),
        (b"/system.slice/x.socket", Unit("socket", b"x.socket"), b"x.socket"),
        (b"/init.scope", Unit("scope", b"init.scope"), b"init.scope"),
        (b"/system.slice", Unit("slice", b"system.slice"), b"system.slice"),
        (
            b"/user.slice/user-1000.slice/session-3.scope",
            Unit("scope", b"session-3.scope"),
            b"session-3.scope",
        ),
        (b"/user.slice/user-1000.slice", Unit("slice", b"user-1000.slice"), b"user-1000.slice"),
        (
            USER + b"/app.slice/app-gnome-firefox-4121.scope",
            Unit("user", b"app-gnome-firefox-4121.scope"),
            b"app-gnome-firefox-4121.scope",
        ),
        (USER + b"/init.scope", Unit("user", b"init.scope"), b"init.scope"),
        # nested: the innermost
        (
            b"/docker/%b/docker/%b" % (ID, INNER),
            container("docker", INNER),
            b"docker:" + INNER[:12],
        ),
        (
            b"/docker/%b/kubelet.slice/kubelet-kubepods-pod%b.slice/cri-containerd-%b.scope"
            % (ID, POD_, INNER),
            container("containerd", INNER, POD),
            b"containerd:" + INNER[:12],
        ),
        (
            b"/system.slice/docker-%b.scope/system.slice/nginx.service" % ID,
            Unit("service", b"nginx.service", ID, runtime="docker", container=ID[:12]),
            b"docker:%b/nginx.service" % ID[:12],
        ),
        (
            b"/libpod_parent/libpod-%b/system.slice/var-lib-docker-%b.mount" % (ID, INNER),
            Unit("mount", b"var-lib-docker-%b.mount" % INNER, ID, b"", "podman", ID[:12]),
            b"podman:%b/var-lib-docker-%b.mount" % (ID[:12], INNER),
        ),
        # seen from within a cgroup namespace, and removed
        (b"/../../system.slice/a.service", Unit("service", b"a.service"), b"a.service"),
        (b"/../docker-%b.scope" % ID, container("docker"), b"docker:" + ID[:12]),
        (b"/a.service (deleted)", Unit("service", b"a.service"), b"a.service"),
        # nothing known, and what only looks like it
        (b"/", Unit(), b""),
        (b"", Unit(), b""),
        (b"/..", Unit(), b""),
        (b"/docker", Unit(), b""),
        (b"/docker/buildkit", Unit(), b""),
        (b"/" + ID[:-1], Unit(), b""),
        (b"/" + ID.upper(), Unit(), b""),
        (b"/podman/podcast", Unit(), b""),
        (b"/kubepods/podzzzzzzzz-440c-66ac-9084-e0fc1d8a7e55", Unit(), b""),
        (
            b"/system.slice/docker-registry.service",
            Unit("service", b"docker-registry.service"),
            b"docker-registry.service",
        ),
        (b"/a\xff\n.service", Unit("service", b"a\xff\n.service"), b"a\xff\n.service"),
    ],
)
def test_what_a_path_means(path: bytes, unit: Unit, text: bytes) -> None:
    assert parse_unit(path) == unit
    assert parse_unit(path).text == text


def test_a_unit_shows_what_there_is() -> None:
    assert repr(parse_unit(b"/a.service")) == "Unit(kind='service', name=b'a.service')"
    assert repr(Unit()) == "Unit()"
    assert Unit() != "Unit()"
    assert len({parse_unit(b"/a.service"), Unit("service", b"a.service")}) == 1


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"0::/system.slice/a.service\n", b"/system.slice/a.service"),
        # v2 beside v1: what v2 says, if that is anything
        (b"4:memory:/a\n1:name=systemd:/s\n0::/c\n", b"/c"),
        # docker on a host of v1: v2 is there and empty
        (b"12:pids:/docker/a\n1:name=systemd:/docker/a\n0::/\n", b"/docker/a"),
        (b"4:memory:/m\n1:name=systemd:/s\n", b"/s"),
        (b"1:name=systemd:/\n4:memory:/m\n3:cpu:/c\n0::/\n", b"/m"),
        (b"4:memory:/\n1:name=systemd:/\n", b"/"),
        (b"4:memory:/\n0::/\n", b"/"),
        (b"4:name=other:/o\n1:name=systemd:/s\n", b"/s"),
        (b"0::/with:colons\n", b"/with:colons"),
        (b"0::/unfinished", b"/unfinished"),
        (b"garbage\n", b""),
        (b"", b""),
    ],
)
def test_every_reader_takes_the_hierarchy_that_says_most(
    tmp_path: Path, tree_engine_name: str, text: bytes, path: bytes
) -> None:
    assert cgroups.parse_membership(text) == path
    tree = ProcTree(tmp_path)
    tree.process(10, cgroup=text).socket(1, 5)
    owners = fastsock.owners(procfs=str(tree), engine=tree_engine_name)
    assert [process.cgroup for process in owners.processes] == [path]


# ------------------------------------------------------------------------------ what is in a cgroup


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("/system.slice/a.service", b"/system.slice/a.service"),
        ("/sys/fs/cgroup/system.slice/", b"/system.slice"),
        ("/sys/fs/cgroup", b"/"),
        ("/sys/fs/cgroup/", b"/"),
        ("/", b"/"),
        ("//a//b/", b"/a/b"),
        ("system.slice/a.service", b"/system.slice/a.service"),
        ("/sys/fs/cgroups/a", b"/sys/fs/cgroups/a"),
        ("a.service", b"a.service"),
        ("lxc:web/a.service", b"lxc:web/a.service"),
        (b"/\xff", b"/\xff"),
        ("/\udcff", b"/\xff"),
    ],
)
def test_what_a_name_is_understood_as(given: str | bytes, name: bytes) -> None:
    assert build_filter(cgroup=given).terms == {"cgroup": {name}}
    assert build_filter(cgroup=given).needs_owners


@pytest.mark.parametrize("value", ["", b"", 3, ["a.service", ""]])
def test_what_is_no_name(value: object) -> None:
    wrong = value[1] if isinstance(value, list) else value
    with pytest.raises(fastsock.FilterError) as caught:
        build_filter(cgroup=value)
    assert str(caught.value) == f"cgroup: {wrong!r} is not a cgroup's path or name"


PATH = BURSTABLE + b"/cri-containerd-%b.scope" % ID
NSPAWN = b"/machine.slice/systemd-nspawn@deb\\x2d12.service/payload/system.slice/a.service"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (PATH, [PATH, BURSTABLE, b"/kubepods.slice", b"/"]),
        (PATH, [ID, ID[:12], ID[:40], b"containerd:" + ID[:12], POD, b"pod:" + POD]),
        (PATH, [b"kubepods.slice", b"cri-containerd-%b.scope" % ID]),
        (NSPAWN, [b"deb-12", b"nspawn:deb-12", b"nspawn:deb-12/a.service", b"a.service"]),
        (NSPAWN, [b"systemd-nspawn@deb-12.service", b"systemd-nspawn@deb\\x2d12.service"]),
        (b"/system.slice/a.service/x", [b"a.service", b"/system.slice/a.service", b"system.slice"]),
        (b"/docker/" + ID, [b"/memory/docker", b"/cpu,cpuacct/docker/" + ID, b"docker"]),
        (b"/a.service (deleted)", [b"a.service", b"/a.service", b"/"]),
        (b"/", [b"/"]),
        (b"/..", [b"/"]),
    ],
)
def test_what_lies_in(path: bytes, names: list[bytes]) -> None:
    assert [name for name in names if not cgroups.lies_in(path, [name])] == []
    assert cgroups.lies_in(path, [b"no-such", names[0]])


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (PATH, [b"/kubepods", b"/kubepods.slice/x", PATH + b"/x", b"kubepods"]),
        (PATH, [ID[:11], ID[1:], b"docker:" + ID[:12], ID[:12].upper(), POD_, b""]),
        (b"/system.slice/ab.service", [b"/system.slice/a", b"b.service", b"a"]),
        (b"/docker/" + ID, [b"/memory", b"/other/docker"]),
        (b"/a.service", [b"lxc:web/a.service"]),
        (b"/", [b"/a", b"a"]),
        (b"", [b"/", b"a", b""]),
    ],
)
def test_what_does_not_lie_in(path: bytes, names: list[bytes]) -> None:
    assert [name for name in names if cgroups.lies_in(path, [name])] == []
    assert not cgroups.lies_in(path, [])


def test_a_unit_s_text_finds_it_again() -> None:
    for path in (PATH, NSPAWN, BURSTABLE, b"/system.slice/a.service", b"/docker/" + ID):
        assert cgroups.lies_in(path, [cgroups.parse_name(parse_unit(path).text)])


COMPONENTS = st.sampled_from(
    [
        *(b"docker", b"lxc", b"lxc.payload.a:b", ID, b"libpod-" + ID, b"crio-%b.scope" % INNER),
        *(
            b"pod" + POD,
            b"kubepods-pod%b.slice" % POD_,
            b"a.slice:cri-containerd:" + ID,
            b"..",
            b"",
        ),
        *(b"machine-\\x2f.scope", b"systemd-nspawn@.service", b"user@1.service", b"a b.scope"),
    ]
)


@given(
    st.lists(COMPONENTS | st.binary(max_size=12).map(lambda b: b.replace(b"/", b"")), max_size=6)
)
def test_any_path_has_a_unit_that_finds_it_again(components: list[bytes]) -> None:
    path = b"/" + b"/".join(components)
    text = parse_unit(path).text
    assert not text or cgroups.lies_in(path, [cgroups.parse_name(text)])
    assert cgroups.lies_in(path, [path.rstrip(b"/") or b"/", b"no-such"])


@pytest.fixture
def tree(tmp_path: Path) -> ProcTree:
    """Two containers whose ids begin alike, a unit, and a process in no cgroup."""
    tree = ProcTree(tmp_path)
    tree.table("tcp", *(tcp_line(("127.0.0.1", n), inode=n, number=n) for n in range(1, 6)))
    tree.process(10, b"a", cgroup=b"0::/docker/%b\n" % ID).socket(3, 1)
    tree.process(11, b"b", cgroup=b"0::/docker/%b/x\n" % ID).socket(3, 2)
    tree.process(12, b"c", cgroup=b"0::/docker/%b\n" % OTHER).socket(3, 3)
    tree.process(13, b"d", cgroup=b"0::/system.slice/nginx.service\n").socket(3, 4).socket(4, 1)
    tree.process(14, b"e", cgroup=b"0::/\n").socket(3, 5)
    tree.process(15, b"f", cgroup=b"0::/\xff\x1b.service\n")
    for pid in range(10, 16):
        lines = (tcp_line(("127.0.0.1", n), inode=n, number=n) for n in range(1, 6))
        tree.table("tcp", *lines, pid=pid)
    return tree


Ask = Callable[..., Any]


@pytest.fixture
def scan(tree: ProcTree, tree_engine_name: str) -> Ask:
    def ask(**question: Any) -> Any:
        return fastsock.scan(procfs=str(tree), engine=tree_engine_name, **question)

    return ask


@pytest.mark.parametrize(
    ("cgroup", "ports"),
    [
        ("/docker", [1, 2, 3]),
        ("/sys/fs/cgroup/docker/" + ID.decode(), [1, 2]),
        ("/sys/fs/cgroup/memory/docker/" + ID.decode(), [1, 2]),
        (ID[:13].decode(), [1, 2]),
        (("/docker/" + OTHER.decode(), "nginx.service"), [1, 3, 4]),
        ("/", [1, 2, 3, 4, 5]),
        ("/docker/", [1, 2, 3]),
    ],
)
def test_sockets_of_the_processes_in_a_cgroup(scan: Ask, cgroup: object, ports: list[int]) -> None:
    table = scan(cgroup=cgroup)
    assert table.column("local_port").tolist() == ports
    everything = scan(owners=True)
    assert everything.select(cgroup=cgroup).column("local_port").tolist() == ports


def test_a_cgroup_and_other_terms_must_all_hold(scan: Ask) -> None:
    assert scan(cgroup="/docker", pid=[10, 13]).column("local_port").tolist() == [1]
    assert scan(cgroup="/docker", command="program", port=2).column("local_port").tolist() == [2]
    assert scan(cgroup="/docker", pid=[10, 13]).owners.scope == (10,)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ({"cgroup": "no.service"}, "no such process: none in cgroup no.service"),
        ({"cgroup": ["/b", "/a"]}, "no such process: none in cgroup /a, /b"),
        ({"cgroup": "/a\x1b"}, "no such process: none in cgroup /a\\x1b"),
        ({"cgroup": "nginx.service", "pid": 10}, "no such process: none in cgroup nginx.service"),
        ({"cgroup": "nginx.service", "pid": 9}, "no such process: 9"),
        ({"cgroup": "nginx.service", "command": "no"}, "no such process: no"),
    ],
)
def test_nobody_in_a_cgroup(scan: Ask, question: dict[str, Any], text: str) -> None:
    with pytest.raises(fastsock.NoSuchProcess) as caught:
        scan(**question)
    assert str(caught.value) == text


def test_the_beginning_of_two_ids_is_an_error(scan: Ask) -> None:
    with pytest.raises(fastsock.FilterError) as caught:
        scan(cgroup=ID[:12])
    assert str(caught.value) == (
        f"cgroup: {ID[:12].decode()} begins several containers: {OTHER.decode()}, {ID.decode()}"
    )


def test_in_a_table_too(scan: Ask) -> None:
    with pytest.raises(fastsock.FilterError, match="begins several containers: "):
        scan(owners=True).select(cgroup=ID[:12])


def test_a_table_without_owners_knows_no_cgroups(scan: Ask) -> None:
    with pytest.raises(ValueError, match="^selecting by pid, command or cgroup needs a table with"):
        scan().select(cgroup="/")


def test_owners_in_a_cgroup(tree: ProcTree, tree_engine_name: str) -> None:
    found = fastsock.owners(procfs=str(tree), engine=tree_engine_name, cgroup="nginx.service")
    assert found.column("pid").tolist() == [13, 13]
    assert found.scope == (13,)
    with pytest.raises(ValueError, match="does not select by port"):
        fastsock.owners(procfs=str(tree), engine=tree_engine_name, cgroup="/", port=1)


# ------------------------------------------------------------------------------------------- groups


def test_groups_by_unit_and_container(tree: ProcTree, tree_engine_name: str) -> None:
    short = ID[:12].decode()
    question: dict[str, Any] = {"procfs": str(tree), "engine": tree_engine_name}
    by_unit = fastsock.count(by="unit", **question)
    assert {key: counts.total for key, counts in by_unit.items()} == {
        f"docker:{short}": 3,
        "nginx.service": 2,
        None: 1,
    }
    by_container = fastsock.count(by="container", **question)
    assert {key: counts.total for key, counts in by_container.items()} == {short: 3, None: 3}
    assert [(row["container"], row.get("owner_state")) for row in by_container.as_dicts()] == [
        (short, None),
        (None, None),
    ]
    both = fastsock.scan(owners=True, **question).count_by("container", "command")
    assert both[short, "b"].total == 1


def test_a_process_knows_its_unit(implementation: Implementation) -> None:
    def process(cgroup: bytes) -> Any:
        return implementation.table.Process(1, 1, b"a", 0, 1, cgroup)

    nested = process(b"/lxc.payload.web/system.slice/nginx.service")
    assert (nested.unit, nested.container) == (b"lxc:web/nginx.service", b"web")
    assert (process(b"/").unit, process(b"/").container, process(b"/").pod) == (None, None, None)
    assert process(PATH).pod == POD
    assert process(b"/a.service").container is None


# ---------------------------------------------------------------------------------- cgroup v2's ids


def make_hierarchy(root: Path, *paths: str) -> dict[str, int]:
    """Directories as of cgroup v2, with their ids."""
    for path in ("", *paths):
        (root / path).mkdir(parents=True, exist_ok=True)
        (root / path / "cgroup.procs").write_text("")
    return {path: (root / path).stat().st_ino for path in ("", *paths)}


def test_paths_by_id(tmp_path: Path) -> None:
    ids = make_hierarchy(tmp_path, "a", "a/b", "c", "c/d \udcff")
    found = cgroups.read_paths(root=str(tmp_path))
    assert found == {
        ids[""]: b"/",
        ids["a"]: b"/a",
        ids["a/b"]: b"/a/b",
        ids["c"]: b"/c",
        ids["c/d \udcff"]: b"/c/d \xff",
    }
    assert cgroups.read_paths([ids["a/b"], 0], str(tmp_path)) == {ids["a/b"]: b"/a/b"}
    assert cgroups.read_path(ids["c"], str(tmp_path)) == b"/c"
    assert cgroups.read_path(0, str(tmp_path)) is None
    assert cgroups.read_paths([], str(tmp_path)) == {}


def test_a_walk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_hierarchy(tmp_path, "a", "b", "c")
    monkeypatch.setattr(cgroups, "MOST_CGROUPS", 2)
    assert len(cgroups.read_paths(root=str(tmp_path))) == 2


def test_links_are_not_followed(tmp_path: Path) -> None:
    ids = make_hierarchy(tmp_path, "a")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert set(cgroups.read_paths(root=str(tmp_path))) == set(ids.values())


def test_where_cgroup_v2_is_not_mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "read_mount", lambda: None)
    with pytest.raises(FileNotFoundError, match="^cgroup v2 is not mounted as a whole$"):
        cgroups.read_paths([1])


@pytest.mark.parametrize(
    ("text", "mounts"),
    [
        (b"30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n", ["/sys/fs/cgroup"]),
        (b"30 24 0:26 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup rw\n", None),
        (b"30 24 0:26 / /a\\040b rw - cgroup2 none rw\n", ["/a b"]),
        (b"30 24 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup rw\n", []),
        (b"30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", []),
        (b"garbage\n - cgroup2\n", []),
        (b"", []),
    ],
)
def test_where_the_whole_of_v2_is_mounted(text: bytes, mounts: list[str] | None) -> None:
    expected = ["/sys/fs/cgroup/unified"] if mounts is None else mounts
    assert cgroups.parse_mounts(text) == expected


# -------------------------------------------------------------------------- members by cgroup.procs


def test_members_of_a_subtree(tmp_path: Path) -> None:
    make_hierarchy(tmp_path, "a", "a/b", "c")
    (tmp_path / "a" / "cgroup.procs").write_text("12\n7\n")
    (tmp_path / "a" / "b" / "cgroup.procs").write_text("0\n13\n")  # 0: not of our pid namespace
    (tmp_path / "c" / "cgroup.procs").write_text("14\n")
    root = str(tmp_path)
    assert cgroups.list_members([b"/a"], root=root) == [7, 12, 13]
    assert cgroups.list_members([b"/a/b", b"/c"], root=root) == [13, 14]
    assert cgroups.list_members([b"/nothing"], root=root) == []


@pytest.mark.parametrize("name", [b"a.service", b"/", b"/../a"])
def test_names_that_only_proc_can_tell(tmp_path: Path, name: bytes) -> None:
    make_hierarchy(tmp_path, "a")
    assert cgroups.list_members([b"/a", name], root=str(tmp_path)) is None


def test_a_subtree_that_may_not_be_listed(tmp_path: Path) -> None:
    make_hierarchy(tmp_path, "a")
    (tmp_path / "a" / "cgroup.procs").unlink()
    assert cgroups.list_members([b"/a"], root=str(tmp_path)) == []  # removed
    (tmp_path / "a" / "cgroup.procs").mkdir()  # any other error, as EOPNOTSUPP of a threaded one
    assert cgroups.list_members([b"/a"], root=str(tmp_path)) is None


def test_pids_of_another_proc_are_not_ours(
    tree: ProcTree, scan: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where cgroup.procs could tell, its numbers are not those of a tree."""
    monkeypatch.setattr(cgroups, "list_members", lambda names: [os.getpid()])
    assert scan(cgroup="/system.slice").owners.scope == (13,)
    assert processes.shows_own_pids("/proc") and not processes.shows_own_pids(str(tree))


# --------------------------------------------------------------------------------- the kernel's own


@pytest.fixture
def own_cgroup() -> Iterator[Path]:
    """A new cgroup v2 of our own, or none and the reason."""
    mount = cgroups.read_mount()
    if mount is None:
        pytest.skip("cgroup v2 is not mounted here")
    made = Path(mount) / f"fastsock-test-{os.getpid()}.slice" / "web.service"
    try:
        made.mkdir(parents=True)
    except OSError as error:
        pytest.skip(f"no cgroup of our own: {error.strerror}")
    try:
        yield made
    finally:
        for directory in (made, made.parent):
            with contextlib.suppress(OSError):
                directory.rmdir()


def test_a_real_cgroup_by_path_name_and_id(own_cgroup: Path, engine_name: str) -> None:
    mount = cgroups.read_mount()
    assert mount is not None
    path = str(own_cgroup).removeprefix(mount)
    with listen("127.0.0.1") as held:
        port = port_of(held)
        with child_process(lambda: None) as (pid, _):
            (own_cgroup / "cgroup.procs").write_text(str(pid))
            held.close()
            for cgroup in (path, str(own_cgroup), own_cgroup.parent.name, os.path.dirname(path)):
                table = fastsock.scan(cgroup=cgroup, port=port, engine=engine_name)
                assert [[owner.pid for owner in one.owners or ()] for one in table] == [[pid]]
            assert [process.cgroup for process in table.processes or ()] == [os.fsencode(path)]
            groups = fastsock.count(by="unit", pid=pid, port=port, engine=engine_name)
            assert list(groups) == ["web.service"]
            assert cgroups.list_members([os.fsencode(path)], root=mount) == [pid]
    assert cgroups.read_path(own_cgroup.stat().st_ino) == os.fsencode(path)
    with pytest.raises(fastsock.NoSuchProcess, match="none in cgroup /fastsock-test-"):
        fastsock.scan(cgroup=path, engine=engine_name)


def test_the_cgroup_that_a_socket_was_made_in(
    own_cgroup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not any(s.name == "netlink" and s.available for s in fastsock.engine_status()):
        pytest.skip("only sock_diag tells")
    (own_cgroup / "cgroup.procs").write_text(str(os.getpid()))
    try:
        made = listen("127.0.0.1")
    finally:
        (own_cgroup.parent.parent / "cgroup.procs").write_text(str(os.getpid()))
    with made:
        port = port_of(made)
        (found,) = fastsock.scan(local_port=port, state="listen", fields=["socket_cgroup"])
        id = own_cgroup.stat().st_ino
        assert found.field("socket_cgroup") == id
        assert cgroups.read_path(id) == os.fsencode(str(own_cgroup)).removeprefix(
            os.fsencode(str(own_cgroup.parent.parent))
        )
        groups = fastsock.count(by="socket_cgroup", local_port=port, state="listen")
        assert {key: counts.listen for key, counts in groups.items()} == {id: 1}

        def count_by_cgroup(*words: str) -> str:
            main(["count", "--by", "socket_cgroup,state", "--port", str(port), *words])
            return capsys.readouterr().out

        path = str(own_cgroup).removeprefix(str(own_cgroup.parent.parent))
        assert count_by_cgroup().splitlines()[1].split() == [path, "LISTEN", "1"]
        told = json.loads(count_by_cgroup("--jsonl").splitlines()[0])
        assert (told["socket_cgroup"], told["socket_cgroup_path"]) == (id, path)
        own_cgroup.rmdir()  # the socket outlives it
        assert count_by_cgroup().splitlines()[1].split() == [str(id), "LISTEN", "1"]
        (told,) = json.loads(count_by_cgroup("--json"))["groups"]
        assert (told["socket_cgroup"], told["socket_cgroup_path"]) == (id, None)


def test_which_sockets_have_a_cgroup() -> None:
    """What the column says of itself, and no other socket is without."""
    if not any(s.name == "netlink" and s.available for s in fastsock.engine_status()):
        pytest.skip("only sock_diag tells")
    if cgroups.read_mount() is None:
        pytest.skip("cgroup v2 is not mounted here")
    with contextlib.ExitStack() as held:
        server = held.enter_context(listen("127.0.0.1"))
        with socket.create_connection(server.getsockname()):
            server.accept()[0].close()  # this end is left in TIME_WAIT
        held.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", 0))
        held.enter_context(socket.socket(socket.AF_UNIX)).bind("")
        table = fastsock.scan(protocol=("tcp", "udp", "unix"), fields=["socket_cgroup"])
    known = {
        (one.protocol, str(one.state)): bool(one.field("socket_cgroup"))
        for one in table
        if one.inode
    }
    assert {about: told for about, told in known.items() if told != (about[0] != "unix")} == {}
    assert {protocol for protocol, _ in known} == {"tcp", "udp", "unix"}
    assert not any(one.field("socket_cgroup") for one in table if str(one.state) == "TIME_WAIT")


def test_without_cgroup_v2_ids_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cgroups, "read_mount", lambda: None)
    with listen("127.0.0.1") as held:
        main(["count", "--by", "socket_cgroup", "--port", str(port_of(held))])
    shown = capsys.readouterr().out.splitlines()[1].split()[0]
    assert shown == "-" or shown.isdecimal()


def test_an_engine_that_does_not_know_says_none(engine_name: str) -> None:
    with listen("127.0.0.1") as held:
        question: dict[str, Any] = {"local_port": port_of(held), "engine": engine_name}
        (key,) = fastsock.count(by="socket_cgroup", **question)
        (row,) = fastsock.scan(fields=["socket_cgroup"], **question)
        assert key == (row.field("socket_cgroup") or None)


def test_counting_by_a_column_that_is_not_there(implementation: Implementation) -> None:
    grouper = implementation.group.Grouper(("socket_cgroup",))
    grouper.add(implementation.rows())  # no row, nothing to read
    assert grouper.groups() == []
    values = (6, 2, 1, 0, bytes(16), bytes(16), *[0] * 11)
    with pytest.raises(KeyError, match="column 'socket_cgroup' was not asked for; scan with"):
        grouper.add(implementation.rows(values))
    grouper.add(implementation.rows((*values, 7), fields=["socket_cgroup"]))
    assert grouper.groups() == [((7,), {1: 1})]
