"""Which rows of a table an Expression selects: each term marks rows, and marks are joined.

A term of owners is a question to the few processes, and then to the join; the others are asked of
columns, in compiled code (_evaluate).
"""

from __future__ import annotations

from fastsock import cgroups
from fastsock.expression import AND, NOT, OWNED, Term
from fastsock.filter import ALL, check_containers
from fastsock.implementation import COMPILED, group, match, table as storage
from fastsock.tcp import TCP, UDP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Mapping

    from fastsock import _evaluate as evaluate
    from fastsock.expression import Expression

    Column = storage.Column
    SocketRows = storage.SocketRows
    PortTables = dict[tuple[int, int], bytearray]
elif COMPILED:  # not in `implementation`: most questions have no expression
    from fastsock import _evaluate as evaluate
else:
    from fastsock import _evaluate_py as evaluate

_ENDS = ("local_port", "remote_port")
_ADDRESSES = ("local_address", "remote_address")
_PATHS = ("path", "remote_path")

# What connections can come to: TCP's listeners, and sockets of UDP that are not connected.
WAITING = (
    ALL.with_term("protocol", [TCP]).with_term("state", [State.LISTEN]),
    ALL.with_term("protocol", [UDP])
    .with_term("state", [State.CLOSE])
    .with_term("local_port", [(1, 65535)]),
)


def note_listening(rows: SocketRows, tables: PortTables) -> None:
    """Add the ports that sockets of `rows` listen on: {(netns, protocol): a byte for each port}."""
    for want in WAITING:
        waiting = rows.pick(match.Matcher(want).select(rows))
        columns = (waiting.column(name) for name in ("netns", "protocol", "local_port"))
        for netns, protocol, port in zip(*columns, strict=True):
            tables.setdefault((netns, protocol), bytearray(65536))[port] = 1


class Evaluation:
    """An Expression made ready to be asked of tables, which all share their owners, or have none.

    `listening` are the ports that are listened on, as of `note_listening`; without, those that
    sockets of the table listen on. `commands` says which processes go by a name; without, those
    whose command is that.
    """

    def __init__(
        self,
        expression: Expression,
        *,
        listening: Mapping[tuple[int, int], bytes | bytearray] | None = None,
        commands: Mapping[bytes, Collection[int]] | None = None,
    ) -> None:
        self.expression = expression
        self._listening = listening
        self._commands = commands
        self._pids: dict[Term, tuple[object, frozenset[int]]] = {}

    def select(self, rows: SocketRows) -> Column:
        """Return the indices of the rows that are selected, in order ("index", uint32).

        Raises ValueError where owners decide and `rows` has none, KeyError where it lacks a column,
        FilterError for the beginning of several containers' ids.
        """
        stack: list[Column] = []
        for step in self.expression.steps:
            if isinstance(step, Term):
                stack.append(self._mark(rows, step))
            elif step == NOT:
                stack.append(evaluate.neither(stack.pop()))
            else:
                other = stack.pop()
                joint = evaluate.both if step == AND else evaluate.either
                stack.append(joint(stack.pop(), other))
        return evaluate.marked(stack[0] if stack else evaluate.mark_all(len(rows)))

    def _mark(self, rows: SocketRows, term: Term) -> Column:
        name = term.name
        if name == "everything":
            return evaluate.mark_all(len(rows))
        if name in OWNED:
            return evaluate.mark_rows(len(rows), group.owned_by(rows, self._owners(rows, term)))
        if name == "listening":
            return evaluate.mark_listening(rows, self._listening_of(rows))
        if name == "mark":
            return evaluate.mark_masked(rows, term.values)
        if name in _ADDRESSES:
            return evaluate.mark_addresses(rows, name, term.values)
        if name in _PATHS:
            return _mark_paths(rows, term)
        return evaluate.mark_numbers(rows, name, term.values, name in _ENDS)

    def _listening_of(self, rows: SocketRows) -> Mapping[tuple[int, int], bytes | bytearray]:
        if self._listening is not None:
            return self._listening
        tables: PortTables = {}
        note_listening(rows, tables)
        return tables

    def _owners(self, rows: SocketRows, term: Term) -> frozenset[int]:
        """Return the pids of the processes that a term of owners means."""
        owners = rows.owners
        if owners is None:
            raise ValueError("selecting by pid, command or container needs a table with owners")
        known = self._pids.get(term)
        if known is None or known[0] is not owners:
            known = self._pids[term] = (owners, frozenset(self._find(owners.processes, term)))
        return known[1]

    def _find(self, processes: Collection[storage.Process], term: Term) -> set[int]:
        names = frozenset(term.values)
        if term.name == "pid":
            return {p.pid for p in processes if any(a <= p.pid <= b for a, b in term.values)}
        if term.name == "command":
            if self._commands is None:
                return {p.pid for p in processes if p.command in names}
            return {pid for name in names for pid in self._commands.get(name, ())}
        check_containers(names, (p.cgroup for p in processes))
        lies = cgroups.lies_in if term.name == "cgroup" else cgroups.runs_in
        return {p.pid for p in processes if lies(p.cgroup, names)}


def _mark_paths(rows: SocketRows, term: Term) -> Column:
    """Mark what a UNIX socket is bound to, by patterns; the other end's name nobody tells."""
    patterns = [_compile_pattern(pattern) for pattern in term.values]
    named = term.name == "path"
    paths = rows.column("path") if named and len(rows) else (b"",) * len(rows)
    known: dict[bytes, bool] = {}
    marks = []
    for path in paths:
        if path not in known:
            shown = path.replace(b"\0", b"@") if path.startswith(b"\0") else path
            known[path] = any(pattern.fullmatch(shown) for pattern in patterns)
        marks.append(int(known[path]))
    return storage.Column.from_values("mark", "B", marks)


def _compile_pattern(pattern: bytes) -> re.Pattern[bytes]:
    r"""Return a pattern of fnmatch(3) that takes no notice of case: * ? [a-z] [!a-z] \*."""
    import re  # not above: flows need this module, and hardly any question has a pattern

    made = b""
    at = 0
    while at < len(pattern):
        character = pattern[at : at + 1]
        at += 1
        if character == b"*":
            made += b".*"
        elif character == b"?":
            made += b"."
        elif character == b"[" and (end := _end_of_set(pattern, at)) > 0:
            inside = pattern[at:end]
            negated = inside[:1] in (b"!", b"^")
            body = inside[negated:].replace(b"\\", rb"\\").replace(b"[", rb"\[")
            body = body.replace(b"]", rb"\]").replace(b"&", rb"\&").replace(b"~", rb"\~")
            made += b"[" + (b"^" if negated else b"") + body.replace(b"|", rb"\|") + b"]"
            at = end + 1
        else:
            if character == b"\\" and at < len(pattern):
                character = pattern[at : at + 1]
                at += 1
            made += re.escape(character)
    try:
        return re.compile(made, re.DOTALL | re.IGNORECASE)
    except re.error:  # a range that runs backwards: nothing is in it
        return re.compile(b"(?!)")


def _end_of_set(pattern: bytes, at: int) -> int:
    """Return where the ] is of a set that begins at `at`, or 0: then [ is just a bracket."""
    first = at + (pattern[at : at + 1] in (b"!", b"^"))
    return max(pattern.find(b"]", first + 1), 0)
