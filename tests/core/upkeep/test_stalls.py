"""Whoever watches over an instance is told why a subscriber stands still."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace

import pytest

import lifang as lf
from lifang.app.http import create_app
from lifang.entities.caller import Caller
from lifang.events import subscriptions
from lifang.events.event import Event, on
from lifang.events.tables import EventRow, Subscription
from lifang.kit import clock
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from lifang.upkeep import stalls
from lifang.upkeep.doctor import examine
from tests.core.events.listeners import HEARD, listen, say, switch


@on(HEARD)
def frail(event: Event, caller: Caller) -> None:
    if event.data["bad"] == "dead":
        raise lf.Dead("never")
    if event.data["bad"]:
        raise ValueError("cannot stand it")


@pytest.fixture
def probe(instance: Instance) -> None:
    listen(instance, frail, at=[CITY])


def why(instance: Instance) -> str:
    [one] = stalls.of(instance)
    return "；".join(one.why)


def advice(instance: Instance) -> str:
    return "".join(one.sentence for one in examine(instance) if one.name == "events")


def grow_old() -> None:
    EventRow.update(at=clock.now() - dt.timedelta(hours=1)).execute()


def hold(owner: str | None, **left: float) -> None:
    until = clock.now() + dt.timedelta(**left)
    Subscription.update(lease_owner=owner, lease_until=until).execute()


def test_nobody_at_work_a_dead_or_foreign_holder_and_a_wrong_clock_are_told_apart(
    instance: Instance, boss: Caller, probe: None
) -> None:
    say(boss, 1, bad=False)
    assert why(instance) == "", "it has only just happened"
    grow_old()
    assert "没有分发进程" in why(instance)
    assert "没有分发进程" in advice(instance)
    hold("elsewhere/77/1", seconds=4)
    assert "由主机 elsewhere 的进程 77" in why(instance)
    mine = subscriptions.this_process().split("/")
    hold("/".join([mine[0], str(os.getpid()), "1"]), seconds=4)
    assert f"进程 {os.getpid()} 已经不在了" in why(instance)
    hold("elsewhere/77/1", days=1)
    assert "时钟可能走错" in why(instance)
    Subscription.update(lease_owner=None, lease_until=None).execute()
    assert drain(instance)
    assert why(instance) == "" and "没有积压" in advice(instance)


def test_what_holds_a_record_back_and_what_is_dead_are_named_with_their_errors(
    instance: Instance, boss: Caller, probe: None
) -> None:
    say(boss, 2, bad="yes")
    say(boss, 3, bad="dead")
    assert drain(instance)
    said = why(instance)
    assert "记录 core.thing/2 卡在位置" in said and "ValueError: cannot stand it" in said
    assert "1 个死信" in said and "never" in said
    assert said in advice(instance)


def test_switched_off_is_no_worry_but_paused_by_hand_or_lost_is(
    instance: Instance, boss: Caller, probe: None
) -> None:
    switch("probe", CITY, on=False, instance=instance)
    say(boss, 1, bad=False)
    grow_old()
    assert "没有在任何地方启用" in why(instance)
    assert "没有积压" in advice(instance)
    Subscription.update(state="paused").execute()
    assert "已手动暂停" in why(instance) and "已手动暂停" in advice(instance)
    Subscription.update(state="live").execute()
    plugin = instance.plugins.loaded.pop("probe")
    assert "软件包不在了" in why(instance) and "软件包不在了" in advice(instance)
    instance.plugins.faults["probe"] = "broken"
    assert "无法载入" in why(instance)
    instance.plugins.loaded["probe"] = plugin
    del instance.plugins.faults["probe"]


def test_who_is_later_than_the_setting_allows_is_said_once_in_the_log_and_to_doctor_and_monitor(
    instance: Instance, boss: Caller, probe: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    late = replace(instance, settings=replace(instance.settings, lag_minutes=90))
    patient, alarm = stalls.Alarm(late), stalls.Alarm(instance)
    say(boss, 1, bad=False)
    grow_old()
    assert not patient.step() and caplog.text == "", "an hour is not ninety minutes"
    assert [one.worrying for one in stalls.of(late)] == [False]
    assert [one.worrying for one in stalls.of(instance)] == [True]
    for _again in range(3):
        assert not alarm.step()
    assert caplog.text.count("probe.frail waits for an event of") == 1
    monitored = create_app(instance).test_client().get("/metrics").text
    assert 'lifang_events_late{subscriber="probe.frail"} 1' in monitored
    assert drain(instance)
    alarm.step()
    assert caplog.text.count("probe.frail is no longer late") == 1
    say(boss, 2, bad="yes")
    assert drain(instance)
    grow_old()
    alarm.step()
    assert caplog.text.count("probe.frail waits") == 2, "what waits for its next try waits too"
    switch("probe", CITY, on=False, instance=instance)
    fresh = stalls.Alarm(instance)
    fresh.step()
    assert caplog.text.count("probe.frail waits") == 2, "who is switched off is not waited for"
