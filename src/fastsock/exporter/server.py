"""The exporter's server: so many connections at once, and no more; the others are refused at once.

Each has a thread, for as long as exchange.py gives a client: nobody waits for a place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastsock.errors import FastsockError, escape
from fastsock.exporter.exchange import Exchange, Refusal
from fastsock.exporter.sharing import TooLate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.exporter.exchange import Ask, Page

GRACE_SECONDS = 2.0  # for those that are being answered when it is to end

# To accept a connection takes what there is none of. There will be when others have ended.
_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_EXHAUSTED_SECONDS = 0.1

_TOO_MANY = b"too many connections\n"
_REFUSED = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b"
) % (len(_TOO_MANY), _TOO_MANY)


class Served:
    """How many requests were answered with which status, and how many connections refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[int, int] = {200: 0}
        self.refused = 0

    def count(self, code: int) -> None:
        """Count an answer."""
        with self._lock:
            self._codes[code] = self._codes.get(code, 0) + 1

    def codes(self) -> Mapping[int, int]:
        """Return the numbers by status."""
        with self._lock:
            return dict(self._codes)


class Server:
    """Serves what `ask` returns, on a listening socket.

    `ask` is given the seconds that it may take, at most `timeout`, and raises TooLate beyond them.
    There are `most` connections at once. `complain` takes a line for the log: what went wrong with
    a look, once until something else does.
    """

    def __init__(
        self,
        listener: socket.socket,
        ask: Ask,
        served: Served,
        *,
        timeout: float,
        most: int,
        complain: Callable[[str], None],
    ) -> None:
        self._listener = listener
        self._ask = ask
        self._served = served
        self._timeout = timeout
        self._most = most
        self._slots = threading.BoundedSemaphore(most)
        self._complain = complain
        self._complaint = ""

    def serve(self, wake: int) -> None:
        """Answer until the descriptor `wake` can be read. Who is being answered then still is."""
        self._listener.setblocking(False)
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        waiting.register(wake, select.POLLIN)
        while True:
            ready = {fd for fd, _ in waiting.poll()}
            if wake in ready:
                break
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                # Others: the client has gone, or something on the way did (accept(2)).
                if error.errno in _EXHAUSTED:
                    time.sleep(_EXHAUSTED_SECONDS)
                continue
            self._take(connection)
        self._listener.close()
        end = time.monotonic() + GRACE_SECONDS
        for _ in range(self._most):
            if not self._slots.acquire(timeout=max(0.0, end - time.monotonic())):
                break

    def _take(self, connection: socket.socket) -> None:
        """Answer a connection in a thread of its own, or refuse it where there are too many."""
        if self._slots.acquire(blocking=False):
            thread = threading.Thread(
                target=self._run, args=(connection,), name="fastsock-http", daemon=True
            )
            try:
                thread.start()
                return
            except RuntimeError:  # no more threads allowed
                self._slots.release()
        self._served.refused += 1  # only this thread counts them
        with connection, contextlib.suppress(OSError):  # gone before it could be told
            connection.setblocking(False)
            connection.send(_REFUSED)

    def _run(self, connection: socket.socket) -> None:
        try:
            with connection:
                Exchange(connection, self._find, timeout=self._timeout, count=self._served.count)
        except OSError:  # the client has gone
            pass
        finally:
            self._slots.release()

    def _find(self, seconds: float) -> Page:
        """Return the page that `ask` gives; Refusal where there is none."""
        try:
            page = self._ask(seconds)
        except TooLate as error:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None
        except (FastsockError, OSError, MemoryError) as error:
            reason = f"the look at the host failed: {escape(str(error)) or type(error).__name__}"
            if reason != self._complaint:
                self._complaint = reason
                self._complain(reason)
            raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, reason) from None
        self._complaint = ""
        return page


def tell_systemd(state: str) -> None:
    """Tell a service manager that waits for it, sd_notify(3): READY=1, STOPPING=1."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path[:1] not in ("/", "@"):
        return
    address = "\0" + path[1:] if path[0] == "@" else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
        with contextlib.suppress(OSError):  # it has gone: nobody waits
            telling.sendto(state.encode(), address)
