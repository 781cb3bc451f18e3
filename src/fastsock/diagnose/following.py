"""Sockets followed from sample to sample: which came, which went, which wait and for how long.

A socket is known by its cookie and network namespace. Where a source has no cookies it is inode and
both ends: an inode that the kernel gave away again is another socket. What is kept is linear in the
sockets that there are, beside a few numbers for each group, and for each sample in which one of
these moved.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from fastsock.diagnose.counters import Space
from fastsock.diagnose.process_state import ProcessState
from fastsock.diagnose.snapshot import Snapshot
from fastsock.diagnose.trend import Series
from fastsock.errors import ComparisonError
from fastsock.implementation import group, table as storage
from fastsock.table import OWNER_STATES, SocketTable
from fastsock.tcp import TCP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Cookie and namespace in one number; or inode, namespace and both ends.
    Key = int | tuple[object, ...]
    # (pid, start_time), or (owner state, user) of sockets whose process is not known.
    Holder = tuple[int, int]

# These are nobody's connection: what listens, and what no descriptor holds any more or yet.
_PASSED_OVER = frozenset(map(int, (State.LISTEN, State.TIME_WAIT, State.SYN_RECV)))

# net.ipv4.ip_local_port_range where nothing tells: the kernel's default (ip-sysctl.rst).
USUAL_RANGE = (32768, 60999)

# Of a limit: from here on it is near.
NEAR = 0.8

# Seconds: how long a process may take to end when it has closed the last of its sockets.
_LAST_MOMENT = 1.0


class Sample:
    """One look: a snapshot, and what is known beside its table of sockets.

    `time_wait` is how many sockets are in TIME_WAIT by namespace, and `ports` are the tables in
    which those stand that take ports; both None where the snapshot's table has all of these.
    `ended` tells whether a process (pid, start_time) that is not in it any more has ended; without
    it nobody knows. With `pids` a socket is theirs, whoever else has it.
    """

    __slots__ = ("snapshot", "time_wait", "ports", "ended", "pids")

    def __init__(
        self,
        snapshot: Snapshot,
        time_wait: Mapping[int, int] | None = None,
        ports: Iterable[SocketTable] | None = None,
        ended: Callable[[int, int], bool] | None = None,
        pids: Collection[int] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.time_wait = time_wait
        self.ports = ports
        self.ended = ended
        self.pids = pids


class Part:
    """A process's part of the watch: the samples `first` to `last` in which it was seen.

    `process` is what it last was, None for sockets whose process is not known: then `missing` is
    the owner state, and `uid` who made them. `samples` and `descriptors` are the samples in which
    it said how many descriptors it had, and how many. `total` is how many sockets of it are
    followed; `before` is what there was, and in which sample, before it had none any more.
    """

    __slots__ = (
        "holder",
        "process",
        "missing",
        "uid",
        "first",
        "last",
        "samples",
        "descriptors",
        "groups",
        "total",
        "before",
        "ended",
    )

    def __init__(self, holder: Holder, process: ProcessState | None, sample: int) -> None:
        self.holder = holder
        self.process = process
        self.missing = None if process is not None else OWNER_STATES[holder[0]].name
        self.uid = holder[1] if process is None else process.uid
        self.first = self.last = sample
        self.samples = array("I")
        self.descriptors = array("I")
        self.groups: list[Group] = []
        self.total = 0
        self.before: tuple[list[Followed], int] | None = None
        self.ended = False

    def see(self, process: ProcessState | None, sample: int) -> None:
        """Note that it was there in a sample."""
        self.last = sample
        self.process = process
        if process is not None and process.descriptors is not None:
            self.samples.append(sample)
            self.descriptors.append(process.descriptors)

    def step_back(self, sample: int) -> None:
        """Forget what came after a sample: the process closed all, and ended."""
        while self.samples and self.samples[-1] > sample:
            self.samples.pop()
            self.descriptors.pop()
        self.last = sample


class Group:
    """The sockets of one process towards one endpoint.

    `inbound`: to a port of ours, `port`, from wherever; `address` is b"" then. Else from us to
    `address` and `port`. `live` is how many there are, `waiting` how many of them in CLOSE_WAIT.
    `left` of those that were there when the process was first seen have gone since; of those that
    came later and have gone, `lifetimes` says how many were seen in how many samples.
    """

    __slots__ = (
        "part",
        "netns",
        "protocol",
        "inbound",
        "address",
        "port",
        "live",
        "waiting",
        "left",
        "lifetimes",
    )

    def __init__(self, part: Part, key: tuple[int, int, bool, bytes, int], sample: int) -> None:
        self.part = part
        self.netns, self.protocol, self.inbound, self.address, self.port = key
        self.live = Series(sample)
        self.waiting = Series(sample)
        self.left = 0
        self.lifetimes: Counter[int] = Counter()


class Followed:
    """What a part of the watch came to: its groups with what is there in its last sample.

    `kept` says how many sockets, CLOSE_WAIT apart, are still there by the sample in which they were
    first seen, `waiting` how many are in CLOSE_WAIT by the sample since which they are. `remotes`
    is how many of the ones and of the others each remote address has, where that was asked.
    """

    __slots__ = ("group", "kept", "waiting", "remotes")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.kept: dict[int, int] = {}
        self.waiting: dict[int, int] = {}
        self.remotes: tuple[Counter[bytes], Counter[bytes]] | None = None


class Following:
    """All that samples told so far. `add` takes the next one.

    `times` are the samples' moments in seconds since boot, `parts` those of the processes by
    holder, `gone` what was followed of processes that have ended since. `spaces` are the
    namespaces as they last were; for each, `time_wait` and `overflows` (TCPTimeWaitOverflow) have
    (sample, number), and `ports` for each (namespace, local address, remote address, remote port)
    that takes many of the local ports (sample, ports taken, of these in TIME_WAIT, how many there
    are).
    """

    def __init__(self) -> None:
        self.times: list[float] = []
        self.parts: dict[Holder, Part] = {}
        self.gone: list[tuple[Part, list[Followed]]] = []
        self.spaces: dict[int, Space] = {}
        self.time_wait: dict[int, list[tuple[int, int]]] = {}
        self.overflows: dict[int, list[tuple[int, int]]] = {}
        self.ports: dict[tuple[int, bytes, bytes, int], list[tuple[int, int, int, int]]] = {}
        self.sockets = 0
        self.last: Snapshot | None = None
        self._cookies: bool | None = None  # whether there are any: the first sockets tell
        # Numbers of namespaces are as long as cookies: their ranks make short keys.
        self._ranks: dict[int, int] = {}
        # Each socket's group and first sample. The values are shared: there are few different ones.
        self._known: dict[Key, tuple[Group, int]] = {}
        self._births: dict[Group, tuple[Group, int]] = {}
        self._groups: dict[tuple[Holder, tuple[int, int, bool, bytes, int]], Group] = {}
        # Since which sample a socket is in CLOSE_WAIT, in every sample.
        self._waiting: dict[Key, int] = {}
        self._waited: set[Group] = set()

    def add(self, sample: Sample) -> None:
        """Take the next sample. Its moment must be later than the one before."""
        now = len(self.times)
        snapshot = sample.snapshot
        self.times.append(snapshot.monotonic)
        self._births = {}
        self._note_processes(snapshot, now)
        rows = self._rows(snapshot.sockets)
        if sample.ended is not None:
            self._end_parts(now, sample.ended)
        present = dict(zip(self._keys(snapshot.sockets, rows), rows, strict=True))
        gone = self._known.keys() - present.keys()
        self._note_emptied(gone, now)
        for key in gone:
            self._lose(key, now)
        self._meet(sample, [(k, n) for k, n in present.items() if k not in self._known], now)
        self._note_waiting(snapshot.sockets, present, now)
        self._note_spaces(sample, now)
        self.sockets = len(rows)
        self.last = snapshot

    def finish(self, ended: Callable[[int, int], bool]) -> None:
        """End the watch: of processes that have ended since the last sample that is said."""
        self._end_parts(len(self.times), ended)

    # ------------------------------------------------------------------------------ which sockets

    def _rows(self, table: SocketTable) -> list[int]:
        """Return the rows that are followed: what somebody holds, and CLOSE_WAIT whoever has it."""
        states = table.column("state").tolist()
        heads = table.owner_heads()
        held: Iterable[object]
        if heads is None:
            held = table.column("inode").tolist()
        else:
            none = storage.OWNER_NONE
            held = [head != none for head in heads.tolist()]
        passed_over, wait = _PASSED_OVER, int(State.CLOSE_WAIT)
        return [
            row
            for row, (state, one) in enumerate(zip(states, held, strict=True))
            if (one and state not in passed_over) or state == wait
        ]

    def _keys(self, table: SocketTable, rows: list[int]) -> list[Key]:
        """Return what each of these rows is known by."""
        cookies = table.column("cookie").tolist()
        if self._cookies is None and rows:
            self._cookies = all(cookies[row] for row in rows)
        if not self._cookies:
            return self._long_keys(table, rows)
        if rows and not any(cookies[row] for row in rows):
            raise ComparisonError(
                "these samples tell no socket's cookie and those before them did: "
                "what was seen before cannot be found again"
            )
        spaces = table.column("netns").tolist()
        for space in set(spaces):
            self._ranks.setdefault(space, len(self._ranks) << 64)
        ranks = self._ranks
        if len(ranks) == 1:
            return [cookies[row] for row in rows]
        return [cookies[row] | ranks[spaces[row]] for row in rows]

    def _long_keys(self, table: SocketTable, rows: list[int]) -> list[Key]:
        columns = [
            table.column(name).tolist()
            for name in (
                "inode",
                "netns",
                "protocol",
                "local_address",
                "local_port",
                "remote_address",
                "remote_port",
            )
        ]
        every = list(zip(*columns, strict=True))
        return [every[row] for row in rows]

    # --------------------------------------------------------------------------- who came and went

    def _note_processes(self, snapshot: Snapshot, now: int) -> None:
        for process in snapshot.processes.values():
            holder = (process.pid, process.start_time)
            part = self.parts.get(holder)
            if part is None:
                part = self.parts[holder] = Part(holder, process, now)
            part.see(process, now)
        for part in self.parts.values():
            if part.process is None:  # a user's sockets: they do not end
                part.see(None, now)

    def _end_parts(self, now: int, has_ended: Callable[[int, int], bool]) -> None:
        """Take leave of the processes that have ended: what they held counts up to then.

        Who ends closes what is open: that nothing is left in its last moment tells nothing else.
        """
        ended = [
            part
            for part in self.parts.values()
            if part.last < now and part.process is not None and has_ended(*part.holder)
        ]
        if not ended:
            return
        for part in ended:
            part.ended = True
        # What was seen once tells nothing, and there may be many such processes.
        told = [part for part in ended if part.last > part.first]
        followed = self.followed(told) if told else {}
        for part in told:
            if part.before is not None:
                before, sample = part.before
                if self.times[part.last] - self.times[sample + 1] <= _LAST_MOMENT:
                    followed[part] = before
                    part.step_back(sample)
        self.find_remotes([one for ones in followed.values() for one in ones])
        holders = {part.holder for part in ended}
        for key in [k for k, (met, _) in self._known.items() if met.part.holder in holders]:
            del self._known[key]
            self._waiting.pop(key, None)
        for part in ended:
            del self.parts[part.holder]
            for met in part.groups:
                self._waited.discard(met)
                key = (met.netns, met.protocol, met.inbound, met.address, met.port)
                del self._groups[part.holder, key]
            if part in told:
                self.gone.append((part, followed.get(part, [])))

    def _note_emptied(self, gone: Collection[Key], now: int) -> None:
        """Keep what a process had that has nothing any more: it may be about to end."""
        known = self._known
        lost = Counter(known[key][0].part for key in gone)
        emptied = [
            part
            for part, number in lost.items()
            if number == part.total and part.process is not None and part.first < now - 1
        ]
        if emptied:
            followed = self.followed(emptied)
            self.find_remotes([one for ones in followed.values() for one in ones])
            for part in emptied:
                part.before = (followed[part], now - 1)

    def _lose(self, key: Key, now: int) -> None:
        met, birth = self._known.pop(key)
        met.part.total -= 1
        met.live.note(now, met.live.now - 1)
        if birth > met.part.first:
            met.lifetimes[now - birth] += 1
        else:
            met.left += 1

    def _meet(self, sample: Sample, new: list[tuple[Key, int]], now: int) -> None:
        if not new:
            return
        rows = [row for _, row in new]
        met: Counter[Group] = Counter()
        births = self._births
        for (key, _), one in zip(new, self._find_groups(sample, rows, now), strict=True):
            known = births.get(one)
            if known is None:
                known = births[one] = (one, now)
            self._known[key] = known
            met[one] += 1
        for one, number in met.items():
            one.live.note(now, one.live.now + number)
            one.part.total += number
            one.part.before = None

    def _find_groups(self, sample: Sample, rows: list[int], now: int) -> Iterator[Group]:
        """Yield the group of each row."""
        snapshot = sample.snapshot
        table = snapshot.sockets
        holders = self._holders(table, sample.pids)
        inbound = self._inbound(snapshot, rows)
        spaces, protocols = table.column("netns").tolist(), table.column("protocol").tolist()
        local_ports = table.column("local_port").tolist()
        addresses = table.column("remote_address").tolist()
        ports = table.column("remote_port").tolist()
        groups = self._groups
        for row, to_us in zip(rows, inbound, strict=True):
            key = (
                (spaces[row], protocols[row], True, b"", local_ports[row])
                if to_us
                else (spaces[row], protocols[row], False, addresses[row], ports[row])
            )
            holder = holders(row)
            one = groups.get((holder, key))
            if one is None:
                one = groups[holder, key] = self._make_group(snapshot, holder, key, now)
            yield one

    def _make_group(
        self,
        snapshot: Snapshot,
        holder: Holder,
        key: tuple[int, int, bool, bytes, int],
        now: int,
    ) -> Group:
        part = self.parts.get(holder)
        if part is None:
            process = None
            if holder[0] >= 0:  # it ended before anything else was asked of it
                process = snapshot.processes.get(holder[0]) or ProcessState(*holder, b"", 0)
            part = self.parts[holder] = Part(holder, process, now)
        made = Group(part, key, now)
        part.groups.append(made)
        return made

    def _holders(self, table: SocketTable, pids: Collection[int] | None) -> Callable[[int], Holder]:
        """Return what tells whose a row is: of a socket that is shared, its first owner's.

        With `pids` it is that of the first among these.
        """
        uids = table.column("uid").tolist()
        heads = table.owner_heads()
        if heads is None or table.owners is None:
            unknown = storage.OWNER_UNKNOWN
            return lambda row: (unknown, uids[row])
        first = heads.tolist()
        known = [(process.pid, process.start_time) for process in table.owners.processes]
        whose = table.owners.column("process").tolist()

        def find(row: int) -> Holder:
            head = first[row]
            holder = known[whose[head]] if head >= 0 else (head, uids[row])
            if head >= 0 and pids is not None and holder[0] not in pids:
                for owner in table[row].owners or ():
                    if owner.pid in pids:
                        return owner.pid, owner.process.start_time
            return holder

        return find

    def _inbound(self, snapshot: Snapshot, rows: list[int]) -> Iterator[bool]:
        """Yield for each row whether the other end came to us.

        It did if somebody listens on the local port. The listener may be another process's, which
        nobody has looked at: then it did if only the other port is one that connect(2) takes.
        """
        table = snapshot.sockets
        states, protocols = table.column("state").tolist(), table.column("protocol").tolist()
        spaces, local_ports = table.column("netns").tolist(), table.column("local_port").tolist()
        remote_ports = table.column("remote_port").tolist()
        listen = int(State.LISTEN)
        listening = {
            (space, port)
            for state, space, port in zip(states, spaces, local_ports, strict=True)
            if state == listen
        }
        ranges = {space: port_range(snapshot.spaces.get(space)) for space in set(spaces)}
        for row in rows:
            if protocols[row] != TCP:
                yield False
                continue
            space, port = spaces[row], local_ports[row]
            if (space, port) in listening:
                yield True
                continue
            low, high = ranges[space]
            yield not low <= port <= high and low <= remote_ports[row] <= high

    # -------------------------------------------------------------------- CLOSE_WAIT and TIME_WAIT

    def _note_waiting(self, table: SocketTable, present: Mapping[Key, int], now: int) -> None:
        states = table.column("state").tolist()
        wait, before = int(State.CLOSE_WAIT), self._waiting
        self._waiting = {
            key: before.get(key, now) for key, row in present.items() if states[row] == wait
        }
        known = self._known
        counts = Counter(known[key][0] for key in self._waiting)
        for one in self._waited - counts.keys():
            one.waiting.note(now, 0)
        for one, number in counts.items():
            one.waiting.note(now, number)
        self._waited = set(counts)

    def _note_spaces(self, sample: Sample, now: int) -> None:
        snapshot, table = sample.snapshot, sample.snapshot.sockets
        self.spaces.update(snapshot.spaces)
        for inode, space in snapshot.spaces.items():
            if "TCPTimeWaitOverflow" in space.counters:
                number = space.counters["TCPTimeWaitOverflow"]
                self.overflows.setdefault(inode, []).append((now, number))
        counts = sample.time_wait
        if counts is None:
            waiting = table.select(state=[State.TIME_WAIT])
            counts = Counter(waiting.column("netns").tolist())
        for inode in {*counts, *self.time_wait}:
            numbers = self.time_wait.setdefault(inode, [])
            if counts.get(inode, 0) or numbers:
                numbers.append((now, counts.get(inode, 0)))
        tables = [table] if sample.ports is None else list(sample.ports)
        for place, used, waits, size in count_ports(tables, snapshot.spaces):
            self.ports.setdefault(place, []).append((now, used, waits, size))

    # --------------------------------------------------------------------------- what came of it

    def followed(self, parts: Collection[Part] | None = None) -> dict[Part, list[Followed]]:
        """Return what there is of these parts, or of all that have not ended."""
        found: dict[Group, Followed] = {}
        chosen = self.parts.values() if parts is None else parts
        for part in chosen:
            for one in part.groups:
                found[one] = Followed(one)
        waiting = self._waiting
        kept = Counter(met for key, met in self._known.items() if key not in waiting)
        for (one, birth), number in kept.items():
            if one in found:
                found[one].kept[birth] = number
        known = self._known
        for (one, since), number in Counter(
            (known[key][0], since) for key, since in waiting.items()
        ).items():
            if one in found:
                found[one].waiting[since] = number
        return {part: [found[one] for one in part.groups] for part in chosen}

    def find_remotes(self, chosen: Collection[Followed]) -> None:
        """Find out how many sockets of these each remote address has; only of what came to us."""
        wanted = {
            one.group: one
            for one in chosen
            if one.group.inbound and one.remotes is None and (one.waiting or one.kept)
        }
        if not wanted or self.last is None:
            return
        known, table = self._known, self.last.sockets
        rows = self._rows(table)
        addresses = table.column("remote_address").tolist()
        for one in wanted.values():
            one.remotes = Counter(), Counter()
        for key, row in zip(self._keys(table, rows), rows, strict=True):
            met = known.get(key)
            if met is not None and met[0] in wanted:
                remotes = wanted[met[0]].remotes
                assert remotes is not None
                remotes[key in self._waiting][addresses[row]] += 1


def port_range(space: Space | None) -> tuple[int, int]:
    """Return the ports that connect(2) takes: ip_local_port_range, or its default."""
    value = None if space is None else space.settings.get("ip_local_port_range")
    return (value[0], value[1]) if isinstance(value, tuple) and len(value) == 2 else USUAL_RANGE


def count_range(space: Space) -> int:
    """Return how many ports connect(2) has to choose from; those that are reserved are none."""
    low, high = port_range(space)
    reserved = space.settings.get("ip_local_reserved_ports")
    size = high - low + 1
    if isinstance(reserved, tuple):
        for first, last in zip(reserved[::2], reserved[1::2], strict=False):
            size -= max(min(high, last) - max(low, first) + 1, 0)
    return max(size, 0)


def count_ports(
    tables: Iterable[SocketTable], spaces: Mapping[int, Space]
) -> Iterator[tuple[tuple[int, bytes, bytes, int], int, int, int]]:
    """Yield (namespace, local address, remote address, remote port), and how many local ports
    connections between these take, how many of them in TIME_WAIT, and how many there are.

    One port is free for each pair of ends: only those are yielded that have taken most.
    """
    tables = list(tables)
    ranges: dict[tuple[int, int], list[Space]] = {}
    for space in spaces.values():
        known = isinstance(space.settings.get("ip_local_port_range"), tuple)
        if space.inode and known:
            ranges.setdefault(port_range(space), []).append(space)
    for (low, high), alike in ranges.items():
        # Where all are reserved connect(2) chooses none: they cannot run out.
        sizes = {space.inode: size for space in alike if (size := count_range(space))}
        if not sizes:
            continue
        least = NEAR * min(sizes.values())
        chosen = [
            table.select(protocol=TCP, local_port=[(low, high)]) for table in tables if len(table)
        ]
        if sum(map(len, chosen)) < max(least, 1):
            continue
        grouper = group.Grouper(("netns", "local_address", "remote_address", "remote_port"))
        for table in chosen:
            grouper.add(table)
        for (inode, local, remote, port), states in grouper.groups():
            used = sum(states.values())
            if port and inode in sizes and used >= NEAR * sizes[inode]:
                place = (inode, local[0], remote[0], port)
                yield place, used, states.get(int(State.TIME_WAIT), 0), sizes[inode]
