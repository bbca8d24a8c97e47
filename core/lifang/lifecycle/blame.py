"""Whose fault it was: an unforeseen error in a plugin's pages or commands names the plugin."""

from __future__ import annotations

import traceback
from contextlib import suppress
from typing import Any

from lifang.entities.caller import Caller
from lifang.kit.errors import LifangError, NotReady
from lifang.kit.words import _
from lifang.plugins import importing
from lifang.plugins.guard import place_of
from lifang.plugins.manager import PluginManager
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE

PAGES = "pages"
"""The part of a plugin that is its pages, actions and paths; every other part is a hook."""


class PluginFailed(LifangError):
    """A plugin did something nobody foresaw; told with its name and version, never its insides."""

    code = "plugin_failed"


def blamed(
    plugins: PluginManager, error: BaseException, caller: Caller | None, page: str = ""
) -> PluginFailed | None:
    """What to say when something unforeseen was raised by a plugin; None where by the core.

    It was by the one in whose code it was raised, else by the one whose `page` it was. It counts
    for the part of the plugin that is its pages, where the caller stands.
    """
    plugin = _in_code(plugins, error) or plugins.loaded.get(page)
    if plugin is None:
        return None
    if caller is not None:
        with suppress(NotReady):  # told by the answer itself
            key = (plugin.id, place_of(caller), PAGES)
            plugins.watch.failed(key, "errors", error, caller)
    told: Any = {"plugin": plugin.id, "version": importing.versions.get(plugin.id, "")}
    sentence = _(
        "插件「{label}」（{plugin} {version}）出错了；请把请求编号告诉管理员",
        label=_(plugin.label),
        **told,
    )
    return PluginFailed(sentence, **told)


def demand_going(plugins: PluginManager, plugin: str, caller: Caller) -> None:
    """Raise NotReady where a plugin's pages were stopped for those who stand where we stand."""
    if plugin in plugins.loaded and plugins.watch.holds((plugin, place_of(caller), PAGES), caller):
        raise NotReady(
            _(
                "插件「{label}」在这里出错太多，已暂停；"
                "管理员可用 lifang plugin release {plugin} 恢复",
                label=_(plugins.loaded[plugin].label),
                plugin=plugin,
            )
        )


def _in_code(plugins: PluginManager, error: BaseException | None) -> Plugin | None:
    """The plugin in whose code something was raised, the innermost one."""
    folders = {f"{one.folder}/": one for one in plugins.loaded.values() if one.id != CORE}
    found = None
    while error is not None and found is None:
        for frame, _line in traceback.walk_tb(error.__traceback__):
            file = frame.f_code.co_filename
            found = next((one for at, one in folders.items() if file.startswith(at)), found)
        error = error.__cause__ or error.__context__
    return found
