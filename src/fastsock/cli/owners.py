"""Who holds a socket, as the cells of tables and the words of sentences say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastsock import render
from fastsock.services import main_holder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.services import Holder
    from fastsock.table import Owner, Socket


def text_holders(holders: Sequence[Holder]) -> str:
    """Return `nginx`, and `nginx +3` where three more processes hold it."""
    chosen = main_holder(holders)
    if chosen is None:
        return "-"
    return render.text_name(chosen.process.command) + _text_more(len(holders) - 1)


def text_owners(owners: Iterable[Owner]) -> str:
    """Return `nginx 812`, and `nginx 812 +3` where three more processes have one of these."""
    commands = {owner.pid: owner.command for owner in owners}
    if not commands:
        return ""
    first = min(commands)
    return f"{render.text_name(commands[first])} {first}{_text_more(len(commands) - 1)}"


def _text_more(number: int) -> str:
    return f" +{number}" if number else ""


def text_missing(socket: Socket) -> str:
    """Return why there is no owner: -, hidden or unknown."""
    state = socket.owner_state
    return "-" if state in (None, "none") else str(state)
