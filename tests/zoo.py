"""Awkward sockets: every TCP state that loopback reaches, and what tables like to get wrong."""

from __future__ import annotations

import contextlib
import os
import socket
import time

KEPT: list[socket.socket] = []
TCP_DEFER_ACCEPT = 9
TCP_LINGER2 = 8
SO_BINDTODEVICE = 25
IPV6_V6ONLY = 26
IPPROTO_MPTCP = 262


def keep(made: socket.socket) -> socket.socket:
    KEPT.append(made)
    return made


def listen(address: str, port: int, backlog: int = 8, v6only: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = keep(socket.socket(family))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, v6only)
    made.bind((address, port))
    made.listen(backlog)
    return made


def connect(address: str, port: int) -> socket.socket:
    return keep(socket.create_connection((address, port)))


def pair(
    listener: socket.socket, address: str = "127.0.0.1"
) -> tuple[socket.socket, socket.socket]:
    client = connect(address, listener.getsockname()[1])
    return client, keep(listener.accept()[0])


def fill(sender: socket.socket) -> None:
    """Send until the other end, which does not read, has closed its window."""
    sender.setblocking(False)
    quiet = 0
    while quiet < 5:
        try:
            sender.send(b"z" * 65536)
            quiet = 0
        except BlockingIOError:
            quiet += 1
            time.sleep(0.01)


def open_tcp() -> None:
    server = listen("127.0.0.1", 7001)
    client, accepted = pair(server)
    accepted.send(b"x" * 1234)
    fill(pair(server)[0])

    client, accepted = pair(server)
    client.shutdown(socket.SHUT_WR)  # FIN_WAIT2, CLOSE_WAIT

    client, accepted = pair(server)
    fill(client)
    client.shutdown(socket.SHUT_WR)  # FIN_WAIT1: its FIN waits behind data that has no room

    client, accepted = pair(server)
    fill(client)
    client.shutdown(socket.SHUT_WR)
    accepted.shutdown(socket.SHUT_WR)  # CLOSING

    client, accepted = pair(server)
    fill(accepted)
    client.shutdown(socket.SHUT_WR)
    while accepted.recv(1):
        pass
    accepted.shutdown(socket.SHUT_WR)  # LAST_ACK

    client, accepted = pair(server)
    accepted.close()
    client.close()  # TIME_WAIT, without an inode

    crowded = listen("127.0.0.1", 7002, backlog=1)
    for _ in range(2):
        connect(*crowded.getsockname())  # the queue is full: nobody accepts
    refused = keep(socket.socket())
    refused.setblocking(False)
    refused.connect_ex(crowded.getsockname())  # SYN_SENT

    deferring = listen("127.0.0.1", 7003)
    deferring.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 60)
    connect("127.0.0.1", 7003)  # SYN_RECV at the other end, until it sends

    for _ in range(2):
        twin = keep(socket.socket())
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        twin.bind(("127.0.0.1", 7004))
        twin.listen(5)

    tied = keep(socket.socket())
    try:
        tied.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")
    except PermissionError:  # before Linux 5.7 it took CAP_NET_RAW
        pass
    tied.bind(("127.0.0.1", 7005))
    tied.listen(3)
    client, accepted = pair(server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    keep(socket.socket()).bind(("127.0.0.1", 7006))  # bound only: in no table


def open_ipv6() -> None:
    dual = listen("::", 7012)
    pair(dual, "127.0.0.1")  # one end is ::ffff:127.0.0.1
    pair(dual, "::1")
    pair(listen("::1", 7013, v6only=True), "::1")
    one = keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    one.bind(("::", 7014))
    other = keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    other.connect(("::1", 7014))


def open_udp() -> None:
    one = keep(socket.socket(type=socket.SOCK_DGRAM))
    one.bind(("127.0.0.1", 7021))
    other = keep(socket.socket(type=socket.SOCK_DGRAM))
    other.connect(("127.0.0.1", 7021))
    other.send(b"q" * 100)


def open_mptcp() -> None:
    """MPTCP: TCP rows, its subflows, under the inode of the one socket."""
    listener = keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
    listener.bind(("127.0.0.1", 7031))
    listener.listen(4)
    client = keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
    client.connect(("127.0.0.1", 7031))
    keep(listener.accept()[0])


def settle() -> None:
    """Wait until every FIN that could be sent is acknowledged: the other end may take its time."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with open("/proc/self/net/tcp") as table:
            lines = [line.split() for line in table]
        with contextlib.suppress(FileNotFoundError), open("/proc/self/net/tcp6") as table:
            lines += [line.split() for line in table]
        # FIN_WAIT1 and LAST_ACK, with nothing in the queue but the FIN
        if not any(
            words[3] in ("04", "09") and int(words[4].partition(":")[0], 16) <= 1
            for words in lines
            if words[0] != "sl"
        ):
            break
        time.sleep(0.005)


def open_orphans() -> None:
    """Connections of which one end was closed and lives on, without an inode; all wait for long."""
    server = listen("127.0.0.1", 7041)
    client, accepted = pair(server)
    fill(client)
    client.close()  # FIN_WAIT1: its data has no room

    client, accepted = pair(server)
    fill(accepted)
    client.shutdown(socket.SHUT_WR)
    while accepted.recv(1):
        pass
    accepted.close()  # LAST_ACK

    client, accepted = pair(server)
    fill(client)
    client.shutdown(socket.SHUT_WR)
    accepted.shutdown(socket.SHUT_WR)
    client.close()  # CLOSING

    client, accepted = pair(server)
    client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, 100)  # longer than TIME_WAIT: no such row
    client.close()  # FIN_WAIT2

    client, accepted = pair(server)
    client.close()  # FIN_WAIT2 again, kept in a TIME_WAIT row
    settle()


def open_unaccepted() -> None:
    """Accept queues: connections without an inode, with data, with an end that was closed."""
    addresses = [("127.0.0.1", 7051)]
    if os.path.exists("/proc/self/net/tcp6"):
        addresses.append(("::", 7052))
    for address in addresses:
        listen(*address)
        for host in ("127.0.0.1", "::1") if address[0] == "::" else ("127.0.0.1",):
            connect(host, address[1])
            connect(host, address[1]).send(b"w" * 321)
            connect(host, address[1]).shutdown(socket.SHUT_WR)  # CLOSE_WAIT at the other end
            connect(host, address[1]).close()
    settle()


def open_unix() -> None:
    """UNIX sockets: a listener with a queue, a pair with data, datagrams, one that is not bound."""
    server = keep(socket.socket(socket.AF_UNIX))
    server.bind("")  # a name that the kernel gives
    server.listen(3)
    keep(socket.socket(socket.AF_UNIX)).connect(server.getsockname())
    one, two = socket.socketpair()
    keep(one).send(b"u" * 50)
    keep(two)
    bound = keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    bound.bind("")
    other = keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    other.connect(bound.getsockname())
    keep(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))


def open_zoo() -> int:
    """Open all of them here; returns the number of the network namespace."""
    open_tcp()
    open_udp()
    with contextlib.suppress(OSError):  # a kernel without MPTCP, or where it is off
        open_mptcp()
    if os.path.exists("/proc/self/net/tcp6"):
        open_ipv6()
    return os.stat("/proc/self/ns/net").st_ino
