"""What comes in over the bridge: each message once, told to plugins here; what is none is kept."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

import lifang as lf
from lifang.access.callers import plugin_caller
from lifang.events.tables import EventRow
from lifang.kit.errors import Busy
from lifang.lifecycle import switching
from lifang.services.delivery import drain
from lifang.testing import world
from lifang_nats_bridge import receiving, sending
from lifang_nats_bridge.plugin import plugin
from lifang_nats_bridge.receiving import LARGEST, TRIES, Message, take_messages
from plugins.nats_bridge.tests.broker import Broker

Bridge = Callable[..., Any]
WHEN = dt.datetime(2026, 11, 30, 8, 0, tzinfo=dt.UTC)
JSON = {"content-type": "application/cloudevents+json"}


def theirs(number: str, data: Any = None, **more: Any) -> Any:
    """An event as the library of that project makes it."""
    told = {"id": number, "source": "//city/alerts", "type": "city.alert.opened", "time": WHEN}
    attributes = {**told, "specversion": "1.0", "datacontenttype": "application/json", **more}
    return CloudEvent(attributes=attributes, data={"level": 3} if data is None else data)


def send(broker: Broker, message: Any, subject: str = "lifang.-.city.alert.opened") -> None:
    broker.publish(subject, message.body, dict(message.headers))


def bridged(bridge: Bridge, broker: Broker, **told: Any) -> Any:
    """An instance that takes in all of its stream, which is there already."""
    instance = bridge(broker_take_in=("lifang.>",), **told)
    world.person(instance, "李强")
    assert drain(instance)
    return instance


def caller_of(instance: Any) -> lf.Caller:
    return plugin_caller(instance, "nats_bridge", actor=None, correlation=None, cause=None)


def taken(instance: Any, most: int, *, state: str | None = None) -> list[Message]:
    """Take in until there are so many messages, and give them."""
    until = time.monotonic() + 20
    wanted = Message.select().order_by(Message.id)
    if state:
        wanted = wanted.where(Message.state == state)
    while len(found := list(wanted.clone())) < most and time.monotonic() < until:
        assert take_messages(caller_of(instance))
    return found


def received() -> list[dict[str, Any]]:
    """What the plugins here were told."""
    rows = EventRow.select().where(EventRow.type == "nats_bridge.message.received")
    return [json.loads(row.data) for row in rows.order_by(EventRow.pos)]


def test_what_others_tell_in_each_of_three_ways_is_told_here_as_it_came(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridged(bridge, broker)
    send(broker, to_structured_event(theirs("1", subject="alert/1", level="high")))
    send(broker, to_binary_event(theirs("2", {"say": "注意 \u200b\x7f e\u0301"})))
    one, other = (json.loads(JSONFormat().write(theirs(number))) for number in ("3", "4"))
    batch = {"content-type": "application/cloudevents-batch+json"}
    broker.publish("lifang.-.batch", json.dumps([one, other]).encode(), batch)
    kept = taken(instance, 4)
    assert [(m.number, m.source, m.state) for m in kept] == [
        (number, "//city/alerts", "received") for number in "1234"
    ]
    told = received()
    assert [event["id"] for event in told] == ["1", "2", "3", "4"]
    assert (told[0]["subject"], told[0]["level"], told[0]["data"]) == (
        "alert/1",
        "high",
        {"level": 3},
    )
    assert told[1]["data"] == {"say": "注意 \u200b\x7f e\u0301"}, "not a letter is changed"
    assert dt.datetime.fromisoformat(told[2]["time"]) == WHEN


def test_a_message_that_comes_again_has_no_second_effect(bridge: Bridge, broker: Broker) -> None:
    instance = bridged(bridge, broker)
    for _time in range(3):
        send(broker, to_structured_event(theirs("1")))
    send(broker, to_structured_event(theirs("1", source="//elsewhere")))
    send(broker, to_structured_event(theirs("2")))
    assert [(m.source, m.number) for m in taken(instance, 3)] == [
        ("//city/alerts", "1"), ("//elsewhere", "1"), ("//city/alerts", "2"),
    ]  # fmt: skip
    assert len(received()) == 3


def test_what_this_instance_told_itself_is_dropped_and_nothing_circles(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridged(bridge, broker)
    before = len(broker.messages())
    assert before == 2
    send(broker, to_structured_event(theirs("1")))
    taken(instance, 1)
    assert drain(instance)
    assert Message.select().count() == 1
    assert len(broker.messages()) == before + 1


BAD = [
    (b"no json", JSON, "JSON"),
    (b"\xff\xfe\x00\x00", JSON, "UTF-8"),
    (b"{}", JSON, "specversion"),
    (b'{"specversion": "1.0", "id": "1", "type": "t", "source": ""}', JSON, "source"),
    (b'{"specversion":"1.0","id":"1","type":"t","source":"s","data_base64":"AA=="}', JSON, "JSON"),
    (b"[" * 10_000, JSON, "32"),
    (b"hello", {}, "JSON"),
    (b"", {}, "specversion"),
    (b'{"a": 1}', {"ce-id": "1", "ce-type": "t"}, "specversion"),
    (b'"' + b"x" * LARGEST + b'"', JSON, str(LARGEST)),
    (json.dumps({"specversion": "1.0", "id": "1" * 121, "type": "t", "source": "s"}).encode(),
     JSON, "120"),
]  # fmt: skip


def test_what_cannot_be_taken_in_is_kept_with_its_reason_and_holds_up_nothing(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridged(bridge, broker)
    for body, headers, _reason in BAD:
        broker.publish("lifang.-.bad", body, headers)
    send(broker, to_structured_event(theirs("1")))
    refused = taken(instance, len(BAD), state="refused")
    assert len(refused) == len(BAD)
    for message, (body, _headers, reason) in zip(refused, BAD, strict=True):
        assert reason in message.reason
        assert message.source == "nats:LIFANG"
        assert message.content, "something of it is kept"
        if body == b"no json":
            assert message.content == "no json"
    assert [m.number for m in taken(instance, 1, state="received")] == ["1"]
    assert [event["id"] for event in received()] == ["1"]
    assert _settles(lambda: _unacknowledged(broker) == 0), "nothing of it comes again"


def _unacknowledged(broker: Broker) -> int:
    [consumer] = broker.ask(lambda nc: nc.jetstream().consumers_info("LIFANG"))
    return int(consumer.num_ack_pending)


def _settles(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not (so := true()) and time.monotonic() < until:
        time.sleep(0.05)
    return so


@pytest.mark.parametrize(
    ("codes", "place"),
    [
        ("", world.CHENGGUAN),
        ("999999999999", world.CHENGGUAN),
        (f"999999999999 {world.NEIGHBOUR} {world.HOME}", world.NEIGHBOUR),
        (world.FOREIGN, world.CHENGGUAN),
    ],
    ids=["none", "unknown", "first known", "where the bridge is off"],
)
def test_a_message_lies_where_it_says_if_the_bridge_is_on_there(
    bridge: Bridge, broker: Broker, codes: str, place: str
) -> None:
    instance = bridged(bridge, broker)
    more = {"communities": codes} if codes else {}
    send(broker, to_structured_event(theirs("1", **more)))
    [message] = taken(instance, 1)
    assert message.community.code == place


def test_who_administers_the_district_reads_them_and_others_do_not(
    bridge: Bridge, broker: Broker, caller: Callable[..., lf.Caller]
) -> None:
    instance = bridged(bridge, broker)
    send(broker, to_structured_event(theirs("1")))
    [kept] = taken(instance, 1)
    admin = caller("district_admin", at=world.CHENGGUAN)
    assert [one.number for one in lf.each(receiving.messages, admin)] == ["1"]
    for role in ("community_worker", "subdistrict_admin"):
        with pytest.raises(lf.NotFound):
            lf.get(receiving.messages, caller(role, at=world.CHENGGUAN), int(kept.id))
    with pytest.raises(lf.Forbidden):
        lf.act(receiving.refuse, kept, admin, reason="no")


def test_the_trace_and_the_correlation_of_a_message_go_on_here(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridged(bridge, broker)
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    send(broker, to_structured_event(theirs("1", traceparent=trace, correlation="case-7")))
    taken(instance, 1)
    row = EventRow.get(EventRow.type == "nats_bridge.message.received")
    assert (row.trace.split("-")[1], row.corr, row.cause) == ("a" * 32, "case-7", None)


def test_a_message_is_acknowledged_only_after_its_effect_and_what_fails_waits_in_order(
    bridge: Bridge, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = bridged(bridge, broker)
    for number in "123":
        send(broker, to_structured_event(theirs(number)))
    failing = {"2": TRIES - 1}
    real = receiving._keep

    def keep(event: lf.CloudEvent, *told: Any) -> None:
        if failing.get(event.id):
            failing[event.id] -= 1
            raise Busy("the database is away")
        real(event, *told)

    monkeypatch.setattr(receiving, "_keep", keep)
    errors = 0
    while Message.select().count() < 3:
        try:
            take_messages(caller_of(instance))
        except Busy:
            errors += 1
            assert [m.number for m in Message.select()] == ["1"]
    assert errors == TRIES - 1
    assert [m.number for m in taken(instance, 3)] == ["1", "2", "3"]


def test_a_message_that_fails_every_time_is_refused_and_the_others_come(
    bridge: Bridge, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = bridged(bridge, broker)
    for number in "123":
        send(broker, to_structured_event(theirs(number)))
    real = receiving._keep

    def keep(event: lf.CloudEvent, *told: Any) -> None:
        if event.id == "2":
            raise ZeroDivisionError("poison")
        real(event, *told)

    monkeypatch.setattr(receiving, "_keep", keep)
    errors = 0
    while Message.select().count() < 3:
        try:
            take_messages(caller_of(instance))
        except ZeroDivisionError:
            errors += 1
    assert errors == TRIES - 1
    assert [(m.number, m.state) for m in Message.select().where(Message.state == "received")] == [
        ("1", "received"), ("3", "received"),
    ]  # fmt: skip
    [refused] = Message.select().where(Message.state == "refused")
    assert "poison" in refused.reason


def test_a_consumer_whose_stream_was_lost_goes_on_in_the_new_one(
    bridge: Bridge, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang_nats_bridge.line.CONFIRM", 0.5)
    instance = bridged(bridge, broker)
    send(broker, to_structured_event(theirs("1")))
    taken(instance, 1)
    broker.ask(lambda nc: nc.jetstream().delete_stream("LIFANG"))
    for name in ("王芳", "赵敏"):
        world.person(instance, name)
        drain(instance)
    assert _settles(lambda: drain(instance) and len(broker.messages()) >= 2)
    send(broker, to_structured_event(theirs("2")))
    until = time.monotonic() + 20
    while Message.select().count() < 2 and time.monotonic() < until:
        with suppress(lf.Away):
            take_messages(caller_of(instance))
    assert [m.number for m in Message.select().order_by(Message.id)] == ["1", "2"]


def test_what_is_older_than_the_inbox_knows_is_not_taken_in(
    bridge: Bridge, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang_nats_bridge.line.LOOK_BACK", dt.timedelta(seconds=1))
    instance = bridged(bridge, broker)
    send(broker, to_structured_event(theirs("1")))
    sent = time.monotonic()
    assert _settles(lambda: time.monotonic() > sent + 1.1)
    send(broker, to_structured_event(theirs("2")))
    assert [m.number for m in taken(instance, 1)] == ["2"]


@pytest.mark.once
def test_nothing_is_taken_in_unless_the_settings_name_it(bridge: Bridge, broker: Broker) -> None:
    instance = bridge()
    assert take_messages(caller_of(instance)) is False


def test_its_tables_are_what_its_migration_makes(instance: Any, boss: lf.Caller) -> None:
    from playhouse.schema_diff import diff_models

    switching.install(boss, "nats_bridge")
    tables = [Message, sending.Stream]
    assert all(model._meta.table_name.startswith(f"{plugin.id}_") for model in tables)
    assert not diff_models(instance.database.engine, tables)


@pytest.mark.once
def test_its_readme_names_every_event_role_and_setting(instance: Any) -> None:
    readme = (Path(inspect.getfile(receiving)).parents[1] / "README.md").read_text("utf-8")
    [resource] = plugin.resources
    told = {"created", "removed", *(one.event for one in resource.actions.values())}
    assert all(f"`nats_bridge.message.{name}`" in readme for name in told)
    assert all(f"`{role}`" in readme for role in resource.roles)
    settings = [name for name in vars(instance.settings) if name.startswith("broker")]
    assert all(f"`{name}`" in readme for name in settings)
