"""Statements built once: writing one down with peewee costs many times what running it does."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

Value = int | str
V = TypeVar("V", int, str)
Build = Callable[[Sequence[Any]], Any]

MOST = 1_000
FIRST_STAND_IN = -(10**15)


class Statements:
    """SQL by the question it answers, with places for the values that differ each time.

    A question's key must hold everything its conditions are made of, but the values given beside
    it; two questions with one key are one question.
    """

    def __init__(self) -> None:
        """Know none yet."""
        self._known: dict[Hashable, tuple[str, list[Any], list[tuple[int, int]]]] = {}

    def write(
        self, key: Hashable, values: Sequence[Value], build: Build
    ) -> tuple[str, Sequence[Any]]:
        """Give the statement and its parameters; `build` makes the query for stand-in values."""
        shape = (key, len(values))
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= MOST:
                self._known.clear()
            found = self._known[shape] = _prepare(values, build)
        statement, parameters, places = found
        if not places:
            return statement, parameters
        bound = list(parameters)
        for place, number in places:
            bound[place] = values[number]
        return statement, bound


def _prepare(values: Sequence[Value], build: Build) -> tuple[str, list[Any], list[tuple[int, int]]]:
    stand_ins = [
        FIRST_STAND_IN - n if isinstance(value, int) else f"\x00{n}\x00"
        for n, value in enumerate(values)
    ]
    statement, parameters = build(stand_ins).sql()
    numbers = {stand_in: n for n, stand_in in enumerate(stand_ins)}
    places = [
        (place, numbers[parameter])
        for place, parameter in enumerate(parameters)
        if isinstance(parameter, int | str) and parameter in numbers
    ]
    if len({number for _place, number in places}) != len(values):
        raise AssertionError("a value given beside a question does not stand in its statement")
    return statement, list(parameters), places


def padded(numbers: Sequence[V]) -> list[V]:
    """Values brought to the next power of two by repeating the last, so that shapes are few."""
    length = 1 << max(0, len(numbers) - 1).bit_length()
    return list(numbers) + [numbers[-1]] * (length - len(numbers))
