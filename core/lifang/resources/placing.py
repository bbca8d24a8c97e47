"""Records that lie in a closed node are taken to another one; where they lay then stays known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import fn

from lifang.entities.caller import Caller
from lifang.entities.community import Community, FormerPlace
from lifang.events.event import Data
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.resources.action import Action, action, action_of
from lifang.store.record import Record


def placing(scope: str) -> Action:
    """The action `place` of a resource whose records say themselves where they lie."""

    def closed(view: Mapping[str, Any]) -> bool:
        return bool((view.get(scope) or {}).get("closed"))

    @action("归入社区", event="placed", when=closed, among={"unassigned": "true"})
    def place(record: Record, caller: Caller, *, community: Community) -> Data:
        """Take a record out of a closed community into one that took over."""
        old: Community = getattr(record, scope)
        if old is None or old.valid_to is None:
            raise Conflict(_("这条记录所在的社区没有停用；请用「修改」"))
        mine = {"noun": caller.instance.registry.of(type(record)).id, "record": record.id}
        since = FormerPlace.select(fn.MAX(FormerPlace.to_date)).filter(**mine).scalar()
        FormerPlace.create(**mine, community=old, from_date=since, to_date=old.valid_to)
        setattr(record, scope, community)
        return {"old": old.id, "new": community.id}

    return action_of(place)
