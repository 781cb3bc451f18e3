"""One connection: a request for /metrics, GET or HEAD, and its answer.

The standard library reads the request and writes the head of the answer. Around it is what a client
may do wrong: there is a time for each step whatever trickles in meanwhile, and a size for the
request. No answer is kept for a client that does not take it: its connection is reset, and what the
kernel holds for it is freed.
"""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from fastsock import __version__
from fastsock.exporter.accepting import accepts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Page(Protocol):
        """What is served: see page.py."""

        def encode(self, accept: str) -> tuple[bytes, str]: ...
        def pack(self, accept: str) -> bytes: ...

    # Returns a page within so many seconds; raises Refusal.
    Ask = Callable[[float], Page]


PATH = "/metrics"

MOST_HEAD = 8192  # bytes of a request up to the empty line: Prometheus sends 300
HEAD_SECONDS = 5.0  # for all of it
ANSWER_SECONDS = 5.0  # for taking the answer, and to close the connection after it

# How long Prometheus waits. An answer that comes in the last moment comes too late.
_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"
_MARGIN = 0.25

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0


class Refusal(Exception):
    """A request that is not answered with metrics: the status, and why in one line."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Incoming(io.RawIOBase):
    """What a client sends until the moment `end`, and no more than MOST_HEAD bytes of it.

    Raises Refusal beyond either, ConnectionError where the client goes before.
    """

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection = connection
        self._end = end
        self._left = MOST_HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            raise Refusal(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"a request has at most {MOST_HEAD} bytes",
            )
        seconds = self._end - time.monotonic()
        try:
            if seconds <= 0:
                raise TimeoutError
            self._connection.settimeout(seconds)
            read = self._connection.recv_into(memoryview(buffer)[: self._left])
        except TimeoutError:
            if self._left == MOST_HEAD:  # nobody has asked anything
                raise ConnectionError from None
            reason = f"a request comes within {HEAD_SECONDS:g} s"
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, reason) from None
        if not read:
            raise ConnectionError
        self._left -= read
        return read


class Exchange(BaseHTTPRequestHandler):
    """Answers the one request of a connection; what it is made with, it ends with.

    `ask` gives the page in the seconds that it is given, at most `timeout`, or raises Refusal;
    `count` is told the status of each answer.
    """

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # to 0.9, the library's, no head is written

    def __init__(
        self,
        connection: socket.socket,
        ask: Ask,
        *,
        timeout: float,
        count: Callable[[int], None],
    ) -> None:
        self._ask = ask
        self._patience = timeout
        self._count = count
        super().__init__(connection, None, None)  # type: ignore[arg-type]

    def setup(self) -> None:
        self.connection = self.request
        self.rfile = io.BufferedReader(
            Incoming(self.connection, time.monotonic() + HEAD_SECONDS), MOST_HEAD
        )
        self.wfile = self._answer = io.BytesIO()

    def handle(self) -> None:
        """Read the request and answer it; OSError where the client goes before."""
        self.request_version = self.command = ""  # the library's, which it sets while it reads
        try:
            self.raw_requestline = self.rfile.readline(MOST_HEAD + 1)
            if self.parse_request():
                self._answer_request()
            elif not self._answer.tell():  # an empty line: it says nothing to that
                raise Refusal(HTTPStatus.BAD_REQUEST, "not a request")
        except Refusal as refusal:
            self._refuse(refusal)

    def finish(self) -> None:
        if self._answer.tell():
            send(self.connection, self._answer.getbuffer(), time.monotonic() + ANSWER_SECONDS)

    def _answer_request(self) -> None:
        if find_path(self.path) != PATH:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is {PATH} and nothing else")
        if self.command not in ("GET", "HEAD"):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "GET and HEAD")
        if len(self.requestline.split()) != 3:
            raise Refusal(HTTPStatus.BAD_REQUEST, "not a request of HTTP/1")
        if self.command == "HEAD":  # looks at nothing
            self._write(HTTPStatus.OK, {})
            return
        accept = self.headers.get("Accept", "")
        page = self._ask(patience(self.headers.get(_TIMEOUT, ""), self._patience))
        text, kind = page.encode(accept)
        fields = {"Content-Type": kind, "Vary": "Accept, Accept-Encoding"}
        if accepts(self.headers.get("Accept-Encoding", ""), "gzip"):
            text = page.pack(accept)
            fields["Content-Encoding"] = "gzip"
        self._write(HTTPStatus.OK, {**fields, "Content-Length": str(len(text))}, text)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what the library finds wrong with a request; `message` would have it in it."""
        status = HTTPStatus(code)
        self._refuse(Refusal(status, explain or status.description or status.phrase))

    def _refuse(self, refusal: Refusal) -> None:
        text = f"{refusal}\n".encode("utf-8", "replace")
        fields = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(text))}
        if refusal.status == HTTPStatus.METHOD_NOT_ALLOWED:
            fields["Allow"] = "GET, HEAD"
        self._write(refusal.status, fields, b"" if self.command == "HEAD" else text)

    def _write(self, status: HTTPStatus, fields: Mapping[str, str], text: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**fields, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def version_string(self) -> str:
        """Return the header Server, which says nothing of Python."""
        return f"fastsock/{__version__}"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Count the answer: the metrics have the numbers."""
        self._count(int(code))

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: whoever can connect could fill the log."""


def send(connection: socket.socket, answer: bytes | memoryview, end: float) -> None:
    """Send an answer and see that it is taken, until the moment `end`; else reset the connection.

    The client closes first, when it has read all: to close while something of it is unread would
    reset the connection, and could take the answer away from it.
    """
    try:
        connection.settimeout(max(end - time.monotonic(), 0.001))
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        unread = 1 << 16  # bytes that may still come, as the body of a POST
        while unread > 0:
            connection.settimeout(max(end - time.monotonic(), 0.001))
            part = connection.recv(4096)
            if not part:
                return
            unread -= len(part)
    except OSError:
        pass  # too slow, or gone
    with contextlib.suppress(OSError):  # reset by the client
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def patience(said: str, timeout: float) -> float:
    """Return how many seconds a client waits, by what it says and by our own limit."""
    # float() takes more than anybody means.
    if len(said) > 20 or not (said.isascii() and said.replace(".", "", 1).isdigit()):
        return timeout
    seconds = float(said)
    return min(timeout, max(seconds - _MARGIN, seconds / 2))


def find_path(target: str) -> str:
    """Return the path of what is asked for: `/metrics?x`, or `http://host/metrics` as to a proxy,
    which every server takes (RFC 9112, 3.2.2). Whatever stands behind a ? is nothing to us.
    """
    path = target.partition("?")[0]
    if path[:7].lower() != "http://":
        return path
    _, slash, rest = path[7:].partition("/")
    return slash + rest
