"""Data going out as files and coming in: what was exported can be imported again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.kit import json
from lifang.kit.errors import Forbidden
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading, sheets, workbook
from lifang.services.auditing import Change, record_denial, record_effect
from lifang.services.importing import import_table
from lifang.services.order import Order
from lifang.services.presenting import View
from lifang.services.query import MOST, Query

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": workbook.TYPE,
    "json": "application/json",
}
TYPED = frozenset({"integer", "number", "boolean"})
"""What a spreadsheet may take for a number or a yes; numbers of people and papers are text."""


Specs = Sequence[FieldSpec]


def export(
    caller: Caller, resource: Resource[Any], query: Query, *, form: str, specs: Specs = ()
) -> Iterator[bytes]:
    """Write what the caller may export of a list, in one of its `forms`, in constant memory.

    A table holds every field, or those of `specs`. Sensitive fields stay masked. It is audited with
    its number of rows before the first one leaves; raises Forbidden without the right to export,
    Malformed for a list that cannot be asked for.
    """
    demand_right(caller, resource)
    asked = replace(query, verb="export", limit=MOST, cursor=None)
    Order.read(resource, asked.sort)
    number = reading.count(caller, resource, asked)
    with caller.instance.database.transaction():
        told = [Change("rows", None, str(number)), Change("format", None, form)]
        record_effect(caller, resource, "export", None, changes=told)
    if form in resource.formats:
        made: Iterator[bytes] = resource.formats[form].pieces(caller, resource, asked, number)
        return made
    found = pages(caller, resource, asked)
    if form == "xlsx":
        return _as_xlsx(resource, found, specs)
    return _as_csv(resource, found, specs) if form == "csv" else _as_json(found)


def forms(resource: Resource[Any]) -> dict[str, tuple[str, str, str]]:
    """The formats in which a list is exported: what each is called, its media type and suffix."""
    own = {name: (one.label, one.type, one.suffix) for name, one in resource.formats.items()}
    return {name: (name.upper(), kind, name) for name, kind in FORMATS.items()} | own


def demand_right(caller: Caller, resource: Resource[Any]) -> None:
    """Raise NotFound or Forbidden unless the caller may hand out rows of a resource; audited."""
    reading.open_to(caller, resource)
    if not policy.rights(caller, resource, "export"):
        refuse(caller, resource, "export")


def refuse(caller: Caller, resource: Resource[Any], verb: str) -> NoReturn:
    """Raise Forbidden to who may not `export` rows of a resource, or not `export_full`; audited."""
    sentence = _("您没有导出「{label}」的权限", label=_(resource.label))
    if verb == "export_full":
        sentence = _("您没有导出「{label}」完整信息的权限", label=_(resource.label))
    denied = Forbidden(sentence)
    record_denial(caller, resource, verb, None, denied)
    raise denied


def pages(caller: Caller, resource: Resource[Any], query: Query) -> Iterator[list[View]]:
    """Page by page, each with a connection of its own: a server may ask from another thread."""
    while True:
        with caller.instance.database.connection():
            page = reading.find(caller, resource, query)
        yield page.items
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


def _as_csv(resource: Resource[Any], found: Iterator[list[View]], specs: Specs) -> Iterator[bytes]:
    yield sheets.BOM + sheets.written([sheets.header(resource, specs)])
    for items in found:
        yield sheets.written(sheets.row(resource, view, specs) for view in items)


def _as_xlsx(resource: Resource[Any], found: Iterator[list[View]], specs: Specs) -> Iterator[bytes]:
    def fill(page: workbook.Page) -> None:
        page.head(sheets.header(resource, specs))
        for items in found:
            for view in items:
                page.add(_cells(resource, view, specs))

    return workbook.written(_(resource.label), fill)


def _cells(resource: Resource[Any], view: View, specs: Specs) -> list[workbook.Cell]:
    told: list[workbook.Cell] = [*sheets.row(resource, view, specs)]
    for column, spec in enumerate(specs or resource.fields, start=1):
        if spec.kind in TYPED:
            told[column] = view[spec.name]
    return told


def _as_json(found: Iterator[list[View]]) -> Iterator[bytes]:
    yield b'{"items":['
    first = True
    for items in found:
        told = b",".join(json.dumps(view) for view in items)
        yield told if first or not told else b"," + told
        first = first and not told
    yield b"]}"


__all__ = ["FORMATS", "export", "import_table"]
