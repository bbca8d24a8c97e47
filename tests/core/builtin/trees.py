"""Trees that change: what tests do to them, and what they ask then."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lifang.builtin.places import communities
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

BASIS = "兰政发〔2026〕1号"
YEAR = dt.date(2026, 1, 1)


def node(code: str, *, closed: bool = False) -> Community:
    """The standing node of a code, or the one that is closed."""
    found = Community.select().where(Community.code == code)
    return found.where(Community.valid_to.is_null(not closed)).get()


def decree(caller: Caller, verb: str, of: Community | str, date: Any, **told: Any) -> Community:
    """Do something to a node from a day on."""
    target = of if isinstance(of, Community) else node(of)
    data = {"date": str(date), "basis": BASIS, **told}
    return write(communities, verb, caller, data, int(target.id))


def at(instance: Instance, role: str, place: Community) -> Caller:
    """Somebody with a role at a node, wherever that lies today."""
    path = Community.get_by_id(place.id).path
    return Caller(instance=instance, snapshot=instance.plugins.refresh(), name=role, source="cli",
                  standings=(Standing(role, path=path),))  # fmt: skip


def told(caller: Caller, resource: Any, field: str, **asked: Any) -> set[str]:
    """What a list shows, of each record one field."""
    return {str(view[field]) for view in reading.stream(caller, resource, Query(**asked))}


def plant(boss: Caller, code: str, kind: str, parent: str) -> Community:
    data = {"code": code, "name": f"名{code}", "kind": kind, "parent": {"code": parent}}
    return write(communities, "create", boss, data)


__all__ = ["BASIS", "at", "decree", "node", "plant", "told", "world"]
