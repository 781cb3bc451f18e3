"""Names of services and hosts: what files say, and that a dead resolver hangs nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fastsock import names

TEXT = b"""\
# comment
tcpmux\t\t1/tcp\t\t\t# TCP port service multiplexer
http\t\t80/tcp\t\twww\t# WorldWideWeb HTTP
http-late\t80/tcp
domain\t\t53/udp
domain 53/tcp
sctp-thing 9/sctp
broken
bad 99999/tcp
bad x/tcp
"""
V4 = bytes(10) + b"\xff\xff" + bytes((192, 0, 2, 1))
V6 = bytes(15) + b"\x02"


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    names._hosts.clear()
    yield
    names._hosts.clear()


def test_services(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_bytes(TEXT)
    assert names.service_names(str(file)) == {
        (6, 1): b"tcpmux",
        (6, 80): b"http",
        (17, 53): b"domain",
        (6, 53): b"domain",
    }
    assert names.service_ports("www", str(file)) == {(6, 80)}
    assert names.service_ports("domain", str(file)) == {(6, 53), (17, 53)}
    assert names.service_ports("none", str(file)) == set()
    assert names.service_names(str(tmp_path / "missing")) == {}
    assert names.service_ports("http", str(tmp_path / "missing")) == set()


def test_the_first_name_is_that_of_libc() -> None:
    found = names.service_names()
    if not found:
        pytest.skip("no /etc/services")
    for (protocol, port), name in list(found.items())[:50]:
        assert socket.getservbyport(port, {6: "tcp", 17: "udp"}[protocol]) == name.decode()


def test_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look_up(place: tuple[str, int], flags: int) -> tuple[str, str]:
        asked.append(place[0])
        if place[0] == "::2":
            raise socket.gaierror("it has none")
        return ("bad\nname" if place[0] == "192.0.2.2" else "a.example", "0")

    monkeypatch.setattr(socket, "getnameinfo", look_up)
    bad = V4[:-1] + b"\x02"
    assert names.host_names([V4, V6, V4, bad]) == {V4: b"a.example"}
    assert sorted(asked) == ["192.0.2.1", "192.0.2.2", "::2"]
    assert names.host_names([V6, V4]) == {V4: b"a.example"}
    assert len(asked) == 3  # what has no name is not asked again
    assert names.host_names([]) == {}


def test_a_dead_resolver_hangs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    alive = threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        alive.wait(5)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getnameinfo", hang)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    before = time.monotonic()
    assert names.host_names([V4, V6], limit=0.1) == {}
    assert names.host_names([V4, V6], limit=3) == {}  # they had their chance
    assert names.host_addresses("a.example", limit=0.1) == []
    assert time.monotonic() - before < 2
    alive.set()


def test_addresses_of_a_host() -> None:
    assert names.host_addresses("127.0.0.1") == [bytes(10) + b"\xff\xff\x7f\0\0\1"]
    assert names.host_addresses("::1") == [bytes(15) + b"\1"]
    assert names.host_addresses("not a host") == []


def test_interfaces() -> None:
    assert b"lo" in names.interface_names().values()
