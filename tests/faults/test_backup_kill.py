"""Killed at any step, a backup is whole or not there, and a restore leaves the old or the new."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lifang.app.instance import create, opened
from lifang.app.restoring import verify_backup
from lifang.kit.errors import NotReady
from lifang.testing import world
from lifang.upkeep import backup, sealing
from tests.core.upkeep.dumped import digest, dump

STEPS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "sqlite3.connect"}
stride = pytest.mark.parametrize("stride", [6, pytest.param(1, marks=pytest.mark.trust)])
SCRIPT = f"""
import os, signal, sys
from pathlib import Path
from lifang.app import restoring
from lifang.app.instance import opened
from lifang.upkeep import backup
from lifang.testing import world

what, file, left = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
home = os.environ["LIFANG_HOME"]

def watch(event, given):
    global left
    if event in {STEPS} and (event == "sqlite3.connect" or home in repr(given)):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

quiet = lambda *told: None
if what == "create":
    with opened() as instance:
        sys.addaudithook(watch)
        backup.create(world.boss(instance), None, quiet)
else:
    sys.addaudithook(watch)
    restoring.restore(file, Path(sys.argv[4]), quiet, replace=True)
"""


def killed_at(step: int, home: Path, what: str, *words: str) -> bool:
    """Run the act and kill it at its nth step in the folder; says whether it came that far."""
    given = [sys.executable, "-c", SCRIPT, what, *(words[:1] or ("-",)), str(step), *words[1:]]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")}
    done = subprocess.run(given, env=environ | {"LIFANG_HOME": str(home)}, capture_output=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode != 0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An instance with a few people, closed."""
    instance = create(tmp_path / "home", environ={})
    with instance.database.connection():
        world.plant(instance)
        world.person(instance, "张三")
        (instance.settings.data / "files").mkdir()
        (instance.settings.data / "files" / "0f").write_bytes(b"x" * 100)
    instance.close()
    return tmp_path / "home"


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    """A backup of it, after which somebody else was registered."""
    with opened(home) as instance:
        made, _manifest = backup.create(
            world.boss(instance), tmp_path / "one.lifang", lambda *_told: None
        )
        world.person(instance, "李四")
    return made


def names_in(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def read(home: Path, *, restored: bool = False) -> str:
    with opened(home) as instance:
        assert sealing.verify(instance).sound
    return digest(dump(home / "data" / "lifang.db", restored=restored))


@stride
def test_a_backup_killed_at_any_step_is_whole_or_not_there(
    home: Path, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFANG_HOME", str(home))
    place, step = home / "backup", 1
    while killed_at(step, home, "create"):
        for path in place.glob("*.lifang") if place.exists() else ():
            assert verify_backup(path, None, lambda *_told: None)[1].sound
            path.unlink()
        step += stride
    assert step > 10
    assert [path.suffix for path in place.iterdir() if path.name != "outcome.json"] == [".lifang"]


@stride
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_and_can_be_done_again(
    home: Path, file: Path, tmp_path: Path, stride: int
) -> None:
    key = tmp_path / "kept.key"
    shutil.copy(home / "keys" / "lifang.key", key)
    shutil.copytree(home, tmp_path / "before")
    old = read(home)
    seen, step = set(), 1
    while True:
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "before", home)
        killed = killed_at(step, home, "restore", str(file), str(key))
        now = read(home)
        new = now != old
        seen.add(new)
        asides = list(home.glob("data.before-*"))
        assert not new or len(asides) == 1, "the old one is aside"
        assert new or not asides
        if not killed:
            break
        assert not killed_at(10_000, home, "restore", str(file), str(key))
        assert not {".scratch", "data.restored"} & {*names_in(home), *names_in(home / "backup")}
        step += stride
    assert seen == {True, False}
    assert step > 20


@stride
def test_making_an_instance_from_a_backup_killed_at_any_step_can_be_done_again(
    home: Path, file: Path, tmp_path: Path, stride: int
) -> None:
    key, fresh, step = home / "keys" / "lifang.key", tmp_path / "fresh", 1
    while True:
        shutil.rmtree(fresh, ignore_errors=True)
        if not killed_at(step, fresh, "restore", str(file), str(key)):
            break
        try:
            read(fresh)
        except NotReady as error:
            assert "lifang init" in error.sentence or "缺少文件夹" in error.sentence
        assert not killed_at(10_000, fresh, "restore", str(file), str(key))
        step += stride
    with opened(fresh) as instance:
        assert sealing.verify(instance).sound
    assert step > 20
