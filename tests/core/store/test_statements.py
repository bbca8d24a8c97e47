"""Statements built once answer each asking with its own values, and only the same question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lifang.builtin.people import people
from lifang.entities.person import Person
from lifang.lifecycle import switching
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.store.statements import MOST, Statements, padded
from lifang.testing import world


def by_name_and_id(values: Sequence[Any]) -> Any:
    return Person.select(Person.id).where(Person.name == values[0], Person.id >= values[1])


def test_a_statement_is_built_once_and_bound_each_time(instance: Instance) -> None:
    one, other = world.person(instance, "甲"), world.person(instance, "乙")
    built: list[Any] = []

    def build(values: Sequence[Any]) -> Any:
        built.append(values)
        return by_name_and_id(values)

    ask = instance.database.ask
    assert ask("q", ("甲", 0), build) == [(one.id,)]
    assert ask("q", ("乙", 0), build) == [(other.id,)]
    assert ask("q", ("乙", other.id + 1), build) == []
    assert len(built) == 1
    assert ask("another", ("甲", 0), build) == [(one.id,)]
    assert len(built) == 2


def test_a_value_that_the_statement_does_not_use_is_a_mistake(instance: Instance) -> None:
    with pytest.raises(AssertionError):
        instance.database.ask("q", ("甲", 0, 1), by_name_and_id)


def test_the_store_of_statements_is_bounded(instance: Instance) -> None:
    statements = Statements()
    for number in range(MOST + 5):
        statements.write(number, (1,), lambda values: Person.select().where(Person.id == values[0]))
    assert len(statements._known) <= MOST


@pytest.mark.parametrize(("count", "length"), [(1, 1), (2, 2), (3, 4), (50, 64), (64, 64)])
def test_ids_are_padded_to_few_lengths(count: int, length: int) -> None:
    ids = padded(list(range(count)))
    assert len(ids) == length
    assert set(ids) == set(range(count))


def test_a_cached_list_never_outlives_a_switch_a_move_or_another_place(instance: Instance) -> None:
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    person = world.person(instance, "甲")
    told = {"person": person.id, "community": {"code": world.HOME}}
    write(reports, "create", world.boss(instance), told)
    for _twice in range(2):
        worker = world.caller(instance, "community_worker", at=world.CHENGGUAN)
        assert len(reading.find(worker, reports, Query()).items) == 1
        assert len(reading.find(worker, people, Query()).items) == 1
        foreign = world.caller(instance, "community_worker", at=world.QILIHE)
        assert reading.find(foreign, people, Query()).items == []
    switching.switch(world.boss(instance), "dual_reporting", at=world.HOME, on=False)
    worker = world.caller(instance, "community_worker", at=world.CHENGGUAN)
    assert reading.find(worker, reports, Query()).items == []
    today = {"community": {"code": world.FOREIGN}, "date": "2026-01-01"}
    write(people, "move", world.boss(instance), today, person.id)
    assert reading.find(worker, people, Query()).items == []
    assert len(reading.find(foreign, people, Query()).items) == 1
