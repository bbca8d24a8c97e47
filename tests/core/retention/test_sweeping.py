"""A sweep can be left anywhere: an event is in the log or in an archive, and never in both."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from itertools import islice

import marshmallow as ma
import pytest
import time_machine

import lifang as lf
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import (
    EventArchive,
    Inbox,
    Retry,
    Subscription,
)
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound, NotReady
from lifang.services import clockwork, erasing
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.services.letters import Wanted
from lifang.services.resending import carry_out
from lifang.testing.world import CITY
from lifang.upkeep import event_files, sweeping
from lifang.upkeep.sweeping import Sweeper
from tests.core.events.listeners import HEARD, listen, say
from tests.core.retention.aged import (
    LONG_AGO,
    TODAY,
    Publish,
    keep,
    nothing_lost,
    positions,
    steady,
)

pytestmark = pytest.mark.usefixtures("today")


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


def test_a_file_that_is_none_is_refused(instance: Instance, boss: Caller):
    event_files.folder(instance).mkdir()
    (event_files.folder(instance) / "x").write_bytes(b"nothing of ours" * 20)
    with pytest.raises(Invalid):
        list(sweeping.shown(boss, event_files.Path("x")))


def test_messages_taken_in_long_ago_are_forgotten_but_not_those_told_again(
    instance: Instance, boss: Caller, old: Publish
):
    listen(instance, steady, at=[CITY])
    old(1)
    assert drain(instance)
    told = Subscription.get().pos
    for id, at in ((str(told), LONG_AGO), (str(told + 1_000), LONG_AGO), ("7", TODAY)):
        Inbox.create(sub="probe.steady", source="here", id=id, at=at)
    for id in ("abc", str(told + 1_000)):
        Inbox.create(sub="bridge", source="there", id=id, at=LONG_AGO)
    sweeping.run(boss)
    assert sorted(row.id for row in Inbox.select()) == sorted([str(told + 1_000), "7"])
