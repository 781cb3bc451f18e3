"""How a dump gets into many network namespaces, and what it does where it may not."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from children import AS_ROOT, in_child
from fastsock.engines import engine_status
from fastsock.engines.diag_request import plan_requests
from fastsock.filter import build_filter
from fastsock.implementation import match
from fastsock.table import SocketTable

if not any(one.name == "netlink" and one.available for one in engine_status()):
    pytest.skip("the netlink engine does not work here", allow_module_level=True)

from fastsock.engines._netlink import Dump

OURS = "/proc/self/ns/net"
MANY = 40  # a thread enters 16 of them

as_root = pytest.mark.skipif(not AS_ROOT, reason="to enter a namespace takes CAP_SYS_ADMIN")


@pytest.fixture
def listener() -> Iterator[list[int]]:
    server = socket.create_server(("127.0.0.1", 0))
    port: int = server.getsockname()[1]
    yield [port]
    server.close()


def paths_below(folder: Path, target: str = OURS) -> list[str]:
    """Many names of one namespace: each is entered as if it were another."""
    paths = [str(folder / f"{n}") for n in range(MANY)]
    for path in paths:
        os.symlink(target, path)
    return paths


def make_dump(paths: Sequence[str | None], port: int) -> Dump:
    """Ask each for the listener on a port; the place in `paths` is what stands for its number."""
    want = build_filter(protocol="tcp", state="listen", local_port=port)
    [request] = plan_requests(want)
    sources = [(path, request.message, 6, n + 1) for n, path in enumerate(paths)]
    return Dump(sources, match.Matcher(want))


def answered(dump: Dump) -> list[int]:
    table = SocketTable()
    dump.fill(table)
    return table.column("netns").tolist()  # type: ignore[no-any-return]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@as_root
def test_each_is_entered_in_turn(tmp_path: Path, listener: Sequence[int]) -> None:
    before = descriptors()
    paths = [None, *paths_below(tmp_path), None]
    dump = make_dump(paths, *listener)
    assert answered(dump) == list(range(1, MANY + 3))
    assert dump.shut == set()
    assert descriptors() == before


@as_root
def test_those_that_have_ended_are_passed_over(tmp_path: Path, listener: Sequence[int]) -> None:
    paths = paths_below(tmp_path)
    gone = {paths[n] for n in (0, 7, 15, 16, 17, MANY - 1)}
    for path in gone:
        os.unlink(path)
    dump = make_dump(paths, *listener)
    assert answered(dump) == [n + 1 for n, path in enumerate(paths) if path not in gone]
    assert dump.shut == gone


@as_root
def test_what_is_no_namespace_is_an_error_when_its_turn_comes(
    tmp_path: Path, listener: Sequence[int]
) -> None:
    before = descriptors()
    paths = paths_below(tmp_path)
    os.unlink(paths[20])
    Path(paths[20]).write_text("")
    dump = make_dump(paths, *listener)
    with pytest.raises(OSError) as caught:
        answered(dump)
    assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, paths[20])
    assert descriptors() == before


@as_root
def test_few_descriptors_are_enough(tmp_path: Path, listener: Sequence[int]) -> None:
    def with_few() -> list[int]:
        free = [os.dup(0) for _ in range(3)]  # there may be gaps
        for fd in free:
            os.close(fd)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(free) + 1, most))
        return answered(make_dump(paths, *listener))

    paths = paths_below(tmp_path)
    assert in_child(with_few) == list(range(1, MANY + 1))


@as_root
def test_a_dump_that_is_closed_early_keeps_no_socket(
    tmp_path: Path, listener: Sequence[int]
) -> None:
    before = descriptors()
    dump = make_dump(paths_below(tmp_path), *listener)
    assert dump.fill(SocketTable(), 1)
    assert descriptors() > before
    dump.close()
    assert descriptors() == before


def test_those_that_may_not_be_entered_are_named(tmp_path: Path, listener: Sequence[int]) -> None:
    def as_nobody() -> tuple[list[int], set[str | None]]:
        dump = make_dump([None, *paths], *listener)
        return answered(dump), dump.shut

    paths = paths_below(tmp_path)
    tmp_path.chmod(0o755)
    numbers, shut = in_child(as_nobody, user=65534)
    assert numbers == [1]
    assert shut == set(paths)
