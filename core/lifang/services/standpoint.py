"""From where a caller looks: what two must share to see the same rows, and what one reaches."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

from lifang.access import minors, policy
from lifang.entities.caller import Caller
from lifang.kit import clock, ranges
from lifang.resources.resource import Resource
from lifang.store.record import Record
from lifang.store.statements import padded

M = TypeVar("M", bound=Record)


def standpoint(caller: Caller, resource: Resource[Any]) -> Hashable:
    """Everything that a permission condition on a resource is made of."""
    stands = (caller.standings, caller.person, caller.plugin, caller.scope)
    whose = caller.account if policy.of_an_account(resource) else None
    reach = policy.rights(caller, resource, "read")
    everybody = caller.snapshot.epoch, clock.today()  # plugins were switched, or it is tomorrow
    return (*stands, whose, reach, _young(caller, resource, reach), *everybody)


def _young(caller: Caller, resource: Resource[Any], reach: policy.Rights) -> tuple[int, ...]:
    """The children whom a condition leaves out: it is another one when there are others."""
    return minors.children(caller, resource) if reach.adults else ()


def reached(caller: Caller, resource: Resource[Any], verb: str, records: Iterable[int]) -> set[int]:
    """Which of these records a verb of the caller's reaches, as they lie in the database now."""
    return reached_by(caller, resource, policy.rights(caller, resource, verb), [*records])


def reached_by(
    caller: Caller, resource: Resource[Any], reach: policy.Rights, wanted: list[int]
) -> set[int]:
    """Which of these records such rights reach."""
    if not wanted or not reach:
        return set()
    if reach.tree == ranges.EVERYWHERE and not reach.adults:
        return set(wanted)
    model: Any = resource.model

    def build(numbers: Sequence[int]) -> Any:
        allowed = policy.wheres(resource, policy.condition(caller, resource, reach))
        return model.select(model.id).where(model.id.in_(numbers), *allowed)

    young = _young(caller, resource, reach)
    question = ("reached", resource.id, reach, young, clock.today())
    return {row[0] for row in caller.instance.database.ask(question, padded(wanted), build)}


def in_reach(
    caller: Caller, resource: Resource[M], number: int | None, *, hold: str = ""
) -> M | None:
    """The standing record of an id where the caller can read it, else None; perhaps held."""
    record = caller.instance.database.standing(resource.model, number, hold=hold)
    if record is None or not reached(caller, resource, "read", [int(record.id)]):
        return None
    return record
