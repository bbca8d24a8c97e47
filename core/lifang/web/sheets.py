"""Sheets as pages: found, looked at, printed, issued with a code, and revoked."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.entities.organization import Organization
from lifang.http import listing
from lifang.http.request import the_instance
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.mechanisms import filling, sheet
from lifang.mechanisms.filling import PRINTED, Filled
from lifang.mechanisms.registers import signed
from lifang.mechanisms.sheet import UNIT, AskedFor
from lifang.resources.fields import FieldSpec
from lifang.web import commands, pointers
from lifang.web.addresses import with_query
from lifang.web.doors import go_to
from lifang.web.shown import ROOM

HOME = "/sheets"
ASKED = ("within", "unit", "period")
UPRIGHT = 7
"""Columns that a sheet of paper takes upright; with more it is laid across."""
WHOSE = FieldSpec("unit", "单位", "reference", target=Organization)
"""The organization that a sheet is of, pointed at like any record."""


def sheets_page(caller: Caller) -> ResponseReturnValue:
    """Every sheet that the caller sees of something, with whose it is."""
    plugins = caller.instance.plugins.loaded
    found = [
        (_(one.label), f"{HOME}/{one.name}", _(plugins[one.plugin].label), _of_what(one))
        for one in sheet.sheets(caller)
    ]
    return render_template("web/sheets.html", found=found, command="lifang sheets list")


def _of_what(one: sheet.Sheet) -> str:
    words = {"place": _("按社区"), UNIT: _("按单位")}
    told = [words[part] for part in one.by] + ([_("分期")] if one.period else [])
    return _("、").join(told)


def sheet_page(caller: Caller, name: str) -> ResponseReturnValue:
    """A sheet on screen: the first rows, and the ways to take it along."""
    sheet.sheet(caller, name)
    asked = _asked(caller, name, request.args)
    filled = Filled(asked)
    told, words = filled.facts(), _words(asked)
    api = f"/api/v1{HOME}/{asked.sheet.name}"
    unit = asked.organization
    return render_template(
        "web/sheet.html",
        told=told,
        label=_(asked.sheet.label),
        rows=list(filled.rows(ROOM // len(told["columns"]))),
        by=asked.sheet.by,
        said=dict(words),
        unit=pointers.words(WHOSE, {"id": unit.id, "name": unit.name}) if unit else "",
        hints={"within": pointers.places(caller), "unit": pointers.suggestions(caller, WHOSE)
               if UNIT in asked.sheet.by else ()},
        may={verb: filled.may(verb) for verb in ("export", "export_full")},
        api=api,
        file=with_query(api, [*words, ("format", "xlsx")]),
        print=with_query(f"{HOME}/{name}/print", words),
        issued=filling.issued(asked),
        words=words,
        here=f"{HOME}/{name}",
        command=commands.typed("sheets", "show", name, *commands.options(words)),
    )  # fmt: skip


def print_page(caller: Caller, name: str) -> ResponseReturnValue:
    """A sheet to print; audited as taken away, in full for a stated purpose by those who may."""
    sheet.sheet(caller, name)
    asked = _asked(caller, name, request.args, "purpose")
    filled = Filled(asked, purpose=request.args.get("purpose"))
    filled.leaves("print", most=PRINTED)
    sections = [{"label": one.label, "columns": one.columns, "rows": one.rows}
                for one in filled.sections]  # fmt: skip
    told = {"label": filled.title, "line": filled.line, "sections": sections, "id": None}
    return shown_on_paper(told, with_query(f"{HOME}/{name}", _words(asked)))


def shown_on_paper(told: dict[str, Any], back: str, **more: Any) -> str:
    """A sheet as it is printed; one that was issued with its code."""
    wide = len(told["sections"][0]["columns"]) > UPRIGHT
    site = the_instance().settings.address
    return render_template(
        "web/sheet_paper.html", told=told, back=back, wide=wide, signed=signed(), site=site, **more
    )


def issue_page(caller: Caller, name: str) -> ResponseReturnValue:
    """Keep it as it is now, with a number and a code."""
    sheet.sheet(caller, name)
    made = filling.issue(caller, _asked(caller, name, request.form, "csrf_token"))
    return go_to(f"/documents/{made.id}")


def revoke_page(caller: Caller, id: int) -> ResponseReturnValue:
    """Revoke an issued sheet."""
    filling.revoke(caller, id, reason=request.form.get("reason", ""))
    return go_to(f"/documents/{id}")


def _asked(caller: Caller, name: str, given: Any, *also: str) -> AskedFor:
    """What an address or a form asks for, each once; a place or unit may be told by its name."""
    listing.read_words(given, *ASKED, *also)
    told: dict[str, Any] = {key: given[key].strip() for key in ASKED if given.get(key, "").strip()}
    if "within" in told:
        told["within"] = pointers.place_code(caller, told["within"])
    if "unit" in told:
        found = pointers.point(caller, WHOSE, told["unit"])
        if found.value is None:
            raise Invalid(found.problem or _("没有找到"))
        told["unit"] = found.value
    return sheet.asked(caller, name, **told)


def _words(asked: AskedFor) -> list[tuple[str, str]]:
    """What was asked for, as addresses and commands say it."""
    unit, period = asked.organization, asked.period
    told = [("within", asked.within), ("unit", str(unit.id) if unit is not None else None),
            ("period", period.key if period is not None else None)]  # fmt: skip
    return [(key, value) for key, value in told if value is not None]
