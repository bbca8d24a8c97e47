"""Children under 14 are found by no search and by no other resident, to the very day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lifang.access.minors import of_age
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community
from lifang.kit import clock as wall
from lifang.kit.errors import NotFound
from lifang.kit.identifiers import make_citizen_id
from lifang.mechanisms.consents import consents
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query, read_filters
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.mechanisms.club import open_club, profiles

Make = Callable[..., Caller]


@pytest.mark.parametrize(
    ("born", "day"),
    [
        ("2012-06-16", "2026-06-16"),
        ("2012-02-29", "2026-03-01"),
        ("2012-06", "2026-06-30"),
        ("2012-02", "2026-03-01"),
        ("2012", "2026-12-31"),
        ("2012-12-31", "2026-12-31"),
    ],
)
def test_somebody_is_fourteen_on_the_birthday_or_where_it_is_half_known_on_the_last_it_can_be(
    born: str, day: str
) -> None:
    assert of_age(born).isoformat() == day


def joined(instance: Instance, worker: Caller, name: str, **told: Any) -> Any:
    person = world.person(instance, name, **told)
    given = {"person": int(person.id), "purpose_name": "club.hours", "how": "guardian"}
    write(consents, "create", worker, given | {"guardian_name": "王建国"})
    return write(profiles, "create", worker, {
        "person": int(person.id), "community": {"code": world.HOME}, "nickname": f"小{name}",
    })  # fmt: skip


def found(caller: Caller, **asked: Any) -> list[int]:
    filters = read_filters(asked.pop("filters", {}).items())
    return [one["id"] for one in reading.find(caller, profiles, Query(filters, **asked)).items]


def test_a_childs_profile_is_hidden_until_the_birthday_and_reached_by_staff_all_along(
    instance: Instance, caller: Make, clock: Clock
) -> None:
    clock.move_to(dt.datetime(2026, 6, 15, 23, 59, tzinfo=wall.zone()))
    open_club(instance, at=world.CHENGGUAN)
    worker = caller("community_worker", at=world.HOME)
    number = make_citizen_id("620102", dt.date(2012, 6, 16), 7)
    child = joined(instance, worker, "王小明", birth_date="2012-06-16")
    card = joined(instance, worker, "李小红", citizen_id=number)
    grown = joined(instance, worker, "赵大勇", birth_date="2012-06-15")
    unknown = joined(instance, worker, "孙阿姨")
    all_of_them = [int(one.id) for one in (child, card, grown, unknown)]
    path = Community.get(Community.code == world.CHENGGUAN).path
    neighbour = replace(
        caller("resident", person=world.person(instance, "邻居")),
        standings=(Standing("resident", path=path),),  # the district has opened the list to them
    )
    for one in (child, card):
        assert found(worker, q=one.nickname) == []
        assert found(worker, q=str(one.nickname)[1:]) == [], "nor by the name of the person"
        assert reading.get(worker, profiles, int(one.id)).id == one.id
        assert found(worker, filters={"person": int(one.person_id)}) == [one.id]
        with pytest.raises(NotFound):
            reading.get(neighbour, profiles, int(one.id))
    assert found(worker) == all_of_them
    assert found(neighbour) == [grown.id, unknown.id]
    assert reading.count(neighbour, profiles, Query()) == 2
    assert found(neighbour, q="小") == found(worker, q="小") == [grown.id, unknown.id]
    own = caller("resident", person=child.person)
    assert found(own) == [child.id]
    clock.later(minutes=1)
    assert found(neighbour) == found(worker, q="小") == all_of_them
