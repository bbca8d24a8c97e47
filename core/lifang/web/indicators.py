"""Figures as pages: what is reported, an indicator by itself, a plugin's side by side."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from flask import Response, render_template, request

from lifang.entities.caller import Caller
from lifang.entities.community import KINDS
from lifang.http import listing
from lifang.kit.words import _
from lifang.mechanisms import figures, telling
from lifang.mechanisms.cells import Row
from lifang.mechanisms.figures import BELOW, MONTH, UNIT, Scope, Table
from lifang.mechanisms.indicator import Indicator
from lifang.web import commands, pointers, tiles
from lifang.web.addresses import with_query
from lifang.web.shown import ROOM

HOME = "/indicators"
ASKED = ("within", "period", "tree", "by", "unit")
WIDTH, HEIGHT, LINES = 660, 190, 4
"""Of the part of the picture where columns stand, and how many lines lie behind them at most."""
INK, BAR = "#6b7f92", "#3f86c4"
"""Told apart on light ground as on dark: a picture does not know on which it stands."""

Said = dict[str, str]


def indicators_page(caller: Caller) -> str:
    """Every indicator of which the caller sees figures, with what it says of this month."""
    found = figures.indicators(caller)
    loaded = caller.instance.plugins.loaded
    plugins = dict.fromkeys(one.plugin for one in found)
    return render_template(
        "web/indicators.html",
        found=[(telling.described(one), f"{HOME}/{one.name}") for one in found],
        tables=[(_("{label}指标表", label=_(loaded[name].label)), f"{HOME}/table/{name}")
                for name in plugins],
        command="lifang indicators list",
    )  # fmt: skip


def indicator_page(caller: Caller, name: str) -> str:
    """An indicator's figures: below the place asked for, and over twelve months."""
    asked, said = figures.indicator(caller, name), _asked(caller)
    scope = _scope(said, said.get("by", BELOW))
    below = figures.table(caller, asked, scope)
    months = figures.table(caller, asked, _trend(said))
    kept, here = _kept(said), f"{HOME}/{name}"
    whole = [_("合计：{name}", name=below.total.name), *telling.cells(below, below.total)[1:]]

    def deeper(row: Row) -> str | None:
        return _deeper(here, below, kept, row)

    return render_template(
        "web/indicator.html",
        asked=telling.described(below.indicator),
        **_finder(caller, said, below, units=figures.of_units(asked)),
        headings=[(heading, None) for heading in telling.headings(below)],
        rows=below.rows and [
            (None, whole), *((deeper(row), telling.cells(below, row)) for row in below.rows)
        ],
        room=ROOM,
        lines_label=_("按单位") if below.by_unit else _("按地方"),
        map=tiles.drawn(below, deeper),
        notes=telling.notes(below),
        value=telling.value(asked, below.total.cells[0]),
        parts=telling.parts(below.total.cells[0]),
        change=telling.change(asked, below.total.cells[0]),
        months=_months(asked, months),
        picture=with_query(f"{here}/chart.svg", [one for one in kept if one[0] != "by"]),
        files=_files(f"/api/v1{here}", _narrowed(kept, scope.by[0])),
        command=_line("show", name, _narrowed(kept, scope.by[0])),
    )  # fmt: skip


def table_page(caller: Caller, plugin: str) -> str:
    """The indicators of a plugin side by side, the whole place first."""
    said = _asked(caller)
    scope = _scope(said, said.get("by", BELOW))
    told = figures.statement(caller, plugin, scope)
    [first, *_more] = told.tables
    kept, here = _kept(said), f"{HOME}/table/{plugin}"
    shown = [(key, said[key]) for key in ASKED if key in said and said[key] != MONTH]
    deep = [with_query(f"{HOME}/{one.indicator.name}", shown) for one in told.tables]
    lines = list(telling.lines_of(told))
    monthly = MONTH in scope.by
    links = [
        None if monthly or not at else _deeper(here, first, kept, row)
        for at, (_name, row, _cells) in enumerate(lines)
    ]
    return render_template(
        "web/indicator_table.html",
        label=telling.headline(told),
        **_finder(caller, said, first, units=True, months=True),
        headings=list(zip(telling.heads(told), [None, *deep], strict=True)),
        rows=[(link, [name, *(telling.short(*one) for one in cells)])
              for link, (name, _row, cells) in zip(links, lines, strict=True)],
        room=ROOM,
        notes=telling.under(told),
        files=_files(f"/api/v1{here}", _narrowed(kept, scope.by[0])),
        command=_line("table", plugin, _narrowed(kept, scope.by[0])),
    )  # fmt: skip


def chart(caller: Caller, name: str) -> Response:
    """The twelve months that end with the period, drawn as columns."""
    asked = figures.indicator(caller, name)
    table = figures.table(caller, asked, _trend(_asked(caller)))
    return Response(_drawn(asked, table), mimetype="image/svg+xml")


def _scope(said: Said, by: str) -> Scope:
    return Scope.read(said, [by])


def _trend(said: Said) -> Scope:
    """The twelve months that end with the period."""
    scope = _scope(said, MONTH)
    return replace(scope, period=scope.span.trend())


def _finder(
    caller: Caller, said: Said, table: Table, *, units: bool, months: bool = False
) -> dict[str, Any]:
    """What the form above a table offers and holds; an organization's place is not asked for."""
    within = said.get("within", "" if table.unit is not None else table.total.code)
    kinds = [(BELOW, _("直接下级")), *((kind, _(label)) for kind, label in KINDS.items())]
    kinds += [(UNIT, _("单位"))] if units else []
    kinds += [(MONTH, _("月份"))] if months else []
    others = [one for one in _kept(said) if one[0] != "unit"]
    shown = {"within": within, "period": table.period.key, "tree": table.tree,
             "by": said.get("by", BELOW), "unit": said.get("unit"),
             "all": with_query(request.path, others)}  # fmt: skip
    return {"said": shown, "hints": pointers.places(caller), "kinds": kinds,
            "place": table.total.name, "until": telling.until(table)}  # fmt: skip


def _files(api: str, asked: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(form.upper(), with_query(api, [*asked, ("format", form)])) for form in telling.FORMS]


def _step(most: float) -> float:
    """How far apart the lines behind the columns are: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(most / LINES))
    return next(power * one for one in (1, 2, 5, 10) if most <= LINES * power * one)


def _drawn(asked: Indicator, table: Table) -> str:
    """Columns of their height in the picture's own units, each with its month and its figure."""
    cells = table.total.cells
    values = [max(cell.value or 0, 0) for cell in cells]
    step = _step(max(values)) if max(values) > 0 else 1
    scale = HEIGHT / (step * max(1, math.ceil(max(values) / step)))
    wide = WIDTH / len(cells)
    columns = [
        (number * wide, value * scale, period.key, telling.bare(asked, cell))
        for number, (value, period, cell) in enumerate(
            zip(values, table.periods, cells, strict=True)
        )
    ]
    lines = [(step * at * scale, f"{step * at:,g}") for at in range(LINES + 1)]
    return render_template(
        "web/chart.svg", columns=columns, wide=wide, width=WIDTH, height=HEIGHT, ink=INK, bar=BAR,
        lines=[line for line in lines if line[0] <= HEIGHT + 1],
    )  # fmt: skip


def _asked(caller: Caller) -> Said:
    """What the address asks for, each once; a place may be told by its name."""
    words = listing.read_words(request.args, *ASKED)
    said = {key: value.strip() for key, value in words.items() if value.strip()}
    if "within" in said:
        said["within"] = pointers.place_code(caller, said["within"])
    return said


def _months(asked: Indicator, table: Table) -> list[tuple[str, str, str]]:
    cells = zip(table.periods, table.total.cells, strict=True)
    return [(one.key, telling.value(asked, cell), telling.parts(cell)) for one, cell in cells]


def _kept(said: Said) -> list[tuple[str, str]]:
    return [(key, said[key]) for key in ASKED if key in said]


def _narrowed(kept: list[tuple[str, str]], by: str) -> list[tuple[str, str]]:
    return [*(one for one in kept if one[0] != "by"), ("by", by)]


def _deeper(page: str, table: Table, kept: list[tuple[str, str]], row: Row) -> str | None:
    """The same figures of a place, or an organization, in the table."""
    if row.own:
        return None
    key = "unit" if table.by_unit else "within"
    return with_query(page, [(key, row.code), *(one for one in kept if one[0] not in (key, "by"))])


def _line(verb: str, name: str, asked: list[tuple[str, str]]) -> str:
    return commands.typed("indicators", verb, name, *commands.options(asked))
