"""Build a tree like /proc from plain files, directories and dangling links.

    tree = ProcTree(tmp_path)
    tree.table("tcp", tcp_line(("127.0.0.1", 5000), state=LISTEN, inode=7))
    tree.process(3921, b"nginx").socket(6, 7)

Lines are byte for byte as the kernel prints them (net/ipv4/tcp_ipv4.c, net/ipv4/udp.c and their
counterparts in net/ipv6, net/unix/af_unix.c), padding included.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT = range(1, 7)
CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING = range(7, 12)

STREAM, DGRAM, SEQPACKET = 1, 2, 5
SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED, SS_DISCONNECTING = range(1, 5)

Address = tuple[str, int]

_COLUMNS = "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
HEADINGS = {
    "tcp": f"  sl  local_address rem_address   {_COLUMNS}".ljust(149),
    "udp": f"   sl  local_address rem_address   {_COLUMNS} ref pointer drops".ljust(127),
    "tcp6": f"  sl  {'local_address':38}{'remote_address':38}{_COLUMNS}",
    "udp6": f"  sl  {'local_address':38}{'remote_address':38}{_COLUMNS} ref pointer drops",
    "unix": "Num       RefCount Protocol Flags    Type St Inode Path",
}

ANY, ANY6 = ("0.0.0.0", 0), ("::", 0)
HASHED_ADDRESS = 0x3B041FB  # %pK of any socket, as long as it is 16 digits


def print_address(address: Address) -> str:
    """`0100007F:1388`: each 32-bit word in host order, the port in network order."""
    packed = ipaddress.ip_address(address[0]).packed
    words = (packed[i : i + 4] for i in range(0, len(packed), 4))
    printed = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return f"{printed}:{address[1]:04X}"


def tcp_line(
    local: Address,
    remote: Address | None = None,
    state: int = ESTABLISHED,
    *,
    number: int = 0,
    tx_queue: int = 0,
    rx_queue: int = 0,
    timer: int = 0,
    when: int = 0,
    retransmits: int = 0,
    uid: int = 0,
    timeout: int = 0,
    inode: int = 0,
    refcount: int = 1,
    pointer: int = HASHED_ADDRESS,
    rto: int = 100,
    ato: int = 0,
    quickack: int = 0,
    cwnd: int = 10,
    ssthresh: int | None = None,
) -> bytes:
    """A line of /proc/net/tcp, or of tcp6 for an IPv6 address.

    `when`, `rto` and `ato` are in clock ticks. SYN_RECV and TIME_WAIT have no tail, as they are no
    full sockets; ssthresh of a listener is its TCP fast open queue.
    """
    remote = remote or (ANY6 if ":" in local[0] else ANY)
    if ssthresh is None:
        ssthresh = 0 if state == LISTEN else -1
    line = (
        f"{number:4d}: {print_address(local)} {print_address(remote)} {state:02X} "
        f"{tx_queue:08X}:{rx_queue:08X} {timer:02X}:{when:08X} {retransmits:08X} "
        f"{uid:5d} {timeout:8d} {inode:d} {refcount:d} {pointer:016x}"
    )
    if state not in (SYN_RECV, TIME_WAIT):
        line += f" {rto:d} {ato:d} {quickack:d} {cwnd:d} {ssthresh:d}"
    return (line if ":" in local[0] else line.ljust(149)).encode() + b"\n"


def udp_line(
    local: Address,
    remote: Address | None = None,
    state: int = CLOSE,
    *,
    number: int = 0,
    tx_queue: int = 0,
    rx_queue: int = 0,
    uid: int = 0,
    inode: int = 0,
    refcount: int = 2,
    pointer: int = HASHED_ADDRESS,
    drops: int = 0,
) -> bytes:
    """A line of /proc/net/udp, or of udp6 for an IPv6 address."""
    remote = remote or (ANY6 if ":" in local[0] else ANY)
    line = (
        f"{number:5d}: {print_address(local)} {print_address(remote)} {state:02X} "
        f"{tx_queue:08X}:{rx_queue:08X} 00:00000000 00000000 "
        f"{uid:5d} {0:8d} {inode:d} {refcount:d} {pointer:016x} {drops:d}"
    )
    return (line if ":" in local[0] else line.ljust(127)).encode() + b"\n"


def unix_line(
    path: bytes = b"",
    type: int = STREAM,
    connection: int = SS_UNCONNECTED,
    *,
    listens: bool = False,
    inode: int = 0,
    refcount: int = 2,
    pointer: int = HASHED_ADDRESS,
) -> bytes:
    """A line of /proc/net/unix (net/unix/af_unix.c); an abstract path begins with NUL."""
    line = (
        f"{pointer:016x}: {refcount:08X} {0:08X} {0x10000 if listens else 0:08X} "
        f"{type:04X} {connection:02X} {inode:5d}"
    ).encode()
    return line + (b" " + path.replace(b"\0", b"@") if path else b"") + b"\n"


def table_text(name: str, *lines: bytes) -> bytes:
    """The text of a whole table: `name` is tcp, tcp6, udp, udp6 or unix."""
    return HEADINGS[name].encode() + b"\n" + b"".join(lines)


def ring_text(*sockets: int, slots: int = 16) -> bytes:
    """The fdinfo of an io_uring instance whose fixed files are these sockets (Linux 6.18)."""
    files = b"".join(b"%5d: socket:[%d]\n" % (i, inode) for i, inode in enumerate(sockets))
    return (
        b"pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t47450086\nSqMask:\t0x7\nSqHead:\t0\n"
        b"SqTail:\t0\nCachedSqHead:\t0\nCqMask:\t0xf\nCqHead:\t0\nCqTail:\t0\nCachedCqTail:\t0\n"
        b"SQEs:\t0\nCQEs:\t0\nSqThread:\t-1\nSqThreadCpu:\t-1\nSqTotalTime:\t0\nSqWorkTime:\t0\n"
        b"UserFiles:\t%d\n%bUserBufs:\t0\nPollList:\nCqOverflowList:\nNAPI:\tdisabled\n"
    ) % (slots, files)


class ProcTree:
    """A /proc in `path`, without processes, with the tables of TCP and UDP empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("tcp", "tcp6", "udp", "udp6"):
            self.table(name)

    def __str__(self) -> str:
        return str(self.path)

    def table(self, name: str, *lines: bytes, pid: int | None = None) -> Path:
        """Write net/NAME, of the root or as a process sees it; returns the file."""
        directory = self.path / "net" if pid is None else self.path / str(pid) / "net"
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / name
        file.write_bytes(table_text(name, *lines))
        return file

    def process(
        self,
        pid: int,
        command: bytes = b"program",
        *,
        start_time: int = 1000,
        state: str = "S",
        netns: int | None = 4026531833,
        cgroup: bytes = b"0::/\n",
        cmdline: bytes = b"/usr/bin/program\0",
        exe: str = "/usr/bin/program",
        cwd: str = "/",
    ) -> ProcessTree:
        """Add a process with one thread and no descriptors."""
        path = self.path / str(pid)
        (path / "fd").mkdir(parents=True)
        (path / "fdinfo").mkdir()
        (path / "ns").mkdir()
        if netns is not None:
            (path / "ns" / "net").symlink_to(f"net:[{netns}]")
        (path / "stat").write_bytes(stat_text(pid, command, start_time, state))
        (path / "status").write_bytes(b"Name:\t%b\nTgid:\t%d\nPid:\t%d\n" % (command, pid, pid))
        (path / "comm").write_bytes(command + b"\n")
        (path / "cmdline").write_bytes(cmdline)
        (path / "cgroup").write_bytes(cgroup)
        (path / "exe").symlink_to(exe)
        (path / "cwd").symlink_to(cwd)
        process = ProcessTree(pid, path)
        process.thread(pid)
        return process


def stat_text(pid: int, command: bytes, start_time: int = 1000, state: str = "S") -> bytes:
    """PID/stat with the 52 fields of proc_pid_stat(5)."""
    fields = ["0"] * 53
    fields[3] = state
    fields[4:9] = ["1", str(pid), str(pid), "0", "-1"]
    fields[20] = "1"  # threads
    fields[22] = str(start_time)
    return b"%d (%b) %b\n" % (pid, command, " ".join(fields[3:]).encode())


class ProcessTree:
    """The directory of one process, or of one thread."""

    def __init__(self, pid: int, path: Path) -> None:
        self.pid = pid
        self.path = path

    def descriptor(self, fd: int | str, target: str | bytes) -> ProcessTree:
        """Add an fd/N link to anything, and return self."""
        os.symlink(os.fsencode(target), os.fsencode(self.path / "fd" / str(fd)))
        return self

    def socket(self, fd: int, inode: int) -> ProcessTree:
        """Add a descriptor of a socket, and return self."""
        return self.descriptor(fd, f"socket:[{inode}]")

    def ring(self, fd: int, fdinfo: bytes) -> ProcessTree:
        """Add a descriptor of an io_uring instance with its fdinfo, and return self."""
        (self.path / "fdinfo" / str(fd)).write_bytes(fdinfo)
        return self.descriptor(fd, "anon_inode:[io_uring]")

    def thread(self, tid: int) -> ProcessTree:
        """Add a thread: its own fd directory is empty until filled."""
        path = self.path / "task" / str(tid)
        (path / "fd").mkdir(parents=True)
        (path / "fdinfo").mkdir()
        return ProcessTree(tid, path)
