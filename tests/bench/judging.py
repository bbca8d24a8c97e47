"""V1: judging a payload by its declaration against marshmallow, which words what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import marshmallow as ma

from lifang.builtin.people import people
from lifang.kit import clock, identifiers
from lifang.resources import schema
from lifang.resources.resource import Resource
from lifang_volunteer_points.plugin import plugin as volunteer_points
from tests.bench.rounds import Result, cpu_of, interleaved

PERSON = {
    "name": "李强",
    "sex": "male",
    "birth_date": "1980-05-01",
    "citizen_id": "11010519491231002X",
    "phone": "13800001234",
    "address": "某路1号",
    "community": {"code": "620102001001"},
}


class HandWritten(ma.Schema):
    """What an author would write for a person, with marshmallow's own fields."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    sex = ma.fields.String(validate=ma.validate.OneOf(["unknown", "male", "female", "unspecified"]))
    birth_date = ma.fields.String(validate=ma.validate.Regexp(r"\d{4}(-\d\d(-\d\d)?)?$"))
    citizen_id = ma.fields.String(
        validate=lambda text: bool(identifiers.check_citizen_id(text, clock.today()))
    )
    phone = ma.fields.String(validate=lambda text: bool(identifiers.check_phone(text)))
    address = ma.fields.String(validate=ma.validate.Length(1, 200))
    community = ma.fields.Dict(required=True)


def judging(_folder: Path) -> list[Result]:
    """V1: right payloads, which most are; the same rules on both sides of every line."""
    results = []
    plain = next(one for one in volunteer_points.resources if one.noun == "activities")
    for resource, told in ((people, PERSON), (plain, _suited(plain))):
        specs = schema.create_fields(resource)
        worded = schema._schema(specs, False)
        bases: Mapping[str, Callable[[], Any]] = {
            "the same declaration": partial(worded.load, told),
            **(
                {"a schema by hand": partial(HandWritten().load, told)}
                if resource is people
                else {}
            ),
        }
        ours = partial(schema.load, specs, told, partial=False)
        assert ours() == worded.load(told)
        variants = {"ours": ours, **bases}
        took = interleaved({name: partial(cpu_of, go, 5_000) for name, go in variants.items()})
        for base in bases:
            what = f"{len(told)} fields of {resource.noun}: marshmallow, {base} ÷ ours, CPU"
            results.append(took.faster("V1", what, base=base, ours="ours", floor=10, target=20))
    return results


def _suited(resource: Resource[Any]) -> dict[str, Any]:
    """A payload that answers every field of an ordinary noun, as its kind asks."""
    answers: dict[str, Any] = {
        "text": "周末清洁日",
        "paragraph": "带上手套，九点在广场集合。",
        "integer": 20,
        "number": 1.5,
        "money": "20.00",
        "boolean": True,
        "day": dt.date(2026, 12, 5).isoformat(),
        "instant": "2026-12-05T09:00:00+08:00",
        "partial_date": "1980-05",
        "community": {"code": "620102001001"},
        "reference": 12,
    }
    return {
        spec.name: spec.choices[0][0] if spec.choices else answers[spec.kind]
        for spec in schema.create_fields(resource)
    }
