"""A deadline ends when its rule says, by the calendar as it is now, and its record is told."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lifang as lf
from lifang.entities.audit import AuditChange
from lifang.entities.calendar import CalendarDay
from lifang.events.tables import EventRow, EventScope, Timer
from lifang.kit.errors import Malformed, NotReady
from lifang.services import deadlines
from lifang.services.gateway import write
from lifang.services.holidays import CHANGED, import_days
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.services.test_clockwork import work
from tests.core.services.timing import OVERDUE, SHANGHAI, Case, accept, cases, close, open_desk

SET = "desk.case.deadline_set"
NOTICE = "date,kind,name\n" + "".join(
    f"2091-{day},holiday,{name}\n"
    for name, days in {
        "元旦": ["01-01"],
        "春节": ["02-17", "02-18", "02-19", "02-20"],
        "清明": ["04-04"],
        "劳动节": ["05-01", "05-02"],
        "端午": ["06-19"],
        "中秋": ["09-25"],
        "国庆": ["10-01", "10-02", "10-03"],
    }.items()
    for day in days
)
"""A year that no package knows yet: thirteen days, as the law says."""


@pytest.fixture
def desk(instance: Instance) -> Iterator[Instance]:
    with time_machine.travel(dt.datetime(2026, 9, 24, 10, tzinfo=SHANGHAI), tick=False):
        open_desk(instance, at=world.CHENGGUAN)
        work(instance)
        yield instance


def new(instance: Instance) -> Case:
    told = {"title": "路灯", "community": {"code": world.HOME}}
    return write(cases, "create", world.boss(instance), told)


def load(instance: Instance, folder: Path, text: str, **options: Any) -> dict[str, Any]:
    file = folder / "notice.csv"
    file.write_text(text, encoding="utf-8")
    return dict(import_days(world.boss(instance), file, **options))


def midnight_after(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T00:00:00+08:00") + dt.timedelta(days=1)


def stored() -> dict[str, dt.datetime]:
    return {row.agg: row.at for row in Timer.select().where(~Timer.rule.is_null())}


def test_it_ends_at_midnight_after_its_last_working_day(desk: Instance) -> None:
    case, boss = new(desk), world.boss(desk)
    lf.act(accept, case, boss, day=dt.date(2026, 9, 24))
    assert list(stored().values()) == [midnight_after("2026-10-09")]
    (event,) = EventRow.select().where(EventRow.type == SET)
    assert json.loads(event.data) == {
        "name": "overdue",
        "at": "2026-10-10T00:00:00+08:00",
        "rule": {"start": "2026-09-24", "working_days": 5},
    }
    assert EventScope.select().where(EventScope.pos == event.pos).count() == 1
    with time_machine.travel(midnight_after("2026-10-09") - dt.timedelta(seconds=1), tick=False):
        work(desk)
        assert not EventRow.select().where(EventRow.type == OVERDUE).exists()
    with time_machine.travel(midnight_after("2026-10-09"), tick=False):
        work(desk)
        assert EventRow.select().where(EventRow.type == OVERDUE).count() == 1


def test_a_changed_calendar_moves_open_deadlines_and_says_so(
    desk: Instance, tmp_path: Path
) -> None:
    moved, far, closed = new(desk), new(desk), new(desk)
    boss = world.boss(desk)
    for case, day in ((moved, 24), (closed, 24), (far, 10)):
        lf.act(accept, case, boss, day=dt.date(2026, 9, day))
    lf.act(close, closed, boss)
    before = stored()
    text = "日期,类别,名称\n2026/9/28,放假,停电\n2026-10-10,normal,\n"
    assert load(desk, tmp_path, text, dry_run=True)["updated"] == 1
    assert stored() == before
    assert load(desk, tmp_path, text) == {
        "created": 1, "updated": 1, "unchanged": 0, "failed": 0, "errors": [], "moved": 1,
    }  # fmt: skip
    assert stored() == before | {f"desk.case/{moved.id}": midnight_after("2026-10-12")}
    last = EventRow.select().where(EventRow.type == SET).order_by(EventRow.pos.desc()).get()
    told = json.loads(last.data)
    assert last.agg == f"desk.case/{moved.id}"
    assert (told["old"], told["at"]) == ("2026-10-10T00:00:00+08:00", "2026-10-13T00:00:00+08:00")
    changed = EventRow.get(EventRow.type == CHANGED)
    assert json.loads(changed.data) == {"years": [2026], "moved": 1}
    kept = {(one.field, one.after) for one in AuditChange.select() if one.field[:4] == "2026"}
    assert kept == {("2026-09-28", "holiday 停电"), ("2026-10-10", "normal ")}
    assert load(desk, tmp_path, text)["unchanged"] == 2
    assert EventRow.select().where(EventRow.type == CHANGED).count() == 1


def test_a_year_must_be_loaded_whole_before_a_deadline_reaches_into_it(
    desk: Instance, tmp_path: Path
) -> None:
    case, boss = new(desk), world.boss(desk)
    day = dt.date(2091, 9, 28)
    with pytest.raises(NotReady, match="lifang calendar import"):
        lf.act(accept, case, boss, day=day)
    assert stored() == {}
    half = load(desk, tmp_path, NOTICE.replace("2091-10-02,holiday,国庆\n", ""))
    assert half["failed"] == 1
    assert "2091-10-02" in half["errors"][0]["message"]
    few = load(desk, tmp_path, NOTICE.replace("2091-06-19,holiday,端午\n", ""))
    assert "只有 12 天" in few["errors"][0]["message"]
    assert CalendarDay.select().count() == 0
    assert load(desk, tmp_path, NOTICE)["created"] == 13
    lf.act(accept, case, boss, day=day)
    assert list(stored().values()) == [midnight_after("2091-10-10")]
    again = load(desk, tmp_path, "date,kind,name\n2091-10-06,workday,国庆\n")
    assert again["moved"] == 1, "a later row is added to a whole year"


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("2026-02-30,holiday,春节", "date", "不是日期"),
        ("2026-03,holiday,春节", "date", "不是日期"),
        (",holiday,春节", "date", "不是日期"),
        ("2026-03-02,feast,春节", "kind", "没有这个类别"),
        (f"2026-03-02,holiday,{'春' * 61}", "name", "60"),
        ("2026-03-02,holiday,春\u202e节", "name", ""),
        ("2026-03-03,workday,", "date", "第 2 行"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_loaded(
    desk: Instance, tmp_path: Path, row: str, column: str, said: str
) -> None:
    good = "date,kind,name\n2026-03-03,holiday,\n"
    outcome = load(desk, tmp_path, good + row + "\n")
    assert [(one["row"], one["column"]) for one in outcome["errors"]] == [(3, column)]
    assert said in outcome["errors"][0]["message"]
    assert CalendarDay.select().count() == 0
    assert load(desk, tmp_path, good)["created"] == 1


def test_other_columns_and_other_people_are_refused(desk: Instance, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="date、kind、name"):
        load(desk, tmp_path, "day,kind\n2026-03-03,holiday\n")
    file = tmp_path / "notice.csv"
    file.write_text(NOTICE)
    with pytest.raises(lf.Forbidden):
        import_days(world.caller(desk, "district_admin", at=world.CHENGGUAN), file)
    assert CalendarDay.select().count() == 0


def test_natural_days_roll_only_when_told_and_hours_count_within_the_office(
    desk: Instance,
) -> None:
    case, boss = new(desk), world.boss(desk)
    day, moment = dt.date(2026, 9, 24), dt.datetime(2026, 9, 24, 17, tzinfo=SHANGHAI)

    def ends(**rule: Any) -> dt.datetime:
        with desk.database.transaction():
            at = lf.deadline(case, boss, "overdue", **rule)
        assert list(stored().values()) == [at]
        return at

    assert ends(start=day, days=7) == midnight_after("2026-10-01")
    assert ends(start=day, days=7, rolls=True) == midnight_after("2026-10-08")
    assert ends(start=moment, days=7) == midnight_after("2026-10-01")
    nine = dt.datetime(2026, 9, 28, 10, tzinfo=SHANGHAI)
    assert ends(start=moment, working_hours=2) == nine
    assert ends(start=moment, working_hours=2, office=[("16:00", "18:00")]) == dt.datetime(
        2026, 9, 28, 17, tzinfo=SHANGHAI
    )
    for wrong in (
        {"start": day},
        {"start": day, "days": 1, "working_days": 1},
        {"start": day, "days": -1},
        {"start": day, "working_hours": 3},
    ):
        with desk.database.transaction(), pytest.raises(ValueError, match="one of|a moment"):
            lf.deadline(case, boss, "overdue", **wrong)


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.integers(0, 2), st.integers(1, 28), st.integers(1, 9)),
        st.tuples(st.just("close"), st.integers(0, 2)),
        st.tuples(st.just("remove"), st.integers(0, 2)),
        st.tuples(
            st.just("load"), st.integers(1, 28), st.sampled_from(["holiday", "workday", "normal"])
        ),
        st.tuples(st.just("plain"), st.integers(0, 2)),
    ),
    max_size=14,
)


def from_the_log(made: list[Case]) -> dict[str, dt.datetime]:
    """What should be stored: the rules that the log tells of, by the calendar of today."""
    rules: dict[str, Any] = {}
    mine = [f"desk.case/{case.id}" for case in made]
    for row in EventRow.select().where(EventRow.agg << mine).order_by(EventRow.pos):
        if row.type == SET:
            rules[row.agg] = json.loads(row.data)["rule"]
        elif row.type in {"desk.case.deadline_cancelled", "desk.case.removed", OVERDUE}:
            rules.pop(row.agg, None)
    calendar = deadlines.current()
    return {agg: deadlines.due(rule, calendar) for agg, rule in rules.items()}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operations=OPERATIONS)
def test_recomputed_from_the_log_it_is_what_is_stored(
    desk: Instance, tmp_path: Path, operations: list[tuple[Any, ...]]
) -> None:
    boss = world.boss(desk)
    Timer.delete().where(Timer.plugin == "desk").execute()
    made = [new(desk) for _number in range(3)]
    gone: set[int] = set()
    for what, *more in operations:
        if what == "load":
            load(desk, tmp_path, f"date,kind,name\n2026-10-{more[0]:02},{more[1]},\n")
            continue
        case = made[more[0]]
        if case.id in gone:
            continue
        if what == "accept":
            day = dt.date(2026, 10, more[1])
            lf.act(accept, case, boss, day=day, working_days=more[2])
        elif what == "close" and Case.get_by_id(case.id).state == "open":
            lf.act(close, case, boss)
        elif what == "remove":
            write(cases, "remove", boss, None, case.id)
            gone.add(int(case.id))
        elif what == "plain":
            with desk.database.transaction():
                lf.timer(case, boss, "overdue", lf.now() + dt.timedelta(days=9))
    assert stored() == from_the_log(made)
    with desk.database.transaction():
        assert deadlines.recompute(boss) == 0


def test_a_deadline_set_while_the_calendar_changes_follows_it_too(
    desk: Instance, tmp_path: Path
) -> None:
    """Whichever is first, what is stored in the end is what the calendar in the end says."""
    made = [new(desk) for _number in range(12)]
    together = threading.Barrier(2)

    def set_them() -> None:
        with desk.database.connection():
            together.wait()
            for case in made:
                lf.act(accept, case, world.boss(desk), day=dt.date(2026, 9, 24))

    thread = threading.Thread(target=set_them)
    thread.start()
    together.wait()
    for kind in ("holiday", "normal", "holiday"):
        load(desk, tmp_path, f"date,kind,name\n2026-09-28,{kind},停电\n")
    thread.join()
    assert set(stored().values()) == {midnight_after("2026-10-10")}
    assert len(stored()) == 12


def test_a_calendar_waits_for_a_deadline_that_is_being_set_and_moves_it(
    desk: Instance, tmp_path: Path
) -> None:
    case, boss = new(desk), world.boss(desk)

    def change() -> None:
        with desk.database.connection():
            load(desk, tmp_path, "date,kind,name\n2026-09-28,holiday,停电\n")

    thread = threading.Thread(target=change)
    with desk.database.transaction():
        lf.deadline(case, boss, "overdue", start=dt.date(2026, 9, 24), working_days=5)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    assert list(stored().values()) == [midnight_after("2026-10-10")]
