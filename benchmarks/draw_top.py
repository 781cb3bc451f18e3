"""Draw top.svg: a real frame of `fastsock top`, with its colours, of a host that is made up.

    python benchmarks/draw_top.py   (as root: it makes a network namespace, and a host name)

Some processes with the names of well-known servers, whose sockets are as real as any. The frame is
what pyte, a terminal in memory, shows. To standard output goes what --once says of the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests"))

import pyte.screens  # noqa: E402

import sockfarm  # noqa: E402
from terminals import LiveTerminal, live  # noqa: E402

CLONE_NEWUTS, PR_SET_NAME, PR_SET_PDEATHSIG = 0x04000000, 15, 1
libc = ctypes.CDLL(None)
KEPT: list[socket.socket] = []

# ----------------------------------------------------------------------------------------- the host


def start(name: str, role: Callable[[], None]) -> int:
    """Fork a process of this name, and return when its role has begun."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
        role()
        os.write(writing, b"!")
        while True:
            follow()
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return pid


def follow() -> None:
    """What a process does when all stands: most do nothing."""
    signal.pause()


def serving(address: str, port: int, backlog: int, accepted: int, leaked: int = 0) -> None:
    """Listen, accept so many, and keep `leaked` of them though their peers are done."""
    server = socket.create_server((address, port), backlog=backlog)
    KEPT.append(server)
    if os.fork():  # the parent is the one that is asked for its children's listener
        return
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for _ in range(accepted):
        KEPT.append(server.accept()[0])
    while True:
        if leaked or port == 8080:
            signal.pause()
        KEPT.append(server.accept()[0])
        if len(KEPT) > accepted + 20:
            KEPT.pop(accepted + 1).close()


def calling(port: int, number: int, closed: int = 0) -> None:
    for n in range(number):
        KEPT.append(socket.create_connection(("127.0.0.1", port)))
        if n < closed:
            KEPT[-1].shutdown(socket.SHUT_WR)


def churning() -> None:
    """Load on port 443: connections that come and go."""
    global follow
    calling(443, 150)

    def churn() -> None:
        KEPT.append(socket.create_connection(("127.0.0.1", 443)))
        if len(KEPT) > 170:  # those of the beginning stay
            KEPT.pop(150).close()
        time.sleep(0.02)

    follow = churn


def overwhelming() -> None:
    """Fill the queue of a listener that accepts no more."""
    calling(8080, 90, 37)
    for _ in range(17):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", 8080))
        KEPT.append(one)


def make_host() -> None:
    sockfarm.enter_namespace(sockfarm.CLONE_NEWNET)
    libc.unshare(CLONE_NEWUTS)
    socket.sethostname("web-1")
    start("nginx", lambda: serving("0.0.0.0", 443, 511, 150))
    start("app", lambda: serving("127.0.0.1", 8080, 16, 90, leaked=37))
    start("postgres", lambda: serving("127.0.0.1", 5432, 200, 40))
    start("redis-server", lambda: serving("127.0.0.1", 6379, 511, 24))
    start("pgbouncer", lambda: calling(5432, 40))
    start("worker", lambda: calling(6379, 24))
    start("gateway", overwhelming)
    start("load", churning)


# -------------------------------------------------------------------------------------- the picture

WIDE, HIGH, MARGIN = 8.4, 18, 12  # of a character, and around all, in pixels
COLOURS = {
    "default": "#d8dee9",
    "red": "#ff6b6b",
    "green": "#8fd694",
    "brown": "#f2cc60",
    "yellow": "#f2cc60",
    "brightblack": "#7b8794",
}
BACKGROUND = "#1b2129"


def draw(terminal: LiveTerminal) -> str:
    """Return the screen as SVG: runs of characters of one style, each at its column."""
    screen = terminal.screen
    width, height = screen.columns * WIDE + 2 * MARGIN, screen.lines * HIGH + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" role="img" '
        'aria-label="A frame of fastsock top">',
        f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>',
    ]
    for y in range(screen.lines):
        row = screen.buffer[y]
        x = 0
        while x < screen.columns:
            style = row[x][1:]
            end = x
            while end < screen.columns and row[end][1:] == style:
                end += 1
            text = "".join(row[at].data for at in range(x, end))
            parts += run(x, y, text, row[x])
            x = end
    return "\n".join([*parts, "</svg>", ""])


def run(x: int, y: int, text: str, style: pyte.screens.Char) -> list[str]:
    left, top = MARGIN + x * WIDE, MARGIN + y * HIGH
    ink = COLOURS.get(style.fg, COLOURS["default"])
    parts = []
    if style.reverse:
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{len(text) * WIDE:.1f}" height="{HIGH}" '
            f'fill="{ink}"/>'
        )
        ink = BACKGROUND
    if text.strip():
        look = ' font-weight="bold"' if style.bold else ""
        look += ' text-decoration="underline"' if style.underscore else ""
        parts.append(
            f'<text x="{left:.1f}" y="{top + 14}" fill="{ink}"{look} xml:space="preserve" '
            f'textLength="{len(text) * WIDE:.1f}">{escape(text)}</text>'
        )
    return parts


if __name__ == "__main__":
    make_host()
    with live("top", "--interval", 2) as terminal:
        terminal.wait_for("per second")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            terminal.read()
        Path(HERE, "top.svg").write_text(draw(terminal))
        terminal.press("q")
        terminal.wait()
    subprocess.run([sys.executable, "-m", "fastsock", "top", "--once"], check=True)
