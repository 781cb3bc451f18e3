"""The two ends of connections, joined over several tables: the twin of `_halfopen`.

It is the definition of correct for that, with the same names and results.
"""

from __future__ import annotations

from fastsock import tcp
from fastsock.diagnose.addresses import ANY, WILDCARDS, is_loopback, is_private
from fastsock.diagnose.halfopen_verdicts import (
    ABSENT,
    AGAIN,
    COUNTERS,
    GONE,
    MATCHED,
    NOT_COVERED,
    NOTHING,
    RETRANSMITS,
    RX_QUEUE,
    SEVERAL,
    SYN_RECV,
    TRANSLATED,
    TX_QUEUE,
    UNACCEPTED,
    UNCLOSED,
    UNCLOSED_ALONE,
    VERDICT,
)
from fastsock.tcp import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    End = tuple[bytes, int]

_COUNTED = {
    ABSENT: ("absent_at_server", "absent_at_client"),
    SYN_RECV: ("syn_recv", "syn_recv"),
    UNACCEPTED: ("unaccepted", "unaccepted"),
    UNCLOSED: ("client_unclosed", "server_unclosed"),
    UNCLOSED_ALONE: ("client_unclosed", "server_unclosed"),
}
# Findings that are one: half open, and who has to close.
_KIND = {SYN_RECV: ABSENT, UNCLOSED_ALONE: UNCLOSED}
_FIN_RECEIVED = (State.CLOSE_WAIT, State.LAST_ACK, State.CLOSING)
_NO_CONNECTION = (State.LISTEN, State.CLOSE)


class _Row:
    """What is looked at of one connection."""

    __slots__ = (
        "table",
        "number",
        "space",
        "state",
        "local",
        "remote",
        "held",
        "socket",
        "tx_queue",
        "rx_queue",
        "retransmits",
        "code",
        "target",
    )

    def __init__(self, table: int, number: int, space: int, row: Mapping[str, Any]) -> None:
        self.table = table
        self.number = number
        self.space = space
        self.state: int = row["state"]
        self.local: End = (row["local_address"], row["local_port"])
        self.remote: End = (row["remote_address"], row["remote_port"])
        self.held: bool = row["inode"] != 0
        self.socket: tuple[int, int] = (row["inode"], row["cookie"])
        self.tx_queue: int = row["tx_queue"]
        self.rx_queue: int = row["rx_queue"]
        self.retransmits: int = row["retransmits"]
        self.code = NOTHING
        self.target = -1

    @property
    def inside(self) -> bool:
        return is_loopback(self.local[0]) or is_loopback(self.remote[0])

    @property
    def rank(self) -> int:
        """Of several rows with the same four-tuple the one that lives."""
        ranks = {State.ESTABLISHED: 3, State.SYN_RECV: 1, State.TIME_WAIT: 0}
        return ranks.get(self.state, 2)  # type: ignore[call-overload,no-any-return]


_READ = (
    "protocol",
    "state",
    "local_address",
    "local_port",
    "remote_address",
    "remote_port",
    "inode",
    "netns",
    "cookie",
    "tx_queue",
    "rx_queue",
    "retransmits",
)


class Join:
    """Every connection of the tables with its other end; see the compiled `Join`."""

    def __init__(self, tables: Sequence[tuple[Any, Mapping[int, int]]]) -> None:
        self._codes = [bytearray(len(rows)) for rows, _ in tables]
        self._rows: list[_Row] = []
        self._places: dict[tuple[int, int], _Row] = {}
        self._index: dict[tuple[End, End, int], list[_Row]] = {}
        self._own: set[tuple[int, bytes]] = set()
        self._spaces: dict[bytes, set[int]] = {}
        self._listening: set[tuple[int, bytes, int]] = set()
        self._paired: set[tuple[bytes, bytes]] = set()
        for number, (rows, spaces) in enumerate(tables):
            self._enter(number, rows, spaces)
        for row in self._rows:
            self._judge(row)
        self._translate()
        for row in self._rows:
            self._codes[row.table][row.number] = row.code

    def _enter(self, table: int, rows: Any, spaces: Mapping[int, int]) -> None:
        columns = [rows.column(name) for name in _READ]
        for number, values in enumerate(zip(*columns, strict=True)):
            values_by_name = dict(zip(_READ, values, strict=True))
            space = spaces.get(values_by_name["netns"], -1)
            if space < 0 or values_by_name["protocol"] not in (tcp.TCP, tcp.UDP):
                continue
            address, port = values_by_name["local_address"], values_by_name["local_port"]
            if address not in WILDCARDS and not is_loopback(address):
                self._own.add((space, address))
                self._spaces.setdefault(address, set()).add(space)
            if values_by_name["protocol"] != tcp.TCP:
                continue
            if values_by_name["state"] == State.LISTEN:
                self._listening.add((space, ANY if address in WILDCARDS else address, port))
            if values_by_name["state"] in _NO_CONNECTION or not values_by_name["remote_port"]:
                continue
            row = _Row(table, number, space, values_by_name)
            self._rows.append(row)
            self._places[table, number] = row
            key = (row.local, row.remote, space if row.inside else -1)
            self._index.setdefault(key, []).append(row)

    def _listens(self, space: int, end: End) -> bool:
        return (space, *end) in self._listening or (space, ANY, end[1]) in self._listening

    def _find(self, row: _Row) -> _Row | None:
        """Return the other end of a connection."""
        inside = row.inside
        own = inside or (row.space, row.remote[0]) in self._own
        found = self._index.get((row.remote, row.local, row.space if inside else -1), ())
        best = None
        for other in found:
            if own and other.space != row.space:
                continue
            if best is None or (other.rank, other.table == row.table) > (
                best.rank,
                best.table == row.table,
            ):
                best = other
        return best

    def _judge(self, row: _Row) -> None:
        if row.state == State.TIME_WAIT:
            return
        other = self._find(row)
        if other is not None:
            row.target = other.space
            row.code = MATCHED
            self._paired.add((row.local[0], row.remote[0]))
            if row.state == State.ESTABLISHED:
                if other.state == State.SYN_RECV:
                    row.code = SYN_RECV
                elif (
                    other.state == State.ESTABLISHED
                    and not other.held
                    and self._listens(other.space, other.local)
                ):
                    row.code = UNACCEPTED
            elif row.state == State.CLOSE_WAIT and other.state == State.FIN_WAIT2:
                row.code = UNCLOSED
            return
        if row.inside or (row.space, row.remote[0]) in self._own:
            row.target = row.space
        else:
            spaces = self._spaces.get(row.remote[0], set())
            if len(spaces) != 1:
                row.code = SEVERAL if spaces else NOT_COVERED
                return
            (row.target,) = spaces
        alone = {State.ESTABLISHED: ABSENT, State.CLOSE_WAIT: UNCLOSED_ALONE}
        row.code = alone.get(row.state, GONE)  # type: ignore[call-overload]

    def _serves(self, row: _Row) -> bool:
        """Whether a row is the server's end: somebody listens there, or its port is the lower."""
        if self._listens(row.space, row.local):
            return True
        if row.target >= 0 and self._listens(row.target, row.remote):
            return False
        return (row.local[1], row.local[0]) < (row.remote[1], row.remote[0])

    def _translate(self) -> None:
        """Find what may be one connection under two names, among those without another end."""
        if not any(row.code in (ABSENT, UNCLOSED_ALONE) for row in self._rows):
            return
        clients: set[tuple[int, End]] = set()
        servers: set[tuple[int, End, int]] = set()
        remotes: set[tuple[int, End]] = set()
        hidden: set[tuple[End, int]] = set()
        for row in self._rows:
            if row.code not in (GONE, NOT_COVERED, SEVERAL, ABSENT, UNCLOSED_ALONE):
                continue
            if self._serves(row):
                servers.add((row.space, row.local, row.remote[1]))
                remotes.add((_within(row.space, row.remote), row.remote))
            else:
                clients.add((row.space, row.local))
                if self._may_be_hidden(row):
                    hidden.add((row.remote, row.local[1]))
        for row in self._rows:
            if row.code not in (ABSENT, UNCLOSED_ALONE):
                continue
            if self._serves(row):
                known = (row.target, row.remote) in clients or (
                    row.local,
                    row.remote[1],
                ) in hidden
            else:
                known = (_within(row.space, row.local), row.local) in remotes or (
                    self._may_be_hidden(row) and (row.target, row.remote, row.local[1]) in servers
                )
            if known:
                row.code = TRANSLATED

    def _may_be_hidden(self, row: _Row) -> bool:
        """Whether a client's address may be another one where its packets arrive."""
        return is_private(row.local[0]) and (row.local[0], row.remote[0]) not in self._paired

    def compare(self, first: Join, twice: Sequence[bool]) -> None:
        """Mark what was so in the first tables too, of spaces that are there `twice`."""
        for row in self._rows:
            if not twice[row.space] or row.code == NOTHING:
                continue
            before = first._find_same(row)
            if before is None:
                continue
            verdict = row.code & VERDICT
            if verdict >= ABSENT and _KIND.get(verdict, verdict) == _KIND.get(
                before.code & VERDICT, before.code & VERDICT
            ):
                row.code |= AGAIN
            if row.state != State.SYN_SENT:
                row.code |= _queues(before, row)
            self._codes[row.table][row.number] = row.code

    def _find_same(self, row: _Row) -> _Row | None:
        key = (row.local, row.remote, row.space if row.inside else -1)
        for one in self._index.get(key, ()):
            if one.space == row.space and _same(one.socket, row.socket):
                return one
        return None

    def codes(self, table: int) -> bytes:
        """Return a byte for each row of a table: see halfopen_verdicts.py."""
        return bytes(self._codes[table])

    def _at(self, table: int, number: int) -> _Row | None:
        if not (0 <= table < len(self._codes) and 0 <= number < len(self._codes[table])):
            raise IndexError("row index out of range")
        return self._places.get((table, number))

    def other_end(self, table: int, number: int) -> tuple[int, int] | None:
        """Return table and row of the other end, None where there is none."""
        row = self._at(table, number)
        other = None if row is None else self._find(row)
        return None if other is None else (other.table, other.number)

    def before(self, now: Join, table: int, number: int) -> tuple[int, int] | None:
        """Return table and row here of a row of the join `now`, None where it was not yet."""
        row = now._at(table, number)
        one = None if row is None else self._find_same(row)
        return None if one is None else (one.table, one.number)

    def place(self, table: int, number: int) -> tuple[int, int, bool]:
        """Return the space of a row, that of its other end, and whether it serves."""
        row = self._at(table, number)
        return (-1, -1, False) if row is None else (row.space, row.target, self._serves(row))

    def groups(self) -> list[tuple[int, bytes, int, bytes, int, bool, tuple[int, ...]]]:
        """Return the connections counted; see the compiled `Join`."""
        found: dict[tuple[int, bytes, int, bytes, int], dict[str, int]] = {}

        def count(key: tuple[int, bytes, int, bytes, int], names: Iterable[str]) -> None:
            numbers = found.setdefault(key, dict.fromkeys(COUNTERS, 0))
            for name in names:
                numbers[name] += 1

        for row in self._rows:
            verdict = row.code & VERDICT
            if verdict in (NOTHING, GONE):
                continue
            serves = self._serves(row)
            if verdict in (NOT_COVERED, SEVERAL):
                name = "several" if verdict == SEVERAL else "not_covered"
                count((-1, ANY, -1, row.remote[0], 0), (name,))
                if serves:
                    count((-1, ANY, row.space, *row.local), (name,))
                continue
            names = []
            if row.state == State.ESTABLISHED:
                names.append("server_established" if serves else "client_established")
                if not serves and verdict in (MATCHED, UNACCEPTED):
                    names.append("matched")
            if verdict == TRANSLATED:
                names.append("translated")
            elif verdict >= ABSENT:
                names.append(_COUNTED[verdict][serves])
                if row.code & AGAIN:
                    names.append(names[-1] + "_again")
            if not names:
                continue
            if serves:
                count((row.target, row.remote[0], row.space, *row.local), names)
            else:
                count((row.space, row.local[0], row.target, *row.remote), names)
        return [
            (*key, key[2] >= 0 and self._listens(key[2], key[3:]), tuple(numbers.values()))
            for key, numbers in found.items()
        ]


def _within(space: int, end: End) -> int:
    """Return where an end is known: loopback in its space, others everywhere."""
    return space if is_loopback(end[0]) else -1


def _same(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two rows may be one socket: by inode, and by cookie where both are known."""
    return one[0] == other[0] and (one[1] == other[1] or not one[1] or not other[1])


def _queues(before: _Row, now: _Row) -> int:
    code = 0
    # An unread FIN counts as a byte (rcv_nxt - copied_seq, net/ipv4/tcp_diag.c).
    least = 1 if now.state in _FIN_RECEIVED else 0
    if 0 < before.tx_queue <= now.tx_queue:
        code |= TX_QUEUE
    if least < before.rx_queue <= now.rx_queue:
        code |= RX_QUEUE
    if now.tx_queue and now.retransmits > before.retransmits:
        code |= RETRANSMITS
    return code
