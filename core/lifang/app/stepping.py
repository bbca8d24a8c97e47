"""Steps of an upgrade that need a process of their own: the one that asks has the old code loaded.

`describe ID` prints what a plugin declares, as JSON; `migrate ID` brings its tables to the new code
in one transaction, with its version and state, and prints what was applied.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lifang.app.instance import at_the_machine, opened
from lifang.app.parent import leave_with
from lifang.kit import clock
from lifang.kit.errors import LifangError
from lifang.lifecycle import stored
from lifang.lifecycle.installing import loaded_of
from lifang.plugins.manager import Found, discover
from lifang.plugins.tables import PluginRow, bump_generation
from lifang.services.auditing import Change, record_note
from lifang.services.instance import Instance
from lifang.store import migrations


def describe(id: str) -> dict[str, Any]:
    """What the plugin that is found first on the path declares, and its outstanding migrations."""
    with opened(load_plugins=False) as instance:
        found = discover()[id]
        plugin = loaded_of(instance.plugins, found)
        waiting = migrations.pending(instance.database, id, plugin.migrations)
        return {**stored.declaration(plugin, found), "waiting": waiting}


def migrate(id: str, by: dict[str, Any]) -> dict[str, Any]:
    """Run what is outstanding of a plugin, and let the new version be the installed one."""
    with opened(load_plugins=False) as instance:
        return _migrated(instance, discover()[id], by)


def _migrated(instance: Instance, found: Found, by: dict[str, Any]) -> dict[str, Any]:
    database, id = instance.database, found.id
    named = {key: by[key] for key in ("name", "account", "source")}
    caller = replace(at_the_machine(instance), **named)
    plugin = loaded_of(instance.plugins, found)
    with _together(instance):
        applied = migrations.migrate_within(database, id, plugin.migrations)
        told = {"state": "installed", "changed_at": clock.now()}
        PluginRow.update(told).where(PluginRow.name == id).execute()
        stored.keep(plugin, found)
        bump_generation()
        changed = Change(found.distribution, by["before"], f"{found.version} sha256:{by['sha256']}")
        record_note(caller, "plugin", "upgrade", reason=by["reason"], changes=[changed])
    return {"applied": applied}


@contextmanager
def _together(instance: Instance) -> Iterator[None]:
    """One transaction for all that the block migrates: undone whole, also by a kill.

    Foreign keys are switched off before it begins, where that has no effect within.
    """
    database, lock = instance.database, instance.settings.run / "migrate.lock"
    with migrations.migrating(lock), database.alone(), database.unguarded():  # noqa: SIM117 – in this order
        with database.transaction():
            database.unhurried()
            yield


def main() -> None:
    """Do a step for a parent, and leave when it does."""
    parent, step, id = sys.argv[1:4]
    leave_with(int(parent))
    said = json.loads(sys.stdin.read())
    try:
        done = describe(id) if step == "describe" else migrate(id, said)
    except LifangError as error:
        sys.exit(error.sentence)
    sys.stdout.write(json.dumps(done))


if __name__ == "__main__":
    main()
