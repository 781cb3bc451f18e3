"""The verb listeners: what listens, from where it can be reached, how much waits, who owns it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fastsock import render
from fastsock.cli.answer import Answer
from fastsock.cli.flags import NO_HEADER, PIDS, Flag, Options
from fastsock.cli.owners import text_holders, text_missing
from fastsock.columns import UNKNOWN_VALUES
from fastsock.diagnose.addresses import text_end
from fastsock.services import (
    REACH_FIELDS,
    Holder,
    Service,
    describe,
    main_holder,
)
from fastsock.tcp import TYPE_NAMES
from fastsock.users import user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastsock.table import Process, Socket, SocketTable

FLAGS = {
    "listeners": (
        Flag("--long", "long", "each owner in full: binary, directory, command line, since when"),
        NO_HEADER,
        PIDS,
    ),
}

_ALIKE = 6  # processes of one kind that are named before the rest is a number


def run(options: Options, answer: Answer) -> int:
    """Everything that listens, by port."""
    from fastsock.conductor import listeners

    question = options.question()
    table = listeners(options.expression(), fields=REACH_FIELDS, **question)
    if options.on("pids"):
        return answer.write_pids(table)
    full = options.on("long") or options.on("json") or options.on("jsonl")
    services = describe(table, procfs=question.get("procfs", "/proc"), details=full)
    services.sort(key=place)
    if options.on("json"):
        answer.write(document(answer, table, services))
    elif options.on("jsonl"):
        lines = (render.dump_json(service.as_dict()) + "\n" for service in services)
        answer.write("".join(lines), answer.end(len(services), table))
    elif options.on("long"):
        answer.write("\n".join(block(shared) for shared in fold(services)))
    elif services or not options.on("no_header"):
        answer.write(grid(services, not options.on("no_header")))
    return answer.code(table, found=bool(services))


RUN: dict[str, Callable[[Options, Answer], int]] = {"listeners": run}


def place(service: Service) -> tuple[object, ...]:
    """Return what services are sorted by: port, then address or path."""
    socket = service.socket
    return (
        socket.local_port,
        socket.field("protocol"),
        socket.field("family"),
        socket.field("local_address"),
        path_of(socket),
        socket.inode,
    )


def path_of(socket: Socket) -> bytes:
    """Return what a UNIX socket is bound to, b"" for nothing and for other sockets."""
    if socket.family != "unix":
        return b""
    try:
        path: bytes = socket.field("path")
    except KeyError:  # a snapshot that others wrote may have none
        return b""
    return path


def document(
    answer: Answer, table: SocketTable, services: Iterable[Service], **more: object
) -> Iterable[bytes]:
    """Yield one JSON document with the services as `sockets`."""
    head = render.dump_json({**answer.head(table), **more})[:-1]
    rows = ",\n".join(render.dump_json(service.as_dict()) for service in services)
    yield f'{head},"sockets":[\n{rows}{rows and chr(10)}]}}\n'.encode("utf-8", "backslashreplace")


# ------------------------------------------------------------------------------------ one line each


def grid(services: Sequence[Service], header: bool) -> str:
    """Return one line for each socket, which for most fits 80 columns.

    Of an owner in a container that is named; a unit mostly says what the command does, and is in
    what --long and --json have.
    """
    limited = any(service.socket.backlog_limit is not None for service in services)
    columns: dict[str, Callable[[Service], str]] = {
        "PROTO": lambda service: service.socket.protocol,
        "TYPE": lambda service: text_type(service.socket),
        "LOCAL": lambda service: text_local(service.socket),
        "REACH": lambda service: str(service.reach),
        "QUEUE": lambda service: text_queue(service.socket, limited),
        "USER": text_owning_user,
        "PID": text_pid,
        "COMMAND": lambda service: text_holders(service.holders),
        "CONTAINER": text_container,
    }
    if not any(service.socket.family == "unix" for service in services):
        del columns["TYPE"]
    if not any(holder.process.container for service in services for holder in service.holders):
        del columns["CONTAINER"]
    headings = list(columns)
    rows = [[cell(service) for cell in columns.values()] for service in services]
    right = (headings.index("QUEUE"), headings.index("PID"))
    return render.render_grid(headings if header else (), rows, right)


def text_type(socket: Socket) -> str:
    """Return stream, dgram or seqpacket of a UNIX socket."""
    number = socket.field("type") if socket.family == "unix" else 0
    return TYPE_NAMES.get(number, f"type-{number}" if number else "-")


def text_local(socket: Socket) -> str:
    """Return the local end as other tables have it: ADDRESS:PORT, or a path."""
    if socket.family == "unix":
        return render.text_path(path_of(socket))
    return text_end(socket.local_address, socket.local_port)


def text_queue(socket: Socket, limited: bool = True) -> str:
    """Return how many wait to be accepted, of how many that may; of datagrams the bytes."""
    limit = socket.backlog_limit
    if limit is None:
        return (
            f"{socket.rx_queue}/?"
            if limited and socket.protocol == "tcp"
            else (str(socket.rx_queue))
        )
    return f"{socket.rx_queue}/{limit}"


def text_user(uid: int | None) -> str:
    """Return a user's name for a table."""
    if uid is None or uid == UNKNOWN_VALUES["uid"]:
        return "-"
    return render.text_name(user_name(uid))


def text_owning_user(service: Service) -> str:
    """Return the user of the owner, or of who made the socket where no owner is known."""
    chosen = main_holder(service.holders)
    return text_user(service.socket.uid if chosen is None else chosen.process.uid)


def text_pid(service: Service) -> str:
    """Return the owner's PID, or why there is none."""
    chosen = main_holder(service.holders)
    return text_missing(service.socket) if chosen is None else str(chosen.pid)


def text_container(service: Service) -> str:
    """Return the container of the owner: its name, or 12 characters of its id."""
    chosen = main_holder(service.holders)
    container = None if chosen is None else chosen.process.container
    return render.text_name(container) if container else "-"


# ------------------------------------------------------------------------------------------ in full


def fold(services: Iterable[Service]) -> list[list[Service]]:
    """Return the services by what a peer sees: sockets of one address (SO_REUSEPORT) together."""
    found: dict[tuple[object, ...], list[Service]] = {}
    for service in services:
        socket = service.socket
        shared = (*place(service)[:-1], socket.netns, service.reach)
        if socket.family == "unix":
            shared = (*shared, socket.inode)  # of one path there may be dead ones
        found.setdefault(shared, []).append(service)
    return list(found.values())


def block(shared: Sequence[Service]) -> str:
    """Return the lines of one address: the sockets that wait there, and each family that owns them.

    A process says only what is not so of its parent, and those that are alike share a line.
    """
    first = shared[0].socket
    queues = [text_queue(service.socket) for service in shared]
    head = [first.protocol, text_local(first), f" {shared[0].reach}"]
    if first.family == "unix":
        head.insert(1, text_type(first))
    waiting = (
        f" queue {queues[0]}"
        if len(shared) == 1
        else (f" {len(shared)} sockets, queues {shorten(queues)}")
    )
    lines = [" ".join((*head, waiting))]
    for service in shared:
        if not service.holders:
            why = text_missing(service.socket)
            lines.append(f"  owner {why}, made by {text_user(service.socket.uid)}")
    lines += family_lines(merge(shared))
    return "\n".join(lines) + "\n"


def merge(shared: Sequence[Service]) -> list[Holder]:
    """Return the holders of several sockets, each process once, in the order of their families."""
    from fastsock.services import order_family

    found: dict[int, Holder] = {}
    for service in shared:
        for holder in service.holders:
            known = found.get(holder.pid)
            fds = holder.fds if known is None else known.fds + holder.fds
            found[holder.pid] = Holder(holder.process, fds, holder.details)
    return order_family(found.values())


def shorten(texts: Sequence[str]) -> str:
    """Return texts with blanks between, the most of them as a number."""
    shown = " ".join(texts[:_ALIKE])
    return f"{shown} … ({len(texts)})" if len(texts) > _ALIKE else shown


def family_lines(holders: Sequence[Holder]) -> list[str]:
    """Return the lines of processes that hold one service, parents first."""
    by_pid = {holder.pid: holder for holder in holders}
    parents = {holder.parent for holder in holders}
    groups: list[tuple[Holder, list[str], list[Holder]]] = []
    for holder in holders:
        told = told_of(holder, by_pid.get(holder.parent))
        if groups and holder.pid not in parents:
            before, alike, members = groups[-1]
            same = (before.parent, before.depth, before.process.command, before.fds)
            if (
                before.pid not in parents
                and alike == told
                and same == (holder.parent, holder.depth, holder.process.command, holder.fds)
            ):
                members.append(holder)
                continue
        groups.append((holder, told, [holder]))
    lines = []
    for holder, told, members in groups:
        pids = shorten([str(member.pid) for member in members])
        indent = "  " * (holder.depth + 1)
        fds = ",".join("ring" if fd < 0 else str(fd) for fd in holder.fds)
        name = render.text_name(holder.process.command)
        lines.append(f"{indent}{name} {pids}  fd {fds}{told[0]}")
        lines += [f"{indent}  {line}" for line in told[1:]]
    return lines


def told_of(holder: Holder, parent: Holder | None) -> list[str]:
    """Return what is to be said of a process: behind its name, and lines of its own."""
    process, details = holder.process, holder.details
    behind = ""
    if parent is None or parent.process.uid != process.uid:
        behind += f"  user {text_user(process.uid)}"
    if process.unit and (parent is None or parent.process.unit != process.unit):
        behind += f"  unit {text_unit(process)}"
    if details is None:
        return [behind]
    above = parent.details if parent is not None else None
    if since := text_since(details.started):
        behind += f"  since {since}"
    told = [behind]
    where = []
    binary = "hidden" if "binary" in details.hidden else text_path(details.binary, details.deleted)
    if above is None or (above.binary, above.deleted) != (details.binary, details.deleted):
        where.append(f"binary {binary}")
    cwd = "hidden" if "cwd" in details.hidden else text_path(details.cwd, details.cwd_deleted)
    if above is None or (above.cwd, above.cwd_deleted) != (details.cwd, details.cwd_deleted):
        where.append(f"cwd {cwd}")
    if where:
        told.append("  ".join(where))
    if details.arguments and (above is None or above.arguments != details.arguments):
        told.append(text_arguments(details.arguments))
    return told


def text_unit(process: Process) -> str:
    """Return the container, pod or unit of a process."""
    return render.text_name(process.unit) if process.unit else "-"


def text_path(path: bytes | None, deleted: bool) -> str:
    """Return a path for people; in quotes where blanks would mislead."""
    if path is None:
        return "-"
    return render.text_name(path) + (" (deleted)" if deleted else "")


def text_arguments(arguments: Sequence[bytes]) -> str:
    """Return a command line as ps shows it, escaped."""
    from fastsock.errors import escape

    return escape(b" ".join(arguments))


def text_since(started: float | None) -> str:
    """Return a moment in local time, for people; "" where it is not known."""
    import time

    if started is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started))
