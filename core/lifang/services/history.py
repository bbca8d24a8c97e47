"""The timeline of a record: who did what when, before and after."""

from __future__ import annotations

from typing import Any

from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.resources.resource import Resource
from lifang.services.presenting import View, shown_fields
from lifang.store.record import moment


def history(caller: Caller, resource: Resource[Any], record: int, *, most: int = 500) -> list[View]:
    """The entries of one record, newest first; the record itself must have been read before.

    Sensitive values are told as changed, never by their content; what a reader does not see of the
    record they do not see of its past either.
    """
    seen = shown_fields(caller, resource, [record]).get(record)
    done = AuditEntry.select().where(*_about(resource, record), AuditEntry.outcome == "done")
    entries = list(done.order_by(AuditEntry.id.desc()).limit(most))
    changes: dict[int, list[View]] = {}
    rows = AuditChange.select().where(AuditChange.entry.in_([entry.id for entry in entries]))
    for row in rows.order_by(AuditChange.id):
        name = row.field.removeprefix("input:")
        if seen is not None and name in resource.by_name and name not in seen:
            continue
        hidden = "***" if row.sealed else None
        before = hidden if row.before_sealed else row.before
        after = hidden if row.after_sealed else row.after
        change = {"field": row.field, "before": before, "after": after}
        changes.setdefault(row.entry_id, []).append(change)
    return [
        {
            "at": moment(entry.at),
            "occurred_at": moment(entry.occurred_at),
            "actor": entry.actor_name,
            "on_behalf_of": entry.on_behalf_of,
            "source": entry.source,
            "verb": entry.verb,
            "reason": entry.reason,
            "changes": changes.get(entry.id, []),
        }
        for entry in entries
    ]


def changed_since(resource: Resource[Any], record: int, version: int) -> list[str]:
    """The fields that were changed after a version of a record."""
    rows: Any = (
        AuditChange.select(AuditChange.field)
        .join(AuditEntry)
        .where(*_about(resource, record), AuditEntry.version > version)
        .order_by(AuditChange.id)
        .tuples()
    )
    names = dict.fromkeys(row[0] for row in rows)
    return [name for name in names if name in resource.by_name]


def _about(resource: Resource[Any], record: int) -> tuple[Any, ...]:
    entry = AuditEntry
    return entry.plugin == resource.plugin, entry.noun == resource.noun, entry.record == record
