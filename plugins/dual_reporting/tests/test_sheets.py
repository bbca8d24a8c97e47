"""What stands on paper: registers, unit tables, service cards – for a community, unit, district."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

import lifang as lf
from lifang.mechanisms import documents, filling, sheet
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import AnnualReview, Post, PostClaim
from lifang_dual_reporting.resources import reports, service_cards
from lifang_dual_reporting.services import review
from lifang_dual_reporting.services.report import accept, reject
from plugins.dual_reporting.tests import town
from plugins.dual_reporting.tests.office import Office, at

pytestmark = pytest.mark.once  # says nothing about the database

ADDRESS, PARTY, PHONE = "丁香家园 3号楼 2单元 501", "中共党员", "13800005678"
CARDS = "/api/v1/dual-reporting/service-cards"


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def filled(caller: lf.Caller, name: str, purpose: str | None = None, **told: Any) -> Any:
    asked = sheet.asked(caller, f"dual_reporting.{name}", **told)
    return filling.Filled(asked, purpose=purpose)


def table(raw: Any) -> list[list[Any]]:
    read = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
    return [list(row) for row in read.to_python(skip_empty_area=False)]


@pytest.fixture
def settled(office: Office) -> Office:
    """李强 of the bureau reports with all that the register asks, holds a post and has served."""
    office.bureau = office.unit()
    person = office.person("李强", sex="male", phone=PHONE, birth_date="1980-05-06")
    office.seat(person, office.bureau)
    told = {"organization": office.bureau.id, "post_title": "科长", "skills": "水电维修",
            "political_status": "01", "household_address": ADDRESS, "slip_no": "0007",
            "service_intent": "社区治理"}  # fmt: skip
    office.mine = lf.act(accept, office.report(person, **told), office.worker)
    post = Post.create(
        name="楼道维修员", community=town.place(world.HOME), category="governance", slots=1
    )
    PostClaim.create(
        post=post, person=person, report=office.mine, organization=office.bureau, state="held",
        claimed_on=dt.date(2026, 5, 15),
    )  # fmt: skip
    town.serve(office.mine, 2.5, "2026-05-10", post=post, code="ABCD2345", stars=5.0)
    return office


def test_the_register_has_the_usual_columns_and_masks_what_is_sensitive(
    settled: Office, page: Any
) -> None:
    worker = page("community_worker", at=world.HOME)
    address = f"/sheets/dual_reporting.register?within={world.HOME}"
    shown = worker.text(address)
    heads = ("序号", "姓名", "性别", "出生年月", "政治面貌", "单位及职务", "居住小区楼号",
             "联系电话", "特长", "认领岗位", "报到时间", "备注")  # fmt: skip
    file = re.search(r'href="(/api/v1/sheets/[^"]+format=xlsx)"', shown)
    assert file is not None and "畅家巷社区在职党员社区报到一览表" in shown
    rows = table(worker.get(file[1].replace("&amp;", "&")).data)
    assert tuple(rows[2]) == heads
    assert rows[3][1:3] == ["李强", "男"] and rows[3][5] == "兰州市示例局 科长"
    assert rows[3][3] == "1980-**-**" and rows[3][7] == "138****5678"
    assert rows[3][8:11] == ["水电维修", "楼道维修员", "2026-05-15"]
    printed = worker.text(address.replace("register?", "register/print?"))
    assert '<td class="whole">李强</td>' in printed, "a name is not broken on paper"
    assert 'scrolls" tabindex="0" role="region" aria-label="畅家巷社区在职党员' in shown
    for text in (shown, printed, str(rows)):
        assert not any(one in text for one in (ADDRESS, "501", PARTY, PHONE, "1980-05"))
    worker.text(f"{address.replace('register?', 'register/print?')}&purpose=核对", status=403)
    district = world.caller(settled.instance, "district_admin", at=world.CHENGGUAN)
    [row] = filled(district, "register", within=world.CHENGGUAN).rows()
    assert row[4] != PARTY and ADDRESS not in row, "masked without a purpose, in the district too"
    full = filled(district, "register", "报送区委组织部", within=world.CHENGGUAN)
    full.leaves("xlsx")
    [row] = full.rows()
    assert (row[4], row[6]) == (PARTY, ADDRESS)


def test_an_employer_sees_its_people_and_hours_and_nothing_of_their_homes(
    settled: Office, api: Any, page: Any
) -> None:
    other = world.caller(settled.instance, "unit_liaison", unit=settled.unit("示例二局"))
    assert filled(other, "register").total == 0
    liaison = api("unit_liaison", unit=settled.bureau)
    told = liaison.get("/api/v1/sheets/dual_reporting.register").json
    [row] = told["rows"]
    assert row[1] == "李强" and row[9] == "楼道维修员"
    assert not row[4] and not row[6], "neither political status nor address, not even masked"
    served = liaison.get("/api/v1/sheets/dual_reporting.services?period=2026-Q2").json
    assert served["rows"][0][3] == "李强" and served["rows"][0][9:] == [2.5, 5]
    assert "ABCD2345" not in str(served)
    town.begin(settled, settled.mine)
    years = liaison.get("/api/v1/sheets/dual_reporting.reviews?period=2026").json
    assert years["rows"][0][1:4] == ["李强", "兰州市示例局", 2.5]
    visitor = page("unit_liaison", unit=settled.bureau)
    for name in ("register", "registrations", "services", "units", "reviews"):
        text = visitor.text(f"/sheets/dual_reporting.{name}?unit={settled.bureau.id}")
        assert not any(one in text for one in ("丁香家园", PARTY, "ABCD2345")), name
    page("resident").text("/sheets/dual_reporting.register", status=404)


def test_a_sheet_of_dual_reporting_is_issued_with_a_code(settled: Office, run: Any, api: Any):
    worker = api("community_worker", at=world.HOME)
    town.unit_report(settled.bureau, world.HOME, members=4)
    for name, rows in (("register", 1), ("registrations", 1), ("services", 1), ("units", 1)):
        body = {"within": world.HOME, **({"period": "2026"} if name != "register" else {})}
        made = worker.post(f"/api/v1/sheets/dual_reporting.{name}/issue", json=body)
        assert made.status_code == 201, made.json
        told = run("documents", "verify", made.json["code"], "--json").json
        assert told["state"] == "valid" and f"共 {rows} 行" in told["extent"]
        assert "李强" not in str(told)
    paper = worker.get(made.headers["Location"])
    assert "完成率＝" in str(paper.json), "what was divided by what stands under the issued table"


def test_the_registration_form_lists_also_who_was_sent_back(settled: Office) -> None:
    back = lf.act(reject, settled.report(settled.person("王敏"), slip_no="0008"), settled.worker,
                  reason="不住本社区")  # fmt: skip
    rows = list(filled(settled.worker, "registrations", within=world.HOME, period="2026-05").rows())
    assert [(row[2], row[9], row[12]) for row in rows] == [
        ("李强", "0007", "已接收"), ("王敏", "0008", "已退回"),
    ]  # fmt: skip
    assert back.state == "rejected"
    assert filled(settled.worker, "registrations", within=world.HOME, period="2026-04").total == 0


def test_the_unit_table_adds_up_and_leaves_empty_what_cannot_be_divided(office: Office) -> None:
    bureau, other, third = (office.unit(name) for name in ("兰州市示例局", "示例二局", "示例三局"))
    for unit, members in ((bureau, 2), (other, 4), (third, 0)):
        town.unit_report(unit, world.HOME, members)
    one = town.report(office, bureau, world.NEIGHBOUR, "李强")
    town.serve(one, 3, "2026-05-02")
    town.begin(office, one)
    told = filled(office.worker, "units", within=world.HOME, period="2026-Q2")
    assert list(told.rows())[0] == [1, "兰州市示例局", 2, 1, 50, 3, "—", "—"]
    assert told.note.startswith("本地没有规定年度服务时长，所以没有达标人数和完成率。")
    office.set(annual_hours=3)
    review.count_anew(AnnualReview.get(), office.boss.served_by("dual_reporting"))
    told = filled(office.worker, "units", within=world.HOME, period="2026-Q2")
    assert told.note.startswith("报到率＝")
    assert list(told.rows()) == [
        [1, "兰州市示例局", 2, 1, 50, 3, 1, 100],
        [2, "示例二局", 4, 0, 0, "—", 0, "—"],
        [3, "示例三局", 0, 0, "—", "—", 0, "—"],
        [4, "合计", 6, 1, 16.67, 3, 1, 100],
    ]
    assert told.headings[2] == "应报到人数" and "÷已报到人数（按2026-05-15的本地规定）" in told.note
    office.set("foshan", denominator="should_report")
    told = filled(office.worker, "units", within=world.HOME, period="2026-Q2")
    assert told.headings[2] == "党员数" and "÷应报到人数（" in told.note
    own = filled(office.liaison(other), "units", period="2026-Q2")
    assert list(own.rows()) == [[1, "示例二局", 4, 0, 0, "—", 0, 0]]
    assert filled(office.neighbour, "units", within=world.NEIGHBOUR).total == 0
    nowhere = filled(office.liaison(office.unit("示例四局")), "units")
    assert nowhere.total == 0 and nowhere.headings[1] == "单位" and "÷已报到人数" in nowhere.note


def test_a_service_card_has_the_years_service_and_the_codes_to_rate_it(
    settled: Office, api: Any, page: Any, run: Any
) -> None:
    town.serve(settled.mine, 1, "2026-05-12", nature="duty", activity="周五大扫除", code="WXYZ6789")
    town.serve(settled.mine, 9, "2026-05-13", state="voided")
    mine = api("resident", person=settled.mine.person)
    told = {"report": settled.mine.id, "person": settled.mine.person_id, "year": 2026}
    made = mine.post(CARDS, json=told)
    assert made.status_code == 201, made.json
    assert made.json["number"] == f"FW-{world.HOME}-2026-0001"
    [paper] = documents.issued_about(settled.me(settled.mine), service_cards, made.json["id"])
    text = page("resident", person=settled.mine.person).text(f"/documents/{paper['id']}")
    for one in ("李强", "楼道维修员", "周五大扫除", "ABCD2345", "WXYZ6789", "3.5 小时", "5.0 星"):
        assert one in text, one
    assert "丁香家园" not in text and PARTY not in text
    assert run("documents", "verify", paper["code"], "--json").json["holder"] == "李*"
    again = run("dual-reporting", "service-cards", "create", "--report", str(settled.mine.id),
                "--person", str(settled.mine.person_id), "--year", "2026", "--json")  # fmt: skip
    assert again.code == 0, again.err
    assert again.json["number"].endswith("0002"), "who served more has another one issued"
    liaison = api("unit_liaison", unit=settled.bureau)
    assert liaison.get(f"{CARDS}/{made.json['id']}").status_code in (403, 404)
    page("unit_liaison", unit=settled.bureau).text(f"/documents/{paper['id']}", status=404)
    stranger = settled.person("王敏")
    foreign = api("resident", person=stranger)
    assert foreign.post(CARDS, json=told).status_code in (403, 404, 422)
    assert foreign.post(CARDS, json=told | {"person": stranger.id}).status_code in (403, 404, 422)
    for wrong in ({"year": 2025}, {"year": 2027}):
        assert mine.post(CARDS, json=told | wrong).status_code == 422
    waiting = settled.report(stranger, slip_no="0009")
    refused = api("community_worker", at=world.HOME).post(
        CARDS, json={"report": waiting.id, "person": stranger.id, "year": 2026}
    )
    assert refused.status_code == 422 and "还没有接收" in str(refused.json)


def test_the_receipt_repeats_the_slip_without_what_is_private(settled: Office, page: Any) -> None:
    [paper] = documents.issued_about(settled.worker, reports, settled.mine.id)
    text = page("unit_liaison", unit=settled.bureau).text(f"/documents/{paper['id']}")
    for one in ("报到单", "报到回执", "水电维修", "社区治理", "0007", "畅家巷社区",
                "兰州市示例局 科长"):  # fmt: skip
        assert one in text, one
    assert text.count("姓名") == 1
    assert "丁香家园" not in text and PARTY not in text and PHONE not in text
