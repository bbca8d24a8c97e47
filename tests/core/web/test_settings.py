"""Settings as pages: what holds and why, setting it, presets looked at first, files both ways."""

from __future__ import annotations

import io
import re

import pytest

from lifang.plugins.tables import SettingRow
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, FOREIGN, HOME, QILIHE
from tests.core.lifecycle.dial import BASIS, hours, node, stars, token, turn_on
from tests.core.web.conftest import Visit

PAGES = "/admin/settings"
pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def dial(instance: Instance) -> None:
    turn_on(instance)


def test_a_district_sees_sets_and_explains(visit: Visit):
    district = visit("district_admin", at=CHENGGUAN)
    page = district.text(PAGES)
    assert "城关区" in page
    assert "每日上限" in page
    assert re.search(r"须复核.*?<span>否</span>", page, re.DOTALL)
    assert "lifang settings show" in page
    one = f"{PAGES}/dial/hours?at={CHENGGUAN}"
    said = {"value": "6", "from": "2026-07-01", "basis": BASIS, "approved_by": "王主任"}
    for wrong, sentence in (
        ({"value": "99"}, "「每日上限」应为整数，1 到 24"), ({"basis": ""}, "请写明依据"),
        ({"value": ""}, "请填写新的值，或选择恢复继承"), ({"from": "x"}, "应是日期"),
    ):  # fmt: skip
        refused = district.post(one, {**said, **wrong})
        assert (refused.status_code in (400, 422), sentence in refused.text) == (True, True), wrong
        assert not SettingRow.select().exists()
    done = district.post(one, said)
    assert (done.status_code, "已设置。" in district.text(done.location)) == (303, True)
    district.post(one, {**said, "value": "7", "from": "2036-07-01", "lock": "yes"})
    page = district.text(f"{PAGES}?at={HOME}")
    assert re.search(r"6小时.*?继承.*?城关区 2026-07-01 兰政办发.*?批准：王主任", page, re.DOTALL)
    assert "自 2036-07-01 起：7" in page
    page = district.text(f"{PAGES}/dial/hours?at={HOME}&on=2036-08-01")
    assert "上级锁定" in page
    assert "同一社区后来另有规定" in page
    assert "历次规定" in page
    shut = district.post(f"{PAGES}/dial/hours?at={HOME}", {**said, "from": "2036-08-01"})
    assert (shut.status_code, "已由「城关区」锁定" in shut.text) == (409, True)
    district.post(one, {"inherit": "yes", "basis": BASIS})
    assert hours(node(CHENGGUAN)) == 8


def test_a_preset_is_looked_at_before_it_is_adopted(visit: Visit):
    district = visit("district_admin", at=CHENGGUAN)
    assert "strict-2025" in district.text(PAGES)
    address = f"{PAGES}/dial/presets/strict-2025?at={CHENGGUAN}"
    page = district.text(address)
    assert "100,300" in page
    assert "200,600" in page
    assert not SettingRow.select().exists()
    assert district.post(address, {"basis": ""}).status_code == 422
    adopted = district.post(address, {"basis": BASIS})
    assert "已设置。" in district.text(adopted.location)
    assert (hours(node(HOME)), stars(node(HOME))) == (4, [200, 600])
    assert district.text(f"{PAGES}/dial/presets/none?at={CHENGGUAN}", 422)


def test_a_secret_left_blank_stays_and_is_in_no_page(visit: Visit, boss):
    district = visit("district_admin", at=CHENGGUAN)
    one = f"{PAGES}/dial/token?at={CHENGGUAN}"
    district.post(one, {"value": "canary-secret", "basis": BASIS})
    page = district.text(one)
    assert 'type="password"' in page
    assert "***" in page
    assert district.post(one, {"value": "", "basis": BASIS}).status_code == 422
    refused = district.post(one, {"value": "canary-other", "basis": ""})
    pages = page + refused.text + district.text(PAGES) + district.text("/admin/settings/file.csv")
    assert "canary" not in pages
    assert token.reveal(boss, node(HOME)) == "canary-secret"


def test_a_file_is_checked_on_one_page_and_taken_in_on_the_next(visit: Visit):
    district = visit("district_admin", at=CHENGGUAN)
    district.post(f"{PAGES}/dial/hours?at={HOME}", {"value": "6", "basis": BASIS})
    sent = district.get(f"{PAGES}/file.json?at={CHENGGUAN}").data
    city = visit("district_admin", at="620100000000")
    into = f"{PAGES}/import?at={QILIHE}"
    page = city.post(into, {"file": (io.BytesIO(sent), "城关区.json")})
    assert page.status_code == 200
    assert "下西园社区" in page.text
    assert len(SettingRow.select()) == 1
    kept = re.search(r'name="sent" value="([^"]+)"', page.text)
    assert kept is not None
    done = city.post(into, {"sent": kept.group(1), "name": "城关区.json", "confirm": "1"})
    assert "文件里的设置已导入。" in city.text(done.location)
    assert hours(node(FOREIGN)) == 6
    wrong = city.post(into, {"file": (io.BytesIO(sent.replace(b'"6"', b'"99"')), "x.json")})
    assert wrong.status_code == 422
    assert "第 1 项 value：「每日上限」应为整数" in wrong.text
    assert city.post(into, {}).status_code == 422
    assert city.post(into, {"file": (io.BytesIO(b"nothing"), "x")}).status_code == 400
    big = city.post(into, {"file": (io.BytesIO(b" " * 400_000), "x")})
    assert (big.status_code, "lifang settings import" in big.text) == (400, True)


def test_a_worker_may_look_and_change_nothing(visit: Visit):
    worker = visit("community_worker", at=HOME)
    page = worker.text(PAGES)
    assert "畅家巷社区" in page
    assert "导入设置" not in page
    one = f"{PAGES}/dial/hours?at={HOME}"
    assert "新的值" not in worker.text(one)
    assert "lifang settings explain" in worker.text(one)
    assert worker.post(one, {"value": "6", "basis": BASIS}).status_code == 403
    assert worker.post(f"{PAGES}/dial/presets/strict-2025?at={HOME}", {}).status_code == 403
    assert worker.get(f"{PAGES}/file.json").status_code == 403
    assert worker.get(f"{PAGES}/dial/nothing").status_code == 404
    assert worker.get(f"{PAGES}?at={FOREIGN}").status_code == 422
    assert not SettingRow.select().exists()
