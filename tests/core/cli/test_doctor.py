from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.app.instance import opened
from lifang.app.main import hands
from lifang.entities.account import Account, Grant
from lifang.entities.attachment import Attachment
from lifang.entities.audit import AuditEntry
from lifang.entities.calendar import CalendarDay
from lifang.entities.job import Job
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit import clock
from lifang.plugins.tables import PluginRow
from lifang.services import deadlines
from lifang.services.clockwork import tick
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.app.populated import attach
from tests.core.cli.conftest import Said, say


@pytest.fixture
def home(planted: Path) -> Path:
    """A folder with a healthy instance in it, closed."""
    with opened(planted):
        for year in (clock.today().year, clock.today().year + 1):
            if year not in deadlines.current().years:
                CalendarDay.create(day=dt.date(year, 1, 1), kind="holiday", name="元旦")
    return planted


@pytest.fixture
def inside(home: Path) -> Iterator[Instance]:
    """The instance in the folder, opened to make it ill."""
    with opened(home) as instance:
        yield instance


def doctor() -> Said:
    return say(hands, "doctor")


def found(name: str) -> dict[str, Any]:
    """What the doctor says under a name; the worst of it where there is more."""
    checks = say(hands, "doctor", "--json").json["checks"]
    rank = ("bad", "warn", "ok")
    named = [check for check in checks if check["name"] == name]
    return dict(min(named, key=lambda check: rank.index(check["state"])))


def test_a_healthy_instance_leaves_with_0(home: Path) -> None:
    assert say(hands, "backup", "create").code == 0
    assert (found("copy")["state"], found("https")["state"]) == ("warn", "warn")
    assert say(hands, "keys", "export", "--yes").code == 0
    with (home / "lifang.toml").open("a") as file:
        file.write('\naddress = "https://lifang.example.cn"\n')
    told = doctor()
    assert (told.code, told.err) == (0, "")
    assert told.out.endswith("一切正常\n")
    checks = say(hands, "doctor", "--json").json
    assert checks["ok"]
    names = {check["name"] for check in checks["checks"]}
    assert names >= {"folder", "key", "disk", "database", "migrations", "administrators"}
    assert names >= {"grants", "plugins", "events", "jobs", "audit", "clock", "calendar"}
    assert {check["state"] for check in checks["checks"]} == {"ok"}


def test_no_instance_is_told_like_everywhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path))
    told = doctor()
    assert (told.code, told.out) == (6, "")
    assert "lifang init" in told.err


def test_what_is_sent_to_a_helper_names_no_account_and_no_folder(home: Path) -> None:
    told, covered = doctor().out, say(hands, "doctor", "--masked")
    assert "boss" in told and str(home) in told
    assert covered.code == 0 and "boss" not in covered.out and str(home) not in covered.out
    assert "可以管理账号的有：***" in covered.out and "LIFANG_HOME/keys" in covered.out
    assert len(covered.out.splitlines()) == len(told.splitlines())
    checks = say(hands, "doctor", "--masked", "--json").json["checks"]
    assert "boss" not in str(checks) and set(checks[0]) == {"name", "state", "sentence", "remedy"}


def test_a_folder_that_others_can_enter_is_bad(home: Path) -> None:
    assert doctor().code == 0
    home.chmod(0o750)
    told = doctor()
    assert told.code == 6
    assert f"chmod 700 {home}" in told.out


def test_a_key_that_others_can_read_is_bad(home: Path) -> None:
    (home / "keys" / "lifang.key").chmod(0o644)
    check = found("key")
    assert (check["state"], doctor().code) == ("bad", 6)
    assert check["remedy"].startswith("chmod 600")


def test_a_key_beside_the_data_is_bad(home: Path) -> None:
    shutil.move(home / "keys" / "lifang.key", home / "data" / "lifang.key")
    with (home / "lifang.toml").open("a") as file:
        file.write('\nkey_file = "data/lifang.key"\n')
    assert "同一个文件夹" in found("key")["sentence"]
    assert doctor().code == 6


def test_a_missing_or_foreign_key_is_bad_and_the_rest_is_looked_at(home: Path) -> None:
    key = home / "keys" / "lifang.key"
    kept = key.read_text()
    at = kept.index('"master": "') + 11  # one letter of the key itself, not of what stands around
    key.write_text(kept[:at] + ("A" if kept[at] != "A" else "B") + kept[at + 1 :])
    told = found("open")
    assert (told["state"], found("database")["state"]) == ("bad", "ok")
    key.unlink()
    assert found("key")["state"] == "bad"
    assert doctor().code == 6


def test_a_damaged_database_is_bad(home: Path) -> None:
    file = home / "data" / "lifang.db"
    for beside in file.parent.glob("lifang.db-*"):
        beside.unlink()
    file.write_bytes(b"no database" * 1000)
    check = found("database")
    assert (check["state"], doctor().code) == ("bad", 6)
    file.unlink()
    assert "找不到" in found("database")["sentence"]


def test_a_wrong_setting_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFANG_PROT", "80")
    told = doctor()
    assert told.code == 2
    assert "LIFANG_PORT" in told.err


def test_an_instance_nobody_can_administer_is_bad(inside: Instance) -> None:
    assert found("administrators")["state"] == "ok"
    Account.update(disabled=True).execute()
    assert found("administrators")["state"] == "bad"


def test_a_home_that_is_not_in_the_tree_is_worth_a_word(inside: Instance) -> None:
    assert "home" not in {check["name"] for check in say(hands, "doctor", "--json").json["checks"]}
    Account.update(home_code="999999000000").execute()
    assert found("home")["state"] == "warn"
    assert doctor().code == 0


def test_power_over_everything_in_many_hands_is_worth_a_word(inside: Instance) -> None:
    for number in range(3):
        account = Account.create(name=f"a{number}")
        Grant.create(account=account, role=FIRST_ADMINISTRATOR[number])
    assert found("grants")["state"] == "ok", "an auditor reads and changes nothing"
    Grant.create(account=Account.create(name="a3"), role="district_admin")
    check = found("grants")
    assert check["state"] == "warn"
    assert "a3" in check["sentence"]


def test_events_that_wait_failed_or_are_held_are_worth_a_word(inside: Instance) -> None:
    world.enable(inside, "dual_reporting", at=world.CHENGGUAN)
    assert found("events")["state"] == "ok"
    name = "dual_reporting.suggest_transfer"
    late = clock.now() - dt.timedelta(hours=1)
    event = EventRow.create(
        type="core.person.moved", agg="core.person/1", seq=99, at=late, data="{}"
    )
    assert "没有分发进程" in found("events")["sentence"]
    Subscription.update(pos=event.pos).execute()
    assert found("events")["state"] == "ok"
    dead = Retry.create(
        sub=name, pos=event.pos, agg=event.agg, tries=9, next_at=late, state="dead", error="x"
    )
    assert "1 个死信" in found("events")["sentence"]
    assert found("events")["remedy"].endswith(f"--subscriber {name}")
    dead.delete_instance()
    ahead = clock.now() + dt.timedelta(days=1)
    Subscription.update(lease_owner="x", lease_until=ahead).execute()
    assert "时钟" in found("events")["sentence"]


def test_a_plugin_whose_package_is_gone_is_worth_a_word(inside: Instance) -> None:
    PluginRow.create(
        name="lost", label="丢了", version="1", state="installed", changed_at=clock.now()
    )
    assert found("plugins")["state"] == "warn"


def test_an_unsealed_tail_that_grew_old_is_worth_a_word(inside: Instance) -> None:
    assert found("audit")["state"] == "ok"
    AuditEntry.update(at=clock.now() - dt.timedelta(hours=1)).execute()
    assert found("audit")["state"] == "warn"
    assert doctor().code == 0


def test_jobs_that_failed_or_that_nobody_does_are_told(inside: Instance) -> None:
    now, hour = clock.now(), dt.timedelta(hours=1)

    def make(state: str, **told: Any) -> None:
        Job.create(title="导入人员", kind="import", noun="core.people", state=state, **told)

    make("failed", finished_at=now - 30 * hour)
    make("queued")
    make("running", updated_at=now - hour, lease_owner="x/1/1", lease_until=now + hour)
    assert found("jobs")["state"] == "ok"
    make("failed", finished_at=now - hour)
    assert "1 项任务失败" in found("jobs")["sentence"]
    Job.update(finished_at=now - 30 * hour).where(Job.state == "failed").execute()
    make("queued", updated_at=now - hour)
    make("running", updated_at=now - hour, lease_owner="x/1/1", lease_until=now - hour)
    told = found("jobs")
    assert (told["state"], told["sentence"]) == ("warn", "没有人在做的任务：#5、#6")
    assert "lifang worker" in told["remedy"]


def test_a_clock_that_leapt_and_a_year_without_a_calendar_are_named(inside: Instance) -> None:
    tick(inside)
    assert (found("clock")["state"], found("calendar")["state"]) == ("ok", "ok")
    with time_machine.travel(dt.datetime(2099, 11, 1, 9, tzinfo=dt.UTC), tick=False):
        assert found("clock")["state"] == "warn"
        told = doctor().out
        assert "2099 年的工作日历还没有载入" in told
        assert "2100 年的工作日历还没有载入" in told
    with time_machine.travel(dt.datetime(2099, 10, 1, 9, tzinfo=dt.UTC), tick=False):
        assert "2100" not in doctor().out, "the next year's notice comes in November"


def test_a_file_of_a_record_that_is_gone_or_altered_is_named(inside: Instance) -> None:
    for _file in range(3):
        attach(inside)
    told = found("attachments")
    assert told["state"] == "ok" and told["sentence"] == "3 个附件的文件都在，核对了其中 3 个的内容"
    first, second, _third = (inside.settings.data / "files" / a.place for a in Attachment.select())
    first.unlink()
    sealed = bytearray(second.read_bytes())
    sealed[70_000] ^= 1
    second.write_bytes(sealed)
    told = found("attachments")
    assert told["state"] == "bad"
    assert "2 个附件的文件缺失或被改动过：core_person/1 #1、core_person/1 #2" in told["sentence"]


def test_old_one_time_passwords_open_folders_and_plain_http_are_worth_a_word(
    home: Path, inside: Instance
) -> None:
    assert (found("passwords")["state"], found("versions")["state"]) == ("ok", "ok")
    Account.create(name="wang", password="x", must_change=True)
    ago = clock.now() - dt.timedelta(days=8)
    Account.update(updated_at=ago).where(Account.name == "wang").execute()
    assert "wang" in found("passwords")["sentence"]
    with (home / "lifang.toml").open("a") as file:
        file.write("\nallow_http = true\n")
    assert "不加密" in found("https")["sentence"]
    (home / "log").chmod(0o777)
    assert found("folder")["remedy"] == f"chmod 700 {home / 'log'}"
