"""The first plugin's handler does its work, and who may see events sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lifang.builtin.people import people
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.events.tables import EventRow
from lifang.kit.errors import Forbidden, Invalid
from lifang.services.delivery import drain, lag, lag_seen_by
from lifang.services.event_log import list_events
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CHENGGUAN, FOREIGN, HOME, NEIGHBOUR

HANDLER = "dual_reporting.suggest_transfer"


def place(code: str) -> int:
    return int(Community.get(Community.code == code).id)


@pytest.fixture
def reports(instance: Instance, enable):
    """The resource of the real plugin, on in one district."""
    enable("dual_reporting", at=CHENGGUAN)
    return instance.registry.find("dual_reporting", "reports")


@pytest.fixture
def staff(instance: Instance, reports) -> Caller:
    """The first administrator, since the plugin is on."""
    return world.boss(instance)


def reported(reports, boss: Caller, name: str, at: str):
    """A person who lives somewhere and has reported there."""
    person = world.person(boss.instance, name, at=at)
    told = {"person": int(person.id), "community": place(at)}
    return person, write(reports, "create", boss, told)


def move(boss: Caller, person: Person, to: str) -> None:
    told = {"community": place(to), "date": "2026-11-20"}
    write(people, "move", boss, told, int(person.id))


def test_whoever_moves_away_is_asked_whether_the_report_moves_along(
    instance: Instance, staff: Caller, reports
):
    person, report = reported(reports, staff, "李强", HOME)
    other, stays = reported(reports, staff, "张燕", HOME)
    write(reports, "accept", staff, {}, int(report.id))
    move(staff, person, FOREIGN)
    assert reports.model.get_by_id(report.id).transfer_to is None
    assert drain(instance)
    assert reports.model.get_by_id(report.id).transfer_to_id == place(FOREIGN)
    assert reports.model.get_by_id(stays.id).transfer_to is None
    moved = EventRow.get(EventRow.type == "core.person.moved")
    proposed = EventRow.get(EventRow.type == "dual_reporting.report.transfer_proposed")
    assert proposed.cause == moved.pos
    entry = AuditEntry.get(AuditEntry.noun == "reports", AuditEntry.verb == "propose_transfer")
    assert (entry.actor_name, entry.on_behalf_of) == ("plugin:dual_reporting", "boss")
    assert entry.source == "event"


def test_a_move_from_where_the_plugin_is_off_sends_nothing_back(
    instance: Instance, staff: Caller, reports
):
    person, report = reported(reports, staff, "李强", HOME)
    move(staff, person, NEIGHBOUR)
    assert drain(instance)
    new = write(reports, "create", staff, {"person": int(person.id), "community": place(NEIGHBOUR)})
    move(staff, person, FOREIGN)
    assert drain(instance)
    assert reports.model.get_by_id(new.id).state == "rejected"
    move(staff, person, HOME)
    assert drain(instance)
    back = EventRow.select().where(EventRow.type == "dual_reporting.report.rejected")
    assert back.count() == 2, "once when leaving each community where it was on"


def test_nothing_is_missed_between_the_switch_and_the_first_delivery(
    instance: Instance, staff: Caller, reports
):
    person, report = reported(reports, staff, "李强", HOME)
    move(staff, person, FOREIGN)
    [told] = [one for one in lag(instance) if one.name == HANDLER]
    assert told.behind == 1
    assert drain(instance)
    assert reports.model.get_by_id(report.id).state == "rejected"


def test_events_are_listed_newest_first_with_their_places(instance: Instance, boss: Caller):
    person = world.person(instance, "李强")
    move(boss, person, FOREIGN)
    told = list(list_events(boss))
    assert [one.position for one in told] == sorted((o.position for o in told), reverse=True)
    [moved] = list_events(boss, type="core.person.moved")
    assert (moved.noun, moved.subject, moved.actor) == ("core.person", person.id, "boss")
    assert {one.code for one in moved.communities} == {HOME, FOREIGN}
    assert moved.data["old"] == place(HOME)
    assert list(list_events(boss, about=f"core.person/{person.id}", limit=1))[0].type == moved.type
    assert all(one.position < moved.position for one in list_events(boss, before=moved.position))
    inside = list(list_events(boss, within=FOREIGN))
    assert inside
    assert all(FOREIGN in {one.code for one in event.communities} for event in inside)


def test_pages_of_events_join_without_a_gap(instance: Instance, boss: Caller, monkeypatch):
    monkeypatch.setattr("lifang.services.event_log.PAGE", 3)
    told = [one.position for one in list_events(boss)]
    assert told == list(range(EventRow.select().count(), 0, -1))


@pytest.mark.parametrize("role", ["district_admin", "community_worker", "security_administrator"])
def test_other_roles_see_no_events(caller: Callable[..., Caller], role: str):
    who = caller(role, at=CHENGGUAN)
    with pytest.raises(Forbidden):
        list_events(who)
    with pytest.raises(Forbidden):
        lag_seen_by(who)


def test_an_auditor_of_one_district_sees_its_events_only(
    instance: Instance, caller: Callable[..., Caller]
):
    world.person(instance, "李强", at=HOME)
    world.person(instance, "王芳", at=FOREIGN)
    who = caller("auditor", at=CHENGGUAN)
    told = list(list_events(who))
    assert told
    codes = {one.code for event in told for one in event.communities}
    assert FOREIGN not in codes
    assert HOME in codes
    with pytest.raises(Invalid):
        list_events(who, within="999999999999")
    with pytest.raises(Forbidden):
        lag_seen_by(who)


def test_who_sees_everything_sees_how_far_the_handlers_are(staff: Caller, reports):
    assert HANDLER in [one.name for one in lag_seen_by(staff)]
