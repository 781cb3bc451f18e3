"""fastsock lsof: lsof's command line and rows, answered from fastsock's tables.

What nothing but TCP and UDP can match is asked of the engines: a port, a protocol or a process
becomes a filter, and the rows are rendered from columns (lsof_inet.py). What needs the files of
processes (-p, -u, -c, -d, -U, +D, names) is read from /proc, of the processes that can match.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from fastsock.compat.lsof_flags import SOCKET_KINDS, UNIX, Refused, Request, parse_lsof
from fastsock.compat.lsof_help import refuse_all
from fastsock.compat.lsof_names import Lookups, Names
from fastsock.compat.lsof_select import Found, compile_expressions, list_unmet
from fastsock.compat.reply import Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.compat.lsof_select import Expression
    from fastsock.compat.lsof_targets import Targets


def run(words: Sequence[str]) -> Reply:
    """Answer lsof's command line `words` (without the word lsof itself)."""
    try:
        request = parse_lsof(words, Lookups())
        try:
            expressions = compile_expressions(request)
        except ValueError as error:
            raise Refused([f"lsof: {error}"], 1) from None
        targets = None
        if request.names or request.directories:
            from fastsock.compat.lsof_targets import find_targets

            targets = find_targets(request)
    except Refused as refused:
        return Reply(
            code=refused.code,
            complaints=refuse_all(refused.complaints, refused.help)
            if refused.code != 2
            else refused.complaints,
        )
    answer = _Answer(request, expressions, targets)
    first = answer.list_once()
    return Reply(
        answer.blocks(first),
        answer.exit_code,
        [*request.complaints, *(targets.complaints if targets else ())],
    )


class _Answer:
    """One answer: its listings, one or with -r many, and what was met in them."""

    def __init__(
        self, request: Request, expressions: Sequence[Expression], targets: Targets | None
    ) -> None:
        self.request = request
        self.expressions = expressions
        self.targets = targets
        self.found = Found()
        self.names = Names(request)
        self.rows = 0
        self.ever = False

    def list_once(self) -> Iterable[bytes]:
        """Return one listing; `rows` says whether there was anything (not how much)."""
        request = self.request
        if only_inet(request):
            from fastsock.compat.lsof_inet import list_inet as listing
        else:
            from fastsock.compat.lsof_open import list_open as listing
        self.rows, blocks = listing(request, self.expressions, self.targets, self.found, self.names)
        self.ever = self.ever or bool(self.rows)
        return blocks

    def blocks(self, first: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the listings, their marks, and what -V says of search terms that were not met."""
        yield from first
        request = self.request
        rounds = 1
        while request.repeat:
            if request.until_empty and not self.rows:
                break
            yield self._mark()
            time.sleep(request.repeat)
            if rounds == request.repeat_count:
                break
            rounds += 1
            yield from self.list_once()
        if request.verbose:
            yield "".join(f"{line}\n" for line in self._unmet()).encode("utf-8", "surrogateescape")

    def _mark(self) -> bytes:
        request = self.request
        mark = time.strftime(request.mark) if request.mark else ""
        if not request.fields:
            return (mark or "=======").encode() + b"\n"
        return b"m" + mark.encode() + request.end + (b"\n" if request.end == b"\0" else b"")

    def _unmet(self) -> list[str]:
        return list_unmet(self.request, self.found, self.targets.states() if self.targets else ())

    def exit_code(self) -> int:
        """Return lsof's exit code: 1 where a search term was not met, but with -Q."""
        request = self.request
        if request.failed_search and self._unmet():
            return 1
        if request.until_empty and not self.ever:
            return 1
        return int(self.targets is not None and self.targets.failed)


def only_inet(request: Request) -> bool:
    """Return whether nothing but TCP and UDP sockets can be listed, with -a or without."""
    kinds = request.kinds
    if not kinds & SOCKET_KINDS or kinds & UNIX or request.tasks or request.without_inet:
        return False
    return request.every or not kinds & ~SOCKET_KINDS
