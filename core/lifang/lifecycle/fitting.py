"""How installed plugins stand to the program that runs now, or would to a new version of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifang.kit.errors import NotReady
from lifang.kit.words import _, n_
from lifang.lifecycle.stored import migrations_in
from lifang.plugins.manager import Found, PluginManager, discover
from lifang.plugins.tables import PluginRow
from lifang.plugins.waiting import folder_of
from lifang.store import migrations
from lifang.store.database import Database

LISTS = {
    "hooks": (n_("新增挂钩：{names}"), n_("不再有挂钩：{names}")),
    "events": (n_("新增事件：{names}"), n_("不再有事件：{names}")),
    "permissions": (n_("新增权限：{names}"), n_("不再有权限：{names}")),
    "provides": (n_("新提供接口：{names}"), n_("不再提供接口：{names}")),
    "writes": (n_("处理事件时可以多做：{names}"), n_("处理事件时不再做：{names}")),
}
"""What is compared name by name, and how both kinds of difference are told."""


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
    folder, lines = folder_of(found), list[Line]()
    if manager is None:
        return Standing(id, folder, ())
    if manager.load(found) is None:
        why = _("；").join(map(str, manager.reasons(found)))
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


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Line]:
    """What a new version declares otherwise (see `stored.declaration`)."""
    for key, (more, less) in LISTS.items():
        came, went = set(new[key]) - set(old[key]), set(old[key]) - set(new[key])
        if came:
            yield Line("ok", _(more, names=_("、").join(sorted(came))))
        if went:
            yield Line("warns", _(less, names=_("、").join(sorted(went))))
    before, after = old["settings"], new["settings"]
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Line("ok", _("新增设置「{name}」", name=name))
        elif name not in after:
            yield Line("warns", _("设置「{name}」不再有，已设的值不再起作用", name=name))
        elif before[name]["kind"] != after[name]["kind"]:
            yield Line("warns", _("设置「{name}」换了类型，已设的值可能不适用", name=name))
