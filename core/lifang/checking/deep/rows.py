"""Rows of any table, made up: so that something is there to be shown, exported and erased."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import peewee as pw

from lifang.checking.deep.subject import Subject
from lifang.entities.account import Account
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.store.fields import DayField, InstantField, PartialDateField, State
from lifang.store.record import BOOKKEEPING
from lifang.store.sensitive import Sealed, Sensitive

CANARY = "金丝雀"
"""Stands in every text that was made up, so that it can be searched for afterwards."""

_numbers = itertools.count(1)


def row_of(subject: Subject, model: type[Any]) -> Any:
    """A row of a model, made once: past the gateway, for nothing is known of its rules."""
    if model not in subject.made:
        subject.made[model] = None  # what refers to itself in a circle is left empty
        subject.made[model] = _made(subject, model)
    return subject.made[model]


def _made(subject: Subject, model: type[Any]) -> Any:
    if model is Person:
        return subject.person()
    if model is Organization:
        return subject.organization()
    if model is Community:
        return Community.get(Community.code == subject.home)
    if model is Account:
        return Account.create(name=f"check{next(_numbers)}", must_change=False)
    values = {}
    for field in model._meta.sorted_fields:
        if field.name not in BOOKKEEPING and not isinstance(field, pw.AutoField):
            values[field.name] = _value(subject, field)
    with subject.instance.database.transaction():
        return model.create(**{name: told for name, told in values.items() if told is not None})


def _value(subject: Subject, field: Any) -> Any:
    if isinstance(field, pw.ForeignKeyField):
        return row_of(subject, field.rel_model)
    if isinstance(field, State) or field.choices:
        return field.choices[0][0] if field.choices else field.default
    if isinstance(field, Sensitive):
        return Sealed(f"{CANARY}{field.name}".encode())
    if isinstance(field, pw.CharField | pw.TextField):
        return f"{CANARY}{field.name}{next(_numbers)}"[: getattr(field, "max_length", None) or 200]
    if field.default is not None:
        return None  # its own default
    return _plain(field)


def _plain(field: Any) -> Any:
    now = clock.now()
    kinds: list[tuple[tuple[type[Any], ...], Any]] = [
        ((InstantField, pw.DateTimeField), now - dt.timedelta(hours=next(_numbers))),
        ((PartialDateField,), "1980"),
        ((DayField, pw.DateField), clock.today()),
        ((pw.BooleanField,), False),
        ((pw.IntegerField, pw.BigIntegerField), next(_numbers)),
        ((pw.FloatField, pw.DecimalField), 1.0),
        ((pw.BlobField,), b"\0"),
    ]
    return next((value for kinds_, value in kinds if isinstance(field, kinds_)), None)


def filled(subject: Subject) -> dict[type[Any], str]:
    """Make a row of every table of the plugin; gives those that refused, with what they said."""
    refused: dict[type[Any], str] = {}
    for model in subject.models:
        try:
            row_of(subject, model)
        except (pw.PeeweeException, TypeError, ValueError) as error:
            subject.made.pop(model, None)
            refused[model] = str(error)
    return refused
