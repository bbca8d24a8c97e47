"""Every page as everybody: who sees it, who is sent to sign in, who is told it is not there."""

from __future__ import annotations

import pytest
from flask import Flask

from lifang.entities.person import Person
from lifang.lifecycle import switching
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import REPORTS, Visitor

SEEN_BY_ALL = ["/", "/communities", "/people", "/organizations", "/affiliations", "/memberships",
               "/account/password", "/me", "/notices", "/consents", "/public-notices",
               "/sheets", "/inbox", "/inbox/kinds"]  # fmt: skip
FOR_ADMINISTRATORS = ["/admin/plugins", "/admin/plugins/dual-reporting?show=history",
                      "/admin/plugins/dual-reporting/enable", "/admin/accounts",
                      "/admin/accounts/new", "/admin/grants",
                      "/admin/grants/new", "/admin/audit", "/admin/audit?verify=true",
                      "/admin/events", "/admin/events?show=dead", "/admin/events/1",
                      "/admin/doctor", "/communities/new"]  # fmt: skip
OF_A_WORKER = ["/people/new", "/organizations/new", "/affiliations/new", "/memberships/new",
               "/people?q=lq", "/people?within=620102000000&sort=-name&count=true",
               f"/communities?at={world.HOME}", "/?start=1"]  # fmt: skip
CHANGING = ["/sign-out", "/looks", "/people/new", "/people/1/edit", "/people/1/remove",
            "/people/1/reveal", "/people/1/actions/move", "/admin/accounts/new",
            "/admin/accounts/1/password", "/admin/plugins/dual_reporting/enable",
            "/account/password", "/admin/events/letters", "/me/consents",
            "/notices/1/objections", "/sheets/tally.roll/issue", "/documents/1/revoke",
            "/inbox/read", "/inbox/1", "/inbox/kinds", "/inbox/address"]  # fmt: skip
NOWHERE = ["/nowhere", "/sheets/tally.roll", "/sheets/tally.roll/print",
           "/accounts", "/grants", "/reports", "/people/999999", "/people/x",
           "/admin/people", "/admin/nothing", "/p/core/people", "/p/nothing/reports",
           "/p/dual-reporting/nothing", "/people/1/actions/fly", "/people/999999/history",
           "/communities?at=999"]  # fmt: skip


@pytest.mark.parametrize("path", SEEN_BY_ALL)
def test_everybody_signed_in_sees_their_part_of_it(
    administrator: Visitor, worker: Visitor, resident: Visitor, path: str
) -> None:
    for visitor in (administrator, worker, resident):
        mine = path if path != "/" or visitor is not resident else "/me"
        assert 'id="main"' in visitor.text(mine)


@pytest.mark.parametrize("path", FOR_ADMINISTRATORS)
def test_administration_is_for_administrators(
    administrator: Visitor, worker: Visitor, resident: Visitor, path: str
) -> None:
    administrator.text(path)
    for visitor in (worker, resident):
        assert visitor.get(path).status_code in (403, 404)


@pytest.mark.parametrize("path", OF_A_WORKER)
def test_a_worker_reaches_what_the_work_needs(worker: Visitor, li_qiang: Person, path: str) -> None:
    worker.text(path)


@pytest.mark.parametrize("path", [*SEEN_BY_ALL, *FOR_ADMINISTRATORS, *OF_A_WORKER, *NOWHERE[:-6]])
def test_a_stranger_is_shown_the_way_in_and_led_back_after(stranger: Visitor, path: str) -> None:
    answer = stranger.get(path)
    if answer.status_code != 404:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=%2F")


@pytest.mark.parametrize("path", CHANGING)
def test_a_change_without_a_token_of_ours_is_refused(
    administrator: Visitor, stranger: Visitor, li_qiang: Person, path: str
) -> None:
    for visitor in (administrator, stranger):
        assert visitor.client.post(path, data={}).status_code in (401, 403)
        data = {"csrf_token": "forged"}
        assert visitor.client.post(path, data=data).status_code in (401, 403)
    elsewhere = {"Origin": "https://example.com"}
    data = {"csrf_token": administrator.token()}
    assert administrator.client.post(path, data=data, headers=elsewhere).status_code == 403


@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_not_there_is_told_alike_with_a_way_back(
    administrator: Visitor, worker: Visitor, resident: Visitor, path: str
) -> None:
    for visitor in (administrator, worker, resident):
        told = visitor.text(path, status=404)
        assert "没有找到" in told and 'href="/"' in told and "请求编号" in told


def test_a_person_out_of_reach_is_like_one_that_does_not_exist(
    visit: object, worker: Visitor, instance: Instance
) -> None:
    foreign = world.person(instance, "外区人", at=world.FOREIGN)
    for tail in ("", "/edit", "/history", "/remove", "/actions/move"):
        here = worker.get(f"/people/{foreign.id}{tail}")
        nowhere = worker.get(f"/people/999999{tail}")
        assert (here.status_code, nowhere.status_code) == (404, 404)
        assert "外区人" not in here.text


def test_a_plugin_that_is_off_has_no_pages(
    administrator: Visitor, worker: Visitor, instance: Instance, reporting: None, li_qiang: Person
) -> None:
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    told = {"person": li_qiang.id, "community": {"code": world.HOME}}
    report = write(reports, "create", world.boss(instance), told)
    paths = [REPORTS, f"{REPORTS}/new", f"{REPORTS}/{report.id}", f"{REPORTS}/{report.id}/history",
             f"{REPORTS}/{report.id}/edit", f"{REPORTS}/{report.id}/actions/accept"]  # fmt: skip
    for path in paths:
        worker.text(path)
    assert "报到记录" in worker.text("/")
    switching.switch(world.boss(instance), "dual_reporting", at=world.CHENGGUAN, on=False)
    for path in paths:
        worker.text(path, status=404)
    assert "报到记录" not in worker.text("/")


def test_a_worker_where_the_plugin_is_off_never_hears_of_it(
    visit: object, app: Flask, reporting: None
) -> None:
    neighbour: Visitor = visit("community_worker", at=world.QILIHE)  # type: ignore[operator]
    neighbour.text(REPORTS, status=404)
    assert "双报到" not in neighbour.text("/")


def test_every_page_says_where_it_is_and_may_not_be_kept_by_the_browser(
    administrator: Visitor, app: Flask
) -> None:
    for path in [*SEEN_BY_ALL, *FOR_ADMINISTRATORS, "/nowhere"]:
        answer = administrator.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<title>" in answer.text and "<h1" in answer.text
        assert "<style" not in answer.text and " style=" not in answer.text
        assert "<script>" not in answer.text and "http://" not in answer.text.replace(
            "http://www.w3.org/2000/svg", ""
        )
