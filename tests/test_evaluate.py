"""What terms say of rows, against a naive model, in the compiled build and the plain one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import expressions
from fastsock import evaluation
from fastsock.errors import FilterError
from fastsock.evaluation import Evaluation, note_listening
from fastsock.expression import AND, NOT, OR, Expression, Term, parse_expression
from implementations import BUILDS, Implementation, socket_row

patient = settings(deadline=None)
OPTIONAL = ("interface", "mark", "socket_cgroup", "path")
V4 = 0xFFFF << 32


@pytest.fixture
def build(implementation: Implementation, monkeypatch: pytest.MonkeyPatch) -> Implementation:
    """One build, which evaluation uses for the length of a test."""
    use(implementation, monkeypatch)
    return implementation


def use(made: Implementation, patch: pytest.MonkeyPatch) -> None:
    for name, module in made.evaluating():
        patch.setattr(evaluation, name, module)


def table(build: Implementation, rows: list[dict[str, Any]]) -> Any:
    """Rows with addresses as numbers, optional columns among them."""
    made = []
    for given_row in rows:
        fixed = {name: value for name, value in given_row.items() if name not in OPTIONAL}
        for name in ("local_address", "remote_address"):
            if name in fixed:
                fixed[name] = fixed[name].to_bytes(16, "big")
        optional = [given_row.get(name, b"" if name == "path" else 0) for name in OPTIONAL]
        made.append((*socket_row(**fixed), *optional))
    return build.rows(*made, fields=OPTIONAL)


def select(build: Implementation, rows: Any, *steps: Any, **more: Any) -> list[int]:
    found = Evaluation(Expression(steps), **more).select(rows)
    assert (found.name, found.format) == ("index", "I")
    indices: list[int] = found.tolist()
    return indices


# Few values each, so that rows and terms meet.
VALUES = {
    "family": [1, 2, 10],
    "state": [1, 6, 10, 255],
    "local_port": [0, 79, 80, 81, 65535],
    "remote_port": [0, 80, 40000],
    "local_address": [0, 1, V4 | 1, V4 | 0x0A000001, 2**128 - 1],
    "remote_address": [0, 1, V4 | 1, 1 << 120],
    "uid": [0, 1000, 2**32 - 1],
    "inode": [0, 41, 2**32, 2**64 - 1],
    "rx_queue": [0, 1, 2**32 - 1],
    "interface": [0, 1, 7],
    "mark": [0, 1, 0x101, 2**32 - 1],
    "socket_cgroup": [0, 77, 2**64 - 1],
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()}),
    max_size=20,
)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    name = draw(st.sampled_from([*VALUES, "everything"]))
    if name == "everything":
        return Term(name)
    value = st.sampled_from(VALUES[name])
    if name == "mark":
        mask = st.sampled_from([0, 1, 0xFF, 2**32 - 1])
        return Term(name, draw(st.lists(st.tuples(value, mask), max_size=3)))
    spans = st.tuples(value, st.sampled_from([0, 1, 2, 2**20, 2**64])).map(
        lambda pair: (pair[0], pair[0] + pair[1])
    )
    if name.endswith("address"):
        families = st.sampled_from([2, 10])
        return Term(name, draw(st.lists(st.builds(lambda f, s: (f, *s), families, spans))))
    return Term(name, draw(st.lists(spans, max_size=4)))


def chain(parts: list[Any]) -> tuple[Any, ...]:
    """Terms joined from the left, some of them negated."""
    steps: list[Any] = []
    for n, (term, negated, joint) in enumerate(parts):
        steps += [term, NOT] if negated else [term]
        if n:
            steps.append(joint)
    return tuple(steps)


STEPS = st.lists(st.tuples(terms(), st.booleans(), st.sampled_from([AND, OR])), max_size=5).map(
    chain
)


@pytest.mark.parametrize("name", BUILDS)
@patient
@given(rows=ROWS, steps=STEPS)
def test_rows_are_those_of_the_model(name: str, rows: list[Any], steps: tuple[Any, ...]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        build = Implementation(name)
        use(build, patch)
        expected = [n for n, r in enumerate(rows) if expressions.evaluate(Expression(steps), r)]
        assert select(build, table(build, rows), *steps) == expected


def test_many_numbers(build: Implementation) -> None:
    rows = table(build, [{"inode": n, "local_port": n} for n in range(1000)])
    even = [(n, n) for n in range(0, 1000, 2)]
    for name in ("inode", "local_port"):
        assert select(build, rows, Term(name, even)) == list(range(0, 1000, 2))


def test_no_rows_and_no_steps(build: Implementation) -> None:
    nothing = table(build, [])
    term = Term("interface", ((1, 1),))
    assert select(build, nothing, term, NOT) == []
    assert select(build, table(build, [{}, {}])) == [0, 1]


def test_a_column_that_is_not_there(build: Implementation) -> None:
    rows = build.rows(socket_row())
    for name in ("interface", "mark", "socket_cgroup", "path"):
        values = ((0, 0),) if name != "path" else (b"*",)
        with pytest.raises(KeyError, match=name):
            select(build, rows, Term(name, values))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (b"/run/x.sock", [0]),
        (b"/RUN/*", [0, 1]),
        (b"*", [0, 1, 2, 3, 4]),
        (b"?run*", [0, 1]),
        (b"@abs*", [2]),
        (b"", [3, 4]),
        (b"/run/[xy].sock", [0]),
        (b"/run/[!x]*", [1]),
        (b"/run/[^x]*", [1]),
        (b"/run/[z-x]*", []),
        (rb"/run/\[a]", [1]),
        (b"/run/[[]a]", [1]),
        (b"/run/[", []),
        (b"/run/\\", []),
    ],
)
def test_paths(build: Implementation, pattern: bytes, found: list[int]) -> None:
    paths = (b"/run/x.sock", b"/run/[a]", b"\0abs\0x", b"", b"")
    rows = table(build, [{"family": 1, "path": path} for path in paths])
    assert select(build, rows, Term("path", (pattern,))) == found
    # What the other end is called nobody tells: it has no name.
    other = [0, 1, 2, 3, 4] if pattern in (b"*", b"") else []
    assert select(build, rows, Term("remote_path", (pattern,))) == other


# -- owners


def owned(build: Implementation) -> Any:
    """Row 0 of processes 5 and 6, row 1 of 6, row 2 of nobody, row 3 of 7."""
    module = build.table
    container = b"/system.slice/docker-" + b"4f" * 32 + b".scope"
    held = [
        module.Process(5, 1, b"nginx", 0, 1, container + b"/x"),
        module.Process(6, 1, b"bash", 0, 1, b"/user.slice"),
        module.Process(7, 1, b"nginx", 0, 1, b""),
    ]
    owners = module.OwnerRows.from_rows(
        [(40, 5, 3, 5, 0), (40, 6, 3, 6, 1), (41, 6, 4, 6, 1), (43, 7, 1, 7, 2)], held
    )
    rows = table(build, [{"inode": inode} for inode in (40, 41, 42, 43)])
    rows.attach_owners(owners, build.group.OwnerIndex(owners).heads(rows, -3))
    return rows


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pid 5", [0]),
        ("pid = 6", [0, 1]),
        ("pid 5-6", [0, 1]),
        ("pid 5 and pid 6", [0]),
        ("not pid 6", [2, 3]),
        ("pid != 6", [2, 3]),
        ("command nginx", [0, 3]),
        ("command nginx and not pid 5", [3]),
        ("command bash,nginx", [0, 1, 3]),
        ("command nothing", []),
        ("container 4f4f4f4f4f4f", [0]),
        ("container docker:4f4f4f4f4f4f", [0]),
        ("container 4f4f4f4f4f4f4f4f", [0]),
        ("container = 4f", []),
        ("container = user.slice", []),
    ],
)
def test_owners(build: Implementation, text: str, found: list[int]) -> None:
    rows = owned(build)
    assert Evaluation(parse_expression(text)).select(rows).tolist() == found


def test_commands_may_be_known_by_other_names(build: Implementation) -> None:
    expression = parse_expression("command = worker")
    found = Evaluation(expression, commands={b"worker": [6]}).select(owned(build))
    assert found.tolist() == [0, 1]


def test_cgroups_are_those_of_processes(build: Implementation) -> None:
    assert select(build, owned(build), Term("cgroup", (b"/user.slice",))) == [0, 1]


def test_owners_are_needed(build: Implementation) -> None:
    with pytest.raises(ValueError, match="needs a table with owners"):
        select(build, table(build, [{}]), Term("pid", ((1, 1),)))


def test_the_beginning_of_several_containers(build: Implementation) -> None:
    module = build.table
    held = [module.Process(n, 1, b"x", 0, 1, b"/docker/" + b"4f" * 31 + b"0%d" % n) for n in (1, 2)]
    owners = module.OwnerRows.from_rows([(40, 1, 3, 1, 0)], held)
    rows = table(build, [{"inode": 40}])
    rows.attach_owners(owners, build.group.OwnerIndex(owners).heads(rows, -3))
    with pytest.raises(FilterError, match="begins several containers"):
        select(build, rows, Term("container", (b"4f4f4f4f4f4f",)))


# -- what is listened on


def test_listening_goes_by_namespace_protocol_and_port(build: Implementation) -> None:
    rows = table(
        build,
        [
            {"state": 10, "local_port": 80, "remote_port": 0},
            {"state": 1, "local_port": 80},
            {"state": 1, "local_port": 80, "netns": 2},
            {"state": 1, "local_port": 40000, "remote_port": 80},
            {"protocol": 17, "state": 7, "local_port": 53, "remote_port": 0},
            {"protocol": 17, "state": 1, "local_port": 53},
            {"protocol": 17, "state": 1, "local_port": 80},
            {"protocol": 0, "family": 1, "state": 1, "local_port": 0, "remote_port": 0},
            {"protocol": 17, "state": 7, "local_port": 0, "remote_port": 0},
            {"state": 6, "local_port": 80},
        ],
    )

    def found(text: str, **more: Any) -> list[int]:
        marked: list[int] = Evaluation(parse_expression(text), **more).select(rows).tolist()
        return marked

    assert found("listening") == [0, 1, 4, 5, 9]
    assert found("inbound") == [1, 5, 9]
    assert found("outbound") == [2, 3, 6]
    tables: dict[tuple[int, int], bytearray] = {}
    note_listening(rows, tables)
    assert {key: [n for n in range(65536) if value[n]] for key, value in tables.items()} == {
        (1, 6): [80],
        (1, 17): [53],
    }
    assert found("listening", listening={}) == []
    assert found("inbound", listening={(2, 6): bytes(80) + b"\1" + bytes(65455)}) == [2]


def test_marks_that_do_not_fit(build: Implementation) -> None:
    evaluate = build.evaluate
    rows = table(build, [{}, {}])
    with pytest.raises(ValueError, match="65536 bytes, not 3"):
        evaluate.mark_listening(rows, {(1, 6): b"abc"})
    with pytest.raises(ValueError, match="different rows"):
        evaluate.both(evaluate.mark_all(2), evaluate.mark_all(3))
    with pytest.raises(ValueError, match="different rows"):
        evaluate.either(evaluate.mark_all(2), build.column("I", [1, 2]))
    with pytest.raises(IndexError, match="row 2 of 2"):
        evaluate.mark_rows(2, build.column("I", [0, 2]))
    with pytest.raises(TypeError, match="column of I"):
        evaluate.mark_rows(2, build.column("B", [0, 1]))
