"""Every event can leave as CloudEvents 1.0, and the library of that project reads each of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as Theirs
from hypothesis import given
from hypothesis import strategies as st

from lifang.entities.caller import Caller
from lifang.events import log
from lifang.events.cloud import CloudEvent
from lifang.events.event import Event
from lifang.kit.errors import Malformed
from lifang.services.instance import Instance
from tests.core.events.listeners import last_position, say


@pytest.fixture
def event(instance: Instance, boss: Caller) -> Event:
    say(boss, 7, name='阿依古丽·买买提 "100%"', number=3)
    return log.read([last_position()])[0]


def test_others_read_the_event_from_one_document_from_headers_and_from_a_batch(
    instance: Instance, event: Event
):
    ours = CloudEvent.of(event, instance.id, district="城关区 100%")
    theirs: list[Any] = [
        from_http_event(HTTPMessage(*ours.structured())),
        from_http_event(HTTPMessage(*ours.binary())),
        *(
            JSONFormat().read(Theirs, json.dumps(one))
            for one in json.loads(CloudEvent.batch([ours, ours])[1])
        ),
    ]
    assert len(theirs) == 4
    for one in theirs:
        assert one.get_id() == str(event.position)
        assert one.get_source() == instance.id
        assert (one.get_type(), one.get_subject()) == ("core.thing.heard", "core.thing/7")
        assert one.get_time() == event.at
        assert one.get_extension("sequence") == "1"
        assert one.get_extension("traceparent") == event.trace
        assert one.get_extension("district") == "城关区 100%"
        data = one.get_data()
        assert (json.loads(data) if isinstance(data, (str, bytes)) else data) == dict(event.data)
        assert "boss" not in str(one.get_attributes())


def test_what_left_in_any_way_is_read_as_it_was(instance: Instance, event: Event):
    ours = CloudEvent.of(event, instance.id)
    for message in (ours.structured(), ours.binary()):
        assert CloudEvent.read(*message) == [ours]
    assert CloudEvent.read(*CloudEvent.batch([ours, ours])) == [ours, ours]


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
)
def test_any_text_survives_as_a_header(text: str):
    ours = CloudEvent("1", text, "a.b.c", {"text": text}, {"datacontenttype": "application/json"})
    headers, body = ours.binary()
    assert headers["ce-source"].isascii()
    assert headers["ce-source"].isprintable()
    assert CloudEvent.read(headers, body) == [ours]


GOOD = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {}}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"source": 7}, "source"),
        ({"type": None}, "type"),
        ({"data_base64": "AA=="}, "JSON"),
        ({"datacontenttype": "text/xml"}, "JSON"),
        ({"Bad-Name": "x"}, "Bad-Name"),
        ({"nested": {}}, "nested"),
    ],
)
def test_what_is_no_cloud_event_is_refused_with_the_attribute(wrong: dict[str, Any], named: str):
    headers = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
    with pytest.raises(Malformed, match=named):
        CloudEvent.read(headers, json.dumps({**GOOD, **wrong}).encode())


def test_a_batch_that_is_none_or_too_long_is_refused():
    headers = {"content-type": "application/cloudevents-batch+json"}
    for body in (b"{}", json.dumps([GOOD] * 1_001).encode()):
        with pytest.raises(Malformed, match="1000"):
            CloudEvent.read(headers, body)
