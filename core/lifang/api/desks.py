"""Desks for programs: what a plugin has for somebody to work on, with what they can do to it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from lifang.api import answering
from lifang.api.operations import READING, Path, answered, named, operation
from lifang.api.rules import blueprint, refuse_query
from lifang.api.schemas import TEXT, TEXT_OR_NONE, Schema, array, ref, whole
from lifang.http.request import current_caller
from lifang.kit.words import _
from lifang.mechanisms.laid import desk

BASE = "/v1/desks"
SLUG = "desks"


@blueprint.get(f"{BASE}/<plugin>")
def show_desk(plugin: str) -> Response:
    """The panels of a plugin's desk that concern the caller."""
    caller = current_caller()
    refuse_query()
    laid = [one.told() for one in desk(caller, plugin.replace("-", "_"))]
    return answering.told({"plugin": plugin.replace("-", "_"), "panels": laid})


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    text, words = TEXT, TEXT_OR_NONE
    record = {"type": "object", "description": _("一条记录，另有 actions：现在可以办理的操作")}
    known = {"type": ["object", "null"], "additionalProperties": text}
    number = {"type": "integer", "description": _("最多数到 1,000：还有更多时为 1001")}
    yield "Panel", whole(
        label=text, resource=text, reach={"enum": ["tree", "unit", "own", "home"]},
        number=number, total={"type": ["object", "null"]}, sort=text, empty=words,
        filters={"type": "object", "additionalProperties": array(text)}, create=known,
        choose={"type": ["object", "null"]}, items=array(record),
    )  # fmt: skip
    yield "Desk", whole(plugin=text, panels=array(ref("Panel")))


def paths() -> Iterator[Path]:
    """Every address."""
    summary = _("插件的工作台：等着办理的记录，和可以办理的操作")
    told = operation("show_desk", SLUG, summary, answered(summary, ref("Desk")), READING,
                     parameters=[named("plugin")])  # fmt: skip
    yield f"/api{BASE}/{{plugin}}", {"get": told}
