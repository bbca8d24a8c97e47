"""Children under 14: kept from residents and out of every search, judged by the day that it is."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.identifiers import citizen_id_birth_date
from lifang.resources.resource import Resource

AGE = 14
"""Whoever is younger is spoken for by a guardian (个人信息保护法 第三十一条)."""


def is_minor(caller: Caller, person: Any, on: dt.date, age: int = AGE) -> bool:
    """Whether somebody is, or could be, under an age on a day; nobody is whose birth is unknown."""
    born = birth_of(caller, person)
    return born is not None and on < of_age(born, age)


def of_age(born: str, age: int = AGE) -> dt.date:
    """The day on which somebody has an age for certain: of what is partly known, the last possible.

    Whoever was born on 29 February is so on 1 March.
    """
    year, month, day = ([int(part) for part in born.split("-")] + [0, 0])[:3]
    month = month or 12
    day = day or monthrange(year, month)[1]
    if (month, day) == (2, 29):
        month, day = 3, 1
    return dt.date(year + age, month, day)


def children(caller: Caller, resource: Resource[Any]) -> tuple[int, ...]:
    """The people under 14 today who own a record of a resource, by their numbers.

    The mask of a birth date tells the year, so only those who can be are opened.
    """
    today, owner = clock.today(), getattr(resource.model, str(resource.owner))
    mask: Any = Person.birth_date_mask  # type: ignore[attr-defined]  # Sensitive adds it
    untold = mask.is_null() & ~Person.citizen_id.is_null()
    young = (mask >= f"{today.year - AGE:04}") | untold
    rows: Any = Person.select(Person.id, Person.birth_date, Person.citizen_id)
    mine = rows.where(young, Person.id.in_(resource.model.select(owner))).order_by(Person.id)
    return tuple(int(one.id) for one in mine if is_minor(caller, one, today))


def left_out(caller: Caller, resource: Resource[Any]) -> Any:
    """The condition that an owner is no child; True where there is none."""
    young = children(caller, resource)
    return getattr(resource.model, str(resource.owner)).not_in(young) if young else True


def birth_of(caller: Caller, person: Any) -> str | None:
    """A birth date, or the one that a citizen id tells."""
    for name in ("birth_date", "citizen_id"):
        sealed = getattr(person, name)
        if sealed is not None:
            number = int(person.id)
            value = caller.instance.keys.open(sealed, table="core_person", column=name, row=number)
            return value if name == "birth_date" else citizen_id_birth_date(value).isoformat()
    return None
