"""Figures as pages: what is reported, and an indicator by place and by month with a picture."""

from __future__ import annotations

import math
import shlex

from flask import Response, render_template, request

from lifang.entities.caller import Caller
from lifang.entities.community import KINDS
from lifang.kit.errors import Malformed
from lifang.kit.words import _
from lifang.mechanisms import figures, telling
from lifang.mechanisms.figures import BELOW, MONTH, Table
from lifang.mechanisms.indicator import Indicator
from lifang.mechanisms.period import Period
from lifang.services.query import NOW
from lifang.web import pointers
from lifang.web.addresses import with_query

HOME = "/indicators"
ASKED = ("within", "period", "tree", "by")
WIDTH, HEIGHT, LINES = 660, 190, 4
"""Of the part of the picture where columns stand, and how many lines lie behind them at most."""
INK, BAR = "#6b7f92", "#3f86c4"
"""Told apart on light ground as on dark: a picture does not know on which it stands."""


def indicators_page(caller: Caller) -> str:
    """Every indicator of which the caller sees figures, with what it says of this month."""
    return render_template(
        "web/indicators.html",
        found=[
            (telling.described(one), f"{HOME}/{one.name}") for one in figures.indicators(caller)
        ],
        command="lifang indicators list",
    )


def indicator_page(caller: Caller, name: str) -> str:
    """An indicator's figures: below the place asked for, and over twelve months."""
    asked, said = figures.indicator(caller, name), _asked(caller)
    period, by = Period.read(said.get("period")), said.get("by", BELOW)
    below = _table(caller, asked, said, period, by)
    months = _table(caller, asked, said, period.trend(), MONTH)
    kept = [(key, said[key]) for key in ASKED if key in said]
    narrowed = _narrowed(kept, by)
    api = f"/api/v1{HOME}/{name}"
    files = [(form.upper(), with_query(api, [*narrowed, ("format", form)]))
             for form in telling.FORMS]  # fmt: skip
    return render_template(
        "web/indicator.html",
        asked=telling.described(asked),
        said={"within": below.total.code, "period": period.key, "tree": below.tree, "by": by},
        hints=pointers.places(caller),
        kinds=[(BELOW, _("直接下级")), *((kind, _(label)) for kind, label in KINDS.items())],
        headings=telling.headings(below),
        total=telling.cells(below, below.total),
        rows=[(_deeper(name, kept, row.code, own=row.own), telling.cells(below, row))
              for row in below.rows],
        place=below.total.name,
        value=telling.value(asked, below.total.cells[0]),
        parts=telling.parts(below.total.cells[0]),
        change=telling.change(asked, below.total.cells[0]),
        months=_months(asked, months),
        picture=with_query(f"{HOME}/{name}/chart.svg", [one for one in kept if one[0] != "by"]),
        until=telling.until(below),
        files=files,
        command=_line(name, narrowed),
    )  # fmt: skip


def chart(caller: Caller, name: str) -> Response:
    """The twelve months that end with the period, drawn as columns."""
    asked, said = figures.indicator(caller, name), _asked(caller)
    table = _table(caller, asked, said, Period.read(said.get("period")).trend(), MONTH)
    return Response(_drawn(asked, table), mimetype="image/svg+xml")


def _table(
    caller: Caller, asked: Indicator, said: dict[str, str], period: Period, by: str
) -> Table:
    where, tree = said.get("within"), said.get("tree", NOW)
    return figures.table(caller, asked, within=where, period=period, by=[by], tree=tree)


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


def _asked(caller: Caller) -> dict[str, str]:
    """What the address asks for, each once; a place may be told by its name."""
    for key, values in request.args.lists():
        if key not in ASKED:
            raise Malformed(_("不认识查询参数「{key}」", key=key), known=list(ASKED))
        if len(values) > 1:
            raise Malformed(_("「{key}」只能出现一次", key=key))
    said = {key: value.strip() for key, value in request.args.items() if value.strip()}
    if "within" in said:
        said["within"] = pointers.place_code(caller, said["within"])
    return said


def _months(asked: Indicator, table: Table) -> list[tuple[str, str, str]]:
    cells = zip(table.periods, table.total.cells, strict=True)
    return [(one.key, telling.value(asked, cell), telling.parts(cell)) for one, cell in cells]


def _narrowed(kept: list[tuple[str, str]], by: str) -> list[tuple[str, str]]:
    return [*(one for one in kept if one[0] != "by"), ("by", by)]


def _deeper(name: str, kept: list[tuple[str, str]], code: str, *, own: bool) -> str | None:
    """The same figures of a place in the table."""
    if own:
        return None
    rest = [one for one in kept if one[0] not in ("within", "by")]
    return with_query(f"{HOME}/{name}", [("within", code), *rest])


def _line(name: str, asked: list[tuple[str, str]]) -> str:
    words = [word for key, value in asked for word in (f"--{key}", value)]
    return shlex.join(["lifang", "indicators", "show", name, *words])
