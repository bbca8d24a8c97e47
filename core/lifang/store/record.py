"""What is kept: tables of the machine, and records that people work with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import peewee as pw

from lifang.kit import clock
from lifang.store.database import proxy
from lifang.store.fields import IdField, InstantField

M = TypeVar("M", bound=pw.Model)


class Table(pw.Model):
    """A table bound to the process's database, for what only the machine reads and writes."""

    class Meta:
        """Bound late: the database is known when an instance is opened."""

        database = proxy
        legacy_table_names = False


@dataclass(frozen=True)
class Unique:
    """At most one standing record with these values; removed ones do not count."""

    fields: tuple[str, ...]
    when: tuple[tuple[str, tuple[Any, ...]], ...]

    def index(self, model: type[Record]) -> pw.ModelIndex:
        """Make the partial unique index of a model."""
        standing = model.removed_at.is_null()
        for name, values in self.when:
            standing &= getattr(model, name).in_(values)
        suffix = "_".join(self.fields)
        name = f"{model._meta.table_name}_one_{suffix}"
        columns = [getattr(model, field) for field in self.fields]
        return pw.ModelIndex(model, columns, unique=True, where=standing, name=name)


def unique(*fields: str, **when: Any) -> Unique:
    """Say that a value stands once: `unique("person", state=("submitted", "accepted"))`."""
    told = [(k, tuple(v) if isinstance(v, list | tuple) else (v,)) for k, v in when.items()]
    return Unique(fields, tuple(told))


class Record(Table):
    """A row that people work with: numbered, versioned, removed softly and never reused."""

    id = IdField()
    version = pw.IntegerField(default=1, verbose_name="版本")
    created_at = InstantField(default=clock.now, verbose_name="登记时间")
    created_by = pw.BigIntegerField(null=True, verbose_name="登记人")
    updated_at = InstantField(default=clock.now, verbose_name="修改时间")
    removed_at = InstantField(null=True, verbose_name="移除时间")

    shown_once: Mapping[str, str] = MappingProxyType({})
    """What whoever writes the record is shown instead of its fields, in this one answer: a secret
    that was just made. It is kept nowhere; a rule or an action sets it on the record in hand."""

    @classmethod
    def validate_model(cls) -> None:
        """Add the partial unique indexes that `Meta.unique` names."""
        super().validate_model()
        for rule in getattr(cls._meta, "unique", ()):
            cls.add_index(rule.index(cls))


BOOKKEEPING = frozenset({"id", "version", "created_at", "created_by", "updated_at", "removed_at"})
"""Fields that the gateway alone writes."""


def ref(
    model: type[M], label: str, *, anywhere: bool = False, named: bool = False, **kw: Any
) -> pw.ForeignKeyField[M]:
    """Point at another record; the referenced row is never physically deleted.

    With `anywhere` it may be one that the writer does not see, and its name is shown to whoever
    reads the record: for what has a public name, as the place somebody moves to. With `named` only
    the latter: whose papers one keeps is known by name, also after they have moved away.
    """
    field = pw.ForeignKeyField(model, verbose_name=label, **kw)
    field.anywhere = anywhere  # type: ignore[attr-defined]  # a word of ours on peewee's field
    field.named = named or anywhere  # type: ignore[attr-defined]  # likewise
    return field


def moment(value: dt.datetime | str | None) -> str | None:
    """Tell an instant the way it is stored, for raw rows."""
    return InstantField().db_value(value) if value is not None else None
