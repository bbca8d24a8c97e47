"""The dispatcher's process: quick to wake, killed without loss, and gone when it should be."""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.subscriptions import _started
from lifang.events.tables import Subscription
from lifang.kit.errors import NotReady
from lifang.services.delivery import drain, lag
from lifang.services.instance import Instance
from lifang.testing import served, world
from lifang.upkeep import sealing
from lifang.upkeep.working import Duty, Worker
from tests.core.services.probe import environment, write_package

HEARD = "core.thing.heard"
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def probe(instance: Instance, tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """A plugin that listens, switched on for the whole city; gives the folder it lies in."""
    write_package(tmp_path / "packages")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    importlib.invalidate_caches()
    world.enable(instance, "probe", at=world.CITY)
    yield tmp_path / "packages"
    for name in [name for name in sys.modules if name.startswith("lifang_probe")]:
        del sys.modules[name]


@pytest.fixture
def start(instance: Instance, probe: Path) -> Iterator[Start]:
    """Start the dispatcher as `lifang serve` does; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def run() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "lifang.app.worker", str(os.getpid())]
        child = subprocess.Popen(command, env=environment(instance.settings.home, probe))
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.wait()


def say(boss: Caller, *subjects: int, **data: object) -> None:
    for subject in subjects:
        with boss.instance.database.transaction():
            publish(HEARD, f"core.thing/{subject}", data, caller=boss)


def heard(instance: Instance, handler: str) -> list[tuple[str, int]]:
    rows = instance.database.engine.execute_sql(
        f"SELECT agg, seq FROM probe_note WHERE handler = '{handler}' ORDER BY id"  # noqa: S608 – our own name
    )
    return list(rows.fetchall())


def listened(instance: Instance) -> bool:
    """Whether somebody waits for commits to ring."""
    if not served.chosen():
        return (instance.settings.run / "doorbell").exists()
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE %s"
    return instance.database.engine.execute_sql(asked, ("LISTEN%",)).fetchone() is not None


def wait_until(holds: Callable[[], bool], *, seconds: float = 20) -> float:
    """Wait for something to become true; gives how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.01)
    return time.monotonic() - began


def test_killed_again_and_again_it_has_one_effect_for_every_event(
    instance: Instance, boss: Caller, start: Start
):
    rng = random.Random(20)
    subjects = [rng.randint(1, 30) for _number in range(300)]
    with instance.database.transaction():
        for subject in subjects:
            publish(HEARD, f"core.thing/{subject}", {"takes": 0.002}, caller=boss)
    for _number in range(5):
        child, before = start(), len(heard(instance, "hears"))
        wait_until(partial(lambda count: len(heard(instance, "hears")) > count, before))
        time.sleep(rng.random() * 0.05)
        child.kill()
        child.wait()
        say(boss, rng.randint(1, 30))
    assert len(heard(instance, "hears")) < 300, "it was killed while at work"
    assert drain(instance, timeout=30)
    told = heard(instance, "hears")
    assert len(told) == len(set(told)) == 305
    for aggregate in {one for one, _seq in told}:
        numbers = [seq for one, seq in told if one == aggregate]
        assert numbers == list(range(1, len(numbers) + 1)), "in the order it happened"
    frail = heard(instance, "frail")
    assert len(frail) == len(set(frail))
    assert set(told) - set(frail) == {
        (one, seq) for one, seq in told if int(one.rpartition("/")[2]) % 7 == 0
    }


def test_a_commit_wakes_it_and_the_trail_is_sealed_within_seconds(
    instance: Instance, boss: Caller, start: Start
):
    start()
    wait_until(lambda: listened(instance))
    say(boss, 1)
    wait_until(lambda: len(heard(instance, "hears")) == 1)
    wait_until(lambda: sealing.verify(instance).unsealed == 0)
    took = []
    for subject in (2, 3, 4, 5):
        say(boss, subject)
        took.append(
            wait_until(lambda: len(heard(instance, "hears")) == subject)  # noqa: B023 – waited for at once
        )
    assert min(took) < 0.5, "woken, not polled"


def test_told_to_stop_it_finishes_seals_and_gives_up_its_leases(
    instance: Instance, boss: Caller, start: Start
):
    child = start()
    wait_until(lambda: listened(instance))
    with instance.database.transaction():
        for subject in range(1, 120):
            publish(HEARD, f"core.thing/{subject}", {"takes": 0.005}, caller=boss)
    wait_until(lambda: len(heard(instance, "hears")) > 0)
    child.send_signal(signal.SIGTERM)
    assert child.wait(15) == 0
    assert len(heard(instance, "hears")) == 119
    assert all(row.lease_owner is None for row in Subscription.select())
    assert AuditEntry.select().where(AuditEntry.seq.is_null()).count() == 0
    assert not listened(instance)


def test_it_ends_when_the_process_that_started_it_is_killed(instance: Instance, probe: Path):
    script = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-P', '-m', 'lifang.app.worker', str(os.getpid())]\n"
        "print(subprocess.Popen(command).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(instance.settings.home, probe),
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        wait_until(lambda: listened(instance))
        parent.kill()
    assert wait_until(lambda: _started(pid) is None, seconds=3) < 2


def run_for_a_while(instance: Instance, seconds: float) -> None:
    worker = Worker(instance)
    threading.Timer(seconds, worker.stop).start()
    worker.run()


@pytest.mark.embedded
def test_without_a_doorbell_it_looks_every_second(
    instance: Instance, boss: Caller, probe: Path, monkeypatch, caplog
):
    far = instance.settings.home / ("x" * 120) / "doorbell"
    monkeypatch.setattr(instance.database, "_rings_at", far)
    instance.database.ring()
    say(boss, 1)
    run_for_a_while(instance, 0.2)
    assert len(heard(instance, "hears")) == 1
    assert "looking every second instead" in caplog.text


def test_a_database_that_fails_for_a_while_does_not_end_it(
    instance: Instance, boss: Caller, probe: Path, caplog
):
    say(boss, 1)
    instance.database.engine.execute_sql("ALTER TABLE retry RENAME TO away")
    run_for_a_while(instance, 0.3)
    assert "tries again in" in caplog.text
    assert heard(instance, "hears") == []
    instance.database.engine.execute_sql("ALTER TABLE away RENAME TO retry")
    run_for_a_while(instance, 0.3)
    assert heard(instance, "hears") == [("core.thing/1", 1)]
    assert all(one.behind == 0 for one in lag(instance))


def test_a_duty_that_fails_waits_longer_each_time_and_others_go_on(caplog):
    errors: list[Exception] = [NotReady("坏了"), OSError("full"), ValueError("no")]

    def work() -> bool:
        if errors:
            raise errors.pop(0)
        return False

    duty = Duty("sealing", work, every=1.0)
    for seconds in (1, 2, 4):
        assert not duty.turn()
        assert f"again in {seconds} s" in caplog.text
        assert not duty.turn(), "its time has not come"
        duty._next = 0.0  # now it has
    assert not duty.turn()
    assert errors == []


def test_a_worker_that_cannot_finish_still_ends(caplog):
    def work() -> bool:
        raise ValueError("no")

    Duty("sealing", work, every=1.0).finish(time.monotonic() + 1)
    assert "sealing could not finish" in caplog.text


def test_rung_awake_it_takes_up_what_was_said(instance: Instance, boss: Caller, probe: Path):
    def say_something() -> None:
        with instance.database.connection():
            say(boss, 1, 2)

    speaker = threading.Timer(0.2, say_something)
    speaker.start()
    run_for_a_while(instance, 0.8)
    speaker.join()
    assert len(heard(instance, "hears")) == 2


def test_told_to_stop_it_does_all_that_is_left():
    pieces = [True, True, False]
    Duty("sealing", lambda: pieces.pop(0), every=1.0).finish(time.monotonic() + 5)
    assert pieces == []
