"""One person once: a duplicate is merged into the record that stays, and everything follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.household import HouseholdMember
from lifang.entities.person import Affiliation, Person
from lifang.events.event import Data
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid
from lifang.kit.words import _, _p
from lifang.resources import written
from lifang.resources.action import Preview, Section, action
from lifang.resources.resource import Resource
from lifang.services import values
from lifang.services.auditing import Change
from lifang.services.checks import keep_rules, permit, reaches, save
from lifang.services.deeds import Deed, tell
from lifang.services.places import places_of
from lifang.services.presenting import present_one, shown_fields

EMPTY = (None, "", "unknown", "other")
"""What says nothing, and gives way to what the other record says."""

LINKS: dict[Any, tuple[str, ...]] = {
    Affiliation: ("community", "kind"),
    HouseholdMember: ("household",),
}
"""Links that a person has once at a time, and what makes two of them the same."""


@dataclass
class Pointer:
    """A record that names the duplicate, as it was before: in which fields, where, seen or not."""

    resource: Resource[Any]
    record: Any
    fields: list[str]
    places: list[int]
    seen: bool
    doubled: bool = False

    @property
    def gone(self) -> bool:
        """Whether it was removed long ago: it follows quietly, so that nothing names nobody."""
        return self.record.removed_at is not None and not self.doubled


class Merging:
    """One duplicate on its way into the person who stays: all that follows, and what hinders it.

    Every resource that is registered follows, wherever its plugin is on or off. Tables of a plugin
    that is not loaded are left alone: their rows go on naming the duplicate, which stays as a
    removed record and knows where it went.
    """

    def __init__(self, caller: Caller, duplicate: Person, kept: Person) -> None:
        """Find everything that names the duplicate, before anything changes."""
        self.caller, self.duplicate, self.kept = caller, duplicate, kept
        self.people: Resource[Person] = caller.instance.registry.of(Person)
        self.pointers = list(self._pointers())
        self.obstacles: list[str] = []

    def carry_out(self) -> None:
        """Do all of it, going on past what hinders; whoever called undoes it where something did.

        The duplicate goes first: what it alone may hold, the other one can have then.
        """
        mine, theirs = (one.__data__["citizen_id_index"] for one in (self.duplicate, self.kept))
        if mine and theirs and mine != theirs:
            self.obstacles.append(_("两条记录的公民身份号码不同，是两个人；请先核对并改正号码"))
        now = self.duplicate.removed_at = clock.now()
        self.duplicate.merged_into = self.kept
        Person.update(removed_at=now).where(Person.id == self.duplicate.id).execute()
        values.forget_names(self.people, self.duplicate)
        homed = homes_of(self.kept).exists()
        for pointer in self.pointers:
            try:
                with self.caller.instance.database.transaction():
                    self._follow(pointer, homed=homed)
            except (Conflict, Forbidden, Invalid) as refused:
                self._hinder(pointer, refused.sentence)
        self.caller.instance.notices.follow(self.duplicate, self.kept)
        changes = self._fill(self.people, self.duplicate, self.kept)
        if changes:
            keep_rules(self.people, self.caller, self.kept)
            save(self.people, self.caller, self.kept)
        data = {"fields": [change.field for change in changes]}
        changes.append(Change("merged:person", None, str(self.duplicate.id)))
        done = Deed("merge", "updated" if data["fields"] else None, changes, data)
        tell(self.people, self.caller, self.kept, done)

    def _pointers(self) -> Iterator[Pointer]:
        registry = self.caller.instance.registry
        for resource in registry:
            model: Any = resource.model
            refs = [field for field, target in model._meta.refs.items() if target is Person]
            if not refs or registry.of(model) is not resource:
                continue
            naming = reduce(or_, (field == self.duplicate.id for field in refs))
            for record in list(model.select().where(naming).order_by(model.id)):
                told = [ref.name for ref in refs if record.__data__[ref.name] == self.duplicate.id]
                places = places_of(self.caller, resource, record)
                yield Pointer(resource, record, told, places, self._sees(resource, record))

    def _sees(self, resource: Resource[Any], record: Any) -> bool:
        return reaches(resource, "read", self.caller, record)

    def _follow(self, pointer: Pointer, *, homed: bool) -> None:
        """Let a record name the person who stays; a link they have already is removed instead."""
        record, resource = pointer.record, pointer.resource
        changes = [Change(ref, str(self.duplicate.id), str(self.kept.id)) for ref in pointer.fields]
        for name in pointer.fields:
            setattr(record, name, self.kept)
        if pointer.gone:
            save(resource, self.caller, record)
            tell(resource, self.caller, record, Deed("update", None, changes, {}, pointer.places))
            return
        twin = self._twin(record)
        home = isinstance(record, Affiliation) and record.primary and _holds(record)
        if twin is not None:
            pointer.doubled, record.removed_at = True, clock.now()
            save(resource, self.caller, record)
            done = Deed("remove", "removed", changes, {}, pointer.places)
            tell(resource, self.caller, record, done)
            more = self._fill(resource, record, twin)
            if home and not homed:
                more += values.put(self.caller, resource, twin, {"primary": True})
            if more:
                self._save(resource, twin, more, [])
            return
        if home and homed:
            changes += values.put(self.caller, resource, record, {"primary": False})
        self._demand_once(pointer)
        self._save(resource, record, changes, pointer.places)

    def _twin(self, record: Any) -> Any:
        """The same link of the person who stays, where both hold today."""
        model = type(record)
        if model not in LINKS or not _holds(record):
            return None
        same = [getattr(model, name) == record.__data__[name] for name in LINKS[model]]
        held = (model.person == self.kept.id, policy.current(model), model.id != record.id)
        return model.select().where(*held, *same).first()

    def _demand_once(self, pointer: Pointer) -> None:
        """Raise Conflict, naming both, where a unique rule lets only one of two records stand."""
        record, model = pointer.record, pointer.resource.model
        told = record.__data__
        for rule in getattr(model._meta, "unique", ()):
            if None in [told[name] for name in rule.fields] or any(
                told[name] not in held for name, held in rule.when
            ):
                continue
            same = [getattr(model, name) == told[name] for name in rule.fields]
            same += [getattr(model, name).in_(held) for name, held in rule.when]
            standing = (model.removed_at.is_null(), model.id != record.id)
            rival = model.select().where(*standing, *same).first()
            if rival is not None:
                pointer.seen &= self._sees(pointer.resource, rival)
                raise Conflict(
                    _("与 #{other} 不能同时成立；请先结束或移除其中一条", other=rival.id)
                )

    def _hinder(self, pointer: Pointer, why: str) -> None:
        if pointer.seen:
            label, id = _(pointer.resource.label), pointer.record.id
            why = _("「{label}」#{id}：{why}", label=label, id=id, why=why)
        else:
            why = _("另有您看不到的记录使两人不能合并；请由看得到它的上级办理")
        if why not in self.obstacles:
            self.obstacles.append(why)

    def _fill(self, resource: Resource[Any], giver: Any, taker: Any) -> list[Change]:
        """Let the one say what it leaves open and the other says; sensitive values sealed anew."""
        told: dict[str, Any] = {}
        for spec in resource.fields:
            given = None if spec.virtual or spec.locked else giver.__data__[spec.name]
            if given in EMPTY or taker.__data__[spec.name] not in EMPTY:
                continue
            secret = spec.kind == "sensitive"
            told[spec.name] = (
                values.opened(self.caller, resource, giver, spec.name) if secret else given
            )
        return values.put(self.caller, resource, taker, told)

    def _save(
        self, resource: Resource[Any], record: Any, changes: list[Change], places: list[int]
    ) -> None:
        """Save a record that stands, by its own rules, and tell it as every update is told."""
        keep_rules(resource, self.caller, record)
        save(resource, self.caller, record)
        data = {"fields": [change.field for change in changes]}
        tell(resource, self.caller, record, Deed("update", "updated", changes, data, places))


def homes_of(person: Person | int) -> Any:
    """Where a person has their primary residence now: at most one affiliation."""
    return Affiliation.select().where(
        Affiliation.person == person,
        Affiliation.kind == "resides",
        Affiliation.primary == True,  # noqa: E712 – SQL
        policy.current(Affiliation),
    )


def _holds(link: Any) -> bool:
    """Whether a link in hand holds today."""
    return link.removed_at is None and (link.to_date is None or link.to_date > clock.today())


def preview_merge(
    person: Person, caller: Caller, *, into: Annotated[Person, "合并到（保留的人员）"]
) -> Preview:
    """Show both people side by side, what becomes of them, and how much follows."""
    _demand_both(person, caller, into)
    merging = Merging(caller, person, into)
    people = merging.people
    before = [present_one(caller, people, one) for one in (person, into)]
    merging.carry_out()
    views = [*before, present_one(caller, people, into)]
    fields = tuple(
        (_(spec.label), *(written.show(spec, view[spec.name]) for view in views))
        for spec in people.fields
    )
    titles = (_("字段"), _("移除 #{id}", id=person.id), _("保留 #{id}", id=into.id), _("合并后"))
    counted = (_("记录"), _("条数"), _("其中因重复而移除"))
    return Preview(
        (
            Section(_("资料"), titles, fields),
            Section(_("随之转移的记录"), counted, tuple(_counts(merging.pointers))),
        ),
        tuple(merging.obstacles),
    )


@action("合并", event="merged", preview=preview_merge)
def merge(
    person: Person, caller: Caller, *, into: Annotated[Person, "合并到（保留的人员）"]
) -> Data:
    """Merge a duplicate into the record of the same person that stays."""
    _demand_both(person, caller, into)
    merging = Merging(caller, person, into)
    merging.carry_out()
    if merging.obstacles:
        raise Conflict(_("；").join(merging.obstacles), obstacles=merging.obstacles)
    return {}


def _demand_both(person: Person, caller: Caller, into: Person) -> None:
    """Whoever merges two people may do so to both, sees both whole, and is neither."""
    people = caller.instance.registry.of(Person)
    if person.id == into.id:
        raise Invalid.about("into", "same", _("不能合并到自己；请填写另一条记录"))
    permit(people, "merge", caller, into)
    if shown_fields(caller, people, [int(person.id), int(into.id)]):
        raise Forbidden(_("您只看得到其中一人的部分信息，不能合并；请由居住地的社区书记办理"))
    if caller.person in (person.id, into.id):
        raise Forbidden(_("不能合并自己的记录；请由别人办理"))


def _counts(pointers: list[Pointer]) -> Iterator[tuple[str, ...]]:
    """How many records of each kind follow; those out of sight are only counted, if that."""
    standing = [pointer for pointer in pointers if not pointer.gone]
    labels = {one.resource.id: _p("plural", one.resource.label) for one in standing if one.seen}
    for key, label in labels.items():
        found = [one.doubled for one in standing if one.seen and one.resource.id == key]
        yield label, str(len(found)), str(sum(found))
    if unseen := sum(not one.seen and not one.resource.confidential for one in standing):
        yield _("其他记录"), str(unseen), ""
