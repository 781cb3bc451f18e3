from collections.abc import Iterable, Sequence
from typing import Any, final

from typing_extensions import Self

from fastsock._table import Column, OwnerRows, SocketRows

@final
class OwnerIndex:
    """Finds the owners of a socket by its inode.

    Building it is linear, takes at most 8 bytes a row beside the rows themselves, and links the
    owners of one socket, in the order of the rows. The owner rows may not change afterwards.
    """

    owners: OwnerRows
    def __new__(cls, owners: OwnerRows) -> Self: ...
    def heads(self, rows: SocketRows, missing: int) -> Column:
        """Return the first owner row of each socket ("heads", int32), for `attach_owners`.

        Without an owner it is OWNER_NONE for inode 0, which never joins, and else `missing`
        (OWNER_HIDDEN or OWNER_UNKNOWN).
        """

@final
class Grouper:
    """Counts sockets by state within groups, over any number of tables.

    `keys` are among state, family, protocol, local_port, remote_port, local_address,
    remote_address, uid, netns, socket_cgroup (of tables that hold it, else KeyError), the owner
    keys pid, command, cgroup, unit, container, pod, and those that come beside a table: direction
    ("B") and service_port ("H"). Raises ValueError for another key or one named twice.

    With `sums` a group has, of all its states together unless state is a key, what `sums` returns;
    `len()` is the number of groups then.
    """

    keys: tuple[str, ...]
    def __new__(cls, keys: Sequence[str], sums: bool = False) -> Self: ...
    def __len__(self) -> int: ...
    def add(
        self,
        rows: SocketRows,
        descriptors: bool = False,
        pids: Iterable[int] | None = None,
        beside: dict[str, Column] | None = None,
    ) -> None:
        """Count `rows`; the tables of one stream carry the same owner rows, or none.

        Each socket counts once in each group that any of its owners belongs to; with
        `descriptors` once for each descriptor, and one without an owner not at all. Only owners
        among `pids` count, if given: a socket whose owners are all others counts in no group,
        one without an owner in the group of its owner state. Without owner keys and without
        `descriptors` owners and `pids` play no part. `beside` are the columns of this table that
        keys name and no table has. Raises ValueError where owners are needed and `rows` has none,
        or a column is of another table; KeyError for one that is missing.
        """
    def sums(self, n: int) -> tuple[tuple[Any, ...], int, int, int, int]:
        """Return group n: (key values, sockets, established, rx_queue, tx_queue).

        `established` of the sockets are in that state, and their queues hold so many bytes in all.
        Raises IndexError, and ValueError for a Grouper without sums.
        """
    def groups(self) -> list[tuple[tuple[Any, ...], dict[int, int]]]:
        """Return (key values, {state: count}) in the order of first sight.

        Values are numbers; command and cgroup are bytes, unit, container and pod too or None; an
        address is (16 bytes, family). A socket without an owner has its negative owner state in all
        owner keys. Raises ValueError for a Grouper with sums.
        """
    def largest(self, key: str) -> dict[int, tuple[tuple[Any, ...], int]]:
        """Return, for each value of `key`, the values of its largest group and its sockets.

        No Python object stands for another group. `key` is one of `keys` that is a number, as netns
        is, and no owner's; ValueError for others, and for a Grouper without sums.
        """

def owned_by(rows: SocketRows, pids: Iterable[int]) -> Column:
    """Return the indices of the rows with an owner among `pids`, in order ("index", uint32).

    Raises ValueError where `rows` has no owners attached; so does count_descriptors.
    """

def ambiguous(rows: SocketRows) -> Column:
    """Return the indices of rows whose inode does not tell one socket ("index", uint32).

    These share an inode that is not 0 with another row, and differ from it in netns, protocol
    or uid: sockfs numbers have 32 bits and wrap.
    """

def count_states(rows: SocketRows) -> list[int]:
    """Return how many rows are in each of the 256 states."""

def count_descriptors(rows: SocketRows, pids: Iterable[int] | None) -> list[int]:
    """Return how many descriptors hold sockets of each of the 256 states, as lsof counts.

    Only descriptors of `pids` count, if given.
    """
