from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lifang.app.instance import opened
from lifang.app.main import hands
from lifang.app.serve import alone
from lifang.entities.audit import AuditEntry
from lifang.kit import settings
from lifang.store.keys import create_key_file
from lifang.testing import world
from tests.core.cli.conftest import Said, say


@pytest.fixture
def home(planted: Path) -> Path:
    """A folder with an instance in it, closed."""
    return planted


@pytest.fixture
def file(home: Path) -> Path:
    told = lifang("create", "--json")
    assert told.code == 0, told.err
    return Path(told.json["file"])


def lifang(*words: str) -> Said:
    return say(hands, "backup", *words)


def test_create_names_its_file_by_the_minute_and_says_to_keep_the_key(home: Path) -> None:
    told = lifang("create")
    assert (told.code, told.err) == (0, "")
    (made,) = (home / "backup").glob("lifang-????????-????.lifang")
    assert str(made) in told.out
    assert str(home / "keys" / "lifang.key") in told.out
    assert "毫无用处" in told.out
    assert (made.stat().st_mode & 0o777, made.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    again = lifang("create", str(made))
    assert (again.code, "不会覆盖" in again.err) == (5, True)
    with opened(home):
        entry = AuditEntry.select().where(AuditEntry.noun == "backup").get()
        assert (entry.actor_name, entry.verb, entry.reason) == ("boss", "create", made.name)


def test_verify_says_what_it_checked_and_changes_nothing(home: Path, file: Path) -> None:
    told = lifang("verify", str(file))
    assert (told.code, told.err) == (0, "")
    assert told.out.count("✓") == 4
    as_json = lifang("verify", str(file), "--json").json
    assert as_json["ok"]
    assert as_json["rows"]["core_community"] == len(world.PLACES)
    assert "settings" not in as_json
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name, "outcome.json"]


def test_verify_and_restore_leave_with_the_codes_of_their_reasons(
    home: Path, file: Path, tmp_path: Path
) -> None:
    other, cut = tmp_path / "other.key", tmp_path / "cut.lifang"
    create_key_file(other)
    cut.write_bytes(file.read_bytes()[:-1])
    cases = {
        (str(file), "--key", str(other)): 6,
        (str(file), "--key", str(tmp_path / "none")): 6,
        (str(cut),): 2,
        (str(home / "lifang.toml"),): 2,
        (str(tmp_path / "none.lifang"),): 4,
    }
    for words, code in cases.items():
        verified, restored = lifang("verify", *words), lifang("restore", *words, "--replace")
        assert (verified.code, restored.code) == (code, code), words
        assert verified.err == restored.err
    assert lifang("verify", str(file)).code == 0
    assert not list(home.glob("data.*"))


def test_restore_names_where_the_old_data_went_and_what_was_left_out(
    home: Path, file: Path
) -> None:
    assert lifang("restore", str(file)).code == 5
    told = lifang("restore", str(file), "--replace")
    assert (told.code, told.err) == (0, "")
    (aside,) = home.glob("data.before-*")
    assert str(aside) in told.out
    assert "令牌" in told.out
    assert say(hands, "audit", "verify").code == 0
    assert say(hands, "audit", "show").out.count("core.backup\trestore") == 1


def test_without_an_instance_a_key_is_enough(
    home: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, key = tmp_path / "stick.lifang", tmp_path / "paper.key"
    with (home / settings.FILE_NAME).open("a") as toml:
        toml.write('broker = "nats://127.0.0.1:4222"\nport = 8123\n')
    assert lifang("create", str(kept)).code == 0
    shutil.copy(home / "keys" / "lifang.key", key)
    shutil.rmtree(home)
    assert lifang("verify", str(kept)).code == 6
    assert lifang("verify", str(kept), "--key", str(key)).code == 0
    assert not home.exists()
    told = lifang("restore", str(kept), "--key", str(key))
    assert (told.code, "broker" in told.out) == (0, True)
    assert settings.load(home, env={}).port == 8123
    assert say(hands, "communities", "list").code == 0
    assert lifang("create").code == 0


def test_nothing_is_restored_while_a_server_or_a_worker_or_a_command_is_at_work(
    home: Path, file: Path
) -> None:
    with alone(settings.load()):
        refused = lifang("restore", str(file), "--replace")
        assert (refused.code, "已有一个服务在运行" in refused.err) == (5, True)
    with opened(home):
        refused = lifang("restore", str(file), "--replace")
        assert (refused.code, "正在被使用" in refused.err) == (5, True)
    command = [sys.executable, "-P", "-m", "lifang.app.worker", str(os.getpid())]
    with subprocess.Popen(command) as worker:
        until = time.monotonic() + 20
        while not (home / "run" / "doorbell").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        refused = lifang("restore", str(file), "--replace")
        worker.kill()
    assert (refused.code, "正在被使用" in refused.err) == (5, True)
    assert not list(home.glob("data.*"))
    assert lifang("restore", str(file), "--replace").code == 0


def test_a_restore_killed_before_its_last_step_is_finished_by_whoever_comes_next(
    home: Path, file: Path
) -> None:
    assert lifang("restore", str(file), "--replace").code == 0
    (home / "data").rename(home / "data.restored")
    assert say(hands, "communities", "list").code == 0
    assert (home / "data" / "lifang.db").exists()
    assert not (home / "data.restored").exists()
