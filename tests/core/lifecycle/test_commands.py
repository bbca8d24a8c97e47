"""The life of a plugin by commands: asked first, told in tables or JSON, never done by a slip."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.app.migrating import migrate_all
from lifang.entities.caller import Caller
from lifang.lifecycle import removing, states, stored, switching
from lifang.plugins import importing
from lifang.plugins.tables import PluginRow
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CHENGGUAN
from tests.core.cli.conftest import Command, lifang
from tests.core.lifecycle.used import Package, package, use

__all__ = ["lifang", "package"]  # fixtures
ROOT = Path(__file__).parents[3]


@pytest.mark.once
def test_a_plugin_is_uninstalled_and_purged_by_commands_that_ask_first(
    instance: Instance, lifang: Command, package: Package, tmp_path: Path
) -> None:
    use(instance)
    assert lifang("plugin", "uninstall", "keepsake").code == 2  # keep, export or purge?
    assert lifang("plugin", "uninstall", "keepsake", "--keep", "--purge").code == 2
    seen = lifang("plugin", "uninstall", "keepsake", "--dry-run")
    assert seen.code == 0 and "keepsake_memory\t回忆\t1" in seen.out
    assert "可核验的文书  1" in seen.out
    told = lifang("plugin", "uninstall", "keepsake", "--dry-run", "--json").json["preview"]
    assert {"name": "keepsake_memory", "label": "回忆", "rows": 1} in told["tables"]
    refused = lifang("plugin", "uninstall", "keepsake", "--keep")
    assert refused.code == 2 and "--dry-run" in refused.err
    refused = lifang("plugin", "uninstall", "keepsake", "--purge", "--yes")
    assert refused.code == 2 and "--confirm keepsake" in refused.err
    assert lifang("plugin", "purge", "keepsake", "--confirm", "keepsake").code == 5  # in use
    assert PluginRow.get().state == "installed"

    out = str(tmp_path / "out")
    done = lifang("plugin", "uninstall", "keepsake", "--export", out, "--yes")
    assert done.code == 0 and f"{out}/memories.csv" in done.out and "数据保留" in done.out
    assert "已卸载" in lifang("plugin", "list").out
    shown = lifang("plugin", "show", "keepsake")
    assert "lifang plugin install keepsake" in shown.out
    assert lifang("keepsake", "memories", "list").code == 4
    assert lifang("plugin", "purge", "keepsake", "--confirm", "keepsakes").code == 2
    done = lifang("plugin", "purge", "keepsake", "--confirm", "keepsake", "--no-backup", "--json")
    assert done.json["plugin"]["state"] == "purged" and done.json["backup"] is None
    assert lifang("plugin", "purge", "keepsake", "--confirm", "keepsake").code == 5
    assert lifang("plugin", "install", "keepsake").code == 0


@pytest.mark.once
def test_switches_are_locked_suspended_and_inherited_by_commands(
    lifang: Command, instance: Instance
) -> None:
    at = ("--at", CHENGGUAN)
    assert lifang("plugin", "enable", "dual-reporting", *at, "--lock").code == 0
    assert "城关区 620102000000（锁定）" in lifang("plugin", "list").out
    assert lifang("plugin", "disable", "dual-reporting", "--at", world.HOME).code == 5
    assert lifang("plugin", "suspend", "dual-reporting", *at).code == 2  # why?
    assert lifang("plugin", "suspend", "dual-reporting", "--reason", "查账").code == 2  # where?
    told = lifang("plugin", "suspend", "dual-reporting", *at, "--reason", "查账",
                  "--until", "2099-01-01")  # fmt: skip
    assert told.code == 0 and "自动恢复" in told.out
    assert "城关区 暂停：查账" in lifang("plugin", "show", "dual-reporting").out
    assert lifang("plugin", "resume", "dual-reporting", *at).code == 0
    assert lifang("plugin", "inherit", "dual-reporting").code == 2
    assert lifang("plugin", "inherit", "dual-reporting", *at, "--json").json["switches"] == []
    assert lifang("plugin", "list", "--as", "nobody").code != 0


def test_a_plugin_with_outstanding_migrations_waits_for_them(
    instance: Instance, boss: Caller, package: Package, lifang: Command
) -> None:
    world.enable(instance, "keepsake", at=CHENGGUAN)
    instance.database.engine.execute_sql('DELETE FROM "keepsake_migration"')
    instance.database.engine.execute_sql('DROP TABLE "keepsake_memory"')
    instance.plugins.drop("keepsake")  # as in a process that starts now
    importing.versions.pop("keepsake")
    instance.plugins._snapshot = type(instance.plugins._snapshot)(epoch=-1)
    instance.gone._epoch = -1
    assert "keepsake" not in instance.plugins.refresh().on
    shown = states.show(world.boss(instance), "keepsake")
    assert (shown.state, shown.reasons) == ("pending", ("有 1 个数据库迁移待执行",))
    assert instance.gone.name("keepsake") == "记忆收藏（等待迁移）"
    refused = lifang("keepsake", "memories", "list")
    assert refused.code == 6 and "等待迁移；请系统管理员运行 lifang migrate" in refused.err
    home = instance.settings.home
    assert migrate_all(home, keep=False).names == ["keepsake 0001_initial"]
    instance.database.bind()
    assert "keepsake" in instance.plugins.refresh().on  # who runs already has it now
    assert states.show(world.boss(instance), "keepsake").state == "installed"


@pytest.mark.once
def test_another_process_drops_what_was_uninstalled_at_its_next_look(
    instance: Instance, boss: Caller, package: Package
) -> None:
    world.enable(instance, "keepsake", at=CHENGGUAN)
    watching = """
import sys
from lifang.app.instance import open_instance
instance = open_instance()
for _line in sys.stdin:
    with instance.database.connection():
        on = instance.plugins.refresh().on
    known = instance.registry.find("keepsake", "memories"), instance.plugins.payloads
    print("keepsake" in on, known[0] is not None, "keepsake.memory.kept" in known[1], flush=True)
"""
    path = os.pathsep.join([str(package.info.parent), str(ROOT)])
    environ = os.environ | {"LIFANG_HOME": str(instance.settings.home), "PYTHONPATH": path}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environ}
    with subprocess.Popen([sys.executable, "-c", watching], **pipes) as other:
        look = _asking(other)
        assert look() == "True True True"
        removing.keep(boss, "keepsake")
        assert look() == "False False False"
        switching.install(boss, "keepsake")
        switching.switch(boss, "keepsake", at=CHENGGUAN, on=True)
        assert look() == "True True True"
        assert other.stdin is not None
        other.stdin.close()
    package.take_away()
    with subprocess.Popen([sys.executable, "-c", watching], **pipes) as another:
        assert _asking(another)() == "False False False"  # it starts, and says so in the doctor
        another.communicate()
    assert other.returncode == another.returncode == 0


def _asking(other: subprocess.Popen[str]) -> Callable[[], str]:
    def look() -> str:
        assert other.stdin is not None and other.stdout is not None
        other.stdin.write("look\n")
        other.stdin.flush()
        return other.stdout.readline().strip()

    return look


@pytest.mark.once
def test_what_a_plugin_says_of_itself_is_stored_anew_with_its_version(
    instance: Instance, boss: Caller, package: Package
) -> None:
    world.enable(instance, "keepsake", at=CHENGGUAN)
    with instance.database.transaction():
        PluginRow.update(version="0.9", declared=None).execute()
    from lifang.plugins.manager import discover

    stored.keep_current(instance, discover())
    told = stored.told_of("keepsake")
    assert (told["version"], PluginRow.get().version) == ("1.0", "1.0")
    assert told["label"] == {"zh": "记忆收藏", "en": "Keepsakes"}
    [phone] = [one for one in told["nouns"][0]["fields"] if one["name"] == "phone"]
    assert phone["sensitive"] and told["purposes"].keys() == {"keepsake.photos"}
