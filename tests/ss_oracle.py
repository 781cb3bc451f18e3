"""The real ss beside ours: the same command line over the same sockets, line for line.

What the two may differ in is left out here, and nowhere else: the order within a table, which is
the kernel's chance, and the numbers that go on while one looks after the other.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest

from fastsock.compat.ss import run

# What people type (the tool's manual, questions and answers on the net, scripts of monitoring).
LIVE = (
    "-tan",
    "-tn",
    "-ta",
    "-t",
    "-nt",
    "-tln",
    "-ltn",
    "-lnt4",
    "-tlnp",
    "-tanp",
    "-antp",
    "-tunlp",
    "-tulpn",
    "-tupan",
    "-lntu",
    "-uan",
    "-ua",
    "-uln",
    "-ulnp",
    "-unp",
    "-xan",
    "-xl",
    "-x",
    "-xp",
    "-xanp",
    "-tuxlpn",
    "-Htan",
    "-tHn",
    "-Hltn",
    "-4tan",
    "-6tan",
    "-t -4 -n",
    "-tn46",
    "-f inet -tan",
    "-f inet6 -ta",
    "-f unix -n",
    "-A tcp -an",
    "-A tcp,udp -an",
    "-A inet,!raw,!mptcp,!sctp,!dccp -an",
    "-A u_str -an",
    "-A unix_dgram -an",
    "-a -A udp -n",
    "--tcp --all --numeric",
    "--tcp --listening --processes --numeric",
    "-tan state established",
    "-tn state time-wait",
    "-Htn state all",
    "-tan exclude established",
    "-tn state connected exclude established",
    "-tn state syn-sent state syn-recv",
    "-tn state bucket",
    "-tn state big",
    "-n state listening -A tcp",
    "-tuan state unconnected",
    "-tane",
    "-tlne",
    "-tanpe",
    "-uane",
    "-tano",
    "-tanpo",
    "-toan",
    "-tanoe",
    "-tanm",
    "-uanm",
    "-xanm",
    "-tlnm",
    "-tanmO",
    "-tani",
    "-tniH",
    "-tlni",
    "-tin",
    "-ti",
    "-tanioemp",
    "-tanOi",
    "-tanT",
    "-tlnpT",
    "-s",
    "-st -n",
    "-tanO",
    "-tar",
    "-xane",
    "-xle",
    "-xaem",
    "-tuxane",
    "-tan --cgroup",
    "-tan --inet-sockopt",
    "-ua --inet-sockopt -O",
)


class Output(NamedTuple):
    """What a command wrote and returned."""

    text: str
    complaints: str
    code: int


def installed_version() -> str:
    """The release of the ss that is here; the test is skipped where there is none."""
    if shutil.which("ss") is None:
        pytest.skip("no ss here")
    told = subprocess.run(["ss", "-V"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"iproute2-(\d+\.\d+)", told)
    if found is None:
        pytest.skip(f"this ss does not tell its release: {told.strip()!r}")
    return found[1]


def run_theirs(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Output:
    """The real one, in the namespace of this process."""
    done = subprocess.run(
        ["ss", *words],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**clean_environment(), **(environment or {})},
        timeout=60,
    )
    return Output(
        done.stdout.decode("utf-8", "surrogateescape"),
        done.stderr.decode("utf-8", "surrogateescape"),
        done.returncode,
    )


def run_ours(
    words: Sequence[str], version: str, environment: Mapping[str, str] | None = None
) -> Output:
    """Ours, with the output of that release."""
    if os.geteuid():  # as the real one loses the rights that root of a user namespace has
        return _run_apart(words, version, environment or {})
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(clean_environment(before), **(environment or {}))
    try:
        reply = run([f"--compat-version={version}", *words])
        text = b"".join(reply.blocks).decode("utf-8", "surrogateescape")
    finally:
        os.environ.clear()
        os.environ.update(before)
    code = reply.code if isinstance(reply.code, int) else reply.code()
    return Output(text, "".join(f"{line}\n" for line in reply.complaints), code)


def _run_apart(words: Sequence[str], version: str, environment: Mapping[str, str]) -> Output:
    done = subprocess.run(
        [sys.executable, "-m", "fastsock", "ss", f"--compat-version={version}", *words],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**clean_environment(), **environment},
        timeout=60,
    )
    text, complaints = (
        written.decode("utf-8", "surrogateescape") for written in (done.stdout, done.stderr)
    )
    return Output(text, complaints, done.returncode)


def clean_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What both read, without what would change their answers."""
    kept = os.environ if environment is None else environment
    read = ("PROC_", "TCPDIAG_FILE", "COLUMNS")
    return {name: value for name, value in kept.items() if not name.startswith(read)}


# Numbers that go on between two looks: the time of a timer, times since, and what follows of them.
_MOVING = re.compile(
    r"(?<=timer:\()(\w+),[^)]*|(?<=Total: )\d+|"
    r"(?<= )(lastsnd|lastrcv|lastack|busy|rto|backoff|segs_out|segs_in|rwnd_limited|unacked|"
    r"sndbuf_limited|retrans|rcv_rtt|bytes_retrans|lost|ato|bytes_sent):[^ \n]*|"
    r"(?<= )(send|pacing_rate|delivery_rate) \S+"
)


def records(text: str) -> list[str]:
    """The lines, sorted, with those that belong to a socket behind its own."""
    still = _MOVING.sub(lambda found: found[0][:3] if found[0][0].isalpha() else "N", text)
    lines = still.replace("\n\t", "\0\t").splitlines()
    # A number that goes on is not always as long, and the others' lines are padded to the longest.
    moved = len(_MOVING.findall(text)) > 0
    return sorted(line.rstrip(" ") if moved else line for line in lines)


def ask_both(words: Sequence[str], version: str) -> tuple[Output, Output]:
    """Theirs and ours of the same moment: where sockets moved, it is tried once more."""
    for _ in range(5):
        theirs, ours = run_theirs(words), run_ours(words, version)
        if records(ours.text) == records(theirs.text):
            break
    return theirs, ours
