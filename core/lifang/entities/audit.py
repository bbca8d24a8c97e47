"""The audit trail: who did what to which record, sealed into a chain that shows any change."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import IdField, InstantField
from lifang.store.record import Table


class AuditEntry(Table):
    """One effect, denial or reveal; written in its transaction, chained afterwards."""

    id = IdField()
    at = InstantField()
    occurred_at = InstantField(null=True)
    actor = pw.BigIntegerField(null=True, index=True)
    actor_name = pw.CharField(max_length=120)
    on_behalf_of = pw.CharField(max_length=120, null=True)
    source = pw.CharField(max_length=10)
    plugin = pw.CharField(max_length=60)
    noun = pw.CharField(max_length=60)
    record = pw.BigIntegerField(null=True)
    community = pw.BigIntegerField(null=True)
    verb = pw.CharField(max_length=60)
    outcome = pw.CharField(max_length=10)
    reason = pw.CharField(max_length=400, null=True)
    request_id = pw.CharField(max_length=40, null=True)
    version = pw.IntegerField(null=True)
    changes = pw.CharField(max_length=64, null=True)
    mac = pw.CharField(max_length=64)
    seq = pw.BigIntegerField(null=True, unique=True)
    chain = pw.CharField(max_length=64, null=True)

    class Meta:
        """Read by record for the history tab."""

        table_name = "audit_entry"
        indexes = ((("noun", "record"), False),)


class AuditChange(Table):
    """A field before and after; erasable, for the chain holds its digest only."""

    id = IdField()
    entry = pw.ForeignKeyField(AuditEntry, index=True)
    entry_id: int
    field = pw.CharField(max_length=60)
    before = pw.TextField(null=True)
    after = pw.TextField(null=True)
    sealed = pw.BooleanField(default=False)
    before_sealed = pw.BlobField(null=True)
    after_sealed = pw.BlobField(null=True)

    class Meta:
        """One row per changed field."""

        table_name = "audit_change"


class AuditCheckpoint(Table):
    """A signed statement of how far the chain had come; copies kept elsewhere betray a cut tail."""

    id = IdField()
    seq = pw.BigIntegerField(unique=True)
    chain = pw.CharField(max_length=64)
    at = InstantField()
    signature = pw.CharField(max_length=128)

    class Meta:
        """Kept as long as the chain."""

        table_name = "audit_checkpoint"
