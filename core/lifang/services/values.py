"""Putting judged values on a record: sealing sensitive ones, keeping masks and names searchable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.gram import NameGram
from lifang.kit import masking, text
from lifang.kit.errors import Invalid
from lifang.kit.money import yuan
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.auditing import Change
from lifang.store.sensitive import Sealed


def put(
    caller: Caller, resource: Resource[Any], record: Any, values: Mapping[str, Any]
) -> list[Change]:
    """Set values on a record whose id is known; gives what changed, before and after.

    A sensitive value equal to the stored mask means unchanged; a mask anywhere else is refused
    (`decisions.md` 4).
    """
    changes: list[Change] = []
    for name, value in values.items():
        spec = resource.by_name[name]
        change = (
            _put_sensitive(caller, resource, record, spec, value)
            if spec.kind == "sensitive"
            else _put_plain(record, spec, value)
        )
        if change is not None:
            changes.append(change)
    return changes


def _put_plain(record: Any, spec: FieldSpec, value: Any) -> Change | None:
    before = record.__data__.get(spec.name)
    if before == getattr(value, "id", value):
        return None
    setattr(record, spec.name, value)
    return Change(spec.name, as_text(before, spec), as_text(value, spec))


def _put_sensitive(
    caller: Caller, resource: Resource[Any], record: Any, spec: FieldSpec, value: str | None
) -> Change | None:
    name = spec.name
    mask = getattr(record, f"{name}_mask")
    if value is not None and "*" in value:
        if value == mask:
            return None
        sentence = _("「{label}」是遮盖后的值；请填写完整的值，或保留原样", label=_(spec.label))
        raise Invalid.about(name, "masked", sentence)
    before = opened(caller, resource, record, name)
    if before == value:
        return None
    sealed = sealed_columns(caller, resource, spec, value, int(record.id))
    for column, kept in zip(columns_of(spec), sealed, strict=True):
        setattr(record, column, kept)
    return Change(name, before, value, sensitive=True)


def columns_of(spec: FieldSpec) -> tuple[str, ...]:
    """The attributes a sensitive field is kept in: ciphertext, mask, and index if it has one."""
    return (spec.name, f"{spec.name}_mask", *([f"{spec.name}_index"] if spec.searchable else []))


def sealed_columns(
    caller: Caller, resource: Resource[Any], spec: FieldSpec, value: str | None, number: int
) -> tuple[Any, ...]:
    """What is kept of a sensitive value in the record of a number, in the order of `columns_of`."""
    if value is None:
        return (None, None, None)[: 3 if spec.searchable else 2]
    keys, kind = caller.instance.keys, str(spec.secret)
    sealed = keys.seal(value, table=resource.table, column=spec.name, row=number)
    mask = masking.mask(kind, value)
    return (sealed, mask, keys.index(value, kind=kind)) if spec.searchable else (sealed, mask)


def opened(caller: Caller, resource: Resource[Any], record: Any, name: str) -> str | None:
    """The plain value of a sensitive field; only reveal and change ask for it."""
    sealed: Sealed | None = getattr(record, name)
    if sealed is None:
        return None
    return caller.instance.keys.open(sealed, table=resource.table, column=name, row=int(record.id))


def refuse_masks(specs: Iterable[FieldSpec], values: Mapping[str, Any]) -> None:
    """A new record has no stored mask, so a value with a mask's stars cannot mean unchanged."""
    for spec in specs:
        if spec.kind == "sensitive" and "*" in (values.get(spec.name) or ""):
            sentence = _("「{label}」是遮盖后的值；请填写完整的值", label=_(spec.label))
            raise Invalid.about(spec.name, "masked", sentence)


def as_text(value: Any, spec: FieldSpec | None = None) -> str | None:
    """A value as audit keeps it."""
    if spec is not None and spec.kind == "money" and value is not None:
        return yuan(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(getattr(value, "id", value))


def as_json(value: Any) -> Any:
    """A value as events carry it: records by their id, days and instants as text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return getattr(value, "id", value)


def remember_names(
    caller: Caller, resource: Resource[Any], record: Any, changes: Iterable[Change]
) -> None:
    """Take a record's names apart again where they changed, so that any part of them finds it."""
    changed = {change.field: change.before for change in changes}
    if not changed.keys() & set(resource.grammed):
        return
    now = pieces_of(getattr(record, name) for name in resource.grammed)
    before = pieces_of(changed.get(name, getattr(record, name)) for name in resource.grammed)
    if gone := before - now:
        mine = (NameGram.noun == resource.id) & (NameGram.record == int(record.id))
        NameGram.delete().where(mine, NameGram.gram.in_(sorted(gone))).execute()
    rows = [(resource.id, piece, int(record.id)) for piece in sorted(now - before)]
    caller.instance.database.insert("name_gram", ("noun", "gram", "record"), rows)


def forget_names(resource: Resource[Any], record: Any) -> None:
    """Let no part of a record's names find it any more: it is being removed."""
    pieces = sorted(pieces_of(getattr(record, name) for name in resource.grammed))
    mine = (NameGram.noun == resource.id) & (NameGram.record == int(record.id))
    NameGram.delete().where(mine, NameGram.gram.in_(pieces)).execute()


def pieces_of(names: Iterable[str | None]) -> set[str]:
    """Every piece that some names are found by."""
    return {piece for name in names if name for piece in text.grams(name)}
