"""A process that has open what lsof knows how to show; run as a script, it says what it has.

`hold()` starts it and yields its pid, ports and files.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "held by (x)"  # with what lsof escapes; with one parenthesis it would not see the process


@contextmanager
def hold(directory: str) -> Iterator[dict[str, Any]]:
    """Run the holder with its files in `directory`."""
    command = [sys.executable, __file__, directory]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory, env=environment
    ) as process:
        assert process.stdout is not None
        said: dict[str, Any] = {}
        try:
            said = json.loads(process.stdout.readline())
            yield said
        finally:
            # The end of its input would not do: forks of ours may hold the other end as well.
            if said:
                os.kill(said["child"], signal.SIGKILL)
            process.kill()


IPPROTO_UDPLITE = 136


def main(directory: str) -> None:
    import fcntl
    import mmap
    import select
    import socket

    with open("/proc/self/comm", "w") as comm:
        comm.write(NAME)
    kept: list[Any] = []

    def make(*arguments: int) -> socket.socket:
        made = socket.socket(*arguments)
        kept.append(made)
        return made

    make()  # unbound: in no table
    make().bind(("127.0.0.1", 0))  # bound only
    listener = make()
    listener.bind(("127.0.0.1", 0))
    listener.listen(7)
    near = make()
    near.connect(listener.getsockname())
    far, _ = listener.accept()
    kept.append(far)
    far.send(b"unread")
    waiting = make()
    waiting.connect(listener.getsockname())  # nobody accepts it
    make(socket.AF_INET, socket.SOCK_DGRAM)
    udp = make(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", 0))
    both: socket.socket | None = None
    if socket.has_ipv6:
        try:
            both = make(socket.AF_INET6)
            both.bind(("::", 0))
            both.listen()
            mapped = make()
            mapped.connect(("127.0.0.1", both.getsockname()[1]))
            kept.append(both.accept()[0])
            six = make(socket.AF_INET6, socket.SOCK_DGRAM)
            six.connect(("::1", 9))
        except OSError:  # an image without IPv6
            both = None
    path = f"{directory}/a socket"
    for name in (path, "\0abstract-" + str(os.getpid())):
        unix = make(socket.AF_UNIX)
        unix.bind(name)
        unix.listen()
    kept.extend(socket.socketpair())
    try:
        lite = make(socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_UDPLITE)
        lite.bind(("127.0.0.1", 0))
        make(socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_UDPLITE).connect(lite.getsockname())
        six = make(socket.AF_INET6, socket.SOCK_DGRAM, IPPROTO_UDPLITE)
        six.bind(("::1", 0))
    except OSError:  # a kernel without UDP-Lite, or without IPv6
        pass
    netlink = make(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    netlink.bind((0, 0))
    for arguments in (
        (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
        (socket.AF_PACKET, socket.SOCK_RAW, 0),
        (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
        (socket.AF_INET6, socket.SOCK_DGRAM, IPPROTO_UDPLITE),
    ):
        try:
            make(*arguments)
        except OSError:  # needs CAP_NET_RAW, or a group
            pass
    log = open(f"{directory}/app.log", "a+")
    log.write("x" * 1000)
    log.flush()
    fcntl.flock(log, fcntl.LOCK_EX)
    part = open(f"{directory}/part", "w+")
    part.write("y" * 10)
    part.flush()
    fcntl.lockf(part, fcntl.LOCK_SH, 5)
    part.seek(3)
    gone = open(f"{directory}/gone \u00e9 \\ \n", "w")
    os.unlink(gone.name)
    removed = open(f"{directory}/removed map", "w+b")
    removed.truncate(4096)
    kept.append(mmap.mmap(removed.fileno(), 4096))
    os.unlink(removed.name)
    removed.close()
    os.mkdir(f"{directory}/below")
    deep = open(f"{directory}/below/deep", "wb")
    kept += [log, part, gone, deep, os.open(directory, os.O_RDONLY), os.open(directory, os.O_PATH)]
    epoll = select.epoll()
    epoll.register(listener)
    epoll.register(near)
    kept += [epoll, *os.pipe(), open("/dev/zero", "rb"), open("/proc/self/ns/net")]
    if hasattr(os, "memfd_create"):
        kept.append(os.memfd_create("a memory"))
    kept.append(os.eventfd(0))
    if hasattr(os, "pidfd_open"):
        kept.append(os.pidfd_open(os.getpid()))
    far_away = os.dup2(listener.fileno(), 12345) if _may_have(12345) else -1
    child = os.fork()
    if not child:
        sys.stdin.read()
        os._exit(0)
    said = {
        "pid": os.getpid(),
        "child": child,
        "port": listener.getsockname()[1],
        "near": near.getsockname()[1],
        "udp": udp.getsockname()[1],
        "both": both.getsockname()[1] if both else 0,
        "directory": directory,
        "path": path,
        "listener": listener.fileno(),
        "high": far_away,
    }
    print(json.dumps(said), flush=True)
    sys.stdin.read()
    os.waitpid(child, 0)


def _may_have(fd: int) -> bool:
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] > fd


if __name__ == "__main__":
    main(sys.argv[1])
