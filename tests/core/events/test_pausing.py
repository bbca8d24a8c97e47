"""A handler is stopped by hand and goes on as somebody chose: nothing is lost on the way."""

from __future__ import annotations

import pytest

from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import Subscription
from lifang.kit.errors import Conflict, Forbidden, Invalid, NotFound
from lifang.services import pausing
from lifang.services.delivery import dispatcher_of, drain, lag
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CITY, HOME
from lifang.upkeep import stalls
from tests.core.events.listeners import HEARD, heard, listen, note, say, waiting
from tests.core.events.posts import Post

NAME = "probe.slow"


@pytest.fixture(autouse=True)
def probe(instance: Instance) -> None:
    @on(HEARD)
    def slow(event: Event, caller: Caller) -> None:
        note("slow", event)
        if event.data.get("bad"):
            raise OSError("not now")

    @on(HEARD)
    def other(event: Event, caller: Caller) -> None:
        note("other", event)

    listen(instance, slow, other, at=[CITY])


def subjects(handler: str = "slow") -> list[int]:
    return [int(agg.rpartition("/")[2]) for agg, _seq in heard(handler)]


@pytest.mark.parametrize(
    ("way", "told"),
    [("resume", [1, 2, 3, 4]), ("skip", [1, 4]), ("restart", [1, 1, 2, 3, 4])],
)
def test_paused_it_is_told_nothing_and_goes_on_as_chosen(
    instance: Instance, boss: Caller, way: str, told: list[int]
):
    say(boss, 1)
    assert drain(instance)
    pausing.pause(boss, NAME, reason="对账")
    say(boss, 2, 3)
    assert drain(instance)
    assert (subjects(), subjects("other")) == ([1], [1, 2, 3])
    [one] = [one for one in lag(instance) if one.name == NAME]
    assert (one.state, one.behind) == ("paused", 2), "its lag stays in sight"
    assert [each.why for each in stalls.of(instance) if each.lag.name == NAME] == [("已手动暂停",)]
    pausing.resume(boss, NAME, way=way)
    say(boss, 4)
    assert drain(instance)
    assert subjects() == told
    assert subjects("other") == [1, 2, 3, 4]


def test_what_had_failed_waits_too_and_is_tried_again_afterwards(instance: Instance, boss: Caller):
    say(boss, 1, bad=True)
    assert drain(instance)
    assert [state for _position, state, _tries in waiting(NAME)] == ["waiting"]
    pausing.pause(boss, NAME, reason="对账")
    dispatcher = dispatcher_of(instance)
    for _time in range(3):
        dispatcher.step()
    dispatcher.release()
    assert [tries for _position, _state, tries in waiting(NAME)] == [1]
    pausing.resume(boss, NAME, way="restart")
    assert drain(instance)
    assert [tries for _position, _state, tries in waiting(NAME)] == [1], "told anew, once"


def test_paused_amid_what_reaches_other_machines_nothing_arrives_twice(
    instance: Instance, boss: Caller, post: Post
):
    listen(instance, post.handler(), at=[CITY], plugin="probe2")
    post.answer = lambda event: (
        pausing.pause(boss, "probe2.post", reason="x") if event.subject == 1 else None
    )
    say(boss, 1, 2)
    assert drain(instance)
    before = len(post.arrived)
    say(boss, 3)
    assert drain(instance)
    assert len(post.arrived) == before
    post.answer = lambda _event: None
    pausing.resume(boss, "probe2.post")
    assert drain(instance)
    assert sorted(post.told()) == [(1, 1), (2, 1), (3, 1)]


def test_who_may_not_what_is_not_there_and_what_stands_so_are_refused(
    instance: Instance, boss: Caller
):
    worker = world.caller(instance, "community_worker", at=HOME)
    with pytest.raises(Forbidden, match="平台管理员或审计员"):
        pausing.pause(worker, NAME, reason="x")
    with pytest.raises(Invalid, match="暂停的原因"):
        pausing.pause(boss, NAME, reason=" ")
    with pytest.raises(NotFound, match="没有订阅「nobody」；已知的：probe.other、probe.slow"):
        pausing.pause(boss, "nobody", reason="x")
    with pytest.raises(Conflict, match="没有暂停"):
        pausing.resume(boss, NAME)
    pausing.pause(boss, NAME, reason="对账")
    with pytest.raises(Conflict, match="已经暂停"):
        pausing.pause(boss, NAME, reason="对账")
    pausing.resume(boss, NAME)
    noted = [
        (one.verb, one.reason) for one in AuditEntry.select().where(AuditEntry.noun == "event")
    ]
    assert noted == [("pause", "对账"), ("resume", None)]
    assert Subscription.get_by_id(NAME).state == "live"
