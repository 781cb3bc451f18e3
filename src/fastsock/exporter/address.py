"""Where the exporter listens: `127.0.0.1:19469`, `[::1]:19469`, `unix:/run/fastsock/metrics`."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import stat
from collections.abc import Iterator

from fastsock.errors import FastsockError, escape

DEFAULT = "127.0.0.1:19469"

_BACKLOG = 128
_MODE = 0o660  # of the UNIX socket: its group may connect


class AddressError(FastsockError, ValueError):
    """An address that cannot be listened at: what, and why."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{escape(text)}: {reason}")


class Address:
    """An address: `path` of a UNIX socket, or "" and `host`, a number, and `port`."""

    __slots__ = ("path", "host", "port")

    def __init__(self, path: str = "", host: str = "", port: int = 0) -> None:
        self.path = path
        self.host = host
        self.port = port

    @property
    def is_local(self) -> bool:
        """Whether nobody from other hosts can come there."""
        return bool(self.path) or ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        if self.path:
            return f"unix:{escape(self.path)}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return what a text means; AddressError. Names are not looked up, and no host means none."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path or "\0" in path:
            raise AddressError(text, "unix: needs a path")
        return Address(path)
    host, colon, port = text.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 65536
    if not colon or number > 65535:
        raise AddressError(text, "not ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        given = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        example = "127.0.0.1" if not host or host == "localhost" else DEFAULT.partition(":")[0]
        raise AddressError(text, f"needs an address in numbers, as {example}:{port}") from None
    if bracketed != (given.version == 6):
        raise AddressError(text, "an IPv6 address, and no other, stands in brackets")
    return Address(host=str(given), port=number)


@contextlib.contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """Listen there; `address` then has the port that was chosen where 0 was asked for.

    A UNIX socket that a process has left behind is replaced, one that is answered at is not; in the
    end ours is removed. Raises AddressError.
    """
    listener = _open_unix(address) if address.path else _open_tcp(address)
    ours = _identity(address.path)
    try:
        with listener:
            yield listener
    finally:
        if ours is not None and ours == _identity(address.path):
            with contextlib.suppress(OSError):  # its directory is no longer to be written
                os.unlink(address.path)


def _identity(path: str) -> tuple[int, int] | None:
    """Return what tells a file from one that has taken its name; None where there is none."""
    try:
        status = os.lstat(path)
    except OSError:  # removed, or "" for no path
        return None
    return status.st_dev, status.st_ino


def _open_tcp(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # a kernel without IPv6
        raise AddressError(str(address), error.strerror or str(error)) from None
    try:
        # Else our own connections of a minute ago would be in the way.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address.host, address.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressError(str(address), error.strerror or str(error)) from None
    address.port = listener.getsockname()[1]
    return listener


def _open_unix(address: Address) -> socket.socket:
    _remove_stale(address)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~_MODE)
    try:
        listener.bind(address.path)
        listener.listen(_BACKLOG)
    except OSError as error:  # a path is too long for it, too
        listener.close()
        raise AddressError(str(address), error.strerror or str(error)) from None
    finally:
        os.umask(before)
    return listener


def _remove_stale(address: Address) -> None:
    """Remove a socket at which nobody answers; AddressError for whatever else is there."""
    try:
        if not stat.S_ISSOCK(os.lstat(address.path).st_mode):
            raise AddressError(str(address), "is there, and no socket")
    except OSError:  # nothing is there; or bind() will say what is wrong
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1.0)
        try:
            asking.connect(address.path)
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                with contextlib.suppress(OSError):  # bind() will say it
                    os.unlink(address.path)
                return
            # Not ours to enter, or too many wait there: somebody's in any case.
            raise AddressError(str(address), error.strerror or str(error)) from None
    raise AddressError(str(address), "another process listens there")
