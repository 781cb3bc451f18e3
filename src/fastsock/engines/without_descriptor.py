"""The sockets that a pass over descriptors does not meet, and how it is known that there are none.

No descriptor shows TIME_WAIT and SYN_RECV, which are no sockets of a process, nor sockets that
their process has closed, that nobody has accepted yet, that are on their way to another process
(SCM_RIGHTS), that only an io_uring instance holds, or that the kernel opened for itself. sock_diag
knows them all, but a dump of 100,000 sockets takes twice the time of the pass.

So they are counted first. `inuse` in net/sockstat and sockstat6 is the number of sockets that a
table of the kernel holds (inet_hash() and udp_lib_get_port() add to it), `tw` that in TIME_WAIT; a
listener knows how many requests wait for it in SYN_RECV. Where these numbers are what the pass has
met, nothing is missing, and nothing is asked. Else sock_diag is asked for the states in which most
of them are, for a tenth of a dump: it skips a socket by its state before it looks at it. Where the
numbers are not right even then, it is asked for all.

While sockets come and go, the numbers say less. A socket that is closed meanwhile is then in one of
those states; one that is accepted meanwhile was in the queue of a listener before, whose port is
asked for. A socket that one process hands to another just then, past the pass and in the state
ESTABLISHED, is found where fewer are met than there must be, and else not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from fastsock.engines.movement import Census
from fastsock.filter import ALL, Filter
from fastsock.tcp import TCP, UDP, State

# What a process can hold and most sockets are; asking for CLOSE brings nothing that has a place in
# a table.
HELD = frozenset((State.ESTABLISHED, State.CLOSE))
SELDOM_HELD = frozenset(state for state in State if state not in HELD)

# To ask a namespace for its listeners takes 0.2 ms: where there are more, those in which something
# moved are dumped in full instead.
FEW_SPACES = 8


class Gap:
    """What may be missing of one namespace, and what to ask for it.

    `before`, and the ports `queued` of listeners that had a queue (None where nobody asked), are
    from before the pass; `notes` (see _met.pyx) and the numbers `found`, by namespace and protocol,
    from the pass.
    """

    def __init__(
        self,
        netns: int,
        before: Census | None,
        queued: Set[int] | None,
        notes: Iterable[tuple[str, int, int]],
        found: Mapping[tuple[int, int], int],
    ) -> None:
        here = [(kind, port) for kind, space, port in notes if space in (0, netns)]
        self._kinds = {kind for kind, _ in here}
        self._before = before
        self._queued = queued
        self._ports = {port for kind, port in here if kind == "queued"} | (queued or set())
        self._tcp = found.get((netns, TCP), 0)
        self._udp = found.get((netns, UDP), 0)
        self._asked_all = False

    def ask_first(self, after: Census | None) -> list[Filter]:
        """Return what to ask of TCP after the pass; `after` is counted then."""
        if after is None or not self._is_open(after):
            self._asked_all = True
            return [ALL_OF_TCP]
        if self._is_still(after) and self._tcp == after.tcp and not after.time_wait:
            if "requests" not in self._kinds:
                self._asked_all = True
                return []
        asked = [ALL_OF_TCP.with_term("state", SELDOM_HELD)]
        if self._ports:
            established = ALL_OF_TCP.with_term("state", [State.ESTABLISHED])
            asked.append(
                established.with_term("local_port", {(port, port) for port in self._ports})
            )
        return asked

    def _is_open(self, after: Census) -> bool:
        """Whether to ask for less than all may be enough."""
        if self._kinds & {"in flight", "rings", "subflows"}:
            return False
        before = self._before
        # Without the births, what is missing among those that came meanwhile would not be seen.
        if before is None or before.opened is None or after.opened is None:
            return False
        return self._queued is not None or self._is_still(after)

    def _is_still(self, after: Census) -> bool:
        """Whether no socket of TCP came or went since before the pass."""
        return self._before is not None and self._before.state == after.state

    def ask_again(self, after: Census | None, more: int) -> list[Filter]:
        """Return what to ask of TCP when that brought `more` sockets that count as in use."""
        if self._asked_all:
            return []
        found = self._tcp + more
        before = self._before
        if after is None or after.opened is None or before is None or before.opened is None:
            return [ALL_OF_TCP]
        if self._is_still(after):
            complete = found == after.tcp
        else:  # what there is, without what came meanwhile, was there all the time
            complete = found >= after.tcp - (after.opened - before.opened)
        return [] if complete else [ALL_OF_TCP]

    def ask_datagrams(self, after: Census | None) -> list[Filter]:
        """Return what to ask of UDP after the pass."""
        hidden = self._kinds & {"in flight", "rings"}
        return [ALL_OF_UDP] if after is None or hidden or self._udp != after.udp else []


ALL_OF_TCP = ALL.with_term("protocol", [TCP])
ALL_OF_UDP = ALL.with_term("protocol", [UDP])
