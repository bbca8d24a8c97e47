"""Figures one by one: what each comes to, the period before, and what is withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lifang.kit import clock
from lifang.mechanisms.indicator import Amount, Indicator
from lifang.mechanisms.period import Period
from lifang.mechanisms.rollup import Found


@dataclass(frozen=True)
class Cell:
    """A figure: its value, and what was divided by what; `None` where there is none.

    `exact` is the value before it was rounded. `withheld` says that too few people are behind it.
    `before` is the value of the period before.
    """

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    before: float | None = None
    withheld: bool = False
    behind: int = 0
    exact: Fraction | None = None


@dataclass(frozen=True)
class Row:
    """The figures of one line, one for each period; the `own` ones are of none of the others.

    `code` is that of a place, or the number of an organization.
    """

    code: str
    name: str
    cells: tuple[Cell, ...]
    own: bool = False


def filled(
    asked: Indicator, line: tuple[int, Row], found: list[Found], periods: Sequence[Period]
) -> Row:
    """An empty row, and the number of its line, with what was found of it in each period."""
    key, row = line
    told = [[one.get((key, number), (0, 0)) for one in found] for number in range(len(periods))]
    cells = tuple(
        _cell(asked, amounts) if period.first <= clock.today() else Cell()
        for period, amounts in zip(periods, told, strict=True)
    )
    return replace(row, cells=cells)


def _cell(asked: Indicator, amounts: Sequence[tuple[Amount, int]]) -> Cell:
    numerator = Fraction(amounts[0][0])
    denominator = Fraction(amounts[1][0]) if asked.per else None
    exact = asked.exact(numerator, denominator)
    return Cell(
        None if exact is None else asked.rounded(exact),
        _number(asked, numerator / asked.over),
        None if denominator is None else _number(asked, denominator),
        behind=min((heads for _amount, heads in amounts if heads), default=0),
        exact=exact,
    )


def _number(asked: Indicator, amount: Fraction) -> float:
    return int(amount) if amount.denominator == 1 else asked.rounded(amount)


def compared(row: Row) -> Row:
    """The second of two periods, beside the first."""
    before, cell = row.cells
    return replace(row, cells=(replace(cell, before=before.value),))


def withheld(rows: list[Row], least: int, *, monthly: bool) -> list[Row]:
    """Withhold what too few are behind, and one more where the total would tell the only one.

    Totals of a column are told, and those of the months of a row can be asked for.
    """
    behind = {
        (at, number): cell.behind
        for at, row in enumerate(rows)
        for number, cell in enumerate(row.cells)
    }
    hidden = {key for key, heads in behind.items() if 0 < heads < least}
    numbers = range(len(rows[0].cells))
    lines = [[key for key in behind if key[0] and key[1] == number] for number in numbers]
    if monthly:
        lines += [[key for key in behind if key[0] == at] for at in range(len(rows))]
    growing = bool(hidden)
    while growing:
        growing = False
        for line in lines:
            others = [key for key in line if key not in hidden and behind[key]]
            if others and len(hidden & set(line)) == 1:
                hidden.add(min(others, key=lambda key: behind[key]))
                growing = True
    shown = [
        [Cell(withheld=True) if (at, n) in hidden else cell for n, cell in enumerate(row.cells)]
        for at, row in enumerate(rows)
    ]
    return [replace(row, cells=tuple(cells)) for row, cells in zip(rows, shown, strict=True)]
