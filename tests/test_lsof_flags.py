"""lsof's command line, read: addresses, ports, clusters, optional values, what is excluded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fastsock.compat.lsof_flags import (
    ADDRESS,
    COMMAND,
    DESCRIPTOR,
    INTERNET,
    NAME,
    PROCESS,
    UNIX,
    USER,
    InternetAddress,
    Refused,
    Request,
    escape_text,
    parse_lsof,
)

MAPPED = b"\0" * 10 + b"\xff\xff"
LOOPBACK, SIX = MAPPED + bytes((127, 0, 0, 1)), bytes(15) + b"\1"


class Host:
    """Names with known meanings."""

    def service_port(self, name: str, protocol: str) -> int | None:
        return {
            ("http", "tcp"): 80,
            ("domain", "tcp"): 53,
            ("domain", "udp"): 53,
            ("torn", "tcp"): 7,
            ("torn", "udp"): 8,
            ("who", "udp"): 513,
        }.get((name, protocol))

    def host_addresses(self, name: str, version: int) -> Sequence[bytes]:
        found = [SIX, LOOPBACK] if name == "both" else []
        return [one for one in found if version in (0, 4 if one.startswith(MAPPED) else 6)]

    def user_number(self, name: str) -> int | None:
        return {"root": 0, "app": 1000}.get(name)


def parse(text: str) -> Request:
    return parse_lsof(text.split(), Host())


def address(argument: str, *fields: object, **named: object) -> InternetAddress:
    return InternetAddress(argument, *fields, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("-i TCP", [("TCP", 0, "tcp")]),
        ("-iudp", [("udp", 0, "udp")]),
        ("-i6TCP", [("6TCP", 6, "tcp")]),
        ("-i:80", [(":80", 0, "", None, 80, 80)]),
        ("-i:http", [(":http", 0, "", None, 80, 80)]),
        ("-i:domain", [(":domain", 0, "", None, 53, 53)]),
        ("-i udp:who", [("udp:who", 0, "udp", None, 513, 513)]),
        ("-i tcp:1-http", [("tcp:1-http", 0, "tcp", None, 1, 80)]),
        ("-i:1-9,80", [(":1-9,80", 0, "", None, 1, 9), (":1-9,80", 0, "", None, 80, 80)]),
        ("-i:80,", [(":80,", 0, "", None, 80, 80)]),
        ("-i@127.0.0.1", [("@127.0.0.1", 4, "", LOOPBACK)]),
        ("-iTCP@[::1]:80", [("TCP@[::1]:80", 6, "tcp", SIX, 80, 80)]),
        ("-i@[::ffff:127.0.0.1]", [("@[::ffff:127.0.0.1]", 4, "", LOOPBACK)]),
        ("-i@both", [("@both", 6, "", SIX), ("@both", 4, "", LOOPBACK)]),
        ("-i4@both:80", [("4@both:80", 4, "", LOOPBACK, 80, 80)]),
        ("-i4 -i:80", [(":80", 4, "", None, 80, 80)]),
        ("-i@0.0.0.0:80", [("@0.0.0.0:80", 4, "", None, 80, 80)]),
    ],
)
def test_addresses(text: str, addresses: list[tuple[object, ...]]) -> None:
    assert parse(text).addresses == [address(*map(str, one[:1]), *one[1:]) for one in addresses]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("-i", 0),
        ("-i4", 4),
        ("-i 6", 6),
        ("-i4 -i6", 0),
        ("-i -i6", 6),
        ("-i6 -i", 0),
        ("-U", None),
    ],
)
def test_all_addresses_of_a_version(text: str, version: int | None) -> None:
    assert parse(text).internet == version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "-i:torn",
            "lsof: TCP=7 and UDP=8 torn ports conflict;\n"
            '      specify "tcp:torn" or "udp:torn": -i :torn',
        ),
        ("-itcp:who", "lsof: unknown service who for tcp in: -i tcp:who"),
        ("-i6@nobody", "lsof: unknown host name (nobody) in: -i 6@nobody"),
        ("-i sctp", "lsof: unknown protocol name (sctp) in: -i sctp"),
        ("-u nobody", "lsof: can't get UID for nobody"),
    ],
)
def test_names_that_mean_nothing(text: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert (caught.value.complaints, caught.value.code) == ([said], 1)


def test_a_hundred_addresses_and_no_more() -> None:
    ports = ",".join(map(str, range(1, 101)))
    assert len(parse(f"-i:{ports}").addresses) == 100
    with pytest.raises(Refused, match=r"network address limit \(100\) exceeded: -i :101"):
        parse(f"-i:{ports} -i:101")


def test_clusters_and_values_that_are_none() -> None:
    request = parse("-nPi -p5 -lF")
    assert not request.hosts and not request.services and request.internet == 0
    assert request.pids == [5]


def test_clusters_with_a_value_at_the_end() -> None:
    request = parse("-nPa -iTCP:80 -p 5,6,^7 -- -x +y")
    assert request.every and request.pids == [5, 6] and request.not_pids == [7]
    assert request.names == ["-x", "+y"]
    assert request.kinds == ADDRESS | PROCESS | NAME


def test_options_behind_a_number() -> None:
    request = parse("-o3n -r2P -p1")
    assert (request.offset_digits, request.hosts) == (3, False)
    assert (request.repeat, request.services) == (2, False)


def test_words_behind_the_first_name_are_names() -> None:
    assert parse("-n /a -n").names == ["/a", "-n"]


def test_plus_turns_around() -> None:
    request = parse("-i -w +w -T +L +f g".replace("+f g", "+fg"))
    assert request.warnings and not request.state_shown
    assert request.show_links and request.flags == "g"


@pytest.mark.parametrize(
    ("text", "shown", "excluded"),
    [
        ("-d 3-5,cwd,7", [(3, 5), "cwd", (7, 7)], []),
        ("-d ^3,^mem", [], [(3, 3), "mem"]),
        ("-d fd", [(0, 2**31 - 1)], []),
        ("-d 1 -d 2", [(1, 1), (2, 2)], []),
    ],
)
def test_descriptors(text: str, shown: list[object], excluded: list[object]) -> None:
    request = parse(text)
    assert (request.descriptors, request.not_descriptors) == (shown, excluded)
    assert request.kinds == DESCRIPTOR


def test_commands_and_users() -> None:
    request = parse("-c ngi -c ^nginx -c /^a(b|c)$/ix -u root,1000,^5")
    assert (request.commands, request.not_commands) == (["ngi"], ["nginx"])
    assert request.expressions == [("^a(b|c)$", "ix")]
    assert (request.users, request.not_users) == ({0: "root", 1000: None}, {5: None})
    assert request.kinds == COMMAND | USER


def test_states() -> None:
    request = parse("-iTCP -sTCP:listen,^Close_Wait")
    assert (request.states, request.not_states) == (["LISTEN"], ["CLOSE_WAIT"])


def test_fields() -> None:
    request = parse("-i -FpcfT0")
    assert request.end == b"\0" and set(request.fields) == set("pcfT")
    assert request.queues_shown
    everything = parse("-i -F")
    assert {"p", "n", "G", "T"} <= set(everything.fields) and "r" not in everything.fields
    assert parse("-F0 -i").end == b"\0"


def test_repeat() -> None:
    request = parse("+r1c3m==%H== -p 1")
    assert (request.repeat, request.repeat_count, request.mark) == (1, 3, "==%H==")
    assert request.until_empty
    assert parse("-r -i").repeat == 15


def test_kinds_of_nothing_are_all() -> None:
    assert parse("-n").kinds == 0
    assert parse("-i -U").kinds == INTERNET | UNIX


def test_all_complaints_of_a_line_are_told() -> None:
    with pytest.raises(Refused) as caught:
        parse("-i sctp -p x -q")
    assert len(caught.value.complaints) == 3


def test_what_is_wrong_comes_before_what_is_missing() -> None:
    with pytest.raises(Refused) as caught:
        parse("-E -p x")
    assert caught.value.code == 1


@pytest.mark.parametrize(("text", "help"), [("-h", "h"), ("-?", "h"), ("-v", "v"), ("-F?", "F")])
def test_help(text: str, help: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert (caught.value.help, caught.value.code) == (help, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a b"),
        ("a\tb\n", "a\\tb\\n"),
        ("\x01\x1b", "^A^["),
        ("é", "\\xc3\\xa9"),
        ("\\", "\\\\"),
    ],
)
def test_escapes(text: str, shown: str) -> None:
    assert escape_text(text) == shown


def test_escapes_of_a_command() -> None:
    assert escape_text("a b", blank=False) == "a\\x20b"
