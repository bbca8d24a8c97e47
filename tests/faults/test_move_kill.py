"""Killed at any moment, a move leaves the old database in use or the new one, whole; it goes on."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.app.instance import opened
from lifang.kit import settings
from lifang.store.opening import open_database
from lifang.store.served import Served
from lifang.testing import served, world
from lifang.upkeep import backup, sealing
from tests.core.app.populated import goes_on, populate
from tests.core.upkeep.dumped import Dump, content, quiet

trials = pytest.mark.parametrize("trials", [2, pytest.param(20, marks=pytest.mark.trust)])
SCRIPT = """
import os, signal, sys
from pathlib import Path
from lifang.app import moving, restoring
from lifang.store import copying

copying.PIECE = 20
what, where, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
home = os.environ["LIFANG_HOME"]

def step(*told):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def watch(event, given):
    if event in ("os.rename", "os.remove") and home in repr(given):
        step()

begun = left
sys.addaudithook(watch)
if what == "move":
    moving.move(where, step, plan=False)
else:
    restoring.restore(Path(where), None, step, replace=True)
print(begun - left)
"""
NEVER = 10**6


def run(home: Path, what: str, where: str, *, step: int = NEVER, seconds: float = 60) -> int | None:
    """Move or restore, killed at a step or after some seconds; gives how many steps it took."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, what, where, str(step)],
        env=environ | {"LIFANG_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), err.decode()
    return int(out) if process.returncode == 0 else None


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A populated instance, closed, to be copied; and its administrator's password."""
    place = tmp_path_factory.mktemp("made") / "home"
    return place, populate(place, crowd=60)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.served)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives the addresses of empty databases, of either engine; the one before is thrown away."""

    def one() -> str:
        if request.param == "sqlite":
            for path in tmp_path.glob("moved.db*"):
                path.unlink()
            return f"sqlite:///{tmp_path}/moved.db"
        served.server().drop("killed")
        return served.server().create("killed")

    yield one
    if request.param != "sqlite":
        served.server().drop("killed")


def held(home: Path) -> Dump:
    """What the database in use holds, opened as every command does, its trail sound."""
    with opened(home) as instance:
        assert sealing.verify(instance).sound
    told = settings.load(home, env={})
    database = open_database(told.database, home=home, durability="full")
    try:
        return content(database, without=("database", "move"))
    finally:
        database.close()


def put_aside(url: str) -> int:
    """How many schemas of old tables there are."""
    database = Served(url, durability="full")
    try:
        with database.connection():
            names = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^before_'"
            return int(database.engine.execute_sql(names).fetchone()[0])
    finally:
        database.close()


@trials
@pytest.mark.timeout(900)
def test_a_move_killed_at_any_moment_goes_on_to_the_same_data(
    made: tuple[Path, str], empty: Callable[[], str], tmp_path: Path, trials: int
) -> None:
    home, rng, seen = tmp_path / "home", random.Random(24), set()
    shutil.copytree(made[0], home)
    before = held(home)
    url = empty()
    began = time.monotonic()
    steps = run(home, "move", url)
    took = time.monotonic() - began
    assert steps is not None
    for trial in range(trials):
        shutil.rmtree(home)
        shutil.copytree(made[0], home)
        url = empty()
        for _kill in range(3):
            last = trial % 2 == 0 and _kill == 2
            step = steps - rng.randint(0, 3) if last else rng.randint(1, steps)
            seconds = 60 if trial % 2 == 0 else rng.uniform(0.3, took)
            run(home, "move", url, step=NEVER if trial % 2 else step, seconds=seconds)
            moved = settings.load(home, env={}).database == url
            seen.add(moved)
            assert held(home) == before
            if moved:
                break
        else:
            assert run(home, "move", url) is not None
        assert settings.load(home, env={}).database == url
        assert held(home) == before
        (aside,) = (home / "data").glob("lifang.db.moved-*")
        assert not list(home.glob(".lifang.toml*"))
    assert False in seen
    goes_on(home, made[1])


@pytest.mark.served
@pytest.mark.timeout(600)
def test_a_restore_into_postgresql_killed_at_any_step_leaves_the_old_or_the_new(
    made: tuple[Path, str], tmp_path: Path
) -> None:
    home, server = tmp_path / "home", served.server()
    shutil.copytree(made[0], home)
    server.drop("kept")
    url = server.create("kept")
    assert run(home, "move", url) is not None
    with opened(home) as instance:
        (home / "data" / "files").mkdir(exist_ok=True)
        (home / "data" / "files" / "0f").write_bytes(b"x" * 100)
        file = backup.create(world.boss(instance), tmp_path / "one.lifang", quiet)[0]
        (home / "data" / "files" / "0f").unlink()
        world.person(instance, "赵后来")
    shutil.copytree(home, tmp_path / "before")
    server.drop("before")
    server.create("before", "kept")
    old, seen = held(home), set()
    steps = run(home, "restore", str(file)) or 0
    for step in [*range(steps, steps - 12, -2), steps // 2, 3]:
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "before", home)
        server.drop("kept")
        server.create("kept", "before")
        assert run(home, "restore", str(file), step=step) is None
        new = held(home) != old
        seen.add(new)
        assert (home / "data" / "files" / "0f").exists() == new, "files and tables belong together"
        assert len(list(home.glob("data.before-*"))) == new
        assert not list(home.glob("data.restored*"))
        assert put_aside(url) == new
        assert run(home, "restore", str(file)) is not None
    assert seen == {True, False}
