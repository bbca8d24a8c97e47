"""An upgrade is planned before anything is touched, and whole or not at all."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.app.generations import read_generation
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.errors import Conflict, NotFound
from lifang.lifecycle import sources, upgrading
from lifang.lifecycle.dated import Decree, configure
from lifang.lifecycle.upgrading import Plan
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.instance import Instance
from lifang.store import migrations
from lifang.testing.world import CHENGGUAN, HOME, QILIHE
from tests.core.lifecycle import shelf
from tests.core.lifecycle.machine import Machine


def wait_until(holds: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def put(instance: Instance, machine: Machine, wheel: Path) -> None:
    """Let version 1 be installed, with a book in its table."""
    machine.unpack(wheel)
    migrations.migrate(
        instance.database,
        "shelf",
        machine.packages / "shelf" / "migrations",
        lock=instance.settings.run / "migrate.lock",
    )
    PluginRow.insert(
        name="shelf", label="书架", version="1.0", state="installed", changed_at=clock.now()
    ).execute()
    node, engine = Community.get(Community.code == HOME), instance.database.engine
    at = "2026-11-30T00:00:00.000000Z"
    slots = ", ".join([engine.param] * 5)
    told = f"(version, created_at, updated_at, community_id, title) VALUES ({slots})"
    engine.execute_sql(f"INSERT INTO shelf_book {told}", (1, at, at, int(node.id), "论语"))


def found(instance: Instance, machine: Machine) -> dict[str, object]:
    """Everything an upgrade changes: the tables, what they hold, version, state and package."""
    engine, row = instance.database.engine, PluginRow.get_by_id("shelf")
    return {
        "columns": sorted(one.name for one in engine.get_columns("shelf_book")),
        "books": [title for (title,) in engine.execute_sql("SELECT title FROM shelf_book")],
        "migrations": sorted(engine.execute_sql("SELECT name FROM shelf_migration").fetchall()),
        "row": (row.version, row.state),
        "package": machine.version("lifang-shelf"),
    }


def test_an_upgrade_that_fails_or_is_killed_leaves_everything_as_it_was(
    run_it: Instance, machine: Machine, tmp_path: Path
) -> None:
    home = run_it.settings.home
    put(run_it, machine, shelf.first(tmp_path / "first"))
    before, generation = found(run_it, machine), read_generation()
    assert before["row"] == ("1.0", "installed")
    upgrade, rest = ("plugin", "upgrade", "shelf"), ("--yes", "--no-backup")

    bad = str(shelf.second(tmp_path / "bad", shelf.BREAKS))
    refused = machine.run(home, *upgrade, bad, *rest)
    assert (refused.code, "已退回原来的版本和数据" in refused.err) == (6, True), refused.err
    assert "ZeroDivisionError: the second migration breaks" in refused.err
    assert found(run_it, machine) == before

    hanging = shelf.second(tmp_path / "hanging", shelf.HANGS, version="2.1")
    mark = tmp_path / "reached"
    process = machine.start(home, *upgrade, str(hanging), *rest, SHELF_HANGS=str(mark))
    wait_until(mark.exists)
    row = PluginRow.get_by_id("shelf")
    assert (row.version, row.state) == ("1.0", "upgrading")  # off everywhere meanwhile
    assert machine.version("lifang-shelf") == "2.1"
    second = machine.run(home, *upgrade, bad, *rest)
    assert (second.code, "另一个插件正在升级" in second.err) == (5, True)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    good = str(shelf.second(tmp_path / "good", version="2.2"))
    planned = machine.run(home, *upgrade, good, "--plan")  # whatever comes next makes it good
    assert "版本 1.0 → 2.2" in planned.out, planned.err
    assert found(run_it, machine) == before
    assert read_generation() == generation
    outcomes = [one.outcome for one in AuditEntry.select().where(AuditEntry.verb == "upgrade")]
    assert outcomes == ["denied", "denied"]


@pytest.mark.once
def test_an_upgrade_that_succeeds_has_new_tables_a_backup_and_a_new_generation(
    run_it: Instance, machine: Machine, tmp_path: Path
) -> None:
    home = run_it.settings.home
    put(run_it, machine, shelf.first(tmp_path / "first"))
    generation, new = read_generation(), shelf.second(tmp_path / "new")
    done = machine.run(home, "plugin", "upgrade", "shelf", str(new), "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["applied"] == ["0002_author"]
    assert Path(done.json["backup"]).exists()
    now = found(run_it, machine)
    assert (now["row"], now["package"], now["books"]) == (("2.0", "installed"), "2.0", ["论语"])
    assert "author" in str(now["columns"])
    assert read_generation() == generation + 1
    row = AuditEntry.get(AuditEntry.verb == "upgrade")
    assert (row.actor_name, row.reason) == ("boss", f"shelf 1.0 → 2.0 ← {new}")


def test_code_that_is_older_than_its_tables_is_off(
    instance: Instance, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=CHENGGUAN)
    for version, on in (("0.0.1", True), ("99", False), ("0.1.0", True)):
        with instance.database.transaction():
            PluginRow.update(version=version).where(PluginRow.name == "dual_reporting").execute()
            bump_epoch()
        told = bool(instance.plugins.refresh().where("dual_reporting"))
        assert (version, told) == (version, on)


@pytest.mark.once
def test_a_plan_says_what_is_ok_what_warns_and_what_blocks_and_touches_nothing(
    instance: Instance,
    boss: Caller,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    old = shelf.first(tmp_path / "first")
    put(instance, machine, old)
    monkeypatch.syspath_prepend(str(machine.packages))
    before = found(instance, machine)

    def plan(wheel: Path) -> Plan:
        with sources.fetched(boss, str(wheel)) as fetched:
            return upgrading.plan(boss, "shelf", fetched)

    with pytest.raises(NotFound, match="没有安装"):
        upgrading.demand_installed(boss, "webhooks")
    assert upgrading.demand_installed(boss, "shelf") == "shelf"
    told = plan(shelf.second(tmp_path / "new"))
    grades = {one.text: one.grade for one in told.lines}
    assert (grades["执行迁移 0002_author"], grades["新版本能够载入"]) == ("ok", "ok")
    assert grades["设置「size」不再有，已设的值不再起作用"] == "warns"
    assert (told.blocked, told.changes) == (False, ("## 2.0", "Books have an author."))

    apart = plan(shelf.second(tmp_path / "apart", "atomic = False\n\n\ndef up(m, d): ...\n"))
    blocks = [one.text for one in apart.lines if one.grade == "blocks"]
    assert blocks == ["迁移 0003_more 不能在一个事务里执行，失败时退不回去"]
    broken = plan(shelf.broken(tmp_path / "broken"))
    assert [one.grade for one in broken.lines if "no such luck" in one.text] == ["blocks"]
    for code in (CHENGGUAN, QILIHE):
        place = Community.get(Community.code == code)
        Activation.create(plugin="shelf", community=place, on=True, changed_at=clock.now())
    configure(boss, "shelf", {"size": "3"}, Decree("文", at=QILIHE))
    lacking = plan(shelf.demanding(tmp_path / "demanding"))
    assert [one.text for one in lacking.lines if one.grade == "blocks"] == [
        "新版本不能没有「册数」（size），请先在「城关区」设置",
        "新版本不能没有「受理单位」（office），请先在「城关区、七里河区」停用，升级后设置好再启用",
    ]
    with sources.fetched(boss, str(old)) as fetched, pytest.raises(Conflict, match="已经是版本"):
        upgrading.upgrade(boss, upgrading.plan(boss, "shelf", fetched), fetched)
    assert found(instance, machine) == before
    for name in [name for name in sys.modules if name.partition(".")[0] == "shelf"]:
        monkeypatch.delitem(sys.modules, name)
