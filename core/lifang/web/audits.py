"""The audit trail as a page: entries newest first, a few at a time."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Malformed, demand_known
from lifang.kit.words import _, n_
from lifang.resources.verbs import noun_name, verb_name
from lifang.services import trail
from lifang.services.offers import may
from lifang.services.trail import Seen
from lifang.upkeep import verifying
from lifang.web import looks
from lifang.web.addresses import address_of, with_query
from lifang.web.timeline import SOURCES

HOME = "/admin/audit"
OUTCOMES = {"done": n_("已完成"), "denied": n_("被拒绝")}
TONES = {"done": "standing", "denied": "broken"}


@dataclass(frozen=True)
class Line:
    """One entry in words."""

    entry: Seen
    at: str
    verb: str
    what: str
    link: str | None
    outcome: str
    tone: str
    source: str


def audit_page(caller: Caller) -> str:
    """The entries an auditor asked for."""
    outcome = request.args.get("outcome") or None
    actor = (request.args.get("actor") or "").strip() or None
    if outcome is not None:
        demand_known("outcome", outcome, OUTCOMES)
    limit = looks.rows()
    found = trail.entries(caller, before=before(), outcome=outcome, actor=actor, limit=limit + 1)
    asked = [(k, v) for k, v in (("outcome", outcome), ("actor", actor)) if v]
    older = [*asked, ("before", str(found[limit - 1].id))] if len(found) > limit else None
    return render_template(
        "web/audit.html",
        lines=[_line(caller, entry) for entry in found[:limit]],
        outcomes=OUTCOMES,
        outcome=outcome or "",
        actor=actor or "",
        narrowed=bool(asked),
        next=with_query(HOME, older) if older else None,
        first=with_query(HOME, asked) if request.args.get("before") else None,
        verdict=verifying.verify(caller.instance) if request.args.get("verify") else None,
        command="lifang audit verify",
    )


def before() -> int | None:
    """The entry that a page of older ones begins behind; raises Malformed for what is no number."""
    said = request.args.get("before")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise Malformed(_("续页标记 before 无效；请从第一页重新开始"))
    return int(said)


def _line(caller: Caller, entry: Seen) -> Line:
    """An entry in words; a record of a plugin that is gone is named as it was called."""
    resource = caller.instance.registry.find(entry.plugin, entry.noun)
    named = resource or caller.instance.gone.noun(entry.plugin, entry.noun)
    what = noun_name(named, entry.noun)
    link = None
    if entry.record is not None:
        what = f"{what} #{entry.record}"
        if resource and may(caller, resource, "read"):
            link = address_of(resource, entry.record)
    return Line(
        entry=entry,
        at=clock.shown(entry.at, seconds=True),
        verb=verb_name(named, entry.verb),
        what=what,
        link=link,
        outcome=_(OUTCOMES.get(entry.outcome, entry.outcome)),
        tone=TONES.get(entry.outcome, "closed"),
        source=_(SOURCES.get(entry.source, entry.source)),
    )
