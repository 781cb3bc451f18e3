"""What one walk over the descriptors of processes found, and what it could not see."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from fastsock._table import OwnerRows
    from fastsock.engines.namespaces import Namespace
    from fastsock.filter import Filter


class Outlook:
    """What a walk will be about: the sockets wanted, their optional columns, and about how many
    descriptors there are.

    `again`: the same will be asked again and again, so that what is spent once is nothing.
    """

    __slots__ = ("want", "fields", "expect_descriptors", "again")

    def __init__(
        self,
        want: Filter,
        fields: Collection[str],
        expect_descriptors: Callable[[], int],
        again: bool = False,
    ) -> None:
        self.want = want
        self.fields = fields
        self.expect_descriptors = expect_descriptors
        self.again = again


class Sought:
    """The sockets that are asked for behind a walk: which, where, and with which columns.

    `held`: those that no descriptor holds may be left out. `once`: of those that a process holds,
    all but one may be, too.
    """

    __slots__ = ("want", "namespaces", "fields", "held", "once")

    def __init__(
        self,
        want: Filter,
        namespaces: Sequence[Namespace],
        fields: Sequence[str],
        held: bool = False,
        once: bool = False,
    ) -> None:
        self.want = want
        self.namespaces = namespaces
        self.fields = fields
        self.held = held
        self.once = once


class Walk:
    """The result of `walk_descriptors`.

    `owners` holds a row for each (process, descriptor, socket), ordered by pid, then the process
    itself before its threads with a descriptor table of their own (by tid), then as the directory
    lists them. Its `processes` are those with at least one such row. The rest says what is missing:

    `denied`: pids whose descriptors may not be listed although they may have some.
    `denied_links`: pid → number of its descriptors that may be listed but not read.
    `missing`: pids that were asked for and do not exist; a thread's number is no process.
    `vanished`: processes that ended during the walk; none of their rows are kept.
    `uncompared_threads`: threads that may have a descriptor table of their own, unknown to us.
    `rings_unread`: io_uring instances whose fixed files could not be listed.
    `scope`: None when all processes were searched, or the pids that were asked for, sorted.
    `unvisited`: processes that came during the walk, after three rounds over such ones.
    `unnamed`: processes with rows of which nothing is known but the number: /proc hides them.
    `beyond_proc`: whether such processes were looked at like all others.
    `met`: the sockets themselves, where the engine meets them on its way and was asked to keep
    them: its own kind of object, for no one else.
    """

    __slots__ = (
        "owners",
        "denied",
        "denied_links",
        "missing",
        "vanished",
        "uncompared_threads",
        "rings_unread",
        "scope",
        "unvisited",
        "unnamed",
        "beyond_proc",
        "met",
    )

    def __init__(
        self,
        owners: OwnerRows,
        denied: list[int],
        denied_links: dict[int, int],
        missing: list[int],
        vanished: int,
        uncompared_threads: int,
        rings_unread: int,
        scope: tuple[int, ...] | None,
        unvisited: int = 0,
        unnamed: int = 0,
    ) -> None:
        self.owners = owners
        self.denied = denied
        self.denied_links = denied_links
        self.missing = missing
        self.vanished = vanished
        self.uncompared_threads = uncompared_threads
        self.rings_unread = rings_unread
        self.scope = scope
        self.unvisited = unvisited
        self.unnamed = unnamed
        self.beyond_proc = False
        self.met: object = None

    @property
    def passed_over(self) -> bool:
        """Whether there are descriptors, or may be, that this walk could not look at."""
        return bool(
            self.denied or self.denied_links or self.uncompared_threads or self.rings_unread
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Walk):
            return NotImplemented
        return all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__ if name != "met"
        )

    __hash__ = None  # type: ignore[assignment]  # mutable parts

    def __repr__(self) -> str:
        return (
            f"<Walk of {len(self.owners)} descriptors in {len(self.owners.processes)} processes, "
            f"{len(self.denied)} denied>"
        )
