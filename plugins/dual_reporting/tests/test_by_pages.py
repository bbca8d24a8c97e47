"""A community's year by pages only, as its worker and a unit's liaison would, in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang.testing.visitors import Visitor
from lifang_dual_reporting.models import Feedback, Report, ServiceEntry
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

HOME = "/p/dual-reporting"


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-09-15"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def done(visitor: Visitor, path: str, data: dict[str, Any], says: str) -> None:
    """Send a form of the desk; it leads back there and says what was done."""
    answer = visitor.post(path, {**data, "back": HOME})
    assert answer.status_code == 303, answer.text
    assert says in visitor.text(answer.headers["Location"])


def test_a_slip_is_entered_accepted_and_printed_service_confirmed_a_transfer_released_and_the_quarter_told(
    office: Year, page: Callable[..., Any]
) -> None:
    bureau, liqiang = office.unit(), office.person("李强")
    wangfang = office.person("王芳")
    worker = page("community_worker", at=world.HOME)
    slip = {
        "person": f"李强 #{liqiang.id}", "organization": f"#{bureau.id}", "community": world.HOME,
        "slip_no": "中-0017", "channel": "paper", "political_status": "中共党员",
        "household_address": "丁香家园3号楼2单元501室", "public_servant": "true",
    }  # fmt: skip
    assert f'href="{HOME}/reports/new?back=' in worker.text(HOME)
    done(worker, f"{HOME}/reports/new", slip, "已新建")
    mine = Report.get(Report.person == liqiang)
    assert (mine.state, mine.slip_no) == ("submitted", "中-0017")
    done(worker, f"{HOME}/reports/{mine.id}/actions/accept", {}, "已完成「接收」")
    shown = worker.text(f"{HOME}/reports/{mine.id}")
    assert "501室" not in shown, "an address is masked, also for the community"
    [paper] = re.findall(r'href="(/documents/\d+)">社区报到回执', shown)
    printed = worker.text(paper)
    number = "SBD-620102001001-2026-0001"
    assert all(word in printed for word in (number, "李强", "兰州市示例局", "2026-09-15", "验证码"))
    assert not [word for word in ("丁香家园", "中共党员") if word in printed]
    liaison = page("unit_liaison", unit=bureau)
    assert liaison.text(paper).count(number) >= 1, "the employer has the receipt"
    entry = {
        "person": f"李强 #{liqiang.id}", "community": world.HOME, "start": "2026-09-12T09:00",
        "end": "2026-09-12T11:30", "content": "修水管", "nature": "voluntary",
    }  # fmt: skip
    done(worker, f"{HOME}/service-entries/new", entry, "已新建")
    served = ServiceEntry.get()
    done(worker, f"{HOME}/service-entries/{served.id}/actions/confirm", {}, "已完成「确认」")
    leaves = {"person": f"#{wangfang.id}", "community": world.HOME, "slip_no": "中-0018"}
    done(worker, f"{HOME}/reports/new", leaves, "已新建")
    goes = Report.get(Report.person == wangfang)
    path = f"{HOME}/reports/{goes.id}/actions"
    done(worker, f"{path}/accept", {}, "已完成「接收」")
    asked = worker.post(f"{path}/ask-transfer", {"community": world.NEIGHBOUR})
    assert "最迟放行日期" in asked.text and "2026-09-21" in asked.text, "tells what follows first"
    [seen] = re.findall(r'name="seen" value="([^"]+)"', asked.text)
    sure = {"community": world.NEIGHBOUR, "seen": seen}
    done(worker, f"{path}/ask-transfer", sure, "已完成「申请转移」")
    assert "王芳" in worker.text(HOME)
    done(worker, f"{path}/release", {}, "已完成「放行」")
    assert office.now(goes).state == "transferred"
    office.events.deliver()  # as the worker process does all the time
    office.go("2026-10-08")
    worker = page("community_worker", at=world.HOME)  # three weeks later one signs in anew
    told = worker.text(f"{HOME}/feedbacks")
    assert "2026-Q3" in told and "兰州市示例局" in told, "sent when the quarter ended"
    sheet = Feedback.get(Feedback.period == "2026-Q3")
    liaison = page("unit_liaison", unit=bureau)
    shown = liaison.text(HOME)
    assert "待回执的服务反馈" in shown and "服务反馈单" in liaison.text("/inbox")
    [paper] = re.findall(r'href="(/documents/\d+)">', liaison.text(f"{HOME}/feedbacks/{sheet.id}"))
    printed = liaison.text(paper)
    assert "2.5 小时" in printed and "丁香家园" not in printed and "王芳" not in printed
    done(liaison, f"{HOME}/feedbacks/{sheet.id}/actions/receipt", {}, "已完成「回执」")
    assert office.now(sheet).state == "receipted"
    assert "已回执" in worker.text(f"{HOME}/feedbacks/{sheet.id}")
