"""The lsof face against the installed lsof: the same live sockets and files, line by line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fastsock
from fastsock.compat.lsof import run
from lsof_holder import hold
from own_namespace import Namespace

needs_lsof = pytest.mark.skipif(shutil.which("lsof") is None, reason="lsof is not installed")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    directory = str(tmp_path_factory.mktemp("lsof").resolve())
    with hold(directory) as said:
        yield said


# {pid} and {child} hold the same sockets; {port} is where they listen, {both} the same for IPv6.
COMMANDS = """
-nP -i
-i
-nP -iTCP
-nP -i tcp
-nP -iUDP
-nP -iUDPLITE
-nP -i 6UDPLITE
-t -iUDPLITE
-nP -iUDPLITE -iTCP:{port}
-nP -iUDPLITE@127.0.0.1
-nP -iUDPLITE -Fpnt
-a -nP -iUDPLITE -p {pid} -Tqs
-nP -i4
-nP -i6
-i 4 -i 6 -nP
-nP -i4TCP
-nP -i6TCP
-nP -i4TCP:{port}
-nP -i4:{both}
-nP -i6:{both}
-nP -iTCP:{port}
-nPi TCP:{port}
-i:{port}
-i :{port}
-P -i:{port},{both}
-nP -i:{port}-65535
-nP -i:{port} -i:{both}
-nP -i:{both},{near} -iUDP:{udp}
-t -i:{port}
-ti:{port}
-t -i TCP:{port} -sTCP:LISTEN
-t -iTCP -sTCP:LISTEN
-nP -iTCP -sTCP:LISTEN
-nP -iTCP -stcp:^listen
-nP -iTCP:{port} -sTCP:LISTEN,ESTABLISHED
-nP -iTCP:{port} -sTCP:SYN_SENT
-nP -i -sTCP:CLOSE
-nP -i@127.0.0.1
-nP -i@127.0.0.1:{port}
-nP -iTCP@127.0.0.1:{both}
-nP -i@[::1]
-nP -i@[::ffff:127.0.0.1]:{both}
-i@localhost:{port}
-nP -i:1
-nP -i:99999
-nP -i:{port},
-i TCP:{port} -i TCP
-i TCP -i TCP:{port}
-a -i TCP:{port} -p {pid}
-nP -a -i -p {pid}
-nP -p {pid} -a -i
-nP -p {pid},{child} -a -iTCP
-nP -p ^{pid} -a -iTCP:{port}
-nP -a -i -p {pid} -d {listener}
-nP -a -i -p {pid} -d ^{listener}
-nP -a -i -p {pid} -d 12345
-nP -a -i -p {pid} -d cwd
-nP -i -a -c held
-nP -i -a -c ^held -p {pid}
-nP -i -a -c /^HELD/i
-nP -i -a -c /^held..by/x -c /never/
-nP -i -a -c '/held.*x)$/b'
-nP -a -i -u {uid}
-nP -a -i -u ^{uid}
-nP -a -i -u {user}
-nP -a -i -p {pid} -l
-nP -a -i -p {pid} -R -g
-nP -a -i -p {pid} -g {group}
-nP -a -i -p {pid} +c 0
-nP -a -i -p {pid} +c 3
-nP -a -i -p {pid} +c 15
-nP -i -T
-nP -i +T
-nP -i -Tq
-nP -i -Tqs
-nP -a -i -p {pid} -o
-nP -a -i -p {pid} -s
-nP -a -i -p {pid} +L
-nP -a -i -p {pid} +fg
-nP -a -i -p {pid} +fG
-nP -i -F
-nP -i -F0
-nP -i -Fpcn
-nP -i -F pcfnPtTd0
-nP -i -FpL -l
-nP -a -i -p {pid} -FgRT
-nP -a -i -p {pid} -Fp
-nP -a -i -p {pid} -i:{port}
-nP -X -a -p {pid} -d 3-100
-p {pid}
-nP -p {pid}
-nP -p {pid},{child}
-t -p {pid},{child}
-nP -p {pid} -F
-nP -p {pid} -F0
-nP -p {pid} -Fpcfn
-nP -p {pid} -Fr
-nP -p {pid} +L
-nP -p {pid} +fg
-nP -p {pid} +fG
-nP -p {pid} -o
-nP -p {pid} -o3
-nP -p {pid} -s
-nP -p {pid} -Tqs
-nP -p {pid} -l -R -g
-nP -p {pid} -i:{port}
-nP -c held
-w -nP -c held
-a -p {pid} -d cwd
-a -p {pid} -d txt,mem
-a -p {pid} -d fd
-a -p {pid} -d 0-2
-a -p {pid} -d ^mem,^txt
-a -p {pid} -U
-a -p {pid} -U -F
-a -p {pid} -i -U
-U -c held
+L1 -a -p {pid}
+aL1 -p {pid}
+D {dir}
+d {dir}
-t +D {dir}
-a +D {dir} -p {pid}
-a +d {dir} -p {pid} -d 3-1000
{dir}/app.log
-t {dir}/app.log
-t -- {dir}/app.log {dir}/part
-f -- {dir}
{socket}
-a -K -p {pid}
-Ki -a -p {pid} -d cwd
-p 1
-w -p 1
-p 2
-p 999999
-Q -p 999999
-V -p 999999
-V -i:1 -p 999999 -c nosuchcommand -g 999999
-V -i6:1 -u 4294967
-Q -i:1
-r1c2m== -a -p {pid} -d cwd
+r1m== -p 999999
-r1c1m%%% -F -a -p {pid} -d cwd
-b -O -nP -a -i -p {pid}
-S 2 -M -nP -a -i -p {pid}
-nP -a -i -N
""".strip().splitlines()


def words_of(command: str, held: dict[str, Any]) -> list[str]:
    import pwd
    import shlex

    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    filled = command.format(
        dir=held["directory"],
        socket=shlex.quote(held["path"]),
        uid=os.getuid(),
        user=user,
        group=os.getpgid(held["pid"]),
        **held,
    )
    return shlex.split(filled)


def answer(words: list[str]) -> tuple[bytes, int, list[str]]:
    reply = run(words)
    text = b"".join(reply.blocks)
    return text, reply.code() if callable(reply.code) else reply.code, [*reply.complaints]


@needs_lsof
@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_lines_and_exit_code(command: str, held: dict[str, Any]) -> None:
    words = words_of(command, held)
    for attempt in range(3):  # others on this host open and close sockets meanwhile
        theirs = subprocess.run(["lsof", *words], capture_output=True, timeout=60)
        text, code, _ = answer(words)
        if (theirs.stdout, theirs.returncode) == (text, code):
            return
        time.sleep(0.2 * attempt)
    # A busy host: then at least what stands still must be the same, whatever the widths.
    pids = {held["pid"], held["child"], 1, 2}
    assert only_of(pids, text) == only_of(pids, theirs.stdout)
    assert code == theirs.returncode


def only_of(pids: set[int], text: bytes) -> list[bytes]:
    """The lines, and the sets of fields, of these processes; blanks between words are one."""
    kept = []
    in_set = False
    for line in text.split(b"\n"):
        words = line.split()
        if match := re.match(rb"p(\d+)(\0|$)", line):
            in_set = int(match[1]) in pids
        if in_set or any(word.isdigit() and int(word) in pids for word in words[:2]):
            kept.append(line if in_set else b" ".join(words))
    return kept


def without_tools(text: bytes) -> list[bytes]:
    """The lines but for those of the tools themselves, which have files open as well."""
    return [line for line in text.split(b"\n") if not line.startswith((b"lsof", b"clsof"))]


def parse_first_lines(text: str) -> list[str]:
    """lsof's complaints, without the usage behind them."""
    lines = []
    for line in text.splitlines():
        if line.startswith(("lsof 4.", " latest", " usage")):
            break
        lines.append(line)
    return lines


WRONG = r"""
-q
-%
-:
-k
-C
--all
-i TCP:
-i icmp
-i :nosuchservice
-i TCP:nosuchservice
-i tcp:1-
-i :5-3
-i :8-9-10
-i :80,,90
-i :,80
-i :80x
-i @
-i @:80
-i @[::1
-i @[::]
-i @0.0.0.0
-i @no.such.host.invalid
-i6@1.2.3.4
-i4@[::1]
-i6@[::ffff:1.2.3.4]
-i @1.2.3.4x
-i file
-p abc
-p 1,^1
-p
-p -i
-g x
-g 1,^1
-u
-u no,such,user
-u 0,^0
-u nameofmorethanthirtytwocharacterswhichistoolong
-c
-c -i
-c ab -c ^ab
-c abcdefghijklmnopq
-c /a
-c /a/q
-c /a/ii
-c /a/bx
-c /[/
-c /\(/b
+c
+c x
+c 16
-d
-d 3-1
-d 3-3
-d 3-x
-d -3
-d 3-
-d 1,^2
-d ^1,2
-sTCP:FOO
-sTCP:
-sTCP:,LISTEN
-sTCP:^
-sTCP:LISTEN,listen
-sTCP:LISTEN,^LISTEN
-sUDP:x
-sUDP:
-sfoo:x
-o -s
-Fo -s
-Fq
-F -t
-T x
-x
-x q
-x f
-L5
-Kx
-f x
+f q
-m
-D x
-a
-X -i
-Z
-r1m%n -F
+d
+d /no/such/directory
+D /etc/passwd
/no/such/file
+f -- /etc/passwd
-i :1 -i :2x -p y
-w +d
-w -d 1,^2
""".strip().splitlines()


@needs_lsof
@pytest.mark.parametrize("command", WRONG)
def test_the_same_complaints_and_exit_code(command: str) -> None:
    words = command.split()
    theirs = subprocess.run(["lsof", *words], capture_output=True, text=True, timeout=60)
    text, code, complaints = answer(words)
    assert (code, text) == (theirs.returncode, theirs.stdout.encode())
    told = "\n".join(complaints).splitlines()
    expected = parse_first_lines(theirs.stderr)
    assert told[: len(expected)] == expected
    assert told[len(expected) :] == [] or told[len(expected)].startswith("usage: fastsock lsof")


def test_an_end_of_the_pipeline_that_people_use(held: dict[str, Any]) -> None:
    """`lsof -a -i TCP:PORT -p PID | tail -n +2 | awk '/ESTABLISHED/ …'` counts the same."""
    text, code, _ = answer(["-a", "-i", f"TCP:{held['port']}", "-p", str(held["pid"])])
    rows = text.splitlines()[1:]
    assert code == 0
    assert sum(b"ESTABLISHED" in row for row in rows) == 3  # near, far, and the waiting one
    assert sum(b"LISTEN" in row for row in rows) == 1 + (held["high"] >= 0)


@needs_lsof
@pytest.mark.parametrize("command", ["-p {pid}", "-nP -p {pid} -F", "-a -p {pid} -i", "-nP -i"])
def test_sockets_of_another_namespace(command: str, own_namespace: Namespace) -> None:
    """They are listed as what they are, with their protocol; -i means those of our own."""
    words = command.format(pid=own_namespace.pid).split()
    theirs = subprocess.run(["lsof", *words], capture_output=True, timeout=60)
    text, code, _ = answer(words)
    assert (without_tools(text), code) == (without_tools(theirs.stdout), theirs.returncode)
    if "-i" not in words:
        assert text.count(b"protocol: TCP\n") >= 6
    assert b":5001" not in text


def test_nothing_found_prints_nothing(held: dict[str, Any]) -> None:
    assert answer(["-t", "-i", "@127.255.255.254:9"]) == (b"", 1, [])
    assert answer(["-Q", "-t", "-i", "@127.255.255.254:9"]) == (b"", 0, [])


@pytest.mark.parametrize("flag", ["-E", "+E", "-e/x", "+m", "+M"])
def test_what_is_not_implemented_is_refused_by_name(flag: str) -> None:
    text, code, complaints = answer([flag, "-i"])
    assert (text, code) == (b"", 2)
    assert len(complaints) == 1
    assert complaints[0].startswith(f"fastsock lsof: {flag[:2]} is not implemented: it ")


def test_as_a_command(held: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "fastsock", "lsof", "-t", f"-iTCP:{held['port']}"]
    source = str(Path(fastsock.__file__).parents[1])  # what is tested, which may be installed
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": source},
    )
    pids = sorted((held["pid"], held["child"]))
    assert (done.stdout, done.stderr, done.returncode) == ("".join(f"{p}\n" for p in pids), "", 0)
