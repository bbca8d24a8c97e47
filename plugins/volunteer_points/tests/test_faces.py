"""A volunteer's way through pages, an organiser's through pages and commands, a figure upwards."""

from __future__ import annotations

import re
from typing import Any

import pytest

import lifang as lf
from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.testing import world
from lifang_volunteer_points.models import ServiceRecord, SignUp
from lifang_volunteer_points.resources import volunteers

HOME = "/p/volunteer-points"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LINK = re.compile(rf"{HOME}/shifts/\d+/actions/check-(?:in|out)\?code=[A-Z2-7]{{8}}")


class Browser:
    """Somebody signed in at the pages."""

    def __init__(self, station: Any, name: str, role: str, person: Any = None) -> None:
        with station.instance.database.transaction():
            account = Account.create(name=name, must_change=False, person=person)
            node = Community.get(Community.code == world.HOME)
            Grant.create(account=account, role=role, community=node)
        self.station, self.account = station, account
        self.client = create_app(station.instance).test_client()
        self.sign_in()

    def sign_in(self) -> None:
        """Begin a session: none lasts over night."""
        with self.station.instance.database.transaction():
            told = sign_in.open_session(self.account)
        self.client.set_cookie("lifang", told, path="/")

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status, answer.text)
        return answer.text

    def post(self, path: str, **form: Any) -> Any:
        page = self.client.get(path).text
        token = TOKEN.search(page)
        assert token is not None, page
        return self.client.post(path, data={"csrf_token": token.group(1), **form})


@pytest.fixture
def shift(station: Any) -> Any:
    station.liqiang = station.volunteer("李强")
    return station.shift()


def test_one_signs_up_and_in_by_scanning_what_the_organiser_shows(station: Any, shift: Any):
    organiser = Browser(station, "wang", "community_worker")
    mine = Browser(station, "liqiang", "resident", station.liqiang.person)
    assert "楼道清洁" in mine.get(f"{HOME}/activities")
    told = {"shift": str(shift.id), "volunteer": str(station.liqiang.id)}
    assert mine.post(f"{HOME}/sign-ups/new", **told).status_code == 303
    station.clock.move_to(station.at(9))
    organiser.sign_in()
    mine.sign_in()
    shown = organiser.post(f"{HOME}/shifts/{shift.id}/actions/show-arrival").text
    assert '<img class="qr" src="data:image/svg+xml' in shown
    (link,) = set(LINK.findall(shown))
    page = mine.get(link)
    code = link.rpartition("=")[2]
    assert f'value="{code}"' in page, "the code is filled in already"
    assert mine.post(link, code=code).status_code == 303
    assert SignUp.get().state == "present"
    again = mine.post(link, code=code)
    assert again.status_code == 409
    assert "链接" not in mine.get("/me")
    station.clock.move_to(station.at(12.5))
    organiser.sign_in()
    mine.sign_in()
    (out,) = set(
        LINK.findall(organiser.post(f"{HOME}/shifts/{shift.id}/actions/show-leaving").text)
    )
    assert mine.post(out, code=out.rpartition("=")[2]).status_code == 303
    station.events.deliver()
    record = ServiceRecord.get()
    confirmed = organiser.post(f"{HOME}/service-records/{record.id}/actions/confirm")
    assert confirmed.status_code == 303
    assert ServiceRecord.get().state == "confirmed"
    assert "楼道清洁" in mine.get("/me")


def test_a_resident_neither_shows_codes_nor_sees_other_peoples_records(station: Any, shift: Any):
    wang = Browser(station, "wang", "resident", station.person("王秀兰"))
    one = station.sign_up(shift, station.liqiang)
    assert wang.client.get(f"{HOME}/sign-ups/{one.id}").status_code == 404
    assert wang.client.get(f"{HOME}/volunteers/{station.liqiang.id}").status_code == 404
    assert wang.post(f"{HOME}/shifts/{shift.id}/actions/show-arrival").status_code == 403
    page = wang.get(f"{HOME}/volunteers")
    assert "李强" not in page


def test_figures_follow_the_records(station: Any):
    for name, hours in (("李强", 3.5), ("王秀兰", 2)):
        who = station.volunteer(name)
        station.lock(station.serve(who, hours, lf.now().replace(hour=1, minute=0)))
    station.volunteer("张晓燕")

    organiser = Browser(station, "wang", "community_worker")

    def figure(name: str) -> str:
        about = f"within={world.HOME}&period=2026"
        return organiser.get(f"/indicators/volunteer_points.{name}?{about}")

    assert "5.5" in figure("hours")
    assert "1.8" in figure("hours_per_head")
    assert "66.7" in figure("active")
    assert lf.count(volunteers, station.worker) == 3
