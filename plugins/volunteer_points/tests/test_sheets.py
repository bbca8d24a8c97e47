"""What is kept on paper: who served, how long each, at what – of a place, a unit, a quarter."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.mechanisms import filling, sheet
from lifang.testing import world

PAGE = "/sheets/volunteer_points.service"
MAY = {"within": world.HOME, "period": "2026-Q2"}


def filled(caller: lf.Caller, name: str, purpose: str | None = None, **told: Any) -> Any:
    asked = sheet.asked(caller, f"volunteer_points.{name}", **(MAY | told))
    return filling.Filled(asked, purpose=purpose)


def table(raw: Any) -> list[list[Any]]:
    read = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(raw))).get_sheet_by_index(0)
    return [list(row) for row in read.to_python(skip_empty_area=False)]


def test_the_sheets_of_a_quarter_name_who_served_and_add_up(station: Any):
    person = station.person("李强", phone="13800005678", sex="male")
    liqiang, idle = station.volunteer("李强", person=person), station.volunteer("王秀兰")
    station.lock(station.serve(liqiang))
    station.serve(idle, start=lf.now() + dt.timedelta(days=2))  # not locked: counts for nothing
    register = filled(station.worker, "service")
    assert register.title == "畅家巷社区志愿服务登记表（2026年第2季度）"
    [row] = register.rows()
    assert row == [1, "2026-05-16", "李强", "男", liqiang.number, "138****5678", "楼道清洁",
                   "清理楼道杂物", None, 3.5]  # fmt: skip
    hours = list(filled(station.worker, "hours").rows())
    assert [(row[2], row[6], row[7]) for row in hours] == [("李强", 1, 3.5), ("王秀兰", 0, 0.0)]
    sums = {row[1]: row[2:] for row in filled(station.worker, "categories").rows()}
    assert sums["环境卫生"] == [1, 1, 3.5] and sums["为老服务"] == [0, 0, 0.0]
    assert register.total == 1 and filled(station.worker, "service", period="2026-Q1").total == 0


@pytest.fixture
def served(station: Any) -> Any:
    """Somebody with a phone who served three and a half hours for an association."""
    station.union = world.organization(station.instance, "示例协会")
    person = station.person("李强", phone="13800005678", sex="male")
    who = station.volunteer("李强", person=person)
    station.lock(station.serve(who, organization=station.union.id, title="=HYPERLINK(1)"))
    return station


def test_a_sheet_is_found_looked_at_printed_and_taken_along(served: Any, page: Any):
    worker, resident = page("community_worker", at=world.HOME), page("resident")
    assert 'href="/sheets"' in worker.text("/") and 'href="/sheets"' not in resident.text("/")
    assert f'href="{PAGE}"' in worker.text("/sheets") and "志愿服务登记表" in worker.text("/sheets")
    resident.text(PAGE, status=404)
    shown = worker.text(f"{PAGE}?within=畅家巷社区&period=2026-Q2")
    assert "畅家巷社区志愿服务登记表（2026年第2季度）" in shown and "138****5678" in shown
    assert "只列已锁定的服务记录" in shown and "完整信息" not in shown
    command = f"lifang sheets show volunteer_points.service --within {world.HOME} --period 2026-Q2"
    assert command in shown
    file = re.search(r'href="(/api/v1/sheets/[^"]+format=xlsx)"', shown)
    assert file is not None
    rows = table([worker.get(file[1].replace("&amp;", "&")).data])
    assert (rows[3][2], rows[3][5], rows[3][6]) == ("李强", "138****5678", "=HYPERLINK(1)")
    printed = worker.text(f"{PAGE}/print?within={world.HOME}&period=2026-Q2")
    assert "paper-wide" in printed and "<thead>" in printed and "审核人：" in printed
    verbs = [(one.verb, one.noun) for one in AuditEntry.select().order_by(AuditEntry.id.desc())]
    assert verbs[:2] == [("export", "service_records")] * 2, "the file and the print"
    admin = page("district_admin", at=world.CHENGGUAN)
    assert 'name="purpose"' in admin.text(f"{PAGE}?within={world.HOME}&period=2026-Q2")
    full = admin.text(f"{PAGE}/print?within={world.HOME}&period=2026-Q2&purpose=报送民政局")
    assert "13800005678" in full and "13800005678" not in printed
    for wrong, status in ((f"{PAGE}?colour=red", 400), (f"{PAGE}?period=2026-13", 400),
                          ("/sheets/volunteer_points.nothing", 404), (f"{PAGE}?unit=无此单位", 422),
                          (f"{PAGE}/print?purpose=核对", 403)):  # fmt: skip
        worker.text(wrong, status=status)


def test_an_issued_sheet_carries_a_code_that_anybody_verifies(served: Any, page: Any, app: Any):
    worker = page("community_worker", at=world.HOME)
    told = {"within": world.HOME, "period": "2026-Q2"}
    answer = worker.post(f"{PAGE}/issue", told)
    assert answer.status_code == 303
    paper = answer.headers["Location"]
    issued = worker.text(paper)
    code = re.search(r'class="code">([0-9A-Z-]{19})<', issued)
    assert code is not None and f"TZ-{world.HOME}-2026-0001" in issued and "李强" in issued
    assert f'href="{paper}"' in worker.text(f"{PAGE}?period=2026-Q2")
    stranger = app.test_client()
    verified = stranger.get(f"/verify/{code[1]}").text
    assert (
        "现在有效" in verified
        and "2026年第2季度，共 1 行" in verified
        and "志愿服务登记表" in verified
        and "畅家巷社区" in verified
    )
    assert "李强" not in verified and "138" not in verified
    neighbour = page("community_worker", at=world.NEIGHBOUR)
    neighbour.text(paper, status=404)
    assert neighbour.post(f"{paper}/revoke", {"reason": "不是我的"}).status_code == 404
    assert worker.post(f"{paper}/revoke", {"reason": ""}).status_code == 422
    assert worker.post(f"{paper}/revoke", {"reason": "时长有误"}).status_code == 303
    assert "已撤销" in stranger.get(f"/verify/{code[1]}").text
    assert "已撤销" in worker.text(paper)


def test_programs_read_issue_and_revoke_sheets(served: Any, api: Any):
    worker = api("community_worker", at=world.HOME)
    names = [one["name"] for one in worker.get("/api/v1/sheets").json["items"]]
    assert names == [f"volunteer_points.{one}" for one in ("service", "hours", "categories")]
    base = "/api/v1/sheets/volunteer_points.service"
    asked = f"{base}?within={world.HOME}&period=2026-Q2"
    told = worker.get(asked).json
    assert (told["total"], told["columns"][:3]) == (1, ["序号", "服务日期", "姓名"])
    assert told["rows"][0][9] == 3.5
    liaison = api("unit_liaison", unit=served.union)
    mine = liaison.get(f"{base}?period=2026-Q2").json
    assert (mine["unit"], mine["total"], mine["within"]) == (served.union.id, 1, None)
    assert liaison.get(f"{base}?period=2026-Q2&format=xlsx").status_code == 200
    for query, status in (("purpose=x", 403), ("purpose=", 422), ("format=csv", 400), ("x=1", 400),
                          ("unit=a", 400), (f"within={world.FOREIGN}", 422)):  # fmt: skip
        assert (query, worker.get(f"{base}?{query}").status_code) == (query, status)
    key = {"Idempotency-Key": "once"}
    body = {"within": world.HOME, "period": "2026-Q2"}
    made = worker.post(f"{base}/issue", json=body, headers=key)
    again = worker.post(f"{base}/issue", json=body, headers=key)
    assert made.status_code == 201 and again.json["id"] == made.json["id"]
    where = made.headers["Location"]
    assert worker.get(where).json["sheet"] == "volunteer_points.service"
    assert table([worker.get(f"{where}?format=xlsx").data])[2][0] == "序号"
    assert worker.post(f"{where}/revoke", json={"reason": "有误"}).json["state"] == "revoked"
    assert worker.post(f"{where}/revoke", json={"reason": "有误"}).status_code == 409
    assert api("resident").get(base).status_code == 404
    assert api("resident").post(f"{base}/issue", json={}).status_code == 404


def test_sheets_are_listed_shown_written_and_issued_by_command(
    served: Any, run: Any, tmp_path: Any
):
    assert "volunteer_points.hours\t志愿者服务时长一览表\tplace" in run("sheets", "list").out
    hours = ("volunteer_points.hours", "--within", world.HOME, "--period", "2026-Q2")
    told = run("sheets", "show", *hours)
    assert told.out.splitlines()[0].split("\t")[:3] == ["序号", "志愿者编号", "姓名"]
    assert told.out.splitlines()[1].split("\t")[-2:] == ["1", "3.5"]
    assert run("sheets", "show", *hours, "--json").json["rows"][0][2] == "李强"
    file = tmp_path / "hours.xlsx"
    done = run("sheets", "show", *hours, "--format", "xlsx", "-o", str(file))
    assert done.code == 0 and table([file.read_bytes()])[3][2] == "李强"
    full = run("sheets", "show", *hours, "--format", "json", "--purpose", "报送民政局")
    assert "13800005678" in full.out
    issued = run("sheets", "issue", *hours, "--json").json
    assert run("documents", "verify", issued["code"], "--json").json["state"] == "valid"
    number = str(issued["id"])
    assert "李强" in run("documents", "show", number).out
    assert run("documents", "revoke", number, "--reason", "有误").code == 0
    assert run("documents", "verify", issued["code"], "--json").json["state"] == "revoked"
    assert run("sheets", "show", "volunteer_points.nothing").code == 4
