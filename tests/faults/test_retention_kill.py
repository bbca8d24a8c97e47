"""A sweep that is killed again and again: each event is in the log or in an archive, once."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import EventArchive, EventNumber, EventRow
from lifang.services import accounts, event_files, sweeping
from lifang.services.instance import Instance

LIFANG = str(Path(sys.executable).parent / "lifang")
HEARD, SEEN = "core.thing.heard", "core.thing.seen"


def sweep(home: Path) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "LIFANG_HOME": str(home), "LIFANG_LANG": "zh"}
    with (home / "said.txt").open("ab") as said:
        return subprocess.Popen([LIFANG, "retention", "run"], env=environ, stdout=said, stderr=said)


def publish_many(boss: Caller, events: int) -> None:
    """Events of two hundred days ago about many records, of two types in turn."""
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(days=200)):
        for start in range(0, events, 1_000):
            with boss.instance.database.transaction():
                for number in range(start, min(start + 1_000, events)):
                    type = HEARD if number % 5 else SEEN
                    publish(type, f"core.thing/{number % 97}", {"n": number}, caller=boss)


def log_positions() -> list[int]:
    return [row.pos for row in EventRow.select(EventRow.pos).order_by(EventRow.pos)]


def kill_again_and_again(instance: Instance, kills: int, seed: int) -> int:
    """Kill sweeps at random; gives how many had begun to write or remove."""
    home, rng, amid = instance.settings.home, random.Random(seed), 0
    for _kill in range(kills):
        child = sweep(home)
        until = time.monotonic() + 60
        goal = log_positions()[min(rng.randrange(3_000), len(log_positions()) - 1)]
        place = event_files.folder(instance)
        what = rng.choice(["row", "part", "remove"])
        while child.poll() is None and time.monotonic() < until:
            row = EventArchive.get_or_none(EventArchive.turn == 1)
            if what == "row" and row is not None:
                break
            if what == "part" and list(place.glob(".*.part")):
                break
            if what == "remove" and row is not None and row.done >= goal:
                break
            time.sleep(0.002)
        time.sleep(rng.random() * 0.05)
        amid += EventArchive.select().where(EventArchive.turn == 1).exists()
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    return amid


@pytest.mark.parametrize(
    ("events", "kills"),
    [(3_000, 4), pytest.param(20_000, 100, marks=pytest.mark.trust)],
)
@pytest.mark.timeout(3_600)  # a process is started for each kill
def test_killed_anywhere_nothing_is_lost_and_nothing_archived_twice(
    instance: Instance, boss: Caller, events: int, kills: int
):
    accounts.create_account(boss, "keeper", role="platform_administrator", at=None)
    Account.update(system_user=os.getuid(), must_change=False).execute()
    publish_many(boss, events)
    with instance.database.transaction():
        publish("core.thing.over", "core.thing/0", {}, caller=boss)
    said = f'retention = ["{HEARD}=90", "{SEEN}=latest"]\n'
    toml = instance.settings.home / "lifang.toml"
    toml.write_text(toml.read_text() + said)
    before = log_positions()
    last = {row.agg: row.seq for row in EventRow.select().order_by(EventRow.seq)}
    amid = kill_again_and_again(instance, kills, seed=events)
    assert amid >= kills // 2, "most were killed amid the work"
    child = sweep(instance.settings.home)
    assert child.wait(300) == 0, (instance.settings.home / "said.txt").read_text()[-2_000:]
    instance.settings = replace(instance.settings, retention=())
    assert EventArchive.select().where(EventArchive.state != "done").count() == 0
    files = {path.name for path in event_files.folder(instance).iterdir()}
    assert files == {row.name for row in EventArchive.select()}, "nothing is left over"
    told = [one for name in files for one in sweeping.shown(boss, Path(name))]
    assert sorted([*log_positions(), *(one.position for one in told)]) == before
    assert EventRow.select().where(EventRow.type == HEARD).count() == 0
    assert EventRow.select().where(EventRow.type == SEEN).count() == 97
    assert EventNumber.select().exists()
    with instance.database.transaction():
        for agg in last:
            publish(HEARD, agg, {}, caller=boss)
    numbers = {row.agg: row.seq for row in EventRow.select().order_by(EventRow.seq)}
    assert {agg: numbers[agg] for agg in last} == {agg: seq + 1 for agg, seq in last.items()}
