"""Tables over HTTP: what goes out as a file, and what comes in as one."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from lifang.api import answering
from lifang.api.rules import gated, rule
from lifang.entities.community import Community
from lifang.http import listing
from lifang.kit import clock
from lifang.kit.errors import Invalid, Malformed, NotFound
from lifang.kit.words import _
from lifang.services.exchange import FORMATS, export, import_communities

LARGEST_FILE = 8 * 1024 * 1024
MOST_ROWS = 5_000


@rule("/export", "GET")
def export_records(noun: str, plugin: str | None = None) -> Response:
    """The list as a file, written as it is read; audited before the first row leaves."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args, paged=False, also=["format"])
    form = request.args.get("format", "csv")
    if form not in FORMATS:
        known = _("、").join(FORMATS)
        raise Malformed(_("「{key}」须为其中之一：{known}", key="format", known=known))
    response = Response(
        export(caller, resource, asked.query, form=form), content_type=FORMATS[form]
    )
    name = f"{answering.dashed(resource.noun)}-{clock.today()}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@rule("/import", "POST")
def import_records(noun: str, plugin: str | None = None) -> Response:
    """Take in a table of communities, whole or not at all; `dry_run=true` only judges it."""
    request.max_content_length = LARGEST_FILE
    caller, resource = gated(plugin, noun)
    if resource.model is not Community:
        raise NotFound(_("没有找到"))
    dry_run = _dry_run()
    done = import_communities(caller, _file(), dry_run=dry_run, most=MOST_ROWS)
    if done["failed"] and not dry_run:
        refused = Invalid(_("文件里有 {n} 行需要修改；什么都没有导入", n=done["failed"]))
        refused.extra.update(done)
        raise refused
    return answering.told(done)


def _dry_run() -> bool:
    for key in request.args:
        if key != "dry_run":
            raise Malformed(_("不认识查询参数「{key}」", key=key), known=["dry_run"])
    given = request.args.get("dry_run", "false")
    if given not in ("true", "false"):
        raise Malformed(_("「{key}」须为 true 或 false", key="dry_run"))
    return given == "true"


def _file() -> BinaryIO:
    """The table that was sent, as the body itself or as the part `file` of a form."""
    if request.mimetype == "text/csv":
        return BytesIO(request.get_data())
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(_("请用 Content-Type: text/csv 发送，或在表单中上传文件"))
    part = request.files.get("file")
    if part is None:
        raise Malformed(_("表单里没有名为 file 的文件"))
    return BytesIO(part.read())
