"""Bringing an instance's tables up to the program; what holds data is backed up before."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from lifang.app.instance import (
    assembled,
    at_the_machine,
    database_of,
    demand_instance,
    in_use,
    settle,
)
from lifang.builtin.plugin import plugin as the_core
from lifang.kit import clock, settings
from lifang.kit.errors import LifangError, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.lifecycle.fitting import Standing, standings
from lifang.plugins.manager import PluginManager
from lifang.plugins.tables import bump_epoch
from lifang.resources.registry import CORE, Registry
from lifang.services.instance import Instance
from lifang.store import migrations
from lifang.store.database import Database
from lifang.store.keys import load_keys
from lifang.store.migrations import MIGRATIONS
from lifang.upkeep import backup
from lifang.upkeep.backup import Steps


@dataclass(frozen=True)
class Migrated:
    """What was applied, or is due; the backup made before it, or the folder it would lie in.

    `plugins` is what a plan says of every installed plugin.
    """

    names: list[str]
    backup: Path | None = None
    plugins: tuple[Standing, ...] = ()


def migrate_all(
    home: Path | None = None,
    *,
    plan: bool = False,
    keep: bool = True,
    progress: Steps = lambda _step, _done, _of: None,
    say: Callable[[Path], None] = lambda _made: None,
) -> Migrated:
    """Bring the tables of the core and of every installed plugin up to date.

    With `plan` nothing is done: it is told what would be, and how every plugin stands.
    A database that holds anything is backed up first, unless `keep` is false, and `say` is told the
    file before anything changes. Raises NotReady where that fails, and where the database is newer
    than the program.
    """
    told = settings.load(home)
    demand_instance(told)
    clock.set_zone(told.zone)
    with ExitStack() as stack:
        stack.callback(os.close, in_use(told))
        settle(told)
        database = database_of(told)
        stack.callback(database.close)
        with database.connection():
            due, fresh, plugins = _due(database, plan=plan)
            keep = keep and bool(due) and not fresh
            if plan or not due:
                names = [f"{plugin} {name}" for plugin, _folder, steps in due for name in steps]
                return Migrated(names, backup.folder(told) if keep else None, plugins)
            if keep:
                instance, kept = _kept(told, database, progress, stack)
                say(kept)
        done = []
        for plugin, folder, _steps in due:
            lock = told.run / "migrate.lock"
            applied = migrations.migrate(database, plugin, folder, lock=lock)
            done += [f"{plugin} {name}" for name in applied]
        with database.transaction():
            bump_epoch()  # what waited for this is loaded now, by those who run already
        if not keep:
            return Migrated(done)
        with database.connection():
            backup.note(at_the_machine(instance), kept)
        return Migrated(done, kept)


def _due(
    database: Database, *, plan: bool
) -> tuple[list[tuple[str, Path, list[str]]], bool, tuple[Standing, ...]]:
    """What waits, plugin by plugin, whether nothing was ever applied, and how plugins stand."""
    core = migrations.pending(database, CORE, MIGRATIONS)
    fresh = len(core) == len(list(MIGRATIONS.glob("[0-9]*.py")))
    manager = PluginManager(Registry())
    manager.register(the_core)
    plugins = () if fresh else tuple(standings(database, manager if plan else None))
    asked = [one for one in plugins if not (plan and one.blocked)]  # a plan says it, else it fails
    work = [(one.id, one.folder) for one in asked if one.folder]
    told = [(plugin, where, migrations.pending(database, plugin, where)) for plugin, where in work]
    due = [step for step in ((CORE, MIGRATIONS, core), *told) if step[2]]
    return due, fresh, plugins


def _kept(
    told: Settings, database: Database, progress: Steps, stack: ExitStack
) -> tuple[Instance, Path]:
    """The instance as it is, and a backup of it under a name that is not taken."""
    target = backup.place_before(told, "migrate")
    try:
        instance = stack.enter_context(closing(assembled(told, database, load_keys(told.key_file))))
        return instance, backup.make(instance, target, progress, seal=False)[0]
    except (LifangError, OSError) as error:
        why = error.sentence if isinstance(error, LifangError) else error
        told_of = _("迁移前的备份没有做成，所以没有迁移：{why}", why=why)
        raise NotReady(told_of + _("。另有备份时可加 --no-backup 不做")) from error
