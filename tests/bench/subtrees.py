"""L4: what the size of the tree does to a list of a district's people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lifang.builtin.people import people
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import Community, path_of
from lifang.entities.person import Affiliation, Person
from lifang.kit import clock
from lifang.services import reading
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.store.record import moment
from lifang.testing import world
from tests.bench.rounds import Result, compare, cpu_of

LEVELS = ("province", "city", "district", "subdistrict", "community")
CITY = (1, 1, 8, 16, 9)
"""Nodes under each node of the level above: 1,290 in all."""
COUNTRY = (31, 11, 9, 14, 15)
"""The same for a whole country: 690,897."""
PEOPLE = 100_000


@contextmanager
def peopled(home: Path, shape: tuple[int, ...]) -> Iterator[tuple[Instance, list[list[str]]]]:
    """An instance with a tree of a shape, and people in the first district of it.

    Gives the paths at the top, and the one of a community whose 300 people came in last, together.
    """
    for instance in world.new_instance(home):
        with instance.database.transaction():
            nodes = nodes_of(instance, shape)
            _people(instance, [number for number, path in nodes[-1] if path[:18] == nodes[2][0][1]])
        instance.database.engine.execute_sql("ANALYZE")
        yield instance, [[path for _n, path in nodes[0]], [nodes[-1][0][1]]]


def nodes_of(instance: Instance, shape: tuple[int, ...]) -> list[list[tuple[int, str]]]:
    """Plant a tree of a shape; gives each level's ids and paths."""
    now, levels, above = moment(clock.now()), [], [(0, "")]
    columns = ("id", "version", "created_at", "updated_at", "code", "name", "kind", "parent_id")
    for kind, under in zip(LEVELS, shape, strict=True):
        numbers = instance.database.allocate(Community, len(above) * under)
        parents = [parent for parent in above for _n in range(under)]
        level = [(n, path_of(n, path)) for n, (_id, path) in zip(numbers, parents, strict=True)]
        rows = (
            (n, 1, now, now, f"{n:012d}", f"示例{n}", kind, parent or None, "stats", path)
            for (n, path), (parent, _path) in zip(level, parents, strict=True)
        )
        instance.database.insert("core_community", (*columns, "code_system", "path"), rows)
        levels.append(level)
        above = level
    return levels


def _people(instance: Instance, places: list[int]) -> None:
    now = moment(clock.now())
    numbers = instance.database.allocate(Person, PEOPLE)
    links = instance.database.allocate(Affiliation, PEOPLE)
    homes = (
        places[0] if at > PEOPLE - 300 else places[1 + at % (len(places) - 1)]
        for at in range(PEOPLE)
    )
    common = ("id", "version", "created_at", "updated_at")
    instance.database.insert(
        "core_person",
        (*common, "name", "sex", "status"),
        ((n, 1, now, now, f"示例{n}", "unknown", "permanent") for n in numbers),
    )
    instance.database.insert(
        "core_affiliation",
        (*common, "person_id", "community_id", "kind", "primary"),
        ((m, 1, now, now, n, home, "resides", True)
         for m, n, home in zip(links, numbers, homes, strict=True)),
    )  # fmt: skip


def worker(instance: Instance, paths: list[str]) -> Caller:
    """Somebody who works in some subtrees."""
    return Caller(
        instance=instance,
        snapshot=instance.plugins.refresh(),
        name="w",
        source="api",
        standings=tuple(Standing("grid_worker", path=path) for path in paths),
    )


def size_of_the_tree(folder: Path) -> list[Result]:
    """L4: the same lists of people with the whole country's tree around them and with a city's."""
    results = []
    with (
        peopled(folder / "city", CITY) as (small, near),
        peopled(folder / "country", COUNTRY) as (large, far),
    ):
        for what, level in (("one community of 300 people", 1), ("all there is", 0)):
            for sort in ("id", "-id", "name"):

                def listed(
                    instance: Instance, paths: list[list[str]], at: Any = (level, sort)
                ) -> float:
                    instance.database.bind()  # a process has one at a time
                    who, query = worker(instance, paths[at[0]]), Query(sort=at[1])

                    def page() -> None:
                        assert len(reading.find(who, people, query).items) == 50

                    return cpu_of(page, 20 if at != (0, "name") else 1)

                mine, theirs, ratio = compare(
                    lambda go=listed: go(large, far), lambda go=listed: go(small, near)
                )
                told = f"people of {what} by {sort}: 690,000 places in the tree ÷ 1,290"
                results.append(
                    Result("L4", told, mine * 1000, theirs * 1000, "ms", ratio, 1.5, 1.1, "lower")
                )
    return results
