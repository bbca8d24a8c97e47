"""Beyond the states in which it is editable, a record is changed by its actions only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from lifang.testing import world
from tests.core.api.conftest import Api

ENTRIES = "/api/v1/dual-reporting/service-entries"


def test_a_confirmed_entry_is_changed_and_removed_by_no_door(
    app: Flask, api: Api, instance: Any, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    person, home = world.person(instance, "李强"), {"code": world.HOME}
    worker = api("community_secretary", at=world.HOME)
    reported = worker.post(
        "/api/v1/dual-reporting/reports", json={"person": person.id, "community": home}
    ).json
    worker.post(f"/api/v1/dual-reporting/reports/{reported['id']}/actions/accept", json={})
    told = {
        "person": person.id,
        "community": home,
        "start": "2026-05-16T09:00:00+08:00",
        "end": "2026-05-16T12:30:00+08:00",
        "content": "楼道清洁",
        "nature": "voluntary",
    }
    made = worker.post(ENTRIES, json=told)
    one, tag = f"{ENTRIES}/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    changed = worker.patch(one, json={"content": "清洁"}, headers=tag)
    assert changed.status_code == 200
    worker.post(f"{one}/actions/confirm", json={})
    tag = {"If-Match": worker.get(one).headers["ETag"]}

    refused = worker.patch(one, json={"content": "别的"}, headers=tag)
    assert refused.status_code == 409
    assert refused.json["detail"] == "只有「待社区确认」的记录可以修改；这条记录是「已确认」"
    assert worker.delete(one, headers=tag).status_code == 409

    sheet = worker.get(f"{ENTRIES}/export?format=csv").get_data(as_text=True)
    brought = worker.post(
        f"{ENTRIES}/import", data=sheet.replace("清洁", "改了"), content_type="text/csv"
    )
    assert brought.json["updated"] == 0
    assert "只有「待社区确认」的记录可以修改" in brought.json["errors"][0]["message"]
    assert worker.get(one).json["content"] == "清洁"
