"""A desk as one caller finds it: the panels that concern them, each with its first rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from peewee import fn

from lifang.access.policy import of_an_account, shows
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.errors import Busy, Forbidden, NotFound, NotReady
from lifang.kit.words import _
from lifang.mechanisms.desk import Panel
from lifang.plugins.guard import left_open, place_of
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.offers import may, offered
from lifang.services.presenting import TOLD, View
from lifang.services.query import Query, conditions, filter_fields, read_filters

STAFF = ("tree", "unit")
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """What stands in a column: the key in the views, the field, and the resource it is of."""

    key: str
    spec: FieldSpec
    resource: Resource[Any]


@dataclass(frozen=True)
class Laid:
    """A panel with its first rows, what can be done to each, and how many there are (`count_up`).

    `asked` are the filters of the list that goes on; `create` and `choose` what is known of a new
    record, None where the caller makes none.
    """

    panel: Panel
    columns: list[Column]
    items: list[View]
    offered: list[tuple[str, ...]]
    number: int
    total: Any
    asked: list[tuple[str, str]]
    create: dict[str, str] | None
    choose: dict[str, str] | None

    @property
    def waits(self) -> bool:
        """Whether the caller is expected to do something to a row of it."""
        actions = self.panel.resource.actions
        return any(actions[verb].waits for verbs in self.offered for verb in verbs)

    @property
    def unit(self) -> str:
        """What the total is told in."""
        return _(self.panel.unit) if self.panel.unit else ""

    def told(self) -> dict[str, Any]:
        """The same for programs."""
        panel, more = self.panel, self.panel.choose
        summed = {"field": panel.total, "value": self.total, "unit": self.unit}
        chosen = None
        if more and self.choose is not None:
            chosen = {"label": _(more[0]), "resource": more[1].id, "field": panel.pointer}
        return {
            "label": _(panel.label),
            "resource": panel.resource.id,
            "reach": panel.reach,
            "number": self.number,
            "total": summed if panel.total else None,
            "filters": {key: [told for name, told in self.asked if name == key]
                        for key, _told in self.asked},
            "sort": panel.sort,
            "create": self.create,
            "choose": chosen and {**chosen, "known": self.choose},
            "empty": _(panel.empty) if panel.empty else None,
            "items": with_actions(self.items, self.offered),
        }  # fmt: skip


def with_actions(items: list[View], offered: list[tuple[str, ...]]) -> list[View]:
    """Records for programs, each with what can be done to it."""
    return [{**view, "actions": verbs} for view, verbs in zip(items, offered, strict=True)]


def desks(caller: Caller) -> list[str]:
    """The plugins whose desk has something for a caller."""
    return [id for id in caller.instance.plugins.loaded if concerning(caller, id)]


def concerning(caller: Caller, plugin: str) -> list[Panel]:
    """The panels of a plugin of which the caller can read something."""
    loaded = caller.instance.plugins.loaded.get(plugin)
    panels = loaded.desk.panels if loaded and loaded.desk and shows(plugin, caller) else ()
    return [one for one in panels if may(_side(caller, one), one.resource, "read")]


def desk(caller: Caller, plugin: str) -> list[Laid]:
    """A plugin's desk as the caller finds it; raises NotFound where nothing of it concerns them.

    Whoever works here is not shown what they have none of as a resident.
    """
    panels = concerning(caller, plugin)
    if not panels:
        raise NotFound(_("没有找到"))
    works = any(one.reach in STAFF for one in panels)
    laid = lay(caller, plugin, panels)
    return [one for one in laid if one.number or not works or one.panel.reach in STAFF]


def lay(caller: Caller, plugin: str, panels: Iterable[Panel]) -> list[Laid]:
    """Panels with their rows; one that fails is left out, and stopped where that happens often."""
    watch, made = caller.instance.plugins.watch, []
    for panel in panels:
        key = (plugin, place_of(caller), panel.part)
        if watch.holds(key, caller):
            continue
        try:
            made.append(_lay(caller, panel))
        except (Busy, NotReady):
            raise
        except (NotFound, Forbidden):  # what the caller may not see is no fault of the plugin's
            left_open()
        except (Exception, SystemExit) as error:
            left_open()
            watch.failed(key, "errors", error, caller)
    return made


def homes_of(caller: Caller) -> tuple[Any, ...]:
    """The communities a caller lives in today, the primary one first."""
    found: tuple[Any, ...] | None = caller.rights.get("homes of")
    if found is None:
        who = Person(id=caller.person)
        found = tuple(Community.tied_to(who, "resides")) if caller.person else ()
        caller.rights["homes of"] = found
    return found


def _side(caller: Caller, panel: Panel) -> Caller:
    """The caller with nothing but what the panel's reach gives them; never more than they have.

    What is confidential is reached by assignment alone: there they look as they are.
    """
    if panel.resource.confidential is not None:
        return caller
    found: Caller | None = caller.rights.get(("side", panel.reach))
    if found is None:
        office = [one for one in caller.standings if one.role != "resident"]
        told: dict[str, list[Standing]] = {
            "tree": [one for one in office if one.organization is None],
            "unit": [one for one in office if one.organization is not None],
            "home": _at_home(caller) if panel.reach == "home" else [],
        }
        person = None if panel.reach in STAFF else caller.person
        found = replace(caller, standings=tuple(told.get(panel.reach, ())), person=person)
        caller.rights["side", panel.reach] = found
        seen = {key: told for key, told in caller.rights.items() if key[0] == "shows"}
        found.rights.update(seen)
    return found


def _at_home(caller: Caller) -> list[Standing]:
    """Where one looks as a resident: of what an office reaches, only one's own home."""
    if caller.person is None:
        return []
    told = [one for one in caller.standings if one.role == "resident"]
    office = [one for one in caller.standings if one not in told and one.organization is None]
    paths = [home.path for home in homes_of(caller)] if office else []
    near = [(one, path) for one in office for path in paths if path.startswith(one.path or "")]
    return told + [replace(one, path=path) for one, path in near]


def _lay(caller: Caller, panel: Panel) -> Laid:
    seen, of = _side(caller, panel), panel.resource
    asked = [pair for told in panel.filters.items() for pair in _said(of, *told)]
    narrow = bool(asked) and panel.reach in ("tree", "home")
    query = Query(read_filters(asked), sort=panel.sort, limit=panel.limit, narrow=narrow)
    page = reading.find(seen, of, query)
    number = reading.count_up(seen, of, query) if page.next else len(page.items)
    verbs = offered(caller, of, page.items, panel.actions)
    creates = panel.create is not None and may(caller, of, "create")
    creates = creates and not (panel.limit == 1 and number)
    chosen = panel.choose[1] if panel.choose else None
    return Laid(
        panel,
        _columns(caller, panel),
        _beside(caller, panel, page.items),
        [tuple(name for name in panel.actions if name in held) for held in verbs],
        number,
        _total(seen, panel, query) if panel.total and number else 0,
        asked + _whose(caller, panel),
        known(caller, of, panel.reach, panel.create or NOTHING) if creates else None,
        known(caller, chosen, panel.reach) if chosen and may(caller, chosen, "create") else None,
    )


def _said(of: Resource[Any], key: str, value: Any) -> list[tuple[str, str]]:
    """What was declared as an address says it, one pair for each value; it may be worked out."""
    told = value() if callable(value) else value
    own = {one.name: one.kind for one in (*filter_fields(of), *of.fields)}
    name, _sep, operator = key.partition("__")
    several = told if isinstance(told, list | tuple) else [told]
    return [(key, _text(one, own[name], operator)) for one in several]


def _text(value: Any, kind: str, operator: str) -> str:
    """A value as text; of a day an instant is asked from its beginning, or up to its end."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "instant" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        edge = dt.time.max if operator == "lte" else dt.time.min
        value = dt.datetime.combine(value, edge, clock.zone())
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _columns(caller: Caller, panel: Panel) -> list[Column]:
    of = panel.resource
    own = {one.name: one for one in (*filter_fields(of), *of.fields)}
    made = []
    for key in panel.columns or [one.name for one in of.columns]:
        head, _dot, tail = key.partition(".")
        there = _pointed(caller, of, head) if tail else of
        made.append(Column(key, there.by_name[tail] if tail else own[head], there))
    return made


def _pointed(caller: Caller, of: Resource[Any], head: str) -> Resource[Any]:
    found: Resource[Any] = caller.instance.registry.of(of.model._meta.fields[head].rel_model)
    return found


def _beside(caller: Caller, panel: Panel, views: list[View]) -> list[View]:
    """The views with what the records say that they point at, each kind read once."""
    dotted = [name.partition(".") for name in panel.columns if "." in name]
    for head in dict.fromkeys(head for head, _dot, _tail in dotted):
        there = _pointed(caller, panel.resource, head)
        ids = {view[head]["id"] for view in views if view[head]} - {None}
        found: dict[int, View] = {}
        if ids and may(caller, there, "read"):
            query = Query(filters=(("id", "", tuple(sorted(ids))),), limit=len(ids))
            found = {one["id"]: one for one in reading.find(caller, there, query).items}
        for view in views:
            at = found.get(view[head]["id"], {}) if view[head] else {}
            view |= {f"{head}.{tail}": at.get(tail) for name, _dot, tail in dotted if name == head}
    return views


def _total(seen: Caller, panel: Panel, query: Query) -> Any:
    model: Any = panel.resource.model
    spec = panel.resource.by_name[str(panel.total)]
    told = conditions(seen, panel.resource, query)
    amount = model.select(fn.SUM(getattr(model, spec.name))).where(*told).scalar() or 0
    if panel.over > 1:
        return round(float(amount) / panel.over, 1)
    return TOLD[spec.kind](amount) if spec.kind in TOLD else amount


def _whose(caller: Caller, panel: Panel) -> list[tuple[str, str]]:
    """What keeps the list that goes on to the same records, where a field of them says whose."""
    of = panel.resource
    if panel.reach == "own" and isinstance(of.owner, str):
        return [(of.owner, str(caller.account if of_an_account(of) else caller.person))]
    if panel.reach == "unit" and isinstance(of.unit, str):
        units = {one.organization for one in caller.standings} - {None}
        return [(of.unit, str(unit)) for unit in sorted(units, key=str)]
    return []


def known(
    caller: Caller, resource: Resource[Any], reach: str, given: Mapping[str, Any] = NOTHING
) -> dict[str, str]:
    """What of a new record is known beforehand: what was given, whose it is, where they live."""
    told = {
        key: said for name, value in given.items() for key, said in _said(resource, name, value)
    }
    if reach in STAFF or caller.person is None:
        return told
    asked = {one.name: one for one in schema.create_fields(resource)}
    owner, scope = asked.get(str(resource.owner)), asked.get(str(resource.scope))
    if owner is not None and owner.target is Person:
        told.setdefault(owner.name, str(caller.person))
    if scope is not None and (homes := homes_of(caller)):
        told.setdefault(scope.name, str(homes[0].code))
    return told
