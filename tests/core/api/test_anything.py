"""Whatever the description allows, and much that it does not, is answered as described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lifang.services.instance import Instance
from lifang.testing import world

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def populate(instance: Instance, enable: Any) -> None:
    enable("dual_reporting", at=world.CITY)
    world.person(instance, "李强", phone="13800005678")
    world.organization(instance, "畅家巷党支部")


def try_everything(client: FlaskClient, *, examples: int, only: str = "") -> None:
    """Send invented requests to every operation whose path holds `only`."""
    header = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    app = client.application
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", app, headers=header)
    for result in described.get_all_operations():
        operation = result.ok()
        if only not in operation.path:
            continue

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            response = case.call(headers=header)
            case.validate_response(response, checks=CHECKS, headers=header)

        send()


def test_a_nouns_operations_answer_as_described(
    instance: Instance, enable: Any, boss_api: FlaskClient
) -> None:
    populate(instance, enable)
    for noun in ("/people", "/reports", "/events", "/plugins"):
        try_everything(boss_api, examples=4, only=noun)


@pytest.mark.trust
def test_every_operation_answers_as_described(
    instance: Instance, enable: Any, boss_api: FlaskClient
) -> None:
    populate(instance, enable)
    try_everything(boss_api, examples=100)
