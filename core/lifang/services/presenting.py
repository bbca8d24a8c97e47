"""From stored rows to what is told: references with names, masks instead of sensitive values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock, ranges
from lifang.kit.money import yuan
from lifang.resources.fields import FieldSpec
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services.standpoint import reached_by, standpoint
from lifang.store.statements import padded

View = dict[str, Any]
UNREADABLE: View = {"id": None, "name": "—"}
TOLD: dict[str, Callable[[Any], Any]] = {"boolean": bool, "money": yuan}
"""Kinds that are told otherwise than they are kept."""
Link = tuple[Any, ...]
"""The record here, the community there, of which kind, and whether the reader reaches it there."""


@lru_cache(maxsize=1_000)
def stored(resource: Resource[Any]) -> tuple[str, ...]:
    """The columns a view is made from, in order."""
    fields = [column_of(spec) for spec in resource.fields if not spec.virtual]
    return ("id", "version", *fields, "created_at", "updated_at")


@lru_cache(maxsize=1_000)
def shown(resource: Resource[Any]) -> tuple[str, ...]:
    """What a view calls them."""
    fields = [spec.name for spec in resource.fields if not spec.virtual]
    return ("id", "version", *fields, "created_at", "updated_at")


def column_of(spec: FieldSpec) -> str:
    """The attribute a field is shown from: the mask of a sensitive one."""
    return f"{spec.name}_mask" if spec.kind == "sensitive" else spec.name


def present(caller: Caller, resource: Resource[Any], rows: Sequence[Sequence[Any]]) -> list[View]:
    """Make the views of rows that begin with `stored(resource)`, as this caller may see them."""
    if not rows:
        return []
    names = shown(resource)
    views: list[View] = [dict(zip(names, row, strict=False)) for row in rows]
    for spec in resource.fields:
        if not spec.virtual and spec.kind in {"reference", "community"}:
            _name_references(caller, spec, views)
        elif spec.kind in TOLD:
            tell = TOLD[spec.kind]
            for view in views:
                view[spec.name] = None if view[spec.name] is None else tell(view[spec.name])
    links: Sequence[Link] = ()
    if isinstance(resource.scope, Linked):
        links = _links(caller, resource, resource.scope, [view["id"] for view in views])
        _show_links(caller, resource.scope, views, links)
    _hide_partly(caller, resource, views, links)
    return views


def present_one(caller: Caller, resource: Resource[Any], record: Any) -> View:
    """The view of a record in hand; no second read decides what its writer is shown, and no later
    one shows what is shown once."""
    row = [_plain(record.__data__.get(name)) for name in stored(resource)]
    return {**present(caller, resource, [row])[0], **record.shown_once}


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, dt.datetime):
        return clock.fixed(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _name_references(caller: Caller, spec: FieldSpec, views: list[View]) -> None:
    ids = {view[spec.name] for view in views if view[spec.name] is not None}
    target = caller.instance.registry.of(spec.target) if spec.target else None
    names = names_of(caller, target, ids, anywhere=spec.named) if target else {}
    for view in views:
        if view[spec.name] is not None:
            view[spec.name] = names.get(view[spec.name], UNREADABLE)


def names_of(
    caller: Caller, resource: Resource[Any], ids: Iterable[int], *, anywhere: bool = False
) -> dict[int, View]:
    """How records are named where others point at them; those out of reach are left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    model: Any = resource.model
    title = getattr(model, resource.title) if resource.title else model.id
    columns = [model.id, model.removed_at, title]
    if resource.model is Community:
        columns += [Community.code, Community.valid_to]

    def build(numbers: Sequence[int]) -> Any:
        allowed = True if resource.open or anywhere else policy.readable(caller, resource)
        told = policy.wheres(resource, allowed)
        return model.select(*columns).where(model.id.in_(numbers), *told)

    question = ("names", resource.id, anywhere or standpoint(caller, resource))
    names: dict[int, View] = {}
    found = caller.instance.database.ask(question, padded(wanted), build)
    for number, removed, title_of, *more in found:
        named = str(title_of) if resource.title else f"#{number}"
        names[number] = {"id": number, "name": named}
        if more:
            names[number] |= (
                {"code": more[0]} if more[1] is None else {"code": more[0], "closed": True}
            )
        if removed is not None:
            names[number]["removed"] = True
    return names


def _links(
    caller: Caller, resource: Resource[Any], scope: Linked, ids: Sequence[int]
) -> Sequence[Link]:
    """The links of some records that hold today, the primary ones last."""
    if scope.shown_as is None and not scope.whole:
        return ()
    where = policy.rights(caller, resource, "read").tree

    def build(numbers: Sequence[int]) -> Any:
        link, place = scope.model.alias(), Community.alias()
        here, there = getattr(link, scope.here), getattr(link, scope.there)
        near = pw.SQL("1" if where else "0")
        if where and where != ranges.EVERYWHERE:
            near = policy.judged(there, place, place.id, policy.within(where, place))
        query = link.select(here, there, link.kind, near)
        return query.where(here.in_(numbers), policy.current(link)).order_by(link.primary, link.id)

    question = ("links", resource.id, where, clock.today())
    return caller.instance.database.ask(question, padded(ids), build)


def _show_links(caller: Caller, scope: Linked, views: list[View], links: Sequence[Link]) -> None:
    """Show the place a record is linked to: the primary one, or the one this reader knows of."""
    if scope.shown_as is None:
        return
    told = [(number, place) for number, place, kind, _near in links if kind == scope.writes["kind"]]
    target = caller.instance.registry.of(getattr(scope.model, scope.there).rel_model)
    names = names_of(caller, target, {place for _number, place in told})
    shown: dict[int, View] = {}
    for number, place in told:
        shown[number] = names.get(place) or shown.get(number) or UNREADABLE
    for view in views:
        view[scope.shown_as] = shown.get(view["id"])


def _hide_partly(
    caller: Caller,
    resource: Resource[Any],
    views: list[View],
    links: Sequence[Link],
) -> None:
    """Leave out what a reader reaches over a lesser link only: `decisions.md` 14."""
    always = getattr(resource.scope, "shown_as", None)
    shown = shown_fields(caller, resource, [view["id"] for view in views], links)
    for view in views if shown else ():
        if (seen := shown.get(view["id"])) is None:
            continue
        for spec in resource.fields:
            if spec.name not in seen and spec.name != always:
                view[spec.name] = None


def shown_fields(
    caller: Caller,
    resource: Resource[Any],
    ids: list[int],
    links: Sequence[Link] | None = None,
) -> dict[int, set[str]]:
    """The fields a reader sees of each record they do not see whole; whole ones are left out."""
    scope = resource.scope
    reach = policy.rights(caller, resource, "read")
    if resource.veiled:
        whole = reached_by(caller, resource, replace(reach, units=()), ids) if reach.units else ids
        return dict.fromkeys({*ids} - {*whole}, resource.by_name.keys() - {*resource.veiled})
    if not isinstance(scope, Linked) or not scope.whole or reach.tree == ranges.EVERYWHERE:
        return {}
    links = _links(caller, resource, scope, ids) if links is None else links
    near = [(number, kind) for number, _place, kind, reached in links if reached]
    whole = {number for number, kind in near if kind in scope.whole}
    left = [number for number in ids if number not in whole]
    own = _own(caller, resource, reach, left)
    return {
        number: _shown_over(resource, scope, {kind for one, kind in near if one == number})
        for number in left
        if number not in own
    }


def _shown_over(resource: Resource[Any], scope: Linked, kinds: set[str]) -> set[str]:
    shown: set[str] = set()
    for kind in kinds or {""}:
        names = scope.partial.get(kind)
        plain = {spec.name for spec in resource.fields if spec.kind != "sensitive"}
        shown |= plain if names is None else set(names)
    return shown


def _own(caller: Caller, resource: Resource[Any], reach: policy.Rights, ids: list[int]) -> set[int]:
    person = reach.person
    if person is None or resource.owner is None or not ids:
        return set()
    model: Any = resource.model

    def build(numbers: Sequence[int]) -> Any:
        mine = policy.condition_own(resource, person)
        return model.select(model.id).where(model.id.in_(numbers), mine)

    question = ("own", resource.id, person, clock.today())
    return {row[0] for row in caller.instance.database.ask(question, padded(ids), build)}
