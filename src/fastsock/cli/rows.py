"""The verb list: the sockets, one a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fastsock import attributes, render, tcp
from fastsock.cli.answer import Answer
from fastsock.cli.flags import NO_HEADER, PIDS, Flag, Options, UsageError, parse_number
from fastsock.columns import OPTIONAL_NAMES, UNIX_FIELDS, UNKNOWN_VALUES
from fastsock.filter import OWNER_TERMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.table import SocketTable


def parse_column(text: str) -> Iterable[str]:
    """Return the name of a column that there is, or of a member of one, as tcp_info.rtt."""
    if text in render.COLUMNS or attributes.find_member(text):
        return (text,)
    column, dot, _ = text.partition(".")
    if dot and column in attributes.MEMBERS:
        inside = ", ".join(attributes.MEMBERS[column])
        raise UsageError(f"unknown column {text!r}; inside {column} there are {inside}")
    raise UsageError(f"unknown column {text!r}; columns are {', '.join(render.COLUMNS)}")


def parse_order(text: str) -> Iterable[tuple[str, bool]]:
    """Return (column, descending)."""
    (column,) = parse_column(text.removeprefix("-"))
    return ((column, text.startswith("-")),)


def parse_limit(text: str) -> Iterable[int]:
    """Return a number of rows."""
    return (parse_number(text, "number of rows", 0, 2**32 - 1),)


FLAGS = {
    "list": (
        Flag("-O --owners", "owners", "with the processes that hold each socket"),
        Flag("--columns", "columns", "these columns", parse=parse_column, metavar="NAME,…"),
        NO_HEADER,
        Flag(
            "--sort",
            "sort",
            "by this column; - before it: descending",
            parse=parse_order,
            metavar="[-]COLUMN",
            repeats=False,
        ),
        Flag(
            "--limit",
            "limit",
            "no more than N; says how many are left out",
            parse=parse_limit,
            metavar="N",
            repeats=False,
        ),
        PIDS,
    ),
}


def run_list(options: Options, answer: Answer) -> int:
    """Scan, sort, cut, write."""
    from fastsock.conductor import scan

    question = options.question()
    expression = options.expression()
    protocols = question.get("protocol", ())
    columns = options.all("columns") or render.default_columns(protocols)
    order: tuple[str, bool] | None = options.last("sort")
    named = {*columns, order[0]} if order else set(columns)
    needed = (*columns, *UNIX_FIELDS) if "unix" in protocols else columns
    owners = bool(
        options.on("owners")
        or options.on("pids")
        or named.intersection(render.OWNER_FIELDS)
        or question.keys() & set(OWNER_TERMS)
        or (expression is not None and expression.needs_owners)
    )
    if owners and not options.all("columns"):
        columns.append("owners")
    limit: int | None = options.last("limit")
    table = scan(
        expression=expression,
        owners=owners,
        once=options.on("pids") and limit is None,
        fields=optional_fields(needed, order),
        **question,
    )
    rows = sort(table, *order) if order else table
    left_out = 0
    if limit is not None and limit < len(rows):
        left_out = len(rows) - limit
        rows = pick(rows, range(limit))
    code = write_rows(options, answer, table, rows, columns)
    if left_out:
        answer.warn(f"{left_out} more not shown, because of --limit {limit}")
    return code


def optional_fields(columns: Iterable[str], order: tuple[str, bool] | None) -> tuple[str, ...]:
    """Return what must be asked for: the optional columns that are shown or sorted by."""
    named = (*columns, order[0]) if order else tuple(columns)
    optional = (name for name in named if name in OPTIONAL_NAMES or "." in name)
    return tuple(dict.fromkeys(optional))


RUN: dict[str, Callable[[Options, Answer], int]] = {"list": run_list}


def write_rows(
    options: Options,
    answer: Answer,
    table: SocketTable,
    rows: SocketTable,
    columns: Iterable[str] | Mapping[str, str],
) -> int:
    """Write `rows` of `table` as the options say and return the exit code."""
    found = len(table) > 0
    if options.on("pids"):
        return answer.write_pids(rows)
    if options.on("json"):
        answer.write(render.render_json_document(answer.head(table), "sockets", rows))
    elif options.on("jsonl"):
        answer.write(render.render_json_lines(rows), answer.end(len(rows), table))
    elif rows or not options.on("no_header"):
        answer.write(render.render_table(rows, columns, not options.on("no_header")))
    return answer.code(table, found=found)


def pick(rows: SocketTable, indices: Iterable[int]) -> SocketTable:
    """Return these rows, in this order."""
    from fastsock.implementation import table

    return rows.pick(table.Column.from_values("index", "I", indices))


def sort(rows: SocketTable, column: str, descending: bool) -> SocketTable:
    """Return the rows in the order of a column as it is shown; without a value they come last."""
    keys = sort_keys(rows, column)
    held = [n for n, key in enumerate(keys) if key is not None]
    held.sort(key=keys.__getitem__, reverse=descending)
    return pick(rows, held + [n for n, key in enumerate(keys) if key is None])


def sort_keys(rows: SocketTable, column: str) -> list[Any]:
    """Return what each row is sorted by; None for a row without a value."""
    if column in ("local", "remote"):
        addresses = sort_keys(rows, f"{column}_address")
        ports = rows.column(f"{column}_port")
        if column == "local" and "path" in rows.fields:
            return list(zip(addresses, ports, rows.column("path"), strict=True))
        return list(zip(addresses, ports, strict=True))
    if column in render.OWNER_FIELDS:
        return owner_keys(rows, column)
    values: list[Any] = rows.column(column).tolist()
    if attributes.find_member(column):
        return [None if value == attributes.ABSENT else value for value in values]
    if column in OPTIONAL_NAMES:
        shown = (attributes.show_value(column, value) for value in values)
        return [None if text is None else raw for raw, text in zip(values, shown, strict=True)]
    if column in ("local_address", "remote_address"):
        return list(zip(rows.column("family"), values, strict=True))
    if column == "state":
        return [tcp.state_name(value) for value in values]
    if column in ("protocol", "family"):
        names = tcp.PROTOCOL_NAMES if column == "protocol" else tcp.FAMILY_NAMES
        return [names.get(value, str(value)) for value in values]
    return [None if value == UNKNOWN_VALUES.get(column) else value for value in values]


def owner_keys(rows: SocketTable, column: str) -> list[Any]:
    """Return the first owner's PID, command, cgroup, unit, container or pod."""
    heads = rows.owner_heads()
    assert heads is not None and rows.owners is not None
    if column == "owner_state":
        return [min(head, 0) for head in heads]
    if column == "pid":
        values = rows.owners.column("pid").tolist()
    else:
        processes = rows.owners.processes
        name = "command" if column == "owners" else column
        values = [getattr(processes[n], name) for n in rows.owners.column("process")]
    return [values[head] if head >= 0 else None for head in heads]
