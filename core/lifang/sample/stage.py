"""The stage of the demo: who acts, and how a scene of `scenes.toml` is played.

The core imports no plugin: nouns are found in the registry, so a plugin that is not installed is
left out of the story.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from lifang.access.callers import caller_for
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.services import accounts
from lifang.services.gateway import write
from lifang.store.record import Record

Progress = Callable[[str, int, int], None]
Known = dict[str, Any]
SCENES = tomllib.loads(resources.files("lifang.sample").joinpath("scenes.toml").read_text("utf-8"))
MOMENT = re.compile(r"@(\w+?)(?:([+-]\d+)(h?))?(?:T(\d\d):(\d\d))?")


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

    def who(self, name: str) -> Caller:
        """An account by name, with what it may do now that the plugins are on."""
        if name not in self.callers:
            account: Account = Account.get(Account.name == name)
            self.callers[name] = caller_for(self.boss.instance, account, source="web")
        return self.callers[name]

    def account(self, name: str, place: str, **where: Any) -> Actor:
        """One more account, as the first administrator makes them; its place is only told."""
        _made, password = accounts.create_account(self.who(self.boss.name), name, **where)
        return Actor(name, where.get("role", "resident"), place, password)

    def act(self, name: str, noun: str, verb: str, told: Known, one: Any = None) -> Any:
        """Let an account do something to a record, or make one; `noun` is `plugin:noun`."""
        resource = self.boss.instance.registry.find(*noun.split(":"))
        assert resource is not None, noun  # noqa: S101 – the plugin is on
        return write(resource, verb, self.who(name), told, None if one is None else int(one.id))

    def play(self, plugin: str, scene: str, known: Known) -> Known:
        """Play a scene with what is known; gives that, and what was kept."""
        known = {"home": self.home, "street": self.street, "today": clock.today()} | known
        for step in SCENES[scene]:
            noun, _dot, verb = step["do"].rpartition(".")
            noun = noun if ":" in noun else f"{plugin}:{noun}"
            name = self.boss.name if step["by"] == "$boss" else step["by"]
            made = []
            for one in _each(step, known)[: step.get("most")]:
                here = known | {"one": one}
                told = {key: _meant(said, here) for key, said in step.get("with", {}).items()}
                made.append(self.act(name, noun, verb, told, None if verb == "create" else one))
            if "keep" in step:
                known[step["keep"]] = made if "each" in step else made[0]
        return known


def _each(step: Known, known: Known) -> list[Any]:
    """The records a step is done to: those of one list, or of some names together."""
    said = step.get("each")
    if said is None:
        return [None]
    found = [known[name] for name in ([said] if isinstance(said, str) else said)]
    return [one for some in found for one in (some if isinstance(some, list) else [some])]


def _meant(said: Any, known: Known) -> Any:
    """A field as scenes say it: see the head of `scenes.toml`."""
    if not isinstance(said, str):
        return said
    if said.startswith("$"):
        found = known[said[1:]]
        return int(found.id) if isinstance(found, Record) else found
    if not (at := MOMENT.fullmatch(said)):
        return said.format(**known)
    name, offset, hours, hour, minute = at.groups()
    moment = known[name] + dt.timedelta(**{"hours" if hours else "days": int(offset or 0)})
    if hour is not None:
        zone = clock.local(clock.now()).tzinfo
        moment = dt.datetime.combine(moment, dt.time(int(hour), int(minute)), zone)
    return moment.isoformat()
