"""What employers are told of their people: each quarter, and when somebody leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import documents as issued
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.events.counting import close_year
from lifang_dual_reporting.models import Feedback
from lifang_dual_reporting.resources import feedbacks, service_ratings
from lifang_dual_reporting.services import feedback
from lifang_dual_reporting.services.counting import days_of, ended_before
from lifang_dual_reporting.services.report import end
from lifang_dual_reporting.services.transfer import ask_transfer, release
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

PAGE = "/p/dual-reporting/feedbacks"
API = "/api/v1/dual-reporting/feedbacks"


@pytest.fixture
def year(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-09-01"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def test_each_employer_gets_one_sheet_a_quarter_with_hours_and_ratings_and_no_address(
    year: Year, page: Any
) -> None:
    one = year.unit("示例甲")
    two = year.unit("示例乙", at=world.FOREIGN)  # where nobody has dual reporting
    told = {"household_address": "3号楼2单元", "political_status": "中共党员", "slip_no": "A1"}
    report = year.active("李强", organization=one.id, **told)
    year.active("赵敏", organization=one.id)
    year.active("王芳", organization=two.id)
    year.active("孙丽")
    year.go("2026-09-30")
    entry = year.serve(report, "2026-09-05", 3)
    year.serve(report, "2026-09-11", 1.5, nature="duty")
    voice = year.person("周静")
    said = {"person": voice.id, "code": year.now(entry).code, "stars": 4}
    lf.write(service_ratings, "create", year.me(voice), said)
    year.go("2026-10-01", 0)
    assert year.sheets() == [
        ("示例甲", "2026-Q3", 2, 270, "sent"),
        ("示例乙", "2026-Q3", 1, 0, "sent"),
    ]
    liaison = year.liaison(one)
    [sheet] = lf.each(feedbacks, liaison)
    [paper] = issued.issued_about(liaison, feedbacks, sheet.id)
    content = issued.shown(liaison, paper["id"])
    assert content["sections"][1]["rows"] == [
        ["李强", "3 小时", "1.5 小时", "4.0 星", "—"],
        ["赵敏", "0 小时", "0 小时", "—", "—"],
    ]
    assert not [word for word in ("3号楼", "党员", "周静") if word in str(content)]
    assert "李强" not in str(issued.verify(year.instance, paper["code"]))
    [event, _other] = year.events.published("dual_reporting.feedback.sent")
    told = [event.data[name] for name in ("organization", "number", "receipt_due")]
    assert told == [one.id, "FK-620102001001-2026-0001", "2026-10-16"]
    assert "服务反馈单" in page("unit_liaison", unit=one).text(f"{PAGE}/{sheet.id}")
    assert page("unit_liaison", unit=two).get(f"{PAGE}/{sheet.id}").status_code == 404
    year.go("2026-10-02")
    assert len(year.sheets()) == 2, "once a quarter"


def test_what_no_employer_receipts_in_time_is_listed_to_the_subdistrict(
    year: Year, page: Any, api: Any, run: Any
) -> None:
    one, two = year.unit("示例甲"), year.unit("示例乙")
    for unit in (one, two):
        year.active(f"{unit.name}某", organization=unit.id)
    year.go("2026-10-01", 0)
    first, second = Feedback.select().order_by(Feedback.id)
    path = f"{API}/{first.id}/actions/receipt"
    assert api("community_secretary", at=world.HOME).post(path).status_code == 403
    assert api("unit_liaison", unit=two).post(path).status_code == 404
    assert api("unit_liaison", unit=one).post(path).json["state"] == "receipted"
    year.go("2026-10-16", 23.9)  # 国庆 is a holiday, and its days count
    assert year.now(second).state == "sent"
    year.go("2026-10-17", 0)
    assert [year.now(one).state for one in (first, second)] == ["receipted", "overdue"]
    [event] = year.events.published("dual_reporting.feedback.overdue")
    assert (event.data["organization"], event.data["period"]) == (two.id, "2026-Q3")
    above = page("subdistrict_admin", at="620102001000")
    shown = above.text(f"{PAGE}?state=overdue")
    assert "示例乙" in shown and "示例甲" not in shown.split("<tbody")[1]
    assert lf.act(feedback.receipt, year.now(second), year.liaison(two)).state == "receipted"
    assert [one.state for one in (year.now(first), year.now(second))] == ["receipted"] * 2


def test_a_liaison_says_of_many_sheets_at_once_that_they_have_come(year: Year, page: Any) -> None:
    bureau = year.unit()
    year.active("李强", organization=bureau.id)
    there = year.person("赵敏", at=world.NEIGHBOUR)
    told = {"community": {"code": world.NEIGHBOUR}, "organization": bureau.id}
    report = year.report(there, year.neighbour, **told)
    lf.write(year.instance.registry.of(type(report)), "accept", year.neighbour, {}, report.id)
    year.go("2026-10-01", 0)
    numbers = [one.id for one in Feedback.select()]
    mine = page("unit_liaison", unit=bureau)
    chosen = {"bulk.verb": "receipt", "bulk.which": "chosen", "bulk.id": numbers}
    assert "对 2 条：回执" in mine.post(f"{PAGE}/bulk", chosen).text
    answer = mine.post(f"{PAGE}/bulk", {**chosen, "bulk.confirm": "1", "bulk.count": "2"})
    assert answer.status_code == 303, answer.text
    assert [one.state for one in Feedback.select()] == ["receipted"] * 2


def test_quarters_are_right_at_year_ends_and_where_days_are_told_late(year: Year) -> None:
    bureau = year.unit()
    report = year.active(organization=bureau.id)
    year.go("2026-09-30", 23.9)
    assert year.sheets() == [], "a quarter is over at midnight"
    year.set(quarter_feedback="no")
    year.go("2026-10-01", 0)
    assert year.sheets() == [], "where it is off, none is sent"
    year.set(quarter_feedback="yes")
    year.serve(report, "2026-09-10", 2)
    year.go("2026-10-03")
    assert year.sheets()[0][1:4] == ("2026-Q3", 1, 120), "switched on late it is sent late"
    assert [ended_before(at(day).date()) for day in ("2027-01-01", "2027-03-31", "2027-04-01")] == [
        "2026-Q4", "2026-Q4", "2027-Q1",
    ]  # fmt: skip
    assert [ended_before(at(day).date(), half=True) for day in ("2027-01-01", "2027-07-01")] == [
        "2026-H2", "2027-H1",
    ]  # fmt: skip
    assert [str(day) for day in days_of("2028-Q1")] == ["2028-01-01", "2028-03-31"]
    assert [str(day) for day in days_of("2026-H2")] == ["2026-07-01", "2026-12-31"]


def test_who_leaves_or_moves_has_a_last_sheet_once(year: Year) -> None:
    bureau = year.unit()
    left = year.active("李强", organization=bureau.id)
    moves = year.active("赵敏", organization=bureau.id)
    never = year.report(year.person("王芳"), organization=bureau.id)
    year.go("2026-09-20")
    year.serve(left, "2026-09-05", 3)
    lf.act(end, left, year.liaison(bureau), reason="退休")
    lf.act(end, never, year.worker, reason="登记有误")
    there = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.act(ask_transfer, moves, year.me(moves), community=there)
    lf.act(release, year.now(moves), year.worker)
    year.events.deliver()
    names = [f"last-{one.id}" for one in (left, moves)]
    assert [one[1:4] for one in year.sheets()] == [(names[0], 1, 180), (names[1], 1, 0)]
    for event in year.events.published("dual_reporting.report.ended"):
        year.events.again(event, close_year)
    year.go("2026-10-01", 0)
    assert [one[1] for one in year.sheets()] == names, "who left before is not told of twice"


def test_a_worker_sends_a_quarters_sheet_by_hand_and_only_one_that_is_over(
    year: Year, page: Any
) -> None:
    bureau, other = year.unit(), year.unit("示例乙")
    year.active(organization=bureau.id)
    year.set(quarter_feedback="no")
    told = {"organization": bureau.id, "community": {"code": world.HOME}}

    def send(period: str, **more: Any) -> Feedback:
        return lf.write(feedbacks, "create", year.worker, {**told, "period": period, **more})

    with pytest.raises(lf.Invalid, match="还没有结束"):
        send("2026-Q3")
    for wrong in ("2026-H1", "last-1", "去年"):
        with pytest.raises(lf.Invalid, match="写作 2026-Q3"):
            send(wrong)
    year.go("2026-10-08")
    with pytest.raises(lf.Invalid, match="没有报到的人"):
        send("2026-Q3", organization=other.id)
    with pytest.raises(lf.Forbidden):
        lf.write(feedbacks, "create", year.liaison(bureau), {**told, "period": "2026-Q3"})
    form = {"organization": str(bureau.id), "community": f"畅家巷社区 #{world.HOME}"}
    worker = page("community_worker", at=world.HOME)
    assert worker.post(f"{PAGE}/new", {**form, "period": "2026-Q3"}).status_code == 303
    assert year.sheets() == [("兰州市示例局", "2026-Q3", 1, 0, "sent")]
    with pytest.raises(lf.Conflict):
        send("2026-Q3")
