"""How old somebody is, said as yes or no: a birth date stays where it is kept."""

from __future__ import annotations

import datetime as dt

from lifang.access.minors import birth_of, of_age
from lifang.entities.caller import Caller
from lifang.entities.person import Person


def aged(person: Person, caller: Caller, years: int, on: dt.date) -> bool | None:
    """Whether somebody has reached an age for certain on a day; None where no birth is known."""
    born = birth_of(caller, person)
    return None if born is None else on >= of_age(born, years)
