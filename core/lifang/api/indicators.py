"""Figures over HTTP: what is reported, and its table by place and by month."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request

from lifang.api import answering, asking
from lifang.api.operations import READING, Path, content, operation, parameter
from lifang.api.rules import blueprint
from lifang.api.schemas import Schema, ref, whole
from lifang.http.request import current_caller
from lifang.kit.errors import Malformed
from lifang.kit.words import _
from lifang.mechanisms import figures, telling
from lifang.mechanisms.period import Period
from lifang.services.query import NOW, THEN

BASE = "/v1/indicators"
SLUG = "indicators"


@blueprint.get(BASE)
def list_indicators() -> Response:
    """The indicators whose figures the caller may see somewhere."""
    caller = current_caller()
    asking.words()
    found = [telling.described(one) for one in figures.indicators(caller)]
    return answering.told({"items": found, "next": None})


@blueprint.get(f"{BASE}/<name>")
def show_indicator(name: str) -> Response:
    """An indicator's figures, as JSON or as a file."""
    caller = current_caller()
    asked = figures.indicator(caller, name)
    by = request.args.getlist("by")
    words = asking.words("within", "period", "tree", "format", repeated=("by",))
    form = words.get("format", "json")
    if form not in telling.FORMS:
        known = _("、").join(telling.FORMS)
        raise Malformed(_("「{key}」须为其中之一：{known}", key="format", known=known))
    period = Period.read(words.get("period"))
    table = figures.table(
        caller, asked, within=words.get("within"), period=period, by=by, tree=words.get("tree", NOW)
    )
    if form == "json":
        return answering.told(telling.plain(table))
    response = Response(telling.file(table, form), content_type=telling.FORMS[form])
    file = f"{answering.dashed(name)}-{period.key}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    text, number = {"type": "string"}, {"type": ["number", "null"]}
    names = ("value", "numerator", "denominator", "before")
    figure = whole(period=text, withheld={"type": "boolean"}, **dict.fromkeys(names, number))
    own = {"type": "boolean"}
    row = whole(code=text, name=text, own=own, figures={"type": "array", "items": figure})
    better = {"enum": ["higher", "lower", None]}
    yield "Indicator", whole(name=text, label=text, unit=text, better=better, note=text)
    items = {"type": "array", "items": ref("Indicator")}
    yield "IndicatorList", whole(items=items, next={"type": "null"})
    rows = {"type": "array", "items": row}
    yield "Figures", whole(indicator=ref("Indicator"), period=text, tree=text, until=text,
                            total=row, rows=rows)  # fmt: skip


def paths() -> Iterator[Path]:
    """Every address."""
    summary = _("列出指标")
    listed = {"200": {"description": summary, "content": content(ref("IndicatorList"))}}
    yield f"/api{BASE}", {"get": operation("list_indicators", SLUG, summary, listed, READING)}
    words = {"type": "array", "items": {"type": "string", "enum": list(figures.BY)}}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    asked = [
        name,
        parameter("within", {"type": "string"}, _("哪个社区；默认是您管辖范围的最上一级")),
        parameter("period", {"type": "string"},
                  _("统计期：2026-11、2026-Q4、2026-H2 或 2026；默认本月")),
        parameter("by", words, _("逐月（month），逐个下级（below），或一类社区")),
        parameter("tree", {"type": "string", "enum": [NOW, THEN], "default": NOW},
                  _("按现在的区划，或按每条记录当时的区划")),
        parameter("format", {"type": "string", "enum": list(telling.FORMS), "default": "json"},
                  _("文件格式")),
    ]  # fmt: skip
    summary = _("一项指标的数值：分子、分母、与上期比较")
    binary = {"schema": {"type": "string", "format": "binary"}}
    told = {**content(ref("Figures")), "text/csv": {"schema": {"type": "string"}},
            telling.FORMS["xlsx"]: binary}  # fmt: skip
    answers = {"200": {"description": summary, "content": told}}
    shown = operation("show_indicators", SLUG, summary, answers, (*READING, 403, 422),
                      parameters=asked)  # fmt: skip
    yield f"/api{BASE}/{{name}}", {"get": shown}
