"""Personal values are told to handlers, shown to nobody, and gone everywhere once erased."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import marshmallow as ma
import pytest

import lifang as lf
from lifang.entities.audit import AuditChange
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.publish import publish
from lifang.events.tables import Erasable, EventRow, Retry
from lifang.kit.errors import Forbidden, Invalid
from lifang.services import erasing, event_log, letters, resending
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.letters import Wanted
from lifang.testing import world
from lifang.testing.world import CITY, HOME
from tests.core.events.listeners import listen, say

CALLED = "probe.visit.made"
CANARY = "金丝雀13912345678"


class Visit(ma.Schema):
    person = ma.fields.Integer(strict=True, required=True)
    phone = ma.fields.String(allow_none=True)
    day = ma.fields.String()


declared = lf.payload(CALLED, Visit, erasable={"phone": "person"})


@pytest.fixture
def told(instance: Instance) -> list[dict[str, Any]]:
    """What a handler is told; it stands no visit of the day `bad`."""
    told: list[dict[str, Any]] = []

    @on(CALLED)
    def calls(event: Event, caller: Caller) -> None:
        if event.data.get("day") == "bad":
            raise lf.Dead("not that day")
        told.append(dict(event.data))

    listen(instance, calls, at=[CITY], payloads=[declared])
    return told


def everything(instance: Instance) -> str:
    """All that the log, its deliveries and the audit trail hold, as it is stored."""
    said = []
    for table in ("event", "retry", "erasable", "audit_entry", "audit_change"):
        said += instance.database.engine.execute_sql(f"SELECT * FROM {table}").fetchall()  # noqa: S608 – our own names
    return repr(said)


def test_a_handler_is_told_the_value_and_the_log_holds_a_reference(
    instance: Instance, boss: Caller, told: list[dict[str, Any]]
):
    person = int(world.person(instance, "李强").id)
    say(boss, 1, type=CALLED, person=person, phone=CANARY)
    say(boss, 2, type=CALLED, person=person, phone=None)
    say(boss, 3, type=CALLED, person=person)
    assert drain(instance)
    assert told == [{"person": person, "phone": CANARY}, {"person": person, "phone": None},
                    {"person": person}]  # fmt: skip
    assert CANARY not in everything(instance)
    [row] = Erasable.select()
    assert row.subject == f"core.person/{person}"
    first, *_others = event_log.list_events(boss, type=CALLED)
    assert CANARY not in repr(list(event_log.list_events(boss, type=CALLED)))
    assert event_log.find_event(boss, first.position - 2).data["phone"] == "***"


def test_a_rolled_back_event_leaves_no_value(instance: Instance, boss: Caller, told: Any):
    with instance.database.transaction():
        say_inside(boss, "kept")
        with pytest.raises(ZeroDivisionError), instance.database.transaction():
            say_inside(boss, "gone")
            raise ZeroDivisionError
    assert Erasable.select().count() == 1
    assert drain(instance)
    assert [one["phone"] for one in told] == ["kept"]


def say_inside(boss: Caller, phone: str) -> None:
    publish(CALLED, "probe.visit/1", {"person": 1, "phone": phone}, caller=boss)


def test_erased_everywhere_and_told_once(
    instance: Instance, boss: Caller, told: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    person, other = (int(world.person(instance, name).id) for name in ("李强", "王芳"))
    say(boss, 1, type=CALLED, person=person, phone=CANARY, day="bad")
    say(boss, 2, type=CALLED, person=other, phone="13800001111")
    assert drain(instance)
    assert told == [{"person": other, "phone": "13800001111"}]
    subject = f"core.person/{person}"
    assert erasing.erase(boss, subject) == 1
    assert erasing.erase(boss, subject) == 0
    erased = list(event_log.list_events(boss, type="core.person.erased"))
    assert [(one.subject, one.data) for one in erased] == [(person, {"values": 1, "files": 0})]
    assert [row.subject for row in Erasable.select()] == [f"core.person/{other}"]
    [letter] = letters.letters(boss, Wanted())
    assert letter.event.data["phone"] == lf.ERASED
    resending.carry_out(boss, "replay", Wanted(), data={"person": person, "phone": lf.ERASED})
    assert drain(instance)
    assert told[1:] == [{"person": person, "phone": lf.ERASED}]
    assert CANARY not in everything(instance) + caplog.text


def test_a_value_told_after_an_erasure_can_be_erased_again(
    instance: Instance, boss: Caller, told: Any
):
    person = int(world.person(instance, "李强").id)
    assert erasing.erase(boss, f"core.person/{person}") == 0, "told of though there was none"
    say(boss, 1, type=CALLED, person=person, phone=CANARY)
    assert erasing.erase(boss, f"core.person/{person}") == 1
    assert len(list(event_log.list_events(boss, type="core.person.erased"))) == 2


def test_nobody_below_erases_and_nothing_that_is_no_record(
    instance: Instance, boss: Caller, caller: Any, told: Any
):
    person = int(world.person(instance, "李强").id)
    say(boss, 1, type=CALLED, person=person, phone=CANARY)
    subject = f"core.person/{person}"
    for role in ("district_admin", "community_worker"):
        with pytest.raises(Forbidden):
            erasing.erase(caller(role, at=CITY), subject)
    for wrong in ("core.person", "core.person/x", "core.nothing/1", "core.person/999999"):
        with pytest.raises(Invalid):
            erasing.erase(boss, wrong)
    assert Erasable.select().count() == 1


def test_a_masked_value_sent_back_stays_a_reference_and_no_other_is_taken(
    instance: Instance, boss: Caller, told: list[dict[str, Any]]
):
    person = int(world.person(instance, "李强").id)
    say(boss, 1, type=CALLED, person=person, phone=CANARY, day="bad")
    assert drain(instance)
    [letter] = letters.letters(boss, Wanted())
    said = json.dumps({**letter.event.data, "day": "good"})
    wanted = Wanted(keys=(letter.key,))
    data = resending.as_data(boss, letter, resending.read_data(said))
    with pytest.raises(Invalid, match="phone"):
        resending.carry_out(boss, "replay", wanted, data={**data, "phone": "13700000000"})
    resending.carry_out(boss, "replay", wanted, data=data)
    assert CANARY not in everything(instance)
    [letter] = letters.letters(boss, Wanted(keys=(letter.key,), state=None))
    assert letter.instead == {"person": person, "phone": "***", "day": "good"}
    assert drain(instance)
    assert told == [{"person": person, "phone": CANARY, "day": "good"}]


def test_a_personal_input_of_an_action_is_sealed_in_the_trail_too(
    instance: Instance, boss: Caller, enable: Callable[..., None]
):
    enable("dual_reporting", at=CITY)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    type = "dual_reporting.report.ended"
    person, boss = world.person(instance, "李强"), world.boss(instance)
    report = write(reports, "create", boss, {"person": person.id, "community": {"code": HOME}})
    write(reports, "end", boss, {"reason": CANARY}, int(report.id))
    assert (
        instance.events.read([EventRow.get(EventRow.type == type).pos])[0].data["reason"] == CANARY
    )
    assert AuditChange.get(AuditChange.field == "input:reason").sealed
    rows = instance.database.engine.execute_sql("SELECT * FROM audit_change").fetchall()
    assert CANARY not in repr(rows)


def test_a_value_that_an_upcaster_makes_anew_is_masked_all_the_same(
    instance: Instance, boss: Caller, told: list[dict[str, Any]]
):
    say(boss, 1, type=CALLED, person=1, phone=CANARY)

    def louder(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "phone": data["phone"] + "!"}

    instance.plugins.payloads[CALLED] = lf.payload(
        CALLED, Visit, version=2, upcasters={1: louder}, erasable={"phone": "person"}
    )
    assert drain(instance)
    assert told == [{"person": 1, "phone": CANARY + "!"}]
    [shown] = event_log.list_events(boss, type=CALLED)
    assert shown.data["phone"] == "***"
    assert shown.version == 2


def test_a_value_moved_to_somebody_else_does_not_open(
    instance: Instance, boss: Caller, told: list[dict[str, Any]]
):
    say(boss, 1, type=CALLED, person=1, phone=CANARY)
    row = EventRow.get(EventRow.type == CALLED)
    forged = row.data.replace("core.person/1", "core.person/2")
    with instance.database.transaction():
        EventRow.update(data=forged).where(EventRow.pos == row.pos).execute()
        Erasable.update(subject="core.person/2").execute()
    assert CANARY not in repr(list(event_log.list_events(boss, type=CALLED)))
    assert drain(instance)
    assert told == []
    assert "解不开" in (Retry.get().error or "")


def test_the_event_itself_can_be_the_subject_and_a_number_is_refused(
    instance: Instance, boss: Caller, told: Any
):
    instance.plugins.payloads["core.person.greeted"] = lf.payload(
        "core.person.greeted", ma.Schema.from_dict({"name": ma.fields.Raw()}),
        erasable={"name": None},
    )  # fmt: skip
    with instance.database.transaction():
        publish("core.person.greeted", "core.person/5", {"name": "李强"}, caller=boss)
    assert [row.subject for row in Erasable.select()] == ["core.person/5"]
    with pytest.raises(TypeError, match="name"), instance.database.transaction():
        publish("core.person.greeted", "core.person/5", {"name": 5}, caller=boss)
    assert Retry.select().count() == 0
