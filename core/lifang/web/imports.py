"""Bringing a table in: sent, checked, confirmed, taken in, and told how it went."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

from flask import Response, make_response, render_template, request

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.http.request import LARGEST_FILE
from lifang.kit.errors import Forbidden, Invalid, LifangError, NotFound
from lifang.kit.words import _, _p
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import jobs, uploads
from lifang.services.columns import ID, LEFT_OUT
from lifang.services.exchange import FORMATS
from lifang.services.outcomes import MOST_TOLD, RowError, expected, permit
from lifang.services.previews import Column, columns_of, preview
from lifang.web import commands, looks
from lifang.web.addresses import home_of
from lifang.web.changes import Answer
from lifang.web.doors import Page, go_to, page
from lifang.web.forms import POINTING

SHOWN = 100
"""Problems told one by one on a page; the file of failing rows has all of them."""
UNSAID = "?"
"""What is sent for a column of which nobody has said what it is about."""
AGAIN = 2
"""Seconds after which a page about work that goes on is fetched again."""


def upload_page(caller: Caller, resource: Resource[Any]) -> Answer:
    """Ask for a file; it is kept sealed and checked, and nothing is written."""
    permit(caller, resource)
    error: LifangError | None = None
    if request.method == "POST":
        try:
            return _receive(caller, resource)
        except (NotFound, Forbidden):
            raise
        except LifangError as refused:
            error = refused
    return page(
        "web/import.html",
        error,
        resource=resource,
        home=home_of(resource),
        specs=[(spec, _expected(spec)) for spec in schema.create_fields(resource)],
        most=LARGEST_FILE // 1024 // 1024,
        command=commands.line(resource, "import", "…"),
        coded=resource.model is Community,
    )


def _expected(spec: FieldSpec) -> str:
    if spec.choices:
        return _("、").join(_(label) for _value, label in spec.choices)
    if spec.kind in POINTING:
        coded = spec.kind == "community"
        return _("代码，或没有重名的名称") if coded else _("编号，或没有重名的名称")
    told = expected(spec)
    return _("例如：{sample}", sample=told) if spec.kind == "day" else told


def _receive(caller: Caller, resource: Resource[Any]) -> Response:
    part = request.files.get("file")
    if part is None or not part.filename:
        raise Invalid(_("请选择要导入的文件"))
    name = "".join(filter(str.isprintable, part.filename))[-100:]
    job = uploads.receive(caller, resource, cast(BinaryIO, part.stream), name=name)
    return _go_on(caller, resource, job)


def template_file(caller: Caller, resource: Resource[Any], form: str) -> Response:
    """An empty table with the columns that are expected."""
    permit(caller, resource)
    return _file(uploads.template(resource, form), _p("plural", resource.label), form)


def failing_file(caller: Caller, resource: Resource[Any], record: int, form: str) -> Response:
    """The rows with something wrong, as they were sent, to be mended and sent again."""
    job = uploads.import_of(caller, resource, record)
    return _file(uploads.failing(caller, job, form), f"failing-{job.id}", form)


def _file(pieces: Iterable[bytes], name: str, form: str) -> Response:
    response = Response(pieces, content_type=FORMATS[form])
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return response


def import_page(caller: Caller, resource: Resource[Any], record: int) -> Any:
    """Where an import stands: to be confirmed, at work, or over."""
    job = uploads.import_of(caller, resource, record)
    if request.method == "POST":
        return _answer(caller, resource, job)
    return _show(caller, resource, job)


def _answer(caller: Caller, resource: Resource[Any], job: Job) -> Any:
    """Check again, take in, or stop; what was not yet seen is checked and shown first."""
    do = request.form.get("do")
    if do == "cancel":
        uploads.cancel(caller, job)
        return go_to(home_of(resource) if job.state == "waiting" else _at(resource, job))
    if job.state != "waiting":
        return go_to(_at(resource, job))
    known = columns_of(caller, resource, job)
    choices = [request.form.get(f"c{place}", UNSAID) for place in range(len(known))]
    said = {
        column.header: choice
        for column, choice in zip(known, choices, strict=True)
        if choice not in (UNSAID, column.automatic)
    }
    if do != "import" or said != json.loads(job.asked)["columns"]:
        return _go_on(caller, resource, job, check=True, columns=said, unseen=do == "import")
    skip = "skip" in request.form
    if job.failed and not skip:
        return _show(caller, resource, job, unsaid=True)
    header = [column.header for column in known]
    if said != uploads.remembered(caller, resource, header):
        uploads.remember(caller, resource, header, said)
    return _go_on(caller, resource, job, check=False, skip_invalid=skip)


def _go_on(
    caller: Caller, resource: Resource[Any], job: Job, *, unseen: bool = False, **asked: Any
) -> Response:
    """Go on, and tell how it went on the import's own page, also where it was stopped."""
    try:
        uploads.go_on(caller, resource, job, **asked)
    except Forbidden:
        raise
    except LifangError:  # kept as the job's note
        pass
    return go_to(_at(resource, job) + ("?unseen=1" if unseen else ""))


def _at(resource: Resource[Any], job: Job) -> str:
    return f"{home_of(resource)}/import/{job.id}"


def _show(caller: Caller, resource: Resource[Any], job: Job, *, unsaid: bool = False) -> Any:
    problems = jobs.problems(job, MOST_TOLD)
    goes_on = job.state in jobs.WORKABLE
    told = {
        "resource": resource,
        "home": home_of(resource),
        "here": _at(resource, job),
        "job": job,
        "asked": json.loads(job.asked),
        "header_wrong": bool(problems) and problems[0]["row"] == 1,
        "states": Job.state.choices,
    }
    if job.state == "waiting":
        return _to_confirm(caller, told, problems, unsaid=unsaid)
    noun = caller.instance.registry.of(Job)
    shown = render_template(
        "web/import_job.html",
        **told,
        goes_on=goes_on,
        still="still" in request.args,
        sentences=[(_sentence(one), None) for one in problems[:SHOWN]],
        command=commands.line(noun, "show" if goes_on else "result", str(job.id)),
    )
    response = make_response(shown)
    if goes_on and "still" not in request.args:
        response.headers["Refresh"] = str(AGAIN)
    return response


def _to_confirm(
    caller: Caller, told: dict[str, Any], problems: list[RowError], *, unsaid: bool
) -> Page:
    resource, job = told["resource"], told["job"]
    wrong_only = request.args.get("only") == "errors"
    columns, lines = preview(
        caller, resource, job, problems, rows=looks.rows(), wrong_only=wrong_only
    )
    header = {column.header: f"c{place}" for place, column in enumerate(columns)}
    numbers = {line.number for line in lines}

    def about(one: RowError) -> str | None:
        if one["row"] == 1:
            return header.get(one["column"])
        return f"r{one['row']}" if one["row"] in numbers else None

    words = [told["asked"].get("file") or "…", *["--skip-invalid"] * bool(job.failed)]
    shown = render_template(
        "web/import_check.html",
        **told,
        columns=columns,
        options=_options(resource, columns),
        lines=lines,
        sentences=[(_sentence(one), about(one)) for one in problems[:SHOWN]],
        wrong_only=wrong_only,
        unsaid=unsaid,
        unseen="unseen" in request.args,
        command=commands.line(resource, "import", *words),
    )
    return shown, 422 if unsaid else 200, {}


def _sentence(one: RowError) -> str:
    where = _("表头") if one["row"] == 1 else _("第 {row} 行", row=one["row"])
    field = f"{where} {one['column']}".rstrip()
    told = _("{field}：{message}", field=field, message=one["message"])
    right = one["expected"]
    return told if right in one["message"] else told + _("（应为：{expected}）", expected=right)


def _options(resource: Resource[Any], columns: list[Column]) -> list[tuple[str, str]]:
    """What a column may be about: fields that can be written, and those that are there already."""
    known = {spec.name for spec in schema.create_fields(resource) + schema.update_fields(resource)}
    known |= {column.field or "" for column in columns}
    fields = [(spec.name, _(spec.label)) for spec in resource.fields if spec.name in known]
    return [(ID, _("编号（只修改已有的记录）")), *fields, (LEFT_OUT, _("不导入这一列"))]
