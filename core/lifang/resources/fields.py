"""One truth per field: what every interface needs to know, read off the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.entities.community import Community
from lifang.store.fields import DayField, InstantField, Money, PartialDateField, State
from lifang.store.record import BOOKKEEPING, Record
from lifang.store.sensitive import Sensitive

Check = Callable[[str], str]
"""Normalises a text or raises ValueError with a sentence in the user's language."""


@dataclass(frozen=True)
class FieldSpec:
    """A field as people and programs meet it.

    `kind` is one of text, paragraph, integer, number, money, boolean, day, instant, partial_date,
    choice, state, community, reference, sensitive. `virtual` fields are shown over a link, without
    a column; `locked` ones are moved by actions only. `passing` inputs are kept nowhere. `anywhere`
    ones may point beyond what the caller reads; `named` ones are named to all who read the record.
    """

    name: str
    label: str
    kind: str
    required: bool = False
    null: bool = True
    locked: bool = False
    virtual: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None
    help: str | None = None
    secret: str | None = None
    target: type[Record] | None = None
    default: Any = None
    check: Check | None = None
    passing: bool = False
    anywhere: bool = False
    named: bool = False

    @property
    def sortable(self) -> bool:
        """Whether lists can be sorted by it: a plain column that is never empty."""
        plain = self.kind not in {"sensitive", "reference", "community", "paragraph"}
        return plain and not self.virtual and not self.null

    @property
    def filterable(self) -> bool:
        """Whether lists can be filtered by it; sensitive values only by exact search."""
        return self.kind not in {"sensitive", "paragraph"}

    @property
    def searchable(self) -> bool:
        """Whether a sensitive value can be looked up exactly."""
        return self.secret in {"citizen_id", "phone"}


_PLAIN: tuple[tuple[type[pw.Field[Any]], str], ...] = (
    (Money, "money"),
    (State, "state"),
    (Sensitive, "sensitive"),
    (PartialDateField, "partial_date"),
    (InstantField, "instant"),
    (DayField, "day"),
    (pw.DateField, "day"),
    (pw.BooleanField, "boolean"),
    (pw.IntegerField, "integer"),
    (pw.FloatField, "number"),
    (pw.DecimalField, "number"),
    (pw.TextField, "paragraph"),
    (pw.CharField, "text"),
)


def read_fields(
    model: type[Record], *, hidden: frozenset[str], locked: frozenset[str], checks: dict[str, Check]
) -> tuple[FieldSpec, ...]:
    """Read a model's fields in the order they were declared, leaving out bookkeeping."""
    meta = model._meta
    companions = {
        f"{field.name}_{part}"
        for field in meta.sorted_fields
        if isinstance(field, Sensitive)
        for part in ("mask", "index")
    }
    skipped = BOOKKEEPING | companions | hidden
    return tuple(
        read_field(field, locked=field.name in locked, check=checks.get(field.name))
        for field in meta.sorted_fields
        if field.name not in skipped
    )


def read_field(field: Any, *, locked: bool, check: Check | None) -> FieldSpec:
    """Read one peewee field; raises TypeError for a kind no interface could show."""
    if isinstance(field, pw.ForeignKeyField):
        target = field.rel_model
        kind = "community" if target is Community else "reference"
    else:
        target = None
        kind = next((kind for cls, kind in _PLAIN if isinstance(field, cls)), "")
    if not kind:
        raise TypeError(f"{field.model.__name__}.{field.name}: no interface for {field!r}")
    choices = tuple((str(value), str(label)) for value, label in field.choices or ())
    if kind == "text" and choices:
        kind = "choice"
    return FieldSpec(
        name=field.name,
        label=field.verbose_name or field.name,
        kind=kind,
        required=not field.null and field.default is None and not locked,
        null=bool(field.null),
        locked=locked or kind == "state",
        choices=choices,
        max_length=getattr(field, "max_length", None) if kind in ("text", "paragraph") else None,
        help=field.help_text,
        secret=field.kind if isinstance(field, Sensitive) else None,
        target=target,
        default=None if callable(field.default) else field.default,
        check=check,
        anywhere=getattr(field, "anywhere", False),
        named=getattr(field, "named", False),
    )
