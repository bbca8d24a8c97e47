"""A small real world to test in: places of Lanzhou, people and organizations made when asked."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import time_machine

from lifang.access import passwords
from lifang.access.callers import caller_for
from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.app.instance import create, migrate_core, open_instance
from lifang.builtin.people import move as move_person
from lifang.builtin.people import organizations, people
from lifang.builtin.places import communities
from lifang.entities.account import Account
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.lifecycle import switching
from lifang.lifecycle.dated import Decree, configure
from lifang.lifecycle.installing import loaded_of
from lifang.mechanisms import inbox
from lifang.plugins.manager import discover
from lifang.plugins.tables import PluginRow
from lifang.services.authoring import act
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.store.opening import open_database
from lifang.testing import served, sharing

CITY, CHENGGUAN, QILIHE = "620100000000", "620102000000", "620103000000"
HOME, NEIGHBOUR, FOREIGN = "620102001001", "620102001002", "620103001001"

PLACES = (
    (CITY, "兰州市", "city", None),
    (CHENGGUAN, "城关区", "district", CITY),
    ("620102001000", "酒泉路街道", "subdistrict", CHENGGUAN),
    (HOME, "畅家巷社区", "community", "620102001000"),
    (NEIGHBOUR, "张家园社区", "community", "620102001000"),
    (QILIHE, "七里河区", "district", CITY),
    ("620103001000", "西园街道", "subdistrict", QILIHE),
    (FOREIGN, "下西园社区", "community", "620103001000"),
)

NOWHERE = "nats://127.0.0.1:9"
"""A broker that is set, as plugins may demand before they are switched on, and never answers."""

PLANTED = "lifang_planted"
"""The database whose copy every instance with the small tree begins with."""


def new_instance(home: Path, *, planted: bool = False) -> Iterator[Instance]:
    """Make an instance, keep a connection for this thread, and close it at the end.

    A `planted` one has the small tree, copied with its keys from one that is made once a run.
    """
    _cheaply()
    with served.database_for(home, PLANTED if planted and _planted() else served.TEMPLATE) as url:
        if planted:
            shutil.copytree(_planted(), home)
        instance = _made(home, url)
        instance.settings = replace(instance.settings, broker=NOWHERE)
        with instance.database.connection():
            yield instance
        instance.close()


@cache
def _cheaply() -> None:
    """Make once a process what tests would make hundreds of times; passwords cost 0.1 s each."""
    sharing.share()
    passwords.MEMORY_KIB, passwords.PASSES = 64, 1


def _made(home: Path, url: str | None) -> Instance:
    told = {"durability": "normal"} if url is None else {"database": url}
    environ = {f"LIFANG_{key.upper()}": told[key] for key in told}
    if (home / "lifang.toml").exists():
        instance = open_instance(home, environ=environ)
    else:
        if url is None:
            (home / "data").mkdir(parents=True)
            shutil.copy(_tables(), home / "data" / "lifang.db")
        instance = create(home, environ=environ)
    with (home / "lifang.toml").open("a", encoding="utf-8") as file:
        for key, value in told.items():  # for every command that is run on the folder
            file.write(f'{key} = "{value}"\n')
    return instance


@cache
def _planted() -> Path:
    """The folder of an instance with the small tree, planted by the real clock."""
    folder = Path(tempfile.mkdtemp(prefix="lifang-planted-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = served.server().create(PLANTED, served.TEMPLATE) if served.chosen() else None
    with time_machine.travel(folder.stat().st_mtime):  # whatever the time of the first test is
        instance = _made(folder / "home", url)
        told = (folder / "home" / "lifang.toml").read_text(encoding="utf-8")
        with instance.database.connection():
            plant(instance)
        instance.close()
    kept = told.splitlines(keepends=True)[:-1]  # all but where its own data lies
    (folder / "home" / "lifang.toml").write_text("".join(kept), encoding="utf-8")
    return folder / "home"


@cache
def _tables() -> Path:
    """A database file with the core's tables and nothing in them, made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="lifang-tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("data", "run"):
        (folder / name).mkdir()
    database = open_database(None, home=folder, durability="normal")
    database.bind()
    migrate_core(database, folder)
    database.close()
    return folder / "data" / "lifang.db"


def plant(instance: Instance) -> None:
    """Plant the small tree."""
    owner = boss(instance)
    for code, name, kind, parent in PLACES:
        told: dict[str, Any] = {"code": code, "name": name, "kind": kind}
        if parent is not None:
            told["parent"] = {"code": parent}
        write(communities, "create", owner, told)


def boss(instance: Instance) -> Caller:
    """A caller with the first administrator's rights."""
    return Caller(
        instance=instance, snapshot=instance.plugins.refresh(), name="boss", source="cli",
        standings=tuple(Standing(role) for role in FIRST_ADMINISTRATOR),
    )  # fmt: skip


def caller(
    instance: Instance,
    role: str,
    *,
    at: str | None = None,
    unit: Organization | None = None,
    person: Person | None = None,
) -> Caller:
    """A caller with one role at a community's code or for an organization, perhaps a person too."""
    path = Community.get(Community.code == at).path if at else None
    standing = Standing(role, path=path, organization=int(unit.id) if unit else None)
    return Caller(
        instance=instance,
        snapshot=instance.plugins.refresh(),
        name=f"{role}@{at or (unit and unit.name) or 'self'}",
        source="cli",
        person=int(person.id) if person else None,
        standings=() if role == "resident" and at is None else (standing,),
    )


def person(instance: Instance, name: str, *, at: str = HOME, **told: Any) -> Person:
    """Register a person who lives in a community."""
    data = {"name": name, "community": {"code": at}, **told}
    return write(people, "create", boss(instance), data)


def move(instance: Instance, person: Person, *, to: str) -> None:
    """Let a person move today, to a community's code."""
    node = Community.get(Community.code == to)
    act(move_person, person, boss(instance), community=node, date=clock.today())


def organization(instance: Instance, name: str, *, at: str = HOME, **told: Any) -> Organization:
    """Register an organization that sits in a community."""
    data = {"name": name, "kind": "party", "no_uscc_reason": "党组织无代码", **told}
    return write(organizations, "create", boss(instance), {**data, "community": {"code": at}})


def community(
    instance: Instance, name: str, *, under: str = "620102001000", **told: Any
) -> Community:
    """Register a community below another one's code, with the next free code unless one is told."""
    above = Community.get(Community.code == under)
    taken = Community.select().where(Community.parent == above).count()
    data = {"code": f"{under[:9]}{taken + 1:03}", "kind": "community", **told}
    given = {"name": name, "parent": {"code": under}, **data}
    return write(communities, "create", boss(instance), given)


def install(instance: Instance, plugin: str) -> None:
    """Install a plugin if it is not."""
    if not PluginRow.get_or_none(PluginRow.name == plugin):
        switching.install(boss(instance), plugin)


def enable(instance: Instance, plugin: str, *, at: str, **settings: Any) -> None:
    """Install a plugin if it is not, set it at a community's code from today on, and switch it on.

    One that is on there already is only set.
    """
    install(instance, plugin)
    on = (one.on for one in switching.show(boss(instance), plugin).switches if one.code == at)
    if settings:
        loaded = loaded_of(instance.plugins, discover()[plugin])
        said = {name: loaded.settings[name].written(value) for name, value in settings.items()}
        configure(boss(instance), plugin, said, Decree("test", at))
    if not settings or not any(on):
        switching.switch(boss(instance), plugin, at=at, on=True)


def notices_of(instance: Instance, one: Person | Account, kind: str | None = None) -> list[str]:
    """What the notices of a person or an account say to them, the oldest first."""
    if isinstance(one, Account):
        reader = caller_for(instance, Account.get_by_id(one.id), source="cli")
    else:
        reader = caller(instance, "resident", person=one)
    return [item.text for item in reversed(inbox.items(reader, kind=kind, limit=inbox.MOST))]
