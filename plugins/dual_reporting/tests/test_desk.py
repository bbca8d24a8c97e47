"""The desk: four who use it daily each find what waits for them, and nothing of anybody else's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

import lifang as lf
from lifang.entities.account import Account, Grant
from lifang.mechanisms.laid import Laid, desk
from lifang.testing import world
from lifang.testing.commands import Command
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import PostClaim, Report
from lifang_dual_reporting.resources import posts, service_entries, unit_activities, unit_tasks
from lifang_dual_reporting.services import unit_task
from lifang_dual_reporting.services.suspension import suspend
from lifang_dual_reporting.services.transfer import ask_transfer
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

pytestmark = pytest.mark.once  # says nothing about the database

HOME = "/p/dual-reporting"


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-05-15"))  # a Friday
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def on(caller: lf.Caller) -> dict[str, Laid]:
    """The panels somebody finds, by their labels."""
    return {one.panel.label: one for one in desk(caller, "dual_reporting")}


def numbers(caller: lf.Caller) -> dict[str, int]:
    """How much each panel holds that holds anything."""
    return {label: one.number for label, one in on(caller).items() if one.number}


def entered(office: Year, report: Report, day: str, **told: Any) -> Any:
    """Somebody entered that somebody served from nine to eleven; nobody has confirmed it."""
    start = at(day)
    data = {
        "person": report.person_id,
        "community": report.community_id,
        "start": start.isoformat(),
        "end": (start + dt.timedelta(hours=2)).isoformat(),
        "content": "修水管",
        "nature": "voluntary",
    }
    return lf.write(service_entries, "create", office.worker, data | told)


def test_a_worker_finds_what_waits_accepts_confirms_and_releases_from_one_page(
    office: Year, page: Callable[..., Any], api: Callable[..., Any], run: Command
) -> None:
    waits = office.report(office.person("李强"), slip_no="A-1")
    mine = office.active("赵敏")
    goes = office.active("王芳")
    entry = entered(office, mine, "2026-05-14")
    there = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.act(ask_transfer, goes, office.me(goes), community=there)
    worker = page("community_worker", at=world.HOME)
    shown = worker.text(HOME)
    assert all(
        one in shown for one in ("待接收的报到", "李强", "待放行的转移", "王芳", "2026-05-22")
    )
    for path in (
        f"reports/{waits.id}/actions/accept",
        f"service-entries/{entry.id}/actions/confirm",
    ):
        assert f'action="{HOME}/{path}"' in shown, "one press"
        answer = worker.post(f"{HOME}/{path}", {"back": HOME})
        assert answer.headers["Location"].startswith(f"{HOME}?done="), answer.text
    release = f"{HOME}/reports/{goes.id}/actions/release"
    assert f'href="{release}?back=%2Fp%2Fdual-reporting"' in shown, "asked about first"
    assert worker.post(release, {"back": HOME}).status_code == 303
    assert [office.now(one).state for one in (waits, entry, goes)] == [
        "accepted", "confirmed", "transferred",
    ]  # fmt: skip
    told = api("community_worker", at=world.HOME).get("/api/v1/desks/dual-reporting").json
    assert [one["number"] for one in told["panels"][:3]] == [0, 0, 0]
    assert "待接收的报到（0）" in run("desk", "dual-reporting").out
    for stranger in ("李强", "赵敏", "王芳"):
        assert stranger not in page("community_worker", at=world.NEIGHBOUR).text(HOME)


def test_a_worker_puts_whoever_has_no_grid_into_one_of_the_community(
    office: Year, page: Callable[..., Any]
) -> None:
    one = office.accepted("李强")
    grid = world.community(
        office.instance, "第一网格", under=world.HOME, kind="grid", code="620102001001001"
    )
    other = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    assert numbers(office.worker)["没有网格的人"] == 1
    worker, path = (
        page("community_worker", at=world.HOME),
        f"{HOME}/reports/{one.id}/actions/assign",
    )
    assert path in worker.text(HOME)
    assert worker.post(path, {"grid": f"{other.name} #{other.code}"}).status_code == 422
    assert "网格须在" in worker.post(path, {"grid": world.HOME}).text, "a community is no grid"
    assert page("unit_liaison", unit=office.unit()).post(path, {"grid": grid.code}).status_code in (
        403, 404,
    )  # fmt: skip
    assert worker.post(path, {"grid": grid.code, "back": HOME}).status_code == 303
    assert office.now(one).grid_id == grid.id
    assert "没有网格的人" not in numbers(office.worker)


def test_todays_service_and_what_is_late_stand_on_the_workers_desk(office: Year) -> None:
    bureau = office.unit()
    office.unit_reports(bureau, 60)
    mine = office.active("李强", organization=bureau.id)
    told = {"organization": bureau.id, "community": {"code": world.HOME}, "month": "2026-05"}
    made = lf.write(
        unit_tasks, "create", office.worker, {**told, "content": "清理楼道", "due_on": "2026-05-15"}
    )
    lf.act(unit_task.issue, made, office.worker)
    office.go("2026-05-15", 20)
    entered(office, mine, "2026-05-14")
    entered(office, mine, "2026-05-15")
    assert numbers(office.worker) == {
        "待确认的服务": 2, "今天的服务": 1, "没有网格的人": 1,
    }  # fmt: skip
    office.go("2026-05-16")
    assert numbers(office.worker) == {
        "待确认的服务": 2, "逾期的单位任务": 1, "没有网格的人": 1,
    }  # fmt: skip


def test_a_liaison_finds_their_people_with_hours_and_what_is_due_and_nothing_of_home(
    office: Year, page: Callable[..., Any]
) -> None:
    bureau, other = office.unit(), office.unit("示例乙")
    office.unit_reports(bureau, 60)
    told = {"household_address": "丁香家园3号楼", "political_status": "中共党员", "slip_no": "A1"}
    mine = office.active("李强", organization=bureau.id, **told)
    away = office.active("赵敏", organization=bureau.id)
    office.report(office.person("王芳"), listed=True, organization=bureau.id)
    office.active("孙丽", organization=other.id)
    office.serve(mine, "2026-05-14", 3.5)
    lf.act(suspend, away, office.secretary, cause="illness", note="住院", since=lf.today())
    tasks = {"organization": bureau.id, "community": {"code": world.HOME}, "month": "2026-05"}
    made = lf.write(unit_tasks, "create", office.worker, {**tasks, "content": "慰问老人"})
    lf.act(unit_task.issue, made, office.worker)
    office.go("2026-07-01", 0)
    liaison = office.liaison(bureau)
    assert numbers(liaison) == {
        "待回执的服务反馈": 1, "本单位的任务": 1, "还没有报到的人": 1, "我们的人今年的服务": 2,
        "已暂停服务的人": 1, "本单位的报到": 1,
    }  # fmt: skip
    assert on(liaison)["我们的人今年的服务"].total == 3.5
    visitor = page("unit_liaison", unit=bureau)
    shown = visitor.text(HOME)
    assert all(name in shown for name in ("李强", "赵敏", "王芳", "慰问老人"))
    hidden = ("孙丽", "丁香家园", "中共党员", "住院", "待接收的报到")
    assert not [word for word in hidden if word in shown]
    [receipt] = re.findall(rf'action="({HOME}/feedbacks/\d+/actions/receipt)"', shown)
    assert visitor.post(receipt, {"back": HOME}).status_code == 303
    assert "没有待回执的服务反馈" in visitor.text(HOME)
    assert page("unit_liaison", unit=other).post(receipt).status_code == 404
    day = {"day": "2026-06-01", "kind": "visit", "content": "走访老人", "people": 3}
    where = {"organization": bureau.id, "community": {"code": world.HOME}}
    lf.write(unit_activities, "create", liaison, {**where, **day})
    assert numbers(liaison)["本单位的活动"] == 1 and numbers(office.worker)["待确认的单位活动"] == 1


def lives(office: Year, page: Callable[..., Any], person: lf.Person) -> Any:
    """Somebody at their own page, let in as a resident of their home."""
    visitor = page("resident", person=person)
    with office.instance.database.transaction():
        account = Account.get(Account.name == visitor.name)
        home = lf.Community.get(lf.Community.code == world.HOME)
        Grant.create(account=account, role="resident", community=home)
    return visitor


def post_of(office: Year) -> Any:
    """A post of one place in the community."""
    data = {"name": "楼道清洁员", "community": {"code": world.HOME}, "category": "governance"}
    return lf.write(posts, "create", office.worker, {**data, "slots": 1})


def test_a_person_reports_takes_a_post_and_reads_hours_against_the_target_on_their_own_page(
    office: Year, page: Callable[..., Any]
) -> None:
    office.set(annual_hours=50)
    liqiang = office.person("李强")
    visitor = lives(office, page, liqiang)
    assert "您还没有向社区报到" in visitor.text("/me")
    [new] = re.findall(rf'href="({HOME}/reports/new[^"]*)"', visitor.text("/me"))
    data = {"person": str(liqiang.id), "community": world.HOME, "skills": "水电维修", "back": "/me"}
    assert visitor.post(unescape(new), data).headers["Location"].startswith("/me?done=")
    mine = Report.get(Report.person == liqiang)
    assert (mine.state, mine.channel) == ("submitted", "online")
    assert f"{HOME}/reports/new" not in visitor.text("/me"), "nobody reports twice"
    registry = office.instance.registry
    lf.write(registry.of(Report), "accept", office.worker, {}, mine.id)
    place = post_of(office)
    office.events.deliver()
    ways = re.findall(rf'href="({HOME}/post-claims/new[^"]+)"', visitor.text("/me"))
    choose = next(unescape(one) for one in ways if f"post={place.id}" in unescape(one))
    told = {"post": str(place.id), "person": str(liqiang.id), "back": "/me"}
    assert visitor.post(choose, told).headers["Location"].startswith("/me?done=")
    assert PostClaim.get(PostClaim.person == liqiang).state == "held"
    office.serve(office.now(mine), "2026-05-14", 3.5)
    shown = visitor.text("/me")
    assert "合计：3.5 小时" in shown and "3000" in shown.replace(",", ""), "against 50 hours"
    assert "楼道清洁员" in shown and f"{HOME}/post-claims/" in shown
    office.go("2026-12-20")
    year = office.opened(office.now(mine))
    again = page("resident", person=liqiang)  # months later one signs in anew
    assert f"{HOME}/annual-reviews/{year.id}/actions/own" in again.text("/me")
    other = page("resident", person=office.person("王秀兰")).text("/me")
    assert "李强" not in other and "楼道清洁员" not in other


def test_the_district_finds_what_is_overdue_and_the_way_to_its_figures(
    office: Year, page: Callable[..., Any]
) -> None:
    bureau = office.unit()
    office.active("李强", organization=bureau.id)
    office.go("2026-07-01", 0)
    office.go("2026-07-17", 0)
    for role, code in (
        ("subdistrict_admin", "620102001000"),
        ("district_admin", world.CHENGGUAN),
        ("community_worker", world.HOME),
    ):
        caller = world.caller(office.instance, role, at=code)
        assert numbers(caller)["逾期未回执的服务反馈"] == 1, role
        shown = page(role, at=code).text(HOME)
        assert "兰州市示例局" in shown and "/indicators/table/dual_reporting" in shown, role
    assert "逾期未回执的服务反馈" not in numbers(office.neighbour)
    assert "/indicators/table/dual_reporting" in page("district_admin", at=world.CHENGGUAN).text(
        HOME
    )
