"""What could not be told is listed with why, told once more or given up, and audited."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import lifang as lf
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.event import Event, on
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from lifang.services import event_log, letters, resending
from lifang.services.delivery import drain, lag
from lifang.services.instance import Instance
from lifang.services.letters import Wanted
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME
from tests.core.events.listeners import HEARD, heard, listen, note, say, switch, waiting

FRAIL = "probe.frail"


@on(HEARD)
def frail(event: Event, caller: Caller) -> None:
    """Cannot stand a bad event, whatever else it is told."""
    if event.data.get("bad"):
        phone = event.data.get("phone")
        raise lf.Dead(f"no use: {phone}") from ValueError(f"{phone}")
    note("frail", event)


@on(HEARD)
def steady(event: Event, caller: Caller) -> None:
    note("steady", event)


@pytest.fixture
def broken(instance: Instance, boss: Caller) -> int:
    """A dead letter about one record, of which a later event has been told; its position."""
    listen(instance, frail, steady, at=[CITY])
    say(boss, 2, at=HOME, bad=True, phone="13800001234", why="电话 13800001234")
    place = int(EventRow.get(EventRow.type == HEARD).pos)
    say(boss, 2, at=HOME)
    assert drain(instance)
    return place


def key(position: int) -> Wanted:
    return Wanted(keys=(f"{position}@{FRAIL}",))


def test_a_dead_letter_is_listed_with_why_and_where_but_no_values(
    boss: Caller, broken: int
) -> None:
    [letter] = letters.letters(boss, Wanted())
    assert (letter.subscriber, letter.state, letter.tries) == (FRAIL, "dead", 1)
    assert letter.event.position == broken
    assert letter.error == "no use: 138****1234"
    assert letter.stack is not None
    assert letter.stack.splitlines()[0] == "Dead"
    assert "services/test_letters.py:" in letter.stack and "ValueError" in letter.stack
    assert "/home" not in letter.stack and "13800001234" not in letter.stack
    assert letter.event.data["why"] == "电话 138****1234"
    assert letters.letters(boss, Wanted(state="waiting")) == []


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 1), ({"subscriber": FRAIL}, 1), ({"subscriber": "probe.steady"}, 0),
        ({"plugin": "probe"}, 1), ({"plugin": "prob"}, 0), ({"type": HEARD}, 1),
        ({"type": "core.thing.seen"}, 0), ({"since": "2020-01-01"}, 1),
        ({"until": "2020-01-01"}, 0),
    ],
)  # fmt: skip
def test_letters_are_narrowed(boss: Caller, broken: int, asked: dict, number: int) -> None:
    asked = {
        name: event_log.moment(name, value) if name in ("since", "until") else value
        for name, value in asked.items()
    }
    assert len(letters.letters(boss, Wanted(**asked))) == number


def test_what_cannot_be_asked_is_refused(boss: Caller) -> None:
    with pytest.raises(Malformed):
        letters.letters(boss, Wanted(state="gone"))
    with pytest.raises(Malformed):
        letters.letters(boss, Wanted(keys=("x",)))
    with pytest.raises(Malformed):
        event_log.moment("since", "soon")
    with pytest.raises(Invalid):
        resending.check(boss, "replay", Wanted(keys=()))


def test_letters_are_paged_by_their_keys(instance: Instance, boss: Caller) -> None:
    @on(HEARD)
    def worse(event: Event, caller: Caller) -> None:
        raise lf.Dead("never")

    listen(instance, frail, worse, at=[CITY])
    say(boss, 1, 2, 3, bad=True)
    assert drain(instance)
    whole = [one.key for one in letters.letters(boss, Wanted())]
    assert len(whole) == 6
    told, before = [], None
    while page := letters.letters(boss, Wanted(), before=before, limit=1):
        told.append(before := page[0].key)
    assert told == whole


def test_the_chain_tells_how_far_everybody_is(
    instance: Instance, boss: Caller, broken: int
) -> None:
    def states(position: int) -> dict[str, str]:
        event = event_log.find_event(boss, position)
        return {one.subscriber: one.state for one in letters.chain(boss, event)}

    assert states(broken) == {FRAIL: "dead", "probe.steady": "done"}
    resending.carry_out(boss, "replay", key(broken))
    assert states(broken)[FRAIL] == "waiting"
    say(boss, 9, at=HOME)
    newest = EventRow.select().order_by(EventRow.pos.desc()).get().pos
    assert set(states(newest).values()) == {"ahead"}
    switch("probe", HOME, on=False, instance=instance)
    say(boss, 9, at=HOME)
    assert drain(instance)
    assert set(states(newest + 1).values()) == {"passed"}
    assert set(states(newest).values()) == {"unknown"}, "who knows whether it was on"


def test_a_replayed_letter_is_told_after_those_that_went_on_and_counts_once(
    instance: Instance, boss: Caller, broken: int
) -> None:
    plan = resending.check(boss, "replay", key(broken))
    assert plan.number == 1
    assert any("不会重复计入" in one for one in plan.sentences)
    assert any("后来的 1 个事件已经先处理" in one for one in plan.sentences)
    assert waiting(FRAIL)[0][1] == "dead", "looking changes nothing"
    assert resending.carry_out(boss, "replay", key(broken)) == 1
    assert waiting(FRAIL) == [(broken, "waiting", 0)]
    assert drain(instance)
    assert waiting(FRAIL) == [(broken, "dead", 1)], "it is as bad as before"
    entry = AuditEntry.get(AuditEntry.verb == "replay")
    assert (entry.noun, entry.actor_name) == ("event", "boss")
    change = AuditChange.get(AuditChange.entry == entry)
    assert (change.field, change.after) == ("event", f"{broken}@{FRAIL}")


def test_changed_data_is_told_to_that_subscriber_only_and_the_log_stays(
    instance: Instance, boss: Caller, broken: int
) -> None:
    before = EventRow.get_by_id(broken).data
    [letter] = letters.letters(boss, key(broken))
    shown = letter.event.data
    said = json.dumps({**shown, "bad": False})
    data = resending.as_data(boss, letter, resending.read_data(said))
    assert data == {**json.loads(before), "bad": False}, "what stood masked stays as it was"
    assert resending.carry_out(boss, "replay", key(broken), data=data) == 1
    [letter] = letters.letters(boss, key(broken))
    assert letter.instead == {**shown, "bad": False}
    assert drain(instance)
    assert heard("frail") == [("core.thing/2", 2), ("core.thing/2", 1)]
    assert len(heard("steady")) == 2
    assert EventRow.get_by_id(broken).data == before
    entry = AuditEntry.get(AuditEntry.verb == "replay")
    changed = {one.field: one for one in AuditChange.select().where(AuditChange.entry == entry)}
    assert changed.keys() == {"event", "data.bad"}
    assert (changed["data.bad"].before, changed["data.bad"].after) == ("true", "false")


def test_changed_numbers_of_people_are_sealed_in_the_trail(
    instance: Instance, boss: Caller, broken: int
) -> None:
    [letter] = letters.letters(boss, key(broken))
    said = json.dumps({**letter.event.data, "phone": "13900004321"})
    data = resending.as_data(boss, letter, resending.read_data(said))
    resending.carry_out(boss, "replay", key(broken), data=data)
    change = AuditChange.get(AuditChange.field == "data.phone")
    assert (change.sealed, change.before, change.after) == (True, None, None)
    [letter] = letters.letters(boss, key(broken))
    assert letter.instead is not None and letter.instead["phone"] == "139****4321"
    resending.carry_out(boss, "replay", key(broken))
    [letter] = letters.letters(boss, key(broken))
    assert letter.instead is None, "told as the log has it"


def test_what_ended_the_process_is_a_dead_letter_too(boss: Caller, broken: int) -> None:
    Retry.update(state="parked").execute()
    [letter] = letters.letters(boss, Wanted())
    assert letter.state == "parked"
    [step] = [one for one in letters.chain(boss, letter.event) if one.subscriber == FRAIL]
    assert step.state == "parked"
    assert resending.carry_out(boss, "replay", Wanted(subscriber=FRAIL)) == 1
    assert waiting(FRAIL) == [(broken, "waiting", 0)]


@pytest.mark.parametrize("said", ["", "[]", "{", "3"])
@pytest.mark.once
def test_changed_data_must_be_an_object(boss: Caller, broken: int, said: str) -> None:
    [letter] = letters.letters(boss, key(broken))
    with pytest.raises(Invalid):
        resending.as_data(boss, letter, resending.read_data(said))


def test_one_can_be_given_up_for_a_reason_and_taken_up_again(
    instance: Instance, boss: Caller, broken: int
) -> None:
    with pytest.raises(Invalid):
        resending.carry_out(boss, "skip", key(broken), reason=" ")
    assert resending.carry_out(boss, "skip", key(broken), reason="重复登记") == 1
    assert waiting(FRAIL) == [(broken, "skipped", 1)]
    [told] = [one for one in lag(instance) if one.name == FRAIL]
    assert (told.dead, told.retrying, told.error) == (0, 0, None)
    [letter] = letters.letters(boss, Wanted(state="skipped"))
    assert letter.reason == "重复登记"
    entry = AuditEntry.get(AuditEntry.verb == "skip")
    assert entry.reason == "重复登记"
    assert resending.check(boss, "skip", key(broken)).number == 0
    assert resending.carry_out(boss, "replay", key(broken)) == 1
    assert waiting(FRAIL) == [(broken, "waiting", 0)]


def test_giving_up_what_waits_lets_its_queue_go_on(instance: Instance, boss: Caller) -> None:
    @on(HEARD)
    def shy(event: Event, caller: Caller) -> None:
        if event.sequence == 1:
            raise lf.RetryAfter(3_600)
        note("shy", event)

    listen(instance, shy, at=[CITY])
    say(boss, 5, 5)
    assert drain(instance)
    assert heard("shy") == []
    first = waiting("probe.shy")[0][0]
    wanted = Wanted(keys=(f"{first}@probe.shy",))
    assert resending.carry_out(boss, "skip", wanted, reason="不再需要") == 1
    assert drain(instance)
    assert heard("shy") == [("core.thing/5", 2)]


def test_many_are_replayed_by_filter(instance: Instance, boss: Caller, monkeypatch) -> None:
    monkeypatch.setattr(resending, "AT_ONCE", 2)
    listen(instance, frail, at=[CITY])
    say(boss, 1, 2, 3, 4, 5, bad=True)
    assert drain(instance)
    wanted = Wanted(subscriber=FRAIL)
    assert resending.check(boss, "replay", wanted).number == 5
    with pytest.raises(Invalid):
        resending.carry_out(boss, "replay", wanted, data={})
    assert resending.carry_out(boss, "replay", wanted) == 5
    assert {state for _pos, state, _tries in waiting(FRAIL)} == {"waiting"}
    assert AuditEntry.select().where(AuditEntry.verb == "replay").count() == 5
    assert resending.carry_out(boss, "replay", wanted) == 0, "none is dead any more"
    monkeypatch.setattr(resending, "MOST", 2)
    plan = resending.check(boss, "skip", Wanted(state="waiting"))
    assert plan.number == 2 and "其余请再来一次" in plan.sentences[-1]


def test_what_succeeded_or_was_never_meant_cannot_be_replayed(
    instance: Instance, boss: Caller, broken: int
) -> None:
    for name, refusal in (
        ("probe.steady", Conflict), ("probe.nobody", NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            resending.check(boss, "replay", Wanted(keys=(f"{broken}@{name}",)))
    with pytest.raises(NotFound):
        resending.check(boss, "replay", key(999_999))
    say(boss, 8)
    newest = EventRow.select().order_by(EventRow.pos.desc()).get().pos
    with pytest.raises(Conflict, match="还没有轮到"):
        resending.check(boss, "replay", key(newest))


def test_a_replay_says_when_it_will_have_to_wait_or_may_be_seen_twice(
    instance: Instance, boss: Caller, broken: int
) -> None:
    switch("probe", CITY, on=False, instance=instance)
    Subscription.update(mode="ext").where(Subscription.name == FRAIL).execute()
    said = resending.check(boss, "replay", key(broken)).sentences
    assert any("可能重复" in one for one in said)
    assert not any("不会重复" in one for one in said)
    assert any("没有启用" in one for one in said)


def test_only_who_sees_everything_may_treat_letters_and_nobody_sees_beyond_their_sight(
    instance: Instance, boss: Caller, caller: Callable[..., Caller], broken: int
) -> None:
    elsewhere = Community.get(Community.code == FOREIGN)
    with instance.database.transaction():
        EventRow.update(data=json.dumps({"bad": True, "new": int(elsewhere.id)})).where(
            EventRow.pos == broken
        ).execute()
    Retry.update(next_at="2026-01-01T00:00:00.000000Z").execute()
    auditor = caller("auditor", at=CHENGGUAN)
    assert [one.event.position for one in letters.letters(auditor, Wanted())] == [broken]
    for verb in ("replay", "skip"):
        with pytest.raises(Forbidden):
            resending.check(auditor, verb, key(broken))
        with pytest.raises(Forbidden):
            resending.carry_out(auditor, verb, key(broken), reason="x")
    far = caller("auditor", at=FOREIGN)
    assert letters.letters(far, Wanted()) == []
    with pytest.raises(NotFound):
        event_log.find_event(far, broken)
    with pytest.raises(Forbidden):
        letters.letters(caller("community_worker", at=CHENGGUAN), Wanted())
    assert waiting(FRAIL)[0][1] == "dead"


def test_a_place_out_of_sight_is_not_told_in_an_event(
    instance: Instance, boss: Caller, caller: Callable[..., Caller]
) -> None:
    from lifang.builtin.people import people
    from lifang.services.gateway import write
    from lifang.testing import world

    person = world.person(instance, "李强", at=HOME)
    new = int(Community.get(Community.code == FOREIGN).id)
    write(people, "move", boss, {"community": new, "date": "2026-11-20"}, int(person.id))
    [moved] = event_log.list_events(caller("auditor", at=CHENGGUAN), type="core.person.moved")
    assert [one.code for one in moved.communities] == [HOME]
    assert moved.data["new"] is None and moved.data["old"] is not None
    [whole] = event_log.list_events(boss, type="core.person.moved")
    assert whole.data["new"] == new


def test_what_belongs_together_is_found_again(
    instance: Instance, boss: Caller, enable: Callable[..., None]
) -> None:
    from dataclasses import replace

    from lifang.testing import world

    enable("dual_reporting", at=CHENGGUAN)
    staff = replace(world.boss(instance), request_id="feed")
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    person = world.person(instance, "李强", at=HOME)
    place = {"code": HOME}
    lf.write(reports, "create", staff, {"person": person.id, "community": place})
    people = instance.registry.find("core", "people")
    assert people is not None
    told = {"community": {"code": FOREIGN}, "date": "2026-11-20"}
    lf.write(people, "move", staff, told, int(person.id))
    assert drain(instance)
    [moved] = event_log.list_events(boss, type="core.person.moved")
    [back] = event_log.list_events(boss, type="dual_reporting.report.rejected")
    assert back.position in [one.position for one in event_log.neighbours(boss, moved)]
    assert moved.position in [one.position for one in event_log.neighbours(boss, back)]


def test_the_last_day_is_counted_by_the_hour(instance: Instance, boss: Caller) -> None:
    before = EventRow.select().count()
    told = event_log.traffic(boss)
    assert len(told) == 24
    assert sum(number for _hour, number in told) == before
    EventRow.update(at="2020-01-01T00:00:00.000000Z").where(EventRow.pos <= 3).execute()
    assert sum(number for _hour, number in event_log.traffic(boss)) == before - 3
