#!/usr/bin/env python3
"""Hold N real TCP sockets, for measuring and for tests.

    sockfarm.py 100000                      hold them until SIGTERM or Ctrl-C
    sockfarm.py 100000 -- fastsock count    run a command beside them, return its exit code

Standard library only; needs Linux and no privileges.  When everything stands, one line is written
to stdout (to stderr when there is a CMD, whose stdout stays its own):

    ready sockets=100000 pids=312,313,… ports=5000,5001,… netns=4026532277

What the N sockets are:

* Both ends of connections over loopback: server processes listen on ports from 5000 on, client
  processes connect from addresses all over 127.0.0.0/8.  N rows of /proc/net/tcp and tcp6 are
  N sockets, so a connection is two of them, and every listener is one.
* Port 5000 carries a tenth of the connections; its listener is shared by several forked servers.
* From N = 1,000 on: a tenth IPv6, one connection in a hundred half closed (CLOSE_WAIT at the
  server; FIN_WAIT2 at the client, which lasts because its descriptor stays open: tcp_fin_timeout
  ends orphans only), and a few sockets dup()ed, so that descriptors outnumber sockets.
* N is exact and stands still.  Sockets in TIME_WAIT live 60 seconds and belong to no process, so
  they are made last, are counted apart (--time-wait) and are never part of N.  The same holds for
  the sockets of --churn.

The farm has a network namespace of its own where the kernel permits it (as root, or else inside
a new user namespace); CMD runs in it, and from outside /proc/PID/net/tcp of any of its pids shows
it.  Where that is refused, a line on stderr says so and the caller's namespace is used.

Exit codes: 0 ended on request, 1 fewer than N sockets (one line says how many and why), 2 bad
usage; with CMD its own code, 128+n when signal n ended it, 126 or 127 when it cannot be run.
A million sockets take about 5 GB of kernel memory.  Python: `with sockfarm.farm(1000) as f:`.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, NoReturn

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # os.unshare exists from Python 3.12 only
PR_SET_PDEATHSIG = 1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LINUX_CAPABILITY_VERSION_3 = 0x20080522
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
IP_BIND_ADDRESS_NO_PORT = 24  # ip(7): the port is chosen at connect(), unique per 4-tuple only
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER 0: the end of a farm leaves no TIME_WAIT

MAX_PER_PROCESS = 12_500  # sockets; also keeps each process's share of the work small
SPARE_DESCRIPTORS = 64  # stdio, pipes, listeners, dup()s
BYTES_PER_SOCKET = 5_000  # kernel memory, measured on Linux 6.18 x86-64
STALL_SECONDS = 30.0

REASONS = {
    errno.EMFILE: "the limit of descriptors of a process (ulimit -n)",
    errno.ENFILE: "the system's limit of open files (fs.file-max)",
    errno.ENOBUFS: "no kernel memory left",
    errno.ENOMEM: "no kernel memory left",
    errno.EADDRNOTAVAIL: "no free local port (net.ipv4.ip_local_port_range)",
    errno.EADDRINUSE: "the address is in use, try another --listen-port",
    errno.EAGAIN: "the limit of processes (ulimit -u, kernel.pid_max)",
}

libc = ctypes.CDLL(None, use_errno=True)


class FarmError(Exception):
    """The farm could not be made as asked for; the text says how far it came and why."""


def reason(error: OSError) -> str:
    text = os.strerror(error.errno or 0)
    return f"{text}: {REASONS[error.errno]}" if error.errno in REASONS else text


# ---- the plan ------------------------------------------------------------------------------


class Listener(NamedTuple):
    """A listening address, and for each server that holds it how many connections it accepts."""

    family: socket.AddressFamily
    address: str
    port: int
    quotas: dict[int, int]


def shares(total: int, parts: int) -> list[int]:
    """`total` in `parts` whole numbers that differ by one at most."""
    return [total // parts + (i < total % parts) for i in range(parts)]


def plan_processes(n: int, processes: int | None, limit: int) -> tuple[int, int]:
    """How many servers and clients hold `n` sockets, `limit` descriptors each.

    (1, 0) is a single process with both roles.
    """
    room = max(1, limit - SPARE_DESCRIPTORS)
    most = n // 3 if n < 1000 else n // 100  # more of them would have nothing to hold
    if processes is None:
        needed = -(-n // 2 // min(MAX_PER_PROCESS, room))
        return max(1 if n < 10 else 4, needed), min(most, max(4, needed))
    servers = max(1, processes // 2)
    reach = room if processes == 1 else 2 * room * servers
    if n > reach:
        raise FarmError(
            f"0 of {n} sockets: --processes {processes} reaches {reach} at most, because a process "
            f"may hold {limit} descriptors (ulimit -Hn)"
        )
    return min(servers, max(1, most)), min(processes - servers, most)


def plan_listeners(n: int, servers: int, port: int, ipv6: bool) -> list[Listener]:
    """Listeners and quotas with listeners + 2 x connections == n exactly."""
    large = n >= 1000
    sharers = min(servers, max(4, servers // 5)) if large else servers
    own_count = servers if large else 0
    ipv6_count = (servers if large else n >= 10) if ipv6 else 0
    spare = 1 + own_count + ipv6_count
    connections = (n - spare) // 2
    odd = n - spare - 2 * connections

    own, over_ipv6, shared = {}, {}, dict.fromkeys(range(sharers), 0)
    tenth = shares(connections // 10, sharers)
    for i, total in enumerate(shares(connections, servers)):
        if i < ipv6_count:
            over_ipv6[i] = total // 10
            total -= total // 10
        if large:
            if i < sharers:
                shared[i] = min(total, tenth[i])
            own[i] = total - shared.get(i, 0)
        else:
            shared[i] = total

    ipv4, ports = socket.AF_INET, iter(range(port, 65536))
    listeners = [Listener(ipv4, "127.0.0.1", next(ports), shared)]
    for i, quota in own.items():
        address = f"127.0.{1 + i // 250}.{1 + i % 250}"
        listeners.append(Listener(ipv4, address, next(ports), {i: quota}))
    for i, quota in over_ipv6.items():
        listeners.append(Listener(socket.AF_INET6, "::1", next(ports), {i: quota}))
    if odd:  # connections come in pairs, so an idle listener makes the number come out
        listeners.append(Listener(ipv4, "127.0.0.1", next(ports), {0: 0}))
    return listeners


# ---- the network namespace -----------------------------------------------------------------


def unshare(flags: int) -> None:
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def enter_namespace(flags: int) -> None:
    """Move this process into a new network namespace whose `lo` is up, or raise OSError."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(flags)
    if flags & CLONE_NEWUSER:  # everyone keeps the ids they had
        for name, text in (
            ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"),
        ):  # fmt: skip
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def drop_capabilities() -> None:
    """Give back what the new user namespace granted.

    The ptrace check behind /proc/PID/fd wants the reader's capabilities to cover the target's, so
    a CMD without any would otherwise not see the farm's descriptors.
    """
    libc.capset((ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)())


def own_namespace(ports: Sequence[int]) -> bool:
    """Enter a network namespace of the farm's own; False where that is refused."""
    for flags in (CLONE_NEWNET, CLONE_NEWNET | CLONE_NEWUSER):
        probe = os.fork()  # some systems grant the namespace but not `lo`: no way back from there
        if not probe:
            try:
                enter_namespace(flags)
                os._exit(0)
            except OSError as error:
                os._exit(error.errno or 255)
            finally:
                os._exit(255)
        status = os.waitstatus_to_exitcode(os.waitpid(probe, 0)[1])
        if status == 0:
            break
    else:
        say(f"no network namespace of its own ({os.strerror(status)}), using the caller's")
        return False
    enter_namespace(flags)
    for name, value in (
        ("core/somaxconn", "65535"),  # a full accept queue costs the client a second
        ("ipv4/ip_local_reserved_ports", f"{ports[0]}-{ports[-1]}"),
        ("ipv4/ip_local_port_range", "10000 65535"),
    ):
        # /proc/sys is read-only in many containers: the defaults work too, only more slowly
        with contextlib.suppress(OSError), open(f"/proc/sys/net/{name}", "w") as file:
            file.write(value)
    if flags & CLONE_NEWUSER:
        drop_capabilities()
    return True


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:  # switched off, or not compiled in
        return False
    return True


# ---- the sockets ---------------------------------------------------------------------------


def listen(listener: Listener) -> socket.socket:
    server = socket.socket(listener.family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)  # inherited by accept
    try:
        server.bind((listener.address, listener.port))
        server.listen(65535)
    except OSError as error:
        where = f"{listener.address} port {listener.port}"
        raise FarmError(f"cannot listen on {where}: {reason(error)}") from error
    server.setblocking(False)
    return server


def accept_all(work: Iterable[tuple[socket.socket, int]], keep: Callable[[int], None]) -> None:
    """Accept exactly as many connections from each listener as `work` says."""
    poll = select.poll()
    left = {server.fileno(): (server, quota) for server, quota in work if quota}
    for fd in left:
        poll.register(fd, select.POLLIN)
    while left:
        for fd, _ in poll.poll():
            server, quota = left[fd]
            # another server that shares the listener may have been faster: BlockingIOError
            with contextlib.suppress(BlockingIOError):
                while quota:
                    keep(server.accept()[0].detach())
                    quota -= 1
            left[fd] = server, quota
            if not quota:
                poll.unregister(fd)
                del left[fd]


def connect_all(
    work: Iterable[tuple[Listener, int]], client: int, half_close: bool, keep: Callable[[int], None]
) -> None:
    """Open the connections of client number `client`, from addresses that nobody else uses."""
    network, made = f"127.{1 + client // 256}.{client % 256}", 0
    for listener, count in work:
        to, ipv4 = (listener.address, listener.port), listener.family == socket.AF_INET
        for _ in range(count):
            end = socket.socket(listener.family)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            if ipv4:
                end.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                end.bind((f"{network}.{1 + made // 64 % 254}", 0))
            end.connect(to)
            if half_close and made % 100 == 50:
                end.shutdown(socket.SHUT_WR)
            keep(end.detach())
            made += 1


def leave_time_waits(count: int) -> None:
    """`count` sockets in TIME_WAIT, on ports that the farm does not listen on."""
    if count:
        with socket.create_server(("127.0.0.2", 0)) as server:
            for _ in range(count):
                client = socket.create_connection(server.getsockname())
                accepted = server.accept()[0]
                client.close()  # who closes first is who waits
                accepted.close()


def churn() -> None:
    """Connect and close without end: the table moves while others read it."""
    with socket.create_server(("127.0.0.3", 0)) as server:
        while True:
            client = socket.create_connection(server.getsockname())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)  # no TIME_WAIT
            accepted = server.accept()[0]
            client.close()
            accepted.close()


def read_table() -> tuple[set[int], int, int]:
    """Inodes in this namespace's TCP tables, rows in TIME_WAIT, and rows without an inode."""
    inodes, time_wait, unowned = set(), 0, 0
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/self/net/{name}", "rb") as file:
            next(file)
            for line in file:
                fields = line.split(None, 10)
                if fields[3] == b"06":
                    time_wait += 1
                elif fields[9] == b"0":
                    unowned += 1
                else:
                    inodes.add(int(fields[9]))
    return inodes, time_wait, unowned


# ---- the processes -------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"sockfarm: {text}", file=sys.stderr, flush=True)


def fork(children: list[int]) -> int:
    """fork(2); the child dies with this process and is in `children` whatever signal comes."""
    parent, before = os.getpid(), signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    pid = os.fork()
    if pid:
        children.append(pid)
    else:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for number in ENDING:
            if signal.getsignal(number) is on_signal:
                signal.signal(number, signal.SIG_DFL)
        if os.getppid() != parent:
            os._exit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def on_signal(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def wait_for_child() -> tuple[int, int]:
    """waitpid(2) for any child, which a signal always ends.

    A signal that comes after Python last looked for one and before waitpid(2) sleeps would not
    wake it, so signals are held back and waited for together with the children.
    """
    ending = [x for x in ENDING if signal.getsignal(x) is on_signal]
    signal.pthread_sigmask(signal.SIG_BLOCK, [*ending, signal.SIGCHLD])
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            return pid, status
        number = signal.sigwait([*ending, signal.SIGCHLD])
        if number != signal.SIGCHLD:
            raise SystemExit(128 + number)


class Supervisor:
    """Makes the farm's processes, and ends them."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.children: list[int] = []
        self.reports: dict[int, bytearray] = {}  # read end of a child's pipe -> what it wrote
        self.tally = memoryview(mmap.mmap(-1, 1 << 20)).cast("Q")  # sockets made, one slot a child

    def start(self, work: Callable[[Callable[[int], None]], None], dups: int) -> None:
        """Fork a child that does `work`, reports the inodes of its sockets and keeps them."""
        slot = len(self.reports)
        readable, writable = os.pipe()
        if fork(self.children):
            os.close(writable)
            os.set_blocking(readable, False)
            self.reports[readable] = bytearray()
            return
        inodes: list[int] = []

        def keep(fd: int) -> None:
            inodes.append(os.fstat(fd).st_ino)
            if len(inodes) <= dups:
                os.dup(fd)
            self.tally[slot] = len(inodes)

        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent decides what ends
            for fd in (readable, *self.reports):
                os.close(fd)
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            try:
                work(keep)
                report: dict[str, object] = {"inodes": inodes}
            except OSError as error:
                report = {"error": reason(error)}
            with open(writable, "w") as file:
                json.dump(report, file)
            while True:
                signal.pause()
        finally:
            os._exit(1)

    def wait_for_reports(self) -> set[int]:
        """The inodes of everything that the children hold."""
        inodes: set[int] = set()
        poll, terminal = select.poll(), sys.stderr.isatty()
        for fd in self.reports:
            poll.register(fd, select.POLLIN)
        made, changed = -1, time.monotonic()
        while self.reports:
            for fd, _ in poll.poll(200):
                chunk = os.read(fd, 1 << 20)
                self.reports[fd] += chunk
                if chunk:
                    continue
                report = json.loads(self.reports[fd] or '{"error": "a process of it was killed"}')
                poll.unregister(fd)
                os.close(fd)
                del self.reports[fd]
                if "error" in report:
                    raise FarmError(f"{sum(self.tally)} of {self.n} sockets: {report['error']}")
                inodes.update(report["inodes"])
            now = time.monotonic()
            if sum(self.tally) != made:
                made, changed = sum(self.tally), now
            elif now - changed > STALL_SECONDS:
                raise FarmError(f"{made} of {self.n} sockets: nothing moved for {STALL_SECONDS} s")
            if terminal:
                print(f"\rsockfarm: {made:,} of {self.n:,}\x1b[K", end="", file=sys.stderr)
        if terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        return inodes

    def end(self, command: int | None) -> None:
        """End every child: the command politely, the others at once."""
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        # A signal may have come between waitpid(2) and our noting it: a child may be gone already.
        if command in self.children:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(command, signal.SIGTERM)
                for _ in range(100):
                    if os.waitpid(command, os.WNOHANG)[0]:
                        break
                    time.sleep(0.05)
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self.children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def verify(n: int, inodes: set[int], time_wait: int, own: bool) -> None:
    """Compare what the children report with what the kernel's table shows."""
    deadline = time.monotonic() + 5
    while True:  # the last FINs and ACKs may still be on their way
        listed, waiting, unowned = read_table()
        found = len(listed & inodes)
        alone = not own or (len(listed) == n and waiting == time_wait and not unowned)
        if found == len(inodes) == n and alone:
            return
        if time.monotonic() > deadline:
            raise FarmError(
                f"{found} of {n} sockets: processes hold {len(inodes)}, /proc/net lists "
                f"{len(listed)} with an inode, {unowned} without, {waiting} in TIME_WAIT"
            )
        time.sleep(0.1)


def build(args: argparse.Namespace, farm: Supervisor) -> dict[str, str]:
    """Make the farm; returns the fields of the ready line."""
    n: int = args.n
    with open("/proc/meminfo") as file:
        memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    if n * BYTES_PER_SOCKET > memory["MemAvailable"]:
        raise FarmError(
            f"0 of {n} sockets: they take {n * BYTES_PER_SOCKET >> 20} MiB of kernel memory, "
            f"{memory['MemAvailable'] >> 20} MiB are available"
        )
    with open("/proc/sys/fs/file-nr") as file:
        used, _, most = map(int, file.read().split())
    if n > most - used:  # root could, but nobody else on this host could open a file any more
        raise FarmError(f"0 of {n} sockets: {most - used} are left of fs.file-max")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    servers, clients = plan_processes(n, args.processes, limit)
    dups = 3 if n >= 1000 else 0
    last_port = args.listen_port + 2 * servers + 1
    if last_port > 65535:
        raise FarmError(f"0 of {n} sockets: ports {args.listen_port} to {last_port} do not exist")
    own = not args.no_netns and own_namespace(range(args.listen_port, last_port + 1))
    listeners = plan_listeners(n, servers, args.listen_port, has_ipv6())
    try:
        listening = [listen(listener) for listener in listeners]
        parts = [shares(sum(x.quotas.values()), max(1, clients)) for x in listeners]

        def serve(server: int, keep: Callable[[int], None]) -> None:
            mine = []
            for listener, end in zip(listeners, listening, strict=True):
                if server in listener.quotas:
                    keep(end.fileno())
                    mine.append((end, listener.quotas[server]))
                else:
                    end.close()
            if clients:
                accept_all(mine, keep)
            else:
                accepting = threading.Thread(target=accept_all, args=(mine, keep), daemon=True)
                accepting.start()
                connect(0, keep)
                accepting.join()

        def connect(client: int, keep: Callable[[int], None]) -> None:
            work = [(x, part[client]) for x, part in zip(listeners, parts, strict=True)]
            turn = client % len(work)  # not all of them at the same listener at once
            connect_all(work[turn:] + work[:turn], client, n >= 1000, keep)

        for i in range(servers):
            farm.start(partial(serve, i), dups)
        for i in range(clients):
            farm.start(partial(connect, i), dups)
        for end in listening:
            end.close()
        inodes = farm.wait_for_reports()
        leave_time_waits(args.time_wait)
    except OSError as error:
        raise FarmError(f"{sum(farm.tally)} of {n} sockets: {reason(error)}") from error
    verify(n, inodes, args.time_wait, own)
    return {
        "sockets": str(n),
        "pids": ",".join(map(str, farm.children)),
        "ports": ",".join(str(listener.port) for listener in listeners),
        "netns": str(os.stat("/proc/self/ns/net").st_ino),
    }


# ---- the command ---------------------------------------------------------------------------


def start_command(argv: Sequence[str], fields: dict[str, str], farm: Supervisor) -> int:
    """Start CMD in the farm's namespace; returns its pid."""
    command = fork(farm.children)
    if command:
        return command
    try:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec keeps that
        environment = {f"SOCKFARM_{name.upper()}": value for name, value in fields.items()}
        os.execvpe(argv[0], list(argv), {**os.environ, **environment})
    except OSError as error:
        say(f"{argv[0]}: {error.strerror}")
    finally:
        os._exit(126)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        say(message)
        raise SystemExit(2)


def whole(least: int, most: int = 10**12) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {least} to {most}")
        return int(text)

    return parse


def parse_arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    options, command = list(argv), []
    if "--" in options:
        cut = options.index("--")
        options, command = options[:cut], options[cut + 1 :]
        if not command:
            Parser().error("no command after --")
    parser = Parser(
        prog="sockfarm.py",
        usage="sockfarm.py N [options] [-- CMD...]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("n", metavar="N", type=whole(1), help="number of sockets")
    option("--processes", metavar="P", type=whole(1), help="spread them over (at most) P processes "
           f"(default: as many as it takes, up to {MAX_PER_PROCESS} sockets each)")  # fmt: skip
    option(
        "--listen-port", metavar="PORT", type=whole(1, 65535), default=5000, help="default: 5000"
    )
    option("--time-wait", metavar="K", type=whole(0), help="also leave K sockets in TIME_WAIT for "
           "60 seconds (default: N/1000, at most 1000)")  # fmt: skip
    option("--churn", action="store_true", help="also connect and close in a loop")
    option("--no-netns", action="store_true", help="stay in the caller's network namespace")
    option("--with-parent", action="store_true", help="end when the process that started this does")
    args = parser.parse_args(options)
    if args.time_wait is None:
        args.time_wait = min(args.n // 1000, 1000)
    return args, command


def main(argv: Sequence[str]) -> int:
    args, argv = parse_arguments(argv)
    if argv and not shutil.which(argv[0]):
        say(f"{argv[0]}: command not found")
        return 127
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup(1)
            signal.signal(number, on_signal)
    if args.with_parent:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    farm, command, ready = Supervisor(args.n), None, False
    try:
        fields = build(args, farm)
        if args.churn and not fork(farm.children):
            try:
                churn()
            finally:
                os._exit(1)
        line = "ready " + " ".join(f"{name}={value}" for name, value in fields.items())
        ready = True
        print(line, file=sys.stderr if argv else sys.stdout, flush=True)
        if argv:
            command = start_command(argv, fields, farm)
            if os.isatty(0):  # Ctrl-C reaches CMD as well, which decides: it may be a shell
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        pid, status = wait_for_child()
        farm.children.remove(pid)
        code = os.waitstatus_to_exitcode(status)
        if pid == command:
            return code if code >= 0 else 128 - code
        raise FarmError(f"process {pid} of the farm ended too early (exit code {code})")
    except FarmError as error:
        say(str(error))
        return 1
    except BrokenPipeError:  # nobody reads the ready line
        return 1
    except SystemExit:  # a signal
        if ready and not argv:
            return 0
        raise
    finally:
        farm.end(command)


# ---- the library ---------------------------------------------------------------------------


class Farm(NamedTuple):
    """A farm that stands."""

    sockets: int
    pids: list[int]
    ports: list[int]
    netns: int
    process: subprocess.Popen[str]


@contextlib.contextmanager
def farm(
    n: int,
    *,
    processes: int | None = None,
    listen_port: int = 5000,
    time_wait: int = 0,
    churn: bool = False,
    netns: bool = True,
) -> Iterator[Farm]:
    """Hold `n` sockets for the length of a `with` block; raises FarmError when that fails.

    The farm is a process of its own, so the caller's network namespace stays as it is.  No socket
    is in TIME_WAIT unless asked for: measurements want a table that stands still.
    """
    argv = [sys.executable, os.path.abspath(__file__), str(n), "--with-parent"]
    argv += [f"--listen-port={listen_port}", f"--time-wait={time_wait}"]
    argv += [f"--processes={processes}"] if processes else []
    argv += ["--churn"] * churn + ["--no-netns"] * (not netns)
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout and process.stderr
            line = process.stdout.readline()
            if not line.startswith("ready "):
                raise FarmError(process.stderr.read().strip())
            fields = dict(field.split("=") for field in line.split()[1:])
            pids, ports = ([int(x) for x in fields[key].split(",")] for key in ("pids", "ports"))
            yield Farm(int(fields["sockets"]), pids, ports, int(fields["netns"]), process)
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
