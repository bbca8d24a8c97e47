"""Old events leave the log once nobody needs them, archived whole, and nothing is ever lost."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

import marshmallow as ma
import pytest
import time_machine

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events import log
from lifang.events.event import Event, on
from lifang.events.publish import publish
from lifang.events.tables import (
    Catchup,
    EventArchive,
    EventRow,
    EventScope,
    Inbox,
    Retry,
    Subscription,
)
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound, NotReady
from lifang.services import clockwork, doctor, erasing, event_files, event_log, retention, sweeping
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.services.letters import Wanted
from lifang.services.resending import carry_out
from lifang.services.sweeping import Sweeper
from lifang.testing.world import CITY, HOME
from tests.core.events.listeners import HEARD, listen, note, say, switch

LONG_AGO = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
TODAY = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
BESIDE = "core.thing.seen"

Publish = Callable[..., list[int]]


@on(HEARD)
def steady(event: Event, caller: Caller) -> None:
    note("steady", event)


@pytest.fixture(autouse=True)
def today() -> Iterable[time_machine.Traveller]:
    with time_machine.travel(TODAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def old(boss: Caller) -> Publish:
    """Publish events of nine months ago about some subjects; gives all positions there are."""

    def tell(*subjects: int, type: str = HEARD, **data: Any) -> list[int]:
        with time_machine.travel(LONG_AGO, tick=False), boss.instance.database.transaction():
            home = int(Community.get(Community.code == HOME).id)
            for subject in subjects:
                about = f"core.thing/{subject}"
                publish(type, about, data, caller=boss, communities=[home])
        return positions()

    return tell


def keep(instance: Instance, *told: tuple[str, int | str]) -> None:
    """What lifang.toml says."""
    instance.settings = replace(instance.settings, retention=told)


def positions(type: str | None = None) -> list[int]:
    rows = EventRow.select(EventRow.pos).order_by(EventRow.pos)
    return [row.pos for row in (rows.where(EventRow.type == type) if type else rows)]


def archived(boss: Caller) -> list[int]:
    """The positions that archives answer for."""
    files = [one for one in sweeping.archives(boss) if one.state == "done"]
    return sorted(
        event.position
        for one in files
        for event in sweeping.shown(boss, event_files.Path(one.name))
    )


def nothing_lost(boss: Caller, before: list[int]) -> None:
    """Each event is in the log or in the archives, once."""
    assert sorted([*positions(), *archived(boss)]) == before
    assert EventArchive.select().where(EventArchive.turn == 1).count() == 0


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


def test_the_archive_is_sealed_and_any_change_to_it_is_noticed(
    instance: Instance, boss: Caller, old: Publish
):
    old(1, 2, secret="金丝雀")
    say(boss, 9)
    keep(instance, (HEARD, 90))
    [made] = sweeping.run(boss)
    path = event_files.folder(instance) / made.name
    whole = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "金丝雀".encode() not in whole and b"core.thing" not in whole
    for wrong in (whole[:-1], whole[:60], whole + b"x", whole[:80] + b"?" + whole[81:]):
        path.write_bytes(wrong)
        with pytest.raises(LifangError):
            list(sweeping.shown(boss, path))
    path.unlink()
    with pytest.raises(NotFound):
        list(sweeping.shown(boss, path))
    assert not sweeping.archives(boss)[0].present


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


def test_whoever_comes_to_need_an_event_after_it_was_archived_keeps_it(
    instance: Instance, boss: Caller, old: Publish
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
    carry_out(boss, "skip", Wanted(), reason="老表")
    before, bad = positions(), Retry.get().pos
    keep(instance, (HEARD, 90))
    work = sweeping.sweep(boss)
    while not EventArchive.select().where(EventArchive.state == "removing").exists():
        next(work)
    carry_out(boss, "replay", Wanted(state="skipped"))
    for _rest in work:
        pass
    assert bad in positions()
    [made] = sweeping.archives(boss)
    assert (made.events, made.types) == (2, {HEARD: 2})
    nothing_lost(boss, before)
    carry_out(boss, "skip", Wanted(state=None), reason="老表")
    sweeping.run(boss)
    assert bad not in positions()
    nothing_lost(boss, before)


def test_a_file_of_which_nothing_may_go_any_more_is_thrown_away(
    instance: Instance, boss: Caller, old: Publish
):
    listen(instance, steady, at=[CITY])
    old(1, 2)
    assert drain(instance)
    say(boss, 9)
    before = positions()
    keep(instance, (HEARD, 90))
    work = sweeping.sweep(boss)
    while not EventArchive.select().where(EventArchive.state == "removing").exists():
        next(work)
    Subscription.update(pos=0, xid=0).execute()
    for _rest in work:
        pass
    nothing_lost(boss, before)
    assert list(event_files.folder(instance).iterdir()) == []


@pytest.mark.parametrize("steps", range(12))
def test_left_anywhere_the_next_sweep_goes_on(
    instance: Instance, boss: Caller, old: Publish, steps: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    monkeypatch.setattr(sweeping, "HOLD", 0)
    monkeypatch.setattr(sweeping, "PAGE", 5)
    old(*range(12))
    say(boss, 99)
    before = positions()
    keep(instance, (HEARD, 90))
    left = sweeping.sweep(boss)
    for _step in islice(left, steps):
        pass
    sweeping.run(boss)
    nothing_lost(boss, before)
    assert len(positions(HEARD)) == 1
    assert len(list(event_files.folder(instance).iterdir())) == 1


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_file_that_is_lost_half_way_answers_for_what_it_took_and_no_more(
    instance: Instance, boss: Caller, old: Publish, monkeypatch: pytest.MonkeyPatch, harm: str
):
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    monkeypatch.setattr(sweeping, "HOLD", 0)
    old(*range(6))
    say(boss, 99)
    before = positions(HEARD)
    keep(instance, (HEARD, 90))
    work = sweeping.sweep(boss)
    while len(positions(HEARD)) == len(before):
        next(work)
    work.close()
    [path] = event_files.folder(instance).iterdir()
    kept = path.read_bytes()
    path.write_bytes(kept[:-5]) if harm == "damaged" else path.unlink()
    sweeping.run(boss)
    first, second = sorted(sweeping.archives(boss), key=lambda one: one.first)
    assert (first.events, second.events) == (2, 4)
    path.write_bytes(kept)  # as where a copy of it was kept elsewhere
    nothing_lost(boss, sorted({*before, *positions()}))


def test_two_at_once_do_not_both_archive(instance: Instance, boss: Caller, old: Publish):
    old(1, 2)
    say(boss, 9)
    before = positions()
    keep(instance, (HEARD, 90))
    work = sweeping.sweep(boss)
    next(work)
    next(work)
    other = "elsewhere/7/7"
    EventArchive.update(owner=other).execute()
    with pytest.raises(Conflict, match="另一个进程"):
        sweeping.run(boss)
    work.close()
    assert positions() == before
    EventArchive.update(at=clock.now() - dt.timedelta(hours=2)).execute()
    sweeping.run(boss)
    nothing_lost(boss, before)


def test_while_the_clock_is_not_believed_nothing_goes(
    instance: Instance, boss: Caller, old: Publish, today: time_machine.Traveller
):
    before = old(1, 2)
    say(boss, 9)
    clockwork.tick(instance)
    before = positions()
    keep(instance, (HEARD, 365))
    today.move_to(TODAY + dt.timedelta(days=3650))
    with pytest.raises(NotReady, match="时钟"):
        sweeping.run(boss)
    sweeper = Sweeper(instance)
    assert not sweeper.step()
    assert positions() == before
    today.move_to(TODAY + dt.timedelta(hours=47))
    assert sweeper.step() or True
    assert positions() == before


def test_the_worker_sweeps_bit_by_bit_and_stops_when_told(
    instance: Instance, boss: Caller, old: Publish
):
    old(*range(40))
    say(boss, 99)
    before = positions()
    keep(instance, (HEARD, 90))
    sweeper = Sweeper(instance)
    assert sweeper.step()
    sweeper.stop()
    assert not sweeper.step()
    assert positions() == before
    again = Sweeper(instance)
    while again.step():
        pass
    nothing_lost(boss, before)
    assert len(positions(HEARD)) == 1


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


def test_erased_values_are_erased_in_archives_too(instance: Instance, boss: Caller, old: Publish):
    type = "probe.visit.made"
    schema = ma.Schema.from_dict({"person": ma.fields.Integer(), "phone": ma.fields.String()})
    declared = lf.payload(type, schema, erasable={"phone": "person"}, keep=30)
    listen(instance, steady, at=[CITY], payloads=[declared])
    person = lf.Person.create(name="李强")
    old(1, type=type, person=int(person.id), phone="13812345678")
    say(boss, 9)
    [made] = sweeping.run(boss)
    file = event_files.Path(made.name)
    [shown] = sweeping.shown(boss, file)
    assert shown.data["phone"] == "***"
    assert erasing.erase(boss, f"core.person/{person.id}") == 1
    [shown] = sweeping.shown(boss, file)
    assert shown.data["phone"] == lf.ERASED
    raw = list(event_files.read(event_files.folder(instance) / file, instance.settings.key_file))
    assert "13812345678" not in json.dumps(dict(raw[0].data))


def test_only_those_who_may_sweep_and_see(
    instance: Instance, boss: Caller, old: Publish, caller: Callable[..., Caller]
):
    old(1, 2)
    say(boss, 9)
    keep(instance, (HEARD, 90))
    [made] = sweeping.run(boss)
    for role, at in (("district_admin", CITY), ("platform_administrator", CITY)):
        other = caller(role, at=at)
        for deed in (sweeping.run, sweeping.plan, sweeping.archives):
            with pytest.raises(Forbidden):
                deed(other)
        with pytest.raises(Forbidden):
            list(sweeping.shown(other, event_files.Path(made.name)))


def test_messages_taken_in_long_ago_are_forgotten_but_not_those_told_again(
    instance: Instance, boss: Caller, old: Publish
):
    listen(instance, steady, at=[CITY])
    old(1)
    assert drain(instance)
    told = Subscription.get().pos
    for id, at in ((str(told), LONG_AGO), (str(told + 1_000), LONG_AGO), ("7", TODAY)):
        Inbox.create(sub="probe.steady", source="here", id=id, at=at)
    Inbox.create(sub="bridge", source="there", id="abc", at=LONG_AGO)
    sweeping.run(boss)
    assert sorted(row.id for row in Inbox.select()) == sorted([str(told + 1_000), "7"])


def test_a_file_that_is_none_is_refused(instance: Instance, boss: Caller):
    event_files.folder(instance).mkdir()
    (event_files.folder(instance) / "x").write_bytes(b"nothing of ours" * 20)
    with pytest.raises(Invalid):
        list(sweeping.shown(boss, event_files.Path("x")))
