"""Tables over HTTP: what goes out as a file, and what comes in as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from lifang.api import answering, asking
from lifang.api.rules import blueprint, gated, rule
from lifang.entities.job import Job
from lifang.http import listing
from lifang.http.papers import kept
from lifang.kit import clock
from lifang.kit.errors import Invalid, Malformed, demand_known
from lifang.kit.words import _
from lifang.mechanisms.registers import ledger
from lifang.services import reading, uploads
from lifang.services.exchange import FORMATS, export, forms
from lifang.services.importing import outcome_of
from lifang.services.outcomes import MOST_TOLD
from lifang.services.presenting import present_one

TABLES = ("text/csv", FORMATS["xlsx"])


@rule("/export", "GET")
def export_records(noun: str, plugin: str | None = None) -> Response:
    """The list as a file, written as it is read; audited before the first row leaves."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["format", "columns"])
    specs = listing.read_columns(resource, request.args.get("columns"))
    known = forms(resource)
    _label, kind, suffix = known[form := form_asked("csv", *known)]
    pieces = export(caller, resource, asked.query, form=form, specs=specs)
    return handed(pieces, suffix, resource.noun, kind)


@rule("/ledger", "GET")
def write_ledger(noun: str, plugin: str | None = None) -> Response:
    """The list to print; full numbers only for a stated purpose, by those who may."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["purpose", "format"])
    form, purpose = form_asked("xlsx", *FORMATS), request.args.get("purpose")
    pieces = ledger(caller, resource, asked.query, purpose=purpose, form=form)
    return handed(pieces, form, f"{resource.noun}-ledger")


def form_asked(default: str, *known: str) -> str:
    """The kind of file that was asked for; raises Malformed for one that is not known."""
    form = request.args.get("format", default)
    demand_known("format", form, known)
    return form


def handed(pieces: Iterator[bytes], form: str, name: str, kind: str | None = None) -> Response:
    """A file, named so that it is found again in a folder of downloads."""
    name = f"{answering.dashed(name)}-{clock.today()}.{form}"
    return kept(pieces, kind or FORMATS[form], name)


@rule("/import", "POST")
def import_records(noun: str, plugin: str | None = None) -> Response:
    """Take in a table, whole or not at all; `dry_run=true` only judges it.

    `skip_invalid=true` leaves out what is wrong. A long table becomes a job, answered with 202.
    """
    caller, resource = gated(plugin, noun)
    asked = asking.claims("dry_run", "skip_invalid")
    with _file() as stream:
        done = uploads.take(
            caller, resource, stream, dry_run=asked["dry_run"], skip_invalid=asked["skip_invalid"]
        )
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
    asking.words("format")
    form = form_asked("json", "json", "csv")
    job = reading.get(caller, resource, id)
    if form == "json":
        return answering.told(outcome_of(job, MOST_TOLD))
    return handed(iter(uploads.failing(caller, job)), form, f"failing-{id}")


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
