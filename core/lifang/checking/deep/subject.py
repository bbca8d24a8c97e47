"""A plugin that runs: in an instance of its own, on in one district and off in the other."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.app.instance import create
from lifang.builtin.people import organizations, people
from lifang.builtin.places import communities
from lifang.checking.rule import Spot
from lifang.checking.source import Source
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.lifecycle import switching
from lifang.lifecycle.dated import Decree, configure
from lifang.plugins.plugin import Plugin
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.store.record import Table

PLACES = (
    ("990100000000", "检查市", "city", None),
    ("990101000000", "启用区", "district", "990100000000"),
    ("990101001000", "启用街道", "subdistrict", "990101000000"),
    ("990101001001", "启用社区", "community", "990101001000"),
    ("990102000000", "停用区", "district", "990100000000"),
    ("990102001000", "停用街道", "subdistrict", "990102000000"),
    ("990102001001", "停用社区", "community", "990102001000"),
)
ON, OFF, HOME = "990101000000", "990102000000", "990101001001"

_numbers = itertools.count(1)


@dataclass
class Subject:
    """What a deep rule is asked of.

    `on` is the code of a district where the plugin is on, `off` of one where it is off, `home` of a
    community below the first; `effects` is what importing the plugin did to the world, each with
    what and where.
    """

    source: Source
    plugin: Plugin
    instance: Instance
    on: str = ON
    off: str = OFF
    home: str = HOME
    effects: Sequence[tuple[str, str]] = ()
    made: dict[type[Any], Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where files of this check may lie."""
        return self.instance.settings.home

    def spot(self, declared: Any = None) -> Spot:
        """Where a model or a function of the plugin stands, else where the plugin is declared."""
        try:
            lines = inspect.getsourcelines(inspect.unwrap(declared))
            path = Path(inspect.getsourcefile(declared) or "")
        except (TypeError, OSError):
            return self.source.spot
        below = path.resolve().as_posix().rpartition(f"/{self.source.package}/")
        return Spot(f"{self.source.package}/{below[2]}", lines[1]) if below[1] else self.source.spot

    def caller(self, role: str, at: str | None = None) -> Caller:
        """Somebody with a role at a community's code, or everywhere."""
        path = Community.get(Community.code == at).path if at else None
        return Caller(
            instance=self.instance,
            snapshot=self.instance.plugins.refresh(),
            name=f"check:{role}",
            source="cli",
            standings=(Standing(role, path=path),),
        )

    @property
    def boss(self) -> Caller:
        """Somebody with every right over the whole instance."""
        return boss_of(self.instance)

    def person(self, name: str = "检查员") -> Person:
        """Somebody who lives in a community where the plugin is on."""
        told = {"name": f"{name}{next(_numbers)}", "community": {"code": self.home}}
        return write(people, "create", self.boss, told)

    def organization(self) -> Organization:
        """An organization that sits there."""
        told = {"name": f"检查单位{next(_numbers)}", "kind": "party", "no_uscc_reason": "检查"}
        return write(organizations, "create", self.boss, {**told, "community": {"code": self.home}})

    @property
    def models(self) -> list[type[Any]]:
        """Every table of the plugin, also those that nobody meets."""
        found: list[type[Any]] = []
        ahead: list[type[Any]] = [Table]
        while ahead:
            below = ahead.pop().__subclasses__()
            ahead += below
            found += [one for one in below if one.__module__.split(".")[0] == self.source.package]
        return sorted(found, key=lambda one: str(one._meta.table_name))


NOWHERE = "nats://127.0.0.1:9"
"""A broker that is set, as plugins may demand before they are switched on, and never answers."""


def boss_of(instance: Instance) -> Caller:
    """The first administrator of an instance."""
    return Caller(
        instance=instance,
        snapshot=instance.plugins.refresh(),
        name="check",
        source="cli",
        standings=tuple(Standing(role) for role in FIRST_ADMINISTRATOR),
    )


@contextmanager
def running(
    source: Source, home: Path, *, url: str | None = None, effects: Sequence[tuple[str, str]] = ()
) -> Iterator[Subject]:
    """Make an instance in a folder, install the plugin and switch it on in one of two districts.

    The plugin must be found by its metadata. Raises whatever keeps it from being installed.
    """
    told = {"LIFANG_DURABILITY": "normal"} if url is None else {"LIFANG_DATABASE": url}
    instance = create(home, environ={**told, "LIFANG_BROKER": NOWHERE})
    try:
        with instance.database.connection():
            for code, name, kind, above in PLACES:
                given: dict[str, Any] = {"code": code, "name": name, "kind": kind}
                given |= {"parent": {"code": above}} if above else {}
                write(communities, "create", boss_of(instance), given)
            switching.install(boss_of(instance), source.id)
            asked = instance.plugins.loaded[source.id].settings.values()
            if given := {one.name: _some(one) for one in asked if one.required}:
                configure(boss_of(instance), source.id, given, Decree("check", ON))
            switching.switch(boss_of(instance), source.id, at=ON, on=True)
            instance.plugins.refresh()
            plugin = instance.plugins.loaded.get(source.id)
            if plugin is None:
                raise RuntimeError(instance.plugins.faults.get(source.id, "not loaded"))
            yield Subject(source, plugin, instance, effects=effects)
    finally:
        instance.close()


def _some(setting: Any) -> str:
    """A value that a setting without a default may have."""
    plain = {"int": str(setting.minimum or 1), "date": "2026-01-01", "list": "1"}
    return next(iter(dict(setting.options())), plain.get(setting.kind.__name__, "check"))
