"""Lists of any resource: found, filtered, sorted, paged, and handed over as files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.words import _, n_
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import bulk, presenting, reading
from lifang.services.exchange import forms
from lifang.services.offers import may
from lifang.services.query import filter_fields, find_community, sort_names
from lifang.web import commands, looks, pointers
from lifang.web.addresses import address_of, api_of, home_of, with_query
from lifang.web.asked import COLUMNS, Asked
from lifang.web.records import done_sentence
from lifang.web.shown import Shown, named, show, title_of

ASKED_FOR = frozenset({"choice", "state", "boolean"})
"""Fields whose every value fits into a menu: the filter form asks for these."""


EMPTY = {"true": n_("没有填"), "false": n_("已填")}
TABLES = ("csv", "xlsx")
SPAN = ("gte", "lte")
YES_OR_NO = (("true", n_("是")), ("false", n_("否")))
NUMBER = FieldSpec("id", n_("编号"), "integer", null=False)


@dataclass(frozen=True)
class Column:
    """One column: its heading, and the address that sorts by it or the other way round."""

    label: str
    link: str | None = None
    sorted: str | None = None


@dataclass(frozen=True)
class Row:
    """One record: its number, where it leads, what it is called, and its cells."""

    id: int | str
    link: str
    title: str
    cells: list[Shown]


@dataclass(frozen=True)
class Filter:
    """One menu of the filter form, and the value chosen in it."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the address without it."""

    text: str
    link: str


def list_page(caller: Caller, resource: Resource[Any]) -> Any:
    """One page of a list."""
    reading.open_to(caller, resource)
    asked = Asked.read(resource, request.args)
    if said := asked.one("within"):
        asked = asked.limited_to(pointers.place_code(caller, said))
    query = asked.query(limit=looks.rows())
    chosen = asked.chosen(looks.columns(resource.id))
    cells = cells_of(resource, chosen)
    page = reading.find(caller, resource, query)
    verbs = bulk.verbs(caller, resource, query)
    return render_template(
        "web/list.html",
        resource=resource,
        asked=asked,
        home=home_of(resource),
        columns=columns_of(asked, cells),
        choosable=choosable(resource, cells),
        chosen=bool(chosen),
        rows=[row_of(caller, resource, view, cells) for view in page.items],
        filters=filters_of(asked, verbs),
        spans=spans_of(asked),
        within=within_of(caller, resource, asked),
        chips=chips_of(caller, asked),
        total=reading.count(caller, resource, query) if asked.counted else None,
        next=with_query(home_of(resource), [*asked.kept(), ("cursor", page.next)])
        if page.next
        else None,
        first=asked.address() if query.cursor else None,
        count=with_query(home_of(resource), [*asked.kept(), ("count", "true")]),
        new=_new(caller, asked),
        bring=bring_to(caller, resource),
        exports=_exports(caller, asked, chosen),
        bulk=verbs,
        kept=urlencode(asked.kept()),
        done=done_sentence(resource, request.args.get("done")),
        command=commands.list_line(resource, query),
    )


def row_of(
    caller: Caller, resource: Resource[Any], view: presenting.View, specs: list[FieldSpec]
) -> Row:
    """A record as a row; one without a name is told by its number, for the columns say the rest."""
    cells = [show(caller, resource, spec, view.get(spec.name)) for spec in specs]
    title = title_of(resource, view) if resource.title else f"#{view['id']}"
    return Row(view["id"], address_of(resource, view["id"]), title, cells)


def cells_of(resource: Resource[Any], chosen: list[FieldSpec]) -> list[FieldSpec]:
    """The columns after the first, which names the record: those chosen, else those declared."""
    return [spec for spec in chosen or resource.columns if spec.name != resource.title]


def choosable(resource: Resource[Any], cells: list[FieldSpec]) -> list[tuple[str, str, bool]]:
    """What could be a column, and whether it is one: those that are stand first, in their order."""
    rest = [one for one in resource.fields if one not in cells and one.name != resource.title]
    return [
        (one.name, _(one.label), one in cells) for one in (*cells, *rest) if one.kind != "paragraph"
    ]


def columns_of(asked: Asked, cells: list[FieldSpec]) -> list[Column]:
    """The headings: what names a record first, then the others."""
    resource = asked.resource
    title = resource.by_name.get(resource.title or "")
    first = _column(asked, title or NUMBER)
    return [first, *(_column(asked, spec) for spec in cells)]


def _column(asked: Asked, spec: FieldSpec) -> Column:
    if spec.name not in sort_names(asked.resource):
        return Column(_(spec.label))
    now = asked.one("sort")
    turned = f"-{spec.name}" if now == spec.name else spec.name
    direction = {spec.name: "ascending", f"-{spec.name}": "descending"}.get(now or "")
    return Column(_(spec.label), asked.address(sort=turned), direction)


def filters_of(asked: Asked, verbs: Iterable[str]) -> list[Filter]:
    """The menus of the filter form: its fields, and what tells the records that need a verb."""
    resource, found = asked.resource, []
    actions = [resource.actions[verb] for verb in verbs if verb in resource.actions]
    told = {name for action in actions for name in action.among or ()}
    told |= {*resource.by_name, *(key for key, _value in asked.filtered)}
    for spec in sorted(filter_fields(resource), key=lambda one: one.name not in resource.by_name):
        if spec.kind not in ASKED_FOR or spec.name not in told:
            continue
        known = spec.choices or YES_OR_NO
        options = [("", _("全部")), *((value, _(label)) for value, label in known)]
        found.append(Filter(spec.name, _(spec.label), options, asked.one(spec.name) or ""))
    return found


@dataclass(frozen=True)
class Span:
    """The days of the filter form between which a field lies, as they were asked for."""

    name: str
    label: str
    since: str
    until: str


def spans_of(asked: Asked) -> list[Span]:
    """The day fields, each from a day to a day."""
    return [
        Span(spec.name, _(spec.label), *(asked.one(f"{spec.name}__{o}") or "" for o in SPAN))
        for spec in filter_fields(asked.resource)
        if spec.kind == "day"
    ]


@dataclass(frozen=True)
class Within:
    """The part of the tree a list is limited to: the code asked for, and what to suggest."""

    code: str
    hints: tuple[str, ...]


def within_of(caller: Caller, resource: Resource[Any], asked: Asked) -> Within | None:
    """The field that limits a list to a part of the tree; None where places mean nothing."""
    if not resource.placed:
        return None
    communities = caller.instance.registry.of(Community)
    hints = pointers.places(caller) if may(caller, communities, "read") else ()
    return Within(asked.one("within") or "", hints)


def chips_of(caller: Caller, asked: Asked) -> list[Chip]:
    """The filters in force, each with the way to drop it."""
    chips, known = [], {spec.name: spec for spec in filter_fields(asked.resource)}
    if q := asked.one("q"):
        chips.append(Chip(_("搜索：{q}", q=q), asked.address(q=None)))
    if code := asked.one("within"):
        link = asked.address(within=None, tree=None)
        chips.append(Chip(_("范围：{name}", name=_place_name(caller, code)), link))
    for key, value in asked.filtered:
        name, _sep, operator = key.partition("__")
        spec = known.get(name)
        label = _(spec.label) if spec else name
        sign = {"gte": " ≥ ", "lte": " ≤ ", "not": " ≠ "}.get(operator) or _("：")
        said = _(EMPTY[value]) if operator == "isnull" else _value_name(caller, spec, value)
        text = f"{label}{sign}{said}"
        chips.append(Chip(text, asked.without(key, value)))
    return chips


def _place_name(caller: Caller, code: str) -> str:
    found = find_community(caller, code, past=True)
    if found is None:
        return code
    closed = _("（{day} 停用）", day=found.valid_to) if found.valid_to else ""
    return f"{found.name}{closed}"


def _value_name(caller: Caller, spec: FieldSpec | None, value: str) -> str:
    if spec is None:
        return value
    if told := spec.choices or (spec.kind == "boolean" and YES_OR_NO):
        return next((_(label) for known, label in told if known == value), value)
    if spec.kind == "community":
        return _place_name(caller, value)
    if spec.kind == "reference" and spec.target is not None and value.isascii() and value.isdigit():
        target = caller.instance.registry.of(spec.target)
        names = presenting.names_of(caller, target, [int(value)])
        return named(spec, names.get(int(value), {"name": f"#{value}"}))
    return value


def _new(caller: Caller, asked: Asked) -> str | None:
    """The way to a new record, answered beforehand with what the list is filtered by."""
    if not may(caller, asked.resource, "create"):
        return None
    known = [(key, value) for key, value in asked.filtered if key in asked.resource.by_name]
    return with_query(f"{home_of(asked.resource)}/new", known)


def bring_to(caller: Caller, resource: Resource[Any]) -> str | None:
    """The way to import such records."""
    return f"{home_of(resource)}/import" if may(caller, resource, "import") else None


def _exports(caller: Caller, asked: Asked, chosen: list[FieldSpec]) -> list[tuple[str, str]]:
    """The list as files for spreadsheets and programs; tables have the columns that were chosen."""
    if not may(caller, asked.resource, "export"):
        return []
    address = api_of(asked.resource, "export")
    kept, title = asked.kept(COLUMNS), asked.resource.title
    names = [title] * (title is not None) + [one.name for one in chosen if one.name != title]
    told = [(COLUMNS, ",".join(map(str, names)))] if chosen else []
    files = [
        (_(label), with_query(address, [("format", kind), *kept, *(told * (kind in TABLES))]))
        for kind, (label, _type, _suffix) in forms(asked.resource).items()
    ]
    return [*files, (_("台账"), with_query(api_of(asked.resource, "ledger"), kept))]
