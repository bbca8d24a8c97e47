"""Tables over HTTP: what goes out as a file, and what comes in as one."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from lifang.api import answering, asking
from lifang.api.rules import gated, rule
from lifang.http import listing
from lifang.kit import clock
from lifang.kit.errors import Invalid, Malformed
from lifang.kit.words import _
from lifang.services.exchange import FORMATS, export, import_table
from lifang.services.ledger import ledger

LARGEST_FILE = 8 * 1024 * 1024
MOST_ROWS = 5_000
TABLES = ("text/csv", FORMATS["xlsx"])


@rule("/export", "GET")
def export_records(noun: str, plugin: str | None = None) -> Response:
    """The list as a file, written as it is read; audited before the first row leaves."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["format"])
    form = _form("csv")
    return _handed(export(caller, resource, asked.query, form=form), form, resource.noun)


@rule("/ledger", "GET")
def write_ledger(noun: str, plugin: str | None = None) -> Response:
    """The list to print; full numbers only for a stated purpose, by those who may."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["purpose", "format"])
    form, purpose = _form("xlsx"), request.args.get("purpose")
    pieces = ledger(caller, resource, asked.query, purpose=purpose, form=form)
    return _handed(pieces, form, f"{resource.noun}-ledger")


def _form(default: str) -> str:
    """The kind of file that was asked for; raises Malformed for one that is not known."""
    form = request.args.get("format", default)
    if form not in FORMATS:
        known = _("、").join(FORMATS)
        raise Malformed(_("「{key}」须为其中之一：{known}", key="format", known=known))
    return form


def _handed(pieces: Iterator[bytes], form: str, name: str) -> Response:
    """A file, named so that it is found again in a folder of downloads."""
    response = Response(pieces, content_type=FORMATS[form])
    name = f"{answering.dashed(name)}-{clock.today()}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@rule("/import", "POST")
def import_records(noun: str, plugin: str | None = None) -> Response:
    """Take in a table, whole or not at all; `dry_run=true` only judges it.

    `skip_invalid=true` leaves out what is wrong.
    """
    request.max_content_length = LARGEST_FILE
    caller, resource = gated(plugin, noun)
    asked = asking.claims("dry_run", "skip_invalid")
    dry_run, skip_invalid = asked["dry_run"], asked["skip_invalid"]
    done = import_table(
        caller, resource, _file(), dry_run=dry_run, skip_invalid=skip_invalid, most=MOST_ROWS
    )
    if done["failed"] and not (dry_run or skip_invalid or done["created"] or done["updated"]):
        refused = Invalid(_("文件里有 {n} 行需要修改；什么都没有导入", n=done["failed"]))
        refused.extra.update(done)
        raise refused
    return answering.told(done)


def _file() -> BinaryIO:
    """The table that was sent, as the body itself or as the part `file` of a form."""
    if request.mimetype in TABLES:
        return BytesIO(request.get_data())
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(
            _("请用 Content-Type: text/csv 或 XLSX 的类型发送，或在表单中上传文件")
        )
    part = request.files.get("file")
    if part is None:
        raise Malformed(_("表单里没有名为 file 的文件"))
    return BytesIO(part.read())
