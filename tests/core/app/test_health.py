"""What those who watch over an instance are told."""

from __future__ import annotations

import shutil
from collections import namedtuple
from importlib.metadata import version
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from lifang.app.http import create_app
from lifang.entities.audit import AuditEntry
from lifang.services import event_log
from lifang.services.instance import Instance
from lifang.store import migrations
from lifang.testing import world
from lifang.upkeep import backup

Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def client(instance: Instance) -> FlaskClient:
    return create_app(instance).test_client()


def test_alive_means_that_the_process_answers(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_database(monkeypatch)
    assert client.get("/healthz").status_code == 200


def test_ready_means_database_disk_and_migrations(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = client.get("/readyz")
    checks = {"database": True, "disk": True, "migrations": True}
    assert (fine.status_code, fine.json) == (200, {"ready": True, "checks": checks})
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _path: Disk(100, 96, 4))
        refused = client.get("/readyz")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        assert refused.json["checks"] == {**checks, "disk": False}
    with monkeypatch.context() as due:
        due.setattr(migrations, "pending", lambda *_told: ["0002_next"])
        assert client.get("/readyz").json["checks"] == {**checks, "migrations": False}
    break_database(monkeypatch)
    assert client.get("/readyz").json["checks"]["database"] is False


def test_figures_tell_of_answers_and_lag_and_of_nobody(
    client: FlaskClient, instance: Instance
) -> None:
    world.enable(instance, "dual_reporting", at=world.CITY)
    world.person(instance, "李强", phone="13800005678")
    client.get("/healthz")
    client.get("/api/v1/people/7?name=李强")
    told = client.get("/metrics")
    assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = told.text.splitlines()
    assert 'lifang_responses_total{status="2xx"} 1' in lines
    assert 'lifang_responses_total{status="4xx"} 1' in lines
    assert any(line.startswith("lifang_uptime_seconds ") for line in lines)
    assert f"lifang_events_total {event_log.last_position()}" in lines
    name = 'subscriber="dual_reporting.suggest_transfer"'
    for figure in ("behind", "lag_seconds", "late", "retrying", "dead"):
        assert f"lifang_events_{figure}{{{name}}} 0" in lines
    assert not any(secret in told.text for secret in ("李强", "138", "people"))
    families = {one.name: one for one in text_string_to_metric_families(told.text)}
    assert len(families) == told.text.count("# TYPE ")  # each once, and all its lines together
    assert all(one.documentation for one in families.values())
    times = [
        one for one in families["lifang_request_seconds"].samples if one.labels["kind"] == "api"
    ]
    assert [one.value for one in times if one.labels.get("le") == "+Inf"] == [1.0]
    assert [one.value for one in times if one.name.endswith("_count")] == [1.0]
    build = families["lifang_build_info"].samples[0].labels
    assert build["version"] == version("lifang")
    unsealed = families["lifang_audit_unsealed"].samples[0].value
    assert unsealed == AuditEntry.select().where(AuditEntry.seq.is_null()).count()
    assert families["lifang_backup_age_seconds"].samples == []
    backup.make(instance, None, lambda *_told: None)
    again = {one.name: one for one in text_string_to_metric_families(client.get("/metrics").text)}
    assert 0 <= again["lifang_backup_age_seconds"].samples[0].value < 60
    assert again["lifang_audit_unsealed"].samples[0].value == 0


def break_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_told: Any, **_more: Any) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr("lifang.store.database.Database.connection", fail)
