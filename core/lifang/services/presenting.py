"""From stored rows to what is told: references with names, masks instead of sensitive values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock, ranges
from lifang.resources.fields import FieldSpec
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services.standpoint import standpoint
from lifang.store.statements import padded

View = dict[str, Any]
UNREADABLE: View = {"id": None, "name": "—"}


def stored(resource: Resource[Any]) -> list[str]:
    """The columns a view is made from, in order."""
    names = ["id", "version", "created_at", "updated_at"]
    return names + [column_of(spec) for spec in resource.fields if not spec.virtual]


def column_of(spec: FieldSpec) -> str:
    """The attribute a field is shown from: the mask of a sensitive one."""
    return f"{spec.name}_mask" if spec.kind == "sensitive" else spec.name


def present(caller: Caller, resource: Resource[Any], rows: Sequence[Sequence[Any]]) -> list[View]:
    """Make the views of rows that hold `stored(resource)` in order, as this caller may see them."""
    if not rows:
        return []
    specs = [spec for spec in resource.fields if not spec.virtual]
    views: list[View] = []
    for row in rows:
        view: View = {"id": row[0], "version": row[1]}
        for spec, value in zip(specs, row[4:], strict=True):
            told = bool(value) if spec.kind == "boolean" and value is not None else value
            view[spec.name] = _plain(told)
        view["created_at"], view["updated_at"] = _plain(row[2]), _plain(row[3])
        views.append(view)
    for spec in specs:
        if spec.kind in {"reference", "community"}:
            _name_references(caller, spec, views)
    if isinstance(resource.scope, Linked):
        _show_links(caller, resource, resource.scope, views)
        _hide_partly(caller, resource, resource.scope, views)
    return views


def present_one(caller: Caller, resource: Resource[Any], record: Any) -> View:
    """The view of a record in hand; no second read decides what its writer is shown."""
    row = [_attribute(record, name) for name in stored(resource)]
    return present(caller, resource, [row])[0]


def _attribute(record: Any, name: str) -> Any:
    return record.__data__.get(name)


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, dt.datetime):
        return clock.fixed(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _name_references(caller: Caller, spec: FieldSpec, views: list[View]) -> None:
    ids = {view[spec.name] for view in views if view[spec.name] is not None}
    names = names_of(caller, caller.instance.registry.of(spec.target), ids) if spec.target else {}
    for view in views:
        if view[spec.name] is not None:
            view[spec.name] = names.get(view[spec.name], UNREADABLE)


def names_of(caller: Caller, resource: Resource[Any], ids: Iterable[int]) -> dict[int, View]:
    """How records are named where others point at them; those out of reach are left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    model: Any = resource.model
    allowed = True if resource.open else policy.readable(caller, resource)
    if allowed is False:
        return {}
    title = getattr(model, resource.title) if resource.title else model.id
    columns = [model.id, model.removed_at, title]
    if resource.model is Community:
        columns += [Community.code, Community.valid_to]

    def build(numbers: Sequence[int]) -> Any:
        query = model.select(*columns).where(model.id.in_(numbers))
        return query if allowed is True else query.where(allowed)

    question = ("names", resource.id, standpoint(caller, resource))
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


def _show_links(caller: Caller, resource: Resource[Any], scope: Linked, views: list[View]) -> None:
    """Show the place a record is linked to: the primary one, or the one this reader knows of."""
    if scope.shown_as is None:
        return
    link: Any = scope.model
    here, there = getattr(link, scope.here), getattr(link, scope.there)

    def build(numbers: Sequence[int]) -> Any:
        told = (here.in_(numbers), policy.current(link), link.kind == scope.writes["kind"])
        return link.select(here, there).where(*told).order_by(link.primary, link.id)

    question = ("links", resource.id, clock.today())
    ids = padded([view["id"] for view in views])
    places: dict[int, list[int]] = {}
    for number, place in caller.instance.database.ask(question, ids, build):
        places.setdefault(number, []).append(place)
    wanted = {place for some in places.values() for place in some}
    names = names_of(caller, caller.instance.registry.of(there.rel_model), wanted)
    for view in views:
        linked = places.get(view["id"], [])
        shown = next((names[place] for place in reversed(linked) if place in names), None)
        view[scope.shown_as] = shown or (UNREADABLE if linked else None)


def _hide_partly(caller: Caller, resource: Resource[Any], scope: Linked, views: list[View]) -> None:
    """Leave out what a reader reaches over a lesser link only: `decisions.md` 14."""
    shown = shown_fields(caller, resource, [view["id"] for view in views])
    for view in views:
        if (seen := shown.get(view["id"])) is None:
            continue
        for spec in resource.fields:
            if spec.name not in seen and spec.name != scope.shown_as:
                view[spec.name] = None


def shown_fields(caller: Caller, resource: Resource[Any], ids: list[int]) -> dict[int, set[str]]:
    """The fields a reader sees of each record they do not see whole; whole ones are left out."""
    scope = resource.scope
    reach = policy.rights(caller, resource, "read")
    if not isinstance(scope, Linked) or not scope.whole or reach.tree == ranges.EVERYWHERE:
        return {}
    kinds = _kinds_within(caller, scope, ids, reach.tree)
    own = _own(resource, reach, ids)
    return {
        number: _shown_over(resource, scope, kinds.get(number, set()))
        for number in ids
        if number not in own and not kinds.get(number, set()) & set(scope.whole)
    }


def _shown_over(resource: Resource[Any], scope: Linked, kinds: set[str]) -> set[str]:
    shown: set[str] = set()
    for kind in kinds or {""}:
        names = scope.partial.get(kind)
        plain = {spec.name for spec in resource.fields if spec.kind != "sensitive"}
        shown |= plain if names is None else set(names)
    return shown


def _kinds_within(
    caller: Caller, scope: Linked, ids: list[int], where: ranges.Ranges
) -> dict[int, set[str]]:
    """Over which kinds of link each record is reached within a part of the tree."""
    kinds: dict[int, set[str]] = {}
    if not where:
        return kinds
    link: Any = scope.model
    here, there = getattr(link, scope.here), getattr(link, scope.there)

    def build(numbers: Sequence[int]) -> Any:
        place = Community.alias()
        lies = policy.judged(there, place, place.id, policy.within(where, place))
        return link.select(here, link.kind).where(here.in_(numbers), policy.current(link), lies)

    question = ("kinds", scope.model.__name__, scope.here, where, clock.today())
    for number, kind in caller.instance.database.ask(question, padded(ids), build):
        kinds.setdefault(number, set()).add(kind)
    return kinds


def _own(resource: Resource[Any], reach: policy.Rights, ids: list[int]) -> set[int]:
    if reach.person is None or resource.owner is None:
        return set()
    model: Any = resource.model
    mine = policy.condition_own(resource, reach.person)
    return {row[0] for row in model.select(model.id).where(model.id.in_(ids), mine).tuples()}
