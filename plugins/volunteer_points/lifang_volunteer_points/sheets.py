"""What is kept on paper about voluntary service: who served, how long each, at what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import peewee as pw

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import COUNTED, Activity, ServiceRecord, Volunteer
from lifang_volunteer_points.models.volunteer import CATEGORIES
from lifang_volunteer_points.resources import service_records, volunteers

STANDING = list(COUNTED)


def hours(records: Sequence[ServiceRecord], asked: lf.Sheet.Asked) -> dict[int, float]:
    """The hours of some records."""
    return {int(one.id): one.minutes / 60 for one in records}


def _of_each(records: Sequence[Volunteer], asked: lf.Sheet.Asked, what: Any) -> dict[int, Any]:
    """What the standing records of some volunteers come to in the period."""
    query: Any = ServiceRecord.select(ServiceRecord.volunteer, what)
    lying = asked.only(service_records, state=STANDING, volunteer=[one.id for one in records])
    return dict(query.where(*lying).group_by(ServiceRecord.volunteer).tuples())


def times_of(records: Sequence[Volunteer], asked: lf.Sheet.Asked) -> dict[int, int]:
    """How often some volunteers served."""
    return dict.fromkeys((int(one.id) for one in records), 0) | _of_each(
        records, asked, pw.fn.COUNT(ServiceRecord.id)
    )


def hours_of(records: Sequence[Volunteer], asked: lf.Sheet.Asked) -> dict[int, float]:
    """How many hours some volunteers served."""
    minutes = _of_each(records, asked, pw.fn.SUM(ServiceRecord.minutes))
    return {int(one.id): round(int(minutes.get(one.id, 0)) / 60, 1) for one in records}


def by_category(asked: lf.Sheet.Asked) -> Iterator[tuple[str, int, int, float]]:
    """Each category with its records, the different people behind them, and their hours."""
    count, people = pw.fn.COUNT(ServiceRecord.id), pw.fn.COUNT(ServiceRecord.person.distinct())
    query: Any = ServiceRecord.select(
        Activity.category, count, people, pw.fn.SUM(ServiceRecord.minutes)
    ).join(Activity, pw.JOIN.LEFT_OUTER)
    lying = asked.only(service_records, state=STANDING)
    found = {row[0]: row[1:] for row in query.where(*lying).group_by(Activity.category).tuples()}
    for category, label in [*CATEGORIES, (None, _("未按活动登记"))]:
        records, heads, minutes = found.get(category, (0, 0, 0))
        yield _(label), records, heads, round(int(minutes) / 60, 1)


sheets = [
    lf.Sheet(
        "volunteer_points.service",
        "志愿服务登记表",
        of=service_records,
        columns=(
            ("服务日期", "day"),
            ("姓名", "person.name"),
            ("性别", "person.sex"),
            ("志愿者编号", "volunteer.number"),
            ("联系电话", "person.phone"),
            ("活动名称", "title"),
            ("服务内容", "content"),
            ("记录单位", "organization"),
            ("认定时长（小时）", hours),
        ),
        where={"state": STANDING},
        order="start",
        by=("place", "unit"),
        period=True,
        note="只列已锁定的服务记录；有异议的、未锁定的不列。",
    ),
    lf.Sheet(
        "volunteer_points.hours",
        "志愿者服务时长一览表",
        of=volunteers,
        columns=(
            ("志愿者编号", "number"),
            ("姓名", "person.name"),
            ("注册社区", "community"),
            ("服务类别", "category"),
            ("联系电话", "person.phone"),
            ("本期服务次数", times_of),
            ("本期服务时长（小时）", hours_of),
        ),
        where={"state": "registered"},
        period=True,
        dated="",
        note="在册志愿者一人一行；次数和时长只计本期在本辖区内已锁定的记录。",
    ),
    lf.Sheet(
        "volunteer_points.categories",
        "志愿服务分类统计表",
        of=service_records,
        rows=by_category,
        headings=("服务类别", "参与人次", "参与人数", "服务时长（小时）"),
        period=True,
        note="同一人参加几类服务的，在各类中各计一次，所以参与人数不能相加。",
    ),
]
