"""`ss -s`: how many sockets there are, from counters that the kernel keeps anyway.

    sockets: used 187
    TCP: inuse 7 orphan 0 tw 2 alloc 100043 mem 3

These are /proc/net/sockstat, /proc/net/sockstat6 and one number of /proc/net/snmp (proc(5)).
`alloc` is of the whole host, also inside a network namespace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

# The files, and the variable that names another one in place of each.
SOCKSTAT = ("PROC_NET_SOCKSTAT", "net/sockstat")
SOCKSTAT6 = ("PROC_NET_SOCKSTAT6", "net/sockstat6")
SNMP = ("PROC_NET_SNMP", "net/snmp")


def parse_counters(text: bytes) -> dict[str, dict[str, int]]:
    """Return the numbers of sockstat by the line's name and their own."""
    found = {}
    for line in text.decode("ascii", "replace").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        pairs = zip(words[::2], words[1::2], strict=False)
        found[name] = {key: int(value) for key, value in pairs if value.lstrip("-").isdigit()}
    return found


def parse_established(text: bytes) -> int | None:
    """Return Tcp: CurrEstab of net/snmp: names on one line, numbers on the next."""
    lines = [line.split() for line in text.splitlines() if line.startswith(b"Tcp:")]
    if len(lines) < 2 or b"CurrEstab" not in lines[0]:
        return None
    place = lines[0].index(b"CurrEstab")
    return int(lines[1][place]) if place < len(lines[1]) else None


def render_summary(counters: Mapping[str, Mapping[str, int]], established: int) -> str:
    """Return what `ss -s` prints."""

    def number(line: str, name: str) -> int:
        return counters.get(line, {}).get(name, 0)

    waiting, allocated = number("TCP", "tw"), number("TCP", "alloc")
    closed = allocated - (number("TCP", "inuse") + number("TCP6", "inuse") - waiting)
    lines = [
        f"Total: {number('sockets', 'used')}",
        f"TCP:   {allocated + waiting} (estab {established}, closed {closed}, "
        f"orphaned {number('TCP', 'orphan')}, timewait {waiting})",
        "",
        "Transport Total     IP        IPv6",
    ]
    pairs = {
        name: (number(name, "inuse"), number(f"{name}6", "inuse"))
        for name in ("RAW", "UDP", "TCP", "FRAG")
    }
    inet = [sum(pairs[name][n] for name in ("RAW", "UDP", "TCP")) for n in (0, 1)]
    pairs = {**pairs, "INET": (inet[0], inet[1])}
    for name in ("RAW", "UDP", "TCP", "INET", "FRAG"):
        four, six = pairs[name]
        lines.append(f"{name}\t  {four + six:<9} {four:<9} {six:<9}")
    return "\n".join([*lines, "", ""])


def read_summary(root: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the text, and what could not be read: that counts as 0, as with ss."""
    complaints = []

    def read(place: tuple[str, str]) -> bytes:
        variable, name = place
        with open(environment.get(variable) or os.path.join(root, name), "rb") as file:
            return file.read()

    counters = {}
    try:
        counters = parse_counters(read(SOCKSTAT))
        counters.update(parse_counters(read(SOCKSTAT6)))
    except OSError as error:
        if not counters:  # a kernel without IPv6 has no second file
            complaints.append(f"ss: get_sockstat: {error.strerror}")
    established = None
    try:
        established = parse_established(read(SNMP))
        reason = "No such process"  # what ss's ESRCH means
    except OSError as error:
        reason = str(error.strerror)
    if established is None:
        complaints.append(f"ss: get_snmpstat: {reason}")
    return render_summary(counters, established or 0), complaints
