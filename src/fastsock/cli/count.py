"""The verb count: how many sockets, by state or by what --by names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastsock import render, tcp
from fastsock.cli.answer import Answer
from fastsock.cli.flags import Flag, Options, UsageError
from fastsock.columns import UNIX_FIELDS
from fastsock.errors import escape
from fastsock.filter import OWNER_TERMS
from fastsock.table import GROUP_KEYS, Counts, Groups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastsock.expression import Expression
    from fastsock.table import SocketTable


def parse_key(text: str) -> Iterable[str]:
    """Return a name that sockets can be grouped by."""
    if text not in GROUP_KEYS:
        raise UsageError(f"cannot count by {text!r}; keys are {', '.join(GROUP_KEYS)}")
    return (text,)


FLAGS = {
    "count": (
        Flag("--by", "by", "in groups; several nest", parse=parse_key, metavar="KEY,…"),
        Flag("--others", "others", "and the sockets that are neither ESTABLISHED nor LISTEN"),
        Flag("--descriptors", "descriptors", "descriptors and not sockets, as lsof counts"),
    )
}


def run(options: Options, answer: Answer) -> int:
    """Count; with --others, show these sockets first."""
    from fastsock.conductor import count

    question = options.question()
    expression = options.expression()
    keys: tuple[str, ...] = tuple(dict.fromkeys(options.all("by")))
    others: SocketTable | None = None
    descriptors = options.on("descriptors")
    counted = count(expression=expression, by=keys or None, descriptors=descriptors, **question)
    groups = counted if isinstance(counted, Groups) else None
    counts = counted.total if isinstance(counted, Groups) else counted
    if options.on("others"):
        # A scan of its own: what was counted above left no rows behind.
        others = scan_others(question, expression)
    results = [result for result in (counts, groups, others) if result is not None]
    if options.on("json"):
        write_document(answer, counts, groups, others)
    elif options.on("jsonl"):
        write_lines(answer, counts, groups, others)
    else:
        write_text(answer, counts, groups, others)
    return answer.code(*results)


RUN: dict[str, Callable[[Options, Answer], int]] = {"count": run}


def scan_others(question: dict[str, Any], expression: Expression | None) -> SocketTable:
    """Return the sockets that are neither ESTABLISHED nor LISTEN."""
    from fastsock.conductor import scan

    wanted = set(question.get("state", tcp.OTHERS)) & tcp.OTHERS
    if not wanted:
        raise UsageError("--others and --state exclude each other")
    owners = not question.keys().isdisjoint(OWNER_TERMS)
    fields = UNIX_FIELDS if "unix" in question.get("protocol", ()) else ()
    question = {**question, "state": tuple(sorted(wanted))}
    return scan(expression=expression, owners=owners, fields=fields, **question)


def write_text(
    answer: Answer, counts: Counts, groups: Groups | None, others: SocketTable | None
) -> None:
    """Sockets, then groups or states, and always the same last line."""
    if others:
        columns = render.default_columns(("unix",) if others.fields else ())
        if others.owners is not None:
            columns.append("owners")
        answer.write(render.render_table(others, columns))
    if groups is None:
        text = render.render_grid((), [(name, str(n)) for name, n in counts.states.items()], (1,))
    else:
        text = grid_of_groups(groups)
    if counts.unaccepted is not None:
        shared = " shared=true" if counts.shared else ""
        text += f"unaccepted={counts.unaccepted}{shared}\n"
    answer.write(text + f"{counts}\n")


def grid_of_groups(groups: Groups) -> str:
    """Return one line a group; those that begin alike stand together, the largest first."""
    several = len(groups.by) > 1
    paths = paths_of(groups)
    found = [(key if several else (key,), counts) for key, counts in groups.items()]
    sizes: dict[tuple[Any, ...], int] = {}
    for key, counts in found:
        for depth in range(1, len(key) + 1):
            sizes[key[:depth]] = sizes.get(key[:depth], 0) + counts.total
    first = {prefix: n for n, prefix in enumerate(sizes)}
    found.sort(
        key=lambda item: [
            part
            for depth in range(1, len(item[0]) + 1)
            for part in (-sizes[item[0][:depth]], first[item[0][:depth]])
        ]
    )
    split = [] if "state" in groups.by else ["established", "listen", "other"]
    columns = [*split, "total"]
    rows = [
        [
            *(show_key(*part, paths) for part in zip(groups.by, key, strict=True)),
            *(str(getattr(counts, column)) for column in columns),
        ]
        for key, counts in found
    ]
    headings = [name.upper() for name in (*groups.by, *columns)]
    right = range(len(groups.by), len(headings))
    return render.render_grid(headings, rows, right)


def paths_of(groups: Groups) -> dict[int, bytes]:
    """Return the paths of the cgroups that sockets were made in, of those that are still there."""
    if "socket_cgroup" not in groups.by:
        return {}
    return read_paths_of(row["socket_cgroup"] for row in groups.as_dicts())


def read_paths_of(ids: Iterable[int | None]) -> dict[int, bytes]:
    """Return the paths of cgroups by their ids; None, for none, is passed over."""
    from fastsock.cgroups import read_paths

    try:
        return read_paths({one for one in ids if one is not None})
    except OSError:  # cgroup v2 is not mounted, or not to be seen from here: there are the ids
        return {}


def dicts_of(groups: Groups) -> list[dict[str, Any]]:
    """Return the JSON objects, with `socket_cgroup_path` beside a `socket_cgroup`."""
    rows = groups.as_dicts()
    if "socket_cgroup" in groups.by:
        paths = paths_of(groups)
        for row in rows:
            path = paths.get(row["socket_cgroup"])
            row["socket_cgroup_path"] = None if path is None else escape(path)
    return rows


def show_key(name: str, value: Any, paths: dict[int, bytes]) -> str:
    """Return a group key for a table."""
    if name == "socket_cgroup" and value in paths:
        return render.text_name(paths[value])
    return render.text_key(name, value)


def write_document(
    answer: Answer, counts: Counts, groups: Groups | None, others: SocketTable | None
) -> None:
    """One document: counts, with groups and sockets where asked for."""
    document = answer.head(*(part for part in (counts, groups, others) if part is not None))
    document["counts"] = counts.as_dict()
    if groups is not None:
        document["groups"] = dicts_of(groups)
    if others is not None:
        answer.write(render.render_json_document(document, "sockets", others))
    else:
        answer.write(render.dump_json(document) + "\n")


def write_lines(
    answer: Answer, counts: Counts, groups: Groups | None, others: SocketTable | None
) -> None:
    """The sockets, one a line; then the groups, one a line, or the counts as one."""
    rows = [counts.as_dict()] if groups is None else dicts_of(groups)
    total = len(rows)
    if others is not None:
        total += len(others)
        answer.write(render.render_json_lines(others))
    answer.write(
        "".join(render.dump_json(row) + "\n" for row in rows),
        answer.end(total, *(part for part in (counts, groups, others) if part is not None)),
    )
