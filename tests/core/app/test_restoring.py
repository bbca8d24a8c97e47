"""A backup is restored into PostgreSQL as it is into a file: checked whole, exchanged at once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lifang.app import moving
from lifang.app.instance import RESTORED, opened, schema_before, settle
from lifang.app.main import hands
from lifang.app.restoring import Restored, restore, verify_backup
from lifang.entities.person import Person
from lifang.kit import settings
from lifang.kit.errors import Conflict, Invalid, LifangError, NotReady
from lifang.store.keys import create_key_file
from lifang.store.opening import open_database
from lifang.store.served import Served
from lifang.testing import served, world
from lifang.upkeep import backup, sealing
from tests.core.app.populated import goes_on
from tests.core.cli.conftest import say
from tests.core.upkeep.dumped import Dump, content, held, held_after_restore, quiet
from tests.core.upkeep.test_backup import World

pytestmark = pytest.mark.served
RESTORE = ("backup", "restore")


@pytest.fixture(params=["postgresql"])
def empty(empty: Callable[[], str]) -> Callable[[], str]:
    """The addresses of empty databases of PostgreSQL alone."""
    return empty


@pytest.fixture
def url(place: Path, password: str, empty: Callable[[], str]) -> str:
    """Where the populated instance is kept now."""
    there = empty()
    moving.move(there, quiet, plan=False)
    return there


@pytest.fixture
def file(place: Path, url: str, tmp_path: Path) -> Path:
    """A backup of it, with a file that waits to be imported; afterwards somebody came."""
    with opened(place) as instance:
        (place / "data" / "files").mkdir(exist_ok=True)
        (place / "data" / "files" / "0f").write_bytes(b"x" * 100)
        made = backup.create(world.boss(instance), tmp_path / "one.lifang", quiet)[0]
        world.person(instance, "赵后来")
    return made


def told(url: str, *, schema: str | None = None, without: tuple[str, str] | None = None) -> Dump:
    database = Served(url, durability="full", schema=schema)
    try:
        return content(database, without=without)
    finally:
        database.close()


def asked(url: str, statement: str) -> list[str]:
    database = Served(url, durability="full")
    try:
        with database.connection():
            return [name for (name,) in database.engine.execute_sql(statement).fetchall()]
    finally:
        database.close()


def name_of(url: str) -> str:
    return url.split("/")[3].split("?")[0]


def schemas(url: str) -> list[str]:
    named = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_)' ORDER BY 1"
    return asked(url, named)


def again(file: Path, key: Path | None = None) -> Restored:
    return restore(file, key, quiet, replace=True)


def test_a_backup_under_load_restores_to_its_moment_on_either_engine(
    place: Path, password: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "loaded.lifang"
    with opened(place) as instance:
        crowd = World(world.boss(instance))
        for thread in crowd.threads:
            thread.start()
        try:
            backup.create(crowd.boss, file, crowd.watch)
        finally:
            crowd.over.set()
            for thread in crowd.threads:
                thread.join()
        afterwards = held(instance)
    assert len(crowd.written) > crowd.then + 5, "they went on writing while it was copied"
    done = again(file)
    assert told(url, without=RESTORE) == crowd.at_the_moment
    assert done.schema is not None
    assert told(url, schema=done.schema) == afterwards, "the old tables are aside, every row"
    goes_on(place, password)

    key = place / "keys" / "lifang.key"
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "elsewhere"))
    there = restore(file, key, quiet, replace=False)
    assert (there.aside, there.schema) == (None, None)
    assert held_after_restore(there.home) == crowd.at_the_moment
    goes_on(there.home, password)


def test_a_backup_of_a_file_is_restored_into_an_empty_database(
    place: Path, password: str, empty: Callable[[], str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with opened(place) as instance:
        file = backup.create(world.boss(instance), tmp_path / "file.lifang", quiet)[0]
    before = held_after_restore(place)
    key, there = place / "keys" / "lifang.key", tmp_path / "elsewhere"
    url = empty()
    monkeypatch.setenv("LIFANG_HOME", str(there))
    monkeypatch.setenv("LIFANG_DATABASE", url)
    done = restore(file, key, quiet, replace=False)
    assert done.aside is None
    restored = told(url, without=RESTORE)
    for name in ("audit_entry", "audit_change"):  # the backup itself was noted after it
        assert set(restored.pop(name)) <= set(before.pop(name))
    assert restored == before
    assert not (there / "data" / "lifang.db").exists()
    goes_on(there, password)


def test_old_tables_and_files_are_put_aside_and_the_command_says_where(
    place: Path, url: str, file: Path
) -> None:
    before = told(url)
    (place / "data" / "files" / "0f").unlink()
    refused = say(hands, "backup", "restore", str(file))
    assert (refused.code, "--replace" in refused.err) == (5, True)
    done = say(hands, "backup", "restore", str(file), "--replace", "--json").json
    assert told(url, schema=done["schema_aside"]) == before
    assert schemas(url) == sorted([done["schema_aside"], "public"])
    assert (place / "data" / "files" / "0f").read_bytes() == b"x" * 100
    assert (Path(done["aside"]) / "files").exists()
    with opened(place) as instance:
        assert "赵后来" not in [name for (name,) in Person.select(Person.name).tuples()]
        assert sealing.checkpoint(instance) is not None
        assert sealing.verify(instance, sealing.sink(instance)).sound
    assert say(hands, "doctor").code == 0


def test_what_a_restore_refuses_leaves_the_served_data_as_it_is(
    place: Path, url: str, file: Path, tmp_path: Path, made: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    newer = tmp_path / "newer"
    shutil.copytree(made[0], newer)
    with opened(newer) as instance:
        with closing(sqlite3.connect(newer / "data" / "lifang.db")) as database, database:
            added = (
                "INSERT INTO core_migration (name, applied) VALUES ('9999_future', '2030-01-01')"
            )
            database.execute(added)
        backup.create(world.boss(instance), tmp_path / "newer.lifang", quiet)
    whole = bytearray(file.read_bytes())
    (tmp_path / "cut.lifang").write_bytes(whole[:-1])
    whole[len(whole) // 2] ^= 1
    (tmp_path / "altered.lifang").write_bytes(whole)
    create_key_file(tmp_path / "other.key")
    before, folders = told(url), sorted(path.name for path in place.iterdir())
    cases: tuple[tuple[str, Path | None, type[LifangError], str], ...] = (
        ("newer", None, NotReady, "9999_future"),
        ("cut", None, Invalid, "截断或改动"),
        ("altered", None, Invalid, "截断或改动"),
        ("one", tmp_path / "other.key", NotReady, "指纹"),
    )
    for name, key, error, words in cases:
        with pytest.raises(error, match=words):
            again(tmp_path / f"{name}.lifang", key)
    with opened(place), pytest.raises(Conflict, match="正在被使用"):
        again(file)
    assert told(url) == before
    assert schemas(url) == ["public"]
    assert sorted(path.name for path in place.iterdir()) == folders
    again(file)


def test_a_database_that_another_machine_uses_is_not_restored_or_moved(
    place: Path, url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang.app.restoring.PATIENCE", 0.3)
    other = open_database(url, home=place, durability="full")
    with other.connection():
        with pytest.raises(Conflict, match="别处"):
            again(file)
        with pytest.raises(Conflict, match="别处"):
            moving.move("embedded", quiet, plan=False)
    other.close()
    again(file)


def test_other_peoples_tables_and_schemas_are_left_alone(
    place: Path, password: str, url: str, file: Path, empty: Callable[[], str]
) -> None:
    server, name = served.server(), name_of(url)
    server.execute("DROP ROLE IF EXISTS guest")
    server.execute("CREATE ROLE guest LOGIN")
    server.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest", name)
    settings.write_database(place, url.replace("lifang@", "guest@"))
    with pytest.raises(NotReady, match="所有者"):
        again(file)
    foreign = empty()
    server.execute("CREATE TABLE somebodys (id integer)", name_of(foreign))
    settings.write_database(place, foreign)
    with pytest.raises(Conflict, match="空的数据库"):
        again(file)
    assert schemas(url) == schemas(foreign) == ["public"]
    settings.write_database(place, url)
    server.execute("DROP OWNED BY guest", name)
    server.execute("DROP ROLE guest")
    again(file)
    goes_on(place, password)


def test_a_folder_follows_its_database_whichever_of_them_a_kill_came_between(
    place: Path, url: str, file: Path
) -> None:
    """The commit of the exchange decides: before it the new folder is dropped, after it taken."""
    stamp = "20261123-010203-000004"
    fresh = place / f"{RESTORED}.{stamp}"
    fresh.mkdir()
    settle(settings.load())
    assert (fresh.exists(), (place / "data" / "files").exists()) == (False, True)
    fresh.mkdir()
    served.server().execute(f"CREATE SCHEMA {schema_before(stamp)}", name_of(url))
    with opened(place):
        pass
    assert (place / f"data.before-{stamp}" / "files").exists()
    assert not (place / "data" / "files").exists()


def test_verify_needs_no_server_but_the_file(place: Path, url: str, file: Path) -> None:
    before = told(url)
    manifest, verdict = verify_backup(file, None, quiet)
    assert verdict.sound
    assert manifest["engine"] == "sqlite"
    assert manifest["rows"]["core_person"] == 4
    assert told(url) == before
