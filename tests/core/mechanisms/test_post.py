"""A notice leaves by a plugin that knows a way: at least once, later where something hinders it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

import lifang as lf
from lifang.builtin.accounts import accounts
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.events.tables import Retry
from lifang.mechanisms import inbox
from lifang.plugins.tables import Activation, Stop, bump_epoch
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock, Events
from tests.core.mechanisms import bellman
from tests.core.mechanisms.bellman import account, carried, hindered, matters, near
from tests.core.mechanisms.test_notices import bump, from_the_start, signed_in

BY = "carrier.deliver_message"


@pytest.fixture(autouse=True)
def open_both(instance: Instance, clock: Clock, events: Events) -> None:
    bellman.open_bellman(instance)
    bellman.open_carrier(instance)


@pytest.fixture
def wang(instance: Instance, boss: Caller) -> Any:
    made = account(instance, "wang", "community_worker", at=world.HOME)
    write(accounts, "update", boss, {"email": "wang@example.cn"}, int(made.id), version=1)
    return Account.get_by_id(made.id)


@pytest.fixture
def matter(instance: Instance, wang: Any) -> Any:
    worker = world.caller(instance, "community_worker", at=world.HOME)
    told = {"title": "灯坏了", "community": {"code": world.HOME}}
    return write(matters, "create", worker, told)


@pytest.fixture
def tell(instance: Instance, boss: Caller, matter: Any) -> Any:
    def send(days: int, to: Any = "community_worker") -> None:
        with instance.database.transaction():
            near.send(matter, boss, to=to, key=f"T-{days}", who="", days=days)

    return send


def test_a_carrier_is_told_in_the_language_and_with_the_address_of_the_reader(
    instance: Instance, wang: Any, tell: Any, events: Events
) -> None:
    instance.settings = replace(instance.settings, address="https://lifang.example.cn")
    Account.update(language="en").where(Account.id == wang.id).execute()
    tell(7)
    events.deliver()
    [told] = [one for one in carried if one.kind == "bellman.near"]
    assert (told.email, told.account, told.language) == ("wang@example.cn", wang.id, "en")
    assert (told.title, told.text) == ("临近截止提醒", "距报到截止还有 7 天")
    assert told.community.code == world.CHENGGUAN or told.community.code == world.HOME
    number = inbox.items(signed_in(instance, wang), kind="bellman.near")[0].id
    assert told.link == f"https://lifang.example.cn/inbox#n-{number}"
    assert told.key == f"{instance.id}/notice/{number}"
    events.deliver()
    assert len(carried) == 2


def test_what_is_not_wanted_read_already_or_elsewhere_does_not_leave(
    instance: Instance, boss: Caller, wang: Any, tell: Any, events: Events
) -> None:
    events.deliver()
    carried.clear()
    reader = signed_in(instance, wang)
    tell(7)
    inbox.read(reader)
    events.deliver()
    assert carried == []
    inbox.choose(reader, "bellman.near", sent=False)
    tell(5)
    events.deliver()
    assert carried == []
    inbox.choose(reader, "bellman.near", sent=True, shown=False)
    tell(4)
    events.deliver()
    assert [one.text for one in carried] == ["距报到截止还有 4 天"]
    write(accounts, "disable", boss, {"reason": "离职"}, int(wang.id))
    tell(3, to=Account.get_by_id(wang.id))
    events.deliver()
    assert len(carried) == 1


def test_a_copy_has_the_same_key_and_the_past_is_carried_to_nobody(
    instance: Instance, tell: Any, events: Events
) -> None:
    tell(7)
    events.deliver()
    first = {one.key for one in carried}
    from_the_start(BY, events)
    assert len(carried) == 4
    assert {one.key for one in carried} == first
    Activation.update(changed_at=lf.now() + dt.timedelta(hours=1)).where(
        Activation.plugin == "carrier"
    ).execute()
    bump(instance)
    from_the_start(BY, events)
    assert len(carried) == 4


def test_what_hinders_it_has_it_tried_again_with_the_same_key_and_parked_in_the_end(
    instance: Instance, tell: Any, events: Events, clock: Clock
) -> None:
    events.deliver()
    carried.clear()
    hindered.append(OSError("no route"))
    tell(7)
    tell(5)
    events.deliver()
    assert len(carried) == 1  # nobody waits behind another
    assert [(one.state, one.tries) for one in Retry.select()] == [("waiting", 1)]
    clock.later(seconds=5)
    events.deliver()
    assert len({one.key for one in carried}) == 2
    hindered.append(lf.Dead("no such mailbox"))
    tell(3)
    events.deliver()
    [letter] = events.letters(BY)
    assert letter.state == "dead"
    events.replay(BY)
    events.deliver()
    assert carried[-1].text == "距报到截止还有 3 天"


def test_a_carrier_that_goes_on_failing_is_stopped_and_one_that_waits_is_not(
    instance: Instance, tell: Any, events: Events, clock: Clock
) -> None:
    events.deliver()
    carried.clear()
    for days in range(20, 26):
        hindered.append(lf.RetryAfter(600, "busy"))
        tell(days)
    events.deliver()
    assert not Stop.select().exists()
    clock.later(minutes=11)
    events.deliver()
    assert len(carried) == 6
    for days in range(5):
        hindered.append(KeyError("broken"))
        tell(days)
    events.deliver()
    [stop] = Stop.select()
    assert (stop.plugin, stop.part, stop.rule) == ("carrier", "deliver_message", "errors")
    tell(9)
    events.deliver()
    assert len(carried) == 6
    with instance.database.transaction():
        Stop.delete().execute()
        bump_epoch()
    clock.later(minutes=5)
    events.deliver()
    assert len(carried) == 12
