"""Files of `ss -D`: a whole one, one cut anywhere, and one with any byte changed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fastsock
from children import AS_ROOT, OWN, child_process
from fastsock import DumpError
from sockdiag import DONE, attribute, message, tcp
from zoo import open_zoo

pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")

WHOLE = tcp(80) + tcp(81, 10, attribute(8, b"\0") + attribute(4, b"cubic\0")) + tcp(82) + DONE


def write(folder: Path, data: bytes) -> Path:
    path = folder / "dump"
    path.write_bytes(data)
    return path


def test_a_whole_dump(tmp_path: Path) -> None:
    table = fastsock.read_dump(write(tmp_path, WHOLE), fields=["congestion", "interface"])
    assert (table.sources, table.incomplete) == ({"sockets": "dump"}, ())
    first, listener, _ = table
    assert first.as_dict() | {"state": "ESTABLISHED"} == first.as_dict()
    assert (first.local_address, first.local_port) == ("127.0.0.1", 80)
    assert (first.remote_address, first.remote_port) == ("127.0.0.2", 4000)
    assert (first.rx_queue, first.tx_queue, first.uid, first.inode) == (40, 50, 1000, 80)
    assert (first.cookie, first.timer_expires_ms) == (2 << 32 | 80, 30)
    assert first.field("interface") == 3
    assert (listener.rx_queue, listener.tx_queue, listener.backlog_limit) == (40, 0, 50)
    assert table.column("congestion").tolist() == [b"", b"cubic", b""]


def test_several_dumps_in_one_file(tmp_path: Path) -> None:
    table = fastsock.read_dump(write(tmp_path, WHOLE + tcp(90) + DONE))
    assert table.column("local_port").tolist() == [80, 81, 82, 90]
    assert table.incomplete == ()


def test_a_dump_without_sockets(tmp_path: Path) -> None:
    assert len(fastsock.read_dump(write(tmp_path, DONE))) == 0


@pytest.mark.parametrize(
    ("data", "offset", "reason"),
    [
        (b"", 0, "it ends before the dump does"),
        (b"State Recv-Q", 0, "it ends within a message"),
        (b"Netid State      Recv-Q Send-Q", 0, "it ends within a message"),
        (struct.pack("=IHHII", 4, 20, 2, 7, 0), 0, "a message shorter than its header"),
        (message(99, b""), 0, "a message of an unknown type"),
        (message(20, bytes(71)), 0, "a message that describes no TCP socket"),
        (message(20, bytes(72)), 0, "a message that describes no TCP socket"),
    ],
)
def test_what_is_no_dump(tmp_path: Path, data: bytes, offset: int, reason: str) -> None:
    path = write(tmp_path, data)
    with pytest.raises(DumpError) as caught:
        fastsock.read_dump(path)
    assert (caught.value.path, caught.value.offset, caught.value.reason) == (
        str(path),
        offset,
        reason,
    )
    assert str(caught.value) == f"{path}, byte {offset}: {reason}"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fastsock.read_dump(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(OSError, match="regular file|Is a directory"):
            fastsock.read_dump(tmp_path / name)


def test_a_dump_that_is_cut(tmp_path: Path) -> None:
    ports = [80, 81, 82]
    for size in range(len(WHOLE)):
        path = write(tmp_path, WHOLE[:size])
        if size < len(tcp(80)):
            with pytest.raises(DumpError):
                fastsock.read_dump(path)
            continue
        table = fastsock.read_dump(path, fields=["congestion"])
        (note,) = table.incomplete
        assert table.column("local_port").tolist() == ports[: len(table)]
        offset = size - note["count"]
        assert 0 < offset <= size
        assert note["reason"].startswith(f"{path}, byte {offset}: it ends ")
        assert note["remedy"] == "write the dump again"


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_a_dump_with_a_changed_byte(tmp_path: Path, change: int) -> None:
    fields = ["congestion", "tcp_info", "skmem", "mark", "v6only", "socket_cgroup"]
    for at in range(len(WHOLE)):
        data = bytearray(WHOLE)
        data[at] ^= change
        try:
            table = fastsock.read_dump(write(tmp_path, bytes(data)), fields=fields)
        except DumpError as error:
            assert 0 <= error.offset <= len(WHOLE)
        else:
            assert len(list(table.rows())) <= 3


@pytest.fixture(scope="module")
def zoo() -> Iterator[int]:
    with child_process(open_zoo, netns=OWN) as (pid, _):
        yield pid


def test_what_ss_writes(zoo: int, tmp_path: Path) -> None:
    if not AS_ROOT or not all(map(shutil.which, ("ss", "nsenter"))):
        pytest.skip("needs ss, nsenter and root")
    path = tmp_path / "dump"
    command: list[Any] = ["nsenter", f"--net=/proc/{zoo}/ns/net", "ss", "-ta", "-i", "-D", path]
    subprocess.run(command, check=True)
    found = fastsock.read_dump(path, fields=["tcp_info.snd_mss"])
    assert found.incomplete == ()
    live = fastsock.scan(engine="netlink", netns=zoo)
    assert sorted(found.column("cookie")) == sorted(live.column("cookie"))
    assert max(found.column("tcp_info.snd_mss")) > 0
