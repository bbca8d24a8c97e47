"""One run of the command line: the instance it opens when first needed, and who acts."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifang.kit.errors import LifangError, NotFound, Unauthenticated
from lifang.kit.words import _

if TYPE_CHECKING:
    from lifang.cli.hands import Hands
    from lifang.entities.caller import Caller
    from lifang.resources.resource import Resource
    from lifang.services.instance import Instance


class Session:
    """What commands share; nothing is imported or opened before a command asks for it.

    `json` and `as_account` are what the options of the same name said.
    """

    def __init__(self, hands: Callable[[], Hands]) -> None:
        """Keep the way to the layer above."""
        self._hands = hands
        self._open = ExitStack()
        self.json = False
        self.as_account: str | None = None
        self._callers: dict[str | None, Caller] = {}

    @cached_property
    def hands(self) -> Hands:
        """The functions of the layer above."""
        return self._hands()

    @property
    def home(self) -> Path:
        """The folder of the instance, whether there is one or not."""
        from lifang.kit import settings

        return settings.load().home

    @cached_property
    def instance(self) -> Instance:
        """The instance of LIFANG_HOME; raises NotReady with what to do where it cannot work."""
        import logging

        # What a plugin did wrong is told once, below; a log line for each would repeat it.
        log = logging.getLogger("lifang")
        if not log.handlers:
            log.addHandler(logging.NullHandler())
        instance = self._open.enter_context(self.hands.opened())
        for plugin in sorted(instance.plugins.faults):
            told = _("提示：插件「{plugin}」无法载入，其余照常；原因见 lifang plugin show {plugin}",
                     plugin=plugin)  # fmt: skip
            click.echo(told, err=True)
        return instance

    def blamed(self, error: BaseException) -> LifangError | None:
        """What to say where it was a plugin's code that raised what nobody foresaw."""
        instance: Instance | None = self.__dict__.get("instance")
        if instance is None:
            return None
        from lifang.lifecycle.blame import blamed

        return blamed(instance.plugins, error, self._callers.get(self.as_account))

    @property
    def caller(self) -> Caller:
        """Who acts; raises Unauthenticated where the operating-system user is tied to nobody."""
        return self._callers.get(self.as_account) or self.anew()

    def anew(self) -> Caller:
        """Who acts, with the rights held by now: for what runs on and on."""
        from lifang.services.operators import operator

        found = operator(self.instance, self.as_account, system_user=os.getuid())
        self._callers[self.as_account] = found
        return found

    def shows(self, plugin: str) -> bool:
        """Whether help and commands know a plugin: where it is on for who acts.

        A user tied to nobody, who can do nothing either, is at the machine: the folder and all that
        is in it are theirs to read, so nothing is hidden from them. An account that was named must
        be one.
        """
        from lifang.access import policy

        try:
            return policy.shows(plugin, self.caller)
        except Unauthenticated:
            if self.as_account is not None:
                raise
            return True

    def caller_for(self, resource: Resource[Any]) -> Caller:
        """Who acts on a resource; raises NotFound where its plugin is off for them."""
        from lifang.resources.registry import CORE
        from lifang.services.offers import may

        if resource.plugin != CORE:
            verbs = {verb for verbs in resource.roles.values() for verb in verbs}
            if not any(may(self.caller, resource, verb) for verb in verbs):
                raise NotFound(
                    _(
                        "插件「{plugin}」没有在您管辖的地方启用；lifang plugin list 列出插件",
                        plugin=resource.plugin,
                    )
                )
        return self.caller

    def resource(self, plugin: str, noun: str) -> Resource[Any]:
        """A declared noun; raises NotFound where its plugin is not loaded."""
        found = self.instance.registry.find(plugin, noun)
        if found is None:
            raise NotFound(_("没有找到"))
        return found

    def close(self) -> None:
        """Give back what was opened."""
        self._open.close()
