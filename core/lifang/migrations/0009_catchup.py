"""What was passed over at a node is kept by places of the log; nothing was kept there before."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField


def up(migrator: Any, db: Any) -> None:
    """Make the table anew."""

    class Catchup(pw.Model):
        id = IdField()
        sub = pw.CharField(index=True, max_length=120)
        community = pw.BigIntegerField()
        xid = pw.BigIntegerField(default=0)
        pos = pw.BigIntegerField(default=0)
        to_xid = pw.BigIntegerField(null=True)
        to_pos = pw.BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "catchup"

    db.drop_tables([Catchup])
    db.create_tables([Catchup])


def down(migrator: Any, db: Any) -> None:
    """Make it as it was."""

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

    db.drop_tables([Catchup])
    db.create_tables([Catchup])
