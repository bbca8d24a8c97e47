"""A backup of a running instance restores to what it was; what is not one is refused, untouched."""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playhouse.migrations import Runner

from lifang.app.instance import MIGRATIONS, opened
from lifang.app.instance import create as make
from lifang.app.restoring import LEAP, restore, verify_backup
from lifang.builtin.people import people
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.events.tables import EventRow
from lifang.kit import settings
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound, NotReady
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.upkeep import archive, backup, sealing
from tests.core.upkeep.dumped import (
    Make,
    dump,
    folder,
    held,
    held_after_restore,
    quiet,
    standing,
)


def live(instance: Instance) -> Path:
    return instance.settings.data / "lifang.db"


def fill(instance: Instance, megabytes: int) -> None:
    """Make the database large enough for a copy to take its time."""
    rows = [(f"core.person/{n}", "x", os.urandom(20_000).hex()) for n in range(25 * megabytes)]
    with instance.database.transaction():
        instance.database.insert("erasable", ("subject", "key", "value"), rows)


class World:
    """Writers that go on all the while, and stand still only for the moment of the backup."""

    def __init__(self, boss: Caller) -> None:
        self.boss, self.still = boss, threading.Lock()
        self.over = threading.Event()
        self.calls = 0
        self.written: list[str] = []
        self.at_the_moment: dict[str, list[str]] = {}
        self.then = 0
        self.threads = [threading.Thread(target=self.work, args=(n,)) for n in range(3)]

    def work(self, number: int) -> None:
        instance = self.boss.instance
        with instance.database.connection():
            count = 0
            while not self.over.is_set():
                with self.still:
                    one = world.person(instance, f"张{number}号", phone="13812345678")
                    told = {"name": f"李{count}"}
                    write(people, "update", self.boss, told, id=one.id, version=one.version)
                    self.written.append(f"{number}/{count}")
                count += 1
                time.sleep(0.001)

    def watch(self, label: str, done: int, of: int) -> None:
        """Between the first two calls lies the moment: what is there then is written down."""
        self.calls += 1
        if self.calls == 1:
            self.still.acquire()
        elif self.calls == 2:
            self.at_the_moment = held(self.boss.instance)
            self.then = len(self.written)
            self.still.release()
        elif label == "复制":
            time.sleep(0.05)


def test_a_backup_under_load_restores_on_an_empty_machine_to_the_state_of_its_moment(
    instance: Instance, boss: Caller, tmp_path: Path, elsewhere: Path, key: Path
) -> None:
    fill(instance, 4)
    crowd = World(boss)
    for thread in crowd.threads:
        thread.start()
    try:
        file, manifest = backup.create(boss, tmp_path / "loaded.lifang", crowd.watch)
    finally:
        crowd.over.set()
        for thread in crowd.threads:
            thread.join()
    assert crowd.calls > 4
    assert len(crowd.written) > crowd.then + 5, "they went on writing while it was copied"

    done = restore(file, key, quiet, replace=False)
    assert (done.home, done.aside) == (elsewhere, None)
    restored = held_after_restore(elsewhere)
    assert restored == crowd.at_the_moment
    assert manifest["rows"] == done.manifest["rows"]
    assert manifest["rows"]["core_person"] == len(restored["core_person"])
    with opened(elsewhere) as fresh:
        assert sealing.verify(fresh).sound
        assert Person.select().count() == manifest["rows"]["core_person"]
        assert fresh.settings.key_file.stat().st_mode & 0o777 == 0o600
        assert world.person(fresh, "王后来").id > manifest["rows"]["core_person"]
    instance.database.bind()


def test_random_states_restore_to_the_same_dump(
    instance: Instance, made: Make, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(47)
    for number in range(5):
        for _one in range(rng.randint(1, 6)):
            world.person(instance, rng.choice("张王李赵") + rng.choice(["伟", "燕", "𠮷"]))
        file = made(f"{number}.lifang")
        noted = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
        before = held(instance)
        before["audit_entry"] = [
            row for row in before["audit_entry"] if not row.startswith(f"[{noted.id},")
        ]
        monkeypatch.setenv("LIFANG_HOME", str(tmp_path / f"home{number}"))
        place = restore(file, key, quiet, replace=False).home
        assert held_after_restore(place) == before


@pytest.mark.embedded
@pytest.mark.parametrize("plugin", ["core", "dual_reporting"])
def test_a_backup_newer_than_the_program_is_refused_by_name(
    instance: Instance, made: Make, key: Path, elsewhere: Path, plugin: str
) -> None:
    world.enable(instance, "dual_reporting", at=world.CITY)
    restore(made("fits.lifang"), key, quiet, replace=False)
    before = folder(elsewhere / "data")
    instance.database.engine.execute_sql(
        f"INSERT INTO {plugin}_migration (name, applied) VALUES ('9999_future', '2030-01-01')"  # noqa: S608 – our own words
    )
    newer = made("newer.lifang")
    with pytest.raises(NotReady, match=f"9999_future.*{plugin}"):
        restore(newer, key, quiet, replace=True)
    with pytest.raises(NotReady, match="9999_future"):
        verify_backup(newer, key, quiet)
    assert folder(elsewhere / "data") == before


@pytest.mark.embedded
def test_an_older_backup_is_brought_up_to_the_programs_tables(
    instance: Instance, made: Make, key: Path, elsewhere: Path
) -> None:
    engine = instance.database.engine
    newest = [path.stem for path in sorted(MIGRATIONS.glob("0*.py")) if path.stem > "0005_z"]
    assert newest[:2] == ["0006_tree", "0007_served"]
    counted = "SELECT COUNT(*) FROM core_community_edge"
    edges = engine.execute_sql(counted).fetchone()[0]
    Runner(engine, str(MIGRATIONS), table_name="core_migration").down("0006_tree")
    assert engine.execute_sql(counted).fetchone()[0] == 0
    file = backup.create(world.boss(instance), elsewhere.parent / "older.lifang", quiet)[0]
    done = restore(file, key, quiet, replace=False)
    assert done.upgraded == newest
    with opened(elsewhere) as older:
        assert Person.select().count() == 0
        made_anew = older.database.engine.execute_sql(counted)
        assert made_anew.fetchone()[0] == edges > 0


def test_a_standing_instance_is_replaced_only_on_demand_and_its_data_put_aside(
    instance: Instance, boss: Caller, made: Make, key: Path, elsewhere: Path
) -> None:
    world.person(instance, "张先来")
    file = made()
    with standing(elsewhere, key) as old, old.database.connection():
        world.plant(old)
        sealing.checkpoint(old)
        with pytest.raises(Conflict, match="正在被使用"):
            restore(file, None, quiet, replace=True)
    before = dump(elsewhere / "data" / "lifang.db")
    with pytest.raises(Conflict, match="--replace"):
        restore(file, None, quiet, replace=False)
    assert dump(elsewhere / "data" / "lifang.db") == before
    done = restore(file, None, quiet, replace=True)
    assert done.aside is not None
    assert done.aside.name.startswith("data.before-")
    assert dump(done.aside / "lifang.db") == before
    with opened(elsewhere) as fresh:
        noted: Any = AuditEntry.select().where(AuditEntry.verb == "restore").get()
        told = AuditChange.select(AuditChange.field, AuditChange.after)
        changes = dict(told.where(AuditChange.entry == noted.id).tuples())
        head = done.manifest["audit"]
        assert changes == {"at": done.manifest["at"], "seq": str(head["seq"]),
                           "chain": head["chain"]}  # fmt: skip
        last = max(one.pos for one in EventRow.select())
        world.person(fresh, "张后来")
        later = min(one.pos for one in EventRow.select().where(EventRow.pos > last))
        assert last < later == LEAP + 1, "others never take a new event for one of the lost"
        signed = sealing.checkpoint(fresh)
        assert signed is not None
        assert sealing.verify(fresh, sealing.sink(fresh)).sound, "the trail goes on from there"
    instance.database.bind()


def test_nobody_can_open_an_instance_while_it_is_restored(
    made: Make, key: Path, elsewhere: Path
) -> None:
    file = made()
    restore(file, key, quiet, replace=False)
    refused: list[str] = []

    def watch(label: str, _done: int, _of: int) -> None:
        with pytest.raises(LifangError) as told, opened(elsewhere):
            pass
        refused.append(told.value.sentence)

    restore(file, key, watch, replace=True)
    assert refused
    assert all("正在恢复备份" in sentence for sentence in refused)
    with opened(elsewhere):
        pass


def test_another_instances_backup_does_not_replace_a_key(
    made: Make, key: Path, elsewhere: Path
) -> None:
    file = made()
    make(elsewhere, environ={}).close()
    own = (elsewhere / "keys" / "lifang.key").read_bytes()
    with pytest.raises(Conflict, match="另一把密钥"):
        restore(file, key, quiet, replace=True)
    assert (elsewhere / "keys" / "lifang.key").read_bytes() == own


def test_a_folder_of_other_things_is_not_restored_into(
    made: Make, key: Path, elsewhere: Path
) -> None:
    file = made()
    elsewhere.mkdir()
    (elsewhere / "thesis.docx").write_text("x")
    with pytest.raises(Conflict, match=r"thesis\.docx"):
        restore(file, key, quiet, replace=True)
    assert [path.name for path in elsewhere.iterdir()] == ["thesis.docx"]


def test_settings_come_along_and_secrets_and_the_keys_place_do_not(
    instance: Instance, made: Make, key: Path, elsewhere: Path
) -> None:
    with instance.settings.file.open("a", encoding="utf-8") as file:
        file.write('zone = "Asia/Urumqi"\nport = 8123\nallow_http = true\n')
        file.write('broker = "nats://user:hidden-word@127.0.0.1:4222"\nkey_file = "keys/x.key"\n')
    done = restore(made(), key, quiet, replace=False)
    told = settings.load(elsewhere, env={})
    assert (told.zone, told.port, told.allow_http) == ("Asia/Urumqi", 8123, True)
    assert (told.broker, told.key_file) == (None, elsewhere / "keys" / "lifang.key")
    assert [name for name in done.manifest["left_out"] if name != "database"] == [
        "broker", "key_file"
    ]  # fmt: skip
    assert "hidden-word" not in str(done.manifest)
    master = key.read_text().split('"master": "')[1].split('"')[0]
    assert master not in str(done.manifest)


def test_only_platform_administrators_back_up(
    caller: Callable[..., Caller], made: Make, tmp_path: Path
) -> None:
    assert made("allowed.lifang").exists()
    for role in ("auditor", "security_administrator", "district_admin"):
        with pytest.raises(Forbidden):
            backup.create(caller(role), tmp_path / "refused.lifang", quiet)
    assert not (tmp_path / "refused.lifang").exists()


def test_a_file_that_is_there_is_not_overwritten_and_one_that_is_not_is_not_found(
    made: Make, key: Path, elsewhere: Path
) -> None:
    file = made()
    before = file.read_bytes()
    with pytest.raises(Conflict, match="不会覆盖"):
        made()
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotFound):
        verify_backup(file.with_name("none.lifang"), key, quiet)


class FullDisk:
    """A disk on which there is no room for what a backup writes, wherever it is written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        real, self.left = archive._Sealing.write, after

        def write(sealing: Any, data: Any) -> int:
            self.left -= len(data)
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(sealing, data)

        monkeypatch.setattr(archive._Sealing, "write", write)


def test_a_full_disk_or_a_folder_that_is_not_there_leaves_no_half_and_is_remembered(
    instance: Instance, boss: Caller, made: Make, tmp_path: Path
) -> None:
    good = made()
    place = backup.folder(instance.settings)
    with pytest.MonkeyPatch.context() as patch:
        FullDisk(patch, 2_000)
        with pytest.raises(NotReady, match="没有做成"):
            made("full.lifang")
    known = backup.outcomes(instance.settings)
    assert known["good"]["file"] == str(good)
    assert "full.lifang" in known["failed"]["why"]
    with pytest.raises(NotReady, match="nowhere"):
        backup.create(boss, tmp_path / "nowhere" / "x.lifang", quiet)
    assert sorted(path.name for path in tmp_path.glob("**/*.lifang")) == ["one.lifang"]
    assert sorted(path.name for path in place.iterdir()) == ["outcome.json"]
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.embedded
def test_a_damaged_database_is_no_good_backup(
    instance: Instance, boss: Caller, tmp_path: Path
) -> None:
    engine = instance.database.engine
    engine.execute_sql("PRAGMA foreign_keys = OFF")
    engine.execute_sql("INSERT INTO core_job_problem VALUES (1, 77, 1, 'x', 'x', 'x')")
    with pytest.raises(NotReady, match="引用"):
        backup.create(boss, tmp_path / "bad.lifang", quiet)
    assert not (tmp_path / "bad.lifang").exists()
    assert "引用" in backup.outcomes(instance.settings)["failed"]["why"]


def test_a_plugin_that_never_migrated_keeps_no_backup_from_being_made(
    instance: Instance, made: Make
) -> None:
    columns = "id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, applied TIMESTAMP NOT NULL"
    instance.database.engine.execute_sql(f'CREATE TABLE "stool_migration" ({columns})')
    assert made().exists()


def test_one_backup_is_worked_on_at_a_time(instance: Instance, made: Make) -> None:
    with backup.workplace(backup.folder(instance.settings)), pytest.raises(Conflict, match="正在"):
        made()
    assert made().exists()


def test_a_trail_that_was_altered_before_the_backup_is_found_by_verify(
    instance: Instance, made: Make, key: Path, elsewhere: Path
) -> None:
    world.person(instance, "张三")
    assert verify_backup(made("sound.lifang"), key, quiet)[1].sound
    instance.database.engine.execute_sql("UPDATE audit_entry SET actor_name = 'x' WHERE id = 3")
    altered = made("altered.lifang")
    with pytest.raises(Invalid, match="审计"):
        verify_backup(altered, key, quiet)
    with pytest.raises(Invalid, match="审计"):
        restore(altered, key, quiet, replace=False)
    assert not (elsewhere / "data").exists()


def test_a_demo_stays_a_demo(instance: Instance, made: Make, key: Path, elsewhere: Path) -> None:
    (instance.settings.home / "demo.json").write_text("{}")
    restore(made(), key, quiet, replace=False)
    with opened(elsewhere) as fresh:
        assert fresh.sample
    instance.database.bind()
