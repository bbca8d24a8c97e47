"""One verb on many records from a list: chosen, checked, confirmed, and told how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, render_template, request
from werkzeug.datastructures import MultiDict

from lifang.entities.caller import Caller
from lifang.entities.job import Job
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import bulk, jobs, reading
from lifang.services.query import MOST, Query
from lifang.web import commands, forms
from lifang.web.addresses import address_of, home_of, with_query
from lifang.web.asked import Asked
from lifang.web.changes import Form, form_page
from lifang.web.doors import Page, go_to
from lifang.web.shown import show, title_of

OWN = "bulk."
"""Begins the names of what the page itself sends: no field of a declaration has a dot."""
LINKED = 20
"""Records that are named for one reason; the rest is counted."""


def bulk_page(caller: Caller, resource: Resource[Any]) -> Response | Page:
    """Tell what a verb would do to the records that were chosen, and do it once confirmed."""
    reading.open_to(caller, resource)
    verb, asked = said_of("verb"), Asked.read(resource, MultiDict(parse_qsl(said_of("list"))))
    specs, query = _questions(resource, verb), Query()
    found, form = None, Form([])
    try:
        query = _meant(asked)
        found = bulk.check(caller, resource, verb, query)
        form, told = _answers(caller, resource, verb, specs)
        if said_of("confirm") and not form.problems and "find" not in request.form:
            if said_of("count") != str(found.ready):
                raise Conflict(_("符合条件的记录刚刚有变化；请按新的数目再确认一次"))
            job = bulk.begin(caller, resource, verb, query, told)
            bulk.carry_out(caller, resource, job)
            return go_to(with_query(f"{home_of(resource)}/bulk/{job.id}", asked.kept()))
    except (NotFound, Forbidden):
        raise
    except LifangError as error:
        form = Form(forms.blamed(form.controls, error), error)
    first = found.first if found else ()
    return form_page(
        "web/bulk.html",
        form,
        resource=resource,
        home=home_of(resource),
        back=with_query(home_of(resource), asked.kept()),
        verb=verb,
        label=verb_name(resource, verb),
        found=found,
        first=[(title_of(resource, v), address_of(resource, v["id"])) for v in first],
        sent=sent(found.ready if found else 0),
        command=commands.list_line(resource, query, "bulk", verb, *_options(resource, verb)),
    )


def _options(resource: Resource[Any], verb: str) -> list[str]:
    """What the command asks for, with a place for every answer."""
    asked = [spec for spec in bulk.fields(resource, verb) if spec.required and verb != "update"]
    return commands.options((bulk.option_of(resource, verb, spec), "…") for spec in asked)


def said_of(name: str) -> str:
    """What the page itself sent under a name."""
    return request.form.get(OWN + name, "")


def sent(number: int, *also: str) -> list[tuple[str, str]]:
    """What a page sends again when it is confirmed: which records, and how many were told."""
    names = {*(OWN + name for name in ("verb", "which", "list", "id")), *also}
    again = [(key, value) for key, value in request.form.items(multi=True) if key in names]
    return [*again, (OWN + "confirm", "1"), (OWN + "count", str(number))]


def _meant(asked: Asked) -> Query:
    """The records that were chosen one by one, or the whole list they were chosen from."""
    if said_of("which") == "all":
        return replace(asked.query(limit=MOST), sort="id", cursor=None)
    said = request.form.getlist(OWN + "id")
    numbers = [int(one) for one in said if one.isascii() and one.isdigit() and len(one) < 19]
    if not numbers:
        raise Invalid(_("还没有选中任何记录；请回到列表勾选，或改选「符合条件的全部」"))
    return bulk.chosen(numbers)


def _questions(resource: Resource[Any], verb: str) -> tuple[FieldSpec, ...]:
    """What is asked for; of fields that are set on all, an empty one stays as it is on each."""
    specs = bulk.fields(resource, verb)
    if verb != "update":
        return specs
    return tuple(replace(spec, required=False, null=True, default=None) for spec in specs)


def _answers(
    caller: Caller, resource: Resource[Any], verb: str, specs: tuple[FieldSpec, ...]
) -> tuple[Form, dict[str, Any]]:
    if not said_of("confirm"):
        return Form(forms.blank(caller, specs, {})), {}
    controls = forms.answered(caller, specs, request.form)
    if name := request.form.get("find"):
        return Form(forms.looked_for(caller, controls, name)), {}
    told, judged = forms.payload(caller, controls, all_of_them=verb != "update")
    if Form(judged).problems:
        judged = forms.complained(resource, verb, told, judged)
    return Form(judged), told


def result_page(caller: Caller, resource: Resource[Any], job: int) -> str:
    """How it went: what was done, what was left out or refused and why, and the way back."""
    reading.open_to(caller, resource)
    nouns: Resource[Job] = caller.instance.registry.of(Job)
    row = reading.get(caller, nouns, job)
    if row.kind != "bulk" or row.noun != resource.id:
        raise NotFound(_("没有找到"))
    reasons: dict[str, list[int]] = {}
    for error in jobs.problems(row):
        reasons.setdefault(error["message"], []).append(error["row"])
    asked = Asked.read(resource, request.args)
    return render_template(
        "web/bulk_result.html",
        resource=resource,
        home=home_of(resource),
        back=with_query(home_of(resource), asked.kept()),
        again=request.full_path,
        job=row,
        state=show(caller, nouns, nouns.by_name["state"], row.state),
        ended=row.state in jobs.FINISHED,
        reasons=[(why, len(ids), _linked(caller, resource, ids)) for why, ids in reasons.items()],
        command=commands.line(nouns, "show", str(row.id)),
    )


def _linked(
    caller: Caller, resource: Resource[Any], ids: list[int]
) -> list[tuple[str, str | None]]:
    """Some records by their names as far as they can still be read, else by their numbers."""
    found = reading.find(caller, resource, bulk.chosen(ids[:LINKED])).items
    names = {view["id"]: title_of(resource, view) for view in found}
    return [(names.get(id, f"#{id}"), address_of(resource, id) if id in names else None)
            for id in ids[:LINKED]]  # fmt: skip
