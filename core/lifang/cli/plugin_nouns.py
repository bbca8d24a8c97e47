"""The commands of plugins: under the plugin's own name, built from what it declares."""

from __future__ import annotations

import click

from lifang.cli.frame import Group
from lifang.cli.nouns import Noun
from lifang.cli.session import Session
from lifang.kit.errors import LifangError, NotFound, NotReady
from lifang.kit.words import _, _p
from lifang.plugins.manager import discover
from lifang.resources.registry import CORE


class PluginGroup(Group):
    """A plugin's nouns."""

    def __init__(self, session: Session, plugin: str) -> None:
        """Build a noun for each resource the plugin declares."""
        registry = session.instance.registry
        nouns = [
            Noun(
                session,
                one.noun.replace("_", "-"),
                _p("plural", one.label),
                plugin=plugin,
                noun=one.noun,
            )
            for one in registry
            if one.plugin == plugin
        ]
        label = session.instance.plugins.loaded[plugin].label
        super().__init__(plugin.replace("_", "-"), label, nouns)


def plugin_group(session: Session, name: str) -> click.Command | None:
    """The commands of the plugin of a name, told with dashes or underscores.

    None when no plugin of that name is here at all; raises NotFound when it is and cannot be used:
    where it is on for others only, in the same words as where it is on for nobody.
    """
    plugin = name.replace("-", "_")
    if plugin == CORE:
        return None
    try:
        loaded = session.instance.plugins.loaded
    except LifangError:
        if plugin in discover():
            raise
        return None
    if plugin in loaded and session.shows(plugin):
        return PluginGroup(session, plugin)
    gone = session.instance.gone.of(plugin)
    if plugin not in loaded and gone and gone.state == "pending":
        sentence = _("插件「{plugin}」等待迁移；请系统管理员运行 lifang migrate", plugin=plugin)
        raise NotReady(sentence)
    if plugin in discover():
        raise NotFound(
            _("插件「{plugin}」还没有安装或启用；lifang plugin list 列出插件", plugin=plugin)
        )
    return None
