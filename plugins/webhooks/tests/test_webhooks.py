"""Webhooks as administrators and receiving systems meet them."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

import lifang as lf
from lifang.events.tables import EventRow, Inbox, Retry
from lifang.lifecycle import switching
from lifang.services import event_log
from lifang.services.delivery import drain
from lifang.testing import world
from lifang_webhooks.deliveries import GIVEN_UP, KEPT
from lifang_webhooks.models import Attempt, Endpoint
from lifang_webhooks.resources import attempts, endpoints

SENDER = "webhooks.send"


def states(name: str = SENDER) -> list[tuple[str, int]]:
    rows = Retry.select().where(Retry.sub == name).order_by(Retry.pos)
    return [(row.state, row.tries) for row in rows]


def test_what_happens_in_a_subtree_arrives_signed_as_a_cloud_event(
    instance: Any, receiver: Any, point: Any
) -> None:
    endpoint = point(receiver)
    secret = endpoint.shown_once["secret"]
    person = world.person(instance, "李强", phone="13800001234")
    world.person(instance, "王芳", at=world.FOREIGN)
    assert drain(instance)
    [letter] = receiver.letters
    assert letter.path == "/hook?t=1"
    assert letter.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert letter.headers["host"] == receiver.place
    told = json.loads(letter.body)
    original = EventRow.get(EventRow.type == "core.person.created")
    assert (told["specversion"], told["type"], told["id"], told["source"]) == (
        "1.0", "core.person.created", str(original.pos), instance.id,
    )  # fmt: skip
    assert (told["subject"], told["communities"]) == (f"core.person/{person.id}", world.HOME)
    assert b"13800001234" not in letter.body
    signed = b".".join(
        [letter.headers["webhook-id"].encode(), letter.headers["webhook-timestamp"].encode(),
         letter.body]
    )  # fmt: skip
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert letter.headers["webhook-signature"] == "v1," + base64.b64encode(
        hmac.digest(key, signed, "sha256")
    ).decode()  # fmt: skip
    assert abs(int(letter.headers["webhook-timestamp"]) - lf.now().timestamp()) < 60


def test_the_binary_form_has_the_data_alone_as_its_body(
    instance: Any, receiver: Any, point: Any
) -> None:
    point(receiver, form="binary", types="*", at=world.HOME)
    person = world.person(instance, "李强")
    assert drain(instance)
    letter = next(
        one for one in receiver.letters if one.headers["ce-type"] == "core.person.created"
    )
    assert letter.headers["ce-specversion"] == "1.0"
    assert letter.headers["ce-subject"] == f"core.person/{person.id}"
    assert isinstance(json.loads(letter.body), dict)
    [read] = lf.CloudEvent.read(letter.headers, letter.body)
    assert read.more["communities"] == world.HOME


def test_every_type_is_told_with_a_star_and_deliveries_themselves_never(
    instance: Any, receiver: Any, point: Any, boss: lf.Caller
) -> None:
    first, second = point(receiver, types="*"), point(receiver, types="*")
    world.person(instance, "李强")
    lf.write(endpoints, "update", world.boss(instance), {"name": "改名"}, first.id)
    assert drain(instance)
    types = [json.loads(one.body)["type"] for one in receiver.letters]
    assert set(types) == {
        "core.person.created", "core.affiliation.created", "webhooks.endpoint.created",
        "webhooks.endpoint.updated",
    }  # fmt: skip
    assert types.count("core.person.created") == 2
    assert types.count("webhooks.endpoint.created") == 3, "each of its own, the first of both"
    told = EventRow.select().where(EventRow.type == "webhooks.endpoint.due").count()
    assert told == len(receiver.letters) == len(set(receiver.ids()))
    assert second.id != first.id


def test_communities_beyond_the_endpoints_own_are_left_out(
    instance: Any, receiver: Any, point: Any, boss: lf.Caller
) -> None:
    point(receiver, types="core.person.moved")
    person = world.person(instance, "李强")
    there = {"community": {"code": world.FOREIGN}, "date": "2026-11-20"}
    people: Any = instance.registry.find("core", "people")
    lf.write(people, "move", world.boss(instance), there, person.id)
    assert drain(instance)
    told = json.loads(receiver.letters[0].body)
    assert told["communities"] == world.HOME
    home = lf.Community.get(lf.Community.code == world.HOME)
    assert (told["data"]["old"], told["data"]["new"]) == (home.id, None)


def test_where_the_plugin_is_off_nothing_is_sent_and_what_was_before_an_endpoint_is_not_told(
    instance: Any, receiver: Any, point: Any, boss: lf.Caller
) -> None:
    world.person(instance, "早先")
    point(receiver, at=world.CITY)
    switching.switch(world.boss(instance), "webhooks", at=world.QILIHE, on=False)
    world.person(instance, "王芳", at=world.FOREIGN)
    world.person(instance, "李强")
    assert drain(instance)
    assert [json.loads(one.body)["communities"] for one in receiver.letters] == [world.HOME]


def test_a_failure_is_tried_again_in_order_with_the_same_id_and_others_wait_for_nobody(
    instance: Any, serve: Any, receiver: Any, point: Any, quickly: None
) -> None:
    good, bad = receiver, serve()
    point(bad), point(good)
    left = [500, 503, 500]
    bad.answer = lambda _letter: left.pop() if left else 200
    for number in range(3):
        world.person(instance, f"李强{number}")
    assert drain(instance)
    assert len(good.letters) == 3
    subjects = [json.loads(one.body)["subject"] for one in bad.letters]
    assert subjects == [subjects[0]] * 4 + sorted(set(subjects))[1:]
    assert len(set(bad.ids()[:4])) == 1
    assert not set(bad.ids()) & set(good.ids()), "each delivery has an id of its own"
    assert states() == []
    assert {row.status for row in Attempt.select()} == {204, 200, 500, 503}


def test_what_a_receiver_refuses_becomes_a_dead_letter_after_few_tries(
    instance: Any, receiver: Any, point: Any, quickly: None
) -> None:
    endpoint = point(receiver)
    refused = world.person(instance, "李强")
    receiver.answer = lambda one: 400 if str(refused.id) in json.loads(one.body)["subject"] else 200
    after = world.person(instance, "赵敏")
    assert drain(instance)
    subjects = [json.loads(one.body)["subject"] for one in receiver.letters]
    assert subjects == [f"core.person/{refused.id}"] * 3 + [f"core.person/{after.id}"]
    assert [state for state, _tries in states()] == ["dead"]
    row = Endpoint.get_by_id(endpoint.id)
    assert row.last_success is not None and row.last_failure is not None and row.problem is None


def test_whoever_asks_for_time_is_given_it_but_not_forever(
    instance: Any, receiver: Any, point: Any
) -> None:
    point(receiver)
    receiver.answer = lambda _letter: (429, {"Retry-After": "120"})
    world.person(instance, "李强")
    assert drain(instance)
    waits = (Retry.get(Retry.sub == SENDER).next_at - lf.now()).total_seconds()
    assert 100 < waits <= 120
    Retry.update(next_at=lf.now()).execute()
    receiver.answer = lambda _letter: (503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    assert drain(instance)
    waits = (Retry.get(Retry.sub == SENDER).next_at - lf.now()).total_seconds()
    assert 3_500 < waits <= 3_600
    assert len(receiver.letters) == 2


def test_a_receiver_that_is_gone_is_not_asked_again(
    instance: Any, receiver: Any, point: Any
) -> None:
    endpoint = point(receiver)
    receiver.answer = lambda _letter: 410
    for number in range(3):
        world.person(instance, f"李强{number}")
    assert drain(instance)
    assert len(receiver.letters) == 1
    row = Endpoint.get_by_id(endpoint.id)
    assert (row.state, row.reason) == ("paused", "对方回答 410：不再接收")
    dead = states()
    assert dead and {state for state, _tries in dead} == {"dead"}
    world.person(instance, "后来")
    assert drain(instance)
    assert states() == dead, "what happens while it is paused is not kept for it"
    lf.write(endpoints, "resume", world.boss(instance), {}, endpoint.id)
    receiver.answer = lambda _letter: 200
    world.person(instance, "恢复之后")
    assert drain(instance)
    assert len(receiver.letters) == 2
    assert Endpoint.get_by_id(endpoint.id).reason is None


def test_an_endpoint_that_nothing_has_reached_for_days_is_paused(
    instance: Any, receiver: Any, point: Any, quickly: None
) -> None:
    endpoint = point(receiver)
    receiver.answer = lambda _letter: 500
    world.person(instance, "李强")
    assert drain(instance)
    assert [state for state, _tries in states()] == ["dead"]
    assert Endpoint.get_by_id(endpoint.id).state == "active"
    long_ago = lf.now() - GIVEN_UP - dt.timedelta(minutes=1)
    Endpoint.update(failing_since=long_ago).execute()
    world.person(instance, "赵敏")
    assert drain(instance)
    row = Endpoint.get_by_id(endpoint.id)
    assert row.state == "paused"
    assert row.reason == "连续 3 天没有发成：对方回答 500"


def test_a_success_in_between_starts_the_days_anew(
    instance: Any, receiver: Any, point: Any, quickly: None
) -> None:
    endpoint = point(receiver)
    left = [500]
    receiver.answer = lambda _letter: left.pop() if left else 200
    world.person(instance, "李强")
    assert drain(instance)
    assert Endpoint.get_by_id(endpoint.id).failing_since is None


def test_a_test_goes_to_the_endpoint_that_asked_and_to_no_other(
    instance: Any, serve: Any, receiver: Any, point: Any
) -> None:
    asked, other = receiver, serve()
    endpoint, _other = point(asked), point(other, types="*")
    other_before = len(other.letters)
    lf.write(endpoints, "test", world.boss(instance), {}, endpoint.id)
    assert drain(instance)
    assert json.loads(asked.letters[-1].body)["type"] == "webhooks.endpoint.tested"
    types = [json.loads(one.body)["type"] for one in other.letters[other_before:]]
    assert "webhooks.endpoint.tested" not in types
    lf.write(endpoints, "pause", world.boss(instance), {"reason": "维护"}, endpoint.id)
    with pytest.raises(lf.Conflict, match="已暂停"):
        lf.write(endpoints, "test", world.boss(instance), {}, endpoint.id)


def test_what_waited_for_an_endpoint_that_is_removed_is_forgotten(
    instance: Any, receiver: Any, point: Any, quickly: None
) -> None:
    endpoint = point(receiver)
    world.person(instance, "李强")
    lf.write(endpoints, "remove", world.boss(instance), {}, endpoint.id)
    assert drain(instance)
    assert receiver.letters == []
    assert states() == []


def test_the_latest_fifty_attempts_of_each_endpoint_are_kept_and_seen_where_it_is(
    instance: Any, receiver: Any, point: Any, caller: Any
) -> None:
    endpoint = point(receiver)
    here = caller("district_admin", at=world.CHENGGUAN)
    for number in range(KEPT + 5):
        world.person(instance, f"人{number}")
    assert drain(instance, 120)
    told = list(lf.each(attempts, caller("district_admin", at=world.CHENGGUAN)))
    assert len(told) == KEPT
    assert {row.endpoint.id for row in told} == {endpoint.id}
    assert [row.event for row in told] == sorted(row.event for row in told)
    assert not list(lf.each(attempts, caller("district_admin", at=world.QILIHE)))
    with pytest.raises(lf.NotFound):
        lf.get(endpoints, caller("community_worker", at=world.HOME), endpoint.id)
    with pytest.raises((lf.NotFound, lf.Forbidden)):
        lf.write(attempts, "remove", here, {}, told[0].id)


def test_what_is_sent_is_noted_once_and_shown_masked_among_the_events(
    instance: Any, receiver: Any, point: Any, boss: lf.Caller
) -> None:
    point(receiver, types="*")
    people: Any = instance.registry.find("core", "people")
    person = world.person(instance, "李强", phone="13800001234")
    lf.write(people, "update", world.boss(instance), {"phone": "13900005678"}, person.id)
    assert drain(instance)
    assert Inbox.select().where(Inbox.sub == SENDER).count() == len(receiver.letters)
    everything = b"".join(one.body for one in receiver.letters)
    assert b"13800001234" not in everything and b"13900005678" not in everything
    seen = list(event_log.list_events(world.boss(instance), limit=50))
    assert "13800001234" not in repr(seen) and "13900005678" not in repr(seen)


def test_an_address_is_judged_when_it_is_said_and_an_endpoint_can_be_paused_all_the_same(
    instance: Any, receiver: Any, point: Any, switched_on: Any
) -> None:
    with pytest.raises(lf.Invalid, match="outbound_allow") as refused:
        point(receiver.address)
    assert [one.field for one in refused.value.errors] == ["address"]
    endpoint = point(receiver)
    wrong = ("http://example.com/", "https://u:p@example.com/", "https://10.0.0.1/", "ftp://x.cn")
    for address in wrong:
        with pytest.raises(lf.Invalid):
            lf.write(endpoints, "update", world.boss(instance), {"address": address}, endpoint.id)
    instance.settings = replace(instance.settings, outbound_allow=())
    lf.write(endpoints, "pause", world.boss(instance), {"reason": "网络调整"}, endpoint.id)
    with pytest.raises(lf.Invalid, match="outbound_allow"):
        lf.write(endpoints, "resume", world.boss(instance), {}, endpoint.id)


@pytest.mark.parametrize("types", ["core.person", "core.*", "core.person.moved; x", "Ä.b.c", "**"])
@pytest.mark.once
def test_a_type_that_is_none_is_named(switched_on: Any, point: Any, types: str) -> None:
    with pytest.raises(lf.Invalid) as refused:
        point("https://example.com/hook", types=types)
    assert [one.field for one in refused.value.errors] == ["types"]


def test_types_are_kept_one_a_line(switched_on: Any, point: Any) -> None:
    made = point("https://example.com/hook", types="core.person.moved，core.person.created *\n*")
    assert made.types == "*\ncore.person.created\ncore.person.moved"


def test_its_tables_carry_its_name_and_its_migration_makes_them(switched_on: Any) -> None:
    from playhouse.schema_diff import diff_models

    assert not diff_models(switched_on.database.engine, [Endpoint, Attempt])
