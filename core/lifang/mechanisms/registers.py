"""Ledgers (台账): a list on paper, with who filled it in, the way superiors ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.words import _, _p
from lifang.mechanisms import lines
from lifang.resources import written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import exchange, reading, values, workbook
from lifang.services.auditing import Change, record_effect, stated
from lifang.services.order import Order
from lifang.services.presenting import View
from lifang.services.query import MOST, THEN, Query, find_community
from lifang.services.standpoint import reached

GAP = "　" * 4
"""Between the parts of a line, where a pen has room too."""


def ledger(
    caller: Caller,
    resource: Resource[Any],
    query: Query,
    *,
    purpose: str | None = None,
    form: str = "xlsx",
) -> Iterator[bytes]:
    """Write what the caller may export of a list as a spreadsheet to print, in constant memory.

    In another form of `exchange.FORMATS` it has the same title, columns and values, for systems
    that take ledgers in.

    Sensitive fields are masked unless a purpose is stated by someone with the right `export_full`;
    rows beyond that right stay masked. It is audited, with the purpose, before anything leaves.
    Raises Forbidden without these rights, Invalid for a blank purpose or an unknown community.
    """
    exchange.demand_right(caller, resource)
    secret = [spec for spec in resource.fields if spec.kind == "sensitive"]
    if purpose is not None:
        purpose = stated("purpose", purpose, _("请说明导出完整信息的用途"))
        if secret and not policy.rights(caller, resource, "export_full"):
            exchange.refuse(caller, resource, "export_full")
    asked = replace(query, verb="export", limit=MOST, cursor=None)
    Order.read(resource, asked.sort)
    number = reading.count(caller, resource, asked)
    place = _place(caller, asked)
    full = [] if purpose is None else secret
    audit(caller, resource, place, full, purpose, rows=str(number), format="ledger")

    def fill(page: lines.Paper) -> None:
        _head(page, caller, resource, place, then=asked.as_of == THEN)
        row = 0
        for views in exchange.pages(caller, resource, asked):
            if purpose is not None and secret:
                uncover(caller, resource, views, secret)
            for view in views:
                row += 1
                told = [cell(spec, view[spec.name]) for spec in resource.fields]
                page.add([row, *told], look="ruled")
        foot(page, len(resource.fields) + 1)

    if form == "xlsx":
        return workbook.written(_p("plural", resource.label), fill)
    return lines.written(lines.FORMS[form], fill)


def audit(
    caller: Caller,
    resource: Resource[Any],
    place: Community | None,
    uncovered: list[FieldSpec],
    purpose: str | None,
    **said: str,
) -> None:
    """Tell the trail what leaves, from where, what of it uncovered, and for which purpose."""
    told = [Change(name, None, value) for name, value in said.items()]
    told += [Change(f"revealed:{spec.name}", None, None) for spec in uncovered]
    verb = "export_full" if uncovered else "export"
    where = int(place.id) if place else None
    with caller.instance.database.transaction():
        record_effect(caller, resource, verb, None, changes=told, community=where, reason=purpose)


def _place(caller: Caller, query: Query) -> Community | None:
    """Whose ledger it is: the community asked for, else the one place where the caller stands."""
    if query.within:
        return find_community(caller, query.within, past=True)
    paths = {standing.path for standing in caller.standings}
    path = paths.pop() if len(paths) == 1 else None
    found: Community | None = Community.get_or_none(Community.path == path) if path else None
    return found


def _head(
    page: lines.Paper,
    caller: Caller,
    resource: Resource[Any],
    place: Community | None,
    *,
    then: bool,
) -> None:
    named = place.name if place else ""
    title = _("{place}{label}台账", place=named, label=_p("plural", resource.label)).strip()
    parts = [*filled_in(caller, named), *([_("按当时的区划")] if then else [])]
    head(page, title, parts, [_("序号"), *(_(spec.label) for spec in resource.fields)])


def filled_in(caller: Caller, unit: str, *more: str) -> list[str]:
    """The parts of the second row: for whom it was filled in, by whom, and when."""
    by = Person.get_or_none(Person.id == caller.person) if caller.person else None
    return [
        _("填报单位：{name}", name=unit or GAP),
        _("填报人：{name}", name=by.name if by else caller.name),
        *more,
        _("日期：{day}", day=clock.today().isoformat()),
    ]


def head(page: lines.Paper, title: str, parts: Sequence[str], headings: Sequence[str]) -> None:
    """Write what stands above the rows: the title, who filled it in, the headings."""
    across = max(1, len(headings))
    page.banner(title, across, look="title")
    page.banner(GAP.join(parts), across, look="note")
    page.head(headings, look="ruled_head")
    page.for_paper(_("第 {page} 页，共 {pages} 页", page="&P", pages="&N"))


def foot(page: lines.Paper, columns: int) -> None:
    """Write the line where it is signed."""
    page.add([])
    page.banner((GAP * 3).join(signed()), columns, look="note")


def signed() -> tuple[str, ...]:
    """Who signs below, each with room for a pen."""
    return _("填报人："), _("审核人："), _("日期：")


def uncover(
    caller: Caller, resource: Resource[Any], views: list[View], secret: list[FieldSpec]
) -> None:
    """Put full values where the caller sees a mask and may hand out what is behind it."""
    model: Any = resource.model
    with caller.instance.database.connection():
        within = reached(caller, resource, "export_full", [view["id"] for view in views])
        records = {int(record.id): record for record in model.select().where(model.id.in_(within))}
    for view in views:
        record = records.get(view["id"])
        for spec in secret if record is not None else ():
            if view[spec.name] is not None:
                view[spec.name] = values.opened(caller, resource, record, spec.name)


def cell(spec: FieldSpec, value: Any) -> workbook.Cell:
    """A value as people read it on paper; instants are told by the clock of the instance."""
    if value is None:
        return None
    if spec.kind == "instant":
        return clock.shown(value)
    if spec.kind in {"integer", "number"}:
        return value if isinstance(value, int | float) else str(value)
    return written.show(spec, value)
