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
from lifang.services.query import MOST, Query
from lifang.services.standpoint import reached


class Standing:
    """Looked up a piece of the file at a time, within what the caller may see."""

    def __init__(self, caller: Caller, resource: Resource[Any]) -> None:
        """Find out where records of the resource lie."""
        self.caller, self.resource = caller, resource
        self.views: dict[int, View] = {}
        self.within: dict[str, set[int]] = {"update": set(), "import": set()}
        self._reached: dict[int | None, bool] = {None: True}
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
        for verb in self.within:
            self.within[verb] = reached(self.caller, self.resource, verb, self.views)

    def may_place(self, place: int | None) -> bool:
        """Whether both creating and importing reach a place; further reaches show when saved."""
        if place not in self._reached:
            rows: Any = Community.select(Community.path).where(Community.id == place).tuples()
            path = next((row[0] for row in rows), None)
            self._reached[place] = all(self._holds(verb, path) for verb in ("create", "import"))
        return self._reached[place]

    def _holds(self, verb: str, path: str | None) -> bool:
        reach = policy.rights(self.caller, self.resource, verb)
        if reach.person is not None or reach.units or reach.tree == ranges.EVERYWHERE:
            return True
        return path is not None and ranges.holds(reach.tree, path)

    def known(self, told: Iterable[str]) -> tuple[dict[str, int], set[str]]:
        """Standing records with these identities: the ids of those in sight, and the others.

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
        within = reached(self.caller, self.resource, "read", found or [0])
        seen = {kept[found[number]]: int(number) for number in within & found.keys()}
        return seen, {kept[value] for value in found.values()} - seen.keys()
