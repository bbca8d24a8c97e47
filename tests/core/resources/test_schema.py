"""A payload is judged twice as quickly without marshmallow, and never otherwise than by it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.builtin.people import people
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang_agency_contracts.plugin import plugin as agency_contracts
from lifang_dual_reporting.plugin import plugin as dual_reporting

NOUNS = [people, *dual_reporting.resources, *agency_contracts.resources]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**64),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", " ", "2026-02-30", "1980-13", "13800001234", "138****1234", "12.345"]),
    st.sampled_from([{"id": 3}, {"code": " 6201 "}, {"id": 1, "x": 2}, {}, [], "男", "male"]),
)
GOOD: dict[str, list[Any]] = {
    "text": ["李强", " 王芳 "],
    "paragraph": ["第一行\r\n第二行"],
    "integer": [3],
    "number": [1.5, 2],
    "money": ["20.00"],
    "boolean": [True],
    "day": ["2026-12-05"],
    "instant": ["2026-12-05T09:00:00+08:00"],
    "partial_date": ["1980-05"],
    "sensitive": ["13800001234", "11010519491231002X", "1980-05-01", "a@example.cn"],
    "community": [12, {"code": "620102001001"}],
    "reference": [12, {"id": 12}],
}


def answers(spec: FieldSpec) -> st.SearchStrategy[Any]:
    right = [value for pair in spec.choices for value in pair] or GOOD[spec.kind]
    return st.one_of(st.sampled_from(right), st.sampled_from(right), ODD)


def good(spec: FieldSpec) -> Any:
    """The first answer that a field takes."""
    known = [value for value, _label in spec.choices] or GOOD[spec.kind]
    taken = (one for one in known if schema.accepted((spec,), {spec.name: one}, partial=True))
    return next(taken, None)


def by_marshmallow(specs: tuple[FieldSpec, ...], told: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return dict(schema._schema(specs, False).load(told))
    except ma.ValidationError:
        return None


@pytest.mark.parametrize("resource", NOUNS, ids=lambda one: str(one.id))
def test_what_is_accepted_at_once_is_what_marshmallow_accepts(resource: Resource[Any]) -> None:
    specs = schema.create_fields(resource)
    payloads = st.fixed_dictionaries(
        {spec.name: answers(spec) for spec in specs if spec.required},
        optional={spec.name: answers(spec) for spec in specs if not spec.required},
    )
    seen = set()

    @settings(max_examples=25, deadline=None, database=None)
    @given(told=payloads)
    def judge(told: dict[str, Any]) -> None:
        verdict = by_marshmallow(specs, told)
        assert schema.accepted(specs, told, partial=False) == verdict
        seen.add(verdict is None)

    judge()
    assert True in seen, "odd answers are among those that were tried"
    right = {spec.name: value for spec in specs if (value := good(spec)) is not None}
    assert schema.accepted(specs, right, partial=False) == by_marshmallow(specs, right) is not None
