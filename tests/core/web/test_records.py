"""A record's pages: its facts, what can be done to it, what happened to it, what is covered."""

from __future__ import annotations

import pytest

from lifang.entities.person import Person
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import REPORTS, Visit, Visitor


@pytest.fixture
def report(instance: Instance, reporting: None, li_qiang: Person) -> str:
    """The address of a submitted report."""
    resource = instance.registry.find("dual_reporting", "reports")
    assert resource is not None
    told = {"person": li_qiang.id, "community": {"code": world.HOME}}
    return f"{REPORTS}/{write(resource, 'create', world.boss(instance), told).id}"


def test_actions_are_offered_in_the_state_where_they_can_run(worker: Visitor, report: str) -> None:
    assert f"{report}/actions/accept" in worker.text(report)
    confirm = worker.text(f"{report}/actions/accept")
    assert "现在是「已提交」" in confirm and "之后是「已接收」" in confirm
    assert worker.post(f"{report}/actions/accept").headers["Location"] == f"{report}?done=accept"
    page = worker.text(f"{report}?done=accept")
    assert "已完成「接收」" in page and "已接收" in page
    assert f"{report}/actions/accept" not in page and f"{report}/actions/end" in page


def test_doing_it_twice_is_a_conflict_said_on_the_page(worker: Visitor, report: str) -> None:
    worker.post(f"{report}/actions/accept")
    again = worker.post(f"{report}/actions/accept")
    assert again.status_code == 409 and "只有「已提交」的记录可以接收" in again.text


def test_an_action_asks_for_what_it_needs(worker: Visitor, report: str) -> None:
    silent = worker.post(f"{report}/actions/end", {"reason": ""})
    assert silent.status_code == 422 and 'href="#f-reason"' in silent.text
    assert worker.post(f"{report}/actions/end", {"reason": "已调离"}).status_code == 303
    history = worker.text(f"{report}/history")
    assert "结束" in history and "已调离" in history
    assert "<del>已提交</del>" in history and "<ins>已结束</ins>" in history


def test_a_timeline_tells_who_did_what_and_never_a_secret(
    worker: Visitor, li_qiang: Person, instance: Instance
) -> None:
    worker.post(
        f"/people/{li_qiang.id}/edit",
        {
            "version": "1",
            "name": "李强国",
            "was.name": "李强",
            "phone": "13900000000",
            "was.phone": "138****1234",
        },  # fmt: skip
    )
    page = worker.text(f"/people/{li_qiang.id}/history")
    assert worker.name in page and "<del>李强</del>" in page and "<ins>李强国</ins>" in page
    assert "已修改（内容受保护）" in page and "13900000000" not in page


def test_whoever_leaves_the_callers_reach_leads_back_to_the_list(
    visit: Visit, instance: Instance, li_qiang: Person
) -> None:
    city = visit("district_admin", at=world.CITY)
    moved = city.post(
        f"/people/{li_qiang.id}/actions/move", {"community": world.FOREIGN, "date": "2026-01-05"}
    )
    assert moved.headers["Location"] == f"/people/{li_qiang.id}?done=move"
    assert "已完成「迁居」" in city.text(moved.headers["Location"])
    secretary = visit("community_secretary", at=world.FOREIGN)
    gone = secretary.post(f"/people/{li_qiang.id}/remove", {"version": "2"})
    assert gone.headers["Location"] == "/people?done=remove"
    assert "已移除" in secretary.text("/people?done=remove")
    secretary.text(f"/people/{li_qiang.id}", status=404)


def test_a_secret_is_uncovered_once_with_a_reason_and_kept_in_the_timeline(
    visit: Visit, worker: Visitor, li_qiang: Person
) -> None:
    secretary, path = visit("community_secretary", at=world.HOME), f"/people/{li_qiang.id}"
    assert "查看敏感信息" in secretary.text(path)
    silent = secretary.post(f"{path}/reveal", {"fields": ["phone"], "reason": " "})
    assert silent.status_code == 422 and "请说明查看原因" in silent.text
    assert "13800001234" not in silent.text
    told = secretary.post(f"{path}/reveal", {"fields": ["phone"], "reason": "电话回访"})
    assert told.status_code == 200 and "13800001234" in told.text
    assert told.headers["Cache-Control"] == "no-store"
    assert "620102198001010033" not in told.text, "only what was asked for"
    assert "13800001234" not in secretary.text(path)
    history = secretary.text(f"{path}/history")
    assert "查看敏感信息" in history and "电话回访" in history
    denied = worker.post(f"{path}/reveal", {"fields": ["phone"], "reason": "好奇"})
    assert denied.status_code == 403 and "13800001234" not in denied.text


def test_references_lead_where_the_reader_may_go(
    worker: Visitor, li_qiang: Person, report: str
) -> None:
    page = worker.text(report)
    assert f'href="/people/{li_qiang.id}">李强</a>' in page
    person = worker.text(f"/people/{li_qiang.id}")
    assert f'href="{REPORTS}?person={li_qiang.id}"' in person
    assert f'href="{REPORTS}/new?person={li_qiang.id}"' in person


def test_every_page_tells_the_command_that_does_the_same(
    worker: Visitor, li_qiang: Person, report: str
) -> None:
    number = li_qiang.id
    assert f"lifang people show {number}" in worker.text(f"/people/{number}")
    assert f"lifang people history {number}" in worker.text(f"/people/{number}/history")
    assert f"lifang people move {number} --community … --date …" in worker.text(
        f"/people/{number}/actions/move"
    )
    assert "lifang dual-reporting reports list --state submitted" in worker.text(
        f"{REPORTS}?state=submitted"
    )
    assert "lifang people create --name … --community …" in worker.text("/people/new")


def test_a_record_tells_its_latest_changes_and_leads_back_from_one(
    worker: Visitor, visit: Visit, li_qiang: Person
) -> None:
    at = f"/people/{li_qiang.id}"
    for version, name in enumerate(("李强国", "李强民"), start=1):
        was = worker.text(f"{at}/edit").split('name="was.name" value="')[1].split('"')[0]
        told = {"version": str(version), "name": name, "was.name": was}
        assert worker.post(f"{at}/edit", told).status_code == 303
    latest = worker.text(at).split('id="latest"')[1]
    assert "<del>李强国</del>" in latest and "<ins>李强民</ins>" in latest
    back = latest.split('href="')[1].split('"')[0]
    assert back.startswith(f"{at}/edit?name=")
    form = worker.text(back)
    assert 'value="李强国"' in form and "现在是「李强民」" in form, "nothing is written yet"
    assert "李强民" in worker.text(at).split("<h1>")[1].split("</h1>")[0]
    reader = visit("auditor")
    assert "/edit?" not in reader.get(at).text, "for who may not change it there is no way back"
    secret = worker.text(f"{at}/edit?phone=13900000000")
    assert 'value="13900000000"' not in secret, "what is sensitive never comes by an address"
