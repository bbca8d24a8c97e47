"""What is done with a record over HTTP: actions, its history, uncovering, exact search."""

from __future__ import annotations

from functools import partial

from flask import Response

from lifang.api import answering, asking
from lifang.api.rules import gated, refuse_query, rule
from lifang.entities.community import Community
from lifang.http.listing import read_limit
from lifang.kit.errors import Invalid, NotFound
from lifang.kit.words import _
from lifang.services import history, lineage, reading
from lifang.services.gateway import preview, write
from lifang.services.idempotency import once
from lifang.services.query import Query


@rule("/<record:id>/actions/<action>", "POST")
def act_on_record(noun: str, id: int, action: str, plugin: str | None = None) -> Response:
    """Do what the noun's declaration names; the answer is the record as it is afterwards.

    `dry_run=true` only tells what would happen, where the action has a preview.
    """
    caller, resource = gated(plugin, noun)
    verb = action.replace("-", "_")
    declared = resource.actions.get(verb)
    asked = asking.claims(*(["dry_run"] if declared and declared.preview else []))
    if declared is None:
        raise NotFound(_("没有找到"))
    told = asking.body(optional=True)
    when = asking.moment(told)
    seen = asking.version(needed=False)
    if asked.get("dry_run"):
        shown = preview(resource, verb, caller, told, id, version=seen, occurred_at=when)
        return answering.told({"preview": shown})
    act = partial(write, resource, verb, caller, told, id, version=seen, occurred_at=when)
    turn = once(caller, resource, verb, asking.key(), act, id=id)
    return answering.record(turn.view())


@rule("/<record:id>/history", "GET")
def tell_history(noun: str, id: int, plugin: str | None = None) -> Response:
    """Who did what to a record, newest first."""
    caller, resource = gated(plugin, noun)
    refuse_query()
    reading.get(caller, resource, id)
    return answering.told(history.history(caller, resource, id))


@rule("/<record:id>/lineage", "GET")
def tell_lineage(noun: str, id: int, plugin: str | None = None) -> Response:
    """Where a community came from and where it went, the last first."""
    caller, resource = gated(plugin, noun)
    refuse_query()
    if resource.model is not Community:
        raise NotFound(_("没有找到"))
    return answering.told(lineage.told(caller, id))


@rule("/<record:id>/reveal", "POST")
def reveal_fields(noun: str, id: int, plugin: str | None = None) -> Response:
    """Uncover sensitive fields, for a reason that is kept."""
    caller, resource = gated(plugin, noun)
    refuse_query()
    told = asking.body()
    asking.refuse_unknown(told, ("fields", "reason"))
    fields, reason = asking.texts(told, "fields"), asking.text(told, "reason")
    shown = reading.reveal(caller, resource, id, fields=fields, reason=reason)
    return answering.told({"fields": shown})


@rule("/search", "POST")
def search_exactly(noun: str, plugin: str | None = None) -> Response:
    """Find by a whole phone number or citizen id: addresses are logged, bodies are not."""
    caller, resource = gated(plugin, noun)
    refuse_query()
    keys = tuple(spec.name for spec in resource.fields if spec.searchable)
    if not keys:
        raise NotFound(_("没有找到"))
    told = asking.body()
    asking.refuse_unknown(told, (*keys, "limit", "cursor"))
    exact = {name: asking.text(told, name) for name in keys if name in told}
    if not exact:
        sentence = _("请填写其中之一：{known}", known=_("、").join(keys))
        raise Invalid.about(keys[0], "required", sentence)
    query = Query(
        exact=exact,
        limit=read_limit(str(told["limit"]) if "limit" in told else None),
        cursor=asking.text(told, "cursor") or None,
    )
    page = reading.find(caller, resource, query)
    return answering.told({"items": page.items, "next": page.next})
