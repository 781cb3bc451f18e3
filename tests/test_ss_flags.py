"""The command line of ss: flags as getopt_long(3) takes them, masks, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fastsock.compat.ss import plan_question
from fastsock.compat.ss_flags import (
    BAD_SYNTAX,
    FLAGS,
    REFUSED,
    TABLES,
    Options,
    Stop,
    all_states,
    connected_states,
    parse_command_line,
    parse_version,
    render_usage,
    state_bits,
)
from fastsock.tcp import State

OLD, NEW = (6, 1), (7, 1)
WAITING = state_bits(State.LISTEN, State.CLOSE)
CONNECTED = connected_states(NEW)
UNIX = {"unix_stream", "unix_dgram", "unix_seqpacket"}
INET = {"tcp", "udp", "raw", "mptcp", "dccp", "sctp"}


def parse(text: str) -> Options:
    return parse_command_line(text.split())


def stopped(text: str) -> Stop:
    with pytest.raises(Stop) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("line", "tables", "families", "states"),
    [
        ("-t", {"tcp"}, {"inet", "inet6"}, CONNECTED),
        ("-ta", {"tcp"}, {"inet", "inet6"}, all_states(NEW)),
        ("-at", {"tcp"}, {"inet", "inet6"}, all_states(NEW)),
        ("-tl", {"tcp"}, {"inet", "inet6"}, WAITING),
        ("-tal", {"tcp"}, {"inet", "inet6"}, WAITING),
        ("-tB", {"tcp"}, {"inet", "inet6"}, 1 << 13),
        ("-u", {"udp"}, {"inet", "inet6"}, 1 << State.ESTABLISHED),
        ("-tu", {"tcp", "udp"}, {"inet", "inet6"}, CONNECTED),
        ("-x", UNIX, {"unix"}, CONNECTED),
        ("-t4", {"tcp"}, {"inet"}, CONNECTED),
        ("-t46", {"tcp"}, {"inet", "inet6"}, CONNECTED),
        ("-4", INET, {"inet"}, CONNECTED),
        ("-f inet6 -u", {"udp"}, {"inet6"}, CONNECTED),
        ("-x -4", UNIX | INET, {"unix", "inet"}, CONNECTED),
        ("-tx", {"tcp", *UNIX}, {"inet", "inet6", "unix"}, CONNECTED),
        ("-A tcp", {"tcp"}, {"inet", "inet6"}, CONNECTED),
        ("-A tcp,udp", {"tcp", "udp"}, {"inet", "inet6"}, CONNECTED),
        ("-A u_dgr", {"unix_dgram"}, {"unix"}, CONNECTED),
        ("-A inet", INET, {"inet", "inet6"}, CONNECTED),
        ("-A inet,!udp", INET - {"udp"}, {"inet", "inet6"}, CONNECTED),
        ("-A tcp -l", {"tcp"}, {"inet", "inet6"}, WAITING),
        ("-l -A tcp", {"tcp"}, {"inet", "inet6"}, WAITING),
        ("-u -A tcp", {"tcp"}, {"inet", "inet6"}, CONNECTED),
        ("--tcp --listening", {"tcp"}, {"inet", "inet6"}, WAITING),
        ("--tcp --li", {"tcp"}, {"inet", "inet6"}, WAITING),
        ("--query=tcp", {"tcp"}, {"inet", "inet6"}, CONNECTED),
        ("--socket tcp", {"tcp"}, {"inet", "inet6"}, CONNECTED),
        ("-t state listening", {"tcp"}, {"inet", "inet6"}, 1 << State.LISTEN),
        ("-ta state listening", {"tcp"}, {"inet", "inet6"}, 1 << State.LISTEN),
        ("state ESTABLISHED -t", {"tcp"}, {"inet", "inet6"}, 1 << State.ESTABLISHED),
        (
            "-t state syn-sent state syn-recv",
            {"tcp"},
            {"inet", "inet6"},
            state_bits(State.SYN_SENT, State.SYN_RECV),
        ),
        (
            "-t exclude listening",
            {"tcp"},
            {"inet", "inet6"},
            all_states(NEW) & ~(1 << State.LISTEN),
        ),
        (
            "-t state connected exclude established",
            {"tcp"},
            {"inet", "inet6"},
            all_states(NEW) & ~WAITING & ~(1 << State.ESTABLISHED),
        ),
        ("-t state bucket", {"tcp"}, {"inet", "inet6"}, state_bits(3, 6)),
    ],
)
def test_tables_families_and_states(
    line: str, tables: set[str], families: set[str], states: int
) -> None:
    options = parse(line)
    assert (options.tables, options.families, options.states) == (tables, families, states)


def test_without_a_table_all_but_tipc_are_shown() -> None:
    options = parse("")
    assert options.tables == set(TABLES) - {"tipc"}
    assert options.states == CONNECTED
    assert "inet" in options.families


def test_an_older_release_has_fewer_states() -> None:
    assert parse("-ta --compat-version 6.1").states == all_states(OLD) == 0xFFF
    assert parse("--compat-version=6.1 -ta").states == 0xFFF


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-t dport = :22", ["dport", "=", ":22"]),
        ("-t state established dport = :22", ["dport", "=", ":22"]),
        ("-t -- -n", ["-n"]),
        ("dport = :22 -tn", ["dport", "=", ":22"]),
        ("-t ( dport 22 ) state listening", ["(", "dport", "22", ")", "state", "listening"]),
    ],
)
def test_the_words_behind(line: str, words: list[str]) -> None:
    assert parse(line).words == words


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("-t", {"inet", "inet6"}),
        ("-t4", {"inet"}),
        ("-t46", {"inet6"}),  # the one that was named last
        ("-t64", {"inet"}),
        ("-t4x", {"inet"}),
        ("-tx", {"inet", "inet6"}),
        ("-x", set()),
    ],
)
def test_the_families_of_inet_that_are_asked_for(line: str, shown: set[str]) -> None:
    assert parse(line).shown_families == shown


@pytest.mark.parametrize(
    ("line", "netid", "state"),
    [
        ("-t", False, True),
        ("-tu", True, True),
        ("-x", True, True),
        ("-A u_str", False, True),
        ("-tl", False, True),
        ("-t state listening", False, False),
        ("", True, True),
    ],
)
def test_columns_that_are_left_out(line: str, netid: bool, state: bool) -> None:
    options = parse(line)
    assert (options.shows_netid, options.shows_state) == (netid, state)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("-y", "ss: invalid option -- 'y'"),
        ("-ty", "ss: invalid option -- 'y'"),
        ("-f", "ss: option requires an argument -- 'f'"),
        ("-tA", "ss: option requires an argument -- 'A'"),
        ("--nothing", "ss: unrecognized option '--nothing'"),
        ("--family", "ss: option '--family' requires an argument"),
        ("--tcp=1", "ss: option '--tcp' doesn't allow an argument"),
        ("-f ipx", 'ss: "ipx" is invalid family'),
        ("-A tcp,ipx", 'ss: "ipx" is illegal socket table id'),
        ("-A !ipx", 'ss: "ipx" is illegal socket table id'),
        ("-tQ --compat-version 6.1", "ss: invalid option -- 'Q'"),
        ("-tB --compat-version 6.1", "ss: invalid option -- 'B'"),
    ],
)
def test_a_wrong_flag(line: str, complaint: str) -> None:
    stop = stopped(line)
    assert (stop.code, stop.complaints[0], stop.output) == (BAD_SYNTAX, complaint, "")
    assert stop.complaints[1] == render_usage().rstrip("\n")


def test_an_ambiguous_flag() -> None:
    stop = stopped("--ti")
    assert stop.complaints[0] == "ss: unrecognized option '--ti'" or "ambiguous" in str(stop)
    assert stopped("--no").complaints[0] == (
        "ss: option '--no' is ambiguous; possibilities: '--no-header' '--no-queues'"
    )


@pytest.mark.parametrize(
    ("line", "complaints"),
    [
        ("-t state open", ("ss: wrong state name: open",)),
        ("-t exclude new-syn-recv", ("ss: wrong state name: new-syn-recv",)),
        ("-t state", ('Command line is not complete. Try option "help"',)),
        (
            "-t state bound-inactive --compat-version 6.1",
            ("ss: wrong state name: bound-inactive",),
        ),
        ("-F one -F other", ("ss: one filter file, not several",)),
    ],
)
def test_a_wrong_word(line: str, complaints: tuple[str, ...]) -> None:
    stop = stopped(line)
    assert (stop.code, stop.complaints) == (BAD_SYNTAX, complaints)


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if not flag.meaning], ids=lambda f: f.key)
def test_what_we_do_not_have_is_refused_by_name(flag: Any) -> None:
    word = f"-{flag.letter}" if flag.letter else f"--{flag.names[0]}"
    stop = stopped(f"-t {word} {flag.value}")
    assert stop.code == REFUSED
    assert stop.complaints == (f"fastsock ss: {word} is not implemented",)


@pytest.mark.parametrize(
    ("line", "name"),
    [("-A sctp", "-A sctp"), ("-A vsock", "-A vsock"), ("-f xdp", "-f xdp")],
)
def test_tables_that_we_do_not_have(line: str, name: str) -> None:
    stop = stopped(line)
    assert (stop.code, stop.complaints) == (REFUSED, (f"fastsock ss: {name} is not implemented",))


def test_every_flag_does_something() -> None:
    values = {"f": "inet", "A": "tcp", "N": "blue", "F": "file", "compat-version": "6.8"}
    for flag in FLAGS:
        if flag.meaning and flag.key not in "hVv":
            word = f"-{flag.letter}" if flag.letter else f"--{flag.names[0]}"
            line = [word, values[flag.key]] if flag.value else [word]
            before, after = Options(), parse_command_line(line)
            parse_command_line([])
            names = [name for name in Options.__slots__ if name != "families"]
            changed = [name for name in names if getattr(before, name) != getattr(after, name)]
            assert changed, word


@pytest.mark.parametrize("line", ["-h", "--help", "-t -h -y", "-f help"])
def test_help(line: str) -> None:
    stop = stopped(line)
    assert (stop.code, stop.complaints, stop.output) == (0, (), render_usage())


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("-V", "7.1.0"),
        ("-v", "7.1.0"),
        ("--version --compat-version 6.1", "6.1.0"),
        ("-V -y", "7.1.0"),
    ],
)
def test_version(line: str, version: str) -> None:
    stop = stopped(line)
    assert stop.code == 0
    assert stop.output == f"ss utility, iproute2-{version} (fastsock)\n"


@pytest.mark.parametrize(("text", "version"), [("6.1", OLD), ("6.1.0", OLD), ("7", (7, 0))])
def test_a_release(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == parse_version(f"iproute2-{text}") == version


@pytest.mark.parametrize("text", ["", "six", "6.", "6.1.0.0", "-6"])
def test_no_release(text: str) -> None:
    with pytest.raises(Stop) as caught:
        parse_version(text)
    assert caught.value.code == REFUSED
    assert f"{text!r} is no version of iproute2" in caught.value.complaints[0]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("-A !all", "ss: no table of sockets is left to show."),
    ],
)
def test_nothing_left(line: str, complaint: str) -> None:
    stop = stopped(line)
    assert stop.code == 0
    assert stop.complaints == (complaint,)


# ------------------------------------------------------------------------------------- the question


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("-tn", {"protocol": [6], "state": [1, 2, 4, 5, 8, 9, 11], "owners": False}),
        ("-tan", {"protocol": [6], "owners": False}),
        ("-tnlp", {"protocol": [6], "state": [7, 10], "owners": True}),
        ("-tunlp", {"protocol": [6, 17], "state": [7, 10], "owners": True}),
        ("-tanp4", {"protocol": [6], "family": [2], "owners": True}),
        ("-xan", {"protocol": [0], "owners": False}),
        ("-tn state established", {"protocol": [6], "state": [1], "owners": False}),
        ("-tan -T", {"protocol": [6], "owners": False}),
        ("-tan -T --compat-version 6.1", {"protocol": [6], "owners": True}),
        ("-txan6", {"protocol": [0, 6], "family": [10, 1], "owners": False}),
    ],
)
def test_a_question_asks_for_no_more_than_is_shown(line: str, question: dict[str, Any]) -> None:
    asked = plan_question(parse(line))
    asked.pop("fields")
    assert asked == question


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("-tan", {"interface", "v6only"}),
        ("-tano", {"interface", "v6only", "timeout"}),
        ("-tane", {"interface", "v6only", "timeout", "mark", "shutdown", "socket_cgroup"}),
        ("-tani", {"interface", "v6only", "tcp_info", "congestion", "attributes"}),
        ("-tanm", {"interface", "v6only", "skmem", "attributes"}),
        ("-xan", {"interface", "v6only", "type", "path", "peer"}),
    ],
)
def test_the_columns_of_a_question(line: str, fields: set[str]) -> None:
    assert set(plan_question(parse(line))["fields"]) == fields


def test_a_tree_tells_less() -> None:
    question = plan_question(parse("-tanepim46"), tree=True)
    assert question == {"protocol": [6], "owners": True, "fields": ["timeout"]}
