"""The notice board: what hangs where somebody lives or works, and what was objected."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as but
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.tables import Timer
from lifang.kit import clock
from lifang.mechanisms import posted
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.offers import may
from lifang.services.presenting import View
from lifang.services.query import Query, read_filters
from lifang.services.standpoint import reached

LATEST = 20


@dataclass(frozen=True)
class Hung:
    """A notice, how it stands, one's own objections to it, and whether one may object now.

    `waiting` is how many wait for an answer, for those who answer.
    """

    view: View
    standing: posted.Standing
    own: list[View]
    open: bool
    waiting: int


def board(caller: Caller) -> list[Hung]:
    """The latest notices that somebody may read, those that still hang first."""
    page = reading.find(caller, posted.public_notices, Query(sort="-id", limit=LATEST))
    told = [_hung(caller, view) for view in page.items]
    return sorted(told, key=lambda one: one.standing.state != "running")


def hanging(caller: Caller) -> int:
    """How many of the same still hang, in three statements however many there are."""
    page = reading.find(caller, posted.public_notices, Query(sort="-id", limit=LATEST))
    named = {f"{posted.public_notices.aggregate}/{view['id']}": view["id"] for view in page.items}
    timer: Any = Timer
    told = (timer.agg.in_(list(named)), timer.name == posted.ENDED, timer.at > clock.now())
    running = {named[agg] for (agg,) in timer.select(timer.agg).where(*told).tuples()}
    said: Any = posted.NoticeObjection
    upheld = said.select(said.notice).where(
        said.notice.in_(running), said.state == "upheld", said.removed_at.is_null()
    )
    return len(running - {number for (number,) in upheld.tuples()})


def object_to(caller: Caller, notice: int, text: str) -> Any:
    """Object to a notice for oneself."""
    told = {"notice": notice, "person": caller.person, "text": text}
    return write(posted.notice_objections, "create", caller, told)


def _hung(caller: Caller, view: View) -> Hung:
    notice, own = int(view["id"]), but(caller, standings=())
    stands = posted.standing(reading.get(caller, posted.public_notices, notice))
    lives = caller.person is not None and bool(
        reached(own, posted.public_notices, "read", [notice])
    )
    mine: list[View] = []
    if caller.person is not None:
        asked = Query(filters=read_filters([("notice", notice)]), sort="-id")
        mine = reading.find(own, posted.notice_objections, asked).items
    inside = stands.until is not None and clock.today() <= stands.until
    answers = may(caller, posted.notice_objections, "answer")
    return Hung(view, stands, mine, lives and inside, stands.unanswered if answers else 0)
