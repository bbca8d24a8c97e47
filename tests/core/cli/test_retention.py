"""Old events are archived by command, looked at first, and found again in their archives."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from lifang.entities.caller import Caller
from lifang.events.tables import EventRow
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing.world import HOME, NEIGHBOUR
from tests.core.cli.conftest import Command
from tests.core.events.chronicle import CHRONICLE, told
from tests.core.events.listeners import HEARD, say
from tests.core.events.packages import install


@pytest.fixture
def old(instance: Instance, boss: Caller) -> None:
    """Two events of two hundred days ago, and one of today."""
    instance.settings = replace(instance.settings, retention=((HEARD, 90),))
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(days=200)):
        say(boss, 1, 2, at=HOME)
    say(boss, 9, at=NEIGHBOUR)


def test_it_is_looked_at_first_then_done_and_found_again(
    lifang: Command, old: None, worker: str
) -> None:
    plan = lifang("retention", "run", "--dry-run")
    assert plan.code == 0, plan.err
    assert HEARD in plan.out and "90 天" in plan.out
    [due] = lifang("retention", "run", "--dry-run", "--json").json["items"]
    assert (due["type"], due["events"], due["held"], due["by"]) == (HEARD, 2, 0, [])
    assert lifang("retention", "list", "--json").json["items"] == []
    [made] = lifang("retention", "run", "--json").json["items"]
    assert (made["events"], made["types"], made["state"]) == (2, {HEARD: 2}, "done")
    assert EventRow.select().where(EventRow.type == HEARD).count() == 1
    assert lifang("retention", "run", "--json").json["items"] == []
    assert made["name"] in lifang("retention", "list").out
    shown = lifang("retention", "show", made["name"], "--json").json["items"]
    assert [one["subject"] for one in shown] == [1, 2]
    assert len(lifang("retention", "show", made["name"]).out.splitlines()) == 3
    assert lifang("retention", "show", "nothing").code == 4
    for words in (["run"], ["run", "--dry-run"], ["list"], ["show", made["name"]]):
        assert lifang("retention", *words, "--as", worker).code == 3


def test_an_archive_is_read_from_wherever_it_was_put(
    lifang: Command, instance: Instance, old: None, tmp_path: Path
) -> None:
    [made] = lifang("retention", "run", "--json").json["items"]
    elsewhere = tmp_path / made["name"]
    (instance.settings.home / "archive" / made["name"]).rename(elsewhere)
    assert "文件不在" in lifang("retention", "list").out
    assert len(lifang("retention", "show", str(elsewhere), "--json").json["items"]) == 2


def test_a_late_joiner_is_told_where_the_past_begins(
    lifang: Command,
    instance: Instance,
    boss: Caller,
    old: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(instance, tmp_path, monkeypatch, "chronicle", CHRONICLE)
    [made] = lifang("retention", "run", "--json").json["items"]
    begins = made["last"] + 1
    enabled = lifang("plugin", "enable", "chronicle", "--at", HOME, "--history", "start")
    assert enabled.code == 0, enabled.err
    assert f"从位置 {begins} 起完整" in enabled.out
    shown = lifang("plugin", "show", "chronicle", "--json").json
    assert shown["history"] == begins
    say(boss, 5, at=HOME)
    assert drain(instance)
    assert told() == [5]
