"""What the instance knows about its plugins, also when their packages are gone."""

from __future__ import annotations

from typing import Any

import peewee as pw

from lifang.entities.community import Community
from lifang.store.database import proxy
from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.record import Table


class PluginRow(Table):
    """One plugin that was ever installed here.

    `state` is installed, quarantined, uninstalled or purged, `error` why it does not work, and
    `declared` what it last said of itself, as JSON.
    """

    name = pw.CharField(max_length=40, primary_key=True)
    label = pw.CharField(max_length=120)
    version = pw.CharField(max_length=40)
    state = pw.CharField(max_length=20)
    error = pw.TextField(null=True)
    declared = pw.TextField(null=True)
    changed_at = InstantField()

    class Meta:
        """Survives the removal of the package."""

        table_name = "core_plugin"


class Activation(Table):
    """A switch: a plugin on or off at a node and everything under it that has no own switch.

    One that `inherits` is what the switch above it is: it stays for what was not told there. With a
    `reason` the plugin is suspended, perhaps `until` a moment: then it is on, or inherits, again.
    Below one that is `locked` there are none of their own.
    """

    id = IdField()
    plugin = pw.CharField(max_length=40)
    community = pw.ForeignKeyField(Community)
    on = pw.BooleanField()
    inherits = pw.BooleanField(default=False)
    locked = pw.BooleanField(default=False)
    reason = pw.TextField(null=True)
    until: pw.Field[Any] = InstantField(null=True)
    changed_by = pw.CharField(max_length=120, null=True)
    changed_at = InstantField()

    class Meta:
        """One switch per plugin and node."""

        table_name = "core_activation"
        indexes = ((("plugin", "community"), True),)


class SettingRow(Table):
    """What a plugin's setting is at a node and below from a day on; none is ever changed.

    Without a value it is inherited again from that day on. `locked` forbids nodes below their own.
    A secret is `sealed` for its setting and node, and its value is a mask.
    """

    id = IdField()
    plugin = pw.CharField(max_length=40)
    key = pw.CharField(max_length=60)
    community = pw.ForeignKeyField(Community)
    from_date = DayField()
    value = pw.TextField(null=True)
    locked = pw.BooleanField(default=False)
    basis = pw.TextField()
    preset = pw.CharField(max_length=60, null=True)
    set_by = pw.CharField(max_length=120)
    set_at = InstantField()
    approved_by = pw.CharField(max_length=120, null=True)
    sealed = pw.BlobField(null=True)

    class Meta:
        """Of one day, the row that came last holds."""

        table_name = "core_setting"
        indexes = ((("plugin", "key", "community"), False),)


class Stop(Table):
    """A part of a plugin that is not called any more where a node's people meet it.

    Without a community it is stopped for those who stand for the whole instance; without a part,
    the plugin did not load, and is tried again in another version. The rule says why.
    """

    id = IdField()
    plugin = pw.CharField(max_length=40)
    community = pw.ForeignKeyField(Community, null=True)
    part = pw.CharField(max_length=60, default="")
    rule = pw.CharField(max_length=20)
    why = pw.TextField()
    version = pw.CharField(max_length=40)
    stopped_by = pw.CharField(max_length=120)
    stopped_at = InstantField()

    class Meta:
        """Looked for by plugin."""

        table_name = "core_plugin_stop"
        indexes = ((("plugin",), False),)


class Epoch(Table):
    """Counts every change that running processes must notice: switches, installs, tree changes.

    `generation` counts those that need code loaded anew: processes are replaced.
    """

    id = pw.IntegerField(primary_key=True)
    value = pw.BigIntegerField(default=0)
    generation = pw.BigIntegerField(default=0)

    class Meta:
        """A single row."""

        table_name = "core_epoch"


def bump_epoch() -> None:
    """Tell every process to look again; called inside the transaction of the change."""
    keeper = proxy.obj.keeper
    keeper.epoch = None
    if keeper.in_transaction:
        keeper.unit.changed = True
        keeper.unit.memo.clear()
        keeper.unit.after.append(_look_again)
    if not Epoch.update(value=Epoch.value + 1).where(Epoch.id == 1).execute():
        Epoch.create(id=1, value=1)


def bump_generation() -> None:
    """Let every process that has loaded plugins be replaced by one that loads them anew."""
    bump_epoch()
    Epoch.update(generation=Epoch.generation + 1).where(Epoch.id == 1).execute()


def read_epoch() -> int:
    """The number of changes so far."""
    asked = 'SELECT "value" FROM "core_epoch" WHERE "id" = 1'  # once a request: not built anew
    row = proxy.execute_sql(asked).fetchone()
    epoch, keeper = int(row[0]) if row else 0, proxy.obj.keeper
    if not keeper.in_transaction:
        keeper.epoch = epoch
    return epoch


def _look_again() -> None:
    proxy.obj.keeper.epoch = None
