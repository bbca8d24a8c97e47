"""Whatever the description allows, and much that it does not, is answered as described."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lifang.http.known_problems import KINDS
from lifang.plugins.manager import discover
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api
from tests.core.needed import needed

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def a_problem_is_a_known_one(_context: Any, response: Any, case: Any) -> None:
    """A refusal names its status and its kind, and when to try again where trying again helps."""
    if response.status_code < 400:
        return
    told = json.loads(response.content)
    known = case.operation.definition.raw["responses"]
    assert str(response.status_code) in known, f"{response.status_code} is not told of: {told}"
    assert told["status"] == response.status_code == KINDS[told["code"]].status, told
    assert told["type"] == f"/api/problems/{told['code']}" and told["title"] and told["detail"], (
        told
    )
    assert ("retry-after" in response.headers) == (response.status_code in (429, 503)), told


CHECKS = [*CHECKS, a_problem_is_a_known_one]
SAMPLE = ("/v1/people", "/dual-reporting/reports", "/v1/events", "/v1/plugins")
"""What the default run asks of everybody: a core noun, a plugin's, the bus, what few may."""
PLUGINS = ("dual_reporting", "volunteer_points", "agency_contracts", "webhooks", "mail_notices")
PARTS = 12
FEW = st.integers(1, 6)
"""Numbers that records of a small world have."""


@pytest.fixture
def everybody(
    instance: Instance, enable: Any, api: Api, boss_api: FlaskClient, app: Flask
) -> Callable[[], Iterator[tuple[str, FlaskClient]]]:
    """Makes a client of every role there is, and of nobody, over something to ask for."""
    liqiang = world.person(instance, "李强", phone="13800005678")
    office = world.organization(instance, "畅家巷党支部")

    def clients() -> Iterator[tuple[str, FlaskClient]]:
        yield "nobody", app.test_client()
        yield "resident", api("resident", person=liqiang)
        yield "unit_liaison", api("unit_liaison", unit=office)
        for role in ("grid_worker", "community_worker", "community_secretary"):
            yield role, api(role, at=world.HOME)
        yield "subdistrict_admin", api("subdistrict_admin", at="620102001000")
        yield "a neighbour", api("community_worker", at=world.FOREIGN)
        for role in ("district_admin", "auditor", "security_administrator"):
            yield role, api(role)
        yield "platform_administrator", api("platform_administrator")
        yield "boss", boss_api

    return clients


def answers(
    clients: list[tuple[str, FlaskClient]], operation: Any, *, examples: int
) -> Iterator[tuple[str, BaseException]]:
    """Send invented requests to an operation, each as everybody; give what was answered wrongly.

    Whoever may least comes first: inventing takes longer than answering, and what is done is done.
    """
    wrong: dict[str, tuple[str, BaseException]] = {}

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), data=st.data())
    def send(case: Any, data: Any) -> None:
        nearer(case, data.draw)
        for role, client in clients:
            told = client.environ_base.get("HTTP_AUTHORIZATION")
            header = {"Authorization": told} if told else {}
            try:
                response = case.call(headers=header)
                case.validate_response(response, checks=CHECKS, headers=header)
            except (Exception, FailureGroup) as error:  # all that is wrong is told at once
                wrong[repr(error)[:80]] = (role, error)

    send()
    yield from wrong.values()


def try_everything(
    everybody: Any, described: Any, chosen: Callable[[Any], bool], **told: Any
) -> None:
    """Every chosen operation of a description answers everybody as it says."""
    clients = list(everybody())
    operations = [one.ok() for one in described.get_all_operations()]
    wrong = [
        f"{operation.label} as {role}: {error!r} {getattr(error, 'exceptions', '')}"
        for operation in filter(chosen, operations)
        for role, error in answers(clients, operation, **told)
    ]
    assert not wrong, "\n\n".join(wrong)


def nearer(case: Any, draw: Callable[..., Any]) -> None:
    """Let what is invented point at records that exist, every other time."""
    for name in ("id", "file"):
        if name in (case.path_parameters or {}) and draw(st.booleans()):
            case.path_parameters[name] = draw(FEW)
    with suppress(KeyError, TypeError):
        case.headers["If-Match"] = draw(st.sampled_from(['"1"', '"2"', case.headers["If-Match"]]))
    for name, value in case.body.items() if isinstance(case.body, dict) else ():
        if type(value) is int and draw(st.booleans()):
            case.body[name] = draw(FEW)
        elif isinstance(value, dict) and "id" in value and draw(st.booleans()):
            case.body[name] = {"id": draw(FEW)}


def whole(app: Flask, client: FlaskClient) -> Any:
    """The description of everything there is, which is asked of everybody."""
    described = schemathesis.openapi.from_dict(json.loads(client.get("/api/openapi.json").data))
    described.app = app
    return described


@pytest.mark.once
def test_a_sample_is_answered_to_everybody_as_described(
    enable: Any, app: Flask, boss_api: FlaskClient, everybody: Any
) -> None:
    enable("dual_reporting", at=world.CITY)
    described = whole(app, boss_api)
    try_everything(everybody, described, lambda one: one.path.endswith(SAMPLE), examples=2)


@pytest.mark.trust
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_as_described(
    instance: Instance, enable: Any, app: Flask, boss_api: FlaskClient, everybody: Any, part: int
) -> None:
    assert set(PLUGINS) | {"nats_bridge"} == set(discover())
    for plugin in PLUGINS:
        enable(plugin, at=world.CITY, **needed(plugin))
    described = whole(app, boss_api)
    try_everything(
        everybody, described, lambda one: crc32(one.label.encode()) % PARTS == part, examples=8
    )
