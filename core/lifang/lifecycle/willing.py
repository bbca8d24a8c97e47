"""Before a plugin is switched on somewhere, it may say that it cannot work there."""

from __future__ import annotations

from collections.abc import Iterable

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.errors import Conflict
from lifang.kit.words import _


def demand_willing(caller: Caller, plugin: str, nodes: Iterable[Community]) -> None:
    """Raise Conflict with what the plugin's hook `can_enable` says against one of the nodes.

    A plugin that fails to answer stands in its own way.
    """
    for node in nodes:
        against = caller.instance.plugins.objections(plugin, caller, node)
        if against:
            told = {"plugin": plugin, "where": node.name, "why": _("；").join(against)}
            raise Conflict(_("插件「{plugin}」在 {where} 不能启用：{why}", **told))
