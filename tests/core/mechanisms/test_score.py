"""A score follows from its formula to the last digit, and a stored one is the same again."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lifang as lf
from lifang.mechanisms.score import Item, half_up

FORMULA = lf.Score(
    version="2026",
    weights={"effect": 60, "equity": 40},
    bands={"excellent": 90, "good": 80, "fair": 60, "failed": 0},
)


def judged(effect: int, equity: int) -> list[Item]:
    return [
        lf.Score.item("effect", "目标完成", 100, points=effect),
        lf.Score.item("equity", "覆盖面", 100, points=equity),
    ]


def test_parts_are_summed_and_graded_and_then_weighed() -> None:
    items = [
        lf.Score.item("effect", "目标完成", 30, points=21, reason="完成七成", proof="服务量统计表"),
        lf.Score.item("effect", "满意度", 10, degree="most", proof="问卷"),
        lf.Score.item("equity", "覆盖面", 20, degree="half"),
    ]
    result = FORMULA.of(items)
    assert (result.total, result.band) == (675, "fair")  # 29/40 · 60 + 12/20 · 40
    assert result.parts == {"effect": 725, "equity": 600}
    assert "完成七成" in result.kept


@pytest.mark.parametrize(
    ("effect", "equity", "total", "band"),
    [
        (90, 90, 900, "excellent"),
        (90, 89, 896, "good"),
        (80, 80, 800, "good"),
        (60, 60, 600, "fair"),
        (60, 59, 596, "failed"),
        (0, 0, 0, "failed"),
    ],
)
def test_a_band_begins_at_its_lower_bound(effect: int, equity: int, total: int, band: str) -> None:
    result = FORMULA.of(judged(effect, equity))
    assert (result.total, result.band) == (total, band)


def test_rounding_is_half_up_and_comes_before_the_band() -> None:
    halves = replace(FORMULA, weights={"effect": 50, "equity": 50})
    items = [
        lf.Score.item("effect", "甲", 1000, points=899),
        lf.Score.item("equity", "乙", 1000, points=900),
    ]
    assert halves.of(items).total == 900  # 89.95 exactly
    assert halves.of(items).band == "excellent"
    thirds = [lf.Score.item(part, part, 3, points=1) for part in ("effect", "equity")]
    assert FORMULA.of(thirds).total == 333
    assert [half_up(Fraction(n, 2)) for n in (1, 3, 4)] == [1, 2, 2]


def test_what_was_not_judged_or_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(lf.Invalid, match="「equity」还没有打分"):
        FORMULA.of(judged(1, 1)[:1])
    for wrong, sentence in (
        ({"points": 101}, "「甲」的得分须在 0 到 100 之间"),
        ({"points": 1, "degree": "full"}, "得分或完成程度中的一项"),
        ({}, "得分或完成程度中的一项"),
        ({"degree": "nearly"}, "须是：full、most、half、none"),
    ):
        with pytest.raises(lf.Invalid, match=sentence):
            FORMULA.of([*judged(1, 1), lf.Score.item("effect", "甲", 100, **wrong)])
    with pytest.raises(ValueError, match="does not know"):
        FORMULA.of([*judged(1, 1), lf.Score.item("beauty", "甲", 1, points=1)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": {"effect": 60, "equity": 41}},
        {"weights": {"effect": 100, "equity": 0}},
        {"bands": {"good": 80, "failed": 1}},
        {"bands": {"failed": 0, "good": 80}},
        {"bands": {}},
        {"degrees": {"full": 101}},
    ],
)
def test_a_formula_that_contradicts_itself_is_no_formula(wrong: dict[str, dict[str, int]]) -> None:
    with pytest.raises(ValueError, match=r"weights|bands|degrees"):
        replace(FORMULA, **wrong)  # type: ignore[arg-type]  # names of its own fields


@given(
    st.lists(
        st.tuples(st.sampled_from(["effect", "equity"]), st.integers(1, 500), st.integers(0, 500)),
        max_size=12,
    ),
    st.integers(1, 99),
    st.integers(0, 3),
)
def test_what_was_kept_gives_the_same_score_again(
    told: list[tuple[str, int, int]], weight: int, places: int
) -> None:
    items = [lf.Score.item(part, "项", full, points=min(got, full)) for part, full, got in told]
    weights = {"effect": weight, "equity": 100 - weight}
    formula = replace(FORMULA, weights=weights, places=places)
    result = formula.of(judged(50, 70) + items)
    assert lf.Score.again(result.kept) == result
    assert 0 <= result.total <= 100 * 10**places
