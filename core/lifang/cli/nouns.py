"""A noun with its verbs: those that follow from its declaration, and its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import click

from lifang.cli import bulk
from lifang.cli.frame import Group
from lifang.cli.session import Session
from lifang.cli.verbs import verbs_of
from lifang.resources.registry import CORE

Extra = Callable[[Session], Iterable[click.Command]]
"""Verbs that one noun has beside, or instead of, those that follow from its declaration."""


class Noun(Group):
    """A resource as a group of commands; it opens the instance when its verbs are asked for."""

    def __init__(
        self,
        session: Session,
        name: str,
        help: str,
        *,
        plugin: str = CORE,
        noun: str | None = None,
        extra: Extra | None = None,
    ) -> None:
        """Remember which resource it stands for."""
        super().__init__(name, help)
        self._session = session
        self._key = (plugin, noun or name)
        self._extra = extra

    @cached_property
    def verbs(self) -> dict[str, click.Command]:
        """Every verb by its name."""
        resource = self._session.resource(*self._key)
        extra = list(self._extra(self._session)) if self._extra else []
        made = [*verbs_of(resource), bulk.group(resource), *extra]
        return {str(command.name): command for command in made}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs that follow from the declaration, then the noun's own."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A verb, with dashes."""
        return self.verbs.get(cmd_name)


def command(name: str, help: str, session: Session) -> click.Command:
    """A core noun that has nothing beside its declaration."""
    return Noun(session, name, help)
