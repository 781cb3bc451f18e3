"""Deterministic input for tests and benchmarks: the kernel's table text, and a /proc with sockets.

The text is what Linux prints, to the byte, for example (tcp4_seq_show in net/ipv4/tcp_ipv4.c,
padded to 149 characters; tcp6 is not padded):

       0: 0100007F:1388 0101007F:2711 01 00000000:00000000 00:00000000 00000000     0        0 9 1 …

The same arguments give the same bytes on every machine: no random numbers, no clock.
"""

from __future__ import annotations

import sys
from pathlib import Path

SIZES = (1, 1_000, 100_000)
FIRST_INODE = 10_000
HOST_NETNS = 4026531840  # the initial network namespace on every kernel since 3.8

HEADING = {
    2: "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"
    "   uid  timeout inode".ljust(149),
    10: "  sl  local_address                         remote_address                        "
    "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
}

# Of 100 rows in turn: a busy server's mixture.
STATES = [10] + [6] * 5 + [8] * 2 + [4, 5, 3] + [1] * 89


def spread(number: int) -> int:
    """32 bits that look random (Knuth's multiplicative hash)."""
    return number * 2654435761 % (1 << 32)


def word(address: int) -> str:
    """Four bytes of an address as the kernel prints them: a number in the machine's order."""
    return f"{int.from_bytes(address.to_bytes(4, 'big'), sys.byteorder):08X}"


def address_text(family: int, host: int) -> str:
    if family == 2:
        return word(0x7F000000 | host & 0xFFFFFF)
    return word(0x20010DB8) + word(0) + word(0) + word(host)


def line(row: int, family: int) -> str:
    """Row number `row` of a table; its inode is FIRST_INODE + row where it has one."""
    state = STATES[row % 100]
    listening, unowned = state == 10, state in (3, 6)
    remote, remote_port = address_text(family, spread(row + 1)), 10_000 + spread(row) % 50_000
    if listening:
        remote, remote_port = "0" * len(remote), 0
    tx_queue = spread(row) % 4096 if row % 17 == 0 and state == 1 else 0
    rx_queue = spread(row) % 128 if row % 13 == 0 and not unowned else 0
    timer, when = (3, spread(row) % 6000) if state == 6 else (int(tx_queue > 0), tx_queue and 21)
    text = (
        f"{row:4d}: {address_text(family, 1 + row % 250)}:{5000 + row % 64:04X}"
        f" {remote}:{remote_port:04X} {state:02X} {tx_queue:08X}:{rx_queue:08X}"
        f" {timer:02X}:{when:08X} {0:08X} {0 if unowned else spread(row) % 3 * 1000:5d} {0:8d}"
        f" {0 if unowned else FIRST_INODE + row} {3 if state == 6 else 1}"
        f" {0xFFFF888100000000 | spread(row):016x}"
    )
    if not unowned:
        text += " 20 4 30 10 -1"
    return text.ljust(149) if family == 2 else text


def table_text(rows: int, family: int = 2) -> bytes:
    """A whole /proc/net/tcp (family 2) or tcp6 (10) of `rows` sockets."""
    lines = [HEADING[family], *(line(row, family) for row in range(rows)), ""]
    return "\n".join(lines).encode()


def make_proc(root: Path, sockets: int, processes: int = 4) -> list[int]:
    """Build a /proc-like tree at `root`: tables of `sockets` rows, and descriptors that own them.

    The sockets are shared out over `processes`; every process also holds three descriptors that are
    no sockets. Returns the pids. A tree of 100,000 symbolic links takes some seconds to make.
    """
    pids = [1, *range(101, 100 + processes)]
    for number, pid in enumerate(pids):
        home = root / str(pid)
        for folder in ("fd", "ns", "net", f"task/{pid}"):
            (home / folder).mkdir(parents=True)
        name = f"worker{number % 3}"
        (home / "comm").write_text(name + "\n")
        (home / "stat").write_text(f"{pid} ({name}) S 1 {pid} {pid}" + " 0" * 46 + "\n")
        (home / "status").write_text(f"Name:\t{name}\nUid:\t0\t0\t0\t0\n")
        (home / "cmdline").write_text(name + "\0")
        (home / "cgroup").write_text(f"0::/system.slice/{name}.service\n")
        (home / "ns/net").symlink_to(f"net:[{HOST_NETNS}]")
        (home / f"task/{pid}/fd").symlink_to(home / "fd", target_is_directory=True)
        for fd in range(3):
            (home / f"fd/{fd}").symlink_to("/dev/null")
    for row in range(sockets):
        if STATES[row % 100] not in (3, 6):
            home = root / str(pids[row % processes])
            (home / f"fd/{3 + row // processes}").symlink_to(f"socket:[{FIRST_INODE + row}]")
    for pid in pids:  # all in one namespace: the same tables
        for name, family in (("tcp", 2), ("tcp6", 10), ("udp", 2), ("udp6", 10)):
            table = root / f"{pid}/net/{name}"
            if name == "tcp" and pid != 1:
                table.hardlink_to(root / "1/net/tcp")
            else:
                table.write_bytes(table_text(sockets if name == "tcp" else 0, family))
    (root / "net").symlink_to("1/net")
    return pids
