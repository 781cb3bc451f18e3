"""Inclusive ranges of numbers, as (first, last) pairs: what terms want of ports, users, queues."""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]


def unite(ranges: Iterable[Range], most: int) -> tuple[Range, ...]:
    """Return the same numbers as sorted ranges apart from each other, within 0 and `most`."""
    united: list[Range] = []
    for first, last in sorted(ranges):
        first, last = max(first, 0), min(last, most)
        if first > last:
            continue
        if united and first <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(last, united[-1][1]))
        else:
            united.append((first, last))
    return tuple(united)


def complement(ranges: Iterable[Range], most: int) -> tuple[Range, ...]:
    """Return the numbers from 0 to `most` that are in none of `ranges`."""
    left: list[Range] = []
    next_free = 0
    for first, last in unite(ranges, most):
        if first > next_free:
            left.append((next_free, first - 1))
        next_free = last + 1
    if next_free <= most:
        left.append((next_free, most))
    return tuple(left)


def intersect(one: Iterable[Range], other: Iterable[Range], most: int) -> tuple[Range, ...]:
    """Return the numbers that are in both."""
    outside = (*complement(one, most), *complement(other, most))
    return complement(outside, most)
