"""The core's tables as of its first release."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.sensitive import Sensitive


def up(migrator: Any, db: Any) -> None:
    """Make every table of the core."""

    class Person(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        name = pw.CharField(max_length=120)
        sex = pw.CharField(max_length=12, default="unknown")
        status = pw.CharField(max_length=12, default="permanent")
        birth_date = Sensitive(null=True)
        citizen_id = Sensitive(null=True)
        phone = Sensitive(null=True)
        address = Sensitive(null=True)
        birth_date_mask = pw.CharField(null=True, max_length=120)
        citizen_id_mask = pw.CharField(null=True, max_length=120)
        citizen_id_index = pw.CharField(index=True, null=True, max_length=64)
        phone_mask = pw.CharField(null=True, max_length=120)
        phone_index = pw.CharField(index=True, null=True, max_length=64)
        address_mask = pw.CharField(null=True, max_length=120)

        class Meta:
            database = db
            table_name = "core_person"

    db.create_tables([Person])

    class Account(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        name = pw.CharField(max_length=60)
        person = pw.ForeignKeyField(Person, null=True)
        home_code = pw.CharField(null=True, max_length=40)
        password = pw.CharField(null=True, max_length=200)
        must_change = pw.BooleanField(default=True)
        disabled = pw.BooleanField(default=False)
        failures = pw.IntegerField(default=0)
        locked_until = InstantField(null=True)
        system_user = pw.IntegerField(null=True)

        class Meta:
            database = db
            table_name = "core_account"

    db.create_tables([Account])

    class Community(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        code = pw.CharField(index=True, max_length=40)
        name = pw.CharField(max_length=120)
        short_name = pw.CharField(null=True, max_length=60)
        kind = pw.CharField(max_length=20)
        parent = pw.ForeignKeyField("self", null=True)
        code_system = pw.CharField(max_length=10, default="stats")
        class_code = pw.CharField(null=True, max_length=3)
        path = pw.CharField(index=True, max_length=120, default="")
        valid_from = DayField(null=True)
        valid_to = DayField(null=True)

        class Meta:
            database = db
            table_name = "core_community"

    db.create_tables([Community])

    class Activation(pw.Model):
        id = IdField()
        plugin = pw.CharField(max_length=40)
        community = pw.ForeignKeyField(Community)
        on = pw.BooleanField()
        changed_at = InstantField()

        class Meta:
            database = db
            table_name = "core_activation"
            indexes = ((("plugin", "community"), True),)

    db.create_tables([Activation])

    class Organization(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        name = pw.CharField(max_length=200)
        kind = pw.CharField(max_length=30)
        uscc = pw.CharField(null=True, max_length=18)
        no_uscc_reason = pw.CharField(null=True, max_length=120)
        parent = pw.ForeignKeyField("self", null=True)
        founded_on = DayField(null=True)
        closed_on = DayField(null=True)

        class Meta:
            database = db
            table_name = "core_organization"

    db.create_tables([Organization])

    class Affiliation(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        person = pw.ForeignKeyField(Person, null=True)
        organization = pw.ForeignKeyField(Organization, null=True)
        community = pw.ForeignKeyField(Community)
        kind = pw.CharField(max_length=10)
        from_date = DayField(null=True)
        to_date = DayField(null=True)
        primary = pw.BooleanField(default=False)

        class Meta:
            database = db
            table_name = "core_affiliation"
            indexes = ((("person", "community"), False), (("organization", "community"), False))

    db.create_tables([Affiliation])

    class AuditEntry(pw.Model):
        id = IdField()
        at = InstantField()
        occurred_at = InstantField(null=True)
        actor = pw.BigIntegerField(index=True, null=True)
        actor_name = pw.CharField(max_length=120)
        on_behalf_of = pw.CharField(null=True, max_length=120)
        source = pw.CharField(max_length=10)
        plugin = pw.CharField(max_length=60)
        noun = pw.CharField(max_length=60)
        record = pw.BigIntegerField(null=True)
        community = pw.BigIntegerField(null=True)
        verb = pw.CharField(max_length=60)
        outcome = pw.CharField(max_length=10)
        reason = pw.CharField(null=True, max_length=400)
        request_id = pw.CharField(null=True, max_length=40)
        version = pw.IntegerField(null=True)
        changes = pw.CharField(null=True, max_length=64)
        mac = pw.CharField(max_length=64)
        seq = pw.BigIntegerField(unique=True, null=True)
        chain = pw.CharField(null=True, max_length=64)

        class Meta:
            database = db
            table_name = "audit_entry"
            indexes = ((("noun", "record"), False),)

    db.create_tables([AuditEntry])

    class AuditChange(pw.Model):
        id = IdField()
        entry = pw.ForeignKeyField(AuditEntry)
        field = pw.CharField(max_length=60)
        before = pw.TextField(null=True)
        after = pw.TextField(null=True)
        sealed = pw.BooleanField(default=False)
        before_sealed = pw.BlobField(null=True)
        after_sealed = pw.BlobField(null=True)

        class Meta:
            database = db
            table_name = "audit_change"

    db.create_tables([AuditChange])

    class AuditCheckpoint(pw.Model):
        id = IdField()
        seq = pw.BigIntegerField(unique=True)
        chain = pw.CharField(max_length=64)
        at = InstantField()
        signature = pw.CharField(max_length=128)

        class Meta:
            database = db
            table_name = "audit_checkpoint"

    db.create_tables([AuditCheckpoint])

    class Catchup(pw.Model):
        id = IdField()
        sub = pw.CharField(index=True, max_length=120)
        community = pw.BigIntegerField()
        from_pos = pw.BigIntegerField()
        to_pos = pw.BigIntegerField(null=True)
        pos = pw.BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "catchup"

    db.create_tables([Catchup])

    class CommunityEdge(pw.Model):
        id = IdField()
        child = pw.ForeignKeyField(Community)
        parent = pw.ForeignKeyField(Community, null=True)
        from_date = DayField(null=True)
        to_date = DayField(null=True)

        class Meta:
            database = db
            table_name = "core_community_edge"

    db.create_tables([CommunityEdge])

    class CommunitySuccessor(pw.Model):
        id = IdField()
        old = pw.ForeignKeyField(Community)
        new = pw.ForeignKeyField(Community)
        date = DayField()
        share = pw.FloatField(default=1.0)

        class Meta:
            database = db
            table_name = "core_community_successor"

    db.create_tables([CommunitySuccessor])

    class Epoch(pw.Model):
        id = pw.IntegerField(primary_key=True)
        value = pw.BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "core_epoch"

    db.create_tables([Epoch])

    class Erasable(pw.Model):
        subject = pw.CharField(max_length=120)
        key = pw.CharField(max_length=120)
        value = pw.TextField()

        class Meta:
            database = db
            table_name = "erasable"
            primary_key = pw.CompositeKey("subject", "key")

    db.create_tables([Erasable])

    class EventRow(pw.Model):
        pos = IdField()
        type = pw.CharField(index=True, max_length=120)
        ver = pw.IntegerField(default=1)
        agg = pw.CharField(max_length=120)
        seq = pw.IntegerField()
        actor = pw.CharField(null=True, max_length=120)
        corr = pw.CharField(null=True, max_length=40)
        cause = pw.BigIntegerField(null=True)
        trace = pw.CharField(null=True, max_length=60)
        at = InstantField()
        data = pw.TextField()

        class Meta:
            database = db
            table_name = "event"
            indexes = ((("agg", "seq"), True),)

    db.create_tables([EventRow])

    class EventScope(pw.Model):
        pos = pw.BigIntegerField()
        community_id = pw.BigIntegerField()

        class Meta:
            database = db
            table_name = "event_scope"
            primary_key = pw.CompositeKey("pos", "community_id")
            indexes = ((("community_id", "pos"), False),)

    db.create_tables([EventScope])

    class Grant(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        account = pw.ForeignKeyField(Account)
        role = pw.CharField(max_length=40)
        community = pw.ForeignKeyField(Community, null=True)
        organization = pw.ForeignKeyField(Organization, null=True)
        until = DayField(null=True)

        class Meta:
            database = db
            table_name = "core_grant"

    db.create_tables([Grant])

    class Idempotency(pw.Model):
        id = IdField()
        account = pw.ForeignKeyField(Account)
        key = pw.CharField(max_length=120)
        route = pw.CharField(max_length=200)
        body = pw.CharField(max_length=64)
        status = pw.IntegerField()
        record = pw.BigIntegerField(null=True)
        at = InstantField()

        class Meta:
            database = db
            table_name = "core_idempotency"
            indexes = ((("account", "key"), True),)

    db.create_tables([Idempotency])

    class Inbox(pw.Model):
        sub = pw.CharField(max_length=120)
        source = pw.CharField(max_length=120)
        id = pw.CharField(max_length=120)
        at = InstantField()

        class Meta:
            database = db
            table_name = "inbox"
            primary_key = pw.CompositeKey("sub", "source", "id")

    db.create_tables([Inbox])

    class Key(pw.Model):
        id = IdField()
        purpose = pw.CharField(index=True, max_length=20)
        wrapped = pw.BlobField()
        created_at = InstantField()
        retired_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "core_key"

    db.create_tables([Key])

    class Membership(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        person = pw.ForeignKeyField(Person, null=True)
        member_organization = pw.ForeignKeyField(Organization, null=True)
        organization = pw.ForeignKeyField(Organization)
        role = pw.CharField(null=True, max_length=60)
        post = pw.CharField(null=True, max_length=60)
        on_behalf_of = pw.ForeignKeyField(Organization, null=True)
        from_date = DayField(null=True)
        to_date = DayField(null=True)
        end_reason = pw.CharField(null=True, max_length=120)

        class Meta:
            database = db
            table_name = "core_membership"

    db.create_tables([Membership])

    class NameGram(pw.Model):
        noun = pw.CharField(max_length=60)
        gram = pw.CharField(max_length=3)
        record = pw.BigIntegerField()

        class Meta:
            database = db
            table_name = "name_gram"
            primary_key = pw.CompositeKey("noun", "gram", "record")
            indexes = ((("noun", "record"), False),)

    db.create_tables([NameGram])

    class PluginRow(pw.Model):
        name = pw.CharField(primary_key=True, max_length=40)
        label = pw.CharField(max_length=120)
        version = pw.CharField(max_length=40)
        state = pw.CharField(max_length=20)
        error = pw.TextField(null=True)
        changed_at = InstantField()

        class Meta:
            database = db
            table_name = "core_plugin"

    db.create_tables([PluginRow])

    class Retry(pw.Model):
        sub = pw.CharField(max_length=120)
        pos = pw.BigIntegerField()
        agg = pw.CharField(max_length=120)
        tries = pw.IntegerField(default=0)
        next_at = InstantField()
        state = pw.CharField(max_length=10, default="waiting")
        error = pw.TextField(null=True)

        class Meta:
            database = db
            table_name = "retry"
            primary_key = pw.CompositeKey("sub", "pos")
            indexes = ((("sub", "agg"), False), (("state", "next_at"), False))

    db.create_tables([Retry])

    class Session(pw.Model):
        id = IdField()
        digest = pw.CharField(unique=True, max_length=64)
        account = pw.ForeignKeyField(Account)
        created_at = InstantField()
        seen_at = InstantField()
        ended_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "core_session"

    db.create_tables([Session])

    class Subscription(pw.Model):
        name = pw.CharField(primary_key=True, max_length=120)
        plugin = pw.CharField(max_length=60)
        types = pw.TextField()
        order = pw.CharField(max_length=10, default="aggregate")
        mode = pw.CharField(max_length=4, default="tx")
        state = pw.CharField(max_length=10, default="live")
        pos = pw.BigIntegerField(default=0)
        xid = pw.BigIntegerField(default=0)
        lease_owner = pw.CharField(null=True, max_length=80)
        lease_until = InstantField(null=True)
        inflight_pos = pw.BigIntegerField(null=True)
        inflight_tries = pw.IntegerField(default=0)

        class Meta:
            database = db
            table_name = "subscription"

    db.create_tables([Subscription])

    class Timer(pw.Model):
        id = IdField()
        at = InstantField(index=True)
        agg = pw.CharField(max_length=120)
        name = pw.CharField(max_length=120)
        data = pw.TextField()

        class Meta:
            database = db
            table_name = "timer"
            indexes = ((("agg", "name"), True),)

    db.create_tables([Timer])

    class Token(pw.Model):
        id = IdField()
        digest = pw.CharField(unique=True, max_length=64)
        account = pw.ForeignKeyField(Account)
        label = pw.CharField(max_length=60, default="")
        created_at = InstantField()
        expires_at = InstantField()
        used_at = InstantField(null=True)
        revoked_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "core_token"

    db.create_tables([Token])

    # one standing record each: removed ones do not count
    db.execute_sql(
        'CREATE UNIQUE INDEX "core_person_one_citizen_id_index" ON "core_person" ("citizen_id_index") WHERE ("removed_at" IS NULL)'
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX "core_account_one_name" ON "core_account" ("name") WHERE ("removed_at" IS NULL)'
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX "core_organization_one_uscc" ON "core_organization" ("uscc") WHERE ("removed_at" IS NULL)'
    )


def down(migrator: Any, db: Any) -> None:
    """Take every table of the core away."""
    migrator.migrate(migrator.drop_table("core_token"))
    migrator.migrate(migrator.drop_table("timer"))
    migrator.migrate(migrator.drop_table("subscription"))
    migrator.migrate(migrator.drop_table("core_session"))
    migrator.migrate(migrator.drop_table("retry"))
    migrator.migrate(migrator.drop_table("core_plugin"))
    migrator.migrate(migrator.drop_table("name_gram"))
    migrator.migrate(migrator.drop_table("core_membership"))
    migrator.migrate(migrator.drop_table("core_key"))
    migrator.migrate(migrator.drop_table("inbox"))
    migrator.migrate(migrator.drop_table("core_idempotency"))
    migrator.migrate(migrator.drop_table("core_grant"))
    migrator.migrate(migrator.drop_table("event_scope"))
    migrator.migrate(migrator.drop_table("event"))
    migrator.migrate(migrator.drop_table("erasable"))
    migrator.migrate(migrator.drop_table("core_epoch"))
    migrator.migrate(migrator.drop_table("core_community_successor"))
    migrator.migrate(migrator.drop_table("core_community_edge"))
    migrator.migrate(migrator.drop_table("catchup"))
    migrator.migrate(migrator.drop_table("audit_checkpoint"))
    migrator.migrate(migrator.drop_table("audit_change"))
    migrator.migrate(migrator.drop_table("audit_entry"))
    migrator.migrate(migrator.drop_table("core_affiliation"))
    migrator.migrate(migrator.drop_table("core_organization"))
    migrator.migrate(migrator.drop_table("core_activation"))
    migrator.migrate(migrator.drop_table("core_community"))
    migrator.migrate(migrator.drop_table("core_account"))
    migrator.migrate(migrator.drop_table("core_person"))
