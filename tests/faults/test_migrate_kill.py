"""`kill -9` at any moment of a migration: the tables are old or new, never between, and kept."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lifang.app.instance import MIGRATIONS, create, opened
from lifang.app.migrating import migrate_all
from lifang.app.restoring import restore, verify_backup
from lifang.kit.errors import NotReady
from lifang.resources.registry import CORE
from lifang.store import migrations
from lifang.store.embedded import Embedded
from lifang.testing import world
from lifang.upkeep import sealing
from tests.core.app.older import newer, turn_back
from tests.core.upkeep.dumped import dump, quiet

STEPS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove"}
SCRIPT = f"""
import atexit, os, signal, sqlite3, sys
home, last, told = os.environ["LIFANG_HOME"], int(sys.argv[1]), 0

def step(*_statement):
    global told
    told += 1
    if told == last:
        os.kill(os.getpid(), signal.SIGKILL)

def watch(event, given):
    if event in {STEPS} and home in repr(given):
        step()

def connect(*given, really=sqlite3.connect, **named):
    connection = really(*given, **named)
    connection.set_trace_callback(step)
    return connection

sqlite3.connect = connect
sys.addaudithook(watch)
atexit.register(lambda: sys.stderr.write(f"steps={{told}}"))
sys.argv = ["lifang", "migrate"]
from lifang.app.main import main
main()
"""


def killed_at(step: int, home: Path) -> int | None:
    """Run the command and kill it at its nth statement or file; else how many there were."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")}
    given = [sys.executable, "-c", SCRIPT, str(step)]
    done = subprocess.run(
        given, env=environ | {"LIFANG_HOME": str(home)}, capture_output=True, text=True
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return None if done.returncode else int(done.stderr.rpartition("steps=")[2])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A populated instance of an older program."""
    instance = create(tmp_path / "old", environ={})
    with instance.database.connection():
        world.plant(instance)
        for name in ("张三", "李四", "王五"):
            world.person(instance, name, phone="13812345678")
        world.enable(instance, "dual_reporting", at=world.CITY)
        sealing.checkpoint(instance)
    instance.close()
    turn_back(tmp_path / "old")
    return tmp_path / "old"


def held(home: Path) -> str:
    """Tables, indexes, rows; without times, the epoch, and the trail, which tells of backups."""
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database:
        made = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        steps = database.execute("SELECT name FROM core_migration ORDER BY name").fetchall()
    rows = dump(home / "data" / "lifang.db")
    for name in ("audit_entry", "audit_change", "core_migration", "sqlite_sequence", "core_epoch"):
        del rows[name]
    return repr((made, steps, sorted(rows.items())))


def states(old: Path, scratch: Path) -> list[str]:
    """What an instance holds after no, one, two … of the migrations, each done whole."""
    told, known = [held(old)], scratch / "known"
    shutil.copytree(MIGRATIONS, known)
    shutil.copytree(old, scratch / "home")
    for name in newer():
        (known / f"{name}.py").rename(scratch / f"{name}.py")
    for name in newer():
        (scratch / f"{name}.py").rename(known / f"{name}.py")
        path = scratch / "home" / "data" / "lifang.db"
        database = Embedded(path, durability="full", lock=scratch / "write.lock")
        with closing(database):
            applied = migrations.migrate(database, CORE, known, lock=scratch / "lock")
        assert applied == [name]
        told.append(held(scratch / "home"))
    return told


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [5, pytest.param(400, marks=pytest.mark.trust)])
def test_a_migration_killed_at_any_moment_leaves_the_old_or_the_new_and_a_good_backup(
    old: Path, tmp_path: Path, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    known = states(old, tmp_path / "scratch")
    home = tmp_path / "home"
    monkeypatch.setenv("LIFANG_HOME", str(home))
    shutil.copytree(old, home)
    steps = killed_at(10**9, home)
    assert steps is not None
    assert held(home) == known[-1]
    seen, kept = set(), list[Path]()
    for moment in moments_of(steps, kills):
        shutil.rmtree(home)
        shutil.copytree(old, home)
        assert killed_at(moment, home) is None, moment
        assert held(home) in known, f"between two states after {moment} of {steps} steps"
        at = known.index(held(home))
        seen.add(at)
        kept = whole_backups(home)
        assert kept or at == 0, "something changed before there was a backup"
        if at < len(newer()):
            with pytest.raises(NotReady, match="lifang migrate"), opened(home):
                pass
        assert migrate_all(home).names == [f"core {name}" for name in newer()[at:]]
        assert held(home) == known[-1]
        with opened(home) as instance:
            assert sealing.verify(instance).sound
        left = {path.suffix for path in (home / "backup").iterdir()}
        assert left <= {".lifang", ".json"}, left
    assert {0, len(known) - 1} <= seen
    assert restore(whole_backups(home)[0], None, quiet, replace=True).upgraded == newer()
    assert held(home) == known[-1]


def moments_of(steps: int, kills: int) -> list[int]:
    """All of them, or some: at its start, at its end, and half of the others in the migrations."""
    if kills >= steps:
        return list(range(1, steps + 1))
    rng = random.Random(48)
    late = [steps - rng.randrange(1, 60) for _n in range(kills // 2)]
    return [2, *late, *(rng.randrange(1, steps) for _n in range(kills - len(late) - 2)), steps]


def whole_backups(home: Path) -> list[Path]:
    """The backups that are there, each of them whole and of the older program."""
    found = sorted((home / "backup").glob("*.lifang")) if (home / "backup").exists() else []
    for path in found:
        manifest, verdict = verify_backup(path, None, quiet)
        assert verdict.sound
        assert not set(newer()) & set(manifest["schema"][CORE])
    return found
