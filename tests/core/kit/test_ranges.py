from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lifang.kit import ranges

PATHS = st.text("0123", min_size=0, max_size=4)
RANGES = st.lists(st.tuples(PATHS, PATHS).filter(lambda pair: pair[0] < pair[1]), max_size=5)


@given(RANGES, RANGES, PATHS)
def test_sets_of_intervals_behave_like_sets_of_paths(
    one: list[ranges.Range], other: list[ranges.Range], path: str
) -> None:
    a, b = ranges.union(one), ranges.union(other)
    in_a = any(low <= path < high for low, high in one)
    in_b = any(low <= path < high for low, high in other)
    assert ranges.holds(a, path) == in_a
    assert ranges.holds(ranges.union([*a, *b]), path) == (in_a or in_b)
    assert ranges.holds(ranges.intersect(a, b), path) == (in_a and in_b)
    for hole in other:
        inside = hole[0] <= path < hole[1]
        assert ranges.holds(ranges.subtract(a, hole), path) == (in_a and not inside)


@given(RANGES)
def test_joined_intervals_are_ordered_and_apart(some: list[ranges.Range]) -> None:
    joined = ranges.union(some)
    assert all(first[1] < second[0] for first, second in zip(joined, joined[1:], strict=False))


def test_everywhere_holds_every_path_there_can_be() -> None:
    assert ranges.holds(ranges.EVERYWHERE, "0000zz" * 7)
    assert ranges.holds(ranges.EVERYWHERE, "zzzzzz")
