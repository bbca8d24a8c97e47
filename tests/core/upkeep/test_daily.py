"""A backup a day: after the tick, so many kept, and what the doctor says of it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from lifang.app.restoring import verify_backup
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.services.clockwork import tick
from lifang.services.instance import Instance
from lifang.upkeep import backup, doctor
from lifang.upkeep.backup import Daily
from lifang.upkeep.doctor import Finding
from lifang.upkeep.working import Worker

NOON = dt.datetime(2027, 5, 1, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = dt.timedelta(days=1)


@pytest.fixture
def traveller(instance: Instance) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


def work(instance: Instance, daily: Daily | None = None) -> None:
    """What a worker does when it looks."""
    daily = daily or Daily(instance)
    while tick(instance):
        pass
    daily.step()
    if daily._thread is not None:
        daily._thread.join()


def kept(instance: Instance) -> list[str]:
    place = backup.folder(instance.settings)
    return sorted(path.name for path in place.glob("*.lifang"))


def finding(instance: Instance) -> Finding:
    found = doctor.examine_folder(instance.settings)
    rank = ("bad", "warn", "ok")
    return min((one for one in found if one.name == "backup"), key=lambda f: rank.index(f.state))


def test_each_day_has_its_backup_and_seven_are_kept(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    work(instance)
    assert kept(instance) == [], "the first day has not ticked"
    by_hand = backup.folder(instance.settings) / "lifang-20270101-0000.lifang"
    by_hand.parent.mkdir()
    by_hand.write_bytes(b"made by hand")
    for _day in range(10):
        traveller.shift(DAY)
        for _again in range(3):
            work(instance)
    assert kept(instance) == [
        by_hand.name, *(f"lifang-daily-202705{n:02}-1200.lifang" for n in range(5, 12))
    ]  # fmt: skip
    newest = backup.folder(instance.settings) / kept(instance)[-1]
    manifest, verdict = verify_backup(newest, instance.settings.key_file, lambda *_told: None)
    assert verdict.sound
    assert manifest["at"] == clock.fixed(clock.now())
    assert AuditEntry.select().where(AuditEntry.verb == "create", AuditEntry.noun == "backup",
                                     AuditEntry.actor_name == "core").count() == 10  # fmt: skip


def test_two_workers_make_one_backup_a_day(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    work(instance)
    traveller.shift(DAY)
    one, two = Daily(instance), Daily(instance)
    for daily in (one, two, one, two):
        work(instance, daily)
    assert len(kept(instance)) == 1
    assert "failed" not in backup.outcomes(instance.settings)


def test_no_daily_backup_where_the_setting_says_none(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    off = replace(instance.settings, backup_keep=0)
    work(instance)
    traveller.shift(DAY)
    instance.settings, on = off, instance.settings
    work(instance)
    assert kept(instance) == []
    instance.settings = on
    work(instance)
    assert len(kept(instance)) == 1


@pytest.mark.once
def test_with_one_to_keep_the_newest_stays_whatever_the_clock_did(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    instance.settings = replace(instance.settings, backup_keep=1)
    work(instance)
    for shift in (DAY, 3650 * DAY, -3649 * DAY, DAY):
        traveller.shift(shift)
        work(instance)
        assert [backup.outcomes(instance.settings)["good"]["file"]] == [
            str(backup.folder(instance.settings) / name) for name in kept(instance)
        ]


def test_a_failed_backup_deletes_nothing_is_told_and_tried_again_within_the_hour(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    instance.settings = replace(instance.settings, backup_keep=1)
    work(instance)
    traveller.shift(DAY)
    work(instance)
    good = kept(instance)
    assert finding(instance).state == "ok"

    key = instance.settings.key_file
    away = key.rename(key.with_name("away"))
    traveller.shift(DAY)
    work(instance)
    assert kept(instance) == good
    bad = finding(instance)
    assert (bad.state, "找不到密钥" in bad.sentence) == ("bad", True)
    away.rename(key)
    traveller.shift(dt.timedelta(minutes=30))
    work(instance)
    assert kept(instance) == good, "not at every look"
    traveller.shift(dt.timedelta(minutes=31))
    work(instance)
    assert len(kept(instance)) == 1
    assert kept(instance) != good
    assert finding(instance).state == "ok"


def test_the_doctor_says_when_there_is_none_when_it_is_old_and_that_the_key_is_needed(
    instance: Instance, boss: Caller, tmp_path: Path, traveller: time_machine.Traveller
) -> None:
    none = finding(instance)
    assert (none.state, none.sentence, none.remedy) == (
        "warn",
        "还没有备份",
        "lifang backup create",
    )
    backup.create(boss, tmp_path / "x.lifang", lambda *_told: None)
    well = finding(instance)
    assert (well.state, "2027-05-01 12:00" in well.sentence) == ("ok", True)
    assert "毫无用处" in str(well.remedy)
    traveller.shift(dt.timedelta(hours=24, minutes=30))
    assert finding(instance).state == "ok"
    traveller.shift(dt.timedelta(hours=1))
    old = finding(instance)
    assert (old.state, "超过一天" in old.sentence) == ("warn", True)


def test_the_worker_ticks_and_backs_up_by_itself_and_ends_in_the_middle_of_one(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    work(instance)
    traveller.shift(DAY)
    with instance.database.transaction():
        rows = [(f"core.person/{n}", "x", "x" * 50_000) for n in range(400)]
        instance.database.insert("erasable", ("subject", "key", "value"), rows)
    worker = Worker(instance)
    threading.Timer(0.05, worker.stop).start()
    worker.run()
    place = backup.folder(instance.settings)
    left = sorted(path.name for path in place.iterdir()) if place.exists() else []
    assert left in ([], ["lifang-daily-20270502-1200.lifang", "outcome.json"])
    worker = Worker(instance)
    threading.Timer(3, worker.stop).start()
    worker.run()
    assert kept(instance) == ["lifang-daily-20270502-1200.lifang"]
