"""What lsof lists: which processes are looked into, which of their files are selected.

Pure, over facts that others read. As in lsof a negation comes before everything; then each kind of
selection that holds is a bit, and a file is listed when any of them holds, or with -a when all that
were asked for do. What was asked for and never met makes the exit code 1: `Found` remembers it, in
lsof's own way, where of several that match only the one that was typed last counts as met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastsock.compat.lsof_flags import (
    COMMAND,
    DESCRIPTOR,
    GROUP,
    PROCESS,
    STATES,
    TASK,
    USER,
    InternetAddress,
    Request,
    escape_text,
)

Expression = tuple[str, Callable[[bytes], bool]]  # as typed, and whether a command matches


class Facts:
    """What a process (or with `tid` one of its threads) is, as far as was asked."""

    __slots__ = ("pid", "tid", "parent", "group", "uid", "command")

    def __init__(
        self, pid: int, command: bytes, uid: int, parent: int = 0, group: int = 0, tid: int = 0
    ) -> None:
        self.pid = pid
        self.tid = tid
        self.parent = parent
        self.group = group
        self.uid = uid
        self.command = command


class Found:
    """Which search terms were met."""

    __slots__ = (
        "commands",
        "expressions",
        "names",
        "addresses",
        "internet",
        "nfs",
        "states",
        "pids",
        "tasks",
        "groups",
        "users",
    )

    def __init__(self) -> None:
        self.commands: set[str] = set()
        self.expressions: set[str] = set()
        self.names: set[str] = set()
        self.addresses: set[int] = set()  # places in the request's list
        self.internet = self.nfs = self.tasks = False
        self.states: set[str] = set()
        self.pids: set[int] = set()
        self.groups: set[int] = set()
        self.users: set[int] = set()


def judge_process(
    request: Request, facts: Facts, found: Found, expressions: Iterable[Expression] = ()
) -> int | None:
    """Return the kinds of selection that hold for all files of a process, None: look no further."""
    if (
        facts.uid in request.not_users
        or facts.group in request.not_groups
        or facts.pid in request.not_pids
    ):
        return None
    asked = request.kinds
    kinds = 0
    if facts.group in request.groups:
        found.groups.add(facts.group)
        kinds |= GROUP
    if facts.pid in request.pids:
        found.pids.add(facts.pid)
        kinds |= PROCESS
    if facts.uid in request.users:
        found.users.add(facts.uid)
        kinds |= USER
    if asked & TASK and facts.tid:
        kinds |= TASK
    needed = asked & (GROUP | PROCESS | USER | TASK)
    alone = asked in (GROUP, PROCESS, USER)
    if (request.every or alone) and kinds & needed != needed:
        return None
    return _judge_command(request, facts.command, found, expressions, kinds)


def _judge_command(
    request: Request, command: bytes, found: Found, expressions: Iterable[Expression], kinds: int
) -> int | None:
    if any(command.startswith(_bytes(text)) for text in request.not_commands):
        return None
    asked = request.kinds
    if not asked & COMMAND:
        return kinds
    for text in reversed(request.commands):
        if command.startswith(_bytes(text)):
            found.commands.add(text)
            return kinds | COMMAND
    for typed, matches in expressions:
        if matches(command):
            found.expressions.add(typed)
            return kinds | COMMAND
    return None if request.every or asked == COMMAND else kinds


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def has_descriptor(request: Request, fd: int, use: str) -> bool:
    """Return whether -d selects a file: by its number, or where it has none (-1) by its use."""
    listed = request.descriptors or request.not_descriptors
    here = any(
        (one == use if isinstance(one, str) else one[0] <= fd <= one[1])
        if fd < 0 or not isinstance(one, str)
        else False
        for one in listed
    )
    return here != bool(request.not_descriptors)


def is_listed(request: Request, kinds: int) -> bool:
    """Return whether a file is listed for which these kinds hold."""
    asked = request.kinds
    if not asked:
        return True
    return kinds & asked == asked if request.every else kinds != 0


def descriptor_kind(request: Request, fd: int, use: str) -> int:
    """Return the bit of -d where it was asked for and selects the file, else 0."""
    if not request.kinds & DESCRIPTOR:
        return 0
    return DESCRIPTOR if has_descriptor(request, fd, use) else 0


def find_address(
    addresses: list[InternetAddress], version: int, protocol: str, address: bytes, port: int
) -> int:
    """Return the place of the -i address that one end of a socket matches, -1 for none.

    `version` is 4 also for IPv4 in IPv6. Of several it is the one that was typed last.
    """
    for place in range(len(addresses) - 1, -1, -1):
        one = addresses[place]
        if (
            (not one.protocol or one.protocol == protocol)
            and (not one.version or one.version == version)
            and (one.address is None or one.address == address)
            and (one.first == -1 or one.first <= port <= one.last)
        ):
            return place
    return -1


def list_unmet(request: Request, found: Found, names: Iterable[tuple[str, bool]]) -> list[str]:
    """Return a line, as -V prints it, for each search term that was never met.

    `names` are the files to search for: as typed or found below a directory, and whether each was
    met; a file system's has a blank in front.
    """
    lines = []
    for command in reversed([*request.commands]):
        if command not in found.commands:
            lines.append(f"command not located: {escape_text(command)}")
    lines += [f"command not located: {escape_text(text)}" for text in request.not_commands]
    for expression, _ in request.expressions:
        if expression not in found.expressions:
            lines.append(f"no command found for regex: {escape_text(expression)}")
    for name, met in names:
        if not met:
            what = "file system" if name.startswith(" ") else "file"
            lines.append(f"no {what} use located: {escape_text(name.removeprefix(' '))}")
    met_arguments = {request.addresses[place].argument for place in found.addresses}
    told = set()
    for one in reversed(request.addresses):
        if one.argument not in met_arguments and one.argument not in told:
            told.add(one.argument)
            lines.append(f"Internet address not located: {escape_text(one.argument)}")
    if request.internet is not None and not found.internet:
        lines.append("no Internet files located")
    lines += [
        f"TCP state not located: {name}"
        for name in STATES
        if name in request.states and name not in found.states
    ]
    if request.nfs and not found.nfs:
        lines.append("no NFS files located")
    lines += [f"process ID not located: {pid}" for pid in request.pids if pid not in found.pids]
    if request.tasks and not found.tasks:
        lines.append("no tasks located")
    for group in request.groups:
        if group not in found.groups:
            lines.append(f"process group ID not located: {group}")
    for uid, login in request.users.items():
        if uid in found.users:
            continue
        if login is None:
            lines.append(f"user ID not located: {uid}")
        else:
            lines.append(f"login name (UID {uid}) not located: {escape_text(login)}")
    return [f"lsof: {line}" for line in lines]


def compile_expressions(request: Request) -> list[Expression]:
    """Return the -c /expression/ as tests; ValueError with regcomp(3)'s own words."""
    return [(text, _compile(text, modifiers)) for text, modifiers in request.expressions]


def _compile(text: str, modifiers: str) -> Callable[[bytes], bool]:
    """Compile with regcomp(3): POSIX's expressions are not Python's."""
    import ctypes  # not above: slow to load, and few ask for it

    libc = ctypes.CDLL(None)
    extended, ignore_case, no_places = 1, 2, 8  # REG_EXTENDED, REG_ICASE, REG_NOSUB of <regex.h>
    flags = no_places | (0 if "b" in modifiers else extended)
    flags |= ignore_case if "i" in modifiers else 0
    room = ctypes.create_string_buffer(1024)  # regex_t is 64 bytes in glibc, 56 in musl
    failed = libc.regcomp(room, _bytes(text), flags)
    if failed:
        words = ctypes.create_string_buffer(256)
        libc.regerror(failed, room, words, ctypes.c_size_t(256))
        raise ValueError(
            f"regexp error: /{escape_text(text)}/{modifiers}: "
            f"{words.value.decode(errors='replace')}"
        )

    def matches(command: bytes) -> bool:
        return not libc.regexec(room, command, ctypes.c_size_t(0), None, 0)

    return matches
