"""The examples of docs/plugins/testing.md: the test kit as an author uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.commands import Command
from lifang.testing.events import Clock, Events
from lifang.testing.visitors import Api, Visit
from tests.core.testing.test_kit import Toy, home_cards, lend, library, note, span, toys

Make = Callable[..., Any]

pytestmark = pytest.mark.once


@pytest.fixture
def worker(temp_plugin: Make, caller: Make) -> lf.Caller:
    """A worker of a community where the plugin is on."""
    temp_plugin(library(), at=world.CHENGGUAN)
    found: lf.Caller = caller("community_worker", at=world.HOME)
    return found


def enter(caller: lf.Caller) -> Toy:
    told = {"name": "积木", "community": {"code": world.HOME}}
    return lf.write(toys, "create", caller, told)


def test_a_caller_sees_what_lies_below_their_place(worker: lf.Caller, caller: Make) -> None:
    toy = enter(worker)
    assert lf.get(toys, worker, toy.id).name == "积木"
    with pytest.raises(lf.NotFound):
        lf.get(toys, caller("community_worker", at=world.NEIGHBOUR), toy.id)


def test_a_setting_holds_at_a_place(worker: lf.Caller, enable: Make, make_community: Make) -> None:
    new = make_community("新社区", under="620102001000")
    enable("toys", at=new.code, span=3)
    assert (span(new), span(enter(worker).community_id)) == (3, 14)


def test_a_command_answers_in_words_and_in_json(worker: lf.Caller, run: Command) -> None:
    enter(worker)
    said = run("toys", "toys", "list", "--json")
    assert (said.code, said.json["items"][0]["name"]) == (0, "积木")
    refused = run("toys", "toys", "lend", "99", "--json")
    assert (refused.code, refused.problem["status"]) == (4, 404)


def test_somebody_meets_it_on_a_page(worker: lf.Caller, page: Visit) -> None:
    enter(worker)
    visitor = page("community_worker", at=world.HOME)
    assert "积木" in visitor.text("/p/toys/toys")
    assert visitor.post("/p/toys/toys/1/actions/lend").status_code == 303
    page("community_worker", at=world.FOREIGN).text("/p/toys/toys/1", status=404)


def test_a_program_meets_it_at_the_api(worker: lf.Caller, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    told = {"name": "积木", "community": {"code": world.HOME}}
    assert client.post("/api/v1/toys/toys", json=told).status_code == 201
    assert client.get("/api/v1/toys/toys/1").json["state"] == "here"


def test_a_handler_that_fails_is_tried_again(
    worker: lf.Caller, events: Events, clock: Clock
) -> None:
    lf.act(lend, enter(worker), worker)
    [lent] = events.published("toys.toy.lent")
    assert lent.data == {"days": 14}
    with events.failing(note, times=1):
        events.deliver()
    assert [one.state for one in events.letters(note)] == ["waiting"]
    clock.later(minutes=10)
    events.deliver()
    assert events.letters(note) == []


def test_a_card_that_breaks_is_left_out(worker: lf.Caller, fault: Make) -> None:
    calls = fault(home_cards, raises=RuntimeError("broken"))
    assert worker.instance.plugins.cards(worker) == []
    assert len(calls) == 1


def test_people_and_organizations_are_made_where_they_are_needed(
    make_person: Make, make_organization: Make, caller: Make
) -> None:
    neighbour = make_person("李强", at=world.NEIGHBOUR, phone="13800001234")
    unit = make_organization("示例甲", at=world.HOME)
    himself = caller("resident", person=neighbour)
    assert himself.person == neighbour.id
    assert caller("unit_liaison", unit=unit).standings[0].organization == unit.id
