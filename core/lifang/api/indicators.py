"""Figures over HTTP: what is reported, and its table by place and by month."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request

from lifang.api import answering, asking
from lifang.api.files import form_asked
from lifang.api.operations import READING, TABLES, Path, answered, named, operation, parameter
from lifang.api.rules import blueprint
from lifang.api.schemas import Schema, array, listed, ref, whole
from lifang.http.papers import kept
from lifang.http.request import current_caller
from lifang.kit.words import _
from lifang.mechanisms import figures, telling
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
    scope, form = _asked()
    table = figures.table(caller, asked, scope)
    if form == "json":
        return answering.told(telling.plain(table))
    return _file(telling.file(table, form), name, scope, form)


@blueprint.get(f"{BASE}/table/<plugin>")
def table_indicators(plugin: str) -> Response:
    """All indicators of a plugin side by side, as JSON or as a file."""
    scope, form = _asked()
    told = figures.statement(current_caller(), plugin, scope)
    if form == "json":
        return answering.told(telling.stated(told))
    return _file(telling.stated_file(told, form), plugin, scope, form)


def _asked() -> tuple[figures.Scope, str]:
    """What an address asks for, and the format of the answer."""
    by = request.args.getlist("by")
    words = asking.words("within", "period", "tree", "unit", "format", repeated=("by",))
    return figures.Scope.read(words, by), form_asked("json", *telling.FORMS)


def _file(pieces: Iterator[bytes], name: str, scope: figures.Scope, form: str) -> Response:
    return kept(pieces, telling.FORMS[form], f"{answering.dashed(name)}-{scope.span.key}.{form}")


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    text, number = {"type": "string"}, {"type": ["number", "null"]}
    names = ("value", "numerator", "denominator", "before")
    parts = {"withheld": {"type": "boolean"}, **dict.fromkeys(names, number)}
    figure, own = whole(period=text, **parts), {"type": "boolean"}
    row = whole(code=text, name=text, own=own, figures=array(figure))
    better = {"enum": ["higher", "lower", None]}
    yield "Indicator", whole(name=text, label=text, unit=text, better=better, note=text)
    yield "IndicatorList", listed(ref("Indicator"))
    looked = {"period": text, "tree": text, "until": text, "unit": {"type": ["integer", "null"]},
              "by": {"enum": ["place", "unit", "month"]}, "notes": array(text)}  # fmt: skip
    yield "Figures", whole(indicator=ref("Indicator"), goal=number, total=row, rows=array(row),
                            **looked)  # fmt: skip
    line = whole(code=text, name=text, own=own, figures=array(whole(**parts)))
    yield "Statement", whole(columns=array(ref("Indicator")), rows=array(line), **looked)


def paths() -> Iterator[Path]:
    """Every address."""
    summary = _("列出指标")
    found = answered(summary, ref("IndicatorList"))
    yield f"/api{BASE}", {"get": operation("list_indicators", SLUG, summary, found, READING)}
    words = array({"type": "string", "enum": list(figures.BY)})
    asked = [
        parameter("within", {"type": "string"}, _("哪个社区；默认是您管辖范围的最上一级")),
        parameter("period", {"type": "string"},
                  _("统计期：2026-11、2026-Q4、2026-H2 或 2026；默认本月")),
        parameter("by", words, _("逐月（month），逐个下级（below）或一类社区，或逐个单位（unit）")),
        parameter("unit", {"type": "integer"}, _("只计这个单位的记录")),
        parameter("tree", {"type": "string", "enum": [NOW, THEN], "default": NOW},
                  _("按现在的区划，或按每条记录当时的区划")),
        parameter("format", {"type": "string", "enum": list(telling.FORMS), "default": "json"},
                  _("文件格式")),
    ]  # fmt: skip
    for id, path, key, told, summary in (
        ("show", "", "name", "Figures", _("一项指标的数值：分子、分母、与上期比较")),
        ("table", "/table", "plugin", "Statement", _("一个插件的各项指标并列成表")),
    ):
        answers = answered(summary, ref(told))
        answers["200"]["content"] |= TABLES
        shown = operation(f"{id}_indicators", SLUG, summary, answers, (*READING, 403, 422),
                          parameters=[named(key), *asked])  # fmt: skip
        yield f"/api{BASE}{path}/{{{key}}}", {"get": shown}
