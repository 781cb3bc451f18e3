"""The public verbs: a question → the engines that can answer it → join → select.

Owners are looked up only when the question needs them, and only in the processes that it names.
They are walked before the tables are read: a socket that lives through both is found in both.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastsock import processes
from fastsock.columns import OPTIONAL_NAMES, UNIX_FIELDS
from fastsock.engines import open_engine
from fastsock.engines.namespaces import (
    TABLES,
    Namespace,
    all_namespaces,
    count_undecoded,
    count_unix,
    find_namespaces,
    list_pids,
)
from fastsock.engines.walk import Outlook, Sought, Walk
from fastsock.errors import NamespaceHidden, NoSuchProcess, OwnersHidden, escape
from fastsock.filter import ALL, OWNER_TERMS, build_filter, check_containers
from fastsock.implementation import group, match, table as storage
from fastsock.table import (
    OWNER_KEYS,
    Counts,
    Groups,
    Incomplete,
    OwnerTable,
    ProcessTable,
    Socket,
    SocketTable,
    check_keys,
    make_groups,
)
from fastsock.tcp import FAMILY_NAMES, PROTOCOL_NAMES, TCP, TYPES, UDP, UNIX, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    from fastsock.engines import Engine
    from fastsock.evaluation import Evaluation, PortTables
    from fastsock.expression import Expression


def _asked_protocols(question: Mapping[str, Any]) -> frozenset[int]:
    """Return the numbers of the protocols that are wanted: TCP, if none is named."""
    given = question.get("protocol")
    if not given and given != 0:  # 0 is the number of UNIX sockets
        given = "tcp"
    return build_filter(protocol=given).terms["protocol"]


def refuse_words(verb: str, question: Mapping[str, Any], *words: str) -> None:
    """Raise TypeError where a question has a word that the verb uses itself or has no use for."""
    for word in words:
        if word in question:
            raise TypeError(f"{verb}() does not take {word}=")


class Question:
    """One question, and what answering it needs: filter, engine, processes, namespaces.

    Beside keywords it may have an expression. What that implies is in the filter too, and what it
    says beyond it is selected by `choose`, from tables with owners where they decide.
    """

    def __init__(
        self,
        expression: str | Expression | None = None,
        *,
        engine: str | None = None,
        netns: object = None,
        procfs: str | os.PathLike[str] = "/proc",
        threads: int | None = None,
        fields: Sequence[str] = (),
        owners: bool = False,
        held: bool = False,
        once: bool = False,
        again: bool = False,
        **selection: Any,
    ) -> None:
        self.started = time.perf_counter()
        self._again = again
        self.procfs = os.fspath(procfs)
        self.held = held or once
        self._once = once
        selection["protocol"] = _asked_protocols(selection)
        self.want = build_filter(**selection)
        self.pids = self._find_pids()
        self._evaluation: Evaluation | None = None
        self._listening: PortTables | None = None
        self._named: frozenset[int] = frozenset()
        self.expression = None if expression is None else self._read(expression)
        if self.expression is not None:
            fields = (*fields, *self.expression.fields)
            if netns is None and any(term.name == "netns" for term in self.expression.terms):
                netns = "all"
        self.fields = fields = tuple(dict.fromkeys(fields))
        self.needs_owners = self.want.needs_owners or (
            self.expression is not None and self.expression.needs_owners
        )
        walks = owners or self.needs_owners
        self.engine: Engine = open_engine(
            engine,
            procfs=self.procfs,
            threads=threads,
            fields=fields,
            walk=self._look_out(fields) if walks else None,
        )
        self.namespaces: list[Namespace] = find_namespaces(
            self.engine.name, self.procfs, netns, self.pids
        )
        self._follows_pids = netns is None and self.pids is not None
        self.sources = {"sockets": self.engine.sources["sockets"]}
        self.incomplete: list[Mapping[str, Any]] = []
        if netns == "all":
            self._count_hidden_namespaces()
        if "uid" in self.want.terms and self.asks_unix and not self.engine.knows_unix_uid:
            self.miss("UNIX sockets", None, "/proc does not tell whose they are", "")
        if self.expression is not None:
            for field in sorted(self.engine.unknown_fields.intersection(self.expression.fields)):
                reason = f"/proc does not tell their {field}, which the filter asks for"
                self.miss("sockets", None, reason, "--engine netlink")

    @property
    def asks_unix(self) -> bool:
        """Whether UNIX sockets are wanted, perhaps among others."""
        return UNIX in self.want.terms["protocol"]

    @property
    def asks_inet(self) -> bool:
        """Whether others than UNIX sockets are wanted."""
        return bool(self.want.terms["protocol"] - {UNIX})

    def _read(self, expression: str | Expression) -> Expression | None:
        """Narrow the filter by an expression; return it where the filter is not all it says."""
        from fastsock.expression import Expression, Term, all_of, parse_expression
        from fastsock.lookups import Lookups
        from fastsock.narrow import combine, list_named, narrow

        if isinstance(expression, str):
            protocols = self.want.terms["protocol"]
            lookups = Lookups(self.procfs)
            expression = parse_expression(expression, protocols=protocols, lookups=lookups)
        if not isinstance(expression, Expression):
            raise TypeError(f"an expression is a text or an Expression, not {expression!r}")
        named = frozenset(self.pids or ())
        if expression.needs_owners and self.want.needs_owners:
            # Whoever owns a socket beside those that are named plays a part: all is one expression.
            owned = [
                Term(name, [(pid, pid) for pid in values] if name == "pid" else values)
                for name, values in self.want.terms.items()
                if name in OWNER_TERMS
            ]
            expression = expression.narrowed(all_of(*((term,) for term in owned)))
            self.want = self.want.without_terms(*OWNER_TERMS)
        hint, whole = narrow(expression, unix=self.asks_unix)
        self.want, kept = combine(self.want, hint)
        self.pids = self._find_pids()
        if self.pids is None:
            self._named = named | list_named(expression.terms)
        return None if whole and kept else expression

    def _find_pids(self) -> list[int] | None:
        """Return the processes that the question names, None where it names none."""
        terms = self.want.terms
        if not self.want.needs_owners:
            return None
        pids = sorted(terms["pid"]) if "pid" in terms else None
        if pids is not None:
            gone = [pid for pid in pids if not os.path.isdir(f"{self.procfs}/{pid}")]
            if gone:
                raise NoSuchProcess(", ".join(map(str, gone)), gone)
        if "cgroup" in terms:
            pids = self._find_members(terms["cgroup"], pids)
        if "command" in terms:
            pids = list_pids(self.procfs) if pids is None else pids
            pids = processes.find_processes(self.procfs, pids, terms["command"])
            if not pids:
                names = b", ".join(sorted(terms["command"]))
                raise NoSuchProcess(os.fsdecode(names).encode("utf-8", "replace").decode())
        return pids

    def _look_out(self, fields: Sequence[str]) -> Outlook:
        """Return what a walk will be about. It does not know us: a cycle would live on, and with
        it what the engine has open.
        """
        procfs, pids = self.procfs, self.pids

        def expect_descriptors() -> int:
            if pids is not None:
                return sum(processes.count_descriptors(procfs, pids).values())
            return processes.count_open_files(procfs)

        return Outlook(self.want, fields, expect_descriptors, self._again)

    def _find_members(self, names: frozenset[bytes], pids: list[int] | None) -> list[int]:
        """Return those of `pids`, or of all processes, that are in a cgroup or below it."""
        from fastsock import cgroups  # not above: most questions name none

        if pids is None and processes.shows_own_pids(self.procfs):
            pids = cgroups.list_members(names)
        if pids is None:
            pids = list_pids(self.procfs)
        paths = {pid: cgroups.read_membership(f"{self.procfs}/{pid}") for pid in pids}
        check_containers(names, paths.values())
        found = [pid for pid, path in paths.items() if cgroups.lies_in(path, names)]
        if not found:
            raise NoSuchProcess(f"none in cgroup {escape(b', '.join(sorted(names)))}")
        return found

    def _count_hidden_namespaces(self) -> None:
        unnamed = sum(1 for space in self.namespaces if not space.inode)
        if unnamed:
            self.miss(
                "namespaces",
                unnamed,
                "their numbers may not be read, their sockets were",
                self._help(),
            )

    def miss(self, what: str, count: int | None, reason: str, remedy: str) -> None:
        """Note what could not be seen."""
        self.incomplete.append({"what": what, "count": count, "reason": reason, "remedy": remedy})

    def walk(self, fields: Sequence[str] | None = None) -> Walk:
        """Find owners: in the named processes, or in all. OwnersHidden where named ones are.

        With `fields` the sockets will be asked for afterwards, with these columns.
        """
        if fields is None:
            walk = self.engine.owners(self.pids)
        else:
            # What an expression says beyond the filter is known when all has been read.
            once = self._once and self.expression is None
            sought = Sought(self.want, self.namespaces, fields, self.held, once)
            walk = self.engine.owners(self.pids, sought)
        if walk.scope is not None:
            refused = {*walk.denied, *walk.denied_links}
            ended = {pid for pid in refused if processes.has_ended(f"{self.procfs}/{pid}")}
            if refused - ended:
                raise self._hidden(refused - ended)
            gone = sorted({*walk.missing, *ended})  # since they were looked up
            if gone and len(gone) == len(walk.scope):
                raise NoSuchProcess(", ".join(map(str, gone)))
        elif self._named.intersection(walk.denied):
            raise self._hidden(self._named.intersection(walk.denied))
        self.sources["owners"] = self.engine.sources["owners"]
        self._note_walk(walk)
        if fields is not None and self._follows_pids and walk.unnamed:
            self._note_hidden_namespaces(walk.unnamed)
        return walk

    def _hidden(self, pids: Iterable[int]) -> OwnersHidden:
        return OwnersHidden(sorted(pids), self._help(alone=True))

    def _help(self, alone: bool = False) -> str:
        """Return what lets one read others' descriptors, and the numbers of their namespaces."""
        from fastsock.engines.host import help_to_read  # not above: seldom needed

        return help_to_read(self.procfs, alone)

    def _note_hidden_namespaces(self, hidden: int) -> None:
        """Say that sockets are missing of processes of which /proc shows no namespace either."""
        if not self.namespaces:
            raise NamespaceHidden(
                "the network namespaces of these processes may not be read: /proc is mounted with "
                "hidepid; name one, or run as root"
            )
        self.miss(
            "processes",
            hidden,
            "their sockets in other network namespaces were not read: /proc is mounted with "
            "hidepid",
            "run as root",
        )

    def _note_walk(self, walk: Walk) -> None:
        if walk.denied:
            hidden = sum(processes.count_descriptors(self.procfs, walk.denied).values())
            self.miss(
                "processes",
                len(walk.denied),
                f"their {hidden or ''} descriptors may not be read".replace("  ", " "),
                self._help(),
            )
        if walk.denied_links:
            hidden = sum(walk.denied_links.values())
            self.miss("descriptors", hidden, "may not be read", self._help())
        if self._hides_pids(walk):
            self.miss("processes", None, "/proc is mounted with hidepid", "run as root")
        if walk.unnamed:
            self.miss(
                "process names",
                walk.unnamed,
                "may not be read: /proc is mounted with hidepid",
                "run as root",
            )
        if walk.uncompared_threads:
            self.miss(
                "threads",
                walk.uncompared_threads,
                "may have descriptor tables of their own, kcmp(2) was refused",
                "run as root in the same pid namespace",
            )
        if walk.unvisited:
            self.miss(
                "processes",
                walk.unvisited,
                "came while the others were looked at, and then still others",
                "ask again",
            )
        if walk.rings_unread:
            self.miss(
                "io_uring instances",
                walk.rings_unread,
                "their fixed files are not listed",
                "Linux 6.13 lists them; ask again when the ring is less busy",
            )

    def _hides_pids(self, walk: Walk) -> bool:
        """Whether processes were invisible: a real procfs always has a process 1."""
        if walk.scope is not None or walk.beyond_proc:
            return False
        return os.path.islink(f"{self.procfs}/self") and not os.path.exists(f"{self.procfs}/1")

    def select(self, table: SocketTable) -> SocketTable:
        """Return the rows that are wanted: an engine may have found more."""
        if self.engine.exact:
            return table
        return table.pick(match.Matcher(self.want).select(table))

    def choose(self, table: SocketTable) -> SocketTable:
        """Return the rows that the expression selects, of those that `select` left."""
        if self.expression is None:
            return table
        if self._evaluation is None:
            self._evaluation = self._prepare(self.expression)
        return table.pick(self._evaluation.select(table))

    def _prepare(self, expression: Expression) -> Evaluation:
        """Find out what an expression asks beside the sockets themselves."""
        from fastsock.evaluation import Evaluation

        listening = self.find_listening() if expression.needs_listening else None
        names = {name for t in expression.terms if t.name == "command" for name in t.values}
        commands: dict[bytes, list[int]] = {}
        pids = (list_pids(self.procfs) if self.pids is None else self.pids) if names else []
        for pid in pids:
            for name in processes.read_names(f"{self.procfs}/{pid}") & names:
                commands.setdefault(name, []).append(pid)
        return Evaluation(expression, listening=listening, commands=commands)

    def find_listening(self) -> PortTables:
        """Return the ports that are listened on: {(netns, protocol): a byte for each port}."""
        from fastsock.evaluation import WAITING, note_listening

        if self._listening is None:
            self._listening = {}
            unnamed = sum(1 for space in self.namespaces if not space.inode)
            if unnamed > 1:  # in columns and tables all of them have the number 0
                self.miss(
                    "namespaces",
                    unnamed,
                    "may not be told apart: where one listens on a port, connections to it in all "
                    "of them count as inbound",
                    self._help(),
                )
            for want in WAITING:
                if want.terms["protocol"] <= self.want.terms["protocol"]:
                    for table in self.engine.stream(want, self.namespaces):
                        note_listening(table, self._listening)
        return self._listening

    def missing_state(self, walk: Walk) -> int:
        """Return what a socket is whose owner was not found."""
        if walk.scope is None and (walk.passed_over or self._hides_pids(walk)):
            return storage.OWNER_HIDDEN
        return storage.OWNER_UNKNOWN

    def finish(self) -> dict[str, Any]:
        """Return what every answer carries."""
        self.sources["sockets"] = self.engine.sources["sockets"]  # known when all is read
        if self.engine.unentered:
            self.miss(
                "namespaces",
                self.engine.unentered,
                "no process lives in them, and they may not be entered",
                "run as root or with CAP_SYS_ADMIN",
            )
        if self.engine.repeats:
            self.miss(
                "repeated rows",
                self.engine.repeats,
                "the kernel's table moved while it was read; each socket is counted once",
                "",
            )
        return {
            "sources": self.sources,
            "incomplete": tuple(self.incomplete),
            "elapsed": time.perf_counter() - self.started,
        }


class Join:
    """Attaches owners to tables, and keeps the sockets of the processes asked for."""

    def __init__(self, question: Question, fields: Sequence[str]) -> None:
        before = len(question.incomplete)
        self.walk = walk = question.walk(fields)
        self.pids = None if question.pids is None else frozenset(question.pids)
        self.owners = OwnerTable.adopt(walk.owners)
        self.owners.scope = walk.scope
        self.owners.incomplete = tuple(question.incomplete[before:])
        self.missing = question.missing_state(walk)
        self.index = group.OwnerIndex(self.owners)

    def attach(self, table: SocketTable) -> SocketTable:
        table.attach_owners(self.owners, self.index.heads(table, self.missing))
        if self.pids is None:
            return table
        # Only the named processes were walked, so whoever has an owner is theirs.
        return table.pick(group.owned_by(table, self.pids))


def stream_tables(
    question: Question, join: Join | None, fields: Sequence[str]
) -> Iterator[SocketTable]:
    """Yield the selected sockets in tables of a few thousand, with owners where asked for."""
    walk = None if join is None else join.walk
    for table in question.engine.stream(question.want, question.namespaces, fields, walk):
        table = question.select(table)
        yield question.choose(table if join is None else join.attach(table))


def scan(
    expression: str | Expression | None = None,
    *,
    owners: bool = False,
    held: bool = False,
    once: bool = False,
    fields: Sequence[str] = (),
    **question: Any,
) -> SocketTable:
    """Return a table of the sockets that `expression` and `question` select.

    `expression` is a text in the filter language, "state established and dport = :443"
    (expression.py), or what `parse_expression` made of one; columns that it looks at are added to
    `fields`.

    `owners=True` finds out who holds them; so does selecting by `pid`, `command` or `cgroup`, which
    looks only into those processes. With `held=True` sockets that no descriptor holds (TIME_WAIT,
    SYN_RECV, orphans) may be left out: to find these costs more. With `once=True` it is enough to
    find, for each process that holds sockets which are selected, one of them: who uses this port?

    `fields` names optional columns (columns.py), and what is inside the raw ones (attributes.py) as
    "tcp_info.rtt"; what the engine cannot know is empty.

    `question`: pid, command, cgroup (see below), port (either end), local_port, remote_port, state,
    address (either end, CIDR), local_address, remote_address, uid, inode, family, protocol ("tcp";
    "udp", "unix"), netns, procfs ("/proc"), engine, threads; several values of one are
    alternatives, different ones must all hold. UNIX sockets have neither ports nor addresses, so no
    such term selects them; what they are bound to and of which type they are is in the optional
    columns `path` and `type`.

    `cgroup` is a path of /proc/PID/cgroup, also below /sys/fs/cgroup, or a name in one: a systemd
    unit's, a pod's uid, a container's name, whole id or 12 characters of it and more. Selected are
    the processes in that cgroup and all below it; anybody may read whose they are.

    Raises FilterError for a value that makes no sense, ValueError for an unknown field,
    NoSuchProcess, OwnersHidden when a named process may not be read, EngineUnavailable, ParseError.
    """
    asked = Question(expression, fields=fields, owners=owners, held=held, once=once, **question)
    join = Join(asked, asked.fields) if owners or asked.needs_owners else None
    walk = None if join is None else join.walk
    table = asked.select(asked.engine.sockets(asked.want, asked.namespaces, asked.fields, walk))
    if join is not None:
        table = join.attach(table)
    table = asked.choose(table)
    if join is not None:
        wrapped = len(group.ambiguous(table))
        if wrapped:
            asked.miss("ambiguous sockets", wrapped, "they share an inode number with others", "")
            join.owners.incomplete += (asked.incomplete[-1],)
    context = asked.finish()
    table.sources, table.incomplete = context["sources"], context["incomplete"]
    table.elapsed = context["elapsed"]
    table.undecoded = count_undecoded(asked.namespaces)
    if join is not None:
        join.owners.sources = table.sources
    return table


def owners(expression: str | Expression | None = None, **question: Any) -> OwnerTable:
    """Return who holds sockets: one row for each (process, descriptor, socket).

    With `pid`, `command` or `cgroup` only those processes are walked; an `expression` may name
    some, as "pid = 3921" or "command = nginx". Other selections need the sockets: use
    `scan(owners=True)`. Raises as `scan`, and ValueError for a selection of sockets.
    """
    asked = Question(expression, owners=True, **question)
    if asked.expression is not None:
        raise ValueError(
            "owners() takes an expression that names processes, of one sort; use scan(owners=True)"
        )
    extra = asked.want.without_terms(*OWNER_TERMS, "protocol").terms
    if extra:
        raise ValueError(f"owners() does not select by {', '.join(extra)}; use scan(owners=True)")
    walk = asked.walk()
    found = OwnerTable.adopt(walk.owners)
    found.scope = walk.scope
    context = asked.finish()
    context["sources"].pop("sockets")
    found.sources, found.incomplete = context["sources"], context["incomplete"]
    found.elapsed = context["elapsed"]
    return found


if TYPE_CHECKING:

    @overload
    def count(
        expression: str | Expression | None = None,
        *,
        by: None = None,
        descriptors: bool = False,
        **question: Any,
    ) -> Counts: ...

    @overload
    def count(
        expression: str | Expression | None = None,
        *,
        by: str | Iterable[str],
        descriptors: bool = False,
        **question: Any,
    ) -> Groups: ...


def count(
    expression: str | Expression | None = None,
    *,
    by: str | Iterable[str] | None = None,
    descriptors: bool = False,
    **question: Any,
) -> Counts | Groups:
    """Return how many sockets are selected, by state; with `by` as Groups of such Counts.

    No row is kept. Each socket counts once, however many descriptors hold it; `descriptors=True`
    counts (process, descriptor) pairs as lsof does. `expression` and `question` as for `scan`.
    """
    keys = () if by is None else check_keys(by)
    fields = tuple(key for key in keys if key in OPTIONAL_NAMES)
    needs_owners = descriptors or not OWNER_KEYS.isdisjoint(keys)
    asked = Question(expression, fields=fields, owners=needs_owners, **question)
    needs_owners = needs_owners or asked.needs_owners
    if not needs_owners and not keys and asked.expression is None:
        numbers = asked.engine.count(asked.want, asked.namespaces)
        return Counts(dict(enumerate(numbers)), **asked.finish())
    join = Join(asked, asked.fields) if needs_owners else None
    walk = None if join is None else join.walk
    pids = None if join is None else join.pids
    grouper = group.Grouper(keys) if keys else None
    queues = AcceptQueues()
    numbers = [0] * 256
    for table in asked.engine.stream(asked.want, asked.namespaces, asked.fields, walk):
        beside = table = asked.select(table)
        if join is not None:
            table = join.attach(table)
        table = asked.choose(table)
        if pids is not None:
            queues.note(beside, table)
        found = group.count_descriptors(table, pids) if descriptors else group.count_states(table)
        numbers = [a + b for a, b in zip(numbers, found, strict=True)]
        if grouper is not None:
            grouper.add(table, descriptors, pids)
    context = asked.finish()
    if pids is not None and asked.asks_inet:
        context.update(unaccepted=queues.unaccepted(), shared=queues.shared())
    total = Counts(dict(enumerate(numbers)), **context)
    return total if grouper is None else make_groups(keys, grouper.groups(), total)


class AcceptQueues:
    """TCP's listeners met during a count: what waits in the queues of those that are selected."""

    _LISTENING = match.Matcher(ALL.with_term("state", [State.LISTEN]).with_term("protocol", [TCP]))

    def __init__(self) -> None:
        self._holders: dict[tuple[Any, ...], int] = {}
        self._owned: dict[int, tuple[tuple[Any, ...], int]] = {}

    def note(self, table: SocketTable, owned: SocketTable) -> None:
        for row in table.pick(self._LISTENING.select(table)):
            address = self._address(row)
            self._holders[address] = self._holders.get(address, 0) + 1
        for row in owned.pick(self._LISTENING.select(owned)):
            self._owned[row.inode] = (self._address(row), row.rx_queue)

    @staticmethod
    def _address(row: Socket) -> tuple[Any, ...]:
        return (row.netns, row.family, row.local_address, row.local_port)

    def unaccepted(self) -> int:
        """Return the sum of the selected listeners' accept queues."""
        return sum(queue for _, queue in self._owned.values())

    def shared(self) -> bool:
        """Return whether one of them shares its address with another listener (SO_REUSEPORT)."""
        return any(self._holders[address] > 1 for address, _ in self._owned.values())


class SocketStream:
    """Sockets one after another; memory does not grow with their number.

    A context manager and an iterator, for one thread. `sources`, `incomplete` and `elapsed` are
    complete when the stream has ended. Closing early is fine.
    """

    def __init__(self, asked: Question) -> None:
        self._asked = asked
        join = Join(asked, asked.fields) if asked.needs_owners else None
        self._tables = stream_tables(asked, join, asked.fields)
        self._rows: Iterator[Socket] = iter(())
        self.sources: Mapping[str, str] = asked.sources
        self.incomplete: Incomplete = tuple(asked.incomplete)
        self.elapsed = 0.0

    def __iter__(self) -> Iterator[Socket]:
        return self

    def __next__(self) -> Socket:
        while True:
            try:
                return next(self._rows)
            except StopIteration:
                try:
                    self._rows = iter(next(self._tables))
                except StopIteration:
                    self._end()
                    raise

    def tables(self) -> Iterator[SocketTable]:
        """Yield the same sockets as tables of a few thousand rows."""
        yield from self._tables
        self._end()

    def _end(self) -> None:
        if not self.elapsed:
            context = self._asked.finish()
            self.incomplete, self.elapsed = context["incomplete"], context["elapsed"]

    def close(self) -> None:
        """End early; closing twice is fine."""
        self._rows = iter(())
        self._tables.close()  # type: ignore[attr-defined]

    def __enter__(self) -> SocketStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sockets(
    expression: str | Expression | None = None, *, fields: Sequence[str] = (), **question: Any
) -> SocketStream:
    """Return the sockets that are selected as a stream; `expression`, `question` as for `scan`."""
    return SocketStream(Question(expression, fields=fields, **question))


_LISTENERS = ALL.with_term("state", [State.LISTEN])
_UNCONNECTED = ALL.with_term("state", [State.CLOSE])


def split_listening(table: SocketTable) -> tuple[SocketTable, SocketTable]:
    """Return the sockets that wait for peers, and the others.

    LISTEN of TCP and UNIX, and what takes datagrams: UDP's unconnected with a port, UNIX's
    unconnected with a path.
    """
    waiting = _LISTENERS.with_term("protocol", [TCP, UNIX])
    udp = _UNCONNECTED.with_term("protocol", [UDP])
    udp = udp.with_term("local_port", [(1, 65535)])
    chosen = [*match.Matcher(waiting).select(table), *match.Matcher(udp).select(table)]
    if set(UNIX_FIELDS) <= set(table.fields):
        types, paths = table.column("type"), table.column("path")
        unix = _UNCONNECTED.with_term("protocol", [UNIX])
        chosen += [
            n for n in match.Matcher(unix).select(table) if types[n] == TYPES["dgram"] and paths[n]
        ]
    taken = set(chosen)
    others = [n for n in range(len(table)) if n not in taken] if len(taken) < len(table) else ()
    return _pick(table, sorted(taken)), _pick(table, others)


def _pick(table: SocketTable, rows: Iterable[int]) -> SocketTable:
    return table.pick(storage.Column.from_values("index", "I", rows))


def _fields(question: Mapping[str, Any], fields: Sequence[str]) -> tuple[str, ...]:
    """Return `fields`, and the optional columns that say what UNIX sockets are, if wanted."""
    unix = UNIX_FIELDS if UNIX in _asked_protocols(question) else ()
    return (*unix, *(name for name in fields if name not in unix))


def listeners(
    expression: str | Expression | None = None, *, fields: Sequence[str] = (), **question: Any
) -> SocketTable:
    """Return the sockets that wait for peers, with all their owners.

    `expression` and `question` as for `scan`.

    With UNIX sockets among them the table has the columns `type` and `path`, before `fields`. From
    where they can be reached, and what their owners are, `fastsock.services.describe` tells.
    """
    states = [State.LISTEN]
    if _asked_protocols(question) - {TCP}:
        states.append(State.CLOSE)
    question.setdefault("state", states)
    table = scan(expression, owners=True, fields=_fields(question, fields), **question)
    return split_listening(table)[0]


def who(
    *,
    port: int | str | None = None,
    address: str | None = None,
    connections: bool = False,
    fields: Sequence[str] = (),
    **question: Any,
) -> SocketTable:
    """Return the sockets behind a local port, with all owners.

    These are the listeners that a connection to `address` and `port` can reach (one bound to the
    wildcard among them), or where nobody listens, the sockets bound there. `connections=True`:
    these also beside listeners, in one look (split_listening() tells them apart). An `inode` is
    looked for in all network namespaces if it is not in this one's: inodes belong to the host.
    `fields` and `question` as for `scan`; raises as it does.
    """
    if port is None and address is None and not question:
        raise ValueError("who() needs a port, an address or another selection")
    question["local_port"] = port
    if address is not None:
        question["local_address"] = [address, *_wildcards(address)]
    # Listeners first: an engine may find them without a look at all the others.
    if "state" not in question and not connections:
        waiting = listeners(fields=fields, **question)
        if len(waiting):
            return waiting
    found = scan(owners=True, fields=_fields(question, fields), **question)
    if not len(found) and "inode" in question and "netns" not in question:
        found = scan(owners=True, fields=_fields(question, fields), netns="all", **question)
    if connections:
        return found
    waiting, _ = split_listening(found)
    return waiting if len(waiting) else found


def _wildcards(address: str) -> list[str]:
    """Return the wildcard addresses that reach `address`: :: takes IPv4 as well, if not v6only."""
    return ["::"] if ":" in address else ["0.0.0.0", "::"]


def state_of(
    sock: Any = None,
    *,
    inode: int | None = None,
    local: tuple[Any, ...] | None = None,
    remote: tuple[Any, ...] | None = None,
    **question: Any,
) -> State | int | None:
    """Return the state of one TCP socket, or None when there is no such socket.

    `state_of(sock)` takes a socket object or one of our own descriptors (a bare number is never an
    inode) and asks the kernel for this very moment (getsockopt TCP_INFO, tcp(7)); OSError when it
    is closed, ValueError when it is no TCP socket. `inode=`, or `local=` and `remote=` as
    getsockname() and getpeername() give them, are looked up in the table.
    """
    if sum(value is not None for value in (sock, inode, local or remote)) != 1:
        raise TypeError("state_of() takes a socket, or inode=, or local= and remote=")
    if sock is not None:
        return _state_now(sock)
    if inode is not None:
        if inode == 0:
            raise ValueError("inode 0 is no socket's: sockets without a descriptor have it")
        found = scan(inode=inode, **question)
    else:
        if local is None or remote is None:
            raise TypeError("state_of() needs both local= and remote=")
        asked = Question(**_end("local", local), **_end("remote", remote), **question)
        found = asked.select(asked.engine.find(asked.want, asked.namespaces))
    return found[0].state if len(found) else None


def _end(side: str, name: Any) -> dict[str, Any]:
    if not isinstance(name, tuple) or len(name) < 2:
        raise TypeError(f"{side}= is (address, port), as getsockname() gives it")
    address = str(name[0]).partition("%")[0]  # a link-local address may name its interface
    return {f"{side}_address": address, f"{side}_port": name[1]}


def _state_now(sock: Any) -> State | int:
    import socket

    from fastsock.tcp import STATES

    if not isinstance(sock, int):
        if not hasattr(sock, "fileno"):
            raise TypeError(f"state_of() takes a socket or a descriptor, not {sock!r}")
        sock = sock.fileno()
    # Through a duplicate: the caller's descriptor stays the caller's.
    with socket.socket(fileno=os.dup(sock)) as copy:
        if copy.proto != socket.IPPROTO_TCP or copy.type != socket.SOCK_STREAM:
            family = socket.AddressFamily(copy.family).name
            raise ValueError(f"not a TCP socket: {family}, {socket.SocketKind(copy.type).name}")
        return STATES[copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]


def states_by_inode(**question: Any) -> dict[int, State | int | tuple[State | int, ...]]:
    """Return the state of every socket (of TCP, if not asked otherwise) that has an inode.

    In one read. Where one inode has several rows (MPTCP's subflows) the value is a tuple. It is a
    snapshot: stale at once.
    """
    from fastsock.tcp import STATES

    table = scan(**question)
    found: dict[int, Any] = {}
    for inode, number in zip(table.column("inode"), table.column("state"), strict=True):
        state = STATES[number]
        if inode == 0:  # no descriptor: TIME_WAIT, SYN_RECV, not yet accepted
            continue
        if inode in found:
            before = found[inode]
            state = (*(before if isinstance(before, tuple) else (before,)), state)
        found[inode] = state
    return found


class Glance:
    """The host at a glance: see `glance`."""

    __slots__ = (
        "counts",
        "processes",
        "units",
        "process_count",
        "namespaces",
        "unix",
        "undecoded",
        "sources",
        "incomplete",
        "elapsed",
    )

    counts: dict[tuple[str, str], Counts]
    processes: list[tuple[int, bytes, int]]
    units: dict[int, bytes]
    process_count: int
    namespaces: int
    unix: int
    undecoded: Mapping[str, int]
    sources: Mapping[str, str]
    incomplete: Incomplete
    elapsed: float


def glance(*, most: int = 5, **question: Any) -> Glance:
    """Return what a first look needs, and never a walk over descriptors.

    `counts` by (protocol, family); the `most` processes with most open descriptors as (pid,
    command, descriptors), and `units`: in which container or systemd unit those are, if in one; how
    many processes and network namespaces there are; `unix`: how many UNIX sockets, by
    net/protocols, also where they are not asked for; and `undecoded`: how many sockets of protocols
    that are not in any table, by the kernel's name of the protocol.
    """
    from fastsock import cgroups

    question.setdefault("protocol", ("tcp", "udp"))
    asked = Question(**question)
    made = Glance()
    made.counts = {}
    families = asked.want.terms.get("family", frozenset(FAMILY_NAMES))
    for protocol, family, _ in TABLES:
        if protocol in asked.want.terms["protocol"] and family in families:
            one = asked.want.with_term("protocol", [protocol]).with_term("family", [family])
            numbers = asked.engine.count(one, asked.namespaces)
            key = PROTOCOL_NAMES[protocol], FAMILY_NAMES[family]
            made.counts[key] = Counts(dict(enumerate(numbers)))
    pids = list_pids(asked.procfs)
    sizes = processes.count_descriptors(asked.procfs, pids)
    largest = sorted(sizes, key=lambda pid: (-sizes[pid], pid))[:most]
    made.processes = [
        (pid, processes.read_command(f"{asked.procfs}/{pid}"), sizes[pid]) for pid in largest
    ]
    made.units = {}
    for pid in largest:
        unit = cgroups.parse_unit(cgroups.read_membership(f"{asked.procfs}/{pid}")).text
        if unit:
            made.units[pid] = unit
    made.process_count = len(pids)
    made.namespaces = len(all_namespaces(asked.procfs))
    made.unix = count_unix(asked.namespaces)
    made.undecoded = count_undecoded(asked.namespaces)
    context = asked.finish()
    made.sources, made.incomplete = context["sources"], context["incomplete"]
    made.elapsed = context["elapsed"]
    return made


__all__ = [
    "Glance",
    "ProcessTable",
    "SocketStream",
    "count",
    "glance",
    "listeners",
    "owners",
    "scan",
    "sockets",
    "split_listening",
    "state_of",
    "states_by_inode",
    "who",
]
