"""What a plugin declares, as plain data: read in another process, and compared over versions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lifang.kit.words import _, n_
from lifang.plugins.plugin import Plugin

LISTS = {
    "hooks": (n_("新增挂钩：{names}"), n_("不再有挂钩：{names}")),
    "events": (n_("新增事件：{names}"), n_("不再有事件：{names}")),
    "permissions": (n_("新增权限：{names}"), n_("不再有权限：{names}")),
    "provides": (n_("新提供接口：{names}"), n_("不再提供接口：{names}")),
    "writes": (n_("处理事件时可以多做：{names}"), n_("处理事件时不再做：{names}")),
}
"""What is compared name by name, and how both kinds of difference are told."""


def declared(plugin: Plugin) -> dict[str, Any]:
    """Settings, hooks, events, permissions, foreign writes and migrations of a plugin."""
    return {
        "label": plugin.label,
        "hooks": sorted(function.__name__ for function in plugin.hooks),
        "events": sorted(plugin.payloads),
        "permissions": sorted(
            {
                f"{one.noun}:{verb}"
                for one in plugin.resources
                for verbs in one.roles.values()
                for verb in verbs
            }
        ),
        "provides": sorted(plugin.provides),
        "writes": sorted(plugin.writes),
        "settings": {one.name: one.kind.__name__ for one in plugin.settings.values()},
        "migrations": migrations_in(plugin.migrations),
    }


def migrations_in(folder: Path) -> dict[str, dict[str, bool]]:
    """The migrations of a folder by name: `down` and `atomic`, read without running anything."""
    found = {}
    for path in sorted(folder.glob("[0-9]*.py")):
        body = ast.parse(path.read_text("utf-8")).body
        names = {one.name for one in body if isinstance(one, ast.FunctionDef)}
        apart = any(
            isinstance(one, ast.Assign)
            and ast.unparse(one.targets[0]) == "atomic"
            and ast.unparse(one.value) == "False"
            for one in body
        )
        found[path.stem] = {"down": "down" in names, "atomic": not apart}
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the new version declares otherwise: each as `ok` or `warns`, and a sentence."""
    for key, (more, less) in LISTS.items():
        came, went = set(new[key]) - set(old[key]), set(old[key]) - set(new[key])
        if came:
            yield "ok", _(more, names=_("、").join(sorted(came)))
        if went:
            yield "warns", _(less, names=_("、").join(sorted(went)))
    before, after = old["settings"], new["settings"]
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield "ok", _("新增设置「{name}」", name=name)
        elif name not in after:
            yield "warns", _("设置「{name}」不再有，已设的值不再起作用", name=name)
        elif before[name] != after[name]:
            yield "warns", _("设置「{name}」换了类型，已设的值可能不适用", name=name)
