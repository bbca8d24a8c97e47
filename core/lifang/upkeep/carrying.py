"""A whole instance's data carried from one database into another: tables, rows, counters, events.

The tables are made by the migrations of the core and of every plugin that has some there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lifang.events import moved
from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.plugins import waiting
from lifang.plugins.manager import discover
from lifang.resources.registry import CORE
from lifang.store import copying, migrations
from lifang.store.copying import Steps, Told
from lifang.store.database import Database


def carry(
    source: Database,
    target: Database,
    *,
    origin: str,
    lock: Path,
    progress: Steps,
    last: Callable[[], None] = lambda: None,
) -> dict[str, Told]:
    """Copy everything as it is at one moment; gives what every table holds, the same on both sides.

    The moment lies between the first call of `progress` and the second. `last` is done in the
    transaction that makes the copy whole. Raises Conflict where the target holds anything else,
    NotReady where a table is not the same afterwards; the source is never changed.
    """
    with source.connection(), target.connection():
        copying.claim(target, origin)
        progress(_("复制"), 0, 1)
        with source.snapshot():
            made = copying.histories(target)
            for plugin, names in copying.histories(source).items():
                if names != made.get(plugin):
                    migrations.migrate(target, plugin, folder(plugin), lock=lock, last=names[-1])
            copy = copying.Copy(source, target, moved.AT_REST, progress)
            told = copy.run()
            with target.transaction():
                target.unhurried()
                target.count_from(copy.counters)
                moved.settle(source, target)
                last()
                copying.finish(target)
    return told


def folder(plugin: str) -> Path:
    """Where the migrations of the core or of an installed plugin lie; raises NotReady if nowhere.

    Whether it is switched on plays no part: its tables are there.
    """
    if plugin == CORE:
        return migrations.MIGRATIONS
    found = discover().get(plugin)
    where = None if found is None else waiting.folder_of(found)
    if where is not None:
        return where
    told = _("数据库里有插件「{plugin}」的表，它的软件包却不在了；请用 pip 装回它", plugin=plugin)
    raise NotReady(told)
