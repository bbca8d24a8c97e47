"""Service that is confirmed, rated, told of by others and told to them: each hour counts once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.services.erasing import erase
from lifang.testing import world
from lifang_dual_reporting.models import ServiceEntry, ServiceRating
from lifang_dual_reporting.resources import service_entries, service_ratings
from lifang_dual_reporting.services.entry import confirm, void
from lifang_dual_reporting.services.rating import average
from lifang_dual_reporting.services.report import end

PAGES = "/p/dual-reporting"
RECORD = "volunteer_points.service_record"


def test_nobody_confirms_their_own_service_and_many_are_confirmed_at_once(
    corner: Any, api: Any
) -> None:
    mine, hers = corner.reports("李强"), corner.reports("赵敏")
    entries = [corner.entry(mine), corner.entry(hers), corner.entry(hers, 14)]
    own = api("community_worker", at=world.HOME, person=mine.person)
    path = "/api/v1/dual-reporting/service-entries/actions/confirm"
    told = own.post(path, json={"ids": [one.id for one in entries]}).json
    assert (told["done"], told["failed"]) == (2, 1), told
    assert [corner.now(one).state for one in entries] == ["submitted", "confirmed", "confirmed"]
    alone = f"/api/v1/dual-reporting/service-entries/{entries[0].id}/actions/confirm"
    assert own.post(alone, json={}).status_code == 403
    lf.act(confirm, entries[0], corner.worker)
    codes = {corner.now(one).code for one in entries}
    assert len(codes) == 3
    assert all(len(code) == 8 for code in codes)
    assert corner.now(entries[0]).confirmed_on == lf.today()


def test_who_was_served_rates_by_the_code_once_and_never_their_own_service(corner: Any) -> None:
    li, entry = (report := corner.reports("李强")).person, corner.served(report)
    wang, zhao = (world.person(corner.instance, name) for name in ("王芳", "赵敏"))
    assert corner.rate(entry, wang, 4, code=entry.code.lower()).community_id == entry.community_id
    for person, told, sentence in (
        (li, {}, "不能评价自己的服务"),
        (zhao, {"code": "AAAAAAAA"}, "没有这个评价码"),
        (zhao, {"stars": 6}, "评分为 1 到 5 星"),
    ):
        with pytest.raises(lf.Invalid, match=sentence):
            corner.rate(entry, person, **told)
    with pytest.raises(lf.Conflict):
        corner.rate(entry, wang, 1)
    worker = world.caller(corner.instance, "community_worker", at=world.HOME, person=li)
    paper = {"person": zhao.id, "code": entry.code, "stars": 5}
    with pytest.raises(lf.Invalid, match="不能评价自己的服务"):
        lf.write(service_ratings, "create", worker, paper)
    lf.write(service_ratings, "create", corner.worker, paper)
    corner.events.deliver()
    assert (corner.now(entry).stars, corner.now(entry).raters) == (4.5, 2)
    since = corner.at(0, day=1)
    assert average(li.id, entry.community_id, since, corner.at(0, day=15)) == 4.5
    assert average(li.id, entry.community_id, corner.at(0, day=15), corner.at(0, day=16)) is None
    lf.act(void, entry, corner.worker, reason="登记错误")
    with pytest.raises(lf.Invalid, match="没有这个评价码"):
        corner.rate(entry, world.person(corner.instance, "陈静"))


def test_who_was_rated_sees_the_stars_and_nowhere_by_whom(corner: Any, page: Any) -> None:
    entry = corner.served(report := corner.reports("李强"))
    wang = world.person(corner.instance, "王芳")
    rater = page("resident", person=wang)
    told = {"person": str(wang.id), "code": entry.code, "stars": "3", "remark": "来晚了"}
    assert rater.post(f"{PAGES}/service-ratings/new", told).status_code == 303
    corner.events.deliver()
    mine = page("resident", person=report.person)
    where = f"{PAGES}/service-entries/{entry.id}"
    paths = [where, f"{where}/history", f"{PAGES}/service-ratings", "/me"]
    assert "居民评分（星）" in mine.text(where)
    seen = "".join(mine.text(path) for path in paths)
    assert {word for word in ("王芳", rater.name, "来晚了") if word in seen} == set()
    [rating] = ServiceRating.select()
    mine.text(f"{PAGES}/service-ratings/{rating.id}", 404)
    [event] = corner.events.published("dual_reporting.service_entry.rated")
    assert rater.name not in (event.actor or "")
    erase(corner.boss, f"core.person/{wang.id}")
    assert corner.now(rating).remark is None
    assert (corner.now(entry).stars, corner.now(rating).stars) == (3.0, 3)


def test_who_serves_at_a_post_has_taken_it(corner: Any) -> None:
    post, report = corner.post(), corner.reports("李强")
    with pytest.raises(lf.Invalid, match="没有认领过该社区的这个岗位"):
        corner.entry(report, post=post.id)
    corner.claim(post, report)
    entry = corner.entry(report, post=post.id, activity="周五大扫除", nature="duty")
    assert (entry.post_id, entry.activity, entry.nature) == (post.id, "周五大扫除", "duty")


def test_duty_that_the_employer_ordered_counts_here_and_is_told_as_no_voluntary_service(
    corner: Any,
) -> None:
    entry = corner.served(corner.reports("李强"), nature="duty", activity="周五大扫除")
    assert (entry.state, entry.minutes) == ("confirmed", 120)
    [event] = corner.events.published("dual_reporting.service_entry.confirmed")
    assert event.data["nature"] == "duty"


def elsewhere(corner: Any, report: Any, number: int, what: str = "confirmed", **told: Any) -> Any:
    """Volunteer points tell of two hours on the 14th."""
    hour = told.pop("hour", 9)
    data = {
        "person": report.person_id, "community": report.community_id, "minutes": 120,
        "day": "2026-05-14", "start": corner.at(hour, day=14).isoformat(), "organization": None,
        "end": corner.at(hour + 2, day=14).isoformat(), "title": "清洁家园",
        "source": f"sign_up/{number}",
    }  # fmt: skip
    return corner.told_elsewhere(f"{RECORD}.{what}", number, **data | told)


def counted(corner: Any) -> list[tuple[Any, ...]]:
    entries = lf.each(service_entries, corner.boss)
    return sorted((one.source, one.minutes, one.nature, one.state) for one in entries)


def test_hours_of_a_volunteer_count_here_once_for_who_reports_there(corner: Any) -> None:
    unit = world.organization(corner.instance, "示例甲")
    report = corner.reports("李强", organization=unit.id)
    away = corner.reports("王秀兰", at=world.NEIGHBOUR)
    corner.clock.later(days=2)
    told = [
        elsewhere(corner, report, 1, start=corner.at(9, day=15).isoformat(),
                  end=corner.at(10.5, day=15).isoformat()),
        elsewhere(corner, report, 1, "locked", start=corner.at(9, day=15).isoformat(),
                  end=corner.at(10.5, day=15).isoformat()),
        elsewhere(corner, away, 2, community=report.community_id,
                  start=corner.at(9, day=15).isoformat(), end=corner.at(11, day=15).isoformat()),
        elsewhere(corner, report, 3),  # on the day before the report was accepted
        elsewhere(corner, report, 4, start=corner.at(10, day=15).isoformat(),
                  end=corner.at(12, day=15).isoformat()),  # overlaps the first
        elsewhere(corner, report, 5, source="dual_reporting.service_entry/1",
                  start=corner.at(14, day=15).isoformat(), end=corner.at(15, day=15).isoformat()),
        corner.told_elsewhere(f"{RECORD}.confirmed", 6, person=report.person_id, minutes=60,
                              community=report.community_id, day="2026-05-15"),  # told long ago
    ]  # fmt: skip
    once = [(f"{RECORD}/1", 90, "voluntary", "confirmed")]
    assert counted(corner) == once
    entry = ServiceEntry.get()
    assert (entry.organization_id, entry.activity, entry.content) == (
        unit.id, "清洁家园", "清洁家园",
    )  # fmt: skip
    [event] = corner.events.published("dual_reporting.service_entry.confirmed")
    assert event.data["source"] == f"{RECORD}/1"
    for event in told:
        corner.events.again(event)
    corner.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    corner.events.deliver()
    assert counted(corner) == once
    assert corner.events.letters() == []


def test_what_was_told_late_counts_as_on_its_day_though_the_report_has_ended(corner: Any) -> None:
    report = corner.reports("李强")
    corner.clock.later(days=3)
    start = corner.at(9, day=16)
    told = {"start": start.isoformat(), "end": (start + dt.timedelta(hours=1)).isoformat()}
    lf.act(end, report, corner.worker, reason="退休")
    elsewhere(corner, report, 1, **told)
    assert counted(corner) == [(f"{RECORD}/1", 60, "voluntary", "confirmed")]
    corner.clock.later(days=2)
    start = corner.at(9, day=19)
    told = {"start": start.isoformat(), "end": (start + dt.timedelta(hours=1)).isoformat()}
    elsewhere(corner, report, 2, **told)
    assert len(counted(corner)) == 1


def test_what_is_void_where_it_came_from_is_void_here_and_one_void_leads_to_no_other(
    corner: Any,
) -> None:
    report = corner.reports("李强")
    corner.clock.later(days=2)
    told = {
        "start": corner.at(9, day=15).isoformat(), "end": corner.at(11, day=15).isoformat(),
    }  # fmt: skip
    elsewhere(corner, report, 1, **told)
    gone = elsewhere(corner, report, 1, "voided", minutes=0, **told)
    elsewhere(corner, report, 9, "voided", minutes=0)  # never counted here
    assert counted(corner) == [(f"{RECORD}/1", 120, "voluntary", "voided")]
    [event] = corner.events.published("dual_reporting.service_entry.voided")
    assert event.data["reason"] == "志愿服务记录已作废"
    corner.events.again(gone)
    elsewhere(corner, report, 1, "locked", **told)  # told late: it stays void
    assert len(corner.events.published("dual_reporting.service_entry.voided")) == 1
    assert counted(corner) == [(f"{RECORD}/1", 120, "voluntary", "voided")]


def test_an_export_of_service_entries_comes_in_again_unchanged_and_new_rows_are_judged(
    corner: Any, run: Any, tmp_path: Any
) -> None:
    report = corner.reports("李强")
    corner.served(report)
    corner.entry(report, 14)
    words, file = ("dual-reporting", "service-entries"), tmp_path / "entries.csv"
    assert run(*words, "export", "--output", str(file)).code == 0
    again = run(*words, "import", str(file), "--json")
    assert (again.json["unchanged"], again.json["failed"]) == (2, 0), again
    head = "人员,服务社区,开始时间,结束时间,服务内容,性质\n"
    row = f"{report.person_id},{world.HOME},2026-05-13 {{}},2026-05-13 {{}},巡逻,自愿服务\n"
    file.write_text(head + row.format("09:00", "11:00"), "utf-8")
    assert run(*words, "import", str(file), "--json").json["created"] == 1
    file.write_text(head + row.format("10:00", "12:00"), "utf-8")
    refused = run(*words, "import", str(file), "--json")
    assert "同一时间只计一次" in refused.out + refused.err
    assert lf.count(service_entries, corner.boss) == 3
