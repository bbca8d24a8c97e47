"""Putting judged values on a record: sealing sensitive ones, keeping masks and names searchable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.gram import NameGram
from lifang.kit import masking, text
from lifang.kit.errors import FieldError, Invalid
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
    return Change(spec.name, as_text(before), as_text(value))


def _put_sensitive(
    caller: Caller, resource: Resource[Any], record: Any, spec: FieldSpec, value: str | None
) -> Change | None:
    name, kind = spec.name, str(spec.secret)
    mask = getattr(record, f"{name}_mask")
    if value is not None and "*" in value:
        if value == mask:
            return None
        sentence = _("「{label}」是遮盖后的值；请填写完整的值，或保留原样", label=_(spec.label))
        raise Invalid(sentence, errors=[FieldError(name, "masked", sentence)])
    before = opened(caller, resource, record, name)
    if before == value:
        return None
    sealed, index = None, None
    if value is not None:
        sealed = caller.instance.keys.seal(
            value, table=resource.table, column=name, row=int(record.id)
        )
        index = caller.instance.keys.index(value, kind=kind)
    setattr(record, name, sealed)
    setattr(record, f"{name}_mask", masking.mask(kind, value) if value is not None else None)
    if spec.searchable:
        setattr(record, f"{name}_index", index)
    return Change(name, before, value, sensitive=True)


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
            raise Invalid(sentence, errors=[FieldError(spec.name, "masked", sentence)])


def as_text(value: Any) -> str | None:
    """A value as audit keeps it."""
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
    caller: Caller,
    resource: Resource[Any],
    record: Any,
    changed: Iterable[str],
    *,
    fresh: bool = False,
) -> None:
    """Take a record's names apart again when one changed, so that any part of them finds it."""
    if not set(resource.grammed) & set(changed):
        return
    number = int(record.id)
    if not fresh:
        NameGram.delete().where(NameGram.noun == resource.id, NameGram.record == number).execute()
    pieces: set[str] = set()
    for name in resource.grammed:
        if said := getattr(record, name):
            pieces |= text.grams(said)
    rows = [(resource.id, piece, number) for piece in sorted(pieces)]
    caller.instance.database.insert("name_gram", ("noun", "gram", "record"), rows)
