"""The operations on papers, as OpenAPI describes them; each is answered by a view of `papers`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifang.api import schemas
from lifang.api.operations import (
    BINARY,
    ID,
    LOCATION,
    READING,
    WRITING,
    XLSX,
    Noun,
    Operation,
    Path,
    answered,
    content,
    named,
    operation,
    parameter,
)
from lifang.api.schemas import TEXT, Schema, array, whole
from lifang.api.schemas import TEXT_OR_NONE as NONE
from lifang.kit.words import _, n_

FILE = named("file", schemas.ID)
STATES: Schema = {"type": "string", "enum": ["valid", "revoked", "altered"]}
TAG = "documents"
PUBLIC = n_("核验文书；不用登录")


_FACTS = dict.fromkeys(
    ("label", "number", "code", "issuer", "day", "holder", "mark", "extent"), TEXT
)
LINE = whole(
    id=schemas.ID, state=STATES, **_FACTS, issued_at=TEXT, issued_by=TEXT, revoked_at=NONE,
    record=whole(noun=TEXT, id=schemas.ID),
)  # fmt: skip
ATTACHMENT = whole(
    id=schemas.ID, kind=TEXT, label=TEXT, name=TEXT, type=TEXT, size={"type": "integer"},
    digest=TEXT, added_at=TEXT, added_by=TEXT,
)  # fmt: skip
SECTION = whole(label=TEXT, columns=array(TEXT), rows=schemas.TABLE)


def of(noun: Noun) -> Iterator[Path]:
    """The papers of a noun's records, where it has any."""
    resource = noun.resource
    if resource.attachments:
        base = f"{noun.one}/attachments"
        yield base, {"get": _list(noun, "attachments", ATTACHMENT), "post": _add(noun)}
        yield f"{base}/{{file}}", {"get": _download(noun), "delete": _remove(noun)}
    if resource.documents:
        yield f"{noun.one}/documents", {"get": _list(noun, "documents", LINE)}


def shared() -> Iterator[Path]:
    """What belongs to no noun: one document, and its verification."""
    told = content(whole_document()) | {XLSX: {"schema": BINARY}}
    forms: Schema = {"type": "string", "enum": ["json", "xlsx"], "default": "json"}
    asked = [ID, parameter("format", forms, _("文件格式"))]
    answers = {"200": {"description": _("文书"), "content": told}}
    show = operation("show_document", TAG, _("文书"), answers, READING, parameters=asked)
    yield "/api/v1/documents/{id}", {"get": show}
    facts = whole(state=STATES, **_FACTS, revoked_on=NONE) | {"required": ["state"]}
    check = operation("verify_document", TAG, _(PUBLIC), answered(_(PUBLIC), facts),
                      (*READING, 429), parameters=[named("code")])  # fmt: skip
    yield "/api/v1/verify/{code}", {"get": {**check, "security": [{}]}}


def whole_document() -> Schema:
    """A document with what stands on it; `sheet` names the sheet that it is, if it is one."""
    more = {"name": TEXT, "sheet": NONE, "reason": NONE, "sections": array(SECTION)}
    return {**LINE, "properties": LINE["properties"] | more}


def _named(noun: Noun, verb: str, summary: str, *told: Any, **more: Any) -> Operation:
    return operation(f"{verb}_{noun.slug}", noun.slug, summary, *told, **more)


def _list(noun: Noun, what: str, item: Schema) -> Operation:
    summary = _("附件") if what == "attachments" else _("已开具的文书")
    answers = answered(summary, whole(items=array(item)))
    return _named(noun, f"list_{what}", summary, answers, READING, parameters=[ID])


def _add(noun: Noun) -> Operation:
    kinds: Schema = {"type": "string", "enum": list(noun.resource.attachments)}
    form = whole(file=BINARY, kind=kinds)
    made = {"description": _("添加附件"), "headers": LOCATION, "content": content(ATTACHMENT)}
    body = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return _named(noun, "attach", _("添加附件"), {"201": made}, WRITING, parameters=[ID],
                  requestBody=body)  # fmt: skip


def _download(noun: Noun) -> Operation:
    told = {"description": _("下载附件"), "content": {"*/*": {"schema": BINARY}}}
    return _named(noun, "download", _("下载附件"), {"200": told}, READING, parameters=[ID, FILE])


def _remove(noun: Noun) -> Operation:
    told = {"204": {"description": _("移除附件")}}
    refused = (400, 401, 403, 404, 409, 503)
    return _named(noun, "detach", _("移除附件"), told, refused, parameters=[ID, FILE])
