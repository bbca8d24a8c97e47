"""An upgrade is planned before anything is touched, and whole or not at all."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.entities.audit import AuditEntry
from lifang.entities.community import Community
from lifang.plugins.tables import PluginRow, read_generation
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, HOME
from tests.core.lifecycle import shelf
from tests.core.lifecycle.machine import Machine

BOOKS = ("shelf", "books", "list", "--json")


def wait_until(holds: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def schema(instance: Instance) -> tuple[list[str], list[str]]:
    """The columns of the plugin's table, and its migrations."""
    engine = instance.database.engine
    columns = [one.name for one in engine.get_columns("shelf_book")]
    names = engine.execute_sql("SELECT name FROM shelf_migration ORDER BY name").fetchall()
    return sorted(columns), [name for (name,) in names]


def state() -> tuple[str, str]:
    row = PluginRow.get_by_id("shelf")
    return row.version, row.state


def test_an_upgrade_whose_second_migration_fails_leaves_everything_as_it_was(
    run_it: Instance, machine: Machine, tmp_path: Path
) -> None:
    home = run_it.settings.home
    old = shelf.first(tmp_path / "first")
    assert machine.run(home, "plugin", "install", str(old), "--yes").code == 0
    assert machine.run(home, "plugin", "enable", "shelf", "--at", CHENGGUAN).code == 0
    _book()
    before = schema(run_it)

    bad = shelf.second(tmp_path / "bad", shelf.BREAKS)
    refused = machine.run(home, "plugin", "upgrade", "shelf", str(bad), "--yes")
    assert refused.code == 6
    assert "已退回原来的版本和数据" in refused.err
    assert "ZeroDivisionError: the second migration breaks" in refused.err
    (kept,) = (home / "backup").glob("lifang-before-shelf-*")
    assert str(kept) in refused.err
    _as_before(run_it, machine, before)

    # killed in the middle of the second migration, with all that worked for it
    hanging = shelf.second(tmp_path / "hanging", shelf.HANGS, version="2.1")
    mark = tmp_path / "reached"
    words = ("plugin", "upgrade", "shelf", str(hanging), "--yes", "--no-backup")
    process = machine.start(home, *words, SHELF_HANGS=str(mark))
    wait_until(mark.exists)
    assert state() == ("1.0", "upgrading")
    assert machine.version("lifang-shelf") == "2.1"
    second = machine.run(home, "plugin", "upgrade", "shelf", str(bad), "--yes", "--no-backup")
    assert (second.code, "另一个插件正在升级" in second.err) == (5, True)
    assert machine.run(home, *BOOKS).code == 4  # off everywhere meanwhile
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    machine.run(home, "plugin", "list")  # whatever is started next makes it good
    _as_before(run_it, machine, before)
    outcomes = AuditEntry.select().where(AuditEntry.verb == "upgrade")
    assert [one.outcome for one in outcomes] == ["denied", "denied"]


def _as_before(instance: Instance, machine: Machine, before: object) -> None:
    assert state() == ("1.0", "installed")
    assert schema(instance) == before
    assert machine.version("lifang-shelf") == "1.0"
    told = machine.run(instance.settings.home, *BOOKS)
    assert [one["title"] for one in told.json["items"]] == ["论语"], told.err


def _book() -> None:
    node, engine = Community.get(Community.code == HOME), Community._meta.database
    at = "2026-11-30T00:00:00.000000Z"
    slots = ", ".join([engine.param] * 5)
    told = f"(version, created_at, updated_at, community_id, title) VALUES ({slots})"
    engine.execute_sql(f"INSERT INTO shelf_book {told}", (1, at, at, int(node.id), "论语"))


@pytest.mark.once
def test_a_plan_says_what_is_ok_what_warns_and_what_blocks_and_touches_nothing(
    run_it: Instance, machine: Machine, tmp_path: Path
) -> None:
    home = run_it.settings.home
    old = shelf.first(tmp_path / "first")
    assert machine.run(home, "plugin", "install", str(old), "--yes").code == 0
    before, generation = schema(run_it), read_generation()
    unknown = machine.run(home, "plugin", "upgrade", "dual_reporting", str(old), "--plan")
    assert unknown.code == 4
    again = machine.run(home, "plugin", "upgrade", "shelf", str(old), "--plan", "--json")
    assert (again.code, again.json["blocked"]) == (5, True)
    new = shelf.second(tmp_path / "new")
    told = machine.run(home, "plugin", "upgrade", "shelf", str(new), "--plan", "--json").json
    grades = {one["text"]: one["grade"] for one in told["lines"]}
    assert grades["执行迁移 0002_author"] == "ok"
    assert grades["设置「size」不再有，已设的值不再起作用"] == "warns"
    assert (told["blocked"], told["changes"]) == (False, ["## 2.0", "Books have an author."])
    assert (schema(run_it), state()) == (before, ("1.0", "installed"))
    assert machine.version("lifang-shelf") == "1.0"

    done = machine.run(home, "plugin", "upgrade", "shelf", str(new), "--yes", "--json")
    assert done.json["applied"] == ["0002_author"], done.err
    assert Path(done.json["backup"]).exists()
    assert (state(), machine.version("lifang-shelf")) == (("2.0", "installed"), "2.0")
    assert "author" in schema(run_it)[0]
    assert read_generation() == generation + 1
    row = AuditEntry.get(AuditEntry.verb == "upgrade", AuditEntry.outcome == "done")
    assert (row.actor_name, row.reason) == ("boss", f"shelf 1.0 → 2.0 ← {new}")

    older = machine.run(home, "plugin", "upgrade", "shelf", str(old), "--yes")
    assert older.code == 5
    assert "0002_author" in older.err
