"""How a record is reached from the community tree, a person or an organization.

Each of these is said once in a declaration and becomes a condition of every query: permission is
never asked row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import peewee as pw

from lifang.store.record import Record


@dataclass(frozen=True)
class Linked:
    """Reached over the current rows of a linking record: `Affiliation`, `Membership`.

    `here` names its reference to this record and `there` the one to a community, person or
    organization. With `shown_as`, the link marked by `writes` is a field of this record: asked for
    on create, shown in answers, and changed by actions only; `elsewhere` is what the link of
    something known elsewhere says instead. `partial` names the fields that links
    of other kinds let a reader see: `{"serves": ("name", "kind", "uscc")}`; kinds in `whole` show
    every field, and sensitive ones need one of these.
    """

    model: type[Record]
    here: str
    there: str
    shown_as: str | None = None
    label: str = "社区"
    writes: dict[str, Any] = field(default_factory=dict)
    elsewhere: dict[str, Any] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    partial: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Via:
    """Reached wherever the record it points at is reached."""

    reference: str


@dataclass(frozen=True)
class Itself:
    """A community is reached by its own place in the tree."""


def pointed_at(model: Any, path: str) -> type[Record] | None:
    """What a reference leads to, also over others: `shift.organiser`; None for what is none."""
    for name in path.split("."):
        one = model._meta.fields.get(name) if model is not None else None
        model = one.rel_model if isinstance(one, pw.ForeignKeyField) else None
    found: type[Record] | None = model
    return found


Scope = str | Linked | Via | Itself | None
Condition = Callable[[Any, tuple[int, ...]], Any]
Belonging = str | Linked | Via | tuple[str, ...] | Condition | None
"""To whom a record belongs: fields, a link, or a condition on the model made for some ids."""
