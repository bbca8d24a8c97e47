"""Public notices, and what is objected to them."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.sensitive import Sensitive


def up(migrator: Any, db: Any) -> None:
    """Make both tables."""

    class Base(pw.Model):
        id = IdField()

        class Meta:
            database = db

    class Community(Base):
        class Meta:
            table_name = "core_community"

    class Person(Base):
        class Meta:
            table_name = "core_person"

    class Kept(Base):
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)

    class PublicNotice(Kept):
        kind = pw.CharField(max_length=100)
        label = pw.CharField(max_length=120)
        title = pw.CharField(max_length=200)
        text = pw.TextField()
        community = pw.ForeignKeyField(Community)
        posted_on = DayField()
        working_days = pw.IntegerField(default=0)
        days = pw.IntegerField(default=0)
        answer_days = pw.IntegerField()
        subject = pw.CharField(max_length=120, index=True)

        class Meta:
            table_name = "core_public_notice"

    class NoticeObjection(Kept):
        notice = pw.ForeignKeyField(PublicNotice)
        person = pw.ForeignKeyField(Person, null=True)
        objector = Sensitive(null=True)
        objector_mask = pw.CharField(null=True, max_length=120)
        text = pw.TextField()
        received_on = DayField()
        answer = pw.TextField(null=True)
        answered_at = InstantField(null=True)
        state = pw.CharField(max_length=40, default="open")

        class Meta:
            table_name = "core_notice_objection"

    db.create_tables([PublicNotice, NoticeObjection])


def down(migrator: Any, db: Any) -> None:
    """Take both tables away."""
    migrator.migrate(migrator.drop_table("core_notice_objection"))
    migrator.migrate(migrator.drop_table("core_public_notice"))
