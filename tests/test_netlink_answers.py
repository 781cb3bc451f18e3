"""Answers of sock_diag that go wrong: lost, cut, refused, malformed, interrupted.

A socket pair stands for the kernel (sockdiag.py); where the system call itself has to fail, a child
has a filter of seccomp(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import os
import platform
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import fastsock
import proctree
from children import in_child, join, libc
from fastsock import cli, conductor
from fastsock.conductor import Question
from fastsock.engines import engine_status, open_engine
from fastsock.engines.diag_request import Request, plan_requests
from fastsock.engines.namespaces import Namespace, read_inode
from fastsock.errors import EngineUnavailable
from fastsock.filter import ALL, build_filter
from fastsock.table import SocketTable
from sockdiag import (
    CONG,
    DONE,
    ERROR,
    HEADER,
    MOST_BYTES,
    NOOP,
    SOCKET,
    TCP,
    UDP,
    UNIX,
    Answers,
    attribute,
    end,
    error,
    inet_body,
    message,
    renumber,
    tcp,
    unix,
    unix_body,
)

if TYPE_CHECKING:
    from fastsock.engines.netlink import NetlinkEngine

compiled = pytest.importorskip("fastsock.engines._netlink", reason="a build without extensions")
netlink = pytest.importorskip("fastsock.engines.netlink")
Dump, DiagSocket, open_sockets = compiled.Dump, compiled.DiagSocket, compiled.open_sockets
Paths = Sequence[str | None]  # of namespaces; None is ours
Matcher = pytest.importorskip("fastsock._match").Matcher

PLACE = "NETLINK_SOCK_DIAG"
ASKED = HEADER.pack(HEADER.size, SOCKET, 1, 0, 0)
TRIES = 4
needs_kernel = pytest.mark.skipif(
    not any(one.name == "netlink" and one.available for one in engine_status()),
    reason="the netlink engine does not work here",
)

# What is asked once more, and what is final.
RETRIED = (errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ENOBUFS, errno.ENOMEM)
FINAL = (errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP)


class Result(NamedTuple):
    """What came of a dump: the rows, also those before an error, and what it says of itself."""

    table: SocketTable
    error: OSError | None
    repeats: int

    def ports(self) -> list[int]:
        ports: list[int] = self.table.column("local_port").tolist()
        return ports

    def paths(self) -> list[bytes]:
        paths: list[bytes] = self.table.column("path").tolist()
        return paths


def dump_from(
    connect: Callable[[Paths], Any], *protocols: int, fields: tuple[str, ...] = ()
) -> Result:
    """Ask once for each protocol (by default for TCP)."""
    sources = [(None, ASKED, protocol, 0) for protocol in protocols or (TCP,)]
    dump = Dump(sources, Matcher(ALL), connect=connect)
    table = SocketTable(fields)
    try:
        assert dump.fill(table) is False
    except OSError as failure:
        # The dump is over: it asks nobody again.
        assert dump.fill(SocketTable()) is False
        assert dump.count() == [0] * 256
        return Result(table, failure, dump.repeats)
    return Result(table, None, dump.repeats)


def hear(*connections: list[bytes], protocols: tuple[int, ...] = (TCP,), **more: Any) -> Result:
    """Dump from connections that bring these datagrams; all of them must be needed."""
    with Answers(*connections) as kernel:
        result = dump_from(kernel, *protocols, **more)
        assert kernel.connected == len(connections)
    return result


def said(failure: BaseException | None) -> tuple[Any, ...]:
    """Type, errno, text and place of an OSError."""
    assert isinstance(failure, OSError)
    return type(failure), failure.errno, failure.strerror, failure.filename


def expected(number: int) -> tuple[Any, ...]:
    return type(OSError(number, "")), number, os.strerror(number), PLACE


# ----------------------------------------------------------------------------------- what gets lost


def lost(port: int, sequence: int, number: int = errno.ENOBUFS) -> list[bytes]:
    return [renumber(tcp(port) + error(number), sequence)]


@pytest.mark.parametrize("refusal", [error, end])
@pytest.mark.parametrize("number", RETRIED)
def test_an_answer_that_gets_lost_each_time(number: int, refusal: Any) -> None:
    tries = [[renumber(tcp(80) + refusal(number), n + 1)] for n in range(TRIES)]
    result = hear(*tries)
    assert said(result.error) == expected(number)
    assert (result.ports(), result.repeats) == ([80], 0)


@pytest.mark.parametrize("refusal", [error, end])
@pytest.mark.parametrize("number", FINAL)
def test_a_refusal_is_final(number: int, refusal: Any) -> None:
    result = hear([tcp(80) + refusal(number)])
    assert said(result.error) == expected(number)
    assert result.ports() == [80]


@pytest.mark.parametrize("losses", range(1, TRIES))
def test_an_answer_that_gets_lost_and_then_comes(losses: int) -> None:
    tries = [lost(80, n + 1) for n in range(losses)]
    whole = renumber(tcp(80) + tcp(81) + tcp(81) + tcp(82) + DONE, losses + 1)
    result = hear(*tries, [whole])
    assert result.error is None
    assert result.ports() == [80, 81, 82]
    assert result.repeats == 0


def test_each_request_has_its_own_tries_and_counts_its_own_repeats() -> None:
    first = [lost(80, n) for n in (1, 2, 3)]
    # On the connection that brings the first answer, the second request is refused.
    turn = [renumber(tcp(80) + tcp(81) + DONE, 4), *lost(90, 5)]
    second = [lost(90, n) for n in (6, 7)]
    third = [renumber(tcp(90) + DONE, 8), renumber(tcp(95) + tcp(95) + DONE, 9)]
    result = hear(*first, turn, *second, third, protocols=(TCP, TCP, UDP))
    assert result.error is None
    assert result.ports() == [80, 81, 90, 95]
    assert result.repeats == 1


def test_a_socket_that_two_answers_show_is_one_row() -> None:
    result = hear([tcp(80) + DONE, renumber(tcp(80) + DONE, 2)], protocols=(TCP, TCP))
    assert (result.ports(), result.repeats) == ([80], 1)


def test_a_count_of_an_answer_that_gets_lost_and_then_comes() -> None:
    tries = [lost(80, 1), [renumber(tcp(80) + tcp(81, 10) + DONE, 2)]]
    with Answers(*tries) as kernel:
        counts = Dump([(None, ASKED, TCP, 0)], Matcher(ALL), connect=kernel).count()
    assert {state: n for state, n in enumerate(counts) if n} == {1: 1, 10: 1}


def test_a_stream_goes_on_behind_an_answer_that_gets_lost() -> None:
    tries = [
        [tcp(80) + tcp(81), tcp(82) + error(errno.ENOBUFS)],
        [renumber(tcp(80) + tcp(82) + tcp(83) + DONE, 2)],
    ]
    with Answers(*tries) as kernel:
        dump = Dump([(None, ASKED, TCP, 0)], Matcher(ALL), connect=kernel)
        tables, more = [], True
        while more:
            table = SocketTable()
            more = dump.fill(table, 1)
            tables.append(table.column("local_port").tolist())
    assert tables == [[80, 81], [82, 83]]
    assert dump.repeats == 0


def test_a_namespace_that_ends_between_two_tries() -> None:
    """It is passed over, and what comes behind it has all its tries and its repeats."""
    answers = [lost(80, 1), lost(90, 2), lost(90, 3), lost(90, 4)]
    whole = renumber(tcp(90) + DONE, 5)
    sources = [("there", ASKED, TCP, 7), (None, ASKED, TCP, 0), (None, ASKED, UDP, 0)]
    with Answers(*answers, [whole, renumber(tcp(90) + DONE, 6)]) as kernel:

        def connect(paths: Paths) -> Any:
            return {paths[0]: errno.ENOENT} if paths[0] and kernel.connected else kernel(paths)

        dump = Dump(sources, Matcher(ALL), connect=connect)
        table = SocketTable()
        dump.fill(table)
        assert kernel.connected == 5
    assert table.column("local_port").tolist() == [80, 90]
    assert (dump.shut, dump.repeats) == ({"there"}, 1)


@needs_kernel
@pytest.mark.parametrize("ask", ["scan", "count", "stream"])
def test_a_namespace_that_ends_before_it_is_entered(
    monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    """Its processes were there when the question was planned; the others are answered for."""
    ended = in_child(os.getpid)
    gone = Namespace(7, [f"/proc/{ended}/net"])
    ours = Namespace(read_inode("/proc/thread-self"), ["/proc/thread-self/net"])
    monkeypatch.setattr(Namespace, "entrance", lambda space: f"/proc/{ended}/ns/net")
    engine = netlink.NetlinkEngine("/proc", 1)
    want = build_filter(protocol="tcp")
    with socket.create_server(("127.0.0.1", 0)) as server:
        inode = os.fstat(server.fileno()).st_ino
        if ask == "count":
            assert sum(engine.count(want, [ours, gone])) > 0
            return
        tables = list(engine.stream(want, [ours, gone]))
        if ask == "scan":
            tables = [engine.sockets(want, [ours, gone])]
        assert inode in {row.inode for table in tables for row in table}
    assert (engine.unentered, engine.sources["sockets"]) == (0, "netlink")


def test_every_request_has_another_number() -> None:
    with Answers(*[lost(80, n + 1) for n in range(TRIES)]) as kernel:
        dump_from(kernel)
        numbers = [HEADER.unpack(asked)[3] for _, asked in kernel.requests()]
    assert numbers == [1, 2, 3, 4]


# ------------------------------------------------------------------------ when recv(2) itself fails

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
RECVFROM = {"x86_64": 45, "aarch64": 207, "riscv64": 207}
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
FD, FLAGS = 0, 3  # arguments of recvfrom(2)


def fail_recv(number: int, argument: int, value: int) -> None:
    """Let recvfrom(2) fail in this thread from now on, where an argument has this value.

    Ours is the only one with MSG_TRUNC among its flags.
    """
    if platform.machine() not in RECVFROM or struct.calcsize("P") != 8:
        pytest.skip(f"the number of recvfrom(2) on {platform.machine()} is not known here")
    program = b"".join(
        struct.pack("=HBBI", *step)
        for step in (
            (LOAD, 0, 0, 0),  # struct seccomp_data: the system call
            (JUMP_EQUAL, 0, 3, RECVFROM[platform.machine()]),
            (LOAD, 0, 0, 16 + 8 * argument),
            (JUMP_EQUAL, 0, 1, value),
            (RETURN, 0, 0, ERRNO | number),
            (RETURN, 0, 0, ALLOW),
        )
    )
    steps = ctypes.create_string_buffer(program, len(program))
    filter = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0
    ):
        pytest.skip(f"no filter of system calls: {os.strerror(ctypes.get_errno())}")


def lose_everything(number: int = errno.ENOBUFS) -> None:
    fail_recv(number, FLAGS, socket.MSG_TRUNC)


def lose_answers_of_questions(then: Callable[[], Any]) -> Any:
    """Run `then` in a child in which an engine opens well and each answer to a question is lost."""

    def body() -> Any:
        plan = netlink.NetlinkEngine._plan

        def plan_and_lose(*arguments: Any) -> Any:
            planned = plan(*arguments)
            lose_everything()
            return planned

        netlink.NetlinkEngine._plan = plan_and_lose
        return then()

    return in_child(body)


@needs_kernel
@pytest.mark.parametrize(
    ("number", "connections"), [(errno.ENOBUFS, TRIES), (errno.ENOMEM, 1), (errno.EAGAIN, 1)]
)
def test_what_recv_says(number: int, connections: int) -> None:
    """ENOBUFS is a datagram that found no room. EAGAIN is the end of our patience."""

    def body() -> Any:
        lose_everything(number)
        connected = []

        def connect(paths: Paths) -> Any:
            connected.append(paths)
            return open_sockets(paths)

        return said(dump_from(connect).error), len(connected)

    assert in_child(body) == (expected(number), connections)


@needs_kernel
def test_a_kernel_that_loses_one_datagram_and_then_answers() -> None:
    high = 400

    def body() -> Any:
        fail_recv(errno.ENOBUFS, FD, high)
        connected = []

        def connect(paths: Paths) -> Any:
            connected.append(paths)
            opened = open_sockets(paths)
            if len(connected) > 1:
                return opened
            made = opened[None]
            assert isinstance(made, DiagSocket)
            os.dup2(made.fd, high)
            made.close()
            return {None: DiagSocket(high)}

        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            (request,) = plan_requests(build_filter(protocol="tcp", local_port=port))
            dump = Dump([(None, request.message, TCP, 0)], Matcher(ALL), connect=connect)
            table = SocketTable()
            dump.fill(table)
            return len(connected), table.column("local_port").tolist() == [port], dump.repeats

    assert in_child(body) == (2, True, 0)


def scan_rows() -> object:
    return fastsock.scan(engine="netlink")


def count_rows() -> object:
    return fastsock.count(engine="netlink")


def stream_rows() -> object:
    with fastsock.sockets(engine="netlink") as stream:
        return list(stream)


@needs_kernel
@pytest.mark.parametrize("ask", [scan_rows, count_rows, stream_rows])
def test_who_asks_is_told_of_answers_that_get_lost(ask: Callable[[], object]) -> None:
    def body() -> Any:
        before = os.listdir("/proc/self/fd")
        with pytest.raises(OSError) as caught:
            ask()
        assert os.listdir("/proc/self/fd") == before
        return said(caught.value)

    assert lose_answers_of_questions(body) == expected(errno.ENOBUFS)


def run_command(*words: str) -> tuple[int, str, str]:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return code, out.buffer.getvalue().decode(), err.getvalue()


@needs_kernel
@pytest.mark.parametrize("verb", ["count", "list"])
def test_the_command_says_that_answers_get_lost(verb: str) -> None:
    result = lose_answers_of_questions(lambda: run_command(verb, "--engine", "netlink"))
    assert result == (2, "", f"fastsock: {PLACE}: No buffer space available\n")


@needs_kernel
def test_an_engine_that_hears_nothing_from_its_start_is_unavailable() -> None:
    def body() -> Any:
        lose_everything()
        code, out, err = run_command("count", "--engine", "netlink")
        return code, out, err, fastsock.count().sources["sockets"]

    reason = f"{PLACE}: No buffer space available (105)"
    assert in_child(body) == (
        3,
        "",
        f"fastsock: engine netlink is not available: {reason}\n",
        "procfs",
    )


def test_signals_do_not_end_an_answer() -> None:
    """SO_RCVTIMEO makes recv(2) fail with EINTR, also where handlers restart (signal(7))."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 30, 0))
    receiver = threading.get_ident()
    signals = []

    def interrupt() -> None:
        theirs.recv(MOST_BYTES)
        theirs.send(tcp(80))
        for _ in range(5):
            time.sleep(0.02)
            signal.pthread_kill(receiver, signal.SIGUSR1)
        time.sleep(0.02)
        theirs.send(tcp(81) + DONE)

    before = signal.signal(signal.SIGUSR1, lambda number, frame: signals.append(number))
    kernel = threading.Thread(target=interrupt)
    try:
        kernel.start()
        descriptor = ours.detach()
        result = dump_from(lambda paths: {paths[0]: DiagSocket(descriptor)})
    finally:
        join(kernel)
        theirs.close()
        signal.signal(signal.SIGUSR1, before)
    assert (result.error, result.ports(), result.repeats) == (None, [80, 81], 0)
    assert signals


def test_a_kernel_that_does_not_go_on() -> None:
    with Answers([tcp(80)], patience=0.05) as kernel:
        result = dump_from(kernel)
        assert kernel.connected == 1
    assert said(result.error) == expected(errno.EAGAIN)
    assert isinstance(result.error, BlockingIOError)
    assert result.ports() == [80]


def test_a_request_that_cannot_be_sent() -> None:
    def connect(paths: Paths) -> Any:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.close()
        return {None: DiagSocket(ours.detach())}

    assert said(dump_from(connect).error) == expected(errno.EPIPE)


def test_a_socket_that_cannot_be_opened() -> None:
    assert said(dump_from(lambda paths: {None: errno.EMFILE}).error) == expected(errno.EMFILE)


def test_a_socket_that_is_given_is_ours_to_close() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    given = DiagSocket(ours.detach())
    with theirs:
        given.close()
        given.close()
        assert given.fd == -1
        assert theirs.recv(1) == b""


# ----------------------------------------------------------------------------------- what has moved


@pytest.mark.parametrize(
    ("moved", "ports", "asked"),
    [
        ({(0, TCP)}, [80, 81, 90, 82], [TCP, UDP, TCP]),
        ({(0, UDP), (7, TCP)}, [80, 81, 90], [TCP, UDP]),
        (set(), [80, 81, 90], [TCP, UDP]),
    ],
)
def test_what_took_several_datagrams_and_moved_is_asked_for_twice(
    moved: set[tuple[int, int]], ports: list[int], asked: list[int]
) -> None:
    """The row that was passed over is added; what comes twice then was to be expected."""
    sources = [(None, bytes([TCP]) * 16, TCP, 0), (None, bytes([UDP]) * 16, UDP, 0)]
    first = [tcp(80), tcp(80) + tcp(81) + DONE]
    second = renumber(tcp(90) + DONE, 2)
    third = [renumber(tcp(80), 3), renumber(tcp(82) + tcp(81) + DONE, 3)]
    with Answers([*first, second, *(third if len(asked) == 3 else ())]) as kernel:
        dump = Dump(sources, Matcher(ALL), moved=lambda: moved, connect=kernel)
        table = SocketTable()
        dump.fill(table)
        dump.close()
        assert [message[0] for _, message in kernel.requests()] == asked
    assert table.column("local_port").tolist() == ports
    assert dump.repeats == 1


@pytest.mark.parametrize("answer", [[tcp(80), DONE], [DONE], [message(NOOP, b""), tcp(80), DONE]])
def test_sockets_of_one_datagram_cannot_be_passed_over(answer: list[bytes]) -> None:
    """The kernel says in a datagram of its own that the answer has ended."""
    with Answers(answer) as kernel:
        dump = Dump([(None, ASKED, TCP, 0)], Matcher(ALL), moved=lambda: {(0, TCP)}, connect=kernel)
        assert sum(dump.count()) == len(answer) // 2


def test_a_stream_asks_twice_too() -> None:
    first, second = [tcp(80), tcp(81) + DONE], [renumber(tcp(81) + tcp(82) + DONE, 2)]
    with Answers([*first, *second]) as kernel:
        sources = [(None, ASKED, TCP, 0)]
        dump = Dump(sources, Matcher(ALL), moved=lambda: {(0, TCP)}, connect=kernel)
        tables, more = [], True
        while more:
            table = SocketTable()
            more = dump.fill(table, 1)
            tables.append(table.column("local_port").tolist())
    assert tables == [[80], [81, 82]]
    assert dump.repeats == 0


@pytest.mark.parametrize(("spaces", "times"), [((5, 5), 1), ((5, 6), 2)])
def test_cookies_are_known_with_their_namespace(spaces: tuple[int, int], times: int) -> None:
    """Near each other, where they share a slot, and so far apart that the set has to grow."""
    cookies = [1, 2, 64, 65, 1 << 40, (1 << 63) + 5, *range(1000, 181_000, 100)]
    third = len(cookies) // 3
    pieces = [cookies[:third], cookies[third : 2 * third], cookies[2 * third :]]
    datagrams = [b"".join(tcp(80, cookie=cookie) for cookie in piece) for piece in pieces]
    datagrams[-1] += DONE
    again = [renumber(one, 2) for one in datagrams]
    sources = [("here", ASKED, TCP, spaces[0]), ("there", ASKED, TCP, spaces[1])]
    with Answers(datagrams, again) as kernel:
        dump = Dump(sources, Matcher(ALL), connect=kernel)
        assert sum(dump.count()) == times * len(cookies)
    assert dump.repeats == (2 - times) * len(cookies)


# ------------------------------------------------------------------------------ what makes no sense


def changed(whole: bytes, at: int, value: bytes) -> bytes:
    return whole[:at] + value + whole[at + len(value) :]


def of_length(length: int) -> bytes:
    return changed(tcp(81), 0, struct.pack("=I", length))


NOTHING = message(NOOP, b"")
LAST = tcp(89) + DONE  # a later datagram, which nobody must read
WITH_NAME = attribute(CONG, b"cubic\0")

MALFORMED: dict[str, tuple[list[bytes], list[int]]] = {
    "an empty datagram": ([b"", LAST], []),
    "an empty datagram in between": ([tcp(80), b"", LAST], [80]),
    "a datagram that is cut off": ([tcp(80) + bytes(MOST_BYTES), LAST], []),
    "one byte too long": (
        [tcp(80) + message(NOOP, bytes(MOST_BYTES + 1 - 104)), LAST],
        [],
    ),
    "half a header": ([tcp(80) + tcp(81)[:15], LAST], [80]),
    "one byte": ([tcp(80) + b"\x10", LAST], [80]),
    "half a message": ([tcp(80) + tcp(81)[:-1], LAST], [80]),
    "a length of 0": ([tcp(80) + of_length(0) + DONE, LAST], [80]),
    "a length of half a header": ([tcp(80) + of_length(15) + DONE, LAST], [80]),
    "a length without a body": ([tcp(80) + of_length(16) + DONE, LAST], [80]),
    "a length beyond the datagram": ([tcp(80) + of_length(89), LAST], [80]),
    "a length beyond all": ([tcp(80) + of_length(0xFFFFFFFF), LAST], [80]),
    "a length that wraps": ([tcp(80) + of_length(0xFFFFFFFD), LAST], [80]),
    "half a socket": ([tcp(80) + message(SOCKET, inet_body(81)[:71]) + DONE, LAST], [80]),
    "an end without its number": ([tcp(80) + message(3, b""), LAST], [80]),
    "a refusal without its number": ([tcp(80) + message(ERROR, bytes(3)), LAST], [80]),
    "an end with no errno that there is": ([tcp(80) + end(4096), LAST], [80]),
    "a refusal with no errno that there is": ([tcp(80) + error(1 << 31), LAST], [80]),
    "no end": ([tcp(80), tcp(81)], [80, 81]),
}


@pytest.mark.parametrize(("datagrams", "ports"), MALFORMED.values(), ids=MALFORMED)
def test_an_answer_that_makes_no_sense(datagrams: list[bytes], ports: list[int]) -> None:
    result = hear(datagrams)
    assert said(result.error) == (OSError, errno.EBADMSG, os.strerror(errno.EBADMSG), PLACE)
    assert str(result.error) == f"[Errno 74] Bad message: '{PLACE}'"
    assert (result.ports(), result.repeats) == (ports, 0)


@pytest.mark.parametrize("length", [0, 1, 3, 13, 0x7FFF, 0x8000, 0xFFFF])
def test_an_attribute_whose_length_lies(length: int) -> None:
    lying = changed(WITH_NAME, 0, struct.pack("=H", length))
    result = hear(
        [tcp(80, attributes=WITH_NAME) + tcp(81, attributes=lying) + DONE, LAST],
        fields=("congestion",),
    )
    assert said(result.error) == expected(errno.EBADMSG)
    assert (result.ports(), result.table.column("congestion").tolist()) == ([80], [b"cubic"])
    # Who wants no attribute reads none.
    result = hear([tcp(80) + tcp(81, attributes=lying) + DONE])
    assert (result.error, result.ports()) == (None, [80, 81])
    result = hear(
        [unix(80, b"/a") + unix(81, attributes=lying) + DONE, unix(89) + DONE],
        protocols=(UNIX,),
        fields=("path",),
    )
    assert said(result.error) == expected(errno.EBADMSG)
    assert result.paths() == [b"/a"]


def test_half_a_unix_socket() -> None:
    result = hear([unix(80) + message(SOCKET, unix_body(81)[:15]) + DONE], protocols=(UNIX,))
    assert said(result.error) == expected(errno.EBADMSG)
    assert result.table.column("inode").tolist() == [80]


@pytest.mark.parametrize(
    ("datagrams", "ports"),
    [
        ([NOTHING, tcp(80) + NOTHING + tcp(81), NOTHING + DONE], [80, 81]),
        # An earlier request's rows, its end and its failure, whatever they are.
        ([renumber(tcp(70) + tcp(71), 0), tcp(80) + renumber(tcp(72), 7) + DONE], [80]),
        ([renumber(DONE, 0), tcp(80) + renumber(error(errno.EPERM), 0) + DONE], [80]),
        ([renumber(message(SOCKET, b"", flags=0), 0) + tcp(80) + DONE], [80]),
        # What ends an answer: the rest is of nobody.
        ([message(SOCKET, inet_body(80), flags=0) + tcp(81), tcp(82) + DONE], [80]),
        ([DONE + tcp(80)], []),
        ([error(0) + tcp(80)], []),
        ([end(-5) + tcp(80)], []),
        ([tcp(80) + end(1 - 2**31) + tcp(81)], [80]),
        # As long as there is room for, to the byte.
        ([message(NOOP, bytes(MOST_BYTES - 16 - 88 - 20)) + tcp(80) + DONE], [80]),
    ],
    ids=[
        "nothing",
        "earlier rows",
        "earlier ends",
        "earlier nonsense",
        "one message",
        "an end",
        "an acknowledgement",
        "a small number",
        "a great number",
        "a full buffer",
    ],
)
def test_what_is_passed_over(datagrams: list[bytes], ports: list[int]) -> None:
    result = hear(datagrams)
    assert (result.error, result.ports(), result.repeats) == (None, ports, 0)


# ------------------------------------------------------------------------ what came before an error


def paths(count: int, letter: bytes) -> bytes:
    return b"".join(unix(100 + n, b"/%s/%04d" % (letter, n)) for n in range(count))


# Rows wait in batches of 32: those of half a batch lie in the datagram's bytes when it ends.
@pytest.mark.parametrize("count", [1, 31, 32, 33, 80])
@pytest.mark.parametrize("failure", [error(errno.EPERM), end(errno.EIO), b"\x01", bytes(16)])
def test_rows_before_an_error_keep_their_bytes(count: int, failure: bytes) -> None:
    result = hear(
        [paths(count, b"a") + failure, paths(200, b"b") + DONE], protocols=(UNIX,), fields=("path",)
    )
    assert result.error is not None
    assert result.paths() == [b"/a/%04d" % n for n in range(count)]


@pytest.mark.parametrize("count", [1, 31, 32, 33, 80])
def test_rows_before_a_lost_datagram_keep_their_bytes(count: int) -> None:
    """The next answer takes the place of the bytes in which they waited."""
    tries = [
        [paths(count, b"a") + error(errno.ENOBUFS)],
        [renumber(paths(count + 1, b"b") + DONE, 2)],
    ]
    result = hear(*tries, protocols=(UNIX,), fields=("path",))
    assert (result.error, result.repeats) == (None, 0)
    assert result.paths() == [*(b"/a/%04d" % n for n in range(count)), b"/b/%04d" % count]


def test_rows_are_counted_before_an_error() -> None:
    tries = [[tcp(80) + error(errno.EAGAIN)], [renumber(DONE, 2)]]
    with Answers(*tries) as kernel:
        counts = Dump([(None, ASKED, TCP, 0)], Matcher(ALL), connect=kernel).count()
    assert counts[1] == sum(counts) == 1


def test_a_stream_gives_what_came_before_an_error() -> None:
    """A table that a stream has given is whole; the one in which it fails has what came."""
    with Answers([tcp(80), tcp(81) + error(errno.EPERM)]) as kernel:
        dump = Dump([(None, ASKED, TCP, 0)], Matcher(ALL), connect=kernel)
        first, second = SocketTable(), SocketTable()
        assert dump.fill(first, 1) is True
        with pytest.raises(PermissionError) as caught:
            dump.fill(second, 1)
    assert said(caught.value) == expected(errno.EPERM)
    assert (first.column("local_port").tolist(), [row.local_port for row in second]) == ([80], [81])


# ------------------------------------------------------------------- a kernel without some protocol

NO_MODULE = (errno.ENOENT, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let this kernel's answers for some protocols be these datagrams."""
    with contextlib.ExitStack() as held:

        def refuse(protocols: tuple[int, ...], *answer: bytes) -> None:
            def make(sources: Any, *rest: Any, **named: Any) -> Any:
                if not any(source[2] in protocols for source in sources):
                    return Dump(sources, *rest, **named)
                return Dump(
                    sources,
                    *rest,
                    connect=held.enter_context(Answers(list(answer))),
                    **named,
                )

            monkeypatch.setattr(netlink, "Dump", make)

        yield refuse


@pytest.fixture
def one_of_each() -> Iterator[dict[str, int]]:
    """A socket of each protocol: the protocol's name → its inode."""
    with contextlib.ExitStack() as held:
        made = {
            "tcp": held.enter_context(socket.create_server(("127.0.0.1", 0))),
            "udp": held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
            "unix": held.enter_context(socket.socket(socket.AF_UNIX)),
        }
        made["udp"].bind(("127.0.0.1", 0))
        made["unix"].bind("")  # the kernel makes a name: an unbound one, /proc shows as well
        yield {name: os.fstat(one.fileno()).st_ino for name, one in made.items()}


def check_sources(inodes: dict[str, int], sources: dict[str, str]) -> None:
    """Each question brings its sockets, wherever from."""
    questions: dict[str, tuple[str, ...]] = {
        **{name: (name,) for name in inodes},
        "all": tuple(inodes),
    }
    for name, source in sources.items():
        asked: Any = {"engine": "netlink", "protocol": questions[name]}
        table = fastsock.scan(**asked)
        assert table.sources["sockets"] == source
        wanted = {inodes[protocol]: protocol for protocol in questions[name]}
        assert {row.inode: row.protocol for row in table if row.inode in wanted} == wanted
        with fastsock.sockets(**asked) as stream:
            assert wanted.keys() <= {row.inode for row in stream}
        assert stream.sources["sockets"] == source
        counts = fastsock.count(**asked)
        assert counts.sources["sockets"] == source
        assert counts.total >= len(wanted)


MIXED = "netlink procfs"
LEFT_TO_PROC = [
    ((UDP,), {"tcp": "netlink", "udp": MIXED, "all": MIXED, "unix": "netlink"}),
    ((UNIX,), {"tcp": "netlink", "unix": MIXED, "all": MIXED, "udp": "netlink"}),
    ((UDP, UNIX), {"tcp": "netlink", "udp": MIXED, "unix": MIXED, "all": MIXED}),
]


@needs_kernel
@pytest.mark.parametrize("refusal", [error, end])
@pytest.mark.parametrize("number", NO_MODULE)
@pytest.mark.parametrize(("protocols", "sources"), LEFT_TO_PROC)
def test_a_protocol_without_a_module_is_read_from_proc(
    without: Callable[..., None],
    one_of_each: dict[str, int],
    protocols: tuple[int, ...],
    sources: dict[str, str],
    number: int,
    refusal: Any,
) -> None:
    without(protocols, refusal(number))
    check_sources(one_of_each, sources)


def ask_for_what_nobody_has(monkeypatch: pytest.MonkeyPatch, *protocols: int) -> None:
    """Let the kernel itself say what it says without a module: it has none for protocol 201."""

    def plan(*arguments: Any) -> list[Request]:
        planned = plan_requests(*arguments)
        for request in planned:
            if request.protocol in protocols:
                body = bytes((request.family or 2, 201)) + request.message[18:72]
                request.message = struct.pack("=IHHII", 72, SOCKET, 0x301, 0, 0) + body
        return planned

    monkeypatch.setattr(netlink, "plan_requests", plan)


@needs_kernel
def test_what_the_kernel_says_that_has_no_module(
    monkeypatch: pytest.MonkeyPatch, one_of_each: dict[str, int]
) -> None:
    ask_for_what_nobody_has(monkeypatch, UDP)
    check_sources(one_of_each, LEFT_TO_PROC[0][1])


@needs_kernel
def test_a_kernel_without_tcp_diag(monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for_what_nobody_has(monkeypatch, TCP)
    check_no_tcp("the kernel has no module tcp_diag loaded")


@needs_kernel
@pytest.mark.parametrize("number", NO_MODULE)
def test_a_kernel_that_refuses_tcp(without: Callable[..., None], number: int) -> None:
    without((TCP,), error(number))
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("netlink")
    assert str(caught.value).endswith("the kernel has no module tcp_diag loaded")


@needs_kernel
def test_a_kernel_that_forbids_sock_diag(without: Callable[..., None]) -> None:
    without((TCP,), error(errno.EPERM))
    check_no_tcp(f"{PLACE}: Operation not permitted (1)")


def check_no_tcp(reason: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        open_engine("netlink")
    assert str(caught.value) == f"engine netlink is not available: {reason}"
    (status,) = (one for one in engine_status() if one.name == "netlink")
    assert (status.available, status.auto, status.reason) == (False, "", reason)
    assert open_engine("auto").name == "procfs"
    assert fastsock.count(engine="auto").sources["sockets"] == "procfs"


# ------------------------------------------------------------------ half dump, half tables of /proc


@pytest.fixture
def halves(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], NetlinkEngine]]:
    """An engine that hears of TCP twice the same socket and reads of UDP three times the same."""
    tree = proctree.ProcTree(tmp_path)
    line = proctree.udp_line(("127.0.0.1", 53), inode=505)
    here = read_inode("/proc/thread-self")
    for name, lines in {"tcp": [], "tcp6": [], "udp": [line, line, line], "udp6": []}.items():
        tree.table(name, *lines, pid=1)
    space = Namespace(here, [str(tmp_path / "1" / "net")])
    # Nothing moves, so nothing is asked for twice.
    (tmp_path / "1" / "net" / "sockstat").write_text("TCP: inuse 2 orphan 0 tw 0 alloc 2 mem 1\n")
    monkeypatch.setattr(conductor, "find_namespaces", lambda *arguments: [space])
    with contextlib.ExitStack() as held:

        def make(sources: Any, *rest: Any, **named: Any) -> Any:
            if any(source[2] == UDP for source in sources):
                answer = [error(errno.ENOENT)]
            else:
                answer = [tcp(80) + tcp(81), tcp(80) + DONE]
            return Dump(sources, *rest, connect=held.enter_context(Answers(answer)), **named)

        monkeypatch.setattr(netlink, "Dump", make)
        yield lambda: netlink.NetlinkEngine("/proc", 1)


BOTH: Any = {"engine": "netlink", "protocol": ("tcp", "udp")}


def drain_stream() -> Any:
    with fastsock.sockets(**BOTH) as stream:
        rows = list(stream)
    return stream, len(rows)


ASK: list[Callable[[], Any]] = [
    lambda: ((table := fastsock.scan(**BOTH)), len(table)),
    lambda: ((counts := fastsock.count(**BOTH)), counts.total),
    drain_stream,
]


@needs_kernel
@pytest.mark.parametrize("ask", ASK, ids=["scan", "count", "stream"])
def test_repeats_of_a_dump_and_of_tables_are_added(
    halves: Callable[[], NetlinkEngine], ask: Callable[[], Any]
) -> None:
    if not read_inode("/proc/thread-self"):
        pytest.skip("our own network namespace has no number here")
    answer, rows = ask()
    assert rows == 3
    assert answer.sources["sockets"] == MIXED
    (note,) = answer.incomplete
    assert (note["what"], note["count"]) == ("repeated rows", 1 + 2)


@needs_kernel
def test_repeats_of_several_questions_add_up(
    halves: Callable[[], NetlinkEngine],
) -> None:
    engine = halves()
    (space,) = Question(protocol="udp").namespaces
    want = build_filter(protocol=("tcp", "udp"))
    assert engine.repeats == 0
    for asked in (1, 2):
        assert len(engine.sockets(want, [space])) == 3
        assert engine.repeats == 3 * asked
    assert sum(map(len, engine.stream(want, [space]))) == 3
    assert sum(engine.count(want, [space])) == 3
    assert engine.repeats == 12
    assert engine._tables.repeats == 8


@needs_kernel
def test_one_lost_datagram_is_no_repeat_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = [[tcp(80) + error(errno.ENOBUFS)], [renumber(tcp(80) + tcp(81) + DONE, 2)]]
    kernels = iter([Answers([DONE]), Answers(*tries)])
    with contextlib.ExitStack() as held:
        monkeypatch.setattr(
            netlink,
            "Dump",
            lambda *arguments, **named: Dump(
                *arguments, connect=held.enter_context(next(kernels)), **named
            ),
        )
        table = fastsock.scan(engine="netlink")
    assert table.column("local_port").tolist() == [80, 81]
    assert table.incomplete == ()
