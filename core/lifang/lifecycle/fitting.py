"""How installed plugins stand to the program that runs now, before anything is migrated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.lifecycle.declared import migrations_in
from lifang.plugins.manager import Found, PluginManager, discover
from lifang.plugins.tables import PluginRow
from lifang.plugins.waiting import folder_of
from lifang.store import migrations
from lifang.store.database import Database


@dataclass(frozen=True)
class Line:
    """One thing of a plan: `grade` is ok, warns or blocks."""

    grade: str
    text: str


@dataclass(frozen=True)
class Standing:
    """An installed plugin: where its migrations lie, if there are some, and what a plan says."""

    id: str
    folder: Path | None
    lines: tuple[Line, ...]

    @property
    def blocked(self) -> bool:
        """Whether its tables are newer than its code."""
        return any(one.grade == "blocks" for one in self.lines)


def standings(database: Database, manager: PluginManager | None) -> list[Standing]:
    """Every installed plugin; with a manager each is loaded too, and what is against it told."""
    present = discover()
    rows: Any = PluginRow.select(PluginRow.name).where(PluginRow.state == "installed").tuples()
    return [_standing(database, manager, name, present.get(name)) for (name,) in sorted(rows)]


def _standing(
    database: Database, manager: PluginManager | None, id: str, found: Found | None
) -> Standing:
    if found is None:
        return Standing(id, None, (Line("warns", _("缺软件包；它的表不动")),))
    where, lines = folder_of(found), list[Line]()
    folder = where if where is not None and where.is_dir() else None
    if manager is None:
        return Standing(id, folder, ())
    if manager.load(found) is None:
        why = _("；").join(map(str, manager.why_not(found)))
        lines.append(Line("warns", _("不能载入：{why}", why=why)))
    try:
        waiting = migrations.pending(database, id, folder) if folder else []
        lines += runs(waiting, migrations_in(folder) if folder else {})
    except NotReady as error:
        lines.append(Line("blocks", error.sentence))
    return Standing(id, folder, tuple(lines or [Line("ok", _("没有待执行的迁移"))]))


def runs(waiting: list[str], known: dict[str, dict[str, bool]]) -> Iterator[Line]:
    """What is said of migrations that would be run: whether each can be taken back."""
    for name in waiting:
        if known[name]["down"]:
            yield Line("ok", _("执行迁移 {name}", name=name))
        else:
            told = _("执行迁移 {name}；它没有 down，升级成功后只能用备份退回", name=name)
            yield Line("warns", told)
