"""Every event belongs to a trace: the one its request came with, or one of its own."""

from __future__ import annotations

import re

import pytest

from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.publish import publish
from lifang.events.tables import EventRow
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing.world import CITY, HOME
from tests.core.api.conftest import Api
from tests.core.events.listeners import listen, say

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SHAPE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@on("core.organization.created", "core.thing.heard")
def answers(event: Event, caller: Caller) -> None:
    publish("probe.thing.answered", f"probe.thing/{event.position}", {}, caller=caller)


def made(kind: str) -> str:
    row = EventRow.select().where(EventRow.type == kind).order_by(EventRow.pos.desc()).first()
    assert SHAPE.fullmatch(row.trace)
    return str(row.trace)


def create(api: Api, name: str, traceparent: str | None) -> None:
    body = {"name": name, "kind": "other", "no_uscc_reason": "备案", "community": {"code": HOME}}
    headers = {} if traceparent is None else {"traceparent": traceparent}
    answer = api("community_worker", at=HOME).post(
        "/api/v1/organizations", json=body, headers=headers
    )
    assert answer.status_code == 201, answer.text


def test_an_event_and_what_it_leads_to_belong_to_the_trace_of_the_request(
    instance: Instance, api: Api
):
    listen(instance, answers, at=[CITY])
    create(api, "甲", f"00-{TRACE}-{SPAN}-00")
    assert drain(instance)
    first, second = made("core.organization.created"), made("probe.thing.answered")
    assert first.startswith(f"00-{TRACE}-") and first.endswith("-00")
    assert second.startswith(f"00-{TRACE}-") and second.endswith("-00")
    assert len({SPAN, first.split("-")[2], second.split("-")[2]}) == 3, "a span of its own each"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        "0" * 10_000,
    ],
)
@pytest.mark.once
def test_without_a_sound_header_a_trace_is_begun(instance: Instance, api: Api, header: str | None):
    listen(instance, answers, at=[CITY])
    create(api, "甲", header)
    assert drain(instance)
    first, second = made("core.organization.created"), made("probe.thing.answered")
    trace = first.split("-")[1]
    assert trace not in (TRACE, TRACE.upper(), "0" * 32)
    assert second.split("-")[1] == trace
    create(api, "乙", header)
    assert made("core.organization.created").split("-")[1] != trace


def test_what_happens_without_any_request_has_a_trace_too(instance: Instance, boss: Caller):
    listen(instance, answers, at=[CITY])
    say(boss, 1, 2)
    assert drain(instance)
    rows = EventRow.select().where(EventRow.type == "core.thing.heard")
    traces = {row.trace.split("-")[1] for row in rows}
    assert len(traces) == 2
    assert made("probe.thing.answered").split("-")[1] in traces
