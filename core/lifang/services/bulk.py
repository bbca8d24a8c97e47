"""One verb on many records: told first what it would do, then done to each in its own transaction.

The list is asked anew while it is walked through by id, and how far the walk has come moves with
every record: whoever takes a job up again does nothing twice.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from peewee import fn

from lifang.access.callers import standings_of
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.job import Job
from lifang.events.subscriptions import this_process
from lifang.kit import clock
from lifang.kit.errors import Busy, FieldError, Forbidden, Invalid, LifangError, NotFound, Stale
from lifang.kit.words import _, _p
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import checks, jobs, reading
from lifang.services.auditing import record_denial
from lifang.services.gateway import write
from lifang.services.offers import may
from lifang.services.order import make_cursor
from lifang.services.outcomes import Progress, RowError
from lifang.services.plans import Listing
from lifang.services.presenting import View, names_of
from lifang.services.query import (
    MOST,
    NOW,
    Query,
    asked_by,
    conditions,
    filter_names,
    read_filters,
)
from lifang.services.references import settle
from lifang.services.standpoint import reached
from lifang.services.values import as_json

AT_ONCE = 200
"""Records that are done while somebody waits; a worker does what is more."""
PIECE = 100
FIRST = 5
ID = ("id", "")
Filters = tuple[tuple[str, str, tuple[Any, ...]], ...]

log = logging.getLogger("lifang.bulk")


@dataclass(frozen=True)
class LeftOut:
    """Some records that the verb will not be done to, and why; `state` where that is the reason."""

    count: int
    message: str
    state: str | None = None


@dataclass(frozen=True)
class Check:
    """What a verb would do to a list as it is now: `matched` is `ready` and what is left out."""

    matched: int
    ready: int
    not_found: int
    left_out: tuple[LeftOut, ...]
    first: tuple[View, ...]


def verbs(caller: Caller, resource: Resource[Any], query: Query) -> dict[str, str]:
    """The verbs that the caller may do to records of a list, and what they are called.

    One that only some records need is left out where none of those is listed.
    """
    if query.as_of != NOW:
        return {}
    known = [*resource.actions, *(["update"] if fields(resource, "update") else []), "remove"]
    held = (verb for verb in known if may(caller, resource, verb))
    return {
        verb: verb_name(resource, verb)
        for verb in held
        if not _among(resource, verb) or _any(caller, resource, _needing(resource, verb, query))
    }


def _among(resource: Resource[Any], verb: str) -> Filters:
    """Which records of a list need a verb, as filters; none where that is not said."""
    action = resource.actions.get(verb)
    return read_filters((action.among or {}).items()) if action else ()


def _needing(resource: Resource[Any], verb: str, query: Query) -> Query:
    """The records of a list that a verb may be done to and that need it."""
    return replace(query, filters=(*query.filters, *_among(resource, verb)), verb=verb)


def _any(caller: Caller, resource: Resource[Any], query: Query) -> bool:
    model: Any = resource.model
    database = caller.instance.database
    theirs = caller.instance.separation.theirs(caller, resource, query.verb)
    question = None if theirs else asked_by(caller, resource, query)

    def build(_values: object = ()) -> Any:
        told = conditions(caller, resource, query, apart=False)
        told += [~one for one, _why in theirs]
        return model.select(model.id).where(*told).limit(1)

    return bool(database.ask(("any", question), (), build) if question else database.rows(build()))


def fields(resource: Resource[Any], verb: str) -> tuple[FieldSpec, ...]:
    """What a verb asks for when it is done to many: no number or address is that of several."""
    if verb == "update":
        return tuple(s for s in schema.update_fields(resource) if s.kind != "sensitive")
    return resource.actions[verb].fields if verb in resource.actions else ()


def option_of(resource: Resource[Any], verb: str, spec: FieldSpec) -> str:
    """What an input is called where filters are told too: `set_…` where a filter has its name."""
    plain = verb != "update" and spec.name not in filter_names(resource)
    return spec.name if plain else f"set_{spec.name}"


def chosen(ids: Iterable[Any]) -> Query:
    """The list of some records by their ids; raises Invalid for none or too many."""
    numbers = tuple(dict.fromkeys(ids))
    if not 0 < len(numbers) <= MOST:
        told = _("请选中 1 至 {most} 条记录；更多的请按条件选择", most=MOST)
        raise Invalid.about("ids", "invalid", told)
    return Query(filters=(("id", "", numbers),))


def check(
    caller: Caller,
    resource: Resource[Any],
    verb: str,
    query: Query,
    data: Mapping[str, Any] | None = None,
) -> Check:
    """Tell what a verb would do to a list, and judge its input where some is given; writes nothing.

    Raises NotFound and Forbidden as every write does, Invalid for the input or the list. Ids out
    of reach are `not_found` like those that do not exist.
    """
    _permit(caller, resource, verb)
    if data is not None:
        _judge(caller, resource, verb, data)
    query = _whole(query)
    matched = _by_state(caller, resource, query)
    reached = _by_state(caller, resource, replace(query, verb=verb))
    needing = _needing(resource, verb, query)
    needed = _by_state(caller, resource, needing) if _among(resource, verb) else reached
    action, state = resource.actions.get(verb), resource.state
    states = dict(resource.by_name[state].choices) if state else {}
    able = [one for one in needed if action is None or action.offered(one)]
    left = [
        LeftOut(number, _("现在是「{state}」", state=_(states.get(one or "", "—"))), one)
        for one, number in needed.items()
        if one not in able
    ]
    if spared := reached.total() - needed.total():
        left.append(LeftOut(spared, _spared(resource, verb)))
    if beyond := matched.total() - reached.total():
        left.append(LeftOut(beyond, _beyond(resource, verb)))
    of_them = ((state, "", tuple(able)),) if state else ()
    few = replace(needing, filters=(*needing.filters, *of_them), limit=FIRST)
    own = _own(caller, resource, few)
    left += own
    ready = sum(needed[one] for one in able) - sum(one.count for one in own)
    wanted = [set(values) for name, operator, values in query.filters if (name, operator) == ID]
    missing = max(0, len(wanted[0]) - matched.total()) if wanted else 0
    first = reading.find(caller, resource, few).items if ready else []
    barred = caller.instance.separation.barred(caller, resource, verb, [one["id"] for one in first])
    first = [one for one in first if one["id"] not in barred]
    return Check(matched.total(), ready, missing, tuple(left), tuple(first))


def _own(caller: Caller, resource: Resource[Any], query: Query) -> list[LeftOut]:
    """The records of a list that the caller must leave to somebody else, each counted once."""
    left: list[LeftOut] = []
    before: list[Any] = []
    for theirs, why in caller.instance.separation.theirs(caller, resource, query.verb):
        if number := _by_state(caller, resource, query, theirs, *before).total():
            left.append(LeftOut(number, why))
        before.append(~theirs)
    return left


def told(caller: Caller, resource: Resource[Any], found: Check) -> dict[str, Any]:
    """What a check found, as programs are told it; the first few records by id and name."""
    names = names_of(caller, resource, [view["id"] for view in found.first])
    return {**asdict(found), "first": list(names.values())}


def _permit(caller: Caller, resource: Resource[Any], verb: str) -> None:
    checks.gate(resource, verb, caller)
    reading.open_to(caller, resource)
    if verb == "create" or (verb == "update" and not fields(resource, verb)):
        raise NotFound(_("没有找到"))
    if not may(caller, resource, verb):
        label = _p("plural", resource.label)
        told = _("您没有对「{label}」批量{verb}的权限", label=label, verb=verb_name(resource, verb))
        denied = Forbidden(told)
        record_denial(caller, resource, verb, None, denied)
        raise denied


def _judge(caller: Caller, resource: Resource[Any], verb: str, data: Mapping[str, Any]) -> None:
    known = fields(resource, verb)
    given = checks.shape(resource, verb, data)
    if verb == "update":
        if not given:
            raise Invalid(_("请至少填写一个要修改的字段"))
        names = {spec.name for spec in known}
        if wrong := [name for name in given if name not in names]:
            told = _("「{label}」不能批量修改", label=_(resource.by_name[wrong[0]].label))
            raise Invalid(told, errors=[FieldError(name, "locked", told) for name in wrong])
    settle(caller, known, given)


def _whole(query: Query) -> Query:
    """The list itself, without its page; a number that was looked up is never kept with a job."""
    if query.exact:
        raise Invalid(_("按完整号码查找的结果不能批量操作"))
    if query.as_of != NOW:
        raise Invalid(_("按当时的区划列出的记录不能批量操作；请按现在的区划列出"))
    return Query(filters=query.filters, q=query.q, within=query.within)


def _by_state(
    caller: Caller, resource: Resource[Any], query: Query, *more: Any
) -> Counter[str | None]:
    model: Any = resource.model
    told = [*conditions(caller, resource, query), *more]
    if not resource.state:
        return Counter({None: model.select(model.id).where(*told).count()})
    state = getattr(model, resource.state)
    rows: Any = model.select(state, fn.COUNT(model.id)).where(*told).group_by(state)
    return Counter(dict(rows.tuples()))


def _beyond(resource: Resource[Any], verb: str) -> str:
    return _("您没有对它「{verb}」的权限", verb=verb_name(resource, verb))


def _spared(resource: Resource[Any], verb: str) -> str:
    return _("不需要「{verb}」", verb=verb_name(resource, verb))


def begin(  # noqa: PLR0913 – what is to be done, each by name
    caller: Caller,
    resource: Resource[Any],
    verb: str,
    query: Query,
    data: Mapping[str, Any],
    *,
    occurred_at: dt.datetime | None = None,
    at_once: int = AT_ONCE,
) -> Job:
    """Write down what is to be done to a list; with more than `at_once` records a worker does it.

    Raises as `check` does.
    """
    checks.not_in_the_future(occurred_at)
    found, query = check(caller, resource, verb, query, data), _whole(query)
    filters = [(name, op, [as_json(v) for v in vs]) for name, op, vs in query.filters]
    asked = {
        "verb": verb,
        "data": {name: as_json(value) for name, value in data.items()},
        "query": {"filters": filters, "q": query.q, "within": query.within},
        "occurred_at": occurred_at and occurred_at.isoformat(),
        "after": 0,
        "source": caller.source,
    }
    label = _p("plural", resource.label)
    told: dict[str, Any] = {"state": "queued", "total": found.matched, "asked": asked}
    told["title"] = _("批量{verb}：{label}", verb=verb_name(resource, verb), label=label)
    if found.matched <= at_once:  # a worker must not take it from the hands of whoever began it
        mine = {"lease_owner": this_process(), "lease_until": clock.now() + jobs.LEASE}
        told |= {"state": "running", **mine}
    return jobs.begin(caller, resource, "bulk", **told)


def carry_out(
    caller: Caller, resource: Resource[Any], job: Job, progress: Progress = lambda _done, _of: None
) -> Job:
    """Do a job that was begun here; one that is queued is left to a worker. Gives it as it is."""
    if job.state == "running":
        for _piece in jobs.run(caller, job, work_off(caller, resource, job)):
            progress(job.done, max(job.done, job.total))
    found: Job = Job.get_by_id(job.id)
    return found


def work_off(caller: Caller, resource: Resource[Any], job: Job) -> Iterator[None]:
    """Do a verb to the rest of a list, from where the job stands."""
    caller, database = replace(caller, request_id=f"job-{job.id}"), caller.instance.database
    while (walk := _Walk(_today(caller), resource, json.loads(job.asked))).rows:
        for row in walk.rows:
            try:
                jobs.whole(caller, job, partial(_one, job, walk, row))
            except Stale:
                break  # somebody was faster: it is looked at anew, with those after it
            yield
    with database.transaction():
        jobs.hold(job)
        jobs.finish(caller, job, "finished")
        # a search may hold a name and an input anything: neither is needed any more
        Job.update(asked="{}").where(Job.id == job.id).execute()


jobs.WORKS["bulk"] = work_off


def _one(job: Job, walk: _Walk, row: tuple[Any, ...]) -> None:
    """Do it to one record, in one transaction with the job's place."""
    with walk.caller.instance.database.transaction():
        jobs.hold(job)
        does, why = walk.do(*row)
        errors = [RowError(row=row[0], column="", message=why, expected="")]
        jobs.advance(job, job.done + 1, {does: 1}, errors if why else [])
        job.asked = json.dumps({**walk.asked, "after": row[0]}, ensure_ascii=False)
        Job.update(asked=job.asked).where(Job.id == job.id).execute()


def _today(caller: Caller) -> Caller:
    """The same caller with the rights that stand now: a grant may end while a long job runs."""
    instance, number = caller.instance, caller.account
    if number is None:
        return caller
    if Account.get_or_none(Account.id == number, ~Account.disabled) is None:
        raise Forbidden(_("发起人的账号已停用"))
    standings = standings_of(instance, number)
    return replace(caller, snapshot=instance.plugins.refresh(), standings=standings)


class _Walk:
    """The next records of a list; `rows` are their id, their version and, if any, their state."""

    def __init__(self, caller: Caller, resource: Resource[Any], asked: dict[str, Any]) -> None:
        """Look from where the job stands."""
        self.caller, self.resource, self.asked, self.verb = caller, resource, asked, asked["verb"]
        told = asked["query"]
        filters = tuple((name, op, tuple(values)) for name, op, values in told["filters"])
        query = Query(filters=filters, q=told["q"], within=told["within"])
        columns = ["id", "version", *([resource.state] if resource.state else [])]
        query = replace(query, cursor=make_cursor(asked["after"], asked["after"]))
        self.rows = Listing(caller, resource, query, columns, limit=PIECE).rows()
        ids = tuple(row[0] for row in self.rows)
        self._reached = self._needing = reached(caller, resource, self.verb, ids)
        if ids and _among(resource, self.verb):
            needing = _needing(resource, self.verb, Query(filters=(*filters, ("id", "", ids))))
            told = conditions(caller, resource, needing)
            model: Any = resource.model
            self._needing = {row[0] for row in model.select(model.id).where(*told).tuples()}

    def do(self, number: int, version: int, state: str | None = None) -> tuple[str, str]:
        """What became of a record, as a job counts it, and why nothing did."""
        action, when = self.resource.actions.get(self.verb), self.asked["occurred_at"]
        if number not in self._reached:
            return "failed", _beyond(self.resource, self.verb)
        if number not in self._needing:
            return "unchanged", _spared(self.resource, self.verb)
        if action is not None and not action.offered(state):
            return "unchanged", checks.not_offered(self.resource, action, state)
        try:
            saved = write(self.resource, self.verb, self.caller, self.asked["data"], number,
                version=version, occurred_at=dt.datetime.fromisoformat(when) if when else None,
            )  # fmt: skip
            return "unchanged" if saved.version == version else "updated", ""
        except (Busy, Stale):
            raise
        except LifangError as error:
            if isinstance(error, Forbidden | NotFound):
                record_denial(self.caller, self.resource, self.verb, number, error)
            return "failed", error.sentence
        except Exception:
            log.exception("%s %s failed on %s", self.resource.id, self.verb, number)
            return "failed", _("程序出错，这一条没有做；原因见服务器日志")


def outcome_of(job: Job) -> dict[str, Any]:
    """What was done, left out and refused so far, and why; told alike by every interface."""
    errors = [{"id": one["row"], "message": one["message"]} for one in jobs.problems(job)]
    told = {"done": job.updated, "skipped": job.unchanged, "failed": job.failed}
    return {"job": job.id, **told, "errors": errors}
