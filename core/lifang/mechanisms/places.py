"""Places that are claimed one by one: seats of a course, people of a shift, and who waits for one.

Everything here is called inside a transaction, that of an action or a handler. Whoever claims
writes the record's row of places first, so of two at once the later one sees what the earlier did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.claim import Claim, Slots
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.store.record import Record


@dataclass(frozen=True)
class Line:
    """How many places there are, how many are taken, and how many wait for one."""

    slots: int
    taken: int
    waiting: int

    @property
    def free(self) -> int:
        """How many can still be claimed."""
        return self.slots - self.taken


class Places:
    """One kind of places; `name` is `<plugin>.<what is claimed>`.

    What claims a place is a record too (a sign-up, a voucher), known by its id: it has one place or
    one turn in the line, however often it asks.
    """

    def __init__(self, name: str, label: str) -> None:
        """Name a kind of places; a record has some once `offer` says how many."""
        self.name, self.label = name, label

    def offer(self, record: Record, caller: Caller, slots: int) -> list[int]:
        """Say how many places a record has; gives the ids of those who move up from the line.

        Raises Conflict where more than that are taken.
        """
        if slots < 0:
            raise ValueError("a record has no places or some, not fewer")
        row = self._row(record, caller)
        mine = (Slots.id == row.id) & (Slots.taken <= slots)
        if not Slots.update(slots=slots).where(mine).execute():
            taken = self.line(record, caller).taken
            raise Conflict(_("已有 {n} 个名额被占用，不能少于这个数", n=taken))
        moved = []
        while (one := self._next(row.id)) is not None and self._take(row.id):
            self._promote(one)
            moved.append(int(one.who))
        return moved

    def claim(self, record: Record, caller: Caller, who: Record, *, wait: bool = True) -> bool:
        """Claim a place; says whether there was one, else `who` waits for one to come free.

        With `wait=False` Conflict is raised instead of waiting.
        """
        row = self._row(record, caller)
        known = self._of(row, who)
        if known is not None:
            return bool(known.held)
        held = self._take(row.id)
        if not held and not wait:
            raise Conflict(_("名额已满"))
        if not held:
            Slots.update(waiting=Slots.waiting + 1).where(Slots.id == row.id).execute()
        Claim.create(slots=row, who=who.id, held=held, at=clock.now())
        return held

    def release(self, record: Record, caller: Caller, who: Record) -> int | None:
        """Give a place or a turn back; gives the id of the one who gets the place, or None."""
        row = self._row(record, caller)
        Slots.update(taken=Slots.taken).where(Slots.id == row.id).execute()
        mine = self._of(row, who)
        if mine is None:
            return None
        Claim.delete().where(Claim.id == mine.id).execute()
        if not mine.held:
            Slots.update(waiting=Slots.waiting - 1).where(Slots.id == row.id).execute()
            return None
        Slots.update(taken=Slots.taken - 1).where(Slots.id == row.id).execute()
        one = self._next(row.id)
        if one is None or not self._take(row.id):
            return None
        self._promote(one)
        return int(one.who)

    def holds(self, record: Record, caller: Caller, who: Record) -> bool:
        """Whether somebody has a place, not only a turn in the line."""
        mine = self._of(self._row(record, caller), who)
        return mine is not None and bool(mine.held)

    def line(self, record: Record, caller: Caller) -> Line:
        """How the places of a record stand."""
        row = self._row(record, caller)
        return Line(int(row.slots), int(row.taken), int(row.waiting))

    def _row(self, record: Record, caller: Caller) -> Any:
        agg = caller.instance.registry.named(record)
        mine = (Slots.kind == self.name, Slots.record == agg)
        found = Slots.get_or_none(*mine)
        if found is None:
            Slots.insert(kind=self.name, record=agg).on_conflict_ignore().execute()
            found = Slots.get(*mine)
        return found

    def _of(self, row: Any, who: Record) -> Any:
        return Claim.get_or_none(Claim.slots == row.id, Claim.who == who.id)

    def _take(self, row: int) -> bool:
        free = (Slots.id == row) & (Slots.taken < Slots.slots)
        return bool(Slots.update(taken=Slots.taken + 1).where(free).execute())

    def _next(self, row: int) -> Any:
        waits = Claim.select().where(Claim.slots == row, Claim.held == False)  # noqa: E712 – SQL
        return waits.order_by(Claim.id).first()

    def _promote(self, one: Any) -> None:
        Claim.update(held=True).where(Claim.id == one.id).execute()
        Slots.update(waiting=Slots.waiting - 1).where(Slots.id == one.slots_id).execute()
