"""Tables over HTTP: what goes out as a file, and what comes in as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from lifang.api import answering
from lifang.api.rules import blueprint, gated, rule
from lifang.entities.job import Job
from lifang.http import listing
from lifang.kit import clock
from lifang.kit.errors import Invalid, Malformed
from lifang.kit.words import _
from lifang.services import reading, uploads
from lifang.services.exchange import FORMATS, export
from lifang.services.importing import outcome_of
from lifang.services.ledger import ledger
from lifang.services.outcomes import MOST_TOLD
from lifang.services.presenting import present_one

TABLES = ("text/csv", FORMATS["xlsx"])


@rule("/export", "GET")
def export_records(noun: str, plugin: str | None = None) -> Response:
    """The list as a file, written as it is read; audited before the first row leaves."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["format"])
    form = _form(*FORMATS)
    response = Response(
        export(caller, resource, asked.query, form=form), content_type=FORMATS[form]
    )
    name = f"{answering.dashed(resource.noun)}-{clock.today()}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@rule("/ledger", "GET")
def write_ledger(noun: str, plugin: str | None = None) -> Response:
    """The list to print; full numbers only for a stated purpose, by those who may."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["purpose"])
    pieces = ledger(caller, resource, asked.query, purpose=request.args.get("purpose"))
    response = Response(pieces, content_type=FORMATS["xlsx"])
    name = f"{answering.dashed(resource.noun)}-ledger-{clock.today()}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@rule("/import", "POST")
def import_records(noun: str, plugin: str | None = None) -> Response:
    """Take in a table, whole or not at all; `dry_run=true` only judges it.

    `skip_invalid=true` leaves out what is wrong. A long table becomes a job, answered with 202.
    """
    caller, resource = gated(plugin, noun)
    asked = _asked("dry_run", "skip_invalid")
    with _file() as stream:
        done = uploads.take(caller, resource, stream, **asked)
    if isinstance(done, Job):
        jobs_noun = caller.instance.registry.of(Job)
        response = answering.record(present_one(caller, jobs_noun, done), status=202)
        response.headers["Location"] = f"{answering.address(jobs_noun)}/{done.id}"
        return response
    if done["failed"] and not (any(asked.values()) or done["created"] or done["updated"]):
        refused = Invalid(_("文件里有 {n} 行需要修改；什么都没有导入", n=done["failed"]))
        refused.extra.update(done)
        raise refused
    return answering.told(done)


@blueprint.get("/v1/jobs/<record:id>/result")
def job_result(id: int) -> Response:
    """What a job did and what was wrong; `format=csv` gives its failing rows to their sender."""
    caller, resource = gated(None, "jobs")
    _refuse_but("format")
    form = _form("json", "csv")
    job = reading.get(caller, resource, id)
    if form == "json":
        return answering.told(outcome_of(job, MOST_TOLD))
    response = Response(uploads.failing(caller, job), content_type=FORMATS["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="failing-{id}.csv"'
    return response


def _form(*known: str) -> str:
    """The format that is asked for; the first known one where none is."""
    form = request.args.get("format", known[0])
    if form not in known:
        told = _("、").join(known)
        raise Malformed(_("「{key}」须为其中之一：{known}", key="format", known=told))
    return form


def _refuse_but(*known: str) -> None:
    for key in request.args:
        if key not in known:
            raise Malformed(_("不认识查询参数「{key}」", key=key), known=list(known))


def _asked(*known: str) -> dict[str, bool]:
    _refuse_but(*known)
    asked = {key: request.args.get(key, "false") for key in known}
    for key, given in asked.items():
        if given not in ("true", "false"):
            raise Malformed(_("「{key}」须为 true 或 false", key=key))
    return {key: given == "true" for key, given in asked.items()}


@contextmanager
def _file() -> Iterator[BinaryIO]:
    """The table that was sent, as the body itself or as the part `file` of a form."""
    if request.mimetype in TABLES:
        with TemporaryFile() as kept:
            copyfileobj(request.stream, kept)
            yield kept
        return
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(
            _("请用 Content-Type: text/csv 或 XLSX 的类型发送，或在表单中上传文件")
        )
    part = request.files.get("file")
    if part is None:
        raise Malformed(_("表单里没有名为 file 的文件"))
    yield cast(BinaryIO, part.stream)
