"""Deadlines that come: the nearest first, of records that somebody sees, and of no others."""

from __future__ import annotations

import datetime as dt

from lifang.kit import clock
from lifang.mechanisms.coming import coming, hurried
from lifang.services.deadlines import deadline
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.services.timers import timer
from lifang.testing import world


def test_the_deadlines_of_a_week_are_told_in_order_to_those_who_see_their_records(
    instance: Instance,
) -> None:
    week = clock.now() + dt.timedelta(days=7)
    assert hurried(week) == set()
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    boss = world.boss(instance)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    made = []
    for number, days in enumerate((5, 1, 30, 2)):
        where = {"code": world.HOME if number else world.NEIGHBOUR}
        person = world.person(instance, f"报到人{'甲乙丙丁'[number]}", at=where["code"])
        told = {"person": person.id, "community": where}
        made.append(write(reports, "create", boss, told))
        with instance.database.transaction():
            if number == 3:  # a timer that is no deadline
                timer(made[-1], boss, "activate_due", clock.now() + dt.timedelta(days=days))
            else:
                deadline(made[-1], boss, "activate_due", start=clock.today(), days=days)

    def told_to(place: str, within: str | None = None, limit: int = 8) -> list[int]:
        caller = world.caller(instance, "community_worker", at=place)
        query = Query(within=within, narrow=True)
        found = coming(caller, reports, query, until=week, limit=limit)
        assert all(at < week for at, _record in found)
        return [record for _at, record in found]

    assert hurried(week) == {"dual_reporting"}
    assert told_to(world.CHENGGUAN) == [made[1].id, made[0].id]
    assert told_to(world.CHENGGUAN, limit=1) == [made[1].id]
    assert told_to(world.CHENGGUAN, world.HOME) == told_to(world.HOME) == [made[1].id]
    write(reports, "end", boss, {"reason": "已调离"}, made[1].id)
    assert made[1].id not in told_to(world.HOME), "what is over waits for nobody"
