"""Expressions for tests: a naive evaluation of the tree, and texts of ss's language to draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from fastsock.expression import AND, NOT, Expression, Term

UNIX = 1

Row = Mapping[str, Any]


def holds(term: Term, row: Row) -> bool:
    """What a term says of a row (by column names, addresses as numbers), by definition."""
    if term.name == "everything":
        return True
    if term.name in ("local_port", "remote_port") and row["family"] == UNIX:
        return False
    if term.name in ("local_address", "remote_address"):
        return any(
            row["family"] == family and first <= row[term.name] <= last
            for family, first, last in term.values
        )
    if term.name == "mark":
        return any(row["mark"] & mask == value for value, mask in term.values)
    return any(first <= row[term.name] <= last for first, last in term.values)


def evaluate(expression: Expression, row: Row, holds: Callable[[Term, Row], bool] = holds) -> bool:
    """Whether a row is selected, step by step."""
    stack: list[bool] = []
    for step in expression.steps:
        if isinstance(step, Term):
            stack.append(holds(step, row))
        elif step == NOT:
            stack.append(not stack.pop())
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(left and right if step == AND else left or right)
    return stack[0] if stack else True


# Spellings of one operator each.
ANY_OF = {
    "=": ("=", "==", "eq", ""),
    "!=": ("!=", "ne", "neq"),
    ">": (">", "gt"),
    "<": ("<", "lt"),
    ">=": (">=", "ge", "geq"),
    "<=": ("<=", "le", "leq"),
}
PORTS = st.sampled_from(
    "7001 :7001 7002 :7012 7021 0 1 1024 :32768 60999 65535 0x1b59 *".split() + ["ssh", ":ssh"]
)
ADDRESSES = st.sampled_from(
    "127.0.0.1 127 127.0.0.0/8 0.0.0.0 0.0.0.0/8 0.0.0.0/0 10/8 128.0.0.0/1 [::1] [::] * any "
    "[::ffff:127.0.0.1] ::/0 ::/64 ::/127 ::ffff:0:0/96 ffff::/16 127.0.0.0/255.0.0.0 "
    "fe80::/10 192.168.1.1".split()
)


def join(*words: str) -> str:
    return " ".join(word for word in words if word)


def spelled(operators: str) -> st.SearchStrategy[str]:
    return st.sampled_from([w for name in operators.split() for w in ANY_OF[name]])


SS_TERMS = st.one_of(
    st.builds(join, st.sampled_from(("dport", "sport")), spelled("= != > < >= <="), PORTS),
    st.builds(join, st.sampled_from(("dst", "src")), spelled("="), ADDRESSES),
    st.builds(
        lambda word, operator, address, port: join(word, operator, f"{address}:{port}"),
        st.sampled_from(("dst", "src")),
        spelled("="),
        st.sampled_from("127.0.0.1 [::1] * 127.0.0.0/8 [::] 0.0.0.0".split()),
        st.sampled_from("7001 7012 0 * ssh".split()),
    ),
    st.builds(
        join, st.just("fwmark"), spelled("= !="), st.sampled_from("0 1 0x1/0xff 0/1".split())
    ),
    st.builds(join, st.just("dev"), spelled("= !="), st.sampled_from("lo 0 1 7".split())),
    st.just("autobound"),
)


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(join, inner, st.sampled_from(("and", "&", "&&", "or", "|", "||", "")), inner),
        st.builds(join, st.sampled_from(("not", "!")), inner),
        st.builds("( {} )".format, inner),
    )


# As ss reads them; whatever binds how, both are given the same words.
SS_EXPRESSIONS = st.recursive(SS_TERMS, _extend, max_leaves=6)
SS_STATES = st.lists(
    st.tuples(
        st.sampled_from(("state", "exclude", "excl")),
        st.sampled_from(
            "established SYN-SENT syn-recv syn-rcv fin-wait-1 fin-wait-2 time-wait closed close "
            "unconnected close-wait last-ack Listening closing all connected synchronized bucket "
            "big".split()
        ),
    ),
    max_size=3,
)
