"""What stands already and matters to a file: the records it names, who is known, what is within."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import ranges
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.presenting import View
from lifang.services.query import MOST, Query, conditions


class Standing:
    """Looked up a piece of the file at a time, within what the caller may see."""

    def __init__(self, caller: Caller, resource: Resource[Any]) -> None:
        """Find out where records of the resource lie."""
        self.caller, self.resource = caller, resource
        self.views: dict[int, View] = {}
        self.within: dict[str, set[int]] = {"update": set(), "import": set()}
        self._paths: dict[int, str | None] = {}
        scope = resource.scope
        self.place = scope.shown_as if isinstance(scope, Linked) else None
        if isinstance(scope, str):
            self.place = scope

    def look_up(self, ids: Sequence[int]) -> None:
        """Learn the records of these numbers, and which of them may be changed by a file."""
        self.views = {}
        if not ids:
            return
        asked = Query(filters=(("id", "", tuple(ids)),), limit=MOST)
        found = reading.find(self.caller, self.resource, asked).items
        self.views = {int(view["id"]): view for view in found}
        model: Any = self.resource.model
        for verb in self.within:
            told = conditions(self.caller, self.resource, Query(asked.filters, verb=verb))
            self.within[verb] = {row[0] for row in model.select(model.id).where(*told).tuples()}

    def may_place(self, place: int | None) -> bool:
        """Whether both creating and importing reach a place; further reaches show when saved."""
        if place is None:
            return True
        if place not in self._paths:
            rows: Any = Community.select(Community.path).where(Community.id == place).tuples()
            self._paths[place] = next((row[0] for row in rows), None)
        path = self._paths[place]
        for verb in ("create", "import"):
            reach = policy.rights(self.caller, self.resource, verb)
            if reach.person is not None or reach.units or reach.tree == ranges.EVERYWHERE:
                continue
            if path is None or not ranges.holds(reach.tree, path):
                return False
        return True

    def known(self, told: Iterable[str]) -> dict[str, int]:
        """The ids of standing records with these identities, of those the caller can see.

        Both questions are asked whatever the first one finds, so that time tells nothing either.
        """
        model: Any = self.resource.model
        name = str(self.resource.identity)
        spec = self.resource.by_name[name]
        kept: dict[Any, str] = {}
        for value in told:
            if spec.kind == "sensitive":
                kept[self.caller.instance.keys.index(value, kind=str(spec.secret))] = value
            else:
                kept[value] = value
        column = getattr(model, f"{name}_index" if spec.kind == "sensitive" else name)
        same = column.in_(list(kept)) & model.removed_at.is_null()
        found = {row[0]: row[1] for row in model.select(model.id, column).where(same).tuples()}
        allowed = policy.readable(self.caller, self.resource)
        if allowed is False:
            return {}
        query = model.select(model.id).where(model.id.in_(list(found) or [0]))
        if allowed is not True:
            query = query.where(allowed)
        return {kept[found[row[0]]]: row[0] for row in query.tuples()}
