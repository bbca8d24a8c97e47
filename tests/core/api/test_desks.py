"""A desk for programs: `GET /api/v1/desks/PLUGIN` and `lifang desk PLUGIN` tell the same."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from lifang.entities.account import Account
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.commands import Command
from tests.core.api.conftest import Api
from tests.core.mechanisms.tasks import open_tasks, task


def test_programs_and_commands_are_told_what_a_page_shows(
    instance: Instance, api: Api, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_tasks(instance, at=world.CHENGGUAN)
    boss = world.caller(instance, "community_worker", at=world.CHENGGUAN)
    first = task(boss, "第一件", world.HOME, minutes=90)
    worker = api("community_worker", at=world.HOME)
    name = Account.select().order_by(Account.id.desc()).get().name
    told = worker.get("/api/v1/desks/tasks").json
    assert told["plugin"] == "tasks"
    waiting = told["panels"][0]
    assert {key: waiting[key] for key in waiting if key != "items"} == {
        "label": "待办事项", "resource": "tasks.tasks", "reach": "tree", "number": 1,
        "total": {"field": "minutes", "value": 1.5, "unit": "小时"},
        "filters": {"state": ["open"]}, "sort": "id", "create": {"title": "新事项"},
        "choose": None, "empty": "都办完了。",
    }  # fmt: skip
    (item,) = waiting["items"]
    assert (item["id"], item["actions"]) == (first, ["finish", "postpone", "drop"])
    assert worker.get("/api/v1/desks/tasks?x=1").status_code == 400
    monkeypatch.setenv("LIFANG_AS", name)
    assert run("desk", "tasks", "--json").json == told
    lines = run("desk", "tasks").out.splitlines()
    assert lines[:4] == [
        "待办事项（1）",
        "合计  1.5 小时",
        "编号\t事项\t承办人\t登记时间",
        lines[3],
    ]
    assert lines[3].startswith(f"{first}\t第一件\t\t")
    assert "没有需要处理的。" in lines
    answer = worker.post(f"/api/v1/tasks/tasks/{first}/actions/finish", json={})
    assert answer.status_code == 200
    after = worker.get("/api/v1/desks/tasks").json["panels"][0]
    assert (after["number"], after["items"], after["total"]["value"]) == (0, [], 0)
    described(worker)
    nowhere(api("community_worker", at=world.FOREIGN), run, monkeypatch)


def described(worker: FlaskClient) -> None:
    """The description of the interface knows the address and its answer."""
    description = worker.get("/api/openapi.json").json
    shown = description["paths"]["/api/v1/desks/{plugin}"]["get"]
    answer = shown["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Desk"}
    known = description["components"]["schemas"]["Panel"]["required"]
    assert set(known) == set(worker.get("/api/v1/desks/tasks").json["panels"][0])


def nowhere(there: FlaskClient, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is off, it is like one that was never there."""
    answers = [there.get(f"/api/v1/desks/{name}") for name in ("tasks", "never-installed", "core")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json["detail"] for answer in answers}) == 1
    monkeypatch.setenv("LIFANG_AS", Account.select().order_by(Account.id.desc()).get().name)
    said = [run("desk", name) for name in ("tasks", "never-installed")]
    assert [(one.code, one.out) for one in said] == [(4, "")] * 2
    assert said[0].err == said[1].err
