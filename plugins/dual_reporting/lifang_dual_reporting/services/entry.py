"""What is done with service entries, and what must hold of them."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import PostClaim, Report, ServiceEntry, ServiceRating
from lifang_dual_reporting.models.report import SERVING
from lifang_dual_reporting.policies import local, refuse

LONGEST = dt.timedelta(days=1)
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes are made of: nothing that is read for something else."""


@lf.action("确认", moves={"submitted": "confirmed"}, not_by="owner")
def confirm(entry: ServiceEntry, caller: lf.Caller) -> lf.Data:
    """Confirm on behalf of the community that somebody served, and for how long."""
    return counted(entry)


@lf.action("计入", moves={"submitted": "confirmed"}, waits=False)
def count_in(entry: ServiceEntry, caller: lf.Caller, *, source: Annotated[str, "来源"]) -> lf.Data:
    """Count what was confirmed elsewhere; the plugin does so, once for each source."""
    entry.source = source
    return counted(entry)


def counted(entry: ServiceEntry) -> lf.Data:
    """From now on an entry counts, and whoever was served rates it by its code."""
    entry.confirmed_on = lf.today()
    entry.code = "".join(secrets.choice(SIGNS) for _n in range(8))
    return told(entry)


@lf.action("作废", moves={lf.ANY: "voided"}, waits=False)
def void(entry: ServiceEntry, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Let a service entry count no more; what happened stays on record, with the reason."""
    return told(entry)


@lf.action("统计评分", event="stars_counted", waits=False)
def count_stars(entry: ServiceEntry, caller: lf.Caller) -> None:
    """What residents say of an entry on the whole follows from what each of them said."""
    said = [
        one.stars
        for one in ServiceRating.select(ServiceRating.stars).where(
            ServiceRating.entry == entry, ServiceRating.removed_at.is_null()
        )
    ]
    entry.raters, entry.stars = len(said), round(sum(said) / len(said), 1) if said else None


def told(entry: ServiceEntry) -> lf.Data:
    """What an entry's events say of it; see `schemas.Served`."""
    data: dict[str, object] = {
        "person": entry.person_id,
        "community": entry.community_id,
        "organization": entry.organization_id,
        "nature": entry.nature,
        "start": entry.start.isoformat(),
        "end": entry.end.isoformat(),
        "minutes": entry.minutes,
        "content": entry.content,
    }
    return data | ({"source": entry.source} if entry.source else {})


def demand_true(entry: ServiceEntry, caller: lf.Caller) -> None:
    """An entry is of the past, of one day's length at most, and no hour of a person counts twice.

    It is made for somebody whom the community has accepted; the employer follows from the report.
    """
    if entry.state == "voided":
        return
    _demand_times(entry)
    if caller.plugin is None:
        report = reporting(entry.person_id, entry.community_id)
    else:  # what is told late or again is judged as on its day
        report = reporting_on(entry.person_id, entry.community_id, local_day(entry.start, caller))
    if report is None and not entry.minutes:  # whose report has ended keeps what was entered
        refuse("person", "not_reporting", _("这个人在该社区没有已接收的报到；请先接收报到"))
    if report is not None and entry.organization_id is None:
        entry.organization = report.organization
    entry.minutes = int((entry.end - entry.start).total_seconds() // 60)
    _demand_post(entry)
    if overlapping(entry.person_id, entry.start, entry.end, but=entry.id):
        refuse("start", "overlaps", _("这段时间与此人的另一条服务记录重叠；同一时间只计一次"))


def overlapping(person: int, start: dt.datetime, end: dt.datetime, *, but: int = 0) -> bool:
    """Whether somebody has an entry, other than `but`, of some of that time."""
    others = ServiceEntry.select(ServiceEntry.id).where(
        ServiceEntry.person == person,
        ServiceEntry.id != but,
        ServiceEntry.removed_at.is_null(),
        ServiceEntry.state != "voided",
        ServiceEntry.start < end,
        ServiceEntry.end > start,
    )
    return bool(others.exists())


def reporting(person: int, community: int, states: tuple[str, ...] = SERVING) -> Report | None:
    """The report by which somebody serves a community now, or None."""
    found: Report | None = Report.get_or_none(
        Report.person == person,
        Report.community == community,
        Report.state.in_(states),
        Report.removed_at.is_null(),
    )
    return found


def reporting_on(person: int, community: int, day: dt.date) -> Report | None:
    """The report by which somebody served a community, or a part of it, on a day, or None.

    What has become of it since does not matter: told late or again, the answer stays the same.
    """
    place: lf.Community = lf.Community.get_by_id(community)
    since = Report.accepted_on <= day
    held = (Report.state.in_(SERVING) & (since | Report.accepted_on.is_null())) | (
        since & (Report.ended_on >= day)  # who was sent back never reported
    )
    rows = Report.select().where(Report.person == person, Report.removed_at.is_null(), held)
    found = [one for one in rows if place.path.startswith(one.community.path)]
    return max(found, key=lambda one: one.id, default=None)


def local_day(instant: dt.datetime, caller: lf.Caller) -> dt.date:
    """The day of an instant as people of the instance read it."""
    return local(instant, caller).date()


def _demand_post(entry: ServiceEntry) -> None:
    """Whoever serves at a post has taken it."""
    if entry.post_id is None:
        return
    taken = PostClaim.select(PostClaim.id).where(
        PostClaim.post == entry.post_id,
        PostClaim.person == entry.person_id,
        PostClaim.state != "waiting",
        PostClaim.removed_at.is_null(),
    )
    if entry.post.community_id != entry.community_id or not taken.exists():
        refuse("post", "not_taken", _("这个人没有认领过该社区的这个岗位；请先认领，或不填岗位"))


def _demand_times(entry: ServiceEntry) -> None:
    if entry.end <= entry.start:
        refuse("end", "before_start", _("结束时间须晚于开始时间"))
    if entry.end - entry.start > LONGEST:
        refuse("end", "too_long", _("一条记录最长 24 小时；跨天的服务请分开登记"))
    if entry.end > lf.now():
        refuse("end", "future", _("服务还没有结束，不能登记"))
