"""The papers of a record over HTTP: its attachments, and the documents issued about it."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from lifang.api import answering, asking
from lifang.api.files import form_asked
from lifang.api.files import handed as file_handed
from lifang.api.rules import blueprint, gated, refuse_query, rule
from lifang.entities.caller import Caller
from lifang.http.papers import handed, verified
from lifang.http.request import current_caller
from lifang.kit.errors import Malformed, NotFound
from lifang.kit.words import _
from lifang.mechanisms import attachments, documents, filling
from lifang.resources.resource import Resource


@rule("/<record:id>/attachments", "GET")
def list_attachments(noun: str, id: int, plugin: str | None = None) -> Response:
    """The files of a record, in the order they were added."""
    caller, resource = _having(plugin, noun)
    return answering.told({"items": attachments.listed(caller, resource, id)})


@rule("/<record:id>/attachments", "POST")
def add_attachment(noun: str, id: int, plugin: str | None = None) -> Response:
    """Add the part `file` of a form to a record, as the kind that its part `kind` says."""
    caller, resource = _having(plugin, noun)
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(_("请用 multipart/form-data 发送 file 和 kind"))
    part = request.files.get("file")
    if part is None:
        raise Malformed(_("表单里没有名为 file 的文件"))
    told = {"name": part.filename or "", "kind": request.form.get("kind", "")}
    made = attachments.attach(caller, resource, id, cast(Any, part.stream), **told)
    response = answering.told(made, status=201)
    here = f"{answering.address(resource)}/{id}/attachments"
    response.headers["Location"] = f"{here}/{made['id']}"
    return response


@rule("/<record:id>/attachments/<record:file>", "GET")
def download_attachment(noun: str, id: int, file: int, plugin: str | None = None) -> Response:
    """What is in a file of a record; always something to keep, never something to open here."""
    caller, resource = _having(plugin, noun)
    return handed(*attachments.opened(caller, resource, id, file))


@rule("/<record:id>/attachments/<record:file>", "DELETE")
def remove_attachment(noun: str, id: int, file: int, plugin: str | None = None) -> Response:
    """Take a file away from a record, softly."""
    caller, resource = _having(plugin, noun)
    attachments.detach(caller, resource, id, file)
    return Response(status=204)


@rule("/<record:id>/documents", "GET")
def list_documents(noun: str, id: int, plugin: str | None = None) -> Response:
    """What was issued about a record, the last first."""
    caller, resource = gated(plugin, noun)
    refuse_query()
    if not resource.documents:
        raise NotFound(_("没有找到"))
    return answering.told({"items": documents.issued_about(caller, resource, id)})


@blueprint.get("/v1/documents/<record:id>")
def show_document(id: int) -> Response:
    """A document as it was issued, or as a spreadsheet, for who can read what it is about."""
    caller = current_caller()
    told = documents.shown(caller, id)
    asking.words("format")
    if form_asked("json", *filling.FORMS) == "json":
        return answering.told(told)
    return file_handed(filling.paper(caller, id), "xlsx", f"document-{id}")


@blueprint.get("/v1/verify/<code>")
def verify_document(code: str) -> Response:
    """What anybody may know of a document by its code; nobody has to sign in."""
    refuse_query()
    return answering.told(verified(code))


def _having(plugin: str | None, noun: str) -> tuple[Caller, Resource[Any]]:
    caller, resource = gated(plugin, noun)
    refuse_query()
    if not resource.attachments:
        raise NotFound(_("没有找到"))
    return caller, resource
