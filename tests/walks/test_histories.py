"""Whatever comes between, every handler has in the end told each event as often as it should.

`make trust` takes two thousand histories of fifty steps, `make test` a sample.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from lifang.entities.caller import Caller
from lifang.events import dispatch
from lifang.lifecycle import switching
from lifang.plugins.manager import discover
from lifang.services.instance import Instance
from lifang.testing.events import Clock
from tests.core.events.packages import install
from tests.walks.histories import Histories
from tests.walks.listening import PLUGIN, Effect

FULL = 2_000


@pytest.fixture(autouse=True)
def plugin(
    instance: Instance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "lifang.events")  # it says what the histories say
    install(instance, tmp_path, monkeypatch, "history", PLUGIN)
    instance.database.engine.create_tables([Effect])
    monkeypatch.setattr(switching, "discover", cache(discover))  # nothing is installed meanwhile
    few = {"BATCH": 3, "LEAST": 1, "AHEAD": 2, "SUSPECTS": 6}  # a batch ends within a history
    for name, value in (few | {"HOLD": 60.0}).items():  # and only there, however slow we are
        monkeypatch.setattr(dispatch, name, value)


def walk(boss: Caller, clock: Clock, number: int, steps: int) -> None:
    """Take so many histories; in a sample always the same, so that nobody is stopped by chance."""
    run_state_machine_as_test(
        lambda: Histories(boss, clock),
        settings=settings(
            max_examples=number,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=number < FULL,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_each_is_told_as_often_as_it_should_be(boss: Caller, clock: Clock) -> None:
    walk(boss, clock, number=40, steps=25)


@pytest.mark.trust
@pytest.mark.timeout(7_200)
def test_each_is_told_as_often_as_it_should_be_in_two_thousand_histories(
    boss: Caller, clock: Clock
) -> None:
    walk(boss, clock, number=FULL, steps=50)
