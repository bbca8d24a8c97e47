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

pytestmark = pytest.mark.once  # says nothing about the database

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


def reported(office: Year, worker: Visitor, person: lf.Person, **told: str) -> Report:
    """A worker enters a paper slip and accepts it, both from the desk."""
    slip = {"person": f"{person.name} #{person.id}", "community": world.HOME, "channel": "paper"}
    assert f'href="{HOME}/reports/new?back=' in worker.text(HOME)
    done(worker, f"{HOME}/reports/new", slip | told, "已新建")
    report = Report.get(Report.person == person)
    assert (report.state, report.slip_no) == ("submitted", told["slip_no"])
    done(worker, f"{HOME}/reports/{report.id}/actions/accept", {}, "已完成「接收」")
    return office.now(report)


def printed(visitor: Visitor, record: str) -> str:
    """The only paper about a record, as it is printed."""
    [paper] = re.findall(r'href="(/documents/\d+)">', visitor.text(f"{HOME}/{record}"))
    return visitor.text(paper)


def serve(worker: Visitor, person: lf.Person) -> None:
    """A worker enters what somebody did, and confirms it from the desk."""
    entry = {
        "person": f"#{person.id}", "community": world.HOME, "start": "2026-09-12T09:00",
        "end": "2026-09-12T11:30", "content": "修水管", "nature": "voluntary",
    }  # fmt: skip
    done(worker, f"{HOME}/service-entries/new", entry, "已新建")
    served = ServiceEntry.get()
    done(worker, f"{HOME}/service-entries/{served.id}/actions/confirm", {}, "已完成「确认」")


def transfer(worker: Visitor, report: Report) -> None:
    """A worker asks for a transfer on somebody's behalf, and releases it from the desk."""
    path = f"{HOME}/reports/{report.id}/actions"
    asked = worker.post(f"{path}/ask-transfer", {"community": world.NEIGHBOUR})
    assert "最迟放行日期" in asked.text and "2026-09-21" in asked.text, "tells what follows first"
    [seen] = re.findall(r'name="seen" value="([^"]+)"', asked.text)
    sure = {"community": world.NEIGHBOUR, "seen": seen}
    done(worker, f"{path}/ask-transfer", sure, "已完成「申请转移」")
    assert "王芳" in worker.text(HOME)
    done(worker, f"{path}/release", {}, "已完成「放行」")


def test_from_a_paper_slip_to_the_employers_receipt_by_pages_only(
    office: Year, page: Callable[..., Any]
) -> None:
    bureau, liqiang, wangfang = office.unit(), office.person("李强"), office.person("王芳")
    worker = page("community_worker", at=world.HOME)
    mine = reported(
        office, worker, liqiang, organization=f"#{bureau.id}", slip_no="中-0017",
        political_status="中共党员", household_address="丁香家园3号楼2单元501室",
    )  # fmt: skip
    assert "501室" not in worker.text(f"{HOME}/reports/{mine.id}"), "masked, also here"
    paper, number = printed(worker, f"reports/{mine.id}"), "SBD-620102001001-2026-0001"
    assert all(word in paper for word in (number, "李强", "兰州市示例局", "2026-09-15", "验证码"))
    assert not [word for word in ("丁香家园", "中共党员") if word in paper]
    liaison = page("unit_liaison", unit=bureau)
    assert number in printed(liaison, f"reports/{mine.id}"), "the employer has the receipt"
    serve(worker, liqiang)
    goes = reported(office, worker, wangfang, slip_no="中-0018")
    transfer(worker, goes)
    assert office.now(goes).state == "transferred"
    office.events.deliver()  # as the worker process does all the time
    office.go("2026-10-08")
    worker = page("community_worker", at=world.HOME)  # three weeks later one signs in anew
    told = worker.text(f"{HOME}/feedbacks")
    assert "2026-Q3" in told and "兰州市示例局" in told, "sent when the quarter ended"
    sheet = Feedback.get(Feedback.period == "2026-Q3")
    liaison = page("unit_liaison", unit=bureau)
    assert "待回执的服务反馈" in liaison.text(HOME) and "服务反馈单" in liaison.text("/inbox")
    paper = printed(liaison, f"feedbacks/{sheet.id}")
    assert "2.5 小时" in paper and "丁香家园" not in paper and "王芳" not in paper
    done(liaison, f"{HOME}/feedbacks/{sheet.id}/actions/receipt", {}, "已完成「回执」")
    assert "已回执" in worker.text(f"{HOME}/feedbacks/{sheet.id}")
