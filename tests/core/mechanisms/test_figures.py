"""Figures are read from records: by place, by month, as of a day, for who may see all of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.kit.errors import Invalid, Malformed, NotFound
from lifang.mechanisms import figures
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock, Events
from tests.core.mechanisms import tally

STREET = "620102001000"
NOVEMBER = Period.read("2026-11")


@pytest.fixture(autouse=True)
def on_a_day(clock: Clock) -> None:
    """The thirtieth of November 2026."""
    clock.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))


@pytest.fixture
def tallied(instance: Instance) -> Instance:
    tally.open_tally(instance)
    return instance


def told(table: figures.Table) -> dict[str, list[Any]]:
    """The values of a table by place."""
    rows = {row.code + "*" * row.own: row for row in (table.total, *table.rows)}
    return {code: [cell.value for cell in row.cells] for code, row in rows.items()}


def test_services_are_rolled_up_along_the_tree(tallied: Instance, boss: Caller) -> None:
    for code, day in ((world.HOME, "2026-11-01"), (world.HOME, "2026-11-30"),
                      (world.NEIGHBOUR, "2026-11-02"), (world.FOREIGN, "2026-11-03"),
                      (world.CHENGGUAN, "2026-11-04"), (world.HOME, "2026-10-31"),
                      (world.HOME, "2026-12-01")):  # fmt: skip
        tally.serve(tallied, code, day)
    tally.serve(tallied, world.HOME, "2026-11-05", state="noted")
    asked = {"period": NOVEMBER, "by": ["below"]}
    boss = world.boss(tallied)

    city = figures.table(boss, tally.count, Scope(within=world.CITY, **asked))
    assert told(city) == {world.CITY: [5], world.CHENGGUAN: [4], world.QILIHE: [1]}
    assert [row.cells[0].before for row in (city.total, *city.rows)] == [1, 1, 0]
    district = figures.table(boss, tally.count, Scope(within=world.CHENGGUAN, **asked))
    own = f"{world.CHENGGUAN}*"
    assert told(district) == {world.CHENGGUAN: [4], STREET: [3], own: [1]}
    flat = figures.table(boss, tally.count, Scope(period=NOVEMBER, by=["community"]))
    homes = {world.HOME: [2], world.NEIGHBOUR: [1], world.FOREIGN: [1]}
    assert told(flat) == {world.CITY: [5], **homes, f"{world.CITY}*": [1]}
    months = Period.read("2026-Q4")
    told_by_month = figures.table(boss, tally.count, Scope(period=months, by=["district", "month"]))
    assert told(told_by_month) == {
        world.CITY: [1, 5, None], world.CHENGGUAN: [1, 4, None], world.QILIHE: [0, 1, None],
    }  # fmt: skip


def test_a_ratio_tells_what_it_divides_and_never_by_nothing(tallied: Instance) -> None:
    boss = world.boss(tallied)
    tally.enrol(tallied, world.HOME, "2026-01-05")
    tally.enrol(tallied, world.HOME, "2026-11-30")
    tally.enrol(tallied, world.HOME, "2026-10-31", left="2026-11-30")
    tally.enrol(tallied, world.NEIGHBOUR, "2026-12-01")
    tally.serve(tallied, world.HOME, "2026-11-01", 90)
    tally.serve(tallied, world.HOME, "2026-11-01", 45)
    tally.serve(tallied, world.FOREIGN, "2026-11-01", 45)

    asked = {"period": Period.read("2026-Q4"), "by": ["community", "month"]}
    rows = {r.code: r.cells for r in figures.table(boss, tally.per_head, Scope(**asked)).rows}
    [october, november, december] = rows[world.HOME]
    assert (october.value, october.numerator, october.denominator) == (0, 0, 2)
    assert (november.value, november.numerator, november.denominator) == (1.13, 2.25, 2)
    assert (december.value, december.denominator) == (None, None)
    [_, abroad, _] = rows[world.FOREIGN]
    assert (abroad.value, abroad.numerator, abroad.denominator) == (None, 0.75, 0)
    [near, _, later] = rows[world.NEIGHBOUR]
    assert (near.value, near.denominator, later.value) == (None, 0, None)


def test_whoever_is_counted_once_is_counted_once_above_as_well(tallied: Instance) -> None:
    boss = world.boss(tallied)
    li, zhang = (world.person(tallied, name) for name in ("李强", "张敏"))
    for code, who in ((world.HOME, li), (world.HOME, li), (world.NEIGHBOUR, li),
                      (world.FOREIGN, zhang)):  # fmt: skip
        tally.serve(tallied, code, "2026-11-10", person=who)
    tally.serve(tallied, world.HOME, "2026-10-10", person=li)

    people = figures.table(boss, tally.served, Scope(period=NOVEMBER, by=["community"]))
    assert told(people) == {
        world.CITY: [2], world.HOME: [1], world.NEIGHBOUR: [1], world.FOREIGN: [1],
    }  # fmt: skip
    assert people.total.cells[0].before == 1
    share = figures.table(boss, tally.per_resident, Scope(within=world.HOME, period=NOVEMBER))
    assert (share.total.cells[0].value, share.total.cells[0].denominator) == (50, 2)


def test_events_told_again_and_again_change_no_figure(tallied: Instance, events: Events) -> None:
    boss = world.boss(tallied)
    tally.serve(tallied, world.HOME, "2026-11-10")
    tally.serve(tallied, world.HOME, "2026-11-11", state="noted")
    before = told(figures.table(boss, tally.count, Scope(period=NOVEMBER)))
    events.deliver()
    [event] = events.published("tally.service.locked")
    events.again(event, tally.hears)
    events.again(event, tally.hears)
    assert (
        told(figures.table(boss, tally.count, Scope(period=NOVEMBER)))
        == before
        == {world.CITY: [1]}
    )


def test_the_tree_as_it_was_then_keeps_old_figures_where_they_were(
    tallied: Instance, clock: Clock
) -> None:
    from lifang.builtin.tree import merge
    from lifang.entities.community import Community
    from lifang.services.authoring import act

    tally.serve(tallied, world.NEIGHBOUR, "2026-10-10")
    tally.serve(tallied, world.HOME, "2026-10-10")
    near, home = (Community.get(Community.code == c) for c in (world.NEIGHBOUR, world.HOME))
    clock.move_to(dt.datetime(2026, 11, 15, 4, tzinfo=dt.UTC))
    act(merge, near, world.boss(tallied), into=home, date=tally.day("2026-11-15"), basis="批复")
    clock.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))
    tally.serve(tallied, world.HOME, "2026-11-20")

    asked = {"within": STREET, "period": Period.read("2026-Q4"), "by": ["community", "month"]}
    boss = world.boss(tallied)
    assert told(figures.table(boss, tally.count, Scope(**asked))) == {
        STREET: [2, 1, None], world.HOME: [2, 1, None],
    }  # fmt: skip
    then = told(figures.table(boss, tally.count, Scope(tree="then", **asked)))
    assert then == {
        STREET: [2, 1, None],
        world.HOME: [1, 1, None],
        f"{world.NEIGHBOUR}@2026-11-14": [1, 0, None],
    }


def test_figures_are_for_who_reads_all_that_is_behind_them(tallied: Instance) -> None:
    tally.serve(tallied, world.HOME, "2026-11-10")
    li = world.person(tallied, "李强")
    worker = world.caller(tallied, "community_worker", at=world.HOME)
    assert told(figures.table(worker, tally.count)) == {world.HOME: [1]}
    with pytest.raises(Invalid):
        figures.table(worker, tally.count, Scope(within=STREET))
    resident = world.caller(tallied, "resident", person=li)
    assert figures.indicators(resident) == []
    with pytest.raises(NotFound):
        figures.table(resident, tally.count, Scope(within=world.HOME))
    with pytest.raises(NotFound):
        figures.indicator(resident, "tally.count")


def test_where_the_plugin_is_off_nothing_is_counted(tallied: Instance) -> None:
    for code in (world.HOME, world.NEIGHBOUR, world.FOREIGN):
        tally.serve(tallied, code, "2026-11-10")
    tally.switch(tallied, world.NEIGHBOUR, on=False)
    boss = world.boss(tallied)
    rows = told(figures.table(boss, tally.count, Scope(by=["community"])))
    assert rows == {world.CITY: [2], world.HOME: [1], world.FOREIGN: [1]}
    with pytest.raises(NotFound):
        figures.table(boss, tally.count, Scope(within=world.NEIGHBOUR))


def test_few_people_are_withheld_and_cannot_be_worked_out(tallied: Instance) -> None:
    from lifang.lifecycle.dated import Decree, configure

    names = ("李强", "张敏", "王丽", "赵刚", "陈静")
    folk = [world.person(tallied, name) for name in names]
    for who in folk[:4]:
        tally.serve(tallied, world.HOME, "2026-11-10", person=who)
    for _n in range(9):
        tally.serve(tallied, world.NEIGHBOUR, "2026-11-10", person=folk[4])
    boss = world.boss(tallied)
    asked = {"within": STREET, "period": NOVEMBER, "by": ["community"]}
    shown = {STREET: [13], world.HOME: [4], world.NEIGHBOUR: [9]}
    assert told(figures.table(boss, tally.few, Scope(**asked))) == shown
    decree = Decree("保护个人信息", world.CITY, tally.day("2026-11-01"), None, False)
    configure(boss, "tally", {"least": "3"}, decree)
    table = figures.table(boss, tally.few, Scope(**asked))
    assert told(table) == {STREET: [13], world.HOME: [None], world.NEIGHBOUR: [None]}
    assert all(row.cells[0].withheld for row in table.rows)
    alone = figures.table(boss, tally.few, Scope(within=world.NEIGHBOUR, period=NOVEMBER))
    assert alone.total.cells[0].withheld
    october = figures.table(
        boss, tally.few, Scope(within=world.NEIGHBOUR, period=Period.read("2026-10"))
    )
    assert october.total.cells[0].value == 0


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [("2026-11", "2026-11-01", "2026-11-30"), ("2026-Q4", "2026-10-01", "2026-12-31"),
     ("2026-H1", "2026-01-01", "2026-06-30"), ("2024", "2024-01-01", "2024-12-31"),
     ("2024-02", "2024-02-01", "2024-02-29")],
)  # fmt: skip
def test_a_period_is_written_one_way(said: str, first: str, last: str) -> None:
    period = Period.read(said)
    assert (str(period.first), str(period.last), period.key) == (first, last, said)
    assert period.before().end == period.first


@pytest.mark.parametrize("said", ["2026-13", "2026-Q5", "26-11", "2026-11-01", "2027", "", "9999"])
def test_what_is_no_period_or_has_not_begun_is_refused(said: str) -> None:
    with pytest.raises(Malformed):
        Period.read(said)
