"""What the benchmarks measure on: an instance of generated people, and bare tables beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lifang.entities.person import Affiliation, Person
from lifang.kit.text import grams
from lifang.services.instance import Instance
from lifang.store.record import moment
from lifang.testing import world


@contextmanager
def small_city(home: Path) -> Iterator[Instance]:
    """An instance with the test world's places and nobody in them."""
    for instance in world.new_instance(home):
        world.plant(instance)
        yield instance


def settle(instance: Instance, count: int, *, names: Sequence[str] = ()) -> None:
    """Put people into the home community by raw inserts: filling is not what is measured.

    `names` are given to them in turn, with the pieces they are found by.
    """
    from lifang.entities.community import Community
    from lifang.kit import clock

    def named(number: int) -> str:
        return names[number % len(names)] if names else f"示例{number}"

    home = Community.get(Community.code == world.HOME).id
    now = moment(clock.now())
    with instance.database.transaction():
        ids = instance.database.allocate(Person, count)
        links = instance.database.allocate(Affiliation, count)
        instance.database.insert(
            "core_person",
            ("id", "version", "created_at", "updated_at", "name", "sex", "status", "phone_mask"),
            (
                (n, 1, now, now, named(n), "unknown", "permanent", f"154****{n % 10000:04d}")
                for n in ids
            ),
        )
        instance.database.insert(
            "name_gram",
            ("noun", "gram", "record"),
            (("core.people", piece, n) for n in ids if names for piece in grams(named(n))),
        )
        instance.database.insert(
            "core_affiliation",
            ("id", "version", "created_at", "updated_at", "person_id", "community_id", "kind")
            + ("primary",),
            ((m, 1, now, now, n, home, "resides", True) for m, n in zip(links, ids, strict=True)),
        )
    instance.database.engine.execute_sql("ANALYZE")


def bare(instance: Instance) -> sqlite3.Connection:
    """The same file opened by the standard library alone."""
    return sqlite3.connect(instance.database.path, check_same_thread=False)
