"""Many records created at once, each by the gateway's law, in one transaction.

What the gateway asks of the database for every record is asked here once for all of them. It takes
the plain way only: whatever is out of the ordinary is refused whole, and whoever asked goes record
by record through the gateway, which says which one it is and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import ranges
from lifang.kit.errors import Forbidden, NotFound
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.reach import Itself, Linked
from lifang.resources.resource import Resource
from lifang.services import values
from lifang.services.checks import keep_rules, may_create
from lifang.services.deeds import Deed, tell_of
from lifang.services.places import places_of
from lifang.services.standpoint import reached
from lifang.store.database import Database

Given = Mapping[str, Any]
"""Judged values of one record; references by their number."""

CREATED = Deed("create", "created", [])
RESERVED = 5_000
"""Numbers reserved at once: each reservation is a commit."""
GRAMS = ("noun", "gram", "record")


class Maker:
    """Makes records of a resource batch by batch; every one of `verbs` must reach each.

    Numbers are reserved for several batches at once: what is reserved and not used stays a gap.
    """

    def __init__(
        self, caller: Caller, resource: Resource[Any], *, verbs: Sequence[str], expected: int
    ) -> None:
        """Expect about so many records."""
        may_create(resource, caller)
        scope = resource.scope
        self.caller, self.resource, self.verbs, self._expected = caller, resource, verbs, expected
        self.linked = scope if isinstance(scope, Linked) and scope.shown_as else None
        self.rows = Rows(caller, resource)
        self._numbers: Sequence[int] = ()
        self._links: Sequence[int] = ()

    def numbers(self, count: int) -> tuple[Sequence[int], Sequence[int]]:
        """Numbers for so many records, and for their links where they have some."""
        if len(self._numbers) < count:
            database = self.caller.instance.database
            more = min(max(count, self._expected), RESERVED)
            with database.transaction():
                self._numbers = database.allocate(self.resource.model, more)
                if self.linked is not None:
                    self._links = database.allocate(self.linked.model, more)
        taken = self._numbers[:count], self._links[:count]
        self._numbers, self._links = self._numbers[count:], self._links[count:]
        self._expected -= count
        return taken


class Batch:
    """Records on their way in: numbered, sealed and spelt before the write lane is taken."""

    def __init__(self, maker: Maker, many: Sequence[Given]) -> None:
        """Prepare them; nothing is written yet."""
        self.caller, self.resource = maker.caller, maker.resource
        self.many, self._maker = many, maker
        self._database, self._linked = maker.caller.instance.database, maker.linked
        self.numbers, self._link_numbers = maker.numbers(len(many))
        self._fresh = dict(zip(self.numbers, map(dict, many), strict=True))
        self._rows = [] if maker.resource.at_once else self._made()
        self._found: dict[str, list[int]] = {}
        for number, given in self._fresh.items() if self.resource.grammed else ():
            for piece in values.pieces_of(given.get(name) for name in self.resource.grammed):
                self._found.setdefault(piece, []).append(number)

    def write(self) -> None:
        """Insert, link, judge the reach of, audit and tell of all of them, or raise and none."""
        self._demand_references()
        judge, keep = self.resource.at_once or (None, None)
        if judge is not None:  # under the lane, for nothing but this keeps two nodes from one code
            judge(self._fresh, self.caller)
            self._rows = self._made()
        self._database.insert(self.resource.table, self._maker.rows.columns, self._rows)
        pieces = sorted(self._found.items())  # as their tree is: neighbours lie on one page
        noun = self.resource.id
        grams = ((noun, piece, number) for piece, numbers in pieces for number in numbers)
        self._database.insert("name_gram", GRAMS, grams)
        places = self._places()
        if self._linked is not None:
            self._link(self._linked, places)
        self._demand_reach(places)
        for number, where in zip(self.numbers, places, strict=True):
            tell_of(self.resource, self.caller, number, CREATED, where)
        if keep is not None:
            keep(self._fresh, self.caller)

    def _made(self) -> list[list[Any]]:
        rows = self._maker.rows
        return [rows.make(number, given) for number, given in self._fresh.items()]

    def _demand_references(self) -> None:
        """Whatever is pointed at was found before the transaction; it must stand in it too."""
        for spec in self.resource.fields:
            if spec.target is None:
                continue
            wanted = {given[spec.name] for given in self.many if given.get(spec.name) is not None}
            target = self.caller.instance.registry.of(spec.target)
            seen = wanted if target.open else reached(self.caller, target, "read", wanted)
            if seen != wanted or (
                wanted and _standing(self._database, spec, wanted) != len(wanted)
            ):
                raise NotFound(_("没有找到"))

    def _places(self) -> list[list[int]]:
        scope = self.resource.scope
        if self._linked is not None:
            scope = self._linked.shown_as
        if isinstance(scope, Itself):
            above = ((number, given.get("parent")) for number, given in self._fresh.items())
            return [[number, parent] if parent else [number] for number, parent in above]
        if isinstance(scope, str):
            return [[given[scope]] if given.get(scope) else [] for given in self.many]
        made = (
            self.resource.model(id=number, **self._plain(given))
            for number, given in self._fresh.items()
        )
        return [places_of(self.caller, self.resource, record) for record in made]

    def _plain(self, given: Given) -> dict[str, Any]:
        secret = {spec.name for spec in self.resource.fields if spec.kind == "sensitive"}
        return {name: value for name, value in given.items() if name not in secret}

    def _link(self, scope: Linked, places: list[list[int]]) -> None:
        """Link each to its place. The links differ in nothing else, and the records have no others.

        So what the rules say of one link to a place holds for all.
        """
        target = self.caller.instance.registry.of(scope.model)
        rows, made, known = Rows(self.caller, target), [], set()
        for link, number, where in zip(self._link_numbers, self.numbers, places, strict=True):
            told = {**scope.writes, scope.here: number, scope.there: where[0]}
            if where[0] not in known:
                known.add(where[0])
                keep_rules(target, self.caller, scope.model(id=link, **told))
            made.append(rows.make(link, told))
            tell_of(target, self.caller, link, CREATED, where)
        self._database.insert(target.table, rows.columns, made)

    def _demand_reach(self, places: list[list[int]]) -> None:
        """A condition cannot judge rows that do not exist yet: the saved ones are tested."""
        verbs = self._maker.verbs
        reaches = {verb: policy.rights(self.caller, self.resource, verb) for verb in verbs}
        if all(reach.tree == ranges.EVERYWHERE for reach in reaches.values()):
            return
        distinct = {place for where in places for place in where}
        asked: Any = Community.select(Community.path).where(Community.id.in_(distinct))
        paths = [row[0] for row in asked.tuples()] if all(places) else []
        for verb, reach in reaches.items():
            if paths and all(ranges.holds(reach.tree, path) for path in paths):
                continue
            if len(reached(self.caller, self.resource, verb, self.numbers)) != len(self.numbers):
                raise Forbidden(_("这条记录不在您的管辖范围内"))


class Rows:
    """Rows of a resource's table as the database keeps them, each from what is common to all."""

    def __init__(self, caller: Caller, resource: Resource[Any]) -> None:
        """Find out what every row has alike."""
        meta: Any = resource.model._meta
        self._caller, self._resource = caller, resource
        self._fields = {field.name: field for field in meta.sorted_fields}
        self._at = {name: place for place, name in enumerate(self._fields)}
        self._secret = [
            (spec, [self._at[column] for column in values.columns_of(spec)])
            for spec in resource.fields
            if spec.kind == "sensitive"
        ]
        self._open = self._fields.keys() - {spec.name for spec, _places in self._secret}
        self.columns = [field.column_name for field in meta.sorted_fields]
        self._common = self._of(resource.model(created_by=caller.account))

    def _of(self, record: Any) -> list[Any]:
        return [f.db_value(record.__data__.get(name)) for name, f in self._fields.items()]

    def make(self, number: int, given: Given) -> list[Any]:
        """The row of a record."""
        row = self._common.copy()
        row[self._at["id"]] = number
        for name, value in given.items():
            if value is not None and name in self._open:
                row[self._at[name]] = self._fields[name].db_value(value)
        for spec, places in self._secret:
            if (value := given.get(spec.name)) is not None:
                kept = values.sealed_columns(self._caller, self._resource, spec, value, number)
                row[places[0]] = kept[0].blob
                for place, part in zip(places[1:], kept[1:], strict=True):
                    row[place] = part
        return row


def _standing(database: Database, spec: FieldSpec, numbers: Iterable[int]) -> int:
    """How many of these records stand and can be pointed at."""
    model: Any = spec.target
    told = model.id.in_(list(numbers)) & model.removed_at.is_null()
    if model is Community:
        told &= Community.valid_to.is_null()
    rows = model.select(model.id).where(told)
    return len(database.kept(rows))
