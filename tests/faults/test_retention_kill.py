"""A sweep that is killed again and again: each event is in the log or in an archive, once."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import time_machine

from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import EventArchive, EventNumber, EventRow
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.upkeep import event_files, sweeping

LIFANG = str(Path(sys.executable).parent / "lifang")
HEARD, SEEN = "core.thing.heard", "core.thing.seen"


def sweep(home: Path) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "LIFANG_HOME": str(home), "LIFANG_LANG": "zh"}
    with (home / "said.txt").open("ab") as said:
        return subprocess.Popen([LIFANG, "retention", "run"], env=environ, stdout=said, stderr=said)


class Log:
    """What was ever published: every position, and how many events there are of each record."""

    def __init__(self, boss: Caller) -> None:
        self.boss, self.positions, self.numbers = boss, set(log_positions()), Counter[str]()

    def publish(self, events: int) -> None:
        """Events of two hundred days ago about many records, of two types in turn."""
        long_ago = time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(days=200))
        with long_ago, self.boss.instance.database.transaction():
            for number in range(events):
                type, agg = HEARD if number % 5 else SEEN, f"core.thing/{number % 97}"
                publish(type, agg, {"n": number}, caller=self.boss)
                self.numbers[agg] += 1
        with self.boss.instance.database.transaction():
            publish("core.thing.over", "core.thing/0", {}, caller=self.boss)
            self.numbers["core.thing/0"] += 1
        self.positions |= set(log_positions())


def log_positions(type: str | None = None) -> list[int]:
    rows = EventRow.select(EventRow.pos).order_by(EventRow.pos)
    return [row.pos for row in (rows.where(EventRow.type == type) if type else rows)]


def kill_again_and_again(instance: Instance, log: Log, kills: int, events: int) -> int:
    """Kill sweeps at random, each amid some work; gives how many had begun to write or remove."""
    home, rng, amid = instance.settings.home, random.Random(events), 0
    place = event_files.folder(instance)
    for _kill in range(kills):
        if len(old := log_positions(HEARD)) < events // 4:
            log.publish(events)
            old = log_positions(HEARD)
        child, goal = sweep(home), old[rng.randrange(len(old) // 2)]
        what = rng.choice(["row", "part", "remove"])
        while child.poll() is None:
            row = EventArchive.get_or_none(EventArchive.turn == 1)
            if what == "row" and row is not None:
                break
            if what == "part" and list(place.glob(".*.part")):
                break
            if what == "remove" and row is not None and row.done >= goal:
                break
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        amid += EventArchive.select().where(EventArchive.turn == 1).exists()
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    return amid


@pytest.mark.parametrize(
    ("events", "kills"),
    [(2_000, 4), pytest.param(2_000, 100, marks=pytest.mark.trust)],
)
@pytest.mark.timeout(3_600)  # a process is started for each kill
def test_killed_anywhere_nothing_is_lost_and_nothing_archived_twice(
    instance: Instance, boss: Caller, events: int, kills: int
):
    accounts.create_account(boss, "keeper", role="platform_administrator", at=None)
    Account.update(system_user=os.getuid(), must_change=False).execute()
    log = Log(boss)
    toml = instance.settings.home / "lifang.toml"
    toml.write_text(f'{toml.read_text()}\nretention = ["{HEARD}=90", "{SEEN}=latest"]\n')
    amid = kill_again_and_again(instance, log, kills, events)
    assert amid >= kills // 2, "most were killed amid the work"
    child = sweep(instance.settings.home)
    assert child.wait(300) == 0, (instance.settings.home / "said.txt").read_text()[-2_000:]
    assert EventArchive.select().where(EventArchive.state != "done").count() == 0
    files = {path.name for path in event_files.folder(instance).iterdir()}
    assert files == {row.name for row in EventArchive.select()}, "nothing is left over"
    told = [one for name in files for one in sweeping.shown(boss, Path(name))]
    assert sorted([*log_positions(), *(one.position for one in told)]) == sorted(log.positions)
    assert log_positions(HEARD) == []
    assert len(log_positions(SEEN)) == 97
    assert EventNumber.select().exists()
    with instance.database.transaction():
        for agg in log.numbers:
            publish(HEARD, agg, {}, caller=boss)
    fresh = {row.agg: row.seq for row in EventRow.select().where(EventRow.type == HEARD)}
    assert fresh == {agg: number + 1 for agg, number in log.numbers.items()}
