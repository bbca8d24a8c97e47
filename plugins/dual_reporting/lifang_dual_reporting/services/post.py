"""Posts and who takes one: as many as there are places, the others wait in the order of asking."""

from __future__ import annotations

import re

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import Post, PostClaim, Report
from lifang_dual_reporting.policies import refuse
from lifang_dual_reporting.services.entry import reporting

places = lf.Places("dual_reporting.post", "岗位名额")

AT_WORK = ("accepted", "active")
"""States of a report in which a post can be taken; a suspended one asks nothing of anybody."""
TWO_SIGNS = re.compile(
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|"
    "宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|令狐"
)
"""Family names of two characters."""


def demand_places(post: Post, caller: lf.Caller) -> None:
    """A post has at least one place."""
    if post.slots < 1:
        refuse("slots", "too_few", _("名额至少为 1"))


def offer_places(post: Post, caller: lf.Caller) -> None:
    """Let as many claim a post as it has places; fewer than are taken is refused."""
    if places.offer(post, caller, post.slots):
        look_again(post, caller)


def look_again(post: Post, caller: lf.Caller) -> None:
    """Let a post be looked at once its claims have changed.

    It is told by time and not by whoever claimed: a post's history is read by residents, and names
    nobody.
    """
    lf.timer(post, caller, "claims_changed", lf.now())


@lf.action("停止", moves={"open": "closed"}, waits=False)
def close(post: Post, caller: lf.Caller) -> None:
    """Offer a post no longer; whoever holds it or waits for it is free again."""


@lf.action("恢复", moves={"closed": "open"}, event="reopened", waits=False)
def reopen(post: Post, caller: lf.Caller) -> None:
    """Offer a post once more."""


@lf.action("重新统计", event="recounted", waits=False)
def recount(post: Post, caller: lf.Caller) -> None:
    """How many hold a post, and what residents learn of them, follows from its claims."""
    held = (
        PostClaim.select(PostClaim, lf.Person, Report)
        .join(lf.Person)
        .switch(PostClaim)
        .join(Report)
        .where(PostClaim.post == post, PostClaim.state == "held", PostClaim.removed_at.is_null())
        .order_by(PostClaim.id)
    )
    told = [introduced(str(one.person.name), one.report.skills) for one in held]
    post.taken, post.who = len(told), "、".join(told) or None


def introduced(name: str, skills: str | None) -> str:
    """What residents learn of somebody: the first name, and the skill where one is known."""
    return f"{given_name(name)}（{skills}）" if skills else given_name(name)


def given_name(name: str) -> str:
    """A name without the family's: 李强 → 强, 欧阳小兰 → 小兰, 古丽·买买提 → 古丽."""
    for mark in ("·", " "):
        if mark in name:
            return name.split(mark)[0]
    family = 2 if len(name) > 2 and TWO_SIGNS.match(name) else 1
    return name[family:] or "某"


def take_place(claim: PostClaim, caller: lf.Caller) -> None:
    """Who reports there and can do what is asked takes a place, or waits for one."""
    if claim.claimed_on is not None:
        return
    post = claim.post
    if post.state != "open":
        refuse("post", "closed", _("这个岗位已停止认领"))
    report = reporting(claim.person_id, post.community_id, AT_WORK)
    if report is None:
        refuse("person", "not_reporting", _("社区接收了报到、没有暂停的人才能认领岗位"))
    if post.skill and post.skill not in (report.skills or ""):
        told = _("这个岗位需要特长「{skill}」；有这项特长的，请先写进报到记录", skill=post.skill)
        refuse("post", "skill", told)
    claim.report, claim.organization, claim.claimed_on = report, report.organization, lf.today()
    claim.state = "held" if places.claim(post, caller, claim) else "waiting"


def follow(claim: PostClaim, caller: lf.Caller) -> None:
    """A post follows its claims."""
    look_again(claim.post, caller)


@lf.action("退出岗位", moves={"held": "given_up", "waiting": "given_up"}, waits=False)
def give_up(claim: PostClaim, caller: lf.Caller, *, reason: str = "") -> lf.Data:
    """Give a place back, or wait for it no longer; the first who waits moves up."""
    claim.given_up_on = lf.today()
    places.release(claim.post, caller, claim)
    look_again(claim.post, caller)
    return told(claim)


@lf.action("递补", moves={"waiting": "held"}, event="promoted", waits=False)
def promote(claim: PostClaim, caller: lf.Caller) -> lf.Data:
    """Whoever waited has a place now."""
    if not places.holds(claim.post, caller, claim):
        raise lf.Conflict(_("名额已满"))
    claim.claimed_on = lf.today()
    return told(claim)


def told(claim: PostClaim) -> lf.Data:
    """What a claim's events say of it; see `schemas.Claimed`."""
    return {"post": claim.post_id, "person": claim.person_id, "report": claim.report_id}
