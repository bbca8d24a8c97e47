"""Sheets over HTTP: which there are, one of a place or a unit, issued with a code and revoked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response

from lifang.api import answering, asking, paper_paths, schemas
from lifang.api.files import form_asked, handed
from lifang.api.operations import (
    BINARY,
    ID,
    IDEMPOTENCY_KEY,
    LOCATION,
    READING,
    SAID,
    WRITING,
    Path,
    answered,
    body,
    content,
    exactly,
    named,
    operation,
    parameter,
)
from lifang.api.rules import blueprint, refuse_query
from lifang.api.schemas import TEXT, TEXT_OR_NONE, Schema, array, listed, ref, whole
from lifang.http.request import current_caller
from lifang.kit.errors import Malformed
from lifang.kit.words import _
from lifang.mechanisms import documents, filling, sheet
from lifang.services.idempotency import once

BASE = "/v1/sheets"
SLUG = "sheets"
ASKED = ("within", "unit", "period")


@blueprint.get(BASE)
def list_sheets() -> Response:
    """The sheets that the caller may see of something."""
    caller = current_caller()
    asking.words()
    found = [filling.described(one) for one in sheet.sheets(caller)]
    return answering.told({"items": found, "next": None})


@blueprint.get(f"{BASE}/<name>")
def show_sheet(name: str) -> Response:
    """A sheet as JSON, or as a spreadsheet; full numbers only for a stated purpose."""
    caller = current_caller()
    sheet.sheet(caller, name)  # who sees nothing of it learns nothing about what can be asked
    words = asking.words(*ASKED, "format", "purpose")
    form = form_asked("json", *filling.FORMS)
    asked = sheet.asked(caller, name, **_read(words))
    filled = filling.Filled(asked, purpose=words.get("purpose"))
    if form == "xlsx" or filled.purpose is not None:
        filled.leaves(form)
    pieces = filled.file(form)
    if form == "json":
        return Response(pieces, content_type=filling.FORMS[form])
    return handed(pieces, form, asked.sheet.name)


@blueprint.post(f"{BASE}/<name>/issue")
def issue_sheet(name: str) -> Response:
    """Keep a sheet as it is now, with a number and a code that anybody can verify."""
    caller = current_caller()
    sheet.sheet(caller, name)
    refuse_query()
    told = asking.body(optional=True)
    asking.refuse_unknown(told, ASKED)
    asked = sheet.asked(caller, name, **_read(told))
    resource = caller.instance.registry.of(type(asked.subject))
    turn = once(caller, resource, "issue", asking.key(), lambda: filling.issue(caller, asked))
    return _issued(turn.done or turn.record.id, status=201)


@blueprint.post("/v1/documents/<record:id>/revoke")
def revoke_sheet(id: int) -> Response:
    """Revoke an issued sheet; other documents are revoked by what their records are for."""
    caller = current_caller()
    refuse_query()
    documents.shown(caller, id)
    told = asking.body()
    asking.refuse_unknown(told, ("reason",))
    filling.revoke(caller, id, reason=asking.text(told, "reason"))
    return _issued(id)


def _issued(id: int, *, status: int = 200) -> Response:
    response = answering.told(documents.shown(current_caller(), id), status=status)
    if status == 201:
        response.headers["Location"] = f"/api/v1/documents/{id}"
    return response


def _read(words: dict[str, Any]) -> dict[str, Any]:
    """What is asked for, `unit` as a number; raises Malformed for what is none."""
    told = {key: words[key] for key in ASKED if words.get(key) is not None}
    unit = str(told.get("unit", 1))
    if not (unit.isascii() and unit.isdigit() and len(unit) < 19):
        raise Malformed(_("「{key}」须为组织的编号", key="unit"))
    if wrong := [key for key in ("within", "period") if not isinstance(told.get(key, ""), str)]:
        raise Malformed(_("「{label}」须为文字", label=wrong[0]))
    return told | ({"unit": int(unit)} if "unit" in told else {})


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    text, number, none = TEXT, {"type": ["integer", "null"]}, TEXT_OR_NONE
    texts = array(text)
    yield "Sheet", whole(name=text, label=text, of=text, by=texts, period={"type": "boolean"})
    yield "SheetList", listed(ref("Sheet"))
    yield "FilledSheet", whole(
        sheet=text, title=text, line=texts, within=none, unit=number, period=none, note=text,
        total={"type": "integer"}, columns=texts, rows=schemas.TABLE,
    )  # fmt: skip


def paths() -> Iterator[Path]:
    """Every address."""
    summary = _("列出台账和报表")
    found = answered(summary, ref("SheetList"))
    yield f"/api{BASE}", {"get": operation("list_sheets", SLUG, summary, found, READING)}
    name = named("name")
    asked = {
        "within": ({"type": "string"}, _("哪个社区；默认是您管辖范围的最上一级")),
        "unit": (schemas.ID, _("哪个组织；单位联络员默认是本单位")),
        "period": ({"type": "string"}, _("统计期：2026-11、2026-Q4、2026-H2 或 2026；默认本季度")),
    }
    forms = {"type": "string", "enum": list(filling.FORMS), "default": "json"}
    stated = _("用途，记入审计；有权的人说明用途后，敏感信息不遮盖")
    more = {"format": (forms, _("文件格式")), "purpose": (SAID, stated)}
    summary = _("一张台账或报表：标题、填报单位、各行")
    told = {**content(ref("FilledSheet")), filling.FORMS["xlsx"]: {"schema": BINARY}}
    answers = {"200": {"description": summary, "content": told}}
    words = [parameter(key, *one) for key, one in (asked | more).items()]
    shown = operation("show_sheet", SLUG, summary, answers, (*READING, 403, 422),
                      parameters=[name, *words])  # fmt: skip
    yield f"/api{BASE}/{{name}}", {"get": shown}
    document = content(paper_paths.whole_document())
    summary = _("开具：存为带编号和验证码的文书")
    made = {"201": {"description": summary, "headers": LOCATION, "content": document}}
    sent = exactly(**{key: one for key, (one, _said) in asked.items()}) | {"required": []}
    issued = operation("issue_sheet", SLUG, summary, made, WRITING, requestBody=body(sent,
                       required=False), parameters=[name, IDEMPOTENCY_KEY])  # fmt: skip
    yield f"/api{BASE}/{{name}}/issue", {"post": issued}
    summary = _("撤销开具过的台账或报表")
    done = {"200": {"description": summary, "content": document}}
    revoked = operation("revoke_sheet", paper_paths.TAG, summary, done, WRITING, parameters=[ID],
                        requestBody=body(exactly(reason=SAID)))  # fmt: skip
    yield "/api/v1/documents/{id}/revoke", {"post": revoked}
