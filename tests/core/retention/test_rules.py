"""Old events leave the log by rule, and none that somebody still needs."""

from __future__ import annotations

import datetime as dt

import marshmallow as ma
import pytest
import time_machine

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events import log
from lifang.events.event import Event, on
from lifang.events.tables import (
    Catchup,
    EventRow,
    EventScope,
    Retry,
)
from lifang.services import event_log, retention
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.services.letters import Wanted
from lifang.services.resending import carry_out
from lifang.testing.world import CITY, HOME
from lifang.upkeep import doctor, event_files, sweeping
from tests.core.events.listeners import HEARD, listen, say, switch
from tests.core.retention.aged import (
    BESIDE,
    LONG_AGO,
    TODAY,
    Publish,
    archived,
    keep,
    nothing_lost,
    positions,
    steady,
)

pytestmark = pytest.mark.usefixtures("today")


def test_by_default_everything_stays(instance: Instance, boss: Caller, old: Publish):
    before = old(1, 2, 3)
    assert sweeping.plan(boss) == []
    assert sweeping.run(boss) == []
    assert positions() == before
    assert not event_files.folder(instance).exists()


def test_what_is_old_enough_goes_into_an_archive_and_the_rest_stays(
    instance: Instance, boss: Caller, old: Publish
):
    old(1, 2, 3)
    old(4, type=BESIDE)
    say(boss, 1, at=HOME)
    before = positions()
    gone = positions(HEARD)[:3]
    told = event_log.find_event(boss, gone[0])
    keep(instance, (HEARD, 90))
    [plan] = sweeping.plan(boss)
    assert (plan.events, plan.oldest, plan.held, plan.by) == (3, LONG_AGO, 0, ())
    [made] = sweeping.run(boss)
    assert (made.events, made.types, made.state, made.present) == (3, {HEARD: 3}, "done", True)
    assert archived(boss) == gone
    nothing_lost(boss, before)
    assert EventScope.select().where(EventScope.pos.in_(gone)).count() == 0
    assert next(iter(sweeping.shown(boss, event_files.Path(made.name)))) == told
    assert sweeping.run(boss) == []
    assert sweeping.plan(boss)[0].events == 0
    entry = AuditEntry.get(AuditEntry.verb == "archive")
    assert entry.reason == made.name


def test_only_the_latest_of_each_record_stays(instance: Instance, boss: Caller, old: Publish):
    for _each in range(3):
        old(1, 2)
    old(1, type=BESIDE)
    before = positions()
    keep(instance, (HEARD, "latest"))
    sweeping.run(boss)
    rows = EventRow.select().where(EventRow.type == HEARD).order_by(EventRow.agg)
    assert [(row.agg, row.seq) for row in rows] == [("core.thing/1", 3), ("core.thing/2", 3)]
    nothing_lost(boss, before)
    say(boss, 1, 1)
    sweeping.run(boss)
    assert len(positions(HEARD)) == 3, "a young one stays for an hour though it was replaced"


def test_numbers_go_on_and_positions_are_not_used_again(
    instance: Instance, boss: Caller, old: Publish
):
    old(1, 1, 2)
    say(boss, 9)
    before = positions()
    keep(instance, (HEARD, 90))
    sweeping.run(boss)
    assert positions(HEARD) == before[-1:]
    say(boss, 1, 2, 1, 3)
    rows = EventRow.select().where(EventRow.pos > before[-1]).order_by(EventRow.pos)
    told = [(row.agg, row.seq) for row in rows]
    assert told == [("core.thing/1", 3), ("core.thing/2", 2), ("core.thing/1", 4),
                    ("core.thing/3", 1)]  # fmt: skip
    with time_machine.travel(TODAY + dt.timedelta(days=100), tick=False):
        say(boss, 9)
        sweeping.run(boss)
        say(boss, 1)
        assert EventRow.get(EventRow.agg == "core.thing/1").seq == 5


def test_the_end_of_the_log_never_goes_back(instance: Instance, boss: Caller, old: Publish):
    before = old(1, 2, 3)
    keep(instance, (HEARD, 90))
    end, last = log.end(), event_log.last_position()
    sweeping.run(boss)
    assert positions(HEARD) == before[-1:]
    assert (log.end(), event_log.last_position()) == (end, last)


@pytest.mark.parametrize("state", ["live", "paused", "gone"])
def test_what_somebody_has_still_to_be_told_stays(
    instance: Instance, boss: Caller, old: Publish, state: str
):
    listen(instance, steady, at=[CITY])
    old(1, 2)
    assert drain(instance)
    old(3, 4)
    say(boss, 9)
    before, keeps = positions(), positions(HEARD)[2:]
    if state != "live":
        switch("probe", CITY, on=False, instance=instance)
    if state == "gone":
        del instance.plugins.loaded["probe"]
        instance.plugins.refresh()
    keep(instance, (HEARD, 90))
    [plan] = sweeping.plan(boss)
    assert (plan.events, plan.held, plan.by) == (2, 2, ("probe.steady",))
    sweeping.run(boss)
    assert positions(HEARD) == keeps
    nothing_lost(boss, before)
    [found] = [one for one in doctor.examine(instance) if one.name == "retention"]
    assert (found.state, "probe.steady" in found.sentence) == ("warn", True)
    if state == "live":
        assert drain(instance)
        sweeping.run(boss)
        assert positions(HEARD) == keeps[-1:]
        nothing_lost(boss, before)
        [found] = [one for one in doctor.examine(instance) if one.name == "retention"]
        assert found.state == "ok"


def test_who_does_not_hear_a_type_holds_nothing_back(
    instance: Instance, boss: Caller, old: Publish
):
    @on(BESIDE)
    def elsewhere(event: Event, caller: Caller) -> None:
        raise AssertionError("there is none")

    listen(instance, elsewhere, at=[CITY])
    old(1, 2)
    say(boss, 9)
    keep(instance, (HEARD, 90))
    assert sweeping.run(boss)[0].events == 2


def test_an_open_range_of_the_past_holds_back_and_a_closed_one_does_not(
    instance: Instance, boss: Caller, old: Publish
):
    listen(instance, steady, at=[CITY])
    old(1, 2)
    assert drain(instance)
    say(boss, 9)
    before = positions()
    home = int(Community.get(Community.code == HOME).id)
    told = {"sub": "probe.steady", "community": home, "pos": 0}
    opened = Catchup.create(**told)
    keep(instance, (HEARD, 90))
    assert sweeping.run(boss) == []
    assert sweeping.plan(boss)[0].by == ("probe.steady",)
    Catchup.update(to_pos=before[-1], to_xid=0).where(Catchup.id == opened.id).execute()
    assert sweeping.run(boss)[0].events == 2


@pytest.mark.parametrize("state", ["waiting", "dead", "parked", "skipped"])
def test_a_delivery_that_failed_holds_its_event_until_it_is_given_up(
    instance: Instance, boss: Caller, old: Publish, state: str
):
    @on(HEARD)
    def frail(event: Event, caller: Caller) -> None:
        if event.subject == 2:
            raise lf.Dead("not this one")

    listen(instance, frail, at=[CITY])
    old(1, 2, 3)
    assert drain(instance)
    say(boss, 9)
    assert drain(instance)
    before = positions()
    bad = Retry.get().pos
    Retry.update(state=state).execute()
    keep(instance, (HEARD, 90))
    sweeping.run(boss)
    assert (bad in positions()) == (state != "skipped")
    assert Retry.select().count() == (state != "skipped")
    nothing_lost(boss, before)
    if state == "dead":
        carry_out(boss, "skip", Wanted(), reason="老表")
        sweeping.run(boss)
        assert bad not in positions()
        nothing_lost(boss, before)


def test_what_a_plugin_declares_holds_unless_the_district_says_otherwise(
    instance: Instance, boss: Caller, old: Publish
):
    schema = ma.Schema.from_dict({})
    type = "probe.record.locked"
    listen(instance, steady, at=[CITY], payloads=[lf.payload(type, schema, keep=30)])
    old(1, 2, type=type)
    say(boss, 9)
    assert [(one.type, one.keep) for one in retention.rules(instance)] == [(type, 30)]
    keep(instance, (type, "keep"))
    assert sweeping.run(boss) == []
    keep(instance, (type, 300))
    assert sweeping.run(boss) == []
    keep(instance)
    assert sweeping.run(boss)[0].types == {type: 2}
