"""What changed on a host between two snapshots: what a run left behind.

A socket is followed by its cookie (SO_COOKIE, the kernel's own number for it), or where one of the
snapshots has none, by its inode with protocol, addresses and ports: then one that lost its
descriptor in between (TIME_WAIT, FIN_WAIT2 of a closed one) is taken for another.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock import tcp
from fastsock.conductor import split_listening
from fastsock.diagnose.checks import Check, parse_check, text_key
from fastsock.errors import ComparisonError, escape
from fastsock.filter import OWNER_TERMS
from fastsock.implementation import table as storage
from fastsock.table import (
    OWNER_KEYS,
    OWNER_STATES,
    Counts,
    Groups,
    Incomplete,
    OwnerState,
    SocketTable,
    check_keys,
    make_groups,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.diagnose.snapshot import Snapshot

# Without a cookie: what tells a socket from another beside its inode, within a boot.
_IDENTITY = (
    "netns",
    "protocol",
    "local_address",
    "local_port",
    "remote_address",
    "remote_port",
)
# Who else listens at the same place would be meant, too.
_PLACE = ("netns", "protocol", "family", "local_address", "local_port")

# What a snapshot was asked for: `netns_asked`.
_OWN, _ALL = "own", "all"


class Change:
    """Sockets of one group, or all: `before` and `after` are Counts, `key` the group's."""

    __slots__ = ("key", "before", "after")

    def __init__(self, key: Any, before: Counts, after: Counts) -> None:
        self.key = key
        self.before = before
        self.after = after

    @property
    def total(self) -> int:
        """By how many there are more."""
        return self.after.total - self.before.total

    @property
    def states(self) -> dict[str, int]:
        """By how many there are more in each state in which their number changed."""
        before, after = self.before.states, self.after.states
        return {
            name: after.get(name, 0) - before.get(name, 0)
            for name in tcp.NAMES
            if before.get(name, 0) != after.get(name, 0)
        }

    def as_dict(self) -> dict[str, Any]:
        """Return before, after and change as JSON."""
        return {
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "change": {"total": self.total, "states": self.states},
        }

    def __repr__(self) -> str:
        return f"<Change {self.key!r}: {self.before.total} to {self.after.total}>"


class Growth:
    """A counter of a network namespace (/proc/net/netstat, /proc/net/snmp) that grew.

    `netns` is the inode number of the namespace and `namespace` its name below /run/netns, or "".
    """

    __slots__ = ("netns", "namespace", "name", "before", "after")

    def __init__(self, netns: int, namespace: str, name: str, before: int, after: int) -> None:
        self.netns = netns
        self.namespace = namespace
        self.name = name
        self.before = before
        self.after = after

    @property
    def change(self) -> int:
        return self.after - self.before

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "netns": self.netns,
            "namespace": escape(self.namespace),
            "name": escape(self.name),
            "before": self.before,
            "after": self.after,
            "change": self.change,
        }

    def __repr__(self) -> str:
        return f"<Growth {escape(self.name)}: {self.before} to {self.after}>"


class Leftover:
    """New sockets that are alike: `count` of them, in `state`, of one process, at one end.

    `pid` and `command` are those of the first owner; without one `pid` is NONE, HIDDEN or UNKNOWN
    and `command` b"". The end that they share is `local` where somebody listens there, else
    `remote`: (address, port), and the other of the two is None. UNIX sockets have neither.
    """

    __slots__ = ("protocol", "state", "pid", "command", "local", "remote", "count")

    def __init__(
        self,
        protocol: str,
        state: tcp.State | int,
        pid: int | OwnerState,
        command: bytes,
        local: tuple[str, int] | None,
        remote: tuple[str, int] | None,
        count: int,
    ) -> None:
        self.protocol = protocol
        self.state = state
        self.pid = pid
        self.command = command
        self.local = local
        self.remote = remote
        self.count = count

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        owned = not isinstance(self.pid, OwnerState)
        return {
            "count": self.count,
            "protocol": self.protocol,
            "state": tcp.NAMES[int(self.state)],
            "pid": self.pid if owned else None,
            "command": escape(self.command) if owned else None,
            "owner_state": "found" if owned else str(self.pid),
            "local": None if self.local is None else list(self.local),
            "remote": None if self.remote is None else list(self.remote),
        }

    def __repr__(self) -> str:
        return f"<Leftover {self.count} {self.state!s} of {escape(self.command)}>"


class Verdict:
    """Whether a Check holds, and the numbers.

    `group` has the values of the keys that the check names, `before` and `after` are how many there
    were, `excess` is by how much it is missed: 0 where it holds, below 0 for too few.
    """

    __slots__ = ("check", "group", "before", "after", "excess")

    def __init__(self, check: Check, group: Mapping[str, Any], before: int, after: int) -> None:
        self.check = check
        self.group = group
        self.before = before
        self.after = after
        self.excess = check.excess(before, after)

    @property
    def holds(self) -> bool:
        return self.excess == 0

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "check": escape(self.check.text),
            "group": {name: _json_value(value) for name, value in self.group.items()},
            "holds": self.holds,
            "before": self.before,
            "after": self.after,
            "change": self.after - self.before,
            "excess": self.excess,
        }

    def __repr__(self) -> str:
        return f"<Verdict {self.check.text!r} {'holds' if self.holds else 'fails'}>"


def _json_value(value: Any) -> Any:
    if isinstance(value, OwnerState):
        return None
    return escape(value) if isinstance(value, str) else value


class Diff:
    """What two snapshots of a host have, and what is different.

    `before` and `after` are the snapshots, `seconds` the time between them. `counts` is the Change
    of all selected sockets, `groups` those by the keys `by`, the largest first. `new` and `gone`
    are tables of the sockets that only one of the snapshots has, `kept` is how many both have and
    `moved` how many of these went from one state to another. `came` and `went` are listeners at
    addresses where nobody listened before, or listens now; `replaced` those whose address stayed
    and whose socket is another. `grown` are the counters that grew. `verdicts` say which checks
    hold.
    """

    def __init__(self, before: Snapshot, after: Snapshot) -> None:
        self.before = before
        self.after = after
        self.seconds = after.monotonic - before.monotonic
        self.by: tuple[str, ...] = ()
        self.counts = Change((), Counts({}), Counts({}))
        self.groups: list[Change] = []
        self.new = self.gone = SocketTable()
        self.kept = 0
        self.moved: dict[tuple[tcp.State | int, tcp.State | int], int] = {}
        self.came = self.went = self.replaced = SocketTable()
        self.grown: list[Growth] = []
        self.verdicts: list[Verdict] = []
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0

    @property
    def holds(self) -> bool:
        """Whether all checks hold."""
        return all(verdict.holds for verdict in self.verdicts)

    def leftovers(self) -> list[Leftover]:
        """Return the new sockets, those that are alike as one, the most first."""
        return _fold(self.new, self.after.sockets)

    def as_dict(self, *, rows: bool = True) -> dict[str, Any]:
        """Return the JSON object; without `rows` the sockets `new` and `gone` are left out."""
        made: dict[str, Any] = {
            "before": _origin(self.before),
            "after": _origin(self.after),
            "seconds": round(self.seconds, 3),
            "counts": self.counts.as_dict(),
            "by": list(self.by),
            "groups": list(self._group_dicts()),
            "sockets": {
                "new": len(self.new),
                "gone": len(self.gone),
                "kept": self.kept,
                "moved": [
                    {"from": tcp.NAMES[int(old)], "to": tcp.NAMES[int(now)], "count": number}
                    for (old, now), number in self.moved.items()
                ],
            },
            "leftovers": [leftover.as_dict() for leftover in self.leftovers()],
            "listeners": {
                name: [socket.as_dict() for socket in getattr(self, name)]
                for name in ("came", "went", "replaced")
            },
            "counters": [growth.as_dict() for growth in self.grown],
            "checks": [verdict.as_dict() for verdict in self.verdicts],
        }
        if rows:
            made["new"] = [socket.as_dict() for socket in self.new]
            made["gone"] = [socket.as_dict() for socket in self.gone]
        return made

    def _group_dicts(self) -> Iterator[dict[str, Any]]:
        if not self.by:
            return
        # Groups know how their keys are written; they are asked once for all.
        keys = Groups(self.by, {one.key: Counts({}) for one in self.groups}, total=Counts({}))
        for one, row in zip(self.groups, keys.as_dicts(), strict=True):
            named = {name: row[name] for name in (*self.by, "owner_state") if name in row}
            yield {**named, **one.as_dict()}

    def __repr__(self) -> str:
        return f"<Diff: {len(self.new)} new, {len(self.gone)} gone, {self.kept} kept>"


def _origin(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "path": escape(snapshot.path),
        "host": escape(snapshot.host),
        "boot_id": escape(snapshot.boot_id),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(snapshot.time)),
        "monotonic": snapshot.monotonic,
    }


def diff(
    before: Snapshot,
    after: Snapshot,
    *,
    by: str | Iterable[str] = (),
    checks: str | Check | Iterable[str | Check] = (),
    **selection: Any,
) -> Diff:
    """Compare two snapshots of one host, the earlier first.

    `by` are keys as for `count(by=)`, `checks` conditions as `close_wait<=+10`: a state, `other` or
    `total`, one of <= < >= > =, and how many there may be afterwards, or with a sign by how many
    more; `command=nginx` or `command=*` in front for one group or each. `selection` is what
    `SocketTable.select` takes: counts, groups and checks are of these sockets, and of the followed
    sockets and listeners those are shown that are selected where they are.

    Raises ComparisonError for snapshots of different hosts or boots, for the later one first, and
    where owners are asked for that a snapshot was taken without; FilterError for a check or a
    selection that makes no sense; ValueError for an unknown key.
    """
    started = time.perf_counter()
    keys = check_keys(by) if by else ()
    given = (checks,) if isinstance(checks, str | Check) else checks
    parsed = [parse_check(one) if isinstance(one, str) else one for one in given]
    _check_pair(before, after)
    for needed in (keys, *(check.by for check in parsed)):
        _check_owners(before, after, [key for key in needed if key in OWNER_KEYS])
    _check_owners(before, after, [name for name in selection if name in OWNER_TERMS])
    made = Diff(before, after)
    all_old, all_now, left_out = _comparable(before, after)
    old, now = all_old.select(**selection), all_now.select(**selection)
    made.counts = Change((), old.counts(), now.counts())
    made.by = keys
    if keys:
        made.groups = sorted(
            _changes(old, now, keys), key=lambda one: (-abs(one.total), -one.after.total)
        )
    for check in parsed:
        made.verdicts += _judge(check, old, now)
    _follow(made, old, now, all_old, all_now)
    _follow_listeners(made, old, now, all_old, all_now)
    made.grown = list(_grown(before, after))
    made.sources = {
        f"{name} {what}": engine
        for name, snapshot in (("before", before), ("after", after))
        for what, engine in snapshot.sources.items()
    }
    made.incomplete = (*left_out, *_incomplete(before, after))
    made.elapsed = time.perf_counter() - started
    return made


# ---------------------------------------------------------------------------- may they be compared?


def _check_pair(before: Snapshot, after: Snapshot) -> None:
    """Raise ComparisonError for snapshots that are not of one boot of one host, in their order."""
    hosts = f"{escape(before.host) or 'a host'} and {escape(after.host) or 'a host'}"
    if before.boot_id and after.boot_id and before.boot_id != after.boot_id:
        if before.host == after.host:
            raise ComparisonError(
                f"{escape(after.host) or 'the host'} was booted between these snapshots: none of "
                "its sockets can be the same"
            )
        raise ComparisonError(f"these are snapshots of two hosts, {hosts}")
    # A container's name is its own, and so is its network namespace; a host may be renamed.
    if before.host != after.host and (
        not (before.boot_id and after.boot_id) or before.netns != after.netns
    ):
        raise ComparisonError(f"these are snapshots of two hosts or containers, {hosts}")
    if after.monotonic < before.monotonic:
        raise ComparisonError(
            f"the first snapshot was taken {before.monotonic - after.monotonic:.1f} s after the "
            "second: give the earlier one first"
        )
    if after.monotonic == before.monotonic and before.boot_id:
        raise ComparisonError("both are the same snapshot")


def _check_owners(before: Snapshot, after: Snapshot, needed: Sequence[str]) -> None:
    for name, snapshot in (("first", before), ("second", after)):
        if needed and snapshot.sockets.owners is None:
            raise ComparisonError(
                f"the {name} snapshot was taken without owners: {needed[0]} needs them"
            )


def _comparable(
    before: Snapshot, after: Snapshot
) -> tuple[SocketTable, SocketTable, Iterable[Mapping[str, Any]]]:
    """Return the rows that both snapshots looked for, and entries of `incomplete` for the others.

    Raises ComparisonError where they looked for nothing in common.
    """
    tables = [before.sockets, after.sockets]
    left_out = []
    protocols = set(before.protocols) & set(after.protocols)
    if odd := sorted(set(before.protocols) ^ set(after.protocols)):
        if not protocols:
            raise ComparisonError("these are snapshots of different protocols")
        tables = [table.select(protocol=sorted(protocols)) for table in tables]
        left_out.append(_not_in_both(f"sockets of {', '.join(map(escape, odd))}"))
    spaces = _common_namespaces(before, after)
    if spaces is not None:
        if not spaces:
            raise ComparisonError("these are snapshots of different network namespaces of one host")
        chosen = [
            [n for n, space in enumerate(table.column("netns").tolist()) if space in spaces]
            for table in tables
        ]
        if any(len(rows) < len(table) for rows, table in zip(chosen, tables, strict=True)):
            left_out.append(_not_in_both("network namespaces"))
        tables = [_pick(table, rows) for table, rows in zip(tables, chosen, strict=True)]
    return tables[0], tables[1], left_out


def _common_namespaces(before: Snapshot, after: Snapshot) -> set[int] | None:
    """Return the numbers of those that both looked at; None where both looked at all."""
    looked = [
        {*one.spaces, *one.sockets.column("netns").tolist(), *([one.netns] if own else ())}
        for one in (before, after)
        if one.netns_asked != _ALL
        for own in (one.netns_asked == _OWN,)
    ]
    return set.intersection(*looked) if looked else None


def _not_in_both(what: str) -> Mapping[str, Any]:
    return {
        "what": what,
        "count": 0,
        "reason": "only one of the snapshots has them: they are not compared",
        "remedy": "take both with the same flags",
    }


def _incomplete(before: Snapshot, after: Snapshot) -> Incomplete:
    """Return what either of them could not see."""
    return tuple(
        {**entry, "what": f"{entry['what']} ({name})"}
        for name, snapshot in (("before", before), ("after", after))
        for entry in snapshot.incomplete
    )


# ------------------------------------------------------------------------------- how many there are


def _changes(old: SocketTable, now: SocketTable, keys: tuple[str, ...]) -> list[Change]:
    """Return the Change of each group that either has."""
    before, after = _groups(old, keys), _groups(now, keys)
    none = Counts({})
    return [
        Change(key, before.get(key, none), after.get(key, none))
        for key in dict.fromkeys((*after, *before))
    ]


def _groups(rows: SocketTable, keys: tuple[str, ...]) -> Groups:
    try:
        return rows.count_by(*keys)
    except KeyError:  # an optional column, as socket_cgroup
        if len(rows):
            raise ComparisonError(
                f"a snapshot was taken without what {','.join(keys)} needs"
            ) from None
        return make_groups(keys, (), rows.counts())


def _judge(check: Check, old: SocketTable, now: SocketTable) -> Iterator[Verdict]:
    """Yield a Verdict, or of a check of each group one for each that fails.

    Where all groups hold, the one that comes closest speaks for them.
    """
    if not check.by:
        yield _verdict(check, {}, Change((), old.counts(), now.counts()))
        return
    found = []
    for change in _changes(old, now, check.by):
        key = change.key if len(check.by) > 1 else (change.key,)
        named = dict(zip(check.by, key, strict=True))
        if all(
            wanted is None or (text_key(named[name]) == wanted and wanted)
            for name, wanted in check.groups.items()
        ):
            found.append(_verdict(check, named, change))
    if not found:
        none = Change((), Counts({}), Counts({}))
        yield _verdict(check, check.groups, none)
        return
    failed = [verdict for verdict in found if not verdict.holds]
    failed.sort(key=lambda verdict: -abs(verdict.excess))
    yield from failed or [min(found, key=lambda one: check.distance(one.before, one.after))]


def _verdict(check: Check, named: Mapping[str, Any], change: Change) -> Verdict:
    return Verdict(check, named, check.measure(change.before), check.measure(change.after))


# ---------------------------------------------------------------------------------- which these are


def _follow(
    made: Diff, old: SocketTable, now: SocketTable, all_old: SocketTable, all_now: SocketTable
) -> None:
    """Find the sockets that are new, gone and kept.

    Partners are looked for among all, not only the selected: a socket that came into the selection
    is no new one.
    """
    partners = find_partners(now, all_old)
    made.new = _pick(now, (n for n, partner in enumerate(partners) if partner < 0))
    lost = find_partners(old, all_now)
    made.gone = _pick(old, (n for n, partner in enumerate(lost) if partner < 0))
    made.kept = len(now) - len(made.new)
    states, earlier = now.column("state").tolist(), all_old.column("state").tolist()
    moved: dict[tuple[int, int], int] = {}
    for state, partner in zip(states, partners, strict=True):
        if partner >= 0 and earlier[partner] != state:
            pair = (earlier[partner], state)
            moved[pair] = moved.get(pair, 0) + 1
    made.moved = {
        (tcp.STATES[before], tcp.STATES[after]): number
        for (before, after), number in sorted(moved.items(), key=lambda item: -item[1])
    }


def find_partners(rows: SocketTable, others: SocketTable) -> list[int]:
    """Return for each of `rows` the row of the same socket in `others`, -1 where there is none."""
    cookies, other_cookies = rows.column("cookie").tolist(), others.column("cookie").tolist()
    # One number for a socket whatever its namespace, since Linux 5.4; 0 is none.
    known = {cookie: n for n, cookie in enumerate(other_cookies) if cookie}
    found = [known.get(cookie, -1) for cookie in cookies]
    if all(cookies) and all(other_cookies):
        return found
    # An inode is mostly one socket's: what else is equal is then looked at only where it is met.
    inodes, other_inodes = rows.column("inode").tolist(), others.column("inode").tolist()
    known = {inode: n for n, inode in enumerate(other_inodes) if inode}
    alone = {n for n, inode in enumerate(other_inodes) if known.get(inode) != n}
    alike = {_identity(others, n): n for n in alone}
    pairs = [(rows.column(name), others.column(name)) for name in _IDENTITY]
    for n, inode in enumerate(inodes):
        if found[n] >= 0:
            continue
        partner = known.get(inode, -1)
        if partner < 0 or any(mine[n] != theirs[partner] for mine, theirs in pairs):
            partner = alike.get(_identity(rows, n), -1) if alike else -1
        # Two cookies that differ are two sockets, whatever else they share.
        if partner >= 0 and not (cookies[n] and other_cookies[partner]):
            found[n] = partner
    return found


def _identity(rows: SocketTable, row: int) -> tuple[Any, ...]:
    return (rows.column("inode")[row], *(rows.column(name)[row] for name in _IDENTITY))


def _keys(rows: SocketTable, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows.column(name).tolist() for name in names), strict=True)


def _pick(rows: SocketTable, indices: Iterable[int]) -> SocketTable:
    return rows.pick(storage.Column.from_values("index", "I", indices))


def _follow_listeners(
    made: Diff, old: SocketTable, now: SocketTable, all_old: SocketTable, all_now: SocketTable
) -> None:
    """Find the addresses that are listened on only before, or only after, or by another socket."""
    # As with sockets: where anybody listened, not only who is selected.
    tables = [split_listening(table)[0] for table in (old, now, all_old, all_now)]
    paths = all("path" in table.column_names() for table in tables)
    names = (*_PLACE, "path") if paths else _PLACE
    old_waiting, waiting = tables[:2]
    old_places, places, all_before, all_after = (list(_keys(table, names)) for table in tables)
    before, after = set(all_before), set(all_after)
    made.came = _pick(waiting, (n for n, place in enumerate(places) if place not in before))
    made.went = _pick(old_waiting, (n for n, place in enumerate(old_places) if place not in after))
    partners = find_partners(waiting, all_old)
    stayed = {place for place, partner in zip(places, partners, strict=True) if partner >= 0}
    made.replaced = _pick(
        waiting,
        (n for n, place in enumerate(places) if place in before and place not in stayed),
    )


def _fold(new: SocketTable, after: SocketTable) -> list[Leftover]:
    """Return the rows of `new` by state, first owner and the end that they share."""
    waiting = split_listening(after)[0]
    listening = set(_keys(waiting, ("netns", "protocol", "local_port")))
    owners = _first_owners(new)
    ends = (
        "netns",
        "protocol",
        "state",
        "family",
        "local_address",
        "local_port",
        "remote_address",
        "remote_port",
    )
    numbers: dict[tuple[Any, ...], int] = {}
    for owner, row in zip(owners, _keys(new, ends), strict=True):
        netns, protocol, state, family, local, port, remote, remote_port = row
        # Unconnected ones have only this.
        here = not remote_port or (netns, protocol, port) in listening
        end = (local, port) if here else (remote, remote_port)
        key = (protocol, state, owner, here, family, end)
        numbers[key] = numbers.get(key, 0) + 1
    made = []
    for (protocol, state, (pid, command), here, family, (raw, port)), number in numbers.items():
        address = storage.format_address(raw, family)
        shown = (address, port) if address else None  # UNIX sockets have none
        made.append(
            Leftover(
                tcp.PROTOCOL_NAMES.get(protocol, f"protocol-{protocol}"),
                tcp.STATES[state],
                pid,
                command,
                shown if here else None,
                None if here else shown,
                number,
            )
        )
    made.sort(key=lambda leftover: -leftover.count)
    return made


def _first_owners(rows: SocketTable) -> Iterator[tuple[int | OwnerState, bytes]]:
    """Yield the PID and command of the first owner of each row."""
    heads = rows.owner_heads()
    if heads is None or rows.owners is None:
        unknown = OWNER_STATES[storage.OWNER_UNKNOWN]
        yield from ((unknown, b"") for _ in range(len(rows)))
        return
    processes, which = rows.owners.processes, rows.owners.column("process").tolist()
    for head in heads.tolist():
        if head < 0:
            yield OWNER_STATES[head], b""
        else:
            process = processes[which[head]]
            yield process.pid, process.command


# ------------------------------------------------------------------------------------- the counters


def _grown(before: Snapshot, after: Snapshot) -> Iterator[Growth]:
    """Yield the counters that grew, of the namespaces that both have."""
    for netns, space in after.spaces.items():
        earlier = before.spaces.get(netns)
        if earlier is None:
            continue
        for name, number in space.counters.items():
            known = earlier.counters.get(name)
            # One that shrank is no counter, or the namespace is another of the same number.
            if known is not None and number > known:
                yield Growth(netns, space.name, name, known, number)
