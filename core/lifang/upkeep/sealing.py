"""The sealer: chains what was written to the audit trail and signs how far the chain has come.

Entries are written unchained, each in the transaction of its effect; chaining there would fork with
two writers or hold up every commit. One sealer follows, every second.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import orjson

from lifang.entities.audit import AuditCheckpoint, AuditEntry
from lifang.kit import clock
from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.services import chain
from lifang.services.chain import Checkpoint
from lifang.services.instance import Instance
from lifang.store.record import moment
from lifang.store.whole import whole
from lifang.upkeep.verifying import Verdict, verify

BATCH = 500
"""Entries sealed at once: some ten milliseconds of held write lock."""

SPACING = 1_000
LONGEST = dt.timedelta(hours=1)
TAIL = 4_096
SINK = "audit-checkpoints.jsonl"


@whole
def seal(instance: Instance) -> int:
    """Chain the next entries, in order, and sign a checkpoint when one is due; gives how many.

    Called again until it gives less than `BATCH`, nothing committed before stays unsealed.
    """
    with instance.database.connection():
        unsealed = AuditEntry.select(AuditEntry.id).where(AuditEntry.seq.is_null())
        if not unsealed.exists() and not _due(_head(instance)[0]):
            return 0
        with instance.database.transaction():
            seq, digest = _head(instance)
            query: Any = AuditEntry.select(*chain.COLUMNS).where(AuditEntry.seq.is_null())
            rows = instance.database.rows(query.order_by(AuditEntry.id).limit(BATCH))
            stamps: list[tuple[int, str, int]] = []
            for row in rows:
                seq, digest = seq + 1, chain.link(digest, chain.told(row), row[-1])
                stamps.append((seq, digest.hex(), row[0]))
            _stamp(instance, stamps)
            signed = _due(seq)
            if signed:
                _sign(instance, seq, digest)
        if signed:
            _copy_out(instance)
    return len(rows)


@whole
def checkpoint(instance: Instance) -> Checkpoint | None:
    """Seal everything and sign how far that is; None while there is nothing to sign."""
    while seal(instance) == BATCH:
        pass
    with instance.database.connection():
        with instance.database.transaction():
            seq, digest = _head(instance)
            last = _last()
            if seq and (last is None or last.seq < seq):
                _sign(instance, seq, digest)
                last = _last()
        _copy_out(instance)
    return None if last is None else _told(last)


def sink(instance: Instance) -> Path:
    """Where checkpoints are copied to, beside the database; further copies belong elsewhere."""
    return instance.settings.log / SINK


def _head(instance: Instance) -> tuple[int, bytes]:
    """The number and digest of the last sealed entry."""
    query = AuditEntry.select(AuditEntry.seq, AuditEntry.chain).where(~AuditEntry.seq.is_null())
    rows = instance.database.rows(query.order_by(AuditEntry.seq.desc()).limit(1))
    try:
        return (rows[0][0], bytes.fromhex(rows[0][1])) if rows else (0, chain.GENESIS)
    except (TypeError, ValueError):
        raise NotReady(_("审计链已损坏；请运行 lifang audit verify")) from None


def _stamp(instance: Instance, stamps: list[tuple[int, str, int]]) -> None:
    """Give entries their places in the chain: one prepared statement for all."""
    slot = instance.database.engine.param
    statement = f"UPDATE audit_entry SET seq = {slot}, chain = {slot} WHERE id = {slot}"  # noqa: S608 – no value is in it
    instance.database.each(statement, stamps)


def _last() -> Any:
    return AuditCheckpoint.select().order_by(AuditCheckpoint.seq.desc()).first()


def _told(row: Any) -> Checkpoint:
    return Checkpoint(row.seq, row.chain, str(moment(row.at)), row.signature)


def _due(seq: int) -> bool:
    """Whether the chain has grown enough, or what it has grown by has waited long enough."""
    last = _last()
    if last is None or seq <= last.seq:
        return last is None and seq > 0
    return bool(seq - last.seq >= SPACING or abs(clock.now() - last.at) >= LONGEST)


def _sign(instance: Instance, seq: int, digest: bytes) -> None:
    at = str(moment(clock.now()))
    signed = Checkpoint(seq, digest.hex(), at).signed(instance.keys)
    AuditCheckpoint.create(seq=seq, chain=signed.chain, at=at, signature=signed.signature)


def _copy_out(instance: Instance) -> None:
    """Append to the file what it has not got yet: a crash after the commit leaves out nothing."""
    path = sink(instance)
    end = _end_of(path)
    rows: Any = AuditCheckpoint.select().order_by(AuditCheckpoint.seq)
    fresh = [_told(row) for row in rows.where(AuditCheckpoint.seq > _last_copied(end))]
    if not fresh:
        return
    torn = b"" if not end or end.endswith(b"\n") else b"\n"
    with path.open("ab") as file:
        path.chmod(0o600)
        file.write(torn + b"".join(one.line() for one in fresh))
        file.flush()
        os.fsync(file.fileno())


def _end_of(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return file.read()


def _last_copied(end: bytes) -> int:
    """The number in the last whole line; a line that a power cut tore is written again."""
    for line in reversed(end.splitlines()):
        try:
            return int(orjson.loads(line)["seq"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0


__all__ = ["BATCH", "Checkpoint", "Verdict", "checkpoint", "seal", "sink", "verify"]
