"""What somebody finds of themselves: who they are, what they agreed to, what they have done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lifang.access.minors import is_minor
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import clock, ranges
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.mechanisms.consents import Consent, Purpose, consents
from lifang.mechanisms.laid import STAFF, Laid, concerning, homes_of, known, lay, with_actions
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.offers import may, offered
from lifang.services.presenting import View
from lifang.services.query import Query

LATEST = 3
"""How many of one's own records of a kind are shown; the list has the others."""
TIES = ("affiliations", "household_members", "memberships")
"""The core's nouns that say where somebody belongs."""


@dataclass(frozen=True)
class Agreement:
    """One thing that is asked: its words, and the consent where one stands; `minor`: of a child."""

    name: str
    label: str
    text: str
    separate: bool
    given: bool
    consent: int | None
    since: str | None
    minor: bool


@dataclass(frozen=True)
class Shelf:
    """One's latest records of a kind, what can be done to each, and what is known of another one.

    `create` is None where one may not add any.
    """

    resource: Resource[Any]
    items: list[View]
    offered: list[tuple[str, ...]]
    create: dict[str, str] | None


@dataclass(frozen=True)
class Oneself:
    """Who somebody is, what they agreed to, what there is to do, what they have, where they belong.

    `panels` are those of desks, each with its plugin, first those that wait for them;
    `shelves` what no panel shows.
    """

    person: View
    agreements: list[Agreement]
    panels: list[tuple[str, Laid]]
    shelves: list[Shelf]
    ties: list[tuple[Resource[Any], list[View]]]

    def told(self) -> dict[str, Any]:
        """The same for programs."""
        shelves = [
            {
                "resource": one.resource.id,
                "label": _(one.resource.label),
                "create": one.create is not None,
                "items": with_actions(one.items, one.offered),
            }
            for one in self.shelves
        ]
        return {
            "person": self.person,
            "consents": self.agreements,
            "panels": [{"plugin": id, **panel.told()} for id, panel in self.panels],
            "records": shelves,
            **{resource.noun: views for resource, views in self.ties},
        }


def as_oneself(caller: Caller) -> Caller:
    """The caller without any office: what is left is their own."""
    if caller.person is None:
        raise Conflict(_("这个账号没有关联人员，没有「我的」页面；请管理员在「账号」里关联"))
    return replace(caller, standings=())


def oneself(caller: Caller) -> Oneself:
    """What a caller finds of themselves; raises Conflict for an account that is no person's."""
    own = as_oneself(caller)
    registry, people = own.instance.registry, own.instance.registry.of(Person)
    person = reading.get(own, people, int(own.person or 0))
    on = {
        name
        for name in own.instance.plugins.loaded
        if any(ranges.holds(own.snapshot.where(name), home.path) for home in homes_of(own))
    }
    panels = _panels(caller, on)
    covered = {one.panel.resource for _id, one in panels if one.panel.reach == "own"}
    nouns = [one for one in registry if one not in covered]
    shelves = [shelf for one in nouns if (shelf := _shelf(own, one, on))]
    ties = [one for noun in TIES if (one := registry.find(CORE, noun)) and may(own, one, "read")]
    return Oneself(
        reading.view(own, people, int(person.id)),
        list(_agreements(own, person, on)),
        panels,
        sorted(shelves, key=lambda shelf: not shelf.items),
        [(one, reading.find(own, one, Query(sort="-id")).items) for one in ties],
    )


def _panels(caller: Caller, on: set[str]) -> list[tuple[str, Laid]]:
    """What desks have for somebody as a resident; where a plugin is off only what they have."""
    told = [
        (id, one)
        for id in caller.instance.plugins.loaded
        for one in lay(caller, id, [p for p in concerning(caller, id) if p.reach not in STAFF])
        if id in on or one.number
    ]
    return sorted(told, key=lambda one: (not one[1].waits, not one[1].number))


def agree(caller: Caller, purpose: str) -> Any:
    """Consent to something for oneself; raises as `consents` does."""
    told = {"person": as_oneself(caller).person, "purpose_name": purpose, "how": "self"}
    return write(consents, "create", caller, told)


def _agreements(own: Caller, person: Person, on: set[str]) -> Any:
    """What is asked where somebody lives, and whatever else they agreed to and can take back."""
    today = clock.today()
    held = (Consent.person == person, Consent.state == "given", Consent.removed_at.is_null())
    stand = {one.purpose_name: one for one in Consent.select().where(*held).order_by(Consent.id)}
    for name in sorted(on - {CORE}):
        for purpose in own.instance.plugins.loaded[name].purposes.values():
            found = stand.pop(purpose.name, None)
            minor = is_minor(own, person, today, purpose.guardian_until)
            yield _agreement(purpose, found, minor, given=purpose.given(person, own))
    for name, left in stand.items():
        gone = Purpose(name, left.title, left.wording)
        yield _agreement(gone, left, is_minor(own, person, today), given=True)


def _agreement(purpose: Purpose, found: Any, minor: bool, *, given: bool) -> Agreement:  # noqa: FBT001 – a fact of the person
    return Agreement(
        purpose.name, _(purpose.label), _(purpose.text), purpose.separate, given,
        int(found.id) if found else None, found.given_on.isoformat() if found else None, minor,
    )  # fmt: skip


def _shelf(own: Caller, resource: Resource[Any], on: set[str]) -> Shelf | None:
    """One's records of a plugin's resource; None where none of it is for residents."""
    if resource.plugin == CORE or resource.owner is None or not may(own, resource, "read"):
        return None
    creates = resource.plugin in on and may(own, resource, "create")
    items = reading.find(own, resource, Query(sort="-id", limit=LATEST)).items
    if not items and (not creates or resource.confidential is not None):
        return None
    verbs = [tuple(sorted(held)) for held in offered(own, resource, items, resource.actions)]
    return Shelf(resource, items, verbs, known(own, resource, "own") if creates else None)
