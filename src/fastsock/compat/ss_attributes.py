"""What sock_diag tells of single sockets beyond our columns, in ss's words.

    bbr:(bw:43.7Gbps,mrtt:0.006,pacing_gain:2.88672,cwnd_gain:2.88672) tcp-ulp-mptcp flags:Mec

Netlink attributes (linux/inet_diag.h, linux/unix_diag.h): each a length, a type and its data,
padded to 4 bytes; some hold others.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    Attributes = Mapping[int, bytes]

# INET_DIAG_x
VEGAS, DCTCP, BBR, MD5, ULP, SOCKOPT = 3, 9, 16, 18, 19, 22
# UNIX_DIAG_x
FILE, QUEUE, SHUTDOWN = 1, 3, 6
# INET_ULP_INFO_x
ULP_NAME, ULP_TLS, ULP_MPTCP = 1, 2, 3

TYPE_BITS = 0x3FFF  # the two above say how the data is written

NO_RTT = 0x7FFFFFFF

TLS_VERSIONS = {0x303: "1.2", 0x304: "1.3"}
TLS_CIPHERS = {51: "aes-gcm-128", 52: "aes-gcm-256"}
TLS_MODES = {1: "none", 2: "sw", 3: "hw", 4: "hw-record"}

# MPTCP_SUBFLOW_FLAG_x, from the lowest bit.
SUBFLOW_FLAGS = "MmJjBbecv"
SEQUENCES_DECIMAL = (6, 14)  # since this release of iproute2

# struct inet_diag_sockopt, from the lowest bit of its first byte.
SOCKET_OPTIONS = (
    "recverr is_icsk freebind hdrincl mc_loop transparent mc_all nodefrag "
    "bind_addr_no_port recverr_rfc4884 defer_connect"
).split()


def parse_attributes(raw: bytes) -> dict[int, bytes]:
    """Return data by type; what is no attribute ends them."""
    found = {}
    at = 0
    while at + 4 <= len(raw):
        length, kind = struct.unpack_from("=HH", raw, at)
        if not 4 <= length <= len(raw) - at:
            break
        found[kind & TYPE_BITS] = raw[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def _number(data: bytes) -> int:
    """No number here is longer than 8 bytes."""
    return int.from_bytes(data[:8], "little")


def find_vegas_rtt(attributes: Attributes) -> int:
    """Return the round trip time that Vegas goes by, in microseconds; 0 for none."""
    data = attributes.get(VEGAS, b"")
    if len(data) < 16:
        return 0
    enabled, _, rtt, _ = struct.unpack_from("=4I", data)
    return rtt if enabled and rtt != NO_RTT else 0


def show_control(attributes: Attributes, show_rate: Callable[[float], str]) -> Iterator[str]:
    """Yield what DCTCP or BBR tells of itself."""
    dctcp = attributes.get(DCTCP, b"")
    if len(dctcp) >= 16:
        enabled, state, alpha, marked, total = struct.unpack_from("=HHIII", dctcp)
        if enabled:
            yield f"dctcp:(ce_state:{state},alpha:{alpha},ab_ecn:{marked},ab_tot:{total})"
        else:
            yield "dctcp:fallback_mode"
    if BBR in attributes:
        data = attributes[BBR].ljust(20, b"\0")
        low, high, rtt, pacing, window = struct.unpack_from("=5I", data)
        text = f"bbr:(bw:{show_rate((high << 32 | low) * 8.0)}bps,mrtt:{rtt / 1000:g}"
        if pacing:
            text += f",pacing_gain:{pacing / 256:g}"
        if window:
            text += f",cwnd_gain:{window / 256:g}"
        yield f"{text})"


def show_keys(attributes: Attributes) -> Iterator[str]:
    """Yield the TCP MD5 signature keys, which only who may change the network is told."""
    data = attributes.get(MD5)
    if data is None:
        return
    keys = []
    for at in range(0, len(data) - 99, 100):
        family, bits, length = struct.unpack_from("=BBH", data, at)
        size = 16 if family == socket.AF_INET6 else 4
        address = socket.inet_ntop(
            socket.AF_INET6 if size == 16 else socket.AF_INET, data[at + 4 : at + 4 + size]
        )
        key = data[at + 20 : at + 20 + min(length, 80)]
        shown = "".join(chr(c) if 32 < c < 127 and c not in b"\\," else f"\\{c:03o}" for c in key)
        keys.append(f"{address}/{bits}={shown}")
    yield f"md5keys:{','.join(keys)}"


def show_upper_protocol(attributes: Attributes, version: tuple[int, int]) -> Iterator[str]:
    """Yield what runs on the connection in the kernel: TLS, or MPTCP of which it is a part."""
    if ULP not in attributes:
        return
    inner = parse_attributes(attributes[ULP])
    if ULP_NAME in inner:
        yield f"tcp-ulp-{inner[ULP_NAME].rstrip(bytes(1)).decode('ascii', 'replace')}"
    if ULP_TLS in inner:
        yield from _show_tls(parse_attributes(inner[ULP_TLS]))
    if ULP_MPTCP in inner:
        yield from _show_subflow(parse_attributes(inner[ULP_MPTCP]), version)


def _show_tls(tls: Attributes) -> Iterator[str]:
    if 1 in tls:
        number = _number(tls[1])
        yield f"version: {TLS_VERSIONS.get(number, f'unknown({number})')}"
    if 2 in tls and (cipher := TLS_CIPHERS.get(_number(tls[2]))):
        yield f"cipher: {cipher}"
    for kind, name in ((4, "rxconf"), (3, "txconf")):
        if kind in tls:
            number = _number(tls[kind])
            yield f"{name}: {TLS_MODES.get(number, f'unknown({number})')}"
    if 5 in tls:
        yield "zc_ro_tx"
    if 6 in tls:
        yield "no_pad_rx"


def _show_subflow(subflow: Attributes, version: tuple[int, int]) -> Iterator[str]:
    numbers = {kind: _number(data) for kind, data in subflow.items()}
    flags = numbers.get(8, 0)
    if flags:
        yield "flags:" + "".join(
            letter for bit, letter in enumerate(SUBFLOW_FLAGS) if flags >> bit & 1
        )
    if {1, 2, 9, 10} <= numbers.keys():
        remote, local = f"{numbers[1]:04x}(id:{numbers[9]})", f"{numbers[2]:04x}(id:{numbers[10]})"
        yield f"token:{remote}/{local}"
    form = "d" if version >= SEQUENCES_DECIMAL else "x"
    for kind, name in ((4, "seq"), (5, "sfseq"), (6, "ssnoff"), (7, "maplen")):
        if kind in numbers:
            yield f"{name}:{numbers[kind]:{form}}"


def show_socket_options(attributes: Attributes) -> str:
    """Return `inet-sockopt: ( mc_loop …)`, nothing where the kernel does not tell (before 5.14)."""
    data = attributes.get(SOCKOPT, b"")
    if len(data) < 2:
        return ""
    bits = int.from_bytes(data[:2], "little")
    names = [name for bit, name in enumerate(SOCKET_OPTIONS) if bits >> bit & 1]
    return "inet-sockopt: (" + "".join(f" {name}" for name in names) + ")"


def show_unix(attributes: Attributes) -> Iterator[str]:
    """Yield what -e adds to a UNIX socket: what was shut, its file, who waits to be accepted."""
    shut = attributes.get(SHUTDOWN)
    if shut:
        yield ("-" if shut[0] & 1 else "<") + "-" + ("-" if shut[0] & 2 else ">")
    if len(attributes.get(FILE, b"")) >= 8:
        inode, device = struct.unpack_from("=II", attributes[FILE])
        yield f"ino:{inode} dev:{os.major(device)}/{os.minor(device)}"
    queue = attributes.get(QUEUE)
    if queue is not None:
        inodes = struct.unpack_from(f"={len(queue) // 4}I", queue)
        yield "peers:" + "".join(f" {inode}" for inode in inodes)
