"""However a list is read, along its order or from its subtree outwards, it is the same list."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lifang.access import policy
from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.services import plans, reading
from lifang.services.instance import Instance
from lifang.services.order import make_cursor
from lifang.services.plans import Listing, along, gathered
from lifang.services.query import Query
from lifang.services.standpoint import reached
from lifang.testing import world
from tests.core.services import scattered


@pytest.fixture(params=range(5))
def thrown(
    request: pytest.FixtureRequest, empty_instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> scattered.Scattered:
    monkeypatch.setattr(plans, "BOUNDS", (4, 15))  # so that every bound is met in a small world
    return scattered.scatter(empty_instance, request.param)


def asked(thrown: scattered.Scattered, resource: Any) -> Query:
    """Something to ask of a noun."""
    dice: random.Random = thrown.dice
    filters: list[Any] = [(), (), (("id", "gte", ("5",)),)]
    if "person" in resource.by_name:
        filters.append((("person", "", (str(dice.randint(1, 20)),)),))
    if resource is people:
        filters += [(("status", "", ("floating",)),)]
    if isinstance(resource.scope, str):
        filters += [(("unassigned", "", ("true",)),), (("unassigned", "", ("false",)),)]
    if resource.scope is not None and "community" in resource.by_name:
        filters.append((("community", "", (dice.choice(list(thrown.paths)),)),))
    sorts = ["id", "-id", "id", "-id", "created_at", "-updated_at"]
    sorts += [s for name in ("name", "code", "state") if name in resource.by_name
              for s in (name, f"-{name}")]  # fmt: skip
    code = Community.select(Community.code).order_by(Community.id)[dice.randrange(8)].code
    return Query(
        filters=dice.choice(filters),
        q=dice.choice([None, None, "王", "伟"]) if resource.search else None,
        within=dice.choice([None, None, code]),
        sort=dice.choice(sorts),
        verb=dice.choice(["read", "read", "update"]),
    )


def pages(caller: Caller, resource: Any, query: Query, size: int, way: Any) -> Iterator[int]:
    """The ids of a list, page by page, each read one way."""
    order = query.sort.removeprefix("-")
    while True:
        listing = Listing(caller, resource, query, ["id", order], limit=size)
        rows = way(listing)
        yield from (row[0] for row in rows)
        if len(rows) < size:
            return
        query = replace(query, cursor=make_cursor(rows[-1][1], rows[-1][0]))


def test_every_way_gives_the_same_rows_in_the_same_order(
    thrown: scattered.Scattered, empty_instance: Instance
) -> None:
    instance, met = empty_instance, 0
    for _n in range(70):
        caller = scattered.somebody(instance, thrown)
        resource = thrown.dice.choice(scattered.nouns(thrown))
        query, size = asked(thrown, resource), thrown.dice.choice([1, 2, 5, 11, 500])
        try:
            one = list(pages(caller, resource, query, 500, along))
        except Exception as error:  # a place out of sight: whichever way, it is refused
            with pytest.raises(type(error)):
                list(pages(caller, resource, query, size, gathered))
            continue
        assert one == list(pages(caller, resource, query, size, gathered)), (resource, query)
        assert one == list(pages(caller, resource, query, size, Listing.rows)), (resource, query)
        assert one == list(pages(caller, resource, query, size, Listing.rows)), (resource, query)
        if policy.rights(caller, resource, "read"):
            assert reading.count(caller, resource, query) == len(one)
        met += bool(one)
    assert met > 8


def test_every_bounded_way_says_the_same_or_nothing(
    thrown: scattered.Scattered, empty_instance: Instance
) -> None:
    answered, silent = 0, 0
    for _n in range(70):
        caller = scattered.somebody(empty_instance, thrown)
        resource = thrown.dice.choice(scattered.nouns(thrown))
        query = replace(asked(thrown, resource), within=None)
        for size in (1, 6, 500):
            listing = Listing(caller, resource, query, ["id"], limit=size)
            whole = along(listing)
            for way in (along, gathered):
                found = way(listing, within=thrown.dice.choice([1, 3, 9, 40, 300]))
                assert found is None or found == whole, (resource, query, way)
                answered, silent = answered + (found is not None), silent + (found is None)
    assert answered > 40
    assert silent > 40


def test_what_is_read_is_what_the_tree_says_and_not_more(
    thrown: scattered.Scattered, empty_instance: Instance
) -> None:
    met = 0
    for _n in range(40):
        caller = scattered.somebody(empty_instance, thrown)
        resource = thrown.dice.choice(scattered.nouns(thrown))
        expected = scattered.readable(thrown, caller, resource)
        listing = Listing(caller, resource, Query(), ["id"], limit=500)
        assert [row[0] for row in listing.rows()] == expected, (caller, resource)
        everything = [row[0] for row in resource.model.select(resource.model.id).tuples()]
        standing = resource.model.removed_at.is_null()
        stands = {row[0] for row in resource.model.select().where(standing).tuples()}
        assert reached(caller, resource, "read", everything) & stands == set(expected)
        met += bool(expected)
    assert met > 8


def test_a_page_is_sought_no_further_than_needed(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large subtree is walked, a small one gathered, and what went before is remembered."""
    monkeypatch.setattr(plans, "BOUNDS", (10, 30))
    for number in range(40):
        world.person(instance, f"甲{number}", at=world.FOREIGN if number < 35 else world.HOME)
    ways: list[str] = []

    def noting(way: Any) -> Any:
        def noted(listing: Listing, within: int | None = None) -> Any:
            ways.append(f"{way.__name__} {within}")
            return way(listing, within)

        return noted

    monkeypatch.setattr(plans, "along", noting(along))
    monkeypatch.setattr(plans, "gathered", noting(gathered))

    def seek(place: str, query: Query) -> list[str]:
        ways.clear()
        reading.find(world.caller(instance, "grid_worker", at=place), people, query)
        return list(ways)

    assert seek(world.QILIHE, Query(limit=5)) == ["along 10"]
    assert seek(world.HOME, Query(limit=50)) == ["along 10", "gathered 10"]
    assert seek(world.HOME, Query(limit=50)) == ["gathered 10"]
    assert seek(world.HOME, Query(limit=2, sort="-id")) == ["along 10"]
    assert seek(world.QILIHE, Query(limit=15)) == ["along 10", "gathered 10", "along 30"]
    assert seek(world.QILIHE, Query(limit=33)) == [
        "along 10",
        "gathered 10",
        "along 30",
        "gathered 30",
        "gathered 30",
        "along None",
    ]
    rare = Query(filters=(("status", "", ("floating",)),))
    assert seek(world.QILIHE, rare)[-2:] == ["gathered 30", "along None"]
    assert seek(world.QILIHE, Query(sort="name")) == ["gathered 30", "along None"]
    assert seek(world.HOME, Query(sort="name")) == ["gathered 30"]
    assert seek(world.QILIHE, Query(filters=(("id", "", (3, 4)),))) == ["along None"]
    assert seek(world.CITY, Query(limit=5)) == ["along 10"]


def test_a_plugin_may_be_off_in_hundreds_of_places(instance: Instance) -> None:
    many = tuple((f"{n:06d}", f"{n:06d}5") for n in range(1_500))
    for among in (policy.judged, policy.gathered):
        told = policy.placed(world.boss(instance), people, many, among)
        assert list(Person.select().where(told)) == []
