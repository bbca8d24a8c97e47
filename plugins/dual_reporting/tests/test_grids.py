"""With acceptance somebody gets a grid: of their home, or the one that is said; or none as yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.services.report import accept
from plugins.dual_reporting.tests.office import Office, at

API = "/api/v1/dual-reporting/reports"


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def test_accepting_gives_the_grid_of_home_or_one_of_the_community(
    office: Office, make_community: Any, api: Any, page: Any, run: Any
) -> None:
    one = make_community("第一网格", under=world.HOME, kind="grid", code="620102001001001")
    far = make_community("别处网格", under=world.NEIGHBOUR, kind="grid", code="620102001002001")
    liqiang = office.person("李强", at=one.code)
    assert lf.act(accept, office.report(liqiang), office.worker).grid_id == one.id
    zhaomin = office.report(office.person("赵敏"))
    with pytest.raises(lf.Invalid, match="网格须在「畅家巷社区」之内"):
        lf.act(accept, zhaomin, office.boss, grid=far)
    assert lf.act(accept, zhaomin, office.worker, grid=one).grid_id == one.id
    by_api, by_page, by_command, without = (
        office.report(office.person(name)) for name in ("王芳", "李娜", "张伟", "刘洋")
    )
    worker, told = api("community_worker", at=world.HOME), {"grid": {"code": one.code}}
    accepted = worker.post(f"{API}/{by_api.id}/actions/accept", json=told).json
    assert accepted["grid"]["name"] == "第一网格"
    desk = page("community_worker", at=world.HOME)
    path = f"/p/dual-reporting/reports/{by_page.id}/actions/accept"
    assert desk.post(path, {"grid": one.code}).status_code == 303
    done = run("dual-reporting", "reports", "accept", str(by_command.id), "--grid", one.code)
    assert done.code == 0, done.err
    assert {office.now(each).grid_id for each in (by_page, by_command)} == {one.id}
    assert lf.act(accept, without, office.worker).grid_id is None
    listed = desk.text("/p/dual-reporting")
    assert f"/reports/{without.id}/actions/assign" in listed, "who has none stays on the desk"
    assert f"/reports/{by_api.id}/actions/assign" not in listed
    rows = desk.text("/p/dual-reporting/reports")
    assert '<span class="nowrap">SBD-620102001001-' in rows, "a receipt's number is not broken"
