"""The tables of the event bus (`events.md` §2), the same on every database."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import IdField, InstantField
from lifang.store.record import Table


class EventRow(Table):
    """One fact, at one position of the log; positions are never reused.

    `xid` is the transaction that told it where writers work side by side, else 0.
    """

    pos = IdField()
    xid = pw.BigIntegerField(default=0, constraints=[pw.SQL("DEFAULT 0")])
    type = pw.CharField(max_length=120, index=True)
    ver = pw.IntegerField(default=1)
    agg = pw.CharField(max_length=120)
    seq = pw.IntegerField()
    actor = pw.CharField(max_length=120, null=True)
    corr = pw.CharField(max_length=40, null=True)
    cause = pw.BigIntegerField(null=True)
    trace = pw.CharField(max_length=60, null=True)
    at = InstantField()
    data = pw.TextField()

    class Meta:
        """Within an aggregate the numbers have no gaps."""

        table_name = "event"
        indexes = ((("agg", "seq"), True),)


class EventScope(Table):
    """A community an event concerns; an event can concern several."""

    pos = pw.BigIntegerField()
    community_id = pw.BigIntegerField()

    class Meta:
        """Read by position when delivering, by community when catching up."""

        table_name = "event_scope"
        primary_key = pw.CompositeKey("pos", "community_id")
        indexes = ((("community_id", "pos"), False),)


class Subscription(Table):
    """How far one subscriber has come, and who is moving it just now."""

    name = pw.CharField(max_length=120, primary_key=True)
    plugin = pw.CharField(max_length=60)
    types = pw.TextField()
    order = pw.CharField(max_length=10, default="aggregate")
    mode = pw.CharField(max_length=4, default="tx")
    state = pw.CharField(max_length=10, default="live")
    pos = pw.BigIntegerField(default=0)
    xid = pw.BigIntegerField(default=0)
    lease_owner = pw.CharField(max_length=80, null=True)
    lease_until = InstantField(null=True)
    inflight_pos = pw.BigIntegerField(null=True)
    inflight_tries = pw.IntegerField(default=0)
    trouble = pw.TextField(null=True)

    class Meta:
        """One row per subscriber, updated once per batch; `trouble` is why all of it waits."""

        table_name = "subscription"


class Retry(Table):
    """A delivery that failed, or that waits behind one that did."""

    sub = pw.CharField(max_length=120)
    pos = pw.BigIntegerField()
    agg = pw.CharField(max_length=120)
    tries = pw.IntegerField(default=0)
    next_at = InstantField()
    state = pw.CharField(max_length=10, default="waiting")
    error = pw.TextField(null=True)
    stack = pw.TextField(null=True)
    data = pw.TextField(null=True)
    ver = pw.IntegerField(null=True)
    reason = pw.TextField(null=True)

    class Meta:
        """Dead letters are rows whose state is `dead`; `skipped` is what somebody gave up.

        `data` is what this one subscriber is told instead of what the log holds, of version `ver`.
        """

        table_name = "retry"
        primary_key = pw.CompositeKey("sub", "pos")
        indexes = ((("sub", "agg"), False), (("state", "next_at"), False))


class Inbox(Table):
    """A message already taken in, so that a second copy has no second effect."""

    sub = pw.CharField(max_length=120)
    source = pw.CharField(max_length=120)
    id = pw.CharField(max_length=120)
    at = InstantField(index=True)

    class Meta:
        """One row per subscriber, source and message."""

        table_name = "inbox"
        primary_key = pw.CompositeKey("sub", "source", "id")


class Catchup(Table):
    """A range of the log to be told to the subtree of one community, or passed over there."""

    id = IdField()
    sub = pw.CharField(max_length=120, index=True)
    community = pw.BigIntegerField()
    xid = pw.BigIntegerField(default=0)
    pos = pw.BigIntegerField(default=0)
    to_xid = pw.BigIntegerField(null=True)
    to_pos = pw.BigIntegerField(null=True)

    class Meta:
        """Open ranges have no end; the others were passed over for good."""

        table_name = "catchup"


class EventNumber(Table):
    """The number of an aggregate's newest event where that one is no longer in the log."""

    agg = pw.CharField(max_length=120, primary_key=True)
    seq = pw.IntegerField()

    class Meta:
        """Numbers go on behind it."""

        table_name = "event_number"


class EventArchive(Table):
    """A file of events that were removed from the log, or are being removed.

    `state` is writing, removing or done; `turn` is 1 for the one at work and empty for the others.
    Events behind position `done`, and those `kept`, are in the log still: the file tells of the
    rest. `types` counts them, each with the last position.
    """

    name = pw.CharField(max_length=120, primary_key=True)
    state = pw.CharField(max_length=10)
    turn = pw.IntegerField(null=True, unique=True)
    owner = pw.CharField(max_length=80)
    at = InstantField()
    first = pw.BigIntegerField(default=0)
    last = pw.BigIntegerField(default=0)
    done = pw.BigIntegerField(default=0)
    events = pw.IntegerField(default=0)
    sha256 = pw.CharField(max_length=64, default="")
    types = pw.TextField(default="{}")
    kept = pw.TextField(default="[]")

    class Meta:
        """One row per file."""

        table_name = "event_archive"


class Erasable(Table):
    """A personal value an event refers to, kept apart so that it can be erased."""

    subject = pw.CharField(max_length=120)
    key = pw.CharField(max_length=120)
    value = pw.TextField()

    class Meta:
        """One value per subject and key."""

        table_name = "erasable"
        primary_key = pw.CompositeKey("subject", "key")


class Timer(Table):
    """An event that will be published when its time has come: `core.clock/0` and `day`.

    `rule` is how its time is found again when the working-day calendar changes; `corr` is that of
    the transaction that set it.
    """

    id = IdField()
    at = InstantField(index=True)
    plugin = pw.CharField(max_length=40, default="core")
    agg = pw.CharField(max_length=120)
    name = pw.CharField(max_length=120)
    data = pw.TextField()
    rule = pw.TextField(null=True)
    corr = pw.CharField(max_length=40, null=True)

    class Meta:
        """Moved and cancelled with the record it belongs to."""

        table_name = "timer"
        indexes = ((("agg", "name"), True),)
