"""Numbers that are reported upwards: what is counted, over what, and how it is told.

Figures are read from the records each time they are asked for: an event that is told twice, late or
from the start again changes none of them, and a corrected record corrects them all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Generic, TypeVar

import peewee as pw

from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.plugins.setting import Setting
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services.query import read_filters

T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}\.[a-z][a-z0-9_]{1,59}")
BETTER = (None, "higher", "lower")
RULED = ("per", "note", "least", "goal", "asks")
"""What of an indicator a local rule may decide."""
Amount = int | Fraction


class Measure:
    """What is counted of a resource: its records, a sum over them, or how many different ones.

    `lf.Measure(records, state="locked")` counts the records that the filters leave, which are those
    of a list: `field=value`, a list meaning or, `field__gte`, `__lte`, `__isnull`, `__not`.
    `total` names a number field to add up instead, `distinct` a field whose different values count.

    A measure is a flow: what happened within a period, by the day field or instant that `dated`
    names, else as the resource is `dated`, else by the day of registration. With `standing=(since,
    until)`, two fields, it is a stock: what stood on the last day of the period, from the day of
    the one (None: of registration) to that of the other, which does not count (None: to this day).
    With `at`, another stock, a record lies where that of its organization lies, while both stand:
    of whom a unit employs as many are counted where the unit reports, wherever they live.
    Filters look at records as they are now. Raises TypeError for fields the resource lacks, and for
    a total of floating point numbers. Measures of the same `key` count the same.
    """

    def __init__(
        self,
        resource: Resource[Any],
        /,
        *,
        total: str | None = None,
        distinct: str | None = None,
        dated: str | None = None,
        standing: tuple[str | None, str | None] | None = None,
        at: Measure | None = None,
        **filters: Any,
    ) -> None:
        """Keep what is counted; how is worked out when it is asked for."""
        self.resource, self.at = resource, at
        self.total, self.distinct = total, distinct
        self.dated, self.standing = dated, standing
        self.filters = read_filters(filters.items())
        if (total and distinct) or (dated and standing):
            raise TypeError("a measure has a total or distinct values, is dated or standing")
        known = resource.model._meta.fields
        named = {total, distinct, dated, *(standing or ()), *(one[0] for one in self.filters)}
        if unknown := sorted(named - {None, *known, *resource.by_name}):
            raise TypeError(f"a measure of {resource.noun}: it has no {unknown}")
        if resource.scope is None:
            raise TypeError(f"a measure of {resource.noun}: it lies in no community")
        if isinstance(known.get(total or ""), pw.FloatField):
            raise TypeError(f"a measure of {resource.noun}: {total} does not add up exactly")
        sides = (self, at) if at else ()
        if any(not isinstance(one.resource.unit, str) or not one.standing for one in sides):
            raise TypeError(
                f"a measure of {resource.noun}: at is a stock of units, as it is itself"
            )
        if at and (at.at or at.filters):
            raise TypeError(f"a measure of {resource.noun}: at has no filters, and lies by itself")
        told = (resource.id, total, distinct, dated, standing, self.filters)
        self.key: str = repr((*told, at and at.key))

    @property
    def placed(self) -> Resource[Any]:
        """Whose records say where what is counted lies."""
        return (self.at or self).resource

    @property
    def of_units(self) -> bool:
        """Whether each record says to which organization it belongs."""
        return isinstance(self.resource.unit, str | Linked)

    @property
    def whose(self) -> str:
        """The field that says whose a record is: the different people behind a figure count."""
        owner = self.resource.owner
        field = self.resource.model._meta.fields.get(owner) if isinstance(owner, str) else None
        if isinstance(field, pw.ForeignKeyField) and field.rel_model is Person:
            return str(owner)
        return "id"


@dataclass(frozen=True)
class Choice(Generic[T]):
    """What a local rule decides: one thing for each value that a setting may have.

    Raises TypeError where a value is left out, or where the setting might have none.
    """

    setting: Setting[Any]
    options: Mapping[Any, T]

    def __post_init__(self) -> None:
        """Refuse a choice that leaves something open."""
        known: set[Any] = set(self.setting.choices)
        if self.setting.kind is bool:
            known = {True, False}
        if not known or known != set(self.options) or self.setting.required:
            wanted = "a setting of few words with a default, and something for each of them"
            raise TypeError(f"a choice by {self.setting.name}: {wanted}")

    def __call__(self, place: Community, on: dt.date) -> T:
        """What holds at a place on a day."""
        return self.options[self.setting(place, on=on)]


@dataclass(frozen=True)
class Indicator:
    """A number that a plugin reports: a measure, or one per another.

    `name` is `<plugin>.<indicator>`. The value is `of × times ÷ over`, divided by `per` where there
    is one: `over=60` turns minutes into hours, `times=100` with the unit `%` makes a share. It is
    told with `digits` after the point, half up; without anything to divide by there is no value,
    which is never 0. `better` is "higher" or "lower" where one of them is good. `least` is how many
    people (or where records are nobody's, records) must stand behind a figure: with fewer it is
    withheld, and then one more beside it, so that the total does not tell it. It is a number or an
    `lf.Setting` of one. `goal` is the value to be reached, in the unit of the indicator, or a
    setting of it, of which 0 asks nothing where higher is better. `asks` is a setting of how much
    is asked of those who are counted: where that is 0, there is no value. `note` says in a sentence
    what is counted and what is not.

    Where a local rule decides over what is divided, `per` and `note` are each an
    `lf.Indicator.choice(setting, {value: …})`: the rule of the place that is asked for, on the
    period's last day (today, while it runs), holds for the whole table and is told under it.
    """

    name: str
    label: str
    of: Measure
    per: Measure | Choice[Measure] | None = None
    unit: str = ""
    times: int = 1
    over: int = 1
    digits: int = 1
    better: str | None = None
    least: int | Setting[int] = 0
    note: str | Choice[str] = ""
    goal: float | Setting[int] | None = None
    asks: int | Setting[int] | None = None

    choice = Choice

    def __post_init__(self) -> None:
        """Refuse what cannot be told; ValueError says what."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"indicator {self.name!r}: <plugin>.<name> in small letters")
        if self.better not in BETTER or self.times < 1 or self.over < 1 or self.digits < 0:
            raise ValueError(f"indicator {self.name}: better is higher or lower, factors from 1 on")

    @property
    def choices(self) -> list[Choice[Any]]:
        """What local rules decide of it."""
        return [one for one in (self.per, self.note) if isinstance(one, Choice)]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is counted for it, under any rule."""
        per = self.per.options.values() if isinstance(self.per, Choice) else (self.per,)
        return (self.of, *(one for one in per if one is not None))

    @property
    def notes(self) -> tuple[str, ...]:
        """What it says of itself, under any rule."""
        told = self.note.options.values() if isinstance(self.note, Choice) else (self.note,)
        return tuple(one for one in told if one)

    @property
    def plugin(self) -> str:
        """Whose it is."""
        return self.name.partition(".")[0]

    def at(self, place: Community, on: dt.date) -> Indicator:
        """The indicator as the rules of a place make it on a day."""
        ruled: dict[str, Any] = {name: getattr(self, name) for name in RULED}
        told = {name: one(place, on) for name, one in ruled.items() if callable(one)}
        if self.better == "higher" and told.get("goal") == 0:
            told["goal"] = None
        return replace(self, **told)

    def exact(self, numerator: Amount, denominator: Amount | None) -> Fraction | None:
        """What a numerator comes to over a denominator; None where there is none to divide by."""
        told = Fraction(numerator) * self.times / self.over
        if self.per is None or self.asks == 0:
            return None if self.asks == 0 else told
        return told / Fraction(denominator) if denominator else None

    def rounded(self, amount: Amount) -> float:
        """An amount with as many digits as are told, half up."""
        step: int = 10**self.digits
        scaled = int(abs(Fraction(amount)) * step + Fraction(1, 2)) * (1 if amount >= 0 else -1)
        return scaled / step if self.digits else scaled
