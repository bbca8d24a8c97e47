"""What is kept on paper: who reported, who serves how long, and what units come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import AnnualReview, Post, PostClaim, Report, ServiceEntry
from lifang_dual_reporting.models.report import SERVING
from lifang_dual_reporting.models.review import PARTS
from lifang_dual_reporting.policies import local
from lifang_dual_reporting.resources import (
    annual_reviews,
    post_claims,
    reports,
    service_entries,
    unit_reports,
)
from lifang_dual_reporting.services import unit_table

Told = dict[int, Any]
BOTH = ("place", "unit")


def _by_id(model: Any, ids: Sequence[int | None]) -> dict[int, str]:
    """The names of some records that a row already refers to, by number."""
    query = model.select(model.id, model.name).where(model.id.in_([one for one in ids if one]))
    return dict(query.tuples())


def unit_and_post(records: Sequence[Report], asked: lf.Sheet.Asked) -> Told:
    """单位及职务: where somebody works, and as what."""
    units = _by_id(lf.Organization, [one.organization_id for one in records])
    told = {one.id: (units.get(one.organization_id or 0), one.post_title) for one in records}
    return {id: " ".join(part for part in parts if part) for id, parts in told.items()}


def held_posts(records: Sequence[Report], asked: lf.Sheet.Asked) -> Told:
    """认领岗位: the posts that somebody holds."""
    held = asked.only(post_claims, ever=True, state="held", report=[one.id for one in records])
    query: Any = PostClaim.select(PostClaim.report, Post.name).join(Post).where(*held)
    posts: dict[int, list[str]] = defaultdict(list)
    for report, name in query.order_by(PostClaim.id).tuples():
        posts[report].append(name)
    return {report: _("、").join(names) for report, names in posts.items()}


def remark(records: Sequence[Report], asked: lf.Sheet.Asked) -> Told:
    """What suspends somebody's service, or the community to which they have asked to transfer."""
    places = _by_id(lf.Community, [one.transfer_to_id for one in records])
    said = {
        one.id: _("申请转往「{name}」", name=places[one.transfer_to_id])
        for one in records
        if one.transfer_to_id in places
    }
    return {one.id: _("已暂停") for one in records if one.state == "suspended"} | said


def times(records: Sequence[ServiceEntry], asked: lf.Sheet.Asked) -> Told:
    """起止时间: from when to when on its day."""
    both = {one.id: [local(at, asked.caller) for at in (one.start, one.end)] for one in records}
    return {id: f"{since:%H:%M}–{until:%H:%M}" for id, (since, until) in both.items()}


def days(records: Sequence[ServiceEntry], asked: lf.Sheet.Asked) -> Told:
    """日期: the day on which it began."""
    return {one.id: local(one.start, asked.caller).date() for one in records}


def hours(records: Sequence[ServiceEntry], asked: lf.Sheet.Asked) -> Told:
    """时长: in hours."""
    return {one.id: round(one.minutes / 60, 1) for one in records}


def served(records: Sequence[AnnualReview], asked: lf.Sheet.Asked) -> Told:
    """服务时长: of the year, in hours."""
    return {one.id: round(one.minutes / 60, 1) for one in records}


def target(records: Sequence[AnnualReview], asked: lf.Sheet.Asked) -> Told:
    """应服务时长: what the year asks, in hours, where it asks anything."""
    return {one.id: round(one.target_minutes / 60, 1) or "—" for one in records}


def of_its_year(asked: lf.Sheet.Asked) -> dict[str, Any]:
    """The reviews of the year in which a period lies."""
    assert asked.period is not None  # noqa: S101 – the sheet is of one
    return {"year": asked.period.last.year}


sheets = [
    lf.Sheet(
        "dual_reporting.register",
        "在职党员社区报到一览表",
        of=reports,
        columns=(
            ("姓名", "person"),
            ("性别", "person.sex"),
            ("出生年月", "person.birth_date"),
            ("政治面貌", "political_status"),
            ("单位及职务", unit_and_post),
            ("居住小区楼号", "household_address"),
            ("联系电话", "person.phone"),
            ("特长", "skills"),
            ("认领岗位", held_posts),
            ("报到时间", "reported_on"),
            ("备注", remark),
        ),
        where={"state": list(SERVING)},
        by=BOTH,
        note="只列社区已接收、没有结束或转走的；在职党员以外的公职人员按本地规定一并列入。",
    ),
    lf.Sheet(
        "dual_reporting.registrations",
        "社区报到登记表",
        of=reports,
        columns=(
            ("报到日期", "reported_on"),
            ("姓名", "person"),
            ("单位及职务", unit_and_post),
            ("公职人员", "public_servant"),
            ("特长", "skills"),
            ("服务意向", "service_intent"),
            ("可服务时间", "available_time"),
            ("报到方式", "channel"),
            ("报到单编号", "slip_no"),
            ("接收日期", "accepted_on"),
            ("回执号", "receipt_no"),
            ("状态", "state"),
        ),
        by=BOTH,
        period=True,
        dated="reported_on",
        note="按报到日期列入，退回、转走和结束的也列；待报到的不列。",
    ),
    lf.Sheet(
        "dual_reporting.services",
        "服务（活动）登记表",
        of=service_entries,
        columns=(
            ("日期", days),
            ("起止时间", times),
            ("姓名", "person"),
            ("单位", "organization"),
            ("岗位", "post"),
            ("活动", "activity"),
            ("服务内容", "content"),
            ("性质", "nature"),
            ("时长（小时）", hours),
            ("居民评分（星）", "stars"),
        ),
        where={"state": "confirmed"},
        order="start",
        by=BOTH,
        period=True,
        dated="start",
        note="只列社区已确认的服务；单位安排的计入双报到，不是志愿服务。",
    ),
    lf.Sheet(
        "dual_reporting.units",
        "单位双报到情况统计表",
        of=unit_reports,
        rows=unit_table.rows,
        headings=unit_table.headings,
        by=BOTH,
        period=True,
        dated="",
        note=unit_table.note,
    ),
    lf.Sheet(
        "dual_reporting.reviews",
        "年度评议一览表",
        of=annual_reviews,
        columns=(
            ("姓名", "person"),
            ("单位", "organization"),
            ("服务时长（小时）", served),
            ("应服务时长（小时）", target),
            ("是否达标", "reached"),
            *((label, f"{part}_grade") for part, label in PARTS.items()),
            ("评定等次", "grade"),
            ("进度", "state"),
            ("反馈日期", "fed_back_on"),
            ("回执日期", "receipted_on"),
        ),
        where=of_its_year,
        by=BOTH,
        period=True,
        dated="",
        note="列所选统计期所在年度的评议；评议中和没有签署的，等次以签署后的为准。",
    ),
]  # fmt: skip
