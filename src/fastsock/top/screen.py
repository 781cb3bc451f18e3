"""The terminal: keys in, frames out, and back to what it was whatever happens.

The library blessed knows the terminal's sequences and keys. What waits is here: for a key, the next
look, a signal, the loss of the terminal. It sends nothing to the terminal that this would have to
answer, and only lines that are others than before: over a slow line that is what counts.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import termios
import threading
import time
import tty
from collections.abc import Iterator

import blessed
from blessed import LineEditor, LineHistory  # by name: an older release has none, see cli/top.py

from fastsock.errors import FastsockError, NoSuchProcess
from fastsock.top.frame import BAD, CHOSEN, DIM, GOOD, HEAD, TITLE, WARN, render_frame
from fastsock.top.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from fastsock.top.frame import Line
    from fastsock.top.sampling import Look, Sampler

_KEYBOARD, _SCREEN = 0, 1
# Those that are only to wake the loop; their numbers come through a pipe.
_WAKING = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_REST = 0.1  # seconds in which the rest of a character comes, as long as inkey waits behind Esc


class Ended(BaseException):
    """A signal asks for the end. Not an Exception: nothing in between may take it for one."""

    def __init__(self, number: int) -> None:
        self.number = number


class Lost(Exception):
    """The terminal is gone."""


class Terminal(blessed.Terminal):
    """The library's, reading keys itself only when told to: it asks the terminal nothing."""

    def __init__(self) -> None:
        # Not of a standard stream: of those it would also take the keyboard, and ask questions.
        self._own = os.fdopen(os.dup(_SCREEN), "w", encoding="utf-8", errors="backslashreplace")
        # By this wish (no-color.org) the library would not even move the cursor.
        plain = os.environ.pop("NO_COLOR", "")
        try:
            super().__init__(stream=self._own)
        finally:
            if plain:
                os.environ["NO_COLOR"] = plain
        self.in_colour = not plain
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def kbhit(self, timeout: float | None = None) -> bool:
        return bool(select.select([_KEYBOARD], [], [], timeout)[0])

    def getch(self, decode_latin1: bool = False) -> str:
        data = _read_byte()
        if decode_latin1:
            return data.decode("latin-1")
        text = self._decoder.decode(data)
        while not text:  # so far only the beginning of a character
            # A terminal of another encoding sends no more of it, and looks must go on.
            more = self.kbhit(_REST)
            text = self._decoder.decode(_read_byte() if more else b"", final=not more)
        return text


def _read_byte() -> bytes:
    data = os.read(_KEYBOARD, 1)
    if not data:
        raise Lost
    return data


class Screen:
    """What stands on the terminal."""

    def __init__(self) -> None:
        self.terminal = terminal = Terminal()
        self._lines: list[str] = []
        self._size = (0, 0)
        self._styles: dict[str, str] = {
            HEAD: terminal.bold,
            TITLE: terminal.bold_underline,
            CHOSEN: terminal.reverse,
            BAD: terminal.bold,
        }
        if terminal.in_colour:
            self._styles |= {
                DIM: terminal.bright_black if terminal.number_of_colors > 8 else "",
                GOOD: terminal.green,
                WARN: terminal.yellow,
                BAD: terminal.bold_red,
            }
        self._normal = terminal.normal

    def size(self) -> tuple[int, int]:
        """Return columns and lines; at least one of each."""
        try:
            columns, lines = os.get_terminal_size(_SCREEN)
        except OSError:
            raise Lost from None
        return (columns or 80), (lines or 24)

    def draw(self, view: View, *, anew: bool = False) -> None:
        """Bring a frame to the terminal."""
        size = self.size()
        made = [self._styled(line) for line in render_frame(view, *size)]
        parts = []
        if anew or size != self._size:
            parts.append(self._normal + self.terminal.clear)
            self._lines = []
        for at, line in enumerate(made):
            if at >= len(self._lines) or self._lines[at] != line:
                # Cleared first: behind a full line the cursor stands on its last character.
                parts.append(self.terminal.move_yx(at, 0) + self.terminal.clear_eol + line)
        self._lines, self._size = made, size
        if parts:
            write("".join(parts))

    def _styled(self, line: Line) -> str:
        parts = []
        for text, name in line:
            style = self._styles.get(name, "")
            parts.append(f"{style}{text}{self._normal}" if style else text)
        return "".join(parts)

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Take the terminal: keys one by one, a screen of its own; and give it back."""
        terminal = self.terminal
        try:
            before = termios.tcgetattr(_KEYBOARD)
            tty.setcbreak(_KEYBOARD, termios.TCSANOW)
        except termios.error:
            raise Lost from None
        try:
            write(terminal.enter_fullscreen + terminal.hide_cursor)
            yield
        finally:
            # Nothing here may wait: a terminal that takes no more, or is gone, stays as it is.
            with contextlib.suppress(OSError, termios.error, Lost):
                if select.select([], [_SCREEN], [], 0)[1]:
                    write(self._normal + terminal.normal_cursor + terminal.exit_fullscreen)
                termios.tcsetattr(_KEYBOARD, termios.TCSANOW, before)


def write(text: str) -> None:
    """Write to the terminal, all of it."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        while data:
            try:
                data = data[os.write(_SCREEN, data) :]
            except BlockingIOError:  # somebody else has made it non-blocking
                select.select([], [_SCREEN], [])
    except OSError:
        raise Lost from None


class Background:
    """Takes one look at a time in a thread, so that keys are answered while the kernel is asked."""

    def __init__(self, sending: int) -> None:
        self._sending = sending
        self._look: Look | None = None
        self._error: BaseException | None = None

    @property
    def busy(self) -> bool:
        return self._look is not None

    def start(self, look: Look) -> None:
        """Begin a look; what tells of its end is a 0 in the pipe, where signals have numbers."""
        self._look, self._error = look, None
        threading.Thread(target=self._take, args=(look,), daemon=True).start()

    def _take(self, look: Look) -> None:
        try:
            look.take()
        except BaseException as error:  # whatever it is, it is for the other thread
            self._error = error
        os.write(self._sending, b"\0")

    def finish(self, view: View) -> bool:
        """Show what was found, or say why there is nothing; False for a question that is over."""
        assert self._look is not None
        look, self._look = self._look, None
        began, trouble = time.process_time(), ""
        try:
            if self._error is not None:
                raise self._error
            sample = view.sampler.digest(look)
            if sample is not None:
                view.show(sample)
        except (FastsockError, OSError) as error:
            trouble = _tell(error, view.sampler)
        if not view.sampler.note(look, look.cost + time.process_time() - began):
            return False
        view.trouble = trouble
        return True


def _tell(error: Exception, sampler: Sampler) -> str:
    """Return why there is no newer sample, and by which key there is one again."""
    if not isinstance(error, NoSuchProcess):
        return str(error)
    keys = {"target": "; Esc goes back", "filter": "; / changes the filter"}
    return f"{error}: below is the last that was seen{keys.get(sampler.blame(error), '')}"


def run(view: View) -> int:
    """Be the live view until somebody ends it, and return the exit code.

    As a shell calls it: 0 for q, 128 + N for signal N; the loss of the terminal is SIGHUP's.
    """
    screen = Screen()
    typed = LineHistory()
    view.new_editor = lambda: LineEditor(history=typed)
    try:
        with _signals() as (receiving, sending):
            background = Background(sending)
            while True:
                with screen.taken():
                    wanted = _watch(screen, view, background, receiving)
                if wanted == "quit":
                    return 0
                if wanted == "suspend":
                    _suspend()
    except Lost:
        return 128 + signal.SIGHUP
    except Ended as ended:
        return 128 + ended.number


def _watch(screen: Screen, view: View, background: Background, pipe: int) -> str:
    """Look and draw until the terminal is to be given back: "quit", "suspend" or "resume"."""
    poll = select.poll()
    poll.register(_KEYBOARD, select.POLLIN)
    poll.register(pipe, select.POLLIN)
    anew = True
    while True:
        screen.draw(view, anew=anew)
        wanted = ""
        idle = background.busy or view.paused
        wait = None if idle else view.sampler.wait() * 1000
        events = dict(poll.poll(wait))
        if events.get(_KEYBOARD, 0) & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
            raise Lost
        numbers = os.read(pipe, 64) if pipe in events else b""
        if not events:
            wanted = "look"
        if 0 in numbers and not background.finish(view):
            wanted = "look"  # what has been asked for meanwhile
        if _KEYBOARD in events:
            wanted = _press_all(screen, view) or wanted
        if wanted == "quit":
            return wanted
        anew = wanted == "draw"
        if wanted == "look" and not background.busy:
            background.start(view.sampler.ask())
        if signal.SIGTSTP in numbers:
            return "suspend"
        if signal.SIGCONT in numbers:  # others may have left the terminal in another mode
            return "resume"


def _press_all(screen: Screen, view: View) -> str:
    """Press the keys that have been typed; what is to be done is done once, after the last."""
    wanted = ""
    while key := screen.terminal.inkey(timeout=0, esc_delay=0.1):
        wanted = view.press(key) or wanted
        if wanted == "quit":
            break
    return wanted


def _suspend() -> None:
    """Stop as the shell's job that we are, and return when it goes on."""
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)


@contextlib.contextmanager
def _signals() -> Iterator[tuple[int, int]]:
    """Have signals wake the loop through a pipe, whose ends are yielded, or end it."""

    def end(number: int, frame: FrameType | None) -> None:
        # The next one ends us at once: nobody has to wait for a terminal that is stuck.
        signal.signal(number, signal.SIG_DFL)
        raise Ended(number)

    def wake(number: int, frame: FrameType | None) -> None:
        pass  # the number is in the pipe

    receiving, sending = os.pipe()
    for fd in (receiving, sending):
        os.set_blocking(fd, False)
    handlers = {number: signal.signal(number, end) for number in _ENDING}
    handlers.update({number: signal.signal(number, wake) for number in _WAKING})
    before = signal.set_wakeup_fd(sending, warn_on_full_buffer=False)
    try:
        yield receiving, sending
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        # Not closed: a look may still be on its way, and say so.
