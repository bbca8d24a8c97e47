"""Papers on the web: files of a record, documents to print, and their verification by anybody."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, cast

import segno
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.http.papers import handed, verified
from lifang.http.problems import waiting
from lifang.http.request import the_instance
from lifang.kit import clock
from lifang.kit.errors import Invalid, NotFound, TooMany
from lifang.kit.words import _
from lifang.mechanisms import attachments, documents, filling
from lifang.mechanisms.attachments import View
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.web.addresses import address_of
from lifang.web.doors import go_to
from lifang.web.sheets import HOME as SHEETS
from lifang.web.sheets import shown_on_paper

VERIFY = "/verify"

papers = Blueprint("papers", __name__)


@dataclass(frozen=True)
class Papers:
    """What a record's page shows of its papers."""

    kinds: list[tuple[str, str]]
    files: list[View]
    documents: list[View]
    open: bool
    most: int


def papers_of(caller: Caller, resource: Resource[Any], id: int) -> Papers:
    """The papers of a record, and whether the caller may add some."""
    files, may = [], False
    if resource.attachments:
        files = [_readable(one) for one in attachments.listed(caller, resource, id)]
        may = attachments.may_attach(caller, resource, reading.get(caller, resource, id))
    return Papers(
        [(kind, _(label)) for kind, label in resource.attachments.items()],
        files,
        documents.issued_about(caller, resource, id) if resource.documents else [],
        may,
        caller.instance.settings.attachment_mb,
    )


def _readable(file: View) -> View:
    size = file["size"]
    told = f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{-(-size // 1024)} KB"
    return {**file, "told": told, "at": clock.shown(file["added_at"])}


def add(caller: Caller, resource: Resource[Any], id: int) -> None:
    """Take in what the form of a record's page sends; raises Invalid where nothing was chosen."""
    part = request.files.get("file")
    if part is None or not part.filename:
        raise Invalid(_("请选择要上传的文件"))
    told = {"name": part.filename, "kind": request.form.get("kind", "")}
    attachments.attach(caller, resource, id, cast(Any, part.stream), **told)


def attachment_file(
    caller: Caller, resource: Resource[Any], record: int, file: int
) -> ResponseReturnValue:
    """A file of a record, to keep."""
    return handed(*attachments.opened(caller, resource, record, file))


def document_page(caller: Caller, id: int) -> ResponseReturnValue:
    """A document as it was issued, to print."""
    if request.args.get("format") == "xlsx":
        return go_to(f"/api/v1/documents/{id}?format=xlsx")
    told, site = documents.shown(caller, id), the_instance().settings.address
    resource = caller.instance.registry.find(*told["record"]["noun"].split("."))
    assert resource is not None  # noqa: S101 – the document was just found by its record
    if told["sheet"] is not None:
        asked = documents.sheet_of(caller, id)
        may = told["state"] == "valid" and asked.all_of(asked.sheet.of, "export")
        more = {"line": filling.proof(told)[:-1]}
        return shown_on_paper(told | more, f"{SHEETS}/{told['sheet']}", revocable=may)
    back = address_of(resource, told["record"]["id"])
    return render_template("web/document.html", told=told, site=site, back=back)


def drawn(value: str) -> str | None:
    """An address of this site as a QR code that a page can show; None for what is none."""
    if not value.startswith("/"):
        return None
    site = the_instance().settings.address or request.url_root.rstrip("/")
    return str(segno.make(f"{site}{value}", error="m").svg_data_uri(border=2))


def document_code(caller: Caller, id: int) -> ResponseReturnValue:
    """The address at which a document is verified, as a QR code; NotFound where none is known."""
    site = the_instance().settings.address
    if site is None:
        raise NotFound(_("没有找到"))
    drawing = io.BytesIO()
    code = documents.shown(caller, id)["code"]
    segno.make(f"{site}{VERIFY}/{code}", error="m").save(drawing, kind="svg", border=2)
    return Response(drawing.getvalue(), mimetype="image/svg+xml")


@papers.get(VERIFY)
def ask() -> ResponseReturnValue:
    """Ask for a code; anybody may."""
    code = request.args.get("code", "").strip()
    if code:
        return go_to(f"{VERIFY}/{code.replace('/', '')}")
    return _answer("", None)


@papers.get(f"{VERIFY}/<code>")
def answer(code: str) -> ResponseReturnValue:
    """What anybody may know of a document by its code."""
    try:
        return _answer(code, verified(code))
    except (NotFound, TooMany) as error:
        return _answer(code, None, error.sentence), error.status, waiting(error.problem())


def _answer(code: str, told: View | None, sorry: str = "") -> str:
    return render_template("web/verify.html", code=code, told=told, sorry=sorry)
