"""Separation of duties: who must not do an action, for the record is theirs or their own work.

Somebody is all of their accounts: a second one of the same person changes nothing. A handler is
barred as the one is for whom it acts, however many events lie between; a timer acts for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from lifang.access import policy
from lifang.entities.account import Account
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.events.tables import EventRow
from lifang.kit.words import _
from lifang.resources.action import Action
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name


@dataclass(frozen=True)
class Hands:
    """Who somebody is: their accounts, the people behind them, and the names audit knows."""

    accounts: frozenset[int]
    people: frozenset[int]
    names: frozenset[str]


def hands_of(caller: Caller) -> Hands:
    """Everybody a caller is, also the one who acts as somebody else or lets a plugin act."""
    found: Hands | None = caller.rights.get("hands")
    if found is None:
        found = caller.rights["hands"] = _hands(caller)
    return found


def _hands(caller: Caller) -> Hands:
    name = _behind(caller)
    rows: Any = Account.select(Account.id, Account.person, Account.name).tuples()
    told = list(rows.where((Account.id == (caller.account or 0)) | (Account.name == (name or ""))))
    people = {caller.person, *(person for _id, person, _name in told)} - {None}
    told.extend(rows.where(Account.person.in_(people)))
    names = {name, *(row[2] for row in told)} | (set() if caller.plugin else {caller.name})
    return Hands(
        frozenset({row[0] for row in told}), frozenset(people), frozenset(names - {None})
    )  # fmt: skip


def _behind(caller: Caller) -> str | None:
    """For whom somebody acts: behind a plugin's events stands whoever caused the first of them."""
    name, cause = caller.on_behalf_of, caller.cause
    while name is not None and name.startswith("plugin:") and cause is not None:
        row: Any = EventRow.select(EventRow.actor, EventRow.cause).where(EventRow.pos == cause)
        name, cause = row.tuples().first() or (None, None)
    return name


class Separation:
    """What an instance asks before an action, in every interface: `Instance.separation`."""

    def barred(
        self, caller: Caller, resource: Resource[Any], verb: str, records: Sequence[int]
    ) -> dict[int, str]:
        """Which of these records the caller must leave to somebody else, each with the reason."""
        model: Any = resource.model
        found: dict[int, str] = {}
        for part, theirs in _parts(caller, resource, verb):
            rows = model.select(model.id).where(model.id.in_(records), theirs).tuples()
            numbers = [*(row[0] for row in rows), *_just_now(caller, resource, part)]
            found |= dict.fromkeys(numbers, reason(resource, verb, part))
        return {number: said for number, said in found.items() if number in records}

    def theirs(self, caller: Caller, resource: Resource[Any], verb: str) -> list[tuple[Any, str]]:
        """The conditions of the records that the caller must leave to others, and why."""
        return [
            (told, reason(resource, verb, part)) for part, told in _parts(caller, resource, verb)
        ]


def _parts(caller: Caller, resource: Resource[Any], verb: str) -> Iterator[tuple[str, Any]]:
    """What an action is separated from, each with the condition of the records that bar it."""
    action = resource.actions.get(verb)
    for part in action.not_by if action else ():
        hands = hands_of(caller)
        if part in resource.actions or part in ("create", "update"):
            yield part, _done_by(resource, part, hands)
        elif part == "owner" and not hasattr(resource.model, part):
            ids = hands.accounts if policy.of_an_account(resource) else hands.people
            yield part, policy.condition_own(resource, *ids)
        else:
            yield part, _pointing(resource.model, part, hands)


def _pointing(row: Any, path: str, hands: Hands) -> Any:
    """Whose path leads to one of them; a reference that is empty leads to nobody."""
    head, _dot, rest = path.partition(".")
    field = getattr(row, head)
    if rest:
        above = field.rel_model.alias()
        told = field.in_(above.select(above.id).where(_pointing(above, rest, hands)))
    else:
        told = field.in_(hands.accounts if field.rel_model is Account else hands.people)
    return ~field.is_null() & told


def _done_by(resource: Resource[Any], verb: str, hands: Hands) -> Any:
    """Whoever did it last, by the audit trail: what was done again before counts no more."""
    entry, later = AuditEntry.alias(), AuditEntry.alias()
    model: Any = resource.model

    def about(row: Any) -> Any:
        noun = (row.noun == resource.noun) & (row.plugin == resource.plugin)
        return noun & (row.verb == verb) & (row.record == model.id) & (row.outcome == "done")

    mine = entry.actor.in_(hands.accounts) | entry.on_behalf_of.in_(hands.names)
    mine |= entry.actor.is_null() & entry.actor_name.in_(hands.names)
    newer = later.select(later.id).where(about(later), later.id > entry.id)
    return fn.EXISTS(entry.select(entry.id).where(about(entry), mine, ~fn.EXISTS(newer)))


def _just_now(caller: Caller, resource: Resource[Any], verb: str) -> set[int]:
    """What was done to which records in the running transaction, before audit has written it."""
    database, about = caller.instance.database, (resource.plugin, resource.noun, verb)
    told = database.unit.collected.get("audit", ()) if database.in_transaction else ()
    mine = hands_of(caller)
    return {
        one.entry["record"]
        for one in told
        if (one.entry["plugin"], one.entry["noun"], one.entry["verb"]) == about
        and hands_of(one.caller) == mine
    }


def reason(resource: Resource[Any], verb: str, part: str) -> str:
    """Why somebody is refused, and who could do it instead."""
    label = verb_name(resource, verb)
    if part in resource.actions or part in ("create", "update"):
        return _("不能办理本人经手的记录：做过「{done}」的人不能再「{verb}」，请由别人办理",
                 done=verb_name(resource, part), verb=label)  # fmt: skip
    return _("不能办理本人的记录：「{verb}」不能由「{field}」本人办理，请由别人办理",
             verb=label, field=_name_of(resource, part))  # fmt: skip


def _name_of(resource: Resource[Any], path: str) -> str:
    """What a field is called, one over references by every step."""
    if path == "owner" and path not in resource.by_name:
        return _("所属人")
    model, labels = resource.model, []
    for name in path.split("."):
        field: Any = model._meta.fields[name]
        labels.append(_(field.verbose_name or name))
        model = field.rel_model
    return _("的").join(labels)


def rule_of(resource: Resource[Any], action: Action) -> str | None:
    """What an action is separated from, as programs and people are told beforehand."""
    told = [reason(resource, action.name, part) for part in action.not_by]
    return _("；").join(told) or None
