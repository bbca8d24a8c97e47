"""The stage of the demo: who acts, and how a scene finds what a plugin offers.

The core imports no plugin: nouns are found in the registry, so a plugin that is not installed is
left out of the story.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lifang.access.callers import caller_for
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.services import accounts
from lifang.services.gateway import write
from lifang.services.instance import Instance

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Actor:
    """An account of the demo: its name, role, where it stands, and its password."""

    name: str
    role: str
    place: str
    password: str


@dataclass
class Stage:
    """A community with its subdistrict, adults who live around it, and everybody's accounts.

    `adults` live in the district where the plugins are on, those of `home` first; nobody of them
    works for a public unit.
    """

    boss: Caller
    home: Community
    street: Community
    adults: list[Person]
    progress: Progress
    callers: dict[str, Caller] = field(default_factory=dict)

    @property
    def instance(self) -> Instance:
        """Where it all happens."""
        return self.boss.instance

    def who(self, name: str) -> Caller:
        """An account by name, with what it may do now that the plugins are on."""
        if name not in self.callers:
            account: Account = Account.get(Account.name == name)
            self.callers[name] = caller_for(self.instance, account, source="web")
        return self.callers[name]

    def account(self, name: str, place: str, **where: Any) -> Actor:
        """One more account, as the first administrator makes them; its place is only told."""
        _made, password = accounts.create_account(self.who(self.boss.name), name, **where)
        return Actor(name, where.get("role", "resident"), place, password)


@dataclass(frozen=True)
class Scene:
    """What one plugin offers, acted on by accounts of the stage."""

    stage: Stage
    plugin: str

    def act(
        self, name: str, noun: str, verb: str, told: dict[str, Any] | None = None, one: Any = None
    ) -> Any:
        """Let an account do something to one of a plugin's records, or make one."""
        resource = self.stage.instance.registry.find(self.plugin, noun)
        assert resource is not None, noun  # noqa: S101 – the plugin is on
        number = None if one is None else int(one.id)
        return write(resource, verb, self.stage.who(name), told or {}, number)

    def make(self, name: str, noun: str, /, **told: Any) -> Any:
        """Let an account make a record."""
        return self.act(name, noun, "create", told)
