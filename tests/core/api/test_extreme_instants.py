"""An instant at the edge of the calendar is refused like any other nonsense."""

from __future__ import annotations

import pytest

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

EDGES = ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"]


@pytest.mark.parametrize("when", EDGES)
def test_an_instant_beyond_the_calendar_is_told_so(instance: Instance, api: Api, when: str) -> None:
    person = world.person(instance, "李强")
    told = {"community": {"code": world.NEIGHBOUR}, "date": "2026-01-01", "occurred_at": when}
    client = api("community_worker", at=world.CHENGGUAN)
    answer = client.post(f"/api/v1/people/{person.id}/actions/move", json=told)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "occurred_at"
