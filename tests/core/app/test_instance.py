"""Opening an instance: what is missing or wrong is said in one sentence, and nothing is changed."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from playhouse.schema_diff import diff_models

import lifang
from lifang.app.instance import create, migrate_all, open_instance, opened
from lifang.entities.person import Person
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.store.keys import create_key_file
from lifang.store.record import Record, Table


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    create(folder, environ={}).close()
    return folder


def test_a_new_instance_is_its_owners_alone(home: Path) -> None:
    for path in (home, home / "keys" / "lifang.key", home / "data"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    with pytest.raises(Conflict):
        create(home, environ={})
    with opened(home, environ={}) as instance:
        assert [resource.noun for resource in instance.registry][:2] == ["communities", "people"]
        assert Person.select().count() == 0


def test_a_wrong_key_is_refused_and_nothing_is_rewritten(home: Path, tmp_path: Path) -> None:
    key = home / "keys" / "lifang.key"
    good = key.read_text()
    before = (home / "data" / "lifang.db").read_bytes()
    other = tmp_path / "other.key"
    create_key_file(other)
    for wrong, said in (
        (other.read_text(), "不属于这个数据库"),
        ("{", "已损坏"),
        (json.dumps({"master": "AAAA"}), "已损坏"),
    ):
        key.write_text(wrong)
        with pytest.raises(NotReady, match=said):
            open_instance(home, environ={})
    key.unlink()
    with pytest.raises(NotReady, match="找不到密钥文件"):
        open_instance(home, environ={})
    assert (home / "data" / "lifang.db").read_bytes() == before
    key.write_text(good)
    open_instance(home, environ={}).close()


def test_a_missing_folder_database_or_instance_is_named(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="lifang init"):
        open_instance(tmp_path / "nowhere", environ={})
    shutil.move(home / "run", tmp_path / "run")
    with pytest.raises(NotReady, match="run"):
        open_instance(home, environ={})
    shutil.move(tmp_path / "run", home / "run")
    (home / "data" / "lifang.db").rename(tmp_path / "gone.db")
    with pytest.raises(NotReady, match="找不到数据库"):
        open_instance(home, environ={})


def test_an_unknown_configuration_key_names_the_nearest_known_one(home: Path) -> None:
    with pytest.raises(Invalid, match="LIFANG_DATABASE"):
        open_instance(home, environ={"LIFANG_DATABSE": "x"})
    with (home / "lifang.toml").open("a") as file:
        file.write('\nlangauge = "zh"\n')
    with pytest.raises(Invalid, match="language"):
        open_instance(home, environ={})


def test_outstanding_migrations_are_named_and_applied_by_migrate_only(home: Path) -> None:
    with opened(home, environ={}) as instance:
        instance.database.engine.execute_sql("DELETE FROM core_migration")
    with pytest.raises(NotReady, match="lifang migrate"):
        open_instance(home, environ={})
    files = sorted((Path(lifang.__file__).parent / "migrations").glob("0*.py"))
    assert migrate_all(home, plan=True) == [f"core {file.stem}" for file in files]
    with pytest.raises(NotReady, match="lifang migrate"):
        open_instance(home, environ={})


def test_a_database_newer_than_the_program_is_refused(home: Path) -> None:
    with opened(home, environ={}) as instance:
        instance.database.engine.execute_sql(
            "INSERT INTO core_migration (name, applied) VALUES ('9999_future', '2030-01-01')"
        )
    from lifang.app.instance import migrate_core

    with opened(home, environ={}) as instance, pytest.raises(NotReady, match="9999_future"):
        migrate_core(instance.database, home)


def test_the_migrations_make_exactly_the_tables_the_models_describe(home: Path) -> None:
    with opened(home, environ={}) as instance:
        core = [model for model in _models(Table) if model.__module__.startswith("lifang.")]
        assert len(core) > 25
        difference = diff_models(instance.database.engine, core)
        assert not difference, difference


def _models(base: type[Table]) -> list[type[Table]]:
    found = [*base.__subclasses__()]
    return [one for model in found for one in [model, *_models(model)] if one is not Record]


def test_an_instance_of_the_last_release_is_migrated_and_keeps_its_rows(home: Path) -> None:
    with opened(home, environ={}) as instance:
        engine = instance.database.engine
        engine.execute_sql("DROP TABLE core_household_member")
        engine.execute_sql("DROP TABLE core_household")
        engine.execute_sql("ALTER TABLE core_token DROP COLUMN scope")
        for table in ("core_column_mapping", "core_job_problem", "core_job", "name_gram"):
            engine.execute_sql(f"DROP TABLE {table}")
        engine.execute_sql(
            "CREATE TABLE name_gram (noun VARCHAR(60) NOT NULL, gram VARCHAR(3) NOT NULL, "
            "record BIGINT NOT NULL, PRIMARY KEY (noun, gram, record))"
        )
        engine.execute_sql("CREATE INDEX namegram_noun_record ON name_gram (noun, record)")
        engine.execute_sql("INSERT INTO name_gram VALUES ('core.people', '里', 7)")
        engine.execute_sql("ALTER TABLE event DROP COLUMN xid")
        for column in ("plugin", "rule", "corr"):
            engine.execute_sql(f"ALTER TABLE timer DROP COLUMN {column}")
        for table in ("core_calendar_day", "core_former_place", "core_community_code"):
            engine.execute_sql(f"DROP TABLE {table}")
        engine.execute_sql("DROP INDEX core_person_merged_into_id")
        engine.execute_sql("ALTER TABLE core_person DROP COLUMN merged_into_id")
        engine.execute_sql("DELETE FROM core_migration WHERE name >= '0002'")
        _plant_as_then(engine)
        keys = engine.execute_sql("SELECT COUNT(*) FROM core_key").fetchone()
    with pytest.raises(NotReady, match="lifang migrate"):
        open_instance(home, environ={})
    due = ["0002", "0003", "0004", "0005", "0006", "0007", "0010"]
    assert [name.split()[1][:4] for name in migrate_all(home)] == due
    assert migrate_all(home) == []
    with opened(home, environ={}) as instance:
        engine = instance.database.engine
        assert engine.execute_sql("SELECT COUNT(*) FROM core_key").fetchone() == keys
        kept = engine.execute_sql("SELECT record FROM name_gram WHERE gram = '里'").fetchall()
        assert kept == [(7,)]
        _demand_memory(engine)


def _plant_as_then(engine: Any) -> None:
    """Two nodes, one of them closed, as the first release kept them."""
    columns = "code, name, kind, code_system, path, version, created_at, updated_at"
    same = "'x', 'city', 'stats', '', 1, '', ''"
    node = f"INSERT INTO core_community ({columns}, parent_id, valid_to) VALUES (?, {same}, ?, ?)"  # noqa: S608 – ours
    engine.execute_sql(node, ("1", None, None))
    engine.execute_sql(node, ("2", 1, "2025-01-01"))


def _demand_memory(engine: Any) -> None:
    edges = "SELECT child_id, parent_id, from_date, to_date FROM core_community_edge"
    assert engine.execute_sql(edges).fetchall() == [(1, None, None, None), (2, 1, None, None)]
    codes = "SELECT community_id, code, from_date, to_date FROM core_community_code"
    known = [(1, "1", None, None), (2, "2", None, "2025-01-01")]
    assert engine.execute_sql(codes).fetchall() == known
