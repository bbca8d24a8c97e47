"""A migration begins with a backup: whoever wants to go back can, and without it nothing begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import lifang_dual_reporting
from lifang.app.instance import create, opened
from lifang.app.migrating import Migrated, migrate_all
from lifang.app.restoring import restore, verify_backup
from lifang.entities.audit import AuditEntry
from lifang.entities.person import Person
from lifang.kit.errors import NotReady
from lifang.plugins.manager import discover
from lifang.plugins.tables import PluginRow
from lifang.testing import world
from lifang.upkeep import archive, backup, sealing
from lifang.upkeep.doctor import examine
from tests.core.app.older import newer, turn_back
from tests.core.cli.conftest import Said, say
from tests.core.upkeep.dumped import dump, quiet

DUE = [f"core {name}" for name in newer()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance with somebody in it, as an older program left it."""
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "home"))
    instance = create(tmp_path / "home", environ={})
    with instance.database.connection():
        world.plant(instance)
        world.person(instance, "张三")
    instance.close()
    turn_back(tmp_path / "home")
    return tmp_path / "home"


def lifang(*words: str) -> Said:
    from lifang.app.main import hands

    return say(hands, *words)


def applied(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database:
        names = database.execute("SELECT name FROM core_migration ORDER BY name").fetchall()
    return [name for (name,) in names]


def backups(home: Path) -> list[Path]:
    return sorted((home / "backup").glob("*.lifang"))


def test_what_holds_data_is_backed_up_before_it_is_migrated_and_can_be_had_back(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, told = dump(home / "data" / "lifang.db"), list[Path]()
    done = migrate_all(home, say=lambda made: told.append(made) or before_anything(home))
    assert (done.names, [done.backup]) == (DUE, told)
    assert backups(home) == told
    manifest, _verdict = verify_backup(told[0], None, quiet)
    assert not set(newer()) & set(manifest["schema"]["core"])
    assert manifest["rows"]["core_person"] == len(before["core_person"]) == 1
    with opened(home) as instance:
        assert sealing.verify(instance).sound
        (entry,) = AuditEntry.select().where(AuditEntry.noun == "backup")
        assert (entry.verb, entry.reason) == ("create", told[0].name)
    key = home / "keys" / "lifang.key"
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "elsewhere"))
    assert restore(told[0], key, quiet, replace=False).upgraded == newer()
    with opened(tmp_path / "elsewhere"):
        assert [one.name for one in Person.select()] == ["张三"]


def before_anything(home: Path) -> None:
    assert not set(newer()) & set(applied(home))


def test_where_nothing_is_due_or_it_is_left_out_nothing_is_backed_up(home: Path) -> None:
    assert migrate_all(home, plan=True) == Migrated(DUE, home / "backup")
    assert migrate_all(home, plan=True, keep=False) == Migrated(DUE)
    assert not (home / "backup").exists()
    assert migrate_all(home, keep=False) == Migrated(DUE)
    assert migrate_all(home) == Migrated([])
    assert not (home / "backup").exists()


def test_the_command_says_where_the_backup_is_and_how_to_go_back(home: Path) -> None:
    planned = lifang("migrate", "--plan")
    assert planned.out.splitlines() == [
        "待执行：", *(f"  {name}" for name in DUE),
        f"执行前会先做一份备份，放在 {home / 'backup'}",
    ]  # fmt: skip
    assert lifang("migrate", "--plan", "--json").json == {
        "pending": DUE, "backup": str(home / "backup"), "plugins": []
    }  # fmt: skip
    done = lifang("migrate")
    (made,) = backups(home)
    assert done.out.splitlines() == [
        f"已先做备份：{made}",
        f"如需退回：停止服务，装回原来的版本，再运行 lifang backup restore {made} --replace",
        "已执行：", *(f"  {name}" for name in DUE),
    ]  # fmt: skip
    assert lifang("migrate").out == "没有待执行的迁移\n"
    turn_back(home)
    assert lifang("migrate", "--no-backup", "--json").json == {"applied": DUE, "backup": None}
    assert backups(home) == [made]
    turn_back(home)
    told = lifang("migrate", "--json").json
    assert [told["backup"]] == [str(one) for one in backups(home) if one != made]
    assert lifang("backup", "restore", str(made), "--replace").code == 0


def no_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(archive._Sealing, "write", _full)
    return "磁盘已满"


def _full(sealing: object, data: object) -> int:
    raise OSError(28, "No space left on device")


def no_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (home / "backup").write_text("a file where the folder should be")
    return "backup"


def damaged(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("INSERT INTO core_job_problem VALUES (1, 77, 1, 'x', 'x', 'x')")
    return "引用"


@pytest.mark.parametrize("fault", [no_room, no_folder, damaged])
def test_a_backup_that_fails_stops_the_migration(
    home: Path, fault: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = applied(home)
    with monkeypatch.context() as patch:
        why = fault(home, patch)
        told = lifang("migrate")
    assert told.code == NotReady.exit_code
    assert told.err.startswith("错误：迁移前的备份没有做成，所以没有迁移：")
    assert (why in told.err, "--no-backup" in told.err) == (True, True)
    assert applied(home) == before
    assert not backups(home)


def test_another_backup_in_the_making_stops_the_migration_too(home: Path) -> None:
    with backup.workplace(home / "backup"):
        assert "另一项备份操作正在进行" in lifang("migrate").err
    before_anything(home)
    assert lifang("migrate").code == 0


def test_plugins_are_migrated_in_the_same_go_after_the_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "home"))
    instance = create(tmp_path / "home", environ={})
    with instance.database.connection():
        world.plant(instance)
        world.enable(instance, "dual_reporting", at=world.CITY)
        for name in instance.database.engine.get_tables():
            if name.startswith("dual_reporting_"):
                instance.database.engine.execute_sql(f"DROP TABLE {name}")
    instance.close()
    turn_back(tmp_path / "home")
    files = (Path(lifang_dual_reporting.__file__).parent / "migrations").glob("0*.py")
    due = [*DUE, *sorted(f"dual_reporting {file.stem}" for file in files)]
    assert migrate_all(plan=True).names == due
    assert migrate_all().names == due
    assert len(backups(tmp_path / "home")) == 1


def test_a_program_older_than_a_plugins_tables_is_told_by_doctor_and_migrate(home: Path) -> None:
    migrate_all(home)
    with opened(home) as instance:
        world.enable(instance, "dual_reporting", at=world.CITY)
        instance.database.engine.execute_sql(
            "INSERT INTO dual_reporting_migration (name, applied) VALUES ('0099_x', '2030-01-01')"
        )
        instance.plugins.refresh()
        (found,) = [one for one in examine(instance) if one.name == "migrations"]
        assert (found.state, "0099_x" in found.sentence) == ("bad", True)
    with pytest.raises(NotReady, match="0099_x"):
        migrate_all(home)
    planned = lifang("migrate", "--plan")
    (line,) = [one for one in planned.out.splitlines() if "0099_x" in one]
    assert (planned.code, line.startswith("✗ dual_reporting")) == (0, True)


def test_a_plan_says_of_every_plugin_how_it_stands_and_a_broken_one_stops_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_all(home)
    with opened(home) as instance:
        for plugin in ("dual_reporting", "webhooks"):
            world.enable(instance, plugin, at=world.CITY)
        row = PluginRow.get_by_id("webhooks")
        PluginRow.insert(row.__data__ | {"name": "gone"}).execute()
        PluginRow.insert(row.__data__ | {"name": "broken"}).execute()
        engine = instance.database.engine
        engine.execute_sql("DELETE FROM dual_reporting_migration WHERE name LIKE '0002%'")
        engine.execute_sql("DROP TABLE dual_reporting_service_entry")
    found = discover()
    entry = EntryPoint("broken", "no_such_module:plugin", "lifang.plugins")
    broken = replace(found["webhooks"], id="broken", entry=entry)
    monkeypatch.setattr("lifang.lifecycle.fitting.discover", lambda: found | {"broken": broken})
    told = lifang("migrate", "--plan", "--json").json
    assert told["pending"] == ["dual_reporting 0002_service_entries"]
    assert {one["id"]: one["grade"] for one in told["plugins"]} == {
        "broken": "warns",
        "dual_reporting": "ok",
        "gone": "warns",
        "webhooks": "ok",
    }
    assert migrate_all(home, keep=False).names == ["dual_reporting 0002_service_entries"]
