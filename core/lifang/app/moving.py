"""Moving: an instance's data goes into another database, and only then that one is in use."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lifang.app.instance import demand_instance, in_use, settle, take_over
from lifang.app.restoring import bound, demand_alone, note
from lifang.app.serve import alone
from lifang.kit import clock, settings
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.kit.settings import Settings
from lifang.kit.settings_keys import KEYS
from lifang.kit.words import _
from lifang.resources.registry import CORE
from lifang.services.instance import Instance
from lifang.store import copying, migrations
from lifang.store.copying import Told
from lifang.store.database import Database
from lifang.store.embedded import Embedded
from lifang.store.keys import load_keys
from lifang.store.opening import open_database
from lifang.upkeep.backup import Steps
from lifang.upkeep.carrying import carry

OWN = "embedded"
"""What the database in the instance's own folder is called on the command line."""


@dataclass(frozen=True)
class Moved:
    """From where to where; the rows of every table, with the digests once they are there.

    `aside` is the old file where it was the instance's own; `variable` says that an environment
    variable outranks what lifang.toml says now.
    """

    source: str
    target: str
    rows: dict[str, int]
    digests: dict[str, str]
    aside: Path | None
    variable: bool


def move(url: str, progress: Steps, *, plan: bool) -> Moved:
    """Move the data of LIFANG_HOME's instance into an empty database; `plan` only looks.

    Killed at any point, the old database is in use until the last step, and the same call goes on.
    Raises Conflict while anybody works on the instance or where the target holds anything else,
    NotReady where the two are not the same at the end, Invalid for what is no address.
    """
    told = settings.load()
    demand_instance(told)
    clock.set_zone(told.zone)
    address = None if url == OWN else _address(url)
    with ExitStack() as stack:
        stack.enter_context(alone(told))
        stack.callback(os.close, in_use(told, alone=True))
        settle(told)
        source, target = _open(told, told.database), _open(told, address)
        stack.callback(target.close)
        here = stack.enter_context(bound(told, source, lambda: load_keys(told.key_file)))
        aside = take_over(told, source)
        demand_alone(source)
        if source.place == target.place:
            if aside is None:
                raise Conflict(_("数据已经在 {place}", place=target.place))
            return _told(source, target, {}, aside)
        if waiting := migrations.pending(source, CORE, migrations.MIGRATIONS):
            raise NotReady(_("有 {n} 个数据库迁移待执行；请运行 lifang migrate", n=len(waiting)))
        tables = _move(here, target, progress, plan=plan)
        if not plan:
            source.close()
            settings.write_database(told.home, address)
            with target.connection():
                aside = take_over(told, target)
        return _told(source, target, tables, aside)


def _address(url: str) -> str:
    known = KEYS["database"]
    try:
        return str(known.read(url))
    except ValueError:
        raise Invalid(_("应为 {right}，或 embedded", right=_(known.right))) from None


def _open(told: Settings, url: str | None) -> Database:
    return open_database(url, home=told.home, durability=told.durability)


def _move(here: Instance, target: Database, progress: Steps, *, plan: bool) -> dict[str, Told]:
    source, told = here.database, here.settings
    origin = f"{here.id} {source.place}"
    if not isinstance(target, Embedded) or target.path.exists():
        with target.connection():
            copying.demand_room(target, origin)
    if plan:
        return {
            one.name: Told(copying.count(source, one.name), "") for one in copying.tables(source)
        }
    with bound(told, target, lambda: here.keys) as there:
        places = {"from": source.place, "to": target.place}
        return carry(
            source,
            target,
            origin=origin,
            lock=told.run / "migrate.lock",
            progress=progress,
            last=lambda: note(there, "database", "move", **places),
        )


def _told(source: Database, target: Database, tables: dict[str, Told], aside: Path | None) -> Moved:
    return Moved(
        source=source.place,
        target=target.place,
        rows={name: told.rows for name, told in tables.items()},
        digests={name: told.digest for name, told in tables.items()},
        aside=aside,
        variable=bool(os.environ.get("LIFANG_DATABASE", "").strip()),
    )
