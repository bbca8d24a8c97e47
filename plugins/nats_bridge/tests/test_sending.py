"""What leaves over the bridge: each event once, read by others, and again for who lost it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from nats.js.api import StorageType, StreamConfig

import lifang as lf
from lifang.access.callers import plugin_caller
from lifang.services.clockwork import tick
from lifang.services.delivery import drain, lag
from lifang.testing import world
from lifang.upkeep import doctor, stalls
from lifang_nats_bridge import line
from lifang_nats_bridge.receiving import messages
from plugins.nats_bridge.tests.broker import Broker

Bridge = Callable[..., Any]
PHONE = "13800001234"


def told(broker: Broker) -> list[tuple[str, str]]:
    """Type and record of what the broker holds, in order."""
    events = [read(one) for one in broker.messages()]
    return [(one.get_type(), one.get_subject()) for one in events]


def read(message: Any) -> Any:
    """A message as the library of that project reads it."""
    headers = {name.lower(): value for name, value in (message.headers or {}).items()}
    return from_http_event(HTTPMessage(headers, message.data))


@pytest.mark.parametrize("form", ["structured", "binary"])
def test_others_read_each_event_with_its_place_its_number_and_masked_values(
    bridge: Bridge, broker: Broker, form: str
) -> None:
    instance = bridge(broker_form=form)
    liqiang = world.person(instance, "李强", phone=PHONE)
    assert drain(instance)
    found = broker.messages()
    created = next(one for one in found if one.subject.endswith("core.person.created"))
    event = read(created)
    assert created.subject == f"lifang.{world.HOME}.core.person.created"
    assert event.get_source() == instance.id
    assert event.get_subject() == f"core.person/{liqiang.id}"
    assert event.get_extension("communities") == world.HOME
    assert event.get_extension("sequence") == "1"
    assert created.headers["Nats-Msg-Id"] == f"{instance.id}/{event.get_id()}"
    assert PHONE not in "".join(str(one.data) + str(one.headers) for one in found)
    assert len({one.headers["Nats-Msg-Id"] for one in found}) == len(found)


def test_only_what_happens_where_the_bridge_is_on_leaves(bridge: Bridge, broker: Broker) -> None:
    instance = bridge()
    near, far = world.person(instance, "李强"), world.person(instance, "王芳", at=world.FOREIGN)
    assert drain(instance)
    records = {record for _type, record in told(broker)}
    assert f"core.person/{near.id}" in records
    assert f"core.person/{far.id}" not in records


def test_who_moves_out_of_the_district_leaves_once_and_the_other_place_is_not_named(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridge()
    liqiang = world.person(instance, "李强")
    people = instance.registry.find("core", "people")
    move = {"community": {"code": world.FOREIGN}, "date": str(lf.today())}
    lf.write(people, "move", world.boss(instance), move, int(liqiang.id))
    assert drain(instance)
    [moved] = [one for one in broker.messages() if one.subject.endswith("core.person.moved")]
    assert moved.subject == f"lifang.{world.HOME}.core.person.moved"
    assert read(moved).get_extension("communities") == world.HOME


def test_days_and_hours_leave_without_a_place(bridge: Bridge, broker: Broker) -> None:
    instance = bridge()
    tick(instance)
    with time_machine.travel(lf.now().timestamp() + 3_600, tick=True):
        while tick(instance):
            pass
        assert drain(instance)
    hours = [one for one in broker.messages() if one.subject == "lifang.-.core.clock.hour"]
    assert len(hours) == 1
    assert "communities" not in json.loads(hours[0].data)


def test_a_broker_that_is_away_stops_nothing_and_gets_all_of_it_once(
    bridge: Bridge, stopped: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    instance = bridge()
    people = [world.person(instance, f"李{name}") for name in "甲乙丙"]
    assert drain(instance)
    [one] = [one for one in lag(instance) if one.name == "nats_bridge.publish"]
    assert (one.behind > 0, one.dead, one.retrying) == (True, 0, 0)
    place = f"消息服务 nats://***@127.0.0.1:{stopped.port}"
    assert f"{place}：连不上，那里没有程序在接听；请确认它在运行" in str(one.error)
    [why] = [stall.why[0] for stall in stalls.of(instance) if stall.lag.name == one.name]
    assert "收信的一方不在" in why
    findings = " ".join(one.sentence for one in doctor.examine(instance))
    assert f"{place}：连不上，那里没有程序在接听" in findings
    for place in (str(one.error), why, findings, caplog.text, repr(instance.settings)):
        assert "seen" not in place
        assert "bridge:" not in place
    stopped.start()
    assert _until_told(instance)
    created = [record for type, record in told(stopped) if type == "core.person.created"]
    assert sorted(created) == [f"core.person/{one.id}" for one in people]
    assert next(one for one in lag(instance) if one.name == "nats_bridge.publish").error is None


def _until_told(instance: Any) -> bool:
    """Deliver until the broker has all; each drain looks anew, however long was to be waited."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        drain(instance)
        if all(not one.behind for one in lag(instance)):
            return True
        time.sleep(0.05)
    return False


def held_back(instance: Any, address: str) -> Any:
    """What waits, and why, where a broker's address is not what it should be."""
    instance.settings = replace(instance.settings, broker=address)
    world.person(instance, "李强")
    assert drain(instance)
    [one] = [one for one in lag(instance) if one.name == "nats_bridge.publish"]
    return one


@pytest.mark.once
def test_a_wrong_password_is_told_without_it(bridge: Bridge, broker: Broker) -> None:
    one = held_back(bridge(), broker.url.replace("seen", "guessed-by-me"))
    assert "：用户名、密码或令牌不对；请核对 lifang.toml 里的 broker（" in str(one.error)
    assert "guessed" not in str(one.error)


@pytest.mark.once
def test_a_broker_that_should_encrypt_and_does_not_is_told_nothing(
    bridge: Bridge, broker: Broker
) -> None:
    one = held_back(bridge(), broker.url.replace("nats:", "tls:"))
    assert (one.behind, "加密的连接没有建立" in str(one.error)) == (2, True)
    assert broker.ask(lambda nc: nc.jetstream().streams_info()) == []


def test_without_a_broker_in_the_settings_the_bridge_says_so_and_waits(
    instance: Any, enable: Callable[..., None]
) -> None:
    enable("nats_bridge", at=world.CHENGGUAN)
    instance.settings = replace(instance.settings, broker=None)  # taken out of the file afterwards
    world.person(instance, "李强")
    assert drain(instance)
    [one] = [one for one in lag(instance) if one.name == "nats_bridge.publish"]
    assert "lifang.toml" in str(one.error)
    assert one.dead == 0


@pytest.mark.once
def test_the_stream_is_made_on_disk_and_one_that_is_there_is_left_as_it_is(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridge(broker_days=3)
    world.person(instance, "李强")
    assert drain(instance)
    config = broker.ask(lambda nc: nc.jetstream().stream_info("LIFANG")).config
    assert (config.subjects, config.max_age, config.duplicate_window) == (
        ["lifang.>"], 3 * 86_400, line.DUPLICATES,
    )  # fmt: skip
    assert config.storage == StorageType.FILE
    other = StreamConfig(name="LIFANG", subjects=["lifang.>"], max_age=60.0)
    broker.ask(lambda nc: nc.jetstream().delete_stream("LIFANG"))
    broker.ask(lambda nc: nc.jetstream().add_stream(other))
    line.hang_up()
    world.person(instance, "王芳")
    assert drain(instance)
    assert broker.ask(lambda nc: nc.jetstream().stream_info("LIFANG")).config.max_age == 60


def test_a_broker_that_lost_everything_is_told_again_and_each_event_once(
    bridge: Bridge, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    instance = bridge()
    for name in "甲乙丙":
        world.person(instance, f"李{name}")
    assert drain(instance)
    before = told(broker)
    assert len(before) == 6
    broker.wipe()
    world.person(instance, "王芳")
    assert _until_told(instance)
    after, new = told(broker), ["core.person.created", "core.affiliation.created"]
    numbered = [(type, f"{type.rpartition('.')[0]}/4") for type in new]
    assert sorted(after) == sorted([*before, *numbered]), "in order within each record only"
    line.hang_up()  # as a process that is started anew, which never knew the old stream
    world.person(instance, "赵敏")
    caplog.clear()
    assert _until_told(instance)
    assert "told again" not in caplog.text


def test_what_was_sent_by_one_who_looked_before_the_loss_does_not_come_first_in_the_new_stream(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridge()
    world.person(instance, "李强")
    assert drain(instance)
    itself = plugin_caller(instance, "nats_bridge", actor=None, correlation=None, cause=None)
    current = line.line_of(itself)
    assert current.met and current.made() == current.met
    broker.wipe()
    anew = ""
    while anew in ("", current.met):  # another thread looks, and makes the stream anew
        time.sleep(0.01)
        with suppress(lf.Away):
            anew = current.made()
    with pytest.raises(lf.Away):
        current.publish("lifang.-.late", b"{}", {"Nats-Msg-Id": "late"})
    assert told(broker) == []


def test_a_stream_that_was_deleted_behind_an_open_line_is_told_again(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridge()
    for name in "甲乙丙":
        world.person(instance, f"李{name}")
    assert drain(instance)
    before = told(broker)
    broker.ask(lambda nc: nc.jetstream().delete_stream("LIFANG"))
    world.person(instance, "王芳")
    assert _until_told(instance)
    world.person(instance, "赵敏")
    assert _until_told(instance)
    assert set(before) < set(told(broker))
    assert len(told(broker)) == len(before) + 4


def test_a_broker_that_forgot_the_latest_is_told_them_again(bridge: Bridge, broker: Broker) -> None:
    """A power cut without `sync_interval: always`: the end of the stream is gone."""
    instance = bridge()
    world.person(instance, "李强")
    assert drain(instance)
    broker.kill()
    shutil.copytree(broker.store, broker.folder / "older")
    broker.start()
    world.person(instance, "王芳")
    world.person(instance, "赵敏")
    assert _until_told(instance)
    whole = told(broker)
    broker.kill()
    shutil.rmtree(broker.store)
    (broker.folder / "older").rename(broker.store)
    broker.start()
    world.person(instance, "孙悦")
    assert _until_told(instance)
    assert set(whole) < set(told(broker))


def test_an_event_larger_than_the_broker_takes_is_a_dead_letter_and_the_others_arrive(
    bridge: Bridge, broker: Broker
) -> None:
    instance = bridge()
    world.person(instance, "李强")
    assert drain(instance)
    broker.payload = 900
    broker.kill()
    broker.start()
    communities = instance.registry.of(lf.Community)
    renamed = {"name": "新张家园社区", "date": str(lf.today()), "basis": "民" * 300}
    place = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.write(communities, "rename", world.boss(instance), renamed, int(place.id))
    world.person(instance, "王芳")
    assert _until_told(instance)
    [one] = [one for one in lag(instance) if one.name == "nats_bridge.publish"]
    assert (one.dead, one.behind) == (1, 0)
    assert "127.0.0.1" in str(one.error)
    assert [type for type, _record in told(broker)].count("core.person.created") == 2


def test_what_came_in_never_goes_out(bridge: Bridge, broker: Broker) -> None:
    instance = bridge()
    caller = plugin_caller(instance, "nats_bridge", actor=None, correlation=None, cause=None)
    given = {"source": "a", "number": "1", "channel": "c", "content": "{}"}
    lf.write(messages, "create", caller, {"community": {"code": world.HOME}, **given})
    world.person(instance, "李强")
    assert drain(instance)
    assert not [one for one in told(broker) if one[0].startswith("nats_bridge.")]
    assert told(broker)


def certified(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(lf.now() - dt.timedelta(days=1))
        .not_valid_after(lf.now() + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    told = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    paths[1].write_bytes(told)
    return paths


@pytest.mark.once
def test_over_tls_a_broker_is_believed_only_with_a_certificate_that_is_trusted(
    bridge: Bridge, stopped: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped.certificate, key = certified(tmp_path, "broker")
    stopped.more = f'tls {{ cert_file: "{stopped.certificate}", key_file: "{key}" }}'
    stopped.start()
    instance = bridge()
    instance.settings = replace(instance.settings, broker=stopped.url.replace("nats:", "tls:"))
    world.person(instance, "李强")
    monkeypatch.setenv("SSL_CERT_FILE", str(certified(tmp_path, "somebody")[0]))
    assert drain(instance)
    [one] = [one for one in lag(instance) if one.name == "nats_bridge.publish"]
    assert (one.behind, "证书是自己签的" in str(one.error)) == (2, True)
    monkeypatch.setenv("SSL_CERT_FILE", str(stopped.certificate))
    assert _until_told(instance)
    assert len(told(stopped)) == 2
