"""A switch takes effect at once in a running server, thrown from another process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Server
from tests.faults.test_kill import DIVISIONS

REPORTS = "/api/v1/dual-reporting/reports"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    one = Server(tmp_path / "home")
    one.run("init", "--admin", "boss", "--root", "620100000000")
    one.run("communities", "import", str(DIVISIONS))
    one.token = one.run("token", "create", "--account", "boss", "--quiet")
    one.start()
    yield one
    one.stop()


def test_a_plugin_is_there_and_gone_without_a_restart(server: Server) -> None:
    assert server.get(REPORTS)[0] == 404
    server.run("plugin", "enable", "dual_reporting", "--at", "620102000000")
    assert server.get(REPORTS) == (200, {"items": [], "next": None})
    for place, status in (("620102001001", 201), ("620103001001", 403)):
        told = {"name": "例某", "community": {"code": place}}
        person = server.call("POST", "/api/v1/people", told)[1]["id"]
        report = {"person": person, "community": {"code": place}}
        assert server.call("POST", REPORTS, report)[0] == status
    server.run("plugin", "disable", "dual_reporting", "--at", "620102001000")
    assert server.get(REPORTS) == (200, {"items": [], "next": None})
    server.run("plugin", "disable", "dual_reporting", "--at", "620102000000")
    assert server.get(REPORTS)[0] == 404
    server.run("plugin", "enable", "dual_reporting", "--at", "620102001000")
    assert len(server.get(REPORTS)[1]["items"]) == 1
