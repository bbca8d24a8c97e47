"""Plugins on their pages: the list, one plugin with its places and its past, and every move."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest

from lifang.events.tables import Catchup, EventArchive
from lifang.kit import clock
from lifang.plugins.finding import discover
from lifang.plugins.tables import PluginRow, Stop
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import REPORTS, Visit, Visitor

HOME = "/admin/plugins"
ONE = f"{HOME}/dual-reporting"


def test_a_plugin_is_installed_and_switched_from_its_page(
    administrator: Visitor, worker: Visitor
) -> None:
    assert "未安装" in administrator.text(HOME)
    installed = administrator.post(f"{ONE}/install")
    assert installed.headers["Location"] == f"{ONE}?done=install"
    assert "现在可以选择在哪里启用" in administrator.text(f"{ONE}?done=install")
    worker.text(REPORTS, status=404)
    on = administrator.post(f"{ONE}/enable", {"at": "城关区"})
    assert on.headers["Location"] == f"{ONE}?done=enable"
    page = administrator.text(f"{ONE}?done=enable")
    assert "插件已启用" in page and "城关区" in page and "兰州市 2/3 个社区" in page
    worker.text(REPORTS)
    again = administrator.post(f"{ONE}/enable", {"at": world.CHENGGUAN})
    assert again.status_code == 409 and "已是启用状态" in again.text
    off = administrator.post(f"{ONE}/disable", {"at": world.CHENGGUAN, "list": "yes"})
    assert off.headers["Location"] == f"{HOME}?done=disable"
    assert "没有启用" in administrator.text(HOME)
    worker.text(REPORTS, status=404)
    told = administrator.text(f"{ONE}?show=history")
    assert [told.index(f"<strong>{verb}") for verb in ("停用", "启用", "安装")] == sorted(
        told.index(f"<strong>{verb}") for verb in ("停用", "启用", "安装")
    )


def test_the_page_says_what_of_the_past_is_told(administrator: Visitor, reporting: None) -> None:
    assert "从头告诉" in administrator.text(f"{ONE}/enable")
    asked = {"at": world.QILIHE, "history": "yesterday"}
    refused = administrator.post(f"{ONE}/enable", asked)
    assert refused.status_code == 422 and "不是 start、now 或日期" in refused.text
    asked["history"] = "restart"
    assert administrator.post(f"{ONE}/enable", asked).status_code == 303
    ranges = Catchup.select().where(Catchup.to_pos.is_null())
    assert {row.pos for row in ranges} == {0}
    assert "更早的已归档" not in administrator.text(ONE)
    types = {"core.person.moved": [3, 41], "core.thing.heard": [9, 99]}
    told = {"owner": "", "at": clock.now(), "types": json.dumps(types), "events": 12}
    EventArchive.insert(name="x", state="done", **told).execute()
    assert "从位置 42 起完整，更早的已归档" in administrator.text(ONE)


def test_a_switch_outside_ones_district_is_refused(
    visit: Visit, worker: Visitor, reporting: None
) -> None:
    district = visit("district_admin", at=world.QILIHE)
    assert district.post(f"{ONE}/enable", {"at": world.FOREIGN}).status_code == 303
    assert district.post(f"{ONE}/disable", {"at": world.CHENGGUAN}).status_code == 422
    assert worker.post(f"{ONE}/disable", {"at": world.CHENGGUAN}).status_code == 403
    worker.text(REPORTS)


@pytest.fixture
def related(instance: Instance, enable: Callable[..., None]) -> None:
    """Agency contracts need dual reporting, by what is stored of both."""
    for plugin in ("dual_reporting", "agency_contracts"):
        enable(plugin, at=world.FOREIGN)
    for plugin, more in (
        ("dual_reporting", {"provides": ["reports.read"]}),
        ("agency_contracts", {"needs": ["reports.read"]}),
    ):
        row = PluginRow.get_by_id(plugin)
        declared = json.dumps({**json.loads(row.declared), **more})
        with instance.database.transaction():
            PluginRow.update(declared=declared).where(PluginRow.name == plugin).execute()


def test_what_a_plugin_needs_is_told_and_confirmed(administrator: Visitor, related: None) -> None:
    other = f"{HOME}/agency-contracts"
    refused = administrator.post(f"{other}/enable", {"at": world.CHENGGUAN, "list": "yes"})
    assert refused.status_code == 409 and "双报到" in refused.text
    assert 'name="along"' in refused.text and f'value="{world.CHENGGUAN}"' in refused.text
    assert 'name="along"' not in administrator.text(f"{other}/enable")
    asked = {"at": world.CHENGGUAN, "along": "yes"}
    assert administrator.post(f"{other}/enable", asked).status_code == 303
    page = administrator.text(ONE)
    assert "城关区" in page and "兰州市 全部 3 个社区" in page
    refused = administrator.post(f"{ONE}/disable", {"at": world.CHENGGUAN})
    assert refused.status_code == 409 and 'name="along"' in refused.text


def test_switches_are_shown_as_a_tree_with_who_set_them(
    administrator: Visitor, visit: Visit, reporting: None
) -> None:
    asked = {"at": world.HOME, "reason": "核对名单", "until": "2099-12-31"}
    assert administrator.post(f"{ONE}/suspend", {"at": world.HOME}).status_code == 422
    assert administrator.post(f"{ONE}/suspend", asked).status_code == 303
    page = administrator.text(ONE)
    for said in ("继承：停用", "继承：启用", "暂停中", "原因：核对名单，到 2100-01-01 00:00 为止",
                 administrator.name, "兰州市 1/3 个社区"):  # fmt: skip
        assert said in page, said
    administrator.post(f"{ONE}/resume", {"at": world.HOME})
    administrator.post(f"{ONE}/enable", {"at": world.CITY, "lock": "yes"})
    assert "下级不可改" in administrator.text(ONE)
    district = visit("district_admin", at=world.CHENGGUAN)
    refused = district.post(f"{ONE}/disable", {"at": world.CHENGGUAN})
    assert refused.status_code == 409 and "锁定" in refused.text
    elsewhere = visit("district_admin", at=world.QILIHE)
    administrator.post(f"{ONE}/enable", {"at": world.CITY})
    administrator.post(f"{ONE}/enable", {"at": world.HOME})
    assert "畅家巷社区" in district.text(ONE) and "畅家巷社区" not in elsewhere.text(ONE)
    past = f"{ONE}?show=history"
    assert "核对名单" in district.text(past) and "核对名单" not in elsewhere.text(past)
    assert "兰州市" in elsewhere.text(ONE) and "兰州市" in elsewhere.text(past)
    page = district.text(HOME)
    assert "城关区 全部 2 个社区" in page and "卸载" not in district.text(ONE)
    for verb in ("uninstall", "quarantine", "upgrade"):
        assert district.get(f"{ONE}/{verb}").status_code == 403
        assert district.post(f"{ONE}/{verb}").status_code == 403


def test_a_plugin_is_looked_at_before_it_leaves_and_purged_only_by_its_id(
    administrator: Visitor, reporting: None
) -> None:
    page = administrator.text(f"{ONE}/uninstall")
    assert "dual_reporting_report" in page and "这是预览" in page
    for form in ({}, {"how": "purge"}, {"how": "purge", "confirm": "webhooks"}, {"how": "burn"}):
        assert administrator.post(f"{ONE}/uninstall", form).status_code == 422
    assert "已安装" in administrator.text(ONE)
    kept = administrator.post(f"{ONE}/uninstall", {"how": "keep"})
    assert kept.headers["Location"] == f"{ONE}?done=uninstall"
    assert "已卸载" in administrator.text(ONE)
    assert "dual_reporting_report" in administrator.text(f"{ONE}?show=content")
    purged = {"confirm": "dual_reporting", "no_backup": "yes"}
    assert administrator.post(f"{ONE}/purge", purged).status_code == 303
    page = administrator.text(f"{ONE}?show=history")
    assert "已清除" in page and "<strong>清除</strong>" in page
    assert administrator.post(f"{ONE}/purge", purged).status_code == 409
    assert administrator.post(f"{ONE}/install").status_code == 303


def test_what_is_broken_or_stopped_comes_first_with_its_reason_and_what_helps(
    administrator: Visitor, instance: Instance, reporting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    discover()["webhooks"].entry.load()  # all its modules are there, and will be there again
    for name in [one for one in sys.modules if one.partition(".")[0] == "lifang_webhooks"]:
        monkeypatch.setitem(sys.modules, name, sys.modules[name])
    told = {"label": "夜间巡逻", "version": "1.1", "state": "installed", "changed_at": clock.now()}
    with instance.database.transaction():
        PluginRow.insert(name="night_patrol", **told).execute()
    instance.plugins.faults["webhooks"] = "Traceback…\n  in handler\nKeyError: 'phone'"
    reason = {"reason": "数据不对，先停用核对"}
    assert administrator.post(f"{ONE}/quarantine", reason).status_code == 303
    page = administrator.text(HOME)
    assert page.index('id="g-trouble"') < page.index("夜间巡逻") < page.index('id="g-available"')
    for said in ("它的软件包不在了", "KeyError", "已隔离", reason["reason"]):
        assert said in page, said
    assert f'action="{HOME}/webhooks/retry"' in page and f'href="{HOME}/night-patrol/purge"' in page
    broken = administrator.text(f"{HOME}/webhooks")
    assert "in handler" in broken and "lifang plugin retry webhooks" in broken
    assert administrator.post(f"{HOME}/webhooks/retry").status_code == 303
    stopped = administrator.text(ONE)
    assert reason["reason"] in stopped and f'action="{ONE}/release"' in stopped
    assert administrator.post(f"{ONE}/release").status_code == 303
    assert "城关区" in administrator.text(ONE)
    with instance.database.transaction():
        Stop.create(plugin="dual_reporting", part="home_cards", rule="slow", why="0.8 s > 0.25 s",
                    version="0.1.0", stopped_by="x", stopped_at=clock.now())  # fmt: skip
    page = administrator.text(f"{ONE}?show=running")
    assert "太慢：0.8 s &gt; 0.25 s" in page and "整个实例" in page
    assert administrator.post(f"{ONE}/release").status_code == 303
    assert "太慢：" not in administrator.text(f"{ONE}?show=running")
    instance.plugins.safe = True
    assert "安全模式：没有载入任何插件" in administrator.text(HOME)
