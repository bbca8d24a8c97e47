"""What is confidential over HTTP: breaking the glass over a record, and its anonymised copy."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from lifang.api import answering, asking, schemas
from lifang.api.operations import (
    ID,
    READING,
    SAID,
    WRITING,
    Noun,
    Operation,
    Path,
    answered,
    body,
    exactly,
)
from lifang.api.rules import known, refuse_query, rule
from lifang.kit.words import _
from lifang.mechanisms import confidential


@rule("/<record:id>/uncover", "POST")
def uncover_record(noun: str, id: int, plugin: str | None = None) -> Response:
    """Break the glass over one record that is confidential, for a day and for a reason."""
    caller, resource = known(plugin, noun)
    confidential.may_uncover(caller, resource)
    refuse_query()
    told = asking.body()
    asking.refuse_unknown(told, ("reason",))
    reason = asking.text(told, "reason")
    return answering.record(confidential.uncover(caller, resource, id, reason=reason))


@rule("/<record:id>/anonymised", "GET")
def show_anonymised(noun: str, id: int, plugin: str | None = None) -> Response:
    """What a confidential record says without saying of whom."""
    caller, resource = known(plugin, noun)
    shown = confidential.anonymised(caller, resource, id)
    refuse_query()
    return answering.told({"id": id, "fields": shown})


def paths(noun: Noun) -> Iterator[Path]:
    """The addresses of both, where a noun has them."""
    kept = noun.resource.confidential
    if kept is not None and kept.break_glass:
        yield f"{noun.one}/uncover", {"post": _uncover(noun)}
    if kept is not None and kept.anonymised:
        yield f"{noun.one}/anonymised", {"get": _anonymised(noun)}


def _uncover(noun: Noun) -> Operation:
    summary = _("紧急查看{label}：24 小时内可读；原因会记入审计", label=noun.label)
    asked = body(exactly(reason=SAID))
    answers = {"200": noun.record(summary)}
    return noun.operation("uncover", summary, answers, WRITING, parameters=[ID], requestBody=asked)


def _anonymised(noun: Noun) -> Operation:
    shown = exactly(id=schemas.ID, fields={"type": "object"})
    summary = _("{label}的去标识化副本；每次查看都记入审计", label=noun.label)
    answers = answered(summary, shown)
    return noun.operation("anonymised", summary, answers, READING, parameters=[ID])
