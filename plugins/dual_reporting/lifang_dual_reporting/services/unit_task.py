"""The monthly list of tasks that a community issues to its units."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import UnitTask
from lifang_dual_reporting.policies import refuse
from lifang_dual_reporting.settings import task_day

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
SUMMED_UP = ("done", "missed")


def demand_month(task: UnitTask, caller: lf.Caller) -> None:
    """A task belongs to the list of a month."""
    if not MONTH.fullmatch(task.month):
        refuse("month", "invalid", _("月份写作 2026-05"))


@lf.action("下达", moves={"drafted": "issued"})
def issue(task: UnitTask, caller: lf.Caller) -> lf.Data:
    """Give a task to its unit: done by time on the list's day, by hand on any other.

    Unless something else was said, the unit has until the day before the next list's.
    """
    day = task_day(task.community_id)
    if task.due_on is None and day:
        given = max(dt.date.fromisoformat(f"{task.month}-{day:02}"), lf.today())
        task.due_on = next_list(given, day) - dt.timedelta(days=1)
    return told(task)


@lf.action("登记完成情况", moves={"issued": "done"})
def finish(task: UnitTask, caller: lf.Caller, *, result: Annotated[str, "完成情况"]) -> lf.Data:
    """Say how a task was done, before the list is summed up."""
    task.result = result
    return told(task)


@lf.action("计为未完成", moves={"issued": "missed"}, waits=False)
def miss(task: UnitTask, caller: lf.Caller) -> lf.Data:
    """Sum a task up that was not done by the next list's day."""
    return told(task)


@lf.action("联席会议评议", event="reviewed", among={"state": "done"}, waits=False)
def review(
    task: UnitTask, caller: lf.Caller, *, date: dt.date, remark: Annotated[str, "评议意见"]
) -> lf.Data:
    """Note what the quarter's joint meeting said of a task that was summed up."""
    if task.state not in SUMMED_UP:
        raise lf.Conflict(_("只有已汇总（已完成或未完成）的任务可以评议"))
    if date > lf.today():
        refuse("date", "future", _("联席会议日期不能晚于今天"))
    task.reviewed_on, task.remark = date, remark
    return told(task)


def told(task: UnitTask) -> lf.Data:
    """What a task's events say of it; see `schemas.Asked`."""
    return {
        "organization": task.organization_id,
        "community": task.community_id,
        "month": task.month,
    }


def next_list(after: dt.date, day: int) -> dt.date:
    """The next day of the month that is a list's: the 10th after 10 December is that of January."""
    if after.day < day:
        return after.replace(day=day)
    return (after.replace(day=1) + dt.timedelta(days=31)).replace(day=day)


def listed(day: dt.date) -> list[int]:
    """The communities whose list's day a day is, of those that have tasks to issue or sum up."""
    open_ones = UnitTask.select(UnitTask.community).where(
        UnitTask.state.in_(("drafted", "issued")), UnitTask.removed_at.is_null()
    )
    places = {one.community_id for one in open_ones.distinct()}
    return sorted(place for place in places if task_day(place, day) == day.day)


def is_over(task: UnitTask, day: dt.date) -> bool:
    """Whether the time that a unit had for a task had gone by before a day."""
    if task.due_on is not None:
        return task.due_on < day
    return task.month < f"{day:%Y-%m}"
