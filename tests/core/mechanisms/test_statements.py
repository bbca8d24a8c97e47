"""Figures of a district's year: by organization, side by side, under local rules, exactly."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import lifang as lf
from lifang.entities.community import Community
from lifang.kit.errors import Forbidden, Invalid, Malformed, NotFound
from lifang.lifecycle.dated import Decree, configure
from lifang.mechanisms import figures, telling
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
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


@pytest.fixture
def units(tallied: Instance) -> list[lf.Organization]:
    """Water sits in 城关区 and power in 七里河区; people of both serve in both districts."""
    water = world.organization(tallied, "示例供水公司")
    power = world.organization(tallied, "示例供电公司", at=world.FOREIGN)
    li, zhang = (world.person(tallied, name) for name in ("李强", "张敏"))
    for code, unit, who in (
        (world.HOME, water, li), (world.HOME, water, li), (world.FOREIGN, water, li),
        (world.HOME, power, li), (world.NEIGHBOUR, power, zhang), (world.NEIGHBOUR, None, zhang),
    ):  # fmt: skip
        tally.serve(tallied, code, "2026-11-10", unit=unit, person=who)
    return [water, power]


def told(table: figures.Table) -> dict[str, list[Any]]:
    """The values of a table by line."""
    rows = (table.total, *table.rows)
    return {telling.place(table, row): [cell.value for cell in row.cells] for row in rows}


def rule(instance: Instance, at: str, *, since: str = "2026-01-01", **said: str) -> None:
    """Say what a district decided."""
    decree = Decree("本区规定", at, tally.day(since), None, False)
    configure(world.boss(instance), "tally", said, decree)


def test_figures_are_told_by_organization(
    tallied: Instance, units: list[lf.Organization], caplog: pytest.LogCaptureFixture
) -> None:
    boss = world.boss(tallied)
    with caplog.at_level(logging.DEBUG, "peewee"):
        city = figures.table(boss, tally.count, Scope(period=NOVEMBER, by=["unit"]))
    questions = [one.getMessage() for one in caplog.records]
    assert sum("tally_service" in one for one in questions) == 1
    assert told(city) == {
        "兰州市": [6], "示例供水公司": [3], "示例供电公司": [2], "没有单位的": [1],
    }  # fmt: skip
    assert list(told(city))[1:3] == ["示例供水公司", "示例供电公司"]
    for tree in ("now", "then"):
        assert told(figures.table(boss, tally.count, Scope(STREET, NOVEMBER, ["unit"], tree))) == {
            "酒泉路街道": [5], "示例供电公司": [2], "示例供水公司": [2], "没有单位的": [1],
        }  # fmt: skip
        asked = Scope(STREET, NOVEMBER, ["unit"], tree)
        assert told(figures.table(boss, tally.served, asked)) == {
            "酒泉路街道": [2], "示例供电公司": [2], "示例供水公司": [1], "没有单位的": [1],
        }  # fmt: skip
    months = Scope(STREET, Period.read("2026-Q4"), ["unit", "month"])
    assert told(figures.table(boss, tally.count, months))["示例供电公司"] == [0, 2, None]
    rule(tallied, world.CITY, least="2")
    few = figures.table(boss, tally.few, Scope(STREET, NOVEMBER, ["unit"]))
    assert {row.name for row in few.rows if row.cells[0].withheld} == {"示例供水公司", "酒泉路街道"}
    water = int(units[0].id)
    alone = figures.table(boss, tally.count, Scope(world.CITY, NOVEMBER, ["district"], unit=water))
    assert told(alone) == {"示例供水公司（兰州市）": [3], "城关区": [2], "七里河区": [1]}


def test_who_belongs_to_several_organizations_counts_once_in_each_and_once_in_all(
    tallied: Instance, units: list[lf.Organization]
) -> None:
    from lifang.builtin.people import memberships, people
    from lifang.services.gateway import write

    boss = world.boss(tallied)
    li = world.person(tallied, "王丽")
    for unit in units:
        write(memberships, "create", boss, {"person": int(li.id), "organization": int(unit.id)})
    standing = lf.Measure(people, standing=(None, None))
    enrolled = lf.Indicator("tally.folk", "人员", standing, digits=0)
    table = figures.table(boss, enrolled, Scope(world.HOME, NOVEMBER, ["unit"]))
    assert told(table) == {
        "畅家巷社区": [3], "示例供水公司": [1], "示例供电公司": [1], "没有单位的": [2],
    }  # fmt: skip


def test_whoever_stands_for_an_organization_sees_its_own_line(
    tallied: Instance, units: list[lf.Organization]
) -> None:
    water, power = units
    liaison = world.caller(tallied, "unit_liaison", unit=water)
    seen = {one.name for one in figures.indicators(liaison)}
    assert {"tally.count", "tally.rate", "tally.served"} <= seen
    assert "tally.per_head" not in seen
    table = figures.table(liaison, tally.count, Scope(period=NOVEMBER, by=["district"]))
    assert table.unit == water.id
    assert told(table)["示例供水公司（兰州市）"] == [3]
    own = Scope(period=NOVEMBER, unit=int(water.id))
    assert told(figures.table(liaison, tally.served, own)) == {"示例供水公司（兰州市）": [1]}
    by_unit = figures.table(liaison, tally.count, Scope(period=NOVEMBER, by=["unit"]))
    assert [row.name for row in by_unit.rows] == ["示例供水公司"]
    home = Scope(world.HOME, NOVEMBER, unit=int(water.id))
    assert told(figures.table(liaison, tally.count, home)) == {"示例供水公司（畅家巷社区）": [2]}
    for scope, error in (
        (Scope(unit=int(power.id)), (NotFound, Invalid)),
        (Scope(world.HOME, unit=int(power.id)), NotFound),
        (Scope(world.FOREIGN, unit=int(water.id)), Invalid),
    ):
        with pytest.raises(error):
            figures.table(liaison, tally.count, scope)
    with pytest.raises(NotFound):
        figures.indicator(liaison, "tally.per_head")
    statement = figures.statement(liaison, "tally", Scope(period=NOVEMBER))
    assert {one.indicator.name for one in statement.tables} == seen
    worker = world.caller(tallied, "community_worker", at=world.NEIGHBOUR)
    names = [row.name for row in figures.table(worker, tally.count, Scope(by=["unit"])).rows]
    assert names == ["示例供电公司", "张家园社区"]
    nothing = figures.table(worker, tally.count, Scope(unit=int(water.id)))
    assert told(nothing) == {f"#{water.id}（张家园社区）": [0]}, "no name they do not see"


def test_what_belongs_to_no_organization_or_to_too_many_says_so(
    tallied: Instance, units: list[lf.Organization], monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = world.boss(tallied)
    for scope in (Scope(by=["unit"]), Scope(unit=int(units[0].id))):
        with pytest.raises(Malformed) as refused:
            figures.table(boss, tally.per_head, scope)
        assert "人均服务时长" in str(refused.value)
    statement = figures.statement(boss, "tally", Scope(by=["unit"]))
    assert "「人均服务时长」的记录不属于单位，不在表中" in telling.under(statement)
    assert "tally.per_head" not in {one.indicator.name for one in statement.tables}
    monkeypatch.setattr(figures, "MOST", 1)
    with pytest.raises(Malformed) as refused:
        figures.table(boss, tally.count, Scope(by=["unit"]))
    assert "一张表最多 1 个单位" in str(refused.value)


def test_a_statement_holds_what_the_caller_sees_of_a_plugin(
    tallied: Instance, units: list[lf.Organization]
) -> None:
    worker = world.caller(tallied, "community_worker", at=world.HOME)
    everything = figures.statement(worker, "tally", Scope(world.HOME))
    assert len(everything.tables) == len(tally.INDICATORS)
    narrow = replace(worker, scope=frozenset({"tally.services:read", "core.communities:read"}))
    seen = [one.indicator.name for one in figures.statement(narrow, "tally", Scope()).tables]
    assert seen == ["tally.count", "tally.served", "tally.few", "tally.rate"]
    with pytest.raises(Invalid):
        figures.statement(narrow, "tally", Scope(STREET))
    two = replace(worker, standings=(
        *worker.standings, *world.caller(tallied, "grid_worker", at=STREET).standings
    ))  # fmt: skip
    with pytest.raises(Forbidden):
        figures.statement(two, "tally", Scope(STREET))


def test_a_statement_asks_all_its_measures_at_once_and_each_of_them_once(
    tallied: Instance, units: list[lf.Organization], caplog: pytest.LogCaptureFixture
) -> None:
    boss = world.boss(tallied)
    tally.enrol(tallied, world.HOME, "2026-10-01")
    for by in ("below", "unit"):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "peewee"):
            scope = Scope(world.CHENGGUAN, Period.read("2026"), [by])
            told_ = figures.statement(boss, "tally", scope)
        asked = [one.getMessage() for one in caplog.records]
        measures = {each.key for one in told_.tables for each in one.indicator.measures}
        [counted] = [one for one in asked if "GROUP BY" in one]
        assert counted.count("GROUP BY") == len(measures), by
        assert len(asked) <= 11, by
    of_units = [len(one.indicator.measures) for one in told_.tables]
    assert sum(of_units) > len(measures), "indicators share what they count"
    lines = [[name, *(telling.short(*one) for one in cells)]
             for name, _row, cells in telling.lines_of(told_)]  # fmt: skip
    names = [one.indicator.label for one in told_.tables]
    assert names == ["服务次数", "参与人数", "参与次数", "参与率", "锁定率"]
    assert lines == [
        ["城关区", "5", "2", "5", "100.0", "100.00"],
        ["示例供水公司", "2", "1", "2", "—", "100.00"],
        ["示例供电公司", "2", "2", "2", "—", "100.00"],
        ["没有单位的", "1", "1", "1", "50.0", "100.00"],
    ]
    months = figures.statement(boss, "tally", Scope(STREET, Period.read("2026-Q4"), ["month"]))
    lines = [[name, *(telling.short(*one) for one in cells)]
             for name, _row, cells in telling.lines_of(months)]  # fmt: skip
    assert [line[:3] for line in lines] == [
        ["2026-10", "0", "0.00"], ["2026-11", "5", "5.00"], ["2026-12", "—", "—"],
    ]  # fmt: skip
    with pytest.raises(Malformed):
        figures.statement(boss, "tally", Scope(by=["below", "month"]))
    with pytest.raises(NotFound):
        figures.statement(boss, "nothing", Scope())
    tally.switch(tallied, STREET, on=False)
    with pytest.raises(NotFound):
        figures.statement(world.boss(tallied), "tally", Scope(STREET))


def test_what_is_divided_by_what_is_a_local_rule(
    tallied: Instance, units: list[lf.Organization]
) -> None:
    tally.serve(tallied, world.HOME, "2026-11-12", unit=units[0], state="noted")
    tally.serve(tallied, world.HOME, "2026-10-12", unit=units[0], state="noted")
    rule(tallied, STREET, since="2026-11-15", over="people")
    boss = world.boss(tallied)
    street, district = (
        figures.table(boss, tally.rate, Scope(code, NOVEMBER, ["below"]))
        for code in (STREET, world.CHENGGUAN)
    )
    [cell] = street.total.cells
    assert (cell.value, cell.numerator, cell.denominator) == (250, 5, 2)
    assert telling.notes(street) == [
        "已锁定的服务，除以参与的人",
        "「锁定率的分母」为「参与的人」：酒泉路街道 2026-11-30 的规定",
    ]
    [cell] = district.total.cells
    assert (cell.value, cell.numerator, cell.denominator) == (83.33, 5, 6)
    assert telling.notes(district) == [
        "已锁定的服务，除以全部服务",
        "「锁定率的分母」为「全部服务」：城关区 2026-11-30 的规定",
        "下列地方另有规定，本表仍按城关区的规定计算：酒泉路街道",
    ]
    assert [row.cells[0].value for row in district.rows] == [83.33]
    october = figures.table(boss, tally.rate, Scope(STREET, Period.read("2026-10")))
    assert october.total.cells[0].denominator == 1, "the rule of that month's last day"
    liaison = world.caller(tallied, "unit_liaison", unit=units[0])
    own = figures.table(liaison, tally.rate, Scope(period=NOVEMBER))
    assert "「锁定率的分母」为「参与的人」：畅家巷社区 2026-11-30 的规定" in telling.notes(own)
    statement = figures.statement(boss, "tally", Scope(world.CHENGGUAN, NOVEMBER, ["below"]))
    assert "锁定率：已锁定的服务，除以全部服务" in telling.under(statement)


@pytest.mark.once
def test_a_choice_leaves_nothing_open() -> None:
    for setting, options in (
        (tally.over, {"all": 1}), (tally.over, {"all": 1, "people": 2, "more": 3}),
        (tally.least, {0: 1}), (lf.Setting("open", bool, "未定"), {True: 1, False: 2}),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            lf.Indicator.choice(setting, options)
    lf.Indicator.choice(lf.Setting("open", bool, "已定", default=True), {True: 1, False: 2})


@pytest.mark.once
@pytest.mark.parametrize(
    ("amount", "per", "digits", "value"),
    [(1, 3, 2, 0.33), (2, 3, 2, 0.67), (1, 8, 2, 0.13), (201, 200, 2, 1.01), (1, 0, 1, None),
     (0, 7, 0, 0), (55, 60, 2, 0.92), (10**30 + 1, 10**30, 1, 1.0), (5 * 10**29 - 1, 10**30, 0, 0)],
)  # fmt: skip
def test_values_are_fractions_rounded_once(
    amount: int, per: int, digits: int, value: float | None
) -> None:
    asked = lf.Indicator("tally.ratio", "比", tally.locked, tally.minutes, digits=digits)
    exact = asked.exact(amount, per)
    assert exact == (Fraction(amount, per) if per else None)
    assert value == (None if exact is None else asked.rounded(exact))


def test_months_quarters_and_years_add_up_at_their_ends(tallied: Instance, clock: Clock) -> None:
    clock.move_to(dt.datetime(2027, 1, 1, 4, tzinfo=dt.UTC))
    days = ("2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01", "2026-06-30", "2026-07-01",
            "2026-09-30", "2026-10-01", "2026-12-31", "2027-01-01")  # fmt: skip
    for day in days:
        tally.serve(tallied, world.HOME, day)
    boss = world.boss(tallied)

    def count(said: str, *by: str) -> list[Any]:
        table = figures.table(boss, tally.count, Scope(STREET, Period.read(said), by))
        return [cell.value for cell in table.total.cells]

    assert count("2026", "month") == [1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1]
    assert [count(f"2026-Q{n}") for n in (1, 2, 3, 4)] == [[2]] * 4
    assert [count("2026-H1"), count("2026-H2"), count("2026")] == [[4], [4], [8]]
    assert [count("2025"), count("2027-Q1"), count("2027-02"[:4])] == [[1], [1], [1]]
    before = figures.table(boss, tally.count, Scope(STREET, Period.read("2027-Q1")))
    assert before.total.cells[0].before == 2
    instants = lf.Indicator("tally.made", "登记", lf.Measure(tally.services, dated="created_at"))
    clock.move_to(dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC))
    tally.serve(tallied, world.HOME, "2026-11-01", state="noted")
    clock.move_to(dt.datetime(2026, 12, 31, 16, 0, 0, tzinfo=dt.UTC))
    tally.serve(tallied, world.HOME, "2026-11-01", state="noted")
    clock.move_to(dt.datetime(2027, 1, 1, 4, tzinfo=dt.UTC))
    told_ = figures.table(world.boss(tallied), instants, Scope(STREET, Period.read("2026-12")))
    assert told_.total.cells[0].value == 1, "the year ends at midnight in Lanzhou"


def test_a_year_in_which_a_community_moved_is_told_as_it_is_now_and_as_it_was(
    tallied: Instance, clock: Clock
) -> None:
    from lifang.builtin.tree import transfer
    from lifang.services.authoring import act

    water = world.organization(tallied, "示例供水公司")
    for day in ("2026-03-01", "2026-06-30", "2026-07-01", "2026-11-01"):
        tally.serve(tallied, world.NEIGHBOUR, day, unit=water)
    near, abroad = (
        Community.get(Community.code == code) for code in (world.NEIGHBOUR, "620103001000")
    )
    day, owner = tally.day("2026-07-01"), world.boss(tallied)
    act(transfer, near, owner, parent=abroad, date=day, basis="批复")
    boss = world.boss(tallied)
    local, year = world.caller(tallied, "community_worker", at=world.CHENGGUAN), Period.read("2026")
    for tree, moved, stayed in (("now", 4, 0), ("then", 2, 2)):
        rows = told(figures.table(boss, tally.count, Scope(world.CITY, year, ["below"], tree)))
        assert (rows["七里河区"], rows["城关区"]) == ([moved], [stayed]), tree
        for by, unit in (("below", None), ("unit", None), ("district", int(water.id))):
            scope = Scope(world.CHENGGUAN, year, [by], tree, unit)
            total = figures.table(local, tally.count, scope).total
            assert total.cells[0].value == stayed, (tree, by)
    for half, count in (("2026-H1", 2), ("2026-H2", 0)):
        scope = Scope(world.CHENGGUAN, Period.read(half), tree="then")
        assert figures.table(boss, tally.count, scope).total.cells[0].value == count, half


def test_what_a_unit_has_is_counted_where_the_unit_is(
    tallied: Instance, units: list[lf.Organization]
) -> None:
    boss = world.boss(tallied)
    seat = lf.Measure(tally.volunteers, standing=("joined", "left"))
    stood = lf.Measure(tally.services, standing=("day", None))
    for wrong in ({"at": seat}, {"at": stood}, {"at": lf.Measure(tally.services)}):
        with pytest.raises(TypeError, match="at is a stock of units"):
            lf.Measure(tally.services, dated="day", **wrong)
    for at in (lf.Measure(tally.services, standing=("day", None), state="locked"),
               lf.Measure(tally.services, standing=("day", None), at=stood)):  # fmt: skip
        with pytest.raises(TypeError, match="no filters"):
            lf.Measure(tally.services, standing=("day", None), at=at)
    tally.Service.delete().execute()
    tally.serve(tallied, world.HOME, "2026-11-05", unit=units[0], minutes=30)
    tally.serve(tallied, world.FOREIGN, "2026-11-02", unit=units[1])
    minutes = lf.Measure(tally.services, total="minutes", standing=("day", None), at=stood)
    shared = lf.Indicator("tally.shared", "分钟", minutes, stood, digits=0)
    city = Scope(period=NOVEMBER, by=["district"])
    assert told(figures.table(boss, shared, city)) == {
        "兰州市": [45], "城关区": [30], "七里河区": [60],
    }  # fmt: skip
    by_unit = figures.table(boss, shared, Scope(world.CHENGGUAN, NOVEMBER, ["unit"], "then"))
    assert told(by_unit) == {"城关区": [30], "示例供水公司": [30]}
    before = Scope(period=Period.read("2026-10"))
    assert told(figures.table(boss, shared, before)) == {"兰州市": [None]}
