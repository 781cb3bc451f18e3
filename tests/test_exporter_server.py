"""The exporter's server under clients that are many, slow, broken or ill-disposed."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from children import join
from fastsock.errors import EngineUnavailable
from fastsock.exporter import exchange
from fastsock.exporter.accepting import accepts
from fastsock.exporter.address import Address, AddressError, listening, parse_address
from fastsock.exporter.exchange import patience
from fastsock.exporter.server import Served, Server
from fastsock.exporter.sharing import Shared, TooLate

LIMIT = 20.0  # seconds in which everything must have happened
SHORT = 0.4  # what a client is given in most tests, in seconds
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n"
TEXT = b"# TYPE x gauge\nx 1.0\n"


class Text:
    """A page: `body`, in whatever form is asked for."""

    def __init__(self, body: bytes = TEXT) -> None:
        self.body = body

    def encode(self, accept: str) -> tuple[bytes, str]:
        return self.body, "text/plain" if "openmetrics" not in accept else "openmetrics"

    def pack(self, accept: str) -> bytes:
        return gzip.compress(self.body)


class Serving(NamedTuple):
    """A server under test."""

    family: int
    name: Any
    served: Served
    complaints: list[str]

    def connect(self, *, receives: int = 0) -> socket.socket:
        """Return a connection; `receives`: how many bytes it takes that nobody reads."""
        client = socket.socket(self.family)
        client.settimeout(LIMIT)
        if receives:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        client.connect(self.name)
        return client

    def ask(self, request: bytes = REQUEST) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an answer."""
        with self.connect() as client:
            client.sendall(request)
            return read_answer(client)


def read_answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    got = b""
    while part := client.recv(65536):
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    version, code, _ = first.split(" ", 2)
    assert version == "HTTP/1.1"
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert headers["connection"] == "close"
    return int(code), headers, body


@contextlib.contextmanager
def serve(
    ask: Callable[[float], Text] = lambda seconds: Text(),
    *,
    address: str = "127.0.0.1:0",
    timeout: float = LIMIT,
    most: int = 64,
) -> Iterator[Serving]:
    served = Served()
    complaints: list[str] = []
    reading, writing = os.pipe()
    with listening(parse_address(address)) as listener:
        one = Server(listener, ask, served, timeout=timeout, most=most, complain=complaints.append)
        thread = threading.Thread(target=one.serve, args=(reading,), daemon=True)
        thread.start()
        try:
            yield Serving(listener.family, listener.getsockname(), served, complaints)
        finally:
            os.write(writing, b"x")
            join(thread, LIMIT)
            os.close(reading)
            os.close(writing)
            wait_for(lambda: not [t for t in threading.enumerate() if t.name == "fastsock-http"])


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that gives clients less time, so that the tests take less."""
    monkeypatch.setattr(exchange, "HEAD_SECONDS", SHORT)
    monkeypatch.setattr(exchange, "ANSWER_SECONDS", SHORT)


# ------------------------------------------------------------------------------- what is answered


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "unix:{}/s"])
def test_a_scrape(address: str, tmp_path: Path) -> None:
    if "::" in address and not os.path.exists("/proc/self/net/tcp6"):
        pytest.skip("needs IPv6")
    with serve(address=address.format(tmp_path)) as serving:
        code, headers, body = serving.ask()
        assert (code, body, headers["content-type"]) == (200, TEXT, "text/plain")
        assert headers["content-length"] == str(len(TEXT))
        assert "python" not in headers["server"]
        code, headers, body = serving.ask(
            b"GET /metrics?x=1 HTTP/1.1\nAccept-Encoding: deflate, GZIP;q=0.5\n"
            b"accept: application/openmetrics-text;version=1.0.0\n\n"
        )
        assert (code, gzip.decompress(body)) == (200, TEXT)
        assert (headers["content-encoding"], headers["content-type"]) == ("gzip", "openmetrics")
        assert serving.served.codes() == {200: 2}


@pytest.mark.parametrize("host", [b"http://here", b"HTTP://[::1]:19469"])
def test_a_request_as_to_a_proxy(host: bytes) -> None:
    with serve() as serving:
        request = b"GET " + host + b"/metrics?x HTTP/1.1\r\nHost: here\r\n\r\n"
        assert serving.ask(request)[::2] == (200, TEXT)


def test_head_looks_at_nothing() -> None:
    def ask(seconds: float) -> Text:
        raise AssertionError("nobody wants to know")

    with serve(ask) as serving:
        code, headers, body = serving.ask(REQUEST.replace(b"GET", b"HEAD"))
    assert (code, body) == (200, b"") and "content-length" not in headers


@pytest.mark.parametrize(
    ("request_", "code", "said"),
    [
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405, b"GET and HEAD"),
        (b"GET / HTTP/1.1\r\n\r\n", 404, b"there is /metrics and nothing else"),
        (b"GET /metrics/ HTTP/1.1\r\n\r\n", 404, b"nothing else"),
        (b"GET http://here HTTP/1.1\r\n\r\n", 404, b"nothing else"),
        (b"GET http://here/?/metrics HTTP/1.1\r\n\r\n", 404, b"nothing else"),
        (b"GET ftp://here/metrics HTTP/1.1\r\n\r\n", 404, b"nothing else"),
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", 404, b"nothing else"),
        (b"POST /other HTTP/1.1\r\n\r\n", 404, b"nothing else"),
        (b"GET /metrics\r\n\r\n", 400, b"not a request of HTTP/1"),
        (b"GET /metrics HTTP/2.0\r\n\r\n", 505, b"Cannot fulfill request"),
        (b"GET /metrics HTTP/1.1 and more\r\n\r\n", 400, b"Bad request"),
        (b"GET /metrics HTTP/1.1\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431, b"100 headers"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, b"Bad request"),
        (b"\r\n\r\n", 400, b"not a request"),
        (b"\xff\xfe\0\n\n", 400, b"Bad request"),
    ],
)
def test_nothing_but_metrics(request_: bytes, code: int, said: bytes) -> None:
    with serve() as serving:
        answered, headers, body = serving.ask(request_)
        assert answered == code and said in body
        assert headers.get("allow") == ("get, head" if code == 405 else None)
        assert serving.served.codes() == {200: 0, code: 1}
        assert serving.ask()[0] == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"x" * exchange.MOST_HEAD * 4,
        b"GET /metrics HTTP/1.1\r\nX: " + b"x" * exchange.MOST_HEAD * 4 + b"\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"X: x\r\n" * exchange.MOST_HEAD + b"\r\n",
        b"\0" * exchange.MOST_HEAD * 4,
    ],
    ids=["line", "header", "headers", "zeros"],
)
def test_an_oversized_request(request_: bytes) -> None:
    with serve() as serving:
        code, _, body = serving.ask(request_)
        assert code == 431
        assert body in (b"a request has at most 8192 bytes\n", b"got more than 100 headers\n")
        assert serving.ask()[0] == 200


def test_a_request_of_the_largest_size() -> None:
    fill = exchange.MOST_HEAD - len(REQUEST) - len(b"X: \r\n")
    whole = REQUEST[:-2] + b"X: " + b"x" * fill + b"\r\n\r\n"
    assert len(whole) == exchange.MOST_HEAD
    with serve() as serving:
        assert serving.ask(whole)[0] == 200


# ----------------------------------------------------------------------------------- slow clients


@pytest.mark.usefixtures("hurried")
def test_a_half_sent_request() -> None:
    with serve() as serving, serving.connect() as client:
        started = time.monotonic()
        client.sendall(REQUEST[:-5])
        code, _, body = read_answer(client)
        assert (code, body) == (408, f"a request comes within {SHORT} s\n".encode())
        assert SHORT <= time.monotonic() - started < LIMIT / 2


@pytest.mark.usefixtures("hurried")
def test_a_client_that_says_nothing() -> None:
    with serve() as serving, serving.connect() as client:
        assert client.recv(1) == b""
        assert serving.served.codes() == {200: 0}


@pytest.mark.usefixtures("hurried")
def test_one_byte_after_another() -> None:
    """What trickles in gives nobody more time."""
    with serve() as serving, serving.connect() as client:
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for number in range(10_000):
                client.sendall(b"x" if number else b"G")
                time.sleep(SHORT / 20)
        assert SHORT <= time.monotonic() - started < LIMIT / 2
        wait_for(lambda: serving.served.codes().get(408) == 1)


@pytest.mark.usefixtures("hurried")
def test_a_client_that_never_reads() -> None:
    body = b"x" * (64 << 20)  # more than any buffer of the kernel
    with (
        serve(lambda seconds: Text(body), most=1) as serving,
        serving.connect(receives=4096) as client,
    ):
        started = time.monotonic()
        client.sendall(REQUEST)
        # There is no other place until it is given up.
        wait_for(lambda: len(read_or_refused(serving)) > len(body))
        assert SHORT <= time.monotonic() - started < LIMIT / 2
        with pytest.raises(ConnectionResetError):
            while client.recv(1 << 20):
                pass


def read_or_refused(serving: Serving) -> bytes:
    with contextlib.suppress(ConnectionError), serving.connect() as client:
        client.sendall(REQUEST)
        got = []
        while part := client.recv(1 << 20):
            got.append(part)
        return b"".join(got)
    return b""


@pytest.mark.usefixtures("hurried")
def test_a_client_that_reads_and_never_closes() -> None:
    with serve(most=1) as serving, serving.connect() as client:
        client.sendall(REQUEST)
        assert read_answer(client)[0] == 200
        wait_for(lambda: read_or_refused(serving).endswith(TEXT))  # its place is another's


def test_clients_that_go_at_once() -> None:
    with serve() as serving:
        for said in (b"", b"GET", REQUEST):
            for _ in range(50):
                with serving.connect() as client:
                    client.sendall(said)
                    reset = struct.pack("ii", 1, 0)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        assert serving.ask()[0] == 200


# ------------------------------------------------------------------------------------ many clients


def test_more_connections_than_there_may_be() -> None:
    with serve(most=3) as serving, contextlib.ExitStack() as held:
        idle = [held.enter_context(serving.connect()) for _ in range(3)]
        with serving.connect() as client:  # is told without a word of its own
            assert read_answer(client) == (
                503,
                {
                    "connection": "close",
                    "content-length": "21",
                    "content-type": "text/plain; charset=utf-8",
                },
                b"too many connections\n",
            )
        assert serving.served.refused == 1
        idle[0].sendall(REQUEST)
        assert read_answer(idle[0])[0] == 200
        idle[0].close()
        wait_for(lambda: read_or_refused(serving).endswith(TEXT))


def test_fifty_scrapes_at_once_share_one_look() -> None:
    begun = threading.Event()
    at_once: list[int] = []
    running = 0

    def look() -> Text:
        nonlocal running
        running += 1
        at_once.append(running)
        begun.wait(LIMIT)
        running -= 1
        return Text(b"look %d" % len(at_once))

    shared = Shared(look)
    with serve(shared.ask) as serving, contextlib.ExitStack() as held:
        clients = [held.enter_context(serving.connect()) for _ in range(50)]
        for client in clients:
            client.sendall(REQUEST)
        wait_for(lambda: sum(t.name == "fastsock-http" for t in threading.enumerate()) == 50)
        time.sleep(0.1)  # until the last of them has said what it wants
        begun.set()
        answers = [read_answer(client) for client in clients]
        assert {code for code, *_ in answers} == {200}
        assert {body for *_, body in answers} <= {b"look 1", b"look 2"}
        assert set(at_once) == {1} and shared.asked == len(at_once) <= 2
        assert serving.ask()[2] == b"look %d" % (len(at_once))  # each later scrape is a look


def test_descriptors_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """accept(2) fails until others have closed: whoever waits then is served."""
    failures = iter([OSError(24, "Too many open files"), OSError(103, "aborted")])
    accept = socket.socket.accept

    def refuse(listener: socket.socket) -> tuple[socket.socket, object]:
        for failure in failures:
            raise failure
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", refuse)
    with serve() as serving:
        assert serving.ask()[0] == 200


# ------------------------------------------------------------------------------------------ looks


def test_a_slow_look_never_stacks_up() -> None:
    may_end = threading.Event()

    def look() -> Text:
        may_end.wait(LIMIT)
        return Text()

    shared = Shared(look)
    with serve(shared.ask, timeout=0.1) as serving:
        for _ in range(5):
            code, _, body = serving.ask()
            assert (code, body) == (503, b"no look at the host has ended within 0.1 s\n")
        assert shared.asked == 1
        may_end.set()
        wait_for(lambda: serving.ask()[0] == 200)
        assert shared.asked <= 2  # who comes in its last moment shares it


def test_prometheus_says_how_long_it_waits() -> None:
    given: list[float] = []

    def ask(seconds: float) -> Text:
        given.append(seconds)
        return Text()

    with serve(ask, timeout=8.0) as serving:
        for said in (b"10", b"2.5", b"0.2", b"nan", b"-1", b"1e3", b"9" * 30):
            header = b"X-Prometheus-Scrape-Timeout-Seconds: " + said
            serving.ask(REQUEST[:-2] + header + b"\r\n\r\n")
    assert given == [8.0, 2.25, 0.1, 8.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EngineUnavailable("bpf", "gone"), "engine bpf is not available: gone"),
        (OSError(24, "Too many open files"), "[Errno 24] Too many open files"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_look_that_fails(error: Exception, said: str) -> None:
    broken = True

    def look() -> Text:
        if broken:
            raise error
        return Text()

    shared = Shared(look)
    with serve(shared.ask) as serving:
        for _ in range(3):
            code, _, body = serving.ask()
            assert (code, body.decode()) == (500, f"the look at the host failed: {said}\n")
        assert serving.complaints == [f"the look at the host failed: {said}"]  # and not at each
        broken = False
        assert serving.ask()[0] == 200
        assert (shared.asked, shared.failed) == (4, 3)


def test_a_pause_after_each_look() -> None:
    moments: list[float] = []

    def look() -> None:
        moments.append(time.monotonic())
        time.sleep(0.1)

    shared = Shared(look, pause=1.0)
    for _ in range(3):
        shared.ask(LIMIT)
    assert all(after - before >= 0.2 for before, after in zip(moments, moments[1:], strict=False))


@pytest.mark.parametrize(("seconds", "rest"), [(2.0, 0.5), (1.0, 0.0)])
def test_a_pause_makes_nobody_come_too_late(seconds: float, rest: float) -> None:
    """As much time as the last look took, and half of it more, is kept for the next: 1.5 s."""
    looks = iter((1.0, 0.0))
    shared = Shared(lambda: time.sleep(next(looks)), pause=LIMIT)
    shared.ask(LIMIT)
    started = time.monotonic()
    shared.ask(seconds)
    assert rest * 0.9 <= time.monotonic() - started < seconds


def test_who_cannot_wait_leaves_the_look_to_others() -> None:
    may_end = threading.Event()
    shared = Shared(lambda: may_end.wait(LIMIT))
    with pytest.raises(TooLate, match=r"^no look at the host has ended within 0.01 s$"):
        shared.ask(0.01)
    may_end.set()
    assert shared.ask(LIMIT) is True


@pytest.mark.usefixtures("hurried")
def test_who_is_being_answered_when_it_ends_still_is() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def ask(seconds: float) -> Text:
        begun.set()
        may_end.wait(LIMIT)
        return Text()

    with contextlib.ExitStack() as held:
        client = None
        with serve(ask) as serving:
            client = held.enter_context(serving.connect())
            client.sendall(REQUEST)
            begun.wait(LIMIT)
            threading.Timer(0.1, may_end.set).start()
        assert read_answer(client)[0] == 200


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("br, gzip;q=1", True),
        ("GZIP", True),
        ("gzip;q=0.05", True),
        ("gzip;level=9;q=0, gzip;level=1", True),
        ("gzip;q=0", False),
        ("gzip; Q = 0.000", False),
        ("x-gzip, gzipped", False),
        ("", False),
    ],
)
def test_what_a_client_accepts(header: str, accepted: bool) -> None:
    assert accepts(header, "gzip") is accepted


def test_patience_leaves_time_for_the_answer() -> None:
    assert patience("", 8) == 8
    assert patience("5", 8) == 4.75


# -------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("text", "shown", "local"),
    [
        ("127.0.0.1:19469", "127.0.0.1:19469", True),
        ("[::1]:0", "[::1]:0", True),
        ("0.0.0.0:80", "0.0.0.0:80", False),
        ("[::]:80", "[::]:80", False),
        ("unix:/run/a:b", "unix:/run/a:b", True),
        ("unix:a\x1b", "unix:a\\x1b", True),
    ],
)
def test_addresses(text: str, shown: str, local: bool) -> None:
    address = parse_address(text)
    assert (str(address), address.is_local) == (shown, local)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH"),
        ("127.0.0.1", "not ADDRESS:PORT"),
        ("127.0.0.1:", "not ADDRESS:PORT"),
        ("127.0.0.1:65536", "not ADDRESS:PORT"),
        ("127.0.0.1:1_0", "not ADDRESS:PORT"),
        ("127.0.0.1:http", "not ADDRESS:PORT"),
        (":19469", "needs an address in numbers, as 127.0.0.1:19469"),
        ("localhost:19469", "needs an address in numbers"),
        ("[127.0.0.1]:80", "stands in brackets"),
        ("::1:80", "stands in brackets"),
        ("unix:", "unix: needs a path"),
        ("unix:a\0b", "unix: needs a path"),
    ],
)
def test_addresses_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert reason in str(caught.value) and str(caught.value).isprintable()


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = Address(host="127.0.0.1", port=other.getsockname()[1])
        with (
            pytest.raises(AddressError, match=r"^127\.0\.0\.1:\d+: Address already in use$"),
            listening(address),
        ):
            pass


def test_a_unix_socket_is_its_groups_and_goes_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(parse_address(f"unix:{path}")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


def test_a_unix_socket_that_was_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with serve(address=f"unix:{path}") as serving:
        assert serving.ask()[0] == 200


def test_a_unix_socket_that_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(parse_address(f"unix:{path}")):
        with (
            pytest.raises(AddressError, match="another process listens there$"),
            listening(parse_address(f"unix:{path}")),
        ):
            pass
        assert path.exists()


def test_a_path_that_has_become_anothers_is_left(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(parse_address(f"unix:{path}")):
        path.unlink()
        path.write_text("not ours")
    assert path.read_text() == "not ours"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("file", "is there, and no socket"), ("no/s", "No such file"), ("x" * 200, "too long")],
)
def test_paths_that_cannot_be(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(AddressError, match=reason),
        listening(parse_address(f"unix:{tmp_path}/{name}")),
    ):
        pass
    assert (tmp_path / "file").exists()
