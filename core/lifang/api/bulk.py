"""One verb on many records over HTTP: told beforehand with `dry_run`, else done or queued."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response
from werkzeug.datastructures import MultiDict

from lifang.api import answering, asking
from lifang.api.rules import gated, refuse_query, rule
from lifang.entities.job import Job
from lifang.http import listing
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import bulk, reading
from lifang.services.idempotency import once
from lifang.services.jobs import FINISHED
from lifang.services.presenting import present_one
from lifang.services.query import Query

MEMBERS = ("ids", "filter", "input", "dry_run")


@rule("/actions/<action>", "POST")
def act_on_many(noun: str, action: str, plugin: str | None = None) -> Response:
    """Do a verb to the records of some ids or of a filter; the answer counts what became of them.

    A copy of a request with the same Idempotency-Key is answered with what the first one did.
    """
    caller, resource = gated(plugin, noun)
    refuse_query()
    verb, told = action.replace("-", "_"), asking.body()
    asking.refuse_unknown(told, MEMBERS)
    query, given = _meant(resource, told), asking.members(told, "input")
    when = asking.moment(given)
    if asking.flag(told, "dry_run"):
        checked = bulk.check(caller, resource, verb, query, given)
        return answering.told(bulk.told(caller, resource, checked))
    act = partial(bulk.begin, caller, resource, verb, query, given, occurred_at=when)
    turn = once(caller, resource, verb, asking.key(), act)
    jobs_noun: Resource[Job] = caller.instance.registry.of(Job)
    if turn.done is None:
        job = bulk.carry_out(caller, resource, turn.record)
    else:
        job = reading.get(caller, jobs_noun, turn.done)
    if job.state in FINISHED:
        return answering.told(bulk.outcome_of(job))
    response = answering.told(present_one(caller, jobs_noun, job), status=202)
    response.headers["Location"] = f"{answering.address(jobs_noun)}/{job.id}"
    return response


def _meant(resource: Resource[Any], told: dict[str, Any]) -> Query:
    """The records that are meant: by their ids, or by the filters that a list's address takes."""
    if ("ids" in told) == ("filter" in told):
        raise _wrong("ids", _("请用 ids 或 filter 之一说明对哪些记录"))
    if "ids" in told:
        ids = told["ids"]
        if not isinstance(ids, list) or not all(type(one) is int for one in ids):
            raise _wrong("ids", _("「{label}」须为一列编号", label="ids"))
        return bulk.chosen(ids)
    pairs = MultiDict[str, str]()
    for key, value in asking.members(told, "filter").items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str | int | float):
                raise _wrong("filter", _("「{label}」须为文字", label=key))
            pairs.add(key, str(one).lower() if isinstance(one, bool) else str(one))
    return listing.read(resource, pairs, paged=False).query


def _wrong(name: str, sentence: str) -> Invalid:
    return Invalid.about(name, "invalid", sentence)
