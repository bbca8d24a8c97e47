"""A present plugin gets its tables and is kept as installed; it is on nowhere yet."""

from __future__ import annotations

from typing import Any

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Conflict, NotFound, NotReady
from lifang.kit.words import _
from lifang.lifecycle import stored
from lifang.lifecycle.states import Listed, demand, show
from lifang.plugins.manager import Found, PluginManager, discover
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import PluginRow, Stop, bump_epoch
from lifang.services.auditing import Change, record_note
from lifang.store import migrations


def install(caller: Caller, plugin: str) -> Listed:
    """Make a present plugin's tables and keep it as installed; it is on nowhere yet.

    One that was uninstalled finds its data and settings as they were; one that was purged starts
    anew, and counts its records on from where it was. Raises NotFound when no such package is
    present, NotReady with its own words when it cannot be loaded, Conflict when it is installed
    already.
    """
    demand(caller, everywhere=True)
    wanted = plugin.replace("-", "_")
    found = discover().get(wanted)
    if found is None:
        raise NotFound(_("没有找到插件「{plugin}」；请先用 pip 安装它的软件包", plugin=plugin))
    row: Any = PluginRow.get_or_none(PluginRow.name == wanted)
    before = row.state if row is not None else "available"
    if before in ("installed", "quarantined"):
        raise Conflict(_("插件「{plugin}」已经安装", plugin=wanted))
    given = stored.told_of(wanted).get("counters", {})
    loaded = loaded_of(caller.instance.plugins, found)
    lock, database = caller.instance.settings.run / "migrate.lock", caller.instance.database
    migrations.migrate(database, wanted, loaded.migrations, lock=lock)
    with database.transaction():
        database.count_from(given)
        told = {"label": loaded.label, "version": found.version, "state": "installed"}
        kept = {**told, "error": None, "changed_at": clock.now()}
        PluginRow.insert(name=wanted, **kept).on_conflict(
            conflict_target=[PluginRow.name], update=kept
        ).execute()
        stored.keep(loaded, found)
        Stop.delete().where(Stop.plugin == wanted, Stop.part == "").execute()  # it loads again
        bump_epoch()
        change = Change(wanted, before, "installed")
        record_note(
            caller, "plugin", "install", reason=f"{wanted} {found.version}", changes=[change]
        )
    caller.instance.plugins.refresh()
    return show(caller, wanted)


def loaded_of(plugins: PluginManager, found: Found) -> Plugin:
    """A plugin's declaration, loaded if need be; NotReady saying why it was kept out or broke."""
    plugin = plugins.load(found)
    if plugin is None:
        why = _("；").join(map(str, plugins.reasons(found)))
        raise NotReady(_("插件「{plugin}」无法载入：{why}", plugin=found.id, why=why))
    return plugin
