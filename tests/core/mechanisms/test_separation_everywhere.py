"""Every action of every plugin that is kept from somebody: by no account of the same person."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

import peewee as pw
import pytest

from lifang.access.callers import caller_for
from lifang.access.roles import ROLES
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit.errors import Forbidden, LifangError
from lifang.mechanisms.separation import reason
from lifang.resources.resource import Resource
from lifang.services.auditing import record_effect
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.store.fields import DayField, InstantField
from lifang.store.record import BOOKKEEPING, Record
from lifang.testing import world
from tests.core.mechanisms import casework
from tests.core.needed import needed

PLAIN: tuple[tuple[type[Any], Any], ...] = (
    (pw.BooleanField, False),
    (pw.IntegerField, 1),
    (pw.FloatField, 1.0),
    (pw.DateField, dt.date(2026, 1, 5)),
    (pw.DateTimeField, None),
    (DayField, dt.date(2026, 1, 5)),
    (InstantField, dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)),
    (pw.TextField, "x"),
)
_numbers = itertools.count(1)
INPUTS = {"text": "说明", "paragraph": "说明", "integer": 1, "number": 1, "boolean": True,
          "money": "1.00", "day": "2026-01-05", "instant": "2026-01-05T09:00:00+08:00"}  # fmt: skip


def account(person: Person | None, unit: Organization) -> Account:
    """One with every role there is, everywhere and for a unit: only the separation refuses it."""
    number = Account.select().count()
    made: Account = Account.create(name=f"account-{number}", person=person, must_change=False)
    for role in ROLES:
        Grant.create(account=made, role=role)
    Grant.create(account=made, role="unit_liaison", organization=unit)
    return made


def row(model: type[Record], path: str, end: int, home: Community) -> Record:
    """A row of any table, whose reference at the end of a path leads to somebody."""
    head, _dot, rest = path.partition(".")
    told: dict[str, Any] = {}
    for field in model._meta.sorted_fields:
        if field.name == head:
            told[head] = row(field.rel_model, rest, end, home).id if rest else end
        elif getattr(field, "rel_model", None) is Community:
            told[field.name] = home.id  # where nobody says it, nobody would reach the row
        elif field.name not in BOOKKEEPING and not field.null and field.default is None:
            told[field.name] = value(field, home)
    made: Record = model.create(**told)
    return made


def value(field: Any, home: Community) -> Any:
    if isinstance(field, pw.ForeignKeyField):
        return row(field.rel_model, "", 0, home).id
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, pw.CharField):
        return f"x{next(_numbers)}"  # what must stand once does
    return next(sample for kind, sample in PLAIN if isinstance(field, kind))


def separated(instance: Instance) -> Iterator[tuple[Resource[Any], str, str]]:
    for resource in instance.registry:
        for action in resource.actions.values():
            for part in action.not_by:
                yield resource, action.name, part


def told_for(resource: Resource[Any], verb: str, instance: Instance, home: Community) -> Any:
    """Whatever an action asks for, so that it is refused for nothing else before."""
    return {
        spec.name: {"code": home.code}
        if spec.kind == "community"
        else next(iter(dict(spec.choices)), None)
        or INPUTS.get(spec.kind)
        or row(spec.target, "", 0, home).id
        for spec in resource.actions[verb].fields
        if spec.required
    }


def test_no_account_of_a_person_does_what_is_kept_from_them(instance: Instance) -> None:
    casework.install(instance)
    for found in entry_points(group="lifang.plugins"):
        if found.name != "core":
            world.enable(instance, found.name, at=world.CITY, **needed(found.name))
    instance.plugins.refresh()
    home = Community.get(Community.code == world.HOME)
    unit = world.organization(instance, "单位")
    kept = list(separated(instance))
    assert len(kept) >= 5  # those of the plugin of these tests; others are covered as they come
    for resource, verb, part in kept:
        with instance.database.transaction():
            mine, other = world.person(instance, "甲"), world.person(instance, "乙")
            holders = [account(one, unit) for one in (mine, mine, other)]
            first, second, free = (caller_for(instance, one, source="cli") for one in holders)
            deed = part in (*resource.actions, "create", "update")
            path = resource.owner if part == "owner" and isinstance(resource.owner, str) else part
            end = mine.id if deed or pointed(resource.model, path) is Person else holders[0].id
            record = row(resource.model, "" if deed else path, end, home)
            assign(resource, record, mine, unit)
            if deed:
                record_effect(first, resource, part, int(record.id))
        given, said = told_for(resource, verb, instance, home), reason(resource, verb, part)
        for one in (first, second):
            with pytest.raises(Forbidden) as refused:
                write(resource, verb, one, given, int(record.id))
            assert refused.value.sentence == said, (resource.id, verb, part)
        try:
            write(resource, verb, free, given, int(record.id))
        except LifangError as error:  # of its own rules, or because it is confidential
            assert error.sentence != said, (resource.id, verb, part)


def assign(resource: Resource[Any], record: Record, person: Person, unit: Organization) -> None:
    """Let somebody reach what is confidential or a unit's, where nothing else says who does."""
    units: Any = resource.model
    if isinstance(resource.unit, str) and resource.unit in resource.model._meta.fields:
        units.update({resource.unit: unit}).where(units.id == record.id).execute()
    if resource.confidential is not None and isinstance(resource.owner, tuple):
        model: Any = resource.model
        model.update({resource.owner[0]: person}).where(model.id == record.id).execute()


def pointed(model: Any, path: str) -> Any:
    for name in path.split("."):
        model = model._meta.fields[name].rel_model
    return model
