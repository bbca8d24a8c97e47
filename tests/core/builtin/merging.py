"""Two records of one person, merged or looked at, and what stands in the database then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.events.tables import EventRow
from lifang.kit import json
from lifang.resources.action import Preview
from lifang.services.gateway import preview, write
from lifang.services.instance import Instance
from lifang.testing import world

Make = Callable[..., Caller]
CITIZEN, OTHER = "620102198001010033", "110101199003077715"
PHONE = "13812345678"


def merge(caller: Caller, duplicate: Person, kept: Person) -> Person:
    return write(people, "merge", caller, {"into": int(kept.id)}, int(duplicate.id))


def foresee(caller: Caller, duplicate: Person, kept: Person) -> Preview:
    return preview(people, "merge", caller, {"into": int(kept.id)}, int(duplicate.id))


def two(instance: Instance, *, at: str = world.HOME, **told: Any) -> tuple[Person, Person]:
    """A duplicate with what was told of it, and the one that stays."""
    return world.person(instance, "李强", at=at, **told), world.person(instance, "李强", at=at)


def contents(instance: Instance) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine = instance.database.engine
    return {
        table: sorted(map(repr, engine.execute_sql(f'SELECT * FROM "{table}"').fetchall()))  # noqa: S608 – our own tables
        for table in engine.get_tables()
    }


def naming(instance: Instance, number: int) -> dict[str, int]:
    """How many rows of every table point at a person, by the database's own foreign keys."""
    engine = instance.database.engine
    found = {}
    for table in engine.get_tables():
        for key in engine.get_foreign_keys(table):
            if key.dest_table == "core_person":
                asked = f'SELECT COUNT(*) FROM "{table}" WHERE "{key.column}" = {engine.param}'  # noqa: S608 – our own tables
                (count,) = engine.execute_sql(asked, (number,)).fetchone()
                found[f"{table}.{key.column}"] = count
    return {column: count for column, count in found.items() if count}


def events_since(position: int) -> list[tuple[str, str, Any]]:
    rows = EventRow.select().where(EventRow.pos > position).order_by(EventRow.pos)
    return [(row.type, row.agg, json.loads_strict(row.data.encode())) for row in rows]


def last_event() -> int:
    row = EventRow.select().order_by(EventRow.pos.desc()).first()
    return int(row.pos) if row else 0


def reported(instance: Instance, *where: tuple[Person, str]) -> list[Any]:
    reports: Any = instance.registry.find("dual_reporting", "reports")
    boss = world.boss(instance)
    return [
        write(reports, "create", boss, {"person": person.id, "community": {"code": at}})
        for person, at in where
    ]
