"""The four walks of the architecture: who is on the stack when the author's function runs.

A reader who follows one write opens few files; these tests name them, so that a detour shows.
"""

from __future__ import annotations

import functools
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lifang
from lifang.app.http import create_app
from lifang.app.main import hands
from lifang.builtin.people import people
from lifang.builtin.places import communities
from lifang.cli.main import run
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.resources.resource import Resource
from lifang.services import accounts
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.importing import import_table
from lifang.services.instance import Instance
from lifang.testing import world

CORE = Path(lifang.__file__).parent
PLUGINS = CORE.parents[1] / "plugins"


def files_on_the_stack() -> list[str]:
    """Our own files from the outermost call inwards, each once, without the test itself."""
    frame: Any = sys._getframe(1)
    seen: list[str] = []
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(CORE / "store"):
            pass  # where the database does a deed again, if need be
        elif path.is_relative_to(CORE):
            seen.append(str(path.relative_to(CORE)))
        elif path.is_relative_to(PLUGINS) and "tests" not in path.parts:
            seen.append("plugin.py")
        frame = frame.f_back
    return list(dict.fromkeys(reversed(seen)))


@contextmanager
def watched(resource: Resource[Any], action: str) -> Iterator[list[list[str]]]:
    """Note the stack each time an action of a resource runs; the action itself runs as ever."""
    stacks: list[list[str]] = []
    real = resource.actions[action]

    def noted(record: Any, caller: Caller, **inputs: Any) -> Any:
        stacks.append(files_on_the_stack())
        return real.run(record, caller, **inputs)

    functools.update_wrapper(noted, real.run)  # inputs are read off the author's own signature
    resource.actions[action] = replace(real, run=noted)
    try:
        yield stacks
    finally:
        resource.actions[action] = real


@pytest.fixture
def reports(instance: Instance, enable: Callable[..., None]) -> Resource[Any]:
    enable("dual_reporting", at=world.CHENGGUAN)
    found = instance.registry.find("dual_reporting", "reports")
    assert found is not None
    return found


def submitted(instance: Instance, reports: Resource[Any]) -> Any:
    """A report that waits for its community."""
    worker = world.caller(instance, "community_worker", at=world.HOME)
    person = world.person(instance, "李强")
    told = {"person": person.id, "community": {"code": world.HOME}}
    return write(reports, "create", worker, told)


def test_walk_1_http_goes_from_one_generic_route_to_the_gateway_to_the_author(
    instance: Instance, boss: Caller, reports: Resource[Any]
) -> None:
    report = submitted(instance, reports)
    accounts.create_account(boss, "w", role="community_worker", at=world.HOME)
    token = accounts.create_token(boss, "w", days=1)
    client = create_app(instance).test_client()
    with watched(reports, "accept") as stacks:
        answer = client.post(
            f"/api/v1/dual-reporting/reports/{report.id}/actions/accept",
            headers={"Authorization": f"Bearer {token}"},
        )
    assert (answer.status_code, answer.json["state"]) == (200, "accepted")
    assert len(stacks) == 1
    on_the_way = ["services/idempotency.py", "services/gateway.py"]
    assert [name for name in stacks[0] if name.startswith("services/")] == on_the_way
    assert len([name for name in stacks[0] if name.startswith("api/")]) <= 2
    assert len(stacks[0]) <= 4, stacks[0]


def test_walk_2_a_command_goes_from_the_command_line_to_the_gateway_to_the_author(
    instance: Instance,
    boss: Caller,
    reports: Resource[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = submitted(instance, reports)
    accounts.create_account(boss, "w", role="community_worker", at=world.HOME)
    accounts.tie(boss, "w", system_user=os.getuid())
    monkeypatch.setenv("LIFANG_HOME", str(instance.settings.home))
    words = ["dual-reporting", "reports", "accept", str(report.id)]
    with watched(reports, "accept") as stacks:
        code = run(hands, words)
    instance.database.bind()  # the command opened the instance for itself
    assert code == 0, capsys.readouterr().err
    assert type(report).get_by_id(report.id).state == "accepted"
    assert [name for name in stacks[0] if name.startswith("services/")] == ["services/gateway.py"]
    assert all(name.startswith(("cli/", "services/gateway")) for name in stacks[0]), stacks[0]


def test_walk_3_an_event_leads_through_the_dispatcher_to_the_author_and_the_gateway(
    instance: Instance, boss: Caller, reports: Resource[Any]
) -> None:
    worker = world.caller(instance, "community_worker", at=world.HOME)
    report = write(reports, "accept", worker, {}, submitted(instance, reports).id)
    told = {"community": {"code": world.FOREIGN}, "date": clock.today().isoformat()}
    moved = write(people, "move", boss, told, report.person_id)
    with watched(reports, "propose_transfer") as stacks:
        drain(instance, timeout=10)
    asked = type(report).get_by_id(report.id)
    assert (asked.state, asked.transfer_to) == ("accepted", Community.tied_to(moved, "resides")[0])
    assert len(stacks) == 1
    inner = stacks[0][stacks[0].index("plugin.py") :]
    assert inner == ["plugin.py", "services/authoring.py", "services/gateway.py"]


def test_walk_4_an_import_row_ends_in_the_gateway_or_in_its_law_for_many(
    instance: Instance, boss: Caller
) -> None:
    stacks: list[list[str]] = []
    rules, at_once = communities.rules, communities.at_once
    assert at_once is not None

    def look(record: Any, caller: Caller) -> None:
        stacks.append(files_on_the_stack())

    def look_at_many(fresh: dict[int, dict[str, Any]], caller: Caller) -> None:
        look(None, caller)
        at_once[0](fresh, caller)

    communities.rules, communities.at_once = (*rules, look), (look_at_many, at_once[1])
    try:
        body = "code,name,kind,parent_code\n620102001003,中街子社区,community,620102001000\n"
        body += f"{world.HOME},畅家巷,community,620102001000\n"
        told = import_table(boss, communities, io.BytesIO(body.encode()))
    finally:
        communities.rules, communities.at_once = rules, at_once
    assert (told["created"], told["updated"], told["failed"]) == (1, 1, 0)
    new, standing = (stack for stack in stacks if "services/judging.py" not in stack)
    assert new[-1] == "services/many.py" and "services/gateway.py" in standing
    assert max(len(new), len(standing)) <= 4, stacks
