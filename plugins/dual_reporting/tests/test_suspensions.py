"""A report begins to serve, is suspended for some days, and goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.events.publish import publish
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import Post, PostClaim, Suspension
from lifang_dual_reporting.resources import suspensions
from lifang_dual_reporting.services.report import activate, end
from lifang_dual_reporting.services.suspension import resume, suspend
from plugins.dual_reporting.tests.office import Office, at


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))  # a Friday
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def test_whoever_chose_a_post_serves_at_once_and_the_others_after_seven_days(
    office: Office, clock: Clock
) -> None:
    quick, slow = office.accepted("李强"), office.accepted("赵敏")
    with pytest.raises(lf.Forbidden):
        lf.act(activate, quick, office.secretary)
    told = {"name": "楼道清洁员", "community": quick.community, "category": "other", "slots": 1}
    with office.instance.database.transaction():
        post = Post.create(**told)
        for state, report in (("held", quick), ("waiting", slow)):
            claim = PostClaim.create(post=post, person=report.person, report=report, state=state)
            name = "dual_reporting.post_claim"
            publish(f"{name}.created", f"{name}/{claim.id}", {}, caller=office.boss,
                    communities=[report.community_id])  # fmt: skip
    office.events.deliver()
    assert [office.now(one).state for one in (quick, slow)] == ["active", "accepted"]
    clock.move_to(at("2026-05-22", 8.9))
    office.events.deliver()
    assert office.now(slow).state == "accepted"
    clock.move_to(at("2026-05-22", 9.1))
    office.events.deliver()
    assert office.now(slow).state == "active"
    assert len(office.told("activated")) == 2


def test_the_secretary_suspends_with_reason_and_days_and_the_employer_learns_the_days(
    office: Office, clock: Clock, api: Any
) -> None:
    bureau = office.unit()
    report = office.active(organization=bureau.id)
    told = {"cause": "illness", "since": "2026-05-11", "until": "2026-05-20", "note": "住院"}
    path = f"/api/v1/dual-reporting/reports/{report.id}/actions/suspend"
    assert api("community_worker", at=world.HOME).post(path, json=told).status_code == 403
    secretary = api("community_secretary", at=world.HOME)
    wrong = secretary.post(path, json=told | {"cause": "懒"})
    assert wrong.json["errors"][0]["field"] == "cause"
    assert secretary.post(path, json=told).json["state"] == "suspended"
    [event] = office.told("suspended")
    assert (event["organization"], event["since"], event["until"]) == (
        bureau.id, "2026-05-11", "2026-05-20",
    )  # fmt: skip
    [kept] = office.events.published("dual_reporting.report.suspended")
    assert "illness" not in str(lf.masked(kept, office.boss)), "why is sealed in the log"
    row = Suspension.get()
    assert (row.report_id, row.reason, row.note) == (report.id, "illness", "住院")
    assert row.days(dt.date(2026, 5, 1), dt.date(2026, 5, 31)) == 10
    with pytest.raises(lf.NotFound):
        lf.get(suspensions, office.liaison(bureau), row.id)
    clock.move_to(at("2026-05-20", 23))
    office.events.deliver()
    assert office.now(report).state == "suspended"
    clock.move_to(at("2026-05-21", 0.1))
    office.events.deliver()
    assert office.now(report).state == "active", "the day after the last one"
    assert str(office.now(row).until) == "2026-05-20"


def test_who_is_back_early_goes_on_from_that_day_and_past_days_are_entered_once(
    office: Office, clock: Clock
) -> None:
    report = office.active()
    lf.act(suspend, report, office.secretary, cause="secondment", since=dt.date(2026, 5, 15))
    office.events.deliver()
    with pytest.raises(lf.Conflict):
        lf.act(suspend, report, office.secretary, cause="other", since=dt.date(2026, 5, 15))
    clock.move_to(at("2026-06-10"))
    office.look()
    with pytest.raises(lf.Invalid, match="不能晚于今天"):
        lf.act(resume, report, office.secretary, date=dt.date(2026, 6, 11))
    lf.act(resume, report, office.secretary)
    office.events.deliver()
    assert str(Suspension.get().until) == "2026-06-09"
    told = {"report": report.id, "reason": "other", "since": "2026-06-01"}
    for until, sentence in (("2026-06-20", "请用报到记录的「暂停服务」"), ("2026-06-05", "重叠")):
        with pytest.raises(lf.Invalid, match=sentence):
            lf.write(suspensions, "create", office.secretary, told | {"until": until})
    told |= {"since": "2026-03-01", "until": "2026-03-31"}
    lf.write(suspensions, "create", office.secretary, told)
    with pytest.raises(lf.Forbidden):
        lf.write(suspensions, "create", office.worker, told)
    lf.act(suspend, report, office.secretary, cause="other", since=dt.date(2026, 6, 10))
    office.events.deliver()
    clock.move_to(at("2026-06-20"))
    office.look()
    lf.act(end, office.now(report), office.worker, reason="退休")
    office.events.deliver()
    office.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    office.events.deliver()
    ends = [str(one.until) for one in Suspension.select().order_by(Suspension.since)]
    assert ends == ["2026-03-31", "2026-06-09", "2026-06-19"], "who has left is suspended no more"
