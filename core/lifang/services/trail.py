"""The audit trail as auditors read it: every effect, denial and reveal, newest first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.kit.errors import Forbidden
from lifang.kit.shapes import shaped
from lifang.kit.words import _

MOST = 200


@dataclass(frozen=True)
class Seen:
    """One entry: who did what to what, through what, how it ended, and its place in the chain."""

    id: int
    at: dt.datetime
    actor: str
    on_behalf_of: str | None
    source: str
    plugin: str
    noun: str
    record: int | None
    verb: str
    outcome: str
    reason: str | None
    request_id: str | None
    sealed: bool


def may_audit(caller: Caller) -> bool:
    """Whether the caller reads the audit trail: auditors of the whole instance do."""
    return any(one.role == "auditor" and one.everywhere for one in caller.standings)


def entries(
    caller: Caller,
    *,
    before: int | None = None,
    outcome: str | None = None,
    actor: str | None = None,
    limit: int = 50,
) -> list[Seen]:
    """Some entries, the newest first, perhaps only those older than one; Forbidden for others."""
    if not may_audit(caller):
        raise Forbidden(_("只有审计员可以查看审计记录"))
    told: list[Any] = [AuditEntry.id > 0]
    if before is not None:
        told.append(AuditEntry.id < before)
    if outcome is not None:
        told.append(AuditEntry.outcome == outcome)
    if actor is not None:
        told.append(AuditEntry.actor_name == actor)
    query = AuditEntry.select().where(*told).order_by(AuditEntry.id.desc())
    return [
        shaped(Seen, row, actor=row.actor_name, sealed=row.seq is not None)
        for row in query.limit(min(limit, MOST))
    ]
