"""How installed plugins stand to the program that runs now, before anything is migrated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.lifecycle.declared import migrations_in
from lifang.plugins.manager import Found, PluginManager, discover
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import PluginRow
from lifang.store import migrations
from lifang.store.database import Database


@dataclass(frozen=True)
class Line:
    """One thing of a plan: `grade` is ok, warns or blocks."""

    grade: str
    text: str


@dataclass(frozen=True)
class Standing:
    """An installed plugin, loaded where that is possible, and what a plan says of it."""

    id: str
    plugin: Plugin | None
    lines: tuple[Line, ...]

    @property
    def blocked(self) -> bool:
        """Whether its tables are newer than its code."""
        return any(one.grade == "blocks" for one in self.lines)


def standings(database: Database, manager: PluginManager) -> list[Standing]:
    """Every installed plugin; one that cannot be loaded stands in nobody's way."""
    present = discover()
    rows: Any = PluginRow.select(PluginRow.name).where(PluginRow.state == "installed").tuples()
    return [_standing(database, manager, name, present.get(name)) for (name,) in sorted(rows)]


def _standing(database: Database, manager: PluginManager, id: str, found: Found | None) -> Standing:
    if found is None:
        return Standing(id, None, (Line("warns", _("缺软件包；它的表不动")),))
    lines: list[Line] = []
    plugin = manager.load(found)
    if plugin is None:
        why = _("；").join(map(str, manager.why_not(found)))
        return Standing(
            id, None, (*lines, Line("warns", _("不能载入，它的迁移不执行：{why}", why=why)))
        )
    try:
        waiting = migrations.pending(database, id, plugin.migrations)
        lines += runs(waiting, migrations_in(plugin.migrations))
    except NotReady as error:
        lines.append(Line("blocks", error.sentence))
    return Standing(id, plugin, tuple(lines or [Line("ok", _("没有待执行的迁移"))]))


def runs(waiting: list[str], known: dict[str, dict[str, bool]]) -> Iterator[Line]:
    """What is said of migrations that would be run: whether each can be taken back."""
    for name in waiting:
        if known[name]["down"]:
            yield Line("ok", _("执行迁移 {name}", name=name))
        else:
            told = _("执行迁移 {name}；它没有 down，升级成功后只能用备份退回", name=name)
            yield Line("warns", told)
