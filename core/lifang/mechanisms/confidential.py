"""Two ways to what is confidential: uncovered for a day with a reason, or as an anonymised copy.

Both leave an entry in the audit trail before anything is shown. To everybody else a record that
exists and one that does not are the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifang.access import policy
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.resources.reach import Linked, Via, pointed_at
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.auditing import Change, record_denial, record_effect, stated
from lifang.services.deeds import Deed, tell
from lifang.services.offers import may
from lifang.services.places import places_of
from lifang.services.presenting import View
from lifang.services.standpoint import reached
from lifang.store.record import moment
from lifang.store.whole import whole

UNCOVERED_FOR = dt.timedelta(hours=24)
"""How long breaking the glass lasts: a day and night of whoever has to act in an emergency. Longer
than that is no emergency but a task, and tasks are assigned."""


@dataclass(frozen=True)
class Confidential:
    """Reached by those it was assigned to, whatever role anybody holds above.

    `to` names the references to people it is assigned to, or the links (`lf.Linked`) to them; or,
    for what belongs to such a record, the reference to that one (`lf.Via`). What the roles of the
    declaration grant, they grant on assigned records only; but who may `create` does so by the
    tree, and so assigns. Whoever holds the role `break_glass` may uncover a record for a day, for a
    reason. `anonymised` makes of a record the values that say nothing of who it is about, by field
    or by a word for them; they are shown to those whose role grants `anonymise`, to the people that
    the references in `viewers` name, and to those who read it all.
    """

    to: tuple[str, ...] | Linked | Via
    break_glass: str | None = None
    anonymised: Callable[[Any, Caller], Mapping[str, Any]] | None = None
    viewers: tuple[str, ...] = ()

    @property
    def reference(self) -> Via | None:
        """What leads to the record it is confidential with."""
        return self.to if isinstance(self.to, Via) else None

    def settle(self, resource: Resource[Any]) -> None:
        """Let a noun's records belong to those they are assigned to; TypeError where it cannot."""
        noun = resource.noun
        if resource.owner or resource.unit or resource.open or resource.identity:
            told = "takes no owner, unit, identity or open: those it is assigned to are its owners"
            raise TypeError(f"{noun}: what is confidential {told}")
        verbs = {verb for verbs in resource.roles.values() for verb in verbs}
        names = self.to if isinstance(self.to, tuple) else ()
        for name in (*names, *self.viewers):
            if pointed_at(resource.model, name) is not Person or "." in name:
                raise TypeError(f"{noun}: {name} is no reference to a person")
        if self.to == ():
            raise TypeError(f"{noun}: name whom it is assigned to")
        leaving = verbs & {"import", "export", "export_full"}
        # whoever has the code of a document may verify it
        leaving |= {word for word in ("documents", "formats") if getattr(resource, word)}
        if leaving:
            raise TypeError(f"{noun}: what is confidential has no {sorted(leaving)}")
        if (self.anonymised is None) != (not self.viewers and "anonymise" not in verbs):
            raise TypeError(f"{noun}: an anonymised copy needs its function and who may see it")
        resource.owner = self.to
        if self.break_glass is not None:
            held = resource.roles.setdefault(self.break_glass, {})
            held["uncover"] = frozenset({"tree"})

    def uncovered(self, caller: Caller, resource: Resource[Any]) -> tuple[int, ...]:
        """The assigned records that a caller uncovered and may still look at, as audit knows."""
        top = resource.above or resource
        if not may(caller, top, "uncover"):
            return ()
        entry: Any = AuditEntry
        who = entry.actor == caller.account
        if caller.account is None:
            who = entry.actor.is_null() & (entry.actor_name == caller.name)
        about = (entry.plugin == top.plugin) & (entry.noun == top.noun) & (entry.verb == "uncover")
        told = (about, who, entry.at > clock.now() - UNCOVERED_FOR, entry.outcome == "done")
        return tuple(sorted({row[0] for row in entry.select(entry.record).where(*told).tuples()}))


def may_uncover(caller: Caller, resource: Resource[Any]) -> None:
    """Raise NotFound unless the caller may break the glass over some records of a noun."""
    if not caller.instance.registry.owns(resource) or not may(caller, resource, "uncover"):
        raise NotFound(_("没有找到"))


@whole
def uncover(caller: Caller, resource: Resource[Any], id: int, *, reason: str) -> View:
    """Let the caller read one record, with its history, for a day; gives it as it is now.

    Told as `<plugin>.<record>.uncovered`, and to whoever it is assigned to by its history. Raises
    Invalid without a reason, NotFound for a record out of reach as for one that does not exist.
    """
    may_uncover(caller, resource)
    why = stated("reason", reason, _("请说明紧急查看的原因"))
    record = _found(caller, resource, id, "uncover", reached(caller, resource, "uncover", [id]))
    until = moment(clock.now() + UNCOVERED_FOR)
    with caller.instance.database.transaction():
        changes = [Change("uncovered:until", None, until)]
        tell(resource, caller, record, Deed("uncover", "uncovered", changes, {"reason": why}))
    return reading.view(replace(caller), resource, id)  # with the rights that this has made


@whole
def anonymised(caller: Caller, resource: Resource[Any], id: int) -> dict[str, Any]:
    """What a record says without saying of whom: field or word → value, as its plugin made it.

    Raises NotFound for whoever may not see it, and for a record that does not exist.
    """
    kept = resource.confidential
    if kept is None or kept.anonymised is None or not caller.instance.registry.owns(resource):
        raise NotFound(_("没有找到"))
    record = _found(caller, resource, id, "anonymise", _shown_to(caller, resource, id))
    with caller.instance.database.transaction():
        place = next(iter(places_of(caller, resource, record)), None)
        record_effect(caller, resource, "anonymise", id, community=place)
    return dict(kept.anonymised(record, caller))


def _shown_to(caller: Caller, resource: Resource[Any], id: int) -> bool:
    """Whether a role, a reference to the caller's person or the assignment shows the copy."""
    if any(reached(caller, resource, verb, [id]) for verb in ("anonymise", "read")):
        return True
    viewers = resource.confidential.viewers if resource.confidential else ()
    on = policy.placed(caller, resource, caller.snapshot.where(resource.plugin))
    if caller.person is None or not viewers or on is False or caller.scope is not None:
        return False
    model: Any = resource.model
    theirs = policy.any_of([getattr(model, name) == caller.person for name in viewers])
    rows = model.select().where(model.id == id, theirs, *policy.wheres(resource, on))
    return bool(rows.exists())


def _found(caller: Caller, resource: Resource[Any], id: int, verb: str, may: object) -> Any:
    """The standing record of an id that the caller may look at so; whoever asks else is noted."""
    record = caller.instance.database.standing(resource.model, id)
    if record is None or not may:
        denied = NotFound(_("没有找到"))
        record_denial(caller, resource, verb, id, denied)
        raise denied
    return record
