"""Writing the audit trail: an entry lies in the same transaction as its effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.kit import json, text
from lifang.kit.errors import Invalid, LifangError
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.store.keys import KeyRing
from lifang.store.record import moment

CHAINED = [
    "id",
    "at",
    "occurred_at",
    "actor",
    "actor_name",
    "on_behalf_of",
    "source",
    "plugin",
    "noun",
    "record",
    "community",
    "verb",
    "outcome",
    "reason",
    "request_id",
    "version",
    "changes",
]
"""What an entry's digest covers, in this order; never changed, only appended to."""


LONGEST_REASON = 400


@dataclass(frozen=True)
class Change:
    """One field before and after, as text; sensitive values are sealed before they are kept."""

    field: str
    before: str | None
    after: str | None
    sensitive: bool = False


def stated(name: str, said: str, missing: str) -> str:
    """Why something is done, as it is kept whole; raises Invalid on the field, `missing` if blank.

    What nobody can see has no place in a reason either: others judge by it.
    """
    sentence, clean = missing, said.strip()
    try:
        clean = text.clean_paragraph(clean)
        if 0 < len(clean) <= LONGEST_REASON:
            return clean
        if clean:
            sentence = _("「{label}」最多 {n} 个字", label=_("原因"), n=LONGEST_REASON)
    except text.Refused as error:
        sentence = error.sentence
    raise Invalid.about(name, "invalid" if clean else "required", sentence)


def record_effect(
    caller: Caller, resource: Resource[Any], verb: str, record: int | None, **told: Unpack[Told]
) -> None:
    """Write one entry about a record, with its changes, inside the running transaction.

    Why something was done to what is confidential stands among the changes, where only those read
    it who read the record; auditors read why it was uncovered.
    """
    if resource.confidential is not None and verb not in ("uncover", "anonymise"):
        told["reason"] = None
    _collect(caller, resource.plugin, resource.noun, verb, record, told)


def record_note(caller: Caller, noun: str, verb: str, **told: Unpack[Told]) -> None:
    """Write one entry about the instance itself: plugins, keys, tokens, sign-ins."""
    _collect(caller, "core", noun, verb, None, told)


class Told(TypedDict, total=False):
    """What else an entry tells: `outcome` is done or denied, `version` the one that resulted."""

    changes: Iterable[Change]
    community: int | None
    reason: str | None
    occurred_at: dt.datetime | None
    version: int | None
    outcome: str


@dataclass(frozen=True)
class Pending:
    """An entry on its way into the trail, without its number yet."""

    caller: Caller
    entry: dict[str, Any]
    changes: tuple[Change, ...]


def _collect(
    caller: Caller, plugin: str, noun: str, verb: str, record: int | None, more: Told
) -> None:
    told = tuple(more.get("changes", ()))
    reason = more.get("reason")
    keys = caller.instance.keys
    entry = {  # in the order of CHAINED
        "at": caller.instance.database.unit.at,
        "occurred_at": moment(more.get("occurred_at")),
        "actor": caller.account,
        "actor_name": caller.name,
        "on_behalf_of": caller.on_behalf_of,
        "source": caller.source,
        "plugin": plugin,
        "noun": noun,
        "record": record,
        "community": more.get("community"),
        "verb": verb,
        "outcome": more.get("outcome", "done"),
        "reason": reason[:LONGEST_REASON] if reason else None,
        "request_id": caller.request_id,
        "version": more.get("version"),
        "changes": digest_of(keys, [(c.field, c.before, c.after) for c in told]) if told else None,
    }
    caller.instance.database.unit.collect("audit", Pending(caller, entry, told), _flush)


def _flush(entries: list[Pending]) -> None:
    """Write the transaction's entries just before its COMMIT, in the order they happened."""
    database, keys = entries[0].caller.instance.database, entries[0].caller.instance.keys
    rows, changes = [], []
    for number, one in zip(database.allocate(AuditEntry, len(entries)), entries, strict=True):
        entry = [number, *one.entry.values()]
        rows.append((*entry, keys.digest("audit", encoded(entry))))
        changes += [(number, change) for change in one.changes]
    database.insert("audit_entry", (*CHAINED, "mac"), rows)
    numbers = database.allocate(AuditChange, len(changes)) if changes else ()
    database.insert(
        "audit_change",
        ("id", "entry_id", "field", "before", "after", "sealed", "before_sealed", "after_sealed"),
        [_row(keys, n, entry, change) for n, (entry, change) in zip(numbers, changes, strict=True)],
    )


def _row(keys: KeyRing, number: int, entry: int, change: Change) -> tuple[Any, ...]:
    """One change as it is kept: sensitive values are sealed for their own cell."""
    if not change.sensitive:
        return number, entry, change.field, change.before, change.after, False, None, None
    before, after = (
        None
        if value is None
        else keys.seal(value, table="audit_change", column=column, row=number).blob
        for column, value in (("before", change.before), ("after", change.after))
    )
    return number, entry, change.field, None, None, True, before, after


def record_denial(
    caller: Caller, resource: Resource[Any], verb: str, record: int | None, error: LifangError
) -> None:
    """Write a refusal in a transaction of its own: the refused one was rolled back."""
    with caller.instance.database.transaction():
        record_effect(caller, resource, verb, record, reason=error.sentence, outcome="denied")


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The bytes an entry's digest is taken over: the same today and in ten years."""
    return encoded([entry[name] for name in CHAINED])


def encoded(values: Sequence[Any]) -> bytes:
    """Numbers and text as compact JSON in UTF-8, of which there is one form only."""
    return json.dumps(values)


def digest_of(keys: KeyRing, changes: Iterable[tuple[str, str | None, str | None]]) -> str:
    """Keyed digest of the changed fields: erasing them later does not break the chain."""
    return keys.digest("audit", encoded([list(change) for change in changes]))
