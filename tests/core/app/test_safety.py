"""Safe mode: asked for, or by itself after three starts that came to nothing; how it is left."""

from __future__ import annotations

import http.client
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.app.http import create_app
from lifang.app.instance import opened
from lifang.app.safety import Starts
from lifang.kit import settings
from lifang.kit.errors import NotReady
from lifang.lifecycle import switching
from lifang.testing import world
from tests.core.app.test_serve import Server, wait_until
from tests.core.app.test_serve import home as home
from tests.core.app.test_serve import start as start
from tests.core.plugins.misbehaving import installed, write
from tests.core.plugins.test_misbehaving import switched_on

ROOT = Path(__file__).parents[3]


def on_page(server: Server) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/sign-in", headers={"Accept-Language": "zh"})
    told = connection.getresponse().read().decode()
    connection.close()
    return told


def test_three_starts_that_come_to_nothing_are_followed_by_a_safe_one(
    home: Path, start: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(home) as instance:
        world.plant(instance)
        switched_on(instance, "ends_at_import")
    site = tmp_path / "site"
    site.mkdir()
    package = installed(write(tmp_path, "ends_at_import"), site)
    shutil.rmtree(package / "migrations")  # what waits for migrations is not loaded
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]))
    starts = Starts(settings.load(home, {}))
    assert start().process.wait(20) == 7
    assert starts.failed == 1
    (home / "run" / "starts").write_text("3")
    server = start("--workers", "1").ready()
    assert "连续 3 次没能启动" in server.said()
    assert "安全模式" in on_page(server)
    wait_until(lambda: starts.failed == 0, server)


def test_in_safe_mode_the_core_works_and_no_plugin_is_imported(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(home) as instance:
        world.plant(instance)
        world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
        assert "dual_reporting" in instance.plugins.loaded
    monkeypatch.setenv("LIFANG_SAFE", "1")
    with opened(home) as instance:
        assert set(instance.plugins.loaded) == {"core"}
        boss = world.boss(instance)
        world.person(instance, "甲")
        assert create_app(instance).test_client().get("/sign-in").status_code == 200
        with pytest.raises(NotReady, match="安全模式"):
            switching.install(boss, "webhooks")
        switching.switch(boss, "dual_reporting", at=world.CHENGGUAN, on=False)
        assert [one.id for one in switching.listed(boss) if one.state == "installed"]
    monkeypatch.setenv("LIFANG_SAFE", "0")
    with opened(home) as instance:
        world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
        assert "dual_reporting" in instance.plugins.loaded


def test_a_start_that_somebody_asked_to_be_strict_fails_with_the_reason(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Callable[..., Server]
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    installed(write(tmp_path, "default_out_of_bounds"), site)
    with opened(home) as instance:
        world.plant(instance)
        switched_on(instance, "default_out_of_bounds")
        instance.plugins.refresh()
        assert "default_out_of_bounds" in instance.plugins.faults
    monkeypatch.setenv("LIFANG_STRICT", "1")
    starts = Starts(settings.load(home, {}))
    for _time in range(5):
        assert not starts.begin()
    with pytest.raises(NotReady, match="default_out_of_bounds"), opened(home):
        pass
    monkeypatch.delenv("LIFANG_STRICT")
    monkeypatch.setenv("PYTHONPATH", str(site))
    refused = start("--strict")
    assert refused.process.wait(60) == NotReady.exit_code
    assert "default_out_of_bounds" in refused.said()
