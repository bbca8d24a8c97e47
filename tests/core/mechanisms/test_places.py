"""Places are claimed once each, and who comes too late waits in the order of asking."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.entities.claim import Claim, Slots
from lifang.entities.community import Community
from lifang.kit.errors import Busy, Conflict
from lifang.mechanisms.places import Line, Places
from lifang.services.instance import Instance
from lifang.testing import world

seats = Places("probe.seats", "座位")


@pytest.fixture
def course(instance: Instance) -> Any:
    """Anything that has places: here a community."""
    return Community.get(Community.code == world.HOME)


@pytest.fixture
def people(instance: Instance) -> list[Any]:
    return [world.person(instance, f"王一{n}") for n in "甲乙丙丁戊"]


@pytest.fixture
def do(instance: Instance, boss: Caller, course: Any) -> Callable[..., Any]:
    """Call something of the places in a transaction of its own."""

    def call(what: str, *told: Any, **more: Any) -> Any:
        with instance.database.transaction():
            return getattr(seats, what)(course, boss, *told, **more)

    return call


def test_who_comes_too_late_waits_and_moves_up_in_the_order_of_asking(do: Any, people: list[Any]):
    do("offer", 2)
    assert [do("claim", one) for one in people] == [True, True, False, False, False]
    assert do("line") == Line(slots=2, taken=2, waiting=3)
    assert do("claim", people[0]) is True, "asking again changes nothing"
    assert do("claim", people[3]) is False
    assert do("release", people[2]) is None, "who waited leaves the line, and nobody moves up"
    assert do("release", people[0]) == people[3].id
    assert do("holds", people[3])
    assert not do("holds", people[4])
    assert do("release", people[0]) is None, "and once"
    assert do("line") == Line(2, 2, 1)


def test_more_places_let_the_first_in_and_fewer_than_are_taken_cannot_be(
    do: Any, people: list[Any]
):
    do("offer", 1)
    for one in people[:4]:
        do("claim", one)
    assert do("offer", 3) == [people[1].id, people[2].id]
    with pytest.raises(Conflict, match="已有 3 个名额被占用"):
        do("offer", 2)
    assert do("line") == Line(3, 3, 1)
    for one in people[:4]:
        do("release", one)
    assert do("offer", 0) == []
    with pytest.raises(Conflict, match="名额已满"):
        do("claim", people[4], wait=False)
    assert do("line") == Line(0, 0, 0)


def test_two_kinds_and_two_records_do_not_mix(
    instance: Instance, boss: Caller, do: Any, people: list[Any]
):
    do("offer", 1)
    do("claim", people[0])
    other = Community.get(Community.code == world.NEIGHBOUR)
    with instance.database.transaction():
        assert not seats.holds(other, boss, people[0])
        beds = Places("probe.beds", "床位")
        assert not beds.claim(other, boss, people[0])
        assert beds.line(other, boss) == Line(0, 0, 1)


def test_of_fifty_at_once_exactly_as_many_get_a_place_as_there_are(
    instance: Instance, boss: Caller, course: Any, do: Any, people: list[Any]
):
    do("offer", 7)

    class Asker:
        def __init__(self, id: int) -> None:
            self.id = id

    def claim(number: int) -> bool:
        def once() -> bool:
            with instance.database.transaction():
                return seats.claim(course, boss, Asker(number))  # type: ignore[arg-type]

        with instance.database.connection():
            for _try in range(50):
                try:
                    return bool(instance.database.whole(once))
                except Busy:
                    continue  # as a client would after a 503
        raise AssertionError("always busy")

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(claim, range(1, 51)))
    assert won == 7
    assert do("line") == Line(7, 7, 43)
    assert Claim.select().count() == 50
    assert Slots.select().count() == 1
